/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an evaluation, shared by the eval_*.c and fn_*.c files of this folder and by nobody
 * else.
 *
 * Values travel in registers (struct json_val). What JSONata calls a sequence is an array flagged
 * VAL_SEQ; a sequence of one value is that value, and of none it is undefined, as soon as a node's
 * evaluation returns (ev_unwrap). Values are borrowed from the input and from earlier results; new
 * ones live in ev->arena.
 *
 * A failing function fills ev->err (ev_fail) and returns a value with tag VAL_FAILED; everybody
 * passes it on at once. There is no longjmp: with an arena nothing needs unwinding.
 *
 * Frames of bindings live on the C stack where link.c proved that nothing can keep them, else in
 * the arena; that is what lets a tail-recursive loop run for ever in constant memory.
 */
#ifndef AFFLUX_JSONATA_EVAL_H
#define AFFLUX_JSONATA_EVAL_H

#include "json/shape.h"
#include "jsonata/ast.h"
#include "jsonata/parse.h"
#include "jsonata/symbol.h"

enum val_tag {
    VAL_FAILED = JSON_TAG_USER, /* an error is on its way out */
    VAL_TAIL,                   /* a call in tail position waits in ev->tail */
    VAL_HOLE,                   /* `?` in a partial application */
    VAL_TUPLE,                  /* one tuple of a tuple stream; any: struct tuple */
};

enum val_flag {
    VAL_SEQ = JSON_FLAG_USER, /* array: a sequence, to be unwrapped */
    VAL_KEEP = 16,            /* sequence: stays an array even with one item */
    VAL_CONS = 32,            /* array: made by [ ] as a step, not flattened into a path's result */
    VAL_OUTER = 64,           /* array of one: the wrapper around an array given as input */
    VAL_TUPLES = 128,         /* array: a tuple stream */
    VAL_WRAPPED = 8,          /* function: it was passed as an argument */
};

/* Kinds of functions, in json_val.extra; what `any` points to. */
enum fn_kind {
    FN_BUILTIN,    /* struct function_ref */
    FN_LAMBDA,     /* struct closure */
    FN_TRANSFORM,  /* struct closure */
    FN_PARTIAL,    /* struct partial */
    FN_COMPOSED,   /* struct composed */
    FN_REGEX,      /* struct node */
    FN_REGEX_NEXT, /* struct regex_next */
};

enum {
    FRAME_LOCAL = 8, /* bindings of a frame on the C stack */
    CALL_ARGS = 24,  /* values that an array of arguments on the C stack has room for */
    CALL_GIVEN = 8,  /* arguments of a call that such an array serves */
};

struct binding {
    struct json_val value;
    uint64_t symbol;
};

struct frame {
    struct frame *parent;
    struct binding *bindings;
    uint32_t count, cap; /* cap 0: borrowed from a tuple, copied before it changes */
};

struct tuple {
    struct json_val at; /* the value the stream is about */
    uint32_t count;
    struct binding bindings[];
};

struct closure {
    const struct node *node;
    struct frame *env;
    struct json_val input;
};

struct partial {
    struct json_val fn;
    uint32_t holes, count;
    struct json_val args[]; /* VAL_HOLE where an argument is still to come */
};

struct composed {
    struct json_val first, second;
};

struct regex_next {
    const struct node *regex;
    struct json_val subject;
    size_t offset;
};

/* Remembers at which position the objects of one shape have the key of a node. */
struct shape_slot {
    const struct json_shape *shape;
    int32_t at; /* -1: they have not got it */
};

struct function_ref {
    const struct builtin *builtin;
    struct signature *signature;
};

struct tail_call {
    struct json_val fn;
    struct json_val *args;
    uint32_t count;
    const struct node *node;
    struct json_val local[CALL_ARGS];
};

/* Call sites with an analysed picture string or the like remember it here. */
struct site_memo {
    struct site_memo *next;
    const void *site; /* whose: any address that is unique to the use */
    str key;
    const void *memo;
};

