/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the machine share: an execution that is driven step by step, with virtual time
 * and given seeds, and everything it said kept as text.
 *
 * Each step is checked as a store would use it: its batch is replayed into a twin, a snapshot is
 * read into a third execution, and all three must print the same. What differs is noted in
 * `trouble`.
 *
 * Definitions, inputs and expected texts are written with ' for " (and ` for '), to be readable in
 * C.
 */
#ifndef AFFLUX_TESTS_ASL_SUPPORT_H
#define AFFLUX_TESTS_ASL_SUPPORT_H

#include "asl/encode.h"
#include "base/buf.h"

#define RUN_START_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00.000Z */
enum { RUN_COMMAND_KINDS = ASL_END_EXECUTION + 1 };

struct run {
    struct asl_definition *definition;
    const struct asl_machine *machine;
    enum asl_type type;
    struct asl_options options;
    struct asl_exec *x, *twin;
    struct asl_out out; /* of the last step */
    struct error err;   /* of the last step that was refused */
    int64_t now_ms;
    uint64_t seed;
    struct buf records, commands; /* a line each, of all steps */
    struct buf batch;             /* of the last step */
    size_t bytes;                 /* of all batches */
    unsigned steps;
    unsigned record_counts[ASL_RECORD_KINDS], command_counts[RUN_COMMAND_KINDS];
    bool is_bare;       /* without twin and snapshots, for long ones */
    bool stops_between; /* run_event makes one step, also when it left by its budget */
    struct buf trouble; /* empty when all is well */
    struct buf text;    /* of the getters below: until the next call */
};

/* ' to " and ` to '. To be freed. */
char *run_quoted(const char *text);

/* Loads the definition (ends the program when it is refused). */
void run_load(struct run *r, const char *definition, enum asl_type type, bool strict);
/* The same with text as it stands. */
void run_load_json(struct run *r, str definition, enum asl_type type, bool strict);
/* The execution, made of what was loaded and of r->options as they are. */
void run_open(struct run *r);
void run_done(struct run *r);

/* One event, at r->now_ms; goes on until nothing can without another one. */
enum status run_event(struct run *r, struct asl_event event);
enum status run_start(struct run *r, const char *input);
enum status run_start_json(struct run *r, str input);
/* Time passes; then what is due happens. */
enum status run_after(struct run *r, int64_t ms);
/* As long as something is due, at its time. */
void run_sleep(struct run *r);
/* About the task or map run that a frame in this state waits for; ends the program when none does.
 */
struct asl_event run_about(struct run *r, const char *state, enum asl_event_kind kind);
enum status run_succeed(struct run *r, const char *state, const char *result);
/* error, cause NULL: none */
enum status run_fail(struct run *r, const char *state, const char *error, const char *cause);
/* An event about what is waited for, with a document as it stands. */
enum status run_answer(struct run *r, const char *state, enum asl_event_kind kind, str json);

/* The first frame that stands in the state, or NULL. */
struct asl_frame *run_frame(const struct run *r, const char *state);

/* JSON text, NUL-terminated; "none" where there is none. */
const char *run_output(struct run *r);
const char *run_arguments(struct run *r, const char *state);
const char *run_document(struct run *r, const struct asl_document *doc);
/* "STATUS Error: Cause" */
const char *run_end(struct run *r);
/* The kinds of all records, with spaces between them. */
const char *run_kinds(struct run *r);
bool run_has_record(const struct run *r, const char *part);
bool run_has_command(const struct run *r, const char *part);

/* Prints of two executions; false and noted when they differ. */
bool run_same(struct run *r, const struct asl_exec *a, const struct asl_exec *b, const char *what);

#endif
