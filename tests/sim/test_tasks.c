/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks in the simulated world: answers and their times, retries, timeouts, tokens, activities. */
#include "world.h"

#define LAMBDA "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\""
#define ONE(fields) "{\"StartAt\":\"T\",\"States\":{\"T\":{" fields ",\"End\":true}}}"

static void an_answer_comes_after_its_delay(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(LAMBDA), "{\"T\":{\"Return\":{\"a\":1.0},\"DelaySeconds\":90.5}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED {\"a\":1.0}");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskSucceeded@90.5 TaskStateExited@90.5 ExecutionSucceeded@90.5 ");
    world_close(&w);
}

static void retries_wait_with_backoff_up_to_the_longest_delay(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               ONE(LAMBDA ",\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3,"
                          "\"BackoffRate\":4,\"MaxAttempts\":3,\"MaxDelaySeconds\":20}]"),
               "{\"T\":{\"0-2\":{\"Throw\":{\"Error\":\"Busy\"}},\"3\":{\"Return\":3}}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED 3");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskFailed@0 TaskScheduled@3 TaskStarted@3 TaskFailed@3 "
                   "TaskScheduled@15 TaskStarted@15 TaskFailed@15 "
                   "TaskScheduled@35 TaskStarted@35 TaskSucceeded@35 "
                   "TaskStateExited@35 ExecutionSucceeded@35 ");
    world_close(&w);
}

static void each_retrier_counts_for_itself_and_then_the_catcher_has_it(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"Next\":\"N\","
               "\"Retry\":[{\"ErrorEquals\":[\"A\"],\"MaxAttempts\":1},"
               "{\"ErrorEquals\":[\"B\"],\"MaxAttempts\":1}],"
               "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.why\","
               "\"Next\":\"N\"}]},\"N\":{\"Type\":\"Succeed\"}}}",
               "{\"T\":[{\"Throw\":{\"Error\":\"A\"}},{\"Throw\":{\"Error\":\"B\"}},"
               "{\"Throw\":{\"Error\":\"A\",\"Cause\":\"again\"}}]}");
    world_run(&w, "{\"in\":1}");
    assert_end(&w, "SUCCEEDED {\"in\":1,\"why\":{\"Error\":\"A\",\"Cause\":\"again\"}}");
    assert_true(world_seconds(&w) == 2);
    world_close(&w);
}

static void full_jitter_stays_below_the_delay_and_follows_the_seed(void **state)
{
    double first = 0;
    bool differs = false;
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct world w;
        world_open(&w,
                   ONE(LAMBDA ",\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],"
                              "\"IntervalSeconds\":100,\"JitterStrategy\":\"FULL\"}]"),
                   "{\"T\":[{\"Throw\":{}},{\"Return\":1}]}");
        w.options.seed = seed;
        world_run(&w, "{}");
        assert_end(&w, "SUCCEEDED 1");
        assert_true(world_seconds(&w) >= 0 && world_seconds(&w) <= 100);
        differs |= seed > 1 && world_seconds(&w) != first;
        first = seed == 1 ? world_seconds(&w) : first;
        world_close(&w);
    }
    assert_true(differs);
}

static void a_task_that_takes_too_long_times_out_and_its_answer_is_dropped(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"TimeoutSeconds\":10,"
               "\"Catch\":[{\"ErrorEquals\":[\"States.Timeout\"],\"Next\":\"W\"}],\"End\":true},"
               "\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"End\":true}}}",
               "{\"T\":{\"Return\":1,\"DelaySeconds\":20}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED {\"Error\":\"States.Timeout\"}");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskTimedOut@10 TaskStateExited@10 WaitStateEntered@10 WaitStateExited@110 "
                   "ExecutionSucceeded@110 ");
    world_close(&w);
}

#define ACTIVITY                                                                                   \
    "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:us-east-1:000000000000:activity:a\""

static void an_activity_is_started_by_a_worker_whose_heartbeats_keep_it_alive(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(ACTIVITY ",\"HeartbeatSeconds\":10"),
               "{\"T\":{\"Return\":1,\"DelaySeconds\":60,\"HeartbeatSeconds\":9,"
               "\"Worker\":\"w1\"}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED 1");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 ActivityScheduled@0 ActivityStarted@0 "
                   "ActivitySucceeded@60 TaskStateExited@60 ExecutionSucceeded@60 ");
    world_close(&w);
}

