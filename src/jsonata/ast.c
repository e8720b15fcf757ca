/* SPDX-License-Identifier: Apache-2.0 */
/* Names of node kinds and operators, walks over trees, and their printer. */
#include "jsonata/ast.h"

#include "json/write.h"

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
#define X(id, text) text,
        NODE_LIST(X)
#undef X
    };
    return names[kind];
}

const char *op_name(enum op op)
{
    static const char *const names[] = {
#define X(id, text) text,
        OP_LIST(X)
#undef X
    };
    return names[op];
}

/* ---- walking ---- */

struct ast_visit {
    void (*fn)(void *arg, struct node *child);
    void *arg;
};

static void ast_visit_one(const struct ast_visit *v, struct node *child)
{
    if (child != NULL)
        v->fn(v->arg, child);
}

static void ast_visit_pairs(const struct ast_visit *v, const struct pair *pairs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ast_visit_one(v, pairs[i].key);
        ast_visit_one(v, pairs[i].value);
    }
}

static void ast_visit_operands(const struct ast_visit *v, const struct node *n)
{
    switch ((enum node_kind)n->kind) {
    case NODE_BINARY:
    case NODE_APPLY:
    case NODE_BIND:
    case NODE_ELVIS:
    case NODE_COALESCE:
    case NODE_NEGATE:
    case NODE_CONDITION:
    case NODE_TRANSFORM:
        ast_visit_one(v, n->lhs);
        ast_visit_one(v, n->rhs);
        ast_visit_one(v, n->third);
        break;
    case NODE_OBJECT: ast_visit_pairs(v, n->pairs, n->count); break;
    case NODE_SORT:
        for (uint32_t i = 0; i < n->count; i++)
            ast_visit_one(v, n->terms[i].expr);
        break;
    case NODE_CALL:
    case NODE_PARTIAL: ast_visit_one(v, n->proc); break;
    case NODE_LAMBDA: ast_visit_one(v, n->body); break;
    case NODE_ARRAY:
    case NODE_BLOCK:
    case NODE_PATH:
    case NODE_CONCAT:
    case NODE_END:
    case NODE_NAME:
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_REGEX:
    case NODE_VARIABLE:
    case NODE_WILDCARD:
    case NODE_DESCENDANT:
    case NODE_PARENT:
    case NODE_OPERATOR: break;
    }
}

void node_children(const struct node *n, void (*visit)(void *arg, struct node *child), void *arg)
{
    struct ast_visit v = {visit, arg};
    bool has_items = n->kind != NODE_OBJECT && n->kind != NODE_SORT;
    ast_visit_operands(&v, n);
    for (uint32_t i = 0; has_items && i < n->count; i++)
        ast_visit_one(&v, n->items[i]);
    for (uint32_t i = 0; i < n->preds.count; i++)
        ast_visit_one(&v, n->preds.items[i].expr);
    for (uint32_t i = 0; i < n->stages.count; i++)
        ast_visit_one(&v, n->stages.items[i].expr);
    if (n->group != NULL)
        ast_visit_pairs(&v, n->group->pairs, n->group->count);
}

static void ast_widen(void *arg, struct node *n)
{
    uint32_t *span = arg;
    if (n->kind != NODE_PATH && n->start < span[0])
        span[0] = n->start;
    if (n->end > span[1])
        span[1] = n->end;
    node_children(n, ast_widen, arg);
}

static bool ast_is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

str node_source(const struct node *n, str source)
{
    uint32_t span[2] = {n->start, n->end};
    int open = 0;
    node_children(n, ast_widen, span);
    for (size_t i = span[0]; i < span[1] && i < source.n; i++)
        open += ast_is_one_of(source.p[i], "([{") - ast_is_one_of(source.p[i], ")]}");
    for (size_t i = span[1]; open > 0 && i < source.n; i++) {
        if (ast_is_one_of(source.p[i], ")]}")) {
            open--;
            span[1] = (uint32_t)i + 1;
        } else if (!ast_is_one_of(source.p[i], " \t\r\n")) {
            break;
        }
    }
    return str_sub(source, span[0], span[1]);
}

/* ---- printing ---- */

static void ast_put(const struct node *n, const char *role, unsigned depth, struct buf *out);

static void ast_put_list(struct node *const *items, uint32_t count, const char *role,
                         unsigned depth, struct buf *out)
{
    for (uint32_t i = 0; i < count; i++)
        ast_put(items[i], role, depth, out);
}

static void ast_put_pairs(const struct pair *pairs, uint32_t count, unsigned depth, struct buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        ast_put(pairs[i].key, "key", depth, out);
        ast_put(pairs[i].value, "value", depth, out);
    }
}

