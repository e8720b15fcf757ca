/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting: the row of an object, then its bytes piece by piece. A body is one record, one file, or
 * the files of an upload's parts, of which one is open at a time.
 *
 * Between the reading of a row and the opening of its record the collector may have moved it: then
 * the row is read again.
 */
#include "base/check.h"
#include "base/crc.h"
#include "services/s3/error.h"
#include "services/s3/name.h"
#include "services/s3/s3_internal.h"
#include <stdlib.h>

enum { ATTEMPTS = 5 };

struct stretch {
    uint64_t size;
    int64_t file;
};

struct getting {
    struct s3_get get; /* first: it is what callers see */
    struct s3 *s3;
    struct arena arena;
    struct stretch *stretches; /* the parts; of other bodies the whole is one */
    uint32_t count;
    uint32_t open_at; /* the one to read from, */
    bool is_open;     /* which piece is then */
    struct store_piece piece;
    uint64_t at;    /* where the next byte lies in it */
    uint64_t left;  /* to be read */
    uint32_t sum;   /* of what was read of a record */
    bool is_summed; /* it is read from its beginning */
};

static struct getting *of(struct s3_get *get)
{
    return (struct getting *)(void *)get;
}

void s3_get_end(struct s3_get *get)
{
    if (!get)
        return;
    struct getting *g = of(get);
    if (g->is_open)
        store_piece_close(g->s3->store, &g->piece);
    arena_done(&g->arena);
    free(g);
}

/* ---- beginning ---- */

static enum status list_parts(struct getting *g, struct store_reader *r, struct error *err)
{
    struct store_part *parts;
    if (store_list_parts(r, g->get.object.body.id, 0, S3_PARTS_MAX, &g->arena, &parts, &g->count,
                         err) != STATUS_OK)
        return s3_fail_inside(err);
    g->stretches = arena_alloc(&g->arena, (g->count + 1) * sizeof(*g->stretches));
    for (uint32_t i = 0; i < g->count; i++)
        g->stretches[i] = (struct stretch){parts[i].size, parts[i].file};
    g->get.parts = g->count;
    return STATUS_OK;
}

static enum status list_stretches(struct getting *g, struct store_reader *r, struct error *err)
{
    const struct store_body *b = &g->get.object.body;
    if (b->kind == STORE_BODY_UPLOAD)
        return list_parts(g, r, err);
    g->stretches = arena_alloc(&g->arena, sizeof(*g->stretches));
    g->stretches[0] = (struct stretch){b->size, b->id};
    g->count = 1;
    return STATUS_OK;
}

static enum status take_part(struct getting *g, uint32_t number, struct error *err)
{
    if (number > g->count || (g->get.parts == 0 && number > 1))
        return s3_fail(S3_InvalidPartNumber, err);
    for (uint32_t i = 0; i + 1 < number; i++)
        g->get.from += g->stretches[i].size;
    g->get.length = g->stretches[number - 1].size;
    g->get.is_partial = true;
    return STATUS_OK;
}

static enum status take_range(struct getting *g, const struct s3_get_request *q, struct error *err)
{
    struct s3_get *get = &g->get;
    struct s3_range range;
    if (q->part_number != 0) {
        if (q->range.p)
            return s3_fail_with(S3_InvalidRequest, err,
                                "Cannot specify both Range header and partNumber query parameter");
        return take_part(g, q->part_number, err);
    }
    if (s3_range_read(q->range, get->object.body.size, &range, err) != STATUS_OK)
        return err->status;
    get->from = range.from;
    get->length = range.n;
    get->is_partial = !range.is_whole;
    return STATUS_OK;
}

static enum status open_stretch(struct getting *g, uint32_t i, struct error *err)
{
    struct store_body b = g->get.object.body;
    if (b.kind == STORE_BODY_UPLOAD)
        b = (struct store_body){.kind = STORE_BODY_FILE, .id = g->stretches[i].file};
    b.size = g->stretches[i].size;
    if (store_piece_open(g->s3->store, &b, &g->piece, err) != STATUS_OK)
        return err->status;
    g->is_open = true;
    g->open_at = i;
    g->at = 0;
    return STATUS_OK;
}

/* Opens the stretch in which the first byte lies, so that a body that is gone is found out now. */
static enum status open_first(struct getting *g, struct error *err)
{
    s3_get_seek(&g->get, 0);
    uint64_t at = g->at;
    if (g->left == 0)
        return STATUS_OK;
    enum status status = open_stretch(g, g->open_at, err);
    g->at = at;
    return status;
}

static enum status find(struct getting *g, struct store_reader *r, const struct s3_get_request *q,
                        struct error *err)
{
    struct store_bucket bucket;
    struct s3_get *get = &g->get;
    if (s3_find_bucket(r, q->bucket, &g->arena, &bucket, err) != STATUS_OK ||
        s3_find_object(r, bucket.id, q->key, &g->arena, &get->object, err) != STATUS_OK ||
        s3_check_reading(&q->conditions, get->object.etag, get->object.modified_ms,
                         &get->is_unmodified, err) != STATUS_OK ||
        s3_properties_read(get->object.properties, &g->arena, &get->properties, err) != STATUS_OK)
        return err->status;
    s3_checksum_read(get->object.checksum, &get->checksum);
    return STATUS_OK;
}

