/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, turns, and how a job ends. What a part is made into is part.c, what happens in the order
 * of the parts job_write.c. */
#include "services/consolidate/consolidate.h"
#include "base/check.h"
#include "base/utf8.h"
#include "services/consolidate/consolidate_internal.h"
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum { NAME_SHOWN = 100 /* bytes of a name in a message */ };

/* ---- turns ---- */

bool job_is_canceled(const struct job *job)
{
    const struct consolidate_progress *progress = job->options->progress;
    return atomic_load_explicit(&job->is_stopped, memory_order_relaxed) ||
           (progress && atomic_load_explicit(&progress->is_canceled, memory_order_relaxed));
}

void job_stop(struct job *job, const struct error *err)
{
    if (!job->is_stopped)
        job->failure = *err;
    job->is_stopped = true;
    pthread_cond_broadcast(&job->moved);
}

/* Under the lock, until somebody moved on. */
static void wait_for_move(struct job *job)
{
    job->waiting++;
    pthread_cond_wait(&job->moved, &job->lock);
    job->waiting--;
}

bool job_take_turn(struct job *job, uint64_t number)
{
    pthread_mutex_lock(&job->lock);
    while (job->turn != number && !job->is_stopped)
        wait_for_move(job);
    bool is_ours = !job->is_stopped;
    if (is_ours) {
        check(!job->is_writing); /* whoever wrote found our slot not done, and left */
        job->is_writing = true;
    }
    pthread_mutex_unlock(&job->lock);
    return is_ours;
}

void job_leave_turn(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    job->is_writing = false;
    pthread_mutex_unlock(&job->lock);
}

static struct slot *slot_of(struct job *job, uint64_t number)
{
    return &job->slots[number % job->slot_count];
}

/* Under the lock: writes all that is done and next, unless somebody does so already. */
static void write_done(struct job *job)
{
    if (job->is_writing)
        return;
    job->is_writing = true;
    while (!job->is_stopped && job->turn < job->next && slot_of(job, job->turn)->is_done) {
        struct slot *slot = slot_of(job, job->turn);
        struct error err;
        pthread_mutex_unlock(&job->lock);
        enum status status = job_write(job, slot, &err);
        if (status == STATUS_OK)
            status = job_end_part(job, slot, &err);
        pthread_mutex_lock(&job->lock);
        slot->is_done = false;
        job->turn++;
        if (status != STATUS_OK)
            job_stop(job, &err);
        if (job->waiting > 0)
            pthread_cond_broadcast(&job->moved);
    }
    job->is_writing = false;
}

/* ---- threads ---- */

/* Under the lock: the next part gets a slot. False: there is none, or the job is over. */
static bool take_part(struct job *job, uint64_t *ret_number)
{
    struct error err;
    while (!job->is_stopped && !job->is_over && job->next - job->turn >= job->slot_count)
        wait_for_move(job);
    if (job->is_stopped || job->is_over)
        return false;
    if (job_is_canceled(job)) {
        error_set(&err, STATUS_CANCELED, "Canceled", "canceled");
        job_stop(job, &err);
        return false;
    }
    struct slot *slot = slot_of(job, job->next);
    buf_clear(&slot->key);
    if (job->source->next(job->source->arg, &slot->key, &err) != STATUS_OK) {
        job_stop(job, &err);
        return false;
    }
    if (slot->key.n == 0) {
        job->is_over = true;
        pthread_cond_broadcast(&job->moved);
        return false;
    }
    *ret_number = job->next++;
    return true;
}

static void *work(void *arg)
{
    struct job *job = arg;
    struct part_reader reader;
    uint64_t number;
    part_reader_init(&reader, job);
    pthread_mutex_lock(&job->lock);
    while (take_part(job, &number)) {
        struct slot *slot = slot_of(job, number);
        struct error err;
        part_reader_sync(&reader);
        pthread_mutex_unlock(&job->lock);
        enum status status = part_read(&reader, slot, number, &err);
        pthread_mutex_lock(&job->lock);
        if (status != STATUS_OK)
            job_stop(job, &err);
        slot->is_done = true;
        write_done(job);
    }
    pthread_mutex_unlock(&job->lock);
    part_reader_done(&reader);
    return NULL;
}

