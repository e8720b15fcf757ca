/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked. */
#include "support.h"
#include "store/sql.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static void assert_good_plan(struct world *w, const char *sql)
{
    char path[TEST_PATH_BYTES];
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(world_path(w, "afflux.db", path), &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        if ((strncmp(detail, "SCAN ", 5) == 0 && !strstr(detail, "USING")) ||
            strstr(detail, "TEMP B-TREE FOR ORDER"))
            fail_msg("%s: %s", sql, detail);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static const struct store_shards all = {0, STORE_SHARDS - 1};

static void an_execution_is_read_as_it_was_written(void **state)
{
    struct world *w = *state;
    struct store_execution e = sample_execution(w, "name"), got;
    struct error err;
    e.shard = 255;
    e.parent = 77;
    e.parent_frame = 3;
    e.parent_attempt = 4;
    e.is_pending = true;
    e.due_ms = 123456789;
    e.input = 1;
    struct op op = {.kind = OP_START, .execution = e};
    do_op(w, op);
    assert_ok(store_find_execution(w->r, e.id, &w->a, &got, &err));
    assert_int_equal(got.id, e.id);
    assert_int_equal(got.shard, 255);
    assert_int_equal(got.parent, 77);
    assert_int_equal(got.parent_frame, 3);
    assert_int_equal(got.parent_attempt, 4);
    assert_true(got.is_pending);
    assert_int_equal(got.due_ms, 123456789);
    assert_int_equal(got.input, 1);
    assert_int_equal(got.output, 0);
    assert_int_equal(got.tail, 0);
    assert_int_equal(got.stopped_ms, STORE_NEVER);
    assert_int_equal(got.status, STORE_RUNNING);
    assert_str(got.name, "name");
    assert_ok(store_find_execution_named(w->r, 1, STR("name"), &w->a, &got, &err));
    assert_int_equal(got.id, e.id);
    assert_int_equal(store_find_execution_named(w->r, 2, STR("name"), &w->a, &got, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_find_execution(w->r, 9999, &w->a, &got, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "StoreNotFound");
}

static void loading_begins_with_the_last_snapshot(void **state)
{
    struct world *w = *state;
    struct store_loaded l;
    struct error err;
    int64_t *ids, step = 0, e = start_execution(w, "e");
    uint32_t count;
    for (int i = 0; i < 300; i++) {
        char body[16];
        snprintf(body, sizeof(body), "%d", i);
        step = append_step(w, e, step, body);
        if (i == 99 || i == 199) {
            struct op op = {.kind = OP_SNAPSHOT, .id = e, .number = step, .body = str_of(body)};
            do_op(w, op);
        }
    }
    assert_ok(store_load(w->r, e, &w->a, &l, &err));
    assert_str(l.snapshot, "199");
    assert_int_equal(l.step_count, 100);
    assert_str(l.steps[0].body, "200");
    assert_str(l.steps[99].body, "299");
    assert_int_equal(l.steps[99].id, l.execution.tail);
    assert_ok(store_list_steps(w->r, e, &w->a, &ids, &count, &err));
    assert_int_equal(count, 300);
    for (uint32_t i = 0; i < count; i += 50) {
        struct store_step s;
        assert_ok(store_find_step(w->r, ids[i], &w->a, &s, &err));
        assert_int_equal(strtol(arena_cstr(&w->a, s.body), NULL, 10), i);
    }
    assert_whole(w);
}

static void loading_more_than_the_arena_may_hold_is_refused(void **state)
{
    struct world *w = *state;
    struct store_loaded l;
    struct error err;
    struct arena small;
    char body[5000];
    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    int64_t step = 0, e = start_execution(w, "e");
    for (int i = 0; i < 20; i++)
        step = append_step(w, e, step, body);
    arena_init(&small, 50000);
    assert_int_equal(store_load(w->r, e, &small, &l, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "StoreTooLarge");
    arena_done(&small);
    assert_ok(store_load(w->r, e, &w->a, &l, &err)); /* the reader is as before */
}

static void documents_are_found_by_their_number(void **state)
{
    struct world *w = *state;
    struct error err;
    str body;
    char *large = malloc(300000);
    memset(large, 'y', 300000);
    int64_t e = start_execution(w, "e"), f = start_execution(w, "f");
    struct op op = {.kind = OP_DOCUMENT, .id = e, .number = 3, .body = {large, 300000}};
    do_op(w, op);
    assert_int_equal(try_ops(w, &op, 1, &err), STATUS_CONFLICT);
    op.id = f;
    op.body = (str){NULL, 0};
    do_op(w, op);
    assert_ok(store_find_document(w->r, e, 3, &w->a, &body, &err));
    assert_int_equal(body.n, 300000);
    assert_memory_equal(body.p, large, body.n);
    assert_ok(store_find_document(w->r, f, 3, &w->a, &body, &err));
    assert_int_equal(body.n, 0);
    assert_int_equal(store_find_document(w->r, e, 4, &w->a, &body, &err), STATUS_NOT_FOUND);
    free(large);
}

static void lists_are_newest_first_and_come_in_pages(void **state)
{
    struct world *w = *state;
    struct store_page page;
    struct error err;
    int64_t ids[25], seen = 0;
    for (int i = 0; i < 25; i++) {
        ids[i] = start_execution(w, "");
        if (i % 5 == 0)
            end_execution(w, ids[i], STORE_SUCCEEDED, 10);
    }
    struct store_list_query q = {.machine = 1, .limit = 10};
    do {
        assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
        for (uint32_t i = 0; i < page.count; i++)
            assert_int_equal(page.rows[i].id, ids[24 - seen++]);
        q.from = page.next;
    } while (q.from);
    assert_int_equal(seen, 25);
    q = (struct store_list_query){.machine = 1, .limit = 4, .status_set = 1 << STORE_SUCCEEDED};
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.count, 4);
    assert_int_equal(page.rows[3].id, ids[5]);
    q.from = page.next;
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.rows[0].id, ids[0]);
    assert_int_equal(page.next, 0);
    q = (struct store_list_query){.machine = 9, .limit = 4};
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.count + page.next, 0);
}

static int64_t start_child(struct world *w, int64_t run, uint64_t index)
{
    struct op op = {.kind = OP_START, .execution = sample_execution(w, "")};
    op.execution.map_run = run;
    op.execution.map_index = index;
    do_op(w, op);
    return op.execution.id;
}

static void map_children_are_found_by_run_and_index(void **state)
{
    struct world *w = *state;
    struct store_execution e;
    struct store_page page;
    struct error err;
    int64_t first = start_child(w, 500, 0), third = start_child(w, 500, 2);
    start_child(w, 501, 0);
    assert_ok(store_find_child(w->r, 500, 2, &w->a, &e, &err));
    assert_int_equal(e.id, third);
    assert_int_equal(e.map_index, 2);
    assert_int_equal(store_find_child(w->r, 500, 1, &w->a, &e, &err), STATUS_NOT_FOUND);
    struct store_list_query q = {.map_run = 500, .limit = 1};
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.rows[0].id, third);
    q.from = page.next;
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.rows[0].id, first);
    assert_int_equal(page.rows[0].map_run, 500);
    assert_int_equal(page.next, 0);
    q = (struct store_list_query){.machine = 1, .limit = 10};
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.count, 0);
    struct op again = {.kind = OP_START, .execution = sample_execution(w, "")};
    again.execution.map_run = 500;
    again.execution.map_index = 2;
    assert_int_equal(try_ops(w, &again, 1, &err), STATUS_CONFLICT);
}

