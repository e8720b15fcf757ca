/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths. The rule of the language: each step is evaluated for every item of the sequence so far,
 * and the results are flattened by one level into the next sequence; but when the last step gave
 * one result only and that is an array of the data (no sequence), the array itself is the result.
 *
 * Most steps are plain names on objects of few shapes. Runs of them are taken in one go, item by
 * item, so that the sequences in between are never built; a single array is used as it is instead
 * of being copied. Paths that bind tuples (@, #, %) are in eval_tuple.c.
 */
#include "jsonata/eval.h"

/* Collects the results of a step. The first one is held back, since it may be the whole answer. */
struct sink {
    struct vec out;
    struct json_val first;
    uint32_t results;
    uint32_t hint; /* results to expect */
    bool whole;    /* `out` counts as an array of the data when the step is the last */
};

/* A sequence between two steps. */
struct seq {
    const struct json_val *items;
    uint32_t count;
    bool whole;          /* an array of the data, as it is */
    uint8_t flags;       /* of that array */
    struct json_val one; /* the items, when there is one */
};

static const struct json_val path_failed = {.tag = VAL_FAILED};

static ALWAYS_INLINE bool sink_flatten(struct ev *e, struct sink *s, struct json_val v)
{
    if (LIKELY(v.tag != JSON_ARRAY) || (v.flags & VAL_CONS))
        return ev_push(e, &s->out, v);
    return ev_push_all(e, &s->out, v.items, v.len);
}

static NOINLINE bool sink_second(struct ev *e, struct sink *s, struct json_val v)
{
    if (s->results++ == 0) {
        s->first = v;
        return true;
    }
    if (s->hint > s->out.cap && !ev_vec_grow(e, &s->out, s->hint))
        return false;
    return sink_flatten(e, s, s->first) && sink_flatten(e, s, v);
}

static ALWAYS_INLINE bool sink_add(struct ev *e, struct sink *s, struct json_val v)
{
    if (UNLIKELY(s->results < 2))
        return sink_second(e, s, v);
    s->results++;
    return sink_flatten(e, s, v);
}

static void sink_finish(struct sink *s, bool last, struct seq *ret)
{
    *ret = (struct seq){.items = s->out.items, .count = s->out.count, .whole = s->whole && last};
    if (s->results != 1)
        return;
    bool is_array = s->first.tag == JSON_ARRAY, is_data = !(s->first.flags & VAL_SEQ);
    if (is_array && (!(s->first.flags & VAL_CONS) || (last && is_data))) {
        ret->items = s->first.items;
        ret->count = s->first.len;
        ret->whole = last && is_data;
        ret->flags = s->first.flags;
    } else {
        ret->one = s->first;
        ret->items = &ret->one;
        ret->count = 1;
    }
}

/* ---- names ---- */

static bool path_is_name(const struct node *step)
{
    return step->kind == NODE_NAME && step->simple && step->stages.count == 0;
}

static bool path_names(struct ev *e, struct node *const *steps, uint32_t count, struct json_val v,
                       struct sink *s);

/* The names steps[0 … count) for the items of an array in the middle of a run. */
static NOINLINE bool path_names_each(struct ev *e, struct node *const *steps, uint32_t count,
                                     struct json_val array, struct sink *s)
{
    if (!ev_charge(e, array.len, steps[0]))
        return false;
    for (uint32_t i = 0; i < array.len; i++)
        if (!path_names(e, steps, count, array.items[i], s))
            return false;
    return true;
}

static NOINLINE bool path_names_array(struct ev *e, struct node *const *steps, uint32_t count,
                                      struct json_val array, struct sink *s)
{
    struct json_val found = ev_unwrap(ev_lookup_array(e, steps[0], steps[0]->text, array));
    if (ev_failed(found))
        return false;
    if (found.tag == JSON_UNDEFINED)
        return true;
    if (count == 1)
        return sink_add(e, s, found);
    return found.tag == JSON_ARRAY ? path_names_each(e, steps + 1, count - 1, found, s)
                                   : path_names(e, steps + 1, count - 1, found, s);
}

/* Follows a run of names from one value. */
static bool path_names(struct ev *e, struct node *const *steps, uint32_t count, struct json_val v,
                       struct sink *s)
{
    for (; v.tag == JSON_OBJECT; steps++) {
        v = ev_member(e, steps[0], v);
        if (v.tag == JSON_UNDEFINED)
            return true;
        if (--count == 0)
            return sink_add(e, s, v);
        if (v.tag == JSON_ARRAY)
            return path_names_each(e, steps + 1, count, v, s);
    }
    return v.tag != JSON_ARRAY || path_names_array(e, steps, count, v, s);
}

/* One name for many items: the innermost loop of most expressions. */
static bool path_one_name(struct ev *e, struct node *const *step, const struct json_val *items,
                          uint32_t count, struct sink *s)
{
    for (uint32_t i = 0; i < count; i++) {
        struct json_val v = items[i];
        if (LIKELY(v.tag == JSON_OBJECT)) {
            v = ev_member(e, step[0], v);
            if (LIKELY(v.tag != JSON_UNDEFINED) && !sink_add(e, s, v))
                return false;
        } else if (v.tag == JSON_ARRAY && !path_names_array(e, step, 1, v, s)) {
            return false;
        }
    }
    return true;
}

/* ---- ** and what follows it ---- */

/* Descends and asks every object for a name, without the list of all descendants. */
static bool path_descend_name(struct ev *e, struct node *const *name, struct json_val v,
                              struct sink *s)
{
    if (v.tag == JSON_OBJECT) {
        struct json_val found = ev_member(e, name[0], v);
        if (found.tag != JSON_UNDEFINED && !sink_add(e, s, found))
            return false;
    }
    if (!ev_enter(e, v))
        return false;
    const struct json_val *vals = v.tag == JSON_OBJECT ? v.obj->vals : v.items;
    for (uint32_t i = 0; i < v.len; i++)
        if (json_is_container(vals[i]) && !path_descend_name(e, name, vals[i], s))
            return false;
    ev_leave(e);
    return true;
}

/* ---- * ---- */

/* The wildcard for several items: straight into the result, arrays flattened all the way. Only
 * where one item alone has members does it matter whether an array was among them (see
 * eval_wildcard). */
static bool path_wildcards(struct ev *e, const struct seq *in, struct sink *s)
{
    uint32_t contributing = 0;
    bool joined = false;
    for (uint32_t i = 0; i < in->count; i++) {
        struct json_val item = in->items[i];
        uint32_t before = s->out.count;
        bool arrays;
        if (!json_is_container(item) || item.len == 0)
            continue;
        if (!ev_push_members(e, &s->out, item, &arrays))
            return false;
        if (s->out.count > before || arrays) {
            contributing++;
            joined = arrays;
        }
    }
    s->results = 2; /* everything is in s->out */
    s->whole = contributing == 1 && joined;
    return true;
}

/* ---- any step ---- */

static struct json_val path_stages(struct ev *e, const struct node *step, struct json_val v,
                                   struct frame *env)
{
    for (uint32_t i = 0; i < step->stages.count && !ev_failed(v); i++)
        v = ev_filter(e, &step->stages.items[i], v, env);
    return v;
}

static bool path_step(struct ev *e, const struct node *step, const struct seq *in, struct sink *s,
                      struct frame *env)
{
    const struct json_val *items = in->items;
    for (uint32_t i = 0, n = in->count; i < n; i++) {
        struct json_val v = ev_eval(e, step, items[i], env);
        if (step->stages.count > 0 && !ev_failed(v))
            v = path_stages(e, step, v, env);
        if (ev_failed(v) || (v.tag != JSON_UNDEFINED && !sink_add(e, s, v)))
            return false;
        if (UNLIKELY((i & 63) == 63 && arena_is_over(e->arena))) {
            ev_fail_memory(e, step);
            return false;
        }
    }
    return true;
}

/* How many steps from `at` on can be taken together: a run of names, or ** and a name. */
static uint32_t path_run(const struct node *n, uint32_t at)
{
    uint32_t run = 0;
    if (n->items[at]->kind == NODE_DESCENDANT && n->items[at]->simple &&
        n->items[at]->stages.count == 0)
        return at + 1 < n->count && path_is_name(n->items[at + 1]) ? 2 : 1;
    while (at + run < n->count && path_is_name(n->items[at + run]))
        run++;
    return run > 0 ? run : 1;
}

static bool path_take(struct ev *e, const struct node *n, uint32_t at, uint32_t run,
                      const struct seq *in, struct sink *s, struct frame *env)
{
    struct node *const *steps = n->items + at;
    if (steps[0]->kind == NODE_DESCENDANT && run == 2) {
        for (uint32_t i = 0; i < in->count; i++)
            if (json_is_container(in->items[i]) &&
                !path_descend_name(e, steps + 1, in->items[i], s))
                return false;
        return true;
    }
    if (steps[0]->kind == NODE_WILDCARD && steps[0]->simple && steps[0]->stages.count == 0 &&
        in->count > 1)
        return path_wildcards(e, in, s);
    if (!path_is_name(steps[0]))
        return path_step(e, steps[0], in, s, env);
    if (!ev_charge(e, (uint64_t)in->count * run, steps[0]))
        return false;
    if (run == 1)
        return path_one_name(e, steps, in->items, in->count, s);
    for (uint32_t i = 0; i < in->count; i++)
        if (!path_names(e, steps, run, in->items[i], s))
            return false;
    return true;
}

/* ---- whole paths ---- */

/* The sequence of a path becomes its value: [] and groups, then unwrapping. */
struct json_val ev_path_finish(struct ev *e, const struct node *n, struct json_val seq,
                               struct frame *env)
{
    if (n->keep_singleton) {
        if (ev_is_array(seq) && (seq.flags & VAL_CONS) && !(seq.flags & VAL_SEQ))
            seq = ev_array_of_one(e, seq, VAL_SEQ);
        if (ev_is_array(seq))
            seq.flags |= VAL_KEEP;
    }
    if (n->group != NULL) {
        seq = ev_group(e, n->group->pairs, n->group->count, n, seq, env);
        if (ev_failed(seq))
            return seq;
    }
    if (n->keep_array && ev_is_seq(seq))
        seq.flags |= VAL_KEEP;
    return ev_unwrap(seq);
}

/* A sequence as the array it is. */
static struct json_val path_seq_value(struct ev *e, const struct seq *seq)
{
    unsigned flags = seq->whole ? seq->flags : VAL_SEQ;
    if (seq->items == &seq->one)
        return ev_array_of_one(e, seq->one, flags);
    return ev_array(seq->items, seq->count, flags);
}

static struct json_val path_value(struct ev *e, const struct node *n, const struct seq *seq,
                                  struct frame *env)
{
    bool plain = !n->keep_singleton && !n->keep_array && n->group == NULL;
    if (plain && !seq->whole && seq->count <= 1)
        return seq->count == 0 ? json_undefined() : seq->items[0];
    return ev_path_finish(e, n, path_seq_value(e, seq), env);
}

static void path_seq_of(struct seq *seq, struct json_val v)
{
    if (v.tag == JSON_ARRAY) {
        *seq = (struct seq){
            .items = v.items, .count = v.len, .whole = !(v.flags & VAL_SEQ), .flags = v.flags};
        return;
    }
    *seq = (struct seq){.count = v.tag != JSON_UNDEFINED, .one = v};
    seq->items = &seq->one;
}

/* One step, or a run of them, from one sequence to the next. */
static bool path_advance(struct ev *e, const struct node *n, uint32_t at, uint32_t run,
                         const struct seq *in, struct seq *out, struct frame *env)
{
    struct node *step = n->items[at];
    if (at == 0 && step->cons_array) {
        struct json_val v = ev_eval(e, step, path_seq_value(e, in), env);
        path_seq_of(out, v);
        return !ev_failed(v);
    }
    if (step->kind == NODE_SORT) {
        struct json_val v = ev_sort_step(e, step, path_seq_value(e, in), env);
        if (!ev_failed(v))
            v = path_stages(e, step, v, env);
        path_seq_of(out, v);
        return !ev_failed(v);
    }
    struct sink s = {.hint = in->count};
    if (!path_take(e, n, at, run, in, &s, env))
        return false;
    sink_finish(&s, at + run == n->count, out);
    return true;
}

/* From step `at` on; *in is the sequence so far. */
static struct json_val path_from(struct ev *e, const struct node *n, uint32_t at, struct seq *in,
                                 struct frame *env)
{
    struct seq other, *out = &other;
    while (at < n->count) {
        if (n->items[at]->tuple)
            return ev_tuple_path(e, n, env, at, path_seq_value(e, in));
        uint32_t run = path_run(n, at);
        if (!path_advance(e, n, at, run, in, out, env))
            return path_failed;
        at += run;
        struct seq *swap = in;
        in = out;
        out = swap;
        if (in->count == 0)
            break;
    }
    return path_value(e, n, in, env);
}

struct json_val eval_path(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    struct seq seq;
    if (in.tag == JSON_ARRAY && n->items[0]->kind != NODE_VARIABLE) {
        path_seq_of(&seq, in);
    } else {
        seq.one = in;
        seq.items = &seq.one;
        seq.count = 1;
        seq.whole = false;
    }
    return path_from(e, n, 0, &seq, env);
}

/* A path of one plain name, for one object: what most expressions consist of. */
struct json_val eval_single_name(struct ev *e, const struct node *n, struct json_val in,
                                 struct frame *env)
{
    if (UNLIKELY(in.tag != JSON_OBJECT))
        return in.tag == JSON_ARRAY ? eval_path(e, n, in, env) : json_undefined();
    struct json_val v = ev_member(e, n->items[0], in);
    if (UNLIKELY(v.tag == JSON_ARRAY && (v.flags & VAL_SEQ)))
        return ev_unwrap(ev_array(v.items, v.len, VAL_SEQ));
    return v;
}

/* The steps of a name path from `at` on, v being the value so far: an array, or something other
 * than a name follows. Apart from eval_name_path, whose frame stays small without it. */
static NOINLINE struct json_val path_go_on(struct ev *e, const struct node *n, uint32_t at,
                                           struct json_val v, struct json_val in, struct frame *env)
{
    struct seq seq;
    if (at == 0)
        return eval_path(e, n, in, env);
    if (v.tag == JSON_ARRAY && !(v.flags & VAL_CONS)) {
        seq.items = v.items;
        seq.count = v.len;
    } else {
        seq.one = v;
        seq.items = &seq.one;
        seq.count = 1;
    }
    seq.whole = false;
    if (seq.count == 0)
        return json_undefined();
    return path_from(e, n, at, &seq, env);
}

/*
 * A path that begins with a name or a simple variable and goes on with names for a while: as long
 * as there is one object after the other, no sequence is needed at all.
 */
struct json_val eval_name_path(struct ev *e, const struct node *n, struct json_val in,
                               struct frame *env)
{
    struct json_val v = in;
    uint32_t at = 0;
    if (n->items[0]->kind == NODE_VARIABLE) {
        v = ev_eval(e, n->items[0], in, env);
        if (ev_failed(v) || v.tag == JSON_UNDEFINED)
            return v;
        at = 1;
    }
    while (v.tag == JSON_OBJECT) {
        const struct node *step = n->items[at];
        v = ev_member(e, step, v);
        if (v.tag == JSON_UNDEFINED && LIKELY(step->stages.count == 0))
            return v;
        at++;
        /* filters are evaluated also where there is nothing to filter */
        if (UNLIKELY(step->stages.count > 0)) {
            v = path_stages(e, step, v, env);
            if (ev_failed(v) || v.tag == JSON_UNDEFINED)
                return v;
            if (v.tag == JSON_ARRAY && v.len == 1 && (v.flags & VAL_SEQ) &&
                v.items[0].tag != JSON_ARRAY)
                v = v.items[0];
        }
        if (at < n->count && path_is_name(n->items[at]))
            continue;
        if (at == n->count && v.tag != JSON_ARRAY)
            return v;
        break;
    }
    if (at < n->count)
        return path_go_on(e, n, at, v, in, env);
    /* an array of the data is the result itself; a sequence loses its wish to stay */
    return ev_is_seq(v) ? ev_unwrap(ev_array(v.items, v.len, VAL_SEQ)) : v;
}

/* A name as a step of its own (behind a filter or in a tuple stream). */
struct json_val eval_name(struct ev *e, const struct node *n, struct json_val in, struct frame *env)
{
    (void)env;
    if (in.tag == JSON_OBJECT)
        return ev_unwrap(ev_member(e, n, in));
    if (in.tag == JSON_ARRAY)
        return ev_unwrap(ev_lookup_array(e, n, n->text, in));
    return json_undefined();
}
