/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads in parts. */
#include "support.h"
#include "services/s3/name.h"
#include "store/tx.h"
#include <stdio.h>
#include <stdlib.h>

static str begin(struct world *w, const char *key, const char *more)
{
    char request[256];
    snprintf(request, sizeof(request), "{'Bucket': 'bucket', 'Key': '%s'%s}", key, more);
    return member(w, do_op(w, "CreateMultipartUpload", request), "UploadId");
}

static const char *try_part(struct world *w, str upload, const char *key, uint32_t number, str body,
                            enum s3_algorithm algorithm, char etag[64])
{
    struct s3_put_request q = {.bucket = STR("bucket"),
                               .key = str_of(key),
                               .upload_id = upload,
                               .part_number = number,
                               .algorithm = algorithm,
                               .now_ms = TEST_NOW_MS};
    return try_put(w, &q, body, 1 << 20, etag);
}

static void put_part(struct world *w, str upload, uint32_t number, str body, char etag[64])
{
    const char *error = try_part(w, upload, "big", number, body, S3_CRC32, etag);
    if (error)
        fail_msg("part %u: %s", number, error);
}

struct listed {
    uint32_t number;
    const char *etag;
};

static str try_complete(struct world *w, str upload, const struct listed *parts, size_t count)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b,
               "{'Bucket': 'bucket', 'Key': 'big', 'UploadId': '%.*s', 'MultipartUpload': "
               "{'Parts': [",
               STR_ARG(upload));
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s{'PartNumber': %u, 'ETag': '%s'}", i > 0 ? ", " : "", parts[i].number,
                   parts[i].etag);
    buf_add(&b, STR("]}}"));
    buf_add_byte(&b, '\0');
    str answer = try_op(w, "CompleteMultipartUpload", b.p);
    buf_done(&b);
    return answer;
}

static void parts_make_an_object(void **state)
{
    struct world *w = *state;
    char etags[3][64];
    str upload = begin(w, "big",
                       ", 'ContentType': 'text/csv', 'Metadata': {'M': '1'}, 'ChecksumAlgorithm': "
                       "'CRC32', 'ChecksumType': 'FULL_OBJECT'");
    put_part(w, upload, 2, STR("end"), etags[1]);
    put_part(w, upload, 1, filled(w, 'a', S3_PART_MIN), etags[0]);
    put_part(w, upload, 7, STR("left out"), etags[2]);
    str answer = try_complete(w, upload, (struct listed[]){{1, etags[0]}, {2, etags[1]}}, 2);
    assert_string_equal(w->error, "");
    str read = get(w, "big");
    assert_int_equal(read.n, S3_PART_MIN + 3);
    assert_true(str_ends(read, STR("aend")));
    struct s3_hash_kinds kinds;
    struct error err;
    char sum[S3_SUM_MAX];
    assert_ok(s3_hash_kinds_init(&kinds, &err)); /* joined CRCs are that of the whole */
    str whole = s3_base64(&w->a, (str){sum, s3_sum_of(&kinds, S3_CRC32, read, sum)});
    s3_hash_kinds_done(&kinds);
    assert_true(str_eq(member(w, answer, "ChecksumCRC32"), whole));
    assert_str(member(w, answer, "ChecksumType"), "FULL_OBJECT");
    str head = do_op(w, "HeadObject", "{'Bucket': 'bucket', 'Key': 'big'}");
    assert_true(str_ends(member(w, head, "ETag"), STR("-2\"")));
    assert_str(member(w, head, "ContentType"), "text/csv");
    assert_str(member(w, head, "Metadata.m"), "1");
    str part = do_op(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'big', 'PartNumber': 2}");
    assert_str(member(w, part, "Body"), "end");
    assert_str(member(w, part, "PartsCount"), "2");
    part = do_op(w, "GetObject",
                 "{'Bucket': 'bucket', 'Key': 'big', 'Range': "
                 "'bytes=5242878-5242881'}");
    assert_str(member(w, part, "Body"), "aaen");
    assert_op_fails(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'big', 'PartNumber': 3}",
                    "InvalidPartNumber");
    store_collector_settle(w->store);
    assert_true(str_ends(get(w, "big"), STR("aend")));
}

