/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of record does to an execution, and in which phase of its frame it may come.
 *
 * KINDS below is the whole truth about phases: a record that comes in another phase is a bug when
 * it was made here, and a corrupt store when it was read. The functions change what the kind is
 * about and then move the frame to its next phase, which also says whether it stands in the queue.
 */
#include "asl/apply.h"
#include "asl/frame.h"
#include "base/check.h"
#include <stdlib.h>

const char *asl_record_kind_name(enum asl_record_kind kind)
{
    static const char *const names[] = {
#define X(id) [ASL_##id] = #id,
        ASL_RECORD_LIST(X)
#undef X
    };
    return names[kind];
}

/* ---- what fits where ---- */

#define IN(phase) (1u << ASL_PHASE_##phase)
enum {
    IN_LIVE = IN(ENTERING) | IN(RUNNING) | IN(WORKING) | IN(SLEEPING) | IN(RETRYING) |
              IN(STARTING) | IN(BRANCHING) | IN(MAPPING) | IN(FINISHING),
    IN_ENTERED = IN_LIVE & ~IN(ENTERING),
    IN_CHILDREN = IN(STARTING) | IN(BRANCHING),
    IN_OVER = IN(FAILED) | IN(ABORTED),
};

enum {
    EVENT = 1,       /* of the history */
    WHOLE = 2,       /* about the execution, not a frame */
    STATE = 4,       /* names the frame's state */
    DOC = 8,         /* has a document */
    TASK = 16,       /* the state is a Task */
    MAP = 32,        /* … a Map */
    PARALLEL = 64,   /* … a Parallel */
    CHILD = 128,     /* begins a child */
    STAYS = 256,     /* the frame's next event follows the same one as this */
    IN_PARENT = 512, /* about a child of a frame that has children */
};

typedef void (*apply_fn)(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r);

struct kind_rule {
    unsigned flags;
    unsigned phases; /* of the frame */
    apply_fn apply;
};

static const struct kind_rule *rule_of(enum asl_record_kind kind);

bool asl_record_is_event(enum asl_record_kind kind)
{
    return (rule_of(kind)->flags & EVENT) != 0;
}

static bool is_waiting_phase(enum asl_phase phase)
{
    return !((1u << phase) & (IN(ENTERING) | IN(RUNNING) | IN(STARTING) | IN(FINISHING)));
}

/* Moves the frame on and puts it where frames of that phase stand. */
static void move(struct asl_exec *x, struct asl_frame *f, enum asl_phase phase)
{
    f->phase = phase;
    if (is_waiting_phase(phase))
        asl_queue_remove(x, f);
    else if (phase == ASL_PHASE_STARTING)
        asl_queue_push_front(x, f);
    else
        asl_queue_push(x, f);
    asl_timer_note(x, f);
}

static str keep_text(struct asl_exec *x, str s)
{
    return arena_dup(&x->arena, s);
}

static void drop_retries(struct asl_frame *f)
{
    free(f->retries);
    f->retries = NULL;
    f->retry_count = 0;
}

/* ---- the whole ---- */

static void apply_started(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    asl_exec_identify(x, r->identity);
    x->status = ASL_EXEC_RUNNING;
    x->deadline_ms = r->timeout_ms;
    asl_set(&x->input, r->doc);
    struct asl_frame *root = asl_frame_new(x, ASL_ROOT_FRAME, NULL, x->machine);
    asl_frame_start_machine(x, root, r->doc, 0);
}

static void rest_frame(struct asl_exec *x, struct asl_frame *f)
{
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        rest_frame(x, child);
    if (f->phase != ASL_PHASE_FAILED)
        move(x, f, ASL_PHASE_ABORTED);
}

static void end_execution(struct asl_exec *x, const struct asl_record *r, enum asl_status status)
{
    x->status = status;
    x->stop_ms = r->time_ms;
    x->has_error = r->has_error;
    x->has_cause = r->has_cause;
    x->error = keep_text(x, r->error);
    x->cause = keep_text(x, r->cause);
    if (x->root)
        rest_frame(x, x->root);
}

