/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting: the merge sort that $sort and order-by share, and order-by itself. Keys of an order-by
 * are evaluated once per item and term (the reference does it at every comparison), later terms
 * only where earlier ones were equal.
 */
#include "jsonata/eval.h"

#include "base/utf8.h"

/* ---- merge sort ---- */

struct sorting {
    struct ev *e;
    ev_greater_fn *greater;
    void *arg;
    size_t size;
};

static bool sort_merge(const struct sorting *s, char *out, const char *l, size_t ln, const char *r,
                       size_t rn)
{
    while (ln > 0 && rn > 0) {
        int greater = s->greater(s->e, s->arg, l, r);
        if (greater < 0)
            return false;
        const char **from = greater ? &r : &l;
        memcpy(out, *from, s->size);
        out += s->size;
        *from += s->size;
        *(greater ? &rn : &ln) -= 1;
    }
    if (ln > 0)
        memcpy(out, l, ln * s->size);
    if (rn > 0)
        memcpy(out + ln * s->size, r, rn * s->size);
    return true;
}

/* Sorts a into out; a is used as scratch. The halves are those of the reference, so that a
 * comparator sees the same pairs. Depth is the logarithm of the count. */
static bool sort_into(const struct sorting *s, char *a, char *out, size_t count)
{
    if (count <= 1) {
        memcpy(out, a, count * s->size);
        return true;
    }
    size_t half = count / 2, bytes = half * s->size;
    if (!sort_into(s, out, a, half) || !sort_into(s, out + bytes, a + bytes, count - half))
        return false;
    return sort_merge(s, out, a, half, a + bytes, count - half);
}

bool ev_merge_sort(struct ev *e, void *items, size_t count, size_t size, ev_greater_fn *greater,
                   void *arg)
{
    struct sorting s = {e, greater, arg, size};
    void *copy = ev_alloc(e, count * size);
    if (copy == NULL)
        return false;
    memcpy(copy, items, count * size);
    return sort_into(&s, copy, items, count);
}

/* ---- order-by ---- */

struct order_item {
    struct json_val value;
    struct json_val first; /* key of the first term */
    struct json_val *more; /* keys of the others; VAL_HOLE where not evaluated yet */
};

struct order {
    const struct node *n;
    struct frame *env;
    bool tuples;
};

static struct json_val order_evaluate(struct ev *e, const struct order *o, uint32_t term,
                                      struct json_val value)
{
    const struct node *expr = o->n->terms[term].expr;
    if (!o->tuples)
        return ev_eval(e, expr, value, o->env);
    struct frame frame = ev_tuple_frame(o->env, value.any);
    return ev_eval(e, expr, ((const struct tuple *)value.any)->at, &frame);
}

static struct json_val order_key(struct ev *e, const struct order *o, const struct order_item *item,
                                 uint32_t term)
{
    if (term == 0)
        return item->first;
    struct json_val *key = &item->more[term - 1];
    if (key->tag == VAL_HOLE)
        *key = order_evaluate(e, o, term, item->value);
    return *key;
}

static bool order_is_key(struct json_val v)
{
    return json_is_number(v) || v.tag == JSON_STRING;
}

/* <0, 0, >0 in *ret; false failed. */
static bool order_compare(struct ev *e, const struct node *n, struct json_val a, struct json_val b,
                          bool descending, int *ret)
{
    if (a.tag == JSON_UNDEFINED || b.tag == JSON_UNDEFINED) { /* what is missing goes to the end */
        *ret = a.tag == b.tag ? 0 : a.tag == JSON_UNDEFINED ? 1 : -1;
        return true;
    }
    if (!order_is_key(a) || !order_is_key(b)) {
        ev_fail_value(e, "T2008", n, order_is_key(a) ? b : a);
        return false;
    }
    if (json_is_number(a) != json_is_number(b)) {
        ev_fail_value(e, "T2007", n, a);
        e->err.value2 = b;
        return false;
    }
    if (a.tag == JSON_STRING) {
        *ret = utf8_cmp_utf16(json_str(a), json_str(b));
    } else {
        double x = json_number(a), y = json_number(b);
        *ret = x == y ? 0 : x < y ? -1 : 1;
    }
    if (descending)
        *ret = -*ret;
    return true;
}

static int order_greater(struct ev *e, void *arg, const void *a, const void *b)
{
    const struct order *o = arg;
    for (uint32_t term = 0; term < o->n->count; term++) {
        int sign;
        struct json_val x = order_key(e, o, a, term), y;
        if (ev_failed(x))
            return -1;
        y = order_key(e, o, b, term);
        if (ev_failed(y) || !order_compare(e, o->n, x, y, o->n->terms[term].descending, &sign))
            return -1;
        if (sign != 0)
            return sign > 0;
    }
    return 0;
}

/* input: an array of values or a tuple stream. Up to one item comes back as it is. */
struct json_val ev_sort_step(struct ev *e, const struct node *n, struct json_val input,
                             struct frame *env)
{
    if (!ev_is_array(input) || input.len <= 1)
        return input;
    struct order o = {.n = n, .env = env, .tuples = (input.flags & VAL_TUPLES) != 0};
    uint32_t more = n->count - 1;
    struct order_item *items = ev_alloc(e, sizeof(*items) * input.len);
    struct json_val *keys = ev_alloc(e, sizeof(*keys) * more * input.len + 1);
    struct json_val *sorted = ev_alloc(e, sizeof(*sorted) * input.len);
    if (items == NULL || keys == NULL || sorted == NULL || !ev_charge(e, input.len, n))
        return (struct json_val){.tag = VAL_FAILED};
    for (uint32_t i = 0; i < input.len; i++) {
        items[i].value = input.items[i];
        items[i].more = keys + (size_t)i * more;
        for (uint32_t k = 0; k < more; k++)
            items[i].more[k] = (struct json_val){.tag = VAL_HOLE};
        items[i].first = order_evaluate(e, &o, 0, input.items[i]);
        if (ev_failed(items[i].first))
            return items[i].first;
    }
    if (!ev_merge_sort(e, items, input.len, sizeof(*items), order_greater, &o))
        return (struct json_val){.tag = VAL_FAILED};
    for (uint32_t i = 0; i < input.len; i++)
        sorted[i] = items[i].value;
    return ev_array(sorted, input.len, input.flags & VAL_TUPLES);
}
