/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping and redriving executions: what runs again, and what does not. */
#include "world.h"

#define TASK(name, next)                                                                           \
    "\"" name "\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\"," next "}"
#define ONE_BRANCH(name) "{\"StartAt\":\"" name "\",\"States\":{" TASK(name, "\"End\":true") "}}"

static void a_redrive_goes_on_from_the_state_that_failed(void **state)
{
    struct world w;
    (void)state;
    world_open(
        &w,
        "{\"StartAt\":\"A\",\"States\":{" TASK("A", "\"Next\":\"B\"") "," TASK(
            "B", "\"End\":true,\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxAttempts\":1}]") "}}",
        "{\"A\":[{\"Return\":\"a\"}],"
        "\"B\":{\"0-2\":{\"Throw\":{\"Error\":\"E\"}},\"3\":{\"Return\":\"b\"}}}");
    world_run(&w, "{}");
    assert_end(&w, "FAILED E");
    buf_clear(&w.log);
    sim_advance(w.sim, WORLD_START + 100000);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_CONFLICT);
    assert_string_equal(w.err.name, "ExecutionNotRedrivable");
    world_finish(&w);
    assert_end(&w, "SUCCEEDED \"b\"");
    assert_log(&w, "ExecutionRedriven@100 TaskScheduled@100 TaskStarted@100 TaskFailed@100 "
                   "TaskScheduled@101 TaskStarted@101 TaskSucceeded@101 TaskStateExited@101 "
                   "ExecutionSucceeded@101 ");
    assert_int_equal(sim_root(w.sim)->redrive_count, 1);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_CONFLICT);
    world_close(&w);
}

static void a_stopped_execution_drops_answers_and_can_be_redriven(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, "{\"StartAt\":\"A\",\"States\":{" TASK("A", "\"End\":true") "}}",
               "{\"A\":[{\"Return\":1,\"DelaySeconds\":60},{\"Return\":2,\"DelaySeconds\":60}]}");
    world_start(&w, "{}");
    world_until(&w, 10);
    assert_int_equal(sim_stop(w.sim, STR("Why"), STR(""), &w.err), STATUS_OK);
    assert_end(&w, "ABORTED Why");
    world_until(&w, 30);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED 2");
    assert_true(world_seconds(&w) == 90);
    world_close(&w);
}

static void an_execution_that_timed_out_has_its_whole_time_again(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"W\",\"TimeoutSeconds\":100,\"States\":{\"W\":{\"Type\":\"Wait\","
               "\"Seconds\":150,\"End\":true}}}",
               NULL);
    world_run(&w, "{}");
    assert_end(&w, "TIMED_OUT States.Timeout");
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "TIMED_OUT States.Timeout"); /* a Wait begins anew */
    assert_true(world_seconds(&w) == 200);
    world_close(&w);
}

static void branches_that_succeeded_do_not_run_again(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,"
               "\"Branches\":[" ONE_BRANCH("A") "," ONE_BRANCH("B") "," ONE_BRANCH("C") "]}}}",
               "{\"A\":[{\"Return\":1}],\"B\":[{\"Throw\":{\"Error\":\"E\"},\"DelaySeconds\":1},"
               "{\"Return\":2}],\"C\":[{\"Return\":0,\"DelaySeconds\":5},{\"Return\":3}]}");
    world_run(&w, "{}");
    assert_end(&w, "FAILED E");
    assert_true(world_seconds(&w) == 1);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [1,2,3]");
    world_close(&w);
}

static void iterations_that_succeeded_do_not_run_again(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,"
               "\"MaxConcurrency\":1,\"ItemProcessor\":" ONE_BRANCH("T") "}}}",
               "{\"T\":[{\"Return\":\"a\"},{\"Throw\":{\"Error\":\"E\"}},{\"Return\":\"b\"},"
               "{\"Return\":\"c\"}]}");
    world_run(&w, "[1,2,3]");
    assert_end(&w, "FAILED E");
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [\"a\",\"b\",\"c\"]");
    world_close(&w);
}

#define DISTRIBUTED(type, fields)                                                                  \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true," fields                  \
    "\"Label\":\"L\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","            \
    "\"ExecutionType\":\"" type "\"},\"StartAt\":\"S\",\"States\":{" TASK(                         \
        "S", "\"Next\":\"T\"") "," TASK("T", "\"End\":true") "}}}}}"

static void standard_children_of_a_map_run_go_on_where_they_failed(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, DISTRIBUTED("STANDARD", "\"MaxConcurrency\":1,"),
               "{\"S\":[{\"Return\":1},{\"Return\":2},{\"Return\":3}],"
               "\"T\":[{\"Return\":\"a\"},{\"Throw\":{\"Error\":\"E\"}},{\"Return\":\"b\"},"
               "{\"Return\":\"c\"}]}");
    world_run(&w, "[1,2,3]");
    assert_end(&w, "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated "
                   "failure threshold was exceeded");
    buf_clear(&w.log);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [\"a\",\"b\",\"c\"]");
    assert_log(&w, "ExecutionRedriven@0 MapRunRedriven@0 MapRunSucceeded@0 MapStateSucceeded@0 "
                   "MapStateExited@0 ExecutionSucceeded@0 ");
    const struct asl_map_run *run = sim_map_run(w.sim, 0);
    assert_int_equal(run->redrive_count, 1);
    assert_int_equal(run->children.succeeded, 3);
    assert_int_equal(run->children.total, 3);
    assert_null(sim_map_run(w.sim, 1));
    world_close(&w);
}

