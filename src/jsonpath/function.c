/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions at the end of a path: .length(), .sum() and so on, with Jayway's rules. What a
 * function does not understand is passed over; numbers of nothing are refused.
 */
#include "jsonpath/path_internal.h"

#include "base/number.h"
#include <math.h>

enum {
    FUNCTION_TEXT_MAX = 1 << 20, /* bytes that concat gives */
    FUNCTION_BYTES_PER_VISIT = 16,
};

struct path_call {
    struct path_run *run;
    const struct path_function *f;
    struct json_val at;
};

static bool call_fail(const struct path_call *c, const char *what)
{
    return path_run_fail(c->run, STATUS_INVALID, "PathFunction", what);
}

/* The value of an argument; undefined when its path finds nothing. */
static bool arg_value(const struct path_call *c, uint32_t i, struct json_val *ret)
{
    const struct path_arg *arg = &c->f->args[i];
    struct path_miss miss;
    *ret = arg->value;
    return arg->path == NULL || path_value(c->run, arg->path, c->run->root, ret, &miss);
}

/* ---- numbers ---- */

struct totals {
    double sum, squares, min, max;
    uint32_t count;
};

static bool add_numbers(const struct path_call *c, struct totals *t, struct json_val v)
{
    const struct json_val *items = v.tag == JSON_ARRAY ? v.items : &v;
    uint32_t count = v.tag == JSON_ARRAY ? v.len : 1;
    if (!path_charge(c->run, count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!json_is_number(items[i]))
            continue;
        double n = json_number(items[i]);
        t->min = t->count == 0 || n < t->min ? n : t->min;
        t->max = t->count == 0 || n > t->max ? n : t->max;
        t->sum += n;
        t->squares += n * n;
        t->count++;
    }
    return true;
}

static bool total(const struct path_call *c, struct totals *t)
{
    *t = (struct totals){0};
    if (c->at.tag == JSON_ARRAY && !add_numbers(c, t, c->at))
        return false;
    for (uint32_t i = 0; i < c->f->arg_count; i++) {
        struct json_val v;
        if (!arg_value(c, i, &v) || !add_numbers(c, t, v))
            return false;
    }
    return t->count > 0 ||
           call_fail(c, "Aggregation function attempted to calculate value using empty array");
}

static bool give_number(const struct path_call *c, double n, struct json_val *ret)
{
    *ret = json_num(n);
    return isfinite(n) || call_fail(c, "the result of a function is not a finite number");
}

static bool call_min(const struct path_call *c, struct json_val *ret)
{
    struct totals t;
    return total(c, &t) && give_number(c, t.min, ret);
}

static bool call_max(const struct path_call *c, struct json_val *ret)
{
    struct totals t;
    return total(c, &t) && give_number(c, t.max, ret);
}

static bool call_sum(const struct path_call *c, struct json_val *ret)
{
    struct totals t;
    return total(c, &t) && give_number(c, t.sum, ret);
}

static bool call_avg(const struct path_call *c, struct json_val *ret)
{
    struct totals t;
    return total(c, &t) && give_number(c, t.sum / t.count, ret);
}

static bool call_stddev(const struct path_call *c, struct json_val *ret)
{
    struct totals t;
    if (!total(c, &t))
        return false;
    double variance = t.squares / t.count - t.sum * t.sum / t.count / t.count;
    return give_number(c, sqrt(variance < 0 ? 0 : variance), ret);
}

/* ---- arrays and objects ---- */

static bool call_length(const struct path_call *c, struct json_val *ret)
{
    struct json_val v = c->at;
    if (c->f->arg_count > 0 && !arg_value(c, 0, &v))
        return false;
    double n = v.len;
    if (c->f->counts_children) {
        n = 0;
        for (uint32_t i = 0; v.tag == JSON_ARRAY && i < v.len; i++)
            n += json_is_container(v.items[i]) ? v.items[i].len : 0;
    }
    *ret = json_is_container(v) ? json_num(n) : json_null();
    return true;
}

static bool call_keys(const struct path_call *c, struct json_val *ret)
{
    *ret = json_null();
    if (c->at.tag != JSON_OBJECT)
        return true;
    if (!path_charge(c->run, c->at.len))
        return false;
    if (!arena_room(c->run->arena, sizeof(struct json_val) * c->at.len))
        return path_run_fail(c->run, STATUS_LIMIT, "JsonPathLimit", "there are too many keys");
    struct json_val *items = arena_alloc(c->run->arena, sizeof *items * c->at.len);
    const struct json_key *keys = c->at.obj->shape->keys;
    for (uint32_t i = 0; i < c->at.len; i++)
        items[i] = json_string((str){keys[i].p, keys[i].n}, keys[i].flags);
    *ret = json_array(items, c->at.len);
    return true;
}

