/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TransactWriteItems and TransactGetItems. A unit of the store is a transaction already: all
 * entries are planned first, and written if none was refused. A ClientRequestToken is remembered
 * for ten minutes, with a digest of its request.
 */
#include "services/dynamodb/key.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/value_json.h"
#include "json/write.h"
#include "store/items.h"
#include <openssl/sha.h>

enum { ENTRIES_MAX = 100, TOKEN_MS = 10 * 60 * 1000, DIGEST_BYTES = 32 };
#define TRANSACTION_BYTES ((size_t)4 << 20)

static const str TOKENS = {"dynamodb-token", 14};

static const struct shape token_shape = {.kind = SHAPE_STRING, .min = 1, .max = 36};
static const struct shape_member write_members[] = {
    {"TransactItems", &dynamo_shape_list, true},
    {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},
    {"ReturnItemCollectionMetrics", &dynamo_shape_metrics, false},
    {"ClientRequestToken", &token_shape, false},
    {NULL, NULL, false}};
static const struct shape write_shape = {.kind = SHAPE_STRUCTURE, .members = write_members};
static const struct shape_member get_members[] = {
    {"TransactItems", &dynamo_shape_list, true},
    {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},
    {NULL, NULL, false}};
static const struct shape get_shape = {.kind = SHAPE_STRUCTURE, .members = get_members};

static const struct {
    const char *name;
    enum dynamo_entry kind;
    const char *what; /* what it must have */
} kinds[] = {{"ConditionCheck", ENTRY_CHECK, "Key"},
             {"Put", ENTRY_PUT, "Item"},
             {"Delete", ENTRY_DELETE, "Key"},
             {"Update", ENTRY_UPDATE, "Key"}};

/* ---- requests ---- */

static void close_entry(struct dynamo_request *r, size_t from)
{
    str copy = arena_dup(r->call->arena, str_sub(buf_str(&r->args), from, r->args.n));
    r->args.n = from;
    dynamo_arg(&r->args, ARG_ENTRY, copy);
}

static enum status missing(struct dynamo_request *r, uint32_t at, const char *kind,
                           const char *member)
{
    return dynamo_refuse(
        r->err,
        "1 validation error detected: Value null at 'transactItems.%u.member.%s.%s'"
        " failed to satisfy constraint: Member must not be null",
        at + 1, kind, member);
}

static enum status read_entry(struct dynamo_request *r, uint32_t at, enum dynamo_entry kind,
                              const char *name, const char *what)
{
    size_t from = r->args.n;
    if (!dynamo_has(r, "TableName"))
        return missing(r, at, name, "tableName");
    if (!dynamo_has(r, what))
        return missing(r, at, name, what[0] == 'K' ? "key" : "item");
    if (kind == ENTRY_CHECK && !dynamo_has(r, "ConditionExpression"))
        return missing(r, at, name, "conditionExpression");
    if (kind == ENTRY_UPDATE && !dynamo_has(r, "UpdateExpression"))
        return missing(r, at, name, "updateExpression");
    dynamo_arg_int(&r->args, ARG_KIND, kind);
    if (str_eq(dynamo_get_text(r, "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD")))
        dynamo_arg_int(&r->args, ARG_FLAGS, FLAG_OLD_ON_FAILURE);
    enum status status = dynamo_take_table(r);
    if (status == STATUS_OK)
        status = kind == ENTRY_GET ? dynamo_read_get(r) : dynamo_read_entry(r, kind);
    if (status == STATUS_OK)
        close_entry(r, from);
    return status;
}

static enum status check_count(struct dynamo_request *r, struct json_val list)
{
    if (list.len >= 1 && list.len <= ENTRIES_MAX)
        return STATUS_OK;
    return dynamo_refuse(r->err,
                         "1 validation error detected: Value '[]' at 'transactItems' failed to "
                         "satisfy constraint: Member must have length %s than or equal to %d",
                         list.len == 0 ? "greater" : "less", list.len == 0 ? 1 : ENTRIES_MAX);
}

