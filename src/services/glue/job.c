/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as they are kept, checked and shown. Operations on them are op_jobs.c. */
#include "services/glue/job.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/build.h"
#include <math.h>

static const str SERVICE = {"glue_job", 8};

/* ---- JSON ---- */

double glue_number(struct json_val object, const char *name, double otherwise)
{
    struct json_val v = json_get(object, str_of(name));
    return json_is_number(v) ? json_number(v) : otherwise;
}

bool glue_truth(struct json_val object, const char *name, bool *ret)
{
    struct json_val v = json_get(object, str_of(name));
    if (v.tag == JSON_BOOL)
        *ret = v.b;
    return v.tag == JSON_BOOL;
}

enum status glue_reply(struct buf *reply, struct json_val v, struct error *err)
{
    return json_write(reply, v, 0, err);
}

static struct json_val object_or_empty(struct arena *arena, struct json_val v)
{
    if (v.tag == JSON_OBJECT)
        return v;
    struct build b;
    build_begin(&b, arena);
    return build_end(&b);
}

/* ---- what is kept ---- */

static enum status read_job(struct arena *arena, str name, str body, struct glue_job *ret,
                            struct error *err)
{
    struct json_val v;
    if (json_parse_in(arena, body, NULL, &v, err) != STATUS_OK || glue_number(v, "id", 0) < 1)
        return error_set(err, STATUS_CORRUPT, "InternalServiceException",
                         "what is kept of the job %.*s cannot be read", STR_ARG(name));
    *ret = (struct glue_job){.id = (int64_t)glue_number(v, "id", 0),
                             .created_ms = (int64_t)glue_number(v, "created", 0),
                             .modified_ms = (int64_t)glue_number(v, "modified", 0),
                             .name = arena_dup(arena, name),
                             .members = object_or_empty(arena, json_get(v, STR("job"))),
                             .tags = object_or_empty(arena, json_get(v, STR("tags")))};
    return STATUS_OK;
}

enum status glue_job_load(struct arena *arena, struct store_reader *reader, str name,
                          struct glue_job *ret, struct error *err)
{
    str body;
    enum status status = store_find_thing(reader, SERVICE, name, arena, &body, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "EntityNotFoundException", "Job %.*s not found.",
                         STR_ARG(name));
    return status == STATUS_OK ? read_job(arena, name, body, ret, err) : status;
}

enum status glue_job_save(struct arena *arena, struct store_tx *tx, const struct glue_job *job,
                          struct error *err)
{
    struct build b;
    struct buf body;
    build_begin(&b, arena);
    build_put(&b, "id", json_num((double)job->id));
    build_put(&b, "created", json_num((double)job->created_ms));
    build_put(&b, "modified", json_num((double)job->modified_ms));
    build_put(&b, "job", job->members);
    build_put(&b, "tags", object_or_empty(arena, job->tags));
    buf_init(&body, GLUE_MAX_JOB);
    enum status status = json_write(&body, build_end(&b), 0, err);
    if (status == STATUS_LIMIT)
        status = error_set(err, STATUS_LIMIT, "InvalidInputException",
                           "The definition of a job takes at most %d bytes.", GLUE_MAX_JOB);
    if (status == STATUS_OK)
        status = store_tx_put_thing(tx, SERVICE, job->name, buf_str(&body), err);
    buf_done(&body);
    return status;
}

/* ---- members ---- */

static const char *const member_names[] = {"JobMode",
                                           "JobRunQueuingEnabled",
                                           "Description",
                                           "LogUri",
                                           "Role",
                                           "ExecutionProperty",
                                           "Command",
                                           "DefaultArguments",
                                           "NonOverridableArguments",
                                           "Connections",
                                           "MaxRetries",
                                           "AllocatedCapacity",
                                           "Timeout",
                                           "MaxCapacity",
                                           "WorkerType",
                                           "NumberOfWorkers",
                                           "SecurityConfiguration",
                                           "NotificationProperty",
                                           "GlueVersion",
                                           "CodeGenConfigurationNodes",
                                           "ExecutionClass",
                                           "SourceControlDetails",
                                           "MaintenanceWindow"};

