/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes and those who wait for them.
 *
 * Tickets with the same host and key form a pair's line. A pair with somebody in line stands in
 * exactly one heap, by the order of its first ticket: among the ready, or among those a lane
 * blocks. The rule that keeps all awake: a lane that is free and blocks somebody has a pair of its
 * own among the ready. So whenever a pair leaves the ready, and whenever a lane may have become
 * free, the lane is stirred: its first blocked pair is placed anew. Pairs among the ready are only
 * probably free; that is checked when it is their turn.
 */
#include "http/limits.h"
#include "base/check.h"
#include "http/slots.h"
#include <math.h>
#include <stdlib.h>

struct http_lane {
    struct http_slot slot; /* in limits->lanes */
    enum http_lane_kind kind;
    struct http_limit limit;
    bool is_kept; /* the limit is its own */
    uint32_t in_flight;
    double tokens; /* starts it may make now, as of filled_ms */
    int64_t filled_ms;
    int64_t paused_until_ms;
    struct loop_heap_node pause; /* in limits->paused */
    struct loop_heap blocked;    /* pairs that wait for this lane */
    struct loop_heap_node due;   /* in limits->due: to be looked at again */
    size_t pairs;                /* that exist */
    size_t name_n;
    char name[];
};

struct http_pair {
    struct http_slot slot;            /* in limits->pairs */
    struct http_lane *lanes[2];       /* host, key or NULL */
    struct http_ticket *first, *last; /* waiting, by order */
    size_t tickets;                   /* waiting or in flight */
    struct loop_heap *heap;           /* that node is in */
    struct loop_heap_node node;
};

struct http_limits {
    struct http_limits_options options;
    struct http_slots lanes, pairs;
    struct loop_heap ready;  /* pairs */
    struct loop_heap due;    /* lanes, by time */
    struct loop_heap paused; /* lanes, by the end of the pause; some may be over */
    int64_t last_pause_ms;   /* the latest end of them */
    uint32_t in_flight;      /* tickets */
    int64_t order;
};

struct http_limits *http_limits_new(const struct http_limits_options *options)
{
    struct http_limits *limits = calloc(1, sizeof *limits);
    check(limits != NULL);
    limits->options = *options;
    return limits;
}

/* lanes */

static double lane_burst(const struct http_lane *lane)
{
    double burst = lane->limit.burst > 0 ? lane->limit.burst : floor(lane->limit.per_second);
    return burst < 1 ? 1 : burst;
}

static void lane_fill(struct http_lane *lane, int64_t now_ms)
{
    double burst = lane_burst(lane);
    if (now_ms > lane->filled_ms) {
        lane->tokens += (double)(now_ms - lane->filled_ms) * lane->limit.per_second / 1000;
        lane->filled_ms = now_ms;
    }
    if (lane->tokens > burst)
        lane->tokens = burst;
}

/* When the lane has so many tokens; a little less counts, as sums of fractions are. */
static int64_t lane_filled_at(struct http_lane *lane, double tokens, int64_t now_ms)
{
    if (lane->limit.per_second <= 0)
        return now_ms;
    lane_fill(lane, now_ms);
    if (lane->tokens > tokens - 1e-6)
        return now_ms;
    double wait_ms = ceil((tokens - lane->tokens) * 1000 / lane->limit.per_second);
    return now_ms + (wait_ms < HTTP_PAUSE_MAX_MS ? (int64_t)wait_ms : HTTP_PAUSE_MAX_MS);
}

/* When a call may go through as far as time is concerned; INT64_MAX: when another leaves. */
static int64_t lane_free_at(const struct http_limits *limits, struct http_lane *lane,
                            int64_t now_ms)
{
    if (limits->options.is_off)
        return now_ms;
    if (lane->limit.in_flight > 0 && lane->in_flight >= lane->limit.in_flight)
        return INT64_MAX;
    int64_t filled_ms = lane_filled_at(lane, 1, now_ms);
    return filled_ms > lane->paused_until_ms ? filled_ms : lane->paused_until_ms;
}

/* The earliest time counts. */
static void lane_look_again(struct http_limits *limits, struct http_lane *lane, int64_t at_ms)
{
    if (at_ms == INT64_MAX || (loop_heap_has(&lane->due) && lane->due.key <= at_ms))
        return;
    loop_heap_remove(&limits->due, &lane->due);
    lane->due.owner = lane;
    loop_heap_add(&limits->due, &lane->due, at_ms);
}

