/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bookkeeping of a map run: what was asked for, how many children may run, when failures are
 * too many, when it has ended. It knows numbers only; items, inputs and children belong to whoever
 * carries the run out, so a run takes the same memory for ten items as for ten million.
 *
 *   asl_map_run_init ─► found … ─► all_found
 *                         └─► room? ─► started ─► ended ─► status? ─► (redrive)
 */
#ifndef AFFLUX_ASL_MAP_RUN_H
#define AFFLUX_ASL_MAP_RUN_H

#include "asl/exec.h"

enum { ASL_MAP_RUN_CONCURRENCY = 10000 /* children at once where MaxConcurrency sets no limit */ };

/* The arguments of ASL_START_MAP_RUN, read. Values and texts are borrowed from them. */
struct asl_map_run_plan {
    str arn;
    struct json_val items;          /* undefined: a reader finds them */
    bool has_keys;                  /* the items are the {"Key", "Value"} of an object */
    struct json_val reader, writer; /* parameters, or undefined */
    struct json_val batch_input;    /* or undefined */
    uint32_t max_concurrency;
    uint64_t max_items; /* of the reader; 0: all */
    bool is_batched;
    uint64_t batch_items, batch_bytes; /* 0: no limit */
    bool has_tolerated_count, has_tolerated_percentage;
    uint64_t tolerated_count;
    double tolerated_percentage;
};

/* state is the Map. strict: batches without a limit of bytes have AWS's. */
void asl_map_run_plan_read(struct json_val arguments, const struct asl_state *state, bool strict,
                           struct asl_map_run_plan *ret);
/* Where the items come from, as expressions see it ($$.Map.Item.Source): "STATE_DATA", or the
 * reader's "S3://bucket/key". */
str asl_map_run_source(const struct asl_map_run_plan *plan, const struct asl_state *state,
                       struct arena *arena);

#define ASL_MAP_RUN_STATUS_LIST(X)                                                                 \
    X(RUNNING, "RUNNING")                                                                          \
    X(SUCCEEDED, "SUCCEEDED")                                                                      \
    X(FAILED, "FAILED")                                                                            \
    X(ABORTED, "ABORTED")

enum asl_map_run_status {
#define X(id, text) ASL_MAP_RUN_IS_##id,
    ASL_MAP_RUN_STATUS_LIST(X)
#undef X
};
const char *asl_map_run_status_name(enum asl_map_run_status status);

/* As DescribeMapRun has them. */
struct asl_map_counts {
    uint64_t pending, running, succeeded, failed, timed_out, aborted, total;
};

struct asl_map_run {
    uint32_t max_concurrency;
    uint64_t batch_items; /* for the number of children to come; 0: unknown */
    bool is_batched;
    bool has_tolerated_count, has_tolerated_percentage;
    uint64_t tolerated_count;
    double tolerated_percentage;

    struct asl_map_counts items, children; /* children: those that are known */
    uint64_t unplanned;                    /* items that belong to no child yet */
    bool is_all_found;
    uint32_t redrive_count;
    enum asl_map_run_status status;
};

void asl_map_run_init(struct asl_map_run *run, const struct asl_map_run_plan *plan);

/* Items have been found; all of them have been found. */
void asl_map_run_found(struct asl_map_run *run, uint64_t items);
void asl_map_run_all_found(struct asl_map_run *run);

/* How many children may start now; 0 when the run has ended. There may be fewer to start. */
uint64_t asl_map_run_room(const struct asl_map_run *run);

/* A child with so many items begins (is_again: one that is known already, planned
 * or run again by a redrive), or was begun and is
 * over with this status. Ends the run when that decides it. */
void asl_map_run_child_started(struct asl_map_run *run, uint64_t items, bool is_again);
void asl_map_run_child_ended(struct asl_map_run *run, uint64_t items, enum asl_status status);

/* A child with so many items will begin later: its batch is made. */
void asl_map_run_child_planned(struct asl_map_run *run, uint64_t items);

/* Have more items failed than are tolerated? */
bool asl_map_run_is_exceeded(const struct asl_map_run *run);
#define ASL_MAP_RUN_ERROR "States.ExceedToleratedFailureThreshold"
#define ASL_MAP_RUN_CAUSE "The specified tolerated failure threshold was exceeded"

/* Children that have not begun, where batches are not yet made as many as there must at least be.
 */
uint64_t asl_map_run_pending_children(const struct asl_map_run *run);

/* Ends it otherwise: by its execution (ABORTED), by a reader, a selector or a writer (FAILED).
 * Children that run are still to be ended one by one. */
void asl_map_run_end(struct asl_map_run *run, enum asl_map_run_status status);

/* A run that failed or was aborted goes on: what did not succeed is pending again. */
void asl_map_run_redrive(struct asl_map_run *run);

#endif
