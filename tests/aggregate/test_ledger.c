/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/ledger.h"
#include "json/parse.h"

#define S(name, text) "\"" name "\":{\"S\":\"" text "\"}"
#define N(name, number) "\"" name "\":{\"N\":\"" number "\"}"
#define WHOLE(run, state, error)                                                                   \
    "\"ledger\":{\"M\":{" S("run", run) "," S("state", state) "," S("error", error) "," S(         \
        "cause", "why") "}}"
#define COUNTS(fetched)                                                                            \
    N("fetched", fetched)                                                                          \
    "," N("written", fetched) "," N("pages", "2") "," S("error", "") "," S("cause", "")
#define TYPE(type, run, state, announced, fetched)                                                 \
    "\"ledger_" type "\":{\"M\":{" S("run", run) "," S("state", state) "," N(                      \
        "announced", announced) "," COUNTS(fetched) "}}"
#define QUIET_TYPE(type, run, state, fetched)                                                      \
    "\"ledger_" type "\":{\"M\":{" S("run", run) "," S("state", state) "," COUNTS(fetched) "}}"
#define ID(id) "{" S("location_id", id)

/* a: complete; b: failed early; c: of another run; d: other counts than announced */
static const char *const four[] = {
    ID("a") "," WHOLE("r", "COMPLETE", "") "," TYPE("failed", "r", "COMPLETE", "5", "5") "," TYPE(
        "rejected", "r", "COMPLETE", "0", "0") "}",
    ID("b,\\\"") "," WHOLE("r", "FAILED", "E") "}",
    ID("c") "," WHOLE("old", "COMPLETE", "") "," TYPE("failed", "old", "COMPLETE", "9", "9") "}",
    ID("d") "," WHOLE("r", "MISMATCH", "") "," TYPE("failed", "r", "MISMATCH", "4", "3") "," TYPE(
        "rejected", "r", "COMPLETE", "1", "1") "}",
};

#define HEADER                                                                                     \
    "\"location_id\",\"type\",\"state\",\"announced\",\"fetched\",\"written\",\"in_csv\","         \
    "\"pages\",\"error\",\"cause\"\n"

static const str usual_types[] = {{"failed", 6}, {"rejected", 8}};

struct world {
    struct ledger ledger;
    struct tally tally;
    struct json_doc *doc; /* Items of an answer */
    struct buf out;
};

static void open_world(struct world *w, const char *const *items, size_t count)
{
    struct buf text;
    struct error err;
    buf_init(&text, 1 << 20);
    buf_init(&w->out, 1 << 20);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? "," : "[", items[i]);
    buf_add_byte(&text, ']');
    assert_int_equal(json_parse(buf_str(&text), NULL, &w->doc, &err), STATUS_OK);
    buf_done(&text);
    ledger_init(&w->ledger, STR("r"), usual_types, ARRAY_LEN(usual_types));
    tally_init(&w->tally, STR("t"), STR("r"), 1);
    ledger_add(&w->ledger, json_doc_root(w->doc));
}

static void close_world(struct world *w)
{
    json_doc_unref(w->doc);
    tally_done(&w->tally);
    buf_done(&w->out);
}

static void add_part(struct world *w, const char *location_and_type, unsigned rows)
{
    struct error err;
    struct buf line;
    buf_init(&line, 1 << 10);
    buf_printf(&line, "{\"part\":\"parts/t/r/%s/0.json\",\"rows\":%u}\n", location_and_type, rows);
    assert_int_equal(tally_read(&w->tally, buf_str(&line), &err), STATUS_OK);
    buf_done(&line);
}

/* The ledger with a CSV. */
static void expect_rows(struct world *w, uint64_t csv_rows, bool has_tally, const char *wanted)
{
    ledger_set_csv(&w->ledger, csv_rows, has_tally ? &w->tally : NULL, false);
    ledger_add(&w->ledger, json_doc_root(w->doc));
    buf_clear(&w->out);
    ledger_put_rows(&w->ledger, json_doc_root(w->doc), &w->out);
    ledger_put_rest(&w->ledger, &w->out);
    if (!str_eq(buf_str(&w->out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&w->out)));
}

