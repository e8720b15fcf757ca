/* SPDX-License-Identifier: Apache-2.0 */
#include "http/names.h"
#include "http_test.h"

static void the_host_of_a_url_is_what_is_looked_up(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://example.com/", "example.com"},
        {"https://EXAMPLE.com:8443/a:b@c", "example.com"},
        {"http://user:pass@word@h.example?x", "h.example"},
        {"http://h#fragment", "h"},
        {"proxy:3128", "proxy"},
        {"http://127.0.0.1:80/", ""},
        {"http://[::1]:80/", ""},
        {"http:///", ""},
        {"", ""},
        {"http://1.2.3.4.example/", "1.2.3.4.example"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char out[256];
        assert_str(http_names_host(str_of(cases[i][0]), out), cases[i][1]);
    }
}

static void names_that_do_not_fit_are_left_to_others(void **state)
{
    (void)state;
    char url[400], out[256];
    memset(url, 'a', sizeof url);
    assert_int_equal(http_names_host((str){url, 255}, out).n, 255);
    assert_int_equal(http_names_host((str){url, 256}, out).n, 0);
}

/* Many hosts that do not exist are not remembered for ever. */
static void names_nobody_needs_any_more_are_forgotten(void **state)
{
    (void)state;
    enum { NAMES = 600 };
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (int i = 0; i < NAMES; i++) {
        char url[64];
        struct http_call *call;
        struct fetched f = {0};
        struct http_request r = {0};
        r.url = (str){url, (size_t)snprintf(url, sizeof url, "http://h%d.invalid/", i)};
        assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &call, &err), STATUS_OK);
        http_call_cancel(call);
    }
    assert_in_range(w.client->names.count, 1, 257);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_of_a_url_is_what_is_looked_up),
        cmocka_unit_test(names_that_do_not_fit_are_left_to_others),
        cmocka_unit_test(names_nobody_needs_any_more_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
