/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a loop, for this folder: the only header that names libuv. */
#ifndef AFFLUX_LOOP_LOOP_INTERNAL_H
#define AFFLUX_LOOP_LOOP_INTERNAL_H

#include "loop/loop.h"
#include <uv.h>

struct loop_queue {
    struct loop_task *first, *last;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* before sleeping: deferred work, accounts */
    uv_check_t check;     /* after events: deferred work */
    uv_idle_t idle;       /* active while deferred work is left: no sleep */
    uv_async_t wake;
    uv_timer_t alarm; /* for the first timer of the heap */
    uv_signal_t signals[2];
    struct loop_heap timers;
    int64_t
        alarm_ms; /* when the alarm rings; INT64_MAX: not set. Never later than the first timer */
    struct loop_queue deferred;
    struct loop_task *_Atomic posted; /* newest first */
    atomic_bool stop;
    bool has_signals;
    loop_signal_fn *signal_fn;
    void *signal_arg;
    size_t watches; /* open, closing ones not counted */

    struct loop_stats stats;
    uint64_t stats_from_ns; /* when the accounts were begun */
    uint64_t stats_idle_ns; /* libuv's idle time then */
    uint64_t round_from_ns; /* end of the last round */
    uint64_t round_idle_ns; /* libuv's idle time then */
};

/* Of timer.c. */
void loop_timers_init(struct loop *loop);

/* Fills err from a libuv error code: STATUS_IO "LoopFailed". */
enum status loop_failed(struct error *err, int code, const char *what);

#endif
