/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading requests. AWS checks in this order: shapes, names, values, expressions; what needs the
 * table comes after, when the operation runs.
 *
 * Of the parameters that expressions replaced in 2014, AttributesToGet is understood; the others
 * (Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, ConditionalOperator) are
 * refused by name.
 */
#include "services/dynamodb/request.h"
#include "services/dynamodb/value_json.h"
#include "services/dynamodb/table.h"

/* ---- shapes ---- */

/* The name in an ARN, or the name itself. */
static str name_in(str name)
{
    size_t at = str_find(name, STR(":table/"), 0);
    return str_starts(name, STR("arn:")) && at != STR_NONE ? str_sub(name, at + 7, name.n) : name;
}

static bool is_table_name(str text)
{
    text = name_in(text);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return text.n > 0;
}

static const char *const capacity_values[] = {"INDEXES", "TOTAL", "NONE", NULL};
static const char *const metrics_values[] = {"SIZE", "NONE", NULL};
static const char *const on_failure_values[] = {"ALL_OLD", "NONE", NULL};
static const struct shape_member no_members[] = {{NULL, NULL, false}};
static const struct shape any_item = {.kind = SHAPE_STRUCTURE, .members = no_members};

const struct shape dynamo_shape_table_name = {.kind = SHAPE_STRING,
                                              .min = 1,
                                              .max = 1024,
                                              .matches = is_table_name,
                                              .pattern = "[a-zA-Z0-9_.-]+"};
const struct shape dynamo_shape_text = {.kind = SHAPE_STRING};
const struct shape dynamo_shape_map = {.kind = SHAPE_STRUCTURE, .members = no_members};
const struct shape dynamo_shape_flag = {.kind = SHAPE_BOOLEAN};
const struct shape dynamo_shape_number = {.kind = SHAPE_INTEGER, .min = INT32_MIN};
const struct shape dynamo_shape_positive = {.kind = SHAPE_INTEGER, .min = 1, .max = INT32_MAX};
const struct shape dynamo_shape_capacity = {.kind = SHAPE_STRING, .values = capacity_values};
const struct shape dynamo_shape_metrics = {.kind = SHAPE_STRING, .values = metrics_values};
const struct shape dynamo_shape_on_failure = {.kind = SHAPE_STRING, .values = on_failure_values};
const struct shape dynamo_shape_list = {.kind = SHAPE_LIST, .item = &any_item};

enum status dynamo_prepare(const struct service_call *c, struct json_val request,
                           const struct shape *shape, dynamo_request_fn *fn, str *ret_args,
                           struct error *err)
{
    if (request.tag == JSON_UNDEFINED || request.tag == JSON_NULL)
        return error_set(err, STATUS_INVALID, "SerializationException",
                         "the request must be an object");
    enum status status = shape_check(shape, request, err);
    if (status != STATUS_OK)
        return status;
    struct dynamo_request r = {.call = c, .json = request, .err = err};
    buf_init(&r.args, DYNAMO_BUFFER_BYTES);
    status = fn(&r);
    if (status == STATUS_OK && !buf_ok(&r.args))
        status = error_set(err, STATUS_LIMIT, "ValidationException", "The request is too large");
    if (status == STATUS_OK)
        *ret_args = arena_dup(c->arena, buf_str(&r.args));
    buf_done(&r.args);
    return status;
}

/* ---- members ---- */

struct json_val dynamo_get(const struct dynamo_request *r, const char *name)
{
    struct json_val v = json_get(r->json, str_of(name));
    return v.tag == JSON_NULL ? json_undefined() : v;
}

bool dynamo_has(const struct dynamo_request *r, const char *name)
{
    return dynamo_get(r, name).tag != JSON_UNDEFINED;
}

str dynamo_get_text(const struct dynamo_request *r, const char *name)
{
    struct json_val v = dynamo_get(r, name);
    return v.tag == JSON_STRING ? json_str(v) : (str){"", 0};
}

bool dynamo_get_flag(const struct dynamo_request *r, const char *name)
{
    struct json_val v = dynamo_get(r, name);
    return v.tag == JSON_BOOL && v.b;
}

enum status dynamo_refuse(struct error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum status status = error_vset(err, STATUS_INVALID, "ValidationException", fmt, args);
    va_end(args);
    return status;
}

