/* SPDX-License-Identifier: Apache-2.0 */
/* Results of map runs as files: ResultWriter. */
#include "engine_test.h"
#include "objects_memory.h"

#include "asl/map_result.h"
#include "engine/map_run.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char machine_text[4096];

/* %s: type of children, members of ResultWriter, more members of the Map, the state's type. */
static const char *map_of(const char *type, const char *writer, const char *members)
{
    snprintf(machine_text, sizeof(machine_text),
             "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",%s"
             "\"ItemSelector\":{\"n.$\":\"$$.Map.Item.Value\"},"
             "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\","
             "\"Parameters\":{\"Bucket\":\"out\",\"Prefix\":\"p/q\"}%s},"
             "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
             "\"ExecutionType\":\"%s\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","
             "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},"
             "\"End\":true}}}",
             members, writer, type);
    return machine_text;
}

/* ---- the world ---- */

struct world {
    struct house h;
    struct memory_objects m;
    uint32_t fails;   /* n with this bit set fails */
    uint32_t at_most; /* answers; 0: any number */
    uint32_t answered;
};

/* {"n": N} gives [N, N]; or fails. */
static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct world *w = arg;
    uint32_t n = (uint32_t)json_number(json_get(task->arguments, STR("n")));
    struct json_doc *doc;
    char text[32];
    if (w->at_most > 0 && w->answered == w->at_most)
        return true;
    w->answered++;
    snprintf(text, sizeof(text), "[%u,%u]", n, n);
    assert_int_equal(json_parse(str_of(text), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer a = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    if (n < 32 && w->fails >> n & 1)
        a = (struct engine_answer){.kind = ASL_EVENT_TASK_FAILED,
                                   .error = STR("No"),
                                   .cause = STR("never"),
                                   .has_error = true,
                                   .has_cause = true};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &a);
    json_doc_unref(doc);
    return true;
}

static void build(struct world *w)
{
    *w = (struct world){.at_most = 0};
    memory_objects_init(&w->m);
    w->m.waits = true;
    w->h.objects = &w->m.objects;
    w->h.work = work;
    w->h.work_arg = w;
    house_build(&w->h);
}

static void tear_down(struct world *w)
{
    house_tear_down(&w->h);
    memory_objects_done(&w->m);
}

/* The folder that the state's output names, without "manifest.json". */
static void folder_of(const char *output, char folder[256])
{
    struct json_doc *doc;
    if (output[0] != '{')
        fail_msg("no result of an export: %s", output);
    assert_int_equal(json_parse(str_of(output), NULL, &doc, NULL), STATUS_OK);
    struct json_val details = json_get(json_doc_root(doc), STR("ResultWriterDetails"));
    str key = json_str(json_get(details, STR("Key")));
    assert_true(str_eq(json_str(json_get(details, STR("Bucket"))), STR("out")));
    assert_true(str_ends(key, STR("/manifest.json")));
    snprintf(folder, 256, "%.*s", (int)key.n - (int)strlen("manifest.json"), key.p);
    json_doc_unref(doc);
}

/* The folder of the only run there is, where no output names it. */
static void find_folder(struct world *w, char folder[256])
{
    folder[0] = '\0';
    for (int i = 0; i < MEMORY_OBJECTS && !folder[0]; i++) {
        const char *key = w->m.all[i].key;
        if (key && str_ends(str_of(key), STR("/manifest.json")))
            snprintf(folder, 256, "%.*s", (int)(strrchr(key, '/') + 1 - key), key);
    }
    assert_true(folder[0] != '\0');
}

static const char *file(struct world *w, const char *folder, const char *name)
{
    char key[512];
    snprintf(key, sizeof(key), "%s%s", folder, name);
    return memory_objects_text(&w->m, "out", key);
}

static str member(struct json_val object, const char *key)
{
    return json_str(json_get(object, str_of(key)));
}

static const char *const types[] = {"STANDARD", "EXPRESS"};

/* ---- tests ---- */

