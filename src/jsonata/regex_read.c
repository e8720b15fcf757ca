/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small pieces of JavaScript's regular expression syntax (ECMA-262, "Patterns" with the
 * additions of annex B, without the flags u and v), read into code points, sets and counts. How
 * they are put together, and what PCRE2 gets, is in regex_translate.c.
 */
#include "jsonata/regex_read.h"
#include "base/utf8.h"

static const struct regex_range range_digit[] = {{'0', '9'}};
static const struct regex_range range_word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct regex_range range_space[] = {
    {0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF},
};

/* ---- Characters ---- */

bool regex_refuse(struct regex_reader *r, const char *what)
{
    error_set(r->err, STATUS_INVALID, "S0303",
              "the regular expression is malformed: %s (at byte %zu)", what, r->at);
    return false;
}

uint32_t regex_peek_at(const struct regex_reader *r, size_t at)
{
    if (at >= r->src.n)
        return REGEX_END;
    unsigned char c = (unsigned char)r->src.p[at];
    return c < 0x80 ? c : utf8_next(r->src, &at);
}

uint32_t regex_peek(const struct regex_reader *r)
{
    return regex_peek_at(r, r->at);
}

uint32_t regex_take(struct regex_reader *r)
{
    return utf8_next(r->src, &r->at);
}

bool regex_take_if(struct regex_reader *r, str s)
{
    if (!str_starts(str_sub(r->src, r->at, r->src.n), s))
        return false;
    r->at += s.n;
    return true;
}

bool regex_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

