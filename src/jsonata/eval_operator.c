/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators: arithmetic, comparison, logic, text, ranges. Each has a straight way for the types it
 * is made for; what does not fit goes to one slow function that knows the rules and errors.
 */
#include "jsonata/eval.h"

#include "base/check.h"
#include "base/utf8.h"
#include <math.h>

static const struct json_val operator_failed = {.tag = VAL_FAILED};

/* Operator errors name the operator and stand at its position. */
static struct json_val operator_fail(struct ev *e, const struct node *n, struct json_val failed)
{
    e->err.position = n->end;
    if (e->err.end == 0) {
        e->err.start = n->start;
        e->err.end = n->end;
    }
    e->err.token = str_of(op_name((enum op)n->op));
    e->err.has_token = true;
    return failed;
}

static ALWAYS_INLINE bool operator_operands(struct ev *e, const struct node *n, struct json_val in,
                                            struct frame *env, struct json_val *l,
                                            struct json_val *r)
{
    *l = ev_eval(e, n->lhs, in, env);
    if (ev_failed(*l))
        return false;
    *r = ev_eval(e, n->rhs, in, env);
    return !ev_failed(*r);
}

/* ---- arithmetic ---- */

static double arithmetic_result(enum op op, double a, double b)
{
    switch ((int)op) {
    case OP_ADD: return a + b;
    case OP_SUB: return a - b;
    case OP_MUL: return a * b;
    case OP_DIV: return a / b;
    default: return fmod(a, b);
    }
}

static COLD struct json_val arithmetic_slow(struct ev *e, const struct node *n, struct json_val l,
                                            struct json_val r)
{
    double a = 0, b = 0;
    e->err.code[0] = '\0';
    bool l_ok = ev_numeric(e, l, &a);
    if (e->err.code[0] == '\0' && l.tag != JSON_UNDEFINED && !l_ok)
        return operator_fail(e, n, ev_fail_value(e, "T2001", n, l));
    if (e->err.code[0] != '\0')
        return operator_fail(e, n, operator_failed);
    bool r_ok = ev_numeric(e, r, &b);
    if (e->err.code[0] == '\0' && r.tag != JSON_UNDEFINED && !r_ok)
        return operator_fail(e, n, ev_fail_value(e, "T2002", n, r));
    if (e->err.code[0] != '\0')
        return operator_fail(e, n, operator_failed);
    if (l.tag == JSON_UNDEFINED || r.tag == JSON_UNDEFINED)
        return json_undefined();
    return json_num(arithmetic_result((enum op)n->op, a, b));
}

struct json_val eval_arithmetic(struct ev *e, const struct node *n, struct json_val in,
                                struct frame *env)
{
    struct json_val l, r;
    if (!operator_operands(e, n, in, env, &l, &r))
        return operator_failed;
    if (LIKELY(l.tag == JSON_NUMBER && r.tag == JSON_NUMBER && isfinite(l.num) && isfinite(r.num)))
        return json_num(arithmetic_result((enum op)n->op, l.num, r.num));
    return arithmetic_slow(e, n, l, r);
}

struct json_val eval_negate(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    double num;
    struct json_val v = ev_eval(e, n->lhs, in, env);
    if (ev_failed(v) || v.tag == JSON_UNDEFINED)
        return v;
    e->err.code[0] = '\0';
    if (ev_numeric(e, v, &num) && e->err.code[0] == '\0')
        return json_num(-num);
    if (e->err.code[0] == '\0')
        ev_fail_value(e, "D1002", n, v);
    return operator_fail(e, n, operator_failed);
}

/* ---- comparison ---- */

struct json_val eval_equality(struct ev *e, const struct node *n, struct json_val in,
                              struct frame *env)
{
    struct json_val l, r;
    if (!operator_operands(e, n, in, env, &l, &r))
        return operator_failed;
    if (l.tag == JSON_UNDEFINED || r.tag == JSON_UNDEFINED)
        return json_bool(false);
    int equal = ev_equal(e, l, r);
    if (UNLIKELY(equal < 0))
        return operator_fail(e, n, operator_failed);
    return json_bool(equal == (n->op == OP_EQ));
}

static bool comparison_result(enum op op, double sign)
{
    switch ((int)op) {
    case OP_LT: return sign < 0;
    case OP_LE: return sign <= 0;
    case OP_GT: return sign > 0;
    default: return sign >= 0;
    }
}

