/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a map run. What its execution asks for, and what comes back from children and store,
 * only changes what the run knows; the pump then does the next thing, a little at a time:
 *
 *   BEGINNING ─────────────────► RUNNING ──► GATHERING ──► CLOSING ──► OVER
 *   MARKING ──► MARKED ──► (count) ┘ └──► FAILING ──► STOPPING ──┘
 */
#include "engine/map_internal.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- all runs ---- */

void engine_map_open(struct engine *e)
{
    struct map_runs *all = calloc(1, sizeof(*all));
    check(all != NULL);
    all->engine = e;
    all->client = store_client_new(e->store, map_store_wake, all);
    all->namer = map_namer_new(e->token_key);
    asl_out_init(&all->out);
    e->maps = all;
}

void engine_map_close(struct engine *e)
{
    struct map_runs *all = e->maps;
    if (!all)
        return;
    e->maps = NULL;
    while (all->first)
        map_run_free(all->first);
    map_namer_free(all->namer);
    asl_out_done(&all->out);
    map_store_close(all);
}

struct map_run *map_run_find(const struct engine *e, int64_t id)
{
    for (struct map_run *r = e->maps ? e->maps->first : NULL; r; r = r->next) {
        if (r->row.id == id)
            return r;
    }
    return NULL;
}

static struct map_run *find_of_frame(const struct engine_execution *ex, uint32_t frame)
{
    for (struct map_run *r = ex->engine->maps->first; r; r = r->next) {
        if (r->row.execution == ex->row.id && r->row.frame == frame && r->phase != MAP_RUN_OVER)
            return r;
    }
    return NULL;
}

/* ---- one run ---- */

/* Where the items come from, as expressions see it. */
static str source_of(struct map_run *r)
{
    struct json_val bucket = json_get(r->plan.reader, STR("Bucket"));
    struct json_val key = json_get(r->plan.reader, STR("Key"));
    if (!r->state->map.reader)
        return STR("STATE_DATA");
    if (bucket.tag != JSON_STRING)
        return STR("S3://");
    if (key.tag != JSON_STRING)
        return arena_printf(&r->arena, "S3://%.*s", STR_ARG(json_str(bucket)));
    return arena_printf(&r->arena, "S3://%.*s/%.*s", STR_ARG(json_str(bucket)),
                        STR_ARG(json_str(key)));
}

struct map_run *map_run_new(struct map_runs *all, const struct engine_execution *parent,
                            const struct asl_state *state)
{
    struct map_run *r = calloc(1, sizeof(*r));
    check(r != NULL);
    r->all = all;
    arena_init(&r->arena, 0);
    buf_init(&r->result, JSON_MAX_TEXT);
    r->shard = parent->row.shard;
    r->machine = parent->row.machine;
    r->definition = parent->row.definition;
    r->code = parent->x->definition;
    r->state = state;
    r->next = all->first;
    all->first = r;
    return r;
}

void map_run_free(struct map_run *r)
{
    struct map_runs *all = r->all;
    struct engine *e = all->engine;
    struct map_run **at = &all->first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    for (uint32_t i = 0; r->in_memory > 0 && i <= e->execution_mask; i++) {
        if (e->executions[i] && e->executions[i]->map_run == r)
            engine_map_child_leaves(e->executions[i]);
    }
    loop_timer_stop(e->loop, &r->timer);
    map_reader_free(r->reader);
    json_doc_unref(r->arguments);
    json_doc_unref(r->result_doc);
    buf_done(&r->result);
    arena_done(&r->arena);
    free(r->spans);
    free(r);
}

static void take_arguments(struct map_run *r, const struct asl_command *c)
{
    json_doc_unref(r->arguments);
    r->arguments = json_doc_ref(c->arguments->json);
    asl_map_run_plan_read(c->arguments->root, c->state, r->all->engine->options.is_strict,
                          &r->plan);
    r->arn = arena_dup(&r->arena, r->plan.arn);
    r->source = source_of(r);
}

