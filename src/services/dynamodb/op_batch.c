/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BatchGetItem and BatchWriteItem. A batch of writes is one unit of the store, so here all of it
 * happens or nothing; what AWS returns as UnprocessedItems is always empty. A batch of reads stops
 * at 16 MB and returns the keys that are left.
 */
#include "services/dynamodb/key.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/value_json.h"
#include "json/write.h"
#include "store/items.h"
#include <stdlib.h>

enum { GETS_MAX = 100, WRITES_MAX = 25, ANSWER_BYTES = 16 << 20 };

static const struct shape_member batch_members[] = {
    {"RequestItems", &dynamo_shape_map, true},
    {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},
    {"ReturnItemCollectionMetrics", &dynamo_shape_metrics, false},
    {NULL, NULL, false}};
static const struct shape batch_shape = {.kind = SHAPE_STRUCTURE, .members = batch_members};

/* ---- requests ---- */

/* Appends what was read of one entry, r->args from `from` on, as an entry. */
static void close_entry(struct dynamo_request *r, size_t from)
{
    str copy = arena_dup(r->call->arena, str_sub(buf_str(&r->args), from, r->args.n));
    r->args.n = from;
    dynamo_arg(&r->args, ARG_ENTRY, copy);
}

typedef enum status table_fn(struct dynamo_request *r, str table, struct json_val v);

