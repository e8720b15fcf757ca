/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the table in service.c, and what their files share. */
#ifndef AFFLUX_SERVICES_S3_OPERATIONS_H
#define AFFLUX_SERVICES_S3_OPERATIONS_H

#include "json/write.h"
#include "services/build.h"
#include "services/s3/error.h"
#include "services/s3/list.h"
#include "services/s3/name.h"
#include "services/s3/s3_internal.h"
#include "services/s3/service.h"

/* The call's request again, on the thread that runs it. */
NODISCARD enum status s3_request(const struct service_call *c, str args, struct json_val *ret,
                                 struct error *err);
/* A text member; p NULL: absent. InvalidArgument when it is no text. */
NODISCARD enum status s3_get_text(struct json_val request, const char *name, str *ret,
                                  struct error *err);
/* A whole number; otherwise when absent. InvalidArgument. */
NODISCARD enum status s3_get_number(struct json_val request, const char *name, int64_t otherwise,
                                    int64_t *ret, struct error *err);
/* The members IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince behind a prefix
 * ("CopySource"). */
NODISCARD enum status s3_get_conditions(struct json_val request, const char *prefix,
                                        struct arena *a, struct s3_conditions *ret,
                                        struct error *err);
/* The bucket and the key that a request names, checked; key may be NULL. */
NODISCARD enum status s3_get_names(struct json_val request, str *ret_bucket, str *ret_key,
                                   struct error *err);

/* Members of answers. */
struct json_val s3_quoted(struct arena *a, str etag);
struct json_val s3_time_value(struct arena *a, int64_t ms);
void s3_put_checksum_members(struct build *b, const struct s3_checksum *c);
NODISCARD enum status s3_reply(struct build *b, struct buf *reply, struct error *err);

/* Prepare: checks names, then passes the request on as it is. */
service_prepare_fn s3_prepare_names;

service_run_fn s3_abort_upload, s3_complete_upload, s3_copy_object, s3_create_bucket,
    s3_create_upload, s3_delete_bucket, s3_delete_object, s3_delete_objects, s3_bucket_location,
    s3_get_object_text, s3_head_bucket, s3_head_object, s3_list_buckets, s3_list_uploads,
    s3_list_objects_v1, s3_list_objects_v2, s3_list_parts, s3_put_value;
service_prepare_fn s3_prepare_put;

#endif
