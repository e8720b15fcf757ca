/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads in parts: beginning, completing and aborting. Completing copies nothing: the parts become
 * the body of the object. Its ETag is the MD5 of the parts' MD5s and their number.
 */
#include "services/s3/operations.h"

/* ---- beginning and aborting ---- */

/* What is kept of an upload: the properties of the object, and the checksum it is to have, as two
 * more members. */
static enum status upload_properties(const struct service_call *c, struct json_val request,
                                     str *ret, struct error *err)
{
    struct s3_properties p;
    struct build b;
    struct buf text;
    str algorithm, type;
    if (s3_properties_of(request, c->arena, &p, err) != STATUS_OK ||
        s3_properties_check(&p, err) != STATUS_OK ||
        s3_get_text(request, "ChecksumAlgorithm", &algorithm, err) != STATUS_OK ||
        s3_get_text(request, "ChecksumType", &type, err) != STATUS_OK)
        return err->status;
    enum s3_algorithm found = algorithm.p ? s3_algorithm_find(algorithm) : S3_NO_ALGORITHM;
    bool is_crc = found == S3_CRC32 || found == S3_CRC32C || found == S3_CRC64NVME;
    bool is_full = str_eq(type, STR("FULL_OBJECT")), is_composite = str_eq(type, STR("COMPOSITE"));
    if ((algorithm.p && found == S3_NO_ALGORITHM) || (type.p && !is_full && !is_composite) ||
        (type.p && !algorithm.p) || (is_full && !is_crc) || (is_composite && found == S3_CRC64NVME))
        return s3_fail_with(S3_InvalidRequest, err,
                            "The checksum type and the checksum algorithm do not fit.");
    build_begin(&b, c->arena);
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        build_text(&b, s3_header_member(h), p.headers[h]);
    build_put(&b, "Metadata",
              json_get(request, STR("Metadata")).tag == JSON_OBJECT
                  ? json_get(request, STR("Metadata"))
                  : json_null());
    if (algorithm.p) {
        build_text(&b, "ChecksumAlgorithm", str_of(s3_algorithm_name(found)));
        build_text(&b, "ChecksumType",
                   is_full || (!type.p && found == S3_CRC64NVME) ? STR("FULL_OBJECT")
                                                                 : STR("COMPOSITE"));
    }
    buf_init(&text, SIZE_MAX / 2);
    enum status status = s3_reply(&b, &text, err);
    *ret = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return status;
}

enum status s3_create_upload(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_bucket bucket;
    struct build b;
    str name, key, kept;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &name, &key, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &bucket, err) != STATUS_OK ||
        upload_properties(c, request, &kept, err) != STATUS_OK)
        return err->status;
    struct store_upload u = {.id = store_tx_new_id(tx),
                             .bucket = bucket.id,
                             .key = key,
                             .initiated_ms = c->now_ms,
                             .properties = kept};
    if (store_tx_add_upload(tx, &u, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_text(&b, "Bucket", name);
    build_text(&b, "Key", key);
    build_text(&b, "UploadId", arena_printf(c->arena, "u%016llx", (unsigned long long)u.id));
    return s3_reply(&b, reply, err);
}

/* The upload that a request names. */
static enum status named_upload(const struct service_call *c, struct store_reader *reader,
                                struct json_val request, struct store_upload *ret,
                                struct error *err)
{
    struct store_bucket bucket;
    str name, key, id;
    if (s3_get_names(request, &name, &key, err) != STATUS_OK ||
        s3_get_text(request, "UploadId", &id, err) != STATUS_OK ||
        s3_find_bucket(reader, name, c->arena, &bucket, err) != STATUS_OK)
        return err->status;
    return s3_find_upload(reader, bucket.id, key, id, c->arena, ret, err);
}

enum status s3_abort_upload(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct store_upload u;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        named_upload(c, reader, request, &u, err) != STATUS_OK ||
        store_tx_abort_upload(tx, u.id, err) != STATUS_OK)
        return err->status;
    buf_add(reply, STR("{}"));
    return STATUS_OK;
}

/* ---- completing ---- */

struct completion {
    const struct service_call *c;
    struct store_tx *tx;
    struct store_upload upload;
    struct json_val request, wanted; /* wanted: the list of parts */
    struct store_part *parts;        /* that were uploaded */
    uint32_t count;
    uint64_t size;
    struct buf md5s, sums; /* of the parts, one after the other */
    struct s3_checksum checksum;
    char joined[8]; /* CRC of all parts so far */
};

/* A tag without its quotes. */
static str bare(str etag)
{
    bool is_quoted = etag.n >= 2 && etag.p[0] == '"' && etag.p[etag.n - 1] == '"';
    return is_quoted ? str_sub(etag, 1, etag.n - 1) : etag;
}

