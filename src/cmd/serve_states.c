/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_states.h. Each call of the wire becomes a call of the engine; a client that leaves
 * takes his call with him. */
#include "cmd/serve_states.h"

#include "api/wire.h"
#include "base/check.h"
#include "engine/api.h"
#include <stdlib.h>

static const struct service states_service = {.name = "states"};

struct states_call {
    struct api_call *wire;
    struct engine_api_call *call;
    bool is_starting, is_answered; /* while it starts, it is not freed */
};

static void states_end(struct states_call *c)
{
    c->is_answered = true;
    if (!c->is_starting)
        free(c);
}

static void answered(void *arg, const struct engine_api_answer *a)
{
    struct states_call *c = arg;
    if (a->status == STATUS_OK)
        api_call_answer(c->wire, a->body);
    else
        api_call_refuse(c->wire, &(struct api_failure){.status = a->status,
                                                       .name = a->error,
                                                       .message = a->message,
                                                       .members = a->fields});
    states_end(c);
}

static void left(void *arg)
{
    struct states_call *c = arg;
    struct error err;
    engine_api_cancel(c->call);
    error_set(&err, STATUS_UNAVAILABLE, "ServiceUnavailable", "the client has left");
    api_call_fail(c->wire, &err);
    states_end(c);
}

static bool has_left(void *arg)
{
    const struct states_call *c = arg;
    return api_call_is_gone(c->wire);
}

static bool states_own(void *arg, struct api_call *wire, str operation, struct json_val request)
{
    struct states_call *c = malloc(sizeof(*c));
    check(c != NULL);
    *c = (struct states_call){.wire = wire, .is_starting = true};
    c->call = engine_api_call(arg, operation, request, answered, c);
    c->is_starting = false;
    if (c->is_answered) {
        free(c);
    } else {
        engine_api_ask_gone(c->call, has_left);
        api_call_on_gone(wire, left, c);
    }
    return true;
}

struct api_service serve_states_row(struct engine *e)
{
    return (struct api_service){.service = &states_service, .own = states_own, .arg = e};
}
