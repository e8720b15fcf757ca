/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct regex_set: a set of code points as ranges, for the character classes of regular
 * expressions. Surrogates are members like any other. Ranges are added in any order;
 * regex_set_tidy() sorts and joins them, and every function that asks about the set wants it tidy.
 */
#ifndef AFFLUX_JSONATA_REGEX_SET_H
#define AFFLUX_JSONATA_REGEX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REGEX_CODE_POINT_MAX = 0x10FFFF };

struct regex_range {
    uint32_t lo, hi; /* both belong to it */
};

struct regex_set {
    struct regex_range *ranges; /* malloc'ed */
    size_t count, cap;
};

void regex_set_done(struct regex_set *s);
void regex_set_add(struct regex_set *s, uint32_t lo, uint32_t hi);
void regex_set_add_all(struct regex_set *s, const struct regex_range *ranges, size_t count);
void regex_set_tidy(struct regex_set *s);
/* Tidy afterwards, as all below. */
void regex_set_invert(struct regex_set *s);
/* Keeps only what lies in [lo, hi]. */
void regex_set_clip(struct regex_set *s, uint32_t lo, uint32_t hi);
/* Adds everything that /i takes for equal to a member. */
void regex_set_fold(struct regex_set *s);

/* Does the set contain all of [lo, hi] / nothing outside / anything of it? */
bool regex_set_covers(const struct regex_set *s, uint32_t lo, uint32_t hi);
bool regex_set_within(const struct regex_set *s, uint32_t lo, uint32_t hi);
bool regex_set_touches(const struct regex_set *s, uint32_t lo, uint32_t hi);

/* One run of ECMA-262's Canonicalize without `u`: lo, lo + stride, … hi become themselves + delta.
 */
struct regex_fold_run {
    uint16_t lo, hi;
    int32_t delta;
    uint16_t stride;
};
extern const struct regex_fold_run regex_fold_runs[];
extern const size_t regex_fold_run_count;

#endif
