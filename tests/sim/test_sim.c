/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation as such: its clock, its limits, that it repeats itself, and Express executions. */
#include "world.h"

static void time_jumps_over_waits(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":99999999,"
               "\"Next\":\"B\"},\"B\":{\"Type\":\"Wait\",\"Timestamp\":\"2029-12-31T00:00:00Z\","
               "\"End\":true}}}",
               NULL);
    world_start(&w, "{}");
    assert_int_equal(sim_next(w.sim), WORLD_START + INT64_C(99999999000));
    world_finish(&w);
    assert_end(&w, "SUCCEEDED {}");
    assert_int_equal(sim_now(w.sim), INT64_C(1893369600000));
    assert_int_equal(sim_next(w.sim), ASL_NEVER);
    world_close(&w);
}

static void late_turns_happen_at_the_time_it_is(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":10,\"End\":true"
               "}}}",
               NULL);
    world_start(&w, "{}");
    sim_advance(w.sim, WORLD_START + 12345);
    sim_advance(w.sim, WORLD_START); /* never back */
    world_finish(&w);
    assert_log(&w, "ExecutionStarted@0 WaitStateEntered@0 WaitStateExited@12.345 "
                   "ExecutionSucceeded@12.345 ");
    world_close(&w);
}

static void input_that_is_not_json_is_refused(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}", NULL);
    world_start(&w, "{\"a\":");
    assert_int_equal(w.status, STATUS_INVALID);
    assert_string_equal(w.err.name, "JsonSyntax");
    assert_int_equal(sim_turn(w.sim, &w.err), STATUS_UNAVAILABLE);
    assert_string_equal(w.err.message, "the execution has not been started");
    world_close(&w);
}

#define LOOP                                                                                       \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"                     \
    "\"B\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$\",\"IsPresent\":false,"             \
    "\"Next\":\"C\"}],\"Default\":\"A\"},\"C\":{\"Type\":\"Succeed\"}}}"

static void an_endless_loop_meets_the_limit_of_steps(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, LOOP, NULL);
    w.options.on_step = NULL;
    w.options.max_steps = 20;
    world_run(&w, "{}");
    assert_end(&w, "StepLimit: the simulation has made 20 steps");
    world_close(&w);
}

static void an_endless_loop_can_be_stopped_between_turns(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, LOOP, NULL);
    w.options.on_step = NULL;
    world_start(&w, "{}");
    for (int i = 0; i < 5; i++)
        assert_int_equal(sim_turn(w.sim, &w.err), STATUS_OK);
    assert_int_equal(sim_stop(w.sim, STR("E"), STR("C"), &w.err), STATUS_OK);
    assert_end(&w, "ABORTED E: C");
    world_close(&w);
}

#define RANDOM                                                                                     \
    "{\"StartAt\":\"M\",\"QueryLanguage\":\"JSONata\",\"States\":{\"M\":{\"Type\":\"Map\","        \
    "\"Items\":[1,2,3],\"End\":true,\"ItemSelector\":\"{% $uuid() %}\","                           \
    "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":"          \
    "\"EXPRESS\"},\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true,"            \
    "\"Output\":\"{% [$states.input, $random(), $millis(), $states.context.Execution.Id] "         \
    "%}\"}}}}}}"

static void the_same_options_give_the_same_run_to_the_byte(void **state)
{
    struct world a, b, c;
    (void)state;
    world_open(&a, RANDOM, NULL);
    world_open(&b, RANDOM, NULL);
    world_open(&c, RANDOM, NULL);
    c.options.seed = 2;
    world_run(&a, "{}");
    world_run(&b, "{}");
    world_run(&c, "{}");
    assert_non_null(strstr(world_end(&a), "SUCCEEDED [["));
    assert_string_equal(world_end(&a), world_end(&b));
    assert_string_not_equal(world_end(&a), world_end(&c));
    assert_int_equal(a.steps, b.steps);
    world_close(&a);
    world_close(&b);
    world_close(&c);
}

static void express_executions_have_their_own_name_and_five_minutes(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":400,"
               "\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"End\":true,"
               "\"Parameters\":{\"c.$\":\"$$.Execution\"}}}}",
               NULL);
    w.type = ASL_EXPRESS;
    world_run(&w, "{}");
    assert_non_null(strstr(world_end(&w), "\"Id\":\"arn:aws:states:us-east-1:000000000000:express:"
                                          "machine:test:"));
    assert_null(strstr(world_end(&w), "RedriveCount"));
    sim_free(w.sim);
    w.options.asl.strict = true;
    world_run(&w, "{}");
    assert_end(&w, "TIMED_OUT States.Timeout");
    assert_true(world_seconds(&w) == 300);
    world_close(&w);
}

static void names_and_places_are_options(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Pass\",\"End\":true,"
               "\"Parameters\":{\"m.$\":\"$$.StateMachine\",\"e.$\":\"$$.Execution.Id\"}}}}",
               NULL);
    w.options.account = STR("123456789012");
    w.options.region = STR("eu-north-1");
    w.options.machine_name = STR("m");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED {\"m\":{\"Id\":\"arn:aws:states:eu-north-1:123456789012:stateMachine:"
                   "m\",\"Name\":\"m\"},\"e\":\"arn:aws:states:eu-north-1:123456789012:execution:m:"
                   "test\"}");
    assert_ptr_equal(
        sim_find(w.sim, STR("arn:aws:states:eu-north-1:123456789012:execution:m:test")),
        sim_root(w.sim));
    assert_null(sim_find(w.sim, STR("other")));
    world_close(&w);
}

static void many_children_take_turns(void **state)
{
    struct world w;
    struct buf input;
    (void)state;
    buf_init(&input, 1 << 20);
    buf_add_byte(&input, '[');
    for (int i = 0; i < 20000; i++)
        buf_printf(&input, "%s%d", i ? "," : "", i);
    buf_add(&input, STR("]"));
    buf_add_byte(&input, '\0');
    world_open(&w,
               "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,"
               "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
               "\"ExecutionType\":\"EXPRESS\"},\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":"
               "\"Wait\",\"Seconds\":1,\"End\":true}}}}}}",
               NULL);
    world_run(&w, input.p);
    assert_int_equal(sim_map_run(w.sim, 0)->children.succeeded, 20000);
    assert_true(world_seconds(&w) == 2); /* 10,000 at once */
    input.n--;
    buf_insert(&input, 0, STR("SUCCEEDED "));
    buf_add_byte(&input, '\0');
    assert_end(&w, input.p);
    world_close(&w);
    buf_done(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_jumps_over_waits),
        cmocka_unit_test(late_turns_happen_at_the_time_it_is),
        cmocka_unit_test(input_that_is_not_json_is_refused),
        cmocka_unit_test(an_endless_loop_meets_the_limit_of_steps),
        cmocka_unit_test(an_endless_loop_can_be_stopped_between_turns),
        cmocka_unit_test(the_same_options_give_the_same_run_to_the_byte),
        cmocka_unit_test(express_executions_have_their_own_name_and_five_minutes),
        cmocka_unit_test(names_and_places_are_options),
        cmocka_unit_test(many_children_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
