/* SPDX-License-Identifier: Apache-2.0 */
/* Distributed Maps in the simulated world: children, batches, tolerance, readers, writers. */
#include "world.h"

#define CHILD(type, states)                                                                        \
    "\"Label\":\"L\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","            \
    "\"ExecutionType\":\"" type "\"},\"StartAt\":\"C\",\"States\":{" states "}}"
#define MAP(fields, child)                                                                         \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true," fields child "}}}"
#define PASS "\"C\":{\"Type\":\"Pass\",\"End\":true}"
#define WAIT "\"C\":{\"Type\":\"Wait\",\"Seconds\":10,\"End\":true}"
/* Fails for items over 9. */
#define PICKY                                                                                      \
    "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$\",\"NumericGreaterThan\":9,"        \
    "\"Next\":\"F\"}],\"Default\":\"S\"},\"S\":{\"Type\":\"Succeed\"},"                            \
    "\"F\":{\"Type\":\"Fail\",\"Error\":\"Big\",\"Cause\":\"too big\"}"
#define PREFIX "arn:aws:states:us-east-1:000000000000:"

static void run_map(struct world *w, const char *definition, const char *input)
{
    world_open(w, definition, NULL);
    world_run(w, input);
}

static void expect(const char *definition, const char *input, const char *end)
{
    struct world w;
    run_map(&w, definition, input);
    assert_end(&w, end);
    world_close(&w);
}

static void outputs_come_in_the_order_of_items(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP("", CHILD("STANDARD", "\"C\":{\"Type\":\"Wait\",\"SecondsPath\":\"$\","
                                      "\"End\":true}")),
            "[30,10,20]");
    assert_end(&w, "SUCCEEDED [30,10,20]");
    assert_log(&w, "ExecutionStarted@0 MapStateEntered@0 MapStateStarted@0 MapRunStarted@0 "
                   "MapRunSucceeded@30 MapStateSucceeded@30 MapStateExited@30 "
                   "ExecutionSucceeded@30 ");
    const struct asl_map_run *run = sim_map_run(w.sim, 0);
    assert_int_equal(run->status, ASL_MAP_RUN_IS_SUCCEEDED);
    assert_int_equal(run->items.total, 3);
    assert_int_equal(run->children.succeeded, 3);
    assert_null(sim_map_run(w.sim, 1));
    world_close(&w);
}

static void no_items_give_an_empty_array(void **state)
{
    (void)state;
    expect(MAP("", CHILD("EXPRESS", PASS)), "[]", "SUCCEEDED []");
}

static void concurrency_bounds_the_children_at_once(void **state)
{
    struct world w;
    (void)state;
    run_map(&w, MAP("\"MaxConcurrency\":2,", CHILD("STANDARD", WAIT)), "[1,2,3,4,5]");
    assert_end(&w, "SUCCEEDED [1,2,3,4,5]");
    assert_true(world_seconds(&w) == 30);
    world_close(&w);
    run_map(&w, MAP("", CHILD("STANDARD", WAIT)), "[1,2,3,4,5]");
    assert_true(world_seconds(&w) == 10);
    world_close(&w);
}

static void children_know_who_they_are(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP("", CHILD("STANDARD", "\"C\":{\"Type\":\"Pass\",\"End\":true,\"Parameters\":{"
                                      "\"id.$\":\"$$.Execution.Id\",\"m.$\":\"$$.StateMachine\","
                                      "\"n.$\":\"$$.Execution.Name\",\"i.$\":\"$\"}}")),
            "[7]");
    const char *end = world_end(&w);
    assert_non_null(strstr(end, "\"i\":7"));
    assert_non_null(strstr(end, "\"m\":{\"Id\":\"" PREFIX "stateMachine:machine/L\","
                                "\"Name\":\"machine\"}"));
    assert_non_null(strstr(end, "\"id\":\"" PREFIX "execution:machine/L:"));
    world_close(&w);
}

static void express_children_have_two_names(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP("", CHILD("EXPRESS", "\"C\":{\"Type\":\"Pass\",\"End\":true,\"Parameters\":{"
                                     "\"v.$\":\"States.StringSplit($$.Execution.Id, ':')\"}}")),
            "[7]");
    const char *end = world_end(&w);
    assert_non_null(strstr(end, "\"express\",\"machine/L\",\""));
    const char *name = strstr(end, "machine/L\",\"") + 12, *uuid = strstr(name, "\",\"") + 3;
    assert_memory_not_equal(name, uuid, 36);
    world_close(&w);
}

