/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EventBridge-style connections: where a workflow's HTTP calls get their credentials from. The
 * operations are a table of functions from a JSON request to a JSON answer; both doors, the wire
 * and workflows, use it. Secrets are sealed before they reach the store (services/secret_box.h) and
 * no answer shows them.
 *
 * Storage is an interface. All functions here are synchronous and keep nothing between two calls,
 * so they run wherever the store's transaction is. An operation that reads and then writes relies
 * on nobody writing in between.
 *
 * A connection of type OAUTH_CLIENT_CREDENTIALS is AUTHORIZING until whoever fetched its first
 * token says how that ended (connections_settle). Calls work from the beginning: a call in the
 * state AUTHORIZING fetches the token itself.
 */
#ifndef AFFLUX_SERVICES_CONNECTIONS_H
#define AFFLUX_SERVICES_CONNECTIONS_H

#include "json/doc.h"
#include "services/connection_record.h"

/* Bytes under names (of connections: 1 to 64 of [.-_A-Za-z0-9]). Errors go out as they are. */
struct connection_store {
    void *self;
    /* Appends the bytes; STATUS_NOT_FOUND. */
    enum status (*load)(void *self, str name, struct buf *out, struct error *err);
    enum status (*save)(void *self, str name, str bytes, struct error *err);
    /* STATUS_NOT_FOUND. */
    enum status (*remove)(void *self, str name, struct error *err);
    /* Names that begin with prefix and come after `after` in the order of their bytes, at most cap
     * of them, in the arena. */
    enum status (*list)(void *self, struct arena *arena, str prefix, str after, str *names,
                        uint32_t cap, uint32_t *ret_count, struct error *err);
};

struct connections {
    const struct connection_store *store;
    const struct secret_box *box;
    str region, account;
    bool is_strict; /* token endpoints must be https */
};

/* Errors carry AWS's names: ValidationException, SerializationException,
 * ResourceAlreadyExistsException (STATUS_CONFLICT), ResourceNotFoundException (STATUS_NOT_FOUND),
 * LimitExceededException (STATUS_LIMIT); everything else is the store's or an InternalException. */
typedef enum status connection_operation_fn(const struct connections *c, struct json_val request,
                                            int64_t now_ms, struct json_doc **ret_answer,
                                            struct error *err);

struct connection_operation {
    const char *name; /* "CreateConnection" */
    connection_operation_fn *run;
    bool is_writing;
};

enum { CONNECTION_OPERATIONS = 6 };
extern const struct connection_operation connection_operations[CONNECTION_OPERATIONS];
/* NULL when there is no such operation. */
const struct connection_operation *connections_find(str name);

/* How the first token of a connection came out, or that of one that had changed. Changes nothing
 * when the connection is gone or was changed since (another revision). reason: empty when it is
 * authorized. */
NODISCARD enum status connections_settle(const struct connections *c, str arn, int64_t revision,
                                         bool is_authorized, str reason, int64_t now_ms,
                                         struct error *err);

#endif
