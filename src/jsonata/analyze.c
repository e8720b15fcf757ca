/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Analysis. The order of the rewriting, and with it what is refused and how `%` is resolved, is
 * that of the reference implementation: it is observable in results and error codes. How a node is
 * evaluated is chosen later, in link.c.
 *
 * How `%` works: a parent node owns a slot with the number of steps it still has to go up. While
 * paths are put together, the slot travels outwards in `seeking` lists until a step is found that
 * satisfies it; that step becomes a tuple step and remembers its own input under the slot's label.
 */
#include "jsonata/analyze.h"

#include "base/check.h"

struct analyzer {
    struct arena *arena;
    struct symbols *symbols;
    struct raised *err;
    uint32_t parents; /* parent nodes seen so far */
};

static struct node *analyze(struct analyzer *a, struct node *n);

static struct node *analyze_fail(struct analyzer *a, const char *code, const struct node *at)
{
    raise_code(a->err, code);
    a->err->start = at->start;
    a->err->end = at->end;
    a->err->position = at->end;
    return NULL;
}

/* ---- parents ---- */

static void analyze_seek_later(struct analyzer *a, struct node *n, struct slot *slot)
{
    struct slots *s = &n->seeking;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        struct slot **bigger = arena_alloc(a->arena, sizeof(*bigger) * s->cap);
        if (s->count > 0)
            memcpy(bigger, s->items, sizeof(*bigger) * s->count);
        s->items = bigger;
    }
    s->items[s->count++] = slot;
}

/* What n could not settle becomes the business of its owner. */
static void analyze_hand_up(struct analyzer *a, struct node *owner, const struct node *n)
{
    for (uint32_t i = 0; i < n->seeking.count; i++)
        analyze_seek_later(a, owner, n->seeking.items[i]);
    if (n->kind == NODE_PARENT)
        analyze_seek_later(a, owner, n->parent);
}

/* Goes one step up for slot; false when the step cannot have a parent. */
static bool analyze_seek(struct analyzer *a, struct node *n, struct slot *slot)
{
    switch ((enum node_kind)n->kind) {
    case NODE_NAME:
    case NODE_WILDCARD:
        if (--slot->level == 0) {
            if (n->ancestor != NULL)
                slot->label = n->ancestor->label;
            n->ancestor = slot;
            n->tuple = true;
        }
        return true;
    case NODE_PARENT: slot->level++; return true;
    case NODE_BLOCK:
        if (n->count == 0)
            return true;
        n->tuple = true;
        return analyze_seek(a, n->items[n->count - 1], slot);
    case NODE_PATH: {
        uint32_t i = n->count;
        n->tuple = true;
        if (!analyze_seek(a, n->items[--i], slot))
            return false;
        while (slot->level > 0 && i > 0)
            if (!analyze_seek(a, n->items[--i], slot))
                return false;
        return true;
    }
    case NODE_END:
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_REGEX:
    case NODE_VARIABLE:
    case NODE_DESCENDANT:
    case NODE_OPERATOR:
    case NODE_BINARY:
    case NODE_NEGATE:
    case NODE_ARRAY:
    case NODE_OBJECT:
    case NODE_CALL:
    case NODE_PARTIAL:
    case NODE_LAMBDA:
    case NODE_CONDITION:
    case NODE_ELVIS:
    case NODE_COALESCE:
    case NODE_BIND:
    case NODE_APPLY:
    case NODE_TRANSFORM:
    case NODE_SORT:
    case NODE_CONCAT: break;
    }
    analyze_fail(a, "S0217", n);
    a->err->token = str_of(node_kind_name((enum node_kind)n->kind));
    a->err->has_token = true;
    return false;
}

static bool analyze_seek_in_path(struct analyzer *a, struct node *path, struct slot *slot)
{
    uint32_t i = path->count - 1; /* one behind the step to look at */
    while (slot->level > 0) {
        if (i == 0) {
            analyze_seek_later(a, path, slot);
            return true;
        }
        struct node *step = path->items[--i];
        /* of several steps in a row that bind the focus, only the first goes up */
        while (i > 0 && step->focus && path->items[i - 1]->focus)
            step = path->items[--i];
        if (!analyze_seek(a, step, slot))
            return false;
    }
    return true;
}

/* Settles what the last step of a path is looking for. */
static bool analyze_resolve(struct analyzer *a, struct node *path)
{
    struct node *last = path->items[path->count - 1];
    for (uint32_t i = 0; i < last->seeking.count; i++)
        if (!analyze_seek_in_path(a, path, last->seeking.items[i]))
            return false;
    return last->kind != NODE_PARENT || analyze_seek_in_path(a, path, last->parent);
}

