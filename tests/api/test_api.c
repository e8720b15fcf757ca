/* SPDX-License-Identifier: Apache-2.0 */
#include "api_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

static struct api_world w;

/* Shows what it was handed. */
static void rest_shows(void *arg, struct http_exchange *x, const struct api_rest *rest)
{
    (void)arg;
    str text = arena_printf(http_exchange_arena(x), "rest %.*s|%.*s|%.*s|%zu",
                            STR_ARG(rest->bucket), STR_ARG(http_exchange_target(x)->path),
                            STR_ARG(rest->region), strlen(rest->request));
    http_exchange_answer(x, &(struct http_reply){.status = 200, .body = text});
}

static int open_world(void **state)
{
    (void)state;
    api_world_open(&w, rest_shows);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    api_world_end(&w);
    return 0;
}

static void has(const char *said, const char *part)
{
    if (strstr(said, part) == NULL)
        fail_msg("wanted inside: %s\ngot: %.2000s", part, said);
}

/* The answer has this status and holds this. */
static void call_has(const char *target, const char *headers, const char *body, const char *status,
                     const char *part)
{
    char *said = api_world_call(&w, target, headers, body), start[32];
    snprintf(start, sizeof(start), "HTTP/1.1 %s", status);
    if (strncmp(said, start, strlen(start)) != 0)
        fail_msg("wanted %s, got: %.2000s", status, said);
    has(said, part);
    free(said);
}

static void ask_has(const char *request, const char *status, const char *part)
{
    char *said = raw_ask(w.port, str_of(request)), start[32];
    snprintf(start, sizeof(start), "HTTP/1.1 %s", status);
    if (strncmp(said, start, strlen(start)) != 0)
        fail_msg("wanted %s, got: %.2000s", status, said);
    has(said, part);
    free(said);
}

#define T "DynamoDB_20120810."
#define END "Connection: close\r\n\r\n"

/* ---- operations ---- */

static void an_operation_that_reads_is_answered(void **state)
{
    (void)state;
    char *said = api_world_call(&w, T "Echo", "", "{\"a\": [1, 2.0]}");
    has(said, "HTTP/1.1 200");
    has(said, "Content-Type: application/x-amz-json-1.0\r\n");
    has(said,
        "\r\n\r\n{\"region\":\"us-east-1\",\"account\":\"123456789012\",\"you\":{\"a\":[1,2.0]}}");
    const char *id = strstr(said, "x-amzn-RequestId: ");
    assert_non_null(id);
    assert_int_equal(strcspn(id + 18, "\r"), 52);
    const char *crc = strstr(said, "X-Amz-Crc32: "), *body = strstr(said, "\r\n\r\n") + 4;
    assert_non_null(crc);
    assert_int_equal(strtoul(crc + 13, NULL, 10),
                     crc32(0, (const Bytef *)body, (uInt)strlen(body)));
    free(said);
}

static void an_empty_body_is_an_empty_object(void **state)
{
    (void)state;
    call_has(T "Echo", "", "", "200", "\"you\":{}");
}

static void an_operation_that_writes_is_durable_when_it_is_answered(void **state)
{
    (void)state;
    int before = atomic_load(&w.after);
    call_has(T "Put", "", "{\"v\":1}", "200", "\r\n\r\n{}");
    call_has(T "Get", "", "{}", "200", "{\"v\":1}");
    call_has(T "Refuse", "", "{\"v\":2}", "400",
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
             "\"Item\":{},\"message\":\"no\"}");
    call_has(T "Get", "", "{}", "200", "{\"v\":1}");
    assert_int_equal(atomic_load(&w.after) - before, 3);
}

static void all_three_parts_of_an_operation_are_called(void **state)
{
    (void)state;
    call_has(T "Check", "", "{\"Number\": 21}", "200", "{\"Answer\":42}");
    call_has(T "Check", "", "{}", "400", "ValidationException");
}

