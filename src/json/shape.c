/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trie of shapes, shapes of their own, and the builder of objects. Everything lives in the
 * arena that json_shapes_init() was given. Searching a finished shape is in value.c.
 *
 * The trie's edges lie in one hash table, keyed by parent node and key with a seed, so that neither
 * many children of one node nor chosen keys make it slow. Whether a key is on the way to the root
 * already is asked only when the table does not know it: a bloom filter of the way answers most of
 * these questions.
 */
#include "json/shape.h"
#include "base/check.h"
#include "json/scan.h"
#include "json/shape_internal.h"

struct shape_edge {
    uint64_t hash;
    struct shape_node *child; /* NULL: free */
};

enum { SHAPE_EDGES_FIRST = 16, KEY_READABLE = 16 };

void json_shapes_init(struct json_shapes *s, struct arena *arena)
{
    *s = (struct json_shapes){.arena = arena};
    s->seed = (uintptr_t)arena * UINT64_C(0x9E3779B97F4A7C15) ^ (uintptr_t)arena >> 12;
}

/* `"key":` with at least KEY_READABLE bytes; see struct json_key. */
static inline size_t key_block_bytes(size_t n)
{
    return n + 3 < KEY_READABLE ? KEY_READABLE : n + 3;
}

static const char *key_fill(char *block, str key)
{
    if (key.n + 3 < KEY_READABLE)
        memset(block, 0, KEY_READABLE);
    block[0] = '"';
    if (key.n != 0)
        memcpy(block + 1, key.p, key.n);
    block[key.n + 1] = '"';
    block[key.n + 2] = ':';
    return block + 1;
}

struct json_key json_key_new(struct arena *arena, str key, unsigned flags)
{
    char *block = arena_alloc(arena, key_block_bytes(key.n));
    return (struct json_key){.p = key_fill(block, key),
                             .n = (uint32_t)key.n,
                             .hash = json_key_hash(key),
                             .flags = (uint8_t)(flags & (JSON_ASCII | JSON_PLAIN))};
}

static inline bool key_eq(const struct json_key *key, str wanted)
{
    return str_eq((str){key->p, key->n}, wanted);
}

static inline uint64_t edge_hash(const struct json_shapes *s, const struct shape_node *node,
                                 str key)
{
    uint64_t hash = hash_bytes(key, s->seed) ^ (uintptr_t)node * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 29;
}

static void edges_grow(struct json_shapes *s)
{
    uint32_t old_size = s->edges ? s->edge_mask + 1 : 0;
    uint32_t size = old_size ? old_size * 2 : SHAPE_EDGES_FIRST;
    struct shape_edge *edges = arena_zalloc(s->arena, size * sizeof(*edges));
    for (uint32_t i = 0; i < old_size; i++) {
        if (!s->edges[i].child)
            continue;
        uint32_t at = (uint32_t)s->edges[i].hash & (size - 1);
        while (edges[at].child)
            at = (at + 1) & (size - 1);
        edges[at] = s->edges[i];
    }
    s->edges = edges;
    s->edge_mask = size - 1;
}

static struct shape_node *edge_find(const struct json_shapes *s, const struct shape_node *node,
                                    str key, uint64_t hash)
{
    if (!s->edges)
        return NULL;
    for (uint32_t at = (uint32_t)hash & s->edge_mask;; at = (at + 1) & s->edge_mask) {
        struct shape_node *child = s->edges[at].child;
        if (!child)
            return NULL;
        if (s->edges[at].hash == hash && child->parent == node && key_eq(&child->key, key))
            return child;
    }
}

static void edge_add(struct json_shapes *s, struct shape_node *child, uint64_t hash)
{
    if (!s->edges || s->edge_count * 2 > s->edge_mask)
        edges_grow(s);
    uint32_t at = (uint32_t)hash & s->edge_mask;
    while (s->edges[at].child)
        at = (at + 1) & s->edge_mask;
    s->edges[at] = (struct shape_edge){.hash = hash, .child = child};
    s->edge_count++;
}

static inline uint64_t bloom_bits(uint32_t hash)
{
    return (UINT64_C(1) << (hash & 63)) | (UINT64_C(1) << (hash >> 6 & 63));
}

/* Position of key among the keys on the way to the root, or UINT32_MAX. */
static uint32_t way_find(const struct shape_node *node, str key, uint32_t hash)
{
    uint64_t bits = bloom_bits(hash);
    for (; node->count > 0 && (node->bloom & bits) == bits; node = node->parent) {
        if (node->key.hash == hash && key_eq(&node->key, key))
            return node->count - 1;
    }
    return UINT32_MAX;
}

