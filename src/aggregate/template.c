/* SPDX-License-Identifier: Apache-2.0 */
/* See template.h. A text is cut into pieces (literals and names) first; path, names and values of
 * parameters are then written as what joins their pieces. */
#include "aggregate/template.h"

#include "base/buf.h"
#include "base/utf8.h"
#include <string.h>
#include <strings.h>

struct reading {
    enum template_kind kind;
    struct arena *arena;
    struct template *ret;
    bool has_columns; /* in what is being written */
    struct error *err;
};

struct piece {
    str text; /* of a literal, or the name between braces */
    bool is_name;
};

struct pieces {
    struct piece items[TEMPLATE_PIECES];
    uint32_t count;
};

static enum status PRINTF_LIKE(2, 3) wrong(struct reading *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum status status = error_vset(r->err, STATUS_INVALID, "Template", fmt, args);
    va_end(args);
    return status;
}

/* ---- names ---- */

static const struct {
    const char *name;
    const char *expression;
    enum template_kind from; /* the first kind that has it */
    bool is_raw;             /* not encoded in a path */
} names[] = {
    {"api", "$api", TEMPLATE_SUMMARY, true},
    {"type", "$type_of_rows", TEMPLATE_PAGE, false},
    {"limit", "$string($limit)", TEMPLATE_PAGE, true},
    {"offset", "$string($offset)", TEMPLATE_PAGE, true},
    {"page", "$string($floor($offset / $limit) + 1)", TEMPLATE_PAGE, true},
};

/* JSONata has no escape for the quote itself. */
static void put_text(struct buf *out, str text)
{
    buf_add_byte(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\\')
            buf_add(out, STR("\\\\"));
        else if (c == '\'' || c < ' ')
            buf_printf(out, "\\u%04x", c);
        else
            buf_add_byte(out, text.p[i]);
    }
    buf_add_byte(out, '\'');
}

/* $column(VALUE, NAME), which is defined in front of what has columns. */
static void put_column(struct buf *out, str name)
{
    size_t dot = str_find_byte(name, '.', 0);
    buf_add(out, STR("$column("));
    if (dot != STR_NONE) {
        buf_add(out, STR("($whole := $lookup($location, "));
        put_text(out, name);
        buf_add(out, STR("); $exists($whole) ? $whole : "));
        for (size_t at = dot; at != STR_NONE; at = str_find_byte(name, '.', at + 1))
            buf_add(out, STR("$lookup("));
    }
    buf_add(out, STR("$lookup($location, "));
    put_text(out, str_sub(name, 0, dot));
    buf_add_byte(out, ')');
    while (dot != STR_NONE) {
        size_t next = str_find_byte(name, '.', dot + 1);
        buf_add(out, STR(", "));
        put_text(out, str_sub(name, dot + 1, next));
        buf_add_byte(out, ')');
        dot = next;
    }
    if (str_find_byte(name, '.', 0) != STR_NONE)
        buf_add_byte(out, ')');
    buf_add(out, STR(", "));
    put_text(out, name);
    buf_add_byte(out, ')');
}

static const char column[] =
    "$column := function($value, $name) { ($type($value) = 'string' and $value != '') or "
    "$type($value) = 'number' or $type($value) = 'boolean' ? $string($value) : $error('the "
    "location ' & $location.location_id & ' has no ' & $name) }; ";

/* A name's value as a text. */
static enum status put_name(struct reading *r, struct buf *out, str name, bool is_encoded)
{
    size_t known = 0;
    while (known < ARRAY_LEN(names) && !str_eq(str_of(names[known].name), name))
        known++;
    bool is_column = known == ARRAY_LEN(names);
    if (!is_column && r->kind < names[known].from)
        return wrong(r, "{%.*s} is not known here", STR_ARG(name));
    bool is_raw = is_column ? str_eq(name, STR("url")) : names[known].is_raw;
    if (is_encoded && !is_raw)
        buf_add(out, STR("$encodeUrlComponent("));
    if (is_column)
        put_column(out, name);
    else
        buf_add(out, str_of(names[known].expression));
    if (is_encoded && !is_raw)
        buf_add_byte(out, ')');
    r->has_columns |= is_column;
    r->ret->has_offset |= str_eq(name, STR("offset"));
    r->ret->has_page |= str_eq(name, STR("page"));
    return STATUS_OK;
}

/* ---- pieces ---- */

