/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $match, $contains, $replace and $split. Their pattern is a string, a regular expression, or any
 * function that follows the protocol of one: called with the text it returns undefined or an object
 * {match, start, end, groups, next}, and calling `next` gives the following match. Regular
 * expressions themselves are matched directly; the objects are only made where an expression can
 * see them.
 *
 * Offsets are bytes inside; what JSONata shows as index, start and end counts UTF-16 units.
 */
#include "jsonata/fn_regex.h"

#include "base/utf8.h"
#include "jsonata/function.h"
#include "jsonata/regex.h"
#include <math.h>

/* One match, from whichever kind of matcher. */
struct match {
    size_t start, end; /* bytes of the subject */
    str text;
    struct json_val next;   /* function matcher: what to call; undefined otherwise */
    struct json_val groups; /* array of strings, undefined for unset ones */
    struct json_val object; /* function matcher: what it returned */
};

struct matching {
    struct ev *e;
    const struct call *c;
    struct json_val subject;
    const struct node *regex; /* NULL: a function matcher */
    struct json_val fn;
    size_t offset;  /* regex: where to go on */
    unsigned flags; /* regex: of the subject */
    bool started, wants_groups;
};

static const struct json_val regex_failed = {.tag = VAL_FAILED};

/* ---- regular expressions ---- */

/* 1 match in *ret_ovector, 0 none, -1 failed. */
static int regex_run(struct ev *e, const struct node *regex, struct json_val subject,
                     unsigned flags, size_t offset, const size_t **ret_ovector)
{
    struct error err;
    if (!ev_charge(e, 1 + (subject.len - offset) / 64, regex))
        return -1;
    int found = regex_exec(regex->regex, ev_matcher(e), json_str(subject), flags, offset,
                           ret_ovector, &err);
    if (found >= 0)
        return found;
    ev_fail(e, err.status == STATUS_LIMIT ? "U1003" : "S0303", regex);
    e->err.text = arena_dup(e->arena, str_of(err.message));
    return -1;
}

static struct json_val regex_part(struct json_val subject, size_t from, size_t to)
{
    return json_string((str){subject.ptr + from, to - from},
                       subject.flags & (JSON_ASCII | JSON_PLAIN));
}

static bool regex_groups(struct ev *e, const struct node *regex, struct json_val subject,
                         const size_t *ovector, struct json_val *ret)
{
    unsigned count = regex_group_count(regex->regex);
    struct json_val *groups = ev_alloc(e, sizeof(*groups) * count);
    if (groups == NULL)
        return false;
    for (unsigned i = 0; i < count; i++) {
        size_t from = ovector[2 * i + 2], to = ovector[2 * i + 3];
        groups[i] = from == SIZE_MAX ? json_undefined() : regex_part(subject, from, to);
    }
    *ret = json_array(groups, count);
    return true;
}

static double regex_units(struct json_val subject, size_t bytes)
{
    if (subject.flags & JSON_ASCII)
        return (double)bytes;
    return (double)utf8_utf16_len((str){subject.ptr, bytes});
}

struct json_val fn_regex_call(struct ev *e, const struct node *regex, struct json_val subject,
                              size_t offset, bool follows)
{
    const size_t *ov;
    if (subject.tag != JSON_STRING || (follows && offset >= subject.len))
        return json_undefined();
    int found = regex_run(e, regex, subject, subject.flags & JSON_ASCII, offset, &ov);
    if (found <= 0)
        return found < 0 ? regex_failed : json_undefined();
    size_t start = ov[0], end = ov[1];
    if (follows && start == end)
        return ev_fail_value(e, "D1004", regex, json_string(regex->text, 0));
    struct json_val groups;
    struct regex_next *next = ev_alloc(e, sizeof(*next));
    if (next == NULL || !regex_groups(e, regex, subject, ov, &groups))
        return regex_failed;
    *next = (struct regex_next){.regex = regex, .subject = subject, .offset = end};
    struct json_obj_builder b;
    json_obj_begin(&b, ev_shapes(e), 5);
    json_obj_put(&b, STR("match"), JSON_ASCII | JSON_PLAIN, regex_part(subject, start, end));
    json_obj_put(&b, STR("start"), JSON_ASCII | JSON_PLAIN, json_num(regex_units(subject, start)));
    json_obj_put(&b, STR("end"), JSON_ASCII | JSON_PLAIN, json_num(regex_units(subject, end)));
    json_obj_put(&b, STR("groups"), JSON_ASCII | JSON_PLAIN, groups);
    json_obj_put(&b, STR("next"), JSON_ASCII | JSON_PLAIN, ev_function(FN_REGEX_NEXT, next));
    return json_obj_end(&b);
}

