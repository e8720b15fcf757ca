/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of S3's REST: the ids of the request on each of them, errors as XML. To HEAD the server
 * below sends no bodies. */
#include "api/s3_internal.h"
#include "base/check.h"
#include "services/s3/xml.h"

enum { ERROR_MAX = 64 << 10 };

void api_s3_headers_begin(struct api_s3_call *call, size_t more, struct api_s3_headers *ret)
{
    ret->room = API_S3_HEADERS + more;
    ret->count = 0;
    ret->rows = arena_alloc(&call->arena, ret->room * sizeof(*ret->rows));
    api_s3_add(ret, "x-amz-request-id", str_of(call->id));
    api_s3_add(ret, "x-amz-id-2", str_of(call->long_id));
}

void api_s3_add(struct api_s3_headers *h, const char *name, str value)
{
    check(h->count < h->room);
    h->rows[h->count++] = (struct http_header){str_of(name), value};
}

void api_s3_send(struct api_s3_call *call, const struct api_s3_headers *h, struct http_reply *reply)
{
    check(call->x != NULL);
    reply->headers = h->rows;
    reply->header_count = h->count;
    http_exchange_answer(call->x, reply);
}

void api_s3_send_xml(struct api_s3_call *call, int status, const struct api_s3_headers *h,
                     struct buf *body)
{
    struct http_reply reply = {.status = status, .is_taken = true};
    reply.body.p = buf_take(body, &reply.body.n);
    struct api_s3_headers all = *h;
    if (reply.body.n > 0)
        api_s3_add(&all, "Content-Type", STR("application/xml"));
    api_s3_send(call, &all, &reply);
}

void api_s3_fail(struct api_s3_call *call, struct error *err)
{
    struct api_s3_headers headers;
    struct buf body;
    call->is_busy = false;
    if (!call->x) {
        api_s3_settle(call);
        return;
    }
    (void)!s3_fail_inside(err);
    buf_init(&body, ERROR_MAX);
    s3_xml_error(&body, &(struct s3_xml_failure){.code = str_of(err->name),
                                                 .message = str_of(err->message),
                                                 .resource = call->resource,
                                                 .request_id = str_of(call->id),
                                                 .host_id = str_of(call->long_id)});
    api_s3_headers_begin(call, 0, &headers);
    if (s3_error_http(str_of(err->name)) == 405)
        api_s3_add(&headers, "Allow",
                   call->key.n > 0 ? STR("GET, HEAD, PUT, POST, DELETE")
                                   : STR("GET, HEAD, PUT, DELETE"));
    api_s3_send_xml(call, s3_error_http(str_of(err->name)), &headers, &body);
}
