/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The analysed form of a $formatNumber picture: symbols, and one side for numbers from 0 on, one
 * for the others (negative numbers and NaN).
 */
#ifndef AFFLUX_JSONATA_PICTURE_NUMBER_INTERNAL_H
#define AFFLUX_JSONATA_PICTURE_NUMBER_INTERNAL_H

#include "jsonata/picture_internal.h"

/* The properties as units. Any of them may be empty or longer than one character. */
struct number_symbols {
    struct units decimal, grouping, exponent, minus, percent, per_mille, zero, digit, separator;
};

struct number_side {
    struct units prefix, suffix;
    str prefix_text, suffix_text; /* the same, for the plain way */
    double factor;                /* 1, 100 for percent, 1000 for per mille */
    size_t integer_min;           /* digits before the decimal point at least */
    size_t fraction_min, fraction_max;
    size_t exponent_min;          /* 0: no exponent */
    size_t scaling;               /* digits before the point when there is an exponent */
    size_t regular;               /* grouping every so many digits; 0: at positions */
    const size_t *integer_groups; /* digits to the right of each separator, left to right */
    size_t integer_group_count;
    const size_t *fraction_groups;
    size_t fraction_group_count;
    bool has_point; /* the picture has the decimal separator */
    bool is_plain;  /* ASCII digits and separators, regular groups, no exponent: see
                       number_print_plain */
};

struct picture_number {
    struct number_symbols symbols;
    char point, comma; /* the separators, when a side is plain */
    struct number_side positive, negative;
};

/* Zero to nine (past U+FFFF it goes on at 0); none when the zero digit is empty, and numbers then
 * have no digits at all. */
static inline bool number_is_digit(const struct number_symbols *s, uint16_t unit)
{
    return s->zero.n > 0 && (uint16_t)(unit - s->zero.p[0]) < 10;
}

#endif
