/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the items of a map run come from, one after the other: the array that the state was given,
 * or what an ItemReader reads. A reader holds one item at a time and can be set to any item again.
 */
#ifndef AFFLUX_ENGINE_MAP_READER_H
#define AFFLUX_ENGINE_MAP_READER_H

#include "asl/map_run.h"

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

struct map_source;

/* Bytes of an object, in their order. */
struct map_source_kind {
    /* MAP_READ_ITEM: some bytes (not none), which live until the next call. */
    enum map_read (*more)(struct map_source *s, str *ret);
    void (*rewind)(struct map_source *s); /* to the first byte */
    void (*free)(struct map_source *s);
};

struct map_source {
    const struct map_source_kind *kind;
    const char *cause;        /* MAP_READ_FAILED */
    void (*ready)(void *arg); /* of whoever reads: to be called after MAP_READ_WAIT */
    void *ready_arg;
};

/* Can map_reader_of_text read this? */
bool map_reader_takes(const struct asl_item_reader *how);
/* Over CSV, JSON or JSON Lines; how must outlive the reader, the source is taken over. */
struct map_reader *map_reader_of_text(const struct asl_item_reader *how, uint64_t max_items,
                                      struct map_source *source);

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
