/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to the nearest double. Three ways, the first that is sure wins:
 *   1. digits and power of ten are both doubles: one multiplication or division rounds correctly
 * (Clinger);
 *   2. a 128-bit product with the table of powers of ten (Eisel-Lemire: "Number Parsing at a
 * Gigabyte per Second", 2021; that it never has to give up: Mushtak and Lemire, "Fast Number
 * Parsing Without Fallback", 2022);
 *   3. more than 19 digits that decide: libc's strtod, given digits and an exponent without a
 * decimal point, so that the locale has no say.
 */
#include "base/number_internal.h"

#include "base/check.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const double number_pow10_double[POW10_DOUBLE_LAST + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

enum {
    PARSE_MAX_DIGITS = 19,      /* always fit into 64 bits */
    PARSE_DECIDING_DIGITS = 770 /* no more can decide between two doubles, but whether any follow */
};

/* Makes a double from a mantissa with one bit too many; biased <= 0 means subnormal. */
static double double_round(uint64_t mantissa, int biased)
{
    if (biased <= 0) {
        if (biased <= -63)
            return 0.0;
        mantissa >>= 1 - biased;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        /* When rounding reached 2^52, that bit is the smallest normal exponent. */
        return number_of_bits(mantissa);
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> (DOUBLE_MANTISSA_BITS + 1) != 0) {
        mantissa >>= 1;
        biased++;
    }
    if (biased >= DOUBLE_EXPONENT_MAX)
        return HUGE_VAL;
    uint64_t fraction = mantissa & (((uint64_t)1 << DOUBLE_MANTISSA_BITS) - 1);
    return number_of_bits((uint64_t)biased << DOUBLE_MANTISSA_BITS | fraction);
}

static double eisel_lemire(uint64_t digits, int exponent)
{
    int zeros = __builtin_clzll(digits);
    digits <<= zeros;
    const struct pow10_row *power = &number_pow10[exponent - POW10_FIRST];
    number_wide product = (number_wide)digits * power->high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1FF) == 0x1FF) {
        /* The bits below may carry into those that are kept: make the product exact enough. */
        uint64_t more = (uint64_t)((number_wide)digits * power->low >> 64);
        low += more;
        high += low < more;
    }
    int top = (int)(high >> 63);
    int shift = top + 9; /* leaves 54 bits: 53 and one to round */
    uint64_t mantissa = high >> shift;
    /* floor(log2(10^exponent)), then the position of the product's top bit. */
    int biased = (217706 * exponent >> 16) + 63 + top - zeros + 1023;
    /* Exactly between two doubles: to the even one. Only small powers can give an exact product. */
    if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 &&
        mantissa << shift == high)
        mantissa &= ~(uint64_t)1;
    return double_round(mantissa, biased);
}

double number_from_decimal(uint64_t digits, int64_t exponent)
{
    if (digits >> 53 == 0 && exponent >= -POW10_DOUBLE_LAST && exponent <= POW10_DOUBLE_LAST) {
        if (exponent < 0)
            return (double)digits / number_pow10_double[-exponent];
        return (double)digits * number_pow10_double[exponent];
    }
    if (digits == 0 || exponent < POW10_FIRST)
        return 0.0;
    if (exponent > 308)
        return HUGE_VAL;
    return eisel_lemire(digits, (int)exponent);
}

static ALWAYS_INLINE bool parse_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The parts of a number's text. */
struct number_text {
    const char *start;    /* first significant digit; a point may be among the digits */
    const char *end;      /* behind the last digit */
    uint64_t digits;      /* the first 19 significant digits */
    int64_t exponent;     /* value = all digits × 10^exponent, digits taken as an integer */
    int64_t digits_count; /* how many there are from start on */
};

/* More digits than 64 bits hold, and they matter. */
static COLD double number_parse_long(const struct number_text *t)
{
    char text[PARSE_DECIDING_DIGITS + 32];
    size_t n = 0;
    bool has_more = false;
    for (const char *p = t->start; p < t->end; p++) {
        if (!parse_is_digit(*p))
            continue;
        if (n < PARSE_DECIDING_DIGITS)
            text[n++] = *p;
        else
            has_more = has_more || *p != '0';
    }
    int64_t exponent = t->exponent + (t->digits_count - (int64_t)n);
    if (has_more) {
        /* Any digit but zero here makes the number larger than a tie. */
        text[n++] = '1';
        exponent--;
    }
    snprintf(text + n, sizeof text - n, "e%lld", (long long)exponent);
    return strtod(text, NULL);
}

static double number_parse_many(const struct number_text *t)
{
    int64_t exponent = t->exponent + (t->digits_count - PARSE_MAX_DIGITS);
    double below = number_from_decimal(t->digits, exponent);
    double above = number_from_decimal(t->digits + 1, exponent);
    if (number_bits(below) == number_bits(above))
        return below;
    return number_parse_long(t);
}

/* The first 19 digits again, after more than that were added up. */
static void number_text_cut(struct number_text *t)
{
    t->digits = 0;
    int count = 0;
    for (const char *p = t->start; count < PARSE_MAX_DIGITS; p++) {
        if (!parse_is_digit(*p))
            continue;
        t->digits = t->digits * 10 + (uint64_t)(*p - '0');
        count++;
    }
}

/* [e] at p: moves *p behind it and adds it to *exponent when it is complete. */
static void number_read_exponent(const char **p, const char *end, int64_t *exponent)
{
    const char *at = *p + 1;
    bool is_negative = false;
    if (at < end && (*at == '+' || *at == '-')) {
        is_negative = *at == '-';
        at++;
    }
    if (at >= end || !parse_is_digit(*at))
        return;
    int64_t e = 0;
    for (; at < end && parse_is_digit(*at); at++) {
        if (e < INT64_C(1000000000000000))
            e = e * 10 + (*at - '0');
    }
    *exponent += is_negative ? -e : e;
    *p = at;
}

size_t number_parse(str text, double *ret_value)
{
    const char *p = text.p, *end = text.p + text.n;
    bool is_negative = p < end && *p == '-';
    p += is_negative;
    if (p >= end || !parse_is_digit(*p))
        return 0;
    struct number_text t = {.start = p};
    uint64_t digits = 0;
    int64_t count = 0, exponent = 0;
    if (*p == '0') {
        p++;
        t.start = p;
    } else {
        for (; p < end && parse_is_digit(*p); p++)
            digits = digits * 10 + (uint64_t)(*p - '0');
        count = p - t.start;
    }
    t.end = p;
    if (end - p >= 2 && *p == '.' && parse_is_digit(p[1])) {
        p++;
        const char *fraction = p;
        if (count == 0) {
            while (p < end && *p == '0')
                p++;
            t.start = p;
        }
        const char *significant = p;
        for (; p < end && parse_is_digit(*p); p++)
            digits = digits * 10 + (uint64_t)(*p - '0');
        count += p - significant;
        exponent = fraction - p;
        t.end = p;
    }
    if (p < end && (*p == 'e' || *p == 'E'))
        number_read_exponent(&p, end, &exponent);
    double value;
    if (LIKELY(count <= PARSE_MAX_DIGITS)) {
        value = number_from_decimal(digits, exponent);
    } else {
        t.exponent = exponent;
        t.digits_count = count;
        number_text_cut(&t);
        value = number_parse_many(&t);
    }
    *ret_value = is_negative ? -value : value;
    return (size_t)(p - text.p);
}
