/* SPDX-License-Identifier: Apache-2.0 */
/* The operations as JSON, as workflows and the HTTP door call them. */
#include "support.h"
#include "services/build.h"
#include "services/s3/list.h"
#include <stdio.h>

/* ---- buckets ---- */

static void buckets_come_and_go(void **state)
{
    struct world *w = *state;
    assert_str(member(w, do_op(w, "CreateBucket", "{'Bucket': 'other'}"), "Location"), "/other");
    do_op(w, "CreateBucket", "{'Bucket': 'other'}"); /* in us-east-1 it is done already */
    str list = do_op(w, "ListBuckets", "{}");
    assert_str(member(w, list, "Buckets.0.Name"), "bucket");
    assert_str(member(w, list, "Buckets.1.Name"), "other");
    assert_str(member(w, list, "Buckets.1.CreationDate"), "2025-11-25T00:00:00Z");
    assert_null(member(w, list, "Buckets.1.BucketRegion").p); /* who asked for nothing */
    assert_str(member(w, do_op(w, "HeadBucket", "{'Bucket': 'other'}"), "BucketRegion"),
               "us-east-1");
    assert_str(do_op(w, "GetBucketLocation", "{'Bucket': 'other'}"), "{}");
    do_op(w, "DeleteBucket", "{'Bucket': 'other'}");
    assert_op_fails(w, "HeadBucket", "{'Bucket': 'other'}", "NoSuchBucket");
    assert_op_fails(w, "DeleteBucket", "{'Bucket': 'other'}", "NoSuchBucket");
    assert_op_fails(w, "CreateBucket", "{'Bucket': 'No'}", "InvalidBucketName");
    assert_op_fails(w, "CreateBucket",
                    "{'Bucket': 'far', 'CreateBucketConfiguration': {'LocationConstraint': "
                    "'eu-west-1'}}",
                    "IllegalLocationConstraintException");
    w->settings.region = STR("eu-west-1");
    assert_op_fails(w, "CreateBucket", "{'Bucket': 'bucket'}", "BucketAlreadyOwnedByYou");
    assert_str(
        member(w, do_op(w, "GetBucketLocation", "{'Bucket': 'bucket'}"), "LocationConstraint"),
        "eu-west-1");
}

static void a_bucket_that_is_not_empty_stays(void **state)
{
    struct world *w = *state;
    put(w, "k", STR("v"));
    assert_op_fails(w, "DeleteBucket", "{'Bucket': 'bucket'}", "BucketNotEmpty");
    do_op(w, "DeleteObject", "{'Bucket': 'bucket', 'Key': 'k'}");
    do_op(w, "DeleteBucket", "{'Bucket': 'bucket'}");
}

static void buckets_are_listed_in_pages(void **state)
{
    struct world *w = *state;
    do_op(w, "CreateBucket", "{'Bucket': 'aaa'}");
    do_op(w, "CreateBucket", "{'Bucket': 'bbb'}");
    str page = do_op(w, "ListBuckets", "{'MaxBuckets': 2}");
    assert_str(member(w, page, "Buckets.1.Name"), "bbb");
    assert_str(member(w, page, "ContinuationToken"), "bbb");
    assert_str(member(w, page, "Buckets.1.BucketRegion"), "us-east-1");
    page = do_op(w, "ListBuckets", "{'MaxBuckets': 2, 'ContinuationToken': 'bbb'}");
    assert_str(member(w, page, "Buckets.0.Name"), "bucket");
    assert_null(member(w, page, "ContinuationToken").p);
    page = do_op(w, "ListBuckets", "{'Prefix': 'b'}");
    assert_str(member(w, page, "Buckets.0.Name"), "bbb");
    assert_op_fails(w, "ListBuckets", "{'MaxBuckets': 0}", "InvalidArgument");
}

/* ---- values ---- */

