/* SPDX-License-Identifier: Apache-2.0 */
/* `afflux run --data DIR`: the execution is kept and survives. */
#ifndef AFFLUX_CMD_RUN_KEPT_H
#define AFFLUX_CMD_RUN_KEPT_H

#include "cmd/run_options.h"
#include "cmd/run_show.h"
#include "sim/sim.h"

struct run_kept {
    const struct run_options *options;
    struct run_show *show;
    const struct asl_definition *definition;
    const struct sim_mocks *mocks; /* or NULL */
    str definition_text, input;
};

/* Runs it, goes on with it, or tells its kept result; returns the exit code. */
int run_kept(struct run_kept *k);

#endif
