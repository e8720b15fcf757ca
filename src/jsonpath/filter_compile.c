/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to the condition of a filter:
 *
 *   or      = and { "||" and }
 *   and     = part { "&&" part }
 *   part    = "!" part | "(" or ")" | operand [ operator operand ]
 *   operand = path | constant | /pattern/flags
 *
 * As in Jayway, `!` in front of a path belongs to a test for existence (!@.a) and means nothing
 * when a comparison follows. Evaluation is in filter_eval.c.
 */
#include "jsonpath/filter.h"

#include "base/number.h"
#include "json/parse.h"
#include <strings.h>

static const char *const filter_operators[] = {
#define X(id, text) [FILTER_##id] = (text),
    FILTER_OPERATOR_LIST(X)
#undef X
};

/* ---- constants ---- */

static bool is_word_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c >= 0x80;
}

/* A number as JSON has it; the tag keeps what a double would lose. */
static bool read_number(struct path_reader *r, struct json_val *ret)
{
    double value;
    struct error err;
    str rest = str_sub(r->text, r->at, r->text.n);
    size_t n = number_parse(rest, &value);
    if (n == 0)
        return path_fail(r, "expected a value");
    r->at += n;
    if (json_parse_in(r->arena, (str){rest.p, n}, NULL, ret, &err) == STATUS_OK)
        return true;
    return path_fail(r, "not a number");
}

static bool read_word(struct path_reader *r, struct json_val *ret)
{
    size_t from = r->at;
    while (is_word_byte(path_peek(r)))
        r->at++;
    str word = str_sub(r->text, from, r->at);
    if (word.n == 0)
        return path_fail(r, "expected a value");
    if (str_eq(word, STR("null")))
        *ret = json_null();
    else if (str_eq(word, STR("true")) || str_eq(word, STR("false")))
        *ret = json_bool(word.p[0] == 't');
    else
        *ret = json_string(word, 0);
    return true;
}

static bool read_array(struct path_reader *r, struct json_val *ret)
{
    struct json_val *items = NULL;
    uint32_t count = 0, cap = 0;
    r->at++;
    *ret = json_array(NULL, 0);
    if (path_skip(r, ']'))
        return true;
    do {
        if (count == cap) {
            struct json_val *more = arena_alloc(r->arena, sizeof *more * (cap = cap * 2 + 4));
            if (count > 0)
                memcpy(more, items, sizeof *more * count);
            items = more;
        }
        if (!path_read_constant(r, &items[count++]))
            return false;
    } while (path_skip(r, ','));
    *ret = json_array(items, count);
    return path_skip(r, ']') || path_fail(r, "an array is not closed");
}

static bool read_object(struct path_reader *r, struct json_val *ret)
{
    struct json_obj_builder builder;
    struct json_shapes *shapes = arena_alloc(r->arena, sizeof *shapes);
    r->at++;
    json_shapes_init(shapes, r->arena);
    json_obj_begin(&builder, shapes, 4);
    if (!path_skip(r, '}')) {
        do {
            struct json_val key, value;
            if (!path_read_constant(r, &key))
                return false;
            if (key.tag != JSON_STRING || !path_skip(r, ':'))
                return path_fail(r, "expected a name and a colon");
            if (!path_read_constant(r, &value))
                return false;
            json_obj_put(&builder, json_str(key), json_text_flags(json_str(key)), value);
        } while (path_skip(r, ','));
        if (!path_skip(r, '}'))
            return path_fail(r, "an object is not closed");
    }
    *ret = json_obj_end(&builder);
    return true;
}

static bool read_nested(struct path_reader *r, struct json_val *ret)
{
    if (!path_enter(r))
        return false;
    bool is_read = path_peek(r) == '[' ? read_array(r, ret) : read_object(r, ret);
    r->nesting--;
    return is_read;
}

bool path_read_constant(struct path_reader *r, struct json_val *ret)
{
    path_skip_blanks(r);
    int c = path_peek(r);
    if (c == '[' || c == '{')
        return read_nested(r, ret);
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(r, ret);
    if (c != '\'' && c != '"')
        return read_word(r, ret);
    str text;
    if (!path_read_quoted(r, &text))
        return false;
    *ret = json_string(text, 0);
    return true;
}

/* ---- operands and operators ---- */

static bool read_pattern(struct path_reader *r, struct filter_operand *ret)
{
    size_t from = ++r->at;
    for (;; r->at++) {
        int c = path_peek(r);
        if (c < 0)
            return path_fail(r, "a pattern is not closed");
        if (c == '/')
            break;
        if (c == '\\' && r->at + 1 < r->text.n)
            r->at++;
    }
    str pattern = str_sub(r->text, from, r->at);
    from = ++r->at;
    while ((path_peek(r) | 0x20) >= 'a' && (path_peek(r) | 0x20) <= 'z')
        r->at++;
    ret->pattern = filter_pattern_new(r, pattern, str_sub(r->text, from, r->at));
    return ret->pattern != NULL;
}

