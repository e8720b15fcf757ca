/* SPDX-License-Identifier: Apache-2.0 */
#include "http_test.h"
#include "loop/watch.h"
#include <pthread.h>

static void an_answer_has_status_reason_headers_and_body(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, NULL);
    struct http_answer *a = world_fetch(&w, "/hello", NULL, &err);
    assert_non_null(a);
    assert_int_equal(a->status, 200);
    assert_int_equal(a->version, 11);
    assert_str(a->reason, "OK");
    assert_int_equal(a->header_count, 2);
    assert_str(a->headers[0].name, "Content-Type");
    assert_str(a->headers[0].value, "text/plain");
    assert_str(http_answer_header(a, STR("CONTENT-length")), "5");
    assert_null(http_answer_header(a, STR("none")).p);
    assert_str(answer_body(a), "hello");
    http_answer_free(a);
    http_answer_free(NULL);
    world_close(&w);
}

static void headers_keep_order_repeats_and_folded_lines(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, NULL);
    struct http_answer *a = world_fetch(&w, "/repeat", NULL, &err);
    static const char *const expected[][2] = {
        {"Set-Cookie", "a=1"}, {"X-Empty", ""},         {"set-cookie", "b=2"},
        {"X-Spaces", "v  w"},  {"X-Folded", "one two"}, {"Content-Length", "0"},
    };
    assert_non_null(a);
    assert_int_equal(a->header_count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_str(a->headers[i].name, expected[i][0]);
        assert_str(a->headers[i].value, expected[i][1]);
    }
    http_answer_free(a);
    world_close(&w);
}

static void the_request_goes_out_as_it_was_given(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    const struct http_header headers[] = {{STR("X-One"), STR("1")},
                                          {STR("X-Empty"), STR("")},
                                          {STR("x-one"), STR("2; three")},
                                          {STR("User-Agent"), STR("Amazon|Test")},
                                          {STR("Range"), STR("bytes=0-262144")}};
    world_open(&w, NULL);
    struct http_request r = {.method = STR("GET"),
                             .headers = headers,
                             .header_count = ARRAY_LEN(headers),
                             .body = STR("{}"),
                             .has_body = true,
                             .is_identity = true};
    struct http_answer *a = world_fetch(&w, "/echo?q=a%20b", &r, &err);
    char expected[512];
    snprintf(expected, sizeof expected,
             "GET /echo?q=a%%20b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nX-One: 1\r\n"
             "X-Empty:\r\nx-one: 2; three\r\nUser-Agent: Amazon|Test\r\nRange: bytes=0-262144\r\n"
             "Content-Length: 2\r\n\r\n{}",
             w.server.port);
    assert_non_null(a);
    assert_str(answer_body(a), expected);
    http_answer_free(a);
    world_close(&w);
}

static void methods_say_whether_there_is_a_body(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body;
        bool has_length;
    } cases[] = {{"GET", NULL, false},   {"DELETE", NULL, false}, {"OPTIONS", NULL, false},
                 {"POST", NULL, true},   {"PUT", NULL, true},     {"PATCH", "x=1", true},
                 {"DELETE", "{}", true}, {"POST", "", true},      {"PURGE", NULL, false}};
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *body = cases[i].body;
        struct http_request r = {.method = str_of(cases[i].method),
                                 .body = str_of(body == NULL ? "" : body),
                                 .has_body = body != NULL};
        struct http_answer *a = world_fetch(&w, "/echo", &r, &err);
        assert_non_null(a);
        assert_true(str_starts(answer_body(a), r.method));
        assert_true((str_find(answer_body(a), STR("Content-Length: "), 0) != STR_NONE) ==
                    cases[i].has_length);
        assert_true(str_find(answer_body(a), STR("Content-Type"), 0) == STR_NONE);
        assert_true(str_ends(answer_body(a), r.body));
        http_answer_free(a);
    }
    world_close(&w);
}

static void where_the_body_ends_is_not_for_headers_to_say(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    const struct http_header headers[] = {{STR("content-length"), STR("3")},
                                          {STR("Transfer-Encoding"), STR("chunked")}};
    world_open(&w, NULL);
    struct http_request r = {.method = STR("POST"),
                             .headers = headers,
                             .header_count = 2,
                             .body = STR("abcGET /hello HTTP/1.1\r\n\r\n"),
                             .has_body = true};
    struct http_answer *a = world_fetch(&w, "/echo", &r, &err);
    assert_non_null(a);
    assert_true(str_find(answer_body(a), STR("Content-Length: 26\r\n"), 0) != STR_NONE);
    assert_true(str_find(answer_body(a), STR("chunked"), 0) == STR_NONE);
    assert_int_equal(w.server.requests, 1);
    http_answer_free(a);
    world_close(&w);
}

