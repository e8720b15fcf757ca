/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_test.h"
#include "objects_memory.h"

#include "engine/map_reader.h"
#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- readers ---- */

static void add_items(struct map_reader *r, uint64_t from, struct buf *out)
{
    struct json_val v;
    enum map_read got = MAP_READ_ITEM;
    for (uint64_t i = from; got == MAP_READ_ITEM; i++) {
        map_reader_seek(r, i);
        do
            got = map_reader_peek(r, &v);
        while (got == MAP_READ_WAIT);
        if (got == MAP_READ_ITEM) {
            assert_int_equal(json_write(out, v, 0, NULL), STATUS_OK);
            buf_add(out, STR(";"));
        }
    }
    if (got == MAP_READ_FAILED)
        buf_printf(out, "!%.*s", STR_ARG(r->cause));
}

static void expect_from(const struct asl_item_reader *how, uint64_t max_items, const char *text,
                        uint64_t from, const char *items)
{
    for (size_t step = 1; step < 30; step++) {
        struct object_source *source = memory_source(NULL, str_of(text), step, step % 2 == 0);
        struct map_reader *r = map_reader_of_text(how, max_items, source);
        for (int again = 0; again < 2; again++) { /* and once more from the first byte */
            struct buf out;
            buf_init(&out, SIZE_MAX / 2);
            add_items(r, from, &out);
            buf_add_byte(&out, '\0');
            assert_string_equal(out.p, items);
            buf_done(&out);
        }
        map_reader_free(r);
    }
}

static struct asl_item_reader reader_for(enum asl_input_type type)
{
    return (struct asl_item_reader){.resource = {.resource = STR("getObject")},
                                    .input_type = type,
                                    .delimiter = ',',
                                    .items_pointer = STR("")};
}

static void rows_become_objects_by_the_first_row(void **state)
{
    struct asl_item_reader how = reader_for(ASL_CSV);
    (void)state;
    expect_from(&how, 0, "a,b\n1,\"x,\"\"y\"\"\"\n\n2\n3,4,5\n", 0,
                "{\"a\":\"1\",\"b\":\"x,\\\"y\\\"\"};{\"a\":\"\",\"b\":\"\"};"
                "{\"a\":\"2\",\"b\":\"\"};{\"a\":\"3\",\"b\":\"4\"};");
    expect_from(&how, 0, "a,b\n", 0, "");
    expect_from(&how, 0, "", 0, "");
}

static void rows_become_objects_by_given_headers(void **state)
{
    static const str headers[] = {{"h", 1}, {"i", 1}};
    struct asl_item_reader how = reader_for(ASL_CSV);
    (void)state;
    how.header_given = true;
    how.headers = headers;
    how.header_count = 2;
    how.delimiter = '|';
    expect_from(&how, 0, "1|2|3\n4", 0, "{\"h\":\"1\",\"i\":\"2\"};{\"h\":\"4\",\"i\":\"\"};");
    expect_from(&how, 1, "1|2|3\n4", 0, "{\"h\":\"1\",\"i\":\"2\"};");
    expect_from(&how, 0, "1|2|3\n4", 1, "{\"h\":\"4\",\"i\":\"\"};");
}

static void headers_that_repeat_are_refused(void **state)
{
    struct asl_item_reader how = reader_for(ASL_CSV);
    (void)state;
    expect_from(&how, 0, "a,b,a\n1,2,3\n", 0, "!CSV headers cannot contain duplicates.");
}

static void json_items_are_elements_or_members(void **state)
{
    struct asl_item_reader how = reader_for(ASL_JSON);
    (void)state;
    expect_from(&how, 0, "[1,{\"a\":[2]},\"x\"]", 0, "1;{\"a\":[2]};\"x\";");
    expect_from(&how, 2, "[1,{\"a\":[2]},\"x\"]", 1, "{\"a\":[2]};");
    expect_from(&how, 0, "{\"a\":1,\"b\":null}", 0,
                "{\"Key\":\"a\",\"Value\":1};{\"Key\":\"b\",\"Value\":null};");
    expect_from(&how, 0, "5", 0, "!Attempting to map over non-iterable node.");
    how.items_pointer = STR("/x/0");
    expect_from(&how, 0, "{\"y\":[9],\"x\":[[7,8]]}", 0, "7;8;");
}

static void what_is_no_json_fails_where_it_stands(void **state)
{
    struct asl_item_reader how = reader_for(ASL_JSON);
    struct asl_item_reader lines = reader_for(ASL_JSONL);
    (void)state;
    expect_from(&how, 0, "[1,nul]", 0,
                "1;!The item with index 1 cannot be read: line 1, column 1: expected a value "
                "(object, array, string, number, true, false or null)");
    expect_from(&lines, 0, "{\"a\":1}\n\n2\n", 0, "{\"a\":1};2;");
}

