/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on arrays that call no other function; those that do are in fn_higher.c. */
#include "base/map.h"
#include "base/utf8.h"
#include "json/compare.h"
#include "jsonata/function.h"
#include "jsonata/random.h"

static const struct json_val array_failed = {.tag = VAL_FAILED};

struct json_val fn_append(struct ev *e, const struct call *c)
{
    struct json_val v = ev_append(e, c->args[0], c->args[1]);
    return !ev_failed(v) &&
                   !ev_charge(e, c->args[1].tag == JSON_ARRAY ? c->args[1].len / 8 : 0, c->node)
               ? array_failed
               : v;
}

struct json_val fn_exists(struct ev *e, const struct call *c)
{
    (void)e;
    return json_bool(c->args[0].tag != JSON_UNDEFINED);
}

struct json_val fn_reverse(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0];
    if (list.tag == JSON_UNDEFINED || list.len <= 1)
        return list;
    struct json_val *out = ev_alloc(e, sizeof(*out) * list.len);
    if (out == NULL || !ev_charge(e, list.len / 8, c->node))
        return array_failed;
    for (uint32_t i = 0; i < list.len; i++)
        out[list.len - 1 - i] = list.items[i];
    return json_array(out, list.len);
}

struct json_val fn_shuffle(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0];
    if (list.tag == JSON_UNDEFINED || list.len <= 1)
        return list;
    struct json_val *out = ev_alloc(e, sizeof(*out) * list.len);
    if (out == NULL || !ev_charge(e, list.len, c->node))
        return array_failed;
    for (uint32_t i = 0; i < list.len; i++) { /* inside-out Fisher-Yates */
        uint32_t j = (uint32_t)(random_next(e) * (i + 1));
        if (i != j)
            out[i] = out[j];
        out[j] = list.items[i];
    }
    return json_array(out, list.len);
}

struct json_val fn_zip(struct ev *e, const struct call *c)
{
    uint32_t length = c->count > 0 ? UINT32_MAX : 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t n = ev_is_array(c->args[i]) ? c->args[i].len : 0;
        length = n < length ? n : length;
    }
    if (!ev_charge(e, (uint64_t)length * c->count, c->node))
        return array_failed;
    struct json_val *rows = ev_alloc(e, sizeof(*rows) * length);
    struct json_val *cells = ev_alloc(e, sizeof(*cells) * length * c->count);
    if (rows == NULL || cells == NULL)
        return array_failed;
    for (uint32_t i = 0; i < length; i++) {
        rows[i] = json_array(cells + (size_t)i * c->count, c->count);
        for (uint32_t k = 0; k < c->count; k++)
            cells[(size_t)i * c->count + k] = c->args[k].items[i];
    }
    return json_array(rows, length);
}

/* ---- $distinct ---- */

struct distinct {
    uint32_t *slots; /* position in the result + 1, by hash */
    uint32_t mask;
    uint64_t seed;
};

/* 1 new, 0 seen before, -1 failed. */
static int distinct_add(struct ev *e, struct distinct *d, const struct vec *seen, struct json_val v)
{
    uint32_t at = (uint32_t)json_hash_within(v, d->seed, &e->steps) & d->mask;
    if (e->steps < 0) {
        ev_fail_steps(e, NULL);
        return -1;
    }
    for (; d->slots[at] != 0; at = (at + 1) & d->mask) {
        int same = ev_equal(e, seen->items[d->slots[at] - 1], v);
        if (same != 0)
            return same < 0 ? -1 : 0;
    }
    d->slots[at] = seen->count + 1;
    return 1;
}

struct json_val fn_distinct(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0];
    if (!ev_is_array(list) || list.len <= 1)
        return list;
    struct distinct d = {.mask = 15, .seed = (uint64_t)(uintptr_t)e->arena};
    while (d.mask < (uint64_t)list.len * 2 && d.mask < UINT32_MAX / 2)
        d.mask = d.mask * 2 + 1;
    if (!arena_room(e->arena, sizeof(uint32_t) * ((size_t)d.mask + 1)))
        return ev_fail_memory(e, c->node);
    d.slots = arena_zalloc(e->arena, sizeof(uint32_t) * ((size_t)d.mask + 1));
    struct vec out = {0};
    if (!ev_charge(e, list.len, c->node))
        return array_failed;
    for (uint32_t i = 0; i < list.len; i++) {
        int fresh = distinct_add(e, &d, &out, list.items[i]);
        if (fresh < 0 || (fresh > 0 && !ev_push(e, &out, list.items[i])))
            return array_failed;
    }
    return ev_array(out.items, out.count, list.flags & VAL_SEQ);
}
