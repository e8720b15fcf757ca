/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions and filters: the grammar, by falling precedence OR, AND, NOT, comparison. A
 * parenthesis may hold an operand or a condition, so both are parsed as one and told apart by what
 * came out.
 */
#include "services/dynamodb/expr_internal.h"
#include "services/dynamodb/value_json.h"

static bool parse_or(struct dynamo_parser *p, struct dynamo_node **ret);

/* ---- what is said about operands ---- */

static const struct {
    const char *name;
    uint8_t op;
    uint32_t operands;
} functions[] = {
    {"attribute_exists", DYNAMO_EXISTS, 1}, {"attribute_not_exists", DYNAMO_NOT_EXISTS, 1},
    {"attribute_type", DYNAMO_TYPE, 2},     {"begins_with", DYNAMO_BEGINS, 2},
    {"contains", DYNAMO_CONTAINS, 2},       {"size", DYNAMO_SIZE, 1},
};

static const struct {
    const char *sign;
    uint8_t op;
} comparators[] = {{"=", DYNAMO_EQ},  {"<>", DYNAMO_NE}, {"<", DYNAMO_LT},
                   {"<=", DYNAMO_LE}, {">", DYNAMO_GT},  {">=", DYNAMO_GE}};

static const char *function_name(uint8_t op)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (functions[i].op == op)
            return functions[i].name;
    return NULL;
}

static const char *comparator_sign(uint8_t op)
{
    for (size_t i = 0; i < ARRAY_LEN(comparators); i++)
        if (comparators[i].op == op)
            return comparators[i].sign;
    return "";
}

/* A value, a path or size(): what can be compared. */
static bool is_operand(const struct dynamo_node *n)
{
    return dynamo_is_value(n) || n->op == DYNAMO_PATH || n->op == DYNAMO_SIZE;
}

static void bad_type(struct dynamo_parser *p, const char *what, const char *type)
{
    dynamo_note(p, RANK_TYPES,
                "Incorrect operand type for operator or function; operator or function: %s, "
                "operand type: %s",
                what, type);
}

static void check_distinct(struct dynamo_parser *p, const char *what, const struct dynamo_node *a,
                           const struct dynamo_node *b)
{
    if (a->op == DYNAMO_PATH && b->op == DYNAMO_PATH && dynamo_same_path(a, b))
        dynamo_note(p, RANK_DISTINCT,
                    "The first operand must be distinct from the remaining operands for this "
                    "operator or function; operator: %s, first operand: %.*s",
                    what, STR_ARG(dynamo_path_text(p->arena, a)));
}

static void misused(struct dynamo_parser *p, const struct dynamo_node *n)
{
    dynamo_note(p, RANK_MISUSE,
                "The function is not allowed to be used this way in an expression; function: %s",
                function_name(n->op));
}

/* ---- functions ---- */

