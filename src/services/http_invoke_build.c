/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the task's arguments and the connection to one request. Each part is made by one function
 * that is called twice when a trace is wanted: once with the connection's share, once without.
 */
#include "services/http_encode.h"

#include "base/check.h"
#include "json/write.h"
#include "services/build.h"
#include <stdio.h>
#include <strings.h>

struct building {
    struct arena *arena;
    const struct http_invoke_options *o;
    const struct http_invoke_call *call;
    const struct connection_auth *auth;
    struct service_failure *failure;
};

static bool has_parameter(const struct connection_parameters *list, str key)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (str_eq(list->items[i].key, key))
            return true;
    return false;
}

/* ---- headers ---- */

struct header_list {
    struct http_invoke_header items[HTTP_INVOKE_MAX_HEADERS];
    uint32_t count;
};

static bool is_same_header(str a, str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static void insert_header(struct header_list *l, uint32_t at, struct http_invoke_header h)
{
    check(l->count < HTTP_INVOKE_MAX_HEADERS);
    memmove(&l->items[at + 1], &l->items[at], (l->count - at) * sizeof h);
    l->items[at] = h;
    l->count++;
}

/* A header of the connection: instead of the task's with the same name, before the task's with the
 * same name in other letters. */
static void merge_header(struct header_list *l, str name, str value)
{
    struct http_invoke_header h = {.name = name, .value = value, .is_secret = true};
    uint32_t at = l->count;
    for (uint32_t i = l->count; i-- > 0;) {
        if (l->items[i].is_secret || !is_same_header(l->items[i].name, name))
            continue;
        at = i;
        if (str_eq(l->items[i].name, name)) {
            l->items[i] = h;
            return;
        }
    }
    insert_header(l, at, h);
}

static str basic_value(struct arena *arena, str user, str password)
{
    struct buf pair, value;
    buf_init(&pair, CONNECTION_MAX_RECORD);
    buf_init(&value, 2 * CONNECTION_MAX_RECORD);
    buf_add(&pair, user);
    buf_add_byte(&pair, ':');
    buf_add(&pair, password);
    buf_add(&value, STR("Basic "));
    http_encode_base64(&value, buf_str(&pair));
    str text = arena_dup(arena, buf_str(&value));
    secret_wipe(&pair);
    secret_wipe(&value);
    return text;
}

static void merge_auth(struct building *b, struct header_list *l, str token)
{
    const struct connection_auth *a = b->auth;
    switch (a->type) {
    case CONNECTION_BASIC:
        merge_header(l, STR("Authorization"), basic_value(b->arena, a->user, a->password));
        break;
    case CONNECTION_API_KEY: merge_header(l, a->key_name, a->key_value); break;
    case CONNECTION_OAUTH:
        merge_header(l, STR("Authorization"),
                     arena_printf(b->arena, "Bearer %.*s", STR_ARG(token)));
        break;
    }
}

static bool has_header(const struct header_list *l, str name)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (is_same_header(l->items[i].name, name))
            return true;
    return false;
}

/* A header of our own: AWS's stands alone; where AWS's limits do not hold, another one is kept. */
static void own_header(struct building *b, struct header_list *l, str name, str value)
{
    if (!b->o->is_strict && has_header(l, name))
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (!is_same_header(l->items[i].name, name))
            l->items[kept++] = l->items[i];
    l->count = kept;
    insert_header(l, l->count, (struct http_invoke_header){.name = name, .value = value});
}

/* The range asks for one byte more than fits, so that too much is seen as that. */
static void build_headers(struct building *b, str token, struct http_invoke_request *ret)
{
    struct header_list *l = arena_zalloc(b->arena, sizeof *l);
    for (uint32_t i = 0; i < b->call->headers.len; i++) {
        struct http_invoke_header h = {.name = http_encode_key_at(b->call->headers, i)};
        check(http_encode_scalar(b->arena, b->call->headers.obj->vals[i], &h.value));
        insert_header(l, l->count, h);
    }
    merge_auth(b, l, token);
    for (uint32_t i = 0; i < b->auth->http.headers.count; i++)
        merge_header(l, b->auth->http.headers.items[i].key, b->auth->http.headers.items[i].value);
    own_header(
        b, l, STR("User-Agent"),
        arena_printf(b->arena, "Amazon|StepFunctions|HttpInvoke|%.*s", STR_ARG(b->o->region)));
    own_header(b, l, STR("Range"),
               arena_printf(b->arena, "bytes=0-%zu", http_invoke_answer_max(b->o)));
    if (ret->has_body && !has_header(l, STR("Content-Type")))
        insert_header(l, l->count,
                      (struct http_invoke_header){
                          .name = STR("Content-Type"),
                          .value = b->call->is_form ? STR("application/x-www-form-urlencoded")
                                                    : STR("application/json; charset=UTF-8"),
                          .is_default = true});
    ret->headers = l->items;
    ret->header_count = l->count;
}

/* ---- the URL ---- */

/* A part of a string of parameters, unless the connection has one of its key. */
static void add_query_part(struct building *b, struct buf *out, size_t start, str part)
{
    struct buf key;
    buf_init(&key, HTTP_INVOKE_MAX_URL);
    size_t equals = str_find_byte(part, '=', 0);
    str name = str_sub(part, 0, equals);
    bool is_overridden = has_parameter(&b->auth->http.query, name);
    for (uint32_t i = 0; i < b->auth->http.query.count && !is_overridden; i++) {
        buf_clear(&key);
        http_encode_text(&key, b->auth->http.query.items[i].key);
        is_overridden = str_eq(buf_str(&key), name);
    }
    if (!is_overridden && part.n > 0) {
        if (out->n > start)
            buf_add_byte(out, '&');
        http_encode_url(out, part);
    }
    buf_done(&key);
}

