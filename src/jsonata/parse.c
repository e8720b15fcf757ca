/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser. `parse_rule` below is the grammar: for each operator its binding power as an infix
 * and the functions that parse it in prefix and infix position. Positions and error codes follow
 * the reference parser, which is why some functions look one token ahead where it would not be
 * needed.
 */
#include "jsonata/parse.h"

#include "base/check.h"
#include "jsonata/regex.h"
#include "jsonata/signature.h"
#include <stdlib.h>

struct parser {
    struct lexer lex;
    struct token tok; /* the token ahead */
    struct arena *arena;
    struct regex_list *regexes;
    struct raised *err;
    uint32_t depth;
};

struct parse_rule {
    const char *text;
    uint8_t power; /* left binding power; 0: never an infix */
    uint8_t op;
    struct node *(*prefix)(struct parser *p, const struct token *t);
    struct node *(*infix)(struct parser *p, const struct token *t, struct node *left);
};

static struct node *parse_power(struct parser *p, unsigned power);
static const struct parse_rule *parse_find_rule(const struct token *t);

struct node *node_new(struct arena *arena, enum node_kind kind, const struct token *t)
{
    struct node *n = arena_zalloc(arena, sizeof(*n));
    n->kind = (uint8_t)kind;
    n->start = t->start;
    n->end = t->end;
    n->text = t->text;
    n->value = t->value;
    n->height = 1;
    return n;
}

void node_push(struct arena *arena, struct node ***items, uint32_t *count, struct node *n)
{
    if ((*count & (*count - 1)) == 0) { /* full at each power of two */
        struct node **bigger =
            arena_alloc(arena, sizeof(struct node *) * (*count ? *count * 2 : 1));
        if (*count > 0)
            memcpy(bigger, *items, sizeof(struct node *) * *count);
        *items = bigger;
    }
    (*items)[(*count)++] = n;
}

static struct node *parse_fail(struct parser *p, const char *code, const struct token *at)
{
    raise_code(p->err, code);
    p->err->start = at->start;
    p->err->end = at->end;
    p->err->position = at->end;
    p->err->has_token = true;
    p->err->token = at->kind == TOKEN_END ? STR("(end)") : at->text;
    return NULL;
}

static struct node *parse_fail_at(struct parser *p, const char *code, const struct node *n)
{
    struct token at = {.kind = TOKEN_NAME, .start = n->start, .end = n->end, .text = n->text};
    return parse_fail(p, code, &at);
}

/* Adopts a child: the height of the tree is what bounds every later recursion. */
static bool parse_adopt(struct parser *p, struct node *parent, const struct node *child)
{
    if (child == NULL)
        return false;
    if (child->height >= parent->height)
        parent->height = (uint16_t)(child->height + 1);
    if (parent->height <= JSONATA_MAX_NESTING)
        return true;
    parse_fail_at(p, "U1004", parent);
    p->err->value = json_num(JSONATA_MAX_NESTING);
    p->err->has_value = true;
    return false;
}

static bool parse_is(const struct parser *p, const char *op)
{
    return p->tok.kind == TOKEN_OPERATOR && str_eq(p->tok.text, str_of(op));
}

static bool parse_read(struct parser *p, bool after_operand)
{
    if (!lex_next(&p->lex, after_operand, &p->tok))
        return false;
    if (p->tok.kind != TOKEN_OPERATOR)
        return true;
    const struct parse_rule *rule = parse_find_rule(&p->tok);
    if (rule == NULL)
        return parse_fail(p, "S0204", &p->tok) != NULL;
    return true;
}

/* Takes the operator that must stand here. */
static bool parse_expect(struct parser *p, const char *op, bool after_operand)
{
    if (parse_is(p, op))
        return parse_read(p, after_operand);
    parse_fail(p, p->tok.kind == TOKEN_END ? "S0203" : "S0202", &p->tok);
    p->err->value = json_string(str_of(op), 0);
    p->err->has_value = true;
    return false;
}

/* ---- operands ---- */

