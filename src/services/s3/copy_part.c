/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UploadPartCopy: a part made of an object or a range of one. Unlike a copy of an object it has a
 * sum of its own, so the bytes are read; a helper does it, a piece at a time.
 */
#include "base/check.h"
#include "services/s3/error.h"
#include "services/s3/s3_internal.h"
#include <stdlib.h>

enum { PIECE_BYTES = 1 << 20 };

struct copying {
    struct s3_job job;
    struct s3_get *get;
    struct s3_put *put;
    struct error error;
    s3_put_fn *done;
    void *arg;
};

static enum status copy_all(struct copying *k, char *piece, struct error *err)
{
    for (size_t n;;) {
        if (s3_get_read(k->get, piece, PIECE_BYTES, &n, err) != STATUS_OK)
            return err->status;
        if (n == 0)
            return STATUS_OK;
        if (s3_put_write(k->put, (str){piece, n}, err) != STATUS_OK)
            return err->status;
    }
}

static void work(struct s3_job *job)
{
    struct copying *k = (struct copying *)(void *)job;
    char *piece = malloc(PIECE_BYTES);
    check(piece != NULL);
    k->error.status = STATUS_OK;
    (void)!copy_all(k, piece, &k->error);
    free(piece);
}

static void on_copied(struct s3_job *job)
{
    struct copying *k = (struct copying *)(void *)job;
    struct error err = k->error;
    s3_get_end(k->get);
    if (err.status != STATUS_OK)
        s3_put_abort(k->put);
    else if (s3_put_finish(k->put, k->done, k->arg, &err) == STATUS_OK)
        err.status = STATUS_OK;
    if (err.status != STATUS_OK)
        k->done(k->arg, NULL, &err);
    free(k);
}

enum status s3_part_copy(struct s3_client *c, const struct s3_put_request *part, str source,
                         const struct s3_conditions *conditions, str range, s3_put_fn *done,
                         void *arg, struct error *err)
{
    struct arena a;
    struct s3_get_request q = {.range = range};
    struct copying *k = calloc(1, sizeof(*k));
    check(k != NULL);
    arena_init(&a, 0);
    k->job = (struct s3_job){.work = work, .done = on_copied};
    k->done = done;
    k->arg = arg;
    enum status status = s3_read_source(source, &a, &q.bucket, &q.key, err);
    if (status == STATUS_OK)
        status = s3_get_begin(c->s3, c->reader, &q, &k->get, err);
    if (status == STATUS_OK)
        status = s3_check_source(conditions, k->get->object.etag, k->get->object.modified_ms, err);
    if (status == STATUS_OK && range.p && !k->get->is_partial)
        status = s3_fail_with(S3_InvalidArgument, err,
                              "The x-amz-copy-source-range value must be of the form "
                              "bytes=first-last where first and last are the zero-based offsets of "
                              "the first and last bytes to copy");
    if (status == STATUS_OK)
        status = s3_put_begin(c, part, &k->put, err);
    arena_done(&a);
    if (status != STATUS_OK) {
        s3_get_end(k->get);
        free(k);
        return status;
    }
    s3_job_start(c, &k->job);
    return STATUS_OK;
}
