/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task http:invoke: calls under way, by the frame that waits for each. What a call is lies in
 * services/http_task.h; who may call when, in http/gate.h.
 *
 * A call may be made more than once: what was under way when a process ended is asked for again by
 * the next one. It holds its arguments, so that it does not depend on the execution staying in
 * memory; an answer that nobody waits for any more changes nothing.
 */
#include "engine/http.h"
#include "engine/team.h"
#include <stdlib.h>

struct engine_call {
    struct engine_call *next, **place; /* with the same hash */
    struct engine *engine;
    int64_t execution;
    uint32_t frame, attempt;
    int64_t begun_ms; /* in this process, by the engine's clock */
    struct json_doc *arguments;
    struct http_task *task;
};

/* ---- the table ---- */

static struct engine_call **head_of(const struct engine_http *h, int64_t execution, uint32_t frame)
{
    uint64_t key = (uint64_t)execution * UINT64_C(0x9E3779B97F4A7C15) + frame;
    key *= UINT64_C(0xD6E8FEB86659FD93);
    return &h->calls[(uint32_t)(key >> 32) & h->call_mask];
}

static void link_call(struct engine_http *h, struct engine_call *call)
{
    struct engine_call **head = head_of(h, call->execution, call->frame);
    call->next = *head;
    call->place = head;
    if (call->next)
        call->next->place = &call->next;
    *head = call;
}

static void grow(struct engine_http *h)
{
    struct engine_call **old = h->calls;
    uint32_t old_size = old ? h->call_mask + 1 : 0, size = old ? old_size * 2 : 64;
    h->calls = calloc(size, sizeof(struct engine_call *));
    check(h->calls != NULL);
    h->call_mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        for (struct engine_call *call = old[i], *next; call; call = next) {
            next = call->next;
            link_call(h, call);
        }
    }
    free(old);
}

static struct engine_call *find_call(const struct engine_http *h, int64_t execution, uint32_t frame,
                                     uint32_t attempt)
{
    if (!h->calls)
        return NULL;
    struct engine_call *call = *head_of(h, execution, frame);
    while (call &&
           (call->execution != execution || call->frame != frame || call->attempt != attempt))
        call = call->next;
    return call;
}

/* Its task has ended or was canceled. */
static void call_free(struct engine_call *call)
{
    *call->place = call->next;
    if (call->next)
        call->next->place = call->place;
    call->engine->http->call_count--;
    json_doc_unref(call->arguments);
    free(call);
}

/* ---- calls ---- */

static void call_ended(void *arg, const struct http_task_end *end)
{
    struct engine_call *call = arg;
    struct engine *e = call->engine;
    e->figures.called++;
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = end->doc};
    if (end->failure)
        answer = (struct engine_answer){.kind = ASL_EVENT_TASK_FAILED,
                                        .error = end->failure->error,
                                        .cause = end->failure->cause,
                                        .has_error = true,
                                        .has_cause = true};
    engine_answer_task(e, call->execution, call->frame, call->attempt, &answer);
    json_doc_unref(end->doc);
    call_free(call);
    engine_turn_now(e); /* hundreds of pages may arrive in one round of the loop */
}

/* The task's own time for one sending; the machine ends the task. 0: there is none that a call
 * could reach. */
static uint32_t timeout_of(const struct asl_command *c)
{
    double ms = c->timeout_seconds * 1000;
    return ms < UINT32_MAX ? (uint32_t)ms : 0;
}

int64_t engine_http_delay(void *engine, const struct asl_frame *f)
{
    struct engine *e = engine;
    struct engine_call *call =
        e->stepped ? find_call(e->http, e->stepped->row.id, f->id, f->attempt) : NULL;
    if (!call)
        return 0;
    return call->begun_ms + (int64_t)(f->timeout_seconds * 1000) + http_task_waited_ms(call->task);
}

