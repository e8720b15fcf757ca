/* SPDX-License-Identifier: Apache-2.0 */
/* The bookkeeping of map runs, their batches and what they leave, without a machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asl/map_batch.h"
#include "asl/map_result.h"
#include "asl/map_run.h"
#include "json/parse.h"

struct fixture {
    struct arena arena;
    struct asl_item_batcher batcher;
    struct asl_state state;
    struct asl_map_run_plan plan;
    struct asl_map_run run;
};

static void open_run(struct fixture *f, const char *arguments, bool is_batched, bool strict)
{
    struct json_val v;
    memset(f, 0, sizeof(*f));
    arena_init(&f->arena, 0);
    f->state.type = ASL_MAP;
    f->state.map.batcher = is_batched ? &f->batcher : NULL;
    assert_int_equal(json_parse_in(&f->arena, str_of(arguments), NULL, &v, NULL), STATUS_OK);
    asl_map_run_plan_read(v, &f->state, strict, &f->plan);
    asl_map_run_init(&f->run, &f->plan);
}

static void start(struct fixture *f, uint64_t children)
{
    for (uint64_t i = 0; i < children; i++)
        asl_map_run_child_started(&f->run, 1, false);
}

static void end(struct fixture *f, uint64_t children, enum asl_status status)
{
    for (uint64_t i = 0; i < children; i++)
        asl_map_run_child_ended(&f->run, 1, status);
}

static void a_plan_says_what_was_asked_for(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f,
             "{\"MapRunArn\":\"arn\",\"Items\":[1,2],\"HasKeys\":true,\"MaxConcurrency\":7,"
             "\"ToleratedFailureCount\":3,\"ToleratedFailurePercentage\":2.5,\"MaxItems\":9,"
             "\"MaxItemsPerBatch\":4,\"MaxInputBytesPerBatch\":100,\"BatchInput\":{}}",
             true, false);
    assert_true(str_eq(f.plan.arn, STR("arn")));
    assert_int_equal(f.plan.items.len, 2);
    assert_true(f.plan.has_keys && f.plan.is_batched);
    assert_int_equal(f.plan.max_concurrency, 7);
    assert_int_equal(f.plan.tolerated_count, 3);
    assert_true(f.plan.tolerated_percentage == 2.5);
    assert_int_equal(f.plan.max_items, 9);
    assert_int_equal(f.plan.batch_items, 4);
    assert_int_equal(f.plan.batch_bytes, 100);
    arena_done(&f.arena);
    open_run(&f, "{\"ToleratedFailureCount\":1e300,\"MaxConcurrency\":1e12}", true, true);
    assert_true(f.plan.tolerated_count == UINT64_MAX);
    assert_true(f.plan.max_concurrency == UINT32_MAX);
    assert_int_equal(f.plan.batch_bytes, ASL_MAX_PAYLOAD);
    assert_int_equal(f.plan.items.tag, JSON_UNDEFINED);
    arena_done(&f.arena);
}

static void there_is_room_up_to_the_concurrency(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{\"MaxConcurrency\":2}", false, false);
    assert_int_equal(asl_map_run_room(&f.run), 0); /* nothing found */
    asl_map_run_found(&f.run, 3);
    assert_int_equal(asl_map_run_room(&f.run), 2);
    start(&f, 2);
    assert_int_equal(asl_map_run_room(&f.run), 0);
    end(&f, 1, ASL_EXEC_SUCCEEDED);
    assert_int_equal(asl_map_run_room(&f.run), 1);
    start(&f, 1);
    end(&f, 2, ASL_EXEC_SUCCEEDED);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_RUNNING); /* there may be more */
    asl_map_run_all_found(&f.run);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_SUCCEEDED);
    arena_done(&f.arena);
    open_run(&f, "{\"MaxConcurrency\":0}", false, false);
    asl_map_run_found(&f.run, 20000);
    assert_int_equal(asl_map_run_room(&f.run), ASL_MAP_RUN_CONCURRENCY);
    arena_done(&f.arena);
}

static void a_run_without_items_succeeds_at_once(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{}", false, false);
    asl_map_run_all_found(&f.run);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_SUCCEEDED);
    assert_string_equal(asl_map_run_status_name(f.run.status), "SUCCEEDED");
    arena_done(&f.arena);
}

