/* SPDX-License-Identifier: Apache-2.0 */
/* The bookkeeping of a map run: numbers in, decisions out. */
#include "asl/map_run.h"
#include "base/check.h"

const char *asl_map_run_status_name(enum asl_map_run_status status)
{
    static const char *const names[] = {
#define X(id, text) [ASL_MAP_RUN_IS_##id] = text,
        ASL_MAP_RUN_STATUS_LIST(X)
#undef X
    };
    return names[status];
}

/* ---- what was asked for ---- */

/* A number that asl/map_distributed.c has checked; false when it is absent. */
static bool read_count(struct json_val arguments, const char *key, uint64_t *ret)
{
    struct json_val v = json_get(arguments, str_of(key));
    double d = json_is_number(v) ? json_number(v) : 0;
    *ret = d >= 0x1p63 ? UINT64_MAX : d > 0 ? (uint64_t)d : 0;
    return json_is_number(v);
}

void asl_map_run_plan_read(struct json_val arguments, const struct asl_state *state, bool strict,
                           struct asl_map_run_plan *ret)
{
    uint64_t n;
    struct json_val percentage = json_get(arguments, STR("ToleratedFailurePercentage"));
    *ret = (struct asl_map_run_plan){
        .arn = json_str(json_get(arguments, STR("MapRunArn"))),
        .items = json_get(arguments, STR("Items")),
        .has_keys = json_get(arguments, STR("HasKeys")).tag == JSON_BOOL,
        .reader = json_get(arguments, STR("Reader")),
        .writer = json_get(arguments, STR("Writer")),
        .batch_input = json_get(arguments, STR("BatchInput")),
        .is_batched = state->map.batcher != NULL,
        .has_tolerated_percentage = json_is_number(percentage),
    };
    if (ret->has_tolerated_percentage)
        ret->tolerated_percentage = json_number(percentage);
    read_count(arguments, "MaxConcurrency", &n);
    ret->max_concurrency = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
    read_count(arguments, "MaxItems", &ret->max_items);
    read_count(arguments, "MaxItemsPerBatch", &ret->batch_items);
    if (!read_count(arguments, "MaxInputBytesPerBatch", &ret->batch_bytes) && strict)
        ret->batch_bytes = ASL_MAX_PAYLOAD;
    ret->has_tolerated_count =
        read_count(arguments, "ToleratedFailureCount", &ret->tolerated_count);
}

str asl_map_run_source(const struct asl_map_run_plan *plan, const struct asl_state *state,
                       struct arena *arena)
{
    struct json_val bucket = json_get(plan->reader, STR("Bucket"));
    struct json_val key = json_get(plan->reader, STR("Key"));
    if (!state->map.reader)
        return STR("STATE_DATA");
    if (bucket.tag != JSON_STRING)
        return STR("S3://");
    if (key.tag != JSON_STRING)
        return arena_printf(arena, "S3://%.*s", STR_ARG(json_str(bucket)));
    return arena_printf(arena, "S3://%.*s/%.*s", STR_ARG(json_str(bucket)), STR_ARG(json_str(key)));
}

void asl_map_run_init(struct asl_map_run *run, const struct asl_map_run_plan *plan)
{
    *run = (struct asl_map_run){
        .max_concurrency = plan->max_concurrency,
        .is_batched = plan->is_batched,
        .batch_items = plan->is_batched ? plan->batch_items : 1,
        .has_tolerated_count = plan->has_tolerated_count || !plan->has_tolerated_percentage,
        .has_tolerated_percentage = plan->has_tolerated_percentage,
        .tolerated_count = plan->tolerated_count,
        .tolerated_percentage = plan->tolerated_percentage,
    };
}

/* ---- its end ---- */

static uint64_t failed_items(const struct asl_map_run *run)
{
    return run->items.failed + run->items.timed_out + run->items.aborted;
}

