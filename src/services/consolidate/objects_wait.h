/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for objects on a thread that has nothing else to do: its own loop runs until what was
 * asked for is ready. Inside of consolidate/ only. */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_OBJECTS_WAIT_H
#define AFFLUX_SERVICES_CONSOLIDATE_OBJECTS_WAIT_H

#include "base/error.h"
#include "services/objects.h"
#include <stdatomic.h>

enum { OBJECTS_WAIT_LOOK_MS = 100 /* how often it is asked whether the job was canceled */ };

struct objects_wait {
    struct loop *loop;
    bool is_ready;
    const _Atomic bool *is_canceled; /* NULL: nobody cancels */
    struct loop_timer timer;
};

static inline void objects_wait_look(void *arg)
{
    loop_stop(arg);
}

static inline void objects_wait_ready(void *arg)
{
    struct objects_wait *w = arg;
    w->is_ready = true;
    loop_stop(w->loop);
}

/* Of what was opened on w's loop. */
static inline void objects_wait_for(struct objects_wait *w, struct objects_part *part)
{
    part->ready = objects_wait_ready;
    part->ready_arg = w;
}

static inline bool objects_is_canceled(const struct objects_wait *w)
{
    return w->is_canceled && atomic_load_explicit(w->is_canceled, memory_order_relaxed);
}

/* After an OBJECTS_WAIT; returns also when the job was canceled. */
static inline void objects_wait(struct objects_wait *w)
{
    while (!w->is_ready && !objects_is_canceled(w)) {
        if (w->is_canceled)
            loop_timer_start(w->loop, &w->timer, loop_now_ms() + OBJECTS_WAIT_LOOK_MS,
                             objects_wait_look, w->loop);
        loop_run(w->loop);
    }
    loop_timer_stop(w->loop, &w->timer);
    w->is_ready = false;
}

static inline enum status objects_canceled(struct error *err)
{
    return error_set(err, STATUS_CANCELED, "Canceled", "canceled");
}

static inline enum status objects_failed(str bucket, str key, const char *cause, struct error *err)
{
    return error_set(err, STATUS_IO, "Objects", "s3://%.*s/%.*s: %s", STR_ARG(bucket),
                     STR_ARG(str_sub(key, 0, 256)), cause);
}

#endif
