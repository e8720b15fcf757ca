/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of services/http_task.h, against an API in this process. */
#include "services/http_task.h"
#include "api_server.h"
#include "services/connections_memory.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define assert_str(s, text) assert_true(str_eq(s, STR(text)))

static struct error err;

struct world {
    struct arena arena;
    struct api_server api;
    struct loop *loop;
    struct http_client *client;
    struct http_gate *gate;
    struct secret_box box;
    struct connections_memory *memory;
    struct connections connections;
    struct http_tasks *tasks;
    int waiting; /* tasks that have not ended; the loop stops at none */
    str token_reason;
    int authorized, refused; /* on_token came */
};

struct ended {
    struct world *w;
    struct json_doc *doc;
    struct service_failure failure;
    struct json_val request, response;
    struct http_task *cancels; /* when this one ends */
    bool is_ended;
};

static void on_token(void *arg, str arn, int64_t revision, bool is_authorized, str reason)
{
    struct world *w = arg;
    *(is_authorized ? &w->authorized : &w->refused) += 1;
    w->token_reason = arena_dup(&w->arena, reason);
    assert_int_equal(
        connections_settle(&w->connections, arn, revision, is_authorized, reason, 5000, &err),
        STATUS_OK);
    if (w->waiting == 0)
        loop_stop(w->loop);
}

static void open_tasks(struct world *w, bool is_strict)
{
    http_tasks_free(w->tasks);
    w->tasks = http_tasks_new(&(struct http_tasks_options){
        .loop = w->loop,
        .gate = w->gate,
        .connections = &w->connections,
        .invoke = {.region = STR("us-east-1"), .is_strict = is_strict, .max_answer_bytes = 100000},
        .on_token = on_token,
        .on_token_arg = w});
}

static int world_init(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    arena_init(&w.arena, 0);
    api_server_start(&w.api);
    assert_int_equal(loop_new(&w.loop, &err), STATUS_OK);
    assert_int_equal(http_client_new(w.loop, &(struct http_client_options){0}, &w.client, &err),
                     STATUS_OK);
    w.gate = http_gate_new(w.loop, w.client, &(struct http_limits_options){0});
    assert_int_equal(secret_box_random(&w.box, &err), STATUS_OK);
    w.memory = connections_memory_new();
    w.connections = (struct connections){.store = connections_memory_store(w.memory),
                                         .box = &w.box,
                                         .region = STR("us-east-1"),
                                         .account = STR("000000000000")};
    open_tasks(&w, false);
    *state = &w;
    return 0;
}

static int world_done(void **state)
{
    struct world *w = *state;
    http_tasks_free(w->tasks);
    http_gate_free(w->gate);
    http_client_free(w->client);
    loop_free(w->loop);
    connections_memory_free(w->memory);
    api_server_stop(&w->api);
    arena_done(&w->arena);
    return 0;
}

/* The ARN of a new connection. */
static str connect_with(struct world *w, const char *type, const char *auth)
{
    struct json_doc *doc;
    str request = arena_printf(
        &w->arena, "{'Name':'c','AuthorizationType':'%s','AuthParameters':%s}", type, auth);
    assert_int_equal(connections_find(STR("CreateConnection"))
                         ->run(&w->connections,
                               parse_quoted(&w->arena, arena_cstr(&w->arena, request)), 1000, &doc,
                               &err),
                     STATUS_OK);
    str arn = arena_dup(&w->arena, json_str(json_get(json_doc_root(doc), STR("ConnectionArn"))));
    json_doc_unref(doc);
    return arn;
}

static str connect_basic(struct world *w)
{
    return connect_with(w, "BASIC", "{'BasicAuthParameters':{'Username':'u','Password':'p'}}");
}

static str connect_oauth(struct world *w, const char *path)
{
    char auth[512];
    (void)snprintf(auth, sizeof auth,
                   "{'OAuthParameters':{'ClientParameters':{'ClientID':'i','ClientSecret':'s'},"
                   "'HttpMethod':'POST','AuthorizationEndpoint':'http://127.0.0.1:%d%s'}}",
                   w->api.port, path);
    return connect_with(w, "OAUTH_CLIENT_CREDENTIALS", auth);
}

