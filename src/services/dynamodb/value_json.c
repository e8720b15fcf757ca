/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to values and back. What is refused here is refused wherever a value may stand: in items,
 * keys and ExpressionAttributeValues. Rules that only keys have are key.c's.
 */
#include "services/dynamodb/value_json.h"
#include "json/write.h"
#include "services/dynamodb/number.h"
#include "services/http_encode.h"
#include <stdlib.h>

struct reading {
    struct arena *arena;
    struct buf *out;
    struct error *err;
};

static enum status invalid(struct reading *r, const char *text)
{
    return error_set(r->err, STATUS_INVALID, "ValidationException", "%s", text);
}

static enum status mistyped(struct reading *r, struct json_val v, const char *wanted)
{
    if (json_is_container(v))
        return error_set(r->err, STATUS_INVALID, "SerializationException",
                         v.tag == JSON_ARRAY ? "Unexpected list; a %s was expected"
                                             : "Unexpected structure; a %s was expected",
                         wanted);
    return error_set(r->err, STATUS_INVALID, "SerializationException",
                     "%s_VALUE cannot be converted to %s",
                     v.tag == JSON_STRING ? "STRING"
                     : v.tag == JSON_BOOL ? (v.b ? "TRUE" : "FALSE")
                     : v.tag == JSON_NULL ? "NULL"
                                          : "NUMBER",
                     wanted);
}

static enum status no_text(struct reading *r)
{
    return invalid(r, "One or more parameter values were invalid: Names and strings may not hold "
                      "half of a surrogate pair");
}

/* ---- scalars ---- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static enum status base64_refused(struct reading *r, const char *why)
{
    return error_set(r->err, STATUS_INVALID, "SerializationException", "%s", why);
}

static enum status read_base64(struct reading *r, str text, str *ret)
{
    if (text.n % 4 != 0)
        return error_set(r->err, STATUS_INVALID, "SerializationException",
                         "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                         text.n);
    size_t padding = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("=")) ? 1 : 0;
    char *bytes = arena_alloc(r->arena, text.n / 4 * 3 + 1);
    size_t n = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.n - padding; i++) {
        int digit = base64_digit(text.p[i]);
        if (digit < 0)
            return base64_refused(r, "Invalid Base64 character");
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0)
            bytes[n++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    if (padding > 0 && (bits & (padding == 2 ? 0xF : 0x3)) != 0)
        return base64_refused(r, "Invalid last non-pad Base64 character dectected");
    *ret = (str){bytes, n};
    return STATUS_OK;
}

/* The bytes of a scalar. */
static enum status read_scalar(struct reading *r, uint8_t tag, struct json_val v, str *ret)
{
    if (v.tag != JSON_STRING)
        return mistyped(r, v, tag == DYNAMO_B ? "Blob" : "String");
    *ret = json_str(v);
    if (tag == DYNAMO_S && !dynamo_is_text(*ret))
        return no_text(r);
    if (tag == DYNAMO_B)
        return read_base64(r, json_str(v), ret);
    if (tag == DYNAMO_N) {
        struct dynamo_number n;
        if (dynamo_number_parse(json_str(v), &n, r->err) != STATUS_OK)
            return STATUS_INVALID;
        char *bytes = arena_alloc(r->arena, DYNAMO_NUMBER_BYTES);
        *ret = (str){bytes, dynamo_number_encode(&n, bytes)};
    }
    return STATUS_OK;
}

/* ---- sets ---- */

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

static enum status duplicates(struct reading *r, uint8_t tag, struct json_val v)
{
    if (tag == DYNAMO_NS)
        return invalid(r, "Input collection contains duplicates");
    struct buf list;
    buf_init(&list, ERROR_MESSAGE_MAX);
    for (uint32_t i = 0; i < v.len; i++) {
        buf_add(&list, i ? STR(", ") : STR(""));
        buf_add(&list, json_str(v.items[i]));
    }
    enum status status =
        error_set(r->err, STATUS_INVALID, "ValidationException",
                  "One or more parameter values were invalid: Input collection [%.*s]%s contains "
                  "duplicates.",
                  STR_ARG(buf_str(&list)), tag == DYNAMO_BS ? "of type BS" : "");
    buf_done(&list);
    return status;
}

static const char *empty_set_text(uint8_t tag)
{
    return tag == DYNAMO_SS   ? "One or more parameter values were invalid: An string set  may not "
                                "be empty"
           : tag == DYNAMO_NS ? "One or more parameter values were invalid: An number set  may not "
                                "be empty"
                              : "One or more parameter values were invalid: Binary sets should not "
                                "be empty";
}

