/* SPDX-License-Identifier: Apache-2.0 */
/* For those who carry out map runs: what a child is given. */
#ifndef AFFLUX_ASL_MAP_ITEM_H
#define AFFLUX_ASL_MAP_ITEM_H

#include "asl/step.h"

struct asl_map_item {
    struct json_val value; /* has_keys: {"Key", "Value"} */
    bool has_keys;
    uint32_t index;
    str source; /* "STATE_DATA", "S3://bucket", "S3://bucket/key" */
    int64_t now_ms;
    uint64_t seed;
};

/* How making an input failed: texts in out->arena. */
struct asl_item_failure {
    str error, cause;
};

/*
 * What an item becomes for its child: ItemSelector evaluated in the scope of the Map's frame, which
 * must be waiting for its map run; without a selector the item itself. *ret lives until the next
 * use of out. STATUS_INVALID: failed is filled.
 */
NODISCARD enum status asl_map_item(struct asl_exec *x, uint32_t frame,
                                   const struct asl_map_item *item, struct asl_out *out,
                                   struct json_val *ret, struct asl_item_failure *failed);

#endif
