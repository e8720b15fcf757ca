/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection adds to calls, with its secrets in the clear: read from the store for one call
 * and gone with the call's arena. Nothing here may be printed or kept.
 */
#ifndef AFFLUX_SERVICES_CONNECTION_AUTH_H
#define AFFLUX_SERVICES_CONNECTION_AUTH_H

#include "services/connections.h"
#include "services/failure.h"

struct connection_parameter {
    str key, value;
};

struct connection_parameters {
    const struct connection_parameter *items;
    uint32_t count;
};

/* InvocationHttpParameters, or OAuthHttpParameters. */
struct connection_http {
    struct connection_parameters headers, query, body;
};

enum connection_type { CONNECTION_BASIC, CONNECTION_API_KEY, CONNECTION_OAUTH };

struct connection_auth {
    enum connection_type type;
    str arn;
    int64_t revision;
    bool
        is_settled; /* its state is AUTHORIZED; else the first token decides (connections_settle) */
    str user, password;                             /* BASIC */
    str key_name, key_value;                        /* API_KEY */
    str client_id, client_secret, endpoint, method; /* OAUTH_CLIENT_CREDENTIALS */
    struct connection_http token_http;              /* for the token request */
    struct connection_http http;                    /* for calls */
};

/* The connection that an ARN names, unless strict also one without the id at its end; texts lie in
 * the arena. False: the task fails as ret_failure says (Events.ConnectionResource.…). */
bool connection_auth_load(const struct connections *c, struct arena *arena, str arn,
                          struct connection_auth *ret, struct service_failure *ret_failure);

#endif
