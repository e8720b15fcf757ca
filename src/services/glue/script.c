/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run that is a script: its files are fetched one after the other into a folder of its own, then
 * it runs there as a process. What it writes goes to the log; the end of what it wrote to stderr
 * becomes the run's ErrorMessage when it fails.
 */
#include "services/glue/script.h"

#include "base/check.h"
#include "services/build.h"
#include "services/glue/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAIL_BYTES = 4 * GLUE_ERROR_BYTES };

struct script_file {
    str bucket, key, name;
};

struct glue_script {
    struct glue_run *run;
    struct arena arena;
    struct buf folder, libraries;
    struct script_file files[GLUE_MAX_FILES]; /* the script, then what it needs */
    uint32_t count, at;
    struct object_source *source; /* of the file that is being fetched, */
    int fd;                       /* and where it goes; -1: none */
    uint64_t size;
    struct glue_process *process;
    struct loop_timer kill;
    bool is_signalled;
    struct buf tail; /* of stderr */
};

/* ---- fetching ---- */

static void fetch(struct glue_script *s);

static void end_fetching(struct glue_script *s)
{
    if (s->source)
        s->source->kind->free(s->source);
    s->source = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static void fail_fetching(struct glue_script *s, const char *why)
{
    const struct script_file *f = &s->files[s->at];
    str bucket = f->bucket, key = str_sub(f->key, 0, 512);
    end_fetching(s);
    glue_run_over(s->run, "FAILED", "s3://%.*s/%.*s cannot be read: %s", STR_ARG(bucket),
                  STR_ARG(key), why);
}

static bool write_all(int fd, str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR)
            return false;
        bytes = str_sub(bytes, n > 0 ? (size_t)n : 0, bytes.n);
    }
    return true;
}

static void fetch_more(void *arg)
{
    struct glue_script *s = arg;
    enum objects_got got;
    str bytes;
    while ((got = s->source->kind->more(s->source, &bytes)) == OBJECTS_GOT) {
        s->size += bytes.n;
        if (s->size > GLUE_MAX_SCRIPT) {
            fail_fetching(s, "it is larger than 16 MB.");
            return;
        }
        if (!write_all(s->fd, bytes)) {
            fail_fetching(s, strerrordesc_np(errno));
            return;
        }
    }
    if (got == OBJECTS_FAILED) {
        fail_fetching(s, s->source->part.cause);
    } else if (got == OBJECTS_END) {
        end_fetching(s);
        s->at++;
        fetch(s);
    }
}

