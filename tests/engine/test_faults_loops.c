/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several loops on a disk that fails, with map runs, children and operations of our own services:
 * each write and sync of a run fails in turn, once or until there is room again. Everything happens
 * once all the same, as no process ends. AFFLUX_LONG=1: each of them; otherwise some.
 */
#include "engine_test.h"

#include "counter_service.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/faulty.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 3, SOME = 6, CALLS = 6 + 6 + 1 /* of a run: items of both maps, and the child */ };

#define LAMBDA "'Type':'Task','Resource':'arn:aws:lambda:us-east-1:000000000000:function:f'"
#define MAP(name, type)                                                                            \
    "{'StartAt':'" name "','States':{'" name "':{'Type':'Map','MaxConcurrency':4,"                 \
    "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'" type "'},"        \
    "'StartAt':'" name "i','States':{'" name "i':{" LAMBDA ",'End':true}}},'End':true}}}"
#define COUNT(name, next)                                                                          \
    "'" name "':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb:updateItem',"         \
    "'Parameters':{'Key.$':'$$.Execution.Name'},'ResultPath':null," next "}"

static const char LEAF[] = "{'StartAt':'ok','States':{'ok':{" LAMBDA ",'End':true}}}";
static const char WORK[] = "{'StartAt':'First','States':{" COUNT(
    "First", "'Next':'Both'") ","
                              "'Both':{'Type':'Parallel','Branches':[" MAP("S", "STANDARD") "," MAP(
                                  "E",
                                  "EXPRESS") "],"
                                             "'Next':'Nest'},"
                                             "'Nest':{'Type':'Task','Resource':'arn:aws:states:::"
                                             "states:startExecution.sync:2','Parameters'"
                                             ":{'StateMachineArn':'arn:aws:states:us-east-1:"
                                             "000000000000:stateMachine:leaf','Input':{}},"
                                             "'ResultPath':null,'Next':'Last'}," COUNT(
                                                 "Last", "'End':true") "}}";
static const char INPUT[] = "[1,2,3,4,5,6]";
static const char OUTPUT[] = "[[1,1,1,1,1,1],[1,1,1,1,1,1]]";

struct disk {
    struct house h;
    struct store_options options;
    struct store_faulty *faulty;
    pthread_mutex_t mutex;
    uint32_t asked; /* of the worker */
};

/* On the threads of all loops. */
static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct disk *d = arg;
    if (task->state->task.resource.kind != ASL_RESOURCE_LAMBDA)
        return false;
    pthread_mutex_lock(&d->mutex);
    d->asked++;
    pthread_mutex_unlock(&d->mutex);
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    assert_int_equal(json_parse(STR("1"), NULL, &answer.doc, NULL), STATUS_OK);
    engine_answer_task(e, task->execution, task->frame, task->attempt, &answer);
    json_doc_unref(answer.doc);
    return true;
}

static int disk_open(void **state)
{
    static const struct engine_service services[] = {{.service = &counter_service}};
    struct disk *d = calloc(1, sizeof(*d));
    assert_non_null(d);
    pthread_mutex_init(&d->mutex, NULL);
    d->options.vfs = "engine-faulty-loops";
    d->options.checkpoint_pages = 20; /* so that copying the log fails, too */
    d->faulty = store_faulty_new(d->options.vfs);
    d->h.store = &d->options;
    d->h.loops = LOOPS;
    d->h.services = services;
    d->h.service_count = ARRAY_LEN(services);
    d->h.work = work;
    d->h.work_arg = d;
    house_build(&d->h);
    house_machine(&d->h, "leaf", ASL_STANDARD, LEAF);
    house_machine(&d->h, "work", ASL_STANDARD, WORK);
    *state = d;
    return 0;
}

static int disk_close(void **state)
{
    struct disk *d = *state;
    house_tear_down(&d->h);
    store_faulty_free(d->faulty);
    pthread_mutex_destroy(&d->mutex);
    free(d);
    return 0;
}

/* ---- a run ---- */

struct outcome {
    struct disk *disk;
    bool has_ended, is_refused;
    char output[256];
};

static void note_ended(void *arg, const struct engine_result *result)
{
    struct outcome *o = arg;
    struct buf text;
    buf_init(&text, sizeof(o->output) - 1);
    if (result->output)
        assert_int_equal(json_write(&text, json_doc_root(result->output), 0, NULL), STATUS_OK);
    else
        buf_printf(&text, "%.*s: %.*s", STR_ARG(result->error), STR_ARG(result->cause));
    snprintf(o->output, sizeof(o->output), "%.*s", (int)text.n, text.p);
    buf_done(&text);
    o->has_ended = true;
    loop_stop(o->disk->h.loop);
}

/* A start is given up at once while the disk fails: it never happened. */
static void note_refused(void *arg, const struct error *err)
{
    struct outcome *o = arg;
    assert_true(err->status == STATUS_IO || err->status == STATUS_UNAVAILABLE);
    o->is_refused = true;
    loop_stop(o->disk->h.loop);
}

