/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates on bytes: for each action a new item is written, the old one copied around the place that
 * changes. Operands are computed first, from the item as it was. Then SET and ADD and DELETE in
 * their order, REMOVE last, from the highest index of a list down, since indexes are those of the
 * item as it was.
 */
#include "services/dynamodb/update.h"
#include "services/dynamodb/number.h"
#include <stdlib.h>

struct updating {
    struct arena *arena;
    str before; /* the item as it was */
    str item;   /* as it is now */
    struct error *err;
};

static enum status invalid(struct updating *u, const char *text)
{
    return error_set(u->err, STATUS_INVALID, "ValidationException", "%s", text);
}

static enum status mistyped(struct updating *u)
{
    return invalid(u, "An operand in the update expression has an incorrect data type");
}

static str take(struct updating *u, struct buf *out)
{
    str copy = arena_dup(u->arena, buf_str(out));
    buf_done(out);
    return copy;
}

/* ---- operands ---- */

static enum status get(struct updating *u, struct dynamo_value n, struct dynamo_value *ret);

static enum status get_two(struct updating *u, str rest, struct dynamo_value *a,
                           struct dynamo_value *b)
{
    struct dynamo_value x = {0}, y = {0};
    dynamo_next(&rest, &x);
    dynamo_next(&rest, &y);
    enum status status = get(u, x, a);
    return status == STATUS_OK ? get(u, y, b) : status;
}

static enum status sum(struct updating *u, struct dynamo_value a, struct dynamo_value b,
                       bool is_minus, struct dynamo_value *ret)
{
    struct dynamo_number x, y, n;
    if (a.tag != DYNAMO_N || b.tag != DYNAMO_N || !dynamo_number_decode(a.body, &x) ||
        !dynamo_number_decode(b.body, &y))
        return mistyped(u);
    if (dynamo_number_add(&x, &y, is_minus, &n, u->err) != STATUS_OK)
        return STATUS_INVALID;
    char *bytes = arena_alloc(u->arena, DYNAMO_NUMBER_BYTES);
    *ret = (struct dynamo_value){DYNAMO_N, {bytes, dynamo_number_encode(&n, bytes)}};
    return STATUS_OK;
}

static enum status append(struct updating *u, struct dynamo_value a, struct dynamo_value b,
                          struct dynamo_value *ret)
{
    if (a.tag != DYNAMO_L || b.tag != DYNAMO_L)
        return mistyped(u);
    char *bytes = arena_alloc(u->arena, a.body.n + b.body.n);
    if (a.body.n > 0)
        memcpy(bytes, a.body.p, a.body.n);
    if (b.body.n > 0)
        memcpy(bytes + a.body.n, b.body.p, b.body.n);
    *ret = (struct dynamo_value){DYNAMO_L, {bytes, a.body.n + b.body.n}};
    return STATUS_OK;
}

static enum status get_if_not_exists(struct updating *u, str rest, struct dynamo_value *ret)
{
    struct dynamo_value path = {0}, other = {0};
    dynamo_next(&rest, &path);
    dynamo_next(&rest, &other);
    *ret = dynamo_follow(path.body, u->before);
    return ret->tag == DYNAMO_NONE ? get(u, other, ret) : STATUS_OK;
}

static enum status get(struct updating *u, struct dynamo_value n, struct dynamo_value *ret)
{
    struct dynamo_value a = {0}, b = {0};
    if (n.tag < DYNAMO_PATH) {
        *ret = n;
        return STATUS_OK;
    }
    if (n.tag == DYNAMO_PATH) {
        *ret = dynamo_follow(n.body, u->before);
        if (ret->tag == DYNAMO_NONE)
            return invalid(u, "The provided expression refers to an attribute that does not exist "
                              "in the item");
        return STATUS_OK;
    }
    if (n.tag == DYNAMO_IF_NOT_EXISTS)
        return get_if_not_exists(u, n.body, ret);
    if (get_two(u, n.body, &a, &b) != STATUS_OK)
        return STATUS_INVALID;
    return n.tag == DYNAMO_APPEND ? append(u, a, b, ret) : sum(u, a, b, n.tag == DYNAMO_MINUS, ret);
}

/* ---- places ---- */

/* Writes container v with the value at the end of steps replaced; DYNAMO_NONE removes it. False:
 * there is no such place. */
static bool put_value(struct dynamo_value v, str steps, struct dynamo_value new_value,
                      struct buf *out);

