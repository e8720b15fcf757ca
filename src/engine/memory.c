/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions in memory: the table, reading one back from the store, and letting those go that only
 * wait. What is in memory can always be thrown away and read again.
 */
#include "engine/engine_internal.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- the table ---- */

static uint32_t home_of(const struct engine *e, int64_t id)
{
    return (uint32_t)((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 32) & e->execution_mask;
}

static void table_put(struct engine *e, struct engine_execution *ex)
{
    uint32_t at = home_of(e, ex->row.id);
    while (e->executions[at])
        at = (at + 1) & e->execution_mask;
    e->executions[at] = ex;
}

static void table_grow(struct engine *e)
{
    struct engine_execution **old = e->executions;
    uint32_t old_size = old ? e->execution_mask + 1 : 0, size = old ? old_size * 2 : 64;
    e->executions = calloc(size, sizeof(struct engine_execution *));
    check(e->executions != NULL);
    e->execution_mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i])
            table_put(e, old[i]);
    }
    free(old);
}

struct engine_execution *engine_find(const struct engine *e, int64_t id)
{
    if (!e->executions)
        return NULL;
    for (uint32_t at = home_of(e, id); e->executions[at]; at = (at + 1) & e->execution_mask) {
        if (e->executions[at]->row.id == id)
            return e->executions[at];
    }
    return NULL;
}

static void table_remove(struct engine *e, struct engine_execution *ex)
{
    uint32_t at = home_of(e, ex->row.id);
    while (e->executions[at] != ex)
        at = (at + 1) & e->execution_mask;
    e->executions[at] = NULL;
    for (uint32_t next = (at + 1) & e->execution_mask; e->executions[next];
         next = (next + 1) & e->execution_mask) {
        uint32_t home = home_of(e, e->executions[next]->row.id);
        if (((next - home) & e->execution_mask) < ((next - at) & e->execution_mask))
            continue;
        e->executions[at] = e->executions[next];
        e->executions[next] = NULL;
        at = next;
    }
}

/* ---- one execution ---- */

static str own(str s)
{
    char *p = malloc(s.n + 1);
    check(p != NULL);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (str){p, s.n};
}

struct engine_execution *engine_execution_new(struct engine *e, const struct store_execution *row,
                                              enum asl_type type, struct asl_definition *d,
                                              const struct asl_machine *machine)
{
    struct engine_execution *ex = calloc(1, sizeof(*ex));
    struct asl_options options = engine_asl_options(e);
    check(ex != NULL);
    ex->engine = e;
    ex->row = *row;
    ex->row.name = own(row->name);
    ex->row.error = ex->row.cause = (str){0};
    ex->type = type;
    ex->is_kept = type == ASL_STANDARD;
    ex->x = asl_exec_new(d, machine, type, &options);
    if (!e->executions || e->execution_count * 2 > e->execution_mask)
        table_grow(e);
    table_put(e, ex);
    e->execution_count++;
    return ex;
}

static void unqueue(struct engine_execution *ex)
{
    struct engine_execution **at = &ex->engine->first_queued, *before = NULL;
    if (!ex->is_queued)
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
    if (e->is_closing && ex->in_flight)
        engine_commit_free(ex->in_flight);
    table_remove(e, ex);
    e->execution_count--;
    asl_out_reset(&e->out); /* may hold documents of this execution */
    asl_exec_free(ex->x);
    free((char *)(uintptr_t)ex->row.name.p);
    free(ex);
}

/* ---- from the store ---- */

/* What the child of a distributed Map runs is a part of its parent's definition. */
static const struct asl_machine *machine_of(const struct asl_definition *d,
                                            const struct store_execution *row)
{
    (void)row;
    return d->root;
}

