/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on objects that only touch rows: deleting and copying. A copy refers to the bytes of
 * its source, also when that was uploaded in parts; its ETag is the source's then ("MD5-N"), where
 * S3 makes the MD5 of the whole. */
#include "services/s3/operations.h"

/* ---- deleting ---- */

/* Absent keys are as good as deleted ones, unless a condition wants one. */
static enum status delete_key(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, int64_t bucket, str key, str if_match,
                              struct error *err)
{
    struct store_object present;
    struct s3_conditions conditions = {.if_match = if_match};
    if (s3_check_key(key, err) != STATUS_OK)
        return err->status;
    if (if_match.p) {
        if (s3_find_object(reader, bucket, key, c->arena, &present, err) != STATUS_OK ||
            s3_check_writing(&conditions, present.etag, err) != STATUS_OK)
            return err->status;
    }
    enum status status = store_tx_delete_object(tx, bucket, key, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_version(struct json_val request, struct error *err)
{
    str version;
    if (s3_get_text(request, "VersionId", &version, err) != STATUS_OK)
        return err->status;
    if (!version.p || str_eq(version, STR("null")))
        return STATUS_OK;
    return s3_fail(S3_NoSuchVersion, err);
}

enum status s3_delete_object(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket b;
    str name, key, if_match;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, &key, err) != STATUS_OK ||
        s3_get_text(request, "IfMatch", &if_match, err) != STATUS_OK ||
        check_version(request, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &b, err) != STATUS_OK ||
        delete_key(c, reader, tx, b.id, key, if_match, err) != STATUS_OK)
        return err->status;
    buf_add(reply, STR("{}"));
    return STATUS_OK;
}

struct deletion {
    struct json_val *deleted, *errors;
    uint32_t deleted_count, error_count;
};

/* One of many: what is wrong with it is told in the answer and keeps none of the others. */
static enum status delete_one(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, int64_t bucket, struct json_val item,
                              struct deletion *d, struct error *err)
{
    struct build b;
    str key = build_get_text(item, "Key"), if_match;
    enum status status = s3_get_text(item, "ETag", &if_match, err);
    if (status == STATUS_OK)
        status = check_version(item, err);
    if (status == STATUS_OK)
        status = delete_key(c, reader, tx, bucket, key, if_match, err);
    build_begin(&b, c->arena);
    build_put(&b, "Key", json_string(key, 0));
    if (status == STATUS_OK) {
        d->deleted[d->deleted_count++] = build_end(&b);
        return STATUS_OK;
    }
    if (str_starts(str_of(err->name), STR("Store")))
        return status; /* the disk's failure is everybody's */
    build_text(&b, "Code", arena_dup(c->arena, str_of(err->name)));
    build_text(&b, "Message", arena_dup(c->arena, str_of(err->message)));
    d->errors[d->error_count++] = build_end(&b);
    return STATUS_OK;
}

enum status s3_delete_objects(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket bucket;
    struct build b;
    str name;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, NULL, err) != STATUS_OK)
        return err->status;
    struct json_val what = json_get(request, STR("Delete"));
    struct json_val items = json_get(what, STR("Objects")), quiet = json_get(what, STR("Quiet"));
    if (items.tag != JSON_ARRAY || items.len == 0 || items.len > S3_DELETE_MAX)
        return s3_fail(S3_MalformedXML, err);
    if (s3_find_bucket(reader, name, c->arena, &bucket, err) != STATUS_OK)
        return err->status;
    struct deletion d = {.deleted = arena_alloc(c->arena, items.len * sizeof(*d.deleted)),
                         .errors = arena_alloc(c->arena, items.len * sizeof(*d.errors))};
    for (uint32_t i = 0; i < items.len; i++)
        if (delete_one(c, reader, tx, bucket.id, items.items[i], &d, err) != STATUS_OK)
            return err->status;
    build_begin(&b, c->arena);
    if (!(quiet.tag == JSON_BOOL && quiet.b) && d.deleted_count > 0)
        build_put(&b, "Deleted", json_array(d.deleted, d.deleted_count));
    if (d.error_count > 0)
        build_put(&b, "Errors", json_array(d.errors, d.error_count));
    return s3_reply(&b, reply, err);
}

