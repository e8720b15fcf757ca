/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_test.h"

#include "base/buf.h"
#include "engine/map_run.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/faulty.h"
#include "store/reader.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A machine of one distributed Map; %s: type of children, more members of the Map, its states. */
static char machine_text[4096];

static const char *map_of(const char *type, const char *members, const char *states)
{
    snprintf(machine_text, sizeof(machine_text),
             "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",%s"
             "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
             "\"ExecutionType\":\"%s\"},%s},\"End\":true}}}",
             members, type, states);
    return machine_text;
}

#define ADD                                                                                        \
    "\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{"                      \
    "\"n.$\":\"States.MathAdd($.n, 1)\"},\"End\":true}}"
#define WORK                                                                                       \
    "\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                         \
    "\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}"
#define SELECT "\"ItemSelector\":{\"n.$\":\"$$.Map.Item.Value\"},"

/* ---- a worker ---- */

enum { MAX_TASKS = 256 };

/* Answers {"n": N} with N, or fails when N is in `fails`. Holds back what it is told to. */
struct worker {
    struct house *h;
    uint32_t asked[MAX_TASKS]; /* by n */
    bool fails[MAX_TASKS], is_answered[MAX_TASKS];
    bool is_holding;
    struct engine_task held[MAX_TASKS];
    double held_n[MAX_TASKS];
    uint32_t held_count, at_once;
};

static void answer(struct engine *e, const struct engine_task *task, double n, bool fails)
{
    struct json_doc *doc;
    char text[32];
    snprintf(text, sizeof(text), "%g", n);
    assert_int_equal(json_parse(str_of(text), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer a = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    if (fails)
        a = (struct engine_answer){.kind = ASL_EVENT_TASK_FAILED,
                                   .error = STR("No"),
                                   .cause = STR("never"),
                                   .has_error = true,
                                   .has_cause = true};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &a);
    json_doc_unref(doc);
}

static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct worker *w = arg;
    double n = json_number(json_get(task->arguments, STR("n")));
    assert_true(n >= 0 && n < MAX_TASKS);
    w->asked[(int)n]++;
    if (w->is_holding) {
        assert_true(w->held_count < MAX_TASKS);
        w->held_n[w->held_count] = n;
        w->held[w->held_count++] = *task;
        if (w->held_count > w->at_once)
            w->at_once = w->held_count;
        return true;
    }
    answer(e, task, n, w->fails[(int)n]);
    return true;
}

/* Answers the first of those held. */
static void let_go(struct worker *w)
{
    assert_true(w->held_count > 0);
    struct engine_task task = w->held[0];
    double n = w->held_n[0];
    w->held_count--;
    memmove(w->held, w->held + 1, w->held_count * sizeof(*w->held));
    memmove(w->held_n, w->held_n + 1, w->held_count * sizeof(*w->held_n));
    answer(w->h->engine, &task, n, w->fails[(int)n]);
}

static void build(struct house *h, struct worker *w)
{
    h->work = work;
    h->work_arg = w;
    w->h = h;
    house_build(h);
}

/* ---- tests ---- */

static void children_results_come_in_the_order_of_items(void **state)
{
    static const char *const types[] = {"STANDARD", "EXPRESS"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct house h = {0};
        house_build(&h);
        house_machine(&h, "map", ASL_STANDARD, map_of(types[i], SELECT, ADD));
        assert_string_equal(house_run(&h, "map", "a", "[5,7,9,11]"),
                            "[{\"n\":6},{\"n\":8},{\"n\":10},{\"n\":12}]");
        house_tear_down(&h);
    }
}

static void no_items_give_an_empty_array(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD, map_of("STANDARD", SELECT, ADD));
    assert_string_equal(house_run(&h, "map", "a", "[]"), "[]");
    house_tear_down(&h);
}