static enum status replay(struct engine_execution *ex, const struct store_loaded *loaded,
                          struct error *err)
{
    enum status status = STATUS_OK;
    if (loaded->snapshot.p)
        status = asl_snapshot_read(ex->x, loaded->snapshot, err);
    for (uint32_t i = 0; i < loaded->step_count && status == STATUS_OK; i++) {
        status = asl_replay(ex->x, loaded->steps[i].body, err);
        ex->records++;
        ex->bytes += loaded->steps[i].body.n;
    }
    if (status == STATUS_OK && ex->x->status == ASL_EXEC_NEW)
        status = error_set(err, STATUS_CORRUPT, "ExecutionCorrupt", "the execution has no steps");
    return status;
}

static enum status load(struct engine *e, int64_t id, struct arena *a,
                        struct engine_execution **ret, struct error *err)
{
    struct store_loaded loaded;
    struct asl_definition *d;
    enum status status = store_load(e->reader, id, a, &loaded, err);
    if (status == STATUS_OK)
        status = engine_definition_get(e, loaded.execution.definition, ASL_STANDARD, &d, err);
    if (status != STATUS_OK)
        return status;
    struct engine_execution *ex = engine_execution_new(e, &loaded.execution, ASL_STANDARD, d,
                                                       machine_of(d, &loaded.execution));
    status = replay(ex, &loaded, err);
    if (status != STATUS_OK) {
        engine_execution_free(ex);
        return error_wrap(err, "execution %lld", (long long)id);
    }
    ex->is_ended = asl_exec_is_over(ex->x);
    ex->idle_since_ms = loop_now_ms();
    *ret = ex;
    return STATUS_OK;
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
    return status;
}

/* Its watchers go over to the one that is read back; its events are asked for again. */
void engine_execution_reload(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    int64_t id = ex->row.id;
    struct engine_watcher *watchers = ex->watchers;
    struct error err;
    ex->watchers = NULL;
    engine_execution_free(ex);
    if (engine_execution_get(e, id, &ex, &err) == STATUS_OK) {
        ex->watchers = watchers;
        engine_resume(ex);
        return;
    }
    while (watchers) {
        struct engine_watcher *w = watchers;
        watchers = w->next;
        if (w->refused)
            w->refused(w->arg, &err);
        free(w);
    }
}

/* ---- out of memory ---- */

enum { SLEEP_AFTER_MS = 1000, SLEEP_WORTH_MS = 5000, SWEEP_MS = 1000, DUE_AT_ONCE = 1000 };

static bool can_sleep(const struct engine_execution *ex, int64_t now_ms)
{
    return ex->is_kept && !ex->in_flight && !ex->first_event && !ex->is_ended && !ex->watchers &&
           !ex->is_queued && !asl_exec_is_ready(ex->x) && !engine_works(ex) &&
           loop_now_ms() - ex->idle_since_ms >= SLEEP_AFTER_MS &&
           asl_exec_due(ex->x) - now_ms >= SLEEP_WORTH_MS;
}

static void wake_due(struct engine *e)
{
    struct arena a;
    struct store_page page;
    struct error err;
    arena_init(&a, 0);
    struct store_shards all = {0, STORE_SHARDS - 1};
    if (store_list_due(e->reader, all, engine_now_ms(e), DUE_AT_ONCE, &a, &page, &err) ==
        STATUS_OK) {
        for (uint32_t i = 0; i < page.count; i++) {
            struct engine_execution *ex;
            if (!engine_find(e, page.rows[i].id) &&
                engine_execution_get(e, page.rows[i].id, &ex, &err) == STATUS_OK)
                engine_resume(ex);
        }
    }
    arena_done(&a);
}

static void sweep(void *arg)
{
    engine_sleep_sweep(arg);
}

/* Lets those go that only wait, and wakes those whose time has come. */
void engine_sleep_sweep(struct engine *e)
{
    int64_t now_ms = engine_now_ms(e);
    for (uint32_t i = 0; e->executions && i <= e->execution_mask; i++) {
        struct engine_execution *ex = e->executions[i];
        if (ex && can_sleep(ex, now_ms))
            engine_commit_sleep(ex);
    }
    wake_due(e);
    loop_timer_start(e->loop, &e->sleep_timer, loop_now_ms() + SWEEP_MS, sweep, e);
}
