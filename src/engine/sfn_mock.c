/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sfn_mock.h. Results are checked by shapes as services' models have them, for those operations
 * that are in the table; what is not in it is taken as it is.
 */
#include "engine/sfn_mock.h"
#include "json/parse.h"

/* ---- the request ---- */

static enum status read_result(struct sfn_scope *s, str text, struct json_doc **ret,
                               struct error *err)
{
    struct error cause;
    if (json_parse(text, NULL, ret, &cause) == STATUS_OK)
        return STATUS_OK;
    return sfn_invalid(s, NULL, err, "Mocked result must be valid JSON");
}

static enum status read_failures(struct sfn_scope *s, struct asl_probe_options *ret,
                                 struct error *err)
{
    struct json_val configuration = json_get(s->request, STR("stateConfiguration"));
    struct json_val count = configuration.tag == JSON_OBJECT
                                ? json_get(configuration, STR("mapIterationFailureCount"))
                                : json_undefined();
    if (!json_is_number(count))
        return STATUS_OK;
    ret->failures = (uint64_t)json_number(count);
    if (ret->mock == ASL_PROBE_NO_MOCK)
        return sfn_invalid(s, NULL, err,
                           "TestState does not support MapIterationFailureCount when a mock is not "
                           "specified.");
    return STATUS_OK;
}

enum status sfn_mock_read(struct sfn_scope *s, struct asl_probe_options *ret, struct error *err)
{
    struct json_val mock = json_get(s->request, STR("mock"));
    struct json_val result =
        mock.tag == JSON_OBJECT ? json_get(mock, STR("result")) : json_undefined();
    struct json_val error =
        mock.tag == JSON_OBJECT ? json_get(mock, STR("errorOutput")) : json_undefined();
    bool has_result = result.tag == JSON_STRING, has_error = error.tag == JSON_OBJECT;
    if (has_result && has_error)
        return sfn_invalid(s, NULL, err,
                           "A test mock should have only one of the following fields: [result, "
                           "errorOutput].");
    if ((has_result || has_error) && sfn_flag(s, "revealSecrets"))
        return sfn_invalid(s, NULL, err,
                           "TestState does not support RevealSecrets when a mock is specified.");
    ret->mock = has_result ? ASL_PROBE_RESULT : has_error ? ASL_PROBE_ERROR : ASL_PROBE_NO_MOCK;
    if (has_error) {
        ret->error = build_get_text(error, "error");
        ret->cause = build_get_text(error, "cause");
        ret->has_error = json_get(error, STR("error")).tag == JSON_STRING;
        ret->has_cause = json_get(error, STR("cause")).tag == JSON_STRING;
    }
    enum status status = read_failures(s, ret, err);
    if (status == STATUS_OK && has_result)
        status = read_result(s, json_str(result), &ret->result, err);
    return status;
}

/* ---- what services give ---- */

enum field_kind { TEXT, NUMBER, LIST, WORD };

struct field {
    const char *name;
    enum field_kind kind;
    bool is_required;
    const struct field *item;  /* of lists: the fields of its objects, ended by a NULL name */
    const char *const *values; /* WORD: ended by NULL */
};

static const char *const storage_classes[] = {"STANDARD",        "REDUCED_REDUNDANCY",
                                              "STANDARD_IA",     "ONEZONE_IA",
                                              "GLACIER",         "INTELLIGENT_TIERING",
                                              "DEEP_ARCHIVE",    "OUTPOSTS",
                                              "GLACIER_IR",      "SNOW",
                                              "EXPRESS_ONEZONE", "FSX_OPENZFS",
                                              "FSX_ONTAP",       NULL};

static const struct field event_entry[] = {
    {.name = "EventId"}, {.name = "ErrorCode"}, {.name = "ErrorMessage"}, {.name = NULL}};
static const struct field put_events[] = {{.name = "FailedEntryCount", .kind = NUMBER},
                                          {.name = "Entries", .kind = LIST, .item = event_entry},
                                          {.name = NULL}};
static const struct field start_execution[] = {{.name = "ExecutionArn", .is_required = true},
                                               {.name = "StartDate", .is_required = true},
                                               {.name = NULL}};
static const struct field described_execution[] = {{.name = "ExecutionArn", .is_required = true},
                                                   {.name = "StateMachineArn", .is_required = true},
                                                   {.name = "Status", .is_required = true},
                                                   {.name = "StartDate", .is_required = true},
                                                   {.name = "StopDate"},
                                                   {.name = "Error"},
                                                   {.name = "Cause"},
                                                   {.name = NULL}};