/* ---- paths and what hangs on steps ---- */

static struct node *analyze_path_of(struct analyzer *a, struct node *step)
{
    struct token none = {.start = step->start, .end = step->end};
    struct node *path = node_new(a->arena, NODE_PATH, &none);
    path->height = step->height;
    node_push(a->arena, &path->items, &path->count, step);
    return path;
}

static void analyze_add_stage(struct analyzer *a, struct stages *s, struct stage stage)
{
    struct stage *bigger = arena_alloc(a->arena, sizeof(stage) * (s->count + 1));
    if (s->count > 0)
        memcpy(bigger, s->items, sizeof(stage) * s->count);
    bigger[s->count++] = stage;
    s->items = bigger;
}

static bool analyze_steps(struct analyzer *a, struct node *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        struct node *step = path->items[i];
        if (step->kind == NODE_NUMBER || step->kind == NODE_VALUE) {
            analyze_fail(a, "S0213", step);
            a->err->value = step->value;
            a->err->has_value = true;
            return false;
        }
        if (step->kind == NODE_STRING)
            step->kind = NODE_NAME;
        if (step->keep_array)
            path->keep_singleton = true;
    }
    struct node *first = path->items[0], *last = path->items[path->count - 1];
    if (first->kind == NODE_ARRAY)
        first->cons_array = true;
    if (last->kind == NODE_ARRAY)
        last->cons_array = true;
    return true;
}

static struct node *analyze_dot(struct analyzer *a, struct node *n)
{
    struct node *left = analyze(a, n->lhs);
    if (left == NULL)
        return NULL;
    struct node *path = left->kind == NODE_PATH ? left : analyze_path_of(a, left);
    if (left->kind == NODE_PARENT) {
        path->seeking.count = 0;
        analyze_seek_later(a, path, left->parent);
    }
    struct node *rest = analyze(a, n->rhs);
    if (rest == NULL)
        return NULL;
    if (rest->kind == NODE_PATH) {
        for (uint32_t i = 0; i < rest->count; i++)
            node_push(a->arena, &path->items, &path->count, rest->items[i]);
    } else {
        if (rest->preds.count > 0) {
            rest->stages = rest->preds;
            rest->preds = (struct stages){0};
        }
        node_push(a->arena, &path->items, &path->count, rest);
    }
    if (n->height > path->height)
        path->height = n->height;
    return analyze_steps(a, path) && analyze_resolve(a, path) ? path : NULL;
}

static struct node *analyze_last_step(struct node *n)
{
    return n->kind == NODE_PATH ? n->items[n->count - 1] : n;
}

static struct node *analyze_filter(struct analyzer *a, struct node *n)
{
    struct node *result = analyze(a, n->lhs);
    if (result == NULL)
        return NULL;
    struct node *step = analyze_last_step(result);
    if (step->group != NULL)
        return analyze_fail(a, "S0209", n);
    struct node *filter = analyze(a, n->rhs);
    if (filter == NULL)
        return NULL;
    if (filter->seeking.count > 0) {
        for (uint32_t i = 0; i < filter->seeking.count; i++) {
            struct slot *slot = filter->seeking.items[i];
            if (slot->level != 1)
                slot->level--;
            else if (!analyze_seek(a, step, slot))
                return NULL;
        }
        analyze_hand_up(a, step, filter);
    }
    analyze_add_stage(a, result->kind == NODE_PATH ? &step->stages : &step->preds,
                      (struct stage){.expr = filter, .end = n->end});
    return result;
}

static bool analyze_pairs(struct analyzer *a, struct pair *pairs, uint32_t count,
                          struct node *owner)
{
    for (uint32_t i = 0; i < count; i++) {
        pairs[i].key = analyze(a, pairs[i].key);
        if (pairs[i].key == NULL)
            return false;
        if (owner != NULL)
            analyze_hand_up(a, owner, pairs[i].key);
        pairs[i].value = analyze(a, pairs[i].value);
        if (pairs[i].value == NULL)
            return false;
        if (owner != NULL)
            analyze_hand_up(a, owner, pairs[i].value);
    }
    return true;
}

static struct node *analyze_group(struct analyzer *a, struct node *n)
{
    struct node *result = analyze(a, n->lhs);
    if (result == NULL)
        return NULL;
    if (result->group != NULL)
        return analyze_fail(a, "S0210", n);
    if (!analyze_pairs(a, n->pairs, n->count, NULL))
        return NULL;
    result->group = arena_zalloc(a->arena, sizeof(*result->group));
    *result->group = (struct group){.pairs = n->pairs, .count = n->count, .end = n->end};
    if (n->height > result->height)
        result->height = n->height;
    return result;
}

