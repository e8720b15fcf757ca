/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key conditions to spans of rows: from <= key < to. The bounds of a condition are sort keys in the
 * form that they have in rows, cut before what ends them where a prefix is meant.
 */
#include "services/dynamodb/expr.h"
#include "services/dynamodb/key_internal.h"

static enum status invalid(struct error *err, const char *text)
{
    return error_set(err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* ---- bounds ---- */

/* The first bytes that are behind everything that begins with these; p NULL: there are none. */
static str behind(struct arena *a, str prefix)
{
    size_t n = prefix.n;
    while (n > 0 && (uint8_t)prefix.p[n - 1] == 0xFF)
        n--;
    if (n == 0)
        return (str){NULL, 0};
    char *bytes = arena_alloc(a, n);
    memcpy(bytes, prefix.p, n);
    bytes[n - 1] = (char)(bytes[n - 1] + 1);
    return (str){bytes, n};
}

struct spanning {
    struct arena *arena;
    const struct dynamo_keys *keys;
    bool is_index;
    str partition;
};

/* The partition and a sort key; is_prefix: what begins with it. */
static str bound(const struct spanning *s, str range, bool is_prefix)
{
    struct buf out;
    buf_init(&out, DYNAMO_ROW_KEY_BYTES);
    buf_add(&out, s->partition);
    if (s->is_index) {
        dynamo_key_put_sort(&out, s->keys->range_tag, range);
        if (is_prefix)
            out.n -= 2; /* what ends it */
    } else {
        buf_add(&out, range);
    }
    return dynamo_key_take(s->arena, &out);
}

/* Behind the rows of exactly this sort key: in a table there is one, in an index all that begin
 * with it. */
static str bound_behind(const struct spanning *s, str range)
{
    str b = bound(s, range, false);
    if (s->is_index)
        return behind(s->arena, b);
    char *bytes = arena_alloc(s->arena, b.n + 1);
    memcpy(bytes, b.p, b.n);
    bytes[b.n] = '\0';
    return (str){bytes, b.n + 1};
}

/* ---- conditions ---- */

static void narrow(const struct spanning *s, uint8_t op, const struct dynamo_value *values,
                   struct dynamo_span *span)
{
    str v = values[0].body;
    if (op == DYNAMO_BEGINS) {
        span->from = bound(s, v, true);
        span->to = behind(s->arena, span->from);
        return;
    }
    if (op == DYNAMO_EQ || op == DYNAMO_GE || op == DYNAMO_BETWEEN)
        span->from = bound(s, v, false);
    if (op == DYNAMO_GT)
        span->from = bound_behind(s, v);
    if (op == DYNAMO_LT)
        span->to = bound(s, v, false);
    if (op == DYNAMO_EQ || op == DYNAMO_LE)
        span->to = bound_behind(s, v);
    if (op == DYNAMO_BETWEEN)
        span->to = bound_behind(s, values[1].body);
}

/* One condition of the program: the attribute's name, and up to two values. */
struct condition {
    uint8_t op;
    str name;
    struct dynamo_value values[2];
    uint32_t count;
};

static bool next_condition(str *program, struct condition *ret)
{
    struct dynamo_value n, name;
    if (!dynamo_next(program, &n))
        return false;
    *ret = (struct condition){.op = n.tag};
    if (dynamo_next(&n.body, &name))
        ret->name = name.body;
    while (ret->count < 2 && dynamo_next(&n.body, &ret->values[ret->count]))
        ret->count++;
    return true;
}

static enum status check_values(const struct condition *c, uint8_t tag, struct error *err)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->values[i].tag != tag)
            return invalid(err, "One or more parameter values were invalid: Condition parameter "
                                "type does not match schema type");
        if (c->values[i].body.n == 0)
            return error_set(err, STATUS_INVALID, "ValidationException",
                             "One or more parameter values are not valid. The AttributeValue for a "
                             "key attribute cannot contain an empty %s value. Key: %.*s",
                             tag == DYNAMO_B ? "binary" : "string", STR_ARG(c->name));
    }
    return STATUS_OK;
}

static enum status missed(str name, struct error *err)
{
    return error_set(err, STATUS_INVALID, "ValidationException",
                     "Query condition missed key schema element: %.*s", STR_ARG(name));
}

static enum status check_size(const struct condition *c, size_t max, bool is_hash,
                              struct error *err)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (c->values[i].body.n > max)
            return invalid(err, is_hash
                                    ? "One or more parameter values were invalid: Size of hashkey "
                                      "has exceeded the maximum size limit of2048 bytes"
                                    : "One or more parameter values were invalid: Aggregated size "
                                      "of all range keys has exceeded the size limit of 1024 "
                                      "bytes");
    return STATUS_OK;
}

enum status dynamo_key_span(struct arena *a, const struct dynamo_keys *k, bool is_index,
                            str condition, struct dynamo_span *ret, struct error *err)
{
    struct condition hash = {0}, range = {0}, c;
    bool has_other = false;
    uint32_t count = 0;
    while (next_condition(&condition, &c)) {
        if (str_eq(c.name, k->hash))
            hash = c;
        else if (k->range.n > 0 && str_eq(c.name, k->range))
            range = c;
        else
            has_other = true;
        count++;
    }
    if (count > 2)
        return invalid(err, "Conditions can be of length 1 or 2 only");
    if (hash.op == 0)
        return missed(k->hash, err);
    if (has_other && k->range.n > 0 && range.op == 0)
        return missed(k->range, err);
    if (has_other || hash.op != DYNAMO_EQ)
        return invalid(err, "Query key condition not supported");
    if (range.op == DYNAMO_BEGINS && k->range_tag == DYNAMO_N)
        return invalid(err, "One or more parameter values were invalid: ComparisonOperator "
                            "BEGINS_WITH is not valid for N AttributeValue type");
    if (check_values(&hash, k->hash_tag, err) != STATUS_OK ||
        check_values(&range, k->range_tag, err) != STATUS_OK ||
        check_size(&hash, DYNAMO_HASH_KEY_BYTES, true, err) != STATUS_OK ||
        check_size(&range, DYNAMO_RANGE_KEY_BYTES, false, err) != STATUS_OK)
        return STATUS_INVALID;
    struct buf out;
    buf_init(&out, DYNAMO_ROW_KEY_BYTES);
    dynamo_key_put_partition(&out, hash.values[0].body);
    struct spanning s = {a, k, is_index, dynamo_key_take(a, &out)};
    *ret = (struct dynamo_span){s.partition, behind(a, s.partition), hash.values[0].body};
    if (range.op != 0)
        narrow(&s, range.op, range.values, ret);
    return STATUS_OK;
}

/* ---- segments ---- */

static str hash_bound(struct arena *a, uint64_t hash)
{
    if (hash > UINT32_MAX)
        return (str){NULL, 0};
    char *bytes = arena_alloc(a, 4);
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(hash >> (24 - 8 * i));
    return (str){bytes, 4};
}

void dynamo_key_segment(struct arena *a, uint32_t i, uint32_t count, struct dynamo_span *ret)
{
    uint64_t all = (uint64_t)UINT32_MAX + 1;
    *ret = (struct dynamo_span){hash_bound(a, all * i / count),
                                hash_bound(a, all * (i + 1) / count), (str){NULL, 0}};
}
