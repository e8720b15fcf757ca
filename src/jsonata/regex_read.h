/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JavaScript regular expressions piece by piece: characters, escapes, classes, quantifiers.
 * A reader owns nothing. Functions that return false have put what is wrong into err, where not
 * said otherwise.
 */
#ifndef AFFLUX_JSONATA_REGEX_READ_H
#define AFFLUX_JSONATA_REGEX_READ_H

#include "base/error.h"
#include "base/str.h"
#include "jsonata/regex_set.h"

enum {
    REGEX_END = INT32_MAX,             /* instead of a character: there is none */
    REGEX_REPEAT_INFINITE = INT32_MAX, /* instead of a count: no end */
};

struct regex_reader {
    str src;
    size_t at;         /* next byte */
    bool has_names;    /* the pattern has named groups, and \k is no longer a letter */
    struct error *err; /* may be NULL */
};

struct regex_repeat {
    uint32_t min, max; /* counts above REGEX_REPEAT_INFINITE are cut to it */
    bool lazy;
};

/* STATUS_INVALID "S0303" at the current place; false, so that callers can return it. */
bool regex_refuse(struct regex_reader *r, const char *what);

/* The character at the current place or at a byte offset, which is then the start of one; or
 * REGEX_END. */
uint32_t regex_peek(const struct regex_reader *r);
uint32_t regex_peek_at(const struct regex_reader *r, size_t at);
/* Takes one; not at the end. */
uint32_t regex_take(struct regex_reader *r);
bool regex_take_if(struct regex_reader *r, str s);

bool regex_is_digit(uint32_t c);
bool regex_is_letter(uint32_t c);
bool regex_is_high_surrogate(uint32_t c);
uint32_t regex_pair_surrogates(uint32_t high, uint32_t low);

/* The value of exactly so many hexadecimal digits at `at`, or REGEX_END. */
uint32_t regex_hex_at(const struct regex_reader *r, size_t at, size_t digits);
/* Behind "\u": four digits, or two such escapes that are halves of one character; or REGEX_END. */
uint32_t regex_take_unicode_escape(struct regex_reader *r, bool in_class);
/* Behind a backslash, not at the end: an escape that stands for one character. */
uint32_t regex_take_character_escape(struct regex_reader *r, bool in_class);

/* Decimal digits. */
uint32_t regex_take_count(struct regex_reader *r);
/* False, without an error, when there is no quantifier here. */
bool regex_take_quantifier(struct regex_reader *r, struct regex_repeat *ret);

/* Behind a backslash: \d \D \s \S \w \W into the set; false, without an error, when it is none of
 * them. */
bool regex_take_class_escape(struct regex_reader *r, struct regex_set *set);
/* Behind '[': the members into set, up to and with ']'. */
NODISCARD bool regex_take_class(struct regex_reader *r, struct regex_set *set, bool *ret_negate);

/*
 * When set holds only first halves of UTF-16 pairs and second halves follow in the pattern, both
 * mean characters above U+FFFF, those of the product: set becomes that, and true. Never an error.
 */
bool regex_join_halves(struct regex_reader *r, struct regex_set *set);

#endif
