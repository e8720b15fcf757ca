/* SPDX-License-Identifier: Apache-2.0 */
/* Units, groups and what comes back. */
#include "support.h"
#include <sqlite3.h>
#include <stdlib.h>

static void a_step_that_came_back_can_be_read(void **state)
{
    struct world *w = *state;
    struct store_loaded l;
    struct error err;
    int64_t e = start_execution(w, "first");
    int64_t one = append_step(w, e, 0, "one");
    int64_t two = append_step(w, e, one, "two");
    assert_ok(store_load(w->r, e, &w->a, &l, &err));
    assert_int_equal(l.execution.tail, two);
    assert_int_equal(l.step_count, 2);
    assert_str(l.steps[0].body, "one");
    assert_str(l.steps[1].body, "two");
    assert_null(l.snapshot.p);
    assert_whole(w);
}

static void a_refusal_undoes_its_own_writes_and_no_others(void **state)
{
    struct world *w = *state;
    struct op good[2] = {{.kind = OP_START, .execution = sample_execution(w, "good")},
                         {.kind = OP_START, .execution = sample_execution(w, "better")}};
    struct op bad[2] = {{.kind = OP_START, .execution = sample_execution(w, "bad")},
                        {.kind = OP_REFUSE}};
    struct store_unit units[3];
    const struct op *ops[] = {&good[0], bad, &good[1]};
    size_t counts[] = {1, 2, 1};
    struct error err;
    for (int i = 0; i < 3; i++) {
        units[i] = (struct store_unit){.run = run_ops,
                                       .args = {(const char *)ops[i], counts[i] * sizeof(*ops[i])}};
        assert_ok(store_submit(w->c, &units[i], &err));
    }
    for (int got = 0; got < 3;) {
        store_wait(w->c);
        for (struct store_unit *u = store_take(w->c); u; u = u->next)
            assert_ptr_equal(u, &units[got++]);
    }
    assert_int_equal(units[0].status, STATUS_OK);
    assert_int_equal(units[1].status, STATUS_INVALID);
    assert_string_equal(units[1].error.name, "Refused");
    assert_int_equal(units[2].status, STATUS_OK);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM execution"), 2);
    struct store_metrics m;
    store_get_metrics(w->s, &m);
    assert_int_equal(m.refused, 1);
    assert_int_equal(m.failed, 0);
    assert_int_equal(m.in_flight, 0);
}

