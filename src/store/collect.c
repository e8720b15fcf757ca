/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector: a thread that removes bodies nobody refers to any more. It is a client of the
 * store like any other: it reads by a reader of its own and writes by units. Files go here,
 * segments in rewrite.c, what a crash left in sweep.c.
 *
 * A file is removed before its row: a crash between the two leaves a row of a dead file, which is
 * found again.
 */
#include "store/collect_internal.h"
#include "base/check.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 500,
    PAUSE_MS = 200, /* between two rounds: a round looks at all segments, and who overwrites much
                       would wake the collector with every commit */
    RETRY_MS = 10000
};

struct ids {
    const int64_t *items;
    uint32_t count;
    int64_t upload; /* that the parts of these numbers belong to */
};

enum status collect_perform(struct collector *c, store_unit_fn *run, const void *args, size_t n,
                            struct error *err)
{
    struct store_unit unit = {.run = run, .args = {args, n}};
    enum status status = store_perform(c->client, &unit, err);
    store_unit_done(&unit);
    return status;
}

bool collect_is_stopping(struct collector *c)
{
    struct store_bodies *b = c->store->bodies;
    pthread_mutex_lock(&b->lock);
    bool is_stopping = c->is_stopping;
    pthread_mutex_unlock(&b->lock);
    return is_stopping;
}

int64_t collect_number(struct collector *c, enum store_sql id, int64_t parameter)
{
    struct error err;
    sqlite3_stmt *s = store_db_statement(c->reader->db, id, &err);
    if (!s)
        return 0;
    bool has;
    store_bind_int(s, 1, parameter);
    if (store_db_next(c->reader->db, s, &has, &err) != STATUS_OK || !has)
        return 0;
    int64_t number = store_column_int(s, 0);
    sqlite3_reset(s);
    return number;
}

/* ---- units ---- */

static enum status forget(struct store_tx *tx, enum store_sql id, int64_t row, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, id, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, row);
    return store_tx_wrote(tx, s, err);
}

