/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources, listings and sinks over the object service. A source reads files that are there, so it
 * never waits but for a break now and then, in which the loop looks at the world. A sink is a put
 * by a client of its own, whose wakes come to the loop as a task.
 */
#include "services/s3/objects.h"

#include "base/check.h"
#include "services/s3/error.h"
#include "services/s3/list.h"
#include "services/s3/name.h"
#include "services/s3/s3_internal.h"
#include <stdlib.h>

enum {
    PIECE_BYTES = 256 << 10,
    BREAK_BYTES = 4 << 20 /* read or written before the loop looks at the world again */
};

static struct s3 *service_of(struct objects *o)
{
    return ((struct s3_objects *)(void *)o)->self->s3;
}

/* Messages of the service live for ever. */
static const char *cause_of(const struct error *err)
{
    return s3_error_text(str_of(err->name));
}

/* ---- breaks ---- */

struct pause {
    struct loop_timer timer;
    size_t bytes; /* since the last one */
};

static void tell(void *arg)
{
    struct objects_part *part = arg;
    part->ready(part->ready_arg);
}

/* True: there is to be a break, and part will be told of its end. */
static bool is_break(struct pause *p, struct objects_part *part, size_t bytes)
{
    p->bytes += bytes;
    if (p->bytes < BREAK_BYTES)
        return false;
    p->bytes = 0;
    loop_timer_start(part->loop, &p->timer, loop_now_ms(), tell, part);
    return true;
}

/* ---- reading ---- */

struct source {
    struct object_source source;
    struct pause pause;
    struct s3_get *get;
    char piece[PIECE_BYTES];
};

static enum objects_got source_more(struct object_source *source, str *ret)
{
    struct source *s = (struct source *)(void *)source;
    struct error err;
    size_t n;
    if (loop_timer_is_running(&s->pause.timer) || is_break(&s->pause, &source->part, PIECE_BYTES))
        return OBJECTS_WAIT;
    if (s3_get_read(s->get, s->piece, sizeof(s->piece), &n, &err) != STATUS_OK) {
        source->part.cause = cause_of(&err);
        return OBJECTS_FAILED;
    }
    *ret = (str){s->piece, n};
    return n > 0 ? OBJECTS_GOT : OBJECTS_END;
}

static void source_seek(struct object_source *source, uint64_t offset)
{
    struct source *s = (struct source *)(void *)source;
    s3_get_seek(s->get, offset);
}

static void source_free(struct object_source *source)
{
    struct source *s = (struct source *)(void *)source;
    loop_timer_stop(source->part.loop, &s->pause.timer);
    s3_get_end(s->get);
    free(s);
}

static const struct object_source_kind source_kind = {
    .more = source_more, .seek = source_seek, .free = source_free};

static enum status begin_get(struct s3 *s3, str bucket, str key, struct s3_get **ret,
                             struct error *err)
{
    struct store_reader *r;
    struct s3_get_request q = {.bucket = bucket, .key = key};
    if (s3_reader_take(s3, &r, err) != STATUS_OK)
        return s3_fail_inside(err);
    enum status status = s3_get_begin(s3, r, &q, ret, err);
    s3_reader_give(s3, r);
    return status;
}

static struct object_source *open_source(struct objects *o, struct loop *loop, str bucket, str key,
                                         str version, const char **ret_cause)
{
    struct error err;
    struct s3_get *get;
    if (version.n > 0 && !str_eq(version, STR("null")))
        s3_fail(S3_NoSuchVersion, &err);
    else if (begin_get(service_of(o), bucket, key, &get, &err) == STATUS_OK) {
        struct source *s = calloc(1, sizeof(*s));
        check(s != NULL);
        s->source = (struct object_source){
            .kind = &source_kind, .part = {.loop = loop}, .is_seekable = true};
        s->get = get;
        return &s->source;
    }
    *ret_cause = cause_of(&err);
    return NULL;
}

/* ---- listing ---- */

struct listing {
    struct object_listing listing;
    struct store_reader *reader;
    struct arena query, page; /* of the query, and of the entries at hand */
    struct s3_list_query q;
    char after[S3_KEY_MAX]; /* of pages behind the first */
    struct object_entry entries[OBJECTS_PAGE];
    uint32_t count;
    bool is_over;
};

static void on_object(void *arg, const struct store_object *o)
{
    struct listing *l = arg;
    l->entries[l->count++] = (struct object_entry){
        .key = arena_dup(&l->page, o->key),
        .etag = arena_printf(&l->page, "\"%.*s\"", STR_ARG(o->etag)),
        .storage_class = STR("STANDARD"),
        .size = o->body.size,
        .modified_ms = o->modified_ms / 1000 * 1000,
    };
}

static enum objects_got listing_more(struct object_listing *listing, struct object_page *ret)
{
    struct listing *l = (struct listing *)(void *)listing;
    struct s3_list_sink sink = {.arg = l, .object = on_object};
    struct s3_list_page page;
    struct error err;
    arena_reset(&l->page);
    l->count = 0;
    if (l->is_over)
        return OBJECTS_END;
    if (s3_list_objects(l->reader, &l->q, &sink, &l->page, &page, &err) != STATUS_OK) {
        listing->part.cause = "The bucket cannot be listed.";
        return OBJECTS_FAILED;
    }
    l->is_over = !page.is_truncated;
    if (page.is_truncated) {
        memcpy(l->after, page.last.p, page.last.n);
        l->q.after = (str){l->after, page.last.n};
    }
    *ret = (struct object_page){l->entries, l->count};
    return l->count > 0 ? OBJECTS_GOT : OBJECTS_END;
}

