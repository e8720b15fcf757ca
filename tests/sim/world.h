/* SPDX-License-Identifier: Apache-2.0 */
/* A definition, its mocks and a simulation of both, for the tests of this folder. */
#ifndef AFFLUX_TESTS_SIM_WORLD_H
#define AFFLUX_TESTS_SIM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/sim.h"

#define WORLD_START INT64_C(1767225600000) /* 2026-01-01 */

struct world {
    struct arena arena;
    struct asl_definition *definition;
    struct sim_mocks *mocks;
    struct sim *sim;
    struct sim_options options; /* may be changed before world_start */
    enum asl_type type;
    struct error err;
    enum status status;
    struct buf log;  /* of the root: "Type@seconds " for each event of the history */
    struct buf text; /* of the last answer */
    uint32_t steps;  /* of all executions */
};

/* The definition and mocks must be right; mocks may be NULL. */
void world_open(struct world *w, const char *definition, const char *mocks);
void world_close(struct world *w);
/* Begins with this input and does nothing more. */
void world_start(struct world *w, const char *input);
/* Begins and goes to the end; w->status says whether that was possible. */
void world_run(struct world *w, const char *input);
/* Turns until the next turn would come after so many seconds, and lets the time pass. */
void world_until(struct world *w, double seconds);
/* Goes on to the end. */
void world_finish(struct world *w);

/* "SUCCEEDED output", "FAILED error: cause", … of the root; valid until the next call. */
const char *world_end(struct world *w);
double world_seconds(const struct world *w);
/* The token of the task that a state of the root waits in. */
str world_token(struct world *w, const char *state);

#define assert_end(w, text) assert_string_equal(world_end(w), text)
#define assert_log(w, text) assert_string_equal(((w)->log.p ? (w)->log.p : ""), text)

#endif
