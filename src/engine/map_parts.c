/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of many objects as if they were one: of those that a listing finds, or that a manifest
 * names. One of them is open at a time. A mark says in which object an item lies, and the items of
 * that one are read again.
 */
#include "asl/bytes.h"
#include "base/check.h"
#include "engine/map_reader.h"
#include <stdlib.h>

enum { PARTS_AT_ONCE = 64 /* are opened before the loop looks at the world again */ };

struct parts_reader {
    struct map_reader reader;
    struct map_reading reading;
    struct arena arena; /* of texts */
    str bucket;
    struct map_reader *parts;
    map_part_fn *part;
    struct map_reader *open; /* the part at hand, or NULL */
    uint64_t first;          /* item of its first */
    struct loop_task break_task;
    uint32_t since_break;       /* parts opened */
    bool is_break, is_left;     /* the task is with the loop; nobody reads any more */
    uint64_t begin, begin_part; /* where a resumed one began: what lies before is read anew */
};

static struct parts_reader *parts_of(struct map_reader *r)
{
    return (struct parts_reader *)(void *)r;
}

static enum map_read fail(struct parts_reader *p, str cause)
{
    p->reader.error = STR("States.ItemReaderFailed");
    p->reader.cause = arena_dup(&p->arena, cause);
    return MAP_READ_FAILED;
}

static void parts_ready(void *arg)
{
    struct parts_reader *p = arg;
    if (p->reader.ready)
        p->reader.ready(p->reader.ready_arg);
}

static void parts_done(struct parts_reader *p)
{
    arena_done(&p->arena);
    free(p);
}

static void break_over(void *arg)
{
    struct parts_reader *p = arg;
    p->is_break = false;
    if (p->is_left)
        parts_done(p);
    else
        parts_ready(p);
}

/* True: a lot of small ones were opened, and the loop gets a turn. */
static bool takes_break(struct parts_reader *p)
{
    if (p->is_break || p->since_break < PARTS_AT_ONCE || !p->reading.loop)
        return p->is_break;
    p->since_break = 0;
    p->is_break = true;
    loop_defer(p->reading.loop, &p->break_task, break_over, p);
    return true;
}

static void hear(struct parts_reader *p, struct map_reader *r)
{
    r->ready = parts_ready;
    r->ready_arg = p;
}

static void close_part(struct parts_reader *p)
{
    map_reader_free(p->open);
    p->open = NULL;
}

/* ---- one part ---- */

static enum map_read open_part(struct parts_reader *p)
{
    struct json_val item;
    const char *cause = NULL;
    str bucket = p->bucket, key;
    struct object_source *source = NULL;
    struct objects *o = p->reading.objects;
    enum map_read got = map_reader_peek(p->parts, &item);
    if (got == MAP_READ_FAILED)
        return fail(p, p->parts->cause);
    if (got != MAP_READ_ITEM)
        return got;
    if (p->part(item, &bucket, &key, &cause))
        source = o->kind->open(o, p->reading.loop, bucket, key, STR(""), &cause);
    if (!source)
        return fail(p, str_of(cause));
    p->open = map_reader_of_text(p->reading.how, 0, map_gunzip(source));
    hear(p, p->open);
    return MAP_READ_ITEM;
}

static void next_part(struct parts_reader *p)
{
    p->first += p->open->total;
    close_part(p);
    map_reader_seek(p->parts, p->parts->item + 1);
    p->since_break++;
}

static void first_part(struct parts_reader *p, uint64_t item)
{
    close_part(p);
    if (item < p->begin)
        p->begin = p->begin_part = 0;
    p->first = p->begin;
    map_reader_seek(p->parts, p->begin_part);
}

/* ---- the reader ---- */

static enum map_read parts_peek(struct map_reader *r, struct json_val *ret)
{
    struct parts_reader *p = parts_of(r);
    if (p->reading.max_items > 0 && r->item >= p->reading.max_items)
        return MAP_READ_END;
    if (r->item < p->first)
        first_part(p, r->item);
    for (;;) {
        if (takes_break(p))
            return MAP_READ_WAIT;
        enum map_read got = p->open ? MAP_READ_ITEM : open_part(p);
        if (got == MAP_READ_END)
            r->total = p->first;
        if (got != MAP_READ_ITEM)
            return got;
        map_reader_seek(p->open, r->item - p->first);
        got = map_reader_peek(p->open, ret);
        r->has_keys = p->open->has_keys;
        if (got == MAP_READ_FAILED)
            return fail(p, p->open->cause);
        if (got != MAP_READ_END)
            return got;
        next_part(p);
    }
}

static void parts_seek(struct map_reader *r, uint64_t item)
{
    r->item = item;
}

static bool parts_mark(const struct map_reader *r, struct buf *out)
{
    const struct parts_reader *p = (const struct parts_reader *)(const void *)r;
    put_number(out, p->first);
    put_number(out, p->parts->item);
    return r->item >= p->first && (!p->parts->kind->mark || p->parts->kind->mark(p->parts, out));
}

static void parts_resume(struct map_reader *r, uint64_t item, str mark)
{
    struct parts_reader *p = parts_of(r);
    struct byte_reader bytes = {.bytes = mark};
    uint64_t first = get_number(&bytes), part = get_number(&bytes);
    if (bytes.is_failed)
        return; /* then from the first on */
    close_part(p);
    p->first = p->begin = first;
    p->begin_part = part;
    r->item = item;
    if (p->parts->kind->resume)
        p->parts->kind->resume(p->parts, part, str_sub(mark, bytes.at, mark.n));
    else
        map_reader_seek(p->parts, part);
}

static void parts_free(struct map_reader *r)
{
    struct parts_reader *p = parts_of(r);
    close_part(p);
    map_reader_free(p->parts);
    p->is_left = true;
    if (!p->is_break)
        parts_done(p);
}

static const struct map_reader_kind parts_kind = {.peek = parts_peek,
                                                  .seek = parts_seek,
                                                  .mark = parts_mark,
                                                  .resume = parts_resume,
                                                  .free = parts_free};

struct map_reader *map_reader_of_parts(const struct map_reading *reading, str bucket,
                                       struct map_reader *parts, map_part_fn *part)
{
    struct parts_reader *p = calloc(1, sizeof(*p));
    check(p != NULL);
    p->reader.kind = &parts_kind;
    p->reader.total = UINT64_MAX;
    p->reading = *reading;
    arena_init(&p->arena, 0);
    p->bucket = arena_dup(&p->arena, bucket);
    p->parts = parts;
    p->part = part;
    hear(p, parts);
    return &p->reader;
}