static const char *empty_element_text(uint8_t tag)
{
    return tag == DYNAMO_SS ? "One or more parameter values were invalid: An string set may not "
                              "have a empty string as a member"
                            : "One or more parameter values were invalid: Binary sets may not "
                              "contain null or empty values";
}

static enum status read_set(struct reading *r, uint8_t tag, struct json_val v)
{
    if (v.tag != JSON_ARRAY)
        return mistyped(r, v, "List");
    if (v.len == 0)
        return invalid(r, empty_set_text(tag));
    str *elements = arena_alloc(r->arena, v.len * sizeof(*elements));
    for (uint32_t i = 0; i < v.len; i++) {
        if (read_scalar(r, dynamo_element_tag(tag), v.items[i], &elements[i]) != STATUS_OK)
            return STATUS_INVALID;
        if (elements[i].n == 0)
            return invalid(r, empty_element_text(tag));
    }
    qsort(elements, v.len, sizeof(*elements), by_bytes);
    size_t place = dynamo_begin(r->out, tag);
    for (uint32_t i = 0; i < v.len; i++) {
        if (i > 0 && str_eq(elements[i - 1], elements[i]))
            return duplicates(r, tag, v);
        dynamo_put_bytes(r->out, elements[i]);
    }
    dynamo_end(r->out, place);
    return STATUS_OK;
}

/* ---- lists and maps ---- */

static enum status read_value(struct reading *r, struct json_val v, unsigned depth);

static enum status read_list(struct reading *r, struct json_val v, unsigned depth)
{
    if (v.tag != JSON_ARRAY)
        return mistyped(r, v, "List");
    if (depth == DYNAMO_DEPTH_MAX)
        return invalid(r, "Nesting Levels have exceeded supported limits");
    size_t place = dynamo_begin(r->out, DYNAMO_L);
    for (uint32_t i = 0; i < v.len; i++)
        if (read_value(r, v.items[i], depth + 1) != STATUS_OK)
            return STATUS_INVALID;
    dynamo_end(r->out, place);
    return STATUS_OK;
}

