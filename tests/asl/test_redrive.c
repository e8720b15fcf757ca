/* SPDX-License-Identifier: Apache-2.0 */
/* Redrives: from where an execution goes on, and what is not run again. */
#include "machine_test.h"

static void redrive(struct run *r)
{
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    assert_int_equal(r->x->status, ASL_EXEC_RUNNING);
}

static void stop(struct run *r)
{
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    assert_int_equal(r->x->status, ASL_EXEC_ABORTED);
}

static void expect_refused(struct run *r, const char *message)
{
    uint64_t last = r->x->last_event;
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_CONFLICT);
    assert_string_equal(r->err.name, "ExecutionNotRedrivable");
    assert_string_equal(r->err.message, message);
    assert_int_equal(r->x->last_event, last);
}

#define TWO                                                                                        \
    "{'StartAt':'A','States':{'A':{'Type':'Pass','Parameters':{'a.$':'$.x'},'Next':'T'},'T':{"     \
    "'Type':'Task','Resource':'" LAMBDA "','Retry':[{'ErrorEquals':['E'],'MaxAttempts':1}],"       \
    "'End':true}}}"

static void the_failed_state_runs_again_with_its_input_and_fresh_counters(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TWO, "{'x':1}");
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(run_fail(&r, "T", "E", "c"), STATUS_OK);
        run_sleep(&r);
        assert_int_equal(run_fail(&r, "T", "E", "c"), STATUS_OK);
        assert_end(&r, "FAILED E: c");
        redrive(&r);
        assert_int_equal(r.x->redrive_count, i);
        assert_quoted(run_arguments(&r, "T"), "{'a':1}");
    }
    assert_int_equal(run_succeed(&r, "T", "2"), STATUS_OK);
    assert_output(&r, "2");
    assert_int_equal(r.record_counts[ASL_STATE_ENTERED], 2); /* neither is entered again */
    assert_int_equal(r.record_counts[ASL_EXECUTION_REDRIVEN], 3);
    run_finish(&r);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, TWO, ASL_STANDARD, false);
    run_open(&r);
    expect_refused(&r, "Execution is NEW and cannot be redriven");
    assert_int_equal(run_start(&r, "{'x':1}"), STATUS_OK);
    expect_refused(&r, "Execution is RUNNING and cannot be redriven");
    assert_int_equal(run_succeed(&r, "T", "2"), STATUS_OK);
    expect_refused(&r, "Execution is SUCCEEDED and cannot be redriven");
    run_finish(&r);
}

static void express_is_not_redriven(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, TWO, ASL_EXPRESS, false);
    assert_int_equal(run_start(&r, "{'x':1}"), STATUS_OK);
    stop(&r);
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_CONFLICT);
    run_finish(&r);
}

static void a_history_near_its_limit_is_not_redriven(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, TWO, ASL_STANDARD, true);
    r.is_bare = true;
    assert_int_equal(run_start(&r, "{'x':1}"), STATUS_OK);
    stop(&r);
    r.x->last_event = 24999;
    expect_refused(&r, "Execution history event limit exceeded");
    r.x->last_event = 24998; /* taken, but it does not come far */
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    assert_int_equal(r.x->last_event, 25000);
    run_finish(&r);
}

static void a_wait_begins_anew(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':10,'End':true}}}", "1");
    assert_int_equal(run_after(&r, 9000), STATUS_OK);
    stop(&r);
    assert_int_equal(asl_exec_due(r.x), ASL_NEVER);
    assert_int_equal(run_after(&r, 100000), STATUS_OK);
    redrive(&r);
    assert_int_equal(asl_exec_due(r.x) - r.now_ms, 10000);
    run_sleep(&r);
    assert_output(&r, "1");
    run_finish(&r);
}

static void a_retry_that_was_waited_for_happens_at_once(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TWO, "{'x':1}");
    assert_int_equal(run_fail(&r, "T", "E", NULL), STATUS_OK);
    stop(&r);
    redrive(&r);
    assert_int_equal(r.x->root->phase, ASL_PHASE_WORKING);
    assert_int_equal(r.x->root->retry_count, 0);
    run_finish(&r);
}

