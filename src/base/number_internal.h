/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the number files share: the layout of a double, the table of powers of ten and the way from
 * decimal digits to the nearest double.
 */
#ifndef AFFLUX_BASE_NUMBER_INTERNAL_H
#define AFFLUX_BASE_NUMBER_INTERNAL_H

#include "base/attr.h"
#include "base/number.h"

__extension__ typedef unsigned __int128 number_wide;

enum {
    DOUBLE_MANTISSA_BITS = 52,
    DOUBLE_EXPONENT_MAX = 0x7FF, /* the biased exponent of infinity */
    POW10_FIRST = -342,
    POW10_LAST = 324,
    POW10_UP_FIRST = -27,  /* rows -27 to -1 are rounded up */
    POW10_EXACT_LAST = 55, /* rows 0 to 55 are exact, all others rounded down */
    POW10_DOUBLE_LAST = 22 /* the largest power of ten that is a double */
};

/* 10^q × 2^s, the top bit of high set. */
struct pow10_row {
    uint64_t high, low;
};
extern const struct pow10_row number_pow10[POW10_LAST - POW10_FIRST + 1];

extern const double number_pow10_double[POW10_DOUBLE_LAST + 1];

/* The double nearest to digits × 10^exponent, ties to even; exact for any digits and exponent. */
double number_from_decimal(uint64_t digits, int64_t exponent);

static inline uint64_t number_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double number_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Splits a finite value >= 0: value = *ret_mantissa × 2^result. */
static inline int number_split(double value, uint64_t *ret_mantissa)
{
    uint64_t bits = number_bits(value);
    uint64_t fraction = bits & (((uint64_t)1 << DOUBLE_MANTISSA_BITS) - 1);
    int biased = (int)(bits >> DOUBLE_MANTISSA_BITS) & DOUBLE_EXPONENT_MAX;
    *ret_mantissa = biased == 0 ? fraction : fraction | (uint64_t)1 << DOUBLE_MANTISSA_BITS;
    return (biased == 0 ? 1 : biased) - 1075;
}

#endif
