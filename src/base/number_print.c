/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubles to the shortest text that reads back as the same double. Integers and prices (few
 * decimals) are printed without any search; everything else goes through Schubfach (Raffaello
 * Giulietti, "The Schubfach way to render doubles", 2021): of the decimals with the one suitable
 * exponent, at most four are candidates. Rounding to a given number of digits is in number_round.c.
 */
#include "base/number_internal.h"

/* "00" to "99". */
#define PAIRS(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
static const char digit_pairs[201] = PAIRS("0") PAIRS("1") PAIRS("2") PAIRS("3") PAIRS("4")
    PAIRS("5") PAIRS("6") PAIRS("7") PAIRS("8") PAIRS("9");
#undef PAIRS

/* clang-format off */
static const uint64_t integer_pow10[20] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u, 100000000000000000u, 1000000000000000000u,
    10000000000000000000u};
/* clang-format on */

/* Decimal digits of value; 1 for 0. */
static ALWAYS_INLINE int digits_count(uint64_t value)
{
    int bits = 64 - __builtin_clzll(value | 1);
    int guess = bits * 1233 >> 12; /* bits × log10(2): right or one too small */
    return guess + (value >= integer_pow10[guess]) + (value == 0);
}

static ALWAYS_INLINE void pair_write(char *out, uint32_t value)
{
    memcpy(out, digit_pairs + value * 2, 2);
}

/* Eight digits; the four divisions do not wait for each other as a loop's would. */
static ALWAYS_INLINE void eight_write(char *out, uint32_t value)
{
    uint32_t high = value / 10000, low = value % 10000;
    pair_write(out, high / 100);
    pair_write(out + 2, high % 100);
    pair_write(out + 4, low / 100);
    pair_write(out + 6, low % 100);
}

/* Writes the digits of value so that they end before end. */
static ALWAYS_INLINE void digits_write(char *end, uint64_t value)
{
    while (value >= 100000000) {
        end -= 8;
        eight_write(end, (uint32_t)(value % 100000000));
        value /= 100000000;
    }
    uint32_t rest = (uint32_t)value;
    while (rest >= 100) {
        end -= 2;
        pair_write(end, rest % 100);
        rest /= 100;
    }
    if (rest >= 10)
        pair_write(end - 2, rest);
    else
        end[-1] = (char)('0' + rest);
}

static size_t print_unsigned(uint64_t value, char *out)
{
    int count = digits_count(value);
    digits_write(out + count, value);
    return (size_t)count;
}

size_t number_print_int(int64_t value, char out[NUMBER_TEXT_MAX])
{
    if (value >= 0)
        return print_unsigned((uint64_t)value, out);
    out[0] = '-';
    return 1 + print_unsigned(-(uint64_t)value, out + 1);
}

/* A decimal: digits × 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

/* g × factor / 2^128 with a lowest bit that says whether anything was cut off. */
static ALWAYS_INLINE uint64_t multiply_to_odd(struct pow10_row g, uint64_t factor)
{
    uint64_t carried = (uint64_t)((number_wide)g.low * factor >> 64);
    number_wide product = (number_wide)g.high * factor + carried;
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* 10^q rounded up, as Schubfach needs it. Adding one to what the table rounds down never carries.
 */
static ALWAYS_INLINE struct pow10_row pow10_up(int q)
{
    struct pow10_row row = number_pow10[q - POW10_FIRST];
    row.low += q < POW10_UP_FIRST || q > POW10_EXACT_LAST;
    return row;
}

/* The shortest decimal in the rounding interval of a finite value > 0, nearest to it among the
 * shortest. Trailing zeros may be left. */
static struct decimal decimal_shortest(double value)
{
    uint64_t mantissa;
    int q = number_split(value, &mantissa);
    /* Below a power of two the doubles lie closer. */
    bool is_lower_closer = mantissa == (uint64_t)1 << DOUBLE_MANTISSA_BITS && q > -1074;
    unsigned is_odd = (unsigned)(mantissa & 1); /* then the ends of the interval round away */

    /* k = floor(log10(2^q)), or of 3/4 of it; then everything is scaled by 10^-k. */
    int k = (q * 1262611 - (is_lower_closer ? 524031 : 0)) >> 22;
    int h = q + (-k * 1741647 >> 19) + 1;
    struct pow10_row g = pow10_up(-k);
    uint64_t v = multiply_to_odd(g, 4 * mantissa << h);
    uint64_t lower = multiply_to_odd(g, (4 * mantissa - 2 + is_lower_closer) << h) + is_odd;
    uint64_t upper = multiply_to_odd(g, (4 * mantissa + 2) << h) - is_odd;

    uint64_t s = v / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool is_down_in = lower <= 40 * tens;
        bool is_up_in = 40 * tens + 40 <= upper;
        if (is_down_in != is_up_in)
            return (struct decimal){tens + is_up_in, k + 1};
    }
    bool is_down_in = lower <= 4 * s;
    bool is_up_in = 4 * s + 4 <= upper;
    if (is_down_in != is_up_in)
        return (struct decimal){s + is_up_in, k};
    uint64_t middle = 4 * s + 2;
    bool is_up_nearer = v > middle || (v == middle && (s & 1) != 0);
    return (struct decimal){s + is_up_nearer, k};
}

