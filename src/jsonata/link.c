/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linking; see link.h. Two walks: the first finds the names that are bound anywhere, the second
 * chooses.
 *
 * "Simple" nodes are those nothing hangs on: no filters, no group, no [], no tuple bindings. Only
 * they are taken together in runs (eval_path.c) or called directly.
 */
#include "jsonata/link.h"

#include "base/check.h"
#include "jsonata/function.h"
#include "jsonata/jsonata.h"

/* Where a node stands: what its lambda or block has to know about it. */
struct link_scope {
    struct link_scope *outer;
    struct node *owner; /* lambda or block that owns the frame; NULL: the outermost one */
};

static struct node *link_node(struct linker *l, struct node *n, struct link_scope *scope,
                              uint32_t nest);

/* ---- the first walk ---- */

static void link_mark_variable(struct linker *l, const struct node *n)
{
    const struct builtin *b = builtin_at(n->symbol);
    if (b == NULL)
        return;
    l->mentioned[n->symbol] = true;
    l->dynamic |= b->fn == fn_eval;
    l->reads_clock |= b->fn == fn_now || b->fn == fn_millis || b->fn == fn_to_millis;
    l->reads_random |= b->fn == fn_random || b->fn == fn_shuffle || b->fn == fn_uuid;
}

/* Notes what n and everything below it bind and mention. */
static void link_mark(void *arg, struct node *n)
{
    struct linker *l = arg;
    if (n->kind == NODE_VARIABLE)
        link_mark_variable(l, n);
    else if (n->kind == NODE_BIND)
        l->bound[n->lhs->symbol] = true;
    for (uint32_t i = 0; n->kind == NODE_LAMBDA && i < n->count; i++)
        l->bound[n->items[i]->symbol] = true;
    for (uint32_t i = 0; i < n->stages.count; i++)
        if (n->stages.items[i].expr == NULL)
            l->bound[n->stages.items[i].symbol] = true;
    l->bound[n->focus] = true;
    l->bound[n->index] = true;
    node_children(n, link_mark, l);
}

/* ---- the second walk ---- */

/* Something here may keep the frames around it. */
static void link_escape(struct link_scope *scope)
{
    for (; scope != NULL && scope->owner != NULL && !scope->owner->escapes; scope = scope->outer)
        scope->owner->escapes = true;
}

static void link_stages(struct linker *l, struct stages *s, struct link_scope *scope, uint32_t nest)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->items[i].expr != NULL)
            s->items[i].expr = link_node(l, s->items[i].expr, scope, nest + 1);
}

static void link_pairs(struct linker *l, struct pair *pairs, uint32_t count,
                       struct link_scope *scope, uint32_t nest)
{
    for (uint32_t i = 0; i < count; i++) {
        pairs[i].key = link_node(l, pairs[i].key, scope, nest + 1);
        pairs[i].value = link_node(l, pairs[i].value, scope, nest + 1);
    }
}

static void link_items(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    for (uint32_t i = 0; i < n->count; i++)
        n->items[i] = link_node(l, n->items[i], scope, nest + 1);
}

static void link_operands(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    n->lhs = link_node(l, n->lhs, scope, nest + 1);
    n->rhs = link_node(l, n->rhs, scope, nest + 1);
    n->third = link_node(l, n->third, scope, nest + 1);
}

/* { "a": …, "b": … } with different constant keys: the shape of the result is known. */
static void link_object(struct linker *l, struct node *n)
{
    struct shape_node *shape = &l->shapes->root;
    uint32_t at;
    n->fn = eval_object;
    for (uint32_t i = 0; i < n->count && shape != NULL; i++) {
        struct node *key = n->pairs[i].key;
        if (key->kind != NODE_STRING || !key->simple)
            return;
        shape = json_shapes_step(l->shapes, shape, key->text, key->value.flags, &at);
    }
    if (shape != NULL)
        n->shape = json_shapes_of(l->shapes, shape);
}

/* a & b & c as one node; an & in parentheses is a block and stays apart. */
static struct node *link_concat(struct linker *l, struct node *n)
{
    struct token at = {.start = n->start, .end = n->end};
    struct node *concat = node_new(l->arena, NODE_CONCAT, &at), *left = n;
    concat->op = OP_CONCAT;
    concat->height = n->height;
    concat->keep_array = n->keep_array;
    concat->preds = n->preds;
    concat->stages = n->stages;
    concat->group = n->group;
    concat->tuple = n->tuple;
    concat->focus = n->focus;
    concat->index = n->index;
    concat->ancestor = n->ancestor;
    uint32_t count = 1;
    for (; left->kind == NODE_BINARY && left->op == OP_CONCAT; left = left->lhs)
        if (left != n && (left->preds.count > 0 || left->group != NULL || left->keep_array))
            break;
        else
            count++;
    concat->items = arena_alloc(l->arena, sizeof(struct node *) * count);
    concat->count = count;
    for (uint32_t i = count - 1; i > 0; i--, n = n->lhs)
        concat->items[i] = n->rhs;
    concat->items[0] = left;
    return concat;
}

