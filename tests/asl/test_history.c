/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The histories of tests/cases/asl/history (form: history_play.h). Arguments are parts of case
 * names; none runs everything. Each event must be one JSON object that begins with the members and
 * in the order of the service, the time as seconds with three decimals.
 */
#include "history_play.h"

#include <stdio.h>

enum { CASES_AT_LEAST = 43 };

struct counts {
    unsigned passed, failed;
};

static void run_case(void *arg, const char *name, struct json_val c)
{
    struct counts *counts = arg;
    struct play p;
    play_case(&p, c, 0, NULL, NULL);
    bool passed = play_is_as_expected(&p, c);
    counts->passed += passed;
    counts->failed += !passed;
    if (!passed)
        printf("FAIL %s%s%s\n%.*s", name, p.trouble ? ": " : "", p.trouble ? p.trouble : "",
               STR_ARG(buf_str(&p.lines)));
    play_done(&p);
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    play_each(argv + 1, argc - 1, run_case, &counts);
    printf("cases: %u passed, %u failed, 0 skipped\n", counts.passed, counts.failed);
    return counts.failed == 0 && (argc > 1 || counts.passed >= CASES_AT_LEAST) ? 0 : 1;
}
