/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of long loops. An arena gives nothing back before the evaluation ends; a loop that builds
 * a value anew in each round ($reduce with $merge, a tail call with a counter in an object) would
 * fill it. Between two rounds, though, only few values are needed: what lies behind the mark and is
 * still referred to is copied out, the arena is released to the mark, and it is copied back.
 *
 * It relies on values being immutable: what is older than the mark never refers to what is newer.
 * The one exception are arrays with room (JSON_GROW), which loops append to in place; their items
 * are looked at. A collection is given up, for this time, where something needed is no plain value
 * (functions keep frames), and pays off only when most of the memory is garbage. Other memory of
 * the evaluation that may lie behind the mark is dropped and made again when needed: shapes,
 * caches, analysed pictures.
 */
#include "jsonata/eval.h"

#include "base/check.h"
#include "jsonata/compile.h"
#include "jsonata/jsonata.h"

struct loop_seen { /* a container that was copied before: values may share their parts */
    const void *from;
    uint32_t len;
    const void *to;
};

struct loop_copy {
    struct ev *e;
    const struct ev_loop *loop; /* NULL: copy everything (the way back) */
    struct arena *to;
    struct arena scratch;       /* of the table */
    struct json_shapes *shapes; /* in `to` */
    struct loop_seen *seen;
    uint32_t seen_count, seen_mask;
    struct arena *source; /* the way back: where everything to copy lies */
    uint32_t depth;
};

static bool loop_value(struct loop_copy *c, struct json_val *v);

/* ---- what was copied before ---- */

static struct loop_seen *loop_slot(struct loop_copy *c, const void *from, uint32_t len)
{
    uint64_t hash = ((uint64_t)(uintptr_t)from + len) * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(hash >> 32) & c->seen_mask;
    while (c->seen[at].from != NULL && (c->seen[at].from != from || c->seen[at].len != len))
        at = (at + 1) & c->seen_mask;
    return &c->seen[at];
}

static void loop_remember(struct loop_copy *c, const void *from, uint32_t len, const void *to)
{
    if (c->seen == NULL || c->seen_count > c->seen_mask / 2) {
        struct loop_seen *old = c->seen;
        uint32_t count = old == NULL ? 0 : c->seen_mask + 1;
        c->seen_mask = old == NULL ? 255 : c->seen_mask * 2 + 1;
        c->seen = arena_zalloc(&c->scratch, sizeof(*c->seen) * ((size_t)c->seen_mask + 1));
        for (uint32_t i = 0; i < count; i++)
            if (old[i].from != NULL)
                *loop_slot(c, old[i].from, old[i].len) = old[i];
    }
    *loop_slot(c, from, len) = (struct loop_seen){from, len, to};
    c->seen_count++;
}

static const void *loop_copy_of(struct loop_copy *c, const void *from, uint32_t len)
{
    return c->seen == NULL ? NULL : loop_slot(c, from, len)->to;
}

/* Must this memory be copied? */
static bool loop_is_ours(const struct loop_copy *c, const void *p)
{
    return c->loop != NULL ? arena_is_newer(c->e->arena, c->loop->mark, p)
                           : arena_owns(c->source, p);
}

/* ---- copying ---- */

static const struct json_shape *loop_shape(struct loop_copy *c, const struct json_shape *shape)
{
    const void *known = loop_copy_of(c, shape, UINT32_MAX);
    if (known != NULL)
        return known;
    struct shape_node *node = &c->shapes->root;
    uint32_t at;
    for (uint32_t i = 0; i < shape->count && node != NULL; i++) {
        const struct json_key *key = &shape->keys[i];
        node = json_shapes_step(c->shapes, node, (str){key->p, key->n}, key->flags, &at);
    }
    const struct json_shape *copy;
    if (node != NULL) {
        copy = json_shapes_of(c->shapes, node);
    } else {
        struct json_key *keys = arena_alloc(&c->scratch, sizeof(*keys) * shape->count);
        for (uint32_t i = 0; i < shape->count; i++)
            keys[i] = json_key_new(c->to, (str){shape->keys[i].p, shape->keys[i].n},
                                   shape->keys[i].flags);
        copy = json_shape_new(c->to, keys, shape->count);
    }
    loop_remember(c, shape, UINT32_MAX, copy);
    return copy;
}

static bool loop_items(struct loop_copy *c, struct json_val *to, const struct json_val *from,
                       uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        to[i] = from[i];
        if (!loop_value(c, &to[i]))
            return false;
    }
    return true;
}

static bool loop_object(struct loop_copy *c, struct json_val *v)
{
    if (!loop_is_ours(c, v->obj))
        return true;
    const void *known = loop_copy_of(c, v->obj, v->len);
    if (known == NULL) {
        bool own_shape = loop_is_ours(c, v->obj->shape);
        struct json_object *copy =
            json_obj_new(c->to, own_shape ? loop_shape(c, v->obj->shape) : v->obj->shape);
        if (!loop_items(c, copy->vals, v->obj->vals, v->len))
            return false;
        loop_remember(c, v->obj, v->len, copy);
        known = copy;
    }
    v->obj = known;
    return true;
}

