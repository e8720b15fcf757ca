/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct http_server: HTTP/1.1 answered on a loop, by libmicrohttpd, which does not show. Several
 * servers, each on the loop of its thread, may listen on one port (http/listen.h).
 *
 * A request and its answer are a struct http_exchange. It goes one way:
 *
 *   head read ──► request(arg, x) ──┬─► http_exchange_gather ──► fn(arg, x, body) ─┐
 *                                   ├─► http_exchange_stream ──► fn for each piece ┤
 *                                   └────────────── refused before the body ───────┴─► …_answer
 *
 * All of these may also come later, from anywhere on the loop's thread: an exchange that nobody has
 * answered waits, and costs its connection. It is there until its end is told
 * (http_exchange_on_end), which may come before the answer: the client left, or the server closes.
 * One connection has one exchange at a time; the next request is read when the last answer is sent.
 *
 * Bounded are: connections, bytes of a head, time of a head, bytes of bodies in memory, and how
 * slowly a body may come and an answer be read. A connection that crosses these is closed; heads
 * that are too large or no HTTP get libmicrohttpd's own pages (431, 400), which are HTML.
 */
#ifndef AFFLUX_HTTP_SERVER_H
#define AFFLUX_HTTP_SERVER_H

#include "base/buf.h"
#include "http/message.h"
#include "http/target.h"
#include "loop/loop.h"
#include <sys/types.h>

struct http_server;
struct http_exchange;

enum {
    HTTP_SERVER_CONNECTIONS = 4096, /* of one server */
    HTTP_SERVER_CONNECTION_BYTES = 32 << 10 /* for a head, and for pieces of bodies */,
    HTTP_SERVER_HEAD_MS = 20 * 1000,     /* from the first line to the end of the head */
    HTTP_SERVER_IDLE_MS = 75 * 1000,     /* between two requests */
    HTTP_SERVER_WINDOW_MS = 30 * 1000,   /* in each such time */
    HTTP_SERVER_WINDOW_BYTES = 16 << 10, /* so many bytes of a body, or of an answer, move */
    HTTP_SERVER_BODIES = 512 << 20,      /* bytes of bodies that are gathered, of a server */
    HTTP_SERVER_DRAIN = 16 << 20, /* of a body that nobody wants are read, to keep the connection */
    HTTP_SERVER_ABORT_MS = 2000,  /* after the grace of http_server_close */
};

/* Why the server itself has an exchange refused. */
enum http_refusal {
    HTTP_REFUSE_TARGET,    /* 400: http/target.h does not read it */
    HTTP_REFUSE_FRAMING,   /* 400: it contradicts itself: where the body ends, or who is meant */
    HTTP_REFUSE_CODING,    /* 501: a transfer coding other than chunked */
    HTTP_REFUSE_TOO_LARGE, /* 413: the body is larger than what may be gathered */
    HTTP_REFUSE_BUSY,      /* 503: too many bodies in memory */
    HTTP_REFUSE_CLOSING,   /* 503 */
};
int http_refusal_status(enum http_refusal why);

/* The head is there. */
typedef void http_request_fn(void *arg, struct http_exchange *x);
/* Answers at once. */
typedef void http_refuse_fn(void *arg, struct http_exchange *x, enum http_refusal why);

/* Zero fields take the defaults. */
struct http_server_options {
    int listen_fd; /* becomes the server's */
    http_request_fn *request;
    http_refuse_fn *refuse; /* NULL: an empty page */
    void *arg;
    size_t connections_max, connection_bytes, window_bytes, bodies_max;
    int64_t head_ms, idle_ms, window_ms;
};

/* STATUS_IO "HttpServerFailed"; listen_fd is closed then, too. */
NODISCARD enum status http_server_new(struct loop *loop, const struct http_server_options *options,
                                      struct http_server **ret, struct error *err);
/* Takes no connection any more, closes those that are idle, lets exchanges go on for grace_ms, has
 * those that are not answered then refused (HTTP_REFUSE_CLOSING), and cuts what is left off soon
 * after. closed(arg) comes from the loop when the server is gone. */
void http_server_close(struct http_server *s, int64_t grace_ms, loop_fn *closed, void *arg);
/* Cuts everything off at once; not from a callback of the server. NULL is fine. */
void http_server_free(struct http_server *s);