struct named {
    str name;
    struct json_val v;
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static enum status read_members(struct reading *r, struct json_val v, unsigned depth)
{
    struct named *members = arena_alloc(r->arena, v.len * sizeof(*members));
    for (uint32_t i = 0; i < v.len; i++)
        members[i] = (struct named){dynamo_key_at(v, i), dynamo_val_at(v, i)};
    qsort(members, v.len, sizeof(*members), by_name);
    for (uint32_t i = 0; i < v.len; i++) {
        if (!dynamo_is_text(members[i].name))
            return no_text(r);
        dynamo_put_bytes(r->out, members[i].name);
        if (read_value(r, members[i].v, depth) != STATUS_OK)
            return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status read_map(struct reading *r, struct json_val v, unsigned depth)
{
    if (v.tag != JSON_OBJECT)
        return mistyped(r, v, "Map");
    if (depth == DYNAMO_DEPTH_MAX)
        return invalid(r, "Nesting Levels have exceeded supported limits");
    size_t place = dynamo_begin(r->out, DYNAMO_M);
    if (read_members(r, v, depth + 1) != STATUS_OK)
        return STATUS_INVALID;
    dynamo_end(r->out, place);
    return STATUS_OK;
}

/* ---- values ---- */

static enum status read_bool(struct reading *r, struct json_val v, bool is_null)
{
    if (v.tag != JSON_BOOL)
        return mistyped(r, v, "Boolean");
    if (is_null && !v.b)
        return invalid(r, "One or more parameter values were invalid: Null attribute value types "
                          "must have the value of true");
    uint8_t tag = is_null ? DYNAMO_NULL : v.b ? DYNAMO_TRUE : DYNAMO_FALSE;
    dynamo_put(r->out, (struct dynamo_value){.tag = tag});
    return STATUS_OK;
}

static enum status read_typed(struct reading *r, str type, struct json_val v, unsigned depth)
{
    static const struct {
        const char *name;
        uint8_t tag;
    } tags[] = {{"S", DYNAMO_S},       {"N", DYNAMO_N},      {"B", DYNAMO_B}, {"SS", DYNAMO_SS},
                {"NS", DYNAMO_NS},     {"BS", DYNAMO_BS},    {"L", DYNAMO_L}, {"M", DYNAMO_M},
                {"BOOL", DYNAMO_TRUE}, {"NULL", DYNAMO_NULL}};
    uint8_t tag = DYNAMO_NONE;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (str_eq(type, str_of(tags[i].name)))
            tag = tags[i].tag;
    if (dynamo_is_scalar(tag)) {
        struct dynamo_value scalar = {.tag = tag};
        if (read_scalar(r, tag, v, &scalar.body) != STATUS_OK)
            return STATUS_INVALID;
        dynamo_put(r->out, scalar);
        return STATUS_OK;
    }
    if (dynamo_is_set(tag))
        return read_set(r, tag, v);
    if (tag == DYNAMO_L)
        return read_list(r, v, depth);
    if (tag == DYNAMO_M)
        return read_map(r, v, depth);
    if (tag == DYNAMO_NONE)
        return invalid(r, "Supplied AttributeValue is empty, must contain exactly one of the "
                          "supported datatypes");
    return read_bool(r, v, tag == DYNAMO_NULL);
}

static enum status read_value(struct reading *r, struct json_val v, unsigned depth)
{
    if (v.tag != JSON_OBJECT)
        return mistyped(r, v, "AttributeValue");
    if (v.len == 0)
        return invalid(r, "Supplied AttributeValue is empty, must contain exactly one of the "
                          "supported datatypes");
    if (v.len > 1)
        return invalid(r, "Supplied AttributeValue has more than one datatypes set, must contain "
                          "exactly one of the supported datatypes");
    return read_typed(r, dynamo_key_at(v, 0), dynamo_val_at(v, 0), depth);
}

static enum status fits(const struct buf *out, struct error *err)
{
    if (buf_ok(out))
        return STATUS_OK;
    return error_set(err, STATUS_LIMIT, "ValidationException",
                     "Item size has exceeded the maximum allowed size");
}

enum status dynamo_value_from_json(struct arena *a, struct json_val v, struct buf *out,
                                   struct error *err)
{
    struct reading r = {.arena = a, .out = out, .err = err};
    enum status status = read_value(&r, v, 0);
    return status == STATUS_OK ? fits(out, err) : status;
}

enum status dynamo_item_from_json(struct arena *a, struct json_val item, str *ret,
                                  struct error *err)
{
    struct buf out;
    struct reading r = {.arena = a, .out = &out, .err = err};
    if (item.tag != JSON_OBJECT)
        return mistyped(&r, item, "Map");
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    enum status status = read_members(&r, item, 0);
    if (status == STATUS_OK)
        status = fits(&out, err);
    if (status == STATUS_OK)
        *ret = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return status;
}

/* ---- to JSON ---- */

static void write_scalar(uint8_t tag, str body, struct buf *out)
{
    if (tag == DYNAMO_S) {
        json_write_string(out, body);
        return;
    }
    struct dynamo_number n;
    buf_add_byte(out, '"');
    if (tag == DYNAMO_B)
        http_encode_base64(out, body);
    else if (dynamo_number_decode(body, &n))
        dynamo_number_print(&n, out);
    buf_add_byte(out, '"');
}

static void write_set(struct dynamo_value v, struct buf *out)
{
    str e;
    bool is_first = true;
    for (str rest = v.body; dynamo_next_element(&rest, &e); is_first = false) {
        buf_add(out, is_first ? STR("") : STR(","));
        write_scalar(dynamo_element_tag(v.tag), e, out);
    }
}

static void write_list(str rest, struct buf *out)
{
    struct dynamo_value v;
    for (bool is_first = true; dynamo_next(&rest, &v); is_first = false) {
        buf_add(out, is_first ? STR("") : STR(","));
        dynamo_value_to_json(v, out);
    }
}

void dynamo_value_to_json(struct dynamo_value v, struct buf *out)
{
    buf_add(out, STR("{\""));
    buf_add(out, str_of(dynamo_type_name(v.tag)));
    buf_add(out, STR("\":"));
    if (dynamo_is_scalar(v.tag)) {
        write_scalar(v.tag, v.body, out);
    } else if (v.tag == DYNAMO_M) {
        dynamo_item_to_json(v.body, out);
    } else if (v.tag == DYNAMO_L || dynamo_is_set(v.tag)) {
        buf_add_byte(out, '[');
        if (v.tag == DYNAMO_L)
            write_list(v.body, out);
        else
            write_set(v, out);
        buf_add_byte(out, ']');
    } else {
        buf_add(out, v.tag == DYNAMO_FALSE ? STR("false") : STR("true"));
    }
    buf_add_byte(out, '}');
}

void dynamo_item_to_json(str members, struct buf *out)
{
    str name;
    struct dynamo_value v;
    buf_add_byte(out, '{');
    for (bool is_first = true; dynamo_next_member(&members, &name, &v); is_first = false) {
        buf_add(out, is_first ? STR("") : STR(","));
        json_write_string(out, name);
        buf_add_byte(out, ':');
        dynamo_value_to_json(v, out);
    }
    buf_add_byte(out, '}');
}
