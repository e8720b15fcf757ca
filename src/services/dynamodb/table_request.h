/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of CreateTable and UpdateTable requests, read into a struct dynamo_table. What is not
 * given stays as it is there. ValidationException with AWS's texts. */
#ifndef AFFLUX_SERVICES_DYNAMODB_TABLE_REQUEST_H
#define AFFLUX_SERVICES_DYNAMODB_TABLE_REQUEST_H

#include "services/dynamodb/request.h"
#include "services/dynamodb/table.h"

extern const struct shape dynamo_create_table_shape, dynamo_update_table_shape;

/* All that CreateTable has. */
NODISCARD enum status dynamo_read_table(struct dynamo_request *r, struct dynamo_table *t);
/* AttributeDefinitions. */
void dynamo_read_attributes(struct dynamo_request *r, struct dynamo_table *t);
/* An index of GlobalSecondaryIndexes, or the Create of an update; the shape was checked. Types of
 * its keys are taken from the table's attributes. */
NODISCARD enum status dynamo_read_index(struct dynamo_request *r, const struct dynamo_table *t,
                                        struct json_val v, bool is_global,
                                        struct dynamo_index *ret);
struct dynamo_units dynamo_read_units(struct json_val v);
/* BillingMode and the throughputs fit together. */
NODISCARD enum status dynamo_check_billing(const struct dynamo_table *t, struct error *err);
NODISCARD enum status dynamo_read_tags(struct dynamo_request *r, struct json_val list,
                                       struct dynamo_table *t);

#endif
