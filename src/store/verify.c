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
