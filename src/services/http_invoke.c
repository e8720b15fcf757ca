/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of http:invoke: which there are, and what they may be. Their words go into failures
 * as the author wrote them. Building the request is http_invoke_build.c, encoding http_encode.c.
 */
#include "services/http_invoke.h"

#include "json/write.h"
#include "services/http_encode.h"
#include <strings.h>

size_t http_invoke_answer_max(const struct http_invoke_options *o)
{
    size_t max = o->max_answer_bytes ? o->max_answer_bytes : HTTP_INVOKE_MAX_ANSWER;
    return o->is_strict && max > HTTP_INVOKE_STRICT_BYTES ? HTTP_INVOKE_STRICT_BYTES : max;
}

/* ---- refusing ---- */

struct reading {
    struct arena *arena;
    const struct http_invoke_options *o;
    struct json_val arguments;
    struct service_failure *failure;
};

/* The words that AWS puts around what is wrong with a task's parameters. */
static bool refuse(struct reading *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct reading *r, const char *fmt, ...)
{
    enum { WORDS_MAX = 64 << 10 };
    struct buf shown;
    struct error err;
    va_list args;
    va_start(args, fmt);
    buf_init(&shown, WORDS_MAX);
    error_vset(&err, STATUS_INVALID, "States.Runtime", fmt, args);
    va_end(args);
    if (json_write(&shown, r->arguments, 0, NULL) != STATUS_OK)
        buf_clear(&shown); /* more than a cause may hold */
    service_fail(r->failure, r->arena, "States.Runtime",
                 "The Parameters '%.*s' could not be used to start the Task: [%s]",
                 STR_ARG(buf_str(&shown)), err.message);
    buf_done(&shown);
    return false;
}

static bool text_argument(struct reading *r, struct json_val object, const char *name, str *ret)
{
    struct json_val v = json_get(object, str_of(name));
    if (v.tag == JSON_UNDEFINED)
        return refuse(r, "The field '%s' is required but was missing", name);
    if (v.tag != JSON_STRING || v.len == 0)
        return refuse(r, "The field '%s' must be a non-empty string", name);
    *ret = json_str(v);
    return true;
}

/* ---- the arguments one by one ---- */

static bool read_endpoint(struct reading *r, struct http_invoke_call *call)
{
    if (!text_argument(r, r->arguments, "ApiEndpoint", &call->endpoint))
        return false;
    str url = call->endpoint;
    bool is_https = str_starts(url, STR("https://")), is_http = str_starts(url, STR("http://"));
    if (!is_https && !is_http)
        return refuse(r, "The field 'ApiEndpoint' must be an absolute %s URL",
                      r->o->is_strict ? "https" : "http or https");
    if (!is_https && r->o->is_strict)
        return refuse(r, "The field 'ApiEndpoint' must be an https URL");
    str rest = str_sub(url, is_https ? 8 : 7, url.n);
    size_t host_end = 0;
    while (host_end < rest.n && !strchr("/?#", rest.p[host_end]))
        host_end++;
    str host = str_sub(rest, 0, host_end);
    if (host.n == 0 || str_find_byte(host, '@', 0) != STR_NONE ||
        str_find_byte(host, ' ', 0) != STR_NONE)
        return refuse(r, "The field 'ApiEndpoint' must be a URL with a host and without a user");
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] < 0x20 || url.p[i] == 0x7F)
            return refuse(r, "The field 'ApiEndpoint' contains control characters");
    return true;
}

static bool read_method(struct reading *r, struct http_invoke_call *call)
{
    static const str methods[] = {{"GET", 3},   {"POST", 4},    {"PUT", 3}, {"DELETE", 6},
                                  {"PATCH", 5}, {"OPTIONS", 7}, {"HEAD", 4}};
    if (!text_argument(r, r->arguments, "Method", &call->method))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_eq(call->method, methods[i]))
            return true;
    return refuse(r, "The field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, "
                     "HEAD]");
}

static bool read_connection(struct reading *r, struct http_invoke_call *call)
{
    struct json_val config = json_get(r->arguments, STR("InvocationConfig"));
    if (config.tag == JSON_UNDEFINED)
        config = json_get(r->arguments, STR("Authentication"));
    if (config.tag != JSON_OBJECT)
        return refuse(r, "The field 'InvocationConfig' is required but was missing");
    return text_argument(r, config, "ConnectionArn", &call->connection_arn);
}

/* Sorted by letter; compared without case. */
static const char *const forbidden[] = {
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
};
static const char *const forbidden_starts[] = {"x-forwarded-", "x-amz-", "x-amzn-"};

static bool starts_with(str name, const char *start)
{
    size_t n = strlen(start);
    return name.n >= n && strncasecmp(name.p, start, n) == 0;
}

