/* SPDX-License-Identifier: Apache-2.0 */
/* What takes many items or a look into the file: steps of the work beside operations, parallel
 * scans, rows that are damaged. What requests and answers say are cases (dynamodb/). */
#include "dynamodb_world.h"
#include "services/dynamodb/sweep.h"
#include "services/dynamodb/value.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/parse.h"
#include <sqlite3.h>
#include <stdio.h>

static int setup(void **state)
{
    static struct dynamodb_world w;
    dynamodb_world_open(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    dynamodb_world_close(*state);
    return 0;
}

/* The answer, in the arena. */
static struct json_val call(struct dynamodb_world *w, struct arena *a, const char *operation,
                            const char *quoted)
{
    struct buf json;
    struct error err;
    struct json_val answer;
    buf_init(&json, 64 << 20);
    if (dynamodb_call(w, str_of(operation), parse_quoted(a, quoted), &json, &err) != STATUS_OK)
        fail_msg("%s: %s: %s", operation, err.name, err.message);
    assert_int_equal(json_parse_in(a, buf_str(&json), NULL, &answer, &err), STATUS_OK);
    buf_done(&json);
    return answer;
}

static void assert_fails(struct dynamodb_world *w, const char *operation, const char *quoted,
                         const char *name)
{
    struct arena a;
    struct buf json;
    struct error err;
    arena_init(&a, 0);
    buf_init(&json, 1 << 20);
    assert_int_not_equal(dynamodb_call(w, str_of(operation), parse_quoted(&a, quoted), &json, &err),
                         STATUS_OK);
    assert_string_equal(err.name, name);
    buf_done(&json);
    arena_done(&a);
}

static void do_call(struct dynamodb_world *w, const char *operation, const char *quoted)
{
    struct arena a;
    arena_init(&a, 0);
    call(w, &a, operation, quoted);
    arena_done(&a);
}

static int64_t count_of(struct dynamodb_world *w, const char *operation, const char *quoted)
{
    struct arena a;
    arena_init(&a, 0);
    int64_t count = (int64_t)json_number(json_get(call(w, &a, operation, quoted), STR("Count")));
    arena_done(&a);
    return count;
}

static int64_t sql(struct dynamodb_world *w, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    char path[256];
    int64_t value = 0;
    (void)snprintf(path, sizeof(path), "%s/afflux.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    sqlite3_close(db);
    return value;
}

static void create_table(struct dynamodb_world *w)
{
    do_call(w, "CreateTable",
            "{'TableName':'ttt','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':"
            "[{'AttributeName':'id','AttributeType':'S'}],'KeySchema':"
            "[{'AttributeName':'id','KeyType':'HASH'}]}");
}

/* Items from one number to before another, 25 at a time; g is their number's last digit. */
static void fill(struct dynamodb_world *w, int from, int to)
{
    struct arena a;
    struct buf text;
    buf_init(&text, 1 << 20);
    arena_init(&a, 0);
    for (int i = from; i < to;) {
        buf_clear(&text);
        buf_add(&text, STR("{'RequestItems':{'ttt':["));
        for (int j = 0; j < 25 && i < to; j++, i++)
            buf_printf(&text,
                       "%s{'PutRequest':{'Item':{'id':{'S':'item %d'},'g':{'S':'%d'},"
                       "'exp':{'N':'%d'}}}}",
                       j ? "," : "", i, i % 10, 1767225600 + i);
        buf_add(&text, STR("]}}"));
        call(w, &a, "BatchWriteItem", arena_cstr(&a, buf_str(&text)));
        arena_reset(&a);
    }
    arena_done(&a);
    buf_done(&text);
}

#define QUERY_LATE                                                                                 \
    "{'TableName':'ttt','IndexName':'late','Select':'COUNT','KeyConditionExpression':'g = :g',"    \
    "'ExpressionAttributeValues':{':g':{'S':'3'}}}"

static void an_index_of_many_items_is_filled_in_steps(void **state)
{
    struct dynamodb_world *w = *state;
    create_table(w);
    fill(w, 0, DYNAMO_STEP_ROWS + DYNAMO_SWEEP_ROWS + 500);
    do_call(w, "UpdateTable",
            "{'TableName':'ttt','AttributeDefinitions':[{'AttributeName':'g','AttributeType':'S'}],"
            "'GlobalSecondaryIndexUpdates':[{'Create':{'IndexName':'late','KeySchema':"
            "[{'AttributeName':'g','KeyType':'HASH'}],'Projection':{'ProjectionType':'ALL'}}}]}");
    assert_fails(w, "Query", QUERY_LATE, "ValidationException");
    /* What changes meanwhile is right in the index, whether it was filled so far or not. */
    for (int i = 0; i < 10; i++) {
        char text[256];
        (void)snprintf(
            text, sizeof(text),
            "{'TableName':'ttt','Key':{'id':{'S':'item %d'}},'UpdateExpression':'SET g = "
            ":g','ExpressionAttributeValues':{':g':{'S':'3'}}}",
            i * 10 + 4);
        do_call(w, "UpdateItem", text);
        (void)snprintf(text, sizeof(text), "{'TableName':'ttt','Key':{'id':{'S':'item %d'}}}",
                       i * 10 + 3);
        do_call(w, "DeleteItem", text);
    }
    assert_false(dynamodb_world_sweep(w));
    dynamodb_world_again(w);
    while (!dynamodb_world_sweep(w))
        ;
    assert_int_equal(count_of(w, "Query", QUERY_LATE),
                     (DYNAMO_STEP_ROWS + DYNAMO_SWEEP_ROWS + 500) / 10);
    assert_int_equal(sql(w, "SELECT count(*) FROM item"),
                     2 * (DYNAMO_STEP_ROWS + DYNAMO_SWEEP_ROWS + 490));
    assert_int_equal(sql(w, "SELECT sum(items) FROM item_count"),
                     2 * (DYNAMO_STEP_ROWS + DYNAMO_SWEEP_ROWS + 490));
}

static void a_table_of_many_items_goes_in_steps(void **state)
{
    struct dynamodb_world *w = *state;
    create_table(w);
    fill(w, 0, DYNAMO_STEP_ROWS + DYNAMO_SWEEP_ROWS + 500);
    do_call(w, "DeleteTable", "{'TableName':'ttt'}");
    assert_int_equal(sql(w, "SELECT count(*) FROM item"), DYNAMO_SWEEP_ROWS + 500);
    create_table(w);
    assert_int_equal(count_of(w, "Scan", "{'TableName':'ttt'}"), 0);
    assert_false(dynamodb_world_sweep(w));
    assert_true(dynamodb_world_sweep(w));
    assert_int_equal(sql(w, "SELECT count(*) FROM item"), 0);
    assert_int_equal(sql(w, "SELECT count(*) FROM service WHERE service = 'dynamodb-dropped'"), 0);
}

static void expired_items_leave_the_file(void **state)
{
    struct dynamodb_world *w = *state;
    create_table(w);
    fill(w, 0, 100);
    do_call(w, "UpdateTimeToLive",
            "{'TableName':'ttt','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'exp'}}");
    assert_int_equal(sql(w, "SELECT count(*) FROM item"), 200);
    w->now_ms += 50000;
    assert_int_equal(count_of(w, "Scan", "{'TableName':'ttt'}"), 50);
    assert_true(dynamodb_world_sweep(w));
    assert_int_equal(sql(w, "SELECT count(*) FROM item"), 100);
    assert_int_equal(count_of(w, "Scan", "{'TableName':'ttt'}"), 50);
    assert_int_equal(sql(w, "SELECT sum(items) FROM item_count"), 50);
}

/* Pages of one segment; returns how many items they had. */
static int64_t scan_segment(struct dynamodb_world *w, int segment, int total, int limit)
{
    struct arena a;
    int64_t count = 0;
    struct buf request, key;
    arena_init(&a, 0);
    buf_init(&request, 1 << 20);
    buf_init(&key, 1 << 20);
    for (;;) {
        buf_clear(&request);
        buf_printf(&request, "{'TableName':'ttt','Segment':%d,'TotalSegments':%d,'Limit':%d%.*s}",
                   segment, total, limit, STR_ARG(buf_str(&key)));
        struct json_val answer = call(w, &a, "Scan", arena_cstr(&a, buf_str(&request)));
        count += (int64_t)json_number(json_get(answer, STR("Count")));
        struct json_val last = json_get(answer, STR("LastEvaluatedKey"));
        if (last.tag != JSON_OBJECT)
            break;
        buf_clear(&key);
        buf_printf(&key, ",'ExclusiveStartKey':{'id':{'S':'%.*s'}}",
                   STR_ARG(json_str(json_get(json_get(last, STR("id")), STR("S")))));
        arena_reset(&a);
    }
    arena_done(&a);
    buf_done(&request);
    buf_done(&key);
    return count;
}

static void segments_together_are_the_table(void **state)
{
    struct dynamodb_world *w = *state;
    create_table(w);
    fill(w, 0, 300);
    for (int total = 1; total <= 7; total += 3) {
        int64_t count = 0;
        for (int i = 0; i < total; i++)
            count += scan_segment(w, i, total, 13);
        assert_int_equal(count, 300);
    }
    assert_fails(w, "Scan",
                 "{'TableName':'ttt','Segment':0,'TotalSegments':1000000,'ExclusiveStartKey':"
                 "{'id':{'S':'item 7'}}}",
                 "ValidationException");
}

static void a_damaged_item_is_told_apart(void **state)
{
    struct dynamodb_world *w = *state;
    create_table(w);
    fill(w, 0, 1);
    const char *key = "{'TableName':'ttt','Key':{'id':{'S':'item 0'}}}";
    do_call(w, "GetItem", key);
    sql(w, "UPDATE item SET body = CAST(x'01FF' || body AS BLOB)");
    assert_fails(w, "GetItem", key, "StoreCorrupt");
    assert_fails(w, "Scan", "{'TableName':'ttt'}", "StoreCorrupt");
    assert_fails(w, "DeleteItem", key, "StoreCorrupt");
    sql(w, "UPDATE service SET body = x'01' WHERE service = 'dynamodb'");
    assert_fails(w, "DescribeTable", "{'TableName':'ttt'}", "StoreCorrupt");
}

enum { IN_FLIGHT = 300, PLACES = 120 };

/* Many clients take one of few places each: a condition and its update are one thing, and a refusal
 * undoes nothing of its group but itself. */
static void updates_in_flight_at_once_take_turns(void **state)
{
    struct dynamodb_world *w = *state;
    static struct service_unit units[IN_FLIGHT];
    struct arena a;
    struct error err;
    const struct service_operation *o = service_find(&dynamodb_service, STR("UpdateItem"));
    arena_init(&a, 0);
    create_table(w);
    for (int i = 0; i < IN_FLIGHT; i++) {
        units[i] = (struct service_unit){
            .operation = o, .call = {.settings = &w->settings, .now_ms = w->now_ms, .arena = &a}};
        struct json_val request = parse_quoted(
            &a, "{'TableName':'ttt','Key':{'id':{'S':'1'}},'UpdateExpression':'ADD n :one',"
                "'ConditionExpression':'attribute_not_exists(n) OR n < :max',"
                "'ExpressionAttributeValues':{':one':{'N':'1'},':max':{'N':'120'}}}");
        assert_int_equal(service_prepare(o, &units[i].call, request, &units[i].args, &err),
                         STATUS_OK);
        service_unit_init(&units[i]);
        assert_int_equal(store_submit(w->client, &units[i].unit, &err), STATUS_OK);
    }
    int taken = 0, refused = 0;
    while (taken + refused < IN_FLIGHT) {
        store_wait(w->client);
        for (struct store_unit *u = store_take(w->client); u; u = u->next) {
            taken += u->status == STATUS_OK;
            refused += u->status == STATUS_CONFLICT;
            store_unit_done(u);
        }
    }
    assert_int_equal(taken, PLACES);
    struct json_val answer = call(w, &a, "GetItem", "{'TableName':'ttt','Key':{'id':{'S':'1'}}}");
    struct json_val n = json_get(json_get(json_get(answer, STR("Item")), STR("n")), STR("N"));
    assert_true(str_eq(json_str(n), STR("120")));
    arena_done(&a);
}

static void operations_are_in_the_order_of_their_names(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < dynamodb_service.count; i++) {
        const struct service_operation *o = &dynamodb_service.operations[i];
        assert_ptr_equal(service_find(&dynamodb_service, str_of(o->name)), o);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_index_of_many_items_is_filled_in_steps),
        T(a_table_of_many_items_goes_in_steps),
        T(expired_items_leave_the_file),
        T(segments_together_are_the_table),
        T(a_damaged_item_is_told_apart),
        T(updates_in_flight_at_once_take_turns),
        cmocka_unit_test(operations_are_in_the_order_of_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
