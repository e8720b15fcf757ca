/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How map runs come into memory: asked for by their execution, for the first time, after a crash or
 * by a redrive; or by a child that goes on while nobody waits for its run any more.
 */
#include "engine/map_guest.h"

/* ---- what was asked for ---- */

static void take_arguments(struct map_run *r, const struct asl_command *c)
{
    json_doc_unref(r->arguments);
    r->arguments = json_doc_ref(c->arguments->json);
    asl_map_run_plan_read(c->arguments->root, c->state, r->all->engine->options.is_strict,
                          &r->plan);
    r->arn = arena_dup(&r->arena, r->plan.arn);
    r->source = asl_map_run_source(&r->plan, r->state, &r->arena);
}

/* ---- by its execution ---- */

static void redrive(struct map_run *r, uint32_t attempt)
{
    r->attempt = attempt;
    r->row.redrives++;
    r->row.status = STORE_RUNNING;
    r->row.stopped_ms = STORE_NEVER;
    r->has_error = r->is_cancelled = false;
    r->error = r->cause = (str){0};
    r->is_stopped = r->is_all_stopped = false;
    r->stop_from = 0;
    r->phase = MAP_RUN_MARKING;
    map_store_save(r, MAP_SAVE_MARK);
}

static void begin_new(struct engine_execution *ex, const struct asl_command *c)
{
    struct engine *e = ex->engine;
    struct map_run *r = map_run_new(e->maps, ex, c->state);
    take_arguments(r, c);
    asl_map_run_init(&r->run, &r->plan);
    r->attempt = c->attempt;
    r->row =
        (struct store_map_run){.id = store_new_id(e->store),
                               .execution = ex->row.id,
                               .frame = c->frame,
                               .attempt = c->attempt,
                               .label = c->state->map.label,
                               .uuid = str_sub(r->arn, str_rfind_byte(r->arn, ':') + 1, r->arn.n),
                               .status = STORE_RUNNING,
                               .started_ms = engine_now_ms(e),
                               .stopped_ms = STORE_NEVER};
    map_store_save(r, MAP_SAVE_NEW);
}

/* The row of this run; STATUS_NOT_FOUND. Texts lie in the arena. */
static enum status find_row(struct engine *e, int64_t execution, uint32_t frame, str arn,
                            struct arena *a, struct store_map_run *ret, struct error *err)
{
    struct store_map_run *rows;
    int64_t after = 0;
    uint32_t count;
    do {
        enum status status =
            store_list_map_runs(e->reader, execution, after, MAP_AGAIN_ROWS, a, &rows, &count, err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t i = 0; i < count; i++) {
            struct map_run_state s;
            after = rows[i].id;
            if (rows[i].frame == frame && map_run_state_read(rows[i].state, &s, err) == STATUS_OK &&
                str_eq(s.arn, arn)) {
                *ret = rows[i];
                return STATUS_OK;
            }
        }
    } while (count > 0);
    return error_set(err, STATUS_NOT_FOUND, "MapRunNotFound", "there is no such map run");
}

/* Children that were read back before their run was. */
static void join_children(struct map_run *r)
{
    struct engine_execution *ex;
    for (uint32_t at = 0; (ex = idmap_next(&r->all->engine->executions, &at)) != NULL;) {
        if (ex->row.map_run == r->row.id)
            engine_map_child_joins(ex);
    }
}

static void take_up(struct engine_execution *ex, const struct asl_command *c,
                    const struct store_map_run *row)
{
    struct map_run *r = map_run_new(ex->engine->maps, ex, c->state);
    struct error err;
    bool is_marking;
    take_arguments(r, c);
    if (map_run_read_row(r, row, &is_marking, &err) != STATUS_OK) {
        map_run_free(r); /* cannot be: find_row has read it */
        return;
    }
    r->row.label = c->state->map.label;
    join_children(r);
    if (r->attempt != c->attempt && r->row.status == STORE_RUNNING) {
        r->is_cancelled = r->is_awaited = true; /* stopping was cut short; the redrive comes then */
        map_run_go_on(r);
    } else if (r->attempt != c->attempt) {
        redrive(r, c->attempt);
    } else if (is_marking) {
        r->phase = MAP_RUN_MARKING;
        map_store_save(r, MAP_SAVE_MARK);
    } else {
        map_run_go_on(r); /* also when it has ended: its execution has not been told */
    }
}

