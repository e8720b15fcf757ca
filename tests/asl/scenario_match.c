/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of text, paths, and values; see scenario_match.h. */
#include "scenario_match.h"

#include "json/parse.h"
#include "json/write.h"

enum { SHOWN_BYTES = 600, DIFFERENCE_BYTES = 4096 };

void match_init(struct match *m, struct arena *arena, struct json_val lenient)
{
    memset(m, 0, sizeof(*m));
    m->arena = arena;
    m->lenient = lenient;
    buf_init(&m->difference, DIFFERENCE_BYTES);
}

void match_done(struct match *m)
{
    buf_done(&m->difference);
}

/* ---- lenient places ---- */

/* The next step of a pattern such as $..events[8].cause: true when there is one. */
struct pattern_step {
    bool is_deep; /* ".." */
    bool is_index;
    str key;
    uint32_t index;
};

static bool next_step(str *pattern, struct pattern_step *step)
{
    str p = *pattern;
    *step = (struct pattern_step){0};
    if (p.n == 0)
        return false;
    if (p.p[0] == '[') {
        size_t end = str_find_byte(p, ']', 1);
        step->is_index = true;
        for (size_t i = 1; i < end && i < p.n; i++)
            step->index = step->index * 10 + (uint32_t)(p.p[i] - '0');
        *pattern = str_sub(p, end + 1, p.n);
        return true;
    }
    size_t from = str_starts(p, STR("..")) ? 2 : 1;
    size_t to = from;
    while (to < p.n && p.p[to] != '.' && p.p[to] != '[')
        to++;
    step->is_deep = from == 2;
    step->key = str_sub(p, from, to);
    *pattern = str_sub(p, to, p.n);
    return true;
}

static bool step_fits(const struct pattern_step *step, const struct match_step *at)
{
    if (step->is_index || at->key.p == NULL)
        return step->is_index && at->key.p == NULL && at->index == step->index;
    return str_eq(step->key, at->key);
}

static bool path_fits(str pattern, const struct match_step *path, uint32_t depth)
{
    struct pattern_step step;
    if (!next_step(&pattern, &step))
        return depth == 0;
    for (uint32_t i = 0; i < depth; i++) {
        if (step_fits(&step, &path[i]) && path_fits(pattern, path + i + 1, depth - i - 1))
            return true;
        if (!step.is_deep)
            return false;
    }
    return false;
}

static bool is_lenient(const struct match *m)
{
    for (uint32_t i = 0; m->lenient.tag == JSON_ARRAY && i < m->lenient.len; i++) {
        str pattern = json_str(m->lenient.items[i]);
        if (path_fits(str_sub(pattern, 1, pattern.n), m->path, m->depth))
            return true;
    }
    return false;
}

/* ---- differences ---- */

static void show(struct buf *out, struct json_val v)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (v.tag == JSON_UNDEFINED)
        buf_add(&text, STR("nothing"));
    else if (json_write(&text, v, 0, NULL) != STATUS_OK)
        buf_add(&text, STR("?"));
    buf_add(out, str_sub(buf_str(&text), 0, SHOWN_BYTES));
    buf_done(&text);
}

static bool differ(struct match *m, struct json_val expected, struct json_val actual)
{
    if (m->quiet > 0 || m->difference.n > 0)
        return false;
    for (uint32_t i = 0; i < m->depth; i++) {
        if (m->path[i].key.p)
            buf_printf(&m->difference, "%s%.*s", i > 0 ? "." : "", STR_ARG(m->path[i].key));
        else
            buf_printf(&m->difference, "[%u]", m->path[i].index);
    }
    buf_add(&m->difference, STR(": recorded "));
    show(&m->difference, expected);
    buf_add(&m->difference, STR(", came "));
    show(&m->difference, actual);
    return false;
}

/* ---- text ---- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '-' || c == '.';
}

/* Length of the placeholder that the text begins with; 0: none. */
static size_t placeholder_at(str s)
{
    size_t n = 1;
    if (s.n < 3 || s.p[0] != '<')
        return 0;
    while (n < s.n && is_name_byte(s.p[n]))
        n++;
    return n > 1 && n < s.n && s.p[n] == '>' ? n + 1 : 0;
}

