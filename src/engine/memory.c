/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions in memory: the table, reading one back from the store, and letting those go that only
 * wait. What is in memory can always be thrown away and read again.
 */
#include "engine/map_run.h"
#include "engine/team.h"
#include "json/parse.h"
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

struct engine_execution *engine_find(const struct engine *e, int64_t id)
{
    return idmap_get(&e->executions, (uint64_t)id);
}

/* ---- one execution ---- */

struct engine_execution *engine_execution_new(struct engine *e, const struct store_execution *row,
                                              enum asl_type type, struct asl_definition *d,
                                              const struct asl_machine *machine)
{
    struct engine_execution *ex = calloc(1, sizeof(*ex));
    struct asl_options options = engine_asl_options(e);
    check(ex != NULL);
    ex->engine = e;
    ex->row = *row;
    ex->row.name = str_dup(row->name);
    ex->row.origin = str_dup(row->origin);
    ex->row.error = ex->row.cause = (str){0};
    ex->type = type;
    ex->is_kept = type == ASL_STANDARD;
    ex->has_begun = !ex->is_kept;
    ex->x = asl_exec_new(d, machine, type, &options);
    idmap_put(&e->executions, (uint64_t)ex->row.id, ex);
    engine_index_add(ex);
    if (row->map_run != 0)
        engine_map_child_joins(ex);
    return ex;
}

static void unqueue(struct engine_execution *ex)
{
    struct engine_execution **at = &ex->engine->first_queued, *before = NULL;
    if (!ex->is_queued || ex->engine->is_closing)
        return;
    while (*at != ex) {
        before = *at;
        at = &(*at)->next_queued;
    }
    *at = ex->next_queued;
    if (ex->engine->last_queued == ex)
        ex->engine->last_queued = before;
    ex->is_queued = false;
}

void engine_execution_free(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    check(!ex->in_flight || e->is_closing);
    loop_timer_stop(e->loop, &ex->timer);
    unqueue(ex);
    engine_drop_events(ex);
    while (ex->watchers) {
        struct engine_watcher *w = ex->watchers;
        ex->watchers = w->next;
        free(w);
    }
    while (ex->children)
        engine_child_drop(ex, ex->children->frame, ex->children->attempt);
    engine_services_leave(ex);
    engine_index_remove(ex);
    engine_map_child_leaves(ex);
    idmap_remove(&e->executions, (uint64_t)ex->row.id);
    asl_out_reset(&e->out); /* may hold documents of this execution */
    asl_exec_free(ex->x);
    free((char *)(uintptr_t)ex->row.name.p);
    free((char *)(uintptr_t)ex->row.origin.p);
    free(ex);
}

/* ---- from the store ---- */

/* What the child of a distributed Map runs is a part of its parent's definition. */
static const struct asl_machine *machine_of(struct engine *e, const struct asl_definition *d,
                                            const struct store_execution *row, struct error *err)
{
    return row->map_run != 0 ? engine_map_machine(e, d, row, err) : d->root;
}

/* The execution as the store has it, into a new one. */
static enum status replay(struct asl_exec *x, const struct store_loaded *loaded, struct error *err)
{
    enum status status = STATUS_OK;
    if (loaded->snapshot.p)
        status = asl_snapshot_read(x, loaded->snapshot, err);
    for (uint32_t i = 0; i < loaded->step_count && status == STATUS_OK; i++)
        status = asl_replay(x, loaded->steps[i].body, err);
    if (status == STATUS_OK && x->status == ASL_EXEC_NEW)
        status = error_set(err, STATUS_CORRUPT, "ExecutionCorrupt", "the execution has no steps");
    return status == STATUS_OK ? asl_exec_check(x, err) : status;
}

/* What goes with the execution that was read. */
static void settle(struct engine_execution *ex, const struct store_loaded *loaded)
{
    ex->row.is_pending = loaded->execution.is_pending;
    ex->row.tail = loaded->execution.tail;
    ex->row.redrives = loaded->execution.redrives;
    ex->has_begun = true;
    ex->is_awake = ex->is_stale = false;
    ex->is_ended = asl_exec_is_over(ex->x);
    ex->idle_since_ms = engine_now_ms(ex->engine);
    ex->records = loaded->step_count; /* at least */
    ex->bytes = 0;
    for (uint32_t i = 0; i < loaded->step_count; i++)
        ex->bytes += loaded->steps[i].body.n;
    ex->snapshot_bytes = loaded->snapshot.n;
}