static void pending_executions_are_found_after_a_start(void **state)
{
    struct world *w = *state;
    struct store_page page;
    struct error err;
    int64_t ids[10];
    for (int i = 0; i < 10; i++) {
        ids[i] = start_execution(w, "");
        struct op op = {.kind = OP_WAITING, .id = ids[i], .is_pending = true, .time = STORE_NEVER};
        do_op(w, op);
    }
    end_execution(w, ids[0], STORE_ABORTED, 5);
    struct op quiet = {.kind = OP_WAITING, .id = ids[1], .time = STORE_NEVER};
    do_op(w, quiet);
    world_close(w);
    world_open(w);
    assert_ok(store_list_pending(w->r, all, 0, 5, &w->a, &page, &err));
    assert_int_equal(page.count, 5);
    assert_int_equal(page.rows[0].id, ids[2]);
    assert_ok(store_list_pending(w->r, all, page.next, 5, &w->a, &page, &err));
    assert_int_equal(page.count, 3);
    assert_int_equal(page.next, 0);
    struct store_shards one = {(uint32_t)ids[4], (uint32_t)ids[4]};
    assert_ok(store_list_pending(w->r, one, 0, 5, &w->a, &page, &err));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.rows[0].id, ids[4]);
}

static void sleepers_come_back_in_the_order_of_their_times(void **state)
{
    struct world *w = *state;
    struct store_page page;
    struct error err;
    int64_t ids[6], next;
    assert_ok(store_next_due(w->r, &next, &err));
    assert_int_equal(next, STORE_NEVER);
    for (int i = 0; i < 6; i++) {
        ids[i] = start_execution(w, "");
        struct op op = {.kind = OP_WAITING, .id = ids[i], .time = 1000 - i * 100};
        do_op(w, op);
    }
    assert_ok(store_list_due(w->r, all, 800, 10, &w->a, &page, &err));
    assert_int_equal(page.count, 4);
    assert_int_equal(page.rows[0].id, ids[5]);
    assert_int_equal(page.rows[3].id, ids[2]);
    assert_ok(store_list_due(w->r, all, 800, 2, &w->a, &page, &err));
    assert_int_equal(page.count, 2);
    struct store_shards one = {(uint32_t)ids[3], (uint32_t)ids[3]};
    assert_ok(store_list_due(w->r, one, 800, 10, &w->a, &page, &err));
    assert_int_equal(page.count, 1);
    assert_ok(store_next_due(w->r, &next, &err));
    assert_int_equal(next, 500);
    end_execution(w, ids[5], STORE_SUCCEEDED, 1);
    assert_ok(store_next_due(w->r, &next, &err));
    assert_int_equal(next, 600);
}