static void outputs_are_written_in_the_order_of_items(void **state)
{
    static const struct {
        const char *config, *text;
    } cases[] = {
        {",\"WriterConfig\":{\"Transformation\":\"COMPACT\",\"OutputType\":\"JSON\"}",
         "[[1,1],[2,2],[3,3]]"},
        {",\"WriterConfig\":{\"Transformation\":\"FLATTEN\",\"OutputType\":\"JSON\"}",
         "[1,1,2,2,3,3]"},
        {",\"WriterConfig\":{\"Transformation\":\"COMPACT\",\"OutputType\":\"JSONL\"}",
         "[1,1]\n[2,2]\n[3,3]"},
        {",\"WriterConfig\":{\"Transformation\":\"FLATTEN\",\"OutputType\":\"JSONL\"}",
         "1\n1\n2\n2\n3\n3"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        struct world w;
        char folder[256];
        build(&w);
        house_machine(&w.h, "map", ASL_STANDARD, map_of(types[i % 2], cases[i / 2].config, ""));
        folder_of(house_run(&w.h, "map", "a", "[1,2,3]"), folder);
        assert_true(strncmp(folder, "p/q/", 4) == 0);
        assert_int_equal(strlen(folder), strlen("p/q/") + 36 + 1);
        assert_string_equal(file(&w, folder, "SUCCEEDED_0.json"), cases[i / 2].text);
        assert_int_equal(memory_objects_count(&w.m), 2);
        tear_down(&w);
    }
}

static void the_manifest_names_files_with_their_sizes(void **state)
{
    struct world w;
    char folder[256], wanted[1024];
    (void)state;
    build(&w);
    house_machine(&w.h, "map", ASL_STANDARD,
                  map_of("STANDARD",
                         ",\"WriterConfig\":{\"Transformation\":\"COMPACT\","
                         "\"OutputType\":\"JSON\"}",
                         ""));
    folder_of(house_run(&w.h, "map", "a", "[1,2]"), folder);
    snprintf(wanted, sizeof(wanted),
             "{\"DestinationBucket\":\"out\",\"MapRunArn\":\"arn:aws:states:us-east-1:000000000000:"
             "mapRun:map/L:%.36s\",\"ResultFiles\":{\"FAILED\":[],\"PENDING\":[],\"SUCCEEDED\":["
             "{\"Key\":\"%sSUCCEEDED_0.json\",\"Size\":13}]}}",
             folder + strlen("p/q/"), folder);
    assert_string_equal(file(&w, folder, "manifest.json"), wanted);
    tear_down(&w);
}

static void check_record(struct json_val v, const char *type, const char *status)
{
    bool is_well = strcmp(status, "SUCCEEDED") == 0;
    const char *scope = strcmp(type, "EXPRESS") == 0 ? "express" : "execution";
    char arn[256];
    snprintf(arn, sizeof(arn), "arn:aws:states:us-east-1:000000000000:%s:map/L:%.*s", scope,
             STR_ARG(member(v, "Name")));
    assert_true(str_starts(member(v, "ExecutionArn"), str_of(arn)));
    assert_int_equal(member(v, "Name").n, 36);
    assert_true(str_eq(member(v, "StateMachineArn"),
                       STR("arn:aws:states:us-east-1:000000000000:stateMachine:map/L")));
    assert_true(str_eq(member(v, "Status"), str_of(status)));
    assert_int_equal(member(v, "StartDate").n, strlen("2026-01-01T00:00:00.000Z"));
    assert_int_equal(member(v, "StopDate").n, strlen("2026-01-01T00:00:00.000Z"));
    assert_true(str_eq(member(v, "Error"), is_well ? STR("") : STR("No")));
    assert_true(str_eq(member(v, "Cause"), is_well ? STR("") : STR("never")));
}

static void whole_records_are_written_where_nothing_else_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        struct json_doc *well, *bad;
        char folder[256];
        build(&w);
        w.fails = 1 << 2;
        house_machine(&w.h, "map", ASL_STANDARD,
                      map_of(types[i], "", "\"ToleratedFailureCount\":1,"));
        folder_of(house_run(&w.h, "map", "a", "[1,2,3]"), folder);
        assert_int_equal(
            json_parse(str_of(file(&w, folder, "SUCCEEDED_0.json")), NULL, &well, NULL), STATUS_OK);
        assert_int_equal(json_parse(str_of(file(&w, folder, "FAILED_0.json")), NULL, &bad, NULL),
                         STATUS_OK);
        struct json_val all = json_doc_root(well);
        assert_int_equal(all.len, 2);
        check_record(all.items[0], types[i], "SUCCEEDED");
        assert_true(str_eq(member(all.items[1], "Input"), STR("{\"n\":3}")));
        assert_true(str_eq(member(all.items[1], "Output"), STR("[3,3]")));
        all = json_doc_root(bad);
        assert_int_equal(all.len, 1);
        check_record(all.items[0], types[i], "FAILED");
        assert_true(str_eq(member(all.items[0], "Input"), STR("{\"n\":2}")));
        json_doc_unref(well);
        json_doc_unref(bad);
        tear_down(&w);
    }
}

