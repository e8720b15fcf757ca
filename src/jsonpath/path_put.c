/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a value at a Reference Path. Values are immutable: what lies on the way is copied one
 * level each, everything beside the way is shared with the old value.
 */
#include "jsonpath/path_internal.h"

struct put {
    const struct jsonpath *path;
    struct json_shapes *shapes;
    struct json_val value;
    struct error *err;
};

static enum status put_fail(const struct put *p, const char *what)
{
    return error_set(p->err, STATUS_INVALID, "ResultPathMatchFailure",
                     "Unable to apply ReferencePath %.*s to input: %s", STR_ARG(p->path->text),
                     what);
}

static struct json_val with_member(const struct put *p, struct json_val object,
                                   const struct path_name *name, struct json_val member)
{
    uint32_t count = object.tag == JSON_OBJECT ? object.len : 0;
    int32_t at = count > 0 ? json_shape_find(object.obj->shape, name->text, name->hash) : -1;
    if (at >= 0) {
        struct json_object *copy = json_obj_new(p->shapes->arena, object.obj->shape);
        memcpy(copy->vals, object.obj->vals, sizeof *copy->vals * count);
        copy->vals[at] = member;
        return json_object(copy);
    }
    struct json_obj_builder b;
    json_obj_begin(&b, p->shapes, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        json_obj_put(&b, (str){key->p, key->n}, key->flags, object.obj->vals[i]);
    }
    json_obj_put(&b, name->text, json_text_flags(name->text), member);
    return json_obj_end(&b);
}

/* The node a step leads to; undefined when a name is new. */
static enum status put_child(const struct put *p, const struct path_step *step, struct json_val v,
                             struct json_val *ret)
{
    *ret = json_undefined();
    if (step->kind == PATH_NAME) {
        if (v.tag == JSON_UNDEFINED)
            return STATUS_OK;
        if (v.tag != JSON_OBJECT)
            return put_fail(p, "something on the way is not an object");
        int32_t at = json_shape_find(v.obj->shape, step->name.text, step->name.hash);
        if (at >= 0)
            *ret = v.obj->vals[at];
        return STATUS_OK;
    }
    if (v.tag != JSON_ARRAY)
        return put_fail(p, "an index needs an array");
    int64_t at = step->index < 0 ? v.len + step->index : step->index;
    if (at < 0 || at >= v.len)
        return put_fail(p, "the array has no such item");
    *ret = v.items[at];
    return STATUS_OK;
}

static struct json_val with_item(const struct put *p, struct json_val array, int64_t at,
                                 struct json_val item)
{
    struct json_val *items = arena_alloc(p->shapes->arena, sizeof *items * array.len);
    memcpy(items, array.items, sizeof *items * array.len);
    items[at < 0 ? at + array.len : at] = item;
    return json_array(items, array.len);
}

/* Nested as deeply as the path has steps, JSONPATH_MAX_STEPS at most. */
static enum status put_at(const struct put *p, const struct path_step *step, struct json_val v,
                          struct json_val *ret)
{
    struct json_val child;
    if (step == NULL) {
        *ret = p->value;
        return STATUS_OK;
    }
    enum status status = put_child(p, step, v, &child);
    if (status == STATUS_OK)
        status = put_at(p, step->next, child, &child);
    if (status != STATUS_OK)
        return status;
    *ret = step->kind == PATH_NAME ? with_member(p, v, &step->name, child)
                                   : with_item(p, v, step->index, child);
    return STATUS_OK;
}

enum status jsonpath_put(const struct jsonpath *path, struct json_val root, struct json_val value,
                         struct json_shapes *shapes, struct json_val *ret, struct error *err)
{
    struct put p = {.path = path, .shapes = shapes, .value = value, .err = err};
    if (!path->is_reference)
        return put_fail(&p, "it is not a Reference Path");
    return put_at(&p, path->first, root, ret);
}
