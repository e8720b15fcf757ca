/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine has for HTTP calls: a client, the limits of hosts and connections, the tasks under
 * way, and the connections of the data folder with the key of their secrets. Inside of engine/
 * only. work_http.c performs tasks, connections.c the operations.
 */
#ifndef AFFLUX_ENGINE_HTTP_H
#define AFFLUX_ENGINE_HTTP_H

#include "engine/engine_internal.h"
#include "engine/pauses.h"
#include "services/connections_kept.h"
#include "services/http_task.h"

struct engine_call;

struct engine_http {
    struct http_client *client;
    struct http_gate *gate;
    struct http_tasks *tasks;
    struct secret_box box;
    struct connections_kept kept; /* through the engine's reader */
    struct connections connections;
    struct engine_pauses pauses; /* that are kept */
    /* Calls by execution, frame and attempt: heads of lists, a power of two of them. */
    struct engine_call **calls;
    uint32_t call_count, call_mask;
};

/* Keeps how the first token of a connection came out (http_token_fn; arg is the engine). */
void engine_connection_settle(void *arg, str arn, int64_t revision, bool is_authorized, str reason);

#endif
