/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader remembers: machines and things of services, which are read for every start and
 * every call and are seldom written. The store counts the groups that wrote any of them; a row that
 * was read when the count was what it still is, is what the file says. Inside of store/ only.
 */
#ifndef AFFLUX_STORE_CACHE_H
#define AFFLUX_STORE_CACHE_H

#include "base/error.h"
#include "store/row.h"
#include <stdatomic.h>

enum { STORE_CACHE_ROWS = 32, STORE_CACHE_ROW_BYTES = 16384 /* a larger one is read each time */ };

struct store_cached {
    uint64_t count;    /* when it was read; 0: nothing is here */
    str service, name; /* of a thing; no service: a machine */
    str body;
    struct store_machine machine;
    char *memory; /* of all texts */
};

struct store_cache {
    const _Atomic uint64_t *count; /* never 0; NULL: nothing is remembered */
    uint64_t reading; /* the count when the reading began that is under way; 0: none is */
    struct store_cached rows[STORE_CACHE_ROWS];
};

/* What is read from here on is of one moment, which may be as early as now; until the end. */
void store_cache_begin(struct store_cache *c);
void store_cache_end(struct store_cache *c);
/* *ret_count is to be given to store_cache_add by whoever then reads; 0: nothing to add to. */
const struct store_cached *store_cache_find(const struct store_cache *c, str service, str name,
                                            uint64_t *ret_count);
/* row: without count and memory; is copied. */
void store_cache_add(struct store_cache *c, uint64_t count, const struct store_cached *row);
void store_cache_done(struct store_cache *c);

#endif
