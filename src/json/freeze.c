/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second pass of freezing: makes the document from the decisions of freeze_size.c.
 *
 * Where a growing array goes:
 *   - the new document holds nothing:  into it; a later document can hold it as a whole
 *   - it holds other documents:        into a document of its own, which it holds as well, because
 * documents that hold something are never held themselves
 *   - it holds all it may:             into it, without room to grow: nobody could keep it anyway
 *
 * Arrays appended to in place: `used` counts the items that somebody claimed, `settled` those whose
 * contents the array's document owns. What lies between may point into memory that is gone (an
 * evaluation that failed); no value that long exists then, and nobody else can append in place,
 * because `used` differs from the length of every value left.
 */
#include "json/freeze.h"
#include "base/check.h"
#include "json/freeze_internal.h"
#include "json/shape_internal.h"
#include <stdlib.h>

/* A document that is being filled, with room for the text of the part at hand. */
struct target {
    struct json_doc *doc;
    char *text, *text_end;
    bool is_part;  /* inside a growing array */
    bool has_trie; /* shapes go through the document's trie: it is filled again and again */
    bool can_grow; /* arrays get room */
};

static struct json_val copy_value(struct freeze *f, struct target *to, struct json_val v);

/* ---- shapes ---- */

static void copies_begin(struct shape_copies *copies)
{
    copies->slots = copies->few;
    copies->mask = FREEZE_FEW_SHAPES - 1;
}

static void copies_done(struct shape_copies *copies)
{
    if (copies->slots != copies->few)
        free(copies->slots);
}

static void copies_grow(struct shape_copies *copies)
{
    struct shape_copy *old = copies->slots;
    uint32_t old_size = copies->mask + 1;
    copies->slots = calloc((size_t)old_size * 4, sizeof(*copies->slots));
    check(copies->slots != NULL);
    copies->mask = old_size * 4 - 1;
    copies->count = 0;
    for (uint32_t i = 0; i < old_size; i++) {
        bool is_new;
        if (old[i].from)
            *shape_copy_at(copies, old[i].from, old[i].target, &is_new) = old[i];
    }
    if (old != copies->few)
        free(old);
}

const struct json_shape *shape_like(struct shape_copies *copies, const struct json_shape *from)
{
    const struct json_shape **recent = copies->recent;
    uint32_t at = 0;
    while (at < FREEZE_RECENT_SHAPES && recent[at] != from)
        at++;
    for (uint32_t i = 0; i < FREEZE_RECENT_SHAPES && at == FREEZE_RECENT_SHAPES; i++) {
        if (recent[i] && shape_eq(recent[i], from))
            at = i;
    }
    const struct json_shape *like = from;
    if (at < FREEZE_RECENT_SHAPES)
        like = recent[at];
    else
        at--; /* the oldest goes */
    for (; at > 0; at--)
        recent[at] = recent[at - 1];
    recent[0] = like;
    return like;
}

struct shape_copy *shape_copy_at(struct shape_copies *copies, const struct json_shape *from,
                                 const struct json_doc *target, bool *ret_is_new)
{
    if (copies->count * 2 > copies->mask)
        copies_grow(copies);
    uint64_t hash = ((uintptr_t)from ^ (uintptr_t)target << 7) * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(hash >> 32) & copies->mask;
    for (;; at = (at + 1) & copies->mask) {
        struct shape_copy *slot = &copies->slots[at];
        *ret_is_new = slot->from == NULL;
        if (*ret_is_new) {
            *slot = (struct shape_copy){.from = from, .target = target};
            copies->count++;
            return slot;
        }
        if (slot->from == from && slot->target == target)
            return slot;
    }
}

static const struct json_shape *shape_in_trie(struct json_doc *doc, const struct json_shape *from)
{
    struct json_shapes *shapes = doc_shapes(doc);
    struct shape_node *node = &shapes->root;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct json_key *key = &from->keys[i];
        uint32_t at;
        node = json_shapes_step(shapes, node, (str){key->p, key->n}, key->flags, &at);
        check(node != NULL);
    }
    return json_shapes_of(shapes, node);
}

