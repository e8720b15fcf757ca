/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every write, sync, open and truncation fails once, and for ever: what came back with STATUS_OK is
 * there afterwards, what did not is not, and the store goes on when the disk does.
 */
#include "support.h"
#include "store/faulty.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 12 };

/* A step is tried until it is kept or the tries are over; returns the last one kept. */
static int64_t work(struct world *w, int64_t execution, unsigned tries, unsigned *ret_kept,
                    unsigned *ret_failed)
{
    int64_t tail = 0;
    struct error err;
    for (unsigned i = 0; i < tries && *ret_kept < STEPS; i++) {
        struct op op = {.kind = OP_APPEND,
                        .id = execution,
                        .prev = tail,
                        .number = store_new_id(w->s),
                        .body = STR("a step")};
        enum status status = try_ops(w, &op, 1, &err);
        if (status == STATUS_OK) {
            tail = op.number;
            ++*ret_kept;
        } else {
            assert_true(status == STATUS_UNAVAILABLE || status == STATUS_IO);
            assert_true(strcmp(err.name, "StoreFull") == 0 || strcmp(err.name, "StoreIo") == 0);
            ++*ret_failed;
        }
    }
    return tail;
}

static void assert_kept(struct world *w, int64_t execution, int64_t tail, unsigned kept)
{
    struct store_loaded l;
    struct error err;
    assert_ok(store_load(w->r, execution, &w->a, &l, &err));
    assert_int_equal(l.execution.tail, tail);
    assert_int_equal(l.step_count, kept);
    assert_whole(w);
    arena_reset(&w->a);
}

/* One round with the n-th call failing while steps are written. Returns whether it came to that. */
static bool fail_nth(struct store_faulty *f, enum store_fault kind, uint64_t n, int code)
{
    struct world w;
    unsigned kept = 0, failed = 0;
    world_init(&w);
    w.options.vfs = "faulty";
    w.options.checkpoint_pages = 10; /* so that copying the log fails too */
    world_open(&w);
    int64_t e = start_execution(&w, "e");
    uint64_t before = store_faulty_calls(f, kind);
    store_faulty_fail(f, kind, n, code, false);
    int64_t tail = work(&w, e, 10 * STEPS, &kept, &failed);
    store_faulty_fail(f, kind, 0, 0, false);
    bool came = store_faulty_calls(f, kind) >= before + n;
    assert_int_equal(kept, STEPS);
    assert_true(failed <= 1);
    assert_kept(&w, e, tail, kept);
    world_close(&w);
    world_open(&w);
    assert_kept(&w, e, tail, kept);
    world_done(&w);
    return came;
}

static void fail_each(enum store_fault kind, int code)
{
    struct store_faulty *f = store_faulty_new("faulty");
    uint64_t n = 1;
    while (n < 200 && fail_nth(f, kind, n, code))
        n += n < 8 ? 1 : 5;
    assert_true(n > 8 && n < 200);
    store_faulty_free(f);
}

static void a_write_that_fails_once_loses_nothing(void **state)
{
    (void)state;
    fail_each(STORE_FAULT_WRITE, SQLITE_IOERR_WRITE);
}

static void a_disk_that_is_full_for_a_moment_loses_nothing(void **state)
{
    (void)state;
    fail_each(STORE_FAULT_WRITE, SQLITE_FULL);
}

static void a_sync_that_fails_once_loses_nothing(void **state)
{
    (void)state;
    fail_each(STORE_FAULT_SYNC, SQLITE_IOERR_FSYNC);
}