/* So many are at work, on a busy machine a little later, and no more. */
static void expect_held(struct house *h, const struct worker *w, uint32_t n)
{
    for (int i = 0; i < 200 && w->held_count < n; i++)
        house_pass(h, 25);
    house_pass(h, 60);
    assert_int_equal(w->held_count, n);
}

static void no_more_children_run_at_once_than_allowed(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"MaxConcurrency\":3,", WORK));
    house_start(&h, "map", "a", "[0,1,2,3,4,5,6,7]");
    for (int i = 0; i < 8; i++) {
        expect_held(&h, &w, i < 6 ? 3 : 8 - (uint32_t)i);
        let_go(&w);
    }
    assert_true(house_wait(&h, 5000));
    assert_int_equal(w.at_once, 3);
    assert_string_equal(h.output, "[0,1,2,3,4,5,6,7]");
    house_tear_down(&h);
}

static void tolerated_failures_leave_no_place_in_the_result(void **state)
{
    struct house h = {0};
    struct worker w = {.fails = {[1] = true}};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"ToleratedFailureCount\":1,", WORK));
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2]"), "[0,2]");
    house_tear_down(&h);
}

static void too_many_failures_end_the_run(void **state)
{
    struct house h = {0};
    struct worker w = {.fails = {[1] = true, [3] = true}};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"ToleratedFailurePercentage\":25,", WORK));
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2,3]"),
                        "States.ExceedToleratedFailureThreshold: The specified tolerated failure "
                        "threshold was exceeded");
    house_tear_down(&h);
}

static void a_failed_run_stops_its_other_children(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true, .fails = {[0] = true}};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"MaxConcurrency\":2,", WORK));
    house_start(&h, "map", "a", "[0,1,2]");
    house_pass(&h, 100);
    let_go(&w);
    assert_true(house_wait(&h, 5000));
    assert_int_equal(h.status, ASL_EXEC_FAILED);
    assert_int_equal(w.asked[2], 0);
    house_tear_down(&h);
}

static void a_selector_that_fails_fails_the_run(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", "\"ItemSelector\":{\"n.$\":\"$$.Map.Item.Value.x\"},", ADD));
    const char *output = house_run(&h, "map", "a", "[{\"x\":1},{}]");
    assert_non_null(strstr(output, "States."));
    assert_int_equal(h.status, ASL_EXEC_FAILED);
    house_tear_down(&h);
}

static void a_reader_without_object_storage_fails_the_run(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD",
                         "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\","
                         "\"ReaderConfig\":{\"InputType\":\"JSON\"},\"Parameters\":{"
                         "\"Bucket\":\"b\",\"Key\":\"k\"}},",
                         ADD));
    assert_string_equal(house_run(&h, "map", "a", "{}"),
                        "States.ItemReaderFailed: No object storage is configured from which items "
                        "could be read.");
    house_tear_down(&h);
}

static void items_are_handed_out_in_batches(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD",
                         "\"ItemBatcher\":{\"MaxItemsPerBatch\":2,\"BatchInput\":{\"b\":1}},",
                         "\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}"));
    assert_string_equal(house_run(&h, "map", "a", "[1,2,3]"),
                        "[{\"BatchInput\":{\"b\":1},\"Items\":[1,2]},"
                        "{\"BatchInput\":{\"b\":1},\"Items\":[3]}]");
    house_tear_down(&h);
}

static void a_map_run_within_a_map_run(void **state)
{
    struct house h = {0};
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", "",
                         "\"StartAt\":\"N\",\"States\":{\"N\":{\"Type\":\"Map\",\"Label\":\"N\","
                         "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
                         "\"ExecutionType\":\"EXPRESS\"}," ADD "}," SELECT "\"End\":true}}"));
    assert_string_equal(house_run(&h, "map", "a", "[[1,2],[3],[]]"),
                        "[[{\"n\":2},{\"n\":3}],[{\"n\":4}],[]]");
    house_tear_down(&h);
}

