/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: a list of malloc'ed chunks, each twice as large as the one before, and a pointer that
 * moves through the newest. arena_alloc's fast path is in the header; here is what happens once per
 * chunk.
 *
 *   arena.chunk ──► newest ──prev──► older ──prev──► oldest
 *                     └─spare─► a chunk that arena_release took back, for the next growth
 *
 * A steady user (reset after each request) soon has one chunk that is large enough and calls malloc
 * no more. Nothing here knows what the memory is used for.
 */
#include "base/arena.h"

#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#if AFFLUX_ASAN
#include <sanitizer/asan_interface.h>
#endif

enum {
    ARENA_FIRST_CHUNK = 16 * 1024,
    ARENA_LARGEST_STEP = 8 * 1024 * 1024, /* chunks stop doubling here */
    LARGE_PAGES_FROM = 4 * 1024 * 1024,
    PAGE_BYTES = 4096,
};

struct arena_chunk {
    _Alignas(16) struct arena_chunk *prev;
    struct arena_chunk *spare; /* empty, or NULL; freed with this chunk */
    size_t size;               /* bytes behind this header */
    size_t taken;              /* bytes used in all chunks before this one */
    bool is_lent;              /* not from malloc */
};

struct arena_callback {
    struct arena_callback *next;
    void (*fn)(void *arg);
    void *arg;
};

/* Where at and end point before the first chunk, so that an empty block has an address, too. */
static const struct {
    _Alignas(16) char bytes[16];
} arena_nothing;

static char *chunk_start(struct arena_chunk *chunk)
{
    return (char *)(chunk + 1);
}

void arena_unpoison(const void *p, size_t n)
{
#if AFFLUX_ASAN
    ASAN_UNPOISON_MEMORY_REGION(p, n);
#else
    (void)p;
    (void)n;
#endif
}

/* Space that nobody may use until it is allocated again. */
static void arena_poison(char *p, size_t n)
{
#if AFFLUX_ASAN
    ASAN_POISON_MEMORY_REGION(p, n);
#elif defined(AFFLUX_POISON)
    memset(p, 0xA5, n);
#else
    (void)p;
    (void)n;
#endif
}

void arena_large_pages(void *p, size_t n)
{
    if (n < LARGE_PAGES_FROM)
        return;
    uintptr_t start = ((uintptr_t)p + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)p + n) & ~(uintptr_t)(PAGE_BYTES - 1);
    (void)madvise((char *)p + (start - (uintptr_t)p), end - start, MADV_HUGEPAGE);
}

static void chunk_free(struct arena_chunk *chunk)
{
    if (chunk->spare != NULL)
        chunk_free(chunk->spare);
    arena_unpoison(chunk_start(chunk), chunk->size);
    if (!chunk->is_lent)
        free(chunk);
}

static struct arena_chunk *chunk_make(void *block, size_t size, bool is_lent)
{
    struct arena_chunk *chunk = block;
    chunk->spare = NULL;
    chunk->size = size;
    chunk->is_lent = is_lent;
    arena_poison(chunk_start(chunk), size);
    return chunk;
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    check(chunk != NULL);
    arena_large_pages(chunk, size);
    return chunk_make(chunk, size, false);
}

/* Makes chunk, empty, the current one behind prev. */
static void arena_enter(struct arena *a, struct arena_chunk *chunk, struct arena_chunk *prev,
                        size_t taken)
{
    chunk->prev = prev;
    chunk->taken = taken;
    a->taken = taken;
    a->chunk = chunk;
    a->at = chunk_start(chunk);
    a->end = a->at + chunk->size;
}

static void arena_enter_nothing(struct arena *a)
{
    a->chunk = NULL;
    a->taken = 0;
    a->at = (char *)(uintptr_t)arena_nothing.bytes;
    a->end = a->at;
}

void arena_init(struct arena *a, size_t limit_bytes)
{
    *a = (struct arena){.limit = limit_bytes, .first_size = ARENA_FIRST_CHUNK};
    arena_enter_nothing(a);
}

size_t arena_lent_bytes(size_t size)
{
    return sizeof(struct arena_chunk) + ((size + 15) & ~(size_t)15);
}

void arena_lend(struct arena *a, void *block, size_t bytes)
{
    check(a->chunk == NULL && ((uintptr_t)block & 15) == 0);
    arena_enter(a, chunk_make(block, bytes - sizeof(struct arena_chunk), true), NULL, 0);
}

static void arena_run_callbacks(struct arena *a)
{
    while (a->callback != NULL) {
        struct arena_callback *callback = a->callback;
        a->callback = callback->next;
        callback->fn(callback->arg);
    }
}

/* Takes chunks off the list down to `until` and frees them, but for the largest, which it returns
 * (NULL when there are none). */
static struct arena_chunk *arena_cut(struct arena *a, struct arena_chunk *until)
{
    struct arena_chunk *largest = NULL;
    while (a->chunk != until) {
        struct arena_chunk *chunk = a->chunk;
        a->chunk = chunk->prev;
        if (largest == NULL || chunk->size > largest->size) {
            struct arena_chunk *smaller = largest;
            largest = chunk;
            chunk = smaller;
        }
        if (chunk != NULL)
            chunk_free(chunk);
    }
    if (largest != NULL && largest->spare != NULL) {
        chunk_free(largest->spare);
        largest->spare = NULL;
    }
    return largest;
}

void arena_done(struct arena *a)
{
    arena_run_callbacks(a);
    struct arena_chunk *largest = arena_cut(a, NULL);
    if (largest != NULL)
        chunk_free(largest);
    arena_enter_nothing(a);
}