static void add_hex(struct buf *out, str hex)
{
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        int high = hex.p[i] <= '9' ? hex.p[i] - '0' : hex.p[i] - 'a' + 10;
        int low = hex.p[i + 1] <= '9' ? hex.p[i + 1] - '0' : hex.p[i + 1] - 'a' + 10;
        buf_add_byte(out, (char)(high * 16 + low));
    }
}

static enum status add_sum(struct completion *k, const struct store_part *part,
                           struct json_val item, bool is_first, struct error *err)
{
    struct s3_checksum sum;
    char bytes[S3_SUM_MAX];
    size_t n;
    if (k->checksum.algorithm == S3_NO_ALGORITHM)
        return STATUS_OK;
    const char *member = s3_algorithm_member(k->checksum.algorithm);
    if (!s3_checksum_read(part->checksum, &sum) || sum.algorithm != k->checksum.algorithm ||
        !s3_base64_decode(sum.text, bytes, sizeof(bytes), &n))
        return s3_fail_with(S3_InvalidRequest, err,
                            "The upload was created using a %s checksum. The complete request must "
                            "include the checksum for each part. It was missing for part %u in the "
                            "request.",
                            s3_algorithm_name(k->checksum.algorithm), part->number);
    str given = build_get_text(item, member);
    if (given.n > 0 && !str_eq(given, sum.text))
        return s3_fail(S3_InvalidPart, err);
    buf_add(&k->sums, (str){bytes, n});
    if (!k->checksum.is_composite && is_first)
        memcpy(k->joined, bytes, n);
    else if (!k->checksum.is_composite)
        s3_sum_join(k->checksum.algorithm, k->joined, bytes, part->size);
    return STATUS_OK;
}

/* One part of the list: it was uploaded, and it is the one that is meant. */
static enum status take_part(struct completion *k, uint32_t i, const struct store_part *part,
                             struct error *err)
{
    struct json_val item = k->wanted.items[i];
    if (!str_eq(bare(build_get_text(item, "ETag")), part->etag))
        return s3_fail(S3_InvalidPart, err);
    if (part->size < S3_PART_MIN && i + 1 < k->wanted.len)
        return s3_fail(S3_EntityTooSmall, err);
    k->size += part->size;
    if (k->size > S3_OBJECT_MAX)
        return s3_fail(S3_EntityTooLarge, err);
    add_hex(&k->md5s, part->etag);
    return add_sum(k, part, item, i == 0, err);
}

/* Before anything is said of parts. */
static enum status check_order(struct json_val wanted, struct error *err)
{
    int64_t before = 0, number;
    for (uint32_t i = 0; i < wanted.len; i++, before = number) {
        if (s3_get_number(wanted.items[i], "PartNumber", 0, &number, err) != STATUS_OK)
            return err->status;
        if (number <= before)
            return s3_fail(S3_InvalidPartOrder, err);
    }
    return STATUS_OK;
}

