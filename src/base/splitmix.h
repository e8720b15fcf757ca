/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): numbers
 * that look random and depend on nothing but a seed. Not for secrets.
 *
 * The state is a counter, so two generators whose seeds are a few steps apart draw the same
 * numbers. Whoever hands out seeds hands out numbers that were drawn, never the counter.
 */
#ifndef AFFLUX_BASE_SPLITMIX_H
#define AFFLUX_BASE_SPLITMIX_H

#include <stdint.h>

/* The number that comes as the n-th of a generator with this seed; n begins with 1. */
static inline uint64_t splitmix64_at(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + n * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* The next number. */
static inline uint64_t splitmix64_next(uint64_t *state)
{
    uint64_t number = splitmix64_at(*state, 1);
    *state += UINT64_C(0x9E3779B97F4A7C15);
    return number;
}

#endif
