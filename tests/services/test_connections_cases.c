/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/cases/services/connections.json: calls in order against an empty store, each with the
 * answer or the error it gets. After each call the stored bytes are searched for the case's
 * secrets.
 *
 *   {"name", "strict"?, "secrets"?: [text…],
 *    "calls": [{"operation", "request", "response" | "error": {"name", "message"}}]}
 */
#include "services/connections_memory.h"
#include "support.h"

#define NOW_MS INT64_C(1767225600500)

struct trial {
    struct arena *arena;
    struct connections connections;
    struct json_val secrets;
    struct buf *why;
    int64_t now_ms;
};

/* No secret is in the bytes that are kept, nor in an answer. */
static bool are_hidden(struct trial *t, const char *where, str text)
{
    for (uint32_t i = 0; t->secrets.tag == JSON_ARRAY && i < t->secrets.len; i++)
        if (str_find(text, json_str(t->secrets.items[i]), 0) != STR_NONE) {
            buf_printf(t->why, "the secret %.*s is in %s", STR_ARG(json_str(t->secrets.items[i])),
                       where);
            return false;
        }
    return true;
}

static bool is_store_silent(struct trial *t)
{
    str names[16];
    uint32_t count;
    struct error err;
    const struct connection_store *store = t->connections.store;
    if (store->list(store->self, t->arena, STR(""), STR(""), names, 16, &count, &err) != STATUS_OK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct buf bytes;
        buf_init(&bytes, CONNECTION_MAX_RECORD);
        bool is_hidden = store->load(store->self, names[i], &bytes, &err) == STATUS_OK &&
                         are_hidden(t, "the store", buf_str(&bytes));
        buf_done(&bytes);
        if (!is_hidden)
            return false;
    }
    return true;
}

static bool check_error(struct trial *t, const char *name, struct json_val expected,
                        const struct error *err)
{
    return expect_value(t->why, name, json_get(expected, STR("name")),
                        value_of_text(str_of(err->name))) &&
           expect_value(t->why, name, json_get(expected, STR("message")),
                        value_of_text(str_of(err->message))) &&
           are_hidden(t, "an error", str_of(err->message));
}

static bool run_call(struct trial *t, struct json_val call)
{
    struct json_doc *doc = NULL;
    struct error err;
    str name = json_str(json_get(call, STR("operation")));
    struct json_val expected = json_get(call, STR("error"));
    const struct connection_operation *operation = connections_find(name);
    if (!operation) {
        buf_printf(t->why, "no operation %.*s", STR_ARG(name));
        return false;
    }
    t->now_ms += 1000;
    enum status status =
        operation->run(&t->connections, json_get(call, STR("request")), t->now_ms, &doc, &err);
    if (status != STATUS_OK) {
        if (expected.tag == JSON_OBJECT)
            return check_error(t, operation->name, expected, &err);
        buf_printf(t->why, "%s failed: %s: %s", operation->name, err.name, err.message);
        return false;
    }
    bool is_right = expect_value(t->why, operation->name, json_get(call, STR("response")),
                                 json_doc_root(doc)) &&
                    are_hidden(t, "an answer", text_of_value(t->arena, json_doc_root(doc))) &&
                    is_store_silent(t);
    json_doc_unref(doc);
    return is_right;
}

static bool run_connection_case(struct arena *arena, struct json_val c, struct buf *why)
{
    struct secret_box box;
    struct error err;
    if (secret_box_random(&box, &err) != STATUS_OK)
        return false;
    struct connections_memory *memory = connections_memory_new();
    struct json_val strict = json_get(c, STR("strict"));
    struct trial t = {.arena = arena,
                      .connections = {.store = connections_memory_store(memory),
                                      .box = &box,
                                      .region = STR("us-east-1"),
                                      .account = STR("000000000000"),
                                      .is_strict = strict.tag == JSON_BOOL && strict.b},
                      .secrets = json_get(c, STR("secrets")),
                      .why = why,
                      .now_ms = NOW_MS};
    struct json_val calls = json_get(c, STR("calls"));
    bool is_right = calls.tag == JSON_ARRAY;
    for (uint32_t i = 0; is_right && i < calls.len; i++)
        is_right = run_call(&t, calls.items[i]);
    connections_memory_free(memory);
    secret_box_done(&box);
    return is_right;
}

int main(int argc, char **argv)
{
    return run_cases("connections.json", run_connection_case, argc, argv);
}
