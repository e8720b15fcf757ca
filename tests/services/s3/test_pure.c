/* SPDX-License-Identifier: Apache-2.0 */
/* Names, sums, conditions, ranges, dates and sub-resources: functions of texts and numbers. */
#include "support.h"
#include "services/s3/error.h"
#include "services/s3/name.h"
#include "services/s3/subresource.h"

/* ---- names ---- */

static void names_of_buckets_follow_the_rules(void **state)
{
    (void)state;
    struct error err;
    char long_name[65];
    memset(long_name, 'a', sizeof(long_name));
    static const char *const good[] = {"abc", "my-bucket.1", "0ab", "a.b.c", "1.2.3.x"};
    static const char *const bad[] = {"",         "ab",        "Abc",     "a_b",     "-ab",
                                      "ab-",      ".ab",       "a..b",    "1.2.3.4", "xn--abc",
                                      "sthree-a", "a-s3alias", "a--x-s3", "a b",     "a/b"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_ok(s3_check_bucket_name(str_of(good[i]), &err));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(s3_check_bucket_name(str_of(bad[i]), &err), STATUS_INVALID);
    assert_string_equal(err.name, "InvalidBucketName");
    assert_ok(s3_check_bucket_name((str){long_name, 63}, &err));
    assert_int_equal(s3_check_bucket_name((str){long_name, 64}, &err), STATUS_INVALID);
}

static void a_key_has_at_most_1024_bytes(void **state)
{
    (void)state;
    struct error err;
    char key[1025];
    memset(key, 'k', sizeof(key));
    assert_ok(s3_check_key((str){key, 1024}, &err));
    assert_int_equal(s3_check_key((str){key, 1025}, &err), STATUS_INVALID);
    assert_string_equal(err.name, "KeyTooLongError");
    assert_int_equal(s3_check_key(STR(""), &err), STATUS_INVALID);
    assert_int_equal(s3_check_key(STR("\xFF"), &err), STATUS_INVALID);
}

static void metadata_has_at_most_2048_bytes(void **state)
{
    (void)state;
    struct error err;
    char value[2048];
    memset(value, 'v', sizeof(value));
    struct s3_metadata m = {STR("name"), {value, 2044}};
    struct s3_properties p = {.metadata = &m, .metadata_count = 1};
    assert_ok(s3_properties_check(&p, &err));
    m.value.n = 2045;
    assert_int_equal(s3_properties_check(&p, &err), STATUS_INVALID);
    assert_string_equal(err.name, "MetadataTooLarge");
    m = (struct s3_metadata){STR("na me"), STR("v")};
    assert_int_equal(s3_properties_check(&p, &err), STATUS_INVALID);
    m = (struct s3_metadata){STR("name"), STR("v\r\nx: y")};
    assert_int_equal(s3_properties_check(&p, &err), STATUS_INVALID);
}

/* ---- sums ---- */

static void sums_of_a_text_in_pieces_are_the_known_ones(void **state)
{
    (void)state;
    struct error err;
    struct s3_hash_kinds kinds;
    struct s3_hash h;
    struct arena a;
    char out[S3_SUM_MAX];
    static const char *const sums[] = {
        "y/Q5Jg==", "4waSgw==", "rosUhgp5mIg=", "98O8HYCOBHMq32eZZczDTKeuNEE=",
        "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="};
    arena_init(&a, 0);
    assert_ok(s3_hash_kinds_init(&kinds, &err));
    s3_hash_begin(&h, &kinds, (1u << S3_NO_ALGORITHM) - 1);
    s3_hash_add(&h, STR("1234"));
    s3_hash_add(&h, STR(""));
    s3_hash_add(&h, STR("56789"));
    for (enum s3_algorithm i = 0; i < S3_NO_ALGORITHM; i++) {
        size_t n = s3_hash_sum(&h, i, out);
        assert_int_equal(n, s3_algorithm_bytes(i));
        assert_str(s3_base64(&a, (str){out, n}), sums[i]);
    }
    char md5[S3_MD5_BYTES], hex[32];
    s3_hash_md5(&h, md5);
    s3_hex((str){md5, sizeof(md5)}, hex);
    assert_str(((str){hex, 32}), "25f9e794323b453885f5181f1b624d0b");
    s3_hash_end(&h);
    s3_hash_kinds_done(&kinds);
    arena_done(&a);
}

static void base64_takes_only_what_it_gives(void **state)
{
    (void)state;
    char out[8];
    size_t n;
    assert_true(s3_base64_decode(STR("YWJj"), out, sizeof(out), &n));
    assert_int_equal(n, 3);
    assert_true(s3_base64_decode(STR("YQ=="), out, sizeof(out), &n));
    assert_int_equal(n, 1);
    static const char *const bad[] = {"YQ=", "YQ", "Y===", "YR==", "Y-==", "====", "YQ==YQ=="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(s3_base64_decode(str_of(bad[i]), out, sizeof(out), &n));
    assert_false(s3_base64_decode(STR("YWJjZGVmZ2hp"), out, sizeof(out), &n));
}

/* ---- conditions ---- */

#define MODIFIED INT64_C(784111777999) /* Sun, 06 Nov 1994 08:49:37 GMT and a fraction */

static void readings_obey_their_conditions(void **state)
{
    (void)state;
    static const struct {
        struct s3_conditions c;
        int expected; /* 200, 304, 412 */
    } cases[] = {
        {{.if_match = {"\"e\"", sizeof("\"e\"") - 1}}, 200},
        {{.if_match = {"e", sizeof("e") - 1}}, 200},
        {{.if_match = {"*", sizeof("*") - 1}}, 200},
        {{.if_match = {"\"x\", \"e\"", sizeof("\"x\", \"e\"") - 1}}, 200},
        {{.if_match = {"\"x\"", sizeof("\"x\"") - 1}}, 412},
        {{.if_none_match = {"\"e\"", sizeof("\"e\"") - 1}}, 304},
        {{.if_none_match = {"W/\"e\"", sizeof("W/\"e\"") - 1}}, 304},
        {{.if_none_match = {"*", sizeof("*") - 1}}, 304},
        {{.if_none_match = {"\"x\"", sizeof("\"x\"") - 1}}, 200},
        {{.if_modified_since = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1}},
         304},
        {{.if_modified_since = {"Sun, 06 Nov 1994 08:49:36 GMT",
                                sizeof("Sun, 06 Nov 1994 08:49:36 GMT") - 1}},
         200},
        {{.if_modified_since = {"no date", sizeof("no date") - 1}}, 200},
        {{.if_unmodified_since = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                  sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1}},
         200},
        {{.if_unmodified_since = {"Sun, 06 Nov 1994 08:49:36 GMT",
                                  sizeof("Sun, 06 Nov 1994 08:49:36 GMT") - 1}},
         412},
        {{.if_match = {"e", sizeof("e") - 1},
          .if_unmodified_since = {"Sun, 06 Nov 1994 08:49:36 GMT",
                                  sizeof("Sun, 06 Nov 1994 08:49:36 GMT") - 1}},
         200},
        {{.if_none_match = {"x", sizeof("x") - 1},
          .if_modified_since = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1}},
         200},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        bool is_unmodified = false;
        enum status status =
            s3_check_reading(&cases[i].c, STR("e"), MODIFIED, &is_unmodified, &err);
        int got = status != STATUS_OK ? s3_error_http(str_of(err.name)) : is_unmodified ? 304 : 200;
        if (got != cases[i].expected)
            fail_msg("case %zu: %d instead of %d", i, got, cases[i].expected);
    }
}

