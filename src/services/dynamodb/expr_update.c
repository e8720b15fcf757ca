/* SPDX-License-Identifier: Apache-2.0 */
/* Update expressions and projections: grammar, and what is refused before any item is seen. */
#include "services/dynamodb/expr_internal.h"

/* What is being put together: actions in order, and their paths. */
struct update {
    struct dynamo_parser *p;
    struct buf out;
    struct dynamo_node **paths;
    uint32_t count, cap;
};

static void add_path(struct update *u, struct dynamo_node *path)
{
    if (u->count == u->cap) {
        uint32_t cap = u->cap ? 2 * u->cap : 16;
        struct dynamo_node **more = arena_alloc(u->p->arena, cap * sizeof(*more));
        if (u->count > 0)
            memcpy(more, u->paths, u->count * sizeof(*more));
        u->paths = more;
        u->cap = cap;
    }
    u->paths[u->count++] = path;
}

/* ---- operands of SET ---- */

static bool parse_operand(struct dynamo_parser *p, struct dynamo_node **ret);

static void bad_type(struct dynamo_parser *p, const char *what, const struct dynamo_node *n)
{
    dynamo_note(p, RANK_TYPES,
                "Incorrect operand type for operator or function; operator or function: %s, "
                "operand type: %s",
                what, dynamo_type_name(n->op));
}

static bool parse_function(struct dynamo_parser *p, struct dynamo_node **ret)
{
    str name = p->token.text;
    bool is_append = str_eq(name, STR("list_append"));
    struct dynamo_node *n = dynamo_node(p, is_append ? DYNAMO_APPEND : DYNAMO_IF_NOT_EXISTS, 0);
    if (!is_append && !str_eq(name, STR("if_not_exists")))
        dynamo_note(p, RANK_FUNCTION, "Invalid function name; function: %.*s", STR_ARG(name));
    dynamo_lex_next(p);
    dynamo_lex_next(p); /* the parenthesis */
    if (!dynamo_parse_list(p, parse_operand, UINT32_MAX, &n->kids, &n->count))
        return false;
    if (!dynamo_take_sign(p, ")"))
        return dynamo_syntax(p);
    *ret = n;
    if (n->count != 2) {
        dynamo_note(p, RANK_OPERANDS,
                    "Incorrect number of operands for operator or function; operator or function: "
                    "%.*s, number of operands: %u",
                    STR_ARG(name), n->count);
        return true;
    }
    if (!is_append && n->kids[0]->op != DYNAMO_PATH)
        dynamo_note(p, RANK_TYPES,
                    "Operator or function requires a document path; operator or function: %.*s",
                    STR_ARG(name));
    for (uint32_t i = 0; is_append && i < 2; i++)
        if (dynamo_is_value(n->kids[i]) && n->kids[i]->op != DYNAMO_L)
            bad_type(p, "list_append", n->kids[i]);
    return true;
}

static bool parse_sum(struct dynamo_parser *p, struct dynamo_node **ret);

static bool parse_operand(struct dynamo_parser *p, struct dynamo_node **ret)
{
    bool is_right;
    if (++p->depth > DYNAMO_EXPR_DEPTH) {
        dynamo_note(p, RANK_SYNTAX, "The expression is nested too deeply; the limit is %d levels",
                    DYNAMO_EXPR_DEPTH);
        return false;
    }
    if (dynamo_take_sign(p, "(")) {
        is_right = parse_sum(p, ret) && (dynamo_take_sign(p, ")") || dynamo_syntax(p));
        if (is_right && (*ret)->is_in_parens)
            dynamo_note(p, RANK_PARENS, "The expression has redundant parentheses;");
        if (is_right)
            (*ret)->is_in_parens = true;
    } else if (p->token.kind == TOKEN_VALUE) {
        is_right = dynamo_parse_value(p, ret);
    } else {
        is_right = dynamo_is_function_next(p) ? parse_function(p, ret) : dynamo_parse_path(p, ret);
    }
    p->depth--;
    return is_right;
}

