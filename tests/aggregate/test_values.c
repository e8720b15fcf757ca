/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/values.h"
#include "json/parse.h"
#include <stdio.h>
#include <string.h>

static const struct aggregate_names names = {
    .machines = {"shop", 4},
    .connection = {"conn", 4},
    .tasks_table = {"tasks", 5},
    .locations_table = {"places", 6},
    .parts_bucket = {"parts", 5},
    .output_bucket = {"files", 5},
    .job = {"job", 3},
    .account = {"123456789012", 12},
    .region = {"eu-west-1", 9},
};

struct values {
    struct arena arena;
    struct flow_value *items;
    size_t count;
};

static void make(struct values *v, const struct aggregate_config *config)
{
    struct error err;
    arena_init(&v->arena, 0);
    if (flow_values(config, &names, &v->arena, &v->items, &v->count, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

/* "-" : there is none. */
static void expect(const struct values *v, const char *name, bool is_mark, const char *wanted)
{
    str got = STR("-");
    for (size_t i = 0; i < v->count; i++)
        if (v->items[i].is_mark == is_mark && strcmp(v->items[i].name, name) == 0)
            got = v->items[i].text;
    if (!str_eq(got, str_of(wanted)))
        fail_msg("%s is %.*s, not %s", name, STR_ARG(got), wanted);
}

static void expect_refused(const struct aggregate_config *config, const char *name,
                           const char *message)
{
    struct arena a;
    struct flow_value *items;
    size_t count;
    struct error err;
    arena_init(&a, 0);
    assert_int_equal(flow_values(config, &names, &a, &items, &count, &err), STATUS_INVALID);
    assert_string_equal(err.name, name);
    if (!strstr(err.message, message))
        fail_msg("%s", err.message);
    arena_done(&a);
}

static void names_become_placeholders(void **state)
{
    const struct aggregate_config config = {.api = STR("https://x/v1/")};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "ApiEndpoint", false, "https://x/v1");
    expect(&v, "ConnectionArn", false, "arn:aws:events:eu-west-1:123456789012:connection/conn");
    expect(&v, "ExtractionArn", false,
           "arn:aws:states:eu-west-1:123456789012:stateMachine:shop-extraction");
    expect(&v, "ProcessingArn", false,
           "arn:aws:states:eu-west-1:123456789012:stateMachine:shop-processing");
    expect(&v, "TasksTable", false, "tasks");
    expect(&v, "LocationsTable", false, "places");
    expect(&v, "Bucket", false, "parts");
    expect(&v, "OutputBucket", false, "files");
    expect(&v, "JobName", false, "job");
    arena_done(&v.arena);
}

static void what_is_not_configured_stays_as_the_workflows_have_it(void **state)
{
    static const char *const marks[] = {
        "types",       "api",  "summary_url", "page_url", "summary_query", "summary", "page_query",
        "has_summary", "rows", "row",         "more",     "output",        "paging"};
    const struct aggregate_config config = {.api = STR("https://x")};
    struct values v;
    (void)state;
    make(&v, &config);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        expect(&v, marks[i], true, "-");
    arena_done(&v.arena);
}

static void numbers_are_there_always(void **state)
{
    const struct aggregate_config none = {.api = STR("https://x")};
    const struct aggregate_config some = {
        .api = STR("https://x"), .page_size = 7, .tolerate = 5, .timeout_s = 9, .concurrency = 3};
    struct values v;
    (void)state;
    make(&v, &none);
    expect(&v, "page_size", true, "400");
    expect(&v, "tolerate", true, "0");
    expect(&v, "timeout", true, "60");
    expect(&v, "page_timeout", true, "86400");
    expect(&v, "locations_at_once", true, "20");
    expect(&v, "pages_at_once", true, "2");
    arena_done(&v.arena);
    make(&v, &some);
    expect(&v, "page_size", true, "7");
    expect(&v, "tolerate", true, "5");
    expect(&v, "timeout", true, "9");
    expect(&v, "locations_at_once", true, "3");
    expect(&v, "pages_at_once", true, "2");
    arena_done(&v.arena);
}

static void types_are_texts_that_fit_into_keys(void **state)
{
    static const str good[] = {{"orders", 6}, {"a-1_B.c", 7}};
    static const str bad[][2] = {{{"a", 1}, {"a", 1}},   {{"a", 1}, {"", 0}},
                                 {{"a", 1}, {"b/c", 3}}, {{"a", 1}, {"..", 2}},
                                 {{"a", 1}, {"b'c", 3}}, {{"a", 1}, {"\xC3\xA9", 2}}};
    str many[AGGREGATE_TYPES_MAX + 1];
    char texts[AGGREGATE_TYPES_MAX + 1], longest[AGGREGATE_TYPE_MAX + 1];
    struct aggregate_config config = {.api = STR("https://x"), .types = good, .type_count = 2};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "types", true, "['orders', 'a-1_B.c']");
    arena_done(&v.arena);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        config.types = bad[i];
        expect_refused(&config, "FlowTypes", "the type '");
    }
    memset(longest, 'x', sizeof(longest));
    many[0] = (str){longest, sizeof(longest)};
    config = (struct aggregate_config){.api = STR("https://x"), .types = many, .type_count = 1};
    expect_refused(&config, "FlowTypes", "up to 40 letters");
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        texts[i] = (char)('a' + i);
        many[i] = (str){&texts[i], 1};
    }
    config.type_count = AGGREGATE_TYPES_MAX;
    make(&v, &config);
    arena_done(&v.arena);
    config.type_count++;
    expect_refused(&config, "FlowTypes", "more than 16 types");
}

