/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that are more than plain ASCII between two quotes: escapes, UTF-8, errors. The common
 * case, where the scan ends at the closing quote and saw no high bit, stays in parse.c.
 */
#include "base/utf8.h"
#include "json/parse_internal.h"
#include "json/scan.h"

static bool string_fail(struct parser *ps, const char *at, const char *reason)
{
    ps->bad_at = at;
    ps->reason = reason;
    return false;
}

static bool string_stopped(struct parser *ps, const char *at)
{
    if (at >= ps->end)
        return string_fail(ps, ps->end, "unexpected end of the text inside a string");
    return string_fail(ps, at, NULL); /* a control character: parse_refuse() names it */
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The code unit of the four digits at p, or -1. Reads no further than the first that is none. */
static int32_t hex4(const char *p)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* The character that follows a backslash in a short escape, 0 when there is none. */
static char short_escape(char c)
{
    switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/* at stands on a backslash. Writes what it means to out, moves at behind the escape. */
static char *decode_escape(struct parser *ps, const char **at, char *out)
{
    const char *p = *at;
    if (p[1] != 'u') {
        char c = short_escape(p[1]);
        if (c == 0) {
            if (p + 1 >= ps->end)
                string_stopped(ps, ps->end);
            else
                string_fail(ps, p, "unknown escape in a string");
            return NULL;
        }
        *out = c;
        *at = p + 2;
        return out + 1;
    }
    int32_t unit = hex4(p + 2);
    if (unit < 0) {
        string_fail(ps, p, "\\u must be followed by four hexadecimal digits");
        return NULL;
    }
    p += 6;
    uint32_t code = (uint32_t)unit;
    if (unit >= 0xD800 && unit < 0xDC00 && p[0] == '\\' && p[1] == 'u') {
        int32_t low = hex4(p + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            p += 6;
        }
    }
    *at = p;
    return out + utf8_encode(code, out);
}

/* The place of the closing quote, from at on, which stands on a backslash; NULL when there is none.
 */
static const char *find_quote(struct parser *ps, const char *at, uint64_t *high)
{
    while (*at == '\\') {
        uint64_t seen;
        if (at[1] == '\0' && at + 1 >= ps->end) {
            string_stopped(ps, ps->end);
            return NULL;
        }
        /* an escape is ASCII; anything else behind the backslash is refused when it is decoded */
        *high |= (uint8_t)at[1] & 0x80u;
        at = scan_string(at + 2, &seen);
        *high |= seen;
    }
    if (*at == '"')
        return at;
    string_stopped(ps, at);
    return NULL;
}

static char *decode_all(struct parser *ps, const char *p, const char *quote, char *out)
{
    while (p < quote) {
        const char *slash = memchr(p, '\\', (size_t)(quote - p));
        size_t run = (size_t)((slash ? slash : quote) - p);
        memcpy(out, p, run);
        out += run;
        p += run;
        if (slash) {
            out = decode_escape(ps, &p, out);
            if (!out)
                return NULL;
        }
    }
    return out;
}

bool parse_string_rest(struct parser *ps, const char *start, const char *at, uint64_t high,
                       struct parsed_string *ret)
{
    const char *quote = at;
    if (*at == '\\')
        quote = find_quote(ps, at, &high);
    else if (*at != '"')
        return string_stopped(ps, at);
    if (!quote)
        return false;
    str raw = {start, (size_t)(quote - start)};
    if (high != 0) {
        size_t valid = utf8_check(raw);
        if (valid != raw.n)
            return string_fail(ps, raw.p + valid, "invalid UTF-8");
    }
    ret->next = quote + 1;
    if (*at == '"') {
        ret->p = start;
        ret->n = raw.n;
        ret->flags = JSON_PLAIN | (high == 0 ? JSON_ASCII : 0);
        return true;
    }
    char *out = arena_alloc(ps->arena, raw.n);
    char *end = decode_all(ps, start, quote, out);
    if (!end)
        return false;
    ret->p = out;
    ret->n = (size_t)(end - out);
    ret->flags = scan_flags(out, ret->n);
    arena_shrink(ps->arena, out, raw.n, ret->n);
    return true;
}

bool json_read_string(struct arena *arena, const char **at, const char *end, struct json_val *ret)
{
    struct parser ps = {.end = end, .arena = arena};
    struct parsed_string string;
    uint64_t high;
    const char *start = *at + 1, *stop = scan_string(start, &high);
    if (!parse_string_rest(&ps, start, stop, high, &string))
        return false;
    *ret = json_string((str){string.p, string.n}, string.flags);
    *at = string.next;
    return true;
}
