/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite connections: how they are set up, prepared statements, results as errors. What the
 * statements are is sql.h, what they mean tx.c and reader.c.
 */
#include "store/db.h"
#include "base/check.h"
#include "store/row.h"
#include <stdio.h>

static const char *const statement_text[STORE_SQL_COUNT] = {
#define X(id, text) [SQL_##id] = text,
    STORE_SQL_LIST(X)
#undef X
};

static const char *const status_text[STORE_STATUS_COUNT] = {
#define X(id, text) [STORE_##id] = text,
    STORE_STATUS_LIST(X)
#undef X
};

const char *store_status_name(enum store_status status)
{
    check((unsigned)status < STORE_STATUS_COUNT);
    return status_text[status];
}

/* ---- errors ---- */

static const struct {
    int code;
    enum status status;
    const char *name;
    const char *text;
} failures[] = {
    {SQLITE_FULL, STATUS_UNAVAILABLE, "StoreFull", "no room is left on the disk"},
    {SQLITE_IOERR, STATUS_IO, "StoreIo", "the disk failed"},
    {SQLITE_CORRUPT, STATUS_CORRUPT, "StoreCorrupt", "the file is damaged"},
    {SQLITE_NOTADB, STATUS_CORRUPT, "StoreCorrupt", "the file is not a database"},
    {SQLITE_READONLY, STATUS_IO, "StoreReadOnly", "the file cannot be written"},
    {SQLITE_CANTOPEN, STATUS_IO, "StoreIo", "the file cannot be opened"},
    {SQLITE_PERM, STATUS_IO, "StoreReadOnly", "access is denied"},
    {SQLITE_BUSY, STATUS_BUSY, "StoreBusy", "another program keeps the file locked"},
    {SQLITE_LOCKED, STATUS_BUSY, "StoreBusy", "another program keeps the file locked"},
    {SQLITE_PROTOCOL, STATUS_BUSY, "StoreBusy", "another program keeps the file locked"},
    {SQLITE_CONSTRAINT, STATUS_CONFLICT, "StoreConflict", "the row is there already"},
    {SQLITE_TOOBIG, STATUS_LIMIT, "StoreTooLarge", "a row is larger than the store can hold"},
    {SQLITE_NOMEM, STATUS_UNAVAILABLE, "StoreMemory", "there is not enough memory"},
};

enum status store_db_error(const struct store_db *db, int rc, struct error *err)
{
    const char *detail = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc);
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        if (failures[i].code == (rc & 0xFF))
            return error_set(err, failures[i].status, failures[i].name, "afflux.db: %s (%s)",
                             failures[i].text, detail);
    return error_set(err, STATUS_IO, "StoreIo", "afflux.db: %s", detail);
}

bool store_db_is_fatal(enum status status)
{
    return status == STATUS_IO || status == STATUS_CORRUPT || status == STATUS_UNAVAILABLE ||
           status == STATUS_BUSY;
}

/* ---- statements ---- */

sqlite3_stmt *store_db_statement(struct store_db *db, enum store_sql id, struct error *err)
{
    sqlite3_stmt **s = &db->statements[id];
    if (!*s) {
        int rc = sqlite3_prepare_v3(db->handle, statement_text[id], -1, SQLITE_PREPARE_PERSISTENT,
                                    s, NULL);
        if (rc != SQLITE_OK) {
            store_db_error(db, rc, err);
            return NULL;
        }
    }
    return *s;
}

enum status store_db_run(struct store_db *db, sqlite3_stmt *s, struct error *err)
{
    int rc = sqlite3_step(s);
    enum status status = STATUS_OK;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        status = store_db_error(db, rc, err);
    sqlite3_reset(s);
    return status;
}

enum status store_db_do(struct store_db *db, enum store_sql id, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(db, id, err);
    return s ? store_db_run(db, s, err) : err->status;
}

enum status store_db_next(struct store_db *db, sqlite3_stmt *s, bool *ret_has, struct error *err)
{
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        *ret_has = true;
        return STATUS_OK;
    }
    enum status status = rc == SQLITE_DONE ? STATUS_OK : store_db_error(db, rc, err);
    sqlite3_reset(s);
    if (status == STATUS_OK)
        *ret_has = false;
    return status;
}

enum status store_db_exec(struct store_db *db, const char *sql, struct error *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STATUS_OK : store_db_error(db, rc, err);
}

