/* SPDX-License-Identifier: Apache-2.0 */
/* What S3's REST answers, byte by byte; what the aws command can send is in tests/cmd/s3.bats. */
#include "s3_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static struct s3_world w;

static int open_world(void **state)
{
    (void)state;
    s3_world_open(&w);
    free(s3_world_ask(&w, "PUT /box", "", STR("")));
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    s3_world_end(&w);
    return 0;
}

static void has(const char *said, const char *part)
{
    if (strstr(said, part) == NULL)
        fail_msg("wanted inside: %s\ngot: %.2000s", part, said);
}

static void has_not(const char *said, const char *part)
{
    if (strstr(said, part) != NULL)
        fail_msg("not wanted: %s\ngot: %.2000s", part, said);
}

/* The answer, which has this status, to be freed. */
static char *ask_for(const char *status, const char *line, const char *headers, str body)
{
    char *said = s3_world_ask(&w, line, headers, body), start[32];
    snprintf(start, sizeof(start), "HTTP/1.1 %s ", status);
    if (strncmp(said, start, strlen(start)) != 0)
        fail_msg("%s: wanted %s, got: %.2000s", line, status, said);
    return said;
}

static void ask(const char *status, const char *line, const char *headers, const char *body,
                const char *part)
{
    char *said = ask_for(status, line, headers, str_of(body));
    has(said, part);
    free(said);
}

static void raw(const char *request, const char *status, const char *part)
{
    char *said = raw_ask(w.port, str_of(request)), start[32];
    snprintf(start, sizeof(start), "HTTP/1.1 %s", status);
    if (strncmp(said, start, strlen(start)) != 0)
        fail_msg("wanted %s, got: %.2000s", status, said);
    has(said, part);
    free(said);
}

/* ---- objects ---- */

static void an_object_comes_back_with_its_headers(void **state)
{
    (void)state;
    char *said = ask_for("200", "PUT /box/a/b.csv",
                         "Content-Type: text/csv\r\nx-amz-meta-One: 1\r\nx-amz-meta-one: 2\r\n"
                         "Cache-Control: no-store\r\nx-amz-checksum-crc32: NhCmhg==\r\n",
                         STR("hello"));
    has(said, "ETag: \"5d41402abc4b2a76b9719d911017c592\"\r\n");
    has(said, "x-amz-checksum-crc32: NhCmhg==\r\n");
    has(said, "x-amz-request-id: ");
    has(said, "x-amz-id-2: ");
    free(said);
    said = ask_for("200", "GET /box/a/b.csv", "x-amz-checksum-mode: ENABLED\r\n", STR(""));
    has(said, "Content-Type: text/csv\r\n");
    has(said, "Cache-Control: no-store\r\n");
    has(said, "x-amz-meta-one: 1,2\r\n");
    has(said, "x-amz-checksum-crc32: NhCmhg==\r\n");
    has(said, "Accept-Ranges: bytes\r\n");
    has(said, "Last-Modified: ");
    has(said, "Content-Length: 5\r\n");
    has(said, "\r\n\r\nhello");
    free(said);
    said = ask_for("200", "HEAD /box/a/b.csv", "", STR(""));
    has(said, "Content-Length: 5\r\n");
    has_not(said, "hello");
    has_not(said, "x-amz-checksum-crc32");
    free(said);
}

