/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading lists, a page at a time. A page looks at a bounded number of rows, so that a rare status
 * among a million executions takes many short readings and not one long.
 */
#include "base/check.h"
#include "store/read_row.h"
#include "store/reader.h"

/* ---- executions ---- */

static enum status too_many(const struct arena *a, uint32_t count, size_t size, struct error *err)
{
    return store_room(a, (size_t)count * size, err);
}

/* Ids to rows. Rows that went meanwhile are left out. */
static enum status read_rows(struct store_reader *r, const int64_t *ids, uint32_t count,
                             struct arena *a, struct store_page *ret, struct error *err)
{
    if (too_many(a, count, sizeof(*ret->rows), err) != STATUS_OK)
        return err->status;
    ret->rows = arena_alloc(a, count * sizeof(*ret->rows));
    ret->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum status status = store_find_execution(r, ids[i], a, &ret->rows[ret->count], err);
        if (status == STATUS_OK)
            ret->count++;
        else if (status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

/* What a walk over an index collects. */
struct walk {
    int64_t *ids;
    uint32_t count, limit, seen;
    int64_t key; /* of the row seen last */
};

static bool is_walk_over(const struct walk *w)
{
    return w->count == w->limit || w->seen == STORE_PAGE_ROWS;
}

static enum status walk_init(struct walk *w, uint32_t limit, struct arena *a, struct error *err)
{
    *w = (struct walk){.limit = limit < STORE_PAGE_ROWS ? limit : STORE_PAGE_ROWS};
    if (too_many(a, w->limit, sizeof(*w->ids), err) != STATUS_OK)
        return err->status;
    w->ids = arena_alloc(a, w->limit * sizeof(*w->ids));
    return STATUS_OK;
}

static enum status walk_list(struct store_reader *r, sqlite3_stmt *s, unsigned status_set,
                             bool is_by_index, struct walk *w, bool *ret_more, struct error *err)
{
    *ret_more = true;
    while (!is_walk_over(w)) {
        enum store_status status;
        if (store_db_next(r->db, s, ret_more, err) != STATUS_OK || !*ret_more)
            return *ret_more ? err->status : STATUS_OK;
        w->seen++;
        w->key = store_column_int(s, 0);
        if (store_read_status(s, 1, &status, err) != STATUS_OK) {
            sqlite3_reset(s);
            return err->status;
        }
        if (status != STORE_DELETING && (status_set == 0 || (status_set >> status & 1)))
            w->ids[w->count++] = store_column_int(s, is_by_index ? 2 : 0);
    }
    sqlite3_reset(s);
    return STATUS_OK;
}

enum status store_list_executions(struct store_reader *r, const struct store_list_query *query,
                                  struct arena *a, struct store_page *ret, struct error *err)
{
    bool by_index = query->map_run != 0, more;
    struct walk w;
    struct store_page page = {0};
    sqlite3_stmt *s =
        store_db_statement(r->db, by_index ? SQL_LIST_BY_MAP_RUN : SQL_LIST_BY_MACHINE, err);
    if (!s || walk_init(&w, query->limit, a, err) != STATUS_OK)
        return err->status;
    store_bind_int(s, 1, by_index ? query->map_run : query->machine);
    store_bind_int(s, 2, query->from ? query->from : INT64_MAX);
    if (walk_list(r, s, query->status_set, by_index, &w, &more, err) != STATUS_OK ||
        read_rows(r, w.ids, w.count, a, &page, err) != STATUS_OK)
        return err->status;
    page.next = more ? w.key : 0; /* nothing lies below index 0 either */
    *ret = page;
    return STATUS_OK;
}

static bool is_in(struct store_shards shards, int64_t shard)
{
    return shard >= shards.first && shard <= shards.last;
}

enum status store_list_pending(struct store_reader *r, struct store_shards shards, int64_t from,
                               uint32_t limit, struct arena *a, struct store_page *ret,
                               struct error *err)
{
    bool more = true;
    struct walk w;
    struct store_page page = {0};
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_PENDING, err);
    if (!s || walk_init(&w, limit, a, err) != STATUS_OK)
        return err->status;
    store_bind_int(s, 1, from);
    while (more && !is_walk_over(&w)) {
        if (store_db_next(r->db, s, &more, err) != STATUS_OK)
            return err->status;
        if (!more)
            break;
        w.seen++;
        w.key = store_column_int(s, 0);
        if (is_in(shards, store_column_int(s, 1)))
            w.ids[w.count++] = w.key;
    }
    sqlite3_reset(s);
    if (read_rows(r, w.ids, w.count, a, &page, err) != STATUS_OK)
        return err->status;
    page.next = more ? w.key : 0;
    *ret = page;
    return STATUS_OK;
}

/* ---- all rows of a bound statement ---- */

/* Reads the current row into a row of the caller's. */
typedef enum status read_fn(sqlite3_stmt *s, struct arena *a, void *ret, struct error *err);

struct rows {
    void *p;
    uint32_t count;
};

/* At most limit rows of size bytes each. */
static enum status read_all(struct store_reader *r, sqlite3_stmt *s, uint32_t limit, size_t size,
                            read_fn *read, struct arena *a, struct rows *ret, struct error *err)
{
    if (limit > STORE_PAGE_ROWS)
        limit = STORE_PAGE_ROWS;
    if (too_many(a, limit, size, err) != STATUS_OK)
        return err->status;
    char *rows = arena_alloc(a, limit * size);
    uint32_t count = 0;
    bool has = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && has && count < limit) {
        status = store_db_next(r->db, s, &has, err);
        if (status == STATUS_OK && has)
            status = read(s, a, rows + count++ * size, err);
    }
    sqlite3_reset(s);
    if (status != STATUS_OK)
        return status;
    *ret = (struct rows){rows, count};
    return STATUS_OK;
}

