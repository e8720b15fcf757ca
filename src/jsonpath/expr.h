/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions: what the value of a `.$` member may be in a state that uses JSONPath. Either a path
 * with any root, or a call of an intrinsic function whose arguments are texts in single quotes,
 * numbers, true, false, null, paths, and further calls.
 *
 * A compiled expression lies in the arena it was compiled into, never changes, and may be used by
 * any number of threads.
 *
 * What AWS does not document is settled so: a template of States.Format that comes from a path has
 * no escapes; {} is the only hole, other braces stand for themselves. An argument whose path counts
 * past the end of an array is null, as it is in a template. A sum of States.MathAdd beyond 32 bits
 * fails.
 */
#ifndef AFFLUX_JSONPATH_EXPR_H
#define AFFLUX_JSONPATH_EXPR_H

#include "jsonpath/path.h"

enum {
    JSONPATH_MAX_CALLS = 10,      /* calls within calls */
    JSONPATH_RANGE_MAX = 1000,    /* items of States.ArrayRange */
    JSONPATH_DATA_MAX = 10000,    /* characters for Base64 and States.Hash */
    JSONPATH_TEXT_MAX = 16 << 20, /* bytes of a text that a function makes */
};

struct jsonpath_expr;

/* STATUS_INVALID "InvalidPath" or "InvalidIntrinsic" (no such function, wrong syntax), STATUS_LIMIT
 * "JsonPathLimit". The text is copied. Numbers and kinds of arguments are checked by evaluation. */
NODISCARD enum status jsonpath_expr_compile(struct arena *a, str text,
                                            const struct jsonpath_expr **ret, struct error *err);

/* The path; NULL when it is a call. */
const struct jsonpath *jsonpath_expr_path(const struct jsonpath_expr *expr);
/* Does it read $$? */
bool jsonpath_expr_uses_context(const struct jsonpath_expr *expr);
/* The i-th of the variables it reads, each named once; false beyond the last. */
bool jsonpath_expr_variable(const struct jsonpath_expr *expr, uint32_t i, str *ret_name);
/* Does its value depend on the seed? (States.UUID, States.MathRandom without a seed) */
bool jsonpath_expr_is_random(const struct jsonpath_expr *expr);

struct jsonpath_env {
    struct arena *arena; /* of new values */
    struct json_shapes *shapes;
    struct json_val input;
    struct json_val (*context)(void *arg); /* asked only when $$ is read; NULL: it is null */
    /* false when the variable is not set; NULL: there are none */
    bool (*variable)(void *arg, str name, struct json_val *ret);
    void *arg;
    uint64_t seed; /* same seed, same results; calls of one expression differ from one another */
};

/* Which kind of error the caller makes of a failure. */
enum jsonpath_failure {
    JSONPATH_FAILED_PATH,      /* States.Runtime */
    JSONPATH_FAILED_INTRINSIC, /* States.IntrinsicFailure */
};

/*
 * The result may refer to the input, the context, variables, the arena, and the expression.
 *
 * STATUS_NOT_FOUND: a path found nothing; *ret_missing, *ret_path (its text) and *ret_kind say
 * more. STATUS_INVALID "IntrinsicFailure" (a function refused its arguments) or "PathFunction",
 * STATUS_LIMIT "JsonPathLimit": *ret_kind, and *ret_path where a path failed, else empty.
 */
NODISCARD enum status jsonpath_expr_eval(const struct jsonpath_expr *expr,
                                         const struct jsonpath_env *env, struct json_val *ret,
                                         enum jsonpath_missing *ret_missing,
                                         enum jsonpath_failure *ret_kind, str *ret_path,
                                         struct error *err);

#endif
