/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a disk that fails: what was told stays, what waits goes on when there is room. */
#include "engine_test.h"

#include "store/faulty.h"
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAMBDA "'Type':'Task','Resource':'arn:aws:lambda:us-east-1:000000000000:function:f'"
#define MACHINE(name)                                                                              \
    "'StateMachineArn':'arn:aws:states:us-east-1:000000000000:stateMachine:" name "'"

static const char ADD[] =
    "{'StartAt':'A','States':{'A':{'Type':'Pass','Parameters':{"
    "'n.$':'States.MathAdd($.n, 1)'},'Next':'ok'},'ok':{" LAMBDA ",'ResultPath':null,'End':true}}}";
static const char PARENT[] =
    "{'StartAt':'ok1','States':{'ok1':{" LAMBDA ",'ResultPath':null,'Next':'T'},"
    "'T':{'Type':'Task','Resource':'arn:aws:states:::states:startExecution.sync:2','Parameters':"
    "{" MACHINE("add") ",'Input':{'n.$':'$.n'}},'OutputPath':'$.Output','Next':'ok2'},"
                       "'ok2':{" LAMBDA ",'ResultPath':null,'End':true}}}";

struct disk {
    struct house h;
    struct store_options options;
    struct store_faulty *faulty;
};

static void disk_build(struct disk *d)
{
    *d = (struct disk){.options = {.vfs = "engine-faulty"}};
    d->faulty = store_faulty_new(d->options.vfs);
    d->h.store = &d->options;
    house_build(&d->h);
    house_machine(&d->h, "add", ASL_STANDARD, ADD);
    house_machine(&d->h, "parent", ASL_STANDARD, PARENT);
}

static void disk_tear_down(struct disk *d)
{
    house_tear_down(&d->h);
    store_faulty_free(d->faulty);
}

/* A start is given up or goes on; whatever happens, it can be had in the end. */
static void note_refused(void *arg, const struct error *err)
{
    struct disk *d = arg;
    assert_true(err->status == STATUS_IO || err->status == STATUS_UNAVAILABLE);
    d->h.has_ended = true;
    loop_stop(d->h.loop);
}

static void note_ended(void *arg, const struct engine_result *result)
{
    struct disk *d = arg;
    (void)result;
    d->h.has_ended = true;
    loop_stop(d->h.loop);
}

static void start(struct disk *d, const char *name)
{
    struct error err;
    struct engine_start start = {.machine = STR("parent"),
                                 .name = str_of(name),
                                 .input = STR("{\"n\":1}"),
                                 .ended = note_ended,
                                 .refused = note_refused,
                                 .arg = d};
    d->h.has_ended = false;
    assert_int_equal(engine_start(d->h.engine, &start, &err), STATUS_OK);
}

/* One write or sync of the run fails, each in turn. */
static void any_write_may_fail_once(void **state)
{
    static const enum store_fault kinds[] = {STORE_FAULT_WRITE, STORE_FAULT_SYNC};
    struct disk d;
    char name[32];
    (void)state;
    disk_build(&d);
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        uint64_t calls = store_faulty_calls(d.faulty, kinds[kind]);
        start(&d, kind == 0 ? "first" : "second");
        assert_true(house_wait(&d.h, 5000));
        calls = store_faulty_calls(d.faulty, kinds[kind]) - calls;
        for (uint64_t n = 1; n <= calls; n += kind == 0 ? 3 : 1) {
            uint32_t asked = d.h.asked;
            snprintf(name, sizeof(name), "x%zu-%u", kind, (unsigned)n);
            store_faulty_fail(d.faulty, kinds[kind], n, SQLITE_IOERR_WRITE, false);
            start(&d, name);
            assert_true(house_wait(&d.h, 5000));
            store_faulty_fail(d.faulty, kinds[kind], 0, 0, false);
            house_pass(&d.h, 120); /* a start that was refused does not go on */
            assert_string_equal(house_run(&d.h, "parent", name, "{\"n\":1}"), "{\"n\":2}");
            assert_int_equal(d.h.asked - asked, 3); /* nothing was asked of the world twice */
        }
    }
    disk_tear_down(&d);
}

static bool has_retried(struct house *h)
{
    return engine_figures(h->engine).retried > 2;
}

static struct engine_task last_task; /* its numbers are good */

static bool later(void *arg, struct engine *e, const struct engine_task *task)
{
    struct house *h = arg;
    (void)e;
    if (!str_starts(task->state->name, STR("ok")))
        return false;
    h->asked++;
    last_task = *task;
    return true;
}