/* ---- runs ---- */

#define MAP_TEXT(key, members)                                                                     \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemReader\":{\"Resource\":"         \
    "\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"CSV\","                   \
    "\"CSVHeaderLocation\":\"FIRST_ROW\"},\"Parameters\":{\"Bucket\":\"b\",\"Key\":\"" key         \
    "\"}}," members "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","            \
    "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","      \
    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},"           \
    "\"End\":true}}}"

struct worker {
    bool is_holding;
    uint32_t asked, held;
};

/* The task's arguments are its result. */
static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct worker *w = arg;
    struct json_doc *doc;
    struct buf text;
    w->asked++;
    if (w->is_holding && w->asked > 3) {
        w->held++;
        return true;
    }
    buf_init(&text, SIZE_MAX / 2);
    assert_int_equal(json_write(&text, task->arguments, 0, NULL), STATUS_OK);
    assert_int_equal(json_parse(buf_str(&text), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer a = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &a);
    json_doc_unref(doc);
    buf_done(&text);
    return true;
}

#define ALL                                                                                        \
    "[{\"n\":\"1\"},{\"n\":\"2\"},{\"n\":\"3\"},{\"n\":\"4\"},{\"n\":\"5\"},{\"n\":\"6\"},"        \
    "{\"n\":\"7\"}]"

static struct memory_objects objects;

static void build(struct house *h, struct worker *w)
{
    memory_objects_init(&objects);
    memory_objects_set(&objects, "b", "k", STR("n\n1\n2\n3\n4\n5\n6\n7\n"));
    objects.step = 3;
    objects.waits = true;
    h->work = work;
    h->work_arg = w;
    h->objects = &objects.objects;
    house_build(h);
}

static void a_run_reads_an_object(void **state)
{
    struct house h = {0};
    struct worker w = {0};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, MAP_TEXT("k", ""));
    assert_string_equal(house_run(&h, "map", "a", "{}"), ALL);
    house_tear_down(&h);
    memory_objects_done(&objects);
}

static void a_run_goes_on_in_the_object_after_a_crash(void **state)
{
    struct house h = {0};
    struct worker w = {.is_holding = true};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, MAP_TEXT("k", "\"MaxConcurrency\":1,"));
    house_start(&h, "map", "a", "{}");
    house_pass(&h, 300);
    assert_int_equal(w.asked, 4);
    w.is_holding = false;
    house_reopen(&h);
    assert_string_equal(house_run(&h, "map", "a", "{}"), ALL);
    assert_int_equal(w.asked, 8); /* the one that was held was asked for again */
    house_tear_down(&h);
    memory_objects_done(&objects);
}

static void batches_are_full_even_when_bytes_come_late(void **state)
{
    struct house h = {0};
    struct worker w = {0};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD,
                  MAP_TEXT("k", "\"ItemBatcher\":{\"MaxItemsPerBatch\":3},"));
    assert_string_equal(house_run(&h, "map", "a", "{}"),
                        "[{\"Items\":[{\"n\":\"1\"},{\"n\":\"2\"},{\"n\":\"3\"}]},"
                        "{\"Items\":[{\"n\":\"4\"},{\"n\":\"5\"},{\"n\":\"6\"}]},"
                        "{\"Items\":[{\"n\":\"7\"}]}]");
    house_tear_down(&h);
    memory_objects_done(&objects);
}

static void an_object_that_is_not_there_fails_the_run(void **state)
{
    struct house h = {0};
    struct worker w = {0};
    (void)state;
    build(&h, &w);
    house_machine(&h, "map", ASL_STANDARD, MAP_TEXT("other", ""));
    assert_string_equal(house_run(&h, "map", "a", "{}"),
                        "States.ItemReaderFailed: There is no such object.");
    house_tear_down(&h);
    memory_objects_done(&objects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_objects_by_the_first_row),
        cmocka_unit_test(rows_become_objects_by_given_headers),
        cmocka_unit_test(headers_that_repeat_are_refused),
        cmocka_unit_test(json_items_are_elements_or_members),
        cmocka_unit_test(what_is_no_json_fails_where_it_stands),
        cmocka_unit_test(a_run_reads_an_object),
        cmocka_unit_test(a_run_goes_on_in_the_object_after_a_crash),
        cmocka_unit_test(batches_are_full_even_when_bytes_come_late),
        cmocka_unit_test(an_object_that_is_not_there_fails_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