static void ranges_and_conditions_are_kept_to(void **state)
{
    (void)state;
    ask("200", "PUT /box/r", "", "0123456789", "ETag");
    ask("206", "GET /box/r", "Range: bytes=2-4\r\n", "", "\r\n\r\n234");
    ask("206", "GET /box/r", "Range: bytes=2-4\r\n", "", "Content-Range: bytes 2-4/10\r\n");
    ask("206", "GET /box/r", "Range: bytes=-1\r\n", "", "\r\n\r\n9");
    ask("200", "GET /box/r", "Range: lines=1-2\r\n", "", "\r\n\r\n0123456789");
    ask("416", "GET /box/r", "Range: bytes=10-\r\n", "", "<Code>InvalidRange</Code>");
    ask("206", "HEAD /box/r", "Range: bytes=2-4\r\n", "", "Content-Length: 3\r\n");
    ask("206", "GET /box/r?partNumber=1", "", "", "\r\n\r\n0123456789");
    ask("416", "GET /box/r?partNumber=2", "", "", "<Code>InvalidPartNumber</Code>");
    ask("400", "GET /box/r?partNumber=x", "", "", "<Code>InvalidArgument</Code>");
    const char *etag = "781e5e245d69b566979b86e28d23f2c7";
    char headers[128];
    snprintf(headers, sizeof(headers), "If-None-Match: \"%s\"\r\n", etag);
    char *said = ask_for("304", "GET /box/r", headers, STR(""));
    has(said, etag);
    has_not(said, "0123456789");
    has_not(said, "Content-Length: 0\r\n");
    free(said);
    ask("412", "GET /box/r", "If-Match: \"x\"\r\n", "", "<Code>PreconditionFailed</Code>");
    ask("412", "PUT /box/r", "If-None-Match: *\r\n", "new", "<Code>PreconditionFailed</Code>");
    ask("200", "GET /box/r", "", "", "\r\n\r\n0123456789");
}

static void a_query_replaces_headers_but_cannot_add_lines(void **state)
{
    (void)state;
    ask("200", "PUT /box/q", "", "x", "ETag");
    ask("200", "GET /box/q?response-content-type=text%2Fhtml", "", "",
        "Content-Type: text/html\r\n");
    ask("200", "GET /box/q?response-content-disposition=attachment%3B+filename=a", "", "",
        "Content-Disposition: attachment; filename=a\r\n");
    char *said = s3_world_ask(&w, "GET /box/q?response-expires=a%0D%0AX-Evil:%201", "", STR(""));
    has_not(said, "\nX-Evil");
    free(said);
}

static void keys_are_bytes_behind_the_first_slash(void **state)
{
    (void)state;
    static const struct {
        const char *target, *shown;
    } keys[] = {
        {"/box/keys/a%20b", "keys/a b"},
        {"/box/keys/a+b", "keys/a+b"},
        {"/box/keys/100%25", "keys/100%"},
        {"/box/keys//x", "keys//x"},
        {"/box/keys/dir/", "keys/dir/"},
        {"/box/keys/%2F%2e%2e%2Fx", "keys//../x"},
        {"/box/keys/%C3%A4%E2%82%AC", "keys/\xC3\xA4\xE2\x82\xAC"},
        {"/box/keys/%3Ca%26b%3E", "keys/&lt;a&amp;b&gt;"},
    };
    char line[128], part[128];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        snprintf(line, sizeof(line), "PUT %s", keys[i].target);
        ask("200", line, "", "x", "ETag");
        snprintf(line, sizeof(line), "GET %s", keys[i].target);
        ask("200", line, "", "", "\r\n\r\nx");
        snprintf(part, sizeof(part), "<Key>%s</Key>", keys[i].shown);
        ask("200", "GET /box?list-type=2&prefix=keys%2F", "", "", part);
    }
    ask("200", "GET /box?prefix=keys/&encoding-type=url", "", "",
        "<Key>keys/%C3%A4%E2%82%AC</Key>");
    raw("GET /box/%FF HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400",
        "InvalidURI");
}

static void a_bucket_may_stand_in_the_host(void **state)
{
    (void)state;
    raw("PUT /virtual/key HTTP/1.1\r\nHost: box.localhost\r\nConnection: close\r\n"
        "Content-Length: 1\r\n\r\nv",
        "200", "ETag");
    ask("200", "GET /box/virtual/key", "", "", "\r\n\r\nv");
    raw("GET /?list-type=2&prefix=virtual HTTP/1.1\r\nHost: box.s3.localhost\r\n"
        "Connection: close\r\n\r\n",
        "200", "<Key>virtual/key</Key>");
}

static void presigned_requests_pass(void **state)
{
    (void)state;
    ask("200",
        "PUT /box/signed?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20261126%2F"
        "us-east-1%2Fs3%2Faws4_request&X-Amz-Signature=00",
        "", "s", "ETag");
    ask("200",
        "GET /box/signed?X-Amz-Credential=a%2F20261126%2Fus-east-1%2Fs3%2Faws4_request&"
        "X-Amz-Signature=00",
        "", "", "\r\n\r\ns");
}

