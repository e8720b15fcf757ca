/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large bodies, each a file of its own, and reading of bodies of both kinds. A file is ID.part
 * until it is whole and durable, so what a crash leaves can be told by its name or by its missing
 * row.
 */
#include "base/check.h"
#include "store/body_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_BYTES = 32,
    FLUSH_BYTES = 8 << 20 /* writing out begins as often, so that the sync at the end is short and
                             dirty memory bounded */
};

static void part_name(char out[NAME_BYTES], int64_t id)
{
    snprintf(out, NAME_BYTES, "%lld.part", (long long)id);
}

static void whole_name(char out[NAME_BYTES], int64_t id)
{
    snprintf(out, NAME_BYTES, "%lld", (long long)id);
}

enum status store_file_create(struct store *s, struct store_file *ret, struct error *err)
{
    int folder, fd;
    int64_t id;
    char name[NAME_BYTES];
    struct stat st;
    if (store_bodies_folder(s->bodies, FOLDER_OBJECTS, true, &folder, err) != STATUS_OK)
        return err->status;
    for (;;) { /* a crash may have left one whose id was never committed */
        id = store_new_id(s);
        whole_name(name, id);
        if (fstatat(folder, name, &st, 0) == 0)
            continue;
        part_name(name, id);
        fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    if (fd < 0)
        return store_bodies_fail("making file", id, err);
    *ret = (struct store_file){.id = id, .fd = fd};
    return STATUS_OK;
}

enum status store_file_write(struct store_file *f, str bytes, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(f->fd, bytes.p, bytes.n, (off_t)f->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return store_bodies_fail("writing file", f->id, err);
        f->size += (uint64_t)n;
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
    if (f->size - f->flushed >= FLUSH_BYTES) {
        sync_file_range(f->fd, (off_t)f->flushed, (off_t)(f->size - f->flushed),
                        SYNC_FILE_RANGE_WRITE);
        f->flushed = f->size;
    }
    return STATUS_OK;
}

enum status store_file_keep(struct store *s, struct store_file *f, struct error *err)
{
    int folder = s->bodies->folders[FOLDER_OBJECTS];
    char part[NAME_BYTES], whole[NAME_BYTES];
    part_name(part, f->id);
    whole_name(whole, f->id);
    if (fsync(f->fd) != 0)
        return store_bodies_fail("writing file", f->id, err);
    if (renameat(folder, part, folder, whole) != 0)
        return store_bodies_fail("naming file", f->id, err);
    if (fsync(folder) != 0)
        return store_bodies_fail("writing the folder of objects for file", f->id, err);
    close(f->fd);
    f->fd = -1;
    return STATUS_OK;
}

void store_file_discard(struct store *s, struct store_file *f)
{
    int folder = s->bodies->folders[FOLDER_OBJECTS];
    char name[NAME_BYTES];
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    if (f->id == 0)
        return;
    part_name(name, f->id);
    unlinkat(folder, name, 0);
    whole_name(name, f->id);
    unlinkat(folder, name, 0);
    f->id = 0;
}

/* ---- reading ---- */

static enum status gone(const char *what, int64_t id, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "%s %lld is gone", what,
                     (long long)id);
}

static enum status open_one(struct store_bodies *b, enum body_folder which, const char *what,
                            int64_t id, int *ret_fd, struct error *err)
{
    int folder;
    char name[NAME_BYTES];
    if (store_bodies_folder(b, which, false, &folder, err) != STATUS_OK)
        return err->status;
    whole_name(name, id);
    *ret_fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (*ret_fd >= 0)
        return STATUS_OK;
    return errno == ENOENT ? gone(what, id, err) : store_bodies_fail(what, id, err);
}

/* The segment with one reader more. */
static enum status hold_segment(struct store_bodies *b, int64_t id, struct store_segment **ret,
                                struct error *err)
{
    pthread_mutex_lock(&b->lock);
    struct store_segment *g = store_segment_find(b, id);
    bool is_removed = g && g->is_removed;
    if (g && !is_removed) {
        g->readers++;
        g->last_use = ++b->uses;
    }
    pthread_mutex_unlock(&b->lock);
    if (is_removed)
        return gone("segment", id, err);
    if (g) {
        *ret = g;
        return STATUS_OK;
    }
    int fd;
    if (open_one(b, FOLDER_SEGMENTS, "segment", id, &fd, err) != STATUS_OK)
        return err->status;
    pthread_mutex_lock(&b->lock);
    g = store_segment_find(b, id); /* somebody may have been faster */
    if (g) {
        close(fd);
    } else {
        store_segments_tidy(b);
        g = store_segment_enter(b, id, fd);
    }
    g->readers++;
    pthread_mutex_unlock(&b->lock);
    *ret = g;
    return STATUS_OK;
}

static enum status open_record(struct store_bodies *b, const struct store_body *body,
                               struct store_piece *ret, struct error *err)
{
    struct store_record r;
    uint64_t at;
    if (hold_segment(b, body->id, &ret->segment, err) != STATUS_OK)
        return err->status;
    ret->fd = ret->segment->fd;
    enum status status = store_record_read(ret->fd, body->id, body->at, &at, &r, err);
    if (status == STATUS_OK && r.size != body->size)
        status = error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                           "segments/%lld: the record at %llu has another length than its row",
                           (long long)body->id, (unsigned long long)body->at);
    if (status == STATUS_OK) {
        ret->at = at;
        ret->size = r.size;
        ret->sum = r.body_sum;
        return STATUS_OK;
    }
    store_piece_close(b->store, ret);
    return status;
}

static enum status open_file(struct store_bodies *b, const struct store_body *body,
                             struct store_piece *ret, struct error *err)
{
    struct stat st;
    if (open_one(b, FOLDER_OBJECTS, "file", body->id, &ret->fd, err) != STATUS_OK)
        return err->status;
    ret->size = body->size;
    if (fstat(ret->fd, &st) == 0 && (uint64_t)st.st_size == body->size)
        return STATUS_OK;
    close(ret->fd);
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                     "objects/%lld has another length than its row", (long long)body->id);
}

enum status store_piece_open(struct store *s, const struct store_body *body,
                             struct store_piece *ret, struct error *err)
{
    check(body->kind == STORE_BODY_SEGMENT || body->kind == STORE_BODY_FILE);
    struct store_piece p = {.fd = -1};
    enum status status = body->kind == STORE_BODY_SEGMENT ? open_record(s->bodies, body, &p, err)
                                                          : open_file(s->bodies, body, &p, err);
    if (status == STATUS_OK)
        *ret = p;
    return status;
}

void store_piece_close(struct store *s, struct store_piece *p)
{
    if (p->segment) {
        pthread_mutex_lock(&s->bodies->lock);
        p->segment->readers--;
        if (p->segment->is_removed || s->bodies->count > SEGMENTS_KEPT_OPEN)
            store_segments_tidy(s->bodies);
        pthread_mutex_unlock(&s->bodies->lock);
    } else if (p->fd >= 0) {
        close(p->fd);
    }
    *p = (struct store_piece){.fd = -1};
}

enum status store_piece_read(const struct store_piece *p, uint64_t offset, char *out, size_t n,
                             struct error *err)
{
    check(offset <= p->size && n <= p->size - offset);
    while (n > 0) {
        ssize_t got = pread(p->fd, out, n, (off_t)(p->at + offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return store_bodies_fail("reading a body at", (int64_t)offset, err);
        if (got == 0)
            return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                             "a file of a body ends before the body does");
        out += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return STATUS_OK;
}