/* ---- the pump ---- */

static void run_pump(struct map_run *r);

static void pump_all(void *arg)
{
    struct map_runs *all = arg;
    all->is_pump_asked = false;
    if (all->is_closed) {
        map_store_close(all);
        return;
    }
    for (struct map_run *r = all->first, *next; r; r = next) {
        next = r->next;
        if (!r->is_asked)
            continue;
        r->is_asked = false;
        run_pump(r);
    }
}

void map_run_ask(struct map_run *r)
{
    struct map_runs *all = r->all;
    r->is_asked = true;
    if (all->is_pump_asked)
        return;
    all->is_pump_asked = true;
    loop_defer(all->engine->loop, &all->pump_task, pump_all, all);
}

static void timer_fired(void *arg)
{
    struct map_run *r = arg;
    r->is_due = true;
    map_run_ask(r);
}

static void ask_later(struct map_run *r)
{
    if (!loop_timer_is_running(&r->timer))
        loop_timer_start(r->all->engine->loop, &r->timer, loop_now_ms() + MAP_SAVE_MS, timer_fired,
                         r);
}

/* ---- beginning ---- */

void map_run_fail(struct map_run *r, str error, str cause)
{
    if (r->run.status != ASL_MAP_RUN_IS_RUNNING || r->has_error)
        return;
    r->has_error = true;
    r->error = arena_dup(&r->arena, error);
    r->cause = arena_dup(&r->arena, cause);
    asl_map_run_end(&r->run, ASL_MAP_RUN_IS_FAILED);
    r->phase = MAP_RUN_FAILING;
    map_run_ask(r);
}

static void open_reader(struct map_run *r)
{
    const struct asl_map *map = &r->state->map;
    if (map->reader)
        map_run_fail(r, STR("States.ItemReaderFailed"),
                     STR("No object storage is configured from which items could be read."));
    else if (map->writer && map->writer->has_resource)
        map_run_fail(r, STR("States.ResultWriterFailed"),
                     STR("No object storage is configured to which results could be written."));
    else if (!r->reader)
        r->reader = map_reader_of_array(&r->plan);
}

/* Counts what there is and goes on from there. */
static void go_on(struct map_run *r)
{
    struct error err;
    bool has_error = r->has_error, is_cancelled = r->is_cancelled;
    r->phase = MAP_RUN_RUNNING;
    r->run.status = ASL_MAP_RUN_IS_RUNNING;
    if (r->arguments && !has_error)
        open_reader(r);
    enum status status = map_run_count(r, &err);
    if (status == STATUS_BUSY) {
        ask_later(r);
        return;
    }
    if (status != STATUS_OK)
        map_run_fail(r, STR("States.Runtime"), str_of(err.message));
    if (is_cancelled)
        r->run.status = ASL_MAP_RUN_IS_ABORTED;
    else if (r->has_error || r->row.status == STORE_FAILED)
        r->run.status = ASL_MAP_RUN_IS_FAILED;
    if (r->run.status != ASL_MAP_RUN_IS_RUNNING && r->run.status != ASL_MAP_RUN_IS_SUCCEEDED)
        r->phase = r->has_error && !has_error ? MAP_RUN_FAILING : MAP_RUN_STOPPING;
    map_run_ask(r);
}

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
    r->row = (struct store_map_run){.id = store_new_id(e->store),
                                    .execution = ex->row.id,
                                    .frame = c->frame,
                                    .attempt = c->attempt,
                                    .label = c->state->map.label,
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
    struct engine *e = r->all->engine;
    for (uint32_t i = 0; e->executions && i <= e->execution_mask; i++) {
        if (e->executions[i] && e->executions[i]->row.map_run == r->row.id)
            engine_map_child_joins(e->executions[i]);
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
        go_on(r);
    } else if (r->attempt != c->attempt) {
        redrive(r, c->attempt);
    } else if (is_marking) {
        r->phase = MAP_RUN_MARKING;
        map_store_save(r, MAP_SAVE_MARK);
    } else {
        go_on(r); /* also when it has ended: its execution has not been told */
    }
}