/* ---- bodies ---- */

#define CHUNKED                                                                                    \
    "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"                                 \
    "Content-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"

static void chunked_bodies_and_their_trailers_are_taken_off(void **state)
{
    (void)state;
    ask("200", "PUT /box/c", CHUNKED "x-amz-trailer: x-amz-checksum-crc32\r\n",
        "3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
        "x-amz-checksum-crc32: NhCmhg==\r\n");
    char *said = ask_for("200", "GET /box/c", "", STR(""));
    has(said, "\r\n\r\nhello");
    has_not(said, "aws-chunked");
    free(said);
    ask("400", "PUT /box/c2", CHUNKED "x-amz-trailer: x-amz-checksum-crc32\r\n",
        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "<Code>BadDigest</Code>");
    ask("400", "PUT /box/c2", CHUNKED "x-amz-trailer: x-amz-checksum-crc32\r\n",
        "5\r\nhello\r\n0\r\n\r\n", "<Code>MalformedTrailerError</Code>");
    ask("400", "PUT /box/c2", CHUNKED, "4\r\nhell\r\n0\r\n\r\n", "<Code>IncompleteBody</Code>");
    ask("400", "PUT /box/c2", CHUNKED, "6\r\nhello!\r\n0\r\n\r\n", "<Code>IncompleteBody</Code>");
    ask("400", "PUT /box/c2", CHUNKED, "5\r\nhello\r\n", "<Code>IncompleteBody</Code>");
    ask("400", "PUT /box/c2", CHUNKED, "hello", "<Code>IncompleteBody</Code>");
    ask("404", "GET /box/c2", "", "", "<Code>NoSuchKey</Code>");
    raw("PUT /box/c3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: "
        "chunked\r\n" CHUNKED "\r\n"
        "8\r\n5\r\nhello\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
        "200", "ETag");
    ask("200", "GET /box/c3", "", "", "\r\n\r\nhello");
}

static void a_body_must_be_what_it_says(void **state)
{
    (void)state;
    ask("400", "PUT /box/d", "Content-MD5: XUFAKrxLKna5cZ2REBfFkA==\r\n", "hello",
        "<Code>BadDigest</Code>");
    ask("400", "PUT /box/d", "Content-MD5: x\r\n", "hello", "<Code>InvalidDigest</Code>");
    ask("400", "PUT /box/d", "x-amz-content-sha256: 00\r\n", "hello",
        "<Code>XAmzContentSHA256Mismatch</Code>");
    ask("400", "PUT /box/d", "x-amz-checksum-sha1: AAAA\r\n", "hello",
        "<Code>InvalidRequest</Code>");
    ask("400", "PUT /box/d",
        "x-amz-checksum-crc32: NhCmhg==\r\nx-amz-checksum-crc32c: NhCmhg==\r\n", "hello",
        "<Code>InvalidRequest</Code>");
    ask("404", "GET /box/d", "", "", "<Code>NoSuchKey</Code>");
    ask("200", "PUT /box/d", "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n", "hello", "ETag");
    raw("PUT /box/d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "411",
        "<Code>MissingContentLength</Code>");
    raw("PUT /box/d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "411", "<Code>MissingContentLength</Code>");
    raw("PUT /box/d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Length: 9000000000\r\nExpect: 100-continue\r\n\r\n",
        "400", "<Code>EntityTooLarge</Code>");
}

/* Reads the interim answer before it sends the body. */
static void a_client_that_waits_is_told_to_go_on_or_refused(void **state)
{
    (void)state;
    static const char head[] = "PUT /box/e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                               "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    char said[64] = "";
    int fd = raw_connect(w.port);
    raw_send(fd, STR(head));
    assert_true(recv(fd, said, 25, MSG_WAITALL) == 25);
    has(said, "HTTP/1.1 100 Continue\r\n\r\n");
    raw_send(fd, STR("hello"));
    char *answer = raw_read_all(fd);
    close(fd);
    has(answer, "HTTP/1.1 200 OK");
    free(answer);
    raw("PUT /nobox/e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n",
        "404", "<Code>NoSuchBucket</Code>");
}

/* 3 MB, sent in pieces, over one connection that stays. */
static void large_bodies_stream_both_ways(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    char *bytes = malloc(SIZE), head[160];
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)((i * 2654435761u) >> 13);
    int fd = raw_connect(w.port);
    snprintf(head, sizeof(head),
             "PUT /box/large HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Length: %d\r\n\r\n",
             SIZE);
    raw_send(fd, str_of(head));
    for (size_t at = 0; at < SIZE; at += 100000)
        raw_send(fd, str_sub((str){bytes, SIZE}, at, at + 100000));
    char *said = raw_read_answer(fd);
    has(said, "HTTP/1.1 200 OK");
    free(said);
    close(fd);
    said = s3_world_ask(&w, "GET /box/large", "", STR(""));
    char *body = strstr(said, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, bytes, SIZE);
    free(said);
    said = s3_world_ask(&w, "GET /box/large", "Range: bytes=1000000-1999999\r\n", STR(""));
    body = strstr(said, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, bytes + 1000000, 1000000);
    free(said);
    free(bytes);
}

