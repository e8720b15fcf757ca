/* SPDX-License-Identifier: Apache-2.0 */
/* A table as DescribeTable shows it. */
#ifndef AFFLUX_SERVICES_DYNAMODB_TABLE_JSON_H
#define AFFLUX_SERVICES_DYNAMODB_TABLE_JSON_H

#include "services/dynamodb/op.h"

/* Appends the TableDescription; status: "ACTIVE". */
NODISCARD enum status dynamo_table_json(struct dynamo_op *op, const struct dynamo_table *t,
                                        const char *status, struct buf *out);

#endif
