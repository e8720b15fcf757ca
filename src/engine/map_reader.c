/* SPDX-License-Identifier: Apache-2.0 */
/* The simplest reader: over the array that the state was given. */
#include "engine/map_reader.h"
#include "base/check.h"
#include <stdlib.h>

struct array_reader {
    struct map_reader reader;
    struct json_val items;
};

static enum map_read array_peek(struct map_reader *r, struct json_val *ret)
{
    const struct array_reader *array = (const struct array_reader *)(const void *)r;
    if (r->item >= r->total)
        return MAP_READ_END;
    *ret = array->items.items[r->item];
    return MAP_READ_ITEM;
}

static void array_seek(struct map_reader *r, uint64_t item)
{
    r->item = item;
}

static void array_free(struct map_reader *r)
{
    free(r);
}

static const struct map_reader_kind array_kind = {
    .peek = array_peek, .seek = array_seek, .free = array_free};

struct map_reader *map_reader_of_array(const struct asl_map_run_plan *plan)
{
    struct array_reader *array = calloc(1, sizeof(*array));
    check(array != NULL && plan->items.tag == JSON_ARRAY);
    array->reader.kind = &array_kind;
    array->items = plan->items;
    array->reader.total = plan->items.len;
    if (plan->max_items > 0 && plan->max_items < array->reader.total)
        array->reader.total = plan->max_items;
    return &array->reader;
}
