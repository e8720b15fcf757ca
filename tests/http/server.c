/* SPDX-License-Identifier: Apache-2.0 */
/* The server of server.h: connections, and one table of what paths do. */
#include "server.h"
#include "base/buf.h"
#include "base/check.h"
#include "loop/watch.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_MAX = 256 * 1024 * 1024 };

struct server_connection {
    struct server *server;
    struct server_connection *next, *prev;
    struct loop_watch *watch;
    int fd;
    struct buf in, out;
    size_t sent;
    bool is_busy;    /* with a request */
    bool is_closing; /* when out is sent */
    int drip_ms;     /* 0: all at once */
    struct loop_timer timer;
};

static void connection_close(struct server_connection *c)
{
    if (c->is_busy)
        c->server->open--;
    loop_timer_stop(c->server->loop, &c->timer);
    loop_watch_close(c->watch);
    close(c->fd);
    buf_done(&c->in);
    buf_done(&c->out);
    if (c->next != NULL)
        c->next->prev = c->prev;
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        c->server->first = c->next;
    free(c);
}

static void connection_read_requests(struct server_connection *c);

static void connection_answered(struct server_connection *c)
{
    c->is_busy = false;
    c->server->open--;
    c->drip_ms = 0;
    c->sent = 0;
    buf_clear(&c->out);
    if (c->is_closing) {
        connection_close(c);
        return;
    }
    loop_watch_set(c->watch, LOOP_READABLE);
    connection_read_requests(c);
}

static void connection_write(void *arg)
{
    struct server_connection *c = arg;
    size_t left = c->out.n - c->sent;
    size_t head = str_find(buf_str(&c->out), STR("\r\n\r\n"), 0);
    if (c->drip_ms > 0 && c->sent > head)
        left = left > 0 ? 1 : 0;
    else if (c->drip_ms > 0 && head != STR_NONE)
        left = head + 4;
    ssize_t n = left == 0 ? 0 : send(c->fd, c->out.p + c->sent, left, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        connection_close(c);
        return;
    }
    c->sent += n > 0 ? (size_t)n : 0;
    if (c->sent == c->out.n)
        connection_answered(c);
    else if (c->drip_ms > 0)
        loop_timer_start(c->server->loop, &c->timer, loop_now_ms() + c->drip_ms, connection_write,
                         c);
    else
        loop_watch_set(c->watch, LOOP_WRITABLE);
}

/* what paths do: fill out, set how it is sent */

static void say(struct server_connection *c, int status, const char *headers, str body)
{
    buf_printf(&c->out, "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\n\r\n", status,
               status == 200   ? "OK"
               : status == 429 ? "Too Many Requests"
               : status == 302 ? "Found"
                               : "Other Words",
               headers, body.n);
    buf_add(&c->out, body);
}

static void do_hello(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200, "Content-Type: text/plain\r\n", STR("hello"));
}

static void do_echo(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200, "", buf_str(&c->in));
}

static void do_status(struct server_connection *c, int n)
{
    say(c, n, "", n == 204 || n == 304 ? STR("") : STR("body"));
}

static void do_length(struct server_connection *c, int n)
{
    buf_printf(&c->out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n);
    buf_add_fill(&c->out, 'x', (size_t)n);
}

static void do_stream(struct server_connection *c, int n)
{
    buf_add(&c->out, STR("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"));
    buf_add_fill(&c->out, 'y', (size_t)n);
    c->is_closing = true;
}

static void do_chunked(struct server_connection *c, int n)
{
    (void)n;
    buf_add(&c->out,
            STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "4\r\none \r\n5;ext=1\r\ntwo, \r\n5\r\nthree\r\n0\r\nX-Trailer: t\r\n\r\n"));
}

static void do_delay(struct server_connection *c, int n)
{
    say(c, 200, "", STR("late"));
    loop_timer_start(c->server->loop, &c->timer, loop_now_ms() + n, connection_write, c);
}

static void do_drip(struct server_connection *c, int n)
{
    say(c, 200, "", STR("drip"));
    c->drip_ms = n;
}

