/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations. */
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/sweep.h"

#define OPERATION(name, is_writing, prepare, run)                                                  \
    {                                                                                              \
        name, is_writing, dynamo_prepare_##prepare, dynamo_run_##run, dynamo_answer                \
    }

static const struct service_operation operations[] = {
    OPERATION("BatchGetItem", false, batch_get, batch_get),
    OPERATION("BatchWriteItem", true, batch_write, batch_write),
    OPERATION("CreateTable", true, create_table, create_table),
    OPERATION("DeleteItem", true, delete, delete),
    OPERATION("DeleteTable", true, table_name, delete_table),
    OPERATION("DescribeContinuousBackups", false, table_name, describe_backups),
    OPERATION("DescribeEndpoints", false, nothing, describe_endpoints),
    OPERATION("DescribeLimits", false, nothing, describe_limits),
    OPERATION("DescribeTable", false, table_name, describe_table),
    OPERATION("DescribeTimeToLive", false, table_name, describe_ttl),
    OPERATION("GetItem", false, get, get),
    OPERATION("ListTables", false, list_tables, list_tables),
    OPERATION("ListTagsOfResource", false, list_tags, list_tags),
    OPERATION("PutItem", true, put, put),
    OPERATION("Query", false, query, query),
    OPERATION("Scan", false, scan, scan),
    OPERATION("TagResource", true, tag, tag),
    OPERATION("TransactGetItems", false, transact_get, transact_get),
    OPERATION("TransactWriteItems", true, transact_write, transact_write),
    OPERATION("UntagResource", true, untag, untag),
    OPERATION("UpdateItem", true, update, update),
    OPERATION("UpdateTable", true, update_table, update_table),
    OPERATION("UpdateTimeToLive", true, update_ttl, update_ttl),
};

const struct service dynamodb_service = {"dynamodb", operations, ARRAY_LEN(operations)};

/* ---- the work beside them ---- */

static enum status run_sweep(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    const struct dynamodb_sweep *s = (const struct dynamodb_sweep *)(const void *)args.p;
    struct service_call call = {.settings = s->settings, .now_ms = s->now_ms, .arena = scratch};
    struct dynamo_op op = dynamo_op_begin(&call, store_tx_reader(tx), tx, NULL, err);
    bool more;
    enum status status = dynamo_sweep(&op, &more);
    if (status == STATUS_OK)
        store_tx_reply(tx, more ? STR("more") : STR(""));
    return status;
}

void dynamodb_sweep_init(struct dynamodb_sweep *s, const struct service_settings *settings,
                         int64_t now_ms)
{
    *s = (struct dynamodb_sweep){.settings = settings, .now_ms = now_ms};
    s->unit = (struct store_unit){.run = run_sweep, .args = {(const char *)s, sizeof(*s)}};
}

bool dynamodb_sweep_has_more(const struct dynamodb_sweep *s)
{
    return s->unit.reply.n > 0;
}
