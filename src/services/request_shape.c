/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks requests against their shapes. A place in a request is a chain of steps on the C stack, as
 * long as shapes are deep; it prints as AWS prints it, "authParameters.items.1.member.key".
 */
#include "services/request_shape.h"

#include "base/buf.h"
#include "base/utf8.h"
#include <math.h>

enum {
    SHAPE_MAX_FINDINGS = 10,      /* AWS tells no more of them either */
    SHAPE_MAX_MESSAGE = 16 << 10, /* bytes while it is put together */
    SHAPE_SHOWN_VALUE = 128,      /* bytes of a refused value that a message shows, */
    SHAPE_SHOWN_WHOLE = 8 << 10   /* where it has room for all of it */
};

struct shape_place {
    const struct shape_place *outer; /* NULL: the request itself */
    const char *name;                /* of a member; NULL: an item of a list or map */
    str key;                         /* of the item of a map; p NULL: of a list */
    uint32_t index;                  /* of the item */
};

struct shape_checking {
    struct buf findings;
    unsigned count;
    size_t shown; /* bytes of a value */
    struct error *err;
};

static void add_place(struct buf *out, const struct shape_place *p)
{
    if (!p)
        return;
    add_place(out, p->outer);
    if (p->outer)
        buf_add_byte(out, '.');
    if (!p->name && p->key.p) {
        buf_add(out, p->key);
        return;
    }
    if (!p->name) {
        buf_printf(out, "%u.member", p->index + 1);
        return;
    }
    char first = p->name[0];
    buf_add_byte(out, first >= 'A' && first <= 'Z' ? (char)(first + 32) : first);
    buf_add(out, str_of(p->name + 1));
}

/* A list of structures as AWS's messages have it: [Type(a=1, b=x), …]. */
static void add_list(struct buf *out, const struct shape *item, struct json_val v)
{
    for (uint32_t i = 0; i < v.len; i++) {
        buf_printf(out, "%s%s(", i == 0 ? "[" : ", ", item->type_name);
        const char *comma = "";
        for (const struct shape_member *m = item->members; m->name; m++) {
            struct json_val member = v.items[i].tag == JSON_OBJECT
                                         ? json_get(v.items[i], str_of(m->name))
                                         : json_undefined();
            if (member.tag != JSON_STRING && !json_is_number(member))
                continue;
            buf_printf(out, "%s%s=", comma, m->name);
            comma = ", ";
            if (member.tag == JSON_STRING)
                buf_add(out, json_str(member));
            else
                buf_printf(out, "%.0f", json_number(member));
        }
        buf_add_byte(out, ')');
    }
    buf_add_byte(out, ']');
}

/* Begins a finding; the constraint follows. */
static bool begin_finding(struct shape_checking *c, const struct shape_place *p,
                          const struct shape *shape, struct json_val v)
{
    if (++c->count > SHAPE_MAX_FINDINGS)
        return false;
    struct buf *out = &c->findings;
    if (c->count > 1)
        buf_add(out, STR("; "));
    buf_add(out, STR("Value "));
    if (v.tag == JSON_UNDEFINED) {
        buf_add(out, STR("null "));
    } else if (v.tag == JSON_STRING && !shape->is_sensitive) {
        str text = json_str(v);
        size_t shown = text.n <= c->shown ? text.n : c->shown;
        while (shown < text.n && shown > 0 && ((unsigned char)text.p[shown] & 0xC0) == 0x80)
            shown--;
        buf_printf(out, "'%.*s' ", (int)shown, text.p);
    } else if (json_is_number(v)) {
        buf_printf(out, "'%.0f' ", json_number(v));
    } else if (v.tag == JSON_ARRAY && v.len > 0 && shape->item && shape->item->type_name) {
        buf_add_byte(out, '\'');
        add_list(out, shape->item, v);
        buf_add(out, STR("' "));
    }
    buf_add(out, STR("at '"));
    add_place(out, p);
    buf_add(out, STR("' failed to satisfy constraint: Member must "));
    return true;
}

static bool mistyped(struct shape_checking *c, const struct shape_place *p, const char *wanted,
                     struct json_val v)
{
    struct buf where;
    buf_init(&where, SHAPE_MAX_MESSAGE);
    add_place(&where, p);
    error_set(c->err, STATUS_INVALID, "SerializationException", "%s%.*s%s must be %s, not %s",
              p ? "'" : "the request", STR_ARG(buf_str(&where)), p ? "'" : "", wanted,
              json_type_name(v));
    buf_done(&where);
    return false;
}

static void check_bounds(struct shape_checking *c, const struct shape_place *p,
                         const struct shape *shape, struct json_val v, double size, bool is_length)
{
    bool is_low = size<(double)shape->min, is_high = shape->max> 0 && size > (double)shape->max;
    if ((!is_low && !is_high) || !begin_finding(c, p, shape, v))
        return;
    if (is_length)
        buf_printf(&c->findings, "have length %s than or equal to %lld",
                   is_low ? "greater" : "less", (long long)(is_low ? shape->min : shape->max));
    else
        buf_printf(&c->findings, "have value %s than or equal to %lld", is_low ? "greater" : "less",
                   (long long)(is_low ? shape->min : shape->max));
}

static bool is_listed(const char *const *values, str text)
{
    for (; *values; values++)
        if (str_eq(text, str_of(*values)))
            return true;
    return false;
}

