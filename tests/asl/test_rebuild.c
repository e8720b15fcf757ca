/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded execution, and those of tests/cases/asl/history (which are stopped, redriven,
 * caught in the middle of everything), one move a step, and built anew behind every step
 * (rebuild.h). What comes out must be what was recorded, as if nothing had been rebuilt.
 */
#include "history_play.h"
#include "rebuild.h"
#include "scenario_cases.h"
#include "scenario_compare.h"

#include <stdio.h>

enum { REBUILD_FILES = 219, REBUILD_CASES = 607, PLAYED_AT_LEAST = 43 };

/* ---- recorded executions ---- */

static void watch_scenario(void *arg, struct scenario_run *run, const struct asl_event *event,
                           struct asl_out *out)
{
    (void)event;
    rebuild_step(arg, &run->x, out);
}

static void run_scenario(struct case_report *report, const struct scenario *s)
{
    struct rebuild *r = rebuild_new();
    struct scenario_run plain, run;
    scenario_run_init(&plain, s, 1, NULL, NULL);
    scenario_run_init(&run, s, 1, watch_scenario, r);
    enum scenario_end as_it_is = scenario_play(&plain, s), end = scenario_play(&run, s);
    if (r->trouble.n > 0)
        case_failed(report, "rebuilt", buf_str(&r->trouble));
    else if (end != as_it_is)
        case_failed(report, "ends in another way when rebuilt", run.trouble);
    else if (!str_eq(buf_str(&plain.events), buf_str(&run.events)))
        case_failed(report, "another history when rebuilt", buf_str(&run.events));
    else if (end == SCENARIO_NEEDS)
        case_skipped(report, "needs an answer that was not recorded");
    else if (end != SCENARIO_OVER)
        case_failed(report, "does not end", run.trouble);
    else if (!scenario_is_as_recorded(&run, s))
        case_failed(report, "differs", buf_str(&run.match.difference));
    else
        case_passed(report);
    scenario_run_done(&run);
    scenario_run_done(&plain);
    rebuild_free(r);
}

/* ---- our own ---- */

struct counts {
    unsigned passed, failed;
};

static void watch_play(void *arg, struct play *p, const struct asl_out *out)
{
    rebuild_step(arg, &p->x, out);
}

static void run_play(void *arg, const char *name, struct json_val c)
{
    struct counts *counts = arg;
    struct rebuild *r = rebuild_new();
    struct play p;
    play_case(&p, c, 1, watch_play, r);
    bool passed = r->trouble.n == 0 && play_is_as_expected(&p, c);
    counts->passed += passed;
    counts->failed += !passed;
    if (!passed)
        printf("FAIL %s: %.*s\n%.*s", name, STR_ARG(buf_str(&r->trouble)),
               STR_ARG(buf_str(&p.lines)));
    play_done(&p);
    rebuild_free(r);
}

int main(int argc, char **argv)
{
    struct counts played = {0};
    struct case_report report = {.title = "rebuild", .filters = argv + 1, .filter_count = argc - 1};
    play_each(argv + 1, argc - 1, run_play, &played);
    printf("histories: %u passed, %u failed\n", played.passed, played.failed);
    if (played.failed > 0 || (argc < 2 && played.passed < PLAYED_AT_LEAST))
        return 1;
    return cases_run(&report, run_scenario, REBUILD_FILES, REBUILD_CASES);
}
