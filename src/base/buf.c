/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing byte buffers. Capacity doubles up to the maximum; behind it are always BUF_SLACK more
 * bytes. Until the first byte is reserved there is no memory (p is NULL). JSON escaping and the
 * like are elsewhere.
 */
#include "base/buf.h"

#include "base/check.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_FIRST = 256 - BUF_SLACK };

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflowed = false;
}

static void buf_resize(struct buf *b, size_t cap)
{
    char *p = realloc(b->p, cap + BUF_SLACK);
    check(p != NULL);
    b->p = p;
    b->cap = cap;
}

COLD bool buf_grow(struct buf *b, size_t more)
{
    size_t max = b->max < PTRDIFF_MAX - BUF_SLACK ? b->max : PTRDIFF_MAX - BUF_SLACK;
    if (more > max - b->n) {
        b->overflowed = true;
        return false;
    }
    size_t cap = b->cap < max / 2 ? b->cap * 2 : max;
    if (cap < b->n + more)
        cap = b->n + more;
    if (cap < BUF_FIRST)
        cap = max < BUF_FIRST ? max : BUF_FIRST;
    buf_resize(b, cap);
    return true;
}

void buf_add(struct buf *b, str s)
{
    if (s.n == 0 || !buf_reserve(b, s.n))
        return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_add_byte(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->p[b->n++] = c;
}

void buf_add_fill(struct buf *b, char c, size_t count)
{
    if (count == 0 || !buf_reserve(b, count))
        return;
    memset(b->p + b->n, c, count);
    b->n += count;
}

void buf_add_utf8(struct buf *b, uint32_t code_point)
{
    char bytes[4];
    size_t n = utf8_encode(code_point, bytes);
    buf_add(b, (str){bytes, n});
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    /* The slack takes the NUL. */
    size_t room = b->p == NULL ? 0 : b->cap - b->n + 1;
    int length = vsnprintf(b->p == NULL ? NULL : b->p + b->n, room, fmt, args);
    va_end(args);
    check(length >= 0);
    if (buf_reserve(b, (size_t)length)) {
        if ((size_t)length >= room && length > 0)
            vsnprintf(b->p + b->n, (size_t)length + 1, fmt, again);
        b->n += (size_t)length;
    }
    va_end(again);
}

void buf_insert(struct buf *b, size_t at, str s)
{
    check(at <= b->n);
    if (s.n == 0 || !buf_reserve(b, s.n))
        return;
    memmove(b->p + at + s.n, b->p + at, b->n - at);
    memcpy(b->p + at, s.p, s.n);
    b->n += s.n;
}

char *buf_take(struct buf *b, size_t *ret_n)
{
    /* What is kept for long should not keep the room for growth with it; a little is not worth a
     * copy. */
    if (b->p == NULL || b->cap - b->n > b->n / 4 + 1024)
        buf_resize(b, b->n);
    char *p = b->p;
    *ret_n = b->n;
    *b = (struct buf){.max = b->max};
    return p;
}