static void a_full_disk_stops_work_until_there_is_room(void **state)
{
    (void)state;
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    unsigned kept = 0, failed = 0, none = 0;
    struct error err;
    world_init(&w);
    w.options.vfs = "faulty";
    world_open(&w);
    int64_t e = start_execution(&w, "e");
    int64_t tail = append_step(&w, e, 0, "before");
    store_faulty_fail(f, STORE_FAULT_WRITE, 1, SQLITE_FULL, true);
    assert_int_equal(work(&w, e, 20, &none, &failed), 0);
    assert_int_equal(failed, 20);
    assert_kept(&w, e, tail, 1);
    struct op op = {.kind = OP_SEND, .id = store_new_id(w.s), .body = STR("m")};
    assert_int_equal(try_ops(&w, &op, 1, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.name, "StoreFull");
    store_faulty_fail(f, STORE_FAULT_WRITE, 0, 0, false);
    append_step(&w, e, tail, "after");
    assert_int_equal(kept, 0);
    world_close(&w);
    world_open(&w);
    assert_int_equal(sql_number(&w, "SELECT count(*) FROM history"), 2);
    world_done(&w);
    store_faulty_free(f);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    struct store_loaded l;
    struct error err;
    world_init(&w);
    w.options.vfs = "faulty";
    world_open(&w);
    int64_t e = start_execution(&w, "e");
    int64_t tail = append_steps(&w, e, 0, 100, "a step");
    world_close(&w);
    world_open(&w);
    store_faulty_fail(f, STORE_FAULT_READ, 1, SQLITE_IOERR_READ, true);
    assert_int_equal(store_load(w.r, e, &w.a, &l, &err), STATUS_IO);
    assert_string_equal(err.name, "StoreIo");
    store_faulty_fail(f, STORE_FAULT_READ, 0, 0, false);
    assert_kept(&w, e, tail, 100);
    world_done(&w);
    store_faulty_free(f);
}

/* Whatever fails while a folder is opened, opening says so and leaves it as good as before. */
static void open_with_fault(enum store_fault kind, int code)
{
    struct store_faulty *f = store_faulty_new("faulty");
    struct error err;
    for (uint64_t n = 1, came = 1; came && n < 100; n++) {
        struct world w;
        world_init(&w);
        w.options.vfs = "faulty";
        uint64_t before = store_faulty_calls(f, kind);
        store_faulty_fail(f, kind, n, code, true);
        enum status status = world_try_open(&w, &err);
        came = store_faulty_calls(f, kind) >= before + n;
        store_faulty_fail(f, kind, 0, 0, false);
        if (status == STATUS_OK)
            world_close(&w);
        world_open(&w);
        start_execution(&w, "e");
        assert_whole(&w);
        world_done(&w);
    }
    store_faulty_free(f);
}

static void a_failure_while_opening_harms_nothing(void **state)
{
    (void)state;
    open_with_fault(STORE_FAULT_OPEN, SQLITE_CANTOPEN);
    open_with_fault(STORE_FAULT_WRITE, SQLITE_FULL);
    open_with_fault(STORE_FAULT_SYNC, SQLITE_IOERR_FSYNC);
}

static void a_file_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    struct error err;
    world_init(&w);
    w.options.vfs = "faulty";
    store_faulty_fail(f, STORE_FAULT_WRITE, 1, SQLITE_READONLY, true);
    assert_int_equal(world_try_open(&w, &err), STATUS_IO);
    assert_string_equal(err.name, "StoreReadOnly");
    store_faulty_fail(f, STORE_FAULT_WRITE, 0, 0, false);
    world_done(&w);
    store_faulty_free(f);
}

/* All members of a group fail with its commit, those that had refused too. */
static void a_commit_that_fails_fails_its_group(void **state)
{
    (void)state;
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    struct error err;
    enum { UNITS = 50 };
    struct store_unit units[UNITS];
    struct op ops[UNITS];
    world_init(&w);
    w.options.vfs = "faulty";
    world_open(&w);
    store_faulty_fail(f, STORE_FAULT_SYNC, 1, SQLITE_IOERR_FSYNC, true);
    for (int i = 0; i < UNITS; i++) {
        ops[i] = (struct op){.kind = i % 10 == 0 ? OP_REFUSE : OP_SEND, .id = store_new_id(w.s)};
        units[i] =
            (struct store_unit){.run = run_ops, .args = {(const char *)&ops[i], sizeof(ops[i])}};
        assert_ok(store_submit(w.c, &units[i], &err));
    }
    unsigned failed = 0;
    for (int got = 0; got < UNITS;) {
        store_wait(w.c);
        for (struct store_unit *u = store_take(w.c); u; u = u->next, got++)
            failed += u->status == STATUS_IO && strcmp(u->error.name, "StoreIo") == 0;
    }
    store_faulty_fail(f, STORE_FAULT_SYNC, 0, 0, false);
    assert_true(failed >=
                UNITS - UNITS / 10); /* a refusal alone in its group has no commit to fail */
    assert_int_equal(sql_number(&w, "SELECT count(*) FROM inbox"), 0);
    world_done(&w);
    store_faulty_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_fails_once_loses_nothing),
        cmocka_unit_test(a_disk_that_is_full_for_a_moment_loses_nothing),
        cmocka_unit_test(a_sync_that_fails_once_loses_nothing),
        cmocka_unit_test(a_full_disk_stops_work_until_there_is_room),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(a_failure_while_opening_harms_nothing),
        cmocka_unit_test(a_file_that_cannot_be_written_is_refused),
        cmocka_unit_test(a_commit_that_fails_fails_its_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
