/* SPDX-License-Identifier: Apache-2.0 */
/* PutItem, GetItem, UpdateItem, DeleteItem. */
#include "services/dynamodb/key.h"
#include "services/dynamodb/op.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/project.h"
#include "services/dynamodb/request.h"
#include "services/dynamodb/update.h"
#include "services/dynamodb/value_json.h"
#include "store/items.h"

/* ---- requests ---- */

static const char *const return_values[] = {"NONE",    "ALL_OLD",     "UPDATED_OLD",
                                            "ALL_NEW", "UPDATED_NEW", NULL};
static const struct shape return_shape = {.kind = SHAPE_STRING, .values = return_values};

#define WRITE_MEMBERS                                                                              \
    {"TableName", &dynamo_shape_table_name, true}, {"ReturnValues", &return_shape, false},         \
        {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},                                 \
        {"ReturnItemCollectionMetrics", &dynamo_shape_metrics, false},                             \
        {"ReturnValuesOnConditionCheckFailure", &dynamo_shape_on_failure, false},                  \
        {"ConditionExpression", &dynamo_shape_text, false},                                        \
        {"ExpressionAttributeNames", &dynamo_shape_map, false},                                    \
    {                                                                                              \
        "ExpressionAttributeValues", &dynamo_shape_map, false                                      \
    }

static const struct shape_member put_members[] = {
    WRITE_MEMBERS, {"Item", &dynamo_shape_map, true}, {NULL, NULL, false}};
static const struct shape_member key_members[] = {
    WRITE_MEMBERS, {"Key", &dynamo_shape_map, true}, {NULL, NULL, false}};
static const struct shape_member update_members[] = {
    WRITE_MEMBERS,
    {"Key", &dynamo_shape_map, true},
    {"UpdateExpression", &dynamo_shape_text, false},
    {NULL, NULL, false}};
static const struct shape_member get_members[] = {
    {"TableName", &dynamo_shape_table_name, true},
    {"Key", &dynamo_shape_map, true},
    {"ConsistentRead", &dynamo_shape_flag, false},
    {"ProjectionExpression", &dynamo_shape_text, false},
    {"ExpressionAttributeNames", &dynamo_shape_map, false},
    {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},
    {NULL, NULL, false}};

static const struct shape put_shape = {.kind = SHAPE_STRUCTURE, .members = put_members};
static const struct shape delete_shape = {.kind = SHAPE_STRUCTURE, .members = key_members};
static const struct shape update_shape = {.kind = SHAPE_STRUCTURE, .members = update_members};
static const struct shape get_shape = {.kind = SHAPE_STRUCTURE, .members = get_members};

static const char *const condition_expressions[] = {"ConditionExpression", NULL};
static const char *const update_expressions[] = {"UpdateExpression", "ConditionExpression", NULL};
static const char *const condition_legacy[] = {"Expected", "ConditionalOperator", NULL};
static const char *const update_legacy[] = {"AttributeUpdates", "Expected", "ConditionalOperator",
                                            NULL};
const char *const dynamo_projection_expressions[] = {"ProjectionExpression", NULL};
const char *const dynamo_projection_legacy[] = {"AttributesToGet", NULL};

/* What the three that write have in common. */
static enum status take_write(struct dynamo_request *r, bool is_update)
{
    int64_t wanted = dynamo_take_choice(r, "ReturnValues", return_values);
    if (!is_update && wanted > RETURN_ALL_OLD)
        return dynamo_refuse(r->err, "ReturnValues can only be ALL_OLD or NONE");
    dynamo_arg_int(&r->args, ARG_RETURN, wanted);
    int64_t flags = 0;
    if (str_eq(dynamo_get_text(r, "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD")))
        flags |= FLAG_OLD_ON_FAILURE;
    if (str_eq(dynamo_get_text(r, "ReturnItemCollectionMetrics"), STR("SIZE")))
        flags |= FLAG_COLLECTION;
    dynamo_arg_int(&r->args, ARG_FLAGS, flags);
    dynamo_take_capacity(r);
    return dynamo_take_table(r);
}

