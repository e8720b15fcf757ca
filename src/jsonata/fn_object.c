/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on objects, on types, and $error and $assert. */
#include "base/number.h"
#include "base/utf8.h"
#include "jsonata/function.h"
#include <math.h>

static const struct json_val object_failed = {.tag = VAL_FAILED};

/* ---- $keys ---- */

static bool keys_collect(struct ev *e, struct vec *out, struct map *seen, struct json_val v)
{
    if (v.tag == JSON_OBJECT) {
        for (uint32_t i = 0; i < v.len; i++) {
            struct json_val key = ev_key(v.obj, i);
            uint32_t *at = map_at(seen, json_str(key));
            if (*at != MAP_NONE)
                continue;
            *at = out->count;
            if (!ev_push(e, out, key))
                return false;
        }
        return ev_charge(e, v.len, NULL);
    }
    if (!ev_is_array(v))
        return true;
    if (!ev_enter(e, v))
        return false;
    for (uint32_t i = 0; i < v.len; i++)
        if (!keys_collect(e, out, seen, v.items[i]))
            return false;
    ev_leave(e);
    return true;
}

struct json_val fn_keys(struct ev *e, const struct call *c)
{
    struct vec out = {0};
    struct json_val v = c->args[0];
    if (v.tag == JSON_OBJECT) {
        for (uint32_t i = 0; i < v.len; i++)
            if (!ev_push(e, &out, ev_key(v.obj, i)))
                return object_failed;
        return ev_vec_seq(&out);
    }
    struct map seen;
    map_init(&seen, e->arena, 16);
    return keys_collect(e, &out, &seen, v) ? ev_vec_seq(&out) : object_failed;
}

/* ---- $lookup, $spread, $merge ---- */

struct json_val fn_lookup(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0], key = c->args[1];
    if (key.tag != JSON_STRING)
        return json_undefined();
    if (ev_is_array(v))
        return ev_lookup_array(e, NULL, json_str(key), v);
    return v.tag == JSON_OBJECT ? json_get(v, json_str(key)) : json_undefined();
}

static struct json_val spread_one(struct ev *e, struct json_val object, uint32_t i)
{
    const struct json_key *key = &object.obj->shape->keys[i];
    struct json_obj_builder b;
    json_obj_begin(&b, ev_shapes(e), 1);
    json_obj_put(&b, (str){key->p, key->n}, key->flags, object.obj->vals[i]);
    return json_obj_end(&b);
}

static bool spread_into(struct ev *e, struct vec *out, struct json_val v)
{
    if (v.tag == JSON_OBJECT) {
        for (uint32_t i = 0; i < v.len; i++)
            if (!ev_push(e, out, spread_one(e, v, i)))
                return false;
        return ev_charge(e, v.len, NULL);
    }
    if (!ev_is_array(v))
        return ev_push(e, out, v);
    if (!ev_enter(e, v))
        return false;
    for (uint32_t i = 0; i < v.len; i++)
        if (!spread_into(e, out, v.items[i]))
            return false;
    ev_leave(e);
    return true;
}

struct json_val fn_spread(struct ev *e, const struct call *c)
{
    struct vec out = {0};
    struct json_val v = c->args[0];
    if (v.tag == JSON_FUNCTION && v.extra != FN_LAMBDA)
        return ev_array(NULL, 0, VAL_SEQ);
    if (v.tag != JSON_OBJECT && !ev_is_array(v))
        return v;
    if (!spread_into(e, &out, v))
        return object_failed;
    /* What several values were joined into is an array, even with one object in it. */
    return ev_is_array(v) && v.len > 0 ? ev_vec_array(&out) : ev_vec_seq(&out);
}

enum { MERGE_FEW = 16 /* new members that are looked through one by one */ };

/*
 * A large object and few more members, as loops build it: keys and values are copied as they are,
 * and where no key is new not even the keys. Failed when that is not the case, and nothing has
 * happened.
 */
