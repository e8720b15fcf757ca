/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct http_client: HTTP calls on a loop, by libcurl, which does not show. It verifies TLS
 * always, reuses connections, speaks HTTP/2 where a TLS server offers it, follows no redirect,
 * keeps no cookies, and adds nothing to a request but Host, Accept, Accept-Encoding and
 * Content-Length. What calls mean, how often they are tried and how many a host can take is decided
 * above (http/gate.h for the latter). Everything happens on the loop's thread.
 *
 *   send ──► waiting for a connection ──► connected ──► answered ──► fn(arg, answer, NULL)
 *                      └───────────────────────┴──► failed ──► fn(arg, NULL, err)
 */
#ifndef AFFLUX_HTTP_CLIENT_H
#define AFFLUX_HTTP_CLIENT_H

#include "http/message.h"
#include "loop/loop.h"

enum {
    HTTP_CALLS_MAX = 16384,    /* at a time, when the options name no other number */
    HTTP_CALLS_PER_MULTI = 64, /* libcurl searches its connections one by one */
    HTTP_IDLE_MS = 60 * 1000,  /* connections that nobody uses are closed after it */
};

struct http_client;
struct http_call;

/* All zero is fine. Strings are copied. */
struct http_client_options {
    size_t calls_max;
    size_t calls_per_multi;
    size_t body_padding;    /* writable bytes behind each body */
    const char *ca_file;    /* certificates to trust; NULL: the system's */
    const char *proxy;      /* URL; NULL or "": none */
    bool is_proxy_from_env; /* without proxy: http_proxy, https_proxy, no_proxy count */
    const char *user_agent; /* for requests without one; NULL: none is sent */
    int64_t idle_ms;        /* 0: HTTP_IDLE_MS */
};

/* Exactly one of answer and err is given. The answer is the callee's to free. The call is gone. fn
 * may send and cancel other calls, but not free the client. */
typedef void http_done_fn(void *arg, struct http_answer *answer, const struct error *err);

NODISCARD enum status http_client_new(struct loop *loop, const struct http_client_options *options,
                                      struct http_client **ret_client, struct error *err);
/* Cancels what is left. NULL is fine. */
void http_client_free(struct http_client *client);

/* fn comes once, from the loop, never from within this function; unless the call is canceled. The
 * request's body stays where it is until then; all else of the request is copied. Fails at once as
 * http_request_check does, and with STATUS_BUSY "HttpTooMany". Later errors: http/failure.h. */
NODISCARD enum status http_client_send(struct http_client *client,
                                       const struct http_request *request, http_done_fn *fn,
                                       void *arg, struct http_call **ret_call, struct error *err);
/* fn does not come any more, and the body is not used any more. */
void http_call_cancel(struct http_call *call);

/* How many names were looked up so far. */
size_t http_client_lookups(const struct http_client *client);
size_t http_client_in_flight(const struct http_client *client);

/* So far. */
struct http_client_figures {
    uint64_t sent;     /* calls */
    uint64_t received; /* bytes of bodies as they were on the wire, compressed or not, of answers
                          that were broken off too; counted when the call ends */
};
struct http_client_figures http_client_figures(const struct http_client *client);

#endif