struct jsonata;
struct jsonata_context;
struct regex_matcher;

struct ev {
    struct arena *arena;
    struct shape_slot *slots;
    int64_t steps; /* left of max_steps */
    uint64_t max_steps;
    size_t max_bytes;
    struct json_val *globals; /* by symbol - first_global; undefined where nothing is bound */
    const char *stack_limit;  /* the C stack must not grow below it */
    uint32_t depth, max_depth;
    uint32_t first_global, global_count, global_cap;
    uint32_t slot_count, slot_cap;
    uint32_t nesting;     /* of a value that is walked recursively */
    uint32_t trace_depth; /* of nodes, with JSONATA_TRACE */
    uint32_t override_count;
    struct binding *overrides;            /* names of built-in functions that the caller bound: */
    bool shadowed;                        /* there are some */
    bool uses_shapes;                     /* shapes is initialised */
    const struct json_shape *match_shape; /* of what $match returns; made on first use */
    const struct symbols *symbols;
    const struct jsonata *expr;
    const struct jsonata_context *context;
    struct regex_matcher *matcher;
    struct site_memo *memos;
    uint64_t random[2];
    struct regex_list regexes; /* compiled by $eval, freed with the evaluation */
    struct buf scratch;        /* for functions that print */

    /* from here on not initialised */
    struct raised err;
    struct tail_call tail;
    struct json_shapes shapes;
};

/* ---- evaluating ---- */

static ALWAYS_INLINE bool ev_failed(struct json_val v)
{
    return UNLIKELY(v.tag == VAL_FAILED);
}

COLD struct json_val ev_fail(struct ev *e, const char *code, const struct node *n);
COLD struct json_val ev_fail_value(struct ev *e, const char *code, const struct node *n,
                                   struct json_val value);
COLD struct json_val ev_fail_steps(struct ev *e, const struct node *n);
COLD struct json_val ev_fail_memory(struct ev *e, const struct node *n);
COLD struct json_val ev_fail_depth(struct ev *e, const struct node *n);
COLD struct json_val ev_fail_nesting(struct ev *e, const struct node *n);

static ALWAYS_INLINE struct json_val ev_eval(struct ev *e, const struct node *n, struct json_val in,
                                             struct frame *env)
{
    if (UNLIKELY(--e->steps < 0))
        return ev_fail_steps(e, n);
    return n->fn(e, n, in, env);
}

/* Charges work that grows with the data to the budget of steps; false and failed when it is used
 * up. */
static inline bool ev_charge(struct ev *e, uint64_t steps, const struct node *n)
{
    if (LIKELY(steps < (uint64_t)INT64_MAX && (e->steps -= (int64_t)steps) >= 0))
        return true;
    ev_fail_steps(e, n);
    return false;
}

/* Memory that input decides the size of: NULL and failed (U1002) when it is beyond the budget. */
void *ev_alloc(struct ev *e, size_t size);

static ALWAYS_INLINE bool ev_is_array(struct json_val v)
{
    return v.tag == JSON_ARRAY;
}
static ALWAYS_INLINE bool ev_is_seq(struct json_val v)
{
    return v.tag == JSON_ARRAY && (v.flags & VAL_SEQ);
}

/* What a node's evaluation does with a sequence in the end. */
static ALWAYS_INLINE struct json_val ev_unwrap(struct json_val v)
{
    if (LIKELY(v.tag != JSON_ARRAY || v.len > 1 || (v.flags & (VAL_SEQ | VAL_TUPLES)) != VAL_SEQ))
        return v;
    if (v.len == 0)
        return json_undefined();
    return v.flags & VAL_KEEP ? v : v.items[0];
}

/* The same, where the node has nothing hanging on it that comes first (see eval_decorated). */
static ALWAYS_INLINE struct json_val ev_result(const struct node *n, struct json_val v)
{
    return n->decorated ? v : ev_unwrap(v);
}

static ALWAYS_INLINE struct json_val ev_array(const struct json_val *items, uint32_t count,
                                              unsigned flags)
{
    struct json_val v = json_array(items, count);
    v.flags = (uint8_t)flags;
    return v;
}

