/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's heart: executions that have something to do take turns. A turn is one event and one
 * step; its records go to the store (commit.c), and the next turn of that execution comes when they
 * are durable. What else becomes of an execution happens in a turn too: it is read again, put to
 * work after it was read, or forgotten when it has ended.
 */
#include "engine/sfn_internal.h"
#include "engine/map_run.h"
#include "engine/team.h"
#include <stdlib.h>

enum { TURNS_AT_ONCE = 256 /* before the loop looks at the world again */ };

/* ---- the queue of executions ---- */

static void take_turns(void *arg);

void engine_turn_soon(struct engine *e)
{
    if (e->door->is_turn_asked || e->is_closing)
        return;
    e->door->is_turn_asked = true;
    engine_door_ref(e->door);
    loop_defer(e->loop, &e->door->turn, take_turns, e->door);
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

static struct engine_execution *unqueue_first(struct engine *e)
{
    struct engine_execution *ex = e->first_queued;
    e->first_queued = ex->next_queued;
    if (!e->first_queued)
        e->last_queued = NULL;
    ex->is_queued = false;
    return ex;
}

/* ---- times ---- */

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
    int64_t at_ms = engine_loop_ms(e, due_ms - engine_now_ms(e));
    loop_timer_start(e->loop, &ex->timer, at_ms, timer_fired, ex);
}

/* ---- a turn ---- */

static bool wants_turn(struct engine_execution *ex, int64_t now_ms)
{
    return ex->first_event ||
           (!ex->is_ended && (asl_exec_is_ready(ex->x) || asl_exec_due(ex->x) <= now_ms));
}

static void count(struct engine *e)
{
    e->figures.steps++;
    e->figures.records += e->out.record_count;
    for (uint32_t i = 0; i < e->out.record_count; i++)
        e->figures.moves += e->out.records[i].kind == ASL_STATE_ENTERED;
}

static enum status step(struct engine_execution *ex, struct asl_event event, int64_t now_ms,
                        struct error *err)
{
    struct engine *e = ex->engine;
    event.now_ms = now_ms;
    event.seed = engine_seed(e);
    event.is_machine_gone = sfn_is_deleting(e->api, ex->row.machine);
    if (ex->x->clock_ms < e->clock_given_ms)
        ex->x->clock_ms = e->clock_given_ms; /* $millis() differs between executions too */
    asl_out_reset(&e->out);
    e->stepped = ex;
    enum status status = asl_step(ex->x, &event, &e->out, err);
    e->stepped = NULL;
    if (e->out.reads_clock)
        e->clock_given_ms = ex->x->clock_ms;
    if (status == STATUS_OK && e->options.on_step)
        e->options.on_step(e->options.on_step_arg, ex->x, &event, &e->out);
    count(e);
    return status;
}

/* An answer that cannot be taken fails its task; one that nobody waits for changes nothing. */
static enum status step_event(struct engine_execution *ex, const struct engine_event *ev,
                              int64_t now_ms, struct error *err)
{
    if (!ev)
        return step(ex, (struct asl_event){.kind = ASL_EVENT_CONTINUE}, now_ms, err);
    enum status status = step(ex, ev->event, now_ms, err);
    bool is_answer =
        ev->event.kind == ASL_EVENT_TASK_SUCCEEDED || ev->event.kind == ASL_EVENT_TASK_SUBMITTED;
    if (!is_answer || (status != STATUS_INVALID && status != STATUS_LIMIT))
        return status;
    struct asl_event failed = {.kind = ASL_EVENT_TASK_FAILED,
                               .frame = ev->event.frame,
                               .attempt = ev->event.attempt,
                               .error = STR("States.Runtime"),
                               .cause = str_of(err->message),
                               .has_error = true,
                               .has_cause = true};
    return step(ex, failed, now_ms, err);
}

static void make_step(struct engine_execution *ex, int64_t now_ms)
{
    struct engine *e = ex->engine;
    struct engine_event *ev = engine_event_pop(ex);
    struct error err;
    enum status status = step_event(ex, ev, now_ms, &err);
    if (ev && ev->event.kind == ASL_EVENT_REDRIVE && status == STATUS_OK && e->out.record_count > 0)
        ex->is_ended = false; /* it may have ended again in this step */
    if (ex->x->status == ASL_EXEC_NEW) {
        check(status != STATUS_OK);
        engine_event_free(ev);
        engine_refuse(ex, &err);
    } else if (e->out.record_count > 0 || (ev && ev->message != 0)) {
        engine_commit(ex, ev);
    } else {
        bool waits = e->out.is_again && e->out.resume_ms > now_ms;
        engine_event_tell(ev, NULL);
        engine_event_free(ev);
        if (waits && !ex->first_event)
            set_timer(ex, e->out.resume_ms);
        else
            engine_queue(ex);
    }
}

static void rest(struct engine_execution *ex)
{
    if (ex->is_ended) {
        engine_tell_watchers(ex);
        if (!ex->is_queued)
            engine_execution_free(ex);
        return;
    }
    set_timer(ex, asl_exec_due(ex->x));
    engine_idle(ex);
}

static void take_turn(struct engine_execution *ex)
{
    int64_t now_ms = ex->engine->turn_ms = engine_now_ms(ex->engine);
    if (ex->in_flight || (ex->is_stale && !engine_execution_refresh(ex)))
        return;
    engine_resume(ex);
    engine_tell_started(ex);
    if (wants_turn(ex, now_ms))
        make_step(ex, now_ms);
    else
        rest(ex);
}

static void take_some_turns(struct engine *e)
{
    e->is_turning = true;
    for (int i = 0; i < TURNS_AT_ONCE && e->first_queued && !engine_is_behind(e); i++)
        take_turn(unqueue_first(e));
    e->is_turning = false;
    asl_out_reset(&e->out);
    if (e->first_queued && !engine_is_behind(e))
        engine_turn_soon(e);
    engine_publish(e);
}

static void take_turns(void *arg)
{
    struct engine_door *door = arg;
    door->is_turn_asked = false;
    if (door->engine)
        take_some_turns(door->engine);
    engine_door_unref(door);
}

void engine_turn_now(struct engine *e)
{
    if (!e->is_turning && !e->is_closing)
        take_some_turns(e);
}

void engine_committed(struct engine_execution *ex, struct engine_action *actions, uint32_t count)
{
    bool was_ended = ex->is_ended;
    ex->is_ended = asl_exec_is_over(ex->x);
    ex->idle_since_ms = ex->engine->turn_ms;
    engine_perform(ex, actions, count);
    if (ex->is_ended && !was_ended) {
        engine_tell_watchers(ex);
        engine_map_child_over(ex);
    }
    if (ex->is_ended && !ex->first_event && !ex->is_queued && !ex->watchers)
        engine_execution_free(ex);
    else
        engine_queue(ex);
}