static void apply_succeeded(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    x->status = ASL_EXEC_SUCCEEDED;
    x->stop_ms = r->time_ms;
    asl_set(&x->output, r->doc);
    asl_frame_remove(x, x->root);
}

static void apply_failed(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    end_execution(x, r, ASL_EXEC_FAILED);
}

static void apply_aborted(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    end_execution(x, r, ASL_EXEC_ABORTED);
}

static void apply_timed_out(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    end_execution(x, r, ASL_EXEC_TIMED_OUT);
}

static void apply_redriven(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)f;
    x->status = ASL_EXEC_RUNNING;
    x->redrive_count = (uint32_t)r->number;
    x->redrive_ms = r->time_ms;
    x->stop_ms = 0;
    x->deadline_ms = r->timeout_ms;
    x->has_error = x->has_cause = false;
    x->error = x->cause = (str){0};
}

/* ---- states ---- */

static void apply_entered(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->entered = r->event;
    f->entered_previous = r->previous;
    f->entered_ms = r->time_ms;
    f->is_entered = true;
    drop_retries(f);
    move(x, f, ASL_PHASE_RUNNING);
}

static void apply_exited(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    asl_frame_clear_work(x, f);
    drop_retries(f); /* they are as many as the state that is left has retriers */
    f->is_entered = false;
    for (uint32_t i = 0; i < r->assigned_count; i++)
        asl_frame_assign(x, f, &r->assigned[i]);
    if (r->next == ASL_NO_STATE) { /* the input stays: a full history may end all right here */
        asl_set(&f->result, r->doc);
        move(x, f, ASL_PHASE_ENDED);
        return;
    }
    asl_set(&f->result, NULL);
    asl_set(&f->input, r->doc);
    f->state = x->definition->states[r->next];
    move(x, f, ASL_PHASE_ENTERING);
}

static void apply_nothing(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)x;
    (void)f;
    (void)r;
}

static void apply_finished(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    asl_set(&f->result, r->doc);
    move(x, f, ASL_PHASE_FINISHING);
}

static void apply_wait(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->due_ms = r->due_ms;
    move(x, f, ASL_PHASE_SLEEPING);
}

static void apply_retry(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    if (!f->retries)
        f->retries = calloc(f->state->retrier_count, sizeof(*f->retries));
    check(f->retries != NULL);
    f->retries[r->number]++;
    f->retry_count++;
    asl_frame_clear_work(x, f);
    asl_set(&f->result, NULL);
    f->due_ms = r->due_ms;
    move(x, f, ASL_PHASE_RETRYING);
}

static void apply_retry_begun(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)r;
    f->due_ms = ASL_NEVER;
    move(x, f, ASL_PHASE_RUNNING);
}

static void apply_frame_failed(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->fails_whole = r->number != 0;
    if (f->parent)
        f->parent->chain = f->chain;
    move(x, f, ASL_PHASE_FAILED);
}

static void apply_frame_aborted(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)r;
    move(x, f, ASL_PHASE_ABORTED);
}

/* Goes on where a failure or stop left it: number is the phase. */
static void apply_resumed(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    enum asl_phase phase = (enum asl_phase)r->number;
    drop_retries(f);
    if (phase == ASL_PHASE_RUNNING || phase == ASL_PHASE_ENTERING) {
        asl_frame_clear_work(x, f);
        asl_set(&f->result, NULL);
    }
    if (phase == ASL_PHASE_MAPPING)
        f->attempt = r->attempt;
    f->fails_whole = false;
    move(x, f, phase);
}

/* ---- tasks ---- */

