/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an answer to the task's result or failure. The phrase of a status comes from a table and not
 * from the wire: HTTP/2 has none, and AWS tells none that is not in a table either.
 *
 * A body that calls itself JSON and is none is handed over as the text it is.
 */
#include "services/http_invoke.h"

#include "base/utf8.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "services/build.h"

enum { BODY_MAX_DEPTH = JSON_MAX_DEPTH - 50 }; /* what surrounds it has room */

/* ---- phrases ---- */

static const struct {
    unsigned status;
    const char *phrase;
} phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *http_invoke_phrase(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

/* ---- headers ---- */

/* Small letters, as HTTP/2 has them: workflows need not know which version was spoken. */
static str small_letters(struct arena *arena, str name)
{
    char *p = arena_alloc(arena, name.n + 1);
    for (size_t i = 0; i < name.n; i++)
        p[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    return (str){p, name.n};
}

/* Header bytes that are not UTF-8 are ISO 8859-1, which HTTP once had. */
static str header_text(struct arena *arena, str value)
{
    if (utf8_check(value) == value.n)
        return value;
    char *p = arena_alloc(arena, 2 * value.n);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++)
        n += utf8_encode((unsigned char)value.p[i], p + n);
    return (str){p, n};
}

/* Name to list of values, in the order of first appearance. */
static struct json_val header_lists(struct arena *arena, const struct http_invoke_answer *a)
{
    uint32_t n = (uint32_t)a->header_count;
    str *names = arena_alloc(arena, (n + 1) * sizeof *names);
    uint32_t *first = arena_alloc(arena, (n + 1) * sizeof *first); /* of the same name */
    uint32_t *count = arena_zalloc(arena, (n + 1) * sizeof *count);
    struct map map;
    map_init(&map, arena, n);
    for (uint32_t i = 0; i < n; i++) {
        names[i] = small_letters(arena, header_text(arena, a->headers[i].name));
        uint32_t *at = map_at(&map, names[i]);
        if (*at == MAP_NONE)
            *at = i;
        first[i] = *at;
        count[first[i]]++;
    }
    struct json_val **lists = arena_alloc(arena, (n + 1) * sizeof(struct json_val *));
    struct json_shapes shapes;
    struct json_obj_builder object;
    json_shapes_init(&shapes, arena);
    json_obj_begin(&object, &shapes, n);
    for (uint32_t i = 0; i < n; i++) {
        if (first[i] == i) {
            lists[i] = arena_alloc(arena, count[i] * sizeof **lists);
            json_obj_put(&object, names[i], 0, json_array(lists[i], count[i]));
            count[i] = 0;
        }
        lists[first[i]][count[first[i]]++] =
            json_string(header_text(arena, a->headers[i].value), 0);
    }
    return json_obj_end(&object);
}

/* ---- the body ---- */

/* Type and subtype of the first Content-Type, in small letters; empty when there is none. */
static str media_type(struct arena *arena, const struct http_invoke_answer *a)
{
    for (size_t i = 0; i < a->header_count; i++) {
        if (!str_eq(small_letters(arena, a->headers[i].name), STR("content-type")))
            continue;
        str type = header_text(arena, a->headers[i].value);
        type = str_sub(type, 0, str_find_byte(type, ';', 0));
        while (type.n > 0 && (type.p[type.n - 1] == ' ' || type.p[type.n - 1] == '\t'))
            type.n--;
        return small_letters(arena, type);
    }
    return (str){"", 0};
}

static bool is_json_type(str type)
{
    return str_eq(type, STR("application/json")) || str_eq(type, STR("text/json")) ||
           str_ends(type, STR("+json"));
}

static bool is_unsupported_type(str type)
{
    return str_eq(type, STR("application/octet-stream")) || str_starts(type, STR("image/")) ||
           str_starts(type, STR("video/")) || str_starts(type, STR("audio/"));
}

/* The body as a value; *ret_doc is the document it lies in, NULL for a text. */
static bool read_body(struct arena *arena, const struct http_invoke_answer *a, str type,
                      struct json_doc **ret_doc, struct json_val *ret, struct service_failure *f)
{
    static const str mark = {"\xEF\xBB\xBF", 3};
    *ret_doc = NULL;
    *ret = json_string(a->body, 0);
    if (utf8_check(a->body) != a->body.n)
        return service_fail(f, arena, "States.Runtime",
                            "The response body is not valid UTF-8 text.");
    if (!is_json_type(type) || a->body.n == 0)
        return true;
    struct json_parse_options options = {.max_depth = BODY_MAX_DEPTH};
    struct error err;
    str text = str_starts(a->body, mark) ? str_sub(a->body, mark.n, a->body.n) : a->body;
    enum status status = json_parse(text, &options, ret_doc, &err);
    if (status == STATUS_LIMIT)
        return service_fail(f, arena, "States.DataLimitExceeded",
                            "The response body cannot be taken over: %s.", err.message);
    if (status == STATUS_OK)
        *ret = json_doc_root(*ret_doc);
    return true;
}

/* ---- together ---- */

static bool check_answer(struct arena *arena, const struct http_invoke_options *o,
                         const struct http_invoke_answer *a, str type, struct service_failure *f)
{
    if (a->status < 200 || a->status > 299) {
        str error = arena_printf(arena, "States.Http.StatusCode.%u", a->status);
        service_fail(f, arena, "", "%s", http_invoke_phrase(a->status));
        if (f)
            f->error = error;
        return false;
    }
    if (is_unsupported_type(type) && (o->is_strict || a->body.n > 0))
        return service_fail(f, arena, "States.Runtime",
                            "Unsupported response content-type '%.*s'. Please see documentation "
                            "for list of unsupported content-types.",
                            STR_ARG(type));
    if (a->is_cut || a->body.n > http_invoke_answer_max(o))
        return service_fail(f, arena, "States.DataLimitExceeded",
                            "The state/task 'http' returned a result with a size exceeding the "
                            "maximum number of bytes service limit.");
    return true;
}

bool http_invoke_result(struct arena *arena, const struct http_invoke_options *o,
                        const struct http_invoke_answer *answer, struct json_doc **ret_doc,
                        struct service_failure *ret_failure)
{
    str type = media_type(arena, answer);
    struct json_doc *body_doc = NULL;
    struct json_val body = json_undefined();
    if (!check_answer(arena, o, answer, type, ret_failure))
        return false;
    if (answer->status != 204 && !read_body(arena, answer, type, &body_doc, &body, ret_failure))
        return false;
    struct build b;
    build_begin(&b, arena);
    build_put(&b, "Headers", header_lists(arena, answer));
    if (body.tag != JSON_UNDEFINED)
        build_put(&b, "ResponseBody", body);
    build_put(&b, "StatusCode", json_num(answer->status));
    build_put(&b, "StatusText", json_string(str_of(http_invoke_phrase(answer->status)), 0));
    struct json_freeze_options options = {.sources = &body_doc, .source_count = body_doc ? 1 : 0};
    struct error err;
    enum status status = json_freeze(build_end(&b), &options, ret_doc, &err);
    json_doc_unref(body_doc);
    return status == STATUS_OK ||
           service_fail(ret_failure, arena, "States.DataLimitExceeded",
                        "The response cannot be taken over: %s.", err.message);
}
