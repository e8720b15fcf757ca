/* SPDX-License-Identifier: Apache-2.0 */
/* Text to a compiled expression. Paths are read by path_read.c. */
#include "jsonpath/intrinsic.h"
#include "jsonpath/path_internal.h"

#include "base/map.h"

struct expr_reader {
    struct path_reader r;
    struct jsonpath_expr *expr;
    str *variables;
    uint32_t variable_count, variable_cap;
    struct map names; /* of variables -> position */
    uint32_t calls;
    unsigned depth;
};

static bool read_value(struct expr_reader *x, struct expr_node **ret);

static bool call_fail(struct expr_reader *x, const char *what)
{
    if (x->r.status == STATUS_OK)
        x->r.status = error_set(x->r.err, STATUS_INVALID, "InvalidIntrinsic", "%s at position %zu",
                                what, x->r.at);
    return false;
}

static struct expr_node *node_new(struct expr_reader *x, enum expr_kind kind)
{
    struct expr_node *node = arena_zalloc(x->r.arena, sizeof *node);
    node->kind = (uint8_t)kind;
    return node;
}

/* ---- paths ---- */

static void note_variable(struct expr_reader *x, str name)
{
    if (x->names.arena == NULL)
        map_init(&x->names, x->r.arena, 4);
    uint32_t *at = map_at(&x->names, name);
    if (*at != MAP_NONE)
        return;
    *at = x->variable_count;
    if (x->variable_count == x->variable_cap) {
        uint32_t cap = x->variable_cap ? x->variable_cap * 2 : 4;
        str *more = arena_alloc(x->r.arena, sizeof *more * cap);
        if (x->variable_count > 0)
            memcpy(more, x->variables, sizeof *more * x->variable_count);
        x->variables = more;
        x->variable_cap = cap;
    }
    x->variables[x->variable_count++] = name;
}

static bool read_path(struct expr_reader *x, enum path_end end, struct expr_node **ret)
{
    struct expr_node *node = node_new(x, EXPR_PATH);
    if (!path_read(&x->r, end, &node->path))
        return false;
    if (jsonpath_root(node->path) == JSONPATH_CONTEXT)
        x->expr->uses_context = true;
    if (jsonpath_root(node->path) == JSONPATH_VARIABLE)
        note_variable(x, jsonpath_variable(node->path));
    *ret = node;
    return true;
}

/* ---- texts ---- */

static bool is_escaped(char c)
{
    return c == '\'' || c == '{' || c == '}' || c == '\\';
}

static str unescape(struct arena *a, str raw)
{
    if (str_find_byte(raw, '\\', 0) == STR_NONE)
        return raw;
    char *out = arena_alloc(a, raw.n);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.n && is_escaped(raw.p[i + 1]))
            i++;
        out[n++] = raw.p[i];
    }
    return (str){out, n};
}

static bool read_text(struct expr_reader *x, struct expr_node **ret)
{
    struct path_reader *r = &x->r;
    size_t from = ++r->at;
    for (int c; (c = path_peek(r)) != '\''; r->at++) {
        if (c < 0)
            return call_fail(x, "a text has no closing quote");
        if (c == '\\' && r->at + 1 < r->text.n && is_escaped(r->text.p[r->at + 1]))
            r->at++;
    }
    struct expr_node *node = node_new(x, EXPR_VALUE);
    node->raw = str_sub(r->text, from, r->at++);
    str text = unescape(r->arena, node->raw);
    node->value = json_string(text, json_text_flags(text));
    *ret = node;
    return true;
}

/* Numbers, true, false, null. */
static bool read_constant(struct expr_reader *x, struct expr_node **ret)
{
    static const char first[] = "-0123456789tfn";
    int c = path_peek(&x->r);
    struct expr_node *node = node_new(x, EXPR_VALUE);
    if (c <= 0 || strchr(first, c) == NULL)
        return call_fail(x, "expected an argument");
    if (!path_read_constant(&x->r, &node->value))
        return false;
    if (node->value.tag == JSON_STRING)
        return call_fail(x, "expected an argument");
    *ret = node;
    return true;
}