static void a_head_request_has_an_answer_without_a_body(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, NULL);
    struct http_request r = {.method = STR("HEAD"), .timeout_ms = 2000};
    struct http_answer *a = world_fetch(&w, "/status/204", &r, &err);
    assert_non_null(a);
    assert_int_equal(a->body_size, 0);
    assert_non_null(a->body);
    http_answer_free(a);
    world_close(&w);
}

static void any_status_is_an_answer_and_redirects_are_not_followed(void **state)
{
    (void)state;
    static const struct {
        const char *path, *reason;
        int status;
    } cases[] = {{"/redirect", "Found", 302},         {"/status/404", "Other Words", 404},
                 {"/status/500", "Other Words", 500}, {"/status/204", "Other Words", 204},
                 {"/status/304", "Other Words", 304}, {"/retry/7", "Too Many Requests", 429}};
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_answer *a = world_fetch(&w, cases[i].path, NULL, &err);
        assert_non_null(a);
        assert_int_equal(a->status, cases[i].status);
        assert_str(a->reason, cases[i].reason);
        http_answer_free(a);
    }
    assert_int_equal(w.server.requests, ARRAY_LEN(cases));
    world_close(&w);
}

static void bytes_of_bodies_are_counted_as_they_came(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint64_t bytes;
    } cases[] = {
        {"/hello", 5}, {"/gzip", 28}, {"/chunked", 14}, {"/status/204", 0}, {"/drip/20", 4}};
    struct world w;
    struct error err;
    uint64_t bytes = 0;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        http_answer_free(world_fetch(&w, cases[i].path, NULL, &err));
        bytes += cases[i].bytes;
        assert_int_equal(http_client_figures(w.client).sent, i + 1);
        assert_int_equal(http_client_figures(w.client).received, bytes);
    }
    /* What is broken off was received, too. */
    struct http_request slow = {.timeout_ms = 250};
    assert_null(world_fetch(&w, "/drip/100", &slow, &err));
    assert_in_range(http_client_figures(w.client).received, bytes + 1, bytes + 3);
    world_close(&w);
}

static void bodies_come_in_every_coding(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
    } cases[] = {{"/chunked", "one two, three"},
                 {"/gzip", "squeezed"},
                 {"/stream/3", "yyy"},
                 {"/drip/2", "drip"},
                 {"/interim", "final"},
                 {"/length/0", ""},
                 {"/delay/5", "late"}};
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_answer *a = world_fetch(&w, cases[i].path, NULL, &err);
        assert_non_null(a);
        assert_str(answer_body(a), cases[i].body);
        assert_null(http_answer_header(a, STR("X-Trailer")).p);
        assert_null(http_answer_header(a, STR("X-Early")).p);
        http_answer_free(a);
    }
    world_close(&w);
}

static void the_body_can_be_taken_with_room_behind_it(void **state)
{
    (void)state;
    static const char *const paths[] = {"/length/0", "/length/100000", "/stream/100000", "/bomb",
                                        "/status/204"};
    struct world w;
    struct error err;
    world_open(&w, &(struct http_client_options){.body_padding = 64});
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct http_answer *a = world_fetch(&w, paths[i], NULL, &err);
        assert_non_null(a);
        size_t n;
        char *body = http_answer_take_body(a, &n);
        memset(body + n, 0, 64); /* the sanitizer watches */
        assert_int_equal(a->body_size, 0);
        http_answer_free(a);
        free(body);
    }
    world_close(&w);
}

