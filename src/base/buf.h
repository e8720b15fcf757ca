/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct buf: bytes that grow, with a maximum from the first moment. Appending past the maximum
 * changes nothing and marks the buffer as overflowed; writers append freely and ask buf_ok() once
 * at the end. The bytes are malloc'ed and always followed by BUF_SLACK writable bytes, so that wide
 * copies and vector instructions may touch a little more than they mean.
 */
#ifndef AFFLUX_BASE_BUF_H
#define AFFLUX_BASE_BUF_H

#include "base/attr.h"
#include "base/str.h"

enum { BUF_SLACK = 64 };

struct buf {
    char *p;
    size_t n;   /* bytes used */
    size_t cap; /* bytes that may be used before it grows (the allocation has BUF_SLACK more) */
    size_t max; /* n never exceeds it */
    bool overflowed; /* something did not fit */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);
/* Empty again, memory kept. */
void buf_clear(struct buf *b);

/* Slow path of buf_reserve. */
NODISCARD bool buf_grow(struct buf *b, size_t more);

/* Room for `more` bytes at p + n, or false and overflowed. */
NODISCARD static inline bool buf_reserve(struct buf *b, size_t more)
{
    if (LIKELY(more <= b->cap - b->n))
        return true;
    return buf_grow(b, more);
}

void buf_add(struct buf *b, str s);
void buf_add_byte(struct buf *b, char c);
void buf_add_fill(struct buf *b, char c, size_t count);
void buf_add_utf8(struct buf *b, uint32_t code_point);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Inserts s before byte offset at (<= n). */
void buf_insert(struct buf *b, size_t at, str s);

static inline bool buf_ok(const struct buf *b)
{
    return !b->overflowed;
}
static inline str buf_str(const struct buf *b)
{
    return (str){b->p, b->n};
}
/* The bytes become the caller's (free() them); the buffer is empty afterwards. Never NULL. */
char *buf_take(struct buf *b, size_t *ret_n);

#endif
