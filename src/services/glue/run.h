/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a run: a row (store/job_runs.h) whose body is JSON and does not change:
 *
 *   {"JobName", "Command": {…}, "Attempt", "PreviousRunId"?, "MaxRetries", "Arguments"?: as given,
 *    "All": with defaults and those that cannot be overridden, "Timeout"?, and other members that
 *    JobRun shows}
 *
 * States: STARTING, RUNNING, STOPPING and WAITING (in line behind others of its job) are
 * unfinished; SUCCEEDED, FAILED, STOPPED and TIMEOUT are ends.
 */
#ifndef AFFLUX_SERVICES_GLUE_RUN_H
#define AFFLUX_SERVICES_GLUE_RUN_H

#include "services/glue/job.h"
#include "store/job_runs.h"

/* "jr_" and 64 digits. */
enum { GLUE_RUN_NAME = 67 };
NODISCARD enum status glue_run_name(char out[GLUE_RUN_NAME + 1], struct error *err);

/* The body of a new run of a job. request: of StartJobRun; previous: the run that is tried again,
 * or NULL. */
NODISCARD enum status glue_run_body(struct arena *arena, const struct glue_job *job,
                                    struct json_val request, const struct store_job_run *previous,
                                    struct json_val *ret_body, struct error *err);
/* The body of the next attempt of a run that failed. */
struct json_val glue_run_next_body(struct arena *arena, struct json_val body, str previous);
/* "jr_…_attempt_N" */
str glue_run_next_name(struct arena *arena, str name, int64_t attempt);

NODISCARD enum status glue_run_read_body(struct arena *arena, const struct store_job_run *row,
                                         struct json_val *ret_body, struct error *err);
/* JobRun as it is shown. */
NODISCARD enum status glue_run_value(struct arena *arena, const struct store_job_run *row,
                                     enum glue_form form, int64_t now_ms, struct json_val *ret,
                                     struct error *err);

/* Adds a run to the store: body as JSON text. */
NODISCARD enum status glue_run_add(struct store_tx *tx, int64_t job, str name, str state,
                                   struct json_val body, int64_t now_ms, struct error *err);

/* May a run of the job be at work besides those that are? */
NODISCARD enum status glue_run_has_room(struct store_reader *reader, int64_t job, int64_t max,
                                        bool *ret, struct error *err);
/* Marks an unfinished run for the runner to stop; one that waits in line has stopped. */
NODISCARD enum status glue_run_stop(struct store_tx *tx, const struct store_job_run *row,
                                    int64_t now_ms, struct error *err);

#endif
