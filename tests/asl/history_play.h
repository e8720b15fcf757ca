/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays the executions of tests/cases/asl/history/NAME.json and shows their histories. A case has
 *
 *   name        a sentence
 *   definition  a value; type "EXPRESS"; strict: true
 *   input       the text of the input
 *   events      what happens to it, in order: kind as asl_event_kind_name has it; state whose task
 *               or map run it is about; output (a value), error, cause, stage, worker. Time passes
 *               when an event's state waits for nothing yet, and after the last event.
 *   no_data     true: the history is shown without data
 *   history     "ID<-PREVIOUS TYPE MEMBER DETAILS", details as compact text
 */
#ifndef AFFLUX_TESTS_ASL_HISTORY_PLAY_H
#define AFFLUX_TESTS_ASL_HISTORY_PLAY_H

#include "asl/step.h"

struct play;

/* Sees every step before out is emptied; may put another execution into p->x. */
typedef void (*play_watch)(void *arg, struct play *p, const struct asl_out *out);

struct play {
    struct arena arena;
    struct asl_definition *definition;
    struct asl_exec *x;
    struct asl_options options;
    struct asl_out out;
    int64_t now_ms;
    uint64_t seed;
    bool include_data;
    struct buf lines;    /* the history, a line for each event */
    const char *trouble; /* what went wrong beside it; NULL: nothing */
    play_watch watch;
    void *watch_arg;
};

/* max_moves 0: as many as the machine likes. watch may be NULL. */
void play_case(struct play *p, struct json_val c, uint32_t max_moves, play_watch watch,
               void *watch_arg);
bool play_is_as_expected(const struct play *p, struct json_val c);
void play_done(struct play *p);

typedef void (*play_fn)(void *arg, const char *name, struct json_val c);
/* Every case whose name has one of the parts, or every case. */
void play_each(char **filters, int filter_count, play_fn fn, void *arg);

#endif