static int matching_regex(struct matching *m, struct match *ret)
{
    const size_t *ov;
    if (m->started && m->offset >= m->subject.len)
        return 0;
    int found = regex_run(m->e, m->regex, m->subject, m->flags | (m->started ? REGEX_SAME : 0),
                          m->offset, &ov);
    if (found <= 0)
        return found;
    if (m->started && ov[0] == ov[1]) {
        ev_fail_value(m->e, "D1004", m->regex, json_string(m->regex->text, 0));
        return -1;
    }
    *ret = (struct match){.start = ov[0], .end = ov[1]};
    ret->text = (str){m->subject.ptr + ov[0], ov[1] - ov[0]};
    m->offset = ov[1];
    m->started = true;
    if (m->wants_groups && !regex_groups(m->e, m->regex, m->subject, ov, &ret->groups))
        return -1;
    return 1;
}

/* ---- functions as matchers ---- */

/* Byte offset of a UTF-16 offset that an expression gave us. */
static size_t matching_bytes(struct json_val subject, struct json_val units)
{
    double want = json_is_number(units) ? json_number(units) : 0;
    if (!(want > 0))
        return 0;
    if (subject.flags & JSON_ASCII)
        return want < subject.len ? (size_t)want : subject.len;
    str s = json_str(subject);
    size_t at = 0;
    for (double seen = 0; at < s.n && seen < want;)
        seen += utf8_next(s, &at) > 0xFFFF ? 2 : 1;
    return at;
}

static int matching_function(struct matching *m, struct match *ret)
{
    struct json_val args[CALL_ARGS];
    args[0] = m->subject;
    struct json_val object =
        ev_apply(m->e, m->fn, args, m->started ? 0 : 1, json_null(), m->c->env, NULL);
    m->started = true;
    if (ev_failed(object))
        return -1;
    if (object.tag == JSON_UNDEFINED)
        return 0;
    struct json_val match = json_undefined(), start = match, end = match, groups = match,
                    next = match;
    if (object.tag == JSON_OBJECT) {
        match = json_get(object, STR("match"));
        start = json_get(object, STR("start"));
        end = json_get(object, STR("end"));
        groups = json_get(object, STR("groups"));
        next = json_get(object, STR("next"));
    }
    if (!json_is_number(start) || next.tag != JSON_FUNCTION || match.tag != JSON_STRING) {
        ev_fail(m->e, "T1010", m->c->node);
        return -1;
    }
    *ret = (struct match){.start = matching_bytes(m->subject, start),
                          .end = matching_bytes(m->subject, end),
                          .text = json_str(match),
                          .object = object,
                          .groups = ev_is_array(groups) ? groups : json_array(NULL, 0)};
    if (ret->end < ret->start)
        ret->end = ret->start;
    m->fn = next;
    return ev_charge(m->e, 1, m->c->node) ? 1 : -1;
}

static void matching_begin(struct matching *m, struct ev *e, const struct call *c,
                           struct json_val subject, struct json_val pattern, bool wants_groups)
{
    *m = (struct matching){.e = e, .c = c, .subject = subject, .fn = pattern};
    m->regex = pattern.extra == FN_REGEX ? pattern.any : NULL;
    m->flags = subject.flags & JSON_ASCII;
    m->wants_groups = wants_groups;
}

/* 1 and *ret, 0 no more, -1 failed. */
static int matching_next(struct matching *m, struct match *ret)
{
    return m->regex != NULL ? matching_regex(m, ret) : matching_function(m, ret);
}

/* ---- $contains, $match, $split ---- */

