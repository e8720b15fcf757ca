/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a book, for book.c and book_print.c. */
#ifndef AFFLUX_THIRDPARTY_BOOK_INTERNAL_H
#define AFFLUX_THIRDPARTY_BOOK_INTERNAL_H

#include "base/idmap.h"
#include "thirdparty/book.h"
#include <pthread.h>

/* The time in which a request is too early. */
struct book_pause {
    int64_t from_ms, until_ms;
};

struct book_location {
    uint64_t asked[2];  /* by enum book_subject */
    uint64_t given;     /* whole pages; */
    uint64_t rows;      /* records in them */
    uint64_t again;     /* pages that had been given before */
    uint64_t times_max; /* how often the page was given that was given most often */
    uint64_t hit;       /* by the fault, where it is one that hits requests */
    uint64_t busy;      /* 429 */
    uint64_t early;     /* asked before the time that a 429 named */
    uint32_t concurrent, concurrent_max;
    struct book_pause pause;
    int64_t window_ms;     /* FAULT_LIMIT: the second, */
    uint64_t window_count; /* and what was asked in it */
};

struct book {
    pthread_mutex_t lock; /* of all below but what never changes: world, faults, retry_after_ms */
    struct thirdparty_world world;
    struct fault *faults;
    int64_t retry_after_ms;
    struct book_location *locations;
    struct idmap pages; /* location, state and offset to how often it was given */
    uint64_t statuses[BOOK_STATUSES];
    uint64_t early;   /* asked of anybody before the time that a 429 named */
    uint64_t unknown; /* pages beyond BOOK_PAGES_MAX */
    uint32_t concurrent, concurrent_max;
    struct book_pause pause;
};

#endif
