/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct http_limits: how many calls may go where, and when. Pure: time comes in, nothing is sent
 * (http/gate.h joins it with a client).
 *
 * A call goes through the lane of its host and, when it has a key (a connection's credentials), the
 * lane of that key. Each lane lets so many calls be in flight at a time, so many start per second,
 * and may be paused until some time. Calls that must wait stand in line and go in the order they
 * came; those whose lanes are free overtake those whose are not. Besides, so many may be in flight
 * in all, whatever their lanes. Every operation costs O(log n) in the number of lanes that have
 * somebody waiting.
 *
 *   ask ──► waiting ──► next() gives it ──► in flight ──► leave
 *              └───────────── leave (gave up) ──────────────┘
 */
#ifndef AFFLUX_HTTP_LIMITS_H
#define AFFLUX_HTTP_LIMITS_H

#include "base/str.h"
#include "loop/heap.h"

enum { HTTP_PAUSE_MAX_MS = 60 * 60 * 1000 }; /* a host that asks for more gets this */

/* Zero fields: no such limit. */
struct http_limit {
    uint32_t in_flight;
    double per_second;
    uint32_t
        burst; /* how many may start at once after a quiet time; 0: as many as a second gives */
};

enum http_lane_kind { HTTP_LANE_HOST, HTTP_LANE_KEY };

struct http_limits_options {
    bool is_off;                 /* everything goes at once, pauses too are not heeded */
    uint32_t in_flight;          /* over all lanes; 0: no such limit */
    struct http_limit host, key; /* of lanes without a limit of their own */
};

struct http_limits;
struct http_pair;

enum http_ticket_state { HTTP_TICKET_OUT, HTTP_TICKET_WAITING, HTTP_TICKET_IN_FLIGHT };

/* Lies in the struct of the call; all zero at first. */
struct http_ticket {
    enum http_ticket_state state;
    int64_t order; /* its place in line, kept for the next time it asks; 0: the end */
    struct http_pair *pair;
    struct http_ticket *next, *prev;
    void *owner;
};

struct http_limits *http_limits_new(const struct http_limits_options *options);
/* No ticket is in any more. NULL is fine. */
void http_limits_free(struct http_limits *limits);

/* Gives a lane a limit of its own, for good. */
void http_limits_set(struct http_limits *limits, enum http_lane_kind kind, str name,
                     const struct http_limit *limit, int64_t now_ms);
/* A host's lane lets nobody through before until_ms, at most HTTP_PAUSE_MAX_MS from now. A longer
 * pause that is there already stays. False: limits are off. */
bool http_limits_pause(struct http_limits *limits, str host, int64_t until_ms, int64_t now_ms);

/* The ticket, which is out, gets in line. key.n 0: no key. */
void http_limits_ask(struct http_limits *limits, struct http_ticket *ticket, str host, str key,
                     int64_t now_ms);
/* The next ticket that may go, now in flight; NULL: nobody may. */
struct http_ticket *http_limits_next(struct http_limits *limits, int64_t now_ms);
/* When next() may have somebody although nothing else has happened; INT64_MAX: never. */
int64_t http_limits_wake_ms(const struct http_limits *limits, int64_t now_ms);
/* The call is over, or gives up waiting. A ticket that is out is left alone. */
void http_limits_leave(struct http_limits *limits, struct http_ticket *ticket, int64_t now_ms);

/* How many hosts are paused now, and for how long the one that is paused longest. */
size_t http_limits_paused(struct http_limits *limits, int64_t now_ms, int64_t *ret_longest_ms);

/* How many lanes there are: those in use, paused, refilling, or with a limit of their own. */
size_t http_limits_lanes(const struct http_limits *limits);

#endif
