/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread: waits for units, runs group after group, gives them back, and copies the log
 * into the file and removes what has expired between two groups. And the other side of the queue:
 * clients.
 *
 * The lock is held for moments only, never across a call of SQLite or of a unit.
 */
#include "base/check.h"
#include "store/store_internal.h"
#include "store/thread.h"
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { EXPIRY_US = 60 * 1000000, CHECKPOINT_AT_ONCE = 4 /* times checkpoint_pages */ };

/* ---- lists ---- */

void unit_list_add(struct unit_list *l, struct store_unit *u)
{
    u->next = NULL;
    if (l->last)
        l->last->next = u;
    else
        l->first = u;
    l->last = u;
}

void unit_list_join(struct unit_list *l, struct unit_list *more)
{
    if (!more->first)
        return;
    if (l->last)
        l->last->next = more->first;
    else
        l->first = more->first;
    l->last = more->last;
    *more = (struct unit_list){0};
}

struct store_unit *unit_list_pop(struct unit_list *l)
{
    struct store_unit *u = l->first;
    if (u) {
        l->first = u->next;
        if (!l->first)
            l->last = NULL;
        u->next = NULL;
    }
    return u;
}

/* ---- the thread ---- */

/* Units are with their clients from here on; a client is woken when it had nothing to take. */
static void give_back(struct store *s, struct store_client *clients)
{
    pthread_mutex_lock(&s->lock);
    for (struct store_client *c = clients, *next; c; c = next) {
        next = c->next_finished;
        bool had_none = !c->done.first;
        unit_list_join(&c->done, &c->finished);
        c->queued -= c->finished_count;
        c->finished_count = 0;
        pthread_cond_broadcast(&c->ready);
        if (had_none && c->wake)
            c->wake(c->arg); /* under the lock: the client cannot go meanwhile */
    }
    pthread_mutex_unlock(&s->lock);
}

static int on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
    struct store *s = arg;
    (void)handle;
    (void)name;
    bool is_anew = pages < s->wal_pages; /* the log began anew */
    if (is_anew)
        s->copied_pages = 0;
    s->new_pages = is_anew ? pages : pages - s->wal_pages;
    s->wal_pages = pages;
    return SQLITE_OK;
}

static void copy_log(struct store *s)
{
    int frames = 0, copied = 0;
    int64_t began_us = store_now_us();
    store_point(s, STORE_CHECKPOINT);
    int rc = sqlite3_wal_checkpoint_v2(s->tx.db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames,
                                       &copied);
    store_point(s, STORE_CHECKPOINT_DONE);
    s->copied_pages = s->wal_pages;
    pthread_mutex_lock(&s->lock);
    struct store_metrics *m = &s->metrics;
    m->checkpoints++;
    m->blocked += rc != SQLITE_OK || copied < frames;
    store_histogram_add(&m->copying, (uint64_t)(store_now_us() - began_us));
    pthread_mutex_unlock(&s->lock);
}

/* The log is copied early when there is time, late when there is none. */
static void copy_log_in_time(struct store *s)
{
    int64_t pages = s->wal_pages - s->copied_pages;
    int64_t due = s->options.checkpoint_pages;
    if (pages >= due && (!s->queue.first || pages >= due * CHECKPOINT_AT_ONCE))
        copy_log(s);
}

static void sleep_until(struct store *s, int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    s->is_asleep = true;
    pthread_cond_timedwait(&s->work, &s->lock, &t);
    s->is_asleep = false;
}

/* Waits until something is to be done. False: closing, and all is done. */
static bool wait_for_work(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->queue.first && !s->submitted.first && !s->is_closing &&
           store_now_us() < s->next_expiry_us)
        sleep_until(s, s->next_expiry_us);
    unit_list_join(&s->queue, &s->submitted);
    bool is_over = s->is_closing && !s->queue.first;
    pthread_mutex_unlock(&s->lock);
    return !is_over;
}

static void *run(void *arg)
{
    struct store *s = arg;
    while (wait_for_work(s)) {
        if (s->queue.first) {
            struct store_client *clients;
            store_run_group(s, &clients);
            give_back(s, clients);
        }
        copy_log_in_time(s);
        if (store_now_us() >= s->next_expiry_us && !store_run_expiry(s))
            s->next_expiry_us = store_now_us() + EXPIRY_US;
    }
    return NULL;
}