static void errors_have_the_shape_of_the_protocol(void **state)
{
    (void)state;
    call_has(T "Fail", "", "{}", "400",
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
             "\"Extra\":1,\"message\":\"there is none\"}");
    call_has(T "Full", "", "{}", "500", "InternalServerError\",\"message\":\"the disk is full\"");
    call_has(T "Echo", "", "{\"a\"", "400", "#SerializationException");
    call_has(T "Echo", "", "[]", "400", "#SerializationException");
    call_has(T "Nothing", "", "{}", "400", "com.amazon.coral.service#UnknownOperationException");
    call_has("AWSGlue.GetJob", "", "{}", "400", "#UnknownOperationException");
    call_has("Unknown.Target", "", "{}", "400", "#UnknownOperationException");
    call_has("", "", "{}", "400", "#UnknownOperationException");
}

static void a_service_may_take_an_operation_over(void **state)
{
    (void)state;
    call_has(T "Now", "", "{}", "200", "{\"now\":true}");
    int fd = raw_connect(w.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&w.holds, 1));
    api_world_answer_held(&w);
    char *said = raw_read_answer(fd);
    assert_non_null(said);
    has(said, "{\"held\":true}");
    free(said);
    close(fd);
}

static void who_took_over_may_refuse_at_length(void **state)
{
    (void)state;
    call_has(T "Long", "", "{}", "400",
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#LongException\",\"reason\":\"x\","
             "\"message\":\"mmmm");
}

static void who_took_over_may_answer_one_that_has_gone(void **state)
{
    (void)state;
    struct api_world other;
    api_world_open(&other, NULL);
    other.is_hasty = true;
    int fd = raw_connect(other.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&other.holds, 1));
    close(fd);
    assert_true(api_world_wait(&other.gone, 1));
    atomic_store(&other.holds, 0);
    fd = raw_connect(other.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&other.holds, 1));
    api_world_end(&other); /* at once: its client has not left */
    assert_int_equal(atomic_load(&other.gone), 2);
    close(fd);
}

static void who_took_over_hears_that_the_client_left(void **state)
{
    (void)state;
    atomic_store(&w.gone, 0);
    int fd = raw_connect(w.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&w.holds, 1));
    close(fd);
    assert_true(api_world_wait(&w.gone, 1));
    api_world_answer_held(&w);
}

static void a_body_has_a_largest_size(void **state)
{
    (void)state;
    ask_has("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Echo\r\n"
            "Content-Length: 16777217\r\n\r\n",
            "413", "{\"__type\":\"RequestEntityTooLarge\"");
}

static void many_calls_at_a_time_each_get_their_answer(void **state)
{
    (void)state;
    enum { MANY = 100 };
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        char request[300];
        int n = snprintf(request, sizeof(request),
                         "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Check\r\n"
                         "Content-Length: 15\r\n\r\n{\"Number\": %3d}",
                         i);
        fds[i] = raw_connect(w.port);
        raw_send(fds[i], (str){request, (size_t)n});
    }
    for (int i = 0; i < MANY; i++) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "{\"Answer\":%d}", i * 2);
        char *said = raw_read_answer(fds[i]);
        assert_non_null(said);
        has(said, wanted);
        free(said);
        close(fds[i]);
    }
}

/* ---- whom a request is for ---- */

#define SIGNED(service)                                                                            \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261125/eu-west-1/" service                  \
    "/aws4_request, SignedHeaders=host, Signature=0\r\n"

static void the_scope_names_the_region(void **state)
{
    (void)state;
    call_has(T "Echo", SIGNED("dynamodb"), "{}", "200", "\"region\":\"eu-west-1\"");
}

static void what_is_signed_for_a_json_service_needs_a_target(void **state)
{
    (void)state;
    ask_has("GET / HTTP/1.1\r\nHost: localhost\r\n" SIGNED("dynamodb") END, "400",
            "#UnknownOperationException");
}

