/* SPDX-License-Identifier: Apache-2.0 */
/* TableDescription. Counts are exact, unlike AWS's, which are hours old. */
#include "services/dynamodb/table_json.h"
#include "json/write.h"
#include "store/items.h"

static void put_text(struct buf *out, const char *name, str value)
{
    buf_printf(out, "\"%s\":", name);
    json_write_string(out, value);
}

static void put_keys(struct buf *out, const struct dynamo_keys *k)
{
    buf_add(out, STR("\"KeySchema\":[{"));
    put_text(out, "AttributeName", k->hash);
    buf_add(out, STR(",\"KeyType\":\"HASH\"}"));
    if (k->range.n > 0) {
        buf_add(out, STR(",{"));
        put_text(out, "AttributeName", k->range);
        buf_add(out, STR(",\"KeyType\":\"RANGE\"}"));
    }
    buf_add_byte(out, ']');
}

static void put_units(struct buf *out, const struct dynamo_units *u)
{
    buf_printf(out,
               ",\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":%lld"
               ",\"WriteCapacityUnits\":%lld}",
               (long long)u->read, (long long)u->write);
}

static void put_projection(struct buf *out, const struct dynamo_index *i)
{
    static const char *const names[] = {"ALL", "KEYS_ONLY", "INCLUDE"};
    buf_printf(out, ",\"Projection\":{\"ProjectionType\":\"%s\"", names[i->projection]);
    if (i->include_count > 0) {
        buf_add(out, STR(",\"NonKeyAttributes\":["));
        for (uint32_t j = 0; j < i->include_count; j++) {
            buf_add(out, j ? STR(",") : STR(""));
            json_write_string(out, i->include[j]);
        }
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, '}');
}

static enum status put_index(struct dynamo_op *op, struct buf *out, const struct dynamo_table *t,
                             const struct dynamo_index *i)
{
    int64_t items, bytes;
    if (store_find_item_count(op->reader, i->space, &items, &bytes, op->err) != STATUS_OK)
        return op->err->status;
    buf_add_byte(out, '{');
    put_text(out, "IndexName", i->name);
    buf_add_byte(out, ',');
    put_keys(out, &i->keys);
    put_projection(out, i);
    if (i->is_global) {
        bool is_active = i->status == DYNAMO_INDEX_ACTIVE;
        buf_printf(out, ",\"IndexStatus\":\"%s\"%s", is_active ? "ACTIVE" : "CREATING",
                   is_active ? "" : ",\"Backfilling\":true");
        put_units(out, &i->units);
    }
    buf_printf(out, ",\"IndexSizeBytes\":%lld,\"ItemCount\":%lld,", (long long)bytes,
               (long long)items);
    put_text(out, "IndexArn",
             arena_printf(op->arena, "%.*s/index/%.*s", STR_ARG(dynamo_table_arn(op, t->name)),
                          STR_ARG(i->name)));
    buf_add_byte(out, '}');
    return STATUS_OK;
}

static enum status put_indexes(struct dynamo_op *op, struct buf *out, const struct dynamo_table *t,
                               bool is_global)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].is_global != is_global)
            continue;
        if (count++ == 0)
            buf_printf(out, ",\"%sSecondaryIndexes\":[", is_global ? "Global" : "Local");
        else
            buf_add_byte(out, ',');
        if (put_index(op, out, t, &t->indexes[i]) != STATUS_OK)
            return op->err->status;
    }
    if (count > 0)
        buf_add_byte(out, ']');
    return STATUS_OK;
}

static void put_attributes(struct buf *out, const struct dynamo_table *t)
{
    buf_add(out, STR("{\"AttributeDefinitions\":["));
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        buf_add(out, i ? STR(",{") : STR("{"));
        put_text(out, "AttributeName", t->attributes[i].name);
        buf_printf(out, ",\"AttributeType\":\"%s\"}", dynamo_type_name(t->attributes[i].tag));
    }
    buf_add(out, STR("],"));
}

enum status dynamo_table_json(struct dynamo_op *op, const struct dynamo_table *t,
                              const char *status, struct buf *out)
{
    int64_t items, bytes;
    if (store_find_item_count(op->reader, t->space, &items, &bytes, op->err) != STATUS_OK)
        return op->err->status;
    put_attributes(out, t);
    put_text(out, "TableName", t->name);
    buf_add_byte(out, ',');
    put_keys(out, &t->keys);
    buf_printf(out, ",\"TableStatus\":\"%s\",\"CreationDateTime\":%lld.%03d", status,
               (long long)(t->created_ms / 1000), (int)(t->created_ms % 1000));
    put_units(out, &t->units);
    buf_printf(out, ",\"TableSizeBytes\":%lld,\"ItemCount\":%lld,", (long long)bytes,
               (long long)items);
    put_text(out, "TableArn", dynamo_table_arn(op, t->name));
    buf_add_byte(out, ',');
    put_text(out, "TableId", t->id);
    if (!t->is_provisioned)
        buf_add(out, STR(",\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"}"));
    if (put_indexes(op, out, t, false) != STATUS_OK || put_indexes(op, out, t, true) != STATUS_OK)
        return op->err->status;
    if (t->is_infrequent)
        buf_add(out, STR(",\"TableClassSummary\":{\"TableClass\":\"STANDARD_INFREQUENT_ACCESS\"}"));
    buf_printf(out, ",\"DeletionProtectionEnabled\":%s}", t->is_protected ? "true" : "false");
    return STATUS_OK;
}
