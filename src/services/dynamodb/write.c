/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of items: what a put, an update or a delete makes of what is there, and its rows. An item
 * that has expired is not there for conditions and updates, but its rows are, until they are
 * replaced or swept away.
 */
#include "services/dynamodb/eval.h"
#include "services/dynamodb/key.h"
#include "services/dynamodb/op.h"
#include "services/dynamodb/update.h"
#include "store/items.h"

static enum status invalid(struct dynamo_op *op, const char *text)
{
    return error_set(op->err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* ---- rows ---- */

static enum status put_row(struct dynamo_op *op, int64_t space, str key, str item)
{
    char *body = arena_alloc(op->arena, item.n + 1);
    body[0] = 1;
    if (item.n > 0)
        memcpy(body + 1, item.p, item.n);
    return store_tx_put_item(op->tx, space, key, (str){body, item.n + 1}, op->err);
}

enum status dynamo_load(struct dynamo_op *op, struct dynamo_change *c)
{
    bool has;
    enum status status = dynamo_find_row(op, c->table->space, c->key, &has, &c->row);
    if (status != STATUS_OK)
        return status;
    if (!has)
        c->row = (str){NULL, 0};
    c->old = c->row;
    if (has && dynamo_is_expired(c->table, c->row, op->call->now_ms))
        c->old = (str){NULL, 0};
    return STATUS_OK;
}

static bool is_same(str a, str b)
{
    return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

/* What an index has of an item, and is to have. */
struct entry {
    str key, item; /* p NULL: it is not there */
};

static struct entry entry_of(struct dynamo_op *op, const struct dynamo_change *c,
                             const struct dynamo_index *i, str item)
{
    struct entry e = {{NULL, 0}, {NULL, 0}};
    if (item.p)
        e.key = dynamo_key_in_index(op->arena, i, item, c->key);
    if (e.key.p)
        e.item = dynamo_index_item(op->arena, c->table, i, item);
    return e;
}

static int64_t size_of(const struct entry *e)
{
    return e->item.p ? (int64_t)dynamo_item_size(e->item) : 0;
}

static enum status write_index(struct dynamo_op *op, struct dynamo_change *c,
                               const struct dynamo_index *i)
{
    uint8_t *rows = &c->rows[i - c->table->indexes];
    struct entry old = entry_of(op, c, i, c->row), new = entry_of(op, c, i, c->item);
    enum status status = STATUS_OK;
    bool has = true;
    /* While the index is being filled, it may not have the row yet. */
    if (i->status == DYNAMO_INDEX_CREATING && old.key.p)
        status = dynamo_find_row(op, i->space, old.key, &has, &old.item);
    if (!has)
        old = (struct entry){{NULL, 0}, {NULL, 0}};
    if (status != STATUS_OK || (is_same(old.key, new.key) && is_same(old.item, new.item)))
        return status;
    if (old.key.p && !is_same(old.key, new.key)) {
        c->written++;
        ++*rows;
        status = store_tx_delete_item(op->tx, i->space, old.key, op->err);
    }
    if (status == STATUS_OK && new.key.p) {
        c->written++;
        ++*rows;
        status = put_row(op, i->space, new.key, new.item);
    }
    int64_t items = (new.key.p != NULL) - (old.key.p != NULL);
    int64_t bytes = size_of(&new) - size_of(&old);
    if (status != STATUS_OK || (items == 0 && bytes == 0))
        return status;
    return store_tx_count_items(op->tx, i->space, items, bytes, op->err);
}

static enum status write_expiry(struct dynamo_op *op, const struct dynamo_change *c)
{
    const struct dynamo_table *t = c->table;
    int64_t old_time = c->row.p ? dynamo_expiry(t, c->row) : -1;
    int64_t new_time = c->item.p ? dynamo_expiry(t, c->item) : -1;
    if (old_time == new_time && !t->ttl_cursor.p)
        return STATUS_OK;
    if (old_time >= 0 && old_time != new_time &&
        store_tx_delete_item(op->tx, t->ttl_space, dynamo_key_by_time(op->arena, old_time, c->key),
                             op->err) != STATUS_OK)
        return op->err->status;
    if (new_time < 0)
        return STATUS_OK;
    return store_tx_put_item(op->tx, t->ttl_space, dynamo_key_by_time(op->arena, new_time, c->key),
                             STR(""), op->err);
}

static enum status write_counts(struct dynamo_op *op, const struct dynamo_change *c)
{
    int64_t items = (c->item.p != NULL) - (c->row.p != NULL);
    int64_t bytes = (c->item.p ? (int64_t)dynamo_item_size(c->item) : 0) -
                    (c->row.p ? (int64_t)dynamo_item_size(c->row) : 0);
    if (items == 0 && bytes == 0)
        return STATUS_OK;
    return store_tx_count_items(op->tx, c->table->space, items, bytes, op->err);
}

enum status dynamo_write(struct dynamo_op *op, struct dynamo_change *c)
{
    enum status status = STATUS_OK;
    if (is_same(c->row, c->item))
        return STATUS_OK;
    if (c->item.p)
        status = put_row(op, c->table->space, c->key, c->item);
    else
        status = store_tx_delete_item(op->tx, c->table->space, c->key, op->err);
    for (uint32_t i = 0; status == STATUS_OK && i < c->table->index_count; i++)
        status = write_index(op, c, &c->table->indexes[i]);
    if (status == STATUS_OK && c->table->ttl.n > 0)
        status = write_expiry(op, c);
    return status == STATUS_OK ? write_counts(op, c) : status;
}

/* ---- plans ---- */

/* An update of keys is refused before the item is read. */
static enum status check_update(struct dynamo_op *op, const struct dynamo_table *t, str program)
{
    const str names[] = {t->keys.hash, t->keys.range};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].n > 0 && dynamo_update_names(program, names[i]))
            return error_set(op->err, STATUS_INVALID, "ValidationException",
                             "One or more parameter values were invalid: Cannot update attribute "
                             "%.*s. This attribute is part of the key",
                             STR_ARG(names[i]));
    return STATUS_OK;
}

/* What is known only when the item is gets another text than a value of the wrong type. */
static enum status check_computed(struct dynamo_op *op, const struct dynamo_change *c, str program)
{
    for (uint32_t i = 0; i < c->table->index_count; i++) {
        const struct dynamo_keys *k = &c->table->indexes[i].keys;
        const str names[] = {k->hash, k->range};
        const uint8_t tags[] = {k->hash_tag, k->range_tag};
        for (size_t j = 0; j < ARRAY_LEN(names); j++) {
            uint8_t tag = names[j].n > 0 ? dynamo_member(c->item, names[j]).tag : DYNAMO_NONE;
            if (tag != DYNAMO_NONE && tag != tags[j] && dynamo_update_computes(program, names[j]))
                return invalid(op, "The update expression attempted to update the secondary index "
                                   "key to unsupported type");
        }
    }
    return STATUS_OK;
}

static enum status plan_update(struct dynamo_op *op, const struct dynamo_args *args,
                               struct dynamo_change *c)
{
    str from = c->old.p ? c->old : args->field[ARG_KEY];
    c->item = from;
    if (!dynamo_args_has(args, ARG_UPDATE))
        return STATUS_OK;
    if (dynamo_update(op->arena, args->field[ARG_UPDATE], from, &c->item, op->err) != STATUS_OK)
        return STATUS_INVALID;
    if (!c->item.p)
        c->item = STR("");
    if (dynamo_item_size(c->item) > DYNAMO_ITEM_BYTES)
        return invalid(op, "Item size to update has exceeded the maximum allowed size");
    if (!dynamo_check_item(c->item))
        return invalid(op, "Nesting Levels have exceeded supported limits");
    if (check_computed(op, c, args->field[ARG_UPDATE]) != STATUS_OK)
        return STATUS_INVALID;
    return dynamo_key_check_indexes(c->table, c->item, true, op->err);
}

static enum status find_key(struct dynamo_op *op, const struct dynamo_table *t,
                            enum dynamo_entry kind, const struct dynamo_args *args, str *ret)
{
    if (kind != ENTRY_PUT)
        return dynamo_key_of_key(op->arena, t, args->field[ARG_KEY], ret, op->err);
    if (dynamo_key_of_item(op->arena, t, args->field[ARG_ITEM], ret, op->err) != STATUS_OK)
        return STATUS_INVALID;
    if (dynamo_item_size(args->field[ARG_ITEM]) > DYNAMO_ITEM_BYTES)
        return invalid(op, "Item size has exceeded the maximum allowed size");
    return STATUS_OK;
}

enum status dynamo_plan(struct dynamo_op *op, const struct dynamo_table *t, enum dynamo_entry kind,
                        const struct dynamo_args *args, struct dynamo_change *ret)
{
    *ret = (struct dynamo_change){.table = t};
    if (find_key(op, t, kind, args, &ret->key) != STATUS_OK)
        return STATUS_INVALID;
    if (dynamo_args_has(args, ARG_UPDATE) &&
        check_update(op, t, args->field[ARG_UPDATE]) != STATUS_OK)
        return STATUS_INVALID;
    enum status status = dynamo_load(op, ret);
    if (status != STATUS_OK)
        return status;
    if (dynamo_args_has(args, ARG_CONDITION) && !dynamo_holds(args->field[ARG_CONDITION], ret->old))
        return error_set(op->err, STATUS_CONFLICT, "ConditionalCheckFailedException",
                         "The conditional request failed");
    switch (kind) {
    case ENTRY_PUT: ret->item = args->field[ARG_ITEM]; break;
    case ENTRY_UPDATE: return plan_update(op, args, ret);
    case ENTRY_CHECK:
    case ENTRY_GET: ret->item = ret->row; break;
    case ENTRY_DELETE: break;
    }
    return STATUS_OK;
}
