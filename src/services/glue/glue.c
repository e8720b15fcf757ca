/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations, and how requests are taken. */
#include "services/glue/glue.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/glue/ops.h"

static const struct service_operation operations[] = {
    {"BatchGetJobs", false, glue_prepare_job_names, glue_run_batch_get_jobs, NULL},
    {"BatchStopJobRun", true, glue_prepare_stop, glue_run_batch_stop, NULL},
    {"CreateJob", true, glue_prepare_create_job, glue_run_create_job, NULL},
    {"DeleteJob", true, glue_prepare_job_name, glue_run_delete_job, NULL},
    {"GetJob", false, glue_prepare_job_name, glue_run_get_job, NULL},
    {"GetJobRun", false, glue_prepare_run, glue_run_get_job_run, NULL},
    {"GetJobRuns", false, glue_prepare_runs, glue_run_get_job_runs, NULL},
    {"GetJobs", false, glue_prepare_list, glue_run_get_jobs, NULL},
    {"GetTags", false, glue_prepare_arn, glue_run_get_tags, NULL},
    {"ListJobs", false, glue_prepare_list_names, glue_run_list_jobs, NULL},
    {"StartJobRun", true, glue_prepare_start, glue_run_start_job_run, NULL},
    {"TagResource", true, glue_prepare_tag, glue_run_tag, NULL},
    {"UntagResource", true, glue_prepare_untag, glue_run_untag, NULL},
    {"UpdateJob", true, glue_prepare_update_job, glue_run_update_job, NULL},
};

const struct service glue_service = {"glue", operations, ARRAY_LEN(operations)};

bool glue_is_for_runner(const struct service_operation *o)
{
    return o->run == glue_run_start_job_run || o->run == glue_run_batch_stop ||
           o->run == glue_run_delete_job || o->run == glue_run_update_job;
}

enum status glue_take(const struct service_call *c, const struct shape *shape,
                      struct json_val request, str *ret_args, struct error *err)
{
    struct buf text;
    if (shape_check(shape, request, err) != STATUS_OK)
        return err->status;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, request, 0, err);
    if (status == STATUS_OK)
        *ret_args = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return status;
}

enum status glue_request(const struct service_call *c, str args, struct json_val *ret,
                         struct error *err)
{
    return json_parse_in(c->arena, args, NULL, ret, err);
}

#define TAKE(name, shape)                                                                          \
    GLUE_PREPARE(name)                                                                             \
    {                                                                                              \
        return glue_take(c, &shape, request, ret_args, err);                                       \
    }

TAKE(glue_prepare_job_name, glue_job_name_shape)
TAKE(glue_prepare_list, glue_list_shape)
TAKE(glue_prepare_list_names, glue_list_names_shape)
TAKE(glue_prepare_job_names, glue_job_names_shape)
TAKE(glue_prepare_run, glue_run_shape)
TAKE(glue_prepare_runs, glue_runs_shape)
TAKE(glue_prepare_stop, glue_stop_shape)
TAKE(glue_prepare_arn, glue_arn_shape)
TAKE(glue_prepare_tag, glue_tag_shape)
TAKE(glue_prepare_untag, glue_untag_shape)
