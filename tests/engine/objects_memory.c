/* SPDX-License-Identifier: Apache-2.0 */
#include "objects_memory.h"

#include "base/check.h"
#include <stdlib.h>
#include <string.h>

enum { PAGE = 2, KEY = 1100 };

/* ---- answering later ---- */

struct later {
    struct loop_task task;
    struct objects_part *part;
    void *owner;
    bool waits, is_waiting, is_posted, is_left;
};

static void come(void *arg)
{
    struct later *l = arg;
    l->is_posted = false;
    if (l->is_left)
        free(l->owner);
    else if (l->part->ready)
        l->part->ready(l->part->ready_arg);
}

/* True: the answer is WAIT. */
static bool is_later(struct later *l)
{
    l->is_waiting = l->waits && !l->is_waiting;
    if (l->is_waiting && l->part->loop && !l->is_posted) {
        l->is_posted = true;
        loop_defer(l->part->loop, &l->task, come, l);
    }
    return l->is_waiting;
}

static void leave(struct later *l)
{
    l->is_left = true;
    if (!l->is_posted)
        free(l->owner);
}

/* ---- the objects ---- */

static struct memory_object *find(struct memory_objects *m, str bucket, str key)
{
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        struct memory_object *o = &m->all[i];
        if (o->key && str_eq(str_of(o->bucket), bucket) && str_eq(str_of(o->key), key))
            return o;
    }
    return NULL;
}

static char *text(str s)
{
    char *ret = calloc(1, s.n + 1);
    check(ret != NULL);
    memcpy(ret, s.p, s.n);
    return ret;
}

static struct memory_object *make(struct memory_objects *m, str bucket, str key)
{
    struct memory_object *o = find(m, bucket, key);
    for (int i = 0; i < MEMORY_OBJECTS && !o; i++) {
        if (m->all[i].key)
            continue;
        o = &m->all[i];
        o->bucket = text(bucket);
        o->key = text(key);
        buf_init(&o->bytes, SIZE_MAX / 2);
    }
    check(o != NULL);
    buf_clear(&o->bytes);
    return o;
}

static void drop(struct memory_object *o)
{
    if (!o || !o->key)
        return;
    free(o->bucket);
    free(o->key);
    o->bucket = o->key = NULL;
    buf_done(&o->bytes);
}

void memory_objects_done(struct memory_objects *m)
{
    for (int i = 0; i < MEMORY_OBJECTS; i++)
        drop(&m->all[i]);
}

void memory_objects_set(struct memory_objects *m, const char *bucket, const char *key, str bytes)
{
    buf_add(&make(m, str_of(bucket), str_of(key))->bytes, bytes);
}

void memory_objects_remove(struct memory_objects *m, const char *bucket, const char *key)
{
    drop(find(m, str_of(bucket), str_of(key)));
}

const char *memory_objects_text(struct memory_objects *m, const char *bucket, const char *key)
{
    struct memory_object *o = find(m, str_of(bucket), str_of(key));
    if (!o)
        return NULL;
    buf_add_byte(&o->bytes, '\0');
    o->bytes.n--;
    return o->bytes.p;
}

uint32_t memory_objects_count(const struct memory_objects *m)
{
    uint32_t count = 0;
    for (int i = 0; i < MEMORY_OBJECTS; i++)
        count += m->all[i].key != NULL;
    return count;
}

/* ---- reading ---- */

struct source {
    struct object_source source;
    struct later later;
    str bytes;
    size_t at, step;
};

static enum objects_got source_more(struct object_source *source, str *ret)
{
    struct source *s = (struct source *)(void *)source;
    if (is_later(&s->later))
        return OBJECTS_WAIT;
    if (s->at == s->bytes.n)
        return OBJECTS_END;
    *ret = str_sub(s->bytes, s->at, s->step ? s->at + s->step : s->bytes.n);
    s->at += ret->n;
    return OBJECTS_GOT;
}

static void source_seek(struct object_source *source, uint64_t offset)
{
    struct source *s = (struct source *)(void *)source;
    s->at = offset < s->bytes.n ? offset : s->bytes.n;
}

static void source_free(struct object_source *source)
{
    leave(&((struct source *)(void *)source)->later);
}

static const struct object_source_kind source_kind = {
    .more = source_more, .seek = source_seek, .free = source_free};

struct object_source *memory_source(struct loop *loop, str bytes, size_t step, bool waits)
{
    struct source *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->source.kind = &source_kind;
    s->source.part.loop = loop;
    s->source.is_seekable = true;
    s->later = (struct later){.part = &s->source.part, .owner = s, .waits = waits};
    s->bytes = bytes;
    s->step = step;
    return &s->source;
}

static struct object_source *open_source(struct objects *o, struct loop *loop, str bucket, str key,
                                         str version, const char **ret_cause)
{
    struct memory_objects *m = (struct memory_objects *)(void *)o;
    struct memory_object *found = find(m, bucket, key);
    (void)version;
    *ret_cause = "There is no such object.";
    m->opened++;
    return found ? memory_source(loop, buf_str(&found->bytes), m->step, m->waits) : NULL;
}

/* ---- listing ---- */

struct listing {
    struct object_listing listing;
    struct later later;
    struct memory_objects *m;
    char bucket[KEY], prefix[KEY], after[KEY];
    struct object_entry entries[PAGE];
};