static enum status read_one(struct dynamo_request *r, uint32_t at, struct json_val v)
{
    size_t found = ARRAY_LEN(kinds);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (json_get(v, str_of(kinds[i].name)).tag != JSON_OBJECT)
            continue;
        if (found < ARRAY_LEN(kinds))
            found = ARRAY_LEN(kinds) + 1;
        else if (found == ARRAY_LEN(kinds))
            found = i;
    }
    if (found >= ARRAY_LEN(kinds))
        return dynamo_refuse(r->err, "Invalid Request: TransactWriteRequest should contain Delete "
                                     "or Put or Update request");
    r->json = json_get(v, str_of(kinds[found].name));
    char name[16] = "";
    strncpy(name, kinds[found].name, sizeof(name) - 1);
    name[0] = (char)(name[0] | 0x20);
    return read_entry(r, at, kinds[found].kind, name, kinds[found].what);
}

static enum status read_transact_write(struct dynamo_request *r)
{
    struct json_val list = dynamo_get(r, "TransactItems"), whole = r->json;
    if (check_count(r, list) != STATUS_OK)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < list.len; i++) {
        enum status status = read_one(r, i, list.items[i]);
        if (status != STATUS_OK)
            return status;
    }
    r->json = whole;
    unsigned char digest[DIGEST_BYTES];
    SHA256((const unsigned char *)r->args.p, r->args.n, digest);
    if (dynamo_has(r, "ClientRequestToken")) {
        dynamo_arg(&r->args, ARG_TOKEN, dynamo_get_text(r, "ClientRequestToken"));
        dynamo_arg(&r->args, ARG_DIGEST, (str){(const char *)digest, sizeof(digest)});
    }
    dynamo_take_capacity(r);
    return STATUS_OK;
}

static enum status read_transact_get(struct dynamo_request *r)
{
    struct json_val list = dynamo_get(r, "TransactItems"), whole = r->json;
    if (check_count(r, list) != STATUS_OK)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < list.len; i++) {
        r->json = json_get(list.items[i], STR("Get"));
        if (r->json.tag != JSON_OBJECT)
            return dynamo_refuse(r->err,
                                 "1 validation error detected: Value null at 'transactItems.%u."
                                 "member.get' failed to satisfy constraint: Member must not be "
                                 "null",
                                 i + 1);
        enum status status = read_entry(r, i, ENTRY_GET, "get", "Key");
        if (status != STATUS_OK)
            return status;
    }
    r->json = whole;
    dynamo_take_capacity(r);
    return STATUS_OK;
}

enum status dynamo_prepare_transact_write(const struct service_call *c, struct json_val request,
                                          str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &write_shape, read_transact_write, ret_args, err);
}

enum status dynamo_prepare_transact_get(const struct service_call *c, struct json_val request,
                                        str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &get_shape, read_transact_get, ret_args, err);
}

/* ---- running ---- */

struct transaction {
    struct dynamo_op *op;
    struct dynamo_args args;
    struct dynamo_table tables[ENTRIES_MAX]; /* of each entry */
    struct dynamo_change changes[ENTRIES_MAX];
    struct error refusals[ENTRIES_MAX]; /* name is empty: none */
    bool shows_old[ENTRIES_MAX];
    uint64_t halves[ENTRIES_MAX];
    uint32_t count;
};

/* The table of the entry at hand, read once for all of its entries. */
static enum status find_table(struct transaction *t, str name)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (str_eq(t->tables[i].name, name)) {
            t->tables[t->count] = t->tables[i];
            return STATUS_OK;
        }
    return dynamo_find_table(t->op, name, false, &t->tables[t->count]);
}

