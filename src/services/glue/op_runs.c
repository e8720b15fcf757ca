/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on runs. They only write down what is wanted: a run that is STARTING or STOPPING is
 * the runner's to carry on.
 */
#include "services/build.h"
#include "services/glue/ops.h"
#include <stdlib.h>

/* ---- StartJobRun ---- */

/* args: the new run's name, then the request. */
GLUE_PREPARE(glue_prepare_start)
{
    char name[GLUE_RUN_NAME + 1];
    str text;
    if (glue_take(c, &glue_start_shape, request, &text, err) != STATUS_OK ||
        glue_job_check(c->settings, request, err) != STATUS_OK ||
        glue_run_name(name, err) != STATUS_OK)
        return err->status;
    *ret_args = arena_printf(c->arena, "%s%.*s", name, STR_ARG(text));
    return STATUS_OK;
}

/* The run that is tried again; *ret_row.name.p is NULL when none is. */
static enum status find_previous(const struct service_call *c, struct store_reader *reader,
                                 const struct glue_job *job, str name,
                                 struct store_job_run *ret_row, struct error *err)
{
    *ret_row = (struct store_job_run){0};
    if (name.n == 0)
        return STATUS_OK;
    enum status status = store_find_job_run(reader, name, c->arena, ret_row, err);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && ret_row->job != job->id))
        return error_set(err, STATUS_NOT_FOUND, "EntityNotFoundException",
                         "Job run %.*s not found.", STR_ARG(name));
    return status;
}

/* STARTING, or WAITING when it may stand in line. */
static enum status first_state(const struct service_call *c, struct store_reader *reader,
                               const struct glue_job *job, struct json_val request, str *ret,
                               struct error *err)
{
    bool has_room, is_queued = false;
    (void)c;
    if (glue_run_has_room(reader, job->id, glue_max_concurrent(job->members), &has_room, err) !=
        STATUS_OK)
        return err->status;
    if (!glue_truth(request, "JobRunQueuingEnabled", &is_queued))
        (void)glue_truth(job->members, "JobRunQueuingEnabled", &is_queued);
    if (!has_room && !is_queued)
        return error_set(err, STATUS_LIMIT, "ConcurrentRunsExceededException",
                         "Concurrent runs exceeded for %.*s", STR_ARG(job->name));
    *ret = has_room ? STR("STARTING") : STR("WAITING");
    return STATUS_OK;
}

GLUE_RUN(glue_run_start_job_run)
{
    struct json_val request, body;
    struct glue_job job;
    struct store_job_run previous;
    struct build b;
    str name = str_sub(args, 0, GLUE_RUN_NAME), state;
    if (glue_request(c, str_sub(args, GLUE_RUN_NAME, args.n), &request, err) != STATUS_OK)
        return err->status;
    enum status status =
        glue_job_load(c->arena, reader, build_get_text(request, "JobName"), &job, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "EntityNotFoundException",
                         "Failed to start job run due to missing metadata");
    if (status != STATUS_OK ||
        find_previous(c, reader, &job, build_get_text(request, "JobRunId"), &previous, err) !=
            STATUS_OK ||
        first_state(c, reader, &job, request, &state, err) != STATUS_OK ||
        glue_run_body(c->arena, &job, request, previous.name.p ? &previous : NULL, &body, err) !=
            STATUS_OK ||
        glue_run_add(tx, job.id, name, state, body, c->now_ms, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_text(&b, "JobRunId", name);
    return glue_reply(reply, build_end(&b), err);
}

/* ---- GetJobRun, GetJobRuns ---- */

GLUE_RUN(glue_run_get_job_run)
{
    struct json_val request, v;
    struct glue_job job;
    struct store_job_run row;
    struct build b;
    (void)tx;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        glue_job_load(c->arena, reader, build_get_text(request, "JobName"), &job, err) !=
            STATUS_OK ||
        find_previous(c, reader, &job, build_get_text(request, "RunId"), &row, err) != STATUS_OK ||
        glue_run_value(c->arena, &row, GLUE_WIRE, c->now_ms, &v, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_put(&b, "JobRun", v);
    return glue_reply(reply, build_end(&b), err);
}

/* NextToken is the number of the last run that was told. */
static enum status read_token(str token, int64_t *ret, struct error *err)
{
    int64_t n = 0;
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < '0' || token.p[i] > '9' || token.n > 18)
            return error_set(err, STATUS_INVALID, "InvalidInputException", "Invalid token");
        n = n * 10 + (token.p[i] - '0');
    }
    *ret = n;
    return STATUS_OK;
}

/* Rows as they are shown, as many as fit into an answer. */
static enum status show_runs(const struct service_call *c, const struct store_job_runs *page,
                             struct json_val *items, uint32_t *count, struct error *err)
{
    *count = 0;
    while (*count < page->count && (*count == 0 || arena_used(c->arena) < GLUE_PAGE_BYTES)) {
        if (glue_run_value(c->arena, &page->rows[*count], GLUE_WIRE, c->now_ms, &items[*count],
                           err) != STATUS_OK)
            return err->status;
        ++*count;
    }
    return STATUS_OK;
}

GLUE_RUN(glue_run_get_job_runs)
{
    struct json_val request;
    struct glue_job job;
    struct store_job_runs page;
    struct build b;
    int64_t before = 0;
    uint32_t shown;
    (void)tx;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        read_token(build_get_text(request, "NextToken"), &before, err) != STATUS_OK ||
        glue_job_load(c->arena, reader, build_get_text(request, "JobName"), &job, err) != STATUS_OK)
        return err->status;
    uint32_t wanted = (uint32_t)glue_number(request, "MaxResults", GLUE_PAGE);
    struct json_val *items = arena_alloc(c->arena, (wanted + 1) * sizeof(*items));
    if (store_list_job_runs(reader, job.id, before, wanted + 1, c->arena, &page, err) !=
            STATUS_OK ||
        show_runs(c, &page, items, &shown, err) != STATUS_OK)
        return err->status;
    if (shown > wanted)
        shown = wanted;
    build_begin(&b, c->arena);
    build_put(&b, "JobRuns", json_array(items, shown));
    if (shown < page.count)
        build_text(&b, "NextToken",
                   arena_printf(c->arena, "%lld", (long long)page.rows[shown - 1].id));
    return glue_reply(reply, build_end(&b), err);
}