void engine_map_start(struct engine_execution *ex, const struct engine_action *action)
{
    struct asl_frame *f = asl_exec_frame(ex->x, action->frame);
    struct map_run *r = find_of_frame(ex, action->frame);
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
    else
        begin_new(ex, &c);
    arena_done(&a);
}

void engine_map_cancel(struct engine_execution *ex, const struct engine_action *action)
{
    struct map_run *r = find_of_frame(ex, action->frame);
    if (!r || r->phase == MAP_RUN_CLOSING)
        return;
    r->is_cancelled = true;
    asl_map_run_end(&r->run, ASL_MAP_RUN_IS_ABORTED);
    if (r->phase == MAP_RUN_RUNNING || r->phase == MAP_RUN_GATHERING)
        r->phase = MAP_RUN_STOPPING;
    map_run_ask(r);
}

/* ---- ending ---- */

static void tell_parent(struct map_run *r)
{
    struct engine_execution *ex = engine_find(r->all->engine, r->row.execution);
    struct asl_event event = {.kind = ASL_EVENT_MAP_RUN_SUCCEEDED,
                              .frame = r->row.frame,
                              .attempt = r->attempt,
                              .doc = r->result_doc};
    if (!ex || r->is_cancelled)
        return;
    if (r->run.status != ASL_MAP_RUN_IS_SUCCEEDED || r->has_error) {
        event.kind = ASL_EVENT_MAP_RUN_FAILED;
        event.error = r->has_error ? r->error : STR(ASL_MAP_RUN_ERROR);
        event.cause = r->has_error ? r->cause : STR(ASL_MAP_RUN_CAUSE);
        event.has_error = event.has_cause = true;
        event.doc = NULL;
    }
    engine_post(ex, &event, 0);
}

static void close_run(struct map_run *r)
{
    static const enum store_status kept[] = {
        [ASL_MAP_RUN_IS_RUNNING] = STORE_RUNNING,
        [ASL_MAP_RUN_IS_SUCCEEDED] = STORE_SUCCEEDED,
        [ASL_MAP_RUN_IS_FAILED] = STORE_FAILED,
        [ASL_MAP_RUN_IS_ABORTED] = STORE_ABORTED,
    };
    if (r->is_saving)
        return; /* comes again */
    bool was_ended = r->row.status != STORE_RUNNING;
    bool is_refused = r->has_error && r->run.status == ASL_MAP_RUN_IS_SUCCEEDED;
    r->phase = MAP_RUN_CLOSING;
    r->row.status = is_refused ? STORE_FAILED : kept[r->run.status];
    if (was_ended) {
        map_run_saved(r, false);
        return;
    }
    r->row.stopped_ms = engine_now_ms(r->all->engine);
    map_store_save(r, MAP_SAVE_SET);
}

/* It is over, and what was asked for while it was being stopped comes now. */
static void leave(struct map_run *r)
{
    struct engine_execution *ex = engine_find(r->all->engine, r->row.execution);
    struct engine_action action = {.kind = ASL_REDRIVE_MAP_RUN, .frame = r->row.frame};
    bool is_awaited = r->is_awaited;
    map_run_free(r);
    struct asl_frame *f = ex && is_awaited ? asl_exec_frame(ex->x, action.frame) : NULL;
    action.attempt = f ? f->attempt : 0;
    if (f)
        engine_map_start(ex, &action);
}

