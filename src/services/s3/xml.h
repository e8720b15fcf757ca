/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML of the object service: bodies of requests to JSON requests of its operations, and answers of
 * operations to bodies. Pure.
 */
#ifndef AFFLUX_SERVICES_S3_XML_H
#define AFFLUX_SERVICES_S3_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

enum { S3_XML_MAX_BYTES = 2 << 20, S3_XML_MAX_DEPTH = 16 };

/* ---- requests ---- */

/* The body as a value in the arena, by the operation that it is of; MalformedXML when it is not
 * that, is over a limit, or has a document type.
 *
 *   DeleteObjects            {"Objects": [{"Key": …, "ETag": …}], "Quiet": false}
 *   CompleteMultipartUpload  {"Parts": [{"PartNumber": 1, "ETag": …, "ChecksumCRC32": …}]}
 *   CreateBucket             {"LocationConstraint": …}, and {} of an empty body
 */
NODISCARD enum status s3_xml_read(str operation, str body, struct arena *a, struct json_val *ret,
                                  struct error *err);

/* ---- answers ---- */

void s3_xml_text(struct buf *out, str text); /* escaped */
void s3_xml_element(struct buf *out, const char *name, str text);
void s3_xml_head(struct buf *out); /* the declaration */

/* The body of an operation's answer (the value of its JSON); nothing for operations whose answers
 * are headers only. Members that the model has in headers are left out. */
void s3_xml_answer(struct buf *out, str operation, struct json_val answer);
/* <Error>. Empty texts leave their elements out. */
struct s3_xml_failure {
    str code, message, resource, request_id, host_id;
};
void s3_xml_error(struct buf *out, const struct s3_xml_failure *f);

#endif