struct json_val fn_contains(struct ev *e, const struct call *c)
{
    struct matching m;
    struct match match;
    if (c->args[0].tag == JSON_UNDEFINED || c->args[1].tag == JSON_UNDEFINED)
        return json_undefined();
    if (c->args[1].tag == JSON_STRING)
        return json_bool(str_find(json_str(c->args[0]), json_str(c->args[1]), 0) != STR_NONE);
    matching_begin(&m, e, c, c->args[0], c->args[1], false);
    int found = matching_next(&m, &match);
    return found < 0 ? regex_failed : json_bool(found);
}

/* A limit that is not given is infinite. */
static bool regex_limit(struct ev *e, const struct call *c, struct json_val limit, const char *code,
                        double *ret)
{
    *ret = limit.tag == JSON_UNDEFINED ? (double)INFINITY : json_number(limit);
    if (*ret >= 0 || isnan(*ret))
        return true;
    ev_fail_value(e, code, c->node, limit);
    return false;
}

/* The shape {match, index, groups}, made once per evaluation. */
static const struct json_shape *match_shape(struct ev *e)
{
    static const char *const names[] = {"match", "index", "groups"};
    struct json_shapes *shapes = ev_shapes(e);
    struct shape_node *node = &shapes->root;
    uint32_t at;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        node = json_shapes_step(shapes, node, str_of(names[i]), JSON_ASCII | JSON_PLAIN, &at);
    return json_shapes_of(shapes, node);
}

static struct json_val match_object(struct ev *e, struct json_val subject,
                                    const struct match *match)
{
    if (e->match_shape == NULL)
        e->match_shape = match_shape(e);
    struct json_object *obj = json_obj_new(e->arena, e->match_shape);
    obj->vals[0] = json_string(match->text, subject.flags & (JSON_ASCII | JSON_PLAIN));
    obj->vals[1] = json_num(regex_units(subject, match->start));
    obj->vals[2] = match->groups;
    return json_object(obj);
}

struct json_val fn_match(struct ev *e, const struct call *c)
{
    struct matching m;
    struct match match;
    struct vec out = {0};
    double limit;
    int found = 1;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    if (!regex_limit(e, c, c->args[2], "D3040", &limit))
        return regex_failed;
    matching_begin(&m, e, c, c->args[0], c->args[1], true);
    while ((double)out.count < limit && (found = matching_next(&m, &match)) > 0)
        if (!ev_push(e, &out, match_object(e, c->args[0], &match)))
            return regex_failed;
    return found < 0 ? regex_failed : ev_vec_seq(&out);
}

static struct json_val split_text(struct ev *e, const struct call *c, double limit)
{
    struct vec out = {0};
    str s = json_str(c->args[0]), sep = json_str(c->args[1]);
    unsigned flags = c->args[0].flags & (JSON_ASCII | JSON_PLAIN);
    size_t from = 0, at;
    if (!isinf(limit)) /* JavaScript turns the limit into an unsigned 32-bit number */
        limit = isnan(limit) ? 0 : fmod(trunc(limit), 4294967296.0);
    if (!ev_charge(e, s.n / 16, c->node))
        return regex_failed;
    if (sep.n == 0) {
        for (at = 0; at < s.n && (double)out.count < limit; from = at) {
            utf8_next(s, &at);
            if (!ev_push(e, &out, json_string(str_sub(s, from, at), flags)))
                return regex_failed;
        }
        return ev_vec_array(&out);
    }
    while ((double)out.count < limit) {
        at = str_find(s, sep, from);
        if (!ev_push(e, &out, json_string(str_sub(s, from, at == STR_NONE ? s.n : at), flags)))
            return regex_failed;
        if (at == STR_NONE)
            break;
        from = at + sep.n;
    }
    return ev_vec_array(&out);
}

