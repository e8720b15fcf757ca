/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of an object beside its body: content headers and user metadata. In the store it is
 * a JSON object with the names of the API: {"ContentType": "text/csv", "Metadata": {"a": "b"}}.
 */
#ifndef AFFLUX_SERVICES_S3_PROPERTIES_H
#define AFFLUX_SERVICES_S3_PROPERTIES_H

#include "base/arena.h"
#include "base/error.h"
#include "json/value.h"

#define S3_HEADER_LIST(X)                                                                          \
    X(CacheControl, "Cache-Control")                                                               \
    X(ContentDisposition, "Content-Disposition")                                                   \
    X(ContentEncoding, "Content-Encoding")                                                         \
    X(ContentLanguage, "Content-Language")                                                         \
    X(ContentType, "Content-Type")                                                                 \
    X(Expires, "Expires")                                                                          \
    X(StorageClass, "x-amz-storage-class")                                                         \
    X(WebsiteRedirectLocation, "x-amz-website-redirect-location")

enum s3_header {
#define X(member, header) S3_HEADER_##member,
    S3_HEADER_LIST(X)
#undef X
        S3_HEADER_COUNT
};
const char *s3_header_name(enum s3_header h);   /* "Content-Type" */
const char *s3_header_member(enum s3_header h); /* "ContentType" */

struct s3_metadata {
    str name, value; /* the name without x-amz-meta-, in lower case */
};
struct s3_properties {
    str headers[S3_HEADER_COUNT]; /* p NULL: not given */
    const struct s3_metadata *metadata;
    uint32_t metadata_count;
};

/* MetadataTooLarge; InvalidArgument for names and values that are no header. */
NODISCARD enum status s3_properties_check(const struct s3_properties *p, struct error *err);
/* As it is kept; p NULL when there is nothing. */
NODISCARD enum status s3_properties_write(const struct s3_properties *p, struct arena *a, str *ret,
                                          struct error *err);
NODISCARD enum status s3_properties_read(str text, struct arena *a, struct s3_properties *ret,
                                         struct error *err);
/* From the members of a request. InvalidArgument when one is no text. */
NODISCARD enum status s3_properties_of(struct json_val request, struct arena *a,
                                       struct s3_properties *ret, struct error *err);

#endif
