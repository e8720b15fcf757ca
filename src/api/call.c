/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations of JSON services: from a body to an answer through the three parts of
 * services/service.h.
 *
 *   head ──► service and operation known ──► body ──► JSON ──► own? ──► whoever took it over ──┐
 *                                                      │                                       │
 *                                   reads: run, answer ┴ writes: prepare ──► unit ──► durable ─┴─►
 * sent
 *
 * A call has memory of its own, because a unit may come back when its exchange has ended: the
 * server refuses what is still under way when it closes.
 */
#include "api/api_internal.h"
#include "base/check.h"
#include "json/parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { ARENA_KEPT = 256 << 10 /* bytes of a call that is kept for the next one */ };

struct api_call {
    struct api *api;
    struct api_call *next, *previous; /* idle; or under way */
    struct http_exchange *x;          /* NULL: it has ended */
    const struct api_wire *wire;
    const struct api_service *service;
    const struct service_operation *operation; /* NULL: the service does it in its own way */
    str operation_name;
    struct service_settings settings;
    struct arena arena;
    struct json_val request;
    struct service_unit unit;
    bool is_busy; /* somebody else has it: the store, or who took it over */
    bool is_answered;
    loop_fn *gone;
    void *gone_arg;
    char id[REQUEST_ID_MAX];
};

/* ---- calls ---- */

static struct api_call *call_new(struct api *api, struct http_exchange *x,
                                 const struct api_wire *wire)
{
    struct api_call *call = api->idle;
    if (call) {
        struct arena arena = call->arena;
        api->idle = call->next;
        api->idle_count--;
        *call = (struct api_call){.arena = arena};
    } else {
        call = calloc(1, sizeof(*call));
        check(call != NULL);
        arena_init(&call->arena, 0);
    }
    call->api = api;
    call->x = x;
    call->wire = wire;
    api_new_id(api, wire->has_long_ids, call->id);
    call->next = api->under_way;
    if (call->next)
        call->next->previous = call;
    api->under_way = call;
    return call;
}

static void call_free(struct api_call *call)
{
    struct api *api = call->api;
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else
        api->under_way = call->next;
    store_unit_done(&call->unit.unit);
    if (arena_used(&call->arena) > ARENA_KEPT)
        arena_done(&call->arena);
    else
        arena_reset(&call->arena);
    if (api->idle_count == API_CALLS_KEPT) {
        arena_done(&call->arena);
        free(call);
        return;
    }
    call->next = api->idle;
    api->idle = call;
    api->idle_count++;
}

void api_calls_done(struct api *api)
{
    while (api->under_way)
        call_free(api->under_way);
    while (api->idle) {
        struct api_call *call = api->idle;
        api->idle = call->next;
        arena_done(&call->arena);
        free(call);
    }
}

/* ---- answers ---- */

static void call_say_gone(struct api_call *call)
{
    loop_fn *gone = call->gone;
    call->gone = NULL;
    if (gone && !call->is_answered)
        gone(call->gone_arg);
}

static void call_ended(void *arg, bool is_sent)
{
    struct api_call *call = arg;
    (void)is_sent;
    call->x = NULL;
    if (!call->is_busy)
        call_free(call);
    else
        call_say_gone(call);
}

static void call_client_left(void *arg)
{
    call_say_gone(arg);
}

/* Takes the bytes of the buffer. The call is not there any more when its exchange is not. */
static void call_send(struct api_call *call, int status, struct buf *body)
{
    char crc[16];
    struct http_header headers[3] = {
        {STR("Content-Type"), str_of(call->wire->content_type)},
        {STR("x-amzn-RequestId"), str_of(call->id)},
    };
    struct http_reply reply = {
        .status = status, .headers = headers, .header_count = 2, .is_taken = true};
    call->is_busy = false;
    call->is_answered = true;
    if (!call->x) {
        buf_done(body);
        call_free(call);
        return;
    }
    reply.body.p = buf_take(body, &reply.body.n);
    if (call->wire->has_crc) {
        uLong sum = crc32_z(0, (const Bytef *)reply.body.p, reply.body.n);
        int n = snprintf(crc, sizeof(crc), "%lu", (unsigned long)sum);
        headers[reply.header_count++] = (struct http_header){STR("X-Amz-Crc32"), {crc, (size_t)n}};
    }
    http_exchange_answer(call->x, &reply);
}

void api_call_refuse(struct api_call *call, const struct api_failure *failure)
{
    struct buf body;
    buf_init(&body, SIZE_MAX / 2);
    call->api->failed++;
    call_send(call, api_wire_put_error(call->wire, failure, &body), &body);
}

static void call_fail(struct api_call *call, const struct error *err, str members)
{
    const struct api_failure failure = {.status = err->status,
                                        .name = str_of(err->name),
                                        .message = str_of(err->message),
                                        .members = members};
    api_call_refuse(call, &failure);
}

/* What run or a unit left, as the answer. */
static void call_finish(struct api_call *call, str reply)
{
    struct service_call c = call->unit.call;
    struct error err;
    struct buf json;
    buf_init(&json, SIZE_MAX / 2);
    c.arena = &call->arena;
    enum status status = service_answer(call->operation, &c, reply, &json, &err);
    if (status == STATUS_OK && call->service->after)
        call->service->after(call->service->arg, call->operation, call->request, buf_str(&json));
    if (status == STATUS_OK) {
        call_send(call, 200, &json);
        return;
    }
    buf_done(&json);
    call_fail(call, &err, (str){"", 0});
}

/* ---- the store ---- */

