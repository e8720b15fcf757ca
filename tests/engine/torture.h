/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The torture program: torture_main.c runs the workflows of torture_machines.c; torture_report.c
 * says what is kept of them, and torture_maps.c of their map runs.
 */
#ifndef AFFLUX_TESTS_TORTURE_H
#define AFFLUX_TESTS_TORTURE_H

#include "asl/definition.h"
#include "base/buf.h"
#include "store/reader.h"

enum { TORTURE_MACHINES = 7, TORTURE_MAX_STATES = 64 };
#define TORTURE_CONNECTION "api"

struct torture_machine {
    const char *name;
    enum asl_type type;
    const char *definition;
};
extern const struct torture_machine torture_machines[TORTURE_MACHINES];

/* Prints, for each execution in the store of a folder, its end, its output and how often it was in
 * each state; checks that each event of its history is there once. False: something is wrong, and
 * the text says what. */
bool torture_report(const char *folder, struct buf *out);

/* ---- inside of the report ---- */

struct torture_report {
    struct store_reader *reader;
    struct buf *out;
    bool is_well;
};

void torture_complain(struct torture_report *r, str name, const char *what);
/* Reads the steps of a kept execution: prints its output and how often it was in each state. */
void torture_report_steps(struct torture_report *r, const struct store_execution *row,
                          const struct asl_definition *definition, str name);
/* All map runs of an execution with their children, as lines. */
void torture_report_maps(struct torture_report *r, const struct store_execution *row,
                         const struct asl_definition *definition);
/* What is in the bucket of results, without what differs from run to run. */
void torture_report_objects(struct torture_report *r, const char *folder);

#endif
