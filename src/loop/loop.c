/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: making, running and closing it, clocks, deferred and posted work, signals, accounts.
 * Relies on libuv for sleeping and waking up. Timers are in timer.c, watches of sockets in watch.c.
 *
 * Posted tasks form a stack that threads push to with compare-and-swap; the loop takes the whole
 * stack at once and turns it round. Only who pushes on an empty stack wakes the loop up.
 */
#include "loop/loop_internal.h"
#include "base/check.h"
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum status loop_failed(struct error *err, int code, const char *what)
{
    char text[128];
    return error_set(err, STATUS_IO, "LoopFailed", "%s: %s", what,
                     uv_strerror_r(code, text, sizeof text));
}

static int64_t clock_read_ms(clockid_t clock)
{
    struct timespec t;
    check(clock_gettime(clock, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t loop_now_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

int64_t loop_wall_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

/* deferred and posted work */

static void queue_add(struct loop_queue *queue, struct loop_task *task)
{
    task->next = NULL;
    if (queue->first == NULL)
        queue->first = task;
    else
        queue->last->next = task;
    queue->last = task;
}

/* Tasks may free themselves or queue themselves again. */
static void queue_run(struct loop_task *task)
{
    while (task != NULL) {
        struct loop_task *next = task->next;
        task->next = NULL;
        task->fn(task->arg);
        task = next;
    }
}

void loop_defer(struct loop *loop, struct loop_task *task, loop_fn *fn, void *arg)
{
    task->fn = fn;
    task->arg = arg;
    queue_add(&loop->deferred, task);
}

static void loop_run_deferred(struct loop *loop)
{
    struct loop_task *first = loop->deferred.first;
    loop->deferred = (struct loop_queue){0};
    queue_run(first);
}

void loop_post(struct loop *loop, struct loop_task *task, loop_fn *fn, void *arg)
{
    task->fn = fn;
    task->arg = arg;
    struct loop_task *top = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do
        task->next = top;
    while (!atomic_compare_exchange_weak_explicit(&loop->posted, &top, task, memory_order_release,
                                                  memory_order_relaxed));
    if (top == NULL)
        check(uv_async_send(&loop->wake) == 0);
}

static void loop_run_posted(struct loop *loop)
{
    struct loop_task *task = atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire);
    struct loop_task *first = NULL;
    while (task != NULL) {
        struct loop_task *older = task->next;
        task->next = first;
        first = task;
        task = older;
        loop->stats.posted++;
    }
    queue_run(first);
}

/* what libuv calls */

static void loop_woken(uv_async_t *handle)
{
    loop_run_posted(handle->data);
}

static void loop_account_round(struct loop *loop)
{
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(&loop->uv);
    int64_t busy_us = (int64_t)((now - loop->round_from_ns) - (idle - loop->round_idle_ns)) / 1000;
    if (busy_us > loop->stats.longest_us)
        loop->stats.longest_us = busy_us;
    loop->round_from_ns = now;
    loop->round_idle_ns = idle;
    loop->stats.rounds++;
}

static void loop_idle(uv_idle_t *handle)
{
    (void)handle;
}

static void loop_before_sleep(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    loop_run_deferred(loop);
    loop_account_round(loop);
    if (loop->deferred.first != NULL) /* more work: no sleep */
        uv_idle_start(&loop->idle, loop_idle);
    else
        uv_idle_stop(&loop->idle);
}

/* loop_stop has woken the loop up, so this is also where a stop is seen, whoever wanted it. */
static void loop_after_events(uv_check_t *handle)
{
    struct loop *loop = handle->data;
    loop_run_deferred(loop);
    if (atomic_load_explicit(&loop->stop, memory_order_relaxed))
        uv_stop(&loop->uv);
}

static void loop_signalled(uv_signal_t *handle, int signal)
{
    struct loop *loop = handle->data;
    if (loop->signal_fn != NULL)
        loop->signal_fn(loop->signal_arg, signal);
}

/* making, running, closing */

enum status loop_new(struct loop **ret_loop, struct error *err)
{
    struct loop *loop = calloc(1, sizeof *loop);
    check(loop != NULL);
    int code = uv_loop_init(&loop->uv);
    if (code != 0) {
        free(loop);
        return loop_failed(err, code, "no event loop");
    }
    uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
    code = uv_async_init(&loop->uv, &loop->wake, loop_woken);
    if (code != 0) {
        check(uv_loop_close(&loop->uv) == 0);
        free(loop);
        return loop_failed(err, code, "no event loop");
    }
    signal(SIGPIPE, SIG_IGN);
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    loop->wake.data = loop->prepare.data = loop->check.data = loop->idle.data = loop;
    uv_prepare_start(&loop->prepare, loop_before_sleep);
    uv_check_start(&loop->check, loop_after_events);
    loop_timers_init(loop);
    loop->stats_from_ns = loop->round_from_ns = uv_hrtime();
    *ret_loop = loop;
    return STATUS_OK;
}

void loop_run(struct loop *loop)
{
    loop->round_from_ns = uv_hrtime();
    loop->round_idle_ns = uv_metrics_idle_time(&loop->uv);
    if (!atomic_load(&loop->stop))
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    atomic_store(&loop->stop, false);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    check(uv_async_send(&loop->wake) == 0);
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->deferred.first != NULL || atomic_load(&loop->posted) != NULL) {
        loop_run_posted(loop);
        loop_run_deferred(loop);
    }
    check(loop->watches == 0 && loop->timers.count == 0);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    for (size_t i = 0; loop->has_signals && i < ARRAY_LEN(loop->signals); i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* until the last handle has closed */
    check(uv_loop_close(&loop->uv) == 0);
    loop_heap_done(&loop->timers);
    free(loop);
}

static enum status loop_init_signals(struct loop *loop, struct error *err)
{
    if (loop->has_signals)
        return STATUS_OK;
    /* Only the first needs something of the system: a pipe, which the second shares. */
    for (size_t i = 0; i < ARRAY_LEN(loop->signals); i++) {
        int code = uv_signal_init(&loop->uv, &loop->signals[i]);
        check(i == 0 || code == 0);
        if (code != 0)
            return loop_failed(err, code, "cannot watch signals");
        loop->signals[i].data = loop;
    }
    loop->has_signals = true;
    return STATUS_OK;
}

enum status loop_on_signal(struct loop *loop, loop_signal_fn *fn, void *arg, struct error *err)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    enum status status = loop_init_signals(loop, err);
    if (status != STATUS_OK)
        return status;
    loop->signal_fn = fn;
    loop->signal_arg = arg;
    for (size_t i = 0; i < ARRAY_LEN(loop->signals); i++) {
        int code = fn == NULL ? uv_signal_stop(&loop->signals[i])
                              : uv_signal_start(&loop->signals[i], loop_signalled, numbers[i]);
        if (code != 0)
            return loop_failed(err, code, "cannot watch signals");
    }
    return STATUS_OK;
}

struct loop_stats loop_stats(struct loop *loop)
{
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(&loop->uv);
    struct loop_stats stats = loop->stats;
    stats.idle_us = (int64_t)(idle - loop->stats_idle_ns) / 1000;
    stats.busy_us = (int64_t)(now - loop->stats_from_ns) / 1000 - stats.idle_us;
    stats.timers_running = loop->timers.count;
    loop->stats = (struct loop_stats){0};
    loop->stats_from_ns = now;
    loop->stats_idle_ns = idle;
    return stats;
}