static const struct json_shape *copy_shape(struct freeze *f, struct target *to,
                                           const struct json_shape *from)
{
    bool is_new;
    from = shape_like(&f->shapes, from);
    struct shape_copy *copy = shape_copy_at(&f->shapes, from, to->doc, &is_new);
    if (is_new)
        copy->to = to->has_trie && from->count <= SHAPE_TRIE_MAX
                       ? shape_in_trie(to->doc, from)
                       : shape_clone(&to->doc->arena, from);
    return copy->to;
}

/* ---- targets ---- */

static struct target target_for(struct json_doc *doc, struct freeze_measure size)
{
    struct target to = {.doc = doc};
    to.text = arena_alloc(&doc->arena, size.text);
    to.text_end = to.text + size.text;
    return to;
}

/* Bytes of the one block that takes what was measured; which shapes go where was not. */
static size_t room_for(const struct freeze *f, struct freeze_measure size)
{
    return size.vals + size.text + f->shape_bytes + 16;
}

/* ---- values ---- */

static enum freeze_choice next_choice(struct freeze *f)
{
    check(f->choice_at < f->choice_count);
    return (enum freeze_choice)f->choices[f->choice_at++];
}

static const char *copy_text(struct target *to, struct json_val v)
{
    char *text = to->text;
    check(v.len <= (size_t)(to->text_end - text));
    if (v.len != 0)
        memcpy(text, v.ptr, v.len);
    to->text += v.len;
    return text;
}

/* v without what only an evaluator knows; flags are those that stay. */
static struct json_val plain(struct json_val v, unsigned flags)
{
    v.flags &= (uint8_t)flags;
    v.extra = 0;
    return v;
}

static struct json_val copy_scalar(struct freeze *f, struct target *to, struct json_val v)
{
    if (json_is_number(v)) {
        if (!json_number_stays(v, f->numbers))
            return json_num(json_number(v));
        struct json_val copy = plain(v, 0);
        to->doc->has_number_text = true;
        if (v.tag == JSON_NUMTEXT)
            copy.ptr = copy_text(to, v);
        return copy;
    }
    if (v.tag == JSON_BOOL)
        return json_bool(v.b);
    if (v.tag >= JSON_FUNCTION)
        return json_string((str){to->text, 0}, JSON_ASCII | JSON_PLAIN);
    return json_null();
}

static struct json_val copy_string(struct freeze *f, struct target *to, struct json_val v)
{
    if (freeze_is_long(v) && next_choice(f) == FREEZE_KEEP)
        return plain(v, JSON_ASCII | JSON_PLAIN);
    struct json_val copy = plain(v, JSON_ASCII | JSON_PLAIN);
    copy.ptr = copy_text(to, v);
    return copy;
}

static struct json_val copy_object(struct freeze *f, struct target *to, struct json_val v)
{
    const struct json_shape *shape = copy_shape(f, to, v.obj->shape);
    struct json_object *obj = json_obj_new(&to->doc->arena, shape);
    for (uint32_t i = 0; i < v.len; i++)
        obj->vals[i] = copy_value(f, to, v.obj->vals[i]);
    return json_object(obj);
}

static struct json_val copy_items(struct freeze *f, struct target *to, struct json_val v)
{
    struct json_val *items = arena_alloc(&to->doc->arena, (size_t)v.len * sizeof(*items));
    for (uint32_t i = 0; i < v.len; i++)
        items[i] = copy_value(f, to, v.items[i]);
    return json_array(items, v.len);
}

static struct json_val copy_with_room(struct freeze *f, struct target *to, struct json_val v)
{
    if (!to->can_grow)
        return copy_items(f, to, v);
    uint32_t cap = freeze_room(v.len);
    struct json_grow *grow =
        arena_alloc(&to->doc->arena, sizeof(*grow) + (size_t)cap * sizeof(struct json_val));
    *grow = (struct json_grow){.used = v.len, .cap = cap, .settled = v.len};
    struct json_val *items = (struct json_val *)(void *)(grow + 1);
    for (uint32_t i = 0; i < v.len; i++)
        items[i] = copy_value(f, to, v.items[i]);
    struct json_val copy = json_array(items, v.len);
    copy.flags = JSON_GROW;
    return copy;
}

