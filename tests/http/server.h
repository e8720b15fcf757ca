/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP/1.1 server for tests, on the loop of the test and a free port of 127.0.0.1. What it
 * does follows from the path:
 *
 *   /hello          "hello"                        /echo           the request as it came
 *   /status/N       status N with a small body     /length/N       N bytes, with Content-Length
 *   /stream/N       N bytes, ended by closing      /chunked        chunks and a trailer
 *   /delay/MS       "late" after that time         /drip/MS        "drip", a byte each time
 *   /hang           never answers                  /gzip           "squeezed", compressed
 *   /bomb           100,000 bytes in 133           /badgzip        says gzip and is not
 *   /short          less than its Content-Length   /cut            closes without an answer
 *   /reset          resets the connection          /liar           a Content-Length of 1 TB
 *   /headers/N      N headers of 1,000 bytes       /repeat         repeated and folded headers
 *   /garbage        not HTTP                       /interim        100 and 103, then 200
 *   /redirect       302 to /hello                  /retry/N        429, Retry-After: N seconds
 *   /busy/N         429, Retry-After: 1 for the first N requests, then "free"
 */
#ifndef AFFLUX_TEST_HTTP_SERVER_H
#define AFFLUX_TEST_HTTP_SERVER_H

#include "loop/loop.h"

struct server_connection;

struct server {
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    int port;
    int connections; /* accepted so far */
    int requests;
    int open, open_max; /* requests being answered, and most of them at a time */
    struct server_connection *first;
};

void server_start(struct server *server, struct loop *loop);
/* Closes all connections. */
void server_drop(struct server *server);
void server_stop(struct server *server);

#endif
