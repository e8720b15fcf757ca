/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in a folder: where a key lies, and reading it. A piece is read when it is asked for;
 * after some of them the loop gets a turn. Ways lead through open folders, part by part, so that
 * nothing outside can be reached, whatever is renamed meanwhile.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "services/objects_folder_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the folder ---- */

static const struct objects_kind folder_kind = {
    .open = folder_source, .list = folder_listing, .put = folder_sink};

enum status objects_folder_open(const char *path, struct objects **ret, struct error *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return error_set(err, STATUS_IO, "ObjectsFolder", "the folder %.300s cannot be opened: %s",
                         path, strerrordesc_np(errno));
    struct folder_objects *f = calloc(1, sizeof(*f));
    check(f != NULL);
    f->objects.kind = &folder_kind;
    f->dir = dir;
    *ret = &f->objects;
    return STATUS_OK;
}

void objects_folder_close(struct objects *o)
{
    struct folder_objects *f = (struct folder_objects *)(void *)o;
    if (!f)
        return;
    close(f->dir);
    free(f);
}

/* ---- ways ---- */

const char *folder_cause(int code, const char *otherwise)
{
    static const struct {
        int code;
        const char *cause;
    } causes[] = {
        {ENOENT, "There is no such object."},
        {ENOTDIR, "There is no such object."},
        {ELOOP, "There is no such object."},
        {EISDIR, "There is no such object."},
        {EACCES, "Access to the object is denied."},
        {EPERM, "Access to the object is denied."},
        {ENOSPC, "There is no space left for the object."},
        {EDQUOT, "There is no space left for the object."},
        {EROFS, "Objects can only be read here."},
    };
    for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
        if (causes[i].code == code)
            return causes[i].cause;
    }
    return otherwise;
}

static bool is_part(str part)
{
    return part.n > 0 && part.n <= OBJECTS_FOLDER_MAX_PART && !str_eq(part, STR(".")) &&
           !str_eq(part, STR("..")) && str_find_byte(part, '\0', 0) == STR_NONE &&
           str_find_byte(part, '/', 0) == STR_NONE &&
           !str_starts(part, STR(OBJECTS_FOLDER_TEMPORARY));
}

/* Is every part of it one that a file can have here? */
static bool is_key(str key)
{
    size_t end = 0;
    for (size_t at = 0; end != STR_NONE; at = end + 1) {
        end = str_find_byte(key, '/', at);
        if (!is_part(str_sub(key, at, end == STR_NONE ? key.n : end)))
            return false;
    }
    return true;
}

/* NULL, or why it can be none. */
static const char *refuse_key(str key)
{
    if (key.n > OBJECTS_MAX_KEY || utf8_check(key) != key.n)
        return "The key of the object is too long or no text.";
    return is_key(key) ? NULL : "The key of the object cannot be that of a file in a folder.";
}

static int open_at(int dir, str name, int flags)
{
    char text[OBJECTS_FOLDER_MAX_PART + 1];
    if (name.n > OBJECTS_FOLDER_MAX_PART) {
        errno = ENOENT;
        return -1;
    }
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return openat(dir, text, flags | O_NOFOLLOW | O_CLOEXEC);
}

int folder_open_dir(int dir, str name)
{
    return open_at(dir, name, O_RDONLY | O_DIRECTORY);
}

int folder_open_bucket(const struct folder_objects *f, str bucket, const char **ret_cause)
{
    int dir = is_part(bucket) ? folder_open_dir(f->dir, bucket) : -1;
    if (dir < 0)
        *ret_cause = "The specified bucket does not exist.";
    return dir;
}

static int make_dir(int dir, str name)
{
    char text[OBJECTS_FOLDER_MAX_PART + 1];
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (mkdirat(dir, text, 0777) != 0 && errno != EEXIST)
        return -1;
    return fsync(dir);
}

