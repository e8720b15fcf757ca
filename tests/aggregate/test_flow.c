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
    static const char *const names[] = {"setup", "parent", "extraction", "processing", "tidy"};
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

static void expect_retries(str text, uint32_t retries, str wanted)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    flow_set_retries(text, retries, &out);
    if (!str_eq(buf_str(&out), wanted))
        fail_msg("%.*s", STR_ARG(buf_str(&out)));
    buf_done(&out);
}

static void retries_of_calls_are_replaced(void **state)
{
    (void)state;
    expect_retries(STR("{\"Retry\": [{\"ErrorEquals\": [\"States.Http.Socket\", \"x\"], "
                       "\"MaxAttempts\": 12, \"a\": 3}]}"),
                   0,
                   STR("{\"Retry\": [{\"ErrorEquals\": [\"States.Http.Socket\", \"x\"], "
                       "\"MaxAttempts\": 0, \"a\": 3}]}"));
    expect_retries(
        STR("[{\"MaxAttempts\" :1, \"ErrorEquals\" : [ \"States.Http.StatusCode.429\"]}]"), 100,
        STR("[{\"MaxAttempts\" :100, \"ErrorEquals\" : [ \"States.Http.StatusCode.429\"]}]"));
    expect_retries(STR("{\"ErrorEquals\": [\"States.Http.Socket\"], \"BackoffRate\": 2}"), 5,
                   STR("{\"MaxAttempts\": 5, \"ErrorEquals\": [\"States.Http.Socket\"], "
                       "\"BackoffRate\": 2}"));
}

static void other_retries_stay(void **state)
{
    static const char *const texts[] = {
        "",
        "{\"ErrorEquals\": [\"States.TaskFailed\", \"States.Http.Socket\"], \"MaxAttempts\": 4}",
        "{\"ErrorEquals\": [], \"MaxAttempts\": 4}",
        "{\"Other\": [\"States.Http.Socket\"], \"MaxAttempts\": 4}",
        "{\"a\": \"\\\"ErrorEquals\\\": [\\\"States.Http.\\\"]\", \"MaxAttempts\": 4}",
        "{\"Catch\": {\"MaxAttempts\": 1, \"x\": {\"ErrorEquals\": \"States.Http.Socket\"}}}",
        "]}\"",
        "\"never closed \\",
        "{\"ErrorEquals\": [\"States.Http.Socket\"",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        expect_retries(str_of(texts[i]), 9, str_of(texts[i]));
}

static void what_is_nested_too_deeply_is_left_alone(void **state)
{
    static const char retrier[] = "{\"ErrorEquals\": [\"States.Http.Socket\"], \"MaxAttempts\": 4}";
    struct buf text, wanted;
    (void)state;
    for (size_t depth = 190; depth < 1000; depth += 10) {
        buf_init(&text, 1 << 20);
        buf_init(&wanted, 1 << 20);
        buf_add_fill(&text, '[', depth);
        buf_add(&text, str_of(retrier));
        buf_add_fill(&text, ']', depth);
        buf_add(&text, str_of(retrier));
        buf_add(&wanted, buf_str(&text));
        wanted.p[wanted.n - 2] = '9';
        if (depth < 200 - 1)
            wanted.p[depth + sizeof(retrier) - 1 - 2] = '9';
        expect_retries(buf_str(&text), 9, buf_str(&wanted));
        buf_done(&text);
        buf_done(&wanted);
    }
}

/* Four retriers are for calls: 429 and all others, of the summary and of a page. */
static void retries_of_the_workflows_are_replaced(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < flow_text_count; i++) {
        struct buf out;
        size_t found = 0;
        buf_init(&out, 1 << 20);
        str text = flow_text(flow_texts[i].name);
        flow_set_retries(text, 77, &out);
        for (size_t at = 0;
             (at = str_find(buf_str(&out), STR("\"MaxAttempts\": 77"), at)) != STR_NONE; at++)
            found++;
        bool calls = str_find(text, STR("http:invoke"), 0) != STR_NONE;
        assert_int_equal(found, calls ? 2 : 0);
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
        cmocka_unit_test(retries_of_calls_are_replaced),
        cmocka_unit_test(other_retries_stay),
        cmocka_unit_test(what_is_nested_too_deeply_is_left_alone),
        cmocka_unit_test(retries_of_the_workflows_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
