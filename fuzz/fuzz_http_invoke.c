/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two computations of http:invoke. The first byte chooses: an answer (two bytes of status,
 * lines of headers, an empty line, a body) to a result; or a task's arguments as JSON to a request.
 * What comes out can be written and goes over the wire as it is; what fails has a name.
 */
#include "json/parse.h"
#include "json/write.h"
#include "services/http_invoke.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_HEADERS = 16 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void require_failure(const struct service_failure *f)
{
    require(f->error.n > 0 && f->cause.p != NULL);
}

static void require_text(struct json_val v)
{
    struct buf text;
    struct json_doc *again;
    buf_init(&text, SIZE_MAX / 2);
    require(json_write(&text, v, 0, NULL) == STATUS_OK);
    require(json_parse(buf_str(&text), NULL, &again, NULL) == STATUS_OK);
    json_doc_unref(again);
    buf_done(&text);
}

/* ---- answers ---- */

static str take_headers(str bytes, struct http_header *headers, size_t *ret_count)
{
    *ret_count = 0;
    while (bytes.n > 0 && *ret_count < MOST_HEADERS) {
        size_t end = str_find_byte(bytes, '\n', 0);
        str line = str_sub(bytes, 0, end == STR_NONE ? bytes.n : end);
        bytes = str_sub(bytes, end == STR_NONE ? bytes.n : end + 1, bytes.n);
        size_t colon = str_find_byte(line, ':', 0);
        if (line.n == 0)
            break;
        if (colon == STR_NONE || colon == 0)
            continue;
        headers[(*ret_count)++] =
            (struct http_header){str_sub(line, 0, colon), str_sub(line, colon + 1, line.n)};
    }
    return bytes;
}

static void answer_to_result(struct arena *a, const struct http_invoke_options *o, bool is_cut,
                             str bytes)
{
    struct http_header headers[MOST_HEADERS];
    struct service_failure failure = {0};
    struct json_doc *doc;
    struct http_invoke_answer answer = {.headers = headers, .is_cut = is_cut};
    answer.status = ((uint8_t)bytes.p[0] << 8 | (uint8_t)bytes.p[1]) % 1000;
    answer.body = take_headers(str_sub(bytes, 2, bytes.n), headers, &answer.header_count);
    if (http_invoke_result(a, o, &answer, &doc, &failure)) {
        struct json_val v = json_doc_root(doc);
        require(json_get(v, STR("StatusCode")).tag != JSON_UNDEFINED);
        require_text(v);
        json_doc_unref(doc);
    } else {
        require_failure(&failure);
    }
    struct http_invoke_request request = {.method = STR("GET"), .url = STR("http://a/")};
    require_text(http_invoke_trace_answer(a, &request, &answer));
}

/* ---- requests ---- */

static bool has_line_end(str s)
{
    return str_find_byte(s, '\r', 0) != STR_NONE || str_find_byte(s, '\n', 0) != STR_NONE ||
           str_find_byte(s, '\0', 0) != STR_NONE;
}

static void check_request(const struct http_invoke_request *r)
{
    require(r->header_count <= HTTP_INVOKE_MAX_HEADERS && r->url.n <= HTTP_INVOKE_MAX_URL);
    require(!has_line_end(r->method) && !has_line_end(r->url));
    require(str_find_byte(r->url, ' ', 0) == STR_NONE);
    for (uint32_t i = 0; i < r->header_count; i++)
        require(!has_line_end(r->headers[i].name) && !has_line_end(r->headers[i].value));
}

static void arguments_to_request(struct arena *a, const struct http_invoke_options *o, str text)
{
    static const struct connection_parameter parameters[] = {{{"k", 1}, {"v w", 3}},
                                                             {{"X-K", 3}, {"1", 1}}};
    struct connection_auth auth = {.type = CONNECTION_BASIC,
                                   .arn = STR("arn:aws:events:us-east-1:0:connection/c"),
                                   .user = STR("u"),
                                   .password = STR("p"),
                                   .http = {.headers = {parameters, 2},
                                            .query = {parameters, 2},
                                            .body = {parameters, (uint32_t)(text.n % 3)}}};
    struct http_invoke_call call;
    struct http_invoke_request request;
    struct service_failure failure = {0};
    struct json_doc *doc;
    if (json_parse(text, NULL, &doc, NULL) != STATUS_OK)
        return;
    bool is_well = http_invoke_read(a, o, json_doc_root(doc), &call, &failure) &&
                   http_invoke_build(a, o, &call, &auth, STR(""), &request, &failure);
    if (is_well) {
        check_request(&request);
        require_text(http_invoke_trace_request(a, &request, true));
        require_text(http_invoke_trace_request(a, &request, false));
    } else {
        require_failure(&failure);
    }
    json_doc_unref(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    if (size < 3)
        return 0;
    unsigned flags = data[0];
    struct http_invoke_options o = {.region = STR("us-east-1"),
                                    .is_strict = (flags & 2) != 0,
                                    .has_trace = true,
                                    .max_answer_bytes = flags & 4 ? 64 : 0};
    str rest = {(const char *)data + 1, size - 1};
    arena_init(&a, 0);
    if (flags & 1)
        answer_to_result(&a, &o, (flags & 8) != 0, rest);
    else
        arguments_to_request(&a, &o, rest);
    arena_done(&a);
    return 0;
}