struct http_server_figures {
    uint64_t requests, refused;    /* by the server itself */
    uint64_t timed_out;            /* connections that were too slow */
    uint64_t answers[6];           /* by the first digit of their status */
    uint32_t connections, waiting; /* now; those whose exchange is waited for */
    uint64_t body_bytes;           /* gathered, now */
};
struct http_server_figures http_server_figures(const struct http_server *s);

/* ---- the request ---- */

str http_exchange_method(const struct http_exchange *x);
const struct http_target *http_exchange_target(const struct http_exchange *x);
/* The value of the first header of this name; p is NULL when there is none. */
str http_exchange_header(const struct http_exchange *x, const char *name);
/* All of them, in order, until fn returns false. */
void http_exchange_each_header(const struct http_exchange *x,
                               bool (*fn)(void *arg, str name, str value), void *arg);
#define HTTP_SIZE_UNKNOWN UINT64_MAX
/* What Content-Length says; HTTP_SIZE_UNKNOWN: chunked; 0: no body. */
uint64_t http_exchange_body_size(const struct http_exchange *x);
/* Memory until the end of the exchange. */
struct arena *http_exchange_arena(struct http_exchange *x);

/* fn(arg, x, body) when all of the body is there, also when it has none. The body is the
 * exchange's, with BUF_SLACK writable bytes behind it. A larger one is refused, before it is sent
 * where its size is known. */
typedef void http_body_fn(void *arg, struct http_exchange *x, str body);
void http_exchange_gather(struct http_exchange *x, size_t max_bytes, http_body_fn *fn, void *arg);
/* The gathered body becomes the caller's, to be freed. */
char *http_exchange_take_body(struct http_exchange *x, size_t *ret_n);

/* fn for each piece as it comes; is_last: nothing more comes, the piece is empty. It may pause. */
typedef void http_piece_fn(void *arg, struct http_exchange *x, str piece, bool is_last);
void http_exchange_stream(struct http_exchange *x, http_piece_fn *fn, void *arg);
/* No piece until http_exchange_go_on; the client is not read from meanwhile. */
void http_exchange_pause(struct http_exchange *x);
/* Pieces, or an answer's reading function, may be called again. */
void http_exchange_go_on(struct http_exchange *x);

/* Has the client left, or closed its side? Asks the system: for those who waited long and are about
 * to hand work over. */
bool http_exchange_is_gone(const struct http_exchange *x);
/* fn(arg) once, within two seconds, when the client leaves while its exchange is waited for. */
void http_exchange_on_gone(struct http_exchange *x, loop_fn *fn, void *arg);
/* fn(arg, is_sent) when the exchange is over; it must not be used any more then. */
typedef void http_end_fn(void *arg, bool is_sent);
void http_exchange_on_end(struct http_exchange *x, http_end_fn *fn, void *arg);

/* ---- the answer ---- */

enum { HTTP_READ_WAIT = 0, HTTP_READ_END = -1, HTTP_READ_FAILED = -2 };
/* Up to max bytes (never 0) of the answer's body, which stands at `at`. Returns how many, or one of
 * the above; after HTTP_READ_WAIT it is called again when http_exchange_go_on was. */
typedef ssize_t http_read_fn(void *arg, uint64_t at, char *out, size_t max);

/* A body is one of: read; the bytes of a file; bytes in memory. Date, Content-Length, and
 * Connection or Transfer-Encoding where they are needed, are added. */
struct http_reply {
    int status;
    const struct http_header *headers; /* copied */
    size_t header_count;
    bool is_closing;    /* the connection is closed afterwards */
    str body;           /* copied; or, */
    bool is_taken;      /* body.p was malloc'ed, and is freed when it is sent */
    bool has_file;      /* `size` bytes of `file` from `offset`; */
    int file;           /* becomes the exchange's */
    uint64_t offset;    /* bytes */
    uint64_t size;      /* of a file or of what is read: HTTP_SIZE_UNKNOWN is for that only */
    http_read_fn *read; /* called until the end of the exchange, not after */
    void *read_arg;
};

/* Once. A second answer is dropped, as there may have been one by the server. What remains of a
 * body is read and thrown away, or the connection is closed, where it is too much. */
void http_exchange_answer(struct http_exchange *x, const struct http_reply *reply);
bool http_exchange_is_answered(const struct http_exchange *x);
/* No answer, or no more of it: the exchange ends, and its connection is reset. For those who play a
 * bad server; others answer. */
void http_exchange_abort(struct http_exchange *x);

#endif
