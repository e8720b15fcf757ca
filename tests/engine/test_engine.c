/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_test.h"

#include "json/parse.h"
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

static const char PARENT[] =
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:states:::states:startExecution.sync:2\",\"Parameters\":{"
    "\"StateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:add\","
    "\"Input\":{\"n\":40}},\"OutputPath\":\"$.Output\",\"End\":true}}}";

static void a_parent_waits_for_its_child(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD, PASS);
    house_machine(&h, "parent", ASL_STANDARD, PARENT);
    assert_string_equal(house_run(&h, "parent", "p", "{}"), "{\"n\":41}");
    house_tear_down(&h);
}

static void an_express_child_answers_too(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_EXPRESS, PASS);
    house_machine(&h, "parent", ASL_STANDARD, PARENT);
    assert_string_equal(house_run(&h, "parent", "p", "{}"), "{\"n\":41}");
    house_tear_down(&h);
}

static void a_failed_child_fails_its_parent(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD,
                  "{\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\",\"Error\":\"No\","
                  "\"Cause\":\"never\"}}}");
    house_machine(&h, "parent", ASL_STANDARD, PARENT);
    const char *output = house_run(&h, "parent", "p", "{}");
    assert_non_null(strstr(output, "States.TaskFailed"));
    assert_non_null(strstr(output, "\"Error\":\"No\""));
    house_tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_runs_to_its_end),
        cmocka_unit_test(what_ended_is_kept_and_told_again),
        cmocka_unit_test(express_executions_leave_nothing),
        cmocka_unit_test(a_wait_goes_on_in_the_next_process),
        cmocka_unit_test(a_task_without_an_answer_is_asked_for_again),
        cmocka_unit_test(a_parent_waits_for_its_child),
        cmocka_unit_test(an_express_child_answers_too),
        cmocka_unit_test(a_failed_child_fails_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
