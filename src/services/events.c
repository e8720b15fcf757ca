/* SPDX-License-Identifier: Apache-2.0 */
/* The table of events.h. Operations on connections read their JSON where they run, as their checks
 * need what is kept. */
#include "services/events.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/build.h"
#include "services/connections_kept.h"
#include <openssl/rand.h>

/* ---- connections ---- */

static enum status run_connection(str name, const struct service_call *c,
                                  struct store_reader *reader, struct store_tx *tx, str args,
                                  struct buf *reply, struct error *err)
{
    const struct events_self *self = c->self;
    struct connections_kept kept;
    struct json_val request;
    struct json_doc *answer;
    if (tx)
        connections_kept_write(&kept, tx);
    else
        connections_kept_read(&kept, reader);
    struct connections connections = {.store = &kept.store,
                                      .box = self->box,
                                      .region = c->settings->region,
                                      .account = c->settings->account,
                                      .is_strict = c->settings->is_strict};
    enum status status = json_parse_in(c->arena, args, NULL, &request, err);
    if (status == STATUS_OK)
        status = connections_find(name)->run(&connections, request, c->now_ms, &answer, err);
    if (status != STATUS_OK)
        return status;
    status = json_write(reply, json_doc_root(answer), 0, err);
    json_doc_unref(answer);
    return status;
}

#define CONNECTION(function, name)                                                                 \
    static enum status function(const struct service_call *c, struct store_reader *reader,         \
                                struct store_tx *tx, str args, struct buf *reply,                  \
                                struct error *err)                                                 \
    {                                                                                              \
        return run_connection(STR(name), c, reader, tx, args, reply, err);                         \
    }

CONNECTION(create_connection, "CreateConnection")
CONNECTION(deauthorize_connection, "DeauthorizeConnection")
CONNECTION(delete_connection, "DeleteConnection")
CONNECTION(describe_connection, "DescribeConnection")
CONNECTION(list_connections, "ListConnections")
CONNECTION(update_connection, "UpdateConnection")

/* ---- PutEvents ---- */

/* What AWS refuses an entry for, alone; NULL: nothing. */
static const char *entry_fault(struct arena *a, struct json_val entry, const char **ret_code)
{
    struct json_val detail;
    *ret_code = "InvalidArgument";
    if (build_get_text(entry, "Source").n == 0)
        return "Parameter Source is not valid. Reason: Source is a required argument.";
    if (build_get_text(entry, "DetailType").n == 0)
        return "Parameter DetailType is not valid. Reason: DetailType is a required argument.";
    str text = build_get_text(entry, "Detail");
    if (text.n == 0)
        return "Parameter Detail is not valid. Reason: Detail is a required argument.";
    *ret_code = "MalformedDetail";
    bool is_object =
        json_parse_in(a, text, NULL, &detail, NULL) == STATUS_OK && detail.tag == JSON_OBJECT;
    return is_object ? NULL : "Detail is malformed.";
}

static str event_id(struct arena *a)
{
    uint8_t b[16] = {0};
    if (RAND_bytes(b, sizeof(b)) != 1)
        return (str){"", 0};
    return arena_printf(a, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-%02x%02x%02x%02x%02x%02x",
                        b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], 8 | (b[8] & 3),
                        b[8] >> 4, b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static struct json_val put_entry(struct arena *a, struct json_val entry, uint32_t *failed)
{
    const char *code, *fault = entry_fault(a, entry, &code);
    struct build b;
    build_begin(&b, a);
    if (fault) {
        (*failed)++;
        build_text(&b, "ErrorCode", str_of(code));
        build_text(&b, "ErrorMessage", str_of(fault));
    } else {
        build_text(&b, "EventId", event_id(a));
    }
    return build_end(&b);
}

static enum status check_entries(struct json_val entries, str args, struct error *err)
{
    bool is_list = entries.tag == JSON_ARRAY && entries.len > 0;
    for (uint32_t i = 0; is_list && i < entries.len; i++)
        is_list = entries.items[i].tag == JSON_OBJECT;
    if (!is_list || entries.len > EVENTS_ENTRIES_MAX)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "1 validation error detected: Value at 'entries' failed to satisfy "
                         "constraint: Member must be a list of 1 to %d structures",
                         EVENTS_ENTRIES_MAX);
    if (args.n > EVENTS_BYTES_MAX)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "Total size of the entries in the request is over the limit.");
    return STATUS_OK;
}

static enum status put_events(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request, items[EVENTS_ENTRIES_MAX];
    uint32_t failed = 0;
    (void)reader, (void)tx;
    enum status status = json_parse_in(c->arena, args, NULL, &request, err);
    if (status != STATUS_OK)
        return status;
    struct json_val entries = json_get(request, STR("Entries"));
    status = check_entries(entries, args, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < entries.len; i++)
        items[i] = put_entry(c->arena, entries.items[i], &failed);
    struct build b;
    build_begin(&b, c->arena);
    build_put(&b, "FailedEntryCount", json_num(failed));
    build_put(&b, "Entries", json_array(items, entries.len));
    return json_write(reply, build_end(&b), 0, err);
}

static const struct service_operation operations[] = {
    {.name = "CreateConnection", .is_writing = true, .run = create_connection},
    {.name = "DeauthorizeConnection", .is_writing = true, .run = deauthorize_connection},
    {.name = "DeleteConnection", .is_writing = true, .run = delete_connection},
    {.name = "DescribeConnection", .run = describe_connection},
    {.name = "ListConnections", .run = list_connections},
    {.name = "PutEvents", .run = put_events},
    {.name = "UpdateConnection", .is_writing = true, .run = update_connection},
};

const struct service events_service = {
    .name = "events", .operations = operations, .count = ARRAY_LEN(operations)};
