/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetObject and HeadObject. A short body is read and checked before its head goes out; one that is
 * a single file goes from there to the socket by itself; everything else is read while it is sent,
 * and a body that turns out damaged is cut off.
 */
#include "api/s3_internal.h"
#include "base/check.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_AT_ONCE = 128 << 10 /* bytes */ };

/* ---- headers ---- */

static void add_range(struct api_s3_call *call, const struct s3_get *g, struct api_s3_headers *h)
{
    if (g->is_partial && g->length > 0)
        api_s3_add(h, "Content-Range",
                   arena_printf(&call->arena, "bytes %llu-%llu/%llu", (unsigned long long)g->from,
                                (unsigned long long)(g->from + g->length - 1),
                                (unsigned long long)g->object.body.size));
    if (g->is_partial && g->parts > 0 && api_s3_query(call, "partNumber").p)
        api_s3_add(h, "x-amz-mp-parts-count", arena_printf(&call->arena, "%u", g->parts));
}

/* What the query puts in place of a header of the object. */
static str header_of(struct api_s3_call *call, const struct s3_properties *p, enum s3_header header)
{
    static const char *const overrides[S3_HEADER_COUNT] = {
        [S3_HEADER_CacheControl] = "response-cache-control",
        [S3_HEADER_ContentDisposition] = "response-content-disposition",
        [S3_HEADER_ContentEncoding] = "response-content-encoding",
        [S3_HEADER_ContentLanguage] = "response-content-language",
        [S3_HEADER_ContentType] = "response-content-type",
        [S3_HEADER_Expires] = "response-expires"};
    str value = {NULL, 0};
    if (overrides[header] && call->query.n > 0)
        value = api_s3_query(call, overrides[header]);
    if (!value.p)
        value = p->headers[header];
    if (!value.p && header == S3_HEADER_ContentType)
        value = STR("binary/octet-stream");
    return value;
}

static void add_properties(struct api_s3_call *call, const struct s3_properties *p,
                           struct api_s3_headers *h)
{
    for (enum s3_header i = 0; i < S3_HEADER_COUNT; i++) {
        str value = header_of(call, p, i);
        if (value.p && !(i == S3_HEADER_StorageClass && str_eq(value, STR("STANDARD"))))
            api_s3_add(h, s3_header_name(i), value);
    }
    for (uint32_t i = 0; i < p->metadata_count; i++)
        api_s3_add(h,
                   arena_cstr(&call->arena, arena_printf(&call->arena, "x-amz-meta-%.*s",
                                                         STR_ARG(p->metadata[i].name))),
                   p->metadata[i].value);
}

