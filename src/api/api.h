/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire: one listener for all services, one struct api for each loop that listens. It finds out
 * whom a request is for and puts it through the door of that service:
 *
 *   /_afflux/…                                    figures.c   health, metrics
 *   X-Amz-Target                                  call.c      services that speak JSON
 *   Action=GetCallerIdentity, signed for sts      sts.c
 *   signed for a JSON service, without a target              refused: no operation
 *   everything else                               api_rest_fn whoever keeps objects: S3
 *
 * JSON services come as struct service (services/service.h). An operation that reads runs in the
 * handler, on the loop's reader; one that writes becomes a unit of the store, and its exchange
 * waits until that is durable. What a service does in another way it takes over (api_own_fn).
 * Errors have the shape of their protocol, always.
 *
 * Any credentials pass, which is why only loopback addresses may be listened on (api_may_listen)
 * and why requests of web pages are refused (api/hosts.h).
 */
#ifndef AFFLUX_API_API_H
#define AFFLUX_API_API_H

#include "api/hosts.h"
#include "api/wire.h"
#include "http/listen.h"
#include "http/server.h"
#include "services/service.h"

struct api;
struct api_call; /* an operation of a JSON service, under way */
struct engine;

enum {
    API_GRACE_MS = 3000,   /* what is under way may finish, when it closes */
    API_PUBLISH_MS = 1000, /* how old the figures of other loops may be */
    API_CALLS_KEPT = 64,   /* memory of calls, for the next ones */
};

/* An operation that the service does itself. It may answer now or later, once; the request lies in
 * the call until then. False: not its own. */
typedef bool api_own_fn(void *arg, struct api_call *call, str operation, struct json_val request);
/* Called on the loop when an operation succeeded (and is durable, if it writes), before it is
 * answered. */
typedef void api_after_fn(void *arg, const struct service_operation *o, struct json_val request,
                          str answer);

struct api_service {
    const struct service *service;
    void *self;          /* of struct service_call */
    api_own_fn *own;     /* NULL: none */
    api_after_fn *after; /* NULL: nothing */
    void *arg;           /* of both */
};

/* A request that is no JSON service's: S3's. Everything lives as long as the exchange. */
struct api_rest {
    struct api *api;
    str bucket;          /* of the host name; empty: the path names it */
    str region;          /* what the request was signed for, or the default */
    const char *request; /* id */
};
/* From here on the exchange is the callee's; its body is not read yet. */
typedef void api_rest_fn(void *arg, struct http_exchange *x, const struct api_rest *rest);

/* Where the apis of all loops write what they did, so that any of them can tell it. */
struct api_board;
struct api_board *api_board_new(uint32_t apis);
void api_board_free(struct api_board *board); /* NULL is fine */

struct api_options {
    struct loop *loop;
    struct api_board *board; /* and which place of it is this one's */
    uint32_t number;
    int listen_fd; /* becomes the api's */
    struct store *store;
    struct engine *engine;                   /* of this loop, for figures; NULL: none */
    const struct service_settings *settings; /* and all below: the caller's, while there are apis */
    const struct api_hosts *hosts;
    const struct api_service *services; /* copied */
    size_t service_count;
    api_rest_fn *rest; /* NULL: there are no objects here */
    void *rest_arg;
    struct http_server_options http; /* limits; NULL functions and no descriptor */
};

/* STATUS_INVALID "ApiNotLoopback" unless the address is a loopback one. */
NODISCARD enum status api_may_listen(const struct http_address *address, struct error *err);

/* Answers as soon as the loop runs. */
NODISCARD enum status api_open(const struct api_options *options, struct api **ret,
                               struct error *err);
/* Takes no requests any more; what is under way may finish for some seconds (API_GRACE_MS), then it
 * is refused. closed(arg) comes from the loop; api_free is still to be called. */
void api_close(struct api *api, loop_fn *closed, void *arg);
/* At once, if it was not closed before. NULL is fine. */
void api_free(struct api *api);

/* ---- for those who take an operation over ---- */

struct arena *api_call_arena(struct api_call *call);
const struct service_settings *api_call_settings(const struct api_call *call);
/* Has the client left? Asks the system; for work that would be lost when handed over. */
bool api_call_is_gone(const struct api_call *call);
/* fn(arg) once when the client leaves, or the server closes, before the call was answered; it still
 * has to be answered, in fn or later. */
void api_call_on_gone(struct api_call *call, loop_fn *fn, void *arg);
/* JSON text; copied. The call is over. */
void api_call_answer(struct api_call *call, str json);
void api_call_fail(struct api_call *call, const struct error *err);
void api_call_refuse(struct api_call *call, const struct api_failure *failure);

#endif
