/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange's way through libmicrohttpd 0.9.75, which calls exchange_handle when the head is
 * there, for each piece of the body, and at its end; again after each resume. An answer can be
 * queued in two of these calls only: the first, where it closes the connection, and the last. So
 * one that comes in between waits for the end of the body.
 *
 * Answers as others make them are in reply.c, deadlines in patience.c.
 */
#include "base/check.h"
#include "http/server_internal.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BODY_KEPT = 64 << 10, ARENA_KEPT = 64 << 10 }; /* bytes, between two exchanges */

int http_refusal_status(enum http_refusal why)
{
    static const int statuses[] = {
        [HTTP_REFUSE_TARGET] = 400,    [HTTP_REFUSE_FRAMING] = 400, [HTTP_REFUSE_CODING] = 501,
        [HTTP_REFUSE_TOO_LARGE] = 413, [HTTP_REFUSE_BUSY] = 503,    [HTTP_REFUSE_CLOSING] = 503,
    };
    return statuses[why];
}

/* ---- the head ---- */

struct exchange_framing {
    unsigned lengths, codings, hosts;
    bool is_chunked, is_good;
    uint64_t length;
};

/* Content-Length as RFC 9110 has it: digits only. */
static bool exchange_length(str value, uint64_t *ret)
{
    uint64_t n = 0;
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9' || n > (UINT64_MAX >> 1) / 10)
            return false;
        n = n * 10 + (uint64_t)(value.p[i] - '0');
    }
    *ret = n;
    return value.n > 0;
}

static bool exchange_see_framing(void *arg, str name, str value)
{
    struct exchange_framing *f = arg;
    if (http_name_eq(name, STR("Content-Length"))) {
        f->lengths++;
        f->is_good = f->is_good && exchange_length(value, &f->length);
    } else if (http_name_eq(name, STR("Transfer-Encoding"))) {
        f->codings++;
        f->is_chunked = http_name_eq(value, STR("chunked"));
    } else if (http_name_eq(name, STR("Host"))) {
        f->hosts++;
    }
    return true;
}

/* Two opinions about where a body ends, or for whom it is, are how requests are smuggled past each
 * other. False: it was refused. */
static bool exchange_read_framing(struct http_exchange *x)
{
    struct exchange_framing f = {.is_good = true};
    http_exchange_each_header(x, exchange_see_framing, &f);
    if (f.lengths + f.codings > 1 || f.hosts > 1 || !f.is_good)
        exchange_refuse(x, HTTP_REFUSE_FRAMING);
    else if (f.codings == 1 && !f.is_chunked)
        exchange_refuse(x, HTTP_REFUSE_CODING);
    x->request.body_size = f.is_chunked ? HTTP_SIZE_UNKNOWN : f.length;
    return x->request.response == NULL;
}

/* version: where it stands. A target that ends before the place in front of it has a NUL inside. */
static void exchange_begin(struct http_exchange *x, const char *method, const char *version)
{
    struct http_server *s = x->server;
    x->request.has_head = true;
    x->request.method = str_of(method);
    s->figures.requests++;
    if (!exchange_read_framing(x))
        x->request.is_early = true; /* the body is not to be trusted */
    else if (x->request.is_bad_target || version != x->request.target_end + 1)
        exchange_refuse(x, HTTP_REFUSE_TARGET);
    else if (s->is_closing)
        exchange_refuse(x, HTTP_REFUSE_CLOSING);
    else
        s->options.request(s->options.arg, x);
}

/* ---- the body ---- */

static void exchange_drop_body(struct http_exchange *x)
{
    x->server->figures.body_bytes -= x->body.n;
    if (x->body.cap > BODY_KEPT)
        buf_done(&x->body);
    else
        buf_clear(&x->body);
}

static void exchange_gather_piece(struct http_exchange *x, str piece)
{
    struct http_server *s = x->server;
    if (piece.n > x->request.gather_max - x->body.n) {
        exchange_refuse(x, HTTP_REFUSE_TOO_LARGE);
    } else if (s->figures.body_bytes + piece.n > s->options.bodies_max) {
        exchange_refuse(x, HTTP_REFUSE_BUSY);
    } else {
        buf_add(&x->body, piece);
        s->figures.body_bytes += piece.n;
        return;
    }
    exchange_drop_body(x);
}