static void broken_answers_and_missing_servers_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name;
        enum status status;
    } cases[] = {
        {"/short", "HttpAborted", STATUS_UNAVAILABLE},
        {"/cut", "HttpAborted", STATUS_UNAVAILABLE},
        {"/reset", "HttpAborted", STATUS_UNAVAILABLE},
        {"/garbage", "HttpBadAnswer", STATUS_IO},
        {"/badgzip", "HttpBadAnswer", STATUS_IO},
        {"/liar", "HttpTooLarge", STATUS_LIMIT},
        {"http://127.0.0.1:1/", "HttpRefused", STATUS_UNAVAILABLE},
        {"http://no..name/", "HttpNotResolved", STATUS_UNAVAILABLE},
        {"http://[::1/", "HttpInvalid", STATUS_INVALID},
        {"http://:80/", "HttpInvalid", STATUS_INVALID},
        {"https://127.0.0.1:PORT/hello", "HttpTls", STATUS_IO},
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char url[128];
        struct error err = {0};
        struct http_request r = {.timeout_ms = 20000};
        if (cases[i].path[0] == 'h') {
            str port = STR("PORT"), path = str_of(cases[i].path);
            size_t at = str_find(path, port, 0);
            r.url = path;
            if (at != STR_NONE)
                r.url = (str){url, (size_t)snprintf(url, sizeof url, "%.*s%d%s", (int)at, path.p,
                                                    w.server.port, path.p + at + port.n)};
        }
        struct http_answer *a = world_fetch(&w, cases[i].path, &r, &err);
        if (a != NULL || strcmp(err.name, cases[i].name) != 0 || err.status != cases[i].status)
            print_error("%s: expected %s, got %s %s: %s\n", cases[i].path, cases[i].name,
                        status_name(err.status), err.name, err.message);
        assert_null(a);
        assert_string_equal(err.name, cases[i].name);
        assert_int_equal(err.status, cases[i].status);
        assert_true(err.message[0] != '\0');
    }
    world_close(&w);
}

static void limits_of_headers_and_bodies_hold_to_the_byte(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t header_max, body_max;
        bool is_ok;
    } cases[] = {{"/length/1000", 0, 1000, true}, {"/length/1001", 0, 1000, false},
                 {"/stream/1000", 0, 1000, true}, {"/stream/1001", 0, 1000, false},
                 {"/bomb", 0, 100000, true},      {"/bomb", 0, 99999, false},
                 {"/chunked", 0, 14, true},       {"/chunked", 0, 13, false},
                 {"/headers/10", 11000, 0, true}, {"/headers/11", 11000, 0, false},
                 {"/headers/60", 0, 0, true},     {"/headers/70", 0, 0, false}};
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        struct http_request r = {.max_header_bytes = cases[i].header_max,
                                 .max_body_bytes = cases[i].body_max};
        struct http_answer *a = world_fetch(&w, cases[i].path, &r, &err);
        assert_true((a != NULL) == cases[i].is_ok);
        if (a == NULL) {
            assert_string_equal(err.name, "HttpTooLarge");
            assert_int_equal(err.status, STATUS_LIMIT);
        }
        http_answer_free(a);
    }
    world_close(&w);
}

static void a_call_ends_at_its_deadline(void **state)
{
    (void)state;
    static const char *const paths[] = {"/hang", "/drip/40", "/delay/60000"};
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct error err = {0};
        struct http_request r = {.timeout_ms = 50, .connect_timeout_ms = 20};
        int64_t from = loop_now_ms();
        assert_null(world_fetch(&w, paths[i], &r, &err));
        assert_in_range(loop_now_ms() - from, 50, 5000);
        assert_string_equal(err.name, "HttpTimedOut");
        assert_string_equal(err.message, "no complete answer within 50 ms");
    }
    world_close(&w);
}

/* A listener whose queue is full answers nobody. */
static void a_connection_that_does_not_come_about_ends_at_its_own_deadline(void **state)
{
    (void)state;
    struct world w;
    struct error err = {0};
    world_open(&w, NULL);
    /* TLS to a server that never says a word: connected by TCP, but the connection does not stand.
     */
    struct server mute = {.loop = w.loop};
    server_start(&mute, w.loop);
    loop_watch_set(mute.watch, 0);
    char url[64];
    struct http_request r = {.timeout_ms = 5000, .connect_timeout_ms = 30};
    r.url = (str){url, (size_t)snprintf(url, sizeof url, "https://127.0.0.1:%d/", mute.port)};
    assert_null(world_fetch(&w, "", &r, &err));
    assert_string_equal(err.name, "HttpTimedOut");
    assert_string_equal(err.message, "no connection within 30 ms");
    server_stop(&mute);
    world_close(&w);
}

static void connections_are_used_again(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (int i = 0; i < 20; i++)
        http_answer_free(world_fetch(&w, i % 2 == 0 ? "/hello" : "/chunked", NULL, &err));
    assert_int_equal(w.server.requests, 20);
    assert_int_equal(w.server.connections, 1);
    http_answer_free(world_fetch(&w, "/stream/5", NULL, &err)); /* this one closes */
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    assert_int_equal(w.server.connections, 2);
    world_close(&w);
}

