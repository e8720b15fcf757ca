/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share about shapes and nobody else needs. */
#ifndef AFFLUX_JSON_SHAPE_INTERNAL_H
#define AFFLUX_JSON_SHAPE_INTERNAL_H

#include "base/arena.h"
#include "json/value.h"

/* Up to so many keys the index of a shape is searched by json_key_hash(), which anybody can compute
 * and aim; beyond, by a hash with a seed, so that a large object of chosen keys stays quick to
 * build and to search. */
enum { SHAPE_PLAIN_INDEX_MAX = 256 };

/* Where the search for key begins in shape->index (before masking). */
uint32_t shape_index_start(const struct json_shape *shape, str key, uint32_t hash);

/* Have they the same keys in the same order? */
bool shape_eq(const struct json_shape *a, const struct json_shape *b);

/* A copy of the shape and its keys. */
const struct json_shape *shape_clone(struct arena *arena, const struct json_shape *from);

/* Bytes that shape_clone(), or json_shape_new() and json_key_new(), take from an arena for such a
 * shape and its keys.
 */
size_t shape_bytes(const struct json_shape *shape);

#endif