/* A growing array that is not inside another one. */
static struct json_val copy_growing(struct freeze *f, struct target *to, struct json_val v)
{
    struct freeze_part *part = &f->parts[f->part_at++];
    if (f->hold_count == 0 || f->hold_count == JSON_MAX_HELD) {
        struct target inner = target_for(to->doc, part->size);
        inner.is_part = true;
        inner.can_grow = f->hold_count == 0;
        return copy_with_room(f, &inner, v);
    }
    struct json_doc *doc = doc_new_room(room_for(f, part->size));
    f->hold[f->hold_count++] = doc;
    struct target inner = target_for(doc, part->size);
    inner.is_part = inner.can_grow = true;
    doc->root = copy_with_room(f, &inner, v);
    doc->depth = f->deepest;
    return doc->root;
}

/* Moves the new items of an array into the document it is in. */
static struct json_val settle(struct freeze *f, struct json_val v)
{
    struct freeze_part *part = &f->parts[f->part_at++];
    struct json_grow *grow = json_grow_of(v);
    check(part->items == v.items && grow->used == v.len);
    struct target to = target_for(part->doc, part->size);
    to.is_part = to.can_grow = to.has_trie = true;
    struct json_val *items = (struct json_val *)(void *)(grow + 1);
    for (; grow->settled < v.len; grow->settled++)
        items[grow->settled] = copy_value(f, &to, items[grow->settled]);
    if (part->nesting > part->doc->depth)
        part->doc->depth = part->nesting;
    return plain(v, JSON_GROW);
}

static struct json_val copy_value(struct freeze *f, struct target *to, struct json_val v)
{
    if (v.tag == JSON_STRING)
        return copy_string(f, to, v);
    if (!json_is_container(v))
        return copy_scalar(f, to, v);
    switch (next_choice(f)) {
    case FREEZE_KEEP: return plain(v, v.tag == JSON_ARRAY ? JSON_GROW : 0);
    case FREEZE_SETTLE: return settle(f, v);
    case FREEZE_GROW: return to->is_part ? copy_with_room(f, to, v) : copy_growing(f, to, v);
    case FREEZE_COPY: break;
    }
    return v.tag == JSON_OBJECT ? copy_object(f, to, v) : copy_items(f, to, v);
}

/* ---- the call ---- */

/* What the new document takes itself: parts that find no place in a document of their own as well.
 */
static struct freeze_measure main_size(const struct freeze *f)
{
    struct freeze_measure size = f->main;
    uint32_t places = f->hold_count == 0 ? 0 : JSON_MAX_HELD - f->hold_count;
    for (uint32_t i = 0; i < f->part_count; i++) {
        if (f->parts[i].items)
            continue;
        if (places > 0) {
            places--;
            continue;
        }
        size.vals += f->parts[i].size.vals + 16;
        size.text += f->parts[i].size.text;
    }
    return size;
}

static struct json_doc *freeze_copy(struct freeze *f, struct json_val value)
{
    struct json_doc *doc = doc_new_room(room_for(f, main_size(f)));
    f->old_holds = f->hold_count;
    struct target to = target_for(doc, f->main);
    doc->root = copy_value(f, &to, value);
    doc->depth = f->deepest;
    for (uint32_t i = 0; i < f->hold_count; i++)
        doc->held[i] = i < f->old_holds ? json_doc_ref(f->hold[i]) : f->hold[i];
    doc->held_count = f->hold_count;
    return doc;
}

enum status json_freeze(struct json_val value, const struct json_freeze_options *options,
                        struct json_doc **ret_doc, struct error *err)
{
    struct freeze f UNINIT;
    memset(&f, 0, offsetof(struct freeze, few_ranges));
    f.err = err;
    f.status = STATUS_OK;
    f.choices = f.few_choices;
    f.choice_cap = FREEZE_FEW_CHOICES;
    copies_begin(&f.shapes);
    f.max_bytes = JSON_FREEZE_MAX_BYTES;
    if (options) {
        f.numbers = options->numbers;
        if (options->max_bytes != 0)
            f.max_bytes = options->max_bytes;
        freeze_find_ranges(&f, options);
    }
    if (freeze_measure(&f, value))
        *ret_doc = freeze_copy(&f, value);
    if (f.ranges != f.few_ranges)
        free(f.ranges);
    free(f.parts);
    copies_done(&f.shapes);
    if (f.choices != f.few_choices)
        free(f.choices);
    return f.status;
}
