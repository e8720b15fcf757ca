/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that are operations of our own services (services/service.h): dynamodb:putItem,
 * aws-sdk:s3:listObjectsV2 and the like. One that reads is answered at once. One that writes
 * happens exactly once: what it does and the message that carries its result to the execution are
 * one unit of the store.
 *
 *   prepare ──► unit: run, answer, message ──► durable ──► message delivered ──► step
 *
 * A process that ends behind the commit leaves the message in the inbox: the next one delivers it
 * and does not run the operation again. Express executions have no inbox; theirs is run as often as
 * they are.
 */
#include "base/time.h"
#include "engine/dialect.h"
#include "engine/team.h"
#include "engine/unit.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/service.h"
#include <stdlib.h>

enum { AGAIN_MS = 1000 /* after the store could not write */ };

/* An operation that writes, under way. What the store's thread reads does not change meanwhile. */
struct engine_service_task {
    struct engine_unit unit;
    struct engine_service_task *next, **place; /* of its execution; place NULL: that is gone */
    struct engine *engine;
    struct loop_timer timer;
    struct arena arena;
    const struct dialect *dialect;
    bool is_sdk;
    const struct service_operation *operation;
    struct service_call call;
    str args, request_id;
    char date[TIME_HTTP_BYTES];
    struct store_message message; /* id 0: nobody keeps it */
    uint32_t frame, attempt;
    enum asl_event_kind kind; /* of what it answers */
};

/* ---- results ---- */

static void add_headers(const struct engine_service_task *t, size_t length, bool is_list,
                        struct buf *out)
{
    const char *open = is_list ? "[" : "", *close = is_list ? "]" : "";
    buf_printf(
        out,
        "{\"x-amzn-RequestId\":%s\"%.*s\"%s,\"Content-Length\":%s\"%zu\"%s,\"Date\":%s\"%s\"%s,"
        "\"Content-Type\":%s\"%s\"%s,\"connection\":%s\"keep-alive\"%s}",
        open, STR_ARG(t->request_id), close, open, length, close, open, t->date, close, open,
        t->dialect->media_type, close, open, close);
}

/* What optimized integrations add to a result: how it came over HTTP. */
static void add_envelope(const struct engine_service_task *t, struct buf *json)
{
    size_t length = json->n;
    if (t->is_sdk || !t->dialect->media_type || length < 2 || json->p[length - 1] != '}')
        return;
    json->n = length - 1;
    buf_printf(json, "%s\"SdkHttpMetadata\":{\"AllHttpHeaders\":", length > 2 ? "," : "");
    add_headers(t, length, true, json);
    buf_add(json, STR(",\"HttpHeaders\":"));
    add_headers(t, length, false, json);
    buf_printf(json, ",\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"%.*s\"}}",
               STR_ARG(t->request_id));
}

static enum status run_operation(const struct engine_service_task *t, struct arena *scratch,
                                 struct store_reader *reader, struct store_tx *tx, struct buf *json,
                                 struct error *err)
{
    struct service_call call = t->call;
    struct buf reply;
    call.arena = scratch;
    buf_init(&reply, SIZE_MAX / 2);
    enum status status = t->operation->run(&call, reader, tx, t->args, &reply, err);
    if (status == STATUS_OK)
        status = service_answer(t->operation, &call, buf_str(&reply), json, err);
    buf_done(&reply);
    if (status == STATUS_OK)
        add_envelope(t, json);
    return status;
}

/* ---- one that writes ---- */

static enum status write_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct engine_service_task *t = (const struct engine_service_task *)(const void *)args.p;
    struct buf json, body;
    buf_init(&json, SIZE_MAX / 2);
    buf_init(&body, SIZE_MAX / 2);
    enum status status = run_operation(t, scratch, store_tx_reader(tx), tx, &json, err);
    if (status == STATUS_OK) {
        struct engine_message m = {
            .frame = t->frame, .attempt = t->attempt, .kind = t->kind, .document = buf_str(&json)};
        struct store_message row = t->message;
        engine_message_write(&m, &body);
        row.body = buf_str(&body);
        if (row.id != 0)
            status = store_tx_send(tx, &row, err);
        store_tx_reply(tx, row.body);
    }
    buf_done(&json);
    buf_done(&body);
    return status;
}

static void unlink_task(struct engine_service_task *t)
{
    if (!t->place)
        return;
    *t->place = t->next;
    if (t->next)
        t->next->place = t->place;
    t->place = NULL;
}

static void task_free(struct engine_service_task *t)
{
    unlink_task(t);
    loop_timer_stop(t->engine->loop, &t->timer);
    store_unit_done(&t->unit.unit);
    arena_done(&t->arena);
    free(t);
}

static void drop(struct engine_unit *u)
{
    task_free((struct engine_service_task *)(void *)u);
}

static void fail(struct engine_service_task *t, const struct error *err)
{
    struct dialect_error said = dialect_spell(t->dialect, t->is_sdk, err, t->request_id, &t->arena);
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_FAILED,
                                   .error = said.error,
                                   .cause = said.cause,
                                   .has_error = true,
                                   .has_cause = true};
    engine_answer_task(t->engine, t->message.execution, t->frame, t->attempt, &answer);
}