static void listing_free(struct object_listing *listing)
{
    struct listing *l = (struct listing *)(void *)listing;
    store_reader_close(l->reader);
    arena_done(&l->query);
    arena_done(&l->page);
    free(l);
}

static const struct object_listing_kind listing_kind = {.more = listing_more, .free = listing_free};

static struct object_listing *open_listing(struct objects *o, struct loop *loop, str bucket,
                                           str prefix, str after, const char **ret_cause)
{
    struct error err;
    struct store_bucket found;
    struct listing *l = calloc(1, sizeof(*l));
    check(l != NULL);
    l->listing = (struct object_listing){.kind = &listing_kind, .part = {.loop = loop}};
    arena_init(&l->query, 0);
    arena_init(&l->page, 0);
    if (s3_check_bucket_name(bucket, &err) == STATUS_OK &&
        store_reader_open(store_dir(service_of(o)->store), NULL, &l->reader, &err) == STATUS_OK &&
        s3_find_bucket(l->reader, bucket, &l->page, &found, &err) == STATUS_OK) {
        l->q = (struct s3_list_query){.bucket = found.id,
                                      .prefix = arena_dup(&l->query, prefix),
                                      .after = arena_dup(&l->query, after),
                                      .max_keys = OBJECTS_PAGE};
        return &l->listing;
    }
    *ret_cause = cause_of(&err);
    listing_free(&l->listing);
    return NULL;
}

/* ---- writing ---- */

struct sink {
    struct object_sink sink;
    struct pause pause;
    struct s3_client *client;
    struct s3_put *put; /* NULL: it is finishing, or over */
    struct loop_task task;
    atomic_bool is_posted;
    bool is_left; /* the task frees it */
    bool is_finishing, is_done;
    const char *cause; /* why it failed */
};

static void on_put(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct sink *s = arg;
    (void)result;
    s->is_done = true;
    s->cause = err ? cause_of(err) : NULL;
}

static void on_task(void *arg)
{
    struct sink *s = arg;
    atomic_store(&s->is_posted, false);
    if (s->is_left) {
        free(s);
        return;
    }
    bool was_done = s->is_done;
    s3_client_turn(s->client);
    if (s->is_done && !was_done)
        tell(&s->sink.part);
}

/* On any thread. */
static void on_wake(void *arg)
{
    struct sink *s = arg;
    if (!atomic_exchange(&s->is_posted, true))
        loop_post(s->sink.part.loop, &s->task, on_task, s);
}

static enum objects_got fail(struct sink *s, const char *cause)
{
    s->sink.part.cause = cause;
    return OBJECTS_FAILED;
}

static enum objects_got sink_write(struct object_sink *sink, str bytes)
{
    struct sink *s = (struct sink *)(void *)sink;
    struct error err;
    check(s->put != NULL);
    if (s3_put_write(s->put, bytes, &err) != STATUS_OK)
        return fail(s, cause_of(&err));
    return is_break(&s->pause, &sink->part, bytes.n) ? OBJECTS_WAIT : OBJECTS_GOT;
}

static enum objects_got sink_finish(struct object_sink *sink)
{
    struct sink *s = (struct sink *)(void *)sink;
    struct error err;
    if (loop_timer_is_running(&s->pause.timer))
        return OBJECTS_WAIT;
    if (!s->is_finishing) {
        struct s3_put *put = s->put;
        s->is_finishing = true;
        s->put = NULL;
        if (s3_put_finish(put, on_put, s, &err) != STATUS_OK)
            return fail(s, cause_of(&err));
    }
    if (!s->is_done)
        return OBJECTS_WAIT;
    return s->cause ? fail(s, s->cause) : OBJECTS_END;
}

static void sink_free(struct object_sink *sink)
{
    struct sink *s = (struct sink *)(void *)sink;
    loop_timer_stop(sink->part.loop, &s->pause.timer);
    s3_put_abort(s->put);
    s3_client_free(s->client); /* waits when it is finishing; nobody wakes afterwards */
    s->is_left = true;
    if (!atomic_load(&s->is_posted))
        free(s);
}

static const struct object_sink_kind sink_kind = {
    .write = sink_write, .finish = sink_finish, .free = sink_free};

static struct object_sink *open_sink(struct objects *o, struct loop *loop, str bucket, str key,
                                     const char **ret_cause)
{
    struct error err;
    struct sink *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->sink = (struct object_sink){.kind = &sink_kind, .part = {.loop = loop}};
    struct s3_put_request q = {
        .bucket = bucket, .key = key, .algorithm = S3_NO_ALGORITHM, .now_ms = loop_wall_ms()};
    if (s3_client_new_plain(service_of(o), on_wake, s, &s->client, &err) == STATUS_OK &&
        s3_put_begin(s->client, &q, &s->put, &err) == STATUS_OK)
        return &s->sink;
    *ret_cause = cause_of(&err);
    s3_client_free(s->client);
    free(s);
    return NULL;
}

/* ---- */

static const struct objects_kind kind = {
    .open = open_source, .list = open_listing, .put = open_sink};

void s3_objects_init(struct s3_objects *o, const struct s3_self *self)
{
    *o = (struct s3_objects){.objects = {.kind = &kind}, .self = self};
}
