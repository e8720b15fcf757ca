/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PutObject, UploadPart and UploadPartCopy: a body goes to the object service piece by piece as it
 * comes, perhaps out of aws-chunked, and is answered when it is durable. The disk is what holds a
 * client back: no piece is read before the one before it was written.
 */
#include "api/s3_internal.h"
#include "services/build.h"
#include "services/s3/list.h"
#include "services/s3/name.h"
#include "services/s3/xml.h"

/* ---- answers ---- */

static str quoted(struct arena *a, str etag)
{
    return arena_printf(a, "\"%.*s\"", STR_ARG(etag));
}

static void answer_put(struct api_s3_call *call, const struct s3_put_result *result)
{
    struct api_s3_headers h;
    const struct s3_checksum *sum = &result->checksum;
    api_s3_headers_begin(call, 0, &h);
    api_s3_add(&h, "ETag", quoted(&call->arena, result->etag));
    if (sum->algorithm != S3_NO_ALGORITHM) {
        api_s3_add(&h, s3_algorithm_header(sum->algorithm), sum->text);
        if (!call->route->parameter)
            api_s3_add(&h, "x-amz-checksum-type", STR("FULL_OBJECT"));
    }
    api_s3_send(call, &h, &(struct http_reply){.status = 200});
}

static void answer_copy(struct api_s3_call *call, const struct s3_put_result *result)
{
    struct api_s3_headers h;
    struct build outer, inner;
    struct buf body;
    char time[S3_TIME_BYTES];
    s3_time_print(call->now_ms, time);
    build_begin(&inner, &call->arena);
    build_text(&inner, "LastModified", (str){time, sizeof(time)});
    build_text(&inner, "ETag", quoted(&call->arena, result->etag));
    if (result->checksum.algorithm != S3_NO_ALGORITHM)
        build_text(&inner, s3_algorithm_member(result->checksum.algorithm), result->checksum.text);
    build_begin(&outer, &call->arena);
    build_put(&outer, "CopyPartResult", build_end(&inner));
    buf_init(&body, SIZE_MAX / 2);
    s3_xml_answer(&body, STR("UploadPartCopy"), build_end(&outer));
    api_s3_headers_begin(call, 0, &h);
    api_s3_send_xml(call, 200, &h, &body);
}

static void put_is_done(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct api_s3_call *call = arg;
    call->is_putting = false;
    if (!call->x) {
        api_s3_settle(call);
    } else if (err) {
        struct error said = *err;
        api_s3_fail(call, &said);
    } else if (api_s3_header(call, "x-amz-copy-source").p) {
        answer_copy(call, result);
    } else {
        answer_put(call, result);
    }
}

/* ---- the body ---- */

static enum status take_plain(struct api_s3_call *call, str piece, struct error *err)
{
    return s3_put_write(call->put, piece, err);
}