static struct node *parse_regex_literal(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_REGEX, t);
    struct regex *re;
    struct error err;
    if (regex_compile(t->text, t->flags, &re, &err) != STATUS_OK) {
        parse_fail(p, "S0303", t);
        p->err->text = arena_dup(p->arena, str_of(err.message));
        return NULL;
    }
    struct regex **bigger = realloc(p->regexes->items, (p->regexes->count + 1) * sizeof(*bigger));
    check(bigger != NULL);
    p->regexes->items = bigger;
    p->regexes->items[p->regexes->count++] = re;
    n->regex = re;
    return n;
}

/* A token at the beginning of an expression. */
static struct node *parse_operand(struct parser *p, const struct token *t)
{
    const struct parse_rule *rule;
    switch (t->kind) {
    case TOKEN_END: return node_new(p->arena, NODE_END, t);
    case TOKEN_NAME: return node_new(p->arena, NODE_NAME, t);
    case TOKEN_VARIABLE: return node_new(p->arena, NODE_VARIABLE, t);
    case TOKEN_NUMBER: return node_new(p->arena, NODE_NUMBER, t);
    case TOKEN_VALUE: return node_new(p->arena, NODE_VALUE, t);
    case TOKEN_REGEX: return parse_regex_literal(p, t);
    case TOKEN_STRING: {
        struct node *n = node_new(p->arena, NODE_STRING, t);
        n->value = json_string(t->text, 0);
        return n;
    }
    case TOKEN_OPERATOR: break;
    }
    rule = parse_find_rule(t);
    if (rule->prefix == NULL)
        return parse_fail(p, "S0211", t);
    return rule->prefix(p, t);
}

static struct node *parse_power(struct parser *p, unsigned power)
{
    struct token t = p->tok;
    if (++p->depth > JSONATA_MAX_NESTING) {
        parse_fail(p, "U1004", &t);
        p->err->value = json_num(JSONATA_MAX_NESTING);
        p->err->has_value = true;
        return NULL;
    }
    struct node *left = parse_read(p, true) ? parse_operand(p, &t) : NULL;
    while (left != NULL && p->tok.kind == TOKEN_OPERATOR) {
        const struct parse_rule *rule = parse_find_rule(&p->tok);
        if (power >= rule->power)
            break;
        t = p->tok;
        left = parse_read(p, false) ? rule->infix(p, &t, left) : NULL;
    }
    p->depth--;
    return left;
}

/* ---- prefix forms ---- */

static struct node *parse_keyword(struct parser *p, const struct token *t)
{
    return node_new(p->arena, NODE_OPERATOR, t);
}
static struct node *parse_wildcard(struct parser *p, const struct token *t)
{
    return node_new(p->arena, NODE_WILDCARD, t);
}
static struct node *parse_descendant(struct parser *p, const struct token *t)
{
    return node_new(p->arena, NODE_DESCENDANT, t);
}
static struct node *parse_parent(struct parser *p, const struct token *t)
{
    return node_new(p->arena, NODE_PARENT, t);
}

static struct node *parse_negate(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_NEGATE, t);
    n->op = OP_SUB;
    n->lhs = parse_power(p, 70);
    return parse_adopt(p, n, n->lhs) ? n : NULL;
}

static struct node *parse_block(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_BLOCK, t);
    while (!parse_is(p, ")")) {
        struct node *item = parse_power(p, 0);
        if (!parse_adopt(p, n, item))
            return NULL;
        node_push(p->arena, &n->items, &n->count, item);
        if (!parse_is(p, ";"))
            break;
        if (!parse_read(p, false))
            return NULL;
    }
    return parse_expect(p, ")", true) ? n : NULL;
}

static struct node *parse_array_item(struct parser *p)
{
    struct node *item = parse_power(p, 0);
    if (item == NULL || !parse_is(p, ".."))
        return item;
    struct node *range = node_new(p->arena, NODE_BINARY, &p->tok);
    range->op = OP_RANGE;
    range->lhs = item;
    if (!parse_read(p, false))
        return NULL;
    range->rhs = parse_power(p, 0);
    return parse_adopt(p, range, item) && parse_adopt(p, range, range->rhs) ? range : NULL;
}

static struct node *parse_array(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_ARRAY, t);
    while (!parse_is(p, "]")) {
        struct node *item = parse_array_item(p);
        if (!parse_adopt(p, n, item))
            return NULL;
        node_push(p->arena, &n->items, &n->count, item);
        if (!parse_is(p, ","))
            break;
        if (!parse_read(p, false))
            return NULL;
        if (parse_is(p, "]")) /* a comma wants another item: report what the reference reports */
            return parse_fail(p, "S0211", &p->tok);
    }
    return parse_expect(p, "]", true) ? n : NULL;
}