static bool read_operand(struct path_reader *r, struct filter_operand *ret)
{
    *ret = (struct filter_operand){0};
    path_skip_blanks(r);
    switch (path_peek(r)) {
    case '$':
    case '@': return path_read(r, PATH_IN_FILTER, &ret->path);
    case '/': return read_pattern(r, ret);
    default: return path_read_constant(r, &ret->value);
    }
}

/* The operator at r, or -1 and r stays. Words may be written in capitals. */
static int read_operator(struct path_reader *r)
{
    size_t at = r->at;
    path_skip_blanks(r);
    str rest = str_sub(r->text, r->at, r->text.n);
    size_t n = 0;
    if (rest.n > 0 && strchr("<>=~!", rest.p[0]) != NULL)
        while (n < rest.n && rest.p[n] != '\0' && strchr("<>=~!", rest.p[n]) != NULL)
            n++;
    else
        while (n < rest.n && (rest.p[n] | 0x20) >= 'a' && (rest.p[n] | 0x20) <= 'z')
            n++;
    for (size_t i = 0; n > 0 && i < ARRAY_LEN(filter_operators); i++)
        if (strlen(filter_operators[i]) == n && strncasecmp(filter_operators[i], rest.p, n) == 0) {
            r->at += n;
            return (int)i;
        }
    r->at = at;
    return -1;
}

/* ---- conditions ---- */

static struct path_filter *filter_new(struct path_reader *r, enum filter_kind kind)
{
    struct path_filter *f = arena_zalloc(r->arena, sizeof *f);
    f->kind = (uint8_t)kind;
    return f;
}

static bool read_or(struct path_reader *r, struct path_filter **ret);

static bool read_comparison(struct path_reader *r, bool is_inverted, struct path_filter **ret)
{
    struct path_filter *f = filter_new(r, FILTER_COMPARE);
    if (!read_operand(r, &f->left))
        return false;
    int op = read_operator(r);
    *ret = f;
    if (op >= 0) {
        f->op = (uint8_t)op;
        return read_operand(r, &f->right);
    }
    f->kind = FILTER_EXISTS;
    f->is_inverted = is_inverted;
    return f->left.path != NULL || path_fail(r, "expected an operator");
}

static bool read_part(struct path_reader *r, struct path_filter **ret)
{
    bool is_read;
    if (!path_enter(r))
        return false;
    if (path_skip(r, '!')) {
        path_skip_blanks(r);
        if (path_peek(r) == '$' || path_peek(r) == '@') {
            is_read = read_comparison(r, true, ret);
        } else {
            struct path_filter *f = filter_new(r, FILTER_NOT), *part = NULL;
            is_read = read_part(r, &part);
            f->first = part;
            *ret = f;
        }
    } else if (path_skip(r, '(')) {
        is_read = read_or(r, ret) && (path_skip(r, ')') || path_fail(r, "expected ')'"));
    } else {
        is_read = read_comparison(r, false, ret);
    }
    r->nesting--;
    return is_read;
}

/* Parts with an operator of two characters between them. */
static bool read_list(struct path_reader *r, char mark, enum filter_kind kind,
                      bool (*read)(struct path_reader *, struct path_filter **),
                      struct path_filter **ret)
{
    struct path_filter *list, *last;
    if (!read(r, &last))
        return false;
    *ret = last;
    for (list = NULL; path_skip(r, mark);) {
        if (path_peek(r) != (unsigned char)mark)
            return path_fail(r, "expected && or ||");
        r->at++;
        if (list == NULL) {
            list = filter_new(r, kind);
            list->first = last;
            *ret = list;
        }
        struct path_filter *part;
        if (!read(r, &part))
            return false;
        last->next = part;
        last = part;
    }
    return true;
}

static bool read_and(struct path_reader *r, struct path_filter **ret)
{
    return read_list(r, '&', FILTER_AND, read_part, ret);
}

static bool read_or(struct path_reader *r, struct path_filter **ret)
{
    return read_list(r, '|', FILTER_OR, read_and, ret);
}

bool path_read_filter(struct path_reader *r, const struct path_filter **ret)
{
    struct path_filter *f;
    if (!path_skip(r, '('))
        return path_fail(r, "expected '(' behind '?'");
    if (!read_or(r, &f))
        return false;
    *ret = f;
    return path_skip(r, ')') || path_fail(r, "expected ')'");
}
