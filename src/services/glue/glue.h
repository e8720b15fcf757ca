/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service of jobs and their runs, under the names of AWS Glue. Here is its table of operations;
 * what makes a run do something is services/glue/runner.h: StartJobRun only writes down that there
 * is one, STARTING, and the runner is told afterwards (glue_runner_kick).
 *
 *   services/glue/job.h    what is kept of a job
 *   services/glue/run.h    what is kept of a run, and how it is told
 *   op_jobs.c, op_tags.c, op_runs.c   the operations
 */
#ifndef AFFLUX_SERVICES_GLUE_GLUE_H
#define AFFLUX_SERVICES_GLUE_GLUE_H

#include "services/service.h"

/* It needs no `self`. */
extern const struct service glue_service;

/* Has the operation changed what the runner works on? Then glue_runner_kick is to be called once it
 * is durable. */
bool glue_is_for_runner(const struct service_operation *o);

/* How times are told: to clients as seconds with a fraction, to workflows (the result of a .sync
 * task) as whole milliseconds. */
enum glue_form { GLUE_WIRE, GLUE_TASK };

enum glue_outcome { GLUE_UNFINISHED, GLUE_SUCCEEDED, GLUE_FAILED /* or stopped, or out of time */ };

/* The record of a run as JSON text, and how it stands: what a .sync task waits for and gets.
 * STATUS_NOT_FOUND "EntityNotFoundException". */
NODISCARD enum status glue_find_record(struct store_reader *reader, str run, enum glue_form form,
                                       int64_t now_ms, struct buf *json,
                                       enum glue_outcome *ret_outcome, struct error *err);

#endif
