/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over the analysed tree; see references.h. */
#include "jsonata/references.h"

#include "jsonata/compile.h"

/* ---- the input ---- */

struct input_walk {
    struct jsonata_reference *ret;
    bool found;
};

static void input_visit(void *arg, struct node *n);

static void input_pairs(struct input_walk *w, const struct pair *pairs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        input_visit(w, pairs[i].key);
        input_visit(w, pairs[i].value);
    }
}

static void input_items(struct input_walk *w, const struct node *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        input_visit(w, n->items[i]);
}

static void input_found(struct input_walk *w, const struct node *n, str name)
{
    if (w->found)
        return;
    w->found = true;
    *w->ret = (struct jsonata_reference){name, n->start, n->end};
}

static void input_variable(struct input_walk *w, const struct node *n)
{
    if (n->text.n == 0)
        input_found(w, n, STR("$"));
    else if (str_eq(n->text, STR("$")))
        input_found(w, n, STR("$$"));
}

/* What hangs on a node (filters, groups) has a context and is left out. */
static void input_visit(void *arg, struct node *n)
{
    struct input_walk *w = arg;
    if (n == NULL || w->found)
        return;
    switch ((enum node_kind)n->kind) {
    case NODE_NAME: input_found(w, n, n->text); return;
    case NODE_WILDCARD: input_found(w, n, STR("*")); return;
    case NODE_DESCENDANT: input_found(w, n, STR("**")); return;
    case NODE_VARIABLE: input_variable(w, n); return;
    case NODE_PATH:
        if (n->count > 0)
            input_visit(w, n->items[0]);
        return;
    case NODE_OBJECT: input_pairs(w, n->pairs, n->count); return;
    case NODE_CALL:
    case NODE_PARTIAL: input_visit(w, n->proc); break;
    case NODE_LAMBDA: input_visit(w, n->body); return;
    case NODE_BINARY:
    case NODE_NEGATE:
    case NODE_CONDITION:
    case NODE_ELVIS:
    case NODE_COALESCE:
    case NODE_APPLY:
        input_visit(w, n->lhs);
        input_visit(w, n->rhs);
        input_visit(w, n->third);
        return;
    case NODE_BIND: input_visit(w, n->rhs); return;
    case NODE_ARRAY:
    case NODE_BLOCK:
    case NODE_CONCAT: break;
    case NODE_END:
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_REGEX:
    case NODE_PARENT:
    case NODE_OPERATOR:
    case NODE_TRANSFORM:
    case NODE_SORT: return;
    }
    input_items(w, n);
}

bool jsonata_reads_input(const struct jsonata *x, struct jsonata_reference *ret)
{
    struct input_walk w = {.ret = ret};
    input_visit(&w, x->root);
    return w.found;
}

/* ---- members of a variable ---- */

struct member_walk {
    str variable;
    jsonata_member_fn *visit;
    void *arg;
    bool has_member, has_parent;
};

static bool member_is_variable(const struct member_walk *w, const struct node *n)
{
    return n->kind == NODE_VARIABLE && str_eq(n->text, w->variable);
}

/* $name.member, with nothing at $name that could see all of it (a filter, a binding). */
static bool member_is_path(const struct member_walk *w, const struct node *n)
{
    if (n->kind != NODE_PATH || n->count < 2 || n->items[1]->kind != NODE_NAME)
        return false;
    const struct node *first = n->items[0];
    return member_is_variable(w, first) && first->preds.count == 0 && first->stages.count == 0 &&
           first->group == NULL && first->focus == 0;
}

static void member_visit(void *arg, struct node *n)
{
    struct member_walk *w = arg;
    struct jsonata_reference ref = {STR(""), n->start, n->end};
    if (member_is_path(w, n)) {
        ref = (struct jsonata_reference){n->items[1]->text, n->items[0]->start, n->items[1]->end};
        w->has_member = true;
        w->visit(w->arg, &ref);
        struct node rest = *n; /* without the variable, which is settled */
        rest.items++;
        rest.count--;
        node_children(&rest, member_visit, w);
        return;
    }
    if (member_is_variable(w, n))
        w->visit(w->arg, &ref);
    w->has_parent |= n->kind == NODE_PARENT;
    node_children(n, member_visit, w);
}

void jsonata_members(const struct jsonata *x, str variable, jsonata_member_fn *visit, void *arg)
{
    struct jsonata_reference whole = {STR(""), 0, (uint32_t)x->text.n};
    struct member_walk w = {.variable = variable, .visit = visit, .arg = arg};
    member_visit(&w, x->root);
    if (w.has_member && w.has_parent)
        visit(arg, &whole);
}
