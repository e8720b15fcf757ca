/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/cases/services/http_invoke.json: arguments and a connection to a request, an answer to
 * a result.
 *
 *   {"name", "strict"?, "connection"?: {"AuthorizationType", "AuthParameters"}, "token"?,
 *    "arguments"?, "request" | "failure": {"error", "cause"},
 *    "answer"?: {"status", "headers": [[name, value]…], "body" | "bytes": [number…] | "fill": count
 * of x}, "result" | "failure", "trace"?, "revealed"?, "traced"?}
 *
 * request is {"method", "url", "headers": [[name, value]…], "body"?}; trace is that of the request
 * without secrets, revealed with them, traced that of the answer.
 */
#include "json/compare.h"
#include "services/build.h"
#include "services/connections_memory.h"
#include "services/http_invoke.h"
#include "support.h"

struct invoke_trial {
    struct arena *arena;
    struct json_val c;
    struct buf *why;
    struct http_invoke_options options;
    struct connection_auth auth;
    struct http_invoke_request request;
};

static struct json_val member(const struct invoke_trial *t, const char *name)
{
    return json_get(t->c, str_of(name));
}

/* The connection goes the whole way: created, sealed, kept, loaded, opened. */
static bool open_connection(struct invoke_trial *t, const struct connections *c)
{
    struct json_doc *doc;
    struct error err;
    struct service_failure failure;
    struct json_val given = member(t, "connection");
    struct build b;
    if (given.tag != JSON_OBJECT)
        given =
            parse_quoted(t->arena, "{'AuthorizationType':'API_KEY','AuthParameters':{"
                                   "'ApiKeyAuthParameters':{'ApiKeyName':'k','ApiKeyValue':'v'}}}");
    build_begin(&b, t->arena);
    build_put(&b, "Name", value_of_text(STR("c")));
    build_put(&b, "AuthorizationType", json_get(given, STR("AuthorizationType")));
    build_put(&b, "AuthParameters", json_get(given, STR("AuthParameters")));
    if (connections_find(STR("CreateConnection"))->run(c, build_end(&b), 1, &doc, &err) !=
        STATUS_OK) {
        buf_printf(t->why, "%s", err.message);
        return false;
    }
    str arn = arena_dup(t->arena, json_str(json_get(json_doc_root(doc), STR("ConnectionArn"))));
    json_doc_unref(doc);
    return connection_auth_load(c, t->arena, arn, &t->auth, &failure);
}

static bool expect_failure(struct invoke_trial *t, const struct service_failure *f)
{
    struct build b;
    build_begin(&b, t->arena);
    build_put(&b, "error", value_of_text(f->error));
    build_put(&b, "cause", value_of_text(f->cause));
    return expect_value(t->why, "failure", member(t, "failure"), build_end(&b));
}

