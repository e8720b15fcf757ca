/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of requests, access to answers. Pure. What an answer is made of is in intake.c. */
#include "http/message.h"
#include "base/check.h"
#include <stdlib.h>
#include <strings.h>

void http_answer_free(struct http_answer *answer)
{
    if (answer == NULL)
        return;
    free(answer->body);
    free(answer);
}

char *http_answer_take_body(struct http_answer *answer, size_t *ret_size)
{
    char *body = answer->body;
    check(body != NULL);
    *ret_size = answer->body_size;
    answer->body = NULL;
    answer->body_size = 0;
    return body;
}

bool http_name_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

str http_answer_header(const struct http_answer *answer, str name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (http_name_eq(answer->headers[i].name, name))
            return answer->headers[i].value;
    return (str){NULL, 0};
}

/* RFC 9110, 5.6.2: a token. */
static bool is_token(str s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alnum && (c == 0 || strchr(marks, c) == NULL))
            return false;
    }
    return s.n > 0;
}

static bool is_value(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_url(str url)
{
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];
        if (c <= 0x20 || c == 0x7f)
            return false;
    }
    return http_name_eq(str_sub(url, 0, 7), STR("http://")) ||
           http_name_eq(str_sub(url, 0, 8), STR("https://"));
}

enum status http_request_check(const struct http_request *request, struct error *err)
{
    if (request->method.n > 0 && !is_token(request->method))
        return error_set(err, STATUS_INVALID, "HttpInvalid", "the method is not a word");
    if (request->method.n > HTTP_METHOD_MAX)
        return error_set(err, STATUS_LIMIT, "HttpTooLarge", "a method has at most %d bytes",
                         HTTP_METHOD_MAX);
    if (request->url.n > HTTP_URL_MAX)
        return error_set(err, STATUS_LIMIT, "HttpTooLarge", "a URL has at most %d bytes",
                         HTTP_URL_MAX);
    if (!is_url(request->url))
        return error_set(err, STATUS_INVALID, "HttpInvalid",
                         "the URL does not begin with http:// or https://, or has spaces in it");
    size_t bytes = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name) || !is_value(header->value))
            return error_set(err, STATUS_INVALID, "HttpInvalid",
                             "header %zu has a name or a value that HTTP does not allow", i + 1);
        bytes += header->name.n + header->value.n;
    }
    if (bytes > HTTP_REQUEST_HEADER_BYTES_MAX)
        return error_set(err, STATUS_LIMIT, "HttpTooLarge",
                         "headers have at most %d bytes together", HTTP_REQUEST_HEADER_BYTES_MAX);
    return STATUS_OK;
}

static str put_str(char **at, str s)
{
    str copy = {*at, s.n};
    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

static const char *put_cstr(char **at, const char *text)
{
    return text == NULL ? NULL : put_str(at, (str){text, strlen(text) + 1}).p;
}

static size_t cstr_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

struct http_request *http_request_dup(const struct http_request *request)
{
    size_t size = sizeof *request + request->header_count * sizeof(struct http_header) +
                  request->method.n + request->url.n + cstr_size(request->ca_file) +
                  cstr_size(request->proxy);
    for (size_t i = 0; i < request->header_count; i++)
        size += request->headers[i].name.n + request->headers[i].value.n;
    struct http_request *copy = malloc(size);
    check(copy != NULL);
    struct http_header *headers = (struct http_header *)(copy + 1);
    char *at = (char *)(headers + request->header_count);
    *copy = *request;
    copy->headers = headers;
    copy->method = put_str(&at, request->method);
    copy->url = put_str(&at, request->url);
    for (size_t i = 0; i < request->header_count; i++) {
        headers[i].name = put_str(&at, request->headers[i].name);
        headers[i].value = put_str(&at, request->headers[i].value);
    }
    copy->ca_file = put_cstr(&at, request->ca_file);
    copy->proxy = put_cstr(&at, request->proxy);
    check(at == (char *)copy + size);
    return copy;
}
