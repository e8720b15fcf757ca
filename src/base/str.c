/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing and searching slices, by byte. The work is left to libc's mem functions, which are
 * vectorised. What depends on characters is in utf8.c.
 */
#include "base/str.h"
#include "base/check.h"
#include <stdlib.h>

int str_cmp(str a, str b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common == 0 ? 0 : memcmp(a.p, b.p, common);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
    return prefix.n <= s.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(str s, str suffix)
{
    return suffix.n <= s.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

size_t str_find(str s, str needle, size_t from)
{
    if (from > s.n || needle.n > s.n - from)
        return STR_NONE;
    if (needle.n == 0)
        return from;
    const char *found = needle.n == 1 ? memchr(s.p + from, needle.p[0], s.n - from)
                                      : memmem(s.p + from, s.n - from, needle.p, needle.n);
    return found == NULL ? STR_NONE : (size_t)(found - s.p);
}

size_t str_find_byte(str s, char c, size_t from)
{
    if (from >= s.n)
        return STR_NONE;
    const char *found = memchr(s.p + from, c, s.n - from);
    return found == NULL ? STR_NONE : (size_t)(found - s.p);
}

size_t str_rfind_byte(str s, char c)
{
    if (s.n == 0)
        return STR_NONE;
    const char *found = memrchr(s.p, c, s.n);
    return found == NULL ? STR_NONE : (size_t)(found - s.p);
}

unsigned str_distance(str a, str b)
{
    unsigned row[STR_DISTANCE_MAX + 1];
    if (a.n > STR_DISTANCE_MAX || b.n > STR_DISTANCE_MAX)
        return STR_DISTANCE_MAX;
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned above = row[j];
            unsigned best = diagonal + (a.p[i - 1] != b.p[j - 1]);
            if (best > above + 1)
                best = above + 1;
            if (best > row[j - 1] + 1)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.n];
}

str str_dup(str s)
{
    char *p = malloc(s.n + 1);
    check(p != NULL);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (str){p, s.n};
}
