/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a job: a thing of the service "glue_job" under the job's name, as JSON:
 *
 *   {"id": number, "created": ms, "modified": ms, "job": {members as they were given}, "tags": {…}}
 *
 * The id is what its runs refer to: a job that is deleted and made again has none of the old runs.
 */
#ifndef AFFLUX_SERVICES_GLUE_JOB_H
#define AFFLUX_SERVICES_GLUE_JOB_H

#include "services/glue/glue.h"

#define GLUE_CONSOLIDATE "afflux-consolidate"          /* name of a command, */
#define GLUE_BUILTIN_CONSOLIDATE "builtin:consolidate" /* or the location of its script */

enum {
    GLUE_MAX_ARGUMENTS = 180 << 10, /* bytes of names and values of a run's arguments */
    GLUE_MAX_JOB = 1 << 20,         /* bytes of what is kept of a job */
    GLUE_DEFAULT_TIMEOUT = 2880,    /* minutes; with version 5.0 and later: */
    GLUE_DEFAULT_TIMEOUT_5 = 480,
    /* AWS's ceilings (is_strict) */
    GLUE_STRICT_TIMEOUT = 10080,
    GLUE_STRICT_RETRIES = 10,
    GLUE_STRICT_CONCURRENT = 1000,
};

struct glue_job {
    int64_t id, created_ms, modified_ms;
    str name;
    struct json_val members, tags; /* objects */
};

/* Values lie in the call's arena. STATUS_NOT_FOUND "EntityNotFoundException". */
NODISCARD enum status glue_job_load(struct arena *arena, struct store_reader *reader, str name,
                                    struct glue_job *ret, struct error *err);
NODISCARD enum status glue_job_save(struct arena *arena, struct store_tx *tx,
                                    const struct glue_job *job, struct error *err);

/* The members of a request that belong to a job, in the order in which jobs show them. */
struct json_val glue_job_members(struct arena *arena, struct json_val request);
/* What no shape says. STATUS_INVALID "InvalidInputException". */
NODISCARD enum status glue_job_check(const struct service_settings *settings,
                                     struct json_val members, struct error *err);
/* As GetJob shows it. */
struct json_val glue_job_value(struct arena *arena, const struct glue_job *job);

/* ---- what follows from the members of a job, or of a run that overrides them ---- */

/* Is it done by this program itself? */
bool glue_is_consolidate(struct json_val command);
int64_t glue_max_concurrent(struct json_val members);
/* Minutes; 0: none. */
int64_t glue_timeout(struct json_val members);
struct glue_capacity {
    bool is_given;
    double units;
};
struct glue_capacity glue_capacity(struct json_val members);
/* Bytes of names and values. */
size_t glue_arguments_size(struct json_val arguments);

/* ---- small helpers for JSON ---- */

/* A number member; otherwise when there is none. */
double glue_number(struct json_val object, const char *name, double otherwise);
bool glue_truth(struct json_val object, const char *name, bool *ret);
/* Appends v to a reply. */
NODISCARD enum status glue_reply(struct buf *reply, struct json_val v, struct error *err);

#endif
