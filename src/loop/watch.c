/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches, by uv_poll. A closed handle of libuv is referred to until the next round of the loop, so
 * a watch frees itself then.
 */
#include "loop/watch.h"
#include "base/check.h"
#include "loop/loop_internal.h"
#include <stdlib.h>

struct loop_watch {
    uv_poll_t poll;
    struct loop *loop;
    unsigned events;
    loop_watch_fn *fn;
    void *arg;
};

enum status loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *arg,
                           struct loop_watch **ret_watch, struct error *err)
{
    struct loop_watch *watch = calloc(1, sizeof *watch);
    check(watch != NULL);
    int code = uv_poll_init(&loop->uv, &watch->poll, fd);
    if (code != 0) {
        free(watch);
        return loop_failed(err, code, "cannot watch a descriptor");
    }
    watch->poll.data = watch;
    watch->loop = loop;
    watch->fn = fn;
    watch->arg = arg;
    loop->watches++;
    *ret_watch = watch;
    return STATUS_OK;
}

static void watch_happened(uv_poll_t *poll, int status, int happened)
{
    struct loop_watch *watch = poll->data;
    unsigned events = 0;
    if (status < 0) {
        watch->events = 0; /* libuv has stopped it */
        events = LOOP_FAILED;
    }
    if ((happened & UV_READABLE) != 0)
        events |= LOOP_READABLE;
    if ((happened & UV_WRITABLE) != 0)
        events |= LOOP_WRITABLE;
    watch->fn(watch->arg, events);
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    if (events == watch->events)
        return;
    watch->events = events;
    int wanted = ((events & LOOP_READABLE) != 0 ? UV_READABLE : 0) |
                 ((events & LOOP_WRITABLE) != 0 ? UV_WRITABLE : 0);
    check((wanted == 0 ? uv_poll_stop(&watch->poll)
                       : uv_poll_start(&watch->poll, wanted, watch_happened)) == 0);
}

unsigned loop_watch_events(const struct loop_watch *watch)
{
    return watch->events;
}

static void watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void loop_watch_close(struct loop_watch *watch)
{
    if (watch == NULL)
        return;
    watch->loop->watches--;
    uv_close((uv_handle_t *)&watch->poll, watch_closed);
}
