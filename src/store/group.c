/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group: units in one transaction, each in its SAVEPOINT, one commit for all. Runs on the store
 * thread, which thread.c drives; nothing here waits for anything but the disk.
 */
#include "base/check.h"
#include "store/body_internal.h"
#include <time.h>

enum {
    ID_BLOCK = 4096,        /* ids lost by a crash at most, plus those that were not committed */
    FRAME_BYTES = 4096 + 24 /* of the log: a page and its header */
};

int64_t store_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- transactions ---- */

static enum status begin(struct store *s, struct error *err)
{
    s->tx.rows = 0;
    s->tx.bytes = 0;
    s->tx.changes_kept = false;
    s->tx.expires = false;
    s->new_pages = 0;
    if (s->is_broken) {
        *err = s->broken;
        return err->status;
    }
    return store_db_do(&s->tx.db, SQL_BEGIN, err);
}

/* Ids that a commit makes visible must not be given out by a later start. */
static enum status reserve_ids(struct store *s, int64_t *ret_reserved, struct error *err)
{
    int64_t next = atomic_load(&s->next_id);
    *ret_reserved = s->reserved_id;
    if (next <= s->reserved_id)
        return STATUS_OK;
    sqlite3_stmt *q = store_db_statement(&s->tx.db, SQL_SET_NEXT_ID, err);
    if (!q)
        return err->status;
    store_bind_int(q, 1, next + ID_BLOCK);
    if (store_db_run(&s->tx.db, q, err) != STATUS_OK)
        return err->status;
    *ret_reserved = next + ID_BLOCK;
    return STATUS_OK;
}

static enum status commit(struct store *s, struct error *err)
{
    int64_t reserved;
    if (reserve_ids(s, &reserved, err) != STATUS_OK || store_bodies_sync(&s->tx, err) != STATUS_OK)
        return err->status;
    if (s->tx.touched_count > 0)
        store_point(s, STORE_SEGMENT_WRITTEN);
    store_point(s, STORE_GROUP_WRITTEN);
    if (store_db_do(&s->tx.db, SQL_COMMIT, err) != STATUS_OK)
        return err->status;
    if (s->tx.changes_kept)
        atomic_fetch_add_explicit(&s->kept_count, 1, memory_order_release);
    store_point(s, STORE_GROUP_COMMITTED);
    s->reserved_id = reserved;
    if (s->tx.expires)
        s->next_expiry_us = 0;
    return STATUS_OK;
}

/* After any failure: no transaction is left. A damaged file is not written any more; after other
 * failures the next group may succeed, since nothing of this one is in the file. */
static void roll_back(struct store *s, const struct error *cause)
{
    struct error err;
    s->tx.kept_count++;
    if (!sqlite3_get_autocommit(s->tx.db.handle) &&
        store_db_do(&s->tx.db, SQL_ROLLBACK, &err) != STATUS_OK)
        check(sqlite3_get_autocommit(s->tx.db.handle));
    if (cause->status == STATUS_CORRUPT && !s->is_broken) {
        s->is_broken = true;
        s->broken = *cause;
    }
}

/* ---- units ---- */

static bool is_full(const struct store *s)
{
    return s->tx.rows >= s->options.group_rows || s->tx.bytes >= s->options.group_bytes ||
           s->tx.body_bytes >= GROUP_BODY_BYTES;
}

static void fail_unit(struct store_unit *u, const struct error *err)
{
    store_unit_done(u);
    u->status = err->status;
    u->error = *err;
}

/* Units until the group is full, into *ret_run in order. */
static enum status run_units(struct store *s, struct unit_list *ret_run, struct error *err)
{
    while (s->queue.first && !is_full(s)) {
        struct store_unit *u = unit_list_pop(&s->queue);
        unit_list_add(ret_run, u);
        if (store_tx_run_unit(&s->tx, u, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

/* Gives the units to their clients and counts them. */
static void finish(struct store *s, struct unit_list *run, int64_t began_us, enum status status,
                   struct store_client **ret_clients)
{
    int64_t now_us = store_now_us();
    uint64_t count = 0, refused = 0;
    *ret_clients = NULL;
    pthread_mutex_lock(&s->lock);
    struct store_metrics *m = &s->metrics;
    for (struct store_unit *u; (u = unit_list_pop(run)) != NULL; count++) {
        struct store_client *c = u->client;
        refused += u->status != STATUS_OK;
        store_histogram_add(&m->wait, (uint64_t)(now_us - u->submitted_us));
        if (c->finished_count++ == 0) {
            c->next_finished = *ret_clients;
            *ret_clients = c;
        }
        unit_list_add(&c->finished, u);
    }
    m->units += count;
    m->refused += refused;
    m->commits += status == STATUS_OK;
    m->failed += status != STATUS_OK;
    if (status == STATUS_OK) {
        m->rows += s->tx.rows;
        m->bytes += s->tx.bytes;
        m->wal_bytes = (uint64_t)s->wal_pages * FRAME_BYTES;
        m->wal_written += (uint64_t)s->new_pages * FRAME_BYTES;
        if (m->wal_peak < m->wal_bytes)
            m->wal_peak = m->wal_bytes;
        store_histogram_add(&m->group, count);
        store_histogram_add(&m->commit, (uint64_t)(now_us - began_us));
    }
    pthread_mutex_unlock(&s->lock);
}

void store_run_group(struct store *s, struct store_client **ret_clients)
{
    struct unit_list run = {0};
    struct error err;
    int64_t began_us = store_now_us();
    enum status status = begin(s, &err);
    if (status == STATUS_OK)
        status = run_units(s, &run, &err);
    else
        for (uint32_t i = 0; s->queue.first && i < s->options.group_rows; i++)
            unit_list_add(&run, unit_list_pop(&s->queue));
    if (status == STATUS_OK)
        status = commit(s, &err);
    if (status != STATUS_OK) {
        roll_back(s, &err);
        /* Refusals too: what a unit saw of those before it has not happened. */
        for (struct store_unit *u = run.first; u; u = u->next)
            fail_unit(u, &err);
    }
    store_bodies_settle(&s->tx, status == STATUS_OK);
    finish(s, &run, began_us, status, ret_clients);
}

/* ---- retention ---- */

static int64_t wall_ms(const struct store *s)
{
    if (s->options.now_ms)
        return s->options.now_ms(s->options.now_arg);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool store_run_expiry(struct store *s)
{
    struct error err;
    bool more = false;
    uint64_t gone = 0;
    int64_t before = s->options.retention_ms > 0 ? wall_ms(s) - s->options.retention_ms : INT64_MIN;
    if (begin(s, &err) != STATUS_OK)
        return false;
    s->tx.is_saved = true; /* the transaction is its own */
    if (store_expire_some(&s->tx, before, &more, &gone, &err) != STATUS_OK ||
        commit(s, &err) != STATUS_OK) {
        roll_back(s, &err);
        return false; /* tried again the next time */
    }
    pthread_mutex_lock(&s->lock);
    s->metrics.expired += gone;
    pthread_mutex_unlock(&s->lock);
    return more;
}

void store_keep_next_id(struct store *s)
{
    struct error err;
    int64_t next = atomic_load(&s->next_id);
    if (s->is_broken || next == s->reserved_id)
        return;
    sqlite3_stmt *q = store_db_statement(&s->tx.db, SQL_SET_NEXT_ID, &err);
    if (!q)
        return;
    store_bind_int(q, 1, next);
    if (store_db_run(&s->tx.db, q, &err) != STATUS_OK)
        return; /* the higher number stands, which is as right */
}
