/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading paths: the small reader that filters and expressions use too, and the steps of a path.
 * What a path means is settled in path_compile.c; conditions are in filter_compile.c.
 */
#include "jsonpath/path_internal.h"

/* ---- the reader ---- */

bool path_fail(struct path_reader *r, const char *what)
{
    if (r->status == STATUS_OK)
        r->status =
            error_set(r->err, STATUS_INVALID, "InvalidPath", "%s at position %zu", what, r->at);
    return false;
}

bool path_fail_limit(struct path_reader *r, const char *what)
{
    if (r->status == STATUS_OK)
        r->status = error_set(r->err, STATUS_LIMIT, "JsonPathLimit", "%s", what);
    return false;
}

bool path_enter(struct path_reader *r)
{
    if (r->nesting >= JSONPATH_MAX_NESTING)
        return path_fail_limit(r, "the path is nested too deeply");
    r->nesting++;
    return true;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void path_skip_blanks(struct path_reader *r)
{
    while (is_blank(path_peek(r)))
        r->at++;
}

void path_trim(struct path_reader *r)
{
    while (r->text.n > 0 && is_blank((unsigned char)r->text.p[r->text.n - 1]))
        r->text.n--;
    path_skip_blanks(r);
}

bool path_skip(struct path_reader *r, char c)
{
    size_t at = r->at;
    path_skip_blanks(r);
    if (path_peek(r) == (unsigned char)c) {
        r->at++;
        return true;
    }
    r->at = at;
    return false;
}

bool path_read_quoted(struct path_reader *r, str *ret)
{
    int quote = path_peek(r);
    size_t from = ++r->at, escapes = 0;
    for (;; r->at++) {
        int c = path_peek(r);
        if (c < 0)
            return path_fail(r, "a text has no closing quote");
        if (c == quote)
            break;
        if (c == '\\' && r->at + 1 < r->text.n &&
            (r->text.p[r->at + 1] == quote || r->text.p[r->at + 1] == '\\')) {
            escapes++;
            r->at++;
        }
    }
    str raw = str_sub(r->text, from, r->at++);
    *ret = raw;
    if (escapes == 0)
        return true;
    char *out = arena_alloc(r->arena, raw.n);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.n &&
            ((unsigned char)raw.p[i + 1] == quote || raw.p[i + 1] == '\\'))
            i++;
        out[n++] = raw.p[i];
    }
    *ret = (str){out, n};
    return true;
}

/* ---- steps ---- */

static struct path_step *step_add(struct path_reader *r, struct path_list *list,
                                  enum path_kind kind)
{
    if (list->count++ >= JSONPATH_MAX_STEPS) {
        path_fail_limit(r, "the path has too many parts");
        return NULL;
    }
    struct path_step *s = arena_zalloc(r->arena, sizeof *s);
    s->kind = (uint8_t)kind;
    if (list->last)
        list->last->next = s;
    else
        list->first = s;
    list->last = s;
    return s;
}

static struct path_name step_name(str text)
{
    return (struct path_name){text, json_key_hash(text)};
}

/* An integer as Java's parseInt takes it. */
static bool read_integer(struct path_reader *r, int64_t *ret)
{
    bool is_negative = path_peek(r) == '-';
    int64_t n = 0;
    size_t from = r->at += is_negative;
    for (int c; (c = path_peek(r)) >= '0' && c <= '9'; r->at++) {
        n = n * 10 + (c - '0');
        if (n > INT32_MAX)
            return path_fail(r, "an index is too large");
    }
    if (r->at == from)
        return path_fail(r, "an index is missing");
    *ret = is_negative ? -n : n;
    return true;
}

/* ['a'] ["a",'b']: r stands at the first quote. */
static bool read_names(struct path_reader *r, struct path_list *list)
{
    struct path_name *names = NULL;
    uint32_t count = 0, cap = 0;
    do {
        str text;
        path_skip_blanks(r);
        if (path_peek(r) != '\'' && path_peek(r) != '"')
            return path_fail(r, "a name in quotes is missing");
        if (!path_read_quoted(r, &text))
            return false;
        if (count == cap) {
            struct path_name *more = arena_alloc(r->arena, sizeof *more * (cap = cap * 2 + 1));
            if (count > 0)
                memcpy(more, names, sizeof *more * count);
            names = more;
        }
        names[count++] = step_name(text);
    } while (path_skip(r, ','));
    struct path_step *s = step_add(r, list, count == 1 ? PATH_NAME : PATH_NAMES);
    if (s == NULL)
        return false;
    s->count = count;
    s->name = names[0];
    if (count > 1)
        s->names = names;
    return true;
}

