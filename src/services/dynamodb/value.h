/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values as compact bytes: what items are kept and compared as. One form for each value,
 * so that equal values are equal bytes.
 *
 *   value   tag, length (LEB128), body
 *   S B     the bytes                 N   an ordered number (number.h)
 *   SS BS NS  elements, each length and bytes, in their order, each once
 *   L       values                    M   members: length and bytes of the name, value; by name
 *   NULL, true, false                 empty bodies
 *
 * An item is the body of an M. Compiled expressions (expr.h) are written in the same form with tags
 * of their own. Readers take bytes that were checked (dynamo_check_item) or written here; a body
 * that ends early ends a walk.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_VALUE_H
#define AFFLUX_SERVICES_DYNAMODB_VALUE_H

#include "base/buf.h"

enum dynamo_tag {
    DYNAMO_NONE = 0, /* no value */
    DYNAMO_NULL = 1,
    DYNAMO_FALSE = 2,
    DYNAMO_TRUE = 3,
    DYNAMO_S = 0x10,
    DYNAMO_N = 0x11,
    DYNAMO_B = 0x12,
    DYNAMO_SS = 0x20,
    DYNAMO_NS = 0x21,
    DYNAMO_BS = 0x22,
    DYNAMO_L = 0x30,
    DYNAMO_M = 0x31
};

enum {
    DYNAMO_DEPTH_MAX = 32,          /* of lists and maps */
    DYNAMO_ITEM_BYTES = 400 * 1024, /* as AWS counts them (dynamo_item_size) */
    DYNAMO_PAGE_BYTES = 1 << 20,    /* of items that a page looks at, the last one apart */
    DYNAMO_BUFFER_BYTES = 64 << 20  /* of anything put together here */
};

struct dynamo_value {
    uint8_t tag;
    str body;
};

static inline bool dynamo_is_set(uint8_t tag)
{
    return tag >= DYNAMO_SS && tag <= DYNAMO_BS;
}
static inline bool dynamo_is_scalar(uint8_t tag)
{
    return tag >= DYNAMO_S && tag <= DYNAMO_B;
}
/* "S", "BOOL"; "" for what is no value. */
const char *dynamo_type_name(uint8_t tag);
/* The type of an element of a set, the set of a scalar. */
uint8_t dynamo_element_tag(uint8_t set);
/* Is it what a text or a name may be: strict UTF-8? JSON can say more, lone surrogates. */
bool dynamo_is_text(str bytes);

/* ---- reading ---- */

/* The next value, element of a set, or member of a map; false at the end. */
bool dynamo_next(str *rest, struct dynamo_value *ret);
bool dynamo_next_element(str *rest, str *ret);
bool dynamo_next_member(str *rest, str *ret_name, struct dynamo_value *ret);
/* DYNAMO_NONE when there is none. */
struct dynamo_value dynamo_member(str members, str name);
struct dynamo_value dynamo_at(str list, uint32_t index);
bool dynamo_set_has(str set, str element);
/* Elements, values or members. */
uint32_t dynamo_count(struct dynamo_value v);

/* Order of two scalars of one type. */
static inline int dynamo_compare(struct dynamo_value a, struct dynamo_value b)
{
    return str_cmp(a.body, b.body);
}
static inline bool dynamo_equal(struct dynamo_value a, struct dynamo_value b)
{
    return a.tag == b.tag && a.tag != DYNAMO_NONE && str_eq(a.body, b.body);
}

/* Are these the members of an item, in the only form? For bytes from a file. */
NODISCARD bool dynamo_check_item(str members);
/* Bytes as AWS counts them. */
size_t dynamo_item_size(str members);
size_t dynamo_value_size(struct dynamo_value v);

/* ---- writing ---- */

void dynamo_put_length(struct buf *out, size_t n);
void dynamo_put_bytes(struct buf *out, str bytes); /* length and bytes */
void dynamo_put(struct buf *out, struct dynamo_value v);
void dynamo_put_member(struct buf *out, str name, struct dynamo_value v);
/* A value whose body is written behind the place that begin returns. */
size_t dynamo_begin(struct buf *out, uint8_t tag);
void dynamo_end(struct buf *out, size_t place);

#endif
