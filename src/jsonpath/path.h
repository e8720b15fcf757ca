/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONPath in the dialect of the Java library Jayway JsonPath, as AWS Step Functions uses it.
 *
 * A compiled path lies in the arena it was compiled into, never changes, and may be used by any
 * number of threads. It starts at the input ($), at the context object ($$) or at a variable
 * ($name); whoever evaluates it hands in the value of that root.
 *
 * A path is definite when it names one node: names and single indexes only. ['a','b'] at the end
 * counts as definite (it gives one object), and so does a function. A definite path gives the value
 * itself or fails; every other path gives an array, which is empty when nothing matches.
 *
 * Where it differs from today's Jayway, it follows what AWS does or is documented to do: a path
 * that is not definite never fails, also when a parent is missing; a backslash in ['…'] escapes the
 * quote and itself, and before any other character stands for itself; words without quotes are text
 * in filters. Placeholders ([?]) do not exist. AWS seems to run an old Jayway, which knows neither
 * functions nor operators written as words; both are here all the same.
 */
#ifndef AFFLUX_JSONPATH_PATH_H
#define AFFLUX_JSONPATH_PATH_H

#include "base/arena.h"
#include "base/error.h"
#include "json/shape.h"
#include "json/value.h"

enum {
    JSONPATH_MAX_LENGTH = 65536,    /* bytes of the text of a path or an expression */
    JSONPATH_MAX_STEPS = 1000,      /* parts of one path */
    JSONPATH_MAX_NESTING = 24,      /* filters, brackets in filters, paths in filters: together */
    JSONPATH_MAX_RESULTS = 1 << 20, /* nodes one path gives */
    JSONPATH_MAX_VISITS = 10000000, /* nodes looked at in one evaluation */
    JSONPATH_MAX_FRAMES = 4000,     /* calls nested while evaluating */
    JSONPATH_REGEX_EFFORT = 100000, /* of one match (PCRE2's match limit); long texts get more */
    JSONPATH_REGEX_HEAP_KB = 8192,  /* memory of one match */
};

enum jsonpath_root {
    JSONPATH_INPUT,    /* $ */
    JSONPATH_CONTEXT,  /* $$ */
    JSONPATH_VARIABLE, /* $name */
};

struct jsonpath;

/* STATUS_INVALID "InvalidPath" with a plain line that gives the byte, STATUS_LIMIT
 * "JsonPathLimit". The text is copied. Regular expressions in filters are freed when the arena is
 * reset. */
NODISCARD enum status jsonpath_compile(struct arena *a, str text, const struct jsonpath **ret,
                                       struct error *err);

enum jsonpath_root jsonpath_root(const struct jsonpath *path);
/* The name of a JSONPATH_VARIABLE, else empty. */
str jsonpath_variable(const struct jsonpath *path);
bool jsonpath_is_definite(const struct jsonpath *path);
/* Reference Path: only .name, ['name'] and [n]. */
bool jsonpath_is_reference(const struct jsonpath *path);
/* Nothing behind the root? */
bool jsonpath_is_root(const struct jsonpath *path);
/* As it was written. */
str jsonpath_text(const struct jsonpath *path);
/* The JSON Pointer (RFC 6901) of the node, seen from the root; false when the path is no Reference
 * Path or counts from the end of an array. */
bool jsonpath_pointer(const struct jsonpath *path, str *ret_pointer);

/* What a definite path did not find. */
enum jsonpath_missing {
    JSONPATH_MISSING_KEY,      /* the last name */
    JSONPATH_MISSING_PARENT,   /* something on the way, or it is not of the kind the path wants */
    JSONPATH_MISSING_INDEX,    /* an array has no such item */
    JSONPATH_MISSING_VARIABLE, /* only of expressions: the variable is not set */
};

/* root is the value of the path's root. STATUS_NOT_FOUND "PathNotFound" with Jayway's text and
 * *ret_missing (for definite paths only); STATUS_INVALID "PathFunction" when a function cannot work
 * on what it got; STATUS_LIMIT "JsonPathLimit". New values are allocated in the arena; they refer
 * to parts of root and of the path. */
NODISCARD enum status jsonpath_eval(const struct jsonpath *path, struct json_val root,
                                    struct arena *a, struct json_val *ret,
                                    enum jsonpath_missing *ret_missing, struct error *err);

/* root with value at the place of a Reference Path. Objects and arrays on the way are copied into
 * the shapes' arena, missing objects are made; an item of an array can be replaced, not added.
 * STATUS_INVALID "ResultPathMatchFailure" when something on the way is of another kind or the path
 * is no Reference Path. */
NODISCARD enum status jsonpath_put(const struct jsonpath *path, struct json_val root,
                                   struct json_val value, struct json_shapes *shapes,
                                   struct json_val *ret, struct error *err);

#endif
