/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A third party's API for tests: a thread that answers on a free port of 127.0.0.1, one connection
 * per request.
 *
 *   /token       {"access_token": "t1", …} with the number of the token request
 *   /token/no    401           /token/down  503
 *   /need/N      {"ok": true} to the bearer of tN, else 401
 *   /echo        the request as it came, text/plain
 *   /status/N    status N      /size/N      N bytes of text
 *   /hang        no answer     /cut         closes without an answer
 *   /hang/once   no answer to the first of these requests, then as /echo
 *   /as/NAME/…   as /…, so that requests of many can be told apart
 *   /busy/N[/S]  429 with Retry-After: S (1) to the first N of these requests, then as /echo
 */
#ifndef AFFLUX_TESTS_SERVICES_API_SERVER_H
#define AFFLUX_TESTS_SERVICES_API_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

enum { API_HANGING_MAX = 16 };

struct api_server {
    pthread_t thread;
    int fd, port;
    atomic_int tokens, requests;
    int onces, busy;              /* of the thread */
    int hanging[API_HANGING_MAX]; /* connections left open */
    int hanging_count;
    void (*seen)(void *arg, const char *request);
    void *seen_arg;
};

void api_server_start(struct api_server *s);
/* seen is shown each request before it is answered, on the server's thread. */
void api_server_start_seen(struct api_server *s, void (*seen)(void *arg, const char *request),
                           void *arg);
void api_server_stop(struct api_server *s);

#endif
