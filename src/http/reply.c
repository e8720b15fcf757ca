/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: from struct http_reply to what libmicrohttpd sends. When it is sent is decided in
 * exchange.c. */
#include "base/check.h"
#include "http/server_internal.h"
#include <stdlib.h>
#include <unistd.h>

enum { REPLY_BLOCK = 64 << 10 }; /* bytes asked of a reading function at a time */

static ssize_t reply_read(void *cls, uint64_t at, char *out, size_t max)
{
    struct http_exchange *x = cls;
    if (x->request.is_aborted)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    ssize_t n = x->request.read(x->request.read_arg, at, out, max);
    if (n > 0)
        return n;
    if (n == HTTP_READ_WAIT) {
        x->request.is_suspended = true;
        x->server->figures.waiting++;
        MHD_suspend_connection(x->connection);
        patience_set(x);
        return 0;
    }
    return n == HTTP_READ_END ? MHD_CONTENT_READER_END_OF_STREAM
                              : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *reply_bytes(const struct http_reply *r)
{
    void *bytes = (void *)(uintptr_t)r->body.p; /* libmicrohttpd's type; it does not write there */
    return MHD_create_response_from_buffer(
        r->body.n, bytes, r->is_taken ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *reply_file(const struct http_reply *r)
{
    if (r->size > 0)
        return MHD_create_response_from_fd_at_offset64(r->size, r->file, r->offset);
    close(r->file);
    return reply_bytes(&(struct http_reply){.body = {"", 0}});
}

static void reply_drop(const struct http_reply *r)
{
    if (r->has_file)
        close(r->file);
    else if (r->is_taken)
        free((void *)(uintptr_t)r->body.p);
}

static void reply_add_headers(struct MHD_Response *response, const struct http_reply *r,
                              struct arena *a)
{
    struct arena_mark mark = arena_mark(a);
    for (size_t i = 0; i < r->header_count; i++) {
        const struct http_header *h = &r->headers[i];
        /* One that is not valid is left out: it cannot smuggle lines in. */
        (void)MHD_add_response_header(response, arena_cstr(a, h->name), arena_cstr(a, h->value));
    }
    if (r->is_closing)
        (void)MHD_add_response_header(response, "Connection", "close");
    arena_release(a, mark);
}

void http_exchange_answer(struct http_exchange *x, const struct http_reply *reply)
{
    struct MHD_Response *response;
    if (x->request.response != NULL || x->request.is_aborted) {
        reply_drop(reply);
        return;
    }
    if (reply->read != NULL) {
        uint64_t size = reply->size == HTTP_SIZE_UNKNOWN ? MHD_SIZE_UNKNOWN : reply->size;
        response = MHD_create_response_from_callback(size, REPLY_BLOCK, reply_read, x, NULL);
        x->request.read = reply->read;
        x->request.read_arg = reply->read_arg;
    } else {
        response = reply->has_file ? reply_file(reply) : reply_bytes(reply);
    }
    check(response != NULL); /* out of memory */
    reply_add_headers(response, reply, &x->arena);
    if (x->server->is_closing && !reply->is_closing)
        (void)MHD_add_response_header(response, "Connection", "close");
    x->request.response = response;
    x->request.status = reply->status;
    exchange_wake(x);
}

void exchange_refuse(struct http_exchange *x, enum http_refusal why)
{
    struct http_server *s = x->server;
    s->figures.refused++;
    if (s->options.refuse != NULL)
        s->options.refuse(s->options.arg, x, why);
    if (x->request.response == NULL)
        http_exchange_answer(x, &(struct http_reply){.status = http_refusal_status(why)});
}
