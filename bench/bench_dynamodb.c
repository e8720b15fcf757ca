/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations per second of the DynamoDB service through the store, from a request's JSON text to
 * the answer's: what a server does for each, without HTTP. Writes are in flight many at a time, as
 * they are when many clients wait; each is durable before it is counted. Items have 200 bytes, keys
 * come in random order.
 *
 *   bench_dynamodb DIR [KEYS [SECONDS]]     DIR must be there, and empty
 */
#include "bench_clock.h"
#include "base/check.h"
#include "json/parse.h"
#include "services/dynamodb/dynamodb.h"
#include "store/reader.h"
#include <stdio.h>
#include <stdlib.h>

enum { IN_FLIGHT = 512, ROWS_OF_A_QUERY = 10, FILLER = 120 };

struct bench {
    struct service_settings settings;
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    uint64_t seed;
    uint32_t keys;
};

/* One write under way. */
struct flight {
    struct service_unit unit;
    struct arena arena;
};

NORETURN static void stop(const char *what)
{
    fprintf(stderr, "bench_dynamodb: %s\n", what);
    exit(1);
}

static void report(const char *what, uint32_t done, double began, double cpu_began)
{
    double took = now_s() - began, cpu = cpu_s() - cpu_began;
    printf("%s/s %.0f   cpu %.1f us each\n", what, done / took, cpu * 1e6 / done);
}

static uint32_t random_key(struct bench *b)
{
    b->seed ^= b->seed << 13;
    b->seed ^= b->seed >> 7;
    b->seed ^= b->seed << 17;
    return (uint32_t)((b->seed >> 16) % b->keys);
}

static struct service_call call_of(struct bench *b, struct arena *arena)
{
    return (struct service_call){
        .settings = &b->settings, .now_ms = INT64_C(1767225600000), .arena = arena};
}

static str prepare(struct bench *b, const struct service_operation *o, str text,
                   struct arena *arena)
{
    struct json_val request;
    struct error err;
    str args;
    struct service_call c = call_of(b, arena);
    if (json_parse_in(arena, text, NULL, &request, &err) != STATUS_OK ||
        service_prepare(o, &c, request, &args, &err) != STATUS_OK)
        stop(err.message);
    return args;
}

static void answer(struct bench *b, const struct service_operation *o, str reply,
                   struct arena *arena, struct buf *json)
{
    struct error err;
    struct service_call c = call_of(b, arena);
    buf_clear(json);
    if (service_answer(o, &c, reply, json, &err) != STATUS_OK)
        stop(err.message);
}

/* ---- writing ---- */

typedef str request_fn(struct bench *b, struct arena *arena, uint32_t i);

static str put_request(struct bench *b, struct arena *arena, uint32_t i)
{
    uint32_t key = i < UINT32_MAX ? i : random_key(b);
    uint32_t n = (uint32_t)(b->seed >> 20); /* what is there already would not be written */
    return arena_printf(arena,
                        "{\"TableName\":\"bench\",\"Item\":{\"id\":{\"S\":\"partition-%07u\"},"
                        "\"at\":{\"N\":\"%u\"},\"n\":{\"N\":\"%u\"},\"text\":{\"S\":\"%0*u\"}}}",
                        key / ROWS_OF_A_QUERY, key % ROWS_OF_A_QUERY, n, FILLER, key);
}

static str update_request(struct bench *b, struct arena *arena, uint32_t i)
{
    uint32_t key = i < UINT32_MAX ? i : random_key(b);
    return arena_printf(
        arena,
        "{\"TableName\":\"bench\",\"Key\":{\"id\":{\"S\":\"partition-%07u\"},"
        "\"at\":{\"N\":\"%u\"}},\"UpdateExpression\":\"SET n = n + :n\",\"ConditionExpression\":"
        "\"attribute_exists(id)\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"}}}",
        key / ROWS_OF_A_QUERY, key % ROWS_OF_A_QUERY);
}

static void submit(struct bench *b, struct flight *f, const struct service_operation *o,
                   request_fn *request, uint32_t i)
{
    struct error err;
    arena_reset(&f->arena);
    f->unit = (struct service_unit){.operation = o, .call = call_of(b, &f->arena)};
    f->unit.args = prepare(b, o, request(b, &f->arena, i), &f->arena);
    service_unit_init(&f->unit);
    if (store_submit(b->client, &f->unit.unit, &err) != STATUS_OK)
        stop(err.message);
}

