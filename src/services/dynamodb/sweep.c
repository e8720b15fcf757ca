/* SPDX-License-Identifier: Apache-2.0 */
/* Filling, dropping, expiring, a step at a time. */
#include "services/dynamodb/sweep.h"
#include "services/dynamodb/key.h"
#include "store/items.h"

enum { LIST_NAMES = 100, TOKEN_MS = 10 * 60 * 1000 };

static const str SERVICE = {"dynamodb", 8};
static const str DROPPED = {"dynamodb-dropped", 16}; /* numbers of spaces */
static const str TOKENS = {"dynamodb-token", 14};

/* ---- filling ---- */

struct row {
    str key, item;
};

/* Up to cap rows of the table behind the cursor. */
static enum status read_rows(struct dynamo_op *op, int64_t space, str cursor, uint32_t cap,
                             struct row *rows, uint32_t *ret_count)
{
    struct store_items_walk w;
    struct store_item got;
    bool has = true;
    str from = arena_dup(op->arena, cursor);
    if (cursor.n > 0) {
        char *behind = arena_alloc(op->arena, cursor.n + 1);
        memcpy(behind, cursor.p, cursor.n);
        behind[cursor.n] = '\0';
        from = (str){behind, cursor.n + 1};
    }
    struct store_items_query q = {.space = space, .from = from};
    *ret_count = 0;
    enum status status = store_walk_items(op->reader, &q, &w, op->err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && *ret_count < cap) {
        str body;
        status = store_walk_next(&w, &has, &got, op->err);
        if (status != STATUS_OK || !has)
            break;
        rows[*ret_count].key = arena_dup(op->arena, got.key);
        body = arena_dup(op->arena, got.body);
        status = dynamo_read_body(body, &rows[*ret_count].item, op->err);
        ++*ret_count;
    }
    store_walk_end(&w);
    return status;
}

static enum status put_row(struct dynamo_op *op, int64_t space, str key, str item)
{
    char *body = arena_alloc(op->arena, item.n + 1);
    body[0] = 1;
    if (item.n > 0)
        memcpy(body + 1, item.p, item.n);
    return store_tx_put_item(op->tx, space, key, (str){body, item.n + 1}, op->err);
}

/* Puts one row of the table where it belongs: an index, or the times when i is NULL. */
static enum status fill_row(struct dynamo_op *op, const struct dynamo_table *t,
                            const struct dynamo_index *i, const struct row *row)
{
    if (!i) {
        int64_t at = dynamo_expiry(t, row->item);
        if (at < 0)
            return STATUS_OK;
        return store_tx_put_item(op->tx, t->ttl_space, dynamo_key_by_time(op->arena, at, row->key),
                                 STR(""), op->err);
    }
    str key = dynamo_key_in_index(op->arena, i, row->item, row->key), item;
    bool has = true;
    if (!key.p)
        return STATUS_OK;
    /* What was written since the index was added is there, and right. */
    enum status status = dynamo_find_row(op, i->space, key, &has, &item);
    if (status != STATUS_OK || has)
        return status;
    item = dynamo_index_item(op->arena, t, i, row->item);
    status = put_row(op, i->space, key, item);
    if (status != STATUS_OK)
        return status;
    return store_tx_count_items(op->tx, i->space, 1, (int64_t)dynamo_item_size(item), op->err);
}

/* Goes on behind *cursor. *ret_done: the end was reached. */
static enum status fill_one(struct dynamo_op *op, const struct dynamo_table *t,
                            const struct dynamo_index *i, str *cursor, uint32_t *rows,
                            bool *ret_done)
{
    struct row *batch = arena_alloc(op->arena, *rows * sizeof(*batch));
    uint32_t count = 0;
    enum status status = read_rows(op, t->space, *cursor, *rows, batch, &count);
    for (uint32_t j = 0; status == STATUS_OK && j < count; j++)
        status = fill_row(op, t, i, &batch[j]);
    *ret_done = count < *rows;
    if (count > 0)
        *cursor = batch[count - 1].key;
    *rows -= count;
    return status;
}

enum status dynamo_fill(struct dynamo_op *op, struct dynamo_table *t, uint32_t *rows)
{
    bool is_changed = false, is_done;
    for (uint32_t i = 0; i<t->index_count && * rows> 0; i++) {
        struct dynamo_index *x = &t->indexes[i];
        if (x->status != DYNAMO_INDEX_CREATING)
            continue;
        enum status status = fill_one(op, t, x, &x->cursor, rows, &is_done);
        if (status != STATUS_OK)
            return status;
        if (is_done) {
            x->status = DYNAMO_INDEX_ACTIVE;
            x->cursor = STR("");
        }
        is_changed = true;
    }
    if (t->ttl_cursor.p && *rows > 0) {
        enum status status = fill_one(op, t, NULL, &t->ttl_cursor, rows, &is_done);
        if (status != STATUS_OK)
            return status;
        if (is_done)
            t->ttl_cursor = (str){NULL, 0};
        is_changed = true;
    }
    return is_changed ? dynamo_save_table(op, t) : STATUS_OK;
}

/* ---- dropping ---- */

