/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One evaluation from outside: sets the scene (budgets, variables, clock), evaluates the root, and
 * cleans up. Setting up costs less than evaluating a short path, since engines do it millions of
 * times. $eval and the tracing of nodes live here too, because they are about whole evaluations.
 */
#include "base/check.h"
#include "json/write.h"
#include "jsonata/compile.h"
#include "jsonata/function.h"
#include "jsonata/jsonata.h"
#include "jsonata/regex.h"
#include <math.h>
#include <stdlib.h>

struct jsonata_scratch {
    struct regex_matcher *matcher;
    uint32_t effort;
};

struct jsonata_scratch *jsonata_scratch_new(void)
{
    struct jsonata_scratch *s = calloc(1, sizeof(*s));
    check(s != NULL);
    return s;
}

void jsonata_scratch_free(struct jsonata_scratch *s)
{
    if (s == NULL)
        return;
    regex_matcher_free(s->matcher);
    free(s);
}

/* The matcher of this evaluation, made on first use or taken from the scratch of the caller. */
struct regex_matcher *ev_matcher(struct ev *e)
{
    struct jsonata_scratch *s = e->context->scratch;
    uint32_t effort = e->context->limits.regex_effort;
    if (e->matcher != NULL)
        return e->matcher;
    if (effort == 0)
        effort = JSONATA_DEFAULT_REGEX_EFFORT;
    if (s != NULL && s->matcher != NULL && s->effort == effort)
        return e->matcher = s->matcher;
    e->matcher = regex_matcher_new(effort, 0, 0);
    if (s != NULL) {
        regex_matcher_free(s->matcher);
        s->matcher = e->matcher;
        s->effort = effort;
    }
    return e->matcher;
}

/* ---- variables from outside ---- */

static void evaluate_bind_outside(struct ev *e, uint32_t symbol, struct json_val value)
{
    if (symbol >= e->first_global) {
        e->globals[symbol - e->first_global] = value;
        return;
    }
    if (!e->shadowed) {
        e->shadowed = true;
        e->overrides = arena_alloc(e->arena, sizeof(*e->overrides) * e->context->binding_count);
    }
    e->overrides[e->override_count++] = (struct binding){value, symbol};
}

/* Values for all symbols of the expression: what the caller bound, and $$. */
static void evaluate_globals(struct ev *e)
{
    const struct jsonata *x = e->expr;
    e->global_count = e->global_cap = x->symbols.count;
    e->globals = arena_alloc(e->arena, sizeof(*e->globals) * x->symbols.count);
    for (uint32_t i = 0; i < e->global_count; i++)
        e->globals[i] = json_undefined();
    for (uint32_t i = 0; i < e->context->binding_count; i++) {
        const struct jsonata_binding *b = &e->context->bindings[i];
        for (uint32_t k = 0; k < x->used_count; k++)
            if (str_eq(x->used[k].name, b->name))
                evaluate_bind_outside(e, x->used[k].symbol, b->value);
    }
    e->globals[x->dollar - e->first_global] = e->context->input;
}

/* Room for `needed` elements, doubling, zeroed behind those in use: loops of $eval stay linear. */
static void *evaluate_grow(struct ev *e, void *old, uint32_t used, uint32_t *cap, uint32_t needed,
                           size_t size)
{
    if (needed <= *cap)
        return old;
    *cap = needed + needed / 2 + 8;
    char *bigger = arena_zalloc(e->arena, size * *cap);
    if (used > 0)
        memcpy(bigger, old, size * used);
    return bigger;
}

/* The same for what $eval added: symbols from `from` on. */
static void evaluate_more_globals(struct ev *e, uint32_t from)
{
    uint32_t count = symbols_end(e->symbols) - e->first_global;
    e->globals =
        evaluate_grow(e, e->globals, e->global_count, &e->global_cap, count, sizeof(*e->globals));
    e->global_count = count;
    for (uint32_t i = 0; i < e->context->binding_count; i++) {
        const struct jsonata_binding *b = &e->context->bindings[i];
        uint32_t symbol = symbols_find(e->symbols, b->name);
        if (symbol >= from)
            evaluate_bind_outside(e, symbol, b->value);
    }
}

static bool evaluate_is_budget(const char *code)
{
    return code[0] == 'U' || strcmp(code, "D1011") == 0 || strcmp(code, "D1012") == 0;
}

/* An array as input is wrapped, so that a path's first step sees it as one value. */
static struct json_val evaluate_wrap(struct ev *e, struct json_val array)
{
    return ev_array_of_one(e, array, VAL_SEQ | VAL_OUTER);
}

/* ---- $eval ---- */

static struct json_val eval_failed_inside(struct ev *e, const struct call *c, const char *code,
                                          const struct raised *inner)
{
    struct buf message;
    buf_init(&message, 4096);
    raise_message(inner, &message);
    str text = arena_dup(e->arena, buf_str(&message));
    buf_done(&message);
    return ev_fail_value(e, code, c->node, json_string(text, 0));
}

