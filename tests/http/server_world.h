/* SPDX-License-Identifier: Apache-2.0 */
/* A server of ours on a loop of its own thread. What its paths do is the table in server_world.c.
 */
#ifndef AFFLUX_TESTS_SERVER_WORLD_H
#define AFFLUX_TESTS_SERVER_WORLD_H

#include "http/listen.h"
#include "http/server.h"
#include "raw_client.h"
#include <pthread.h>

struct server_world {
    struct loop *loop;
    struct http_server *server;
    struct http_server_options options;
    pthread_t thread;
    unsigned port;
    struct loop_task task;
    int64_t grace_ms;
    bool is_closed;
    struct http_exchange *held; /* of /hang */
    atomic_int requests, ended, sent, gone;
    struct http_server_figures figures; /* when it closed, or world_figures was called */
    atomic_bool has_figures;
};

/* options: what differs from the usual; NULL is fine. */
void world_open(struct server_world *w, const struct http_server_options *options);
/* Waits until the server is gone. Returns how long that took, in milliseconds. */
int64_t world_close(struct server_world *w, int64_t grace_ms);
struct http_server_figures world_figures(struct server_world *w);

/* Waits until a counter has this value, for some seconds. */
bool world_wait(atomic_int *counter, int value);

#endif
