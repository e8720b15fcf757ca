/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing, and finding the door of a request. What is behind the doors is in files of
 * their own, see api.h.
 */
#include "api/api_internal.h"
#include "base/check.h"
#include "base/splitmix.h"
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what the doors share ---- */

static void api_put_hex(char *out, int digits, uint64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

void api_new_id(struct api *api, bool is_long, char out[REQUEST_ID_MAX])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    if (is_long) {
        for (int i = 0; i < 52; i++)
            out[i] = letters[splitmix64_next(&api->chance) >> 59];
        out[52] = '\0';
        return;
    }
    uint64_t a = splitmix64_next(&api->chance), b = splitmix64_next(&api->chance);
    memcpy(out, "00000000-0000-4000-0000-000000000000", 37);
    api_put_hex(out, 8, a >> 32);
    api_put_hex(out + 9, 4, a >> 16);
    api_put_hex(out + 15, 3, a);
    api_put_hex(out + 19, 4, (b >> 48 & 0x3FFF) | 0x8000);
    api_put_hex(out + 24, 12, b);
}

str api_region(const struct api *api, const struct api_scope *scope)
{
    return scope->region.n > 0 ? scope->region : api->options.settings->region;
}

void api_answer(struct http_exchange *x, int status, const char *content_type, const char *id,
                struct buf *body)
{
    const struct http_header headers[] = {{STR("Content-Type"), str_of(content_type)},
                                          {STR("x-amzn-RequestId"), str_of(id)}};
    struct http_reply reply = {
        .status = status, .headers = headers, .header_count = ARRAY_LEN(headers), .is_taken = true};
    reply.body.p = buf_take(body, &reply.body.n);
    http_exchange_answer(x, &reply);
}

/* ---- finding the door ---- */

/* False: it was refused. */
static bool api_is_welcome(struct api *api, struct api_request *r)
{
    struct http_exchange *x = r->x;
    const struct api_origin origin = {.origin = http_exchange_header(x, "Origin"),
                                      .referer = http_exchange_header(x, "Referer"),
                                      .fetch_site = http_exchange_header(x, "Sec-Fetch-Site")};
    r->host = http_exchange_target(x)->authority;
    if (r->host.n == 0)
        r->host = http_exchange_header(x, "Host");
    if (!api_host_is_ours(api->options.hosts, r->host, &r->bucket)) {
        api_refuse(api, x, 403, "AccessDeniedException", "AccessDenied",
                   "The request's Host is no name of this server. Names other than loopback ones "
                   "are given with --host.");
        return false;
    }
    if (!api_origin_is_own(&origin, r->host)) {
        api_refuse(api, x, 403, "AccessDeniedException", "AccessDenied",
                   "Requests on behalf of another web site are refused.");
        return false;
    }
    return true;
}

static struct api_scope api_read_scope(struct http_exchange *x)
{
    str authorization = http_exchange_header(x, "Authorization");
    if (authorization.n > 0)
        return api_scope_of_header(authorization);
    str query = http_exchange_target(x)->query;
    if (query.n == 0)
        return api_scope_of_credential((str){"", 0});
    str credential = http_query_get(http_exchange_arena(x), query, STR("X-Amz-Credential"));
    return api_scope_of_credential(credential.p ? credential : (str){"", 0});
}

/* STS speaks the Query protocol: a form at "/". Signed for S3, a form there is S3's. */
static bool api_is_sts(const struct api_request *r)
{
    if (r->scope.service.n > 0)
        return str_eq(r->scope.service, STR("sts"));
    return str_eq(http_exchange_method(r->x), STR("POST")) &&
           str_eq(http_exchange_target(r->x)->path, STR("/")) && r->bucket.n == 0 &&
           str_starts(http_exchange_header(r->x, "Content-Type"),
                      STR("application/x-www-form-urlencoded"));
}

