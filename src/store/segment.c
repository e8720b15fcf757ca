/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments: which are open in this process, the writers that append, and what a group does with
 * them around its commit. The form of a record is record.c, how files grow, segment_room.c; what is
 * dead goes by collect.c.
 */
#include "base/check.h"
#include "base/crc.h"
#include "store/body_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 20 /* writing out begins as often */ };

static const char *const folder_names[FOLDER_COUNT] = {
    [FOLDER_SEGMENTS] = "segments",
    [FOLDER_OBJECTS] = "objects",
};

enum status store_bodies_fail(const char *what, int64_t id, struct error *err)
{
    int number = errno;
    char text[128];
    const char *why = strerror_r(number, text, sizeof(text));
    bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return error_set(err, is_full ? STATUS_UNAVAILABLE : STATUS_IO,
                     is_full ? "StoreFull" : "StoreIo", "%s %lld: %s", what, (long long)id, why);
}

/* ---- the registry ---- */

struct store_bodies *store_bodies_new(struct store *s)
{
    struct store_bodies *b = calloc(1, sizeof(*b));
    check(b != NULL);
    b->store = s;
    for (size_t i = 0; i < FOLDER_COUNT; i++)
        b->folders[i] = -1;
    check(pthread_mutex_init(&b->lock, NULL) == 0);
    return b;
}

static void close_segment(struct store_segment *g)
{
    close(g->fd);
    free(g);
}

void store_bodies_free(struct store_bodies *b)
{
    if (!b)
        return;
    check(b->collector == NULL);
    for (size_t i = 0; i < b->count; i++)
        close_segment(b->segments[i]);
    for (size_t i = 0; i < FOLDER_COUNT; i++)
        if (b->folders[i] >= 0)
            close(b->folders[i]);
    pthread_mutex_destroy(&b->lock);
    free(b->segments);
    free(b);
}

struct store_bodies *store_bodies_of(struct store *s)
{
    return s->bodies;
}

void store_get_body_metrics(struct store *s, struct store_body_metrics *ret)
{
    pthread_mutex_lock(&s->bodies->lock);
    *ret = s->bodies->metrics;
    pthread_mutex_unlock(&s->bodies->lock);
}

/* Under the lock. */
static enum status open_folder(struct store_bodies *b, enum body_folder which, bool is_making,
                               struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    const char *path =
        arena_cstr(&a, arena_printf(&a, "%s/%s", b->store->folder.path, folder_names[which]));
    enum status status = STATUS_OK;
    if (is_making && mkdir(path, 0700) != 0 && errno != EEXIST)
        status = store_bodies_fail(folder_names[which], 0, err);
    if (status == STATUS_OK) {
        b->folders[which] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (b->folders[which] < 0)
            status = errno == ENOENT ? error_set(err, STATUS_NOT_FOUND, "StoreNotFound",
                                                 "there is no folder %s", folder_names[which])
                                     : store_bodies_fail(folder_names[which], 0, err);
        else if (is_making)
            status = store_folder_sync(&b->store->folder, err);
    }
    arena_done(&a);
    return status;
}

enum status store_bodies_folder(struct store_bodies *b, enum body_folder which, bool is_making,
                                int *ret_fd, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&b->lock);
    if (b->folders[which] < 0)
        status = open_folder(b, which, is_making, err);
    *ret_fd = b->folders[which];
    pthread_mutex_unlock(&b->lock);
    return status;
}

struct store_segment *store_segment_find(struct store_bodies *b, int64_t id)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->segments[i]->id == id)
            return b->segments[i];
    return NULL;
}

struct store_segment *store_segment_enter(struct store_bodies *b, int64_t id, int fd)
{
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 16;
        b->segments = realloc(b->segments, b->cap * sizeof(struct store_segment *));
        check(b->segments != NULL);
    }
    struct store_segment *g = calloc(1, sizeof(*g));
    check(g != NULL);
    *g = (struct store_segment){.id = id, .fd = fd, .last_use = ++b->uses};
    b->segments[b->count++] = g;
    return g;
}

static bool is_idle(const struct store_segment *g)
{
    return g->readers == 0 && g->pending == 0 && !g->is_open;
}

/* The idle one that was used longest ago, or one that is removed; count: none. */
static size_t find_idle(const struct store_bodies *b)
{
    size_t oldest = b->count;
    for (size_t i = 0; i < b->count; i++) {
        const struct store_segment *g = b->segments[i];
        if (!is_idle(g))
            continue;
        if (g->is_removed)
            return i;
        if (!g->is_broken && (oldest == b->count || g->last_use < b->segments[oldest]->last_use))
            oldest = i;
    }
    return oldest;
}

void store_segments_tidy(struct store_bodies *b)
{
    for (size_t i; (i = find_idle(b)) < b->count;) {
        if (!b->segments[i]->is_removed && b->count <= SEGMENTS_KEPT_OPEN)
            return;
        close_segment(b->segments[i]);
        b->segments[i] = b->segments[--b->count];
    }
}