struct json_val glue_job_members(struct arena *arena, struct json_val request)
{
    struct build b;
    build_begin(&b, arena);
    for (size_t i = 0; i < ARRAY_LEN(member_names); i++) {
        struct json_val v = json_get(request, str_of(member_names[i]));
        if (v.tag != JSON_UNDEFINED && v.tag != JSON_NULL)
            build_put(&b, member_names[i], v);
    }
    return build_end(&b);
}

bool glue_is_consolidate(struct json_val command)
{
    return str_eq(build_get_text(command, "Name"), STR(GLUE_CONSOLIDATE)) ||
           str_eq(build_get_text(command, "ScriptLocation"), STR(GLUE_BUILTIN_CONSOLIDATE));
}

int64_t glue_max_concurrent(struct json_val members)
{
    struct json_val property = json_get(members, STR("ExecutionProperty"));
    return (int64_t)glue_number(property, "MaxConcurrentRuns", 1);
}

static bool is_version_5(str version)
{
    return version.n > 0 && version.p[0] >= '5' && version.p[0] <= '9';
}

int64_t glue_timeout(struct json_val members)
{
    double given = glue_number(members, "Timeout", 0);
    if (given > 0)
        return (int64_t)given;
    struct json_val command = json_get(members, STR("Command"));
    if (str_eq(build_get_text(command, "Name"), STR("gluestreaming")))
        return 0;
    return is_version_5(build_get_text(members, "GlueVersion")) ? GLUE_DEFAULT_TIMEOUT_5
                                                                : GLUE_DEFAULT_TIMEOUT;
}

size_t glue_arguments_size(struct json_val arguments)
{
    size_t size = 0;
    for (uint32_t i = 0; arguments.tag == JSON_OBJECT && i < arguments.len; i++)
        size += arguments.obj->shape->keys[i].n + arguments.obj->vals[i].len;
    return size;
}

/* In units of AWS's. Nothing here runs by them: they are told because clients ask for them. */
struct glue_capacity glue_capacity(struct json_val members)
{
    static const struct {
        const char *worker;
        double units;
    } workers[] = {{"Standard", 1}, {"G.025X", 0.25}, {"G.1X", 1}, {"G.2X", 2},
                   {"G.4X", 4},     {"G.8X", 8},      {"Z.2X", 2}};
    str worker = build_get_text(members, "WorkerType");
    struct json_val command = json_get(members, STR("Command"));
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        if (str_eq(worker, str_of(workers[i].worker)))
            return (struct glue_capacity){true, workers[i].units *
                                                    glue_number(members, "NumberOfWorkers", 1)};
    if (glue_is_consolidate(command))
        return (struct glue_capacity){0};
    bool is_shell = str_eq(build_get_text(command, "Name"), STR("pythonshell"));
    double units = glue_number(members, "MaxCapacity", 0);
    if (units <= 0)
        units = glue_number(members, "AllocatedCapacity", 0);
    return (struct glue_capacity){true, units > 0 ? units : is_shell ? 0.0625 : 10};
}

/* ---- checks ---- */

static enum status refuse(struct error *err, const char *what)
{
    return error_set(err, STATUS_INVALID, "InvalidInputException", "%s", what);
}

static enum status check_command(struct json_val command, struct error *err)
{
    static const char *const names[] = {"glueetl", "gluestreaming", "pythonshell", "glueray",
                                        GLUE_CONSOLIDATE};
    str name = build_get_text(command, "Name");
    if (glue_is_consolidate(command))
        return STATUS_OK;
    bool is_known = false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        is_known = is_known || str_eq(name, str_of(names[i]));
    if (!is_known)
        return refuse(err, "Command.Name must be glueetl, gluestreaming, pythonshell, glueray or "
                           "afflux-consolidate.");
    if (build_get_text(command, "ScriptLocation").n == 0)
        return refuse(err, "Command.ScriptLocation must say where the script is, as "
                           "s3://BUCKET/KEY.");
    return STATUS_OK;
}

