/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding doubles to a number of decimal digits, as ECMA-262 defines toFixed and toPrecision: from
 * the exact value of the double, ties away from zero. A small fixed-size integer (struct big)
 * decides what 64 bits cannot. Shortest printing is in number_print.c.
 */
#include "base/number_internal.h"

#include "base/check.h"
#include <math.h>

enum { BIG_LIMBS = 80 }; /* 2560 bits; the largest need is 10^340 × 2^54 and 2^1075 × 10^17 */

/* An integer >= 0, least significant limb first, n limbs in use, the highest not zero. */
struct big {
    int n;
    uint32_t limb[BIG_LIMBS];
};

static void big_set(struct big *b, uint64_t value)
{
    b->n = 0;
    for (; value != 0; value >>= 32)
        b->limb[b->n++] = (uint32_t)value;
}

/* b = b × factor + more */
static void big_multiply(struct big *b, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (int i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        check(b->n < BIG_LIMBS);
        b->limb[b->n++] = (uint32_t)carry;
    }
}

static void big_multiply_pow10(struct big *b, int exponent)
{
    for (; exponent >= 9; exponent -= 9)
        big_multiply(b, 1000000000, 0);
    for (; exponent > 0; exponent--)
        big_multiply(b, 10, 0);
}

static void big_shift_left(struct big *b, int bits)
{
    if (b->n == 0)
        return;
    int limbs = bits / 32;
    check(b->n + limbs < BIG_LIMBS);
    memmove(b->limb + limbs, b->limb, (size_t)b->n * sizeof b->limb[0]);
    memset(b->limb, 0, (size_t)limbs * sizeof b->limb[0]);
    b->n += limbs;
    big_multiply(b, (uint32_t)1 << bits % 32, 0);
}

