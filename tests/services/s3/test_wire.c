/* SPDX-License-Identifier: Apache-2.0 */
/* What comes and goes over HTTP: aws-chunked bodies, XML of requests, XML of answers. */
#include "support.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/s3/chunked.h"
#include "services/s3/error.h"
#include "services/s3/xml.h"
#include <stdlib.h>

/* ---- aws-chunked ---- */

#define SIGNED                                                                                     \
    "5;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\nhello"  \
    "\r\n1;chunk-signature=00\r\n!\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea72"  \
    "4fed81ceb9323e279d449df9\r\n"

/* Decodes in pieces of so many bytes; false: it was refused. */
static bool decode(str in, size_t piece, struct buf *out, struct s3_chunked *c)
{
    struct error err;
    s3_chunked_init(c);
    for (size_t at = 0; at < in.n; at += piece) {
        str rest = str_sub(in, at, at + piece), data;
        while (rest.n > 0) {
            if (s3_chunked_next(c, &rest, &data, &err) != STATUS_OK)
                return false;
            buf_add(out, data);
        }
    }
    return s3_chunked_finish(c, &err) == STATUS_OK;
}

static void assert_decodes(const char *in, const char *body)
{
    for (size_t piece = 1; piece < 200; piece++) {
        struct s3_chunked c;
        struct buf out;
        buf_init(&out, 10000);
        assert_true(decode(str_of(in), piece, &out, &c));
        assert_str(buf_str(&out), body);
        assert_int_equal(c.decoded, strlen(body));
        buf_done(&out);
    }
}

static void chunks_are_put_together_in_any_pieces(void **state)
{
    (void)state;
    assert_decodes(SIGNED "\r\n", "hello!");
    assert_decodes("5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", "hello0123456789");
    assert_decodes("0\r\n\r\n", "");
}

static void trailers_are_kept(void **state)
{
    (void)state;
    struct s3_chunked c;
    struct buf out;
    buf_init(&out, 10000);
    str in = STR(SIGNED "X-Amz-Checksum-CRC32: y/Q5Jg== \r\nx-amz-trailer-signature:ab\r\n\r\n");
    for (size_t piece = 1; piece < 100; piece++) {
        assert_true(decode(in, piece, &out, &c));
        assert_str(s3_chunked_trailer(&c, STR("x-amz-checksum-crc32")), "y/Q5Jg==");
        assert_str(s3_chunked_trailer(&c, STR("x-amz-trailer-signature")), "ab");
        assert_null(s3_chunked_trailer(&c, STR("other")).p);
    }
    buf_done(&out);
}

static void what_is_no_chunked_body_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "5\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r\n",
        "5\nhello\r\n",
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "0\r\n",
        "0\r\n\r\nmore",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "fffffffffffff\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\n:empty\r\n\r\n",
        "0\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\ni:1\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct s3_chunked c;
        struct buf out;
        buf_init(&out, 10000);
        if (decode(str_of(bad[i]), 3, &out, &c))
            fail_msg("accepted: %s", bad[i]);
        buf_done(&out);
    }
}

static void a_line_of_a_chunk_has_at_most_1024_bytes(void **state)
{
    (void)state;
    char line[1200] = "1;";
    struct s3_chunked c;
    struct buf out;
    struct error err;
    memset(line + 2, 'x', sizeof(line) - 2);
    str in = {line, sizeof(line)}, data;
    s3_chunked_init(&c);
    buf_init(&out, 10);
    assert_int_equal(s3_chunked_next(&c, &in, &data, &err), STATUS_INVALID);
    assert_string_equal(err.name, "IncompleteBody");
    buf_done(&out);
}

/* ---- requests ---- */

/* The JSON of a body, or the name of the error. */
static const char *read_xml(const char *operation, str body, char out[4096])
{
    struct arena a;
    struct json_val v;
    struct error err;
    struct buf text;
    arena_init(&a, 0);
    buf_init(&text, 4096);
    if (s3_xml_read(str_of(operation), body, &a, &v, &err) == STATUS_OK) {
        assert_ok(json_write(&text, v, 0, &err));
        snprintf(out, 4096, "%.*s", STR_ARG(buf_str(&text)));
    } else {
        snprintf(out, 4096, "%s", err.name);
    }
    buf_done(&text);
    arena_done(&a);
    return out;
}

static void bodies_of_requests_become_members(void **state)
{
    (void)state;
    char out[4096];
    assert_string_equal(
        read_xml("DeleteObjects",
                 STR("<?xml version=\"1.0\"?><Delete "
                     "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b "
                     "\xC3\xA9</Key></Object>\n<Object><Key>c</Key><Future><Key>no</Key></Future>"
                     "<VersionId>null</VersionId></Object><Quiet>true</Quiet></Delete>"),
                 out),
        "{\"Quiet\":true,\"Objects\":[{\"Key\":\"a&b \xC3\xA9\"},"
        "{\"Key\":\"c\",\"VersionId\":\"null\"}]}");
    assert_string_equal(
        read_xml("CompleteMultipartUpload",
                 STR("<CompleteMultipartUpload><Part><ETag>\"x\"</ETag><PartNumber>1</PartNumber>"
                     "<ChecksumCRC32>AA==</ChecksumCRC32></Part></CompleteMultipartUpload>"),
                 out),
        "{\"Parts\":[{\"ETag\":\"\\\"x\\\"\",\"PartNumber\":1,\"ChecksumCRC32\":\"AA==\"}]}");
    assert_string_equal(read_xml("CreateBucket", STR(""), out), "{}");
    assert_string_equal(read_xml("CreateBucket",
                                 STR("<CreateBucketConfiguration><LocationConstraint>eu-west-1"
                                     "</LocationConstraint></CreateBucketConfiguration>"),
                                 out),
                        "{\"LocationConstraint\":\"eu-west-1\"}");
}

