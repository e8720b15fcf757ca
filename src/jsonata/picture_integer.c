/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer pictures: analysis and $formatInteger. Decimal patterns with the digits of any script,
 * letters, roman numerals, words. Date pictures are made of these too (picture_datetime.c). Words
 * themselves are in picture_words.c, reading is in picture_integer_parse.c.
 */
#include "jsonata/picture_internal.h"

#include "base/number.h"
#include "base/utf8.h"
#include <math.h>

/* The zeros of the scripts whose digits a picture may use. */
static const uint16_t digit_zeros[] = {
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
    0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
    0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

enum {
    ROMAN_THOUSANDS_MAX = 10000, /* about where the reference implementation runs out of stack */
    PAD_MAX = 536870888          /* the longest string of JavaScript's most common engine */
};

/* The zero of the digit's script, or 0. */
static uint32_t zero_of(uint32_t c)
{
    for (size_t i = 0; i < ARRAY_LEN(digit_zeros); i++) {
        if (c - digit_zeros[i] <= 9)
            return digit_zeros[i];
    }
    return 0;
}

/* The code point that ends before *at, which is moved to its start. */
static uint32_t previous_code_point(struct units u, size_t *at)
{
    uint32_t c = u.p[--*at];
    if (c >= 0xDC00 && c < 0xE000 && *at > 0) {
        uint32_t high = u.p[*at - 1];
        if (high >= 0xD800 && high < 0xDC00) {
            --*at;
            return 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00);
        }
    }
    return c;
}

