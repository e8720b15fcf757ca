/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_table.h. The table is asked by DescribeTable, Query and Scan, as anybody else
 * would, page by page. */
#include "cmd/aggregate_table.h"

#include "aggregate/config.h"
#include "json/write.h"
#include "loop/loop.h"
#include "services/dynamodb/dynamodb.h"
#include <sys/stat.h>

enum { KEY_SHOWN = 200 /* bytes of an item's key in an error */ };

struct table_reading {
    const struct service_settings *settings;
    struct store_reader *reader;
    struct arena arena; /* of the names */
    str name, key;      /* key.p NULL: all items */
    str hash, range;    /* names of the key's attributes; range may be empty */
    str type;           /* of the hash key: "S", "N" or "B" */
    struct buf *out;
    uint64_t count;
};

bool aggregate_is_table(str locations)
{
    return str_starts(locations, STR(AGGREGATE_TABLE));
}

static enum status call(struct table_reading *t, const char *operation, str request,
                        struct arena *a, struct json_val *ret, struct error *err)
{
    struct service_call c = {.settings = t->settings, .now_ms = loop_wall_ms(), .arena = a};
    return service_read(service_find(&dynamodb_service, str_of(operation)), &c, t->reader, request,
                        ret, err);
}

/* ---- the table ---- */

static str text_of(struct json_val object, str name)
{
    struct json_val v = json_get(object, name);
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

static void take_keys(struct table_reading *t, struct json_val table)
{
    struct json_val keys = json_get(table, STR("KeySchema"));
    struct json_val attributes = json_get(table, STR("AttributeDefinitions"));
    for (uint32_t i = 0; keys.tag == JSON_ARRAY && i < keys.len; i++) {
        str name = arena_dup(&t->arena, text_of(keys.items[i], STR("AttributeName")));
        bool is_hash = str_eq(text_of(keys.items[i], STR("KeyType")), STR("HASH"));
        *(is_hash ? &t->hash : &t->range) = name;
    }
    for (uint32_t i = 0; attributes.tag == JSON_ARRAY && i < attributes.len; i++)
        if (str_eq(text_of(attributes.items[i], STR("AttributeName")), t->hash))
            t->type = arena_dup(&t->arena, text_of(attributes.items[i], STR("AttributeType")));
}

static enum status look_at_table(struct table_reading *t, struct error *err)
{
    struct buf request;
    struct json_val answer;
    buf_init(&request, SIZE_MAX / 2);
    buf_add(&request, STR("{\"TableName\":"));
    json_write_string(&request, t->name);
    buf_add_byte(&request, '}');
    enum status status = call(t, "DescribeTable", buf_str(&request), &t->arena, &answer, err);
    buf_done(&request);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "Locations", "there is no such table");
    if (status == STATUS_OK)
        take_keys(t, json_get(answer, STR("Table")));
    if (status == STATUS_OK && t->key.p && str_eq(t->type, STR("B")))
        return error_set(err, STATUS_INVALID, "Locations",
                         "its key %.*s is binary: items cannot be named by it", STR_ARG(t->hash));
    return status;
}

/* ---- items ---- */

typedef void put_fn(struct buf *out, str text);

static void put_raw(struct buf *out, str text)
{
    buf_add(out, text);
}

static void put_texts(struct buf *out, struct json_val texts, put_fn *put)
{
    buf_add_byte(out, '[');
    for (uint32_t i = 0; texts.tag == JSON_ARRAY && i < texts.len; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        put(out, json_str(texts.items[i]));
    }
    buf_add_byte(out, ']');
}

