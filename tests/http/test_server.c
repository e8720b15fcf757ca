/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define CLOSE "Connection: close\r\n"

static struct server_world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, NULL);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    (void)world_close(&w, 0);
    return 0;
}

static void has(const char *said, const char *part)
{
    if (strstr(said, part) == NULL)
        fail_msg("wanted inside: %s\ngot: %.2000s", part, said);
}

static void lacks(const char *said, const char *part)
{
    if (strstr(said, part) != NULL)
        fail_msg("not wanted inside: %s\ngot: %.2000s", part, said);
}

static void ask_has(const char *request, const char *status, const char *body)
{
    char *said = raw_ask(w.port, str_of(request));
    char start[40];
    snprintf(start, sizeof(start), "HTTP/1.1 %s", status);
    if (strncmp(said, start, strlen(start)) != 0)
        fail_msg("wanted %s, got: %.2000s", status, said);
    has(said, body);
    free(said);
}

/* ---- what goes through ---- */

static void a_request_is_answered_in_the_handler(void **state)
{
    (void)state;
    ask_has("GET /a/b%2Fc?d=e%20f HTTP/1.1\r\nHost: x\r\nX-One: two\r\n" CLOSE "\r\n", "200",
            "\r\n\r\nGET||/a/b%2Fc|d=e%20f|two");
    ask_has("DELETE http://there:1/p HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", "200",
            "\r\n\r\nDELETE|there:1|/p||");
}

static void headers_of_an_answer_cannot_smuggle_lines_in(void **state)
{
    (void)state;
    char *said = raw_ask(w.port, STR("GET / HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n"));
    has(said, "Content-Type: text/plain");
    has(said, "Date: ");
    lacks(said, "Smuggled");
    free(said);
}

static void a_body_is_gathered(void **state)
{
    (void)state;
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" CLOSE "\r\nhello", "200",
            "\r\n\r\nhello");
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", "200", "Content-Length: 0");
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" CLOSE
            "\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            "200", "\r\n\r\nabcde");
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    ask_has("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" CLOSE "\r\nhello", "200",
            "\r\n\r\nhello");
}

static void one_connection_has_many_exchanges(void **state)
{
    (void)state;
    int fd = raw_connect(w.port);
    for (int i = 0; i < 50; i++) {
        bool is_late = i % 3 == 0;
        raw_send(fd, is_late
                         ? STR("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
                         : STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"));
        char *said = raw_read_answer(fd);
        assert_non_null(said);
        has(said, "200 OK");
        has(said, "\r\n\r\nab");
        free(said);
    }
    close(fd);
}

static void an_exchange_that_is_aborted_has_no_answer(void **state)
{
    static const char *const requests[] = {
        "GET /abort HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /abort HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab",
        "GET /abort-later HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    (void)state;
    int ended = atomic_load(&w.ended);
    for (int i = 0; i < 3; i++) {
        char *said = raw_ask(w.port, str_of(requests[i]));
        assert_string_equal(said, "");
        free(said);
        assert_true(world_wait(&w.ended, ended + i + 1));
    }
    ask_has("GET / HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", "200", "GET");
}

static void requests_in_one_go_are_answered_in_order(void **state)
{
    (void)state;
    ask_has("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2"
            "GET /3 HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n",
            "200", "\r\n\r\n1HTTP/1.1 200 OK");
}

static void a_stream_holds_its_client_back(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    char head[200], *body = malloc(SIZE);
    assert_non_null(body);
    memset(body, 'b', SIZE);
    int n =
        snprintf(head, sizeof(head),
                 "PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" CLOSE "\r\n", SIZE);
    int fd = raw_connect(w.port);
    raw_send(fd, (str){head, (size_t)n});
    raw_send(fd, (str){body, SIZE});
    char *said = raw_read_all(fd);
    has(said, "size 3145728 largest ");
    const char *largest = strstr(said, "largest ");
    assert_in_range(strtoul(largest + 8, NULL, 10), 1, HTTP_SERVER_CONNECTION_BYTES);
    free(said);
    free(body);
    close(fd);
}

static void a_chunked_stream_ends_with_its_last_chunk(void **state)
{
    (void)state;
    ask_has("PUT /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" CLOSE
            "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "200", "size 5 ");
}

static void an_answer_is_read_bit_by_bit(void **state)
{
    (void)state;
    char *said = raw_ask(w.port, STR("GET /sized HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n"));
    has(said, "Content-Length: 300000");
    const char *body = strstr(said, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), 300000);
    for (size_t i = 0; i < 300000; i++)
        assert_int_equal(body[i], 'a' + i % 26);
    free(said);
    ask_has("GET /read HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", "200", "Transfer-Encoding: chunked");
}

static void an_answer_that_breaks_off_closes_the_connection(void **state)
{
    (void)state;
    char *said = raw_ask(w.port, STR("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"));
    has(said, "Content-Length: 1000");
    assert_int_equal(strlen(strstr(said, "\r\n\r\n") + 4), 100);
    free(said);
}

static void a_part_of_a_file_is_sent(void **state)
{
    (void)state;
    ask_has("GET /file HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", "206", "\r\n\r\n34567");
    char *said = raw_ask(w.port, STR("HEAD /file HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n"));
    has(said, "Content-Length: 5");
    lacks(said, "34567");
    free(said);
}

/* ---- what is refused ---- */

static void a_target_with_nul_or_bad_escapes_is_refused(void **state)
{
    (void)state;
    static const char *const targets[] = {"/a%00b", "/a%zz", "/a%4", "/%ff%fe", "nothing"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        char request[200];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n",
                 targets[i]);
        ask_has(request, "400", "refused 0");
    }
}

static void a_raw_nul_does_not_cut_the_target(void **state)
{
    (void)state;
    static const char request[] = "GET /a\0b HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n";
    char *said = raw_ask(w.port, (str){request, sizeof(request) - 1});
    lacks(said, " 200 ");
    free(said);
}

static void two_opinions_about_the_body_are_refused(void **state)
{
    (void)state;
    ask_has(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "400", "refused 1");
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "400", "refused 1");
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nhello", "501",
            "refused 2");
}

