/* SPDX-License-Identifier: Apache-2.0 */
/* Values as bytes: walking, finding, counting, checking, writing. JSON is value_json.c. */
#include "services/dynamodb/value.h"
#include "base/utf8.h"
#include "services/dynamodb/number.h"

static const struct {
    uint8_t tag;
    const char *name;
} types[] = {
    {DYNAMO_S, "S"},       {DYNAMO_N, "N"},        {DYNAMO_B, "B"},       {DYNAMO_SS, "SS"},
    {DYNAMO_NS, "NS"},     {DYNAMO_BS, "BS"},      {DYNAMO_L, "L"},       {DYNAMO_M, "M"},
    {DYNAMO_NULL, "NULL"}, {DYNAMO_FALSE, "BOOL"}, {DYNAMO_TRUE, "BOOL"},
};

const char *dynamo_type_name(uint8_t tag)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].tag == tag)
            return types[i].name;
    return "";
}

uint8_t dynamo_element_tag(uint8_t set)
{
    return (uint8_t)(set - DYNAMO_SS + DYNAMO_S);
}

bool dynamo_is_text(str bytes)
{
    return utf8_check(bytes) == bytes.n;
}

/* ---- reading ---- */

/* A length of at most five bytes, in its shortest form. */
static bool next_length(str *rest, size_t *ret)
{
    size_t value = 0;
    for (unsigned i = 0; i < 5 && i < rest->n; i++) {
        uint8_t byte = (uint8_t)rest->p[i];
        value |= (size_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            if (byte == 0 && i > 0)
                return false;
            *rest = str_sub(*rest, i + 1, rest->n);
            *ret = value;
            return true;
        }
    }
    return false;
}

bool dynamo_next_element(str *rest, str *ret)
{
    size_t n;
    if (!next_length(rest, &n) || n > rest->n)
        return false;
    *ret = (str){rest->p, n};
    *rest = (str){rest->p + n, rest->n - n};
    return true;
}

bool dynamo_next(str *rest, struct dynamo_value *ret)
{
    if (rest->n == 0)
        return false;
    ret->tag = (uint8_t)rest->p[0];
    *rest = (str){rest->p + 1, rest->n - 1};
    return dynamo_next_element(rest, &ret->body);
}

bool dynamo_next_member(str *rest, str *ret_name, struct dynamo_value *ret)
{
    return dynamo_next_element(rest, ret_name) && dynamo_next(rest, ret);
}

struct dynamo_value dynamo_member(str members, str name)
{
    str key;
    struct dynamo_value v;
    while (dynamo_next_member(&members, &key, &v))
        if (str_eq(key, name))
            return v;
    return (struct dynamo_value){0};
}

struct dynamo_value dynamo_at(str list, uint32_t index)
{
    struct dynamo_value v;
    for (uint32_t i = 0; dynamo_next(&list, &v); i++)
        if (i == index)
            return v;
    return (struct dynamo_value){0};
}

bool dynamo_set_has(str set, str element)
{
    str e;
    while (dynamo_next_element(&set, &e))
        if (str_eq(e, element))
            return true;
    return false;
}

uint32_t dynamo_count(struct dynamo_value v)
{
    str rest = v.body, name;
    struct dynamo_value inner;
    uint32_t count = 0;
    if (dynamo_is_set(v.tag))
        while (dynamo_next_element(&rest, &name))
            count++;
    else if (v.tag == DYNAMO_L)
        while (dynamo_next(&rest, &inner))
            count++;
    else if (v.tag == DYNAMO_M)
        while (dynamo_next_member(&rest, &name, &inner))
            count++;
    return count;
}

/* ---- size ---- */

static size_t number_size(str bytes)
{
    struct dynamo_number n;
    if (!dynamo_number_decode(bytes, &n) || n.count == 0)
        return 1;
    return 1 + (n.count + 1) / 2 + n.is_negative;
}

static size_t set_size(uint8_t element, str rest)
{
    str e;
    size_t size = 0;
    while (dynamo_next_element(&rest, &e))
        size += element == DYNAMO_N ? number_size(e) : e.n;
    return size;
}

/* Lists and maps cost three bytes, and one for each thing in them. */
static size_t list_size(str rest)
{
    struct dynamo_value v;
    size_t size = 3;
    while (dynamo_next(&rest, &v))
        size += 1 + dynamo_value_size(v);
    return size;
}