static void expect_trouble(struct world *w, const char *wanted)
{
    buf_clear(&w->out);
    ledger_put_trouble(&w->ledger, STR("x.csv"), &w->out);
    if (!str_eq(buf_str(&w->out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&w->out)));
}

static void expect_text(struct world *w, const char *wanted)
{
    buf_clear(&w->out);
    ledger_put_text(&w->ledger, STR("x.csv"), &w->out);
    if (!str_eq(buf_str(&w->out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&w->out)));
}

static void expect_json(struct world *w, const char *wanted)
{
    buf_clear(&w->out);
    ledger_put_json(&w->ledger, STR("x.csv"), &w->out);
    if (!str_eq(buf_str(&w->out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&w->out)));
}

/* ---- locations ---- */

static void locations_and_rows_are_counted_for_the_run_alone(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, four, ARRAY_LEN(four));
    assert_int_equal(w.ledger.locations, 4);
    assert_int_equal(w.ledger.complete, 1);
    assert_int_equal(w.ledger.failed, 1);
    assert_int_equal(w.ledger.mismatched, 1);
    assert_int_equal(w.ledger.open, 1);
    assert_int_equal(w.ledger.announced, 10);
    assert_int_equal(w.ledger.fetched, 9);
    assert_int_equal(w.ledger.pages, 8);
    assert_false(ledger_agrees(&w.ledger)); /* there is no file */
    close_world(&w);
}

static void every_location_and_type_has_a_line(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, four, ARRAY_LEN(four));
    ledger_put_header(&w.out);
    assert_true(str_eq(buf_str(&w.out), STR(HEADER)));
    expect_rows(&w, 9, false,
                "\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n"
                "\"a\",\"rejected\",\"COMPLETE\",\"0\",\"0\",\"0\",\"0\",\"2\",\"\",\"\"\n"
                "\"b,\"\"\",\"failed\",\"FAILED\",\"\",\"\",\"\",\"0\",\"\",\"E\",\"why\"\n"
                "\"b,\"\"\",\"rejected\",\"FAILED\",\"\",\"\",\"\",\"0\",\"\",\"E\",\"why\"\n"
                "\"c\",\"failed\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"c\",\"rejected\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"d\",\"failed\",\"MISMATCH\",\"4\",\"3\",\"3\",\"3\",\"2\",\"\",\"\"\n"
                "\"d\",\"rejected\",\"COMPLETE\",\"1\",\"1\",\"1\",\"1\",\"2\",\"\",\"\"\n");
    assert_true(ledger_agrees(&w.ledger));
    assert_false(ledger_is_whole(&w.ledger));
    expect_trouble(&w, "");
    close_world(&w);
}

static void types_are_those_that_are_asked_for(void **state)
{
    static const str types[] = {{"a-b_c.1", 7}};
    static const char *const items[] = {ID("a") "," WHOLE("r", "COMPLETE", "") "," TYPE(
        "a-b_c.1", "r", "COMPLETE", "5", "5") "," TYPE("failed", "r", "COMPLETE", "7", "7") "}"};
    struct world w;
    (void)state;
    open_world(&w, items, 1);
    ledger_init(&w.ledger, STR("r"), types, 1);
    ledger_add(&w.ledger, json_doc_root(w.doc));
    assert_int_equal(w.ledger.written, 5);
    add_part(&w, "a/a-b_c.1", 5);
    expect_rows(&w, 5, true,
                "\"a\",\"a-b_c.1\",\"COMPLETE\",\"5\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n");
    assert_true(ledger_is_whole(&w.ledger));
    assert_int_equal(ledger_unmarked(&w.ledger, json_doc_root(w.doc).items[0]).n, 0);
    close_world(&w);
}

