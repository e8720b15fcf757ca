/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64 bytes at a time: as long as every quote that opens a cell stands where a cell begins, text
 * between quotes is what has an odd number of quotes before it. A block where that is not so is
 * read byte by byte.
 */
#include "csv/csv_count.h"

#include "json/scan.h"

enum count_state {
    CELL_BEGINS,
    IN_CELL,
    IN_QUOTES,
    AFTER_QUOTE /* one in a quoted cell: its end, or the first of two */
};

enum { BLOCK = 64, MARK_BYTES = 3 };
static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

void csv_counter_init(struct csv_counter *c, char delimiter)
{
    *c = (struct csv_counter){.delimiter = delimiter, .state = CELL_BEGINS};
}

/* ---- byte by byte ---- */

static void count_byte(struct csv_counter *c, char byte)
{
    c->is_begun = true;
    if (c->state == IN_QUOTES) {
        c->state = byte == '"' ? AFTER_QUOTE : IN_QUOTES;
    } else if (byte == '\n') {
        c->closed++;
        c->is_begun = false;
        c->state = CELL_BEGINS;
    } else if (byte == c->delimiter) {
        c->state = CELL_BEGINS;
    } else if (byte == '"' && c->state != IN_CELL) {
        c->state = IN_QUOTES;
    } else {
        c->state = IN_CELL;
    }
}

/* Bytes of the mark at the very beginning; a part of it that was none is text. */
static size_t skip_mark(struct csv_counter *c, str bytes)
{
    size_t at = 0;
    while (c->mark < MARK_BYTES && at < bytes.n && bytes.p[at] == BYTE_ORDER_MARK[c->mark]) {
        c->mark++;
        at++;
    }
    if (c->mark < MARK_BYTES && at < bytes.n) {
        if (c->mark > 0) {
            c->state = IN_CELL;
            c->is_begun = true;
        }
        c->mark = MARK_BYTES;
    }
    return at;
}

/* ---- blocks ---- */

/* A bit for each of the 64 bytes at p, the first one lowest: is it c? */
static ALWAYS_INLINE uint64_t block_mask(const char *p, char c)
{
    uint64_t mask = 0;
#if SCAN_SSE2
    __m128i wanted = _mm_set1_epi8(c);
    for (int i = 0; i < 4; i++) {
        __m128i equal = _mm_cmpeq_epi8(scan_load(p + i * 16), wanted);
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(equal) << i * 16;
    }
#else
    for (int i = 0; i < 8; i++) {
        uint64_t diff = swar_load(p + i * 8) ^ SWAR_ONES * (uint8_t)c, low = ~SWAR_HIGH;
        uint64_t equal = ~(((diff & low) + low) | diff) & SWAR_HIGH; /* exact in every byte */
        /* the eight bits side by side */
        mask |= ((equal >> 7) * UINT64_C(0x0102040810204080) >> 56) << i * 8;
    }
#endif
    return mask;
}

/* Bit i: is the number of bits up to it, with it, odd? */
static inline uint64_t odd_up_to(uint64_t bits)
{
    for (int shift = 1; shift < BLOCK; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

static inline unsigned bits_of(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

static void end_block(struct csv_counter *c, bool is_quoted, char last)
{
    if (is_quoted)
        c->state = IN_QUOTES;
    else if (last == '"')
        c->state = AFTER_QUOTE;
    else
        c->state = last == '\n' || last == c->delimiter ? CELL_BEGINS : IN_CELL;
    c->is_begun = is_quoted || last != '\n';
}

/* False: quotes are not where they should be; nothing was done. */
static ALWAYS_INLINE bool count_block(struct csv_counter *c, const char *p)
{
    uint64_t quotes = block_mask(p, '"'), lines = block_mask(p, '\n');
    bool was_quoted = c->state == IN_QUOTES;
    if (quotes == 0) {
        if (!was_quoted)
            c->closed += bits_of(lines);
        end_block(c, was_quoted, p[BLOCK - 1]);
        return true;
    }
    uint64_t quoted = odd_up_to(quotes) ^ (was_quoted ? UINT64_MAX : 0);
    uint64_t opening = quotes & ~(quoted << 1 | was_quoted);
    uint64_t before = (quotes | lines | block_mask(p, c->delimiter)) << 1 |
                      (c->state == CELL_BEGINS || c->state == AFTER_QUOTE);
    if ((opening & ~before) != 0)
        return false;
    c->closed += bits_of(lines & ~quoted);
    end_block(c, quoted >> (BLOCK - 1), p[BLOCK - 1]);
    return true;
}

void csv_count(struct csv_counter *c, str bytes)
{
    size_t at = c->mark < MARK_BYTES ? skip_mark(c, bytes) : 0;
    for (; bytes.n - at >= BLOCK; at += BLOCK)
        if (!count_block(c, bytes.p + at))
            for (size_t i = 0; i < BLOCK; i++)
                count_byte(c, bytes.p[at + i]);
    for (; at < bytes.n; at++)
        count_byte(c, bytes.p[at]);
}
