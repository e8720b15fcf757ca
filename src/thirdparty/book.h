/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct book: what was asked of each location and what it was given, and by that, what the fault
 * of a location does with a request. Tests ask it (GET /_stats) whether promises about a third
 * party were kept. All loops share it: it has a lock, and time comes from outside.
 */
#ifndef AFFLUX_THIRDPARTY_BOOK_H
#define AFFLUX_THIRDPARTY_BOOK_H

#include "base/buf.h"
#include "thirdparty/fault.h"

enum {
    BOOK_LEEWAY_MS = 50,      /* what comes this soon after a 429 may have been under way, */
    BOOK_LEEWAY_ANY_MS = 250, /* and of other locations there is more under way */
    BOOK_SLACK_MS = 20,       /* so much before its end, clocks of both sides may differ */
    BOOK_PAGES_MAX = 1 << 20, /* different pages of which it is known how often they were given */
    BOOK_STATUSES = 600,
};

/* What becomes of a request. */
enum book_verdict {
    BOOK_ANSWER,
    BOOK_BUSY,   /* 429 with Retry-After */
    BOOK_ERROR,  /* 500 */
    BOOK_DOWN,   /* 503 */
    BOOK_HANG,   /* no answer */
    BOOK_RESET,  /* the connection ends */
    BOOK_CUT,    /* it ends in the middle of the page */
    BOOK_GARBAGE /* a page of HTML */
};

enum book_subject { BOOK_SUMMARY, BOOK_PAGE };

struct book;
/* Takes over malloc'ed faults, one for each location. */
struct book *book_new(const struct thirdparty_world *w, struct fault *faults,
                      uint32_t retry_after_s);
/* NULL is fine. */
void book_free(struct book *b);

struct fault book_fault(const struct book *b, uint32_t location);

/* A request begins; book_end when it is over. */
enum book_verdict book_begin(struct book *b, uint32_t location, enum book_subject subject,
                             int64_t now_ms);
void book_end(struct book *b, uint32_t location);
/* A whole page goes out, with so many records. */
void book_page_given(struct book *b, uint32_t location, enum thirdparty_state state,
                     uint32_t offset, uint32_t rows);
/* Of any answer; 0: the connection ended without a whole one, or nothing was said. */
void book_status(struct book *b, int status);

/* Which locations book_print lists. */
struct book_selection {
    bool has_one;
    uint32_t one;
    bool is_brief; /* none */
};
/* JSON, see docs/formats/thirdparty.md. */
void book_print(struct book *b, const struct book_selection *s, struct buf *out);

#endif