/* ---- writers ---- */

struct store_writer {
    struct store_bodies *bodies;
    struct store_segment *segment; /* NULL: none */
    uint64_t flushed;              /* up to where writing out was begun */
    uint64_t first;                /* room that the next segment begins with */
};

struct store_writer *store_writer_new(struct store *s)
{
    struct store_writer *w = calloc(1, sizeof(*w));
    check(w != NULL);
    w->bodies = s->bodies;
    w->first = SEGMENT_FIRST;
    return w;
}

/* The segment is full, or the writer goes. What is behind its end was never written. */
static void seal(struct store_writer *w)
{
    struct store_segment *g = w->segment;
    if (!g)
        return;
    int cut = ftruncate(g->fd, (off_t)g->end); /* else it is longer than it need be */
    (void)cut;
    pthread_mutex_lock(&w->bodies->lock);
    g->is_open = false;
    store_segments_tidy(w->bodies);
    pthread_mutex_unlock(&w->bodies->lock);
    w->segment = NULL;
}

void store_writer_free(struct store_writer *w)
{
    if (!w)
        return;
    seal(w);
    free(w);
}

static enum status write_head(int fd, int64_t id, struct error *err)
{
    char head[SEGMENT_HEAD_BYTES] = "AFXSEG1\n";
    for (size_t i = 0; i < 8; i++)
        head[8 + i] = (char)((uint64_t)id >> (8 * i));
    if (pwrite(fd, head, sizeof(head), 0) == sizeof(head))
        return STATUS_OK;
    return store_bodies_fail("writing segment", id, err);
}

/* With room for a record of so many bytes. */
static enum status new_segment(struct store_writer *w, uint64_t bytes, struct error *err)
{
    struct store_bodies *b = w->bodies;
    int folder, fd;
    char name[32];
    int64_t id;
    uint64_t room = 0;
    if (store_bodies_folder(b, FOLDER_SEGMENTS, true, &folder, err) != STATUS_OK)
        return err->status;
    do { /* a crash may have left one whose id was never committed */
        id = store_new_id(b->store);
        snprintf(name, sizeof(name), "%lld", (long long)id);
        fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EEXIST);
    if (fd < 0)
        return store_bodies_fail("making segment", id, err);
    if (store_segment_grow(fd, id, w->first, SEGMENT_HEAD_BYTES + bytes, &room, err) != STATUS_OK ||
        write_head(fd, id, err) != STATUS_OK) {
        unlinkat(folder, name, 0);
        close(fd);
        return err->status;
    }
    pthread_mutex_lock(&b->lock);
    w->segment = store_segment_enter(b, id, fd);
    w->segment->is_open = true;
    w->segment->end = SEGMENT_HEAD_BYTES;
    w->segment->room = room;
    w->flushed = 0;
    pthread_mutex_unlock(&b->lock);
    return STATUS_OK;
}

/* A segment that has room for a record of so many bytes. */
static enum status provide_room(struct store_writer *w, uint64_t bytes, struct error *err)
{
    struct store_segment *g = w->segment;
    if (g && (g->end + bytes > STORE_SEGMENT_BYTES || g->is_broken)) {
        w->first = g->room;
        seal(w);
    }
    if (!w->segment)
        return new_segment(w, bytes, err);
    if (g->end + bytes <= g->room)
        return STATUS_OK;
    return store_segment_grow(g->fd, g->id, w->first, g->end + bytes, &g->room, err);
}

static enum status write_record(struct store_segment *g, const struct store_record *r, str bytes,
                                struct error *err)
{
    static const char zeros[8];
    char head[RECORD_HEAD_BYTES];
    store_record_write(r, head);
    uint64_t whole = store_record_bytes(r);
    size_t padding = (size_t)(whole - RECORD_HEAD_BYTES - r->bucket.n - r->key.n - r->size);
    struct iovec parts[] = {{head, sizeof(head)},
                            {(char *)(uintptr_t)r->bucket.p, r->bucket.n},
                            {(char *)(uintptr_t)r->key.p, r->key.n},
                            {(char *)(uintptr_t)bytes.p, bytes.n},
                            {(char *)(uintptr_t)zeros, padding}};
    ssize_t n = pwritev(g->fd, parts, ARRAY_LEN(parts), (off_t)g->end);
    if (n >= 0 && (uint64_t)n == whole)
        return STATUS_OK;
    if (n >= 0)
        errno = ENOSPC; /* only part of it fitted */
    return store_bodies_fail("writing segment", g->id, err);
}

