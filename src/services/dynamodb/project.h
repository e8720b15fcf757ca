/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of items. */
#ifndef AFFLUX_SERVICES_DYNAMODB_PROJECT_H
#define AFFLUX_SERVICES_DYNAMODB_PROJECT_H

#include "services/dynamodb/expr.h"

/* Appends the members of the item that the paths lead to, within the maps and lists they lie in;
 * of lists only the named elements remain. Scratch memory comes from the arena. */
void dynamo_project(struct arena *a, str program, str item, struct buf *out);

#endif
