/* SPDX-License-Identifier: Apache-2.0 */
/* See flow.h. The texts are searched as they are, without being read as JSON: placeholders and
 * marks stand in JSON strings only, and have nothing in them that JSON would escape. */
#include "aggregate/flow.h"

#include "json/write.h"
#include <string.h>

str flow_text(const char *name)
{
    for (uint32_t i = 0; i < flow_text_count; i++)
        if (str_eq(str_of(flow_texts[i].name), str_of(name)))
            return (str){flow_texts[i].text, flow_texts[i].n};
    return (str){0};
}

static const struct flow_value *find(const struct flow_value *values, size_t count, str name,
                                     bool is_mark)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].is_mark == is_mark && str_eq(str_of(values[i].name), name))
            return &values[i];
    return NULL;
}

/* Without the quotes around it: it goes into a string. */
static void put_escaped(struct buf *out, str text)
{
    struct buf quoted;
    buf_init(&quoted, SIZE_MAX / 2);
    json_write_string(&quoted, text);
    buf_add(out, str_sub(buf_str(&quoted), 1, quoted.n - 1));
    buf_done(&quoted);
}

static enum status put_plain(struct buf *out, const struct flow_value *v, struct error *err)
{
    for (size_t i = 0; i < v->text.n; i++) {
        unsigned char c = (unsigned char)v->text.p[i];
        if (c < ' ' || c == '\'' || c == '"' || c == '\\' || c == 0x7F)
            return error_set(err, STATUS_INVALID, "FlowValue",
                             "%s may not have quotes, backslashes or control characters", v->name);
    }
    put_escaped(out, v->text);
    return STATUS_OK;
}

/* A placeholder that begins at `at`; *ret_end is behind it. */
static enum status put_placeholder(str text, size_t at, const struct flow_value *values,
                                   size_t count, struct buf *out, size_t *ret_end,
                                   struct error *err)
{
    size_t end = str_find_byte(text, '}', at);
    str name = str_sub(text, at + 2, end == STR_NONE ? text.n : end);
    const struct flow_value *v = find(values, count, name, false);
    if (!v)
        return error_set(err, STATUS_INVALID, "FlowPlaceholder", "${%.*s} has no value",
                         STR_ARG(name));
    *ret_end = end + 1;
    return put_plain(out, v, err);
}

/* A comment that begins at `at`: if it is the beginning of a mark with a value, *ret_end is the
 * beginning of the comment that ends it. */
static bool put_mark(str text, size_t at, const struct flow_value *values, size_t count,
                     struct buf *out, size_t *ret_end)
{
    size_t end = str_find(text, STR(":*/"), at);
    if (end == STR_NONE)
        return false;
    str name = str_sub(text, at + 2, end);
    const struct flow_value *v = find(values, count, name, true);
    if (!v)
        return false;
    struct buf closing;
    buf_init(&closing, SIZE_MAX / 2);
    buf_printf(&closing, "/*:%.*s*/", STR_ARG(name));
    size_t close = str_find(text, buf_str(&closing), end);
    buf_done(&closing);
    if (close == STR_NONE)
        return false;
    buf_add(out, str_sub(text, at, end + 3));
    buf_add(out, STR(" ("));
    put_escaped(out, v->text);
    buf_add(out, STR(") "));
    *ret_end = close;
    return true;
}

enum status flow_fill(str text, const struct flow_value *values, size_t count, struct buf *out,
                      struct error *err)
{
    size_t from = 0;
    for (size_t i = 0; i + 1 < text.n;) {
        bool is_placeholder = text.p[i] == '$' && text.p[i + 1] == '{';
        bool is_comment = text.p[i] == '/' && text.p[i + 1] == '*';
        size_t end = i + 1;
        if (is_placeholder || is_comment) {
            buf_add(out, str_sub(text, from, i));
            from = i;
        }
        if (is_placeholder) {
            enum status status = put_placeholder(text, i, values, count, out, &end, err);
            if (status != STATUS_OK)
                return status;
            from = end;
        } else if (is_comment && put_mark(text, i, values, count, out, &end)) {
            from = end;
        }
        i = end;
    }
    buf_add(out, str_sub(text, from, text.n));
    return STATUS_OK;
}