static void add_task_query(struct building *b, struct buf *out, size_t start)
{
    struct json_val query = b->call->query;
    if (query.tag == JSON_STRING) {
        str text = json_str(query);
        size_t at = text.n > 0 && text.p[0] == '?' ? 1 : 0;
        while (at < text.n) {
            size_t end = str_find_byte(text, '&', at);
            add_query_part(b, out, start, str_sub(text, at, end));
            at = end == STR_NONE ? text.n : end + 1;
        }
        return;
    }
    for (uint32_t i = 0; query.tag == JSON_OBJECT && i < query.len; i++) {
        str key = http_encode_key_at(query, i), value;
        struct json_val v = query.obj->vals[i], items = v.tag == JSON_ARRAY ? v : json_array(&v, 1);
        for (uint32_t k = 0; k < items.len && !has_parameter(&b->auth->http.query, key); k++) {
            check(http_encode_scalar(b->arena, items.items[k], &value));
            http_encode_pair(out, start, key, value);
        }
    }
}

static bool build_url(struct building *b, bool is_open, str *ret)
{
    struct buf out, query;
    buf_init(&out, HTTP_INVOKE_MAX_URL);
    buf_init(&query, HTTP_INVOKE_MAX_URL);
    str endpoint = str_sub(b->call->endpoint, 0, str_find_byte(b->call->endpoint, '#', 0));
    http_encode_url(&out, endpoint);
    add_task_query(b, &query, 0);
    for (uint32_t i = 0; i < b->auth->http.query.count && !is_open; i++)
        http_encode_pair(&query, 0, b->auth->http.query.items[i].key,
                         b->auth->http.query.items[i].value);
    if (query.n > 0) {
        if (str_find_byte(endpoint, '?', 0) == STR_NONE)
            buf_add_byte(&out, '?');
        else if (!str_ends(endpoint, STR("?")) && !str_ends(endpoint, STR("&")))
            buf_add_byte(&out, '&');
        buf_add(&out, buf_str(&query));
    }
    bool fits = buf_ok(&out) && buf_ok(&query);
    if (fits)
        *ret = arena_dup(b->arena, buf_str(&out));
    buf_done(&out);
    buf_done(&query);
    return fits || service_fail(b->failure, b->arena, "States.Runtime",
                                "The URL with its query parameters is longer than %d bytes.",
                                HTTP_INVOKE_MAX_URL);
}

/* ---- the body ---- */

/* The members of an object that the connection leaves alone, then the connection's. */
static struct json_val merged_body(struct building *b, bool is_open)
{
    const struct connection_parameters *list = &b->auth->http.body;
    struct json_val body = b->call->body;
    struct json_shapes shapes;
    struct json_obj_builder object;
    if (list->count == 0)
        return body;
    json_shapes_init(&shapes, b->arena);
    json_obj_begin(&object, &shapes, body.len + list->count);
    for (uint32_t i = 0; body.tag == JSON_OBJECT && i < body.len; i++)
        if (!is_open || !has_parameter(list, http_encode_key_at(body, i)))
            json_obj_put(&object, http_encode_key_at(body, i), 0, body.obj->vals[i]);
    for (uint32_t i = 0; i < list->count && !is_open; i++)
        json_obj_put(&object, list->items[i].key, 0, json_string(list->items[i].value, 0));
    return json_obj_end(&object);
}

static bool write_body(struct building *b, struct json_val body, struct buf *out)
{
    if (b->call->is_form)
        return http_encode_form(out, b->arena, body, b->call->array_format);
    if (body.tag == JSON_STRING) {
        buf_add(out, json_str(body));
        return true;
    }
    return json_write(out, body, 0, NULL) == STATUS_OK;
}

static bool build_body(struct building *b, bool is_open, str *ret)
{
    struct buf out;
    buf_init(&out, HTTP_INVOKE_MAX_REQUEST);
    bool is_written = write_body(b, merged_body(b, is_open), &out) && buf_ok(&out);
    if (is_written)
        *ret = arena_dup(b->arena, buf_str(&out));
    secret_wipe(&out);
    return is_written ||
           service_fail(b->failure, b->arena, "States.DataLimitExceeded",
                        "The request body is larger or deeper than this engine can send.");
}

/* ---- together ---- */

bool http_invoke_build(struct arena *arena, const struct http_invoke_options *o,
                       const struct http_invoke_call *call, const struct connection_auth *auth,
                       str token, struct http_invoke_request *ret,
                       struct service_failure *ret_failure)
{
    struct building b = {arena, o, call, auth, ret_failure};
    *ret = (struct http_invoke_request){.method = call->method};
    bool has_parameters = auth->http.body.count > 0;
    if (has_parameters && call->body.tag != JSON_OBJECT && call->body.tag != JSON_UNDEFINED)
        return service_fail(
            ret_failure, arena, "States.Runtime",
            "Cannot merge connection body authorization parameters with request body.");
    ret->has_body = has_parameters || call->body.tag != JSON_UNDEFINED;
    build_headers(&b, token, ret);
    if (!build_url(&b, false, &ret->url) || (ret->has_body && !build_body(&b, false, &ret->body)))
        return false;
    if (!o->has_trace)
        return true;
    return build_url(&b, true, &ret->open_url) &&
           (!ret->has_body || build_body(&b, true, &ret->open_body));
}
