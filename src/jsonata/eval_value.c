/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evaluators do with values: failing, truth, text, equality, lists, members. No syntax here.
 */
#include "jsonata/eval.h"

#include "base/check.h"
#include "base/number.h"
#include "json/compare.h"
#include "json/write.h"
#include "jsonata/jsonata.h"
#include <math.h>

/* ---- failing ---- */

struct json_val ev_fail(struct ev *e, const char *code, const struct node *n)
{
    raise_code(&e->err, code);
    if (n != NULL) {
        e->err.start = n->start;
        e->err.end = n->end;
        e->err.position = n->end;
    }
    return (struct json_val){.tag = VAL_FAILED};
}

struct json_val ev_fail_value(struct ev *e, const char *code, const struct node *n,
                              struct json_val value)
{
    struct json_val failed = ev_fail(e, code, n);
    e->err.value = value;
    e->err.has_value = true;
    return failed;
}

struct json_val ev_fail_steps(struct ev *e, const struct node *n)
{
    e->steps = -1;
    return ev_fail_value(e, "D1012", n, json_num((double)e->max_steps));
}

struct json_val ev_fail_memory(struct ev *e, const struct node *n)
{
    return ev_fail_value(e, "U1002", n, json_num((double)e->max_bytes));
}

struct json_val ev_fail_depth(struct ev *e, const struct node *n)
{
    return ev_fail_value(e, "D1011", n, json_num(e->max_depth));
}

struct json_val ev_fail_nesting(struct ev *e, const struct node *n)
{
    return ev_fail_value(e, "U1005", n, json_num(JSON_MAX_DEPTH));
}

void *ev_alloc(struct ev *e, size_t size)
{
    if (UNLIKELY(!arena_room(e->arena, size))) {
        ev_fail_memory(e, NULL);
        return NULL;
    }
    return arena_alloc(e->arena, size);
}

/* ---- numbers, truth, text ---- */

bool ev_numeric(struct ev *e, struct json_val v, double *ret)
{
    if (!json_is_number(v))
        return false;
    *ret = json_number(v);
    if (isinf(*ret))
        ev_fail_value(e, "D1001", NULL, json_num(*ret));
    return !isnan(*ret);
}

struct json_val ev_boolean(struct ev *e, struct json_val v)
{
    double num;
    for (uint32_t depth = 0; v.tag == JSON_ARRAY && v.len == 1; depth++) {
        if (depth > JSON_MAX_DEPTH)
            return ev_fail_nesting(e, NULL);
        v = v.items[0];
        if (v.tag == JSON_UNDEFINED)
            return json_bool(false);
    }
    switch (v.tag) {
    case JSON_UNDEFINED: return v;
    case JSON_BOOL: return v;
    case JSON_STRING: return json_bool(v.len > 0);
    case JSON_OBJECT: return json_bool(v.len > 0);
    case JSON_NUMBER:
    case JSON_INT:
    case JSON_NUMTEXT:
        num = json_number(v);
        if (isinf(num))
            return ev_fail_value(e, "D1001", NULL, v);
        return json_bool(num != 0 && !isnan(num));
    case JSON_ARRAY:
        if (!ev_enter(e, v))
            return (struct json_val){.tag = VAL_FAILED};
        for (uint32_t i = 0; i < v.len; i++) {
            struct json_val item = ev_boolean(e, v.items[i]);
            if (ev_failed(item) || (item.tag == JSON_BOOL && item.b)) {
                ev_leave(e);
                return item;
            }
        }
        ev_leave(e);
        return json_bool(false);
    default: return json_bool(false);
    }
}

int ev_truth_slow(struct ev *e, struct json_val v)
{
    struct json_val b = ev_boolean(e, v);
    return ev_failed(b) ? -1 : b.tag == JSON_BOOL && b.b;
}

static struct json_val ev_text_of(struct ev *e, const char *p, size_t n)
{
    char *copy = ev_alloc(e, n);
    if (copy == NULL)
        return (struct json_val){.tag = VAL_FAILED};
    memcpy(copy, p, n);
    return json_string((str){copy, n}, JSON_ASCII | JSON_PLAIN);
}

/* Containers: written to a buffer that stays within the budget, then copied. */
static struct json_val ev_string_written(struct ev *e, struct json_val v, bool pretty,
                                         const struct node *n)
{
    struct buf out;
    struct error err;
    size_t limit = e->max_bytes;
    buf_init(&out, limit != 0 && limit < UINT32_MAX ? limit : UINT32_MAX);
    enum status status =
        json_write(&out, v, JSON_WRITE_PRECISION15 | (pretty ? JSON_WRITE_PRETTY : 0), &err);
    struct json_val result;
    char *copy;
    if (status == STATUS_INVALID)
        result = ev_fail_value(e, "D1001", n, json_num((double)INFINITY));
    else if (status != STATUS_OK && strcmp(err.name, "JsonTooDeep") == 0)
        result = ev_fail_nesting(e, n);
    else if (status != STATUS_OK)
        result = ev_fail_memory(e, n);
    else if ((copy = ev_alloc(e, out.n)) == NULL)
        result = (struct json_val){.tag = VAL_FAILED};
    else {
        memcpy(copy, out.p, out.n);
        result = json_string((str){copy, out.n}, 0);
    }
    buf_done(&out);
    return result;
}

