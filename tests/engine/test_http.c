/* SPDX-License-Identifier: Apache-2.0 */
/* http:invoke on the engine, against an API in this process. */
#include "engine_test.h"

#include "api_server.h"
#include "engine/inspect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARN "arn:aws:events:us-east-1:000000000000:connection/"

struct site {
    struct house h;
    struct api_server api;
};

/* The engine does the calls itself. */
static bool works_not(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg;
    (void)e;
    (void)task;
    return false;
}

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    api_server_start(&s->api);
    s->h.work = works_not;
    house_build(&s->h);
    *state = s;
    return 0;
}

static int site_close(void **state)
{
    struct site *s = *state;
    house_tear_down(&s->h);
    api_server_stop(&s->api);
    free(s);
    return 0;
}

/* An operation on connections; what it answers, until the next one. */
static const char *operate(struct site *s, const char *operation, const char *request)
{
    static char text[4096];
    struct buf answer;
    struct error err;
    buf_init(&answer, sizeof(text) - 1);
    if (engine_connection(s->h.engine, str_of(operation), str_of(request), &answer, &err) !=
        STATUS_OK)
        snprintf(text, sizeof(text), "%s", err.name);
    else
        snprintf(text, sizeof(text), "%.*s", (int)answer.n, answer.p);
    buf_done(&answer);
    return text;
}

static const char KEY[] =
    "{\"Name\":\"key\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
    "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"s3cret\"},"
    "\"InvocationHttpParameters\":{\"HeaderParameters\":[{\"Key\":\"X-Shop\",\"Value\":\"north\"}],"
    "\"QueryStringParameters\":[{\"Key\":\"page\",\"Value\":\"7\"}]}}}";

static void create_oauth(struct site *s, const char *path)
{
    char text[512];
    snprintf(text, sizeof(text),
             "{\"Name\":\"oauth\",\"AuthorizationType\":\"OAUTH_CLIENT_CREDENTIALS\","
             "\"AuthParameters\":{\"OAuthParameters\":{\"ClientParameters\":{\"ClientID\":\"i\","
             "\"ClientSecret\":\"s\"},\"HttpMethod\":\"POST\","
             "\"AuthorizationEndpoint\":\"http://127.0.0.1:%d%s\"}}}",
             s->api.port, path);
    assert_non_null(strstr(operate(s, "CreateConnection", text), "AUTHORIZING"));
}

/* The fields of a task that calls this path through this connection; until the next one. */
static const char *call_of(struct site *s, const char *connection, const char *path)
{
    static char text[1024];
    snprintf(text, sizeof(text),
             "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::http:invoke\",\"Arguments\":{"
             "\"ApiEndpoint\":\"http://127.0.0.1:%d%s\",\"Method\":\"GET\",\"Headers\":{\"X-Own\":"
             "\"mine\"},\"InvocationConfig\":{\"ConnectionArn\":\"" ARN "%s\"}}",
             s->api.port, path, connection);
    return text;
}

/* A machine "m" of one such task; more: further fields, each behind a comma. */
static void put_machine(struct site *s, const char *connection, const char *path, const char *more)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Call\",\"States\":{\"Call\":{%s%s,"
             "\"End\":true}}}",
             call_of(s, connection, path), more);
    house_machine(&s->h, "m", ASL_STANDARD, text);
}

/* A machine "m" whose Map makes so many of them at a time. */
static const char *put_map(struct site *s, int count, const char *path, const char *more)
{
    static char text[4096];
    snprintf(text, sizeof(text),
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\","
             "\"Items\":\"{%% [1..%d] %%}\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"Call\","
             "\"States\":{\"Call\":{%s%s,\"Output\":\"{%% $states.result.StatusCode %%}\","
             "\"End\":true}}}}}}",
             count, call_of(s, "key", path), more);
    house_machine(&s->h, "m", ASL_STANDARD, text);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("wanted: %s\ninside: %s", part, text);
}

/* ---- calls ---- */

static void json_comes_back_as_the_result(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/need/0", ",\"Retry\":[]");
    house_run(&s->h, "m", "no", "{}");
    assert_string_equal(s->h.output, "States.Http.StatusCode.401: Unauthorized");
    create_oauth(s, "/token");
    put_machine(
        s, "oauth", "/need/1",
        ",\"Output\":\"{% [$states.result.StatusCode, $states.result.ResponseBody.ok] %}\"");
    assert_string_equal(house_run(&s->h, "m", "yes", "{}"), "[200,true]");
}