static void ast_put_stages(const struct stages *s, unsigned depth, struct buf *out)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->items[i].expr != NULL)
            ast_put(s->items[i].expr, "filter", depth, out);
        else
            buf_printf(out, "%*sindex binding\n", (int)depth * 2, "");
}

static void ast_put_children(const struct node *n, unsigned depth, struct buf *out)
{
    switch ((enum node_kind)n->kind) {
    case NODE_BINARY:
    case NODE_APPLY:
    case NODE_BIND:
    case NODE_ELVIS:
    case NODE_COALESCE:
    case NODE_NEGATE:
    case NODE_CONDITION:
    case NODE_TRANSFORM:
        ast_put(n->lhs, NULL, depth, out);
        ast_put(n->rhs, NULL, depth, out);
        ast_put(n->third, NULL, depth, out);
        break;
    case NODE_OBJECT: ast_put_pairs(n->pairs, n->count, depth, out); break;
    case NODE_CALL:
    case NODE_PARTIAL:
        ast_put(n->proc, "function", depth, out);
        ast_put_list(n->items, n->count, "argument", depth, out);
        break;
    case NODE_LAMBDA:
        ast_put_list(n->items, n->count, "parameter", depth, out);
        ast_put(n->body, "body", depth, out);
        break;
    case NODE_SORT:
        for (uint32_t i = 0; i < n->count; i++)
            ast_put(n->terms[i].expr, n->terms[i].descending ? "descending" : "ascending", depth,
                    out);
        break;
    case NODE_ARRAY:
    case NODE_BLOCK:
    case NODE_PATH:
    case NODE_CONCAT: ast_put_list(n->items, n->count, NULL, depth, out); break;
    case NODE_END:
    case NODE_NAME:
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_REGEX:
    case NODE_VARIABLE:
    case NODE_WILDCARD:
    case NODE_DESCENDANT:
    case NODE_PARENT:
    case NODE_OPERATOR: break;
    }
}

static void ast_put_head(const struct node *n, struct buf *out)
{
    struct error ignored;
    buf_add(out, str_of(node_kind_name((enum node_kind)n->kind)));
    if (n->kind == NODE_NUMBER || n->kind == NODE_VALUE) {
        buf_add_byte(out, ' ');
        if (json_write(out, n->value, 0, &ignored) != STATUS_OK)
            buf_add_byte(out, '?');
    } else if (n->kind == NODE_STRING || n->kind == NODE_NAME) {
        buf_add_byte(out, ' ');
        json_write_string(out, n->text);
    } else if (n->kind == NODE_VARIABLE) {
        buf_printf(out, " $%.*s", STR_ARG(n->text));
    } else if (n->kind == NODE_REGEX) {
        buf_printf(out, " /%.*s/", STR_ARG(n->text));
    } else if (n->kind == NODE_BINARY || n->kind == NODE_CONCAT) {
        buf_printf(out, " %s", op_name((enum op)n->op));
    } else if (n->kind == NODE_NEGATE) {
        buf_add(out, STR(" -"));
    } else if (n->kind == NODE_ARRAY || n->kind == NODE_OBJECT) {
        buf_add(out, n->kind == NODE_ARRAY ? STR(" [") : STR(" {"));
    }
    static const struct {
        size_t at;
        const char *text;
    } marks[] = {
        {offsetof(struct node, keep_array), " keep-array"},
        {offsetof(struct node, cons_array), " cons"},
        {offsetof(struct node, tuple), " tuple"},
        {offsetof(struct node, tail), " tail-call"},
        {offsetof(struct node, escapes), " escapes"},
    };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (*((const bool *)((const char *)n + marks[i].at)))
            buf_add(out, str_of(marks[i].text));
    buf_printf(out, "  @%u\n", n->end);
}

static void ast_put(const struct node *n, const char *role, unsigned depth, struct buf *out)
{
    if (n == NULL)
        return;
    buf_printf(out, "%*s", (int)depth * 2, "");
    if (role != NULL)
        buf_printf(out, "%s: ", role);
    ast_put_head(n, out);
    ast_put_children(n, depth + 1, out);
    ast_put_stages(&n->preds, depth + 1, out);
    ast_put_stages(&n->stages, depth + 1, out);
    if (n->group != NULL) {
        buf_printf(out, "%*sgroup\n", (int)(depth + 1) * 2, "");
        ast_put_pairs(n->group->pairs, n->group->count, depth + 2, out);
    }
}

void ast_print(const struct node *n, struct buf *out)
{
    ast_put(n, NULL, 0, out);
}
