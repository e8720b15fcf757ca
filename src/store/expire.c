/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention: ended executions go when their time has come, a few rows at a time, so that no commit
 * of others waits long. An execution is hidden first (status DELETING, no name), then its parts go
 * from the outside in: children of its map runs, map runs, documents, snapshot, steps from the last
 * to the first, the row. A crash in between leaves a hidden execution, which is gone on with.
 *
 * Map children have no time of their own: they go with the execution whose map run they belong to,
 * since a redrive may need them until then.
 */
#include "base/check.h"
#include "store/tx_internal.h"

enum {
    BATCH_ROWS = 500,
    NEST_MAX = 64 /* executions inside map runs inside executions */
};

/* The first column of the first row of a query with one parameter; 0 when there is none. */
static enum status find(struct store_tx *tx, enum store_sql id, int64_t parameter, int64_t *ret,
                        struct error *err)
{
    sqlite3_stmt *s = store_db_statement(&tx->db, id, err);
    if (!s)
        return err->status;
    if (sqlite3_bind_parameter_count(s) > 0)
        store_bind_int(s, 1, parameter);
    bool has;
    if (store_db_next(&tx->db, s, &has, err) != STATUS_OK)
        return err->status;
    *ret = has ? store_column_int(s, 0) : 0;
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status remove_row(struct store_tx *tx, enum store_sql id, int64_t parameter,
                              struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, id, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, parameter);
    return store_tx_wrote(tx, s, err);
}

/* Removes at most *budget steps from the end of the chain. */
static enum status remove_steps(struct store_tx *tx, int64_t execution, uint32_t *budget,
                                struct error *err)
{
    int64_t tail, first, prev;
    if (find(tx, SQL_FIND_TAIL, execution, &tail, err) != STATUS_OK)
        return err->status;
    for (first = tail; tail != 0 && *budget > 0; tail = prev, --*budget)
        if (find(tx, SQL_FIND_PREV, tail, &prev, err) != STATUS_OK ||
            remove_row(tx, SQL_DELETE_STEP, tail, err) != STATUS_OK)
            return err->status;
    if (tail == first)
        return STATUS_OK;
    sqlite3_stmt *s = store_tx_writing(tx, SQL_CUT_TAIL, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_id(s, 2, tail);
    return store_tx_wrote(tx, s, err);
}

static enum status remove_documents(struct store_tx *tx, int64_t execution, uint32_t *budget,
                                    struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_DOCUMENTS, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, *budget);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    *budget -= (uint32_t)sqlite3_changes(tx->db.handle);
    return STATUS_OK;
}

/* An execution without map runs; *ret_gone: all of it is gone. */
static enum status remove_execution(struct store_tx *tx, int64_t id, uint32_t *budget,
                                    bool *ret_gone, struct error *err)
{
    *ret_gone = false;
    if (remove_row(tx, SQL_HIDE, id, err) != STATUS_OK ||
        remove_documents(tx, id, budget, err) != STATUS_OK ||
        remove_row(tx, SQL_DELETE_SNAPSHOT, id, err) != STATUS_OK ||
        remove_steps(tx, id, budget, err) != STATUS_OK)
        return err->status;
    if (*budget == 0)
        return STATUS_OK;
    --*budget;
    *ret_gone = true;
    return remove_row(tx, SQL_DELETE_EXECUTION, id, err);
}

/* Goes down from a hidden execution to the first one that has no map run with children, removing
 * empty map runs on the way. */
static enum status find_innermost(struct store_tx *tx, int64_t *id, uint32_t *budget,
                                  struct error *err)
{
    for (uint32_t depth = 0; *budget > 0;) {
        int64_t run, child;
        if (find(tx, SQL_FIRST_MAP_RUN, *id, &run, err) != STATUS_OK)
            return err->status;
        if (run == 0)
            return STATUS_OK;
        if (find(tx, SQL_FIRST_CHILD, run, &child, err) != STATUS_OK)
            return err->status;
        if (child != 0) {
            if (++depth > NEST_MAX)
                return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                                 "map runs of execution %lld lead in a circle", (long long)*id);
            *id = child;
        } else {
            --*budget;
            if (remove_row(tx, SQL_DELETE_MAP_RUN, run, err) != STATUS_OK)
                return err->status;
        }
    }
    return STATUS_OK;
}

/* A hidden execution or, when there is none, the one that expired first; 0: nothing to do. */
static enum status find_next(struct store_tx *tx, int64_t before_ms, int64_t *ret_id,
                             struct error *err)
{
    int64_t id;
    if (find(tx, SQL_FIND_HIDDEN, 0, &id, err) != STATUS_OK)
        return err->status;
    if (id == 0 && find(tx, SQL_FIND_EXPIRED, before_ms, &id, err) != STATUS_OK)
        return err->status;
    *ret_id = id;
    return STATUS_OK;
}

enum status store_expire_some(struct store_tx *tx, int64_t before_ms, bool *ret_more,
                              uint64_t *ret_executions, struct error *err)
{
    uint32_t budget = BATCH_ROWS;
    uint64_t gone = 0;
    while (budget > 0) {
        int64_t id = 0;
        bool is_gone;
        if (find_next(tx, before_ms, &id, err) != STATUS_OK)
            return err->status;
        if (id == 0)
            break;
        if (remove_row(tx, SQL_HIDE, id, err) != STATUS_OK)
            return err->status;
        if (find_innermost(tx, &id, &budget, err) != STATUS_OK ||
            remove_execution(tx, id, &budget, &is_gone, err) != STATUS_OK)
            return err->status;
        gone += is_gone;
    }
    *ret_more = budget == 0;
    *ret_executions = gone;
    return STATUS_OK;
}
