/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies as values of JSON: PutObject, UploadPart, GetObject and HeadObject of workflows. The body
 * of a put is written on the caller's thread, before the unit; a longer one than a record may be is
 * synced there too, as a task that carries so much in a value is slow anyway.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "services/s3/operations.h"

enum { TEXT_MAX = STORE_ROW_MAX /* bytes of a body as a value */ };

/* ---- putting ---- */

/* Between the parts of a put: the struct itself travels, as it lies in the call's arena. The bytes
 * stay for a unit that is run again, since its group failed: what that had appended is given up. */
struct value_put {
    struct s3_commit commit;
    str bytes;
};

static struct s3 *of_call(const struct service_call *c)
{
    const struct s3_self *self = c->self;
    return self->s3;
}

/* Properties of a put that carries a value. */
static enum status value_properties(struct json_val request, struct arena *a, str *ret,
                                    struct error *err)
{
    struct s3_properties p;
    if (s3_properties_of(request, a, &p, err) != STATUS_OK ||
        s3_properties_check(&p, err) != STATUS_OK)
        return err->status;
    if (!p.headers[S3_HEADER_ContentType].p)
        p.headers[S3_HEADER_ContentType] = STR("text/plain; charset=UTF-8");
    return s3_properties_write(&p, a, ret, err);
}

static enum status take_put(const struct service_call *c, struct json_val request,
                            struct s3_commit *ret, struct error *err)
{
    int64_t number;
    str bucket, key;
    struct s3_conditions conditions = {0};
    *ret = (struct s3_commit){.now_ms = c->now_ms};
    if (s3_get_names(request, &bucket, &key, err) != STATUS_OK ||
        s3_get_conditions(request, "", c->arena, &conditions, err) != STATUS_OK ||
        s3_get_text(request, "UploadId", &ret->upload_id, err) != STATUS_OK ||
        s3_get_number(request, "PartNumber", 1, &number, err) != STATUS_OK)
        return err->status;
    if (ret->upload_id.p && (number < 1 || number > S3_PARTS_MAX))
        return s3_fail_with(S3_InvalidArgument, err,
                            "Part number must be an integer between 1 and 10000, inclusive");
    ret->bucket = arena_dup(c->arena, bucket);
    ret->key = arena_dup(c->arena, key);
    ret->upload_id = ret->upload_id.p ? arena_dup(c->arena, ret->upload_id) : ret->upload_id;
    ret->part_number = (uint32_t)number;
    ret->conditions.if_match =
        conditions.if_match.p ? arena_dup(c->arena, conditions.if_match) : conditions.if_match;
    ret->conditions.if_none_match = conditions.if_none_match.p
                                        ? arena_dup(c->arena, conditions.if_none_match)
                                        : conditions.if_none_match;
    return value_properties(request, c->arena, &ret->properties, err);
}

/* As the SDK does: MD5 and, unless the request names another one, CRC-32. */
static enum status sum_body(struct s3 *s, struct arena *a, struct json_val request, str bytes,
                            struct s3_commit *commit, struct error *err)
{
    char sum[S3_SUM_MAX], hex[2 * S3_MD5_BYTES];
    str name;
    if (s3_get_text(request, "ChecksumAlgorithm", &name, err) != STATUS_OK)
        return err->status;
    struct s3_checksum checksum = {.algorithm = name.p ? s3_algorithm_find(name) : S3_CRC32};
    if (checksum.algorithm == S3_NO_ALGORITHM)
        return s3_fail_with(S3_InvalidRequest, err, "Checksum algorithm provided is unsupported.");
    struct s3_hash h;
    s3_hash_begin(&h, &s->kinds, 1u << checksum.algorithm);
    s3_hash_add(&h, bytes);
    checksum.text = s3_base64(a, (str){sum, s3_hash_sum(&h, checksum.algorithm, sum)});
    commit->checksum = s3_checksum_print(a, &checksum);
    s3_hash_md5(&h, sum);
    s3_hash_end(&h);
    s3_hex((str){sum, S3_MD5_BYTES}, hex);
    commit->etag = arena_dup(a, (str){hex, sizeof(hex)});
    return STATUS_OK;
}

