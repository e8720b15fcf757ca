/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of job_run. Lists are read at once: the pages of their callers bound them. */
#include "store/job_runs.h"
#include "base/check.h"
#include "store/read_row.h"
#include "store/tx_internal.h"

/* ---- reading ---- */

/* The current row of a statement that selects JOB_RUN_COLUMNS. */
static enum status read_job_run(sqlite3_stmt *s, struct arena *a, struct store_job_run *ret,
                                struct error *err)
{
    struct store_job_run run = {.id = store_column_int(s, 0),
                                .job = store_column_int(s, 1),
                                .started_ms = store_column_int(s, 4),
                                .modified_ms = store_column_int(s, 5),
                                .running_ms = store_column_time(s, 6),
                                .completed_ms = store_column_time(s, 7)};
    if (store_read_bytes(s, 2, a, &run.name, err) != STATUS_OK ||
        store_read_bytes(s, 3, a, &run.state, err) != STATUS_OK ||
        store_read_bytes(s, 8, a, &run.error, err) != STATUS_OK ||
        store_read_bytes(s, 9, a, &run.detail, err) != STATUS_OK ||
        store_read_bytes(s, 10, a, &run.body, err) != STATUS_OK)
        return err->status;
    *ret = run;
    return STATUS_OK;
}

enum status store_find_job_run(struct store_reader *r, str name, struct arena *a,
                               struct store_job_run *ret, struct error *err)
{
    bool has;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_JOB_RUN, err);
    if (!s)
        return err->status;
    store_bind_text(s, 1, name.p ? name : STR(""));
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no job run %.*s",
                         STR_ARG(str_sub(name, 0, 256)));
    enum status status = read_job_run(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

/* All rows of a bound statement, at most limit. */
static enum status read_runs(struct store_reader *r, sqlite3_stmt *s, uint32_t limit,
                             struct arena *a, struct store_job_runs *ret, struct error *err)
{
    struct store_job_runs runs = {0};
    if (store_room(a, limit * sizeof(*runs.rows), err) != STATUS_OK) {
        sqlite3_reset(s);
        return err->status;
    }
    runs.rows = arena_alloc(a, limit * sizeof(*runs.rows));
    for (bool has = true; has && runs.count < limit;) {
        if (store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (has && read_job_run(s, a, &runs.rows[runs.count++], err) != STATUS_OK) {
            sqlite3_reset(s);
            return err->status;
        }
    }
    sqlite3_reset(s);
    *ret = runs;
    return STATUS_OK;
}

enum status store_list_job_runs(struct store_reader *r, int64_t job, int64_t before, uint32_t limit,
                                struct arena *a, struct store_job_runs *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_JOB_RUNS, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, job);
    store_bind_int(s, 2, before > 0 ? before : INT64_MAX);
    store_bind_int(s, 3, limit);
    return read_runs(r, s, limit, a, ret, err);
}

enum status store_list_open_job_runs(struct store_reader *r, int64_t after, uint32_t limit,
                                     struct arena *a, struct store_job_runs *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_OPEN_JOB_RUNS, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, after);
    store_bind_int(s, 2, limit);
    return read_runs(r, s, limit, a, ret, err);
}

enum status store_count_open_job_runs(struct store_reader *r, int64_t job, str without,
                                      uint32_t *ret_count, struct error *err)
{
    bool has;
    sqlite3_stmt *s = store_db_statement(r->db, SQL_COUNT_OPEN_JOB_RUNS, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, job);
    store_bind_text(s, 2, without);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    *ret_count = has ? (uint32_t)store_column_int(s, 0) : 0;
    sqlite3_reset(s);
    return STATUS_OK;
}

enum status store_list_ended_job_runs(struct store_reader *r, int64_t before_ms, uint32_t limit,
                                      struct arena *a, struct store_job_runs *ret,
                                      struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_ENDED_JOB_RUNS, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, before_ms);
    store_bind_int(s, 2, limit);
    return read_runs(r, s, limit, a, ret, err);
}

/* ---- writing ---- */

static enum status refuse(struct store_tx *tx, enum status status)
{
    if (tx->failure == STATUS_OK)
        tx->failure = status;
    return status;
}

/* What both statements bind alike. */
static void bind_run(sqlite3_stmt *s, const struct store_job_run *run)
{
    store_bind_int(s, 1, run->id);
    store_bind_text(s, 2, run->state);
    store_bind_int(s, 3, run->modified_ms);
    store_bind_time(s, 4, run->running_ms);
    store_bind_time(s, 5, run->completed_ms);
    store_bind_text(s, 6, run->error);
    store_bind_text(s, 7, run->detail);
}

enum status store_tx_add_job_run(struct store_tx *tx, const struct store_job_run *run,
                                 struct error *err)
{
    sqlite3_stmt *s =
        store_tx_writing(tx, SQL_ADD_JOB_RUN, run->name.n + run->body.n + run->error.n, err);
    if (!s)
        return err->status;
    bind_run(s, run);
    store_bind_int(s, 8, run->job);
    store_bind_text(s, 9, run->name);
    store_bind_int(s, 10, run->started_ms);
    store_bind_text(s, 11, run->body);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return refuse(tx, error_set(err, STATUS_CONFLICT, "StoreNameTaken",
                                    "there is a job run %.*s", STR_ARG(run->name)));
    return STATUS_OK;
}

static enum status wrote_run(struct store_tx *tx, sqlite3_stmt *s, int64_t id, struct error *err)
{
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return refuse(tx, error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no job run %lld",
                                    (long long)id));
    return STATUS_OK;
}

enum status store_tx_set_job_run(struct store_tx *tx, const struct store_job_run *run,
                                 struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_SET_JOB_RUN, run->error.n + run->detail.n, err);
    if (!s)
        return err->status;
    bind_run(s, run);
    return wrote_run(tx, s, run->id, err);
}

enum status store_tx_delete_job_run(struct store_tx *tx, int64_t id, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_JOB_RUN, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, id);
    return wrote_run(tx, s, id, err);
}
