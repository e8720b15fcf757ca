/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public API: looking at values, writing them, documents. See include/afflux/jsonata.h for the
 * contracts. Contexts and expressions are in api.c.
 */
#include "base/buf.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "json/write.h"
#include "jsonata/api_internal.h"
#include <math.h>
#include <stdlib.h>

enum { API_DEFAULT_BYTES = 1 << 30 };

/* ---- looking at values ---- */

enum afx_type afx_type_of(struct afx_value value)
{
    static const uint8_t types[] = {
        [JSON_UNDEFINED] = AFX_UNDEFINED, [JSON_NULL] = AFX_NULL,   [JSON_BOOL] = AFX_BOOLEAN,
        [JSON_NUMBER] = AFX_NUMBER,       [JSON_INT] = AFX_NUMBER,  [JSON_NUMTEXT] = AFX_NUMBER,
        [JSON_STRING] = AFX_STRING,       [JSON_ARRAY] = AFX_ARRAY, [JSON_OBJECT] = AFX_OBJECT,
        [JSON_FUNCTION] = AFX_FUNCTION,
    };
    unsigned tag = api_val(value).tag;
    return tag < ARRAY_LEN(types) ? (enum afx_type)types[tag] : AFX_UNDEFINED;
}

const char *afx_type_name(enum afx_type type)
{
    static const char *const names[] = {
        [AFX_UNDEFINED] = "undefined", [AFX_NULL] = "null",         [AFX_BOOLEAN] = "boolean",
        [AFX_NUMBER] = "number",       [AFX_STRING] = "string",     [AFX_ARRAY] = "array",
        [AFX_OBJECT] = "object",       [AFX_FUNCTION] = "function",
    };
    return (size_t)type < ARRAY_LEN(names) ? names[type] : "undefined";
}

bool afx_bool(struct afx_value value)
{
    struct json_val v = api_val(value);
    return v.tag == JSON_BOOL && v.b;
}

double afx_number(struct afx_value value)
{
    struct json_val v = api_val(value);
    return json_is_number(v) ? json_number(v) : 0;
}

/* NUMTEXT is an integer when it says so without fraction and exponent; all that fit an int64 are
 * JSON_INT, but for -0 and the like. "1.0" is a whole number, too. */
bool afx_int64(struct afx_value value, int64_t *ret_number)
{
    struct json_val v = api_val(value);
    if (v.tag == JSON_INT) {
        *ret_number = v.i64;
        return true;
    }
    const double exact = 9007199254740992;
    double num = afx_number(value);
    if (!json_is_number(v) || !(fabs(num) <= exact) || trunc(num) != num)
        return false;
    /* rounded to 2^53 from something near it? */
    if (v.tag == JSON_NUMTEXT && fabs(num) >= exact)
        return false;
    *ret_number = (int64_t)num;
    return true;
}

struct afx_text afx_string(struct afx_value value)
{
    struct json_val v = api_val(value);
    return api_text(v.tag == JSON_STRING ? json_str(v) : STR(""));
}

size_t afx_count(struct afx_value value)
{
    struct json_val v = api_val(value);
    return json_is_container(v) ? v.len : 0;
}

/* What lies inside a container, as writers see it: what is no value is null. */
static struct afx_value api_inner(struct json_val outer, struct json_val v)
{
    if (v.tag == JSON_UNDEFINED || v.tag > JSON_FUNCTION)
        v = json_null();
    return api_value(api_mark(v, api_is_in_document(outer)));
}

struct afx_value afx_item(struct afx_value array, size_t index)
{
    struct json_val v = api_val(array);
    if (v.tag != JSON_ARRAY || index >= v.len)
        return (struct afx_value){{0}};
    return api_inner(v, v.items[index]);
}

struct afx_text afx_member_name(struct afx_value object, size_t index)
{
    struct json_val v = api_val(object);
    if (v.tag != JSON_OBJECT || index >= v.len)
        return api_text(STR(""));
    const struct json_key *key = &v.obj->shape->keys[index];
    return api_text((str){key->p, key->n});
}

struct afx_value afx_member(struct afx_value object, size_t index)
{
    struct json_val v = api_val(object);
    if (v.tag != JSON_OBJECT || index >= v.len)
        return (struct afx_value){{0}};
    return api_inner(v, v.obj->vals[index]);
}

struct afx_value afx_get(struct afx_value object, const char *name, size_t name_bytes)
{
    struct json_val v = api_val(object);
    str key;
    if (v.tag != JSON_OBJECT || !api_str(name, name_bytes, &key))
        return (struct afx_value){{0}};
    int32_t at = json_shape_find(v.obj->shape, key, json_key_hash(key));
    return at < 0 ? (struct afx_value){{0}} : api_inner(v, v.obj->vals[at]);
}