/* Does an array that is older than the loop, but was appended to in place, hold newer items? */
static bool loop_has_ours(const struct loop_copy *c, struct json_val v)
{
    for (uint32_t i = v.len; i-- > 0;) {
        struct json_val item = v.items[i];
        bool points =
            json_is_container(item) || item.tag == JSON_STRING || item.tag >= JSON_FUNCTION;
        if (points && loop_is_ours(c, item.any))
            return true;
    }
    return false;
}

static bool loop_array(struct loop_copy *c, struct json_val *v)
{
    bool old = !loop_is_ours(c, v->items);
    if (v->len == 0 || (old && (!(v->flags & JSON_GROW) || !loop_has_ours(c, *v))))
        return true;
    const void *known = loop_copy_of(c, v->items, v->len);
    if (known == NULL) {
        uint64_t cap = v->flags & JSON_GROW ? (uint64_t)v->len + v->len / 2 : v->len;
        struct json_grow *grow = arena_alloc(c->to, sizeof(*grow) + sizeof(*v) * cap);
        *grow = (struct json_grow){.used = v->len, .cap = (uint32_t)cap};
        if (!loop_items(c, (struct json_val *)(grow + 1), v->items, v->len))
            return false;
        loop_remember(c, v->items, v->len, grow + 1);
        known = grow + 1;
    }
    v->items = known;
    return true;
}

/* Texts that grow get room again, or the next round would copy them. */
static void loop_text(struct loop_copy *c, struct json_val *v)
{
    if (v->len == 0 || !loop_is_ours(c, v->ptr))
        return;
    const void *known = loop_copy_of(c, v->ptr, v->len);
    if (known == NULL) {
        uint64_t cap = v->flags & JSON_GROW ? (uint64_t)v->len * 2 : v->len;
        struct json_grow *grow = arena_alloc(c->to, sizeof(*grow) + cap);
        *grow = (struct json_grow){.used = v->len, .cap = (uint32_t)cap};
        memcpy(grow + 1, v->ptr, v->len);
        loop_remember(c, v->ptr, v->len, grow + 1);
        known = grow + 1;
    }
    v->ptr = known;
}

/* Replaces v by a copy in c->to as far as it must be copied; false when it holds what cannot be. */
static bool loop_value(struct loop_copy *c, struct json_val *v)
{
    bool ok = true;
    if (v->tag >= JSON_FUNCTION || c->depth > JSON_MAX_DEPTH)
        return v->tag == JSON_FUNCTION && !loop_is_ours(c, v->any) && v->extra == FN_BUILTIN;
    c->depth++;
    if (v->tag == JSON_OBJECT)
        ok = loop_object(c, v);
    else if (v->tag == JSON_ARRAY)
        ok = loop_array(c, v);
    else if (v->tag == JSON_STRING || v->tag == JSON_NUMTEXT)
        loop_text(c, v);
    c->depth--;
    return ok;
}

static bool loop_copy_all(struct loop_copy *c, struct json_val *to, const struct json_val *from,
                          uint32_t count)
{
    arena_init(&c->scratch, 0);
    bool ok = loop_items(c, to, from, count);
    arena_done(&c->scratch);
    return ok;
}

/* ---- collecting ---- */

/* Forgets what may refer to the memory that is given back. */
static void loop_forget(struct ev *e)
{
    memset(e->slots, 0, sizeof(*e->slots) * e->slot_count);
    e->uses_shapes = false;
    e->match_shape = NULL;
    e->memos = NULL;
}

static void loop_plan(struct ev *e, struct ev_loop *loop, size_t live)
{
    size_t used = arena_used(e->arena), wait = live * 2;
    size_t limit = e->arena->limit, room = limit > used ? limit - used : 0;
    size_t least = e->context->limits.garbage_bytes;
    if (least == 0)
        least = JSONATA_DEFAULT_GARBAGE;
    if (wait < least)
        wait = least;
    if (limit != 0 && wait > room / 2)
        wait = room / 2;
    loop->next = used + wait;
}

void ev_loop_begin(struct ev *e, struct ev_loop *loop)
{
    loop->mark = arena_mark(e->arena);
    loop->start = arena_used(e->arena);
    loop_plan(e, loop, 0);
}

void ev_loop_collect(struct ev *e, struct ev_loop *loop, struct json_val *live, uint32_t count)
{
    struct arena aside;
    struct json_shapes shapes;
    struct json_val *kept;
    size_t before = arena_used(e->arena);
    if (e->expr->dynamic) { /* $eval puts tables of its own behind the mark */
        loop->next = SIZE_MAX;
        return;
    }
    arena_init(&aside, 0);
    json_shapes_init(&shapes, &aside);
    kept = arena_alloc(&aside, sizeof(*kept) * (count + 1));
    struct loop_copy out = {.e = e, .loop = loop, .to = &aside, .shapes = &shapes};
    bool ok = loop_copy_all(&out, kept, live, count);
    size_t needed = arena_used(&aside);
    if (ok && needed < (before - loop->start) / 2) {
        arena_release(e->arena, loop->mark);
        loop_forget(e);
        struct loop_copy back = {.e = e, .to = e->arena, .source = &aside, .shapes = ev_shapes(e)};
        check(loop_copy_all(&back, live, kept, count));
    }
    arena_done(&aside);
    loop_plan(e, loop, ok ? needed : before - loop->start);
}
