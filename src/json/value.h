/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct json_val: one JSON value in 16 bytes, passed by copy (it travels in two registers).
 *
 * A value owns nothing. Text, items and members lie in the document it came from (json/doc.h) or in
 * an arena, and are immutable; whoever holds the value keeps that memory alive.
 *
 * - string   `len` bytes at `ptr`. JSON_ASCII: all bytes below 0x80. JSON_PLAIN: nothing in it
 * needs an escape when written as JSON. Both flags are promises when set and mean nothing when not.
 * - number   JSON_NUMBER is a double. Two further tags keep what a double would not print the same:
 *            JSON_INT an int64, JSON_NUMTEXT the text itself (`len` bytes at `ptr`). json_number()
 * reads all three; code that computes asks json_is_number().
 * - array    `len` values at `items`.
 * - object   `len` members: `obj->shape` has the keys in order, `obj->vals` the values behind them.
 * len is shape->count.
 * - JSON_UNDEFINED is the absence of a value; documents never contain it.
 * - Tags from JSON_FUNCTION on belong to evaluators; documents never contain them.
 *
 * Flags from JSON_FLAG_USER on belong to evaluators too and are cleared when a value is frozen.
 */
#ifndef AFFLUX_JSON_VALUE_H
#define AFFLUX_JSON_VALUE_H

#include "base/attr.h"
#include "base/str.h"

enum json_tag {
    JSON_UNDEFINED,
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_INT,
    JSON_NUMTEXT,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_FUNCTION,
    JSON_TAG_USER = 16, /* first tag that only one evaluator knows */
};

enum json_flag {
    JSON_ASCII = 1, /* strings */
    JSON_PLAIN = 2, /* strings */
    JSON_GROW =
        4, /* arrays and strings: a struct json_grow lies directly before the items or bytes */
    JSON_FLAG_USER = 8,
};

enum {
    JSON_MAX_DEPTH = 1000 /* nesting of arrays and objects: in text, in documents, in comparisons */
};

/*
 * In front of the items of an array (or bytes of a string) flagged JSON_GROW: room for more behind
 * the last. A value whose len equals `used` may be appended to in place by raising `used`; values
 * that share the memory keep their own len and never see the new part. So a loop that appends stays
 * linear.
 */
struct json_grow {
    uint32_t used, cap;
    uint64_t
        settled; /* documents only: items whose contents the document owns; see json/freeze.c */
};

struct json_object;

struct json_val {
    uint8_t tag;
    uint8_t flags;
    uint16_t extra; /* free for evaluators */
    uint32_t len;
    union {
        double num;
        int64_t i64;
        bool b;
        const char *ptr;
        const struct json_val *items;
        const struct json_object *obj;
        const void *any;
    };
};

_Static_assert(sizeof(struct json_val) == 16, "a value is two registers");

/* One key of a shape. The bytes lie between quotes and are followed by a colon: p[-1] is '"', p[n]
 * is '"', p[n + 1] is ':', so that a plain key is written with one copy. 16 bytes from p[-1] on can
 * be read. */
struct json_key {
    const char *p;
    uint32_t n;
    uint32_t hash;
    uint8_t flags; /* JSON_ASCII, JSON_PLAIN */
};

struct json_shape {
    uint32_t count;
    uint32_t index_mask;         /* 0: look through the keys one by one; else size of index - 1 */
    const struct json_key *keys; /* in the order of the members */
    const uint32_t *index;       /* open addressing by hash: position + 1, 0 = empty */
};

struct json_object {
    const struct json_shape *shape;
    uint64_t
        place; /* 0, but while an evaluator changes objects of its own: where it is referred to */
    struct json_val vals[];
};

static ALWAYS_INLINE struct json_val json_undefined(void)
{
    return (struct json_val){.tag = JSON_UNDEFINED};
}
static ALWAYS_INLINE struct json_val json_null(void)
{
    return (struct json_val){.tag = JSON_NULL};
}
static ALWAYS_INLINE struct json_val json_bool(bool b)
{
    return (struct json_val){.tag = JSON_BOOL, .i64 = b};
}
static ALWAYS_INLINE struct json_val json_num(double num)
{
    return (struct json_val){.tag = JSON_NUMBER, .num = num};
}
static ALWAYS_INLINE struct json_val json_string(str s, unsigned flags)
{
    return (struct json_val){
        .tag = JSON_STRING, .flags = (uint8_t)flags, .len = (uint32_t)s.n, .ptr = s.p};
}
static ALWAYS_INLINE struct json_val json_array(const struct json_val *items, uint32_t len)
{
    return (struct json_val){.tag = JSON_ARRAY, .len = len, .items = items};
}
static ALWAYS_INLINE struct json_val json_object(const struct json_object *obj)
{
    return (struct json_val){.tag = JSON_OBJECT, .len = obj->shape->count, .obj = obj};
}

static ALWAYS_INLINE bool json_is_number(struct json_val v)
{
    return (unsigned)v.tag - JSON_NUMBER <= JSON_NUMTEXT - JSON_NUMBER;
}
static ALWAYS_INLINE bool json_is_container(struct json_val v)
{
    return v.tag == JSON_ARRAY || v.tag == JSON_OBJECT;
}
static ALWAYS_INLINE str json_str(struct json_val v)
{
    return (str){v.ptr, v.len};
}
static ALWAYS_INLINE struct json_grow *json_grow_of(struct json_val v)
{
    return (struct json_grow *)(uintptr_t)((const char *)v.any - sizeof(struct json_grow));
}

/* What becomes of numbers that a double does not print as they were written. */
enum json_numbers {
    JSON_NUMBERS_KEPT,    /* they stay */
    JSON_NUMBERS_DOUBLES, /* doubles, as in JavaScript: 1.0 becomes 1, 2^53 + 1 becomes 2^53 */
    JSON_NUMBERS_EXACT    /* doubles, but for integers that none is: those stay */
};
/* Does this number stay what it is? */
bool json_number_stays(struct json_val v, enum json_numbers numbers);

/* The value of JSON_INT and JSON_NUMTEXT as a double. */
double json_number_slow(struct json_val v);

/* The nearest double of any number. */
static ALWAYS_INLINE double json_number(struct json_val v)
{
    return LIKELY(v.tag == JSON_NUMBER) ? v.num : json_number_slow(v);
}

/* Appends to an array in place when it can grow and nobody has appended to this length of it yet;
 * false otherwise (the caller copies). */
bool json_grow_append(struct json_val *array, const struct json_val *items, uint32_t count);

/* "null", "boolean", "number", "string", "array", "object", "function", "undefined". */
const char *json_type_name(struct json_val v);

/* 32-bit hash of a key as shapes keep it. */
uint32_t json_key_hash(str key);

/* Position of a key in a shape, or -1. hash is json_key_hash(key). */
int32_t json_shape_find(const struct json_shape *shape, str key, uint32_t hash);

/* The member of an object; undefined when it has none. */
struct json_val json_get(struct json_val object, str key);

#endif