static void two_hosts_are_refused(void **state)
{
    (void)state;
    ask_has("GET / HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n", "400", "refused 1");
}

static void what_is_behind_such_a_body_is_not_a_request(void **state)
{
    (void)state;
    atomic_store(&w.requests, 0);
    char *said = raw_ask(w.port, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                                     "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
    lacks(said, "smuggled");
    assert_int_equal(atomic_load(&w.requests), 0);
    free(said);
}

static void a_body_that_is_too_large_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    ask_has("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n", "413",
            "refused 3");
    ask_has(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
        "413", "refused 3");
}

static void a_chunked_body_that_grows_too_large_is_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" CLOSE
                    "\r\n800\r\n"));
    buf_add_fill(&b, 'x', 0x800);
    buf_add(&b, STR("\r\n0\r\n\r\n"));
    buf_add_byte(&b, '\0');
    ask_has(b.p, "413", "refused 3");
    buf_done(&b);
}

static void a_client_that_asks_is_told_to_continue(void **state)
{
    (void)state;
    int fd = raw_connect(w.port);
    raw_send(fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: "
                     "100-continue\r\n" CLOSE "\r\n"));
    char *said = raw_read_answer(fd);
    assert_non_null(said);
    has(said, "100 Continue");
    free(said);
    raw_send(fd, STR("hello"));
    said = raw_read_all(fd);
    has(said, "200 OK");
    has(said, "\r\n\r\nhello");
    free(said);
    close(fd);
}

static void a_refusal_comes_instead_of_100(void **state)
{
    (void)state;
    char *said =
        raw_ask(w.port, STR("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: "
                            "100-continue\r\n\r\n"));
    assert_int_equal(strncmp(said, "HTTP/1.1 403", 12), 0);
    lacks(said, "100 Continue");
    has(said, "Connection: close");
    free(said);
}

static void a_small_body_that_nobody_wants_keeps_the_connection(void **state)
{
    (void)state;
    int fd = raw_connect(w.port);
    raw_send(fd, STR("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                     "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
    char *said = raw_read_answer(fd);
    assert_non_null(said);
    has(said, "403");
    free(said);
    said = raw_read_answer(fd);
    assert_non_null(said);
    has(said, "GET||/next");
    free(said);
    close(fd);
}

static void a_head_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR("GET / HTTP/1.1\r\nHost: x\r\nX-Long: "));
    buf_add_fill(&b, 'x', HTTP_SERVER_CONNECTION_BYTES);
    buf_add(&b, STR("\r\n\r\n"));
    buf_add_byte(&b, '\0');
    ask_has(b.p, "431", "");
    buf_done(&b);
}

static void bodies_in_memory_have_a_bound_together(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.bodies_max = 100000});
    int first = raw_connect(other.port);
    char *bytes = malloc(90000);
    assert_non_null(bytes);
    memset(bytes, 'x', 90000);
    raw_send(first, STR("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 90001\r\n\r\n"));
    raw_send(first, (str){bytes, 90000});
    while (world_figures(&other).body_bytes < 90000)
        usleep(1000);
    int second = raw_connect(other.port);
    raw_send(second,
             STR("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n" CLOSE "\r\n"));
    raw_send(second, (str){bytes, 90000});
    char *said = raw_read_all(second);
    has(said, "503");
    has(said, "refused 4");
    free(said);
    close(first);
    close(second);
    free(bytes);
    (void)world_close(&other, 0);
    assert_int_equal(other.figures.refused, 1);
}

