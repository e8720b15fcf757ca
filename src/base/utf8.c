/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8: the strict check and the walkers. Text is mostly ASCII, so everything looks at sixteen
 * bytes at a time first: with SSE2 where there is one, otherwise as two 64-bit words. The walkers
 * trust their input (valid but for lone surrogates); only utf8_check meets arbitrary bytes.
 */
#include "base/utf8.h"

#include "base/attr.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { UTF8_BLOCK = 16 };

#ifdef __SSE2__

static ALWAYS_INLINE __m128i utf8_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static ALWAYS_INLINE bool utf8_block_is_ascii(const char *p)
{
    return _mm_movemask_epi8(utf8_load(p)) == 0;
}

/* The number of bytes of a comparison result that are all ones. */
static ALWAYS_INLINE size_t utf8_count_set(__m128i set)
{
    __m128i ones = _mm_and_si128(set, _mm_set1_epi8(1));
    __m128i sums = _mm_sad_epu8(ones, _mm_setzero_si128());
    return (size_t)(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
}

/* Bytes of a block that start a code point: all but 10xxxxxx, which are the smallest signed
 * numbers. */
static ALWAYS_INLINE size_t utf8_block_starts(const char *p)
{
    return utf8_count_set(_mm_cmpgt_epi8(utf8_load(p), _mm_set1_epi8(-65)));
}

/* Bytes of a block that start a code point beyond U+FFFF: 1111xxxx. */
static ALWAYS_INLINE size_t utf8_block_fours(const char *p)
{
    __m128i bytes = utf8_load(p);
    return utf8_count_set(_mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(-16)), bytes));
}

#else

#define UTF8_LOW_BITS 0x0101010101010101u

static inline uint64_t utf8_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline bool utf8_block_is_ascii(const char *p)
{
    return ((utf8_word(p) | utf8_word(p + 8)) & UTF8_LOW_BITS << 7) == 0;
}

/* Adds the lowest bits of the eight bytes. */
static inline size_t utf8_sum_bits(uint64_t bits)
{
    return (size_t)((bits & UTF8_LOW_BITS) * UTF8_LOW_BITS >> 56);
}

static inline size_t utf8_block_starts(const char *p)
{
    uint64_t a = utf8_word(p), b = utf8_word(p + 8);
    return UTF8_BLOCK - utf8_sum_bits(a >> 7 & ~a >> 6) - utf8_sum_bits(b >> 7 & ~b >> 6);
}

static inline size_t utf8_block_fours(const char *p)
{
    uint64_t a = utf8_word(p), b = utf8_word(p + 8);
    return utf8_sum_bits(a >> 7 & a >> 6 & a >> 5 & a >> 4) +
           utf8_sum_bits(b >> 7 & b >> 6 & b >> 5 & b >> 4);
}

#endif

static ALWAYS_INLINE unsigned utf8_byte(const char *p)
{
    return (unsigned char)*p;
}