/* A number that can be computed with: *ret is its double. False when v is no number or NaN; fails
 * with D1001 when it is infinite. */
bool ev_numeric(struct ev *e, struct json_val v, double *ret);

/* JSONata's truth: undefined is undefined (the caller takes it for false). Failed for an infinite
 * number. */
struct json_val ev_boolean(struct ev *e, struct json_val v);
/* The same for conditions: 1, 0, or -1 failed. */
int ev_truth_slow(struct ev *e, struct json_val v);
static ALWAYS_INLINE int ev_truth(struct ev *e, struct json_val v)
{
    return LIKELY(v.tag == JSON_BOOL) ? v.b : ev_truth_slow(e, v);
}

/* JSONata's $string. */
struct json_val ev_string(struct ev *e, struct json_val v, bool pretty, const struct node *n);

/* Deep equality; -1 failed. */
int ev_equal(struct ev *e, struct json_val a, struct json_val b);

/* Begins a walk into an array or object: false and failed when it is nested too deep or the steps
 * are used up (values that share their parts can be walked for ever). ev_leave ends it. */
bool ev_enter(struct ev *e, struct json_val container);
static ALWAYS_INLINE void ev_leave(struct ev *e)
{
    e->nesting--;
}

/* ---- lists ---- */

struct vec {
    struct json_val *items;
    uint32_t count, cap;
};

NODISCARD bool ev_vec_grow(struct ev *e, struct vec *v, uint32_t more);

NODISCARD static ALWAYS_INLINE bool ev_push(struct ev *e, struct vec *v, struct json_val item)
{
    if (UNLIKELY(v->count == v->cap) && !ev_vec_grow(e, v, 1))
        return false;
    v->items[v->count++] = item;
    return true;
}
NODISCARD bool ev_push_all(struct ev *e, struct vec *v, const struct json_val *items,
                           uint32_t count);
/* Adds v, or all that an array holds at any depth. */
NODISCARD bool ev_push_flat(struct ev *e, struct vec *v, struct json_val item);
/* Adds what an array or object holds, arrays inside at any depth. *ret_joined: there were some. */
NODISCARD bool ev_push_members(struct ev *e, struct vec *v, struct json_val container,
                               bool *ret_joined);
/* An array of one. */
struct json_val ev_array_of_one(struct ev *e, struct json_val item, unsigned flags);
/* The list as a sequence, not unwrapped; as an array. */
struct json_val ev_vec_seq(const struct vec *v);
struct json_val ev_vec_array(const struct vec *v);

/* $clone. */
struct json_val ev_clone(struct ev *e, struct json_val v);

/* $append: arrays joined; what is no array counts as an array of one. */
struct json_val ev_append(struct ev *e, struct json_val a, struct json_val b);

/* ---- objects ---- */

struct json_val ev_member_slow(struct ev *e, const struct node *n, struct json_val object);

/* The member that a name node asks of an object. */
static ALWAYS_INLINE struct json_val ev_member(struct ev *e, const struct node *n,
                                               struct json_val object)
{
    const struct shape_slot *s = &e->slots[n->slot];
    if (LIKELY(s->shape == object.obj->shape))
        return LIKELY(s->at >= 0) ? object.obj->vals[s->at] : json_undefined();
    return ev_member_slow(e, n, object);
}

struct json_shapes *ev_shapes(struct ev *e);

/* Name number i of an object, as a value. */
static inline struct json_val ev_key(const struct json_object *obj, uint32_t i)
{
    const struct json_key *key = &obj->shape->keys[i];
    return json_string((str){key->p, key->n}, key->flags & (JSON_ASCII | JSON_PLAIN));
}

/* $lookup for arrays: the members of all objects inside, a sequence, not unwrapped. */
struct json_val ev_lookup_array(struct ev *e, const struct node *n, str key, struct json_val array);

/* ---- environments ---- */

