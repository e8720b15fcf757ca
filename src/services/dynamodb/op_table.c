/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable. What takes AWS a while is done
 * at once, or in steps where it is about many rows (sweep.h); answers name the state that AWS
 * answers with.
 */
#include "services/dynamodb/operations.h"
#include "services/dynamodb/sweep.h"
#include "services/dynamodb/table_json.h"
#include "services/dynamodb/table_request.h"
#include "json/write.h"
#include "store/items.h"
#include <inttypes.h>
#include <openssl/rand.h>

enum { UUID_TEXT = 36, LIST_MAX = 100 };

static const str SERVICE = {"dynamodb", 8};

/* Of UpdateTable: what was given. */
enum { GIVEN_BILLING = 1, GIVEN_UNITS = 2, GIVEN_CLASS = 4, GIVEN_PROTECTION = 8 };
/* And of an index. */
enum { INDEX_NONE, INDEX_CREATE, INDEX_UPDATE, INDEX_DELETE };

/* "TableDescription":{…} as the whole answer. */
static enum status reply_table(struct dynamo_op *op, const char *member,
                               const struct dynamo_table *t, const char *state)
{
    struct buf json;
    buf_init(&json, DYNAMO_BUFFER_BYTES);
    buf_printf(&json, "\"%s\":", member);
    enum status status = dynamo_table_json(op, t, state, &json);
    if (status == STATUS_OK)
        dynamo_arg(op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
    return status;
}

/* ---- CreateTable ---- */

static enum status new_uuid(struct dynamo_request *r, str *ret)
{
    unsigned char b[16];
    if (RAND_bytes(b, sizeof(b)) != 1)
        return error_set(r->err, STATUS_UNAVAILABLE, "InternalServerError",
                         "no random bytes from the system");
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    char *text = arena_alloc(r->call->arena, UUID_TEXT + 1);
    size_t n = 0;
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[n++] = '-';
        text[n++] = "0123456789abcdef"[b[i] >> 4];
        text[n++] = "0123456789abcdef"[b[i] & 15];
    }
    *ret = (str){text, UUID_TEXT};
    return STATUS_OK;
}

static void take_table(struct dynamo_request *r, const struct dynamo_table *t)
{
    struct buf bytes;
    buf_init(&bytes, DYNAMO_TABLE_BYTES);
    dynamo_table_write(t, &bytes);
    if (buf_ok(&bytes))
        dynamo_arg(&r->args, ARG_TABLE_BYTES, buf_str(&bytes));
    else
        r->args.overflowed = true;
    buf_done(&bytes);
}

static enum status read_create(struct dynamo_request *r)
{
    struct dynamo_table t = {.created_ms = r->call->now_ms};
    if (dynamo_check_table_name(dynamo_get_text(r, "TableName"), &t.name, r->err) != STATUS_OK ||
        dynamo_read_table(r, &t) != STATUS_OK)
        return STATUS_INVALID;
    enum status status = new_uuid(r, &t.id);
    if (status == STATUS_OK)
        take_table(r, &t);
    return status;
}

enum status dynamo_prepare_create_table(const struct service_call *c, struct json_val request,
                                        str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &dynamo_create_table_shape, read_create, ret_args, err);
}

enum status dynamo_run_create_table(const struct service_call *c, struct store_reader *reader,
                                    struct store_tx *tx, str bytes, struct buf *reply,
                                    struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t, before;
    dynamo_args_read(bytes, &args);
    if (dynamo_table_read(op.arena, args.field[ARG_TABLE_BYTES], &t, err) != STATUS_OK)
        return err->status;
    enum status status = dynamo_find_table(&op, t.name, true, &before);
    if (status == STATUS_OK)
        return error_set(err, STATUS_CONFLICT, "ResourceInUseException",
                         "Table already exists: %.*s", STR_ARG(t.name));
    if (status != STATUS_NOT_FOUND)
        return status;
    t.space = store_tx_new_id(tx);
    for (uint32_t i = 0; i < t.index_count; i++)
        t.indexes[i].space = store_tx_new_id(tx);
    status = dynamo_save_table(&op, &t);
    return status == STATUS_OK ? reply_table(&op, "TableDescription", &t, "CREATING") : status;
}

/* ---- requests that only name a table ---- */

static const struct shape_member name_members[] = {{"TableName", &dynamo_shape_table_name, true},
                                                   {NULL, NULL, false}};
static const struct shape name_shape = {.kind = SHAPE_STRUCTURE, .members = name_members};

static enum status read_name(struct dynamo_request *r)
{
    return dynamo_take_table(r);
}

enum status dynamo_prepare_table_name(const struct service_call *c, struct json_val request,
                                      str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &name_shape, read_name, ret_args, err);
}

/* ---- DescribeTable, DeleteTable ---- */

