/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the items of a map run come from, one after the other: the array that the state was given,
 * or what an ItemReader reads. A reader holds one item at a time and can be set to any item again.
 */
#ifndef AFFLUX_ENGINE_MAP_READER_H
#define AFFLUX_ENGINE_MAP_READER_H

#include "asl/map_run.h"
#include "services/objects.h"

enum map_read {
    MAP_READ_ITEM,
    MAP_READ_END,
    MAP_READ_WAIT,  /* not here yet: ready(ready_arg) is called when it is */
    MAP_READ_FAILED /* the run fails with error and cause */
};

struct map_reader;

struct map_reader_kind {
    /* The item at reader->item; the value lives until the next call. Asking again gives it again.
     */
    enum map_read (*peek)(struct map_reader *r, struct json_val *ret);
    /* To any item, the present one too. */
    void (*seek)(struct map_reader *r, uint64_t item);
    /* Where the item at reader->item lies, so that resume finds it without those before; false: it
     * cannot be said now. Both NULL: those before are read again. */
    bool (*mark)(const struct map_reader *r, struct buf *out);
    void (*resume)(struct map_reader *r, uint64_t item, str mark);
    void (*free)(struct map_reader *r);
};

struct map_reader {
    const struct map_reader_kind *kind;
    uint64_t item;  /* counted from 0 */
    uint64_t total; /* UINT64_MAX: known at the end only */
    bool has_keys;  /* the item at hand is the {"Key", "Value"} of an object's member */
    str error, cause;
    void (*ready)(void *arg);
    void *ready_arg;
};

/* Items lie in the plan, which must outlive the reader. */
struct map_reader *map_reader_of_array(const struct asl_map_run_plan *plan);

/* ---- objects ---- */

/* What readers of objects have in common. */
struct map_reading {
    const struct asl_item_reader *how; /* must outlive the reader */
    uint64_t max_items;                /* 0: all */
    struct objects *objects;
    struct loop *loop;
};

/* The reader that an ItemReader asks for (map_open.c). NULL: *ret_cause says why there is none. */
struct map_reader *map_reader_open(const struct map_reading *reading,
                                   const struct asl_map_run_plan *plan, const char **ret_cause);

/* Over CSV, JSON or JSON Lines (map_text.c); the source is taken over. */
struct map_reader *map_reader_of_text(const struct asl_item_reader *how, uint64_t max_items,
                                      struct object_source *source);
/* Over the objects of a listing (map_listing.c). */
struct map_reader *map_reader_of_listing(const struct map_reading *reading, str bucket, str prefix,
                                         const char **ret_cause);
/* Over an S3 inventory, from its manifest (map_manifest.c); the source is taken over. */
struct map_reader *map_reader_of_inventory(const struct map_reading *reading, str bucket,
                                           struct object_source *source);

/* Over the items of many objects, one after the other (map_parts.c). `parts` gives the objects and
 * is taken over; part says where one lies, false with *ret_cause: nowhere. */
typedef bool map_part_fn(struct json_val item, str *bucket, str *key, const char **ret_cause);
struct map_reader *map_reader_of_parts(const struct map_reading *reading, str bucket,
                                       struct map_reader *parts, map_part_fn *part);

/* Can the text of objects be read like this? NULL: yes; otherwise why not. */
const char *map_reader_refusal(const struct asl_item_reader *how);

/* Bytes as they are, and out of gzip where they begin as gzip does (map_gzip.c); the source is
 * taken over. */
struct object_source *map_gunzip(struct object_source *source);

static inline enum map_read map_read_of(enum objects_got got)
{
    static const enum map_read reads[] = {[OBJECTS_GOT] = MAP_READ_ITEM,
                                          [OBJECTS_END] = MAP_READ_END,
                                          [OBJECTS_WAIT] = MAP_READ_WAIT,
                                          [OBJECTS_FAILED] = MAP_READ_FAILED};
    return reads[got];
}

static inline enum map_read map_reader_peek(struct map_reader *r, struct json_val *ret)
{
    return r->kind->peek(r, ret);
}

static inline void map_reader_seek(struct map_reader *r, uint64_t item)
{
    r->kind->seek(r, item);
}

/* NULL is allowed. */
static inline void map_reader_free(struct map_reader *r)
{
    if (r)
        r->kind->free(r);
}

#endif
