/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every SQL statement of the store, in one list. Portable SQL with few exceptions (INDEXED BY,
 * UPSERT), so that another database can take SQLite's place. Inside of store/ only.
 */
#ifndef AFFLUX_STORE_SQL_H
#define AFFLUX_STORE_SQL_H

/* In the order of read_execution (read_row.c). */
#define EXECUTION_COLUMNS                                                                          \
    "id, shard, machine, definition, name, parent, parent_frame, parent_attempt, map_run, "        \
    "map_index, status, pending, due_at, tail, started_at, stopped_at, input, output, error, "     \
    "cause, redrives, redriven_at, revision, origin"
#define MAP_RUN_COLUMNS                                                                            \
    "id, execution, frame, attempt, label, status, started_at, stopped_at, redrives, "             \
    "concurrency, tolerated_percentage, tolerated_count, items_pending, items_running, "           \
    "items_succeeded, items_failed, items_timed_out, items_aborted, items_total, "                 \
    "children_pending, children_running, children_succeeded, children_failed, "                    \
    "children_timed_out, children_aborted, children_total, cursor, state, uuid"
/* In the order of read_job_run (job_runs.c). */
#define JOB_RUN_COLUMNS                                                                            \
    "id, job, name, state, started_at, modified_at, running_at, completed_at, error, detail, body"
#define MACHINE_COLUMNS "id, name, type, definition, created_at, properties"

/* In the order of read_object, read_upload and read_part (object_rows.c). */
#define OBJECT_COLUMNS                                                                             \
    "key, size, modified_at, etag, checksum, segment, at, file, upload, properties"
#define UPLOAD_COLUMNS "id, bucket, key, initiated_at, properties"
#define PART_COLUMNS "upload, number, size, modified_at, etag, checksum, file"

