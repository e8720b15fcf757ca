/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tuple streams: paths whose steps bind variables (@$v, #$i) or are looked up from further down
 * (%). From the first such step on, a sequence is a list of tuples: a value ("@") and the bindings
 * made on the way to it, which the following steps see as a frame. This is the rare, general way;
 * eval_path.c is the fast one.
 */
#include "jsonata/eval.h"

static const struct json_val tuple_failed = {.tag = VAL_FAILED};

static struct tuple *tuple_of(struct json_val v)
{
    return (struct tuple *)(uintptr_t)v.any;
}

struct frame ev_tuple_frame(struct frame *parent, const struct tuple *t)
{
    /* borrowed: cap 0 makes ev_bind copy before it writes */
    return (struct frame){
        .parent = parent, .bindings = (struct binding *)(uintptr_t)t->bindings, .count = t->count};
}

/* A frame that closures may keep. */
static struct frame *tuple_frame(struct ev *e, struct frame *parent, const struct tuple *t)
{
    struct frame *f = arena_alloc(e->arena, sizeof(*f));
    *f = ev_tuple_frame(parent, t);
    return f;
}

/* A copy of base (may be NULL) with room for `more` further bindings. */
static struct tuple *tuple_new(struct ev *e, const struct tuple *base, struct json_val at,
                               uint32_t more)
{
    uint32_t count = base != NULL ? base->count : 0;
    struct tuple *t = ev_alloc(e, sizeof(*t) + sizeof(struct binding) * (count + more));
    if (t == NULL)
        return NULL;
    t->at = at;
    t->count = count;
    if (count > 0)
        memcpy(t->bindings, base->bindings, sizeof(struct binding) * count);
    return t;
}

static void tuple_set(struct tuple *t, uint32_t symbol, struct json_val value)
{
    uint32_t i = 0;
    while (i < t->count && t->bindings[i].symbol != symbol)
        i++;
    t->bindings[i] = (struct binding){value, symbol};
    if (i == t->count)
        t->count++;
}

static bool tuple_push(struct ev *e, struct vec *out, const struct tuple *t)
{
    return t != NULL && ev_push(e, out, (struct json_val){.tag = VAL_TUPLE, .any = t});
}

/* One result of a step becomes a tuple. */
static struct tuple *tuple_extend(struct ev *e, const struct node *step, const struct tuple *from,
                                  struct json_val result, uint32_t index, bool is_tuple)
{
    if (is_tuple) { /* a path in parentheses that is a stream itself: its bindings join ours */
        const struct tuple *inner = tuple_of(result);
        struct tuple *t = tuple_new(e, from, inner->at, inner->count);
        for (uint32_t i = 0; t != NULL && i < inner->count; i++)
            tuple_set(t, (uint32_t)inner->bindings[i].symbol, inner->bindings[i].value);
        return t;
    }
    struct tuple *t = tuple_new(e, from, step->focus ? from->at : result, 3);
    if (t == NULL)
        return NULL;
    if (step->focus)
        tuple_set(t, step->focus, result);
    if (step->index)
        tuple_set(t, step->index, json_num(index));
    if (step->ancestor != NULL)
        tuple_set(t, step->ancestor->label, from->at);
    return t;
}

static struct json_val tuple_stages(struct ev *e, const struct node *step, struct json_val stream,
                                    struct frame *env)
{
    for (uint32_t i = 0; i < step->stages.count && !ev_failed(stream); i++) {
        const struct stage *stage = &step->stages.items[i];
        if (stage->expr != NULL) {
            stream = ev_filter(e, stage, stream, env);
            continue;
        }
        struct vec out = {0};
        for (uint32_t k = 0; k < stream.len; k++) {
            const struct tuple *old = tuple_of(stream.items[k]);
            struct tuple *t = tuple_new(e, old, old->at, 1);
            if (t != NULL)
                tuple_set(t, stage->symbol, json_num(k));
            if (!tuple_push(e, &out, t))
                return tuple_failed;
        }
        stream = ev_array(out.items, out.count, VAL_SEQ | VAL_TUPLES);
    }
    return stream;
}

/* The stream a path begins with: plain values without bindings. */
static struct json_val tuple_start(struct ev *e, struct json_val sequence)
{
    struct vec out = {0};
    for (uint32_t i = 0; i < sequence.len; i++)
        if (!tuple_push(e, &out, tuple_new(e, NULL, sequence.items[i], 0)))
            return tuple_failed;
    return ev_array(out.items, out.count, VAL_SEQ | VAL_TUPLES);
}

static struct json_val tuple_sort(struct ev *e, const struct node *step, struct json_val stream,
                                  bool is_stream, struct frame *env)
{
    struct json_val sorted = ev_sort_step(e, step, stream, env);
    if (ev_failed(sorted))
        return sorted;
    if (!is_stream) {
        struct vec out = {0};
        for (uint32_t i = 0; i < sorted.len; i++) {
            struct tuple *t = tuple_new(e, NULL, sorted.items[i], 1);
            if (t != NULL && step->index)
                tuple_set(t, step->index, json_num(i));
            if (!tuple_push(e, &out, t))
                return tuple_failed;
        }
        sorted = ev_array(out.items, out.count, 0);
    }
    sorted.flags |= VAL_SEQ | VAL_TUPLES;
    return tuple_stages(e, step, sorted, env);
}

static struct json_val tuple_step(struct ev *e, const struct node *step, struct json_val stream,
                                  struct frame *env)
{
    struct vec out = {0};
    for (uint32_t i = 0; i < stream.len; i++) {
        const struct tuple *from = tuple_of(stream.items[i]);
        struct json_val v = ev_eval(e, step, from->at, tuple_frame(e, env, from));
        if (ev_failed(v))
            return v;
        if (v.tag == JSON_UNDEFINED)
            continue;
        const struct json_val *items = ev_is_array(v) ? v.items : &v;
        uint32_t count = ev_is_array(v) ? v.len : 1;
        bool is_stream = ev_is_array(v) && (v.flags & VAL_TUPLES);
        for (uint32_t k = 0; k < count; k++)
            if (!tuple_push(e, &out, tuple_extend(e, step, from, items[k], k, is_stream)))
                return tuple_failed;
    }
    return tuple_stages(e, step, ev_array(out.items, out.count, VAL_SEQ | VAL_TUPLES), env);
}

/* Sets the stream's values free of their bindings. */
static struct json_val tuple_values(struct ev *e, struct json_val stream)
{
    struct vec out = {0};
    for (uint32_t i = 0; i < stream.len; i++)
        if (!ev_push(e, &out, tuple_of(stream.items[i])->at))
            return tuple_failed;
    return ev_vec_seq(&out);
}

/* The steps of a path from `at` on, the first that makes tuples; sequence is what came before. */
struct json_val ev_tuple_path(struct ev *e, const struct node *n, struct frame *env, uint32_t at,
                              struct json_val sequence)
{
    struct json_val stream = json_undefined();
    for (uint32_t i = at; i < n->count; i++) {
        const struct node *step = n->items[i];
        bool is_stream = stream.tag != JSON_UNDEFINED;
        if (step->kind == NODE_SORT) {
            stream = tuple_sort(e, step, is_stream ? stream : sequence, is_stream, env);
        } else {
            if (!is_stream)
                stream = tuple_start(e, sequence);
            if (!ev_failed(stream))
                stream = tuple_step(e, step, stream, env);
        }
        if (ev_failed(stream))
            return stream;
        if (arena_is_over(e->arena))
            return ev_fail_memory(e, n);
    }
    struct json_val result = stream;
    if (n->group != NULL) /* grouping sees the tuples */
        return ev_path_finish(e, n, stream, env);
    if (!n->tuple) {
        result = tuple_values(e, stream);
        if (ev_failed(result))
            return result;
    }
    return ev_path_finish(e, n, result, env);
}
