/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query and Scan: a walk over the rows of a table or an index, up to Limit rows or a megabyte. Both
 * are the same but for where the walk begins and ends.
 */
#include "services/dynamodb/eval.h"
#include "services/dynamodb/key.h"
#include "services/dynamodb/op.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/project.h"
#include "services/dynamodb/request.h"
#include "store/items.h"

enum { SEGMENTS_MAX = 1000000 };

/* ---- requests ---- */

static const char *const select_values[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                            "ALL_PROJECTED_ATTRIBUTES", NULL};
/* In the order of enum dynamo_select. */
static const char *const selects[] = {
    "", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT", NULL};
static const struct shape select_shape = {.kind = SHAPE_STRING, .values = select_values};
static const struct shape index_shape = {.kind = SHAPE_STRING, .min = 3, .max = 255};
static const struct shape segment_shape = {.kind = SHAPE_INTEGER, .max = SEGMENTS_MAX - 1};
static const struct shape segments_shape = {.kind = SHAPE_INTEGER, .min = 1, .max = SEGMENTS_MAX};

#define PAGE_MEMBERS                                                                               \
    {"TableName", &dynamo_shape_table_name, true}, {"IndexName", &index_shape, false},             \
        {"Select", &select_shape, false}, {"Limit", &dynamo_shape_positive, false},                \
        {"ConsistentRead", &dynamo_shape_flag, false},                                             \
        {"ExclusiveStartKey", &dynamo_shape_map, false},                                           \
        {"ReturnConsumedCapacity", &dynamo_shape_capacity, false},                                 \
        {"FilterExpression", &dynamo_shape_text, false},                                           \
        {"ProjectionExpression", &dynamo_shape_text, false},                                       \
        {"ExpressionAttributeNames", &dynamo_shape_map, false},                                    \
    {                                                                                              \
        "ExpressionAttributeValues", &dynamo_shape_map, false                                      \
    }

static const struct shape_member query_members[] = {
    PAGE_MEMBERS,
    {"KeyConditionExpression", &dynamo_shape_text, false},
    {"ScanIndexForward", &dynamo_shape_flag, false},
    {NULL, NULL, false}};
static const struct shape_member scan_members[] = {PAGE_MEMBERS,
                                                   {"Segment", &segment_shape, false},
                                                   {"TotalSegments", &segments_shape, false},
                                                   {NULL, NULL, false}};
static const struct shape query_shape = {.kind = SHAPE_STRUCTURE, .members = query_members};
static const struct shape scan_shape = {.kind = SHAPE_STRUCTURE, .members = scan_members};

static const char *const query_expressions[] = {"ProjectionExpression", "FilterExpression",
                                                "KeyConditionExpression", NULL};
static const char *const scan_expressions[] = {"ProjectionExpression", "FilterExpression", NULL};
static const char *const query_legacy[] = {"AttributesToGet", "QueryFilter", "ConditionalOperator",
                                           "KeyConditions", NULL};
static const char *const scan_legacy[] = {"AttributesToGet", "ScanFilter", "ConditionalOperator",
                                          NULL};

static enum status take_select(struct dynamo_request *r)
{
    int64_t select = dynamo_take_choice(r, "Select", selects);
    const char *given = dynamo_has(r, "AttributesToGet")        ? "AttributesToGet"
                        : dynamo_has(r, "ProjectionExpression") ? "ProjectionExpression"
                                                                : NULL;
    if (select == SELECT_SPECIFIC && !given)
        return dynamo_refuse(r->err, "Must specify the AttributesToGet or ProjectionExpression "
                                     "when choosing to get SPECIFIC_ATTRIBUTES");
    if (given && select != SELECT_DEFAULT && select != SELECT_SPECIFIC)
        return dynamo_refuse(r->err, "Cannot specify the %s when choosing to get %s", given,
                             select == SELECT_COUNT ? "only the Count" : selects[select]);
    if (select == SELECT_PROJECTED && !dynamo_has(r, "IndexName"))
        return dynamo_refuse(
            r->err, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    dynamo_arg_int(&r->args, ARG_SELECT, select);
    return STATUS_OK;
}

static enum status take_segments(struct dynamo_request *r)
{
    bool has_segment = dynamo_has(r, "Segment"), has_total = dynamo_has(r, "TotalSegments");
    if (has_segment && !has_total)
        return dynamo_refuse(r->err, "The TotalSegments parameter is required but was not present "
                                     "in the request when Segment parameter is present");
    if (has_total && !has_segment)
        return dynamo_refuse(r->err, "The Segment parameter is required but was not present in the "
                                     "request when parameter TotalSegments is present");
    if (!has_total)
        return STATUS_OK;
    int64_t segment = (int64_t)json_number(dynamo_get(r, "Segment"));
    int64_t total = (int64_t)json_number(dynamo_get(r, "TotalSegments"));
    if (segment >= total)
        return dynamo_refuse(r->err,
                             "The Segment parameter is zero-based and must be less than parameter "
                             "TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
                             (long long)segment, (long long)total);
    dynamo_arg_int(&r->args, ARG_SEGMENT, segment);
    dynamo_arg_int(&r->args, ARG_SEGMENTS, total);
    return STATUS_OK;
}

/* What both have in common, expressions aside. */
static enum status take_page(struct dynamo_request *r)
{
    int64_t flags = dynamo_get_flag(r, "ConsistentRead") ? FLAG_CONSISTENT : 0;
    struct json_val forward = dynamo_get(r, "ScanIndexForward");
    if (forward.tag == JSON_BOOL && !forward.b)
        flags |= FLAG_BACKWARD;
    dynamo_arg_int(&r->args, ARG_FLAGS, flags);
    dynamo_take_capacity(r);
    if (dynamo_has(r, "Limit"))
        dynamo_arg_int(&r->args, ARG_LIMIT, (int64_t)json_number(dynamo_get(r, "Limit")));
    if (dynamo_has(r, "IndexName"))
        dynamo_arg(&r->args, ARG_INDEX, dynamo_get_text(r, "IndexName"));
    enum status status = dynamo_take_table(r);
    if (status == STATUS_OK && dynamo_has(r, "ExclusiveStartKey"))
        status = dynamo_take_item(r, "ExclusiveStartKey", ARG_START);
    return status == STATUS_OK ? take_select(r) : status;
}

static enum status read_query(struct dynamo_request *r)
{
    enum status status = take_page(r);
    if (status == STATUS_OK)
        status = dynamo_begin_expressions(r, query_expressions, query_legacy);
    if (status == STATUS_OK)
        status = dynamo_take_keys(r);
    if (status == STATUS_OK)
        status = dynamo_take_filter(r);
    if (status == STATUS_OK)
        status = dynamo_take_projection(r);
    return status == STATUS_OK ? dynamo_finish_expressions(r) : status;
}

static enum status read_scan(struct dynamo_request *r)
{
    enum status status = take_page(r);
    if (status == STATUS_OK)
        status = take_segments(r);
    if (status == STATUS_OK)
        status = dynamo_begin_expressions(r, scan_expressions, scan_legacy);
    if (status == STATUS_OK)
        status = dynamo_take_filter(r);
    if (status == STATUS_OK)
        status = dynamo_take_projection(r);
    return status == STATUS_OK ? dynamo_finish_expressions(r) : status;
}

enum status dynamo_prepare_query(const struct service_call *c, struct json_val request,
                                 str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &query_shape, read_query, ret_args, err);
}

enum status dynamo_prepare_scan(const struct service_call *c, struct json_val request,
                                str *ret_args, struct error *err)
{
    return dynamo_prepare(c, request, &scan_shape, read_scan, ret_args, err);
}

/* ---- what is asked for ---- */

struct page {
    struct dynamo_op *op;
    struct dynamo_args args;
    struct dynamo_table table;
    const struct dynamo_index *index; /* NULL: the table itself */
    struct dynamo_span span;
    int64_t flags, limit, select;
    bool fetches; /* items of a local index come from the table */
    uint64_t count, scanned;
    size_t bytes;
};

static enum status refuse(struct page *p, const char *text)
{
    return error_set(p->op->err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* The first name of a path in a program that is one of the keys; p NULL: none. */
static str find_key_name(str program, const struct dynamo_keys *k)
{
    struct dynamo_value n, first;
    while (dynamo_next(&program, &n)) {
        str found = {NULL, 0};
        str steps = n.body;
        if (n.tag == DYNAMO_PATH) {
            if (dynamo_next(&steps, &first) && dynamo_keys_has(k, first.body))
                return first.body;
        } else if (n.tag > DYNAMO_PATH && n.tag != DYNAMO_INDEX) {
            found = find_key_name(n.body, k);
        }
        if (found.p)
            return found;
    }
    return (str){NULL, 0};
}

/* A name in the projection that the index does not hold; p NULL: none. */
static str find_missing(const struct page *p)
{
    struct dynamo_value path, first;
    for (str rest = p->args.field[ARG_PROJECTION]; dynamo_next(&rest, &path);)
        if (dynamo_next(&path.body, &first) && !dynamo_index_holds(&p->table, p->index, first.body))
            return first.body;
    return (str){NULL, 0};
}

static enum status check_index(struct page *p)
{
    const struct dynamo_index *i = p->index;
    str missing = dynamo_args_has(&p->args, ARG_PROJECTION) ? find_missing(p) : (str){NULL, 0};
    bool wants_all = p->select == SELECT_ALL && i->projection != DYNAMO_PROJECT_ALL;
    if (!i->is_global) {
        p->fetches = missing.p || wants_all;
        return STATUS_OK;
    }
    if (p->flags & FLAG_CONSISTENT)
        return refuse(p, "Consistent reads are not supported on global secondary indexes");
    if (i->status == DYNAMO_INDEX_CREATING)
        return error_set(p->op->err, STATUS_INVALID, "ValidationException",
                         "Cannot read from backfilling global secondary index: %.*s",
                         STR_ARG(i->name));
    if (wants_all)
        return error_set(p->op->err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is "
                         "not supported for global secondary index %.*s because its projection "
                         "type is not ALL",
                         STR_ARG(i->name));
    if (missing.p)
        return error_set(p->op->err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values were invalid: Global secondary index %.*s "
                         "does not project [%.*s]",
                         STR_ARG(i->name), STR_ARG(missing));
    return STATUS_OK;
}

static enum status find_place(struct page *p, str bytes)
{
    dynamo_args_read(bytes, &p->args);
    p->flags = dynamo_args_int(&p->args, ARG_FLAGS, 0);
    p->limit = dynamo_args_int(&p->args, ARG_LIMIT, INT64_MAX);
    p->select = dynamo_args_int(&p->args, ARG_SELECT, SELECT_DEFAULT);
    enum status status = dynamo_find_table(p->op, p->args.field[ARG_TABLE], false, &p->table);
    if (status != STATUS_OK || !dynamo_args_has(&p->args, ARG_INDEX))
        return status;
    p->index = dynamo_table_index(&p->table, p->args.field[ARG_INDEX]);
    if (!p->index)
        return error_set(p->op->err, STATUS_INVALID, "ValidationException",
                         "The table does not have the specified index: %.*s",
                         STR_ARG(p->args.field[ARG_INDEX]));
    return check_index(p);
}

static const struct dynamo_keys *keys_of(const struct page *p)
{
    return p->index ? &p->index->keys : &p->table.keys;
}

/* ---- where it begins ---- */

/* ExclusiveStartKey as a row's key: the members of the table's key and the index's, no others. */
static enum status start_key(struct page *p, str *ret)
{
    struct dynamo_op *op = p->op;
    struct error err;
    str members = p->args.field[ARG_START];
    str own = dynamo_key_members(op->arena, &p->table, NULL, members);
    struct dynamo_value all = {DYNAMO_M, members};
    str with_index = dynamo_key_members(op->arena, &p->table, p->index, members);
    struct dynamo_value wanted = {DYNAMO_M, with_index};
    if (dynamo_count(all) != dynamo_count(wanted) ||
        dynamo_key_of_key(op->arena, &p->table, own, ret, &err) != STATUS_OK)
        return refuse(p, "The provided starting key is invalid");
    if (p->index)
        *ret = dynamo_key_in_index(op->arena, p->index, members, *ret);
    return ret->p ? STATUS_OK : refuse(p, "The provided starting key is invalid");
}

static enum status begin_behind(struct page *p)
{
    str key;
    if (!dynamo_args_has(&p->args, ARG_START))
        return STATUS_OK;
    if (start_key(p, &key) != STATUS_OK)
        return STATUS_INVALID;
    bool is_before = p->span.from.p && str_cmp(key, p->span.from) < 0;
    bool is_behind = p->span.to.p && str_cmp(key, p->span.to) >= 0;
    if (is_before || is_behind) {
        if (dynamo_args_has(&p->args, ARG_SEGMENT))
            return refuse(p, "The provided starting key is invalid: Invalid ExclusiveStartKey. "
                             "Please use ExclusiveStartKey with correct Segment. TotalSegments and "
                             "Segment");
        return refuse(p, "The provided starting key is outside query boundaries based on provided "
                         "conditions");
    }
    if (p->flags & FLAG_BACKWARD) {
        p->span.to = key;
        return STATUS_OK;
    }
    char *from = arena_alloc(p->op->arena, key.n + 1);
    memcpy(from, key.p, key.n);
    from[key.n] = '\0';
    p->span.from = (str){from, key.n + 1};
    return STATUS_OK;
}

/* ---- the walk ---- */

static enum status fetch(struct page *p, str *item)
{
    str key = dynamo_key_of_row(p->op->arena, &p->table, *item), whole;
    bool has;
    enum status status = dynamo_find_row(p->op, p->table.space, key, &has, &whole);
    if (status == STATUS_OK && has)
        *item = whole;
    return status;
}

/* An item that the walk met, its size counted. */
static enum status take_item(struct page *p, str item)
{
    struct dynamo_op *op = p->op;
    p->scanned++;
    if (p->fetches && fetch(p, &item) != STATUS_OK)
        return op->err->status;
    if (dynamo_args_has(&p->args, ARG_FILTER) && !dynamo_holds(p->args.field[ARG_FILTER], item))
        return STATUS_OK;
    p->count++;
    if (p->select == SELECT_COUNT)
        return STATUS_OK;
    if (dynamo_args_has(&p->args, ARG_PROJECTION)) {
        size_t place = dynamo_begin(op->reply, DYNAMO_M);
        dynamo_project(op->arena, p->args.field[ARG_PROJECTION], item, op->reply);
        dynamo_end(op->reply, place);
    } else {
        dynamo_put(op->reply, (struct dynamo_value){DYNAMO_M, item});
    }
    return STATUS_OK;
}

/* Rows until the page is full, with the one that fills it. *ret_last: the key members of that one;
 * p NULL: the walk came to its end. */
static enum status walk(struct page *p, struct store_items_walk *w, str *ret_last)
{
    struct dynamo_op *op = p->op;
    struct store_item row;
    bool has;
    str item = {NULL, 0};
    *ret_last = (str){NULL, 0};
    while ((int64_t)p->scanned < p->limit && p->bytes < DYNAMO_PAGE_BYTES) {
        enum status status = store_walk_next(w, &has, &row, op->err);
        if (status != STATUS_OK || !has)
            return status;
        if (dynamo_read_body(row.body, &item, op->err) != STATUS_OK)
            return op->err->status;
        p->bytes += dynamo_item_size(item); /* of expired ones too: a page has an end */
        if (dynamo_is_expired(&p->table, item, op->call->now_ms))
            continue;
        struct arena_mark mark = arena_mark(op->arena);
        status = take_item(p, item);
        arena_release(op->arena, mark);
        if (status != STATUS_OK)
            return status;
    }
    /* The row's bytes are there until the next step. */
    *ret_last = dynamo_key_members(op->arena, &p->table, p->index, item);
    return STATUS_OK;
}

static enum status run_page(struct page *p)
{
    struct dynamo_op *op = p->op;
    str last;
    struct store_items_walk w;
    struct store_items_query q = {.space = p->index ? p->index->space : p->table.space,
                                  .from = p->span.from,
                                  .to = p->span.to,
                                  .is_reverse = p->flags & FLAG_BACKWARD};
    enum status status = store_walk_items(op->reader, &q, &w, op->err);
    if (status != STATUS_OK)
        return status;
    size_t place = p->select == SELECT_COUNT ? 0 : dynamo_begin(op->reply, REPLY_ITEMS);
    status = walk(p, &w, &last);
    store_walk_end(&w);
    dynamo_end(op->reply, place);
    if (status != STATUS_OK)
        return status;
    dynamo_arg_int(op->reply, REPLY_COUNT, (int64_t)p->count);
    dynamo_arg_int(op->reply, REPLY_SCANNED, (int64_t)p->scanned);
    if (last.p)
        dynamo_arg(op->reply, REPLY_LAST_KEY, last);
    struct dynamo_used used = {.table = p->table.name,
                               .halves = dynamo_read_halves(p->bytes, p->flags & FLAG_CONSISTENT),
                               .index = p->index ? p->index->name : (str){"", 0},
                               .is_global = p->index && p->index->is_global};
    dynamo_reply_capacity(op, &p->args, &used);
    return STATUS_OK;
}

static enum status query(struct dynamo_op *op, str bytes)
{
    struct page page = {.op = op}, *p = &page;
    enum status status = find_place(p, bytes);
    if (status != STATUS_OK)
        return status;
    status = dynamo_key_span(p->op->arena, keys_of(p), p->index != NULL, p->args.field[ARG_KEYS],
                             &p->span, p->op->err);
    if (status != STATUS_OK)
        return status;
    if (dynamo_args_has(&p->args, ARG_FILTER)) {
        str name = find_key_name(p->args.field[ARG_FILTER], keys_of(p));
        if (name.p)
            return error_set(p->op->err, STATUS_INVALID, "ValidationException",
                             "Filter Expression can only contain non-primary key attributes: "
                             "Primary key attribute: %.*s",
                             STR_ARG(name));
    }
    status = begin_behind(p);
    return status == STATUS_OK ? run_page(p) : status;
}

static enum status scan(struct dynamo_op *op, str bytes)
{
    struct page page = {.op = op}, *p = &page;
    enum status status = find_place(p, bytes);
    if (status != STATUS_OK)
        return status;
    if (dynamo_args_has(&p->args, ARG_SEGMENTS))
        dynamo_key_segment(p->op->arena, (uint32_t)dynamo_args_int(&p->args, ARG_SEGMENT, 0),
                           (uint32_t)dynamo_args_int(&p->args, ARG_SEGMENTS, 1), &p->span);
    status = begin_behind(p);
    return status == STATUS_OK ? run_page(p) : status;
}

enum status dynamo_run_query(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, query);
}

enum status dynamo_run_scan(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct dynamo_op op = dynamo_op_begin(c, reader, tx, reply, err);
    return dynamo_op_read(&op, args, scan);
}