static void a_missed_heartbeat_ends_a_task(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(ACTIVITY ",\"HeartbeatSeconds\":10"),
               "{\"T\":{\"Return\":1,\"DelaySeconds\":60,\"HeartbeatSeconds\":25}}");
    world_run(&w, "{}");
    assert_end(&w, "FAILED States.Timeout");
    assert_true(world_seconds(&w) == 10);
    world_close(&w);
}

#define CALLBACK                                                                                   \
    "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage.waitForTaskToken\","        \
    "\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody.$\":\"$$.Task.Token\"}"

static void a_token_brings_the_result(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(CALLBACK), "{\"T\":{\"Submit\":{\"MessageId\":\"m\"}}}");
    world_start(&w, "{}");
    world_until(&w, 50);
    str token = world_token(&w, "T");
    assert_int_equal(sim_send_task_success(w.sim, token, STR("{\"x\":"), &w.err), STATUS_INVALID);
    assert_int_equal(sim_send_task_success(w.sim, token, STR("{\"x\":1}"), &w.err), STATUS_OK);
    assert_int_equal(sim_send_task_success(w.sim, token, STR("2"), &w.err), STATUS_NOT_FOUND);
    assert_string_equal(w.err.name, "TaskTimedOut");
    world_finish(&w);
    assert_end(&w, "SUCCEEDED {\"x\":1}");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskSubmitted@0 TaskSucceeded@50 TaskStateExited@50 ExecutionSucceeded@50 ");
    world_close(&w);
}

static void a_token_brings_a_failure_without_words(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               ONE(CALLBACK ",\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"N\"}],"
                            "\"Next\":\"N\"},\"N\":{\"Type\":\"Pass\""),
               "{\"T\":{\"Submit\":{}}}");
    world_start(&w, "{}");
    world_until(&w, 1);
    assert_int_equal(
        sim_send_task_failure(w.sim, world_token(&w, "T"), (str){NULL, 0}, (str){NULL, 0}, &w.err),
        STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED {\"Error\":null,\"Cause\":null}");
    world_close(&w);
}

static void heartbeats_by_token_keep_a_task_alive(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(CALLBACK ",\"HeartbeatSeconds\":10"), "{\"T\":{\"Submit\":{}}}");
    world_start(&w, "{}");
    world_until(&w, 8);
    assert_int_equal(sim_send_task_heartbeat(w.sim, world_token(&w, "T"), &w.err), STATUS_OK);
    world_until(&w, 17);
    assert_false(sim_is_over(w.sim));
    world_finish(&w);
    assert_end(&w, "FAILED States.Timeout");
    assert_true(world_seconds(&w) == 18);
    world_close(&w);
}

static void foreign_tokens_are_refused(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(CALLBACK), "{\"T\":{\"Submit\":{}}}");
    world_start(&w, "{}");
    assert_int_equal(sim_send_task_success(w.sim, STR("AQCxxx"), STR("1"), &w.err), STATUS_INVALID);
    assert_string_equal(w.err.name, "InvalidToken");
    world_close(&w);
}

#define SYNC                                                                                       \
    "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::glue:startJobRun.sync\","                   \
    "\"Parameters\":{\"JobName\":\"j\"}"

static void a_job_is_submitted_first_and_ends_later(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(SYNC),
               "{\"T\":{\"Submit\":{\"JobRunId\":\"r\"},\"Return\":{\"JobRunState\":\"SUCCEEDED\"},"
               "\"DelaySeconds\":30}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED {\"JobRunState\":\"SUCCEEDED\"}");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskSubmitted@0 TaskSucceeded@30 TaskStateExited@30 ExecutionSucceeded@30 ");
    world_close(&w);
}

static void the_token_of_a_job_may_end_it_before_its_answer(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(SYNC), "{\"T\":{\"Return\":1,\"DelaySeconds\":30}}");
    world_start(&w, "{}");
    world_until(&w, 10);
    assert_int_equal(sim_send_task_success(w.sim, world_token(&w, "T"), STR("2"), &w.err),
                     STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED 2");
    assert_true(world_seconds(&w) == 10);
    world_close(&w);
}

