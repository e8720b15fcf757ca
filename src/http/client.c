/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: what libcurl is told of a request, what it tells of an answer, deadlines, cancelling. How
 * libcurl gets at sockets and time is in multi.c; errors are named in failure.c.
 */
#include "base/check.h"
#include "http/failure.h"
#include "http/names.h"
#include <stdlib.h>

/* An option that libcurl was built with and that needs no memory cannot fail. */
#define SET(easy, option, value) check(curl_easy_setopt(easy, option, value) == CURLE_OK)

/* what libcurl calls */

void http_call_break_off(struct http_call *call, const struct error *err)
{
    if (call->failed != NULL)
        return;
    call->failed = malloc(sizeof *call->failed);
    check(call->failed != NULL);
    *call->failed = *err;
}

static size_t call_refuse(struct http_call *call, const struct error *err)
{
    http_call_break_off(call, err);
    return CURL_WRITEFUNC_ERROR;
}

static size_t call_take_line(char *line, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    struct error err;
    if (http_intake_line(&call->intake, (str){line, size * n}, &err) != STATUS_OK)
        return call_refuse(call, &err);
    return size * n;
}

static size_t call_take_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    struct error err;
    if (http_intake_body(&call->intake, (str){bytes, size * n}, &err) != STATUS_OK)
        return call_refuse(call, &err);
    return size * n;
}

/* Before the request is sent, on a new connection as on one that is used again. */
static int call_note_connected(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct http_call *call = arg;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    call->is_connected = true;
    http_names_found(call);
    return CURL_PREREQFUNC_OK;
}

/* the request */

/* Valid until the next call of it. */
static const char *client_cstr(struct http_client *client, str s)
{
    buf_clear(&client->scratch);
    buf_add(&client->scratch, s);
    buf_add_byte(&client->scratch, '\0');
    check(buf_ok(&client->scratch));
    return client->scratch.p;
}

static bool call_add_header(struct http_call *call, const char *line)
{
    struct curl_slist *headers = curl_slist_append(call->headers, line);
    if (headers != NULL)
        call->headers = headers;
    return headers != NULL;
}

/* POST, PUT and PATCH without a body say so with Content-Length: 0, as servers expect. */
static bool call_has_body(const struct http_request *request)
{
    str method = request->method;
    return !str_eq(method, STR("HEAD")) &&
           (request->has_body || str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) ||
            str_eq(method, STR("PATCH")));
}

/* Where a body ends is for the client to say: a header that says otherwise would let the rest of
 * it pass for the next request on the connection, which may be somebody else's. */
static bool is_framing(str name)
{
    return http_name_eq(name, STR("Content-Length")) ||
           http_name_eq(name, STR("Transfer-Encoding"));
}

/* "Name: value"; libcurl writes "Name;" for a header without a value, and "Name:" takes back one of
 * its own. */
static bool call_set_headers(struct http_call *call, const struct http_request *request)
{
    struct buf *line = &call->client->scratch;
    bool has_type = false, is_ok = true;
    for (size_t i = 0; i < request->header_count && is_ok; i++) {
        const struct http_header *header = &request->headers[i];
        bool is_empty = true;
        if (is_framing(header->name))
            continue;
        for (size_t j = 0; j < header->value.n; j++)
            is_empty = is_empty && (header->value.p[j] == ' ' || header->value.p[j] == '\t');
        buf_clear(line);
        buf_add(line, header->name);
        buf_add(line, is_empty ? STR(";") : STR(": "));
        buf_add(line, is_empty ? STR("") : header->value);
        buf_add_byte(line, '\0');
        is_ok = buf_ok(line) && call_add_header(call, line->p);
        has_type = has_type || http_name_eq(header->name, STR("content-type"));
    }
    if (is_ok && !has_type && call_has_body(request))
        is_ok = call_add_header(call, "Content-Type:");
    if (is_ok && call_has_body(request))
        is_ok = call_add_header(call, "Expect:");
    SET(call->easy, CURLOPT_HTTPHEADER, call->headers);
    return is_ok;
}

