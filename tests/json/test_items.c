/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/items.h"

/* "key=text;…" of all items, ended by '.', or by '!' and the problem. */
static void read_all(enum json_items_form form, const char *pointer, str text, size_t step,
                     struct buf *out)
{
    struct json_items *items = json_items_new(form, str_of(pointer));
    size_t at = 0;
    for (;;) {
        str key, item;
        enum json_items_got got = json_items_next(items, &key, &item);
        if (got == JSON_ITEMS_ITEM) {
            buf_printf(out, "%.*s%s%.*s;", STR_ARG(key), key.n > 0 ? "=" : "", STR_ARG(item));
        } else if (got == JSON_ITEMS_MORE && at < text.n) {
            size_t n = text.n - at < step ? text.n - at : step;
            char *copy = test_malloc(n);
            memcpy(copy, text.p + at, n);
            json_items_feed(items, (str){copy, n});
            test_free(copy);
            at += n;
        } else if (got == JSON_ITEMS_MORE) {
            json_items_finish(items);
        } else {
            buf_printf(out, "%s%s", got == JSON_ITEMS_END ? "." : "!",
                       got == JSON_ITEMS_END ? "" : json_items_problem(items));
            break;
        }
    }
    json_items_free(items);
}

static void expect(enum json_items_form form, const char *pointer, const char *text,
                   const char *items)
{
    for (size_t step = 1; step < 40; step++) {
        struct buf out;
        buf_init(&out, SIZE_MAX / 2);
        read_all(form, pointer, str_of(text), step, &out);
        buf_add_byte(&out, '\0');
        assert_string_equal(out.p, items);
        buf_done(&out);
    }
}

static void whole(const char *pointer, const char *text, const char *items)
{
    expect(JSON_ITEMS_WHOLE, pointer, text, items);
}

static void elements_of_an_array(void **state)
{
    (void)state;
    whole("", "[1, \"a,]\", {\"b\": [2, \"}\"]} ,null]", "1;\"a,]\";{\"b\": [2, \"}\"]};null;.");
    whole("", " [ ] ", ".");
    whole("", "[[],{},\"\\\"\",-1.5e3]", "[];{};\"\\\"\";-1.5e3;.");
}

static void members_of_an_object(void **state)
{
    (void)state;
    whole("", "{\"a\" : 1, \"b:\\\"\":{\"c\":2}}", "\"a\"=1;\"b:\\\"\"={\"c\":2};.");
    whole("", "{}", ".");
}

static void a_pointer_leads_to_the_items(void **state)
{
    (void)state;
    whole("/a/b", "{\"x\":[1,{\"a\":2}],\"a\":{\"c\":\"}\",\"b\":[3,4]},\"y\":5}", "3;4;.");
    whole("/1/k", "[{\"k\":[1]},{\"k\":[2]}]", "2;.");
    whole("/a~1b/c~0d", "{\"a/b\":{\"c~d\":{\"e\":6}}}", "\"e\"=6;.");
    whole("/", "{\"\":[7]}", "7;.");
    whole("/\xC3\xA9", "{\"\\u00e9\":[8]}", "8;.");
}

static void a_pointer_that_leads_to_nothing_fails(void **state)
{
    (void)state;
    whole("/b", "{\"a\":[1]}", "!The ItemsPointer leads to nothing.");
    whole("/2", "[1,2]", "!The ItemsPointer leads to nothing.");
    whole("/a/b", "{\"a\":5}", "!The ItemsPointer leads to nothing.");
}

static void what_holds_no_items_fails(void **state)
{
    (void)state;
    whole("", "\"text\"", "!Attempting to map over non-iterable node.");
    whole("", "12", "!Attempting to map over non-iterable node.");
    whole("/a", "{\"a\":null}", "!Attempting to map over non-iterable node.");
    whole("", "", "!The JSON text ends too early.");
}

static void a_text_that_breaks_off_fails_behind_its_last_item(void **state)
{
    (void)state;
    whole("", "[1,2", "1;2;!The JSON text ends too early.");
    whole("", "[1,{\"a\":", "1;!The JSON text ends too early.");
    whole("", "{\"a\":1,\"b", "\"a\"=1;!The JSON text ends too early.");
    whole("", "{\"a\" 1}", "!The JSON text cannot be read: a colon is missing.");
    whole("", "[1 2]", "1;!The JSON text cannot be read: a comma is missing.");
}

