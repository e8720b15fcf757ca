/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An api on a loop of its own thread, over a store in a temporary folder, with a service of the
 * test: it goes by the name of "dynamodb", and its operations are in api_world.c.
 */
#ifndef AFFLUX_TESTS_API_WORLD_H
#define AFFLUX_TESTS_API_WORLD_H

#include "api/api.h"
#include "raw_client.h"
#include <pthread.h>

struct api_world {
    char folder[64];
    struct loop *loop;
    struct store *store;
    struct api_board *board;
    struct api *api;
    pthread_t thread;
    unsigned port;
    struct loop_task close_task, answer_task;
    struct service_settings settings;
    struct api_hosts hosts;
    struct api_call *held; /* of the operation Hold */
    atomic_int holds, gone, after;
    atomic_bool is_closed;
    bool is_hasty; /* Hold is answered when its client has gone */
};

void api_world_open(struct api_world *w, api_rest_fn *rest);
/* In milliseconds: until the api has closed. It is freed by api_world_end. */
int64_t api_world_close(struct api_world *w);
void api_world_end(struct api_world *w);
/* Has the call of Hold answered. */
void api_world_answer_held(struct api_world *w);
bool api_world_wait(atomic_int *counter, int value);

/* A request with this target, further header lines, and body; the whole answer, to be freed. */
char *api_world_call(struct api_world *w, const char *target, const char *headers,
                     const char *body);

#endif
