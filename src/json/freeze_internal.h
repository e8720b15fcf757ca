/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one freeze, shared by freeze.c (the copying pass) and freeze_size.c (the sizing
 * pass, which also decides).
 *
 * The passes walk the value in the same order. The first leaves one decision for each container and
 * each long string, the second only follows them; so it cannot fail, and nothing is changed before
 * all is known.
 */
#ifndef AFFLUX_JSON_FREEZE_INTERNAL_H
#define AFFLUX_JSON_FREEZE_INTERNAL_H

#include "json/doc_internal.h"
#include "json/freeze.h"

enum freeze_choice {
    FREEZE_COPY,   /* into the document (or growing array) that is being filled */
    FREEZE_KEEP,   /* stays where it is; its document is held */
    FREEZE_GROW,   /* an array: copied, with room behind its items */
    FREEZE_SETTLE, /* an array that was appended to in place: its new items move into its document
                    */
};

/* Memory of a document that can be held. */
struct freeze_range {
    uintptr_t start, end;
    struct json_doc *doc;
};

/* Bytes of values and of text. */
struct freeze_measure {
    size_t vals, text;
};

/* A subtree with memory of its own: a GROW array outside of other such arrays, or what SETTLE adds.
 */
struct freeze_part {
    struct freeze_measure size;
    const struct json_val *items; /* SETTLE: of the array; else NULL */
    struct json_doc *doc;         /* SETTLE: where the array lies */
    uint32_t nesting;             /* SETTLE: of the array with its new items */
};

struct shape_copy {
    const struct json_shape *from;
    const struct json_doc *target; /* NULL: the sizing pass saw it */
    const struct json_shape *to;
};

enum { FREEZE_RECENT_SHAPES = 4, FREEZE_FEW_SHAPES = 8 };

struct shape_copies {
    struct shape_copy *slots; /* open addressing */
    uint32_t count, mask;
    const struct json_shape *recent[FREEZE_RECENT_SHAPES]; /* the one met last is first */
    struct shape_copy few[FREEZE_FEW_SHAPES];              /* the first slots */
};

/* Small values need no memory but their document's. */
enum { FREEZE_FEW_RANGES = 32, FREEZE_FEW_CHOICES = 64 };

struct freeze {
    enum json_numbers numbers;
    size_t max_bytes;
    struct error *err;
    enum status status;

    struct freeze_range *ranges; /* sorted by start */
    size_t range_count;

    uint8_t *choices; /* a byte each, in the order of the walk */
    size_t choice_count, choice_cap;
    size_t choice_at; /* of the second pass */
    struct freeze_part *parts;
    uint32_t part_count, part_cap, part_at;

    struct json_doc *hold[JSON_MAX_HELD]; /* no references yet */
    uint32_t hold_count;
    uint32_t old_holds; /* so many of them existed before */
    uint32_t kept;      /* KEEP and SETTLE so far */
    uint32_t deepest;   /* nesting seen, from the top of the new document */
    size_t shape_bytes; /* of all different shapes seen */
    size_t own_bytes;   /* everything that is copied */
    struct freeze_measure main;
    struct shape_copies shapes;

    /* not zeroed; all above is */
    struct freeze_range few_ranges[FREEZE_FEW_RANGES];
    uint8_t few_choices[FREEZE_FEW_CHOICES];
};

/* The first pass. False: status and err are set. */
bool freeze_measure(struct freeze *f, struct json_val v);
void freeze_find_ranges(struct freeze *f, const struct json_freeze_options *options);

/* A shape with the same keys that was met lately, or from itself. Documents that come together (the
 * outputs of a Map) each have a shape of their own; frozen, their objects share one. */
const struct json_shape *shape_like(struct shape_copies *copies, const struct json_shape *from);

/* The slot of a shape copied for target; a new one has to == NULL and from set. */
struct shape_copy *shape_copy_at(struct shape_copies *copies, const struct json_shape *from,
                                 const struct json_doc *target, bool *ret_is_new);

/* Room that a growing array of len items gets. */
static inline uint32_t freeze_room(uint32_t len)
{
    return len + len / 2 + 16;
}

static inline bool freeze_is_long(struct json_val v)
{
    return v.tag == JSON_STRING && v.len >= JSON_HOLD_MIN_BYTES;
}

#endif