static void on_end(void *arg, const struct http_task_end *end)
{
    struct ended *e = arg;
    assert_false(e->is_ended);
    assert_true((end->doc == NULL) == (end->failure != NULL));
    e->is_ended = true;
    e->doc = end->doc;
    if (end->failure)
        e->failure = (struct service_failure){arena_dup(&e->w->arena, end->failure->error),
                                              arena_dup(&e->w->arena, end->failure->cause)};
    if (end->request.tag != JSON_UNDEFINED)
        e->request = value_of_text(text_of_value(&e->w->arena, end->request));
    if (end->response.tag != JSON_UNDEFINED)
        e->response = value_of_text(text_of_value(&e->w->arena, end->response));
    if (e->cancels) {
        http_task_cancel(e->cancels);
        e->w->waiting--;
    }
    if (--e->w->waiting == 0)
        loop_stop(e->w->loop);
}

static struct http_task *start(struct world *w, struct ended *e, str arn, const char *path,
                               const struct http_task_options *options)
{
    str text = arena_printf(&w->arena,
                            "{'ApiEndpoint':'http://127.0.0.1:%d%s','Method':'POST',"
                            "'RequestBody':{'a':1},'InvocationConfig':{'ConnectionArn':'%.*s'}}",
                            w->api.port, path, STR_ARG(arn));
    *e = (struct ended){.w = w};
    w->waiting++;
    return http_task_start(w->tasks, parse_quoted(&w->arena, arena_cstr(&w->arena, text)), options,
                           on_end, e);
}

/* Starts one and waits for it. */
static void run(struct world *w, struct ended *e, str arn, const char *path,
                const struct http_task_options *options)
{
    start(w, e, arn, path, options);
    assert_false(e->is_ended);
    loop_run(w->loop);
    assert_true(e->is_ended);
    assert_int_equal(http_tasks_running(w->tasks), 0);
}

static str result_text(const struct ended *e, const char *member)
{
    assert_non_null(e->doc);
    struct json_val v = json_get(json_doc_root(e->doc), str_of(member));
    assert_int_equal(v.tag, JSON_STRING);
    return json_str(v);
}

static void a_call_goes_out_as_computed_and_its_answer_comes_back(void **state)
{
    struct world *w = *state;
    struct ended e;
    run(w, &e, connect_basic(w), "/echo?x=1", NULL);
    str sent = result_text(&e, "ResponseBody");
    assert_true(str_starts(sent, STR("POST /echo?x=1 HTTP/1.1\r\n")));
    assert_true(str_find(sent, STR("\r\nAuthorization: Basic dTpw\r\n"), 0) != STR_NONE);
    assert_true(str_find(sent, STR("\r\nUser-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1\r\n"),
                         0) != STR_NONE);
    assert_true(str_find(sent, STR("\r\nRange: bytes=0-100000\r\n"), 0) != STR_NONE);
    assert_true(str_find(sent, STR("\r\nContent-Type: application/json; charset=UTF-8\r\n"), 0) !=
                STR_NONE);
    assert_true(str_ends(sent, STR("\r\n\r\n{\"a\":1}")));
    assert_str(result_text(&e, "StatusText"), "OK");
    json_doc_unref(e.doc);
}

static void a_status_is_a_failure_with_its_phrase(void **state)
{
    struct world *w = *state;
    struct ended e;
    run(w, &e, connect_basic(w), "/status/404", NULL);
    assert_str(e.failure.error, "States.Http.StatusCode.404");
    assert_str(e.failure.cause, "Not Found");
}

static void a_trace_shows_both_sides_without_secrets(void **state)
{
    struct world *w = *state;
    struct ended e;
    str arn = connect_basic(w);
    run(w, &e, arn, "/status/500", &(struct http_task_options){.has_trace = true});
    assert_true(str_find(json_str(e.request), STR("/status/500"), 0) != STR_NONE);
    assert_true(str_find(json_str(e.request), STR("dTpw"), 0) == STR_NONE);
    assert_true(str_find(json_str(e.response), STR("lost"), 0) != STR_NONE);
    run(w, &e, arn, "/echo", &(struct http_task_options){.has_trace = true, .is_revealing = true});
    assert_true(str_find(json_str(e.request), STR("dTpw"), 0) != STR_NONE);
    json_doc_unref(e.doc);
}

