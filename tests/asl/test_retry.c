/* SPDX-License-Identifier: Apache-2.0 */
/* Retriers: which one counts, how often, and how long is waited. */
#include "machine_test.h"

/* A task with these retriers, then Catch if there is one. */
static void begin_with(struct run *r, const char *retriers)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
             "','TimeoutSeconds':60,'HeartbeatSeconds':10,'Retry':[%s],'End':true}}}",
             retriers);
    run_begin(r, text, "{}");
}

/* Fails and says how long it waits then; -1: not at all. Goes on after the wait. */
static int64_t wait_after(struct run *r, const char *error)
{
    if (error)
        assert_int_equal(run_fail(r, "T", error, NULL), STATUS_OK);
    if (r->x->status != ASL_EXEC_RUNNING)
        return -1;
    assert_int_equal(r->x->root->phase, ASL_PHASE_RETRYING);
    int64_t wait_ms = asl_exec_due(r->x) - r->now_ms;
    if (wait_ms > 0) {
        assert_int_equal(run_after(r, wait_ms - 1), STATUS_OK);
        assert_int_equal(r->x->root->phase, ASL_PHASE_RETRYING);
    }
    assert_int_equal(run_after(r, wait_ms > 0), STATUS_OK);
    assert_int_equal(r->x->root->phase, ASL_PHASE_WORKING);
    return wait_ms;
}

static void expect_waits(const char *retriers, const char *error, const int64_t *waits, size_t n)
{
    struct run r;
    begin_with(&r, retriers);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(wait_after(&r, error), waits[i]);
    run_finish(&r);
}
#define EXPECT_WAITS(retriers, error, ...)                                                         \
    do {                                                                                           \
        static const int64_t waits[] = {__VA_ARGS__};                                              \
        expect_waits(retriers, error, waits, ARRAY_LEN(waits));                                    \
    } while (0)

static void three_attempts_with_1_2_and_4_seconds_are_the_default(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E']}", "E", 1000, 2000, 4000, -1);
}

static void interval_rate_and_number_are_as_given(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E'],'IntervalSeconds':3,'BackoffRate':1.5,'MaxAttempts':4}", "E",
                 3000, 4500, 6750, 10125, -1);
    EXPECT_WAITS("{'ErrorEquals':['E'],'IntervalSeconds':5,'BackoffRate':1,'MaxAttempts':2}", "E",
                 5000, 5000, -1);
}

static void no_wait_is_longer_than_max_delay_seconds(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E'],'IntervalSeconds':2,'BackoffRate':10,'MaxAttempts':3,"
                 "'MaxDelaySeconds':7}",
                 "E", 2000, 7000, 7000, -1);
}

static void a_wait_that_explodes_is_a_year_at_most(void **state)
{
    (void)state;
    struct run r;
    begin_with(&r, "{'ErrorEquals':['E'],'BackoffRate':1000000000,'MaxAttempts':3}");
    assert_int_equal(wait_after(&r, "E"), 1000);
    assert_int_equal(wait_after(&r, "E"), INT64_C(31622400000));
    assert_int_equal(wait_after(&r, "E"), INT64_C(31622400000));
    run_finish(&r);
}

static void jitter_is_within_the_wait_and_follows_the_seed(void **state)
{
    (void)state;
    int64_t waits[3][20];
    for (unsigned pass = 0; pass < 3; pass++) {
        struct run r;
        begin_with(&r, "{'ErrorEquals':['E'],'IntervalSeconds':100,'BackoffRate':1,'MaxAttempts':"
                       "20,'JitterStrategy':'FULL'}");
        r.seed = pass == 2 ? 1000 : 2000;
        int64_t low = 100000, high = 0;
        for (unsigned i = 0; i < 20; i++) {
            int64_t wait_ms = waits[pass][i] = wait_after(&r, "E");
            assert_true(wait_ms >= 0 && wait_ms <= 100000);
            low = wait_ms < low ? wait_ms : low;
            high = wait_ms > high ? wait_ms : high;
        }
        assert_true(low < 30000 && high > 70000);
        run_finish(&r);
    }
    assert_memory_equal(waits[0], waits[1], sizeof(waits[0]));
    assert_memory_not_equal(waits[0], waits[2], sizeof(waits[0]));
}

static void each_retrier_counts_for_itself(void **state)
{
    (void)state;
    struct run r;
    begin_with(&r, "{'ErrorEquals':['A'],'MaxAttempts':1},{'ErrorEquals':['B','C'],"
                   "'IntervalSeconds':5,'MaxAttempts':2}");
    assert_int_equal(wait_after(&r, "B"), 5000);
    assert_int_equal(wait_after(&r, "A"), 1000);
    assert_int_equal(wait_after(&r, "C"), 10000);
    assert_int_equal(r.x->root->retry_count, 3);
    assert_int_equal(wait_after(&r, "B"), -1);
    assert_end(&r, "FAILED B");
    run_finish(&r);
}

