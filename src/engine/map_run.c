/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a map run. What its execution asks for, and what comes back from children and store,
 * only changes what the run knows; the pump then does the next thing, a little at a time:
 *
 *   BEGINNING ─────────────────► RUNNING ──► GATHERING ──► ENDING ──► CLOSING ──► OVER
 *   MARKING ──► MARKED ──► (count) ┘ └──► FAILING ──► STOPPING ──┘
 *
 * From STOPPING it goes to GATHERING, too, where results are exported.
 */
#include "engine/map_guest.h"
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
    map_store_wait(all); /* what is written lies in the runs */
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

struct map_run *map_run_of_frame(const struct engine_execution *ex, uint32_t frame)
{
    for (struct map_run *r = ex->engine->maps->first; r; r = r->next) {
        if (!r->is_guest && r->row.execution == ex->row.id && r->row.frame == frame &&
            r->phase != MAP_RUN_OVER)
            return r;
    }
    return NULL;
}

/* ---- one run ---- */

struct map_run *map_run_blank(struct map_runs *all, struct asl_definition *code,
                              const struct asl_state *state)
{
    struct map_run *r = calloc(1, sizeof(*r));
    check(r != NULL);
    r->all = all;
    r->code = code;
    r->state = state;
    arena_init(&r->arena, 0);
    buf_init(&r->result, JSON_MAX_TEXT);
    buf_init(&r->input, JSON_MAX_TEXT);
    buf_init(&r->cursor, SIZE_MAX / 2);
    buf_init(&r->next_cursor, SIZE_MAX / 2);
    r->next = all->first;
    all->first = r;
    return r;
}