/* Goes back to an arena with no block, whose only chunk is the one that was largest. */
static void arena_rewind_all(struct arena *a)
{
    struct arena_chunk *largest = arena_cut(a, NULL);
    if (largest == NULL)
        return;
    arena_poison(chunk_start(largest), largest->size);
    arena_enter(a, largest, NULL, 0);
}

void arena_reset(struct arena *a)
{
    arena_run_callbacks(a);
    arena_rewind_all(a);
}

/* The size of the chunk that follows the current one and must hold `needed`. */
static size_t arena_next_size(const struct arena *a, size_t needed)
{
    size_t size = a->first_size == 0 ? ARENA_FIRST_CHUNK : a->first_size;
    if (a->chunk != NULL && a->chunk->size >= ARENA_LARGEST_STEP / 2)
        size = ARENA_LARGEST_STEP;
    else if (a->chunk != NULL)
        size = a->chunk->size * 2;
    size = (size + 15) & ~(size_t)15;
    return size < needed ? needed : size;
}

COLD void *arena_grow(struct arena *a, size_t size)
{
    check(size <= PTRDIFF_MAX - 1024);
    size_t rounded = (size + 15) & ~(size_t)15;
    struct arena_chunk *current = a->chunk;
    struct arena_chunk *next = NULL;
    if (current != NULL && current->spare != NULL && current->spare->size >= rounded) {
        next = current->spare;
        current->spare = NULL;
    } else {
        next = chunk_new(arena_next_size(a, rounded));
    }
    arena_enter(a, next, current, arena_used(a));
    void *p = a->at;
    a->at += rounded;
    arena_unpoison(p, size);
    return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    return memset(p, 0, size);
}

static bool arena_is_newest(const struct arena *a, const char *p, size_t size)
{
    return p + ((size + 15) & ~(size_t)15) == a->at;
}

bool arena_extend(struct arena *a, void *p, size_t old_size, size_t new_size)
{
    if (!arena_is_newest(a, p, old_size))
        return false;
    size_t rounded = (new_size + 15) & ~(size_t)15;
    if (rounded < new_size || rounded > (size_t)(a->end - (char *)p))
        return false;
    if (new_size <= old_size)
        return true;
    a->at = (char *)p + rounded;
    arena_unpoison(p, new_size);
    return true;
}

void arena_shrink(struct arena *a, void *p, size_t old_size, size_t new_size)
{
    if (new_size >= old_size || !arena_is_newest(a, p, old_size))
        return;
    char *end = (char *)p + ((new_size + 15) & ~(size_t)15);
    arena_poison((char *)p + new_size, (size_t)(a->at - (char *)p) - new_size);
    a->at = end;
}

str arena_dup(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (str){p, s.n};
}

char *arena_cstr(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    enum { GUESS = 128 };
    char *p = arena_alloc(a, GUESS);
    int length = vsnprintf(p, GUESS, fmt, args);
    va_end(args);
    check(length >= 0);
    size_t size = (size_t)length + 1;
    if (size > GUESS) {
        if (!arena_extend(a, p, GUESS, size))
            p = arena_alloc(a, size);
        vsnprintf(p, size, fmt, again);
    } else {
        arena_shrink(a, p, GUESS, size);
    }
    va_end(again);
    return (str){p, (size_t)length};
}

void arena_on_reset(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct arena_callback *callback = arena_alloc(a, sizeof *callback);
    *callback = (struct arena_callback){a->callback, fn, arg};
    a->callback = callback;
}

size_t arena_used(const struct arena *a)
{
    return a->chunk == NULL ? 0 : a->taken + (size_t)(a->at - chunk_start(a->chunk));
}

size_t arena_parts(const struct arena *a, str *parts, size_t cap)
{
    size_t count = 0;
    const char *end = a->at;
    for (struct arena_chunk *chunk = a->chunk; chunk != NULL; chunk = chunk->prev, count++) {
        const char *start = chunk_start(chunk);
        if (count > 0)
            end = start + chunk->size;
        if (count < cap)
            parts[count] = (str){start, (size_t)(end - start)};
    }
    return count;
}

bool arena_owns(const struct arena *a, const void *p)
{
    for (struct arena_chunk *chunk = a->chunk; chunk != NULL; chunk = chunk->prev) {
        if ((uintptr_t)p - (uintptr_t)chunk_start(chunk) < chunk->size)
            return true;
    }
    return false;
}

bool arena_room(const struct arena *a, size_t size)
{
    if (a->limit == 0)
        return true;
    size_t used = arena_used(a);
    return used <= a->limit && size <= a->limit - used;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->chunk, a->at};
}

void arena_release(struct arena *a, struct arena_mark mark)
{
    if (mark.chunk == NULL) {
        arena_rewind_all(a);
        return;
    }
    if (a->chunk != mark.chunk) {
        struct arena_chunk *spare = arena_cut(a, mark.chunk);
        struct arena_chunk *old = mark.chunk->spare;
        if (old != NULL && old->size > spare->size) {
            chunk_free(spare);
            spare = old;
        } else if (old != NULL) {
            chunk_free(old);
        }
        arena_poison(chunk_start(spare), spare->size);
        mark.chunk->spare = spare;
        a->taken = mark.chunk->taken;
        a->end = chunk_start(mark.chunk) + mark.chunk->size;
        a->at = a->end;
    }
    arena_poison(mark.at, (size_t)(a->end - mark.at));
    a->at = mark.at;
}

bool arena_is_newer(const struct arena *a, struct arena_mark mark, const void *p)
{
    for (struct arena_chunk *chunk = a->chunk; chunk != NULL; chunk = chunk->prev) {
        bool inside = (uintptr_t)p - (uintptr_t)chunk_start(chunk) < chunk->size;
        if (chunk == mark.chunk)
            return inside && (uintptr_t)p >= (uintptr_t)mark.at;
        if (inside)
            return true;
    }
    return false;
}
