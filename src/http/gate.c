/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visits: calls on their way through limits and client. Who may go next is limits.c's decision, and
 * this file asks again whenever something happened: a call came, one left, a time passed.
 */
#include "http/gate.h"
#include "base/check.h"
#include "http/retry_after.h"
#include <curl/curl.h>
#include <stdlib.h>

enum { HOST_NAME_MAX_BYTES = 1024 };

struct http_gate {
    struct loop *loop;
    struct http_client *client;
    struct http_limits *limits;
    struct loop_timer timer; /* when a lane is free again */
    struct loop_task task;   /* letting in who may */
    bool is_held;            /* nobody is let in */
    http_pause_fn *on_pause; /* or NULL */
    void *pause_arg;
    bool is_queued; /* the task is */
    bool is_gone;   /* freed but for the task */
    struct http_visit *visits;
    size_t waiting;
    struct buf name; /* of a host */
};

struct http_visit {
    struct http_gate *gate;
    struct http_visit *next, *prev;
    struct http_ticket ticket;
    struct http_request *request;
    struct http_call *call; /* NULL while it waits */
    struct loop_timer deadline;
    int64_t ends_ms;
    int64_t asked_ms, waited_ms; /* since when it is in line, if it is; before that */
    uint32_t deadline_ms, resends_left;
    http_done_fn *fn;
    void *arg;
    size_t host_n, key_n;
    char names[]; /* host, key */
};

static str visit_host(const struct http_visit *visit)
{
    return (str){visit->names, visit->host_n};
}

static str visit_key(const struct http_visit *visit)
{
    return (str){visit->names + visit->host_n, visit->key_n};
}

/* hosts */

static void add_part(struct buf *out, CURLU *url, CURLUPart part, const char *before,
                     unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
        return;
    buf_add(out, str_of(before));
    for (const char *p = text; *p != '\0'; p++)
        buf_add_byte(out, *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p);
    curl_free(text);
}

enum status http_gate_host(str url, struct buf *out, struct error *err)
{
    char *text = (char *)(uintptr_t)str_dup(url).p;
    CURLU *parts = curl_url();
    check(parts != NULL);
    bool is_url = curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK;
    buf_clear(out);
    if (is_url) {
        add_part(out, parts, CURLUPART_SCHEME, "", 0);
        add_part(out, parts, CURLUPART_HOST, "://", 0);
        add_part(out, parts, CURLUPART_PORT, ":", CURLU_DEFAULT_PORT);
    }
    curl_url_cleanup(parts);
    free(text);
    if (!is_url || !buf_ok(out))
        return error_set(err, STATUS_INVALID, "HttpInvalid",
                         "the URL has no host that can be asked");
    return STATUS_OK;
}

/* a visit's end */

static void gate_queue(struct http_gate *gate);

static void visit_free(struct http_visit *visit)
{
    struct http_gate *gate = visit->gate;
    if (visit->ticket.state == HTTP_TICKET_WAITING)
        gate->waiting--;
    if (visit->call != NULL)
        http_call_cancel(visit->call);
    http_limits_leave(gate->limits, &visit->ticket, loop_now_ms());
    loop_timer_stop(gate->loop, &visit->deadline);
    if (visit->next != NULL)
        visit->next->prev = visit->prev;
    if (visit->prev != NULL)
        visit->prev->next = visit->next;
    else
        gate->visits = visit->next;
    free(visit->request);
    free(visit);
    gate_queue(gate);
}

void http_visit_cancel(struct http_visit *visit)
{
    visit_free(visit);
}

int64_t http_visit_waited_ms(const struct http_visit *visit)
{
    bool is_waiting = visit->ticket.state == HTTP_TICKET_WAITING;
    return visit->waited_ms + (is_waiting ? loop_now_ms() - visit->asked_ms : 0);
}

static void visit_hand_over(struct http_visit *visit, struct http_answer *answer,
                            const struct error *err)
{
    http_done_fn *fn = visit->fn;
    void *arg = visit->arg;
    visit_free(visit);
    fn(arg, answer, err);
}

static void visit_timed_out(void *arg)
{
    struct http_visit *visit = arg;
    struct error err;
    error_set(&err, STATUS_UNAVAILABLE, "HttpTimedOut",
              visit->call == NULL ? "the limits of the host let it wait for more than %u ms"
                                  : "no complete answer within %u ms, waiting included",
              visit->deadline_ms);
    visit_hand_over(visit, NULL, &err);
}

/* sending, and sending again */

static void visit_ask(struct http_visit *visit)
{
    struct http_gate *gate = visit->gate;
    gate->waiting++;
    visit->asked_ms = loop_now_ms();
    http_limits_ask(gate->limits, &visit->ticket, visit_host(visit), visit_key(visit),
                    visit->asked_ms);
    gate_queue(gate);
}

/* Pauses the host as the answer wishes. True when the visit waits for the end of the pause. */
static bool visit_waits_as_asked(struct http_visit *visit, const struct http_answer *answer)
{
    struct http_gate *gate = visit->gate;
    str value = http_answer_header(answer, STR("Retry-After"));
    int64_t wait_ms, now_ms = loop_now_ms();
    if ((answer->status != 429 && answer->status != 503) || value.p == NULL ||
        !http_retry_after(value, loop_wall_ms(), &wait_ms) ||
        !http_limits_pause(gate->limits, visit_host(visit), now_ms + wait_ms, now_ms))
        return false;
    bool waits = visit->resends_left > 0 && now_ms + wait_ms < visit->ends_ms;
    if (waits) {
        visit->resends_left--;
        http_limits_leave(gate->limits, &visit->ticket, now_ms);
        visit_ask(visit);
    }
    if (gate->on_pause != NULL)
        gate->on_pause(gate->pause_arg, visit_host(visit), now_ms + wait_ms);
    return waits;
}

