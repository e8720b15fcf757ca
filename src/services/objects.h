/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in buckets, as whoever reads and writes whole objects sees them: the ItemReader and the
 * ResultWriter of map runs. A folder (objects_folder.h) or a service that keeps objects stands
 * behind it.
 *
 * Nothing here blocks for long. What is not here yet is answered with OBJECTS_WAIT;
 * ready(ready_arg) is called once afterwards, on the thread of the loop that was given and never
 * from within, and the same function is called again. Everything of one source, listing or sink
 * happens on that thread; a storage may be shared by several loops. Texts that are given are
 * borrowed for the call.
 */
#ifndef AFFLUX_SERVICES_OBJECTS_H
#define AFFLUX_SERVICES_OBJECTS_H

#include "base/str.h"
#include "loop/loop.h"

enum objects_got {
    OBJECTS_GOT,
    OBJECTS_END,
    OBJECTS_WAIT,
    OBJECTS_FAILED /* cause says why: a sentence */
};

enum { OBJECTS_MAX_KEY = 1024 /* bytes, as in S3 */, OBJECTS_PAGE = 1000 /* entries at most */ };

/* What the three have in common; its user sets ready before the first call. */
struct objects_part {
    struct loop *loop;
    const char *cause; /* OBJECTS_FAILED; lives as long as the part */
    void (*ready)(void *arg);
    void *ready_arg;
};

/* ---- reading ---- */

/* The bytes of one object, in their order. */
struct object_source;
struct object_source_kind {
    /* OBJECTS_GOT: some bytes (not none), which live until the next call. */
    enum objects_got (*more)(struct object_source *s, str *ret);
    /* To a byte that was read before, or its end where the object has become shorter since; also
     * while it waits. Of one that is not seekable only to the first. */
    void (*seek)(struct object_source *s, uint64_t offset);
    void (*free)(struct object_source *s);
};
struct object_source {
    const struct object_source_kind *kind;
    struct objects_part part;
    bool is_seekable;
};

/* ---- listing ---- */

struct object_entry {
    str key;
    str etag; /* with its quotes; may be empty */
    str storage_class;
    uint64_t size;
    int64_t modified_ms;
};

struct object_page {
    const struct object_entry *entries;
    uint32_t count;
};

/* Keys that begin with a prefix, in the order of their bytes. */
struct object_listing;
struct object_listing_kind {
    /* OBJECTS_GOT: the next entries (not none), which live until the next call. */
    enum objects_got (*more)(struct object_listing *l, struct object_page *ret);
    void (*free)(struct object_listing *l);
};
struct object_listing {
    const struct object_listing_kind *kind;
    struct objects_part part;
};

/* ---- writing ---- */

/* One object that is being put. Nobody sees any of it before it is finished; then it replaces what
 * had its key. */
struct object_sink;
struct object_sink_kind {
    /* The bytes are taken, also when it answers WAIT: no more of them before it is ready then. */
    enum objects_got (*write)(struct object_sink *s, str bytes);
    /* There are no more. OBJECTS_END: the object is durable. */
    enum objects_got (*finish)(struct object_sink *s);
    void (*free)(struct object_sink *s); /* not finished: nothing of it stays */
};
struct object_sink {
    const struct object_sink_kind *kind;
    struct objects_part part;
};

/* ---- the storage ---- */

/* Each opens one of the above; NULL: it cannot be, *ret_cause says why in a sentence that lives as
 * long as the storage. Whatever needs waiting for may fail later instead. */
struct objects;
struct objects_kind {
    /* version: empty for the newest */
    struct object_source *(*open)(struct objects *o, struct loop *loop, str bucket, str key,
                                  str version, const char **ret_cause);
    /* Begins behind the key `after`, which need not exist; empty: with the first. */
    struct object_listing *(*list)(struct objects *o, struct loop *loop, str bucket, str prefix,
                                   str after, const char **ret_cause);
    struct object_sink *(*put)(struct objects *o, struct loop *loop, str bucket, str key,
                               const char **ret_cause);
};
struct objects {
    const struct objects_kind *kind;
    uint64_t max_bytes; /* of an object that is put; 0: S3's 5 GB per request */
};

#endif