static bool is_any(str placeholder)
{
    return str_starts(placeholder, STR("<any:"));
}

static const struct match_binding *find_binding(const struct match *m, str name)
{
    for (uint32_t i = 0; i < m->binding_count; i++) {
        if (str_eq(m->bindings[i].name, name))
            return &m->bindings[i];
    }
    return NULL;
}

static bool text_fits(struct match *m, str pattern, str text);

/* Any text of at least `least` bytes, then the rest of the pattern. */
static bool wildcard_fits(struct match *m, str name, str rest, str text, size_t least)
{
    for (size_t n = least; n <= text.n; n++) {
        uint32_t count = m->binding_count;
        if (name.p && count < MATCH_BINDINGS)
            m->bindings[m->binding_count++] =
                (struct match_binding){name, arena_dup(m->arena, str_sub(text, 0, n))};
        if (text_fits(m, rest, str_sub(text, n, text.n)))
            return true;
        m->binding_count = count;
    }
    return false;
}

enum { SHORTEST_DATE = 10 };

static bool text_fits(struct match *m, str pattern, str text)
{
    size_t n = 0;
    while (pattern.n > 0 && (n = placeholder_at(pattern)) == 0) {
        if (str_starts(pattern, STR("date")) && !str_starts(text, STR("date")))
            return wildcard_fits(m, (str){0}, str_sub(pattern, 4, pattern.n), text, SHORTEST_DATE);
        if (text.n == 0 || text.p[0] != pattern.p[0])
            return false;
        pattern = str_sub(pattern, 1, pattern.n);
        text = str_sub(text, 1, text.n);
    }
    if (pattern.n == 0)
        return text.n == 0;
    str name = str_sub(pattern, 0, n), rest = str_sub(pattern, n, pattern.n);
    const struct match_binding *known = is_any(name) ? NULL : find_binding(m, name);
    if (known)
        return str_starts(text, known->text) &&
               text_fits(m, rest, str_sub(text, known->text.n, text.n));
    return wildcard_fits(m, is_any(name) ? (str){0} : name, rest, text, 0);
}

str match_fill(const struct match *m, str text)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i < text.n;) {
        size_t n = placeholder_at(str_sub(text, i, text.n));
        const struct match_binding *b = n > 0 ? find_binding(m, str_sub(text, i, i + n)) : NULL;
        buf_add(&out, b ? b->text : str_sub(text, i, i + (n > 0 ? n : 1)));
        i += n > 0 ? n : 1;
    }
    str copy = arena_dup(m->arena, buf_str(&out));
    buf_done(&out);
    return copy;
}

/* ---- values ---- */

static bool parse_text(struct match *m, struct json_val v, struct json_val *ret)
{
    struct error err;
    return v.tag == JSON_STRING &&
           json_parse_in(m->arena, json_str(v), NULL, ret, &err) == STATUS_OK;
}

static bool values_fit(struct match *m, struct json_val expected, struct json_val actual);

/* The recorded text as ours has it. */
static struct json_val as_ours(struct match *m, struct json_val expected)
{
    struct buf out;
    str text = json_str(expected);
    size_t at = m->recorded.n > 0 ? str_find(text, m->recorded, 0) : STR_NONE;
    if (at == STR_NONE)
        return expected;
    buf_init(&out, SIZE_MAX / 2);
    for (size_t from = 0; from < text.n;) {
        buf_add(&out, str_sub(text, from, at == STR_NONE ? text.n : at));
        if (at != STR_NONE)
            buf_add(&out, m->ours);
        from = at == STR_NONE ? text.n : at + m->recorded.n;
        at = str_find(text, m->recorded, from);
    }
    expected = json_string(arena_dup(m->arena, buf_str(&out)), 0);
    buf_done(&out);
    return expected;
}

static bool strings_fit(struct match *m, struct json_val expected, struct json_val actual)
{
    struct json_val a, b;
    expected = as_ours(m, expected);
    if (text_fits(m, json_str(expected), json_str(actual)))
        return true;
    if (parse_text(m, expected, &a) && parse_text(m, actual, &b))
        return values_fit(m, a, b);
    return differ(m, expected, actual);
}

