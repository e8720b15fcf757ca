/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of a text, inline in the parser. A number becomes a double when the double prints as the
 * same text: up to 15 significant digits without exponent, without a zero at the end of the
 * fraction, not below 1e-6, not -0; or an integer up to 2^53. Both operands of the one division are
 * exact then, so it rounds once and correctly. Everything else keeps its text (JSON_NUMTEXT) or,
 * for integers, an int64 (JSON_INT).
 */
#ifndef AFFLUX_JSON_PARSE_NUMBER_H
#define AFFLUX_JSON_PARSE_NUMBER_H

#include "json/value.h"

#define NUMBER_MAX_FRACTION UINT64_C(1000000000000000) /* 15 digits */
#define NUMBER_MAX_WHOLE (UINT64_C(1) << 53)

enum { NUMBER_MAX_DIGITS = 19, NUMBER_MAX_SCALE = 15 };

static inline unsigned number_digit(const char *p)
{
    return (unsigned)(uint8_t)*p - '0';
}

/* Behind the exponent that may stand at p, NULL when it is malformed. */
static inline const char *number_exponent(const char *p)
{
    if ((*p | 0x20) != 'e')
        return p;
    p++;
    if (*p == '+' || *p == '-')
        p++;
    if (number_digit(p) > 9)
        return NULL;
    while (number_digit(p) <= 9)
        p++;
    return p;
}

/* What keeps the text [start, end): an int64 when it has only digits and fits. */
static inline struct json_val number_kept(const char *start, const char *end, uint64_t digits,
                                          bool is_whole)
{
    bool is_negative = *start == '-';
    uint64_t max = (uint64_t)INT64_MAX + is_negative;
    size_t count = (size_t)(end - start) - is_negative;
    if (is_whole && digits != 0 && count <= NUMBER_MAX_DIGITS && digits <= max) {
        uint64_t bits = is_negative ? -digits : digits;
        return (struct json_val){.tag = JSON_INT, .i64 = (int64_t)bits};
    }
    return (struct json_val){.tag = JSON_NUMTEXT, .len = (uint32_t)(end - start), .ptr = start};
}

/* Reads the number at start, which is a digit or '-'. Returns what is behind it, NULL when it is
 * malformed. The text ends with a byte that belongs to no number. */
static ALWAYS_INLINE const char *number_read(const char *start, struct json_val *ret)
{
    static const double powers[NUMBER_MAX_SCALE + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool is_negative = *start == '-';
    const char *first = start + is_negative, *p = first;
    uint64_t digits = number_digit(p);
    if (UNLIKELY(digits > 9))
        return NULL;
    unsigned digit = number_digit(++p);
    if (digits != 0) {
        for (; digit <= 9; digit = number_digit(++p))
            digits = digits * 10 + digit;
    } else if (UNLIKELY(digit <= 9)) {
        return NULL;
    }
    if (*p == '.') {
        const char *fraction = ++p;
        digit = number_digit(p);
        if (UNLIKELY(digit > 9))
            return NULL;
        for (; digit <= 9; digit = number_digit(++p))
            digits = digits * 10 + digit;
        size_t scale = (size_t)(p - fraction);
        if (LIKELY(scale <= NUMBER_MAX_SCALE && p - first <= NUMBER_MAX_DIGITS + 1 &&
                   digits < NUMBER_MAX_FRACTION && p[-1] != '0' && (*p | 0x20) != 'e')) {
            double value = (double)(int64_t)digits / powers[scale];
            if (LIKELY(value >= 1e-6)) {
                *ret = json_num(is_negative ? -value : value);
                return p;
            }
        }
        const char *end = number_exponent(p);
        if (end)
            *ret = number_kept(start, end, 0, false);
        return end;
    }
    if (LIKELY(p - first <= NUMBER_MAX_DIGITS && digits <= NUMBER_MAX_WHOLE && (*p | 0x20) != 'e' &&
               (digits != 0 || !is_negative))) {
        double value = (double)(int64_t)digits;
        *ret = json_num(is_negative ? -value : value);
        return p;
    }
    const char *end = number_exponent(p);
    if (end)
        *ret = number_kept(start, end, digits, end == p);
    return end;
}

#endif
