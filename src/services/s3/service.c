/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and the reading of requests and writing of answers that its operations share. */
#include "services/s3/service.h"

#include "json/parse.h"
#include "services/s3/operations.h"
#include <math.h>

static const struct service_operation operations[] = {
    {"AbortMultipartUpload", true, s3_prepare_names, s3_abort_upload, NULL},
    {"CompleteMultipartUpload", true, s3_prepare_names, s3_complete_upload, NULL},
    {"CopyObject", true, s3_prepare_names, s3_copy_object, NULL},
    {"CreateBucket", true, s3_prepare_names, s3_create_bucket, NULL},
    {"CreateMultipartUpload", true, s3_prepare_names, s3_create_upload, NULL},
    {"DeleteBucket", true, s3_prepare_names, s3_delete_bucket, NULL},
    {"DeleteObject", true, s3_prepare_names, s3_delete_object, NULL},
    {"DeleteObjects", true, s3_prepare_names, s3_delete_objects, NULL},
    {"GetBucketLocation", false, s3_prepare_names, s3_bucket_location, NULL},
    {"GetObject", false, s3_prepare_names, s3_get_object_text, NULL},
    {"HeadBucket", false, s3_prepare_names, s3_head_bucket, NULL},
    {"HeadObject", false, s3_prepare_names, s3_head_object, NULL},
    {"ListBuckets", false, NULL, s3_list_buckets, NULL},
    {"ListMultipartUploads", false, s3_prepare_names, s3_list_uploads, NULL},
    {"ListObjects", false, s3_prepare_names, s3_list_objects_v1, NULL},
    {"ListObjectsV2", false, s3_prepare_names, s3_list_objects_v2, NULL},
    {"ListParts", false, s3_prepare_names, s3_list_parts, NULL},
    {"PutObject", true, s3_prepare_put, s3_put_value, NULL},
    {"UploadPart", true, s3_prepare_put, s3_put_value, NULL},
};

const struct service s3_service = {
    .name = "s3", .operations = operations, .count = ARRAY_LEN(operations)};

/* ---- requests ---- */

enum status s3_request(const struct service_call *c, str args, struct json_val *ret,
                       struct error *err)
{
    if (json_parse_in(c->arena, args, NULL, ret, err) != STATUS_OK)
        return s3_fail(S3_InvalidRequest, err);
    return STATUS_OK;
}

enum status s3_get_text(struct json_val request, const char *name, str *ret, struct error *err)
{
    struct json_val v = json_get(request, str_of(name));
    *ret = (str){NULL, 0};
    if (v.tag == JSON_STRING)
        *ret = json_str(v);
    else if (v.tag != JSON_UNDEFINED && v.tag != JSON_NULL)
        return s3_fail_with(S3_InvalidArgument, err, "%s must be a text.", name);
    return STATUS_OK;
}

enum status s3_get_number(struct json_val request, const char *name, int64_t otherwise,
                          int64_t *ret, struct error *err)
{
    struct json_val v = json_get(request, str_of(name));
    *ret = otherwise;
    if (v.tag == JSON_UNDEFINED || v.tag == JSON_NULL)
        return STATUS_OK;
    double number = json_is_number(v) ? json_number(v) : -1;
    if (number != trunc(number) || number < 0 || number > INT32_MAX)
        return s3_fail_with(S3_InvalidArgument, err,
                            "Argument %s must be an integer between 0 and 2147483647", name);
    *ret = (int64_t)number;
    return STATUS_OK;
}

enum status s3_get_conditions(struct json_val request, const char *prefix, struct arena *a,
                              struct s3_conditions *ret, struct error *err)
{
    const struct {
        const char *name;
        str *to;
    } members[] = {{"IfMatch", &ret->if_match},
                   {"IfNoneMatch", &ret->if_none_match},
                   {"IfModifiedSince", &ret->if_modified_since},
                   {"IfUnmodifiedSince", &ret->if_unmodified_since}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *name = arena_cstr(a, arena_printf(a, "%s%s", prefix, members[i].name));
        if (s3_get_text(request, name, members[i].to, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

enum status s3_get_names(struct json_val request, str *ret_bucket, str *ret_key, struct error *err)
{
    if (s3_get_text(request, "Bucket", ret_bucket, err) != STATUS_OK ||
        s3_check_bucket_name(*ret_bucket, err) != STATUS_OK)
        return err->status;
    if (!ret_key)
        return STATUS_OK;
    if (s3_get_text(request, "Key", ret_key, err) != STATUS_OK)
        return err->status;
    return s3_check_key(*ret_key, err);
}

enum status s3_prepare_names(const struct service_call *c, struct json_val request, str *ret_args,
                             struct error *err)
{
    str bucket, key;
    struct buf text;
    bool has_key = json_get(request, STR("Key")).tag != JSON_UNDEFINED;
    if (s3_get_names(request, &bucket, has_key ? &key : NULL, err) != STATUS_OK)
        return err->status;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, request, 0, err);
    if (status == STATUS_OK)
        *ret_args = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return status == STATUS_OK ? STATUS_OK : s3_fail(S3_InvalidRequest, err);
}

/* ---- answers ---- */

struct json_val s3_quoted(struct arena *a, str etag)
{
    return json_string(arena_printf(a, "\"%.*s\"", STR_ARG(etag)), JSON_ASCII);
}

struct json_val s3_time_value(struct arena *a, int64_t ms)
{
    char text[S3_TIME_BYTES];
    s3_time_print(ms, text);
    return json_string(arena_dup(a, (str){text, sizeof(text)}), JSON_ASCII | JSON_PLAIN);
}

void s3_put_checksum_members(struct build *b, const struct s3_checksum *c)
{
    if (c->algorithm == S3_NO_ALGORITHM)
        return;
    build_put(b, s3_algorithm_member(c->algorithm), json_string(c->text, JSON_ASCII));
    build_text(b, "ChecksumType", c->is_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

enum status s3_reply(struct build *b, struct buf *reply, struct error *err)
{
    return json_write(reply, build_end(b), 0, err) == STATUS_OK ? STATUS_OK
                                                                : s3_fail(S3_InternalError, err);
}
