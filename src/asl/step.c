/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step: takes an event in, fires what is due, then makes moves until nothing can go on or the
 * budget is used. What a move of each state does is in state_*.c, what becomes of a failure in
 * failure.c.
 */
#include "asl/step.h"
#include "asl/frame.h"
#include "asl/step_internal.h"
#include "base/splitmix.h"
#include "base/utf8.h"
#include <stdlib.h>

/* ---- what a step gives ---- */

void asl_out_init(struct asl_out *out)
{
    *out = (struct asl_out){0};
    arena_init(&out->arena, 0);
    arena_init(&out->scratch, 0);
    out->jsonata = jsonata_scratch_new();
}

/* What a record or command names lives until it has been written or carried out. */
static void hold(struct asl_document *doc)
{
    if (doc)
        asl_document_ref(doc);
}

static void hold_record(const struct asl_record *r)
{
    hold(r->doc);
    hold(r->credentials);
    for (uint32_t i = 0; i < r->assigned_count; i++)
        hold(r->assigned[i].value);
}

static void release_record(const struct asl_record *r)
{
    asl_document_unref(r->doc);
    asl_document_unref(r->credentials);
    for (uint32_t i = 0; i < r->assigned_count; i++)
        asl_document_unref(r->assigned[i].value);
}

static void release_documents(struct asl_out *out)
{
    for (uint32_t i = 0; i < out->record_count; i++)
        release_record(&out->records[i]);
    for (uint32_t i = 0; i < out->command_count; i++) {
        asl_document_unref(out->commands[i].arguments);
        asl_document_unref(out->commands[i].credentials);
    }
    out->record_count = out->command_count = 0;
    for (uint32_t i = 0; i < out->document_count; i++) {
        asl_document_seal(out->documents[i]);
        asl_document_unref(out->documents[i]);
    }
    out->document_count = 0;
}

void asl_out_reset(struct asl_out *out)
{
    release_documents(out);
    out->bytes = 0;
    out->clock_ms = 0;
    out->is_again = out->reads_clock = false;
    out->resume_ms = 0;
    arena_reset(&out->arena);
}

void asl_out_done(struct asl_out *out)
{
    release_documents(out);
    free(out->records);
    free(out->commands);
    free(out->documents);
    arena_done(&out->arena);
    arena_done(&out->scratch);
    jsonata_scratch_free(out->jsonata);
}

static void *list_grow(void *items, uint32_t *cap, size_t size)
{
    *cap = *cap ? *cap * 2 : 32;
    items = realloc(items, size * *cap);
    check(items != NULL);
    return items;
}

/* ---- emitting ---- */

struct asl_record asl_record_for(const struct asl_frame *f, enum asl_record_kind kind)
{
    return (struct asl_record){.kind = kind,
                               .frame = f ? f->id : 0,
                               .state = f && f->state ? f->state->number : ASL_NO_STATE,
                               .next = ASL_NO_STATE};
}

static bool is_end(enum asl_record_kind kind)
{
    return kind == ASL_EXECUTION_SUCCEEDED || kind == ASL_EXECUTION_FAILED ||
           kind == ASL_EXECUTION_ABORTED || kind == ASL_EXECUTION_TIMED_OUT;
}

/* A place in the list, to be counted when the record stands. */
static struct asl_record *record_place(struct asl_out *out)
{
    if (out->record_count == out->record_cap)
        out->records = list_grow(out->records, &out->record_cap, sizeof(*out->records));
    return &out->records[out->record_count];
}

void asl_emit_after(struct asl_step *s, const struct asl_record *record, uint64_t previous)
{
    struct asl_out *out = s->out;
    enum asl_record_kind kind = record->kind;
    bool is_event = asl_record_is_event(kind);
    uint64_t event = is_event ? s->x->last_event + 1 : 0;
    if (s->x->options.strict && event >= ASL_MAX_HISTORY && !is_end(kind) &&
        s->x->type == ASL_STANDARD)
        s->is_history_full = true;
    if (s->is_history_full && !is_end(kind))
        return;
    struct asl_record *r = record_place(out);
    *r = *record;
    r->event = event;
    r->previous = is_event ? previous : 0;
    r->time_ms = s->event->now_ms;
    out->record_count++;
    hold_record(r);
    asl_apply(s->x, r);
}

void asl_emit(struct asl_step *s, const struct asl_record *record)
{
    struct asl_frame *f = asl_exec_frame(s->x, record->frame);
    asl_emit_after(s, record, f ? f->chain : 0);
}

static void command_add(struct asl_out *out, struct asl_command command)
{
    if (out->command_count == out->command_cap)
        out->commands = list_grow(out->commands, &out->command_cap, sizeof(*out->commands));
    hold(command.arguments);
    hold(command.credentials);
    out->commands[out->command_count++] = command;
}

