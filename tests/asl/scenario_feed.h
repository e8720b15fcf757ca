/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers for the tasks and map runs of an execution, taken from the history that was recorded for
 * it: what the machine asks for is found there by the name of its state, and what the recording
 * says came of it is told to the machine.
 */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_FEED_H
#define AFFLUX_TESTS_ASL_SCENARIO_FEED_H

#include "asl/step.h"
#include "scenario_match.h"

enum { FEED_PENDING = 256 };

struct feed_pending {
    uint32_t frame, attempt;
    const struct asl_state *state;
    struct json_val arguments;
    struct json_val last; /* the recorded event that has been told last; undefined: none is known */
};

/* Carries out a map run; false: it cannot, the recording has to say what came of it. */
typedef bool (*feed_map)(void *arg, const struct feed_pending *p, struct asl_event *event);

struct feed {
    feed_map map; /* NULL: map runs are carried out elsewhere */
    void *map_arg;
    /* Tasks that are done elsewhere; NULL: none. */
    bool (*is_elsewhere)(const struct asl_state *state);
    struct arena *arena;
    struct match *match;      /* knows what placeholders stand for */
    struct json_val recorded; /* array of events; undefined: only the outcome was recorded */
    bool *is_used;            /* recorded events that began something */
    struct feed_pending pending[FEED_PENDING];
    uint32_t pending_count;
};

void feed_init(struct feed *f, struct arena *arena, struct match *match, struct json_val recorded);

/* Notes what a step asked for, and what it does not want any more. */
void feed_take(struct feed *f, const struct asl_out *out);

enum feed_result {
    FEED_EVENT,   /* filled in; unref its document */
    FEED_WAIT,    /* nothing comes before a time passes */
    FEED_UNKNOWN, /* something is wanted, and the recording does not say what came */
};
/* The answer that was recorded to come first. */
enum feed_result feed_next(struct feed *f, struct asl_event *event);

#endif
