/* SPDX-License-Identifier: Apache-2.0 */
/* From method, place and query to an operation: one table. */
#include "api/s3_internal.h"
#include "services/s3/subresource.h"

/* Rows with a parameter come before those without. */
static const struct api_s3_route routes[] = {
    {"GET", API_S3_SERVICE, NULL, "ListBuckets", api_s3_call_begin, 200, false},

    {"GET", API_S3_BUCKET, "location", "GetBucketLocation", api_s3_call_begin, 200, false},
    {"GET", API_S3_BUCKET, "uploads", "ListMultipartUploads", api_s3_call_begin, 200, false},
    {"GET", API_S3_BUCKET, NULL, "ListObjects", api_s3_list_begin, 200, false},
    {"HEAD", API_S3_BUCKET, NULL, "HeadBucket", api_s3_call_begin, 200, false},
    {"PUT", API_S3_BUCKET, NULL, "CreateBucket", api_s3_call_begin, 200, true},
    {"DELETE", API_S3_BUCKET, NULL, "DeleteBucket", api_s3_call_begin, 204, false},
    {"POST", API_S3_BUCKET, "delete", "DeleteObjects", api_s3_call_begin, 200, true},

    {"GET", API_S3_OBJECT, "uploadId", "ListParts", api_s3_call_begin, 200, false},
    {"GET", API_S3_OBJECT, NULL, "GetObject", api_s3_get_begin, 200, false},
    {"HEAD", API_S3_OBJECT, NULL, "HeadObject", api_s3_get_begin, 200, false},
    {"PUT", API_S3_OBJECT, "uploadId", "UploadPart", api_s3_put_begin, 200, true},
    {"PUT", API_S3_OBJECT, NULL, "PutObject", api_s3_put_begin, 200, true},
    {"POST", API_S3_OBJECT, "uploads", "CreateMultipartUpload", api_s3_call_begin, 200, false},
    {"POST", API_S3_OBJECT, "uploadId", "CompleteMultipartUpload", api_s3_call_begin, 200, true},
    {"DELETE", API_S3_OBJECT, "uploadId", "AbortMultipartUpload", api_s3_call_begin, 204, false},
    {"DELETE", API_S3_OBJECT, NULL, "DeleteObject", api_s3_call_begin, 204, false},
};

/* Instead of PutObject, when a header names a source. */
static const struct api_s3_route copy_route = {
    "PUT", API_S3_OBJECT, NULL, "CopyObject", api_s3_call_begin, 200, false};

/* Its parameter is whichever of the query is one. */
static const struct api_s3_route subresource_route = {
    NULL, API_S3_BUCKET, NULL, NULL, api_s3_subresource_begin, 200, false};

/* Operations that look like others but for a parameter, and are not here. */
static const char *const unknown[] = {"attributes", "session", "metadataTable",
                                      "metadataConfiguration", "renameObject"};

static enum api_s3_place place_of(const struct api_s3_call *call)
{
    if (call->key.n > 0)
        return API_S3_OBJECT;
    return call->bucket.n > 0 ? API_S3_BUCKET : API_S3_SERVICE;
}

/* What the query says beside the parameters of operations. */
static enum status see_query(struct api_s3_call *call, enum api_s3_place place, bool *ret_is_sub,
                             struct error *err)
{
    struct http_walk w = {.rest = call->query};
    str name, value;
    *ret_is_sub = false;
    while (http_walk_pair(&w, &name, &value)) {
        name = http_target_decode(&call->arena, name, true);
        for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
            if (str_eq(name, str_of(unknown[i])))
                return s3_fail_with(S3_NotImplemented, err, "%s is not implemented here.",
                                    unknown[i]);
        if (place != API_S3_SERVICE && s3_is_subresource(name, place == API_S3_OBJECT))
            *ret_is_sub = true;
    }
    return STATUS_OK;
}

static bool is_known_method(str method)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "POST", "DELETE"};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_eq(method, str_of(methods[i])))
            return true;
    return false;
}

static enum status no_route(const struct api_s3_call *call, enum api_s3_place place,
                            struct error *err)
{
    bool is_form = place == API_S3_BUCKET && str_eq(call->method, STR("POST")) &&
                   str_starts(api_s3_header(call, "Content-Type"), STR("multipart/form-data"));
    if (is_form)
        return s3_fail_with(S3_NotImplemented, err, "Uploads by forms are not implemented here.");
    return s3_fail(S3_MethodNotAllowed, err);
}

enum status api_s3_route(struct api_s3_call *call, struct error *err)
{
    enum api_s3_place place = place_of(call);
    bool is_sub;
    if (see_query(call, place, &is_sub, err) != STATUS_OK)
        return err->status;
    if (is_sub && is_known_method(call->method) && !str_eq(call->method, STR("HEAD"))) {
        call->route = &subresource_route;
        return STATUS_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        const struct api_s3_route *r = &routes[i];
        if (r->place != place || !str_eq(call->method, str_of(r->method)) ||
            (r->parameter && !api_s3_query(call, r->parameter).p))
            continue;
        bool is_copy = r->begin == api_s3_put_begin && !r->parameter &&
                       api_s3_header(call, "x-amz-copy-source").p;
        call->route = is_copy ? &copy_route : r;
        return STATUS_OK;
    }
    return no_route(call, place, err);
}
