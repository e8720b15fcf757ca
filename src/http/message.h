/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out over HTTP and what comes back. Plain data; no I/O. */
#ifndef AFFLUX_HTTP_MESSAGE_H
#define AFFLUX_HTTP_MESSAGE_H

#include "base/error.h"
#include "base/str.h"

/* Limits; where http_request has a field of that name, this is its default. */
enum {
    HTTP_METHOD_MAX = 32,                      /* bytes of a method */
    HTTP_URL_MAX = 32 * 1024,                  /* bytes of a URL */
    HTTP_REQUEST_HEADER_BYTES_MAX = 64 * 1024, /* of names and values that go out */
    HTTP_MAX_HEADER_BYTES = 64 * 1024,         /* of status lines and header lines that come back */
    HTTP_MAX_BODY_BYTES = 64 * 1024 * 1024,
    HTTP_TIMEOUT_MS = 60 * 1000,
    HTTP_CONNECT_TIMEOUT_MS = 10 * 1000,
    HTTP_CONNECT_TIMEOUT_MAX_MS = 300 * 1000, /* a longer one is cut to this, libcurl's own */
};

struct http_header {
    str name, value; /* the value without the spaces around it */
};

/* Everything in it is borrowed. Zero fields take the defaults. */
struct http_request {
    str method;                        /* empty: GET */
    str url;                           /* http or https */
    const struct http_header *headers; /* Content-Length and Transfer-Encoding are left out */
    size_t header_count;
    str body;
    bool has_body;               /* an empty one is not the same as none */
    bool is_identity;            /* do not offer compression */
    const char *ca_file;         /* certificates to trust instead of the client's; NULL: those */
    const char *proxy;           /* URL; "": none; NULL: the client's */
    uint32_t timeout_ms;         /* from the start to the last byte of the answer */
    uint32_t connect_timeout_ms; /* until the connection stands, names and TLS included */
    size_t max_header_bytes;
    size_t max_body_bytes; /* as handed over: decompressed */
};

/* Any answer, whatever its status. Owned by who gets it. */
struct http_answer {
    int status;                        /* 100 to 999 */
    int version;                       /* 10, 11, 20, 30 */
    str reason;                        /* the phrase behind the status; empty with HTTP/2 */
    const struct http_header *headers; /* in order, repeated ones too, trailers not */
    size_t header_count;
    char *body; /* decompressed, malloc'ed, followed by the client's padding bytes; never NULL */
    size_t body_size;
};

/* NULL is fine. */
void http_answer_free(struct http_answer *answer);
/* The body becomes the caller's, to be freed. The answer has none afterwards. */
char *http_answer_take_body(struct http_answer *answer, size_t *ret_size);
/* The value of the first header of that name, in any case of letters; p is NULL when there is
 * none. */
str http_answer_header(const struct http_answer *answer, str name);

/* Is the request one that can be sent? STATUS_INVALID "HttpInvalid" or STATUS_LIMIT "HttpTooLarge"
 * otherwise. Names and values cannot smuggle lines in. */
NODISCARD enum status http_request_check(const struct http_request *request, struct error *err);

/* A copy in one block, to be freed; the body is still borrowed. */
struct http_request *http_request_dup(const struct http_request *request);

/* Do the names mean the same header? */
bool http_name_eq(str a, str b);

#endif