static void take_units(void *arg)
{
    struct api_door *door = arg;
    atomic_store(&door->is_asked, false);
    if (!door->api) {
        free(door);
        return;
    }
    for (struct store_unit *u = store_take(door->api->client), *next; u; u = next) {
        struct api_call *call =
            (struct api_call *)(void *)((char *)u - offsetof(struct api_call, unit));
        next = u->next;
        if (u->status == STATUS_OK)
            call_finish(call, u->reply);
        else
            call_fail(call, &u->error, u->reply);
    }
}

void api_wake(void *arg)
{
    struct api_door *door = arg;
    if (!atomic_exchange(&door->is_asked, true))
        loop_post(door->loop, &door->task, take_units, door);
}

static void call_submit(struct api_call *call)
{
    struct error err;
    service_unit_init(&call->unit);
    call->is_busy = true;
    if (store_submit(call->api->client, &call->unit.unit, &err) != STATUS_OK)
        call_fail(call, &err, (str){"", 0});
}

static void call_read(struct api_call *call)
{
    const struct service_operation *o = call->operation;
    struct error err;
    struct buf reply;
    buf_init(&reply, SIZE_MAX / 2);
    enum status status =
        o->run(&call->unit.call, call->api->reader, NULL, call->unit.args, &reply, &err);
    if (status == STATUS_OK)
        call_finish(call, buf_str(&reply));
    else
        call_fail(call, &err, buf_str(&reply));
    buf_done(&reply);
}

/* ---- requests ---- */

static enum status call_unknown(const struct api_call *call, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "UnknownOperationException",
                     "There is no operation '%.*s' here.",
                     STR_ARG(str_sub(call->operation_name, 0, 100)));
}

static enum status call_parse(struct api_call *call, str body, struct error *err)
{
    if (body.n == 0)
        body = STR("{}");
    enum status status = json_parse_in(&call->arena, body, NULL, &call->request, err);
    if (status == STATUS_OK && call->request.tag == JSON_OBJECT)
        return STATUS_OK;
    if (status == STATUS_OK)
        return error_set(err, STATUS_INVALID, "SerializationException",
                         "The request is not a JSON object.");
    char why[ERROR_MESSAGE_MAX];
    snprintf(why, sizeof(why), "%s", err->message);
    return error_set(err, STATUS_INVALID, "SerializationException", "The request is not JSON: %s",
                     why);
}

static enum status call_prepare(struct api_call *call, struct error *err)
{
    call->unit.operation = call->operation;
    call->unit.call = (struct service_call){.settings = &call->settings,
                                            .self = call->service->self,
                                            .now_ms = loop_wall_ms(),
                                            .arena = &call->arena};
    return service_prepare(call->operation, &call->unit.call, call->request, &call->unit.args, err);
}

/* The whole body is there. */
static void call_body(void *arg, struct http_exchange *x, str body)
{
    struct api_call *call = arg;
    const struct api_service *s = call->service;
    struct error err;
    (void)x;
    enum status status = call_parse(call, body, &err);
    call->is_busy = true;
    if (status == STATUS_OK && s->own && s->own(s->arg, call, call->operation_name, call->request))
        return;
    call->is_busy = false;
    if (status == STATUS_OK)
        status = call->operation ? call_prepare(call, &err) : call_unknown(call, &err);
    if (status != STATUS_OK)
        call_fail(call, &err, (str){"", 0});
    else if (call->operation->is_writing)
        call_submit(call);
    else
        call_read(call);
}

static const struct api_service *call_find_service(const struct api *api, const char *name)
{
    for (size_t i = 0; i < api->options.service_count; i++)
        if (strcmp(api->services[i].service->name, name) == 0)
            return &api->services[i];
    return NULL;
}

static void call_settings(struct api_call *call, const struct api_scope *scope)
{
    call->settings = *call->api->options.settings;
    call->settings.region = arena_dup(&call->arena, api_region(call->api, scope));
}

void api_call_begin(struct api *api, const struct api_request *r)
{
    struct error err;
    str operation = {"", 0};
    const struct api_wire *wire = r->target.p ? api_wire_of_target(r->target, &operation)
                                              : api_wire_of_scope(r->scope.service);
    struct api_call *call = call_new(api, r->x, wire ? wire : &api_wire_plain);
    api->calls++;
    http_exchange_on_end(r->x, call_ended, call);
    call->operation_name = wire ? arena_dup(&call->arena, operation) : r->target;
    call->service = wire ? call_find_service(api, wire->name) : NULL;
    if (call->service)
        call->operation = service_find(call->service->service, operation);
    if (!call->service || (!call->operation && !call->service->own)) {
        enum status status = call_unknown(call, &err);
        check(status != STATUS_OK);
        call_fail(call, &err, (str){"", 0});
        return;
    }
    call_settings(call, &r->scope);
    http_exchange_gather(r->x, call->wire->body_max, call_body, call);
}

/* ---- for those who take an operation over ---- */

struct arena *api_call_arena(struct api_call *call)
{
    return &call->arena;
}

const struct service_settings *api_call_settings(const struct api_call *call)
{
    return &call->settings;
}

bool api_call_is_gone(const struct api_call *call)
{
    return !call->x || http_exchange_is_gone(call->x);
}

void api_call_on_gone(struct api_call *call, loop_fn *fn, void *arg)
{
    call->gone = fn;
    call->gone_arg = arg;
    if (call->x)
        http_exchange_on_gone(call->x, call_client_left, call);
}

void api_call_answer(struct api_call *call, str json)
{
    struct buf body;
    buf_init(&body, SIZE_MAX / 2);
    buf_add(&body, json);
    call_send(call, 200, &body);
}

void api_call_fail(struct api_call *call, const struct error *err)
{
    call_fail(call, err, (str){"", 0});
}
