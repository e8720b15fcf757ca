/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression language: texts to programs. A program is bytes without pointers, names and values
 * put in, in the form of value.h with tags of its own: a node is tag, length, and the nodes in it.
 *
 *   condition, filter   one node                   evaluated by eval.h
 *   update              its actions, one after the other       update.h
 *   projection          its paths                              project.h
 *   key condition       its conditions: operator [S name, value…]     key.h
 *
 * Errors are ValidationException with AWS's texts, "Invalid ConditionExpression: …".
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_EXPR_H
#define AFFLUX_SERVICES_DYNAMODB_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "json/value.h"
#include "services/dynamodb/value.h"

enum dynamo_node_tag {
    DYNAMO_PATH = 0x40, /* S name or INDEX, from the top */
    DYNAMO_INDEX,       /* body: four bytes, lowest first */
    DYNAMO_SIZE,        /* operand */
    DYNAMO_AND = 0x50,
    DYNAMO_OR,
    DYNAMO_NOT,
    DYNAMO_EQ,
    DYNAMO_NE,
    DYNAMO_LT,
    DYNAMO_LE,
    DYNAMO_GT,
    DYNAMO_GE,
    DYNAMO_BETWEEN,
    DYNAMO_IN,
    DYNAMO_EXISTS,
    DYNAMO_NOT_EXISTS,
    DYNAMO_TYPE,
    DYNAMO_BEGINS,
    DYNAMO_CONTAINS,
    DYNAMO_SET = 0x70, /* path, operand */
    DYNAMO_REMOVE,     /* path */
    DYNAMO_ADD,        /* path, value */
    DYNAMO_DELETE,     /* path, value */
    DYNAMO_PLUS,
    DYNAMO_MINUS,
    DYNAMO_IF_NOT_EXISTS, /* path, operand */
    DYNAMO_APPEND         /* list_append */
};

enum {
    DYNAMO_EXPR_BYTES = 4096,    /* of a text */
    DYNAMO_EXPR_OPERATORS = 300, /* in a condition */
    DYNAMO_EXPR_DEPTH = 100,     /* of parentheses, NOT and functions */
    DYNAMO_PATH_STEPS = 32,
    DYNAMO_IN_OPERANDS = 100
};

/* The placeholders of one request, and which of them were used. */
struct dynamo_scope {
    struct arena *arena; /* of programs too */
    struct json_val names, values;
    bool *used_names, *used_values;
    struct dynamo_value *compiled; /* values as bytes */
};

/* Checks ExpressionAttributeNames and ExpressionAttributeValues; either may be absent. */
NODISCARD enum status dynamo_scope_init(struct dynamo_scope *s, struct arena *a,
                                        struct json_val names, struct json_val values,
                                        struct error *err);
/* After the last expression: placeholders that none used are refused. */
NODISCARD enum status dynamo_scope_finish(const struct dynamo_scope *s, struct error *err);

/* which: "ConditionExpression" or "FilterExpression". */
NODISCARD enum status dynamo_compile_condition(struct dynamo_scope *s, const char *which, str text,
                                               str *ret, struct error *err);
NODISCARD enum status dynamo_compile_key_condition(struct dynamo_scope *s, str text, str *ret,
                                                   struct error *err);
NODISCARD enum status dynamo_compile_update(struct dynamo_scope *s, str text, str *ret,
                                            struct error *err);
NODISCARD enum status dynamo_compile_projection(struct dynamo_scope *s, str text, str *ret,
                                                struct error *err);
/* The projection of names as they are: AttributesToGet. */
str dynamo_projection_of(struct arena *a, const str *names, uint32_t count);

/* Follows a path's steps (the body of a DYNAMO_PATH) into an item. */
struct dynamo_value dynamo_follow(str steps, str item);

#endif
