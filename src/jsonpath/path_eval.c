/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths on values. Names and indexes at the beginning of a path are followed in a loop; from the
 * first other step on, every match is walked to its end in the order of Jayway and collected.
 * Budgets for nodes looked at, nested calls and results make every evaluation end.
 */
#include "jsonpath/path_internal.h"

#include "base/check.h"

enum { PICK_VISITS = 8 /* what a name of ['a','b'] costs, where it makes an object */ };

struct walk {
    struct path_run *run;
    struct path_results *results;
    struct path_miss *miss;
};

static bool walk(const struct walk *w, const struct path_step *step, struct json_val v);

bool path_run_fail(struct path_run *run, enum status status, const char *name, const char *what)
{
    if (run->status == STATUS_OK)
        run->status = error_set(run->err, status, name, "%s", what);
    return false;
}

static bool path_frame_enter(struct path_run *run)
{
    if (UNLIKELY(run->frames == 0))
        return path_run_fail(run, STATUS_LIMIT, "JsonPathLimit",
                             "evaluating the path nests too deeply");
    run->frames--;
    return true;
}

bool path_add_result(struct path_run *run, struct path_results *results, struct json_val v)
{
    if (results->count == results->cap) {
        uint32_t cap = results->cap ? results->cap * 2 : 8;
        size_t size = sizeof(struct json_val) * cap;
        if (cap > JSONPATH_MAX_RESULTS || !arena_room(run->arena, size))
            return path_run_fail(run, STATUS_LIMIT, "JsonPathLimit",
                                 "the path gives too many results");
        struct json_val *items = arena_alloc(run->arena, size);
        if (results->count > 0)
            memcpy(items, results->items, sizeof *items * results->count);
        results->items = items;
        results->cap = cap;
    }
    results->items[results->count++] = v;
    return true;
}

/* ---- single steps ---- */

static ALWAYS_INLINE struct json_val get_name(struct json_val object, const struct path_name *name)
{
    int32_t at = json_shape_find(object.obj->shape, name->text, name->hash);
    return at < 0 ? json_undefined() : object.obj->vals[at];
}

static COLD bool note_miss(struct path_miss *miss, const struct path_step *step,
                           enum jsonpath_missing missing, struct json_val found)
{
    if (step->is_after_definite)
        *miss = (struct path_miss){.missing = missing, .step = step, .found = found};
    return false;
}

/* Moves *v along a name or an index; false when there is nothing. */
static ALWAYS_INLINE bool follow(const struct path_step *step, struct json_val *v,
                                 struct path_miss *miss)
{
    if (step->kind == PATH_NAME) {
        if (UNLIKELY(v->tag != JSON_OBJECT))
            return note_miss(miss, step, JSONPATH_MISSING_PARENT, *v);
        *v = get_name(*v, &step->name);
        if (UNLIKELY(v->tag == JSON_UNDEFINED))
            return note_miss(miss, step,
                             step->next ? JSONPATH_MISSING_PARENT : JSONPATH_MISSING_KEY, *v);
        return true;
    }
    if (UNLIKELY(v->tag != JSON_ARRAY))
        return note_miss(miss, step, JSONPATH_MISSING_PARENT, *v);
    int64_t at = step->index < 0 ? v->len + step->index : step->index;
    if (UNLIKELY(at < 0 || at >= v->len))
        return note_miss(miss, step, JSONPATH_MISSING_INDEX, json_undefined());
    *v = v->items[at];
    return true;
}

/* ---- steps with several matches ---- */

/* ['a','b'] at the end: one object with those that are there. */
static struct json_val pick_names(struct path_run *run, const struct path_step *step,
                                  struct json_val v)
{
    struct json_key *keys = arena_alloc(run->arena, sizeof *keys * step->count);
    struct json_val *vals = arena_alloc(run->arena, sizeof *vals * step->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        struct json_val found = get_name(v, &step->names[i]);
        bool is_new = found.tag != JSON_UNDEFINED;
        for (uint32_t k = 0; is_new && k < i; k++)
            is_new = !str_eq(step->names[k].text, step->names[i].text);
        if (!is_new)
            continue;
        keys[count] =
            json_key_new(run->arena, step->names[i].text, json_text_flags(step->names[i].text));
        vals[count++] = found;
    }
    struct json_object *object = json_obj_new(run->arena, json_shape_new(run->arena, keys, count));
    if (count > 0)
        memcpy(object->vals, vals, sizeof *vals * count);
    return json_object(object);
}