size_t picture_divisor(size_t x, size_t y)
{
    while (y != 0) {
        size_t rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

/* The distance when one separator character stands at all multiples of it, else 0. */
static size_t separator_distance(const struct integer_separator *separators, size_t count)
{
    size_t distance = 0;
    for (size_t i = 0; i < count; i++)
        distance = picture_divisor(distance, separators[i].position);
    for (size_t i = 0; i < count; i++) {
        if (separators[i].position != (i + 1) * distance ||
            separators[i].character != separators[0].character)
            return 0;
    }
    return distance;
}

static bool analyse_digits(struct arena *a, struct units pattern, struct picture_integer *p,
                           struct picture_error *err)
{
    struct integer_separator *separators = arena_alloc(a, pattern.n * sizeof *separators);
    size_t position = 0;
    size_t mandatory = 0;
    size_t optional = 0;
    for (size_t at = pattern.n; at > 0;) {
        uint32_t c = previous_code_point(pattern, &at);
        uint32_t zero = zero_of(c);
        if (zero != 0) {
            if (p->zero != 0 && p->zero != zero)
                return picture_fail(err, "D3131");
            p->zero = zero;
            mandatory++;
            position++;
        } else if (c == '#') {
            optional++;
            position++;
        } else {
            separators[p->separator_count++] = (struct integer_separator){position, c};
        }
    }
    if (mandatory == 0) {
        p->kind = INTEGER_SEQUENCE;
        p->token = units_text(a, pattern);
        return true;
    }
    p->mandatory = (double)mandatory;
    p->optional = (double)optional;
    p->separators = separators;
    p->regular = separator_distance(separators, p->separator_count);
    return true;
}

bool integer_analyse(struct arena *a, struct units picture, struct picture_integer **ret,
                     struct picture_error *err)
{
    static const struct {
        const char *text;
        enum integer_kind kind;
        enum letter_case letter_case;
    } names[] = {
        {"A", INTEGER_LETTERS, LETTER_UPPER}, {"a", INTEGER_LETTERS, LETTER_LOWER},
        {"I", INTEGER_ROMAN, LETTER_UPPER},   {"i", INTEGER_ROMAN, LETTER_LOWER},
        {"W", INTEGER_WORDS, LETTER_UPPER},   {"w", INTEGER_WORDS, LETTER_LOWER},
        {"Ww", INTEGER_WORDS, LETTER_TITLE},
    };
    struct picture_integer *p = arena_zalloc(a, sizeof *p);
    p->mandatory = p->optional = p->parse_digits = (double)NAN;
    size_t semicolon = units_rfind_one(picture, ';');
    struct units pattern = units_sub(picture, 0, semicolon);
    p->is_ordinal =
        semicolon != STR_NONE && semicolon + 1 < picture.n && picture.p[semicolon + 1] == 'o';
    *ret = p;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (units_is(pattern, names[i].text)) {
            p->kind = names[i].kind;
            p->letter_case = names[i].letter_case;
            return true;
        }
    }
    return analyse_digits(a, pattern, p, err);
}

bool picture_integer_analyse(struct arena *a, str picture, const struct picture_integer **ret,
                             struct picture_error *err)
{
    if (picture.n > SIZE_MAX / 64 || !arena_room(a, picture.n * 32))
        return picture_fail(err, "U1002");
    struct picture_integer *p;
    if (!integer_analyse(a, units_of(a, picture), &p, err))
        return false;
    *ret = p;
    return true;
}

static bool print_letters(double value, char first, struct buf *out)
{
    enum { LETTERS_MAX = 256 }; /* 26^218 is beyond the largest double */
    char text[LETTERS_MAX];
    size_t at = sizeof text;
    if (isinf(value))
        return false;
    while (value > 0 && at > 0) {
        double less = value - 1;
        text[--at] = (char)(first + fmod(less, 26));
        value = floor(less / 26);
    }
    buf_add(out, (str){text + at, sizeof text - at});
    return true;
}

static bool print_roman(double value, bool is_upper, struct buf *out)
{
    static const struct {
        double value;
        char lower[3], upper[3];
    } numerals[] = {
        {900, "cm", "CM"}, {500, "d", "D"}, {400, "cd", "CD"}, {100, "c", "C"},
        {90, "xc", "XC"},  {50, "l", "L"},  {40, "xl", "XL"},  {10, "x", "X"},
        {9, "ix", "IX"},   {5, "v", "V"},   {4, "iv", "IV"},   {1, "i", "I"},
    };
    double thousands = floor(value / 1000);
    if (thousands >= ROMAN_THOUSANDS_MAX)
        return false;
    if (thousands > 0)
        buf_add_fill(out, is_upper ? 'M' : 'm', (size_t)thousands);
    double rest = value - thousands * 1000;
    for (size_t i = 0; i < ARRAY_LEN(numerals); i++) {
        for (; rest >= numerals[i].value; rest -= numerals[i].value)
            buf_add(out, str_of(is_upper ? numerals[i].upper : numerals[i].lower));
    }
    return true;
}

static bool print_words(const struct picture_integer *p, double value, struct buf *out)
{
    size_t start = out->n;
    if (!words_print(value, p->is_ordinal, out))
        return false;
    for (size_t i = start; i < out->n && p->letter_case != LETTER_TITLE; i++) {
        char c = out->p[i];
        if (p->letter_case == LETTER_UPPER && c >= 'a' && c <= 'z')
            out->p[i] = (char)(c - 'a' + 'A');
        if (p->letter_case == LETTER_LOWER && c >= 'A' && c <= 'Z')
            out->p[i] = (char)(c - 'A' + 'a');
    }
    return true;
}

/* JavaScript's text of a magnitude. */
static size_t magnitude_text(double value, char out[NUMBER_TEXT_MAX])
{
    if (isfinite(value))
        return number_print(value, out);
    str text = isnan(value) ? STR("NaN") : STR("Infinity");
    memcpy(out, text.p, text.n);
    return text.n;
}

/* The ending after the last two characters of a number, which must be ASCII to count. */
static str ordinal_ending(uint32_t last, uint32_t before)
{
    static const char endings[3][3] = {"st", "nd", "rd"};
    if (last < '1' || last > '3' || before == '1')
        return STR("th");
    return str_of(endings[last - '1']);
}

static void print_ending(const struct picture_integer *p, uint32_t last, uint32_t before,
                         struct buf *out)
{
    if (p->is_ordinal)
        buf_add(out, ordinal_ending(last, before));
}

/* Digits with no or regular separators. pad: zeros before the text. */
static void print_regular(const struct picture_integer *p, str text, size_t pad, struct buf *out)
{
    uint32_t shift = p->zero - '0';
    size_t left = pad + text.n;
    bool is_grouped = p->regular > 0;
    if (!is_grouped && shift == 0) {
        buf_add_fill(out, '0', pad);
        buf_add(out, text);
    } else {
        if (!buf_reserve(out, left))
            return;
        for (size_t i = 0; i < pad + text.n; i++, left--) {
            if (is_grouped && i > 0 && left % p->regular == 0)
                buf_add_utf8(out, p->separators[0].character);
            uint32_t c = i < pad ? '0' : (unsigned char)text.p[i - pad];
            buf_add_utf8(out, c + shift);
        }
    }
    uint32_t last = (unsigned char)text.p[text.n - 1] + shift;
    uint32_t before = text.n > 1 ? (unsigned char)text.p[text.n - 2] + shift
                      : pad > 0  ? p->zero
                                 : 0;
    print_ending(p, last, p->regular == 1 ? 0 : before, out);
}

static struct units code_point_units(uint32_t c, uint16_t memory[2])
{
    char text[4];
    return units_write((str){text, utf8_encode(c, text)}, memory);
}

/* Digits with separators at odd places. JavaScript's substr() counts a negative position from the
 * end, so a separator left of the number goes to its front and may cost digits: "12" with a
 * separator after three digits becomes ",2". */
static bool print_irregular(const struct picture_integer *p, struct units digits, struct buf *out)
{
    struct units_edit e;
    uint16_t memory[2];
    if (!units_edit_init(&e, digits, p->separator_count * 2, units_room(out)))
        return false;
    for (size_t i = p->separator_count; i-- > 0;) {
        const struct integer_separator *s = &p->separators[i];
        size_t length = units_edit_len(&e);
        struct units mark = code_point_units(s->character, memory);
        if (s->position <= length) {
            units_edit_insert(&e, length - s->position, mark);
        } else {
            size_t over = s->position - length;
            if (over < length)
                units_edit_drop_front(&e, length - over);
            units_edit_insert(&e, 0, mark);
        }
    }
    struct units all = units_edit_flat(&e);
    units_print(out, all);
    print_ending(p, all.p[all.n - 1], all.n > 1 ? all.p[all.n - 2] : 0, out);
    units_edit_done(&e);
    return true;
}

/* The usual case of dates: a small number in ASCII digits with zeros in front and nothing else. */
static bool print_small(const struct picture_integer *p, double value, struct buf *out)
{
    enum { SMALL = 1000000, DIGITS_MAX = 8 };
    if (!(value < SMALL) || p->zero != '0' || p->separator_count > 0 || p->is_ordinal ||
        p->mandatory > DIGITS_MAX || value != floor(value))
        return false;
    char text[DIGITS_MAX];
    size_t at = sizeof text;
    unsigned left = (unsigned)value;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    while ((double)(sizeof text - at) < p->mandatory)
        text[--at] = '0';
    buf_add(out, (str){text + at, sizeof text - at});
    return true;
}

static bool print_decimal(const struct picture_integer *p, double value, struct buf *out,
                          struct picture_error *err)
{
    if (print_small(p, value, out))
        return true;
    char text[NUMBER_TEXT_MAX];
    size_t n = magnitude_text(value, text);
    double pad = p->mandatory - (double)n;
    if (pad > PAD_MAX)
        return picture_fail(err, "D3160");
    size_t zeros = pad > 0 ? (size_t)pad : 0;
    if (p->regular > 0 || p->separator_count == 0) {
        print_regular(p, (str){text, n}, zeros, out);
        return true;
    }
    if (zeros > out->max - out->n) {
        out->overflowed = true;
        return true;
    }
    struct buf digits;
    buf_init(&digits, (zeros + n) * sizeof(uint16_t));
    for (size_t i = 0; i < zeros + n; i++) {
        uint32_t c = i < zeros ? '0' : (unsigned char)text[i - zeros];
        uint16_t unit = (uint16_t)(c + p->zero - '0');
        units_push(&digits, (struct units){&unit, 1});
    }
    if (!print_irregular(p, units_held(&digits), out))
        out->overflowed = true;
    buf_done(&digits);
    return true;
}

bool integer_print(const struct picture_integer *p, double value, struct buf *out,
                   struct picture_error *err)
{
    if (value < 0) {
        buf_add_byte(out, '-');
        value = -value;
    }
    switch (p->kind) {
    case INTEGER_DECIMAL: return print_decimal(p, fabs(value), out, err);
    case INTEGER_LETTERS:
        return print_letters(value, p->letter_case == LETTER_UPPER ? 'A' : 'a', out) ||
               picture_fail(err, "D3160");
    case INTEGER_ROMAN:
        return print_roman(value, p->letter_case == LETTER_UPPER, out) ||
               picture_fail(err, "D3160");
    case INTEGER_WORDS: return print_words(p, fabs(value), out) || picture_fail(err, "D3160");
    case INTEGER_SEQUENCE: return picture_fail_text(err, "D3130", p->token);
    }
    return false;
}

bool picture_integer_format(const struct picture_integer *p, double value, struct buf *out,
                            struct picture_error *err)
{
    return integer_print(p, floor(value), out, err);
}
