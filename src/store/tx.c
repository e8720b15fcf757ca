/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What units write: one short function for each kind of write, and the run of a unit in its
 * SAVEPOINT. Groups and commits are group.c.
 */
#include "store/tx_internal.h"
#include "base/check.h"
#include <stdlib.h>

/* ---- a unit ---- */

enum status store_tx_failed(struct store_tx *tx, enum status status)
{
    if (tx->failure == STATUS_OK)
        tx->failure = status;
    return status;
}

sqlite3_stmt *store_tx_writing(struct store_tx *tx, enum store_sql id, size_t bytes,
                               struct error *err)
{
    if (bytes > STORE_ROW_MAX) {
        store_tx_failed(tx,
                        error_set(err, STATUS_LIMIT, "StoreTooLarge",
                                  "a row of %zu bytes is longer than the %d that the store takes",
                                  bytes, STORE_ROW_MAX));
        return NULL;
    }
    if (!tx->is_saved) {
        if (store_db_do(&tx->db, SQL_SAVEPOINT, err) != STATUS_OK) {
            store_tx_failed(tx, err->status);
            return NULL;
        }
        tx->is_saved = true;
    }
    tx->rows++;
    tx->bytes += bytes;
    sqlite3_stmt *s = store_db_statement(&tx->db, id, err);
    if (!s)
        store_tx_failed(tx, err->status);
    return s;
}

enum status store_tx_wrote(struct store_tx *tx, sqlite3_stmt *s, struct error *err)
{
    enum status status = store_db_run(&tx->db, s, err);
    return status == STATUS_OK ? STATUS_OK : store_tx_failed(tx, status);
}

enum status store_tx_wrote_one(struct store_tx *tx, sqlite3_stmt *s, const char *what, int64_t id,
                               struct error *err)
{
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return store_tx_failed(tx, error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no %s %lld",
                                             what, (long long)id));
    return STATUS_OK;
}

/* What readers remember is about to be other than it was. */
static void change_kept(struct store_tx *tx)
{
    tx->changes_kept = true;
    tx->kept_count++;
}

/* Undoes what the unit wrote. */
static enum status undo(struct store_tx *tx, struct error *err)
{
    if (!tx->is_saved)
        return STATUS_OK;
    tx->kept_count++;
    return store_db_do(&tx->db, SQL_UNDO, err);
}

enum status store_tx_run_unit(struct store_tx *tx, struct store_unit *u, struct error *err)
{
    tx->unit = u;
    tx->is_saved = false;
    tx->failure = STATUS_OK;
    u->reply = (str){NULL, 0};
    u->status = u->run(tx, u->args, &tx->scratch, &u->error);
    arena_reset(&tx->scratch);
    tx->unit = NULL;
    check(u->status != STATUS_OK || tx->failure == STATUS_OK);
    if (sqlite3_get_autocommit(tx->db.handle) || store_db_is_fatal(tx->failure)) {
        *err = u->error; /* SQLite has rolled everything back, or is in no state to go on */
        return err->status;
    }
    if (u->status != STATUS_OK && undo(tx, err) != STATUS_OK)
        return err->status;
    return tx->is_saved ? store_db_do(&tx->db, SQL_RELEASE, err) : STATUS_OK;
}

void store_tx_reply(struct store_tx *tx, str bytes)
{
    store_unit_done(tx->unit);
    char *copy = malloc(bytes.n ? bytes.n : 1);
    check(copy != NULL);
    if (bytes.n != 0)
        memcpy(copy, bytes.p, bytes.n);
    tx->unit->reply = (str){copy, bytes.n};
}

int64_t store_tx_new_id(struct store_tx *tx)
{
    return store_new_id(tx->store);
}

struct store_reader *store_tx_reader(struct store_tx *tx)
{
    return &tx->reader;
}

/* ---- definitions and machines ---- */

enum status store_tx_put_definition(struct store_tx *tx, str hash, str text, int64_t *ret_id,
                                    struct error *err)
{
    sqlite3_stmt *s = store_db_statement(&tx->db, SQL_FIND_HASH, err);
    if (!s)
        return store_tx_failed(tx, err->status);
    store_bind_blob(s, 1, hash);
    bool has;
    if (store_db_next(&tx->db, s, &has, err) != STATUS_OK)
        return store_tx_failed(tx, err->status);
    int64_t id = has ? store_column_int(s, 0) : store_tx_new_id(tx);
    if (!has) {
        s = store_tx_writing(tx, SQL_ADD_DEFINITION, text.n, err);
        if (!s)
            return err->status;
        store_bind_int(s, 1, id);
        store_bind_blob(s, 2, hash);
        store_bind_text(s, 3, text);
        if (store_tx_wrote(tx, s, err) != STATUS_OK)
            return err->status;
    } else {
        sqlite3_reset(s);
    }
    *ret_id = id;
    return STATUS_OK;
}