static struct shape_node *node_new(struct json_shapes *s, struct shape_node *parent, str key,
                                   unsigned flags, uint32_t hash)
{
    char *block = arena_alloc(s->arena, sizeof(struct shape_node) + key_block_bytes(key.n));
    struct shape_node *node = (struct shape_node *)(void *)block;
    *node = (struct shape_node){
        .parent = parent, .bloom = parent->bloom | bloom_bits(hash), .count = parent->count + 1};
    node->key = (struct json_key){.p = key_fill(block + sizeof(*node), key),
                                  .n = (uint32_t)key.n,
                                  .hash = hash,
                                  .flags = (uint8_t)(flags & (JSON_ASCII | JSON_PLAIN))};
    return node;
}

struct shape_node *json_shapes_step(struct json_shapes *s, struct shape_node *node, str key,
                                    unsigned flags, uint32_t *ret_at)
{
    uint64_t edge = edge_hash(s, node, key);
    struct shape_node *child = edge_find(s, node, key, edge);
    if (!child) {
        uint32_t hash = json_key_hash(key);
        *ret_at = way_find(node, key, hash);
        if (*ret_at != UINT32_MAX || node->count >= SHAPE_TRIE_MAX)
            return NULL;
        child = node_new(s, node, key, flags, hash);
        edge_add(s, child, edge);
    }
    if (child->key.flags & JSON_PLAIN)
        node->likely = child;
    return child;
}

static uint32_t index_size(uint32_t count)
{
    uint32_t size = 32;
    while (size < count * UINT64_C(2))
        size *= 2;
    return size;
}

static void shape_make_index(struct json_shape *shape, struct arena *arena)
{
    if (shape->count < SHAPE_INDEX_FROM)
        return;
    uint32_t size = index_size(shape->count);
    uint32_t *index = arena_zalloc(arena, size * sizeof(*index));
    shape->index = index;
    shape->index_mask = size - 1;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct json_key *key = &shape->keys[i];
        uint32_t at = shape_index_start(shape, (str){key->p, key->n}, key->hash) & (size - 1);
        while (index[at] != 0)
            at = (at + 1) & (size - 1);
        index[at] = i + 1;
    }
}

static struct json_key *shape_alloc(struct arena *arena, uint32_t count, struct json_shape **ret)
{
    char *block = arena_alloc(arena, sizeof(struct json_shape) + count * sizeof(struct json_key));
    struct json_key *keys = (struct json_key *)(void *)(block + sizeof(struct json_shape));
    *ret = (struct json_shape *)(void *)block;
    **ret = (struct json_shape){.count = count, .keys = keys};
    return keys;
}

const struct json_shape *json_shapes_of(struct json_shapes *s, struct shape_node *node)
{
    if (LIKELY(node->shape != NULL))
        return node->shape;
    struct json_key *keys = shape_alloc(s->arena, node->count, &node->shape);
    const struct shape_node *from = node;
    for (uint32_t i = node->count; i-- > 0; from = from->parent)
        keys[i] = from->key;
    shape_make_index(node->shape, s->arena);
    return node->shape;
}

const struct json_shape *json_shape_new(struct arena *arena, const struct json_key *keys,
                                        uint32_t count)
{
    struct json_shape *shape;
    struct json_key *copy = shape_alloc(arena, count, &shape);
    if (count != 0)
        memcpy(copy, keys, count * sizeof(*keys));
    shape_make_index(shape, arena);
    return shape;
}

const struct json_shape *shape_clone(struct arena *arena, const struct json_shape *from)
{
    struct json_shape *shape;
    struct json_key *keys = shape_alloc(arena, from->count, &shape);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct json_key *key = &from->keys[i];
        char *block = arena_alloc(arena, key_block_bytes(key->n));
        keys[i] = *key;
        keys[i].p = key_fill(block, (str){key->p, key->n});
    }
    shape_make_index(shape, arena);
    return shape;
}

bool shape_eq(const struct json_shape *a, const struct json_shape *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct json_key *key = &b->keys[i];
        if (a->keys[i].hash != key->hash || !key_eq(&a->keys[i], (str){key->p, key->n}))
            return false;
    }
    return true;
}