static const struct {
    const char *arguments;
    int items, failed;
    bool is_exceeded;
} TOLERANCE[] = {
    {"{}", 10, 0, false},
    {"{}", 10, 1, true},
    {"{\"ToleratedFailureCount\":0}", 10, 1, true},
    {"{\"ToleratedFailureCount\":2}", 10, 2, false},
    {"{\"ToleratedFailureCount\":2}", 10, 3, true},
    {"{\"ToleratedFailurePercentage\":0}", 10, 1, true},
    {"{\"ToleratedFailurePercentage\":20}", 10, 2, false},
    {"{\"ToleratedFailurePercentage\":20}", 10, 3, true},
    {"{\"ToleratedFailurePercentage\":100}", 10, 10, false},
    {"{\"ToleratedFailurePercentage\":33.3}", 3, 1, true},
    {"{\"ToleratedFailurePercentage\":33.4}", 3, 1, false},
    {"{\"ToleratedFailureCount\":5,\"ToleratedFailurePercentage\":10}", 10, 1, false},
    {"{\"ToleratedFailureCount\":5,\"ToleratedFailurePercentage\":10}", 10, 2, true},
    {"{\"ToleratedFailureCount\":1,\"ToleratedFailurePercentage\":90}", 10, 2, true},
};

static void failures_are_tolerated_up_to_count_and_share(void **state)
{
    static const enum asl_status kinds[] = {ASL_EXEC_FAILED, ASL_EXEC_TIMED_OUT, ASL_EXEC_ABORTED};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TOLERANCE); i++) {
        struct fixture f;
        open_run(&f, TOLERANCE[i].arguments, false, false);
        asl_map_run_found(&f.run, (uint64_t)TOLERANCE[i].items);
        asl_map_run_all_found(&f.run);
        start(&f, (uint64_t)TOLERANCE[i].items);
        for (int k = 0; k < TOLERANCE[i].failed; k++)
            end(&f, 1, kinds[k % 3]);
        if (asl_map_run_is_exceeded(&f.run) != TOLERANCE[i].is_exceeded)
            fail_msg("%s: %d of %d", TOLERANCE[i].arguments, TOLERANCE[i].failed,
                     TOLERANCE[i].items);
        end(&f, (uint64_t)(TOLERANCE[i].items - TOLERANCE[i].failed), ASL_EXEC_SUCCEEDED);
        assert_int_equal(f.run.status, TOLERANCE[i].is_exceeded ? ASL_MAP_RUN_IS_FAILED
                                                                : ASL_MAP_RUN_IS_SUCCEEDED);
        arena_done(&f.arena);
    }
}

static void a_share_is_told_when_all_items_are_known(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{\"ToleratedFailurePercentage\":10}", false, false);
    asl_map_run_found(&f.run, 1);
    start(&f, 1);
    end(&f, 1, ASL_EXEC_FAILED);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_RUNNING);
    asl_map_run_found(&f.run, 8);
    asl_map_run_all_found(&f.run);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_FAILED); /* 1 of 9 */
    arena_done(&f.arena);
}

static void a_run_that_has_ended_starts_nothing(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{}", false, false);
    asl_map_run_found(&f.run, 5);
    asl_map_run_all_found(&f.run);
    start(&f, 2);
    asl_map_run_end(&f.run, ASL_MAP_RUN_IS_ABORTED);
    assert_int_equal(asl_map_run_room(&f.run), 0);
    end(&f, 2, ASL_EXEC_ABORTED);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_ABORTED);
    assert_int_equal(asl_map_run_pending_children(&f.run), 3);
    arena_done(&f.arena);
}

