/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and rows as operations meet them, and the answer's text. Writing is write.c. */
#include "services/dynamodb/op.h"
#include "services/dynamodb/key.h"
#include "services/dynamodb/value_json.h"
#include "json/write.h"
#include "store/items.h"

enum { BODY_VERSION = 1 };

static const str SERVICE = {"dynamodb", 8};

enum status dynamo_op_read(struct dynamo_op *op, str args,
                           enum status (*run)(struct dynamo_op *op, str args))
{
    bool began;
    enum status status = store_begin_reading(op->reader, &began, op->err);
    if (status != STATUS_OK)
        return status;
    status = run(op, args);
    store_end_reading(op->reader, began);
    return status;
}

/* ---- tables ---- */

enum status dynamo_find_table(struct dynamo_op *op, str name, bool is_named,
                              struct dynamo_table *ret)
{
    str bytes;
    enum status status = store_find_thing(op->reader, SERVICE, name, op->arena, &bytes, op->err);
    if (status == STATUS_OK)
        return dynamo_table_read(op->arena, bytes, ret, op->err);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (is_named)
        return error_set(op->err, STATUS_NOT_FOUND, "ResourceNotFoundException",
                         "Requested resource not found: Table: %.*s not found", STR_ARG(name));
    return error_set(op->err, STATUS_NOT_FOUND, "ResourceNotFoundException",
                     "Requested resource not found");
}

enum status dynamo_save_table(struct dynamo_op *op, const struct dynamo_table *t)
{
    struct buf bytes;
    buf_init(&bytes, DYNAMO_TABLE_BYTES);
    dynamo_table_write(t, &bytes);
    enum status status =
        buf_ok(&bytes) ? store_tx_put_thing(op->tx, SERVICE, t->name, buf_str(&bytes), op->err)
                       : error_set(op->err, STATUS_LIMIT, "ValidationException",
                                   "What is to be kept of the table is longer than %d bytes",
                                   DYNAMO_TABLE_BYTES);
    buf_done(&bytes);
    return status;
}

str dynamo_table_arn(struct dynamo_op *op, str table)
{
    const struct service_settings *s = op->call->settings;
    return arena_printf(op->arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(s->region),
                        STR_ARG(s->account), STR_ARG(table));
}

/* ---- rows ---- */

enum status dynamo_read_body(str body, str *ret_item, struct error *err)
{
    *ret_item = str_sub(body, 1, body.n);
    if (body.n > 0 && body.p[0] == BODY_VERSION && dynamo_check_item(*ret_item))
        return STATUS_OK;
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt", "afflux.db: an item cannot be read");
}

enum status dynamo_find_row(struct dynamo_op *op, int64_t space, str key, bool *ret_has,
                            str *ret_item)
{
    str body;
    enum status status = store_find_item(op->reader, space, key, op->arena, &body, op->err);
    *ret_has = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? dynamo_read_body(body, ret_item, op->err) : status;
}

/* ---- capacity ---- */

static void put_units(struct buf *out, uint64_t halves)
{
    buf_printf(out, "\"CapacityUnits\":%llu.%c", (unsigned long long)(halves / 2),
               halves % 2 ? '5' : '0');
}

/* "GlobalSecondaryIndexes":{"name":{…}}, of those of one kind that cost something. */
static void put_indexes(struct buf *out, const struct dynamo_used *u, bool is_global)
{
    const struct dynamo_change *c = u->change;
    bool has_any = false;
    for (uint32_t i = 0; c && i < c->table->index_count; i++) {
        const struct dynamo_index *x = &c->table->indexes[i];
        if (x->is_global != is_global || c->rows[i] == 0)
            continue;
        if (has_any)
            buf_add_byte(out, ',');
        else
            buf_printf(out, ",\"%sSecondaryIndexes\":{", is_global ? "Global" : "Local");
        json_write_string(out, x->name);
        buf_add(out, STR(":{"));
        put_units(out, c->rows[i] * u->each);
        buf_add_byte(out, '}');
        has_any = true;
    }
    if (has_any)
        buf_add_byte(out, '}');
}