/* False: more came than anybody reads for nothing. */
static bool exchange_take_piece(struct http_exchange *x, str piece)
{
    x->request.body_read += piece.n;
    if (x->request.response != NULL)
        x->request.drained += piece.n;
    else if (x->request.gather != NULL)
        exchange_gather_piece(x, piece);
    else if (x->request.stream != NULL)
        x->request.stream(x->request.body_arg, x, piece, false);
    return x->request.drained <= HTTP_SERVER_DRAIN;
}

static void exchange_body_is_over(struct http_exchange *x)
{
    x->request.is_body_over = true;
    if (x->request.response != NULL)
        return;
    if (x->request.gather != NULL) {
        static char nothing[BUF_SLACK];
        str body = x->body.p != NULL ? buf_str(&x->body) : (str){nothing, 0};
        x->request.gather(x->request.body_arg, x, body);
    } else if (x->request.stream != NULL) {
        x->request.stream(x->request.body_arg, x, (str){"", 0}, true);
    }
}

void http_exchange_gather(struct http_exchange *x, size_t max_bytes, http_body_fn *fn, void *arg)
{
    check(x->request.gather == NULL && x->request.stream == NULL);
    x->request.gather = fn;
    x->request.body_arg = arg;
    x->request.gather_max = max_bytes;
    if (x->body.max == 0)
        buf_init(&x->body, SIZE_MAX / 2);
    if (x->request.body_size != HTTP_SIZE_UNKNOWN && x->request.body_size > max_bytes)
        exchange_refuse(x, HTTP_REFUSE_TOO_LARGE);
    exchange_wake(x);
}

char *http_exchange_take_body(struct http_exchange *x, size_t *ret_n)
{
    x->server->figures.body_bytes -= x->body.n;
    return buf_take(&x->body, ret_n);
}

void http_exchange_stream(struct http_exchange *x, http_piece_fn *fn, void *arg)
{
    check(x->request.gather == NULL && x->request.stream == NULL);
    x->request.stream = fn;
    x->request.body_arg = arg;
    exchange_wake(x);
}

void http_exchange_pause(struct http_exchange *x)
{
    x->request.is_paused = true;
}

void http_exchange_go_on(struct http_exchange *x)
{
    x->request.is_paused = false;
    exchange_wake(x);
}

/* ---- suspending and resuming ---- */

static void exchange_suspend(struct http_exchange *x)
{
    x->request.is_suspended = true;
    x->server->figures.waiting++;
    MHD_suspend_connection(x->connection);
}

void exchange_wake(struct http_exchange *x)
{
    if (!x->request.is_suspended)
        return;
    x->request.is_suspended = false;
    x->server->figures.waiting--;
    MHD_resume_connection(x->connection);
    patience_set(x);
    server_run_soon(x->server);
}

void exchange_abort(struct http_exchange *x)
{
    x->request.is_aborted = true;
    exchange_wake(x);
}

void http_exchange_abort(struct http_exchange *x)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(x->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    exchange_abort(x);
}

/* ---- what libmicrohttpd calls ---- */

/* A client that waits for "100 Continue", or has much to send, need not send what nobody reads. */
static bool exchange_answers_early(const struct http_exchange *x)
{
    return x->request.is_early ||
           (x->request.body_size > 0 && (x->request.body_size > HTTP_SERVER_DRAIN ||
                                         http_exchange_header(x, "Expect").p != NULL));
}

static enum MHD_Result exchange_queue(struct http_exchange *x)
{
    if (!x->request.is_body_over)
        (void)MHD_add_response_header(x->request.response, "Connection", "close");
    x->request.is_queued = true;
    unsigned status = (unsigned)x->request.status;
    x->server->figures.answers[status / 100 % 6]++;
    return MHD_queue_response(x->connection, status, x->request.response);
}

