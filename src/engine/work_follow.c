/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .sync tasks of our services: what an operation began is looked at from time to time until it has
 * ended, and that is the task's end. What is followed is kept as a thing of the store, written by
 * the operation's unit and removed by the one that tells the execution of the end; so another
 * process goes on with it, and the end is told once.
 */
#include "engine/work_services.h"
#include "json/parse.h"

#define FOLLOWED STR("followed") /* things under the name of the task that follows */

/* The end is seen late by an eighth of the time that it took, at most. */
enum { FIRST_LOOK_MS = 50, LATER_SHARE = 8, LONGEST_WAIT_MS = 5000 };

static str name_of(const struct engine_service_task *t, struct arena *a)
{
    return arena_printf(a, "%lld.%u.%u", (long long)t->message.execution, t->frame, t->attempt);
}

enum status service_follow_write(struct store_tx *tx, const struct engine_service_task *t,
                                 str answer, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = store_tx_put_thing(tx, FOLLOWED, name_of(t, &a), answer, err);
    arena_done(&a);
    return status;
}

/* ---- its end ---- */

static enum status end_unit(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    const struct engine_service_task *t = (const struct engine_service_task *)(const void *)args.p;
    enum status status = store_tx_delete_thing(tx, FOLLOWED, name_of(t, scratch), err);
    return status == STATUS_OK ? store_tx_send(tx, &t->message, err) : status;
}

static void end_back(struct engine *e, struct engine_unit *u)
{
    struct engine_service_task *t = (struct engine_service_task *)(void *)u;
    if (service_task_retries(t))
        return;
    if (u->unit.status == STATUS_OK)
        engine_deliver(e, t->message.execution, t->message.id, t->message.body);
    service_task_free(t); /* refused: it was told before */
}

static void drop(struct engine_unit *u)
{
    service_task_free((struct engine_service_task *)(void *)u);
}

static void end(struct engine_service_task *t, bool is_well, str record)
{
    struct engine_message m = {.frame = t->frame,
                               .attempt = t->attempt,
                               .kind = is_well ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED};
    struct buf body;
    if (is_well) {
        m.document = record;
    } else {
        m.error = STR("States.TaskFailed");
        m.cause = record;
        m.has_error = m.has_cause = true;
    }
    buf_init(&body, SIZE_MAX / 2);
    engine_message_write(&m, &body);
    t->message.id = store_new_id(t->engine->store);
    t->message.body = arena_dup(&t->arena, buf_str(&body));
    buf_done(&body);
    t->unit = (struct engine_unit){.unit = {.run = end_unit, .args = {(const char *)t, sizeof(*t)}},
                                   .back = end_back,
                                   .drop = drop};
    engine_unit_submit(t->engine, &t->unit);
}

/* ---- looking ---- */

static void look(void *arg)
{
    struct engine_service_task *t = arg;
    struct engine *e = t->engine;
    const struct engine_service *s = t->service;
    enum engine_stand stand = ENGINE_UNFINISHED;
    struct error err;
    struct buf record;
    buf_init(&record, SIZE_MAX / 2);
    enum status status =
        s->look(s->self, e->reader, t->began, engine_now_ms(e), &record, &stand, &err);
    bool waits = status == STATUS_OK ? stand == ENGINE_UNFINISHED : engine_is_passing(status);
    if (waits) {
        t->wait_ms += t->wait_ms / LATER_SHARE;
        if (t->wait_ms > LONGEST_WAIT_MS)
            t->wait_ms = LONGEST_WAIT_MS;
        loop_timer_start(e->loop, &t->timer, loop_now_ms() + t->wait_ms, look, t);
    } else if (status == STATUS_OK) {
        end(t, stand == ENGINE_SUCCEEDED, buf_str(&record));
    } else { /* it is gone, so nobody can say how it ended */
        end(t, false, str_of(err.message));
    }
    buf_done(&record);
}

