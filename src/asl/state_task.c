/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task: asks for work and waits for its result. What the work is, and who does it, is none of this
 * floor's business: a command carries the resource and the arguments, events bring what came of it.
 *
 *   TaskScheduled ─► TaskStarted ─► [TaskSubmitted] ─► TaskSucceeded, TaskFailed or TaskTimedOut
 *
 * An activity's task is started when a worker takes it, and its clocks run from then on; others at
 * once. Patterns that wait (.sync, .waitForTaskToken) have a token; whichever answer comes first
 * counts.
 */
#include "asl/step_internal.h"
#include "asl/token.h"
#include <math.h>

enum { TASK_LONGEST_SECONDS = 99999999 };

static bool has_token(const struct asl_resource *r)
{
    return r->kind == ASL_RESOURCE_ACTIVITY || r->pattern != ASL_REQUEST_RESPONSE;
}

/* A time span field; 0 when absent. */
static bool eval_seconds(struct asl_step *s, struct asl_scope *scope, const struct asl_number *n,
                         const char *field, double *ret)
{
    struct json_val v;
    bool has;
    *ret = 0;
    if (!asl_eval_number(s, scope, n, &v, &has) || !has)
        return !has;
    double seconds = json_is_number(v) ? json_number(v) : 0;
    if (!(seconds >= 1 && seconds <= TASK_LONGEST_SECONDS && floor(seconds) == seconds))
        return asl_fail_in(s, scope->frame,
                           n->jsonata ? "States.QueryEvaluationError" : "States.Runtime",
                           "The value of the field '%s' must be an integer from 1 to %d", field,
                           TASK_LONGEST_SECONDS);
    *ret = seconds;
    return true;
}

static int64_t after(const struct asl_step *s, double seconds)
{
    return seconds > 0 ? s->event->now_ms + (int64_t)(seconds * 1000) : ASL_NEVER;
}

static bool eval_credentials(struct asl_step *s, struct asl_scope *scope, struct asl_document **ret)
{
    struct asl_value value = {.v = json_undefined()};
    *ret = NULL;
    const struct asl_template *t = scope->frame->state->task.credentials;
    return !t || (asl_eval_template(s, scope, t, &value.v) && asl_keep(s, scope, value, ret));
}

static void say_started(struct asl_step *s, struct asl_frame *f, str worker)
{
    struct asl_record r = asl_record_for(f, ASL_TASK_STARTED);
    r.text = arena_dup(&s->out->arena, worker);
    r.timeout_ms = after(s, f->timeout_seconds);
    r.heartbeat_ms = after(s, f->heartbeat_seconds);
    asl_emit(s, &r);
}

static bool check_activity(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_resource *r = &f->state->task.resource;
    const struct asl_options *o = &s->x->options;
    if (r->kind != ASL_RESOURCE_ACTIVITY || !o->has_activity ||
        o->has_activity(o->has_activity_arg, r->arn))
        return true;
    return asl_fail_in(s, f, "States.Runtime", "The activity %.*s does not exist.",
                       STR_ARG(r->arn));
}

static bool task_begin(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_task *task = &f->state->task;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_record r = asl_record_for(f, ASL_TASK_SCHEDULED);
    struct asl_value value;
    r.attempt = f->attempt + 1;
    if (has_token(&task->resource))
        scope.token = asl_token_make(s->x, f->id, r.attempt, &s->out->scratch);
    if (!check_activity(s, f) || !asl_flow_input(s, &scope, &value) ||
        !asl_flow_arguments(s, &scope, value, &value) ||
        !eval_seconds(s, &scope, &task->timeout_seconds, "TimeoutSeconds", &r.timeout_seconds) ||
        !eval_seconds(s, &scope, &task->heartbeat_seconds, "HeartbeatSeconds",
                      &r.heartbeat_seconds) ||
        !eval_credentials(s, &scope, &r.credentials) || !asl_keep(s, &scope, value, &r.doc))
        return false;
    r.timeout_ms = r.heartbeat_ms = ASL_NEVER;
    asl_emit(s, &r);
    if (s->is_history_full)
        return true;
    if (task->resource.kind != ASL_RESOURCE_ACTIVITY)
        say_started(s, f, STR(""));
    asl_command_add(s, asl_task_command(s->x, f, &s->out->arena));
    return true;
}

static bool task_finish(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value unused;
    return asl_flow_input(s, &scope, &unused) && asl_flow_exit(s, &scope, asl_value_of(f->result));
}

const struct asl_state_ops asl_task_ops = {.begin = task_begin, .finish = task_finish};

struct asl_command asl_task_command(struct asl_exec *x, struct asl_frame *f, struct arena *a)
{
    return (struct asl_command){
        .kind = ASL_START_TASK,
        .frame = f->id,
        .attempt = f->attempt,
        .state = f->state,
        .arguments = f->arguments,
        .credentials = f->credentials,
        .token =
            has_token(&f->state->task.resource) ? asl_token_make(x, f->id, f->attempt, a) : STR(""),
        .retry_count = f->retry_count,
        .timeout_ms = f->timeout_ms,
        .heartbeat_ms = f->heartbeat_ms,
        .timeout_seconds = f->timeout_seconds,
    };
}

