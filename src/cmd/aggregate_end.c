/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_end.h. Rows of locations are asked for by Query, as anybody else would. */
#include "cmd/aggregate_end.h"

#include "cmd/aggregate_mark.h"
#include "json/write.h"
#include "services/dynamodb/dynamodb.h"

/* ---- rows of locations ---- */

typedef enum status items_fn(void *arg, struct json_val items, struct error *err);

static str request_of(const struct aggregate_rows *rows, str start, struct arena *a)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"TableName\":"));
    json_write_string(&text, rows->table);
    buf_add(&text, STR(",\"KeyConditionExpression\":\"task_id = :t\","
                       "\"ExpressionAttributeValues\":{\":t\":{\"S\":"));
    json_write_string(&text, rows->task);
    buf_printf(&text, "}}%s%.*s}", start.n > 0 ? ",\"ExclusiveStartKey\":" : "", STR_ARG(start));
    str kept = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return kept;
}

static enum status query(const struct aggregate_rows *rows, str start, struct arena *a,
                         struct json_val *ret, struct error *err)
{
    const struct service_operation *o = service_find(&dynamodb_service, STR("Query"));
    struct service_call call = {.settings = rows->settings, .now_ms = loop_wall_ms(), .arena = a};
    return service_read(o, &call, rows->reader, request_of(rows, start, a), ret, err);
}

/* Page by page; nothing but one page is in memory. */
static enum status each(const struct aggregate_rows *rows, items_fn *fn, void *arg,
                        struct error *err)
{
    struct buf start;
    bool has_more = true;
    enum status status = STATUS_OK;
    buf_init(&start, SIZE_MAX / 2);
    while (has_more && status == STATUS_OK) {
        struct arena a;
        struct json_val answer;
        arena_init(&a, 0);
        status = query(rows, buf_str(&start), &a, &answer, err);
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

enum status aggregate_count(const struct aggregate_rows *rows, struct ledger *l, struct error *err)
{
    return each(rows, count_items, l, err);
}

/* ---- the files ---- */

struct writing {
    const struct aggregate_rows *rows;
    struct ledger *ledger;
    const struct consolidate_sink *sink;
    struct buf text;
};

static enum status flush_text(struct writing *w, struct error *err)
{
    enum status status = w->sink->write(w->sink->arg, buf_str(&w->text), err);
    buf_clear(&w->text);
    return status;
}

static enum status write_items(void *arg, struct json_val items, struct error *err)
{
    struct writing *w = arg;
    ledger_add(w->ledger, items);
    ledger_put_rows(w->ledger, items, &w->text);
    enum status status = flush_text(w, err);
    for (uint32_t i = 0; items.tag == JSON_ARRAY && i < items.len && status == STATUS_OK; i++) {
        str location = ledger_unmarked(w->ledger, items.items[i]);
        if (location.n > 0)
            status = aggregate_mark(w->rows, location, err);
    }
    return status;
}

static enum status write_ledger(const struct aggregate_rows *rows, struct ledger *l,
                                const struct consolidate_sink *sink, struct error *err)
{
    struct writing w = {.rows = rows, .ledger = l, .sink = sink};
    buf_init(&w.text, SIZE_MAX / 2);
    ledger_put_header(&w.text);
    enum status status = each(rows, write_items, &w, err);
    if (status == STATUS_OK) {
        ledger_put_rest(l, &w.text);
        status = flush_text(&w, err);
    }
    buf_done(&w.text);
    return status;
}

/* The CSV first: a ledger that is there tells of a CSV that is. */
static enum status publish(struct aggregate_copy *copy, const struct consolidate_sink *ledger,
                           struct error *err)
{
    enum status status = STATUS_OK;
    if (copy) {
        copy->is_published = true;
        status = copy->sink.publish(copy->sink.arg, err);
    }
    if (status == STATUS_OK)
        return ledger->publish(ledger->arg, err);
    ledger->discard(ledger->arg);
    return status;
}

enum status aggregate_publish(const struct aggregate_rows *rows, struct ledger *l,
                              struct aggregate_copy *copy, str path, struct error *err)
{
    struct sink_file *file;
    if (copy)
        ledger_set_csv(l, aggregate_copy_rows(copy), copy->has_tally ? &copy->tally : NULL,
                       copy->tally_err.status != STATUS_OK);
    else
        ledger_init(l, l->run, l->types, l->type_count);
    enum status status = sink_file_new(path, &file, err);
    if (status != STATUS_OK)
        return status;
    struct consolidate_sink sink = sink_file_sink(file);
    status = write_ledger(rows, l, &sink, err);
    if (status == STATUS_OK)
        status = publish(copy, &sink, err);
    else
        sink.discard(sink.arg);
    sink_file_free(file);
    return status;
}
