/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct loop: one thread's event loop. Whoever runs it owns everything on it: timers, deferred
 * work, watches (loop/watch.h) and all that is built on these belong to the loop's thread. From
 * other threads only loop_post and loop_stop may be called. libuv is below and does not show.
 *
 * Callbacks never come from within the function that asked for them, always from the loop later.
 * A round of the loop is: timers that are due, deferred work, sleep until something happens,
 * events of watches and posted tasks, deferred work.
 */
#ifndef AFFLUX_LOOP_LOOP_H
#define AFFLUX_LOOP_LOOP_H

#include "base/error.h"
#include "loop/heap.h"
#include <stdatomic.h>

struct loop;
typedef void loop_fn(void *arg);

/* Lies in the struct of whoever waits; all zero is a timer that is not running. */
struct loop_timer {
    struct loop_heap_node node;
    loop_fn *fn;
    void *arg;
};

/* Lies in the struct that is handed over. It is in at most one queue at a time; its memory is the
 * owner's again as soon as fn is called. */
struct loop_task {
    struct loop_task *next;
    loop_fn *fn;
    void *arg;
};

/* Ignores SIGPIPE in this process: a peer that closes must not end it. */
NODISCARD enum status loop_new(struct loop **ret_loop, struct error *err);
/* Runs what was posted or deferred before, then closes the loop. Every watch was closed and every
 * timer stopped before or by that work. NULL is fine. */
void loop_free(struct loop *loop);

/* Until loop_stop; may be called again afterwards. */
void loop_run(struct loop *loop);
/* Ends loop_run after the round it is in, or the next loop_run at once. From any thread. */
void loop_stop(struct loop *loop);

/* Milliseconds of a clock that never goes back; only differences mean something. Any thread. */
int64_t loop_now_ms(void);
/* Milliseconds since 1970-01-01T00:00:00Z, as the machine's clock has it. Any thread. */
int64_t loop_wall_ms(void);

/* fn(arg) once, when loop_now_ms() has reached at_ms; a time that is past counts as now, which is a
 * later round. A timer that is running is moved. Equal times fire in the order they were started.
 */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_ms, loop_fn *fn,
                      void *arg);
/* Does nothing when it is not running. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);
static inline bool loop_timer_is_running(const struct loop_timer *timer)
{
    return loop_heap_has(&timer->node);
}

/* For tests: time passes for all timers at once, as much of it as brings the first one to now; it
 * fires in a later round. How many milliseconds that were; 0: none, or no timer is running. */
int64_t loop_skip(struct loop *loop);

/* fn(arg) after the callbacks that are due now, in the order asked for. Work deferred by deferred
 * work comes after the loop has looked for events. */
void loop_defer(struct loop *loop, struct loop_task *task, loop_fn *fn, void *arg);

/* From any thread: fn(arg) on the loop's thread. Tasks of one thread keep their order. The loop
 * must not be freed meanwhile. */
void loop_post(struct loop *loop, struct loop_task *task, loop_fn *fn, void *arg);

/* fn(arg, signal) on the loop for SIGTERM and SIGINT, instead of ending the process; fn NULL gives
 * them back. One loop of a process does this. */
typedef void loop_signal_fn(void *arg, int signal);
NODISCARD enum status loop_on_signal(struct loop *loop, loop_signal_fn *fn, void *arg,
                                     struct error *err);

/* What the loop did since loop_stats was asked last. On its thread. */
struct loop_stats {
    uint64_t rounds;
    int64_t busy_us, idle_us;
    int64_t
        longest_us;  /* the busy part of the longest round: no event waited longer for its turn */
    int64_t late_ms; /* how late the latest timer fired */
    uint64_t posted; /* tasks */
    size_t timers_running; /* now */
};
struct loop_stats loop_stats(struct loop *loop);

#endif