static bool check_string(struct shape_checking *c, const struct shape_place *p,
                         const struct shape *shape, struct json_val v)
{
    if (v.tag != JSON_STRING)
        return mistyped(c, p, "a string", v);
    check_bounds(c, p, shape, v, (double)utf8_len(json_str(v)), true);
    if (shape->matches && !shape->matches(json_str(v)) && begin_finding(c, p, shape, v))
        buf_printf(&c->findings, "satisfy regular expression pattern: %s", shape->pattern);
    if (shape->values && !is_listed(shape->values, json_str(v)) && begin_finding(c, p, shape, v)) {
        buf_add(&c->findings, STR("satisfy enum value set: ["));
        for (const char *const *value = shape->values; *value; value++)
            buf_printf(&c->findings, "%s%s", value == shape->values ? "" : ", ", *value);
        buf_add_byte(&c->findings, ']');
    }
    return true;
}

static bool check_value(struct shape_checking *c, const struct shape_place *p,
                        const struct shape *shape, struct json_val v);

static bool check_structure(struct shape_checking *c, const struct shape_place *p,
                            const struct shape *shape, struct json_val v)
{
    if (v.tag != JSON_OBJECT)
        return mistyped(c, p, "an object", v);
    for (const struct shape_member *m = shape->members; m->name; m++) {
        struct shape_place place = {.outer = p, .name = m->name};
        struct json_val member = json_get(v, str_of(m->name));
        if (member.tag != JSON_UNDEFINED && member.tag != JSON_NULL) {
            if (!check_value(c, &place, m->shape, member))
                return false;
        } else if (m->is_required && begin_finding(c, &place, m->shape, json_undefined())) {
            buf_add(&c->findings, STR("not be null"));
        }
    }
    return true;
}

static bool check_list(struct shape_checking *c, const struct shape_place *p,
                       const struct shape *shape, struct json_val v)
{
    if (v.tag != JSON_ARRAY)
        return mistyped(c, p, "an array", v);
    check_bounds(c, p, shape, v, (double)v.len, true);
    for (uint32_t i = 0; i < v.len && (shape->max == 0 || i < shape->max); i++) {
        struct shape_place place = {.outer = p, .index = i};
        if (!check_value(c, &place, shape->item, v.items[i]))
            return false;
    }
    return true;
}

static bool check_map(struct shape_checking *c, const struct shape_place *p,
                      const struct shape *shape, struct json_val v)
{
    if (v.tag != JSON_OBJECT)
        return mistyped(c, p, "an object", v);
    check_bounds(c, p, shape, v, (double)v.len, true);
    for (uint32_t i = 0; i < v.len && (shape->max == 0 || i < shape->max); i++) {
        const struct json_key *k = &v.obj->shape->keys[i];
        struct shape_place key = {.outer = p, .name = "key"};
        struct shape_place place = {.outer = p, .key = {k->p, k->n}};
        if (!check_value(c, &key, shape->key, json_string(place.key, 0)) ||
            !check_value(c, &place, shape->item, v.obj->vals[i]))
            return false;
    }
    return true;
}

static bool check_value(struct shape_checking *c, const struct shape_place *p,
                        const struct shape *shape, struct json_val v)
{
    switch (shape->kind) {
    case SHAPE_STRING: return check_string(c, p, shape, v);
    case SHAPE_BOOLEAN: return v.tag == JSON_BOOL || mistyped(c, p, "a boolean", v);
    case SHAPE_INTEGER:
        if (!json_is_number(v) || json_number(v) != trunc(json_number(v)))
            return mistyped(c, p, "an integer", v);
        check_bounds(c, p, shape, v, json_number(v), false);
        return true;
    case SHAPE_NUMBER:
        if (!json_is_number(v))
            return mistyped(c, p, "a number", v);
        check_bounds(c, p, shape, v, json_number(v), false);
        return true;
    case SHAPE_STRUCTURE: return check_structure(c, p, shape, v);
    case SHAPE_LIST: return check_list(c, p, shape, v);
    case SHAPE_MAP: return check_map(c, p, shape, v);
    }
    return true;
}

/* Findings into words; then how many there are, in front. */
static enum status finish(struct shape_checking *c, bool is_typed, struct buf *words)
{
    if (!is_typed)
        return STATUS_INVALID;
    if (c->count == 0)
        return STATUS_OK;
    buf_printf(words, "%u validation error%s detected: ", c->count, c->count == 1 ? "" : "s");
    buf_add(words, buf_str(&c->findings));
    return error_set(c->err, STATUS_INVALID, "ValidationException", "%.*s",
                     STR_ARG(buf_str(words)));
}

static enum status check_whole(const struct shape *shape, struct json_val request, size_t shown,
                               struct buf *words, struct error *err)
{
    struct shape_checking c = {.err = err, .shown = shown};
    buf_init(&c.findings, SHAPE_MAX_MESSAGE);
    bool is_typed = check_value(&c, NULL, shape, request);
    enum status status = finish(&c, is_typed, words);
    buf_done(&c.findings);
    return status;
}

enum status shape_check_words(const struct shape *shape, struct json_val request, struct buf *words,
                              struct error *err)
{
    return check_whole(shape, request, SHAPE_SHOWN_WHOLE, words, err);
}

enum status shape_check(const struct shape *shape, struct json_val request, struct error *err)
{
    struct buf words;
    buf_init(&words, SHAPE_MAX_MESSAGE * 2);
    enum status status = check_whole(shape, request, SHAPE_SHOWN_VALUE, &words, err);
    buf_done(&words);
    return status;
}
