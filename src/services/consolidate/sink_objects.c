/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV as an object: gathered in a file, and put by a thread that follows what is written there
 * a few steps behind, so that little is left to do at the end. If the file is written anew, what
 * was put so far is dropped and the thread begins again.
 */
#include "services/consolidate/sink_objects.h"

#include "base/check.h"
#include "services/consolidate/objects_wait.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PIECE = 256 << 10,
    FOLLOWED_FROM = 1 << 20 /* bytes that a thread is worth beginning for */
};

struct sink_objects {
    struct objects *objects;
    str bucket, key;
    const char *folder;
    const _Atomic bool *canceled;
    int fd, old; /* what is being written; what is read back. -1: none */
    off_t read_at;

    pthread_t follower;
    bool is_followed;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    /* under the lock */
    uint64_t written;
    bool is_whole, is_dropped; /* no more comes; the object is not wanted */
    /* of the follower, until it has ended */
    enum status status;
    struct error error;
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

static void *follow(void *arg);

/* Signals are the others' business. Without a thread it is put at the end. */
static void begin_to_follow(struct sink_objects *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->is_followed = pthread_create(&s->follower, NULL, follow, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->is_followed)
        pthread_setname_np(s->follower, "afflux-put");
}

static void tell_follower(struct sink_objects *s, uint64_t more, bool is_whole, bool is_dropped)
{
    pthread_mutex_lock(&s->lock);
    s->written += more;
    s->is_whole |= is_whole;
    s->is_dropped |= is_dropped;
    pthread_cond_signal(&s->moved);
    pthread_mutex_unlock(&s->lock);
}

/* What it has put so far is nobody's. */
static void stop_following(struct sink_objects *s)
{
    tell_follower(s, 0, false, true);
    if (s->is_followed)
        pthread_join(s->follower, NULL);
    s->is_followed = s->is_dropped = false;
}

static enum status write_bytes(void *arg, str bytes, struct error *err)
{
    struct sink_objects *s = arg;
    size_t more = bytes.n;
    while (bytes.n > 0) {
        ssize_t n = write(s->fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR)
            return fail(s, "written", err);
        bytes = str_sub(bytes, n > 0 ? (size_t)n : 0, bytes.n);
    }
    tell_follower(s, more, false, false);
    if (!s->is_followed && s->written >= FOLLOWED_FROM)
        begin_to_follow(s);
    return STATUS_OK;
}

static enum status begin_again(void *arg, struct error *err)
{
    struct sink_objects *s = arg;
    stop_following(s);
    s->written = 0;
    s->old = s->fd;
    s->fd = -1;
    s->read_at = 0;
    return open_new(s, err);
}

static enum status read_at(struct sink_objects *s, int fd, off_t at, char *to, size_t n,
                           size_t *ret_n, struct error *err)
{
    ssize_t got;
    do
        got = pread(fd, to, n, at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(s, "read", err);
    *ret_n = (size_t)got;
    return STATUS_OK;
}

static enum status read_back(void *arg, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct sink_objects *s = arg;
    if (read_at(s, s->old, s->read_at, to, n, ret_n, err) != STATUS_OK)
        return err->status;
    s->read_at += (off_t)*ret_n;
    return STATUS_OK;
}

static void close_files(struct sink_objects *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->old >= 0)
        close(s->old);
    s->fd = s->old = -1;
}

/* ---- the object ---- */

/* How many bytes there are to put behind at, when it is a piece or the end. False: it is dropped.
 */
static bool wait_for_bytes(struct sink_objects *s, uint64_t at, size_t *ret_n)
{
    pthread_mutex_lock(&s->lock);
    while (!s->is_dropped && !s->is_whole && s->written - at < PIECE)
        pthread_cond_wait(&s->moved, &s->lock);
    bool is_wanted = !s->is_dropped;
    uint64_t n = s->written - at;
    pthread_mutex_unlock(&s->lock);
    *ret_n = n < PIECE ? (size_t)n : PIECE;
    return is_wanted;
}

/* All bytes of the file to the object. */
static enum status copy(struct sink_objects *s, struct object_sink *sink, struct objects_wait *w,
                        char *piece, struct error *err)
{
    enum objects_got got = OBJECTS_GOT;
    uint64_t at = 0;
    for (size_t n; got != OBJECTS_FAILED; at += n) {
        if (!wait_for_bytes(s, at, &n))
            return objects_canceled(err);
        if (n == 0)
            break;
        if (read_at(s, s->fd, (off_t)at, piece, n, &n, err) != STATUS_OK)
            return err->status;
        check(n > 0); /* it was written */
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

static enum status put(struct sink_objects *s, struct error *err)
{
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
    return status;
}

static void *follow(void *arg)
{
    struct sink_objects *s = arg;
    s->status = put(s, &s->error);
    return NULL;
}

static enum status publish(void *arg, struct error *err)
{
    struct sink_objects *s = arg;
    tell_follower(s, 0, true, false);
    if (s->is_followed) {
        pthread_join(s->follower, NULL);
        s->is_followed = false;
    } else {
        s->status = put(s, &s->error);
    }
    close_files(s);
    if (s->status != STATUS_OK && err)
        *err = s->error;
    return s->status;
}

static void discard(void *arg)
{
    stop_following(arg);
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
    check(pthread_mutex_init(&s->lock, NULL) == 0 && pthread_cond_init(&s->moved, NULL) == 0);
    if (open_new(s, err) != STATUS_OK) {
        sink_objects_free(s);
        return err->status;
    }
    *ret = s;
    return STATUS_OK;
}

void sink_objects_free(struct sink_objects *s)
{
    if (!s)
        return;
    stop_following(s);
    close_files(s);
    pthread_cond_destroy(&s->moved);
    pthread_mutex_destroy(&s->lock);
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