/* ---- writing ---- */

/* Writes with a NUL behind; buf_done is the caller's in any case. */
static enum afx_status api_write(struct buf *out, struct afx_value value, unsigned flags,
                                 struct afx_error *err)
{
    struct error json_err;
    unsigned json_flags = flags & AFX_WRITE_PRETTY ? JSON_WRITE_PRETTY : 0;
    if (flags & ~(unsigned)(AFX_WRITE_PRETTY | AFX_WRITE_EXACT))
        return api_misuse(err, "there is no such flag for writing");
    if (!(flags & AFX_WRITE_EXACT))
        json_flags |= JSON_WRITE_DOUBLES;
    struct json_val v = api_val(value);
    if (v.tag != JSON_UNDEFINED && v.tag < JSON_FUNCTION &&
        json_write(out, v, json_flags, &json_err) != STATUS_OK)
        return api_fail_json(err, &json_err, AFX_NO_POSITION);
    return AFX_OK;
}

enum afx_status afx_write(struct afx_value value, unsigned flags, size_t max_bytes, char **ret_text,
                          size_t *ret_bytes, struct afx_error *err)
{
    struct buf out;
    if (!ret_text)
        return api_misuse(err, "no place for the text");
    buf_init(&out, max_bytes ? max_bytes : API_DEFAULT_BYTES);
    enum afx_status status = api_write(&out, value, flags, err);
    if (status != AFX_OK) {
        buf_done(&out);
        return status;
    }
    size_t n;
    char *text = buf_take(&out, &n); /* has slack for the NUL */
    text[n] = '\0';
    *ret_text = text;
    if (ret_bytes)
        *ret_bytes = n;
    return AFX_OK;
}

enum afx_status afx_write_to(struct afx_value value, unsigned flags, char *buffer, size_t room,
                             size_t *ret_bytes, struct afx_error *err)
{
    struct buf out;
    if (!buffer || room == 0)
        return api_misuse(err, "no place for the text");
    buffer[0] = '\0';
    buf_init(&out, room - 1);
    enum afx_status status = api_write(&out, value, flags, err);
    if (out.overflowed) {
        status = api_fail(err, AFX_LIMIT, "NoRoom", "the text is longer than the buffer");
    } else if (status == AFX_OK) {
        if (out.n > 0)
            memcpy(buffer, out.p, out.n);
        buffer[out.n] = '\0';
        if (ret_bytes)
            *ret_bytes = out.n;
    }
    buf_done(&out);
    return status;
}

/* ---- documents ---- */

/* The public name of struct json_doc. */
static struct json_doc *api_doc(const struct afx_document *document)
{
    return (struct json_doc *)(uintptr_t)document;
}

enum afx_status afx_document_parse(const char *text, size_t text_bytes,
                                   struct afx_document **ret_document, struct afx_error *err)
{
    struct json_place place = {0};
    struct json_parse_options options = {.place = &place};
    struct json_doc *doc;
    struct error json_err;
    str s;
    if (!ret_document || !api_str(text, text_bytes, &s))
        return api_misuse(err, "no JSON text, or no place for the document");
    if (json_parse(s, &options, &doc, &json_err) != STATUS_OK)
        return api_fail_json(err, &json_err, place.line ? (uint32_t)place.offset : AFX_NO_POSITION);
    *ret_document = (struct afx_document *)doc;
    return AFX_OK;
}

enum afx_status afx_document_of_value(struct afx_value value, size_t max_bytes,
                                      struct afx_document **ret_document, struct afx_error *err)
{
    struct json_freeze_options options = {.max_bytes = max_bytes ? max_bytes : API_DEFAULT_BYTES};
    struct json_doc *doc;
    struct error json_err;
    struct json_val v = api_val(value);
    if (!ret_document)
        return api_misuse(err, "no place for the document");
    if (v.tag > JSON_FUNCTION)
        v = json_undefined();
    if (json_freeze(api_mark(v, false), &options, &doc, &json_err) != STATUS_OK)
        return api_fail_json(err, &json_err, AFX_NO_POSITION);
    *ret_document = (struct afx_document *)doc;
    return AFX_OK;
}

void afx_document_free(struct afx_document *document)
{
    json_doc_unref(api_doc(document));
}

struct afx_value afx_document_root(const struct afx_document *document)
{
    if (!document)
        return (struct afx_value){{0}};
    return api_value(api_mark(json_doc_root(api_doc(document)), true));
}

size_t afx_document_bytes(const struct afx_document *document)
{
    return document ? json_doc_bytes(api_doc(document)) : 0;
}

void afx_free(char *text)
{
    free(text);
}