/* A condition whose waits go by the clock of store_now_us. */
static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    check(pthread_condattr_init(&attr) == 0);
    check(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    check(pthread_cond_init(cond, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

enum status store_thread_start(struct store *s, struct error *err)
{
    check(pthread_mutex_init(&s->lock, NULL) == 0);
    cond_init(&s->work);
    sqlite3_wal_hook(s->tx.db.handle, on_commit, s);
    s->next_expiry_us = store_now_us();
    sigset_t all, before; /* signals are for the threads of those who handle them */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        pthread_cond_destroy(&s->work);
        pthread_mutex_destroy(&s->lock);
        return error_set(err, STATUS_UNAVAILABLE, "StoreThread", "no thread can be started");
    }
    pthread_setname_np(s->thread, "afflux-store");
    return STATUS_OK;
}

void store_thread_stop(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    check(s->client_count == 0);
    s->is_closing = true;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->lock);
}

/* ---- clients ---- */

struct store_client *store_client_new(struct store *s, void (*wake)(void *arg), void *arg)
{
    struct store_client *c = calloc(1, sizeof(*c));
    check(c != NULL);
    c->store = s;
    c->wake = wake;
    c->arg = arg;
    cond_init(&c->ready);
    pthread_mutex_lock(&s->lock);
    s->client_count++;
    pthread_mutex_unlock(&s->lock);
    return c;
}

void store_client_free(struct store_client *c)
{
    if (!c)
        return;
    struct store *s = c->store;
    pthread_mutex_lock(&s->lock);
    while (c->queued > 0)
        pthread_cond_wait(&c->ready, &s->lock);
    s->metrics.in_flight -= c->in_flight;
    s->client_count--;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&c->ready);
    free(c);
}

enum status store_submit(struct store_client *c, struct store_unit *u, struct error *err)
{
    struct store *s = c->store;
    const struct store_options *o = &s->options;
    u->client = c;
    u->reply = (str){NULL, 0};
    u->submitted_us = store_now_us();
    pthread_mutex_lock(&s->lock);
    bool is_full =
        c->in_flight >= o->queue_units ||
        (c->in_flight > 0 && (u->args.n > o->queue_bytes || c->bytes > o->queue_bytes - u->args.n));
    if (!is_full) {
        c->in_flight++;
        c->queued++;
        c->bytes += u->args.n;
        s->metrics.in_flight++;
        unit_list_add(&s->submitted, u);
        if (s->is_asleep)
            pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    if (is_full)
        return error_set(err, STATUS_BUSY, "StoreQueueFull",
                         "too much is waiting to be written; the disk does not keep up");
    return STATUS_OK;
}

/* Under the lock. */
static struct store_unit *take_all(struct store_client *c)
{
    struct store_unit *first = c->done.first;
    for (struct store_unit *u = first; u; u = u->next) {
        c->in_flight--;
        c->bytes -= u->args.n;
        c->store->metrics.in_flight--;
    }
    c->done = (struct unit_list){0};
    return first;
}

struct store_unit *store_take(struct store_client *c)
{
    pthread_mutex_lock(&c->store->lock);
    struct store_unit *first = take_all(c);
    pthread_mutex_unlock(&c->store->lock);
    return first;
}

void store_wait(struct store_client *c)
{
    pthread_mutex_lock(&c->store->lock);
    while (!c->done.first && c->queued > 0)
        pthread_cond_wait(&c->ready, &c->store->lock);
    pthread_mutex_unlock(&c->store->lock);
}

enum status store_perform(struct store_client *c, struct store_unit *u, struct error *err)
{
    check(c->in_flight == 0);
    if (store_submit(c, u, err) != STATUS_OK)
        return err->status;
    store_wait(c);
    check(store_take(c) == u);
    if (u->status != STATUS_OK)
        *err = u->error;
    return u->status;
}

void store_unit_done(struct store_unit *u)
{
    free((char *)(uintptr_t)u->reply.p);
    u->reply = (str){NULL, 0};
}

void store_get_metrics(struct store *s, struct store_metrics *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->metrics;
    pthread_mutex_unlock(&s->lock);
}
