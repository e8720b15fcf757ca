/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of requests: If-Match and its sisters, byte ranges, and the dates of HTTP (RFC 9110,
 * 13.1, 14.1, 5.6.7; what S3 makes of them where it differs is said at the function). Pure.
 */
#ifndef AFFLUX_SERVICES_S3_CONDITION_H
#define AFFLUX_SERVICES_S3_CONDITION_H

#include "base/error.h"
#include "base/str.h"

/* As the headers have them; p NULL: not given. */
struct s3_conditions {
    str if_match, if_none_match, if_modified_since, if_unmodified_since;
};

/* Of a reading. PreconditionFailed; *ret_is_unmodified: answer 304 instead of the body. */
NODISCARD enum status s3_check_reading(const struct s3_conditions *c, str etag, int64_t modified_ms,
                                       bool *ret_is_unmodified, struct error *err);
/* Of a source of a copy: as of a reading, but what would be 304 is PreconditionFailed. */
NODISCARD enum status s3_check_source(const struct s3_conditions *c, str etag, int64_t modified_ms,
                                      struct error *err);
/* Of a writing: If-None-Match: * (the key must be new), If-Match (it must be this one; NoSuchKey
 * when there is none). etag p NULL: there is no object. */
NODISCARD enum status s3_check_writing(const struct s3_conditions *c, str etag, struct error *err);

struct s3_range {
    uint64_t from, n;
    bool is_whole; /* none was given, or one that S3 ignores */
};
/* "bytes=0-9", "bytes=10-", "bytes=-5". Anything else, and several ranges at once, is ignored.
 * InvalidRange: it begins behind the end. */
NODISCARD enum status s3_range_read(str header, uint64_t size, struct s3_range *ret,
                                    struct error *err);

enum { S3_DATE_BYTES = 29 };
/* "Wed, 25 Nov 2026 23:49:03 GMT", no NUL. */
void s3_date_print(int64_t ms, char out[S3_DATE_BYTES]);
/* That form, the two older ones of RFC 9110, or ISO 8601. */
bool s3_date_read(str text, int64_t *ret_ms);

#endif
