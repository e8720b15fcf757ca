/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running one recorded execution through the machine, in virtual time: no clock is read, nobody
 * waits. Tasks and map runs are answered from the recording (scenario_feed.h).
 */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_RUN_H
#define AFFLUX_TESTS_ASL_SCENARIO_RUN_H

#include "asl/step.h"
#include "scenario_feed.h"
#include "scenario_match.h"

struct scenario {
    struct json_val file; /* what the cases share */
    struct json_val one;  /* the case; the file itself where there are no cases */
    bool stops;           /* StopExecution comes when nothing goes on by itself */
};

/* A member of the case, else of the file, else undefined. */
struct json_val scenario_get(const struct scenario *s, const char *key);

/* The texts of the definition and of the input, in the run's arena. The input may refer to an
 * answer that was not recorded; then it is not JSON. */
struct scenario_run;
str scenario_definition(struct scenario_run *run, const struct scenario *s);
str scenario_input(struct scenario_run *run, const struct scenario *s);

enum scenario_end {
    SCENARIO_OVER,    /* the execution has come to its end */
    SCENARIO_REFUSED, /* the definition is not accepted; trouble says why */
    SCENARIO_NEEDS,   /* something was asked for that the recording has no answer to */
    SCENARIO_STUCK,   /* does not go on, or does not end */
};

/* Sees every step of a run before out is emptied; may put another execution into run->x. */
typedef void (*scenario_watch)(void *arg, struct scenario_run *run, const struct asl_event *event,
                               struct asl_out *out);

struct scenario_run {
    struct scenario scenario;
    struct arena arena;
    struct match match;
    struct feed feed;
    struct asl_definition *definition;
    struct asl_exec *x; /* SCENARIO_OVER: with its outcome */
    struct asl_options options;
    scenario_watch watch;
    void *watch_arg;
    int64_t now_ms;
    uint64_t seed;
    struct buf events;       /* texts of history events, with commas between them */
    struct json_val history; /* the same as an array, after scenario_play */
    str trouble;
};

/* max_moves 0: as many as the machine likes. watch may be NULL. */
void scenario_run_init(struct scenario_run *run, const struct scenario *s, uint32_t max_moves,
                       scenario_watch watch, void *watch_arg);
/* Adds a record to run->events, if it is an event. */
void scenario_add_event(struct scenario_run *run, const struct asl_exec *x,
                        const struct asl_record *r);
/* Puts run->history together from the texts in run->events. */
void scenario_read_history(struct scenario_run *run);
enum scenario_end scenario_play(struct scenario_run *run, const struct scenario *s);
void scenario_run_done(struct scenario_run *run);

#endif