static void begin_file(struct glue_script *s)
{
    const struct script_file *f = &s->files[s->at];
    struct glue_runner *r = s->run->runner;
    struct objects *objects = r->options.objects;
    str path = arena_printf(&s->arena, "%s/%.*s", s->folder.p, STR_ARG(f->name));
    const char *cause = "There are no objects here.";
    s->size = 0;
    s->fd = open(arena_cstr(&s->arena, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        fail_fetching(s, errno == EEXIST ? "another file of the run has its name."
                                         : strerrordesc_np(errno));
        return;
    }
    if (objects)
        s->source = objects->kind->open(objects, r->loop, f->bucket, f->key, (str){"", 0}, &cause);
    if (!s->source) {
        fail_fetching(s, cause);
        return;
    }
    s->source->part.ready = fetch_more;
    s->source->part.ready_arg = s;
    fetch_more(s);
}

/* ---- running ---- */

static void wrote(void *arg, bool is_error, str bytes)
{
    struct glue_script *s = arg;
    glue_log_write(s->run->log, bytes);
    if (!is_error)
        return;
    bytes = str_sub(bytes, bytes.n > TAIL_BYTES ? bytes.n - TAIL_BYTES : 0, bytes.n);
    if (s->tail.n + bytes.n > TAIL_BYTES) {
        size_t less = s->tail.n + bytes.n - TAIL_BYTES;
        memmove(s->tail.p, s->tail.p + less, s->tail.n - less);
        s->tail.n -= less;
    }
    buf_add(&s->tail, bytes);
}

static void ended(void *arg, int status)
{
    struct glue_script *s = arg;
    struct buf said;
    bool has_exited = WIFEXITED(status);
    int code = has_exited ? WEXITSTATUS(status) : WTERMSIG(status);
    if (has_exited && code == 0 && !s->is_signalled) {
        glue_run_over(s->run, "SUCCEEDED", "%s", "");
        return;
    }
    buf_init(&said, TAIL_BYTES);
    glue_last_lines(buf_str(&s->tail), &said);
    if (!has_exited)
        glue_run_over(s->run, "FAILED", "The script was ended by signal %d (%s).%s%.*s", code,
                      sigdescr_np(code) ? sigdescr_np(code) : "unknown", said.n ? "\n" : "",
                      STR_ARG(buf_str(&said)));
    else if (said.n > 0)
        glue_run_over(s->run, "FAILED", "%.*s", STR_ARG(buf_str(&said)));
    else
        glue_run_over(s->run, "FAILED", "The script ended with exit code %d.", code);
    buf_done(&said);
}

static void start(struct glue_script *s)
{
    struct glue_run *run = s->run;
    struct glue_start how;
    struct error err;
    enum status status = glue_script_start(run, &s->arena, s->folder.p, s->files[0].name,
                                           buf_str(&s->libraries), &how, &err);
    if (status == STATUS_OK) {
        struct glue_process_options options = {.path = how.python,
                                               .argv = how.argv,
                                               .envp = how.envp,
                                               .folder = s->folder.p,
                                               .wrote = wrote,
                                               .ended = ended,
                                               .arg = s};
        status = glue_process_start(run->runner->loop, &options, &s->process, &err);
    }
    if (status != STATUS_OK)
        glue_run_over(run, "FAILED", "%s", err.message);
}

static void fetch(struct glue_script *s)
{
    if (s->at < s->count)
        begin_file(s);
    else
        start(s);
}

/* ---- beginning ---- */

static bool add_file(struct glue_script *s, str location)
{
    struct script_file f;
    if (!glue_read_location(location, &f.bucket, &f.key)) {
        glue_run_over(s->run, "FAILED", "%.*s is not the place of a file: s3://BUCKET/KEY.",
                      STR_ARG(str_sub(location, 0, 512)));
        return false;
    }
    f.name = glue_file_name(f.key);
    if (s->count == 0 && !f.name.p)
        f.name = STR("script.py");
    if (!f.name.p || s->count == GLUE_MAX_FILES) {
        glue_run_over(s->run, "FAILED",
                      f.name.p ? "The run needs more than 32 files: %.*s."
                               : "%.*s: the file's name has other characters than letters, "
                                 "digits, dots, - and _.",
                      STR_ARG(str_sub(location, 0, 512)));
        return false;
    }
    s->files[s->count++] = f;
    return true;
}

/* --extra-py-files: modules lie beside the script; archives are searched. */
static bool add_extra_files(struct glue_script *s)
{
    str rest = glue_run_argument(s->run, "extra-py-files");
    while (rest.n > 0) {
        size_t comma = str_find_byte(rest, ',', 0);
        str one = str_sub(rest, 0, comma);
        rest = str_sub(rest, one.n + 1, rest.n);
        while (one.n > 0 && one.p[0] == ' ')
            one = str_sub(one, 1, one.n);
        while (one.n > 0 && one.p[one.n - 1] == ' ')
            one.n--;
        if (one.n == 0)
            continue;
        if (!add_file(s, one))
            return false;
        str name = s->files[s->count - 1].name;
        if (!str_ends(name, STR(".py")))
            buf_printf(&s->libraries, "%s%s/%.*s", s->libraries.n ? ":" : "", s->folder.p,
                       STR_ARG(name));
    }
    return true;
}

/* NULL, or why this command cannot be run. */
static const char *refuse(const struct glue_run *run)
{
    str name = build_get_text(json_get(run->body, STR("Command")), "Name");
    if (!run->runner->options.allows_scripts)
        return "Scripts are not allowed on this server: start it with --allow-scripts, or use the "
               "command afflux-consolidate.";
    if (!str_eq(name, STR("glueetl")) && !str_eq(name, STR("pythonshell")) &&
        !str_eq(name, STR("gluestreaming")))
        return "Only Python scripts can be run here: commands glueetl, gluestreaming and "
               "pythonshell.";
    if (str_eq(build_get_text(json_get(run->body, STR("Command")), "PythonVersion"), STR("2")))
        return "Python 2 is not available here, and PythonVersion is 2.";
    if (str_eq(glue_run_argument(run, "job-language"), STR("scala")))
        return "Only Python scripts can be run here, and --job-language is scala.";
    return NULL;
}

void glue_script_begin(struct glue_run *run)
{
    struct error err;
    const char *why = refuse(run);
    if (why) {
        glue_run_over(run, "FAILED", "%s", why);
        return;
    }
    struct glue_script *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->run = run;
    s->fd = -1;
    run->script = s;
    arena_init(&s->arena, 0);
    buf_init(&s->folder, 8192);
    buf_init(&s->libraries, 1 << 20);
    buf_init(&s->tail, TAIL_BYTES);
    str location = glue_run_argument(run, "scriptLocation");
    if (location.n == 0)
        location = build_get_text(json_get(run->body, STR("Command")), "ScriptLocation");
    if (glue_run_argument(run, "additional-python-modules").n > 0)
        glue_log_line(run->log, "--additional-python-modules installs nothing here: what this "
                                "machine's Python has is what there is");
    if (glue_folder_make(run->runner, run->name, &s->folder, &err) != STATUS_OK)
        glue_run_over(run, "FAILED", "%s", err.message);
    else if (add_file(s, location) && add_extra_files(s))
        fetch(s);
}

/* ---- stopping ---- */

static void kill_it(void *arg)
{
    struct glue_script *s = arg;
    if (s->process)
        glue_process_signal(s->process, SIGKILL);
}

void glue_script_stop(struct glue_run *run)
{
    struct glue_script *s = run->script;
    struct glue_runner *r = run->runner;
    if (run->phase != GLUE_AT_WORK || s->is_signalled)
        return;
    s->is_signalled = true;
    if (!s->process) {
        end_fetching(s);
        glue_run_over(run, "STOPPED", "%s", "");
        return;
    }
    glue_process_signal(s->process, SIGTERM);
    loop_timer_start(r->loop, &s->kill, loop_now_ms() + r->options.grace_ms, kill_it, s);
}

void glue_script_free(struct glue_run *run)
{
    struct glue_script *s = run->script;
    if (!s)
        return;
    run->script = NULL;
    end_fetching(s);
    loop_timer_stop(run->runner->loop, &s->kill);
    glue_process_free(s->process);
    if (s->folder.n > 0)
        glue_folder_remove(s->folder.p);
    buf_done(&s->folder);
    buf_done(&s->libraries);
    buf_done(&s->tail);
    arena_done(&s->arena);
    free(s);
}
