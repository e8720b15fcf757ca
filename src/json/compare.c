/* SPDX-License-Identifier: Apache-2.0 */
/* Deep equality and a hash that agrees with it. Objects of one shape are compared slot by slot. */
#include "json/compare.h"
#include "base/map.h"

enum {
    HASH_MAX_DEPTH = 16,    /* hashing stops below: equal values still hash equally */
    COMPARE_TEXT_STEP = 64, /* bytes of text that count as one item */
};

static int equal_at(struct json_val a, struct json_val b, unsigned depth, int64_t *steps);

static int equal_items(const struct json_val *a, const struct json_val *b, uint32_t len,
                       unsigned depth, int64_t *steps)
{
    if (a == b)
        return 1;
    for (uint32_t i = 0; i < len; i++) {
        int is_equal = equal_at(a[i], b[i], depth, steps);
        if (is_equal != 1)
            return is_equal;
    }
    return 1;
}

static int equal_objects(const struct json_object *a, const struct json_object *b, unsigned depth,
                         int64_t *steps)
{
    const struct json_shape *shape = a->shape, *other = b->shape;
    if (shape == other)
        return equal_items(a->vals, b->vals, shape->count, depth, steps);
    if (shape->count != other->count)
        return 0;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct json_key *key = &shape->keys[i];
        int32_t at = json_shape_find(other, (str){key->p, key->n}, key->hash);
        if (at < 0)
            return 0;
        int is_equal = equal_at(a->vals[i], b->vals[at], depth, steps);
        if (is_equal != 1)
            return is_equal;
    }
    return 1;
}

static int equal_scalars(struct json_val a, struct json_val b, int64_t *steps)
{
    if (a.tag != b.tag)
        return 0;
    if (a.tag == JSON_STRING) {
        *steps -= a.len / COMPARE_TEXT_STEP;
        return str_eq(json_str(a), json_str(b));
    }
    if (a.tag == JSON_BOOL)
        return a.b == b.b;
    return a.tag < JSON_FUNCTION || a.any == b.any;
}

static int equal_at(struct json_val a, struct json_val b, unsigned depth, int64_t *steps)
{
    if (json_is_number(a))
        return json_is_number(b) && json_number(a) == json_number(b);
    if (!json_is_container(a))
        return equal_scalars(a, b, steps);
    if (a.tag != b.tag || a.len != b.len)
        return 0;
    if (depth >= JSON_MAX_DEPTH)
        return JSON_EQUAL_TOO_DEEP;
    *steps -= (int64_t)a.len + 1;
    if (*steps < 0)
        return JSON_EQUAL_TOO_LONG;
    return a.tag == JSON_ARRAY ? equal_items(a.items, b.items, a.len, depth + 1, steps)
                               : equal_objects(a.obj, b.obj, depth + 1, steps);
}

int json_compare_within(struct json_val a, struct json_val b, int64_t *steps)
{
    return equal_at(a, b, 0, steps);
}

int json_compare_equal(struct json_val a, struct json_val b)
{
    int64_t steps = INT64_MAX;
    return json_compare_within(a, b, &steps);
}

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static uint64_t hash_number(double num, uint64_t seed)
{
    uint64_t bits;
    num += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &num, sizeof(bits));
    return hash_mix(hash_mix(seed, JSON_NUMBER), bits);
}

static uint64_t hash_at(struct json_val v, uint64_t seed, unsigned depth, int64_t *steps);

static uint64_t hash_array(struct json_val v, uint64_t seed, unsigned depth, int64_t *steps)
{
    uint64_t hash = hash_mix(seed, UINT64_C(0x100000000) | v.len);
    for (uint32_t i = 0; i < v.len && depth < HASH_MAX_DEPTH && --*steps >= 0; i++)
        hash = hash_mix(hash, hash_at(v.items[i], seed, depth + 1, steps));
    return hash;
}

/* Members may stand in any order: their hashes are added. */
static uint64_t hash_object(struct json_val v, uint64_t seed, unsigned depth, int64_t *steps)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < v.len && depth < HASH_MAX_DEPTH && --*steps >= 0; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        uint64_t name = hash_bytes((str){key->p, key->n}, seed);
        sum += hash_mix(name, hash_at(v.obj->vals[i], seed, depth + 1, steps));
    }
    return hash_mix(hash_mix(seed, UINT64_C(0x200000000) | v.len), sum);
}

static uint64_t hash_at(struct json_val v, uint64_t seed, unsigned depth, int64_t *steps)
{
    if (json_is_number(v))
        return hash_number(json_number(v), seed);
    if (v.tag == JSON_STRING) {
        *steps -= v.len / COMPARE_TEXT_STEP;
        return hash_bytes(json_str(v), seed);
    }
    if (v.tag == JSON_ARRAY)
        return hash_array(v, seed, depth, steps);
    if (v.tag == JSON_OBJECT)
        return hash_object(v, seed, depth, steps);
    uint64_t word = v.tag == JSON_BOOL ? v.b : v.tag >= JSON_FUNCTION ? (uintptr_t)v.any : 0;
    return hash_mix(hash_mix(seed, v.tag), word);
}

uint64_t json_hash_within(struct json_val v, uint64_t seed, int64_t *steps)
{
    return hash_at(v, seed, 0, steps);
}

uint64_t json_hash(struct json_val v, uint64_t seed)
{
    int64_t steps = INT64_MAX;
    return json_hash_within(v, seed, &steps);
}