static void what_cannot_be_done_fails_from_the_loop(void **state)
{
    struct world *w = *state;
    struct ended e;
    run(w, &e, STR("arn:aws:events:r:a:connection/x/1"), "/echo", NULL);
    assert_str(e.failure.error, "Events.ConnectionResource.ResourceNotFound");
    open_tasks(w, true);
    run(w, &e, connect_basic(w), "/echo", NULL);
    assert_str(e.failure.error, "States.Runtime"); /* plain http */
    assert_int_equal(w->api.requests, 0);
}

static void no_answer_is_a_failure_of_the_socket(void **state)
{
    struct world *w = *state;
    struct ended e;
    str arn = connect_basic(w);
    run(w, &e, arn, "/cut", NULL);
    assert_str(e.failure.error, "States.Http.Socket");
    assert_true(e.failure.cause.n > 0);
    int port = w->api.port;
    w->api.port = 1; /* nobody listens */
    run(w, &e, arn, "/echo", NULL);
    assert_str(e.failure.error, "States.Http.Socket");
    w->api.port = port;
}

static void a_call_that_lasts_too_long_is_a_failure_of_the_socket(void **state)
{
    struct world *w = *state;
    struct ended e;
    int64_t from_ms = loop_now_ms();
    run(w, &e, connect_basic(w), "/hang", &(struct http_task_options){.timeout_ms = 1});
    assert_str(e.failure.error, "States.Http.Socket");
    assert_in_range(loop_now_ms() - from_ms, HTTP_TASK_GRACE_MS, 20000);
}

static void a_body_that_is_too_large_is_a_data_limit(void **state)
{
    struct world *w = *state;
    struct ended e;
    str arn = connect_basic(w);
    run(w, &e, arn, "/size/100000", NULL);
    assert_int_equal(result_text(&e, "ResponseBody").n, 100000);
    json_doc_unref(e.doc);
    run(w, &e, arn, "/size/100001", NULL);
    assert_str(e.failure.error, "States.DataLimitExceeded");
    run(w, &e, arn, "/size/2000000", NULL);
    assert_str(e.failure.error, "States.DataLimitExceeded");
}

static void a_token_is_fetched_once_for_all(void **state)
{
    enum { COUNT = 8 };
    struct world *w = *state;
    struct ended e[COUNT];
    str arn = connect_oauth(w, "/token");
    for (int i = 0; i < COUNT; i++)
        start(w, &e[i], arn, "/need/1", NULL);
    loop_run(w->loop);
    for (int i = 0; i < COUNT; i++) {
        assert_non_null(e[i].doc);
        json_doc_unref(e[i].doc);
    }
    assert_int_equal(w->api.tokens, 1);
    assert_int_equal(w->authorized, 1);
    run(w, &e[0], arn, "/need/1", NULL);
    json_doc_unref(e[0].doc);
    assert_int_equal(w->api.tokens, 1);
    assert_int_equal(w->authorized, 1);
}

static void a_refused_token_is_refreshed_once(void **state)
{
    struct world *w = *state;
    struct ended e;
    str arn = connect_oauth(w, "/token");
    run(w, &e, arn, "/need/2", NULL);
    assert_non_null(e.doc);
    json_doc_unref(e.doc);
    assert_int_equal(w->api.tokens, 2);
    run(w, &e, arn, "/need/9", NULL);
    assert_str(e.failure.error, "States.Http.StatusCode.401");
    assert_int_equal(w->api.tokens, 3);
}

static void a_token_endpoint_that_refuses_fails_all_and_deauthorizes(void **state)
{
    enum { COUNT = 3 };
    struct world *w = *state;
    struct ended e[COUNT];
    str arn = connect_oauth(w, "/token/no");
    for (int i = 0; i < COUNT; i++)
        start(w, &e[i], arn, "/echo", NULL);
    loop_run(w->loop);
    for (int i = 0; i < COUNT; i++)
        assert_str(e[i].failure.error, "Events.ConnectionResource.InvalidConnectionState");
    assert_int_equal(w->api.tokens, 1);
    assert_int_equal(w->refused, 1);
    assert_str(w->token_reason, "The token endpoint of the connection answered 401 Unauthorized.");
}