static bool call_set_method(struct http_call *call, const struct http_request *request)
{
    str method = request->method.n == 0 ? STR("GET") : request->method;
    if (str_eq(method, STR("HEAD"))) {
        SET(call->easy, CURLOPT_NOBODY, 1L);
        return true;
    }
    if (call_has_body(request)) {
        str body = request->has_body && request->body.n > 0 ? request->body : STR("");
        SET(call->easy, CURLOPT_POST, 1L);
        SET(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
        SET(call->easy, CURLOPT_POSTFIELDS, body.p);
    }
    return curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, client_cstr(call->client, method)) ==
           CURLE_OK;
}

static bool is_https(str url)
{
    return http_name_eq(str_sub(url, 0, 5), STR("https"));
}

static bool call_set_trust(struct http_call *call, const struct http_request *request)
{
    const struct http_client *client = call->client;
    const char *ca = request->ca_file != NULL ? request->ca_file : client->ca_file;
    SET(call->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(call->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(call->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca == NULL)
        return true;
    SET(call->easy, CURLOPT_CAPATH, NULL); /* these and no others */
    return curl_easy_setopt(call->easy, CURLOPT_CAINFO, ca) == CURLE_OK;
}

static bool call_set_route(struct http_call *call, const struct http_request *request)
{
    const struct http_client *client = call->client;
    const char *proxy = request->proxy != NULL ? request->proxy : client->proxy;
    if (proxy == NULL && client->options.is_proxy_from_env)
        return true;
    return curl_easy_setopt(call->easy, CURLOPT_PROXY, proxy == NULL ? "" : proxy) == CURLE_OK &&
           curl_easy_setopt(call->easy, CURLOPT_NOPROXY, "") == CURLE_OK;
}

/* False when libcurl is out of memory. */
static bool call_prepare(struct http_call *call, const struct http_request *request)
{
    struct http_client *client = call->client;
    CURL *easy = call->easy;
    bool is_tls = is_https(request->url);
    SET(easy, CURLOPT_PRIVATE, call);
    SET(easy, CURLOPT_ERRORBUFFER, call->words);
    SET(easy, CURLOPT_SHARE, client->share);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a thread that resolves a name */
    SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(easy, CURLOPT_HTTP_VERSION,
        is_tls ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L); /* the first call finds out about HTTP/2 */
    SET(easy, CURLOPT_HEADERFUNCTION, call_take_line);
    SET(easy, CURLOPT_HEADERDATA, call);
    SET(easy, CURLOPT_WRITEFUNCTION, call_take_body);
    SET(easy, CURLOPT_WRITEDATA, call);
    SET(easy, CURLOPT_PREREQFUNCTION, call_note_connected);
    SET(easy, CURLOPT_PREREQDATA, call);
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, client_cstr(client, request->url)) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, request->is_identity ? NULL : "") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent) == CURLE_OK &&
           call_set_headers(call, request) && call_set_method(call, request) &&
           call_set_trust(call, request) && call_set_route(call, request);
}

/* a call's life */

static CURL *client_take_easy(struct http_client *client)
{
    return client->spare_count > 0 ? client->spare[--client->spare_count] : curl_easy_init();
}

