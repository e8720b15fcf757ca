/* SPDX-License-Identifier: Apache-2.0 */
/* Names of buckets and keys, and the limits of the service (Amazon S3 User Guide, "Bucket naming
 * rules", "Object key names", "Multipart upload limits"). */
#ifndef AFFLUX_SERVICES_S3_NAME_H
#define AFFLUX_SERVICES_S3_NAME_H

#include "base/error.h"
#include "base/str.h"

enum {
    S3_KEY_MAX = 1024,            /* bytes */
    S3_METADATA_MAX = 2048,       /* bytes of names and values */
    S3_PARTS_MAX = 10000,         /* parts are numbered from 1 */
    S3_PART_MIN = 5 << 20,        /* bytes of every part but the last */
    S3_LIST_MAX = 1000,           /* keys, parts or uploads of a page */
    S3_DELETE_MAX = 1000,         /* keys of one DeleteObjects */
    S3_SEGMENT_BODY_MAX = 1 << 20 /* bytes; longer bodies are files */
};
#define S3_PUT_MAX ((uint64_t)5 << 30)    /* bytes of a put, a part or a copy */
#define S3_OBJECT_MAX ((uint64_t)5 << 40) /* bytes of all parts */

NODISCARD enum status s3_check_bucket_name(str name, struct error *err);
/* KeyTooLongError; InvalidArgument when it is empty or no text. */
NODISCARD enum status s3_check_key(str key, struct error *err);

#endif
