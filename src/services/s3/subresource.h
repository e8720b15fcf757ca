/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients ask about buckets and objects beside their contents: configurations that this
 * service does not have. Reading one gives what S3 gives where none was set; setting one is
 * NotImplemented, so that nobody believes in a policy that does nothing. Pure.
 */
#ifndef AFFLUX_SERVICES_S3_SUBRESOURCE_H
#define AFFLUX_SERVICES_S3_SUBRESOURCE_H

#include "base/buf.h"
#include "base/error.h"

/* Is the name of this query parameter one of a sub-resource (not one that is an operation:
 * location, uploads, uploadId, delete)? */
bool s3_is_subresource(str name, bool is_object);
/* The answer to GET: appends the XML document, or the error of a configuration that is not there.
 * The caller has made sure that bucket and object are. */
NODISCARD enum status s3_subresource_get(str name, bool is_object, struct buf *out,
                                         struct error *err);
/* The answer to PUT, POST and DELETE: NotImplemented; STATUS_OK for removing what is not there. */
NODISCARD enum status s3_subresource_change(str name, bool is_object, bool is_delete,
                                            struct error *err);

#endif