static enum status read_execution(sqlite3_stmt *s, struct arena *a, void *ret, struct error *err)
{
    return store_read_execution(s, a, ret, err);
}

static enum status read_machine(sqlite3_stmt *s, struct arena *a, void *ret, struct error *err)
{
    return store_read_machine(s, a, ret, err);
}

static enum status read_map_run(sqlite3_stmt *s, struct arena *a, void *ret, struct error *err)
{
    return store_read_map_run(s, a, ret, err);
}

static enum status read_message(sqlite3_stmt *s, struct arena *a, void *ret, struct error *err)
{
    struct store_message *m = ret;
    *m = (struct store_message){.id = store_column_int(s, 0),
                                .shard = (uint32_t)store_column_int(s, 1),
                                .execution = store_column_int(s, 2)};
    return store_read_bytes(s, 3, a, &m->body, err);
}

enum status store_list_due(struct store_reader *r, struct store_shards shards, int64_t before_ms,
                           uint32_t limit, struct arena *a, struct store_page *ret,
                           struct error *err)
{
    struct store_page page = {0};
    struct rows rows;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_DUE, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, before_ms);
    store_bind_int(s, 2, shards.first);
    store_bind_int(s, 3, shards.last);
    store_bind_int(s, 4, limit);
    if (read_all(r, s, limit, sizeof(*page.rows), read_execution, a, &rows, err) != STATUS_OK)
        return err->status;
    page.rows = rows.p;
    page.count = rows.count;
    *ret = page;
    return STATUS_OK;
}

enum status store_next_due(struct store_reader *r, int64_t *ret_ms, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_NEXT_DUE, err);
    bool has;
    if (!s || store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    *ret_ms = has ? store_column_time(s, 0) : STORE_NEVER;
    sqlite3_reset(s);
    return STATUS_OK;
}

enum status store_list_machines(struct store_reader *r, str after, uint32_t limit, struct arena *a,
                                struct store_machine **ret_rows, uint32_t *ret_count,
                                struct error *err)
{
    struct rows rows;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_MACHINES, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, after.p ? after : STR(""));
    store_bind_int(s, 2, limit);
    if (read_all(r, s, limit, sizeof(**ret_rows), read_machine, a, &rows, err) != STATUS_OK)
        return err->status;
    *ret_rows = rows.p;
    *ret_count = rows.count;
    return STATUS_OK;
}

enum status store_list_messages(struct store_reader *r, struct store_shards shards, int64_t after,
                                uint32_t limit, struct arena *a, struct store_message **ret_rows,
                                uint32_t *ret_count, struct error *err)
{
    struct rows rows;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_MESSAGES, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, after);
    store_bind_int(s, 2, shards.first);
    store_bind_int(s, 3, shards.last);
    store_bind_int(s, 4, limit);
    if (read_all(r, s, limit, sizeof(**ret_rows), read_message, a, &rows, err) != STATUS_OK)
        return err->status;
    *ret_rows = rows.p;
    *ret_count = rows.count;
    return STATUS_OK;
}

enum status store_list_map_runs(struct store_reader *r, int64_t execution, int64_t after,
                                uint32_t limit, struct arena *a, struct store_map_run **ret_rows,
                                uint32_t *ret_count, struct error *err)
{
    struct rows rows;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_MAP_RUNS, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, after);
    store_bind_int(s, 3, limit);
    if (read_all(r, s, limit, sizeof(**ret_rows), read_map_run, a, &rows, err) != STATUS_OK)
        return err->status;
    *ret_rows = rows.p;
    *ret_count = rows.count;
    return STATUS_OK;
}

/* ---- things of services ---- */

static enum status read_name(sqlite3_stmt *s, struct arena *a, void *row, struct error *err)
{
    return store_read_bytes(s, 0, a, row, err);
}

enum status store_list_things(struct store_reader *r, str service, str prefix, str after,
                              uint32_t limit, struct arena *a, struct store_names *ret,
                              struct error *err)
{
    struct rows rows;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_THINGS, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, service);
    store_bind_text(s, 2, after.p ? after : STR(""));
    store_bind_text(s, 3, prefix.p ? prefix : STR(""));
    store_bind_int(s, 4, limit);
    if (read_all(r, s, limit, sizeof(*ret->items), read_name, a, &rows, err) != STATUS_OK)
        return err->status;
    /* Those with the prefix stand together, at the beginning. */
    *ret = (struct store_names){.items = rows.p};
    while (ret->count < rows.count && str_starts(ret->items[ret->count], prefix))
        ret->count++;
    return STATUS_OK;
}