static struct http_lane *lane_find(struct http_limits *limits, enum http_lane_kind kind, str name,
                                   uint64_t hash)
{
    for (struct http_slot *s = http_slots_first(&limits->lanes, hash); s != NULL; s = s->next) {
        struct http_lane *lane = s->owner;
        if (s->hash == hash && lane->kind == kind && str_eq((str){lane->name, lane->name_n}, name))
            return lane;
    }
    return NULL;
}

static struct http_lane *lane_get(struct http_limits *limits, enum http_lane_kind kind, str name,
                                  int64_t now_ms)
{
    uint64_t hash = http_slots_hash(&limits->lanes, name, kind);
    struct http_lane *lane = lane_find(limits, kind, name, hash);
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof *lane + name.n);
    check(lane != NULL);
    lane->kind = kind;
    lane->limit = kind == HTTP_LANE_HOST ? limits->options.host : limits->options.key;
    lane->tokens = lane_burst(lane);
    lane->filled_ms = now_ms;
    lane->paused_until_ms = INT64_MIN;
    lane->name_n = name.n;
    if (name.n > 0)
        memcpy(lane->name, name.p, name.n);
    http_slots_add(&limits->lanes, &lane->slot, hash, lane);
    return lane;
}

/* A lane that nobody uses and that remembers nothing goes. */
static void lane_retire(struct http_limits *limits, struct http_lane *lane, int64_t now_ms)
{
    if (lane->pairs > 0 || lane->is_kept)
        return;
    int64_t at_ms = lane_filled_at(lane, lane_burst(lane), now_ms);
    if (at_ms < lane->paused_until_ms)
        at_ms = lane->paused_until_ms;
    if (at_ms > now_ms) {
        lane_look_again(limits, lane, at_ms);
        return;
    }
    loop_heap_remove(&limits->due, &lane->due);
    loop_heap_remove(&limits->paused, &lane->pause);
    loop_heap_done(&lane->blocked);
    http_slots_remove(&limits->lanes, &lane->slot);
    free(lane);
}

/* pairs */

static void pair_put(struct http_pair *pair, struct loop_heap *heap)
{
    pair->heap = heap;
    pair->node.owner = pair;
    loop_heap_add(heap, &pair->node, pair->first->order);
}

static void pair_take(struct http_pair *pair)
{
    if (pair->heap != NULL)
        loop_heap_remove(pair->heap, &pair->node);
    pair->heap = NULL;
}

/* The lane that is not free, or NULL. */
static struct http_lane *pair_blocker(const struct http_limits *limits,
                                      const struct http_pair *pair, int64_t now_ms,
                                      int64_t *ret_free_ms)
{
    for (size_t i = 0; i < 2; i++) {
        if (pair->lanes[i] == NULL)
            continue;
        *ret_free_ms = lane_free_at(limits, pair->lanes[i], now_ms);
        if (*ret_free_ms > now_ms)
            return pair->lanes[i];
    }
    return NULL;
}

/* A pair with somebody in line, in no heap, gets into the right one. True: the ready. */
static bool pair_place(struct http_limits *limits, struct http_pair *pair, int64_t now_ms)
{
    int64_t free_ms;
    struct http_lane *blocker = pair_blocker(limits, pair, now_ms, &free_ms);
    pair_put(pair, blocker == NULL ? &limits->ready : &blocker->blocked);
    if (blocker != NULL)
        lane_look_again(limits, blocker, free_ms);
    return blocker == NULL;
}

/* Until one of its blocked pairs is ready, or the lane is not free. */
static void lane_stir(struct http_limits *limits, struct http_lane *lane, int64_t now_ms)
{
    struct loop_heap_node *node;
    while (lane != NULL && (node = loop_heap_first(&lane->blocked)) != NULL) {
        int64_t free_ms = lane_free_at(limits, lane, now_ms);
        if (free_ms > now_ms) {
            lane_look_again(limits, lane, free_ms);
            return;
        }
        struct http_pair *pair = node->owner;
        pair_take(pair);
        if (pair_place(limits, pair, now_ms))
            return;
    }
}

static void pair_stir(struct http_limits *limits, struct http_pair *pair, int64_t now_ms)
{
    lane_stir(limits, pair->lanes[0], now_ms);
    lane_stir(limits, pair->lanes[1], now_ms);
}