bool regex_is_letter(uint32_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

bool regex_is_high_surrogate(uint32_t c)
{
    return c >= 0xD800 && c <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

uint32_t regex_pair_surrogates(uint32_t high, uint32_t low)
{
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

uint32_t regex_hex_at(const struct regex_reader *r, size_t at, size_t digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        uint32_t c = regex_peek_at(r, at + i);
        if (regex_is_digit(c))
            value = value * 16 + (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value * 16 + ((c | 32) - 'a' + 10);
        else
            return REGEX_END;
    }
    return value;
}

uint32_t regex_take_unicode_escape(struct regex_reader *r, bool in_class)
{
    uint32_t c = regex_hex_at(r, r->at, 4);
    if (c == REGEX_END)
        return REGEX_END;
    r->at += 4;
    if (regex_is_high_surrogate(c) && regex_peek(r) == '\\' && regex_peek_at(r, r->at + 1) == 'u') {
        uint32_t low = regex_hex_at(r, r->at + 2, 4);
        /* In a class a half next to '-' is an end of a range. */
        bool is_range =
            in_class && (regex_peek_at(r, r->at + 6) == '-' || r->src.p[r->at - 7] == '-');
        if (low != REGEX_END && is_low_surrogate(low) && !is_range) {
            r->at += 6;
            return regex_pair_surrogates(c, low);
        }
    }
    return c;
}

static uint32_t take_octal_escape(struct regex_reader *r)
{
    uint32_t value = regex_take(r) - '0';
    for (int more = value <= 3 ? 2 : 1; more > 0; more--) {
        uint32_t c = regex_peek(r);
        if (c == REGEX_END || c < '0' || c > '7')
            break;
        value = value * 8 + (regex_take(r) - '0');
    }
    return value;
}

/* "\c": a control character, or just the backslash (annex B). */
static uint32_t take_control_escape(struct regex_reader *r, bool in_class)
{
    uint32_t c = regex_peek_at(r, r->at + 1);
    if (c != REGEX_END && (regex_is_letter(c) || (in_class && (regex_is_digit(c) || c == '_')))) {
        r->at += 2;
        return c % 32;
    }
    return '\\';
}

uint32_t regex_take_character_escape(struct regex_reader *r, bool in_class)
{
    static const char letters[] = "tnvfr";
    static const char values[] = "\t\n\v\f\r";
    uint32_t c = regex_peek(r);
    if (c >= '0' && c <= '7')
        return take_octal_escape(r);
    if (c == 'c')
        return take_control_escape(r, in_class);
    regex_take(r);
    const char *letter = c < 0x80 && c != 0 ? strchr(letters, (int)c) : NULL;
    if (letter)
        return (unsigned char)values[letter - letters];
    uint32_t value = REGEX_END;
    if (c == 'x') {
        value = regex_hex_at(r, r->at, 2);
        r->at += value != REGEX_END ? 2 : 0;
    } else if (c == 'u') {
        value = regex_take_unicode_escape(r, in_class);
    }
    return value != REGEX_END ? value : c;
}

/* ---- Quantifiers ---- */

uint32_t regex_take_count(struct regex_reader *r)
{
    uint64_t value = 0;
    while (regex_is_digit(regex_peek(r))) {
        value = value * 10 + (regex_take(r) - '0');
        value = value > REGEX_REPEAT_INFINITE ? REGEX_REPEAT_INFINITE : value;
    }
    return (uint32_t)value;
}

/* "{n}", "{n,}" or "{n,m}"; anything else is not a quantifier and nothing is taken. */
static bool take_braces(struct regex_reader *r, struct regex_repeat *ret)
{
    size_t start = r->at;
    r->at++;
    if (regex_is_digit(regex_peek(r))) {
        ret->min = ret->max = regex_take_count(r);
        if (regex_take_if(r, STR(",")))
            ret->max = regex_is_digit(regex_peek(r)) ? regex_take_count(r) : REGEX_REPEAT_INFINITE;
        if (regex_take_if(r, STR("}")))
            return true;
    }
    r->at = start;
    return false;
}

bool regex_take_quantifier(struct regex_reader *r, struct regex_repeat *ret)
{
    switch (regex_peek(r)) {
    case '*': *ret = (struct regex_repeat){0, REGEX_REPEAT_INFINITE, false}; break;
    case '+': *ret = (struct regex_repeat){1, REGEX_REPEAT_INFINITE, false}; break;
    case '?': *ret = (struct regex_repeat){0, 1, false}; break;
    case '{':
        if (!take_braces(r, ret))
            return false;
        r->at--;
        break;
    default: return false;
    }
    r->at++;
    ret->lazy = regex_take_if(r, STR("?"));
    return true;
}

/* ---- Classes ---- */

bool regex_take_class_escape(struct regex_reader *r, struct regex_set *set)
{
    struct regex_set part = {0};
    uint32_t c = regex_peek(r);
    switch (c) {
    case 'd':
    case 'D': regex_set_add_all(&part, range_digit, ARRAY_LEN(range_digit)); break;
    case 's':
    case 'S': regex_set_add_all(&part, range_space, ARRAY_LEN(range_space)); break;
    case 'w':
    case 'W': regex_set_add_all(&part, range_word, ARRAY_LEN(range_word)); break;
    default: return false;
    }
    r->at++;
    if (c < 'a')
        regex_set_invert(&part);
    regex_set_add_all(set, part.ranges, part.count);
    regex_set_done(&part);
    return true;
}

/* One member of a class: a character, or *ret = REGEX_END when it was an escape for many. */
static bool take_class_atom(struct regex_reader *r, struct regex_set *set, uint32_t *ret)
{
    uint32_t c = regex_take(r);
    if (c != '\\') {
        *ret = c;
        return true;
    }
    if (r->at >= r->src.n)
        return regex_refuse(r, "\\ at end of pattern");
    *ret = REGEX_END;
    if (regex_take_class_escape(r, set))
        return true;
    if (regex_peek(r) == 'k' && r->has_names)
        return regex_refuse(r, "invalid escape");
    *ret = '\b';
    if (!regex_take_if(r, STR("b")))
        *ret = regex_take_character_escape(r, true);
    return true;
}

static void set_add_atom(struct regex_set *set, uint32_t c)
{
    if (c != REGEX_END)
        regex_set_add(set, c, c);
}

/* At a '-' that is not the last of its class? */
static bool at_range(const struct regex_reader *r)
{
    return regex_peek(r) == '-' && regex_peek_at(r, r->at + 1) != ']' && r->at + 1 < r->src.n;
}

bool regex_take_class(struct regex_reader *r, struct regex_set *set, bool *ret_negate)
{
    set->count = 0;
    *ret_negate = regex_take_if(r, STR("^"));
    while (!regex_take_if(r, STR("]"))) {
        uint32_t lo, hi;
        if (r->at >= r->src.n)
            return regex_refuse(r, "unterminated character class");
        if (!take_class_atom(r, set, &lo))
            return false;
        if (!at_range(r)) {
            set_add_atom(set, lo);
            continue;
        }
        r->at++;
        if (!take_class_atom(r, set, &hi))
            return false;
        if (lo == REGEX_END || hi == REGEX_END) {
            set_add_atom(set, lo);
            set_add_atom(set, '-');
            set_add_atom(set, hi);
        } else if (lo > hi) {
            return regex_refuse(r, "range out of order in character class");
        } else {
            regex_set_add(set, lo, hi);
        }
    }
    regex_set_tidy(set);
    return true;
}

/* ---- Halves of UTF-16 pairs ---- */

/* The second half at the current place, an escape or a class without quantifier, into low; nothing
 * is taken when there is none. */
static bool take_low_half(struct regex_reader *r, struct regex_set *low)
{
    size_t start = r->at;
    bool negate = false;
    struct regex_repeat repeat;
    low->count = 0;
    struct error *err = r->err;
    r->err = NULL; /* what is wrong here will be found again */
    if (regex_take_if(r, STR("["))) {
        if (!regex_take_class(r, low, &negate) || negate)
            low->count = 0;
    } else if (regex_take_if(r, STR("\\u"))) {
        set_add_atom(low, regex_take_unicode_escape(r, false));
    }
    r->err = err;
    size_t end = r->at;
    if (regex_set_within(low, 0xDC00, 0xDFFF) && !regex_take_quantifier(r, &repeat)) {
        r->at = end;
        return true;
    }
    r->at = start;
    return false;
}

bool regex_join_halves(struct regex_reader *r, struct regex_set *set)
{
    enum { PRODUCT_MAX = 4096 };
    if (!regex_set_within(set, 0xD800, 0xDBFF))
        return false;
    struct regex_set low = {0};
    struct regex_set both = {0};
    size_t start = r->at;
    bool joined = take_low_half(r, &low);
    for (size_t i = 0; joined && i < set->count; i++) {
        struct regex_range high = set->ranges[i];
        for (uint32_t h = high.lo; h <= high.hi && joined; h++) {
            for (size_t k = 0; k < low.count; k++)
                regex_set_add(&both, regex_pair_surrogates(h, low.ranges[k].lo),
                              regex_pair_surrogates(h, low.ranges[k].hi));
            joined = both.count <= PRODUCT_MAX;
        }
    }
    regex_set_done(&low);
    if (!joined) {
        regex_set_done(&both);
        r->at = start;
        return false;
    }
    regex_set_tidy(&both);
    regex_set_done(set);
    *set = both;
    return true;
}
