/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions on text, those with regular expressions aside (fn_regex.c). Positions and lengths count
 * code points; slices of a string are borrowed from it.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "jsonata/function.h"
#include "jsonata/unicode_case.h"
#include <math.h>

static const struct json_val string_failed = {.tag = VAL_FAILED};

static unsigned string_flags(struct json_val v)
{
    return v.flags & (JSON_ASCII | JSON_PLAIN);
}

static struct json_val string_part(struct json_val v, size_t from, size_t to)
{
    return json_string(str_sub(json_str(v), from, to), string_flags(v));
}

struct json_val fn_string(struct ev *e, const struct call *c)
{
    int pretty = ev_truth(e, c->args[1]);
    return pretty < 0 ? string_failed : ev_string(e, c->args[0], pretty, c->node);
}

struct json_val fn_length(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    (void)e;
    if (v.tag == JSON_UNDEFINED)
        return v;
    return json_num((double)(v.flags & JSON_ASCII ? v.len : utf8_len(json_str(v))));
}

/* ---- parts ---- */

/* JavaScript's Array.slice bounds: whole numbers, negative ones from the end. */
static size_t string_bound(double at, size_t len)
{
    at = isnan(at) ? 0 : trunc(at);
    if (at < 0)
        at += (double)len;
    return at <= 0 ? 0 : at >= (double)len ? len : (size_t)at;
}

static size_t string_offset(struct json_val v, size_t index)
{
    return v.flags & JSON_ASCII ? index : utf8_offset(json_str(v), index);
}

struct json_val fn_substring(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    (void)e;
    if (v.tag == JSON_UNDEFINED)
        return v;
    size_t len = v.flags & JSON_ASCII ? v.len : utf8_len(json_str(v));
    double start = json_is_number(c->args[1]) ? json_number(c->args[1]) : (double)NAN,
           end = (double)INFINITY;
    if ((double)len + start < 0)
        start = 0;
    if (c->args[2].tag != JSON_UNDEFINED) {
        double length = json_number(c->args[2]);
        if (length <= 0)
            return string_part(v, 0, 0);
        end = start >= 0 ? start + length : (double)len + start + length;
    }
    size_t from = string_bound(start, len), to = string_bound(end, len);
    if (from >= to)
        return string_part(v, 0, 0);
    return string_part(v, string_offset(v, from), string_offset(v, to));
}

struct json_val fn_substring_before(struct ev *e, const struct call *c)
{
    (void)e;
    if (c->args[0].tag == JSON_UNDEFINED || c->args[1].tag == JSON_UNDEFINED)
        return c->args[0];
    size_t at = str_find(json_str(c->args[0]), json_str(c->args[1]), 0);
    return at == STR_NONE ? c->args[0] : string_part(c->args[0], 0, at);
}

struct json_val fn_substring_after(struct ev *e, const struct call *c)
{
    (void)e;
    if (c->args[0].tag == JSON_UNDEFINED || c->args[1].tag == JSON_UNDEFINED)
        return c->args[0];
    size_t at = str_find(json_str(c->args[0]), json_str(c->args[1]), 0);
    return at == STR_NONE ? c->args[0]
                          : string_part(c->args[0], at + c->args[1].len, c->args[0].len);
}

/* ---- case ---- */

static struct json_val string_case_ascii(struct ev *e, struct json_val v, char first, char last)
{
    char *out = ev_alloc(e, v.len);
    if (out == NULL)
        return string_failed;
    for (uint32_t i = 0; i < v.len; i++) {
        char ch = v.ptr[i];
        out[i] = ch >= first && ch <= last ? (char)(ch ^ 0x20) : ch;
    }
    return json_string((str){out, v.len}, string_flags(v));
}

static bool string_is_cased(uint32_t cp)
{
    return unicode_upper(cp) != cp || unicode_lower(cp) != cp;
}

/* A sigma at the end of a word has a small form of its own. */
static bool string_is_final(str s, size_t before, size_t after)
{
    size_t at = before > 0 ? utf8_prev(s, before) : 0;
    if (before == 0 || !string_is_cased(utf8_next(s, &at)))
        return false;
    return after >= s.n || !string_is_cased(utf8_next(s, &after));
}

static uint32_t string_other_case(str s, size_t from, size_t to, uint32_t cp, bool upper)
{
    if (upper)
        return unicode_upper(cp);
    return cp == 0x3A3 && string_is_final(s, from, to) ? 0x3C2 : unicode_lower(cp);
}

