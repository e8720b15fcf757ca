/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of an aggregation, as `afflux aggregate --init` writes it: afflux.json, and the texts
 * of workflows. What the file says is aggregate/config.h's. */
#ifndef AFFLUX_CMD_AGGREGATE_FILE_H
#define AFFLUX_CMD_AGGREGATE_FILE_H

#include "aggregate/config.h"
#include "cmd/aggregate_flows.h"

#define AGGREGATE_FILE "afflux.json"
enum { AGGREGATE_FLOW_MAX = 1 << 20 /* bytes of a workflow: what Step Functions takes */ };

/* Sets what the file of this path says. Its relative paths are put behind its folder. Errors name
 * the file. */
NODISCARD enum status aggregate_file_read(const char *path, struct aggregate_config *c,
                                          struct arena *a, struct error *err);
/* The path of the file in a folder. */
const char *aggregate_file_in(const char *folder, struct arena *a);

/* The three texts NAME.asl.json of a folder; with an empty one: those of the program. */
NODISCARD enum status aggregate_texts_read(str folder, struct aggregate_texts *ret, struct arena *a,
                                           struct error *err);

#endif