static void apply_scheduled(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    asl_set(&f->arguments, r->doc);
    asl_set(&f->credentials, r->credentials);
    f->attempt = r->attempt;
    f->timeout_seconds = r->timeout_seconds;
    f->heartbeat_seconds = r->heartbeat_seconds;
    f->timeout_ms = r->timeout_ms;
    f->heartbeat_ms = r->heartbeat_ms;
    f->is_started = f->is_submitted = false;
    move(x, f, ASL_PHASE_WORKING);
}

static void apply_task_started(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->is_started = true;
    f->timeout_ms = r->timeout_ms;
    f->heartbeat_ms = r->heartbeat_ms;
    asl_timer_note(x, f);
}

static void apply_submitted(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)x;
    (void)r;
    f->is_submitted = true;
}

static void apply_heartbeat(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->heartbeat_ms = r->heartbeat_ms;
    asl_timer_note(x, f);
}

static void apply_delayed(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    f->timeout_ms = r->timeout_ms;
    asl_timer_note(x, f);
}

/* The call is over. What becomes of the state is said by the next record, in the same batch. */
static void apply_task_over(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    (void)r;
    asl_frame_clear_work(x, f);
    move(x, f, ASL_PHASE_RUNNING);
}

static void apply_task_succeeded(struct asl_exec *x, struct asl_frame *f,
                                 const struct asl_record *r)
{
    asl_frame_clear_work(x, f);
    apply_finished(x, f, r);
}

/* ---- children ---- */

static void apply_parallel_started(struct asl_exec *x, struct asl_frame *f,
                                   const struct asl_record *r)
{
    asl_frame_clear_work(x, f);
    asl_frame_results(f, (uint32_t)r->number);
    f->concurrency = f->total;
    asl_set(&f->items, r->doc);
    move(x, f, ASL_PHASE_STARTING);
}

static void apply_map_started(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    asl_frame_clear_work(x, f);
    asl_set(&f->items, r->doc);
    f->concurrency = r->concurrency;
    f->has_keys = r->has_keys;
    if (!f->state->map.is_distributed)
        asl_frame_results(f, (uint32_t)r->number);
    move(x, f, f->state->map.is_distributed ? ASL_PHASE_RUNNING : ASL_PHASE_STARTING);
}

static void wait_or_start(struct asl_exec *x, struct asl_frame *f)
{
    bool can_start = f->started < f->total && f->started - f->ended < f->concurrency;
    move(x, f, can_start ? ASL_PHASE_STARTING : ASL_PHASE_BRANCHING);
}

static void apply_child_started(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    const struct asl_machine *machine = f->state->type == ASL_PARALLEL
                                            ? f->state->parallel.branches[r->number]
                                            : f->state->map.processor;
    struct asl_frame *child = asl_frame_new(x, r->child, f, machine);
    child->index = (uint32_t)r->number;
    f->started++;
    asl_frame_start_machine(x, child, r->doc, r->event ? r->event : f->chain);
    wait_or_start(x, f);
}

/* A child's machine has ended; f is the child. */
static void apply_child_succeeded(struct asl_exec *x, struct asl_frame *f,
                                  const struct asl_record *r)
{
    struct asl_frame *parent = f->parent;
    asl_set(&parent->results[f->index], r->doc);
    parent->ended++;
    parent->chain = r->event ? r->event : f->chain;
    asl_frame_remove(x, f);
}

/* ---- map runs ---- */

static void apply_map_run_started(struct asl_exec *x, struct asl_frame *f,
                                  const struct asl_record *r)
{
    f->attempt = r->attempt;
    asl_set(&f->map_run, r->doc);
    free((char *)(uintptr_t)f->map_run_arn.p);
    f->map_run_arn = str_dup(r->text);
    move(x, f, ASL_PHASE_MAPPING);
}

static void apply_map_run_succeeded(struct asl_exec *x, struct asl_frame *f,
                                    const struct asl_record *r)
{
    f->run_ended = r->event;
    asl_set(&f->result, r->doc);
    move(x, f, ASL_PHASE_BRANCHING);
}