static void a_connection_closed_by_the_server_while_idle_is_replaced(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, NULL);
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    server_drop(&w.server);
    struct http_answer *a = world_fetch(&w, "/hello", NULL, &err);
    assert_non_null(a);
    http_answer_free(a);
    assert_int_equal(w.server.connections, 2);
    world_close(&w);
}

enum { MANY = 300 };

static void many_calls_at_a_time_all_end(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    static struct fetched all[MANY];
    char url[128];
    int left = MANY;
    memset(all, 0, sizeof all);
    world_open(&w, NULL);
    for (int i = 0; i < MANY; i++) {
        struct http_call *call;
        struct http_request r = {.url =
                                     world_url(&w, url, i % 3 == 0 ? "/delay/20" : "/length/5000")};
        all[i] = (struct fetched){.loop = w.loop, .left = &left};
        assert_int_equal(http_client_send(w.client, &r, fetched_done, &all[i], &call, &err),
                         STATUS_OK);
    }
    assert_int_equal(http_client_in_flight(w.client), MANY);
    loop_run(w.loop);
    assert_int_equal(http_client_in_flight(w.client), 0);
    for (int i = 0; i < MANY; i++) {
        assert_non_null(all[i].answer);
        assert_int_equal(all[i].answer->body_size, i % 3 == 0 ? 4 : 5000);
        http_answer_free(all[i].answer);
    }
    assert_in_range(w.server.connections, 1, MANY);
    world_close(&w);
}

/* Sends MANY calls to a host at once; how many ended well. */
static int fetch_many(struct world *w, const char *url, struct fetched *all)
{
    struct error err;
    int left = MANY, good = 0;
    memset(all, 0, MANY * sizeof *all);
    for (int i = 0; i < MANY; i++) {
        struct http_call *call;
        struct http_request r = {.url = str_of(url)};
        all[i] = (struct fetched){.loop = w->loop, .left = &left};
        assert_int_equal(http_client_send(w->client, &r, fetched_done, &all[i], &call, &err),
                         STATUS_OK);
    }
    loop_run(w->loop);
    for (int i = 0; i < MANY; i++) {
        good += all[i].answer != NULL;
        http_answer_free(all[i].answer);
    }
    return good;
}

static void a_name_is_looked_up_once_for_all_who_wait_for_it(void **state)
{
    (void)state;
    static struct fetched all[MANY];
    struct world w;
    char url[64];
    world_open(&w, NULL);
    snprintf(url, sizeof url, "http://localhost:%d/hello", w.server.port);
    assert_int_equal(fetch_many(&w, url, all), MANY);
    assert_int_equal(http_client_lookups(w.client), 1);
    assert_int_equal(fetch_many(&w, url, all), MANY);
    assert_in_range(http_client_lookups(w.client), 1, 2); /* 2 when a minute went by */
    world_close(&w);
}

static void a_name_without_an_address_fails_all_who_wait_for_it(void **state)
{
    (void)state;
    static struct fetched all[MANY];
    struct world w;
    world_open(&w, NULL);
    /* no name at all, so that nobody has to be asked */
    assert_int_equal(fetch_many(&w, "http://no..name/", all), 0);
    assert_in_range(http_client_lookups(w.client), 1, 2);
    for (int i = 0; i < MANY; i++)
        assert_string_equal(all[i].err.name, "HttpNotResolved");
    assert_int_equal(fetch_many(&w, "http://no..name/", all), 0); /* asked again */
    assert_in_range(http_client_lookups(w.client), 2, 4);
    world_close(&w);
}

static void who_waits_for_a_name_can_be_canceled_and_so_can_who_looks_it_up(void **state)
{
    (void)state;
    struct world w;
    char url[64];
    struct error err;
    for (int kept = 0; kept < 4; kept++) {
        struct fetched f[4] = {0};
        struct http_call *calls[4];
        world_open(&w, NULL);
        struct http_request r = {0};
        r.url = (str){
            url, (size_t)snprintf(url, sizeof url, "http://LOCALHOST:%d/hello", w.server.port)};
        for (int i = 0; i < 4; i++) {
            f[i].loop = w.loop;
            assert_int_equal(http_client_send(w.client, &r, fetched_done, &f[i], &calls[i], &err),
                             STATUS_OK);
        }
        for (int i = 0; i < 4; i++)
            if (i != kept)
                http_call_cancel(calls[i]);
        loop_run(w.loop);
        for (int i = 0; i < 4; i++)
            assert_true(f[i].is_done == (i == kept));
        assert_non_null(f[kept].answer);
        http_answer_free(f[kept].answer);
        world_close(&w);
    }
}

