/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass of freezing: what is copied, what is kept by reference, how much memory it takes,
 * and whether anything is wrong. Changes nothing but notes about sizes (struct doc_part) in source
 * documents.
 *
 * How large a kept part is must not be counted again in each round of a loop that passes it on. So
 * the root of a document stands for all of it, and for other parts the document remembers a few
 * sizes. Counting stops at twice what is needed, so that a growing document is not counted each
 * time it has grown a little.
 */
#include "base/check.h"
#include "json/freeze_internal.h"
#include "json/shape_internal.h"
#include <stdlib.h>

/* How a subtree is walked. */
struct walk {
    uint32_t depth;  /* of containers around */
    bool can_keep;   /* may parts of it stay where they are? */
    bool is_in_part; /* inside a growing array: everything lies in that array's document */
    struct freeze_measure *size;
};

static bool measure_value(struct freeze *f, struct json_val v, struct walk walk);

static bool freeze_fail(struct freeze *f, enum status status, const char *name, const char *what)
{
    f->status = error_set(f->err, status, name, "%s", what);
    return false;
}

/* ---- which document memory belongs to ---- */

static int range_cmp(const void *a, const void *b)
{
    const struct freeze_range *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

static size_t doc_ranges(struct json_doc *doc, struct freeze_range *out, size_t cap)
{
    str parts[FREEZE_FEW_RANGES];
    str *all = parts;
    size_t count = arena_parts(&doc->arena, parts, ARRAY_LEN(parts));
    if (count > ARRAY_LEN(parts)) {
        all = malloc(count * sizeof(*all));
        check(all != NULL);
        arena_parts(&doc->arena, all, count);
    }
    size_t n = 0;
    if (doc->text && n < cap)
        out[n] =
            (struct freeze_range){(uintptr_t)doc->text, (uintptr_t)doc->text + doc->text_n, doc};
    n += doc->text != NULL;
    for (size_t i = 0; i < count; i++, n++) {
        if (n < cap)
            out[n] =
                (struct freeze_range){(uintptr_t)all[i].p, (uintptr_t)all[i].p + all[i].n, doc};
    }
    if (all != parts)
        free(all);
    return n;
}

static bool is_known(const struct freeze *f, const struct json_doc *doc)
{
    for (size_t i = 0; i < f->range_count; i++) {
        if (f->ranges[i].doc == doc)
            return true;
    }
    return false;
}

/* Only documents that can be held count, and only if there can be anything in them worth it. */
static void add_ranges(struct freeze *f, struct json_doc *doc, size_t *cap)
{
    bool has_odd_numbers = f->numbers != JSON_NUMBERS_KEPT && doc->has_number_text;
    if (doc->held_count != 0 || json_doc_bytes(doc) < JSON_HOLD_MIN_BYTES || has_odd_numbers ||
        is_known(f, doc))
        return;
    size_t count = doc_ranges(doc, f->ranges + f->range_count, *cap - f->range_count);
    if (f->range_count + count > *cap) {
        *cap = 2 * (f->range_count + count);
        bool is_few = f->ranges == f->few_ranges;
        struct freeze_range *ranges = realloc(is_few ? NULL : f->ranges, *cap * sizeof(*ranges));
        check(ranges != NULL);
        if (is_few)
            memcpy(ranges, f->few_ranges, f->range_count * sizeof(*ranges));
        f->ranges = ranges;
        doc_ranges(doc, ranges + f->range_count, count);
    }
    f->range_count += count;
}

void freeze_find_ranges(struct freeze *f, const struct json_freeze_options *options)
{
    size_t cap = FREEZE_FEW_RANGES;
    f->ranges = f->few_ranges;
    for (size_t i = 0; i < options->source_count; i++) {
        struct json_doc *doc = options->sources[i];
        add_ranges(f, doc, &cap);
        for (uint32_t k = 0; k < doc->held_count; k++)
            add_ranges(f, doc->held[k], &cap);
    }
    if (f->range_count > 1)
        qsort(f->ranges, f->range_count, sizeof(*f->ranges), range_cmp);
}

static struct json_doc *owner_of(const struct freeze *f, const void *p)
{
    uintptr_t at = (uintptr_t)p;
    size_t low = 0, high = f->range_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (f->ranges[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || at >= f->ranges[low - 1].end)
        return NULL;
    return f->ranges[low - 1].doc;
}

/* ---- sizes and nesting of what lies in documents ---- */

/* Bytes of v, or some number of at least `stop`. */
static size_t part_count(struct json_val v, size_t stop)
{
    if (v.tag == JSON_STRING || v.tag == JSON_NUMTEXT)
        return v.len;
    if (!json_is_container(v))
        return 0;
    size_t bytes =
        (v.tag == JSON_OBJECT ? sizeof(struct json_object) : 0) + (size_t)v.len * sizeof(v);
    const struct json_val *items = v.tag == JSON_OBJECT ? v.obj->vals : v.items;
    for (uint32_t i = 0; i < v.len && bytes < stop; i++)
        bytes += part_count(items[i], stop - bytes);
    return bytes;
}

static bool is_worth_keeping(struct json_doc *doc, struct json_val v)
{
    size_t quarter = json_doc_bytes(doc) / 4;
    size_t least = quarter < JSON_HOLD_MIN_BYTES ? JSON_HOLD_MIN_BYTES : quarter;
    if (v.tag == doc->root.tag && v.any == doc->root.any && v.len >= doc->root.len)
        return true; /* the document has at least JSON_HOLD_MIN_BYTES, or it had no range */
    if (v.tag == JSON_STRING)
        return v.len >= least;
    for (uint32_t i = 0; i < DOC_PARTS; i++) {
        const struct doc_part *part = &doc->parts[i];
        if (part->any == v.any && part->len <= v.len && part->bytes >= least)
            return true;
    }
    size_t bytes = part_count(v, 2 * least);
    if (bytes < least)
        return false;
    doc->parts[doc->next_part++ % DOC_PARTS] = (struct doc_part){v.any, v.len, bytes};
    return true;
}

static uint32_t nesting_of(struct json_val v)
{
    uint32_t deepest = 0;
    if (!json_is_container(v))
        return 0;
    const struct json_val *items = v.tag == JSON_OBJECT ? v.obj->vals : v.items;
    for (uint32_t i = 0; i < v.len; i++) {
        uint32_t nesting = nesting_of(items[i]);
        deepest = nesting > deepest ? nesting : deepest;
    }
    return deepest + 1;
}

/* Notes that containers reach this depth. */
static bool note_depth(struct freeze *f, uint32_t depth)
{
    if (depth > JSON_MAX_DEPTH)
        return freeze_fail(f, STATUS_LIMIT, "JsonTooDeep", "nested too deep");
    if (depth > f->deepest)
        f->deepest = depth;
    return true;
}

/* doc->depth is only a bound for v, and enough nearly always. */
static bool note_kept_depth(struct freeze *f, uint32_t around, const struct json_doc *doc,
                            struct json_val v)
{
    uint32_t nesting = doc->depth;
    if (around + nesting > JSON_MAX_DEPTH)
        nesting = nesting_of(v);
    return note_depth(f, around + nesting);
}

/* ---- decisions ---- */

static size_t choice_add(struct freeze *f)
{
    if (f->choice_count == f->choice_cap) {
        bool is_few = f->choices == f->few_choices;
        f->choice_cap *= 2;
        f->choices = realloc(is_few ? NULL : f->choices, f->choice_cap);
        check(f->choices != NULL);
        if (is_few)
            memcpy(f->choices, f->few_choices, sizeof(f->few_choices));
    }
    f->choices[f->choice_count] = FREEZE_COPY;
    return f->choice_count++;
}

static void choice_set(struct freeze *f, size_t at, enum freeze_choice choice)
{
    f->choices[at] = (uint8_t)choice;
}

static bool hold_add(struct freeze *f, struct json_doc *doc)
{
    for (uint32_t i = 0; i < f->hold_count; i++) {
        if (f->hold[i] == doc)
            return true;
    }
    if (f->hold_count == JSON_MAX_HELD)
        return false;
    f->hold[f->hold_count++] = doc;
    return true;
}

static struct freeze_part *part_add(struct freeze *f)
{
    if (f->part_count == f->part_cap) {
        f->part_cap = f->part_cap ? f->part_cap * 2 : 8;
        f->parts = realloc(f->parts, f->part_cap * sizeof(*f->parts));
        check(f->parts != NULL);
    }
    f->parts[f->part_count] = (struct freeze_part){0};
    return &f->parts[f->part_count++];
}

static bool is_settling(const struct freeze *f, const struct json_val *items)
{
    for (uint32_t i = 0; i < f->part_count; i++) {
        if (f->parts[i].items == items)
            return true;
    }
    return false;
}

static bool count_bytes(struct freeze *f, size_t bytes)
{
    f->own_bytes += bytes;
    if (f->own_bytes > f->max_bytes)
        return freeze_fail(f, STATUS_LIMIT, "JsonTooLarge", "the value is too large");
    return true;
}

static bool count_text(struct freeze *f, struct walk walk, size_t n)
{
    walk.size->text += n;
    return count_bytes(f, n);
}

static bool count_vals(struct freeze *f, struct walk walk, size_t n)
{
    walk.size->vals += n;
    return count_bytes(f, n);
}

/* ---- the walk ---- */

static bool measure_items(struct freeze *f, const struct json_val *items, uint32_t from,
                          uint32_t to, struct walk walk)
{
    for (uint32_t i = from; i < to; i++) {
        if (!measure_value(f, items[i], walk))
            return false;
    }
    return true;
}

/* An array that was appended to in place: only what is new is measured, for the document it is in.
 */
static bool measure_new_items(struct freeze *f, struct json_doc *doc, struct json_val v,
                              uint64_t settled, struct walk walk)
{
    uint32_t deepest = f->deepest;
    uint32_t place = f->part_count;
    struct freeze_measure size = {0};
    part_add(f)->items = v.items;
    struct walk inner = {.depth = walk.depth, .is_in_part = true, .size = &size};
    f->deepest = walk.depth;
    if (!measure_items(f, v.items, (uint32_t)settled, v.len, inner))
        return false;
    struct freeze_part *part = &f->parts[place];
    part->size = size;
    part->doc = doc;
    part->nesting = f->deepest - walk.depth + 1;
    f->deepest = f->deepest > deepest ? f->deepest : deepest;
    f->kept++;
    return true;
}

/* True when v, which lies in doc, stays there. *ret_done false: the caller goes on with copying. */
static bool try_keep(struct freeze *f, struct json_doc *doc, struct json_val v, size_t choice,
                     struct walk *walk, bool *ret_done)
{
    uint64_t settled = v.len;
    *ret_done = false;
    if (v.tag == JSON_ARRAY && (v.flags & JSON_GROW))
        settled = json_grow_of(v)->settled;
    if (settled < v.len) {
        struct json_val old = v;
        old.len = (uint32_t)settled;
        if (json_grow_of(v)->used != v.len || !is_worth_keeping(doc, old) || !hold_add(f, doc))
            return true; /* its new items may lie anywhere: can_keep stays */
        *ret_done = true;
        if (!note_kept_depth(f, walk->depth - 1, doc, old))
            return false;
        bool is_again = is_settling(f, v.items);
        choice_set(f, choice, is_again ? FREEZE_KEEP : FREEZE_SETTLE);
        return is_again || measure_new_items(f, doc, v, settled, *walk);
    }
    if (!is_worth_keeping(doc, v)) {
        walk->can_keep = false; /* nor is anything inside */
        return true;
    }
    if (!hold_add(f, doc))
        return true;
    *ret_done = true;
    f->kept++;
    choice_set(f, choice, FREEZE_KEEP);
    return v.tag == JSON_STRING || note_kept_depth(f, walk->depth - 1, doc, v);
}

static bool measure_string(struct freeze *f, struct json_val v, struct walk walk)
{
    if (freeze_is_long(v)) {
        size_t choice = choice_add(f);
        struct json_doc *doc = walk.can_keep ? owner_of(f, v.ptr) : NULL;
        bool done = false;
        if (doc && !try_keep(f, doc, v, choice, &walk, &done))
            return false;
        if (done)
            return true;
    }
    return count_text(f, walk, v.len);
}

static bool measure_object(struct freeze *f, struct json_val v, struct walk walk)
{
    bool is_new;
    const struct json_shape *shape = shape_like(&f->shapes, v.obj->shape);
    shape_copy_at(&f->shapes, shape, NULL, &is_new);
    if (is_new) {
        size_t bytes = shape_bytes(shape);
        f->shape_bytes += bytes;
        if (!count_bytes(f, bytes))
            return false;
    }
    return count_vals(f, walk, sizeof(struct json_object) + (size_t)v.len * sizeof(v)) &&
           measure_items(f, v.obj->vals, 0, v.len, walk);
}

static void measure_add(struct freeze_measure *to, struct freeze_measure size)
{
    to->vals += size.vals;
    to->text += size.text;
}

/* Where a walk was, to go back to. */
struct walk_mark {
    size_t choices, own_bytes;
    uint32_t parts, holds, kept;
};

static struct walk_mark walk_mark(const struct freeze *f)
{
    return (struct walk_mark){f->choice_count, f->own_bytes, f->part_count, f->hold_count, f->kept};
}

static void walk_back(struct freeze *f, struct walk_mark mark)
{
    f->choice_count = mark.choices;
    f->own_bytes = mark.own_bytes;
    f->part_count = mark.parts;
    f->hold_count = mark.holds;
    f->kept = mark.kept;
}

/* Growing arrays since the mark come to lie inside another one. */
static void fold_parts(struct freeze *f, struct walk_mark mark, struct freeze_measure *size)
{
    for (uint32_t i = mark.parts; i < f->part_count; i++)
        measure_add(size, f->parts[i].size);
    f->part_count = mark.parts;
}

static bool measure_all_items(struct freeze *f, struct json_val v, struct walk walk)
{
    return count_vals(f, walk, (size_t)v.len * sizeof(v)) &&
           measure_items(f, v.items, 0, v.len, walk);
}

/*
 * An array with much of its own becomes one that can grow. Then all of it is copied, even what
 * could be kept: its document must hold nothing, or no later document could hold it. Growing arrays
 * inside do not count as its own: [page, list] stays a small array around a kept page and a list.
 */
static bool measure_array(struct freeze *f, struct json_val v, size_t choice, struct walk walk)
{
    struct freeze_measure *around = walk.size, size = {0};
    struct walk_mark mark = walk_mark(f);
    walk.size = &size;
    if (!measure_all_items(f, v, walk))
        return false;
    if (size.vals + size.text < JSON_HOLD_MIN_BYTES) {
        measure_add(around, size);
        return true;
    }
    if (f->kept != mark.kept) {
        struct walk again = {.depth = walk.depth, .is_in_part = true, .size = &size};
        walk_back(f, mark);
        size = (struct freeze_measure){0};
        if (!measure_all_items(f, v, again))
            return false;
    }
    fold_parts(f, mark, &size);
    choice_set(f, choice, FREEZE_GROW);
    if (!count_vals(f, walk, (freeze_room(v.len) - v.len) * sizeof(v) + sizeof(struct json_grow)))
        return false;
    if (walk.is_in_part)
        measure_add(around, size);
    else
        part_add(f)->size = size;
    return true;
}

static bool measure_container(struct freeze *f, struct json_val v, struct walk walk)
{
    size_t choice = choice_add(f);
    walk.depth++;
    if (!note_depth(f, walk.depth))
        return false;
    struct json_doc *doc = walk.can_keep ? owner_of(f, v.any) : NULL;
    bool done = false;
    if (doc && !try_keep(f, doc, v, choice, &walk, &done))
        return false;
    if (done)
        return true;
    return v.tag == JSON_OBJECT ? measure_object(f, v, walk) : measure_array(f, v, choice, walk);
}

static bool measure_number(struct freeze *f, struct json_val v, struct walk walk)
{
    bool is_double = !json_number_stays(v, f->numbers);
    if (is_double && !__builtin_isfinite(json_number(v)))
        return freeze_fail(f, STATUS_INVALID, "JsonNumber",
                           "a number that is not finite cannot be kept");
    return is_double || v.tag == JSON_INT || count_text(f, walk, v.len);
}

static bool measure_value(struct freeze *f, struct json_val v, struct walk walk)
{
    if (json_is_number(v))
        return measure_number(f, v, walk);
    if (v.tag == JSON_STRING)
        return measure_string(f, v, walk);
    return !json_is_container(v) || measure_container(f, v, walk);
}

bool freeze_measure(struct freeze *f, struct json_val v)
{
    struct walk walk = {.can_keep = f->range_count != 0, .size = &f->main};
    if (v.tag == JSON_UNDEFINED || v.tag >= JSON_FUNCTION)
        return freeze_fail(f, STATUS_INVALID, "JsonValue",
                           "undefined or a function is not a JSON value");
    return measure_value(f, v, walk);
}
