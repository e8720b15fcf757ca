/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own, and calls of the DynamoDB service on it as both doors make them.
 */
#ifndef AFFLUX_TESTS_SERVICES_DYNAMODB_WORLD_H
#define AFFLUX_TESTS_SERVICES_DYNAMODB_WORLD_H

#include "base/buf.h"
#include "services/dynamodb/dynamodb.h"

struct dynamodb_world {
    char root[128], dir[160]; /* dir lies in root */
    struct service_settings settings;
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    int64_t now_ms;
};

/* Ends the program when the store cannot be opened. */
void dynamodb_world_open(struct dynamodb_world *w);
/* Closes the store and opens it again. */
void dynamodb_world_again(struct dynamodb_world *w);
void dynamodb_world_close(struct dynamodb_world *w);

/* All three parts. Appends the answer's text; of a refusal, the further members (or nothing). */
enum status dynamodb_call(struct dynamodb_world *w, str operation, struct json_val request,
                          struct buf *json, struct error *err);
/* One sweep; false: there is more to do. */
bool dynamodb_world_sweep(struct dynamodb_world *w);

#endif