struct json_val ev_string(struct ev *e, struct json_val v, bool pretty, const struct node *n)
{
    char text[NUMBER_TEXT_MAX] UNINIT;
    switch (v.tag) {
    case JSON_UNDEFINED:
    case JSON_STRING: return v;
    case JSON_NULL: return json_string(STR("null"), JSON_ASCII | JSON_PLAIN);
    case JSON_BOOL: return json_string(v.b ? STR("true") : STR("false"), JSON_ASCII | JSON_PLAIN);
    case JSON_FUNCTION: return json_string(STR(""), JSON_ASCII | JSON_PLAIN);
    case JSON_NUMBER:
    case JSON_INT:
    case JSON_NUMTEXT: {
        double num = json_number(v);
        if (!isfinite(num))
            return ev_fail_value(e, "D3001", n, v);
        return ev_text_of(e, text,
                          number_print(num == trunc(num) ? num : number_round15(num), text));
    }
    default:
        if (v.tag == JSON_ARRAY && (v.flags & VAL_OUTER) && v.len == 1)
            v = v.items[0];
        return ev_string_written(e, v, pretty, n);
    }
}

int ev_equal(struct ev *e, struct json_val a, struct json_val b)
{
    if (a.tag == JSON_STRING && b.tag == JSON_STRING) {
        if (a.len >= 1024 && a.len == b.len && !ev_charge(e, a.len / 64, NULL))
            return -1;
        return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    }
    if (a.tag == JSON_NUMBER && b.tag == JSON_NUMBER)
        return a.num == b.num;
    int result = json_compare_within(a, b, &e->steps);
    if (result == JSON_EQUAL_TOO_DEEP)
        ev_fail_nesting(e, NULL);
    else if (e->steps < 0)
        ev_fail_steps(e, NULL);
    return result < 0 || e->steps < 0 ? -1 : result;
}

bool ev_enter(struct ev *e, struct json_val container)
{
    if (++e->nesting > JSON_MAX_DEPTH) {
        ev_fail_nesting(e, NULL);
        return false;
    }
    return ev_charge(e, container.len, NULL);
}

/* ---- lists ---- */

bool ev_vec_grow(struct ev *e, struct vec *v, uint32_t more)
{
    uint64_t cap = v->cap < 4 ? 4 : (uint64_t)v->cap * 2;
    while (cap < (uint64_t)v->count + more)
        cap *= 2;
    size_t old = sizeof(struct json_val) * v->cap, size = sizeof(struct json_val) * cap;
    if (cap > UINT32_MAX / 2 || !arena_room(e->arena, size)) {
        ev_fail_memory(e, NULL);
        return false;
    }
    if (v->cap == 0 || !arena_extend(e->arena, v->items, old, size)) {
        struct json_val *bigger = arena_alloc(e->arena, size);
        if (v->count > 0)
            memcpy(bigger, v->items, sizeof(struct json_val) * v->count);
        v->items = bigger;
    }
    v->cap = (uint32_t)cap;
    return true;
}

bool ev_push_all(struct ev *e, struct vec *v, const struct json_val *items, uint32_t count)
{
    if (count == 0)
        return true;
    if (count > v->cap - v->count && !ev_vec_grow(e, v, count))
        return false;
    memcpy(v->items + v->count, items, sizeof(struct json_val) * count);
    v->count += count;
    return true;
}

bool ev_push_flat(struct ev *e, struct vec *v, struct json_val item)
{
    if (!ev_is_array(item))
        return ev_push(e, v, item);
    if (!ev_enter(e, item))
        return false;
    for (uint32_t i = 0; i < item.len; i++)
        if (!ev_push_flat(e, v, item.items[i]))
            return false;
    ev_leave(e);
    return true;
}

bool ev_push_members(struct ev *e, struct vec *v, struct json_val container, bool *ret_joined)
{
    const struct json_val *vals =
        container.tag == JSON_OBJECT ? container.obj->vals : container.items;
    *ret_joined = false;
    if (!ev_charge(e, container.len, NULL) ||
        (v->cap - v->count < container.len && !ev_vec_grow(e, v, container.len)))
        return false;
    for (uint32_t i = 0; i < container.len; i++) {
        bool is_array = ev_is_array(vals[i]);
        *ret_joined = *ret_joined || is_array;
        if (!(is_array ? ev_push_flat(e, v, vals[i]) : ev_push(e, v, vals[i])))
            return false;
    }
    return true;
}