/* Nobody can say whether it was begun before: a redrive asks once more. */
static void refuse(struct engine_execution *ex, const struct asl_command *c,
                   const struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_MAP_RUN_FAILED,
                              .frame = c->frame,
                              .attempt = c->attempt,
                              .error = STR("States.Runtime"),
                              .cause = str_of(err->message),
                              .has_error = true,
                              .has_cause = true};
    engine_post(ex, &event, 0);
}

void engine_map_start(struct engine_execution *ex, const struct engine_action *action)
{
    struct asl_frame *f = asl_exec_frame(ex->x, action->frame);
    struct map_run *r = map_run_of_frame(ex, action->frame);
    if (!f || f->attempt != action->attempt || f->phase != ASL_PHASE_MAPPING)
        return;
    if (r) {
        r->is_awaited = r->attempt != action->attempt; /* it is still being stopped */
        return;
    }
    struct asl_command c = asl_map_run_command(f, action->kind);
    str arn = json_str(json_get(c.arguments->root, STR("MapRunArn")));
    struct store_map_run row;
    struct arena a;
    struct error err;
    enum status status = STATUS_NOT_FOUND;
    arena_init(&a, 0);
    if (action->is_repeated || action->kind == ASL_REDRIVE_MAP_RUN)
        status = find_row(ex->engine, ex->row.id, f->id, arn, &a, &row, &err);
    if (status == STATUS_OK)
        take_up(ex, &c, &row);
    else if (status == STATUS_NOT_FOUND)
        begin_new(ex, &c);
    else
        refuse(ex, &c, &err);
    arena_done(&a);
}

/* ---- by a child ---- */

/* A run that nobody waits for, with a child that goes on: both are stopped. */
static void stop_left(const struct engine_execution *parent, const struct store_map_run *row)
{
    struct map_run_state s;
    struct error err;
    bool is_marking;
    const struct asl_definition *d = parent->x->definition;
    if (map_run_state_read(row->state, &s, &err) != STATUS_OK || s.state >= d->state_count ||
        d->states[s.state]->type != ASL_MAP)
        return;
    struct map_run *r = map_run_new(parent->engine->maps, parent, d->states[s.state]);
    if (map_run_read_row(r, row, &is_marking, &err) != STATUS_OK) {
        map_run_free(r);
        return;
    }
    r->row.label = r->state->map.label;
    join_children(r);
    r->is_cancelled = true;
    map_run_go_on(r);
}

static void resume(struct engine *e, const struct store_map_run *row)
{
    struct engine_execution *parent;
    struct error err;
    if (engine_execution_get(e, row->execution, &parent, &err) != STATUS_OK)
        return;
    engine_resume(parent);
    if (!map_run_find(e, row->id))
        stop_left(parent, row);
}

void map_run_resume(struct engine *e, int64_t id)
{
    struct store_map_run row;
    struct arena a;
    struct error err;
    if (map_run_find(e, id))
        return;
    arena_init(&a, 0);
    if (store_find_map_run(e->reader, id, &a, &row, &err) == STATUS_OK)
        resume(e, &row);
    arena_done(&a);
}

void engine_map_child_resumed(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    struct store_map_run row;
    struct store_execution parent;
    struct arena a;
    struct error err;
    if (ex->row.map_run == 0 || ex->map_run)
        return;
    arena_init(&a, 0);
    if (store_find_map_run(e->reader, ex->row.map_run, &a, &row, &err) == STATUS_OK &&
        store_find_execution(e->reader, row.execution, &a, &parent, &err) == STATUS_OK) {
        if (engine_owns(e, parent.shard))
            resume(e, &row);
        else
            map_guest_resumed(ex, &row, engine_owner(e, parent.shard), parent.shard);
    }
    arena_done(&a);
}
