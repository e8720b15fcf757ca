/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SQLite connection with its prepared statements, and SQLite's results as errors of this
 * project. Inside of store/ only. A connection belongs to one thread at a time.
 */
#ifndef AFFLUX_STORE_DB_H
#define AFFLUX_STORE_DB_H

#include "base/arena.h"
#include "base/error.h"
#include "store/cache.h"
#include "store/sql.h"
#include <sqlite3.h>

struct store_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[STORE_SQL_COUNT]; /* prepared when first used */
};

enum store_db_mode { STORE_DB_WRITE, STORE_DB_READ };

/* Opens DIR/afflux.db by the file layer vfs (NULL: the default) with the settings that its use
 * asks for. */
NODISCARD enum status store_db_open(struct store_db *db, str dir, const char *vfs,
                                    enum store_db_mode mode, struct error *err);
void store_db_close(struct store_db *db);

/* The failure that the connection reports for result code rc. */
enum status store_db_error(const struct store_db *db, int rc, struct error *err);
/* Has the file, and not what was asked of it, failed? */
bool store_db_is_fatal(enum status status);

/* The statement, ready to be bound; NULL and err when it cannot be prepared. */
sqlite3_stmt *store_db_statement(struct store_db *db, enum store_sql id, struct error *err);
/* Runs a statement that gives no rows and resets it. */
NODISCARD enum status store_db_run(struct store_db *db, sqlite3_stmt *s, struct error *err);
/* Runs one without parameters. */
NODISCARD enum status store_db_do(struct store_db *db, enum store_sql id, struct error *err);
/* Goes to the next row; when there is none, *ret_has is false and the statement is reset. */
NODISCARD enum status store_db_next(struct store_db *db, sqlite3_stmt *s, bool *ret_has,
                                    struct error *err);
/* Runs SQL text: settings and schemas. */
NODISCARD enum status store_db_exec(struct store_db *db, const char *sql, struct error *err);
/* The number that one query gives; 0 when it gives none. */
NODISCARD enum status store_db_number(struct store_db *db, const char *sql, int64_t *ret,
                                      struct error *err);

/* Parameters, numbered from 1. Bytes are borrowed until the statement is reset. */
void store_bind_int(sqlite3_stmt *s, int at, int64_t value);
void store_bind_id(sqlite3_stmt *s, int at, int64_t id);     /* 0: NULL */
void store_bind_time(sqlite3_stmt *s, int at, int64_t time); /* STORE_NEVER: NULL */
void store_bind_blob(sqlite3_stmt *s, int at, str bytes);    /* p NULL: NULL */
void store_bind_text(sqlite3_stmt *s, int at, str text);     /* p NULL: NULL */

/* Columns, numbered from 0, NULL as the counterparts above have it. Bytes are copied. */
int64_t store_column_int(sqlite3_stmt *s, int at);
int64_t store_column_time(sqlite3_stmt *s, int at);
str store_column_bytes(sqlite3_stmt *s, int at, struct arena *a);

/* A reader's insides: a writer's connection serves as one too. */
struct store_reader {
    struct store_db *db;
    struct store_db own; /* db points here when it was opened by store_reader_open */
    struct store_cache cache;
};

#endif
