/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_test.h"

#include "json/parse.h"
#include <stdio.h>
#include <string.h>

static const char PASS[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"n.$\":\"States.MathAdd($.n, 1)\"},\"Next\":\"B\"},"
    "\"B\":{\"Type\":\"Succeed\"}}}";

static void an_execution_runs_to_its_end(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD, PASS);
    assert_string_equal(house_run(&h, "add", "one", "{\"n\": 1}"), "{\"n\":2}");
    assert_int_equal(h.status, ASL_EXEC_SUCCEEDED);
    house_tear_down(&h);
}

static void what_ended_is_kept_and_told_again(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD, PASS);
    house_run(&h, "add", "one", "{\"n\": 1}");
    house_reopen(&h);
    assert_string_equal(house_run(&h, "add", "one", "{\"n\": 1}"), "{\"n\":2}");
    house_tear_down(&h);
}

static void express_executions_leave_nothing(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_EXPRESS, PASS);
    assert_string_equal(house_run(&h, "add", "one", "{\"n\": 1}"), "{\"n\":2}");
    assert_string_equal(house_run(&h, "add", "one", "{\"n\": 5}"), "{\"n\":6}");
    house_tear_down(&h);
}

static const char WAIT[] = "{\"StartAt\":\"W\",\"States\":{"
                           "\"W\":{\"Type\":\"Wait\",\"Seconds\":30,\"End\":true}}}";

static void a_wait_goes_on_in_the_next_process(void **state)
{
    struct house h = {.clock_speed = 100};
    (void)state;
    house_build(&h);
    house_machine(&h, "wait", ASL_STANDARD, WAIT);
    house_start(&h, "wait", "w", "{}");
    assert_false(house_wait(&h, 50));
    house_reopen(&h);
    assert_string_equal(house_run(&h, "wait", "w", "{}"), "{}");
    house_tear_down(&h);
}

static bool answer_later(void *arg, struct engine *e, const struct engine_task *task)
{
    struct house *h = arg;
    (void)e;
    (void)task;
    h->asked++;
    return true;
}

static bool answer_at_once(void *arg, struct engine *e, const struct engine_task *task)
{
    struct house *h = arg;
    struct json_doc *doc;
    h->asked++;
    assert_int_equal(json_parse(STR("{\"done\":true}"), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &answer);
    json_doc_unref(doc);
    return true;
}

static const char TASK[] = "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
                           "\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}}";

static void a_task_without_an_answer_is_asked_for_again(void **state)
{
    struct house h = {.work = answer_later};
    (void)state;
    h.work_arg = &h;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    house_start(&h, "task", "t", "{}");
    assert_false(house_wait(&h, 200));
    assert_int_equal(h.asked, 1);
    h.work = answer_at_once;
    house_reopen(&h);
    assert_string_equal(house_run(&h, "task", "t", "{}"), "{\"done\":true}");
    assert_int_equal(h.asked, 2);
    house_tear_down(&h);
}

/* ---- names ---- */

static enum status start(struct house *h, const char *input, struct error *err)
{
    struct engine_start start = {
        .machine = STR("task"), .name = STR("one"), .input = str_of(input)};
    return engine_start(h->engine, &start, err);
}

/* Before its first turn, on its way to the store, and when it is kept. */
static void a_name_is_given_once(void **state)
{
    struct house h = {.work = answer_later};
    struct error err;
    (void)state;
    h.work_arg = &h;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    for (int moment = 0; moment < 3; moment++) {
        assert_int_equal(start(&h, "{\"a\":1, \"b\":2}", &err), STATUS_OK);
        assert_int_equal(start(&h, "{\"b\":2,\"a\":1}", &err), STATUS_OK);
        assert_int_equal(start(&h, "{\"b\":3}", &err), STATUS_CONFLICT);
        assert_string_equal(err.name, "ExecutionAlreadyExists");
        assert_string_equal(err.message, "Execution Already Exists: "
                                         "'arn:aws:states:us-east-1:000000000000:execution:task:"
                                         "one'");
        house_pass(&h, moment == 0 ? 0 : 100);
    }
    assert_int_equal(h.asked, 1);
    assert_int_equal(house_count(&h, "task"), 1);
    house_tear_down(&h);
}

static void what_cannot_be_started_says_why(void **state)
{
    static const struct {
        const char *machine, *name, *input, *error;
    } cases[] = {
        {"none", "n", "{}", "StateMachineDoesNotExist"},
        {"task", "a b", "{}", "InvalidName"},
        {"task", "n", "{", "InvalidExecutionInput"},
    };
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        struct engine_start start = {.machine = str_of(cases[i].machine),
                                     .name = str_of(cases[i].name),
                                     .input = str_of(cases[i].input)};
        assert_int_not_equal(engine_start(h.engine, &start, &err), STATUS_OK);
        assert_string_equal(err.name, cases[i].error);
    }
    house_tear_down(&h);
}

struct started {
    struct house *h;
    int64_t execution;
    uint32_t count;
};

