/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking sockets and a path that says what to answer. */
#include "api_server.h"

#include "base/check.h"
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 << 10 };

static size_t body_length(const char *head)
{
    const char *at = strstr(head, "Content-Length: ");
    return at ? strtoul(at + strlen("Content-Length: "), NULL, 10) : 0;
}

/* Head and body, ended by NUL. */
static void read_request(int fd, char *out)
{
    size_t n = 0;
    const char *end = NULL;
    out[0] = 0;
    while (n + 1 < REQUEST_MAX && (!end || n < (size_t)(end + 4 - out) + body_length(out))) {
        ssize_t got = read(fd, out + n, REQUEST_MAX - 1 - n);
        if (got <= 0)
            return;
        n += (size_t)got;
        out[n] = 0;
        end = strstr(out, "\r\n\r\n");
    }
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        p += done;
        n -= (size_t)done;
    }
}

static void answer(int fd, long status, const char *type, const char *body, size_t n)
{
    char head[256];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %ld Whatever\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n",
                          status, type, n);
    write_all(fd, head, (size_t)length);
    write_all(fd, body, n);
}

static void answer_text(int fd, long status, const char *type, const char *body)
{
    answer(fd, status, type, body, strlen(body));
}

static void answer_token(struct api_server *s, int fd)
{
    char body[128];
    int n = atomic_fetch_add(&s->tokens, 1) + 1;
    (void)snprintf(body, sizeof body, "{\"access_token\":\"t%d\",\"expires_in\":3600}", n);
    answer_text(fd, 200, "application/json", body);
}

static void answer_size(int fd, size_t n)
{
    char *body = malloc(n + 1);
    check(body != NULL);
    memset(body, 'x', n);
    answer(fd, 200, "text/plain", body, n);
    free(body);
}

static void answer_busy(int fd, long seconds)
{
    char busy[128];
    int n = snprintf(busy, sizeof busy,
                     "HTTP/1.1 429 Too Many Requests\r\nRetry-After: %ld\r\n"
                     "Content-Length: 0\r\nConnection: close\r\n\r\n",
                     seconds);
    write_all(fd, busy, (size_t)n);
}

/* False: the connection stays open. */
static int answer_path(struct api_server *s, int fd, const char *request)
{
    char wanted[64], *rest;
    const char *path = strchr(request, ' ');
    if (!path || strncmp(++path, "/cut", 4) == 0)
        return 1;
    if (strncmp(path, "/as/", 4) == 0 && strchr(path + 4, '/'))
        path = strchr(path + 4, '/');
    if (strncmp(path, "/token/no", 9) == 0) {
        atomic_fetch_add(&s->tokens, 1);
        answer_text(fd, 401, "text/plain", "no");
    } else if (strncmp(path, "/token/down", 11) == 0) {
        answer_text(fd, 503, "text/plain", "down");
    } else if (strncmp(path, "/token", 6) == 0) {
        answer_token(s, fd);
    } else if (strncmp(path, "/need/", 6) == 0) {
        (void)snprintf(wanted, sizeof wanted, "Authorization: Bearer t%ld\r\n",
                       strtol(path + 6, NULL, 10));
        answer_text(fd, strstr(request, wanted) ? 200 : 401, "application/json", "{\"ok\":true}");
    } else if (strncmp(path, "/status/", 8) == 0) {
        answer_text(fd, strtol(path + 8, NULL, 10), "application/json", "{\"lost\":1}");
    } else if (strncmp(path, "/size/", 6) == 0) {
        answer_size(fd, strtoul(path + 6, NULL, 10));
    } else if (strncmp(path, "/hang", 5) == 0 &&
               (strncmp(path, "/hang/once", 10) != 0 || s->onces++ == 0)) {
        return 0;
    } else if (strncmp(path, "/busy/", 6) == 0 && s->busy++ < strtol(path + 6, &rest, 10)) {
        answer_busy(fd, *rest == '/' ? strtol(rest + 1, NULL, 10) : 1);
    } else {
        answer_text(fd, 200, "text/plain", request);
    }
    return 1;
}

static void *serve(void *arg)
{
    struct api_server *s = arg;
    char *request = malloc(REQUEST_MAX);
    check(request != NULL);
    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            break;
        read_request(fd, request);
        atomic_fetch_add(&s->requests, 1);
        if (s->seen)
            s->seen(s->seen_arg, request);
        if (answer_path(s, fd, request) || s->hanging_count == API_HANGING_MAX)
            (void)close(fd);
        else
            s->hanging[s->hanging_count++] = fd;
    }
    free(request);
    return NULL;
}

void api_server_start(struct api_server *s)
{
    api_server_start_seen(s, NULL, NULL);
}

void api_server_start_seen(struct api_server *s, void (*seen)(void *arg, const char *request),
                           void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof address;
    memset(s, 0, sizeof *s);
    s->seen = seen;
    s->seen_arg = arg;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    check(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&address, sizeof address) == 0);
    check(listen(s->fd, 64) == 0 && getsockname(s->fd, (struct sockaddr *)&address, &n) == 0);
    s->port = ntohs(address.sin_port);
    check(pthread_create(&s->thread, NULL, serve, s) == 0);
}

void api_server_stop(struct api_server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR);
    check(pthread_join(s->thread, NULL) == 0);
    (void)close(s->fd);
    for (int i = 0; i < s->hanging_count; i++)
        (void)close(s->hanging[i]);
}
