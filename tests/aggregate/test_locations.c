/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/locations.h"
#include "json/parse.h"

#define ITEM(rest)                                                                                 \
    "{\"PutRequest\":{\"Item\":{\"task_id\":{\"S\":\"t\"},\"location_id\":{\"S\":" rest "}}}"

static void expect(str text, const char *wanted, uint32_t wanted_count)
{
    struct buf out;
    struct error err;
    uint32_t count;
    buf_init(&out, 1 << 24);
    if (locations_read(text, STR("t"), &out, &count, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count, wanted_count);
    if (wanted && !str_eq(buf_str(&out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&out)));
    struct json_doc *doc;
    assert_int_equal(json_parse(buf_str(&out), NULL, &doc, &err), STATUS_OK);
    assert_int_equal(json_doc_root(doc).len,
                     (wanted_count + LOCATIONS_CHUNK - 1) / LOCATIONS_CHUNK);
    json_doc_unref(doc);
    buf_done(&out);
}

static void expect_refused(str text, const char *name, const char *message)
{
    struct buf out;
    struct error err;
    uint32_t count;
    buf_init(&out, 1 << 24);
    assert_int_not_equal(locations_read(text, STR("t"), &out, &count, &err), STATUS_OK);
    assert_string_equal(err.name, name);
    if (str_find(str_of(err.message), str_of(message), 0) == STR_NONE)
        fail_msg("%s", err.message);
    buf_done(&out);
}

static void csv_is_read_with_all_its_columns(void **state)
{
    (void)state;
    expect(STR("location_id,name\na,\"x, \"\"y\"\"\"\n\nb,\n"),
           "[[" ITEM("\"a\"},\"name\":{\"S\":\"x, \\\"y\\\"\"}") "," ITEM("\"b\"}") "]]", 2);
    expect(STR("\xEF\xBB\xBFlocation_id\r\na\r\n"), "[[" ITEM("\"a\"}") "]]", 1);
    expect(STR("n,location_id\n1,a"), "[[" ITEM("\"a\"},\"n\":{\"S\":\"1\"}") "]]", 1);
    expect(STR("location_id,n\na,\"x\""), "[[" ITEM("\"a\"},\"n\":{\"S\":\"x\"}") "]]", 1);
}

static void json_lines_keep_their_types(void **state)
{
    (void)state;
    expect(STR("{\"location_id\":\"a\",\"n\":1.50,\"b\":true,\"s\":\"\",\"z\":null}\r\n\n"
               "{\"location_id\":\"b\"}"),
           "[[" ITEM("\"a\"},\"n\":{\"N\":\"1.50\"},\"b\":{\"BOOL\":true}") "," ITEM("\"b\"}") "]]",
           2);
}

static void json_lines_may_begin_with_a_mark_and_empty_lines(void **state)
{
    (void)state;
    expect(STR("\xEF\xBB\xBF{\"location_id\":\"a\"}"), "[[" ITEM("\"a\"}") "]]", 1);
    expect(STR("\r\n {\"location_id\":\"a\"}"), "[[" ITEM("\"a\"}") "]]", 1);
    expect_refused(STR("\n{\"location_id\":1}"), "Locations", "line 2: ");
}

static void nested_values_of_json_lines_keep_their_types(void **state)
{
    (void)state;
    expect(
        STR("{\"location_id\":\"a\",\"o\":{\"x\":[1,\"\",null,[]],\"y\\\"\":{}}}"),
        "[[" ITEM("\"a\"},\"o\":{\"M\":{\"x\":{\"L\":[{\"N\":\"1\"},{\"S\":\"\"},{\"NULL\":true},"
                  "{\"L\":[]}]},\"y\\\"\":{\"M\":{}}}}") "]]",
        1);
}

static void nesting_has_a_limit(void **state)
{
    struct buf text;
    (void)state;
    for (size_t depth = LOCATIONS_DEPTH_MAX; depth <= LOCATIONS_DEPTH_MAX + 1; depth++) {
        buf_init(&text, 1 << 20);
        buf_add(&text, STR("{\"location_id\":\"a\",\"x\":"));
        buf_add_fill(&text, '[', depth);
        buf_add_fill(&text, ']', depth);
        buf_add_byte(&text, '}');
        if (depth == LOCATIONS_DEPTH_MAX)
            expect(buf_str(&text), NULL, 1);
        else
            expect_refused(buf_str(&text), "Locations", "line 1: more than 30 objects");
        buf_done(&text);
    }
}

static void no_locations_are_an_empty_list(void **state)
{
    (void)state;
    expect(STR("location_id\n"), "[]", 0);
}

static void batches_have_25_requests(void **state)
{
    (void)state;
    for (uint32_t n = 24; n <= 51; n++) {
        struct buf text;
        buf_init(&text, 1 << 20);
        buf_add(&text, STR("location_id\n"));
        for (uint32_t i = 0; i < n; i++)
            buf_printf(&text, "l%u\n", i);
        expect(buf_str(&text), NULL, n);
        buf_done(&text);
    }
}

static void lists_that_are_wrong_are_refused_with_the_line(void **state)
{
    (void)state;
    expect_refused(STR("id\r\na\n"), "Locations", "line 1: there is no column location_id: 'id'");
    expect_refused(STR("location_id\na\na\n"), "Locations",
                   "line 3: the location 'a' is there twice");
    expect_refused(STR("location_id,n\n,1\n"), "Locations",
                   "line 2: a location without location_id");
    expect_refused(STR("location_id\na,b\n"), "Locations", "line 2: more cells");
    expect_refused(STR("location_id,location_id\n"), "Locations", "there twice");
    expect_refused(STR("location_id,ledger_x\n"), "Locations", "'ledger_x'");
    expect_refused(STR("location_id,task_id\n"), "Locations", "'task_id'");
    expect_refused(STR("location_id,\n"), "Locations", "no name");
    expect_refused(STR("location_id\n\xFF\n"), "Locations",
                   "line 2: byte 1 is not UTF-8; save the list as UTF-8");
    expect_refused(STR("location_id,n\na,\"1\n2\"\na,3\n"), "Locations",
                   "line 4: the location 'a' is there twice");
    expect_refused(STR("location_id,n\na,1\nb,\"2\nc,3\n"), "Locations",
                   "line 3: a quote is never closed");
    expect_refused(STR("{\"location_id\":\"a\"}\n{"), "Locations", "line 2: this is not JSON");
    expect_refused(STR("{\"location_id\":\"a\"}\n[]"), "Locations",
                   "line 2: a location is an object");
    expect_refused(STR("{\"location_id\":1}"), "Locations", "line 1: a location_id is a string");
    expect_refused(STR("{\"x\":1}"), "Locations", "line 1: a location without location_id");
    expect_refused(STR("{\"location_id\":\"a\",\"ledger\":1}"), "Locations", "'ledger'");
}

static void lists_of_another_form_are_told_what_they_should_be(void **state)
{
    (void)state;
    expect_refused(STR(""), "Locations", "the list is empty; its first line names columns");
    expect_refused(STR("\xEF\xBB\xBF"), "Locations", "the list is empty");
    expect_refused(STR("\xFF\xFEl\0"), "Locations", "the list is UTF-16; save it as UTF-8");
    expect_refused(STR("\xFE\xFF\0l"), "Locations", "the list is UTF-16");
    expect_refused(STR("[{\"location_id\":\"a\"}]"), "Locations", "as jq -c '.[]' makes them");
    expect_refused(STR("location_id;name\na;A\n"), "Locations",
                   "line 1: there is no column location_id: 'location_id;name'; columns have "
                   "commas between them, and no blanks");
    expect_refused(STR("location_id \na\n"), "Locations", "and no blanks");
}

static void an_id_has_a_limit(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    buf_add(&text, STR("location_id\n"));
    buf_add_fill(&text, 'x', LOCATIONS_ID_MAX);
    expect(buf_str(&text), NULL, 1);
    buf_add_byte(&text, 'x');
    expect_refused(buf_str(&text), "LocationsTooLong", "line 2");
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_read_with_all_its_columns),
        cmocka_unit_test(json_lines_keep_their_types),
        cmocka_unit_test(json_lines_may_begin_with_a_mark_and_empty_lines),
        cmocka_unit_test(nested_values_of_json_lines_keep_their_types),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(no_locations_are_an_empty_list),
        cmocka_unit_test(batches_have_25_requests),
        cmocka_unit_test(lists_that_are_wrong_are_refused_with_the_line),
        cmocka_unit_test(lists_of_another_form_are_told_what_they_should_be),
        cmocka_unit_test(an_id_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