static void only_the_first_that_matches_counts(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E'],'MaxAttempts':1},{'ErrorEquals':['States.ALL'],"
                 "'MaxAttempts':9}",
                 "E", 1000, -1);
    EXPECT_WAITS("{'ErrorEquals':['E'],'MaxAttempts':1},{'ErrorEquals':['States.ALL'],"
                 "'IntervalSeconds':7,'MaxAttempts':1}",
                 "F", 7000, -1);
}

static void no_attempts_block_what_comes_behind(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E'],'MaxAttempts':0},{'ErrorEquals':['States.ALL']}", "E", -1);
}

static void an_error_that_no_retrier_names_is_not_retried(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['E']}", "e", -1);
    EXPECT_WAITS("{'ErrorEquals':['E']}", "EE", -1);
}

static void counters_begin_anew_when_the_state_is_entered_again(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
              "','Parameters':{'n.$':'$$.State.RetryCount'},'Retry':[{'ErrorEquals':['E'],"
              "'MaxAttempts':1}],'Next':'C'},'C':{'Type':'Choice','Choices':[{'Variable':'$.again',"
              "'BooleanEquals':true,'Next':'T'}],'Default':'Z'},'Z':{'Type':'Succeed'}}}",
              "{}");
    for (unsigned i = 0; i < 3; i++) {
        assert_quoted(run_arguments(&r, "T"), "{'n':0}");
        assert_int_equal(wait_after(&r, "E"), 1000);
        assert_quoted(run_arguments(&r, "T"), "{'n':1}");
        assert_int_equal(run_succeed(&r, "T", "{'again':true}"), STATUS_OK);
    }
    assert_int_equal(wait_after(&r, "E"), 1000);
    assert_int_equal(wait_after(&r, "E"), -1);
    run_finish(&r);
}

static void states_all_matches_also_an_error_without_a_name(void **state)
{
    (void)state;
    struct run r;
    begin_with(&r, "{'ErrorEquals':['States.ALL'],'MaxAttempts':1}");
    assert_int_equal(run_fail(&r, "T", NULL, NULL), STATUS_OK);
    assert_int_equal(wait_after(&r, NULL), 1000);
    assert_int_equal(run_fail(&r, "T", NULL, NULL), STATUS_OK);
    assert_end(&r, "FAILED");
    run_finish(&r);
}

static void states_runtime_is_never_retried(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['States.ALL']}", "States.Runtime", -1);
    EXPECT_WAITS("{'ErrorEquals':['States.Runtime']}", "States.Runtime", -1);
}

static void states_task_failed_matches_all_but_timeouts(void **state)
{
    (void)state;
    EXPECT_WAITS("{'ErrorEquals':['States.TaskFailed'],'MaxAttempts':1}", "Anything", 1000, -1);
    EXPECT_WAITS("{'ErrorEquals':['States.TaskFailed'],'MaxAttempts':1}", "States.Timeout", -1);
    EXPECT_WAITS("{'ErrorEquals':['States.Timeout'],'MaxAttempts':1}", "States.Timeout", 1000, -1);
}

/* The missed heartbeat itself, 10 seconds after the task began. */
static int64_t wait_after_heartbeat(const char *retriers)
{
    struct run r;
    begin_with(&r, retriers);
    assert_int_equal(asl_exec_due(r.x) - r.now_ms, 10000);
    assert_int_equal(run_after(&r, 10000), STATUS_OK);
    assert_true(run_has_record(&r, "TASK_TIMED_OUT frame=1 state='T' error='States.Timeout'"));
    assert_true(run_has_command(&r, "cancel task frame=1 attempt=1"));
    int64_t wait_ms = wait_after(&r, NULL);
    if (wait_ms < 0)
        assert_end(&r, "FAILED States.Timeout");
    run_finish(&r);
    return wait_ms;
}

static void a_missed_heartbeat_is_a_timeout_under_both_names(void **state)
{
    (void)state;
    assert_int_equal(wait_after_heartbeat("{'ErrorEquals':['States.HeartbeatTimeout']}"), 1000);
    assert_int_equal(wait_after_heartbeat("{'ErrorEquals':['States.Timeout']}"), 1000);
    assert_int_equal(wait_after_heartbeat("{'ErrorEquals':['States.TaskFailed']}"), -1);
}

static void a_timeout_is_no_missed_heartbeat(void **state)
{
    (void)state;
    struct run r;
    begin_with(&r, "{'ErrorEquals':['States.HeartbeatTimeout']}");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(run_after(&r, 9999), STATUS_OK);
        assert_int_equal(run_event(&r, run_about(&r, "T", ASL_EVENT_TASK_HEARTBEAT)), STATUS_OK);
    }
    assert_int_equal(asl_exec_due(r.x) - RUN_START_MS, 60000);
    assert_int_equal(run_after(&r, 6), STATUS_OK);
    assert_end(&r, "FAILED States.Timeout");
    run_finish(&r);
}

static int64_t until_90_seconds(void *arg, const struct asl_frame *f)
{
    assert_int_equal(f->timeout_seconds, 60);
    ++*(int *)arg;
    return RUN_START_MS + 90000;
}

