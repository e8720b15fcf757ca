/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TestState tells of a call, in AWS's form: headers as one text "[name: value, name: value]",
 * the status as a text. Headers that are added only on the way out (Content-Type by default, Host)
 * are not told. Everything a connection adds counts as a secret.
 */
#include "services/http_invoke.h"

#include "base/utf8.h"
#include "services/build.h"

#define TRACE_MAX_HEADERS ((size_t)1 << 20) /* bytes */

static struct json_val protocol_of(str url)
{
    return json_string(str_starts(url, STR("https:")) ? STR("https") : STR("http"), 0);
}

static void add_header(struct buf *out, str name, str value)
{
    if (out->n > 1)
        buf_add(out, STR(", "));
    buf_add(out, name);
    buf_add(out, STR(": "));
    buf_add(out, value);
}

static struct json_val end_headers(struct arena *arena, struct buf *out)
{
    buf_add_byte(out, ']');
    str text = arena_dup(arena, buf_str(out));
    secret_wipe(out);
    return json_string(text, 0);
}

struct json_val http_invoke_trace_request(struct arena *arena, const struct http_invoke_request *r,
                                          bool is_revealed)
{
    struct buf headers;
    struct build b;
    buf_init(&headers, TRACE_MAX_HEADERS);
    buf_add_byte(&headers, '[');
    for (uint32_t i = 0; i < r->header_count; i++)
        if (!r->headers[i].is_default && (is_revealed || !r->headers[i].is_secret))
            add_header(&headers, r->headers[i].name, r->headers[i].value);
    build_begin(&b, arena);
    build_put(&b, "protocol", protocol_of(r->url));
    build_put(&b, "method", json_string(r->method, 0));
    build_put(&b, "url", json_string(is_revealed ? r->url : r->open_url, 0));
    build_put(&b, "headers", end_headers(arena, &headers));
    if (r->has_body)
        build_put(&b, "body", json_string(is_revealed ? r->body : r->open_body, 0));
    return build_end(&b);
}

static bool is_text(str s)
{
    return utf8_check(s) == s.n;
}

struct json_val http_invoke_trace_answer(struct arena *arena, const struct http_invoke_request *r,
                                         const struct http_invoke_answer *answer)
{
    struct buf headers;
    struct build b;
    buf_init(&headers, TRACE_MAX_HEADERS);
    buf_add_byte(&headers, '[');
    for (size_t i = 0; i < answer->header_count; i++)
        if (is_text(answer->headers[i].name) && is_text(answer->headers[i].value))
            add_header(&headers, answer->headers[i].name, answer->headers[i].value);
    build_begin(&b, arena);
    build_put(&b, "protocol", protocol_of(r->url));
    build_put(&b, "statusCode", json_string(arena_printf(arena, "%u", answer->status), 0));
    build_put(&b, "statusMessage", json_string(str_of(http_invoke_phrase(answer->status)), 0));
    build_put(&b, "headers", end_headers(arena, &headers));
    if (is_text(answer->body))
        build_put(&b, "body", json_string(answer->body, 0));
    return build_end(&b);
}