struct json_val ev_array_of_one(struct ev *e, struct json_val item, unsigned flags)
{
    struct json_val *one = arena_alloc(e->arena, sizeof(*one));
    *one = item;
    return ev_array(one, 1, flags);
}

struct json_val ev_vec_seq(const struct vec *v)
{
    return ev_array(v->items, v->count, VAL_SEQ);
}

struct json_val ev_vec_array(const struct vec *v)
{
    return ev_array(v->items, v->count, 0);
}

/*
 * Appending copies once and leaves room behind; appending to such a result, as loops do, then
 * happens in place. Values that share the memory keep their own length and never see the new part.
 */
struct json_val ev_append(struct ev *e, struct json_val a, struct json_val b)
{
    if (a.tag == JSON_UNDEFINED)
        return b;
    if (b.tag == JSON_UNDEFINED)
        return a;
    const struct json_val *left = ev_is_array(a) ? a.items : &a;
    const struct json_val *right = ev_is_array(b) ? b.items : &b;
    uint32_t n = ev_is_array(a) ? a.len : 1, m = ev_is_array(b) ? b.len : 1;
    if (n == 0 && ev_is_array(b))
        return ev_array(right, m, b.flags & JSON_GROW);
    struct json_val grown = a;
    if (ev_is_array(a) && json_grow_append(&grown, right, m))
        return ev_array(left, n + m, JSON_GROW);
    uint64_t count = (uint64_t)n + m, cap = n > 8 ? count + n / 2 : count;
    if (cap > UINT32_MAX / 4)
        return ev_fail_memory(e, NULL);
    struct json_grow *grow = ev_alloc(e, sizeof(*grow) + sizeof(struct json_val) * cap);
    if (grow == NULL)
        return (struct json_val){.tag = VAL_FAILED};
    *grow = (struct json_grow){.used = (uint32_t)count, .cap = (uint32_t)cap};
    struct json_val *items = (struct json_val *)(grow + 1);
    if (n > 0)
        memcpy(items, left, sizeof(struct json_val) * n);
    if (m > 0)
        memcpy(items + n, right, sizeof(struct json_val) * m);
    return ev_array(items, (uint32_t)count, JSON_GROW);
}

/* ---- members ---- */

struct json_shapes *ev_shapes(struct ev *e)
{
    if (!e->uses_shapes) {
        json_shapes_init(&e->shapes, e->arena);
        e->uses_shapes = true;
    }
    return &e->shapes;
}

/* Eight bytes from p, which may be read whatever the length of the key (see struct json_key). */
static inline uint64_t member_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* json_shape_find for small shapes and short names, as nearly all are. */
static int32_t member_find(const struct json_shape *shape, const struct node *n)
{
    uint32_t length = n->key.n;
    if (length > 8 || length == 0 || shape->index_mask != 0)
        return json_shape_find(shape, n->text, n->key.hash);
    unsigned unused = (8 - length) * 8;
    uint64_t word = member_word(n->key.p) << unused;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct json_key *key = &shape->keys[i];
        if (key->hash == n->key.hash && key->n == length && member_word(key->p) << unused == word)
            return (int32_t)i;
    }
    return -1;
}

struct json_val ev_member_slow(struct ev *e, const struct node *n, struct json_val object)
{
    struct shape_slot *s = &e->slots[n->slot];
    s->shape = object.obj->shape;
    s->at = member_find(s->shape, n);
    return s->at >= 0 ? object.obj->vals[s->at] : json_undefined();
}

/* Node may be NULL: then there is no cache to ask. */
static struct json_val ev_member_of(struct ev *e, const struct node *n, str key,
                                    struct json_val object)
{
    return n != NULL ? ev_member(e, n, object) : json_get(object, key);
}

static bool ev_lookup_into(struct ev *e, const struct node *n, str key, struct json_val array,
                           struct vec *out)
{
    if (!ev_enter(e, array))
        return false;
    for (uint32_t i = 0; i < array.len; i++) {
        struct json_val item = array.items[i], found;
        if (item.tag == JSON_ARRAY) {
            if (!ev_lookup_into(e, n, key, item, out))
                return false;
            continue;
        }
        if (item.tag != JSON_OBJECT)
            continue;
        found = ev_member_of(e, n, key, item);
        if (found.tag == JSON_ARRAY) {
            if (!ev_push_all(e, out, found.items, found.len))
                return false;
        } else if (found.tag != JSON_UNDEFINED && !ev_push(e, out, found)) {
            return false;
        }
    }
    ev_leave(e);
    return true;
}

struct json_val ev_lookup_array(struct ev *e, const struct node *n, str key, struct json_val array)
{
    struct vec out = {0};
    if (!ev_lookup_into(e, n, key, array, &out))
        return (struct json_val){.tag = VAL_FAILED};
    return ev_vec_seq(&out);
}
