/* SPDX-License-Identifier: Apache-2.0 */
/* What encode.c and snapshot.c share. */
#ifndef AFFLUX_ASL_ENCODE_INTERNAL_H
#define AFFLUX_ASL_ENCODE_INTERNAL_H

#include "asl/bytes.h"
#include "asl/encode.h"

void asl_put_identity(struct buf *b, const struct asl_identity *identity);
void asl_get_identity(struct byte_reader *r, struct arena *a, struct asl_identity *ret);

#endif