static void lines_are_items(void **state)
{
    (void)state;
    expect(JSON_ITEMS_LINES, "", "{\"a\":1}\n\n [2]\r\n3", "{\"a\":1};[2];3;.");
    expect(JSON_ITEMS_LINES, "", "1\n", "1;.");
    expect(JSON_ITEMS_LINES, "", "", ".");
    expect(JSON_ITEMS_LINES, "", " \n \r\n", ".");
}

static void an_item_that_is_too_large_is_refused(void **state)
{
    static char block[1 << 20];
    struct json_items *items = json_items_new(JSON_ITEMS_WHOLE, STR(""));
    enum json_items_got got;
    str key, text;
    size_t fed = 0;
    (void)state;
    memset(block, 'x', sizeof(block));
    json_items_feed(items, STR("[\""));
    while ((got = json_items_next(items, &key, &text)) == JSON_ITEMS_MORE) {
        json_items_feed(items, (str){block, sizeof(block)});
        fed += sizeof(block);
        assert_true(fed <= 2 * (size_t)JSON_ITEMS_MAX_BYTES);
    }
    assert_int_equal(got, JSON_ITEMS_FAILED);
    json_items_free(items);
}

/* Any bytes give items, an end or a problem. */
static void hostile_texts_come_to_an_end(void **state)
{
    static const char alphabet[] = "[]{}\",:\\1 \n";
    uint64_t seed = 12345;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        struct buf out;
        for (size_t at = 0; at < sizeof(text); at++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            text[at] = alphabet[(seed >> 33) % (sizeof(alphabet) - 1)];
        }
        buf_init(&out, SIZE_MAX / 2);
        read_all(i % 2 ? JSON_ITEMS_LINES : JSON_ITEMS_WHOLE, i % 3 ? "" : "/1",
                 (str){text, sizeof(text)}, 1 + (size_t)i % 5, &out);
        assert_true(out.n > 0);
        buf_done(&out);
    }
}

/* From behind the second item on, in an array and in an object. */
static void reading_goes_on_behind_an_item(void **state)
{
    static const struct {
        const char *text, *rest;
    } cases[] = {{"[1,2 , [3],4]", "[3]4"}, {"{\"a\":1,\"b\":2 , \"c\":[3],\"d\":4}", "[3]4"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        str text = str_of(cases[i].text), key, item;
        struct json_items *first = json_items_new(JSON_ITEMS_WHOLE, STR(""));
        struct json_items *second = json_items_new(JSON_ITEMS_WHOLE, STR(""));
        struct buf out;
        buf_init(&out, SIZE_MAX / 2);
        json_items_feed(first, text);
        assert_int_equal(json_items_left(first), text.n);
        for (int k = 0; k < 2; k++)
            assert_int_equal(json_items_next(first, &key, &item), JSON_ITEMS_ITEM);
        json_items_resume(second, json_items_are_members(first));
        json_items_feed(second, str_sub(text, text.n - json_items_left(first), text.n));
        while (json_items_next(second, &key, &item) == JSON_ITEMS_ITEM)
            buf_add(&out, item);
        assert_true(str_eq(buf_str(&out), str_of(cases[i].rest)));
        assert_int_equal(json_items_next(second, &key, &item), JSON_ITEMS_END);
        buf_done(&out);
        json_items_free(first);
        json_items_free(second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_of_an_array),
        cmocka_unit_test(members_of_an_object),
        cmocka_unit_test(a_pointer_leads_to_the_items),
        cmocka_unit_test(a_pointer_that_leads_to_nothing_fails),
        cmocka_unit_test(what_holds_no_items_fails),
        cmocka_unit_test(a_text_that_breaks_off_fails_behind_its_last_item),
        cmocka_unit_test(lines_are_items),
        cmocka_unit_test(an_item_that_is_too_large_is_refused),
        cmocka_unit_test(reading_goes_on_behind_an_item),
        cmocka_unit_test(hostile_texts_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