static struct node *analyze_order(struct analyzer *a, struct node *n)
{
    struct node *result = analyze(a, n->lhs);
    if (result == NULL)
        return NULL;
    if (result->kind != NODE_PATH)
        result = analyze_path_of(a, result);
    struct token at = {.start = n->start, .end = n->end};
    struct node *sort = node_new(a->arena, NODE_SORT, &at);
    sort->terms = n->terms;
    sort->count = n->count;
    for (uint32_t i = 0; i < sort->count; i++) {
        sort->terms[i].expr = analyze(a, sort->terms[i].expr);
        if (sort->terms[i].expr == NULL)
            return NULL;
        analyze_hand_up(a, sort, sort->terms[i].expr);
    }
    node_push(a->arena, &result->items, &result->count, sort);
    if (n->height > result->height)
        result->height = n->height;
    return analyze_resolve(a, result) ? result : NULL;
}

static struct node *analyze_focus(struct analyzer *a, struct node *n)
{
    struct node *result = analyze(a, n->lhs);
    if (result == NULL)
        return NULL;
    struct node *step = analyze_last_step(result);
    if (step->stages.count > 0 || step->preds.count > 0)
        return analyze_fail(a, "S0215", n);
    if (step->kind == NODE_SORT)
        return analyze_fail(a, "S0216", n);
    if (n->keep_array)
        step->keep_array = true;
    step->focus = symbols_intern(a->symbols, n->rhs->text);
    step->tuple = true;
    return result;
}

static struct node *analyze_index(struct analyzer *a, struct node *n)
{
    struct node *result = analyze(a, n->lhs);
    if (result == NULL)
        return NULL;
    struct node *step = analyze_last_step(result);
    if (result->kind != NODE_PATH) {
        result = analyze_path_of(a, result);
        if (step->preds.count > 0) {
            step->stages = step->preds;
            step->preds = (struct stages){0};
        }
    }
    uint32_t symbol = symbols_intern(a->symbols, n->rhs->text);
    if (step->stages.count == 0)
        step->index = symbol;
    else
        analyze_add_stage(a, &step->stages, (struct stage){.symbol = symbol, .end = n->end});
    step->tuple = true;
    return result;
}

/* ---- everything else ---- */

static struct node *analyze_binary(struct analyzer *a, struct node *n)
{
    switch ((enum op)n->op) {
    case OP_DOT: return analyze_dot(a, n);
    case OP_FILTER: return analyze_filter(a, n);
    case OP_GROUP: return analyze_group(a, n);
    case OP_ORDER: return analyze_order(a, n);
    case OP_FOCUS: return analyze_focus(a, n);
    case OP_INDEX: return analyze_index(a, n);
    case OP_NONE:
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_CONCAT:
    case OP_RANGE:
    case OP_IN:
    case OP_AND:
    case OP_OR: break;
    }
    n->lhs = analyze(a, n->lhs);
    n->rhs = n->lhs != NULL ? analyze(a, n->rhs) : NULL;
    if (n->rhs == NULL)
        return NULL;
    analyze_hand_up(a, n, n->lhs);
    analyze_hand_up(a, n, n->rhs);
    return n;
}

static struct node *analyze_negate(struct analyzer *a, struct node *n)
{
    n->lhs = analyze(a, n->lhs);
    if (n->lhs == NULL)
        return NULL;
    if (n->lhs->kind == NODE_NUMBER) {
        n->lhs->value.num = -n->lhs->value.num;
        n->lhs->start = n->start;
        return n->lhs;
    }
    analyze_hand_up(a, n, n->lhs);
    return n;
}

/* Operands in the order of evaluation; a missing third one is fine. */
static struct node *analyze_operands(struct analyzer *a, struct node *n, bool hand_up)
{
    struct node **operands[] = {&n->lhs, &n->rhs, &n->third};
    for (size_t i = 0; i < ARRAY_LEN(operands); i++) {
        if (*operands[i] == NULL)
            continue;
        *operands[i] = analyze(a, *operands[i]);
        if (*operands[i] == NULL)
            return NULL;
        if (hand_up)
            analyze_hand_up(a, n, *operands[i]);
    }
    return n;
}

static bool analyze_items(struct analyzer *a, struct node *n)
{
    for (uint32_t i = 0; i < n->count; i++) {
        n->items[i] = analyze(a, n->items[i]);
        if (n->items[i] == NULL)
            return false;
        analyze_hand_up(a, n, n->items[i]);
    }
    return true;
}

static struct node *analyze_block(struct analyzer *a, struct node *n)
{
    if (!analyze_items(a, n))
        return NULL;
    for (uint32_t i = 0; i < n->count; i++) {
        const struct node *item = n->items[i];
        if (item->cons_array || (item->kind == NODE_PATH && item->items[0]->cons_array))
            n->cons_array = true;
    }
    return n;
}

