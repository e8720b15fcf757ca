/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What conditions, updates and projections have in common: placeholders, paths, values, lists of
 * operands, and the tree's way to bytes.
 */
#include "services/dynamodb/expr_internal.h"
#include "services/dynamodb/value_json.h"

struct dynamo_node *dynamo_node(struct dynamo_parser *p, uint8_t op, uint32_t count)
{
    struct dynamo_node *n = arena_zalloc(p->arena, sizeof(*n));
    n->op = op;
    n->count = count;
    n->kids = arena_zalloc(p->arena, count * sizeof(struct dynamo_node *));
    return n;
}

bool dynamo_is_value(const struct dynamo_node *n)
{
    return n->op < DYNAMO_PATH;
}

/* ---- placeholders ---- */

static int32_t position_of(struct json_val object, str key)
{
    if (object.tag != JSON_OBJECT)
        return -1;
    return json_shape_find(object.obj->shape, key, json_key_hash(key));
}

static void resolve_name(struct dynamo_parser *p, str placeholder, str *ret)
{
    struct dynamo_scope *s = p->scope;
    int32_t at = position_of(s->names, placeholder);
    *ret = placeholder;
    if (at < 0) {
        dynamo_note(p, RANK_PLACEHOLDER,
                    "An expression attribute name used in the document path is not defined; "
                    "attribute name: %.*s",
                    STR_ARG(placeholder));
        return;
    }
    s->used_names[at] = true;
    *ret = json_str(dynamo_val_at(s->names, (uint32_t)at));
}

bool dynamo_parse_value(struct dynamo_parser *p, struct dynamo_node **ret)
{
    struct dynamo_scope *s = p->scope;
    if (p->token.kind != TOKEN_VALUE)
        return dynamo_syntax(p);
    int32_t at = position_of(s->values, p->token.text);
    *ret = dynamo_node(p, DYNAMO_NULL, 0);
    if (at < 0) {
        dynamo_note(p, RANK_PLACEHOLDER,
                    "An expression attribute value used in expression is not defined; attribute "
                    "value: %.*s",
                    STR_ARG(p->token.text));
    } else {
        s->used_values[at] = true;
        (*ret)->op = s->compiled[at].tag;
        (*ret)->value = s->compiled[at].body;
    }
    dynamo_lex_next(p);
    return true;
}

/* ---- paths ---- */

static bool is_keyword(const struct dynamo_parser *p)
{
    for (const char *const *word = p->keywords; word && *word; word++)
        if (dynamo_is_word(&p->token, *word))
            return true;
    return false;
}

static bool parse_step_name(struct dynamo_parser *p, str *ret)
{
    if (p->token.kind == TOKEN_NAME) {
        resolve_name(p, p->token.text, ret);
    } else if (p->token.kind == TOKEN_WORD && !is_keyword(p)) {
        *ret = p->token.text;
        if (dynamo_is_reserved(*ret))
            dynamo_note(p, RANK_RESERVED,
                        "Attribute name is a reserved keyword; reserved keyword: %.*s",
                        STR_ARG(*ret));
    } else {
        return dynamo_syntax(p);
    }
    dynamo_lex_next(p);
    return true;
}

static bool parse_index(struct dynamo_parser *p, uint32_t *ret)
{
    if (p->token.kind != TOKEN_NUMBER)
        return dynamo_syntax(p);
    uint64_t value = 0;
    for (size_t i = 0; i < p->token.text.n && value <= UINT32_MAX; i++)
        value = value * 10 + (uint64_t)(p->token.text.p[i] - '0');
    if (value > INT32_MAX) {
        dynamo_note(p, RANK_OPERANDS, "List index is not within the allowable range; index: [%.*s]",
                    STR_ARG(p->token.text));
        value = 0;
    }
    *ret = (uint32_t)value;
    dynamo_lex_next(p);
    return dynamo_take_sign(p, "]") || dynamo_syntax(p);
}

bool dynamo_parse_path(struct dynamo_parser *p, struct dynamo_node **ret)
{
    struct dynamo_step steps[DYNAMO_PATH_STEPS];
    uint32_t count = 1;
    steps[0] = (struct dynamo_step){0};
    if (!parse_step_name(p, &steps[0].name))
        return false;
    for (;;) {
        bool is_index = dynamo_take_sign(p, "[");
        if (!is_index && !dynamo_take_sign(p, "."))
            break;
        struct dynamo_step step = {.is_index = is_index};
        if (!(is_index ? parse_index(p, &step.index) : parse_step_name(p, &step.name)))
            return false;
        if (count < DYNAMO_PATH_STEPS)
            steps[count++] = step;
        else
            dynamo_note(p, RANK_OPERANDS,
                        "The document path has too many nesting elements; nesting levels: %u",
                        count + 1);
    }
    *ret = dynamo_node(p, DYNAMO_PATH, 0);
    (*ret)->steps = arena_alloc(p->arena, count * sizeof(*steps));
    memcpy((*ret)->steps, steps, count * sizeof(*steps));
    (*ret)->step_count = count;
    return true;
}