static void counts_that_were_not_announced_are_no_difference(void **state)
{
    static const char *const items[] = {
        ID("a") "," WHOLE("r", "COMPLETE", "") "," QUIET_TYPE(
            "failed", "r", "COMPLETE", "5") "," QUIET_TYPE("rejected", "r", "COMPLETE", "0") "}",
        ID("b") "," WHOLE("r", "COMPLETE", "") "," TYPE("failed", "r", "COMPLETE", "2",
                                                        "2") "," QUIET_TYPE("rejected", "r",
                                                                            "COMPLETE", "1") "}"};
    struct world w;
    (void)state;
    open_world(&w, items, 1);
    expect_rows(&w, 5, false,
                "\"a\",\"failed\",\"COMPLETE\",\"\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n"
                "\"a\",\"rejected\",\"COMPLETE\",\"\",\"0\",\"0\",\"0\",\"2\",\"\",\"\"\n");
    assert_true(ledger_is_whole(&w.ledger));
    expect_text(&w,
                "locations  1\nrows       not announced, 5 fetched, 5 in x.csv\npages      4\n");
    expect_json(&w, "\"locations\":1,\"complete\":1,\"failed\":0,\"mismatched\":0,\"open\":0,"
                    "\"announced\":null,\"fetched\":5,\"written\":5,\"pages\":4,"
                    "\"not_announced\":2,\"in_csv\":5,\"file\":\"x.csv\"");
    close_world(&w);

    open_world(&w, items, 2);
    ledger_set_csv(&w.ledger, 8, NULL, false);
    ledger_add(&w.ledger, json_doc_root(w.doc));
    expect_text(&w, "locations  2\nrows       2 announced (not known of 3 of 4 counts), 8 fetched, "
                    "8 in x.csv\npages      8\n");
    expect_json(&w, "\"locations\":2,\"complete\":2,\"failed\":0,\"mismatched\":0,\"open\":0,"
                    "\"announced\":2,\"fetched\":8,\"written\":8,\"pages\":8,"
                    "\"not_announced\":3,\"in_csv\":8,\"file\":\"x.csv\"");
    close_world(&w);
}

/* ---- the file ---- */

static void rows_in_the_file_are_those_of_the_parts(void **state)
{
    /* b failed in the middle: its pages stay, and nobody could count them */
    struct world w;
    (void)state;
    open_world(&w, four, ARRAY_LEN(four));
    add_part(&w, "a/failed", 3);
    add_part(&w, "a/failed", 2);
    add_part(&w, "b%2C%22/failed", 7);
    add_part(&w, "d/failed", 3);
    add_part(&w, "d/rejected", 1);
    expect_rows(&w, 16, true,
                "\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n"
                "\"a\",\"rejected\",\"COMPLETE\",\"0\",\"0\",\"0\",\"0\",\"2\",\"\",\"\"\n"
                "\"b,\"\"\",\"failed\",\"FAILED\",\"\",\"\",\"\",\"7\",\"\",\"E\",\"why\"\n"
                "\"b,\"\"\",\"rejected\",\"FAILED\",\"\",\"\",\"\",\"0\",\"\",\"E\",\"why\"\n"
                "\"c\",\"failed\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"c\",\"rejected\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"d\",\"failed\",\"MISMATCH\",\"4\",\"3\",\"3\",\"3\",\"2\",\"\",\"\"\n"
                "\"d\",\"rejected\",\"COMPLETE\",\"1\",\"1\",\"1\",\"1\",\"2\",\"\",\"\"\n");
    assert_true(ledger_agrees(&w.ledger));
    expect_trouble(&w, "");
    close_world(&w);
}

static void a_location_whose_rows_are_not_in_the_file_is_a_mismatch(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, four, 1);
    add_part(&w, "a/failed", 4);
    add_part(&w, "a/rejected", 2);
    expect_rows(&w, 6, true,
                "\"a\",\"failed\",\"MISMATCH\",\"5\",\"5\",\"5\",\"4\",\"2\","
                "\"Aggregate.RowsMissing\",\"5 rows were written, the file has 4\"\n"
                "\"a\",\"rejected\",\"MISMATCH\",\"0\",\"0\",\"0\",\"2\",\"2\","
                "\"Aggregate.RowsExtra\",\"0 rows were written, the file has 2\"\n");
    assert_int_equal(w.ledger.complete, 0);
    assert_int_equal(w.ledger.mismatched, 1);
    assert_false(ledger_agrees(&w.ledger));
    assert_true(str_eq(ledger_unmarked(&w.ledger, json_doc_root(w.doc).items[0]), STR("a")));
    expect_trouble(&w, "x.csv does not have the rows that were written for 1 locations; the ledger "
                       "says which\n");
    expect_json(&w, "\"locations\":1,\"complete\":0,\"failed\":0,\"mismatched\":1,\"open\":0,"
                    "\"announced\":5,\"fetched\":5,\"written\":5,\"pages\":4,\"in_csv\":6,"
                    "\"file\":\"x.csv\",\"misfiled\":1,\"unexplained\":0");
    close_world(&w);
}