static void a_value_is_kept_as_its_json(void **state)
{
    struct world *w = *state;
    str answer = do_op(w, "PutObject", "{'Bucket': 'bucket', 'Key': 'k', 'Body': 'text data'}");
    assert_str(member(w, answer, "ETag"), "\"2b5df3712557f503a9977a8ea893b2c9\"");
    assert_str(member(w, answer, "ChecksumType"), "FULL_OBJECT");
    assert_non_null(member(w, answer, "ChecksumCRC32").p);
    assert_str(get(w, "k"), "\"text data\"");
    str read = do_op(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'k'}");
    assert_str(member(w, read, "Body"), "\"text data\"");
    assert_str(member(w, read, "ContentLength"), "11");
    assert_str(member(w, read, "ContentType"), "text/plain; charset=UTF-8");
    assert_str(member(w, read, "AcceptRanges"), "bytes");
    assert_str(member(w, read, "LastModified"), "2025-11-25T00:00:00Z");
    do_op(w, "PutObject", "{'Bucket': 'bucket', 'Key': 'k', 'Body': {'a': [1, false]}}");
    assert_str(get(w, "k"), "{\"a\":[1,false]}");
    do_op(w, "PutObject", "{'Bucket': 'bucket', 'Key': 'k'}");
    assert_str(member(w, do_op(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'k'}"), "Body"), "");
}

static void large_values_go_to_files(void **state)
{
    struct world *w = *state;
    struct buf b;
    buf_init(&b, 40 << 20);
    buf_add(&b, STR("{\"Bucket\": \"bucket\", \"Key\": \"big\", \"Body\": \""));
    buf_add_fill(&b, 'x', 17 << 20);
    buf_add(&b, STR("\"}"));
    buf_add_byte(&b, '\0');
    do_op(w, "PutObject", b.p);
    assert_int_equal(get(w, "big").n, (17 << 20) + 2);
    buf_done(&b);
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    struct world *w = *state;
    put(w, "bin", STR("a\xFF\xFE\xC3\xA9z"));
    str read = do_op(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'bin'}");
    assert_str(member(w, read, "Body"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9z");
}

static void properties_stay_with_the_object(void **state)
{
    struct world *w = *state;
    do_op(w, "PutObject",
          "{'Bucket': 'bucket', 'Key': 'k', 'Body': 1, 'ContentType': 'text/csv', 'CacheControl': "
          "'no-store', 'Metadata': {'Colour': 'blue'}}");
    str head =
        do_op(w, "HeadObject", "{'Bucket': 'bucket', 'Key': 'k', 'ChecksumMode': 'ENABLED'}");
    assert_str(member(w, head, "ContentType"), "text/csv");
    assert_str(member(w, head, "CacheControl"), "no-store");
    assert_str(member(w, head, "Metadata.colour"), "blue");
    assert_str(member(w, head, "ChecksumCRC32"), "g9zvtw==");
    assert_op_fails(w, "PutObject", "{'Bucket': 'bucket', 'Key': 'k', 'Metadata': {'a': 1}}",
                    "InvalidArgument");
}

/* Refuses after the operation has done its part, as a group does that fails. */
static enum status run_and_fail(struct store_tx *tx, str args, struct arena *scratch,
                                struct error *err)
{
    struct service_unit *u = (struct service_unit *)(uintptr_t)args.p;
    struct service_call call = u->call;
    struct buf reply;
    call.arena = scratch;
    buf_init(&reply, 10000);
    enum status status = u->operation->run(&call, store_tx_reader(tx), tx, u->args, &reply, err);
    buf_done(&reply);
    return status == STATUS_OK ? error_set(err, STATUS_IO, "StoreIo", "the disk failed") : status;
}

static void a_put_whose_group_failed_can_be_run_again(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        struct error err;
        struct json_val body = json_string(i == 0 ? STR("small") : filled(w, 'x', 17 << 20), 0);
        struct build b;
        build_begin(&b, &w->a);
        build_text(&b, "Bucket", STR("bucket"));
        build_text(&b, "Key", STR("k"));
        build_put(&b, "Body", body);
        struct service_unit u = {
            .operation = service_find(&s3_service, STR("PutObject")),
            .call = {
                .settings = &w->settings, .self = &w->self, .now_ms = TEST_NOW_MS, .arena = &w->a}};
        assert_ok(service_prepare(u.operation, &u.call, build_end(&b), &u.args, &err));
        for (int times = 0; times < 2; times++) {
            struct store_unit failing = {.run = run_and_fail,
                                         .args = {(const char *)&u, sizeof(u)}};
            assert_int_equal(store_perform(w->units, &failing, &err), STATUS_IO);
            store_unit_done(&failing);
        }
        service_unit_init(&u);
        assert_ok(store_perform(w->units, &u.unit, &err));
        store_unit_done(&u.unit);
        assert_int_equal(get(w, "k").n, json_str(body).n + 2);
    }
    struct error err;
    assert_ok(store_verify(w->reader, &err));
}

static void keys_that_are_not_there_are_told(void **state)
{
    struct world *w = *state;
    assert_op_fails(w, "GetObject", "{'Bucket': 'bucket', 'Key': 'no'}", "NoSuchKey");
    assert_op_fails(w, "HeadObject", "{'Bucket': 'bucket', 'Key': 'no'}", "NoSuchKey");
    assert_op_fails(w, "GetObject", "{'Bucket': 'nowhere', 'Key': 'no'}", "NoSuchBucket");
    assert_op_fails(w, "PutObject", "{'Bucket': 'nowhere', 'Key': 'no', 'Body': 1}",
                    "NoSuchBucket");
    assert_op_fails(w, "GetObject", "{'Bucket': 'bucket'}", "InvalidArgument");
    do_op(w, "DeleteObject", "{'Bucket': 'bucket', 'Key': 'no'}");
}

static void puts_can_be_conditional(void **state)
{
    struct world *w = *state;
    const char *is_new = "{'Bucket': 'bucket', 'Key': 'k', 'Body': 1, 'IfNoneMatch': '*'}";
    do_op(w, "PutObject", is_new);
    assert_op_fails(w, "PutObject", is_new, "PreconditionFailed");
    do_op(w, "PutObject",
          "{'Bucket': 'bucket', 'Key': 'k', 'Body': 2, 'IfMatch': "
          "'c4ca4238a0b923820dcc509a6f75849b'}");
    assert_op_fails(w, "PutObject", "{'Bucket': 'bucket', 'Key': 'k', 'Body': 3, 'IfMatch': 'x'}",
                    "PreconditionFailed");
    assert_op_fails(w, "DeleteObject", "{'Bucket': 'bucket', 'Key': 'k', 'IfMatch': 'x'}",
                    "PreconditionFailed");
    assert_str(get(w, "k"), "2");
}

/* ---- deleting and copying ---- */

static void many_keys_are_deleted_at_once(void **state)
{
    struct world *w = *state;
    put(w, "a", STR("1"));
    put(w, "b", STR("2"));
    str answer = do_op(w, "DeleteObjects",
                       "{'Bucket': 'bucket', 'Delete': {'Objects': [{'Key': 'a'}, {'Key': 'no'}, "
                       "{'Key': 'b', 'ETag': 'x'}, {'Key': ''}]}}");
    assert_str(member(w, answer, "Deleted.0.Key"), "a");
    assert_str(member(w, answer, "Deleted.1.Key"), "no");
    assert_str(member(w, answer, "Errors.0.Key"), "b");
    assert_str(member(w, answer, "Errors.0.Code"), "PreconditionFailed");
    assert_str(member(w, answer, "Errors.1.Code"), "InvalidArgument");
    assert_str(get(w, "b"), "2");
    assert_str(do_op(w, "DeleteObjects",
                     "{'Bucket': 'bucket', 'Delete': {'Objects': [{'Key': 'b'}], 'Quiet': true}}"),
               "{}");
    assert_op_fails(w, "DeleteObjects", "{'Bucket': 'bucket', 'Delete': {'Objects': []}}",
                    "MalformedXML");
}

static void a_copy_has_the_bytes_and_its_own_life(void **state)
{
    struct world *w = *state;
    do_op(w, "CreateBucket", "{'Bucket': 'other'}");
    do_op(w, "PutObject",
          "{'Bucket': 'bucket', 'Key': 'a b', 'Body': 'x', 'Metadata': {'m': '1'}}");
    str answer =
        do_op(w, "CopyObject", "{'Bucket': 'other', 'Key': 'c', 'CopySource': '/bucket/a%20b'}");
    assert_non_null(member(w, answer, "CopyObjectResult.ETag").p);
    do_op(w, "DeleteObject", "{'Bucket': 'bucket', 'Key': 'a b'}");
    str read = do_op(w, "GetObject", "{'Bucket': 'other', 'Key': 'c'}");
    assert_str(member(w, read, "Body"), "\"x\"");
    assert_str(member(w, read, "Metadata.m"), "1");
    assert_op_fails(w, "CopyObject", "{'Bucket': 'other', 'Key': 'c', 'CopySource': 'other/c'}",
                    "InvalidRequest");
    do_op(w, "CopyObject",
          "{'Bucket': 'other', 'Key': 'c', 'CopySource': 'other/c', 'MetadataDirective': "
          "'REPLACE', 'Metadata': {'n': '2'}}");
    read = do_op(w, "HeadObject", "{'Bucket': 'other', 'Key': 'c'}");
    assert_str(member(w, read, "Metadata.n"), "2");
    assert_null(member(w, read, "Metadata.m").p);
    assert_op_fails(w, "CopyObject", "{'Bucket': 'other', 'Key': 'd', 'CopySource': 'other/no'}",
                    "NoSuchKey");
    assert_op_fails(w, "CopyObject", "{'Bucket': 'other', 'Key': 'd', 'CopySource': 'nothing'}",
                    "InvalidArgument");
    assert_op_fails(w, "CopyObject",
                    "{'Bucket': 'other', 'Key': 'd', 'CopySource': 'other/c', "
                    "'CopySourceIfNoneMatch': '*'}",
                    "PreconditionFailed");
}

/* ---- listing ---- */

static void put_keys(struct world *w)
{
    static const char *const keys[] = {"a.txt",   "dir/1", "dir/2",        "dir/sub/3",
                                       "e f.txt", "z/1",   "\xC3\xBC.txt", "Z"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        put(w, keys[i], STR("x"));
}

/* "key key | prefix prefix" of all pages, a blank between two. */
static str list_all(struct world *w, const char *operation, const char *members, unsigned page,
                    const char *token_in, const char *token_out)
{
    struct buf b;
    str token = {NULL, 0};
    buf_init(&b, 10000);
    for (int pages = 0; pages < 100; pages++) {
        struct buf request;
        buf_init(&request, 10000);
        buf_printf(&request, "{'Bucket': 'bucket', 'MaxKeys': %u%s", page, members);
        if (token.p)
            buf_printf(&request, ", '%s': '%.*s'", token_in, STR_ARG(token));
        buf_add(&request, STR("}"));
        buf_add_byte(&request, '\0');
        str answer = do_op(w, operation, request.p);
        buf_done(&request);
        char path[64];
        for (int i = 0;; i++) {
            snprintf(path, sizeof(path), "Contents.%d.Key", i);
            str key = member(w, answer, path);
            if (!key.p)
                break;
            buf_printf(&b, "%.*s ", STR_ARG(key));
        }
        for (int i = 0;; i++) {
            snprintf(path, sizeof(path), "CommonPrefixes.%d.Prefix", i);
            str key = member(w, answer, path);
            if (!key.p)
                break;
            buf_printf(&b, "[%.*s] ", STR_ARG(key));
        }
        bool is_truncated = str_eq(member(w, answer, "IsTruncated"), STR("true"));
        token = member(w, answer, token_out);
        if (!is_truncated)
            break;
        assert_non_null(token.p);
        buf_add(&b, STR("/ "));
    }
    str ret = arena_dup(&w->a, buf_str(&b));
    buf_done(&b);
    return ret;
}

static str list_v2(struct world *w, const char *members, unsigned page)
{
    return list_all(w, "ListObjectsV2", members, page, "ContinuationToken",
                    "NextContinuationToken");
}

static void keys_are_listed_by_prefix_and_delimiter(void **state)
{
    struct world *w = *state;
    put_keys(w);
    assert_str(list_v2(w, "", 1000), "Z a.txt dir/1 dir/2 dir/sub/3 e f.txt z/1 \xC3\xBC.txt ");
    assert_str(list_v2(w, ", 'Delimiter': '/'", 1000), "Z a.txt e f.txt \xC3\xBC.txt [dir/] [z/] ");
    assert_str(list_v2(w, ", 'Delimiter': '/', 'Prefix': 'dir/'", 1000), "dir/1 dir/2 [dir/sub/] ");
    assert_str(list_v2(w, ", 'Prefix': 'dir/s'", 1000), "dir/sub/3 ");
    assert_str(list_v2(w, ", 'Delimiter': '.t'", 1000),
               "Z dir/1 dir/2 dir/sub/3 z/1 [a.t] [e f.t] [\xC3\xBC.t] ");
    assert_str(list_v2(w, ", 'StartAfter': 'dir/1'", 1000),
               "dir/2 dir/sub/3 e f.txt z/1 \xC3\xBC.txt ");
    assert_str(list_v2(w, ", 'StartAfter': 'dir/1', 'Delimiter': '/'", 1000),
               "e f.txt \xC3\xBC.txt [dir/] [z/] ");
    assert_str(list_v2(w, ", 'Prefix': 'nothing'", 1000), "");
}

static void pages_of_any_size_show_everything_once(void **state)
{
    struct world *w = *state;
    put_keys(w);
    assert_str(list_v2(w, "", 3), "Z a.txt dir/1 / dir/2 dir/sub/3 e f.txt / z/1 \xC3\xBC.txt ");
    assert_str(list_v2(w, ", 'Delimiter': '/'", 1),
               "Z / a.txt / [dir/] / e f.txt / [z/] / \xC3\xBC.txt ");
    assert_str(list_v2(w, ", 'Delimiter': '/'", 3), "Z a.txt [dir/] / e f.txt \xC3\xBC.txt [z/] ");
    assert_str(list_all(w, "ListObjects", ", 'Delimiter': '/'", 2, "Marker", "NextMarker"),
               "Z a.txt / e f.txt [dir/] / \xC3\xBC.txt [z/] ");
}

static void answers_of_lists_have_their_members(void **state)
{
    struct world *w = *state;
    put_keys(w);
    str answer = do_op(w, "ListObjectsV2",
                       "{'Bucket': 'bucket', 'Prefix': 'e', 'EncodingType': 'url', 'FetchOwner': "
                       "true}");
    assert_str(answer,
               "{\"Name\":\"bucket\",\"Prefix\":\"e\",\"MaxKeys\":1000,\"EncodingType\":\"url\","
               "\"Contents\":[{\"Key\":\"e%20f.txt\",\"LastModified\":\"2025-11-25T00:00:00Z\","
               "\"ETag\":\"\\\"9dd4e461268c8034f5c8564e155c67a6\\\"\",\"Size\":1,\"Owner\":"
               "{\"DisplayName\":\"afflux\",\"ID\":\"afflux\"},\"StorageClass\":\"STANDARD\"}],"
               "\"IsTruncated\":false,\"KeyCount\":1}");
    assert_str(do_op(w, "ListObjectsV2", "{'Bucket': 'bucket', 'MaxKeys': 0}"),
               "{\"Name\":\"bucket\",\"Prefix\":\"\",\"MaxKeys\":0,\"IsTruncated\":false,"
               "\"KeyCount\":0}");
    assert_op_fails(w, "ListObjectsV2", "{'Bucket': 'bucket', 'ContinuationToken': '!'}",
                    "InvalidArgument");
    assert_op_fails(w, "ListObjects", "{'Bucket': 'bucket', 'MaxKeys': -1}", "InvalidArgument");
    assert_op_fails(w, "ListObjects", "{'Bucket': 'bucket', 'EncodingType': 'x'}",
                    "InvalidArgument");
    assert_op_fails(w, "ListObjects", "{'Bucket': 'nowhere'}", "NoSuchBucket");
}

static void lists_are_documents_too(void **state)
{
    struct world *w = *state;
    struct error err;
    struct buf b;
    put_keys(w);
    buf_init(&b, 100000);
    struct s3_list_request q = {.bucket = STR("bucket"),
                                .prefix = STR("dir/"),
                                .delimiter = STR("/"),
                                .max_keys = 2,
                                .is_v2 = true};
    assert_ok(s3_list_xml(w->reader, &q, &b, &err));
    assert_str(
        buf_str(&b),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix>dir/</Prefix>"
        "<Delimiter>/</Delimiter><MaxKeys>2</MaxKeys><Contents><Key>dir/1</Key>"
        "<LastModified>2025-11-25T00:00:00.000Z</LastModified>"
        "<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag><Size>1</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents><Contents><Key>dir/2</Key>"
        "<LastModified>2025-11-25T00:00:00.000Z</LastModified>"
        "<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag><Size>1</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents><IsTruncated>true</IsTruncated>"
        "<KeyCount>2</KeyCount><NextContinuationToken>ZGlyLzI=</NextContinuationToken>"
        "</ListBucketResult>");
    buf_done(&b);
}

static void the_table_is_in_the_order_of_its_names(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < s3_service.count; i++)
        assert_true(strcmp(s3_service.operations[i - 1].name, s3_service.operations[i].name) < 0);
    assert_non_null(service_find(&s3_service, STR("ListObjectsV2")));
    assert_null(service_find(&s3_service, STR("PutBucketPolicy")));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(buckets_come_and_go),
        T(a_bucket_that_is_not_empty_stays),
        T(buckets_are_listed_in_pages),
        T(a_value_is_kept_as_its_json),
        T(large_values_go_to_files),
        T(bytes_that_are_no_text_are_replaced),
        T(properties_stay_with_the_object),
        T(a_put_whose_group_failed_can_be_run_again),
        T(keys_that_are_not_there_are_told),
        T(puts_can_be_conditional),
        T(many_keys_are_deleted_at_once),
        T(a_copy_has_the_bytes_and_its_own_life),
        T(keys_are_listed_by_prefix_and_delimiter),
        T(pages_of_any_size_show_everything_once),
        T(answers_of_lists_have_their_members),
        T(lists_are_documents_too),
        cmocka_unit_test(the_table_is_in_the_order_of_its_names),
    };
    return cmocka_run_group_tests_name("services/s3/operations", tests, NULL, NULL);
}
