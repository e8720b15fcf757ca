/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations of the table in services/s3/service.h: headers, query and XML become the JSON request,
 * the JSON answer becomes headers and XML. One that reads is answered at once, one that writes when
 * it is durable.
 */
#include "api/s3_internal.h"
#include "base/check.h"
#include "json/parse.h"
#include "services/build.h"
#include "services/s3/xml.h"
#include <strings.h>

/* ---- members of requests ---- */

enum source { QUERY, HEADER };

static const struct {
    const char *operation;
    enum source source;
    const char *name, *member;
    bool is_number;
} fields[] = {
    {"AbortMultipartUpload", QUERY, "uploadId", "UploadId", false},
    {"CompleteMultipartUpload", QUERY, "uploadId", "UploadId", false},
    {"CompleteMultipartUpload", HEADER, "if-match", "IfMatch", false},
    {"CompleteMultipartUpload", HEADER, "if-none-match", "IfNoneMatch", false},
    {"CompleteMultipartUpload", HEADER, "x-amz-checksum-crc32", "ChecksumCRC32", false},
    {"CompleteMultipartUpload", HEADER, "x-amz-checksum-crc32c", "ChecksumCRC32C", false},
    {"CompleteMultipartUpload", HEADER, "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", false},
    {"CompleteMultipartUpload", HEADER, "x-amz-checksum-sha1", "ChecksumSHA1", false},
    {"CompleteMultipartUpload", HEADER, "x-amz-checksum-sha256", "ChecksumSHA256", false},
    {"CopyObject", HEADER, "x-amz-copy-source", "CopySource", false},
    {"CopyObject", HEADER, "x-amz-metadata-directive", "MetadataDirective", false},
    {"CopyObject", HEADER, "x-amz-copy-source-if-match", "CopySourceIfMatch", false},
    {"CopyObject", HEADER, "x-amz-copy-source-if-none-match", "CopySourceIfNoneMatch", false},
    {"CopyObject", HEADER, "x-amz-copy-source-if-modified-since", "CopySourceIfModifiedSince",
     false},
    {"CopyObject", HEADER, "x-amz-copy-source-if-unmodified-since", "CopySourceIfUnmodifiedSince",
     false},
    {"CopyObject", HEADER, "if-match", "IfMatch", false},
    {"CopyObject", HEADER, "if-none-match", "IfNoneMatch", false},
    {"CreateMultipartUpload", HEADER, "x-amz-checksum-algorithm", "ChecksumAlgorithm", false},
    {"CreateMultipartUpload", HEADER, "x-amz-checksum-type", "ChecksumType", false},
    {"DeleteObject", QUERY, "versionId", "VersionId", false},
    {"DeleteObject", HEADER, "if-match", "IfMatch", false},
    {"ListBuckets", QUERY, "prefix", "Prefix", false},
    {"ListBuckets", QUERY, "continuation-token", "ContinuationToken", false},
    {"ListBuckets", QUERY, "max-buckets", "MaxBuckets", true},
    {"ListMultipartUploads", QUERY, "prefix", "Prefix", false},
    {"ListMultipartUploads", QUERY, "delimiter", "Delimiter", false},
    {"ListMultipartUploads", QUERY, "key-marker", "KeyMarker", false},
    {"ListMultipartUploads", QUERY, "upload-id-marker", "UploadIdMarker", false},
    {"ListMultipartUploads", QUERY, "max-uploads", "MaxUploads", true},
    {"ListParts", QUERY, "uploadId", "UploadId", false},
    {"ListParts", QUERY, "part-number-marker", "PartNumberMarker", true},
    {"ListParts", QUERY, "max-parts", "MaxParts", true},
};

static enum status put_fields(struct api_s3_call *call, struct build *b, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        int64_t number;
        if (strcmp(fields[i].operation, call->route->operation) != 0)
            continue;
        if (fields[i].is_number) {
            if (api_s3_number(call, fields[i].name, -1, &number, err) != STATUS_OK)
                return err->status;
            if (number >= 0)
                build_put(b, fields[i].member, json_num((double)number));
            continue;
        }
        str value = fields[i].source == QUERY ? api_s3_query(call, fields[i].name)
                                              : api_s3_header(call, fields[i].name);
        if (value.p)
            build_put(b, fields[i].member, json_string(arena_dup(&call->arena, value), 0));
    }
    return STATUS_OK;
}

static enum status put_properties(struct api_s3_call *call, struct build *b, struct error *err)
{
    struct s3_properties p;
    struct build metadata;
    if (api_s3_properties(call, &p, err) != STATUS_OK)
        return err->status;
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        if (p.headers[h].p)
            build_put(b, s3_header_member(h), json_string(p.headers[h], 0));
    build_begin(&metadata, &call->arena);
    for (uint32_t i = 0; i < p.metadata_count; i++)
        json_obj_put(&metadata.object, p.metadata[i].name, 0, json_string(p.metadata[i].value, 0));
    build_put(b, "Metadata", build_end(&metadata));
    return STATUS_OK;
}

