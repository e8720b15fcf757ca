/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouping: {key: value, …}, alone or behind a path. Every item of the input is put into the group
 * its key names; then each group's value is evaluated for all of its items together.
 */
#include "jsonata/eval.h"

#include "base/map.h"

struct group_entry {
    struct json_val key;
    struct json_val data; /* the items: one as it is, several as an array */
    struct vec items;     /* once there are several */
    uint32_t pair;        /* number of the key: value pair it belongs to */
    uint32_t count;
};

enum { GROUP_RECENT = 32 };

struct grouping {
    struct map map;
    struct { /* short keys seen lately: their bytes as a number, and their group */
        uint64_t key;
        uint32_t len, entry;
    } recent[GROUP_RECENT];
    struct group_entry *entries;
    uint32_t count, cap;
    bool own; /* see group_fail */
};

static const struct json_val group_failed = {.tag = VAL_FAILED};

/* own: of the object constructor n itself, not of a group behind n. */
static struct json_val group_fail(struct ev *e, const char *code, const struct node *n, bool own,
                                  struct json_val key)
{
    struct json_val failed = ev_fail_value(e, code, n, key);
    if (!own)
        e->err.position = n->group->end;
    return failed;
}

static struct group_entry *group_new(struct ev *e, struct grouping *g)
{
    if (g->count == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 8;
        struct group_entry *bigger = ev_alloc(e, sizeof(*bigger) * cap);
        if (bigger == NULL)
            return NULL;
        if (g->count > 0)
            memcpy(bigger, g->entries, sizeof(*bigger) * g->count);
        g->entries = bigger;
        g->cap = cap;
    }
    return &g->entries[g->count++];
}

static bool group_items(struct ev *e, struct vec *items, struct json_val v)
{
    return ev_is_array(v) ? ev_push_all(e, items, v.items, v.len) : ev_push(e, items, v);
}

/* Up to eight bytes as a number, by loads that overlap: different texts of one length differ in it.
 */
static inline uint64_t group_word(str s)
{
    uint32_t low = 0, high = 0;
    if (s.n >= 4) {
        memcpy(&low, s.p, 4);
        memcpy(&high, s.p + s.n - 4, 4);
    } else if (s.n > 0) {
        low = (unsigned char)s.p[0] | (uint32_t)(unsigned char)s.p[s.n / 2] << 8;
        high = (unsigned char)s.p[s.n - 1];
    }
    return low | (uint64_t)high << 32;
}

/* The group of a key: where it is noted, MAP_NONE when it is new. */
static uint32_t *group_find(struct grouping *g, str key)
{
    if (key.n > sizeof(uint64_t))
        return map_at(&g->map, key);
    uint64_t bytes = group_word(key);
    size_t at = (bytes * 0x9E3779B97F4A7C15u + key.n) >> 59;
    if (g->recent[at].entry != MAP_NONE && g->recent[at].key == bytes && g->recent[at].len == key.n)
        return &g->recent[at].entry;
    uint32_t *entry = map_at(&g->map, key);
    g->recent[at].key = bytes;
    g->recent[at].len = (uint32_t)key.n;
    g->recent[at].entry = *entry != MAP_NONE ? *entry : g->count; /* what group_add will make it */
    return entry;
}

static bool group_add(struct ev *e, struct grouping *g, const struct node *n, struct json_val key,
                      uint32_t pair, struct json_val item)
{
    uint32_t *at = group_find(g, json_str(key));
    if (*at == MAP_NONE) {
        *at = g->count;
        struct group_entry *entry = group_new(e, g);
        if (entry == NULL)
            return false;
        *entry = (struct group_entry){.key = key, .data = item, .pair = pair, .count = 1};
        return true;
    }
    struct group_entry *entry = &g->entries[*at];
    if (entry->pair != pair) {
        group_fail(e, "D1009", n, g->own, key);
        return false;
    }
    if (item.tag == JSON_UNDEFINED)
        return true;
    if (entry->count++ == 1 && entry->data.tag != JSON_UNDEFINED &&
        !group_items(e, &entry->items, entry->data))
        return false;
    return group_items(e, &entry->items, item);
}

static struct binding *group_binding(struct tuple *t, uint64_t symbol)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->bindings[i].symbol == symbol)
            return &t->bindings[i];
    return NULL;
}