static void open_in_the_middle(const char *type)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, map_of(type, SELECT "\"MaxConcurrency\":4,", WORK));
    house_start(&h, "map", "a", "[0,1,2,3,4,5,6,7,8,9]");
    for (int i = 0; i < 5; i++) {
        house_pass(&h, 60);
        w.is_answered[(int)w.held_n[0]] = true;
        let_go(&w);
    }
    house_pass(&h, 100);
    w.is_holding = false;
    w.held_count = 0;
    house_reopen(&h);
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2,3,4,5,6,7,8,9]"),
                        "[0,1,2,3,4,5,6,7,8,9]");
    for (int i = 0; i < 10; i++) { /* a task without an answer is asked for once more */
        bool was_asked_before = !w.is_answered[i] && i < 9;
        assert_int_equal(w.asked[i], was_asked_before ? 2 : 1);
    }
    house_tear_down(&h);
}

static void a_run_goes_on_in_the_next_process(void **state)
{
    (void)state;
    open_in_the_middle("STANDARD");
    open_in_the_middle("EXPRESS");
}

static void a_run_that_ended_is_not_run_again(void **state)
{
    struct house h = {0};
    struct worker w = {0};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, map_of("STANDARD", SELECT, WORK));
    house_run(&h, "map", "a", "[0,1,2]");
    house_reopen(&h);
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2]"), "[0,1,2]");
    for (int i = 0; i < 3; i++)
        assert_int_equal(w.asked[i], 1);
    house_tear_down(&h);
}

static void note_ended(void *arg, const struct engine_result *result)
{
    *(int64_t *)arg = result->execution;
}

/* The id of an execution that has ended. */
static int64_t id_of(struct house *h, const char *name, const char *input)
{
    int64_t id = 0;
    struct error err;
    struct engine_start start = {.machine = STR("map"),
                                 .name = str_of(name),
                                 .input = str_of(input),
                                 .ended = note_ended,
                                 .arg = &id};
    assert_int_equal(engine_start(h->engine, &start, &err), STATUS_OK);
    for (int i = 0; i < 100 && id == 0; i++)
        house_pass(h, 20);
    assert_true(id > 0);
    return id;
}

static void redrive(const char *type)
{
    struct house h = {0};
    struct worker w = {.fails = {[1] = true}};
    struct error err;
    const char *input = "[0,1,2,3]";
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, map_of(type, SELECT "\"MaxConcurrency\":1,", WORK));
    house_run(&h, "map", "a", input);
    assert_int_equal(h.status, ASL_EXEC_FAILED);
    w.fails[1] = false;
    house_reopen(&h);
    assert_int_equal(engine_redrive(h.engine, id_of(&h, "a", input), &err), STATUS_OK);
    house_pass(&h, 100);
    house_start(&h, "map", "a", input);
    assert_true(house_wait(&h, 5000));
    assert_string_equal(h.output, "[0,1,2,3]");
    assert_int_equal(w.asked[0], 1);
    assert_int_equal(w.asked[1], 2);
    assert_int_equal(w.asked[2], 1);
    house_tear_down(&h);
}

static void a_redrive_runs_what_failed_and_what_did_not_begin(void **state)
{
    (void)state;
    redrive("STANDARD");
    redrive("EXPRESS");
}

static void stopping_the_execution_stops_its_children(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    struct error err;
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, map_of("STANDARD", SELECT, WORK));
    house_start(&h, "map", "a", "[0,1,2]");
    house_pass(&h, 100);
    assert_int_equal(w.held_count, 3);
    /* the first execution of a folder: its children come after it */
    int64_t id = 0;
    for (int64_t i = 1; i < w.held[0].execution && id == 0; i++) {
        if (engine_stop(h.engine, i, STR(""), STR(""), &err) == STATUS_OK)
            id = i;
    }
    assert_true(id > 0);
    assert_true(house_wait(&h, 5000));
    assert_int_equal(h.status, ASL_EXEC_ABORTED);
    house_pass(&h, 200);
    assert_int_equal(engine_figures(h.engine).in_memory, 0);
    /* and a redrive runs them to their end */
    w.is_holding = false;
    w.held_count = 0;
    assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_OK);
    house_pass(&h, 50);
    house_start(&h, "map", "a", "[0,1,2]");
    assert_true(house_wait(&h, 5000));
    assert_string_equal(h.output, "[0,1,2]");
    house_tear_down(&h);
}

