/* SPDX-License-Identifier: Apache-2.0 */
/* The intrinsic functions on arrays. */
#include "jsonpath/intrinsic.h"

#include "json/compare.h"

enum { ARRAY_STEPS = 50000000 /* of comparing, in one call */ };

bool intrinsic_array(const struct intrinsic_call *c, struct json_val *ret)
{
    struct json_val *items = NULL;
    if (c->count > 0) {
        items = arena_alloc(c->env->arena, sizeof *items * c->count);
        memcpy(items, c->args, sizeof *items * c->count);
    }
    *ret = json_array(items, c->count);
    return true;
}

/* The chunks lie in the array itself. */
bool intrinsic_array_partition(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t size;
    if (!intrinsic_is_array(c, 0) || !intrinsic_integer(c, 1, &size))
        return false;
    if (size < 1)
        return intrinsic_fail(c, "the size of a chunk is not positive");
    struct json_val array = c->args[0];
    uint32_t step = size < array.len ? (uint32_t)size : array.len;
    uint32_t count = array.len == 0 ? 0 : (array.len - 1) / step + 1;
    if (!intrinsic_room(c, sizeof(struct json_val) * count))
        return false;
    struct json_val *chunks = arena_alloc(c->env->arena, sizeof *chunks * count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i * step;
        chunks[i] =
            json_array(array.items + from, array.len - from < step ? array.len - from : step);
    }
    *ret = json_array(chunks, count);
    return true;
}

static bool compared(const struct intrinsic_call *c, int equal, int64_t steps)
{
    return (equal >= 0 && steps >= 0) || intrinsic_fail_limit(c, "the values are too large");
}

bool intrinsic_array_contains(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t steps = ARRAY_STEPS;
    int equal = 0;
    if (!intrinsic_is_array(c, 0))
        return false;
    for (uint32_t i = 0; i < c->args[0].len && equal == 0; i++)
        equal = json_compare_within(c->args[0].items[i], c->args[1], &steps);
    *ret = json_bool(equal == 1);
    return compared(c, equal, steps);
}

bool intrinsic_array_range(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t first, last, step;
    if (!intrinsic_integer(c, 0, &first) || !intrinsic_integer(c, 1, &last) ||
        !intrinsic_integer(c, 2, &step))
        return false;
    if (step == 0)
        return intrinsic_fail(c, "the step is 0");
    int64_t distance = step > 0 ? last - first : first - last;
    int64_t count = distance < 0 ? 0 : distance / (step > 0 ? step : -step) + 1;
    if (count > JSONPATH_RANGE_MAX)
        return intrinsic_fail(c, "the array would have more than 1000 items");
    struct json_val *items = arena_alloc(c->env->arena, sizeof *items * (size_t)count);
    for (int64_t i = 0; i < count; i++)
        items[i] = json_num((double)(first + i * step));
    *ret = json_array(items, (uint32_t)count);
    return true;
}

bool intrinsic_array_get_item(const struct intrinsic_call *c, struct json_val *ret)
{
    int64_t at;
    if (!intrinsic_is_array(c, 0) || !intrinsic_integer(c, 1, &at))
        return false;
    if (at < 0 || at >= c->args[0].len)
        return intrinsic_fail(c, "the index is outside of the array");
    *ret = c->args[0].items[at];
    return true;
}

bool intrinsic_array_length(const struct intrinsic_call *c, struct json_val *ret)
{
    if (!intrinsic_is_array(c, 0))
        return false;
    *ret = json_num(c->args[0].len);
    return true;
}

/* ---- States.ArrayUnique ---- */

/* Positions of the items kept so far, + 1, by hash. */
struct seen {
    uint32_t *slots;
    uint32_t mask;
    int64_t steps;
};

/* Notes an item that is not there yet. <0: it took too long. */
static int seen_add(struct seen *seen, const struct json_val *kept, uint32_t count,
                    struct json_val item)
{
    uint32_t at = (uint32_t)json_hash_within(item, 0, &seen->steps) & seen->mask;
    for (; seen->slots[at] != 0; at = (at + 1) & seen->mask) {
        int equal = json_compare_within(kept[seen->slots[at] - 1], item, &seen->steps);
        if (equal != 0)
            return equal < 0 ? equal : 0;
    }
    seen->slots[at] = count + 1;
    return 1;
}

bool intrinsic_array_unique(const struct intrinsic_call *c, struct json_val *ret)
{
    if (!intrinsic_is_array(c, 0))
        return false;
    struct json_val array = c->args[0];
    uint32_t size = 4, count = 0;
    while (size / 2 < array.len)
        size *= 2;
    if (array.len > UINT32_MAX / 8 ||
        !intrinsic_room(c, sizeof(uint32_t) * size + sizeof array * array.len))
        return intrinsic_fail_limit(c, "the array is too long");
    struct seen seen = {.slots = arena_zalloc(c->env->arena, sizeof(uint32_t) * size),
                        .mask = size - 1,
                        .steps = ARRAY_STEPS};
    struct json_val *kept = arena_alloc(c->env->arena, sizeof *kept * array.len);
    for (uint32_t i = 0; i < array.len; i++) {
        int is_new = seen_add(&seen, kept, count, array.items[i]);
        if (!compared(c, is_new, seen.steps))
            return false;
        if (is_new)
            kept[count++] = array.items[i];
    }
    *ret = json_array(kept, count);
    return true;
}
