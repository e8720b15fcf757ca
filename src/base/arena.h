/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct arena: memory of one scope (a request, an evaluation, a step), released as a whole.
 *
 * Allocation never returns NULL: a failing malloc aborts. What input can make large is bounded by
 * the limit, which is soft: crossing it sets arena_is_over(), and the owner of the scope stops its
 * work at the next opportunity. Code that asks for an amount that input controls checks
 * arena_room() first.
 *
 * Blocks are 16-byte aligned. Under AddressSanitizer free space is poisoned, so a use after reset
 * is found. An arena belongs to one thread.
 */
#ifndef AFFLUX_BASE_ARENA_H
#define AFFLUX_BASE_ARENA_H

#include "base/attr.h"
#include "base/str.h"
#include <stdarg.h>

struct arena_chunk;
struct arena_callback;

struct arena {
    char *at;                        /* next free byte of the current chunk */
    char *end;                       /* its end */
    struct arena_chunk *chunk;       /* newest first */
    struct arena_callback *callback; /* newest first */
    size_t taken;                    /* bytes in chunks before the current one */
    size_t limit;                    /* bytes; see above */
    size_t first_size;               /* size of the first chunk asked for */
};

/* limit_bytes 0 means no limit. No memory is taken before the first allocation. */
void arena_init(struct arena *a, size_t limit_bytes);
/* Gives an arena that has no memory yet a block of the caller's, 16-byte aligned, to begin with.
 * It must live as long as the arena; arena_lent_bytes says how large it is for size bytes in it. */
void arena_lend(struct arena *a, void *block, size_t bytes);
size_t arena_lent_bytes(size_t size);
/* Runs the callbacks, gives all memory back. */
void arena_done(struct arena *a);
/* Runs the callbacks and empties the arena but keeps its largest chunk for the next use. */
void arena_reset(struct arena *a);

/* Slow path of arena_alloc. */
void *arena_grow(struct arena *a, size_t size);

/* Tells AddressSanitizer that n bytes at p are in use; nothing without it. */
void arena_unpoison(const void *p, size_t n);
/* Asks the kernel for large pages where a block from malloc is large: half the time of filling one
 * for the first time goes into small pages. Arenas do so themselves. */
void arena_large_pages(void *p, size_t n);

/* size bytes, 16-byte aligned, not initialised. size 0 gives a valid pointer. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    if (LIKELY(rounded >= size && rounded <= (size_t)(a->end - a->at))) {
        void *p = a->at;
        a->at += rounded;
        if (AFFLUX_ASAN)
            arena_unpoison(p, size);
        return p;
    }
    return arena_grow(a, size);
}

void *arena_zalloc(struct arena *a, size_t size);

/* Makes the block that ends at p + old_size longer in place when it is the newest one and the chunk
 * has room; false otherwise (the caller copies). */
bool arena_extend(struct arena *a, void *p, size_t old_size, size_t new_size);
/* Gives the end of the newest block back; does nothing when p is not the newest block. */
void arena_shrink(struct arena *a, void *p, size_t old_size, size_t new_size);

str arena_dup(struct arena *a, str s);
/* NUL-terminated copy for the edges to libc; bytes after an embedded NUL are out of reach there. */
char *arena_cstr(struct arena *a, str s);
str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* fn(arg) runs at the next reset or done, newest first. This is how an arena keeps a document
 * alive. */
void arena_on_reset(struct arena *a, void (*fn)(void *arg), void *arg);

size_t arena_used(const struct arena *a);
/* The memory that blocks lie in, piece by piece, newest first: fills at most cap of parts, returns
 * how many there are. For those who must find out whom an address belongs to. */
size_t arena_parts(const struct arena *a, str *parts, size_t cap);
bool arena_owns(const struct arena *a, const void *p);
static inline bool arena_is_over(const struct arena *a)
{
    return a->limit != 0 && arena_used(a) > a->limit;
}
/* Would size more bytes stay within the limit? */
bool arena_room(const struct arena *a, size_t size);

/* A point to go back to: everything allocated after the mark is released by arena_release.
 * Callbacks registered after the mark must not exist then. */
struct arena_mark {
    struct arena_chunk *chunk;
    char *at;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);
/* Was this memory allocated from the arena after the mark? */
bool arena_is_newer(const struct arena *a, struct arena_mark mark, const void *p);

#endif