static uint32_t thread_count(const struct consolidate_options *options)
{
    cpu_set_t cores;
    int n = options->threads > 0 ? (int)options->threads : 1;
    if (options->threads == 0 && sched_getaffinity(0, sizeof(cores), &cores) == 0)
        n = CPU_COUNT(&cores);
    return n > CONSOLIDATE_MAX_THREADS ? CONSOLIDATE_MAX_THREADS : (uint32_t)n;
}

/* A machine that gives no thread gets the work done by this one. Signals are the others' business.
 */
static void work_together(struct job *job, uint32_t threads)
{
    pthread_t others[CONSOLIDATE_MAX_THREADS];
    uint32_t started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started + 1 < threads && pthread_create(&others[started], NULL, work, job) == 0)
        pthread_setname_np(others[started++], "afflux-csv");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    work(job);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}

/* ---- the job ---- */

static enum status job_columns(struct job *job, struct error *err)
{
    const struct consolidate_options *options = job->options;
    if (!csv_is_delimiter(options->dialect.delimiter))
        return error_set(err, STATUS_INVALID, "BadDelimiter",
                         "the delimiter is no character that can delimit");
    for (uint32_t i = 0; i < options->column_count; i++) {
        str name = options->columns[i];
        if (utf8_check(name) != name.n)
            return error_set(err, STATUS_INVALID, "BadColumns", "a column's name is not UTF-8");
        uint32_t at = csv_columns_find(&job->columns, name);
        if (at == MAP_NONE)
            return error_set(err, STATUS_LIMIT, "TooManyColumns",
                             "more than %d columns are given, or %d bytes of names",
                             CSV_MAX_COLUMNS, CSV_MAX_NAMES);
        if (at != i)
            return error_set(err, STATUS_INVALID, "BadColumns", "the column %.*s is given twice",
                             STR_ARG(utf8_prefix(name, NAME_SHOWN)));
    }
    if (options->column_count > 0)
        csv_columns_fix(&job->columns);
    return STATUS_OK;
}

static void job_init(struct job *job, const struct consolidate_options *options, uint32_t threads)
{
    job->dialect = options->dialect;
    check(pthread_mutex_init(&job->lock, NULL) == 0);
    check(pthread_cond_init(&job->moved, NULL) == 0);
    csv_columns_init(&job->columns);
    buf_init(&job->spare, SIZE_MAX / 2);
    job->slot_count = threads * CONSOLIDATE_SLOTS;
    job->slots = calloc(job->slot_count, sizeof(*job->slots));
    check(job->slots != NULL);
    for (uint32_t i = 0; i < job->slot_count; i++) {
        buf_init(&job->slots[i].key, SIZE_MAX / 2);
        buf_init(&job->slots[i].out, SIZE_MAX / 2);
        csv_columns_init(&job->slots[i].added);
    }
}

static void job_done(struct job *job)
{
    for (uint32_t i = 0; i < job->slot_count; i++) {
        buf_done(&job->slots[i].key);
        buf_done(&job->slots[i].out);
        csv_columns_done(&job->slots[i].added);
    }
    free(job->slots);
    csv_columns_done(&job->columns);
    buf_done(&job->spare);
    pthread_cond_destroy(&job->moved);
    pthread_mutex_destroy(&job->lock);
}

/* A job that was canceled is not published, however far it came. */
static enum status job_outcome(struct job *job, struct error *err)
{
    if (job->is_stopped) {
        if (err)
            *err = job->failure;
        return job->failure.status;
    }
    enum status status = job_finish(job, err);
    if (status == STATUS_OK && job_is_canceled(job))
        status = error_set(err, STATUS_CANCELED, "Canceled", "canceled");
    return status;
}

enum status consolidate(const struct consolidate_options *options,
                        const struct consolidate_source *source,
                        const struct consolidate_sink *sink, struct consolidate_result *ret,
                        struct error *err)
{
    struct job job = {.options = options, .source = source, .sink = sink};
    uint32_t threads = thread_count(options);
    job_init(&job, options, threads);
    enum status status = job_columns(&job, err);
    if (status == STATUS_OK) {
        work_together(&job, threads);
        status = job_outcome(&job, err);
    }
    if (status == STATUS_OK)
        status = sink->publish(sink->arg, err);
    else
        sink->discard(sink->arg);
    if (status == STATUS_OK)
        *ret = job.result;
    job_done(&job);
    return status;
}