enum status store_writer_append(struct store_writer *w, str bucket, str key, str bytes,
                                struct store_body *ret, struct error *err)
{
    check(bytes.n <= STORE_RECORD_MAX);
    struct store_bodies *b = w->bodies;
    struct store_record r = {
        .bucket = bucket, .key = key, .size = bytes.n, .body_sum = crc32c_sum(0, bytes)};
    uint64_t n = store_record_bytes(&r);
    if (provide_room(w, n, err) != STATUS_OK)
        return err->status;
    struct store_segment *g = w->segment;
    if (write_record(g, &r, bytes, err) != STATUS_OK) {
        seal(w); /* what is at its end is not known */
        return err->status;
    }
    *ret = (struct store_body){
        .kind = STORE_BODY_SEGMENT, .id = g->id, .at = g->end, .size = bytes.n, .is_new = true};
    g->end += n;
    if (g->end - w->flushed >= FLUSH_BYTES) {
        sync_file_range(g->fd, (off_t)w->flushed, (off_t)(g->end - w->flushed),
                        SYNC_FILE_RANGE_WRITE);
        w->flushed = g->end;
    }
    pthread_mutex_lock(&b->lock);
    g->pending++;
    b->metrics.records++;
    b->metrics.record_bytes += n;
    pthread_mutex_unlock(&b->lock);
    return STATUS_OK;
}

void store_body_drop(struct store *s, const struct store_body *body)
{
    if (body->kind != STORE_BODY_SEGMENT || !body->is_new)
        return;
    struct store_bodies *b = s->bodies;
    pthread_mutex_lock(&b->lock);
    struct store_segment *g = store_segment_find(b, body->id);
    check(g != NULL && g->pending > 0);
    g->pending--;
    store_segments_tidy(b);
    pthread_mutex_unlock(&b->lock);
}

/* ---- groups ---- */

enum status store_bodies_touch(struct store_tx *tx, const struct store_body *body,
                               struct error *err)
{
    struct store_bodies *b = tx->store->bodies;
    pthread_mutex_lock(&b->lock);
    struct store_segment *g = store_segment_find(b, body->id);
    check(g != NULL && g->pending > 0);
    bool is_broken = g->is_broken;
    pthread_mutex_unlock(&b->lock);
    if (is_broken)
        return error_set(err, STATUS_IO, "StoreIo", "segment %lld: the disk failed before",
                         (long long)body->id);
    tx->body_bytes += body->size;
    for (uint32_t i = 0; i < tx->touched_count; i++)
        if (tx->touched[i].segment == g) {
            tx->touched[i].records++;
            return STATUS_OK;
        }
    if (tx->touched_count == tx->touched_cap) {
        tx->touched_cap = tx->touched_cap ? tx->touched_cap * 2 : 8;
        tx->touched = realloc(tx->touched, tx->touched_cap * sizeof(*tx->touched));
        check(tx->touched != NULL);
    }
    tx->touched[tx->touched_count++] = (struct store_touched){g, 1};
    return STATUS_OK;
}

/* After a sync that failed nobody knows what is on the disk, and the next one may succeed without
 * having written it: the segment is given up. */
static enum status sync_segment(struct store_bodies *b, struct store_segment *g, struct error *err)
{
    if (fdatasync(g->fd) == 0)
        return STATUS_OK;
    enum status status = store_bodies_fail("writing segment", g->id, err);
    pthread_mutex_lock(&b->lock);
    g->is_broken = true;
    pthread_mutex_unlock(&b->lock);
    return status;
}

enum status store_bodies_sync(struct store_tx *tx, struct error *err)
{
    struct store_bodies *b = tx->store->bodies;
    bool has_new_name = false;
    for (uint32_t i = 0; i < tx->touched_count; i++) {
        struct store_segment *g = tx->touched[i].segment;
        if (sync_segment(b, g, err) != STATUS_OK)
            return err->status;
        has_new_name |= !g->is_named;
    }
    if (has_new_name) {
        if (fsync(b->folders[FOLDER_SEGMENTS]) != 0)
            return store_bodies_fail("writing the folder of segments", 0, err);
        for (uint32_t i = 0; i < tx->touched_count; i++)
            tx->touched[i].segment->is_named = true;
    }
    if (tx->touched_count > 0) {
        pthread_mutex_lock(&b->lock);
        b->metrics.syncs += tx->touched_count;
        pthread_mutex_unlock(&b->lock);
    }
    return STATUS_OK;
}

void store_bodies_settle(struct store_tx *tx, bool is_committed)
{
    struct store_bodies *b = tx->store->bodies;
    if (tx->touched_count > 0) {
        pthread_mutex_lock(&b->lock);
        for (uint32_t i = 0; i < tx->touched_count; i++)
            tx->touched[i].segment->pending -= tx->touched[i].records;
        store_segments_tidy(b);
        pthread_mutex_unlock(&b->lock);
    }
    tx->touched_count = 0;
    tx->body_bytes = 0;
    if (is_committed && tx->has_garbage)
        store_collector_wake(b);
    tx->has_garbage = false;
}
