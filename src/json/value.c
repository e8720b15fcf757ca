/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be asked of a value: its number, its type's name, a member by name. Relies on
 * base/number.c for numbers kept as text. Shapes are made in shape.c; this file only searches them.
 */
#include "json/value.h"
#include "base/map.h"
#include "base/number.h"
#include "json/shape_internal.h"

__extension__ typedef unsigned __int128 uint128;

double json_number_slow(struct json_val v)
{
    if (v.tag == JSON_INT)
        return (double)v.i64;
    if (v.tag == JSON_NUMTEXT) {
        double num = 0;
        number_parse(json_str(v), &num);
        return num;
    }
    return v.num;
}

enum { EXACT_DIGITS = 15 /* that every double of so many digits gives back */ };

bool json_number_stays(struct json_val v, enum json_numbers numbers)
{
    if (v.tag == JSON_NUMBER || numbers != JSON_NUMBERS_EXACT)
        return v.tag != JSON_NUMBER && numbers == JSON_NUMBERS_KEPT;
    if (v.tag == JSON_INT)
        return true;
    str text = json_str(v);
    size_t digits = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool is_digit = text.p[i] >= '0' && text.p[i] <= '9';
        if (!is_digit && !(i == 0 && text.p[i] == '-'))
            return false;
        digits += is_digit;
    }
    return digits > EXACT_DIGITS;
}

const char *json_type_name(struct json_val v)
{
    static const char *const names[] = {
        [JSON_UNDEFINED] = "undefined", [JSON_NULL] = "null",   [JSON_BOOL] = "boolean",
        [JSON_NUMBER] = "number",       [JSON_INT] = "number",  [JSON_NUMTEXT] = "number",
        [JSON_STRING] = "string",       [JSON_ARRAY] = "array", [JSON_OBJECT] = "object",
    };
    return v.tag < ARRAY_LEN(names) ? names[v.tag] : "function";
}

static inline uint64_t key_mix(uint64_t a, uint64_t b)
{
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t key_load(const char *p, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, p, n);
    return word;
}

/*
 * Not seeded, so that evaluators can compute it when they compile a path. Whoever must stand
 * hostile keys does not rely on it alone: the trie has a seed of its own and so have the indexes of
 * large shapes.
 */
uint32_t json_key_hash(str key)
{
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15), other = UINT64_C(0xD6E8FEB86659FD93);
    uint64_t hash = key.n * odd;
    const char *p = key.p;
    size_t left = key.n;
    for (; left > 16; p += 16, left -= 16)
        hash = key_mix(key_load(p, 8) ^ odd, key_load(p + 8, 8) ^ hash);
    uint64_t a, b;
    if (left >= 8) {
        a = key_load(p, 8);
        b = key_load(p + left - 8, 8);
    } else if (left >= 4) {
        a = key_load(p, 4);
        b = key_load(p + left - 4, 4);
    } else if (left > 0) {
        a = (uint8_t)p[0] | (uint64_t)(uint8_t)p[left / 2] << 8;
        b = (uint8_t)p[left - 1];
    } else {
        a = b = 0;
    }
    hash = key_mix(a ^ other, b ^ hash);
    return (uint32_t)(hash ^ hash >> 32);
}

uint32_t shape_index_start(const struct json_shape *shape, str key, uint32_t hash)
{
    if (LIKELY(shape->count <= SHAPE_PLAIN_INDEX_MAX))
        return hash;
    return (uint32_t)hash_bytes(key, (uintptr_t)shape->index);
}

static inline bool key_is(const struct json_key *key, str wanted, uint32_t hash)
{
    return key->hash == hash && str_eq((str){key->p, key->n}, wanted);
}

int32_t json_shape_find(const struct json_shape *shape, str key, uint32_t hash)
{
    if (shape->index_mask == 0) {
        for (uint32_t i = 0; i < shape->count; i++) {
            if (key_is(&shape->keys[i], key, hash))
                return (int32_t)i;
        }
        return -1;
    }
    uint32_t at = shape_index_start(shape, key, hash) & shape->index_mask;
    for (;; at = (at + 1) & shape->index_mask) {
        uint32_t position = shape->index[at];
        if (position == 0)
            return -1;
        if (key_is(&shape->keys[position - 1], key, hash))
            return (int32_t)(position - 1);
    }
}

struct json_val json_get(struct json_val object, str key)
{
    if (object.tag != JSON_OBJECT)
        return json_undefined();
    int32_t at = json_shape_find(object.obj->shape, key, json_key_hash(key));
    return at < 0 ? json_undefined() : object.obj->vals[at];
}

bool json_grow_append(struct json_val *array, const struct json_val *items, uint32_t count)
{
    if (!(array->flags & JSON_GROW))
        return false;
    struct json_grow *grow = json_grow_of(*array);
    if (grow->used != array->len || count > grow->cap - array->len)
        return false;
    if (count > 0)
        memcpy((struct json_val *)(uintptr_t)array->items + array->len, items,
               sizeof(*items) * count);
    grow->used = array->len += count;
    return true;
}
