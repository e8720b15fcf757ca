/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on buckets. All belong to the one account there is. */
#include "services/s3/operations.h"

static const str HOME = {"us-east-1", 9};

/* A location that is named must be the region of the service; CreateBucket in another one is a
 * mistake of configuration. */
static enum status check_location(const struct service_call *c, struct json_val request,
                                  struct error *err)
{
    str wanted;
    struct json_val configuration = json_get(request, STR("CreateBucketConfiguration"));
    if (s3_get_text(configuration, "LocationConstraint", &wanted, err) != STATUS_OK)
        return err->status;
    if (!wanted.p || wanted.n == 0 || str_eq(wanted, c->settings->region))
        return STATUS_OK;
    return s3_fail_with(S3_IllegalLocationConstraintException, err,
                        "The %.*s location constraint is incompatible for the region specific "
                        "endpoint this request was sent to.",
                        STR_ARG(str_sub(wanted, 0, 64)));
}

static enum status reply_location(const struct service_call *c, str bucket, struct buf *reply,
                                  struct error *err)
{
    struct build b;
    build_begin(&b, c->arena);
    build_text(&b, "Location", arena_printf(c->arena, "/%.*s", STR_ARG(bucket)));
    return s3_reply(&b, reply, err);
}

enum status s3_create_bucket(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket present;
    str name;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, NULL, err) != STATUS_OK ||
        check_location(c, request, err) != STATUS_OK)
        return err->status;
    enum status status = store_find_bucket(reader, name, c->arena, &present, err);
    if (status == STATUS_OK) /* us-east-1 takes it for done, other regions do not */
        return str_eq(c->settings->region, HOME) ? reply_location(c, name, reply, err)
                                                 : s3_fail(S3_BucketAlreadyOwnedByYou, err);
    if (status != STATUS_NOT_FOUND)
        return err->status;
    struct store_bucket b = {
        .id = store_tx_new_id(tx), .name = name, .created_ms = c->now_ms / 1000 * 1000};
    if (store_tx_add_bucket(tx, &b, err) != STATUS_OK)
        return err->status;
    return reply_location(c, name, reply, err);
}

enum status s3_delete_bucket(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket b;
    str name;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, NULL, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &b, err) != STATUS_OK)
        return err->status;
    enum status status = store_tx_delete_bucket(tx, b.id, err);
    if (status == STATUS_CONFLICT)
        return s3_fail(S3_BucketNotEmpty, err);
    buf_add(reply, STR("{}"));
    return status;
}

/* Is the bucket there that a request names? */
static enum status check_bucket(const struct service_call *c, struct store_reader *reader, str args,
                                struct error *err)
{
    struct json_val request;
    struct store_bucket found;
    str name;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, NULL, err) != STATUS_OK)
        return err->status;
    return s3_find_bucket(reader, name, c->arena, &found, err);
}

enum status s3_head_bucket(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct build b;
    (void)tx;
    if (check_bucket(c, reader, args, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_text(&b, "BucketRegion", c->settings->region);
    return s3_reply(&b, reply, err);
}

enum status s3_bucket_location(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct build b;
    (void)tx;
    if (check_bucket(c, reader, args, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    if (!str_eq(c->settings->region, HOME)) /* of us-east-1 it is empty */
        build_text(&b, "LocationConstraint", c->settings->region);
    return s3_reply(&b, reply, err);
}

/* ---- ListBuckets ---- */

enum { BUCKETS_MAX = 10000 };

/* The region is told to who asked for something (ListBuckets, Bucket.BucketRegion). */
static struct json_val bucket_value(const struct service_call *c, const struct store_bucket *row,
                                    bool has_region)
{
    struct build b;
    build_begin(&b, c->arena);
    build_text(&b, "Name", row->name);
    build_put(&b, "CreationDate", s3_time_value(c->arena, row->created_ms));
    if (has_region)
        build_text(&b, "BucketRegion", c->settings->region);
    return build_end(&b);
}

static struct json_val owner_value(const struct service_call *c)
{
    struct build b;
    build_begin(&b, c->arena);
    build_text(&b, "ID", STR("afflux"));
    build_text(&b, "DisplayName", STR("afflux"));
    return build_end(&b);
}

static enum status list_request(const struct service_call *c, str args, str *ret_prefix,
                                str *ret_after, int64_t *ret_max, bool *ret_has_any,
                                struct error *err)
{
    struct json_val request;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_text(request, "Prefix", ret_prefix, err) != STATUS_OK ||
        s3_get_text(request, "ContinuationToken", ret_after, err) != STATUS_OK ||
        s3_get_number(request, "MaxBuckets", BUCKETS_MAX, ret_max, err) != STATUS_OK)
        return err->status;
    if (*ret_max < 1 || *ret_max > BUCKETS_MAX)
        return s3_fail_with(S3_InvalidArgument, err,
                            "Argument MaxBuckets must be an integer between 1 and 10000");
    *ret_has_any = request.len > 0;
    return STATUS_OK;
}

enum status s3_list_buckets(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct store_bucket *rows;
    uint32_t count;
    str prefix, after;
    int64_t max;
    bool has_any = false;
    struct build b;
    (void)tx;
    if (list_request(c, args, &prefix, &after, &max, &has_any, err) != STATUS_OK)
        return err->status;
    if (store_list_buckets(reader, prefix, after, (uint32_t)max + 1, c->arena, &rows, &count,
                           err) != STATUS_OK)
        return err->status;
    bool has_more = count > max;
    count -= has_more;
    struct json_val *values = arena_alloc(c->arena, (count + 1) * sizeof(*values));
    for (uint32_t i = 0; i < count; i++)
        values[i] = bucket_value(c, &rows[i], has_any);
    build_begin(&b, c->arena);
    build_put(&b, "Buckets", json_array(values, count));
    build_put(&b, "Owner", owner_value(c));
    if (has_more)
        build_text(&b, "ContinuationToken", rows[count - 1].name);
    build_text(&b, "Prefix", prefix);
    return s3_reply(&b, reply, err);
}
