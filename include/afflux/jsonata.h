/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux-jsonata: JSONata, the query and transformation language for JSON, as a C library.
 *
 * One call does it all when that is enough:
 *
 *     char *result;
 *     struct afx_error err;
 *     const char *json = "{\"items\": [{\"price\": 3}, {\"price\": 4}]}";
 *     if (afx_eval_text("$sum(items.price)", json, 0, &result, &err) == AFX_OK) {
 *         puts(result);
 *         afx_free(result);
 *     }
 *
 * Programs that evaluate often compile each expression once, parse each input once, and keep one
 * context per thread:
 *
 *     afx_expr      a compiled expression. Immutable: any number of threads may use it at once.
 *     afx_document  a parsed JSON text. Immutable: threads may share it (one exception, see
 *                   afx_document_of_value).
 *     afx_context   what one thread evaluates with: memory of results, limits, clock, seed,
 *                   variables. Used by one thread at a time.
 *     afx_value     one JSON value, 16 bytes, passed by copy. It owns nothing: it points into the
 *                   document or the context that it came from.
 *
 * Lifetimes. A value from afx_document_root, and every value inside it, lives as long as the
 * document. A result of afx_evaluate lives until afx_context_reset or afx_context_free, and it may
 * refer to the expression, the input and the variables of its evaluation, so these must live as
 * long, too. The text of a string or key (struct afx_text) lives as long as its value. What must
 * outlive all this is written as text (afx_write) or copied (afx_document_of_value). Freeing in
 * the reverse order of making is always right.
 *
 * Text is UTF-8; it may contain NUL, and need not end with one. Every pointer to text comes with
 * the number of its bytes, for which AFX_NUL_TERMINATED may be given. Text that is no UTF-8 is
 * refused. A string of a result may contain half of a surrogate pair (JSON's "\ud800"): its three
 * bytes are what UTF-8 would make of it; afx_write writes the escape.
 *
 * Numbers are what they are in JavaScript: doubles. Integers are exact up to 2^53; beyond, an
 * expression that computes with them rounds. A number that goes through untouched keeps its text,
 * for AFX_WRITE_EXACT and afx_int64 to see.
 *
 * Errors. Functions that can fail return an enum afx_status, fill *err (which may always be NULL)
 * and leave their results alone; on success *err is left alone. No input, however bad, ends the
 * process: not a syntax error, not endless recursion, not a regular expression that explodes.
 * Limits (enum afx_limit) bound what an evaluation may use. Only when the system itself refuses
 * memory within these limits does the process abort.
 *
 * Expressions see nothing of the outside: no files, no network, no environment, no clock. Clock
 * and seed are those of the context; two evaluations with the same ones give the same result.
 */
#ifndef AFFLUX_JSONATA_H
#define AFFLUX_JSONATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AFFLUX_JSONATA_VERSION "0.1.0"

/* For the number of bytes: the text ends at its first NUL. */
#define AFX_NUL_TERMINATED ((size_t)-1)

/* For position, start and end of an error: there is none. */
#define AFX_NO_POSITION UINT32_MAX

#if defined(__GNUC__)
#define AFX_EXPORT __attribute__((visibility("default")))
#define AFX_CHECKED __attribute__((visibility("default"), warn_unused_result))
#else
#define AFX_EXPORT
#define AFX_CHECKED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---- */

enum afx_status {
    AFX_OK = 0,
    AFX_INVALID = 1, /* the expression, the JSON text or the values are wrong: err says what */
    AFX_LIMIT = 2,   /* a limit was crossed; with a higher one it might work */
    AFX_MISUSE = 3,  /* the call itself is wrong: a NULL where something must be, an unknown flag */
};

/*
 * What went wrong. Caller-owned, plain data, all strings NUL-terminated. Positions count from the
 * start of the text that is to blame: an expression, or a JSON text.
 */
struct afx_error {
    enum afx_status status;

    /* JSONata's code, the same as of its reference implementation: "S0201" (a letter S: syntax),
     * "T2001" (a type does not fit), "D3030" (a value does not fit). Beginning with U: limits of
     * this library. Or "JsonSyntax", "JsonTooDeep", "JsonTooLarge", "JsonNumber", "Misuse",
     * "Function", "NoRoom". */
    char code[24];

    /* One plain line for people, cut when long. */
    char message[512];

    /* As the reference implementation counts: UTF-16 code units up to the end of a token. */
    uint32_t position;

    /* The bytes [start, end) of the innermost piece that failed: what to underline. */
    uint32_t start, end;

    /* The token or name concerned; empty when there is none, cut when long. */
    char token[64];

    /* JSON text of the value concerned; empty when there is none or when it is long. */
    char value[128];
};

/* ---- text ---- */

struct afx_text {
    const char *p; /* not NUL-terminated */
    size_t n;      /* bytes */
};

/* Frees a text that this library made. NULL is allowed. */
AFX_EXPORT void afx_free(char *text);

/* AFFLUX_JSONATA_VERSION of the library that is running; it may be newer than the header. */
AFX_EXPORT const char *afx_version(void);

/* ---- all in one ---- */

enum afx_flag {
    /* the functions that AWS Step Functions adds ($partition, $range, $hash, $uuid, $parse); no
     * $eval */
    AFX_STEP_FUNCTIONS = 1,
    /* the syntax of JSONata 2.0.6, which AWS runs: no ?: and ?? */
    AFX_VERSION_206 = 2,
};

/*
 * Evaluates expression on the JSON text json (both NUL-terminated; json NULL: no input) with the
 * system's clock and randomness and default limits. flags: enum afx_flag.
 *
 * *ret_text: compact JSON, NUL-terminated, to be freed with afx_free; an empty text when the
 * result is nothing (undefined) or a function.
 */
AFX_CHECKED enum afx_status afx_eval_text(const char *expression, const char *json, unsigned flags,
                                          char **ret_text, struct afx_error *err);

/* ---- expressions ---- */

struct afx_expr;

/*
 * Compiles an expression of at most 1 MB; the text is copied. flags: enum afx_flag. AFX_INVALID
 * for syntax errors, AFX_LIMIT for a text that is too long or nested too deep. Free *ret_expr with
 * afx_expr_free.
 */
AFX_CHECKED enum afx_status afx_compile(const char *text, size_t text_bytes, unsigned flags,
                                        struct afx_expr **ret_expr, struct afx_error *err);

/* When no thread uses it and no result of it is alive any more. NULL is allowed. */
AFX_EXPORT void afx_expr_free(struct afx_expr *expr);

/* The text it was compiled from; borrowed. */
AFX_EXPORT struct afx_text afx_expr_text(const struct afx_expr *expr);

/* Is $now or $millis in it; $random, $shuffle or $uuid? If neither, the same input always gives
 * the same result, which is then worth caching. */
AFX_EXPORT bool afx_reads_clock(const struct afx_expr *expr);
AFX_EXPORT bool afx_reads_random(const struct afx_expr *expr);

/* Name number `index` (from 0) of the variables that it uses but neither binds itself nor finds
 * among the built-in functions, without the $; borrowed. False when there are no more. */
AFX_EXPORT bool afx_free_variable(const struct afx_expr *expr, size_t index,
                                  struct afx_text *ret_name);

/* ---- values ---- */

enum afx_type {
    AFX_UNDEFINED = 0, /* nothing: what an expression gives that finds nothing */
    AFX_NULL = 1,
    AFX_BOOLEAN = 2,
    AFX_NUMBER = 3,
    AFX_STRING = 4,
    AFX_ARRAY = 5,
    AFX_OBJECT = 6,
    AFX_FUNCTION = 7, /* opaque; written as "" inside arrays and objects */
};

/* Copy it as you like; look into it only with the functions below. All zero is AFX_UNDEFINED. */
struct afx_value {
    uint64_t opaque[2];
};

/* Functions that look at values take any value. Asked for something it is not, they answer false,
 * 0, the empty text or undefined. */

AFX_EXPORT enum afx_type afx_type_of(struct afx_value value);
/* "undefined", "null", "boolean", "number", "string", "array", "object", "function". */
AFX_EXPORT const char *afx_type_name(enum afx_type type);

AFX_EXPORT bool afx_bool(struct afx_value value);
/* The nearest double. Infinite when an input has a number beyond doubles, such as 1e999. */
AFX_EXPORT double afx_number(struct afx_value value);
/* True when the value is an integer that is known exactly: an integer of a JSON text in the range
 * of int64_t, or a whole number up to 2^53. */
AFX_EXPORT bool afx_int64(struct afx_value value, int64_t *ret_number);
AFX_EXPORT struct afx_text afx_string(struct afx_value value);

/* Items of an array, members of an object, else 0. */
AFX_EXPORT size_t afx_count(struct afx_value value);
/* Item number index of an array. Undefined beyond the end. */
AFX_EXPORT struct afx_value afx_item(struct afx_value array, size_t index);
/* Name and value of member number index of an object, in their order. */
AFX_EXPORT struct afx_text afx_member_name(struct afx_value object, size_t index);
AFX_EXPORT struct afx_value afx_member(struct afx_value object, size_t index);
/* The member of this name; undefined when there is none. */
AFX_EXPORT struct afx_value afx_get(struct afx_value object, const char *name, size_t name_bytes);

/* ---- values as JSON text ---- */

enum afx_write_flag {
    /* indented by two spaces, as JSON.stringify(value, null, 2) does */
    AFX_WRITE_PRETTY = 1,
    /* numbers that come from a JSON text untouched are written as they were: 1.0 and
     * 12345678901234567890 stay, instead of 1 and 12345678901234567000 */
    AFX_WRITE_EXACT = 2,
};

/*
 * Writes value as JSON into a new text, NUL-terminated, to be freed with afx_free. Undefined and
 * functions give an empty text; inside an array, undefined is null; inside anything, a function is
 * "".
 *
 * max_bytes: AFX_LIMIT when the text would be longer; 0: 1 GiB. Set it for results of expressions
 * that you do not trust: a small value that contains another one many times can make a very long
 * text. ret_bytes may be NULL.
 */
AFX_CHECKED enum afx_status afx_write(struct afx_value value, unsigned flags, size_t max_bytes,
                                      char **ret_text, size_t *ret_bytes, struct afx_error *err);

/*
 * The same into the caller's buffer of room bytes, with a NUL behind it: the text may have room -
 * 1 bytes. AFX_LIMIT, code "NoRoom", when it has more; the buffer then holds an empty text.
 */
AFX_CHECKED enum afx_status afx_write_to(struct afx_value value, unsigned flags, char *buffer,
                                         size_t room, size_t *ret_bytes, struct afx_error *err);

/* ---- documents ---- */

struct afx_document;

/*
 * Parses a JSON text: RFC 8259, nested up to 1,000 deep, up to 2 GiB. The text is copied. Of
 * members with the same name the last one counts. Errors say line and column; err->start is the
 * byte. Free *ret_document with afx_document_free.
 */
AFX_CHECKED enum afx_status afx_document_parse(const char *text, size_t text_bytes,
                                               struct afx_document **ret_document,
                                               struct afx_error *err);

/*
 * A document that holds a copy of value, so that a result can outlive its context, or become input
 * of later evaluations. Functions inside become "", undefined inside null; AFX_INVALID for
 * undefined or a function itself. max_bytes bounds the memory of the copy; 0: 1 GiB.
 *
 * Such a document belongs to one thread at a time: appending to one of its arrays uses room behind
 * it.
 */
AFX_CHECKED enum afx_status afx_document_of_value(struct afx_value value, size_t max_bytes,
                                                  struct afx_document **ret_document,
                                                  struct afx_error *err);

/* When no value of it is used any more, nor any result that was made from it. NULL is allowed. */
AFX_EXPORT void afx_document_free(struct afx_document *document);

AFX_EXPORT struct afx_value afx_document_root(const struct afx_document *document);

/* Memory it takes. */
AFX_EXPORT size_t afx_document_bytes(const struct afx_document *document);

/* ---- contexts ---- */

struct afx_context;

/* Budgets of one evaluation. Crossing one is AFX_LIMIT with the code given here; last, the default
 * of each. */
enum afx_limit {
    /* pieces of the expression evaluated, and items gone through: D1012; 500,000,000 */
    AFX_LIMIT_STEPS = 0,
    /* evaluations within evaluations, as JSONata counts its stack: D1011; 20,000 */
    AFX_LIMIT_DEPTH = 1,
    /* memory that one evaluation may take from the context: U1002; 1 GiB */
    AFX_LIMIT_BYTES = 2,
    /* steps of matching one regular expression once: U1003; 2,000,000 */
    AFX_LIMIT_REGEX_EFFORT = 3,
    /* of the thread's stack: D1011; 4 MiB. For threads with a smaller stack, set it to at most
     * half of theirs */
    AFX_LIMIT_STACK_BYTES = 4,
};

/* With no variables, default limits, clock 0 (1970-01-01T00:00:00Z) and seed 0. Free with
 * afx_context_free. */
AFX_EXPORT struct afx_context *afx_context_new(void);
/* All results of the context end here. NULL is allowed. */
AFX_EXPORT void afx_context_free(struct afx_context *context);

/* Forgets all results, so that their memory is used again; everything that was set stays. A loop
 * that evaluates calls this once per turn. */
AFX_EXPORT void afx_context_reset(struct afx_context *context);

/* Memory that results take at the moment. */
AFX_EXPORT size_t afx_context_bytes(const struct afx_context *context);

/* value 0: the default. AFX_MISUSE for a limit that does not exist or a value it cannot have. */
AFX_CHECKED enum afx_status afx_context_set_limit(struct afx_context *context, enum afx_limit limit,
                                                  uint64_t value);

/* The time that $now and $millis give, in milliseconds since 1970-01-01T00:00:00Z, and what
 * $random, $shuffle and $uuid begin with: both stay until set again, so the same evaluation gives
 * the same result. Each ends the effect of afx_context_use_system for itself. */
AFX_EXPORT void afx_context_set_clock(struct afx_context *context, int64_t unix_ms);
AFX_EXPORT void afx_context_set_seed(struct afx_context *context, uint64_t seed);

/* From now on each evaluation begins with the system's clock and a random seed. */
AFX_EXPORT void afx_context_use_system(struct afx_context *context);

/*
 * Variables: $name in expressions. Binding a name again replaces its value; one with the name of a
 * built-in function takes its place. The name is copied.
 *
 * afx_bind_json parses a JSON text, which the context then owns (until it is replaced or unbound,
 * and the context reset). afx_bind borrows: whatever the value points into must live as long as it
 * is bound, and it must not contain functions (AFX_INVALID, code "Function"). A value that is a
 * result of the same context must be unbound before the context is reset. Undefined binds nothing,
 * but hides a built-in function.
 */
AFX_CHECKED enum afx_status afx_bind_json(struct afx_context *context, const char *name,
                                          size_t name_bytes, const char *json, size_t json_bytes,
                                          struct afx_error *err);
AFX_CHECKED enum afx_status afx_bind(struct afx_context *context, const char *name,
                                     size_t name_bytes, struct afx_value value,
                                     struct afx_error *err);
/* False when the name was not bound. */
AFX_EXPORT bool afx_unbind(struct afx_context *context, const char *name, size_t name_bytes);

/*
 * Evaluates expr on input: the root of a document, any value inside one, a result (without
 * functions), or undefined (all zero). *ret_value may be undefined or a function.
 *
 * Results add up until afx_context_reset, so they may serve as input or variables of further
 * evaluations.
 */
AFX_CHECKED enum afx_status afx_evaluate(struct afx_context *context, const struct afx_expr *expr,
                                         struct afx_value input, struct afx_value *ret_value,
                                         struct afx_error *err);

#ifdef __cplusplus
}
#endif

#undef AFX_EXPORT
#undef AFX_CHECKED

#endif
