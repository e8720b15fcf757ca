/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in functions: one table, one row each. A new function is a row here, a body in the
 * fn_*.c file of its subject, and its cases in tests/cases/jsonata.
 */
#ifndef AFFLUX_JSONATA_FUNCTION_H
#define AFFLUX_JSONATA_FUNCTION_H

#include "jsonata/eval.h"
#include "jsonata/signature.h"

typedef struct json_val builtin_fn(struct ev *e, const struct call *c);

enum builtin_set {
    BUILTIN_ALWAYS,
    BUILTIN_NOT_STEP_FUNCTIONS,  /* $eval: AWS has not got it */
    BUILTIN_ONLY_STEP_FUNCTIONS, /* $partition and the other five that AWS adds */
};

struct builtin {
    const char *name;
    const char *signature;
    builtin_fn *fn;
    uint8_t arity; /* arguments it takes as a callback of $map and its like */
    uint8_t set;   /* enum builtin_set */
};

/* Built-in functions are symbols 1 … builtin_count(). */
uint32_t builtin_count(void);
uint32_t builtin_find(str name); /* SYMBOL_NONE when there is none */
str builtin_name(uint32_t symbol);
const struct builtin *builtin_at(uint32_t symbol);

/* X(name, function, signature, arity, set) */
#define BUILTIN_LIST(X)                                                                            \
    X("sum", fn_sum, "<a<n>:n>", 1, ALWAYS)                                                        \
    X("count", fn_count, "<a:n>", 1, ALWAYS)                                                       \
    X("max", fn_max, "<a<n>:n>", 1, ALWAYS)                                                        \
    X("min", fn_min, "<a<n>:n>", 1, ALWAYS)                                                        \
    X("average", fn_average, "<a<n>:n>", 1, ALWAYS)                                                \
    X("string", fn_string, "<x-b?:s>", 1, ALWAYS)                                                  \
    X("substring", fn_substring, "<s-nn?:s>", 3, ALWAYS)                                           \
    X("substringBefore", fn_substring_before, "<s-s:s>", 2, ALWAYS)                                \
    X("substringAfter", fn_substring_after, "<s-s:s>", 2, ALWAYS)                                  \
    X("lowercase", fn_lowercase, "<s-:s>", 1, ALWAYS)                                              \
    X("uppercase", fn_uppercase, "<s-:s>", 1, ALWAYS)                                              \
    X("length", fn_length, "<s-:n>", 1, ALWAYS)                                                    \
    X("trim", fn_trim, "<s-:s>", 1, ALWAYS)                                                        \
    X("pad", fn_pad, "<s-ns?:s>", 3, ALWAYS)                                                       \
    X("match", fn_match, "<s-f<s:o>n?:a<o>>", 3, ALWAYS)                                           \
    X("contains", fn_contains, "<s-(sf):b>", 2, ALWAYS)                                            \
    X("replace", fn_replace, "<s-(sf)(sf)n?:s>", 4, ALWAYS)                                        \
    X("split", fn_split, "<s-(sf)n?:a<s>>", 3, ALWAYS)                                             \
    X("join", fn_join, "<a<s>s?:s>", 2, ALWAYS)                                                    \
    X("formatNumber", fn_format_number, "<n-so?:s>", 3, ALWAYS)                                    \
    X("formatBase", fn_format_base, "<n-n?:s>", 2, ALWAYS)                                         \
    X("formatInteger", fn_format_integer, "<n-s:s>", 2, ALWAYS)                                    \
    X("parseInteger", fn_parse_integer, "<s-s:n>", 2, ALWAYS)                                      \
    X("number", fn_number, "<(nsb)-:n>", 1, ALWAYS)                                                \
    X("floor", fn_floor, "<n-:n>", 1, ALWAYS)                                                      \
    X("ceil", fn_ceil, "<n-:n>", 1, ALWAYS)                                                        \
    X("round", fn_round, "<n-n?:n>", 2, ALWAYS)                                                    \
    X("abs", fn_abs, "<n-:n>", 1, ALWAYS)                                                          \
    X("sqrt", fn_sqrt, "<n-:n>", 1, ALWAYS)                                                        \
    X("power", fn_power, "<n-n:n>", 2, ALWAYS)                                                     \
    X("random", fn_random, "<n?:n>", 0, ALWAYS)                                                    \
    X("boolean", fn_boolean, "<x-:b>", 1, ALWAYS)                                                  \
    X("not", fn_not, "<x-:b>", 1, ALWAYS)                                                          \
    X("map", fn_map, "<af>", 2, ALWAYS)                                                            \
    X("zip", fn_zip, "<a+>", 0, ALWAYS)                                                            \
    X("filter", fn_filter, "<af>", 2, ALWAYS)                                                      \
    X("single", fn_single, "<af?>", 2, ALWAYS)                                                     \
    X("reduce", fn_reduce, "<afj?:j>", 3, ALWAYS)                                                  \
    X("sift", fn_sift, "<o-f?:o>", 2, ALWAYS)                                                      \
    X("keys", fn_keys, "<x-:a<s>>", 1, ALWAYS)                                                     \
    X("lookup", fn_lookup, "<x-s:x>", 2, ALWAYS)                                                   \
    X("append", fn_append, "<xx:a>", 2, ALWAYS)                                                    \
    X("exists", fn_exists, "<x:b>", 1, ALWAYS)                                                     \
    X("spread", fn_spread, "<x-:a<o>>", 1, ALWAYS)                                                 \
    X("merge", fn_merge, "<a<o>:o>", 1, ALWAYS)                                                    \
    X("reverse", fn_reverse, "<a:a>", 1, ALWAYS)                                                   \
    X("each", fn_each, "<o-f:a>", 2, ALWAYS)                                                       \
    X("error", fn_error, "<s?:x>", 1, ALWAYS)                                                      \
    X("assert", fn_assert, "<bs?:x>", 2, ALWAYS)                                                   \
    X("type", fn_type, "<x:s>", 1, ALWAYS)                                                         \
    X("sort", fn_sort, "<af?:a>", 2, ALWAYS)                                                       \
    X("shuffle", fn_shuffle, "<a:a>", 1, ALWAYS)                                                   \
    X("distinct", fn_distinct, "<x:x>", 1, ALWAYS)                                                 \
    X("base64encode", fn_base64encode, "<s-:s>", 1, ALWAYS)                                        \
    X("base64decode", fn_base64decode, "<s-:s>", 1, ALWAYS)                                        \
    X("encodeUrlComponent", fn_encode_url_component, "<s-:s>", 1, ALWAYS)                          \
    X("encodeUrl", fn_encode_url, "<s-:s>", 1, ALWAYS)                                             \
    X("decodeUrlComponent", fn_decode_url_component, "<s-:s>", 1, ALWAYS)                          \
    X("decodeUrl", fn_decode_url, "<s-:s>", 1, ALWAYS)                                             \
    X("eval", fn_eval, "<sx?:x>", 2, NOT_STEP_FUNCTIONS)                                           \
    X("toMillis", fn_to_millis, "<s-s?:n>", 2, ALWAYS)                                             \
    X("fromMillis", fn_from_millis, "<n-s?s?:s>", 3, ALWAYS)                                       \
    X("clone", fn_clone, "<(oa)-:o>", 1, ALWAYS)                                                   \
    X("now", fn_now, "<s?s?:s>", 2, ALWAYS)                                                        \
    X("millis", fn_millis, "<:n>", 0, ALWAYS)                                                      \
    X("partition", fn_partition, "<an:a>", 2, ONLY_STEP_FUNCTIONS)                                 \
    X("range", fn_range, "<nnn:a>", 3, ONLY_STEP_FUNCTIONS)                                        \
    X("hash", fn_hash, "<s-s:s>", 2, ONLY_STEP_FUNCTIONS)                                          \
    X("uuid", fn_uuid, "<:s>", 0, ONLY_STEP_FUNCTIONS)                                             \
    X("parse", fn_parse, "<s-:x>", 1, ONLY_STEP_FUNCTIONS)

#define X(name, function, signature, arity, set) builtin_fn function;
BUILTIN_LIST(X)
#undef X

#endif
