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
 * they are. What a .sync task has begun is followed by work_follow.c.
 */
#include "engine/work_services.h"

#include "engine/sdk_times.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/service.h"
#include <stdlib.h>

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

enum status service_task_run(const struct engine_service_task *t, struct arena *scratch,
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
    if (status == STATUS_OK && t->is_sdk)
        sdk_times_as_text(json);
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
    enum status status = service_task_run(t, scratch, store_tx_reader(tx), tx, &json, err);
    if (status == STATUS_OK) {
        struct engine_message m = {
            .frame = t->frame, .attempt = t->attempt, .kind = t->kind, .document = buf_str(&json)};
        struct store_message row = t->message;
        engine_message_write(&m, &body);
        row.body = buf_str(&body);
        if (row.id != 0)
            status = store_tx_send(tx, &row, err);
        if (status == STATUS_OK && t->is_followed)
            status = service_follow_write(tx, t, buf_str(&json), err);
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

void service_task_free(struct engine_service_task *t)
{
    unlink_task(t);
    loop_timer_stop(t->engine->loop, &t->timer);
    store_unit_done(&t->unit.unit);
    json_doc_unref(t->arguments);
    arena_done(&t->arena);
    free(t);
}

static void drop(struct engine_unit *u)
{
    service_task_free((struct engine_service_task *)(void *)u);
}

void service_task_fail(struct engine_service_task *t, const struct error *err)
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

bool service_task_retries(struct engine_service_task *t)
{
    struct store_unit *u = &t->unit.unit;
    bool is_store = str_starts(str_of(u->error.name), STR("Store"));
    if (u->status == STATUS_OK || !is_store || !engine_is_passing(u->status))
        return false;
    t->engine->figures.retried++; /* nothing of it has happened */
    store_unit_done(u);
    loop_timer_start(t->engine->loop, &t->timer, loop_now_ms() + SERVICE_AGAIN_MS, submit_again, t);
    return true;
}

/* Others are told first: what the operation began may be over when the execution hears of it. */
void service_task_tell(struct engine_service_task *t, str answer)
{
    const struct engine_service *s = t->service;
    if (s->after)
        s->after(s->self, t->engine, t->operation, json_doc_root(t->arguments), answer);
}

static void come_back(struct engine *e, struct engine_unit *u)
{
    struct engine_service_task *t = (struct engine_service_task *)(void *)u;
    struct engine_message m;
    struct error err;
    if (service_task_retries(t))
        return;
    if (u->unit.status != STATUS_OK) {
        service_task_fail(t, &u->unit.error);
        service_task_free(t);
        return;
    }
    check(engine_message_read(u->unit.reply, &m, &err) == STATUS_OK); /* we wrote it */
    service_task_tell(t, m.document);
    if (!t->is_followed)
        unlink_task(t);
    engine_deliver(e, t->message.execution, t->message.id, u->unit.reply);
    if (t->is_followed)
        service_follow(t, arena_dup(&t->arena, m.document));
    else
        service_task_free(t);
}

void service_task_link(struct engine_execution *ex, struct engine_service_task *t)
{
    t->next = ex->services;
    t->place = &ex->services;
    if (t->next)
        t->next->place = &t->next;
    ex->services = t;
}

static void start_writing(struct engine_execution *ex, struct engine_service_task *t)
{
    struct engine *e = ex->engine;
    t->unit =
        (struct engine_unit){.unit = {.run = write_unit, .args = {(const char *)t, sizeof(*t)}},
                             .back = come_back,
                             .drop = drop};
    if (ex->is_kept)
        t->message.id = store_new_id(e->store);
    service_task_link(ex, t);
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
    enum status status = service_task_run(t, &t->arena, e->reader, NULL, &json, &err);
    if (status == STATUS_OK)
        status = json_parse(buf_str(&json), NULL, &answer.doc, &err);
    if (status == STATUS_OK) {
        service_task_tell(t, buf_str(&json));
        engine_answer_task(e, t->message.execution, t->frame, t->attempt, &answer);
    } else {
        service_task_fail(t, &err);
    }
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

/* Kinds of answers by the pattern; a .sync task is also submitted, and its end comes later. */
static void take_pattern(struct engine_service_task *t, enum asl_pattern pattern)
{
    t->is_followed = pattern == ASL_SYNC && t->service->look;
    t->kind = pattern == ASL_REQUEST_RESPONSE ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_SUBMITTED;
}

struct engine_service_task *service_task_for(struct engine *e, const struct asl_resource *r)
{
    struct engine_service_task *t = calloc(1, sizeof(*t));
    str name;
    check(t != NULL);
    t->engine = e;
    arena_init(&t->arena, 0);
    t->dialect = dialect_find(r, &t->arena, &name, &t->is_sdk);
    t->service = t->dialect ? service_named(e, t->dialect->service) : NULL;
    t->operation = t->service ? service_find(t->service->service, name) : NULL;
    if (!t->operation) {
        service_task_free(t);
        return NULL;
    }
    take_pattern(t, r->pattern);
    t->call = (struct service_call){.settings = &e->settings,
                                    .self = t->service->self,
                                    .now_ms = engine_now_ms(e),
                                    .arena = &t->arena};
    time_print_http(t->call.now_ms, t->date);
    return t;
}

struct engine_service_task *service_task_new(struct engine_execution *ex,
                                             const struct asl_command *c)
{
    struct engine *e = ex->engine;
    struct engine_service_task *t = service_task_for(e, &c->state->task.resource);
    if (!t)
        return NULL;
    t->arguments = json_doc_ref(c->arguments->json);
    t->frame = c->frame;
    t->attempt = c->attempt;
    t->message.execution = ex->row.id;
    t->message.shard = ex->row.shard;
    t->request_id = asl_uuid_of(ex->x->identity.id, engine_seed(e), c->frame, &t->arena);
    return t;
}

bool engine_work_services(struct engine_execution *ex, const struct asl_command *c)
{
    struct engine_service_task *t = service_task_new(ex, c);
    struct error err;
    if (!t)
        return false;
    if (is_done(ex, c)) {
        bool is_followed = t->is_followed;
        service_task_free(t);
        if (is_followed) /* that it was submitted is in the inbox */
            engine_follow_again(ex, c);
        return true;
    }
    enum status status =
        service_prepare(t->operation, &t->call, c->arguments->root, &t->args, &err);
    if (status == STATUS_OK && t->operation->is_writing) {
        start_writing(ex, t);
        return true;
    }
    if (status == STATUS_OK)
        read_now(t);
    else
        service_task_fail(t, &err);
    service_task_free(t);
    return true;
}

void engine_services_leave(struct engine_execution *ex)
{
    while (ex->services) {
        if (loop_timer_is_running(&ex->services->timer)) /* followed, or not with the store yet */
            service_task_free(ex->services);
        else
            unlink_task(ex->services);
    }
}