static void a_token_endpoint_that_is_down_deauthorizes_nothing(void **state)
{
    struct world *w = *state;
    struct ended e;
    run(w, &e, connect_oauth(w, "/token/down"), "/echo", NULL);
    assert_str(e.failure.cause,
               "The token endpoint of the connection answered 503 Service Unavailable.");
    assert_int_equal(w->refused, 0);
}

static void a_new_connection_is_authorized_without_a_task(void **state)
{
    struct world *w = *state;
    struct ended e;
    str arn = connect_oauth(w, "/token");
    http_tasks_authorize(w->tasks, arn);
    loop_run(w->loop);
    assert_int_equal(w->authorized, 1);
    run(w, &e, arn, "/need/1", NULL);
    json_doc_unref(e.doc);
    assert_int_equal(w->api.tokens, 1);
    http_tasks_authorize(w->tasks, arn); /* it is by now */
    http_tasks_authorize(w->tasks, STR("x"));
    assert_int_equal(http_tasks_running(w->tasks), 0);
}

static void a_canceled_task_says_nothing(void **state)
{
    struct world *w = *state;
    struct ended hanging, other;
    str arn = connect_basic(w);
    struct http_task *task = start(w, &hanging, arn, "/hang", NULL);
    start(w, &other, arn, "/echo", NULL);
    other.cancels = task;
    loop_run(w->loop);
    assert_true(other.is_ended);
    assert_false(hanging.is_ended);
    json_doc_unref(other.doc);
    assert_int_equal(http_tasks_running(w->tasks), 0);
}

static void a_canceled_fetch_is_taken_over(void **state)
{
    struct world *w = *state;
    struct ended first, second;
    str arn = connect_oauth(w, "/token");
    struct http_task *task = start(w, &first, arn, "/need/1", NULL);
    start(w, &second, arn, "/need/1", NULL);
    http_task_cancel(task);
    w->waiting--;
    loop_run(w->loop);
    assert_false(first.is_ended);
    assert_non_null(second.doc);
    json_doc_unref(second.doc);
}

static void a_task_may_cancel_those_who_waited_with_it(void **state)
{
    struct world *w = *state;
    struct ended first, second, third;
    str arn = connect_oauth(w, "/token/no");
    start(w, &first, arn, "/echo", NULL);
    start(w, &second, arn, "/echo", NULL);
    second.cancels = start(w, &third, arn, "/echo", NULL); /* who fetched ends last */
    loop_run(w->loop);
    assert_true(first.is_ended && second.is_ended);
    assert_false(third.is_ended);
}

static void tasks_that_run_go_with_all(void **state)
{
    struct world *w = *state;
    struct ended e[4];
    str arn = connect_oauth(w, "/token");
    for (int i = 0; i < 4; i++)
        start(w, &e[i], arn, "/hang", NULL);
    assert_int_equal(http_tasks_running(w->tasks), 4);
    open_tasks(w, false);
    for (int i = 0; i < 4; i++)
        assert_false(e[i].is_ended);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_init, world_done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_goes_out_as_computed_and_its_answer_comes_back),
        TEST(a_status_is_a_failure_with_its_phrase),
        TEST(a_trace_shows_both_sides_without_secrets),
        TEST(what_cannot_be_done_fails_from_the_loop),
        TEST(no_answer_is_a_failure_of_the_socket),
        TEST(a_call_that_lasts_too_long_is_a_failure_of_the_socket),
        TEST(a_body_that_is_too_large_is_a_data_limit),
        TEST(a_token_is_fetched_once_for_all),
        TEST(a_refused_token_is_refreshed_once),
        TEST(a_token_endpoint_that_refuses_fails_all_and_deauthorizes),
        TEST(a_token_endpoint_that_is_down_deauthorizes_nothing),
        TEST(a_new_connection_is_authorized_without_a_task),
        TEST(a_canceled_task_says_nothing),
        TEST(a_canceled_fetch_is_taken_over),
        TEST(a_task_may_cancel_those_who_waited_with_it),
        TEST(tasks_that_run_go_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