/* ConsumedCapacity: one for each table, in the order of their first entries. */
static void reply_costs(struct transaction *t)
{
    int64_t kind = dynamo_args_int(&t->args, ARG_CAPACITY, CAPACITY_NONE);
    if (kind == CAPACITY_NONE)
        return;
    struct buf json;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_add(&json, STR("\"ConsumedCapacity\":["));
    for (uint32_t i = 0; i < t->count; i++) {
        struct dynamo_used used = {.table = t->tables[i].name};
        bool is_first = true;
        for (uint32_t j = 0; j < t->count; j++) {
            if (!str_eq(t->tables[j].name, used.table))
                continue;
            is_first &= j >= i;
            used.halves += t->halves[j];
        }
        if (!is_first)
            continue;
        buf_add(&json, i ? STR(",") : STR(""));
        dynamo_capacity_json(&used, (enum dynamo_capacity)kind, &json);
    }
    buf_add_byte(&json, ']');
    dynamo_arg(t->op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
}

/* ---- TransactWriteItems ---- */

static const char *code_of(const struct error *refusal)
{
    if (refusal->name[0] == '\0')
        return "None";
    return refusal->status == STATUS_CONFLICT ? "ConditionalCheckFailed" : "ValidationError";
}

static void write_reason(struct transaction *t, uint32_t i, struct buf *json)
{
    const struct error *refusal = &t->refusals[i];
    buf_printf(json, "%s{\"Code\":\"%s\"", i ? "," : "", code_of(refusal));
    if (refusal->name[0] != '\0') {
        buf_add(json, STR(",\"Message\":"));
        json_write_string(json, str_of(refusal->message));
        if (t->shows_old[i] && t->changes[i].old.p && refusal->status == STATUS_CONFLICT) {
            buf_add(json, STR(",\"Item\":"));
            dynamo_item_to_json(t->changes[i].old, json);
        }
    }
    buf_add_byte(json, '}');
}

/* TransactionCanceledException, with a reason for each entry. */
static enum status cancel(struct transaction *t)
{
    struct buf codes, *json = t->op->reply;
    buf_init(&codes, DYNAMO_TABLE_BYTES);
    buf_add(json, STR("{\"CancellationReasons\":["));
    for (uint32_t i = 0; i < t->count; i++) {
        buf_printf(&codes, "%s%s", i ? ", " : "", code_of(&t->refusals[i]));
        write_reason(t, i, json);
    }
    buf_add(json, STR("]}"));
    enum status status =
        error_set(t->op->err, STATUS_CONFLICT, "TransactionCanceledException",
                  "Transaction cancelled, please refer cancellation reasons for specific reasons "
                  "[%.*s]",
                  STR_ARG(buf_str(&codes)));
    buf_done(&codes);
    return status;
}

/* Another entry changes the same item. */
static bool is_repeated(const struct transaction *t, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (t->tables[j].space == t->tables[i].space &&
            str_eq(t->changes[j].key, t->changes[i].key))
            return true;
    return false;
}

static enum status plan_entry(struct transaction *t, const struct dynamo_args *entry, size_t *bytes)
{
    uint32_t i = t->count;
    enum dynamo_entry kind = (enum dynamo_entry)dynamo_args_int(entry, ARG_KIND, ENTRY_CHECK);
    enum status status = find_table(t, entry->field[ARG_TABLE]);
    if (status != STATUS_OK)
        return status;
    t->shows_old[i] = dynamo_args_int(entry, ARG_FLAGS, 0) & FLAG_OLD_ON_FAILURE;
    t->count++;
    status = dynamo_plan(t->op, &t->tables[i], kind, entry, &t->changes[i]);
    if (status == STATUS_CONFLICT || status == STATUS_INVALID)
        t->refusals[i] = *t->op->err;
    else if (status != STATUS_OK)
        return status;
    if (t->changes[i].key.p && is_repeated(t, i))
        return error_set(t->op->err, STATUS_INVALID, "ValidationException",
                         "Transaction request cannot include multiple operations on one item");
    size_t size = t->changes[i].item.p ? dynamo_item_size(t->changes[i].item) : 0;
    *bytes += size;
    t->halves[i] = 2 * dynamo_write_halves(size);
    if (*bytes > TRANSACTION_BYTES)
        return error_set(t->op->err, STATUS_INVALID, "ValidationException",
                         "Collection size of items in the transaction exceeded the limit of 4 MB");
    return STATUS_OK;
}

/* A token that was seen before with the same request: *ret_done. */
static enum status check_token(struct transaction *t, bool *ret_done)
{
    struct dynamo_op *op = t->op;
    str kept, digest = t->args.field[ARG_DIGEST];
    *ret_done = false;
    enum status status =
        store_find_thing(op->reader, TOKENS, t->args.field[ARG_TOKEN], op->arena, &kept, op->err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (dynamo_int_of(str_sub(kept, 0, 8)) < op->call->now_ms - TOKEN_MS)
        return STATUS_OK;
    if (!str_eq(str_sub(kept, 8, kept.n), digest))
        return error_set(op->err, STATUS_CONFLICT, "IdempotentParameterMismatchException",
                         "A request with the same token but other parameters was made before");
    *ret_done = true;
    return STATUS_OK;
}

static enum status keep_token(struct transaction *t)
{
    char bytes[8 + DIGEST_BYTES];
    memcpy(bytes, &t->op->call->now_ms, 8);
    memcpy(bytes + 8, t->args.field[ARG_DIGEST].p, DIGEST_BYTES);
    return store_tx_put_thing(t->op->tx, TOKENS, t->args.field[ARG_TOKEN],
                              (str){bytes, sizeof(bytes)}, t->op->err);
}

static enum status write_all(struct transaction *t, str args)
{
    struct dynamo_args entry;
    size_t bytes = 0;
    bool is_refused = false;
    for (str rest = args; dynamo_args_entry(&rest, &entry);) {
        enum status status = plan_entry(t, &entry, &bytes);
        if (status != STATUS_OK)
            return status;
        is_refused |= t->refusals[t->count - 1].name[0] != '\0';
    }
    if (is_refused)
        return cancel(t);
    for (uint32_t i = 0; i < t->count; i++) {
        enum status status = dynamo_write(t->op, &t->changes[i]);
        if (status != STATUS_OK)
            return status;
        t->halves[i] *= 1 + t->changes[i].written;
    }
    return STATUS_OK;
}

enum status dynamo_run_transact_write(const struct service_call *c, struct store_reader *reader,
                                      struct store_tx *tx, str args, struct buf *reply,
                                      struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct transaction *t = arena_zalloc(op.arena, sizeof(*t));
    bool is_done = false;
    t->op = &op;
    dynamo_args_read(args, &t->args);
    bool has_token = dynamo_args_has(&t->args, ARG_TOKEN);
    enum status status = has_token ? check_token(t, &is_done) : STATUS_OK;
    if (status == STATUS_OK && !is_done)
        status = write_all(t, args);
    if (status == STATUS_OK && has_token && !is_done)
        status = keep_token(t);
    if (status == STATUS_OK)
        reply_costs(t);
    return status;
}

/* ---- TransactGetItems ---- */

static enum status get_all(struct dynamo_op *op, str args)
{
    struct transaction *t = arena_zalloc(op->arena, sizeof(*t));
    struct dynamo_args entry;
    t->op = op;
    dynamo_args_read(args, &t->args);
    size_t bytes = 0, place = dynamo_begin(op->reply, REPLY_RESPONSES);
    for (str rest = args; dynamo_args_entry(&rest, &entry);) {
        bool has;
        str item;
        size_t size;
        enum status status = find_table(t, entry.field[ARG_TABLE]);
        if (status == STATUS_OK)
            status = dynamo_get_item(op, &t->tables[t->count], &entry, &has, &item, &size);
        if (status != STATUS_OK)
            return status;
        t->halves[t->count++] = 2 * dynamo_read_halves(size, true);
        bytes += size;
        if (bytes > TRANSACTION_BYTES)
            return error_set(op->err, STATUS_INVALID, "ValidationException",
                             "Collection size of items in the transaction exceeded the limit of 4 "
                             "MB");
        dynamo_put(op->reply, has ? (struct dynamo_value){DYNAMO_M, item}
                                  : (struct dynamo_value){DYNAMO_NULL, {"", 0}});
    }
    dynamo_end(op->reply, place);
    reply_costs(t);
    return STATUS_OK;
}

enum status dynamo_run_transact_get(const struct service_call *c, struct store_reader *reader,
                                    struct store_tx *tx, str args, struct buf *reply,
                                    struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, get_all);
}
