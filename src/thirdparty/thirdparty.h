/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct thirdparty: a sample third party, whose API gives records of locations page by page, on a
 * loopback address, with whatever is wrong with such APIs: for tests, demonstrations and figures.
 * It brings its own threads, one for each loop, and keeps nothing on disk. docs/formats/
 * thirdparty.md describes the API.
 */
#ifndef AFFLUX_THIRDPARTY_THIRDPARTY_H
#define AFFLUX_THIRDPARTY_THIRDPARTY_H

#include "base/buf.h"
#include "http/listen.h"
#include "thirdparty/fault.h"

#define THIRDPARTY_API "/v1" /* what paths of the API begin with */
#define THIRDPARTY_KEY "sample-key"

enum {
    THIRDPARTY_LOOPS_MAX = 64,
    THIRDPARTY_KEY_BYTES_MAX = 256,
    THIRDPARTY_LIMIT = 100,             /* records of a page whose limit is not given */
    THIRDPARTY_CACHE_BYTES = 256 << 20, /* of rendered pages, all loops together */
    THIRDPARTY_RETRY_AFTER_S = 1,
};

/* Everything in it is borrowed until thirdparty_open returns. Zero fields take the defaults. */
struct thirdparty_options {
    struct http_address listen;
    struct thirdparty_world world;
    const struct fault_wishes *faults; /* NULL: none */
    str key;                           /* empty: none is asked for */
    uint32_t loops;                    /* 1 */
    uint32_t latency_ms;               /* 0: every answer takes so long */
    uint32_t retry_after_s;
    size_t cache_bytes;
};

struct thirdparty;
/* Answers from now on. STATUS_INVALID "ThirdPartyOptions"; what http_listen and fault_deal say. The
 * threads block all signals. */
NODISCARD enum status thirdparty_open(const struct thirdparty_options *options,
                                      struct thirdparty **ret, struct error *err);
/* Ends what is under way, and the threads. NULL is fine. */
void thirdparty_close(struct thirdparty *t);

/* "http://127.0.0.1:PORT/v1" */
str thirdparty_api(const struct thirdparty *t);
/* A table of the locations: location_id, url (of the API; that of a dead location leads nowhere).
 * CSV, lines ended by \n. */
void thirdparty_locations(const struct thirdparty *t, struct buf *out);
/* Records that there are. */
uint64_t thirdparty_rows(const struct thirdparty *t, enum thirdparty_state state);
/* What GET /_stats says, locations included; any thread. */
void thirdparty_stats(struct thirdparty *t, struct buf *out);

#endif