struct map_run *map_run_new(struct map_runs *all, const struct engine_execution *parent,
                            const struct asl_state *state)
{
    struct map_run *r = map_run_blank(all, asl_definition_ref(parent->x->definition), state);
    r->shard = parent->row.shard;
    r->machine = parent->row.machine;
    r->definition = parent->row.definition;
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
    struct engine_execution *ex;
    for (uint32_t i = 0; r->in_memory > 0 && (ex = idmap_next(&e->executions, &i)) != NULL;) {
        if (ex->map_run == r)
            engine_map_child_leaves(ex);
    }
    if (!r->is_guest && !e->is_closing)
        map_guest_over_all(r);
    idmap_done(&r->away);
    free(r->loops);
    free(r->reports);
    loop_timer_stop(e->loop, &r->timer);
    map_reader_free(r->reader);
    json_doc_unref(r->arguments);
    map_export_free(r->export);
    json_doc_unref(r->found);
    json_doc_unref(r->result_doc);
    buf_done(&r->result);
    buf_done(&r->input);
    buf_done(&r->cursor);
    buf_done(&r->next_cursor);
    arena_done(&r->arena);
    free(r->spans);
    asl_definition_unref(r->code);
    free(r);
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

bool engine_maps_are_still(const struct engine *e)
{
    return !e->maps || (!e->maps->is_pump_asked && !e->maps->units);
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

void map_run_ask_later(struct map_run *r)
{
    if (!loop_timer_is_running(&r->timer))
        loop_timer_start(r->all->engine->loop, &r->timer, loop_now_ms() + MAP_SAVE_MS, timer_fired,
                         r);
}

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

static void reader_ready(void *arg)
{
    map_run_ask(arg);
}

/* Items that somebody knows without reading; false: nobody does. */
static bool find_known(struct map_run *r)
{
    const struct engine_options *options = &r->all->engine->options;
    str error = {0}, cause = {0};
    if (!options->items || !options->items(options->items_arg, r->state, &r->found, &error, &cause))
        return false;
    if (!r->found) {
        map_run_fail(r, error.n > 0 ? error : STR("States.ItemReaderFailed"), cause);
        return true;
    }
    struct asl_map_run_plan plan = {.items = json_doc_root(r->found),
                                    .max_items = r->plan.max_items};
    r->reader = map_reader_of_array(&plan);
    return true;
}

static void open_objects(struct map_run *r)
{
    struct engine *e = r->all->engine;
    const char *cause = "No object storage is configured from which items could be read.";
    struct map_reading reading = {.how = r->state->map.reader,
                                  .max_items = r->plan.max_items,
                                  .objects = e->options.objects,
                                  .loop = e->loop};
    if (reading.objects)
        r->reader = map_reader_open(&reading, &r->plan, &cause);
    if (!r->reader) {
        map_run_fail(r, STR("States.ItemReaderFailed"), str_of(cause));
        return;
    }
    r->reader->ready = reader_ready;
    r->reader->ready_arg = r;
    map_cursor_resume(r);
}

static void open_reader(struct map_run *r)
{
    const struct asl_map *map = &r->state->map;
    if (!r->reader && !map->reader)
        r->reader = map_reader_of_array(&r->plan);
    else if (!r->reader && !find_known(r))
        open_objects(r);
    if (map->writer && map->writer->has_resource && !r->all->engine->options.objects)
        map_run_fail(r, STR("States.ResultWriterFailed"),
                     STR("No object storage is configured to which results could be written."));
}

void map_run_go_on(struct map_run *r)
{
    struct error err;
    bool has_error = r->has_error, is_cancelled = r->is_cancelled;
    r->phase = MAP_RUN_RUNNING;
    r->run.status = ASL_MAP_RUN_IS_RUNNING;
    if (r->arguments && !has_error)
        open_reader(r);
    enum status status = map_run_count(r, &err);
    if (status != STATUS_OK) { /* children are being begun, or the store cannot be read */
        r->is_stale = true;
        map_run_ask_later(r);
        return;
    }
    if (is_cancelled)
        r->run.status = ASL_MAP_RUN_IS_ABORTED;
    else if (r->has_error || r->row.status == STORE_FAILED)
        r->run.status = ASL_MAP_RUN_IS_FAILED;
    if (r->run.status != ASL_MAP_RUN_IS_RUNNING && r->run.status != ASL_MAP_RUN_IS_SUCCEEDED)
        r->phase = r->has_error && !has_error ? MAP_RUN_FAILING : MAP_RUN_STOPPING;
    map_run_ask(r);
}

void engine_map_cancel(struct engine_execution *ex, const struct engine_action *action)
{
    struct map_run *r = map_run_of_frame(ex, action->frame);
    if (!r || r->phase == MAP_RUN_CLOSING)
        return;
    r->is_cancelled = true;
    if (r->run.status != ASL_MAP_RUN_IS_FAILED)
        r->run.status = ASL_MAP_RUN_IS_ABORTED; /* also when only its result was missing */
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
    case MAP_RUN_BEGINNING: map_run_go_on(r); break;
    case MAP_RUN_MARKING:
        r->phase = has_more ? MAP_RUN_MARKING : MAP_RUN_MARKED;
        map_store_save(r, has_more ? MAP_SAVE_MARK : MAP_SAVE_SET);
        break;
    case MAP_RUN_MARKED: map_run_go_on(r); break;
    case MAP_RUN_FAILING:
    case MAP_RUN_RUNNING:
    case MAP_RUN_STOPPING:
    case MAP_RUN_GATHERING:
    case MAP_RUN_ENDING: map_run_ask(r); break;
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
        map_run_ask_later(r);
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

static void end(struct map_run *r)
{
    r->phase = MAP_RUN_ENDING;
    map_run_ask(r);
}

static void gather(struct map_run *r)
{
    r->phase = MAP_RUN_GATHERING;
    map_run_ask(r);
}

static void pump_stopping(struct map_run *r)
{
    if (!map_children_stop(r))
        map_run_ask(r);
    else if (r->run.children.running > 0)
        return;
    else if (map_run_exports(r))
        gather(r);
    else
        end(r);
}

static void pump_gathering(struct map_run *r)
{
    enum map_read got = MAP_READ_END;
    if (map_run_exports(r))
        got = map_export(r);
    else if (!map_result_gather(r))
        got = MAP_READ_ITEM;
    if (got == MAP_READ_END)
        end(r);
    else if (got != MAP_READ_WAIT)
        map_run_ask(r);
}

static void run_pump(struct map_run *r)
{
    if (r->is_guest) {
        map_guest_pump(r);
        return;
    }
    if (r->is_stale && (r->phase == MAP_RUN_RUNNING || r->phase == MAP_RUN_STOPPING)) {
        map_run_go_on(r);
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
    case MAP_RUN_GATHERING: pump_gathering(r); break;
    case MAP_RUN_ENDING:
        if (!r->is_saving)
            close_run(r);
        break;
    case MAP_RUN_OVER: leave(r); break;
    }
}

/* ---- from outside ---- */

enum status engine_map_update(struct engine *e, int64_t map_run,
                              const struct map_run_change *change, struct error *err)
{
    struct map_run *r = map_run_find(e, map_run);
    struct store_map_run row;
    if (r && r->is_guest)
        return error_set(err, STATUS_UNAVAILABLE, "EngineElsewhere", "another loop has it");
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
    map_store_fill(r);
    r->is_dirty = r->is_due = true;
    map_run_ask(r);
    return STATUS_OK;
}

bool engine_tune_map(struct engine *e, int64_t execution, uint32_t frame, uint32_t concurrency)
{
    const struct engine_execution *ex = engine_find(e, execution);
    const struct map_run *r = ex ? map_run_of_frame(ex, frame) : NULL;
    const struct map_run_change change = {.has_concurrency = true, .concurrency = concurrency};
    struct error err; /* its row may not be there yet */
    return r && engine_map_update(e, r->row.id, &change, &err) == STATUS_OK;
}