static void the_timeout_of_the_whole_begins_anew(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'TimeoutSeconds':5,'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
              "','End':true}}}",
              "{}");
    assert_int_equal(run_after(&r, 5000), STATUS_OK);
    assert_end(&r, "TIMED_OUT States.Timeout");
    assert_int_equal(run_after(&r, 60000), STATUS_OK);
    redrive(&r);
    assert_false(r.x->has_error);
    assert_int_equal(asl_exec_due(r.x) - r.now_ms, 5000);
    assert_int_equal(run_succeed(&r, "T", "1"), STATUS_OK);
    run_finish(&r);
}

static void a_state_that_was_not_entered_yet_is_entered(void **state)
{
    (void)state;
    struct run r;
    run_load(&r,
             "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'B'},'B':{'Type':'Pass','Next':'C'"
             "},'C':{'Type':'Pass','End':true}}}",
             ASL_STANDARD, false);
    r.options.max_moves = 2;
    r.stops_between = true;
    assert_int_equal(run_start(&r, "1"), STATUS_OK);
    stop(&r);
    assert_int_equal(r.x->root->phase, ASL_PHASE_ABORTED);
    r.stops_between = false;
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    assert_output(&r, "1");
    assert_int_equal(r.record_counts[ASL_STATE_ENTERED], 3);
    run_finish(&r);
}

/* ---- composites ---- */

#define BRANCH(name, state) "{'StartAt':'" name "','States':{'" name "':" state "}}"
#define T_STATE "{'Type':'Task','Resource':'" LAMBDA "','End':true}"

static void only_branches_that_did_not_end_run_again(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[" BRANCH(
                  "A", T_STATE) "," BRANCH("B", T_STATE) "," BRANCH("C", T_STATE) "]}}}",
              "{}");
    assert_int_equal(run_succeed(&r, "A", "'a'"), STATUS_OK);
    assert_int_equal(run_fail(&r, "B", "E", NULL), STATUS_OK);
    assert_end(&r, "FAILED E");
    redrive(&r);
    assert_null(run_frame(&r, "A"));
    assert_int_equal(run_succeed(&r, "C", "'c'"), STATUS_OK);
    assert_int_equal(run_succeed(&r, "B", "'b'"), STATUS_OK);
    assert_output(&r, "['a','b','c']");
    assert_int_equal(r.record_counts[ASL_PARALLEL_STARTED], 1);
    run_finish(&r);
}

static void only_iterations_that_did_not_end_run_again_and_the_rest_begins(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'M','States':{'M':{'Type':'Map','MaxConcurrency':2,'End':true,"
              "'ItemProcessor':" BRANCH("T", T_STATE) "}}}",
              "[1,2,3,4]");
    assert_int_equal(run_succeed(&r, "T", "'one'"), STATUS_OK);
    assert_int_equal(run_fail(&r, "T", "E", NULL), STATUS_OK);
    redrive(&r);
    for (unsigned i = 0; i < 3; i++) {
        char result[16];
        snprintf(result, sizeof(result), "%u", i);
        assert_int_equal(run_succeed(&r, "T", result), STATUS_OK);
    }
    assert_output(&r, "['one',0,1,2]");
    assert_int_equal(r.record_counts[ASL_ITERATION_STARTED], 4);
    run_finish(&r);
}

static void a_composite_that_states_runtime_ended_begins_anew(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[" BRANCH(
                  "A", T_STATE) "," BRANCH("B", T_STATE) "]}}}",
              "{}");
    assert_int_equal(run_succeed(&r, "A", "'a'"), STATUS_OK);
    assert_int_equal(run_fail(&r, "B", "States.Runtime", NULL), STATUS_OK);
    redrive(&r);
    assert_int_equal(run_succeed(&r, "A", "'new'"), STATUS_OK);
    assert_int_equal(run_succeed(&r, "B", "'b'"), STATUS_OK);
    assert_output(&r, "['new','b']");
    assert_int_equal(r.record_counts[ASL_PARALLEL_STARTED], 2);
    run_finish(&r);
}