static void api_rest_begin(struct api *api, const struct api_request *r)
{
    if (!api->options.rest) {
        api_refuse(api, r->x, 501, "UnknownOperationException", "NotImplemented",
                   "There is no object storage here.");
        return;
    }
    struct arena *a = http_exchange_arena(r->x);
    struct api_rest *rest = arena_alloc(a, sizeof(*rest));
    char *id = arena_alloc(a, REQUEST_ID_MAX);
    api_new_id(api, false, id);
    *rest = (struct api_rest){
        .api = api, .bucket = r->bucket, .region = api_region(api, &r->scope), .request = id};
    api->options.rest(api->options.rest_arg, r->x, rest);
}

static void api_dispatch(void *arg, struct http_exchange *x)
{
    struct api *api = arg;
    struct api_request r = {.x = x};
    if (!api_is_welcome(api, &r) || api_figures(api, &r))
        return;
    r.scope = api_read_scope(x);
    r.target = http_exchange_header(x, "X-Amz-Target");
    if (r.target.p || api_wire_of_scope(r.scope.service))
        api_call_begin(api, &r);
    else if (api_is_sts(&r))
        api_sts_begin(api, &r);
    else
        api_rest_begin(api, &r);
}

/* ---- opening and closing ---- */

enum status api_may_listen(const struct http_address *address, struct error *err)
{
    char text[HTTP_ADDRESS_TEXT];
    if (http_address_is_loopback(address))
        return STATUS_OK;
    http_address_print(address, text);
    return error_set(err, STATUS_INVALID, "ApiNotLoopback",
                     "%s is not a loopback address: anybody who reaches it could do anything, "
                     "because requests are not authenticated yet. Listen on 127.0.0.1 or [::1]",
                     text);
}

static void api_keep_options(struct api *api, const struct api_options *options)
{
    check(options->service_count <= API_SERVICES_MAX);
    api->options = *options;
    api->loop = options->loop;
    for (size_t i = 0; i < options->service_count; i++) {
        check(api_wire_of_name(str_of(options->services[i].service->name)) != NULL);
        api->services[i] = options->services[i];
    }
    api->options.services = api->services;
    api->door = calloc(1, sizeof(*api->door));
    check(api->door != NULL);
    *api->door = (struct api_door){.api = api, .loop = options->loop};
}

static enum status api_open_all(struct api *api, struct error *err)
{
    struct http_server_options http = api->options.http;
    if (RAND_bytes((unsigned char *)&api->chance, sizeof(api->chance)) != 1) {
        close(api->options.listen_fd);
        return error_set(err, STATUS_UNAVAILABLE, "ApiRandom", "the system gives no random bytes");
    }
    enum status status = store_reader_open(store_dir(api->options.store), NULL, &api->reader, err);
    if (status != STATUS_OK) {
        close(api->options.listen_fd);
        return status;
    }
    store_reader_follow(api->reader, api->options.store);
    api->client = store_client_new(api->options.store, api_wake, api->door);
    http.listen_fd = api->options.listen_fd;
    http.request = api_dispatch;
    http.refuse = api_http_refuse;
    http.arg = api;
    status = http_server_new(api->loop, &http, &api->server, err);
    if (status == STATUS_OK)
        api_publish(api);
    return status;
}

enum status api_open(const struct api_options *options, struct api **ret, struct error *err)
{
    struct api *api = calloc(1, sizeof(*api));
    check(api != NULL);
    api_keep_options(api, options);
    enum status status = api_open_all(api, err);
    if (status == STATUS_OK)
        *ret = api;
    else
        api_free(api);
    return status;
}

static void api_server_closed(void *arg)
{
    struct api *api = arg;
    api->server = NULL;
    loop_timer_stop(api->loop, &api->publish);
    if (api->closed)
        api->closed(api->closed_arg);
}

void api_close(struct api *api, loop_fn *closed, void *arg)
{
    api->closed = closed;
    api->closed_arg = arg;
    http_server_close(api->server, API_GRACE_MS, api_server_closed, api);
}

void api_free(struct api *api)
{
    if (!api)
        return;
    http_server_free(api->server);
    loop_timer_stop(api->loop, &api->publish);
    store_client_free(api->client); /* waits; calls whose exchange is gone are freed below */
    api_calls_done(api);
    store_reader_close(api->reader);
    api->door->api = NULL;
    if (!atomic_load(&api->door->is_asked))
        free(api->door);
    free(api);
}
