/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on jobs. Lists go by name; a NextToken is the last name that was looked at. */
#include "json/compare.h"
#include "services/build.h"
#include "services/glue/ops.h"

static const str SERVICE = {"glue_job", 8};

/* ---- CreateJob, UpdateJob ---- */

GLUE_PREPARE(glue_prepare_create_job)
{
    enum status status = glue_take(c, &glue_create_job_shape, request, ret_args, err);
    return status == STATUS_OK ? glue_job_check(c->settings, request, err) : status;
}

GLUE_PREPARE(glue_prepare_update_job)
{
    struct json_val update = json_get(request, STR("JobUpdate"));
    if (glue_take(c, &glue_update_job_shape, request, ret_args, err) != STATUS_OK)
        return err->status;
    if (json_get(update, STR("Command")).tag != JSON_OBJECT)
        return error_set(err, STATUS_INVALID, "InvalidInputException",
                         "JobUpdate replaces the whole definition and must have a Command.");
    return glue_job_check(c->settings, update, err);
}

static enum status reply_text(const struct service_call *c, const char *member, str text,
                              struct buf *reply, struct error *err)
{
    struct build b;
    build_begin(&b, c->arena);
    build_text(&b, member, text);
    return glue_reply(reply, build_end(&b), err);
}

GLUE_RUN(glue_run_create_job)
{
    struct json_val request;
    struct glue_job old, job = {.created_ms = c->now_ms, .modified_ms = c->now_ms};
    if (glue_request(c, args, &request, err) != STATUS_OK)
        return err->status;
    job.name = build_get_text(request, "Name");
    job.members = glue_job_members(c->arena, request);
    job.tags = json_get(request, STR("Tags"));
    enum status status = glue_job_load(c->arena, reader, job.name, &old, err);
    if (status == STATUS_OK && !json_equal(old.members, job.members))
        return error_set(err, STATUS_CONFLICT, "IdempotentParameterMismatchException",
                         "Job with name '%.*s' already submitted with different configuration.",
                         STR_ARG(job.name));
    if (status == STATUS_NOT_FOUND) {
        job.id = store_tx_new_id(tx);
        status = glue_job_save(c->arena, tx, &job, err);
    }
    return status == STATUS_OK ? reply_text(c, "Name", job.name, reply, err) : status;
}

/* The definition before is completely gone. */
GLUE_RUN(glue_run_update_job)
{
    struct json_val request;
    struct glue_job job;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        glue_job_load(c->arena, reader, build_get_text(request, "JobName"), &job, err) != STATUS_OK)
        return err->status;
    job.members = glue_job_members(c->arena, json_get(request, STR("JobUpdate")));
    job.modified_ms = c->now_ms;
    enum status status = glue_job_save(c->arena, tx, &job, err);
    return status == STATUS_OK ? reply_text(c, "JobName", job.name, reply, err) : status;
}

/* ---- DeleteJob ---- */

static enum status stop_runs(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, int64_t job, struct error *err)
{
    struct store_job_runs page = {.count = GLUE_PAGE};
    for (int64_t after = 0; page.count == GLUE_PAGE;) {
        if (store_list_open_job_runs(reader, after, GLUE_PAGE, c->arena, &page, err) != STATUS_OK)
            return err->status;
        for (uint32_t i = 0; i < page.count; i++) {
            after = page.rows[i].id;
            if (page.rows[i].job == job &&
                glue_run_stop(tx, &page.rows[i], c->now_ms, err) != STATUS_OK)
                return err->status;
        }
    }
    return STATUS_OK;
}

/* A job that is not there is no error. Runs that are at work are stopped: nobody could do so
 * afterwards. */
GLUE_RUN(glue_run_delete_job)
{
    struct json_val request;
    struct glue_job job;
    if (glue_request(c, args, &request, err) != STATUS_OK)
        return err->status;
    str name = build_get_text(request, "JobName");
    enum status status = glue_job_load(c->arena, reader, name, &job, err);
    if (status == STATUS_OK)
        status = stop_runs(c, reader, tx, job.id, err);
    if (status == STATUS_OK)
        status = store_tx_delete_thing(tx, SERVICE, name, err);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    return status == STATUS_OK ? reply_text(c, "JobName", name, reply, err) : status;
}

/* ---- GetJob, BatchGetJobs ---- */

