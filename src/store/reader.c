/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one thing: by id, by name, by number; and an execution with what is needed to go on.
 * Lists are reader_list.c.
 */
#include "store/reader.h"
#include "base/check.h"
#include "store/items.h"
#include "store/read_row.h"
#include "store/schema.h"
#include "store/store_internal.h"
#include <stdlib.h>
#include <unistd.h>

static enum status find_file(str dir, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    int found = access(arena_cstr(&a, arena_printf(&a, "%.*s/afflux.db", STR_ARG(dir))), F_OK);
    arena_done(&a);
    if (found == 0)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "StoreFolder", "%.*s: there is no data folder",
                     STR_ARG(str_sub(dir, 0, 300)));
}

enum status store_reader_open(str dir, const char *vfs, struct store_reader **ret,
                              struct error *err)
{
    if (find_file(dir, err) != STATUS_OK)
        return err->status;
    struct store_reader *r = calloc(1, sizeof(*r));
    check(r != NULL);
    r->db = &r->own;
    if (store_db_open(&r->own, dir, vfs, STORE_DB_READ, err) != STATUS_OK ||
        store_schema_check(&r->own, err) != STATUS_OK) {
        store_reader_close(r);
        return error_wrap(err, "%.*s", STR_ARG(str_sub(dir, 0, 300)));
    }
    *ret = r;
    return STATUS_OK;
}

void store_reader_close(struct store_reader *r)
{
    if (!r)
        return;
    store_cache_done(&r->cache);
    store_db_close(&r->own);
    free(r);
}

void store_reader_follow(struct store_reader *r, const struct store *s)
{
    r->cache.count = &s->kept_count;
}

static enum status not_found(struct error *err, const char *what)
{
    return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no such %s", what);
}

/* Goes to the only row of a bound statement; resets it when there is none, STATUS_NOT_FOUND. */
static enum status the_row(struct store_reader *r, sqlite3_stmt *s, const char *what,
                           struct error *err)
{
    bool has;
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    return has ? STATUS_OK : not_found(err, what);
}

/* A statement with up to two numbers bound. */
static sqlite3_stmt *query(struct store_reader *r, enum store_sql id, int64_t first, int64_t second,
                           struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, id, err);
    if (!s)
        return NULL;
    store_bind_int(s, 1, first);
    if (sqlite3_bind_parameter_count(s) > 1)
        store_bind_int(s, 2, second);
    return s;
}