static void a_client_that_leaves_leaves_nothing(void **state)
{
    (void)state;
    int fd = raw_connect(w.port);
    raw_send(
        fd, STR("PUT /box/gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\nabc"));
    close(fd);
    fd = raw_connect(w.port);
    raw_send(fd, STR("PUT /box/gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc"));
    close(fd);
    ask("404", "GET /box/gone", "", "", "<Code>NoSuchKey</Code>");
}

/* Clients that announce 1 MB each and send nothing, until one is refused. */
static void bodies_that_are_held_are_bounded(void **state)
{
    (void)state;
    enum { MANY = API_S3_HELD_BYTES >> 20 };
    static const char head[] = "PUT /box/held HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Length: 1048576\r\nExpect: 100-continue\r\n\r\n";
    static int fds[MANY + 1];
    char said[64] = "HTTP/1.1 100 ";
    size_t count = 0;
    while (strncmp(said, "HTTP/1.1 100 ", 13) == 0 && count <= MANY) {
        fds[count] = raw_connect(w.port);
        raw_send(fds[count], STR(head));
        assert_true(recv(fds[count++], said, 25, MSG_WAITALL) == 25);
    }
    has(said, "HTTP/1.1 503 ");
    assert_in_range(count, MANY, MANY + 1); /* some bytes are those of a client that left */
    ask("200", "GET /box?max-keys=1", "", "", "<Key>");
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    for (int i = 0; i < 200; i++) {
        static char body[1 << 20];
        char *answer = s3_world_ask(&w, "PUT /box/held", "", (str){body, sizeof(body)});
        bool is_kept = strncmp(answer, "HTTP/1.1 200", 12) == 0;
        free(answer);
        if (is_kept)
            return;
        usleep(20000);
    }
    fail_msg("what clients held that have gone is held for ever");
}

/* ---- uploads ---- */

/* What is between two texts, to be freed. */
static char *between(const char *said, const char *from, const char *to)
{
    const char *start = strstr(said, from);
    assert_non_null(start);
    start += strlen(from);
    const char *end = strstr(start, to);
    assert_non_null(end);
    return strndup(start, (size_t)(end - start));
}