static void a_client_may_be_freed_while_calls_wait_for_a_name(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    struct fetched f = {0};
    world_open(&w, NULL);
    struct http_call *calls[3];
    struct http_request r = {.url = STR("http://name.invalid/")};
    for (int i = 0; i < 3; i++)
        assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &calls[i], &err),
                         STATUS_OK);
    http_call_cancel(calls[0]); /* the second takes over, soon */
    world_close(&w);
    assert_false(f.is_done);
}

static void there_are_only_so_many_calls_at_a_time(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    char url[128];
    struct http_call *calls[3];
    struct fetched f = {0};
    world_open(&w, &(struct http_client_options){.calls_max = 2});
    struct http_request r = {.url = world_url(&w, url, "/hang")};
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &calls[i], &err),
                         STATUS_OK);
    assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &calls[2], &err),
                     STATUS_BUSY);
    assert_string_equal(err.name, "HttpTooMany");
    http_call_cancel(calls[0]);
    assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &calls[2], &err), STATUS_OK);
    world_close(&w); /* cancels two */
    assert_false(f.is_done);
}

static void a_canceled_call_is_silent_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const urls[] = {"/hang", "/drip/1000", "http://name.invalid/", "/hello"};
    struct world w;
    struct error err;
    world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        for (int wait_ms = 0; wait_ms < 12; wait_ms += 4) {
            char url[128];
            struct http_call *call;
            struct fetched f = {.loop = w.loop};
            struct loop_timer timer = {0};
            struct http_request r = {.url = urls[i][0] == '/' ? world_url(&w, url, urls[i])
                                                              : str_of(urls[i])};
            assert_int_equal(http_client_send(w.client, &r, fetched_done, &f, &call, &err),
                             STATUS_OK);
            if (wait_ms > 0) {
                loop_timer_start(w.loop, &timer, loop_now_ms() + wait_ms, (loop_fn *)loop_stop,
                                 w.loop);
                loop_run(w.loop);
                loop_timer_stop(w.loop, &timer);
            }
            if (!f.is_done)
                http_call_cancel(call);
            else
                http_answer_free(f.answer);
            f.is_done = true; /* a second call of it would fail */
        }
    }
    assert_int_equal(http_client_in_flight(w.client), 0);
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    world_close(&w);
}

/* From within fn: the next call of a chain, and the end of another call. */
struct chain {
    struct world *w;
    struct http_call *other;
    struct fetched canceled;
    int left;
};

static void chain_go_on(struct chain *chain);

static void chain_done(void *arg, struct http_answer *answer, const struct error *err)
{
    struct chain *chain = arg;
    assert_null(err);
    http_answer_free(answer);
    if (chain->other != NULL)
        http_call_cancel(chain->other);
    chain->other = NULL;
    if (--chain->left == 0)
        loop_stop(chain->w->loop);
    else
        chain_go_on(chain);
}

static void chain_go_on(struct chain *chain)
{
    char url[128];
    struct error err;
    struct http_call *call;
    struct http_request r = {.url = world_url(chain->w, url, "/hello")};
    assert_int_equal(http_client_send(chain->w->client, &r, chain_done, chain, &call, &err),
                     STATUS_OK);
    r.url = world_url(chain->w, url, "/hang");
    assert_int_equal(
        http_client_send(chain->w->client, &r, fetched_done, &chain->canceled, &chain->other, &err),
        STATUS_OK);
}

static void calls_may_be_sent_and_canceled_when_one_is_done(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct chain chain = {.w = &w, .left = 30};
    chain_go_on(&chain);
    loop_run(w.loop);
    assert_false(chain.canceled.is_done);
    assert_int_equal(http_client_in_flight(w.client), 0);
    world_close(&w);
}

/* Each thread has a loop, a server and a client of its own, as in the program. */
static void *thread_main(void *arg)
{
    struct chain *chain = arg;
    chain_go_on(chain);
    loop_run(chain->w->loop);
    return NULL;
}

