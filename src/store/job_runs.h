/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of jobs: a row for each, with what changes in columns and what was asked for in an opaque
 * body. A job is a number; what it is besides lies among the things of its service. Runs of a job
 * are listed newest first, unfinished ones oldest first; neither takes longer for all the runs that
 * have ended.
 */
#ifndef AFFLUX_STORE_JOB_RUNS_H
#define AFFLUX_STORE_JOB_RUNS_H

#include "store/tx.h"

struct store_job_run {
    int64_t id;
    int64_t job;
    str name;  /* "jr_…", unique */
    str state; /* the service's words: STARTING, RUNNING, … */
    int64_t started_ms, modified_ms;
    int64_t running_ms;   /* since when it is at work; STORE_NEVER */
    int64_t completed_ms; /* STORE_NEVER: unfinished */
    str error, detail;    /* p NULL: none */
    str body;
};

struct store_job_runs {
    struct store_job_run *rows;
    uint32_t count;
};

NODISCARD enum status store_find_job_run(struct store_reader *r, str name, struct arena *a,
                                         struct store_job_run *ret, struct error *err);
/* Of a job, with an id below before (0: any), newest first. */
NODISCARD enum status store_list_job_runs(struct store_reader *r, int64_t job, int64_t before,
                                          uint32_t limit, struct arena *a,
                                          struct store_job_runs *ret, struct error *err);
/* Unfinished ones of all jobs, with an id above after, oldest first; without their bodies. */
NODISCARD enum status store_list_open_job_runs(struct store_reader *r, int64_t after,
                                               uint32_t limit, struct arena *a,
                                               struct store_job_runs *ret, struct error *err);
/* Unfinished ones of a job that are not in the state `without`. */
NODISCARD enum status store_count_open_job_runs(struct store_reader *r, int64_t job, str without,
                                                uint32_t *ret_count, struct error *err);
/* That ended before a time, earliest first. */
NODISCARD enum status store_list_ended_job_runs(struct store_reader *r, int64_t before_ms,
                                                uint32_t limit, struct arena *a,
                                                struct store_job_runs *ret, struct error *err);

/* STATUS_CONFLICT (StoreNameTaken): there is one of this name. */
NODISCARD enum status store_tx_add_job_run(struct store_tx *tx, const struct store_job_run *run,
                                           struct error *err);
/* All but name, job, start and body. STATUS_NOT_FOUND. */
NODISCARD enum status store_tx_set_job_run(struct store_tx *tx, const struct store_job_run *run,
                                           struct error *err);
/* STATUS_NOT_FOUND. */
NODISCARD enum status store_tx_delete_job_run(struct store_tx *tx, int64_t id, struct error *err);

#endif
