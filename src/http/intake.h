/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct http_intake: an answer while it comes in, line by line and piece by piece, within limits.
 * Pure: knows no sockets. A body's memory is its announced length where that can be believed, so
 * that a thousand of them in flight take no more than they have.
 */
#ifndef AFFLUX_HTTP_INTAKE_H
#define AFFLUX_HTTP_INTAKE_H

#include "base/buf.h"
#include "http/message.h"

enum { HTTP_BELIEVED_BYTES = 1 << 20 }; /* taken at once because of an announced length, at most */

struct http_line {
    uint32_t name_at, name_n, value_at, value_n; /* in head */
};

struct http_intake {
    size_t max_header_bytes, max_body_bytes, padding;
    size_t header_bytes; /* seen in all, interim answers included */
    struct buf head;     /* reason, names and values */
    uint32_t reason_n;
    struct http_line *lines;
    size_t line_count, line_cap;
    int status, version;
    bool is_body_next;  /* the head is complete; lines that come now are trailers */
    bool is_encoded;    /* the announced length is that of the compressed body */
    uint64_t announced; /* Content-Length; UINT64_MAX: none */
    char *body;
    size_t body_n, body_cap;
};

void http_intake_init(struct http_intake *in, size_t max_header_bytes, size_t max_body_bytes,
                      size_t padding);
void http_intake_done(struct http_intake *in);

/* A line of the head: status line, header or the empty one, with or without its line end. A new
 * status line starts anew: what came before was interim. STATUS_LIMIT "HttpTooLarge", STATUS_IO
 * "HttpBadAnswer". */
NODISCARD enum status http_intake_line(struct http_intake *in, str line, struct error *err);
/* The next piece of the body, decompressed. STATUS_LIMIT "HttpTooLarge", at the first piece when
 * the announced length is over the limit. */
NODISCARD enum status http_intake_body(struct http_intake *in, str bytes, struct error *err);
/* The finished answer; the intake is as after http_intake_init. */
NODISCARD enum status http_intake_take(struct http_intake *in, struct http_answer **ret_answer,
                                       struct error *err);

#endif