static void note_started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct started *s = arg;
    assert_true(start_ms > 0);
    assert_true(str_ends(arn, STR(":task:one")));
    assert_int_equal(house_row(s->h, "task", "one").id, execution); /* it is durable */
    s->execution = execution;
    s->count++;
}

static void those_who_start_hear_that_it_is_durable(void **state)
{
    struct house h = {.work = answer_later};
    struct started s = {.h = &h};
    struct error err;
    (void)state;
    h.work_arg = &h;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    struct engine_start start = {.machine = STR("task"),
                                 .name = STR("one"),
                                 .input = STR("{}"),
                                 .started = note_started,
                                 .arg = &s};
    assert_int_equal(engine_start(h.engine, &start, &err), STATUS_OK);
    assert_int_equal(s.count, 0);
    house_pass(&h, 200);
    assert_int_equal(s.count, 1);
    assert_int_equal(engine_start(h.engine, &start, &err), STATUS_OK);
    house_pass(&h, 50);
    assert_int_equal(s.count, 2);
    house_tear_down(&h);
}

static void note_kept(void *arg, const struct error *err)
{
    struct house *h = arg;
    assert_null(err);
    assert_int_equal(house_row(h, "task", "one").status, STORE_ABORTED);
    h->has_ended = true;
    loop_stop(h->loop);
}

static void those_who_ask_can_hear_that_it_is_durable(void **state)
{
    struct house h = {.work = answer_later};
    struct error err;
    (void)state;
    h.work_arg = &h;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    house_start_unwatched(&h, "task", "one", "{}");
    house_pass(&h, 100);
    int64_t id = house_row(&h, "task", "one").id;
    for (int i = 0; i < 2; i++) { /* it runs; it has ended, and nothing changes */
        h.has_ended = false;
        assert_int_equal(engine_stop(h.engine, id, STR("E"), STR("C"), &err), STATUS_OK);
        assert_int_equal(engine_when_kept(h.engine, id, note_kept, &h, &err), STATUS_OK);
        assert_true(house_wait(&h, 2000));
    }
    assert_int_equal(engine_when_kept(h.engine, id + 100000, note_kept, &h, &err),
                     STATUS_NOT_FOUND);
    house_tear_down(&h);
}

/* ---- redrive ---- */

static void a_failed_execution_is_redriven_in_the_next_process(void **state)
{
    struct house h = {0};
    struct error err;
    (void)state;
    house_build(&h);
    house_machine(&h, "m", ASL_STANDARD,
                  "{'StartAt':'ok','States':{'ok':{'Type':'Task','Resource':'arn:aws:lambda:"
                  "us-east-1:000000000000:function:f','Next':'fail'},'fail':{'Type':'Task',"
                  "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f','End':true}}}");
    house_run(&h, "m", "r", "{}");
    assert_int_equal(h.status, ASL_EXEC_FAILED);
    assert_int_equal(h.asked, 2);
    int64_t id = h.execution;
    assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_OK);
    house_pass(&h, 100); /* fails again */
    assert_int_equal(h.asked, 3);
    h.work = answer_at_once;
    h.work_arg = &h;
    house_reopen(&h);
    assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_OK);
    assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_OK); /* too late, and harmless */
    house_pass(&h, 100);
    assert_string_equal(house_run(&h, "m", "r", "{}"), "{\"done\":true}");
    assert_int_equal(h.asked, 4); /* what had succeeded was not done again */
    struct store_execution row = house_row(&h, "m", "r");
    assert_int_equal(row.redrives, 2);
    assert_int_equal(row.status, STORE_SUCCEEDED);
    assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "ExecutionNotRedrivable");
    house_pass(&h, 50);
    assert_int_equal(engine_figures(h.engine).in_memory, 0);
    house_tear_down(&h);
}

