/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of the data folder: each operation that writes is one unit of the store, so that what
 * it reads is what it changes. What they are lies in services/connections.h.
 */
#include "engine/connections.h"
#include "engine/http.h"
#include "engine/unit.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

/* ---- within the store ---- */

struct connection_unit {
    const struct connection_operation *operation; /* or, NULL: */
    str arn, reason;                              /* how a token came out */
    int64_t revision;
    bool is_authorized;
    str request; /* JSON text */
    int64_t now_ms;
    struct connections connections; /* store: that of the unit */
};

static enum status operate(const struct connection_operation *operation,
                           const struct connections *c, str request, int64_t now_ms,
                           struct buf *answer, struct error *err)
{
    struct json_doc *doc, *answer_doc;
    enum status status = json_parse(request, NULL, &doc, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_INVALID, "SerializationException", "The request is not JSON.");
    status = operation->run(c, json_doc_root(doc), now_ms, &answer_doc, err);
    json_doc_unref(doc);
    if (status != STATUS_OK)
        return status;
    status = json_write(answer, json_doc_root(answer_doc), 0, err);
    json_doc_unref(answer_doc);
    return status;
}

static enum status write_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct connection_unit *u = (const struct connection_unit *)(const void *)args.p;
    struct connections connections = u->connections;
    struct connections_kept kept;
    (void)scratch;
    connections_kept_write(&kept, tx);
    connections.store = &kept.store;
    if (!u->operation)
        return connections_settle(&connections, u->arn, u->revision, u->is_authorized, u->reason,
                                  u->now_ms, err);
    struct buf answer;
    buf_init(&answer, SIZE_MAX / 2);
    enum status status = operate(u->operation, &connections, u->request, u->now_ms, &answer, err);
    if (status == STATUS_OK)
        store_tx_reply(tx, buf_str(&answer));
    buf_done(&answer);
    return status;
}

static enum status perform(struct engine *e, const struct connection_unit *u, struct buf *answer,
                           struct error *err)
{
    struct store_unit unit = {.run = write_unit, .args = {(const char *)u, sizeof(*u)}};
    struct store_client *client = store_client_new(e->store, NULL, NULL);
    enum status status = store_perform(client, &unit, err);
    if (status == STATUS_OK && answer)
        buf_add(answer, unit.reply);
    store_unit_done(&unit);
    store_client_free(client);
    return status;
}

/* ---- operations ---- */

/* The first token is fetched before anybody needs it, and tells whether the connection works. */
void engine_connection_written(struct engine *e, str answer)
{
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    if (json_parse_in(&a, answer, NULL, &v, NULL) == STATUS_OK) {
        struct json_val arn = json_get(v, STR("ConnectionArn"));
        struct json_val state = json_get(v, STR("ConnectionState"));
        if (arn.tag == JSON_STRING && state.tag == JSON_STRING &&
            str_eq(json_str(state), STR("AUTHORIZING")))
            http_tasks_authorize(e->http->tasks, json_str(arn));
    }
    arena_done(&a);
}

enum status engine_connection(struct engine *e, str operation, str request, struct buf *answer,
                              struct error *err)
{
    const struct connection_operation *o = connections_find(operation);
    if (!o)
        return error_set(err, STATUS_NOT_FOUND, "UnknownOperationException",
                         "There is no operation '%.*s'.", STR_ARG(str_sub(operation, 0, 100)));
    const struct connections *c = &e->http->connections;
    size_t start = answer->n;
    if (!o->is_writing)
        return operate(o, c, request, engine_now_ms(e), answer, err);
    struct connection_unit u = {
        .operation = o, .request = request, .now_ms = engine_now_ms(e), .connections = *c};
    enum status status = perform(e, &u, answer, err);
    if (status == STATUS_OK)
        engine_connection_written(e, str_sub(buf_str(answer), start, answer->n));
    return status;
}

const struct secret_box *engine_secret_box(const struct engine *e)
{
    return &e->http->box;
}

struct store *engine_store(struct engine *e)
{
    return e->store;
}

/* ---- tokens ---- */

/* How a token came out, on its way to the store; the loop does not wait. */
struct settling {
    struct engine_unit unit; /* first */
    struct connection_unit args;
    struct arena texts;
};

static void drop_settling(struct engine_unit *unit)
{
    struct settling *s = (struct settling *)(void *)unit;
    arena_done(&s->texts);
    free(s);
}

/* What failed stays AUTHORIZING, and the next token decides. */
static void settled(struct engine *e, struct engine_unit *unit)
{
    (void)e;
    store_unit_done(&unit->unit);
    drop_settling(unit);
}

void engine_connection_settle(void *arg, str arn, int64_t revision, bool is_authorized, str reason)
{
    struct engine *e = arg;
    struct settling *s = calloc(1, sizeof(*s));
    check(s != NULL);
    arena_init(&s->texts, 0);
    s->args = (struct connection_unit){.arn = arena_dup(&s->texts, arn),
                                       .revision = revision,
                                       .is_authorized = is_authorized,
                                       .reason = arena_dup(&s->texts, reason),
                                       .now_ms = engine_now_ms(e),
                                       .connections = e->http->connections};
    s->unit = (struct engine_unit){
        .unit = {.run = write_unit, .args = {(const char *)&s->args, sizeof(s->args)}},
        .back = settled,
        .drop = drop_settling};
    engine_unit_submit(e, &s->unit);
}