static bool read_indexes(struct path_reader *r, struct path_list *list, int64_t first)
{
    int64_t *indexes = arena_alloc(r->arena, sizeof *indexes * 2);
    uint32_t count = 0, cap = 2;
    indexes[count++] = first;
    while (path_skip(r, ',')) {
        if (count == cap) {
            int64_t *more = arena_alloc(r->arena, sizeof *more * cap * 2);
            memcpy(more, indexes, sizeof *more * count);
            indexes = more;
            cap *= 2;
        }
        path_skip_blanks(r);
        if (!read_integer(r, &indexes[count++]))
            return false;
    }
    struct path_step *s = step_add(r, list, count == 1 ? PATH_INDEX : PATH_INDEXES);
    if (s == NULL)
        return false;
    s->count = count;
    if (count == 1)
        s->index = first;
    else
        s->indexes = indexes;
    return true;
}

/* [1] [0,2] [1:] [:2] [1:2] */
static bool read_array(struct path_reader *r, struct path_list *list)
{
    int64_t from = PATH_OPEN, to = PATH_OPEN;
    if (path_peek(r) != ':' && !read_integer(r, &from))
        return false;
    if (!path_skip(r, ':'))
        return read_indexes(r, list, from);
    path_skip_blanks(r);
    if (path_peek(r) != ']' && !read_integer(r, &to))
        return false;
    if (from == PATH_OPEN && to == PATH_OPEN)
        return path_fail(r, "a slice has no bounds");
    struct path_step *s = step_add(r, list, PATH_SLICE);
    if (s == NULL)
        return false;
    s->from = from;
    s->to = to;
    return true;
}

static bool read_filter(struct path_reader *r, struct path_list *list)
{
    const struct path_filter *filter;
    r->at++;
    if (!path_enter(r) || !path_read_filter(r, &filter))
        return false;
    r->nesting--;
    struct path_step *s = step_add(r, list, PATH_FILTER);
    if (s == NULL)
        return false;
    s->filter = filter;
    return true;
}

static bool read_bracket(struct path_reader *r, struct path_list *list)
{
    r->at++;
    path_skip_blanks(r);
    int c = path_peek(r);
    bool is_read;
    if (c == '\'' || c == '"') {
        is_read = read_names(r, list);
    } else if (c == '*') {
        r->at++;
        is_read = step_add(r, list, PATH_WILDCARD) != NULL;
    } else if (c == '?') {
        is_read = read_filter(r, list);
    } else if (c == '-' || c == ':' || (c >= '0' && c <= '9')) {
        is_read = read_array(r, list);
    } else {
        return path_fail(r, "expected ?, ', 0-9 or * in brackets");
    }
    if (is_read && !path_skip(r, ']'))
        return path_fail(r, "a bracket is not closed");
    return is_read;
}

/* The arguments of a function behind its opening bracket. */
static bool read_args(struct path_reader *r, struct path_function *f)
{
    struct path_arg *args = NULL;
    uint32_t cap = 0;
    if (path_skip(r, ')'))
        return true;
    do {
        if (f->arg_count == cap) {
            struct path_arg *more = arena_alloc(r->arena, sizeof *more * (cap = cap * 2 + 2));
            if (f->arg_count > 0)
                memcpy(more, args, sizeof *more * f->arg_count);
            args = more;
        }
        struct path_arg *arg = &args[f->arg_count++];
        *arg = (struct path_arg){0};
        path_skip_blanks(r);
        bool is_read = path_peek(r) == '$' ? path_read(r, PATH_IN_CALL, &arg->path)
                                           : path_read_constant(r, &arg->value);
        if (!is_read)
            return false;
        if (arg->path && arg->path->root != JSONPATH_INPUT)
            return path_fail(r, "arguments of a function start at $");
    } while (path_skip(r, ','));
    f->args = args;
    return path_skip(r, ')') || path_fail(r, "the arguments of a function are not closed");
}