void map_run_saved(struct map_run *r, bool has_more)
{
    switch (r->phase) {
    case MAP_RUN_BEGINNING: go_on(r); break;
    case MAP_RUN_MARKING:
        r->phase = has_more ? MAP_RUN_MARKING : MAP_RUN_MARKED;
        map_store_save(r, has_more ? MAP_SAVE_MARK : MAP_SAVE_SET);
        break;
    case MAP_RUN_MARKED: go_on(r); break;
    case MAP_RUN_FAILING:
    case MAP_RUN_RUNNING:
    case MAP_RUN_STOPPING:
    case MAP_RUN_GATHERING: map_run_ask(r); break;
    case MAP_RUN_CLOSING:
        tell_parent(r);
        r->phase = MAP_RUN_OVER;
        map_run_ask(r);
        break;
    case MAP_RUN_OVER: break;
    }
}

/* Counters, now and then. */
static void save_some(struct map_run *r)
{
    if (!r->is_dirty || r->is_saving)
        return;
    if (r->unsaved >= MAP_SAVE_CHILDREN || r->is_due)
        map_store_save(r, MAP_SAVE_SET);
    else
        ask_later(r);
    r->is_due = false;
}

static void pump_running(struct map_run *r)
{
    if (map_children_begin(r))
        map_run_ask(r);
    if (r->phase != MAP_RUN_RUNNING)
        return;
    if (r->run.status == ASL_MAP_RUN_IS_SUCCEEDED)
        r->phase = MAP_RUN_GATHERING;
    else if (r->run.status != ASL_MAP_RUN_IS_RUNNING)
        r->phase = MAP_RUN_STOPPING;
    else
        save_some(r);
    if (r->phase != MAP_RUN_RUNNING)
        map_run_ask(r);
}

static void pump_stopping(struct map_run *r)
{
    if (!map_children_stop(r))
        map_run_ask(r);
    else if (r->run.children.running == 0)
        close_run(r);
}

static void run_pump(struct map_run *r)
{
    if (r->is_stale && (r->phase == MAP_RUN_RUNNING || r->phase == MAP_RUN_STOPPING)) {
        go_on(r);
        return;
    }
    switch (r->phase) {
    case MAP_RUN_BEGINNING:
    case MAP_RUN_MARKING:
    case MAP_RUN_MARKED:
    case MAP_RUN_CLOSING: break;
    case MAP_RUN_RUNNING: pump_running(r); break;
    case MAP_RUN_FAILING:
        if (r->is_saving)
            break;
        r->phase = MAP_RUN_STOPPING;
        map_store_save(r, MAP_SAVE_SET);
        break;
    case MAP_RUN_STOPPING:
        if (!r->is_saving)
            pump_stopping(r);
        break;
    case MAP_RUN_GATHERING:
        if (map_result_gather(r))
            close_run(r);
        else
            map_run_ask(r);
        break;
    case MAP_RUN_OVER: leave(r); break;
    }
}

/* ---- children come and go ---- */

const struct asl_machine *engine_map_machine(struct engine *e, const struct asl_definition *d,
                                             const struct store_execution *row, struct error *err)
{
    struct map_run *r = map_run_find(e, row->map_run);
    if (r)
        return r->state->map.processor;
    struct store_map_run run;
    struct map_run_state s = {0};
    struct arena a;
    arena_init(&a, 0);
    enum status status = store_find_map_run(e->reader, row->map_run, &a, &run, err);
    if (status == STATUS_OK)
        status = map_run_state_read(run.state, &s, err);
    arena_done(&a);
    if (status != STATUS_OK)
        return NULL;
    if (s.state < d->state_count && d->states[s.state]->type == ASL_MAP)
        return d->states[s.state]->map.processor;
    error_set(err, STATUS_CORRUPT, "MapRunCorrupt", "a map run's state is not a Map");
    return NULL;
}

void engine_map_child_joins(struct engine_execution *ex)
{
    if (ex->map_run)
        return;
    ex->map_run = map_run_find(ex->engine, ex->row.map_run);
    if (ex->map_run)
        ex->map_run->in_memory++;
}