/* $eval(text, context): compiled where it stands, with the variables that are visible there. */
struct json_val fn_eval(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    uint32_t slots = e->slot_count, first_new = symbols_end(e->symbols);
    struct symbols *symbols = arena_alloc(e->arena, sizeof(*symbols));
    symbols_init(symbols, e->arena, e->symbols);
    struct raised err;
    struct linker l = {.arena = e->arena,
                       .symbols = symbols,
                       .shapes = ev_shapes(e),
                       .flags = e->expr->flags,
                       .slots = slots,
                       .dynamic = true};
    struct node *root = compile_tree(json_str(c->args[0]), &l, &e->regexes, &err);
    if (root == NULL)
        return eval_failed_inside(e, c, "D3120", &err);
    e->slots = evaluate_grow(e, e->slots, slots, &e->slot_cap, l.slots, sizeof(*e->slots));
    e->slot_count = l.slots;
    if (symbols->count > 0) { /* each table that is kept makes finding names slower */
        e->symbols = symbols;
        evaluate_more_globals(e, first_new);
    }
    struct json_val input = c->input;
    if (c->count > 1 && c->args[1].tag != JSON_UNDEFINED) {
        input = c->args[1];
        if (ev_is_array(input) && !ev_is_seq(input))
            input = evaluate_wrap(e, input);
    }
    const char *here = __builtin_frame_address(0);
    if (arena_is_over(e->arena))
        return ev_fail_memory(e, c->node);
    if (here < e->stack_limit || e->depth > e->max_depth)
        return ev_fail_depth(e, c->node);
    struct json_val result = ev_eval(e, root, input, c->env);
    if (!ev_failed(result))
        return result;
    err = e->err;
    e->err.start = e->err.end = 0; /* places inside the evaluated text mean nothing outside */
    return evaluate_is_budget(err.code) ? result : eval_failed_inside(e, c, "D3121", &err);
}

/* ---- tracing ---- */

struct json_val eval_traced(struct ev *e, const struct node *n, struct json_val in,
                            struct frame *env)
{
    e->trace_depth++;
    struct json_val result = n->traced(e, n, in, env);
    e->trace_depth--;
    if (e->context->trace != NULL) {
        struct json_val shown = result;
        if (shown.tag >= JSON_TAG_USER)
            shown = json_undefined();
        e->context->trace(e->context->trace_arg, e->trace_depth, node_source(n, e->expr->text),
                          shown);
    }
    return result;
}

/* ---- evaluating ---- */

static struct json_val evaluate_root(struct ev *e)
{
    struct json_val in = e->context->input;
    if (ev_is_array(in)) {
        in.flags &= JSON_GROW;
        in = evaluate_wrap(e, in);
    }
    struct binding local[FRAME_LOCAL] UNINIT;
    struct frame outermost = {.bindings = local, .cap = FRAME_LOCAL};
    struct json_val result = ev_eval(e, e->expr->root, in, &outermost);
    if (ev_is_array(result) && (result.flags & VAL_TUPLES))
        return json_undefined();
    return result;
}

static void evaluate_clean(struct ev *e)
{
    if (e->matcher != NULL && e->context->scratch == NULL)
        regex_matcher_free(e->matcher);
    for (uint32_t i = 0; i < e->regexes.count; i++)
        regex_free(e->regexes.items[i]);
    free(e->regexes.items);
    buf_done(&e->scratch);
}

/* Member by member: for a block of this size compilers choose a string instruction that takes
 * longer to start than a short evaluation. */
static ALWAYS_INLINE void evaluate_clear(struct ev *e)
{
    e->depth = e->nesting = e->trace_depth = e->override_count = 0;
    e->overrides = NULL;
    e->shadowed = e->uses_shapes = false;
    e->match_shape = NULL;
    e->matcher = NULL;
    e->memos = NULL;
    e->random[0] = e->random[1] = 0;
    e->regexes = (struct regex_list){0};
    e->scratch = (struct buf){0};
}

static ALWAYS_INLINE uint64_t evaluate_limit(uint64_t given, uint64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

enum status jsonata_evaluate(const struct jsonata *x, const struct jsonata_context *context,
                             struct json_val *ret, struct jsonata_error *err)
{
    const struct jsonata_limits *limits = &context->limits;
    struct arena *arena = context->arena;
    size_t arena_limit = arena->limit;
    struct ev e UNINIT;
    evaluate_clear(&e);
    e.arena = arena;
    e.max_steps = evaluate_limit(limits->steps, JSONATA_DEFAULT_STEPS);
    e.max_bytes = evaluate_limit(limits->bytes, JSONATA_DEFAULT_BYTES);
    e.max_depth = (uint32_t)evaluate_limit(limits->depth, JSONATA_DEFAULT_DEPTH);
    e.steps = (int64_t)(e.max_steps < INT64_MAX ? e.max_steps : INT64_MAX);
    e.stack_limit = (const char *)__builtin_frame_address(0) -
                    evaluate_limit(limits->stack_bytes, JSONATA_DEFAULT_STACK);
    e.first_global = x->symbols.first;
    e.symbols = &x->symbols;
    e.expr = x;
    e.context = context;
    e.slot_count = e.slot_cap = x->slots;
    e.slots = arena_zalloc(arena, sizeof(*e.slots) * x->slots);
    e.scratch.max = e.max_bytes;
    arena->limit = arena_used(arena) + e.max_bytes;
    evaluate_globals(&e);
    struct json_val result = evaluate_root(&e);
    arena->limit = arena_limit;
    enum status status = STATUS_OK;
    if (UNLIKELY(ev_failed(result))) {
        status = evaluate_is_budget(e.err.code) ? STATUS_LIMIT : STATUS_INVALID;
        if (err != NULL)
            compile_report(&e.err, x->text, err);
    } else {
        *ret = result;
    }
    if (UNLIKELY(e.matcher != NULL || e.regexes.count > 0 || e.scratch.p != NULL))
        evaluate_clean(&e);
    return status;
}