void asl_command_add(struct asl_step *s, struct asl_command command)
{
    if (!s->is_history_full)
        command_add(s->out, command);
}

/* ---- what comes with the event ---- */

uint64_t asl_seed(struct asl_step *s)
{
    return splitmix64_at(s->event->seed, ++s->seeds);
}

enum { CLOCK_AHEAD_MS = 50 /* that expressions may be given times ahead of the clock */ };

/* So that times are given out once and stay near the clock, a step may have to wait for it. */
static bool waits_for_clock(struct asl_step *s)
{
    if (s->x->clock_ms < s->event->now_ms + CLOCK_AHEAD_MS)
        return false;
    s->out->is_again = true;
    s->out->resume_ms = s->x->clock_ms - CLOCK_AHEAD_MS + 1;
    return true;
}

static int64_t next_time(const struct asl_options *o, int64_t from_ms)
{
    int64_t stride = o->clock_stride > 0 ? o->clock_stride : 1;
    int64_t behind = (from_ms - o->clock_phase) % stride;
    return behind == 0 ? from_ms : from_ms + stride - behind;
}

/* One time for all expressions of a move, and never the same in two. */
int64_t asl_clock(struct asl_step *s)
{
    if (s->clock_ms == 0) {
        int64_t next = s->x->clock_ms + 1;
        s->clock_ms = next_time(&s->x->options, next > s->event->now_ms ? next : s->event->now_ms);
        s->x->clock_ms = s->clock_ms;
        s->out->clock_ms = s->clock_ms;
        s->out->reads_clock = true;
    }
    return s->clock_ms;
}

struct json_shapes *asl_shapes(struct asl_step *s)
{
    if (!s->has_shapes)
        json_shapes_init(&s->shapes, &s->out->scratch);
    s->has_shapes = true;
    return &s->shapes;
}

/* ---- moves ---- */

static const struct asl_state_ops *ops_of(const struct asl_frame *f)
{
    static const struct asl_state_ops *const ops[ASL_STATE_TYPE_COUNT] = {
        [ASL_PASS] = &asl_pass_ops,         [ASL_TASK] = &asl_task_ops,
        [ASL_CHOICE] = &asl_choice_ops,     [ASL_WAIT] = &asl_wait_ops,
        [ASL_SUCCEED] = &asl_succeed_ops,   [ASL_FAIL] = &asl_fail_ops,
        [ASL_PARALLEL] = &asl_parallel_ops, [ASL_MAP] = &asl_map_ops,
    };
    return ops[f->state->type];
}

static bool enter_state(struct asl_step *s, struct asl_frame *f)
{
    if (s->event->is_machine_gone)
        return asl_fail_plain(s, "States.Runtime", "State machine %.*s has been deleted",
                              STR_ARG(s->x->identity.state_machine_name));
    struct asl_record r = asl_record_for(f, ASL_STATE_ENTERED);
    r.doc = f->input;
    asl_emit(s, &r);
    return true;
}

static void fail_for_history(struct asl_step *s, uint64_t previous)
{
    s->is_history_full = false;
    asl_fail_plain(s, "States.Runtime",
                   "The execution reached the maximum number of history events (%d).",
                   ASL_MAX_HISTORY);
    asl_end(s, ASL_EXECUTION_FAILED, &s->failure, previous);
}

static void begin_move(struct asl_step *s)
{
    arena_reset(&s->out->scratch);
    s->has_shapes = false;
    s->clock_ms = 0;
}

static void make_move(struct asl_step *s, struct asl_frame *f)
{
    bool is_well = true;
    uint64_t chain = f->chain;
    begin_move(s);
    switch ((int)f->phase) {
    case ASL_PHASE_ENTERING: is_well = enter_state(s, f); break;
    case ASL_PHASE_RUNNING: is_well = ops_of(f)->begin(s, f); break;
    case ASL_PHASE_STARTING: is_well = ops_of(f)->start(s, f); break;
    case ASL_PHASE_FINISHING: is_well = ops_of(f)->finish(s, f); break;
    default: unreachable();
    }
    if (!is_well && !s->is_history_full)
        asl_state_failed(s, f);
    if (s->is_history_full)
        fail_for_history(s, chain);
}

static void make_moves(struct asl_step *s)
{
    struct asl_exec *x = s->x;
    uint32_t moves = x->options.max_moves ? x->options.max_moves : ASL_STEP_MOVES;
    size_t bytes = x->options.max_bytes ? x->options.max_bytes : ASL_STEP_BYTES;
    bytes += s->out->bytes;
    while (x->status == ASL_EXEC_RUNNING && x->first_ready) {
        if (moves-- == 0 || s->out->bytes > bytes) {
            s->out->is_again = true;
            return;
        }
        if (waits_for_clock(s))
            return;
        make_move(s, x->first_ready);
    }
}