static void do_hang(struct server_connection *c, int n)
{
    (void)n;
    loop_timer_start(c->server->loop, &c->timer, loop_now_ms() + 600000, connection_write, c);
}

static void do_gzip(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200, "Content-Encoding: gzip\r\n",
        STR("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x2e\x2c\x4d\x4d\xad\x4a\x4d"
            "\x01\x00\xde\x26\x14\x00\x08\x00\x00\x00"));
}

static void do_bomb(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200, "Content-Encoding: gzip\r\n",
        STR("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2"
            "\xa0\xac\xeb\x5f\xc2\x1a\x1e\x40\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xaf\x06\x87"
            "\xfa\xe2\x1b\xa0\x86\x01\x00"));
}

static void do_badgzip(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200, "Content-Encoding: gzip\r\n", STR("this is not compressed at all"));
}

static void do_short(struct server_connection *c, int n)
{
    (void)n;
    buf_add(&c->out, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot hundred"));
    c->is_closing = true;
}

static void do_cut(struct server_connection *c, int n)
{
    (void)n;
    c->is_closing = true;
}

static void do_reset(struct server_connection *c, int n)
{
    (void)n;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    c->is_closing = true;
}

static void do_liar(struct server_connection *c, int n)
{
    (void)n;
    buf_add(&c->out, STR("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nsome"));
    c->is_closing = true;
}

static void do_headers(struct server_connection *c, int n)
{
    buf_add(&c->out, STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
    for (int i = 0; i < n; i++) {
        buf_printf(&c->out, "X-Header-%d: ", i);
        buf_add_fill(&c->out, 'h', 1000);
        buf_add(&c->out, STR("\r\n"));
    }
    buf_add(&c->out, STR("\r\n"));
}

static void do_repeat(struct server_connection *c, int n)
{
    (void)n;
    say(c, 200,
        "Set-Cookie: a=1\r\nX-Empty:\r\nset-cookie: b=2\r\nX-Spaces: \t v  w \r\n"
        "X-Folded: one\r\n\t two\r\n",
        STR(""));
}

static void do_garbage(struct server_connection *c, int n)
{
    (void)n;
    buf_add(&c->out, STR("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    c->is_closing = true;
}

static void do_interim(struct server_connection *c, int n)
{
    (void)n;
    buf_add(&c->out, STR("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                         "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
    say(c, 200, "X-Final: 1\r\n", STR("final"));
}

static void do_redirect(struct server_connection *c, int n)
{
    (void)n;
    say(c, 302, "Location: /hello\r\n", STR("moved"));
}

static void do_retry(struct server_connection *c, int n)
{
    buf_printf(&c->out,
               "HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n", n);
}

static void do_busy(struct server_connection *c, int n)
{
    if (c->server->requests <= n)
        do_retry(c, 1);
    else
        say(c, 200, "", STR("free"));
}

static const struct {
    const char *path;
    void (*fn)(struct server_connection *c, int n);
} server_paths[] = {
    {"/hello", do_hello},     {"/echo", do_echo},        {"/status/", do_status},
    {"/length/", do_length},  {"/stream/", do_stream},   {"/chunked", do_chunked},
    {"/delay/", do_delay},    {"/drip/", do_drip},       {"/hang", do_hang},
    {"/gzip", do_gzip},       {"/bomb", do_bomb},        {"/badgzip", do_badgzip},
    {"/short", do_short},     {"/cut", do_cut},          {"/reset", do_reset},
    {"/liar", do_liar},       {"/headers/", do_headers}, {"/repeat", do_repeat},
    {"/garbage", do_garbage}, {"/interim", do_interim},  {"/redirect", do_redirect},
    {"/retry/", do_retry},    {"/busy/", do_busy},
};

/* requests */

/* Bytes of the first request in `in`, body included; 0 when it is not complete. */
static size_t request_size(str in)
{
    size_t end = str_find(in, STR("\r\n\r\n"), 0);
    if (end == STR_NONE)
        return 0;
    size_t length = str_find(str_sub(in, 0, end), STR("Content-Length: "), 0);
    size_t body = 0;
    if (length != STR_NONE)
        body = strtoul(in.p + length + 16, NULL, 10);
    return in.n - (end + 4) >= body ? end + 4 + body : 0;
}

static void connection_answer(struct server_connection *c)
{
    str in = buf_str(&c->in);
    size_t from = str_find_byte(in, ' ', 0) + 1;
    str path = str_sub(in, from, str_find_byte(in, ' ', from));
    if (str_starts(path, STR("http://"))) { /* as a proxy is asked */
        size_t slash = str_find_byte(path, '/', 7);
        path = str_sub(path, slash, path.n);
    }
    c->server->requests++;
    c->is_busy = true;
    if (++c->server->open > c->server->open_max)
        c->server->open_max = c->server->open;
    loop_watch_set(c->watch, LOOP_READABLE); /* to see the peer go */
    for (size_t i = 0; i < ARRAY_LEN(server_paths); i++) {
        str known = str_of(server_paths[i].path);
        if (!str_starts(path, known))
            continue;
        server_paths[i].fn(c, (int)strtol(path.p + known.n, NULL, 10));
        return;
    }
    say(c, 404, "", STR("no such path"));
}

/* Somebody speaks TLS here and gets what a plain server says. */
static bool connection_refuses_tls(struct server_connection *c)
{
    if (c->in.n == 0 || c->in.p[0] != 0x16)
        return false;
    buf_add(&c->out, STR("HTTP/1.1 400 Bad Request\r\n\r\n"));
    c->is_busy = c->is_closing = true;
    c->server->open++;
    connection_write(c);
    return true;
}

static void connection_read_requests(struct server_connection *c)
{
    if (!c->is_busy && connection_refuses_tls(c))
        return;
    size_t n = c->is_busy ? 0 : request_size(buf_str(&c->in));
    if (n == 0)
        return;
    connection_answer(c);
    memmove(c->in.p, c->in.p + n, c->in.n - n);
    c->in.n -= n;
    if (!loop_timer_is_running(&c->timer))
        connection_write(c);
}

static void connection_happened(void *arg, unsigned events)
{
    struct server_connection *c = arg;
    if ((events & LOOP_WRITABLE) != 0) {
        connection_write(c);
        return;
    }
    if (!buf_reserve(&c->in, 65536))
        abort();
    ssize_t n = recv(c->fd, c->in.p + c->in.n, 65536, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        connection_close(c);
        return;
    }
    c->in.n += (size_t)n;
    connection_read_requests(c);
}

static void server_accept(void *arg, unsigned events)
{
    struct server *server = arg;
    (void)events;
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct server_connection *c = calloc(1, sizeof *c);
    check(c != NULL);
    *c = (struct server_connection){.server = server, .fd = fd, .next = server->first};
    buf_init(&c->in, SERVER_MAX);
    buf_init(&c->out, SERVER_MAX);
    if (c->next != NULL)
        c->next->prev = c;
    server->first = c;
    server->connections++;
    check(loop_watch_new(server->loop, fd, connection_happened, c, &c->watch, NULL) == STATUS_OK);
    loop_watch_set(c->watch, LOOP_READABLE);
}

void server_start(struct server *server, struct loop *loop)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    *server = (struct server){.loop = loop};
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(server->fd >= 0);
    check(bind(server->fd, (struct sockaddr *)&at, sizeof at) == 0);
    check(listen(server->fd, 1024) == 0);
    check(getsockname(server->fd, (struct sockaddr *)&at, &n) == 0);
    server->port = ntohs(at.sin_port);
    check(loop_watch_new(loop, server->fd, server_accept, server, &server->watch, NULL) ==
          STATUS_OK);
    loop_watch_set(server->watch, LOOP_READABLE);
}

void server_drop(struct server *server)
{
    while (server->first != NULL)
        connection_close(server->first);
}

void server_stop(struct server *server)
{
    server_drop(server);
    loop_watch_close(server->watch);
    close(server->fd);
}
