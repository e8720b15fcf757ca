/* SPDX-License-Identifier: Apache-2.0 */
/* From columns to structs. The file may have been edited by hand: what a store never writes is
 * STATUS_CORRUPT. */
#include "store/read_row.h"

enum status store_room(const struct arena *a, size_t n, struct error *err)
{
    if (arena_room(a, n))
        return STATUS_OK;
    return error_set(err, STATUS_LIMIT, "StoreTooLarge",
                     "what was asked for does not fit into %zu bytes", a->limit);
}

enum status store_read_bytes(sqlite3_stmt *s, int at, struct arena *a, str *ret, struct error *err)
{
    if (store_room(a, (size_t)sqlite3_column_bytes(s, at), err) != STATUS_OK)
        return err->status;
    *ret = store_column_bytes(s, at, a);
    return STATUS_OK;
}

enum status store_read_status(sqlite3_stmt *s, int at, enum store_status *ret, struct error *err)
{
    const char *text = (const char *)sqlite3_column_text(s, at);
    for (unsigned i = 0; text && i < STORE_STATUS_COUNT; i++)
        if (str_eq(str_of(text), str_of(store_status_name((enum store_status)i)))) {
            *ret = (enum store_status)i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt", "afflux.db: an unknown status");
}

static enum status out_of_range(const char *what, int64_t id, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                     "afflux.db: %s %lld holds a number out of its range", what, (long long)id);
}

enum status store_read_execution(sqlite3_stmt *s, struct arena *a, struct store_execution *ret,
                                 struct error *err)
{
    struct store_execution e = {.id = store_column_int(s, 0)};
    int64_t shard = store_column_int(s, 1);
    if (shard < 0 || shard >= STORE_SHARDS)
        return out_of_range("execution", e.id, err);
    e.shard = (uint32_t)shard;
    e.machine = store_column_int(s, 2);
    e.definition = store_column_int(s, 3);
    e.parent = store_column_int(s, 5);
    e.parent_frame = (uint32_t)store_column_int(s, 6);
    e.parent_attempt = (uint32_t)store_column_int(s, 7);
    e.map_run = store_column_int(s, 8);
    e.map_index = (uint64_t)store_column_int(s, 9);
    e.is_pending = store_column_int(s, 11) != 0;
    e.due_ms = store_column_time(s, 12);
    e.tail = store_column_int(s, 13);
    e.started_ms = store_column_int(s, 14);
    e.stopped_ms = store_column_time(s, 15);
    e.input = store_column_int(s, 16);
    e.output = store_column_int(s, 17);
    e.redrives = (uint32_t)store_column_int(s, 20);
    e.redriven_ms = store_column_time(s, 21);
    e.revision = store_column_int(s, 22);
    if (store_read_status(s, 10, &e.status, err) != STATUS_OK ||
        store_read_bytes(s, 4, a, &e.name, err) != STATUS_OK ||
        store_read_bytes(s, 18, a, &e.error, err) != STATUS_OK ||
        store_read_bytes(s, 19, a, &e.cause, err) != STATUS_OK ||
        store_read_bytes(s, 23, a, &e.origin, err) != STATUS_OK)
        return err->status;
    *ret = e;
    return STATUS_OK;
}

static struct store_counts read_counts(sqlite3_stmt *s, int at)
{
    return (struct store_counts){.pending = (uint64_t)store_column_int(s, at),
                                 .running = (uint64_t)store_column_int(s, at + 1),
                                 .succeeded = (uint64_t)store_column_int(s, at + 2),
                                 .failed = (uint64_t)store_column_int(s, at + 3),
                                 .timed_out = (uint64_t)store_column_int(s, at + 4),
                                 .aborted = (uint64_t)store_column_int(s, at + 5),
                                 .total = (uint64_t)store_column_int(s, at + 6)};
}

enum status store_read_map_run(sqlite3_stmt *s, struct arena *a, struct store_map_run *ret,
                               struct error *err)
{
    bool has_percentage = sqlite3_column_type(s, 10) != SQLITE_NULL;
    int64_t tolerated = store_column_time(s, 11);
    struct store_map_run m = {
        .id = store_column_int(s, 0),
        .execution = store_column_int(s, 1),
        .frame = (uint32_t)store_column_int(s, 2),
        .attempt = (uint32_t)store_column_int(s, 3),
        .started_ms = store_column_int(s, 6),
        .stopped_ms = store_column_time(s, 7),
        .redrives = (uint32_t)store_column_int(s, 8),
        .concurrency = (uint64_t)store_column_int(s, 9),
        .tolerated_percentage = has_percentage ? sqlite3_column_double(s, 10) : -1,
        .tolerated_count = tolerated == STORE_NEVER ? -1 : tolerated,
        .items = read_counts(s, 12),
        .children = read_counts(s, 19),
    };
    if (store_read_bytes(s, 4, a, &m.label, err) != STATUS_OK ||
        store_read_status(s, 5, &m.status, err) != STATUS_OK ||
        store_read_bytes(s, 26, a, &m.cursor, err) != STATUS_OK ||
        store_read_bytes(s, 27, a, &m.state, err) != STATUS_OK ||
        store_read_bytes(s, 28, a, &m.uuid, err) != STATUS_OK)
        return err->status;
    *ret = m;
    return STATUS_OK;
}

enum status store_read_machine(sqlite3_stmt *s, struct arena *a, struct store_machine *ret,
                               struct error *err)
{
    struct store_machine m = {.id = store_column_int(s, 0),
                              .definition = store_column_int(s, 3),
                              .created_ms = store_column_int(s, 4)};
    if (store_read_bytes(s, 1, a, &m.name, err) != STATUS_OK ||
        store_read_bytes(s, 2, a, &m.type, err) != STATUS_OK ||
        store_read_bytes(s, 5, a, &m.properties, err) != STATUS_OK)
        return err->status;
    *ret = m;
    return STATUS_OK;
}

enum status store_read_step(sqlite3_stmt *s, struct arena *a, struct store_step *ret,
                            struct error *err)
{
    struct store_step step = {.id = store_column_int(s, 0),
                              .execution = store_column_int(s, 1),
                              .prev = store_column_int(s, 2)};
    if (store_read_bytes(s, 3, a, &step.body, err) != STATUS_OK)
        return err->status;
    *ret = step;
    return STATUS_OK;
}
