/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations' functions, and what they share. Requests go to the store's thread as the JSON
 * text they came as, checked; jobs are few and their operations rare.
 */
#ifndef AFFLUX_SERVICES_GLUE_OPS_H
#define AFFLUX_SERVICES_GLUE_OPS_H

#include "services/glue/run.h"
#include "services/glue/shape.h"

enum { GLUE_PAGE = 100 /* entries of a list, unless told */, GLUE_PAGE_BYTES = 8 << 20 };

/* Checks a request against its shape; args are its text. */
NODISCARD enum status glue_take(const struct service_call *c, const struct shape *shape,
                                struct json_val request, str *ret_args, struct error *err);
/* args as a value in the call's arena. */
NODISCARD enum status glue_request(const struct service_call *c, str args, struct json_val *ret,
                                   struct error *err);

#define GLUE_PREPARE(name)                                                                         \
    enum status name(const struct service_call *c, struct json_val request, str *ret_args,         \
                     struct error *err)
#define GLUE_RUN(name)                                                                             \
    enum status name(const struct service_call *c, struct store_reader *reader,                    \
                     struct store_tx *tx, str args, struct buf *reply, struct error *err)

GLUE_PREPARE(glue_prepare_create_job);
GLUE_PREPARE(glue_prepare_update_job);
GLUE_PREPARE(glue_prepare_job_name);
GLUE_PREPARE(glue_prepare_list);
GLUE_PREPARE(glue_prepare_list_names);
GLUE_PREPARE(glue_prepare_job_names);
GLUE_PREPARE(glue_prepare_start);
GLUE_PREPARE(glue_prepare_run);
GLUE_PREPARE(glue_prepare_runs);
GLUE_PREPARE(glue_prepare_stop);
GLUE_PREPARE(glue_prepare_arn);
GLUE_PREPARE(glue_prepare_tag);
GLUE_PREPARE(glue_prepare_untag);

GLUE_RUN(glue_run_create_job);
GLUE_RUN(glue_run_get_job);
GLUE_RUN(glue_run_get_jobs);
GLUE_RUN(glue_run_list_jobs);
GLUE_RUN(glue_run_batch_get_jobs);
GLUE_RUN(glue_run_update_job);
GLUE_RUN(glue_run_delete_job);
GLUE_RUN(glue_run_start_job_run);
GLUE_RUN(glue_run_get_job_run);
GLUE_RUN(glue_run_get_job_runs);
GLUE_RUN(glue_run_batch_stop);
GLUE_RUN(glue_run_get_tags);
GLUE_RUN(glue_run_tag);
GLUE_RUN(glue_run_untag);

#endif
