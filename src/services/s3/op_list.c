/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of keys, parts and uploads as operations. Keys are list.c and list_answer.c. */
#include "services/s3/operations.h"
#include <stdlib.h>

/* ---- keys ---- */

static enum status list_keys(const struct service_call *c, struct store_reader *reader, str args,
                             bool is_v2, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct s3_list_request q = {.is_v2 = is_v2};
    str encoding;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &q.bucket, NULL, err) != STATUS_OK ||
        s3_get_text(request, "Prefix", &q.prefix, err) != STATUS_OK ||
        s3_get_text(request, "Delimiter", &q.delimiter, err) != STATUS_OK ||
        s3_get_text(request, "Marker", &q.marker, err) != STATUS_OK ||
        s3_get_text(request, "StartAfter", &q.start_after, err) != STATUS_OK ||
        s3_get_text(request, "ContinuationToken", &q.token, err) != STATUS_OK ||
        s3_get_text(request, "EncodingType", &encoding, err) != STATUS_OK ||
        s3_get_number(request, "MaxKeys", -1, &q.max_keys, err) != STATUS_OK)
        return err->status;
    if (encoding.p && !str_eq(encoding, STR("url")))
        return s3_fail_with(S3_InvalidArgument, err,
                            "Invalid Encoding Method specified in Request");
    struct json_val owner = json_get(request, STR("FetchOwner"));
    q.with_owner = owner.tag == JSON_BOOL && owner.b;
    q.is_url = encoding.p != NULL;
    return s3_list_json(reader, &q, reply, err);
}

enum status s3_list_objects_v1(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)tx;
    return list_keys(c, reader, args, false, reply, err);
}

enum status s3_list_objects_v2(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)tx;
    return list_keys(c, reader, args, true, reply, err);
}

/* ---- parts ---- */

static struct json_val part_value(struct arena *a, const struct store_part *part)
{
    struct build b;
    struct s3_checksum checksum;
    build_begin(&b, a);
    build_put(&b, "PartNumber", json_num(part->number));
    build_put(&b, "LastModified", s3_time_value(a, part->modified_ms));
    build_put(&b, "ETag", s3_quoted(a, part->etag));
    build_put(&b, "Size", json_num((double)part->size));
    if (s3_checksum_read(part->checksum, &checksum))
        build_put(&b, s3_algorithm_member(checksum.algorithm),
                  json_string(checksum.text, JSON_ASCII));
    return build_end(&b);
}

struct parts_request {
    str bucket, key, upload_id;
    int64_t marker, max;
};

static enum status reply_parts(const struct service_call *c, const struct parts_request *q,
                               const struct store_part *rows, uint32_t count, struct buf *reply,
                               struct error *err)
{
    struct build b;
    bool has_more = count > q->max;
    count -= has_more;
    struct json_val *values = arena_alloc(c->arena, (count + 1) * sizeof(*values));
    for (uint32_t i = 0; i < count; i++)
        values[i] = part_value(c->arena, &rows[i]);
    build_begin(&b, c->arena);
    build_text(&b, "Bucket", q->bucket);
    build_text(&b, "Key", q->key);
    build_text(&b, "UploadId", q->upload_id);
    build_put(&b, "PartNumberMarker", json_num((double)q->marker));
    if (count > 0)
        build_put(&b, "NextPartNumberMarker", json_num(rows[count - 1].number));
    build_put(&b, "MaxParts", json_num((double)q->max));
    build_put(&b, "IsTruncated", json_bool(has_more));
    if (count > 0)
        build_put(&b, "Parts", json_array(values, count));
    build_text(&b, "StorageClass", STR("STANDARD"));
    return s3_reply(&b, reply, err);
}

enum status s3_list_parts(const struct service_call *c, struct store_reader *reader,
                          struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket bucket;
    struct store_upload upload;
    struct store_part *rows;
    struct parts_request q;
    uint32_t count;
    (void)tx;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &q.bucket, &q.key, err) != STATUS_OK ||
        s3_get_text(request, "UploadId", &q.upload_id, err) != STATUS_OK ||
        s3_get_number(request, "PartNumberMarker", 0, &q.marker, err) != STATUS_OK ||
        s3_get_number(request, "MaxParts", S3_LIST_MAX, &q.max, err) != STATUS_OK ||
        s3_find_bucket(reader, q.bucket, c->arena, &bucket, err) != STATUS_OK ||
        s3_find_upload(reader, bucket.id, q.key, q.upload_id, c->arena, &upload, err) != STATUS_OK)
        return err->status;
    q.max = q.max < S3_LIST_MAX ? q.max : S3_LIST_MAX;
    if (store_list_parts(reader, upload.id, (uint32_t)q.marker, (uint32_t)q.max + 1, c->arena,
                         &rows, &count, err) != STATUS_OK)
        return err->status;
    return reply_parts(c, &q, rows, count, reply, err);
}

/* ---- uploads ---- */

struct uploads_request {
    str bucket, prefix, delimiter, key_marker, id_marker;
    int64_t max;
};

/* A page on its way. */
struct uploads {
    const struct uploads_request *q;
    struct json_val values[S3_LIST_MAX], prefixes[S3_LIST_MAX];
    uint32_t count, prefix_count;
    str last_key, last_id, last_prefix;
    bool has_more;
};