static ALWAYS_INLINE bool utf8_is_tail(const char *p)
{
    return (utf8_byte(p) & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at p with n bytes left, 0 when there is none (table 3-7). */
static ALWAYS_INLINE size_t utf8_sequence(const char *p, size_t n)
{
    unsigned lead = utf8_byte(p);
    if (lead < 0x80)
        return 1;
    if (lead < 0xE0)
        return lead >= 0xC2 && n >= 2 && utf8_is_tail(p + 1) ? 2 : 0;
    if (n < 3)
        return 0;
    unsigned second = utf8_byte(p + 1);
    if (lead < 0xF0) {
        unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
        unsigned high = lead == 0xED ? 0x9F : 0xBF;
        return second >= low && second <= high && utf8_is_tail(p + 2) ? 3 : 0;
    }
    unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    bool is_good = lead <= 0xF4 && n >= 4 && second >= low && second <= high &&
                   utf8_is_tail(p + 2) && utf8_is_tail(p + 3);
    return is_good ? 4 : 0;
}

size_t utf8_check(str s)
{
    size_t at = 0;
    while (at < s.n) {
        if (utf8_byte(s.p + at) < 0x80) {
            while (s.n - at >= UTF8_BLOCK && utf8_block_is_ascii(s.p + at))
                at += UTF8_BLOCK;
            while (at < s.n && utf8_byte(s.p + at) < 0x80)
                at++;
            continue;
        }
        size_t length = utf8_sequence(s.p + at, s.n - at);
        if (length == 0)
            return at;
        at += length;
    }
    return at;
}

bool utf8_is_ascii(str s)
{
    size_t at = 0;
    for (; s.n - at >= UTF8_BLOCK; at += UTF8_BLOCK) {
        if (!utf8_block_is_ascii(s.p + at))
            return false;
    }
    unsigned all = 0;
    for (; at < s.n; at++)
        all |= utf8_byte(s.p + at);
    return all < 0x80;
}

size_t utf8_len(str s)
{
    size_t at = 0, count = 0;
    for (; s.n - at >= UTF8_BLOCK; at += UTF8_BLOCK)
        count += utf8_block_starts(s.p + at);
    for (; at < s.n; at++)
        count += !utf8_is_tail(s.p + at);
    return count;
}

size_t utf8_utf16_len(str s)
{
    size_t at = 0, count = 0;
    for (; s.n - at >= UTF8_BLOCK; at += UTF8_BLOCK)
        count += utf8_block_starts(s.p + at) + utf8_block_fours(s.p + at);
    for (; at < s.n; at++)
        count += (size_t)!utf8_is_tail(s.p + at) + (utf8_byte(s.p + at) >= 0xF0);
    return count;
}

uint32_t utf8_next(str s, size_t *at)
{
    const char *p = s.p + *at;
    unsigned lead = utf8_byte(p);
    if (lead < 0x80) {
        *at += 1;
        return lead;
    }
    if (lead < 0xE0) {
        *at += 2;
        return (lead & 0x1F) << 6 | (utf8_byte(p + 1) & 0x3F);
    }
    uint32_t tail = (utf8_byte(p + 1) & 0x3F) << 6 | (utf8_byte(p + 2) & 0x3F);
    if (lead < 0xF0) {
        *at += 3;
        return (lead & 0x0F) << 12 | tail;
    }
    *at += 4;
    return (lead & 0x07) << 18 | tail << 6 | (utf8_byte(p + 3) & 0x3F);
}

str utf8_prefix(str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
        max--;
    return str_sub(s, 0, max);
}

size_t utf8_prev(str s, size_t at)
{
    do {
        at--;
    } while (at > 0 && utf8_is_tail(s.p + at));
    return at;
}

size_t utf8_offset(str s, size_t index)
{
    if (index >= s.n)
        return s.n;
    size_t at = 0;
    while (s.n - at >= UTF8_BLOCK) {
        size_t starts = utf8_block_starts(s.p + at);
        if (starts > index)
            break;
        index -= starts;
        at += UTF8_BLOCK;
    }
    /* The block may have ended inside a code point: its tail bytes are skipped here. */
    for (; at < s.n; at++) {
        if (utf8_is_tail(s.p + at))
            continue;
        if (index == 0)
            return at;
        index--;
    }
    return s.n;
}

size_t utf8_encode(uint32_t code_point, char out[4])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

/* Reads text as UTF-16 code units. */
struct utf16_reader {
    str s;
    size_t at;
    uint32_t low; /* second half of a pair that comes next, or 0 */
};

/* The next unit, or -1 at the end. */
static int32_t utf16_read(struct utf16_reader *r)
{
    if (r->low != 0) {
        int32_t unit = (int32_t)r->low;
        r->low = 0;
        return unit;
    }
    if (r->at >= r->s.n)
        return -1;
    uint32_t code_point = utf8_next(r->s, &r->at);
    if (code_point < 0x10000)
        return (int32_t)code_point;
    r->low = 0xDC00 | (code_point & 0x3FF);
    return (int32_t)(0xD7C0 + (code_point >> 10));
}

/* Length of the common prefix. */
static size_t utf8_common(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    size_t at = 0;
    for (; n - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a.p + at, sizeof x);
        memcpy(&y, b.p + at, sizeof y);
        if (x != y)
            break;
    }
    while (at < n && a.p[at] == b.p[at])
        at++;
    return at;
}

int utf8_cmp_utf16(str a, str b)
{
    size_t at = utf8_common(a, b);
    if (at == a.n || at == b.n)
        return (a.n > b.n) - (a.n < b.n);
    unsigned x = utf8_byte(a.p + at), y = utf8_byte(b.p + at);
    /* Only a pair of surrogates against something else sorts differently from bytes; bytes from F0
     * on are leads, so both texts have a character boundary there. */
    if ((x >= 0xF0) == (y >= 0xF0))
        return x < y ? -1 : 1;
    struct utf16_reader left = {.s = a, .at = at}, right = {.s = b, .at = at};
    for (;;) {
        int32_t l = utf16_read(&left), r = utf16_read(&right);
        if (l != r)
            return l < r ? -1 : 1;
        if (l < 0)
            return 0;
    }
}

bool utf8_is_inner(str s)
{
    for (size_t at = 0; at < s.n;) {
        str rest = str_sub(s, at, s.n);
        size_t valid = utf8_check(rest);
        bool is_surrogate = valid + 3 <= rest.n && (uint8_t)rest.p[valid] == 0xED &&
                            ((uint8_t)rest.p[valid + 1] & 0xE0) == 0xA0 &&
                            ((uint8_t)rest.p[valid + 2] & 0xC0) == 0x80;
        if (valid < rest.n && !is_surrogate)
            return false;
        at += valid + (is_surrogate ? 3 : 0);
    }
    return true;
}
