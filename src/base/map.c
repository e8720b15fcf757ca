/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash map from text to uint32_t, and the hash function. Open addressing with linear probing over a
 * power of two of slots, at most three quarters full. A slot keeps 32 bits of the hash, so that a
 * different key is almost never compared and growing never reads the keys. Nothing is ever removed.
 *
 * The hash folds 64 x 64 -> 128 bit products, sixteen bytes at a time, in the manner of wyhash.
 */
#include "base/map.h"

#include "base/check.h"

__extension__ typedef unsigned __int128 hash_wide;

/* Odd numbers with about as many ones as zeros: fractional digits of square roots of primes. */
#define HASH_K0 0x6a09e667f3bcc909u
#define HASH_K1 0xbb67ae8584caa73bu
#define HASH_K2 0x3c6ef372fe94f82bu
#define HASH_K3 0xa54ff53a5f1d36f1u

static ALWAYS_INLINE uint64_t hash_fold(uint64_t a, uint64_t b)
{
    hash_wide product = (hash_wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static ALWAYS_INLINE uint64_t hash_read8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static ALWAYS_INLINE uint64_t hash_read4(const char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* All bytes but the last 1 to 16 of a longer text. */
static uint64_t hash_blocks(const char *p, size_t n, uint64_t seed)
{
    if (n > 48) {
        uint64_t lane1 = seed, lane2 = seed;
        do {
            seed = hash_fold(hash_read8(p) ^ HASH_K1, hash_read8(p + 8) ^ seed);
            lane1 = hash_fold(hash_read8(p + 16) ^ HASH_K2, hash_read8(p + 24) ^ lane1);
            lane2 = hash_fold(hash_read8(p + 32) ^ HASH_K3, hash_read8(p + 40) ^ lane2);
            p += 48;
            n -= 48;
        } while (n > 48);
        seed ^= lane1 ^ lane2;
    }
    while (n > 16) {
        seed = hash_fold(hash_read8(p) ^ HASH_K1, hash_read8(p + 8) ^ seed);
        p += 16;
        n -= 16;
    }
    return seed;
}

uint64_t hash_bytes(str s, uint64_t seed)
{
    const char *p = s.p;
    size_t n = s.n;
    uint64_t a = 0, b = 0;
    seed ^= HASH_K0;
    /* Two reads that may overlap cover every short length without a loop. */
    if (LIKELY(n <= 16)) {
        if (n >= 8) {
            a = hash_read8(p);
            b = hash_read8(p + n - 8);
        } else if (n >= 4) {
            a = hash_read4(p);
            b = hash_read4(p + n - 4);
        } else if (n > 0) {
            a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
                (unsigned char)p[n - 1];
        }
    } else {
        seed = hash_blocks(p, n, seed);
        a = hash_read8(p + n - 16);
        b = hash_read8(p + n - 8);
    }
    hash_wide product = (hash_wide)(a ^ HASH_K1) * (b ^ seed);
    return hash_fold((uint64_t)product ^ HASH_K2 ^ n, (uint64_t)(product >> 64) ^ HASH_K3);
}

struct map_slot {
    uint32_t tag; /* upper half of the key's hash, odd; 0 marks an empty slot */
    uint32_t value;
    str key;
};

enum { MAP_FIRST_SLOTS = 8 };

static void map_alloc(struct map *m, uint32_t slots)
{
    m->slots = arena_zalloc(m->arena, slots * sizeof *m->slots);
    m->mask = slots - 1;
}

void map_init(struct map *m, struct arena *a, uint32_t expected)
{
    uint64_t address = (uint64_t)(uintptr_t)a;
    *m = (struct map){.arena = a, .seed = hash_fold(address ^ HASH_K1, HASH_K3)};
    if (expected == 0)
        return;
    check(expected <= UINT32_MAX / 4);
    uint32_t slots = MAP_FIRST_SLOTS;
    while (slots / 4 * 3 < expected)
        slots *= 2;
    map_alloc(m, slots);
}

static uint32_t map_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

/* The slot that holds key, or the empty one where it belongs. */
static struct map_slot *map_probe(const struct map *m, str key, uint64_t hash)
{
    uint32_t tag = map_tag(hash);
    for (uint32_t i = (uint32_t)hash & m->mask;; i = (i + 1) & m->mask) {
        struct map_slot *slot = &m->slots[i];
        if (slot->tag == 0 || (slot->tag == tag && str_eq(slot->key, key)))
            return slot;
    }
}

uint32_t map_get(const struct map *m, str key)
{
    if (m->count == 0)
        return MAP_NONE;
    const struct map_slot *slot = map_probe(m, key, hash_bytes(key, m->seed));
    return slot->tag == 0 ? MAP_NONE : slot->value;
}

static void map_grow(struct map *m)
{
    struct map_slot *old = m->slots;
    uint32_t old_slots = old == NULL ? 0 : m->mask + 1;
    check(old_slots <= UINT32_MAX / 4);
    map_alloc(m, old == NULL ? MAP_FIRST_SLOTS : old_slots * 2);
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i].tag == 0)
            continue;
        uint32_t at = (uint32_t)hash_bytes(old[i].key, m->seed) & m->mask;
        while (m->slots[at].tag != 0)
            at = (at + 1) & m->mask;
        m->slots[at] = old[i];
    }
}

uint32_t *map_at(struct map *m, str key)
{
    if (m->slots == NULL || m->count >= (m->mask + 1) / 4 * 3)
        map_grow(m);
    uint64_t hash = hash_bytes(key, m->seed);
    struct map_slot *slot = map_probe(m, key, hash);
    if (slot->tag == 0) {
        *slot = (struct map_slot){map_tag(hash), MAP_NONE, key};
        m->count++;
    }
    return &slot->value;
}
