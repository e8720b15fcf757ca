/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of map children: UUIDs that are a keyed permutation of (map run, first item), so that no
 * table and no index is needed to come from one to the other, and nobody without the key can tell
 * one child's name from another's. They have the form of version 3, as AWS's have.
 */
#ifndef AFFLUX_ENGINE_MAP_NAME_H
#define AFFLUX_ENGINE_MAP_NAME_H

#include "asl/exec.h"

enum { MAP_NAME_BYTES = 36 };

struct map_namer;
/* The key is derived from that of task tokens: names outlive processes. */
struct map_namer *map_namer_new(const uint8_t token_key[ASL_TOKEN_KEY_BYTES]);
void map_namer_free(struct map_namer *n);

/* Both numbers below 2^61. */
void map_name_make(struct map_namer *n, int64_t map_run, uint64_t index, char ret[MAP_NAME_BYTES]);
/* False when the text has not the form of a name; any that has names some pair of numbers. */
NODISCARD bool map_name_read(struct map_namer *n, str name, int64_t *ret_map_run,
                             uint64_t *ret_index);

#endif