static const struct field get_object[] = {
    {.name = "ContentLength", .kind = NUMBER},
    {.name = "ContentType"},
    {.name = "ETag"},
    {.name = "VersionId"},
    {.name = "LastModified"},
    {.name = "Body"},
    {.name = "StorageClass", .kind = WORD, .values = storage_classes},
    {.name = NULL}};
static const struct field encrypt[] = {
    {.name = "CiphertextBlob"}, {.name = "KeyId"}, {.name = "EncryptionAlgorithm"}, {.name = NULL}};
static const struct field start_job_run[] = {{.name = "JobRunId"}, {.name = NULL}};
static const struct field get_item[] = {{.name = NULL}};

static const struct {
    const char *type, *resource;
    const struct field *fields;
} results[] = {
    {"events", "putEvents", put_events},
    {"aws-sdk:eventbridge", "putEvents", put_events},
    {"states", "startExecution", start_execution},
    {"aws-sdk:sfn", "startExecution", start_execution},
    {"states", "startExecution.sync", described_execution},
    {"states", "startExecution.sync:2", described_execution},
    {"aws-sdk:sfn", "describeExecution", described_execution},
    {"aws-sdk:s3", "getObject", get_object},
    {"aws-sdk:kms", "encrypt", encrypt},
    {"glue", "startJobRun", start_job_run},
    {"aws-sdk:glue", "startJobRun", start_job_run},
    {"dynamodb", "getItem", get_item},
};

static enum status bad_field(struct sfn_scope *s, struct error *err, const char *name,
                             const char *what)
{
    return sfn_invalid(s, NULL, err, "Mock result schema validation error: Field '%s' %s", name,
                       what);
}

static bool is_word(const struct field *f, str text)
{
    for (const char *const *value = f->values; *value; value++) {
        if (str_eq(text, str_of(*value)))
            return true;
    }
    return false;
}

static enum status check_fields(struct sfn_scope *s, const struct field *fields, struct json_val v,
                                bool is_strict, struct error *err);

static enum status check_field(struct sfn_scope *s, const struct field *f, struct json_val v,
                               bool is_strict, struct error *err)
{
    switch (f->kind) {
    case TEXT:
        return v.tag == JSON_STRING ? STATUS_OK : bad_field(s, err, f->name, "must be a string");
    case NUMBER:
        return json_is_number(v) ? STATUS_OK : bad_field(s, err, f->name, "must be a number");
    case WORD:
        return v.tag == JSON_STRING && is_word(f, json_str(v))
                   ? STATUS_OK
                   : bad_field(s, err, f->name, "is not an expected value");
    case LIST: break;
    }
    if (v.tag != JSON_ARRAY)
        return bad_field(s, err, f->name, "must be an array");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v.len && status == STATUS_OK; i++)
        status = check_fields(s, f->item, v.items[i], is_strict, err);
    return status;
}