enum status store_db_number(struct store_db *db, const char *sql, int64_t *ret, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);
    int64_t value = 0;
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        if (rc == SQLITE_ROW)
            value = sqlite3_column_int64(s, 0);
    }
    enum status status = STATUS_OK;
    if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
        status = store_db_error(db, rc, err);
    else
        *ret = value;
    sqlite3_finalize(s);
    return status;
}

/* ---- parameters and columns ---- */

/* A binding fails only for want of memory, which ends the program as it does everywhere: what is
 * longer than a row may be was refused before. */
void store_bind_int(sqlite3_stmt *s, int at, int64_t value)
{
    check(sqlite3_bind_int64(s, at, value) == SQLITE_OK);
}

void store_bind_id(sqlite3_stmt *s, int at, int64_t id)
{
    check((id == 0 ? sqlite3_bind_null(s, at) : sqlite3_bind_int64(s, at, id)) == SQLITE_OK);
}

void store_bind_time(sqlite3_stmt *s, int at, int64_t time)
{
    check((time == STORE_NEVER ? sqlite3_bind_null(s, at) : sqlite3_bind_int64(s, at, time)) ==
          SQLITE_OK);
}

void store_bind_blob(sqlite3_stmt *s, int at, str bytes)
{
    check(sqlite3_bind_blob64(s, at, bytes.p, bytes.n, SQLITE_STATIC) == SQLITE_OK);
}

void store_bind_text(sqlite3_stmt *s, int at, str text)
{
    check(sqlite3_bind_text64(s, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
}

int64_t store_column_int(sqlite3_stmt *s, int at)
{
    return sqlite3_column_int64(s, at);
}

int64_t store_column_time(sqlite3_stmt *s, int at)
{
    return sqlite3_column_type(s, at) == SQLITE_NULL ? STORE_NEVER : sqlite3_column_int64(s, at);
}

str store_column_bytes(sqlite3_stmt *s, int at, struct arena *a)
{
    if (sqlite3_column_type(s, at) == SQLITE_NULL)
        return (str){NULL, 0};
    const char *p = sqlite3_column_blob(s, at);
    return arena_dup(a, (str){p ? p : "", (size_t)sqlite3_column_bytes(s, at)});
}

/* ---- opening ---- */

/* cache_size: KB. The log is cut back to journal_size_limit after a long reader made it grow. */
static const char *const settings[] = {
    [STORE_DB_WRITE] = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                       "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192;"
                       "PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;"
                       "PRAGMA cell_size_check = ON",
    [STORE_DB_READ] = "PRAGMA query_only = ON; PRAGMA cache_size = -4096;"
                      "PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF;"
                      "PRAGMA cell_size_check = ON",
};

enum { BUSY_MS = 5000 }; /* somebody's sqlite3 may write for a moment */

static enum status set_wal(struct store_db *db, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode = WAL", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum status status = STATUS_OK;
    if (rc != SQLITE_ROW)
        status = store_db_error(db, rc, err);
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(s, 0), "wal") != 0)
        status = error_set(err, STATUS_IO, "StoreFolder",
                           "the file system of the data folder has no shared memory for files (a "
                           "network share?)");
    sqlite3_finalize(s);
    return status;
}

static enum status set_up(struct store_db *db, enum store_db_mode mode, struct error *err)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (mode == STORE_DB_READ) /* the last one to close a file copies its log, if not told so */
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (mode == STORE_DB_WRITE) {
        if (sqlite3_db_readonly(db->handle, "main") == 1)
            return error_set(err, STATUS_IO, "StoreReadOnly",
                             "afflux.db: the file cannot be written");
        if (set_wal(db, err) != STATUS_OK)
            return err->status;
    }
    return store_db_exec(db, settings[mode], err);
}

enum status store_db_open(struct store_db *db, str dir, const char *vfs, enum store_db_mode mode,
                          struct error *err)
{
    *db = (struct store_db){0};
    struct arena a;
    arena_init(&a, 0);
    str path = arena_printf(&a, "%.*s/afflux.db", STR_ARG(dir));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (mode == STORE_DB_WRITE)
        flags |= SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(arena_cstr(&a, path), &db->handle, flags, vfs);
    arena_done(&a);
    enum status status = rc == SQLITE_OK ? set_up(db, mode, err) : store_db_error(db, rc, err);
    if (status != STATUS_OK)
        store_db_close(db);
    return status;
}

void store_db_close(struct store_db *db)
{
    for (size_t i = 0; i < STORE_SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    *db = (struct store_db){0};
}