/* Keys 0 to count in turn when seconds is 0, else random ones for so long. */
static void write_all(struct bench *b, const char *what, const char *name, request_fn *request,
                      uint32_t count, double seconds)
{
    static struct flight flights[IN_FLIGHT];
    const struct service_operation *o = service_find(&dynamodb_service, str_of(name));
    struct buf json;
    buf_init(&json, 64 << 20);
    double began = now_s(), cpu_began = cpu_s();
    uint32_t sent = 0, done = 0;
    for (; sent < IN_FLIGHT && (seconds > 0 || sent < count); sent++) {
        arena_init(&flights[sent].arena, 0);
        submit(b, &flights[sent], o, request, seconds > 0 ? UINT32_MAX : sent);
    }
    uint32_t flying = sent;
    while (done < sent) {
        store_wait(b->client);
        for (struct store_unit *u = store_take(b->client), *next; u; u = next) {
            next = u->next;
            struct flight *f = (struct flight *)(void *)u;
            if (u->status != STATUS_OK)
                stop(u->error.message);
            answer(b, o, u->reply, &f->arena, &json);
            store_unit_done(u);
            done++;
            if (seconds > 0 ? now_s() - began < seconds : sent < count) {
                submit(b, f, o, request, seconds > 0 ? UINT32_MAX : sent);
                sent++;
            }
        }
    }
    report(what, done, began, cpu_began);
    for (uint32_t i = 0; i < flying; i++)
        arena_done(&flights[i].arena);
    buf_done(&json);
}

/* ---- reading ---- */

static str get_request(struct bench *b, struct arena *arena, uint32_t i)
{
    uint32_t key = random_key(b);
    (void)i;
    return arena_printf(arena,
                        "{\"TableName\":\"bench\",\"Key\":{\"id\":{\"S\":\"partition-%07u\"},"
                        "\"at\":{\"N\":\"%u\"}}}",
                        key / ROWS_OF_A_QUERY, key % ROWS_OF_A_QUERY);
}

static str query_request(struct bench *b, struct arena *arena, uint32_t i)
{
    (void)i;
    return arena_printf(arena,
                        "{\"TableName\":\"bench\",\"KeyConditionExpression\":\"id = :i\","
                        "\"ExpressionAttributeValues\":{\":i\":{\"S\":\"partition-%07u\"}}}",
                        random_key(b) / ROWS_OF_A_QUERY);
}

static void read_all(struct bench *b, const char *what, const char *name, request_fn *request,
                     double seconds)
{
    const struct service_operation *o = service_find(&dynamodb_service, str_of(name));
    struct arena arena;
    struct buf json, reply;
    struct error err;
    uint32_t done = 0;
    double began = now_s(), cpu_began = cpu_s();
    arena_init(&arena, 0);
    buf_init(&json, 64 << 20);
    buf_init(&reply, 64 << 20);
    for (; done % 64 != 0 || now_s() - began < seconds; done++) {
        str args = prepare(b, o, request(b, &arena, 0), &arena);
        struct service_call c = call_of(b, &arena);
        buf_clear(&reply);
        if (o->run(&c, b->reader, NULL, args, &reply, &err) != STATUS_OK)
            stop(err.message);
        answer(b, o, buf_str(&reply), &arena, &json);
        if (str_find(buf_str(&json), STR("partition-"), 0) == STR_NONE)
            stop("an answer without an item");
        arena_reset(&arena);
    }
    report(what, done, began, cpu_began);
    arena_done(&arena);
    buf_done(&json);
    buf_done(&reply);
}

/* ---- all of it ---- */

static void create_table(struct bench *b)
{
    static struct flight f;
    const struct service_operation *o = service_find(&dynamodb_service, STR("CreateTable"));
    struct error err;
    arena_init(&f.arena, 0);
    f.unit = (struct service_unit){.operation = o, .call = call_of(b, &f.arena)};
    f.unit.args = prepare(
        b, o,
        STR("{\"TableName\":\"bench\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":"
            "[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},{\"AttributeName\":\"at\","
            "\"AttributeType\":\"N\"}],\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":"
            "\"HASH\"},{\"AttributeName\":\"at\",\"KeyType\":\"RANGE\"}]}"),
        &f.arena);
    service_unit_init(&f.unit);
    if (store_perform(b->client, &f.unit.unit, &err) != STATUS_OK)
        stop(err.message);
    store_unit_done(&f.unit.unit);
    arena_done(&f.arena);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        stop("which folder?");
    struct error err;
    struct bench b = {.settings = {STR("000000000000"), STR("us-east-1"), false},
                      .seed = UINT64_C(88172645463325252),
                      .keys = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10000};
    double seconds = argc > 3 ? strtod(argv[3], NULL) : 3;
    if (b.keys < ROWS_OF_A_QUERY || seconds <= 0)
        stop("at least 10 keys, and more than 0 seconds");
    str dir = str_of(argv[1]);
    char path[4096];
    (void)snprintf(path, sizeof(path), "%.*s/data", STR_ARG(dir));
    if (store_open(str_of(path), NULL, &b.store, &err) != STATUS_OK ||
        store_reader_open(str_of(path), NULL, &b.reader, &err) != STATUS_OK)
        stop(err.message);
    b.client = store_client_new(b.store, NULL, NULL);
    create_table(&b);
    printf("keys %u\n", b.keys);
    write_all(&b, "fill", "PutItem", put_request, b.keys, 0);
    write_all(&b, "put", "PutItem", put_request, 0, seconds);
    write_all(&b, "update", "UpdateItem", update_request, 0, seconds);
    read_all(&b, "get", "GetItem", get_request, seconds);
    read_all(&b, "query_of_10", "Query", query_request, seconds);
    store_client_free(b.client);
    store_reader_close(b.reader);
    store_close(b.store);
    return 0;
}
