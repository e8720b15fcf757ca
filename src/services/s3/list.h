/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing objects: a walk over keys in their order that shows keys and common prefixes. A prefix
 * with a million keys below it costs one look. Plain functions over a store_reader; for whoever
 * needs a page as rows, as the JSON of an operation, or as XML.
 */
#ifndef AFFLUX_SERVICES_S3_LIST_H
#define AFFLUX_SERVICES_S3_LIST_H

#include "base/buf.h"
#include "store/object.h"

struct s3_list_query {
    int64_t bucket;
    str prefix, delimiter; /* empty: none */
    str after;             /* keys behind it; and no common prefix that is the same as it */
    uint32_t max_keys;     /* keys and common prefixes together; 0: nothing is looked at */
};

struct s3_list_sink {
    void *arg;
    void (*object)(void *arg, const struct store_object *o); /* slices live until it returns */
    void (*prefix)(void *arg, str prefix);
};

struct s3_list_page {
    uint32_t count;
    bool is_truncated;
    str last; /* what was shown last, for `after` of the next page; in the arena */
};

NODISCARD enum status s3_list_objects(struct store_reader *r, const struct s3_list_query *q,
                                      const struct s3_list_sink *sink, struct arena *a,
                                      struct s3_list_page *ret, struct error *err);

/* ---- the answers of ListObjects and ListObjectsV2 ---- */

struct s3_list_request {
    str bucket, prefix, delimiter;
    str marker;             /* version 1 */
    str start_after, token; /* version 2 */
    int64_t max_keys;       /* negative: 1,000 */
    bool is_v2, is_url;     /* encoding-type=url */
    bool with_owner;
};
/* Appends the XML document, or the JSON of the operation. */
NODISCARD enum status s3_list_xml(struct store_reader *r, const struct s3_list_request *q,
                                  struct buf *out, struct error *err);
NODISCARD enum status s3_list_json(struct store_reader *r, const struct s3_list_request *q,
                                   struct buf *out, struct error *err);

/* Letters, digits and -._~/ as they are, everything else as %XX: what clients with encoding-type
 * decode. */
void s3_encode_key(struct buf *out, str key);

enum { S3_TIME_BYTES = 20 };
/* "2026-11-25T23:49:03Z": times of objects have no fractions. No NUL. */
void s3_time_print(int64_t ms, char out[S3_TIME_BYTES]);

#endif
