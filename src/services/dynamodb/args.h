/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes from one part of an operation to the next: fields, each a value (value.h) whose tag is
 * the field. The order is that of writing; a field that is not there was not given.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_ARGS_H
#define AFFLUX_SERVICES_DYNAMODB_ARGS_H

#include "services/dynamodb/value.h"

enum dynamo_field {
    /* from prepare to run */
    ARG_TABLE = 1,
    ARG_ITEM,      /* members */
    ARG_KEY,       /* members */
    ARG_CONDITION, /* programs */
    ARG_FILTER,
    ARG_UPDATE,
    ARG_PROJECTION,
    ARG_KEYS,     /* a key condition */
    ARG_START,    /* members */
    ARG_INDEX,    /* a name */
    ARG_LIMIT,    /* a number, as those that follow */
    ARG_FLAGS,    /* enum dynamo_flag */
    ARG_RETURN,   /* enum dynamo_return */
    ARG_SELECT,   /* enum dynamo_select */
    ARG_CAPACITY, /* enum dynamo_capacity */
    ARG_SEGMENT,
    ARG_SEGMENTS,
    ARG_KIND,        /* of an entry: enum dynamo_entry */
    ARG_ENTRY,       /* the fields of one of several */
    ARG_TOKEN,       /* ClientRequestToken */
    ARG_DIGEST,      /* of the request that it stands for */
    ARG_TEXT,        /* whatever else the operation has */
    ARG_TABLE_BYTES, /* a table (table.h) */
    ARG_KEY_TEXT,
    ARG_COUNT,
    /* from run to answer */
    REPLY_ITEM = 0x40, /* "Item": members */
    REPLY_ATTRIBUTES,  /* "Attributes" */
    REPLY_ITEMS,       /* "Items": values, maps */
    REPLY_COUNT,       /* numbers */
    REPLY_SCANNED,
    REPLY_LAST_KEY,  /* members */
    REPLY_RESPONSES, /* "Responses": of a transaction: the members of each item, or nothing */
    REPLY_JSON,      /* members of the answer as they are: "Name":value */
};

enum dynamo_flag {
    FLAG_CONSISTENT = 1,
    FLAG_BACKWARD = 2,
    FLAG_OLD_ON_FAILURE = 4, /* ReturnValuesOnConditionCheckFailure */
    FLAG_DESCRIPTION = 8,
    FLAG_COLLECTION = 16 /* ReturnItemCollectionMetrics */
};

enum dynamo_return {
    RETURN_NONE,
    RETURN_ALL_OLD,
    RETURN_UPDATED_OLD,
    RETURN_ALL_NEW,
    RETURN_UPDATED_NEW
};
enum dynamo_select { SELECT_DEFAULT, SELECT_ALL, SELECT_PROJECTED, SELECT_SPECIFIC, SELECT_COUNT };
enum dynamo_capacity { CAPACITY_NONE, CAPACITY_TOTAL, CAPACITY_INDEXES };
enum dynamo_entry { ENTRY_PUT, ENTRY_DELETE, ENTRY_UPDATE, ENTRY_CHECK, ENTRY_GET };

struct dynamo_args {
    str field[ARG_COUNT]; /* p NULL: not given */
};

void dynamo_arg(struct buf *out, enum dynamo_field field, str bytes);
void dynamo_arg_int(struct buf *out, enum dynamo_field field, int64_t value);
void dynamo_args_read(str bytes, struct dynamo_args *ret);
int64_t dynamo_args_int(const struct dynamo_args *args, enum dynamo_field field, int64_t otherwise);
int64_t dynamo_int_of(str bytes);
static inline bool dynamo_args_has(const struct dynamo_args *args, enum dynamo_field field)
{
    return args->field[field].p != NULL;
}
/* The entries of a request for several, in order. */
bool dynamo_args_entry(str *rest, struct dynamo_args *ret);

#endif