static void rows_that_belong_to_nobody_have_a_line(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, four, 1);
    add_part(&w, "a/failed", 5);
    add_part(&w, "a/other", 2);
    add_part(&w, "z/failed", 1);
    expect_rows(&w, 8, true,
                "\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n"
                "\"a\",\"rejected\",\"COMPLETE\",\"0\",\"0\",\"0\",\"0\",\"2\",\"\",\"\"\n"
                "\"\",\"\",\"MISMATCH\",\"\",\"\",\"\",\"3\",\"\",\"Aggregate.RowsOfNobody\","
                "\"rows of parts that belong to no location and type of this run\"\n");
    assert_false(ledger_is_whole(&w.ledger));
    expect_trouble(&w, "x.csv has 3 rows that belong to no location and type of this run\n");
    close_world(&w);
}

static void a_file_that_is_not_what_its_parts_are_is_said_loudly(void **state)
{
    static const char lines[] =
        "\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"\",\"2\",\"\",\"\"\n"
        "\"a\",\"rejected\",\"COMPLETE\",\"0\",\"0\",\"0\",\"\",\"2\",\"\",\"\"\n"
        "\"\",\"\",\"MISMATCH\",\"\",\"\",\"5\",\"4\",\"\",\"Aggregate.FileDiffers\","
        "\"whose rows are in the file is not known\"\n";
    struct world w;
    (void)state;
    open_world(&w, four, 1);
    add_part(&w, "a/failed", 5);
    expect_rows(&w, 4, true, lines);
    assert_false(ledger_is_whole(&w.ledger));
    expect_trouble(&w, "x.csv has 4 rows, and its parts 5: whose they are is not known\n");
    close_world(&w);

    /* without a ledger of the parts, in all */
    open_world(&w, four, 1);
    expect_rows(&w, 4, false, lines);
    expect_trouble(&w, "x.csv has 4 rows, and 5 were written: whose they are is not known\n");
    expect_json(&w, "\"locations\":1,\"complete\":1,\"failed\":0,\"mismatched\":0,\"open\":0,"
                    "\"announced\":5,\"fetched\":5,\"written\":5,\"pages\":4,\"in_csv\":4,"
                    "\"file\":\"x.csv\",\"misfiled\":0,\"unexplained\":4");
    close_world(&w);
}

static void a_ledger_of_the_parts_that_cannot_be_read_is_not_passed_over(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, four, 1);
    ledger_set_csv(&w.ledger, 5, NULL, true);
    ledger_add(&w.ledger, json_doc_root(w.doc));
    assert_false(ledger_agrees(&w.ledger));
    ledger_put_rest(&w.ledger, &w.out);
    assert_true(str_starts(buf_str(&w.out), STR("\"\",\"\",\"MISMATCH\"")));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locations_and_rows_are_counted_for_the_run_alone),
        cmocka_unit_test(every_location_and_type_has_a_line),
        cmocka_unit_test(types_are_those_that_are_asked_for),
        cmocka_unit_test(counts_that_were_not_announced_are_no_difference),
        cmocka_unit_test(rows_in_the_file_are_those_of_the_parts),
        cmocka_unit_test(a_location_whose_rows_are_not_in_the_file_is_a_mismatch),
        cmocka_unit_test(rows_that_belong_to_nobody_have_a_line),
        cmocka_unit_test(a_file_that_is_not_what_its_parts_are_is_said_loudly),
        cmocka_unit_test(a_ledger_of_the_parts_that_cannot_be_read_is_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
