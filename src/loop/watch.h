/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct loop_watch: a file descriptor that can be waited for (socket, pipe, epoll), watched by a
 * loop. The descriptor stays the caller's and is closed by the caller, after loop_watch_close.
 * Events are levels: as long as one lasts, fn is called in every round. On the loop's thread.
 */
#ifndef AFFLUX_LOOP_WATCH_H
#define AFFLUX_LOOP_WATCH_H

#include "loop/loop.h"

enum {
    LOOP_READABLE = 1,
    LOOP_WRITABLE = 2,
    LOOP_FAILED = 4, /* only told, never asked for: an error is pending; the watch has stopped */
};

struct loop_watch;
typedef void loop_watch_fn(void *arg, unsigned events);

/* Watches nothing yet. Puts the descriptor into non-blocking mode. */
NODISCARD enum status loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *arg,
                                     struct loop_watch **ret_watch, struct error *err);
/* Which events to wait for; 0: none. Costs nothing when nothing changes. */
void loop_watch_set(struct loop_watch *watch, unsigned events);
/* What is waited for now. */
unsigned loop_watch_events(const struct loop_watch *watch);
/* No call of fn after this. NULL is fine. */
void loop_watch_close(struct loop_watch *watch);

#endif