struct json_val ev_variable(struct ev *e, struct frame *env, uint32_t symbol);
void ev_bind(struct ev *e, struct frame *env, uint32_t symbol, struct json_val value);

/* ---- loops ---- */

/*
 * Loops ($reduce, tail calls) whose rounds leave garbage behind: now and then, between two rounds,
 * what is still needed of the memory taken since the loop began is moved together and the rest
 * given back.
 */
struct ev_loop {
    struct arena_mark mark;
    size_t start; /* bytes in use when the loop began */
    size_t next;  /* how many are in use when it pays to look again */
};

void ev_loop_begin(struct ev *e, struct ev_loop *loop);
void ev_loop_collect(struct ev *e, struct ev_loop *loop, struct json_val *live, uint32_t count);

/* Between two rounds. live: all values made since the beginning that are needed from here on. */
static inline void ev_loop_turn(struct ev *e, struct ev_loop *loop, struct json_val *live,
                                uint32_t count)
{
    if (UNLIKELY(arena_used(e->arena) > loop->next))
        ev_loop_collect(e, loop, live, count);
}

/* ---- functions ---- */

struct regex_matcher *ev_matcher(struct ev *e);

struct json_val ev_function(enum fn_kind kind, const void *what);

struct call {
    struct json_val *args; /* one for each parameter of the signature, undefined where missing */
    uint32_t count;
    struct json_val input; /* the context */
    struct frame *env;
    const struct node *node; /* the place in the expression, for errors; may be NULL */
};

/* Calls any function value with the arguments in args (room for CALL_ARGS values, or for more when
 * count needs it; they are overwritten). input is the context for parameters that want it. */
struct json_val ev_apply(struct ev *e, struct json_val fn, struct json_val *args, uint32_t count,
                         struct json_val input, struct frame *env, const struct node *n);

/* How many arguments a higher-order function passes. */
uint32_t ev_arity(struct json_val fn);
/* Calls fn the way $map and its like do: (value, index or key, whole), as many as it takes. */
struct json_val ev_call_item(struct ev *e, const struct call *c, struct json_val fn, uint32_t arity,
                             struct json_val value, struct json_val index, struct json_val whole);

/* ---- the pieces, one file each ---- */

struct json_val ev_filter(struct ev *e, const struct stage *stage, struct json_val input,
                          struct frame *env);
struct json_val ev_group(struct ev *e, const struct pair *pairs, uint32_t count,
                         const struct node *n, struct json_val input, struct frame *env);
struct json_val ev_sort_step(struct ev *e, const struct node *n, struct json_val input,
                             struct frame *env);
struct json_val ev_tuple_path(struct ev *e, const struct node *n, struct frame *env, uint32_t step,
                              struct json_val sequence);
struct frame ev_tuple_frame(struct frame *parent, const struct tuple *t);
struct json_val ev_transform_apply(struct ev *e, const struct closure *c, struct json_val in);
struct json_val ev_path_finish(struct ev *e, const struct node *n, struct json_val seq,
                               struct frame *env);

/* Merge sort that asks `greater` whether two neighbours stand in the wrong order: 1, 0, -1 failed.
 * Stable. */
typedef int ev_greater_fn(struct ev *e, void *arg, const void *a, const void *b);
bool ev_merge_sort(struct ev *e, void *items, size_t count, size_t size, ev_greater_fn *greater,
                   void *arg);

eval_fn eval_literal, eval_variable, eval_context, eval_global, eval_function_name, eval_wildcard,
    eval_descendant, eval_parent, eval_regex, eval_arithmetic, eval_equality, eval_comparison,
    eval_range, eval_includes, eval_and, eval_or, eval_concat, eval_negate, eval_array, eval_object,
    eval_condition, eval_elvis, eval_coalesce, eval_block, eval_parentheses, eval_bind,
    eval_apply_operator, eval_lambda, eval_partial, eval_call, eval_call_builtin, eval_transform,
    eval_path, eval_name_path, eval_single_name, eval_name, eval_decorated, eval_traced;

#endif