static void an_api_may_have_columns_and_a_url_goes_before_it(void **state)
{
    struct aggregate_config config = {.api = STR("https://{shop}.x/v1/")};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "ApiEndpoint", false, "");
    for (size_t i = 0; i < v.count; i++)
        if (strcmp(v.items[i].name, "api") == 0) {
            assert_true(str_starts(v.items[i].text, STR("$exists($location.url) ? $replace(")));
            assert_true(str_find(v.items[i].text, STR("'.x/v1')"), 0) != STR_NONE);
        }
    arena_done(&v.arena);
    config.api = STR("https://x/o'brien");
    make(&v, &config);
    expect(&v, "api", true,
           "$exists($location.url) ? $replace($location.url, /\\/+$/, '') : "
           "'https://x/o\\u0027brien'");
    arena_done(&v.arena);
    config.api = STR("https://{shop");
    expect_refused(&config, "Template", "api: a { without its }");
    config.api = STR("x.example.com");
    expect_refused(&config, "Template", "api: it begins with neither");
}

static void addresses_become_two_expressions(void **state)
{
    struct aggregate_config config = {.api = STR("https://x"),
                                      .summary_url = STR("{api}/count?of=all"),
                                      .page_url = STR("{api}/rows?p={page}")};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "summary_url", true, "$api & '/count'");
    expect(&v, "summary_query", true, "{'of': 'all'}");
    expect(&v, "page_url", true, "$api & '/rows'");
    expect(&v, "page_query", true, "{'p': $string($floor($offset / $limit) + 1)}");
    expect(&v, "paging", true, "'page'");
    expect(&v, "has_summary", true, "-");
    arena_done(&v.arena);

    config.page_url = STR("{api}/{location_id}/rows");
    config.has_no_summary = true;
    make(&v, &config);
    expect(&v, "summary_url", true, "-");
    expect(&v, "has_summary", true, "false");
    expect(&v, "page_query", true, "{}");
    expect(&v, "paging", true, "'none'");
    arena_done(&v.arena);

    config.page_url = STR("{api}/rows?p={page}&o={offset}");
    make(&v, &config);
    expect(&v, "paging", true, "-");
    arena_done(&v.arena);

    config.page_url = STR("{api}/{");
    expect_refused(&config, "Template", "page_url: a { without its }");
    config = (struct aggregate_config){.api = STR("https://x"), .summary_url = STR("{api}/{type}")};
    expect_refused(&config, "Template", "summary_url: {type} is not known here");
}

