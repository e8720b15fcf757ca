/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str: a slice of bytes, pointer and length, passed by value. Not NUL-terminated, may contain NUL,
 * owns nothing. Text is checked as UTF-8 once, where it enters the program; inside, a str that is
 * text is valid (see base/utf8.h for the one exception, lone surrogates written as escapes).
 */
#ifndef AFFLUX_BASE_STR_H
#define AFFLUX_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct str {
    const char *p;
    size_t n;
} str;

#define STR(lit) ((str){(lit), sizeof(lit) - 1})
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s" */
#define STR_NONE SIZE_MAX            /* "not found" of the find functions */

static inline str str_of(const char *cstr)
{
    return (str){cstr, strlen(cstr)};
}

static inline bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The part [from, to) of s; both are cut to its length. */
static inline str str_sub(str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (str){from > 0 ? s.p + from : s.p, to - from}; /* p may be NULL */
}

/* Byte order, a shorter prefix first: <0, 0 or >0. */
int str_cmp(str a, str b);

bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);

/* Byte offset of the first occurrence of needle at or after from; STR_NONE when there is none. An
 * empty needle is found at from. */
size_t str_find(str s, str needle, size_t from);

/* Byte offset of the first / last byte c, or STR_NONE. */
size_t str_find_byte(str s, char c, size_t from);
size_t str_rfind_byte(str s, char c);

/* Bytes to insert, remove or replace to get from one word to the other; STR_DISTANCE_MAX for words
 * longer than that. */
enum { STR_DISTANCE_MAX = 40 };
unsigned str_distance(str a, str b);

/* A malloc'ed copy, with a NUL behind its end: free() its p. */
str str_dup(str s);

#endif
