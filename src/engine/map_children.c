/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of a map run: their inputs are made of the items, they begin as far as there is room,
 * are counted when they end, and are stopped when the run is over before them.
 */
#include "asl/map_item.h"
#include "asl/token.h"
#include "engine/map_guest.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- inputs ---- */

static enum asl_map_batch_added add_item(struct map_run *r, struct engine_execution *parent,
                                         struct json_val item, struct asl_map_batch *batch)
{
    struct asl_out *out = &r->all->out;
    struct asl_item_failure failed;
    struct asl_map_item of = {.value = item,
                              .has_keys = r->plan.has_keys || r->reader->has_keys,
                              .index = (uint32_t)r->reader->item,
                              .source = r->source,
                              .now_ms = engine_now_ms(parent->engine),
                              .seed = engine_seed(parent->engine)};
    enum asl_map_batch_added added = ASL_MAP_BATCH_TOO_LARGE;
    struct json_val value;
    if (asl_map_item(parent->x, r->row.frame, &of, out, &value, &failed) == STATUS_OK)
        added = asl_map_batch_add(batch, value);
    else
        map_run_fail(r, failed.error, failed.cause);
    asl_out_reset(out);
    return added;
}

/* The next item of this span. Nothing is told of an end that is known already. */
static enum map_read next_item(struct map_run *r, const struct map_span *span, struct json_val *ret)
{
    if (r->reader->item >= span->to)
        return MAP_READ_END;
    enum map_read got = map_reader_peek(r->reader, ret);
    if (got == MAP_READ_FAILED)
        map_run_fail(r, r->reader->error, r->reader->cause);
    if (got == MAP_READ_END && span->to != UINT64_MAX)
        map_run_fail(r, STR("States.ItemReaderFailed"),
                     STR("There are fewer items than there were before."));
    else if (got == MAP_READ_END)
        r->is_read = true;
    if (got == MAP_READ_ITEM && r->reader->item >= r->run.items.total)
        asl_map_run_found(&r->run, 1);
    return got;
}

static void too_large(struct map_run *r)
{
    map_run_fail(r, STR("States.DataLimitExceeded"),
                 STR("The input of a child execution exceeds the maximum number of bytes."));
}

static void begin_batch(struct map_run *r, const struct map_span *span)
{
    enum json_numbers numbers = asl_map_numbers(r->state, r->all->engine->options.is_strict);
    if (r->reader->item != span->from)
        map_reader_seek(r->reader, span->from);
    buf_clear(&r->input);
    asl_map_batch_begin(&r->batch, &r->plan, numbers, &r->input);
    r->is_batch_open = true;
}

/* The input of the child that begins with span->from, in r->input. False when there is none, or
 * not all of it yet. */
static bool next_input(struct map_run *r, struct engine_execution *parent, struct map_span *span)
{
    enum asl_map_batch_added added = ASL_MAP_BATCH_TAKEN;
    enum map_read got = MAP_READ_ITEM;
    struct json_val item;
    if (!r->is_batch_open || r->reader->item != span->from + r->batch.count)
        begin_batch(r, span);
    while (added == ASL_MAP_BATCH_TAKEN && (r->plan.is_batched || r->batch.count == 0)) {
        got = next_item(r, span, &item);
        if (got != MAP_READ_ITEM)
            break;
        added = add_item(r, parent, item, &r->batch);
        if (added == ASL_MAP_BATCH_TAKEN)
            map_reader_seek(r->reader, r->reader->item + 1);
    }
    if (got == MAP_READ_WAIT)
        return false;
    asl_map_batch_end(&r->batch);
    r->is_batch_open = false;
    if (added == ASL_MAP_BATCH_TOO_LARGE || !buf_ok(&r->input) ||
        (parent->engine->options.is_strict && r->batch.count > 0 && r->input.n > ASL_MAX_PAYLOAD))
        too_large(r);
    return r->batch.count > 0 && !r->has_error;
}

/* ---- beginnings ---- */

str engine_map_child_name(struct engine *e, int64_t map_run, uint64_t index, struct arena *a)
{
    char *name = arena_alloc(a, MAP_NAME_BYTES);
    map_name_make(e->maps->namer, map_run, index, name);
    return (str){name, MAP_NAME_BYTES};
}

static str name_of(struct map_run *r, uint64_t index, struct arena *a)
{
    return engine_map_child_name(r->all->engine, r->row.id, index, a);
}

