/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a table: its keys and indexes, and what DescribeTable shows. Kept as bytes under
 * the table's name among the store's things of the service "dynamodb" (docs/formats/store.md);
 * every call reads them anew.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_TABLE_H
#define AFFLUX_SERVICES_DYNAMODB_TABLE_H

#include "base/arena.h"
#include "base/error.h"
#include "services/dynamodb/value.h"

enum {
    DYNAMO_TABLE_BYTES = 1 << 20,
    DYNAMO_LOCAL_INDEXES = 5,
    DYNAMO_GLOBAL_INDEXES = 20,
    DYNAMO_TAGS = 50
};

struct dynamo_keys {
    str hash, range;             /* names of attributes; range.n 0: there is none */
    uint8_t hash_tag, range_tag; /* DYNAMO_S, N or B */
};

enum dynamo_projection { DYNAMO_PROJECT_ALL, DYNAMO_PROJECT_KEYS, DYNAMO_PROJECT_INCLUDE };
enum dynamo_index_status { DYNAMO_INDEX_ACTIVE, DYNAMO_INDEX_CREATING };

struct dynamo_units {
    int64_t read, write;
};

struct dynamo_index {
    str name;
    int64_t space; /* of its rows */
    bool is_global;
    enum dynamo_index_status status;
    struct dynamo_keys keys;
    enum dynamo_projection projection;
    str *include; /* names of further attributes */
    uint32_t include_count;
    struct dynamo_units units;
    str cursor; /* of the table's rows behind which it is still to be filled */
};

struct dynamo_attribute {
    str name;
    uint8_t tag;
};

struct dynamo_tag_pair {
    str key, value;
};

struct dynamo_table {
    str name, id; /* a UUID */
    int64_t space, created_ms;
    struct dynamo_keys keys;
    struct dynamo_index *indexes;
    uint32_t index_count;
    struct dynamo_attribute *attributes; /* AttributeDefinitions */
    uint32_t attribute_count;
    bool is_provisioned, is_protected, is_infrequent;
    struct dynamo_units units;
    str ttl;           /* name of the attribute; n 0: off */
    int64_t ttl_space; /* of rows by time */
    str ttl_cursor;    /* as an index's; p NULL: complete */
    struct dynamo_tag_pair *tags;
    uint32_t tag_count;
};

void dynamo_table_write(const struct dynamo_table *t, struct buf *out);
/* Borrows from bytes; STATUS_CORRUPT. */
NODISCARD enum status dynamo_table_read(struct arena *a, str bytes, struct dynamo_table *ret,
                                        struct error *err);

/* NULL when there is none. */
struct dynamo_index *dynamo_table_index(const struct dynamo_table *t, str name);
/* DYNAMO_NONE when it is not defined. */
uint8_t dynamo_table_attribute(const struct dynamo_table *t, str name);
bool dynamo_keys_has(const struct dynamo_keys *k, str name);
/* Is the attribute among those that the index holds? */
bool dynamo_index_holds(const struct dynamo_table *t, const struct dynamo_index *i, str name);

#endif
