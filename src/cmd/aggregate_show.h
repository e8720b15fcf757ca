/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `afflux aggregate` tells while it runs: to people (aggregate_view.h), or with --json as
 * events (aggregate/events.h). Steps are counted, and ends of locations told, on every loop; how
 * far the map run over locations has come is known on the parent's loop alone, and asked for there.
 */
#ifndef AFFLUX_CMD_AGGREGATE_SHOW_H
#define AFFLUX_CMD_AGGREGATE_SHOW_H

#include "aggregate/events.h"
#include "cmd/aggregate_options.h"
#include "cmd/aggregate_view.h"
#include "cmd/event_out.h"
#include "engine/engine.h"
#include <stdatomic.h>

enum {
    AGGREGATE_SHOW_MS = 200,
    AGGREGATE_EVENT_MS = 1000, /* between two events of progress */
    AGGREGATE_STATE_MAX = 80   /* bytes of a state's name that are shown */
};

/* Locations that ended. */
struct aggregate_tally {
    uint64_t ended, failed, mismatched; /* ended: all of them */
};

/* What was seen on the parent's loop. */
struct aggregate_seen {
    int64_t execution;
    bool is_there, has_counts; /* the parent is in memory; it is at its locations */
    char state[AGGREGATE_STATE_MAX];
    size_t state_n;
    struct asl_map_counts counts;
    struct aggregate_tally tally; /* at that moment */
};

struct aggregate_show {
    int64_t begun_ms, event_ms;                 /* event_ms: of the last event of progress */
    _Atomic uint64_t steps, pages, rows;        /* of this process */
    _Atomic uint64_t ended, failed, mismatched; /* locations, in this process */
    uint64_t locations; /* that there are at least: the map run finds them as it goes */
    struct progress_rate rate;
    struct aggregate_view view;
    struct event_out out;
    str run; /* once it has started */

    struct engine *engines[AGGREGATE_LOOPS_MAX]; /* each its own thread's */
    struct loop *loops[AGGREGATE_LOOPS_MAX];
    struct loop_task look, tell; /* to the parent's loop, and back */
    bool is_looking;
    uint32_t number;                   /* of the parent's loop */
    int64_t execution, asked;          /* the parent, 0: none yet; of the look under way */
    struct aggregate_tally base;       /* of those before this parent */
    bool has_counts;                   /* of its locations, since: */
    int64_t first_ms;                  /* when they were counted first */
    uint64_t before, before_failed;    /* of them, before this process */
    struct aggregate_seen seen, known; /* seen: while is_looking the parent's loop's */

    pthread_mutex_t mutex; /* of what follows, and of view.told */
    struct buf trouble;    /* the last location that is not complete */
};

void aggregate_show_init(struct aggregate_show *s, bool is_quiet, bool is_json, int64_t now_ms);
/* The loops are gone. */
void aggregate_show_done(struct aggregate_show *s);
/* For engine_options.loop_opened and loop_closing (e: NULL). */
void aggregate_show_loop(struct aggregate_show *s, uint32_t number, struct engine *e,
                         struct loop *loop);
/* For engine_options.on_step, on any thread: counts steps, pages that were stored and locations
 * that ended, and tells of these. */
void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x,
                         const struct asl_out *out);

/* Another parent begins, with so many locations at least, which are counted anew. */
void aggregate_show_again(struct aggregate_show *s, uint64_t locations);

/* e: of the caller's loop; execution: of the parent, 0: none yet. What is told of locations is as
 * it was when this was called before. */
void aggregate_show_now(struct aggregate_show *s, struct engine *e, int64_t execution,
                        int64_t now_ms);
/* How it stands; ret->state lies in s. */
void aggregate_show_progress(const struct aggregate_show *s, struct engine *e, int64_t now_ms,
                             struct progress *ret);
void aggregate_show_clear(struct aggregate_show *s);

/* The first event, and one of the last; only with --json. The run's name is borrowed until then. */
void aggregate_show_started(struct aggregate_show *s, const struct event_started *e);
/* Nothing, when nothing was told before. */
void aggregate_show_stopped(struct aggregate_show *s, str error, str cause);
/* False when not all events got out, which it says on stderr. */
bool aggregate_show_finished(struct aggregate_show *s, const struct event_finished *e);

#endif
