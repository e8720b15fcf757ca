/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs what AWS Step Functions itself answered: every recorded execution of
 * $AFFLUX_VECTORS/states (default: the folder shared/vectors beside the source tree), comparing
 * status, output, error, cause and the history event by event. Arguments are parts of case names;
 * none runs everything and checks that the set is complete.
 *
 * This is the machine alone: tasks and map runs are answered from the recordings, so what services
 * say is not tested here.
 */
#include "scenario_cases.h"
#include "scenario_compare.h"

#include <stdio.h>

enum { SCENARIO_FILES = 219, SCENARIO_CASES = 607 };

static void run_case(struct case_report *report, const struct scenario *s)
{
    struct scenario_run run;
    scenario_run_init(&run, s, 0, NULL, NULL);
    switch (scenario_play(&run, s)) {
    case SCENARIO_REFUSED: case_failed(report, "definition refused", run.trouble); break;
    case SCENARIO_STUCK: case_failed(report, "does not end", run.trouble); break;
    case SCENARIO_NEEDS: case_skipped(report, "needs an answer that was not recorded"); break;
    case SCENARIO_OVER:
        if (scenario_is_as_recorded(&run, s))
            case_passed(report);
        else
            case_failed(report, "differs", buf_str(&run.match.difference));
        break;
    }
    scenario_run_done(&run);
}

int main(int argc, char **argv)
{
    struct case_report report = {
        .title = "scenarios", .filters = argv + 1, .filter_count = argc - 1};
    return cases_run(&report, run_case, SCENARIO_FILES, SCENARIO_CASES);
}
