/* SPDX-License-Identifier: Apache-2.0 */
#include "api/hosts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const str names[] = {{"afflux.lan", 10}, {"box", 3}};
static const struct api_hosts hosts = {names, 2};

static void hosts_that_are_ours(void **state)
{
    (void)state;
    static const struct {
        const char *host, *bucket;
    } good[] = {
        {"localhost", ""},
        {"LocalHost:4599", ""},
        {"localhost.:80", ""},
        {"127.0.0.1:4599", ""},
        {"127.8.7.6", ""},
        {"[::1]:80", ""},
        {"sync-localhost:4599", ""},
        {"sync-127.0.0.1", ""},
        {"sync-afflux.lan", ""},
        {"afflux.lan:1", ""},
        {"box", ""},
        {"bucket.localhost:4599", "bucket"},
        {"my.bucket.localhost", "my.bucket"},
        {"bucket.s3.localhost", "bucket"},
        {"s3.localhost", ""},
        {"bucket.afflux.lan", "bucket"},
        {"bucket.127.0.0.1:4599", "bucket"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        str bucket;
        if (!api_host_is_ours(&hosts, str_of(good[i].host), &bucket))
            fail_msg("refused: %s", good[i].host);
        if (!str_eq(bucket, str_of(good[i].bucket)))
            fail_msg("%s has the bucket %.*s", good[i].host, STR_ARG(bucket));
    }
}

static void hosts_that_are_not(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "[::2]",
        "[::1",
        "sync-evil.example",
        "notbox",
        "localhostx",
        ".localhost",
        "0.0.0.0",
        "128.0.0.1",
        "evil.example:4599",
        "[fe80::1]:80",
        ":4599",
    };
    str bucket;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (api_host_is_ours(&hosts, str_of(bad[i]), &bucket))
            fail_msg("is ours: %s", bad[i]);
}

static struct api_origin origin(const char *from, const char *referer, const char *site)
{
    return (struct api_origin){.origin = from ? str_of(from) : (str){0},
                               .referer = referer ? str_of(referer) : (str){0},
                               .fetch_site = site ? str_of(site) : (str){0}};
}

static void programs_and_own_pages_may_ask(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *referer, *site;
    } good[] = {
        {NULL, NULL, NULL},
        {NULL, NULL, "none"},
        {"http://localhost:4599", NULL, "same-origin"},
        {"http://LOCALHOST:4599", "http://localhost:4599/page?x#y", NULL},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct api_origin o = origin(good[i].origin, good[i].referer, good[i].site);
        assert_true(api_origin_is_own(&o, STR("localhost:4599")));
    }
}

static void pages_of_others_may_not(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *referer, *site;
    } bad[] = {
        {"null", NULL, NULL},
        {"", NULL, NULL},
        {"http://evil.example", NULL, NULL},
        {"http://localhost:3000", NULL, NULL},
        {"http://localhost:4599.evil.example", NULL, NULL},
        {NULL, "http://evil.example/localhost:4599", NULL},
        {NULL, "http://localhost:4599@evil.example/", NULL},
        {NULL, NULL, "cross-site"},
        {NULL, NULL, "same-site"},
        {"http://localhost:4599", NULL, "cross-site"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct api_origin o = origin(bad[i].origin, bad[i].referer, bad[i].site);
        assert_false(api_origin_is_own(&o, STR("localhost:4599")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_are_ours),
        cmocka_unit_test(hosts_that_are_not),
        cmocka_unit_test(programs_and_own_pages_may_ask),
        cmocka_unit_test(pages_of_others_may_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