static bool read_function(struct path_reader *r, struct path_list *list, str name)
{
    int id = path_function_find(name);
    if (id < 0)
        return path_fail(r, "there is no such function");
    struct path_function *f = arena_zalloc(r->arena, sizeof *f);
    f->id = (uint8_t)id;
    r->at++;
    if (!path_enter(r) || !read_args(r, f))
        return false;
    r->nesting--;
    struct path_step *s = step_add(r, list, PATH_FUNCTION);
    if (s == NULL)
        return false;
    s->function = f;
    return true;
}

/* Does a name without quotes end before c? */
static bool ends_name(int c, enum path_end end)
{
    if (c < 0 || c == '.' || c == '[' || c == '(' || is_blank(c))
        return true;
    if (end == PATH_IN_FILTER)
        return strchr("<>=~!&|)],", c) != NULL;
    return end == PATH_IN_CALL && (c == ',' || c == ')');
}

static bool read_name(struct path_reader *r, struct path_list *list, enum path_end end)
{
    size_t from = r->at;
    while (!ends_name(path_peek(r), end))
        r->at++;
    str text = str_sub(r->text, from, r->at);
    if (text.n == 0)
        return path_fail(r, "a name is missing");
    if (path_peek(r) == '(')
        return read_function(r, list, text);
    if (end == PATH_TO_END && is_blank(path_peek(r)))
        return path_fail(r, "a name with blanks needs brackets and quotes");
    struct path_step *s = step_add(r, list, PATH_NAME);
    if (s == NULL)
        return false;
    s->name = step_name(text);
    return true;
}

/* Dots, if any, and the step behind them. */
static bool read_step(struct path_reader *r, struct path_list *list, enum path_end end)
{
    if (path_peek(r) == '.') {
        r->at++;
        if (path_peek(r) == '.') {
            r->at++;
            if (step_add(r, list, PATH_SCAN) == NULL)
                return false;
        }
        if (path_peek(r) == '.')
            return path_fail(r, "there are too many dots");
    }
    if (path_peek(r) == '[')
        return read_bracket(r, list);
    if (path_peek(r) == '*') {
        r->at++;
        return step_add(r, list, PATH_WILDCARD) != NULL;
    }
    return read_name(r, list, end);
}

static bool is_name_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

/* $ $$ $name @ */
static bool read_root(struct path_reader *r, enum path_end end, struct jsonpath *path)
{
    int c = path_peek(r);
    if (c == '@' && end == PATH_IN_FILTER) {
        path->is_current = true;
        r->at++;
        return true;
    }
    if (c != '$')
        return path_fail(r, "a path starts with $");
    size_t from = ++r->at;
    if (end == PATH_IN_FILTER)
        return true; /* of the same document, whatever the path's root is */
    if (path_peek(r) == '$') {
        r->at++;
        path->root = JSONPATH_CONTEXT;
        return true;
    }
    c = path_peek(r);
    if (!is_name_byte(c) || (c >= '0' && c <= '9'))
        return true;
    while (is_name_byte(path_peek(r)))
        r->at++;
    path->root = JSONPATH_VARIABLE;
    path->variable = str_sub(r->text, from, r->at);
    return true;
}

/* ---- all of it ---- */

static bool goes_on(const struct path_reader *r, enum path_end end)
{
    int c = path_peek(r);
    return c == '.' || c == '[' || (c == '*' && end == PATH_TO_END) || !ends_name(c, end);
}

bool path_read(struct path_reader *r, enum path_end end, const struct jsonpath **ret)
{
    struct jsonpath *path = arena_zalloc(r->arena, sizeof *path);
    struct path_list list = {0};
    size_t from = r->at;
    if (!path_enter(r) || !read_root(r, end, path))
        return false;
    if (goes_on(r, end) && path_peek(r) != '.' && path_peek(r) != '[')
        return path_fail(r, "expected '.' or '['");
    while (goes_on(r, end))
        if (!read_step(r, &list, end))
            return false;
    if (list.last && list.last->kind == PATH_SCAN)
        return path_fail(r, "a path must not end with '.' or '..'");
    path->text = str_sub(r->text, from, r->at);
    path_settle(r, path, &list);
    r->nesting--;
    *ret = path;
    return true;
}
