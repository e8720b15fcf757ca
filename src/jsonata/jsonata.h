/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONata as the floors above use it: compile a text once, evaluate it often. (Embedders outside
 * afflux use include/afflux/jsonata.h, which is made of this.)
 *
 * A compiled expression is immutable: any number of threads may evaluate it at once, each with its
 * own context. Results refer to memory of the input, of the expression and of the context's arena;
 * they live as long as all three. Nothing in here reads a clock or a random source: both come in
 * with the context, so the same context always gives the same result.
 */
#ifndef AFFLUX_JSONATA_JSONATA_H
#define AFFLUX_JSONATA_JSONATA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

#define JSONATA_MAX_TEXT ((size_t)1 << 20) /* bytes of one expression */

enum jsonata_flag {
    JSONATA_STEP_FUNCTIONS = 1, /* the functions AWS Step Functions adds; no $eval */
    JSONATA_VERSION_206 = 2,    /* the syntax of JSONata 2.0.6, which AWS runs: no ?: and ?? */
    JSONATA_TRACE = 4,          /* evaluations report each node to context.trace */
};

struct jsonata;

struct jsonata_error {
    char code[8]; /* "T2001" */
    uint32_t
        position; /* as JSONata gives it: UTF-16 units up to the end of a token; UINT32_MAX: none */
    uint32_t start, end; /* bytes of the place in the expression that failed, for people */
    bool has_token, has_value;
    char token[64]; /* cut when longer */
    char message[ERROR_MESSAGE_MAX];
    char value[128]; /* JSON text of the offending value; empty when there is none or it is long */
};

/* Budgets. 0 takes the default. Crossing one fails with the code given here. */
struct jsonata_limits {
    uint64_t steps;        /* evaluations of nodes and items touched: D1012 */
    uint32_t depth;        /* nested evaluations, as JSONata counts its stack: D1011 */
    size_t bytes;          /* of the arena: U1002 */
    uint32_t regex_effort; /* PCRE2's match limit for one match: U1003 */
    size_t garbage_bytes;  /* that a loop may leave behind before memory is collected */
    size_t stack_bytes;    /* of the C stack: D1011 */
};

enum {
    JSONATA_DEFAULT_STEPS = 500000000,
    JSONATA_DEFAULT_DEPTH = 20000,
    JSONATA_DEFAULT_BYTES = 1 << 30,
    JSONATA_DEFAULT_REGEX_EFFORT = 2000000,
    JSONATA_DEFAULT_GARBAGE = 16 << 20,
    JSONATA_DEFAULT_STACK = 4 << 20,
};

struct jsonata_binding {
    str name; /* without $ */
    struct json_val value;
};

/* What evaluations can hand on to one another to be faster: memory for matching regular
 * expressions. */
struct jsonata_scratch;
struct jsonata_scratch *jsonata_scratch_new(void);
void jsonata_scratch_free(struct jsonata_scratch *s); /* NULL is allowed */

struct jsonata_context {
    struct arena
        *arena; /* results live here; reset it between evaluations to use its memory again */
    struct json_val input;
    const struct jsonata_binding *bindings;
    uint32_t binding_count;
    struct jsonata_limits limits;
    int64_t now_ms;                  /* $now and $millis; Unix time in milliseconds */
    uint64_t seed;                   /* of $random, $shuffle and $uuid */
    struct jsonata_scratch *scratch; /* optional; one evaluation at a time */
    void (*trace)(void *arg, uint32_t depth, str source, struct json_val result);
    void *trace_arg;
};

/* Syntax errors give STATUS_INVALID, a text that is too long or too deep STATUS_LIMIT. */
NODISCARD enum status jsonata_compile(str text, unsigned flags, struct jsonata **ret,
                                      struct jsonata_error *err);
void jsonata_free(struct jsonata *x);

str jsonata_text(const struct jsonata *x);

/* Does the text contain $now/$millis, or $random/$shuffle/$uuid? Then the context's clock or seed
 * matters. */
bool jsonata_reads_clock(const struct jsonata *x);
bool jsonata_reads_random(const struct jsonata *x);

/* Names of the variables the expression uses but does not bind itself, built-in functions left out;
 * for definitions that want to check scopes. False when i is beyond the last. */
bool jsonata_free_variable(const struct jsonata *x, uint32_t i, str *ret_name);

/* *ret may be undefined or a function. STATUS_LIMIT for budgets, STATUS_INVALID for all other
 * errors. */
NODISCARD enum status jsonata_evaluate(const struct jsonata *x,
                                       const struct jsonata_context *context, struct json_val *ret,
                                       struct jsonata_error *err);

/* For people: the tree, the tokens; both as lines of text. */
void jsonata_print_tree(const struct jsonata *x, struct buf *out);
enum status jsonata_print_tokens(str text, unsigned flags, struct buf *out,
                                 struct jsonata_error *err);

#endif
