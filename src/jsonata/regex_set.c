/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of code points as sorted ranges. Relies on malloc and on the table in regex_fold.c. Syntax
 * of classes and their PCRE2 form are in regex_translate.c.
 */
#include "jsonata/regex_set.h"
#include "base/check.h"
#include <stdlib.h>

void regex_set_done(struct regex_set *s)
{
    free(s->ranges);
    *s = (struct regex_set){0};
}

void regex_set_add(struct regex_set *s, uint32_t lo, uint32_t hi)
{
    if (s->count == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->ranges = realloc(s->ranges, s->cap * sizeof *s->ranges);
        check(s->ranges);
    }
    s->ranges[s->count++] = (struct regex_range){lo, hi};
}

void regex_set_add_all(struct regex_set *s, const struct regex_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        regex_set_add(s, ranges[i].lo, ranges[i].hi);
}

static int regex_range_order(const void *a, const void *b)
{
    const struct regex_range *ra = a;
    const struct regex_range *rb = b;
    return (ra->lo > rb->lo) - (ra->lo < rb->lo);
}

void regex_set_tidy(struct regex_set *s)
{
    if (s->count < 2)
        return;
    qsort(s->ranges, s->count, sizeof *s->ranges, regex_range_order);
    size_t last = 0;
    for (size_t i = 1; i < s->count; i++) {
        struct regex_range r = s->ranges[i];
        if (r.lo <= s->ranges[last].hi + 1) {
            if (r.hi > s->ranges[last].hi)
                s->ranges[last].hi = r.hi;
        } else {
            s->ranges[++last] = r;
        }
    }
    s->count = last + 1;
}

void regex_set_invert(struct regex_set *s)
{
    struct regex_set inverse = {0};
    uint32_t next = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->ranges[i].lo > next)
            regex_set_add(&inverse, next, s->ranges[i].lo - 1);
        next = s->ranges[i].hi + 1;
    }
    if (next <= REGEX_CODE_POINT_MAX)
        regex_set_add(&inverse, next, REGEX_CODE_POINT_MAX);
    regex_set_done(s);
    *s = inverse;
}

void regex_set_clip(struct regex_set *s, uint32_t lo, uint32_t hi)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct regex_range r = s->ranges[i];
        if (r.hi < lo || r.lo > hi)
            continue;
        r.lo = r.lo < lo ? lo : r.lo;
        r.hi = r.hi > hi ? hi : r.hi;
        s->ranges[kept++] = r;
    }
    s->count = kept;
}

bool regex_set_covers(const struct regex_set *s, uint32_t lo, uint32_t hi)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->ranges[i].lo <= lo && s->ranges[i].hi >= hi)
            return true;
    return false;
}

bool regex_set_within(const struct regex_set *s, uint32_t lo, uint32_t hi)
{
    return s->count > 0 && s->ranges[0].lo >= lo && s->ranges[s->count - 1].hi <= hi;
}

bool regex_set_touches(const struct regex_set *s, uint32_t lo, uint32_t hi)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->ranges[i].lo <= hi && s->ranges[i].hi >= lo)
            return true;
    return false;
}

/* Adds `by` to the members of the run (moved by `from`) that lie in the first `count` ranges. */
static void set_add_moved(struct regex_set *s, size_t count, const struct regex_fold_run *run,
                          int32_t from, int32_t by)
{
    uint32_t lo = (uint32_t)(run->lo + from);
    uint32_t hi = (uint32_t)(run->hi + from);
    for (size_t i = 0; i < count && s->ranges[i].lo <= hi; i++) {
        struct regex_range r = s->ranges[i];
        if (r.hi < lo)
            continue;
        uint32_t first = r.lo > lo ? r.lo : lo;
        uint32_t last = r.hi < hi ? r.hi : hi;
        first += (run->stride - (first - lo) % run->stride) % run->stride;
        if (run->stride == 1 && first <= last) {
            regex_set_add(s, (uint32_t)((int32_t)first + by), (uint32_t)((int32_t)last + by));
            continue;
        }
        for (uint32_t c = first; c <= last; c += run->stride) {
            uint32_t moved = (uint32_t)((int32_t)c + by);
            regex_set_add(s, moved, moved);
        }
    }
}

void regex_set_fold(struct regex_set *s)
{
    /* Canonical forms of all members first, then everything that has one of these forms. */
    size_t count = s->count;
    for (size_t i = 0; i < regex_fold_run_count; i++)
        set_add_moved(s, count, &regex_fold_runs[i], 0, regex_fold_runs[i].delta);
    regex_set_tidy(s);
    count = s->count;
    for (size_t i = 0; i < regex_fold_run_count; i++) {
        int32_t delta = regex_fold_runs[i].delta;
        set_add_moved(s, count, &regex_fold_runs[i], delta, -delta);
    }
    regex_set_tidy(s);
}
