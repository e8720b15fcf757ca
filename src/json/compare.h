/* SPDX-License-Identifier: Apache-2.0 */
/* Deep equality of values: numbers as doubles, arrays in order, objects by their members in any
 * order. */
#ifndef AFFLUX_JSON_COMPARE_H
#define AFFLUX_JSON_COMPARE_H

#include "json/value.h"

/* 1 equal, 0 not, -1 nested deeper than JSON_MAX_DEPTH. Functions are equal when they are the same
 * one. */
int json_compare_equal(struct json_val a, struct json_val b);

static inline bool json_equal(struct json_val a, struct json_val b)
{
    return json_compare_equal(a, b) == 1;
}

/* A hash that is the same for values that are equal (below some depth it stops looking). */
uint64_t json_hash(struct json_val v, uint64_t seed);

#endif