static void a_composite_whose_own_failure_it_was_begins_anew(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','ResultPath':'$.x.y','End':true,"
              "'Branches':[" BRANCH("A", T_STATE) "]}}}",
              "{'x':1}");
    assert_int_equal(run_succeed(&r, "A", "'a'"), STATUS_OK);
    assert_int_equal(r.x->status, ASL_EXEC_FAILED);
    redrive(&r);
    assert_int_equal(r.record_counts[ASL_PARALLEL_STARTED], 2);
    assert_non_null(run_frame(&r, "A"));
    run_finish(&r);
}

static void nested_ones_go_on_where_they_were(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[{'StartAt':"
              "'M','States':{'M':{'Type':'Map','End':true,'ItemProcessor':" BRANCH(
                  "T", T_STATE) "}}}," BRANCH("W", "{'Type':'Wait','Seconds':5,'End':true}") "]}}}",
              "[1,2]");
    assert_int_equal(run_succeed(&r, "T", "'one'"), STATUS_OK);
    stop(&r);
    redrive(&r);
    assert_int_equal(run_succeed(&r, "T", "'two'"), STATUS_OK);
    run_sleep(&r);
    assert_output(&r, "[['one','two'],[1,2]]");
    run_finish(&r);
}

static void a_map_run_is_redriven_as_a_new_attempt(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'M','States':{'M':{'Type':'Map','End':true,'ItemProcessor':{"
              "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'S',"
              "'States':{'S':{'Type':'Succeed'}}}}}}",
              "[1]");
    assert_int_equal(run_fail(&r, "M", "States.ExceedToleratedFailureThreshold", NULL), STATUS_OK);
    redrive(&r);
    assert_true(run_has_command(&r, "redrive map run frame=1 attempt=2 state='M'"));
    assert_int_equal(r.record_counts[ASL_MAP_RUN_REDRIVEN], 1);
    assert_int_equal(r.record_counts[ASL_MAP_RUN_STARTED], 1);
    assert_int_equal(run_succeed(&r, "M", "['x']"), STATUS_OK);
    assert_output(&r, "['x']");
    run_finish(&r);
}

static void a_map_run_that_could_not_read_its_items_begins_anew(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'M','States':{'M':{'Type':'Map','End':true,'ItemProcessor':{"
              "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'S',"
              "'States':{'S':{'Type':'Succeed'}}}}}}",
              "[1]");
    assert_int_equal(run_fail(&r, "M", "States.ItemReaderFailed", NULL), STATUS_OK);
    redrive(&r);
    assert_int_equal(r.command_counts[ASL_REDRIVE_MAP_RUN], 0);
    assert_true(run_has_command(&r, "start map run frame=1 attempt=2 state='M'"));
    assert_int_equal(r.record_counts[ASL_MAP_RUN_STARTED], 2);
    run_finish(&r);
}

static void variables_are_as_they_were(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'v':7},'Next':'T'},'T':{'Type'"
              ":'Task','Resource':'" LAMBDA "','Parameters':{'v.$':'$v'},'End':true}}}",
              "{}");
    stop(&r);
    redrive(&r);
    assert_quoted(run_arguments(&r, "T"), "{'v':7}");
    run_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_failed_state_runs_again_with_its_input_and_fresh_counters),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(express_is_not_redriven),
        cmocka_unit_test(a_history_near_its_limit_is_not_redriven),
        cmocka_unit_test(a_wait_begins_anew),
        cmocka_unit_test(a_retry_that_was_waited_for_happens_at_once),
        cmocka_unit_test(the_timeout_of_the_whole_begins_anew),
        cmocka_unit_test(a_state_that_was_not_entered_yet_is_entered),
        cmocka_unit_test(only_branches_that_did_not_end_run_again),
        cmocka_unit_test(only_iterations_that_did_not_end_run_again_and_the_rest_begins),
        cmocka_unit_test(a_composite_that_states_runtime_ended_begins_anew),
        cmocka_unit_test(a_composite_whose_own_failure_it_was_begins_anew),
        cmocka_unit_test(nested_ones_go_on_where_they_were),
        cmocka_unit_test(a_map_run_is_redriven_as_a_new_attempt),
        cmocka_unit_test(a_map_run_that_could_not_read_its_items_begins_anew),
        cmocka_unit_test(variables_are_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
