/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct map: text keys to 32-bit values, in an arena, open addressing, insertion order kept by the
 * caller's values (they are usually positions in an array). Keys are borrowed. The hash is seeded
 * with the arena's address, so that hostile keys cannot aim at one bucket; nothing visible depends
 * on it.
 */
#ifndef AFFLUX_BASE_MAP_H
#define AFFLUX_BASE_MAP_H

#include "base/arena.h"

#define MAP_NONE UINT32_MAX /* too large for an enum constant */

struct map_slot;

struct map {
    struct arena *arena;
    struct map_slot *slots;
    uint32_t count, mask;
    uint64_t seed;
};

void map_init(struct map *m, struct arena *a, uint32_t expected);
/* The value under key, or MAP_NONE. */
uint32_t map_get(const struct map *m, str key);
/* The place of the value under key; a new key gets MAP_NONE there first. Valid until the next call.
 */
uint32_t *map_at(struct map *m, str key);

/* 64-bit hash of bytes, well mixed in all bits. */
uint64_t hash_bytes(str s, uint64_t seed);

#endif