static void check_type_name(struct dynamo_parser *p, const struct dynamo_node *n)
{
    static const char *const names[] = {"B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"};
    if (!dynamo_is_value(n) || n->op != DYNAMO_S) {
        bad_type(p, "attribute_type",
                 dynamo_is_value(n) ? dynamo_type_name(n->op) : "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(n->value, str_of(names[i])))
            return;
    dynamo_note(p, RANK_TYPES,
                "Invalid attribute type name found; type: %.*s, valid types: "
                "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                STR_ARG(str_sub(n->value, 0, 100)));
}

static void check_function(struct dynamo_parser *p, const struct dynamo_node *n)
{
    const char *name = function_name(n->op);
    struct dynamo_node **kids = n->kids;
    if (n->count == 2)
        check_distinct(p, name, kids[0], kids[1]);
    if ((n->op == DYNAMO_EXISTS || n->op == DYNAMO_NOT_EXISTS) && kids[0]->op != DYNAMO_PATH)
        dynamo_note(p, RANK_TYPES,
                    "Operator or function requires a document path; operator or function: %s",
                    name);
    if (n->op == DYNAMO_BEGINS)
        for (uint32_t i = 0; i < 2; i++)
            if (kids[i]->op == DYNAMO_SIZE ||
                (dynamo_is_value(kids[i]) && kids[i]->op != DYNAMO_S && kids[i]->op != DYNAMO_B))
                bad_type(p, name, kids[i]->op == DYNAMO_SIZE ? "N" : dynamo_type_name(kids[i]->op));
    if (n->op == DYNAMO_SIZE && dynamo_is_value(kids[0]) &&
        (kids[0]->op == DYNAMO_N || kids[0]->op <= DYNAMO_TRUE))
        bad_type(p, name, dynamo_type_name(kids[0]->op));
    if (n->op == DYNAMO_TYPE)
        check_type_name(p, kids[1]);
}

static bool parse_argument(struct dynamo_parser *p, struct dynamo_node **ret);

static bool parse_function(struct dynamo_parser *p, struct dynamo_node **ret)
{
    str name = p->token.text;
    size_t which = 0;
    dynamo_lex_next(p);
    dynamo_lex_next(p); /* the parenthesis */
    while (which < ARRAY_LEN(functions) && !str_eq(name, str_of(functions[which].name)))
        which++;
    struct dynamo_node *n = dynamo_node(p, DYNAMO_SIZE, 0);
    if (!dynamo_parse_list(p, parse_argument, UINT32_MAX, &n->kids, &n->count))
        return false;
    if (!dynamo_take_sign(p, ")"))
        return dynamo_syntax(p);
    *ret = n;
    if (which == ARRAY_LEN(functions)) {
        dynamo_note(p, RANK_FUNCTION, "Invalid function name; function: %.*s", STR_ARG(name));
        return true;
    }
    n->op = functions[which].op;
    if (n->count != functions[which].operands)
        dynamo_note(p, RANK_OPERANDS,
                    "Incorrect number of operands for operator or function; operator or function: "
                    "%s, number of operands: %u",
                    functions[which].name, n->count);
    else
        check_function(p, n);
    return true;
}

/* ---- operands ---- */

static bool parse_parens(struct dynamo_parser *p, struct dynamo_node **ret)
{
    dynamo_lex_next(p);
    if (!parse_or(p, ret))
        return false;
    if (!dynamo_take_sign(p, ")"))
        return dynamo_syntax(p);
    if ((*ret)->is_in_parens)
        dynamo_note(p, RANK_PARENS, "The expression has redundant parentheses;");
    (*ret)->is_in_parens = true;
    return true;
}

static bool parse_primary(struct dynamo_parser *p, struct dynamo_node **ret)
{
    if (++p->depth > DYNAMO_EXPR_DEPTH) {
        dynamo_note(p, RANK_SYNTAX, "The expression is nested too deeply; the limit is %d levels",
                    DYNAMO_EXPR_DEPTH);
        return false;
    }
    bool is_right;
    if (dynamo_is_sign(&p->token, "("))
        is_right = parse_parens(p, ret);
    else if (p->token.kind == TOKEN_VALUE)
        is_right = dynamo_parse_value(p, ret);
    else if (dynamo_is_function_next(p))
        is_right = parse_function(p, ret);
    else
        is_right = dynamo_parse_path(p, ret);
    p->depth--;
    return is_right;
}

/* Of a function or a list: no condition, and no function but size. */
static bool parse_argument(struct dynamo_parser *p, struct dynamo_node **ret)
{
    if (!parse_primary(p, ret))
        return false;
    if (is_operand(*ret))
        return true;
    if (!function_name((*ret)->op))
        return dynamo_syntax(p);
    misused(p, *ret);
    return true;
}

/* ---- comparisons ---- */

static void check_bounds(struct dynamo_parser *p, const struct dynamo_node *low,
                         const struct dynamo_node *high)
{
    if (!dynamo_is_value(low) || !dynamo_is_value(high))
        return;
    struct dynamo_value a = {low->op, low->value}, b = {high->op, high->value};
    const char *problem = NULL;
    if (a.tag != b.tag)
        problem = "requires same data type for lower and upper bounds";
    else if (dynamo_is_scalar(a.tag) && dynamo_compare(a, b) > 0)
        problem = "requires upper bound to be greater than or equal to lower bound";
    if (!problem)
        return;
    struct buf bounds[2];
    for (int i = 0; i < 2; i++) {
        buf_init(&bounds[i], DYNAMO_BUFFER_BYTES);
        struct buf json;
        buf_init(&json, DYNAMO_BUFFER_BYTES);
        dynamo_value_to_json(i ? b : a, &json);
        for (size_t j = 0; j < json.n; j++)
            if (json.p[j] != '"')
                buf_add_byte(&bounds[i], json.p[j]);
        buf_done(&json);
    }
    dynamo_note(p, RANK_TYPES,
                "The BETWEEN operator %s; lower bound operand: AttributeValue: %.*s, upper bound "
                "operand: AttributeValue: %.*s",
                problem, STR_ARG(str_sub(buf_str(&bounds[0]), 0, 120)),
                STR_ARG(str_sub(buf_str(&bounds[1]), 0, 120)));
    buf_done(&bounds[0]);
    buf_done(&bounds[1]);
}

static bool parse_between(struct dynamo_parser *p, struct dynamo_node *first,
                          struct dynamo_node **ret)
{
    struct dynamo_node *n = dynamo_node(p, DYNAMO_BETWEEN, 3);
    n->kids[0] = first;
    if (!parse_argument(p, &n->kids[1]))
        return false;
    if (!dynamo_take_word(p, "AND"))
        return dynamo_syntax(p);
    if (!parse_argument(p, &n->kids[2]))
        return false;
    check_bounds(p, n->kids[1], n->kids[2]);
    *ret = n;
    return true;
}

static bool parse_in(struct dynamo_parser *p, struct dynamo_node *first, struct dynamo_node **ret)
{
    struct dynamo_node **list, *n;
    uint32_t count;
    if (!dynamo_take_sign(p, "("))
        return dynamo_syntax(p);
    if (!dynamo_parse_list(p, parse_argument, DYNAMO_IN_OPERANDS, &list, &count))
        return false;
    if (!dynamo_take_sign(p, ")"))
        return dynamo_syntax(p);
    n = dynamo_node(p, DYNAMO_IN, count + 1);
    n->kids[0] = first;
    memcpy(n->kids + 1, list, count * sizeof(struct dynamo_node *));
    *ret = n;
    return true;
}

static void check_comparison(struct dynamo_parser *p, const struct dynamo_node *n)
{
    check_distinct(p, comparator_sign(n->op), n->kids[0], n->kids[1]);
    if (n->op == DYNAMO_EQ || n->op == DYNAMO_NE)
        return;
    for (uint32_t i = 0; i < 2; i++)
        if (dynamo_is_value(n->kids[i]) && !dynamo_is_scalar(n->kids[i]->op))
            bad_type(p, comparator_sign(n->op), dynamo_type_name(n->kids[i]->op));
}

static bool parse_compared(struct dynamo_parser *p, uint8_t op, struct dynamo_node *first,
                           struct dynamo_node **ret)
{
    struct dynamo_node *n = dynamo_node(p, op, 2);
    n->kids[0] = first;
    if (!parse_argument(p, &n->kids[1]))
        return false;
    check_comparison(p, n);
    *ret = n;
    return true;
}

/* Is a comparison to follow, its left side may be no condition. */
static bool check_left(struct dynamo_parser *p, const struct dynamo_node *n)
{
    if (is_operand(n))
        return true;
    if (!function_name(n->op) || n->is_in_parens)
        return dynamo_syntax(p);
    misused(p, n);
    return true;
}

static bool parse_comparison(struct dynamo_parser *p, struct dynamo_node **ret)
{
    if (!parse_primary(p, ret))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(comparators); i++) {
        if (!dynamo_is_sign(&p->token, comparators[i].sign))
            continue;
        if (!check_left(p, *ret))
            return false;
        p->operators++;
        dynamo_lex_next(p);
        return parse_compared(p, comparators[i].op, *ret, ret);
    }
    bool is_between = dynamo_is_word(&p->token, "BETWEEN");
    if (!is_between && !dynamo_is_word(&p->token, "IN"))
        return true;
    if (!check_left(p, *ret))
        return false;
    p->operators++;
    dynamo_lex_next(p);
    return is_between ? parse_between(p, *ret, ret) : parse_in(p, *ret, ret);
}

/* ---- conditions ---- */

/* What stands where a condition must. */
static bool check_condition(struct dynamo_parser *p, const struct dynamo_node *n)
{
    if (n->op == DYNAMO_SIZE)
        misused(p, n);
    else if (is_operand(n))
        return dynamo_syntax(p);
    return true;
}

static bool parse_not(struct dynamo_parser *p, struct dynamo_node **ret)
{
    if (!dynamo_is_word(&p->token, "NOT") || dynamo_is_sign(&p->ahead, "="))
        return parse_comparison(p, ret);
    if (++p->depth > DYNAMO_EXPR_DEPTH) {
        dynamo_note(p, RANK_SYNTAX, "The expression is nested too deeply; the limit is %d levels",
                    DYNAMO_EXPR_DEPTH);
        return false;
    }
    struct dynamo_node *n = dynamo_node(p, DYNAMO_NOT, 1);
    p->operators++;
    dynamo_lex_next(p);
    if (!parse_not(p, &n->kids[0]) || !check_condition(p, n->kids[0]))
        return false;
    p->depth--;
    *ret = n;
    return true;
}

/* Conditions joined by one word, as one node. */
static bool parse_joined(struct dynamo_parser *p, const char *word, uint8_t op,
                         dynamo_operand_fn *inner, struct dynamo_node **ret)
{
    if (!inner(p, ret))
        return false;
    struct dynamo_node **list = NULL, *n;
    uint32_t count = 1, cap = 0;
    while (dynamo_is_word(&p->token, word)) {
        if (!check_condition(p, *ret))
            return false;
        if (count + 1 > cap) {
            struct dynamo_node **more = arena_alloc(p->arena, (cap + 8) * 2 * sizeof(*more));
            if (list)
                memcpy(more, list, count * sizeof(*more));
            else
                more[0] = *ret;
            list = more;
            cap = (cap + 8) * 2;
        }
        p->operators++;
        dynamo_lex_next(p);
        if (!inner(p, &n) || !check_condition(p, n))
            return false;
        list[count++] = n;
    }
    if (count == 1)
        return true;
    n = dynamo_node(p, op, 0);
    n->kids = list;
    n->count = count;
    *ret = n;
    return true;
}

static bool parse_and(struct dynamo_parser *p, struct dynamo_node **ret)
{
    return parse_joined(p, "AND", DYNAMO_AND, parse_not, ret);
}

static bool parse_or(struct dynamo_parser *p, struct dynamo_node **ret)
{
    return parse_joined(p, "OR", DYNAMO_OR, parse_and, ret);
}

static bool parse_whole(struct dynamo_parser *p, struct dynamo_node **ret)
{
    if (!parse_or(p, ret))
        return false;
    if (p->token.kind != TOKEN_END)
        return dynamo_syntax(p);
    return check_condition(p, *ret);
}

struct dynamo_node *dynamo_parse_condition(struct dynamo_parser *p, const char *which, str text,
                                           struct error *err)
{
    static const char *const keywords[] = {"AND", "OR", "NOT", "BETWEEN", "IN", NULL};
    struct dynamo_node *n = NULL;
    p->keywords = keywords;
    dynamo_lex_begin(p, text);
    bool is_parsed = parse_whole(p, &n);
    if (is_parsed && p->operators > DYNAMO_EXPR_OPERATORS)
        dynamo_note(p, RANK_SYNTAX,
                    "The expression contains too many operators; maximum operator count: %d, "
                    "operator count: %u",
                    DYNAMO_EXPR_OPERATORS, p->operators);
    return dynamo_finish(p, which, err) == STATUS_OK ? n : NULL;
}
