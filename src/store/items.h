/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows by key, in spaces: what services keep that is to be found in order. A space is a number
 * (store_new_id); a key is bytes, unique in its space, ordered byte by byte; a body is opaque. Each
 * space has a count of things and bytes beside it, which whoever writes keeps.
 */
#ifndef AFFLUX_STORE_ITEMS_H
#define AFFLUX_STORE_ITEMS_H

#include "store/tx.h"

/* Several readings that see the same: nothing that is committed between both is seen. Within a unit
 * it is so anyway. What began must end, whatever happens. */
NODISCARD enum status store_begin_reading(struct store_reader *r, bool *ret_began,
                                          struct error *err);
void store_end_reading(struct store_reader *r, bool began);

/* STATUS_NOT_FOUND. */
NODISCARD enum status store_find_item(struct store_reader *r, int64_t space, str key,
                                      struct arena *a, str *ret_body, struct error *err);

struct store_items_query {
    int64_t space;
    str from, to;    /* from <= key < to; p NULL: from the first, to the last */
    bool is_reverse; /* from the last to the first */
};
struct store_item {
    str key, body; /* borrowed until the next call */
};
/* One walk at a time in each direction and reader; every one that began must end. */
struct store_items_walk {
    struct store_reader *reader;
    void *statement;
};
NODISCARD enum status store_walk_items(struct store_reader *r, const struct store_items_query *q,
                                       struct store_items_walk *ret, struct error *err);
NODISCARD enum status store_walk_next(struct store_items_walk *w, bool *ret_has,
                                      struct store_item *ret, struct error *err);
void store_walk_end(struct store_items_walk *w);

/* Zeros when nothing was counted. */
NODISCARD enum status store_find_item_count(struct store_reader *r, int64_t space,
                                            int64_t *ret_items, int64_t *ret_bytes,
                                            struct error *err);

/* Adds or replaces. */
NODISCARD enum status store_tx_put_item(struct store_tx *tx, int64_t space, str key, str body,
                                        struct error *err);
/* Nothing happens when it is not there. */
NODISCARD enum status store_tx_delete_item(struct store_tx *tx, int64_t space, str key,
                                           struct error *err);
NODISCARD enum status store_tx_count_items(struct store_tx *tx, int64_t space, int64_t more_items,
                                           int64_t more_bytes, struct error *err);
/* Removes at most limit rows of a space; its count when no row is left. */
NODISCARD enum status store_tx_clear_items(struct store_tx *tx, int64_t space, uint32_t limit,
                                           uint32_t *ret_count, struct error *err);

#endif