static void a_connection_is_merged_into_the_call(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/echo", ",\"Output\":\"{% $states.result.ResponseBody %}\"");
    const char *echo = house_run(&s->h, "m", "e", "{}");
    assert_has(echo, "GET /echo?page=7 HTTP/1.1");
    assert_has(echo, "X-Key: s3cret");
    assert_has(echo, "X-Shop: north");
    assert_has(echo, "X-Own: mine");
}

static void a_status_is_an_error_that_can_be_retried(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/status/404",
                ",\"Retry\":[{\"ErrorEquals\":[\"States.Http.StatusCode.404\"],"
                "\"IntervalSeconds\":1,\"MaxAttempts\":1}]");
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "States.Http.StatusCode.404: Not Found");
    assert_int_equal(s->api.requests, 2);
}

static void a_busy_host_is_asked_again_when_it_says(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/busy/1", ",\"Output\":\"{% $states.result.StatusCode %}\"");
    int64_t from_ms = loop_now_ms();
    house_start(&s->h, "m", "first", "{}");
    house_pass(&s->h, 300);
    assert_int_equal(s->api.requests, 1);
    assert_int_equal(engine_figures(s->h.engine).calls, 1);
    assert_int_equal(engine_figures(s->h.engine).calls_waiting, 1);
    /* The pause is the host's: another execution waits, too. */
    assert_string_equal(house_run(&s->h, "m", "second", "{}"), "200");
    assert_true(loop_now_ms() - from_ms >= 900);
    assert_int_equal(s->api.requests, 3);
}

static void a_busy_host_is_left_alone_by_every_loop(void **state)
{
    struct site *s = *state;
    house_close(&s->h);
    s->h.loops = 3;
    house_open(&s->h);
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/busy/1", ",\"Output\":\"{% $states.result.StatusCode %}\"");
    int64_t from_ms = loop_now_ms();
    house_start_unwatched(&s->h, "m", "first", "{}");
    house_pass(&s->h, 300);
    assert_int_equal(s->api.requests, 1);
    struct engine_figures paused = engine_figures_of_all(s->h.engine);
    assert_int_equal(paused.hosts_paused, 1); /* once, though three loops know of it */
    assert_in_range(paused.pause_ms, 1, 1000);
    for (int i = 0; i < 12; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%d", i);
        house_start_unwatched(&s->h, "m", name, "{}");
    }
    house_pass(&s->h, 300);
    assert_int_equal(s->api.requests, 1); /* whatever loop they are on */
    assert_string_equal(house_run(&s->h, "m", "last", "{}"), "200");
    assert_true(loop_now_ms() - from_ms >= 900);
    house_pass(&s->h, 300);
    struct engine_figures after = engine_figures_of_all(s->h.engine);
    assert_int_equal(after.hosts_paused, 0);
    assert_int_equal(after.calls_waiting, 0);
    assert_int_equal(after.called, 14);
    assert_int_equal(after.requests, s->api.requests);
    assert_true(after.received > 0);
}

/* The ARN with the id that was drawn for it. */
static str arn_of(struct site *s)
{
    static const char before[] = "\"ConnectionArn\":\"";
    const char *found = strstr(operate(s, "DescribeConnection", "{\"Name\":\"key\"}"), before);
    assert_non_null(found);
    found += sizeof(before) - 1;
    return (str){found, strcspn(found, "\"")};
}

static void a_connection_can_be_given_a_limit_on_all_loops_together(void **state)
{
    struct site *s = *state;
    house_close(&s->h);
    s->h.loops = 3;
    house_open(&s->h);
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang", "");
    engine_limit(s->h.engine, HTTP_LANE_KEY, arn_of(s), &(struct http_limit){.in_flight = 3});
    for (int i = 0; i < 30; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%d", i);
        house_start_unwatched(&s->h, "m", name, "{}");
    }
    house_pass(&s->h, 500);
    struct engine_figures figures = engine_figures_of_all(s->h.engine);
    assert_int_equal(s->api.requests, 3);
    assert_int_equal(figures.calls, 30);
    assert_int_equal(figures.calls_waiting, 27);
    engine_limit(s->h.engine, HTTP_LANE_KEY, arn_of(s), &(struct http_limit){.in_flight = 9});
    house_pass(&s->h, 500);
    assert_int_equal(s->api.requests, 9);
}

