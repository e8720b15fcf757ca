/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_end.h. The ledger is asked for by Query, as anybody else would. */
#include "cmd/aggregate_end.h"

#include "cmd/aggregate_flows.h"
#include "csv/csv_write.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/dynamodb/dynamodb.h"

/* ---- the ledger ---- */

typedef enum status items_fn(void *arg, struct json_val items, struct error *err);

static enum status query(const struct service_settings *settings, struct store_reader *reader,
                         str run, str start, struct arena *a, struct json_val *ret,
                         struct error *err)
{
    const struct service_operation *o = service_find(&dynamodb_service, STR("Query"));
    struct service_call call = {.settings = settings, .now_ms = loop_wall_ms(), .arena = a};
    struct buf reply, answer;
    struct json_val request;
    str args;
    str text =
        arena_printf(a,
                     "{\"TableName\":\"" AGGREGATE_LOCATIONS_TABLE
                     "\",\"KeyConditionExpression\":\"task_id = :t\","
                     "\"ExpressionAttributeValues\":{\":t\":{\"S\":\"%.*s\"}}%s%.*s}",
                     STR_ARG(run), start.n > 0 ? ",\"ExclusiveStartKey\":" : "", STR_ARG(start));
    buf_init(&reply, SIZE_MAX / 2);
    buf_init(&answer, SIZE_MAX / 2);
    enum status status = json_parse_in(a, text, NULL, &request, err);
    if (status == STATUS_OK)
        status = service_prepare(o, &call, request, &args, err);
    if (status == STATUS_OK)
        status = o->run(&call, reader, NULL, args, &reply, err);
    if (status == STATUS_OK)
        status = service_answer(o, &call, buf_str(&reply), &answer, err);
    if (status == STATUS_OK)
        status = json_parse_in(a, buf_str(&answer), NULL, ret, err);
    buf_done(&reply);
    buf_done(&answer);
    return status;
}

/* Page by page; nothing but one page is in memory. */
static enum status each(const struct service_settings *settings, struct store_reader *reader,
                        str run, items_fn *fn, void *arg, struct error *err)
{
    struct buf start;
    bool has_more = true;
    enum status status = STATUS_OK;
    buf_init(&start, SIZE_MAX / 2);
    while (has_more && status == STATUS_OK) {
        struct arena a;
        struct json_val answer;
        arena_init(&a, 0);
        status = query(settings, reader, run, buf_str(&start), &a, &answer, err);
        if (status == STATUS_OK)
            status = fn(arg, json_get(answer, STR("Items")), err);
        buf_clear(&start);
        struct json_val last =
            status == STATUS_OK ? json_get(answer, STR("LastEvaluatedKey")) : json_undefined();
        has_more = last.tag == JSON_OBJECT;
        if (has_more)
            status = json_write(&start, last, 0, err);
        arena_done(&a);
    }
    buf_done(&start);
    return status;
}

static enum status count_items(void *arg, struct json_val items, struct error *err)
{
    (void)err;
    ledger_add(arg, items);
    return STATUS_OK;
}

enum status aggregate_count(const struct service_settings *settings, struct store_reader *reader,
                            struct ledger *l, struct error *err)
{
    return each(settings, reader, l->run, count_items, l, err);
}

struct writing {
    const struct ledger *ledger;
    const struct consolidate_sink *sink;
    bool is_in_csv;
};

static enum status write_items(void *arg, struct json_val items, struct error *err)
{
    struct writing *w = arg;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    ledger_put_rows(w->ledger, items, w->is_in_csv, &text);
    enum status status = w->sink->write(w->sink->arg, buf_str(&text), err);
    buf_done(&text);
    return status;
}

static enum status write_header(const struct consolidate_sink *sink, struct error *err)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    ledger_put_header(&text);
    enum status status = sink->write(sink->arg, buf_str(&text), err);
    buf_done(&text);
    return status;
}