static void add_checksum(struct api_s3_call *call, const struct s3_get *g, struct api_s3_headers *h)
{
    const struct s3_checksum *c = &g->checksum;
    bool is_wanted = http_name_eq(api_s3_header(call, "x-amz-checksum-mode"), STR("ENABLED"));
    if (!is_wanted || g->is_partial || c->algorithm == S3_NO_ALGORITHM)
        return;
    api_s3_add(h, s3_algorithm_header(c->algorithm), c->text);
    api_s3_add(h, "x-amz-checksum-type", c->is_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

static void make_headers(struct api_s3_call *call, const struct s3_get *g, struct api_s3_headers *h)
{
    struct arena *a = &call->arena;
    char *date = arena_alloc(a, S3_DATE_BYTES);
    s3_date_print(g->object.modified_ms, date);
    api_s3_headers_begin(call, g->properties.metadata_count, h);
    api_s3_add(h, "Last-Modified", (str){date, S3_DATE_BYTES});
    api_s3_add(h, "ETag", arena_printf(a, "\"%.*s\"", STR_ARG(g->object.etag)));
    if (g->is_unmodified)
        return;
    api_s3_add(h, "Accept-Ranges", STR("bytes"));
    add_range(call, g, h);
    add_properties(call, &g->properties, h);
    add_checksum(call, g, h);
}

/* ---- bodies ---- */

static ssize_t read_on(void *arg, uint64_t at, char *out, size_t max)
{
    struct api_s3_call *call = arg;
    struct error err;
    size_t n;
    (void)at;
    if (s3_get_read(call->get, out, max, &n, &err) != STATUS_OK)
        return HTTP_READ_FAILED;
    return n > 0 ? (ssize_t)n : HTTP_READ_END;
}

static enum status read_at_once(struct s3_get *g, struct http_reply *reply, struct error *err)
{
    char *body = malloc((size_t)g->length);
    check(body != NULL);
    for (size_t n, at = 0; at < g->length; at += n) {
        enum status status = s3_get_read(g, body + at, (size_t)g->length - at, &n, err);
        if (status == STATUS_OK && n == 0)
            status = s3_fail(S3_InternalError, err);
        if (status != STATUS_OK) {
            free(body);
            return status;
        }
    }
    reply->body = (str){body, (size_t)g->length};
    reply->is_taken = true;
    return STATUS_OK;
}

/* One file, or a part of one, goes out by sendfile. */
static enum status send_file(struct s3_get *g, struct http_reply *reply, struct error *err)
{
    int fd;
    uint64_t at, n;
    if (s3_get_piece(g, &fd, &at, &n, err) != STATUS_OK)
        return err->status;
    if (n != g->length)
        return s3_fail(S3_InternalError, err);
    reply->file = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (reply->file < 0)
        return s3_fail(S3_SlowDown, err);
    reply->has_file = true;
    reply->offset = at;
    reply->size = n;
    return STATUS_OK;
}

static enum status choose_body(struct api_s3_call *call, bool is_head, struct http_reply *reply,
                               struct error *err)
{
    struct s3_get *g = call->get;
    /* A 304 has no body, and says how long it would have been or nothing (RFC 9110, 8.6). */
    uint64_t length = g->is_unmodified ? g->object.body.size : g->length;
    is_head |= g->is_unmodified;
    if (length == 0)
        return STATUS_OK;
    if (!is_head && g->length <= READ_AT_ONCE)
        return read_at_once(g, reply, err);
    if (!is_head && g->object.body.kind == STORE_BODY_FILE)
        return send_file(g, reply, err);
    reply->read = read_on;
    reply->read_arg = call;
    reply->size = length;
    return STATUS_OK;
}

/* ---- requests ---- */

static enum status check_version(struct api_s3_call *call, struct error *err)
{
    str version = api_s3_query(call, "versionId");
    if (!version.p || str_eq(version, STR("null")))
        return STATUS_OK;
    return s3_fail(S3_NoSuchVersion, err);
}

static enum status read_get(struct api_s3_call *call, struct s3_get_request *q, struct error *err)
{
    int64_t part;
    *q = (struct s3_get_request){.bucket = call->bucket,
                                 .key = call->key,
                                 .range = api_s3_header(call, "Range"),
                                 .is_head = str_eq(call->method, STR("HEAD"))};
    api_s3_conditions(call, "", &q->conditions);
    if (check_version(call, err) != STATUS_OK ||
        api_s3_number(call, "partNumber", 0, &part, err) != STATUS_OK)
        return err->status;
    if (api_s3_query(call, "partNumber").p && (part < 1 || part > 10000))
        return s3_fail_with(S3_InvalidArgument, err,
                            "Part number must be an integer between 1 and 10000, inclusive");
    q->part_number = (uint32_t)part;
    return STATUS_OK;
}

void api_s3_get_begin(struct api_s3_call *call)
{
    struct s3_get_request q;
    struct api_s3_headers h;
    struct error err;
    struct http_reply reply = {.status = 200};
    struct store_reader *r = s3_client_reader(call->s3->client);
    if (read_get(call, &q, &err) != STATUS_OK ||
        s3_get_begin(call->s3->self.s3, r, &q, &call->get, &err) != STATUS_OK ||
        choose_body(call, q.is_head, &reply, &err) != STATUS_OK) {
        api_s3_fail(call, &err);
        return;
    }
    if (call->get->is_unmodified)
        reply.status = 304;
    else if (call->get->is_partial)
        reply.status = 206;
    make_headers(call, call->get, &h);
    api_s3_send(call, &h, &reply);
}
