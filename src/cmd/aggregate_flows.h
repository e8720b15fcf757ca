/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workflows of an aggregation in the data folder. Everything has a name made of what was asked
 * for (the run): the same command finds its own again, and two different ones share nothing but
 * tables, buckets and the job.
 */
#ifndef AFFLUX_CMD_AGGREGATE_FLOWS_H
#define AFFLUX_CMD_AGGREGATE_FLOWS_H

#include "cmd/aggregate_options.h"
#include "cmd/deploy.h"

#define AGGREGATE_LOCATIONS_TABLE "aggregate-locations"
#define AGGREGATE_PARTS_BUCKET "aggregate-parts"
#define AGGREGATE_OUTPUT_BUCKET "aggregate-output"

/* The run's name: a UUID of what makes a difference to the result: options, workflows, and the list
 * of locations. */
str aggregate_run_name(const struct aggregate_config *c, const struct aggregate_texts *texts,
                       str locations, struct arena *a);
/* Of the workflow, "aggregate-RUN-parent". */
str aggregate_machine_name(str run, const char *flow, struct arena *a);
/* Connection and machines. Waits for the store. STATUS_INVALID with what is wrong: in --row or
 * --summary, mostly. */
NODISCARD enum status aggregate_put_flows(struct engine *e, const struct aggregate_config *c,
                                          const struct aggregate_texts *texts, str run,
                                          struct error *err);
/* The input of the parent. */
str aggregate_input(const struct aggregate_config *c, str run, bool is_retry, struct arena *a);

#endif
