/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation of single nodes: literals, constructors, conditions, blocks, bindings. Operators are
 * in eval_operator.c, paths in eval_path.c, calls in eval_call.c.
 */
#include "jsonata/eval.h"

#include "base/check.h"

struct json_val eval_literal(struct ev *e, const struct node *n, struct json_val in,
                             struct frame *env)
{
    (void)e;
    (void)in;
    (void)env;
    return n->value;
}

struct json_val eval_regex(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env)
{
    (void)e;
    (void)in;
    (void)env;
    return ev_function(FN_REGEX, n);
}

/* `%`: a step remembered its input under the label. */
struct json_val eval_parent(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    (void)in;
    return ev_result(n, ev_variable(e, env, n->parent->label));
}

/* ---- [ … ] ---- */

struct json_val eval_array(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env)
{
    struct vec out = {0};
    if (n->count == 1 && n->items[0]->kind != NODE_ARRAY) { /* nothing to join: take it as it is */
        struct json_val v = ev_eval(e, n->items[0], in, env);
        if (ev_failed(v))
            return v;
        if (ev_is_array(v))
            return ev_array(v.items, v.len, (v.flags & JSON_GROW) | (n->cons_array ? VAL_CONS : 0));
        if (v.tag != JSON_UNDEFINED && !ev_push(e, &out, v))
            return (struct json_val){.tag = VAL_FAILED};
    } else {
        if (n->count > 0 && !ev_vec_grow(e, &out, n->count))
            return (struct json_val){.tag = VAL_FAILED};
        for (uint32_t i = 0; i < n->count; i++) {
            struct json_val v = ev_eval(e, n->items[i], in, env);
            if (ev_failed(v))
                return v;
            if (v.tag == JSON_UNDEFINED)
                continue;
            bool ok = ev_is_array(v) && n->items[i]->kind != NODE_ARRAY
                          ? ev_push_all(e, &out, v.items, v.len)
                          : ev_push(e, &out, v);
            if (!ok)
                return (struct json_val){.tag = VAL_FAILED};
        }
    }
    return ev_array(out.items, out.count, n->cons_array ? VAL_CONS : 0);
}

/* ---- { … } ---- */

/* Some values were undefined: an object of those that are not. */
static struct json_val eval_object_partial(struct ev *e, const struct node *n,
                                           const struct json_val *vals)
{
    struct json_obj_builder b;
    json_obj_begin(&b, ev_shapes(e), n->count);
    for (uint32_t i = 0; i < n->count; i++)
        if (vals[i].tag != JSON_UNDEFINED)
            json_obj_put(&b, n->pairs[i].key->text, n->pairs[i].key->value.flags, vals[i]);
    return json_obj_end(&b);
}

struct json_val eval_object(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    if (n->shape == NULL || (ev_is_array(in) && in.len != 1))
        return ev_group(e, n->pairs, n->count, n, in, env);
    if (ev_is_array(in) && !(in.flags & VAL_TUPLES))
        in = in.items[0];
    struct json_object *obj = json_obj_new(e->arena, n->shape);
    bool whole = true;
    for (uint32_t i = 0; i < n->count; i++) {
        struct json_val v = ev_eval(e, n->pairs[i].value, in, env);
        if (ev_failed(v))
            return v;
        whole = whole && v.tag != JSON_UNDEFINED;
        obj->vals[i] = v;
    }
    if (UNLIKELY(arena_is_over(e->arena)))
        return ev_fail_memory(e, n);
    return whole ? json_object(obj) : eval_object_partial(e, n, obj->vals);
}

/* ---- conditions ---- */

struct json_val eval_condition(struct ev *e, const struct node *n, struct json_val in,
                               struct frame *env)
{
    struct json_val test = ev_eval(e, n->lhs, in, env);
    if (ev_failed(test))
        return test;
    int truth = ev_truth(e, test);
    if (truth > 0)
        return ev_result(n, ev_eval(e, n->rhs, in, env));
    if (UNLIKELY(truth < 0))
        return (struct json_val){.tag = VAL_FAILED};
    return n->third != NULL ? ev_result(n, ev_eval(e, n->third, in, env)) : json_undefined();
}

/* a ?: b */
struct json_val eval_elvis(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env)
{
    struct json_val left = ev_eval(e, n->lhs, in, env);
    if (ev_failed(left))
        return left;
    int truth = ev_truth(e, left);
    if (truth < 0)
        return (struct json_val){.tag = VAL_FAILED};
    return ev_result(n, truth ? left : ev_eval(e, n->rhs, in, env));
}