static void a_step_must_follow_the_last_one(void **state)
{
    struct world *w = *state;
    struct error err;
    int64_t e = start_execution(w, "one");
    int64_t one = append_step(w, e, 0, "one");
    append_step(w, e, one, "two");
    struct op fork = {.kind = OP_APPEND, .id = e, .prev = one, .number = store_new_id(w->s)};
    assert_int_equal(try_ops(w, &fork, 1, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreFork");
    fork.prev = 0;
    assert_int_equal(try_ops(w, &fork, 1, &err), STATUS_CONFLICT);
    fork.id = 12345;
    assert_int_equal(try_ops(w, &fork, 1, &err), STATUS_CONFLICT);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM step"), 2);
    assert_whole(w);
}

static void a_name_is_given_once_in_a_machine(void **state)
{
    struct world *w = *state;
    struct error err;
    start_execution(w, "a");
    struct op again = {.kind = OP_START, .execution = sample_execution(w, "a")};
    assert_int_equal(try_ops(w, &again, 1, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreNameTaken");
    again.execution.machine = 2;
    do_op(w, again);
    start_execution(w, "");
    start_execution(w, "");
}

static void a_message_is_received_once(void **state)
{
    struct world *w = *state;
    struct error err;
    struct op send = {.kind = OP_SEND, .id = store_new_id(w->s), .number = 9, .body = STR("hello")};
    do_op(w, send);
    struct op receive = {.kind = OP_RECEIVE, .id = send.id};
    do_op(w, receive);
    assert_int_equal(try_ops(w, &receive, 1, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "StoreMessageGone");
}

static void an_end_and_a_redrive_are_kept(void **state)
{
    struct world *w = *state;
    struct store_execution e;
    struct error err;
    int64_t id = start_execution(w, "e");
    struct op end = {.kind = OP_END,
                     .id = id,
                     .number = STORE_FAILED,
                     .time = 99,
                     .body = STR("States.Timeout")};
    do_op(w, end);
    assert_ok(store_find_execution(w->r, id, &w->a, &e, &err));
    assert_int_equal(e.status, STORE_FAILED);
    assert_int_equal(e.stopped_ms, 99);
    assert_int_equal(e.output, 7);
    assert_str(e.error, "States.Timeout");
    struct op redrive = {.kind = OP_REDRIVE, .id = id, .time = 100};
    do_op(w, redrive);
    assert_ok(store_find_execution(w->r, id, &w->a, &e, &err));
    assert_int_equal(e.status, STORE_RUNNING);
    assert_int_equal(e.stopped_ms, STORE_NEVER);
    assert_null(e.error.p);
    assert_true(e.is_pending);
    assert_int_equal(e.redrives, 1);
    assert_int_equal(e.redriven_ms, 100);
    redrive.id = 4711;
    assert_int_equal(try_ops(w, &redrive, 1, &err), STATUS_NOT_FOUND);
}

static void a_definition_is_kept_once(void **state)
{
    struct world *w = *state;
    struct op op = {.kind = OP_DEFINITION, .body = STR("{\"StartAt\":\"A\"}")};
    do_op(w, op);
    do_op(w, op);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM definition"), 2);
}

static void a_reply_comes_back_with_the_unit(void **state)
{
    struct world *w = *state;
    struct error err;
    struct op ops[] = {{.kind = OP_REPLY, .body = STR("first")},
                       {.kind = OP_REPLY, .body = STR("an answer")}};
    struct store_unit u = {.run = run_ops, .args = {(const char *)ops, sizeof(ops)}};
    assert_ok(store_perform(w->c, &u, &err));
    assert_str(u.reply, "an answer");
    store_unit_done(&u);
    assert_null(u.reply.p);
}

static void a_full_queue_refuses_until_units_are_taken(void **state)
{
    struct world *w = *state;
    struct error err;
    world_close(w);
    w->options.queue_units = 3;
    world_open(w);
    struct store_unit units[4];
    for (int i = 0; i < 4; i++)
        units[i] = (struct store_unit){.run = run_ops};
    for (int i = 0; i < 3; i++)
        assert_ok(store_submit(w->c, &units[i], &err));
    assert_int_equal(store_submit(w->c, &units[3], &err), STATUS_BUSY);
    assert_string_equal(err.name, "StoreQueueFull");
    store_wait(w->c);
    assert_ptr_equal(store_take(w->c), &units[0]);
    assert_ok(store_submit(w->c, &units[3], &err));
    struct store_unit *last = NULL;
    while (last != &units[3]) {
        store_wait(w->c);
        for (struct store_unit *u = store_take(w->c); u; u = u->next)
            last = u;
    }
}

static void the_bytes_in_a_queue_are_bounded(void **state)
{
    struct world *w = *state;
    struct error err;
    world_close(w);
    w->options.queue_bytes = 2 * sizeof(struct op);
    world_open(w);
    struct op ops[3] = {{.kind = OP_REPLY}, {.kind = OP_REPLY}, {.kind = OP_REPLY}};
    struct store_unit big = {.run = run_ops, .args = {(const char *)ops, sizeof(ops)}};
    assert_ok(store_perform(w->c, &big, &err)); /* alone it passes */
    store_unit_done(&big);
    struct store_unit small = {.run = run_ops, .args = {(const char *)ops, sizeof(ops[0])}};
    assert_ok(store_submit(w->c, &small, &err));
    assert_int_equal(store_submit(w->c, &big, &err), STATUS_BUSY);
    store_wait(w->c);
    assert_non_null(store_take(w->c));
    store_unit_done(&small);
}

static void a_group_closes_with_its_rows_and_bytes(void **state)
{
    struct world *w = *state;
    world_close(w);
    w->options.group_rows = 10;
    world_open(w);
    enum { UNITS = 200 };
    static struct op ops[UNITS];
    static struct store_unit units[UNITS];
    struct error err;
    for (int i = 0; i < UNITS; i++) {
        ops[i] = (struct op){.kind = OP_SEND, .id = store_new_id(w->s), .body = STR("x")};
        units[i] =
            (struct store_unit){.run = run_ops, .args = {(const char *)&ops[i], sizeof(ops[i])}};
        assert_ok(store_submit(w->c, &units[i], &err));
    }
    for (int got = 0; got < UNITS;) {
        store_wait(w->c);
        for (struct store_unit *u = store_take(w->c); u; u = u->next)
            assert_ptr_equal(u, &units[got++]);
    }
    struct store_metrics m;
    store_get_metrics(w->s, &m);
    assert_true(m.group.max <= 10);
    assert_true(m.commits >= UNITS / 10);
}

static void ids_are_never_given_out_twice(void **state)
{
    struct world *w = *state;
    int64_t last = 0;
    for (int round = 0; round < 5; round++) {
        int64_t id = start_execution(w, "");
        assert_true(id > last);
        last = id;
        world_close(w);
        world_open(w);
    }
    assert_true(store_new_id(w->s) < 100); /* and few are left out by an orderly end */
}

static void all_that_was_submitted_is_done_before_the_end(void **state)
{
    struct world *w = *state;
    enum { UNITS = 500 };
    static struct op ops[UNITS];
    static struct store_unit units[UNITS];
    struct error err;
    for (int i = 0; i < UNITS; i++) {
        ops[i] = (struct op){.kind = OP_SEND, .id = store_new_id(w->s), .body = STR("x")};
        units[i] =
            (struct store_unit){.run = run_ops, .args = {(const char *)&ops[i], sizeof(ops[i])}};
        assert_ok(store_submit(w->c, &units[i], &err));
    }
    world_close(w);
    for (int i = 0; i < UNITS; i++)
        assert_int_equal(units[i].status, STATUS_OK);
    world_open(w);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM inbox"), UNITS);
}

static void count_wake(void *arg)
{
    int *wakes = arg;
    __atomic_fetch_add(wakes, 1, __ATOMIC_SEQ_CST);
}

static void a_client_is_woken_when_there_is_something_to_take(void **state)
{
    struct world *w = *state;
    int wakes = 0;
    struct error err;
    struct store_client *c = store_client_new(w->s, count_wake, &wakes);
    assert_null(store_take(c));
    store_wait(c); /* nothing is in flight: returns */
    struct store_unit u = {.run = run_ops};
    assert_ok(store_submit(c, &u, &err));
    store_wait(c);
    assert_ptr_equal(store_take(c), &u);
    assert_int_equal(__atomic_load_n(&wakes, __ATOMIC_SEQ_CST), 1);
    store_client_free(c);
}

/* Somebody's long reading keeps the log from being begun anew; it is when that is over. */
static void a_long_reader_makes_the_log_grow_and_no_more(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], body[3000];
    struct store_metrics m;
    sqlite3 *db;
    world_close(w);
    w->options.checkpoint_pages = 10;
    world_open(w);
    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    int64_t e = start_execution(w, "e"), step = 0;
    assert_int_equal(sqlite3_open(world_path(w, "afflux.db", path), &db), SQLITE_OK);
    sqlite3_exec(db, "BEGIN; SELECT count(*) FROM step", NULL, NULL, NULL);
    for (int i = 0; i < 60; i++)
        step = append_step(w, e, step, body);
    store_get_metrics(w->s, &m);
    assert_true(m.blocked > 0);
    assert_true(m.wal_bytes > 100 * 4096);
    sqlite3_close(db);
    for (int i = 0; i < 60; i++)
        step = append_step(w, e, step, body);
    store_get_metrics(w->s, &m);
    assert_true(m.wal_bytes < 50 * 4096);
    assert_true(m.wal_peak > 100 * 4096);
    assert_whole(w);
}

struct stops {
    const char *names[64];
    size_t count;
};

static void note_stop(void *arg, const char *name)
{
    struct stops *stops = arg;
    if (stops->count < ARRAY_LEN(stops->names))
        stops->names[stops->count++] = name;
}

static void the_thread_says_where_it_stands(void **state)
{
    static const char *const wanted[] = {STORE_GROUP_WRITTEN, STORE_GROUP_COMMITTED,
                                         STORE_CHECKPOINT, STORE_CHECKPOINT_DONE};
    struct world *w = *state;
    struct stops stops = {.count = 0};
    world_close(w);
    w->options.checkpoint_pages = 1;
    w->options.at_point = note_stop;
    w->options.point_arg = &stops;
    world_open(w);
    start_execution(w, "e");
    world_close(w); /* waits for the thread */
    size_t seen = 0;
    for (size_t i = 0; i < stops.count && seen < ARRAY_LEN(wanted); i++)
        seen += strcmp(stops.names[i], wanted[seen]) == 0;
    assert_int_equal(seen, ARRAY_LEN(wanted));
    w->options.at_point = NULL;
    world_open(w);
}

static void a_row_that_is_too_long_is_refused(void **state)
{
    struct world *w = *state;
    struct error err;
    int64_t e = start_execution(w, "e");
    struct op op = {.kind = OP_APPEND,
                    .id = e,
                    .number = store_new_id(w->s),
                    .body = {"never read", (size_t)STORE_ROW_MAX + 1}};
    assert_int_equal(try_ops(w, &op, 1, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "StoreTooLarge");
    append_step(w, e, 0, "a step");
}

static void quantiles_are_right_within_a_fifth(void **state)
{
    (void)state;
    struct store_histogram h = {0};
    assert_int_equal(store_histogram_quantile(&h, 0.5), 0);
    for (uint64_t i = 1; i <= 100000; i++)
        store_histogram_add(&h, i);
    for (double share = 0.01; share < 1; share += 0.01) {
        double got = (double)store_histogram_quantile(&h, share), real = share * 100000;
        assert_true(got >= real * 0.999 && got <= real * 1.26);
    }
    assert_int_equal(store_histogram_quantile(&h, 1), 100000);
    store_histogram_add(&h, UINT64_MAX);
    assert_int_equal(h.max, UINT64_MAX);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_step_that_came_back_can_be_read),
        T(a_refusal_undoes_its_own_writes_and_no_others),
        T(a_step_must_follow_the_last_one),
        T(a_name_is_given_once_in_a_machine),
        T(a_message_is_received_once),
        T(an_end_and_a_redrive_are_kept),
        T(a_definition_is_kept_once),
        T(a_reply_comes_back_with_the_unit),
        T(a_full_queue_refuses_until_units_are_taken),
        T(the_bytes_in_a_queue_are_bounded),
        T(a_group_closes_with_its_rows_and_bytes),
        T(ids_are_never_given_out_twice),
        T(all_that_was_submitted_is_done_before_the_end),
        T(a_client_is_woken_when_there_is_something_to_take),
        T(a_long_reader_makes_the_log_grow_and_no_more),
        T(the_thread_says_where_it_stands),
        T(a_row_that_is_too_long_is_refused),
        cmocka_unit_test(quantiles_are_right_within_a_fifth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
