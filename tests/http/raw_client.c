/* SPDX-License-Identifier: Apache-2.0 */
/* The client of raw_client.h: blocking sockets. */
#include "raw_client.h"
#include "base/buf.h"
#include "base/check.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_S = 10 };

int raw_connect(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    return fd;
}

void raw_send(int fd, str bytes)
{
    for (size_t at = 0; at < bytes.n;) {
        ssize_t n = send(fd, bytes.p + at, bytes.n - at, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has closed: what it said counts */
        at += (size_t)n;
    }
}

char *raw_read_all(int fd)
{
    struct buf b;
    char block[65536];
    buf_init(&b, SIZE_MAX / 2);
    for (ssize_t n; (n = recv(fd, block, sizeof(block), 0)) != 0;) {
        if (n < 0 && errno == EAGAIN)
            buf_add(&b, STR("(nothing more came, and it was not closed)"));
        if (n < 0)
            break;
        buf_add(&b, (str){block, (size_t)n});
    }
    buf_add_byte(&b, '\0');
    return buf_take(&b, &(size_t){0});
}

static bool read_byte(int fd, struct buf *b)
{
    char c;
    if (recv(fd, &c, 1, 0) != 1)
        return false;
    buf_add_byte(b, c);
    return true;
}

char *raw_read_answer(int fd)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 2);
    while (b.n < 4 || memcmp(b.p + b.n - 4, "\r\n\r\n", 4) != 0) {
        if (!read_byte(fd, &b)) {
            buf_done(&b);
            return NULL;
        }
    }
    size_t at = str_find(buf_str(&b), STR("Content-Length: "), 0);
    size_t left = at != STR_NONE ? strtoul(b.p + at + 16, NULL, 10) : 0;
    while (left > 0 && read_byte(fd, &b))
        left--;
    buf_add_byte(&b, '\0');
    return buf_take(&b, &(size_t){0});
}

char *raw_ask(unsigned port, str bytes)
{
    int fd = raw_connect(port);
    raw_send(fd, bytes);
    char *said = raw_read_all(fd);
    close(fd);
    return said;
}
