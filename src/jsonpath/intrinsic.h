/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of expressions: nodes, one evaluation, and the table of intrinsic functions. Bodies
 * are in intrinsic_*.c by subject; a body gets evaluated arguments whose number is right, and
 * checks their kinds.
 */
#ifndef AFFLUX_JSONPATH_INTRINSIC_H
#define AFFLUX_JSONPATH_INTRINSIC_H

#include "base/buf.h"
#include "jsonpath/expr.h"

#define INTRINSIC_MANY UINT32_MAX

/* Name, fewest and most arguments, body. */
#define INTRINSIC_LIST(X)                                                                          \
    X("Format", 1, INTRINSIC_MANY, intrinsic_format)                                               \
    X("StringToJson", 1, 1, intrinsic_string_to_json)                                              \
    X("JsonToString", 1, 1, intrinsic_json_to_string)                                              \
    X("Array", 0, INTRINSIC_MANY, intrinsic_array)                                                 \
    X("ArrayPartition", 2, 2, intrinsic_array_partition)                                           \
    X("ArrayContains", 2, 2, intrinsic_array_contains)                                             \
    X("ArrayRange", 3, 3, intrinsic_array_range)                                                   \
    X("ArrayGetItem", 2, 2, intrinsic_array_get_item)                                              \
    X("ArrayLength", 1, 1, intrinsic_array_length)                                                 \
    X("ArrayUnique", 1, 1, intrinsic_array_unique)                                                 \
    X("Base64Encode", 1, 1, intrinsic_base64_encode)                                               \
    X("Base64Decode", 1, 1, intrinsic_base64_decode)                                               \
    X("Hash", 2, 2, intrinsic_hash)                                                                \
    X("JsonMerge", 3, 3, intrinsic_json_merge)                                                     \
    X("MathRandom", 2, 3, intrinsic_math_random)                                                   \
    X("MathAdd", 2, 2, intrinsic_math_add)                                                         \
    X("StringSplit", 2, 2, intrinsic_string_split)                                                 \
    X("UUID", 0, 0, intrinsic_uuid)

enum expr_kind { EXPR_VALUE, EXPR_PATH, EXPR_CALL };

struct expr_node {
    uint8_t kind;
    uint8_t function; /* EXPR_CALL: row of the table */
    uint32_t ordinal; /* EXPR_CALL: number of the call within the expression */
    uint32_t count;   /* EXPR_CALL: of args */
    union {
        const struct jsonpath *path;
        const struct expr_node *const *args;
        struct json_val value;
    };
    str raw; /* EXPR_VALUE of a text: with its escapes */
};

struct jsonpath_expr {
    struct expr_node *root;
    const str *variables;
    uint32_t variable_count;
    bool uses_context, is_random;
};

struct expr_run {
    const struct jsonpath_env *env;
    enum status status;
    enum jsonpath_missing missing;
    enum jsonpath_failure kind;
    str path;
    struct error *err;
};

struct intrinsic_call {
    struct expr_run *run;
    const struct jsonpath_env *env;
    const struct expr_node *node;
    const char *name; /* without "States." */
    const struct json_val *args;
    uint32_t count;
};

struct intrinsic {
    const char *name;
    uint32_t min, max;
    bool (*body)(const struct intrinsic_call *c, struct json_val *ret);
};

extern const struct intrinsic intrinsics[];
/* The row of a function, or -1. */
int intrinsic_find(str name);

#define X(name, min, max, body) bool body(const struct intrinsic_call *c, struct json_val *ret);
INTRINSIC_LIST(X)
#undef X

/* Both return false for the caller to return. */
bool intrinsic_fail(const struct intrinsic_call *c, const char *what) COLD;
bool intrinsic_fail_limit(const struct intrinsic_call *c, const char *what) COLD;

/* Is there room for so many bytes? */
bool intrinsic_room(const struct intrinsic_call *c, size_t bytes);
/* An argument as an integer of 32 bits, rounded half up. */
bool intrinsic_integer(const struct intrinsic_call *c, uint32_t i, int64_t *ret);
bool intrinsic_is_array(const struct intrinsic_call *c, uint32_t i);
bool intrinsic_is_string(const struct intrinsic_call *c, uint32_t i);
/* The text of a buffer as a value, and the end of the buffer. */
bool intrinsic_give_text(const struct intrinsic_call *c, struct buf *text, struct json_val *ret);

#endif
