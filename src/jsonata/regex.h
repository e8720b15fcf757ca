/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions with the meaning JavaScript gives them (ES2018, without the `u` flag),
 * matched by PCRE2.
 *
 * A struct regex is immutable for its users and may be shared between threads; a struct
 * regex_matcher is the scratch memory and the limits of one thread.
 *
 * All offsets are bytes. Subjects are text in the sense of base/utf8.h.
 *
 * Where the meaning differs from JavaScript:
 * - One character is one code point: `.` takes an emoji as a whole, and [😀-😎] is a range. Classes
 * written for UTF-16 halves ([\ud800-\udbff][\udc00-\udfff], \ud83d[\ude00-\ude4f]) mean the
 * characters they are meant for. Lone surrogates are all alike: a pattern cannot tell \ud800 from
 * \udfff in the subject.
 * - Groups inside a repeated group keep the text of an earlier iteration; JavaScript unsets them
 * each time.
 * - Lookbehind needs alternatives of fixed length and no back references; other patterns are
 * refused.
 * - Repeat counts above 65535 are refused where a group is repeated, and above a million anywhere.
 * Names of groups may contain any character beyond ASCII.
 */
#ifndef AFFLUX_JSONATA_REGEX_H
#define AFFLUX_JSONATA_REGEX_H

#include "base/error.h"
#include "base/str.h"

struct regex;
struct regex_matcher;

enum regex_flag {
    REGEX_CASELESS = 1,  /* i */
    REGEX_MULTILINE = 2, /* m */
};

enum regex_subject_flag {
    REGEX_ASCII = 1, /* the same bit as JSON_ASCII: the subject is known to be ASCII */
    REGEX_SAME =
        16, /* same bytes as in the last call with this matcher: what was found out about them is
               used again, so that repeated calls over one long subject stay linear */
};

enum {
    REGEX_PATTERN_MAX = 32768, /* bytes of a pattern */
    REGEX_NEST_MAX = 200,      /* groups within groups */
    REGEX_MATCH_LIMIT =
        2000000, /* default effort at one start position; all of one call: four times that */
    REGEX_DEPTH_LIMIT = 1000000,  /* default backtracking depth without JIT */
    REGEX_HEAP_LIMIT_KB = 131072, /* default memory of one match, held only while it runs */
};

/* STATUS_INVALID "S0303" when JavaScript would refuse the pattern (or PCRE2 cannot do it), with one
 * plain line. */
NODISCARD enum status regex_compile(str pattern, unsigned flags, struct regex **ret,
                                    struct error *err);
void regex_free(struct regex *re);
/* Capturing groups, without group 0. */
unsigned regex_group_count(const struct regex *re);

/* Limits of 0 mean the defaults above. */
struct regex_matcher *regex_matcher_new(uint32_t match_limit, uint32_t depth_limit,
                                        size_t heap_limit_kb);
void regex_matcher_free(struct regex_matcher *m);

/*
 * Looks for the first match that starts at or after start_offset (a character boundary, at most
 * subject.n). 1: found, *ret_ovector has regex_group_count() + 1 pairs of begin and end, SIZE_MAX
 * where a group took no part; they are valid until the next call with this matcher. 0: none. -1:
 * err says why: STATUS_LIMIT "D1014" when it takes too much effort.
 */
NODISCARD int regex_exec(const struct regex *re, struct regex_matcher *m, str subject,
                         unsigned subject_flags, size_t start_offset, const size_t **ret_ovector,
                         struct error *err);

#endif