static size_t map_size(str rest)
{
    str name;
    struct dynamo_value v;
    size_t size = 3;
    while (dynamo_next_member(&rest, &name, &v))
        size += 1 + name.n + dynamo_value_size(v);
    return size;
}

size_t dynamo_value_size(struct dynamo_value v)
{
    if (v.tag == DYNAMO_N)
        return number_size(v.body);
    if (dynamo_is_set(v.tag))
        return set_size(dynamo_element_tag(v.tag), v.body);
    if (v.tag == DYNAMO_L)
        return list_size(v.body);
    if (v.tag == DYNAMO_M)
        return map_size(v.body);
    return dynamo_is_scalar(v.tag) ? v.body.n : 1;
}

size_t dynamo_item_size(str members)
{
    str name;
    struct dynamo_value v;
    size_t size = 0;
    while (dynamo_next_member(&members, &name, &v))
        size += name.n + dynamo_value_size(v);
    return size;
}

/* ---- checking ---- */

static bool is_scalar_right(uint8_t tag, str body)
{
    struct dynamo_number n;
    if (tag == DYNAMO_N)
        return dynamo_number_decode(body, &n);
    return tag == DYNAMO_B || (tag == DYNAMO_S && dynamo_is_text(body));
}

static bool is_set_right(uint8_t tag, str rest)
{
    str e, before = {NULL, 0};
    uint8_t element = dynamo_element_tag(tag);
    if (rest.n == 0)
        return false;
    while (rest.n > 0) {
        if (!dynamo_next_element(&rest, &e) || !is_scalar_right(element, e) ||
            (before.p && str_cmp(before, e) >= 0))
            return false;
        before = e;
    }
    return true;
}

static bool is_map_right(str rest, unsigned depth);

static bool is_value_right(struct dynamo_value v, unsigned depth)
{
    if (v.tag >= DYNAMO_NULL && v.tag <= DYNAMO_TRUE)
        return v.body.n == 0;
    if (dynamo_is_scalar(v.tag))
        return is_scalar_right(v.tag, v.body);
    if (dynamo_is_set(v.tag))
        return is_set_right(v.tag, v.body);
    if (depth == DYNAMO_DEPTH_MAX)
        return false;
    if (v.tag == DYNAMO_M)
        return is_map_right(v.body, depth + 1);
    if (v.tag != DYNAMO_L)
        return false;
    struct dynamo_value inner;
    for (str rest = v.body; rest.n > 0;)
        if (!dynamo_next(&rest, &inner) || !is_value_right(inner, depth + 1))
            return false;
    return true;
}

static bool is_map_right(str rest, unsigned depth)
{
    str name, before = {NULL, 0};
    struct dynamo_value v;
    while (rest.n > 0) {
        if (!dynamo_next_member(&rest, &name, &v) || !dynamo_is_text(name) ||
            !is_value_right(v, depth) || (before.p && str_cmp(before, name) >= 0))
            return false;
        before = name;
    }
    return true;
}

bool dynamo_check_item(str members)
{
    return is_map_right(members, 0);
}

/* ---- writing ---- */

static size_t write_length(char out[10], size_t n)
{
    size_t count = 0;
    for (; n >= 0x80; n >>= 7)
        out[count++] = (char)(n | 0x80);
    out[count++] = (char)n;
    return count;
}

void dynamo_put_length(struct buf *out, size_t n)
{
    char bytes[10];
    buf_add(out, (str){bytes, write_length(bytes, n)});
}

void dynamo_put_bytes(struct buf *out, str bytes)
{
    dynamo_put_length(out, bytes.n);
    buf_add(out, bytes);
}

void dynamo_put(struct buf *out, struct dynamo_value v)
{
    buf_add_byte(out, (char)v.tag);
    dynamo_put_bytes(out, v.body);
}

void dynamo_put_member(struct buf *out, str name, struct dynamo_value v)
{
    dynamo_put_bytes(out, name);
    dynamo_put(out, v);
}

size_t dynamo_begin(struct buf *out, uint8_t tag)
{
    buf_add_byte(out, (char)tag);
    buf_add_byte(out, 0); /* the length, if it takes one byte */
    return out->n;
}

void dynamo_end(struct buf *out, size_t place)
{
    if (!buf_ok(out) || place == 0)
        return;
    char bytes[10];
    size_t count = write_length(bytes, out->n - place);
    out->p[place - 1] = bytes[0];
    if (count > 1)
        buf_insert(out, place, (str){bytes + 1, count - 1});
}
