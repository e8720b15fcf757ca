/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of [?(…)] as filter_compile.c makes them and filter_eval.c evaluates them. */
#ifndef AFFLUX_JSONPATH_FILTER_H
#define AFFLUX_JSONPATH_FILTER_H

#include "jsonpath/path_internal.h"

#define FILTER_OPERATOR_LIST(X)                                                                    \
    X(EQ, "==")                                                                                    \
    X(NE, "!=")                                                                                    \
    X(SAME, "===") /* equal, and of one type */                                                    \
    X(NOT_SAME, "!==")                                                                             \
    X(LE, "<=")                                                                                    \
    X(GE, ">=")                                                                                    \
    X(LT, "<")                                                                                     \
    X(GT, ">")                                                                                     \
    X(MATCHES, "=~")                                                                               \
    X(IN, "in")                                                                                    \
    X(NIN, "nin")                                                                                  \
    X(ALL, "all")                                                                                  \
    X(SUBSETOF, "subsetof")                                                                        \
    X(ANYOF, "anyof")                                                                              \
    X(NONEOF, "noneof")                                                                            \
    X(SIZE, "size")                                                                                \
    X(EMPTY, "empty")                                                                              \
    X(CONTAINS, "contains")

enum filter_operator {
#define X(id, text) FILTER_##id,
    FILTER_OPERATOR_LIST(X)
#undef X
};

struct filter_pattern;

/* One side of a comparison: a path, a pattern, or else a constant. */
struct filter_operand {
    const struct jsonpath *path;
    const struct filter_pattern *pattern;
    struct json_val value;
};

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_EXISTS, FILTER_COMPARE };

struct path_filter {
    uint8_t kind;
    uint8_t op;                      /* FILTER_COMPARE */
    bool is_inverted;                /* FILTER_EXISTS: !@.a */
    const struct path_filter *first; /* AND, OR, NOT: the parts, linked by next */
    const struct path_filter *next;
    struct filter_operand left, right;
};

/* Compiles /pattern/flags; NULL and an error when that cannot be done. */
const struct filter_pattern *filter_pattern_new(struct path_reader *r, str pattern, str flags);

#endif
