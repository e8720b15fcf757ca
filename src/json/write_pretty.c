/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text for people: two spaces per level as JSON.stringify(v, null, 2) does it, and the colours
 * that jq shows on a terminal. Strings and numbers themselves are written by write.c.
 */
#include "json/write_internal.h"

enum { INDENT = 2 };

#define COLOR(code) STR("\033[" code "m")
#define COLOR_OFF STR("\033[0m")

static str color_of(struct json_val v)
{
    switch (v.tag) {
    case JSON_UNDEFINED:
    case JSON_NULL: return COLOR("1;30");
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_INT:
    case JSON_NUMTEXT: return COLOR("0;39");
    case JSON_ARRAY:
    case JSON_OBJECT: return COLOR("1;39");
    default: return COLOR("0;32");
    }
}

static bool pretty_add(struct writer *w, str s)
{
    if (!writer_room(w, s.n))
        return false;
    memcpy(w->at, s.p, s.n);
    w->at += s.n;
    return true;
}

static bool pretty_color(struct writer *w, str code)
{
    return !(w->flags & JSON_WRITE_COLOR) || pretty_add(w, code);
}

static bool pretty_line(struct writer *w, unsigned depth)
{
    if (!(w->flags & JSON_WRITE_PRETTY))
        return true;
    size_t spaces = (size_t)depth * INDENT;
    if (!writer_room(w, spaces + 1))
        return false;
    *w->at++ = '\n';
    memset(w->at, ' ', spaces);
    w->at += spaces;
    return true;
}

static bool pretty_value(struct writer *w, struct json_val v, unsigned depth);

static bool pretty_key(struct writer *w, const struct json_key *key)
{
    return pretty_color(w, COLOR("34;1")) && writer_string(w, key->p, key->n, key->flags) &&
           pretty_color(w, COLOR_OFF) && pretty_color(w, COLOR("1;39")) &&
           pretty_add(w, w->flags & JSON_WRITE_PRETTY ? STR(": ") : STR(":")) &&
           pretty_color(w, COLOR_OFF);
}

/* What stands before item i of a container: bracket or comma, line break. */
static bool pretty_before(struct writer *w, uint32_t i, str open, unsigned depth)
{
    return pretty_color(w, COLOR("1;39")) && pretty_add(w, i == 0 ? open : STR(",")) &&
           pretty_line(w, depth) && pretty_color(w, COLOR_OFF);
}

static bool pretty_after(struct writer *w, str close, unsigned depth)
{
    return pretty_color(w, COLOR("1;39")) && pretty_line(w, depth - 1) && pretty_add(w, close) &&
           pretty_color(w, COLOR_OFF);
}

static bool pretty_container(struct writer *w, struct json_val v, unsigned depth)
{
    bool is_object = v.tag == JSON_OBJECT;
    if (depth > JSON_MAX_DEPTH)
        return writer_fail(w, WRITER_TOO_DEEP);
    if (v.len == 0)
        return pretty_color(w, color_of(v)) && pretty_add(w, is_object ? STR("{}") : STR("[]")) &&
               pretty_color(w, COLOR_OFF);
    for (uint32_t i = 0; i < v.len; i++) {
        if (!pretty_before(w, i, is_object ? STR("{") : STR("["), depth))
            return false;
        if (is_object && !pretty_key(w, &v.obj->shape->keys[i]))
            return false;
        if (!pretty_value(w, is_object ? v.obj->vals[i] : v.items[i], depth))
            return false;
    }
    return pretty_after(w, is_object ? STR("}") : STR("]"), depth);
}

static bool pretty_value(struct writer *w, struct json_val v, unsigned depth)
{
    if (json_is_container(v))
        return pretty_container(w, v, depth + 1);
    return pretty_color(w, color_of(v)) && writer_scalar(w, v) && pretty_color(w, COLOR_OFF);
}

bool writer_pretty(struct writer *w, struct json_val v)
{
    return pretty_value(w, v, 0);
}