static struct http_pair *pair_get(struct http_limits *limits, str host, str key, int64_t now_ms)
{
    struct http_lane *lanes[2] = {lane_get(limits, HTTP_LANE_HOST, host, now_ms),
                                  key.n == 0 ? NULL : lane_get(limits, HTTP_LANE_KEY, key, now_ms)};
    uint64_t hash = http_slots_hash(&limits->pairs, (str){(const char *)lanes, sizeof lanes}, 0);
    for (struct http_slot *s = http_slots_first(&limits->pairs, hash); s != NULL; s = s->next) {
        struct http_pair *pair = s->owner;
        if (pair->lanes[0] == lanes[0] && pair->lanes[1] == lanes[1])
            return pair;
    }
    struct http_pair *pair = calloc(1, sizeof *pair);
    check(pair != NULL);
    for (size_t i = 0; i < 2; i++) {
        pair->lanes[i] = lanes[i];
        if (lanes[i] != NULL)
            lanes[i]->pairs++;
    }
    http_slots_add(&limits->pairs, &pair->slot, hash, pair);
    return pair;
}

static void pair_unref(struct http_limits *limits, struct http_pair *pair, int64_t now_ms)
{
    if (--pair->tickets > 0)
        return;
    http_slots_remove(&limits->pairs, &pair->slot);
    for (size_t i = 0; i < 2; i++) {
        if (pair->lanes[i] == NULL)
            continue;
        pair->lanes[i]->pairs--;
        lane_retire(limits, pair->lanes[i], now_ms);
    }
    free(pair);
}

/* lines */

/* By order. One that comes again is among the first. */
static void line_add(struct http_pair *pair, struct http_ticket *ticket)
{
    struct http_ticket *after = NULL;
    if (pair->last != NULL && pair->last->order > ticket->order)
        for (after = pair->first; after->order < ticket->order;)
            after = after->next;
    ticket->next = after;
    ticket->prev = after == NULL ? pair->last : after->prev;
    if (ticket->next == NULL)
        pair->last = ticket;
    else
        ticket->next->prev = ticket;
    if (ticket->prev == NULL)
        pair->first = ticket;
    else
        ticket->prev->next = ticket;
}

static void line_remove(struct http_pair *pair, struct http_ticket *ticket)
{
    if (ticket->prev == NULL)
        pair->first = ticket->next;
    else
        ticket->prev->next = ticket->next;
    if (ticket->next == NULL)
        pair->last = ticket->prev;
    else
        ticket->next->prev = ticket->prev;
    ticket->next = ticket->prev = NULL;
}

void http_limits_ask(struct http_limits *limits, struct http_ticket *ticket, str host, str key,
                     int64_t now_ms)
{
    check(ticket->state == HTTP_TICKET_OUT);
    struct http_pair *pair = pair_get(limits, host, key, now_ms);
    if (ticket->order == 0)
        ticket->order = ++limits->order;
    ticket->state = HTTP_TICKET_WAITING;
    ticket->pair = pair;
    pair->tickets++;
    line_add(pair, ticket);
    if (pair->first != ticket)
        return;
    pair_take(pair); /* it is first now, with another order */
    pair_place(limits, pair, now_ms);
    pair_stir(limits, pair, now_ms);
}

/* Lanes that have become free by time alone. */
static void limits_look(struct http_limits *limits, int64_t now_ms)
{
    struct loop_heap_node *node;
    while ((node = loop_heap_first(&limits->due)) != NULL && node->key <= now_ms) {
        struct http_lane *lane = node->owner;
        loop_heap_remove(&limits->due, node);
        lane_stir(limits, lane, now_ms);
        lane_retire(limits, lane, now_ms);
    }
}

static void lane_enter(const struct http_limits *limits, struct http_lane *lane, int64_t now_ms)
{
    lane->in_flight++;
    if (lane->limit.per_second <= 0 || limits->options.is_off)
        return;
    lane_fill(lane, now_ms);
    lane->tokens -= 1;
}

/* Until somebody leaves: whose lanes are free stays among the ready. */
static bool limits_are_full(const struct http_limits *limits)
{
    return !limits->options.is_off && limits->options.in_flight > 0 &&
           limits->in_flight >= limits->options.in_flight;
}