static bool call_append(const struct path_call *c, struct json_val *ret)
{
    struct path_results results = {0};
    *ret = c->at;
    if (c->at.tag != JSON_ARRAY)
        return true;
    for (uint32_t i = 0; i < c->at.len; i++)
        if (!path_charge(c->run, 1) || !path_add_result(c->run, &results, c->at.items[i]))
            return false;
    for (uint32_t i = 0; i < c->f->arg_count; i++) {
        struct json_val v;
        if (!arg_value(c, i, &v))
            return false;
        if (v.tag != JSON_UNDEFINED && !path_add_result(c->run, &results, v))
            return false;
    }
    *ret = json_array(results.items, results.count);
    return true;
}

static bool give_item(const struct path_call *c, double at, struct json_val *ret)
{
    if (c->at.tag != JSON_ARRAY)
        return call_fail(c, "first, last and index work on arrays");
    if (at < 0)
        at += c->at.len;
    if (!(at >= 0 && at < c->at.len))
        return call_fail(c, "the array has no such item");
    *ret = c->at.items[(uint32_t)at];
    return true;
}

static bool call_first(const struct path_call *c, struct json_val *ret)
{
    return give_item(c, 0, ret);
}

static bool call_last(const struct path_call *c, struct json_val *ret)
{
    return give_item(c, -1, ret);
}

static bool call_index(const struct path_call *c, struct json_val *ret)
{
    struct json_val at = json_undefined();
    if (c->f->arg_count > 0 && !arg_value(c, 0, &at))
        return false;
    if (!json_is_number(at))
        return call_fail(c, "index needs a number");
    return give_item(c, trunc(json_number(at)), ret);
}

/* ---- text ---- */

static void add_text(struct buf *out, struct json_val v, bool only_strings)
{
    char text[NUMBER_TEXT_MAX];
    if (v.tag == JSON_STRING || (v.tag == JSON_NUMTEXT && !only_strings))
        buf_add(out, json_str(v));
    else if (v.tag == JSON_NUMBER && !only_strings)
        buf_add(out, (str){text, number_print(v.num, text)});
    else if (v.tag == JSON_INT && !only_strings)
        buf_add(out, (str){text, number_print_int(v.i64, text)});
    else if (v.tag == JSON_BOOL && !only_strings)
        buf_add(out, v.b ? STR("true") : STR("false"));
}

static bool add_texts(const struct path_call *c, struct buf *out, struct json_val v)
{
    if (v.tag != JSON_ARRAY) {
        add_text(out, v, false);
        return true;
    }
    if (!path_charge(c->run, v.len))
        return false;
    for (uint32_t i = 0; i < v.len; i++)
        add_text(out, v.items[i], true);
    return true;
}

static bool call_concat(const struct path_call *c, struct json_val *ret)
{
    struct buf out;
    bool is_done = true;
    buf_init(&out, FUNCTION_TEXT_MAX);
    if (c->at.tag == JSON_ARRAY)
        is_done = add_texts(c, &out, c->at);
    for (uint32_t i = 0; is_done && i < c->f->arg_count; i++) {
        struct json_val v;
        is_done = arg_value(c, i, &v) && add_texts(c, &out, v);
    }
    is_done = is_done && path_charge(c->run, (uint32_t)(out.n / FUNCTION_BYTES_PER_VISIT));
    if (is_done && (!buf_ok(&out) || !arena_room(c->run->arena, out.n)))
        is_done = path_run_fail(c->run, STATUS_LIMIT, "JsonPathLimit", "the text is too long");
    if (is_done)
        *ret = json_string(arena_dup(c->run->arena, buf_str(&out)), 0);
    buf_done(&out);
    return is_done;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool (*call)(const struct path_call *c, struct json_val *ret);
} functions[] = {
    {"length", call_length}, {"size", call_length},   {"min", call_min},       {"max", call_max},
    {"avg", call_avg},       {"sum", call_sum},       {"stddev", call_stddev}, {"keys", call_keys},
    {"concat", call_concat}, {"append", call_append}, {"first", call_first},   {"last", call_last},
    {"index", call_index},
};

int path_function_find(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (str_eq(name, str_of(functions[i].name)))
            return (int)i;
    return -1;
}

bool path_function_call(struct path_run *run, const struct path_function *f, struct json_val at,
                        struct json_val *ret)
{
    struct path_call c = {.run = run, .f = f, .at = at};
    return path_charge(run, 1) && functions[f->id].call(&c, ret);
}