static void a_full_disk_stops_new_work_and_loses_none(void **state)
{
    struct disk d;
    struct error err;
    (void)state;
    disk_build(&d);
    house_close(&d.h);
    d.h.work = later;
    d.h.work_arg = &d.h;
    house_open(&d.h);
    start(&d, "x");
    house_pass(&d.h, 200);
    assert_int_equal(d.h.asked, 1);
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 1, SQLITE_FULL, true);
    struct engine_answer answer = {
        .kind = ASL_EVENT_TASK_FAILED, .error = STR("Known"), .has_error = true};
    engine_answer_task(d.h.engine, last_task.execution, last_task.frame, last_task.attempt,
                       &answer);
    assert_true(house_until(&d.h, has_retried, 5000));
    struct engine_start another = {
        .machine = STR("parent"), .name = STR("y"), .input = STR("{\"n\":1}")};
    assert_int_equal(engine_start(d.h.engine, &another, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.name, "StoreFull");
    assert_false(d.h.has_ended); /* nobody is told what is not kept */
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 0, 0, false);
    house_pass(&d.h, 2000);
    assert_true(d.h.has_ended);
    assert_int_equal(house_row(&d.h, "parent", "x").status, STORE_FAILED);
    assert_int_equal(engine_start(d.h.engine, &another, &err), STATUS_OK);
    house_pass(&d.h, 200);
    assert_int_equal(house_row(&d.h, "parent", "y").status, STORE_RUNNING);
    disk_tear_down(&d);
}

static void a_full_disk_lets_the_engine_close(void **state)
{
    struct disk d;
    (void)state;
    disk_build(&d);
    start(&d, "x");
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 4, SQLITE_FULL, true);
    house_pass(&d.h, 300);
    house_close(&d.h);
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 0, 0, false);
    house_open(&d.h);
    assert_string_equal(house_run(&d.h, "parent", "x", "{\"n\":1}"), "{\"n\":2}");
    disk_tear_down(&d);
}

static void a_damaged_file_stops_the_engine_quietly(void **state)
{
    struct disk d;
    struct error err;
    (void)state;
    disk_build(&d);
    house_close(&d.h);
    d.h.work = later;
    d.h.work_arg = &d.h;
    house_open(&d.h);
    house_start_unwatched(&d.h, "parent", "x", "{\"n\":1}");
    house_pass(&d.h, 200);
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 1, SQLITE_CORRUPT, true);
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_FAILED};
    engine_answer_task(d.h.engine, last_task.execution, last_task.frame, last_task.attempt,
                       &answer);
    house_pass(&d.h, 500);
    assert_true(engine_figures(d.h.engine).steps < 5);
    assert_int_equal(d.h.asked, 1);
    struct engine_start another = {
        .machine = STR("parent"), .name = STR("y"), .input = STR("{\"n\":1}")};
    assert_int_equal(engine_start(d.h.engine, &another, &err), STATUS_CORRUPT);
    house_close(&d.h);
    store_faulty_fail(d.faulty, STORE_FAULT_WRITE, 0, 0, false);
    d.h.work = NULL;
    house_open(&d.h);
    assert_string_equal(house_run(&d.h, "parent", "x", "{\"n\":1}"), "{\"n\":2}");
    disk_tear_down(&d);
}

static void spoil(struct disk *d, int64_t execution)
{
    char path[FOLDER_MAX + 16], sql[128];
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/afflux.db", d->h.folder);
    snprintf(sql, sizeof(sql), "UPDATE step SET body = x'00' WHERE execution = %lld",
             (long long)execution);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void one_that_cannot_be_read_keeps_nobody_else(void **state)
{
    struct disk d;
    struct error err;
    (void)state;
    disk_build(&d);
    house_close(&d.h);
    d.h.work = later;
    d.h.work_arg = &d.h;
    house_open(&d.h);
    house_start_unwatched(&d.h, "add", "bad", "{\"n\":1}");
    house_start_unwatched(&d.h, "add", "good", "{\"n\":1}");
    house_pass(&d.h, 200);
    int64_t bad = house_row(&d.h, "add", "bad").id;
    house_close(&d.h);
    spoil(&d, bad);
    d.h.work = NULL;
    house_open(&d.h);
    assert_int_equal(engine_figures(d.h.engine).unreadable, 1);
    house_pass(&d.h, 200);
    assert_int_equal(house_row(&d.h, "add", "good").status, STORE_SUCCEEDED);
    assert_int_equal(house_row(&d.h, "add", "bad").status, STORE_RUNNING);
    assert_int_equal(engine_stop(d.h.engine, bad, STR(""), STR(""), &err), STATUS_CORRUPT);
    disk_tear_down(&d);
}

static void a_key_that_is_cut_off_is_an_error(void **state)
{
    struct disk d;
    struct error err;
    struct engine *e;
    char path[FOLDER_MAX + 16];
    (void)state;
    disk_build(&d);
    house_close(&d.h);
    snprintf(path, sizeof(path), "%s/token.key", d.h.folder);
    assert_int_equal(truncate(path, 7), 0);
    struct engine_options options = {.data = str_of(d.h.folder)};
    assert_int_equal(loop_new(&d.h.loop, &err), STATUS_OK);
    assert_int_equal(engine_open(d.h.loop, &options, &e, &err), STATUS_IO);
    assert_string_equal(err.name, "EngineKey");
    loop_free(d.h.loop);
    disk_tear_down(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_write_may_fail_once),
        cmocka_unit_test(a_full_disk_stops_new_work_and_loses_none),
        cmocka_unit_test(a_full_disk_lets_the_engine_close),
        cmocka_unit_test(a_damaged_file_stops_the_engine_quietly),
        cmocka_unit_test(one_that_cannot_be_read_keeps_nobody_else),
        cmocka_unit_test(a_key_that_is_cut_off_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
