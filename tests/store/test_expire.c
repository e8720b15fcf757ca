/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: what is removed, when, and what stays. */
#include "support.h"
#include <stdio.h>
#include <time.h>

static int64_t clock_ms; /* the test's; set before a store is opened */

static int64_t test_clock(void *arg)
{
    (void)arg;
    return __atomic_load_n(&clock_ms, __ATOMIC_SEQ_CST);
}

static void reopen_at(struct world *w, int64_t ms, int64_t retention_ms)
{
    world_close(w);
    __atomic_store_n(&clock_ms, ms, __ATOMIC_SEQ_CST);
    w->options.retention_ms = retention_ms;
    w->options.now_ms = test_clock;
    world_open(w);
}

/* Waits until so many executions have been removed since the store was opened. */
static void wait_expired(struct world *w, uint64_t count)
{
    struct store_metrics m;
    struct timespec t = {0, 2000000};
    for (int i = 0; i < 5000; i++) {
        store_get_metrics(w->s, &m);
        if (m.expired >= count)
            return;
        nanosleep(&t, NULL);
    }
    fail_msg("%d executions were removed, not %d", (int)m.expired, (int)count);
}

static int64_t ended(struct world *w, const char *name, int64_t stopped_ms)
{
    int64_t e = start_execution(w, name);
    int64_t step = append_steps(w, e, 0, 3, "a step");
    struct op ops[] = {{.kind = OP_SNAPSHOT, .id = e, .number = step, .body = STR("s")},
                       {.kind = OP_DOCUMENT, .id = e, .number = 1, .body = STR("d")}};
    do_ops(w, ops, 2);
    end_execution(w, e, STORE_SUCCEEDED, stopped_ms);
    return e;
}

static void assert_rows(struct world *w, int executions, int steps, int others)
{
    assert_int_equal(sql_number(w, "SELECT count(*) FROM execution"), executions);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM step"), steps);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM snapshot"), others);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM document"), others);
    assert_whole(w);
}

static void an_execution_goes_when_its_time_has_come(void **state)
{
    struct world *w = *state;
    ended(w, "old", 1000);
    ended(w, "young", 2000);
    int64_t running = start_execution(w, "running");
    append_step(w, running, 0, "a step");
    reopen_at(w, 2500, 1000);
    wait_expired(w, 1);
    assert_rows(w, 2, 4, 1);
    start_execution(w, "old"); /* its name is free again */
    reopen_at(w, 9000, 1000);
    wait_expired(w, 1);
    assert_rows(w, 2, 1, 0);
}

static void without_retention_nothing_goes(void **state)
{
    struct world *w = *state;
    ended(w, "old", 1000);
    reopen_at(w, INT64_MAX, 0);
    start_execution(w, "later");
    assert_rows(w, 2, 3, 1);
}

static void what_is_expired_by_hand_goes_at_once(void **state)
{
    struct world *w = *state;
    struct store_execution row;
    struct store_page page;
    struct error err;
    int64_t e = ended(w, "e", 1000);
    struct op op = {.kind = OP_EXPIRE, .id = e};
    do_op(w, op);
    assert_int_equal(store_find_execution(w->r, e, &w->a, &row, &err), STATUS_NOT_FOUND);
    assert_int_equal(store_find_execution_named(w->r, 1, STR("e"), &w->a, &row, &err),
                     STATUS_NOT_FOUND);
    struct store_list_query q = {.machine = 1, .limit = 9};
    assert_ok(store_list_executions(w->r, &q, &w->a, &page, &err));
    assert_int_equal(page.count, 0);
    wait_expired(w, 1);
    assert_rows(w, 0, 0, 0);
}

/* A parent with a map run whose children have a map run too; steps enough for many batches. */
static void children_go_with_their_parent(void **state)
{
    struct world *w = *state;
    int64_t parent = ended(w, "parent", 1000), above = parent;
    for (int level = 0; level < 2; level++) {
        struct op run = {.kind = OP_START_RUN,
                         .run = {.id = store_new_id(w->s),
                                 .execution = above,
                                 .status = STORE_SUCCEEDED,
                                 .started_ms = 1}};
        do_op(w, run);
        for (int i = 0; i < 5; i++) {
            struct op child = {.kind = OP_START, .execution = sample_execution(w, "")};
            child.execution.map_run = run.run.id;
            child.execution.map_index = (uint64_t)i;
            do_op(w, child);
            above = child.execution.id;
            append_steps(w, above, 0, 150, "a step");
            end_execution(w, above, STORE_SUCCEEDED, 10);
        }
    }
    ended(w, "other", 5000);
    reopen_at(w, 4000, 3500); /* the children ended long ago, their parent has not expired */
    start_execution(w, "later");
    assert_int_equal(sql_number(w, "SELECT count(*) FROM execution"), 13);
    reopen_at(w, 5000, 3500);
    wait_expired(w, 11);
    assert_rows(w, 2, 3, 1);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM map_run"), 0);
}

static void removing_goes_on_after_a_stop(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 6; i++)
        ended(w, "", 1000);
    int64_t e = start_execution(w, "long");
    append_steps(w, e, 0, 1400, "a step");
    world_close(w);
    /* hidden, half removed: as a crash between two batches leaves it. No store is open, which would
     * go on with it at once. */
    char sql[200];
    snprintf(sql, sizeof(sql),
             "UPDATE execution SET status = 'DELETING', machine = 0, name = NULL WHERE id = %lld "
             "RETURNING id",
             (long long)e);
    sql_number(w, sql);
    reopen_at(w, 0, 0);
    wait_expired(w, 1);
    assert_rows(w, 6, 18, 6);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(an_execution_goes_when_its_time_has_come),
        T(without_retention_nothing_goes),
        T(what_is_expired_by_hand_goes_at_once),
        T(children_go_with_their_parent),
        T(removing_goes_on_after_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
