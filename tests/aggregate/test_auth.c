/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/auth.h"
#include "json/parse.h"

static void expect(const char *how, enum auth_kind kind, const char *name, bool is_file,
                   const char *secret)
{
    struct auth auth;
    struct error err;
    assert_int_equal(auth_read(str_of(how), &auth, &err), STATUS_OK);
    assert_int_equal(auth.kind, kind);
    assert_true(str_eq(auth.name, str_of(name)));
    assert_int_equal(auth.is_file, is_file);
    assert_true(str_eq(auth.secret, str_of(secret)));
}

static void each_kind_names_its_secret(void **state)
{
    (void)state;
    expect("none", AUTH_NONE, "", false, "");
    expect("api-key:X-Key=env:KEY", AUTH_API_KEY, "X-Key", false, "KEY");
    expect("basic:me=file:/run/a=b", AUTH_BASIC, "me", true, "/run/a=b");
    expect("oauth:my=client=env:A", AUTH_OAUTH, "my=client", false, "A");
    expect("basic:a=env:B=file:c", AUTH_BASIC, "a", false, "B=file:c"); /* the first one counts */
}

static void what_is_wrong_is_refused_without_repeating_it(void **state)
{
    static const char *const texts[] = {"",
                                        "None",
                                        "api-key:",
                                        "api-key:X-Key=s3cret",
                                        "api-key:=env:KEY",
                                        "api-key:X s3cret=env:KEY",
                                        "basic:me=env:",
                                        "basic:me=file:",
                                        "token:x=env:s3cret",
                                        "env:s3cret"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct auth auth;
        struct error err;
        assert_int_equal(auth_read(str_of(texts[i]), &auth, &err), STATUS_INVALID);
        assert_null(strstr(err.message, "s3cret"));
    }
}

static void expect_connection(const char *how, str secret, str scope, const char *wanted)
{
    struct auth auth;
    struct buf out;
    struct error err;
    struct json_doc *doc;
    buf_init(&out, 1 << 20);
    assert_int_equal(auth_read(str_of(how), &auth, &err), STATUS_OK);
    auth_put_connection(&auth, STR("c"), secret, STR("https://x/token"), scope, &out);
    assert_int_equal(json_parse(buf_str(&out), NULL, &doc, &err), STATUS_OK);
    if (!str_eq(buf_str(&out), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(&out)));
    json_doc_unref(doc);
    buf_done(&out);
}

static void each_kind_becomes_a_request_for_a_connection(void **state)
{
    (void)state;
    expect_connection("none", STR(""), STR(""),
                      "{\"Name\":\"c\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
                      "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Client\",\"ApiKeyValue\":"
                      "\"afflux\"}}}");
    expect_connection(
        "api-key:K=env:V", STR("a\"b"), STR(""),
        "{\"Name\":\"c\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
        "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"K\",\"ApiKeyValue\":\"a\\\"b\"}}}");
    expect_connection("basic:me=env:V", STR("pw"), STR(""),
                      "{\"Name\":\"c\",\"AuthorizationType\":\"BASIC\",\"AuthParameters\":{"
                      "\"BasicAuthParameters\":{\"Username\":\"me\",\"Password\":\"pw\"}}}");
    expect_connection(
        "oauth:me=env:V", STR("pw"), STR("read all"),
        "{\"Name\":\"c\",\"AuthorizationType\":\"OAUTH_CLIENT_CREDENTIALS\",\"AuthParameters\":{"
        "\"OAuthParameters\":{\"HttpMethod\":\"POST\",\"AuthorizationEndpoint\":\"https://x/"
        "token\",\"ClientParameters\":{\"ClientID\":\"me\",\"ClientSecret\":\"pw\"},"
        "\"OAuthHttpParameters\":{\"BodyParameters\":[{\"Key\":\"grant_type\",\"Value\":"
        "\"client_credentials\",\"IsValueSecret\":false},{\"Key\":\"scope\",\"Value\":\"read "
        "all\",\"IsValueSecret\":false}]}}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_names_its_secret),
        cmocka_unit_test(what_is_wrong_is_refused_without_repeating_it),
        cmocka_unit_test(each_kind_becomes_a_request_for_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
