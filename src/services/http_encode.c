/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding. Forms follow the array formats of http:invoke (reference: "http:invoke", Transform):
 * the names of nested members are a[b], brackets are encoded as all of a name is.
 */
#include "services/http_encode.h"

#include "base/number.h"
#include "json/write.h"

enum { FORM_MAX_DEPTH = 64, FORM_MAX_NAME = 64 << 10, SCALAR_MAX = 64 << 10 };

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_encoded(struct buf *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char u = (unsigned char)c;
    char text[3] = {'%', digits[u >> 4], digits[u & 15]};
    buf_add(out, (str){text, sizeof text});
}

void http_encode_text(struct buf *out, str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_unreserved(text.p[i]))
            buf_add_byte(out, text.p[i]);
        else
            add_encoded(out, text.p[i]);
}

void http_encode_url(struct buf *out, str text)
{
    static const str never = {" \"<>\\^`{|}", 10};
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c <= 0x20 || c >= 0x7F || str_find_byte(never, text.p[i], 0) != STR_NONE)
            add_encoded(out, text.p[i]);
        else
            buf_add_byte(out, text.p[i]);
    }
}

void http_encode_base64(struct buf *out, str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        unsigned three =
            (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_add_byte(out, k <= n ? digits[three >> (18 - 6 * k) & 63] : '=');
    }
}

void http_encode_pair(struct buf *out, size_t start, str key, str value)
{
    if (out->n > start)
        buf_add_byte(out, '&');
    http_encode_text(out, key);
    buf_add_byte(out, '=');
    http_encode_text(out, value);
}

bool http_encode_scalar(struct arena *arena, struct json_val v, str *ret)
{
    if (v.tag == JSON_STRING) {
        *ret = json_str(v);
        return true;
    }
    if (v.tag != JSON_BOOL && !json_is_number(v))
        return false;
    struct buf text;
    buf_init(&text, SCALAR_MAX);
    bool is_written = json_write(&text, v, 0, NULL) == STATUS_OK;
    *ret = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return is_written;
}

/* ---- forms ---- */

struct form {
    struct buf *out;
    struct arena *arena;
    enum http_invoke_array format;
    size_t start;
    struct buf name; /* of the place in the body */
    unsigned depth;
    bool is_too_deep;
};

static void form_value(struct form *f, struct json_val v);

/* A value under a longer name: [part] is added unless the name is still empty. */
static void form_inner(struct form *f, str part, bool has_brackets, struct json_val v)
{
    size_t before = f->name.n;
    if (has_brackets)
        buf_add_byte(&f->name, '[');
    buf_add(&f->name, part);
    if (has_brackets)
        buf_add_byte(&f->name, ']');
    form_value(f, v);
    f->name.n = before;
}

/* What a value is as one text. */
static str form_text(struct form *f, struct json_val v)
{
    str text;
    if (http_encode_scalar(f->arena, v, &text))
        return text;
    if (v.tag == JSON_NULL)
        return (str){"", 0};
    struct buf written;
    buf_init(&written, HTTP_INVOKE_MAX_REQUEST);
    if (json_write(&written, v, 0, NULL) != STATUS_OK)
        f->is_too_deep = true;
    text = arena_dup(f->arena, buf_str(&written));
    buf_done(&written);
    return text;
}

static void form_commas(struct form *f, struct json_val v)
{
    if (v.len == 0)
        return;
    http_encode_pair(f->out, f->start, buf_str(&f->name), (str){"", 0});
    for (uint32_t i = 0; i < v.len; i++) {
        if (i > 0)
            buf_add_byte(f->out, ',');
        http_encode_text(f->out, form_text(f, v.items[i]));
    }
}

static void form_array(struct form *f, struct json_val v)
{
    if (f->format == HTTP_ARRAY_COMMAS) {
        form_commas(f, v);
        return;
    }
    for (uint32_t i = 0; i < v.len; i++) {
        char index[NUMBER_TEXT_MAX];
        str part = {index, f->format == HTTP_ARRAY_INDICES ? number_print_int(i, index) : 0};
        form_inner(f, part, f->format != HTTP_ARRAY_REPEAT, v.items[i]);
    }
}

static void form_value(struct form *f, struct json_val v)
{
    if (!json_is_container(v)) {
        http_encode_pair(f->out, f->start, buf_str(&f->name), form_text(f, v));
        return;
    }
    if (f->depth == FORM_MAX_DEPTH || !buf_ok(&f->name)) {
        f->is_too_deep = true;
        return;
    }
    f->depth++;
    if (v.tag == JSON_ARRAY)
        form_array(f, v);
    else
        for (uint32_t i = 0; i < v.len; i++)
            form_inner(f, http_encode_key_at(v, i), f->name.n > 0, v.obj->vals[i]);
    f->depth--;
}

bool http_encode_form(struct buf *out, struct arena *arena, struct json_val v,
                      enum http_invoke_array format)
{
    struct form f = {.out = out, .arena = arena, .format = format, .start = out->n};
    if (v.tag != JSON_OBJECT) {
        buf_add(out, form_text(&f, v));
        return !f.is_too_deep;
    }
    buf_init(&f.name, FORM_MAX_NAME);
    form_value(&f, v);
    bool is_whole = !f.is_too_deep && buf_ok(&f.name);
    buf_done(&f.name);
    return is_whole;
}

/* ---- headers ---- */

bool http_encode_is_name(str name)
{
    static const str others = {"!#$%&'*+-.^_`|~", 15};
    for (size_t i = 0; i < name.n; i++)
        if (!is_unreserved(name.p[i]) && str_find_byte(others, name.p[i], 0) == STR_NONE)
            return false;
    return name.n > 0;
}

bool http_encode_is_value(str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}
