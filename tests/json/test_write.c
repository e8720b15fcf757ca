/* SPDX-License-Identifier: Apache-2.0 */
#include "json_test.h"
#include <math.h>

static void strings_are_escaped_as_javascript_does_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\"b", "\"a\\\"b\""},
        {"\\", "\"\\\\\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x7f/", "\"\\u0001\\u001f\x7f/\""},
        {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
        {"\xed\xa0\x80", "\"\\ud800\""},
        {"\xed\xbf\xbfx", "\"\\udfffx\""},
        {"\xed\xa0\xbd\xed\xb8\x80", "\"\xf0\x9f\x98\x80\""},
        {"\xed\xa0\xbd\xed\xa0\xbd", "\"\\ud83d\\ud83d\""},
        {"\xed\x9f\xbf", "\"\xed\x9f\xbf\""},
        {"0123456789abcdef\n0123456789abcdef\"", "\"0123456789abcdef\\n0123456789abcdef\\\"\""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_text(json_string(str_of(cases[i].text), 0), 0, cases[i].expected);
        struct buf out;
        buf_init(&out, 1000);
        json_write_string(&out, str_of(cases[i].text));
        assert_true(str_eq(buf_str(&out), str_of(cases[i].expected)));
        buf_done(&out);
    }
}

static void compact_text_is_the_same_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[]",
        "{}",
        "[[],{}]",
        "{\"a\":{},\"b\":[[]]}",
        "[true,false,null]",
        "{\"\":0,\"a\\\"b\":1,\"\xc3\xbc\":2,\"a key of more than sixteen bytes\":[3]}",
        "[0,-1,1.5,1e+21,1.0,12345678901234567890]"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_reads_as(texts[i], texts[i]);
}

static void indented_text_is_what_stringify_gives(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("{\"a\":[1,{\"b\":\"x\"},[]],\"c\":{},\"d\":null}");
    assert_text(json_doc_root(doc), JSON_WRITE_PRETTY,
                "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\"\n    },\n    []\n  ],\n"
                "  \"c\": {},\n  \"d\": null\n}");
    json_doc_unref(doc);
}

static void colours_change_nothing_but_colour(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("{\"a\":[1,\"x\",null,true]}");
    char *text = text_of(json_doc_root(doc), JSON_WRITE_COLOR | JSON_WRITE_PRETTY), *to = text;
    assert_non_null(strstr(text, "\033[34;1m\"a\"\033[0m"));
    assert_non_null(strstr(text, "\033[0;32m\"x\"\033[0m"));
    assert_non_null(strstr(text, "\033[1;30mnull\033[0m"));
    for (const char *from = text; *from; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(text, "{\n  \"a\": [\n    1,\n    \"x\",\n    null,\n    true\n  ]\n}");
    free(text);
    json_doc_unref(doc);
}

static void numbers_can_be_written_as_doubles(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("[1.0,9007199254740993,1e2,0.1]");
    assert_text(json_doc_root(doc), JSON_WRITE_DOUBLES, "[1,9007199254740992,100,0.1]");
    assert_text(json_doc_root(doc), JSON_WRITE_EXACT, "[1,9007199254740993,100,0.1]");
    json_doc_unref(doc);
    assert_text(json_num(0.1 + 0.2), 0, "0.30000000000000004");
    assert_text(json_num(0.1 + 0.2), JSON_WRITE_PRECISION15, "0.3");
}

static void values_of_an_evaluation_have_a_text(void **state)
{
    (void)state;
    struct json_val items[2] = {json_undefined(), {.tag = JSON_FUNCTION}};
    assert_text(json_array(items, 2), 0, "[null,\"\"]");
}

static void infinite_numbers_are_refused(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    buf_init(&out, 1000);
    struct json_val items[1] = {json_num(HUGE_VAL)};
    assert_int_equal(json_write(&out, json_array(items, 1), 0, &err), STATUS_INVALID);
    assert_string_equal(err.name, "JsonNumber");
    assert_int_equal(json_write(&out, json_num((double)NAN), JSON_WRITE_PRETTY, &err),
                     STATUS_INVALID);
    buf_done(&out);
}

static void nesting_is_limited_when_written(void **state)
{
    (void)state;
    struct json_val levels[JSON_MAX_DEPTH + 1], v = json_array(NULL, 0);
    struct buf out;
    struct error err;
    buf_init(&out, SIZE_MAX);
    for (int i = 1; i < JSON_MAX_DEPTH; i++) {
        levels[i] = v;
        v = json_array(&levels[i], 1);
    }
    assert_int_equal(json_write(&out, v, 0, &err), STATUS_OK);
    assert_int_equal(out.n, 2 * JSON_MAX_DEPTH);
    levels[0] = v;
    v = json_array(&levels[0], 1);
    assert_int_equal(json_write(&out, v, 0, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "JsonTooDeep");
    assert_int_equal(json_write(&out, v, JSON_WRITE_PRETTY, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "JsonTooDeep");
    buf_done(&out);
}

/* The buffer's maximum is met to the byte, whatever the writer reserves. */
static void the_maximum_of_the_buffer_holds(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of(
        "{\"a\":[1.25,\"text\",{\"b\":null}],\"long key, longer than a vector\":\"\\n\\u0001\","
        "\"c\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]"
        "]]"
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"d\":[-1234567.125,\"end\"]}");
    for (unsigned flags = 0; flags <= JSON_WRITE_PRETTY; flags++) {
        char *text = text_of(json_doc_root(doc), flags);
        size_t n = strlen(text);
        for (size_t max = 0; max <= n + 80; max++) {
            struct buf out;
            struct error err;
            buf_init(&out, max);
            enum status status = json_write(&out, json_doc_root(doc), flags, &err);
            assert_int_equal(status, max >= n ? STATUS_OK : STATUS_LIMIT);
            assert_true(out.n <= max);
            assert_true(out.n <= out.cap);
            assert_int_equal(buf_ok(&out), max >= n);
            if (max >= n)
                assert_true(str_eq(buf_str(&out), str_of(text)));
            else
                assert_string_equal(err.name, "JsonTooLarge");
            buf_done(&out);
        }
        free(text);
    }
    json_doc_unref(doc);
}

static void writing_appends(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    buf_add(&out, STR("x="));
    assert_int_equal(json_write(&out, json_num(1.5), 0, NULL), STATUS_OK);
    json_write_string(&out, STR("y"));
    assert_true(str_eq(buf_str(&out), STR("x=1.5\"y\"")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_as_javascript_does_it),
        cmocka_unit_test(compact_text_is_the_same_again),
        cmocka_unit_test(indented_text_is_what_stringify_gives),
        cmocka_unit_test(colours_change_nothing_but_colour),
        cmocka_unit_test(numbers_can_be_written_as_doubles),
        cmocka_unit_test(values_of_an_evaluation_have_a_text),
        cmocka_unit_test(infinite_numbers_are_refused),
        cmocka_unit_test(nesting_is_limited_when_written),
        cmocka_unit_test(the_maximum_of_the_buffer_holds),
        cmocka_unit_test(writing_appends),
    };
    return cmocka_run_group_tests_name("json write", tests, NULL, NULL);
}