static void an_upload_goes_from_parts_to_an_object(void **state)
{
    (void)state;
    char line[160], body[400];
    char *said = ask_for("200", "POST /box/up?uploads", "x-amz-meta-a: b\r\n", STR(""));
    has(said, "<InitiateMultipartUploadResult");
    char *id = between(said, "<UploadId>", "</UploadId>");
    free(said);
    snprintf(line, sizeof(line), "PUT /box/up?partNumber=1&uploadId=%s", id);
    ask("200", line, "", "hello", "ETag: \"5d41402abc4b2a76b9719d911017c592\"");
    ask("200", "PUT /box/source", "", "0123456789", "ETag");
    snprintf(line, sizeof(line), "PUT /box/up?partNumber=2&uploadId=%s", id);
    ask("200", line, "x-amz-copy-source: /box/source\r\nx-amz-copy-source-range: bytes=2-4\r\n", "",
        "<CopyPartResult");
    snprintf(line, sizeof(line), "GET /box/up?uploadId=%s", id);
    ask("200", line, "", "", "<PartNumber>2</PartNumber>");
    ask("200", "GET /box?uploads", "", "", "<Key>up</Key>");
    snprintf(line, sizeof(line), "POST /box/up?uploadId=%s", id);
    snprintf(
        body, sizeof(body),
        "<CompleteMultipartUpload>"
        "<Part><PartNumber>1</PartNumber><ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></Part>"
        "<Part><PartNumber>2</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>");
    ask("400", line, "", body, "<Code>EntityTooSmall</Code>");
    ask("400", line, "",
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag>"
        "</Part></CompleteMultipartUpload>",
        "<Code>InvalidPart</Code>");
    ask("400", line, "", "<CompleteMultipartUpload>", "<Code>MalformedXML</Code>");
    ask("400", line, "Content-MD5: XUFAKrxLKna5cZ2REBfFkA==\r\n", body, "<Code>BadDigest</Code>");
    ask("200", line, "",
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
        "<ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></Part></CompleteMultipartUpload>",
        "-1&quot;</ETag>");
    ask("200", "GET /box/up", "", "", "x-amz-meta-a: b\r\n");
    ask("200", "GET /box/up", "", "", "\r\n\r\nhello");
    ask("404", line, "", body, "<Code>NoSuchUpload</Code>");
    snprintf(line, sizeof(line), "DELETE /box/up?uploadId=%s", id);
    ask("404", line, "", "", "<Code>NoSuchUpload</Code>");
    free(id);
}

static void parts_have_numbers_from_1_to_10000(void **state)
{
    (void)state;
    ask("400", "PUT /box/n?partNumber=0&uploadId=u", "", "x", "<Code>InvalidArgument</Code>");
    ask("400", "PUT /box/n?partNumber=10001&uploadId=u", "", "x", "<Code>InvalidArgument</Code>");
    ask("400", "PUT /box/n?partNumber=-1&uploadId=u", "", "x", "<Code>InvalidArgument</Code>");
    ask("404", "PUT /box/n?partNumber=1&uploadId=u", "", "x", "<Code>NoSuchUpload</Code>");
}

/* ---- buckets and lists ---- */

static void buckets_come_and_go(void **state)
{
    (void)state;
    ask("200", "PUT /other", "", "", "Location: /other\r\n");
    ask("200", "GET /", "", "", "<Bucket><Name>other</Name>");
    ask("200", "HEAD /other", "", "", "x-amz-bucket-region: us-east-1\r\n");
    ask("200", "GET /other?location", "", "", "<LocationConstraint");
    ask("200", "PUT /other/k", "", "x", "ETag");
    ask("409", "DELETE /other", "", "", "<Code>BucketNotEmpty</Code>");
    ask("204", "DELETE /other/k", "", "", "x-amz-request-id");
    ask("204", "DELETE /other/k", "", "", "x-amz-request-id");
    ask("204", "DELETE /other", "", "", "x-amz-request-id");
    ask("404", "GET /other", "", "", "<Code>NoSuchBucket</Code>");
    ask("400", "PUT /Other", "", "", "<Code>InvalidBucketName</Code>");
    ask("400", "PUT //key", "", "x", "<Code>InvalidBucketName</Code>");
}

static void lists_have_pages_and_common_prefixes(void **state)
{
    (void)state;
    ask("200", "PUT /pages", "", "", "Location");
    static const char *const keys[] = {"a/1", "a/2", "b", "c"};
    char line[64];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        snprintf(line, sizeof(line), "PUT /pages/%s", keys[i]);
        ask("200", line, "", "x", "ETag");
    }
    char *said = ask_for("200", "GET /pages?list-type=2&delimiter=/&max-keys=2", "", STR(""));
    has(said, "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>");
    has(said, "<IsTruncated>true</IsTruncated>");
    has(said, "<KeyCount>2</KeyCount>");
    char *token = between(said, "<NextContinuationToken>", "</NextContinuationToken>"), next[160];
    free(said);
    snprintf(next, sizeof(next), "GET /pages?list-type=2&delimiter=/&continuation-token=%s", token);
    free(token);
    said = ask_for("200", next, "", STR(""));
    has(said, "<Key>c</Key>");
    has_not(said, "<Key>b</Key>");
    has(said, "<IsTruncated>false</IsTruncated>");
    free(said);
    ask("400", "GET /pages?max-keys=x", "", "", "<Code>InvalidArgument</Code>");
    ask("400", "GET /pages?max-keys=99999999999999999999", "", "", "<Code>InvalidArgument</Code>");
    ask("400", "GET /pages?list-type=2&continuation-token=%21", "", "",
        "<Code>InvalidArgument</Code>");
    ask("400", "GET /pages?encoding-type=x", "", "", "<Code>InvalidArgument</Code>");
    said =
        ask_for("200", "POST /pages?delete", "",
                STR("<Delete><Object><Key>b</Key></Object><Object><Key></Key></Object></Delete>"));
    has(said, "<Deleted><Key>b</Key></Deleted>");
    has(said, "<Error><Key></Key><Code>InvalidArgument</Code>");
    free(said);
    ask("400", "POST /pages?delete", "", "<Delete>", "<Code>MalformedXML</Code>");
    ask("400", "POST /pages?delete", "", "<!DOCTYPE a [<!ENTITY b \"c\">]><Delete/>",
        "<Code>MalformedXML</Code>");
}