/* ---- retries ---- */

enum { DEPTH_MAX = 200 }; /* of objects and arrays; what is deeper is left alone */

/* An object or array that is open. */
struct place {
    size_t from;    /* behind its bracket */
    str key;        /* of the member that is being read */
    size_t at, end; /* of MaxAttempts, if end > 0 */
    bool is_array, is_http;
};

struct scan {
    str text;
    struct place places[DEPTH_MAX];
    size_t depth;
    size_t done; /* what is before it is in out */
    uint32_t retries;
    struct buf *out;
};

static size_t skip_blanks(str text, size_t at)
{
    while (at < text.n && strchr(" \t\r\n", text.p[at]))
        at++;
    return at;
}

/* Behind the quote that ends the string that begins at `at`. */
static size_t end_of_string(str text, size_t at)
{
    for (at++; at < text.n && text.p[at] != '"'; at++)
        if (text.p[at] == '\\')
            at++;
    return at < text.n ? at + 1 : text.n;
}

static void replace(struct scan *s, size_t from, size_t to, const char *before, const char *after)
{
    if (from < s->done)
        return;
    buf_add(s->out, str_sub(s->text, s->done, from));
    buf_printf(s->out, "%s%u%s", before, s->retries, after);
    s->done = to;
}

static void close_place(struct scan *s)
{
    if (s->depth == 0)
        return;
    if (--s->depth >= DEPTH_MAX || !s->places[s->depth].is_http)
        return;
    const struct place *p = &s->places[s->depth];
    if (p->end > 0)
        replace(s, p->at, p->end, "", "");
    else
        replace(s, p->from, p->from, "\"MaxAttempts\": ", ", ");
}

/* A string: a key, or the first of a retrier's errors. */
static void take_string(struct scan *s, size_t at, size_t end)
{
    struct place *p = &s->places[s->depth - 1];
    str text = str_sub(s->text, at + 1, end - 1);
    size_t next = skip_blanks(s->text, end);
    if (!p->is_array && next < s->text.n && s->text.p[next] == ':')
        p->key = text;
    else if (p->is_array && s->depth > 1 && skip_blanks(s->text, p->from) == at &&
             str_eq(p[-1].key, STR("ErrorEquals")) && str_starts(text, STR("States.Http.")))
        p[-1].is_http = true;
}

static void take_number(struct scan *s, size_t at, size_t end)
{
    struct place *p = &s->places[s->depth - 1];
    if (!p->is_array && str_eq(p->key, STR("MaxAttempts"))) {
        p->at = at;
        p->end = end;
    }
}

static void open_place(struct scan *s, size_t at)
{
    if (s->depth < DEPTH_MAX)
        s->places[s->depth] = (struct place){.from = at + 1, .is_array = s->text.p[at] == '['};
    s->depth++;
}

void flow_set_retries(str text, uint32_t retries, struct buf *out)
{
    struct scan s = {.text = text, .retries = retries, .out = out};
    for (size_t at = 0, end; at < text.n; at = end) {
        char c = text.p[at];
        bool is_seen = s.depth > 0 && s.depth <= DEPTH_MAX;
        end = at + 1;
        if (c == '{' || c == '[') {
            open_place(&s, at);
        } else if (c == '}' || c == ']') {
            close_place(&s);
        } else if (c == '"') {
            end = end_of_string(text, at);
            if (is_seen)
                take_string(&s, at, end);
        } else if (c >= '0' && c <= '9') {
            while (end < text.n && text.p[end] >= '0' && text.p[end] <= '9')
                end++;
            if (is_seen)
                take_number(&s, at, end);
        }
    }
    buf_add(out, str_sub(text, s.done, text.n));
}
