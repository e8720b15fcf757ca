/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: of lambdas, built-in functions, partial applications, compositions and regular
 * expressions.
 *
 * A call in tail position of a lambda does not call: it leaves function and arguments in ev->tail
 * and returns VAL_TAIL, and the loop in call_lambda takes them up with a fresh frame. So recursion
 * in tail position uses neither C stack nor memory.
 *
 * What an error's position becomes on its way out is the reference's doing: the position of the
 * outermost call by name wins. The innermost place is kept beside it (start, end).
 */
#include "jsonata/eval.h"

#include "base/check.h"
#include "jsonata/function.h"
#include "jsonata/fn_regex.h"

static const struct json_val call_failed = {.tag = VAL_FAILED};

struct json_val ev_function(enum fn_kind kind, const void *what)
{
    return (struct json_val){.tag = JSON_FUNCTION, .extra = (uint16_t)kind, .any = what};
}

uint32_t ev_arity(struct json_val fn)
{
    switch ((enum fn_kind)fn.extra) {
    case FN_BUILTIN: return ((const struct function_ref *)fn.any)->builtin->arity;
    case FN_LAMBDA: return ((const struct closure *)fn.any)->node->count;
    case FN_PARTIAL: return ((const struct partial *)fn.any)->holes;
    case FN_REGEX: return 2;
    case FN_TRANSFORM:
    case FN_COMPOSED: return 1;
    case FN_REGEX_NEXT: return 0;
    }
    unreachable();
}

/* ---- the stack ---- */

/* Room for one more nested call? */
static bool call_enter(struct ev *e, const struct node *n, uint32_t depth)
{
    const char *here = __builtin_frame_address(0);
    if (LIKELY(depth < e->max_depth && here > e->stack_limit && !arena_is_over(e->arena)))
        return true;
    if (arena_is_over(e->arena))
        ev_fail_memory(e, n);
    else
        ev_fail_depth(e, n);
    return false;
}

/* ---- lambdas ---- */

static bool call_fit(struct ev *e, const struct signature *s, struct json_val *args,
                     uint32_t *count, struct json_val input, const struct node *n)
{
    struct signature_fit fit = {.args = args, .count = *count, .context = input, .arena = e->arena};
    if (LIKELY(signature_apply(s, &fit, &e->err))) {
        *count = fit.count;
        return true;
    }
    if (n != NULL) {
        e->err.start = n->start;
        e->err.end = n->end;
    }
    return false;
}

/* Binds the parameters and evaluates the body; a tail call is left for call_lambda. */
static struct json_val call_body(struct ev *e, const struct closure *c, const struct json_val *args,
                                 uint32_t count)
{
    const struct node *n = c->node;
    struct binding local[FRAME_LOCAL] UNINIT;
    struct frame here = {.parent = c->env, .bindings = local, .cap = FRAME_LOCAL};
    struct frame *frame = &here;
    if (n->escapes || n->count > FRAME_LOCAL) {
        frame = arena_alloc(e->arena, sizeof(*frame));
        frame->parent = c->env;
        frame->cap = n->count > 0 ? n->count : 1;
        frame->bindings = arena_alloc(e->arena, sizeof(struct binding) * frame->cap);
    }
    frame->count = n->count;
    for (uint32_t i = 0; i < n->count; i++) {
        frame->bindings[i].value = i < count ? args[i] : json_undefined();
        frame->bindings[i].symbol = n->items[i]->symbol;
    }
    return ev_eval(e, n->body, c->input, frame);
}

/* Takes up the arguments of a pending tail call: into args, which has room for them, or where they
 * are. */
static struct json_val *call_take_tail(struct ev *e, struct json_val *args, uint32_t *count)
{
    *count = e->tail.count;
    if (e->tail.args != e->tail.local)
        return e->tail.args;
    memcpy(args, e->tail.local, sizeof(*args) * e->tail.count);
    return args;
}

static struct json_val call_other(struct ev *e, struct json_val fn, struct json_val *args,
                                  uint32_t count, struct json_val input, struct frame *env,
                                  const struct node *n);

/* An error in a function that was called in tail position takes the position of that function's
 * name, and keeps it when it leaves the call that began the chain. */
static void call_tail_failed(struct ev *e, const struct node *n)
{
    if (n == NULL || n->proc->kind != NODE_VARIABLE)
        return;
    e->err.position = n->proc->end;
    e->err.keeps_position = true;
    if (!e->err.has_token) {
        e->err.token = n->proc->text;
        e->err.has_token = true;
    }
}