static void a_redrive_makes_pending_what_did_not_succeed(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{\"ToleratedFailureCount\":1}", false, false);
    asl_map_run_found(&f.run, 6);
    asl_map_run_all_found(&f.run);
    start(&f, 4);
    end(&f, 1, ASL_EXEC_SUCCEEDED);
    end(&f, 1, ASL_EXEC_FAILED);
    end(&f, 1, ASL_EXEC_TIMED_OUT);
    end(&f, 1, ASL_EXEC_ABORTED);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_FAILED);
    asl_map_run_redrive(&f.run);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_RUNNING);
    assert_int_equal(f.run.redrive_count, 1);
    assert_int_equal(f.run.items.pending, 5);
    assert_int_equal(f.run.items.failed + f.run.items.timed_out + f.run.items.aborted, 0);
    assert_int_equal(asl_map_run_pending_children(&f.run), 5);
    for (int i = 0; i < 3; i++)
        asl_map_run_child_started(&f.run, 1, true);
    start(&f, 2);
    end(&f, 5, ASL_EXEC_SUCCEEDED);
    assert_int_equal(f.run.status, ASL_MAP_RUN_IS_SUCCEEDED);
    assert_int_equal(f.run.children.total, 6);
    assert_int_equal(f.run.items.total, 6);
    arena_done(&f.arena);
}

static void children_to_come_are_estimated_by_the_size_of_batches(void **state)
{
    struct fixture f;
    (void)state;
    open_run(&f, "{\"MaxItemsPerBatch\":4}", true, false);
    asl_map_run_found(&f.run, 9);
    assert_int_equal(asl_map_run_pending_children(&f.run), 3);
    asl_map_run_child_started(&f.run, 4, false);
    assert_int_equal(asl_map_run_pending_children(&f.run), 2);
    asl_map_run_child_planned(&f.run, 4);
    assert_int_equal(asl_map_run_pending_children(&f.run), 2);
    arena_done(&f.arena);
    open_run(&f, "{\"MaxInputBytesPerBatch\":4}", true, false);
    asl_map_run_found(&f.run, 9);
    assert_int_equal(asl_map_run_pending_children(&f.run), 1);
    arena_done(&f.arena);
}

/* ---- batches ---- */

static void a_batch_is_refused_items_beyond_its_limits(void **state)
{
    struct fixture f;
    struct asl_map_batch b;
    struct buf out;
    (void)state;
    open_run(&f, "{\"MaxItemsPerBatch\":2,\"MaxInputBytesPerBatch\":20}", true, false);
    buf_init(&out, 1000);
    asl_map_batch_begin(&b, &f.plan, false, &out); /* {"Items":[]} is 12 */
    assert_int_equal(asl_map_batch_add(&b, json_string(STR("abcdef"), 0)), ASL_MAP_BATCH_TAKEN);
    assert_int_equal(asl_map_batch_add(&b, json_num(1)), ASL_MAP_BATCH_FULL); /* bytes */
    asl_map_batch_end(&b);
    assert_true(str_eq(buf_str(&out), STR("{\"Items\":[\"abcdef\"]}")));
    buf_clear(&out);
    asl_map_batch_begin(&b, &f.plan, false, &out);
    assert_int_equal(asl_map_batch_add(&b, json_string(STR("abcdefg"), 0)),
                     ASL_MAP_BATCH_TOO_LARGE);
    assert_int_equal(asl_map_batch_add(&b, json_num(1)), ASL_MAP_BATCH_TAKEN);
    assert_int_equal(asl_map_batch_add(&b, json_num(2)), ASL_MAP_BATCH_TAKEN);
    assert_int_equal(asl_map_batch_add(&b, json_num(3)), ASL_MAP_BATCH_FULL); /* items */
    asl_map_batch_end(&b);
    assert_int_equal(b.count, 2);
    assert_true(str_eq(buf_str(&out), STR("{\"Items\":[1,2]}")));
    buf_done(&out);
    arena_done(&f.arena);
}

static void without_a_batcher_the_input_is_the_item(void **state)
{
    struct fixture f;
    struct asl_map_batch b;
    struct buf out;
    (void)state;
    open_run(&f, "{}", false, false);
    buf_init(&out, 10);
    asl_map_batch_begin(&b, &f.plan, false, &out);
    assert_int_equal(asl_map_batch_add(&b, json_string(STR("0123456789"), 0)),
                     ASL_MAP_BATCH_TOO_LARGE);
    assert_int_equal(asl_map_batch_add(&b, json_bool(true)), ASL_MAP_BATCH_TAKEN);
    assert_int_equal(asl_map_batch_add(&b, json_bool(true)), ASL_MAP_BATCH_FULL);
    asl_map_batch_end(&b);
    assert_true(str_eq(buf_str(&out), STR("true")));
    buf_done(&out);
    arena_done(&f.arena);
}

