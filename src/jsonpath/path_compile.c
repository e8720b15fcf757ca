/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be said about a path once and for all: whether it is definite, a Reference Path, which
 * JSON Pointer it is. Reading is in path_read.c.
 */
#include "jsonpath/path_internal.h"

/* Is a step definite? Several names are so at the end only, where they give one object. */
static bool step_is_definite(const struct path_step *s)
{
    switch ((enum path_kind)s->kind) {
    case PATH_NAME:
    case PATH_INDEX:
    case PATH_FUNCTION: return true;
    case PATH_NAMES: return s->next == NULL;
    case PATH_INDEXES:
    case PATH_SLICE:
    case PATH_WILDCARD:
    case PATH_SCAN:
    case PATH_FILTER: break;
    }
    return false;
}

/* $..a.sum() means $.sum($..a): what was found all over is one list for the function. */
static void invert_scan(struct path_reader *r, struct jsonpath *path, struct path_list *list)
{
    struct path_step *last = list->last, *before = list->first;
    if (list->count < 3 || before->kind != PATH_SCAN || last->kind != PATH_FUNCTION)
        return;
    for (; before->next != last; before = before->next)
        if (before->next->kind == PATH_FUNCTION)
            return;
    if (before->kind == PATH_SCAN)
        return; /* a function directly behind dots matches nothing */
    before->next = NULL;
    struct jsonpath *inner = arena_zalloc(r->arena, sizeof *inner);
    *inner = *path;
    inner->first = list->first;
    inner->canonical = STR("$");
    struct path_arg *arg = arena_zalloc(r->arena, sizeof *arg);
    arg->path = inner;
    struct path_function *f = arena_alloc(r->arena, sizeof *f);
    *f = *last->function;
    f->args = arg;
    f->arg_count = 1;
    f->counts_children = true;
    last->function = f;
    list->first = last;
    list->count = 1;
}

static void point_at_step(struct buf *pointer, const struct path_step *s)
{
    buf_add_byte(pointer, '/');
    if (s->kind == PATH_INDEX)
        buf_printf(pointer, "%lld", (long long)s->index);
    for (size_t i = 0; s->kind == PATH_NAME && i < s->name.text.n; i++) {
        char c = s->name.text.p[i];
        if (c == '~' || c == '/')
            buf_add(pointer, c == '~' ? STR("~0") : STR("~1"));
        else
            buf_add_byte(pointer, c);
    }
}

static void path_describe(struct path_reader *r, struct jsonpath *path,
                          const struct path_list *list)
{
    struct buf canonical, pointer;
    buf_init(&canonical, SIZE_MAX / 2);
    buf_init(&pointer, SIZE_MAX / 2);
    path->is_definite = path->is_plain = path->has_pointer = true;
    buf_add_byte(&canonical, path->is_current ? '@' : '$');
    for (struct path_step *s = list->first; s; s = s->next) {
        s->is_after_definite = path->is_definite;
        path->is_definite = path->is_definite && step_is_definite(s);
        path->is_plain = path->is_plain && (s->kind == PATH_NAME || s->kind == PATH_INDEX);
        path->has_pointer =
            path->has_pointer && path->is_plain && !(s->kind == PATH_INDEX && s->index < 0);
        path_describe_step(&canonical, s);
        point_at_step(&pointer, s);
    }
    path->is_reference = path->is_plain && !path->is_current;
    path->canonical = arena_dup(r->arena, buf_str(&canonical));
    if (path->has_pointer)
        path->pointer = arena_dup(r->arena, buf_str(&pointer));
    buf_done(&canonical);
    buf_done(&pointer);
}

void path_settle(struct path_reader *r, struct jsonpath *path, struct path_list *list)
{
    invert_scan(r, path, list);
    path->first = list->first;
    path_describe(r, path, list);
}

/* ---- the interface ---- */

enum status jsonpath_compile(struct arena *a, str text, const struct jsonpath **ret,
                             struct error *err)
{
    struct path_reader r = {.arena = a, .err = err};
    const struct jsonpath *path;
    if (text.n > JSONPATH_MAX_LENGTH)
        return error_set(err, STATUS_LIMIT, "JsonPathLimit", "the path is too long");
    r.text = arena_dup(a, text);
    path_trim(&r);
    if (path_read(&r, PATH_TO_END, &path) && r.at < r.text.n)
        path_fail(&r, "unexpected text behind the path");
    if (r.status != STATUS_OK)
        return r.status;
    *ret = path;
    return STATUS_OK;
}

enum jsonpath_root jsonpath_root(const struct jsonpath *path)
{
    return (enum jsonpath_root)path->root;
}

str jsonpath_variable(const struct jsonpath *path)
{
    return path->variable;
}

bool jsonpath_is_definite(const struct jsonpath *path)
{
    return path->is_definite;
}

bool jsonpath_is_reference(const struct jsonpath *path)
{
    return path->is_reference;
}

bool jsonpath_is_root(const struct jsonpath *path)
{
    return path->first == NULL;
}

str jsonpath_text(const struct jsonpath *path)
{
    return path->text;
}

bool jsonpath_pointer(const struct jsonpath *path, str *ret_pointer)
{
    if (!path->is_reference || !path->has_pointer)
        return false;
    *ret_pointer = path->pointer;
    return true;
}
