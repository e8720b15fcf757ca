/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the inputs of a map run's children together. */
#include "asl/map_batch.h"
#include "json/write.h"

static const char BATCH_END[] = "]}";

static bool batch_write(struct asl_map_batch *b, struct json_val v)
{
    static const unsigned flags[] = {[JSON_NUMBERS_KEPT] = 0,
                                     [JSON_NUMBERS_DOUBLES] = JSON_WRITE_DOUBLES,
                                     [JSON_NUMBERS_EXACT] = JSON_WRITE_EXACT};
    return json_write(b->out, v, flags[b->numbers], NULL) == STATUS_OK && buf_ok(b->out);
}

void asl_map_batch_begin(struct asl_map_batch *b, const struct asl_map_run_plan *plan,
                         enum json_numbers numbers, struct buf *out)
{
    *b = (struct asl_map_batch){.plan = plan, .out = out, .numbers = numbers};
    if (!plan->is_batched)
        return;
    buf_add(out, STR("{"));
    if (plan->batch_input.tag != JSON_UNDEFINED) {
        buf_add(out, STR("\"BatchInput\":"));
        if (!batch_write(b, plan->batch_input))
            return; /* the first item will not fit either */
        buf_add(out, STR(","));
    }
    buf_add(out, STR("\"Items\":["));
}

static enum asl_map_batch_added batch_refuse(struct asl_map_batch *b, size_t before)
{
    b->out->n = before;
    b->out->overflowed = false;
    return b->count > 0 ? ASL_MAP_BATCH_FULL : ASL_MAP_BATCH_TOO_LARGE;
}

enum asl_map_batch_added asl_map_batch_add(struct asl_map_batch *b, struct json_val item)
{
    const struct asl_map_run_plan *plan = b->plan;
    uint64_t most = plan->is_batched ? plan->batch_items : 1;
    if (most > 0 && b->count == most)
        return ASL_MAP_BATCH_FULL;
    size_t before = b->out->n;
    if (!buf_ok(b->out))
        return ASL_MAP_BATCH_TOO_LARGE;
    if (b->count > 0)
        buf_add_byte(b->out, ',');
    if (!batch_write(b, item))
        return batch_refuse(b, before);
    size_t end = plan->is_batched ? sizeof(BATCH_END) - 1 : 0;
    if (plan->is_batched && plan->batch_bytes > 0 && b->out->n + end > plan->batch_bytes)
        return batch_refuse(b, before);
    b->count++;
    return ASL_MAP_BATCH_TAKEN;
}

void asl_map_batch_end(struct asl_map_batch *b)
{
    if (b->plan->is_batched)
        buf_add(b->out, str_of(BATCH_END));
}