static void writings_obey_their_conditions(void **state)
{
    (void)state;
    struct error err;
    str none = {NULL, 0};
    struct s3_conditions is_new = {.if_none_match = STR("*")}, is_same = {.if_match = STR("\"e\"")},
                         other = {.if_none_match = STR("\"e\"")};
    assert_ok(s3_check_writing(&is_new, none, &err));
    assert_int_equal(s3_check_writing(&is_new, STR("e"), &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "PreconditionFailed");
    assert_ok(s3_check_writing(&is_same, STR("e"), &err));
    assert_int_equal(s3_check_writing(&is_same, STR("f"), &err), STATUS_CONFLICT);
    assert_int_equal(s3_check_writing(&is_same, none, &err), STATUS_NOT_FOUND);
    assert_int_equal(s3_check_writing(&other, none, &err), STATUS_INVALID);
    assert_string_equal(err.name, "NotImplemented");
}

static void ranges_are_cut_to_the_object(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t size, from, n; /* n 0: InvalidRange */
        bool is_whole;
    } cases[] = {
        {"bytes=0-0", 10, 0, 1, false},
        {"bytes=2-4", 10, 2, 3, false},
        {"bytes=5-", 10, 5, 5, false},
        {"bytes=5-100", 10, 5, 5, false},
        {"bytes=-3", 10, 7, 3, false},
        {"bytes=-30", 10, 0, 10, false},
        {"bytes=0-18446744073709551616", 10, 0, 10, false},
        {"bytes=10-", 10, 0, 0, false},
        {"bytes=10-20", 10, 0, 0, false},
        {"bytes=-0", 10, 0, 0, false},
        {"bytes=0-", 0, 0, 0, false},
        {"bytes=4-2", 10, 0, 10, true},
        {"bytes=0-1,3-4", 10, 0, 10, true},
        {"bytes=a-b", 10, 0, 10, true},
        {"bytes=-", 10, 0, 10, true},
        {"items=0-1", 10, 0, 10, true},
        {"", 10, 0, 10, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        struct s3_range r = {0};
        enum status status = s3_range_read(str_of(cases[i].header), cases[i].size, &r, &err);
        if (cases[i].n == 0)
            assert_string_equal(status == STATUS_OK ? "" : err.name, "InvalidRange");
        else if (r.from != cases[i].from || r.n != cases[i].n || r.is_whole != cases[i].is_whole)
            fail_msg("%s: %llu + %llu", cases[i].header, (unsigned long long)r.from,
                     (unsigned long long)r.n);
    }
}

static void dates_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const char *const good[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                                       "1994-11-06T08:49:37Z"};
    static const char *const bad[] = {"",
                                      "Sun",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 6 Nov 1994",
                                      "Sun, 06 Foo 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 25:49:37 GMT"};
    int64_t ms;
    char out[S3_DATE_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(s3_date_read(str_of(good[i]), &ms));
        assert_int_equal(ms, 784111777000);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(s3_date_read(str_of(bad[i]), &ms));
    s3_date_print(MODIFIED, out);
    assert_str(((str){out, sizeof(out)}), good[0]);
}

/* ---- sub-resources ---- */

static void what_was_never_set_is_answered_as_s3_does(void **state)
{
    (void)state;
    struct error err;
    struct buf b;
    buf_init(&b, 10000);
    assert_ok(s3_subresource_get(STR("versioning"), false, &b, &err));
    assert_true(str_find(buf_str(&b), STR("<VersioningConfiguration"), 0) != STR_NONE);
    assert_int_equal(s3_subresource_get(STR("policy"), false, &b, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "NoSuchBucketPolicy");
    assert_int_equal(s3_subresource_get(STR("tagging"), false, &b, &err), STATUS_NOT_FOUND);
    assert_ok(s3_subresource_get(STR("tagging"), true, &b, &err));
    assert_int_equal(s3_subresource_change(STR("policy"), false, false, &err), STATUS_INVALID);
    assert_string_equal(err.name, "NotImplemented");
    assert_int_equal(s3_error_http(str_of(err.name)), 501);
    assert_ok(s3_subresource_change(STR("policy"), false, true, &err));
    assert_true(s3_is_subresource(STR("acl"), true));
    assert_false(s3_is_subresource(STR("versioning"), true));
    assert_false(s3_is_subresource(STR("list-type"), false));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_buckets_follow_the_rules),
        cmocka_unit_test(a_key_has_at_most_1024_bytes),
        cmocka_unit_test(metadata_has_at_most_2048_bytes),
        cmocka_unit_test(sums_of_a_text_in_pieces_are_the_known_ones),
        cmocka_unit_test(base64_takes_only_what_it_gives),
        cmocka_unit_test(readings_obey_their_conditions),
        cmocka_unit_test(writings_obey_their_conditions),
        cmocka_unit_test(ranges_are_cut_to_the_object),
        cmocka_unit_test(dates_are_read_in_all_their_forms),
        cmocka_unit_test(what_was_never_set_is_answered_as_s3_does),
    };
    return cmocka_run_group_tests_name("services/s3/pure", tests, NULL, NULL);
}