static struct json_val shown_request(struct invoke_trial *t)
{
    const struct http_invoke_request *r = &t->request;
    struct json_val *headers = arena_alloc(t->arena, (r->header_count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < r->header_count; i++) {
        struct json_val *pair = arena_alloc(t->arena, 2 * sizeof *pair);
        pair[0] = value_of_text(r->headers[i].name);
        pair[1] = value_of_text(r->headers[i].value);
        headers[i] = json_array(pair, 2);
    }
    struct build b;
    build_begin(&b, t->arena);
    build_put(&b, "method", value_of_text(r->method));
    build_put(&b, "url", value_of_text(r->url));
    build_put(&b, "headers", json_array(headers, r->header_count));
    if (r->has_body)
        build_put(&b, "body", value_of_text(r->body));
    return build_end(&b);
}

static bool run_request(struct invoke_trial *t, bool *ret_is_over)
{
    struct http_invoke_call call;
    struct service_failure failure;
    struct json_val token = member(t, "token");
    *ret_is_over = true;
    if (!http_invoke_read(t->arena, &t->options, member(t, "arguments"), &call, &failure))
        return expect_failure(t, &failure);
    if (!http_invoke_build(t->arena, &t->options, &call, &t->auth,
                           token.tag == JSON_STRING ? json_str(token) : STR(""), &t->request,
                           &failure))
        return expect_failure(t, &failure);
    *ret_is_over = false;
    struct json_val trace = member(t, "trace"), revealed = member(t, "revealed");
    return expect_value(t->why, "request", member(t, "request"), shown_request(t)) &&
           (trace.tag == JSON_UNDEFINED ||
            expect_value(t->why, "trace", trace,
                         http_invoke_trace_request(t->arena, &t->request, false))) &&
           (revealed.tag == JSON_UNDEFINED ||
            expect_value(t->why, "revealed", revealed,
                         http_invoke_trace_request(t->arena, &t->request, true)));
}

static struct http_invoke_answer read_answer(struct invoke_trial *t)
{
    struct json_val answer = member(t, "answer"), headers = json_get(answer, STR("headers"));
    struct json_val bytes = json_get(answer, STR("bytes")), body = json_get(answer, STR("body"));
    struct json_val fill = json_get(answer, STR("fill"));
    struct http_header *lines = arena_alloc(t->arena, (headers.len + 1) * sizeof *lines);
    for (uint32_t i = 0; i < headers.len; i++)
        lines[i] = (struct http_header){json_str(headers.items[i].items[0]),
                                        json_str(headers.items[i].items[1])};
    struct http_invoke_answer a = {.status = (unsigned)json_number(json_get(answer, STR("status"))),
                                   .headers = lines,
                                   .header_count = headers.len,
                                   .body = body.tag == JSON_STRING ? json_str(body) : STR("")};
    if (bytes.tag == JSON_ARRAY) {
        char *p = arena_alloc(t->arena, bytes.len);
        for (uint32_t i = 0; i < bytes.len; i++)
            p[i] = (char)json_number(bytes.items[i]);
        a.body = (str){p, bytes.len};
    }
    if (json_is_number(fill)) {
        size_t n = (size_t)json_number(fill);
        a.body = (str){memset(arena_alloc(t->arena, n), 'x', n), n};
    }
    return a;
}

static bool run_answer(struct invoke_trial *t)
{
    struct service_failure failure;
    struct json_doc *doc;
    struct http_invoke_answer answer = read_answer(t);
    struct json_val traced = member(t, "traced");
    if (traced.tag != JSON_UNDEFINED &&
        !expect_value(t->why, "traced", traced,
                      http_invoke_trace_answer(t->arena, &t->request, &answer)))
        return false;
    if (!http_invoke_result(t->arena, &t->options, &answer, &doc, &failure))
        return expect_failure(t, &failure);
    bool is_right = expect_value(t->why, "result", member(t, "result"), json_doc_root(doc));
    json_doc_unref(doc);
    return is_right;
}

static bool run_invoke_case(struct arena *arena, struct json_val c, struct buf *why)
{
    struct secret_box box;
    struct error err;
    if (secret_box_random(&box, &err) != STATUS_OK)
        return false;
    struct connections_memory *memory = connections_memory_new();
    struct json_val strict = json_get(c, STR("strict"));
    struct connections connections = {.store = connections_memory_store(memory),
                                      .box = &box,
                                      .region = STR("us-east-1"),
                                      .account = STR("000000000000")};
    struct invoke_trial t = {.arena = arena,
                             .c = c,
                             .why = why,
                             .options = {.region = STR("us-east-1"),
                                         .is_strict = strict.tag == JSON_BOOL && strict.b,
                                         .has_trace = true}};
    bool is_over = false;
    bool is_right = open_connection(&t, &connections);
    if (is_right && member(&t, "arguments").tag != JSON_UNDEFINED)
        is_right = run_request(&t, &is_over);
    if (is_right && !is_over && member(&t, "answer").tag != JSON_UNDEFINED)
        is_right = run_answer(&t);
    connections_memory_free(memory);
    secret_box_done(&box);
    return is_right;
}

int main(int argc, char **argv)
{
    return run_cases("http_invoke.json", run_invoke_case, argc, argv);
}