/* The first key behind l->after; NULL: there is none. */
static const struct memory_object *next_object(const struct listing *l)
{
    const struct memory_object *ret = NULL;
    for (int i = 0; i < MEMORY_OBJECTS; i++) {
        const struct memory_object *o = &l->m->all[i];
        if (o->key && strcmp(o->bucket, l->bucket) == 0 && strcmp(o->key, l->after) > 0 &&
            str_starts(str_of(o->key), str_of(l->prefix)) && (!ret || strcmp(o->key, ret->key) < 0))
            ret = o;
    }
    return ret;
}

static enum objects_got listing_more(struct object_listing *listing, struct object_page *ret)
{
    struct listing *l = (struct listing *)(void *)listing;
    const struct memory_object *o;
    if (is_later(&l->later))
        return OBJECTS_WAIT;
    ret->entries = l->entries;
    ret->count = 0;
    while (ret->count < PAGE && (o = next_object(l)) != NULL) {
        l->entries[ret->count++] = (struct object_entry){.key = str_of(o->key),
                                                         .etag = STR("\"e\""),
                                                         .storage_class = STR("STANDARD"),
                                                         .size = o->bytes.n,
                                                         .modified_ms = 1700000000123};
        memcpy(l->after, o->key, strlen(o->key) + 1);
    }
    l->m->listed += ret->count > 0;
    return ret->count > 0 ? OBJECTS_GOT : OBJECTS_END;
}

static void listing_free(struct object_listing *listing)
{
    leave(&((struct listing *)(void *)listing)->later);
}

static const struct object_listing_kind listing_kind = {.more = listing_more, .free = listing_free};

static struct object_listing *open_listing(struct objects *o, struct loop *loop, str bucket,
                                           str prefix, str after, const char **ret_cause)
{
    struct memory_objects *m = (struct memory_objects *)(void *)o;
    *ret_cause = "The specified bucket does not exist.";
    if (bucket.n == 0 || bucket.n >= KEY || prefix.n >= KEY || after.n >= KEY)
        return NULL;
    struct listing *l = calloc(1, sizeof(*l));
    check(l != NULL);
    l->listing.kind = &listing_kind;
    l->listing.part.loop = loop;
    l->later = (struct later){.part = &l->listing.part, .owner = l, .waits = m->waits};
    l->m = m;
    memcpy(l->bucket, bucket.p, bucket.n);
    if (prefix.n > 0)
        memcpy(l->prefix, prefix.p, prefix.n);
    if (after.n > 0)
        memcpy(l->after, after.p, after.n);
    return &l->listing;
}

/* ---- writing ---- */

struct sink {
    struct object_sink sink;
    struct later later;
    struct memory_objects *m;
    char bucket[KEY], key[KEY];
    struct buf bytes;
};

static bool is_meant(const char *part, const char *key)
{
    return part && strstr(key, part) != NULL;
}

static enum objects_got sink_write(struct object_sink *sink, str bytes)
{
    struct sink *s = (struct sink *)(void *)sink;
    s->sink.part.cause = "The disk is full.";
    if (is_meant(s->m->fails_write, s->key))
        return OBJECTS_FAILED;
    buf_add(&s->bytes, bytes);
    return is_later(&s->later) ? OBJECTS_WAIT : OBJECTS_GOT;
}

static enum objects_got sink_finish(struct object_sink *sink)
{
    struct sink *s = (struct sink *)(void *)sink;
    if (s->m->is_silent || is_later(&s->later))
        return OBJECTS_WAIT;
    s->sink.part.cause = "The disk is broken.";
    if (is_meant(s->m->fails_finish, s->key))
        return OBJECTS_FAILED;
    memory_objects_set(s->m, s->bucket, s->key, buf_str(&s->bytes));
    s->m->puts++;
    return OBJECTS_END;
}

static void sink_free(struct object_sink *sink)
{
    struct sink *s = (struct sink *)(void *)sink;
    buf_done(&s->bytes);
    leave(&s->later);
}

static const struct object_sink_kind sink_kind = {
    .write = sink_write, .finish = sink_finish, .free = sink_free};

static struct object_sink *open_sink(struct objects *o, struct loop *loop, str bucket, str key,
                                     const char **ret_cause)
{
    struct memory_objects *m = (struct memory_objects *)(void *)o;
    check(bucket.n < KEY && key.n < KEY);
    struct sink *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->sink.kind = &sink_kind;
    s->sink.part.loop = loop;
    s->later = (struct later){.part = &s->sink.part, .owner = s, .waits = m->waits};
    s->m = m;
    memcpy(s->bucket, bucket.p, bucket.n);
    memcpy(s->key, key.p, key.n);
    buf_init(&s->bytes, SIZE_MAX / 2);
    if (!is_meant(m->refuses_put, s->key))
        return &s->sink;
    *ret_cause = "Access is denied.";
    sink_free(&s->sink);
    return NULL;
}

static const struct objects_kind memory_kind = {
    .open = open_source, .list = open_listing, .put = open_sink};

void memory_objects_init(struct memory_objects *m)
{
    *m = (struct memory_objects){.objects = {.kind = &memory_kind}};
}
