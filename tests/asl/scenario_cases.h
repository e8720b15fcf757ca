/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the recorded cases, and the report about them: a line for each that fails or is skipped,
 * counts per area, and the total.
 */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_CASES_H
#define AFFLUX_TESTS_ASL_SCENARIO_CASES_H

#include "scenario_run.h"

enum { CASE_AREAS = 64, CASE_NAME = 256 };

struct case_counts {
    unsigned passed, failed, skipped;
};

struct case_report {
    const char *title;
    struct arena *kept;                 /* files stay in it; NULL: each goes after its cases */
    void (*end)(struct case_report *r); /* all cases were seen, before the counts; or NULL */
    void *arg;                          /* for run and end */
    char **filters;                     /* parts of names; none: every case */
    int filter_count;
    const char *name; /* of the case that runs */
    struct case_counts *area;
    char area_names[CASE_AREAS][64];
    struct case_counts areas[CASE_AREAS];
    uint32_t area_count;
    unsigned files, cases;
};

void case_passed(struct case_report *r);
void case_failed(struct case_report *r, const char *what, str why);
void case_skipped(struct case_report *r, const char *why);

typedef void (*case_fn)(struct case_report *r, const struct scenario *s);

/* Runs every case; what main returns. The counts are checked when there is no filter. */
int cases_run(struct case_report *r, case_fn run, unsigned files, unsigned cases);

#endif
