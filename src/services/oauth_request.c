/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request for a token, and its answer. Parameters go as a form: client_id, client_secret, then
 * those of the connection; in the body with POST and PUT, in the URL with GET. Where AWS's limits
 * do not hold, grant_type is added when the connection names none, since no server does without it
 * (RFC 6749, 4.4.2).
 */
#include "services/oauth_request.h"

#include "base/number.h"
#include "json/parse.h"
#include "services/build.h"
#include "services/http_encode.h"
#include <strings.h>

enum { TOKEN_MAX_LIFE_S = 1 << 30, TOKEN_MAX_DEPTH = 32 };

/* ---- the request ---- */

static void add_parameters(struct buf *out, size_t start, const struct connection_parameters *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        http_encode_pair(out, start, list->items[i].key, list->items[i].value);
}

static bool names_grant_type(const struct connection_parameters *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (str_eq(list->items[i].key, STR("grant_type")))
            return true;
    return false;
}

static void add_form(struct buf *out, const struct http_invoke_options *o,
                     const struct connection_auth *auth)
{
    size_t start = out->n;
    const struct connection_http *http = &auth->token_http;
    if (!o->is_strict && !names_grant_type(&http->body) && !names_grant_type(&http->query))
        http_encode_pair(out, start, STR("grant_type"), STR("client_credentials"));
    http_encode_pair(out, start, STR("client_id"), auth->client_id);
    http_encode_pair(out, start, STR("client_secret"), auth->client_secret);
    add_parameters(out, start, &http->body);
}

/* The connection's headers, and ours that it does not name. */
static void add_headers(struct arena *arena, const struct connection_auth *auth,
                        struct http_invoke_request *ret)
{
    static const struct connection_parameter own[] = {
        {{"Content-Type", 12}, {"application/x-www-form-urlencoded", 33}},
        {{"Accept", 6}, {"application/json", 16}},
        {{"User-Agent", 10}, {"Amazon/EventBridge/ApiDestinations", 34}},
    };
    const struct connection_parameters *list = &auth->token_http.headers;
    struct http_invoke_header *headers =
        arena_alloc(arena, (list->count + ARRAY_LEN(own)) * sizeof *headers);
    uint32_t n = 0;
    for (; n < list->count; n++)
        headers[n] = (struct http_invoke_header){
            .name = list->items[n].key, .value = list->items[n].value, .is_secret = true};
    for (size_t i = ret->has_body ? 0 : 1; i < ARRAY_LEN(own); i++) {
        bool is_named = false;
        for (uint32_t k = 0; k < list->count; k++)
            is_named |= list->items[k].key.n == own[i].key.n &&
                        strncasecmp(list->items[k].key.p, own[i].key.p, own[i].key.n) == 0;
        if (!is_named)
            headers[n++] = (struct http_invoke_header){.name = own[i].key, .value = own[i].value};
    }
    ret->headers = headers;
    ret->header_count = n;
}

bool oauth_request(struct arena *arena, const struct http_invoke_options *o,
                   const struct connection_auth *auth, struct http_invoke_request *ret,
                   struct service_failure *ret_failure)
{
    struct buf url, query, form;
    buf_init(&url, HTTP_INVOKE_MAX_URL);
    buf_init(&query, HTTP_INVOKE_MAX_URL);
    buf_init(&form, CONNECTION_MAX_RECORD);
    *ret = (struct http_invoke_request){.method = auth->method,
                                        .has_body = !str_eq(auth->method, STR("GET"))};
    add_parameters(&query, 0, &auth->token_http.query);
    add_form(&form, o, auth);
    http_encode_url(&url, str_sub(auth->endpoint, 0, str_find_byte(auth->endpoint, '#', 0)));
    if (!ret->has_body && query.n > 0)
        buf_add_byte(&query, '&');
    if (!ret->has_body)
        buf_add(&query, buf_str(&form));
    if (query.n > 0)
        buf_add_byte(&url, str_find_byte(auth->endpoint, '?', 0) == STR_NONE ? '?' : '&');
    buf_add(&url, buf_str(&query));
    bool fits = buf_ok(&url) && buf_ok(&query) && buf_ok(&form);
    if (fits) {
        ret->url = arena_dup(arena, buf_str(&url));
        if (ret->has_body)
            ret->body = arena_dup(arena, buf_str(&form));
        add_headers(arena, auth, ret);
    }
    secret_wipe(&url);
    secret_wipe(&query);
    secret_wipe(&form);
    return fits ||
           service_fail(ret_failure, arena, "Events.ConnectionResource.InvalidConnectionState",
                        "The token request of the connection is too large.");
}

/* ---- the answer ---- */

static int64_t life_of(struct json_val v)
{
    double seconds = -1;
    if (json_is_number(v)) {
        seconds = json_number(v);
    } else if (v.tag == JSON_STRING) { /* some servers quote it */
        double read;
        if (v.len > 0 && number_parse(json_str(v), &read) == v.len)
            seconds = read;
    }
    if (!(seconds > 0))
        return INT64_MAX;
    return (int64_t)((seconds < TOKEN_MAX_LIFE_S ? seconds : TOKEN_MAX_LIFE_S) * 1000);
}

static bool is_token(str token)
{
    for (size_t i = 0; i < token.n; i++)
        if ((unsigned char)token.p[i] <= 0x20 || (unsigned char)token.p[i] >= 0x7F)
            return false;
    return token.n > 0 && token.n <= OAUTH_MAX_TOKEN_BYTES;
}

bool oauth_read_token(struct arena *arena, const struct http_invoke_answer *answer, str *ret_token,
                      int64_t *ret_life_ms, struct service_failure *f)
{
    static const char error[] = "Events.ConnectionResource.InvalidConnectionState";
    struct json_parse_options options = {.max_depth = TOKEN_MAX_DEPTH,
                                         .max_bytes = OAUTH_MAX_ANSWER_BYTES};
    struct json_val root = json_undefined();
    if (answer->status < 200 || answer->status > 299)
        return service_fail(f, arena, error, "The token endpoint of the connection answered %u %s.",
                            answer->status, http_invoke_phrase(answer->status));
    if (answer->is_cut || json_parse_in(arena, answer->body, &options, &root, NULL) != STATUS_OK)
        return service_fail(f, arena, error,
                            "The token endpoint of the connection did not answer in JSON.");
    struct json_val token = json_get(root, STR("access_token"));
    if (token.tag != JSON_STRING || !is_token(json_str(token)))
        return service_fail(f, arena, error,
                            "The token endpoint of the connection gave no access_token.");
    *ret_token = json_str(token);
    *ret_life_ms = life_of(json_get(root, STR("expires_in")));
    return true;
}
