/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute values between the JSON of the wire and their bytes (value.h). */
#ifndef AFFLUX_SERVICES_DYNAMODB_VALUE_JSON_H
#define AFFLUX_SERVICES_DYNAMODB_VALUE_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "json/value.h"
#include "services/dynamodb/value.h"

/* Appends the value of {"S": "x"}. ValidationException with AWS's texts for what is no value, and
 * SerializationException for what has the wrong JSON type. Scratch memory comes from the arena. */
NODISCARD enum status dynamo_value_from_json(struct arena *a, struct json_val v, struct buf *out,
                                             struct error *err);
/* The members of an item: {"id": {"S": "x"}, …}, into the arena. */
NODISCARD enum status dynamo_item_from_json(struct arena *a, struct json_val item, str *ret,
                                            struct error *err);

void dynamo_value_to_json(struct dynamo_value v, struct buf *out);
void dynamo_item_to_json(str members, struct buf *out);

/* Keys of an object by position. */
static inline str dynamo_key_at(struct json_val object, uint32_t i)
{
    const struct json_key *key = &object.obj->shape->keys[i];
    return (str){key->p, key->n};
}
static inline struct json_val dynamo_val_at(struct json_val object, uint32_t i)
{
    return object.obj->vals[i];
}

#endif