/* Is the body what its digests say? Objects are checked where they are put. */
static enum status check_body(struct api_s3_call *call, str body, struct error *err)
{
    char sum[S3_SUM_MAX], hex[2 * S3_SUM_MAX];
    enum s3_algorithm algorithm;
    str md5 = api_s3_header(call, "Content-MD5"), value;
    str sha256 = api_s3_content_sha256(call);
    if (md5.p) {
        s3_sum_of(&call->s3->kinds, S3_NO_ALGORITHM, body, sum);
        if (!str_eq(md5, s3_base64(&call->arena, (str){sum, S3_MD5_BYTES})))
            return s3_fail(S3_BadDigest, err);
    }
    if (sha256.p) {
        s3_sum_of(&call->s3->kinds, S3_SHA256, body, sum);
        s3_hex((str){sum, S3_SUM_MAX}, hex);
        if (sha256.n != sizeof(hex) || strncasecmp(sha256.p, hex, sizeof(hex)) != 0)
            return s3_fail(S3_XAmzContentSHA256Mismatch, err);
    }
    if (strcmp(call->route->operation, "CompleteMultipartUpload") == 0)
        return STATUS_OK; /* a checksum there is that of the object */
    if (api_s3_checksum(call, &algorithm, &value, err) != STATUS_OK)
        return err->status;
    if (!value.p)
        return STATUS_OK;
    size_t n = s3_sum_of(&call->s3->kinds, algorithm, body, sum);
    return str_eq(value, s3_base64(&call->arena, (str){sum, n})) ? STATUS_OK
                                                                 : s3_fail(S3_BadDigest, err);
}

/* The member that the body is. */
static const char *body_member(const char *operation)
{
    if (strcmp(operation, "CreateBucket") == 0)
        return "CreateBucketConfiguration";
    return strcmp(operation, "DeleteObjects") == 0 ? "Delete" : "MultipartUpload";
}

static enum status make_request(struct api_s3_call *call, str body, struct error *err)
{
    const char *operation = call->route->operation;
    bool has_properties =
        strcmp(operation, "CopyObject") == 0 || strcmp(operation, "CreateMultipartUpload") == 0;
    struct build b;
    struct json_val value;
    build_begin(&b, &call->arena);
    build_text(&b, "Bucket", call->bucket);
    build_text(&b, "Key", call->key);
    if (put_fields(call, &b, err) != STATUS_OK ||
        (has_properties && put_properties(call, &b, err) != STATUS_OK))
        return err->status;
    if (call->route->has_body) {
        if (check_body(call, body, err) != STATUS_OK ||
            s3_xml_read(str_of(operation), body, &call->arena, &value, err) != STATUS_OK)
            return err->status;
        build_put(&b, body_member(operation), value);
    }
    call->request = build_end(&b);
    return STATUS_OK;
}

/* ---- answers ---- */

static const struct {
    const char *operation, *member, *header;
} answer_headers[] = {
    {"CreateBucket", "Location", "Location"},
    {"HeadBucket", "BucketRegion", "x-amz-bucket-region"},
};

static void answer(struct api_s3_call *call, str reply)
{
    struct service_call c = call->unit.call;
    struct api_s3_headers h;
    struct error err;
    struct buf json, body;
    struct json_val value;
    c.arena = &call->arena;
    buf_init(&json, SIZE_MAX / 2);
    buf_init(&body, SIZE_MAX / 2);
    enum status status = service_answer(call->unit.operation, &c, reply, &json, &err);
    if (status == STATUS_OK)
        status = json_parse_in(&call->arena, buf_str(&json), NULL, &value, &err);
    if (status == STATUS_OK) {
        s3_xml_answer(&body, str_of(call->route->operation), value);
        api_s3_headers_begin(call, 0, &h);
        for (size_t i = 0; i < ARRAY_LEN(answer_headers); i++)
            if (strcmp(answer_headers[i].operation, call->route->operation) == 0)
                api_s3_add(&h, answer_headers[i].header,
                           build_get_text(value, answer_headers[i].member));
        api_s3_send_xml(call, call->route->status, &h, &body);
    } else {
        buf_done(&body);
        api_s3_fail(call, &err);
    }
    buf_done(&json);
}

void api_s3_call_back(struct api_s3_call *call)
{
    call->is_busy = false;
    if (!call->x)
        api_s3_settle(call);
    else if (call->unit.unit.status == STATUS_OK)
        answer(call, call->unit.unit.reply);
    else
        api_s3_fail(call, &call->unit.unit.error);
}

/* ---- requests ---- */

static void read_now(struct api_s3_call *call)
{
    struct error err;
    struct buf reply;
    buf_init(&reply, SIZE_MAX / 2);
    enum status status = call->unit.operation->run(
        &call->unit.call, s3_client_reader(call->s3->client), NULL, call->unit.args, &reply, &err);
    if (status == STATUS_OK)
        answer(call, buf_str(&reply));
    else
        api_s3_fail(call, &err);
    buf_done(&reply);
}

static void take_body(void *arg, struct http_exchange *x, str body)
{
    struct api_s3_call *call = arg;
    struct error err;
    (void)x;
    call->unit.operation = service_find(&s3_service, str_of(call->route->operation));
    check(call->unit.operation != NULL);
    call->unit.call = (struct service_call){.settings = &call->settings,
                                            .self = &call->s3->self,
                                            .now_ms = call->now_ms,
                                            .arena = &call->arena};
    enum status status = make_request(call, body, &err);
    if (status == STATUS_OK)
        status = service_prepare(call->unit.operation, &call->unit.call, call->request,
                                 &call->unit.args, &err);
    if (status != STATUS_OK)
        api_s3_fail(call, &err);
    else if (call->unit.operation->is_writing)
        api_s3_submit(call);
    else
        read_now(call);
}

void api_s3_call_begin(struct api_s3_call *call)
{
    if (call->route->has_body)
        http_exchange_gather(call->x, S3_XML_MAX_BYTES, take_body, call);
    else
        take_body(call, call->x, STR(""));
}