static void apply_map_succeeded(struct asl_exec *x, struct asl_frame *f, const struct asl_record *r)
{
    struct asl_document *result = asl_document_ref(r->doc); /* may be the frame's own */
    asl_frame_clear_work(x, f);
    asl_set(&f->result, result);
    asl_document_unref(result);
    move(x, f, ASL_PHASE_FINISHING);
}

/* ---- the table ---- */

static const struct kind_rule KINDS[] = {
    [ASL_EXECUTION_STARTED] = {EVENT | WHOLE | DOC, 0, apply_started},
    [ASL_EXECUTION_SUCCEEDED] = {EVENT | DOC, IN(ENDED), apply_succeeded},
    [ASL_EXECUTION_FAILED] = {EVENT | WHOLE, 0, apply_failed},
    [ASL_EXECUTION_ABORTED] = {EVENT | WHOLE, 0, apply_aborted},
    [ASL_EXECUTION_TIMED_OUT] = {EVENT | WHOLE, 0, apply_timed_out},
    [ASL_EXECUTION_REDRIVEN] = {EVENT | WHOLE, 0, apply_redriven},
    [ASL_STATE_ENTERED] = {EVENT | STATE | DOC, IN(ENTERING), apply_entered},
    [ASL_STATE_EXITED] = {EVENT | STATE | DOC, IN_ENTERED, apply_exited},
    [ASL_STATE_ABORTED] = {EVENT | STATE | STAYS, IN_ENTERED, apply_nothing},
    [ASL_TASK_SCHEDULED] = {EVENT | STATE | DOC | TASK, IN(RUNNING), apply_scheduled},
    [ASL_TASK_SCHEDULE_FAILED] = {EVENT | STATE | TASK, IN(WORKING), apply_task_over},
    [ASL_TASK_STARTED] = {EVENT | STATE | TASK, IN(WORKING), apply_task_started},
    [ASL_TASK_START_FAILED] = {EVENT | STATE | TASK, IN(WORKING), apply_task_over},
    [ASL_TASK_SUBMITTED] = {EVENT | STATE | TASK | DOC, IN(WORKING), apply_submitted},
    [ASL_TASK_SUBMIT_FAILED] = {EVENT | STATE | TASK, IN(WORKING), apply_task_over},
    [ASL_TASK_SUCCEEDED] = {EVENT | STATE | TASK | DOC, IN(WORKING), apply_task_succeeded},
    [ASL_TASK_FAILED] = {EVENT | STATE | TASK, IN(WORKING), apply_task_over},
    [ASL_TASK_TIMED_OUT] = {EVENT | STATE | TASK, IN(WORKING), apply_task_over},
    [ASL_PARALLEL_STARTED] = {EVENT | PARALLEL | DOC, IN(RUNNING), apply_parallel_started},
    [ASL_PARALLEL_SUCCEEDED] = {EVENT | PARALLEL | DOC | STAYS, IN_CHILDREN, apply_map_succeeded},
    [ASL_PARALLEL_FAILED] = {EVENT | PARALLEL, IN_ENTERED, apply_nothing},
    [ASL_MAP_STARTED] = {EVENT | MAP, IN(RUNNING), apply_map_started},
    [ASL_MAP_SUCCEEDED] = {EVENT | MAP | DOC | STAYS, IN_CHILDREN, apply_map_succeeded},
    [ASL_MAP_FAILED] = {EVENT | MAP, IN_ENTERED, apply_nothing},
    [ASL_ITERATION_STARTED] = {EVENT | MAP | DOC | CHILD | STAYS, IN_CHILDREN, apply_child_started},
    [ASL_ITERATION_SUCCEEDED] = {EVENT | IN_PARENT | DOC | STAYS, IN(ENDED), apply_child_succeeded},
    [ASL_ITERATION_FAILED] = {EVENT | IN_PARENT | STAYS, IN(FAILED), apply_nothing},
    [ASL_ITERATION_ABORTED] = {EVENT | IN_PARENT | STAYS, IN_LIVE, apply_nothing},
    [ASL_MAP_RUN_STARTED] = {EVENT | MAP | DOC, IN(RUNNING), apply_map_run_started},
    [ASL_MAP_RUN_SUCCEEDED] = {EVENT | MAP | DOC | STAYS, IN(MAPPING), apply_map_run_succeeded},
    [ASL_MAP_RUN_FAILED] = {EVENT | MAP, IN(MAPPING), apply_nothing},
    [ASL_MAP_RUN_ABORTED] = {EVENT | MAP | STAYS, IN(MAPPING), apply_nothing},
    [ASL_MAP_RUN_REDRIVEN] = {EVENT | MAP, IN(MAPPING), apply_nothing},
    [ASL_EVALUATION_FAILED] = {EVENT | STATE, IN_ENTERED, apply_nothing},
    [ASL_BRANCH_STARTED] = {PARALLEL | DOC | CHILD, IN_CHILDREN, apply_child_started},
    [ASL_BRANCH_SUCCEEDED] = {IN_PARENT | DOC, IN(ENDED), apply_child_succeeded},
    [ASL_FRAME_FAILED] = {0, IN_LIVE, apply_frame_failed},
    [ASL_FRAME_ABORTED] = {0, IN_LIVE, apply_frame_aborted},
    [ASL_FRAME_RESUMED] = {0, IN_OVER, apply_resumed},
    [ASL_WAIT_BEGUN] = {0, IN(RUNNING), apply_wait},
    [ASL_RETRY_PLANNED] = {0, IN_ENTERED, apply_retry},
    [ASL_RETRY_BEGUN] = {0, IN(RETRYING), apply_retry_begun},
    [ASL_STATE_FINISHED] = {DOC, IN(RUNNING) | IN(SLEEPING), apply_finished},
    [ASL_HEARTBEAT] = {TASK, IN(WORKING), apply_heartbeat},
    [ASL_TASK_DELAYED] = {TASK, IN(WORKING), apply_delayed},
};
_Static_assert(ARRAY_LEN(KINDS) == ASL_RECORD_KINDS, "each kind has a rule");