static void everything_else_is_for_objects(void **state)
{
    (void)state;
    ask_has("GET / HTTP/1.1\r\nHost: localhost\r\n" END, "200", "rest |/|us-east-1|36");
    ask_has("GET /b/k%2F1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n" SIGNED("s3") END, "200",
            "rest |/b/k%2F1|eu-west-1|36");
    ask_has("PUT /k HTTP/1.1\r\nHost: bucket.localhost\r\n" END, "200", "rest bucket|/k|us-east-1");
    ask_has("GET /k HTTP/1.1\r\nHost: my.bucket.s3.afflux.lan\r\n" END, "200",
            "rest my.bucket|/k|");
    ask_has("GET /k?X-Amz-Credential=A%2F20261125%2Feu-north-1%2Fs3%2Faws4_request HTTP/1.1\r\n"
            "Host: localhost\r\n" END,
            "200", "rest |/k|eu-north-1|");
    ask_has("POST / HTTP/1.1\r\nHost: localhost\r\n" SIGNED(
                "s3") "Content-Type: application/x-www-form-urlencoded\r\n" END,
            "200", "rest |/|eu-west-1");
}

static void a_prefix_of_the_host_does_not_matter(void **state)
{
    (void)state;
    ask_has("POST / HTTP/1.1\r\nHost: sync-localhost:4599\r\nX-Amz-Target: " T "Now\r\n"
            "Content-Length: 2\r\n" END "{}",
            "200", "{\"now\":true}");
}

static void sts_says_who_one_is(void **state)
{
    (void)state;
    static const char form[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        "Content-Length: 43\r\n" END "Action=GetCallerIdentity&Version=2011-06-15";
    ask_has(form, "200", "<Arn>arn:aws:iam::123456789012:root</Arn>");
    ask_has("GET /?Action=GetCallerIdentity HTTP/1.1\r\nHost: localhost\r\n" SIGNED("sts") END,
            "200", "<Account>123456789012</Account>");
    ask_has("POST / HTTP/1.1\r\nHost: localhost\r\n" SIGNED("sts") "Content-Length: 17\r\n" END
                                                                   "Action=AssumeRole",
            "400", "<Code>InvalidAction</Code>");
    ask_has("POST / HTTP/1.1\r\nHost: localhost\r\n" SIGNED("sts") "Content-Length: 9\r\n" END
                                                                   "Action=%z",
            "400", "<Code>MissingAction</Code>");
}

/* ---- who is refused ---- */

static void web_pages_are_refused(void **state)
{
    (void)state;
    call_has(T "Now", "Origin: http://evil.example\r\n", "{}", "403", "AccessDenied");
    call_has(T "Now", "Origin: null\r\n", "{}", "403", "AccessDenied");
    call_has(T "Now", "Referer: http://evil.example/page\r\n", "{}", "403", "AccessDenied");
    call_has(T "Now", "Sec-Fetch-Site: cross-site\r\n", "{}", "403", "AccessDenied");
    call_has(T "Now", "Sec-Fetch-Site: none\r\n", "{}", "200", "now");
    ask_has("GET /b/k HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" END, "403",
            "<Code>AccessDenied</Code>");
    ask_has(
        "GET /_afflux/metrics HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" END,
        "403", "AccessDenied");
}

static void names_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    ask_has("GET / HTTP/1.1\r\nHost: evil.example\r\n" END, "403", "AccessDenied");
    ask_has("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n" END, "403", "AccessDenied");
    ask_has("GET / HTTP/1.1\r\nHost: afflux.lan:80\r\n" END, "200", "rest");
}

static void a_bad_target_has_the_shape_of_the_protocol(void **state)
{
    (void)state;
    ask_has("GET /%00 HTTP/1.1\r\nHost: localhost\r\n" END, "400", "<Code>InvalidURI</Code>");
}