static enum status name_taken(struct store_tx *tx, const char *what, str name, struct error *err)
{
    return store_tx_failed(tx, error_set(err, STATUS_CONFLICT, "StoreNameTaken",
                                         "there is %s named %.*s", what,
                                         STR_ARG(str_sub(name, 0, 256))));
}

enum status store_tx_put_machine(struct store_tx *tx, const struct store_machine *m,
                                 struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_MACHINE, m->properties.n, err);
    if (!s)
        return err->status;
    change_kept(tx);
    store_bind_int(s, 1, m->id);
    store_bind_text(s, 2, m->name);
    store_bind_text(s, 3, m->type);
    store_bind_int(s, 4, m->definition);
    store_bind_int(s, 5, m->created_ms);
    store_bind_blob(s, 6, m->properties);
    if (store_tx_wrote(tx, s, err) == STATUS_CONFLICT)
        return name_taken(tx, "another machine", m->name, err);
    return tx->failure;
}

enum status store_tx_delete_machine(struct store_tx *tx, int64_t id, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_MACHINE, 0, err);
    if (!s)
        return err->status;
    change_kept(tx);
    store_bind_int(s, 1, id);
    return store_tx_wrote_one(tx, s, "machine", id, err);
}

/* ---- executions ---- */

enum status store_tx_start(struct store_tx *tx, const struct store_execution *e, struct error *err)
{
    check(e->id > 0 && e->tail == 0 && e->shard < STORE_SHARDS);
    sqlite3_stmt *s = store_tx_writing(tx, SQL_START, 0, err);
    if (!s)
        return err->status;
    bool is_child = e->map_run != 0;
    store_bind_int(s, 1, e->id);
    store_bind_int(s, 2, e->shard);
    store_bind_int(s, 3, e->machine);
    store_bind_int(s, 4, e->definition);
    store_bind_text(s, 5, e->name.n ? e->name : (str){NULL, 0});
    store_bind_id(s, 6, e->parent);
    store_bind_id(s, 7, e->parent_frame);
    store_bind_id(s, 8, e->parent_attempt);
    store_bind_id(s, 9, e->map_run);
    store_bind_time(s, 10, is_child ? (int64_t)e->map_index : STORE_NEVER);
    store_bind_text(s, 11, str_of(store_status_name(e->status)));
    store_bind_int(s, 12, e->is_pending);
    store_bind_time(s, 13, e->due_ms);
    store_bind_int(s, 14, e->started_ms);
    store_bind_id(s, 15, e->input);
    store_bind_id(s, 16, e->revision);
    store_bind_text(s, 17, e->origin.n ? e->origin : (str){NULL, 0});
    if (store_tx_wrote(tx, s, err) == STATUS_CONFLICT)
        return name_taken(tx, "an execution", is_child ? STR("so in its map run") : e->name, err);
    return tx->failure;
}

enum status store_tx_append(struct store_tx *tx, const struct store_step *step, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_ADD_STEP, step->body.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, step->id);
    store_bind_int(s, 2, step->execution);
    store_bind_id(s, 3, step->prev);
    store_bind_blob(s, 4, step->body.p ? step->body : STR(""));
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    s = store_db_statement(&tx->db, SQL_SET_TAIL, err);
    if (!s)
        return store_tx_failed(tx, err->status);
    store_bind_int(s, 1, step->id);
    store_bind_int(s, 2, step->execution);
    store_bind_id(s, 3, step->prev);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return store_tx_failed(tx, error_set(err, STATUS_CONFLICT, "StoreFork",
                                             "step %lld is not the last one of execution %lld",
                                             (long long)step->prev, (long long)step->execution));
    return STATUS_OK;
}

enum status store_tx_set_waiting(struct store_tx *tx, int64_t execution, bool is_pending,
                                 int64_t due_ms, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_SET_WAITING, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, is_pending);
    store_bind_time(s, 3, due_ms);
    return store_tx_wrote_one(tx, s, "execution", execution, err);
}

enum status store_tx_end(struct store_tx *tx, int64_t execution, const struct store_ending *ending,
                         struct error *err)
{
    check(ending->status != STORE_RUNNING && ending->status < STORE_PENDING_REDRIVE);
    size_t bytes = ending->error.n + ending->cause.n;
    sqlite3_stmt *s = store_tx_writing(tx, SQL_END, bytes, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_text(s, 2, str_of(store_status_name(ending->status)));
    store_bind_int(s, 3, ending->stopped_ms);
    store_bind_id(s, 4, ending->output);
    store_bind_text(s, 5, ending->error);
    store_bind_text(s, 6, ending->cause);
    return store_tx_wrote_one(tx, s, "execution", execution, err);
}

enum status store_tx_redrive(struct store_tx *tx, int64_t execution, int64_t now_ms,
                             struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_REDRIVE, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, now_ms);
    return store_tx_wrote_one(tx, s, "execution", execution, err);
}