static enum status forget_files(struct store_tx *tx, str args, struct arena *scratch,
                                struct error *err)
{
    struct ids ids;
    (void)scratch;
    memcpy(&ids, args.p, sizeof(ids));
    for (uint32_t i = 0; i < ids.count; i++)
        if (forget(tx, SQL_FORGET_FILE, ids.items[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

/* Some parts; the upload when there are none left. */
static enum status forget_parts(struct store_tx *tx, str args, struct arena *scratch,
                                struct error *err)
{
    struct ids ids;
    (void)scratch;
    memcpy(&ids, args.p, sizeof(ids));
    for (uint32_t i = 0; i < ids.count; i++)
        if (store_tx_delete_part(tx, ids.upload, (uint32_t)ids.items[i], err) != STATUS_OK)
            return err->status;
    return ids.count == 0 ? forget(tx, SQL_FORGET_UPLOAD, ids.upload, err) : STATUS_OK;
}

/* ---- files and uploads ---- */

static void remove_file(struct collector *c, int64_t id)
{
    int folder;
    struct error err;
    char name[32];
    if (store_bodies_folder(c->store->bodies, FOLDER_OBJECTS, false, &folder, &err) != STATUS_OK)
        return;
    snprintf(name, sizeof(name), "%lld", (long long)id);
    if (unlinkat(folder, name, 0) != 0)
        return;
    pthread_mutex_lock(&c->store->bodies->lock);
    c->store->bodies->metrics.files_removed++;
    pthread_mutex_unlock(&c->store->bodies->lock);
}

static enum status list_ids(struct collector *c, enum store_sql id, int64_t *ids,
                            uint32_t *ret_count, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(c->reader->db, id, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, BATCH);
    *ret_count = 0;
    for (bool has = true; *ret_count < BATCH;) {
        if (store_db_next(c->reader->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            return STATUS_OK;
        ids[(*ret_count)++] = store_column_int(s, 0);
    }
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status collect_files(struct collector *c, struct error *err)
{
    int64_t ids[BATCH];
    struct ids batch = {.items = ids};
    do {
        if (list_ids(c, SQL_LIST_DEAD_FILES, ids, &batch.count, err) != STATUS_OK)
            return err->status;
        for (uint32_t i = 0; i < batch.count; i++)
            remove_file(c, ids[i]);
        if (batch.count > 0 &&
            collect_perform(c, forget_files, &batch, sizeof(batch), err) != STATUS_OK)
            return err->status;
    } while (batch.count == BATCH && !collect_is_stopping(c));
    return STATUS_OK;
}

static enum status collect_upload(struct collector *c, int64_t upload, struct error *err)
{
    int64_t numbers[BATCH];
    struct ids batch = {.items = numbers, .upload = upload};
    do {
        struct arena a;
        struct store_part *parts;
        arena_init(&a, 0);
        enum status status =
            store_list_parts(c->reader, upload, 0, BATCH, &a, &parts, &batch.count, err);
        for (uint32_t i = 0; status == STATUS_OK && i < batch.count; i++)
            numbers[i] = parts[i].number;
        arena_done(&a);
        if (status != STATUS_OK ||
            collect_perform(c, forget_parts, &batch, sizeof(batch), err) != STATUS_OK)
            return err->status;
    } while (batch.count > 0 && !collect_is_stopping(c));
    return STATUS_OK;
}

static enum status collect_uploads(struct collector *c, struct error *err)
{
    for (;;) {
        int64_t upload = 0;
        uint32_t count = 0;
        int64_t ids[BATCH];
        if (list_ids(c, SQL_FIND_DEAD_UPLOAD, ids, &count, err) != STATUS_OK)
            return err->status;
        upload = count > 0 ? ids[0] : 0;
        if (upload == 0 || collect_is_stopping(c))
            return STATUS_OK;
        if (collect_upload(c, upload, err) != STATUS_OK)
            return err->status;
    }
}

/* ---- the thread ---- */

static struct timespec from_now(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){.tv_sec = t.tv_sec + ms / 1000 + ns / 1000000000,
                             .tv_nsec = ns % 1000000000};
}

/* Sleeps for a while, then until there is something to do. False: stopping. */
static bool wait_for_work(struct collector *c, bool has_failed)
{
    struct store_bodies *b = c->store->bodies;
    struct timespec pause = from_now(has_failed ? RETRY_MS : PAUSE_MS);
    pthread_mutex_lock(&b->lock);
    pthread_cond_broadcast(&c->changed); /* for those who wait until it is done */
    while (!c->is_stopping && !c->is_hurried &&
           pthread_cond_timedwait(&c->changed, &b->lock, &pause) != ETIMEDOUT)
        ;
    while (!c->is_stopping && c->wanted == c->done && !has_failed)
        pthread_cond_wait(&c->changed, &b->lock);
    c->is_hurried = false;
    bool go_on = !c->is_stopping;
    pthread_mutex_unlock(&b->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct collector *c = arg;
    struct store_bodies *b = c->store->bodies;
    bool has_failed = false;
    collect_sweep(c);
    while (wait_for_work(c, has_failed)) {
        struct error err;
        pthread_mutex_lock(&b->lock);
        uint64_t wanted = c->wanted;
        pthread_mutex_unlock(&b->lock);
        has_failed = collect_uploads(c, &err) != STATUS_OK || collect_files(c, &err) != STATUS_OK ||
                     collect_segments(c, &err) != STATUS_OK;
        pthread_mutex_lock(&b->lock);
        c->done = wanted;
        pthread_mutex_unlock(&b->lock);
    }
    return NULL;
}

static void free_collector(struct collector *c)
{
    store_writer_free(c->writer);
    store_client_free(c->client);
    store_reader_close(c->reader);
    pthread_cond_destroy(&c->changed);
    free(c->damaged);
    free(c);
}

enum status store_collector_start(struct store *s, struct error *err)
{
    check(s->bodies->collector == NULL);
    struct collector *c = calloc(1, sizeof(*c));
    check(c != NULL);
    c->store = s;
    c->wanted = 1; /* the first round looks for what was left */
    check(pthread_cond_init(&c->changed, NULL) == 0);
    if (store_reader_open(store_dir(s), s->options.vfs, &c->reader, err) != STATUS_OK) {
        pthread_cond_destroy(&c->changed);
        free(c);
        return err->status;
    }
    c->client = store_client_new(s, NULL, NULL);
    c->writer = store_writer_new(s);
    pthread_mutex_lock(&s->bodies->lock);
    s->bodies->collector = c;
    pthread_mutex_unlock(&s->bodies->lock);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) {
        pthread_setname_np(c->thread, "afflux-collect");
        return STATUS_OK;
    }
    pthread_mutex_lock(&s->bodies->lock);
    s->bodies->collector = NULL;
    pthread_mutex_unlock(&s->bodies->lock);
    free_collector(c);
    return error_set(err, STATUS_UNAVAILABLE, "StoreThread", "no thread can be started");
}

void store_collector_stop(struct store *s)
{
    struct store_bodies *b = s->bodies;
    pthread_mutex_lock(&b->lock);
    struct collector *c = b->collector;
    if (c) {
        c->is_stopping = true;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&b->lock);
    if (!c)
        return;
    pthread_join(c->thread, NULL);
    pthread_mutex_lock(&b->lock);
    b->collector = NULL; /* the store's thread may have wanted to wake it until here */
    pthread_mutex_unlock(&b->lock);
    free_collector(c);
}

void store_collector_wake(struct store_bodies *b)
{
    pthread_mutex_lock(&b->lock);
    if (b->collector) {
        b->collector->wanted++;
        pthread_cond_broadcast(&b->collector->changed);
    }
    pthread_mutex_unlock(&b->lock);
}

/* until NULL: for ever. */
static void wait_until_done(struct store_bodies *b, const struct timespec *until)
{
    bool has_time = true;
    pthread_mutex_lock(&b->lock);
    check(b->collector != NULL);
    while (b->collector->done != b->collector->wanted && has_time) {
        b->collector->is_hurried = true;
        pthread_cond_broadcast(&b->collector->changed);
        has_time = (until ? pthread_cond_timedwait(&b->collector->changed, &b->lock, until)
                          : pthread_cond_wait(&b->collector->changed, &b->lock)) != ETIMEDOUT;
    }
    pthread_mutex_unlock(&b->lock);
}

void store_collector_finish(struct store *s, int64_t at_most_ms)
{
    struct timespec until = from_now(at_most_ms);
    store_collector_wake(s->bodies);
    wait_until_done(s->bodies, &until);
}

void store_collector_settle(struct store *s)
{
    wait_until_done(s->bodies, NULL);
}