static const struct kind_rule *rule_of(enum asl_record_kind kind)
{
    return &KINDS[kind];
}

/* ---- checking ---- */

static bool fits_whole(const struct asl_exec *x, const struct asl_record *r)
{
    if (r->kind == ASL_EXECUTION_STARTED)
        return x->status == ASL_EXEC_NEW && !x->root && r->identity;
    if (r->kind == ASL_EXECUTION_REDRIVEN)
        return asl_exec_is_over(x) && x->status != ASL_EXEC_SUCCEEDED && x->root;
    return x->status == ASL_EXEC_RUNNING;
}

static bool fits_child(const struct asl_exec *x, const struct asl_frame *f,
                       const struct asl_record *r)
{
    return r->child >= x->next_frame && r->child < ASL_MAX_FRAMES && r->number == f->started &&
           f->started < f->total;
}

static bool fits_type(const struct asl_frame *f, unsigned flags)
{
    enum asl_state_type type = f->state->type;
    return (!(flags & TASK) || type == ASL_TASK) && (!(flags & MAP) || type == ASL_MAP) &&
           (!(flags & PARALLEL) || type == ASL_PARALLEL);
}

enum { LONGEST_SECONDS = 99999999 };

static bool is_span(double seconds)
{
    return seconds >= 0 && seconds <= LONGEST_SECONDS;
}

