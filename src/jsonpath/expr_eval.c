/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating expressions: paths, arguments, and what all intrinsic functions share. */
#include "jsonpath/intrinsic.h"

#include <math.h>

enum { EXPR_STACK_ARGS = 4 /* more arguments go into the arena */ };

const struct intrinsic intrinsics[] = {
#define X(name, min, max, body) {(name), (min), (max), (body)},
    INTRINSIC_LIST(X)
#undef X
};

enum {
#define X(name, min, max, body) +1
    INTRINSIC_COUNT = 0 INTRINSIC_LIST(X)
#undef X
};

int intrinsic_find(str name)
{
    for (int i = 0; i < INTRINSIC_COUNT; i++)
        if (str_eq(name, str_of(intrinsics[i].name)))
            return i;
    return -1;
}

/* ---- for the bodies ---- */

bool intrinsic_fail(const struct intrinsic_call *c, const char *what)
{
    c->run->kind = JSONPATH_FAILED_INTRINSIC;
    c->run->status =
        error_set(c->run->err, STATUS_INVALID, "IntrinsicFailure", "States.%s: %s", c->name, what);
    return false;
}

bool intrinsic_fail_limit(const struct intrinsic_call *c, const char *what)
{
    c->run->kind = JSONPATH_FAILED_INTRINSIC;
    c->run->status =
        error_set(c->run->err, STATUS_LIMIT, "JsonPathLimit", "States.%s: %s", c->name, what);
    return false;
}

bool intrinsic_room(const struct intrinsic_call *c, size_t bytes)
{
    return arena_room(c->env->arena, bytes) || intrinsic_fail_limit(c, "the result is too large");
}

bool intrinsic_integer(const struct intrinsic_call *c, uint32_t i, int64_t *ret)
{
    if (!json_is_number(c->args[i]))
        return intrinsic_fail(c, "an argument is not a number");
    double n = json_number(c->args[i]);
    double whole = floor(n);
    if (n - whole >= 0.5)
        whole += 1;
    if (!(whole >= INT32_MIN && whole <= INT32_MAX))
        return intrinsic_fail(c, "a number is out of range");
    *ret = (int64_t)whole;
    return true;
}

bool intrinsic_is_array(const struct intrinsic_call *c, uint32_t i)
{
    return c->args[i].tag == JSON_ARRAY || intrinsic_fail(c, "an argument is not an array");
}

bool intrinsic_is_string(const struct intrinsic_call *c, uint32_t i)
{
    return c->args[i].tag == JSON_STRING || intrinsic_fail(c, "an argument is not a string");
}

bool intrinsic_give_text(const struct intrinsic_call *c, struct buf *text, struct json_val *ret)
{
    bool fits = buf_ok(text) && arena_room(c->env->arena, text->n);
    if (fits)
        *ret = json_string(arena_dup(c->env->arena, buf_str(text)), 0);
    buf_done(text);
    return fits || intrinsic_fail_limit(c, "the text is too long");
}

/* ---- nodes ---- */

static bool eval_node(struct expr_run *run, const struct expr_node *node, struct json_val *ret);

static COLD bool fail_variable(struct expr_run *run, const struct jsonpath *path)
{
    run->kind = JSONPATH_FAILED_PATH;
    run->path = jsonpath_text(path);
    run->missing = JSONPATH_MISSING_VARIABLE;
    run->status =
        error_set(run->err, STATUS_NOT_FOUND, "PathNotFound",
                  "The variable '%.*s' has not been assigned", STR_ARG(jsonpath_variable(path)));
    return false;
}

static bool eval_path(struct expr_run *run, const struct jsonpath *path, struct json_val *ret)
{
    const struct jsonpath_env *env = run->env;
    struct json_val root = env->input;
    if (jsonpath_root(path) == JSONPATH_CONTEXT)
        root = env->context ? env->context(env->arg) : json_null();
    else if (jsonpath_root(path) == JSONPATH_VARIABLE &&
             (env->variable == NULL || !env->variable(env->arg, jsonpath_variable(path), &root)))
        return fail_variable(run, path);
    run->status = jsonpath_eval(path, root, env->arena, ret, &run->missing, run->err);
    if (LIKELY(run->status == STATUS_OK))
        return true;
    run->kind = JSONPATH_FAILED_PATH;
    run->path = jsonpath_text(path);
    return false;
}

/* As an argument, an item past the end of an array is null. */
static bool eval_arg(struct expr_run *run, const struct expr_node *node, struct json_val *ret)
{
    if (LIKELY(eval_node(run, node, ret)))
        return true;
    if (node->kind != EXPR_PATH || run->status != STATUS_NOT_FOUND ||
        run->missing != JSONPATH_MISSING_INDEX)
        return false;
    run->status = STATUS_OK;
    run->path = (str){0};
    *ret = json_null();
    return true;
}

static bool eval_call(struct expr_run *run, const struct expr_node *node, struct json_val *ret)
{
    const struct intrinsic *f = &intrinsics[node->function];
    UNINIT struct json_val near[EXPR_STACK_ARGS];
    struct intrinsic_call c = {.run = run,
                               .env = run->env,
                               .node = node,
                               .name = f->name,
                               .args = near,
                               .count = node->count};
    struct json_val *args = near;
    if (UNLIKELY(node->count < f->min || node->count > f->max))
        return intrinsic_fail(&c, "wrong number of arguments");
    if (node->count > EXPR_STACK_ARGS)
        c.args = args = arena_alloc(run->env->arena, sizeof *args * node->count);
    for (uint32_t i = 0; i < node->count; i++)
        if (!eval_arg(run, node->args[i], &args[i]))
            return false;
    return f->body(&c, ret);
}

/* Nested as deeply as calls are, JSONPATH_MAX_CALLS. */
static bool eval_node(struct expr_run *run, const struct expr_node *node, struct json_val *ret)
{
    switch ((enum expr_kind)node->kind) {
    case EXPR_VALUE: *ret = node->value; return true;
    case EXPR_PATH: return eval_path(run, node->path, ret);
    case EXPR_CALL: break;
    }
    return eval_call(run, node, ret);
}

enum status jsonpath_expr_eval(const struct jsonpath_expr *expr, const struct jsonpath_env *env,
                               struct json_val *ret, enum jsonpath_missing *ret_missing,
                               enum jsonpath_failure *ret_kind, str *ret_path, struct error *err)
{
    struct expr_run run = {.env = env, .err = err};
    struct json_val v;
    if (LIKELY(eval_node(&run, expr->root, &v))) {
        *ret = v;
        return STATUS_OK;
    }
    *ret_missing = run.missing;
    *ret_kind = run.kind;
    *ret_path = run.path;
    return run.status;
}