static bool merge_into_large(struct ev *e, struct json_val list, struct json_val *ret)
{
    struct json_val base = list.items[0];
    struct json_key fresh[MERGE_FEW];
    uint32_t more = 0;
    for (uint32_t i = 1; i < list.len; i++)
        more += list.items[i].len;
    if (base.len <= SHAPE_TRIE_MAX || more > MERGE_FEW)
        return false;
    struct json_val *vals = arena_alloc(e->arena, sizeof(*vals) * (base.len + more));
    memcpy(vals, base.obj->vals, sizeof(*vals) * base.len);
    uint32_t count = 0;
    for (uint32_t i = 1; i < list.len; i++) {
        struct json_val v = list.items[i];
        for (uint32_t k = 0; k < v.len; k++) {
            str name = {v.obj->shape->keys[k].p, v.obj->shape->keys[k].n};
            int32_t at = json_shape_find(base.obj->shape, name, v.obj->shape->keys[k].hash);
            for (uint32_t f = 0; at < 0 && f < count; f++)
                if (str_eq(name, (str){fresh[f].p, fresh[f].n}))
                    at = (int32_t)(base.len + f);
            if (at < 0) {
                fresh[count] = v.obj->shape->keys[k];
                at = (int32_t)(base.len + count++);
            }
            vals[at] = v.obj->vals[k];
        }
    }
    const struct json_shape *shape = base.obj->shape;
    if (count > 0) {
        struct json_key *keys = arena_alloc(e->arena, sizeof(*keys) * (base.len + count));
        memcpy(keys, shape->keys, sizeof(*keys) * base.len);
        memcpy(keys + base.len, fresh, sizeof(*keys) * count);
        shape = json_shape_new(e->arena, keys, base.len + count);
    }
    struct json_object *obj = json_obj_new(e->arena, shape);
    memcpy(obj->vals, vals, sizeof(*vals) * shape->count);
    *ret = json_object(obj);
    return true;
}

struct json_val fn_merge(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0];
    struct json_obj_builder b;
    if (list.tag == JSON_UNDEFINED)
        return list;
    struct json_val merged;
    if (list.len > 1 && list.items[0].tag == JSON_OBJECT &&
        ev_charge(e, list.items[0].len / 8, c->node) && merge_into_large(e, list, &merged))
        return merged;
    if (e->steps < 0)
        return object_failed;
    json_obj_begin(&b, ev_shapes(e), list.len > 0 ? list.items[0].len : 0);
    for (uint32_t i = 0; i < list.len; i++) {
        struct json_val v = list.items[i];
        for (uint32_t k = 0; v.tag == JSON_OBJECT && k < v.len; k++) {
            const struct json_key *key = &v.obj->shape->keys[k];
            json_obj_put(&b, (str){key->p, key->n}, key->flags, v.obj->vals[k]);
        }
        if (!ev_charge(e, v.len, c->node))
            return object_failed;
        if (arena_is_over(e->arena))
            return ev_fail_memory(e, c->node);
    }
    return json_obj_end(&b);
}

/* ---- $clone ---- */

/* A copy as it comes back from JSON text: numbers with 15 digits, functions as empty strings. */
struct json_val ev_clone(struct ev *e, struct json_val v)
{
    if (json_is_number(v)) {
        double num = json_number(v);
        if (!isfinite(num))
            return ev_fail_value(e, "D1001", NULL, v);
        return json_num(num == trunc(num) ? num : number_round15(num));
    }
    if (v.tag == JSON_FUNCTION)
        return json_string(STR(""), JSON_ASCII | JSON_PLAIN);
    if (v.tag == JSON_UNDEFINED)
        return json_null();
    if (!json_is_container(v))
        return v;
    if (!ev_enter(e, v))
        return object_failed;
    const struct json_val *from = v.tag == JSON_ARRAY ? v.items : v.obj->vals;
    struct json_object *obj = v.tag == JSON_OBJECT ? json_obj_new(e->arena, v.obj->shape) : NULL;
    struct json_val *to = obj != NULL ? obj->vals : ev_alloc(e, sizeof(*to) * v.len);
    if (to == NULL)
        return object_failed;
    for (uint32_t i = 0; i < v.len; i++) {
        to[i] = json_is_container(from[i]) || from[i].tag != JSON_STRING ? ev_clone(e, from[i])
                                                                         : from[i];
        if (ev_failed(to[i]))
            return to[i];
    }
    ev_leave(e);
    if (arena_is_over(e->arena))
        return ev_fail_memory(e, NULL);
    return obj != NULL ? json_object(obj) : json_array(to, v.len);
}

struct json_val fn_clone(struct ev *e, const struct call *c)
{
    return c->args[0].tag == JSON_UNDEFINED ? c->args[0] : ev_clone(e, c->args[0]);
}

/* ---- types and errors ---- */

struct json_val fn_type(struct ev *e, const struct call *c)
{
    (void)e;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    return json_string(str_of(json_type_name(c->args[0])), JSON_ASCII | JSON_PLAIN);
}

static struct json_val object_raise(struct ev *e, const struct call *c, const char *code,
                                    struct json_val message, str otherwise)
{
    struct json_val failed = ev_fail(e, code, c->node);
    bool given = message.tag == JSON_STRING && message.len > 0;
    e->err.text = given ? json_str(message) : otherwise;
    return failed;
}

struct json_val fn_error(struct ev *e, const struct call *c)
{
    return object_raise(e, c, "D3137", c->args[0], STR("$error() function evaluated"));
}

struct json_val fn_assert(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_BOOL && c->args[0].b)
        return json_undefined();
    return object_raise(e, c, "D3141", c->args[1], STR("$assert() statement failed"));
}
