/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a failure: retried, caught, or handed to the Parallel or Map around, up to the
 * end of the execution. The one place that turns evaluations and operations that failed into data
 * (struct asl_failure).
 *
 * A frame that failed or was aborted stays, with the state it was in, so that a redrive can go on
 * from there; it is removed when the state above is left or tried again.
 */
#include "asl/step_internal.h"
#include <stdio.h>

/* ---- making one ---- */

static str vformat(struct asl_step *s, const struct asl_frame *f, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);

static str vformat(struct asl_step *s, const struct asl_frame *f, const char *fmt, va_list args)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (f)
        buf_printf(&text,
                   "An error occurred while executing the state '%.*s' (entered at the event id "
                   "#%llu). ",
                   STR_ARG(f->state->name), (unsigned long long)f->entered);
    va_list copy;
    va_copy(copy, args);
    int n = vsnprintf(NULL, 0, fmt, copy);
    va_end(copy);
    if (n > 0 && buf_reserve(&text, (size_t)n + 1)) {
        vsnprintf(text.p + text.n, (size_t)n + 1, fmt, args);
        text.n += (size_t)n;
    }
    str copy_of = arena_dup(&s->out->arena, buf_str(&text));
    buf_done(&text);
    return copy_of;
}

static void set_failure(struct asl_step *s, const char *error, str cause)
{
    s->failure = (struct asl_failure){
        .error = str_of(error), .cause = cause, .has_error = true, .has_cause = true};
    s->failure.is_final = strcmp(error, "States.Runtime") == 0;
}

bool asl_fail_in(struct asl_step *s, const struct asl_frame *f, const char *error, const char *fmt,
                 ...)
{
    va_list args;
    va_start(args, fmt);
    set_failure(s, error, vformat(s, f, fmt, args));
    va_end(args);
    return false;
}

bool asl_fail_plain(struct asl_step *s, const char *error, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    set_failure(s, error, vformat(s, NULL, fmt, args));
    va_end(args);
    return false;
}

bool asl_fail_evaluation(struct asl_step *s, const struct asl_frame *f, str location,
                         const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    set_failure(s, "States.QueryEvaluationError", vformat(s, f, fmt, args));
    va_end(args);
    s->failure.is_evaluation = true;
    s->failure.location = location;
    return false;
}

bool asl_fail_error(struct asl_step *s, str error)
{
    s->failure = (struct asl_failure){.error = error, .has_error = true};
    return false;
}

/* ---- ending work ---- */

void asl_cancel_work(struct asl_step *s, struct asl_frame *f)
{
    struct asl_command command = {.frame = f->id, .attempt = f->attempt, .state = f->state};
    if (f->phase == ASL_PHASE_WORKING)
        command.kind = ASL_CANCEL_TASK;
    else if (f->phase == ASL_PHASE_MAPPING)
        command.kind = ASL_CANCEL_MAP_RUN;
    else
        return;
    command.arguments = f->arguments ? f->arguments : f->map_run;
    asl_command_add(s, command);
}

static bool has_aborted_event(const struct asl_frame *f)
{
    switch (f->state->type) {
    case ASL_TASK:
    case ASL_WAIT:
    case ASL_PARALLEL:
    case ASL_MAP: return f->phase != ASL_PHASE_ENTERING && f->phase != ASL_PHASE_FINISHING;
    case ASL_PASS:
    case ASL_CHOICE:
    case ASL_SUCCEED:
    case ASL_FAIL: return false;
    }
    unreachable();
}

/* A record that says no more than its kind. */
static void emit_kind_after(struct asl_step *s, const struct asl_frame *f,
                            enum asl_record_kind kind, uint64_t previous)
{
    struct asl_record r = asl_record_for(f, kind);
    asl_emit_after(s, &r, previous);
}

static void abort_frame(struct asl_step *s, struct asl_frame *f, uint64_t previous)
{
    if (f->phase >= ASL_PHASE_FAILED)
        return;
    asl_abort_children(s, f, previous);
    asl_cancel_work(s, f);
    if (f->phase == ASL_PHASE_MAPPING)
        emit_kind_after(s, f, ASL_MAP_RUN_ABORTED, previous);
    if (has_aborted_event(f))
        emit_kind_after(s, f, ASL_STATE_ABORTED, previous);
    if (f->parent && f->parent->state->type == ASL_MAP) {
        struct asl_record r = asl_record_for(f, ASL_ITERATION_ABORTED);
        r.state = f->parent->state->number;
        r.number = f->index;
        asl_emit_after(s, &r, previous);
    }
    emit_kind_after(s, f, ASL_FRAME_ABORTED, f->chain);
}

void asl_abort_children(struct asl_step *s, struct asl_frame *f, uint64_t previous)
{
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        abort_frame(s, child, previous);
}

/* ---- caught ---- */

static const struct asl_catcher *find_catcher(const struct asl_step *s,
                                              const struct asl_state *state)
{
    for (uint32_t i = 0; i < state->catcher_count; i++) {
        const struct asl_catcher *c = &state->catchers[i];
        if (asl_failure_matches(&s->failure, c->errors, c->error_count))
            return c;
    }
    return NULL;
}

/* {"Error": …, "Cause": …}; a failure with neither has both, as null. */
static struct json_val error_output(struct asl_step *s, const struct asl_failure *failure)
{
    struct json_obj_builder b;
    bool has_none = !failure->has_error && !failure->has_cause;
    json_obj_begin(&b, asl_shapes(s), 2);
    if (failure->has_error || has_none)
        json_obj_put(&b, STR("Error"), JSON_ASCII | JSON_PLAIN,
                     has_none ? json_null() : json_string(failure->error, 0));
    if (failure->has_cause || has_none)
        json_obj_put(&b, STR("Cause"), JSON_ASCII | JSON_PLAIN,
                     has_none ? json_null() : json_string(failure->cause, 0));
    return json_obj_end(&b);
}

