/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, as the steps that lead to it. A released step never changes; a change of the schema
 * is a new row of the table, and a file of the version before it in the tests.
 *
 * What decides its form: a step of an execution writes one row at the end of `step` and changes one
 * number in `execution`; everything with a key in random order (names, times) is written at start,
 * sleep and end only. A key (execution, number) on steps would touch one page per execution and
 * commit.
 */
#include "store/schema.h"
#include "base/check.h"
#include <stdio.h>

static const char version_1[] =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO setting VALUES ('next_id', 1);"

    "CREATE TABLE definition (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " text TEXT NOT NULL) STRICT;"

    "CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
    " definition INTEGER NOT NULL, created_at INTEGER NOT NULL, properties BLOB) STRICT;"

    "CREATE TABLE execution (id INTEGER PRIMARY KEY, shard INTEGER NOT NULL,"
    " machine INTEGER NOT NULL, definition INTEGER NOT NULL, tail INTEGER,"
    " pending INTEGER NOT NULL, due_at INTEGER, status TEXT NOT NULL, name TEXT,"
    " parent INTEGER, parent_frame INTEGER, parent_attempt INTEGER,"
    " map_run INTEGER, map_index INTEGER, started_at INTEGER NOT NULL, stopped_at INTEGER,"
    " input INTEGER, output INTEGER, error TEXT, cause TEXT,"
    " redrives INTEGER NOT NULL DEFAULT 0, redriven_at INTEGER) STRICT;"
    "CREATE UNIQUE INDEX execution_name ON execution (machine, name) WHERE name IS NOT NULL;"
    "CREATE INDEX execution_machine ON execution (machine) WHERE map_run IS NULL;"
    "CREATE UNIQUE INDEX execution_child ON execution (map_run, map_index)"
    " WHERE map_run IS NOT NULL;"
    "CREATE INDEX execution_pending ON execution (id, shard) WHERE pending = 1;"
    "CREATE INDEX execution_due ON execution (due_at) WHERE due_at IS NOT NULL;"
    "CREATE INDEX execution_stopped ON execution (stopped_at)"
    " WHERE stopped_at IS NOT NULL AND map_run IS NULL AND status <> 'DELETING';"
    "CREATE INDEX execution_deleting ON execution (id)"
    " WHERE status = 'DELETING' AND map_run IS NULL;"

    "CREATE TABLE step (id INTEGER PRIMARY KEY, execution INTEGER NOT NULL, prev INTEGER,"
    " body BLOB NOT NULL) STRICT;"

    "CREATE TABLE document (id INTEGER PRIMARY KEY, execution INTEGER NOT NULL,"
    " number INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX document_number ON document (execution, number);"

    "CREATE TABLE snapshot (execution INTEGER PRIMARY KEY, step INTEGER NOT NULL,"
    " body BLOB NOT NULL) STRICT;"

    "CREATE TABLE inbox (id INTEGER PRIMARY KEY, shard INTEGER NOT NULL,"
    " execution INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"

    "CREATE TABLE map_run (id INTEGER PRIMARY KEY, execution INTEGER NOT NULL,"
    " frame INTEGER NOT NULL, attempt INTEGER NOT NULL, label TEXT, status TEXT NOT NULL,"
    " started_at INTEGER NOT NULL, stopped_at INTEGER, redrives INTEGER NOT NULL,"
    " concurrency INTEGER NOT NULL, tolerated_percentage REAL, tolerated_count INTEGER,"
    " items_pending INTEGER NOT NULL, items_running INTEGER NOT NULL,"
    " items_succeeded INTEGER NOT NULL, items_failed INTEGER NOT NULL,"
    " items_timed_out INTEGER NOT NULL, items_aborted INTEGER NOT NULL,"
    " items_total INTEGER NOT NULL,"
    " children_pending INTEGER NOT NULL, children_running INTEGER NOT NULL,"
    " children_succeeded INTEGER NOT NULL, children_failed INTEGER NOT NULL,"
    " children_timed_out INTEGER NOT NULL, children_aborted INTEGER NOT NULL,"
    " children_total INTEGER NOT NULL, cursor BLOB, state BLOB) STRICT;"
    "CREATE INDEX map_run_execution ON map_run (execution);"

    "CREATE TABLE service (service TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (service, name)) STRICT, WITHOUT ROWID;"

    /* for people */
    "CREATE VIEW executions AS SELECT e.id, m.name AS machine, e.name, e.status,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', e.started_at / 1000.0, 'unixepoch') AS started,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', e.stopped_at / 1000.0, 'unixepoch') AS stopped,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch') AS due,"
    " e.pending, e.shard, e.parent, e.map_run, e.map_index, e.error, e.cause"
    " FROM execution e LEFT JOIN machine m ON m.id = e.machine;"
    /* json_each takes the list from a subquery that knows the execution, so that a condition on it
     * unrolls one chain; a recursive view alone would unroll all. */
    "CREATE VIEW history AS SELECT e.id AS execution, j.key + 1 AS position, s.id AS step,"
    " length(s.body) AS bytes, hex(s.body) AS body FROM execution e, json_each(("
    "  WITH RECURSIVE chain (id, prev) AS ("
    "   SELECT id, prev FROM step WHERE id = e.tail"
    "   UNION ALL SELECT s.id, s.prev FROM chain c JOIN step s ON s.id = c.prev)"
    "  SELECT json_group_array(id) FROM (SELECT id FROM chain ORDER BY id))) j"
    " JOIN step s ON s.id = j.value;"
    "CREATE VIEW waiting AS SELECT shard, count(*) AS unfinished, sum(pending) AS pending,"
    " count(due_at) AS sleeping FROM execution WHERE stopped_at IS NULL GROUP BY shard;";