struct http_ticket *http_limits_next(struct http_limits *limits, int64_t now_ms)
{
    struct loop_heap_node *node;
    limits_look(limits, now_ms);
    while (!limits_are_full(limits) && (node = loop_heap_first(&limits->ready)) != NULL) {
        struct http_pair *pair = node->owner;
        int64_t free_ms;
        pair_take(pair);
        if (pair_blocker(limits, pair, now_ms, &free_ms) != NULL) {
            pair_place(limits, pair, now_ms);
            pair_stir(limits, pair, now_ms);
            continue;
        }
        struct http_ticket *ticket = pair->first;
        line_remove(pair, ticket);
        ticket->state = HTTP_TICKET_IN_FLIGHT;
        limits->in_flight++;
        for (size_t i = 0; i < 2; i++)
            if (pair->lanes[i] != NULL)
                lane_enter(limits, pair->lanes[i], now_ms);
        if (pair->first != NULL)
            pair_place(limits, pair, now_ms);
        pair_stir(limits, pair, now_ms);
        return ticket;
    }
    return NULL;
}

int64_t http_limits_wake_ms(const struct http_limits *limits, int64_t now_ms)
{
    if (limits->ready.count > 0 && !limits_are_full(limits))
        return now_ms;
    return limits->due.count == 0 ? INT64_MAX : loop_heap_first(&limits->due)->key;
}

void http_limits_leave(struct http_limits *limits, struct http_ticket *ticket, int64_t now_ms)
{
    struct http_pair *pair = ticket->pair;
    if (ticket->state == HTTP_TICKET_OUT)
        return;
    if (ticket->state == HTTP_TICKET_IN_FLIGHT) {
        limits->in_flight--;
        for (size_t i = 0; i < 2; i++)
            if (pair->lanes[i] != NULL)
                pair->lanes[i]->in_flight--;
    } else {
        bool was_first = pair->first == ticket;
        line_remove(pair, ticket);
        if (was_first)
            pair_take(pair);
        if (was_first && pair->first != NULL)
            pair_place(limits, pair, now_ms);
    }
    ticket->state = HTTP_TICKET_OUT;
    ticket->pair = NULL;
    pair_stir(limits, pair, now_ms);
    pair_unref(limits, pair, now_ms);
}

/* settings */

void http_limits_set(struct http_limits *limits, enum http_lane_kind kind, str name,
                     const struct http_limit *limit, int64_t now_ms)
{
    struct http_lane *lane = lane_get(limits, kind, name, now_ms);
    lane_fill(lane, now_ms);
    lane->limit = *limit;
    lane->is_kept = true;
    lane->tokens = lane_burst(lane);
    lane_stir(limits, lane, now_ms);
}

bool http_limits_pause(struct http_limits *limits, str host, int64_t until_ms, int64_t now_ms)
{
    if (limits->options.is_off)
        return false;
    if (until_ms > now_ms + HTTP_PAUSE_MAX_MS)
        until_ms = now_ms + HTTP_PAUSE_MAX_MS;
    struct http_lane *lane = lane_get(limits, HTTP_LANE_HOST, host, now_ms);
    if (until_ms > lane->paused_until_ms) {
        lane->paused_until_ms = until_ms;
        lane->pause.owner = lane;
        loop_heap_remove(&limits->paused, &lane->pause);
        loop_heap_add(&limits->paused, &lane->pause, until_ms);
    }
    if (until_ms > limits->last_pause_ms)
        limits->last_pause_ms = until_ms;
    lane_retire(limits, lane, now_ms); /* when nobody waits, it is forgotten in time */
    return true;
}

/* A pause never gets shorter, so the latest end that was ever given is that of a lane which is
 * still paused, as long as it lies ahead. */
size_t http_limits_paused(struct http_limits *limits, int64_t now_ms, int64_t *ret_longest_ms)
{
    struct loop_heap_node *node;
    while ((node = loop_heap_first(&limits->paused)) != NULL && node->key <= now_ms)
        loop_heap_remove(&limits->paused, node);
    *ret_longest_ms = limits->paused.count > 0 ? limits->last_pause_ms - now_ms : 0;
    return limits->paused.count;
}

size_t http_limits_lanes(const struct http_limits *limits)
{
    return limits->lanes.count;
}

void http_limits_free(struct http_limits *limits)
{
    if (limits == NULL)
        return;
    check(limits->pairs.count == 0);
    for (size_t i = 0; i < limits->lanes.cap; i++) {
        struct http_slot *slot = limits->lanes.slots[i];
        while (slot != NULL) {
            struct http_lane *lane = slot->owner;
            slot = slot->next;
            loop_heap_done(&lane->blocked);
            free(lane);
        }
    }
    http_slots_done(&limits->lanes);
    http_slots_done(&limits->pairs);
    loop_heap_done(&limits->ready);
    loop_heap_done(&limits->due);
    loop_heap_done(&limits->paused);
    free(limits);
}