/* A member or element on the way: the new value itself, or a container with it inside. */
static bool put_inner(struct dynamo_value old, str steps, struct dynamo_value new_value,
                      struct buf *out)
{
    if (steps.n == 0) {
        dynamo_put(out, new_value);
        return true;
    }
    return put_value(old, steps, new_value, out);
}

static bool put_members(str members, str name, str steps, struct dynamo_value new_value,
                        struct buf *out)
{
    str key;
    struct dynamo_value v;
    bool is_done = false, is_removal = steps.n == 0 && new_value.tag == DYNAMO_NONE;
    while (dynamo_next_member(&members, &key, &v)) {
        int order = is_done ? 1 : str_cmp(key, name);
        if (order > 0 && !is_done) {
            if (steps.n > 0)
                return false; /* nothing is there to go on in */
            if (!is_removal)
                dynamo_put_member(out, name, new_value);
            is_done = true;
        }
        if (order != 0) {
            dynamo_put_member(out, key, v);
            continue;
        }
        is_done = true;
        if (is_removal)
            continue;
        dynamo_put_bytes(out, key);
        if (!put_inner(v, steps, new_value, out))
            return false;
    }
    if (!is_done && steps.n > 0)
        return false;
    if (!is_done && !is_removal)
        dynamo_put_member(out, name, new_value);
    return true;
}

/* An index behind the end appends. */
static bool put_elements(str list, uint32_t index, str steps, struct dynamo_value new_value,
                         struct buf *out)
{
    struct dynamo_value v;
    bool is_done = false, is_removal = steps.n == 0 && new_value.tag == DYNAMO_NONE;
    for (uint32_t i = 0; dynamo_next(&list, &v); i++) {
        if (i != index) {
            dynamo_put(out, v);
            continue;
        }
        is_done = true;
        if (!is_removal && !put_inner(v, steps, new_value, out))
            return false;
    }
    if (!is_done && steps.n > 0)
        return false;
    if (!is_done && !is_removal)
        dynamo_put(out, new_value);
    return true;
}

static bool put_value(struct dynamo_value v, str steps, struct dynamo_value new_value,
                      struct buf *out)
{
    struct dynamo_value step = {0};
    dynamo_next(&steps, &step);
    bool is_index = step.tag == DYNAMO_INDEX;
    if (v.tag != (is_index ? DYNAMO_L : DYNAMO_M))
        return false;
    size_t place = dynamo_begin(out, v.tag);
    uint32_t index = 0;
    if (is_index)
        memcpy(&index, step.body.p, sizeof(index));
    bool is_right = is_index ? put_elements(v.body, index, steps, new_value, out)
                             : put_members(v.body, step.body, steps, new_value, out);
    dynamo_end(out, place);
    return is_right;
}

static enum status put_at(struct updating *u, str steps, struct dynamo_value new_value)
{
    struct buf out;
    struct dynamo_value step = {0};
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    dynamo_next(&steps, &step);
    bool is_right = put_members(u->item, step.body, steps, new_value, &out);
    bool is_small = buf_ok(&out);
    u->item = take(u, &out);
    if (!is_right)
        return invalid(u, "The document path provided in the update expression is invalid for "
                          "update");
    return is_small ? STATUS_OK
                    : invalid(u, "Item size to update has exceeded the maximum allowed size");
}

/* ---- sets ---- */

/* Both are in order: their union, or what of the first is not in the second. */
static str merge(struct updating *u, str a, str b, bool is_union)
{
    struct buf out;
    str x, y;
    bool has_x = dynamo_next_element(&a, &x), has_y = dynamo_next_element(&b, &y);
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    while (has_x || has_y) {
        int order = !has_y ? -1 : !has_x ? 1 : str_cmp(x, y);
        if (order < 0 || (order == 0 && is_union))
            dynamo_put_bytes(&out, x);
        else if (order > 0 && is_union)
            dynamo_put_bytes(&out, y);
        if (order <= 0)
            has_x = dynamo_next_element(&a, &x);
        if (order >= 0)
            has_y = dynamo_next_element(&b, &y);
    }
    return take(u, &out);
}

