/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux consolidate: JSON parts to one CSV. The job runs on threads of its own; this one shows how
 * far it is and passes an interrupt on. Options are consolidate_options.c, lines
 * consolidate_show.c.
 */
#include "base/check.h"
#include "cmd/cmd.h"
#include "cmd/consolidate_options.h"
#include "cmd/consolidate_show.h"
#include "cmd/eval_show.h"
#include "services/consolidate/parts_ledger.h"
#include "services/consolidate/sink_file.h"
#include "services/consolidate/source_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { SHOW_EVERY_NS = 200000000, BAD_SHOWN = 20, BAD_IN_JSON = 1000 };

struct consolidation {
    struct consolidate_words words;
    struct consolidate_show show;
    bool has_progress;
    struct output ledger;
    struct buf bad;
    uint64_t bad_count;

    struct consolidate_source source;
    struct consolidate_sink sink;
    struct consolidate_result result;
    enum status status;
    struct error err;
};

/* A signal handler knows nothing else. */
static struct consolidate_progress progress;

static void interrupt(int signal)
{
    (void)signal;
    progress.is_canceled = true;
}

/* A second one ends the program at once; also then nothing half-written is left. */
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void say(const char *message)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    eval_show_message(str_of(message), &shown);
    cmd_error("consolidate", "%.*s", shown.n > 0 ? (int)shown.n - 1 : 0, shown.p);
    buf_done(&shown);
}

/* ---- parts ---- */

static void on_bad(struct consolidation *c, const struct consolidate_part *part)
{
    c->bad_count++;
    if (c->words.is_json && c->bad_count <= BAD_IN_JSON)
        consolidate_put_bad_json(&c->bad, part);
    else if (!c->words.is_json && c->bad_count <= BAD_SHOWN)
        consolidate_put_bad(&c->bad, part);
}

static void on_part(void *arg, const struct consolidate_part *part)
{
    struct consolidation *c = arg;
    if (c->words.ledger) {
        parts_ledger_put(&c->ledger.buf, part);
        output_check(&c->ledger);
    }
    if (part->error && c->words.job.skips_bad)
        on_bad(c, part);
}

static bool open_ledger(struct consolidation *c)
{
    const char *path = c->words.ledger;
    if (!path)
        return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        cmd_error("consolidate", "%s: cannot write: %s", path, strerrordesc_np(errno));
        return false;
    }
    output_init(&c->ledger, fd, "consolidate");
    return true;
}

/* False: it is not complete. */
static bool close_ledger(struct consolidation *c)
{
    if (!c->words.ledger)
        return true;
    bool is_written = output_flush(&c->ledger);
    if (c->status == STATUS_CANCELED)
        unlink(c->words.ledger); /* nothing is left half-written */
    close(c->ledger.fd);
    output_done(&c->ledger);
    return is_written;
}

/* ---- the job ---- */

static void *run_job(void *arg)
{
    struct consolidation *c = arg;
    c->status = consolidate(&c->words.job, &c->source, &c->sink, &c->result, &c->err);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* True: the thread has ended. */
static bool wait_a_little(pthread_t thread)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += SHOW_EVERY_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

static void run_beside(struct consolidation *c)
{
    pthread_t thread;
    double start = now();
    catch_interrupts();
    if (pthread_create(&thread, NULL, run_job, c) != 0) {
        run_job(c);
    } else {
        while (!wait_a_little(thread)) {
            c->show.seconds = now() - start;
            if (c->has_progress)
                consolidate_show_progress(&c->show, &progress);
        }
    }
    c->show.seconds = now() - start;
    if (c->has_progress)
        consolidate_clear_progress();
}

/* ---- the end ---- */

static void show_bad(const struct consolidation *c)
{
    if (c->bad_count == 0 || c->words.is_json)
        return;
    if (write(STDERR_FILENO, c->bad.p, c->bad.n) < 0)
        return;
    if (c->bad_count > BAD_SHOWN)
        cmd_error("consolidate", "%llu more bad parts; --ledger lists all",
                  (unsigned long long)(c->bad_count - BAD_SHOWN));
}

static int show_outcome(struct consolidation *c)
{
    show_bad(c);
    if (c->status == STATUS_CANCELED) {
        cmd_error("consolidate", "interrupted; %s was not written", c->words.output);
        return CMD_INTERRUPTED;
    }
    if (c->status != STATUS_OK) {
        say(c->err.message);
        return CMD_FAILED;
    }
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (c->words.is_json)
        consolidate_put_json(&text, &c->show, &c->result, buf_str(&c->bad));
    else if (!c->words.is_quiet)
        consolidate_put_result(&text, &c->show, &c->result);
    int code = text.n > 0 ? cmd_print("consolidate", buf_str(&text)) : CMD_OK;
    buf_done(&text);
    return code;
}

static int run_with_source(struct consolidation *c)
{
    struct sink_file *file;
    if (sink_file_new(str_of(c->words.output), &file, &c->err) != STATUS_OK) {
        say(c->err.message);
        return CMD_FAILED;
    }
    if (!open_ledger(c)) {
        sink_file_free(file);
        return CMD_FAILED;
    }
    c->sink = sink_file_sink(file);
    run_beside(c);
    sink_file_free(file);
    bool is_complete = close_ledger(c);
    int code = show_outcome(c);
    return code == CMD_OK && !is_complete ? CMD_FAILED : code;
}

static int run_words(struct consolidation *c)
{
    struct source_files *files;
    const struct consolidate_words *w = &c->words;
    if (source_files_new(w->paths, w->path_count, &files, &c->err) != STATUS_OK) {
        say(c->err.message);
        return CMD_FAILED;
    }
    c->has_progress = !w->is_json && !w->is_quiet && isatty(STDERR_FILENO);
    if (c->has_progress &&
        source_files_count(w->paths, w->path_count, &c->show.parts, NULL) != STATUS_OK)
        c->show.parts = 0; /* the job will say what is wrong */
    c->source = source_files_source(files);
    c->show.output = w->output;
    c->words.job.progress = &progress;
    c->words.job.on_part = on_part;
    c->words.job.on_part_arg = c;
    buf_init(&c->bad, SIZE_MAX / 2);
    int code = run_with_source(c);
    buf_done(&c->bad);
    source_files_free(files);
    return code;
}

int cmd_consolidate(int argc, char **argv)
{
    struct consolidation c = {0};
    int code = CMD_USAGE;
    if (consolidate_words_read(&c.words, argc, argv)) {
        if (c.words.is_help) {
            struct buf text;
            buf_init(&text, 1 << 16);
            cmd_consolidate_help(&text);
            code = cmd_print("consolidate", buf_str(&text));
            buf_done(&text);
        } else {
            code = run_words(&c);
        }
    }
    consolidate_words_done(&c.words);
    return code;
}
