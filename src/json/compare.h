/* SPDX-License-Identifier: Apache-2.0 */
/* Deep equality of values: numbers as doubles, arrays in order, objects by their members in any
 * order. */
#ifndef AFFLUX_JSON_COMPARE_H
#define AFFLUX_JSON_COMPARE_H

#include "json/value.h"

enum {
    JSON_EQUAL_TOO_DEEP = -1, /* nested deeper than JSON_MAX_DEPTH */
    JSON_EQUAL_TOO_LONG = -2, /* more steps than given */
};

/* 1 equal, 0 not, or JSON_EQUAL_TOO_DEEP. Functions are equal when they are the same one. */
int json_compare_equal(struct json_val a, struct json_val b);

static inline bool json_equal(struct json_val a, struct json_val b)
{
    return json_compare_equal(a, b) == 1;
}

/* A hash that is the same for values that are equal (below some depth it stops looking). */
uint64_t json_hash(struct json_val v, uint64_t seed);

/*
 * The same for values that may contain one part very many times, which a document cannot, but a
 * result of an evaluation can. Items looked at, and the length of text, are taken from *steps; once
 * it is negative the answer means nothing (compare: JSON_EQUAL_TOO_LONG).
 */
int json_compare_within(struct json_val a, struct json_val b, int64_t *steps);
uint64_t json_hash_within(struct json_val v, uint64_t seed, int64_t *steps);

#endif