static void submit_again(void *arg)
{
    struct engine_service_task *t = arg;
    engine_unit_submit(t->engine, &t->unit);
}

static void come_back(struct engine *e, struct engine_unit *u)
{
    struct engine_service_task *t = (struct engine_service_task *)(void *)u;
    const struct error *err = &u->unit.error;
    bool is_store = str_starts(str_of(err->name), STR("Store"));
    if (u->unit.status == STATUS_OK) {
        unlink_task(t);
        engine_deliver(e, t->message.execution, t->message.id, u->unit.reply);
    } else if (is_store && engine_is_passing(u->unit.status)) {
        e->figures.retried++; /* nothing of it has happened */
        store_unit_done(&u->unit);
        loop_timer_start(e->loop, &t->timer, loop_now_ms() + AGAIN_MS, submit_again, t);
        return;
    } else {
        fail(t, err);
    }
    task_free(t);
}

static void start_writing(struct engine_execution *ex, struct engine_service_task *t)
{
    struct engine *e = ex->engine;
    t->unit =
        (struct engine_unit){.unit = {.run = write_unit, .args = {(const char *)t, sizeof(*t)}},
                             .back = come_back,
                             .drop = drop};
    if (ex->is_kept) {
        t->message.id = store_new_id(e->store);
        t->message.shard = ex->row.shard;
    }
    t->next = ex->services;
    t->place = &ex->services;
    if (t->next)
        t->next->place = &t->next;
    ex->services = t;
    engine_unit_submit(e, &t->unit);
}

/* ---- one that reads ---- */

static void read_now(struct engine_service_task *t)
{
    struct engine *e = t->engine;
    struct engine_answer answer = {.kind = t->kind};
    struct error err;
    struct buf json;
    buf_init(&json, SIZE_MAX / 2);
    enum status status = run_operation(t, &t->arena, e->reader, NULL, &json, &err);
    if (status == STATUS_OK)
        status = json_parse(buf_str(&json), NULL, &answer.doc, &err);
    if (status == STATUS_OK)
        engine_answer_task(e, t->message.execution, t->frame, t->attempt, &answer);
    else
        fail(t, &err);
    json_doc_unref(answer.doc);
    buf_done(&json);
}

/* ---- from a task to an operation ---- */

/* Was it begun before, and is its result here or under way? */
static bool is_done(const struct engine_execution *ex, const struct asl_command *c)
{
    const struct engine_event *lists[] = {ex->first_event, ex->held_events};
    for (const struct engine_service_task *t = ex->services; t; t = t->next) {
        if (t->frame == c->frame && t->attempt == c->attempt)
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (const struct engine_event *ev = lists[i]; ev; ev = ev->next) {
            if (ev->message != 0 && ev->event.frame == c->frame && ev->event.attempt == c->attempt)
                return true;
        }
    }
    return false;
}

static const struct engine_service *service_named(const struct engine *e, const char *name)
{
    for (uint32_t i = 0; i < e->options.service_count; i++) {
        if (strcmp(e->options.services[i].service->name, name) == 0)
            return &e->options.services[i];
    }
    return NULL;
}

static struct engine_service_task *task_new(struct engine_execution *ex,
                                            const struct asl_command *c)
{
    struct engine *e = ex->engine;
    struct engine_service_task *t = calloc(1, sizeof(*t));
    check(t != NULL);
    t->engine = e;
    arena_init(&t->arena, 0);
    t->frame = c->frame;
    t->attempt = c->attempt;
    t->message.execution = ex->row.id;
    t->kind = c->state->task.resource.pattern == ASL_WAIT_FOR_TASK_TOKEN ? ASL_EVENT_TASK_SUBMITTED
                                                                         : ASL_EVENT_TASK_SUCCEEDED;
    t->call = (struct service_call){
        .settings = &e->settings, .now_ms = engine_now_ms(e), .arena = &t->arena};
    t->request_id = asl_uuid_of(ex->x->identity.id, engine_seed(e), c->frame, &t->arena);
    time_print_http(t->call.now_ms, t->date);
    return t;
}

bool engine_work_services(struct engine_execution *ex, const struct asl_command *c)
{
    struct engine_service_task *t = task_new(ex, c);
    struct error err;
    str name;
    t->dialect = dialect_find(&c->state->task.resource, &t->arena, &name, &t->is_sdk);
    const struct engine_service *s =
        t->dialect ? service_named(ex->engine, t->dialect->service) : NULL;
    t->operation = s ? service_find(s->service, name) : NULL;
    if (!t->operation || is_done(ex, c)) {
        bool is_ours = t->operation != NULL;
        task_free(t);
        return is_ours;
    }
    t->call.self = s->self;
    enum status status =
        service_prepare(t->operation, &t->call, c->arguments->root, &t->args, &err);
    if (status == STATUS_OK && t->operation->is_writing) {
        start_writing(ex, t);
        return true;
    }
    if (status == STATUS_OK)
        read_now(t);
    else
        fail(t, &err);
    task_free(t);
    return true;
}

void engine_services_leave(struct engine_execution *ex)
{
    while (ex->services)
        unlink_task(ex->services);
}
