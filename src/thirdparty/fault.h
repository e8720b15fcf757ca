/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wrong with a location, and which locations it is wrong with. A location has one fault
 * or none. Faults are wished for in words (fault_wish_read) and dealt out by the seed: the same
 * wishes give the same locations. Pure.
 */
#ifndef AFFLUX_THIRDPARTY_FAULT_H
#define AFFLUX_THIRDPARTY_FAULT_H

#include "base/error.h"
#include "thirdparty/location.h"

/* Name, the number behind '=' when none is given (0: it takes none), and what it does. */
#define FAULT_LIST(X)                                                                              \
    X(NONE, "none", 0, "")                                                                         \
    X(BUSY, "busy", 2, "429 with Retry-After for the first N requests")                            \
    X(LIMIT, "limit", 5, "429 with Retry-After beyond N requests a second")                        \
    X(ERROR, "error", 2, "500 for the first N requests")                                           \
    X(DOWN, "down", 0, "503 for ever, without Retry-After")                                        \
    X(SLOW, "slow", 1000, "every answer takes N ms")                                               \
    X(HANG, "hang", 1, "the first N requests are never answered")                                  \
    X(DEAD, "dead", 0, "nobody listens at its url; at the api itself, it is reset")                \
    X(RESET, "reset", 1, "the first N requests end without an answer")                             \
    X(CUT, "cut", 1, "the first N pages end in the middle")                                        \
    X(GARBAGE, "garbage", 1, "the first N pages are HTML, with status 200")                        \
    X(EMPTY, "empty", 0, "has nothing")                                                            \
    X(OVER, "over", 3, "announces N records more of each state than there are")                    \
    X(UNDER, "under", 3, "announces N records fewer, down to none")                                \
    X(REPEAT, "repeat", 0, "the second page is the first one once more")                           \
    X(ENDLESS, "endless", 0, "always full pages, far beyond what it announces")                    \
    X(GAPS, "gaps", 0, "fields of records are missing, or null")

enum fault_kind {
#define X(id, name, number, text) FAULT_##id,
    FAULT_LIST(X)
#undef X
};
#define X(id, name, number, text) +1
enum { FAULT_KINDS = FAULT_LIST(X) };
#undef X

const char *fault_name(enum fault_kind kind);
const char *fault_text(enum fault_kind kind);
uint32_t fault_default(enum fault_kind kind);

enum { FAULT_WISHES_MAX = 256, FAULT_NUMBER_MAX = 1000000000 };

/* One fault for some locations. */
struct fault_wish {
    enum fault_kind kind;
    uint32_t number;
    uint32_t count; /* of locations that the seed chooses; 0: it is */
    str location;   /* this one (borrowed) */
};
struct fault_wishes {
    struct fault_wish items[FAULT_WISHES_MAX];
    size_t count;
};

/* Appends what a text says: KIND[=N][:COUNT | @LOCATION], several of them between commas; "all" is
 * one location of each kind, "all:COUNT" so many. The text is borrowed. STATUS_INVALID
 * "FaultUnknown", STATUS_LIMIT "FaultTooMany". */
NODISCARD enum status fault_wishes_read(struct fault_wishes *wishes, str text, struct error *err);

/* What a location has. */
struct fault {
    enum fault_kind kind;
    uint32_t number;
};

/* Fills faults, one for each location of the world, all FAULT_NONE before. STATUS_NOT_FOUND
 * "FaultLocation" (named, but not there), STATUS_CONFLICT "FaultTwice" (named twice), STATUS_LIMIT
 * "FaultTooMany" (more wishes than locations). */
NODISCARD enum status fault_deal(const struct fault_wishes *wishes,
                                 const struct thirdparty_world *w, struct fault *faults,
                                 struct error *err);

#endif
