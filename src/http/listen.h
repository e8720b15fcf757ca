/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: several of them, one for each loop, share one port (SO_REUSEPORT), and the
 * kernel deals connections out. */
#ifndef AFFLUX_HTTP_LISTEN_H
#define AFFLUX_HTTP_LISTEN_H

#include "base/error.h"
#include "base/str.h"
#include <netinet/in.h>
#include <sys/socket.h>

struct http_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } of;
    socklen_t size;
};

/* "127.0.0.1:4599", "[::1]:4599", "localhost:0" (which is 127.0.0.1). STATUS_INVALID
 * "ListenAddress". No name is looked up. */
NODISCARD enum status http_address_read(str text, struct http_address *ret, struct error *err);
/* 127.0.0.0/8, ::1, and ::ffff:127.0.0.0/104. */
bool http_address_is_loopback(const struct http_address *address);
enum { HTTP_ADDRESS_TEXT = 64 };
/* As it is read, NUL-terminated. */
void http_address_print(const struct http_address *address, char out[HTTP_ADDRESS_TEXT]);

/* Sockets that listen on the address, `count` of them. Port 0 chooses one, which address then has.
 * An address that another process listens on is STATUS_CONFLICT "ListenInUse", also where that one
 * would share it; others are STATUS_IO "ListenFailed". The sockets are the caller's. */
NODISCARD enum status http_listen(struct http_address *address, int *fds, uint32_t count,
                                  struct error *err);

#endif