static struct node *analyze_call(struct analyzer *a, struct node *n)
{
    if (!analyze_items(a, n))
        return NULL;
    n->proc = analyze(a, n->proc);
    return n->proc != NULL ? n : NULL;
}

/* Marks the calls whose result is the lambda's own: they replace its frame instead of growing the
 * stack. */
static void analyze_tail(struct node *n)
{
    if (n->preds.count > 0 || n->group != NULL || n->keep_array)
        return;
    if (n->kind == NODE_CALL) {
        n->tail = true;
    } else if (n->kind == NODE_CONDITION) {
        analyze_tail(n->rhs);
        if (n->third != NULL)
            analyze_tail(n->third);
    } else if (n->kind == NODE_ELVIS || n->kind == NODE_COALESCE) {
        analyze_tail(n->rhs);
    } else if (n->kind == NODE_BLOCK && n->count > 0) {
        analyze_tail(n->items[n->count - 1]);
    }
}

static struct node *analyze_lambda(struct analyzer *a, struct node *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        n->items[i]->symbol = symbols_intern(a->symbols, n->items[i]->text);
    n->body = analyze(a, n->body);
    if (n->body == NULL)
        return NULL;
    analyze_tail(n->body);
    return n;
}

static struct node *analyze_name(struct analyzer *a, struct node *n)
{
    n->kind = NODE_NAME;
    struct node *path = analyze_path_of(a, n);
    path->keep_singleton = path->keep_array = n->keep_array;
    return path;
}

static struct node *analyze_parent(struct analyzer *a, struct node *n)
{
    n->parent = arena_zalloc(a->arena, sizeof(*n->parent));
    n->parent->level = 1;
    n->parent->index = a->parents++;
    n->parent->label = symbols_intern(a->symbols, arena_printf(a->arena, "!%u", n->parent->index));
    return n;
}

static struct node *analyze_kind(struct analyzer *a, struct node *n)
{
    switch ((enum node_kind)n->kind) {
    case NODE_END:
        analyze_fail(a, "S0207", n);
        a->err->token = STR("(end)");
        a->err->has_token = true;
        return NULL;
    case NODE_NAME: return analyze_name(a, n);
    case NODE_OPERATOR: return str_eq(n->text, STR("?")) ? n : analyze_name(a, n);
    case NODE_VARIABLE:
        n->symbol = n->text.n > 0 ? symbols_intern(a->symbols, n->text) : SYMBOL_NONE;
        return n;
    case NODE_PARENT: return analyze_parent(a, n);
    case NODE_BINARY: return analyze_binary(a, n);
    case NODE_NEGATE: return analyze_negate(a, n);
    case NODE_ARRAY: return analyze_items(a, n) ? n : NULL;
    case NODE_OBJECT: return analyze_pairs(a, n->pairs, n->count, n) ? n : NULL;
    case NODE_CALL:
    case NODE_PARTIAL: return analyze_call(a, n);
    case NODE_LAMBDA: return analyze_lambda(a, n);
    case NODE_CONDITION:
    case NODE_ELVIS:
    case NODE_COALESCE: return analyze_operands(a, n, true);
    case NODE_BLOCK: return analyze_block(a, n);
    case NODE_BIND: return analyze_operands(a, n, true);
    case NODE_APPLY:
        if (analyze_operands(a, n, false) == NULL)
            return NULL;
        n->keep_array = n->lhs->keep_array || n->rhs->keep_array;
        return n;
    case NODE_TRANSFORM: return analyze_operands(a, n, false);
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_REGEX:
    case NODE_WILDCARD:
    case NODE_DESCENDANT: return n;
    case NODE_PATH:
    case NODE_SORT:
    case NODE_CONCAT: break;
    }
    unreachable();
}

static struct node *analyze(struct analyzer *a, struct node *n)
{
    bool keep = n->keep_array;
    struct node *result = analyze_kind(a, n);
    if (result != NULL && keep)
        result->keep_array = true;
    return result;
}

struct node *analyze_expression(struct node *n, struct arena *arena, struct symbols *symbols,
                                struct raised *err)
{
    struct analyzer a = {.arena = arena, .symbols = symbols, .err = err};
    struct node *result = analyze(&a, n);
    if (result != NULL && (result->kind == NODE_PARENT || result->seeking.count > 0)) {
        analyze_fail(&a, "S0217", result);
        err->token = str_of(node_kind_name((enum node_kind)result->kind));
        err->has_token = true;
        return NULL;
    }
    return result;
}
