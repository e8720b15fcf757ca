/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map: its items, and the iterations of an inline Map. What a distributed Map asks for instead is
 * in map_distributed.c.
 *
 * Iterations begin in the order of their items, as many at once as MaxConcurrency allows; one that
 * ends makes room for the next. Texts of failures are AWS's (reference: "Map, common parts").
 */
#include "asl/step_internal.h"
#include <math.h>

/* ---- items ---- */

static bool items_jsonpath(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                           struct asl_value *ret)
{
    const struct asl_path *path = &scope->frame->state->map.items_path;
    *ret = input;
    if (path->kind == ASL_PATH_SET && !asl_eval_field_path(s, scope, path->path, input, ret))
        return false;
    str text = path->kind == ASL_PATH_SET ? jsonpath_text(path->path) : STR("$");
    return ret->v.tag == JSON_ARRAY ||
           asl_fail_in(s, scope->frame, "States.Runtime",
                       "Reference path \"%.*s\" must point to array.", STR_ARG(text));
}

/* {"Key": name, "Value": value} for each member, in their order. */
static struct json_val pairs_of(struct asl_step *s, struct json_val object)
{
    struct json_val *items = arena_alloc(&s->out->scratch, sizeof(*items) * object.len);
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        struct json_obj_builder b;
        json_obj_begin(&b, asl_shapes(s), 2);
        json_obj_put(&b, STR("Key"), JSON_ASCII | JSON_PLAIN,
                     json_string((str){key->p, key->n}, key->flags));
        json_obj_put(&b, STR("Value"), JSON_ASCII | JSON_PLAIN, object.obj->vals[i]);
        items[i] = json_obj_end(&b);
    }
    return json_array(items, object.len);
}

static bool items_jsonata(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                          struct asl_value *ret)
{
    const struct asl_template *t = scope->frame->state->map.items;
    *ret = input;
    if (!t) {
        str text = asl_value_text(s, input.v);
        return input.v.tag == JSON_ARRAY ||
               asl_fail_evaluation(s, scope->frame, STR(""),
                                   "Map state input must be an array but was: %.*s", STR_ARG(text));
    }
    *ret = (struct asl_value){.v = json_undefined()};
    if (!asl_eval_template(s, scope, t, &ret->v))
        return false;
    return ret->v.tag == JSON_ARRAY || ret->v.tag == JSON_OBJECT || !t->jsonata ||
           asl_expect_type(s, scope->frame, t->jsonata, ret->v, JSON_ARRAY, "array");
}

static bool find_items(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                       struct asl_value *ret, bool *ret_has_keys)
{
    *ret_has_keys = false;
    bool is_jsonata = scope->frame->state->language == ASL_JSONATA;
    if (!(is_jsonata ? items_jsonata : items_jsonpath)(s, scope, input, ret))
        return false;
    if (ret->v.tag == JSON_OBJECT) {
        *ret = (struct asl_value){.v = pairs_of(s, ret->v)};
        *ret_has_keys = true;
    }
    return true;
}

/* ---- concurrency ---- */

bool asl_map_concurrency(struct asl_step *s, struct asl_scope *scope, uint32_t *ret)
{
    const struct asl_number *n = &scope->frame->state->map.max_concurrency;
    struct json_val v;
    bool has;
    *ret = 0;
    if (!asl_eval_number(s, scope, n, &v, &has) || !has)
        return !has;
    bool is_whole = json_is_number(v) && floor(json_number(v)) == json_number(v);
    if (!is_whole) {
        str text = asl_value_text(s, v);
        str path = n->path ? jsonpath_text(n->path) : n->jsonata ? n->jsonata->text : STR("");
        return asl_fail_in(s, scope->frame,
                           n->jsonata ? "States.QueryEvaluationError" : "States.Runtime",
                           "The MaxConcurrency%s field refers to value \"%.*s\" which is not a "
                           "valid integer: %.*s",
                           n->path ? "Path" : "", STR_ARG(text), STR_ARG(path));
    }
    if (json_number(v) > 0)
        *ret = json_number(v) < UINT32_MAX ? (uint32_t)json_number(v) : UINT32_MAX;
    return true;
}

static uint32_t inline_concurrency(const struct asl_step *s, uint32_t wanted)
{
    if (!s->x->options.strict)
        return wanted > 0 ? wanted : ASL_OPEN_CONCURRENCY;
    return wanted > 0 && wanted < ASL_INLINE_CONCURRENCY ? wanted : ASL_INLINE_CONCURRENCY;
}

/* ---- the state ---- */

static bool map_begin(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_map *map = &f->state->map;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_record r = asl_record_for(f, ASL_MAP_STARTED);
    struct asl_value input, items = {.v = json_undefined()};
    if (!asl_flow_input(s, &scope, &input) ||
        (!map->reader && !find_items(s, &scope, input, &items, &r.has_keys)) ||
        !asl_map_concurrency(s, &scope, &r.concurrency))
        return false;
    r.number = items.v.tag == JSON_ARRAY ? items.v.len : 0;
    if (map->is_distributed) {
        asl_emit(s, &r);
        return s->is_history_full || asl_map_run_begin(s, f, &scope, items);
    }
    r.concurrency = inline_concurrency(s, r.concurrency);
    if (!asl_keep(s, &scope, items, &r.doc))
        return false;
    asl_emit(s, &r);
    return true;
}

static bool start_iteration(struct asl_step *s, struct asl_frame *f, uint64_t previous)
{
    const struct asl_template *selector = f->state->map.item_selector;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_record r = asl_record_for(f, ASL_ITERATION_STARTED);
    uint32_t index = f->started;
    r.child = s->x->next_frame;
    if (r.child >= ASL_MAX_FRAMES)
        return asl_fail_in(s, f, "States.Runtime",
                           "The execution has started too many branches and iterations.");
    r.number = index;
    struct asl_value value = {.v = f->items->root.items[index], .doc = f->items};
    if (selector) {
        struct asl_value unused;
        if (!asl_flow_input(s, &scope, &unused))
            return false;
        scope.item_index = index;
        scope.item = value.v;
        if (f->has_keys) {
            scope.item_key = json_get(value.v, STR("Key"));
            scope.item = json_get(value.v, STR("Value"));
        }
        value = (struct asl_value){.v = json_undefined()};
        if (!asl_eval_template(s, &scope, selector, &value.v))
            return false;
    } else {
        value.path = arena_printf(&s->out->scratch, "/%u", (unsigned)index);
    }
    if (!asl_keep(s, &scope, value, &r.doc))
        return false;
    asl_emit_after(s, &r, previous);
    return true;
}

static bool map_start(struct asl_step *s, struct asl_frame *f)
{
    if (f->total == 0)
        return asl_children_done(s, f, ASL_MAP_SUCCEEDED);
    return start_iteration(s, f, f->chain);
}

bool asl_iteration_ended(struct asl_step *s, struct asl_frame *map, uint64_t chain)
{
    if (map->ended == map->total)
        return asl_children_done(s, map, ASL_MAP_SUCCEEDED);
    return map->started == map->total || start_iteration(s, map, chain);
}

static bool map_finish(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    return asl_flow_exit(s, &scope, asl_value_of(f->result));
}

const struct asl_state_ops asl_map_ops = {
    .begin = map_begin, .start = map_start, .finish = map_finish};
