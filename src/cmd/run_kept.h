/* SPDX-License-Identifier: Apache-2.0 */
/* `afflux run` on the engine: in the folder of --data, where the execution is kept and survives, or
 * in one that goes with the run. Tasks do what they say, unless a mock answers for them. */
#ifndef AFFLUX_CMD_RUN_KEPT_H
#define AFFLUX_CMD_RUN_KEPT_H

#include "cmd/run_options.h"
#include "cmd/run_show.h"
#include "sim/sim.h"

struct run_kept {
    const struct run_options *options;
    struct run_show *show;
    const struct asl_definition *definition;
    const struct sim_mocks *mocks;           /* or NULL */
    str definition_text, input, connections; /* connections: text of the file; empty: none */
};

/* Runs it, goes on with it, or tells its kept result; returns the exit code. */
int run_kept(struct run_kept *k);

#endif
