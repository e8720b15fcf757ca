/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as they are kept and shown. Operations on them are op_runs.c, doing them is runner.h. */
#include "services/glue/run.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/build.h"
#include <math.h>
#include <openssl/rand.h>
#include <stdio.h>

enum { NAME_BYTES = 32 };

enum status glue_run_name(char out[GLUE_RUN_NAME + 1], struct error *err)
{
    unsigned char bytes[NAME_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return error_set(err, STATUS_UNAVAILABLE, "InternalServiceException",
                         "no random bytes from the system");
    memcpy(out, "jr_", 3);
    for (size_t i = 0; i < NAME_BYTES; i++)
        (void)snprintf(out + 3 + 2 * i, 3, "%02x", bytes[i]);
    return STATUS_OK;
}

/* ---- bodies ---- */

static bool is_there(struct json_val v)
{
    return v.tag != JSON_UNDEFINED && v.tag != JSON_NULL;
}

/* Those of `more` go over those that are there. */
static void merge(struct json_obj_builder *all, struct json_val more)
{
    for (uint32_t i = 0; more.tag == JSON_OBJECT && i < more.len; i++) {
        const struct json_key *key = &more.obj->shape->keys[i];
        struct json_val *old = json_obj_find(all, (str){key->p, key->n});
        if (old)
            *old = more.obj->vals[i];
        else
            json_obj_put(all, (str){key->p, key->n}, key->flags, more.obj->vals[i]);
    }
}

static struct json_val all_arguments(struct arena *arena, struct json_val job,
                                     struct json_val given)
{
    struct build b;
    build_begin(&b, arena);
    merge(&b.object, json_get(job, STR("DefaultArguments")));
    merge(&b.object, given);
    merge(&b.object, json_get(job, STR("NonOverridableArguments")));
    return build_end(&b);
}

/* The job's members with those that the request overrides. */
static struct json_val overridden(struct arena *arena, struct json_val job, struct json_val request)
{
    static const char *const names[] = {"JobMode",
                                        "JobRunQueuingEnabled",
                                        "Command",
                                        "MaxRetries",
                                        "Timeout",
                                        "AllocatedCapacity",
                                        "MaxCapacity",
                                        "WorkerType",
                                        "GlueVersion",
                                        "NumberOfWorkers",
                                        "ExecutionClass",
                                        "SecurityConfiguration",
                                        "NotificationProperty"};
    struct build b;
    build_begin(&b, arena);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct json_val v = json_get(request, str_of(names[i]));
        if (!is_there(v) || str_eq(str_of(names[i]), STR("Command")))
            v = json_get(job, str_of(names[i]));
        if (is_there(v))
            build_put(&b, names[i], v);
    }
    return build_end(&b);
}

/* What of the job's settings the record of a run shows. */
static void put_settings(struct build *b, struct json_val members)
{
    static const char *const names[] = {
        "JobMode",        "JobRunQueuingEnabled",  "WorkerType",          "NumberOfWorkers",
        "ExecutionClass", "SecurityConfiguration", "NotificationProperty"};
    struct glue_capacity capacity = glue_capacity(members);
    str version = build_get_text(members, "GlueVersion");
    build_put(b, "MaxRetries", json_num(glue_number(members, "MaxRetries", 0)));
    if (glue_timeout(members) > 0)
        build_put(b, "Timeout", json_num((double)glue_timeout(members)));
    if (capacity.is_given) {
        build_put(b, "AllocatedCapacity", json_num(trunc(capacity.units)));
        build_put(b, "MaxCapacity", json_num(capacity.units));
    }
    if (version.n == 0 && !glue_is_consolidate(json_get(members, STR("Command"))))
        version = STR("0.9");
    build_text(b, "GlueVersion", version);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (is_there(json_get(members, str_of(names[i]))))
            build_put(b, names[i], json_get(members, str_of(names[i])));
}

enum status glue_run_body(struct arena *arena, const struct glue_job *job, struct json_val request,
                          const struct store_job_run *previous, struct json_val *ret_body,
                          struct error *err)
{
    struct json_val old = json_undefined();
    if (previous && glue_run_read_body(arena, previous, &old, err) != STATUS_OK)
        return err->status;
    struct json_val given = json_get(request, STR("Arguments"));
    if (!is_there(given))
        given = json_get(old, STR("Arguments"));
    struct json_val members = overridden(arena, job->members, request);
    struct json_val all = all_arguments(arena, job->members, given);
    if (glue_arguments_size(all) > GLUE_MAX_ARGUMENTS)
        return error_set(err, STATUS_INVALID, "InvalidInputException",
                         "Request size limit exceeded");
    struct build b;
    build_begin(&b, arena);
    build_text(&b, "JobName", job->name);
    build_put(&b, "Command", json_get(members, STR("Command")));
    build_put(&b, "Attempt", json_num(previous ? glue_number(old, "Attempt", 0) + 1 : 0));
    if (previous)
        build_text(&b, "PreviousRunId", previous->name);
    if (is_there(given))
        build_put(&b, "Arguments", given);
    build_put(&b, "All", all);
    put_settings(&b, members);
    build_text(&b, "ExecutionRoleSessionPolicy",
               build_get_text(request, "ExecutionRoleSessionPolicy"));
    *ret_body = build_end(&b);
    return STATUS_OK;
}

struct json_val glue_run_next_body(struct arena *arena, struct json_val body, str previous)
{
    struct build b;
    struct json_val attempt = json_num(glue_number(body, "Attempt", 0) + 1);
    build_begin(&b, arena);
    for (uint32_t i = 0; i < body.len; i++) {
        const struct json_key *key = &body.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (str_eq(name, STR("Attempt")))
            build_put(&b, "Attempt", attempt);
        else if (!str_eq(name, STR("PreviousRunId")))
            json_obj_put(&b.object, name, key->flags, body.obj->vals[i]);
    }
    build_text(&b, "PreviousRunId", previous);
    return build_end(&b);
}

