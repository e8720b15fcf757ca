/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transform operator ~> | pattern | update, delete |: a copy of the input in which the objects
 * the pattern finds get new members and lose others.
 *
 * The language thinks of the copy as changing in place: a later match sees what an earlier one did.
 * Values here never change, so a changed object is a new one, put into the one place that refers to
 * the old: while a transform is at work, the `place` of each object of the copy holds that place,
 * and of a replaced one (marked by the lowest bit) its successor.
 */
#include "base/check.h"
#include "jsonata/function.h"

static const struct json_val transform_failed = {.tag = VAL_FAILED};

static struct json_object *transform_object(struct json_val v)
{
    return (struct json_object *)(uintptr_t)v.obj;
}

/* Writes into each object of the copy where it is referred to. */
static void transform_place(struct json_val *place)
{
    if (place->tag == JSON_OBJECT)
        transform_object(*place)->place = (uint64_t)(uintptr_t)place;
    if (!json_is_container(*place))
        return;
    struct json_val *vals = place->tag == JSON_OBJECT ? transform_object(*place)->vals
                                                      : (struct json_val *)(uintptr_t)place->items;
    for (uint32_t i = 0; i < place->len; i++)
        transform_place(&vals[i]);
}

/* The present form of an object that may have been replaced. */
static struct json_val transform_latest(struct json_val v)
{
    while (v.tag == JSON_OBJECT && (v.obj->place & 1))
        v = json_object((const struct json_object *)(uintptr_t)(v.obj->place & ~(uint64_t)1));
    return v;
}

/* Puts a new object where the old one was. */
static void transform_replace(struct json_val old, struct json_val fresh)
{
    struct json_object *obj = transform_object(fresh);
    struct json_val *place = (struct json_val *)(uintptr_t)old.obj->place;
    transform_object(old)->place = (uint64_t)(uintptr_t)obj | 1;
    obj->place = (uint64_t)(uintptr_t)place;
    *place = fresh;
    for (uint32_t i = 0; i < fresh.len; i++)
        if (obj->vals[i].tag == JSON_OBJECT && obj->vals[i].obj->place != 0 &&
            !(obj->vals[i].obj->place & 1))
            transform_object(obj->vals[i])->place = (uint64_t)(uintptr_t)&obj->vals[i];
}

static void transform_put_all(struct json_obj_builder *b, struct json_val object)
{
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        json_obj_put(b, (str){key->p, key->n}, key->flags, object.obj->vals[i]);
    }
}

static struct json_val transform_without(struct ev *e, struct json_val object,
                                         struct json_val names)
{
    struct json_obj_builder b;
    json_obj_begin(&b, ev_shapes(e), object.len);
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        bool gone = false;
        for (uint32_t k = 0; k < names.len && !gone; k++)
            gone = str_eq(json_str(names.items[k]), (str){key->p, key->n});
        if (!gone)
            json_obj_put(&b, (str){key->p, key->n}, key->flags, object.obj->vals[i]);
    }
    return json_obj_end(&b);
}

/* The names the delete clause gives, as an array; false failed. */
static bool transform_names(struct ev *e, const struct node *n, struct json_val deleted,
                            struct json_val *ret)
{
    *ret = ev_is_array(deleted) ? deleted : ev_array_of_one(e, deleted, 0);
    for (uint32_t i = 0; i < ret->len; i++)
        if (ret->items[i].tag != JSON_STRING) {
            ev_fail_value(e, "T2012", n->third, deleted);
            return false;
        }
    return true;
}

static bool transform_match(struct ev *e, const struct closure *c, struct json_val match)
{
    const struct node *n = c->node;
    match = transform_latest(match);
    struct json_val update = ev_eval(e, n->rhs, match, c->env);
    if (ev_failed(update))
        return false;
    bool ours = match.tag == JSON_OBJECT && match.obj->place != 0;
    if (update.tag != JSON_UNDEFINED) {
        if (update.tag != JSON_OBJECT) {
            ev_fail_value(e, "T2011", n->rhs, update);
            return false;
        }
        struct json_obj_builder b;
        if (ours) {
            json_obj_begin(&b, ev_shapes(e), match.len + update.len);
            transform_put_all(&b, match);
            transform_put_all(&b, update);
            struct json_val fresh = json_obj_end(&b);
            transform_replace(match, fresh);
            match = fresh;
        }
    }
    if (n->third == NULL)
        return true;
    struct json_val deleted = ev_eval(e, n->third, match, c->env), names;
    if (ev_failed(deleted))
        return false;
    if (deleted.tag == JSON_UNDEFINED)
        return true;
    if (!transform_names(e, n, deleted, &names))
        return false;
    if (ours)
        transform_replace(match, transform_without(e, match, names));
    return true;
}

/* Every reference to a replaced object becomes one to its successor. */
static bool transform_settle(struct ev *e, struct json_val *v)
{
    struct json_val latest = transform_latest(*v);
    if (latest.obj != v->obj)
        *v = latest;
    if (!json_is_container(*v))
        return true;
    if (!ev_enter(e, *v))
        return false;
    if (v->tag == JSON_OBJECT &&
        v->obj->place == 0) { /* came in by an update: not ours to change */
        ev_leave(e);
        return true;
    }
    struct json_val *vals =
        v->tag == JSON_OBJECT ? transform_object(*v)->vals : (struct json_val *)(uintptr_t)v->items;
    if (v->tag == JSON_OBJECT)
        transform_object(*v)->place = 0;
    for (uint32_t i = 0; i < v->len; i++)
        if (json_is_container(vals[i]) && !transform_settle(e, &vals[i]))
            return false;
    ev_leave(e);
    return true;
}

static struct json_val transform_copy(struct ev *e, const struct closure *c, struct json_val in)
{
    uint32_t symbol = builtin_find(STR("clone"));
    struct json_val clone = ev_variable(e, c->env, symbol), args[CALL_ARGS];
    if (clone.tag == JSON_UNDEFINED)
        return ev_clone(e, in);
    if (clone.tag != JSON_FUNCTION)
        return ev_fail(e, "T2013", c->node);
    args[0] = in;
    struct json_val copy = ev_apply(e, clone, args, 1, json_null(), c->env, c->node);
    return ev_failed(copy) ? copy : ev_clone(e, copy);
}

struct json_val ev_transform_apply(struct ev *e, const struct closure *c, struct json_val in)
{
    if (in.tag == JSON_UNDEFINED)
        return in;
    struct json_val *root = arena_alloc(e->arena, sizeof(*root));
    *root = transform_copy(e, c, in);
    if (ev_failed(*root))
        return *root;
    transform_place(root);
    struct json_val matches = ev_eval(e, c->node->lhs, *root, c->env);
    if (ev_failed(matches))
        return matches;
    const struct json_val *items = ev_is_array(matches) ? matches.items : &matches;
    uint32_t count = ev_is_array(matches) ? matches.len : matches.tag != JSON_UNDEFINED;
    for (uint32_t i = 0; i < count; i++) {
        if (!transform_match(e, c, items[i]))
            return transform_failed;
        if (arena_is_over(e->arena))
            return ev_fail_memory(e, c->node);
    }
    return transform_settle(e, root) ? *root : transform_failed;
}
