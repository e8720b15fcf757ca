/* SPDX-License-Identifier: Apache-2.0 */
/* What an update makes of an item. */
#ifndef AFFLUX_SERVICES_DYNAMODB_UPDATE_H
#define AFFLUX_SERVICES_DYNAMODB_UPDATE_H

#include "services/dynamodb/expr.h"

/* *ret: the members of the new item, in the arena. All operands are those of the item as it was.
 * ValidationException with AWS's texts. */
NODISCARD enum status dynamo_update(struct arena *a, str program, str item, str *ret,
                                    struct error *err);
/* The paths that an update names, as a projection: for UPDATED_OLD and UPDATED_NEW. */
str dynamo_update_paths(struct arena *a, str program);
/* Does it change this top-level attribute? */
bool dynamo_update_names(str program, str name);
/* Does it SET this top-level attribute to something that is no plain value? */
bool dynamo_update_computes(str program, str name);

#endif
