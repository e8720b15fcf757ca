/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service for tests, under the name of glue: jobs that end after a time. A job called bad… fails.
 *
 *   StartJobRun {"JobName", "Ms"}   answers {"JobRunId"}; without a name EntityNotFoundException
 *   BatchStopJobRun {"JobRunId"}    the job ends STOPPED
 */
#ifndef AFFLUX_TESTS_JOB_SERVICE_H
#define AFFLUX_TESTS_JOB_SERVICE_H

#include "engine/engine.h"

extern const struct service job_service;
/* Of struct engine_service. */
enum status job_look(void *self, struct store_reader *reader, str answer, int64_t now_ms,
                     struct buf *json, enum engine_stand *ret, struct error *err);
enum status job_stop_request(void *self, struct json_val request, str answer, struct buf *json,
                             struct error *err);
/* What is kept in a folder: jobs, those that were stopped, and tasks that follow one. */
uint32_t job_count(const char *folder);
uint32_t job_stopped(const char *folder);
uint32_t job_followed(const char *folder);

#endif
