/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of JSON services, and their errors. Prefixes and content types are those of the models
 * (metadata.targetPrefix, jsonVersion); namespaces of errors are what clients of DynamoDB print,
 * those of other services are not certain, and clients read only what is behind '#'.
 */
#include "api/wire.h"
#include "json/write.h"

enum { MIB = 1 << 20 };

static const struct api_wire wires[] = {
    {"dynamodb", "dynamodb", "DynamoDB_20120810.", "application/x-amz-json-1.0",
     "com.amazonaws.dynamodb.v20120810#", "InternalServerError", 16 * MIB, true, true},
    {"states", "states", "AWSStepFunctions.", "application/x-amz-json-1.0", "",
     "InternalServerException", 64 * MIB, false, false},
    {"glue", "glue", "AWSGlue.", "application/x-amz-json-1.1", "", "InternalServiceException",
     16 * MIB, false, false},
    {"events", "events", "AWSEvents.", "application/x-amz-json-1.1", "", "InternalException", MIB,
     false, false},
};

const struct api_wire api_wire_plain = {
    "", "", "", "application/x-amz-json-1.1", "", "InternalFailure", MIB, false, false};

const struct api_wire *api_wire_of_target(str target, str *ret_operation)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        str prefix = str_of(wires[i].target);
        if (!str_starts(target, prefix))
            continue;
        *ret_operation = str_sub(target, prefix.n, target.n);
        return &wires[i];
    }
    return NULL;
}

const struct api_wire *api_wire_of_scope(str service)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        if (str_eq(service, str_of(wires[i].scope)))
            return &wires[i];
    return NULL;
}

const struct api_wire *api_wire_of_name(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        if (str_eq(name, str_of(wires[i].name)))
            return &wires[i];
    return NULL;
}

/* ---- errors ---- */

/* Those that the frame around AWS's services raises, not the service. */
static const char *wire_namespace(const struct api_wire *w, str name)
{
    static const struct {
        const char *name, *prefix;
    } frame[] = {
        {"SerializationException", "com.amazon.coral.service#"},
        {"UnknownOperationException", "com.amazon.coral.service#"},
        {"AccessDeniedException", "com.amazon.coral.service#"},
        {"ServiceUnavailableException", "com.amazon.coral.availability#"},
        {"ThrottlingException", "com.amazon.coral.availability#"},
    };
    for (size_t i = 0; i < ARRAY_LEN(frame); i++)
        if (str_eq(name, str_of(frame[i].name)))
            return frame[i].prefix;
    if (w->has_crc && str_eq(name, STR("ValidationException")))
        return "com.amazon.coral.validate#";
    return w->type_prefix;
}

/* Names that clients know, and a status: what is wrong with the request is 400 in these protocols,
 * what is wrong here 500, and what may work when tried again is what their retries look for. */
static int wire_name(const struct api_wire *w, const struct api_failure *f, str *ret_name)
{
    str name = f->name;
    bool is_ours = str_starts(name, STR("Store")) || str_starts(name, STR("Json")) ||
                   str_starts(name, STR("Engine"));
    bool is_failure = f->status == STATUS_IO || f->status == STATUS_CORRUPT;
    bool is_passing = f->status == STATUS_UNAVAILABLE || f->status == STATUS_CANCELED;
    *ret_name = name;
    if (is_ours && f->status == STATUS_BUSY)
        *ret_name = STR("ThrottlingException");
    else if (is_ours && is_passing)
        *ret_name = STR("ServiceUnavailableException");
    else if (is_ours || (is_failure && name.n == 0))
        *ret_name = str_of(w->internal);
    if (str_eq(*ret_name, STR("AccessDeniedException")) && w == &api_wire_plain)
        return 403;
    if (is_passing)
        return 503;
    return is_failure || (is_ours && f->status != STATUS_BUSY) ? 500 : 400;
}

int api_wire_put_error(const struct api_wire *w, const struct api_failure *f, struct buf *out)
{
    str name, members = f->members;
    int status = wire_name(w, f, &name);
    buf_printf(out, "{\"__type\":\"%s%.*s\",", wire_namespace(w, name), STR_ARG(name));
    if (members.n > 2) {
        buf_add(out, str_sub(members, 1, members.n - 1));
        buf_add_byte(out, ',');
    }
    /* The model of this one spells it so. */
    bool is_capital = str_eq(name, STR("TransactionCanceledException"));
    buf_add(out, is_capital ? STR("\"Message\":") : STR("\"message\":"));
    json_write_string(out, f->message);
    buf_add_byte(out, '}');
    return status;
}
