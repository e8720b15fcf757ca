/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a failure: caught, failing again, or on its way up through Parallel and Map. */
#include "machine_test.h"

/* A machine of a task T with these fields, and a Pass C that what was caught goes to. */
static void begin_caught(struct run *r, const char *head, const char *catchers, const char *next)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{%s'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
             "','Catch':[%s],'End':true},'C':{'Type':'Pass',%s'End':true}}}",
             head, catchers, next);
    run_begin(r, text, "{'x':1}");
}

static void expect_caught(const char *head, const char *catchers, const char *next,
                          const char *error, const char *cause, const char *output)
{
    struct run r;
    begin_caught(&r, head, catchers, next);
    assert_int_equal(run_fail(&r, "T", error, cause), STATUS_OK);
    assert_output(&r, output);
    run_finish(&r);
}

#define JSONATA "'QueryLanguage':'JSONata',"

static void the_error_output_replaces_the_input_by_default(void **state)
{
    (void)state;
    expect_caught("", "{'ErrorEquals':['E'],'Next':'C'}", "", "E", "why",
                  "{'Error':'E','Cause':'why'}");
    expect_caught(JSONATA, "{'ErrorEquals':['E'],'Next':'C'}", "", "E", "why",
                  "{'Error':'E','Cause':'why'}");
}

static void result_path_puts_it_into_the_raw_input(void **state)
{
    (void)state;
    expect_caught("", "{'ErrorEquals':['E'],'ResultPath':'$.a.b','Next':'C'}", "", "E", "why",
                  "{'x':1,'a':{'b':{'Error':'E','Cause':'why'}}}");
    expect_caught("", "{'ErrorEquals':['E'],'ResultPath':null,'Next':'C'}", "", "E", "why",
                  "{'x':1}");
}

static void what_is_missing_is_left_out_or_null(void **state)
{
    (void)state;
    static const char *const all = "{'ErrorEquals':['States.ALL'],'Next':'C'}";
    expect_caught("", all, "", "E", NULL, "{'Error':'E'}");
    expect_caught("", all, "", NULL, "why", "{'Cause':'why'}");
    expect_caught("", all, "", NULL, NULL, "{'Error':null,'Cause':null}");
    expect_caught(JSONATA, all, "", NULL, NULL, "{'Error':null,'Cause':null}");
}

static void output_and_assign_of_a_catcher_see_the_error(void **state)
{
    (void)state;
    expect_caught(JSONATA,
                  "{'ErrorEquals':['E'],'Output':{'e':'{% $states.errorOutput.Error %}','x':'{% "
                  "$states.input.x %}'},'Assign':{'v':'{% $states.errorOutput.Cause %}'},'Next':"
                  "'C'}",
                  "'Output':'{% [$states.input, $v] %}',", "E", "why", "[{'e':'E','x':1},'why']");
    expect_caught("",
                  "{'ErrorEquals':['E'],'Assign':{'v.$':'$.Cause'},'ResultPath':null,'Next':'C'}",
                  "'Parameters':{'v.$':'$v'},", "E", "why", "{'v':'why'}");
}

static void the_first_catcher_that_matches_counts(void **state)
{
    (void)state;
    static const char *const catchers =
        "{'ErrorEquals':['A','B'],'ResultPath':'$.first','Next':'C'},{'ErrorEquals':["
        "'States.TaskFailed'],'ResultPath':'$.second','Next':'C'},{'ErrorEquals':['States.ALL'],"
        "'ResultPath':'$.third','Next':'C'}";
    expect_caught("", catchers, "", "B", NULL, "{'x':1,'first':{'Error':'B'}}");
    expect_caught("", catchers, "", "X", NULL, "{'x':1,'second':{'Error':'X'}}");
    expect_caught("", catchers, "", "States.Timeout", NULL,
                  "{'x':1,'third':{'Error':'States.Timeout'}}");
}

static void nobody_catches_states_runtime(void **state)
{
    (void)state;
    struct run r;
    begin_caught(&r, "",
                 "{'ErrorEquals':['States.Runtime'],'Next':'C'},{'ErrorEquals':['States.ALL'],"
                 "'Next':'C'}",
                 "");
    assert_int_equal(run_fail(&r, "T", "States.Runtime", "c"), STATUS_OK);
    assert_end(&r, "FAILED States.Runtime: c");
    run_finish(&r);
}

