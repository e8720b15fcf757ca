/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `afflux aggregate --json` prints while it runs: an event on each line, a JSON object that
 * begins with its name and time. docs/formats/events.md says what each has; members are added at
 * will, and never change their meaning. Pure. Each function appends one line; times are Unix time.
 */
#ifndef AFFLUX_AGGREGATE_EVENTS_H
#define AFFLUX_AGGREGATE_EVENTS_H

#include "aggregate/ledger.h"
#include "aggregate/progress.h"

/* The run begins, or goes on. */
struct event_started {
    str run, file, ledger, data;
    uint64_t locations;
};
void event_put_started(struct buf *out, int64_t now_ms, const struct event_started *e);

void event_put_progress(struct buf *out, int64_t now_ms, const struct progress *p);
void event_put_location(struct buf *out, int64_t now_ms, const struct location_end *l);

/* The run is over, with a result. */
struct event_finished {
    str status, run;
    bool was_finished; /* by a process before this one */
    const struct ledger *counts;
    str file, ledger; /* file: empty: there is none, */
    str failure;      /* and why */
    const struct progress *last;
};
void event_put_finished(struct buf *out, int64_t now_ms, const struct event_finished *e);

/* It is over without one: error names why, "Interrupted" or what the message is about. */
void event_put_stopped(struct buf *out, int64_t now_ms, str run, str error, str cause);

#endif