/* a ?? b */
struct json_val eval_coalesce(struct ev *e, const struct node *n, struct json_val in,
                              struct frame *env)
{
    struct json_val left = ev_eval(e, n->lhs, in, env);
    return ev_result(n, left.tag != JSON_UNDEFINED ? left : ev_eval(e, n->rhs, in, env));
}

/* ---- blocks and bindings ---- */

struct json_val eval_block(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env)
{
    struct binding local[FRAME_LOCAL] UNINIT;
    struct frame here = {.parent = env, .bindings = local, .cap = FRAME_LOCAL};
    struct frame *frame = env;
    if (n->escapes) {
        frame = arena_alloc(e->arena, sizeof(*frame));
        *frame = (struct frame){.parent = env};
    } else if (n->frame_size > 0) {
        frame = &here;
    }
    struct json_val result = json_undefined();
    for (uint32_t i = 0; i < n->count; i++) {
        result = ev_eval(e, n->items[i], in, frame);
        if (ev_failed(result))
            return result;
    }
    return ev_result(n, result);
}

/* A block of one expression that binds nothing. */
struct json_val eval_parentheses(struct ev *e, const struct node *n, struct json_val in,
                                 struct frame *env)
{
    return ev_result(n, ev_eval(e, n->items[0], in, env));
}

struct json_val eval_bind(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    struct json_val value = ev_eval(e, n->rhs, in, env);
    if (!ev_failed(value))
        ev_bind(e, env, n->symbol, value);
    return ev_result(n, value);
}

static struct json_val eval_closure(struct ev *e, enum fn_kind kind, const struct node *n,
                                    struct json_val in, struct frame *env)
{
    struct closure *c = arena_alloc(e->arena, sizeof(*c));
    *c = (struct closure){.node = n, .env = env, .input = in};
    return ev_function(kind, c);
}

struct json_val eval_lambda(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    return eval_closure(e, FN_LAMBDA, n, in, env);
}

struct json_val eval_transform(struct ev *e, const struct node *n, struct json_val in,
                               struct frame *env)
{
    return eval_closure(e, FN_TRANSFORM, n, in, env);
}

/* ---- wildcards ---- */

struct json_val eval_wildcard(struct ev *e, const struct node *n, struct json_val in,
                              struct frame *env)
{
    struct vec out = {0};
    bool joined; /* joining with an array makes a plain array of the sequence */
    (void)env;
    if (ev_is_array(in) && (in.flags & VAL_OUTER))
        in = in.items[0];
    if (!json_is_container(in))
        return json_undefined();
    if (!ev_push_members(e, &out, in, &joined))
        return (struct json_val){.tag = VAL_FAILED};
    return ev_result(n, ev_array(out.items, out.count, joined ? 0 : VAL_SEQ));
}

static bool eval_descend(struct ev *e, struct vec *out, struct json_val v)
{
    if (!ev_is_array(v) && !ev_push(e, out, v))
        return false;
    if (!json_is_container(v))
        return true;
    if (!ev_enter(e, v))
        return false;
    const struct json_val *vals = ev_is_array(v) ? v.items : v.obj->vals;
    for (uint32_t i = 0; i < v.len; i++)
        if (json_is_container(vals[i]) ? !eval_descend(e, out, vals[i]) : !ev_push(e, out, vals[i]))
            return false;
    ev_leave(e);
    return true;
}

struct json_val eval_descendant(struct ev *e, const struct node *n, struct json_val in,
                                struct frame *env)
{
    struct vec out = {0};
    (void)n;
    (void)env;
    if (in.tag == JSON_UNDEFINED)
        return in;
    if (!eval_descend(e, &out, in))
        return (struct json_val){.tag = VAL_FAILED};
    return ev_unwrap(ev_vec_seq(&out));
}

/* ---- what hangs on a node ---- */

/* Filters and a group behind a node that is no path, and [] behind anything. */
struct json_val eval_decorated(struct ev *e, const struct node *n, struct json_val in,
                               struct frame *env)
{
    struct json_val v = n->inner(e, n, in, env);
    for (uint32_t i = 0; i < n->preds.count && !ev_failed(v); i++)
        v = ev_filter(e, &n->preds.items[i], v, env);
    if (ev_failed(v))
        return v;
    if (n->group != NULL && n->kind != NODE_PATH) {
        v = ev_group(e, n->group->pairs, n->group->count, n, v, env);
        if (ev_failed(v))
            return v;
    }
    if (n->keep_array && ev_is_seq(v))
        v.flags |= VAL_KEEP;
    return ev_unwrap(v);
}
