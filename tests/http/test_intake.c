/* SPDX-License-Identifier: Apache-2.0 */
#include "http/intake.h"
#include "http_test.h"

static void status_lines_are_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
        int status, version; /* status 0: refused */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n", "OK", 200, 11},
        {"HTTP/1.0 404 Not Found\r\n", "Not Found", 404, 10},
        {"HTTP/2 200 \r\n", "", 200, 20},
        {"HTTP/3 204", "", 204, 30},
        {"HTTP/1.1 418\r\n", "", 418, 11},
        {"HTTP/1.1   999   odd  words \r\n", "odd  words", 999, 11},
        {"HTTP/1.1 099 low\r\n", NULL, 0, 0},
        {"HTTP/1.1 20 OK\r\n", NULL, 0, 0},
        {"HTTP/1.1 2000 OK\r\n", NULL, 0, 0},
        {"HTTP/1.1\r\n", NULL, 0, 0},
        {"HTTP/x 200 OK\r\n", NULL, 0, 0},
        {"HTTP/x.1 200 OK\r\n", NULL, 0, 0},
        {"HTTP/0.9 200 OK\r\n", NULL, 0, 0},
        {"HTTP/", NULL, 0, 0},
        {"Content-Length: 5\r\n", NULL, 0, 0},
        {"\r\n", NULL, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_intake in;
        struct http_answer *a;
        struct error err;
        http_intake_init(&in, 1000, 1000, 0);
        enum status status = http_intake_line(&in, str_of(cases[i].line), &err);
        assert_int_equal(status, cases[i].status == 0 ? STATUS_IO : STATUS_OK);
        if (status != STATUS_OK) {
            assert_string_equal(err.name, "HttpBadAnswer");
            assert_int_equal(http_intake_take(&in, &a, &err), STATUS_IO);
            http_intake_done(&in);
            continue;
        }
        assert_int_equal(http_intake_take(&in, &a, &err), STATUS_OK);
        assert_int_equal(a->status, cases[i].status);
        assert_int_equal(a->version, cases[i].version);
        assert_str(a->reason, cases[i].reason);
        http_answer_free(a);
        http_intake_done(&in);
    }
}

static void feed(struct http_intake *in, const char *const *lines, size_t count)
{
    struct error err;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(http_intake_line(in, str_of(lines[i]), &err), STATUS_OK);
}

static void a_body_takes_what_was_announced_where_that_is_believable(void **state)
{
    (void)state;
    static const struct {
        const char *length, *encoding;
        size_t cap; /* after the first 10 bytes */
    } cases[] = {
        {"100\r\n", NULL, 100},
        {"3\r\n", NULL, 10},
        {"5000000\r\n", NULL, HTTP_BELIEVED_BYTES},
        {"-5\r\n", NULL, 4096},
        {"99999999999999999999999\r\n", NULL, 4096},
        {"1000\r\n", "gzip\r\n", 4000},
        {NULL, NULL, 4096},
        {"\r\n", NULL, 4096},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_intake in;
        struct error err;
        char line[64];
        http_intake_init(&in, 1000, 10000000, 0);
        feed(&in, (const char *const[]){"HTTP/1.1 200 OK\r\n"}, 1);
        if (cases[i].length != NULL) {
            snprintf(line, sizeof line, "content-LENGTH: %s", cases[i].length);
            feed(&in, (const char *const[]){line}, 1);
        }
        if (cases[i].encoding != NULL) {
            snprintf(line, sizeof line, "Content-Encoding: %s", cases[i].encoding);
            feed(&in, (const char *const[]){line}, 1);
        }
        assert_int_equal(http_intake_body(&in, STR("0123456789"), &err), STATUS_OK);
        assert_int_equal(in.body_cap, cases[i].cap);
        http_intake_done(&in);
    }
}

static void a_body_grows_to_its_limit_and_no_further(void **state)
{
    (void)state;
    enum { PIECE = 1000, MAX = 50 * PIECE };
    static char piece[PIECE];
    struct http_intake in;
    struct http_answer *a;
    struct error err;
    memset(piece, 'p', sizeof piece);
    http_intake_init(&in, 1000, MAX, 64);
    feed(&in, (const char *const[]){"HTTP/1.1 200 OK\r\n", "\r\n"}, 2);
    for (int i = 0; i < MAX / PIECE; i++)
        assert_int_equal(http_intake_body(&in, (str){piece, PIECE}, &err), STATUS_OK);
    assert_int_equal(in.body_cap, MAX);
    assert_int_equal(http_intake_body(&in, STR("x"), &err), STATUS_LIMIT);
    assert_string_equal(err.name, "HttpTooLarge");
    assert_int_equal(http_intake_body(&in, STR(""), &err), STATUS_OK);
    assert_int_equal(http_intake_take(&in, &a, &err), STATUS_OK);
    assert_int_equal(a->body_size, MAX);
    http_answer_free(a);
    http_intake_done(&in);
}