static void client_give_easy(struct http_client *client, CURL *easy)
{
    curl_easy_reset(easy);
    if (client->spare_count < ARRAY_LEN(client->spare))
        client->spare[client->spare_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

/* Not in libcurl's hands, or not any more. */
static void call_free(struct http_call *call)
{
    struct http_client *client = call->client;
    if (call->easy != NULL)
        client_give_easy(client, call->easy);
    if (call->multi != NULL)
        http_multi_left(call->multi);
    curl_slist_free_all(call->headers);
    http_intake_done(&call->intake);
    free(call->failed);
    free(call);
}

/* Out of all hands. err as http_names_leave takes it. */
static void call_leave(struct http_call *call, const struct error *err)
{
    struct http_client *client = call->client;
    loop_timer_stop(client->loop, &call->deadline);
    http_names_leave(call, err);
    if (call->multi != NULL) {
        curl_off_t bytes = 0;
        curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
        client->figures.received += bytes > 0 ? (uint64_t)bytes : 0;
        curl_multi_remove_handle(call->multi->curl, call->easy);
    }
    if (call->next != NULL)
        call->next->prev = call->prev;
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        client->calls = call->next;
    client->call_count--;
}

void http_call_cancel(struct http_call *call)
{
    call_leave(call, NULL);
    call_free(call);
}

static void call_hand_over(struct http_call *call, struct http_answer *answer,
                           const struct error *err)
{
    http_done_fn *fn = call->fn;
    void *arg = call->arg;
    call_free(call);
    fn(arg, answer, err);
}

void http_call_finish(struct http_call *call, CURLcode code)
{
    struct http_answer *answer = NULL;
    struct error err;
    if (call->failed != NULL) {
        err = *call->failed;
    } else if (code != CURLE_OK) {
        long os_errno = 0;
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
        http_failure(&err, (int)code, call->words, os_errno);
    } else if (http_intake_take(&call->intake, &answer, &err) != STATUS_OK) {
        answer = NULL;
    }
    bool is_nameless = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;
    call_leave(call, is_nameless ? &err : NULL);
    call_hand_over(call, answer, answer == NULL ? &err : NULL);
}

/* The deadline of the connection has come, or that of the whole. */
static void call_timed_out(void *arg)
{
    struct http_call *call = arg;
    struct error err;
    if (call->is_connected && loop_now_ms() < call->ends_ms) {
        loop_timer_start(call->client->loop, &call->deadline, call->ends_ms, call_timed_out, call);
        return;
    }
    if (loop_now_ms() < call->ends_ms)
        error_set(&err, STATUS_UNAVAILABLE, "HttpTimedOut", "no connection within %u ms",
                  call->connect_timeout_ms);
    else
        error_set(&err, STATUS_UNAVAILABLE, "HttpTimedOut", "no complete answer within %u ms",
                  call->timeout_ms);
    call_leave(call, NULL);
    call_hand_over(call, NULL, &err);
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static void call_start_deadline(struct http_call *call, const struct http_request *request)
{
    int64_t now = loop_now_ms();
    call->timeout_ms = or_default(request->timeout_ms, HTTP_TIMEOUT_MS);
    call->connect_timeout_ms = or_default(request->connect_timeout_ms, HTTP_CONNECT_TIMEOUT_MS);
    if (call->connect_timeout_ms > HTTP_CONNECT_TIMEOUT_MAX_MS)
        call->connect_timeout_ms = HTTP_CONNECT_TIMEOUT_MAX_MS;
    call->ends_ms = now + call->timeout_ms;
    uint32_t first =
        call->connect_timeout_ms < call->timeout_ms ? call->connect_timeout_ms : call->timeout_ms;
    loop_timer_start(call->client->loop, &call->deadline, now + first, call_timed_out, call);
}

static struct http_call *call_new(struct http_client *client, const struct http_request *request,
                                  http_done_fn *fn, void *arg)
{
    struct http_call *call = calloc(1, sizeof *call);
    check(call != NULL);
    call->client = client;
    call->fn = fn;
    call->arg = arg;
    size_t header_max =
        request->max_header_bytes == 0 ? HTTP_MAX_HEADER_BYTES : request->max_header_bytes;
    http_intake_init(&call->intake, header_max < UINT32_MAX ? header_max : UINT32_MAX,
                     request->max_body_bytes == 0 ? HTTP_MAX_BODY_BYTES : request->max_body_bytes,
                     client->options.body_padding);
    call->easy = client_take_easy(client);
    return call;
}

/* Into libcurl's hands. */
static enum status call_start(struct http_call *call, struct error *err)
{
    call->multi = http_multi_for_call(call->client);
    if (call->multi != NULL) {
        http_multi_prepare(call);
        if (curl_multi_add_handle(call->multi->curl, call->easy) == CURLM_OK)
            return STATUS_OK;
    }
    return error_set(err, STATUS_IO, "HttpFailed", "the HTTP library is out of memory");
}

static void client_start_ready(void *arg)
{
    struct http_client *client = arg;
    struct http_call *call;
    client->is_queued = false;
    if (client->is_gone) {
        free(client);
        return;
    }
    while ((call = http_names_next_ready(client)) != NULL) {
        struct error err;
        if (call->failed != NULL)
            err = *call->failed;
        else if (call_start(call, &err) == STATUS_OK)
            continue;
        call_leave(call, NULL);
        call_hand_over(call, NULL, &err);
    }
}

void http_client_start_ready(struct http_client *client)
{
    if (client->is_queued || client->ready.first == NULL)
        return;
    client->is_queued = true;
    loop_defer(client->loop, &client->task, client_start_ready, client);
}

/* The host that is to be asked. */
static str call_route(const struct http_call *call, const struct http_request *request)
{
    const char *proxy = request->proxy != NULL ? request->proxy : call->client->proxy;
    return proxy == NULL || proxy[0] == '\0' ? request->url : str_of(proxy);
}

enum status http_client_send(struct http_client *client, const struct http_request *request,
                             http_done_fn *fn, void *arg, struct http_call **ret_call,
                             struct error *err)
{
    enum status status = http_request_check(request, err);
    if (status != STATUS_OK)
        return status;
    if (client->call_count >= client->options.calls_max)
        return error_set(err, STATUS_BUSY, "HttpTooMany", "%zu calls are in flight already",
                         client->call_count);
    struct http_call *call = call_new(client, request, fn, arg);
    if (call->easy == NULL || !call_prepare(call, request)) {
        call_free(call);
        return error_set(err, STATUS_IO, "HttpFailed", "the HTTP library is out of memory");
    }
    call->next = client->calls;
    if (call->next != NULL)
        call->next->prev = call;
    client->calls = call;
    client->call_count++;
    client->figures.sent++;
    call_start_deadline(call, request);
    if (http_names_enter(call, call_route(call, request)))
        status = call_start(call, err);
    if (status != STATUS_OK) {
        http_call_cancel(call);
        return status;
    }
    *ret_call = call;
    return STATUS_OK;
}

/* the client */

static char *dup_or_null(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    char *copy = strdup(text);
    check(copy != NULL);
    return copy;
}

enum status http_client_new(struct loop *loop, const struct http_client_options *options,
                            struct http_client **ret_client, struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, STATUS_IO, "HttpFailed", "the HTTP library does not start");
    struct http_client *client = calloc(1, sizeof *client);
    check(client != NULL);
    client->loop = loop;
    if (options != NULL)
        client->options = *options;
    client->ca_file = dup_or_null(client->options.ca_file);
    client->proxy = dup_or_null(client->options.proxy);
    client->user_agent = dup_or_null(client->options.user_agent);
    if (client->options.calls_max == 0)
        client->options.calls_max = HTTP_CALLS_MAX;
    if (client->options.calls_per_multi == 0)
        client->options.calls_per_multi = HTTP_CALLS_PER_MULTI;
    if (client->options.idle_ms == 0)
        client->options.idle_ms = HTTP_IDLE_MS;
    buf_init(&client->scratch, HTTP_URL_MAX + HTTP_REQUEST_HEADER_BYTES_MAX + 16);
    client->share = curl_share_init();
    check(client->share != NULL);
    curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    *ret_client = client;
    return STATUS_OK;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->calls != NULL)
        http_call_cancel(client->calls);
    while (client->multi_count > 0)
        http_multi_close(client->multis[client->multi_count - 1]);
    while (client->spare_count > 0)
        curl_easy_cleanup(client->spare[--client->spare_count]);
    check(curl_share_cleanup(client->share) == CURLSHE_OK);
    buf_done(&client->scratch);
    free(client->ca_file);
    free(client->proxy);
    free(client->user_agent);
    free(client->multis);
    free(client->sockets);
    http_names_done(client);
    curl_global_cleanup();
    if (client->is_queued)
        client->is_gone = true;
    else
        free(client);
}

size_t http_client_lookups(const struct http_client *client)
{
    return client->lookups;
}

size_t http_client_in_flight(const struct http_client *client)
{
    return client->call_count;
}

struct http_client_figures http_client_figures(const struct http_client *client)
{
    return client->figures;
}