static bool parse_sum(struct dynamo_parser *p, struct dynamo_node **ret)
{
    struct dynamo_node *first;
    if (!parse_operand(p, &first))
        return false;
    *ret = first;
    bool is_minus = dynamo_is_sign(&p->token, "-");
    if (!is_minus && !dynamo_is_sign(&p->token, "+"))
        return true;
    struct dynamo_node *n = dynamo_node(p, is_minus ? DYNAMO_MINUS : DYNAMO_PLUS, 2);
    dynamo_lex_next(p);
    n->kids[0] = first;
    if (!parse_operand(p, &n->kids[1]))
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (dynamo_is_value(n->kids[i]) && n->kids[i]->op != DYNAMO_N)
            bad_type(p, is_minus ? "-" : "+", n->kids[i]);
    *ret = n;
    return true;
}

/* ---- actions ---- */

static const struct {
    const char *word;
    uint8_t op;
} sections[] = {
    {"SET", DYNAMO_SET}, {"REMOVE", DYNAMO_REMOVE}, {"ADD", DYNAMO_ADD}, {"DELETE", DYNAMO_DELETE}};

static const char *long_type(uint8_t tag)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } names[] = {{DYNAMO_S, "STRING"},     {DYNAMO_N, "NUMBER"},     {DYNAMO_B, "BINARY"},
                 {DYNAMO_L, "LIST"},       {DYNAMO_M, "MAP"},        {DYNAMO_NULL, "NULL"},
                 {DYNAMO_TRUE, "BOOLEAN"}, {DYNAMO_FALSE, "BOOLEAN"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].tag == tag)
            return names[i].name;
    return NULL;
}

/* ADD takes numbers and sets, DELETE sets. */
static void check_added(struct dynamo_parser *p, uint8_t op, const struct dynamo_node *value)
{
    const char *type = long_type(value->op);
    if (type && !(op == DYNAMO_ADD && value->op == DYNAMO_N))
        dynamo_note(p, RANK_TYPES,
                    "Incorrect operand type for operator or function; operator: %s, operand type: "
                    "%s, typeSet: ALLOWED_FOR_%s_OPERAND",
                    op == DYNAMO_ADD ? "ADD" : "DELETE", type, op == DYNAMO_ADD ? "ADD" : "DELETE");
}

static bool parse_action(struct update *u, uint8_t op)
{
    struct dynamo_parser *p = u->p;
    struct dynamo_node *n = dynamo_node(p, op, op == DYNAMO_REMOVE ? 1 : 2);
    if (!dynamo_parse_path(p, &n->kids[0]))
        return false;
    add_path(u, n->kids[0]);
    if (op == DYNAMO_SET) {
        if (!dynamo_take_sign(p, "="))
            return dynamo_syntax(p);
        if (!parse_sum(p, &n->kids[1]))
            return false;
    } else if (op != DYNAMO_REMOVE) {
        if (!dynamo_parse_value(p, &n->kids[1]))
            return false;
        check_added(p, op, n->kids[1]);
    }
    dynamo_emit(n, &u->out);
    return true;
}

static bool parse_section(struct update *u, unsigned *seen)
{
    struct dynamo_parser *p = u->p;
    size_t i = 0;
    while (i < ARRAY_LEN(sections) && !dynamo_is_word(&p->token, sections[i].word))
        i++;
    if (i == ARRAY_LEN(sections))
        return dynamo_syntax(p);
    if (*seen & 1u << i)
        dynamo_note(p, RANK_SECTION,
                    "The \"%s\" section can only be used once in an update expression;",
                    sections[i].word);
    *seen |= 1u << i;
    dynamo_lex_next(p);
    do {
        if (!parse_action(u, sections[i].op))
            return false;
    } while (dynamo_take_sign(p, ","));
    return true;
}

