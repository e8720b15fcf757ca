/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task arn:aws:states:::http:invoke as a computation: from its arguments and an opened
 * connection to the request, from the answer to the result or the failure. No socket here; the way
 * to one is services/http_task.h.
 *
 * How the two meet (recorded on AWS): a parameter of the connection overrides the task's one of
 * exactly the same key. A header whose name differs only in case goes out beside it, the
 * connection's first. Body parameters join an object as members; with any other body the task
 * fails.
 *
 * is_strict keeps AWS's limits: https only, 256 KiB of answer, the list of forbidden headers as AWS
 * has it. Otherwise plain http, larger bodies, and headers Range and If-… of the task are fine.
 */
#ifndef AFFLUX_SERVICES_HTTP_INVOKE_H
#define AFFLUX_SERVICES_HTTP_INVOKE_H

#include "base/buf.h"
#include "http/message.h"
#include "json/doc.h"
#include "services/connection_auth.h"

enum {
    HTTP_INVOKE_STRICT_BYTES = 262144, /* of an answer's body */
    HTTP_INVOKE_STRICT_MS = 60000,     /* of a call */
    HTTP_INVOKE_MAX_HEADERS = 256,     /* of a request; half of them the task's */
    HTTP_INVOKE_MAX_URL = 32 << 10,
};
#define HTTP_INVOKE_MAX_REQUEST ((size_t)64 << 20) /* bytes of body */
#define HTTP_INVOKE_MAX_ANSWER ((size_t)64 << 20)  /* bytes of body, when nothing else is said */

struct http_invoke_options {
    str region; /* in the User-Agent */
    bool is_strict;
    bool has_trace; /* requests are also kept without secrets, for http_invoke_trace_request */
    size_t max_answer_bytes; /* of a body; 0: HTTP_INVOKE_MAX_ANSWER. Strict: at most AWS's */
};

/* The largest body of an answer that these options take. */
size_t http_invoke_answer_max(const struct http_invoke_options *o);

/* ---- the task's side ---- */

enum http_invoke_array {
    HTTP_ARRAY_INDICES,
    HTTP_ARRAY_REPEAT,
    HTTP_ARRAY_COMMAS,
    HTTP_ARRAY_BRACKETS
};

/* Arguments that were checked; they and `arguments` live as long as each other. */
struct http_invoke_call {
    str endpoint, method, connection_arn;
    struct json_val headers; /* object or undefined */
    struct json_val query;   /* object, string or undefined */
    struct json_val body;    /* undefined: none */
    bool is_form;            /* URL_ENCODED */
    enum http_invoke_array array_format;
};

/* False: the task fails as ret_failure says (States.Runtime). */
bool http_invoke_read(struct arena *arena, const struct http_invoke_options *o,
                      struct json_val arguments, struct http_invoke_call *ret,
                      struct service_failure *ret_failure);

/* ---- the request ---- */

struct http_invoke_header {
    str name, value;
    bool is_secret;  /* the connection's */
    bool is_default; /* added at the end, not told in traces: Content-Type */
};

struct http_invoke_request {
    str method, url;
    const struct http_invoke_header *headers;
    uint32_t header_count;
    str body;
    bool has_body;
    /* The same without what the connection added; only with has_trace. */
    str open_url, open_body;
};

/* token: of the OAuth connection, else empty. Everything lies in the arena. False: the task fails.
 */
bool http_invoke_build(struct arena *arena, const struct http_invoke_options *o,
                       const struct http_invoke_call *call, const struct connection_auth *auth,
                       str token, struct http_invoke_request *ret,
                       struct service_failure *ret_failure);

/* ---- the answer ---- */

struct http_invoke_answer {
    unsigned status;
    const struct http_header *headers; /* in the order they came */
    size_t header_count;
    str body;
    bool is_cut; /* the body went on beyond what the options take */
};

/* The result document {"Headers", "ResponseBody", "StatusCode", "StatusText"}. False: the task
 * fails as ret_failure says, its texts in the arena. */
bool http_invoke_result(struct arena *arena, const struct http_invoke_options *o,
                        const struct http_invoke_answer *answer, struct json_doc **ret_doc,
                        struct service_failure *ret_failure);

/* "Not Found"; empty for a status that has no phrase. */
const char *http_invoke_phrase(unsigned status);

/* ---- traces (TestState, inspection level TRACE) ---- */

/* Members of inspectionData: "request" and, once there is an answer (not NULL), "response". Secrets
 * of the connection are left out unless is_revealed. */
struct json_val http_invoke_trace_request(struct arena *arena, const struct http_invoke_request *r,
                                          bool is_revealed);
struct json_val http_invoke_trace_answer(struct arena *arena, const struct http_invoke_request *r,
                                         const struct http_invoke_answer *answer);

#endif