/* ---- patience ---- */

static void who_sends_a_head_drop_by_drop_is_cut_off(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.head_ms = 500});
    int fd = raw_connect(other.port);
    int64_t start = loop_now_ms();
    static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (size_t i = 0; i < sizeof(head) - 1; i++) {
        raw_send(fd, (str){head + i, 1});
        usleep(50000);
        char c;
        if (recv(fd, &c, 1, MSG_DONTWAIT) == 0)
            break;
    }
    assert_in_range(loop_now_ms() - start, 400, 3000);
    close(fd);
    (void)world_close(&other, 0);
    assert_int_equal(other.figures.connections, 0);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.idle_ms = 300});
    int fd = raw_connect(other.port);
    raw_send(fd, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    int64_t start = loop_now_ms();
    char *said = raw_read_all(fd);
    has(said, "200 OK");
    assert_in_range(loop_now_ms() - start, 200, 3000);
    free(said);
    close(fd);
    (void)world_close(&other, 0);
}

static void a_body_that_does_not_come_is_not_waited_for(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.window_ms = 300});
    int fd = raw_connect(other.port);
    raw_send(fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc"));
    char *said = raw_read_all(fd);
    assert_string_equal(said, "");
    free(said);
    close(fd);
    assert_true(world_wait(&other.ended, 1));
    (void)world_close(&other, 0);
    assert_int_equal(other.figures.timed_out, 1);
}

static void who_does_not_read_an_answer_is_cut_off(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.window_ms = 300});
    int fd = raw_connect(other.port), small = 4096;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    struct buf b;
    buf_init(&b, 32 << 20);
    buf_printf(&b, "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 16 << 20);
    buf_add_fill(&b, 'x', 16 << 20);
    raw_send(fd, buf_str(&b));
    buf_done(&b);
    assert_true(world_wait(&other.ended, 1));
    close(fd);
    (void)world_close(&other, 0);
    assert_int_equal(other.figures.timed_out, 1);
}

static void connections_have_a_bound(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, &(struct http_server_options){.connections_max = 2, .idle_ms = 300});
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(other.port);
        raw_send(fds[i], STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    char *said = raw_read_all(fds[0]);
    has(said, "200 OK");
    free(said);
    said = raw_read_answer(fds[2]); /* it waited for its place, or was turned away */
    if (said != NULL)
        has(said, "200 OK");
    free(said);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    assert_true(world_figures(&other).connections <= 2);
    (void)world_close(&other, 0);
}

/* ---- who leaves, and closing ---- */

static void a_client_that_leaves_while_it_waits_is_noticed(void **state)
{
    (void)state;
    int fd = raw_connect(w.port);
    atomic_store(&w.gone, 0);
    raw_send(fd, STR("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"));
    usleep(100000);
    close(fd);
    assert_true(world_wait(&w.gone, 1));
}