/* ---- BatchStopJobRun ---- */

static struct json_val stopped_one(struct arena *arena, str job, str run, const struct error *err)
{
    struct build b, detail;
    build_begin(&b, arena);
    build_text(&b, "JobName", job);
    build_text(&b, "JobRunId", run);
    if (err) {
        build_begin(&detail, arena);
        build_text(&detail, "ErrorCode", arena_dup(arena, str_of(err->name)));
        build_text(&detail, "ErrorMessage", arena_dup(arena, str_of(err->message)));
        build_put(&b, "ErrorDetail", build_end(&detail));
    }
    return build_end(&b);
}

/* STATUS_NOT_FOUND and STATUS_INVALID are the run's own; whatever else ends the operation. */
static enum status stop_one(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str job_name, str name, struct error *err)
{
    struct glue_job job;
    struct store_job_run row;
    if (glue_job_load(c->arena, reader, job_name, &job, err) != STATUS_OK ||
        find_previous(c, reader, &job, name, &row, err) != STATUS_OK)
        return err->status;
    if (row.completed_ms != STORE_NEVER)
        return error_set(err, STATUS_INVALID, "JobRunInTerminalStateException",
                         "Job run %.*s is in the terminal state %.*s.", STR_ARG(name),
                         STR_ARG(row.state));
    return glue_run_stop(tx, &row, c->now_ms, err);
}

GLUE_RUN(glue_run_batch_stop)
{
    struct json_val request, done[25], failed[25];
    struct build b;
    uint32_t done_count = 0, failed_count = 0;
    if (glue_request(c, args, &request, err) != STATUS_OK)
        return err->status;
    str job = build_get_text(request, "JobName");
    struct json_val ids = json_get(request, STR("JobRunIds"));
    for (uint32_t i = 0; i < ids.len && i < ARRAY_LEN(done); i++) {
        str run = json_str(ids.items[i]);
        struct error own;
        enum status status = stop_one(c, reader, tx, job, run, &own);
        if (status == STATUS_OK) {
            done[done_count++] = stopped_one(c->arena, job, run, NULL);
        } else if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
            failed[failed_count++] = stopped_one(c->arena, job, run, &own);
        } else {
            *err = own;
            return status;
        }
    }
    build_begin(&b, c->arena);
    build_put(&b, "SuccessfulSubmissions", json_array(done, done_count));
    build_put(&b, "Errors", json_array(failed, failed_count));
    return glue_reply(reply, build_end(&b), err);
}
