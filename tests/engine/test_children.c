/* SPDX-License-Identifier: Apache-2.0 */
/* Executions that begin, await, stop and tell each other. */
#include "engine_test.h"

#include "json/parse.h"
#include <stdio.h>
#include <string.h>

#define MACHINE(name)                                                                              \
    "'StateMachineArn':'arn:aws:states:us-east-1:000000000000:stateMachine:" name "'"
#define START(pattern, arguments, rest)                                                            \
    "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:states:::states:"             \
    "startExecution" pattern "','Parameters':{" arguments "}," rest "'End':true}}}"

static const char ADD[] = "{'StartAt':'A','States':{'A':{'Type':'Pass','Parameters':{"
                          "'n.$':'States.MathAdd($.n, 1)'},'End':true}}}";
static const char NAP[] =
    "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3600,'End':true}}}";

static void each_pattern_gives_what_it_should(void **state)
{
    static const struct {
        const char *pattern, *selector, *output;
    } cases[] = {
        {"", "'ResultSelector':{'d.$':'$.StartDate'},", "{\"d\":"},
        {".sync", "'OutputPath':'$.Output',", "\"{\\\"n\\\":41}\""},
        {".sync:2", "'OutputPath':'$.Output',", "{\"n\":41}"},
    };
    (void)state;
    for (int express = 0; express < 2; express++) {
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct house h = {0};
            char text[512];
            house_build(&h);
            house_machine(&h, "add", express ? ASL_EXPRESS : ASL_STANDARD, ADD);
            snprintf(text, sizeof(text), START("%s", MACHINE("add") ",'Input':{'n':40}", "%s"),
                     cases[i].pattern, cases[i].selector);
            house_machine(&h, "parent", ASL_STANDARD, text);
            const char *output = house_run(&h, "parent", "p", "{}");
            if (strncmp(output, cases[i].output, strlen(cases[i].output)) != 0)
                fail_msg("startExecution%s, express %d: %s", cases[i].pattern, express, output);
            house_pass(&h, 50);
            assert_int_equal(house_count(&h, "add"), express ? 0 : 1);
            house_tear_down(&h);
        }
    }
}

static const char TELLER[] =
    "{'StartAt':'S','States':{'S':{'Type':'Task','Resource':"
    "'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess','Parameters':{'TaskToken.$':'$.token',"
    "'Output':{'told':7}},'End':true}}}";
static const char ASKER[] =
    START(".waitForTaskToken", MACHINE("teller") ",'Input':{'token.$':'$$.Task.Token'}", "");

static void a_child_answers_by_token(void **state)
{
    (void)state;
    for (int express = 0; express < 2; express++) {
        struct house h = {0};
        house_build(&h);
        house_machine(&h, "teller", express ? ASL_EXPRESS : ASL_STANDARD, TELLER);
        house_machine(&h, "asker", ASL_STANDARD, ASKER);
        assert_string_equal(house_run(&h, "asker", "a", "{}"), "{\"told\":7}");
        house_tear_down(&h);
    }
}

/* AWS's sample of an aggregator rests on it: the answer to the token is the task's result, not the
 * end of the child that gave it. */
static void a_token_answered_by_a_child_comes_before_its_end(void **state)
{
    (void)state;
    for (int express = 0; express < 2; express++) {
        struct house h = {0};
        house_build(&h);
        house_machine(&h, "teller", express ? ASL_EXPRESS : ASL_STANDARD, TELLER);
        house_machine(
            &h, "asker", ASL_STANDARD,
            START(".sync:2", MACHINE("teller") ",'Input':{'token.$':'$$.Task.Token'}", ""));
        assert_string_equal(house_run(&h, "asker", "a", "{}"), "{\"told\":7}");
        house_tear_down(&h);
    }
}

static void a_send_that_is_no_json_fails_its_task(void **state)
{
    struct house h = {.clock_speed = 100};
    (void)state;
    house_build(&h);
    house_machine(&h, "teller", ASL_STANDARD,
                  "{'StartAt':'S','States':{'S':{'Type':'Task','Resource':"
                  "'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess','Parameters':{"
                  "'TaskToken.$':'$.token','Output':'{not'},'End':true}}}");
    house_run(&h, "teller", "t", "{\"token\":\"x\"}");
    assert_non_null(strstr(h.output, "Sfn.InvalidOutputException"));
    house_machine(&h, "teller", ASL_STANDARD, TELLER);
    house_run(&h, "teller", "u", "{\"token\":\"x\"}");
    assert_non_null(strstr(h.output, "Sfn.InvalidTokenException"));
    house_tear_down(&h);
}

static void nested_three_deep(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD, ADD);
    house_machine(
        &h, "two", ASL_STANDARD,
        START(".sync:2", MACHINE("add") ",'Input':{'n.$':'$.n'}", "'OutputPath':'$.Output',"));
    house_machine(
        &h, "one", ASL_STANDARD,
        START(".sync:2", MACHINE("two") ",'Input':{'n.$':'$.n'}", "'OutputPath':'$.Output',"));
    house_machine(
        &h, "zero", ASL_STANDARD,
        START(".sync:2", MACHINE("one") ",'Input':{'n.$':'$.n'}", "'OutputPath':'$.Output',"));
    assert_string_equal(house_run(&h, "zero", "z", "{\"n\":1}"), "{\"n\":2}");
    house_tear_down(&h);
}