/* arn:aws:states:REGION:ACCOUNT of the run, NAME/LABEL, and the child's own name. */
struct asl_identity map_child_identity(struct map_run *r, const struct engine_execution *parent,
                                       const struct store_execution *row, struct arena *a)
{
    size_t scope = str_find(r->arn, STR(":mapRun:"), 0);
    check(scope != STR_NONE);
    size_t label = scope + sizeof(":mapRun:") - 1;
    str prefix = str_sub(r->arn, 0, scope);
    str machine = str_sub(r->arn, label, str_find_byte(r->arn, ':', label));
    bool is_express = r->state->map.execution_type == ASL_EXPRESS;
    str name = name_of(r, row->map_index, a);
    str id = arena_printf(a, "%.*s:%s:%.*s:%.*s", STR_ARG(prefix),
                          is_express ? "express" : "execution", STR_ARG(machine), STR_ARG(name));
    if (is_express) {
        str uuid = asl_uuid_of(name, (uint64_t)row->id, row->redrives, a);
        id = arena_printf(a, "%.*s:%.*s", STR_ARG(id), STR_ARG(uuid));
    }
    return (struct asl_identity){
        .id = id,
        .name = name,
        .role_arn = parent->x->identity.role_arn,
        .state_machine_id =
            arena_printf(a, "%.*s:stateMachine:%.*s", STR_ARG(prefix), STR_ARG(machine)),
        .state_machine_name = parent->x->identity.state_machine_name,
        .start_ms = row->started_ms,
    };
}

void map_child_begin_here(struct map_run *r, const struct store_execution *row,
                          const struct asl_identity *who, str input)
{
    struct engine_execution *ex = engine_execution_new(
        r->all->engine, row, r->state->map.execution_type, r->code, r->state->map.processor);
    struct asl_event event = {.kind = ASL_EVENT_START, .identity = who};
    check(json_parse(input, NULL, &event.doc, NULL) == STATUS_OK); /* we wrote it */
    ex->is_awake = true;
    engine_post(ex, &event, 0);
    json_doc_unref(event.doc);
}

static void begin(struct map_run *r, const struct engine_execution *parent,
                  const struct store_execution *row, str input)
{
    struct arena a;
    arena_init(&a, 0);
    struct asl_identity who = map_child_identity(r, parent, row, &a);
    if (engine_owns(r->all->engine, row->shard))
        map_child_begin_here(r, row, &who, input);
    else
        map_guest_begin(r, row, &who, input);
    arena_done(&a);
}

static void begin_new(struct map_run *r, const struct engine_execution *parent, uint64_t index,
                      uint64_t items, str input)
{
    struct store_execution row = {.id = store_new_id(parent->engine->store),
                                  .shard = map_guest_shard(r),
                                  .machine = r->machine,
                                  .definition = r->definition,
                                  .parent_attempt = (uint32_t)items,
                                  .map_run = r->row.id,
                                  .map_index = index,
                                  .status = STORE_RUNNING,
                                  .due_ms = STORE_NEVER,
                                  .started_ms = engine_now_ms(parent->engine),
                                  .stopped_ms = STORE_NEVER,
                                  .redriven_ms = STORE_NEVER};
    asl_map_run_child_started(&r->run, items, false);
    begin(r, parent, &row, input);
}

/* True when there is a span with items. */
static bool find_span(struct map_run *r)
{
    while (r->span_at < r->span_count && r->spans[r->span_at].from >= r->spans[r->span_at].to)
        r->span_at++;
    return r->span_at < r->span_count;
}

static bool begin_next(struct map_run *r, struct engine_execution *parent)
{
    if (!find_span(r))
        return false;
    struct map_span *span = &r->spans[r->span_at];
    bool has = next_input(r, parent, span);
    if (has) {
        begin_new(r, parent, span->from, r->batch.count, buf_str(&r->input));
        span->from += r->batch.count;
    }
    if (r->is_read && !r->run.is_all_found)
        asl_map_run_all_found(&r->run); /* now that the last ones belong to a child */
    return has;
}

/* ---- a redrive ---- */