struct json_val fn_split(struct ev *e, const struct call *c)
{
    struct matching m;
    struct match match;
    struct vec out = {0};
    double limit;
    size_t from = 0;
    int found = 1;
    struct json_val subject = c->args[0];
    if (subject.tag == JSON_UNDEFINED)
        return subject;
    if (!regex_limit(e, c, c->args[2], "D3020", &limit))
        return regex_failed;
    if (c->args[1].tag == JSON_UNDEFINED)
        return ev_push(e, &out, subject) ? ev_vec_array(&out) : regex_failed;
    if (c->args[1].tag == JSON_STRING)
        return split_text(e, c, limit);
    matching_begin(&m, e, c, subject, c->args[1], false);
    while ((double)out.count < limit && (found = matching_next(&m, &match)) > 0) {
        size_t start = match.start > from ? match.start : from;
        if (!ev_push(e, &out, regex_part(subject, from, start)))
            return regex_failed;
        from = match.end > start ? match.end : start;
    }
    if (found < 0)
        return regex_failed;
    if ((double)out.count < limit && !ev_push(e, &out, regex_part(subject, from, subject.len)))
        return regex_failed;
    return ev_vec_array(&out);
}

/* ---- $replace ---- */

/* Text that grows in the arena, within the budget. */
struct builder {
    struct ev *e;
    char *p;
    size_t n, cap;
    unsigned flags;
};

