/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the wire, for this folder. */
#ifndef AFFLUX_API_API_INTERNAL_H
#define AFFLUX_API_API_INTERNAL_H

#include "api/api.h"
#include "api/scope.h"
#include "api/wire.h"
#include <stdatomic.h>

enum { API_SERVICES_MAX = 16, REQUEST_ID_MAX = 56 };

/* What the store's thread calls; outlives an api that is freed while a call is on its way. */
struct api_door {
    struct api *api; /* NULL: freed */
    struct loop *loop;
    struct loop_task task;
    atomic_bool is_asked;
};

struct api {
    struct api_options options;
    struct api_service services[API_SERVICES_MAX];
    struct loop *loop;
    struct http_server *server; /* NULL: closed */
    struct store_reader *reader;
    struct store_client *client;
    struct api_door *door;
    struct api_call *under_way;
    struct api_call *idle; /* to be used again */
    uint32_t idle_count;
    uint64_t chance; /* state of the generator of ids */
    loop_fn *closed;
    void *closed_arg;
    uint64_t calls, failed; /* of JSON services */
    struct loop_timer publish;
};

/* A request, looked at. Slices live as long as the exchange. */
struct api_request {
    struct http_exchange *x;
    str host, bucket;
    struct api_scope scope;
    str target; /* X-Amz-Target; p is NULL when there is none */
};

/* ---- api.c ---- */
/* Ids of requests: a UUID, or 52 letters and digits. */
void api_new_id(struct api *api, bool is_long, char out[REQUEST_ID_MAX]);
/* Of the request's region; else the default. */
str api_region(const struct api *api, const struct api_scope *scope);
/* A body in memory with its type and the id of the request. */
void api_answer(struct http_exchange *x, int status, const char *content_type, const char *id,
                struct buf *body);

/* ---- call.c ---- */
void api_call_begin(struct api *api, const struct api_request *r);
/* Is called on the store's thread. */
void api_wake(void *door);
void api_calls_done(struct api *api);

/* ---- sts.c ---- */
void api_sts_begin(struct api *api, const struct api_request *r);

/* ---- figures.c ---- */
/* False: it is no path of ours. */
bool api_figures(struct api *api, const struct api_request *r);
/* Puts its figures on the board, now and then. */
void api_publish(void *api);

/* ---- refuse.c ---- */
/* In the shape of the protocol that the request speaks. */
void api_refuse(struct api *api, struct http_exchange *x, int status, const char *json_name,
                const char *xml_name, const char *message);
http_refuse_fn api_http_refuse;

#endif
