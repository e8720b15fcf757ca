/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's part of the object service and its clients: helpers that wait for the disk, and the
 * line between a client's thread, the helpers and the store. What is put and got is put.c and
 * get.c.
 */
#include "base/check.h"
#include "services/s3/error.h"
#include "services/s3/s3_internal.h"
#include <signal.h>
#include <stdlib.h>

/* ---- jobs ---- */

static void list_add(struct s3_job_list *l, struct s3_job *job)
{
    job->next = NULL;
    if (l->last)
        l->last->next = job;
    else
        l->first = job;
    l->last = job;
}

static struct s3_job *list_pop(struct s3_job_list *l)
{
    struct s3_job *job = l->first;
    if (job) {
        l->first = job->next;
        if (!l->first)
            l->last = NULL;
    }
    return job;
}

/* Something is done; on any thread. */
static void tell(struct s3_client *c, struct s3_job *job)
{
    pthread_mutex_lock(&c->lock);
    if (job)
        list_add(&c->done, job);
    else
        c->has_units = true;
    pthread_cond_signal(&c->ready);
    if (c->wake)
        c->wake(c->arg); /* under the lock: the client cannot go meanwhile */
    pthread_mutex_unlock(&c->lock);
}

static void *help(void *arg)
{
    struct s3 *s = arg;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        while (!s->jobs.first && !s->is_closing)
            pthread_cond_wait(&s->work, &s->lock);
        struct s3_job *job = list_pop(&s->jobs);
        pthread_mutex_unlock(&s->lock);
        if (!job)
            return NULL;
        job->work(job);
        tell(job->client, job);
    }
}

void s3_job_start(struct s3_client *c, struct s3_job *job)
{
    job->client = c;
    c->in_flight++;
    pthread_mutex_lock(&c->s3->lock);
    list_add(&c->s3->jobs, job);
    pthread_cond_signal(&c->s3->work);
    pthread_mutex_unlock(&c->s3->lock);
}

/* ---- the process ---- */

static enum status start_helpers(struct s3 *s, struct error *err)
{
    sigset_t all, before; /* signals are for the threads of those who handle them */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (s->helper_count < S3_HELPERS &&
           pthread_create(&s->helpers[s->helper_count], NULL, help, s) == 0)
        pthread_setname_np(s->helpers[s->helper_count++], "afflux-s3");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->helper_count > 0)
        return STATUS_OK;
    return error_set(err, STATUS_UNAVAILABLE, "SlowDown", "no thread can be started");
}

enum status s3_new(struct store *store, const struct service_settings *settings, struct s3 **ret,
                   struct error *err)
{
    struct s3 *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->store = store;
    s->settings = settings;
    check(pthread_mutex_init(&s->lock, NULL) == 0);
    check(pthread_mutex_init(&s->writer_lock, NULL) == 0);
    check(pthread_cond_init(&s->work, NULL) == 0);
    if (s3_hash_kinds_init(&s->kinds, err) == STATUS_OK && start_helpers(s, err) == STATUS_OK &&
        store_collector_start(store, err) == STATUS_OK) {
        s->writer = store_writer_new(store);
        *ret = s;
        return STATUS_OK;
    }
    s3_free(s);
    return err->status;
}

void s3_shrink(struct s3 *s, int64_t at_most_ms)
{
    check(s->clients == 0);
    store_writer_free(s->writer); /* else its segment is in use */
    s->writer = NULL;
    store_collector_finish(s->store, at_most_ms);
}

void s3_free(struct s3 *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    check(s->clients == 0);
    s->is_closing = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (uint32_t i = 0; i < s->helper_count; i++)
        pthread_join(s->helpers[i], NULL);
    for (uint32_t i = 0; i < s->reader_count; i++)
        store_reader_close(s->readers[i]);
    store_collector_stop(s->store);
    store_writer_free(s->writer);
    s3_hash_kinds_done(&s->kinds);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->writer_lock);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct store *s3_store(struct s3 *s)
{
    return s->store;
}

/* ---- readers ---- */

enum status s3_reader_take(struct s3 *s, struct store_reader **ret, struct error *err)
{
    struct store_reader *r = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->reader_count > 0)
        r = s->readers[--s->reader_count];
    pthread_mutex_unlock(&s->lock);
    if (!r && store_reader_open(store_dir(s->store), NULL, &r, err) != STATUS_OK)
        return err->status;
    *ret = r;
    return STATUS_OK;
}

