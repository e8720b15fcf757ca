/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled expressions that were asked for last, for --stream: whoever asks much asks the same
 * again. An expression lives until the next call of eval_cache_get.
 */
#ifndef AFFLUX_CMD_EVAL_CACHE_H
#define AFFLUX_CMD_EVAL_CACHE_H

#include "jsonata/jsonata.h"

enum { EVAL_CACHE_SIZE = 64 };

struct eval_cache {
    uint64_t hash[EVAL_CACHE_SIZE]; /* apart from the rest, so that the search stays in a few cache
                                       lines */
    struct eval_cache_entry {
        struct jsonata *expr; /* NULL: empty */
        unsigned flags;
        uint64_t used; /* the call that asked for it last */
    } entry[EVAL_CACHE_SIZE];
    uint64_t calls;
};

void eval_cache_init(struct eval_cache *c);
void eval_cache_done(struct eval_cache *c);

NODISCARD enum status eval_cache_get(struct eval_cache *c, str text, unsigned flags,
                                     const struct jsonata **ret, struct jsonata_error *err);

#endif