#define STORE_SQL_LIST(X)                                                                          \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(BEGIN_READ, "BEGIN")                                                                         \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(SAVEPOINT, "SAVEPOINT unit")                                                                 \
    X(RELEASE, "RELEASE unit")                                                                     \
    X(UNDO, "ROLLBACK TO unit")                                                                    \
    X(SET_NEXT_ID, "UPDATE setting SET value = ?1 WHERE name = 'next_id'")                         \
    /* definitions and machines */                                                                 \
    X(FIND_HASH, "SELECT id FROM definition WHERE hash = ?1")                                      \
    X(ADD_DEFINITION, "INSERT INTO definition (id, hash, text) VALUES (?1, ?2, ?3)")               \
    X(FIND_DEFINITION, "SELECT text FROM definition WHERE id = ?1")                                \
    X(PUT_MACHINE, "INSERT INTO machine (" MACHINE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6) "    \
                   "ON CONFLICT (id) DO UPDATE SET name = ?2, type = ?3, definition = ?4, "        \
                   "created_at = ?5, properties = ?6")                                             \
    X(DELETE_MACHINE, "DELETE FROM machine WHERE id = ?1")                                         \
    X(FIND_MACHINE, "SELECT " MACHINE_COLUMNS " FROM machine WHERE name = ?1")                     \
    X(LIST_MACHINES,                                                                               \
      "SELECT " MACHINE_COLUMNS " FROM machine WHERE name > ?1 ORDER BY name LIMIT ?2")            \
    /* executions */                                                                               \
    X(START, "INSERT INTO execution (id, shard, machine, definition, name, parent, parent_frame, " \
             "parent_attempt, map_run, map_index, status, pending, due_at, started_at, input, "    \
             "revision, origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "  \
             "?14, ?15, ?16, ?17)")                                                                \
    X(ADD_STEP, "INSERT INTO step (id, execution, prev, body) VALUES (?1, ?2, ?3, ?4)")            \
    X(SET_TAIL, "UPDATE execution SET tail = ?1 WHERE id = ?2 AND tail IS ?3")                     \
    X(SET_WAITING, "UPDATE execution SET pending = ?2, due_at = ?3 WHERE id = ?1")                 \
    X(END, "UPDATE execution SET status = ?2, stopped_at = ?3, output = ?4, error = ?5, "          \
           "cause = ?6, pending = 0, due_at = NULL WHERE id = ?1")                                 \
    X(REDRIVE, "UPDATE execution SET status = 'RUNNING', stopped_at = NULL, output = NULL, "       \
               "error = NULL, cause = NULL, pending = 1, redrives = redrives + 1, "                \
               "redriven_at = ?2 WHERE id = ?1 AND status <> 'DELETING'")                          \
    X(SET_STATUS, "UPDATE execution SET status = ?2 WHERE id = ?1 AND status <> 'DELETING'")       \
    X(FIND_EXECUTION, "SELECT " EXECUTION_COLUMNS " FROM execution "                               \
                      "WHERE id = ?1 AND status <> 'DELETING'")                                    \
    X(FIND_NAMED, "SELECT " EXECUTION_COLUMNS " FROM execution WHERE machine = ?1 AND name = ?2")  \
    X(FIND_CHILD, "SELECT " EXECUTION_COLUMNS " FROM execution "                                   \
                  "WHERE map_run = ?1 AND map_index = ?2 AND status <> 'DELETING'")                \
    X(LIST_BY_MACHINE, "SELECT id, status FROM execution INDEXED BY execution_machine "            \
                       "WHERE machine = ?1 AND map_run IS NULL AND id < ?2 ORDER BY id DESC")      \
    X(LIST_BY_MAP_RUN, "SELECT map_index, status, id FROM execution INDEXED BY execution_child "   \
                       "WHERE map_run = ?1 AND map_index < ?2 ORDER BY map_index DESC")            \
    X(LIST_PENDING, "SELECT id, shard FROM execution INDEXED BY execution_pending "                \
                    "WHERE pending = 1 AND id > ?1 ORDER BY id")                                   \
    X(LIST_DUE, "SELECT " EXECUTION_COLUMNS " FROM execution INDEXED BY execution_due "            \
                "WHERE due_at <= ?1 AND shard BETWEEN ?2 AND ?3 ORDER BY due_at, id LIMIT ?4")     \
    X(NEXT_DUE, "SELECT due_at FROM execution INDEXED BY execution_due "                           \
                "WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")                                \
    X(FIND_STEP, "SELECT id, execution, prev, body FROM step WHERE id = ?1")                       \
    X(PUT_DOCUMENT, "INSERT INTO document (execution, number, body) VALUES (?1, ?2, ?3)")          \
    X(FIND_DOCUMENT, "SELECT body FROM document WHERE execution = ?1 AND number = ?2")             \
    X(PUT_SNAPSHOT, "INSERT INTO snapshot (execution, step, body) VALUES (?1, ?2, ?3) "            \
                    "ON CONFLICT (execution) DO UPDATE SET step = ?2, body = ?3")                  \
    X(FIND_SNAPSHOT, "SELECT step, body FROM snapshot WHERE execution = ?1")                       \
    /* messages */                                                                                 \
    X(SEND, "INSERT INTO inbox (id, shard, execution, body) VALUES (?1, ?2, ?3, ?4)")              \
    X(RECEIVE, "DELETE FROM inbox WHERE id = ?1")                                                  \
    X(LIST_MESSAGES, "SELECT id, shard, execution, body FROM inbox "                               \
                     "WHERE id > ?1 AND shard BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4")             \
    /* map runs */                                                                                 \
    X(START_MAP_RUN, "INSERT INTO map_run (" MAP_RUN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, "  \
                     "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, "    \
                     "?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)")                                    \
    X(SET_MAP_RUN,                                                                                 \
      "UPDATE map_run SET status = ?6, stopped_at = ?8, redrives = ?9, concurrency = ?10, "        \
      "tolerated_percentage = ?11, tolerated_count = ?12, items_pending = ?13, "                   \
      "items_running = ?14, items_succeeded = ?15, items_failed = ?16, items_timed_out = ?17, "    \
      "items_aborted = ?18, items_total = ?19, children_pending = ?20, children_running = ?21, "   \
      "children_succeeded = ?22, children_failed = ?23, children_timed_out = ?24, "                \
      "children_aborted = ?25, children_total = ?26, cursor = ?27, state = ?28 WHERE id = ?1")     \
    X(FIND_MAP_RUN, "SELECT " MAP_RUN_COLUMNS " FROM map_run WHERE id = ?1")                       \
    X(FIND_MAP_RUN_NAMED, "SELECT " MAP_RUN_COLUMNS " FROM map_run WHERE uuid = ?1")               \
    X(LIST_MAP_RUNS, "SELECT " MAP_RUN_COLUMNS " FROM map_run "                                    \
                     "WHERE execution = ?1 AND id > ?2 ORDER BY id LIMIT ?3")                      \
    /* things of services */                                                                       \
    X(PUT_THING, "INSERT INTO service (service, name, body) VALUES (?1, ?2, ?3) "                  \
                 "ON CONFLICT (service, name) DO UPDATE SET body = ?3")                            \
    X(DELETE_THING, "DELETE FROM service WHERE service = ?1 AND name = ?2")                        \
    X(FIND_THING, "SELECT body FROM service WHERE service = ?1 AND name = ?2")                     \
    X(LIST_THINGS, "SELECT name FROM service WHERE service = ?1 AND name > ?2 AND name >= ?3 "     \
                   "ORDER BY name LIMIT ?4")                                                       \
    /* rows by key */                                                                              \
    X(FIND_ITEM, "SELECT body FROM item WHERE space = ?1 AND key = ?2")                            \
    X(WALK_ITEMS, "SELECT key, body FROM item WHERE space = ?1 AND key >= ?2 AND key < ?3 "        \
                  "ORDER BY key")                                                                  \
    X(WALK_ITEMS_TO_LAST,                                                                          \
      "SELECT key, body FROM item WHERE space = ?1 AND key >= ?2 ORDER BY key")                    \
    X(WALK_ITEMS_DOWN, "SELECT key, body FROM item WHERE space = ?1 AND key >= ?2 AND key < ?3 "   \
                       "ORDER BY key DESC")                                                        \
    X(WALK_ITEMS_FROM_LAST,                                                                        \
      "SELECT key, body FROM item WHERE space = ?1 AND key >= ?2 ORDER BY key DESC")               \
    X(PUT_ITEM, "INSERT INTO item (space, key, body) VALUES (?1, ?2, ?3) "                         \
                "ON CONFLICT (space, key) DO UPDATE SET body = ?3")                                \
    X(DELETE_ITEM, "DELETE FROM item WHERE space = ?1 AND key = ?2")                               \
    X(CLEAR_ITEMS, "DELETE FROM item WHERE space = ?1 AND key IN "                                 \
                   "(SELECT key FROM item WHERE space = ?1 ORDER BY key LIMIT ?2)")                \
    X(FIND_ITEM_COUNT, "SELECT items, bytes FROM item_count WHERE space = ?1")                     \
    X(COUNT_ITEMS, "INSERT INTO item_count (space, items, bytes) VALUES (?1, ?2, ?3) "             \
                   "ON CONFLICT (space) DO UPDATE SET items = items + ?2, bytes = bytes + ?3")     \
    X(FORGET_ITEMS, "DELETE FROM item_count WHERE space = ?1")                                     \
    /* buckets and objects */                                                                      \
    X(ADD_BUCKET, "INSERT INTO bucket (id, name, created_at, properties) VALUES (?1, ?2, ?3, ?4)") \
    X(DELETE_BUCKET, "DELETE FROM bucket WHERE id = ?1 AND NOT EXISTS "                            \
                     "(SELECT 1 FROM object WHERE bucket = ?1)")                                   \
    X(FIND_BUCKET, "SELECT id, name, created_at, properties FROM bucket WHERE name = ?1")          \
    X(BUCKET_NAME, "SELECT name FROM bucket WHERE id = ?1")                                        \
    X(LIST_BUCKETS, "SELECT id, name, created_at, properties FROM bucket "                         \
                    "WHERE name > ?1 AND name >= ?2 ORDER BY name LIMIT ?3")                       \
    X(PUT_OBJECT, "INSERT OR REPLACE INTO object (bucket, " OBJECT_COLUMNS ") "                    \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                         \
    X(DELETE_OBJECT, "DELETE FROM object WHERE bucket = ?1 AND key = ?2")                          \
    X(FIND_OBJECT, "SELECT " OBJECT_COLUMNS " FROM object WHERE bucket = ?1 AND key = ?2")         \
    X(FIND_PLACE, "SELECT size, segment, at, file, upload FROM object "                            \
                  "WHERE bucket = ?1 AND key = ?2")                                                \
    X(WALK_FROM, "SELECT " OBJECT_COLUMNS " FROM object "                                          \
                 "WHERE bucket = ?1 AND key >= ?2 ORDER BY key")                                   \
    X(WALK_BEHIND, "SELECT " OBJECT_COLUMNS " FROM object "                                        \
                   "WHERE bucket = ?1 AND key > ?2 ORDER BY key")                                  \
    /* uploads */                                                                                  \
    X(ADD_UPLOAD, "INSERT INTO upload (" UPLOAD_COLUMNS ", state, uses) "                          \
                  "VALUES (?1, ?2, ?3, ?4, ?5, 'OPEN', 0)")                                        \
    X(CLOSE_UPLOAD, "UPDATE upload SET state = ?2 WHERE id = ?1 AND state = 'OPEN'")               \
    X(CLOSE_UPLOADS, "UPDATE upload SET state = 'ABORTED' WHERE bucket = ?1 AND state = 'OPEN'")   \
    X(FIND_UPLOAD, "SELECT " UPLOAD_COLUMNS " FROM upload WHERE id = ?1 AND state = 'OPEN'")       \
    X(LIST_UPLOADS, "SELECT " UPLOAD_COLUMNS " FROM upload WHERE state = 'OPEN' AND bucket = ?1 "  \
                    "AND (key, id) > (?2, ?3) ORDER BY key, id LIMIT ?4")                          \
    X(PUT_PART, "INSERT OR REPLACE INTO part (" PART_COLUMNS ") "                                  \
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                             \
    X(DELETE_PART, "DELETE FROM part WHERE upload = ?1 AND number = ?2")                           \
    X(FIND_PART, "SELECT " PART_COLUMNS " FROM part WHERE upload = ?1 AND number = ?2")            \
    X(LIST_PARTS, "SELECT " PART_COLUMNS " FROM part WHERE upload = ?1 AND number > ?2 "           \
                  "ORDER BY number LIMIT ?3")                                                      \
    /* where bytes lie */                                                                          \
    X(USE_SEGMENT, "INSERT INTO segment (id, bytes, live) VALUES (?1, ?2, ?2) "                    \
                   "ON CONFLICT (id) DO UPDATE SET bytes = bytes + ?2, live = live + ?2")          \
    X(SHARE_SEGMENT, "UPDATE segment SET live = live + ?2 WHERE id = ?1")                          \
    X(LEAVE_SEGMENT, "UPDATE segment SET live = live - ?2 WHERE id = ?1")                          \
    X(ADD_FILE, "INSERT INTO file (id, uses) VALUES (?1, 1)")                                      \
    X(USE_FILE, "UPDATE file SET uses = uses + 1 WHERE id = ?1")                                   \
    X(LEAVE_FILE, "UPDATE file SET uses = uses - 1 WHERE id = ?1")                                 \
    X(USE_UPLOAD, "UPDATE upload SET uses = uses + 1 WHERE id = ?1 AND state = 'COMPLETE'")        \
    X(LEAVE_UPLOAD, "UPDATE upload SET uses = uses - 1 WHERE id = ?1")                             \
    X(LIST_SEGMENTS, "SELECT id, bytes, live FROM segment WHERE id > 0 ORDER BY id")               \
    X(LIST_PLACES, "SELECT bucket, key, at, size FROM object INDEXED BY object_place "             \
                   "WHERE segment = ?1 AND at > ?2 ORDER BY at LIMIT ?3")                          \
    X(MOVE_OBJECT, "UPDATE object SET segment = ?3, at = ?4 "                                      \
                   "WHERE bucket = ?1 AND key = ?2 AND segment = ?5 AND at = ?6")                  \
    X(FORGET_SEGMENT, "DELETE FROM segment WHERE id = ?1 AND live = 0")                            \
    X(SEGMENT_LIVE, "SELECT live FROM segment WHERE id = ?1")                                      \
    X(LAST_PLACE, "SELECT max(at) FROM object INDEXED BY object_place WHERE segment = ?1")         \
    X(HAS_SEGMENT, "SELECT 1 FROM segment WHERE id = ?1")                                          \
    X(HAS_FILE, "SELECT 1 FROM file WHERE id = ?1")                                                \
    X(LIST_DEAD_FILES, "SELECT id FROM file INDEXED BY file_dead WHERE uses = 0 LIMIT ?1")         \
    X(FORGET_FILE, "DELETE FROM file WHERE id = ?1 AND uses = 0")                                  \
    X(FIND_DEAD_UPLOAD, "SELECT id FROM upload INDEXED BY upload_dead "                            \
                        "WHERE state <> 'OPEN' AND uses = 0 LIMIT ?1")                             \
    X(FORGET_UPLOAD, "DELETE FROM upload WHERE id = ?1 AND state <> 'OPEN' AND uses = 0")          \
    /* runs of jobs */                                                                             \
    X(ADD_JOB_RUN, "INSERT INTO job_run (id, state, modified_at, running_at, completed_at, "       \
                   "error, detail, job, name, started_at, body) "                                  \
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "                        \
                   "ON CONFLICT (name) DO NOTHING")                                                \
    X(SET_JOB_RUN, "UPDATE job_run SET state = ?2, modified_at = ?3, running_at = ?4, "            \
                   "completed_at = ?5, error = ?6, detail = ?7 WHERE id = ?1")                     \
    X(DELETE_JOB_RUN, "DELETE FROM job_run WHERE id = ?1")                                         \
    X(FIND_JOB_RUN, "SELECT " JOB_RUN_COLUMNS " FROM job_run WHERE name = ?1")                     \
    X(LIST_JOB_RUNS, "SELECT " JOB_RUN_COLUMNS " FROM job_run INDEXED BY job_run_job "             \
                     "WHERE job = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")                       \
    X(LIST_OPEN_JOB_RUNS, "SELECT id, job, name, state, started_at, modified_at, running_at, "     \
                          "completed_at, error, detail, NULL FROM job_run "                        \
                          "INDEXED BY job_run_open WHERE completed_at IS NULL AND id > ?1 "        \
                          "ORDER BY id LIMIT ?2")                                                  \
    X(COUNT_OPEN_JOB_RUNS, "SELECT count(*) FROM job_run INDEXED BY job_run_open "                 \
                           "WHERE completed_at IS NULL AND job = ?1 AND state <> ?2")              \
    X(LIST_ENDED_JOB_RUNS, "SELECT " JOB_RUN_COLUMNS " FROM job_run INDEXED BY job_run_ended "     \
                           "WHERE completed_at < ?1 ORDER BY completed_at LIMIT ?2")               \
    /* retention */                                                                                \
    X(HIDE, "UPDATE execution SET status = 'DELETING', machine = 0, name = NULL WHERE id = ?1")    \
    X(FIND_HIDDEN, "SELECT id FROM execution INDEXED BY execution_deleting "                       \
                   "WHERE status = 'DELETING' AND map_run IS NULL LIMIT 1")                        \
    X(FIND_EXPIRED, "SELECT id FROM execution INDEXED BY execution_stopped WHERE stopped_at < ?1 " \
                    "AND map_run IS NULL AND status <> 'DELETING' ORDER BY stopped_at LIMIT 1")    \
    X(FIRST_MAP_RUN, "SELECT id FROM map_run WHERE execution = ?1 LIMIT 1")                        \
    X(FIRST_CHILD, "SELECT id FROM execution INDEXED BY execution_child "                          \
                   "WHERE map_run = ?1 ORDER BY map_index LIMIT 1")                                \
    X(FIND_TAIL, "SELECT tail FROM execution WHERE id = ?1")                                       \
    X(FIND_PREV, "SELECT prev FROM step WHERE id = ?1")                                            \
    X(DELETE_STEP, "DELETE FROM step WHERE id = ?1")                                               \
    X(CUT_TAIL, "UPDATE execution SET tail = ?2 WHERE id = ?1")                                    \
    X(DELETE_DOCUMENTS,                                                                            \
      "DELETE FROM document WHERE id IN (SELECT id FROM document WHERE execution = ?1 LIMIT ?2)")  \
    X(DELETE_SNAPSHOT, "DELETE FROM snapshot WHERE execution = ?1")                                \
    X(DELETE_MAP_RUN, "DELETE FROM map_run WHERE id = ?1")                                         \
    X(DELETE_EXECUTION, "DELETE FROM execution WHERE id = ?1")

enum store_sql {
#define X(id, text) SQL_##id,
    STORE_SQL_LIST(X)
#undef X
        STORE_SQL_COUNT
};

#endif