enum status dynamo_read_entry(struct dynamo_request *r, enum dynamo_entry kind)
{
    bool is_update = kind == ENTRY_UPDATE;
    enum status status =
        dynamo_begin_expressions(r, is_update ? update_expressions : condition_expressions,
                                 is_update ? update_legacy : condition_legacy);
    if (status == STATUS_OK && kind == ENTRY_PUT)
        status = dynamo_take_item(r, "Item", ARG_ITEM);
    else if (status == STATUS_OK)
        status = dynamo_take_item(r, "Key", ARG_KEY);
    if (status == STATUS_OK && is_update)
        status = dynamo_take_update(r);
    if (status == STATUS_OK)
        status = dynamo_take_condition(r);
    return status == STATUS_OK ? dynamo_finish_expressions(r) : status;
}

static enum status read_write(struct dynamo_request *r, enum dynamo_entry kind)
{
    enum status status = take_write(r, kind == ENTRY_UPDATE);
    return status == STATUS_OK ? dynamo_read_entry(r, kind) : status;
}

static enum status read_put(struct dynamo_request *r)
{
    return read_write(r, ENTRY_PUT);
}

static enum status read_delete(struct dynamo_request *r)
{
    return read_write(r, ENTRY_DELETE);
}

static enum status read_update(struct dynamo_request *r)
{
    return read_write(r, ENTRY_UPDATE);
}

enum status dynamo_read_get(struct dynamo_request *r)
{
    enum status status =
        dynamo_begin_expressions(r, dynamo_projection_expressions, dynamo_projection_legacy);
    if (status == STATUS_OK)
        status = dynamo_take_item(r, "Key", ARG_KEY);
    if (status == STATUS_OK)
        status = dynamo_take_projection(r);
    return status == STATUS_OK ? dynamo_finish_expressions(r) : status;
}

static enum status read_get(struct dynamo_request *r)
{
    dynamo_arg_int(&r->args, ARG_FLAGS, dynamo_get_flag(r, "ConsistentRead") ? FLAG_CONSISTENT : 0);
    dynamo_take_capacity(r);
    enum status status = dynamo_take_table(r);
    return status == STATUS_OK ? dynamo_read_get(r) : status;
}

enum status dynamo_prepare_put(const struct service_call *c, struct json_val request, str *ret_args,
                               struct error *err)
{
    return dynamo_prepare(c, request, &put_shape, read_put, ret_args, err);
}

enum status dynamo_prepare_delete(const struct service_call *c, struct json_val request,
                                  str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &delete_shape, read_delete, ret_args, err);
}

enum status dynamo_prepare_update(const struct service_call *c, struct json_val request,
                                  str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &update_shape, read_update, ret_args, err);
}

enum status dynamo_prepare_get(const struct service_call *c, struct json_val request, str *ret_args,
                               struct error *err)
{
    return dynamo_prepare(c, request, &get_shape, read_get, ret_args, err);
}

/* ---- writing ---- */

/* "Attributes": what ReturnValues asks for, left out when there is nothing. */
static void reply_attributes(struct dynamo_op *op, const struct dynamo_args *args,
                             const struct dynamo_change *c)
{
    int64_t wanted = dynamo_args_int(args, ARG_RETURN, RETURN_NONE);
    if (wanted == RETURN_NONE)
        return;
    bool is_old = wanted == RETURN_ALL_OLD || wanted == RETURN_UPDATED_OLD;
    str item = is_old ? c->old : c->item;
    if (!item.p)
        return;
    struct buf part;
    buf_init(&part, DYNAMO_BUFFER_BYTES);
    if (wanted == RETURN_UPDATED_OLD || wanted == RETURN_UPDATED_NEW) {
        str paths = dynamo_args_has(args, ARG_UPDATE)
                        ? dynamo_update_paths(op->arena, args->field[ARG_UPDATE])
                        : STR("");
        dynamo_project(op->arena, paths, item, &part);
        item = buf_str(&part);
    }
    if (item.n > 0)
        dynamo_arg(op->reply, REPLY_ATTRIBUTES, item);
    buf_done(&part);
}