/* The pairs between braces, the opening one read. */
static bool parse_pairs(struct parser *p, struct node *owner, struct pair **ret,
                        uint32_t *ret_count)
{
    struct node **flat = NULL;
    uint32_t count = 0;
    while (!parse_is(p, "}")) {
        struct node *key = parse_power(p, 0);
        if (!parse_adopt(p, owner, key) || !parse_expect(p, ":", false))
            return false;
        struct node *value = parse_power(p, 0);
        if (!parse_adopt(p, owner, value))
            return false;
        node_push(p->arena, &flat, &count, key);
        node_push(p->arena, &flat, &count, value);
        if (!parse_is(p, ","))
            break;
        if (!parse_read(p, false))
            return false;
        if (parse_is(p, "}"))
            return parse_fail(p, "S0211", &p->tok) != NULL;
    }
    *ret_count = count / 2;
    *ret = arena_alloc(p->arena, sizeof(struct pair) * (count / 2 + 1));
    for (uint32_t i = 0; i < count / 2; i++)
        (*ret)[i] = (struct pair){flat[2 * i], flat[2 * i + 1]};
    return parse_expect(p, "}", true);
}

static struct node *parse_object(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_OBJECT, t);
    return parse_pairs(p, n, &n->pairs, &n->count) ? n : NULL;
}

static struct node *parse_transform(struct parser *p, const struct token *t)
{
    struct node *n = node_new(p->arena, NODE_TRANSFORM, t);
    n->lhs = parse_power(p, 0);
    if (!parse_adopt(p, n, n->lhs) || !parse_expect(p, "|", false))
        return NULL;
    n->rhs = parse_power(p, 0);
    if (!parse_adopt(p, n, n->rhs))
        return NULL;
    if (parse_is(p, ",")) {
        if (!parse_read(p, false))
            return NULL;
        n->third = parse_power(p, 0);
        if (!parse_adopt(p, n, n->third))
            return NULL;
    }
    return parse_expect(p, "|", false) ? n : NULL;
}

/* ---- infix forms ---- */

static struct node *parse_binary(struct parser *p, const struct token *t, struct node *left)
{
    const struct parse_rule *rule = parse_find_rule(t);
    struct node *n = node_new(p->arena, NODE_BINARY, t);
    n->op = rule->op;
    n->lhs = left;
    n->rhs = parse_power(p, rule->power);
    return parse_adopt(p, n, left) && parse_adopt(p, n, n->rhs) ? n : NULL;
}

static struct node *parse_apply(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = parse_binary(p, t, left);
    if (n != NULL)
        n->kind = NODE_APPLY;
    return n;
}

static struct node *parse_bind(struct parser *p, const struct token *t, struct node *left)
{
    if (left->kind != NODE_VARIABLE)
        return parse_fail_at(p, "S0212", left);
    struct node *n = node_new(p->arena, NODE_BIND, t);
    n->lhs = left;
    n->rhs = parse_power(p, 9); /* right associative */
    return parse_adopt(p, n, n->rhs) ? n : NULL;
}

static struct node *parse_step_binding(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = parse_binary(p, t, left);
    if (n == NULL || n->rhs->kind == NODE_VARIABLE)
        return n;
    parse_fail_at(p, "S0214", n->rhs);
    p->err->token = t->text;
    return NULL;
}

static struct node *parse_filter(struct parser *p, const struct token *t, struct node *left)
{
    if (parse_is(p, "]")) { /* empty brackets: the step below all filters keeps its array */
        struct node *step = left;
        while (step->kind == NODE_BINARY && step->op == OP_FILTER)
            step = step->lhs;
        step->keep_array = true;
        return parse_read(p, true) ? left : NULL;
    }
    struct node *n = node_new(p->arena, NODE_BINARY, t);
    n->op = OP_FILTER;
    n->lhs = left;
    n->rhs = parse_power(p, 0);
    if (!parse_adopt(p, n, left) || !parse_adopt(p, n, n->rhs))
        return NULL;
    return parse_expect(p, "]", true) ? n : NULL;
}