static struct json_val call_lambda(struct ev *e, const struct closure *c, struct json_val *args,
                                   uint32_t count, struct json_val input, struct frame *env,
                                   const struct node *n)
{
    uint32_t depth = e->depth;
    const struct node *at = n, *tail = NULL;
    struct json_val *home = args;
    struct ev_loop loop;
    e->depth = depth + (n != NULL ? n->nest : 1);
    if (UNLIKELY(!call_enter(e, n, e->depth)))
        return call_failed;
    struct json_val result;
    for (;;) {
        if (c->node->signature != NULL &&
            !call_fit(e, c->node->signature, args, &count, input, at)) {
            result = call_failed;
            break;
        }
        result = call_body(e, c, args, count);
        if (LIKELY(result.tag != VAL_TAIL))
            break;
        if (tail == NULL)
            ev_loop_begin(e, &loop);
        args = call_take_tail(e, home, &count);
        at = tail = e->tail.node;
        struct json_val fn = e->tail.fn;
        if (fn.tag != JSON_FUNCTION || fn.extra != FN_LAMBDA) {
            result = call_other(e, fn, args, count, input, env, at);
            break;
        }
        c = fn.any;
        if (args == home &&
            !(arena_used(e->arena) > loop.next && arena_is_newer(e->arena, loop.mark, c)))
            ev_loop_turn(e, &loop, args, count);
        if (UNLIKELY(arena_is_over(e->arena))) {
            result = ev_fail_memory(e, at);
            break;
        }
    }
    e->depth = depth;
    if (LIKELY(!ev_failed(result)))
        return result;
    call_tail_failed(e, tail);
    if (n == NULL) /* called by a function, whose own call puts its position there */
        e->err.keeps_position = false;
    return call_failed;
}

/* ---- the other kinds ---- */

static struct json_val call_builtin(struct ev *e, const struct function_ref *ref,
                                    struct json_val *args, uint32_t count, struct json_val input,
                                    struct frame *env, const struct node *n)
{
    struct call c = {.args = args, .count = count, .input = input, .env = env, .node = n};
    uint32_t depth = e->depth;
    if (n != NULL && n->direct && LIKELY(signature_fit_direct(ref->signature, args, count)))
        c.count = ref->signature->count;
    else if (!call_fit(e, ref->signature, args, &c.count, input, n))
        return call_failed;
    e->depth = depth + (n != NULL ? n->nest : 1);
    struct json_val result = ref->builtin->fn(e, &c);
    e->depth = depth;
    return result;
}

static struct json_val call_partial(struct ev *e, const struct partial *p,
                                    const struct json_val *args, uint32_t count, struct frame *env,
                                    const struct node *n)
{
    struct json_val *all = arena_alloc(e->arena, sizeof(*all) * (p->count + CALL_ARGS));
    uint32_t next = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        all[i] = p->args[i];
        if (all[i].tag == VAL_HOLE) {
            all[i] = next < count ? args[next] : json_undefined();
            next++;
        }
    }
    if (!call_enter(e, n, e->depth))
        return call_failed;
    e->depth++;
    struct json_val result = ev_apply(e, p->fn, all, p->count, json_null(), env, n);
    e->depth--;
    return result;
}

static struct json_val call_composed(struct ev *e, const struct composed *c, struct json_val *args,
                                     uint32_t count, struct frame *env, const struct node *n)
{
    if (!call_enter(e, n, e->depth))
        return call_failed;
    e->depth++;
    struct json_val between[CALL_ARGS];
    between[0] = ev_apply(e, c->first, args, count > 1 ? 1 : count, json_null(), env, n);
    struct json_val result = ev_failed(between[0])
                                 ? between[0]
                                 : ev_apply(e, c->second, between, 1, json_null(), env, n);
    e->depth--;
    return result;
}

static struct json_val call_transform(struct ev *e, const struct closure *c, struct json_val arg,
                                      const struct node *n)
{
    bool takes = arg.tag == JSON_OBJECT || arg.tag == JSON_ARRAY || arg.tag == JSON_UNDEFINED;
    if (takes)
        return ev_transform_apply(e, c, arg);
    ev_fail_value(e, "T0410", n, arg);
    e->err.value2 = json_num(1);
    e->err.position = RAISE_NO_POSITION; /* a transform has no name whose position it could be */
    return call_failed;
}

static struct json_val call_other(struct ev *e, struct json_val fn, struct json_val *args,
                                  uint32_t count, struct json_val input, struct frame *env,
                                  const struct node *n)
{
    if (fn.tag != JSON_FUNCTION)
        return ev_fail(e, "T1006", n);
    struct json_val first = count > 0 ? args[0] : json_undefined();
    switch ((enum fn_kind)fn.extra) {
    case FN_BUILTIN: return call_builtin(e, fn.any, args, count, input, env, n);
    case FN_LAMBDA: return call_lambda(e, fn.any, args, count, input, env, n);
    case FN_TRANSFORM: return call_transform(e, fn.any, first, n);
    case FN_PARTIAL: return call_partial(e, fn.any, args, count, env, n);
    case FN_COMPOSED: return call_composed(e, fn.any, args, count, env, n);
    case FN_REGEX: return fn_regex_call(e, fn.any, first, 0, false);
    case FN_REGEX_NEXT: {
        const struct regex_next *next = fn.any;
        return fn_regex_call(e, next->regex, next->subject, next->offset, true);
    }
    }
    unreachable();
}

