/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct page_cache: pages of records as JSON text. Records are rendered once, in blocks of
 * consecutive rows, which are kept as long as they fit into the cache's bytes, those asked for last
 * first; a page is a slice of one block, or of two or three. One thread.
 */
#ifndef AFFLUX_THIRDPARTY_PAGE_H
#define AFFLUX_THIRDPARTY_PAGE_H

#include "thirdparty/record.h"

enum {
    PAGE_BLOCK_ROWS = 1024,
    PAGE_LIMIT_MAX = 1000, /* records of a page */
};

struct page_cache;
/* At least one block is kept, whatever max_bytes says. */
struct page_cache *page_cache_new(const struct thirdparty_world *w, size_t max_bytes);
/* NULL is fine. */
void page_cache_free(struct page_cache *c);

struct page_ask {
    uint32_t location;
    enum thirdparty_state state;
    uint32_t total;        /* records that there are; */
    bool has_gaps;         /* these two are the same for a location and state at all times */
    uint32_t offset, rows; /* within total; at most PAGE_LIMIT_MAX rows */
};
/* {"count":ROWS,"results":[…]}; malloc'ed, to be freed. */
char *page_body(struct page_cache *c, const struct page_ask *ask, size_t *ret_n);

struct page_figures {
    size_t bytes, blocks; /* kept */
    uint64_t rendered;    /* blocks, so far */
};
struct page_figures page_cache_figures(const struct page_cache *c);

#endif
