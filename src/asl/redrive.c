/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redrive: an execution that did not succeed goes on from the states that failed, timed out or were
 * aborted, with their own inputs and fresh retry counters. States that were left stay left; in
 * Parallel and Map, and in map runs, only what failed runs again (reference: "Redrive").
 */
#include "asl/step_internal.h"

static void resume(struct asl_step *s, struct asl_frame *f, enum asl_phase phase)
{
    struct asl_record r = asl_record_for(f, ASL_FRAME_RESUMED);
    r.number = phase;
    r.attempt = f->attempt;
    asl_emit(s, &r);
}

static void resume_map_run(struct asl_step *s, struct asl_frame *f)
{
    struct asl_record r = asl_record_for(f, ASL_FRAME_RESUMED);
    r.number = ASL_PHASE_MAPPING;
    r.attempt = f->attempt + 1;
    asl_emit(s, &r);
    r = asl_record_for(f, ASL_MAP_RUN_REDRIVEN);
    r.text = arena_dup(&s->out->arena, f->map_run_arn); /* the frame may go in this step */
    r.number = s->x->redrive_count;
    asl_emit(s, &r);
    asl_command_add(s, asl_map_run_command(f, ASL_REDRIVE_MAP_RUN));
}

static void resume_tree(struct asl_step *s, struct asl_frame *f)
{
    bool is_aborted = f->phase == ASL_PHASE_ABORTED;
    if (!f->is_entered) {
        resume(s, f, ASL_PHASE_ENTERING);
    } else if (is_aborted && f->result) {
        resume(s, f, ASL_PHASE_FINISHING);
    } else if (f->map_run && !f->fails_whole) {
        resume_map_run(s, f);
    } else if (f->results && !f->fails_whole && f->ended < f->total) {
        for (struct asl_frame *child = f->first_child; child; child = child->next_sibling)
            resume_tree(s, child);
        bool has_room = f->started < f->total && f->started - f->ended < f->concurrency;
        resume(s, f, has_room ? ASL_PHASE_STARTING : ASL_PHASE_BRANCHING);
    } else {
        resume(s, f, ASL_PHASE_RUNNING);
    }
}

enum status asl_redrive(struct asl_step *s, struct error *err)
{
    struct asl_exec *x = s->x;
    if (x->status == ASL_EXEC_RUNNING || x->status == ASL_EXEC_NEW)
        return error_set(err, STATUS_CONFLICT, "ExecutionNotRedrivable",
                         "Execution is %s and cannot be redriven", asl_status_name(x->status));
    if (x->status == ASL_EXEC_SUCCEEDED || x->type == ASL_EXPRESS || !x->root)
        return error_set(err, STATUS_CONFLICT, "ExecutionNotRedrivable",
                         "Execution is SUCCEEDED and cannot be redriven");
    if (x->options.strict && x->last_event >= ASL_MAX_HISTORY - 1)
        return error_set(err, STATUS_CONFLICT, "ExecutionNotRedrivable",
                         "Execution history event limit exceeded");
    struct asl_record r = asl_record_for(NULL, ASL_EXECUTION_REDRIVEN);
    double seconds = x->machine == x->definition->root ? x->definition->timeout_seconds : 0;
    r.number = x->redrive_count + 1;
    r.timeout_ms = seconds > 0 ? s->event->now_ms + (int64_t)(seconds * 1000) : ASL_NEVER;
    asl_emit_after(s, &r, x->last_event);
    resume_tree(s, x->root);
    return STATUS_OK;
}