/* Each table of the request; the entries are counted by fn. */
static enum status read_tables(struct dynamo_request *r, table_fn *fn)
{
    struct json_val tables = dynamo_get(r, "RequestItems");
    if (tables.len == 0)
        return dynamo_refuse(r->err, "1 validation error detected: Value '{}' at 'requestItems' "
                                     "failed to satisfy constraint: Member must have length "
                                     "greater than or equal to 1");
    dynamo_take_capacity(r);
    for (uint32_t i = 0; i < tables.len; i++) {
        str name;
        if (dynamo_check_table_name(dynamo_key_at(tables, i), &name, r->err) != STATUS_OK)
            return STATUS_INVALID;
        enum status status = fn(r, name, dynamo_val_at(tables, i));
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status mistyped(struct dynamo_request *r, const char *what)
{
    return error_set(r->err, STATUS_INVALID, "SerializationException", "%s", what);
}

static uint32_t count_entries(const struct dynamo_request *r)
{
    struct dynamo_args args;
    uint32_t count = 0;
    for (str rest = buf_str(&r->args); dynamo_args_entry(&rest, &args);)
        count++;
    return count;
}

/* Keys of one table; the expressions are the table's and go into each entry. */
static enum status read_keys(struct dynamo_request *r, str table, struct json_val v)
{
    static const struct shape_member members[] = {
        {"Keys", &dynamo_shape_list, true},
        {"ConsistentRead", &dynamo_shape_flag, false},
        {"ProjectionExpression", &dynamo_shape_text, false},
        {"ExpressionAttributeNames", &dynamo_shape_map, false},
        {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    struct json_val whole = r->json;
    enum status status = shape_check(&shape, v, r->err);
    if (status != STATUS_OK)
        return status;
    r->json = v;
    struct json_val keys = dynamo_get(r, "Keys");
    if (keys.len == 0)
        return dynamo_refuse(r->err,
                             "1 validation error detected: Value '[]' at 'requestItems.%.*s.member."
                             "keys' failed to satisfy constraint: Member must have length greater "
                             "than or equal to 1",
                             STR_ARG(table));
    size_t from = r->args.n;
    dynamo_arg(&r->args, ARG_TABLE, table);
    dynamo_arg_int(&r->args, ARG_FLAGS, dynamo_get_flag(r, "ConsistentRead") ? FLAG_CONSISTENT : 0);
    status = dynamo_begin_expressions(r, dynamo_projection_expressions, dynamo_projection_legacy);
    if (status == STATUS_OK)
        status = dynamo_take_projection(r);
    if (status == STATUS_OK)
        status = dynamo_finish_expressions(r);
    if (status != STATUS_OK)
        return status;
    str common = arena_dup(r->call->arena, str_sub(buf_str(&r->args), from, r->args.n));
    r->args.n = from;
    for (uint32_t i = 0; i < keys.len; i++) {
        str key;
        if (i == GETS_MAX)
            return dynamo_refuse(r->err, "Too many items requested for the BatchGetItem call");
        status = dynamo_item_from_json(r->call->arena, keys.items[i], &key, r->err);
        if (status != STATUS_OK)
            return status;
        size_t start = r->args.n;
        buf_add(&r->args, common);
        dynamo_arg(&r->args, ARG_KEY, key);
        close_entry(r, start);
    }
    r->json = whole;
    return STATUS_OK;
}

static enum status read_batch_get(struct dynamo_request *r)
{
    enum status status = read_tables(r, read_keys);
    if (status == STATUS_OK && count_entries(r) > GETS_MAX)
        return dynamo_refuse(r->err, "Too many items requested for the BatchGetItem call");
    return status;
}

static enum status read_write_request(struct dynamo_request *r, str table, struct json_val v)
{
    if (v.tag != JSON_OBJECT)
        return mistyped(r, "a WriteRequest must be a structure");
    struct json_val put = json_get(v, STR("PutRequest")), del = json_get(v, STR("DeleteRequest"));
    bool is_put = put.tag == JSON_OBJECT, is_delete = del.tag == JSON_OBJECT;
    if (is_put == is_delete) /* of none AWS says the same */
        return dynamo_refuse(r->err, "Supplied AttributeValue has more than one datatypes set, "
                                     "must contain exactly one of the supported datatypes");
    size_t from = r->args.n;
    dynamo_arg(&r->args, ARG_TABLE, table);
    dynamo_arg_int(&r->args, ARG_KIND, is_put ? ENTRY_PUT : ENTRY_DELETE);
    r->json = is_put ? put : del;
    if (!dynamo_has(r, is_put ? "Item" : "Key"))
        return dynamo_refuse(r->err,
                             "1 validation error detected: Value null at 'requestItems.%.*s.member."
                             "%s' failed to satisfy constraint: Member must not be null",
                             STR_ARG(table), is_put ? "putRequest.item" : "deleteRequest.key");
    enum status status =
        is_put ? dynamo_take_item(r, "Item", ARG_ITEM) : dynamo_take_item(r, "Key", ARG_KEY);
    if (status == STATUS_OK)
        close_entry(r, from);
    return status;
}

static enum status read_writes(struct dynamo_request *r, str table, struct json_val v)
{
    struct json_val whole = r->json;
    if (v.tag != JSON_ARRAY)
        return mistyped(r, "the requests of a table must be a list");
    if (v.len == 0 || v.len > WRITES_MAX)
        return dynamo_refuse(r->err,
                             "1 validation error detected: Value '{%.*s=[%s]}' at 'requestItems' "
                             "failed to satisfy constraint: Map value must satisfy constraint: "
                             "[Member must have length less than or equal to %d, Member must have "
                             "length greater than or equal to 1]",
                             STR_ARG(table), v.len == 0 ? "" : "...", WRITES_MAX);
    for (uint32_t i = 0; i < v.len; i++) {
        enum status status = read_write_request(r, table, v.items[i]);
        if (status != STATUS_OK)
            return status;
    }
    r->json = whole;
    return STATUS_OK;
}

static enum status read_batch_write(struct dynamo_request *r)
{
    enum status status = read_tables(r, read_writes);
    if (status == STATUS_OK && count_entries(r) > WRITES_MAX)
        return dynamo_refuse(r->err, "Too many items requested for the BatchWriteItem call");
    return status;
}

enum status dynamo_prepare_batch_get(const struct service_call *c, struct json_val request,
                                     str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &batch_shape, read_batch_get, ret_args, err);
}

enum status dynamo_prepare_batch_write(const struct service_call *c, struct json_val request,
                                       str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &batch_shape, read_batch_write, ret_args, err);
}

/* ---- the entries of a table, one after the other ---- */

struct batch {
    struct dynamo_op *op;
    struct dynamo_args args;
    struct dynamo_table table; /* of the entry at hand */
    str *keys;                 /* of the entries of this table so far */
    uint32_t key_count;
    uint64_t halves;   /* that this table cost, */
    struct buf costs;  /* and as JSON, of those before it */
    struct buf answer; /* of BatchGetItem: "table":[items], … */
    struct buf left;   /* its UnprocessedKeys */
    bool is_full, has_left;
};

static void batch_begin(struct batch *b, struct dynamo_op *op, str bytes)
{
    *b = (struct batch){.op = op};
    dynamo_args_read(bytes, &b->args);
    b->keys = arena_alloc(op->arena, GETS_MAX * sizeof(*b->keys));
    buf_init(&b->costs, DYNAMO_TABLE_BYTES);
    buf_init(&b->answer, DYNAMO_BUFFER_BYTES);
    buf_init(&b->left, DYNAMO_BUFFER_BYTES);
}

static void batch_done(struct batch *b)
{
    buf_done(&b->costs);
    buf_done(&b->answer);
    buf_done(&b->left);
}

static int64_t kind_of_capacity(const struct batch *b)
{
    return dynamo_args_int(&b->args, ARG_CAPACITY, CAPACITY_NONE);
}

static void close_table(struct batch *b)
{
    if (b->table.name.n == 0 || kind_of_capacity(b) == CAPACITY_NONE)
        return;
    struct dynamo_used used = {.table = b->table.name, .halves = b->halves};
    buf_add(&b->costs, b->costs.n ? STR(",") : STR(""));
    dynamo_capacity_json(&used, (enum dynamo_capacity)kind_of_capacity(b), &b->costs);
}

/* The table of the next entry; *ret_new: it is another one than before. */
static enum status open_table(struct batch *b, str name, bool *ret_new)
{
    *ret_new = !str_eq(b->table.name, name);
    if (!*ret_new)
        return STATUS_OK;
    close_table(b);
    b->key_count = 0;
    b->halves = 0;
    return dynamo_find_table(b->op, name, false, &b->table);
}

/* A key may come once. */
static enum status note_key(struct batch *b, str key)
{
    for (uint32_t i = 0; i < b->key_count; i++)
        if (str_eq(b->keys[i], key))
            return error_set(b->op->err, STATUS_INVALID, "ValidationException",
                             "Provided list of item keys contains duplicates");
    b->keys[b->key_count++] = key;
    return STATUS_OK;
}

static void reply_costs(struct batch *b)
{
    close_table(b);
    if (kind_of_capacity(b) == CAPACITY_NONE)
        return;
    struct buf json;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_add(&json, STR("\"ConsumedCapacity\":["));
    buf_add(&json, buf_str(&b->costs));
    buf_add_byte(&json, ']');
    dynamo_arg(b->op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
}

/* ---- BatchWriteItem ---- */

static enum status write_entry(struct batch *b, const struct dynamo_args *entry)
{
    struct dynamo_change c;
    bool is_new;
    enum dynamo_entry kind = (enum dynamo_entry)dynamo_args_int(entry, ARG_KIND, ENTRY_PUT);
    enum status status = open_table(b, entry->field[ARG_TABLE], &is_new);
    if (status == STATUS_OK)
        status = dynamo_plan(b->op, &b->table, kind, entry, &c);
    if (status == STATUS_OK)
        status = note_key(b, c.key);
    if (status == STATUS_OK)
        status = dynamo_write(b->op, &c);
    if (status == STATUS_OK) {
        str larger = c.item.p ? c.item : c.row.p ? c.row : STR("");
        b->halves += dynamo_write_halves(dynamo_item_size(larger)) * (1 + c.written);
    }
    return status;
}

enum status dynamo_run_batch_write(const struct service_call *c, struct store_reader *reader,
                                   struct store_tx *tx, str args, struct buf *reply,
                                   struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args entry;
    struct batch b;
    enum status status = STATUS_OK;
    batch_begin(&b, &op, args);
    for (str rest = args; status == STATUS_OK && dynamo_args_entry(&rest, &entry);)
        status = write_entry(&b, &entry);
    if (status == STATUS_OK) {
        dynamo_arg(reply, REPLY_JSON, STR("\"UnprocessedItems\":{}"));
        reply_costs(&b);
    }
    batch_done(&b);
    return status;
}

/* ---- BatchGetItem ---- */

static void open_answer(struct batch *b)
{
    buf_add(&b->answer, b->answer.n ? STR("],") : STR(""));
    json_write_string(&b->answer, b->table.name);
    buf_add(&b->answer, STR(":["));
    if (b->has_left)
        buf_add(&b->left, STR("]}"));
    b->has_left = false;
}

/* A key that has to be asked for again, with what its table's request had. */
static void leave_key(struct batch *b, const struct dynamo_args *entry)
{
    bool is_consistent = dynamo_args_int(entry, ARG_FLAGS, 0) & FLAG_CONSISTENT;
    if (!b->has_left) {
        buf_add(&b->left, b->left.n ? STR(",") : STR(""));
        json_write_string(&b->left, b->table.name);
        buf_printf(&b->left, ":{\"ConsistentRead\":%s,\"Keys\":[",
                   is_consistent ? "true" : "false");
    } else {
        buf_add_byte(&b->left, ',');
    }
    b->has_left = true;
    dynamo_item_to_json(entry->field[ARG_KEY], &b->left);
}

static enum status get_entry(struct batch *b, const struct dynamo_args *entry)
{
    bool is_new, has;
    str item, key;
    size_t size;
    enum status status = open_table(b, entry->field[ARG_TABLE], &is_new);
    if (status != STATUS_OK)
        return status;
    if (is_new)
        open_answer(b);
    status = dynamo_key_of_key(b->op->arena, &b->table, entry->field[ARG_KEY], &key, b->op->err);
    if (status == STATUS_OK)
        status = note_key(b, key);
    if (status != STATUS_OK)
        return status;
    if (b->is_full) {
        leave_key(b, entry);
        return STATUS_OK;
    }
    status = dynamo_get_item(b->op, &b->table, entry, &has, &item, &size);
    if (status != STATUS_OK)
        return status;
    b->halves += dynamo_read_halves(size, dynamo_args_int(entry, ARG_FLAGS, 0) & FLAG_CONSISTENT);
    if (has) {
        bool is_first = b->answer.n > 0 && b->answer.p[b->answer.n - 1] == '[';
        buf_add(&b->answer, is_first ? STR("") : STR(","));
        dynamo_item_to_json(item, &b->answer);
    }
    b->is_full = b->answer.n >= ANSWER_BYTES;
    return STATUS_OK;
}

static void reply_gets(struct batch *b)
{
    struct buf json;
    buf_init(&json, DYNAMO_BUFFER_BYTES);
    buf_add(&json, STR("\"Responses\":{"));
    buf_add(&json, buf_str(&b->answer));
    buf_add(&json, STR("]},\"UnprocessedKeys\":{"));
    buf_add(&json, buf_str(&b->left));
    buf_add(&json, b->has_left ? STR("]}}") : STR("}"));
    dynamo_arg(b->op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
}

static enum status run_gets(struct dynamo_op *op, str args)
{
    struct dynamo_args entry;
    struct batch b;
    enum status status = STATUS_OK;
    batch_begin(&b, op, args);
    for (str rest = args; status == STATUS_OK && dynamo_args_entry(&rest, &entry);)
        status = get_entry(&b, &entry);
    if (status == STATUS_OK) {
        reply_gets(&b);
        reply_costs(&b);
    }
    batch_done(&b);
    return status;
}

enum status dynamo_run_batch_get(const struct service_call *c, struct store_reader *reader,
                                 struct store_tx *tx, str args, struct buf *reply,
                                 struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, run_gets);
}
