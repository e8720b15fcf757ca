/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator of an evaluation: numbers that look random and depend on nothing but a seed. It is
 * not for secrets: whoever sees some of its output can compute the rest.
 */
#ifndef AFFLUX_JSONATA_RANDOM_H
#define AFFLUX_JSONATA_RANDOM_H

#include "jsonata/eval.h"

/* The next of the evaluation, whose seed is the context's: 0 <= result < 1; 64 bits. */
double random_next(struct ev *e);
uint64_t random_bits(struct ev *e);

/* The first number, 0 <= result < 1, of a generator with this seed. */
double random_seeded(double seed);

#endif
