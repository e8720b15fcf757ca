/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 checking and walking.
 *
 * Text from outside must be strict UTF-8 (Unicode 15, table 3-7). One relaxation holds inside: a
 * lone surrogate that came as an escape (\ud800) is kept as the three bytes UTF-8 would give it
 * ("WTF-8"), since JSON and JSONata can express it. Walkers treat it as one code point; writers
 * turn it back into an escape. All functions but utf8_check take text that is valid in this sense.
 */
#ifndef AFFLUX_BASE_UTF8_H
#define AFFLUX_BASE_UTF8_H

#include "base/str.h"

/* Number of leading bytes that are valid: s.n when all are. Fast for ASCII. */
size_t utf8_check(str s);
bool utf8_is_ascii(str s);
/* Is it text as it may be inside: strict UTF-8, and lone surrogates? */
bool utf8_is_inner(str s);

/* Code points in s. */
size_t utf8_len(str s);
/* UTF-16 code units in s: what JavaScript calls its length. */
size_t utf8_utf16_len(str s);

/* Reads the code point at *at (< s.n) and moves *at behind it. */
uint32_t utf8_next(str s, size_t *at);
/* Moves at (> 0) back to the start of the code point before it. */
size_t utf8_prev(str s, size_t at);
/* The longest beginning of at most so many bytes that ends with a whole character. */
str utf8_prefix(str s, size_t max);
/* Byte offset of code point number index; s.n when there are not so many. */
size_t utf8_offset(str s, size_t index);

/* Writes 1 to 4 bytes and says how many. code_point must be below 0x110000; surrogates get three
 * bytes. */
size_t utf8_encode(uint32_t code_point, char out[4]);

/* Order of JavaScript strings: by UTF-16 code unit, which differs from byte order beyond U+FFFF. */
int utf8_cmp_utf16(str a, str b);

static inline bool utf8_is_surrogate(uint32_t code_point)
{
    return code_point >= 0xD800 && code_point <= 0xDFFF;
}

#endif