str dynamo_path_text(struct arena *a, const struct dynamo_node *path)
{
    struct buf text;
    buf_init(&text, ERROR_MESSAGE_MAX);
    buf_add_byte(&text, '[');
    for (uint32_t i = 0; i < path->step_count; i++) {
        buf_add(&text, i ? STR(", ") : STR(""));
        if (path->steps[i].is_index)
            buf_printf(&text, "[%u]", path->steps[i].index);
        else
            buf_add(&text, path->steps[i].name);
    }
    buf_add_byte(&text, ']');
    str copy = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return copy;
}

/* The first step in which two paths differ. */
static uint32_t common_steps(const struct dynamo_node *a, const struct dynamo_node *b)
{
    uint32_t i = 0;
    for (; i < a->step_count && i < b->step_count; i++) {
        const struct dynamo_step *x = &a->steps[i], *y = &b->steps[i];
        if (x->is_index != y->is_index || x->index != y->index || !str_eq(x->name, y->name))
            break;
    }
    return i;
}

bool dynamo_same_path(const struct dynamo_node *a, const struct dynamo_node *b)
{
    return a->step_count == b->step_count && common_steps(a, b) == a->step_count;
}

void dynamo_check_overlap(struct dynamo_parser *p, struct dynamo_node **paths, uint32_t count)
{
    for (uint32_t i = 0; i < count && p->rank > RANK_OVERLAP; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct dynamo_node *a = paths[j], *b = paths[i];
            uint32_t at = common_steps(a, b);
            bool overlaps = at == a->step_count || at == b->step_count;
            if (overlaps || a->steps[at].is_index != b->steps[at].is_index)
                dynamo_note(p, RANK_OVERLAP,
                            "Two document paths %s with each other; must remove or rewrite one of "
                            "these paths; path one: %.*s, path two: %.*s",
                            overlaps ? "overlap" : "conflict",
                            STR_ARG(dynamo_path_text(p->arena, a)),
                            STR_ARG(dynamo_path_text(p->arena, b)));
        }
}

struct dynamo_value dynamo_follow(str steps, str item)
{
    struct dynamo_value step, v = {.tag = DYNAMO_M, .body = item};
    while (dynamo_next(&steps, &step)) {
        if (step.tag == DYNAMO_S && v.tag == DYNAMO_M)
            v = dynamo_member(v.body, step.body);
        else if (step.tag == DYNAMO_INDEX && v.tag == DYNAMO_L) {
            uint32_t index;
            memcpy(&index, step.body.p, sizeof(index));
            v = dynamo_at(v.body, index);
        } else {
            return (struct dynamo_value){0};
        }
    }
    return v;
}

/* ---- lists of operands ---- */

bool dynamo_is_function_next(const struct dynamo_parser *p)
{
    return p->token.kind == TOKEN_WORD && dynamo_is_sign(&p->ahead, "(");
}

bool dynamo_parse_list(struct dynamo_parser *p, dynamo_operand_fn *fn, uint32_t max,
                       struct dynamo_node ***ret, uint32_t *ret_count)
{
    uint32_t count = 0, cap = 8;
    struct dynamo_node **list = arena_alloc(p->arena, cap * sizeof(struct dynamo_node *));
    do {
        if (count == cap) {
            struct dynamo_node **more = arena_alloc(p->arena, 2 * cap * sizeof(*more));
            memcpy(more, list, cap * sizeof(*more));
            list = more;
            cap *= 2;
        }
        if (!fn(p, &list[count]))
            return false;
        count++;
    } while (dynamo_take_sign(p, ","));
    if (count > max)
        dynamo_note(p, RANK_OPERANDS,
                    "Too many operands; maximum number of operands: %u, number of operands: %u",
                    max, count);
    *ret = list;
    *ret_count = count;
    return true;
}

/* ---- bytes ---- */

static void emit_steps(const struct dynamo_node *path, struct buf *out)
{
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct dynamo_step *s = &path->steps[i];
        struct dynamo_value v = {.tag = DYNAMO_S, .body = s->name};
        if (s->is_index)
            v = (struct dynamo_value){.tag = DYNAMO_INDEX,
                                      .body = {(const char *)&s->index, sizeof(s->index)}};
        dynamo_put(out, v);
    }
}

void dynamo_emit(const struct dynamo_node *n, struct buf *out)
{
    if (dynamo_is_value(n)) {
        dynamo_put(out, (struct dynamo_value){.tag = n->op, .body = n->value});
        return;
    }
    size_t place = dynamo_begin(out, n->op);
    if (n->op == DYNAMO_PATH)
        emit_steps(n, out);
    for (uint32_t i = 0; i < n->count; i++)
        dynamo_emit(n->kids[i], out);
    dynamo_end(out, place);
}