static void pass(struct outcome *o, int64_t ms)
{
    int64_t until_ms = loop_now_ms() + ms;
    while (!o->has_ended && !o->is_refused && loop_now_ms() < until_ms)
        house_pass(&o->disk->h, until_ms - loop_now_ms());
}

static void start(struct outcome *o, const char *name)
{
    struct error err;
    struct engine_start start = {.machine = STR("work"),
                                 .name = str_of(name),
                                 .input = STR(INPUT),
                                 .ended = note_ended,
                                 .refused = note_refused,
                                 .arg = o};
    o->is_refused = false;
    if (engine_start(o->disk->h.engine, &start, &err) != STATUS_OK)
        note_refused(o, &err);
}

static uint32_t count_of(struct disk *d, const char *name)
{
    struct store_reader *reader;
    struct error err;
    assert_int_equal(store_reader_open(str_of(d->h.folder), d->options.vfs, &reader, &err),
                     STATUS_OK);
    uint32_t value = counter_value(reader, str_of(name));
    store_reader_close(reader);
    return value;
}

static void check_whole(struct disk *d)
{
    struct store_reader *reader;
    struct error err;
    assert_int_equal(store_reader_open(str_of(d->h.folder), d->options.vfs, &reader, &err),
                     STATUS_OK);
    if (store_verify(reader, &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
    store_reader_close(reader);
}

/* Runs while the n-th call of the kind fails, or all from there on until some time has passed. */
static void run_with_fault(struct disk *d, enum store_fault kind, uint64_t n, bool is_full)
{
    struct outcome o = {.disk = d};
    char name[48];
    uint32_t asked = d->asked;
    snprintf(name, sizeof(name), "x%d-%u%s", kind, (unsigned)n, is_full ? "-full" : "");
    store_faulty_fail(d->faulty, kind, n, is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE, is_full);
    start(&o, name);
    pass(&o, is_full ? 300 : 20000);
    store_faulty_fail(d->faulty, kind, 0, 0, false);
    for (int again = 0; o.is_refused && again < 100; again++) {
        house_pass(&d->h, 50); /* what failed is tried again after a while */
        start(&o, name);
        pass(&o, 20000);
    }
    pass(&o, 20000);
    if (!o.has_ended)
        fail_msg("%s: it did not end", name);
    assert_string_equal(o.output, OUTPUT);
    assert_int_equal(d->asked - asked, CALLS); /* nothing was asked of the world twice */
    assert_int_equal(count_of(d, name), 2);
}

static uint64_t calls_of_a_run(struct disk *d, enum store_fault kind)
{
    uint64_t before = store_faulty_calls(d->faulty, kind);
    run_with_fault(d, kind, 0, false);
    return store_faulty_calls(d->faulty, kind) - before;
}

static void run_with_faults(struct disk *d, enum store_fault kind, bool is_full)
{
    bool is_long = getenv("AFFLUX_LONG") && *getenv("AFFLUX_LONG");
    uint64_t calls = calls_of_a_run(d, kind), step = is_long ? 1 : calls / SOME + 1;
    for (uint64_t n = 1; n <= calls; n += step)
        run_with_fault(d, kind, n, is_full);
    check_whole(d);
}

static void any_write_may_fail_once(void **state)
{
    run_with_faults(*state, STORE_FAULT_WRITE, false);
}

static void any_sync_may_fail_once(void **state)
{
    run_with_faults(*state, STORE_FAULT_SYNC, false);
}

static void a_disk_may_be_full_for_a_while(void **state)
{
    run_with_faults(*state, STORE_FAULT_WRITE, true);
}

/* What was begun on a full disk goes on in another process, with another number of loops. */
static void a_full_disk_lets_all_loops_close(void **state)
{
    struct disk *d = *state;
    for (uint64_t n = 2; n < 100; n += 12) {
        struct outcome o = {.disk = d};
        char name[32];
        snprintf(name, sizeof(name), "c%u", (unsigned)n);
        store_faulty_fail(d->faulty, STORE_FAULT_WRITE, n, SQLITE_FULL, true);
        start(&o, name);
        pass(&o, 150);
        house_close(&d->h);
        store_faulty_fail(d->faulty, STORE_FAULT_WRITE, 0, 0, false);
        d->h.loops = 1 + (uint32_t)n % LOOPS;
        house_open(&d->h);
        o.has_ended = false;
        start(&o, name);
        pass(&o, 20000);
        assert_string_equal(o.output, OUTPUT);
        assert_int_equal(count_of(d, name), 2);
    }
    check_whole(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_open, disk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_write_may_fail_once),
        TEST(any_sync_may_fail_once),
        TEST(a_disk_may_be_full_for_a_while),
        TEST(a_full_disk_lets_all_loops_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
