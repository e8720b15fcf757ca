/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of all operations, for the table in dynamodb.c, and what the files of operations share.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_OPERATIONS_H
#define AFFLUX_SERVICES_DYNAMODB_OPERATIONS_H

#include "services/dynamodb/op.h"
#include "services/dynamodb/request.h"

#define DYNAMO_PREPARE_LIST(X)                                                                     \
    X(put)                                                                                         \
    X(get)                                                                                         \
    X(update)                                                                                      \
    X(delete)                                                                                      \
    X(query) X(scan) X(batch_get) X(batch_write) X(transact_get) X(transact_write) X(create_table) \
        X(update_table) X(table_name) X(list_tables) X(update_ttl) X(tag) X(untag) X(list_tags)    \
            X(nothing)
#define DYNAMO_RUN_LIST(X)                                                                         \
    X(put)                                                                                         \
    X(get)                                                                                         \
    X(update)                                                                                      \
    X(delete)                                                                                      \
    X(query) X(scan) X(batch_get) X(batch_write) X(transact_get) X(transact_write) X(create_table) \
        X(update_table) X(delete_table) X(describe_table) X(list_tables) X(update_ttl)             \
            X(describe_ttl) X(tag) X(untag) X(list_tags) X(describe_limits) X(describe_endpoints)  \
                X(describe_backups)

#define X(name) service_prepare_fn dynamo_prepare_##name;
DYNAMO_PREPARE_LIST(X)
#undef X
#define X(name) service_run_fn dynamo_run_##name;
DYNAMO_RUN_LIST(X)
#undef X

extern const char *const dynamo_projection_expressions[], *const dynamo_projection_legacy[];

/* The key or item and the expressions of one entry that writes. */
NODISCARD enum status dynamo_read_entry(struct dynamo_request *r, enum dynamo_entry kind);
/* The key and the projection of one that reads. */
NODISCARD enum status dynamo_read_get(struct dynamo_request *r);

/* The item that a key names, with the projection applied; *ret_size is that of the whole. */
NODISCARD enum status dynamo_get_item(struct dynamo_op *op, const struct dynamo_table *t,
                                      const struct dynamo_args *args, bool *ret_has, str *ret_item,
                                      size_t *ret_size);

#endif