static void selectors_see_the_item_and_where_it_came_from(void **state)
{
    (void)state;
    expect(MAP("\"ItemSelector\":{\"v.$\":\"$$.Map.Item.Value\",\"i.$\":\"$$.Map.Item.Index\","
               "\"s.$\":\"$$.Map.Item.Source\",\"all.$\":\"$.n\"},\"ItemsPath\":\"$.items\",",
               CHILD("STANDARD", PASS)),
           "{\"n\":5,\"items\":[\"a\",\"b\"]}",
           "SUCCEEDED [{\"v\":\"a\",\"i\":0,\"s\":\"STATE_DATA\",\"all\":5},"
           "{\"v\":\"b\",\"i\":1,\"s\":\"STATE_DATA\",\"all\":5}]");
}

static void a_selector_that_fails_fails_the_run(void **state)
{
    struct world w;
    (void)state;
    run_map(&w, MAP("\"ItemSelector\":{\"v.$\":\"$$.Map.Item.Value.x\"},", CHILD("STANDARD", PASS)),
            "[{\"x\":1},{}]");
    assert_non_null(strstr(world_end(&w), "FAILED States.Runtime: "));
    assert_non_null(strstr(w.log.p, "MapRunFailed@0"));
    world_close(&w);
}

static void objects_give_their_members(void **state)
{
    (void)state;
    expect(MAP("\"QueryLanguage\":\"JSONata\",\"Items\":\"{% $states.input %}\",",
               CHILD("STANDARD", PASS)),
           "{\"a\":1,\"b\":[2]}",
           "SUCCEEDED [{\"Key\":\"a\",\"Value\":1},{\"Key\":\"b\",\"Value\":[2]}]");
    expect(MAP("\"QueryLanguage\":\"JSONata\",\"Items\":\"{% $states.input %}\","
               "\"ItemSelector\":{\"k\":\"{% $states.context.Map.Item.Key %}\","
               "\"v\":\"{% $states.context.Map.Item.Value %}\"},",
               CHILD("EXPRESS", PASS)),
           "{\"a\":1.0}", "SUCCEEDED [{\"k\":\"a\",\"v\":1}]");
}

static void numbers_keep_their_text_where_nothing_computes(void **state)
{
    (void)state;
    expect(MAP("", CHILD("EXPRESS", PASS)), "[1.0,12345678901234567890]",
           "SUCCEEDED [1.0,12345678901234567890]");
}

/* ---- batches ---- */

static void batches_hold_items_and_their_common_input(void **state)
{
    (void)state;
    expect(MAP("\"ItemBatcher\":{\"MaxItemsPerBatch\":2,\"BatchInput\":{\"f.$\":\"$[0]\"}},",
               CHILD("STANDARD", PASS)),
           "[1,2,3]",
           "SUCCEEDED [{\"BatchInput\":{\"f\":1},\"Items\":[1,2]},"
           "{\"BatchInput\":{\"f\":1},\"Items\":[3]}]");
}

static void batches_close_before_they_are_too_large(void **state)
{
    (void)state;
    /* {"Items":["aa","bb"]} has 21 bytes */
    expect(MAP("\"ItemBatcher\":{\"MaxInputBytesPerBatch\":21},", CHILD("STANDARD", PASS)),
           "[\"aa\",\"bb\",\"ccc\",\"dd\",\"ee\"]",
           "SUCCEEDED [{\"Items\":[\"aa\",\"bb\"]},{\"Items\":[\"ccc\"]},"
           "{\"Items\":[\"dd\",\"ee\"]}]");
}

static void an_item_that_fits_no_batch_fails_the_run(void **state)
{
    struct world w;
    (void)state;
    run_map(&w, MAP("\"ItemBatcher\":{\"MaxInputBytesPerBatch\":20},", CHILD("STANDARD", PASS)),
            "[\"aa\",\"a very long text\"]");
    assert_end(&w, "FAILED States.DataLimitExceeded: The input of a child execution exceeds the "
                   "maximum number of bytes.");
    world_close(&w);
}