static bool walk_names(const struct walk *w, const struct path_step *step, struct json_val v)
{
    if (v.tag != JSON_OBJECT) {
        note_miss(w->miss, step, JSONPATH_MISSING_PARENT, v);
        return true;
    }
    if (!path_charge(w->run, step->count))
        return false;
    if (step->next == NULL) {
        if (!path_charge(w->run, step->count * (PICK_VISITS + step->count / PICK_VISITS)))
            return false;
        return path_add_result(w->run, w->results, pick_names(w->run, step, v));
    }
    for (uint32_t i = 0; i < step->count; i++) {
        struct json_val child = get_name(v, &step->names[i]);
        if (child.tag == JSON_UNDEFINED)
            note_miss(w->miss, step, JSONPATH_MISSING_PARENT, child);
        else if (!walk(w, step->next, child))
            return false;
    }
    return true;
}

static bool walk_item(const struct walk *w, const struct path_step *step, struct json_val array,
                      int64_t at)
{
    if (at < 0)
        at += array.len;
    return at < 0 || at >= array.len || walk(w, step->next, array.items[at]);
}

static bool walk_indexes(const struct walk *w, const struct path_step *step, struct json_val v)
{
    if (v.tag != JSON_ARRAY) {
        note_miss(w->miss, step, JSONPATH_MISSING_PARENT, v);
        return true;
    }
    for (uint32_t i = 0; i < step->count; i++)
        if (!walk_item(w, step, v, step->indexes[i]))
            return false;
    return true;
}

/* The bounds of a slice of an array of this length. With both bounds given Jayway counts from one
 * to the other and lets negative numbers on the way mean the end: [-2:-1] is one item, [1:-1] is
 * empty. */
static void slice_bounds(const struct path_step *step, int64_t len, int64_t *ret_from,
                         int64_t *ret_to)
{
    int64_t from = step->from, to = step->to;
    if (to == PATH_OPEN) {
        from = from < 0 ? from + len : from;
        from = from < 0 ? 0 : from;
        to = len;
    } else if (from == PATH_OPEN) {
        from = 0;
        to = to < 0 ? to + len : to;
    } else if (from < -len) {
        from = -len;
    }
    *ret_from = from;
    *ret_to = to < len ? to : len;
}

static bool walk_slice(const struct walk *w, const struct path_step *step, struct json_val v)
{
    int64_t from, to;
    if (v.tag != JSON_ARRAY) {
        note_miss(w->miss, step, JSONPATH_MISSING_PARENT, v);
        return true;
    }
    slice_bounds(step, v.len, &from, &to);
    for (int64_t i = from; i < to; i++)
        if (!walk_item(w, step, v, i))
            return false;
    return true;
}

static const struct json_val *children_of(struct json_val v)
{
    return v.tag == JSON_ARRAY ? v.items : v.obj->vals;
}

static bool walk_wildcard(const struct walk *w, const struct path_step *step, struct json_val v)
{
    if (!json_is_container(v)) {
        note_miss(w->miss, step, JSONPATH_MISSING_PARENT, v);
        return true;
    }
    const struct json_val *children = children_of(v);
    for (uint32_t i = 0; i < v.len; i++)
        if (!walk(w, step->next, children[i]))
            return false;
    return true;
}

/* An object is tested itself, of an array each item. */
static bool walk_filter(const struct walk *w, const struct path_step *step, struct json_val v)
{
    bool is_accepted;
    if (v.tag == JSON_OBJECT)
        return path_filter_accepts(w->run, step->filter, v, &is_accepted) &&
               (!is_accepted || walk(w, step->next, v));
    if (v.tag != JSON_ARRAY) {
        note_miss(w->miss, step, JSONPATH_MISSING_PARENT, v);
        return true;
    }
    for (uint32_t i = 0; i < v.len; i++) {
        if (!path_filter_accepts(w->run, step->filter, v.items[i], &is_accepted))
            return false;
        if (is_accepted && !walk(w, step->next, v.items[i]))
            return false;
    }
    return true;
}

/* Does a deep scan try its step here? false: the run failed. */
static bool scan_matches(const struct walk *w, const struct path_step *step, struct json_val v,
                         bool *ret)
{
    *ret = false;
    switch ((enum path_kind)step->kind) {
    case PATH_NAME:
        *ret = v.tag == JSON_OBJECT && get_name(v, &step->name).tag != JSON_UNDEFINED;
        break;
    case PATH_NAMES:
        *ret = v.tag == JSON_OBJECT;
        for (uint32_t i = 0; *ret && step->next == NULL && i < step->count; i++)
            *ret = get_name(v, &step->names[i]).tag != JSON_UNDEFINED;
        break;
    case PATH_INDEX:
    case PATH_INDEXES:
    case PATH_SLICE: *ret = v.tag == JSON_ARRAY; break;
    case PATH_WILDCARD: *ret = true; break;
    case PATH_FILTER:
        /* an array whose items are to be tested must pass the test itself */
        *ret = true;
        return v.tag != JSON_ARRAY || path_filter_accepts(w->run, step->filter, v, ret);
    case PATH_SCAN:
    case PATH_FUNCTION: break;
    }
    return true;
}