static void only_loopback_addresses_are_listened_on(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {{"127.0.0.1:1", true},
                {"[::1]:1", true},
                {"0.0.0.0:1", false},
                {"[::]:1", false},
                {"10.1.2.3:1", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_address a;
        struct error err;
        assert_int_equal(http_address_read(str_of(rows[i].text), &a, &err), STATUS_OK);
        assert_int_equal(api_may_listen(&a, &err) == STATUS_OK, rows[i].is_good);
    }
}

/* ---- of itself ---- */

static void it_tells_its_health_and_figures(void **state)
{
    (void)state;
    ask_has("GET /_afflux/health HTTP/1.1\r\nHost: localhost\r\n" END, "200",
            "{\"status\":\"ok\"}");
    ask_has("GET /_afflux/metrics HTTP/1.1\r\nHost: localhost\r\n" END, "200",
            "\nafflux_http_connections{loop=\"0\"} 1\n");
    ask_has("GET /_afflux/metrics HTTP/1.1\r\nHost: localhost\r\n" END, "200",
            "\nafflux_http_answers_total{loop=\"0\",status=\"5xx\"} ");
    ask_has("GET /_afflux/metrics HTTP/1.1\r\nHost: localhost\r\n" END, "200",
            "\nafflux_store_commit_seconds_count ");
    ask_has("DELETE /_afflux/health HTTP/1.1\r\nHost: localhost\r\n" END, "405", "only GET");
    ask_has("GET /_afflux/nothing HTTP/1.1\r\nHost: localhost\r\n" END, "404", "there are");
}

/* ---- closing ---- */

static void closing_refuses_what_waits_and_takes_late_answers(void **state)
{
    (void)state;
    struct api_world other;
    api_world_open(&other, NULL);
    int fd = raw_connect(other.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&other.holds, 1));
    assert_in_range(api_world_close(&other), API_GRACE_MS - 100, API_GRACE_MS + 2000);
    char *said = raw_read_all(fd);
    has(said, "503");
    has(said, "ServiceUnavailable");
    free(said);
    assert_true(api_world_wait(&other.gone, 1));
    api_world_answer_held(&other);
    api_world_end(&other);
    close(fd);
}

static void what_is_not_closed_can_be_freed(void **state)
{
    (void)state;
    struct api_world other;
    api_world_open(&other, NULL);
    int idle = raw_connect(other.port), fd = raw_connect(other.port);
    raw_send(fd, STR("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " T "Hold\r\n"
                     "Content-Length: 2\r\n\r\n{}"));
    assert_true(api_world_wait(&other.holds, 1));
    api_world_end(&other);
    char *said = raw_read_all(fd);
    assert_null(strstr(said, "200"));
    free(said);
    close(fd);
    close(idle);
}

static void without_objects_requests_for_them_are_refused(void **state)
{
    (void)state;
    struct api_world other;
    api_world_open(&other, NULL);
    char *said = raw_ask(other.port, STR("GET /b HTTP/1.1\r\nHost: localhost\r\n" END));
    has(said, "501");
    has(said, "<Code>NotImplemented</Code>");
    free(said);
    (void)api_world_close(&other);
    api_world_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_that_reads_is_answered),
        cmocka_unit_test(an_empty_body_is_an_empty_object),
        cmocka_unit_test(an_operation_that_writes_is_durable_when_it_is_answered),
        cmocka_unit_test(all_three_parts_of_an_operation_are_called),
        cmocka_unit_test(errors_have_the_shape_of_the_protocol),
        cmocka_unit_test(a_service_may_take_an_operation_over),
        cmocka_unit_test(who_took_over_may_refuse_at_length),
        cmocka_unit_test(who_took_over_may_answer_one_that_has_gone),
        cmocka_unit_test(who_took_over_hears_that_the_client_left),
        cmocka_unit_test(a_body_has_a_largest_size),
        cmocka_unit_test(many_calls_at_a_time_each_get_their_answer),
        cmocka_unit_test(the_scope_names_the_region),
        cmocka_unit_test(what_is_signed_for_a_json_service_needs_a_target),
        cmocka_unit_test(everything_else_is_for_objects),
        cmocka_unit_test(a_prefix_of_the_host_does_not_matter),
        cmocka_unit_test(sts_says_who_one_is),
        cmocka_unit_test(web_pages_are_refused),
        cmocka_unit_test(names_that_are_not_ours_are_refused),
        cmocka_unit_test(a_bad_target_has_the_shape_of_the_protocol),
        cmocka_unit_test(only_loopback_addresses_are_listened_on),
        cmocka_unit_test(it_tells_its_health_and_figures),
        cmocka_unit_test(closing_refuses_what_waits_and_takes_late_answers),
        cmocka_unit_test(what_is_not_closed_can_be_freed),
        cmocka_unit_test(without_objects_requests_for_them_are_refused),
    };
    return cmocka_run_group_tests(tests, open_world, end_world);
}