void s3_reader_give(struct s3 *s, struct store_reader *r)
{
    pthread_mutex_lock(&s->lock);
    if (s->reader_count < S3_IDLE_READERS) {
        s->readers[s->reader_count++] = r;
        r = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    store_reader_close(r);
}

/* ---- clients ---- */

static void on_units(void *arg)
{
    tell(arg, NULL);
}

enum status s3_client_new(struct s3 *s, void (*wake)(void *arg), void *arg, struct s3_client **ret,
                          struct error *err)
{
    struct s3_client *c = calloc(1, sizeof(*c));
    check(c != NULL);
    *c = (struct s3_client){.s3 = s, .wake = wake, .arg = arg};
    if (store_reader_open(store_dir(s->store), NULL, &c->reader, err) != STATUS_OK) {
        free(c);
        return s3_fail_inside(err);
    }
    check(pthread_mutex_init(&c->lock, NULL) == 0);
    check(pthread_cond_init(&c->ready, NULL) == 0);
    c->writer = store_writer_new(s->store);
    c->store = store_client_new(s->store, on_units, c);
    pthread_mutex_lock(&s->lock);
    s->clients++;
    pthread_mutex_unlock(&s->lock);
    *ret = c;
    return STATUS_OK;
}

enum status s3_client_new_plain(struct s3 *s, void (*wake)(void *arg), void *arg,
                                struct s3_client **ret, struct error *err)
{
    if (s3_client_new(s, wake, arg, ret, err) != STATUS_OK)
        return err->status;
    store_writer_free((*ret)->writer); /* which has not begun a segment */
    (*ret)->writer = NULL;
    return STATUS_OK;
}

enum status s3_append(struct s3 *s, str bucket, str key, str bytes, struct store_body *ret,
                      struct error *err)
{
    pthread_mutex_lock(&s->writer_lock);
    enum status status = store_writer_append(s->writer, bucket, key, bytes, ret, err);
    pthread_mutex_unlock(&s->writer_lock);
    return status;
}

void s3_client_free(struct s3_client *c)
{
    if (!c)
        return;
    while (c->in_flight > 0) {
        s3_client_wait(c);
        s3_client_turn(c);
    }
    store_client_free(c->store);
    store_writer_free(c->writer);
    store_reader_close(c->reader);
    pthread_mutex_lock(&c->s3->lock);
    c->s3->clients--;
    pthread_mutex_unlock(&c->s3->lock);
    pthread_cond_destroy(&c->ready);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void s3_client_turn(struct s3_client *c)
{
    pthread_mutex_lock(&c->lock);
    struct s3_job_list done = c->done;
    c->done = (struct s3_job_list){0};
    c->has_units = false;
    pthread_mutex_unlock(&c->lock);
    for (struct s3_job *job; (job = list_pop(&done)) != NULL;) {
        c->in_flight--;
        job->done(job);
    }
    for (struct store_unit *u = store_take(c->store), *next; u; u = next) {
        struct s3_unit *unit = (struct s3_unit *)(void *)u;
        next = u->next;
        c->in_flight--;
        unit->fn(unit);
    }
}

void s3_client_wait(struct s3_client *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->in_flight > 0 && !c->has_units && !c->done.first)
        pthread_cond_wait(&c->ready, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

struct store_reader *s3_client_reader(struct s3_client *c)
{
    return c->reader;
}

enum status s3_unit_submit(struct s3_client *c, struct s3_unit *u, struct error *err)
{
    if (store_submit(c->store, &u->unit, err) != STATUS_OK)
        return s3_fail_inside(err);
    c->in_flight++;
    return STATUS_OK;
}

/* ---- finding ---- */

enum status s3_find_bucket(struct store_reader *r, str name, struct arena *a,
                           struct store_bucket *ret, struct error *err)
{
    enum status status = store_find_bucket(r, name, a, ret, err);
    if (status == STATUS_NOT_FOUND)
        return s3_fail(S3_NoSuchBucket, err);
    return status;
}

enum status s3_find_object(struct store_reader *r, int64_t bucket, str key, struct arena *a,
                           struct store_object *ret, struct error *err)
{
    enum status status = store_find_object(r, bucket, key, a, ret, err);
    if (status == STATUS_NOT_FOUND)
        return s3_fail(S3_NoSuchKey, err);
    return status;
}

/* "u" and the number in hex, sixteen digits. */
static bool read_upload_id(str id, int64_t *ret)
{
    uint64_t value = 0;
    if (id.n != 17 || id.p[0] != 'u')
        return false;
    for (size_t i = 1; i < id.n; i++) {
        char c = id.p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        value = value << 4 | (uint64_t)digit;
    }
    *ret = (int64_t)value;
    return true;
}

enum status s3_find_upload(struct store_reader *r, int64_t bucket, str key, str id, struct arena *a,
                           struct store_upload *ret, struct error *err)
{
    int64_t number;
    if (!read_upload_id(id, &number))
        return s3_fail(S3_NoSuchUpload, err);
    enum status status = store_find_upload(r, number, a, ret, err);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && (ret->bucket != bucket || !str_eq(ret->key, key))))
        return s3_fail(S3_NoSuchUpload, err);
    return status;
}
