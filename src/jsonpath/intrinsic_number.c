/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intrinsic functions on numbers, and States.UUID. Chance comes from the seed of the
 * evaluation and the number of the call in its expression, mixed by splitmix64; it is not for
 * secrets.
 */
#include "base/splitmix.h"
#include "jsonpath/intrinsic.h"

bool intrinsic_math_add(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t a, b;
    if (!intrinsic_integer(c, 0, &a) || !intrinsic_integer(c, 1, &b))
        return false;
    if (a + b < INT32_MIN || a + b > INT32_MAX)
        return intrinsic_fail(c, "the sum is out of range");
    *ret = json_num((double)(a + b));
    return true;
}

/* ---- chance ---- */

/* The generator of one call. */
static uint64_t chance_of_call(const struct intrinsic_call *c)
{
    uint64_t state = c->env->seed;
    uint64_t mixed = splitmix64_next(&state);
    return mixed ^ (uint64_t)c->node->ordinal * UINT64_C(0xD6E8FEB86659FD93);
}

bool intrinsic_math_random(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t from, to, seed;
    uint64_t state = chance_of_call(c);
    if (!intrinsic_integer(c, 0, &from) || !intrinsic_integer(c, 1, &to))
        return false;
    if (from >= to)
        return intrinsic_fail(c, "the end is not above the start");
    if (c->count == 3) {
        if (!intrinsic_integer(c, 2, &seed))
            return false;
        state = (uint64_t)seed;
    }
    /* the range is at most 2^32 - 1: high 32 bits times range, without a noticeable bias */
    uint64_t offset = (splitmix64_next(&state) >> 32) * (uint64_t)(to - from) >> 32;
    *ret = json_num((double)(from + (int64_t)offset));
    return true;
}

/* RFC 9562, version 4. */
bool intrinsic_uuid(const struct intrinsic_call *c, struct json_val *ret)
{
    enum { UUID_TEXT = 36 };
    uint64_t state = chance_of_call(c);
    uint64_t words[2] = {splitmix64_next(&state), splitmix64_next(&state)};
    uint8_t bytes[16];
    char *text = arena_alloc(c->env->arena, UUID_TEXT), *at = text;
    memcpy(bytes, words, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = "0123456789abcdef"[bytes[i] >> 4];
        *at++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *ret = json_string((str){text, UUID_TEXT}, JSON_ASCII | JSON_PLAIN);
    return true;
}