static enum status describe(struct dynamo_op *op, str bytes)
{
    struct dynamo_args args;
    struct dynamo_table t;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(op, args.field[ARG_TABLE], true, &t);
    return status == STATUS_OK ? reply_table(op, "Table", &t, "ACTIVE") : status;
}

enum status dynamo_run_describe_table(const struct service_call *c, struct store_reader *reader,
                                      struct store_tx *tx, str args, struct buf *reply,
                                      struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, describe);
}

enum status dynamo_run_delete_table(const struct service_call *c, struct store_reader *reader,
                                    struct store_tx *tx, str bytes, struct buf *reply,
                                    struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t;
    uint32_t rows = DYNAMO_STEP_ROWS;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(&op, args.field[ARG_TABLE], true, &t);
    if (status != STATUS_OK)
        return status;
    if (t.is_protected)
        return error_set(
            err, STATUS_INVALID, "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first.");
    status = reply_table(&op, "TableDescription", &t, "DELETING");
    if (status == STATUS_OK)
        status = store_tx_delete_thing(tx, SERVICE, t.name, err);
    if (status == STATUS_OK)
        status = dynamo_drop_space(&op, t.space, &rows);
    for (uint32_t i = 0; status == STATUS_OK && i < t.index_count; i++)
        status = dynamo_drop_space(&op, t.indexes[i].space, &rows);
    if (status == STATUS_OK && t.ttl_space != 0)
        status = dynamo_drop_space(&op, t.ttl_space, &rows);
    return status;
}

/* ---- ListTables ---- */

static enum status read_list(struct dynamo_request *r)
{
    if (dynamo_has(r, "Limit"))
        dynamo_arg_int(&r->args, ARG_LIMIT, (int64_t)json_number(dynamo_get(r, "Limit")));
    dynamo_arg(&r->args, ARG_TEXT, dynamo_get_text(r, "ExclusiveStartTableName"));
    return STATUS_OK;
}