static bool builder_add(struct builder *b, str s)
{
    if (s.n > b->cap - b->n) {
        size_t cap = (b->n + s.n) * 2 + 32;
        if (cap > UINT32_MAX / 2 || !arena_room(b->e->arena, cap)) {
            ev_fail_memory(b->e, NULL);
            return false;
        }
        if (b->p == NULL || !arena_extend(b->e->arena, b->p, b->cap, cap)) {
            char *bigger = arena_alloc(b->e->arena, cap);
            if (b->n > 0)
                memcpy(bigger, b->p, b->n);
            b->p = bigger;
        }
        b->cap = cap;
    }
    if (s.n > 0)
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

static struct json_val builder_end(struct builder *b)
{
    if (b->p != NULL)
        arena_shrink(b->e->arena, b->p, b->cap, b->n);
    return json_string((str){b->p, b->n}, b->flags);
}

/* The group number behind a $: as many digits as the number of groups has; one less when that is
 * too many. */
static int replace_group(str text, size_t at, size_t max_digits, uint32_t *ret)
{
    uint32_t value = 0;
    size_t n = 0;
    while (n < max_digits && at + n < text.n && text.p[at + n] >= '0' && text.p[at + n] <= '9')
        value = value * 10 + (uint32_t)(text.p[at + n++] - '0');
    *ret = value;
    return n > 0;
}

static size_t replace_decimal_length(uint32_t value)
{
    size_t n = 1;
    for (; value >= 10; value /= 10)
        n++;
    return n;
}

/* $$ is a dollar, $0 the match, $n a group. */
static bool replace_template(struct builder *b, str text, const struct match *match)
{
    uint32_t groups = match->groups.len, group;
    size_t at = 0, max_digits = replace_decimal_length(groups);
    for (size_t dollar; (dollar = str_find_byte(text, '$', at)) != STR_NONE;) {
        if (!builder_add(b, str_sub(text, at, dollar)))
            return false;
        at = dollar + 1;
        char next = at < text.n ? text.p[at] : '\0';
        if (next == '$' || next == '0') {
            if (!builder_add(b, next == '$' ? STR("$") : match->text))
                return false;
            at++;
            continue;
        }
        if (!replace_group(text, at, max_digits, &group)) {
            if (!builder_add(b, STR("$")))
                return false;
            continue;
        }
        if (max_digits > 1 && group > groups)
            replace_group(text, at, max_digits - 1, &group);
        if (groups > 0 && group >= 1 && group <= groups &&
            match->groups.items[group - 1].tag == JSON_STRING &&
            !builder_add(b, json_str(match->groups.items[group - 1])))
            return false;
        at += replace_decimal_length(group);
    }
    return builder_add(b, str_sub(text, at < text.n ? at : text.n, text.n));
}

static bool replace_call(struct ev *e, const struct call *c, struct builder *b,
                         struct json_val subject, const struct match *match)
{
    struct json_val args[CALL_ARGS];
    args[0] = match->object;
    if (args[0].tag == JSON_UNDEFINED) {
        struct json_obj_builder o;
        json_obj_begin(&o, ev_shapes(e), 4);
        json_obj_put(&o, STR("match"), JSON_ASCII | JSON_PLAIN, json_string(match->text, 0));
        json_obj_put(&o, STR("start"), JSON_ASCII | JSON_PLAIN,
                     json_num(regex_units(subject, match->start)));
        json_obj_put(&o, STR("end"), JSON_ASCII | JSON_PLAIN,
                     json_num(regex_units(subject, match->end)));
        json_obj_put(&o, STR("groups"), JSON_ASCII | JSON_PLAIN, match->groups);
        args[0] = json_obj_end(&o);
    }
    struct json_val v = ev_apply(e, c->args[2], args, 1, json_null(), c->env, NULL);
    if (ev_failed(v))
        return false;
    if (v.tag != JSON_STRING) {
        ev_fail_value(e, "D3012", c->node, v);
        return false;
    }
    b->flags &= v.flags;
    return builder_add(b, json_str(v));
}

static struct json_val replace_text(struct ev *e, const struct call *c, double limit)
{
    struct json_val subject = c->args[0];
    str s = json_str(subject), what = json_str(c->args[1]), with = json_str(c->args[2]);
    struct builder b = {.e = e,
                        .flags = subject.flags & c->args[2].flags & (JSON_ASCII | JSON_PLAIN)};
    size_t from = 0, at = str_find(s, what, 0);
    if (at == STR_NONE)
        return subject;
    if (!ev_charge(e, s.n / 16, c->node))
        return regex_failed;
    if (what.n == with.n && limit >= (double)s.n) { /* nothing moves: copy once and write over */
        char *out = ev_alloc(e, s.n);
        if (out == NULL)
            return regex_failed;
        memcpy(out, s.p, s.n);
        for (; at != STR_NONE; at = str_find(s, what, at + what.n))
            memcpy(out + at, with.p, with.n);
        return json_string((str){out, s.n}, b.flags);
    }
    for (double count = 0; at != STR_NONE && count < limit; count++) {
        if (!builder_add(&b, str_sub(s, from, at)) || !builder_add(&b, with))
            return regex_failed;
        from = at + what.n;
        at = str_find(s, what, from);
    }
    return builder_add(&b, str_sub(s, from, s.n)) ? builder_end(&b) : regex_failed;
}

struct json_val fn_replace(struct ev *e, const struct call *c)
{
    struct matching m;
    struct match match;
    struct json_val subject = c->args[0], pattern = c->args[1], with = c->args[2];
    double limit;
    int found = 1;
    if (subject.tag == JSON_UNDEFINED)
        return subject;
    if (pattern.tag == JSON_STRING && pattern.len == 0)
        return ev_fail_value(e, "D3010", c->node, pattern);
    if (!regex_limit(e, c, c->args[3], "D3011", &limit))
        return regex_failed;
    if (!(limit > 0) || pattern.tag == JSON_UNDEFINED || with.tag == JSON_UNDEFINED)
        return subject;
    if (pattern.tag == JSON_STRING && with.tag == JSON_STRING)
        return replace_text(e, c, limit);
    if (pattern.tag == JSON_STRING)
        return ev_fail_value(e, "D3012", c->node, with);
    struct builder b = {.e = e,
                        .flags = subject.flags & (JSON_ASCII | JSON_PLAIN) &
                                 (with.tag == JSON_STRING ? with.flags : 3u)};
    size_t from = 0;
    matching_begin(&m, e, c, subject, pattern, true);
    for (double count = 0; count < limit && (found = matching_next(&m, &match)) > 0; count++) {
        size_t start = match.start > from ? match.start : from;
        if (!builder_add(&b, str_sub(json_str(subject), from, start)))
            return regex_failed;
        bool ok = with.tag == JSON_STRING ? replace_template(&b, json_str(with), &match)
                                          : replace_call(e, c, &b, subject, &match);
        if (!ok)
            return regex_failed;
        from = match.start + match.text.n > start ? match.start + match.text.n : start;
        if (m.regex == NULL)
            b.flags = 0;
    }
    if (found < 0 || !builder_add(&b, str_sub(json_str(subject), from, subject.len)))
        return regex_failed;
    return builder_end(&b);
}