static void a_task_whose_time_did_not_run_goes_on(void **state)
{
    (void)state;
    struct run r;
    int asked = 0;
    begin_with(&r, "");
    r.x->options.delay = until_90_seconds;
    r.x->options.delay_arg = &asked;
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(asked, i >= 7); /* at 60 seconds, and not before */
        assert_int_equal(run_after(&r, 9999), STATUS_OK);
        assert_int_equal(run_event(&r, run_about(&r, "T", ASL_EVENT_TASK_HEARTBEAT)), STATUS_OK);
    }
    assert_int_equal(asl_exec_due(r.x) - RUN_START_MS, 90000);
    assert_int_equal(run_after(&r, 9), STATUS_OK); /* asked again: until now */
    assert_int_equal(asked, 2);
    assert_end(&r, "FAILED States.Timeout");
    run_finish(&r);
}

static void a_missed_heartbeat_is_not_asked_about(void **state)
{
    (void)state;
    struct run r;
    int asked = 0;
    begin_with(&r, "");
    r.x->options.delay = until_90_seconds;
    r.x->options.delay_arg = &asked;
    assert_int_equal(run_after(&r, 10000), STATUS_OK);
    assert_int_equal(asked, 0);
    assert_end(&r, "FAILED States.Timeout");
    run_finish(&r);
}

static void clocks_begin_anew_with_each_attempt(void **state)
{
    (void)state;
    struct run r;
    begin_with(&r, "{'ErrorEquals':['E']}");
    assert_int_equal(run_after(&r, 9000), STATUS_OK);
    assert_int_equal(wait_after(&r, "E"), 1000);
    assert_int_equal(asl_exec_due(r.x) - r.now_ms, 10000);
    assert_int_equal(r.x->root->attempt, 2);
    run_finish(&r);
}

static void the_clocks_of_an_activity_begin_when_a_worker_takes_it(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" ACTIVITY
              "','TimeoutSeconds':60,'HeartbeatSeconds':10,'End':true}}}",
              "{}");
    assert_int_equal(asl_exec_due(r.x), ASL_NEVER);
    assert_int_equal(run_after(&r, 1000000), STATUS_OK);
    struct asl_event started = run_about(&r, "T", ASL_EVENT_TASK_STARTED);
    started.worker = STR("me");
    assert_int_equal(run_event(&r, started), STATUS_OK);
    assert_true(run_has_record(&r, "TASK_STARTED frame=1 state='T'"));
    assert_int_equal(asl_exec_due(r.x) - r.now_ms, 10000);
    assert_int_equal(run_event(&r, started), STATUS_OK); /* a second time changes nothing */
    assert_int_equal(r.record_counts[ASL_TASK_STARTED], 1);
    assert_int_equal(run_after(&r, 10000), STATUS_OK);
    assert_end(&r, "FAILED States.Timeout");
    run_finish(&r);
}

static void each_attempt_evaluates_its_arguments_anew_and_has_its_own_token(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
              "'arn:aws:states:::sqs:sendMessage.waitForTaskToken','Parameters':{'t.$':"
              "'$$.Task.Token'},'Retry':[{'ErrorEquals':['E']}],'End':true}}}",
              "{}");
    char first[512];
    snprintf(first, sizeof(first), "%s", run_arguments(&r, "T"));
    assert_int_equal(wait_after(&r, "E"), 1000);
    assert_string_not_equal(run_arguments(&r, "T"), first);
    run_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_attempts_with_1_2_and_4_seconds_are_the_default),
        cmocka_unit_test(interval_rate_and_number_are_as_given),
        cmocka_unit_test(no_wait_is_longer_than_max_delay_seconds),
        cmocka_unit_test(a_wait_that_explodes_is_a_year_at_most),
        cmocka_unit_test(jitter_is_within_the_wait_and_follows_the_seed),
        cmocka_unit_test(each_retrier_counts_for_itself),
        cmocka_unit_test(only_the_first_that_matches_counts),
        cmocka_unit_test(no_attempts_block_what_comes_behind),
        cmocka_unit_test(an_error_that_no_retrier_names_is_not_retried),
        cmocka_unit_test(counters_begin_anew_when_the_state_is_entered_again),
        cmocka_unit_test(states_all_matches_also_an_error_without_a_name),
        cmocka_unit_test(states_runtime_is_never_retried),
        cmocka_unit_test(states_task_failed_matches_all_but_timeouts),
        cmocka_unit_test(a_missed_heartbeat_is_a_timeout_under_both_names),
        cmocka_unit_test(a_timeout_is_no_missed_heartbeat),
        cmocka_unit_test(a_task_whose_time_did_not_run_goes_on),
        cmocka_unit_test(a_missed_heartbeat_is_not_asked_about),
        cmocka_unit_test(clocks_begin_anew_with_each_attempt),
        cmocka_unit_test(the_clocks_of_an_activity_begin_when_a_worker_takes_it),
        cmocka_unit_test(each_attempt_evaluates_its_arguments_anew_and_has_its_own_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
