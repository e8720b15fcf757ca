/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, messages and HTTP statuses of the object service, from the list in error.h. */
#include "services/s3/error.h"

static const struct {
    const char *name;
    int http;
    const char *text;
} errors[S3_ERROR_COUNT] = {
#define X(name, http, text) {#name, http, text},
    S3_ERROR_LIST(X)
#undef X
};

static enum status status_of(enum s3_error code)
{
    switch (errors[code].http) {
    case 404: return STATUS_NOT_FOUND;
    case 409:
    case 412: return STATUS_CONFLICT;
    case 500: return STATUS_IO;
    case 503: return STATUS_BUSY;
    default: return STATUS_INVALID;
    }
}

enum status s3_fail(enum s3_error code, struct error *err)
{
    return error_set(err, status_of(code), errors[code].name, "%s", errors[code].text);
}

enum status s3_fail_with(enum s3_error code, struct error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, status_of(code), errors[code].name, fmt, args);
    va_end(args);
    return status_of(code);
}

static bool is_ours(str name)
{
    for (size_t i = 0; i < S3_ERROR_COUNT; i++)
        if (str_eq(name, str_of(errors[i].name)))
            return true;
    return false;
}

enum status s3_fail_inside(struct error *err)
{
    if (is_ours(str_of(err->name)))
        return err->status;
    bool may_help = err->status == STATUS_BUSY || err->status == STATUS_UNAVAILABLE;
    return s3_fail(may_help ? S3_SlowDown : S3_InternalError, err);
}

const char *s3_error_text(str name)
{
    for (size_t i = 0; i < S3_ERROR_COUNT; i++)
        if (str_eq(name, str_of(errors[i].name)))
            return errors[i].text;
    return errors[S3_InternalError].text;
}

int s3_error_http(str name)
{
    for (size_t i = 0; i < S3_ERROR_COUNT; i++)
        if (str_eq(name, str_of(errors[i].name)))
            return errors[i].http;
    return 500;
}