static void a_run_without_items_leaves_a_manifest(void **state)
{
    struct world w;
    char folder[256];
    (void)state;
    build(&w);
    house_machine(&w.h, "map", ASL_STANDARD, map_of("STANDARD", "", ""));
    folder_of(house_run(&w.h, "map", "a", "[]"), folder);
    assert_int_equal(memory_objects_count(&w.m), 1);
    assert_non_null(strstr(file(&w, folder, "manifest.json"), "\"SUCCEEDED\":[]"));
    tear_down(&w);
}

#define PENDING_OF(n)                                                                              \
    "{\"Input\":\"{\\\"n\\\":" n "}\",\"InputDetails\":{\"Included\":true},"                       \
    "\"Status\":\"PENDING\"}"

static void a_failed_run_writes_what_did_not_begin(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        char folder[256];
        build(&w);
        w.fails = 1 << 2;
        house_machine(&w.h, "map", ASL_STANDARD, map_of(types[i], "", "\"MaxConcurrency\":1,"));
        assert_string_equal(house_run(&w.h, "map", "a", "[1,2,3,4]"),
                            "States.ExceedToleratedFailureThreshold: The specified tolerated "
                            "failure threshold was exceeded");
        find_folder(&w, folder);
        assert_string_equal(file(&w, folder, "PENDING_0.json"),
                            "[" PENDING_OF("3") "," PENDING_OF("4") "]");
        assert_non_null(file(&w, folder, "SUCCEEDED_0.json"));
        assert_non_null(file(&w, folder, "FAILED_0.json"));
        assert_int_equal(memory_objects_count(&w.m), 4);
        tear_down(&w);
    }
}

static void pending_items_of_an_object_are_read_to_its_end(void **state)
{
    struct world w;
    char folder[256];
    struct json_doc *doc;
    struct buf text;
    (void)state;
    build(&w);
    buf_init(&text, SIZE_MAX / 2);
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "%d\n", i);
    memory_objects_set(&w.m, "b", "k", buf_str(&text));
    buf_done(&text);
    w.m.step = 100;
    w.fails = 1 << 3;
    house_machine(&w.h, "map", ASL_STANDARD,
                  map_of("EXPRESS", "",
                         "\"MaxConcurrency\":1,\"ItemReader\":{\"Resource\":"
                         "\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":"
                         "\"JSONL\"},\"Parameters\":{\"Bucket\":\"b\",\"Key\":\"k\"}},"));
    assert_true(strncmp(house_run(&w.h, "map", "a", "[]"), "States.Exceed", 13) == 0);
    find_folder(&w, folder);
    assert_int_equal(json_parse(str_of(file(&w, folder, "PENDING_0.json")), NULL, &doc, NULL),
                     STATUS_OK);
    assert_int_equal(json_doc_root(doc).len, 996);
    json_doc_unref(doc);
    tear_down(&w);
}

static void a_file_that_is_full_is_followed_by_the_next(void **state)
{
    struct world w;
    char folder[256];
    (void)state;
    build(&w);
    w.m.objects.max_bytes = 13; /* two outputs, a comma, and brackets */
    house_machine(&w.h, "map", ASL_STANDARD,
                  map_of("STANDARD",
                         ",\"WriterConfig\":{\"Transformation\":\"COMPACT\","
                         "\"OutputType\":\"JSON\"}",
                         ""));
    folder_of(house_run(&w.h, "map", "a", "[1,2,3,4,5]"), folder);
    assert_string_equal(file(&w, folder, "SUCCEEDED_0.json"), "[[1,1],[2,2]]");
    assert_string_equal(file(&w, folder, "SUCCEEDED_1.json"), "[[3,3],[4,4]]");
    assert_string_equal(file(&w, folder, "SUCCEEDED_2.json"), "[[5,5]]");
    assert_non_null(strstr(file(&w, folder, "manifest.json"), "SUCCEEDED_2.json"));
    tear_down(&w);
}