void engine_map_child_leaves(struct engine_execution *ex)
{
    struct map_run *r = ex->map_run;
    if (!r)
        return;
    ex->map_run = NULL;
    r->in_memory--;
    if (ex->engine->maps)
        map_run_ask(r);
}

void engine_map_child_refused(struct engine_execution *ex)
{
    if (!ex->map_run)
        return;
    ex->map_run->is_stale = true;
    ask_later(ex->map_run);
}

/* A run that nobody waits for, with a child that goes on: both are stopped. */
static void stop_left(struct engine_execution *child, const struct engine_execution *parent,
                      const struct store_map_run *row)
{
    struct map_run_state s;
    struct error err;
    bool is_marking;
    const struct asl_definition *d = parent->x->definition;
    if (map_run_state_read(row->state, &s, &err) != STATUS_OK || s.state >= d->state_count ||
        d->states[s.state]->type != ASL_MAP)
        return;
    struct map_run *r = map_run_new(child->engine->maps, parent, d->states[s.state]);
    if (map_run_read_row(r, row, &is_marking, &err) != STATUS_OK) {
        map_run_free(r);
        return;
    }
    r->row.label = r->state->map.label;
    join_children(r);
    r->is_cancelled = true;
    go_on(r);
}

void engine_map_child_resumed(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    struct store_map_run row;
    struct engine_execution *parent;
    struct arena a;
    struct error err;
    if (ex->row.map_run == 0 || ex->map_run)
        return;
    arena_init(&a, 0);
    if (store_find_map_run(e->reader, ex->row.map_run, &a, &row, &err) == STATUS_OK &&
        engine_execution_get(e, row.execution, &parent, &err) == STATUS_OK) {
        engine_resume(parent);
        if (!ex->map_run)
            stop_left(ex, parent, &row);
    }
    arena_done(&a);
}

enum status engine_map_find_child(struct engine *e, str uuid, int64_t *ret_id, struct error *err)
{
    struct store_execution row;
    struct arena a;
    int64_t map_run;
    uint64_t index;
    enum status status = STATUS_NOT_FOUND;
    arena_init(&a, 0);
    if (map_name_read(e->maps->namer, uuid, &map_run, &index))
        status = store_find_child(e->reader, map_run, index, &a, &row, err);
    if (status == STATUS_OK)
        *ret_id = row.id;
    else if (status == STATUS_NOT_FOUND)
        error_set(err, status, "ExecutionDoesNotExist", "Execution Does Not Exist");
    arena_done(&a);
    return status;
}

/* ---- from outside ---- */

enum status engine_map_update(struct engine *e, int64_t map_run,
                              const struct map_run_change *change, struct error *err)
{
    struct map_run *r = map_run_find(e, map_run);
    struct store_map_run row;
    struct arena a;
    arena_init(&a, 0);
    enum status status = store_find_map_run(e->reader, map_run, &a, &row, err);
    arena_done(&a);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "ResourceNotFound", "Map Run does not exist");
    if (status != STATUS_OK)
        return status;
    if (!r || r->phase > MAP_RUN_RUNNING)
        return error_set(err, STATUS_CONFLICT, "CANNOT_UPDATE_COMPLETED_MAP_RUN",
                         "Map Run is completed and cannot be updated");
    if (change->has_concurrency)
        r->run.max_concurrency = change->concurrency;
    if (change->has_tolerated_count) {
        r->run.has_tolerated_count = true;
        r->run.tolerated_count = change->tolerated_count;
    }
    if (change->has_tolerated_percentage) {
        r->run.has_tolerated_percentage = true;
        r->run.tolerated_percentage = change->tolerated_percentage;
    }
    if (asl_map_run_is_exceeded(&r->run))
        asl_map_run_end(&r->run, ASL_MAP_RUN_IS_FAILED);
    r->is_dirty = r->is_due = true;
    map_run_ask(r);
    return STATUS_OK;
}
