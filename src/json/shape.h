/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: the ordered keys that objects share. A struct json_shapes is a trie in an arena: each
 * node stands for a sequence of keys, and objects with the same keys in the same order get the same
 * shape, which is what makes (shape, slot) caches and shape prediction work. Beyond SHAPE_TRIE_MAX
 * keys an object gets a shape of its own.
 *
 * struct json_obj_builder puts an object together member by member; a key that is there already
 * gets the new value (last wins, first place).
 */
#ifndef AFFLUX_JSON_SHAPE_H
#define AFFLUX_JSON_SHAPE_H

#include "base/arena.h"
#include "base/map.h"
#include "json/value.h"

enum { SHAPE_TRIE_MAX = 128, SHAPE_INDEX_FROM = 9 };

struct shape_edge;

struct shape_node {
    const struct shape_node *parent;
    struct shape_node *likely; /* the child that was taken last, if its key is JSON_PLAIN */
    struct shape_node *inner;  /* the same for the first key of objects that stand under this key */
    struct json_shape *shape;  /* made on first use */
    uint64_t bloom;            /* of the hashes on the way to the root */
    struct json_key key;       /* the last key; unused at the root */
    uint32_t count;            /* keys on the way from the root */
};

struct json_shapes {
    struct arena *arena;
    struct shape_node root;
    struct shape_edge *edges; /* (node, key) -> child, open addressing */
    uint32_t edge_count, edge_mask;
    uint64_t seed;
};

/* The arena must live as long as the shapes are used. */
void json_shapes_init(struct json_shapes *s, struct arena *arena);

/* The child of node for key, made when there is none. NULL when key is already on the way to the
 * root
 * (*ret_at is its position) or the node has SHAPE_TRIE_MAX keys (*ret_at is UINT32_MAX). flags:
 * JSON_ASCII, JSON_PLAIN of the key. The key's bytes are copied when it is new. */
struct shape_node *json_shapes_step(struct json_shapes *s, struct shape_node *node, str key,
                                    unsigned flags, uint32_t *ret_at);

/* The shape of the keys on the way to node. */
const struct json_shape *json_shapes_of(struct json_shapes *s, struct shape_node *node);

/* A shape of its own for these keys, which must differ from one another; the array is copied. */
const struct json_shape *json_shape_new(struct arena *arena, const struct json_key *keys,
                                        uint32_t count);
/* A key with its bytes copied into the arena in the form struct json_key promises. */
struct json_key json_key_new(struct arena *arena, str key, unsigned flags);
/* JSON_ASCII and JSON_PLAIN of text, found by looking. */
unsigned json_text_flags(str text);

struct json_obj_builder {
    struct json_shapes *shapes;
    struct shape_node *node; /* NULL once there are too many keys for the trie */
    struct json_val *vals;
    uint32_t count, cap;
    struct json_key *keys; /* once node is NULL */
    uint32_t key_cap;
    struct map map;
};

/* All memory comes from the shapes' arena. */
void json_obj_begin(struct json_obj_builder *b, struct json_shapes *shapes, uint32_t expected);
void json_obj_put(struct json_obj_builder *b, str key, unsigned flags, struct json_val value);
/* The value under key so far, or NULL. */
struct json_val *json_obj_find(struct json_obj_builder *b, str key);
struct json_val json_obj_end(struct json_obj_builder *b);

/* An object of a known shape whose values the caller fills in. */
struct json_object *json_obj_new(struct arena *arena, const struct json_shape *shape);

#endif
