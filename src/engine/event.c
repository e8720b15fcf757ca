/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way to an execution: a queue of its own, with copies of all that they name. */
#include "engine/engine_internal.h"
#include <stdlib.h>

static char *put_text(char *at, str from, str *to)
{
    if (from.n > 0)
        memcpy(at, from.p, from.n);
    *to = (str){at, from.n};
    return at + from.n;
}

struct engine_event *engine_event_new(const struct asl_event *from, int64_t message)
{
    size_t n = from->error.n + from->cause.n + from->worker.n;
    const struct asl_identity *who = from->identity;
    if (who)
        n += who->id.n + who->name.n + who->role_arn.n + who->state_machine_id.n +
             who->state_machine_name.n;
    struct engine_event *ev = malloc(sizeof(*ev) + n + 1);
    check(ev != NULL);
    *ev = (struct engine_event){.event = *from, .message = message};
    char *at = (char *)(ev + 1);
    at = put_text(at, from->error, &ev->event.error);
    at = put_text(at, from->cause, &ev->event.cause);
    at = put_text(at, from->worker, &ev->event.worker);
    if (who) {
        ev->identity = *who;
        at = put_text(at, who->id, &ev->identity.id);
        at = put_text(at, who->name, &ev->identity.name);
        at = put_text(at, who->role_arn, &ev->identity.role_arn);
        at = put_text(at, who->state_machine_id, &ev->identity.state_machine_id);
        put_text(at, who->state_machine_name, &ev->identity.state_machine_name);
        ev->event.identity = &ev->identity;
    }
    if (ev->event.doc)
        json_doc_ref(ev->event.doc);
    return ev;
}

void engine_event_free(struct engine_event *ev)
{
    if (!ev)
        return;
    engine_send_done(&ev->send);
    json_doc_unref(ev->event.doc);
    free(ev);
}

static void append(struct engine_execution *ex, struct engine_event *ev)
{
    if (ex->last_event)
        ex->last_event->next = ev;
    else
        ex->first_event = ev;
    ex->last_event = ev;
    engine_queue(ex);
}

void engine_post(struct engine_execution *ex, const struct asl_event *event, int64_t message)
{
    append(ex, engine_event_new(event, message));
}

void engine_post_sending(struct engine_execution *ex, const struct asl_event *event,
                         struct engine_send *send)
{
    struct engine_event *ev = engine_event_new(event, 0);
    ev->send = *send;
    *send = (struct engine_send){0};
    append(ex, ev);
}

void engine_post_marker(struct engine_execution *ex, engine_kept_fn *fn, void *arg)
{
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    struct engine_event *ev = engine_event_new(&event, 0);
    ev->kept = fn;
    ev->kept_arg = arg;
    append(ex, ev);
}

void engine_event_tell(struct engine_event *ev, const struct error *err)
{
    engine_kept_fn *kept = ev ? ev->kept : NULL;
    if (!kept)
        return;
    ev->kept = NULL;
    kept(ev->kept_arg, err);
}

void engine_post_again(struct engine_execution *ex, struct engine_event *ev)
{
    ev->next = ex->first_event;
    ex->first_event = ev;
    if (!ex->last_event)
        ex->last_event = ev;
    engine_queue(ex);
}

struct engine_event *engine_events_take(struct engine_execution *ex)
{
    struct engine_event *events = ex->first_event;
    ex->first_event = ex->last_event = NULL;
    return events;
}

void engine_events_append(struct engine_execution *ex, struct engine_event *events)
{
    for (struct engine_event *next; events; events = next) {
        next = events->next;
        events->next = NULL;
        append(ex, events);
    }
}

bool engine_has_message(const struct engine_execution *ex, int64_t message)
{
    if (ex->in_flight && ex->in_flight->args.received == message)
        return true;
    for (const struct engine_event *ev = ex->first_event; ev; ev = ev->next) {
        if (ev->message == message)
            return true;
    }
    return false;
}

void engine_drop_events(struct engine_execution *ex)
{
    while (ex->first_event) {
        struct engine_event *ev = ex->first_event;
        ex->first_event = ev->next;
        engine_event_free(ev);
    }
    ex->last_event = NULL;
}

struct engine_event *engine_event_pop(struct engine_execution *ex)
{
    struct engine_event *ev = ex->first_event;
    if (!ev)
        return NULL;
    ex->first_event = ev->next;
    if (!ex->first_event)
        ex->last_event = NULL;
    return ev;
}
