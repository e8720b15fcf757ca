/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing a store: folder, lock, file, schema, thread, in this order; and ids. What
 * happens in between is thread.c (the queue) and group.c (commits).
 */
#include "store/store.h"
#include "base/check.h"
#include "store/body_internal.h"
#include "store/schema.h"
#include "store/store_internal.h"
#include "store/thread.h"
#include <stdlib.h>

enum {
    GROUP_ROWS = 2000,
    GROUP_BYTES = 2 << 20,
    CHECKPOINT_PAGES = 1000,
    QUEUE_UNITS = 20000,
    QUEUE_BYTES = 256 << 20
};

static struct store_options with_defaults(const struct store_options *given)
{
    struct store_options o = given ? *given : (struct store_options){0};
    if (o.group_rows == 0)
        o.group_rows = GROUP_ROWS;
    if (o.group_bytes == 0)
        o.group_bytes = GROUP_BYTES;
    if (o.checkpoint_pages == 0)
        o.checkpoint_pages = CHECKPOINT_PAGES;
    if (o.queue_units == 0)
        o.queue_units = QUEUE_UNITS;
    if (o.queue_bytes == 0)
        o.queue_bytes = QUEUE_BYTES;
    return o;
}

static enum status read_next_id(struct store *s, struct error *err)
{
    int64_t next = 0;
    if (store_db_number(&s->tx.db, "SELECT value FROM setting WHERE name = 'next_id'", &next,
                        err) != STATUS_OK)
        return err->status;
    if (next < 1)
        return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                         "afflux.db: the table setting has no next_id");
    atomic_init(&s->next_id, next);
    s->reserved_id = next;
    s->first_id = next;
    return STATUS_OK;
}

static enum status open_file(struct store *s, struct error *err)
{
    struct store_tx *tx = &s->tx;
    if (store_db_open(&tx->db, str_of(s->folder.path), s->options.vfs, STORE_DB_WRITE, err) !=
        STATUS_OK)
        return error_wrap(err, "%s", s->folder.path);
    tx->store = s;
    tx->reader.db = &tx->db;
    atomic_init(&s->kept_count, 1);
    atomic_init(&tx->kept_count, 1);
    tx->reader.cache.count = &tx->kept_count;
    arena_init(&tx->scratch, 0);
    if (store_schema_migrate(&tx->db, err) == STATUS_OK && read_next_id(s, err) == STATUS_OK &&
        store_folder_sync(&s->folder, err) == STATUS_OK)
        return STATUS_OK;
    arena_done(&tx->scratch);
    store_db_close(&tx->db);
    return error_wrap(err, "%s", s->folder.path);
}

enum status store_open(str dir, const struct store_options *options, struct store **ret,
                       struct error *err)
{
    struct store *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->options = with_defaults(options);
    if (store_folder_open(&s->folder, dir, err) != STATUS_OK)
        goto no_folder;
    if (open_file(s, err) != STATUS_OK)
        goto no_file;
    s->bodies = store_bodies_new(s);
    if (store_thread_start(s, err) != STATUS_OK)
        goto no_thread;
    *ret = s;
    return STATUS_OK;
no_thread:
    store_bodies_free(s->bodies);
    arena_done(&s->tx.scratch);
    store_db_close(&s->tx.db);
no_file:
    store_folder_close(&s->folder);
no_folder:
    free(s);
    return err->status;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_thread_stop(s);
    store_keep_next_id(s);
    store_bodies_free(s->bodies);
    free(s->tx.touched);
    arena_done(&s->tx.scratch);
    store_cache_done(&s->tx.reader.cache);
    store_db_close(&s->tx.db); /* copies the log and removes it, when no reader is left */
    store_folder_close(&s->folder);
    free(s);
}

str store_dir(const struct store *s)
{
    return str_of(s->folder.path);
}

int64_t store_new_id(struct store *s)
{
    return atomic_fetch_add_explicit(&s->next_id, 1, memory_order_relaxed);
}