/* What is kept of pauses: how many rows. */
static int64_t kept_pauses(struct site *s)
{
    struct store_reader *reader;
    struct store_names names;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    assert_int_equal(store_reader_open(str_of(s->h.folder), NULL, &reader, &err), STATUS_OK);
    assert_int_equal(
        store_list_things(reader, STR("pause"), STR(""), (str){0}, 100, &a, &names, &err),
        STATUS_OK);
    store_reader_close(reader);
    arena_done(&a);
    return names.count;
}

static void a_pause_that_a_host_asked_for_is_known_to_the_next_process(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_map(s, 2, "/busy/2/4", ""); /* both are sent before one is answered */
    int64_t from_ms = loop_now_ms();
    house_start(&s->h, "m", "first", "{}");
    house_pass(&s->h, 500);
    assert_int_equal(s->api.requests, 2);
    assert_int_equal(kept_pauses(s), 1); /* two answers of one host */
    house_close(&s->h);
    s->h.loops = 3;
    house_open(&s->h);
    house_pass(&s->h, 300);
    assert_int_equal(s->api.requests, 2);
    assert_int_equal(engine_figures(s->h.engine).hosts_paused, 1);
    assert_string_equal(house_run(&s->h, "m", "first", "{}"), "[200,200]");
    assert_true(loop_now_ms() - from_ms >= 3800);
    assert_int_equal(kept_pauses(s), 1);
    house_reopen(&s->h); /* now it is over */
    house_pass(&s->h, 300);
    assert_int_equal(kept_pauses(s), 0);
    assert_int_equal(engine_figures(s->h.engine).hosts_paused, 0);
}

static void a_short_pause_is_not_kept(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/busy/1/1", ",\"Output\":\"{% $states.result.StatusCode %}\"");
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "200");
    assert_int_equal(s->api.requests, 2);
    assert_int_equal(kept_pauses(s), 0);
}

static void a_row_of_a_pause_that_makes_no_sense_is_none(void **state)
{
    struct site *s = *state;
    char command[FOLDER_MAX * 2 + 200];
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/echo", ",\"Output\":\"{% $states.result.StatusCode %}\"");
    house_close(&s->h);
    snprintf(command, sizeof(command),
             "sqlite3 '%s/afflux.db' \"INSERT INTO service VALUES ('pause', 'http://127.0.0.1:%d', "
             "CAST('soon' AS BLOB)), ('pause', 'http://b:1', CAST('99999999999999999' AS BLOB)), "
             "('pause', 'http://c:1', CAST('' AS BLOB))\"",
             s->h.folder, s->api.port);
    assert_int_equal(system(command), 0); /* NOLINT: a test's own folder */
    assert_int_equal(kept_pauses(s), 3);
    house_open(&s->h);
    assert_int_equal(engine_figures(s->h.engine).hosts_paused, 0);
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "200");
    assert_int_equal(kept_pauses(s), 0);
}

static void a_timeout_ends_the_call(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang", ",\"TimeoutSeconds\":1");
    assert_has(house_run(&s->h, "m", "e", "{}"), "States.Timeout");
    assert_int_equal(engine_figures(s->h.engine).calls, 0);
}

/* One after the other, each of them within a second of its turn. */
static void the_time_of_a_call_begins_when_it_is_sent(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    engine_limit(s->h.engine, HTTP_LANE_KEY, arn_of(s),
                 &(struct http_limit){.per_second = 1, .burst = 1});
    const char *text = put_map(s, 4, "/echo", ",\"TimeoutSeconds\":1");
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "[200,200,200,200]");
    house_machine(&s->h, "m", ASL_EXPRESS, text);
    assert_string_equal(house_run(&s->h, "m", "e2", "{}"), "[200,200,200,200]");
}

