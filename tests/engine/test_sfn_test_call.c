/* SPDX-License-Identifier: Apache-2.0 */
/* TestState of a Task without a mock, against an API in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_server.h"
#include "api_test.h"
#include "counter_service.h"
#include "json/parse.h"
#include <stdlib.h>
#include <string.h>

struct site {
    struct api_house h;
    struct api_server api;
    struct arena a;
};

static const char KEY[] =
    "{\"Name\":\"key\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
    "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"s3cret\"},"
    "\"InvocationHttpParameters\":{"
    "\"QueryStringParameters\":[{\"Key\":\"page\",\"Value\":\"hidden7\"}]}}}";

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof(*s));
    struct buf answer;
    struct error err;
    assert_non_null(s);
    api_server_start(&s->api);
    static const struct engine_service services[] = {{.service = &counter_service}};
    s->h.clock_speed = 1;
    s->h.services = services;
    s->h.service_count = ARRAY_LEN(services);
    api_house_build(&s->h);
    arena_init(&s->a, 0);
    buf_init(&answer, 4096);
    if (engine_connection(s->h.engine, STR("CreateConnection"), str_of(KEY), &answer, &err) !=
        STATUS_OK)
        fail_msg("%s", err.message);
    buf_done(&answer);
    *state = s;
    return 0;
}

static int site_close(void **state)
{
    struct site *s = *state;
    api_house_tear_down(&s->h);
    api_server_stop(&s->api);
    arena_done(&s->a);
    free(s);
    return 0;
}

/* A request that tests a call of this path; with further fields of the state and of the request,
 * each behind a comma. ' stands for a double quote within the definition. */
static struct json_val request_for(struct site *s, const char *path, const char *fields,
                                   const char *more)
{
    struct json_val v;
    struct error err;
    str text = arena_printf(
        &s->a,
        "{`definition`:`{'Type':'Task','QueryLanguage':'JSONata','Resource':"
        "'arn:aws:states:::http:invoke','Arguments':{'ApiEndpoint':'http://127.0.0.1:%d%s',"
        "'Method':'GET','InvocationConfig':{'ConnectionArn':"
        "'arn:aws:events:us-east-1:111111111111:connection/key'}}%s,'End':true}`,"
        "`roleArn`:`arn:aws:iam::111111111111:role/r`%s}",
        s->api.port, path, fields, more);
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            buf_add(&out, STR("\\\""));
        else
            buf_add_byte(&out, text.p[i] == '`' ? '"' : text.p[i]);
    }
    if (json_parse_in(&s->a, arena_dup(&s->a, buf_str(&out)), NULL, &v, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    buf_done(&out);
    return v;
}

/* The answer's text. */
static str tested(struct site *s, const char *path, const char *fields, const char *more)
{
    struct api_outcome o =
        api_house_call(&s->h, &s->a, "TestState", request_for(s, path, fields, more), 10000);
    assert_true(o.is_answered);
    if (!o.is_ok)
        fail_msg("%.*s: %.*s", STR_ARG(o.error), STR_ARG(o.message));
    return o.body;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_of(part), 0) != STR_NONE;
}

static void assert_has(str text, const char *part)
{
    if (!has(text, part))
        fail_msg("wanted: %s\ninside: %.*s", part, STR_ARG(text));
}

static void assert_has_not(str text, const char *part)
{
    if (has(text, part))
        fail_msg("not wanted: %s\ninside: %.*s", part, STR_ARG(text));
}

/* ---- tests ---- */

static void a_task_is_really_called(void **state)
{
    struct site *s = *state;
    str answer = tested(s, "/echo", ",'Output':'{% $states.result.StatusCode %}'", ",`input`:`{}`");
    assert_true(str_eq(answer, STR("{\"status\":\"SUCCEEDED\",\"output\":\"200\"}")));
    assert_int_equal(atomic_load(&s->api.requests), 1);
}

static void each_level_shows_what_it_is_for(void **state)
{
    struct site *s = *state;
    const char *output = ",'Output':'{% 1 %}'";
    assert_has_not(tested(s, "/status/200", output, ",`inspectionLevel`:`INFO`"), "inspectionData");
    str debug = tested(s, "/status/200", output, ",`inspectionLevel`:`DEBUG`");
    assert_has(debug, "\"afterArguments\":");
    assert_has(debug, "\"result\":");
    assert_has_not(debug, "\"request\":");
    assert_has_not(debug, "\"response\":");
    str trace = tested(s, "/status/200", output, ",`inspectionLevel`:`TRACE`");
    assert_has(trace, "\"request\":{\"protocol\":\"http\",\"method\":\"GET\",\"url\":\"http://");
    assert_has(trace, "\"response\":{\"protocol\":\"http\",\"statusCode\":\"200\"");
}