static const char version_2[] =
    "CREATE TABLE item (space INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (space, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE item_count (space INTEGER PRIMARY KEY, items INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT;";

/* Which revision of its machine an execution runs, and what it was started through; map runs are
 * found by their ARNs. */
static const char version_3[] =
    "ALTER TABLE execution ADD COLUMN revision INTEGER;"
    "ALTER TABLE execution ADD COLUMN origin TEXT;"
    "ALTER TABLE map_run ADD COLUMN uuid TEXT;"
    "CREATE INDEX map_run_uuid ON map_run (uuid) WHERE uuid IS NOT NULL;";

/* Objects. `object` is read in the order of keys and has no rowid; the index by place serves the
 * rewriting of segments and grows at its end, as segments do. Counters of segments and files follow
 * the rows that refer to them, in the same transactions. */
static const char version_4[] =
    "CREATE TABLE bucket (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " created_at INTEGER NOT NULL, properties TEXT) STRICT;"

    "CREATE TABLE object (bucket INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,"
    " modified_at INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT,"
    " segment INTEGER, at INTEGER, file INTEGER, upload INTEGER, properties TEXT,"
    " PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX object_place ON object (segment, at) WHERE segment IS NOT NULL;"

    "CREATE TABLE segment (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL,"
    " live INTEGER NOT NULL) STRICT;"

    "CREATE TABLE file (id INTEGER PRIMARY KEY, uses INTEGER NOT NULL) STRICT;"
    "CREATE INDEX file_dead ON file (id) WHERE uses = 0;"

    "CREATE TABLE upload (id INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, key TEXT NOT NULL,"
    " initiated_at INTEGER NOT NULL, state TEXT NOT NULL, uses INTEGER NOT NULL,"
    " properties TEXT) STRICT;"
    "CREATE INDEX upload_open ON upload (bucket, key, id) WHERE state = 'OPEN';"
    "CREATE INDEX upload_dead ON upload (id) WHERE state <> 'OPEN' AND uses = 0;"

    "CREATE TABLE part (upload INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL,"
    " modified_at INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT, file INTEGER NOT NULL,"
    " PRIMARY KEY (upload, number)) STRICT, WITHOUT ROWID;"

    /* for people */
    "CREATE VIEW objects AS SELECT b.name AS bucket, o.key, o.size,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', o.modified_at / 1000.0, 'unixepoch') AS modified, o.etag,"
    " CASE WHEN o.segment IS NOT NULL THEN 'segment ' || o.segment || ' at ' || o.at"
    " WHEN o.file IS NOT NULL THEN 'file ' || o.file"
    " WHEN o.upload IS NOT NULL THEN 'parts of upload ' || o.upload ELSE 'empty' END AS place,"
    " o.properties FROM object o JOIN bucket b ON b.id = o.bucket;";