str glue_run_next_name(struct arena *arena, str name, int64_t attempt)
{
    size_t end = str_find(name, STR("_attempt_"), 0);
    return arena_printf(arena, "%.*s_attempt_%lld", STR_ARG(str_sub(name, 0, end)),
                        (long long)attempt);
}

enum status glue_run_read_body(struct arena *arena, const struct store_job_run *row,
                               struct json_val *ret_body, struct error *err)
{
    struct json_val body;
    if (json_parse_in(arena, row->body, NULL, &body, err) != STATUS_OK || body.tag != JSON_OBJECT)
        return error_set(err, STATUS_CORRUPT, "InternalServiceException",
                         "what is kept of the job run %.*s cannot be read", STR_ARG(row->name));
    *ret_body = body;
    return STATUS_OK;
}

/* ---- showing ---- */

static void put_time(struct build *b, const char *name, int64_t ms, enum glue_form form)
{
    if (ms != STORE_NEVER)
        build_put(b, name, json_num(form == GLUE_WIRE ? (double)ms / 1000 : (double)ms));
}

/* Whole seconds at work, so far or until the end. */
static int64_t execution_time(const struct store_job_run *row, int64_t now_ms)
{
    int64_t end = row->completed_ms == STORE_NEVER ? now_ms : row->completed_ms;
    return row->running_ms == STORE_NEVER || end < row->running_ms ? 0
                                                                   : (end - row->running_ms) / 1000;
}

enum status glue_run_value(struct arena *arena, const struct store_job_run *row,
                           enum glue_form form, int64_t now_ms, struct json_val *ret,
                           struct error *err)
{
    struct json_val body;
    if (glue_run_read_body(arena, row, &body, err) != STATUS_OK)
        return err->status;
    struct build b;
    build_begin(&b, arena);
    build_text(&b, "Id", row->name);
    for (uint32_t i = 0; i < body.len; i++) {
        const struct json_key *key = &body.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!str_eq(name, STR("Command")) && !str_eq(name, STR("All")) &&
            !str_eq(name, STR("MaxRetries")))
            json_obj_put(&b.object, name, key->flags, body.obj->vals[i]);
    }
    put_time(&b, "StartedOn", row->started_ms, form);
    put_time(&b, "LastModifiedOn", row->modified_ms, form);
    put_time(&b, "CompletedOn", row->completed_ms, form);
    build_text(&b, "JobRunState", row->state);
    build_text(&b, "ErrorMessage", row->error);
    build_put(&b, "PredecessorRuns", json_array(NULL, 0));
    build_put(&b, "ExecutionTime", json_num((double)execution_time(row, now_ms)));
    build_text(&b, "StateDetail", row->detail);
    *ret = build_end(&b);
    return STATUS_OK;
}

static enum glue_outcome outcome_of(const struct store_job_run *row)
{
    if (row->completed_ms == STORE_NEVER)
        return GLUE_UNFINISHED;
    return str_eq(row->state, STR("SUCCEEDED")) ? GLUE_SUCCEEDED : GLUE_FAILED;
}

enum status glue_find_record(struct store_reader *reader, str run, enum glue_form form,
                             int64_t now_ms, struct buf *json, enum glue_outcome *ret_outcome,
                             struct error *err)
{
    struct arena arena;
    struct store_job_run row;
    struct json_val v;
    arena_init(&arena, 0);
    enum status status = store_find_job_run(reader, run, &arena, &row, err);
    if (status == STATUS_NOT_FOUND)
        error_set(err, status, "EntityNotFoundException", "Job run %.*s not found.", STR_ARG(run));
    if (status == STATUS_OK)
        status = glue_run_value(&arena, &row, form, now_ms, &v, err);
    if (status == STATUS_OK)
        status = json_write(json, v, 0, err);
    if (status == STATUS_OK)
        *ret_outcome = outcome_of(&row);
    arena_done(&arena);
    return status;
}

/* ---- writing ---- */

enum status glue_run_add(struct store_tx *tx, int64_t job, str name, str state,
                         struct json_val body, int64_t now_ms, struct error *err)
{
    struct buf text;
    buf_init(&text, STORE_ROW_MAX);
    enum status status = json_write(&text, body, 0, err);
    if (status == STATUS_OK) {
        struct store_job_run row = {.id = store_tx_new_id(tx),
                                    .job = job,
                                    .name = name,
                                    .state = state,
                                    .started_ms = now_ms,
                                    .modified_ms = now_ms,
                                    .running_ms = STORE_NEVER,
                                    .completed_ms = STORE_NEVER,
                                    .body = buf_str(&text)};
        status = store_tx_add_job_run(tx, &row, err);
    }
    buf_done(&text);
    return status;
}

enum status glue_run_has_room(struct store_reader *reader, int64_t job, int64_t max, bool *ret,
                              struct error *err)
{
    uint32_t count;
    enum status status = store_count_open_job_runs(reader, job, STR("WAITING"), &count, err);
    if (status == STATUS_OK)
        *ret = count < max;
    return status;
}

enum status glue_run_stop(struct store_tx *tx, const struct store_job_run *row, int64_t now_ms,
                          struct error *err)
{
    struct store_job_run changed = *row;
    bool waits = str_eq(row->state, STR("WAITING"));
    changed.state = waits ? STR("STOPPED") : STR("STOPPING");
    changed.completed_ms = waits ? now_ms : STORE_NEVER;
    changed.modified_ms = now_ms;
    return store_tx_set_job_run(tx, &changed, err);
}
