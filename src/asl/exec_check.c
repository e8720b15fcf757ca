/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds of every execution between two steps. Snapshots are believed only after this, and
 * tests ask it after each event.
 */
#include "asl/encode.h"
#include "asl/frame.h"

enum { LONGEST_SECONDS = 99999999 };

static bool is_ready_phase(enum asl_phase phase)
{
    return phase == ASL_PHASE_ENTERING || phase == ASL_PHASE_RUNNING ||
           phase == ASL_PHASE_STARTING || phase == ASL_PHASE_FINISHING;
}

static bool is_composite(const struct asl_frame *f)
{
    return f->state->type == ASL_PARALLEL ||
           (f->state->type == ASL_MAP && !f->state->map.is_distributed);
}

static bool has_room(const struct asl_frame *f)
{
    return f->started < f->total && f->started - f->ended < f->concurrency;
}

/* What a phase needs to go on from. */
static const char *phase_needs(const struct asl_frame *f)
{
    const struct asl_state *s = f->state;
    switch (f->phase) {
    case ASL_PHASE_ENTERING: return f->is_entered ? "was entered twice" : NULL;
    case ASL_PHASE_RUNNING: return NULL;
    case ASL_PHASE_WORKING: return s->type == ASL_TASK && f->arguments ? NULL : "has no task";
    case ASL_PHASE_SLEEPING: return s->type == ASL_WAIT ? NULL : "sleeps outside of a Wait";
    case ASL_PHASE_RETRYING: return f->retries ? NULL : "retries without a retrier";
    case ASL_PHASE_STARTING:
        return f->results && (f->total == 0 || has_room(f)) ? NULL : "has no child to start";
    case ASL_PHASE_BRANCHING:
        return f->results && f->ended < f->total && !has_room(f) ? NULL : "waits for no child";
    case ASL_PHASE_MAPPING:
        return s->type == ASL_MAP && s->map.is_distributed && f->map_run ? NULL
                                                                         : "waits for no map run";
    case ASL_PHASE_FINISHING: return f->result ? NULL : "finishes without a result";
    case ASL_PHASE_FAILED:
    case ASL_PHASE_ABORTED: return NULL;
    case ASL_PHASE_ENDED: return "has ended and is still there";
    }
    return "is in no phase";
}

static const char *children_fault(const struct asl_frame *f)
{
    uint32_t children = 0, ended = 0;
    if (!f->results)
        return f->first_child || f->total != 0 || f->started != 0 || f->ended != 0
                   ? "has children without a place for their results"
                   : NULL;
    bool is_map = f->state->type == ASL_MAP;
    uint32_t total = is_map ? 0 : is_composite(f) ? f->state->parallel.branch_count : 0;
    if (is_map && f->items && f->items->root.tag == JSON_ARRAY)
        total = f->items->root.len;
    if (!is_composite(f) || !f->items || f->total != total || f->started > f->total)
        return "has another number of children than its state";
    for (uint32_t i = 0; i < f->total; i++)
        ended += f->results[i] != NULL;
    for (const struct asl_frame *c = f->first_child; c; c = c->next_sibling, children++) {
        bool is_in_order = !c->previous_sibling || c->previous_sibling->index < c->index;
        if (c->index >= f->started || f->results[c->index] || !is_in_order)
            return "has a child twice, or one that has ended";
    }
    return ended == f->ended && children == f->started - f->ended ? NULL
                                                                  : "has miscounted its children";
}

static bool has_future_events(const struct asl_exec *x, const struct asl_frame *f)
{
    return f->chain > x->last_event || f->entered > x->last_event ||
           f->entered_previous > x->last_event || f->run_ended > x->last_event;
}

static const char *frame_fault(const struct asl_exec *x, const struct asl_frame *f)
{
    bool is_over = f->phase == ASL_PHASE_FAILED || f->phase == ASL_PHASE_ABORTED;
    bool is_running = x->status == ASL_EXEC_RUNNING;
    if (f->state->machine != f->machine || !f->input)
        return "is in a state of another machine, or has no input";
    if (is_over == is_running)
        return "is over in an execution that is not, or the other way round";
    if (f->is_ready != (is_running && is_ready_phase(f->phase)))
        return "stands in the queue, or does not, against its phase";
    if (!(f->timeout_seconds >= 0 && f->timeout_seconds <= LONGEST_SECONDS) ||
        !(f->heartbeat_seconds >= 0 && f->heartbeat_seconds <= LONGEST_SECONDS))
        return "has a time span out of range";
    if (has_future_events(x, f))
        return "follows an event that has not happened";
    const char *fault = phase_needs(f);
    return fault ? fault : children_fault(f);
}

static enum status check_tree(const struct asl_exec *x, const struct asl_frame *f,
                              struct error *err)
{
    const char *fault = frame_fault(x, f);
    if (fault)
        return error_set(err, STATUS_CORRUPT, "ExecutionCorrupt", "frame %u %s", (unsigned)f->id,
                         fault);
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        enum status status = check_tree(x, child, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status asl_exec_check(const struct asl_exec *x, struct error *err)
{
    const char *fault = NULL;
    bool wants_root = x->status != ASL_EXEC_NEW && x->status != ASL_EXEC_SUCCEEDED;
    if (x->last_event >= ASL_MAX_COUNT || x->documents.next > ASL_MAX_COUNT || x->clock_ms < 0 ||
        x->clock_ms > ASL_MAX_TIME_MS)
        fault = "the execution has a count or time out of range";
    else if (wants_root != (x->root != NULL))
        fault = "the execution has no frames, or should have none";
    else if (x->status != ASL_EXEC_NEW && !x->input)
        fault = "the execution has no input";
    else if ((x->status == ASL_EXEC_SUCCEEDED) != (x->output != NULL))
        fault = "the execution has no output, or should have none";
    else if (x->root && x->root->id != ASL_ROOT_FRAME)
        fault = "the execution's first frame has another number";
    if (fault)
        return error_set(err, STATUS_CORRUPT, "ExecutionCorrupt", "%s", fault);
    return x->root ? check_tree(x, x->root, err) : STATUS_OK;
}