static bool is_forbidden(const struct http_invoke_options *o, str name)
{
    if (!o->is_strict && starts_with(name, "if-"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
        if (name.n == strlen(forbidden[i]) && starts_with(name, forbidden[i]))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(forbidden_starts); i++)
        if (starts_with(name, forbidden_starts[i]))
            return true;
    return false;
}

static bool refuse_forbidden(struct reading *r, struct json_val headers)
{
    struct buf names;
    buf_init(&names, ERROR_MESSAGE_MAX / 2);
    for (uint32_t i = 0; i < headers.len; i++) {
        str name = http_encode_key_at(headers, i);
        if (is_forbidden(r->o, name))
            buf_printf(&names, "%s%.*s", names.n ? ", " : "", STR_ARG(name));
    }
    refuse(r, "The 'Headers' field contains unsupported values: [%.*s]", STR_ARG(buf_str(&names)));
    buf_done(&names);
    return false;
}

static bool read_headers(struct reading *r, struct http_invoke_call *call)
{
    struct json_val headers = json_get(r->arguments, STR("Headers"));
    if (headers.tag == JSON_UNDEFINED || headers.tag == JSON_NULL)
        return true;
    if (headers.tag != JSON_OBJECT)
        return refuse(r, "The field 'Headers' must be an object");
    if (headers.len > HTTP_INVOKE_MAX_HEADERS / 2)
        return refuse(r, "The field 'Headers' has more than %d members",
                      HTTP_INVOKE_MAX_HEADERS / 2);
    for (uint32_t i = 0; i < headers.len; i++) {
        str name = http_encode_key_at(headers, i), value;
        if (is_forbidden(r->o, name))
            return refuse_forbidden(r, headers);
        if (!http_encode_is_name(name) ||
            !http_encode_scalar(r->arena, headers.obj->vals[i], &value) ||
            !http_encode_is_value(value))
            return refuse(r, "The 'Headers' field contains a header that cannot be sent: [%.*s]",
                          STR_ARG(name));
    }
    call->headers = headers;
    return true;
}

static bool read_query(struct reading *r, struct http_invoke_call *call)
{
    struct json_val query = json_get(r->arguments, STR("QueryParameters"));
    if (query.tag == JSON_UNDEFINED || query.tag == JSON_NULL)
        return true;
    if (query.tag != JSON_OBJECT && query.tag != JSON_STRING)
        return refuse(r, "The field 'QueryParameters' must be an object or a string");
    for (uint32_t i = 0; query.tag == JSON_OBJECT && i < query.len; i++) {
        struct json_val v = query.obj->vals[i], items = v.tag == JSON_ARRAY ? v : json_array(&v, 1);
        str text;
        for (uint32_t k = 0; k < items.len; k++)
            if (!http_encode_scalar(r->arena, items.items[k], &text))
                return refuse(r,
                              "The values of 'QueryParameters' must be strings or arrays of "
                              "strings: [%.*s]",
                              STR_ARG(http_encode_key_at(query, i)));
    }
    call->query = query;
    return true;
}

static bool read_transform(struct reading *r, struct http_invoke_call *call)
{
    static const str formats[] = {{"INDICES", 7}, {"REPEAT", 6}, {"COMMAS", 6}, {"BRACKETS", 8}};
    struct json_val transform = json_get(r->arguments, STR("Transform"));
    if (transform.tag == JSON_UNDEFINED || transform.tag == JSON_NULL)
        return true;
    struct json_val encoding = json_get(transform, STR("RequestBodyEncoding"));
    struct json_val format =
        json_get(json_get(transform, STR("RequestEncodingOptions")), STR("ArrayFormat"));
    if (encoding.tag == JSON_STRING)
        call->is_form = str_eq(json_str(encoding), STR("URL_ENCODED"));
    if (encoding.tag != JSON_UNDEFINED && !call->is_form &&
        (encoding.tag != JSON_STRING || !str_eq(json_str(encoding), STR("NONE"))))
        return refuse(r, "The field 'RequestBodyEncoding' must be one of [NONE, URL_ENCODED]");
    if (format.tag == JSON_UNDEFINED)
        return true;
    for (unsigned i = 0; format.tag == JSON_STRING && i < ARRAY_LEN(formats); i++)
        if (str_eq(json_str(format), formats[i])) {
            call->array_format = (enum http_invoke_array)i;
            return true;
        }
    return refuse(r, "The field 'ArrayFormat' must be one of [INDICES, REPEAT, COMMAS, BRACKETS]");
}

bool http_invoke_read(struct arena *arena, const struct http_invoke_options *o,
                      struct json_val arguments, struct http_invoke_call *ret,
                      struct service_failure *ret_failure)
{
    struct reading r = {arena, o, arguments, ret_failure};
    *ret = (struct http_invoke_call){0};
    if (arguments.tag != JSON_OBJECT)
        return refuse(&r, "The parameters must be an object");
    struct json_val body = json_get(arguments, STR("RequestBody"));
    if (body.tag != JSON_NULL)
        ret->body = body;
    return read_endpoint(&r, ret) && read_method(&r, ret) && read_connection(&r, ret) &&
           read_headers(&r, ret) && read_query(&r, ret) && read_transform(&r, ret);
}
