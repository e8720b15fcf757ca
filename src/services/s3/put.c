/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting: a body in pieces, summed as it comes. Up to 1 MB it is held and appended to the client's
 * segment at the end; a longer one, and every part of an upload, goes to a file from then on.
 *
 *   small   write … write ─ finish: append ─────────────► unit ─► done
 *   large   write … write ─ finish: a helper syncs ─► unit ─► done
 */
#include "base/check.h"
#include "services/s3/error.h"
#include "services/s3/name.h"
#include "services/s3/s3_internal.h"
#include <stdlib.h>
#include <strings.h>

struct s3_put {
    struct s3_unit unit; /* first: it is found by it */
    struct s3_job job;
    struct s3_client *client;
    struct arena arena;
    struct s3_commit commit;
    struct s3_hash hash;
    struct buf held; /* the body so far, until there is a file */
    struct store_file file;
    bool has_file, has_length, has_md5;
    uint64_t length, size;
    char md5[S3_MD5_BYTES]; /* that was announced */
    str content_sha256, wanted_checksum;
    struct s3_checksum checksum;
    struct error error; /* of the helper */
    s3_put_fn *done;
    void *arg;
};

static void free_put(struct s3_put *p)
{
    if (p->has_file)
        store_file_discard(p->client->s3->store, &p->file);
    s3_hash_end(&p->hash);
    buf_done(&p->held);
    arena_done(&p->arena);
    free(p);
}

void s3_put_abort(struct s3_put *p)
{
    if (p)
        free_put(p);
}

/* ---- beginning ---- */

static enum status check_request(const struct s3_put_request *q, struct error *err)
{
    if (s3_check_bucket_name(q->bucket, err) != STATUS_OK || s3_check_key(q->key, err) != STATUS_OK)
        return err->status;
    if (q->has_length && q->length > S3_PUT_MAX)
        return s3_fail(S3_EntityTooLarge, err);
    if (q->upload_id.p && (q->part_number < 1 || q->part_number > S3_PARTS_MAX))
        return s3_fail_with(S3_InvalidArgument, err,
                            "Part number must be an integer between 1 and 10000, inclusive");
    if (q->checksum.p && q->algorithm == S3_NO_ALGORITHM)
        return s3_fail_with(S3_InvalidRequest, err, "A checksum needs its algorithm.");
    return s3_properties_check(&q->properties, err);
}

static enum status take_digests(struct s3_put *p, const struct s3_put_request *q, struct error *err)
{
    char sum[S3_SUM_MAX];
    size_t n;
    if (q->content_md5.p) {
        if (!s3_base64_decode(q->content_md5, p->md5, sizeof(p->md5), &n) || n != S3_MD5_BYTES)
            return s3_fail(S3_InvalidDigest, err);
        p->has_md5 = true;
    }
    if (q->checksum.p && (!s3_base64_decode(q->checksum, sum, sizeof(sum), &n) ||
                          n != s3_algorithm_bytes(q->algorithm)))
        return s3_fail_with(S3_InvalidRequest, err, "Value for %s header is invalid.",
                            s3_algorithm_header(q->algorithm));
    p->wanted_checksum = q->checksum.p ? arena_dup(&p->arena, q->checksum) : q->checksum;
    p->content_sha256 =
        q->content_sha256.p ? arena_dup(&p->arena, q->content_sha256) : q->content_sha256;
    return STATUS_OK;
}

static str keep(struct arena *a, str s)
{
    return s.p ? arena_dup(a, s) : s;
}

static enum status take_request(struct s3_put *p, const struct s3_put_request *q, struct error *err)
{
    struct arena *a = &p->arena;
    p->commit =
        (struct s3_commit){.bucket = arena_dup(a, q->bucket),
                           .key = arena_dup(a, q->key),
                           .conditions = {.if_match = keep(a, q->conditions.if_match),
                                          .if_none_match = keep(a, q->conditions.if_none_match)},
                           .upload_id = keep(a, q->upload_id),
                           .part_number = q->part_number,
                           .now_ms = q->now_ms};
    p->has_length = q->has_length;
    p->length = q->length;
    p->checksum = (struct s3_checksum){.algorithm = q->algorithm};
    if (take_digests(p, q, err) != STATUS_OK)
        return err->status;
    return s3_properties_write(&q->properties, a, &p->commit.properties, err);
}