static void a_submit_can_fail(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(SYNC),
               "{\"T\":{\"Throw\":{\"Error\":\"Glue.X\",\"Cause\":\"c\",\"Stage\":\"SUBMIT\"}}}");
    world_run(&w, "{}");
    assert_end(&w, "FAILED Glue.X: c");
    assert_log(&w, "ExecutionStarted@0 TaskStateEntered@0 TaskScheduled@0 TaskStarted@0 "
                   "TaskSubmitFailed@0 ExecutionFailed@0 ");
    world_close(&w);
}

static void a_task_that_nobody_answers_ends_the_simulation(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(LAMBDA), NULL);
    world_run(&w, "{}");
    assert_end(&w, "NoAnswer: nothing says how to answer state \"T\" "
                   "(arn:aws:states:::lambda:invoke)");
    assert_int_equal(sim_turn(w.sim, &w.err), STATUS_NOT_FOUND); /* and stays ended */
    world_close(&w);
    world_open(&w, ONE(LAMBDA ",\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]}]"),
               "{\"T\":[{\"Throw\":{}}]}");
    world_run(&w, "{}");
    assert_end(&w, "NoAnswer: state \"T\" (arn:aws:states:::lambda:invoke) has no response for its "
                   "call 1 (the first is 0)");
    world_close(&w);
}

static void waiting_for_a_token_that_nobody_sends_is_said(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(CALLBACK), "{\"T\":{\"Submit\":{}}}");
    world_run(&w, "{}");
    assert_end(&w, "Stuck: nothing can happen any more: state \"T\" waits for an answer from "
                   "arn:aws:states:::sqs:sendMessage.waitForTaskToken that nobody sends");
    str token = world_token(&w, "T"); /* until somebody does */
    assert_int_equal(sim_send_task_success(w.sim, token, STR("1"), &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED 1");
    assert_int_equal(sim_turn(w.sim, &w.err), STATUS_OK);
    world_close(&w);
}

static bool answer_double(void *arg, const struct asl_exec *x, const struct asl_command *c,
                          struct sim_answer *ret)
{
    struct world *w = arg;
    (void)x;
    ret->output =
        arena_printf(&w->arena, "%g", 2 * json_number(json_get(c->arguments->root, STR("n"))));
    return true;
}

static void the_caller_may_answer_by_what_a_task_is_given(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,"
               "\"ItemProcessor\":{\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA
               ",\"End\":true}}}}}}",
               NULL);
    w.options.task = answer_double;
    world_run(&w, "[{\"n\":1},{\"n\":2},{\"n\":3}]");
    assert_end(&w, "SUCCEEDED [2,4,6]");
    world_close(&w);
}

static bool answer_nonsense(void *arg, const struct asl_exec *x, const struct asl_command *c,
                            struct sim_answer *ret)
{
    (void)arg;
    (void)x;
    (void)c;
    ret->output = STR("nonsense");
    return true;
}

static void an_answer_that_is_not_json_ends_the_simulation(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, ONE(LAMBDA), NULL);
    w.options.task = answer_nonsense;
    world_run(&w, "{}");
    assert_int_equal(w.status, STATUS_INVALID);
    assert_string_equal(w.err.name, "InvalidAnswer");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_after_its_delay),
        cmocka_unit_test(retries_wait_with_backoff_up_to_the_longest_delay),
        cmocka_unit_test(each_retrier_counts_for_itself_and_then_the_catcher_has_it),
        cmocka_unit_test(full_jitter_stays_below_the_delay_and_follows_the_seed),
        cmocka_unit_test(a_task_that_takes_too_long_times_out_and_its_answer_is_dropped),
        cmocka_unit_test(an_activity_is_started_by_a_worker_whose_heartbeats_keep_it_alive),
        cmocka_unit_test(a_missed_heartbeat_ends_a_task),
        cmocka_unit_test(a_token_brings_the_result),
        cmocka_unit_test(a_token_brings_a_failure_without_words),
        cmocka_unit_test(heartbeats_by_token_keep_a_task_alive),
        cmocka_unit_test(foreign_tokens_are_refused),
        cmocka_unit_test(a_job_is_submitted_first_and_ends_later),
        cmocka_unit_test(the_token_of_a_job_may_end_it_before_its_answer),
        cmocka_unit_test(a_submit_can_fail),
        cmocka_unit_test(a_task_that_nobody_answers_ends_the_simulation),
        cmocka_unit_test(waiting_for_a_token_that_nobody_sends_is_said),
        cmocka_unit_test(the_caller_may_answer_by_what_a_task_is_given),
        cmocka_unit_test(an_answer_that_is_not_json_ends_the_simulation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