static void bad_bodies_are_malformed(void **state)
{
    (void)state;
    char out[4096];
    static const char too_deep[] =
        "<Delete><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a>"
        "</a></a></a></a></a></a></a></a></a></a></Delete>";
    static const char *const bad[] = {
        "",
        "text",
        "<Delete>",
        "<Other/>",
        "<Delete><Object></Delete>",
        "<!DOCTYPE Delete [<!ENTITY a \"b\">]><Delete><Object><Key>&a;</Key></Object></Delete>",
        "<Delete>&unknown;</Delete>",
        too_deep};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_string_equal(read_xml("DeleteObjects", str_of(bad[i]), out), "MalformedXML");
    assert_string_equal(read_xml("CompleteMultipartUpload",
                                 STR("<CompleteMultipartUpload><Part><PartNumber>x</PartNumber>"
                                     "</Part></CompleteMultipartUpload>"),
                                 out),
                        "MalformedXML");
}

static void a_delete_has_at_most_1000_keys(void **state)
{
    (void)state;
    for (int count = 1000; count <= 1001; count++) {
        struct buf b;
        struct arena a;
        struct json_val v;
        struct error err;
        buf_init(&b, 1 << 20);
        arena_init(&a, 0);
        buf_add(&b, STR("<Delete>"));
        for (int i = 0; i < count; i++)
            buf_add(&b, STR("<Object><Key>k</Key></Object>"));
        buf_add(&b, STR("</Delete>"));
        assert_int_equal(s3_xml_read(STR("DeleteObjects"), buf_str(&b), &a, &v, &err),
                         count == 1000 ? STATUS_OK : STATUS_INVALID);
        arena_done(&a);
        buf_done(&b);
    }
}

/* ---- answers ---- */

static void assert_answer(const char *operation, const char *json, const char *xml)
{
    struct arena a;
    struct json_val v;
    struct error err;
    struct buf b;
    arena_init(&a, 0);
    buf_init(&b, 100000);
    assert_ok(json_parse_in(&a, str_of(json), NULL, &v, &err));
    s3_xml_answer(&b, str_of(operation), v);
    assert_str(buf_str(&b), xml);
    buf_done(&b);
    arena_done(&a);
}

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static void answers_become_documents(void **state)
{
    (void)state;
    assert_answer("ListBuckets",
                  "{\"Buckets\":[{\"Name\":\"b\",\"CreationDate\":\"2025-01-01T00:00:00Z\"}],"
                  "\"Owner\":{\"ID\":\"o\"}}",
                  HEAD "<ListAllMyBucketsResult" NS "><Buckets><Bucket><Name>b</Name>"
                       "<CreationDate>2025-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>"
                       "<Owner><ID>o</ID></Owner></ListAllMyBucketsResult>");
    assert_answer("DeleteObjects",
                  "{\"Deleted\":[{\"Key\":\"<a>\"}],\"Errors\":[{\"Key\":\"b\",\"Code\":\"C\"}]}",
                  HEAD "<DeleteResult" NS "><Deleted><Key>&lt;a&gt;</Key></Deleted><Error>"
                       "<Key>b</Key><Code>C</Code></Error></DeleteResult>");
    assert_answer("CopyObject",
                  "{\"CopyObjectResult\":{\"ETag\":\"\\\"e\\\"\"},\"VersionId\":\"v\"}",
                  HEAD "<CopyObjectResult" NS "><ETag>&quot;e&quot;</ETag></CopyObjectResult>");
    assert_answer("ListParts", "{\"IsTruncated\":false,\"Parts\":[{\"PartNumber\":1}]}",
                  HEAD "<ListPartsResult" NS "><IsTruncated>false</IsTruncated><Part>"
                       "<PartNumber>1</PartNumber></Part></ListPartsResult>");
    assert_answer("GetBucketLocation", "{}",
                  HEAD "<LocationConstraint" NS "></LocationConstraint>");
    assert_answer("DeleteObject", "{}", "");
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    s3_xml_text(&b, STR("a<b>&\"c\"\r\n\x01\xC3\xA9"));
    assert_str(buf_str(&b), "a&lt;b&gt;&amp;&quot;c&quot;&#x0d;&#x0a;&#x01;\xC3\xA9");
    buf_clear(&b);
    s3_xml_error(&b, &(struct s3_xml_failure){.code = STR("NoSuchKey"),
                                              .message = STR("The specified key does not exist."),
                                              .resource = STR("/b/<k>"),
                                              .request_id = STR("id")});
    assert_str(buf_str(&b), HEAD "<Error><Code>NoSuchKey</Code><Message>The specified key does not "
                                 "exist.</Message><Resource>/b/&lt;k&gt;</Resource>"
                                 "<RequestId>id</RequestId></Error>");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_put_together_in_any_pieces),
        cmocka_unit_test(trailers_are_kept),
        cmocka_unit_test(what_is_no_chunked_body_is_refused),
        cmocka_unit_test(a_line_of_a_chunk_has_at_most_1024_bytes),
        cmocka_unit_test(bodies_of_requests_become_members),
        cmocka_unit_test(bad_bodies_are_malformed),
        cmocka_unit_test(a_delete_has_at_most_1000_keys),
        cmocka_unit_test(answers_become_documents),
        cmocka_unit_test(texts_are_escaped),
    };
    return cmocka_run_group_tests_name("services/s3/wire", tests, NULL, NULL);
}
