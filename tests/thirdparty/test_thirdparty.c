/* SPDX-License-Identifier: Apache-2.0 */
/* The third party as its clients meet it, over sockets. */
#include "thirdparty/thirdparty.h"
#include "json/parse.h"
#include "json/value.h"
#include "loop/loop.h"
#include "raw_client.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- a party with one fault ---- */

static struct thirdparty *party;
static struct thirdparty_options options;
static unsigned port;
static char location[THIRDPARTY_ID_MAX]; /* the one with the fault */

static void open_party(const char *fault)
{
    static struct fault_wishes wishes;
    struct error err;
    char text[100];
    wishes.count = 0;
    thirdparty_location_id(&options.world, 1, location);
    snprintf(text, sizeof(text), "%s@%s", fault, location);
    if (fault[0] != '\0')
        assert_int_equal(fault_wishes_read(&wishes, str_of(text), &err), STATUS_OK);
    options.faults = &wishes;
    if (thirdparty_open(&options, &party, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    str api = thirdparty_api(party);
    port = (unsigned)strtoul(api.p + str_rfind_byte(api, ':') + 1, NULL, 10);
}

static int set_up(void **state)
{
    (void)state;
    options = (struct thirdparty_options){
        .world = {.seed = 4, .locations = 3, .rows_min = 900, .rows_max = 900},
        .key = STR("s3cret")};
    return http_address_read(STR("127.0.0.1:0"), &options.listen, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    thirdparty_close(party);
    party = NULL;
    return 0;
}

/* GET of a path; headers are lines with \r\n. All that came, to be freed. */
static char *get_with(const char *path, const char *headers)
{
    char request[600];
    int n = snprintf(request, sizeof(request),
                     "GET %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n", path, headers);
    return raw_ask(port, (str){request, (size_t)n});
}

/* GET /v1/location/what, with the key. */
static char *get(const char *what)
{
    char path[300];
    snprintf(path, sizeof(path), "/v1/%s/%s", location, what);
    return get_with(path, "Authorization: Bearer s3cret\r\n");
}

static int status_of(const char *said)
{
    return strncmp(said, "HTTP/1.1 ", 9) == 0 ? (int)strtol(said + 9, NULL, 10) : 0;
}

static void assert_status(char *said, int status)
{
    if (status_of(said) != status)
        fail_msg("wanted %d, got: %.300s", status, said);
    free(said);
}

/* The document in an answer with this status. */
static struct json_doc *body_of(char *said, int status)
{
    struct json_doc *doc;
    struct error err;
    const char *body = strstr(said, "\r\n\r\n");
    if (status_of(said) != status || body == NULL)
        fail_msg("wanted %d, got: %.300s", status, said);
    if (json_parse(str_of(body + 4), NULL, &doc, &err) != STATUS_OK)
        fail_msg("%s: %.300s", err.message, body);
    free(said);
    return doc;
}

static uint32_t announced(const char *name)
{
    struct json_doc *doc = body_of(get("get-summary"), 200);
    uint32_t n =
        (uint32_t)json_number(json_get(json_get(json_doc_root(doc), STR("states")), str_of(name)));
    json_doc_unref(doc);
    return n;
}

static uint32_t there_are(enum thirdparty_state state)
{
    return thirdparty_location_rows(&options.world, 1, state);
}

static struct json_doc *page(uint32_t limit, uint32_t offset)
{
    char what[100];
    snprintf(what, sizeof(what), "get-data?state=failed&limit=%u&offset=%u", limit, offset);
    return body_of(get(what), 200);
}

/* How many records a page has, as it says and as there are; the key of its first one. */
static uint32_t count_page(uint32_t limit, uint32_t offset, char *first_key)
{
    struct json_doc *doc = page(limit, offset);
    struct json_val root = json_doc_root(doc), results = json_get(root, STR("results"));
    assert_int_equal(results.tag, JSON_ARRAY);
    assert_int_equal(json_number(json_get(root, STR("count"))), results.len);
    uint32_t n = results.len;
    if (first_key != NULL && n > 0) {
        str key = json_str(json_get(results.items[0], STR("resourceKey")));
        snprintf(first_key, THIRDPARTY_KEY_BYTES_MAX, "%.*s", STR_ARG(key));
    }
    json_doc_unref(doc);
    return n;
}

static uint64_t stats_figure(const char *path, const char *name)
{
    struct json_doc *doc = body_of(get_with(path, ""), 200);
    uint64_t n = (uint64_t)json_number(json_get(json_doc_root(doc), str_of(name)));
    json_doc_unref(doc);
    return n;
}

/* ---- the api ---- */

static void a_key_is_needed(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {"", 401},
        {"Authorization: Bearer wrong\r\n", 401},
        {"Authorization: Bearer s3cre\r\n", 401},
        {"Authorization: Bearer \r\n", 401},
        {"Authorization: Basic s3cret\r\n", 401},
        {"X-Api-Key: s3crett\r\n", 401},
        {"Authorization: Bearer s3cret\r\n", 200},
        {"X-Api-Key: s3cret\r\n", 200},
    };
    char path[300];
    (void)state;
    open_party("");
    snprintf(path, sizeof(path), "/v1/%s/get-summary", location);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_status(get_with(path, rows[i].headers), rows[i].status);
    assert_int_equal(stats_figure("/_stats", "requests"), 2);
    tear_down(NULL);
    options.key = (str){0};
    open_party("");
    assert_status(get_with(path, ""), 200);
}

static void pages_have_all_that_is_announced_once(void **state)
{
    char first[THIRDPARTY_KEY_BYTES_MAX], second[THIRDPARTY_KEY_BYTES_MAX];
    (void)state;
    open_party("");
    uint32_t failed = announced("failed"), got = 0;
    assert_int_equal(failed, there_are(THIRDPARTY_FAILED));
    assert_int_equal(announced("rejected"), 900 - failed);
    while (got < failed)
        got += count_page(250, got, got == 0 ? first : second);
    assert_int_equal(got, failed);
    assert_string_not_equal(first, second);
    assert_int_equal(count_page(250, failed, NULL), 0);
    assert_int_equal(count_page(250, INT32_MAX, NULL), 0);
    assert_int_equal(stats_figure("/_stats", "rows_given"), failed);
    assert_int_equal(stats_figure("/_stats", "pages_again"), 0);
    struct json_doc *doc = body_of(get("get-data?state=failed"), 200); /* limit and offset */
    assert_int_equal(json_get(json_doc_root(doc), STR("results")).len, THIRDPARTY_LIMIT);
    json_doc_unref(doc);
}

static void questions_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *what;
        int status;
    } rows[] = {
        {"get-data", 400},
        {"get-data?state=applied", 400},
        {"get-data?state=failed&limit=0", 400},
        {"get-data?state=failed&limit=1001", 400},
        {"get-data?state=failed&limit=x", 400},
        {"get-data?state=failed&limit=", 400},
        {"get-data?state=failed&offset=-1", 400},
        {"get-data?state=failed&offset=99999999999999999999", 400},
        {"get-data/more?state=failed", 404},
        {"get-else", 404},
        {"", 404},
        {"get-data?state=failed&limit=1000&offset=0", 200},
    };
    (void)state;
    open_party("");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_status(get(rows[i].what), rows[i].status);
    snprintf(location, sizeof(location), "elsewhere-mall-0001");
    assert_status(get("get-summary"), 404);
    assert_status(get_with("/", ""), 404);
    assert_status(get_with("/v1", ""), 404);
    assert_status(get_with("/_stats?location=elsewhere", ""), 404);
    assert_status(raw_ask(port, STR("POST /_stats HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                    "Connection: close\r\n\r\n")),
                  405);
    assert_int_equal(stats_figure("/_stats?brief", "pages"), 1);
}

/* ---- faults ---- */

static void a_busy_one_names_a_time(void **state)
{
    (void)state;
    options.retry_after_s = 3;
    open_party("busy=2");
    for (int i = 0; i < 2; i++) {
        char *said = get("get-summary");
        assert_non_null(strstr(said, "\r\nRetry-After: 3\r\n"));
        assert_status(said, 429);
    }
    assert_status(get("get-summary"), 200);
    assert_int_equal(stats_figure("/_stats?brief", "busy_given"), 2);
}

static void some_answer_with_errors_at_first_or_for_ever(void **state)
{
    (void)state;
    open_party("error=2");
    assert_status(get("get-data?state=failed"), 500);
    assert_status(get("get-summary"), 500);
    assert_status(get("get-data?state=failed"), 200);
    tear_down(NULL);
    open_party("down");
    for (int i = 0; i < 5; i++)
        assert_status(get("get-summary"), 503);
}

static void a_page_ends_in_the_middle_and_is_whole_the_next_time(void **state)
{
    (void)state;
    open_party("cut=1");
    assert_status(get("get-summary"), 200);
    char *half = get("get-data?state=failed&limit=400"),
         *whole = get("get-data?state=failed&limit=400");
    size_t announced_bytes = strtoul(strstr(half, "Content-Length: ") + 16, NULL, 10);
    size_t half_bytes = strlen(strstr(half, "\r\n\r\n") + 4);
    assert_int_equal(half_bytes, announced_bytes / 2);
    assert_int_equal(strlen(strstr(whole, "\r\n\r\n") + 4), announced_bytes);
    free(half);
    free(whole);
    assert_int_equal(stats_figure("/_stats?brief", "pages"), 2);
    assert_int_equal(stats_figure("/_stats?brief", "pages_given"), 1);
}

static void a_page_is_not_json(void **state)
{
    (void)state;
    open_party("garbage");
    char *said = get("get-data?state=failed");
    assert_non_null(strstr(said, "text/html"));
    assert_non_null(strstr(said, "\r\n\r\n<!doctype"));
    assert_status(said, 200);
    assert_in_range(count_page(10, 0, NULL), 10, 10);
}

static void a_connection_ends_without_an_answer(void **state)
{
    (void)state;
    open_party("reset=2");
    for (int i = 0; i < 2; i++) {
        char *said = get("get-summary");
        assert_string_equal(said, "");
        free(said);
    }
    assert_status(get("get-summary"), 200);
}

/* The url of a location in the table. */
static unsigned port_of(const char *id)
{
    struct buf table;
    buf_init(&table, 1 << 16);
    thirdparty_locations(party, &table);
    size_t at = str_find(buf_str(&table), str_of(id), 0);
    assert_true(at != STR_NONE);
    str line = str_sub(buf_str(&table), at, str_find_byte(buf_str(&table), '\n', at));
    unsigned found = (unsigned)strtoul(line.p + str_rfind_byte(line, ':') + 1, NULL, 10);
    buf_done(&table);
    return found;
}

static void a_dead_one_refuses_connections(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char other[THIRDPARTY_ID_MAX];
    (void)state;
    open_party("dead");
    to.sin_port = htons((in_port_t)port_of(location));
    thirdparty_location_id(&options.world, 0, other);
    assert_int_equal(port_of(other), port);
    assert_int_not_equal(port_of(location), port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    char *said = get("get-summary"); /* at the api itself */
    assert_string_equal(said, "");
    free(said);
}

static int hang_on(void)
{
    char request[300];
    int n = snprintf(request, sizeof(request),
                     "GET /v1/%s/get-summary HTTP/1.1\r\nHost: x\r\nX-Api-Key: s3cret\r\n\r\n",
                     location);
    int fd = raw_connect(port);
    raw_send(fd, (str){request, (size_t)n});
    return fd;
}

static void one_that_hangs_does_not_keep_the_party_from_closing(void **state)
{
    (void)state;
    open_party("hang=1");
    int fd = hang_on();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 200), 0);
    assert_status(get("get-summary"), 200); /* the second one */
    int64_t start = loop_now_ms();
    tear_down(NULL);
    assert_in_range(loop_now_ms() - start, 0, 5000);
    close(fd);
}

static void answers_take_their_time(void **state)
{
    (void)state;
    options.latency_ms = 100;
    open_party("slow=150");
    int64_t start = loop_now_ms();
    assert_status(get("get-summary"), 200);
    assert_in_range(loop_now_ms() - start, 249, 5000);
    int fds[3] = {hang_on(), hang_on(), hang_on()};
    for (int i = 0; i < 3; i++) {
        char *said = raw_read_answer(fds[i]);
        assert_non_null(said);
        assert_status(said, 200);
        close(fds[i]);
    }
    char path[100];
    snprintf(path, sizeof(path), "/_stats?location=%s", location);
    assert_int_equal(stats_figure(path, "concurrent_max"), 3);
    close(hang_on()); /* leaves before the answer */
}

static void what_is_announced_may_be_wrong(void **state)
{
    static const struct {
        const char *fault;
        int more;
    } rows[] = {{"over=7", 7}, {"under=7", -7}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        open_party(rows[i].fault);
        uint32_t failed = there_are(THIRDPARTY_FAILED);
        assert_int_equal(announced("failed"), (int)failed + rows[i].more);
        assert_int_equal(count_page(10, failed - 4, NULL), 4);
        tear_down(NULL);
    }
    open_party("under=100000");
    assert_int_equal(announced("failed"), 0);
    tear_down(NULL);
    open_party("empty");
    assert_int_equal(announced("failed") + announced("rejected"), 0);
    assert_int_equal(count_page(10, 0, NULL), 0);
}

static void a_page_comes_twice(void **state)
{
    char first[THIRDPARTY_KEY_BYTES_MAX], second[THIRDPARTY_KEY_BYTES_MAX],
        third[THIRDPARTY_KEY_BYTES_MAX];
    (void)state;
    open_party("repeat");
    assert_int_equal(count_page(200, 0, first), 200);
    assert_int_equal(count_page(200, 200, second), 200);
    assert_int_equal(count_page(100, 400, third), 100);
    assert_string_equal(first, second);
    assert_string_not_equal(first, third);
}

static void pages_do_not_end(void **state)
{
    (void)state;
    open_party("endless");
    assert_int_equal(announced("failed"), there_are(THIRDPARTY_FAILED));
    for (uint32_t offset = 0; offset < 5000000; offset += 500000)
        assert_int_equal(count_page(400, offset, NULL), 400);
}

/* ---- the party ---- */

static void all_loops_say_the_same(void **state)
{
    (void)state;
    options.loops = 3;
    open_party("");
    char *wanted = get("get-data?state=failed&limit=50");
    for (int i = 0; i < 30; i++) { /* each connection may be another loop's */
        char *said = get("get-data?state=failed&limit=50");
        assert_string_equal(strstr(said, "\r\n\r\n"), strstr(wanted, "\r\n\r\n"));
        free(said);
    }
    free(wanted);
    assert_int_equal(stats_figure("/_stats?brief", "page_given_max"), 31);
}

static void the_locations_are_a_table(void **state)
{
    char id[THIRDPARTY_ID_MAX], line[200];
    (void)state;
    open_party("");
    char *said = get_with("/_locations", "");
    assert_non_null(strstr(said, "\r\n\r\nlocation_id,url\n"));
    for (uint32_t at = 0; at < 3; at++) {
        thirdparty_location_id(&options.world, at, id);
        snprintf(line, sizeof(line), "\n%s,http://127.0.0.1:%u/v1\n", id, port);
        assert_non_null(strstr(said, line));
    }
    free(said);
    assert_int_equal(thirdparty_rows(party, THIRDPARTY_FAILED) +
                         thirdparty_rows(party, THIRDPARTY_REJECTED),
                     2700);
}

static void options_beyond_their_limits_are_refused(void **state)
{
    const struct thirdparty_options good = options;
    struct error err;
    (void)state;
    options.world.locations = 0;
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    options.world.locations = THIRDPARTY_LOCATIONS_MAX + 1;
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    options = good;
    options.world.rows_max = THIRDPARTY_ROWS_MAX + 1;
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    options = good;
    options.loops = THIRDPARTY_LOOPS_MAX + 1;
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    options = good;
    assert_int_equal(http_address_read(STR("0.0.0.0:0"), &options.listen, &err), STATUS_OK);
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    static char key[THIRDPARTY_KEY_BYTES_MAX + 1];
    options = good;
    memset(key, 'k', sizeof(key));
    options.key = (str){key, sizeof(key)};
    assert_int_equal(thirdparty_open(&options, &party, &err), STATUS_INVALID);
    options = good;
    open_party("");
    char address[40];
    snprintf(address, sizeof(address), "127.0.0.1:%u", port);
    struct thirdparty *second;
    assert_int_equal(http_address_read(str_of(address), &options.listen, &err), STATUS_OK);
    assert_int_equal(thirdparty_open(&options, &second, &err), STATUS_CONFLICT);
}

#define PARTY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARTY_TEST(a_key_is_needed),
        PARTY_TEST(pages_have_all_that_is_announced_once),
        PARTY_TEST(questions_that_make_no_sense_are_refused),
        PARTY_TEST(a_busy_one_names_a_time),
        PARTY_TEST(some_answer_with_errors_at_first_or_for_ever),
        PARTY_TEST(a_page_ends_in_the_middle_and_is_whole_the_next_time),
        PARTY_TEST(a_page_is_not_json),
        PARTY_TEST(a_connection_ends_without_an_answer),
        PARTY_TEST(a_dead_one_refuses_connections),
        PARTY_TEST(one_that_hangs_does_not_keep_the_party_from_closing),
        PARTY_TEST(answers_take_their_time),
        PARTY_TEST(what_is_announced_may_be_wrong),
        PARTY_TEST(a_page_comes_twice),
        PARTY_TEST(pages_do_not_end),
        PARTY_TEST(all_loops_say_the_same),
        PARTY_TEST(the_locations_are_a_table),
        PARTY_TEST(options_beyond_their_limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