static void a_failing_catcher_fails_the_state_and_no_other_catches_it(void **state)
{
    (void)state;
    struct run r;
    begin_caught(&r, JSONATA,
                 "{'ErrorEquals':['X'],'Next':'C'},{'ErrorEquals':['E'],'Output':'{% "
                 "$states.errorOutput.no %}','Next':'C'},{'ErrorEquals':['States.ALL'],'Next':'C'}",
                 "");
    assert_int_equal(run_fail(&r, "T", "E", NULL), STATUS_OK);
    assert_end(&r,
               "FAILED States.QueryEvaluationError: An error occurred while executing the state "
               "`T` (entered at the event id #2). The JSONata expression "
               "`$states.errorOutput.no` specified for the field `Catch[1]/Output` returned "
               "nothing (undefined).");
    assert_true(run_has_record(&r, "text='Catch[1]/Output'"));
    assert_int_equal(r.record_counts[ASL_EVALUATION_FAILED], 1);
    run_finish(&r);
}

static void a_catcher_whose_result_path_does_not_fit_fails_the_state(void **state)
{
    (void)state;
    struct run r;
    begin_caught(&r, "",
                 "{'ErrorEquals':['E'],'ResultPath':'$.x.y','Next':'C'},{'ErrorEquals':["
                 "'States.ALL'],'Next':'C'}",
                 "");
    assert_int_equal(run_fail(&r, "T", "E", NULL), STATUS_OK);
    assert_true(str_starts(str_of(run_end(&r)), STR("FAILED States.ResultPathMatchFailure")));
    run_finish(&r);
}

static void an_evaluation_that_failed_is_told_for_each_attempt(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{" JSONATA "'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
              "','Arguments':'{% $states.input.no %}','Retry':[{'ErrorEquals':["
              "'States.QueryEvaluationError'],'MaxAttempts':2}],'Catch':[{'ErrorEquals':['States."
              "ALL'],'Output':'{% $states.errorOutput.Error %}','Next':'C'}],'End':true},'C':{"
              "'Type':'Succeed'}}}",
              "{}");
    run_sleep(&r);
    assert_output(&r, "'States.QueryEvaluationError'");
    assert_int_equal(r.record_counts[ASL_EVALUATION_FAILED], 3);
    assert_true(run_has_record(&r, "3<-0 EVALUATION_FAILED frame=1 state='T'"));
    assert_int_equal(r.record_counts[ASL_TASK_SCHEDULED], 0);
    run_finish(&r);
}

/* ---- through composites ---- */

#define BRANCH(name, state) "{'StartAt':'" name "','States':{'" name "':" state "}}"
#define T_STATE "{'Type':'Task','Resource':'" LAMBDA "','End':true}"

static void states_runtime_ends_all_from_inside(void **state)
{
    (void)state;
#define INSIDE BRANCH("T", "{'Type':'Pass','InputPath':'$.no','End':true}")
    static const char *const around[] = {
        "'Type':'Map','ItemsPath':'$.l','ItemProcessor':" INSIDE,
        "'Type':'Parallel','Branches':[" INSIDE "," BRANCH("W", T_STATE) "]",
    };
    for (size_t i = 0; i < ARRAY_LEN(around); i++) {
        struct run r;
        char text[2048];
        snprintf(
            text, sizeof(text),
            "{'StartAt':'X','States':{'X':{%s,'Retry':[{'ErrorEquals':['States.ALL']}],'Catch'"
            ":[{'ErrorEquals':['States.ALL'],'Next':'Z'}],'End':true},'Z':{'Type':'Succeed'}}}",
            around[i]);
        run_begin(&r, text, "{'l':[{},{}]}");
        assert_true(str_starts(str_of(run_end(&r)), STR("FAILED States.Runtime: An error")));
        assert_int_equal(r.record_counts[ASL_MAP_FAILED] + r.record_counts[ASL_PARALLEL_FAILED], 0);
        run_finish(&r);
    }
}

