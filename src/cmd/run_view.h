/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live view of `afflux run` on stderr: on a terminal a block of lines that is drawn over again,
 * at most ten times a second, and goes at the end; elsewhere a line now and then, so that a log
 * shows that it goes on. What is shown is run_lines.c's.
 */
#ifndef AFFLUX_CMD_RUN_VIEW_H
#define AFFLUX_CMD_RUN_VIEW_H

#include "cmd/block.h"
#include "cmd/run_lines.h"

enum {
    RUN_VIEW_MS = 100,          /* between two drawings */
    RUN_VIEW_FIRST_MS = 300,    /* what is over sooner is not shown */
    RUN_VIEW_PLAIN_MS = 10000,  /* until the first plain line, then twice as long each time, */
    RUN_VIEW_PLAIN_MOST = 60000 /* up to this */
};

struct run_view {
    bool is_off;
    struct block block;
    int64_t begun_ms; /* of the loop's clock, as all times here */
    int64_t plain_ms; /* when the next plain line is due, */
    int64_t pause_ms; /* and how long after it another */
};

void run_view_init(struct run_view *v, bool is_off);
/* Is it time to show something? */
bool run_view_is_due(const struct run_view *v, int64_t now_ms);
/* How long until that may be. */
int64_t run_view_wait(const struct run_view *v);
void run_view_show(struct run_view *v, const struct run_sight *sight, int64_t now_ms);
/* Takes the block away, before anything else is printed. */
void run_view_erase(struct run_view *v);

#endif