/* ---- ends ---- */

void asl_machine_ended(struct asl_step *s, struct asl_frame *f)
{
    if (s->is_history_full)
        return;
    struct asl_frame *parent = f->parent;
    struct asl_record r =
        asl_record_for(f, parent ? ASL_BRANCH_SUCCEEDED : ASL_EXECUTION_SUCCEEDED);
    r.doc = f->result;
    if (!parent) {
        asl_emit(s, &r);
        asl_command_add(s, (struct asl_command){.kind = ASL_END_EXECUTION});
        return;
    }
    bool is_map = parent->state->type == ASL_MAP;
    uint64_t chain = f->chain;
    if (is_map) {
        r.kind = ASL_ITERATION_SUCCEEDED;
        r.state = parent->state->number;
        r.number = f->index;
    }
    asl_emit(s, &r);
    if (s->is_history_full)
        return;
    begin_move(s);
    bool is_well = is_map ? asl_iteration_ended(s, parent, chain)
                   : parent->ended == parent->total
                       ? asl_children_done(s, parent, ASL_PARALLEL_SUCCEEDED)
                       : true;
    if (!is_well && !s->is_history_full)
        asl_state_failed(s, parent);
}

static void cancel_all(struct asl_step *s, struct asl_frame *f)
{
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        cancel_all(s, child);
    asl_cancel_work(s, f);
}

void asl_end(struct asl_step *s, enum asl_record_kind kind, const struct asl_failure *failure,
             uint64_t previous)
{
    if (s->x->root)
        cancel_all(s, s->x->root);
    struct asl_record r = asl_record_for(NULL, kind);
    r.has_error = failure->has_error;
    r.has_cause = failure->has_cause;
    r.error = failure->error;
    r.cause = failure->cause;
    asl_emit_after(s, &r, previous);
    asl_command_add(s, (struct asl_command){.kind = ASL_END_EXECUTION});
}

/* ---- times ---- */

static void fire(struct asl_step *s, struct asl_frame *f)
{
    begin_move(s);
    if (f->phase == ASL_PHASE_WORKING) {
        asl_task_due(s, f);
        return;
    }
    bool is_wait = f->phase == ASL_PHASE_SLEEPING;
    struct asl_record r = asl_record_for(f, is_wait ? ASL_STATE_FINISHED : ASL_RETRY_BEGUN);
    r.doc = is_wait ? f->input : NULL;
    asl_emit(s, &r);
}

static void fire_due(struct asl_step *s)
{
    struct asl_exec *x = s->x;
    int64_t now_ms = s->event->now_ms;
    if (x->status == ASL_EXEC_RUNNING && x->deadline_ms <= now_ms) {
        asl_fail_error(s, STR("States.Timeout"));
        asl_end(s, ASL_EXECUTION_TIMED_OUT, &s->failure, 0);
    }
    struct asl_frame *f;
    while (x->status == ASL_EXEC_RUNNING && (f = asl_timer_first(x, now_ms)) != NULL) {
        uint64_t chain = f->chain;
        if (waits_for_clock(s))
            return;
        fire(s, f);
        if (s->is_history_full)
            fail_for_history(s, chain);
    }
}

/* ---- events ---- */

enum { EXPRESS_MS = 5 * 60 * 1000 /* AWS's limit for Express */ };

/* The record outlives the event. */
static const struct asl_identity *copy_identity(struct arena *a, const struct asl_identity *from)
{
    struct asl_identity *copy = arena_alloc(a, sizeof(*copy));
    *copy = (struct asl_identity){
        .id = arena_dup(a, from->id),
        .name = arena_dup(a, from->name),
        .role_arn = arena_dup(a, from->role_arn),
        .state_machine_id = arena_dup(a, from->state_machine_id),
        .state_machine_name = arena_dup(a, from->state_machine_name),
        .start_ms = from->start_ms,
    };
    return copy;
}

static enum status start(struct asl_step *s, struct error *err)
{
    struct asl_exec *x = s->x;
    if (x->status != ASL_EXEC_NEW)
        return error_set(err, STATUS_CONFLICT, "ExecutionRunning", "The execution has started");
    if (!s->event->doc || !s->event->identity)
        return error_set(err, STATUS_INVALID, "InvalidExecutionInput", "The event has no input");
    struct asl_record r = asl_record_for(NULL, ASL_EXECUTION_STARTED);
    r.doc = asl_adopt(s, s->event->doc, true);
    r.identity = copy_identity(&s->out->arena, s->event->identity);
    double seconds = x->machine == x->definition->root ? x->definition->timeout_seconds : 0;
    r.timeout_ms = seconds > 0 ? s->event->now_ms + (int64_t)(seconds * 1000) : ASL_NEVER;
    if (x->options.strict && x->type == ASL_EXPRESS && r.timeout_ms - s->event->now_ms > EXPRESS_MS)
        r.timeout_ms = s->event->now_ms + EXPRESS_MS;
    asl_emit_after(s, &r, 0);
    return STATUS_OK;
}