/* A page of children that are marked to run again; false when there are none any more. */
static bool next_again(struct map_run *r)
{
    while (r->again_at == r->again_count && r->is_redriven) {
        struct arena a;
        struct store_page page;
        struct error err;
        struct store_list_query query = {.map_run = r->row.id,
                                         .status_set = 1u << STORE_PENDING_REDRIVE,
                                         .from = r->again_from,
                                         .limit = MAP_AGAIN_ROWS};
        arena_init(&a, 0);
        r->again_at = r->again_count = 0;
        if (store_list_executions(r->all->engine->reader, &query, &a, &page, &err) == STATUS_OK) {
            for (uint32_t i = 0; i < page.count; i++)
                r->again_ids[r->again_count++] = page.rows[i].id;
            r->again_from = page.next;
            r->is_redriven = page.next != 0;
        } else {
            map_run_fail(r, STR("States.Runtime"), str_of(err.message));
            r->is_redriven = false;
        }
        arena_done(&a);
    }
    return r->again_at < r->again_count;
}

/* An Express child begins anew with the input that was kept when it failed. */
static enum status begin_express_again(struct map_run *r, const struct engine_execution *parent,
                                       int64_t id, struct error *err)
{
    struct store_execution row;
    struct arena a;
    str text;
    arena_init(&a, 0);
    enum status status = store_find_execution(r->all->engine->reader, id, &a, &row, err);
    if (status == STATUS_OK)
        status = store_find_document(r->all->engine->reader, id, row.input, &a, &text, err);
    if (status == STATUS_OK) {
        row.redrives++;
        row.started_ms = engine_now_ms(parent->engine);
        row.status = STORE_RUNNING;
        asl_map_run_child_started(&r->run, map_items_of(&row), true);
        begin(r, parent, &row, text);
    }
    arena_done(&a);
    return status;
}

/* A Standard one goes on where it failed. */
enum status map_child_again_here(struct map_run *r, int64_t id, struct error *err)
{
    struct engine_execution *ex;
    const struct engine_options *options = &r->all->engine->options;
    struct asl_event event = {.kind = ASL_EVENT_REDRIVE};
    enum status status = engine_execution_get(r->all->engine, id, &ex, err);
    if (status != STATUS_OK)
        return status;
    if (options->is_strict && ex->x->last_event >= ASL_MAX_HISTORY - 1) {
        map_child_ended(r, id, map_items_of(&ex->row), ex->x->status);
        engine_execution_free(ex); /* its history has no room for a redrive */
        return STATUS_OK;
    }
    ex->is_awake = true;
    engine_post(ex, &event, 0);
    return STATUS_OK;
}

static enum status begin_standard_again(struct map_run *r, int64_t id, struct error *err)
{
    struct engine *e = r->all->engine;
    struct store_execution row;
    struct arena a;
    arena_init(&a, 0);
    enum status status = store_find_execution(e->reader, id, &a, &row, err);
    if (status == STATUS_OK) {
        asl_map_run_child_started(&r->run, map_items_of(&row), true);
        if (engine_owns(e, row.shard))
            status = map_child_again_here(r, id, err);
        else
            map_guest_again(r, &row);
    }
    arena_done(&a);
    return status;
}

static void begin_again(struct map_run *r, const struct engine_execution *parent)
{
    struct error err;
    int64_t id = r->again_ids[r->again_at++];
    if (engine_find(r->all->engine, id) || map_guest_is_away(r, id))
        return; /* on its way already */
    enum status status = r->state->map.execution_type == ASL_EXPRESS
                             ? begin_express_again(r, parent, id, &err)
                             : begin_standard_again(r, id, &err);
    if (status != STATUS_OK)
        map_run_fail(r, STR("States.Runtime"), str_of(err.message));
}

/* The execution, while it waits for this run: it may have been stopped and not said so yet. */
static struct engine_execution *waiting_parent(const struct map_run *r)
{
    struct engine_execution *parent = engine_find(r->all->engine, r->row.execution);
    const struct asl_frame *f = parent ? asl_exec_frame(parent->x, r->row.frame) : NULL;
    return f && f->phase == ASL_PHASE_MAPPING && f->attempt == r->attempt ? parent : NULL;
}

static bool has_room(const struct map_run *r)
{
    struct asl_map_run run = r->run;
    if (!run.is_all_found)
        run.items.pending++; /* there may be one more to find */
    return r->phase == MAP_RUN_RUNNING && !r->is_stale &&
           r->in_memory + map_guest_in_memory(r) <
               MAP_CHILDREN_AT_ONCE * r->all->engine->team->count &&
           asl_map_run_room(&run) > 0;
}