/* A share can only be told once it is known of what. */
bool asl_map_run_is_exceeded(const struct asl_map_run *run)
{
    uint64_t failed = failed_items(run);
    if (failed == 0)
        return false;
    if (run->has_tolerated_count && failed > run->tolerated_count)
        return true;
    return run->has_tolerated_percentage && run->is_all_found &&
           (double)failed * 100 > run->tolerated_percentage * (double)run->items.total;
}

static void decide(struct asl_map_run *run)
{
    if (run->status != ASL_MAP_RUN_IS_RUNNING)
        return;
    if (asl_map_run_is_exceeded(run))
        run->status = ASL_MAP_RUN_IS_FAILED;
    else if (run->is_all_found && run->items.pending == 0 && run->items.running == 0)
        run->status = ASL_MAP_RUN_IS_SUCCEEDED;
}

void asl_map_run_end(struct asl_map_run *run, enum asl_map_run_status status)
{
    if (run->status == ASL_MAP_RUN_IS_RUNNING)
        run->status = status;
}

/* ---- items and children ---- */

void asl_map_run_found(struct asl_map_run *run, uint64_t items)
{
    run->items.total += items;
    run->items.pending += items;
    run->unplanned += items;
}

void asl_map_run_all_found(struct asl_map_run *run)
{
    run->is_all_found = true;
    decide(run);
}

uint64_t asl_map_run_room(const struct asl_map_run *run)
{
    if (run->status != ASL_MAP_RUN_IS_RUNNING || run->items.pending == 0)
        return 0;
    uint64_t most = run->max_concurrency > 0 && run->max_concurrency < ASL_MAP_RUN_CONCURRENCY
                        ? run->max_concurrency
                        : ASL_MAP_RUN_CONCURRENCY;
    return run->children.running < most ? most - run->children.running : 0;
}

void asl_map_run_child_started(struct asl_map_run *run, uint64_t items, bool is_again)
{
    check(run->items.pending >= items);
    run->items.pending -= items;
    run->items.running += items;
    run->children.running++;
    if (is_again) {
        check(run->children.pending > 0);
        run->children.pending--;
    } else {
        check(run->unplanned >= items);
        run->unplanned -= items;
        run->children.total++;
    }
}

void asl_map_run_child_planned(struct asl_map_run *run, uint64_t items)
{
    check(run->unplanned >= items);
    run->unplanned -= items;
    run->children.pending++;
    run->children.total++;
}

static uint64_t *count_of(struct asl_map_counts *counts, enum asl_status status)
{
    switch (status) {
    case ASL_EXEC_SUCCEEDED: return &counts->succeeded;
    case ASL_EXEC_FAILED: return &counts->failed;
    case ASL_EXEC_TIMED_OUT: return &counts->timed_out;
    case ASL_EXEC_ABORTED: return &counts->aborted;
    case ASL_EXEC_NEW:
    case ASL_EXEC_RUNNING: break;
    }
    unreachable();
}

void asl_map_run_child_ended(struct asl_map_run *run, uint64_t items, enum asl_status status)
{
    check(run->children.running > 0 && run->items.running >= items);
    run->children.running--;
    run->items.running -= items;
    *count_of(&run->children, status) += 1;
    *count_of(&run->items, status) += items;
    decide(run);
}

uint64_t asl_map_run_pending_children(const struct asl_map_run *run)
{
    uint64_t size = run->batch_items > 0 ? run->batch_items : run->unplanned;
    uint64_t more = run->unplanned > 0 ? (run->unplanned - 1) / size + 1 : 0;
    return run->children.pending + more;
}

static void make_pending(struct asl_map_counts *counts)
{
    counts->pending += counts->failed + counts->timed_out + counts->aborted;
    counts->failed = counts->timed_out = counts->aborted = 0;
}

void asl_map_run_redrive(struct asl_map_run *run)
{
    check(run->items.running == 0 && run->children.running == 0);
    make_pending(&run->items);
    make_pending(&run->children);
    run->redrive_count++;
    run->status = ASL_MAP_RUN_IS_RUNNING;
    decide(run);
}