static enum status check_fields(struct sfn_scope *s, const struct field *fields, struct json_val v,
                                bool is_strict, struct error *err)
{
    for (const struct field *f = fields; f->name; f++) {
        struct json_val member =
            v.tag == JSON_OBJECT ? json_get(v, str_of(f->name)) : json_undefined();
        if (member.tag == JSON_UNDEFINED && f->is_required && is_strict)
            return sfn_invalid(s, NULL, err,
                               "Mock result schema validation error: Required field '%s' is "
                               "missing",
                               f->name);
        enum status status =
            member.tag == JSON_UNDEFINED ? STATUS_OK : check_field(s, f, member, is_strict, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status fit_task(struct sfn_scope *s, const struct asl_resource *r, struct json_val v,
                            struct error *err)
{
    struct json_val mock = json_get(s->request, STR("mock"));
    str mode = build_get_text(mock, "fieldValidationMode");
    if (str_eq(mode, STR("NONE")))
        return STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(results); i++) {
        if (str_eq(r->resource_type, str_of(results[i].type)) &&
            str_eq(r->resource, str_of(results[i].resource)))
            return check_fields(s, results[i].fields, v, !str_eq(mode, STR("PRESENT")), err);
    }
    return STATUS_OK;
}

enum status sfn_mock_fit(struct sfn_scope *s, const struct asl_state *state,
                         const struct asl_probe_options *o, struct error *err)
{
    if (o->mock != ASL_PROBE_RESULT)
        return STATUS_OK;
    struct json_val v = json_doc_root(o->result);
    bool is_map = state->type == ASL_MAP, is_parallel = state->type == ASL_PARALLEL;
    if (is_map && state->map.writer && state->map.writer->has_resource)
        return v.tag == JSON_OBJECT
                   ? STATUS_OK
                   : sfn_invalid(s, NULL, err, "Mocked result must be a JSON object.");
    if ((is_map || is_parallel) && v.tag != JSON_ARRAY)
        return sfn_invalid(s, NULL, err, "Mocked result must be an array.");
    if (is_parallel && v.len != state->parallel.branch_count)
        return sfn_invalid(s, NULL, err,
                           "Mocked result must contain the same number of items as number of "
                           "Parallel branches.");
    if (is_map && o->failures > v.len)
        return sfn_invalid(s, NULL, err,
                           "Map iteration failure count must be less than or equal to the number "
                           "of Map iterations");
    return state->type == ASL_TASK ? fit_task(s, &state->task.resource, v, err) : STATUS_OK;
}

/* ---- contexts ---- */

enum context_kind { CONTEXT_TEXT, CONTEXT_NUMBER, CONTEXT_ANY };

static const struct {
    const char *object, *field;
    enum context_kind kind;
} context_fields[] = {
    {"Execution", "Id", CONTEXT_TEXT},
    {"Execution", "Input", CONTEXT_ANY},
    {"Execution", "Name", CONTEXT_TEXT},
    {"Execution", "RoleArn", CONTEXT_TEXT},
    {"Execution", "StartTime", CONTEXT_TEXT},
    {"Execution", "RedriveCount", CONTEXT_NUMBER},
    {"Execution", "RedriveTime", CONTEXT_TEXT},
    {"State", "EnteredTime", CONTEXT_TEXT},
    {"State", "Name", CONTEXT_TEXT},
    {"State", "RetryCount", CONTEXT_NUMBER},
    {"StateMachine", "Id", CONTEXT_TEXT},
    {"StateMachine", "Name", CONTEXT_TEXT},
    {"Task", "Token", CONTEXT_TEXT},
};

static enum status check_context_field(struct sfn_scope *s, str object, str field,
                                       struct json_val v, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(context_fields); i++) {
        if (!str_eq(object, str_of(context_fields[i].object)) ||
            !str_eq(field, str_of(context_fields[i].field)))
            continue;
        enum context_kind kind = context_fields[i].kind;
        bool is_well = kind == CONTEXT_ANY || (kind == CONTEXT_TEXT && v.tag == JSON_STRING) ||
                       (kind == CONTEXT_NUMBER && json_is_number(v));
        return is_well ? STATUS_OK
                       : sfn_invalid(s, NULL, err,
                                     "Invalid Context object provided: %.*s.%.*s must be a %s",
                                     STR_ARG(object), STR_ARG(field),
                                     kind == CONTEXT_TEXT ? "string" : "number");
    }
    return sfn_invalid(s, NULL, err, "Invalid Context object provided: Field '%.*s' is not allowed",
                       STR_ARG(str_sub(field, 0, 100)));
}

static bool is_context_object(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(context_fields); i++) {
        if (str_eq(name, str_of(context_fields[i].object)))
            return true;
    }
    return false;
}

static enum status check_context_object(struct sfn_scope *s, str name, struct json_val v,
                                        struct error *err)
{
    enum status status = STATUS_OK;
    if (str_eq(name, STR("Map")))
        return sfn_invalid(s, NULL, err,
                           "Invalid Context object provided: 'Map' field is not supported when "
                           "mocking a Context object");
    if (!is_context_object(name))
        return sfn_invalid(s, NULL, err,
                           "Invalid Context object provided: Field '%.*s' is not allowed",
                           STR_ARG(str_sub(name, 0, 100)));
    for (uint32_t i = 0; v.tag == JSON_OBJECT && i < v.len && status == STATUS_OK; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        status = check_context_field(s, name, (str){key->p, key->n}, v.obj->vals[i], err);
    }
    return status;
}

enum status sfn_mock_check_context(struct sfn_scope *s, struct json_val context, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; context.tag == JSON_OBJECT && i < context.len && status == STATUS_OK;
         i++) {
        const struct json_key *key = &context.obj->shape->keys[i];
        status = check_context_object(s, (str){key->p, key->n}, context.obj->vals[i], err);
    }
    return status;
}
