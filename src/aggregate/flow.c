/* SPDX-License-Identifier: Apache-2.0 */
/* See flow.h. The texts are searched as they are, without being read as JSON: placeholders and
 * marks stand in JSON strings only, and have nothing in them that JSON would escape. */
#include "aggregate/flow.h"

#include "json/write.h"

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
