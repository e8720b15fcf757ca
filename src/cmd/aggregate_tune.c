/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_tune.h. */
#include "cmd/aggregate_tune.h"

#include "asl/exec.h"

void aggregate_tune_loop(struct aggregate_tune *t, uint32_t number, struct engine *e,
                         struct loop *loop)
{
    t->engines[number] = e;
    t->loops[number] = loop;
}

static void told(void *arg)
{
    struct aggregate_tune *t = arg;
    t->is_asking = false;
    t->is_done |= t->is_found;
}

/* On the parent's loop. */
static void look(void *arg)
{
    struct aggregate_tune *t = arg;
    struct engine *e = t->engines[t->number];
    const struct asl_exec *x = e ? engine_look(e, t->execution) : NULL;
    const struct asl_frame *f = x ? x->root : NULL;
    struct asl_map_run run;
    t->is_found =
        f && f->phase == ASL_PHASE_MAPPING && engine_look_map(e, t->execution, f->id, &run);
    if (t->is_found && run.max_concurrency != t->locations_at_once)
        (void)engine_tune_map(e, t->execution, f->id, t->locations_at_once);
    loop_post(t->loops[0], &t->back, told, t);
}

void aggregate_tune_now(struct aggregate_tune *t, struct engine *e, int64_t execution)
{
    struct error err;
    if (execution == 0 || t->is_asking || (t->is_done && t->execution == execution))
        return;
    if (engine_loop_of(e, execution, &t->number, &err) != STATUS_OK)
        return;
    t->execution = execution;
    t->is_done = false;
    t->is_asking = true;
    loop_post(t->loops[t->number], &t->there, look, t);
}