/* One attempt; STATUS_NOT_FOUND with the store's name when the body was moved meanwhile. */
static enum status begin(struct s3 *s, struct store_reader *r, const struct s3_get_request *q,
                         struct getting **ret, struct error *err)
{
    struct getting *g = calloc(1, sizeof(*g));
    check(g != NULL);
    g->s3 = s;
    arena_init(&g->arena, 0);
    enum status status = find(g, r, q, err);
    if (status == STATUS_OK && !g->get.is_unmodified) {
        status = list_stretches(g, r, err);
        if (status == STATUS_OK)
            status = take_range(g, q, err);
        if (status == STATUS_OK && !q->is_head)
            status = open_first(g, err);
    }
    if (status == STATUS_OK)
        *ret = g;
    else
        s3_get_end(&g->get);
    return status;
}

enum status s3_get_begin(struct s3 *s, struct store_reader *r, const struct s3_get_request *request,
                         struct s3_get **ret, struct error *err)
{
    struct getting *g = NULL;
    if (s3_check_bucket_name(request->bucket, err) != STATUS_OK ||
        s3_check_key(request->key, err) != STATUS_OK)
        return err->status;
    enum status status = STATUS_NOT_FOUND;
    for (int i = 0; i < ATTEMPTS; i++) {
        status = begin(s, r, request, &g, err);
        if (status != STATUS_NOT_FOUND || strcmp(err->name, "StoreNotFound") != 0)
            break;
    }
    if (status != STATUS_OK)
        return s3_fail_inside(err);
    *ret = &g->get;
    return STATUS_OK;
}

/* ---- reading ---- */

void s3_get_seek(struct s3_get *get, uint64_t offset)
{
    struct getting *g = of(get);
    uint64_t skip = get->from + offset;
    uint32_t i = 0;
    check(offset <= get->length);
    while (i + 1 < g->count && skip >= g->stretches[i].size)
        skip -= g->stretches[i++].size;
    if (g->is_open && i != g->open_at) {
        store_piece_close(g->s3->store, &g->piece);
        g->is_open = false;
    }
    g->open_at = i;
    g->at = skip;
    g->left = get->length - offset;
    g->sum = 0;
    g->is_summed = skip == 0 && get->object.body.kind == STORE_BODY_SEGMENT &&
                   g->left == get->object.body.size;
}

/* Goes to the next stretch when the present one is used up. */
static enum status step(struct getting *g, struct error *err)
{
    while (g->at == g->stretches[g->open_at].size) {
        uint32_t next = g->open_at + 1;
        store_piece_close(g->s3->store, &g->piece);
        g->is_open = false;
        if (next >= g->count)
            return s3_fail(S3_InternalError, err);
        if (open_stretch(g, next, err) != STATUS_OK)
            return s3_fail_inside(err);
    }
    return STATUS_OK;
}

static enum status prepare(struct getting *g, struct error *err)
{
    uint64_t at = g->at;
    if (!g->is_open && open_stretch(g, g->open_at, err) != STATUS_OK)
        return s3_fail_inside(err);
    g->at = at;
    return step(g, err);
}

static uint64_t here(const struct getting *g)
{
    uint64_t rest = g->stretches[g->open_at].size - g->at;
    return rest < g->left ? rest : g->left;
}

enum status s3_get_read(struct s3_get *get, char *out, size_t n, size_t *ret_n, struct error *err)
{
    struct getting *g = of(get);
    *ret_n = 0;
    if (g->left == 0)
        return STATUS_OK;
    if (prepare(g, err) != STATUS_OK)
        return err->status;
    if (n > here(g))
        n = (size_t)here(g);
    if (store_piece_read(&g->piece, g->at, out, n, err) != STATUS_OK)
        return s3_fail_inside(err);
    g->at += n;
    g->left -= n;
    if (g->is_summed) {
        g->sum = crc32c_sum(g->sum, (str){out, n});
        if (g->left == 0 && g->sum != g->piece.sum)
            return s3_fail(S3_InternalError, err);
    }
    *ret_n = n;
    return STATUS_OK;
}

enum status s3_get_piece(struct s3_get *get, int *ret_fd, uint64_t *ret_at, uint64_t *ret_n,
                         struct error *err)
{
    struct getting *g = of(get);
    *ret_n = 0;
    if (g->left == 0)
        return STATUS_OK;
    if (prepare(g, err) != STATUS_OK)
        return err->status;
    *ret_n = here(g);
    *ret_fd = g->piece.fd;
    *ret_at = g->piece.at + g->at;
    g->at += *ret_n;
    g->left -= *ret_n;
    g->is_summed = false;
    return STATUS_OK;
}