static str upload_id(struct arena *a, int64_t id)
{
    return arena_printf(a, "u%016llx", (unsigned long long)id);
}

static struct json_val upload_value(struct arena *a, const struct store_upload *u)
{
    struct build b;
    build_begin(&b, a);
    build_text(&b, "UploadId", upload_id(a, u->id));
    build_text(&b, "Key", u->key);
    build_put(&b, "Initiated", s3_time_value(a, u->initiated_ms));
    build_text(&b, "StorageClass", STR("STANDARD"));
    return build_end(&b);
}

/* False: the page is full. */
static bool add_upload(struct uploads *l, struct arena *a, const struct store_upload *u)
{
    const struct uploads_request *q = l->q;
    size_t at = q->delimiter.n > 0 ? str_find(u->key, q->delimiter, q->prefix.n) : STR_NONE;
    str common = at == STR_NONE ? (str){NULL, 0} : str_sub(u->key, 0, at + q->delimiter.n);
    if (common.n > 0 && str_eq(common, l->last_prefix)) {
        l->last_key = u->key;
        l->last_id = upload_id(a, u->id);
        return true;
    }
    if (l->count + l->prefix_count >= q->max) {
        l->has_more = true;
        return false;
    }
    l->last_key = u->key;
    l->last_id = upload_id(a, u->id);
    if (common.n == 0) {
        l->values[l->count++] = upload_value(a, u);
        return true;
    }
    struct build b;
    build_begin(&b, a);
    build_text(&b, "Prefix", common);
    l->prefixes[l->prefix_count++] = build_end(&b);
    l->last_prefix = common;
    return true;
}

static enum status collect_uploads(struct store_reader *reader, int64_t bucket, struct uploads *l,
                                   struct arena *a, struct error *err)
{
    const struct uploads_request *q = l->q;
    bool is_before = str_cmp(q->key_marker, q->prefix) < 0;
    str key = is_before ? q->prefix : q->key_marker;
    int64_t id = is_before ? 0 : INT64_MAX;
    if (!is_before && q->id_marker.n == 17)
        id = (int64_t)strtoull(arena_cstr(a, str_sub(q->id_marker, 1, 17)), NULL, 16);
    for (;;) {
        struct store_upload *rows;
        uint32_t count;
        struct store_upload_query query = {
            .bucket = bucket, .after_key = key, .after_id = id, .limit = S3_LIST_MAX};
        if (store_list_uploads(reader, &query, a, &rows, &count, err) != STATUS_OK)
            return err->status;
        for (uint32_t i = 0; i < count; i++)
            if (!str_starts(rows[i].key, q->prefix) || !add_upload(l, a, &rows[i]))
                return STATUS_OK;
        if (count < S3_LIST_MAX)
            return STATUS_OK;
        key = rows[count - 1].key;
        id = rows[count - 1].id;
    }
}

static enum status reply_uploads(const struct service_call *c, const struct uploads *l,
                                 struct buf *reply, struct error *err)
{
    struct build b;
    build_begin(&b, c->arena);
    build_text(&b, "Bucket", l->q->bucket);
    build_put(&b, "KeyMarker", json_string(l->q->key_marker.p ? l->q->key_marker : STR(""), 0));
    build_put(&b, "UploadIdMarker", json_string(l->q->id_marker.p ? l->q->id_marker : STR(""), 0));
    if (l->has_more) {
        build_text(&b, "NextKeyMarker", l->last_key);
        build_text(&b, "NextUploadIdMarker", l->last_id);
    }
    build_text(&b, "Prefix", l->q->prefix);
    build_text(&b, "Delimiter", l->q->delimiter);
    build_put(&b, "MaxUploads", json_num((double)l->q->max));
    build_put(&b, "IsTruncated", json_bool(l->has_more));
    if (l->count > 0)
        build_put(&b, "Uploads", json_array(l->values, l->count));
    if (l->prefix_count > 0)
        build_put(&b, "CommonPrefixes", json_array(l->prefixes, l->prefix_count));
    return s3_reply(&b, reply, err);
}

enum status s3_list_uploads(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket bucket;
    struct uploads_request q;
    (void)tx;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &q.bucket, NULL, err) != STATUS_OK ||
        s3_get_text(request, "Prefix", &q.prefix, err) != STATUS_OK ||
        s3_get_text(request, "Delimiter", &q.delimiter, err) != STATUS_OK ||
        s3_get_text(request, "KeyMarker", &q.key_marker, err) != STATUS_OK ||
        s3_get_text(request, "UploadIdMarker", &q.id_marker, err) != STATUS_OK ||
        s3_get_number(request, "MaxUploads", S3_LIST_MAX, &q.max, err) != STATUS_OK ||
        s3_find_bucket(reader, q.bucket, c->arena, &bucket, err) != STATUS_OK)
        return err->status;
    q.max = q.max < S3_LIST_MAX ? q.max : S3_LIST_MAX;
    struct uploads *l = arena_zalloc(c->arena, sizeof(*l));
    l->q = &q;
    if (collect_uploads(reader, bucket.id, l, c->arena, err) != STATUS_OK)
        return err->status;
    return reply_uploads(c, l, reply, err);
}
