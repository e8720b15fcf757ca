/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes. Between fork and exec only calls that are safe there: other threads may have held any
 * lock. A pipe that closes with exec tells whether the program could be started.
 */
#include "services/glue/process.h"

#include "base/check.h"
#include "loop/watch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 64 << 10, DRAIN = 1 << 20 /* bytes read at most behind its end */, STREAMS = 2 };

struct glue_process {
    struct glue_process_options options;
    pid_t pid; /* 0: it was waited for */
    int pidfd, streams[STREAMS];
    struct loop_watch *watch, *stream_watches[STREAMS];
};

/* ---- starting ---- */

struct pipes {
    int out[2], err[2], failed[2], null;
};

static bool make_pipe(int fds[2])
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) { /* not among 0, 1 and 2, which may be closed */
        fds[i] = fcntl(made[i], F_DUPFD_CLOEXEC, 3);
        close(made[i]);
    }
    return fds[0] >= 0 && fds[1] >= 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *p)
{
    for (int i = 0; i < 2; i++) {
        close_one(&p->out[i]);
        close_one(&p->err[i]);
        close_one(&p->failed[i]);
    }
    close_one(&p->null);
}

static bool open_pipes(struct pipes *p)
{
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, -1};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    p->null = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, 3);
    close_one(&null);
    return p->null >= 0 && make_pipe(p->out) && make_pipe(p->err) && make_pipe(p->failed);
}

/* In the child. Never returns. */
static NORETURN void become(const struct glue_process_options *o, const struct pipes *p,
                            pid_t parent, const sigset_t *no_signals)
{
    static const int defaults[] = {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
        (void)signal(defaults[i], SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, no_signals, NULL);
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(p->null, 0) >= 0 &&
        dup2(p->out[1], 1) >= 0 && dup2(p->err[1], 2) >= 0 &&
        close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && chdir(o->folder) == 0)
        (void)execve(o->path, o->argv, o->envp);
    int code = errno;
    ssize_t n = write(p->failed[1], &code, sizeof(code));
    _exit(n == sizeof(code) ? 127 : 126);
}

/* 0, or why the program could not be started. */
static int wait_for_exec(struct pipes *p)
{
    int code = 0;
    ssize_t n;
    close_one(&p->failed[1]);
    do
        n = read(p->failed[0], &code, sizeof(code));
    while (n < 0 && errno == EINTR);
    return n == sizeof(code) ? code : 0;
}

static enum status fail(const struct glue_process_options *o, int code, struct error *err)
{
    return error_set(err, code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "GlueProcess",
                     "%.300s cannot be started: %s", o->path, strerrordesc_np(code));
}

/* ---- what it writes ---- */

static void forget_stream(struct glue_process *p, int i)
{
    loop_watch_close(p->stream_watches[i]);
    p->stream_watches[i] = NULL;
    close_one(&p->streams[i]);
}