static bool comparison_numbers(enum op op, double a, double b)
{
    switch ((int)op) {
    case OP_LT: return a < b;
    case OP_LE: return a <= b;
    case OP_GT: return a > b;
    default: return a >= b;
    }
}

static struct json_val comparison_slow(struct ev *e, const struct node *n, struct json_val l,
                                       struct json_val r)
{
    bool l_ok = json_is_number(l) || l.tag == JSON_STRING;
    bool r_ok = json_is_number(r) || r.tag == JSON_STRING;
    if ((!l_ok && l.tag != JSON_UNDEFINED) || (!r_ok && r.tag != JSON_UNDEFINED))
        return operator_fail(e, n, ev_fail_value(e, "T2010", n, l_ok ? r : l));
    if (!l_ok || !r_ok)
        return json_undefined();
    if (json_is_number(l) != json_is_number(r)) {
        ev_fail_value(e, "T2009", n, l);
        e->err.value2 = r;
        return operator_fail(e, n, operator_failed);
    }
    if (json_is_number(l))
        return json_bool(comparison_numbers((enum op)n->op, json_number(l), json_number(r)));
    return json_bool(comparison_result((enum op)n->op, utf8_cmp_utf16(json_str(l), json_str(r))));
}

struct json_val eval_comparison(struct ev *e, const struct node *n, struct json_val in,
                                struct frame *env)
{
    struct json_val l, r;
    if (!operator_operands(e, n, in, env, &l, &r))
        return operator_failed;
    if (LIKELY(l.tag == JSON_NUMBER && r.tag == JSON_NUMBER))
        return json_bool(comparison_numbers((enum op)n->op, l.num, r.num));
    return comparison_slow(e, n, l, r);
}

/* JavaScript's ===: by value for plain values, by identity for arrays and objects. */
static bool includes_same(struct json_val a, struct json_val b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_number(a) == json_number(b);
    if (a.tag != b.tag)
        return false;
    switch (a.tag) {
    case JSON_NULL: return true;
    case JSON_BOOL: return a.b == b.b;
    case JSON_STRING: return str_eq(json_str(a), json_str(b));
    case JSON_ARRAY: return a.items == b.items && a.len == b.len;
    default: return a.any == b.any;
    }
}

struct json_val eval_includes(struct ev *e, const struct node *n, struct json_val in,
                              struct frame *env)
{
    struct json_val l, r;
    if (!operator_operands(e, n, in, env, &l, &r))
        return operator_failed;
    if (l.tag == JSON_UNDEFINED || r.tag == JSON_UNDEFINED)
        return json_bool(false);
    if (!ev_is_array(r))
        return json_bool(includes_same(r, l));
    if (!ev_charge(e, r.len, n))
        return operator_failed;
    for (uint32_t i = 0; i < r.len; i++)
        if (includes_same(r.items[i], l))
            return json_bool(true);
    return json_bool(false);
}

/* ---- logic ---- */

static struct json_val logic_fail(struct ev *e, const struct node *n)
{
    return operator_fail(e, n, operator_failed);
}

struct json_val eval_and(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    struct json_val v = ev_eval(e, n->lhs, in, env);
    if (ev_failed(v))
        return v;
    int truth = ev_truth(e, v);
    if (truth <= 0)
        return truth < 0 ? logic_fail(e, n) : json_bool(false);
    v = ev_eval(e, n->rhs, in, env);
    if (ev_failed(v))
        return logic_fail(e, n);
    truth = ev_truth(e, v);
    return truth < 0 ? logic_fail(e, n) : json_bool(truth);
}

struct json_val eval_or(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    struct json_val v = ev_eval(e, n->lhs, in, env);
    if (ev_failed(v))
        return v;
    int truth = ev_truth(e, v);
    if (truth != 0)
        return truth < 0 ? logic_fail(e, n) : json_bool(true);
    v = ev_eval(e, n->rhs, in, env);
    if (ev_failed(v))
        return logic_fail(e, n);
    truth = ev_truth(e, v);
    return truth < 0 ? logic_fail(e, n) : json_bool(truth);
}

/* ---- ranges ---- */

static bool range_bound(struct ev *e, const struct node *n, const char *code, struct json_val v,
                        double *ret)
{
    if (v.tag == JSON_UNDEFINED)
        return true;
    *ret = json_is_number(v) ? json_number(v) : (double)NAN;
    if (isfinite(*ret) && *ret == floor(*ret))
        return true;
    operator_fail(e, n, ev_fail_value(e, code, n, v));
    return false;
}