/* ---- calls ---- */

static bool starts_call(const struct path_reader *r)
{
    return str_starts(str_sub(r->text, r->at, r->text.n), STR("States."));
}

static bool is_name_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool read_args(struct expr_reader *x, struct expr_node *call)
{
    const struct expr_node **args = NULL;
    uint32_t count = 0, cap = 0;
    if (path_skip(&x->r, ')'))
        return true;
    do {
        struct expr_node *arg;
        if (!read_value(x, &arg))
            return false;
        if (count == cap) {
            const struct expr_node **more = arena_alloc(x->r.arena, sizeof(*more) * (cap * 2 + 4));
            if (count > 0)
                memcpy((void *)more, (const void *)args, sizeof(*more) * count);
            args = more;
            cap = cap * 2 + 4;
        }
        args[count++] = arg;
    } while (path_skip(&x->r, ','));
    call->args = args;
    call->count = count;
    return path_skip(&x->r, ')') || call_fail(x, "expected ',' or ')'");
}

static bool read_call(struct expr_reader *x, struct expr_node **ret)
{
    struct path_reader *r = &x->r;
    size_t from = r->at += STR("States.").n;
    while (is_name_byte(path_peek(r)))
        r->at++;
    int function = intrinsic_find(str_sub(r->text, from, r->at));
    if (function < 0)
        return call_fail(x, "there is no such intrinsic function");
    if (x->depth++ >= JSONPATH_MAX_CALLS)
        return path_fail_limit(r, "intrinsic functions are nested more than 10 deep");
    struct expr_node *node = node_new(x, EXPR_CALL);
    node->function = (uint8_t)function;
    node->ordinal = x->calls++;
    if (!path_skip(r, '('))
        return call_fail(x, "expected '('");
    if (!read_args(x, node))
        return false;
    x->depth--;
    x->expr->is_random |= intrinsics[function].body == intrinsic_uuid ||
                          (intrinsics[function].body == intrinsic_math_random && node->count < 3);
    *ret = node;
    return true;
}

static bool read_value(struct expr_reader *x, struct expr_node **ret)
{
    path_skip_blanks(&x->r);
    if (path_peek(&x->r) == '$')
        return read_path(x, PATH_IN_CALL, ret);
    if (path_peek(&x->r) == '\'')
        return read_text(x, ret);
    return starts_call(&x->r) ? read_call(x, ret) : read_constant(x, ret);
}

/* ---- all of it ---- */

enum status jsonpath_expr_compile(struct arena *a, str text, const struct jsonpath_expr **ret,
                                  struct error *err)
{
    struct jsonpath_expr *expr = arena_zalloc(a, sizeof *expr);
    struct expr_reader x = {.r = {.arena = a, .err = err}, .expr = expr};
    bool is_read;
    if (text.n > JSONPATH_MAX_LENGTH)
        return error_set(err, STATUS_LIMIT, "JsonPathLimit", "the expression is too long");
    x.r.text = arena_dup(a, text);
    path_trim(&x.r);
    if (starts_call(&x.r))
        is_read = read_call(&x, &expr->root);
    else
        is_read = read_path(&x, PATH_TO_END, &expr->root);
    if (is_read && x.r.at < x.r.text.n)
        path_fail(&x.r, "unexpected text behind the expression");
    if (x.r.status != STATUS_OK)
        return x.r.status;
    expr->variables = x.variables;
    expr->variable_count = x.variable_count;
    *ret = expr;
    return STATUS_OK;
}

const struct jsonpath *jsonpath_expr_path(const struct jsonpath_expr *expr)
{
    return expr->root->kind == EXPR_PATH ? expr->root->path : NULL;
}

bool jsonpath_expr_uses_context(const struct jsonpath_expr *expr)
{
    return expr->uses_context;
}

bool jsonpath_expr_variable(const struct jsonpath_expr *expr, uint32_t i, str *ret_name)
{
    if (i >= expr->variable_count)
        return false;
    *ret_name = expr->variables[i];
    return true;
}

bool jsonpath_expr_is_random(const struct jsonpath_expr *expr)
{
    return expr->is_random;
}