bool engine_work_http(struct engine_execution *ex, const struct asl_command *c)
{
    const struct asl_resource *r = &c->state->task.resource;
    struct engine_http *h = ex->engine->http;
    if (!str_eq(r->resource_type, STR("http")) || !str_eq(r->resource, STR("invoke")))
        return false;
    if (find_call(h, ex->row.id, c->frame, c->attempt))
        return true; /* asked for again after a commit that failed: it is under way */
    struct engine_call *call = malloc(sizeof(*call));
    check(call != NULL);
    *call = (struct engine_call){.engine = ex->engine,
                                 .execution = ex->row.id,
                                 .frame = c->frame,
                                 .attempt = c->attempt,
                                 .begun_ms = engine_now_ms(ex->engine),
                                 .arguments = json_doc_ref(c->arguments->json)};
    if (!h->calls || h->call_count > h->call_mask)
        grow(h);
    link_call(h, call);
    h->call_count++;
    struct http_task_options options = {.timeout_ms = timeout_of(c)};
    call->task = http_task_start(h->tasks, c->arguments->root, &options, call_ended, call);
    return true;
}

bool engine_cancel_http(struct engine_execution *ex, const struct engine_action *action)
{
    struct engine_http *h = ex->engine->http;
    struct engine_call *call = find_call(h, ex->row.id, action->frame, action->attempt);
    if (!call)
        return false;
    http_task_cancel(call->task);
    call_free(call);
    return true;
}

void engine_http_hold(struct engine *e, bool is_held)
{
    http_gate_hold(e->http->gate, is_held);
}

uint32_t engine_http_calls(const struct engine *e)
{
    return e->http->call_count;
}

void engine_http_figures(const struct engine *e, struct engine_figures *ret)
{
    const struct engine_http *h = e->http;
    struct http_client_figures client = http_client_figures(h->client);
    ret->calls = h->call_count;
    ret->calls_waiting = (uint32_t)http_gate_waiting(h->gate);
    ret->requests = client.sent;
    ret->received = client.received;
    ret->hosts_paused = (uint32_t)http_gate_paused(h->gate, &ret->pause_ms);
}

/* ---- limits, over all loops ---- */

/* A loop's share. Together they are what was asked for, but each loop may have one call in flight,
 * so that one which has work is never left waiting for another that has none. */
static uint32_t share_in_flight(const struct engine *e, uint32_t limit)
{
    uint32_t loops = e->team->count;
    return limit > loops ? limit / loops + (e->number < limit % loops) : limit > 0 ? 1 : 0;
}

static struct http_limit share_of(const struct engine *e, struct http_limit limit)
{
    uint32_t loops = e->team->count;
    limit.in_flight = share_in_flight(e, limit.in_flight);
    limit.per_second /= loops;
    limit.burst = (limit.burst + loops - 1) / loops;
    return limit;
}

static void limit_here(struct engine *e, enum http_lane_kind kind, str name,
                       struct http_limit limit)
{
    struct http_limit share = share_of(e, limit);
    if (!e->options.is_strict)
        http_gate_limit(e->http->gate, kind, name, &share);
}

/* A host that wants to be left alone is left alone by every loop. */
struct pause_mail {
    struct engine_mail mail;
    int64_t until_ms;
    str host; /* behind the struct */
};

static void take_pause(struct engine *e, struct engine_mail *mail)
{
    struct pause_mail *m = (struct pause_mail *)(void *)mail;
    if (e && e->http)
        http_gate_pause(e->http->gate, m->host, m->until_ms);
    free(m);
}

static void tell_pause(void *arg, str host, int64_t until_ms)
{
    struct engine *e = arg;
    engine_pauses_keep(e, host, until_ms);
    for (uint32_t i = 0; i < e->team->count; i++) {
        if (i == e->number)
            continue;
        struct pause_mail *m = malloc(sizeof(*m) + host.n);
        check(m != NULL);
        char *copy = memcpy(m + 1, host.p, host.n);
        *m = (struct pause_mail){
            .mail.take = take_pause, .until_ms = until_ms, .host = {copy, host.n}};
        engine_mail_send(e, i, &m->mail);
    }
    engine_publish(e); /* a call waits now, and nothing else may happen here for a while */
}