static enum status stop(struct asl_step *s)
{
    const struct asl_event *e = s->event;
    s->failure = (struct asl_failure){.error = arena_dup(&s->out->arena, e->error),
                                      .cause = arena_dup(&s->out->arena, e->cause),
                                      .has_error = e->has_error,
                                      .has_cause = e->has_cause};
    asl_end(s, ASL_EXECUTION_ABORTED, &s->failure, 0);
    return STATUS_OK;
}

static enum status about_task(struct asl_step *s, struct error *err)
{
    const struct asl_event *e = s->event;
    struct asl_frame *f = asl_exec_frame(s->x, e->frame);
    bool is_run = e->kind == ASL_EVENT_MAP_RUN_SUCCEEDED || e->kind == ASL_EVENT_MAP_RUN_FAILED;
    if (!f || f->attempt != e->attempt || s->x->status != ASL_EXEC_RUNNING ||
        f->phase != (is_run ? ASL_PHASE_MAPPING : ASL_PHASE_WORKING))
        return error_set(err, STATUS_NOT_FOUND, "TaskTimedOut",
                         "The execution does not wait for this task any more");
    return is_run ? asl_map_run_event(s, f, err) : asl_task_event(s, f, err);
}

/* Text that is none could be written, and not read again. */
static bool has_valid_texts(const struct asl_event *e)
{
    const struct asl_identity *who = e->identity;
    if (who &&
        !(utf8_is_inner(who->id) && utf8_is_inner(who->name) && utf8_is_inner(who->role_arn) &&
          utf8_is_inner(who->state_machine_id) && utf8_is_inner(who->state_machine_name)))
        return false;
    return utf8_is_inner(e->error) && utf8_is_inner(e->cause) && utf8_is_inner(e->worker);
}

static enum status take_event(struct asl_step *s, struct error *err)
{
    begin_move(s);
    if (!has_valid_texts(s->event))
        return error_set(err, STATUS_INVALID, "InvalidText", "The event has text that is no UTF-8");
    switch (s->event->kind) {
    case ASL_EVENT_START: return start(s, err);
    case ASL_EVENT_CONTINUE: return STATUS_OK;
    case ASL_EVENT_STOP: return s->x->status == ASL_EXEC_RUNNING ? stop(s) : STATUS_OK;
    case ASL_EVENT_REDRIVE: return asl_redrive(s, err);
    case ASL_EVENT_TASK_STARTED:
    case ASL_EVENT_TASK_SUBMITTED:
    case ASL_EVENT_TASK_SUCCEEDED:
    case ASL_EVENT_TASK_FAILED:
    case ASL_EVENT_TASK_HEARTBEAT:
    case ASL_EVENT_MAP_RUN_SUCCEEDED:
    case ASL_EVENT_MAP_RUN_FAILED: return about_task(s, err);
    }
    unreachable();
}

enum status asl_step(struct asl_exec *x, const struct asl_event *event, struct asl_out *out,
                     struct error *err)
{
    struct asl_step s = {.x = x, .event = event, .out = out};
    struct asl_frame *f = asl_exec_frame(x, event->frame);
    uint64_t chain = f ? f->chain : 0;
    out->is_again = false;
    out->resume_ms = 0;
    enum status status = take_event(&s, err);
    if (status != STATUS_OK)
        return status;
    if (s.is_history_full)
        fail_for_history(&s, chain);
    fire_due(&s);
    make_moves(&s);
    return STATUS_OK;
}

/* ---- after loading ---- */

static void pending_of(struct asl_exec *x, struct asl_frame *f, struct asl_out *out)
{
    struct asl_command command;
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        pending_of(x, child, out);
    if (f->phase == ASL_PHASE_WORKING)
        command = asl_task_command(x, f, &out->arena);
    else if (f->phase == ASL_PHASE_MAPPING)
        command = asl_map_run_command(f, ASL_START_MAP_RUN);
    else
        return;
    command.is_repeated = true;
    command_add(out, command);
}

void asl_pending(struct asl_exec *x, struct asl_out *out)
{
    if (x->root && x->status == ASL_EXEC_RUNNING)
        pending_of(x, x->root, out);
}