enum status store_tx_set_status(struct store_tx *tx, int64_t execution, enum store_status status,
                                struct error *err)
{
    check(status == STORE_RUNNING || status == STORE_PENDING_REDRIVE);
    sqlite3_stmt *s = store_tx_writing(tx, SQL_SET_STATUS, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_text(s, 2, str_of(store_status_name(status)));
    return store_tx_wrote_one(tx, s, "execution", execution, err);
}

enum status store_tx_expire(struct store_tx *tx, int64_t execution, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_HIDE, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    tx->expires = true;
    return store_tx_wrote_one(tx, s, "execution", execution, err);
}

/* ---- bodies and messages ---- */

enum status store_tx_put_document(struct store_tx *tx, int64_t execution, int64_t number, str body,
                                  struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_DOCUMENT, body.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, number);
    store_bind_blob(s, 3, body.p ? body : STR(""));
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_put_snapshot(struct store_tx *tx, int64_t execution, int64_t step, str body,
                                  struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_SNAPSHOT, body.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, execution);
    store_bind_int(s, 2, step);
    store_bind_blob(s, 3, body.p ? body : STR(""));
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_send(struct store_tx *tx, const struct store_message *m, struct error *err)
{
    check(m->shard < STORE_SHARDS);
    sqlite3_stmt *s = store_tx_writing(tx, SQL_SEND, m->body.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, m->id);
    store_bind_int(s, 2, m->shard);
    store_bind_int(s, 3, m->execution);
    store_bind_blob(s, 4, m->body.p ? m->body : STR(""));
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_receive(struct store_tx *tx, int64_t id, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_RECEIVE, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, id);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return store_tx_failed(tx, error_set(err, STATUS_NOT_FOUND, "StoreMessageGone",
                                             "message %lld was received before", (long long)id));
    return STATUS_OK;
}

/* ---- map runs ---- */

static void bind_counts(sqlite3_stmt *s, int at, const struct store_counts *c)
{
    const uint64_t counts[] = {c->pending,   c->running, c->succeeded, c->failed,
                               c->timed_out, c->aborted, c->total};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        store_bind_int(s, at + (int)i, (int64_t)counts[i]);
}

static enum status put_map_run(struct store_tx *tx, enum store_sql id,
                               const struct store_map_run *m, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, id, m->cursor.n + m->state.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, m->id);
    if (id == SQL_START_MAP_RUN) {
        store_bind_int(s, 2, m->execution);
        store_bind_int(s, 3, m->frame);
        store_bind_int(s, 4, m->attempt);
        store_bind_text(s, 5, m->label);
        store_bind_int(s, 7, m->started_ms);
        store_bind_text(s, 29, m->uuid.n ? m->uuid : (str){NULL, 0});
    }
    store_bind_text(s, 6, str_of(store_status_name(m->status)));
    store_bind_time(s, 8, m->stopped_ms);
    store_bind_int(s, 9, m->redrives);
    store_bind_int(s, 10, (int64_t)m->concurrency);
    if (m->tolerated_percentage >= 0)
        check(sqlite3_bind_double(s, 11, m->tolerated_percentage) == SQLITE_OK);
    else
        store_bind_id(s, 11, 0);
    store_bind_time(s, 12, m->tolerated_count >= 0 ? m->tolerated_count : STORE_NEVER);
    bind_counts(s, 13, &m->items);
    bind_counts(s, 20, &m->children);
    store_bind_blob(s, 27, m->cursor);
    store_bind_blob(s, 28, m->state);
    return store_tx_wrote_one(tx, s, "map run", m->id, err);
}

enum status store_tx_start_map_run(struct store_tx *tx, const struct store_map_run *m,
                                   struct error *err)
{
    return put_map_run(tx, SQL_START_MAP_RUN, m, err);
}

enum status store_tx_set_map_run(struct store_tx *tx, const struct store_map_run *m,
                                 struct error *err)
{
    return put_map_run(tx, SQL_SET_MAP_RUN, m, err);
}

/* ---- things of services ---- */

enum status store_tx_put_thing(struct store_tx *tx, str service, str name, str body,
                               struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_THING, name.n + body.n, err);
    if (!s)
        return err->status;
    change_kept(tx);
    store_bind_text(s, 1, service);
    store_bind_text(s, 2, name);
    store_bind_blob(s, 3, body.p ? body : STR(""));
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_delete_thing(struct store_tx *tx, str service, str name, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_THING, 0, err);
    if (!s)
        return err->status;
    change_kept(tx);
    store_bind_text(s, 1, service);
    store_bind_text(s, 2, name);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return store_tx_failed(tx, error_set(err, STATUS_NOT_FOUND, "StoreNotFound",
                                             "no %.*s named %.*s", STR_ARG(service),
                                             STR_ARG(str_sub(name, 0, 256))));
    return STATUS_OK;
}