/* ---- events ---- */

static void task_failed(struct asl_step *s, struct asl_frame *f, enum asl_record_kind kind,
                        const struct asl_failure *failure)
{
    struct asl_record r = asl_record_for(f, kind);
    r.has_error = failure->has_error;
    r.has_cause = failure->has_cause;
    r.error = failure->error;
    r.cause = failure->cause;
    s->failure = *failure;
    asl_emit(s, &r);
    if (!s->is_history_full)
        asl_state_failed(s, f);
}

static void failed_event(struct asl_step *s, struct asl_frame *f)
{
    static const enum asl_record_kind kinds[] = {
        [ASL_STAGE_RUN] = ASL_TASK_FAILED,
        [ASL_STAGE_SUBMIT] = ASL_TASK_SUBMIT_FAILED,
        [ASL_STAGE_START] = ASL_TASK_START_FAILED,
        [ASL_STAGE_SCHEDULE] = ASL_TASK_SCHEDULE_FAILED,
    };
    const struct asl_event *e = s->event;
    struct asl_failure failure = {.error = arena_dup(&s->out->arena, e->error),
                                  .cause = arena_dup(&s->out->arena, e->cause),
                                  .has_error = e->has_error,
                                  .has_cause = e->has_cause,
                                  .is_task = true};
    failure.is_final = e->has_error && str_eq(e->error, STR("States.Runtime"));
    task_failed(s, f, kinds[e->stage], &failure);
}

static void too_large(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_resource *r = &f->state->task.resource;
    str name = r->kind == ASL_RESOURCE_SERVICE ? r->resource_type : r->arn;
    asl_fail_plain(s, "States.DataLimitExceeded",
                   "The state/task '%.*s' returned a result with a size exceeding the maximum "
                   "number of bytes service limit.",
                   STR_ARG(name));
    struct asl_failure failure = s->failure;
    task_failed(s, f, ASL_TASK_FAILED, &failure);
}

static void result_event(struct asl_step *s, struct asl_frame *f, enum asl_record_kind kind)
{
    struct asl_record r = asl_record_for(f, kind);
    r.doc = asl_adopt(s, s->event->doc, false);
    if (s->x->options.strict && asl_document_size(r.doc) > ASL_MAX_PAYLOAD)
        too_large(s, f);
    else
        asl_emit(s, &r);
}

static void heartbeat_event(struct asl_step *s, struct asl_frame *f)
{
    struct asl_record r = asl_record_for(f, ASL_HEARTBEAT);
    r.heartbeat_ms = after(s, f->heartbeat_seconds);
    if (f->heartbeat_seconds > 0)
        asl_emit(s, &r);
}

enum status asl_task_event(struct asl_step *s, struct asl_frame *f, struct error *err)
{
    bool is_activity = f->state->task.resource.kind == ASL_RESOURCE_ACTIVITY;
    bool wants_doc =
        s->event->kind == ASL_EVENT_TASK_SUBMITTED || s->event->kind == ASL_EVENT_TASK_SUCCEEDED;
    if (wants_doc && !s->event->doc)
        return error_set(err, STATUS_INVALID, "InvalidOutput", "The event has no document");
    switch ((int)s->event->kind) {
    case ASL_EVENT_TASK_STARTED:
        if (is_activity && !f->is_started)
            say_started(s, f, s->event->worker);
        break;
    case ASL_EVENT_TASK_SUBMITTED:
        if (!f->is_submitted && f->state->task.resource.pattern != ASL_REQUEST_RESPONSE)
            result_event(s, f, ASL_TASK_SUBMITTED);
        break;
    case ASL_EVENT_TASK_SUCCEEDED: result_event(s, f, ASL_TASK_SUCCEEDED); break;
    case ASL_EVENT_TASK_FAILED: failed_event(s, f); break;
    case ASL_EVENT_TASK_HEARTBEAT: heartbeat_event(s, f); break;
    default: unreachable();
    }
    return STATUS_OK;
}

static bool may_go_on(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_options *o = &s->x->options;
    if (!o->delay || f->heartbeat_ms < f->timeout_ms)
        return false;
    struct asl_record r = asl_record_for(f, ASL_TASK_DELAYED);
    r.timeout_ms = o->delay(o->delay_arg, f);
    if (r.timeout_ms <= s->event->now_ms)
        return false;
    asl_emit(s, &r);
    return true;
}

void asl_task_due(struct asl_step *s, struct asl_frame *f)
{
    if (may_go_on(s, f))
        return;
    struct asl_failure failure = {.error = STR("States.Timeout"),
                                  .has_error = true,
                                  .is_task = true,
                                  .is_heartbeat = f->heartbeat_ms < f->timeout_ms};
    asl_cancel_work(s, f);
    task_failed(s, f, ASL_TASK_TIMED_OUT, &failure);
}