/* ---- failures ---- */

static void the_first_failure_ends_a_run_that_tolerates_none(void **state)
{
    struct world w;
    (void)state;
    run_map(&w, MAP("\"MaxConcurrency\":1,", CHILD("STANDARD", PICKY)), "[1,10,3]");
    assert_end(&w, "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated "
                   "failure threshold was exceeded");
    assert_log(&w, "ExecutionStarted@0 MapStateEntered@0 MapStateStarted@0 MapRunStarted@0 "
                   "MapRunFailed@0 MapStateFailed@0 ExecutionFailed@0 ");
    const struct asl_map_run *run = sim_map_run(w.sim, 0);
    assert_int_equal(run->items.succeeded, 1);
    assert_int_equal(run->items.failed, 1);
    assert_int_equal(run->items.pending, 1);
    world_close(&w);
}

static void children_that_run_are_stopped_when_a_run_fails(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP("", CHILD("STANDARD", "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$\","
                                      "\"NumericEquals\":9,\"Next\":\"F\"}],\"Default\":\"W\"},"
                                      "\"W\":{\"Type\":\"Wait\",\"Seconds\":10,\"End\":true},"
                                      "\"F\":{\"Type\":\"Fail\"}")),
            "[1,2,9]");
    assert_true(world_seconds(&w) == 0);
    assert_int_equal(sim_map_run(w.sim, 0)->items.aborted, 2);
    assert_int_equal(sim_map_run(w.sim, 0)->children.running, 0);
    world_close(&w);
}

static void failures_within_the_count_are_tolerated_and_left_out(void **state)
{
    (void)state;
    expect(MAP("\"ToleratedFailureCount\":2,", CHILD("STANDARD", PICKY)), "[1,10,3,11]",
           "SUCCEEDED [1,3]");
    expect(MAP("\"ToleratedFailureCount\":1,", CHILD("STANDARD", PICKY)), "[1,10,3,11]",
           "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated failure "
           "threshold was exceeded");
}

static void failures_within_the_share_are_tolerated(void **state)
{
    (void)state;
    expect(MAP("\"ToleratedFailurePercentage\":50,", CHILD("STANDARD", PICKY)), "[1,10,3,11]",
           "SUCCEEDED [1,3]");
    expect(MAP("\"ToleratedFailurePercentage\":100,", CHILD("EXPRESS", PICKY)), "[10,11]",
           "SUCCEEDED []");
    expect(MAP("\"ToleratedFailurePercentage\":49.9,", CHILD("STANDARD", PICKY)), "[1,10,3,11]",
           "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated failure "
           "threshold was exceeded");
}

static void a_retry_of_the_map_begins_another_run(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               MAP("\"Retry\":[{\"ErrorEquals\":[\"States.ExceedToleratedFailureThreshold\"],"
                   "\"IntervalSeconds\":7}],",
                   CHILD("STANDARD",
                         "\"C\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\","
                         "\"End\":true}")),
               "{\"C\":[{\"Throw\":{\"Error\":\"E\"}},{\"Return\":1}]}");
    world_run(&w, "[0]");
    assert_end(&w, "SUCCEEDED [1]");
    assert_true(world_seconds(&w) == 7);
    assert_int_equal(sim_map_run(w.sim, 0)->status, ASL_MAP_RUN_IS_FAILED);
    assert_int_equal(sim_map_run(w.sim, 1)->status, ASL_MAP_RUN_IS_SUCCEEDED);
    world_close(&w);
}

/* ---- nesting ---- */

static void maps_nest(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP("", "\"Label\":\"outer\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":"
                    "\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"I\",\"States\":{"
                    "\"I\":{\"Type\":\"Map\",\"End\":true," CHILD("EXPRESS", PASS) "}}}"),
            "[[1,2],[],[3]]");
    assert_end(&w, "SUCCEEDED [[1,2],[],[3]]");
    assert_non_null(sim_map_run(w.sim, 3));
    world_close(&w);
}

