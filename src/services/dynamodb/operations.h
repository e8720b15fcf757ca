/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of all operations, for the table in dynamodb.c, and what the files of operations share.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_OPERATIONS_H
#define AFFLUX_SERVICES_DYNAMODB_OPERATIONS_H

#include "services/dynamodb/op.h"
#include "services/dynamodb/request.h"

service_prepare_fn dynamo_prepare_put, dynamo_prepare_get, dynamo_prepare_update,
    dynamo_prepare_delete, dynamo_prepare_query, dynamo_prepare_scan, dynamo_prepare_batch_get,
    dynamo_prepare_batch_write, dynamo_prepare_transact_get, dynamo_prepare_transact_write,
    dynamo_prepare_create_table, dynamo_prepare_update_table, dynamo_prepare_table_name,
    dynamo_prepare_list_tables, dynamo_prepare_update_ttl, dynamo_prepare_tag, dynamo_prepare_untag,
    dynamo_prepare_list_tags, dynamo_prepare_nothing;

service_run_fn dynamo_run_put, dynamo_run_get, dynamo_run_update, dynamo_run_delete,
    dynamo_run_query, dynamo_run_scan, dynamo_run_batch_get, dynamo_run_batch_write,
    dynamo_run_transact_get, dynamo_run_transact_write, dynamo_run_create_table,
    dynamo_run_update_table, dynamo_run_delete_table, dynamo_run_describe_table,
    dynamo_run_list_tables, dynamo_run_update_ttl, dynamo_run_describe_ttl, dynamo_run_tag,
    dynamo_run_untag, dynamo_run_list_tags, dynamo_run_describe_limits,
    dynamo_run_describe_endpoints, dynamo_run_describe_backups;

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