static void the_etag_is_that_of_the_parts(void **state)
{
    struct world *w = *state;
    char etag[64];
    str upload = begin(w, "big", "");
    put_part(w, upload, 1, STR("hello"), etag);
    assert_string_equal(etag, "5d41402abc4b2a76b9719d911017c592");
    str answer = try_complete(w, upload, (struct listed[]){{1, etag}}, 1);
    /* printf 5d41… | xxd -r -p | md5sum */
    assert_str(member(w, answer, "ETag"), "\"62109206880d38a4010a98e11243924a-1\"");
}

static void lists_that_do_not_fit_are_refused(void **state)
{
    struct world *w = *state;
    char a[64], b[64];
    str upload = begin(w, "big", "");
    put_part(w, upload, 1, STR("small"), a);
    put_part(w, upload, 2, STR("last"), b);
    try_complete(w, upload, (struct listed[]){{1, a}, {2, b}}, 2);
    assert_string_equal(w->error, "EntityTooSmall");
    try_complete(w, upload, (struct listed[]){{2, b}, {1, a}}, 2);
    assert_string_equal(w->error, "InvalidPartOrder");
    try_complete(w, upload, (struct listed[]){{1, b}}, 1);
    assert_string_equal(w->error, "InvalidPart");
    try_complete(w, upload, (struct listed[]){{3, a}}, 1);
    assert_string_equal(w->error, "InvalidPart");
    try_complete(w, upload, NULL, 0);
    assert_string_equal(w->error, "MalformedXML");
    try_complete(w, STR("u0000000000000001"), (struct listed[]){{1, a}}, 1);
    assert_string_equal(w->error, "NoSuchUpload");
    try_complete(w, STR("nonsense"), (struct listed[]){{1, a}}, 1);
    assert_string_equal(w->error, "NoSuchUpload");
    try_complete(w, upload, (struct listed[]){{2, b}}, 1); /* a refusal has changed nothing */
    assert_string_equal(w->error, "");
    assert_str(get(w, "big"), "last");
    try_complete(w, upload, (struct listed[]){{2, b}}, 1);
    assert_string_equal(w->error, "NoSuchUpload");
}

static void numbers_of_parts_go_from_1_to_10000(void **state)
{
    struct world *w = *state;
    char etag[64];
    str upload = begin(w, "big", "");
    assert_string_equal(try_part(w, upload, "big", 0, STR("x"), S3_NO_ALGORITHM, etag),
                        "InvalidArgument");
    assert_string_equal(try_part(w, upload, "big", 10001, STR("x"), S3_NO_ALGORITHM, etag),
                        "InvalidArgument");
    assert_null(try_part(w, upload, "big", 10000, STR("x"), S3_NO_ALGORITHM, etag));
    assert_string_equal(try_part(w, upload, "other", 1, STR("x"), S3_NO_ALGORITHM, etag),
                        "NoSuchUpload");
}