enum status aggregate_write_ledger(const struct service_settings *settings,
                                   struct store_reader *reader, const struct ledger *l,
                                   bool is_in_csv, str path, struct error *err)
{
    struct sink_file *file;
    enum status status = sink_file_new(path, &file, err);
    if (status != STATUS_OK)
        return status;
    struct consolidate_sink sink = sink_file_sink(file);
    struct writing w = {.ledger = l, .sink = &sink, .is_in_csv = is_in_csv};
    status = write_header(&sink, err);
    if (status == STATUS_OK)
        status = each(settings, reader, l->run, write_items, &w, err);
    if (status == STATUS_OK)
        status = sink.publish(sink.arg, err);
    else
        sink.discard(sink.arg);
    sink_file_free(file);
    return status;
}

/* ---- the CSV ---- */

static void count_lines(struct aggregate_copy *c, str bytes)
{
    for (size_t used; bytes.n > 0; bytes = str_sub(bytes, used, bytes.n))
        if (csv_read(&c->rows, bytes, &used) == CSV_ROW)
            c->lines++;
        else if (used == 0)
            return; /* a row over the limits: counts will not agree */
}

static void copy_over(struct aggregate_copy *c, enum status status)
{
    if (status == STATUS_OK && c->bytes == 0 && c->has_header) {
        static const str columns[] = {
            {"location_id", 11}, {"discount_code", 13}, {"error_message", 13}, {"status", 6}};
        struct csv_dialect d = csv_dialect_default();
        struct buf text;
        buf_init(&text, 1 << 10);
        csv_put_header(&text, &d, columns, ARRAY_LEN(columns));
        status = c->sink.write(c->sink.arg, buf_str(&text), &c->err);
        buf_done(&text);
    }
    if (status == STATUS_OK && csv_finish(&c->rows) == CSV_ROW)
        c->lines++;
    if (status == STATUS_OK)
        status = c->sink.publish(c->sink.arg, &c->err);
    else
        c->sink.discard(c->sink.arg);
    c->status = status;
    c->is_over = true;
    c->done(c->arg);
}

static void copy_more(void *arg)
{
    struct aggregate_copy *c = arg;
    str bytes;
    for (;;) {
        enum objects_got got = c->source->kind->more(c->source, &bytes);
        enum status status = STATUS_OK;
        if (got == OBJECTS_WAIT)
            return;
        if (got == OBJECTS_GOT && c->bytes == 0 && str_eq(bytes, STR("\n")))
            continue; /* the header of a file without columns */
        if (got == OBJECTS_GOT) {
            count_lines(c, bytes);
            c->bytes += bytes.n;
            status = c->sink.write(c->sink.arg, bytes, &c->err);
        } else if (got == OBJECTS_FAILED) {
            status = error_set(&c->err, STATUS_NOT_FOUND, "Copy", "%s", c->source->part.cause);
        }
        if (got != OBJECTS_GOT || status != STATUS_OK) {
            copy_over(c, status);
            return;
        }
    }
}

void aggregate_copy_begin(struct aggregate_copy *c, struct objects *objects, struct loop *loop,
                          str bucket, str key, str path)
{
    const char *cause;
    csv_reader_init(&c->rows, ',');
    c->status = sink_file_new(path, &c->file, &c->err);
    c->is_over = c->status != STATUS_OK;
    if (!c->is_over) {
        c->sink = sink_file_sink(c->file);
        c->source = objects->kind->open(objects, loop, bucket, key, STR(""), &cause);
        if (c->source) {
            c->source->part.ready = copy_more;
            c->source->part.ready_arg = c;
            copy_more(c);
        } else {
            copy_over(c, error_set(&c->err, STATUS_NOT_FOUND, "Copy", "%s", cause));
        }
    } else {
        c->done(c->arg);
    }
}

void aggregate_copy_free(struct aggregate_copy *c)
{
    if (c->source)
        c->source->kind->free(c->source);
    if (c->file && !c->is_over)
        c->sink.discard(c->sink.arg);
    sink_file_free(c->file);
    csv_reader_done(&c->rows);
}
