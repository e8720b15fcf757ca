/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by key in spaces. One b-tree holds all of them, so a space costs nothing and a row is one
 * entry, without a second index. */
#include "store/items.h"
#include "base/check.h"
#include "store/read_row.h"
#include "store/tx_internal.h"

/* ---- reading ---- */

enum status store_begin_reading(struct store_reader *r, bool *ret_began, struct error *err)
{
    *ret_began = sqlite3_get_autocommit(r->db->handle) != 0;
    if (!*ret_began)
        return STATUS_OK;
    store_cache_begin(&r->cache);
    enum status status = store_db_do(r->db, SQL_BEGIN_READ, err);
    if (status != STATUS_OK)
        store_cache_end(&r->cache);
    return status;
}

void store_end_reading(struct store_reader *r, bool began)
{
    struct error err;
    if (!began)
        return;
    store_cache_end(&r->cache);
    if (store_db_do(r->db, SQL_ROLLBACK, &err) != STATUS_OK)
        check(sqlite3_get_autocommit(r->db->handle));
}

enum status store_find_item(struct store_reader *r, int64_t space, str key, struct arena *a,
                            str *ret_body, struct error *err)
{
    bool has;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_ITEM, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    store_bind_blob(s, 2, key);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no such item");
    enum status status = store_read_bytes(s, 0, a, ret_body, err);
    sqlite3_reset(s);
    return status;
}

enum status store_walk_items(struct store_reader *r, const struct store_items_query *q,
                             struct store_items_walk *ret, struct error *err)
{
    bool has_end = q->to.p != NULL;
    enum store_sql id = q->is_reverse ? (has_end ? SQL_WALK_ITEMS_DOWN : SQL_WALK_ITEMS_FROM_LAST)
                                      : (has_end ? SQL_WALK_ITEMS : SQL_WALK_ITEMS_TO_LAST);
    sqlite3_stmt *s = store_db_statement(r->db, id, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, q->space);
    store_bind_blob(s, 2, q->from.p ? q->from : STR(""));
    if (has_end)
        store_bind_blob(s, 3, q->to);
    *ret = (struct store_items_walk){r, s};
    return STATUS_OK;
}

static str column(sqlite3_stmt *s, int at)
{
    const char *p = sqlite3_column_blob(s, at);
    return (str){p ? p : "", (size_t)sqlite3_column_bytes(s, at)};
}

enum status store_walk_next(struct store_items_walk *w, bool *ret_has, struct store_item *ret,
                            struct error *err)
{
    sqlite3_stmt *s = w->statement;
    if (store_db_next(w->reader->db, s, ret_has, err) != STATUS_OK)
        return err->status;
    if (*ret_has)
        *ret = (struct store_item){column(s, 0), column(s, 1)};
    return STATUS_OK;
}

void store_walk_end(struct store_items_walk *w)
{
    sqlite3_reset(w->statement);
    sqlite3_clear_bindings(w->statement);
}

enum status store_find_item_count(struct store_reader *r, int64_t space, int64_t *ret_items,
                                  int64_t *ret_bytes, struct error *err)
{
    bool has;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_ITEM_COUNT, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    *ret_items = has ? store_column_int(s, 0) : 0;
    *ret_bytes = has ? store_column_int(s, 1) : 0;
    sqlite3_reset(s);
    return STATUS_OK;
}

/* ---- writing ---- */

enum status store_tx_put_item(struct store_tx *tx, int64_t space, str key, str body,
                              struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_ITEM, key.n + body.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    store_bind_blob(s, 2, key);
    store_bind_blob(s, 3, body.p ? body : STR(""));
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_delete_item(struct store_tx *tx, int64_t space, str key, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_ITEM, key.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    store_bind_blob(s, 2, key);
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_count_items(struct store_tx *tx, int64_t space, int64_t more_items,
                                 int64_t more_bytes, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_COUNT_ITEMS, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    store_bind_int(s, 2, more_items);
    store_bind_int(s, 3, more_bytes);
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_clear_items(struct store_tx *tx, int64_t space, uint32_t limit,
                                 uint32_t *ret_count, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_CLEAR_ITEMS, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    store_bind_int(s, 2, limit);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    *ret_count = (uint32_t)sqlite3_changes(tx->db.handle);
    tx->rows += *ret_count;
    if (*ret_count == limit)
        return STATUS_OK;
    s = store_tx_writing(tx, SQL_FORGET_ITEMS, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, space);
    return store_tx_wrote(tx, s, err);
}
