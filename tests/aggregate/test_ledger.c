/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/ledger.h"
#include "json/parse.h"

#define WHOLE(run, state, error)                                                                   \
    "\"ledger\":{\"M\":{\"run\":{\"S\":\"" run "\"},\"state\":{\"S\":\"" state                     \
    "\"},\"error\":{\"S\":\"" error "\"},\"cause\":{\"S\":\"why\"}}}"
#define TYPE(type, run, state, announced, fetched)                                                 \
    "\"ledger_" type "\":{\"M\":{\"run\":{\"S\":\"" run "\"},\"state\":{\"S\":\"" state            \
    "\"},\"announced\":{\"N\":\"" announced "\"},\"fetched\":{\"N\":\"" fetched                    \
    "\"},\"written\":{\"N\":\"" fetched                                                            \
    "\"},\"pages\":{\"N\":\"2\"},\"error\":{\"S\":\"\"},\"cause\":{\"S\":\"\"}}}"
#define ID(id) "{\"location_id\":{\"S\":\"" id "\"}"

static const char items_text[] =
    "[" ID("a") "," WHOLE("r", "COMPLETE", "") "," TYPE("failed", "r", "COMPLETE", "5", "5") "," TYPE("rejected", "r", "COMPLETE", "0", "0") "}," ID("b,\\\"") "," WHOLE(
        "r", "FAILED",
        "E") "}," ID("c") "," WHOLE("old", "COMPLETE",
                                    "") "," TYPE("failed", "old", "COMPLETE", "9",
                                                 "9") "}," ID("d") "," WHOLE("r", "MISMATCH",
                                                                             "") "," TYPE("failed",
                                                                                          "r",
                                                                                          "MISMATC"
                                                                                          "H",
                                                                                          "4",
                                                                                          "3") "," TYPE("rejected",
                                                                                                        "r",
                                                                                                        "COMPLETE",
                                                                                                        "1",
                                                                                                        "1") "}]";

static struct json_doc *parse(void)
{
    struct json_doc *doc;
    struct error err;
    assert_int_equal(json_parse(str_of(items_text), NULL, &doc, &err), STATUS_OK);
    return doc;
}

static void locations_and_rows_are_counted_for_the_run_alone(void **state)
{
    struct json_doc *doc = parse();
    struct ledger l = {.run = STR("r")};
    (void)state;
    ledger_add(&l, json_doc_root(doc));
    assert_int_equal(l.locations, 4);
    assert_int_equal(l.complete, 1);
    assert_int_equal(l.failed, 1);
    assert_int_equal(l.mismatched, 1);
    assert_int_equal(l.open, 1);
    assert_int_equal(l.announced, 10);
    assert_int_equal(l.fetched, 9);
    assert_int_equal(l.pages, 8);
    assert_true(ledger_agrees(&l, 9));
    assert_false(ledger_agrees(&l, 8));
    json_doc_unref(doc);
}

static void expect_rows(bool is_in_csv, const char *wanted)
{
    struct json_doc *doc = parse();
    struct ledger l = {.run = STR("r")};
    struct buf out;
    buf_init(&out, 1 << 20);
    ledger_put_header(&out);
    ledger_put_rows(&l, json_doc_root(doc), is_in_csv, &out);
    if (!str_eq(buf_str(&out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&out)));
    buf_done(&out);
    json_doc_unref(doc);
}

#define HEADER                                                                                     \
    "\"location_id\",\"type\",\"state\",\"announced\",\"fetched\",\"written\",\"in_csv\","         \
    "\"pages\",\"error\","                                                                         \
    "\"cause\"\n"

static void every_location_and_type_has_a_line(void **state)
{
    (void)state;
    expect_rows(true, HEADER
                "\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"5\",\"2\",\"\",\"\"\n"
                "\"a\",\"rejected\",\"COMPLETE\",\"0\",\"0\",\"0\",\"0\",\"2\",\"\",\"\"\n"
                "\"b,\"\"\",\"failed\",\"FAILED\",\"\",\"\",\"\",\"0\",\"\",\"E\",\"why\"\n"
                "\"b,\"\"\",\"rejected\",\"FAILED\",\"\",\"\",\"\",\"0\",\"\",\"E\",\"why\"\n"
                "\"c\",\"failed\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"c\",\"rejected\",\"OPEN\",\"\",\"\",\"\",\"0\",\"\",\"\",\"\"\n"
                "\"d\",\"failed\",\"MISMATCH\",\"4\",\"3\",\"3\",\"3\",\"2\",\"\",\"\"\n"
                "\"d\",\"rejected\",\"COMPLETE\",\"1\",\"1\",\"1\",\"1\",\"2\",\"\",\"\"\n");
}

static void what_is_not_known_to_be_in_the_file_is_not_said(void **state)
{
    struct json_doc *doc = parse();
    struct ledger l = {.run = STR("r")};
    struct buf out;
    (void)state;
    buf_init(&out, 1 << 20);
    ledger_put_rows(&l, json_doc_root(doc), false, &out);
    assert_int_not_equal(str_find(buf_str(&out),
                                  STR("\"a\",\"failed\",\"COMPLETE\",\"5\",\"5\",\"5\",\"\",\"2\""),
                                  0),
                         STR_NONE);
    buf_done(&out);
    json_doc_unref(doc);
}

static void the_summary_says_it_when_rows_are_missing(void **state)
{
    struct ledger l = {
        .run = STR("r"), .locations = 2, .complete = 2, .announced = 7, .fetched = 7, .written = 7};
    struct buf out;
    (void)state;
    buf_init(&out, 1 << 20);
    ledger_put_text(&l, 7, STR("x.csv"), &out);
    assert_true(str_eq(buf_str(&out), STR("locations  2\nrows       7 announced, 7 fetched, 7 in "
                                          "x.csv\npages      0\n")));
    buf_clear(&out);
    ledger_put_text(&l, 6, STR("x.csv"), &out);
    assert_true(str_ends(buf_str(&out), STR("The file does not have as many rows as were "
                                            "written.\n")));
    buf_clear(&out);
    ledger_put_json(&l, 6, STR("x.csv"), &out);
    assert_true(str_ends(buf_str(&out), STR("\"pages\":0,\"in_csv\":6,\"file\":\"x.csv\"")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locations_and_rows_are_counted_for_the_run_alone),
        cmocka_unit_test(every_location_and_type_has_a_line),
        cmocka_unit_test(what_is_not_known_to_be_in_the_file_is_not_said),
        cmocka_unit_test(the_summary_says_it_when_rows_are_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