/* Goes on into a part of the way; closes what it comes from. */
static int enter(int dir, str part, bool create)
{
    int next = folder_open_dir(dir, part);
    if (next < 0 && errno == ENOENT && create && make_dir(dir, part) == 0)
        next = folder_open_dir(dir, part);
    int code = errno;
    close(dir);
    errno = code;
    return next;
}

int folder_open_parent(const struct folder_objects *f, str bucket, str key, bool create,
                       str *ret_name, const char **ret_cause)
{
    const char *cause = refuse_key(key);
    int dir = folder_open_bucket(f, bucket, ret_cause);
    size_t at = 0, slash;
    while (dir >= 0 && !cause && (slash = str_find_byte(key, '/', at)) != STR_NONE) {
        dir = enter(dir, str_sub(key, at, slash), create);
        if (dir < 0)
            *ret_cause = folder_cause(errno, "The folder of the object cannot be opened.");
        at = slash + 1;
    }
    if (dir >= 0 && cause) {
        close(dir);
        dir = -1;
        *ret_cause = cause;
    }
    *ret_name = str_sub(key, at, key.n);
    return dir;
}

/* ---- reading ---- */

struct folder_source {
    struct object_source source;
    int fd;
    size_t since_break;
    struct folder_job job;
    char piece[OBJECTS_FOLDER_PIECE];
};

static enum objects_got source_more(struct object_source *source, str *ret)
{
    struct folder_source *s = (struct folder_source *)(void *)source;
    if (s->job.is_under_way)
        return OBJECTS_WAIT;
    if (s->since_break >= OBJECTS_FOLDER_BREAK) {
        s->since_break = 0;
        folder_job_start(&s->job, &source->part, NULL, s);
        return OBJECTS_WAIT;
    }
    ssize_t n;
    do
        n = read(s->fd, s->piece, sizeof(s->piece));
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        source->part.cause = folder_cause(errno, "The object cannot be read.");
        return OBJECTS_FAILED;
    }
    s->since_break += (size_t)n;
    *ret = (str){s->piece, (size_t)n};
    return n > 0 ? OBJECTS_GOT : OBJECTS_END;
}

static void source_seek(struct object_source *source, uint64_t offset)
{
    struct folder_source *s = (struct folder_source *)(void *)source;
    struct stat info; /* file systems refuse places far behind the end */
    bool is_behind = fstat(s->fd, &info) != 0 || offset > (uint64_t)info.st_size;
    check(lseek(s->fd, is_behind ? 0 : (off_t)offset, is_behind ? SEEK_END : SEEK_SET) >= 0);
}

static void source_done(void *arg)
{
    struct folder_source *s = arg;
    close(s->fd);
    free(s);
}

static void source_free(struct object_source *source)
{
    struct folder_source *s = (struct folder_source *)(void *)source;
    folder_job_leave(&s->job, source_done, s);
}

static const struct object_source_kind source_kind = {
    .more = source_more, .seek = source_seek, .free = source_free};

/* O_NONBLOCK: a pipe must not be waited for before it is seen to be one. */
static int open_file(int dir, str name, const char **ret_cause)
{
    struct stat st;
    int fd = open_at(dir, name, O_RDONLY | O_NONBLOCK);
    int code = errno;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    if (fd >= 0) {
        close(fd);
        code = ENOENT;
    }
    *ret_cause = folder_cause(code, "The object cannot be opened.");
    return -1;
}

struct object_source *folder_source(struct objects *o, struct loop *loop, str bucket, str key,
                                    str version, const char **ret_cause)
{
    const struct folder_objects *f = (const struct folder_objects *)(const void *)o;
    str name;
    if (version.n > 0) {
        *ret_cause = "There are no versions of objects in a folder.";
        return NULL;
    }
    int dir = folder_open_parent(f, bucket, key, false, &name, ret_cause);
    if (dir < 0)
        return NULL;
    int fd = open_file(dir, name, ret_cause);
    close(dir);
    if (fd < 0)
        return NULL;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    struct folder_source *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->source.kind = &source_kind;
    s->source.part.loop = loop;
    s->source.is_seekable = true;
    s->fd = fd;
    return &s->source;
}