static void siblings_are_cancelled_and_aborted_however_deep(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[" BRANCH(
                  "F", T_STATE) ",{'StartAt':'Q','States':{'Q':{'Type':'Parallel','End':true,"
                                "'Branches':[" BRANCH("A", T_STATE) "," BRANCH(
                                    "M", "{'Type':'Map','ItemsPath':'$.l','End':true,"
                                         "'ItemProcessor':" BRANCH("I", T_STATE) "}") "]}}}]}}}",
              "{'l':[1,2]}");
    assert_int_equal(run_fail(&r, "F", "E", "c"), STATUS_OK);
    assert_end(&r, "FAILED E: c");
    assert_int_equal(r.command_counts[ASL_CANCEL_TASK], 3);
    static const char *const records[] = {"STATE_ABORTED frame=4 state='A'",
                                          "STATE_ABORTED frame=6 state='I'",
                                          "ITERATION_ABORTED frame=6 state='M'",
                                          "STATE_ABORTED frame=7 state='I'",
                                          "ITERATION_ABORTED frame=7 state='M' number=1",
                                          "STATE_ABORTED frame=5 state='M'",
                                          "STATE_ABORTED frame=3 state='Q'"};
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        if (!run_has_record(&r, records[i]))
            fail_msg("no %s in\n%.*s", records[i], STR_ARG(buf_str(&r.records)));
    }
    run_finish(&r);
}

/* Three answers come while each step makes one move: what stands behind waits with its result. */
static void a_state_whose_work_is_done_is_not_aborted(void **state)
{
    (void)state;
    struct run r;
    run_load(&r,
             "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[{'StartAt':"
             "'C','States':{'C':{'Type':'Task','Resource':'" LAMBDA
             "','Next':'C2'},'C2':{'Type':'Wait','Seconds':1,'End':true}}}," BRANCH(
                 "A", T_STATE) "," BRANCH("B", T_STATE) "]}}}",
             ASL_STANDARD, false);
    r.options.max_moves = 1;
    assert_int_equal(run_start(&r, "{}"), STATUS_OK);
    r.stops_between = true;
    assert_int_equal(run_succeed(&r, "C", "0"), STATUS_OK);
    assert_int_equal(run_succeed(&r, "A", "1"), STATUS_OK);
    assert_int_equal(run_frame(&r, "A")->phase, ASL_PHASE_FINISHING);
    assert_int_equal(run_fail(&r, "B", "E", NULL), STATUS_OK);
    assert_end(&r, "FAILED E");
    assert_false(run_has_record(&r, "STATE_ABORTED frame=3"));
    r.stops_between = false;
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    assert_int_equal(run_succeed(&r, "B", "2"), STATUS_OK);
    run_sleep(&r);
    assert_output(&r, "[0,1,2]");
    run_finish(&r);
}

static void a_failure_stops_at_the_first_that_catches_it(void **state)
{
    (void)state;
    struct run r;
    run_begin(
        &r,
        "{'StartAt':'P','States':{'P':{'Type':'Parallel','Next':'Z','Catch':[{'ErrorEquals':["
        "'States.ALL'],'Next':'Z'}],'Branches':[{'StartAt':'M','States':{'M':{'Type':'Map',"
        "'ItemsPath':'$.l','Catch':[{'ErrorEquals':['E'],'ResultPath':'$.e','Next':'K'}],"
        "'End':true,'ItemProcessor':" BRANCH(
            "I",
            T_STATE) "},'K':{'Type':'Pass','End':true}}}," BRANCH("S",
                                                                  T_STATE) "]},'Z':{"
                                                                           "'Type':'Succeed'}}}",
        "{'l':[1,2]}");
    assert_int_equal(run_fail(&r, "I", "E", NULL), STATUS_OK);
    assert_int_equal(r.x->status, ASL_EXEC_RUNNING);
    assert_int_equal(r.command_counts[ASL_CANCEL_TASK], 1); /* the other iteration */
    assert_int_equal(run_succeed(&r, "S", "7"), STATUS_OK);
    assert_output(&r, "[{'l':[1,2],'e':{'Error':'E'}},7]");
    assert_int_equal(r.record_counts[ASL_PARALLEL_FAILED], 0);
    run_finish(&r);
}

static void a_failure_goes_up_through_all_that_do_not_catch_it(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','Next':'Z','Catch':[{'ErrorEquals':["
              "'States.TaskFailed'],'Next':'Z'}],'Branches':[{'StartAt':'M','States':{'M':{'Type':"
              "'Map','ItemsPath':'$.l','Catch':[{'ErrorEquals':['Other'],'Next':'K'}],'End':true,"
              "'ItemProcessor':" BRANCH("I", T_STATE) "},'K':{'Type':'Pass','End':true}}}]},'Z':{"
                                                      "'Type':'Succeed'}}}",
              "{'l':[1]}");
    assert_int_equal(run_fail(&r, "I", "E", "deep"), STATUS_OK);
    assert_output(&r, "{'Error':'E','Cause':'deep'}");
    assert_true(run_has_record(&r, "ITERATION_FAILED frame=3"));
    assert_true(run_has_record(&r, "MAP_FAILED frame=2"));
    assert_true(run_has_record(&r, "PARALLEL_FAILED frame=1"));
    run_finish(&r);
}

