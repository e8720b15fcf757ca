/* SPDX-License-Identifier: Apache-2.0 */
/* What an execution waits for: times, retries, heartbeats; in one process and over several. */
#include "engine_test.h"

#include "json/parse.h"
#include <stdio.h>
#include <string.h>

#define LAMBDA "'Type':'Task','Resource':'arn:aws:lambda:us-east-1:000000000000:function:f'"
#define CALLBACK "'Type':'Task','Resource':'arn:aws:states:::lambda:invoke.waitForTaskToken'"

static void retries_back_off_across_processes(void **state)
{
    struct house h = {.clock_speed = 20};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'flaky','States':{'flaky':{" LAMBDA ",'Retry':[{'ErrorEquals':["
                  "'Bad'],'IntervalSeconds':10,'BackoffRate':2,'MaxAttempts':3}],'End':true}}}");
    house_start(&h, "m", "x", "{}");
    assert_false(house_wait(&h, 100)); /* the first retry comes after 500 ms */
    assert_int_equal(h.asked, 1);
    house_reopen(&h);
    house_start(&h, "m", "x", "{}");
    assert_false(house_wait(&h, 700)); /* the second after 1,000 more */
    house_reopen(&h);
    assert_string_equal(house_run(&h, "m", "x", "{}"), "{\"ok\":true}");
    assert_int_equal(h.asked, 3);
    house_tear_down(&h);
}

/* Each event has several evaluations, and no event draws what another one has drawn. */
static void random_values_differ_over_events(void **state)
{
    struct house h = {.clock_speed = 1000};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'QueryLanguage':'JSONata','StartAt':'A','States':{"
                  "'A':{'Type':'Pass','Assign':{'a':'{% $uuid() %}'},'Next':'B'},"
                  "'B':{'Type':'Pass','Assign':{'b':'{% $uuid() %}'},'Next':'W'},"
                  "'W':{'Type':'Wait','Seconds':1,'Next':'C'},"
                  "'C':{'Type':'Pass','Assign':{'c':'{% $uuid() %}'},'Next':'V'},"
                  "'V':{'Type':'Wait','Seconds':1,'Next':'D'},"
                  "'D':{'Type':'Pass','Output':'{% $count($distinct([$a,$b,$c,$uuid()])) %}',"
                  "'End':true}}}");
    assert_string_equal(house_run(&h, "m", "x", "{}"), "4");
    house_tear_down(&h);
}

static void a_task_times_out_in_the_next_process(void **state)
{
    struct house h = {.clock_speed = 20};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'never','States':{'never':{" LAMBDA
                  ",'TimeoutSeconds':20,'End':true}}}");
    house_start(&h, "m", "x", "{}");
    assert_false(house_wait(&h, 200));
    house_reopen(&h);
    assert_string_equal(house_run(&h, "m", "x", "{}"), "States.Timeout: ");
    assert_int_equal(h.asked, 2);
    house_tear_down(&h);
}

static void heartbeats_keep_a_task_alive(void **state)
{
    struct house h = {.clock_speed = 20};
    struct error err;
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'never','States':{'never':{" CALLBACK
                  ",'Parameters':{'FunctionName':'f','Payload':{'t.$':'$$.Task.Token'}},"
                  "'HeartbeatSeconds':20,'End':true}}}");
    house_start(&h, "m", "x", "{}");
    struct engine_answer beat = {.kind = ASL_EVENT_TASK_HEARTBEAT};
    assert_false(house_wait(&h, 100));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(engine_answer_token(h.engine, str_of(h.token), &beat, &err), STATUS_OK);
        assert_false(house_wait(&h, 350));
    }
    assert_true(house_wait(&h, 5000));
    assert_string_equal(h.output, "States.Timeout: ");
    assert_int_equal(engine_answer_token(h.engine, str_of(h.token), &beat, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "TaskTimedOut");
    house_tear_down(&h);
}

static void the_whole_execution_times_out(void **state)
{
    struct house h = {.clock_speed = 100};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'TimeoutSeconds':10,'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3600,"
                  "'End':true}}}");
    house_run(&h, "m", "x", "{}");
    assert_int_equal(h.status, ASL_EXEC_TIMED_OUT);
    assert_int_equal(house_row(&h, "m", "x").status, STORE_TIMED_OUT);
    house_tear_down(&h);
}

/* ---- out of memory ---- */

static bool is_memory_empty(struct house *h)
{
    return engine_figures(h->engine).in_memory == 0;
}

static bool is_first_ended(struct house *h)
{
    return house_row(h, "m", "x0").status == STORE_SUCCEEDED;
}

enum { SLEEPERS = 200 };

static void start_sleepers(struct house *h, const char *input)
{
    char name[16];
    for (int i = 0; i < SLEEPERS; i++) {
        snprintf(name, sizeof(name), "x%d", i);
        house_start_unwatched(h, "m", name, input);
    }
}

static bool are_all_ended(struct house *h)
{
    char name[16];
    snprintf(name, sizeof(name), "x%d", SLEEPERS - 1);
    return is_first_ended(h) && house_row(h, "m", name).status == STORE_SUCCEEDED;
}

static void sleepers_leave_memory_and_wake_on_time(void **state)
{
    struct house h = {.clock_speed = 20};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':40,'Next':'ok'},"
                  "'ok':{" LAMBDA ",'End':true}}}");
    start_sleepers(&h, "{}");
    assert_true(house_until(&h, is_memory_empty, 1500));
    struct store_execution row = house_row(&h, "m", "x0");
    assert_false(row.is_pending);
    assert_int_equal(row.due_ms - row.started_ms >= 40000, 1);
    assert_true(house_until(&h, are_all_ended, 10000));
    row = house_row(&h, "m", "x0");
    int64_t late_ms = row.stopped_ms - row.started_ms - 40000;
    assert_true(late_ms >= 0 && late_ms < 20 * 1000); /* a second, and the machine is busy */
    assert_int_equal(h.asked, SLEEPERS);
    house_tear_down(&h);
}

static void sleepers_wake_in_the_next_process(void **state)
{
    struct house h = {.clock_speed = 20};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':60,'Next':'ok'},"
                  "'ok':{" LAMBDA ",'End':true}}}");
    start_sleepers(&h, "{}");
    assert_true(house_until(&h, is_memory_empty, 2500));
    house_reopen(&h);
    assert_int_equal(engine_figures(h.engine).in_memory, 0);
    assert_true(house_until(&h, are_all_ended, 10000));
    house_tear_down(&h);
}

static void one_that_was_woken_is_taken_up_by_the_next_process(void **state)
{
    struct house h = {.clock_speed = 20};
    struct error err;
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'neverA','States':{'neverA':{" CALLBACK
                  ",'Parameters':{'FunctionName':'f','Payload':{'t.$':'$$.Task.Token'}},"
                  "'Next':'never'},'never':{" LAMBDA ",'End':true}}}");
    house_start_unwatched(&h, "m", "x0", "{}");
    house_pass(&h, 100);
    struct engine_answer submitted = {.kind = ASL_EVENT_TASK_SUBMITTED};
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    assert_int_equal(json_parse(STR("{}"), NULL, &answer.doc, NULL), STATUS_OK);
    submitted.doc = answer.doc;
    assert_int_equal(engine_answer_token(h.engine, str_of(h.token), &submitted, &err), STATUS_OK);
    assert_true(house_until(&h, is_memory_empty, 2000));
    assert_int_equal(house_row(&h, "m", "x0").due_ms, STORE_NEVER);
    assert_int_equal(engine_answer_token(h.engine, str_of(h.token), &answer, &err), STATUS_OK);
    json_doc_unref(answer.doc);
    house_pass(&h, 100);
    assert_int_equal(h.asked, 2);
    assert_true(house_row(&h, "m", "x0").is_pending);
    house_reopen(&h);
    house_pass(&h, 100);
    assert_int_equal(h.asked, 3); /* and the callback was not asked for again */
    house_tear_down(&h);
}

/* ---- snapshots ---- */

static const char LOOP[] =
    "{'StartAt':'Add','States':{"
    "'Add':{'Type':'Pass','Parameters':{'n.$':'States.MathAdd($.n, 1)','of.$':'$.of'},"
    "'Next':'More'},"
    "'More':{'Type':'Choice','Choices':[{'Variable':'$.n','NumericLessThanPath':'$.of',"
    "'Next':'Add'}],'Default':'W'},"
    "'W':{'Type':'Wait','Seconds':30,'End':true}}}";

static void a_long_loop_goes_on_from_its_snapshot(void **state)
{
    struct house h = {.clock_speed = 20};
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD, LOOP);
    house_start(&h, "m", "x", "{\"n\":0,\"of\":4000}");
    assert_false(house_wait(&h, 1000));
    assert_true(engine_figures(h.engine).records > 10000);
    house_reopen(&h);
    assert_string_equal(house_run(&h, "m", "x", "{\"n\":0,\"of\":4000}"),
                        "{\"n\":4000,\"of\":4000}");
    house_tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retries_back_off_across_processes),
        cmocka_unit_test(random_values_differ_over_events),
        cmocka_unit_test(a_task_times_out_in_the_next_process),
        cmocka_unit_test(heartbeats_keep_a_task_alive),
        cmocka_unit_test(the_whole_execution_times_out),
        cmocka_unit_test(sleepers_leave_memory_and_wake_on_time),
        cmocka_unit_test(sleepers_wake_in_the_next_process),
        cmocka_unit_test(one_that_was_woken_is_taken_up_by_the_next_process),
        cmocka_unit_test(a_long_loop_goes_on_from_its_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
