/* SPDX-License-Identifier: Apache-2.0 */
/* What lies around tables: time to live, tags, and the constants that clients ask for. */
#include "services/dynamodb/operations.h"
#include "services/dynamodb/sweep.h"
#include "services/dynamodb/table_request.h"
#include "json/write.h"
#include "store/items.h"

/* ---- time to live ---- */

static enum status read_ttl(struct dynamo_request *r)
{
    struct json_val spec = dynamo_get(r, "TimeToLiveSpecification");
    struct json_val enabled = json_get(spec, STR("Enabled"));
    if (dynamo_take_table(r) != STATUS_OK)
        return STATUS_INVALID;
    dynamo_arg_int(&r->args, ARG_KIND, enabled.b);
    dynamo_arg(&r->args, ARG_TEXT, json_str(json_get(spec, STR("AttributeName"))));
    return STATUS_OK;
}

enum status dynamo_prepare_update_ttl(const struct service_call *c, struct json_val request,
                                      str *ret_args, struct error *err)
{
    static const struct shape name = {.kind = SHAPE_STRING, .min = 1, .max = 255};
    static const struct shape_member spec_members[] = {
        {"Enabled", &dynamo_shape_flag, true}, {"AttributeName", &name, true}, {NULL, NULL, false}};
    static const struct shape spec = {.kind = SHAPE_STRUCTURE, .members = spec_members};
    static const struct shape_member members[] = {{"TableName", &dynamo_shape_table_name, true},
                                                  {"TimeToLiveSpecification", &spec, true},
                                                  {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    return dynamo_prepare(c, request, &shape, read_ttl, ret_args, err);
}

static enum status check_ttl(struct dynamo_op *op, const struct dynamo_table *t, bool enables,
                             str name)
{
    if (enables && t->ttl.n > 0)
        return dynamo_refuse(op->err, "TimeToLive is already enabled");
    if (!enables && t->ttl.n == 0)
        return dynamo_refuse(op->err, "TimeToLive is already disabled");
    if (!enables && !str_eq(t->ttl, name))
        return dynamo_refuse(op->err,
                             "TimeToLive is active on a different AttributeName: current "
                             "AttributeName is %.*s",
                             STR_ARG(t->ttl));
    return STATUS_OK;
}

static void reply_ttl(struct dynamo_op *op, bool enables, str name)
{
    struct buf json;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_printf(&json, "\"TimeToLiveSpecification\":{\"Enabled\":%s,\"AttributeName\":",
               enables ? "true" : "false");
    json_write_string(&json, name);
    buf_add_byte(&json, '}');
    dynamo_arg(op->reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
}

enum status dynamo_run_update_ttl(const struct service_call *c, struct store_reader *reader,
                                  struct store_tx *tx, str bytes, struct buf *reply,
                                  struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t;
    uint32_t rows = DYNAMO_STEP_ROWS;
    dynamo_args_read(bytes, &args);
    bool enables = dynamo_args_int(&args, ARG_KIND, 0) != 0;
    str name = args.field[ARG_TEXT];
    enum status status = dynamo_find_table(&op, args.field[ARG_TABLE], true, &t);
    if (status == STATUS_OK)
        status = check_ttl(&op, &t, enables, name);
    if (status != STATUS_OK)
        return status;
    reply_ttl(&op, enables, name);
    if (enables) {
        t.ttl = name;
        t.ttl_space = store_tx_new_id(tx);
        t.ttl_cursor = STR("");
        return dynamo_fill(&op, &t, &rows);
    }
    status = dynamo_drop_space(&op, t.ttl_space, &rows);
    t.ttl = STR("");
    t.ttl_space = 0;
    t.ttl_cursor = (str){NULL, 0};
    return status == STATUS_OK ? dynamo_save_table(&op, &t) : status;
}

enum status dynamo_run_describe_ttl(const struct service_call *c, struct store_reader *reader,
                                    struct store_tx *tx, str bytes, struct buf *reply,
                                    struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t;
    struct buf json;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(&op, args.field[ARG_TABLE], true, &t);
    if (status != STATUS_OK)
        return status;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_printf(&json, "\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"%s\"",
               t.ttl.n ? "ENABLED" : "DISABLED");
    if (t.ttl.n > 0) {
        buf_add(&json, STR(",\"AttributeName\":"));
        json_write_string(&json, t.ttl);
    }
    buf_add_byte(&json, '}');
    dynamo_arg(reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
    return STATUS_OK;
}

/* ---- tags ---- */

static const struct shape arn_shape = {.kind = SHAPE_STRING, .min = 1, .max = 1283};

static enum status take_arn(struct dynamo_request *r)
{
    str name, arn = dynamo_get_text(r, "ResourceArn");
    if (!str_starts(arn, STR("arn:")) || str_find(arn, STR(":table/"), 0) == STR_NONE ||
        dynamo_check_table_name(arn, &name, r->err) != STATUS_OK)
        return dynamo_refuse(r->err, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                             STR_ARG(arn));
    dynamo_arg(&r->args, ARG_TABLE, name);
    return STATUS_OK;
}

static enum status read_tag(struct dynamo_request *r)
{
    struct dynamo_table t = {0};
    struct json_val list = dynamo_get(r, "Tags");
    if (take_arn(r) != STATUS_OK || dynamo_read_tags(r, list, &t) != STATUS_OK)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < t.tag_count; i++) {
        dynamo_arg(&r->args, ARG_ENTRY, t.tags[i].key);
        dynamo_arg(&r->args, ARG_TEXT, t.tags[i].value);
    }
    return STATUS_OK;
}

static enum status read_untag(struct dynamo_request *r)
{
    struct json_val list = dynamo_get(r, "TagKeys");
    if (take_arn(r) != STATUS_OK)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < list.len; i++)
        dynamo_arg(&r->args, ARG_ENTRY, json_str(list.items[i]));
    return STATUS_OK;
}

enum status dynamo_prepare_tag(const struct service_call *c, struct json_val request, str *ret_args,
                               struct error *err)
{
    static const struct shape_member tag_members[] = {{"Key", &dynamo_shape_text, true},
                                                      {"Value", &dynamo_shape_text, true},
                                                      {NULL, NULL, false}};
    static const struct shape tag = {.kind = SHAPE_STRUCTURE, .members = tag_members};
    static const struct shape tags = {.kind = SHAPE_LIST, .item = &tag};
    static const struct shape_member members[] = {
        {"ResourceArn", &arn_shape, true}, {"Tags", &tags, true}, {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    return dynamo_prepare(c, request, &shape, read_tag, ret_args, err);
}

enum status dynamo_prepare_untag(const struct service_call *c, struct json_val request,
                                 str *ret_args, struct error *err)
{
    static const struct shape keys = {.kind = SHAPE_LIST, .item = &dynamo_shape_text};
    static const struct shape_member members[] = {
        {"ResourceArn", &arn_shape, true}, {"TagKeys", &keys, true}, {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    return dynamo_prepare(c, request, &shape, read_untag, ret_args, err);
}

enum status dynamo_prepare_list_tags(const struct service_call *c, struct json_val request,
                                     str *ret_args, struct error *err)
{
    static const struct shape_member members[] = {{"ResourceArn", &arn_shape, true},
                                                  {"NextToken", &dynamo_shape_text, false},
                                                  {NULL, NULL, false}};
    static const struct shape shape = {.kind = SHAPE_STRUCTURE, .members = members};
    return dynamo_prepare(c, request, &shape, take_arn, ret_args, err);
}

static enum status find_tagged(struct dynamo_op *op, str bytes, struct dynamo_table *ret)
{
    struct dynamo_args args;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(op, args.field[ARG_TABLE], true, ret);
    if (status != STATUS_NOT_FOUND)
        return status;
    return error_set(op->err, STATUS_NOT_FOUND, "ResourceNotFoundException",
                     "Requested resource not found: ResourcArn: %.*s not found",
                     STR_ARG(dynamo_table_arn(op, args.field[ARG_TABLE])));
}

static struct dynamo_tag_pair *find_tag(struct dynamo_table *t, str key)
{
    for (uint32_t i = 0; i < t->tag_count; i++)
        if (str_eq(t->tags[i].key, key))
            return &t->tags[i];
    return NULL;
}

/* Keys and values of the arguments, in pairs; a key alone removes. */
static enum status change_tags(struct dynamo_op *op, struct dynamo_table *t, str bytes)
{
    struct dynamo_value v;
    struct dynamo_tag_pair *all = arena_alloc(op->arena, 2 * DYNAMO_TAGS * sizeof(*all));
    if (t->tag_count > 0)
        memcpy(all, t->tags, t->tag_count * sizeof(*all));
    t->tags = all;
    while (dynamo_next(&bytes, &v)) {
        if (v.tag != ARG_ENTRY)
            continue;
        str key = v.body, rest = bytes;
        struct dynamo_tag_pair *tag = find_tag(t, key);
        bool has_value = dynamo_next(&rest, &v) && v.tag == ARG_TEXT;
        if (!has_value && tag) {
            *tag = t->tags[--t->tag_count];
        } else if (has_value && tag) {
            tag->value = v.body;
        } else if (has_value) {
            if (t->tag_count == DYNAMO_TAGS)
                return error_set(op->err, STATUS_LIMIT, "LimitExceededException",
                                 "A table may have %d tags at most", DYNAMO_TAGS);
            t->tags[t->tag_count++] = (struct dynamo_tag_pair){key, v.body};
        }
    }
    return STATUS_OK;
}

static enum status run_tags(struct dynamo_op *op, str bytes)
{
    struct dynamo_table t;
    enum status status = find_tagged(op, bytes, &t);
    if (status == STATUS_OK)
        status = change_tags(op, &t, bytes);
    return status == STATUS_OK ? dynamo_save_table(op, &t) : status;
}

enum status dynamo_run_tag(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return run_tags(&op, args);
}

enum status dynamo_run_untag(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return run_tags(&op, args);
}

enum status dynamo_run_list_tags(const struct service_call *c, struct store_reader *reader,
                                 struct store_tx *tx, str args, struct buf *reply,
                                 struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_table t;
    struct buf json;
    enum status status = find_tagged(&op, args, &t);
    if (status != STATUS_OK)
        return status;
    buf_init(&json, DYNAMO_TABLE_BYTES);
    buf_add(&json, STR("\"Tags\":["));
    for (uint32_t i = 0; i < t.tag_count; i++) {
        buf_add(&json, i ? STR(",{\"Key\":") : STR("{\"Key\":"));
        json_write_string(&json, t.tags[i].key);
        buf_add(&json, STR(",\"Value\":"));
        json_write_string(&json, t.tags[i].value);
        buf_add_byte(&json, '}');
    }
    buf_add_byte(&json, ']');
    dynamo_arg(reply, REPLY_JSON, buf_str(&json));
    buf_done(&json);
    return STATUS_OK;
}

/* ---- constants ---- */

static enum status read_nothing(struct dynamo_request *r)
{
    (void)r;
    return STATUS_OK;
}

enum status dynamo_prepare_nothing(const struct service_call *c, struct json_val request,
                                   str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &dynamo_shape_map, read_nothing, ret_args, err);
}

enum status dynamo_run_describe_limits(const struct service_call *c, struct store_reader *reader,
                                       struct store_tx *tx, str args, struct buf *reply,
                                       struct error *err)
{
    (void)c, (void)reader, (void)tx, (void)args, (void)err;
    dynamo_arg(reply, REPLY_JSON,
               STR("\"AccountMaxReadCapacityUnits\":80000,\"AccountMaxWriteCapacityUnits\":80000,"
                   "\"TableMaxReadCapacityUnits\":40000,\"TableMaxWriteCapacityUnits\":40000"));
    return STATUS_OK;
}

enum status dynamo_run_describe_endpoints(const struct service_call *c, struct store_reader *reader,
                                          struct store_tx *tx, str args, struct buf *reply,
                                          struct error *err)
{
    (void)reader, (void)tx, (void)args, (void)err;
    str json = arena_printf(c->arena,
                            "\"Endpoints\":[{\"Address\":\"dynamodb.%.*s.localhost\","
                            "\"CachePeriodInMinutes\":1440}]",
                            STR_ARG(c->settings->region));
    dynamo_arg(reply, REPLY_JSON, json);
    return STATUS_OK;
}

enum status dynamo_run_describe_backups(const struct service_call *c, struct store_reader *reader,
                                        struct store_tx *tx, str bytes, struct buf *reply,
                                        struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    struct dynamo_args args;
    struct dynamo_table t;
    dynamo_args_read(bytes, &args);
    enum status status = dynamo_find_table(&op, args.field[ARG_TABLE], true, &t);
    if (status != STATUS_OK)
        return error_set(err, status, "TableNotFoundException", "Table not found: %.*s",
                         STR_ARG(args.field[ARG_TABLE]));
    dynamo_arg(reply, REPLY_JSON,
               STR("\"ContinuousBackupsDescription\":{\"ContinuousBackupsStatus\":\"DISABLED\","
                   "\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":"
                   "\"DISABLED\"}}"));
    return STATUS_OK;
}