static void a_fail_in_a_branch_is_no_failed_task(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','Catch':[{'ErrorEquals':["
              "'States.TaskFailed'],'Next':'N'},{'ErrorEquals':['Mine'],'Next':'Y'}],'End':true,"
              "'Branches':[" BRANCH(
                  "F", "{'Type':'Fail','Error':'Mine'}") "]},'Y':{'Type':'Pass',"
                                                         "'Result':'yes','End':true},'N':{'Type':'"
                                                         "Pass','Result':'no','End':true}}}",
              "{}");
    assert_output(&r, "'yes'");
    run_finish(&r);
}

/* ---- Fail ---- */

static void expect_fail(const char *head, const char *fields, const char *end)
{
    struct run r;
    char text[512];
    snprintf(text, sizeof(text), "{%s'StartAt':'F','States':{'F':{'Type':'Fail'%s}}}", head,
             fields);
    run_begin(&r, text, "{'e':'Err','c':'Cau','n':1}");
    assert_end(&r, end);
    assert_int_equal(r.record_counts[ASL_STATE_EXITED], 0);
    run_finish(&r);
}

static void fail_has_an_error_and_a_cause_or_neither(void **state)
{
    (void)state;
    expect_fail("", "", "FAILED");
    expect_fail("", ",'Error':'E'", "FAILED E");
    expect_fail("", ",'Error':'E','Cause':'c'", "FAILED E: c");
    expect_fail("", ",'ErrorPath':'$.e','CausePath':'$.c'", "FAILED Err: Cau");
    expect_fail("", ",'ErrorPath':'$.e','CausePath':'States.Format(`{}!`, $.n)'", "FAILED Err: 1!");
    expect_fail("", ",'ErrorPath':'$$.State.Name'", "FAILED F");
    expect_fail(JSONATA, ",'Error':'{% $states.input.e %}','Cause':'{% `c` & 1 %}'",
                "FAILED Err: c1");
    expect_fail(JSONATA, ",'Error':'{% 1 %}'",
                "FAILED States.QueryEvaluationError: An error occurred while executing the state "
                "`F` (entered at the event id #2). The JSONata expression `1` specified for the "
                "field `Error` returned an unexpected result type. Expected `string`, but was "
                "`number` for value: 1");
    expect_fail(
        "", ",'CausePath':'$.no'",
        "FAILED States.Runtime: An error occurred while executing the state `F` (entered "
        "at the event id #2). The JSONPath `$.no` specified for the field `CausePath` could "
        "not be found in the input `{'e':'Err','c':'Cau','n':1}`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_output_replaces_the_input_by_default),
        cmocka_unit_test(result_path_puts_it_into_the_raw_input),
        cmocka_unit_test(what_is_missing_is_left_out_or_null),
        cmocka_unit_test(output_and_assign_of_a_catcher_see_the_error),
        cmocka_unit_test(the_first_catcher_that_matches_counts),
        cmocka_unit_test(nobody_catches_states_runtime),
        cmocka_unit_test(a_failing_catcher_fails_the_state_and_no_other_catches_it),
        cmocka_unit_test(a_catcher_whose_result_path_does_not_fit_fails_the_state),
        cmocka_unit_test(an_evaluation_that_failed_is_told_for_each_attempt),
        cmocka_unit_test(states_runtime_ends_all_from_inside),
        cmocka_unit_test(siblings_are_cancelled_and_aborted_however_deep),
        cmocka_unit_test(a_state_whose_work_is_done_is_not_aborted),
        cmocka_unit_test(a_failure_stops_at_the_first_that_catches_it),
        cmocka_unit_test(a_failure_goes_up_through_all_that_do_not_catch_it),
        cmocka_unit_test(a_fail_in_a_branch_is_no_failed_task),
        cmocka_unit_test(fail_has_an_error_and_a_cause_or_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