enum status dynamo_check_table_name(str name, str *ret, struct error *err)
{
    name = name_in(name);
    *ret = name;
    if (name.n < 3 || name.n > 255)
        return dynamo_refuse(err, "TableName must be at least 3 characters long and at most 255 "
                                  "characters long");
    if (is_table_name(name))
        return STATUS_OK;
    return dynamo_refuse(err,
                         "1 validation error detected: Value '%.*s' at 'tableName' failed to "
                         "satisfy constraint: Member must satisfy regular expression pattern: "
                         "[a-zA-Z0-9_.-]+",
                         STR_ARG(name));
}

enum status dynamo_take_table(struct dynamo_request *r)
{
    str name;
    if (dynamo_check_table_name(dynamo_get_text(r, "TableName"), &name, r->err) != STATUS_OK)
        return STATUS_INVALID;
    dynamo_arg(&r->args, ARG_TABLE, name);
    return STATUS_OK;
}

enum status dynamo_take_item(struct dynamo_request *r, const char *name, enum dynamo_field field)
{
    str members;
    enum status status =
        dynamo_item_from_json(r->call->arena, dynamo_get(r, name), &members, r->err);
    if (status == STATUS_OK)
        dynamo_arg(&r->args, field, members);
    return status;
}

int64_t dynamo_take_choice(const struct dynamo_request *r, const char *name,
                           const char *const *values)
{
    str text = dynamo_get_text(r, name);
    for (int64_t i = 0; values[i]; i++)
        if (str_eq(text, str_of(values[i])))
            return i;
    return 0;
}

void dynamo_take_capacity(struct dynamo_request *r)
{
    static const char *const values[] = {"NONE", "TOTAL", "INDEXES", NULL};
    int64_t choice = dynamo_take_choice(r, "ReturnConsumedCapacity", values);
    if (choice != CAPACITY_NONE)
        dynamo_arg_int(&r->args, ARG_CAPACITY, choice);
}

/* ---- expressions ---- */

/* "A, B": those of the names that the request has. */
static void list_given(const struct dynamo_request *r, const char *const *names, struct buf *out)
{
    for (; *names; names++)
        if (dynamo_has(r, *names))
            buf_printf(out, "%s%s", out->n ? ", " : "", *names);
}

static enum status check_legacy(struct dynamo_request *r, str expressions, str legacy)
{
    if (legacy.n == 0)
        return STATUS_OK;
    if (expressions.n > 0)
        return dynamo_refuse(r->err,
                             "Can not use both expression and non-expression parameters in the "
                             "same request: Non-expression parameters: {%.*s} Expression "
                             "parameters: {%.*s}",
                             STR_ARG(legacy), STR_ARG(expressions));
    if (str_eq(legacy, STR("AttributesToGet")))
        return STATUS_OK;
    return dynamo_refuse(r->err,
                         "Legacy parameters are not supported here, expressions are: {%.*s}",
                         STR_ARG(legacy));
}

/* Some expressions know no values: what is given for them is not looked at. */
static bool takes_values(const char *const *expressions)
{
    for (; *expressions; expressions++)
        if (strcmp(*expressions, "ProjectionExpression") != 0)
            return true;
    return false;
}

/* "A is null", "A and B are null": of those that may have values. */
static void list_null(const char *const *names, struct buf *out)
{
    unsigned count = 0;
    for (; *names; names++)
        if (strcmp(*names, "ProjectionExpression") != 0)
            buf_printf(out, "%s%s", count++ ? " and " : "", *names);
    buf_add(out, count > 1 ? STR(" are null") : STR(" is null"));
}

static enum status check_placeholders(struct dynamo_request *r, const char *const *expressions,
                                      str given)
{
    if (dynamo_has(r, "ExpressionAttributeNames") && given.n == 0)
        return dynamo_refuse(
            r->err, "ExpressionAttributeNames can only be specified when using expressions");
    if (!dynamo_has(r, "ExpressionAttributeValues") || !takes_values(expressions) ||
        (given.n > 0 && !str_eq(given, STR("ProjectionExpression"))))
        return STATUS_OK;
    struct buf names;
    buf_init(&names, ERROR_MESSAGE_MAX);
    list_null(expressions, &names);
    dynamo_refuse(r->err,
                  "ExpressionAttributeValues can only be specified when using expressions: %.*s",
                  STR_ARG(buf_str(&names)));
    buf_done(&names);
    return STATUS_INVALID;
}

