/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parallel: each branch gets the same input; the outputs in the order of the branches are the
 * result. The first branch that fails fails the state (failure.c), the others are aborted.
 */
#include "asl/step_internal.h"

static bool parallel_begin(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_record r = asl_record_for(f, ASL_PARALLEL_STARTED);
    struct asl_value value;
    r.number = f->state->parallel.branch_count;
    if (!asl_flow_input(s, &scope, &value) || !asl_flow_arguments(s, &scope, value, &value) ||
        !asl_keep(s, &scope, value, &r.doc))
        return false;
    asl_emit(s, &r);
    return true;
}

static bool parallel_start(struct asl_step *s, struct asl_frame *f)
{
    struct asl_record r = asl_record_for(f, ASL_BRANCH_STARTED);
    r.child = s->x->next_frame;
    if (r.child >= ASL_MAX_FRAMES)
        return asl_fail_in(s, f, "States.Runtime",
                           "The execution has started too many branches and iterations.");
    r.number = f->started;
    r.doc = f->items;
    asl_emit(s, &r);
    return true;
}

bool asl_children_done(struct asl_step *s, struct asl_frame *f, enum asl_record_kind kind)
{
    struct asl_record r = asl_record_for(f, kind);
    if (!asl_keep_children(s, f, &r.doc))
        return false;
    asl_emit(s, &r);
    return true;
}

static bool parallel_finish(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    return asl_flow_exit(s, &scope, asl_value_of(f->result));
}

const struct asl_state_ops asl_parallel_ops = {
    .begin = parallel_begin, .start = parallel_start, .finish = parallel_finish};