/* An execution's row and steps, its definition, and the machine of it that it runs. */
struct found {
    struct store_loaded loaded;
    struct asl_definition *d;
    const struct asl_machine *machine;
};

static enum status find(struct engine *e, int64_t id, struct arena *a, struct found *ret,
                        struct error *err)
{
    enum status status = store_load(e->reader, id, a, &ret->loaded, err);
    if (status != STATUS_OK)
        return status;
    const struct store_execution *row = &ret->loaded.execution;
    status = engine_definition_get(e, row->definition, ASL_STANDARD, &ret->d, err);
    if (status != STATUS_OK)
        return error_wrap(err, "the definition of execution %lld", (long long)id);
    ret->machine = machine_of(e, ret->d, row, err);
    return ret->machine ? STATUS_OK : err->status;
}

static enum status load(struct engine *e, int64_t id, struct arena *a,
                        struct engine_execution **ret, struct error *err)
{
    struct found f;
    enum status status = find(e, id, a, &f, err);
    if (status != STATUS_OK)
        return status;
    if (!engine_owns(e, f.loaded.execution.shard))
        return error_set(err, STATUS_UNAVAILABLE, "EngineElsewhere", "another loop has it");
    struct engine_execution *ex =
        engine_execution_new(e, &f.loaded.execution, ASL_STANDARD, f.d, f.machine);
    status = replay(ex->x, &f.loaded, err);
    if (status != STATUS_OK) {
        engine_execution_free(ex);
        return error_wrap(err, "execution %lld", (long long)id);
    }
    settle(ex, &f.loaded);
    *ret = ex;
    return STATUS_OK;
}

enum status engine_execution_peek(struct engine *e, int64_t id, struct asl_exec **ret,
                                  struct error *err)
{
    struct asl_options options = engine_asl_options(e);
    struct found f;
    struct arena a;
    arena_init(&a, 0);
    enum status status = find(e, id, &a, &f, err);
    if (status == STATUS_OK) {
        *ret = asl_exec_new(f.d, f.machine, ASL_STANDARD, &options);
        status = replay(*ret, &f.loaded, err);
        if (status != STATUS_OK)
            asl_exec_free(*ret);
    }
    arena_done(&a);
    return status;
}

enum status engine_execution_get(struct engine *e, int64_t id, struct engine_execution **ret,
                                 struct error *err)
{
    *ret = engine_find(e, id);
    if (*ret)
        return STATUS_OK;
    struct arena a;
    arena_init(&a, 0);
    enum status status = load(e, id, &a, ret, err);
    arena_done(&a);
    if (status == STATUS_OK)
        engine_queue(*ret);
    return status;
}

static enum status read_again(struct engine_execution *ex, struct arena *a, struct error *err)
{
    struct engine *e = ex->engine;
    struct asl_options options = engine_asl_options(e);
    struct store_loaded loaded;
    enum status status = store_load(e->reader, ex->row.id, a, &loaded, err);
    if (status != STATUS_OK)
        return status;
    struct asl_exec *x = asl_exec_new(ex->x->definition, ex->x->machine, ex->x->type, &options);
    status = replay(x, &loaded, err);
    if (status != STATUS_OK) {
        asl_exec_free(x);
        return status;
    }
    asl_out_reset(&e->out);
    asl_exec_free(ex->x);
    ex->x = x;
    while (ex->children)
        engine_child_drop(ex, ex->children->frame, ex->children->attempt);
    settle(ex, &loaded);
    return STATUS_OK;
}

enum { READ_AGAIN_MS = 1000 };

static void queue_again(void *arg)
{
    engine_queue(arg);
}

bool engine_execution_refresh(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    struct arena a;
    struct error err;
    arena_init(&a, 0);
    enum status status = read_again(ex, &a, &err);
    arena_done(&a);
    if (status == STATUS_OK) {
        if (ex->is_ended) /* a redrive that came to nothing */
            engine_map_child_refused(ex);
        return true;
    }
    if (engine_is_passing(status)) {
        loop_timer_start(e->loop, &ex->timer, loop_now_ms() + READ_AGAIN_MS, queue_again, ex);
        return false;
    }
    e->figures.unreadable++;
    engine_refuse(ex, &err);
    return false;
}

