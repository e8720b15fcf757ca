/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and listening sockets, see listen.h. */
#include "http/listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024 };

static enum status address_refuse(struct error *err, str text)
{
    return error_set(err, STATUS_INVALID, "ListenAddress",
                     "'%.*s' is no address like 127.0.0.1:4599 or [::1]:4599",
                     STR_ARG(str_sub(text, 0, 100)));
}

static bool address_port(str text, in_port_t *ret)
{
    unsigned port = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || port > UINT16_MAX)
            return false;
        port = port * 10 + (unsigned)(text.p[i] - '0');
    }
    *ret = htons((in_port_t)port);
    return text.n > 0 && port <= UINT16_MAX;
}

enum status http_address_read(str text, struct http_address *ret, struct error *err)
{
    struct http_address a = {0};
    char host[INET6_ADDRSTRLEN] = {0};
    in_port_t port;
    size_t colon = str_rfind_byte(text, ':');
    str name = str_sub(text, 0, colon);
    bool is_bracketed = str_starts(name, STR("[")) && str_ends(name, STR("]"));
    if (colon == STR_NONE || !address_port(str_sub(text, colon + 1, text.n), &port))
        return address_refuse(err, text);
    if (is_bracketed)
        name = str_sub(name, 1, name.n - 1);
    else if (str_eq(name, STR("localhost")))
        name = STR("127.0.0.1");
    if (name.n == 0 || name.n >= sizeof(host))
        return address_refuse(err, text);
    memcpy(host, name.p, name.n);
    if (is_bracketed && inet_pton(AF_INET6, host, &a.of.v6.sin6_addr) == 1) {
        a.of.v6.sin6_family = AF_INET6;
        a.of.v6.sin6_port = port;
        a.size = sizeof(a.of.v6);
    } else if (!is_bracketed && inet_pton(AF_INET, host, &a.of.v4.sin_addr) == 1) {
        a.of.v4.sin_family = AF_INET;
        a.of.v4.sin_port = port;
        a.size = sizeof(a.of.v4);
    } else {
        return address_refuse(err, text);
    }
    *ret = a;
    return STATUS_OK;
}

bool http_address_is_loopback(const struct http_address *address)
{
    if (address->of.any.sa_family == AF_INET)
        return ntohl(address->of.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    const struct in6_addr *v6 = &address->of.v6.sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) ||
           (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == IN_LOOPBACKNET);
}

void http_address_print(const struct http_address *address, char out[HTTP_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->of.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->of.v4.sin_addr, host, sizeof(host));
        snprintf(out, HTTP_ADDRESS_TEXT, "%s:%u", host, ntohs(address->of.v4.sin_port));
    } else {
        inet_ntop(AF_INET6, &address->of.v6.sin6_addr, host, sizeof(host));
        snprintf(out, HTTP_ADDRESS_TEXT, "[%s]:%u", host, ntohs(address->of.v6.sin6_port));
    }
}

static enum status listen_failed(const struct http_address *address, const char *what, int code,
                                 struct error *err)
{
    char text[HTTP_ADDRESS_TEXT];
    http_address_print(address, text);
    if (code == EADDRINUSE)
        return error_set(err, STATUS_CONFLICT, "ListenInUse", "%s is in use by another process",
                         text);
    return error_set(err, STATUS_IO, "ListenFailed", "cannot %s %s: %s", what, text,
                     strerrordesc_np(code));
}

/* Sharing is only asked for by is_shared: the first socket is bound without, so that the kernel
 * says when there is somebody else, and shares afterwards. */
static enum status listen_one(struct http_address *address, bool is_first, int *ret,
                              struct error *err)
{
    int yes = 1;
    int fd =
        socket(address->of.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return listen_failed(address, "open a socket for", errno, err);
    if (address->of.any.sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    bool is_bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0;
    if (!is_first)
        is_bound = is_bound && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0;
    is_bound = is_bound && bind(fd, &address->of.any, address->size) == 0;
    if (is_first)
        is_bound = is_bound && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0;
    if (!is_bound || listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, &address->of.any, &address->size) != 0) {
        int code = errno;
        close(fd);
        return listen_failed(address, "listen on", code, err);
    }
    *ret = fd;
    return STATUS_OK;
}

enum status http_listen(struct http_address *address, int *fds, uint32_t count, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        enum status status = listen_one(address, i == 0, &fds[i], err);
        if (status == STATUS_OK)
            continue;
        while (i > 0)
            close(fds[--i]);
        return status;
    }
    return STATUS_OK;
}