static bool leave_caught(struct asl_step *s, struct asl_frame *f, const struct asl_catcher *c)
{
    struct asl_scope scope = asl_scope_of(s, f);
    scope.error_output = error_output(s, &s->failure);
    scope.base = scope.error_output;
    struct asl_exit way = {
        .output = {.v = scope.error_output}, .assign = &c->assign, .next = c->next};
    if (!asl_flow_assign(s, &scope, &way))
        return false;
    if (f->state->language == ASL_JSONATA) {
        if (c->output && !asl_eval_template(s, &scope, c->output, &way.output.v))
            return false;
    } else if (c->result_path.kind == ASL_PATH_NULL) {
        way.output = asl_value_of(f->input);
    } else if (c->result_path.kind == ASL_PATH_SET && !jsonpath_is_root(c->result_path.path) &&
               !asl_flow_put(s, &scope, c->result_path.path, &way.output)) {
        return false;
    }
    return asl_flow_leave(s, &scope, &way);
}

/* ---- the way up ---- */

static bool is_composite(const struct asl_frame *f)
{
    return f->state->type == ASL_PARALLEL || f->state->type == ASL_MAP;
}

static void say_composite_failed(struct asl_step *s, struct asl_frame *f)
{
    if (is_composite(f) && !s->failure.is_final)
        emit_kind_after(s, f, f->state->type == ASL_MAP ? ASL_MAP_FAILED : ASL_PARALLEL_FAILED,
                        f->chain);
}

static void say_evaluation_failed(struct asl_step *s, struct asl_frame *f)
{
    if (!s->failure.is_evaluation)
        return;
    struct asl_record r = asl_record_for(f, ASL_EVALUATION_FAILED);
    r.error = s->failure.error;
    r.cause = s->failure.cause;
    r.has_error = s->failure.has_error;
    r.has_cause = s->failure.has_cause;
    r.text = s->failure.location;
    /* As recorded: it follows what the state's Entered event follows, in a Wait that event itself.
     */
    asl_emit_after(s, &r, f->state->type == ASL_WAIT ? f->entered : f->entered_previous);
    s->failure.is_evaluation = false;
}

/* A composite whose own failure it is, or that States.Runtime or a limit ended, begins anew when
 * redriven; others go on with the children that failed. */
static void fail_frame(struct asl_step *s, struct asl_frame *f, bool is_own)
{
    struct asl_record r = asl_record_for(f, ASL_FRAME_FAILED);
    r.number = is_composite(f) && (is_own || s->failure.is_final ||
                                   str_eq(s->failure.error, STR("States.DataLimitExceeded")));
    asl_emit(s, &r);
}

static void end_by_failure(struct asl_step *s, struct asl_frame *f)
{
    uint64_t previous = f->chain;
    fail_frame(s, f, true);
    for (struct asl_frame *up = f->parent; up; up = up->parent)
        fail_frame(s, up, false);
    asl_end(s, ASL_EXECUTION_FAILED, &s->failure, previous);
}

static void fail_parent(struct asl_step *s, struct asl_frame *f)
{
    struct asl_frame *parent = f->parent;
    uint64_t previous = f->chain;
    if (parent->state->type == ASL_MAP) {
        struct asl_record r = asl_record_for(f, ASL_ITERATION_FAILED);
        r.state = parent->state->number;
        r.number = f->index;
        asl_emit(s, &r);
    }
    asl_abort_children(s, parent, previous);
}

/* Returns the frame that the failure goes on to, or NULL. */
static struct asl_frame *fail_state(struct asl_step *s, struct asl_frame *f, bool is_own)
{
    say_evaluation_failed(s, f);
    if (s->failure.is_final || s->is_history_full) {
        end_by_failure(s, f);
        return NULL;
    }
    bool is_parallel = f->state->type == ASL_PARALLEL; /* which says so before a retry too */
    if (is_parallel)
        say_composite_failed(s, f);
    if (asl_retry(s, f))
        return NULL;
    const struct asl_catcher *c = find_catcher(s, f->state);
    if (!is_parallel)
        say_composite_failed(s, f);
    if (c && leave_caught(s, f, c))
        return NULL;
    if (c) { /* what the catcher computes failed: no other catcher sees that */
        say_evaluation_failed(s, f);
        if (s->failure.is_final) {
            end_by_failure(s, f);
            return NULL;
        }
    }
    uint64_t previous = f->chain;
    fail_frame(s, f, is_own);
    if (!f->parent)
        asl_end(s, ASL_EXECUTION_FAILED, &s->failure, previous);
    else
        fail_parent(s, f);
    return f->parent;
}

/* A map run that failed by its children is redriven, not begun anew; one that could not read its
 * items has none yet. */
static bool is_by_children(const struct asl_step *s, const struct asl_frame *f)
{
    return f->phase == ASL_PHASE_MAPPING &&
           !str_eq(s->failure.error, STR("States.ItemReaderFailed"));
}

void asl_state_failed(struct asl_step *s, struct asl_frame *f)
{
    s->failure.is_task = s->failure.is_task || f->state->type == ASL_TASK;
    bool is_own = !is_by_children(s, f);
    while (f && s->x->status == ASL_EXEC_RUNNING && !s->is_history_full) {
        f = fail_state(s, f, is_own);
        is_own = false;
    }
}
