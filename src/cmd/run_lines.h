/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an execution is doing, as lines for people: a line for each state it is in, those of
 * branches and iterations below their own. Where and how they are shown is run_view.c's.
 */
#ifndef AFFLUX_CMD_RUN_LINES_H
#define AFFLUX_CMD_RUN_LINES_H

#include "asl/map_run.h"

enum {
    RUN_LINES_MAX = 24,
    RUN_LINES_CHILDREN = 5 /* branches or iterations of one state that are shown */
};

/* What there is to look at. */
struct run_sight {
    const struct asl_exec *x;
    str name; /* that it can be asked for by; empty: none */
    int64_t now_ms;
    uint32_t calls; /* HTTP calls under way */
    /* The map run of a frame; false: nothing is known about it. */
    bool (*map_run)(void *arg, uint32_t frame, struct asl_map_run *ret);
    void *arg;
};

struct run_line {
    uint32_t depth;
    str name;       /* of the state, with the number of its iteration */
    str doing;      /* may be empty */
    int64_t for_ms; /* since it was entered; below 0: not a state */
};

struct run_lines {
    struct run_line lines[RUN_LINES_MAX];
    uint32_t count;
    uint32_t left_out; /* lines that have no place */
};

/* Texts lie in the arena, or in the execution. */
void run_lines_make(const struct run_sight *sight, struct arena *a, struct run_lines *ret);

/* "0.3 s", "12 s", "3 min 05 s", "2 h 05 min", "4 d 03 h". */
str run_duration(int64_t ms, struct arena *a);

#endif
