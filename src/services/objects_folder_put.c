/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are put into a folder: bytes go into a file of another name, which takes the key's
 * when all are on disk. Making that durable may take long and is done on a thread.
 */
#include "base/check.h"
#include "services/objects_folder_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = sizeof(OBJECTS_FOLDER_TEMPORARY) + OBJECTS_FOLDER_MAX_PART };

struct folder_sink {
    struct object_sink sink;
    int dir, fd;
    char name[NAME_BYTES], temporary[NAME_BYTES];
    size_t since_break;
    struct folder_job job;
    bool is_finishing, is_finished;
    int code; /* errno of finishing */
};

/* ---- bytes ---- */

static bool write_all(int fd, str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
    return true;
}

static enum objects_got fail(struct folder_sink *s, int code)
{
    s->sink.part.cause = folder_cause(code, "The object cannot be written.");
    return OBJECTS_FAILED;
}

static enum objects_got sink_write(struct object_sink *sink, str bytes)
{
    struct folder_sink *s = (struct folder_sink *)(void *)sink;
    check(!s->is_finishing && !s->job.is_under_way);
    if (!write_all(s->fd, bytes))
        return fail(s, errno);
    s->since_break += bytes.n;
    if (s->since_break < OBJECTS_FOLDER_BREAK)
        return OBJECTS_GOT;
    s->since_break = 0;
    folder_job_start(&s->job, &sink->part, NULL, s);
    return OBJECTS_WAIT;
}

/* ---- its end ---- */

/* On a thread. */
static void make_durable(void *arg)
{
    struct folder_sink *s = arg;
    bool is_well = fsync(s->fd) == 0 && renameat(s->dir, s->temporary, s->dir, s->name) == 0 &&
                   fsync(s->dir) == 0;
    s->code = is_well ? 0 : errno;
}

static enum objects_got sink_finish(struct object_sink *sink)
{
    struct folder_sink *s = (struct folder_sink *)(void *)sink;
    if (s->job.is_under_way)
        return OBJECTS_WAIT;
    if (!s->is_finishing) {
        s->is_finishing = true;
        folder_job_start(&s->job, &sink->part, make_durable, s);
        return OBJECTS_WAIT;
    }
    if (s->code != 0)
        return fail(s, s->code);
    s->is_finished = true;
    return OBJECTS_END;
}

static void sink_done(void *arg)
{
    struct folder_sink *s = arg;
    close(s->fd);
    close(s->dir);
    free(s);
}

static void sink_free(struct object_sink *sink)
{
    struct folder_sink *s = (struct folder_sink *)(void *)sink;
    if (!s->is_finishing) /* otherwise it may be the object already */
        (void)unlinkat(s->dir, s->temporary, 0);
    folder_job_leave(&s->job, sink_done, s);
}

static const struct object_sink_kind sink_kind = {
    .write = sink_write, .finish = sink_finish, .free = sink_free};

/* ---- its beginning ---- */

/* The file is ours, and still what its name says: another one may have finished meanwhile. */
static bool is_ours(int dir, const char *name, int fd)
{
    struct stat here, there;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &here) == 0 &&
           fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == there.st_ino &&
           S_ISREG(here.st_mode);
}

static bool is_dir(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode);
}

static bool open_temporary(struct folder_sink *s, const char **ret_cause)
{
    s->fd = openat(s->dir, s->temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                   0666);
    if (s->fd < 0) {
        *ret_cause = folder_cause(errno, "The object cannot be written.");
        return false;
    }
    bool is_well = is_ours(s->dir, s->temporary, s->fd) && ftruncate(s->fd, 0) == 0;
    if (!is_well) {
        close(s->fd);
        *ret_cause = "The object is being written by somebody else.";
    }
    return is_well;
}

static bool begin(struct folder_sink *s, str name, const char **ret_cause)
{
    snprintf(s->name, sizeof(s->name), "%.*s", STR_ARG(name));
    snprintf(s->temporary, sizeof(s->temporary), "%s%.*s", OBJECTS_FOLDER_TEMPORARY, STR_ARG(name));
    if (is_dir(s->dir, s->name)) {
        *ret_cause = "The key of the object is that of a folder.";
        return false;
    }
    return open_temporary(s, ret_cause);
}

struct object_sink *folder_sink(struct objects *o, struct loop *loop, str bucket, str key,
                                const char **ret_cause)
{
    const struct folder_objects *f = (const struct folder_objects *)(const void *)o;
    str name;
    int dir = folder_open_parent(f, bucket, key, true, &name, ret_cause);
    if (dir < 0)
        return NULL;
    struct folder_sink *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->sink.kind = &sink_kind;
    s->sink.part.loop = loop;
    s->dir = dir;
    if (begin(s, name, ret_cause))
        return &s->sink;
    close(dir);
    free(s);
    return NULL;
}