/* Goes through the list and the rows side by side; rows that the list leaves out are removed. */
static enum status take_parts(struct completion *k, struct error *err)
{
    int64_t number;
    uint32_t row = 0;
    for (uint32_t i = 0; i < k->wanted.len; i++) {
        if (s3_get_number(k->wanted.items[i], "PartNumber", 0, &number, err) != STATUS_OK)
            return err->status;
        for (; row < k->count && k->parts[row].number < number; row++)
            if (store_tx_delete_part(k->tx, k->upload.id, k->parts[row].number, err) != STATUS_OK)
                return err->status;
        if (row == k->count || k->parts[row].number != number)
            return s3_fail(S3_InvalidPart, err);
        if (take_part(k, i, &k->parts[row++], err) != STATUS_OK)
            return err->status;
    }
    for (; row < k->count; row++)
        if (store_tx_delete_part(k->tx, k->upload.id, k->parts[row].number, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

/* The checksum of the whole, and whether it is the one that the client has. */
static enum status sum_whole(struct completion *k, struct error *err)
{
    const struct s3_self *self = k->c->self;
    struct s3 *s = self->s3;
    struct arena *a = k->c->arena;
    char sum[S3_SUM_MAX];
    if (k->checksum.algorithm == S3_NO_ALGORITHM)
        return STATUS_OK;
    if (k->checksum.is_composite) {
        size_t n = s3_sum_of(&s->kinds, k->checksum.algorithm, buf_str(&k->sums), sum);
        k->checksum.text =
            arena_printf(a, "%.*s-%u", STR_ARG(s3_base64(a, (str){sum, n})), k->wanted.len);
    } else {
        k->checksum.text =
            s3_base64(a, (str){k->joined, s3_algorithm_bytes(k->checksum.algorithm)});
    }
    str given = build_get_text(k->request, s3_algorithm_member(k->checksum.algorithm));
    if (given.n > 0 && !str_eq(given, k->checksum.text))
        return s3_fail_with(S3_BadDigest, err,
                            "The %s you specified did not match the calculated checksum.",
                            s3_algorithm_name(k->checksum.algorithm));
    return STATUS_OK;
}

static str etag_of(struct completion *k)
{
    const struct s3_self *self = k->c->self;
    struct s3 *s = self->s3;
    char sum[S3_SUM_MAX], hex[2 * S3_MD5_BYTES];
    s3_sum_of(&s->kinds, S3_NO_ALGORITHM, buf_str(&k->md5s), sum);
    s3_hex((str){sum, S3_MD5_BYTES}, hex);
    return arena_printf(k->c->arena, "%.*s-%u", (int)sizeof(hex), hex, k->wanted.len);
}

/* The properties of the object, and the checksum that was chosen at the beginning. */
static enum status read_kept(struct completion *k, str *ret_properties, struct error *err)
{
    struct json_val kept;
    struct s3_properties p;
    if (s3_request(k->c, k->upload.properties, &kept, err) != STATUS_OK ||
        s3_properties_of(kept, k->c->arena, &p, err) != STATUS_OK)
        return s3_fail(S3_InternalError, err);
    str algorithm = build_get_text(kept, "ChecksumAlgorithm");
    k->checksum.algorithm = algorithm.n > 0 ? s3_algorithm_find(algorithm) : S3_NO_ALGORITHM;
    k->checksum.is_composite = str_eq(build_get_text(kept, "ChecksumType"), STR("COMPOSITE"));
    return s3_properties_write(&p, k->c->arena, ret_properties, err);
}

static enum status check_present(struct completion *k, struct store_reader *reader,
                                 struct error *err)
{
    struct store_object present;
    struct s3_conditions conditions = {0};
    if (s3_get_conditions(k->request, "", k->c->arena, &conditions, err) != STATUS_OK)
        return err->status;
    enum status status =
        store_find_object(reader, k->upload.bucket, k->upload.key, k->c->arena, &present, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return err->status;
    return s3_check_writing(&conditions, status == STATUS_OK ? present.etag : (str){NULL, 0}, err);
}

static enum status reply_completion(struct completion *k, str etag, struct buf *reply,
                                    struct error *err)
{
    struct build b;
    str bucket = build_get_text(k->request, "Bucket");
    build_begin(&b, k->c->arena);
    build_text(&b, "Location",
               arena_printf(k->c->arena, "/%.*s/%.*s", STR_ARG(bucket), STR_ARG(k->upload.key)));
    build_text(&b, "Bucket", bucket);
    build_text(&b, "Key", k->upload.key);
    build_put(&b, "ETag", s3_quoted(k->c->arena, etag));
    s3_put_checksum_members(&b, &k->checksum);
    return s3_reply(&b, reply, err);
}

static enum status complete(struct completion *k, struct store_reader *reader, struct buf *reply,
                            struct error *err)
{
    struct store_object o = {.modified_ms = k->c->now_ms};
    if (store_list_parts(reader, k->upload.id, 0, S3_PARTS_MAX, k->c->arena, &k->parts, &k->count,
                         err) != STATUS_OK)
        return err->status;
    if (read_kept(k, &o.properties, err) != STATUS_OK ||
        check_present(k, reader, err) != STATUS_OK || check_order(k->wanted, err) != STATUS_OK ||
        take_parts(k, err) != STATUS_OK || sum_whole(k, err) != STATUS_OK ||
        store_tx_complete_upload(k->tx, k->upload.id, err) != STATUS_OK)
        return err->status;
    o.bucket = k->upload.bucket;
    o.key = k->upload.key;
    o.etag = etag_of(k);
    o.checksum = s3_checksum_print(k->c->arena, &k->checksum);
    o.body = (struct store_body){
        .kind = STORE_BODY_UPLOAD, .id = k->upload.id, .size = k->size, .is_new = true};
    if (store_tx_put_object(k->tx, &o, err) != STATUS_OK)
        return err->status;
    return reply_completion(k, o.etag, reply, err);
}

enum status s3_complete_upload(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct completion k = {.c = c, .tx = tx};
    if (s3_request(c, args, &k.request, err) != STATUS_OK ||
        named_upload(c, reader, k.request, &k.upload, err) != STATUS_OK)
        return err->status;
    k.wanted = json_get(json_get(k.request, STR("MultipartUpload")), STR("Parts"));
    if (k.wanted.tag != JSON_ARRAY || k.wanted.len == 0 || k.wanted.len > S3_PARTS_MAX)
        return s3_fail(S3_MalformedXML, err);
    buf_init(&k.md5s, (size_t)S3_PARTS_MAX * S3_MD5_BYTES);
    buf_init(&k.sums, (size_t)S3_PARTS_MAX * S3_SUM_MAX);
    enum status status = complete(&k, reader, reply, err);
    buf_done(&k.md5s);
    buf_done(&k.sums);
    return status;
}