/* The estimate of AWS is never more exact than a gigabyte. */
static void reply_metrics(struct dynamo_op *op, const struct dynamo_args *args,
                          const struct dynamo_change *c)
{
    bool has_local = false;
    for (uint32_t i = 0; i < c->table->index_count; i++)
        has_local |= !c->table->indexes[i].is_global;
    if (!has_local || !(dynamo_args_int(args, ARG_FLAGS, 0) & FLAG_COLLECTION))
        return;
    struct buf json, key;
    str item = c->item.p ? c->item : args->field[ARG_KEY];
    struct dynamo_value hash = dynamo_member(item, c->table->keys.hash);
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_init(&key, DYNAMO_TABLE_BYTES);
    dynamo_put_member(&key, c->table->keys.hash, hash);
    buf_add(&json, STR("\"ItemCollectionMetrics\":{\"ItemCollectionKey\":"));
    dynamo_item_to_json(buf_str(&key), &json);
    buf_add(&json, STR(",\"SizeEstimateRangeGB\":[0,1]}"));
    dynamo_arg(op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
    buf_done(&key);
}

/* Further members of a ConditionalCheckFailedException. */
static void reply_failure(struct dynamo_op *op, const struct dynamo_args *args, str old)
{
    if (!old.p || !(dynamo_args_int(args, ARG_FLAGS, 0) & FLAG_OLD_ON_FAILURE))
        return;
    buf_add(op->reply, STR("{\"Item\":"));
    dynamo_item_to_json(old, op->reply);
    buf_add_byte(op->reply, '}');
}

static size_t larger(str a, str b)
{
    size_t x = a.p ? dynamo_item_size(a) : 0, y = b.p ? dynamo_item_size(b) : 0;
    return x > y ? x : y;
}

static enum status run_write(struct dynamo_op *op, enum dynamo_entry kind, str bytes)
{
    struct dynamo_args args;
    struct dynamo_table t;
    struct dynamo_change c;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(op, args.field[ARG_TABLE], false, &t);
    if (status != STATUS_OK)
        return status;
    status = dynamo_plan(op, &t, kind, &args, &c);
    if (status == STATUS_CONFLICT)
        reply_failure(op, &args, c.old);
    if (status == STATUS_OK)
        status = dynamo_write(op, &c);
    if (status != STATUS_OK)
        return status;
    reply_attributes(op, &args, &c);
    if (dynamo_args_has(&args, ARG_CAPACITY)) {
        uint64_t each = dynamo_write_halves(larger(c.row, c.item));
        struct dynamo_used used = {
            .table = t.name, .halves = each * (1 + c.written), .change = &c, .each = each};
        dynamo_reply_capacity(op, &args, &used);
    }
    reply_metrics(op, &args, &c);
    return STATUS_OK;
}

enum status dynamo_run_put(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return run_write(&op, ENTRY_PUT, args);
}

enum status dynamo_run_update(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return run_write(&op, ENTRY_UPDATE, args);
}

enum status dynamo_run_delete(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return run_write(&op, ENTRY_DELETE, args);
}

/* ---- reading ---- */

enum status dynamo_get_item(struct dynamo_op *op, const struct dynamo_table *t,
                            const struct dynamo_args *args, bool *ret_has, str *ret_item,
                            size_t *ret_size)
{
    str key;
    *ret_has = false;
    *ret_size = 0;
    if (dynamo_key_of_key(op->arena, t, args->field[ARG_KEY], &key, op->err) != STATUS_OK)
        return STATUS_INVALID;
    enum status status = dynamo_find_row(op, t->space, key, ret_has, ret_item);
    if (status != STATUS_OK || !*ret_has)
        return status;
    *ret_size = dynamo_item_size(*ret_item);
    if (dynamo_is_expired(t, *ret_item, op->call->now_ms)) {
        *ret_has = false;
        return STATUS_OK;
    }
    if (dynamo_args_has(args, ARG_PROJECTION)) {
        struct buf part;
        buf_init(&part, DYNAMO_BUFFER_BYTES);
        dynamo_project(op->arena, args->field[ARG_PROJECTION], *ret_item, &part);
        *ret_item = arena_dup(op->arena, buf_str(&part));
        buf_done(&part);
    }
    return STATUS_OK;
}

static enum status run_get(struct dynamo_op *op, str bytes)
{
    struct dynamo_args args;
    struct dynamo_table t;
    bool has;
    str item;
    size_t size;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(op, args.field[ARG_TABLE], false, &t);
    if (status == STATUS_OK)
        status = dynamo_get_item(op, &t, &args, &has, &item, &size);
    if (status != STATUS_OK)
        return status;
    if (has)
        dynamo_arg(op->reply, REPLY_ITEM, item);
    bool is_consistent = dynamo_args_int(&args, ARG_FLAGS, 0) & FLAG_CONSISTENT;
    struct dynamo_used used = {.table = t.name, .halves = dynamo_read_halves(size, is_consistent)};
    dynamo_reply_capacity(op, &args, &used);
    return STATUS_OK;
}

enum status dynamo_run_get(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, run_get);
}