static inline size_t arena_rounded(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

size_t shape_bytes(const struct json_shape *shape)
{
    size_t bytes = arena_rounded(sizeof(*shape) + shape->count * sizeof(struct json_key));
    if (shape->count >= SHAPE_INDEX_FROM)
        bytes += index_size(shape->count) * sizeof(uint32_t);
    for (uint32_t i = 0; i < shape->count; i++)
        bytes += arena_rounded(key_block_bytes(shape->keys[i].n));
    return bytes;
}

unsigned json_text_flags(str text)
{
    return scan_flags(text.p, text.n);
}

struct json_object *json_obj_new(struct arena *arena, const struct json_shape *shape)
{
    struct json_object *obj =
        arena_alloc(arena, sizeof(*obj) + shape->count * sizeof(struct json_val));
    obj->shape = shape;
    obj->place = 0;
    return obj;
}

/* ---- the builder ---- */

/* The values are collected where they will stay: behind the head of the object to be. */
static struct json_val *builder_vals(struct arena *arena, uint32_t cap)
{
    struct json_object *obj =
        arena_alloc(arena, sizeof(*obj) + (size_t)cap * sizeof(struct json_val));
    return obj->vals;
}

static struct json_object *builder_head(const struct json_obj_builder *b)
{
    return (struct json_object *)(void *)((char *)b->vals - offsetof(struct json_object, vals));
}

static size_t builder_bytes(uint32_t count)
{
    return sizeof(struct json_object) + (size_t)count * sizeof(struct json_val);
}

void json_obj_begin(struct json_obj_builder *b, struct json_shapes *shapes, uint32_t expected)
{
    *b = (struct json_obj_builder){.shapes = shapes, .node = &shapes->root};
    b->cap = expected ? expected : 4;
    b->vals = builder_vals(shapes->arena, b->cap);
}

static void builder_push(struct json_obj_builder *b, struct json_val value)
{
    if (b->count == b->cap) {
        struct arena *arena = b->shapes->arena;
        uint32_t cap = b->cap * 2;
        if (!arena_extend(arena, builder_head(b), builder_bytes(b->cap), builder_bytes(cap))) {
            struct json_val *vals = builder_vals(arena, cap);
            memcpy(vals, b->vals, b->count * sizeof(*vals));
            b->vals = vals;
        }
        b->cap = cap;
    }
    b->vals[b->count++] = value;
}

/* From the trie to a list of keys and a map. */
static void builder_leave_trie(struct json_obj_builder *b)
{
    b->key_cap = b->count * 2;
    b->keys = arena_alloc(b->shapes->arena, b->key_cap * sizeof(*b->keys));
    map_init(&b->map, b->shapes->arena, b->key_cap);
    const struct shape_node *node = b->node;
    for (uint32_t i = b->count; i-- > 0; node = node->parent) {
        b->keys[i] = node->key;
        *map_at(&b->map, (str){node->key.p, node->key.n}) = i;
    }
    b->node = NULL;
}

static void builder_put_mapped(struct json_obj_builder *b, str key, unsigned flags,
                               struct json_val value)
{
    uint32_t at = map_get(&b->map, key);
    if (at != MAP_NONE) {
        b->vals[at] = value;
        return;
    }
    struct arena *arena = b->shapes->arena;
    struct json_key kept = json_key_new(arena, key, flags);
    if (b->count == b->key_cap) {
        struct json_key *keys = arena_alloc(arena, 2 * (size_t)b->key_cap * sizeof(*keys));
        memcpy(keys, b->keys, b->count * sizeof(*keys));
        b->keys = keys;
        b->key_cap *= 2;
    }
    b->keys[b->count] = kept;
    *map_at(&b->map, (str){kept.p, kept.n}) = b->count;
    builder_push(b, value);
}

void json_obj_put(struct json_obj_builder *b, str key, unsigned flags, struct json_val value)
{
    if (LIKELY(b->node != NULL)) {
        uint32_t at;
        struct shape_node *node = json_shapes_step(b->shapes, b->node, key, flags, &at);
        if (LIKELY(node != NULL)) {
            b->node = node;
            builder_push(b, value);
            return;
        }
        if (at != UINT32_MAX) {
            b->vals[at] = value;
            return;
        }
        builder_leave_trie(b);
    }
    builder_put_mapped(b, key, flags, value);
}

struct json_val *json_obj_find(struct json_obj_builder *b, str key)
{
    uint32_t at = b->node ? way_find(b->node, key, json_key_hash(key)) : map_get(&b->map, key);
    return at == UINT32_MAX ? NULL : &b->vals[at];
}

struct json_val json_obj_end(struct json_obj_builder *b)
{
    struct arena *arena = b->shapes->arena;
    struct json_object *obj = builder_head(b);
    arena_shrink(arena, obj, builder_bytes(b->cap), builder_bytes(b->count));
    obj->shape =
        b->node ? json_shapes_of(b->shapes, b->node) : json_shape_new(arena, b->keys, b->count);
    obj->place = 0;
    return json_object(obj);
}