static struct node *parse_group(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = node_new(p->arena, NODE_BINARY, t);
    n->op = OP_GROUP;
    n->lhs = left;
    if (!parse_adopt(p, n, left))
        return NULL;
    return parse_pairs(p, n, &n->pairs, &n->count) ? n : NULL;
}

static struct node *parse_order(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = node_new(p->arena, NODE_BINARY, t);
    n->op = OP_ORDER;
    n->lhs = left;
    if (!parse_adopt(p, n, left) || !parse_expect(p, "(", false))
        return NULL;
    for (;;) {
        if ((n->count & (n->count - 1)) == 0) { /* full at each power of two */
            struct term *bigger =
                arena_alloc(p->arena, sizeof(struct term) * (n->count ? n->count * 2 : 1));
            if (n->count > 0)
                memcpy(bigger, n->terms, sizeof(struct term) * n->count);
            n->terms = bigger;
        }
        struct term *term = &n->terms[n->count++];
        term->descending = parse_is(p, ">");
        if ((term->descending || parse_is(p, "<")) && !parse_read(p, false))
            return NULL;
        term->expr = parse_power(p, 0);
        if (!parse_adopt(p, n, term->expr))
            return NULL;
        if (!parse_is(p, ","))
            break;
        if (!parse_read(p, false))
            return NULL;
    }
    return parse_expect(p, ")", false) ? n : NULL;
}

static struct node *parse_condition(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = node_new(p->arena, NODE_CONDITION, t);
    n->lhs = left;
    n->rhs = parse_power(p, 0);
    if (!parse_adopt(p, n, left) || !parse_adopt(p, n, n->rhs))
        return NULL;
    if (parse_is(p, ":")) {
        if (!parse_read(p, false))
            return NULL;
        n->third = parse_power(p, 0);
        if (!parse_adopt(p, n, n->third))
            return NULL;
    }
    return n;
}

static struct node *parse_default(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = node_new(p->arena, str_eq(t->text, STR("?:")) ? NODE_ELVIS : NODE_COALESCE, t);
    n->lhs = left;
    n->rhs = parse_power(p, 0);
    return parse_adopt(p, n, left) && parse_adopt(p, n, n->rhs) ? n : NULL;
}

/* <…> behind the parameters of a lambda: the tokens' texts joined make the signature. */
static bool parse_signature(struct parser *p, struct node *lambda)
{
    struct token open = p->tok;
    struct buf text;
    buf_init(&text, 4096);
    buf_add(&text, STR("<"));
    int depth = 1;
    bool ok = true;
    while (ok && depth > 0 && !parse_is(p, "{") && p->tok.kind != TOKEN_END) {
        ok = parse_read(p, false);
        if (ok && parse_is(p, ">"))
            depth--;
        else if (ok && parse_is(p, "<"))
            depth++;
        if (ok)
            buf_add(&text, p->tok.text);
    }
    ok = ok && parse_expect(p, ">", false);
    struct signature *s = arena_alloc(p->arena, sizeof(*s));
    if (ok && !(ok = signature_parse(arena_dup(p->arena, buf_str(&text)), s, p->err))) {
        p->err->position += open.end;
        p->err->start = open.start;
        p->err->end = open.end;
    }
    if (ok)
        lambda->signature = s;
    buf_done(&text);
    return ok;
}

static struct node *parse_lambda(struct parser *p, const struct token *t, struct node *args)
{
    for (uint32_t i = 0; i < args->count; i++)
        if (args->items[i]->kind != NODE_VARIABLE) {
            parse_fail_at(p, "S0208", args->items[i]);
            p->err->value = json_num(i + 1);
            p->err->has_value = true;
            return NULL;
        }
    struct node *n = node_new(p->arena, NODE_LAMBDA, t);
    n->items = args->items;
    n->count = args->count;
    if (parse_is(p, "<") && !parse_signature(p, n))
        return NULL;
    if (!parse_expect(p, "{", false))
        return NULL;
    n->body = parse_power(p, 0);
    return parse_adopt(p, n, n->body) && parse_expect(p, "}", false) ? n : NULL;
}