static void secrets_are_shown_to_those_who_ask_for_them(void **state)
{
    struct site *s = *state;
    const char *output = ",'Output':'{% 1 %}'";
    str masked = tested(s, "/status/200", output, ",`inspectionLevel`:`TRACE`");
    assert_has_not(masked, "s3cret");
    assert_has_not(masked, "hidden7");
    str open = tested(s, "/status/200", output, ",`inspectionLevel`:`TRACE`,`revealSecrets`:true");
    assert_has(open, "X-Key: s3cret");
    assert_has(open, "page=hidden7");
}

static void its_failure_goes_to_retriers_and_catchers(void **state)
{
    struct site *s = *state;
    str failed = tested(s, "/status/404", "", ",`inspectionLevel`:`TRACE`");
    assert_has(failed, "\"status\":\"FAILED\",\"error\":\"States.Http.StatusCode.404\"");
    assert_has(failed, "\"statusMessage\":\"Not Found\"");
    str again = tested(s, "/status/503",
                       ",'Retry':[{'ErrorEquals':['States.ALL'],'IntervalSeconds':7}]", "");
    assert_has(again, "\"status\":\"RETRIABLE\",\"error\":\"States.Http.StatusCode.503\"");
    str caught =
        tested(s, "/status/503", ",'Catch':[{'ErrorEquals':['States.ALL'],'Next':'N'}]", "");
    assert_has(caught, "\"status\":\"CAUGHT_ERROR\"");
    assert_has(caught, "\"nextState\":\"N\"");
}

static void a_target_that_hangs_is_given_up_after_the_tasks_timeout(void **state)
{
    struct site *s = *state;
    str answer = tested(s, "/hang", ",'TimeoutSeconds':1", ",`inspectionLevel`:`TRACE`");
    assert_has(answer, "\"status\":\"FAILED\",\"error\":\"States.Timeout\"");
    assert_has_not(answer, "\"response\"");
}

/* A task of a service, its level DEBUG. */
static struct api_outcome tested_service(struct site *s, const char *resource)
{
    struct json_val v;
    struct error err;
    str text = arena_printf(
        &s->a,
        "{\"definition\":\"{\\\"Type\\\":\\\"Task\\\",\\\"Resource\\\":\\\"arn:aws:states:::%s\\\","
        "\\\"Parameters\\\":{\\\"Key\\\":\\\"k\\\"},\\\"End\\\":true}\","
        "\"roleArn\":\"arn:aws:iam::111111111111:role/r\",\"inspectionLevel\":\"DEBUG\"}",
        resource);
    if (json_parse_in(&s->a, text, NULL, &v, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    struct api_outcome o = api_house_call(&s->h, &s->a, "TestState", v, 10000);
    assert_true(o.is_answered);
    return o;
}

static void an_operation_of_a_service_here_is_really_done(void **state)
{
    struct site *s = *state;
    str written = tested_service(s, "aws-sdk:dynamodb:updateItem").body;
    assert_has(written, "\"status\":\"SUCCEEDED\",\"output\":\"{\\\"Count\\\":1}\"");
    assert_has(written, "\"result\":\"{\\\"Count\\\":1}\"");
    tested_service(s, "dynamodb:updateItem");
    str read = tested_service(s, "aws-sdk:dynamodb:getItem").body;
    assert_has(read, "\"output\":\"{\\\"Count\\\":2}\"");
    str refused = tested_service(s, "dynamodb:deleteItem").body;
    assert_has(refused, "\"status\":\"FAILED\","
                        "\"error\":\"DynamoDB.ConditionalCheckFailedException\"");
    assert_has(tested_service(s, "aws-sdk:dynamodb:getItem").body, "\\\"Count\\\":2");
}

static void a_service_that_is_not_here_wants_a_mock(void **state)
{
    struct api_outcome o = tested_service(*state, "sqs:sendMessage");
    assert_false(o.is_ok);
    assert_has(o.message, "with a mock only");
}

static void unexpected(void *arg, const struct engine_api_answer *answer)
{
    (void)arg;
    fail_msg("answered: %.*s", STR_ARG(answer->body));
}

static void a_test_under_way_ends_with_the_engine(void **state)
{
    struct site *s = *state;
    for (int i = 0; i < 2; i++)
        assert_non_null(engine_api_call(s->h.engine, STR("TestState"),
                                        request_for(s, "/hang", "", ""), unexpected, NULL));
    api_house_pass(&s->h, 50);
    assert_int_equal(atomic_load(&s->api.requests), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
    const struct CMUnitTest tests[] = {
        TEST(a_task_is_really_called),
        TEST(each_level_shows_what_it_is_for),
        TEST(secrets_are_shown_to_those_who_ask_for_them),
        TEST(its_failure_goes_to_retriers_and_catchers),
        TEST(a_target_that_hangs_is_given_up_after_the_tasks_timeout),
        TEST(an_operation_of_a_service_here_is_really_done),
        TEST(a_service_that_is_not_here_wants_a_mock),
        TEST(a_test_under_way_ends_with_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
