/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/flow.h"
#include "json/parse.h"

static void expect(str text, const struct flow_value *values, size_t count, str wanted)
{
    struct buf out;
    struct error err;
    buf_init(&out, 1 << 20);
    assert_int_equal(flow_fill(text, values, count, &out, &err), STATUS_OK);
    if (!str_eq(buf_str(&out), wanted))
        fail_msg("%.*s", STR_ARG(buf_str(&out)));
    buf_done(&out);
}

static void expect_refused(str text, const struct flow_value *values, size_t count,
                           const char *name)
{
    struct buf out;
    struct error err;
    buf_init(&out, 1 << 20);
    assert_int_equal(flow_fill(text, values, count, &out, &err), STATUS_INVALID);
    assert_string_equal(err.name, name);
    buf_done(&out);
}

static void placeholders_get_their_values(void **state)
{
    const struct flow_value values[] = {{"A", STR("x\xC3\xA9"), false}, {"B", STR("/y"), false}};
    (void)state;
    expect(STR("{\"${A}\": \"${A}${B}$ {\"}"), values, 2,
           STR("{\"x\xC3\xA9\": \"x\xC3\xA9/y$ {\"}"));
    expect(STR(""), values, 2, STR(""));
}

static void a_placeholder_without_value_is_refused(void **state)
{
    const struct flow_value values[] = {{"A", STR("x"), true}};
    (void)state;
    expect_refused(STR("${A}"), values, 1, "FlowPlaceholder"); /* a mark is something else */
    expect_refused(STR("${A"), values, 1, "FlowPlaceholder");
    expect_refused(STR("${"), values, 1, "FlowPlaceholder");
}

static void a_value_cannot_leave_its_literal(void **state)
{
    static const char *const texts[] = {"'", "\"", "\\", "a\nb", "\x7F"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct flow_value value = {"A", str_of(texts[i]), false};
        expect_refused(STR("${A}"), &value, 1, "FlowValue");
    }
}

static void a_mark_gets_an_expression_as_json_needs_it(void **state)
{
    const struct flow_value values[] = {{"row", STR("{\"a\":\n$row}"), true}};
    (void)state;
    expect(STR("x /*row:*/ $old /*:row*/ y"), values, 1,
           STR("x /*row:*/ ({\\\"a\\\":\\n$row}) /*:row*/ y"));
    expect(STR("/*rows:*/ $old /*:rows*/ /*row:*//*:row*/"), values, 1,
           STR("/*rows:*/ $old /*:rows*/ /*row:*/ ({\\\"a\\\":\\n$row}) /*:row*/"));
    expect(STR("/*row:*/ never closed"), values, 1, STR("/*row:*/ never closed"));
    expect(STR("/*"), values, 1, STR("/*"));
}

static void the_workflows_are_there_and_can_be_filled(void **state)
{
    static const char *const names[] = {"setup", "parent", "extraction", "processing"};
    const struct flow_value values[] = {
        {"ApiEndpoint", STR("a"), false},    {"ConnectionArn", STR("b"), false},
        {"TasksTable", STR("c"), false},     {"LocationsTable", STR("d"), false},
        {"Bucket", STR("e"), false},         {"OutputBucket", STR("f"), false},
        {"JobName", STR("g"), false},        {"ExtractionArn", STR("h"), false},
        {"ProcessingArn", STR("i"), false},  {"row", STR("'row'"), true},
        {"summary", STR("'summary'"), true},
    };
    (void)state;
    assert_int_equal(flow_text_count, ARRAY_LEN(names));
    assert_int_equal(flow_text("nothing").n, 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct json_doc *doc;
        struct buf out;
        struct error err;
        buf_init(&out, 1 << 20);
        assert_int_equal(flow_fill(flow_text(names[i]), values, ARRAY_LEN(values), &out, &err),
                         STATUS_OK);
        assert_int_equal(json_parse(buf_str(&out), NULL, &doc, &err), STATUS_OK);
        assert_int_equal(str_find(buf_str(&out), STR("${"), 0), STR_NONE);
        assert_true((i == 3) == (str_find(buf_str(&out), STR("('row')"), 0) != STR_NONE));
        assert_true((i == 2) == (str_find(buf_str(&out), STR("('summary')"), 0) != STR_NONE));
        json_doc_unref(doc);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_get_their_values),
        cmocka_unit_test(a_placeholder_without_value_is_refused),
        cmocka_unit_test(a_value_cannot_leave_its_literal),
        cmocka_unit_test(a_mark_gets_an_expression_as_json_needs_it),
        cmocka_unit_test(the_workflows_are_there_and_can_be_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