struct json_val eval_range(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env)
{
    double from = 0, to = 0;
    struct json_val l, r;
    if (!operator_operands(e, n, in, env, &l, &r))
        return operator_failed;
    if (!range_bound(e, n, "T2003", l, &from) || !range_bound(e, n, "T2004", r, &to))
        return operator_failed;
    if (l.tag == JSON_UNDEFINED || r.tag == JSON_UNDEFINED || from > to)
        return json_undefined();
    double size = to - from + 1;
    if (size > 1e7)
        return operator_fail(e, n, ev_fail_value(e, "D2014", n, json_num(size)));
    uint32_t count = (uint32_t)size;
    struct json_val *items = ev_alloc(e, sizeof(*items) * count);
    if (items == NULL || !ev_charge(e, count / 8, n))
        return operator_fail(e, n, operator_failed);
    for (uint32_t i = 0; i < count; i++)
        items[i] = json_num(from + i);
    return ev_result(n, ev_array(items, count, VAL_SEQ));
}

/* ---- text ---- */

enum { CONCAT_LOCAL = 16, CONCAT_GROW_FROM = 64 };

static struct json_val concat_operand(struct ev *e, const struct node *n, struct json_val v)
{
    if (v.tag == JSON_STRING)
        return v;
    if (v.tag == JSON_UNDEFINED)
        return json_string(STR(""), JSON_ASCII | JSON_PLAIN);
    struct json_val text = ev_string(e, v, false, n);
    if (ev_failed(text))
        operator_fail(e, n, text);
    return text;
}

/* The bytes of the first operand with room for `more` behind: in place when it is the result of an
 * earlier concatenation that nobody has added to, so that a text growing in a loop is not copied
 * each time. */
static char *concat_target(struct ev *e, struct json_val first, size_t more, unsigned *ret_flag)
{
    size_t n = first.len, total = n + more;
    if (first.flags & JSON_GROW) {
        struct json_grow *grow = json_grow_of(first);
        if (grow->used == n && more <= grow->cap - n) {
            grow->used = (uint32_t)total;
            *ret_flag = JSON_GROW;
            return (char *)(uintptr_t)first.ptr;
        }
    }
    if (total > UINT32_MAX / 2) {
        ev_fail_memory(e, NULL);
        return NULL;
    }
    char *out;
    if (n < CONCAT_GROW_FROM) {
        out = ev_alloc(e, total);
        *ret_flag = 0;
    } else {
        size_t cap = first.flags & JSON_GROW ? total * 2 : total + total / 4;
        struct json_grow *grow = ev_alloc(e, sizeof(*grow) + cap);
        if (grow == NULL)
            return NULL;
        *grow = (struct json_grow){.used = (uint32_t)total, .cap = (uint32_t)cap};
        *ret_flag = JSON_GROW;
        out = (char *)(grow + 1);
    }
    if (out != NULL && n > 0)
        memcpy(out, first.ptr, n);
    return out;
}

static ALWAYS_INLINE void concat_copy(char *to, const char *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n);
}

/* a & b & c: all operands, then one text. */
struct json_val eval_concat(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    struct json_val local[CONCAT_LOCAL] UNINIT, *parts = local;
    size_t more = 0;
    unsigned flags = JSON_ASCII | JSON_PLAIN, grow_flag = 0;
    if (n->count > CONCAT_LOCAL)
        parts = arena_alloc(e->arena, sizeof(*parts) * n->count);
    struct json_val held = json_undefined();
    for (uint32_t i = 0; i < n->count; i++) {
        struct json_val v = ev_eval(e, n->items[i], in, env);
        if (ev_failed(v))
            return v;
        if (i ==
            0) { /* the reference turns the first operand into text behind the second evaluation */
            held = v;
            continue;
        }
        if (i == 1) {
            parts[0] = concat_operand(e, n, held);
            if (ev_failed(parts[0]))
                return parts[0];
            flags &= parts[0].flags;
        }
        parts[i] = concat_operand(e, n, v);
        if (ev_failed(parts[i]))
            return parts[i];
        flags &= parts[i].flags;
        more += parts[i].len;
    }
    char *out = concat_target(e, parts[0], more, &grow_flag);
    if (UNLIKELY(out == NULL))
        return operator_fail(e, n, operator_failed);
    size_t at = parts[0].len;
    for (uint32_t i = 1; i < n->count; i++) {
        concat_copy(out + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return json_string((str){out, at}, flags | grow_flag);
}
