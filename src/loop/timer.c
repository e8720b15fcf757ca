/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers: a heap of them, and one timer of libuv, the alarm, for the first. Most timers are
 * deadlines that are stopped long before they fire, so the alarm is only ever set earlier; it may
 * ring for nothing and is then set for the first timer there is.
 */
#include "loop/loop_internal.h"

static void timers_ring(uv_timer_t *alarm);

static void timers_set_alarm(struct loop *loop, int64_t at_ms)
{
    uv_update_time(&loop->uv); /* libuv counts from the time it read last */
    int64_t now = (int64_t)uv_now(&loop->uv);
    loop->alarm_ms = at_ms;
    uv_timer_start(&loop->alarm, timers_ring, at_ms > now ? (uint64_t)(at_ms - now) : 0, 0);
}

/* Those started meanwhile wait for a later round, so that a timer that starts itself again for now
 * does not keep the loop. libuv would ring again in this round for an alarm set to now. */
static void timers_ring(uv_timer_t *alarm)
{
    struct loop *loop = alarm->data;
    int64_t now = loop_now_ms();
    uint64_t last = loop->timers.order;
    struct loop_heap_node *node;
    loop->alarm_ms = INT64_MIN; /* nobody sets it meanwhile */
    while ((node = loop_heap_first(&loop->timers)) != NULL && node->key <= now &&
           node->order <= last) {
        struct loop_timer *timer = node->owner;
        int64_t late_ms = loop_now_ms() - node->key;
        if (late_ms > loop->stats.late_ms)
            loop->stats.late_ms = late_ms;
        loop_heap_remove(&loop->timers, node);
        timer->fn(timer->arg);
    }
    loop->alarm_ms = INT64_MAX;
    if (node != NULL)
        timers_set_alarm(loop, node->key > now ? node->key : loop_now_ms() + 1);
}

void loop_timers_init(struct loop *loop)
{
    loop_heap_init(&loop->timers);
    uv_timer_init(&loop->uv, &loop->alarm);
    loop->alarm.data = loop;
    loop->alarm_ms = INT64_MAX;
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_ms, loop_fn *fn,
                      void *arg)
{
    loop_heap_remove(&loop->timers, &timer->node);
    timer->fn = fn;
    timer->arg = arg;
    timer->node.owner = timer;
    int64_t now = loop_now_ms();
    if (at_ms < now) /* late is what it is from now on */
        at_ms = now;
    loop_heap_add(&loop->timers, &timer->node, at_ms);
    if (at_ms < loop->alarm_ms)
        timers_set_alarm(loop, at_ms);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    loop_heap_remove(&loop->timers, &timer->node);
}

int64_t loop_skip(struct loop *loop)
{
    const struct loop_heap_node *first = loop_heap_first(&loop->timers);
    int64_t now = loop_now_ms();
    if (!first || first->key <= now)
        return 0;
    int64_t skipped = first->key - now;
    for (size_t i = 0; i < loop->timers.count; i++)
        loop->timers.nodes[i]->key -= skipped; /* of all: their order stays */
    timers_set_alarm(loop, now);
    return skipped;
}
