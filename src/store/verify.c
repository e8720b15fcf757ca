/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a data folder is whole: SQLite's own check, then what must hold between rows. Each rule
 * is a query that finds one row that breaks it.
 */
#include "store/reader.h"
#include "store/db.h"

static const struct {
    const char *what;
    const char *sql;
} rules[] = {
    {"the last step of an execution is missing or another's",
     "SELECT e.id FROM execution e LEFT JOIN step s ON s.id = e.tail "
     "WHERE e.tail IS NOT NULL AND s.execution IS NOT e.id LIMIT 1"},
    {"a step follows one that is missing or another's",
     "SELECT s.id FROM step s LEFT JOIN step p ON p.id = s.prev "
     "WHERE s.prev IS NOT NULL AND (p.execution IS NOT s.execution OR p.id >= s.id) LIMIT 1"},
    {"two steps follow the same one",
     "SELECT prev FROM step WHERE prev IS NOT NULL GROUP BY prev HAVING count(*) > 1 LIMIT 1"},
    {"a step is in no chain",
     "SELECT s.id FROM step s LEFT JOIN execution e ON e.id = s.execution "
     "WHERE e.tail IS NOT s.id AND s.id NOT IN (SELECT prev FROM step WHERE prev IS NOT NULL) "
     "LIMIT 1"},
    {"a snapshot is of no execution or step",
     "SELECT n.execution FROM snapshot n LEFT JOIN step s ON s.id = n.step "
     "WHERE s.execution IS NOT n.execution LIMIT 1"},
    {"a document is of no execution",
     "SELECT id FROM document WHERE execution NOT IN (SELECT id FROM execution) LIMIT 1"},
    {"an ended execution is pending or sleeps",
     "SELECT id FROM execution WHERE stopped_at IS NOT NULL AND status <> 'PENDING_REDRIVE' "
     "AND status <> 'RUNNING' AND (pending = 1 OR due_at IS NOT NULL) LIMIT 1"},
    {"an execution has no definition",
     "SELECT id FROM execution WHERE definition NOT IN (SELECT id FROM definition) "
     "AND status <> 'DELETING' LIMIT 1"},
    {"a map run is of no execution",
     "SELECT id FROM map_run WHERE execution NOT IN (SELECT id FROM execution) LIMIT 1"},
    {"an object is of no bucket",
     "SELECT bucket FROM object WHERE bucket NOT IN (SELECT id FROM bucket) LIMIT 1"},
    {"a segment counts other bytes than its objects have",
     "SELECT g.id FROM segment g WHERE g.live <> (SELECT coalesce(sum(size + 64), 0) FROM object "
     "WHERE segment = g.id) LIMIT 1"},
    {"an object lies in a segment that is not there",
     "SELECT segment FROM object WHERE segment IS NOT NULL AND segment NOT IN "
     "(SELECT id FROM segment) LIMIT 1"},
    {"a file counts other uses than there are",
     "SELECT f.id FROM file f LEFT JOIN (SELECT file, count(*) AS n FROM (SELECT file FROM object "
     "WHERE file IS NOT NULL UNION ALL SELECT file FROM part) GROUP BY file) u ON u.file = f.id "
     "WHERE f.uses <> coalesce(u.n, 0) LIMIT 1"},
    {"an object or a part lies in a file that is not there",
     "SELECT file FROM (SELECT file FROM object WHERE file IS NOT NULL UNION ALL "
     "SELECT file FROM part) WHERE file NOT IN (SELECT id FROM file) LIMIT 1"},
    {"an upload counts other uses than there are",
     "SELECT u.id FROM upload u LEFT JOIN (SELECT upload, count(*) AS n FROM object "
     "WHERE upload IS NOT NULL GROUP BY upload) o ON o.upload = u.id "
     "WHERE u.uses <> coalesce(o.n, 0) LIMIT 1"},
    {"an object or a part is of an upload that is not there",
     "SELECT upload FROM (SELECT upload FROM object WHERE upload IS NOT NULL UNION ALL "
     "SELECT upload FROM part) WHERE upload NOT IN (SELECT id FROM upload) LIMIT 1"},
    {"an id is above those that were given out",
     "SELECT max(id) FROM (SELECT max(id) AS id FROM execution UNION ALL SELECT max(id) FROM step "
     "UNION ALL SELECT max(id) FROM inbox UNION ALL SELECT max(id) FROM map_run) "
     "HAVING max(id) >= (SELECT value FROM setting WHERE name = 'next_id')"},
};

static enum status check_file(struct store_reader *r, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(r->db->handle, "PRAGMA integrity_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum status status = STATUS_OK;
    if (rc != SQLITE_ROW)
        status = store_db_error(r->db, rc, err);
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        status = error_set(err, STATUS_CORRUPT, "StoreCorrupt", "afflux.db: %s",
                           (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return status;
}

enum status store_verify(struct store_reader *r, struct error *err)
{
    if (check_file(r, err) != STATUS_OK)
        return err->status;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        int64_t id = 0;
        if (store_db_number(r->db, rules[i].sql, &id, err) != STATUS_OK)
            return err->status;
        if (id != 0)
            return error_set(err, STATUS_CORRUPT, "StoreCorrupt", "afflux.db: %s (id %lld)",
                             rules[i].what, (long long)id);
    }
    return STATUS_OK;
}
