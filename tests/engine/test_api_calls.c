/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the API that are long, are given up, or are cut short by the end of the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_test.h"
#include "json/parse.h"
#include "store/reader.h"
#include <stdlib.h>
#include <string.h>

#define PASS                                                                                       \
    "{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":" \
    "true}}}"
#define MACHINE(kind, name) "arn:aws:states:us-east-1:111111111111:" kind ":" name
#define WORK                                                                                       \
    "{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Task\\\","             \
    "\\\"Resource\\\":\\\"" MACHINE("activity", "work") "\\\",\\\"End\\\":true}}}"
#define SLEEP                                                                                      \
    "{\\\"StartAt\\\":\\\"W\\\",\\\"States\\\":{\\\"W\\\":{\\\"Type\\\":\\\"Wait\\\","             \
    "\\\"Seconds\\\":100,\\\"Next\\\":\\\"P\\\"},\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\","            \
    "\\\"End\\\":true}}}"

static int set_up(void **state)
{
    struct api_house *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    h->is_strict = true;
    h->clock_speed = 20;
    api_house_build(h);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    api_house_tear_down(*state);
    free(*state);
    return 0;
}

static struct json_val parse(struct arena *a, const char *text)
{
    struct json_val v;
    struct error err;
    if (json_parse_in(a, str_of(text), NULL, &v, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return v;
}

static struct api_outcome call(struct api_house *h, struct arena *a, const char *operation,
                               const char *request)
{
    struct api_outcome o = api_house_call(h, a, operation, parse(a, request), 10000);
    assert_true(o.is_answered);
    return o;
}

static str well(struct api_outcome o)
{
    if (!o.is_ok)
        fail_msg("%.*s: %.*s", STR_ARG(o.error), STR_ARG(o.message));
    return o.body;
}

static void create(struct api_house *h, struct arena *a, const char *name, const char *type,
                   const char *definition)
{
    str request =
        arena_printf(a,
                     "{\"name\":\"%s\",\"type\":\"%s\",\"roleArn\":\"arn:aws:iam::1:role/r\","
                     "\"definition\":\"%s\"}",
                     name, type, definition);
    well(call(h, a, "CreateStateMachine", arena_cstr(a, request)));
}

static void never(void *arg, const struct engine_api_answer *answer)
{
    (void)arg;
    fail_msg("called after it was cancelled: %.*s", STR_ARG(answer->body));
}

static void count(void *arg, const struct engine_api_answer *answer)
{
    (void)answer;
    ++*(unsigned *)arg;
}

/* ---- tests ---- */

static void an_input_that_AWS_would_not_take_is_refused_where_its_ceilings_hold(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    create(h, &a, "m", "STANDARD", PASS);
    enum { MOST = 262144 };
    char *text = arena_alloc(&a, MOST + 400);
    const char *head = "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\",\"input\":\"";
    size_t n = strlen(head);
    memcpy(text, head, n);
    memset(text + n, '1', MOST + 1);
    memcpy(text + n + MOST + 1, "\"}", 3);
    struct api_outcome o = call(h, &a, "StartExecution", text);
    assert_true(str_eq(o.error, STR("ValidationException")));
    memcpy(text + n + MOST, "\"}", 3);
    well(call(h, &a, "StartExecution", text));
    arena_done(&a);
}

static void a_poll_without_a_task_ends_empty(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    struct api_outcome o =
        call(h, &a, "GetActivityTask", "{\"activityArn\":\"" MACHINE("activity", "work") "\"}");
    assert_true(str_eq(well(o), STR("{}")));
    arena_done(&a);
}

static void a_poll_that_was_given_up_takes_no_task(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    create(h, &a, "m", "STANDARD", WORK);
    struct json_val poll = parse(&a, "{\"activityArn\":\"" MACHINE("activity", "work") "\"}");
    struct engine_api_call *given_up =
        engine_api_call(h->engine, STR("GetActivityTask"), poll, never, NULL);
    assert_non_null(given_up);
    api_house_pass(h, 20);
    engine_api_cancel(given_up);
    well(call(h, &a, "StartExecution",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}"));
    api_house_pass(h, 20);
    str body = well(api_house_call(h, &a, "GetActivityTask", poll, 10000));
    assert_int_not_equal(str_find(body, STR("taskToken"), 0), STR_NONE);
    arena_done(&a);
}

/* A worker that is there when the task is fetched for him, and has left when he is to get it. */
struct leaver {
    uint32_t asked, there; /* so often he is said to be there */
    unsigned answers;
};

static bool has_left(void *arg)
{
    struct leaver *l = arg;
    return ++l->asked > l->there;
}

static void count_leaver(void *arg, const struct engine_api_answer *answer)
{
    struct leaver *l = arg;
    l->answers++;
    assert_true(str_eq(answer->body, STR("{}")));
}

static void leave_and_take(struct api_house *h, struct arena *a, int number, uint32_t there)
{
    str name = arena_printf(a, "work%d-%u", number, there);
    const char *text = arena_cstr(a, name);
    well(call(h, a, "CreateActivity", arena_cstr(a, arena_printf(a, "{\"name\":\"%s\"}", text))));
    str definition = arena_printf(
        a,
        "{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Task\\\","
        "\\\"Resource\\\":\\\"" MACHINE("activity", "%s") "\\\",\\\"End\\\":true}}}",
        text);
    create(h, a, text, "STANDARD", arena_cstr(a, definition));
    struct json_val poll = parse(
        a, arena_cstr(
               a, arena_printf(a, "{\"activityArn\":\"" MACHINE("activity", "%s") "\"}", text)));
    struct leaver leaver = {.there = there};
    struct engine_api_call *left =
        engine_api_call(h->engine, STR("GetActivityTask"), poll, count_leaver, &leaver);
    assert_non_null(left);
    engine_api_ask_gone(left, has_left);
    api_house_pass(h, 20);
    well(call(h, a, "StartExecution",
              arena_cstr(a, arena_printf(a,
                                         "{\"stateMachineArn\":\"" MACHINE(
                                             "stateMachine", "%s") "\",\"name\":\"x\"}",
                                         text))));
    int64_t until_ms = loop_now_ms() + 2000;
    while (leaver.answers == 0 && loop_now_ms() < until_ms)
        api_house_pass(h, 20);
    assert_int_equal(leaver.answers, 1);
    struct api_outcome o = api_house_call(h, a, "GetActivityTask", poll, 10000);
    assert_int_not_equal(str_find(well(o), STR("taskToken"), 0), STR_NONE);
    str history = well(call(
        h, a, "GetExecutionHistory",
        arena_cstr(
            a, arena_printf(a, "{\"executionArn\":\"" MACHINE("execution", "%s:x") "\"}", text))));
    size_t first = str_find(history, STR("\"ActivityStarted\""), 0);
    assert_int_not_equal(first, STR_NONE);
    assert_int_equal(str_find(history, STR("\"ActivityStarted\""), first + 1), STR_NONE);
}

static void a_task_whose_worker_has_left_goes_to_the_next_one(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    for (uint32_t loops = 1; loops <= 3; loops += 2) {
        api_house_close(h);
        h->loops = loops;
        api_house_open(h);
        /* On one loop he is asked before the task is fetched, too; elsewhere only at the end. */
        uint32_t most = loops == 1 ? 1 : 0;
        for (int i = 0; i < 6; i++) /* their queues are on all loops */
            for (uint32_t there = 0; there <= most; there++)
                leave_and_take(h, &a, i, there);
        api_house_tear_down(h);
        api_house_build(h);
    }
    arena_done(&a);
}

static void a_poll_given_up_while_its_task_is_fetched_does_not_lose_it(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    create(h, &a, "m", "STANDARD", WORK);
    well(call(h, &a, "StartExecution",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}"));
    api_house_pass(h, 20);
    struct json_val poll = parse(&a, "{\"activityArn\":\"" MACHINE("activity", "work") "\"}");
    struct engine_api_call *given_up =
        engine_api_call(h->engine, STR("GetActivityTask"), poll, never, NULL);
    assert_non_null(given_up);
    engine_api_cancel(given_up);
    str body = well(api_house_call(h, &a, "GetActivityTask", poll, 10000));
    assert_int_not_equal(str_find(body, STR("taskToken"), 0), STR_NONE);
    arena_done(&a);
}

static void a_task_waits_for_its_worker_through_the_end_of_a_process(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    create(h, &a, "m", "STANDARD", WORK);
    well(call(h, &a, "StartExecution",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\",\"input\":\"5\"}"));
    api_house_close(h);
    api_house_open(h);
    str body = well(
        call(h, &a, "GetActivityTask", "{\"activityArn\":\"" MACHINE("activity", "work") "\"}"));
    assert_int_not_equal(str_find(body, STR("\"input\":\"5\""), 0), STR_NONE);
    arena_done(&a);
}

static void an_activity_has_so_many_workers_that_wait(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    unsigned refused = 0;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    struct json_val poll = parse(&a, "{\"activityArn\":\"" MACHINE("activity", "work") "\"}");
    for (int i = 0; i < SFN_ACTIVITY_POLLERS; i++)
        assert_non_null(engine_api_call(h->engine, STR("GetActivityTask"), poll, count, &refused));
    assert_int_equal(refused, 0);
    assert_null(engine_api_call(h->engine, STR("GetActivityTask"), poll, count, &refused));
    assert_int_equal(refused, 1);
    arena_done(&a);
}

static void so_many_calls_wait_and_the_next_is_refused(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    unsigned answered = 0;
    arena_init(&a, 0);
    create(h, &a, "e", "EXPRESS", SLEEP);
    struct json_val start = parse(&a, "{\"stateMachineArn\":\"" MACHINE("stateMachine", "e") "\"}");
    for (int i = 0; i < SFN_MAX_CALLS; i++)
        assert_non_null(
            engine_api_call(h->engine, STR("StartSyncExecution"), start, count, &answered));
    struct api_outcome o = api_house_call(h, &a, "StartSyncExecution", start, 10000);
    assert_true(str_eq(o.error, STR("ThrottlingException")));
    arena_done(&a);
}

static void an_execution_that_nobody_waits_for_any_more_goes_on(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    create(h, &a, "e", "EXPRESS", SLEEP);
    struct json_val start = parse(&a, "{\"stateMachineArn\":\"" MACHINE("stateMachine", "e") "\"}");
    struct engine_api_call *given_up =
        engine_api_call(h->engine, STR("StartSyncExecution"), start, never, NULL);
    assert_non_null(given_up);
    api_house_pass(h, 20);
    engine_api_cancel(given_up);
    assert_int_equal(engine_figures(h->engine).in_memory, 1);
    int64_t until_ms = loop_now_ms() + 20000;
    while (engine_figures(h->engine).in_memory > 0 && loop_now_ms() < until_ms)
        api_house_pass(h, 20);
    assert_int_equal(engine_figures(h->engine).in_memory, 0);
    arena_done(&a);
}

static void calls_under_way_go_with_the_engine(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    well(call(h, &a, "CreateActivity", "{\"name\":\"work\"}"));
    create(h, &a, "m", "STANDARD", WORK);
    create(h, &a, "e", "EXPRESS", SLEEP);
    const char *const operations[] = {"StartExecution", "StartSyncExecution", "GetActivityTask",
                                      "CreateStateMachine"};
    const char *const requests[] = {
        "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}",
        "{\"stateMachineArn\":\"" MACHINE("stateMachine", "e") "\"}",
        "{\"activityArn\":\"" MACHINE("activity", "work") "\"}",
        "{\"name\":\"n\",\"roleArn\":\"arn:aws:iam::1:role/r\",\"definition\":\"" PASS "\"}"};
    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        assert_non_null(
            engine_api_call(h->engine, str_of(operations[i]), parse(&a, requests[i]), never, NULL));
    api_house_close(h);
    api_house_open(h);
    well(call(h, &a, "ListStateMachines", "{}"));
    arena_done(&a);
}

static void a_machine_that_is_deleted_goes_in_the_next_process(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    create(h, &a, "m", "STANDARD", SLEEP);
    well(call(h, &a, "StartExecution",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\",\"name\":\"x\"}"));
    well(call(h, &a, "DeleteStateMachine",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}"));
    api_house_close(h);
    api_house_open(h);
    struct api_outcome o;
    int64_t until_ms = loop_now_ms() + 20000;
    do {
        api_house_pass(h, 50);
        o = call(h, &a, "DescribeStateMachine",
                 "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}");
    } while (o.is_ok && loop_now_ms() < until_ms);
    assert_true(str_eq(o.error, STR("StateMachineDoesNotExist")));
    str body = well(
        call(h, &a, "DescribeExecution", "{\"executionArn\":\"" MACHINE("execution", "m:x") "\"}"));
    assert_int_not_equal(str_find(body, STR("State machine m has been deleted"), 0), STR_NONE);
    arena_done(&a);
}

static uint32_t count_machines(struct api_house *h)
{
    struct store_reader *r;
    struct store_machine *rows;
    struct error err;
    struct arena a;
    uint32_t n;
    arena_init(&a, 0);
    assert_int_equal(store_reader_open(str_of(h->folder), NULL, &r, &err), STATUS_OK);
    assert_int_equal(store_list_machines(r, (str){0}, 10, &a, &rows, &n, &err), STATUS_OK);
    store_reader_close(r);
    arena_done(&a);
    return n;
}

static void a_machine_that_is_gone_leaves_nothing_when_its_executions_have_expired(void **state)
{
    struct api_house *h = *state;
    struct arena a;
    arena_init(&a, 0);
    api_house_close(h);
    h->clock_speed = 0; /* the store goes by the real clock */
    api_house_open(h);
    create(h, &a, "m", "STANDARD", PASS);
    well(call(h, &a, "StartExecution",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\",\"name\":\"x\"}"));
    api_house_pass(h, 100);
    well(call(h, &a, "DeleteStateMachine",
              "{\"stateMachineArn\":\"" MACHINE("stateMachine", "m") "\"}"));
    assert_int_equal(count_machines(h), 1);
    api_house_close(h);
    struct store_options keep = {.retention_ms = 1};
    h->store = &keep;
    api_house_open(h);
    api_house_pass(h, 500);
    h->store = NULL;
    api_house_close(h);
    api_house_open(h);
    int64_t until_ms = loop_now_ms() + 10000;
    while (count_machines(h) > 0 && loop_now_ms() < until_ms)
        api_house_pass(h, 20);
    assert_int_equal(count_machines(h), 0);
    arena_done(&a);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(an_input_that_AWS_would_not_take_is_refused_where_its_ceilings_hold),
        T(a_poll_without_a_task_ends_empty),
        T(a_poll_that_was_given_up_takes_no_task),
        T(a_task_whose_worker_has_left_goes_to_the_next_one),
        T(a_poll_given_up_while_its_task_is_fetched_does_not_lose_it),
        T(a_task_waits_for_its_worker_through_the_end_of_a_process),
        T(an_activity_has_so_many_workers_that_wait),
        T(so_many_calls_wait_and_the_next_is_refused),
        T(an_execution_that_nobody_waits_for_any_more_goes_on),
        T(calls_under_way_go_with_the_engine),
        T(a_machine_that_is_deleted_goes_in_the_next_process),
        T(a_machine_that_is_gone_leaves_nothing_when_its_executions_have_expired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