static struct json_val string_case_unicode(struct ev *e, struct json_val v, bool upper)
{
    str s = json_str(v);
    size_t room = (size_t)v.len * 3 + 4, n = 0;
    char *out = ev_alloc(e, room);
    if (out == NULL)
        return string_failed;
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        uint32_t cp = utf8_next(s, &at), several[3];
        size_t count =
            upper ? unicode_upper_several(cp, several) : unicode_lower_several(cp, several);
        for (size_t i = 0; i < count; i++)
            n += utf8_encode(several[i], out + n);
        if (count == 0)
            n += utf8_encode(string_other_case(s, from, at, cp, upper), out + n);
    }
    arena_shrink(e->arena, out, room, n);
    return json_string((str){out, n}, v.flags & JSON_PLAIN);
}

struct json_val fn_lowercase(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    if (v.tag == JSON_UNDEFINED)
        return v;
    return v.flags & JSON_ASCII || utf8_is_ascii(json_str(v)) ? string_case_ascii(e, v, 'A', 'Z')
                                                              : string_case_unicode(e, v, false);
}

struct json_val fn_uppercase(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    if (v.tag == JSON_UNDEFINED)
        return v;
    return v.flags & JSON_ASCII || utf8_is_ascii(json_str(v)) ? string_case_ascii(e, v, 'a', 'z')
                                                              : string_case_unicode(e, v, true);
}

/* ---- shape ---- */

struct json_val fn_trim(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    if (v.tag == JSON_UNDEFINED)
        return v;
    char *out = ev_alloc(e, v.len);
    size_t n = 0;
    bool space = false;
    if (out == NULL)
        return string_failed;
    for (uint32_t i = 0; i < v.len; i++) {
        char ch = v.ptr[i];
        if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r') {
            space = n > 0;
            continue;
        }
        if (space)
            out[n++] = ' ';
        space = false;
        out[n++] = ch;
    }
    return json_string((str){out, n}, string_flags(v));
}

/* Fills `count` code points by repeating pad. Returns bytes written; out NULL only counts. */
static size_t string_fill(str pad, size_t count, char *out)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t from = at;
        utf8_next(pad, &at);
        if (out != NULL)
            memcpy(out + n, pad.p + from, at - from);
        n += at - from;
        if (at == pad.n)
            at = 0;
    }
    return n;
}

struct json_val fn_pad(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0], with = c->args[2];
    if (v.tag == JSON_UNDEFINED)
        return v;
    double width = json_is_number(c->args[1]) ? trunc(json_number(c->args[1])) : (double)NAN;
    if (with.tag == JSON_UNDEFINED || with.len == 0)
        with = json_string(STR(" "), JSON_ASCII | JSON_PLAIN);
    double missing = fabs(width) - (double)utf8_len(json_str(v));
    if (!(missing > 0))
        return v;
    if (missing > UINT32_MAX / 8 || !ev_charge(e, (uint64_t)missing / 8, c->node))
        return ev_failed(string_failed) && e->steps >= 0 ? ev_fail_memory(e, c->node)
                                                         : string_failed;
    size_t count = (size_t)missing, n = string_fill(json_str(with), count, NULL);
    char *out = ev_alloc(e, v.len + n);
    if (out == NULL)
        return string_failed;
    bool right = width > 0;
    memcpy(right ? out : out + n, v.ptr, v.len);
    string_fill(json_str(with), count, right ? out + v.len : out);
    return json_string((str){out, v.len + n}, string_flags(v) & with.flags);
}

/* $join: one pass for the size, one to copy. */
struct json_val fn_join(struct ev *e, const struct call *c)
{
    struct json_val list = c->args[0], sep = c->args[1];
    if (list.tag == JSON_UNDEFINED)
        return list;
    unsigned flags = JSON_ASCII | JSON_PLAIN;
    if (sep.tag == JSON_UNDEFINED)
        sep = json_string(STR(""), flags);
    uint64_t n = list.len > 1 ? (uint64_t)(list.len - 1) * sep.len : 0;
    for (uint32_t i = 0; i < list.len; i++) {
        n += list.items[i].len;
        flags &= list.items[i].flags;
    }
    if (n > UINT32_MAX / 2)
        return ev_fail_memory(e, c->node);
    char *out = ev_alloc(e, n);
    if (out == NULL || !ev_charge(e, list.len, c->node))
        return string_failed;
    size_t at = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        if (i > 0 && sep.len > 0) {
            memcpy(out + at, sep.ptr, sep.len);
            at += sep.len;
        }
        memcpy(out + at, list.items[i].ptr, list.items[i].len);
        at += list.items[i].len;
    }
    return json_string((str){out, n}, list.len > 1 ? flags & sep.flags : flags);
}