static str space_name(struct dynamo_op *op, int64_t space)
{
    return arena_printf(op->arena, "%020lld", (long long)space);
}

enum status dynamo_drop_space(struct dynamo_op *op, int64_t space, uint32_t *rows)
{
    uint32_t count = 0, limit = *rows;
    if (limit > 0 && store_tx_clear_items(op->tx, space, limit, &count, op->err) != STATUS_OK)
        return op->err->status;
    *rows -= count;
    if (limit > 0 && count < limit)
        return STATUS_OK;
    return store_tx_put_thing(op->tx, DROPPED, space_name(op, space), STR(""), op->err);
}

static int64_t space_of(str name)
{
    int64_t space = 0;
    for (size_t i = 0; i < name.n; i++)
        space = space * 10 + (name.p[i] - '0');
    return space;
}

static enum status drop_some(struct dynamo_op *op, uint32_t *rows)
{
    struct store_names names;
    enum status status = store_list_things(op->reader, DROPPED, STR(""), STR(""), LIST_NAMES,
                                           op->arena, &names, op->err);
    for (uint32_t i = 0; status == STATUS_OK && i < names.count && 0 < *rows; i++) {
        uint32_t count, limit = *rows;
        status = store_tx_clear_items(op->tx, space_of(names.items[i]), limit, &count, op->err);
        if (status != STATUS_OK)
            break;
        *rows -= count;
        if (count < limit)
            status = store_tx_delete_thing(op->tx, DROPPED, names.items[i], op->err);
    }
    return status;
}

/* ---- expiring ---- */

/* One row of times: the item goes if its time is still that. */
static enum status expire_one(struct dynamo_op *op, const struct dynamo_table *t, str by_time)
{
    struct dynamo_change c = {.table = t, .key = str_sub(by_time, 8, by_time.n)};
    enum status status = dynamo_load(op, &c);
    if (status != STATUS_OK)
        return status;
    if (c.row.p && dynamo_is_expired(t, c.row, op->call->now_ms))
        return dynamo_write(op, &c); /* item is not set: it is deleted, with its row of times */
    return store_tx_delete_item(op->tx, t->ttl_space, by_time, op->err);
}

static enum status expire_some(struct dynamo_op *op, const struct dynamo_table *t, uint32_t *rows)
{
    struct store_items_walk w;
    struct store_item got;
    uint32_t count = 0, cap = *rows;
    bool has = true;
    str *keys = arena_alloc(op->arena, cap * sizeof(*keys));
    struct store_items_query q = {
        .space = t->ttl_space,
        .to = dynamo_key_by_time(op->arena, op->call->now_ms / 1000, STR(""))};
    enum status status = store_walk_items(op->reader, &q, &w, op->err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && count < cap) {
        status = store_walk_next(&w, &has, &got, op->err);
        if (status != STATUS_OK || !has)
            break;
        keys[count++] = arena_dup(op->arena, got.key);
    }
    store_walk_end(&w);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        status = expire_one(op, t, keys[i]);
    *rows -= count;
    return status;
}

/* ---- all of it ---- */

static enum status sweep_tables(struct dynamo_op *op, uint32_t *rows)
{
    struct store_names names = {0};
    str after = STR("");
    do {
        enum status status = store_list_things(op->reader, SERVICE, STR(""), after, LIST_NAMES,
                                               op->arena, &names, op->err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count && 0 < *rows; i++) {
            struct dynamo_table t;
            after = names.items[i];
            status = dynamo_find_table(op, after, true, &t);
            if (status == STATUS_OK)
                status = dynamo_fill(op, &t, rows);
            if (status == STATUS_OK && t.ttl.n > 0 && *rows > 0)
                status = expire_some(op, &t, rows);
        }
        if (status != STATUS_OK)
            return status;
    } while (names.count == LIST_NAMES && *rows > 0);
    return STATUS_OK;
}

static enum status sweep_tokens(struct dynamo_op *op, uint32_t *rows)
{
    struct store_names names = {0};
    str after = STR(""), kept;
    do {
        enum status status = store_list_things(op->reader, TOKENS, STR(""), after, LIST_NAMES,
                                               op->arena, &names, op->err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count && 0 < *rows; i++) {
            after = names.items[i];
            --*rows;
            status = store_find_thing(op->reader, TOKENS, after, op->arena, &kept, op->err);
            if (status == STATUS_OK &&
                dynamo_int_of(str_sub(kept, 0, 8)) < op->call->now_ms - TOKEN_MS)
                status = store_tx_delete_thing(op->tx, TOKENS, after, op->err);
        }
        if (status != STATUS_OK)
            return status;
    } while (names.count == LIST_NAMES && *rows > 0);
    return STATUS_OK;
}

enum status dynamo_sweep(struct dynamo_op *op, bool *ret_more)
{
    uint32_t rows = DYNAMO_SWEEP_ROWS, tokens = DYNAMO_SWEEP_ROWS;
    enum status status = drop_some(op, &rows);
    if (status == STATUS_OK)
        status = sweep_tables(op, &rows);
    if (status == STATUS_OK)
        status = sweep_tokens(op, &tokens);
    *ret_more = rows == 0;
    return status;
}
