/* SPDX-License-Identifier: Apache-2.0 */
/* What the case runners of jsonpath share: files, and one trial of an expression. */
#ifndef AFFLUX_TESTS_JSONPATH_SUPPORT_H
#define AFFLUX_TESTS_JSONPATH_SUPPORT_H

#include "base/buf.h"
#include "jsonpath/expr.h"

NORETURN void support_stop(const char *what, const char *which);
/* Parses a file into the arena; undefined when it is not JSON. Ends the program when it cannot be
 * read. */
struct json_val support_json(struct arena *arena, const char *path);
/* Names in a folder that end with .json, sorted, in the arena; 0 when there is no such folder. */
uint32_t support_list(struct arena *arena, const char *folder, const char *const **ret_names);
/* JSON text, "undefined" for what JSON does not have. */
void support_show(struct buf *out, struct json_val v);

/* The data of an evaluation: variables are the members of bind, an object or undefined. */
struct trial {
    struct json_val input, context, bind;
    uint64_t seed;
};

struct outcome {
    bool is_compiled;
    enum status status;
    struct json_val value; /* STATUS_OK */
    struct error err;      /* else */
    enum jsonpath_missing missing;
    enum jsonpath_failure kind;
    str path;
    const char *trouble; /* two evaluations differ, or the input changed; NULL when all is well */
};

/* Compiles and evaluates twice. Everything lies in the arena. */
void support_try(struct arena *arena, str text, const struct trial *trial, struct outcome *ret);

#endif