static bool parse_update(struct update *u)
{
    unsigned seen = 0;
    do {
        if (!parse_section(u, &seen))
            return false;
    } while (u->p->token.kind != TOKEN_END);
    return true;
}

/* ---- the four compilers ---- */

static enum status begin(struct dynamo_scope *s, const char *which, str text,
                         struct dynamo_parser *p, struct error *err)
{
    *p = (struct dynamo_parser){.scope = s, .arena = s->arena, .rank = RANK_NONE};
    if (text.n == 0)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "Invalid %s: The expression can not be empty;", which);
    if (text.n > DYNAMO_EXPR_BYTES)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "Invalid %s: Expression size has exceeded the maximum allowed size; "
                         "expression size: %zu",
                         which, text.n);
    return STATUS_OK;
}

static str take(struct dynamo_scope *s, struct buf *out)
{
    str program = arena_dup(s->arena, buf_str(out));
    buf_done(out);
    return program;
}

enum status dynamo_compile_update(struct dynamo_scope *s, str text, str *ret, struct error *err)
{
    struct dynamo_parser p;
    enum status status = begin(s, "UpdateExpression", text, &p, err);
    if (status != STATUS_OK)
        return status;
    static const char *const keywords[] = {"SET", "REMOVE", "ADD", "DELETE", NULL};
    struct update u = {.p = &p};
    p.keywords = keywords;
    buf_init(&u.out, DYNAMO_BUFFER_BYTES);
    dynamo_lex_begin(&p, text);
    if (parse_update(&u))
        dynamo_check_overlap(&p, u.paths, u.count);
    *ret = take(s, &u.out);
    return dynamo_finish(&p, "UpdateExpression", err);
}

enum status dynamo_compile_projection(struct dynamo_scope *s, str text, str *ret, struct error *err)
{
    struct dynamo_parser p;
    struct dynamo_node **paths;
    uint32_t count = 0;
    enum status status = begin(s, "ProjectionExpression", text, &p, err);
    if (status != STATUS_OK)
        return status;
    dynamo_lex_begin(&p, text);
    if (dynamo_parse_list(&p, dynamo_parse_path, UINT32_MAX, &paths, &count)) {
        if (p.token.kind != TOKEN_END)
            dynamo_syntax(&p);
        dynamo_check_overlap(&p, paths, count);
    }
    if (dynamo_finish(&p, "ProjectionExpression", err) != STATUS_OK)
        return STATUS_INVALID;
    struct buf out;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    for (uint32_t i = 0; i < count; i++)
        dynamo_emit(paths[i], &out);
    *ret = take(s, &out);
    return STATUS_OK;
}

str dynamo_projection_of(struct arena *a, const str *names, uint32_t count)
{
    struct buf out;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        size_t place = dynamo_begin(&out, DYNAMO_PATH);
        dynamo_put(&out, (struct dynamo_value){DYNAMO_S, names[i]});
        dynamo_end(&out, place);
    }
    str program = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return program;
}

enum status dynamo_compile_condition(struct dynamo_scope *s, const char *which, str text, str *ret,
                                     struct error *err)
{
    struct dynamo_parser p;
    enum status status = begin(s, which, text, &p, err);
    if (status != STATUS_OK)
        return status;
    struct dynamo_node *n = dynamo_parse_condition(&p, which, text, err);
    if (!n)
        return STATUS_INVALID;
    struct buf out;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    dynamo_emit(n, &out);
    *ret = take(s, &out);
    return STATUS_OK;
}

/* ---- key conditions ---- */

static enum status refuse_key(struct error *err, const char *text, const char *what,
                              const char *rest)
{
    return error_set(err, STATUS_INVALID, "ValidationException", "%s%s%s", text, what, rest);
}