/* ---- copying ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static str decode(struct arena *a, str text)
{
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int high = i + 2 < text.n && text.p[i] == '%' ? hex_digit(text.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.p[i + 2]) : -1;
        if (low >= 0) {
            p[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            p[n++] = text.p[i];
        }
    }
    return (str){p, n};
}

enum status s3_read_source(str text, struct arena *a, str *ret_bucket, str *ret_key,
                           struct error *err)
{
    size_t query = str_find(text, STR("?versionId="), 0);
    if (query != STR_NONE && !str_eq(str_sub(text, query + 11, text.n), STR("null")))
        return s3_fail(S3_NoSuchVersion, err);
    str path = decode(a, str_sub(text, 0, query));
    if (str_starts(path, STR("/")))
        path = str_sub(path, 1, path.n);
    size_t slash = str_find_byte(path, '/', 0);
    if (slash == STR_NONE)
        return s3_fail_with(S3_InvalidArgument, err,
                            "Copy Source must mention the source bucket and key: "
                            "sourcebucket/sourcekey");
    *ret_bucket = str_sub(path, 0, slash);
    *ret_key = str_sub(path, slash + 1, path.n);
    if (s3_check_bucket_name(*ret_bucket, err) != STATUS_OK)
        return err->status;
    return s3_check_key(*ret_key, err);
}

/* The object that is copied, and whether its conditions hold. */
static enum status find_source(const struct service_call *c, struct store_reader *reader,
                               struct json_val request, struct store_object *ret, struct error *err)
{
    struct store_bucket bucket;
    struct s3_conditions conditions = {0};
    str source, name, key;
    if (s3_get_text(request, "CopySource", &source, err) != STATUS_OK ||
        s3_get_conditions(request, "CopySource", c->arena, &conditions, err) != STATUS_OK)
        return err->status;
    if (s3_read_source(source.p ? source : STR(""), c->arena, &name, &key, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &bucket, err) != STATUS_OK ||
        s3_find_object(reader, bucket.id, key, c->arena, ret, err) != STATUS_OK)
        return err->status;
    return s3_check_source(&conditions, ret->etag, ret->modified_ms, err);
}

/* MetadataDirective REPLACE: properties come from the request. */
static enum status replace_properties(const struct service_call *c, struct json_val request,
                                      bool *ret_replaced, struct store_object *o, struct error *err)
{
    str directive;
    struct s3_properties p;
    if (s3_get_text(request, "MetadataDirective", &directive, err) != STATUS_OK)
        return err->status;
    *ret_replaced = str_eq(directive, STR("REPLACE"));
    if (directive.p && !*ret_replaced && !str_eq(directive, STR("COPY")))
        return s3_fail_with(S3_InvalidArgument, err, "Unknown metadata directive.");
    if (!*ret_replaced)
        return STATUS_OK;
    if (s3_properties_of(request, c->arena, &p, err) != STATUS_OK ||
        s3_properties_check(&p, err) != STATUS_OK)
        return err->status;
    return s3_properties_write(&p, c->arena, &o->properties, err);
}

static enum status reply_copy(const struct service_call *c, const struct store_object *o,
                              struct buf *reply, struct error *err)
{
    struct build outer, inner;
    struct s3_checksum checksum;
    s3_checksum_read(o->checksum, &checksum);
    build_begin(&inner, c->arena);
    build_put(&inner, "ETag", s3_quoted(c->arena, o->etag));
    build_put(&inner, "LastModified", s3_time_value(c->arena, o->modified_ms));
    s3_put_checksum_members(&inner, &checksum);
    build_begin(&outer, c->arena);
    build_put(&outer, "CopyObjectResult", build_end(&inner));
    return s3_reply(&outer, reply, err);
}

enum status s3_copy_object(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket bucket;
    struct store_object o, present;
    struct s3_conditions conditions = {0};
    bool is_replaced = false;
    str name, key;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, &key, err) != STATUS_OK ||
        s3_get_conditions(request, "", c->arena, &conditions, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &bucket, err) != STATUS_OK ||
        find_source(c, reader, request, &o, err) != STATUS_OK ||
        replace_properties(c, request, &is_replaced, &o, err) != STATUS_OK)
        return err->status;
    if (o.body.size > S3_PUT_MAX)
        return s3_fail_with(S3_InvalidRequest, err,
                            "The specified copy source is larger than the maximum allowable size "
                            "for a copy source: 5368709120");
    if (!is_replaced && o.bucket == bucket.id && str_eq(o.key, key))
        return s3_fail_with(S3_InvalidRequest, err,
                            "This copy request is illegal because it is trying to copy an object "
                            "to itself without changing the object's metadata, storage class, "
                            "website redirect location or encryption attributes.");
    enum status status = store_find_object(reader, bucket.id, key, c->arena, &present, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return err->status;
    if (s3_check_writing(&conditions, status == STATUS_OK ? present.etag : (str){NULL, 0}, err) !=
        STATUS_OK)
        return err->status;
    o.bucket = bucket.id;
    o.key = key;
    o.modified_ms = c->now_ms;
    if (store_tx_put_object(tx, &o, err) != STATUS_OK)
        return err->status;
    return reply_copy(c, &o, reply, err);
}
