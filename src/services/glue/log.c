/* SPDX-License-Identifier: Apache-2.0 */
/* Logs in two files each. */
#include "services/glue/log.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/time.h"
#include "loop/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

struct glue_log {
    pthread_mutex_t lock;
    struct buf path, older;
    int fd; /* -1: it could not be opened again */
    uint64_t size, max;
};

static void put_path(struct buf *path, str folder, str run, const char *ending)
{
    buf_init(path, 8192);
    buf_printf(path, "%.*s/%.*s.log%s", STR_ARG(folder), STR_ARG(run), ending);
    buf_add_byte(path, '\0');
    path->n--;
}

static bool open_file(struct glue_log *log)
{
    struct stat st;
    log->fd = open(log->path.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    log->size = log->fd >= 0 && fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    return log->fd >= 0;
}

enum status glue_log_open(str folder, str run, uint64_t max_bytes, struct glue_log **ret,
                          struct error *err)
{
    struct glue_log *log = calloc(1, sizeof(*log));
    check(log != NULL && pthread_mutex_init(&log->lock, NULL) == 0);
    put_path(&log->path, folder, run, "");
    put_path(&log->older, folder, run, ".1");
    log->max = max_bytes / 2;
    if (open_file(log)) {
        *ret = log;
        return STATUS_OK;
    }
    error_set(err, STATUS_IO, "GlueLog", "the log %.300s cannot be opened: %s", log->path.p,
              strerrordesc_np(errno));
    glue_log_close(log);
    return STATUS_IO;
}

static void write_some(struct glue_log *log, str bytes)
{
    while (bytes.n > 0 && log->fd >= 0) {
        ssize_t n = write(log->fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        log->size += (uint64_t)n;
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
}

static void turn_over(struct glue_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    (void)rename(log->path.p, log->older.p);
    (void)open_file(log);
}

void glue_log_write(struct glue_log *log, str bytes)
{
    check(pthread_mutex_lock(&log->lock) == 0);
    while (bytes.n > 0) {
        if (log->size >= log->max)
            turn_over(log);
        uint64_t room = log->max > log->size ? log->max - log->size : 1;
        size_t n = bytes.n < room ? bytes.n : (size_t)room;
        write_some(log, str_sub(bytes, 0, n));
        bytes = str_sub(bytes, n, bytes.n);
    }
    check(pthread_mutex_unlock(&log->lock) == 0);
}

void glue_log_line(struct glue_log *log, const char *fmt, ...)
{
    char time[32], text[LINE_MAX_BYTES];
    struct buf line;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    size_t n = time_print_iso(loop_wall_ms(), time);
    buf_init(&line, LINE_MAX_BYTES + 64);
    buf_printf(&line, "%.*s afflux: %s\n", (int)n, time, text);
    glue_log_write(log, buf_str(&line));
    buf_done(&line);
}

void glue_log_close(struct glue_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    buf_done(&log->path);
    buf_done(&log->older);
    check(pthread_mutex_destroy(&log->lock) == 0);
    free(log);
}

void glue_log_remove(str folder, str run)
{
    static const char *const endings[] = {"", ".1"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        struct buf path;
        put_path(&path, folder, run, endings[i]);
        (void)unlink(path.p);
        buf_done(&path);
    }
}
