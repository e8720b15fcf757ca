/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx as a TLS server for tests: in a folder of its own that is removed, on free ports of
 * 127.0.0.1, with a certificate for "localhost" from an authority made for the occasion.
 */
#ifndef AFFLUX_TEST_NGINX_H
#define AFFLUX_TEST_NGINX_H

#include <stdbool.h>
#include <sys/types.h>

struct nginx {
    char dir[64];
    char ca_file[96];
    int port;       /* offers HTTP/2 */
    int plain_port; /* TLS, HTTP/1.1 only; /to/PORT/PATH is asked of that port of 127.0.0.1 */
    int old_port;   /* TLS 1.1 at most */
    pid_t pid;
};

/* Each answer is 200 with "hello", and X-Connection, which counts connections. False when nginx or
 * openssl are not installed. */
bool nginx_start(struct nginx *nginx);
void nginx_stop(struct nginx *nginx);

#endif
