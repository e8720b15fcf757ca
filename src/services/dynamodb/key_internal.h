/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of keys, for key.c and key_span.c. */
#ifndef AFFLUX_SERVICES_DYNAMODB_KEY_INTERNAL_H
#define AFFLUX_SERVICES_DYNAMODB_KEY_INTERNAL_H

#include "services/dynamodb/key.h"

uint32_t dynamo_key_hash(str bytes);
void dynamo_key_put_partition(struct buf *out, str hash);
/* Of an index: so that it ends by itself. */
void dynamo_key_put_sort(struct buf *out, uint8_t tag, str range);
/* The bytes, in the arena; ends the buffer. */
str dynamo_key_take(struct arena *a, struct buf *out);

#endif
