/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An aggregation that goes on with other limits than it began with. What a running execution knows
 * stays as it was, so the map run over locations is told how many may be at work now, once it is
 * there. On the loop of the caller, but for the moment on the parent's.
 */
#ifndef AFFLUX_CMD_AGGREGATE_TUNE_H
#define AFFLUX_CMD_AGGREGATE_TUNE_H

#include "aggregate/config.h"
#include "engine/engine.h"

struct aggregate_tune {
    uint32_t locations_at_once;
    struct engine *engines[AGGREGATE_LOOPS_MAX]; /* each its own thread's */
    struct loop *loops[AGGREGATE_LOOPS_MAX];
    struct loop_task there, back;
    int64_t execution;
    uint32_t number; /* of the parent's loop */
    bool is_asking, is_found, is_done;
};

/* For engine_options.loop_opened and loop_closing (e: NULL). */
void aggregate_tune_loop(struct aggregate_tune *t, uint32_t number, struct engine *e,
                         struct loop *loop);
/* Now and then, e of the caller's loop, which is the first; does nothing when all is done.
 * execution: the parent, 0: none yet. */
void aggregate_tune_now(struct aggregate_tune *t, struct engine *e, int64_t execution);

#endif