static eval_fn *link_binary_fn(enum op op)
{
    switch (op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD: return eval_arithmetic;
    case OP_EQ:
    case OP_NE: return eval_equality;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return eval_comparison;
    case OP_RANGE: return eval_range;
    case OP_IN: return eval_includes;
    case OP_AND: return eval_and;
    case OP_OR: return eval_or;
    case OP_NONE:
    case OP_DOT:
    case OP_FILTER:
    case OP_GROUP:
    case OP_ORDER:
    case OP_FOCUS:
    case OP_INDEX:
    case OP_CONCAT: break;
    }
    unreachable();
}

static bool link_offers(const struct linker *l, const struct builtin *b)
{
    bool step_functions = (l->flags & JSONATA_STEP_FUNCTIONS) != 0;
    return b->set == BUILTIN_ALWAYS || (b->set == BUILTIN_ONLY_STEP_FUNCTIONS) == step_functions;
}

static struct function_ref *link_ref(struct linker *l, uint32_t symbol)
{
    if (l->refs[symbol] == NULL) {
        struct raised ignored;
        struct function_ref *ref = arena_alloc(l->arena, sizeof(*ref));
        ref->builtin = builtin_at(symbol);
        ref->signature = arena_alloc(l->arena, sizeof(*ref->signature));
        const char *text = ref->builtin->signature;
        if (ref->builtin->fn == fn_random && !(l->flags & JSONATA_STEP_FUNCTIONS))
            text = "<:n>"; /* the seed is an addition of Step Functions */
        check(signature_parse(str_of(text), ref->signature, &ignored));
        l->refs[symbol] = ref;
    }
    return l->refs[symbol];
}

static void link_variable(struct linker *l, struct node *n)
{
    const struct builtin *b = builtin_at(n->symbol);
    if (n->symbol == SYMBOL_NONE) {
        n->fn = eval_context;
        return;
    }
    if (b != NULL && link_offers(l, b)) {
        n->value = ev_function(FN_BUILTIN, link_ref(l, n->symbol));
        n->fn = eval_function_name;
    } else if (b != NULL || l->bound[n->symbol] || l->dynamic) {
        n->fn = eval_variable;
    } else {
        n->fn = eval_global;
    }
}

/* Could the name of a built-in function mean something else here? */
static bool link_is_sure(const struct linker *l, const struct node *proc)
{
    return proc->kind == NODE_VARIABLE && proc->simple && proc->fn == eval_function_name &&
           !l->bound[proc->symbol] && !l->dynamic;
}

static void link_call(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    n->proc = link_node(l, n->proc, scope, nest + 1);
    link_items(l, n, scope, nest);
    n->fn = n->kind == NODE_PARTIAL ? eval_partial : eval_call;
    if (n->kind == NODE_CALL && !n->tail && n->count <= CALL_GIVEN && link_is_sure(l, n->proc)) {
        n->ref = link_ref(l, n->proc->symbol);
        n->direct = signature_is_direct(n->ref->signature, n->count);
        n->fn = eval_call_builtin;
    }
}

static void link_lambda(struct linker *l, struct node *n, struct link_scope *scope)
{
    struct link_scope inner = {.outer = scope, .owner = n};
    link_escape(scope);
    n->escapes = l->dynamic;
    l->lambdas++;
    for (uint32_t i = n->count; i-- > 0;) { /* of two parameters with one name the last counts */
        if (l->stamps[n->items[i]->symbol] == l->lambdas)
            n->items[i]->symbol = SYMBOL_NONE;
        else
            l->stamps[n->items[i]->symbol] = l->lambdas;
    }
    n->body = link_node(l, n->body, &inner, 1);
    n->fn = eval_lambda;
}

static void link_block(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    struct link_scope inner = {.outer = scope, .owner = n};
    link_items(l, n, &inner, nest);
    n->escapes = n->escapes || l->dynamic;
    if (n->frame_size == 0 && !l->dynamic)
        n->escapes = false; /* no frame of its own, then */
    n->fn = eval_block;
    if (n->count == 1 && n->frame_size == 0 && !n->escapes)
        n->fn = eval_parentheses;
}

/* Can a path be followed object by object, without sequences? See eval_name_path. */
static bool link_is_name_path(const struct node *n)
{
    if (n->keep_singleton || n->keep_array || n->group != NULL)
        return false;
    const struct node *first = n->items[0];
    if (first->kind == NODE_VARIABLE) {
        if (!first->simple || first->stages.count > 0 || n->count < 2)
            return false;
        first = n->items[1];
    }
    return first->kind == NODE_NAME && first->simple;
}

static void link_path(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    for (uint32_t i = 0; i < n->count; i++)
        n->items[i] = link_node(l, n->items[i], scope, nest + 1);
    n->fn = eval_path;
    if (link_is_name_path(n))
        n->fn = n->count == 1 && n->items[0]->stages.count == 0 ? eval_single_name : eval_name_path;
}

static void link_sort(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    for (uint32_t i = 0; i < n->count; i++)
        n->terms[i].expr = link_node(l, n->terms[i].expr, scope, nest + 1);
    n->fn = NULL; /* paths evaluate it; it never stands alone */
}

