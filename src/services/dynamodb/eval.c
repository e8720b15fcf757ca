/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation walks a program's bytes. What is not there, or has a type that an operator does not
 * know, makes a comparison false (<> true); nothing fails.
 */
#include "services/dynamodb/eval.h"
#include "base/utf8.h"
#include "services/dynamodb/number.h"

/* An operand's value, with room for the number that size() makes. */
struct operand {
    struct dynamo_value v;
    char number[DYNAMO_NUMBER_BYTES];
};

static bool size_of(struct dynamo_value v, uint64_t *ret)
{
    if (v.tag == DYNAMO_S)
        *ret = utf8_len(v.body);
    else if (v.tag == DYNAMO_B)
        *ret = v.body.n;
    else if (dynamo_is_set(v.tag) || v.tag == DYNAMO_L || v.tag == DYNAMO_M)
        *ret = dynamo_count(v);
    else
        return false;
    return true;
}

static void get(struct dynamo_value node, str item, struct operand *ret)
{
    ret->v = node;
    if (node.tag == DYNAMO_PATH) {
        ret->v = dynamo_follow(node.body, item);
    } else if (node.tag == DYNAMO_SIZE) {
        struct dynamo_value inner = {0};
        struct operand of;
        struct dynamo_number n;
        uint64_t size;
        dynamo_next(&node.body, &inner);
        get(inner, item, &of);
        ret->v = (struct dynamo_value){0};
        if (size_of(of.v, &size)) {
            dynamo_number_of(size, &n);
            ret->v = (struct dynamo_value){DYNAMO_N,
                                           {ret->number, dynamo_number_encode(&n, ret->number)}};
        }
    }
}

/* The next operand of a node. */
static bool next(str *rest, str item, struct operand *ret)
{
    struct dynamo_value node;
    if (!dynamo_next(rest, &node))
        return false;
    get(node, item, ret);
    return true;
}

static bool is_ordered(struct dynamo_value a, struct dynamo_value b)
{
    return a.tag == b.tag && dynamo_is_scalar(a.tag);
}

static bool compares(uint8_t op, str rest, str item)
{
    struct operand a = {0}, b = {0};
    next(&rest, item, &a);
    next(&rest, item, &b);
    if (op == DYNAMO_EQ || op == DYNAMO_NE)
        return dynamo_equal(a.v, b.v) == (op == DYNAMO_EQ);
    if (!is_ordered(a.v, b.v))
        return false;
    int order = dynamo_compare(a.v, b.v);
    return op == DYNAMO_LT   ? order < 0
           : op == DYNAMO_LE ? order <= 0
           : op == DYNAMO_GT ? order > 0
                             : order >= 0;
}

static bool is_between(str rest, str item)
{
    struct operand v = {0}, low = {0}, high = {0};
    next(&rest, item, &v);
    next(&rest, item, &low);
    next(&rest, item, &high);
    return is_ordered(v.v, low.v) && is_ordered(v.v, high.v) && dynamo_compare(v.v, low.v) >= 0 &&
           dynamo_compare(v.v, high.v) <= 0;
}

static bool is_in(str rest, str item)
{
    struct operand v = {0}, other;
    next(&rest, item, &v);
    while (next(&rest, item, &other))
        if (dynamo_equal(v.v, other.v))
            return true;
    return false;
}

static bool has_type(struct dynamo_value v, struct dynamo_value type)
{
    return v.tag != DYNAMO_NONE && str_eq(type.body, str_of(dynamo_type_name(v.tag)));
}

static bool begins(struct dynamo_value v, struct dynamo_value prefix)
{
    return v.tag == prefix.tag && (v.tag == DYNAMO_S || v.tag == DYNAMO_B) &&
           str_starts(v.body, prefix.body);
}

static bool contains(struct dynamo_value v, struct dynamo_value part)
{
    if (v.tag == DYNAMO_S || v.tag == DYNAMO_B)
        return v.tag == part.tag && str_find(v.body, part.body, 0) != STR_NONE;
    if (dynamo_is_set(v.tag))
        return part.tag == dynamo_element_tag(v.tag) && dynamo_set_has(v.body, part.body);
    struct dynamo_value inner;
    while (v.tag == DYNAMO_L && dynamo_next(&v.body, &inner))
        if (dynamo_equal(inner, part))
            return true;
    return false;
}

static bool calls(uint8_t op, str rest, str item)
{
    struct operand a = {0}, b = {0};
    next(&rest, item, &a);
    next(&rest, item, &b);
    switch (op) {
    case DYNAMO_EXISTS: return a.v.tag != DYNAMO_NONE;
    case DYNAMO_NOT_EXISTS: return a.v.tag == DYNAMO_NONE;
    case DYNAMO_TYPE: return has_type(a.v, b.v);
    case DYNAMO_BEGINS: return begins(a.v, b.v);
    default: return contains(a.v, b.v);
    }
}

static bool holds(struct dynamo_value n, str item)
{
    struct dynamo_value inner;
    switch (n.tag) {
    case DYNAMO_AND:
        while (dynamo_next(&n.body, &inner))
            if (!holds(inner, item))
                return false;
        return true;
    case DYNAMO_OR:
        while (dynamo_next(&n.body, &inner))
            if (holds(inner, item))
                return true;
        return false;
    case DYNAMO_NOT: return dynamo_next(&n.body, &inner) && !holds(inner, item);
    case DYNAMO_BETWEEN: return is_between(n.body, item);
    case DYNAMO_IN: return is_in(n.body, item);
    default: return n.tag <= DYNAMO_GE ? compares(n.tag, n.body, item) : calls(n.tag, n.body, item);
    }
}

bool dynamo_holds(str program, str item)
{
    struct dynamo_value n;
    return !dynamo_next(&program, &n) || holds(n, item);
}
