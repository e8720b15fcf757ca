/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and filters against an item. Programs are those of expr.h. */
#ifndef AFFLUX_SERVICES_DYNAMODB_EVAL_H
#define AFFLUX_SERVICES_DYNAMODB_EVAL_H

#include "services/dynamodb/expr.h"

/* An empty program holds. item: members; empty when there is no item. */
bool dynamo_holds(str program, str item);

#endif
