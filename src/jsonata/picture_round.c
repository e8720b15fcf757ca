/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONata's $round: the shortest decimal text of the number is shifted, rounded half to even,
 * shifted back. Relies on base/number.h for shortest digits and for reading. picture_decimal() is
 * the short way that avoids the texts; what it cannot decide exactly it leaves to the long one.
 */
#include "jsonata/picture_internal.h"

#include "base/number.h"
#include <math.h>

const uint64_t picture_pow10[20] = {1ULL,
                                    10ULL,
                                    100ULL,
                                    1000ULL,
                                    10000ULL,
                                    100000ULL,
                                    1000000ULL,
                                    10000000ULL,
                                    100000000ULL,
                                    1000000000ULL,
                                    10000000000ULL,
                                    100000000000ULL,
                                    1000000000000ULL,
                                    10000000000000ULL,
                                    100000000000000ULL,
                                    1000000000000000ULL,
                                    10000000000000000ULL,
                                    100000000000000000ULL,
                                    1000000000000000000ULL,
                                    10000000000000000000ULL};

bool picture_fail(struct picture_error *err, const char *code)
{
    *err = (struct picture_error){0};
    memcpy(err->code, code, strnlen(code, sizeof err->code - 1));
    return false;
}

bool picture_fail_text(struct picture_error *err, const char *code, str text)
{
    (void)picture_fail(err, code);
    err->has_text = true;
    err->text = text;
    return false;
}

/* digits / 10^drop rounded half to even, where JavaScript would round the double nearest to that
 * quotient. Both agree when digits < 2^53 (the double of a quotient that is no tie cannot be one),
 * and when the quotient is further from a tie than that double can be off: 2^4 in digits below
 * 10^17. */
static bool drop_digits(uint64_t digits, int drop, uint64_t *ret)
{
    uint64_t unit = picture_pow10[drop];
    uint64_t whole = digits / unit;
    uint64_t rest = digits % unit;
    uint64_t half = unit / 2;
    uint64_t distance = rest > half ? rest - half : half - rest;
    if (digits >= 1ULL << 53 && distance <= 16)
        return false;
    bool is_up = rest == half ? (whole & 1) != 0 : rest > half;
    *ret = whole + is_up;
    return *ret < 1ULL << 52;
}

bool picture_decimal(double value, int decimals, uint64_t *ret)
{
    if (!(value < 1e15))
        return false;
    double scale = (double)picture_pow10[decimals];
    double scaled = value * scale + 0.5;
    if (scaled < 1e15) {
        /* Is value the double of a number with so few decimals? Then its shortest text has no more,
         * since 15 digits always survive the way through a double. */
        uint64_t near = (uint64_t)scaled;
        if ((double)near / scale == value) {
            *ret = near;
            return true;
        }
    }
    char text[18];
    int exponent;
    int n = number_digits(value, text, &exponent);
    uint64_t digits = 0;
    for (int i = 0; i < n; i++)
        digits = digits * 10 + (uint64_t)(text[i] - '0');
    int shift = exponent - n + decimals;
    if (shift >= 0) {
        if (n + shift > 16)
            return false;
        *ret = digits * picture_pow10[shift];
        return *ret < 1ULL << 52;
    }
    if (shift < -18) {
        *ret = 0;
        return true;
    }
    return drop_digits(digits, -shift, ret);
}

/* value's shortest digits read with a shifted decimal point; value is finite and not 0. */
static double shift_decimal(double value, double by)
{
    char text[NUMBER_TEXT_MAX + 32];
    char digits[18];
    int exponent;
    int n = number_digits(fabs(value), digits, &exponent);
    memcpy(text, digits, (size_t)n);
    size_t at = (size_t)n;
    text[at++] = 'e';
    double power = exponent - n + fmax(fmin(by, 5000), -5000);
    at += number_print_int((int64_t)power, text + at);
    double shifted = 0;
    (void)number_parse((str){text, at}, &shifted);
    return signbit(value) ? -shifted : shifted;
}

/* JavaScript's Math.round (half up), then JSONata's step back from an odd result that was a tie. */
static double round_half_even(double value)
{
    double result = ceil(value);
    if (result - 0.5 > value)
        result -= 1;
    double off = result - value;
    if (fabs(off) == 0.5 && fabs(fmod(result, 2)) == 1)
        result -= 1;
    return result;
}

static double round_decimal(double value, double precision)
{
    if (!isfinite(value) || precision != trunc(precision) || fabs(precision) >= 1e21)
        return (double)NAN; /* "Infinitye2" and "1e2.5" are not numbers */
    if (value == 0)
        return 0;
    double result = round_half_even(shift_decimal(value, precision));
    if (!isfinite(result))
        return (double)NAN;
    return result == 0 ? 0 : shift_decimal(result, -precision);
}

double picture_round(double value, double precision)
{
    if (isnan(precision) || precision == 0) {
        double result = round_half_even(value);
        return result == 0 ? 0 : result;
    }
    bool is_short = precision > 0 && precision <= PICTURE_DECIMALS_MAX &&
                    precision == trunc(precision) && value != 0;
    uint64_t digits;
    if (is_short && picture_decimal(fabs(value), (int)precision, &digits)) {
        double result = (double)digits / (double)picture_pow10[(int)precision];
        return signbit(value) && digits != 0 ? -result : result;
    }
    return round_decimal(value, precision);
}