/* b = floor(b / 2^bits); returns the highest bit that was shifted out. */
static unsigned big_shift_right(struct big *b, int bits)
{
    int top = bits - 1;
    if (bits == 0 || top / 32 >= b->n) {
        if (bits != 0)
            b->n = 0;
        return 0;
    }
    unsigned out = b->limb[top / 32] >> top % 32 & 1;
    int limbs = bits / 32, rest = bits % 32;
    int n = 0;
    for (int i = limbs; i < b->n; i++) {
        uint64_t pair = b->limb[i];
        if (i + 1 < b->n)
            pair |= (uint64_t)b->limb[i + 1] << 32;
        b->limb[n++] = (uint32_t)(pair >> rest);
    }
    while (n > 0 && b->limb[n - 1] == 0)
        n--;
    b->n = n;
    return out;
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

/* Divides by 10^9 and returns the remainder. */
static uint32_t big_divide(struct big *b)
{
    uint64_t rest = 0;
    for (int i = b->n - 1; i >= 0; i--) {
        rest = rest << 32 | b->limb[i];
        b->limb[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    while (b->n > 0 && b->limb[b->n - 1] == 0)
        b->n--;
    return (uint32_t)rest;
}

/* Is value (finite, > 0) at least digits × 10^exponent? */
static bool number_reaches(double value, uint64_t digits, int exponent)
{
    uint64_t mantissa;
    int q = number_split(value, &mantissa);
    struct big left, right;
    big_set(&left, mantissa);
    big_set(&right, digits);
    big_multiply_pow10(exponent < 0 ? &left : &right, exponent < 0 ? -exponent : exponent);
    big_shift_left(q < 0 ? &right : &left, q < 0 ? -q : q);
    return big_compare(&left, &right) >= 0;
}

double number_round15(double value)
{
    enum { PLACES = 15 };
    double size = fabs(value);
    if (!(size > 0) || isinf(size))
        return value;
    char text[18];
    int exponent;
    int count = number_digits(size, text, &exponent);
    if (count <= PLACES)
        return value;
    uint64_t digits = 0;
    for (int i = 0; i < count; i++)
        digits = digits * 10 + (uint64_t)(text[i] - '0');
    /* Rounding the shortest digits instead of the exact value goes wrong only when they end in a
     * lone 5: any other tie would itself be a shorter or nearer text of the same double. */
    uint64_t unit = count == PLACES + 1 ? 10 : 100;
    uint64_t rest = digits % unit;
    bool is_up = rest * 2 >= unit;
    if (count == PLACES + 1 && rest == 5)
        is_up = number_reaches(size, digits, exponent - count);
    double rounded = number_from_decimal(digits / unit + is_up, exponent - PLACES);
    return value < 0 ? -rounded : rounded;
}

/* The digits of b, at least decimals + 1 of them, with the point before the last `decimals`. */
static size_t big_print_fixed(struct big *b, int decimals, char *out)
{
    enum { MOST = 126 };
    char digits[MOST];
    int at = MOST;
    while (b->n > 0 || MOST - at <= decimals) {
        uint32_t part = big_divide(b);
        for (int i = 0; i < 9 && at > 0 && (part != 0 || b->n > 0 || MOST - at <= decimals); i++) {
            digits[--at] = (char)('0' + part % 10);
            part /= 10;
        }
    }
    size_t before = (size_t)(MOST - at - decimals);
    memcpy(out, digits + at, before);
    if (decimals == 0)
        return before;
    out[before] = '.';
    memcpy(out + before + 1, digits + at + before, (size_t)decimals);
    return before + 1 + (size_t)decimals;
}

/* round(value × 10^decimals) for value >= 0, ties up. */
static void big_of_fixed(struct big *b, double value, int decimals)
{
    uint64_t mantissa;
    int q = number_split(value, &mantissa);
    big_set(b, mantissa);
    big_multiply_pow10(b, decimals);
    if (q >= 0) {
        big_shift_left(b, q);
        return;
    }
    unsigned is_up = big_shift_right(b, -q);
    if (is_up == 0)
        return;
    if (b->n == 0)
        big_set(b, 1);
    else
        big_multiply(b, 1, 1);
}

/* The same with 128 bits where they suffice: mantissa × 10^decimals < 2^63 × 2^64 and a shift below
 * 128. */
static bool fixed_of_small(double value, int decimals, uint64_t *ret)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint64_t mantissa;
    int q = number_split(value, &mantissa);
    if (decimals > 6 || q > 0 || q < -100)
        return false;
    number_wide scaled = (number_wide)mantissa * powers[decimals];
    if (q < 0)
        scaled = (scaled >> (-q - 1)) + 1;
    scaled >>= q < 0;
    if (scaled >> 63 != 0)
        return false;
    *ret = (uint64_t)scaled;
    return true;
}

size_t number_print_fixed(double value, int decimals, char out[128])
{
    check(decimals >= 0 && decimals <= 100 && fabs(value) < 1e21);
    size_t sign = 0;
    /* -0 has no sign in toFixed, but what rounds to it has: (-0.001).toFixed(1) is "-0.0". */
    if (value < 0) {
        out[sign++] = '-';
        value = -value;
    }
    value = fabs(value);
    uint64_t small;
    struct big b;
    if (!fixed_of_small(value, decimals, &small)) {
        big_of_fixed(&b, value, decimals);
        return sign + big_print_fixed(&b, decimals, out + sign);
    }
    char text[NUMBER_TEXT_MAX];
    size_t n = number_print_int((int64_t)small, text);
    /* Zeros in front until one digit stands before the point. */
    size_t zeros = n <= (size_t)decimals ? (size_t)decimals + 1 - n : 0;
    size_t before = zeros + n - (size_t)decimals;
    char *p = out + sign;
    memset(p, '0', zeros);
    memcpy(p + zeros, text, n);
    if (decimals == 0)
        return sign + zeros + n;
    memmove(p + before + 1, p + before, (size_t)decimals);
    p[before] = '.';
    return sign + zeros + n + 1;
}