static void a_stop_reaches_the_children_of_children(void **state)
{
    struct world w;
    (void)state;
    world_open(
        &w,
        MAP("", "\"Label\":\"outer\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":"
                "\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"I\","
                "\"States\":{\"I\":{\"Type\":\"Map\",\"End\":true," CHILD("STANDARD", WAIT) "}}}"),
        NULL);
    world_start(&w, "[[1,2],[3]]");
    world_until(&w, 5);
    assert_int_equal(sim_stop(w.sim, STR("Enough"), STR("said so"), &w.err), STATUS_OK);
    assert_true(sim_is_over(w.sim));
    assert_end(&w, "ABORTED Enough: said so");
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sim_map_run(w.sim, i)->status, ASL_MAP_RUN_IS_ABORTED);
        assert_int_equal(sim_map_run(w.sim, i)->children.running, 0);
    }
    world_close(&w);
}

/* ---- readers and writers ---- */

#define READER                                                                                     \
    "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{"            \
    "\"InputType\":\"JSON\",\"MaxItems\":2},\"Parameters\":{\"Bucket\":\"b\",\"Key\":\"k.json\"}}" \
    ","

static void readers_find_mocked_items(void **state)
{
    struct world w;
    (void)state;
    world_open(&w,
               MAP(READER "\"ItemSelector\":{\"v.$\":\"$$.Map.Item.Value\","
                          "\"s.$\":\"$$.Map.Item.Source\"},",
                   CHILD("EXPRESS", PASS)),
               "{\"M\":{\"Items\":[\"x\",\"y\",\"z\"]}}");
    world_run(&w, "{}");
    assert_end(&w, "SUCCEEDED [{\"v\":\"x\",\"s\":\"S3://b/k.json\"},"
                   "{\"v\":\"y\",\"s\":\"S3://b/k.json\"}]");
    world_close(&w);
}

static void a_reader_can_fail(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, MAP(READER, CHILD("EXPRESS", PASS)),
               "{\"M\":{\"Throw\":{\"Error\":\"States.ItemReaderFailed\",\"Cause\":\"gone\"}}}");
    world_run(&w, "{}");
    assert_end(&w, "FAILED States.ItemReaderFailed: gone");
    world_close(&w);
    world_open(&w, MAP(READER, CHILD("EXPRESS", PASS)), NULL);
    world_run(&w, "{}");
    assert_string_equal(w.err.name, "NoAnswer");
    world_close(&w);
}

static void writers_without_a_place_shape_the_result(void **state)
{
    struct world w;
    (void)state;
    expect(MAP("\"ResultWriter\":{\"WriterConfig\":{\"OutputType\":\"JSON\",\"Transformation\":"
               "\"FLATTEN\"}},",
               CHILD("EXPRESS", PASS)),
           "[[1,2],[],3,[[4]]]", "SUCCEEDED [1,2,3,[4]]");
    run_map(&w,
            MAP("\"ResultWriter\":{\"WriterConfig\":{\"OutputType\":\"JSON\",\"Transformation\":"
                "\"NONE\"}},",
                CHILD("STANDARD", WAIT)),
            "[\"a\"]");
    const char *end = world_end(&w);
    assert_non_null(strstr(end, "SUCCEEDED [{\"ExecutionArn\":\"" PREFIX "execution:machine/L:"));
    assert_non_null(strstr(end, "\"Input\":\"\\\"a\\\"\",\"InputDetails\":{\"Included\":true},"));
    assert_non_null(strstr(end, "\"StartDate\":\"2026-01-01T00:00:00.000Z\",\"StateMachineArn\":"
                                "\"" PREFIX "stateMachine:machine/L\",\"Status\":\"SUCCEEDED\","
                                "\"StopDate\":\"2026-01-01T00:00:10.000Z\"}]"));
    world_close(&w);
}

#define EXPORT(config)                                                                             \
    "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{"            \
    "\"Bucket\":\"out\",\"Prefix\":\"p\"}" config "},"

/* The text of the only file whose key ends so. */
static str file_ending(struct world *w, const char *end)
{
    str bucket, key, text = STR(""), found = STR("");
    for (uint32_t i = 0; sim_file(w->sim, i, &bucket, &key, &text); i++) {
        assert_true(str_eq(bucket, STR("out")));
        if (str_ends(key, str_of(end)))
            found = text;
    }
    return found;
}