/* What the kind itself asks for beyond its row in the table. */
static bool fits_kind(const struct asl_exec *x, const struct asl_frame *f,
                      const struct asl_record *r)
{
    const struct asl_state *s = f->state;
    switch ((int)r->kind) {
    case ASL_EXECUTION_SUCCEEDED: return f == x->root && x->status == ASL_EXEC_RUNNING;
    case ASL_TASK_SCHEDULED: return is_span(r->timeout_seconds) && is_span(r->heartbeat_seconds);
    case ASL_RETRY_PLANNED: return r->number >= 0 && r->number < s->retrier_count;
    case ASL_FRAME_RESUMED:
        if (r->number == ASL_PHASE_MAPPING)
            return s->type == ASL_MAP && f->map_run;
        if (r->number == ASL_PHASE_BRANCHING || r->number == ASL_PHASE_STARTING)
            return f->results != NULL;
        if (r->number == ASL_PHASE_FINISHING)
            return f->result != NULL;
        return r->number == ASL_PHASE_RUNNING || r->number == ASL_PHASE_ENTERING;
    case ASL_PARALLEL_STARTED: return r->number == s->parallel.branch_count;
    case ASL_MAP_STARTED:
        return s->map.is_distributed ||
               (r->doc && r->doc->root.tag == JSON_ARRAY && r->number == r->doc->root.len);
    case ASL_MAP_RUN_STARTED: return s->map.is_distributed;
    case ASL_PARALLEL_SUCCEEDED:
    case ASL_MAP_SUCCEEDED: return f->ended == f->total;
    default: return true;
    }
}

static bool fits_assigned(const struct asl_exec *x, const struct asl_record *r)
{
    for (uint32_t i = 0; i < r->assigned_count; i++) {
        if (r->assigned[i].variable >= x->definition->variable_count || !r->assigned[i].value)
            return false;
    }
    return r->next == ASL_NO_STATE || r->next < x->definition->state_count;
}

static bool fits_frame(const struct asl_exec *x, const struct asl_frame *f,
                       const struct asl_record *r)
{
    const struct kind_rule *rule = rule_of(r->kind);
    if (x->status != ASL_EXEC_RUNNING || !(rule->phases & 1u << f->phase) ||
        !fits_type(f, rule->flags) || !fits_kind(x, f, r))
        return false;
    if ((rule->flags & STATE) && r->state != f->state->number)
        return false;
    if ((rule->flags & CHILD) && !fits_child(x, f, r))
        return false;
    if ((rule->flags & IN_PARENT) &&
        !(f->parent && f->parent->results && f->index < f->parent->total))
        return false;
    return r->kind != ASL_STATE_EXITED ||
           (fits_assigned(x, r) &&
            (r->next == ASL_NO_STATE || x->definition->states[r->next]->machine == f->machine));
}

/* The frame that a record is about; NULL: none, or it is not there. */
static struct asl_frame *frame_of(const struct asl_exec *x, const struct asl_record *r)
{
    return rule_of(r->kind)->flags & WHOLE ? NULL : asl_exec_frame(x, r->frame);
}

static bool fits(const struct asl_exec *x, const struct asl_frame *f, const struct asl_record *r)
{
    const struct kind_rule *rule = rule_of(r->kind);
    if ((rule->flags & DOC) && !r->doc)
        return false;
    if (r->event == 0 ? (rule->flags & EVENT) != 0 : r->event != x->last_event + 1)
        return false;
    return rule->flags & WHOLE ? fits_whole(x, r) : f && fits_frame(x, f, r);
}

enum status asl_record_check(const struct asl_exec *x, const struct asl_record *r,
                             struct error *err)
{
    if (fits(x, frame_of(x, r), r))
        return STATUS_OK;
    return error_set(err, STATUS_CORRUPT, "RecordCorrupt",
                     "a record %s of frame %u does not fit the execution",
                     asl_record_kind_name(r->kind), (unsigned)r->frame);
}

void asl_apply(struct asl_exec *x, const struct asl_record *r)
{
    const struct kind_rule *rule = rule_of(r->kind);
    struct asl_frame *f = frame_of(x, r);
    check(fits(x, f, r));
    if (r->event != 0) {
        x->last_event = r->event;
        if (f && !(rule->flags & STAYS))
            f->chain = r->event;
    }
    rule->apply(x, f, r);
}
