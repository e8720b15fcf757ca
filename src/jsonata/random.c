/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xoroshiro128++ (Blackman, Vigna), its state filled by splitmix64 as its authors advise. Where
 * seeds come from is the business of those who make contexts.
 */
#include "jsonata/random.h"

#include "base/splitmix.h"
#include "jsonata/jsonata.h"

static uint64_t random_rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void random_start(uint64_t state[2], uint64_t seed)
{
    state[0] = splitmix64_next(&seed);
    state[1] = splitmix64_next(&seed);
    if ((state[0] | state[1]) == 0)
        state[0] = 1; /* it would never leave zero */
}

static uint64_t random_step(uint64_t state[2])
{
    uint64_t a = state[0], b = state[1];
    uint64_t result = random_rotate(a + b, 17) + a;
    b ^= a;
    state[0] = random_rotate(a, 49) ^ b ^ b << 21;
    state[1] = random_rotate(b, 28);
    return result;
}

static double random_fraction(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

uint64_t random_bits(struct ev *e)
{
    if (UNLIKELY((e->random[0] | e->random[1]) == 0))
        random_start(e->random, e->context->seed);
    return random_step(e->random);
}

double random_next(struct ev *e)
{
    return random_fraction(random_bits(e));
}

double random_seeded(double seed)
{
    double positive = seed + 0.0; /* -0 is 0 */
    uint64_t bits, state[2];
    memcpy(&bits, &positive, sizeof bits);
    random_start(state, bits);
    return random_fraction(random_step(state));
}
