/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct http_gate: limits (http/limits.h) in front of a client. A call waits for its turn, is
 * sent, and its answer handed over. An answer 429 or 503 with Retry-After pauses the host for every
 * call through this gate; the call itself may be sent again after the pause, before those behind
 * it. On the loop's thread.
 */
#ifndef AFFLUX_HTTP_GATE_H
#define AFFLUX_HTTP_GATE_H

#include "base/buf.h"
#include "http/client.h"
#include "http/limits.h"

struct http_gate;
struct http_visit;

struct http_visit_options {
    str key;              /* whose limit counts besides the host's; empty: nobody's. Copied */
    uint32_t deadline_ms; /* for the whole: waiting, sending, sending again; 0: none */
    uint32_t resend_max;  /* how often it may be sent again because of Retry-After */
};

/* The client outlives the gate. Options are copied. */
struct http_gate *http_gate_new(struct loop *loop, struct http_client *client,
                                const struct http_limits_options *options);
/* Cancels what is left. NULL is fine. */
void http_gate_free(struct http_gate *gate);

/* As http_client_send, through the limits; options may be NULL. A deadline that comes first is an
 * error HttpTimedOut; request->timeout_ms is that of each sending alone. */
NODISCARD enum status http_gate_send(struct http_gate *gate, const struct http_request *request,
                                     const struct http_visit_options *options, http_done_fn *fn,
                                     void *arg, struct http_visit **ret_visit, struct error *err);
void http_visit_cancel(struct http_visit *visit);

/* How long it has stood in line so far: for its turn, and for pauses that hosts asked for. */
int64_t http_visit_waited_ms(const struct http_visit *visit);

/* A limit for one host ("https://api.example.com:443", see http_gate_host) or one key. */
void http_gate_limit(struct http_gate *gate, enum http_lane_kind kind, str name,
                     const struct http_limit *limit);

/* fn(arg, host, until_ms), by the loop's clock, when an answer paused a host: for gates of other
 * loops, which are told by http_gate_pause. */
typedef void http_pause_fn(void *arg, str host, int64_t until_ms);
void http_gate_on_pause(struct http_gate *gate, http_pause_fn *fn, void *arg);
void http_gate_pause(struct http_gate *gate, str host, int64_t until_ms);

/* While it is held, calls wait: for one that cannot take in more answers. Deadlines go on. */
void http_gate_hold(struct http_gate *gate, bool is_held);

/* What a URL's host is called here: scheme://host:port in lower case, into `out`, cleared first.
 * STATUS_INVALID "HttpInvalid" when it is no URL. */
NODISCARD enum status http_gate_host(str url, struct buf *out, struct error *err);

/* Visits that wait for their turn. */
size_t http_gate_waiting(const struct http_gate *gate);
/* Hosts that are paused, and for how long the longest still is. */
size_t http_gate_paused(const struct http_gate *gate, int64_t *ret_longest_ms);

#endif