static void link_name(struct linker *l, struct node *n)
{
    n->key = json_key_new(l->arena, n->text, 0);
    n->slot = l->slots++;
    n->fn = eval_name;
}

static void link_bind(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    n->symbol = n->lhs->symbol;
    n->rhs = link_node(l, n->rhs, scope, nest + 1);
    if (scope->owner != NULL)
        scope->owner->frame_size++;
    n->fn = eval_bind;
}

static void link_literal(struct node *n)
{
    n->fn = eval_literal;
    if (n->kind == NODE_STRING)
        n->value = json_string(n->text, json_text_flags(n->text));
}

static void link_transform(struct linker *l, struct node *n, struct link_scope *scope,
                           uint32_t nest)
{
    link_escape(scope);
    link_operands(l, n, scope, nest);
    n->fn = eval_transform;
}

static void link_kind(struct linker *l, struct node *n, struct link_scope *scope, uint32_t nest)
{
    switch ((enum node_kind)n->kind) {
    case NODE_NAME: link_name(l, n); break;
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
    case NODE_OPERATOR: link_literal(n); break;
    case NODE_REGEX: n->fn = eval_regex; break;
    case NODE_VARIABLE: link_variable(l, n); break;
    case NODE_WILDCARD: n->fn = eval_wildcard; break;
    case NODE_DESCENDANT: n->fn = eval_descendant; break;
    case NODE_PARENT: n->fn = eval_parent; break;
    case NODE_BINARY:
        link_operands(l, n, scope, nest);
        n->fn = link_binary_fn((enum op)n->op);
        break;
    case NODE_CONCAT:
        link_items(l, n, scope, nest);
        n->fn = eval_concat;
        break;
    case NODE_NEGATE:
        link_operands(l, n, scope, nest);
        n->fn = eval_negate;
        break;
    case NODE_ARRAY:
        link_items(l, n, scope, nest);
        n->fn = eval_array;
        break;
    case NODE_OBJECT:
        link_pairs(l, n->pairs, n->count, scope, nest);
        link_object(l, n);
        break;
    case NODE_CALL:
    case NODE_PARTIAL: link_call(l, n, scope, nest); break;
    case NODE_LAMBDA: link_lambda(l, n, scope); break;
    case NODE_CONDITION:
        link_operands(l, n, scope, nest);
        n->fn = eval_condition;
        break;
    case NODE_ELVIS:
        link_operands(l, n, scope, nest);
        n->fn = eval_elvis;
        break;
    case NODE_COALESCE:
        link_operands(l, n, scope, nest);
        n->fn = eval_coalesce;
        break;
    case NODE_BLOCK: link_block(l, n, scope, nest); break;
    case NODE_BIND: link_bind(l, n, scope, nest); break;
    case NODE_APPLY:
        link_operands(l, n, scope, nest);
        n->fn = eval_apply_operator;
        break;
    case NODE_TRANSFORM: link_transform(l, n, scope, nest); break;
    case NODE_PATH: link_path(l, n, scope, nest); break;
    case NODE_SORT: link_sort(l, n, scope, nest); break;
    case NODE_END: unreachable();
    }
}

static struct node *link_node(struct linker *l, struct node *n, struct link_scope *scope,
                              uint32_t nest)
{
    if (n == NULL)
        return NULL;
    if (n->kind == NODE_BINARY && n->op == OP_CONCAT)
        n = link_concat(l, n);
    n->nest = nest;
    n->simple = n->preds.count == 0 && n->group == NULL && !n->keep_array && !n->tuple &&
                n->focus == 0 && n->index == 0;
    link_kind(l, n, scope, nest);
    link_stages(l, &n->preds, scope, nest);
    link_stages(l, &n->stages, scope, nest);
    if (n->group != NULL)
        link_pairs(l, n->group->pairs, n->group->count, scope, nest);
    n->inner = n->fn;
    bool own_end = n->kind == NODE_PATH || n->kind == NODE_SORT; /* they see to it themselves */
    n->decorated = n->preds.count > 0 || (!own_end && (n->group != NULL || n->keep_array));
    if (n->decorated)
        n->fn = eval_decorated;
    if (l->flags & JSONATA_TRACE) {
        n->simple = false; /* nothing is taken together: each node reports */
        n->traced = n->fn;
        n->fn = eval_traced;
    }
    return n;
}

struct node *link_expression(struct linker *l, struct node *n)
{
    struct link_scope outermost = {0};
    uint32_t symbols = symbols_end(l->symbols);
    l->bound = arena_zalloc(l->arena, sizeof(*l->bound) * symbols);
    l->stamps = arena_zalloc(l->arena, sizeof(*l->stamps) * symbols);
    l->mentioned = arena_zalloc(l->arena, sizeof(*l->mentioned) * symbols);
    l->refs = arena_zalloc(l->arena, sizeof(*l->refs) * (builtin_count() + 1));
    link_mark(l, n);
    return link_node(l, n, &outermost, 1);
}
