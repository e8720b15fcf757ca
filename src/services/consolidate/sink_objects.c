/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV as an object: gathered in a file, put at the end. */
#include "services/consolidate/sink_objects.h"

#include "base/check.h"
#include "services/consolidate/objects_wait.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

struct sink_objects {
    struct objects *objects;
    str bucket, key;
    const char *folder;
    const _Atomic bool *canceled;
    int fd, old; /* what is being written; what is read back. -1: none */
    off_t read_at;
};

static enum status fail(const struct sink_objects *s, const char *what, struct error *err)
{
    bool is_full = errno == ENOSPC || errno == EDQUOT;
    return error_set(err, is_full ? STATUS_UNAVAILABLE : STATUS_IO,
                     is_full ? "DiskFull" : "Objects", "a file in %.200s cannot be %s: %s",
                     s->folder, what, strerrordesc_np(errno));
}

/* A file that has no name, or had one for a moment. */
static enum status open_new(struct sink_objects *s, struct error *err)
{
    char name[4096];
    s->fd = open(s->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        (void)snprintf(name, sizeof(name), "%s/csv-XXXXXX", s->folder);
        s->fd = mkostemp(name, O_CLOEXEC);
        if (s->fd >= 0)
            (void)unlink(name);
    }
    return s->fd >= 0 ? STATUS_OK : fail(s, "made", err);
}

static enum status write_bytes(void *arg, str bytes, struct error *err)
{
    struct sink_objects *s = arg;
    while (bytes.n > 0) {
        ssize_t n = write(s->fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR)
            return fail(s, "written", err);
        bytes = str_sub(bytes, n > 0 ? (size_t)n : 0, bytes.n);
    }
    return STATUS_OK;
}

static enum status begin_again(void *arg, struct error *err)
{
    struct sink_objects *s = arg;
    s->old = s->fd;
    s->fd = -1;
    s->read_at = 0;
    return open_new(s, err);
}

static enum status read_from(struct sink_objects *s, int fd, char *to, size_t n, size_t *ret_n,
                             struct error *err)
{
    ssize_t got;
    do
        got = pread(fd, to, n, s->read_at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(s, "read", err);
    s->read_at += got;
    *ret_n = (size_t)got;
    return STATUS_OK;
}

static enum status read_back(void *arg, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct sink_objects *s = arg;
    return read_from(s, s->old, to, n, ret_n, err);
}

static void close_files(struct sink_objects *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->old >= 0)
        close(s->old);
    s->fd = s->old = -1;
}

/* All bytes of the file to the object. */
static enum status copy(struct sink_objects *s, struct object_sink *sink, struct objects_wait *w,
                        char *piece, struct error *err)
{
    enum objects_got got = OBJECTS_GOT;
    size_t n = 1;
    s->read_at = 0;
    while (n > 0 && got != OBJECTS_FAILED) {
        if (read_from(s, s->fd, piece, PIECE, &n, err) != STATUS_OK)
            return err->status;
        if (n > 0)
            got = sink->kind->write(sink, (str){piece, n});
        if (got == OBJECTS_WAIT)
            objects_wait(w);
        if (objects_is_canceled(w))
            return objects_canceled(err);
    }
    w->is_canceled = NULL; /* from here on it may be published */
    while (got != OBJECTS_FAILED && (got = sink->kind->finish(sink)) == OBJECTS_WAIT)
        objects_wait(w);
    return got == OBJECTS_FAILED ? objects_failed(s->bucket, s->key, sink->part.cause, err)
                                 : STATUS_OK;
}

static enum status publish(void *arg, struct error *err)
{
    struct sink_objects *s = arg;
    struct objects_wait w = {.is_canceled = s->canceled};
    const char *cause = "";
    if (loop_new(&w.loop, err) != STATUS_OK)
        return err->status;
    struct object_sink *sink = s->objects->kind->put(s->objects, w.loop, s->bucket, s->key, &cause);
    enum status status = STATUS_OK;
    if (sink) {
        char *piece = malloc(PIECE);
        check(piece != NULL);
        objects_wait_for(&w, &sink->part);
        status = copy(s, sink, &w, piece, err);
        sink->kind->free(sink);
        free(piece);
    } else {
        status = objects_failed(s->bucket, s->key, cause, err);
    }
    loop_free(w.loop);
    close_files(s);
    return status;
}

static void discard(void *arg)
{
    close_files(arg);
}

enum status sink_objects_new(struct objects *objects, str bucket, str key, const char *folder,
                             const _Atomic bool *canceled, struct sink_objects **ret,
                             struct error *err)
{
    struct sink_objects *s = calloc(1, sizeof(*s));
    check(s != NULL);
    *s = (struct sink_objects){.objects = objects,
                               .bucket = bucket,
                               .key = key,
                               .folder = folder,
                               .canceled = canceled,
                               .fd = -1,
                               .old = -1};
    if (open_new(s, err) != STATUS_OK) {
        free(s);
        return err->status;
    }
    *ret = s;
    return STATUS_OK;
}

void sink_objects_free(struct sink_objects *s)
{
    if (!s)
        return;
    close_files(s);
    free(s);
}

struct consolidate_sink sink_objects_sink(struct sink_objects *s)
{
    return (struct consolidate_sink){.arg = s,
                                     .write = write_bytes,
                                     .rewrite = begin_again,
                                     .read_back = read_back,
                                     .publish = publish,
                                     .discard = discard};
}
