/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of jsonpath/: what a compiled path consists of, the reader that path_read.c,
 * filter_compile.c and expr_compile.c share, and one evaluation (path_eval.c, filter_eval.c,
 * function.c).
 */
#ifndef AFFLUX_JSONPATH_PATH_INTERNAL_H
#define AFFLUX_JSONPATH_PATH_INTERNAL_H

#include "base/buf.h"
#include "jsonpath/path.h"

/* ---- compiled ---- */

enum path_kind {
    PATH_NAME,     /* .a ['a'] */
    PATH_NAMES,    /* ['a','b'] */
    PATH_INDEX,    /* [0] [-1] */
    PATH_INDEXES,  /* [0,2] */
    PATH_SLICE,    /* [1:3] */
    PATH_WILDCARD, /* .* [*] */
    PATH_SCAN,     /* .. : the step behind it is applied everywhere below */
    PATH_FILTER,   /* [?(…)] */
    PATH_FUNCTION, /* .length() */
};

struct path_name {
    str text;
    uint32_t hash;
};

/* Where a slice has no bound. */
#define PATH_OPEN INT64_MAX

struct path_filter;
struct path_function;

struct path_step {
    uint8_t kind;
    bool is_after_definite; /* all steps before it are definite */
    uint32_t count;         /* of names or indexes */
    struct path_step *next;
    struct path_name name;
    union {
        const struct path_name *names;
        const int64_t *indexes;
        int64_t index;
        struct {
            int64_t from, to;
        };
        const struct path_filter *filter;
        const struct path_function *function;
    };
};

struct jsonpath {
    const struct path_step *first;
    str text;
    str variable;
    str canonical; /* as Jayway prints it in messages: $['a'][0] */
    str pointer;
    uint8_t root;
    bool is_current; /* @: in filters only */
    bool is_definite, is_reference, has_pointer;
    bool is_plain; /* only PATH_NAME and PATH_INDEX */
};

/* A function with its arguments: paths, or constants. */
struct path_arg {
    const struct jsonpath *path; /* NULL: a constant */
    struct json_val value;
};

struct path_function {
    uint8_t id; /* row of the table in function.c */
    uint32_t arg_count;
    const struct path_arg *args;
    bool counts_children; /* $..a.length(): of what was found, all children */
};

/* The row of a function in the table; -1 when there is none. */
int path_function_find(str name);

/* ---- reading ---- */

/* Where a path ends. */
enum path_end {
    PATH_TO_END,    /* all of the text */
    PATH_IN_FILTER, /* before operators, blanks and brackets */
    PATH_IN_CALL,   /* before a comma, a blank or a closing bracket */
};

struct path_reader {
    struct arena *arena;
    str text;
    size_t at;
    unsigned nesting;
    struct error *err;
    enum status status; /* of the first error */
};

/* Fills the error once; returns false for the caller to return. */
bool path_fail(struct path_reader *r, const char *what) COLD;
bool path_fail_limit(struct path_reader *r, const char *what) COLD;
/* One level deeper; false when that is too deep. */
bool path_enter(struct path_reader *r);

static inline int path_peek(const struct path_reader *r)
{
    return r->at < r->text.n ? (unsigned char)r->text.p[r->at] : -1;
}
void path_skip_blanks(struct path_reader *r);
/* Takes blanks off both ends. */
void path_trim(struct path_reader *r);
/* Moves over c, with blanks before it; false, without an error, when something else stands there.
 */
bool path_skip(struct path_reader *r, char c);
/* A text in quotes; r stands at the quote. The backslash escapes quote and backslash. */
bool path_read_quoted(struct path_reader *r, str *ret);
/* A path that starts at $ or, in filters, at @. */
bool path_read(struct path_reader *r, enum path_end end, const struct jsonpath **ret);
/* [?( … )] behind the question mark, up to the closing bracket of the condition. */
bool path_read_filter(struct path_reader *r, const struct path_filter **ret);
/* A constant: text, number, true, false, null, array, object, or a bare word. */
bool path_read_constant(struct path_reader *r, struct json_val *ret);

/* The steps of a path while it is read. */
struct path_list {
    struct path_step *first, *last;
    uint32_t count;
};
/* Finds out all that is known about a path whose steps are read. */
void path_settle(struct path_reader *r, struct jsonpath *path, struct path_list *list);

/* Appends a step as Jayway prints it. */
void path_describe_step(struct buf *out, const struct path_step *s);

/* ---- evaluating ---- */

struct path_run {
    struct arena *arena;
    struct json_val root; /* $ of filters and of arguments */
    uint32_t visits;      /* still allowed */
    uint32_t frames;      /* still allowed */
    enum status status;   /* what ended it early */
    struct error *err;
    void *regex; /* scratch of filter_eval.c */
};

struct path_results {
    struct json_val *items;
    uint32_t count, cap;
};

/* Why a definite step found nothing: enough to write Jayway's message later. */
struct path_miss {
    enum jsonpath_missing missing;
    const struct path_step *step; /* NULL: nothing was missing */
    struct json_val found;        /* what stood there instead of an object or array */
};

/* Fills err with what was missing; returns STATUS_NOT_FOUND. */
enum status path_not_found(const struct jsonpath *path, const struct path_miss *miss,
                           struct error *err) COLD;

bool path_run_fail(struct path_run *run, enum status status, const char *name,
                   const char *what) COLD;
/* Takes n visits from the budget. */
static inline bool path_charge(struct path_run *run, uint32_t n)
{
    if (LIKELY(n <= run->visits)) {
        run->visits -= n;
        return true;
    }
    return path_run_fail(run, STATUS_LIMIT, "JsonPathLimit",
                         "evaluating the path looks at too many nodes");
}

/* The value a path has at `at`: undefined and *ret_miss when a definite path, or the definite
 * beginning of another, finds nothing. false: the run failed. */
bool path_value(struct path_run *run, const struct jsonpath *path, struct json_val at,
                struct json_val *ret, struct path_miss *ret_miss);
bool path_add_result(struct path_run *run, struct path_results *results, struct json_val v);

/* Does the item pass the filter? */
bool path_filter_accepts(struct path_run *run, const struct path_filter *filter,
                         struct json_val item, bool *ret);
/* Gives back what filters keep between matches. */
void path_filter_done(struct path_run *run);

bool path_function_call(struct path_run *run, const struct path_function *f, struct json_val at,
                        struct json_val *ret);

#endif