static void a_client_that_leaves_in_its_body_ends_the_exchange(void **state)
{
    (void)state;
    atomic_store(&w.ended, 0);
    int fd = raw_connect(w.port);
    raw_send(fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc"));
    usleep(50000);
    close(fd);
    assert_true(world_wait(&w.ended, 1));
}

/* Its end comes with the bytes before it. */
static void a_client_that_leaves_at_once_ends_the_exchange_too(void **state)
{
    (void)state;
    atomic_store(&w.ended, 0);
    for (int i = 0; i < 10; i++) {
        int fd = raw_connect(w.port);
        raw_send(fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc"));
        close(fd);
    }
    assert_true(world_wait(&w.ended, 10));
}

static void closing_answers_what_waits(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, NULL);
    int idle = raw_connect(other.port), fd = raw_connect(other.port);
    raw_send(fd, STR("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(world_wait(&other.requests, 1));
    int64_t took = world_close(&other, 200);
    assert_in_range(took, 150, 3000);
    char *said = raw_read_all(fd);
    has(said, "503");
    has(said, "refused 5");
    has(said, "Connection: close");
    free(said);
    said = raw_read_all(idle);
    assert_string_equal(said, "");
    free(said);
    close(fd);
    close(idle);
}

static void closing_lets_what_is_under_way_finish(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, NULL);
    int fd = raw_connect(other.port);
    raw_send(fd, STR("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"));
    assert_true(world_wait(&other.requests, 1));
    assert_in_range(world_close(&other, 5000), 0, 3000);
    char *said = raw_read_all(fd);
    has(said, "200 OK");
    has(said, "Connection: close");
    free(said);
    close(fd);
}

static void closing_cuts_off_who_does_not_read(void **state)
{
    (void)state;
    struct server_world other;
    world_open(&other, NULL);
    int fd = raw_connect(other.port), small = 4096;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    struct buf b;
    buf_init(&b, 32 << 20);
    buf_printf(&b, "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 16 << 20);
    buf_add_fill(&b, 'x', 16 << 20);
    raw_send(fd, buf_str(&b));
    buf_done(&b);
    assert_true(world_wait(&other.requests, 1));
    usleep(100000);
    assert_in_range(world_close(&other, 0), 1000, 8000);
    assert_int_equal(atomic_load(&other.ended), 1);
    close(fd);
}

/* ---- addresses ---- */

static void addresses_are_read_and_printed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed;
        bool is_loopback;
    } good[] = {{"127.0.0.1:80", "127.0.0.1:80", true},
                {"localhost:1", "127.0.0.1:1", true},
                {"[::1]:80", "[::1]:80", true},
                {"127.9.9.9:0", "127.9.9.9:0", true},
                {"0.0.0.0:80", "0.0.0.0:80", false},
                {"[::]:80", "[::]:80", false},
                {"10.0.0.1:65535", "10.0.0.1:65535", false}};
    static const char *const bad[] = {"",
                                      "80",
                                      ":80",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:8x",
                                      "name:80",
                                      "::1:80",
                                      "[127.0.0.1]:80",
                                      "[::1]",
                                      "1.2.3.4:99999999999999999999"};
    struct http_address a;
    struct error err;
    char text[HTTP_ADDRESS_TEXT];
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(http_address_read(str_of(good[i].text), &a, &err), STATUS_OK);
        http_address_print(&a, text);
        assert_string_equal(text, good[i].printed);
        assert_int_equal(http_address_is_loopback(&a), good[i].is_loopback);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(http_address_read(str_of(bad[i]), &a, &err), STATUS_INVALID);
}

static void several_sockets_share_a_port_but_not_with_others(void **state)
{
    (void)state;
    struct http_address a;
    struct error err;
    int fds[3], other[1];
    assert_int_equal(http_address_read(STR("127.0.0.1:0"), &a, &err), STATUS_OK);
    assert_int_equal(http_listen(&a, fds, 3, &err), STATUS_OK);
    assert_int_not_equal(a.of.v4.sin_port, 0);
    assert_int_equal(http_listen(&a, other, 1, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "ListenInUse");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_in_the_handler),
        cmocka_unit_test(headers_of_an_answer_cannot_smuggle_lines_in),
        cmocka_unit_test(a_body_is_gathered),
        cmocka_unit_test(an_answer_may_come_later),
        cmocka_unit_test(one_connection_has_many_exchanges),
        cmocka_unit_test(an_exchange_that_is_aborted_has_no_answer),
        cmocka_unit_test(requests_in_one_go_are_answered_in_order),
        cmocka_unit_test(a_stream_holds_its_client_back),
        cmocka_unit_test(a_chunked_stream_ends_with_its_last_chunk),
        cmocka_unit_test(an_answer_is_read_bit_by_bit),
        cmocka_unit_test(an_answer_that_breaks_off_closes_the_connection),
        cmocka_unit_test(a_part_of_a_file_is_sent),
        cmocka_unit_test(a_target_with_nul_or_bad_escapes_is_refused),
        cmocka_unit_test(a_raw_nul_does_not_cut_the_target),
        cmocka_unit_test(two_opinions_about_the_body_are_refused),
        cmocka_unit_test(two_hosts_are_refused),
        cmocka_unit_test(what_is_behind_such_a_body_is_not_a_request),
        cmocka_unit_test(a_body_that_is_too_large_is_refused_before_it_is_sent),
        cmocka_unit_test(a_chunked_body_that_grows_too_large_is_refused),
        cmocka_unit_test(a_client_that_asks_is_told_to_continue),
        cmocka_unit_test(a_refusal_comes_instead_of_100),
        cmocka_unit_test(a_small_body_that_nobody_wants_keeps_the_connection),
        cmocka_unit_test(a_head_that_is_too_large_is_refused),
        cmocka_unit_test(bodies_in_memory_have_a_bound_together),
        cmocka_unit_test(who_sends_a_head_drop_by_drop_is_cut_off),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_body_that_does_not_come_is_not_waited_for),
        cmocka_unit_test(who_does_not_read_an_answer_is_cut_off),
        cmocka_unit_test(connections_have_a_bound),
        cmocka_unit_test(a_client_that_leaves_while_it_waits_is_noticed),
        cmocka_unit_test(a_client_that_leaves_in_its_body_ends_the_exchange),
        cmocka_unit_test(a_client_that_leaves_at_once_ends_the_exchange_too),
        cmocka_unit_test(closing_answers_what_waits),
        cmocka_unit_test(closing_lets_what_is_under_way_finish),
        cmocka_unit_test(closing_cuts_off_who_does_not_read),
        cmocka_unit_test(addresses_are_read_and_printed),
        cmocka_unit_test(several_sockets_share_a_port_but_not_with_others),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
