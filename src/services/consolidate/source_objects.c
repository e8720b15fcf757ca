/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that are objects. Loops of parts that were read are kept for the next ones. */
#include "services/consolidate/source_objects.h"

#include "base/check.h"
#include "services/consolidate/objects_wait.h"
#include <pthread.h>
#include <stdlib.h>

struct part {
    struct source_objects *all;
    struct part *next; /* in the list of those that are free */
    struct objects_wait wait;
    struct object_source *source;
    struct buf key;
    str rest; /* of what the source gave last */
};

struct source_objects {
    struct objects *objects;
    str bucket;
    struct objects_wait wait; /* of the listing */
    struct object_listing *listing;
    struct object_page page;
    uint32_t at;
    uint64_t left_out;
    pthread_mutex_t lock;
    struct part *idle;
};

bool source_objects_is_part(str key)
{
    return str_ends(key, STR(".json")) || str_ends(key, STR(".jsonl")) ||
           str_ends(key, STR(".ndjson"));
}

/* ---- listing ---- */

static enum status next_page(struct source_objects *s, bool *ret_end, struct error *err)
{
    enum objects_got got;
    while ((got = s->listing->kind->more(s->listing, &s->page)) == OBJECTS_WAIT) {
        objects_wait(&s->wait);
        if (objects_is_canceled(&s->wait))
            return objects_canceled(err);
    }
    if (got == OBJECTS_FAILED)
        return objects_failed(s->bucket, STR(""), s->listing->part.cause, err);
    s->at = 0;
    *ret_end = got == OBJECTS_END;
    return STATUS_OK;
}

static enum status next(void *arg, struct buf *key, struct error *err)
{
    struct source_objects *s = arg;
    bool is_end = false;
    while (key->n == 0 && !is_end) {
        while (s->at < s->page.count && key->n == 0) {
            const struct object_entry *e = &s->page.entries[s->at++];
            if (source_objects_is_part(e->key))
                buf_add(key, e->key);
            else
                s->left_out++;
        }
        if (key->n == 0 && next_page(s, &is_end, err) != STATUS_OK)
            return err->status;
        if (is_end)
            s->page.count = 0;
    }
    return STATUS_OK;
}

/* ---- parts ---- */

static void free_part(struct part *p)
{
    loop_free(p->wait.loop);
    buf_done(&p->key);
    free(p);
}

static struct part *take_part(struct source_objects *s, struct error *err)
{
    check(pthread_mutex_lock(&s->lock) == 0);
    struct part *p = s->idle;
    if (p)
        s->idle = p->next;
    check(pthread_mutex_unlock(&s->lock) == 0);
    if (!p) {
        p = calloc(1, sizeof(*p));
        check(p != NULL);
        p->all = s;
        p->wait.is_canceled = s->wait.is_canceled;
        buf_init(&p->key, OBJECTS_MAX_KEY);
        if (loop_new(&p->wait.loop, err) != STATUS_OK) {
            buf_done(&p->key);
            free(p);
            return NULL;
        }
    }
    return p;
}

static void close_part(void *arg)
{
    struct part *p = arg;
    struct source_objects *s = p->all;
    if (p->source)
        p->source->kind->free(p->source);
    p->source = NULL;
    p->rest = (str){NULL, 0};
    p->wait.is_ready = false;
    buf_clear(&p->key);
    check(pthread_mutex_lock(&s->lock) == 0);
    p->next = s->idle;
    s->idle = p;
    check(pthread_mutex_unlock(&s->lock) == 0);
}

static enum status open_part(void *arg, str key, void **ret_part, struct error *err)
{
    struct source_objects *s = arg;
    const char *cause = "";
    struct part *p = take_part(s, err);
    if (!p)
        return err->status;
    buf_add(&p->key, key);
    p->source =
        s->objects->kind->open(s->objects, p->wait.loop, s->bucket, key, (str){"", 0}, &cause);
    if (!p->source) {
        close_part(p);
        return objects_failed(s->bucket, key, cause, err);
    }
    objects_wait_for(&p->wait, &p->source->part);
    *ret_part = p;
    return STATUS_OK;
}

static enum status read_part(void *part, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct part *p = part;
    enum objects_got got = OBJECTS_GOT;
    while (p->rest.n == 0 && got != OBJECTS_END) {
        if (objects_is_canceled(&p->wait))
            return objects_canceled(err);
        got = p->source->kind->more(p->source, &p->rest);
        if (got != OBJECTS_GOT)
            p->rest.n = 0;
        if (got == OBJECTS_WAIT)
            objects_wait(&p->wait);
        if (got == OBJECTS_FAILED)
            return objects_failed(p->all->bucket, buf_str(&p->key), p->source->part.cause, err);
    }
    size_t taken = p->rest.n < n ? p->rest.n : n;
    if (taken > 0)
        memcpy(to, p->rest.p, taken);
    p->rest = str_sub(p->rest, taken, p->rest.n);
    *ret_n = taken;
    return STATUS_OK;
}

/* ---- all of it ---- */

enum status source_objects_new(struct objects *objects, str bucket, str prefix,
                               const _Atomic bool *canceled, struct source_objects **ret,
                               struct error *err)
{
    const char *cause = "";
    struct source_objects *s = calloc(1, sizeof(*s));
    check(s != NULL && pthread_mutex_init(&s->lock, NULL) == 0);
    s->objects = objects;
    s->bucket = bucket;
    s->wait.is_canceled = canceled;
    enum status status = loop_new(&s->wait.loop, err);
    if (status == STATUS_OK) {
        s->listing =
            objects->kind->list(objects, s->wait.loop, bucket, prefix, (str){"", 0}, &cause);
        if (!s->listing)
            status = objects_failed(bucket, prefix, cause, err);
    }
    if (status != STATUS_OK) {
        source_objects_free(s);
        return status;
    }
    objects_wait_for(&s->wait, &s->listing->part);
    *ret = s;
    return STATUS_OK;
}

void source_objects_free(struct source_objects *s)
{
    if (!s)
        return;
    if (s->listing)
        s->listing->kind->free(s->listing);
    while (s->idle) {
        struct part *p = s->idle;
        s->idle = p->next;
        free_part(p);
    }
    loop_free(s->wait.loop);
    check(pthread_mutex_destroy(&s->lock) == 0);
    free(s);
}

struct consolidate_source source_objects_source(struct source_objects *s)
{
    return (struct consolidate_source){
        .arg = s, .next = next, .open = open_part, .read = read_part, .close = close_part};
}

uint64_t source_objects_left_out(const struct source_objects *s)
{
    return s->left_out;
}