static void decimal_strip(struct decimal *d)
{
    while (d->digits % 10 == 0) {
        d->digits /= 10;
        d->exponent++;
    }
}

/* Tries to see value (> 0) as an integer, or below 1e9 with up to six decimals: a decimal of at
 * most 15 digits that reads back as value is the only one, and the shortest. Leaves no trailing
 * zeros among decimals. */
static ALWAYS_INLINE bool decimal_simple(double value, struct decimal *ret)
{
    if (value > 0x1p53)
        return false;
    uint64_t digits = (uint64_t)value;
    if ((double)digits == value) {
        *ret = (struct decimal){digits, 0};
        return true;
    }
    if (value >= 1e9 || value < 1e-6)
        return false;
    digits = (uint64_t)(value * 1e6 + 0.5);
    if ((double)digits / 1e6 != value)
        return false;
    int exponent = -6;
    if (digits % 1000 == 0) {
        digits /= 1000;
        exponent = -3;
    }
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    *ret = (struct decimal){digits, exponent};
    return true;
}

int number_digits(double value, char digits[18], int *ret_exponent)
{
    struct decimal d;
    if (!decimal_simple(value, &d))
        d = decimal_shortest(value);
    decimal_strip(&d);
    int count = digits_count(d.digits);
    digits_write(digits + count, d.digits);
    *ret_exponent = d.exponent + count;
    return count;
}

/* d as digits with a point in it or zeros before it: exponent < 0, more than -7 - count. */
static size_t print_decimals(struct decimal d, char *out)
{
    int count = digits_count(d.digits);
    int before = count + d.exponent; /* digits before the point */
    if (before > 0) {
        digits_write(out + count + 1, d.digits);
        memmove(out, out + 1, (size_t)before);
        out[before] = '.';
        return (size_t)count + 1;
    }
    memcpy(out, "0.000000", 8);
    size_t length = (size_t)(2 - before + count);
    digits_write(out + length, d.digits);
    return length;
}

/* d.ddde±x */
static size_t print_scientific(struct decimal d, char *out)
{
    int count = digits_count(d.digits);
    int exponent = d.exponent + count - 1;
    digits_write(out + count + 1, d.digits);
    out[0] = out[1];
    size_t n = 1;
    if (count > 1) {
        out[1] = '.';
        n = (size_t)count + 1;
    }
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    return n + print_unsigned((uint64_t)(exponent < 0 ? -exponent : exponent), out + n);
}

static NOINLINE size_t print_general(double value, char *out)
{
    struct decimal d = decimal_shortest(value);
    decimal_strip(&d);
    int count = digits_count(d.digits);
    int point = d.exponent + count; /* the "n" of ECMA-262 */
    if (point > 21 || point <= -6)
        return print_scientific(d, out);
    if (d.exponent < 0)
        return print_decimals(d, out);
    digits_write(out + count, d.digits);
    memset(out + count, '0', (size_t)d.exponent);
    return (size_t)point;
}

size_t number_print(double value, char out[NUMBER_TEXT_MAX])
{
    if (value == 0) {
        out[0] = '0';
        return 1;
    }
    size_t sign = 0;
    if (value < 0) {
        out[0] = '-';
        sign = 1;
        value = -value;
    }
    struct decimal d;
    if (!decimal_simple(value, &d))
        return sign + print_general(value, out + sign);
    if (d.exponent == 0)
        return sign + print_unsigned(d.digits, out + sign);
    return sign + print_decimals(d, out + sign);
}
