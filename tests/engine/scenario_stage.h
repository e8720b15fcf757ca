/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded executions in an engine: starting them, answering their tasks from the recordings, and
 * keeping what the comparison needs. When which of them goes on is the test's.
 */
#ifndef AFFLUX_TESTS_ENGINE_SCENARIO_STAGE_H
#define AFFLUX_TESTS_ENGINE_SCENARIO_STAGE_H

#include "../asl/scenario_cases.h"
#include "engine/engine.h"
#include "objects_memory.h"

enum { STAGE_PLAYS = 1024, STAGE_FOLDER = 1024 };

/* A definition that answers to come refer to, after the engine that compiled it is closed. */
struct held {
    struct held *next;
    struct asl_definition *definition;
};

/* One execution. */
struct play {
    struct stage *stage;
    char name[CASE_NAME]; /* of the case */
    struct case_counts *area;
    struct scenario s;
    struct scenario_run run;
    struct held *held; /* the last one first */
    struct loop_task task;
    bool is_asked; /* for a turn of feed_play */
    bool is_again; /* its last step wants another one at once */
    bool is_express, has_ended, is_as_recorded;
    const char *missing; /* why it cannot go on, or NULL */
    str machine, execution;
    int64_t id;
};

struct stage {
    struct loop *loop;
    struct engine *engine;
    char folder[STAGE_FOLDER];
    struct arena arena;
    struct memory_objects objects;
    struct play *plays[STAGE_PLAYS];
    uint32_t count, fed; /* fed: turns of feed_play that are to come */
    uint64_t steps;
    bool restarts;  /* the second time */
    bool is_paused; /* no answers are given */
    unsigned restarted;
};

/* restarts: tasks that are about executions are left to the engine, and Express executions out. */
void stage_open(struct stage *stage, bool restarts);
void stage_close(struct stage *stage);
/* Another engine on the same folder; whoever is waited for is watched again. */
void stage_reopen(struct stage *stage);

/* A case begins; of those that cannot, missing or run.trouble says why. */
void stage_begin(struct stage *stage, const struct case_report *r, const struct scenario *s);
/* Is its end still to come? */
bool play_is_waited_for(const struct play *p);
/* With the execution as it is at its end; run.events has its history. Sets is_as_recorded. */
void play_compare(struct play *p, const struct asl_exec *x);

#endif
