/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's heart: executions that have something to do take turns. A turn is one event and one
 * step; its records go to the store (commit.c), and the next turn of that execution comes when they
 * are durable.
 */
#include "engine/engine_internal.h"
#include <stdlib.h>

enum { TURNS_AT_ONCE = 256 /* before the loop looks at the world again */ };

/* ---- events ---- */

static char *put_text(char *at, str from, str *to)
{
    if (from.n > 0)
        memcpy(at, from.p, from.n);
    *to = (str){at, from.n};
    return at + from.n;
}

static struct engine_event *event_new(const struct asl_event *from, int64_t message)
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

static void event_free(struct engine_event *ev)
{
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
    append(ex, event_new(event, message));
}

void engine_post_sending(struct engine_execution *ex, const struct asl_event *event,
                         struct engine_send *send)
{
    struct engine_event *ev = event_new(event, 0);
    ev->send = *send;
    *send = (struct engine_send){0};
    append(ex, ev);
}

void engine_drop_events(struct engine_execution *ex)
{
    while (ex->first_event) {
        struct engine_event *ev = ex->first_event;
        ex->first_event = ev->next;
        engine_send_done(&ev->send);
        event_free(ev);
    }
    ex->last_event = NULL;
}

static struct engine_event *pop_event(struct engine_execution *ex)
{
    struct engine_event *ev = ex->first_event;
    if (!ev)
        return NULL;
    ex->first_event = ev->next;
    if (!ex->first_event)
        ex->last_event = NULL;
    return ev;
}

/* ---- the queue of executions ---- */

static void take_turns(void *arg);

void engine_turn_soon(struct engine *e)
{
    if (e->is_turn_asked || e->is_closing)
        return;
    e->is_turn_asked = true;
    loop_defer(e->loop, &e->turn_task, take_turns, e);
}

void engine_queue(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    if (ex->is_queued || ex->in_flight)
        return;
    ex->is_queued = true;
    ex->next_queued = NULL;
    if (e->last_queued)
        e->last_queued->next_queued = ex;
    else
        e->first_queued = ex;
    e->last_queued = ex;
    engine_turn_soon(e);
}

/* ---- a turn ---- */

static void timer_fired(void *arg)
{
    engine_queue(arg);
}

/* When the execution wants to be woken, if nothing comes before. */
static void set_timer(struct engine_execution *ex, int64_t due_ms)
{
    struct engine *e = ex->engine;
    loop_timer_stop(e->loop, &ex->timer);
    if (due_ms == ASL_NEVER || ex->is_ended)
        return;
    double speed = e->options.clock_speed > 0 ? e->options.clock_speed : 1;
    int64_t wait_ms = due_ms - engine_now_ms(e);
    wait_ms = wait_ms > 0 ? (int64_t)((double)wait_ms / speed) + 1 : 0;
    loop_timer_start(e->loop, &ex->timer, loop_now_ms() + wait_ms, timer_fired, ex);
}

static bool wants_turn(struct engine_execution *ex, int64_t now_ms)
{
    return ex->first_event ||
           (!ex->is_ended && (asl_exec_is_ready(ex->x) || asl_exec_due(ex->x) <= now_ms));
}

static void step(struct engine_execution *ex, struct engine_event *ev, int64_t now_ms)
{
    struct engine *e = ex->engine;
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    struct error err;
    if (ev)
        event = ev->event;
    event.now_ms = now_ms;
    event.seed = engine_seed(e);
    if (ex->x->clock_ms < e->clock_given_ms)
        ex->x->clock_ms = e->clock_given_ms; /* $millis() differs between executions too */
    asl_out_reset(&e->out);
    enum status status = asl_step(ex->x, &event, &e->out, &err);
    if (e->out.reads_clock)
        e->clock_given_ms = ex->x->clock_ms;
    e->figures.steps++;
    e->figures.records += e->out.record_count;
    (void)
        status; /* an event that nobody waits for changes nothing; its message goes all the same */
}

static void take_turn(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    int64_t now_ms = engine_now_ms(e);
    if (ex->in_flight)
        return;
    if (!wants_turn(ex, now_ms)) {
        set_timer(ex, asl_exec_due(ex->x));
        return;
    }
    struct engine_event *ev = pop_event(ex);
    step(ex, ev, now_ms);
    int64_t message = ev ? ev->message : 0;
    struct engine_send send = ev ? ev->send : (struct engine_send){0};
    if (ev)
        event_free(ev);
    if (e->out.is_again && e->out.resume_ms > now_ms && e->out.record_count == 0 && !message) {
        set_timer(ex, e->out.resume_ms);
        return;
    }
    if (e->out.record_count > 0 || message != 0)
        engine_commit(ex, message, &send);
    else
        engine_queue(ex);
    engine_send_done(&send);
}

static void take_turns(void *arg)
{
    struct engine *e = arg;
    e->is_turn_asked = false;
    for (int i = 0; i < TURNS_AT_ONCE && e->first_queued; i++) {
        struct engine_execution *ex = e->first_queued;
        e->first_queued = ex->next_queued;
        if (!e->first_queued)
            e->last_queued = NULL;
        ex->is_queued = false;
        take_turn(ex);
    }
    asl_out_reset(&e->out);
    if (e->first_queued)
        engine_turn_soon(e);
}

void engine_committed(struct engine_execution *ex, struct engine_action *actions, uint32_t count)
{
    bool was_ended = ex->is_ended;
    ex->is_ended = asl_exec_is_over(ex->x);
    ex->idle_since_ms = loop_now_ms();
    engine_perform(ex, actions, count);
    if (ex->is_ended && !was_ended)
        engine_tell_watchers(ex);
    if (ex->is_ended && !ex->first_event) {
        engine_execution_free(ex);
        return;
    }
    engine_queue(ex);
}
