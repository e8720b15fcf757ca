/* SPDX-License-Identifier: Apache-2.0 */
/* Which shard an execution belongs to; design: a child its parent's, anything else by its name. */
#ifndef AFFLUX_ENGINE_SHARD_H
#define AFFLUX_ENGINE_SHARD_H

#include "base/map.h"
#include "store/row.h"

/* The same in every process: it is kept. */
static inline uint32_t engine_shard_of(str machine, str name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < machine.n + name.n; i++) {
        char c = i < machine.n ? machine.p[i] : name.p[i - machine.n];
        hash = (hash ^ (unsigned char)c) * UINT64_C(0x100000001B3);
    }
    hash ^= hash >> 33; /* names that differ in their last letter only are to go apart */
    hash *= UINT64_C(0xFF51AFD7ED558CCD);
    return (uint32_t)(hash >> 32) % STORE_SHARDS;
}

#endif
