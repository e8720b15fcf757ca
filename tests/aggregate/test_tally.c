/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/tally.h"
#include <stdio.h>

#define PART(key, rows) "{\"part\":\"" key "\",\"rows\":" rows ",\"bytes\":9}\n"

static struct tally begin(void)
{
    struct tally t;
    tally_init(&t, STR("t 1"), STR("r"), 7);
    return t;
}

/* In pieces of `step` bytes. */
static enum status read_steps(struct tally *t, const char *text, size_t step, struct error *err)
{
    str all = str_of(text);
    enum status status = STATUS_OK;
    for (size_t at = 0; at < all.n && status == STATUS_OK; at += step)
        status = tally_read(t, str_sub(all, at, at + step), err);
    return status == STATUS_OK ? tally_finish(t, err) : status;
}

static void rows_are_summed_for_each_location_and_type(void **state)
{
    static const char text[] = PART("parts/t%201/r/a/failed/000000000000.json", "400")
        PART("parts/t%201/r/a/failed/000000000400.json", "17")
            PART("parts/t%201/r/a/rejected/000000000000.json", "3")
                PART("parts/t%201/r/b%2Fc%25%C3%A9/failed/0.json", "5");
    (void)state;
    for (size_t step = 1; step <= sizeof(text); step++) {
        struct tally t = begin();
        struct error err;
        assert_int_equal(read_steps(&t, text, step, &err), STATUS_OK);
        assert_int_equal(tally_rows(&t, STR("a"), STR("failed")), 417);
        assert_int_equal(tally_rows(&t, STR("a"), STR("rejected")), 3);
        assert_int_equal(tally_rows(&t, STR("b/c%é"), STR("failed")), 5);
        assert_int_equal(tally_rows(&t, STR("b"), STR("failed")), 0);
        assert_int_equal(tally_rows(&t, STR("afailed"), STR("")), 0);
        assert_int_equal(t.rows, 425);
        assert_int_equal(t.parts, 4);
        tally_done(&t);
    }
}

static void parts_of_others_are_in_the_sum_and_nobodys(void **state)
{
    static const char *const keys[] = {
        "parts/t/r/a/failed/0.json",
        "parts/t%201/other/a/failed/0.json",
        "parts/t%201/r/a/failed/x/0.json",
        "parts/t%201/r/a/0.json",
        "other/t%201/r/a/failed/0.json",
        "0.json",
        "",
    };
    struct tally t = begin();
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char line[200];
        (void)snprintf(line, sizeof(line), PART("%s", "2"), keys[i]);
        assert_int_equal(tally_read(&t, str_of(line), &err), STATUS_OK);
    }
    assert_int_equal(tally_finish(&t, &err), STATUS_OK);
    assert_int_equal(t.rows, 2 * ARRAY_LEN(keys));
    assert_int_equal(t.count, 0);
    tally_done(&t);
}

static void parts_that_were_left_out_have_no_rows(void **state)
{
    struct tally t = begin();
    struct error err;
    (void)state;
    assert_int_equal(
        read_steps(&t,
                   "{\"part\":\"parts/t%201/r/a/failed/0.json\",\"rows\":0,\"bytes\":7,"
                   "\"line\":1,\"column\":2,\"error\":\"bad\"}\n",
                   1000, &err),
        STATUS_OK);
    assert_int_equal(t.parts, 1);
    assert_int_equal(tally_rows(&t, STR("a"), STR("failed")), 0);
    tally_done(&t);
}

static void lines_that_are_none_are_refused_with_their_number(void **state)
{
    static const struct {
        const char *line, *error;
    } cases[] = {
        {"{\"part\":\"k\",\"rows\":\n", "line 2 of the ledger of the parts is not JSON"},
        {"\n", "line 2 of the ledger of the parts is not JSON"},
        {"7\n", "line 2 of the ledger of the parts is none of a part"},
        {"{\"part\":\"k\"}\n", "line 2 of the ledger of the parts is none of a part"},
        {"{\"rows\":1}\n", "line 2 of the ledger of the parts is none of a part"},
        {PART("k", "\"1\""), "line 2 of the ledger of the parts is none of a part"},
        {PART("k", "-1"), "line 2 of the ledger of the parts is none of a part"},
        {PART("k", "1.5"), "line 2 of the ledger of the parts is none of a part"},
        {PART("k", "1e30"), "line 2 of the ledger of the parts is none of a part"},
        {PART("k", "null"), "line 2 of the ledger of the parts is none of a part"},
        {"{\"part\":\"k\",\"rows\":1}", "line 2 of the ledger of the parts has no end"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tally t = begin();
        struct error err;
        assert_int_equal(tally_read(&t, STR(PART("k", "1")), &err), STATUS_OK);
        assert_int_equal(read_steps(&t, cases[i].line, 5, &err), STATUS_CORRUPT);
        assert_string_equal(err.message, cases[i].error);
        tally_done(&t);
    }
}

static void a_line_that_never_ends_takes_no_memory(void **state)
{
    struct tally t = begin();
    struct error err;
    enum status status = STATUS_OK;
    int pieces = 0;
    (void)state;
    for (; status == STATUS_OK && pieces < 100; pieces++) {
        char bytes[4096];
        memset(bytes, 'x', sizeof(bytes));
        status = tally_read(&t, (str){bytes, sizeof(bytes)}, &err);
    }
    assert_int_equal(status, STATUS_CORRUPT);
    assert_string_equal(err.message, "line 1 of the ledger of the parts is too long");
    assert_int_equal(pieces, TALLY_LINE_MAX / 4096 + 1);
    tally_done(&t);
}

/* As the header of tally.h says. */
static void a_hundred_thousand_locations_take_few_bytes_each(void **state)
{
    enum { LOCATIONS = 100000, PAGES = 3 };
    struct tally t = begin();
    struct error err;
    char line[200], id[32];
    (void)state;
    for (int i = 0; i < LOCATIONS; i++)
        for (int page = 0; page < PAGES; page++) {
            (void)snprintf(line, sizeof(line),
                           PART("parts/t%%201/r/location-%06d/failed/%d.json", "%d"), i, page,
                           i % 100);
            assert_int_equal(tally_read(&t, str_of(line), &err), STATUS_OK);
        }
    assert_int_equal(t.parts, LOCATIONS * PAGES);
    assert_int_equal(t.count, LOCATIONS - LOCATIONS / 100); /* those with rows */
    assert_true(t.cap * sizeof(*t.slots) <= 28 * t.count);
    for (int i = 0; i < LOCATIONS; i++) {
        (void)snprintf(id, sizeof(id), "location-%06d", i);
        assert_int_equal(tally_rows(&t, str_of(id), STR("failed")), i % 100 * PAGES);
    }
    tally_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_summed_for_each_location_and_type),
        cmocka_unit_test(parts_of_others_are_in_the_sum_and_nobodys),
        cmocka_unit_test(parts_that_were_left_out_have_no_rows),
        cmocka_unit_test(lines_that_are_none_are_refused_with_their_number),
        cmocka_unit_test(a_line_that_never_ends_takes_no_memory),
        cmocka_unit_test(a_hundred_thousand_locations_take_few_bytes_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