enum status dynamo_begin_expressions(struct dynamo_request *r, const char *const *expressions,
                                     const char *const *legacy)
{
    struct buf given, old;
    buf_init(&given, ERROR_MESSAGE_MAX);
    buf_init(&old, ERROR_MESSAGE_MAX);
    list_given(r, expressions, &given);
    list_given(r, legacy, &old);
    enum status status = check_legacy(r, buf_str(&given), buf_str(&old));
    if (status == STATUS_OK)
        status = check_placeholders(r, expressions, buf_str(&given));
    buf_done(&given);
    buf_done(&old);
    if (status != STATUS_OK)
        return status;
    struct json_val values = json_undefined();
    if (takes_values(expressions))
        values = dynamo_get(r, "ExpressionAttributeValues");
    return dynamo_scope_init(&r->scope, r->call->arena, dynamo_get(r, "ExpressionAttributeNames"),
                             values, r->err);
}

static enum status take_condition(struct dynamo_request *r, const char *name,
                                  enum dynamo_field field)
{
    str program;
    if (!dynamo_has(r, name))
        return STATUS_OK;
    enum status status =
        dynamo_compile_condition(&r->scope, name, dynamo_get_text(r, name), &program, r->err);
    if (status == STATUS_OK)
        dynamo_arg(&r->args, field, program);
    return status;
}

enum status dynamo_take_condition(struct dynamo_request *r)
{
    return take_condition(r, "ConditionExpression", ARG_CONDITION);
}

enum status dynamo_take_filter(struct dynamo_request *r)
{
    return take_condition(r, "FilterExpression", ARG_FILTER);
}

enum status dynamo_take_keys(struct dynamo_request *r)
{
    str program;
    if (!dynamo_has(r, "KeyConditionExpression"))
        return dynamo_refuse(r->err, "Either the KeyConditions or KeyConditionExpression parameter "
                                     "must be specified in the request.");
    enum status status = dynamo_compile_key_condition(
        &r->scope, dynamo_get_text(r, "KeyConditionExpression"), &program, r->err);
    if (status == STATUS_OK)
        dynamo_arg(&r->args, ARG_KEYS, program);
    return status;
}

enum status dynamo_take_update(struct dynamo_request *r)
{
    str program;
    if (!dynamo_has(r, "UpdateExpression"))
        return STATUS_OK;
    enum status status =
        dynamo_compile_update(&r->scope, dynamo_get_text(r, "UpdateExpression"), &program, r->err);
    if (status == STATUS_OK)
        dynamo_arg(&r->args, ARG_UPDATE, program);
    return status;
}

static enum status take_attributes(struct dynamo_request *r, struct json_val list)
{
    if (list.tag != JSON_ARRAY)
        return error_set(r->err, STATUS_INVALID, "SerializationException",
                         "AttributesToGet must be a list");
    if (list.len == 0)
        return dynamo_refuse(r->err, "1 validation error detected: Value '[]' at 'attributesToGet' "
                                     "failed to satisfy constraint: Member must have length "
                                     "greater than or equal to 1");
    str *names = arena_alloc(r->call->arena, list.len * sizeof(*names));
    for (uint32_t i = 0; i < list.len; i++) {
        if (list.items[i].tag != JSON_STRING)
            return error_set(r->err, STATUS_INVALID, "SerializationException",
                             "AttributesToGet must hold strings");
        names[i] = json_str(list.items[i]);
        for (uint32_t j = 0; j < i; j++)
            if (str_eq(names[i], names[j]))
                return dynamo_refuse(r->err,
                                     "One or more parameter values were invalid: Duplicate value "
                                     "in attribute name: %.*s",
                                     STR_ARG(names[i]));
        if (list.len > 255)
            return dynamo_refuse(r->err, "AttributesToGet may have 255 names at most");
    }
    dynamo_arg(&r->args, ARG_PROJECTION, dynamo_projection_of(r->call->arena, names, list.len));
    return STATUS_OK;
}

enum status dynamo_take_projection(struct dynamo_request *r)
{
    str program;
    if (dynamo_has(r, "AttributesToGet"))
        return take_attributes(r, dynamo_get(r, "AttributesToGet"));
    if (!dynamo_has(r, "ProjectionExpression"))
        return STATUS_OK;
    enum status status = dynamo_compile_projection(
        &r->scope, dynamo_get_text(r, "ProjectionExpression"), &program, r->err);
    if (status == STATUS_OK)
        dynamo_arg(&r->args, ARG_PROJECTION, program);
    return status;
}

enum status dynamo_finish_expressions(struct dynamo_request *r)
{
    return dynamo_scope_finish(&r->scope, r->err);
}