GLUE_RUN(glue_run_get_job)
{
    struct json_val request;
    struct glue_job job;
    struct build b;
    (void)tx;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        glue_job_load(c->arena, reader, build_get_text(request, "JobName"), &job, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_put(&b, "Job", glue_job_value(c->arena, &job));
    return glue_reply(reply, build_end(&b), err);
}

GLUE_RUN(glue_run_batch_get_jobs)
{
    struct json_val request;
    struct build b;
    (void)tx;
    if (glue_request(c, args, &request, err) != STATUS_OK)
        return err->status;
    struct json_val names = json_get(request, STR("JobNames"));
    struct json_val *jobs = arena_alloc(c->arena, names.len * sizeof(*jobs));
    struct json_val *missing = arena_alloc(c->arena, names.len * sizeof(*missing));
    uint32_t found = 0, not_found = 0;
    for (uint32_t i = 0; i < names.len; i++) {
        struct glue_job job;
        if (arena_used(c->arena) > GLUE_PAGE_BYTES)
            return error_set(err, STATUS_LIMIT, "InvalidInputException",
                             "The jobs together are too large for one answer: ask for fewer.");
        enum status status = glue_job_load(c->arena, reader, json_str(names.items[i]), &job, err);
        if (status == STATUS_OK)
            jobs[found++] = glue_job_value(c->arena, &job);
        else if (status == STATUS_NOT_FOUND)
            missing[not_found++] = names.items[i];
        else
            return status;
    }
    build_begin(&b, c->arena);
    build_put(&b, "Jobs", json_array(jobs, found));
    build_put(&b, "JobsNotFound", json_array(missing, not_found));
    return glue_reply(reply, build_end(&b), err);
}

/* ---- GetJobs, ListJobs ---- */

static bool has_tags(struct json_val tags, struct json_val wanted)
{
    for (uint32_t i = 0; wanted.tag == JSON_OBJECT && i < wanted.len; i++) {
        const struct json_key *key = &wanted.obj->shape->keys[i];
        if (!json_equal(json_get(tags, (str){key->p, key->n}), wanted.obj->vals[i]))
            return false;
    }
    return true;
}

struct listing {
    const struct service_call *c;
    struct store_reader *reader;
    struct json_val tags; /* that are wanted */
    bool is_names;
    struct json_val *items;
    uint32_t wanted, count;
    str after;
    bool has_more;
};

static enum status list_some(struct listing *l, bool *ret_more, struct error *err)
{
    struct store_names names;
    if (store_list_things(l->reader, SERVICE, STR(""), l->after, GLUE_PAGE, l->c->arena, &names,
                          err) != STATUS_OK)
        return err->status;
    *ret_more = names.count == GLUE_PAGE;
    for (uint32_t i = 0; i < names.count; i++) {
        struct glue_job job;
        if (l->count == l->wanted || arena_used(l->c->arena) > GLUE_PAGE_BYTES) {
            l->has_more = true;
            *ret_more = false;
            return STATUS_OK;
        }
        enum status status = glue_job_load(l->c->arena, l->reader, names.items[i], &job, err);
        if (status == STATUS_OK && has_tags(job.tags, l->tags))
            l->items[l->count++] =
                l->is_names ? json_string(job.name, 0) : glue_job_value(l->c->arena, &job);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        l->after = names.items[i];
    }
    return STATUS_OK;
}

static enum status list_jobs(const struct service_call *c, struct store_reader *reader, str args,
                             bool is_names, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct build b;
    if (glue_request(c, args, &request, err) != STATUS_OK)
        return err->status;
    struct listing l = {.c = c,
                        .reader = reader,
                        .is_names = is_names,
                        .tags = json_get(request, STR("Tags")),
                        .wanted = (uint32_t)glue_number(request, "MaxResults", GLUE_PAGE),
                        .after = build_get_text(request, "NextToken")};
    l.items = arena_alloc(c->arena, l.wanted * sizeof(*l.items));
    for (bool more = true; more;)
        if (list_some(&l, &more, err) != STATUS_OK)
            return err->status;
    build_begin(&b, c->arena);
    build_put(&b, is_names ? "JobNames" : "Jobs", json_array(l.items, l.count));
    if (l.has_more)
        build_text(&b, "NextToken", l.after);
    return glue_reply(reply, build_end(&b), err);
}

GLUE_RUN(glue_run_get_jobs)
{
    (void)tx;
    return list_jobs(c, reader, args, false, reply, err);
}

GLUE_RUN(glue_run_list_jobs)
{
    (void)tx;
    return list_jobs(c, reader, args, true, reply, err);
}