/* Rows as of parts that were put, in one unit: ten thousand files are not needed to count them. */
static enum status add_parts(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    int64_t upload;
    (void)scratch;
    memcpy(&upload, args.p, sizeof(upload));
    for (uint32_t i = 1; i <= S3_PARTS_MAX; i++) {
        struct store_part part = {.upload = upload,
                                  .number = i,
                                  .size = S3_PART_MIN,
                                  .etag = STR("d41d8cd98f00b204e9800998ecf8427e"),
                                  .file = store_tx_new_id(tx)};
        if (store_tx_put_part(tx, &part, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static void ten_thousand_parts_are_completed(void **state)
{
    struct world *w = *state;
    struct error err;
    static struct listed parts[S3_PARTS_MAX];
    str upload = begin(w, "big", "");
    int64_t id = (int64_t)strtoull(arena_cstr(&w->a, str_sub(upload, 1, 17)), NULL, 16);
    struct store_unit u = {.run = add_parts, .args = {(const char *)&id, sizeof(id)}};
    assert_ok(store_perform(w->units, &u, &err));
    for (uint32_t i = 0; i < S3_PARTS_MAX; i++)
        parts[i] = (struct listed){i + 1, "d41d8cd98f00b204e9800998ecf8427e"};
    str answer = try_complete(w, upload, parts, S3_PARTS_MAX);
    assert_string_equal(w->error, "");
    assert_true(str_ends(member(w, answer, "ETag"), STR("-10000\"")));
    assert_str(
        member(w, do_op(w, "HeadObject", "{'Bucket': 'bucket', 'Key': 'big'}"), "ContentLength"),
        "52428800000");
}

static void parts_and_uploads_are_listed_in_pages(void **state)
{
    struct world *w = *state;
    char etag[64], request[256];
    str upload = begin(w, "big", "");
    for (uint32_t i = 1; i <= 3; i++)
        put_part(w, upload, i * 2, STR("x"), etag);
    snprintf(request, sizeof(request),
             "{'Bucket': 'bucket', 'Key': 'big', 'UploadId': '%.*s', 'MaxParts': 2}",
             STR_ARG(upload));
    str page = do_op(w, "ListParts", request);
    assert_str(member(w, page, "Parts.0.PartNumber"), "2");
    assert_str(member(w, page, "Parts.1.ETag"), "\"9dd4e461268c8034f5c8564e155c67a6\"");
    assert_str(member(w, page, "NextPartNumberMarker"), "4");
    assert_str(member(w, page, "IsTruncated"), "true");
    snprintf(request, sizeof(request),
             "{'Bucket': 'bucket', 'Key': 'big', 'UploadId': '%.*s', 'PartNumberMarker': 4}",
             STR_ARG(upload));
    page = do_op(w, "ListParts", request);
    assert_str(member(w, page, "Parts.0.PartNumber"), "6");
    assert_str(member(w, page, "IsTruncated"), "false");
    begin(w, "dir/a", "");
    begin(w, "dir/b", "");
    page = do_op(w, "ListMultipartUploads", "{'Bucket': 'bucket', 'Delimiter': '/'}");
    assert_str(member(w, page, "Uploads.0.Key"), "big");
    assert_str(member(w, page, "CommonPrefixes.0.Prefix"), "dir/");
    assert_null(member(w, page, "CommonPrefixes.1.Prefix").p);
    page = do_op(w, "ListMultipartUploads", "{'Bucket': 'bucket', 'MaxUploads': 2}");
    assert_str(member(w, page, "NextKeyMarker"), "dir/a");
    snprintf(request, sizeof(request),
             "{'Bucket': 'bucket', 'KeyMarker': 'dir/a', 'UploadIdMarker': '%.*s'}",
             STR_ARG(member(w, page, "NextUploadIdMarker")));
    page = do_op(w, "ListMultipartUploads", request);
    assert_str(member(w, page, "Uploads.0.Key"), "dir/b");
    assert_null(member(w, page, "Uploads.1.Key").p);
}

static void an_aborted_upload_is_gone(void **state)
{
    struct world *w = *state;
    char request[256], etag[64];
    str upload = begin(w, "big", "");
    put_part(w, upload, 1, STR("x"), etag);
    snprintf(request, sizeof(request), "{'Bucket': 'bucket', 'Key': 'big', 'UploadId': '%.*s'}",
             STR_ARG(upload));
    do_op(w, "AbortMultipartUpload", request);
    assert_op_fails(w, "AbortMultipartUpload", request, "NoSuchUpload");
    assert_string_equal(try_part(w, upload, "big", 1, STR("x"), S3_NO_ALGORITHM, etag),
                        "NoSuchUpload");
    assert_str(member(w, do_op(w, "ListMultipartUploads", "{'Bucket': 'bucket'}"), "IsTruncated"),
               "false");
}

static void composite_checksums_are_sums_of_sums(void **state)
{
    struct world *w = *state;
    char etags[2][64];
    str upload = begin(w, "big", ", 'ChecksumAlgorithm': 'SHA256'");
    assert_null(try_part(w, upload, "big", 1, filled(w, 'a', S3_PART_MIN), S3_SHA256, etags[0]));
    assert_null(try_part(w, upload, "big", 2, STR("b"), S3_SHA256, etags[1]));
    str answer = try_complete(w, upload, (struct listed[]){{1, etags[0]}, {2, etags[1]}}, 2);
    assert_true(str_ends(member(w, answer, "ChecksumSHA256"), STR("-2")));
    assert_str(member(w, answer, "ChecksumType"), "COMPOSITE");
    assert_op_fails(w, "CreateMultipartUpload",
                    "{'Bucket': 'bucket', 'Key': 'k', 'ChecksumAlgorithm': 'SHA256', "
                    "'ChecksumType': 'FULL_OBJECT'}",
                    "InvalidRequest");
    upload = begin(w, "big", ", 'ChecksumAlgorithm': 'CRC64NVME'");
    put_part(w, upload, 1, STR("x"), etags[0]); /* with another one */
    try_complete(w, upload, (struct listed[]){{1, etags[0]}}, 1);
    assert_string_equal(w->error, "InvalidRequest");
}

/* ---- parts made of objects ---- */

struct outcome {
    bool is_done;
    char error[64], etag[64];
};

static void on_part(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct outcome *o = arg;
    o->is_done = true;
    snprintf(o->error, sizeof(o->error), "%s", err ? err->name : "");
    if (result)
        snprintf(o->etag, sizeof(o->etag), "%.*s", STR_ARG(result->etag));
}

static void a_part_is_made_of_a_range_of_an_object(void **state)
{
    struct world *w = *state;
    struct error err;
    struct outcome o = {0};
    struct s3_conditions none = {0};
    put(w, "source", STR("0123456789"));
    str upload = begin(w, "big", "");
    struct s3_put_request q = {.bucket = STR("bucket"),
                               .key = STR("big"),
                               .upload_id = upload,
                               .part_number = 1,
                               .algorithm = S3_NO_ALGORITHM};
    assert_ok(s3_part_copy(w->client, &q, STR("bucket/source"), &none, STR("bytes=3-5"), on_part,
                           &o, &err));
    while (!o.is_done) {
        s3_client_wait(w->client);
        s3_client_turn(w->client);
    }
    assert_string_equal(o.error, "");
    try_complete(w, upload, (struct listed[]){{1, o.etag}}, 1);
    assert_str(get(w, "big"), "345");
    assert_int_equal(
        s3_part_copy(w->client, &q, STR("bucket/no"), &none, (str){NULL, 0}, on_part, &o, &err),
        STATUS_NOT_FOUND);
    assert_string_equal(err.name, "NoSuchKey");
    assert_int_equal(s3_part_copy(w->client, &q, STR("bucket/source"), &none, STR("bytes=20-30"),
                                  on_part, &o, &err),
                     STATUS_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(parts_make_an_object),
        T(the_etag_is_that_of_the_parts),
        T(lists_that_do_not_fit_are_refused),
        T(numbers_of_parts_go_from_1_to_10000),
        T(ten_thousand_parts_are_completed),
        T(parts_and_uploads_are_listed_in_pages),
        T(an_aborted_upload_is_gone),
        T(composite_checksums_are_sums_of_sums),
        T(a_part_is_made_of_a_range_of_an_object),
    };
    return cmocka_run_group_tests_name("services/s3/uploads", tests, NULL, NULL);
}
