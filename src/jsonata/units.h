/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct units: text as UTF-16 code units, the unit in which JavaScript counts, cuts and searches.
 * JSONata's picture strings are defined through JavaScript string operations that may cut a
 * surrogate pair in two, so their analysis runs on units; the rest of the program stays with str.
 * Units own nothing.
 */
#ifndef AFFLUX_JSONATA_UNITS_H
#define AFFLUX_JSONATA_UNITS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct units {
    const uint16_t *p;
    size_t n;
};

/* s as units in the arena: two bytes per unit, never more units than s has bytes. */
struct units units_of(struct arena *a, str s);
/* The same into memory of the caller, which has room for s.n units. */
struct units units_write(str s, uint16_t *out);
/* Back to UTF-8: pairs are joined, lone surrogates keep the three bytes of base/utf8.h. */
str units_text(struct arena *a, struct units u);
void units_print(struct buf *out, struct units u);

/* A buf that holds units: appends u / reads all. */
void units_push(struct buf *b, struct units u);
struct units units_held(const struct buf *b);
/* No text of more units than this fits into what is left of out. */
size_t units_room(const struct buf *out);

static inline struct units units_sub(struct units u, size_t from, size_t to)
{
    if (to > u.n)
        to = u.n;
    if (from > to)
        from = to;
    return (struct units){from > 0 ? u.p + from : u.p, to - from}; /* p may be NULL */
}

/* Position of the first needle at or after from, of the last needle; STR_NONE when there is none.
 * The empty needle is found at from (at most the end), or at the end. */
size_t units_find(struct units u, struct units needle, size_t from);
size_t units_rfind(struct units u, struct units needle);
size_t units_find_one(struct units u, uint16_t unit, size_t from);
size_t units_rfind_one(struct units u, uint16_t unit);
/* Is the unit at position at (STR_NONE and positions past the end: no unit) all of text? */
bool units_is_at(struct units u, size_t at, struct units text);
bool units_is(struct units u, const char *ascii);

/* What a JavaScript regular expression calls white space (\s). */
bool unit_is_space(uint16_t unit);
/* JavaScript's parseInt: leading space, sign, 0x, digits up to the first other character; else NaN.
 */
double units_parse_int(struct units u);

/*
 * Text under insertion: a gap that moves to where something is inserted, so that insertions in
 * order are linear altogether. Room for all insertions is taken at the start.
 */
struct units_edit {
    uint16_t *p;
    size_t before; /* units before the gap */
    size_t after;  /* start of the units behind the gap */
    size_t cap;    /* end of them */
    struct buf memory;
};
/* False when the room (text.n + more units) exceeds max_units. */
bool units_edit_init(struct units_edit *e, struct units text, size_t more, size_t max_units);
void units_edit_done(struct units_edit *e);
size_t units_edit_len(const struct units_edit *e);
void units_edit_insert(struct units_edit *e, size_t at, struct units text);
void units_edit_drop_front(struct units_edit *e, size_t count);
struct units units_edit_flat(struct units_edit *e);

#endif