static void a_stop_ends_it_with_error_and_cause(void **state)
{
    struct house h = {.work = answer_later};
    struct error err;
    (void)state;
    h.work_arg = &h;
    house_build(&h);
    house_machine(&h, "task", ASL_STANDARD, TASK);
    house_start(&h, "task", "s", "{}");
    assert_false(house_wait(&h, 100));
    int64_t id = house_row(&h, "task", "s").id;
    assert_int_equal(engine_stop(h.engine, id, STR("E"), STR("C"), &err), STATUS_OK);
    assert_true(house_wait(&h, 2000));
    assert_int_equal(h.status, ASL_EXEC_ABORTED);
    assert_string_equal(h.output, "E: C");
    assert_int_equal(engine_stop(h.engine, id, STR("F"), STR(""), &err), STATUS_OK);
    house_pass(&h, 50); /* it has ended: nothing changes */
    house_run(&h, "task", "s", "{}");
    assert_string_equal(h.output, "E: C");
    assert_int_equal(engine_stop(h.engine, id + 100000, STR("F"), STR(""), &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "ExecutionDoesNotExist");
    house_tear_down(&h);
}

/* ---- revisions ---- */

/* More of them than are kept compiled. */
static void a_running_execution_keeps_its_revision(void **state)
{
    struct house h = {.clock_speed = 20};
    char text[256], expected[16];
    (void)state;
    house_build(&h);
    house_machine(&h, "old", ASL_STANDARD,
                  "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':1,'Next':'P'},"
                  "'P':{'Type':'Pass','Result':'old','End':true}}}");
    house_start_unwatched(&h, "old", "x", "{}");
    house_pass(&h, 20);
    house_machine(&h, "old", ASL_STANDARD,
                  "{'StartAt':'P','States':{'P':{'Type':'Pass','Result':'new','End':true}}}");
    for (int i = 0; i < ENGINE_MAX_DEFINITIONS + 5; i++) {
        snprintf(text, sizeof(text),
                 "{'StartAt':'P','States':{'P':{'Type':'Pass','Result':%d,'End':true}}}", i);
        snprintf(expected, sizeof(expected), "%d", i);
        house_machine(&h, "m", ASL_EXPRESS, text);
        assert_string_equal(house_run(&h, "m", "", "{}"), expected);
    }
    assert_string_equal(house_run(&h, "old", "x", "{}"), "\"old\"");
    assert_string_equal(house_run(&h, "old", "y", "{}"), "\"new\"");
    house_tear_down(&h);
}

/* ---- many ---- */

struct crowd {
    struct house *h;
    uint32_t left;
};

static void one_ended(void *arg, const struct engine_result *result)
{
    struct crowd *c = arg;
    assert_int_equal(result->status, ASL_EXEC_SUCCEEDED);
    if (--c->left == 0)
        loop_stop(c->h->loop);
}

static void run_crowd(enum asl_type type)
{
    struct house h = {0};
    struct crowd c = {.h = &h};
    char name[16], input[32];
    house_build(&h);
    house_machine(&h, "m", type,
                  "{'StartAt':'P','States':{'P':{'Type':'Parallel','Branches':["
                  "{'StartAt':'ok','States':{'ok':{'Type':'Task','Resource':'arn:aws:lambda:"
                  "us-east-1:000000000000:function:f','End':true}}},"
                  "{'StartAt':'echo','States':{'echo':{'Type':'Task','Resource':'arn:aws:lambda:"
                  "us-east-1:000000000000:function:f','End':true}}}],'End':true}}}");
    for (c.left = 0; c.left < 1000; c.left++) {
        struct error err;
        snprintf(name, sizeof(name), "c%u", c.left);
        snprintf(input, sizeof(input), "{\"n\":%u}", c.left);
        struct engine_start start = {.machine = STR("m"),
                                     .name = str_of(name),
                                     .input = str_of(input),
                                     .ended = one_ended,
                                     .arg = &c};
        assert_int_equal(engine_start(h.engine, &start, &err), STATUS_OK);
    }
    loop_run(h.loop);
    assert_int_equal(h.asked, 2000);
    assert_int_equal(engine_figures(h.engine).in_memory, 0);
    assert_int_equal(house_count(&h, "m"), type == ASL_STANDARD ? 1000 : 0);
    house_tear_down(&h);
}

static void a_thousand_run_at_once(void **state)
{
    (void)state;
    run_crowd(ASL_STANDARD);
    run_crowd(ASL_EXPRESS);
}

/* With events queued, commits on their way, and turns asked for. */
static void an_engine_can_be_closed_at_any_moment(void **state)
{
    char name[16];
    (void)state;
    for (int ms = 0; ms < 12; ms += 1) {
        struct house h = {0};
        house_build(&h);
        house_machine(&h, "m", ASL_STANDARD, PASS);
        for (int i = 0; i < 100; i++) {
            snprintf(name, sizeof(name), "c%d", i);
            house_start(&h, "m", name, "{\"n\":1}");
        }
        if (ms > 0)
            house_pass(&h, ms);
        house_reopen(&h);
        house_machine(&h, "m", ASL_STANDARD, PASS);
        house_run(&h, "m", "c0", "{\"n\":1}");
        house_tear_down(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_runs_to_its_end),
        cmocka_unit_test(what_ended_is_kept_and_told_again),
        cmocka_unit_test(express_executions_leave_nothing),
        cmocka_unit_test(a_wait_goes_on_in_the_next_process),
        cmocka_unit_test(a_task_without_an_answer_is_asked_for_again),
        cmocka_unit_test(a_name_is_given_once),
        cmocka_unit_test(what_cannot_be_started_says_why),
        cmocka_unit_test(those_who_start_hear_that_it_is_durable),
        cmocka_unit_test(those_who_ask_can_hear_that_it_is_durable),
        cmocka_unit_test(a_failed_execution_is_redriven_in_the_next_process),
        cmocka_unit_test(a_stop_ends_it_with_error_and_cause),
        cmocka_unit_test(a_running_execution_keeps_its_revision),
        cmocka_unit_test(a_thousand_run_at_once),
        cmocka_unit_test(an_engine_can_be_closed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