struct limit_mail {
    struct engine_mail mail;
    enum http_lane_kind kind;
    struct http_limit limit;
    str name; /* behind the struct */
};

static void take_limit(struct engine *e, struct engine_mail *mail)
{
    struct limit_mail *m = (struct limit_mail *)(void *)mail;
    if (e && e->http)
        limit_here(e, m->kind, m->name, m->limit);
    free(m);
}

void engine_limit(struct engine *e, enum http_lane_kind kind, str name,
                  const struct http_limit *limit)
{
    limit_here(e, kind, name, *limit);
    for (uint32_t i = 0; i < e->team->count; i++) {
        if (i == e->number)
            continue;
        struct limit_mail *m = malloc(sizeof(*m) + name.n);
        check(m != NULL);
        char *copy = memcpy(m + 1, name.p, name.n);
        *m = (struct limit_mail){
            .mail.take = take_limit, .kind = kind, .limit = *limit, .name = {copy, name.n}};
        engine_mail_send(e, i, &m->mail);
    }
}

static struct http_gate *open_gate(struct engine *e)
{
    struct http_limits_options limits = {.is_off = e->options.is_strict,
                                         .host = {.in_flight = ENGINE_CALLS_PER_HOST}};
    if (e->options.limits)
        limits = *e->options.limits;
    limits.in_flight = share_in_flight(e, limits.in_flight);
    limits.host = share_of(e, limits.host);
    limits.key = share_of(e, limits.key);
    struct http_gate *gate = http_gate_new(e->loop, e->http->client, &limits);
    http_gate_on_pause(gate, tell_pause, e);
    return gate;
}

/* ---- open and close ---- */

static void open_tasks(struct engine *e)
{
    struct engine_http *h = e->http;
    h->gate = open_gate(e);
    connections_kept_read(&h->kept, e->reader);
    h->connections = (struct connections){.store = &h->kept.store,
                                          .box = &h->box,
                                          .region = e->options.region,
                                          .account = e->options.account,
                                          .is_strict = e->options.is_strict};
    h->tasks = http_tasks_new(&(struct http_tasks_options){
        .loop = e->loop,
        .gate = h->gate,
        .connections = &h->connections,
        .invoke = {.region = e->options.region, .is_strict = e->options.is_strict},
        .resend_max = e->options.is_strict ? 0 : ENGINE_RESENDS,
        .on_token = engine_connection_settle,
        .on_token_arg = e});
}

enum status engine_http_open(struct engine *e, struct error *err)
{
    struct engine_http *h = calloc(1, sizeof(*h));
    struct http_client_options client = {.ca_file = e->options.ca_file};
    check(h != NULL);
    e->http = h;
    str path = arena_printf(&e->arena, "%.*s/secret.key", STR_ARG(e->options.data));
    enum status status = secret_box_open(arena_cstr(&e->arena, path), &h->box, err);
    if (status == STATUS_OK)
        status = http_client_new(e->loop, &client, &h->client, err);
    if (status == STATUS_OK)
        open_tasks(e);
    return status;
}

void engine_http_close(struct engine *e)
{
    struct engine_http *h = e->http;
    if (!h)
        return;
    http_tasks_free(h->tasks);
    for (uint32_t i = 0; h->calls && i <= h->call_mask; i++) {
        while (h->calls[i])
            call_free(h->calls[i]);
    }
    free(h->calls);
    engine_pauses_done(&h->pauses);
    http_gate_free(h->gate);
    http_client_free(h->client);
    secret_box_done(&h->box);
    free(h);
    e->http = NULL;
}