void service_follow(struct engine_service_task *t, str answer)
{
    t->began = answer;
    t->wait_ms = FIRST_LOOK_MS;
    store_unit_done(&t->unit.unit);
    if (!t->place) { /* the execution is gone from memory, and follows it when it is back */
        service_task_free(t);
        return;
    }
    loop_timer_start(t->engine->loop, &t->timer, loop_now_ms() + t->wait_ms, look, t);
}

/* ---- read back, given up ---- */

static struct engine_service_task *find(const struct engine_execution *ex, uint32_t frame,
                                        uint32_t attempt)
{
    struct engine_service_task *t = ex->services;
    while (t && (t->frame != frame || t->attempt != attempt))
        t = t->next;
    return t;
}

void engine_follow_again(struct engine_execution *ex, const struct asl_command *c)
{
    struct engine_service_task *t = find(ex, c->frame, c->attempt) ? NULL : service_task_new(ex, c);
    struct error err;
    str answer = {0};
    if (!t)
        return;
    enum status status = STATUS_NOT_FOUND;
    if (t->is_followed)
        status = store_find_thing(ex->engine->reader, FOLLOWED, name_of(t, &t->arena), &t->arena,
                                  &answer, &err);
    if (status == STATUS_OK) {
        service_task_link(ex, t);
        service_follow(t, answer);
    } else { /* its end is in the inbox */
        service_task_free(t);
    }
}

static enum status forget_unit(struct store_tx *tx, str args, struct arena *scratch,
                               struct error *err)
{
    const struct engine_service_task *t = (const struct engine_service_task *)(const void *)args.p;
    enum status status = store_tx_delete_thing(tx, FOLLOWED, name_of(t, scratch), err);
    if (status != STATUS_OK || !t->operation)
        return status;
    struct service_call call = t->call;
    struct buf reply;
    call.arena = scratch;
    buf_init(&reply, SIZE_MAX / 2);
    status = t->operation->run(&call, store_tx_reader(tx), tx, t->args, &reply, err);
    buf_done(&reply);
    return status;
}

static void forget_back(struct engine *e, struct engine_unit *u)
{
    struct engine_service_task *t = (struct engine_service_task *)(void *)u;
    const struct engine_service *s = t->service;
    if (service_task_retries(t))
        return;
    if (u->unit.status == STATUS_OK && t->operation && s->after)
        s->after(s->self, e, t->operation, json_undefined(), STR(""));
    service_task_free(t);
}

/* The request that stops what was begun; its operation stays NULL when there is none. */
static void prepare_stop(struct engine_service_task *t)
{
    const struct engine_service *s = t->service;
    struct json_val request;
    struct error err;
    struct buf text;
    t->operation = s->stop ? service_find(s->service, str_of(s->stop)) : NULL;
    if (!t->operation)
        return;
    buf_init(&text, SIZE_MAX / 2);
    enum status status =
        s->stop_request(s->self, json_doc_root(t->arguments), t->began, &text, &err);
    if (status == STATUS_OK)
        status = json_parse_in(&t->arena, buf_str(&text), NULL, &request, &err);
    if (status == STATUS_OK)
        status = service_prepare(t->operation, &t->call, request, &t->args, &err);
    if (status != STATUS_OK)
        t->operation = NULL;
    buf_done(&text);
}

bool engine_cancel_followed(struct engine_execution *ex, const struct engine_action *action)
{
    struct engine_service_task *t = find(ex, action->frame, action->attempt);
    if (!t || !t->began.p || !loop_timer_is_running(&t->timer))
        return false; /* on its way to the store: its result changes nothing */
    loop_timer_stop(t->engine->loop, &t->timer);
    prepare_stop(t);
    t->unit =
        (struct engine_unit){.unit = {.run = forget_unit, .args = {(const char *)t, sizeof(*t)}},
                             .back = forget_back,
                             .drop = drop};
    engine_unit_submit(t->engine, &t->unit);
    return true;
}
