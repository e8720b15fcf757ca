/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_outcome.h. */
#include "cmd/aggregate_outcome.h"

#include "cmd/aggregate_flows.h"

str aggregate_ledger_path(const struct aggregate_config *c, struct arena *a)
{
    return arena_printf(a, "%.*s.ledger.csv", (int)c->out.n - 4, c->out.p);
}

static enum status open_rows(const struct aggregate_outcome *o, struct store *store,
                             struct aggregate_rows *ret, struct error *err)
{
    *ret = (struct aggregate_rows){.settings = o->settings,
                                   .store = store,
                                   .table = STR(AGGREGATE_LOCATIONS_TABLE),
                                   .task = o->run};
    return store_reader_open(o->config->data, NULL, &ret->reader, err);
}

enum status aggregate_outcome_count(struct aggregate_outcome *o, struct store *store,
                                    struct error *err)
{
    struct aggregate_rows rows;
    ledger_init(&o->counts, o->run, o->config->types, o->config->type_count);
    enum status status = open_rows(o, store, &rows, err);
    if (status != STATUS_OK)
        return status;
    status = aggregate_count(&rows, &o->counts, err);
    store_reader_close(rows.reader);
    return status;
}

static struct aggregate_copy_plan copy_plan(const struct aggregate_outcome *o)
{
    static const str columns[] = {/* of the rows that the workflows make unless told otherwise */
                                  {"location_id", 11},
                                  {"discount_code", 13},
                                  {"error_message", 13},
                                  {"status", 6}};
    const struct aggregate_config *c = o->config;
    struct aggregate_copy_plan plan = {
        .bucket = STR(AGGREGATE_OUTPUT_BUCKET),
        .task = o->run,
        .run = o->run,
        .dialect = {.delimiter = c->delimiter,
                    .quote = c->is_minimal ? CSV_QUOTE_MINIMAL : CSV_QUOTE_ALL,
                    .has_crlf = c->is_crlf,
                    .has_mark = c->has_bom},
        .columns = c->columns,
        .column_count = c->column_count};
    if (c->column_count == 0 && c->row.n == 0) {
        plan.columns = columns;
        plan.column_count = ARRAY_LEN(columns);
    }
    return plan;
}

void aggregate_outcome_copy(struct aggregate_outcome *o, struct objects *objects, struct loop *loop,
                            void (*done)(void *arg), void *arg)
{
    struct aggregate_copy_plan plan = copy_plan(o);
    o->is_copying = true;
    aggregate_copy_begin(&o->copy, &plan, objects, loop, o->config->out, done, arg);
}

enum status aggregate_outcome_publish(struct aggregate_outcome *o, struct store *store,
                                      struct error *err)
{
    struct aggregate_rows rows;
    struct aggregate_copy *copy = aggregate_outcome_has_file(o) ? &o->copy : NULL;
    enum status status = open_rows(o, store, &rows, err);
    if (status != STATUS_OK)
        return status;
    status = aggregate_publish(&rows, &o->counts, copy, o->ledger, err);
    store_reader_close(rows.reader);
    return status;
}

void aggregate_outcome_done(struct aggregate_outcome *o)
{
    if (o->is_copying)
        aggregate_copy_free(&o->copy);
}