static enum status make_file(struct s3_put *p, struct error *err)
{
    if (store_file_create(p->client->s3->store, &p->file, err) != STATUS_OK)
        return s3_fail_inside(err);
    p->has_file = true;
    return STATUS_OK;
}

enum status s3_put_begin(struct s3_client *c, const struct s3_put_request *request,
                         struct s3_put **ret, struct error *err)
{
    if (check_request(request, err) != STATUS_OK)
        return err->status;
    struct s3_put *p = calloc(1, sizeof(*p));
    check(p != NULL);
    p->client = c;
    arena_init(&p->arena, 0);
    buf_init(&p->held, S3_SEGMENT_BODY_MAX);
    unsigned wanted = request->algorithm == S3_NO_ALGORITHM ? 0 : 1u << request->algorithm;
    if (request->content_sha256.p)
        wanted |= 1u << S3_SHA256;
    s3_hash_begin(&p->hash, &c->s3->kinds, wanted);
    bool is_file =
        request->upload_id.p || (request->has_length && request->length > S3_SEGMENT_BODY_MAX);
    if (take_request(p, request, err) != STATUS_OK || (is_file && make_file(p, err) != STATUS_OK)) {
        free_put(p);
        return err->status;
    }
    *ret = p;
    return STATUS_OK;
}

/* ---- the body ---- */

static enum status to_file(struct s3_put *p, str bytes, struct error *err)
{
    if (store_file_write(&p->file, bytes, err) != STATUS_OK)
        return s3_fail_inside(err);
    return STATUS_OK;
}

enum status s3_put_write(struct s3_put *p, str bytes, struct error *err)
{
    uint64_t max = p->has_length ? p->length : S3_PUT_MAX;
    if (bytes.n > max - p->size)
        return s3_fail(p->has_length ? S3_IncompleteBody : S3_EntityTooLarge, err);
    p->size += bytes.n;
    s3_hash_add(&p->hash, bytes);
    if (!p->has_file && p->size > S3_SEGMENT_BODY_MAX) {
        if (make_file(p, err) != STATUS_OK || to_file(p, buf_str(&p->held), err) != STATUS_OK)
            return err->status;
        buf_done(&p->held);
        buf_init(&p->held, 0);
    }
    if (p->has_file)
        return to_file(p, bytes, err);
    if (p->has_length && !buf_reserve(&p->held, (size_t)(p->length - p->held.n)))
        return s3_fail(S3_EntityTooLarge, err);
    buf_add(&p->held, bytes);
    return STATUS_OK;
}

void s3_put_set_checksum(struct s3_put *p, enum s3_algorithm algorithm, str checksum)
{
    if (algorithm == p->checksum.algorithm)
        p->wanted_checksum = arena_dup(&p->arena, checksum);
}

/* ---- finishing ---- */

static enum status check_sums(struct s3_put *p, struct error *err)
{
    char md5[S3_MD5_BYTES], sum[S3_SUM_MAX], hex[2 * S3_SUM_MAX];
    s3_hash_md5(&p->hash, md5);
    if (p->has_length && p->size != p->length)
        return s3_fail(S3_IncompleteBody, err);
    if (p->has_md5 && memcmp(md5, p->md5, sizeof(md5)) != 0)
        return s3_fail(S3_BadDigest, err);
    s3_hex((str){md5, sizeof(md5)}, hex);
    p->commit.etag = arena_dup(&p->arena, (str){hex, 2 * sizeof(md5)});
    if (p->checksum.algorithm != S3_NO_ALGORITHM) {
        size_t n = s3_hash_sum(&p->hash, p->checksum.algorithm, sum);
        p->checksum.text = s3_base64(&p->arena, (str){sum, n});
        if (p->wanted_checksum.p && !str_eq(p->wanted_checksum, p->checksum.text))
            return s3_fail_with(S3_BadDigest, err,
                                "The %s you specified did not match the "
                                "calculated checksum.",
                                s3_algorithm_name(p->checksum.algorithm));
        p->commit.checksum = s3_checksum_print(&p->arena, &p->checksum);
    }
    if (p->content_sha256.p) {
        if (p->checksum.algorithm != S3_SHA256)
            s3_hash_sum(&p->hash, S3_SHA256, sum);
        s3_hex((str){sum, S3_SUM_MAX}, hex);
        if (p->content_sha256.n != sizeof(hex) ||
            strncasecmp(p->content_sha256.p, hex, sizeof(hex)) != 0)
            return s3_fail(S3_XAmzContentSHA256Mismatch, err);
    }
    return STATUS_OK;
}

