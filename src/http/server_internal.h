/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a server, for this folder: with client_internal.h the only headers that name the
 * libraries below. */
#ifndef AFFLUX_HTTP_SERVER_INTERNAL_H
#define AFFLUX_HTTP_SERVER_INTERNAL_H

#include "http/server.h"
#include "loop/watch.h"
#include <microhttpd.h>

/* A connection, and the exchange that it is in. What is below `request` is emptied between two. */
struct http_exchange {
    struct http_server *server;
    struct http_exchange *next, *previous; /* connections of the server */
    struct MHD_Connection *connection;
    int fd;
    int64_t deadline_ms; /* INT64_MAX: it is not the client who is waited for */
    uint64_t moved;      /* bytes that had moved when the window began */
    struct arena arena;  /* of the exchange */
    struct buf body;     /* gathered */

    struct {
        bool has_target;   /* the first line was read: an exchange has begun */
        bool has_head;     /* the request function was called */
        bool is_going;     /* the head is settled: what is called next is the body, or its end */
        bool is_body_over; /* all of it was read */
        bool is_suspended; /* libmicrohttpd does not look at it */
        bool is_paused;    /* by who streams */
        bool is_queued;    /* the answer is with libmicrohttpd */
        bool is_aborted;
        bool is_early; /* the answer goes out before the body */
        bool is_bad_target;
        struct http_target target;
        const char *target_end; /* of its C string, in libmicrohttpd's memory */
        str method;
        uint64_t body_size, body_read, drained;
        size_t gather_max;
        http_body_fn *gather;
        http_piece_fn *stream;
        void *body_arg;
        struct MHD_Response *response;
        int status;
        http_read_fn *read;
        void *read_arg;
        http_end_fn *end;
        void *end_arg;
        loop_fn *gone;
        void *gone_arg;
    } request;
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_task soon;
    bool is_soon;
    struct http_exchange *first;
    struct loop_timer sweep;
    struct http_server_figures figures;

    bool is_closing, is_gone;
    int64_t close_ms; /* when what is not answered is refused */
    loop_fn *closed;
    void *closed_arg;
};

/* ---- server.c ---- */
/* Has libmicrohttpd look at everything in this round of the loop. */
void server_run_soon(struct http_server *s);

/* ---- exchange.c ---- */
/* libmicrohttpd's MHD_AccessHandlerCallback. */
enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **context);
void exchange_refuse(struct http_exchange *x, enum http_refusal why);
/* The exchange is over; the connection may stay. */
void exchange_end(struct http_exchange *x, bool is_sent);
/* It ends without an answer, or with the rest of it missing. */
void exchange_abort(struct http_exchange *x);
/* Has libmicrohttpd look at a suspended one again. */
void exchange_wake(struct http_exchange *x);

/* ---- patience.c ---- */
/* Sets the deadline by what the exchange is doing. */
void patience_set(struct http_exchange *x);
/* Closes those that were too slow, and tells of clients that left. */
void patience_sweep(struct http_server *s);

#endif
