/* SPDX-License-Identifier: Apache-2.0 */
/* S3's REST on a loop of its own thread, over a store in a temporary folder. */
#ifndef AFFLUX_TESTS_S3_WORLD_H
#define AFFLUX_TESTS_S3_WORLD_H

#include "api/s3.h"
#include "raw_client.h"
#include <pthread.h>

struct s3_world {
    char folder[64];
    struct loop *loop;
    struct store *store;
    struct s3 *s3;
    struct s3_port *s3_port;
    struct api_s3 *door;
    struct api_board *board;
    struct api *api;
    pthread_t thread;
    unsigned port;
    struct service_settings settings;
    struct api_hosts hosts;
};

void s3_world_open(struct s3_world *w);
/* With exchanges under way, if there are any. */
void s3_world_end(struct s3_world *w);
/* A request from "PUT /bucket" on, with further header lines and a body of this length; Host,
 * Content-Length and Connection: close are added. The whole answer, to be freed. */
char *s3_world_ask(struct s3_world *w, const char *line, const char *headers, str body);

#endif