static void copies_keep_or_replace_what_is_known(void **state)
{
    (void)state;
    ask("200", "PUT /box/from%20here", "x-amz-meta-a: b\r\n", "copied", "ETag");
    ask("200", "PUT /box/to", "x-amz-copy-source: box/from%20here\r\n", "", "<CopyObjectResult");
    ask("200", "GET /box/to", "", "", "x-amz-meta-a: b\r\n");
    ask("200", "PUT /box/to",
        "x-amz-copy-source: /box/from%20here\r\n"
        "x-amz-metadata-directive: REPLACE\r\nx-amz-meta-c: d\r\n",
        "", "<ETag>");
    ask("200", "GET /box/to", "", "", "x-amz-meta-c: d\r\n");
    ask("400", "PUT /box/to", "x-amz-copy-source: /box/to\r\n", "", "<Code>InvalidRequest</Code>");
    ask("404", "PUT /box/to", "x-amz-copy-source: /box/none\r\n", "", "<Code>NoSuchKey</Code>");
    ask("412", "PUT /box/to",
        "x-amz-copy-source: /box/to\r\nx-amz-copy-source-if-match: x\r\n"
        "x-amz-metadata-directive: REPLACE\r\n",
        "", "<Code>PreconditionFailed</Code>");
}

/* ---- what is wrong ---- */

static void errors_say_what_where_and_which_request(void **state)
{
    (void)state;
    char *said = ask_for("404", "GET /box/no%3Ckey", "", STR(""));
    has(said, "Content-Type: application/xml\r\n");
    has(said, "<Message>The specified key does not exist.</Message>");
    has(said, "<Resource>/box/no&lt;key</Resource>");
    char *id = between(said, "x-amz-request-id: ", "\r\n"), part[128];
    snprintf(part, sizeof(part), "<RequestId>%s</RequestId><HostId>", id);
    has(said, part);
    free(id);
    free(said);
    said = ask_for("404", "HEAD /box/none", "", STR(""));
    has_not(said, "<Error>");
    free(said);
}