static void a_prefix_with_a_slash_gets_no_second_one(void **state)
{
    struct arena a;
    str arn = STR("arn:aws:states:us-east-1:000000000000:mapRun:m/L:uuid");
    (void)state;
    arena_init(&a, 0);
    assert_true(str_eq(asl_map_result_folder(STR("p/"), arn, 0, &a), STR("p/uuid")));
    assert_true(str_eq(asl_map_result_folder(STR("p"), arn, 2, &a), STR("p/uuid/Redrive-2")));
    assert_true(str_eq(asl_map_result_folder(STR(""), arn, 0, &a), STR("uuid")));
    arena_done(&a);
}

static void what_cannot_be_written_fails_the_state(void **state)
{
    static const struct {
        const char *put, *write, *finish, *error;
    } cases[] = {
        {"SUCCEEDED", NULL, NULL, "States.ResultWriterFailed: Access is denied."},
        {NULL, "SUCCEEDED", NULL, "States.ResultWriterFailed: The disk is full."},
        {NULL, NULL, "SUCCEEDED", "States.ResultWriterFailed: The disk is broken."},
        {"manifest", NULL, NULL, "States.ResultWriterFailed: Access is denied."},
        {NULL, "manifest", NULL, "States.ResultWriterFailed: The disk is full."},
        {NULL, NULL, "manifest", "States.ResultWriterFailed: The disk is broken."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w;
        build(&w);
        w.m.refuses_put = cases[i].put;
        w.m.fails_write = cases[i].write;
        w.m.fails_finish = cases[i].finish;
        house_machine(&w.h, "map", ASL_STANDARD, map_of(types[i % 2], "", ""));
        assert_string_equal(house_run(&w.h, "map", "a", "[1,2]"), cases[i].error);
        tear_down(&w);
    }
}

/* ---- redrive, crash ---- */

static void redrive(struct world *w)
{
    struct error err;
    assert_int_equal(engine_redrive(w->h.engine, w->h.execution, &err), STATUS_OK);
}

static void a_redrive_writes_to_a_folder_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        char folder[256];
        build(&w);
        w.fails = 1 << 2;
        house_machine(&w.h, "map", ASL_STANDARD,
                      map_of(types[i],
                             ",\"WriterConfig\":{\"Transformation\":\"NONE\","
                             "\"OutputType\":\"JSON\"}",
                             "\"MaxConcurrency\":1,"));
        house_run(&w.h, "map", "a", "[1,2,3]");
        assert_int_equal(w.h.status, ASL_EXEC_FAILED);
        w.fails = 0;
        redrive(&w);
        folder_of(house_run(&w.h, "map", "a", "[1,2,3]"), folder);
        assert_true(str_ends(str_of(folder), STR("/Redrive-1/")));
        const char *all = file(&w, folder, "SUCCEEDED_0.json");
        assert_non_null(all);
        assert_non_null(strstr(all, "\"Input\":\"{\\\"n\\\":2}\""));
        assert_non_null(strstr(all, "\"RedriveCount\":1"));
        assert_int_equal(memory_objects_count(&w.m), 4 + 2);
        tear_down(&w);
    }
}

static void a_redrive_writes_what_could_not_be_written(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        char folder[256];
        build(&w);
        w.m.fails_finish = "SUCCEEDED";
        house_machine(&w.h, "map", ASL_STANDARD, map_of(types[i], "", ""));
        assert_string_equal(house_run(&w.h, "map", "a", "[1,2,3]"),
                            "States.ResultWriterFailed: The disk is broken.");
        uint32_t answered = w.answered;
        w.m.fails_finish = NULL;
        if (i == 1)
            house_reopen(&w.h);
        redrive(&w);
        folder_of(house_run(&w.h, "map", "a", "[1,2,3]"), folder);
        assert_true(str_ends(str_of(folder), STR("/Redrive-1/")));
        assert_int_equal(w.answered, answered);
        assert_int_equal(memory_objects_count(&w.m), 2);
        tear_down(&w);
    }
}