static void two_loops_fetch_at_the_same_time(void **state)
{
    (void)state;
    struct world w[2];
    struct chain chains[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        world_open(&w[i], NULL);
        chains[i] = (struct chain){.w = &w[i], .left = 100};
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &chains[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(chains[i].left, 0);
        world_close(&w[i]);
    }
}

static void idle_connections_are_closed_after_a_while(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_open(&w, &(struct http_client_options){.idle_ms = 20});
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    assert_non_null(w.server.first);
    struct loop_timer timer = {0};
    loop_timer_start(w.loop, &timer, loop_now_ms() + 60, (loop_fn *)loop_stop, w.loop);
    loop_run(w.loop);
    assert_null(w.server.first);
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    assert_int_equal(w.server.connections, 2);
    world_close(&w);
}

static void a_proxy_is_used_when_it_is_given_and_not_from_the_environment(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    char proxy[64], port[16];
    struct server server;
    world_open(&w, NULL);
    server_start(&server, w.loop);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", server.port);
    snprintf(port, sizeof port, "%d", server.port);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct http_answer *a = world_fetch(&w, "/hello", NULL, &err);
    assert_non_null(a); /* not the proxy of the environment */
    http_answer_free(a);
    struct http_request r = {.url = STR("http://elsewhere.invalid/echo"), .proxy = proxy};
    a = world_fetch(&w, "", &r, &err);
    assert_non_null(a);
    assert_true(str_starts(answer_body(a), STR("GET http://elsewhere.invalid/echo HTTP/1.1\r\n")));
    http_answer_free(a);
    assert_int_equal(server.requests, 1);
    http_client_free(w.client);

    /* asked for: the environment's, unless the call says none */
    setenv("http_proxy", proxy, 1);
    struct http_client_options options = {.is_proxy_from_env = true};
    assert_int_equal(http_client_new(w.loop, &options, &w.client, &err), STATUS_OK);
    http_answer_free(world_fetch(&w, "/hello", NULL, &err));
    assert_int_equal(server.requests, 2);
    r = (struct http_request){.proxy = ""};
    http_answer_free(world_fetch(&w, "/hello", &r, &err));
    assert_int_equal(server.requests, 2);
    unsetenv("http_proxy");
    server_stop(&server);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_status_reason_headers_and_body),
        cmocka_unit_test(headers_keep_order_repeats_and_folded_lines),
        cmocka_unit_test(the_request_goes_out_as_it_was_given),
        cmocka_unit_test(methods_say_whether_there_is_a_body),
        cmocka_unit_test(where_the_body_ends_is_not_for_headers_to_say),
        cmocka_unit_test(a_head_request_has_an_answer_without_a_body),
        cmocka_unit_test(any_status_is_an_answer_and_redirects_are_not_followed),
        cmocka_unit_test(bytes_of_bodies_are_counted_as_they_came),
        cmocka_unit_test(bodies_come_in_every_coding),
        cmocka_unit_test(the_body_can_be_taken_with_room_behind_it),
        cmocka_unit_test(broken_answers_and_missing_servers_have_names),
        cmocka_unit_test(limits_of_headers_and_bodies_hold_to_the_byte),
        cmocka_unit_test(a_call_ends_at_its_deadline),
        cmocka_unit_test(a_connection_that_does_not_come_about_ends_at_its_own_deadline),
        cmocka_unit_test(connections_are_used_again),
        cmocka_unit_test(a_connection_closed_by_the_server_while_idle_is_replaced),
        cmocka_unit_test(many_calls_at_a_time_all_end),
        cmocka_unit_test(a_name_is_looked_up_once_for_all_who_wait_for_it),
        cmocka_unit_test(a_name_without_an_address_fails_all_who_wait_for_it),
        cmocka_unit_test(who_waits_for_a_name_can_be_canceled_and_so_can_who_looks_it_up),
        cmocka_unit_test(a_client_may_be_freed_while_calls_wait_for_a_name),
        cmocka_unit_test(there_are_only_so_many_calls_at_a_time),
        cmocka_unit_test(a_canceled_call_is_silent_wherever_it_stands),
        cmocka_unit_test(calls_may_be_sent_and_canceled_when_one_is_done),
        cmocka_unit_test(two_loops_fetch_at_the_same_time),
        cmocka_unit_test(idle_connections_are_closed_after_a_while),
        cmocka_unit_test(a_proxy_is_used_when_it_is_given_and_not_from_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
