/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that are the objects of a bucket (listObjectsV2), page by page. A mark is the key before an
 * item: what is put or deleted before it while a run is interrupted does not move the rest.
 */
#include "base/check.h"
#include "engine/map_reader.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

struct listing_reader {
    struct map_reader reader;
    struct map_reading reading;
    str bucket, prefix;
    struct arena names; /* of these */
    struct object_listing *listing;
    struct object_page page;
    uint64_t first;  /* item of the page's first */
    struct buf last; /* key before the page */
    uint64_t begin;  /* the item that the listing began with */
    struct buf begin_after;
    struct arena arena; /* of the item */
    struct json_val item;
    uint64_t item_number;
    bool has_item;
};

static struct listing_reader *listing_of(struct map_reader *r)
{
    return (struct listing_reader *)(void *)r;
}

static enum map_read fail(struct listing_reader *l, const char *cause)
{
    l->reader.error = STR("States.ItemReaderFailed");
    l->reader.cause = str_of(cause);
    return MAP_READ_FAILED;
}

static void listing_ready(void *arg)
{
    struct listing_reader *l = arg;
    if (l->reader.ready)
        l->reader.ready(l->reader.ready_arg);
}

static void close_listing(struct listing_reader *l)
{
    if (l->listing)
        l->listing->kind->free(l->listing);
    l->listing = NULL;
    l->page = (struct object_page){.count = 0};
    l->has_item = false;
}

/* At the item and the key that it begins with. */
static bool open_listing(struct listing_reader *l, const char **ret_cause)
{
    struct objects *o = l->reading.objects;
    close_listing(l);
    l->first = l->begin;
    buf_clear(&l->last);
    buf_add(&l->last, buf_str(&l->begin_after));
    l->listing = o->kind->list(o, l->reading.loop, l->bucket, l->prefix, buf_str(&l->begin_after),
                               ret_cause);
    if (!l->listing)
        return false;
    l->listing->part.ready = listing_ready;
    l->listing->part.ready_arg = l;
    return true;
}

static enum map_read next_page(struct listing_reader *l)
{
    if (l->page.count > 0) {
        buf_clear(&l->last);
        buf_add(&l->last, l->page.entries[l->page.count - 1].key);
    }
    l->first += l->page.count;
    l->page.count = 0;
    enum objects_got got = l->listing->kind->more(l->listing, &l->page);
    if (got != OBJECTS_GOT)
        l->page.count = 0;
    return got == OBJECTS_FAILED ? fail(l, l->listing->part.cause) : map_read_of(got);
}

/* Members as AWS has them; the time in seconds. */
static enum map_read make_item(struct listing_reader *l, const struct object_entry *e)
{
    struct buf text;
    struct error err;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"Etag\":"));
    json_write_string(&text, e->etag);
    buf_add(&text, STR(",\"Key\":"));
    json_write_string(&text, e->key);
    buf_printf(&text, ",\"LastModified\":%lld,\"Size\":%llu,\"StorageClass\":",
               (long long)(e->modified_ms / 1000), (unsigned long long)e->size);
    json_write_string(&text, e->storage_class);
    buf_add_byte(&text, '}');
    arena_reset(&l->arena);
    enum status status = json_parse_in(&l->arena, buf_str(&text), NULL, &l->item, &err);
    buf_done(&text);
    l->has_item = status == STATUS_OK;
    l->item_number = l->reader.item;
    return l->has_item ? MAP_READ_ITEM : fail(l, "The key of an object is no text.");
}

static enum map_read listing_peek(struct map_reader *r, struct json_val *ret)
{
    struct listing_reader *l = listing_of(r);
    const char *cause;
    enum map_read got = MAP_READ_ITEM;
    if (l->reading.max_items > 0 && r->item >= l->reading.max_items)
        return MAP_READ_END;
    if (r->item < l->begin) {
        l->begin = 0;
        buf_clear(&l->begin_after);
    }
    if ((!l->listing || r->item < l->first) && !open_listing(l, &cause))
        return fail(l, cause);
    while (got == MAP_READ_ITEM && r->item >= l->first + l->page.count)
        got = next_page(l);
    if (got == MAP_READ_ITEM && !(l->has_item && l->item_number == r->item))
        got = make_item(l, &l->page.entries[r->item - l->first]);
    *ret = l->item;
    return got;
}

static void listing_seek(struct map_reader *r, uint64_t item)
{
    r->item = item;
}

static bool listing_mark(const struct map_reader *r, struct buf *out)
{
    const struct listing_reader *l = (const struct listing_reader *)(const void *)r;
    if (r->item < l->first || r->item > l->first + l->page.count)
        return false;
    buf_add(out,
            r->item == l->first ? buf_str(&l->last) : l->page.entries[r->item - l->first - 1].key);
    return true;
}

static void listing_resume(struct map_reader *r, uint64_t item, str mark)
{
    struct listing_reader *l = listing_of(r);
    close_listing(l);
    r->item = l->begin = item;
    buf_clear(&l->begin_after);
    buf_add(&l->begin_after, mark);
}

static void listing_free(struct map_reader *r)
{
    struct listing_reader *l = listing_of(r);
    close_listing(l);
    buf_done(&l->last);
    buf_done(&l->begin_after);
    arena_done(&l->names);
    arena_done(&l->arena);
    free(l);
}

static const struct map_reader_kind listing_kind = {.peek = listing_peek,
                                                    .seek = listing_seek,
                                                    .mark = listing_mark,
                                                    .resume = listing_resume,
                                                    .free = listing_free};

struct map_reader *map_reader_of_listing(const struct map_reading *reading, str bucket, str prefix,
                                         const char **ret_cause)
{
    struct listing_reader *l = calloc(1, sizeof(*l));
    check(l != NULL);
    l->reader.kind = &listing_kind;
    l->reader.total = UINT64_MAX;
    l->reading = *reading;
    arena_init(&l->names, 0);
    arena_init(&l->arena, 0);
    buf_init(&l->last, OBJECTS_MAX_KEY);
    buf_init(&l->begin_after, OBJECTS_MAX_KEY);
    l->bucket = arena_dup(&l->names, bucket);
    l->prefix = arena_dup(&l->names, prefix);
    if (open_listing(l, ret_cause))
        return &l->reader;
    listing_free(&l->reader);
    return NULL;
}
