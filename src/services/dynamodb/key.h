/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of rows, and what items must have to get one.
 *
 *   table   hash of the partition (4), its length (2), its bytes, sort key as it is
 *   index   the same of the index's partition, its sort key so that it ends by itself, and the
 *           table's key of the item
 *   times   seconds (8), the table's key
 *
 * Numbers before the bytes are big-endian. So items of one partition lie together in the order of
 * their sort keys, partitions lie in the order of their hashes, which is that of a Scan and what
 * its segments divide.
 *
 * Errors are ValidationException with AWS's texts.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_KEY_H
#define AFFLUX_SERVICES_DYNAMODB_KEY_H

#include "services/dynamodb/table.h"

enum {
    DYNAMO_HASH_KEY_BYTES = 2048,
    DYNAMO_RANGE_KEY_BYTES = 1024,
    DYNAMO_ROW_KEY_BYTES = 16 << 10 /* of the longest row's key */
};

/* The key of a whole item: its key attributes are there, of the right types and sizes; those of
 * indexes are right where they are there. */
NODISCARD enum status dynamo_key_of_item(struct arena *a, const struct dynamo_table *t, str item,
                                         str *ret, struct error *err);
/* The key of a Key: exactly the key attributes. */
NODISCARD enum status dynamo_key_of_key(struct arena *a, const struct dynamo_table *t, str key,
                                        str *ret, struct error *err);
/* Attributes of index keys that an item has are of the right types and not empty; is_update: the
 * item comes of an update. */
NODISCARD enum status dynamo_key_check_indexes(const struct dynamo_table *t, str item,
                                               bool is_update, struct error *err);

/* The table's key of an item that has one. */
str dynamo_key_of_row(struct arena *a, const struct dynamo_table *t, str item);
/* The key in an index; p NULL: it does not belong there. */
str dynamo_key_in_index(struct arena *a, const struct dynamo_index *i, str item, str row);
/* What is kept in an index: some of the members. */
str dynamo_index_item(struct arena *a, const struct dynamo_table *t, const struct dynamo_index *i,
                      str item);
/* The members that name an item's place in a table, and in an index unless it is NULL:
 * LastEvaluatedKey. */
str dynamo_key_members(struct arena *a, const struct dynamo_table *t, const struct dynamo_index *i,
                       str item);

/* When the item expires: whole seconds; -1: never. */
int64_t dynamo_expiry(const struct dynamo_table *t, str item);
/* Has it? AWS leaves those alone whose time lies more than five years back. */
bool dynamo_is_expired(const struct dynamo_table *t, str item, int64_t now_ms);
str dynamo_key_by_time(struct arena *a, int64_t seconds, str row);

/* ---- queries ---- */

/* Rows of one partition: from <= key < to. */
struct dynamo_span {
    str from, to;
    str hash; /* bytes of the partition */
};

/* The rows that a key condition (expr.h) asks for; is_index: of an index. */
NODISCARD enum status dynamo_key_span(struct arena *a, const struct dynamo_keys *k, bool is_index,
                                      str condition, struct dynamo_span *ret, struct error *err);
/* The rows of segment i of count, by the hashes of partitions. */
void dynamo_key_segment(struct arena *a, uint32_t i, uint32_t count, struct dynamo_span *ret);

#endif
