/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_mark.h. One UpdateItem, as anybody else would ask for. */
#include "cmd/aggregate_mark.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/dynamodb/dynamodb.h"

static str request_of(const struct aggregate_rows *rows, str location, struct arena *a)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"TableName\":"));
    json_write_string(&text, rows->table);
    buf_add(&text, STR(",\"Key\":{\"task_id\":{\"S\":"));
    json_write_string(&text, rows->task);
    buf_add(&text, STR("},\"location_id\":{\"S\":"));
    json_write_string(&text, location);
    buf_add(&text,
            STR("}},\"UpdateExpression\":\"SET ledger.#state = :state, ledger.#error = :error, "
                "ledger.cause = :cause\",\"ConditionExpression\":\"attribute_exists(ledger)\","
                "\"ExpressionAttributeNames\":{\"#state\":\"state\",\"#error\":\"error\"},"
                "\"ExpressionAttributeValues\":{\":state\":{\"S\":\"MISMATCH\"},"
                "\":error\":{\"S\":\"Aggregate.NotAsWritten\"},"
                "\":cause\":{\"S\":\"the file does not have the rows that were written\"}}}"));
    str kept = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return kept;
}

static enum status perform(const struct aggregate_rows *rows, struct service_unit *unit,
                           struct error *err)
{
    struct store_client *client = store_client_new(rows->store, NULL, NULL);
    service_unit_init(unit);
    enum status status = store_perform(client, &unit->unit, err);
    store_unit_done(&unit->unit);
    store_client_free(client);
    return status;
}

enum status aggregate_mark(const struct aggregate_rows *rows, str location, struct error *err)
{
    struct arena a;
    struct json_val request;
    arena_init(&a, 0);
    struct service_unit unit = {
        .operation = service_find(&dynamodb_service, STR("UpdateItem")),
        .call = {.settings = rows->settings, .now_ms = loop_wall_ms(), .arena = &a}};
    enum status status = json_parse_in(&a, request_of(rows, location, &a), NULL, &request, err);
    if (status == STATUS_OK)
        status = service_prepare(unit.operation, &unit.call, request, &unit.args, err);
    if (status == STATUS_OK)
        status = perform(rows, &unit, err);
    arena_done(&a);
    return status == STATUS_OK
               ? STATUS_OK
               : error_wrap(err, "the row of %.*s", STR_ARG(str_sub(location, 0, 100)));
}