static void a_call_that_is_made_again_has_all_of_its_time(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang/once",
                ",\"TimeoutSeconds\":1,\"Output\":\"{% $states.result.StatusCode %}\"");
    house_start(&s->h, "m", "e", "{}");
    house_pass(&s->h, 200);
    assert_int_equal(s->api.requests, 1);
    house_close(&s->h);
    (void)usleep(1200 * 1000);
    house_open(&s->h);
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "200");
}

static void what_nobody_listens_for_is_a_failure_of_the_socket(void **state)
{
    struct site *s = *state;
    int port = s->api.port;
    operate(s, "CreateConnection", KEY);
    s->api.port = 1;
    put_machine(s, "key", "/echo", "");
    s->api.port = port;
    assert_has(house_run(&s->h, "m", "e", "{}"), "States.Http.Socket: ");
}

static void express_executions_call_too(void **state)
{
    struct site *s = *state;
    char text[2048];
    operate(s, "CreateConnection", KEY);
    snprintf(text, sizeof(text),
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Call\",\"States\":{\"Call\":{%s,"
             "\"Output\":\"{%% $states.result.StatusCode %%}\",\"End\":true}}}",
             call_of(s, "key", "/echo"));
    house_machine(&s->h, "m", ASL_EXPRESS, text);
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "200");
}

/* ---- ends ---- */

/* Stops the execution "e". */
static void stop_it(struct site *s)
{
    struct inspect *i;
    struct error err;
    int64_t id;
    assert_int_equal(inspect_open(str_of(s->h.folder), &i, &err), STATUS_OK);
    assert_int_equal(inspect_find(i, STR("e"), &id, &err), STATUS_OK);
    inspect_close(i);
    assert_int_equal(engine_stop(s->h.engine, id, STR("Enough"), STR(""), &err), STATUS_OK);
}

static void stopping_an_execution_cancels_its_call(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang", "");
    house_start(&s->h, "m", "e", "{}");
    house_pass(&s->h, 200);
    assert_int_equal(engine_figures(s->h.engine).calls, 1);
    stop_it(s);
    assert_true(house_wait(&s->h, 5000));
    assert_int_equal(s->h.status, ASL_EXEC_ABORTED);
    assert_int_equal(engine_figures(s->h.engine).calls, 0);
}

static void a_branch_that_fails_cancels_the_calls_beside_it(void **state)
{
    struct site *s = *state;
    char text[4096];
    operate(s, "CreateConnection", KEY);
    snprintf(text, sizeof(text),
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\","
             "\"Items\":\"{%% [1..5] %%}\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"C\","
             "\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Condition\":"
             "\"{%% $states.input = 5 %%}\",\"Next\":\"W\"}],\"Default\":\"Call\"},"
             "\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"F\"},"
             "\"F\":{\"Type\":\"Fail\",\"Error\":\"No\"},\"Call\":{%s,\"End\":true}}}}}}",
             call_of(s, "key", "/hang"));
    house_machine(&s->h, "m", ASL_STANDARD, text);
    house_start(&s->h, "m", "e", "{}");
    house_pass(&s->h, 500);
    assert_int_equal(engine_figures(s->h.engine).calls, 4);
    assert_true(house_wait(&s->h, 5000));
    assert_has(s->h.output, "No");
    assert_int_equal(engine_figures(s->h.engine).calls, 0);
}

static void a_call_under_way_is_made_again_by_the_next_process(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang/once", ",\"Output\":\"{% $states.result.StatusCode %}\"");
    house_start(&s->h, "m", "e", "{}");
    house_pass(&s->h, 200);
    assert_int_equal(s->api.requests, 1);
    house_reopen(&s->h);
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "200");
    assert_int_equal(s->api.requests, 2);
}

static void a_call_under_way_keeps_its_execution_awake(void **state)
{
    struct site *s = *state;
    operate(s, "CreateConnection", KEY);
    put_machine(s, "key", "/hang", "");
    struct error err;
    struct engine_start start = {.machine = STR("m"), .name = STR("e"), .input = STR("{}")};
    assert_int_equal(engine_start(s->h.engine, &start, &err), STATUS_OK); /* nobody watches */
    house_pass(&s->h, 3000);
    assert_int_equal(engine_figures(s->h.engine).in_memory, 1);
    assert_int_equal(engine_figures(s->h.engine).calls, 1);
}

/* ---- tokens and connections ---- */

