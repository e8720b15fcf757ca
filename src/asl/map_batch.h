/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input of a child that gets a batch of items (ItemBatcher): {"BatchInput": …, "Items": […]} as
 * text, put together item by item until a limit says that the batch is full. Without a batcher the
 * input is the one item.
 */
#ifndef AFFLUX_ASL_MAP_BATCH_H
#define AFFLUX_ASL_MAP_BATCH_H

#include "asl/map_run.h"

enum asl_map_batch_added {
    ASL_MAP_BATCH_TAKEN,
    ASL_MAP_BATCH_FULL,     /* the item was not taken: it begins the next batch */
    ASL_MAP_BATCH_TOO_LARGE /* not even one item fits */
};

struct asl_map_batch {
    const struct asl_map_run_plan *plan;
    struct buf *out;
    enum json_numbers numbers;
    uint64_t count; /* of items */
};

/* How the numbers of items are written, by whether they went through an expression. */
static inline enum json_numbers asl_map_numbers(const struct asl_state *state, bool is_strict)
{
    bool is_result = state->language == ASL_JSONATA && state->map.item_selector;
    return is_result ? asl_numbers(is_strict) : JSON_NUMBERS_KEPT;
}

/* Appends to out, whose maximum bounds an input too. */
void asl_map_batch_begin(struct asl_map_batch *b, const struct asl_map_run_plan *plan,
                         enum json_numbers numbers, struct buf *out);
NODISCARD enum asl_map_batch_added asl_map_batch_add(struct asl_map_batch *b, struct json_val item);
void asl_map_batch_end(struct asl_map_batch *b);

#endif
