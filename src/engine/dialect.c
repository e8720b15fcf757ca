/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of services as tasks spell them. Names and forms follow what AWS sends: the SDK for
 * Java in its second version behind aws-sdk, and in its first in the optimized integrations.
 */
#include "engine/dialect.h"

static const char *const dynamodb_codes[] = {
    "BackupInUseException",
    "BackupNotFoundException",
    "ConditionalCheckFailedException",
    "ContinuousBackupsUnavailableException",
    "DuplicateItemException",
    "IdempotentParameterMismatchException",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "TableAlreadyExistsException",
    "TableInUseException",
    "TableNotFoundException",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    NULL,
};
static const char *const s3_codes[] = {
    "BucketAlreadyExists",    "BucketAlreadyOwnedByYou",
    "EncryptionTypeMismatch", "InvalidObjectState",
    "InvalidRequest",         "InvalidWriteOffset",
    "NoSuchBucket",           "NoSuchKey",
    "NoSuchUpload",           "NotFound",
    "TooManyParts",           NULL,
};

static const struct dialect dialects[] = {
    {"dynamodb", "dynamodb", "dynamodb", "DynamoDb", "DynamoDB", "AmazonDynamoDBv2",
     "AmazonDynamoDBException", dynamodb_codes, "application/x-amz-json-1.0"},
    {"events", "events", "eventbridge", "EventBridge", "EventBridge", "AmazonEventBridge", NULL,
     NULL, NULL},
    {"glue", "glue", "glue", "Glue", "Glue", "AWSGlue", NULL, NULL, NULL},
    {"s3", "s3", "s3", "S3", "S3", "Amazon S3", NULL, s3_codes, NULL},
};

static const char SDK[] = "aws-sdk:";

/* "putItem.waitForTaskToken" is "PutItem" with a pattern, which the resource tells apart. */
static str operation_of(str resource, struct arena *a)
{
    size_t end = str_find_byte(resource, '.', 0);
    str name = arena_dup(a, str_sub(resource, 0, end == STR_NONE ? resource.n : end));
    char *first = (char *)(uintptr_t)name.p;
    if (name.n > 0 && *first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
    return name;
}

const struct dialect *dialect_find(const struct asl_resource *r, struct arena *a,
                                   str *ret_operation, bool *ret_is_sdk)
{
    str type = r->resource_type;
    bool is_sdk = str_starts(type, STR(SDK));
    str name = is_sdk ? str_sub(type, sizeof(SDK) - 1, type.n) : type;
    if (r->kind != ASL_RESOURCE_SERVICE)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        const struct dialect *d = &dialects[i];
        if (!str_eq(name, str_of(is_sdk ? d->sdk_task : d->task)))
            continue;
        *ret_operation = operation_of(r->resource, a);
        *ret_is_sdk = is_sdk;
        return d;
    }
    return NULL;
}

static bool is_modelled(const struct dialect *d, str code)
{
    if (!d->modelled)
        return true;
    for (const char *const *name = d->modelled; *name; name++) {
        if (str_eq(code, str_of(*name)))
            return true;
    }
    return false;
}

/* Nearly everything that a caller does wrong is a 400; S3 speaks HTTP more exactly. */
static int http_status(const struct dialect *d, enum status status)
{
    bool is_rest = d->modelled == s3_codes;
    switch (status) {
    case STATUS_NOT_FOUND: return is_rest ? 404 : 400;
    case STATUS_CONFLICT: return is_rest ? 409 : 400;
    case STATUS_UNAVAILABLE:
    case STATUS_BUSY:
    case STATUS_IO:
    case STATUS_CORRUPT: return 500;
    case STATUS_OK:
    case STATUS_INVALID:
    case STATUS_LIMIT:
    case STATUS_CANCELED: break;
    }
    return 400;
}

static str with_exception(str code, struct arena *a)
{
    return str_ends(code, STR("Exception")) ? arena_dup(a, code)
                                            : arena_printf(a, "%.*sException", STR_ARG(code));
}

struct dialect_error dialect_spell(const struct dialect *d, bool is_sdk, const struct error *err,
                                   str request_id, struct arena *a)
{
    str code = str_of(err->name);
    int status = http_status(d, err->status);
    bool is_known = is_modelled(d, code);
    struct dialect_error ret;
    if (is_sdk) {
        str name = is_known ? with_exception(code, a) : arena_printf(a, "%sException", d->sdk);
        ret.error = arena_printf(a, "%s.%.*s", d->sdk, STR_ARG(name));
        ret.cause = arena_printf(
            a, "%s (Service: %s, Status Code: %d, Request ID: %.*s%s) (SDK Attempt Count: 1)",
            err->message, d->sdk, status, STR_ARG(request_id),
            d->modelled == s3_codes ? ", Extended Request ID: null" : "");
        return ret;
    }
    str name = is_known || !d->older_any ? with_exception(code, a) : str_of(d->older_any);
    ret.error = arena_printf(a, "%s.%.*s", d->older, STR_ARG(name));
    ret.cause =
        arena_printf(a,
                     "%s (Service: %s; Status Code: %d; Error Code: %.*s; "
                     "Request ID: %.*s; Proxy: null)",
                     err->message, d->older_service, status, STR_ARG(code), STR_ARG(request_id));
    return ret;
}
