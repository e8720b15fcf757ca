/* SPDX-License-Identifier: Apache-2.0 */
/* TLS and HTTP/2, against nginx. */
#include "http_test.h"
#include "nginx.h"

static struct nginx nginx;

static struct http_answer *fetch(struct world *w, const char *host, int port, const char *ca_file,
                                 struct error *err)
{
    char url[64];
    struct http_request r = {.ca_file = ca_file, .timeout_ms = 20000};
    r.url = (str){url, (size_t)snprintf(url, sizeof url, "https://%s:%d/", host, port)};
    return world_fetch(w, "", &r, err);
}

static void a_private_authority_is_trusted_where_it_is_named(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, &(struct http_client_options){.ca_file = nginx.ca_file});
    struct http_answer *a = fetch(&w, "localhost", nginx.port, NULL, &err);
    assert_non_null(a);
    assert_int_equal(a->status, 200);
    assert_int_equal(a->version, 20);
    assert_str(a->reason, "");
    assert_str(answer_body(a), "hello");
    http_answer_free(a);
    world_close(&w);

    world_open(&w, NULL);
    a = fetch(&w, "localhost", nginx.port, nginx.ca_file, &err);
    assert_non_null(a);
    http_answer_free(a);
    world_close(&w);
}

static void whom_nobody_vouches_for_is_refused(void **state)
{
    (void)state;
    struct world w;
    const struct {
        const char *host, *ca_file;
        int port;
    } cases[] = {
        {"localhost", NULL, nginx.port},              /* an authority unknown to the system */
        {"127.0.0.1", nginx.ca_file, nginx.port},     /* not the name in the certificate */
        {"localhost", "/nowhere/ca.pem", nginx.port}, /* no authority at all */
        {"localhost", nginx.ca_file, nginx.old_port}, /* TLS 1.1 */
    };
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        assert_null(fetch(&w, cases[i].host, cases[i].port, cases[i].ca_file, &err));
        if (strcmp(err.name, "HttpTls") != 0)
            print_error("case %zu: %s: %s\n", i, err.name, err.message);
        assert_string_equal(err.name, "HttpTls");
        assert_int_equal(err.status, STATUS_IO);
    }
    /* and trust given to one call is not there for the next */
    struct error err = {0};
    http_answer_free(fetch(&w, "localhost", nginx.port, nginx.ca_file, &err));
    assert_null(fetch(&w, "localhost", nginx.port, NULL, &err));
    assert_string_equal(err.name, "HttpTls");
    world_close(&w);
}

enum { CALLS = 40 };

/* How many connections carried the calls to a path of a port. */
static int connections_of(struct world *w, int port, const char *path, int version)
{
    struct error err;
    char url[96];
    static struct fetched f[CALLS];
    int left = CALLS, connections = 0;
    memset(f, 0, sizeof f);
    struct http_request r = {0};
    r.url = (str){url, (size_t)snprintf(url, sizeof url, "https://localhost:%d%s", port, path)};
    for (int i = 0; i < CALLS; i++) {
        struct http_call *call;
        f[i] = (struct fetched){.loop = w->loop, .left = &left};
        assert_int_equal(http_client_send(w->client, &r, fetched_done, &f[i], &call, &err),
                         STATUS_OK);
    }
    loop_run(w->loop);
    for (int i = 0; i < CALLS; i++) {
        assert_non_null(f[i].answer);
        assert_int_equal(f[i].answer->version, version);
        str id = http_answer_header(f[i].answer, STR("X-Connection"));
        bool is_new = true;
        for (int j = 0; j < i; j++)
            is_new = is_new && !str_eq(id, http_answer_header(f[j].answer, STR("X-Connection")));
        connections += is_new;
    }
    for (int i = 0; i < CALLS; i++)
        http_answer_free(f[i].answer);
    return connections;
}

static void calls_share_a_connection_where_http_2_is_offered(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, &(struct http_client_options){.ca_file = nginx.ca_file});
    assert_int_equal(connections_of(&w, nginx.port, "/", 20), 1);
    world_close(&w);
}

/* They do not wait for each other, although the first found out that there is no HTTP/2. */
static void calls_have_connections_of_their_own_with_http_1(void **state)
{
    (void)state;
    struct world w;
    char path[64];
    world_open(&w, &(struct http_client_options){.ca_file = nginx.ca_file});
    snprintf(path, sizeof path, "/to/%d/delay/300", w.server.port);
    int n = connections_of(&w, nginx.plain_port, path, 11);
    assert_in_range(n, CALLS / 2, CALLS);
    assert_true(w.server.open_max >= CALLS / 2);
    world_close(&w);
}

static void calls_on_a_shared_connection_can_be_canceled_alone(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    char url[64];
    struct fetched f[10] = {0};
    int left = 5;
    world_open(&w, &(struct http_client_options){.ca_file = nginx.ca_file});
    http_answer_free(fetch(&w, "localhost", nginx.port, NULL, &err)); /* it stands */
    struct http_request r = {0};
    r.url = (str){url, (size_t)snprintf(url, sizeof url, "https://localhost:%d/", nginx.port)};
    struct http_call *calls[10];
    for (int i = 0; i < 10; i++) {
        f[i] = (struct fetched){.loop = w.loop, .left = &left};
        assert_int_equal(http_client_send(w.client, &r, fetched_done, &f[i], &calls[i], &err),
                         STATUS_OK);
    }
    for (int i = 0; i < 10; i += 2)
        http_call_cancel(calls[i]);
    loop_run(w.loop);
    for (int i = 0; i < 10; i++) {
        assert_true(f[i].is_done == (i % 2 == 1));
        http_answer_free(f[i].answer);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_authority_is_trusted_where_it_is_named),
        cmocka_unit_test(whom_nobody_vouches_for_is_refused),
        cmocka_unit_test(calls_share_a_connection_where_http_2_is_offered),
        cmocka_unit_test(calls_have_connections_of_their_own_with_http_1),
        cmocka_unit_test(calls_on_a_shared_connection_can_be_canceled_alone),
    };
    if (!nginx_start(&nginx)) {
        puts("nginx or openssl is not installed: skipped");
        return 77;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nginx_stop(&nginx);
    return failed;
}