static void interim_heads_count_towards_the_limit(void **state)
{
    (void)state;
    struct http_intake in;
    struct error err;
    int heads = 0;
    http_intake_init(&in, 1000, 1000, 0);
    while (http_intake_line(&in, STR("HTTP/1.1 103 Hints\r\n"), &err) == STATUS_OK &&
           http_intake_line(&in, STR("\r\n"), &err) == STATUS_OK)
        heads++;
    assert_int_equal(heads, 1000 / 22);
    assert_int_equal(err.status, STATUS_LIMIT);
    http_intake_done(&in);
}

static void lines_without_a_colon_and_trailers_are_not_headers(void **state)
{
    (void)state;
    struct http_intake in;
    struct http_answer *a;
    struct error err;
    http_intake_init(&in, 1000, 1000, 0);
    feed(&in,
         (const char *const[]){"HTTP/1.1 200 OK\r\n", " folded onto nothing\r\n", "no colon\r\n",
                               "A: 1\r\n", ": nameless\r\n", "\r\n", "Trailer: 2\r\n", "\r\n",
                               "HTTP/1.1 500 not a second answer\r\n"},
         9);
    assert_int_equal(http_intake_take(&in, &a, &err), STATUS_OK);
    assert_int_equal(a->status, 200);
    assert_int_equal(a->header_count, 2);
    assert_str(a->headers[0].name, "A");
    assert_str(a->headers[1].value, "nameless");
    http_answer_free(a);
    http_intake_done(&in);
}

static void requests_that_cannot_be_sent_are_refused(void **state)
{
    (void)state;
    static char longest[HTTP_URL_MAX + 1];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "http://", 7);
    str url = STR("http://h/");
    struct http_header good = {STR("X-A"), STR("1\t2 \xc3\xa9")};
    struct http_header large = {STR("X-A"), {longest, sizeof longest}};
    struct http_header two_large[] = {large, large};
    const struct {
        struct http_request r;
        enum status status;
    } cases[] = {
        {{.url = url, .headers = &good, .header_count = 1}, STATUS_OK},
        {{.url = STR("HTTPS://h")}, STATUS_OK},
        {{.url = {longest, HTTP_URL_MAX}}, STATUS_OK},
        {{.url = {longest, HTTP_URL_MAX + 1}}, STATUS_LIMIT},
        {{.url = STR("")}, STATUS_INVALID},
        {{.url = STR("ftp://h/")}, STATUS_INVALID},
        {{.url = STR("file:///etc/passwd")}, STATUS_INVALID},
        {{.url = STR("http://h/a b")}, STATUS_INVALID},
        {{.url = STR("http://h/\r\nX: y")}, STATUS_INVALID},
        {{.url = {"http://h/\0x", 11}}, STATUS_INVALID},
        {{.url = url, .method = STR("GET / HTTP/1.1\r\nX:")}, STATUS_INVALID},
        {{.url = url, .method = STR("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF")}, STATUS_OK},
        {{.url = url, .method = STR("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG")}, STATUS_LIMIT},
        {{.url = url, .headers = &(struct http_header){STR("X A"), STR("")}, .header_count = 1},
         STATUS_INVALID},
        {{.url = url, .headers = &(struct http_header){STR(""), STR("v")}, .header_count = 1},
         STATUS_INVALID},
        {{.url = url, .headers = &(struct http_header){STR("X:"), STR("v")}, .header_count = 1},
         STATUS_INVALID},
        {{.url = url,
          .headers = &(struct http_header){STR("X"), STR("v\r\nEvil: 1")},
          .header_count = 1},
         STATUS_INVALID},
        {{.url = url, .headers = &(struct http_header){STR("X"), {"a\0b", 3}}, .header_count = 1},
         STATUS_INVALID},
        {{.url = url, .headers = two_large, .header_count = 1}, STATUS_OK},
        {{.url = url, .headers = two_large, .header_count = 2}, STATUS_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        enum status status = http_request_check(&cases[i].r, &err);
        if (status != cases[i].status)
            print_error("case %zu: %s\n", i, err.message);
        assert_int_equal(status, cases[i].status);
        if (status != STATUS_OK)
            assert_string_equal(err.name, status == STATUS_LIMIT ? "HttpTooLarge" : "HttpInvalid");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_lines_are_read_or_refused),
        cmocka_unit_test(a_body_takes_what_was_announced_where_that_is_believable),
        cmocka_unit_test(a_body_grows_to_its_limit_and_no_further),
        cmocka_unit_test(interim_heads_count_towards_the_limit),
        cmocka_unit_test(lines_without_a_colon_and_trailers_are_not_headers),
        cmocka_unit_test(requests_that_cannot_be_sent_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
