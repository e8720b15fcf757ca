/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "json/parse.h"
#include "json/value.h"
#include "thirdparty/record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct thirdparty_world world = {
    .seed = 7, .locations = 300, .rows_min = 100, .rows_max = 900};

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, THIRDPARTY_KEY_MAX);
}

static void ids_are_found_again_and_nothing_else_is(void **state)
{
    char id[THIRDPARTY_ID_MAX];
    uint32_t found;
    (void)state;
    for (uint32_t at = 0; at < world.locations; at++) {
        size_t n = thirdparty_location_id(&world, at, id);
        assert_int_equal(n, strlen(id));
        assert_true(thirdparty_location_find(&world, (str){id, n}, &found));
        assert_int_equal(found, at);
    }
    static const char *const none[] = {"",
                                       "-",
                                       "porto-outlet-",
                                       "porto-outlet-0000",
                                       "0001",
                                       "porto-outlet-0301",
                                       "porto-outlet-99999999999999999999",
                                       "nowhere-outlet-0001",
                                       "porto-outlet-000x"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(thirdparty_location_find(&world, str_of(none[i]), &found));
}

static void another_seed_is_another_world(void **state)
{
    struct thirdparty_world other = world;
    char a[THIRDPARTY_ID_MAX], b[THIRDPARTY_ID_MAX];
    unsigned same = 0;
    (void)state;
    other.seed = 8;
    for (uint32_t at = 0; at < world.locations; at++) {
        thirdparty_location_id(&world, at, a);
        thirdparty_location_id(&other, at, b);
        same += strcmp(a, b) == 0;
    }
    assert_in_range(same, 0, 20);
}

static void rows_are_within_their_bounds_and_both_states_have_some(void **state)
{
    uint32_t least = UINT32_MAX, most = 0;
    (void)state;
    for (uint32_t at = 0; at < world.locations; at++) {
        uint32_t failed = thirdparty_location_rows(&world, at, THIRDPARTY_FAILED);
        uint32_t rejected = thirdparty_location_rows(&world, at, THIRDPARTY_REJECTED);
        uint32_t rows = failed + rejected;
        assert_in_range(rows, 100, 900);
        assert_in_range(rejected, rows / 10, rows * 4 / 10);
        least = rows < least ? rows : least;
        most = rows > most ? rows : most;
    }
    assert_in_range(least, 100, 150);
    assert_in_range(most, 850, 900);
    struct thirdparty_world exact = {.seed = 1, .locations = 1, .rows_min = 12, .rows_max = 12};
    assert_int_equal(thirdparty_location_rows(&exact, 0, THIRDPARTY_FAILED) +
                         thirdparty_location_rows(&exact, 0, THIRDPARTY_REJECTED),
                     12);
}

static void keys_are_unique_over_locations_and_states(void **state)
{
    enum { LOCATIONS = 300, ROWS = 500, COUNT = LOCATIONS * ROWS * 2 };
    char(*keys)[THIRDPARTY_KEY_MAX] = calloc(COUNT, THIRDPARTY_KEY_MAX);
    size_t n = 0;
    (void)state;
    assert_non_null(keys);
    for (uint32_t at = 0; at < LOCATIONS; at++)
        for (int s = 0; s < THIRDPARTY_STATES; s++)
            for (uint32_t row = 0; row < ROWS; row++) /* the last of all keys, too */
                thirdparty_record_key(&world, at, (enum thirdparty_state)s,
                                      row % 2 ? row : THIRDPARTY_ROWS_MAX - 1 - row, keys[n++]);
    qsort(keys, n, THIRDPARTY_KEY_MAX, by_bytes);
    for (size_t i = 1; i < n; i++)
        assert_string_not_equal(keys[i - 1], keys[i]);
    free(keys);
}

/* One record, parsed; the document is to be given back. */
static struct json_val record(uint32_t at, uint32_t row, bool has_gaps, struct json_doc **ret_doc)
{
    struct buf text;
    struct error err;
    buf_init(&text, THIRDPARTY_RECORD_MAX);
    thirdparty_record_put(&world, at, THIRDPARTY_FAILED, row, has_gaps, &text);
    assert_true(buf_ok(&text));
    assert_int_equal(utf8_check(buf_str(&text)), text.n);
    if (json_parse(buf_str(&text), NULL, ret_doc, &err) != STATUS_OK)
        fail_msg("%s: %.*s", err.message, STR_ARG(buf_str(&text)));
    buf_done(&text);
    return json_doc_root(*ret_doc);
}

static void records_are_json_with_the_texts_that_break_tables(void **state)
{
    static const char *const wanted[] = {"\"", ",", "\n", "\\", "\xf0\x9f", "\xc3"};
    bool has[6] = {false};
    unsigned errors[4] = {0};
    (void)state;
    for (uint32_t row = 0; row < 2000; row++) {
        struct json_doc *doc;
        struct json_val r = record(5, row, false, &doc), list = json_get(r, STR("errors"));
        assert_int_equal(json_get(r, STR("resourceKey")).tag, JSON_STRING);
        assert_true(str_eq(json_str(json_get(r, STR("state"))), STR("failed")));
        assert_int_equal(list.tag, JSON_ARRAY);
        assert_in_range(list.len, 0, 3);
        errors[list.len]++;
        for (uint32_t i = 0; i < list.len; i++) {
            str text = json_str(json_get(list.items[i], STR("message")));
            assert_true(text.n > 0);
            for (int w = 0; w < 6; w++)
                has[w] = has[w] || str_find(text, str_of(wanted[w]), 0) != STR_NONE;
        }
        json_doc_unref(doc);
    }
    for (int w = 0; w < 6; w++)
        assert_true(has[w]);
    for (int i = 0; i < 4; i++)
        assert_in_range(errors[i], 1, 1900);
}

static void gaps_are_fields_that_are_missing_or_null(void **state)
{
    unsigned missing = 0, null = 0, whole = 0;
    (void)state;
    for (uint32_t row = 0; row < 1000; row++) {
        static const char *const names[] = {"resourceKey", "state", "errors"};
        struct json_doc *doc;
        struct json_val r = record(5, row, true, &doc);
        bool is_whole = true;
        for (int i = 0; i < 3; i++) {
            enum json_tag tag = json_get(r, str_of(names[i])).tag;
            missing += tag == JSON_UNDEFINED;
            null += tag == JSON_NULL;
            is_whole = is_whole && tag != JSON_UNDEFINED && tag != JSON_NULL;
        }
        whole += is_whole;
        json_doc_unref(doc);
    }
    assert_in_range(missing, 100, 400);
    assert_in_range(null, 20, 200);
    assert_in_range(whole, 600, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_again_and_nothing_else_is),
        cmocka_unit_test(another_seed_is_another_world),
        cmocka_unit_test(rows_are_within_their_bounds_and_both_states_have_some),
        cmocka_unit_test(keys_are_unique_over_locations_and_states),
        cmocka_unit_test(records_are_json_with_the_texts_that_break_tables),
        cmocka_unit_test(gaps_are_fields_that_are_missing_or_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