static enum status run_commit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct s3_put *p = (struct s3_put *)(uintptr_t)args.p;
    return s3_commit(tx, &p->commit, scratch, err);
}

/* The end of a put; free afterwards. */
static void tell(struct s3_put *p, struct error *err)
{
    struct s3_put_result result = {.etag = p->commit.etag, .checksum = p->checksum};
    if (err)
        s3_fail_inside(err);
    p->done(p->arg, err ? NULL : &result, err);
    free_put(p);
}

static void on_unit(struct s3_unit *u)
{
    struct s3_put *p = (struct s3_put *)(void *)u;
    bool is_kept = u->unit.status == STATUS_OK;
    store_unit_done(&u->unit);
    if (!is_kept && !p->commit.is_taken)
        store_body_drop(p->client->s3->store, &p->commit.body);
    if (is_kept)
        p->has_file = false; /* the store's now */
    tell(p, is_kept ? NULL : &u->unit.error);
}

static enum status submit(struct s3_put *p, struct error *err)
{
    p->unit.fn = on_unit;
    p->unit.unit = (struct store_unit){.run = run_commit, .args = {(const char *)p, sizeof(*p)}};
    return s3_unit_submit(p->client, &p->unit, err);
}

static struct s3_put *of_job(struct s3_job *job)
{
    return (struct s3_put *)(void *)((char *)job - offsetof(struct s3_put, job));
}

static void sync_file(struct s3_job *job)
{
    struct s3_put *p = of_job(job);
    p->error.status = STATUS_OK;
    if (store_file_keep(p->client->s3->store, &p->file, &p->error) != STATUS_OK)
        s3_fail_inside(&p->error);
}

static void on_synced(struct s3_job *job)
{
    struct s3_put *p = of_job(job);
    struct error err;
    if (p->error.status != STATUS_OK)
        tell(p, &p->error);
    else if (submit(p, &err) != STATUS_OK)
        tell(p, &err);
}

static enum status append(struct s3_put *p, struct error *err)
{
    struct s3_client *c = p->client;
    struct s3_commit *m = &p->commit;
    if (!c->writer)
        return s3_append(c->s3, m->bucket, m->key, buf_str(&p->held), &m->body, err);
    return store_writer_append(c->writer, m->bucket, m->key, buf_str(&p->held), &m->body, err);
}

static enum status finish_small(struct s3_put *p, struct error *err)
{
    if (p->size > 0 && append(p, err) != STATUS_OK)
        return s3_fail_inside(err);
    buf_done(&p->held);
    buf_init(&p->held, 0);
    if (submit(p, err) == STATUS_OK)
        return STATUS_OK;
    store_body_drop(p->client->s3->store, &p->commit.body);
    return err->status;
}

enum status s3_put_finish(struct s3_put *p, s3_put_fn *done, void *arg, struct error *err)
{
    p->done = done;
    p->arg = arg;
    enum status status = check_sums(p, err);
    if (status == STATUS_OK && !p->has_file)
        status = finish_small(p, err);
    if (status != STATUS_OK) {
        free_put(p);
        return status;
    }
    if (p->has_file) {
        p->commit.body = (struct store_body){
            .kind = STORE_BODY_FILE, .id = p->file.id, .size = p->size, .is_new = true};
        p->job = (struct s3_job){.work = sync_file, .done = on_synced};
        s3_job_start(p->client, &p->job);
    }
    return STATUS_OK;
}