static enum status keep_in_file(struct s3 *s, str bytes, struct store_body *ret, struct error *err)
{
    struct store_file f;
    if (store_file_create(s->store, &f, err) != STATUS_OK)
        return err->status;
    if (store_file_write(&f, bytes, err) != STATUS_OK ||
        store_file_keep(s->store, &f, err) != STATUS_OK) {
        store_file_discard(s->store, &f);
        return err->status;
    }
    *ret =
        (struct store_body){.kind = STORE_BODY_FILE, .id = f.id, .size = bytes.n, .is_new = true};
    return STATUS_OK;
}

static enum status keep_body(struct s3 *s, str bytes, struct s3_commit *commit, struct error *err)
{
    if (commit->upload_id.p || bytes.n > STORE_RECORD_MAX)
        return keep_in_file(s, bytes, &commit->body, err);
    if (bytes.n == 0)
        return STATUS_OK;
    return s3_append(s, commit->bucket, commit->key, bytes, &commit->body, err);
}

enum status s3_prepare_put(const struct service_call *c, struct json_val request, str *ret_args,
                           struct error *err)
{
    struct s3 *s = of_call(c);
    struct value_put *p = arena_zalloc(c->arena, sizeof(*p));
    struct json_val body = json_get(request, STR("Body"));
    struct buf text;
    if (take_put(c, request, &p->commit, err) != STATUS_OK)
        return err->status;
    buf_init(&text, TEXT_MAX);
    enum status status = STATUS_OK;
    if (body.tag != JSON_UNDEFINED && json_write(&text, body, 0, err) != STATUS_OK)
        status = s3_fail(S3_EntityTooLarge, err);
    if (status == STATUS_OK)
        status = sum_body(s, c->arena, request, buf_str(&text), &p->commit, err);
    if (status == STATUS_OK)
        status = keep_body(s, buf_str(&text), &p->commit, err);
    if (status == STATUS_OK) {
        p->bytes = arena_dup(c->arena, buf_str(&text));
        *ret_args = (str){(const char *)p, sizeof(*p)};
    }
    buf_done(&text);
    return status;
}

/* The unit refused: nobody will refer to the body. Of a failure of the disk it is kept, as the unit
 * may come again. */
static void give_up(struct s3 *s, struct s3_commit *commit, const struct error *err)
{
    struct store_file f = {.id = commit->body.id, .fd = -1};
    if (str_starts(str_of(err->name), STR("Store")))
        return;
    if (commit->body.kind == STORE_BODY_FILE)
        store_file_discard(s->store, &f);
    else if (!commit->is_taken)
        store_body_drop(s->store, &commit->body);
}

enum status s3_put_value(const struct service_call *c, struct store_reader *reader,
                         struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct s3 *s = of_call(c);
    struct value_put *p = (struct value_put *)(uintptr_t)args.p;
    struct s3_commit *commit = &p->commit;
    struct s3_checksum checksum;
    struct build b;
    (void)reader;
    bool is_again = commit->is_taken && commit->body.kind == STORE_BODY_SEGMENT;
    if (is_again && keep_body(s, p->bytes, commit, err) != STATUS_OK)
        return err->status;
    commit->is_taken = false;
    if (s3_commit(tx, commit, c->arena, err) != STATUS_OK) {
        give_up(s, commit, err);
        return err->status;
    }
    s3_checksum_read(commit->checksum, &checksum);
    build_begin(&b, c->arena);
    build_put(&b, "ETag", s3_quoted(c->arena, commit->etag));
    s3_put_checksum_members(&b, &checksum);
    return s3_reply(&b, reply, err);
}

/* ---- getting ---- */

static void put_properties(struct build *b, struct arena *a, const struct s3_get *get)
{
    const struct s3_properties *p = &get->properties;
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        build_text(b, s3_header_member(h), p->headers[h]);
    if (!p->headers[S3_HEADER_ContentType].p)
        build_text(b, "ContentType", STR("binary/octet-stream"));
    struct build metadata;
    build_begin(&metadata, a);
    for (uint32_t i = 0; i < p->metadata_count; i++)
        json_obj_put(&metadata.object, p->metadata[i].name, 0,
                     json_string(p->metadata[i].value, 0));
    build_put(b, "Metadata", build_end(&metadata));
}

