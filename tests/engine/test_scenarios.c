/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS Step Functions itself answered, through the durable engine: the recorded executions of
 * asl/test_scenarios.c, all at once in one data folder. Tasks are answered from the recordings.
 * Status, output, error and cause are compared, and the history as the store has it; of Express
 * executions, which are not in the store, as it was when they ended. Arguments are parts of case
 * names; none runs everything and checks the counts.
 *
 * It is done twice. The second time the engine is closed and opened again whenever all that can go
 * on without an answer has done so; and tasks that are about executions are not answered from the
 * recordings, but done.
 *
 * Time passes by jumps: whenever nothing is under way, to whatever is waited for next.
 */
#include "../asl/scenario_cases.h"
#include "scenario_stage.h"

#include "base/check.h"
#include "engine/inspect.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    SCENARIO_FILES = 219,
    SCENARIO_CASES = 607,
    SCENARIOS_PASSED = 605,
    RESTARTED_PASSED = 602,
    FEWEST_RESTARTS = 3,
    STILL_ROUNDS = 5,   /* of the loop without a step: nothing is under way */
    IDLE_JUMPS = 20000, /* without a step: nobody goes on any more */
    EXIT_SKIPPED = 77,
};

/* What the engine cannot do as recorded. */
static const struct {
    const char *name, *why;
} UNLIKE[] = {
    {"activity-task-on-deleted", "needs the API: activities can be deleted"},
    {"map-item-reader-json-no-json-list-object",
     "outdated: the items of a JSON text may be the members of an object now"},
};

static const char *why_unlike(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(UNLIKE); i++) {
        if (strstr(name, UNLIKE[i].name))
            return UNLIKE[i].why;
    }
    return NULL;
}

static void begin_case(struct case_report *r, const struct scenario *s)
{
    const char *why = why_unlike(r->name);
    if (why)
        case_skipped(r, why);
    else
        stage_begin(r->arg, r, s);
}

/* ---- until nobody goes on ---- */

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

static bool all_are_over(const struct stage *stage)
{
    uint32_t i = 0;
    while (i < stage->count && !play_is_waited_for(stage->plays[i]))
        i++;
    return i == stage->count;
}

static void run_loop(struct stage *stage)
{
    struct loop_timer timer = {0};
    loop_timer_start(stage->loop, &timer, loop_now_ms() + 1, stop_loop, stage->loop);
    loop_run(stage->loop);
    loop_timer_stop(stage->loop, &timer);
}

/* Nobody is answered until all that was said is durable; then another engine goes on. */
static void restart(struct stage *stage)
{
    stage->is_paused = true;
    for (uint64_t rounds = 0, steps = stage->steps; rounds < STILL_ROUNDS; steps = stage->steps) {
        run_loop(stage);
        bool is_still = steps == stage->steps && engine_figures(stage->engine).in_flight == 0;
        rounds = is_still ? rounds + 1 : 0;
    }
    stage_reopen(stage);
    stage->is_paused = false;
    stage->restarted++;
}

static void run_stage(struct stage *stage)
{
    uint64_t steps = 0, restarted = stage->steps;
    for (uint32_t jumps = 0; jumps < IDLE_JUMPS && !all_are_over(stage);) {
        run_loop(stage);
        if (stage->restarts && stage->steps != restarted) {
            restart(stage);
            restarted = stage->steps;
        }
        jumps = stage->steps == steps ? jumps : 0;
        steps = stage->steps;
        if (stage->fed == 0 && engine_skip(stage->engine))
            jumps++;
    }
}

/* ---- the end ---- */

static void add_event(void *arg, const struct asl_exec *x, const struct asl_record *r)
{
    struct play *p = arg;
    scenario_add_event(&p->run, x, r);
}

static void compare_kept(void *arg, const struct asl_exec *x)
{
    play_compare(arg, x);
}

static void report(struct case_report *r, struct play *p, struct inspect *i)
{
    struct error err;
    enum status status = STATUS_OK;
    r->name = p->name;
    r->area = p->area;
    if (p->run.trouble.n > 0 || p->missing) {
        if (p->missing)
            case_skipped(r, p->missing);
        else
            case_failed(r, "refused", p->run.trouble);
        return;
    }
    if (p->has_ended && !p->is_express)
        status = inspect_records(i, p->id, add_event, p, &err);
    if (p->has_ended && !p->is_express && status == STATUS_OK)
        status = inspect_exec(i, p->id, compare_kept, p, &err);
    if (!p->has_ended)
        case_failed(r, "does not end", STR(""));
    else if (status != STATUS_OK)
        case_failed(r, "cannot be read", str_of(err.message));
    else if (p->is_as_recorded)
        case_passed(r);
    else
        case_failed(r, "differs", buf_str(&p->run.match.difference));
}

static void run_and_report(struct case_report *r)
{
    struct stage *stage = r->arg;
    struct inspect *i;
    struct error err;
    run_stage(stage);
    check(inspect_open(str_of(stage->folder), &i, &err) == STATUS_OK);
    for (uint32_t k = 0; k < stage->count; k++)
        report(r, stage->plays[k], i);
    inspect_close(i);
}

static int run_all(int argc, char **argv, bool restarts, unsigned expected)
{
    struct stage *stage = malloc(sizeof(*stage));
    check(stage != NULL);
    struct case_report r = {.title = restarts ? "engine scenarios, restarted" : "engine scenarios",
                            .filters = argv + 1,
                            .filter_count = argc - 1,
                            .kept = &stage->arena,
                            .end = run_and_report,
                            .arg = stage};
    unsigned passed = 0;
    stage_open(stage, restarts);
    int code = cases_run(&r, begin_case, SCENARIO_FILES, SCENARIO_CASES);
    if (code != EXIT_SKIPPED && restarts)
        printf("%u restarts\n", stage->restarted);
    bool is_restarted = !restarts || stage->restarted >= FEWEST_RESTARTS;
    stage_close(stage);
    free(stage);
    for (uint32_t i = 0; i < r.area_count; i++)
        passed += r.areas[i].passed;
    if (code != 0 || argc > 1 || (passed == expected && is_restarted))
        return code;
    printf("%s: %u passed, expected %u\n", r.title, passed, expected);
    return 1;
}

int main(int argc, char **argv)
{
    int code = run_all(argc, argv, false, SCENARIOS_PASSED);
    return code == 0 ? run_all(argc, argv, true, RESTARTED_PASSED) : code;
}