enum status dynamo_prepare_list_tables(const struct service_call *c, struct json_val request,
                                       str *ret_args, struct error *err)
{
    static const struct shape limit = {.kind = SHAPE_INTEGER, .min = 1, .max = LIST_MAX};
    static const struct shape start = {.kind = SHAPE_STRING, .min = 3, .max = 255};
    static const struct shape_member members[] = {
        {"Limit", &limit, false}, {"ExclusiveStartTableName", &start, false}, {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    return dynamo_prepare(c, request, &shape, read_list, ret_args, err);
}

enum status dynamo_run_list_tables(const struct service_call *c, struct store_reader *reader,
                                   struct store_tx *tx, str bytes, struct buf *reply,
                                   struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct store_names names;
    dynamo_args_read(bytes, &args);
    uint32_t limit = (uint32_t)dynamo_args_int(&args, ARG_LIMIT, LIST_MAX);
    enum status status = store_list_things(reader, SERVICE, STR(""), args.field[ARG_TEXT],
                                           limit + 1, op.arena, &names, err);
    if (status != STATUS_OK)
        return status;
    struct buf json;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_add(&json, STR("\"TableNames\":["));
    for (uint32_t i = 0; i < names.count && i < limit; i++) {
        buf_add(&json, i ? STR(",") : STR(""));
        json_write_string(&json, names.items[i]);
    }
    buf_add_byte(&json, ']');
    if (names.count > limit) {
        buf_add(&json, STR(",\"LastEvaluatedTableName\":"));
        json_write_string(&json, names.items[limit - 1]);
    }
    dynamo_arg(reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
    return STATUS_OK;
}

/* ---- UpdateTable ---- */

static str index_name(struct json_val v)
{
    return json_str(json_get(v, STR("IndexName")));
}

/* The one change of an index that a request may have. */
static enum status read_index_change(struct dynamo_request *r, struct dynamo_table *t)
{
    struct json_val list = dynamo_get(r, "GlobalSecondaryIndexUpdates");
    if (list.tag != JSON_ARRAY || list.len == 0)
        return STATUS_OK;
    if (list.len > 1)
        return error_set(r->err, STATUS_LIMIT, "LimitExceededException",
                         "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                         "simultaneously per table");
    struct json_val create = json_get(list.items[0], STR("Create"));
    struct json_val update = json_get(list.items[0], STR("Update"));
    struct json_val delete = json_get(list.items[0], STR("Delete"));
    t->indexes = arena_zalloc(r->call->arena, sizeof(*t->indexes));
    t->index_count = 1;
    if (create.tag == JSON_OBJECT) {
        dynamo_arg_int(&r->args, ARG_KIND, INDEX_CREATE);
        return dynamo_read_index(r, t, create, true, t->indexes);
    }
    bool is_update = update.tag == JSON_OBJECT;
    if (!is_update && delete.tag != JSON_OBJECT)
        return dynamo_refuse(r->err, "One or more parameter values were invalid: "
                                     "GlobalSecondaryIndexUpdate must have Create, Update or "
                                     "Delete");
    dynamo_arg_int(&r->args, ARG_KIND, is_update ? INDEX_UPDATE : INDEX_DELETE);
    t->indexes->name = index_name(is_update ? update : delete);
    /* An index is kept with a key, whatever it is for. */
    t->indexes->keys = (struct dynamo_keys){.hash = t->indexes->name, .hash_tag = DYNAMO_S};
    t->indexes->is_global = true;
    t->indexes->units = dynamo_read_units(json_get(update, STR("ProvisionedThroughput")));
    return STATUS_OK;
}

static enum status read_update(struct dynamo_request *r)
{
    struct dynamo_table t = {0};
    struct json_val is_streamed =
        json_get(dynamo_get(r, "StreamSpecification"), STR("StreamEnabled"));
    if (is_streamed.tag == JSON_BOOL && is_streamed.b)
        return dynamo_refuse(r->err, "Streams are not available here: leave StreamSpecification "
                                     "out");
    int64_t given = (dynamo_has(r, "BillingMode") ? GIVEN_BILLING : 0) |
                    (dynamo_has(r, "ProvisionedThroughput") ? GIVEN_UNITS : 0) |
                    (dynamo_has(r, "TableClass") ? GIVEN_CLASS : 0) |
                    (dynamo_has(r, "DeletionProtectionEnabled") ? GIVEN_PROTECTION : 0);
    if (dynamo_take_table(r) != STATUS_OK)
        return STATUS_INVALID;
    dynamo_read_attributes(r, &t);
    enum status status = read_index_change(r, &t);
    if (status != STATUS_OK)
        return status;
    if (given == 0 && t.index_count == 0)
        return dynamo_refuse(r->err, "At least one of ProvisionedThroughput, BillingMode, "
                                     "UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
                                     "SSESpecification or ReplicaUpdates is required");
    t.name = dynamo_get_text(r, "TableName");
    t.keys = (struct dynamo_keys){.hash = t.name, .hash_tag = DYNAMO_S}; /* unused */
    t.is_provisioned = str_eq(dynamo_get_text(r, "BillingMode"), STR("PROVISIONED"));
    t.units = dynamo_read_units(dynamo_get(r, "ProvisionedThroughput"));
    t.is_protected = dynamo_get_flag(r, "DeletionProtectionEnabled");
    t.is_infrequent = str_eq(dynamo_get_text(r, "TableClass"), STR("STANDARD_INFREQUENT_ACCESS"));
    dynamo_arg_int(&r->args, ARG_FLAGS, given);
    take_table(r, &t);
    return STATUS_OK;
}

enum status dynamo_prepare_update_table(const struct service_call *c, struct json_val request,
                                        str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &dynamo_update_table_shape, read_update, ret_args, err);
}

/* A request for the throughput that the table has is refused. */
static enum status check_units(const struct dynamo_table *t, const struct dynamo_table *by,
                               int64_t given, struct error *err)
{
    if (given != GIVEN_UNITS || by->index_count > 0 || !t->is_provisioned ||
        t->units.read != by->units.read || t->units.write != by->units.write)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "ValidationException",
                     "The provisioned throughput for the table will not change. The requested "
                     "value equals the current value. Current ReadCapacityUnits provisioned for "
                     "the table: %" PRId64 ". Requested ReadCapacityUnits: %" PRId64
                     ". Current WriteCapacityUnits provisioned for the table: %" PRId64
                     ". Requested WriteCapacityUnits: %" PRId64,
                     (int64_t)t->units.read, (int64_t)by->units.read, (int64_t)t->units.write,
                     (int64_t)by->units.write);
}

static void change_settings(struct dynamo_table *t, const struct dynamo_table *by, int64_t given)
{
    if (given & GIVEN_BILLING)
        t->is_provisioned = by->is_provisioned;
    if (!t->is_provisioned)
        t->units = (struct dynamo_units){0};
    if (given & GIVEN_UNITS)
        t->units = by->units;
    for (uint32_t i = 0; i < t->index_count && !t->is_provisioned; i++)
        t->indexes[i].units = (struct dynamo_units){0};
    for (uint32_t i = 0; i < t->index_count && t->is_provisioned; i++)
        if (t->indexes[i].is_global && t->indexes[i].units.read == 0)
            t->indexes[i].units = t->units;
    if (given & GIVEN_CLASS)
        t->is_infrequent = by->is_infrequent;
    if (given & GIVEN_PROTECTION)
        t->is_protected = by->is_protected;
}

/* Definitions that the table does not have yet. */
static enum status add_attributes(struct dynamo_op *op, struct dynamo_table *t,
                                  const struct dynamo_table *by)
{
    struct dynamo_attribute *all =
        arena_alloc(op->arena, (t->attribute_count + by->attribute_count) * sizeof(*all));
    if (t->attribute_count > 0)
        memcpy(all, t->attributes, t->attribute_count * sizeof(*all));
    t->attributes = all;
    for (uint32_t i = 0; i < by->attribute_count; i++) {
        uint8_t tag = dynamo_table_attribute(t, by->attributes[i].name);
        if (tag == DYNAMO_NONE)
            all[t->attribute_count++] = by->attributes[i];
        else if (tag != by->attributes[i].tag)
            return error_set(op->err, STATUS_INVALID, "ValidationException",
                             "Cannot change the type of attribute %.*s",
                             STR_ARG(by->attributes[i].name));
    }
    return STATUS_OK;
}

static enum status create_index(struct dynamo_op *op, struct dynamo_table *t,
                                const struct dynamo_table *by)
{
    uint32_t global = 0;
    for (uint32_t i = 0; i < t->index_count; i++)
        global += t->indexes[i].is_global;
    if (dynamo_table_index(t, by->indexes[0].name))
        return error_set(op->err, STATUS_INVALID, "ValidationException",
                         "Attempting to create an index which already exists");
    if (global == DYNAMO_GLOBAL_INDEXES)
        return error_set(op->err, STATUS_LIMIT, "LimitExceededException",
                         "GlobalSecondaryIndex count exceeds the per-table limit of %d",
                         DYNAMO_GLOBAL_INDEXES);
    if (add_attributes(op, t, by) != STATUS_OK)
        return STATUS_INVALID;
    struct dynamo_index *all = arena_alloc(op->arena, (t->index_count + 1) * sizeof(*all));
    if (t->index_count > 0)
        memcpy(all, t->indexes, t->index_count * sizeof(*all));
    t->indexes = all;
    all[t->index_count] = by->indexes[0];
    all[t->index_count].space = store_tx_new_id(op->tx);
    all[t->index_count].status = DYNAMO_INDEX_CREATING;
    t->index_count++;
    return dynamo_check_billing(t, op->err);
}

/* Definitions that are of no key any more go with the index. */
static void drop_attributes(struct dynamo_table *t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        bool is_used = dynamo_keys_has(&t->keys, t->attributes[i].name);
        for (uint32_t j = 0; j < t->index_count; j++)
            is_used |= dynamo_keys_has(&t->indexes[j].keys, t->attributes[i].name);
        if (is_used)
            t->attributes[kept++] = t->attributes[i];
    }
    t->attribute_count = kept;
}

static enum status change_index(struct dynamo_op *op, struct dynamo_table *t,
                                const struct dynamo_table *by, int64_t kind)
{
    uint32_t rows = DYNAMO_STEP_ROWS;
    if (kind == INDEX_NONE)
        return STATUS_OK;
    if (kind == INDEX_CREATE)
        return create_index(op, t, by);
    struct dynamo_index *i = dynamo_table_index(t, by->indexes[0].name);
    if (!i || !i->is_global)
        return error_set(op->err, STATUS_NOT_FOUND, "ResourceNotFoundException",
                         "Requested resource not found");
    if (kind == INDEX_UPDATE) {
        if (by->indexes[0].units.read > 0)
            i->units = by->indexes[0].units;
        return dynamo_check_billing(t, op->err);
    }
    int64_t space = i->space;
    *i = t->indexes[--t->index_count];
    drop_attributes(t);
    return dynamo_drop_space(op, space, &rows);
}

enum status dynamo_run_update_table(const struct service_call *c, struct store_reader *reader,
                                    struct store_tx *tx, str bytes, struct buf *reply,
                                    struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t, by;
    uint32_t rows = DYNAMO_STEP_ROWS;
    dynamo_args_read(bytes, &args);
    if (dynamo_table_read(op.arena, args.field[ARG_TABLE_BYTES], &by, err) != STATUS_OK)
        return err->status;
    enum status status = dynamo_find_table(&op, args.field[ARG_TABLE], true, &t);
    if (status != STATUS_OK)
        return status;
    if (check_units(&t, &by, dynamo_args_int(&args, ARG_FLAGS, 0), err) != STATUS_OK)
        return STATUS_INVALID;
    change_settings(&t, &by, dynamo_args_int(&args, ARG_FLAGS, 0));
    if (dynamo_check_billing(&t, err) != STATUS_OK)
        return STATUS_INVALID;
    status = change_index(&op, &t, &by, dynamo_args_int(&args, ARG_KIND, INDEX_NONE));
    if (status == STATUS_OK)
        status = dynamo_save_table(&op, &t);
    if (status == STATUS_OK)
        status = reply_table(&op, "TableDescription", &t, "UPDATING");
    return status == STATUS_OK ? dynamo_fill(&op, &t, &rows) : status;
}