/* After the head, a piece or the end: what libmicrohttpd is to do next. */
static enum MHD_Result exchange_next(struct http_exchange *x)
{
    bool is_answered = x->request.response != NULL;
    if (is_answered &&
        (x->request.is_body_over || (!x->request.is_going && exchange_answers_early(x))))
        return exchange_queue(x);
    bool is_wanted = x->request.gather != NULL || x->request.stream != NULL;
    if (x->request.is_body_over || !(is_wanted || is_answered) ||
        (x->request.is_paused && !is_answered))
        exchange_suspend(x);
    else
        x->request.is_going = true;
    return MHD_YES;
}

enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **context)
{
    struct http_exchange *x = *context;
    (void)cls, (void)connection, (void)url;
    if (x == NULL || x->request.is_aborted || x->request.is_queued)
        return MHD_NO;
    if (x->request.is_suspended)
        return MHD_YES; /* the next chunk, in the round in which a pause was asked for: it stays */
    if (!x->request.has_head)
        exchange_begin(x, method, version);
    else if (*upload_size > 0 && !exchange_take_piece(x, (str){upload, *upload_size}))
        return MHD_NO;
    else if (*upload_size == 0 && x->request.is_going && !x->request.is_body_over)
        exchange_body_is_over(x);
    *upload_size = 0;
    if (x->request.is_aborted)
        return MHD_NO;
    enum MHD_Result result = exchange_next(x);
    patience_set(x);
    return result;
}

void exchange_end(struct http_exchange *x, bool is_sent)
{
    http_end_fn *end = x->request.end;
    void *arg = x->request.end_arg;
    struct MHD_Response *response = x->request.response;
    if (x->request.is_suspended)
        x->server->figures.waiting--;
    memset(&x->request, 0, sizeof(x->request));
    exchange_drop_body(x);
    if (end != NULL)
        end(arg, is_sent);
    if (response != NULL)
        MHD_destroy_response(response);
    if (arena_used(&x->arena) > ARENA_KEPT)
        arena_done(&x->arena);
    else
        arena_reset(&x->arena);
}

/* ---- what others ask of it ---- */

str http_exchange_method(const struct http_exchange *x)
{
    return x->request.method;
}

const struct http_target *http_exchange_target(const struct http_exchange *x)
{
    return &x->request.target;
}

str http_exchange_header(const struct http_exchange *x, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(x->connection, MHD_HEADER_KIND, name, strlen(name), &value,
                                      &n) != MHD_YES)
        return (str){0};
    return value != NULL ? (str){value, n} : (str){"", 0};
}

struct exchange_each {
    bool (*fn)(void *arg, str name, str value);
    void *arg;
};

static enum MHD_Result exchange_each_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                            size_t key_size, const char *value, size_t value_size)
{
    const struct exchange_each *each = cls;
    (void)kind;
    bool goes_on = each->fn(each->arg, (str){key, key_size},
                            value != NULL ? (str){value, value_size} : (str){"", 0});
    return goes_on ? MHD_YES : MHD_NO;
}

void http_exchange_each_header(const struct http_exchange *x,
                               bool (*fn)(void *arg, str name, str value), void *arg)
{
    struct exchange_each each = {fn, arg};
    (void)MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, exchange_each_header, &each);
}

uint64_t http_exchange_body_size(const struct http_exchange *x)
{
    return x->request.body_size;
}

struct arena *http_exchange_arena(struct http_exchange *x)
{
    return &x->arena;
}

bool http_exchange_is_gone(const struct http_exchange *x)
{
    struct pollfd p = {.fd = x->fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void http_exchange_on_gone(struct http_exchange *x, loop_fn *fn, void *arg)
{
    x->request.gone = fn;
    x->request.gone_arg = arg;
}

void http_exchange_on_end(struct http_exchange *x, http_end_fn *fn, void *arg)
{
    x->request.end = fn;
    x->request.end_arg = arg;
}

bool http_exchange_is_answered(const struct http_exchange *x)
{
    return x->request.response != NULL;
}