static void put_read_index(struct buf *out, const struct dynamo_used *u)
{
    buf_printf(out, ",\"%sSecondaryIndexes\":{", u->is_global ? "Global" : "Local");
    json_write_string(out, u->index);
    buf_add(out, STR(":{"));
    put_units(out, u->halves);
    buf_add(out, STR("}}"));
}

void dynamo_capacity_json(const struct dynamo_used *u, enum dynamo_capacity kind, struct buf *out)
{
    buf_add(out, STR("{\"TableName\":"));
    json_write_string(out, u->table);
    buf_add_byte(out, ',');
    put_units(out, u->halves);
    if (kind == CAPACITY_INDEXES) {
        buf_add(out, STR(",\"Table\":{"));
        put_units(out, u->index.n ? 0 : u->change ? u->each : u->halves);
        buf_add_byte(out, '}');
        if (u->index.n > 0)
            put_read_index(out, u);
        put_indexes(out, u, false);
        put_indexes(out, u, true);
    }
    buf_add_byte(out, '}');
}

void dynamo_reply_capacity(struct dynamo_op *op, const struct dynamo_args *args,
                           const struct dynamo_used *u)
{
    enum dynamo_capacity kind =
        (enum dynamo_capacity)dynamo_args_int(args, ARG_CAPACITY, CAPACITY_NONE);
    if (kind == CAPACITY_NONE)
        return;
    struct buf json;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_add(&json, STR("\"ConsumedCapacity\":"));
    dynamo_capacity_json(u, kind, &json);
    dynamo_arg(op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
}

/* ---- answers ---- */

static void write_items(str rest, struct buf *json)
{
    struct dynamo_value v;
    buf_add_byte(json, '[');
    for (bool is_first = true; dynamo_next(&rest, &v); is_first = false) {
        buf_add(json, is_first ? STR("") : STR(","));
        dynamo_item_to_json(v.body, json);
    }
    buf_add_byte(json, ']');
}

/* An item that was not found is an empty object there. */
static void write_responses(str rest, struct buf *json)
{
    struct dynamo_value v;
    buf_add_byte(json, '[');
    for (bool is_first = true; dynamo_next(&rest, &v); is_first = false) {
        buf_add(json, is_first ? STR("{") : STR(",{"));
        if (v.tag == DYNAMO_M) {
            buf_add(json, STR("\"Item\":"));
            dynamo_item_to_json(v.body, json);
        }
        buf_add_byte(json, '}');
    }
    buf_add_byte(json, ']');
}

static const char *field_name(uint8_t field)
{
    switch (field) {
    case REPLY_ITEM: return "\"Item\":";
    case REPLY_ATTRIBUTES: return "\"Attributes\":";
    case REPLY_ITEMS: return "\"Items\":";
    case REPLY_COUNT: return "\"Count\":";
    case REPLY_SCANNED: return "\"ScannedCount\":";
    case REPLY_LAST_KEY: return "\"LastEvaluatedKey\":";
    case REPLY_RESPONSES: return "\"Responses\":";
    default: return "";
    }
}

static void write_field(struct dynamo_value f, struct buf *json)
{
    buf_add(json, str_of(field_name(f.tag)));
    if (f.tag == REPLY_ITEMS)
        write_items(f.body, json);
    else if (f.tag == REPLY_RESPONSES)
        write_responses(f.body, json);
    else if (f.tag == REPLY_COUNT || f.tag == REPLY_SCANNED)
        buf_printf(json, "%lld", (long long)dynamo_int_of(f.body));
    else if (f.tag == REPLY_JSON)
        buf_add(json, f.body);
    else
        dynamo_item_to_json(f.body, json);
}

enum status dynamo_answer(const struct service_call *c, str reply, struct buf *json,
                          struct error *err)
{
    struct dynamo_value f;
    (void)c;
    buf_add_byte(json, '{');
    for (bool is_first = true; dynamo_next(&reply, &f); is_first = false) {
        buf_add(json, is_first ? STR("") : STR(","));
        write_field(f, json);
    }
    buf_add_byte(json, '}');
    if (buf_ok(json))
        return STATUS_OK;
    return error_set(err, STATUS_LIMIT, "InternalServerError", "The answer is too large");
}
