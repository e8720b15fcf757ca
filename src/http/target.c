/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading targets, see target.h. One pass checks all of it, so that decoding cannot fail later.
 * What paths and queries mean is not here.
 */
#include "http/target.h"
#include "base/utf8.h"

static int target_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that an escape at `at` stands for, or -1. */
static int target_escape(str s, size_t at)
{
    if (at + 2 >= s.n)
        return -1;
    int high = target_hex(s.p[at + 1]), low = target_hex(s.p[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum status target_refuse(struct error *err, const char *why)
{
    return error_set(err, STATUS_INVALID, "HttpTarget", "The request's target %s.", why);
}

static size_t target_unescape(str s, bool is_form, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%') {
            out[n++] = (char)target_escape(s, i);
            i += 2;
        } else {
            out[n++] = is_form && s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return n;
}

static enum status target_check_bytes(str text, struct error *err)
{
    bool is_plain = true;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c <= ' ' || c == 0x7F)
            return target_refuse(err, "has a space or a control character in it");
        is_plain = is_plain && c < 0x80 && c != '%';
        if (c != '%')
            continue;
        int byte = target_escape(text, i);
        if (byte < 0)
            return target_refuse(err, "has a '%' without two hexadecimal digits behind it");
        if (byte == 0)
            return target_refuse(err, "has a NUL in it");
    }
    if (is_plain)
        return STATUS_OK;
    struct arena a;
    arena_init(&a, 0);
    char *decoded = arena_alloc(&a, text.n);
    size_t n = target_unescape(text, false, decoded);
    bool is_text = utf8_check((str){decoded, n}) == n;
    arena_done(&a);
    return is_text ? STATUS_OK : target_refuse(err, "is not UTF-8");
}

/* "http://authority" before the path. */
static str target_take_authority(str *text)
{
    static const str schemes[] = {{"http://", 7}, {"https://", 8}};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!str_starts(*text, schemes[i]))
            continue;
        str rest = str_sub(*text, schemes[i].n, text->n);
        size_t end = 0;
        while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
            end++;
        *text = str_sub(rest, end, rest.n);
        return str_sub(rest, 0, end);
    }
    return (str){"", 0};
}

enum status http_target_read(str text, struct http_target *ret, struct error *err)
{
    if (text.n > HTTP_TARGET_MAX)
        return error_set(err, STATUS_LIMIT, "HttpTarget",
                         "The request's target is longer than %d bytes.", HTTP_TARGET_MAX);
    enum status status = target_check_bytes(text, err);
    if (status != STATUS_OK)
        return status;
    struct http_target t = {.authority = target_take_authority(&text)};
    size_t mark = str_find_byte(text, '?', 0);
    t.has_query = mark != STR_NONE;
    t.path = str_sub(text, 0, mark);
    t.query = t.has_query ? str_sub(text, mark + 1, text.n) : (str){"", 0};
    if (t.path.n == 0 && t.authority.n > 0)
        t.path = STR("/");
    if (!str_starts(t.path, STR("/")) && !str_eq(t.path, STR("*")))
        return target_refuse(err, "does not begin with '/'");
    *ret = t;
    return STATUS_OK;
}

str http_target_decode(struct arena *a, str part, bool is_form)
{
    bool is_plain = true;
    for (size_t i = 0; i < part.n && is_plain; i++)
        is_plain = part.p[i] != '%' && !(is_form && part.p[i] == '+');
    if (is_plain)
        return part;
    char *out = arena_alloc(a, part.n);
    return (str){out, target_unescape(part, is_form, out)};
}

struct http_walk http_walk_path(str path)
{
    return (struct http_walk){.rest = str_sub(path, 1, path.n)};
}

bool http_walk_segment(struct http_walk *w, str *ret_segment)
{
    if (w->is_over)
        return false;
    size_t end = str_find_byte(w->rest, '/', 0);
    *ret_segment = str_sub(w->rest, 0, end);
    w->is_over = end == STR_NONE;
    w->rest = w->is_over ? (str){"", 0} : str_sub(w->rest, end + 1, w->rest.n);
    return true;
}

bool http_walk_pair(struct http_walk *w, str *ret_name, str *ret_value)
{
    while (!w->is_over) {
        size_t end = str_find_byte(w->rest, '&', 0);
        str pair = str_sub(w->rest, 0, end);
        w->is_over = end == STR_NONE;
        w->rest = w->is_over ? (str){"", 0} : str_sub(w->rest, end + 1, w->rest.n);
        if (pair.n == 0)
            continue;
        size_t equals = str_find_byte(pair, '=', 0);
        *ret_name = str_sub(pair, 0, equals);
        *ret_value = equals == STR_NONE ? (str){"", 0} : str_sub(pair, equals + 1, pair.n);
        return true;
    }
    return false;
}

str http_query_get(struct arena *a, str query, str name)
{
    struct http_walk w = {.rest = query};
    str key, value;
    while (http_walk_pair(&w, &key, &value))
        if (str_eq(http_target_decode(a, key, true), name))
            return http_target_decode(a, value, true);
    return (str){0};
}