static enum status check_arguments(struct json_val arguments, struct error *err)
{
    for (uint32_t i = 0; arguments.tag == JSON_OBJECT && i < arguments.len; i++) {
        const struct json_key *key = &arguments.obj->shape->keys[i];
        str value = json_str(arguments.obj->vals[i]);
        if (key->n == 0 || str_find_byte((str){key->p, key->n}, '\0', 0) != STR_NONE ||
            str_find_byte(value, '\0', 0) != STR_NONE)
            return refuse(err, "Names of arguments must not be empty, and neither names nor values "
                               "may hold NUL.");
    }
    return glue_arguments_size(arguments) <= GLUE_MAX_ARGUMENTS
               ? STATUS_OK
               : refuse(err, "Request size limit exceeded");
}

enum status glue_job_check(const struct service_settings *settings, struct json_val members,
                           struct error *err)
{
    double retries = glue_number(members, "MaxRetries", 0);
    int64_t concurrent = glue_max_concurrent(members);
    bool is_strict = settings->is_strict;
    if (retries < 0 || (is_strict && retries > GLUE_STRICT_RETRIES))
        return refuse(err, is_strict ? "MaxRetries must be between 0 and 10."
                                     : "MaxRetries must not be negative.");
    if (concurrent < 1 || (is_strict && concurrent > GLUE_STRICT_CONCURRENT))
        return refuse(err, is_strict ? "MaxConcurrentRuns must be between 1 and 1000."
                                     : "MaxConcurrentRuns must be at least 1.");
    if (is_strict && glue_number(members, "Timeout", 0) > GLUE_STRICT_TIMEOUT)
        return refuse(err, "Timeout must be at most 10080 minutes.");
    if (json_get(members, STR("WorkerType")).tag == JSON_STRING &&
        json_get(members, STR("MaxCapacity")).tag != JSON_UNDEFINED)
        return refuse(err, "Please do not set Max Capacity if using Worker Type and Number of "
                           "Workers.");
    if (check_arguments(json_get(members, STR("DefaultArguments")), err) != STATUS_OK ||
        check_arguments(json_get(members, STR("NonOverridableArguments")), err) != STATUS_OK ||
        check_arguments(json_get(members, STR("Arguments")), err) != STATUS_OK)
        return err->status;
    struct json_val command = json_get(members, STR("Command"));
    return command.tag == JSON_OBJECT ? check_command(command, err) : STATUS_OK;
}

/* ---- showing ---- */

/* What AWS fills in where nothing was given. */
static void put_defaults(struct build *b, struct arena *arena, struct json_val members)
{
    struct json_val command = json_get(members, STR("Command"));
    struct glue_capacity capacity = glue_capacity(members);
    struct build property;
    if (json_get(members, STR("ExecutionProperty")).tag == JSON_UNDEFINED) {
        build_begin(&property, arena);
        build_put(&property, "MaxConcurrentRuns", json_num(1));
        build_put(b, "ExecutionProperty", build_end(&property));
    }
    if (json_get(members, STR("MaxRetries")).tag == JSON_UNDEFINED)
        build_put(b, "MaxRetries", json_num(0));
    if (json_get(members, STR("Timeout")).tag == JSON_UNDEFINED && glue_timeout(members) > 0)
        build_put(b, "Timeout", json_num((double)glue_timeout(members)));
    if (capacity.is_given) {
        build_put(b, "AllocatedCapacity", json_num(trunc(capacity.units)));
        build_put(b, "MaxCapacity", json_num(capacity.units));
    }
    if (json_get(members, STR("GlueVersion")).tag == JSON_UNDEFINED &&
        !glue_is_consolidate(command))
        build_put(b, "GlueVersion", json_string(STR("0.9"), 0));
}

struct json_val glue_job_value(struct arena *arena, const struct glue_job *job)
{
    struct build b;
    build_begin(&b, arena);
    build_text(&b, "Name", job->name);
    for (uint32_t i = 0; i < job->members.len; i++) {
        const struct json_key *key = &job->members.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!str_eq(name, STR("AllocatedCapacity")) && !str_eq(name, STR("MaxCapacity")))
            json_obj_put(&b.object, name, key->flags, job->members.obj->vals[i]);
    }
    put_defaults(&b, arena, job->members);
    build_put(&b, "CreatedOn", json_num((double)job->created_ms / 1000));
    build_put(&b, "LastModifiedOn", json_num((double)job->modified_ms / 1000));
    return build_end(&b);
}
