/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at text many bytes at a time: ends of strings, white space, keys, bytes that need an
 * escape. SSE2 where there is SSE2, otherwise eight bytes in a word. For readers and writers of
 * JSON text: this folder, and csv/, which walks rows in the text.
 *
 * All functions that say "padded" read up to SCAN_STEP bytes from where they stand, whatever the
 * text's end is; parsed text has JSON_TEXT_PADDING zero bytes behind it, and a zero byte stops
 * every search.
 */
#ifndef AFFLUX_JSON_SCAN_H
#define AFFLUX_JSON_SCAN_H

#include "json/value.h"

#if defined(__SSE2__) && !defined(AFFLUX_NO_SIMD)
#define SCAN_SSE2 1
#include <emmintrin.h>
#else
#define SCAN_SSE2 0
#endif

#define SWAR_ONES UINT64_C(0x0101010101010101)
#define SWAR_HIGH UINT64_C(0x8080808080808080)

static inline uint64_t swar_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* High bit of each byte that equals c; bytes above a hit may be marked by mistake. */
static inline uint64_t swar_equal(uint64_t word, uint8_t c)
{
    uint64_t diff = word ^ SWAR_ONES * c;
    return (diff - SWAR_ONES) & ~diff & SWAR_HIGH;
}

/* High bit of each byte below 0x20, with the same weakness. */
static inline uint64_t swar_control(uint64_t word)
{
    return (word - SWAR_ONES * 0x20) & ~word & SWAR_HIGH;
}

/* The bytes that end the plain part of a string: quote, backslash, control. The first one is exact.
 */
static inline uint64_t swar_special(uint64_t word)
{
    return swar_equal(word, '"') | swar_equal(word, '\\') | swar_control(word);
}

#if SCAN_SSE2
enum { SCAN_STEP = 16 };

static inline __m128i scan_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline unsigned scan_special_mask(__m128i bytes)
{
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
}
#else
enum { SCAN_STEP = 8 };
#endif

/* The first quote, backslash or control byte at or behind p (padded). *high becomes nonzero when a
 * byte before it has its high bit set. */
static ALWAYS_INLINE const char *scan_string(const char *p, uint64_t *high)
{
#if SCAN_SSE2
    unsigned seen = 0;
    for (;; p += 16) {
        __m128i bytes = scan_load(p);
        unsigned special = scan_special_mask(bytes);
        unsigned marked = (unsigned)_mm_movemask_epi8(bytes);
        if (special != 0) {
            /* special ^ (special - 1) has all bits up to the first hit, which is below 0x80 itself
             */
            *high = seen | (marked & (special ^ (special - 1)));
            return p + __builtin_ctz(special);
        }
        seen |= marked;
    }
#else
    uint64_t seen = 0;
    for (;; p += 8) {
        uint64_t word = swar_load(p), special = swar_special(word);
        if (special != 0) {
            *high = seen | (word & SWAR_HIGH & (special ^ (special - 1)));
            return p + __builtin_ctzll(special) / 8;
        }
        seen |= word & SWAR_HIGH;
    }
#endif
}

/* The first byte at or behind p that is no white space (padded). */
static inline const char *scan_space_far(const char *p)
{
#if SCAN_SSE2
    for (;; p += 16) {
        __m128i bytes = scan_load(p);
        __m128i space = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
        space = _mm_or_si128(space, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')),
                                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'))));
        unsigned other = (unsigned)_mm_movemask_epi8(space) ^ 0xFFFFu;
        if (other != 0)
            return p + __builtin_ctz(other);
    }
#else
    for (; swar_load(p) == SWAR_ONES * ' '; p += 8)
        ;
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
        p++;
    return p;
#endif
}

static ALWAYS_INLINE const char *scan_space(const char *p)
{
    if (LIKELY((uint8_t)*p > ' '))
        return p;
    if (*p == ' ' && (uint8_t)p[1] > ' ')
        return p + 1;
    return scan_space_far(p);
}

/* Does the text from p to end (padded) begin with the n bytes at key, of which SCAN_STEP can be
 * read? */
static ALWAYS_INLINE bool scan_same(const char *p, const char *end, const char *key, uint32_t n)
{
#if SCAN_SSE2
    unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(scan_load(p), scan_load(key)));
    if (LIKELY(n <= 16))
        return (~same & ((1u << n) - 1)) == 0;
    return same == 0xFFFFu && n <= (size_t)(end - p) && memcmp(p + 16, key + 16, n - 16) == 0;
#else
    return n <= (size_t)(end - p) && memcmp(p, key, n) == 0;
#endif
}

/* Bytes from p on, n at most, that a JSON string can hold as they are: none is a quote, a
 * backslash, a control byte or 0xED (which may begin a surrogate). */
static inline size_t scan_unescaped(const char *p, size_t n)
{
    size_t at = 0;
#if SCAN_SSE2
    for (; n - at >= 16; at += 16) {
        __m128i bytes = scan_load(p + at);
        unsigned surrogate =
            (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xED)));
        unsigned special = scan_special_mask(bytes) | surrogate;
        if (special != 0)
            return at + (size_t)__builtin_ctz(special);
    }
#endif
    for (; n - at >= 8; at += 8) {
        uint64_t word = swar_load(p + at);
        uint64_t special = swar_special(word) | swar_equal(word, 0xED);
        if (special != 0)
            return at + (size_t)__builtin_ctzll(special) / 8;
    }
    for (; at < n; at++) {
        uint8_t c = (uint8_t)p[at];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0xED)
            break;
    }
    return at;
}

/* Are all bytes below 0x80? */
static inline bool scan_ascii(const char *p, size_t n)
{
    uint64_t seen = 0;
    size_t at = 0;
    for (; n - at >= 8; at += 8)
        seen |= swar_load(p + at);
    for (; at < n; at++)
        seen |= (uint8_t)p[at] & UINT64_C(0x80);
    return (seen & SWAR_HIGH) == 0;
}

/* JSON_ASCII and JSON_PLAIN of text. */
static inline unsigned scan_flags(const char *p, size_t n)
{
    unsigned flags = scan_ascii(p, n) ? JSON_ASCII : 0;
    size_t at = scan_unescaped(p, n);
    while (at < n && (uint8_t)p[at] == 0xED && at + 1 < n && (uint8_t)p[at + 1] < 0xA0)
        at += 2 + scan_unescaped(p + at + 2, n - at - 2);
    return flags | (at == n ? JSON_PLAIN : 0);
}

#endif