struct json_val ev_apply(struct ev *e, struct json_val fn, struct json_val *args, uint32_t count,
                         struct json_val input, struct frame *env, const struct node *n)
{
    if (LIKELY(fn.tag == JSON_FUNCTION && fn.extra == FN_LAMBDA))
        return call_lambda(e, fn.any, args, count, input, env, n);
    return call_other(e, fn, args, count, input, env, n);
}

struct json_val ev_call_item(struct ev *e, const struct call *c, struct json_val fn, uint32_t arity,
                             struct json_val value, struct json_val index, struct json_val whole)
{
    struct json_val args[CALL_ARGS] UNINIT;
    uint32_t count = 1;
    args[0] = value;
    if (arity >= 2)
        args[count++] = index;
    if (arity >= 3)
        args[count++] = whole;
    return ev_apply(e, fn, args, count, json_null(), c->env, NULL);
}

/* ---- call nodes ---- */

/* The position and token an error takes when it leaves a call by name. */
static COLD struct json_val call_leave(struct ev *e, const struct node *n, struct json_val fn)
{
    bool by_name = fn.tag == JSON_FUNCTION && !(fn.flags & VAL_WRAPPED) && fn.extra != FN_REGEX;
    if (e->err.keeps_position)
        e->err.keeps_position = false;
    else if (by_name || e->err.position == RAISE_NO_POSITION)
        e->err.position = n->end;
    if (e->err.end == 0) {
        e->err.start = n->start;
        e->err.end = n->end;
    }
    if (!e->err.has_token) {
        const struct node *proc = n->proc;
        if (proc->kind == NODE_PATH)
            proc = proc->items[0];
        e->err.token = proc->text;
        e->err.has_token = proc->text.n > 0;
    }
    return call_failed;
}

/* T1005: "Did you mean $sum?" where a bare name was called. */
static struct json_val call_not_function(struct ev *e, const struct node *n, struct frame *env,
                                         const char *code)
{
    if (n->proc->kind != NODE_PATH)
        return json_undefined();
    str name = n->proc->items[0]->text;
    uint32_t symbol = symbols_find(e->symbols, name);
    if (symbol == SYMBOL_NONE)
        return json_undefined();
    if (builtin_at(symbol) == NULL && ev_variable(e, env, symbol).tag == JSON_UNDEFINED)
        return json_undefined();
    struct json_val failed = ev_fail(e, code, n);
    e->err.token = name;
    e->err.has_token = true;
    return failed;
}

/* Evaluates the arguments of n into args, from position `at` on; functions are marked as passed on.
 */
static bool call_arguments(struct ev *e, const struct node *n, struct json_val in,
                           struct frame *env, struct json_val *args, uint32_t at)
{
    for (uint32_t i = 0; i < n->count; i++) {
        struct json_val v = ev_eval(e, n->items[i], in, env);
        if (ev_failed(v))
            return false;
        if (UNLIKELY(v.tag == JSON_FUNCTION))
            v.flags |= VAL_WRAPPED;
        args[at + i] = v;
    }
    return true;
}

static struct json_val call_in_tail(struct ev *e, const struct node *n, struct json_val fn,
                                    const struct json_val *args)
{
    e->tail.fn = fn;
    e->tail.node = n;
    e->tail.count = n->count;
    e->tail.args = e->tail.local;
    if (n->count > CALL_GIVEN)
        e->tail.args = arena_alloc(e->arena, sizeof(*args) * (n->count + CALL_ARGS));
    memcpy(e->tail.args, args, sizeof(*args) * n->count);
    return (struct json_val){.tag = VAL_TAIL};
}

/* Calls what n names with `first` (when given) before n's own arguments. */
static struct json_val call_node(struct ev *e, const struct node *n, struct json_val in,
                                 struct frame *env, const struct json_val *first)
{
    struct json_val local[CALL_ARGS] UNINIT, *args = local;
    struct json_val fn = ev_eval(e, n->proc, in, env);
    if (ev_failed(fn))
        return fn;
    if (fn.tag == JSON_UNDEFINED && ev_failed(call_not_function(e, n, env, "T1005")))
        return call_failed;
    uint32_t count = n->count + (first != NULL);
    if (count > CALL_GIVEN)
        args = arena_alloc(e->arena, sizeof(*args) * (count + SIGNATURE_MAX_PARAMS));
    if (first != NULL)
        args[0] = *first;
    if (!call_arguments(e, n, in, env, args, first != NULL)) {
        /* the reference evaluates these outside the call that is about to end */
        e->err.keeps_position = n->tail && e->err.position != RAISE_NO_POSITION;
        return call_failed;
    }
    if (n->tail && first == NULL)
        return call_in_tail(e, n, fn, args);
    struct json_val result = ev_apply(e, fn, args, count, in, env, n);
    return ev_failed(result) ? call_leave(e, n, fn) : result;
}

