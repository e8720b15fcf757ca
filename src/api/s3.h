/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3's REST on the wire: what api.h calls rest. A request names its bucket in the host or in the
 * path; method and query name the operation (s3_route.c):
 *
 *   bodies of objects   s3_put.c, s3_get.c   as they come, in constant memory
 *   pages of keys       s3_list.c            written as XML at once
 *   everything else     s3_call.c            headers, query and XML to the JSON of an operation
 *                                            (services/s3/service.h), and its answer back
 *
 * Signatures are not looked at, in headers or presigned URLs: any credentials pass.
 */
#ifndef AFFLUX_API_S3_H
#define AFFLUX_API_S3_H

#include "api/api.h"
#include "services/s3/port.h"

struct api_s3;

/* Bodies that are held until they are whole, since they go into segments, of one loop. */
enum { API_S3_HELD_BYTES = 256 << 20 };

/* One for each api, on its loop. The port must outlive it, and it the api. */
NODISCARD enum status api_s3_new(struct s3_port *port, const struct service_settings *settings,
                                 struct api_s3 **ret, struct error *err);
/* When the api is gone; waits for what the store has. NULL is fine. */
void api_s3_free(struct api_s3 *s);

/* Its argument is the struct api_s3. */
api_rest_fn api_s3_rest;

#endif
