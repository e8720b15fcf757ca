/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $parseInteger, and the numbers in dates: a text that is supposed to follow an integer picture as
 * a number. Nothing is refused; what cannot be read is NaN, and a decimal text counts up to its
 * first stray character, as JavaScript's parseInt does.
 */
#include "jsonata/picture_internal.h"

#include "base/utf8.h"
#include <math.h>

enum { READ_UNITS = 64 }; /* texts up to this length need no memory */

static double read_letters(struct units text, uint16_t first)
{
    double value = 0;
    for (size_t i = 0; i < text.n; i++) {
        int digit = text.p[text.n - 1 - i] - first + 1;
        double power = pow(26, (double)i);
        value += digit * power;
    }
    return value;
}

static double roman_value(uint16_t unit)
{
    static const char letters[] = "MDCLXVI";
    static const double values[] = {1000, 500, 100, 50, 10, 5, 1};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (unit == (unsigned char)letters[i])
            return values[i];
    }
    return (double)NAN;
}

/* From the right: what is smaller than the largest so far is taken away. */
static double read_roman(struct units text, bool is_upper)
{
    double sum = 0;
    double largest = 1;
    for (size_t i = text.n; i-- > 0;) {
        uint16_t unit = text.p[i];
        if (!is_upper && unit >= 'a' && unit <= 'z')
            unit -= 'a' - 'A';
        if (!is_upper && unit == 0x131)
            unit = 'I'; /* the upper case of dotless i */
        double value = roman_value(unit);
        if (isnan(value))
            return (double)NAN;
        if (value < largest) {
            sum -= value;
        } else {
            largest = value;
            sum += value;
        }
    }
    return sum;
}

/* Removes mark wherever it occurs in the first n units; returns the new length. */
static size_t remove_units(uint16_t *p, size_t n, struct units mark)
{
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        bool is_mark = mark.n <= n - i && memcmp(p + i, mark.p, mark.n * sizeof *p) == 0;
        if (is_mark)
            i += mark.n;
        else
            p[kept++] = p[i++];
    }
    return kept;
}

static size_t remove_separators(const struct picture_integer *p, uint16_t *units, size_t n)
{
    uint16_t memory[2];
    if (p->regular > 0) {
        static const uint16_t comma = ','; /* whatever the picture's separator is */
        return remove_units(units, n, (struct units){&comma, 1});
    }
    for (size_t i = 0; i < p->separator_count && n > 0; i++) {
        char text[4];
        str mark = {text, utf8_encode(p->separators[i].character, text)};
        n = remove_units(units, n, units_write(mark, memory));
    }
    return n;
}

static bool read_decimal(const struct picture_integer *p, uint16_t *units, size_t n, double *ret,
                         struct picture_error *err)
{
    if (p->is_ordinal)
        n = n > 2 ? n - 2 : 0;
    n = remove_separators(p, units, n);
    for (size_t i = 0; i < n && p->zero != '0'; i++) {
        int64_t c = (int64_t)units[i] - p->zero + '0';
        if (c < 0)
            return picture_fail(err, "D3160"); /* no such character in JavaScript either */
        units[i] = (uint16_t)c;
    }
    *ret = units_parse_int((struct units){units, n});
    return true;
}

bool integer_read(const struct picture_integer *p, struct units text, double *ret,
                  struct picture_error *err)
{
    bool is_upper = p->letter_case == LETTER_UPPER;
    switch (p->kind) {
    case INTEGER_LETTERS: *ret = read_letters(text, is_upper ? 'A' : 'a'); return true;
    case INTEGER_ROMAN: *ret = read_roman(text, is_upper); return true;
    case INTEGER_WORDS: *ret = words_read(text); return true;
    case INTEGER_SEQUENCE: return picture_fail_text(err, "D3130", p->token);
    case INTEGER_DECIMAL: break;
    }
    uint16_t memory[READ_UNITS];
    if (text.n <= READ_UNITS) {
        memcpy(memory, text.p, text.n * sizeof *memory);
        return read_decimal(p, memory, text.n, ret, err);
    }
    struct buf copy;
    buf_init(&copy, text.n * sizeof(uint16_t));
    units_push(&copy, text);
    bool is_read = read_decimal(p, (uint16_t *)(void *)copy.p, text.n, ret, err);
    buf_done(&copy);
    return is_read;
}

bool picture_integer_parse(const struct picture_integer *p, str text, double *ret,
                           struct picture_error *err)
{
    uint16_t memory[READ_UNITS];
    if (text.n <= READ_UNITS)
        return integer_read(p, units_write(text, memory), ret, err);
    struct buf units;
    buf_init(&units, text.n * sizeof(uint16_t));
    buf_add_fill(&units, '\0', text.n * sizeof(uint16_t));
    struct units all = units_write(text, (uint16_t *)(void *)units.p);
    bool is_read = integer_read(p, all, ret, err);
    buf_done(&units);
    return is_read;
}
