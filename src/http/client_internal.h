/* SPDX-License-Identifier: Apache-2.0 */
/* What client.c (calls), multi.c (libcurl on the loop) and names.c (lookups) share. */
#ifndef AFFLUX_HTTP_CLIENT_INTERNAL_H
#define AFFLUX_HTTP_CLIENT_INTERNAL_H

#include "http/client.h"
#include "http/intake.h"
#include "http/slots.h"
#include "loop/watch.h"
#include <curl/curl.h>

/* One of libcurl's multi handles: calls that share connections. There are as many as are needed. */
struct http_multi {
    struct http_client *client;
    CURLM *curl;
    size_t calls;
    struct loop_timer timer; /* libcurl's */
    struct loop_timer idle;  /* runs while there are no calls */
    struct loop_task kick;   /* libcurl wants to be called soon */
    bool is_kicked;          /* the kick is queued */
    bool is_gone;            /* closed; the kick frees the struct */
    struct http_socket *sockets;
};

/* A descriptor of libcurl's. A connection's is watched from its first use until it is closed, and
 * not only while a call uses it: taking it out of epoll and putting it back for each call costs a
 * third of the speed. */
struct http_socket {
    struct http_multi *multi;
    struct http_socket *next, *prev; /* of the multi */
    struct loop_watch *watch;
    int fd;
    bool is_connection; /* made by us; otherwise it is libcurl's resolver that waits for a thread */
    bool is_used;       /* libcurl waits for it */
};

struct http_name;

struct http_line_of_calls {
    struct http_call *first, *last;
};

struct http_call {
    struct http_client *client;
    struct http_multi *multi;      /* NULL: not in libcurl's hands yet */
    struct http_call *next, *prev; /* of the client */
    CURL *easy;
    struct curl_slist *headers;
    struct loop_timer deadline; /* first of the connection, then of the whole */
    int64_t ends_ms;
    uint32_t timeout_ms, connect_timeout_ms;
    bool is_connected;
    struct http_name *name;          /* that it looks up or waits for */
    struct http_line_of_calls *line; /* that it stands in: those that wait, or the ready */
    struct http_call *line_next, *line_prev;
    struct http_intake intake;
    struct error *failed; /* why we broke it off, when we did */
    http_done_fn *fn;
    void *arg;
    char words[CURL_ERROR_SIZE];
};

struct http_client {
    struct loop *loop;
    struct http_client_options options;
    char *ca_file, *proxy, *user_agent; /* what options point to */
    CURLSH *share;                      /* of TLS sessions and addresses */
    struct http_multi **multis;
    size_t multi_count, multi_cap;
    struct http_socket **sockets; /* by descriptor */
    size_t socket_cap;
    struct http_call *calls;
    size_t call_count;
    CURL *spare[64]; /* handles for the next calls */
    size_t spare_count;
    struct http_slots names; /* of hosts */
    size_t names_sweep_at;
    size_t lookups; /* so far */
    struct http_client_figures figures;
    struct http_line_of_calls ready; /* to be started */
    struct loop_task task;           /* starts them */
    bool is_queued;                  /* the task is */
    bool is_gone;                    /* freed but for the task */
    struct buf scratch;              /* NUL-terminated texts on their way to libcurl */
};

/* multi.c */

/* One with room for a call; NULL when libcurl has no memory. */
struct http_multi *http_multi_for_call(struct http_client *client);
/* A call is not in it any more. */
void http_multi_left(struct http_multi *multi);
void http_multi_close(struct http_multi *multi);
/* Options of the call's handle that make its sockets ours. */
void http_multi_prepare(struct http_call *call);

/* client.c */

/* libcurl is done with it. */
void http_call_finish(struct http_call *call, CURLcode code);
/* The call will end with this error, unless it has one already. */
void http_call_break_off(struct http_call *call, const struct error *err);
/* Somebody is in client->ready. */
void http_client_start_ready(struct http_client *client);

#endif