static bool scan(const struct walk *w, const struct path_step *step, struct json_val v)
{
    bool is_match;
    if (!path_frame_enter(w->run) || !path_charge(w->run, 1))
        return false;
    if (!scan_matches(w, step, v, &is_match) || (is_match && !walk(w, step, v)))
        return false;
    const struct json_val *children = children_of(v);
    for (uint32_t i = 0; i < v.len; i++) {
        if (!path_charge(w->run, 1))
            return false;
        if (json_is_container(children[i]) && !scan(w, step, children[i]))
            return false;
    }
    w->run->frames++;
    return true;
}

static bool walk_scan(const struct walk *w, const struct path_step *step, struct json_val v)
{
    return !json_is_container(v) || scan(w, step->next, v);
}

static bool walk_several(const struct walk *w, const struct path_step *step, struct json_val v)
{
    switch ((enum path_kind)step->kind) {
    case PATH_NAMES: return walk_names(w, step, v);
    case PATH_INDEXES: return walk_indexes(w, step, v);
    case PATH_SLICE: return walk_slice(w, step, v);
    case PATH_WILDCARD: return walk_wildcard(w, step, v);
    case PATH_FILTER: return walk_filter(w, step, v);
    case PATH_SCAN: return walk_scan(w, step, v);
    case PATH_NAME:
    case PATH_INDEX:
    case PATH_FUNCTION: break;
    }
    return true;
}

static bool walk(const struct walk *w, const struct path_step *step, struct json_val v)
{
    bool goes_on = true;
    if (!path_frame_enter(w->run))
        return false;
    for (; step; step = step->next) {
        if (!path_charge(w->run, 1))
            return false;
        if (step->kind == PATH_NAME || step->kind == PATH_INDEX) {
            if (!follow(step, &v, w->miss))
                break;
        } else if (step->kind == PATH_FUNCTION) {
            if (!path_function_call(w->run, step->function, v, &v))
                return false;
        } else {
            goes_on = walk_several(w, step, v);
            break;
        }
    }
    w->run->frames++;
    return goes_on && (step != NULL || path_add_result(w->run, w->results, v));
}

/* ---- whole paths ---- */

/* All items of an array, or neighbours: they lie there already. */
static bool part_of_array(const struct path_step *step, struct json_val v, struct json_val *ret)
{
    int64_t from = 0, to = v.len;
    if (v.tag != JSON_ARRAY || step->next != NULL)
        return false;
    if (step->kind == PATH_SLICE)
        slice_bounds(step, v.len, &from, &to);
    else if (step->kind != PATH_WILDCARD)
        return false;
    if (from < 0)
        return false;
    *ret = json_array(v.items + (from < to ? from : 0), from < to ? (uint32_t)(to - from) : 0);
    return true;
}

/* The rest of a path behind its plain beginning. */
static bool path_collect(struct path_run *run, const struct jsonpath *path,
                         const struct path_step *step, struct json_val v, struct json_val *ret,
                         struct path_miss *miss)
{
    struct path_results results = {0};
    struct walk w = {.run = run, .results = &results, .miss = miss};
    if (!walk(&w, step, v))
        return false;
    if (results.count == 0 && miss->step != NULL) {
        *ret = json_undefined();
        return true;
    }
    check(!path->is_definite || results.count == 1);
    *ret = path->is_definite ? results.items[0] : json_array(results.items, results.count);
    return true;
}

bool path_value(struct path_run *run, const struct jsonpath *path, struct json_val at,
                struct json_val *ret, struct path_miss *ret_miss)
{
    const struct path_step *step = path->first;
    ret_miss->step = NULL;
    for (; step && (step->kind == PATH_NAME || step->kind == PATH_INDEX); step = step->next) {
        if (!follow(step, &at, ret_miss)) {
            *ret = json_undefined();
            return true;
        }
    }
    *ret = at;
    if (step == NULL)
        return true;
    return part_of_array(step, at, ret) || path_collect(run, path, step, at, ret, ret_miss);
}

enum status jsonpath_eval(const struct jsonpath *path, struct json_val root, struct arena *a,
                          struct json_val *ret, enum jsonpath_missing *ret_missing,
                          struct error *err)
{
    struct path_run run = {
        .arena = a,
        .root = root,
        .visits = JSONPATH_MAX_VISITS,
        .frames = JSONPATH_MAX_FRAMES,
        .err = err,
    };
    struct path_miss miss;
    struct json_val v;
    bool is_done = path_value(&run, path, root, &v, &miss);
    if (UNLIKELY(run.regex != NULL))
        path_filter_done(&run);
    if (UNLIKELY(!is_done))
        return run.status;
    if (LIKELY(miss.step == NULL)) {
        *ret = v;
        return STATUS_OK;
    }
    if (!path->is_definite) {
        *ret = v.tag == JSON_UNDEFINED ? json_array(NULL, 0) : v;
        return STATUS_OK;
    }
    *ret_missing = miss.missing;
    return path_not_found(path, &miss, err);
}