/* The only map run of the folder's first execution with one. */
static void read_run(struct house *h, struct arena *a, struct store_map_run *ret)
{
    struct store_reader *reader;
    struct store_map_run *rows;
    struct error err;
    uint32_t count = 0;
    const char *vfs = h->store ? h->store->vfs : NULL;
    assert_int_equal(store_reader_open(str_of(h->folder), vfs, &reader, &err), STATUS_OK);
    for (int64_t id = 1; count == 0 && id < 1000; id++)
        assert_int_equal(store_list_map_runs(reader, id, 0, 10, a, &rows, &count, &err), STATUS_OK);
    assert_int_equal(count, 1);
    *ret = rows[0];
    assert_int_equal(store_verify(reader, &err), STATUS_OK);
    store_reader_close(reader);
}

static void the_row_of_a_run_tells_its_counts(void **state)
{
    struct house h = {0};
    struct worker w = {.fails = {[4] = true}};
    struct store_map_run run;
    struct arena a;
    (void)state;
    arena_init(&a, 0);
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD",
                         "\"ItemBatcher\":{\"MaxItemsPerBatch\":2},"
                         "\"ToleratedFailurePercentage\":50,\"MaxConcurrency\":7,",
                         "\"StartAt\":\"O\",\"States\":{\"O\":{\"Type\":\"Pass\",\"Parameters\":"
                         "{\"n.$\":\"$.Items[0]\"},\"Next\":\"T\"},\"T\":{\"Type\":\"Task\","
                         "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\","
                         "\"End\":true}}"));
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2,3,4,5,6]"), "[0,2,6]");
    read_run(&h, &a, &run);
    assert_int_equal(run.status, STORE_SUCCEEDED);
    assert_int_equal(run.items.total, 7);
    assert_int_equal(run.items.succeeded, 5);
    assert_int_equal(run.items.failed, 2);
    assert_int_equal(run.children.total, 4);
    assert_int_equal(run.children.failed, 1);
    assert_int_equal(run.children.pending, 0);
    assert_int_equal(run.concurrency, 7);
    assert_true(run.tolerated_percentage > 49 && run.tolerated_percentage < 51);
    assert_int_equal(run.tolerated_count, -1);
    arena_done(&a);
    house_tear_down(&h);
}

static void a_redrive_that_fails_at_once_is_a_failure(void **state)
{
    struct house h = {0};
    struct error err;
    struct store_map_run run;
    struct arena a;
    (void)state;
    arena_init(&a, 0);
    house_build(&h);
    house_machine(
        &h, "map", ASL_STANDARD,
        map_of("STANDARD", "", "\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\"}}"));
    house_run(&h, "map", "a", "[1]");
    int64_t id = id_of(&h, "a", "[1]");
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(engine_redrive(h.engine, id, &err), STATUS_OK);
        house_pass(&h, 100); /* ends at once when the loop was told to stop before it ran */
        house_pass(&h, 100);
        house_start(&h, "map", "a", "[1]");
        assert_true(house_wait(&h, 5000));
        assert_int_equal(h.status, ASL_EXEC_FAILED);
        read_run(&h, &a, &run);
        assert_int_equal(run.status, STORE_FAILED);
        assert_int_equal(run.redrives, i);
        assert_int_equal(run.children.failed, 1);
    }
    arena_done(&a);
    house_tear_down(&h);
}