static bool arrays_fit(struct match *m, struct json_val expected, struct json_val actual)
{
    bool same = true;
    for (uint32_t i = 0; same && i < expected.len && i < actual.len; i++)
        same = match_item(m, i, expected.items[i], actual.items[i]);
    return same && (expected.len == actual.len || differ(m, expected, actual));
}

/* Members of ours that recordings do not have. */
static bool is_ignored(const struct match *m, str name)
{
    return str_eq(name, STR("timestamp")) ||
           (m->ignores_ids && (str_eq(name, STR("id")) || str_eq(name, STR("previousEventId"))));
}

static bool objects_fit(struct match *m, struct json_val expected, struct json_val actual)
{
    for (uint32_t i = 0; i < expected.len; i++) {
        const struct json_key *key = &expected.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!match_member(m, name, expected.obj->vals[i], json_get(actual, name)))
            return false;
    }
    for (uint32_t i = 0; i < actual.len; i++) {
        const struct json_key *key = &actual.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (json_get(expected, name).tag == JSON_UNDEFINED && !is_ignored(m, name) &&
            !match_member(m, name, json_undefined(), actual.obj->vals[i]))
            return false;
    }
    return true;
}

static bool numbers_fit(struct match *m, struct json_val expected, struct json_val actual)
{
    struct buf a, b;
    buf_init(&a, 1 << 16);
    buf_init(&b, 1 << 16);
    bool same = json_write(&a, expected, 0, NULL) == STATUS_OK &&
                json_write(&b, actual, 0, NULL) == STATUS_OK && str_eq(buf_str(&a), buf_str(&b));
    buf_done(&a);
    buf_done(&b);
    return same || differ(m, expected, actual);
}

static bool values_fit(struct match *m, struct json_val expected, struct json_val actual)
{
    struct json_val parsed;
    if (expected.tag == JSON_STRING) {
        str text = json_str(expected);
        if (is_any(text) && placeholder_at(text) == text.n && actual.tag != JSON_UNDEFINED)
            return true;
        return actual.tag == JSON_STRING ? strings_fit(m, expected, actual)
                                         : differ(m, expected, actual);
    }
    if (expected.tag != JSON_UNDEFINED && parse_text(m, actual, &parsed))
        actual = parsed;
    if (json_is_number(expected) && json_is_number(actual))
        return numbers_fit(m, expected, actual);
    if (expected.tag != actual.tag)
        return differ(m, expected, actual);
    if (expected.tag == JSON_ARRAY)
        return arrays_fit(m, expected, actual);
    if (expected.tag == JSON_OBJECT)
        return objects_fit(m, expected, actual);
    return expected.tag != JSON_BOOL || expected.b == actual.b || differ(m, expected, actual);
}

static bool place_fits(struct match *m, struct match_step step, struct json_val expected,
                       struct json_val actual)
{
    if (m->depth == MATCH_DEPTH)
        return differ(m, expected, actual);
    m->path[m->depth++] = step;
    bool lenient = is_lenient(m);
    m->quiet += lenient;
    bool same = values_fit(m, expected, actual);
    m->quiet -= lenient;
    m->forgiven += lenient && !same;
    m->depth--;
    return same || lenient;
}

bool match_member(struct match *m, str key, struct json_val expected, struct json_val actual)
{
    return place_fits(m, (struct match_step){.key = key}, expected, actual);
}

bool match_item(struct match *m, uint32_t index, struct json_val expected, struct json_val actual)
{
    return place_fits(m, (struct match_step){.index = index}, expected, actual);
}

bool match_without_ids(struct match *m, struct json_val expected, struct json_val actual)
{
    uint32_t count = m->binding_count;
    m->quiet++;
    m->ignores_ids = true;
    bool same = match_member(m, STR("events"), expected, actual);
    m->ignores_ids = false;
    m->quiet--;
    if (!same)
        m->binding_count = count;
    return same;
}