/* Reads once; false when there is nothing more now, or at all. */
static bool read_stream(struct glue_process *p, int i, size_t *total)
{
    char bytes[PIECE];
    ssize_t n = read(p->streams[i], bytes, sizeof(bytes));
    if (n > 0) {
        *total += (size_t)n;
        p->options.wrote(p->options.arg, i == 1, (str){bytes, (size_t)n});
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        forget_stream(p, i);
    return n < 0 && errno == EINTR;
}

static void out_is_ready(void *arg, unsigned events)
{
    size_t total = 0;
    (void)events;
    (void)read_stream(arg, 0, &total);
}

static void err_is_ready(void *arg, unsigned events)
{
    size_t total = 0;
    (void)events;
    (void)read_stream(arg, 1, &total);
}

/* ---- its end ---- */

/* What it left of its group is killed while its number is still taken. */
static int reap(struct glue_process *p)
{
    int status = 0;
    (void)kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    p->pid = 0;
    return status;
}

static void has_ended(void *arg, unsigned events)
{
    struct glue_process *p = arg;
    (void)events;
    loop_watch_close(p->watch);
    p->watch = NULL;
    int status = reap(p);
    for (int i = 0; i < STREAMS; i++) {
        size_t total = 0;
        while (p->streams[i] >= 0 && total < DRAIN && read_stream(p, i, &total)) {
        }
    }
    p->options.ended(p->options.arg, status);
}

void glue_process_signal(struct glue_process *p, int signal)
{
    if (p->pid > 0)
        (void)kill(-p->pid, signal);
}

void glue_process_free(struct glue_process *p)
{
    if (!p)
        return;
    loop_watch_close(p->watch);
    if (p->pid > 0)
        (void)reap(p);
    for (int i = 0; i < STREAMS; i++)
        forget_stream(p, i);
    close_one(&p->pidfd);
    free(p);
}

static enum status watch(struct glue_process *p, struct loop *loop, struct error *err)
{
    static loop_watch_fn *const ready[STREAMS] = {out_is_ready, err_is_ready};
    p->pidfd = pidfd_open(p->pid, 0);
    if (p->pidfd < 0)
        return fail(&p->options, errno, err);
    if (loop_watch_new(loop, p->pidfd, has_ended, p, &p->watch, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < STREAMS; i++) {
        if (loop_watch_new(loop, p->streams[i], ready[i], p, &p->stream_watches[i], err) !=
            STATUS_OK)
            return err->status;
        loop_watch_set(p->stream_watches[i], LOOP_READABLE);
    }
    loop_watch_set(p->watch, LOOP_READABLE);
    return STATUS_OK;
}

enum status glue_process_start(struct loop *loop, const struct glue_process_options *options,
                               struct glue_process **ret, struct error *err)
{
    struct pipes pipes;
    sigset_t no_signals;
    (void)sigemptyset(&no_signals);
    if (!open_pipes(&pipes)) {
        int code = errno;
        close_pipes(&pipes);
        return fail(options, code, err);
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(options, &pipes, parent, &no_signals);
    int code = pid < 0 ? errno : 0;
    struct glue_process *p = calloc(1, sizeof(*p));
    check(p != NULL);
    *p = (struct glue_process){.options = *options,
                               .pid = pid > 0 ? pid : 0,
                               .pidfd = -1,
                               .streams = {pipes.out[0], pipes.err[0]}};
    pipes.out[0] = pipes.err[0] = -1;
    if (pid > 0) {
        (void)setpgid(pid, pid); /* whoever is first */
        code = wait_for_exec(&pipes);
    }
    close_pipes(&pipes);
    enum status status = code == 0 ? watch(p, loop, err) : fail(options, code, err);
    if (status == STATUS_OK)
        *ret = p;
    else
        glue_process_free(p);
    return status;
}

/* ---- what earlier processes left ---- */

/* Does the environment of a process have the variable with this value? */
static bool belongs_to(const char *pid, str variable)
{
    char path[64], bytes[PIECE];
    size_t kept = 0;
    ssize_t n;
    bool is_found = false;
    (void)snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (!is_found && (n = read(fd, bytes + kept, sizeof(bytes) - kept)) > 0) {
        str all = {bytes, kept + (size_t)n};
        is_found = str_find(all, variable, 0) != STR_NONE;
        kept = all.n < variable.n ? all.n : variable.n; /* it may lie across two readings */
        memmove(bytes, bytes + all.n - kept, kept);
    }
    close(fd);
    return is_found;
}

uint32_t glue_process_kill_left(str run)
{
    char variable[512];
    int n = snprintf(variable, sizeof(variable), GLUE_RUN_VARIABLE "=%.*s", STR_ARG(run));
    uint32_t killed = 0;
    DIR *dir = opendir("/proc");
    if (!dir || n <= 0 || (size_t)n >= sizeof(variable)) {
        if (dir)
            closedir(dir);
        return 0;
    }
    /* with the NUL behind it: no other run's name begins with this one */
    str wanted = {variable, (size_t)n + 1};
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        long pid = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? strtol(e->d_name, NULL, 10) : 0;
        if (pid > 1 && pid != getpid() && belongs_to(e->d_name, wanted) &&
            kill((pid_t)pid, SIGKILL) == 0)
            killed++;
    }
    closedir(dir);
    return killed;
}
