/* SPDX-License-Identifier: Apache-2.0 */
#include "api/scope.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_str(str got, const char *wanted)
{
    if (!str_eq(got, str_of(wanted)))
        fail_msg("wanted: %s\ngot: %.*s", wanted, STR_ARG(got));
}

static void a_signature_names_service_and_region(void **state)
{
    (void)state;
    struct api_scope s = api_scope_of_header(
        STR("AWS4-HMAC-SHA256 Credential=AKID/20261125/eu-central-1/states/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=00"));
    assert_str(s.key_id, "AKID");
    assert_str(s.date, "20261125");
    assert_str(s.region, "eu-central-1");
    assert_str(s.service, "states");
}

static void version_4a_names_no_region(void **state)
{
    (void)state;
    struct api_scope s = api_scope_of_header(
        STR("AWS4-ECDSA-P256-SHA256 Credential=AKID/20261125/s3/aws4_request,SignedHeaders=host"));
    assert_str(s.key_id, "AKID");
    assert_str(s.region, "");
    assert_str(s.service, "s3");
}

static void a_query_has_a_credential(void **state)
{
    (void)state;
    struct api_scope s =
        api_scope_of_credential(STR("key/with/slashes/20261125/us-west-2/s3/aws4_request"));
    assert_str(s.key_id, "key/with/slashes");
    assert_str(s.region, "us-west-2");
    assert_str(s.service, "s3");
}

static void what_is_no_scope_names_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "AWS AKID:signature",
        "Bearer token",
        "AWS4-HMAC-SHA256 SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=AKID/20261125/us-east-1/s3/aws5_request",
        "AWS4-HMAC-SHA256 Credential=AKID/2026112x/us-east-1/s3/aws4_request",
        "AWS4-HMAC-SHA256 Credential=/20261125/us-east-1/s3/aws4_request",
        "AWS4-HMAC-SHA256 Credential=aws4_request",
        "Credential=AKID/20261125/us-east-1/s3/aws4_request",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_str(api_scope_of_header(str_of(bad[i])).service, "");
}

static void a_region_that_cannot_be_one_is_none(void **state)
{
    (void)state;
    struct api_scope s = api_scope_of_credential(STR("AKID/20261125/us\":east/s3/aws4_request"));
    assert_str(s.service, "s3");
    assert_str(s.region, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_names_service_and_region),
        cmocka_unit_test(version_4a_names_no_region),
        cmocka_unit_test(a_query_has_a_credential),
        cmocka_unit_test(what_is_no_scope_names_nothing),
        cmocka_unit_test(a_region_that_cannot_be_one_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
