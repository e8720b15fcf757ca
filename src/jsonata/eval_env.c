/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of bindings and the evaluation of variables. Who makes a frame, and where it lives, is the
 * business of eval_call.c (lambdas), eval_node.c (blocks) and eval_tuple.c (tuple streams). */
#include "jsonata/eval.h"

#include "jsonata/function.h"

/* What the caller bound to the name of a built-in function. */
static struct json_val env_override(const struct ev *e, uint64_t symbol, struct json_val otherwise)
{
    for (uint32_t i = 0; i < e->override_count; i++)
        if (e->overrides[i].symbol == symbol)
            return e->overrides[i].value;
    return otherwise;
}

/* The innermost binding of a symbol in the frames, or NULL. Long searches are charged to the steps,
 * or an expression of many names could take very long with few of them. */
static ALWAYS_INLINE const struct binding *env_find(struct ev *e, const struct frame *env,
                                                    uint64_t symbol)
{
    uint32_t looked = 0;
    for (const struct frame *f = env; f != NULL; f = f->parent) {
        for (uint32_t i = 0; i < f->count; i++)
            if (f->bindings[i].symbol == symbol)
                return &f->bindings[i];
        looked += f->count + 1;
    }
    e->steps -= looked / 16;
    return NULL;
}

struct json_val ev_variable(struct ev *e, struct frame *env, uint32_t symbol)
{
    const struct binding *b = env_find(e, env, symbol);
    if (b != NULL)
        return b->value;
    return symbol >= e->first_global ? e->globals[symbol - e->first_global]
                                     : env_override(e, symbol, json_undefined());
}

void ev_bind(struct ev *e, struct frame *env, uint32_t symbol, struct json_val value)
{
    uint32_t i = 0;
    while (i < env->count && env->bindings[i].symbol != symbol)
        i++;
    e->steps -= i / 16;
    if (i >= env->cap) { /* full, or borrowed */
        uint32_t cap = env->count * 2 + 4;
        struct binding *bigger = arena_alloc(e->arena, sizeof(*bigger) * cap);
        if (env->count > 0)
            memcpy(bigger, env->bindings, sizeof(*bigger) * env->count);
        env->bindings = bigger;
        env->cap = cap;
    }
    env->bindings[i] = (struct binding){value, symbol};
    if (i == env->count)
        env->count++;
}

/* A variable that only frames or the caller of the evaluation may have bound. */
struct json_val eval_variable(struct ev *e, const struct node *n, struct json_val in,
                              struct frame *env)
{
    (void)in;
    return ev_result(n, ev_variable(e, env, n->symbol));
}

/* A variable that no frame binds. */
struct json_val eval_global(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    (void)in;
    (void)env;
    return ev_result(n, e->globals[n->symbol - e->first_global]);
}

/* `$`: the context itself. */
struct json_val eval_context(struct ev *e, const struct node *n, struct json_val in,
                             struct frame *env)
{
    (void)e;
    (void)env;
    return in.tag == JSON_ARRAY && (in.flags & VAL_OUTER) ? in.items[0] : ev_result(n, in);
}

/* The name of a built-in function, which may have been bound to something else. */
struct json_val eval_function_name(struct ev *e, const struct node *n, struct json_val in,
                                   struct frame *env)
{
    (void)in;
    const struct binding *b = env_find(e, env, n->symbol);
    if (b != NULL)
        return ev_result(n, b->value);
    return UNLIKELY(e->shadowed) ? ev_result(n, env_override(e, n->symbol, n->value)) : n->value;
}