static void visit_answered(void *arg, struct http_answer *answer, const struct error *err)
{
    struct http_visit *visit = arg;
    visit->call = NULL;
    if (answer != NULL && visit_waits_as_asked(visit, answer))
        http_answer_free(answer);
    else
        visit_hand_over(visit, answer, err);
}

static void gate_woken(void *arg)
{
    gate_queue(arg);
}

/* Lets in who may. A call that cannot be sent ends here, which may bring others. */
static void gate_let_in(void *arg)
{
    struct http_gate *gate = arg;
    struct http_ticket *ticket;
    gate->is_queued = false;
    if (gate->is_gone) {
        free(gate);
        return;
    }
    while (!gate->is_held && (ticket = http_limits_next(gate->limits, loop_now_ms())) != NULL) {
        struct http_visit *visit = ticket->owner;
        struct error err;
        gate->waiting--;
        visit->waited_ms += loop_now_ms() - visit->asked_ms;
        if (http_client_send(gate->client, visit->request, visit_answered, visit, &visit->call,
                             &err) != STATUS_OK)
            visit_hand_over(visit, NULL, &err);
    }
    int64_t wake_ms = gate->is_held ? INT64_MAX : http_limits_wake_ms(gate->limits, loop_now_ms());
    if (wake_ms == INT64_MAX)
        loop_timer_stop(gate->loop, &gate->timer);
    else
        loop_timer_start(gate->loop, &gate->timer, wake_ms, gate_woken, gate);
}

void http_gate_on_pause(struct http_gate *gate, http_pause_fn *fn, void *arg)
{
    gate->on_pause = fn;
    gate->pause_arg = arg;
}

void http_gate_pause(struct http_gate *gate, str host, int64_t until_ms)
{
    (void)http_limits_pause(gate->limits, host, until_ms, loop_now_ms());
    gate_queue(gate);
}

void http_gate_hold(struct http_gate *gate, bool is_held)
{
    bool was_held = gate->is_held;
    gate->is_held = is_held;
    if (was_held && !is_held)
        gate_queue(gate);
}

static void gate_queue(struct http_gate *gate)
{
    if (gate->is_queued)
        return;
    gate->is_queued = true;
    loop_defer(gate->loop, &gate->task, gate_let_in, gate);
}

enum status http_gate_send(struct http_gate *gate, const struct http_request *request,
                           const struct http_visit_options *options, http_done_fn *fn, void *arg,
                           struct http_visit **ret_visit, struct error *err)
{
    static const struct http_visit_options none = {0};
    enum status status = http_request_check(request, err);
    if (status == STATUS_OK)
        status = http_gate_host(request->url, &gate->name, err);
    if (status != STATUS_OK)
        return status;
    if (options == NULL)
        options = &none;
    str host = buf_str(&gate->name), key = options->key;
    struct http_visit *visit = calloc(1, sizeof *visit + host.n + key.n);
    check(visit != NULL);
    *visit = (struct http_visit){.gate = gate,
                                 .next = gate->visits,
                                 .ticket = {.owner = visit},
                                 .request = http_request_dup(request),
                                 .deadline_ms = options->deadline_ms,
                                 .ends_ms = INT64_MAX,
                                 .resends_left = options->resend_max,
                                 .fn = fn,
                                 .arg = arg,
                                 .host_n = host.n,
                                 .key_n = key.n};
    memcpy(visit->names, host.p, host.n);
    if (key.n > 0)
        memcpy(visit->names + host.n, key.p, key.n);
    if (visit->next != NULL)
        visit->next->prev = visit;
    gate->visits = visit;
    if (options->deadline_ms > 0) {
        visit->ends_ms = loop_now_ms() + options->deadline_ms;
        loop_timer_start(gate->loop, &visit->deadline, visit->ends_ms, visit_timed_out, visit);
    }
    visit_ask(visit);
    *ret_visit = visit;
    return STATUS_OK;
}

/* the gate */

struct http_gate *http_gate_new(struct loop *loop, struct http_client *client,
                                const struct http_limits_options *options)
{
    struct http_gate *gate = calloc(1, sizeof *gate);
    check(gate != NULL);
    gate->loop = loop;
    gate->client = client;
    gate->limits = http_limits_new(options);
    buf_init(&gate->name, HOST_NAME_MAX_BYTES);
    return gate;
}

void http_gate_free(struct http_gate *gate)
{
    if (gate == NULL)
        return;
    while (gate->visits != NULL)
        http_visit_cancel(gate->visits);
    loop_timer_stop(gate->loop, &gate->timer);
    http_limits_free(gate->limits);
    buf_done(&gate->name);
    if (gate->is_queued)
        gate->is_gone = true;
    else
        free(gate);
}

void http_gate_limit(struct http_gate *gate, enum http_lane_kind kind, str name,
                     const struct http_limit *limit)
{
    http_limits_set(gate->limits, kind, name, limit, loop_now_ms());
    gate_queue(gate);
}

size_t http_gate_waiting(const struct http_gate *gate)
{
    return gate->waiting;
}

size_t http_gate_paused(const struct http_gate *gate, int64_t *ret_longest_ms)
{
    return http_limits_paused(gate->limits, loop_now_ms(), ret_longest_ms);
}