static const char *refused_operator(uint8_t op)
{
    return op == DYNAMO_OR           ? "OR"
           : op == DYNAMO_NOT        ? "NOT"
           : op == DYNAMO_IN         ? "IN"
           : op == DYNAMO_NE         ? "<>"
           : op == DYNAMO_EXISTS     ? "attribute_exists"
           : op == DYNAMO_NOT_EXISTS ? "attribute_not_exists"
           : op == DYNAMO_TYPE       ? "attribute_type"
           : op == DYNAMO_CONTAINS   ? "contains"
                                     : NULL;
}

/* :v < name is name > :v */
static uint8_t turned(uint8_t op)
{
    switch (op) {
    case DYNAMO_LT: return DYNAMO_GT;
    case DYNAMO_LE: return DYNAMO_GE;
    case DYNAMO_GT: return DYNAMO_LT;
    case DYNAMO_GE: return DYNAMO_LE;
    default: return op;
    }
}

/* Which operand is the key attribute. */
static enum status find_key(const struct dynamo_node *n, uint32_t *ret, struct error *err)
{
    uint32_t found = n->count;
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->kids[i]->op == DYNAMO_SIZE)
            return refuse_key(err, "KeyConditionExpressions cannot contain nested operations", "",
                              "");
        if (n->kids[i]->op != DYNAMO_PATH)
            continue;
        if (found < n->count)
            return refuse_key(err,
                              "Invalid condition in KeyConditionExpression: Multiple attribute "
                              "names used in one condition",
                              "", "");
        if (n->kids[i]->step_count > 1)
            return refuse_key(
                err, "KeyConditionExpressions cannot have conditions on nested attributes", "", "");
        found = i;
    }
    if (found == n->count)
        return refuse_key(
            err, "Invalid condition in KeyConditionExpression: No key attribute specified", "", "");
    if (found > 0 && (n->op == DYNAMO_BETWEEN || n->op == DYNAMO_BEGINS))
        return refuse_key(err, "Invalid condition in KeyConditionExpression: ",
                          n->op == DYNAMO_BETWEEN ? "BETWEEN" : "begins_with",
                          " operator must have the key attribute as its first operand");
    *ret = found;
    return STATUS_OK;
}

static enum status emit_key(const struct dynamo_node *n, struct buf *out, struct error *err)
{
    uint32_t key = 0;
    const char *refused = refused_operator(n->op);
    if (n->op == DYNAMO_AND) {
        for (uint32_t i = 0; i < n->count; i++)
            if (emit_key(n->kids[i], out, err) != STATUS_OK)
                return STATUS_INVALID;
        return STATUS_OK;
    }
    if (refused)
        return refuse_key(err, "Invalid operator used in KeyConditionExpression: ", refused, "");
    if (find_key(n, &key, err) != STATUS_OK)
        return STATUS_INVALID;
    str name = n->kids[key]->steps[0].name;
    struct dynamo_value before;
    for (str rest = buf_str(out); dynamo_next(&rest, &before);) {
        struct dynamo_value other;
        if (dynamo_next(&before.body, &other) && str_eq(other.body, name))
            return refuse_key(
                err, "KeyConditionExpressions must only contain one condition per key", "", "");
    }
    size_t place = dynamo_begin(out, key == 0 ? n->op : turned(n->op));
    dynamo_put(out, (struct dynamo_value){DYNAMO_S, name});
    for (uint32_t i = 0; i < n->count; i++)
        if (i != key)
            dynamo_emit(n->kids[i], out);
    dynamo_end(out, place);
    return STATUS_OK;
}

enum status dynamo_compile_key_condition(struct dynamo_scope *s, str text, str *ret,
                                         struct error *err)
{
    struct dynamo_parser p;
    enum status status = begin(s, "KeyConditionExpression", text, &p, err);
    if (status != STATUS_OK)
        return status;
    struct dynamo_node *n = dynamo_parse_condition(&p, "KeyConditionExpression", text, err);
    if (!n)
        return STATUS_INVALID;
    struct buf out;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    status = emit_key(n, &out, err);
    *ret = take(s, &out);
    return status;
}