struct json_val eval_call(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    return ev_result(n, call_node(e, n, in, env, NULL));
}

/* A call of a built-in function whose name nothing can have redefined. */
struct json_val eval_call_builtin(struct ev *e, const struct node *n, struct json_val in,
                                  struct frame *env)
{
    if (UNLIKELY(e->shadowed))
        return ev_result(n, call_node(e, n, in, env, NULL));
    struct json_val args[CALL_ARGS] UNINIT;
    const struct function_ref *ref = n->ref;
    if (!call_arguments(e, n, in, env, args, 0))
        return call_failed;
    struct json_val result = call_builtin(e, ref, args, n->count, in, env, n);
    return ev_failed(result) ? call_leave(e, n, ev_function(FN_BUILTIN, ref))
                             : ev_result(n, result);
}

/* ---- partial application and ~> ---- */

static uint32_t partial_parameters(struct json_val fn, uint32_t given)
{
    switch ((enum fn_kind)fn.extra) {
    case FN_LAMBDA: return ((const struct closure *)fn.any)->node->count;
    case FN_PARTIAL: return ((const struct partial *)fn.any)->holes;
    case FN_BUILTIN: {
        const struct function_ref *ref = fn.any;
        return ref->signature->count > 0 && ref->signature->params[0].many ? given
                                                                           : ref->signature->count;
    }
    case FN_TRANSFORM:
    case FN_COMPOSED:
    case FN_REGEX:
    case FN_REGEX_NEXT: return 1;
    }
    unreachable();
}

struct json_val eval_partial(struct ev *e, const struct node *n, struct json_val in,
                             struct frame *env)
{
    struct json_val *args = arena_alloc(e->arena, sizeof(*args) * (n->count + 1));
    for (uint32_t i = 0; i < n->count; i++) {
        args[i] = n->items[i]->kind == NODE_OPERATOR ? (struct json_val){.tag = VAL_HOLE}
                                                     : ev_eval(e, n->items[i], in, env);
        if (ev_failed(args[i]))
            return args[i];
    }
    struct json_val fn = ev_eval(e, n->proc, in, env);
    if (ev_failed(fn))
        return fn;
    if (fn.tag == JSON_UNDEFINED && ev_failed(call_not_function(e, n, env, "T1007")))
        return call_failed;
    if (fn.tag != JSON_FUNCTION) {
        const struct node *proc = n->proc->kind == NODE_PATH ? n->proc->items[0] : n->proc;
        ev_fail(e, "T1008", n);
        e->err.token = proc->text;
        e->err.has_token = true;
        return call_failed;
    }
    uint32_t count = partial_parameters(fn, n->count);
    struct partial *p = arena_zalloc(e->arena, sizeof(*p) + sizeof(*args) * (count + 1));
    p->fn = fn;
    p->count = count;
    for (uint32_t i = 0; i < count; i++) {
        p->args[i] = i < n->count ? args[i] : json_undefined();
        p->holes += p->args[i].tag == VAL_HOLE;
    }
    return ev_function(FN_PARTIAL, p);
}

struct json_val eval_apply_operator(struct ev *e, const struct node *n, struct json_val in,
                                    struct frame *env)
{
    struct json_val left = ev_eval(e, n->lhs, in, env);
    if (ev_failed(left))
        return left;
    if (n->rhs->kind == NODE_CALL)
        return ev_result(n, call_node(e, n->rhs, in, env, &left));
    struct json_val args[CALL_ARGS] UNINIT;
    struct json_val fn = ev_eval(e, n->rhs, in, env);
    if (ev_failed(fn))
        return fn;
    if (fn.tag != JSON_FUNCTION)
        return ev_fail_value(e, "T2006", n, fn);
    if (left.tag == JSON_FUNCTION) {
        struct composed *c = arena_alloc(e->arena, sizeof(*c));
        *c = (struct composed){left, fn};
        return ev_function(FN_COMPOSED, c);
    }
    args[0] = left;
    struct json_val result = ev_apply(e, fn, args, 1, json_null(), env, n);
    if (ev_failed(result) && e->err.end == 0) {
        e->err.start = n->start;
        e->err.end = n->end;
    }
    return ev_result(n, result);
}