static void a_run_that_goes_on_can_be_given_other_limits(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true, .fails = {[0] = true}};
    struct store_map_run run;
    struct error err;
    struct arena a;
    (void)state;
    arena_init(&a, 0);
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"MaxConcurrency\":1,", WORK));
    house_start(&h, "map", "a", "[0,1,2,3]");
    house_pass(&h, 100);
    assert_int_equal(w.held_count, 1);
    read_run(&h, &a, &run);
    struct map_run_change change = {.has_concurrency = true,
                                    .concurrency = 3,
                                    .has_tolerated_count = true,
                                    .tolerated_count = 1};
    assert_int_equal(engine_map_update(h.engine, run.id, &change, &err), STATUS_OK);
    house_pass(&h, 100);
    assert_int_equal(w.held_count, 3);
    w.held_count = 0;
    w.is_holding = false;
    house_reopen(&h); /* the limits are kept */
    assert_string_equal(house_run(&h, "map", "a", "[0,1,2,3]"), "[1,2,3]");
    assert_int_equal(engine_map_update(h.engine, run.id, &change, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "CANNOT_UPDATE_COMPLETED_MAP_RUN");
    assert_int_equal(engine_map_update(h.engine, 999999, &change, &err), STATUS_NOT_FOUND);
    arena_done(&a);
    house_tear_down(&h);
}

static void a_run_can_be_tuned_by_whom_it_belongs_to(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"MaxConcurrency\":1,", WORK));
    house_start(&h, "map", "a", "[0,1,2,3]");
    expect_held(&h, &w, 1);
    int64_t id = house_row(&h, "map", "a").id;
    const struct asl_exec *x = engine_look(h.engine, id);
    assert_non_null(x);
    uint32_t frame = x->root->id;
    assert_false(engine_tune_map(h.engine, id, frame + 1, 2));
    assert_false(engine_tune_map(h.engine, id + 1000, frame, 2));
    assert_true(engine_tune_map(h.engine, id, frame, 3));
    expect_held(&h, &w, 3);
    assert_true(engine_tune_map(h.engine, id, frame, 1)); /* what is at work goes on, */
    let_go(&w);
    let_go(&w);
    expect_held(&h, &w, 1); /* and nothing else begins */
    w.is_holding = false;
    let_go(&w);
    assert_true(house_wait(&h, 5000));
    assert_false(engine_tune_map(h.engine, id, frame, 2));
    house_tear_down(&h);
}

static void a_run_whose_row_is_not_there_yet_is_not_tuned(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", SELECT "\"MaxConcurrency\":1,", WORK));
    house_start(&h, "map", "a", "[0,1,2,3]");
    uint32_t early = 0;
    for (int i = 0; i < 5000 && w.held_count < 3; i++) {
        struct store_execution row = house_row(&h, "map", "a");
        const struct asl_exec *x = engine_look(h.engine, row.id);
        if (x && x->root && w.held_count < 3)
            early += !engine_tune_map(h.engine, row.id, x->root->id, 3);
        house_pass(&h, 0);
    }
    assert_true(early > 0);
    assert_int_equal(w.held_count, 3);
    w.is_holding = false;
    while (w.held_count > 0)
        let_go(&w);
    assert_true(house_wait(&h, 5000));
    house_tear_down(&h);
}

/* Of a child that waits for its token. */
static char token[4096];

static bool take_token(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg;
    (void)e;
    snprintf(token, sizeof(token), "%.*s", STR_ARG(task->token));
    return true;
}