static void messages_of_a_shard_are_listed(void **state)
{
    struct world *w = *state;
    struct store_message *rows;
    struct error err;
    uint32_t count;
    int64_t ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = store_new_id(w->s);
        struct op op = {
            .kind = OP_SEND, .id = ids[i], .prev = 40 + i, .number = i % 2, .body = STR("m")};
        do_op(w, op);
    }
    struct store_shards one = {1, 1};
    assert_ok(store_list_messages(w->r, one, 0, 10, &w->a, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].id, ids[3]);
    assert_int_equal(rows[1].execution, 43);
    assert_int_equal(rows[1].shard, 1);
    assert_str(rows[1].body, "m");
    assert_ok(store_list_messages(w->r, all, ids[1], 1, &w->a, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, ids[2]);
}

static void machines_are_listed_by_name(void **state)
{
    struct world *w = *state;
    struct store_machine *rows, m;
    struct error err;
    uint32_t count;
    static const char *const names[] = {"b", "c", "a"};
    for (int i = 0; i < 3; i++) {
        struct op op = {.kind = OP_MACHINE, .id = 10 + i, .body = str_of(names[i])};
        do_op(w, op);
    }
    assert_ok(store_list_machines(w->r, STR("a"), 10, &w->a, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_str(rows[0].name, "b");
    assert_ok(store_find_machine(w->r, STR("c"), &w->a, &m, &err));
    assert_int_equal(m.id, 11);
    assert_str(m.type, "STANDARD");
    assert_str(m.properties, "p");
    struct op taken = {.kind = OP_MACHINE, .id = 99, .body = STR("c")};
    assert_int_equal(try_ops(w, &taken, 1, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreNameTaken");
}

static void a_map_run_is_read_as_it_was_written(void **state)
{
    struct world *w = *state;
    struct store_map_run *rows, got;
    struct error err;
    uint32_t count;
    int64_t e = start_execution(w, "e");
    struct store_map_run m = {.id = store_new_id(w->s),
                              .execution = e,
                              .frame = 1,
                              .attempt = 2,
                              .label = STR("Map"),
                              .status = STORE_RUNNING,
                              .started_ms = 5,
                              .stopped_ms = STORE_NEVER,
                              .concurrency = 40,
                              .tolerated_percentage = 12.5,
                              .tolerated_count = -1,
                              .items = {.pending = 7, .total = 8}};
    struct op op = {.kind = OP_START_RUN, .run = m};
    do_op(w, op);
    op.kind = OP_SET_RUN;
    op.run.children = (struct store_counts){1, 2, 3, 4, 5, 6, 21};
    op.run.cursor = STR("at 8");
    op.run.status = STORE_SUCCEEDED;
    op.run.stopped_ms = 9;
    do_op(w, op);
    assert_ok(store_find_map_run(w->r, m.id, &w->a, &got, &err));
    assert_int_equal(got.execution, e);
    assert_str(got.label, "Map");
    assert_int_equal(got.status, STORE_SUCCEEDED);
    assert_int_equal(got.stopped_ms, 9);
    assert_true(got.tolerated_percentage == 12.5);
    assert_int_equal(got.tolerated_count, -1);
    assert_memory_equal(&got.children, &op.run.children, sizeof(got.children));
    assert_int_equal(got.items.total, 8);
    assert_str(got.cursor, "at 8");
    assert_ok(store_list_map_runs(w->r, e, 0, 10, &w->a, &rows, &count, &err));
    assert_int_equal(count, 1);
    op.run.id = 9999;
    assert_int_equal(try_ops(w, &op, 1, &err), STATUS_NOT_FOUND);
}

static void people_can_read_the_views(void **state)
{
    struct world *w = *state;
    struct op machine = {.kind = OP_MACHINE, .id = 1, .body = STR("collect")};
    do_op(w, machine);
    int64_t e = start_execution(w, "run-1"), f = start_execution(w, "run-2");
    int64_t step = append_step(w, e, 0, "one");
    append_step(w, f, 0, "other");
    append_step(w, e, step, "two");
    end_execution(w, e, STORE_SUCCEEDED, 1700000001500);
    char *text = sql_text(w, "SELECT machine || ' ' || name || ' ' || status || ' ' || stopped "
                             "FROM executions WHERE name = 'run-1'");
    assert_string_equal(text, "collect run-1 SUCCEEDED 2023-11-14T22:13:21.500Z");
    free(text);
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT group_concat(position || ':' || body) FROM history "
             "WHERE execution = %lld",
             (long long)e);
    text = sql_text(w, sql);
    assert_string_equal(text, "1:6F6E65,2:74776F");
    free(text);
    assert_int_equal(sql_number(w, "SELECT sum(unfinished) FROM waiting"), 1);
}

/* By SQLite's own plan: rows are found by a key or an index, and nothing is sorted. */
static void no_statement_walks_through_a_table(void **state)
{
    struct world *w = *state;
    static const char *const statements[] = {
#define X(id, text) text,
        STORE_SQL_LIST(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", statements[i]);
        assert_good_plan(w, sql);
        sqlite3_free(sql);
    }
}

static void a_chain_that_is_broken_by_hand_is_found(void **state)
{
    struct world *w = *state;
    struct store_loaded l;
    struct error err;
    int64_t step = 0, e = start_execution(w, "e");
    for (int i = 0; i < 3; i++)
        step = append_step(w, e, step, "s");
    char sql[128];
    snprintf(sql, sizeof(sql), "UPDATE step SET prev = %lld WHERE id = %lld RETURNING id",
             (long long)step, (long long)step);
    sql_number(w, sql); /* its own predecessor */
    assert_int_equal(store_load(w->r, e, &w->a, &l, &err), STATUS_CORRUPT);
    assert_int_equal(store_verify(w->r, &err), STATUS_CORRUPT);
    snprintf(sql, sizeof(sql), "DELETE FROM step WHERE id = %lld RETURNING id", (long long)step);
    sql_number(w, sql);
    assert_int_equal(store_load(w->r, e, &w->a, &l, &err), STATUS_CORRUPT);
    assert_int_equal(store_verify(w->r, &err), STATUS_CORRUPT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(an_execution_is_read_as_it_was_written),
        T(loading_begins_with_the_last_snapshot),
        T(loading_more_than_the_arena_may_hold_is_refused),
        T(documents_are_found_by_their_number),
        T(lists_are_newest_first_and_come_in_pages),
        T(map_children_are_found_by_run_and_index),
        T(pending_executions_are_found_after_a_start),
        T(sleepers_come_back_in_the_order_of_their_times),
        T(messages_of_a_shard_are_listed),
        T(machines_are_listed_by_name),
        T(a_map_run_is_read_as_it_was_written),
        T(people_can_read_the_views),
        T(no_statement_walks_through_a_table),
        T(a_chain_that_is_broken_by_hand_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