static void a_token_is_fetched_once_for_many_calls(void **state)
{
    struct site *s = *state;
    char text[4096];
    create_oauth(s, "/token");
    snprintf(text, sizeof(text),
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\","
             "\"Items\":\"{%% [1..20] %%}\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"Call\","
             "\"States\":{\"Call\":{%s,\"Output\":\"{%% $states.result.StatusCode %%}\","
             "\"End\":true}}},\"Output\":\"{%% $sum($states.result) %%}\"}}}",
             call_of(s, "oauth", "/need/1"));
    house_machine(&s->h, "m", ASL_STANDARD, text);
    assert_string_equal(house_run(&s->h, "m", "e", "{}"), "4000");
    assert_int_equal(s->api.tokens, 1);
    assert_has(operate(s, "DescribeConnection", "{\"Name\":\"oauth\"}"), "\"AUTHORIZED\"");
}

static void a_new_connection_is_authorized_without_a_call(void **state)
{
    struct site *s = *state;
    create_oauth(s, "/token/no");
    house_pass(&s->h, 300);
    assert_int_equal(s->api.tokens, 1);
    assert_has(operate(s, "DescribeConnection", "{\"Name\":\"oauth\"}"), "\"DEAUTHORIZED\"");
    put_machine(s, "oauth", "/echo", "");
    assert_has(house_run(&s->h, "m", "e", "{}"),
               "Events.ConnectionResource.InvalidConnectionState: ");
}

static void connections_are_there_in_the_next_process(void **state)
{
    struct site *s = *state;
    char path[FOLDER_MAX * 2];
    struct stat info;
    operate(s, "CreateConnection", KEY);
    assert_string_equal(operate(s, "CreateConnection", KEY), "ResourceAlreadyExistsException");
    house_reopen(&s->h);
    assert_has(operate(s, "ListConnections", "{}"), "\"Name\":\"key\"");
    assert_null(strstr(operate(s, "DescribeConnection", "{\"Name\":\"key\"}"), "s3cret"));
    put_machine(s, "key", "/echo", ",\"Output\":\"{% $states.result.ResponseBody %}\"");
    assert_has(house_run(&s->h, "m", "e", "{}"), "X-Key: s3cret");
    operate(s, "DeleteConnection", "{\"Name\":\"key\"}");
    assert_string_equal(operate(s, "DescribeConnection", "{\"Name\":\"key\"}"),
                        "ResourceNotFoundException");
    snprintf(path, sizeof(path), "%s/secret.key", s->h.folder);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void an_operation_that_is_none_is_said(void **state)
{
    struct site *s = *state;
    assert_string_equal(operate(s, "MakeConnection", "{}"), "UnknownOperationException");
    assert_string_equal(operate(s, "CreateConnection", "{"), "SerializationException");
    assert_string_equal(operate(s, "CreateConnection", "{}"), "ValidationException");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json_comes_back_as_the_result),
        TEST(a_connection_is_merged_into_the_call),
        TEST(a_status_is_an_error_that_can_be_retried),
        TEST(a_busy_host_is_asked_again_when_it_says),
        TEST(a_busy_host_is_left_alone_by_every_loop),
        TEST(a_connection_can_be_given_a_limit_on_all_loops_together),
        TEST(a_pause_that_a_host_asked_for_is_known_to_the_next_process),
        TEST(a_short_pause_is_not_kept),
        TEST(a_row_of_a_pause_that_makes_no_sense_is_none),
        TEST(a_timeout_ends_the_call),
        TEST(the_time_of_a_call_begins_when_it_is_sent),
        TEST(a_call_that_is_made_again_has_all_of_its_time),
        TEST(what_nobody_listens_for_is_a_failure_of_the_socket),
        TEST(express_executions_call_too),
        TEST(stopping_an_execution_cancels_its_call),
        TEST(a_branch_that_fails_cancels_the_calls_beside_it),
        TEST(a_call_under_way_is_made_again_by_the_next_process),
        TEST(a_call_under_way_keeps_its_execution_awake),
        TEST(a_token_is_fetched_once_for_many_calls),
        TEST(a_new_connection_is_authorized_without_a_call),
        TEST(connections_are_there_in_the_next_process),
        TEST(an_operation_that_is_none_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