static void a_childs_token_leads_to_it(void **state)
{
    struct house h = {.work = take_token};
    struct json_doc *doc;
    struct error err;
    (void)state;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD,
                  map_of("STANDARD", "",
                         "\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
                         "\"arn:aws:states:::sqs:sendMessage.waitForTaskToken\",\"Parameters\":{"
                         "\"MessageBody.$\":\"$$.Task.Token\",\"QueueUrl\":\"q\"},"
                         "\"End\":true}}"));
    house_start(&h, "map", "a", "[1]");
    house_pass(&h, 100);
    assert_true(token[0] != 0);
    house_reopen(&h);
    assert_int_equal(json_parse(STR("{\"x\":1}"), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer a = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    house_start(&h, "map", "a", "[1]");
    if (engine_answer_token(h.engine, str_of(token), &a, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    json_doc_unref(doc);
    assert_true(house_wait(&h, 5000));
    assert_string_equal(h.output, "[{\"x\":1}]");
    house_tear_down(&h);
}

/* Every call of the store's file fails once, one after the other. */
static void what_the_store_cannot_write_is_written_later(void **state)
{
    struct store_faulty *f = store_faulty_new("map-faulty");
    struct store_options options = {.vfs = "map-faulty"};
    static const char *const types[] = {"STANDARD", "EXPRESS"};
    (void)state;
    for (uint64_t n = 1; n <= 12; n++) {
        struct house h = {.store = &options};
        struct worker w = {0};
        build(&h, &w);
        house_machine(&h, "map", ASL_STANDARD,
                      map_of(types[n % 2], SELECT "\"MaxConcurrency\":2,", WORK));
        house_start(&h, "map", "a", "[0,1,2,3,4,5]");
        house_pass(&h, 5); /* the execution itself has begun */
        store_faulty_fail(f, STORE_FAULT_SYNC, n, SQLITE_IOERR, false);
        assert_true(house_wait(&h, 20000));
        store_faulty_fail(f, STORE_FAULT_SYNC, 0, 0, false);
        assert_string_equal(h.output, "[0,1,2,3,4,5]");
        house_tear_down(&h);
    }
    store_faulty_free(f);
}

static void a_redrive_while_the_run_is_stopped_comes_after_it(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    struct store_map_run run;
    struct arena a;
    struct error err;
    (void)state;
    arena_init(&a, 0);
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, map_of("STANDARD", SELECT, WORK));
    house_start(&h, "map", "a", "[0,1,2]");
    house_pass(&h, 100);
    read_run(&h, &a, &run);
    assert_int_equal(engine_stop(h.engine, run.execution, STR(""), STR(""), &err), STATUS_OK);
    assert_true(house_wait(&h, 5000));
    w.is_holding = false;
    w.held_count = 0;
    assert_int_equal(engine_redrive(h.engine, run.execution, &err), STATUS_OK);
    house_pass(&h, 200);
    house_start(&h, "map", "a", "[0,1,2]");
    assert_true(house_wait(&h, 5000));
    assert_string_equal(h.output, "[0,1,2]");
    read_run(&h, &a, &run);
    assert_int_equal(run.redrives, 1);
    arena_done(&a);
    house_tear_down(&h);
}

/* Goes on from what a power cut left; false when the execution had not begun. */
static bool go_on_after_cut(struct store_faulty *f, size_t position, const char *input)
{
    struct house h = {0};
    struct worker w = {.h = &h};
    struct error err;
    struct engine_start start = {.machine = STR("map"), .name = STR("a"), .input = str_of(input)};
    snprintf(h.folder, sizeof(h.folder), "/tmp/afflux-cut-XXXXXX");
    assert_non_null(mkdtemp(h.folder));
    assert_int_equal(store_faulty_cut(f, position, position, str_of(h.folder), &err), STATUS_OK);
    h.work = work;
    h.work_arg = &w;
    house_open(&h);
    bool has_machine = engine_start(h.engine, &start, &err) == STATUS_OK;
    if (has_machine) {
        house_pass(&h, 10);
        assert_string_equal(house_run(&h, "map", "a", input), input);
        for (int i = 0; i < 8; i++)
            assert_true(w.asked[i] <= 1);
    }
    house_tear_down(&h);
    return has_machine;
}

static void a_power_cut_loses_and_doubles_no_child(void **state)
{
    static const char *const types[] = {"STANDARD", "EXPRESS"};
    const char *input = "[0,1,2,3,4,5,6,7]";
    (void)state;
    for (int i = 0; i < 2; i++) {
        char vfs[32];
        snprintf(vfs, sizeof(vfs), "map-cut-%d", i);
        struct store_faulty *f = store_faulty_new(vfs);
        struct store_options options = {.vfs = vfs};
        struct house h = {.store = &options};
        struct worker w = {0};
        unsigned runs = 0;
        store_faulty_record(f);
        build(&h, &w);
        house_machine(&h, "map", ASL_STANDARD,
                      map_of(types[i], SELECT "\"MaxConcurrency\":3,", WORK));
        house_run(&h, "map", "a", input);
        size_t end = store_faulty_position(f);
        house_tear_down(&h);
        for (size_t at = 1; at <= end; at += end / 40 + 1)
            runs += go_on_after_cut(f, at, input);
        assert_true(runs > 5);
        store_faulty_free(f);
    }
}

/* ---- figures ---- */

enum { MANY = 100000 };

static long max_rss_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void measure(const char *type, uint32_t items)
{
    struct house h = {0};
    struct buf input;
    house_build(&h);
    house_machine(
        &h, "map", ASL_STANDARD,
        map_of(type, "", "\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}"));
    buf_init(&input, SIZE_MAX / 2);
    for (uint32_t i = 0; i < items; i++)
        buf_printf(&input, "%c%u", i == 0 ? '[' : ',', (unsigned)i);
    buf_add(&input, STR("]"));
    buf_add_byte(&input, '\0');
    int64_t from_ms = loop_now_ms();
    house_start(&h, "map", "a", input.p);
    assert_true(house_wait(&h, 300000));
    printf("# %s: %u items in %lld ms, max RSS %ld MB\n", type, (unsigned)items,
           (long long)(loop_now_ms() - from_ms), max_rss_kb() / 1024);
    assert_string_equal(h.output, input.p);
    buf_done(&input);
    house_tear_down(&h);
}

static void memory_does_not_grow_with_the_number_of_items(void **state)
{
    const char *number = getenv("AFFLUX_MAP_ITEMS");
    uint32_t items = number ? (uint32_t)strtoul(number, NULL, 10) : 2000;
    (void)state;
    measure("EXPRESS", items);
    measure("STANDARD", items);
    assert_true(max_rss_kb() < 1024 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_results_come_in_the_order_of_items),
        cmocka_unit_test(no_items_give_an_empty_array),
        cmocka_unit_test(no_more_children_run_at_once_than_allowed),
        cmocka_unit_test(tolerated_failures_leave_no_place_in_the_result),
        cmocka_unit_test(too_many_failures_end_the_run),
        cmocka_unit_test(a_failed_run_stops_its_other_children),
        cmocka_unit_test(a_selector_that_fails_fails_the_run),
        cmocka_unit_test(a_reader_without_object_storage_fails_the_run),
        cmocka_unit_test(items_are_handed_out_in_batches),
        cmocka_unit_test(a_map_run_within_a_map_run),
        cmocka_unit_test(a_run_goes_on_in_the_next_process),
        cmocka_unit_test(a_run_that_ended_is_not_run_again),
        cmocka_unit_test(a_redrive_runs_what_failed_and_what_did_not_begin),
        cmocka_unit_test(stopping_the_execution_stops_its_children),
        cmocka_unit_test(the_row_of_a_run_tells_its_counts),
        cmocka_unit_test(a_redrive_that_fails_at_once_is_a_failure),
        cmocka_unit_test(a_run_that_goes_on_can_be_given_other_limits),
        cmocka_unit_test(a_run_can_be_tuned_by_whom_it_belongs_to),
        cmocka_unit_test(a_run_whose_row_is_not_there_yet_is_not_tuned),
        cmocka_unit_test(a_childs_token_leads_to_it),
        cmocka_unit_test(what_the_store_cannot_write_is_written_later),
        cmocka_unit_test(a_redrive_while_the_run_is_stopped_comes_after_it),
        cmocka_unit_test(a_power_cut_loses_and_doubles_no_child),
        cmocka_unit_test(memory_does_not_grow_with_the_number_of_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