/* The tuples of one group as one: each binding becomes the list of all its values. */
static struct tuple *group_reduce(struct ev *e, const struct group_entry *entry)
{
    const struct tuple *first = entry->data.any;
    if (entry->count > 1)
        first = entry->items.items[0].any;
    struct tuple *t = ev_alloc(e, sizeof(*t) + sizeof(struct binding) * first->count);
    if (t == NULL)
        return NULL;
    memcpy(t, first, sizeof(*t) + sizeof(struct binding) * first->count);
    for (uint32_t i = 1; i < entry->items.count && entry->count > 1; i++) {
        const struct tuple *next = entry->items.items[i].any;
        t->at = ev_append(e, t->at, next->at);
        if (ev_failed(t->at))
            return NULL;
        for (uint32_t k = 0; k < next->count; k++) {
            struct binding *b = group_binding(t, next->bindings[k].symbol);
            if (b == NULL)
                continue;
            b->value = ev_append(e, b->value, next->bindings[k].value);
            if (ev_failed(b->value))
                return NULL;
        }
    }
    return t;
}

static struct json_val group_value(struct ev *e, const struct pair *pairs,
                                   const struct group_entry *entry, bool tuples, struct frame *env)
{
    const struct node *value = pairs[entry->pair].value;
    if (!tuples)
        return ev_eval(e, value, entry->count > 1 ? ev_vec_array(&entry->items) : entry->data, env);
    struct tuple *t = group_reduce(e, entry);
    if (t == NULL)
        return group_failed;
    struct frame *frame = arena_alloc(e->arena, sizeof(*frame));
    *frame = ev_tuple_frame(env, t);
    return ev_eval(e, value, t->at, frame);
}

static bool group_collect(struct ev *e, struct grouping *g, const struct pair *pairs,
                          uint32_t count, const struct node *n, struct json_val item, bool tuples,
                          struct frame *env)
{
    struct frame tuple_frame, *frame = env;
    struct json_val at = item;
    if (tuples) {
        tuple_frame = ev_tuple_frame(env, item.any);
        frame = &tuple_frame;
        at = ((const struct tuple *)item.any)->at;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct json_val key = ev_eval(e, pairs[i].key, at, frame);
        if (ev_failed(key))
            return false;
        if (key.tag == JSON_UNDEFINED)
            continue;
        if (key.tag != JSON_STRING) {
            group_fail(e, "T1003", n, g->own, key);
            return false;
        }
        if (!group_add(e, g, n, key, i, item))
            return false;
    }
    return true;
}

/* pairs: of the object constructor or of the group behind n. */
struct json_val ev_group(struct ev *e, const struct pair *pairs, uint32_t count,
                         const struct node *n, struct json_val input, struct frame *env)
{
    struct grouping g UNINIT;
    g.entries = NULL;
    g.count = g.cap = 0;
    g.own = n->kind == NODE_OBJECT && pairs == n->pairs;
    for (size_t i = 0; i < GROUP_RECENT; i++)
        g.recent[i].entry = MAP_NONE;
    bool tuples = ev_is_array(input) && (input.flags & VAL_TUPLES);
    struct json_val one = input;
    const struct json_val *items = ev_is_array(input) ? input.items : &one;
    uint32_t item_count = ev_is_array(input) ? input.len : 1;
    if (item_count == 0 && !tuples) { /* an empty sequence is grouped as if it held undefined */
        one = json_undefined();
        items = &one;
        item_count = 1;
    }
    map_init(&g.map, e->arena, 8);
    for (uint32_t i = 0; i < item_count; i++)
        if (!group_collect(e, &g, pairs, count, n, items[i], tuples, env))
            return group_failed;
    struct json_obj_builder b;
    json_obj_begin(&b, ev_shapes(e), g.count);
    for (uint32_t i = 0; i < g.count; i++) {
        struct json_val v = group_value(e, pairs, &g.entries[i], tuples, env);
        if (ev_failed(v))
            return v;
        if (v.tag != JSON_UNDEFINED)
            json_obj_put(&b, json_str(g.entries[i].key),
                         json_text_flags(json_str(g.entries[i].key)), v);
    }
    if (arena_is_over(e->arena))
        return ev_fail_memory(e, n);
    return json_obj_end(&b);
}