static void express_children_of_a_map_run_begin_anew(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, DISTRIBUTED("EXPRESS", ""),
               "{\"S\":[{\"Return\":1},{\"Return\":2},{\"Return\":22}],"
               "\"T\":[{\"Return\":\"a\"},{\"Throw\":{\"Error\":\"E\"}},{\"Return\":\"b\"}]}");
    world_run(&w, "[1,2]");
    assert_true(str_eq(sim_root(w.sim)->error, STR(ASL_MAP_RUN_ERROR)));
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [\"a\",\"b\"]");
    world_close(&w);
}

static void a_redriven_run_exports_to_a_folder_of_its_own(void **state)
{
    struct world w;
    str bucket, key = STR(""), text;
    (void)state;
    world_open(&w,
               DISTRIBUTED("STANDARD", "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:"
                                       "putObject\",\"Parameters\":{\"Bucket\":\"b\",\"Prefix\":"
                                       "\"p\"}},\"MaxConcurrency\":1,"),
               "{\"S\":{\"Return\":1},\"T\":{\"0\":{\"Throw\":{\"Error\":\"E\"}},"
               "\"1-9\":{\"Return\":2}}}");
    world_run(&w, "[1,2]");
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    const char *end = world_end(&w);
    assert_non_null(strstr(end, "SUCCEEDED {\"MapRunArn\":\""));
    assert_non_null(strstr(end, "/Redrive-1/manifest.json\"}}"));
    bool has_pending = false;
    for (uint32_t i = 0; sim_file(w.sim, i, &bucket, &key, &text); i++)
        has_pending |= str_ends(key, STR("PENDING_0.json"));
    assert_true(has_pending);
    assert_true(str_ends(key, STR("/Redrive-1/manifest.json")));
    assert_true(sim_file_find(w.sim, key, &text));
    assert_true(str_find(text, STR("/Redrive-1/SUCCEEDED_0.json"), 0) != STR_NONE);
    world_close(&w);
}

static void a_stop_within_a_map_run_can_be_redriven(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, DISTRIBUTED("STANDARD", "\"MaxConcurrency\":2,"),
               "{\"S\":{\"Return\":1,\"DelaySeconds\":10},\"T\":{\"Return\":2}}");
    world_start(&w, "[1,2,3]");
    world_until(&w, 15);
    assert_int_equal(sim_stop(w.sim, STR(""), STR(""), &w.err), STATUS_OK);
    assert_end(&w, "ABORTED");
    const struct asl_map_run *run = sim_map_run(w.sim, 0);
    assert_int_equal(run->items.succeeded, 2);
    assert_int_equal(run->items.aborted, 1);
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [2,2,2]");
    assert_true(world_seconds(&w) == 25);
    world_close(&w);
}

static void nested_map_runs_are_redriven_too(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"O\",\"States\":{\"O\":{\"Type\":\"Map\",\"End\":true,\"Label\":"
               "\"out\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
               "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":"
               "\"Map\",\"End\":true,\"Label\":\"in\",\"ItemProcessor\":{\"ProcessorConfig\":{"
               "\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\","
               "\"States\":{" TASK("T", "\"End\":true") "}}}}}}}}",
               "{\"T\":{\"0-1\":{\"Return\":1},\"2\":{\"Throw\":{\"Error\":\"E\"}},"
               "\"3-9\":{\"Return\":2}}}");
    world_run(&w, "[[1,2],[3]]");
    assert_true(str_eq(sim_root(w.sim)->error, STR(ASL_MAP_RUN_ERROR)));
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
    world_finish(&w);
    assert_end(&w, "SUCCEEDED [[1,1],[2]]");
    world_close(&w);
}

static void a_child_that_cannot_be_redriven_has_failed_again(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,"
               "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
               "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"A\",\"States\":{"
               "\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Choice\",\"Choices\":[{"
               "\"Variable\":\"$\",\"IsNull\":true,\"Next\":\"C\"}],\"Default\":\"A\"},"
               "\"C\":{\"Type\":\"Succeed\"}}}}}}",
               NULL);
    w.options.asl.strict = true; /* 25,000 events */
    world_run(&w, "[1]");
    for (int i = 0; i < 2; i++) {
        assert_true(str_eq(sim_root(w.sim)->error, STR(ASL_MAP_RUN_ERROR)));
        assert_int_equal(sim_map_run(w.sim, 0)->items.failed, 1);
        assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_OK);
        world_finish(&w);
        assert_int_equal(w.status, STATUS_OK);
    }
    world_close(&w);
}

static void express_executions_cannot_be_redriven(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, "{\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\"}}}", NULL);
    w.type = ASL_EXPRESS;
    world_run(&w, "{}");
    assert_end(&w, "FAILED");
    assert_int_equal(sim_redrive(w.sim, &w.err), STATUS_CONFLICT);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redrive_goes_on_from_the_state_that_failed),
        cmocka_unit_test(a_stopped_execution_drops_answers_and_can_be_redriven),
        cmocka_unit_test(an_execution_that_timed_out_has_its_whole_time_again),
        cmocka_unit_test(branches_that_succeeded_do_not_run_again),
        cmocka_unit_test(iterations_that_succeeded_do_not_run_again),
        cmocka_unit_test(standard_children_of_a_map_run_go_on_where_they_failed),
        cmocka_unit_test(express_children_of_a_map_run_begin_anew),
        cmocka_unit_test(a_redriven_run_exports_to_a_folder_of_its_own),
        cmocka_unit_test(a_stop_within_a_map_run_can_be_redriven),
        cmocka_unit_test(nested_map_runs_are_redriven_too),
        cmocka_unit_test(a_child_that_cannot_be_redriven_has_failed_again),
        cmocka_unit_test(express_executions_cannot_be_redriven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