static void batch_input_that_fits_nowhere_leaves_no_room(void **state)
{
    struct fixture f;
    struct asl_map_batch b;
    struct buf out;
    (void)state;
    open_run(&f, "{\"MaxItemsPerBatch\":2,\"BatchInput\":{\"long\":\"text\"}}", true, false);
    buf_init(&out, 20);
    asl_map_batch_begin(&b, &f.plan, false, &out);
    assert_int_equal(asl_map_batch_add(&b, json_num(1)), ASL_MAP_BATCH_TOO_LARGE);
    buf_done(&out);
    arena_done(&f.arena);
}

/* ---- results ---- */

static void a_manifest_lists_files_by_kind(void **state)
{
    static const struct asl_map_file files[] = {
        {"SUCCEEDED", {"k0", 2}, 10}, {"FAILED", {"k1", 2}, 20}, {"SUCCEEDED", {"k2", 2}, 30}};
    struct buf out;
    (void)state;
    buf_init(&out, 1000);
    asl_map_result_manifest(STR("b"), STR("arn"), files, ARRAY_LEN(files), &out);
    assert_true(str_eq(
        buf_str(&out),
        STR("{\"DestinationBucket\":\"b\",\"MapRunArn\":\"arn\",\"ResultFiles\":{\"FAILED\":["
            "{\"Key\":\"k1\",\"Size\":20}],\"PENDING\":[],\"SUCCEEDED\":[{\"Key\":\"k0\",\"Size\":"
            "10},{\"Key\":\"k2\",\"Size\":30}]}}")));
    buf_done(&out);
}

static void a_whole_record_has_its_members_in_order(void **state)
{
    struct asl_map_child c = {.status = ASL_EXEC_SUCCEEDED,
                              .execution_arn = STR("e"),
                              .name = STR("n"),
                              .state_machine_arn = STR("m"),
                              .input = STR("{\"a\":1}"),
                              .output = STR("[]"),
                              .start_ms = 0,
                              .stop_ms = 1500};
    struct asl_map_result r;
    struct buf out;
    (void)state;
    buf_init(&out, 2000);
    asl_map_result_begin(&r, ASL_WRITER_NONE, true, &out);
    asl_map_result_add(&r, &c);
    c.status = ASL_EXEC_NEW;
    asl_map_result_add(&r, &c);
    asl_map_result_end(&r);
    assert_true(str_eq(
        buf_str(&out),
        STR("{\"ExecutionArn\":\"e\",\"Input\":\"{\\\"a\\\":1}\",\"InputDetails\":{\"Included\":"
            "true},\"Name\":\"n\",\"Output\":\"[]\",\"OutputDetails\":{\"Included\":true},"
            "\"RedriveCount\":0,\"RedriveStatus\":\"NOT_REDRIVABLE\",\"RedriveStatusReason\":"
            "\"Execution is SUCCEEDED and cannot be redriven\",\"StartDate\":"
            "\"1970-01-01T00:00:00.000Z\",\"StateMachineArn\":\"m\",\"Status\":\"SUCCEEDED\","
            "\"StopDate\":\"1970-01-01T00:00:01.500Z\"}\n"
            "{\"Input\":\"{\\\"a\\\":1}\",\"InputDetails\":{\"Included\":true},\"Status\":"
            "\"PENDING\"}")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_says_what_was_asked_for),
        cmocka_unit_test(there_is_room_up_to_the_concurrency),
        cmocka_unit_test(a_run_without_items_succeeds_at_once),
        cmocka_unit_test(failures_are_tolerated_up_to_count_and_share),
        cmocka_unit_test(a_share_is_told_when_all_items_are_known),
        cmocka_unit_test(a_run_that_has_ended_starts_nothing),
        cmocka_unit_test(a_redrive_makes_pending_what_did_not_succeed),
        cmocka_unit_test(children_to_come_are_estimated_by_the_size_of_batches),
        cmocka_unit_test(a_batch_is_refused_items_beyond_its_limits),
        cmocka_unit_test(without_a_batcher_the_input_is_the_item),
        cmocka_unit_test(batch_input_that_fits_nowhere_leaves_no_room),
        cmocka_unit_test(a_manifest_lists_files_by_kind),
        cmocka_unit_test(a_whole_record_has_its_members_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