/* Closed when so many objects have been put, and opened again as another process would. */
static void files_are_written_again_after_a_crash(void **state)
{
    (void)state;
    for (uint32_t puts = 0; puts < 4; puts++) {
        struct world w;
        char folder[256];
        build(&w);
        w.fails = 1 << 2;
        w.m.fails_finish = puts == 0 ? "SUCCEEDED" : NULL;
        house_machine(&w.h, "map", ASL_STANDARD,
                      map_of(types[puts % 2], "", "\"ToleratedFailureCount\":1,"));
        house_start(&w.h, "map", "a", "[1,2,3]");
        for (int i = 0; i < 2000 && w.m.puts < puts && !w.h.has_ended; i++)
            house_pass(&w.h, 1);
        w.m.fails_finish = NULL;
        house_reopen(&w.h);
        folder_of(house_run(&w.h, "map", "a", "[1,2,3]"), folder);
        assert_int_equal(memory_objects_count(&w.m), 3);
        assert_non_null(file(&w, folder, "SUCCEEDED_0.json"));
        assert_non_null(file(&w, folder, "FAILED_0.json"));
        tear_down(&w);
    }
}

static bool never(struct house *h)
{
    (void)h;
    return false;
}

static void a_stopped_execution_writes_no_manifest(void **state)
{
    struct world w;
    struct error err;
    (void)state;
    build(&w);
    w.at_most = 1;
    house_machine(&w.h, "map", ASL_STANDARD, map_of("STANDARD", "", ""));
    house_start(&w.h, "map", "a", "[1,2,3]");
    assert_false(house_until(&w.h, never, 200));
    struct store_execution row = house_row(&w.h, "map", "a");
    assert_int_equal(engine_stop(w.h.engine, row.id, STR("E"), STR("C"), &err), STATUS_OK);
    assert_true(house_wait(&w.h, 5000));
    house_pass(&w.h, 100);
    assert_int_equal(memory_objects_count(&w.m), 0);
    tear_down(&w);
}

/* A piece is with a storage that does not answer. */
static void an_execution_is_stopped_while_files_are_written(void **state)
{
    struct world w;
    struct error err;
    (void)state;
    build(&w);
    w.m.is_silent = true;
    house_machine(&w.h, "map", ASL_STANDARD, map_of("EXPRESS", "", ""));
    house_start(&w.h, "map", "a", "[1,2,3]");
    assert_false(house_until(&w.h, never, 200));
    struct store_execution row = house_row(&w.h, "map", "a");
    assert_int_equal(w.answered, 3);
    assert_int_equal(row.status, STORE_RUNNING);
    assert_int_equal(engine_stop(w.h.engine, row.id, STR("E"), STR("C"), &err), STATUS_OK);
    assert_true(house_wait(&w.h, 5000));
    assert_int_equal(w.h.status, ASL_EXEC_ABORTED);
    house_pass(&w.h, 100);
    assert_int_equal(memory_objects_count(&w.m), 0);
    tear_down(&w);
}

static void nobody_writes_without_a_storage(void **state)
{
    struct world w;
    (void)state;
    build(&w);
    house_close(&w.h);
    w.h.objects = NULL;
    house_open(&w.h);
    house_machine(&w.h, "map", ASL_STANDARD, map_of("STANDARD", "", ""));
    assert_string_equal(house_run(&w.h, "map", "a", "[1]"),
                        "States.ResultWriterFailed: No object storage is configured to which "
                        "results could be written.");
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_written_in_the_order_of_items),
        cmocka_unit_test(the_manifest_names_files_with_their_sizes),
        cmocka_unit_test(whole_records_are_written_where_nothing_else_is_said),
        cmocka_unit_test(a_run_without_items_leaves_a_manifest),
        cmocka_unit_test(a_failed_run_writes_what_did_not_begin),
        cmocka_unit_test(pending_items_of_an_object_are_read_to_its_end),
        cmocka_unit_test(a_file_that_is_full_is_followed_by_the_next),
        cmocka_unit_test(a_prefix_with_a_slash_gets_no_second_one),
        cmocka_unit_test(what_cannot_be_written_fails_the_state),
        cmocka_unit_test(a_redrive_writes_to_a_folder_of_its_own),
        cmocka_unit_test(a_redrive_writes_what_could_not_be_written),
        cmocka_unit_test(files_are_written_again_after_a_crash),
        cmocka_unit_test(an_execution_is_stopped_while_files_are_written),
        cmocka_unit_test(a_stopped_execution_writes_no_manifest),
        cmocka_unit_test(nobody_writes_without_a_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
