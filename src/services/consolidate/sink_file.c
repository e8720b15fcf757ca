/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing a file. What was written is sent to the disk every few megabytes, so that the disk
 * works while the parts are read, and little is left to wait for at the end.
 */
#include "services/consolidate/sink_file.h"
#include "base/check.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEND_BYTES = 4 << 20, NAME_BYTES = PATH_MAX + 32, MAX_TRIES = 100 };

struct sink_file {
    char *target;
    char *folder;
    int fd;        /* what is being written; -1: none */
    int old;       /* what is read back; -1: nothing */
    char *fd_name; /* of its own; NULL: it has none */
    uint64_t written, sent;
};

/* ---- errors ---- */

static enum status fail(const struct sink_file *f, const char *what, struct error *err)
{
    int number = errno;
    char text[128];
    const char *why = strerror_r(number, text, sizeof(text));
    bool is_full = number == ENOSPC || number == EDQUOT;
    if (number == ENOENT) /* whatever was to be done: files of its own it has */
        return error_set(err, STATUS_IO, "SinkIo", "%s: its folder is not there: %s", f->target,
                         why);
    return error_set(err, is_full ? STATUS_UNAVAILABLE : STATUS_IO, is_full ? "DiskFull" : "SinkIo",
                     "%s: cannot %s: %s", f->target, what, why);
}

/* ---- files without a name ---- */

static void temporary_name(const struct sink_file *f, int try, char name[NAME_BYTES])
{
    const char *base = strrchr(f->target, '/');
    snprintf(name, NAME_BYTES, "%s/.%.200s.%ld-%d.tmp", f->folder, base ? base + 1 : f->target,
             (long)getpid(), try);
}

static enum status open_named(struct sink_file *f, struct error *err)
{
    char name[NAME_BYTES];
    for (int try = 0; try < MAX_TRIES && f->fd < 0; try++) {
        temporary_name(f, try, name);
        f->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd < 0 && errno != EEXIST)
            break;
    }
    if (f->fd < 0)
        return fail(f, "make a file beside it", err);
    f->fd_name = (char *)(uintptr_t)str_dup(str_of(name)).p;
    return STATUS_OK;
}

static enum status open_new(struct sink_file *f, struct error *err)
{
    f->fd = open(f->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    f->written = f->sent = 0;
    return f->fd >= 0 ? STATUS_OK : open_named(f, err);
}

/* A file gets a name beside the target. */
static enum status give_name(struct sink_file *f, struct error *err)
{
    char link[64], name[NAME_BYTES];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
    for (int try = 0; try < MAX_TRIES && !f->fd_name; try++) {
        temporary_name(f, try, name);
        if (linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0)
            f->fd_name = (char *)(uintptr_t)str_dup(str_of(name)).p;
        else if (errno != EEXIST)
            break;
    }
    return f->fd_name ? STATUS_OK : fail(f, "give it a name", err);
}

static void drop(struct sink_file *f)
{
    if (f->fd_name)
        unlink(f->fd_name);
    free(f->fd_name);
    f->fd_name = NULL;
    if (f->fd >= 0)
        close(f->fd);
    if (f->old >= 0)
        close(f->old);
    f->fd = f->old = -1;
}

/* ---- the sink ---- */

static enum status file_write(void *arg, str bytes, struct error *err)
{
    struct sink_file *f = arg;
    for (size_t at = 0; at < bytes.n;) {
        ssize_t n = write(f->fd, bytes.p + at, bytes.n - at);
        if (n < 0 && errno != EINTR)
            return fail(f, "write", err);
        at += n > 0 ? (size_t)n : 0;
    }
    f->written += bytes.n;
    if (f->written - f->sent >= SEND_BYTES) { /* a hint; fsync decides */
        sync_file_range(f->fd, (off_t)f->sent, (off_t)(f->written - f->sent),
                        SYNC_FILE_RANGE_WRITE);
        f->sent = f->written;
    }
    return STATUS_OK;
}

static enum status file_rewrite(void *arg, struct error *err)
{
    struct sink_file *f = arg;
    check(f->old < 0);
    f->old = f->fd;
    f->fd = -1;
    if (f->fd_name) /* its descriptor is enough from now on */
        unlink(f->fd_name);
    free(f->fd_name);
    f->fd_name = NULL;
    if (lseek(f->old, 0, SEEK_SET) != 0)
        return fail(f, "read what was written", err);
    return open_new(f, err);
}

static enum status file_read_back(void *arg, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct sink_file *f = arg;
    ssize_t got;
    do
        got = read(f->old, to, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(f, "read what was written", err);
    *ret_n = (size_t)got;
    return STATUS_OK;
}

static enum status sync_folder(const struct sink_file *f, struct error *err)
{
    int fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(f, "open its folder", err);
    enum status status = STATUS_OK;
    if (fsync(fd) != 0 && errno != EINVAL)
        status = fail(f, "write its folder", err);
    close(fd);
    return status;
}

static enum status file_publish(void *arg, struct error *err)
{
    struct sink_file *f = arg;
    enum status status = STATUS_OK;
    if (fsync(f->fd) != 0)
        status = fail(f, "write", err);
    if (status == STATUS_OK && !f->fd_name)
        status = give_name(f, err);
    if (status == STATUS_OK && rename(f->fd_name, f->target) != 0)
        status = fail(f, "give it its name", err);
    if (status == STATUS_OK) {
        free(f->fd_name); /* it is the target's now */
        f->fd_name = NULL;
        status = sync_folder(f, err);
    }
    drop(f);
    return status;
}

static void file_discard(void *arg)
{
    drop(arg);
}

/* ---- */

static enum status find_target(struct sink_file *f, str path, struct error *err)
{
    struct stat st;
    char resolved[PATH_MAX];
    f->target = (char *)(uintptr_t)str_dup(path).p;
    if (stat(f->target, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            return error_set(err, STATUS_INVALID, "SinkPath", "%s: is there, and is no file",
                             f->target);
        if (!realpath(f->target, resolved))
            return fail(f, "find it", err);
        free(f->target);
        f->target = (char *)(uintptr_t)str_dup(str_of(resolved)).p;
    } else if (errno != ENOENT) {
        return fail(f, "find it", err);
    }
    const char *slash = strrchr(f->target, '/');
    size_t n = slash ? (size_t)(slash - f->target) : 0;
    str folder = !slash ? STR(".") : n == 0 ? STR("/") : (str){f->target, n};
    f->folder = (char *)(uintptr_t)str_dup(folder).p;
    return STATUS_OK;
}

enum status sink_file_new(str path, struct sink_file **ret, struct error *err)
{
    if (path.n == 0 || path.n >= PATH_MAX - 256 || path.p[path.n - 1] == '/' ||
        memchr(path.p, '\0', path.n))
        return error_set(err, STATUS_INVALID, "SinkPath", "the output's path is no file's path");
    struct sink_file *f = calloc(1, sizeof(*f));
    check(f != NULL);
    f->fd = f->old = -1;
    enum status status = find_target(f, path, err);
    if (status == STATUS_OK)
        status = open_new(f, err);
    if (status == STATUS_OK)
        *ret = f;
    else
        sink_file_free(f);
    return status;
}

void sink_file_free(struct sink_file *f)
{
    if (!f)
        return;
    drop(f);
    free(f->target);
    free(f->folder);
    free(f);
}

struct consolidate_sink sink_file_sink(struct sink_file *file)
{
    return (struct consolidate_sink){.arg = file,
                                     .write = file_write,
                                     .rewrite = file_rewrite,
                                     .read_back = file_read_back,
                                     .publish = file_publish,
                                     .discard = file_discard};
}
