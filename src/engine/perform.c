/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done after a commit: tasks are begun by whoever knows their resource, cancelled work is
 * let go, and those who watch an execution hear of its end.
 */
#include "engine/engine_internal.h"
#include "engine/map_run.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- tasks ---- */

static struct asl_frame *working_frame(const struct engine_execution *ex, uint32_t frame,
                                       uint32_t attempt)
{
    struct asl_frame *f = asl_exec_frame(ex->x, frame);
    bool is_waiting = f && f->attempt == attempt &&
                      (f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING);
    return is_waiting ? f : NULL;
}

void engine_answer_task(struct engine *e, int64_t execution, uint32_t frame, uint32_t attempt,
                        const struct engine_answer *answer)
{
    struct engine_execution *ex;
    struct error err;
    if (engine_execution_get(e, execution, &ex, &err) != STATUS_OK)
        return;
    struct asl_event event = {.kind = answer->kind,
                              .frame = frame,
                              .attempt = attempt,
                              .doc = answer->doc,
                              .error = answer->error,
                              .cause = answer->cause,
                              .has_error = answer->has_error,
                              .has_cause = answer->has_cause,
                              .stage = answer->stage,
                              .worker = answer->worker};
    engine_post(ex, &event, 0);
    engine_point(e, "result queued");
}

static void nobody_does(struct engine_execution *ex, const struct asl_command *c)
{
    struct arena a;
    arena_init(&a, 0);
    str cause =
        arena_printf(&a, ENGINE_NOBODY_CAUSE "'%.*s'.", STR_ARG(c->state->task.resource.arn));
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_FAILED,
                                   .error = STR("States.Runtime"),
                                   .cause = cause,
                                   .has_error = true,
                                   .has_cause = true};
    engine_answer_task(ex->engine, ex->row.id, c->frame, c->attempt, &answer);
    arena_done(&a);
}

static void start_task(struct engine_execution *ex, const struct engine_action *action)
{
    struct engine *e = ex->engine;
    struct asl_frame *f = working_frame(ex, action->frame, action->attempt);
    if (!f || f->phase != ASL_PHASE_WORKING)
        return;
    struct arena a;
    arena_init(&a, 0);
    struct asl_command c = asl_task_command(ex->x, f, &a);
    struct engine_task task = {.execution = ex->row.id,
                               .frame = c.frame,
                               .attempt = c.attempt,
                               .state = c.state,
                               .arguments = c.arguments->root,
                               .token = c.token,
                               .retry_count = c.retry_count,
                               .is_repeated = action->is_repeated,
                               .is_submitted = f->is_submitted};
    bool is_callback = c.state->task.resource.pattern == ASL_WAIT_FOR_TASK_TOKEN;
    if (f->is_submitted && is_callback) {
        /* whoever has the token answers, now as before */
    } else if (!e->options.work || !e->options.work(e->options.work_arg, e, &task)) {
        if (f->is_submitted) {
            engine_child_again(ex, &c);
            engine_follow_again(ex, &c);
        } else if (!engine_work_states(ex, &c) && !engine_work_http(ex, &c) &&
                   !engine_work_sfn(ex, &c) && !engine_work_services(ex, &c))
            nobody_does(ex, &c);
    }
    arena_done(&a);
}

void engine_perform(struct engine_execution *ex, const struct engine_action *actions,
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        switch (actions[i].kind) {
        case ASL_START_TASK: start_task(ex, &actions[i]); break;
        case ASL_CANCEL_TASK:
            if (!engine_cancel_http(ex, &actions[i]) && !engine_cancel_sfn(ex, &actions[i]) &&
                !engine_cancel_followed(ex, &actions[i]))
                engine_cancel_states(ex, &actions[i]);
            break;
        case ASL_START_MAP_RUN:
        case ASL_REDRIVE_MAP_RUN: engine_map_start(ex, &actions[i]); break;
        case ASL_CANCEL_MAP_RUN: engine_map_cancel(ex, &actions[i]); break;
        case ASL_END_EXECUTION: break;
        }
    }
}

bool engine_works(const struct engine_execution *ex)
{
    const struct asl_frame *f;
    uint32_t at = 0;
    while ((f = idmap_next(&ex->x->frames, &at)) != NULL) {
        if ((f->phase == ASL_PHASE_WORKING && !f->is_submitted) ||
            f->phase == ASL_PHASE_MAPPING) /* inputs of children are made in its scope */
            return true;
    }
    if (ex->services) /* what they began is looked at from time to time */
        return true;
    for (const struct engine_child_ref *child = ex->children; child; child = child->next) {
        if (!child->is_kept) /* it would be begun anew */
            return true;
    }
    return false;
}

/* ---- those who watch ---- */

void engine_tell_started(struct engine_execution *ex)
{
    const struct asl_identity *who = &ex->x->identity;
    if (!ex->has_begun || ex->x->status == ASL_EXEC_NEW)
        return;
    struct engine_watcher *all = ex->watchers; /* a callback may add one */
    ex->watchers = NULL;
    while (all) {
        struct engine_watcher *w = all;
        engine_started_fn *started = w->started;
        all = w->next;
        w->started = NULL;
        w->next = ex->watchers;
        if (w->ended)
            ex->watchers = w;
        if (started)
            started(w->arg, ex->row.id, who->id, who->start_ms);
        if (!w->ended)
            free(w); /* heard all it wanted to */
    }
}

void engine_tell_watchers(struct engine_execution *ex)
{
    const struct asl_exec *x = ex->x;
    struct engine_result result = {.execution = ex->row.id,
                                   .status = x->status,
                                   .output = x->output ? x->output->json : NULL,
                                   .error = x->error,
                                   .cause = x->cause,
                                   .has_error = x->has_error,
                                   .has_cause = x->has_cause};
    engine_tell_started(ex);
    while (ex->watchers) {
        struct engine_watcher *w = ex->watchers;
        ex->watchers = w->next;
        if (w->ended)
            w->ended(w->arg, &result);
        free(w);
    }
}

void engine_refuse(struct engine_execution *ex, const struct error *err)
{
    struct engine_watcher *watchers = ex->watchers;
    struct engine_event *events = engine_events_take(ex);
    ex->watchers = NULL;
    engine_child_refused(ex, err);
    engine_map_child_refused(ex);
    engine_execution_free(ex);
    while (events) {
        struct engine_event *ev = events;
        events = ev->next;
        engine_event_tell(ev, err);
        engine_event_free(ev);
    }
    while (watchers) {
        struct engine_watcher *w = watchers;
        watchers = w->next;
        if (w->refused)
            w->refused(w->arg, err);
        free(w);
    }
}