static enum status add(struct updating *u, str path, struct dynamo_value value)
{
    struct dynamo_value old = dynamo_follow(path, u->before);
    if (old.tag == DYNAMO_NONE)
        return put_at(u, path, value);
    if (value.tag == DYNAMO_N) {
        enum status status = sum(u, old, value, false, &value);
        return status == STATUS_OK ? put_at(u, path, value) : status;
    }
    if (old.tag != value.tag)
        return mistyped(u);
    value.body = merge(u, old.body, value.body, true);
    return put_at(u, path, value);
}

static enum status delete_from(struct updating *u, str path, struct dynamo_value value)
{
    struct dynamo_value old = dynamo_follow(path, u->before);
    if (old.tag == DYNAMO_NONE)
        return STATUS_OK;
    if (old.tag != value.tag)
        return mistyped(u);
    value.body = merge(u, old.body, value.body, false);
    if (value.body.n == 0)
        value.tag = DYNAMO_NONE;
    return put_at(u, path, value);
}

/* ---- actions ---- */

static enum status act(struct updating *u, struct dynamo_value action)
{
    struct dynamo_value path = {0}, operand = {0};
    str rest = action.body;
    dynamo_next(&rest, &path);
    dynamo_next(&rest, &operand);
    if (action.tag == DYNAMO_ADD)
        return add(u, path.body, operand);
    if (action.tag == DYNAMO_DELETE)
        return delete_from(u, path.body, operand);
    struct dynamo_value value;
    enum status status = get(u, operand, &value);
    return status == STATUS_OK ? put_at(u, path.body, value) : status;
}

/* Later elements of a list first. */
static int by_index_down(const void *a, const void *b)
{
    str x = ((const struct dynamo_value *)a)->body, y = ((const struct dynamo_value *)b)->body;
    struct dynamo_value s, t;
    while (dynamo_next(&x, &s) && dynamo_next(&y, &t)) {
        uint32_t i, j;
        if (s.tag != t.tag)
            return s.tag < t.tag ? -1 : 1;
        if (s.tag == DYNAMO_INDEX) {
            memcpy(&i, s.body.p, sizeof(i));
            memcpy(&j, t.body.p, sizeof(j));
            if (i != j)
                return i > j ? -1 : 1;
        } else if (!str_eq(s.body, t.body)) {
            return str_cmp(s.body, t.body);
        }
    }
    return 0;
}

static enum status remove_all(struct updating *u, struct dynamo_value *paths, uint32_t count)
{
    if (count > 1)
        qsort(paths, count, sizeof(*paths), by_index_down);
    for (uint32_t i = 0; i < count; i++)
        if (put_at(u, paths[i].body, (struct dynamo_value){0}) != STATUS_OK)
            return STATUS_INVALID;
    return STATUS_OK;
}

enum status dynamo_update(struct arena *a, str program, str item, str *ret, struct error *err)
{
    struct updating u = {.arena = a, .before = item, .item = item, .err = err};
    struct dynamo_value action, *removals;
    uint32_t count = 0, removed = 0;
    for (str rest = program; dynamo_next(&rest, &action);)
        count++;
    removals = arena_alloc(a, count * sizeof(*removals));
    while (dynamo_next(&program, &action)) {
        if (action.tag == DYNAMO_REMOVE)
            dynamo_next(&action.body, &removals[removed++]);
        else if (act(&u, action) != STATUS_OK)
            return STATUS_INVALID;
    }
    if (remove_all(&u, removals, removed) != STATUS_OK)
        return STATUS_INVALID;
    *ret = u.item;
    return STATUS_OK;
}

str dynamo_update_paths(struct arena *a, str program)
{
    struct buf out;
    struct dynamo_value action, path;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    while (dynamo_next(&program, &action))
        if (dynamo_next(&action.body, &path))
            dynamo_put(&out, path);
    str copy = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return copy;
}

bool dynamo_update_computes(str program, str name)
{
    struct dynamo_value action, path, step, operand;
    while (dynamo_next(&program, &action))
        if (action.tag == DYNAMO_SET && dynamo_next(&action.body, &path) &&
            dynamo_next(&action.body, &operand) && dynamo_next(&path.body, &step) &&
            str_eq(step.body, name))
            return operand.tag >= DYNAMO_PATH;
    return false;
}

bool dynamo_update_names(str program, str name)
{
    struct dynamo_value action, path, step;
    while (dynamo_next(&program, &action))
        if (dynamo_next(&action.body, &path) && dynamo_next(&path.body, &step) &&
            str_eq(step.body, name))
            return true;
    return false;
}
