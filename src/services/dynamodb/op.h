/* SPDX-License-Identifier: Apache-2.0 */
/* The second part of an operation: reading and writing tables and items, within a transaction. */
#ifndef AFFLUX_SERVICES_DYNAMODB_OP_H
#define AFFLUX_SERVICES_DYNAMODB_OP_H

#include "services/dynamodb/args.h"
#include "services/dynamodb/table.h"
#include "services/service.h"

struct dynamo_op {
    const struct service_call *call;
    struct arena *arena; /* the call's */
    struct store_reader *reader;
    struct store_tx *tx; /* NULL: it only reads */
    struct buf *reply;
    struct error *err;
};

static inline struct dynamo_op dynamo_op_begin(const struct service_call *c,
                                               struct store_reader *reader, struct store_tx *tx,
                                               struct buf *reply, struct error *err)
{
    return (struct dynamo_op){c, c->arena, reader, tx, reply, err};
}

/* Runs what reads several times, so that all of it sees the same. */
NODISCARD enum status dynamo_op_read(struct dynamo_op *op, str args,
                                     enum status (*run)(struct dynamo_op *op, str args));

/* ---- tables ---- */

/* ResourceNotFoundException; is_named: with the table's name in the text, as operations on tables
 * word it. */
NODISCARD enum status dynamo_find_table(struct dynamo_op *op, str name, bool is_named,
                                        struct dynamo_table *ret);
NODISCARD enum status dynamo_save_table(struct dynamo_op *op, const struct dynamo_table *t);
str dynamo_table_arn(struct dynamo_op *op, str table);

/* ---- items ---- */

/* The item of a row; *ret_has is false when it is not there. STATUS_CORRUPT when it is no item. */
NODISCARD enum status dynamo_find_row(struct dynamo_op *op, int64_t space, str key, bool *ret_has,
                                      str *ret_item);
/* The item in a row's body. */
NODISCARD enum status dynamo_read_body(str body, str *ret_item, struct error *err);

/* A change of one item: what was there (also when it has expired) and what will be. */
struct dynamo_change {
    const struct dynamo_table *table;
    str key;          /* of the row */
    str row;          /* p NULL: there is none */
    str old;          /* the same unless it has expired */
    str item;         /* p NULL: it is deleted */
    uint32_t written; /* rows of indexes, and those of each; set by dynamo_write */
    uint8_t rows[DYNAMO_LOCAL_INDEXES + DYNAMO_GLOBAL_INDEXES];
};
/* Fills in row and old. */
NODISCARD enum status dynamo_load(struct dynamo_op *op, struct dynamo_change *c);
/* The table's row, those of its indexes, and the counts. */
NODISCARD enum status dynamo_write(struct dynamo_op *op, struct dynamo_change *c);

/* What an entry (enum dynamo_entry) wants changed: its key is found, its condition evaluated, and
 * item filled in. ConditionalCheckFailedException with old set. */
NODISCARD enum status dynamo_plan(struct dynamo_op *op, const struct dynamo_table *t,
                                  enum dynamo_entry kind, const struct dynamo_args *args,
                                  struct dynamo_change *ret);

/* ---- capacity ---- */

/* Of one table, in halves of units. */
struct dynamo_used {
    str table;
    uint64_t halves;
    str index; /* n 0: the table itself */
    bool is_global;
    const struct dynamo_change *change; /* of one that writes, or NULL: its rows cost `each` */
    uint64_t each;
};
static inline uint64_t dynamo_read_halves(size_t bytes, bool is_consistent)
{
    return (bytes ? (bytes + 4095) / 4096 : 1) << is_consistent;
}
static inline uint64_t dynamo_write_halves(size_t bytes)
{
    return (bytes ? (bytes + 1023) / 1024 : 1) * 2;
}
/* The JSON of a ConsumedCapacity; kind: what was asked for. */
void dynamo_capacity_json(const struct dynamo_used *u, enum dynamo_capacity kind, struct buf *out);
/* "ConsumedCapacity":… as a member of the answer, if it was asked for. */
void dynamo_reply_capacity(struct dynamo_op *op, const struct dynamo_args *args,
                           const struct dynamo_used *u);

/* The third part of operations on items: fields to the answer's text. */
enum status dynamo_answer(const struct service_call *c, str reply, struct buf *json,
                          struct error *err);

#endif