/* Unfinished runs are few and listed by id; `job` is in their index to be counted by. */
static const char version_5[] =
    "CREATE TABLE job_run (id INTEGER PRIMARY KEY, job INTEGER NOT NULL,"
    " name TEXT NOT NULL UNIQUE, state TEXT NOT NULL, started_at INTEGER NOT NULL,"
    " modified_at INTEGER NOT NULL, running_at INTEGER, completed_at INTEGER, error TEXT,"
    " detail TEXT, body TEXT NOT NULL) STRICT;"
    "CREATE INDEX job_run_job ON job_run (job, id);"
    "CREATE INDEX job_run_open ON job_run (id, job) WHERE completed_at IS NULL;"
    "CREATE INDEX job_run_ended ON job_run (completed_at) WHERE completed_at IS NOT NULL;";

/* Row i leads from version i to version i + 1. */
static const char *const migrations[] = {version_1, version_2, version_3, version_4, version_5};

static enum status read_versions(struct store_db *db, int64_t *ret_application,
                                 int64_t *ret_version, struct error *err)
{
    if (store_db_number(db, "PRAGMA application_id", ret_application, err) != STATUS_OK)
        return err->status;
    return store_db_number(db, "PRAGMA user_version", ret_version, err);
}

static enum status check_versions(struct store_db *db, int64_t *ret_version, struct error *err)
{
    int64_t application, tables;
    if (read_versions(db, &application, ret_version, err) != STATUS_OK ||
        store_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err) != STATUS_OK)
        return err->status;
    if (application != STORE_APPLICATION_ID &&
        (application != 0 || *ret_version != 0 || tables != 0))
        return error_set(err, STATUS_INVALID, "StoreForeign",
                         "afflux.db belongs to another program");
    if (*ret_version > STORE_SCHEMA_VERSION)
        return error_set(err, STATUS_INVALID, "StoreNewer",
                         "the data folder was written by a newer afflux (schema %lld, this program "
                         "knows %d)",
                         (long long)*ret_version, STORE_SCHEMA_VERSION);
    return STATUS_OK;
}

enum status store_schema_check(struct store_db *db, struct error *err)
{
    int64_t version;
    if (check_versions(db, &version, err) != STATUS_OK)
        return err->status;
    if (version < STORE_SCHEMA_VERSION)
        return error_set(err, STATUS_INVALID, "StoreOlder",
                         "the data folder has schema %lld; a server of this version has to open it "
                         "first to bring it to %d",
                         (long long)version, STORE_SCHEMA_VERSION);
    return STATUS_OK;
}

static enum status migrate_once(struct store_db *db, int64_t version, struct error *err)
{
    char mark[96];
    snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             STORE_APPLICATION_ID, (int)version + 1);
    struct error undo;
    if (store_db_exec(db, "BEGIN IMMEDIATE", err) != STATUS_OK)
        return err->status;
    if (store_db_exec(db, migrations[version], err) == STATUS_OK &&
        store_db_exec(db, mark, err) == STATUS_OK && store_db_exec(db, "COMMIT", err) == STATUS_OK)
        return STATUS_OK;
    if (!sqlite3_get_autocommit(db->handle))
        (void)!store_db_exec(db, "ROLLBACK", &undo);
    return error_wrap(err, "bringing the data folder from schema %d to %d", (int)version,
                      (int)version + 1);
}

enum status store_schema_migrate(struct store_db *db, struct error *err)
{
    _Static_assert(ARRAY_LEN(migrations) == STORE_SCHEMA_VERSION, "a step for each version");
    int64_t version;
    if (check_versions(db, &version, err) != STATUS_OK)
        return err->status;
    for (; version < STORE_SCHEMA_VERSION; version++)
        if (migrate_once(db, version, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}