static void exports_leave_files_and_a_manifest(void **state)
{
    struct world w;
    (void)state;
    run_map(&w, MAP(EXPORT("") "\"ToleratedFailureCount\":1,", CHILD("STANDARD", PICKY)), "[1,10]");
    const char *end = world_end(&w);
    assert_non_null(strstr(end, "\"ResultWriterDetails\":{\"Bucket\":\"out\",\"Key\":\"p/"));
    str manifest = file_ending(&w, "/manifest.json"), good = file_ending(&w, "SUCCEEDED_0.json"),
        bad = file_ending(&w, "FAILED_0.json");
    assert_true(str_starts(manifest, STR("{\"DestinationBucket\":\"out\",\"MapRunArn\":\"")));
    assert_true(str_find(manifest, STR("\"PENDING\":[]"), 0) != STR_NONE);
    assert_true(str_starts(good, STR("[{\"ExecutionArn\":")));
    assert_true(str_starts(bad, STR("[{\"Cause\":\"too big\",\"Error\":\"Big\",")));
    assert_true(str_find(bad, STR("\"Status\":\"FAILED\""), 0) != STR_NONE);
    assert_int_equal(file_ending(&w, "PENDING_0.json").n, 0);
    world_close(&w);
}

static void what_did_not_begin_is_exported_as_pending(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP(EXPORT("") "\"MaxConcurrency\":1,\"ItemBatcher\":{\"MaxItemsPerBatch\":2},",
                CHILD("STANDARD", "\"C\":{\"Type\":\"Fail\"}")),
            "[1,2,3,4,5]");
    str pending = file_ending(&w, "PENDING_0.json");
    assert_true(
        str_eq(pending, STR("[{\"Input\":\"{\\\"Items\\\":[3,4]}\",\"InputDetails\":{\"Included\":"
                            "true},\"Status\":\"PENDING\"},{\"Input\":\"{\\\"Items\\\":[5]}\","
                            "\"InputDetails\":{\"Included\":true},\"Status\":\"PENDING\"}]")));
    assert_int_equal(sim_map_run(w.sim, 0)->items.pending, 3);
    assert_int_equal(asl_map_run_pending_children(sim_map_run(w.sim, 0)), 2);
    world_close(&w);
}

static void lines_and_flat_outputs_are_exported_on_request(void **state)
{
    struct world w;
    (void)state;
    run_map(&w,
            MAP(EXPORT(",\"WriterConfig\":{\"OutputType\":\"JSONL\",\"Transformation\":"
                       "\"FLATTEN\"}"),
                CHILD("EXPRESS", PASS)),
            "[[1,{\"a\":2}],3]");
    assert_true(str_eq(file_ending(&w, "SUCCEEDED_0.json"), STR("1\n{\"a\":2}\n3")));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_come_in_the_order_of_items),
        cmocka_unit_test(no_items_give_an_empty_array),
        cmocka_unit_test(concurrency_bounds_the_children_at_once),
        cmocka_unit_test(children_know_who_they_are),
        cmocka_unit_test(express_children_have_two_names),
        cmocka_unit_test(selectors_see_the_item_and_where_it_came_from),
        cmocka_unit_test(a_selector_that_fails_fails_the_run),
        cmocka_unit_test(objects_give_their_members),
        cmocka_unit_test(numbers_keep_their_text_where_nothing_computes),
        cmocka_unit_test(batches_hold_items_and_their_common_input),
        cmocka_unit_test(batches_close_before_they_are_too_large),
        cmocka_unit_test(an_item_that_fits_no_batch_fails_the_run),
        cmocka_unit_test(the_first_failure_ends_a_run_that_tolerates_none),
        cmocka_unit_test(children_that_run_are_stopped_when_a_run_fails),
        cmocka_unit_test(failures_within_the_count_are_tolerated_and_left_out),
        cmocka_unit_test(failures_within_the_share_are_tolerated),
        cmocka_unit_test(a_retry_of_the_map_begins_another_run),
        cmocka_unit_test(maps_nest),
        cmocka_unit_test(a_stop_reaches_the_children_of_children),
        cmocka_unit_test(readers_find_mocked_items),
        cmocka_unit_test(a_reader_can_fail),
        cmocka_unit_test(writers_without_a_place_shape_the_result),
        cmocka_unit_test(exports_leave_files_and_a_manifest),
        cmocka_unit_test(what_did_not_begin_is_exported_as_pending),
        cmocka_unit_test(lines_and_flat_outputs_are_exported_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
