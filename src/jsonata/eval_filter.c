/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters in brackets. A number (or a list of numbers) selects by position, counted from the end
 * when negative; anything else selects by its truth. Tuple streams keep their tuples.
 */
#include "jsonata/eval.h"

#include <math.h>

static const struct json_val filter_failed = {.tag = VAL_FAILED};

/* The constant position: nothing is evaluated or copied. */
static struct json_val filter_at(const struct json_val *items, uint32_t count, double position,
                                 unsigned flags)
{
    double index = floor(position);
    if (index < 0)
        index += count;
    if (!(index >= 0 && index < count))
        return ev_array(NULL, 0, VAL_SEQ | flags);
    const struct json_val *item = &items[(uint32_t)index];
    if (item->tag == JSON_ARRAY)
        return *item;
    return ev_array(item, item->tag != JSON_UNDEFINED, VAL_SEQ | flags);
}

static bool filter_is_at(double position, uint32_t index, uint32_t count)
{
    double at = floor(position);
    if (at < 0)
        at += count;
    return at == index;
}

/* Adds item as often as the predicate's value selects it. */
static bool filter_select(struct ev *e, struct vec *out, struct json_val item, uint32_t index,
                          uint32_t count, struct json_val value)
{
    const struct json_val *positions = ev_is_array(value) ? value.items : &value;
    uint32_t n = ev_is_array(value) ? value.len : 1;
    bool all_numbers = ev_is_array(value) || json_is_number(value);
    if (n > 1 && !ev_charge(e, n, NULL))
        return false;
    for (uint32_t i = 0; i < n && all_numbers; i++) {
        double num = json_is_number(positions[i]) ? json_number(positions[i]) : (double)NAN;
        if (isinf(num)) {
            ev_fail_value(e, "D1001", NULL, positions[i]);
            return false;
        }
        all_numbers = !isnan(num);
    }
    if (!all_numbers) {
        int truth = ev_truth(e, value);
        return truth >= 0 && (truth == 0 || ev_push(e, out, item));
    }
    for (uint32_t i = 0; i < n; i++)
        if (filter_is_at(json_number(positions[i]), index, count) && !ev_push(e, out, item))
            return false;
    return true;
}

static bool filter_one(struct ev *e, const struct node *expr, struct vec *out,
                       const struct json_val *items, uint32_t index, uint32_t count, bool tuples,
                       struct frame *env)
{
    struct json_val item = items[index], value;
    if (UNLIKELY(tuples)) {
        struct frame frame = ev_tuple_frame(env, item.any);
        value = ev_eval(e, expr, ((const struct tuple *)item.any)->at, &frame);
    } else {
        value = ev_eval(e, expr, item, env);
    }
    if (LIKELY(value.tag == JSON_BOOL))
        return !value.b || ev_push(e, out, item);
    return !ev_failed(value) && filter_select(e, out, item, index, count, value);
}

struct json_val ev_filter(struct ev *e, const struct stage *stage, struct json_val input,
                          struct frame *env)
{
    struct json_val single = input;
    const struct json_val *items = ev_is_array(input) ? input.items : &single;
    uint32_t count = ev_is_array(input) ? input.len : 1;
    bool tuples = ev_is_array(input) && (input.flags & VAL_TUPLES);
    const struct node *expr = stage->expr;
    if (expr->kind == NODE_NUMBER) {
        if (items == &single)
            items = ev_array_of_one(e, single, 0).items;
        return filter_at(items, count, expr->value.num, tuples ? VAL_TUPLES : 0);
    }
    struct vec out = {0};
    for (uint32_t i = 0; i < count; i++)
        if (!filter_one(e, expr, &out, items, i, count, tuples, env))
            return filter_failed;
    return ev_array(out.items, out.count, VAL_SEQ | (tuples ? VAL_TUPLES : 0));
}
