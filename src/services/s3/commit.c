/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a body that is there: an object, or a part of an upload. Runs on the store's thread.
 */
#include "services/s3/error.h"
#include "services/s3/s3_internal.h"

/* A failure of writing ends the unit, and is the store's. */
static enum status commit_part(struct store_tx *tx, struct s3_commit *c,
                               const struct store_bucket *bucket, struct arena *scratch,
                               struct error *err)
{
    struct store_upload u;
    if (s3_find_upload(store_tx_reader(tx), bucket->id, c->key, c->upload_id, scratch, &u, err) !=
        STATUS_OK)
        return err->status;
    struct store_part part = {.upload = u.id,
                              .number = c->part_number,
                              .size = c->body.size,
                              .modified_ms = c->now_ms,
                              .etag = c->etag,
                              .checksum = c->checksum,
                              .file = c->body.id};
    c->is_taken = true;
    return store_tx_put_part(tx, &part, err);
}

static enum status check_present(struct store_tx *tx, const struct s3_commit *c, int64_t bucket,
                                 struct arena *scratch, struct error *err)
{
    struct store_object present = {0};
    if (!c->conditions.if_match.p && !c->conditions.if_none_match.p)
        return STATUS_OK;
    enum status status =
        store_find_object(store_tx_reader(tx), bucket, c->key, scratch, &present, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    return s3_check_writing(&c->conditions, status == STATUS_OK ? present.etag : (str){NULL, 0},
                            err);
}

enum status s3_commit(struct store_tx *tx, struct s3_commit *c, struct arena *scratch,
                      struct error *err)
{
    struct store_bucket bucket;
    if (s3_find_bucket(store_tx_reader(tx), c->bucket, scratch, &bucket, err) != STATUS_OK)
        return err->status;
    if (c->upload_id.p)
        return commit_part(tx, c, &bucket, scratch, err);
    if (check_present(tx, c, bucket.id, scratch, err) != STATUS_OK)
        return err->status;
    struct store_object o = {.bucket = bucket.id,
                             .key = c->key,
                             .modified_ms = c->now_ms,
                             .etag = c->etag,
                             .checksum = c->checksum,
                             .properties = c->properties,
                             .body = c->body};
    c->is_taken = true;
    return store_tx_put_object(tx, &o, err);
}