static void put_facts(struct build *b, struct arena *a, const struct s3_get *get)
{
    build_text(b, "AcceptRanges", STR("bytes"));
    build_put(b, "ContentLength", json_num((double)get->length));
    build_put(b, "ETag", s3_quoted(a, get->object.etag));
    build_put(b, "LastModified", s3_time_value(a, get->object.modified_ms));
    if (get->is_partial && get->length > 0)
        build_text(b, "ContentRange",
                   arena_printf(a, "bytes %llu-%llu/%llu", (unsigned long long)get->from,
                                (unsigned long long)(get->from + get->length - 1),
                                (unsigned long long)get->object.body.size));
    if (get->parts > 0 && get->is_partial)
        build_put(b, "PartsCount", json_num(get->parts));
    put_properties(b, a, get);
}

/* Bytes that are no UTF-8 become U+FFFD each. */
static void add_as_text(struct buf *out, str bytes)
{
    while (bytes.n > 0) {
        size_t good = utf8_check(bytes);
        buf_add(out, str_sub(bytes, 0, good));
        if (good < bytes.n)
            buf_add(out, STR("\xEF\xBF\xBD"));
        bytes = str_sub(bytes, good + 1, bytes.n);
    }
}

static enum status read_text(struct s3_get *get, struct arena *a, struct json_val *ret,
                             struct error *err)
{
    if (get->length > TEXT_MAX)
        return s3_fail_with(S3_EntityTooLarge, err,
                            "The object is too large to be a value: %llu bytes.",
                            (unsigned long long)get->length);
    char *p = arena_alloc(a, get->length ? (size_t)get->length : 1);
    size_t n = 0, got = 1;
    while (got > 0) {
        if (s3_get_read(get, p + n, (size_t)get->length - n, &got, err) != STATUS_OK)
            return err->status;
        n += got;
    }
    str text = {p, n};
    if (utf8_check(text) != text.n) {
        struct buf fixed;
        buf_init(&fixed, (size_t)3 * TEXT_MAX);
        add_as_text(&fixed, text);
        text = arena_dup(a, buf_str(&fixed));
        buf_done(&fixed);
    }
    *ret = json_string(text, 0);
    return STATUS_OK;
}

static enum status begin_get(const struct service_call *c, struct store_reader *reader, str args,
                             bool is_head, struct s3_get **ret, struct error *err)
{
    struct json_val request;
    int64_t part;
    struct s3_get_request q = {.is_head = is_head};
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_names(request, &q.bucket, &q.key, err) != STATUS_OK ||
        s3_get_text(request, "Range", &q.range, err) != STATUS_OK ||
        s3_get_number(request, "PartNumber", 0, &part, err) != STATUS_OK ||
        s3_get_conditions(request, "", c->arena, &q.conditions, err) != STATUS_OK)
        return err->status;
    q.part_number = (uint32_t)part;
    if (s3_get_begin(of_call(c), reader, &q, ret, err) != STATUS_OK)
        return err->status;
    if (!(*ret)->is_unmodified)
        return STATUS_OK;
    s3_get_end(*ret); /* a task has no other place for a 304 */
    return s3_fail_with(S3_PreconditionFailed, err, "Not Modified");
}

enum status s3_get_object_text(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct s3_get *get;
    struct json_val body;
    struct build b;
    (void)tx;
    if (begin_get(c, reader, args, false, &get, err) != STATUS_OK)
        return err->status;
    enum status status = read_text(get, c->arena, &body, err);
    if (status == STATUS_OK) {
        build_begin(&b, c->arena);
        put_facts(&b, c->arena, get);
        build_put(&b, "Body", body);
        status = s3_reply(&b, reply, err);
    }
    s3_get_end(get);
    return status;
}

enum status s3_head_object(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct s3_get *get;
    struct json_val request;
    struct build b;
    str mode;
    (void)tx;
    if (s3_request(c, args, &request, err) != STATUS_OK ||
        s3_get_text(request, "ChecksumMode", &mode, err) != STATUS_OK ||
        begin_get(c, reader, args, true, &get, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    put_facts(&b, c->arena, get);
    if (str_eq(mode, STR("ENABLED")))
        s3_put_checksum_members(&b, &get->checksum);
    enum status status = s3_reply(&b, reply, err);
    s3_get_end(get);
    return status;
}
