/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a definition: a list of findings with AWS's codes, texts and locations, and
 * the line and column for people. Reading a definition never stops at the first.
 */
#ifndef AFFLUX_ASL_DIAGNOSTIC_H
#define AFFLUX_ASL_DIAGNOSTIC_H

#include "base/arena.h"
#include "base/buf.h"

enum asl_severity { ASL_ERROR, ASL_WARNING };

/* Kept; further ones are counted only. Warnings leave room for errors. */
enum { ASL_MAX_DIAGNOSTICS = 1000, ASL_MAX_WARNINGS = 500 };

struct asl_diagnostic {
    enum asl_severity severity;
    const char *code; /* "SCHEMA_VALIDATION_FAILED" */
    str message;
    str location;        /* "/States/C/Choices[0]/Next"; empty: none */
    const char *hint;    /* what to do, for people; or NULL. Lives as long as the list */
    size_t offset;       /* bytes from the start of the text to the value it is about, */
    size_t length;       /* and its length, 0 when unknown */
    size_t line, column; /* from 1; column in code points */
};

struct asl_diagnostics {
    struct arena arena;
    struct asl_diagnostic *items; /* in AWS's order */
    uint32_t count, cap;
    uint32_t error_count, warning_count; /* all that were found */
};

void asl_diagnostics_init(struct asl_diagnostics *d);
void asl_diagnostics_done(struct asl_diagnostics *d);

/* "ERROR", "WARNING" */
const char *asl_severity_name(enum asl_severity severity);

/* One more, counted; its line and column are 1, all else is empty. NULL beyond
 * ASL_MAX_DIAGNOSTICS or ASL_MAX_WARNINGS. */
struct asl_diagnostic *asl_diagnostics_add(struct asl_diagnostics *d, enum asl_severity severity);

/* "Invalid State Machine Definition: 'CODE: MESSAGE at LOCATION, …'", errors only. */
void asl_diagnostics_print_error(const struct asl_diagnostics *d, struct buf *out);

/* The answer of ValidateStateMachineDefinition as JSON: result, diagnostics of at least this
 * severity (max of them at most), truncated. */
void asl_diagnostics_print_json(const struct asl_diagnostics *d, enum asl_severity severity,
                                uint32_t max, struct buf *out);

#endif
