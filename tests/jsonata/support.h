/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the case runners share: files and folders, one trial of an expression, and the report. A
 * trial evaluates the compiled expression twice, each time into a fresh arena, and insists that
 * both results are the same and that the input is what it was: whatever wrote into shared memory
 * shows up here.
 */
#ifndef AFFLUX_TESTS_JSONATA_SUPPORT_H
#define AFFLUX_TESTS_JSONATA_SUPPORT_H

#include "base/buf.h"
#include "jsonata/jsonata.h"

/* ---- files; all of them end the program when something cannot be read ---- */

void support_read(const char *path, struct buf *ret_text);
/* Parses a file into the arena. */
struct json_val support_json(struct arena *arena, const char *path);
/* Names in a folder that end with suffix, sorted; in the arena. */
uint32_t support_list(struct arena *arena, const char *folder, const char *suffix,
                      const char *const **ret_names);
NORETURN void support_stop(const char *what, const char *which);

/* ---- values ---- */

/* Has the error this value? Undefined asks for none in particular. */
bool support_is_value(const struct jsonata_error *err, struct json_val expected);

/* JSON text; "undefined" and "a function" for values JSON does not have. Not NUL-terminated. */
void support_show(struct buf *out, struct json_val v);
/* Arrays as multisets at the top, everything below by deep equality. */
bool support_equal(struct json_val a, struct json_val b, bool in_any_order);
/* Members of an object as bindings, in the arena. */
uint32_t support_bindings(struct arena *arena, struct json_val object,
                          const struct jsonata_binding **ret);

/* ---- a trial ---- */

struct trial {
    struct jsonata *x; /* NULL: refused when compiled */
    struct arena arena;
    enum status status;
    struct json_val value;    /* STATUS_OK; lives until trial_done */
    struct jsonata_error err; /* else */
    const char
        *trouble; /* the two evaluations differ, or the input changed; NULL when all is well */
};

/* context.arena is not used. */
void trial_run(struct trial *t, str text, unsigned flags, const struct jsonata_context *context);
void trial_done(struct trial *t);
/* The result or the error, for people. */
void trial_show(const struct trial *t, struct buf *out);

/* ---- the report ---- */

struct report {
    char **filters; /* parts of names; none: every case */
    int filter_count;
    unsigned ran, passed, failed, skipped;
};

bool report_wants(const struct report *r, const char *name);
/* One line with both sides when the case failed. */
void report_case(struct report *r, bool passed, const char *name, str expr, str expected,
                 const struct trial *t);

#endif
