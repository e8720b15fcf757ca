/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as UTF-16 code units: conversion, searching, JavaScript's parseInt, editing. Relies on text
 * being valid as base/utf8.h says. Not here: anything about pictures, and case mapping
 * (regex_fold.c).
 */
#include "jsonata/units.h"

#include "base/number.h"
#include "base/utf8.h"
#include <math.h>

struct units units_write(str s, uint16_t *out)
{
    size_t n = 0;
    size_t at = 0;
    while (at < s.n) {
        unsigned char byte = (unsigned char)s.p[at];
        if (byte < 0x80) {
            out[n++] = byte;
            at++;
            continue;
        }
        uint32_t c = utf8_next(s, &at);
        if (c >= 0x10000) {
            out[n++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            out[n++] = (uint16_t)(0xDC00 + (c & 0x3FF));
        } else {
            out[n++] = (uint16_t)c;
        }
    }
    return (struct units){out, n};
}

struct units units_of(struct arena *a, str s)
{
    return units_write(s, arena_alloc(a, s.n * sizeof(uint16_t)));
}

/* The code point at *at; a pair counts as one, a lone surrogate as itself. */
static uint32_t next_code_point(struct units u, size_t *at)
{
    uint32_t c = u.p[(*at)++];
    if (c >= 0xD800 && c < 0xDC00 && *at < u.n) {
        uint32_t low = u.p[*at];
        if (low >= 0xDC00 && low < 0xE000) {
            (*at)++;
            return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return c;
}

str units_text(struct arena *a, struct units u)
{
    char *p = arena_alloc(a, u.n * 3 + 1);
    size_t n = 0;
    for (size_t at = 0; at < u.n;)
        n += utf8_encode(next_code_point(u, &at), p + n);
    return (str){p, n};
}

void units_print(struct buf *out, struct units u)
{
    if (!buf_reserve(out, u.n))
        return;
    for (size_t at = 0; at < u.n;)
        buf_add_utf8(out, next_code_point(u, &at));
}

void units_push(struct buf *b, struct units u)
{
    buf_add(b, (str){(const char *)u.p, u.n * sizeof(uint16_t)});
}

struct units units_held(const struct buf *b)
{
    /* A buf's memory comes from malloc and holds nothing but units: aligned for them. */
    return (struct units){(const uint16_t *)(const void *)b->p, b->n / sizeof(uint16_t)};
}

size_t units_room(const struct buf *out)
{
    size_t room = out->max - out->n; /* every unit needs a byte at least */
    return room < SIZE_MAX / 8 ? room : SIZE_MAX / 8;
}

static bool has_units_at(struct units u, size_t at, struct units needle)
{
    return needle.n == 0 || memcmp(u.p + at, needle.p, needle.n * sizeof(uint16_t)) == 0;
}

size_t units_find(struct units u, struct units needle, size_t from)
{
    if (needle.n == 0)
        return from < u.n ? from : u.n;
    for (size_t at = from; at < u.n && needle.n <= u.n - at; at++) {
        if (has_units_at(u, at, needle))
            return at;
    }
    return STR_NONE;
}

size_t units_rfind(struct units u, struct units needle)
{
    if (needle.n > u.n)
        return STR_NONE;
    for (size_t at = u.n - needle.n + 1; at-- > 0;) {
        if (has_units_at(u, at, needle))
            return at;
    }
    return STR_NONE;
}

size_t units_find_one(struct units u, uint16_t unit, size_t from)
{
    return units_find(u, (struct units){&unit, 1}, from);
}

size_t units_rfind_one(struct units u, uint16_t unit)
{
    return units_rfind(u, (struct units){&unit, 1});
}

bool units_is_at(struct units u, size_t at, struct units text)
{
    if (at >= u.n)
        return text.n == 0;
    return text.n == 1 && u.p[at] == text.p[0];
}

bool units_is(struct units u, const char *ascii)
{
    size_t i = 0;
    while (i < u.n && ascii[i] != '\0' && u.p[i] == (unsigned char)ascii[i])
        i++;
    return i == u.n && ascii[i] == '\0';
}

bool unit_is_space(uint16_t unit)
{
    if (unit < 0x80)
        return unit == ' ' || (unit >= '\t' && unit <= '\r');
    return unit == 0xA0 || unit == 0x1680 || (unit >= 0x2000 && unit <= 0x200A) || unit == 0x2028 ||
           unit == 0x2029 || unit == 0x202F || unit == 0x205F || unit == 0x3000 || unit == 0xFEFF;
}

static int hex_value(uint16_t unit)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0';
    uint16_t lower = unit | 0x20;
    return unit < 0x80 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Hexadecimal digits as a double, rounded once: the first 64 bits with the rest as a sticky bit. */
static double parse_hex(struct units u)
{
    uint64_t head = 0;
    int exponent = 0;
    size_t i = 0;
    for (; i < u.n && hex_value(u.p[i]) >= 0; i++) {
        uint64_t digit = (uint64_t)hex_value(u.p[i]);
        if (head >> 60 == 0) {
            head = head * 16 + digit;
        } else {
            head |= digit != 0;
            exponent = exponent < 5000 ? exponent + 4 : exponent;
        }
    }
    return i == 0 ? (double)NAN : ldexp((double)head, exponent);
}

/* Decimal digits as the nearest double. */
static double parse_decimal(struct units u)
{
    enum { SHORT_MAX = 15, DIGITS_MAX = 400 /* more are beyond the largest double */ };
    char text[DIGITS_MAX];
    uint64_t whole = 0; /* exact as long as there are few digits */
    size_t n = 0;
    size_t i = 0;
    while (i < u.n && u.p[i] == '0')
        i++;
    bool has_digits = i > 0;
    for (; i < u.n && u.p[i] >= '0' && u.p[i] <= '9'; i++) {
        has_digits = true;
        if (n == DIGITS_MAX)
            return (double)INFINITY;
        text[n++] = (char)u.p[i];
        whole = whole * 10 + (uint64_t)(u.p[i] - '0');
    }
    double value = has_digits ? (double)whole : (double)NAN;
    if (n > SHORT_MAX)
        (void)number_parse((str){text, n}, &value);
    return value;
}

double units_parse_int(struct units u)
{
    size_t i = 0;
    while (i < u.n && unit_is_space(u.p[i]))
        i++;
    bool is_negative = i < u.n && u.p[i] == '-';
    if (i < u.n && (u.p[i] == '-' || u.p[i] == '+'))
        i++;
    double value;
    if (i + 1 < u.n && u.p[i] == '0' && (u.p[i + 1] | 0x20) == 'x' && u.p[i + 1] < 0x80)
        value = parse_hex(units_sub(u, i + 2, u.n));
    else
        value = parse_decimal(units_sub(u, i, u.n));
    return is_negative ? -value : value;
}

bool units_edit_init(struct units_edit *e, struct units text, size_t more, size_t max_units)
{
    *e = (struct units_edit){0};
    if (text.n > max_units || more > max_units - text.n)
        return false;
    e->cap = text.n + more;
    buf_init(&e->memory, (e->cap + 1) * sizeof(uint16_t));
    buf_add_fill(&e->memory, '\0', (e->cap + 1) * sizeof(uint16_t));
    e->p = (uint16_t *)(void *)e->memory.p;
    if (text.n > 0)
        memcpy(e->p, text.p, text.n * sizeof(uint16_t));
    e->before = text.n;
    e->after = e->cap;
    return true;
}

void units_edit_done(struct units_edit *e)
{
    buf_done(&e->memory);
}

size_t units_edit_len(const struct units_edit *e)
{
    return e->before + (e->cap - e->after);
}

static void move_gap(struct units_edit *e, size_t at)
{
    if (at < e->before) {
        size_t count = e->before - at;
        e->after -= count;
        memmove(e->p + e->after, e->p + at, count * sizeof(uint16_t));
    } else if (at > e->before) {
        size_t count = at - e->before;
        memmove(e->p + e->before, e->p + e->after, count * sizeof(uint16_t));
        e->after += count;
    }
    e->before = at;
}

void units_edit_insert(struct units_edit *e, size_t at, struct units text)
{
    move_gap(e, at);
    if (text.n > 0)
        memcpy(e->p + e->before, text.p, text.n * sizeof(uint16_t));
    e->before += text.n;
}

void units_edit_drop_front(struct units_edit *e, size_t count)
{
    move_gap(e, 0);
    e->after += count;
}

struct units units_edit_flat(struct units_edit *e)
{
    move_gap(e, units_edit_len(e));
    return (struct units){e->p, e->before};
}