/* The bytes in column at of the only row. */
static enum status find_bytes(struct store_reader *r, sqlite3_stmt *s, int at, const char *what,
                              struct arena *a, str *ret, struct error *err)
{
    if (!s || the_row(r, s, what, err) != STATUS_OK)
        return err->status;
    enum status status = store_read_bytes(s, at, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_find_definition(struct store_reader *r, int64_t id, struct arena *a,
                                  str *ret_text, struct error *err)
{
    return find_bytes(r, query(r, SQL_FIND_DEFINITION, id, 0, err), 0, "definition", a, ret_text,
                      err);
}

enum status store_find_document(struct store_reader *r, int64_t execution, int64_t number,
                                struct arena *a, str *ret_body, struct error *err)
{
    return find_bytes(r, query(r, SQL_FIND_DOCUMENT, execution, number, err), 0, "document", a,
                      ret_body, err);
}

static enum status copy_machine(const struct store_machine *m, struct arena *a,
                                struct store_machine *ret, struct error *err)
{
    if (store_room(a, m->name.n + m->type.n + m->properties.n, err) != STATUS_OK)
        return err->status;
    *ret = *m;
    ret->name = arena_dup(a, m->name);
    ret->type = arena_dup(a, m->type);
    ret->properties = m->properties.p ? arena_dup(a, m->properties) : m->properties;
    return STATUS_OK;
}

enum status store_find_machine(struct store_reader *r, str name, struct arena *a,
                               struct store_machine *ret, struct error *err)
{
    uint64_t count;
    const struct store_cached *known = store_cache_find(&r->cache, (str){0}, name, &count);
    if (known)
        return copy_machine(&known->machine, a, ret, err);
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_MACHINE, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, name);
    if (the_row(r, s, "machine", err) != STATUS_OK)
        return err->status;
    enum status status = store_read_machine(s, a, ret, err);
    sqlite3_reset(s);
    if (status == STATUS_OK)
        store_cache_add(&r->cache, count, &(struct store_cached){.name = name, .machine = *ret});
    return status;
}

static enum status find_execution(struct store_reader *r, sqlite3_stmt *s, struct arena *a,
                                  struct store_execution *ret, struct error *err)
{
    if (!s || the_row(r, s, "execution", err) != STATUS_OK)
        return err->status;
    enum status status = store_read_execution(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_find_execution(struct store_reader *r, int64_t id, struct arena *a,
                                 struct store_execution *ret, struct error *err)
{
    return find_execution(r, query(r, SQL_FIND_EXECUTION, id, 0, err), a, ret, err);
}

enum status store_find_execution_named(struct store_reader *r, int64_t machine, str name,
                                       struct arena *a, struct store_execution *ret,
                                       struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_NAMED, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, machine);
    store_bind_text(s, 2, name);
    return find_execution(r, s, a, ret, err);
}

enum status store_find_child(struct store_reader *r, int64_t map_run, uint64_t index,
                             struct arena *a, struct store_execution *ret, struct error *err)
{
    return find_execution(r, query(r, SQL_FIND_CHILD, map_run, (int64_t)index, err), a, ret, err);
}

enum status store_find_map_run(struct store_reader *r, int64_t id, struct arena *a,
                               struct store_map_run *ret, struct error *err)
{
    sqlite3_stmt *s = query(r, SQL_FIND_MAP_RUN, id, 0, err);
    if (!s || the_row(r, s, "map run", err) != STATUS_OK)
        return err->status;
    enum status status = store_read_map_run(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_find_map_run_named(struct store_reader *r, str uuid, struct arena *a,
                                     struct store_map_run *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_MAP_RUN_NAMED, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, uuid.p ? uuid : STR(""));
    if (the_row(r, s, "map run", err) != STATUS_OK)
        return err->status;
    enum status status = store_read_map_run(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_find_step(struct store_reader *r, int64_t id, struct arena *a,
                            struct store_step *ret, struct error *err)
{
    sqlite3_stmt *s = query(r, SQL_FIND_STEP, id, 0, err);
    if (!s || the_row(r, s, "step", err) != STATUS_OK)
        return err->status;
    enum status status = store_read_step(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_find_thing(struct store_reader *r, str service, str name, struct arena *a,
                             str *ret_body, struct error *err)
{
    uint64_t count;
    const struct store_cached *known = store_cache_find(&r->cache, service, name, &count);
    if (known) {
        if (store_room(a, known->body.n, err) != STATUS_OK)
            return err->status;
        *ret_body = arena_dup(a, known->body);
        return STATUS_OK;
    }
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_THING, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, service);
    store_bind_text(s, 2, name);
    if (find_bytes(r, s, 0, "thing", a, ret_body, err) != STATUS_OK)
        return err->status;
    store_cache_add(&r->cache, count,
                    &(struct store_cached){.service = service, .name = name, .body = *ret_body});
    return STATUS_OK;
}

/* ---- chains ---- */

static enum status broken_chain(int64_t execution, int64_t step, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                     "afflux.db: step %lld of execution %lld is missing or not its own",
                     (long long)step, (long long)execution);
}

/* Steps of one execution, found from the last to the first. */
struct chain {
    struct store_step *steps;
    uint32_t count, cap;
};

static struct store_step *chain_add(struct chain *c, struct arena *a)
{
    if (c->count == c->cap) {
        uint32_t cap = c->cap ? c->cap * 2 : 64;
        struct store_step *steps = arena_alloc(a, cap * sizeof(*steps));
        if (c->count > 0)
            memcpy(steps, c->steps, c->count * sizeof(*steps));
        c->steps = steps;
        c->cap = cap;
    }
    return &c->steps[c->count++];
}

static void chain_turn_round(struct chain *c)
{
    for (uint32_t i = 0, j = c->count; i + 1 < j; i++) {
        struct store_step step = c->steps[--j];
        c->steps[j] = c->steps[i];
        c->steps[i] = step;
    }
}

/* Steps from tail back to the one behind `until`, oldest first; with their bodies or without. Ids
 * fall on the way, so a damaged chain cannot lead in a circle. */
static enum status read_chain(struct store_reader *r, int64_t execution, int64_t tail,
                              int64_t until, bool with_bodies, struct arena *a, struct chain *ret,
                              struct error *err)
{
    struct chain c = {0};
    for (int64_t id = tail, prev; id != until && id != 0; id = prev) {
        sqlite3_stmt *s = query(r, SQL_FIND_STEP, id, 0, err);
        bool has;
        if (!s || store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            return broken_chain(execution, id, err);
        struct store_step *step = chain_add(&c, a);
        *step = (struct store_step){
            .id = id, .execution = store_column_int(s, 1), .prev = store_column_int(s, 2)};
        prev = step->prev;
        enum status status = store_room(a, 0, err);
        if (status == STATUS_OK && with_bodies)
            status = store_read_bytes(s, 3, a, &step->body, err);
        sqlite3_reset(s);
        if (status != STATUS_OK)
            return status;
        if (step->execution != execution || prev >= id || (prev < until && until != 0))
            return broken_chain(execution, id, err);
    }
    chain_turn_round(&c);
    *ret = c;
    return STATUS_OK;
}

static enum status end_reading(struct store_reader *r, bool began, enum status status)
{
    store_end_reading(r, began);
    return status;
}

static enum status read_snapshot(struct store_reader *r, int64_t execution, struct arena *a,
                                 str *ret_body, int64_t *ret_step, struct error *err)
{
    *ret_body = (str){NULL, 0};
    *ret_step = 0;
    sqlite3_stmt *s = query(r, SQL_FIND_SNAPSHOT, execution, 0, err);
    bool has;
    if (!s || store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return STATUS_OK;
    *ret_step = store_column_int(s, 0);
    enum status status = store_read_bytes(s, 1, a, ret_body, err);
    sqlite3_reset(s);
    return status;
}

static enum status load(struct store_reader *r, int64_t execution, struct arena *a,
                        struct store_loaded *ret, struct error *err)
{
    struct store_loaded l = {0};
    struct chain c;
    int64_t covered;
    if (store_find_execution(r, execution, a, &l.execution, err) != STATUS_OK ||
        read_snapshot(r, execution, a, &l.snapshot, &covered, err) != STATUS_OK ||
        read_chain(r, execution, l.execution.tail, covered, true, a, &c, err) != STATUS_OK)
        return err->status;
    l.steps = c.steps;
    l.step_count = c.count;
    *ret = l;
    return STATUS_OK;
}

enum status store_load(struct store_reader *r, int64_t execution, struct arena *a,
                       struct store_loaded *ret, struct error *err)
{
    bool began;
    if (store_begin_reading(r, &began, err) != STATUS_OK)
        return err->status;
    return end_reading(r, began, load(r, execution, a, ret, err));
}

enum status store_list_steps(struct store_reader *r, int64_t execution, struct arena *a,
                             int64_t **ret_ids, uint32_t *ret_count, struct error *err)
{
    struct store_execution e;
    struct chain c;
    bool began;
    if (store_begin_reading(r, &began, err) != STATUS_OK)
        return err->status;
    enum status status = store_find_execution(r, execution, a, &e, err);
    if (status == STATUS_OK)
        status = read_chain(r, execution, e.tail, 0, false, a, &c, err);
    if (end_reading(r, began, status) != STATUS_OK)
        return status;
    int64_t *ids = arena_alloc(a, c.count * sizeof(*ids));
    for (uint32_t i = 0; i < c.count; i++)
        ids[i] = c.steps[i].id;
    *ret_ids = ids;
    *ret_count = c.count;
    return STATUS_OK;
}
