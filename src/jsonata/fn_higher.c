/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that call functions: over arrays, over the members of objects, and $sort. */
#include "base/utf8.h"
#include "jsonata/function.h"

static const struct json_val higher_failed = {.tag = VAL_FAILED};

struct json_val fn_map(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0], fn = c->args[1];
    struct vec out = {0};
    if (list.tag == JSON_UNDEFINED)
        return list;
    uint32_t arity = ev_arity(fn);
    if (list.len > 0 && !ev_vec_grow(e, &out, list.len))
        return higher_failed;
    for (uint32_t i = 0; i < list.len; i++) {
        struct json_val v = ev_call_item(e, c, fn, arity, list.items[i], json_num(i), list);
        if (ev_failed(v) || (v.tag != JSON_UNDEFINED && !ev_push(e, &out, v)))
            return higher_failed;
    }
    return ev_vec_seq(&out);
}

struct json_val fn_filter(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0], fn = c->args[1];
    struct vec out = {0};
    if (list.tag == JSON_UNDEFINED)
        return list;
    uint32_t arity = ev_arity(fn);
    for (uint32_t i = 0; i < list.len; i++) {
        struct json_val v = ev_call_item(e, c, fn, arity, list.items[i], json_num(i), list);
        int truth = ev_failed(v) ? -1 : ev_truth(e, v);
        if (truth < 0 || (truth > 0 && !ev_push(e, &out, list.items[i])))
            return higher_failed;
    }
    return ev_vec_seq(&out);
}

struct json_val fn_single(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0], fn = c->args[1], result = json_undefined();
    if (list.tag == JSON_UNDEFINED)
        return list;
    uint32_t arity = fn.tag == JSON_UNDEFINED ? 0 : ev_arity(fn), found = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        int truth = 1;
        if (fn.tag != JSON_UNDEFINED) {
            struct json_val v = ev_call_item(e, c, fn, arity, list.items[i], json_num(i), list);
            truth = ev_failed(v) ? -1 : ev_truth(e, v);
        }
        if (truth < 0)
            return higher_failed;
        if (truth > 0 && found++ > 0)
            return ev_fail(e, "D3138", c->node);
        if (truth > 0)
            result = list.items[i];
    }
    return found == 0 ? ev_fail(e, "D3139", c->node) : result;
}

struct json_val fn_reduce(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0], fn = c->args[1], result = c->args[2];
    struct json_val args[CALL_ARGS] UNINIT;
    struct ev_loop loop;
    if (list.tag == JSON_UNDEFINED)
        return list;
    uint32_t arity = ev_arity(fn), i = 0;
    if (arity < 2)
        return ev_fail(e, "D3050", c->node);
    if (result.tag == JSON_UNDEFINED && list.len > 0)
        result = list.items[i++];
    ev_loop_begin(e, &loop);
    for (; i < list.len; i++) {
        ev_loop_turn(e, &loop, &result, 1);
        args[0] = result;
        args[1] = list.items[i];
        args[2] = json_num(i);
        args[3] = list;
        result = ev_apply(e, fn, args, arity < 4 ? arity : 4, json_null(), c->env, NULL);
        if (ev_failed(result))
            return result;
    }
    return result;
}

/* ---- members of objects ---- */

struct json_val fn_each(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0], fn = c->args[1];
    struct vec out = {0};
    if (v.tag != JSON_OBJECT)
        return ev_vec_seq(&out);
    uint32_t arity = ev_arity(fn);
    for (uint32_t i = 0; i < v.len; i++) {
        struct json_val r = ev_call_item(e, c, fn, arity, v.obj->vals[i], ev_key(v.obj, i), v);
        if (ev_failed(r) || (r.tag != JSON_UNDEFINED && !ev_push(e, &out, r)))
            return higher_failed;
    }
    return ev_vec_seq(&out);
}

struct json_val fn_sift(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0], fn = c->args[1];
    struct json_obj_builder b;
    if (v.tag != JSON_OBJECT)
        return json_undefined();
    if (fn.tag != JSON_FUNCTION)
        return ev_fail(e, "T1006", c->node);
    uint32_t arity = ev_arity(fn), kept = 0;
    json_obj_begin(&b, ev_shapes(e), v.len);
    for (uint32_t i = 0; i < v.len; i++) {
        struct json_val r = ev_call_item(e, c, fn, arity, v.obj->vals[i], ev_key(v.obj, i), v);
        int truth = ev_failed(r) ? -1 : ev_truth(e, r);
        if (truth < 0)
            return higher_failed;
        if (truth == 0)
            continue;
        const struct json_key *key = &v.obj->shape->keys[i];
        json_obj_put(&b, (str){key->p, key->n}, key->flags, v.obj->vals[i]);
        kept++;
    }
    return kept > 0 ? json_obj_end(&b) : json_undefined();
}

/* ---- $sort ---- */

static int sort_plain(struct ev *e, void *arg, const void *a, const void *b)
{
    const struct json_val *x = a, *y = b;
    (void)e;
    (void)arg;
    if (x->tag == JSON_STRING)
        return utf8_cmp_utf16(json_str(*x), json_str(*y)) > 0;
    return json_number(*x) > json_number(*y);
}

static int sort_called(struct ev *e, void *arg, const void *a, const void *b)
{
    const struct call *c = arg;
    struct json_val args[CALL_ARGS] UNINIT;
    args[0] = *(const struct json_val *)a;
    args[1] = *(const struct json_val *)b;
    struct json_val v = ev_apply(e, c->args[1], args, 2, json_null(), c->env, NULL);
    if (v.tag == JSON_BOOL)
        return v.b;
    if (ev_failed(v))
        return -1;
    /* JavaScript's truth here, not JSONata's: empty arrays and objects count as true */
    if (json_is_container(v) || v.tag == JSON_FUNCTION)
        return 1;
    return ev_truth(e, v);
}

static bool sort_is_plain(struct json_val list)
{
    bool numbers = true, strings = true;
    for (uint32_t i = 0; i < list.len; i++) {
        numbers = numbers && json_is_number(list.items[i]);
        strings = strings && list.items[i].tag == JSON_STRING;
    }
    return numbers || strings;
}

struct json_val fn_sort(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0];
    bool called = c->args[1].tag == JSON_FUNCTION;
    if (list.tag == JSON_UNDEFINED || list.len <= 1)
        return list;
    if (!called && !sort_is_plain(list))
        return ev_fail(e, "D3070", c->node);
    struct json_val *out = ev_alloc(e, sizeof(*out) * list.len);
    if (out == NULL || !ev_charge(e, list.len, c->node))
        return higher_failed;
    memcpy(out, list.items, sizeof(*out) * list.len);
    if (!ev_merge_sort(e, out, list.len, sizeof(*out), called ? sort_called : sort_plain,
                       (void *)(uintptr_t)c))
        return higher_failed;
    return json_array(out, list.len);
}