/* ---- out of memory ---- */

/* By the engine's clock. An execution is read back some time before it is due, and then wakes by
 * its own timer. */
enum {
    SLEEP_AFTER_MS = 1000,
    SLEEP_WORTH_MS = 5000,
    WAKE_AHEAD_MS = 2000,
    SWEEP_MS = 1000,
    SLEEP_AT_ONCE = 1000,
    DUE_AT_ONCE = 1000,
    DUE_AWAKE = 20000,
    CROWD = 1000
};

static bool can_sleep(const struct engine_execution *ex, int64_t now_ms)
{
    return ex->is_kept && ex->is_awake && !ex->is_stale && !ex->in_flight && !ex->first_event &&
           !ex->is_ended && !ex->watchers && !ex->is_queued && !asl_exec_is_ready(ex->x) &&
           asl_exec_due(ex->x) - now_ms >= SLEEP_WORTH_MS && !engine_works(ex);
}

void engine_idle(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    if (!e->is_stalled && e->executions.count > e->options.max_idle &&
        can_sleep(ex, engine_now_ms(e)))
        engine_commit_sleep(ex);
}

/* Executions whose time is near; false when there may be more. Those that were read back already
 * stay in the list until their first commit, so it is asked for longer than what is new. */
static bool wake_due(struct engine *e)
{
    struct arena a;
    struct store_page page = {0};
    struct error err;
    uint32_t awake = e->executions.count < DUE_AWAKE ? e->executions.count : DUE_AWAKE, read = 0;
    arena_init(&a, 0);
    enum status status =
        store_list_due(e->reader, engine_shards(e), engine_now_ms(e) + WAKE_AHEAD_MS,
                       DUE_AT_ONCE + awake, &a, &page, &err);
    for (uint32_t i = 0; status == STATUS_OK && i < page.count && read < DUE_AT_ONCE; i++) {
        struct engine_execution *ex = engine_find(e, page.rows[i].id);
        if (!ex && engine_execution_get(e, page.rows[i].id, &ex, &err) == STATUS_OK)
            read++; /* what cannot be read is seen again the next time */
    }
    arena_done(&a);
    return read < DUE_AT_ONCE;
}

/* False when there are more that could sleep. */
static bool let_sleep(struct engine *e)
{
    int64_t now_ms = engine_now_ms(e);
    uint32_t count = 0;
    struct engine_execution *ex;
    for (uint32_t at = 0; (ex = idmap_next(&e->executions, &at)) != NULL;) {
        if (now_ms - ex->idle_since_ms < SLEEP_AFTER_MS || !can_sleep(ex, now_ms))
            continue;
        if (count++ == SLEEP_AT_ONCE)
            return false;
        engine_commit_sleep(ex);
    }
    return true;
}

/* After a crowd has left: what the C library keeps of its memory goes back to the system. */
static void give_back(struct engine *e)
{
    if (e->executions.count > e->most_executions)
        e->most_executions = e->executions.count;
    if (e->most_executions < CROWD || e->executions.count > e->most_executions / 4)
        return;
    e->most_executions = e->executions.count;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Lets those go that only wait, and wakes those whose time has come. */
static void sweep(void *arg)
{
    struct engine *e = arg;
    struct error err;
    bool is_done = true;
    if (!e->is_stalled)
        is_done = let_sleep(e);
    is_done = wake_due(e) && is_done;
    give_back(e);
    if (e->has_undelivered) {
        e->has_undelivered = false;
        if (engine_recover_messages(e, &err) != STATUS_OK)
            e->has_undelivered = true;
    }
    int64_t wait_ms = is_done ? SWEEP_MS : SWEEP_MS / 20;
    loop_timer_start(e->loop, &e->sleep_timer, engine_loop_ms(e, wait_ms), sweep, e);
}

void engine_sleep_start(struct engine *e)
{
    loop_timer_start(e->loop, &e->sleep_timer, loop_now_ms(), sweep, e);
}