static void expressions_are_passed_on(void **state)
{
    const struct aggregate_config config = {.api = STR("https://x"),
                                            .summary = STR("S"),
                                            .rows = STR("R"),
                                            .row = STR("r"),
                                            .more = STR("M")};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "summary", true, "S");
    expect(&v, "rows", true, "R");
    expect(&v, "row", true, "r");
    expect(&v, "more", true, "M");
    arena_done(&v.arena);
}

static void what_comes_out_becomes_arguments_of_the_job(void **state)
{
    static const str columns[] = {{"b", 1}, {"a \"x\"", 5}};
    struct aggregate_config config = {.api = STR("https://x"), .delimiter = ','};
    struct values v;
    (void)state;
    make(&v, &config);
    expect(&v, "output", true, "-");
    arena_done(&v.arena);
    config.columns = columns;
    config.column_count = 2;
    config.delimiter = '\t';
    config.is_minimal = config.is_crlf = config.has_bom = true;
    make(&v, &config);
    expect(&v, "output", true,
           "{\"--columns\": \"b,a \\\"x\\\"\", \"--quote\": \"minimal\", \"--delimiter\": "
           "\"\\t\", \"--crlf\": \"true\", \"--bom\": \"true\"}");
    arena_done(&v.arena);
}

/* Every value is for something that is there. */
static void workflows_have_all_marks_and_placeholders_that_get_values(void **state)
{
    static const str types[] = {{"orders", 6}};
    static const str columns[] = {{"b", 1}};
    const struct aggregate_config config = {.api = STR("https://{x}"),
                                            .summary_url = STR("{api}/s"),
                                            .page_url = STR("{api}/p?n={page}"),
                                            .summary = STR("'S'"),
                                            .rows = STR("'R'"),
                                            .row = STR("'r'"),
                                            .more = STR("'M'"),
                                            .types = types,
                                            .type_count = 1,
                                            .columns = columns,
                                            .column_count = 1};
    struct values v;
    (void)state;
    make(&v, &config);
    for (size_t i = 0; i < v.count; i++) {
        char wanted[100];
        bool is_there = false;
        (void)snprintf(wanted, sizeof(wanted), v.items[i].is_mark ? "/*%s:*/" : "${%s}",
                       v.items[i].name);
        for (uint32_t k = 0; k < flow_text_count; k++)
            is_there |= str_find(flow_text(flow_texts[k].name), str_of(wanted), 0) != STR_NONE;
        if (!is_there)
            fail_msg("no workflow has %s", wanted);
    }
    for (uint32_t k = 0; k < flow_text_count; k++) {
        struct buf out;
        struct json_doc *doc;
        struct error err;
        buf_init(&out, 1 << 20);
        if (flow_fill(flow_text(flow_texts[k].name), v.items, v.count, &out, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        assert_int_equal(json_parse(buf_str(&out), NULL, &doc, &err), STATUS_OK);
        json_doc_unref(doc);
        buf_done(&out);
    }
    arena_done(&v.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_placeholders),
        cmocka_unit_test(what_is_not_configured_stays_as_the_workflows_have_it),
        cmocka_unit_test(numbers_are_there_always),
        cmocka_unit_test(types_are_texts_that_fit_into_keys),
        cmocka_unit_test(an_api_may_have_columns_and_a_url_goes_before_it),
        cmocka_unit_test(addresses_become_two_expressions),
        cmocka_unit_test(expressions_are_passed_on),
        cmocka_unit_test(what_comes_out_becomes_arguments_of_the_job),
        cmocka_unit_test(workflows_have_all_marks_and_placeholders_that_get_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