static void the_end_of_a_child_is_the_cause(void **state)
{
    static const struct {
        const char *child, *status, *member;
    } cases[] = {
        {"{'StartAt':'F','States':{'F':{'Type':'Fail','Error':'No','Cause':'never'}}}",
         "\"Status\":\"FAILED\"", "\"Error\":\"No\""},
        {"{'TimeoutSeconds':5,'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3600,"
         "'End':true}}}",
         "\"Status\":\"TIMED_OUT\"", "\"Input\":\"{}\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct house h = {.clock_speed = 100};
        house_build(&h);
        house_machine(&h, "child", ASL_STANDARD, cases[i].child);
        house_machine(&h, "parent", ASL_STANDARD, START(".sync", MACHINE("child"), ""));
        const char *output = house_run(&h, "parent", "p", "{}");
        assert_int_equal(strncmp(output, "States.TaskFailed: {\"ExecutionArn\":", 34), 0);
        assert_non_null(strstr(output, cases[i].status));
        assert_non_null(strstr(output, cases[i].member));
        house_tear_down(&h);
    }
}

static void an_aborted_child_fails_its_parent(void **state)
{
    struct house h = {0};
    struct error err;
    (void)state;
    house_build(&h);
    house_machine(&h, "child", ASL_STANDARD, NAP);
    house_machine(&h, "parent", ASL_STANDARD, START(".sync", MACHINE("child") ",'Name':'c'", ""));
    house_start(&h, "parent", "p", "{}");
    assert_false(house_wait(&h, 200));
    int64_t child = house_row(&h, "child", "c").id;
    assert_int_equal(engine_stop(h.engine, child, STR("Why"), STR("so"), &err), STATUS_OK);
    assert_true(house_wait(&h, 5000));
    assert_non_null(strstr(h.output, "\"Status\":\"ABORTED\""));
    assert_non_null(strstr(h.output, "\"Error\":\"Why\""));
    house_tear_down(&h);
}

static bool is_child_aborted(struct house *h)
{
    return house_row(h, "child", "c").status == STORE_ABORTED;
}

/* The child may be in memory, asleep, or begun by an earlier process. */
static void the_stop_of_a_parent_reaches_its_child(void **state)
{
    struct error err;
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct house h = {.max_idle = way == 1 ? 1 : 0};
        house_build(&h);
        house_machine(&h, "child", ASL_STANDARD, NAP);
        house_machine(&h, "parent", ASL_STANDARD,
                      START(".sync", MACHINE("child") ",'Name':'c'", ""));
        house_start_unwatched(&h, "parent", "p", "{}");
        house_pass(&h, 300);
        if (way == 2)
            house_reopen(&h);
        int64_t parent = house_row(&h, "parent", "p").id;
        assert_int_equal(engine_stop(h.engine, parent, STR("Stop"), STR(""), &err), STATUS_OK);
        assert_true(house_until(&h, is_child_aborted, 5000));
        assert_int_equal(house_row(&h, "parent", "p").status, STORE_ABORTED);
        house_tear_down(&h);
    }
}

static void an_express_child_is_begun_anew_by_the_next_process(void **state)
{
    struct house h = {.clock_speed = 100};
    (void)state;
    house_build(&h);
    house_machine(&h, "child", ASL_EXPRESS,
                  "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':20,'End':true}}}");
    house_machine(
        &h, "parent", ASL_STANDARD,
        START(".sync:2", MACHINE("child") ",'Input':{'a':1}", "'OutputPath':'$.Output',"));
    house_start(&h, "parent", "p", "{}");
    assert_false(house_wait(&h, 100));
    house_reopen(&h);
    assert_string_equal(house_run(&h, "parent", "p", "{}"), "{\"a\":1}");
    house_tear_down(&h);
}

static void a_name_belongs_to_one_task_only(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "add", ASL_STANDARD, ADD);
    house_machine(&h, "parent", ASL_STANDARD,
                  START("", MACHINE("add") ",'Name':'taken','Input':{'n':1}", ""));
    house_run(&h, "parent", "p", "{}");
    assert_int_equal(h.status, ASL_EXEC_SUCCEEDED);
    house_run(&h, "parent", "q", "{}"); /* its frame and attempt are the same */
    assert_non_null(strstr(h.output, "StepFunctions.ExecutionAlreadyExistsException"));
    house_machine(&h, "lost", ASL_STANDARD, START("", MACHINE("nobody"), ""));
    house_run(&h, "lost", "l", "{}");
    assert_non_null(strstr(h.output, "StepFunctions.StateMachineDoesNotExistException"));
    house_tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pattern_gives_what_it_should),
        cmocka_unit_test(a_child_answers_by_token),
        cmocka_unit_test(a_token_answered_by_a_child_comes_before_its_end),
        cmocka_unit_test(a_send_that_is_no_json_fails_its_task),
        cmocka_unit_test(nested_three_deep),
        cmocka_unit_test(the_end_of_a_child_is_the_cause),
        cmocka_unit_test(an_aborted_child_fails_its_parent),
        cmocka_unit_test(the_stop_of_a_parent_reaches_its_child),
        cmocka_unit_test(an_express_child_is_begun_anew_by_the_next_process),
        cmocka_unit_test(a_name_belongs_to_one_task_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
