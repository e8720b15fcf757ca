/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies in the form aws-chunked: pieces with their lengths, each signed or not, and trailers
 * behind the last one ("Signature Calculations: Transferring Payload in Multiple Chunks").
 * Signatures are passed over: who wrote the request is decided elsewhere. Pure; takes the bytes as
 * they come and hands out slices of them.
 *
 *   10;chunk-signature=…\r\n sixteen bytes \r\n 0\r\n x-amz-checksum-crc32:…\r\n \r\n
 */
#ifndef AFFLUX_SERVICES_S3_CHUNKED_H
#define AFFLUX_SERVICES_S3_CHUNKED_H

#include "base/error.h"
#include "base/str.h"

enum {
    S3_CHUNK_LINE_MAX = 1024, /* bytes of a line: length and signature, or a trailer */
    S3_TRAILERS_MAX = 8,
    S3_TRAILER_BYTES = 2048 /* of all of them */
};

enum s3_chunked_state {
    S3_CHUNKED_SIZE,
    S3_CHUNKED_DATA,
    S3_CHUNKED_DATA_END,
    S3_CHUNKED_TRAILER,
    S3_CHUNKED_END
};

struct s3_trailer {
    str name, value; /* in the decoder; the name in lower case */
};

struct s3_chunked {
    enum s3_chunked_state state;
    uint64_t left;    /* of the present piece */
    uint64_t decoded; /* bytes handed out */
    char line[S3_CHUNK_LINE_MAX];
    size_t line_n;
    struct s3_trailer trailers[S3_TRAILERS_MAX];
    uint32_t trailer_count;
    char kept[S3_TRAILER_BYTES];
    size_t kept_n;
};

void s3_chunked_init(struct s3_chunked *c);
/* Takes bytes from the front of *in until there is a slice of the body, which is empty when *in was
 * used up. Behind the end nothing may come. IncompleteBody: it is no such body. */
NODISCARD enum status s3_chunked_next(struct s3_chunked *c, str *in, str *ret, struct error *err);
/* Nothing comes any more. IncompleteBody unless the end was seen. */
NODISCARD enum status s3_chunked_finish(const struct s3_chunked *c, struct error *err);
/* p NULL: there is none. */
str s3_chunked_trailer(const struct s3_chunked *c, str name);

#endif