static struct node *parse_call(struct parser *p, const struct token *t, struct node *left)
{
    struct node *n = node_new(p->arena, NODE_CALL, t);
    n->proc = left;
    if (!parse_adopt(p, n, left))
        return NULL;
    while (!parse_is(p, ")") || n->count > 0) {
        struct node *arg;
        if (parse_is(p, "?")) {
            n->kind = NODE_PARTIAL;
            arg = node_new(p->arena, NODE_OPERATOR, &p->tok);
            if (!parse_read(p, false))
                return NULL;
        } else {
            arg = parse_power(p, 0);
        }
        if (!parse_adopt(p, n, arg))
            return NULL;
        node_push(p->arena, &n->items, &n->count, arg);
        if (!parse_is(p, ","))
            break;
        if (!parse_read(p, false))
            return NULL;
    }
    if (!parse_expect(p, ")", true))
        return NULL;
    bool is_lambda = left->kind == NODE_NAME &&
                     (str_eq(left->text, STR("function")) || str_eq(left->text, STR("\xCE\xBB")));
    return is_lambda ? parse_lambda(p, t, n) : n;
}

/* ---- the grammar ---- */

static const struct parse_rule *parse_find_rule(const struct token *t)
{
    static const struct parse_rule rules[] = {
        {".", 75, OP_DOT, NULL, parse_binary},
        {"[", 80, OP_FILTER, parse_array, parse_filter},
        {"(", 80, OP_NONE, parse_block, parse_call},
        {"{", 70, OP_GROUP, parse_object, parse_group},
        {"@", 80, OP_FOCUS, NULL, parse_step_binding},
        {"#", 80, OP_INDEX, NULL, parse_step_binding},
        {"?", 20, OP_NONE, NULL, parse_condition},
        {"+", 50, OP_ADD, NULL, parse_binary},
        {"-", 50, OP_SUB, parse_negate, parse_binary},
        {"*", 60, OP_MUL, parse_wildcard, parse_binary},
        {"/", 60, OP_DIV, NULL, parse_binary},
        {"%", 60, OP_MOD, parse_parent, parse_binary},
        {"=", 40, OP_EQ, NULL, parse_binary},
        {"!=", 40, OP_NE, NULL, parse_binary},
        {"<", 40, OP_LT, NULL, parse_binary},
        {"<=", 40, OP_LE, NULL, parse_binary},
        {">", 40, OP_GT, NULL, parse_binary},
        {">=", 40, OP_GE, NULL, parse_binary},
        {"&", 50, OP_CONCAT, NULL, parse_binary},
        {"and", 30, OP_AND, parse_keyword, parse_binary},
        {"or", 25, OP_OR, parse_keyword, parse_binary},
        {"in", 40, OP_IN, parse_keyword, parse_binary},
        {"^", 40, OP_ORDER, NULL, parse_order},
        {"~>", 40, OP_NONE, NULL, parse_apply},
        {"?:", 40, OP_NONE, NULL, parse_default},
        {"??", 40, OP_NONE, NULL, parse_default},
        {":=", 10, OP_NONE, NULL, parse_bind},
        {"**", 0, OP_NONE, parse_descendant, NULL},
        {"|", 0, OP_NONE, parse_transform, NULL},
        {"..", 0, OP_NONE, NULL, NULL},
        {")", 0, OP_NONE, NULL, NULL},
        {"]", 0, OP_NONE, NULL, NULL},
        {"}", 0, OP_NONE, NULL, NULL},
        {",", 0, OP_NONE, NULL, NULL},
        {":", 0, OP_NONE, NULL, NULL},
        {";", 0, OP_NONE, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (str_eq(t->text, str_of(rules[i].text)))
            return &rules[i];
    return NULL;
}

struct node *parse_expression(str source, struct arena *arena, const struct parse_options *options,
                              struct regex_list *regexes, struct raised *err)
{
    struct parser p = {.arena = arena, .regexes = regexes, .err = err};
    lex_init(&p.lex, source, arena, err);
    p.lex.version_206 = options->version_206;
    if (!parse_read(&p, false))
        return NULL;
    struct node *n = parse_power(&p, 0);
    if (n != NULL && p.tok.kind != TOKEN_END)
        return parse_fail(&p, "S0201", &p.tok);
    return n;
}
