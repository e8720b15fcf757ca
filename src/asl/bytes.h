/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and texts as bytes, for encode.c and snapshot.c: whole numbers as variable-length (7 bits
 * a byte, the lowest first), signed ones folded (0, -1, 1, -2 …), doubles as 8 bytes of their bits,
 * texts with their length before them. A reader that met its end or nonsense stays failed and gives
 * zeros.
 */
#ifndef AFFLUX_ASL_BYTES_H
#define AFFLUX_ASL_BYTES_H

#include "base/buf.h"
#include "base/utf8.h"

static inline void put_number(struct buf *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_add_byte(b, (char)(n | 0x80));
    buf_add_byte(b, (char)n);
}

static inline void put_signed(struct buf *b, int64_t n)
{
    put_number(b, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

static inline void put_double(struct buf *b, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    for (int i = 0; i < 8; i++)
        buf_add_byte(b, (char)(bits >> (8 * i)));
}

static inline void put_text(struct buf *b, str s)
{
    put_number(b, s.n);
    buf_add(b, s);
}

struct byte_reader {
    str bytes;
    size_t at;
    bool is_failed;
};

static inline uint8_t get_byte(struct byte_reader *r)
{
    if (r->at >= r->bytes.n) {
        r->is_failed = true;
        return 0;
    }
    return (uint8_t)r->bytes.p[r->at++];
}

static inline uint64_t get_number(struct byte_reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_byte(r);
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            r->is_failed = r->is_failed || (shift == 63 && byte > 1);
            return n;
        }
    }
    r->is_failed = true;
    return 0;
}

/* A number that must fit 32 bits. */
static inline uint32_t get_u32(struct byte_reader *r)
{
    uint64_t n = get_number(r);
    r->is_failed = r->is_failed || n > UINT32_MAX;
    return (uint32_t)n;
}

/* How many things follow; each takes at least one byte, so that no length can ask for much memory.
 */
static inline uint32_t get_count(struct byte_reader *r)
{
    uint32_t n = get_u32(r);
    if (n > r->bytes.n - r->at)
        r->is_failed = true;
    return r->is_failed ? 0 : n;
}

static inline int64_t get_signed(struct byte_reader *r)
{
    uint64_t n = get_number(r);
    return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static inline double get_double(struct byte_reader *r)
{
    uint64_t bits = 0;
    double d;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)get_byte(r) << (8 * i);
    memcpy(&d, &bits, sizeof(d));
    return d;
}

/* A part of the bytes read; what it says is checked by others. */
static inline str get_bytes(struct byte_reader *r)
{
    uint64_t n = get_number(r);
    if (r->is_failed || n > r->bytes.n - r->at) {
        r->is_failed = true;
        return (str){"", 0};
    }
    str s = {r->bytes.p + r->at, (size_t)n};
    r->at += (size_t)n;
    return s;
}

static inline str get_text(struct byte_reader *r)
{
    str s = get_bytes(r);
    r->is_failed = r->is_failed || !utf8_is_inner(s);
    return r->is_failed ? (str){"", 0} : s;
}

#endif