static enum status take_chunked(struct api_s3_call *call, str piece, struct error *err)
{
    while (piece.n > 0) {
        str bytes;
        if (s3_chunked_next(call->chunked, &piece, &bytes, err) != STATUS_OK ||
            s3_put_write(call->put, bytes, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

/* Behind the last piece: the trailers, and whether what was announced has come. */
static enum status take_trailers(struct api_s3_call *call, struct error *err)
{
    if (s3_chunked_finish(call->chunked, err) != STATUS_OK)
        return err->status;
    if (call->trailer == S3_NO_ALGORITHM)
        return STATUS_OK;
    str name = str_of(s3_algorithm_header(call->trailer));
    str value = s3_chunked_trailer(call->chunked, name);
    if (!value.p)
        return s3_fail(S3_MalformedTrailerError, err);
    s3_put_set_checksum(call->put, call->trailer, value);
    return STATUS_OK;
}

static void give_up(struct api_s3_call *call, struct error *err)
{
    s3_put_abort(call->put);
    call->put = NULL;
    api_s3_fail(call, err);
}

static void finish(struct api_s3_call *call)
{
    struct error err;
    if (call->chunked && take_trailers(call, &err) != STATUS_OK) {
        give_up(call, &err);
        return;
    }
    struct s3_put *put = call->put;
    call->put = NULL;
    call->is_putting = true;
    if (s3_put_finish(put, put_is_done, call, &err) == STATUS_OK)
        return;
    call->is_putting = false;
    api_s3_fail(call, &err);
}

static void take_piece(void *arg, struct http_exchange *x, str piece, bool is_last)
{
    struct api_s3_call *call = arg;
    struct error err;
    (void)x;
    if (!call->put)
        return; /* it was refused; the rest is of no interest */
    if (is_last)
        finish(call);
    else if ((call->chunked ? take_chunked(call, piece, &err) : take_plain(call, piece, &err)) !=
             STATUS_OK)
        give_up(call, &err);
}

/* ---- beginning ---- */

static bool is_chunked(const struct api_s3_call *call)
{
    return str_starts(api_s3_header(call, "x-amz-content-sha256"), STR("STREAMING-"));
}

/* How many bytes the object will have. */
static enum status read_length(struct api_s3_call *call, struct s3_put_request *q,
                               struct error *err)
{
    str decoded = api_s3_header(call, "x-amz-decoded-content-length");
    q->has_length = true;
    q->length = http_exchange_body_size(call->x);
    if (!is_chunked(call)) {
        bool is_said = q->length != HTTP_SIZE_UNKNOWN && api_s3_header(call, "Content-Length").p;
        return is_said ? STATUS_OK : s3_fail(S3_MissingContentLength, err);
    }
    q->length = 0;
    if (decoded.n == 0)
        return s3_fail(S3_MissingContentLength, err);
    for (size_t i = 0; i < decoded.n; i++) {
        if (decoded.p[i] < '0' || decoded.p[i] > '9' || decoded.n > 15)
            return s3_fail_with(S3_InvalidArgument, err,
                                "x-amz-decoded-content-length is not a number.");
        q->length = q->length * 10 + (uint64_t)(decoded.p[i] - '0');
    }
    return STATUS_OK;
}

static enum status read_part(struct api_s3_call *call, struct s3_put_request *q, struct error *err)
{
    int64_t number;
    q->upload_id = api_s3_query(call, "uploadId");
    if (!q->upload_id.p)
        return STATUS_OK;
    if (api_s3_number(call, "partNumber", 0, &number, err) != STATUS_OK)
        return err->status;
    q->part_number = (uint32_t)number;
    return STATUS_OK;
}

static enum status read_put(struct api_s3_call *call, struct s3_put_request *q, struct error *err)
{
    struct store_bucket bucket;
    *q = (struct s3_put_request){.bucket = call->bucket,
                                 .key = call->key,
                                 .content_md5 = api_s3_header(call, "Content-MD5"),
                                 .content_sha256 = api_s3_content_sha256(call),
                                 .now_ms = call->now_ms};
    api_s3_conditions(call, "", &q->conditions);
    q->conditions.if_modified_since = q->conditions.if_unmodified_since = (str){NULL, 0};
    if (api_s3_properties(call, &q->properties, err) != STATUS_OK ||
        api_s3_checksum(call, &q->algorithm, &q->checksum, err) != STATUS_OK ||
        read_part(call, q, err) != STATUS_OK)
        return err->status;
    return api_s3_find_bucket(call, &bucket, err); /* before a body comes for nothing */
}

static enum status begin_copy(struct api_s3_call *call, struct s3_put_request *q, str source,
                              struct error *err)
{
    struct s3_conditions conditions;
    api_s3_conditions(call, "x-amz-copy-source-", &conditions);
    q->content_md5 = q->content_sha256 = (str){NULL, 0};
    call->is_putting = true;
    enum status status =
        s3_part_copy(call->s3->client, q, source, &conditions,
                     api_s3_header(call, "x-amz-copy-source-range"), put_is_done, call, err);
    call->is_putting = status == STATUS_OK;
    return status;
}

/* By what is announced, as bodies that are half there cannot wait for each other. */
static enum status reserve(struct api_s3_call *call, const struct s3_put_request *q,
                           struct error *err)
{
    struct api_s3 *s = call->s3;
    uint64_t held = q->upload_id.p || q->length > S3_SEGMENT_BODY_MAX ? 0 : q->length;
    if (held > API_S3_HELD_BYTES - s->held)
        return s3_fail(S3_SlowDown, err);
    call->held = held;
    s->held += held;
    return STATUS_OK;
}

static enum status begin(struct api_s3_call *call, struct error *err)
{
    struct s3_put_request q;
    str source = api_s3_header(call, "x-amz-copy-source");
    if (read_put(call, &q, err) != STATUS_OK)
        return err->status;
    if (source.p)
        return begin_copy(call, &q, source, err);
    if (read_length(call, &q, err) != STATUS_OK || reserve(call, &q, err) != STATUS_OK)
        return err->status;
    if (is_chunked(call)) {
        call->trailer = q.checksum.p ? S3_NO_ALGORITHM : q.algorithm;
        if (!api_s3_header(call, "x-amz-trailer").p)
            call->trailer = S3_NO_ALGORITHM;
        call->chunked = arena_alloc(&call->arena, sizeof(*call->chunked));
        s3_chunked_init(call->chunked);
    }
    if (s3_put_begin(call->s3->client, &q, &call->put, err) != STATUS_OK)
        return err->status;
    http_exchange_stream(call->x, take_piece, call);
    return STATUS_OK;
}

void api_s3_put_begin(struct api_s3_call *call)
{
    struct error err;
    if (begin(call, &err) != STATUS_OK)
        api_s3_fail(call, &err);
}