enum map_read map_children_pending(struct map_run *r)
{
    struct engine_execution *parent = waiting_parent(r);
    if (!parent || !r->reader || !find_span(r))
        return MAP_READ_END;
    struct map_span *span = &r->spans[r->span_at];
    bool has = next_input(r, parent, span);
    span->from += has ? r->batch.count : 0;
    if (has)
        return MAP_READ_ITEM;
    return r->is_batch_open ? MAP_READ_WAIT : MAP_READ_END;
}

bool map_children_begin(struct map_run *r)
{
    struct engine_execution *parent = waiting_parent(r);
    for (int i = 0; i < MAP_BEGIN_AT_ONCE; i++) {
        if (!parent || !has_room(r))
            return false;
        if (next_again(r))
            begin_again(r, parent);
        else if (!begin_next(r, parent))
            return false;
    }
    return true;
}

/* ---- ends ---- */

void engine_map_child_over(struct engine_execution *ex)
{
    struct map_run *r = ex->map_run;
    if (r && !ex->is_kept)
        map_store_keep(r, ex);
    else if (r)
        map_child_ended(r, ex->row.id, map_items_of(&ex->row), ex->x->status);
}

void map_child_ended(struct map_run *r, int64_t id, uint64_t items, enum asl_status status)
{
    if (r->is_guest)
        map_guest_tell(r, &(struct map_report){.id = id, .items = items, .status = status});
    else
        map_child_counted(r, items, status);
}

void map_child_counted(struct map_run *r, uint64_t items, enum asl_status status)
{
    asl_map_run_child_ended(&r->run, items, status);
    r->unsaved++;
    r->is_dirty = true;
    map_run_ask(r);
}

/* ---- stopping ---- */

static void stop(struct engine_execution *ex)
{
    struct asl_event event = {.kind = ASL_EVENT_STOP};
    engine_post(ex, &event, 0);
}

static void stop_in_memory(struct map_run *r)
{
    struct engine_execution *ex;
    for (uint32_t at = 0; (ex = idmap_next(&r->all->engine->executions, &at)) != NULL;) {
        if (ex->map_run == r && (!ex->is_ended || ex->first_event))
            stop(ex);
    }
    if (!r->is_guest)
        map_guest_stop_all(r);
    r->is_stopped = true;
}

/* Those that sleep on disk, a page at a time; the others were told. */
static void stop_on_disk(struct map_run *r)
{
    struct engine *e = r->all->engine;
    struct arena a;
    struct store_page page;
    struct error err;
    struct store_list_query query = {.map_run = r->row.id,
                                     .status_set = 1u << STORE_RUNNING,
                                     .from = r->stop_from,
                                     .limit = MAP_AGAIN_ROWS};
    arena_init(&a, 0);
    enum status status = store_list_executions(e->reader, &query, &a, &page, &err);
    for (uint32_t i = 0; status == STATUS_OK && i < page.count; i++) {
        struct engine_execution *ex;
        if (engine_owns(e, page.rows[i].shard) && !engine_find(e, page.rows[i].id) &&
            engine_execution_get(e, page.rows[i].id, &ex, &err) == STATUS_OK) {
            ex->is_awake = true;
            stop(ex);
        }
    }
    r->stop_from = status == STATUS_OK ? page.next : 0;
    r->is_all_stopped = r->stop_from == 0;
    arena_done(&a);
}

bool map_children_stop(struct map_run *r)
{
    if (!r->is_stopped)
        stop_in_memory(r);
    else if (!r->is_all_stopped)
        stop_on_disk(r);
    return r->is_all_stopped;
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
    struct map_run *r = ex->map_run;
    if (r && r->is_guest) {
        map_guest_tell(r, &(struct map_report){.id = ex->row.id, .is_refused = true});
    } else if (r) {
        r->is_stale = true;
        map_run_ask_later(r);
    }
}

enum status engine_map_find_child(struct engine *e, str uuid, struct arena *a,
                                  struct store_execution *ret, struct error *err)
{
    int64_t map_run;
    uint64_t index;
    if (!map_name_read(e->maps->namer, uuid, &map_run, &index))
        return error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                         "Execution Does Not Exist");
    return store_find_child(e->reader, map_run, index, a, ret, err);
}
