/* SPDX-License-Identifier: Apache-2.0 */
/* What `afflux aggregate` shows while it runs: on a terminal one line that is written over again,
 * elsewhere a line now and then. Steps are counted on every loop; how far the map run over
 * locations has come is known on the parent's alone, and asked for there. */
#ifndef AFFLUX_CMD_AGGREGATE_SHOW_H
#define AFFLUX_CMD_AGGREGATE_SHOW_H

#include "cmd/aggregate_options.h"
#include "engine/engine.h"
#include <stdatomic.h>

enum { AGGREGATE_SHOW_MS = 200, AGGREGATE_PLAIN_MS = 10000, AGGREGATE_GUESS_MS = 2000 };

struct aggregate_show {
    bool is_off, is_terminal, was_drawn;
    int64_t begun_ms, plain_ms;          /* plain_ms: of the last plain line */
    _Atomic uint64_t steps, pages, rows; /* of this process */
    uint64_t locations; /* that there are at least: the map run finds them as it goes */

    struct engine *engines[AGGREGATE_LOOPS_MAX]; /* each its own thread's */
    struct loop *loops[AGGREGATE_LOOPS_MAX];
    struct loop_task look, tell; /* to the parent's loop, and back */
    bool is_looking;
    uint32_t number;                 /* of the parent's loop */
    int64_t execution;               /* the parent; 0: none yet */
    int64_t first_ms;                /* when locations were counted first, */
    uint64_t first_done;             /* and how many were done then */
    bool has_seen, has_counts;       /* seen: while is_looking the parent's loop's, */
    struct asl_map_counts seen, now; /* now: the caller's */
};

void aggregate_show_init(struct aggregate_show *s, bool is_quiet, int64_t now_ms);
/* For engine_options.loop_opened and loop_closing (e: NULL). */
void aggregate_show_loop(struct aggregate_show *s, uint32_t number, struct engine *e,
                         struct loop *loop);
/* For engine_options.on_step, on any thread: counts steps, and pages that were stored. */
void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x);
/* e: of the caller's loop; execution: of the parent, 0: none yet. What is shown of locations is as
 * it was when this was called before. */
void aggregate_show_now(struct aggregate_show *s, struct engine *e, int64_t execution,
                        int64_t now_ms);
void aggregate_show_clear(struct aggregate_show *s);

#endif