static void what_is_not_here_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *headers, *status, *part;
    } cases[] = {
        {"POST /box/k", "", "405", "<Code>MethodNotAllowed</Code>"},
        {"PUT /", "", "405", "<Code>MethodNotAllowed</Code>"},
        {"OPTIONS /box/k", "", "405", "Allow: GET"},
        {"PATCH /box", "", "405", "<Code>MethodNotAllowed</Code>"},
        {"POST /box", "Content-Type: multipart/form-data; boundary=x\r\n", "501", "NotImplemented"},
        {"GET /box/r?attributes", "", "501", "<Code>NotImplemented</Code>"},
        {"GET /box?versions", "", "501", "<Code>NotImplemented</Code>"},
        {"GET /box/r?versionId=1", "", "404", "<Code>NoSuchVersion</Code>"},
        {"GET /box?policy", "", "404", "<Code>NoSuchBucketPolicy</Code>"},
        {"GET /nobox?policy", "", "404", "<Code>NoSuchBucket</Code>"},
        {"GET /box/none?tagging", "", "404", "<Code>NoSuchKey</Code>"},
        {"GET /box/r?tagging", "", "200", "<TagSet/>"},
        {"GET /box?versioning", "", "200", "<VersioningConfiguration"},
        {"PUT /box?policy", "", "501", "<Code>NotImplemented</Code>"},
        {"DELETE /box?policy", "", "204", "x-amz-request-id"},
        {"PUT /box/k", "x-amz-server-side-encryption: AES256\r\n", "501", "server-side-encryption"},
        {"PUT /box/k", "x-amz-acl: public-read\r\n", "501", "x-amz-acl"},
        {"PUT /box/k", "x-amz-acl: private\r\n", "200", "ETag"},
        {"PUT /box/k", "x-amz-tagging: a=b\r\n", "501", "x-amz-tagging"},
        {"GET /box/k", "x-amz-expected-bucket-owner: 1\r\n", "403", "<Code>AccessDenied</Code>"},
        {"PUT /box/k", "x-amz-meta-a: \xFF\r\n", "400", "<Code>InvalidArgument</Code>"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ask(cases[i].status, cases[i].line, cases[i].headers, "", cases[i].part);
}

static void keys_and_metadata_have_limits(void **state)
{
    (void)state;
    char line[3200], headers[3200];
    memset(line, 'k', sizeof(line));
    memcpy(line, "PUT /box/", 9);
    line[9 + 1024] = '\0';
    ask("200", line, "", "x", "ETag");
    line[9 + 1024] = 'k';
    line[9 + 1025] = '\0';
    ask("400", line, "", "x", "<Code>KeyTooLongError</Code>");
    size_t n = (size_t)snprintf(headers, sizeof(headers), "x-amz-meta-a: ");
    memset(headers + n, 'm', 2048);
    memcpy(headers + n + 2047, "\r\n", 3);
    ask("200", "PUT /box/m", headers, "x", "ETag");
    memcpy(headers + n + 2047, "m\r\n", 4);
    ask("400", "PUT /box/m", headers, "x", "<Code>MetadataTooLarge</Code>");
}

/* Requests that nobody waits for any more when the server goes. */
static void it_ends_with_requests_under_way(void **state)
{
    (void)state;
    struct s3_world other;
    s3_world_open(&other);
    free(s3_world_ask(&other, "PUT /box", "", STR("")));
    int fds[20];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = raw_connect(other.port);
        raw_send(fds[i],
                 i % 3 == 0
                     ? STR("PUT /box/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na")
                 : i % 3 == 1 ? STR("DELETE /box/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
                              : STR("PUT /box/b HTTP/1.1\r\nHost: localhost\r\n"
                                    "Content-Length: 3000000\r\n\r\nbody"));
    }
    s3_world_end(&other);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_comes_back_with_its_headers),
        cmocka_unit_test(ranges_and_conditions_are_kept_to),
        cmocka_unit_test(a_query_replaces_headers_but_cannot_add_lines),
        cmocka_unit_test(keys_are_bytes_behind_the_first_slash),
        cmocka_unit_test(a_bucket_may_stand_in_the_host),
        cmocka_unit_test(presigned_requests_pass),
        cmocka_unit_test(chunked_bodies_and_their_trailers_are_taken_off),
        cmocka_unit_test(a_body_must_be_what_it_says),
        cmocka_unit_test(a_client_that_waits_is_told_to_go_on_or_refused),
        cmocka_unit_test(large_bodies_stream_both_ways),
        cmocka_unit_test(a_client_that_leaves_leaves_nothing),
        cmocka_unit_test(bodies_that_are_held_are_bounded),
        cmocka_unit_test(an_upload_goes_from_parts_to_an_object),
        cmocka_unit_test(parts_have_numbers_from_1_to_10000),
        cmocka_unit_test(buckets_come_and_go),
        cmocka_unit_test(lists_have_pages_and_common_prefixes),
        cmocka_unit_test(copies_keep_or_replace_what_is_known),
        cmocka_unit_test(errors_say_what_where_and_which_request),
        cmocka_unit_test(what_is_not_here_is_refused),
        cmocka_unit_test(keys_and_metadata_have_limits),
        cmocka_unit_test(it_ends_with_requests_under_way),
    };
    return cmocka_run_group_tests(tests, open_world, end_world);
}