static enum status add_piece(struct reading *r, struct pieces *l, str text, bool is_name)
{
    if (l->count == TEMPLATE_PIECES)
        return error_set(r->err, STATUS_LIMIT, "Template", "more than %d names and what is between",
                         TEMPLATE_PIECES);
    l->items[l->count++] = (struct piece){text, is_name};
    return STATUS_OK;
}

static enum status check_name(struct reading *r, str name)
{
    uint32_t dots = 0;
    if (name.n == 0)
        return wrong(r, "{} has no name in it");
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '{' || (unsigned char)name.p[i] < ' ' || name.p[i] == 0x7F)
            return wrong(r, "{%.*s is not a name in braces", STR_ARG(str_sub(name, 0, i)));
        dots += name.p[i] == '.';
    }
    if (dots > TEMPLATE_DEPTH)
        return error_set(r->err, STATUS_LIMIT, "Template", "a name with more than %d dots",
                         TEMPLATE_DEPTH);
    return STATUS_OK;
}

static enum status cut(struct reading *r, str text, struct pieces *ret)
{
    enum status status = STATUS_OK;
    ret->count = 0;
    for (size_t at = 0; at < text.n && status == STATUS_OK;) {
        size_t end = at;
        while (end < text.n && text.p[end] != '{' && text.p[end] != '}')
            end++;
        if (end > at) {
            status = add_piece(r, ret, str_sub(text, at, end), false);
        } else if (text.p[at] == '}') {
            status = wrong(r, "a } without its {");
        } else {
            end = str_find_byte(text, '}', at);
            if (end == STR_NONE)
                return wrong(r, "a { without its }");
            str name = str_sub(text, at + 1, end++);
            status = check_name(r, name);
            if (status == STATUS_OK)
                status = add_piece(r, ret, name, true);
        }
        at = end;
    }
    return status;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Of a parameter: what it means. */
static enum status put_decoded(struct reading *r, struct buf *out, str text)
{
    char *bytes = arena_alloc(r->arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bytes[n] = text.p[i];
        if (text.p[i] == '+') {
            bytes[n] = ' ';
        } else if (text.p[i] == '%') {
            int high = i + 2 < text.n ? hex_of(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? hex_of(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return wrong(r, "a %% without two digits behind it; %%25 is one");
            bytes[n] = (char)(16 * high + low);
            i += 2;
        }
        n++;
    }
    if (utf8_check((str){bytes, n}) != n)
        return wrong(r, "what '%.*s' stands for is not UTF-8", STR_ARG(text));
    put_text(out, (str){bytes, n});
    return STATUS_OK;
}

/* All pieces, joined to one text. A name that an address begins with is not encoded. */
static enum status put_pieces(struct reading *r, struct buf *out, const struct pieces *l,
                              bool is_path)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < l->count && status == STATUS_OK; i++) {
        const struct piece *p = &l->items[i];
        if (i > 0)
            buf_add(out, STR(" & "));
        if (p->is_name)
            status = put_name(r, out, p->text, is_path && i > 0);
        else if (is_path)
            put_text(out, p->text);
        else
            status = put_decoded(r, out, p->text);
    }
    if (l->count == 0)
        buf_add(out, STR("''"));
    return status;
}

static str finish(struct reading *r, struct buf *out)
{
    const char *head = r->has_columns ? column : "";
    r->has_columns = false;
    return arena_printf(r->arena, "%s%s%.*s%s", *head ? "(" : "", head, STR_ARG(buf_str(out)),
                        *head ? ")" : "");
}

/* ---- the path ---- */

static bool begins_well(const struct pieces *l)
{
    static const char *const schemes[] = {"https://", "http://"};
    str first = l->count > 0 ? l->items[0].text : STR("");
    bool is_well = l->count > 0 && l->items[0].is_name;
    for (size_t i = 0; i < ARRAY_LEN(schemes) && !is_well; i++) {
        size_t n = strlen(schemes[i]);
        is_well = first.n >= n && strncasecmp(first.p, schemes[i], n) == 0 &&
                  (first.n > n || l->count > 1);
    }
    return is_well;
}

static enum status read_path(struct reading *r, str text)
{
    struct pieces pieces;
    struct buf out;
    enum status status = cut(r, text, &pieces);
    if (status != STATUS_OK)
        return status;
    if (!begins_well(&pieces))
        return wrong(r, "it begins with neither https:// nor http:// nor a name in braces");
    buf_init(&out, SIZE_MAX / 2);
    status = put_pieces(r, &out, &pieces, true);
    r->ret->url = finish(r, &out);
    buf_done(&out);
    return status;
}

/* ---- parameters ---- */

/* The first of these characters that is not between braces; STR_NONE: there is none. */
static size_t find_open(str text, const char *characters, size_t from)
{
    bool is_inside = false;
    for (size_t i = from; i < text.n; i++) {
        is_inside = text.p[i] == '{' || (is_inside && text.p[i] != '}');
        if (!is_inside && text.p[i] && strchr(characters, text.p[i]))
            return i;
    }
    return STR_NONE;
}

struct parameter {
    str name, value; /* expressions */
    bool is_written;
};

static enum status read_text(struct reading *r, str text, str *ret)
{
    struct pieces pieces;
    struct buf out;
    enum status status = cut(r, text, &pieces);
    if (status != STATUS_OK)
        return status;
    buf_init(&out, SIZE_MAX / 2);
    status = put_pieces(r, &out, &pieces, false);
    *ret = arena_dup(r->arena, buf_str(&out));
    buf_done(&out);
    return status;
}

static enum status read_parameters(struct reading *r, str text, struct parameter *list,
                                   uint32_t *ret_count)
{
    enum status status = STATUS_OK;
    *ret_count = 0;
    for (size_t at = 0; at < text.n && status == STATUS_OK;) {
        size_t end = find_open(text, "&", at);
        str one = str_sub(text, at, end == STR_NONE ? text.n : end);
        at = end == STR_NONE ? text.n : end + 1;
        if (one.n == 0)
            continue;
        if (*ret_count == TEMPLATE_PARAMETERS)
            return error_set(r->err, STATUS_LIMIT, "Template", "more than %d parameters",
                             TEMPLATE_PARAMETERS);
        struct parameter *p = &list[(*ret_count)++];
        size_t equals = find_open(one, "=", 0);
        *p = (struct parameter){0};
        status = read_text(r, str_sub(one, 0, equals), &p->name);
        if (status == STATUS_OK)
            status = read_text(r, equals == STR_NONE ? STR("") : str_sub(one, equals + 1, one.n),
                               &p->value);
    }
    return status;
}

/* A name that is there again has an array, where it is first. */
static void put_parameter(struct buf *out, struct parameter *list, uint32_t at, uint32_t count)
{
    uint32_t same = 0;
    for (uint32_t i = at; i < count; i++)
        same += str_eq(list[i].name, list[at].name);
    buf_printf(out, "%s%.*s: %s", out->n > 1 ? ", " : "", STR_ARG(list[at].name),
               same > 1 ? "[" : "");
    for (uint32_t i = at; i < count; i++) {
        if (!str_eq(list[i].name, list[at].name))
            continue;
        buf_printf(out, "%s%.*s", i > at ? ", " : "", STR_ARG(list[i].value));
        list[i].is_written = true;
    }
    if (same > 1)
        buf_add_byte(out, ']');
}

static enum status read_query(struct reading *r, str text)
{
    struct parameter *list = arena_alloc(r->arena, TEMPLATE_PARAMETERS * sizeof(*list));
    struct buf out;
    uint32_t count;
    enum status status = read_parameters(r, text, list, &count);
    if (status != STATUS_OK)
        return status;
    buf_init(&out, SIZE_MAX / 2);
    buf_add_byte(&out, '{');
    for (uint32_t i = 0; i < count; i++)
        if (!list[i].is_written)
            put_parameter(&out, list, i, count);
    buf_add_byte(&out, '}');
    r->ret->query = finish(r, &out);
    buf_done(&out);
    return STATUS_OK;
}

enum status template_read(str text, enum template_kind kind, struct arena *a, struct template *ret,
                          struct error *err)
{
    struct reading r = {.kind = kind, .arena = a, .ret = ret, .err = err};
    *ret = (struct template){.query = STR("{}")};
    if (text.n > TEMPLATE_MAX)
        return error_set(err, STATUS_LIMIT, "Template", "more than %d bytes", TEMPLATE_MAX);
    if (utf8_check(text) != text.n)
        return wrong(&r, "it is not UTF-8");
    if (find_open(text, "#", 0) != STR_NONE)
        return wrong(&r, "a '#' has no meaning in it; %%23 is one");
    size_t question = find_open(text, "?", 0);
    if (kind == TEMPLATE_API && question != STR_NONE)
        return wrong(&r, "where an API begins there are no parameters");
    str path = str_sub(text, 0, question);
    while (kind == TEMPLATE_API && path.n > 0 && path.p[path.n - 1] == '/')
        path.n--;
    enum status status = read_path(&r, path);
    if (status == STATUS_OK && question != STR_NONE)
        status = read_query(&r, str_sub(text, question + 1, text.n));
    return status;
}
