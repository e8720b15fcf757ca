/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data folder and its lock. The lock is flock on a file that stays: it goes with the process,
 * however that ends, and another process that finds it held reads from the file who has it.
 */
#include "store/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, PID_BYTES = 32, LOCK_TRIES = 75, LOCK_PAUSE_MS = 20 };

static enum status fail(const char *path, const char *what, struct error *err)
{
    int number = errno;
    char text[128];
    const char *why = strerror_r(number, text, sizeof(text));
    if (number == ENOSPC || number == EDQUOT)
        return error_set(err, STATUS_UNAVAILABLE, "StoreFull", "%s: cannot %s: %s", path, what,
                         why);
    if (number == EACCES || number == EROFS || number == EPERM)
        return error_set(err, STATUS_IO, "StoreReadOnly", "%s: cannot %s: %s", path, what, why);
    return error_set(err, STATUS_IO, "StoreFolder", "%s: cannot %s: %s", path, what, why);
}

static enum status sync_dir(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, "open the folder", err);
    enum status status = STATUS_OK;
    if (fsync(fd) != 0 && errno != EINVAL)
        status = fail(path, "write the folder", err);
    close(fd);
    return status;
}

/* A new folder's name is durable only when its parent is. */
static enum status make_dir(const char *path, struct error *err)
{
    char parent[PATH_BYTES];
    if (mkdir(path, 0700) != 0) {
        struct stat st;
        int number = errno;
        if (number == EEXIST && stat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                return STATUS_OK;
            number = ENOTDIR;
        }
        errno = number;
        return fail(path, "make the data folder", err);
    }
    snprintf(parent, sizeof(parent), "%s/..", path);
    return sync_dir(parent, err);
}

static enum status in_use(struct store_folder *f, struct error *err)
{
    char pid[PID_BYTES];
    ssize_t n = pread(f->lock, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    if (pid[0] == '\0')
        return error_set(err, STATUS_BUSY, "StoreInUse",
                         "the data folder %s is in use by another process", f->path);
    return error_set(err, STATUS_BUSY, "StoreInUse", "the data folder %s is in use by process %s",
                     f->path, pid);
}

/* A process that was killed holds its lock until the kernel has taken its memory back, which
 * whoever begins again at once would run into: a folder is in use when it stays so. */
static int lock_soon(int fd)
{
    int result = flock(fd, LOCK_EX | LOCK_NB);
    for (int i = 0; i < LOCK_TRIES && result != 0 && errno == EWOULDBLOCK; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_MS * 1000000L}, NULL);
        result = flock(fd, LOCK_EX | LOCK_NB);
    }
    return result;
}

static enum status take_lock(struct store_folder *f, struct error *err)
{
    char path[PATH_BYTES], pid[PID_BYTES];
    snprintf(path, sizeof(path), "%s/lock", f->path);
    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0)
        return fail(path, "open", err);
    if (lock_soon(f->lock) != 0)
        return errno == EWOULDBLOCK ? in_use(f, err) : fail(path, "lock", err);
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(f->lock, 0) != 0 || pwrite(f->lock, pid, (size_t)n, 0) != n)
        return fail(path, "write", err);
    return STATUS_OK;
}

/* SQLite makes files that all may read; an empty one is as good as none to it. A file that is there
 * is not touched: closing it would take SQLite's locks from readers in this process. */
static enum status make_private_file(const struct store_folder *f, struct error *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/afflux.db", f->path);
    int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? STATUS_OK : fail(path, "make the file", err);
    close(fd);
    return STATUS_OK;
}

enum status store_folder_open(struct store_folder *f, str path, struct error *err)
{
    *f = (struct store_folder){.lock = -1};
    if (path.n == 0 || path.n > PATH_BYTES - 64 || memchr(path.p, '\0', path.n))
        return error_set(err, STATUS_INVALID, "StoreFolder",
                         "the name of the data folder is empty or too long");
    f->path = (char *)(uintptr_t)str_dup(path).p;
    if (make_dir(f->path, err) == STATUS_OK && take_lock(f, err) == STATUS_OK &&
        make_private_file(f, err) == STATUS_OK)
        return STATUS_OK;
    store_folder_close(f);
    return err->status;
}

enum status store_folder_sync(const struct store_folder *f, struct error *err)
{
    return sync_dir(f->path, err);
}

void store_folder_close(struct store_folder *f)
{
    if (f->lock >= 0)
        close(f->lock);
    free(f->path);
    *f = (struct store_folder){.lock = -1};
}