/* An attribute's value, {"S": …}, as plain JSON; nesting has the limit of the table service. */
static void put_value(struct buf *out, struct json_val v)
{
    str type = {v.obj->shape->keys[0].p, v.obj->shape->keys[0].n};
    struct json_val value = v.obj->vals[0];
    bool is_numeric = type.p[0] == 'N' && !str_eq(type, STR("NULL"));
    if (value.tag == JSON_STRING) { /* S, N, B */
        (is_numeric ? put_raw : json_write_string)(out, json_str(value));
    } else if (type.n == 2) { /* SS, NS, BS */
        put_texts(out, value, is_numeric ? put_raw : json_write_string);
    } else if (str_eq(type, STR("BOOL"))) {
        buf_add(out, value.i64 ? STR("true") : STR("false"));
    } else if (str_eq(type, STR("L"))) {
        buf_add_byte(out, '[');
        for (uint32_t i = 0; i < value.len; i++) {
            if (i > 0)
                buf_add_byte(out, ',');
            put_value(out, value.items[i]);
        }
        buf_add_byte(out, ']');
    } else if (str_eq(type, STR("M"))) {
        buf_add_byte(out, '{');
        for (uint32_t i = 0; i < value.len; i++) {
            if (i > 0)
                buf_add_byte(out, ',');
            json_write_string(out, (str){value.obj->shape->keys[i].p, value.obj->shape->keys[i].n});
            buf_add_byte(out, ':');
            put_value(out, value.obj->vals[i]);
        }
        buf_add_byte(out, '}');
    } else { /* NULL */
        buf_add(out, STR("null"));
    }
}

/* Which one it is: the attributes of its key. */
static enum status PRINTF_LIKE(4, 5) wrong_item(const struct table_reading *t, struct json_val item,
                                                struct error *err, const char *fmt, ...)
{
    struct buf key;
    va_list args;
    buf_init(&key, SIZE_MAX / 2);
    for (int i = 0; i < 2; i++) {
        str name = i == 0 ? t->hash : t->range;
        struct json_val v = json_get(item, name);
        if (name.n == 0 || v.tag != JSON_OBJECT)
            continue;
        buf_add(&key, key.n > 0 ? STR(", ") : STR(""));
        buf_add(&key, name);
        buf_add_byte(&key, ' ');
        put_value(&key, v);
    }
    va_start(args, fmt);
    enum status status = error_vset(err, STATUS_INVALID, "Locations", fmt, args);
    va_end(args);
    error_wrap(err, "the item with %.*s",
               STR_ARG(str_sub(buf_str(&key), 0, key.n < KEY_SHOWN ? key.n : KEY_SHOWN)));
    buf_done(&key);
    return status;
}

static bool is_ours(str name)
{
    return str_eq(name, STR("task_id")) || str_starts(name, STR("ledger"));
}

static enum status put_item(struct table_reading *t, struct json_val item, struct error *err)
{
    struct json_val id = json_get(item, STR("location_id"));
    if (id.tag != JSON_OBJECT)
        return wrong_item(t, item, err, "it has no location_id");
    if (text_of(id, STR("S")).n == 0)
        return wrong_item(t, item, err, "its location_id is no text, or empty");
    char before = '{';
    for (uint32_t i = 0; i < item.len; i++) {
        str name = {item.obj->shape->keys[i].p, item.obj->shape->keys[i].n};
        if (is_ours(name))
            continue;
        buf_add_byte(t->out, before);
        json_write_string(t->out, name);
        buf_add_byte(t->out, ':');
        put_value(t->out, item.obj->vals[i]);
        before = ',';
    }
    buf_add(t->out, STR("}\n"));
    t->count++;
    if (buf_ok(t->out))
        return STATUS_OK;
    return error_set(err, STATUS_LIMIT, "LocationsTooLong", "more than %zu bytes of locations",
                     t->out->max);
}

static void put_request(const struct table_reading *t, str start, struct buf *out)
{
    buf_add(out, STR("{\"TableName\":"));
    json_write_string(out, t->name);
    if (t->key.p) {
        buf_add(out, STR(",\"KeyConditionExpression\":\"#h = :h\","
                         "\"ExpressionAttributeNames\":{\"#h\":"));
        json_write_string(out, t->hash);
        buf_printf(out, "},\"ExpressionAttributeValues\":{\":h\":{\"%.*s\":", STR_ARG(t->type));
        json_write_string(out, t->key);
        buf_add(out, STR("}}"));
    }
    if (start.n > 0) {
        buf_add(out, STR(",\"ExclusiveStartKey\":"));
        buf_add(out, start);
    }
    buf_add_byte(out, '}');
}

