/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as bytes, in batches and snapshots: number, flags, text, links. */
#ifndef AFFLUX_ASL_ENCODE_DOCUMENT_H
#define AFFLUX_ASL_ENCODE_DOCUMENT_H

#include "asl/bytes.h"
#include "asl/document.h"

void asl_encode_document(const struct asl_document *doc, struct buf *bytes);
NODISCARD enum status asl_decode_document(struct asl_documents *d, struct byte_reader *r,
                                          struct asl_document **ret, struct error *err);

#endif
