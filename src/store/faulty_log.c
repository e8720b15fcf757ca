/* SPDX-License-Identifier: Apache-2.0 */
/* What was written, in order, and the files that a power cut leaves of it. */
#include "base/check.h"
#include "base/buf.h"
#include "base/map.h"
#include "store/faulty_internal.h"
#include <stdio.h>
#include <stdlib.h>

enum { SECTOR = 512 };

void store_faulty_log(struct store_faulty *f, enum write_kind kind, const char *path,
                      int64_t offset, const void *bytes, size_t size)
{
    pthread_mutex_lock(&f->lock);
    if (f->is_recording) {
        if (f->log_count == f->log_cap) {
            f->log_cap = f->log_cap ? f->log_cap * 2 : 1024;
            f->log = realloc(f->log, f->log_cap * sizeof(*f->log));
            check(f->log != NULL);
        }
        const char *name = strrchr(path, '/');
        struct log_entry e = {.kind = kind, .offset = offset, .size = size};
        e.file = strdup(name ? name + 1 : path);
        e.bytes = malloc(size ? size : 1);
        check(e.file != NULL && e.bytes != NULL);
        if (size > 0)
            memcpy(e.bytes, bytes, size);
        f->log[f->log_count++] = e;
    }
    pthread_mutex_unlock(&f->lock);
}

void store_faulty_log_free(struct store_faulty *f)
{
    for (size_t i = 0; i < f->log_count; i++) {
        free(f->log[i].file);
        free(f->log[i].bytes);
    }
    free(f->log);
}

void store_faulty_record(struct store_faulty *f)
{
    pthread_mutex_lock(&f->lock);
    f->is_recording = true;
    pthread_mutex_unlock(&f->lock);
}

size_t store_faulty_position(struct store_faulty *f)
{
    pthread_mutex_lock(&f->lock);
    size_t position = f->log_count;
    pthread_mutex_unlock(&f->lock);
    return position;
}

bool store_faulty_is_sync(struct store_faulty *f, size_t position)
{
    pthread_mutex_lock(&f->lock);
    bool is_sync =
        position > 0 && position <= f->log_count && f->log[position - 1].kind == LOG_SYNC;
    pthread_mutex_unlock(&f->lock);
    return is_sync;
}

/* ---- a cut ---- */

struct image {
    const char *name;
    size_t begin;  /* entries before it are of a file of this name that was deleted */
    size_t synced; /* entries before it are on the disk */
    bool exists;
};

enum { IMAGES_MAX = 16 };

static struct image *image_of(struct image *images, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(images[i].name, name) == 0)
            return &images[i];
    check(*count < IMAGES_MAX);
    images[*count] = (struct image){.name = name};
    return &images[(*count)++];
}

static size_t find_images(const struct store_faulty *f, size_t position, struct image *images)
{
    size_t count = 0;
    for (size_t i = 0; i < position; i++) {
        struct image *image = image_of(images, &count, f->log[i].file);
        image->exists = f->log[i].kind != LOG_DELETE;
        if (f->log[i].kind == LOG_DELETE)
            image->begin = i + 1;
        else if (f->log[i].kind == LOG_SYNC)
            image->synced = i;
    }
    return count;
}

static void put_bytes(struct buf *b, int64_t offset, const char *bytes, size_t size)
{
    size_t end = (size_t)offset + size;
    if (b->n < end)
        buf_add_fill(b, '\0', end - b->n);
    check(buf_ok(b));
    if (size > 0)
        memcpy(b->p + offset, bytes, size);
}

/* An entry that was synced: all of it. Another one: all, nothing, or some of its sectors. */
static void put_entry(struct buf *b, const struct log_entry *e, bool is_synced, uint64_t chance)
{
    bool is_kept = is_synced || chance % 3 == 0;
    bool is_torn = !is_synced && chance % 3 == 1;
    if (e->kind == LOG_WRITE && is_kept)
        put_bytes(b, e->offset, e->bytes, e->size);
    else if (e->kind == LOG_WRITE && is_torn)
        put_bytes(b, e->offset, e->bytes, (chance >> 8) % (e->size / SECTOR + 1) * SECTOR);
    else if (e->kind == LOG_TRUNCATE && is_kept && (size_t)e->offset < b->n)
        b->n = (size_t)e->offset;
}

static enum status write_image(const struct store_faulty *f, const struct image *image,
                               size_t position, uint64_t seed, str dir, struct error *err)
{
    struct buf b;
    char path[4096];
    buf_init(&b, SIZE_MAX);
    for (size_t i = image->begin; i < position; i++)
        if (strcmp(f->log[i].file, image->name) == 0)
            put_entry(&b, &f->log[i], i < image->synced,
                      hash_bytes((str){(const char *)&i, sizeof(i)}, seed));
    snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(dir), image->name);
    FILE *out = fopen(path, "wb");
    bool is_ok = out && (b.n == 0 || fwrite(b.p, 1, b.n, out) == b.n);
    if (out && fclose(out) != 0)
        is_ok = false;
    buf_done(&b);
    return is_ok ? STATUS_OK : error_set(err, STATUS_IO, "StoreIo", "%s: cannot be written", path);
}

enum status store_faulty_cut(struct store_faulty *f, size_t position, uint64_t seed, str dir,
                             struct error *err)
{
    struct image images[IMAGES_MAX];
    enum status status = STATUS_OK;
    pthread_mutex_lock(&f->lock);
    check(position <= f->log_count);
    size_t count = find_images(f, position, images);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (images[i].exists)
            status = write_image(f, &images[i], position, seed, dir, err);
    pthread_mutex_unlock(&f->lock);
    return status;
}