/* A page behind *start, which is then where the next one begins, or empty. */
static enum status read_page(struct table_reading *t, struct buf *start, struct error *err)
{
    struct arena a;
    struct buf request;
    struct json_val answer;
    arena_init(&a, 0);
    buf_init(&request, SIZE_MAX / 2);
    put_request(t, buf_str(start), &request);
    enum status status = call(t, t->key.p ? "Query" : "Scan", buf_str(&request), &a, &answer, err);
    buf_clear(start);
    if (status == STATUS_OK) {
        struct json_val items = json_get(answer, STR("Items"));
        struct json_val last = json_get(answer, STR("LastEvaluatedKey"));
        for (uint32_t i = 0; i < items.len && status == STATUS_OK; i++)
            status = put_item(t, items.items[i], err);
        if (status == STATUS_OK && last.tag == JSON_OBJECT)
            status = json_write(start, last, 0, err);
    }
    buf_done(&request);
    arena_done(&a);
    return status;
}

static enum status read_items(struct table_reading *t, struct error *err)
{
    struct buf start;
    buf_init(&start, SIZE_MAX / 2);
    enum status status;
    do
        status = read_page(t, &start, err);
    while (status == STATUS_OK && start.n > 0);
    buf_done(&start);
    if (status == STATUS_OK && t->count == 0)
        buf_add(t->out, STR("location_id\n"));
    return status;
}

/* ---- the folder ---- */

/* As the one process that has it: a folder of an older program is brought forward, too. */
static enum status open_folder(str data, struct store **ret, struct error *err)
{
    struct arena a;
    struct stat st;
    arena_init(&a, 0);
    bool is_there =
        stat(arena_cstr(&a, arena_printf(&a, "%.*s/afflux.db", STR_ARG(data))), &st) == 0;
    arena_done(&a);
    if (!is_there)
        return error_set(err, STATUS_NOT_FOUND, "Locations", "there is no data folder %.*s",
                         STR_ARG(data));
    enum status status = store_open(data, NULL, ret, err);
    if (status == STATUS_BUSY) {
        struct error was = *err;
        return error_set(err, status, was.name,
                         "%s; stop it, or start the workflows that are deployed there",
                         was.message);
    }
    return status;
}

static enum status split(str locations, struct table_reading *t, struct error *err)
{
    str name = str_sub(locations, sizeof(AGGREGATE_TABLE) - 1, locations.n);
    size_t slash = str_find_byte(name, '/', 0);
    t->name = str_sub(name, 0, slash == STR_NONE ? name.n : slash);
    t->key = slash == STR_NONE ? (str){0} : str_sub(name, slash + 1, name.n);
    if (t->name.n > 0 && (!t->key.p || t->key.n > 0))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "Locations",
                     "it is " AGGREGATE_TABLE "NAME, or " AGGREGATE_TABLE "NAME/KEY");
}

enum status aggregate_read_table(const struct service_settings *settings, str data, str locations,
                                 struct buf *out, struct error *err)
{
    struct store *store;
    struct table_reading t = {.settings = settings, .out = out};
    if (split(locations, &t, err) != STATUS_OK || open_folder(data, &store, err) != STATUS_OK)
        return err->status;
    arena_init(&t.arena, 0);
    enum status status = store_reader_open(data, NULL, &t.reader, err);
    if (status == STATUS_OK) {
        status = look_at_table(&t, err);
        if (status == STATUS_OK)
            status = read_items(&t, err);
        store_reader_close(t.reader);
    }
    arena_done(&t.arena);
    store_close(store);
    return status;
}
