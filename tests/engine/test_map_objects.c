/* SPDX-License-Identifier: Apache-2.0 */
/* Items of many objects: listings, manifests, gzip; and where a run stands in them. */
#include "engine_test.h"
#include "objects_memory.h"

#include "engine/map_manifest.h"
#include "engine/map_reader.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- readers ---- */

struct place {
    struct memory_objects m;
    struct json_doc *arguments;
    struct asl_map_run_plan plan;
    struct map_reading reading;
    struct asl_item_reader how;
};

static void place_build(struct place *p, const char *action, enum asl_input_type type)
{
    *p = (struct place){.how = {.resource = {.resource = str_of(action)},
                                .input_type = type,
                                .delimiter = ',',
                                .items_pointer = STR("")}};
    memory_objects_init(&p->m);
    p->reading = (struct map_reading){.how = &p->how, .objects = &p->m.objects};
}

static void place_done(struct place *p)
{
    memory_objects_done(&p->m);
    json_doc_unref(p->arguments);
}

static struct map_reader *open_reader(struct place *p, const char *arguments, const char **cause)
{
    json_doc_unref(p->arguments);
    assert_int_equal(json_parse(str_of(arguments), NULL, &p->arguments, NULL), STATUS_OK);
    p->plan = (struct asl_map_run_plan){.reader = json_doc_root(p->arguments)};
    return map_reader_open(&p->reading, &p->plan, cause);
}

static enum map_read wait_for(struct map_reader *r, struct json_val *v)
{
    enum map_read got;
    do
        got = map_reader_peek(r, v);
    while (got == MAP_READ_WAIT);
    return got;
}

static void add_items(struct map_reader *r, uint64_t from, struct buf *out)
{
    struct json_val v;
    enum map_read got = MAP_READ_ITEM;
    for (uint64_t i = from; got == MAP_READ_ITEM; i++) {
        map_reader_seek(r, i);
        got = wait_for(r, &v);
        if (got == MAP_READ_ITEM) {
            assert_int_equal(json_write(out, v, 0, NULL), STATUS_OK);
            buf_add(out, STR(";"));
        }
    }
    if (got == MAP_READ_FAILED)
        buf_printf(out, "!%.*s", STR_ARG(r->cause));
}

/* In pieces of many sizes, twice from each item on. */
static void expect_from(struct place *p, const char *arguments, uint64_t from, const char *items)
{
    for (size_t step = 1; step < 12; step++) {
        const char *cause;
        p->m.step = step;
        p->m.waits = step % 2 == 0;
        struct map_reader *r = open_reader(p, arguments, &cause);
        assert_non_null(r);
        for (int again = 0; again < 2; again++) {
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

static void expect_refusal(struct place *p, const char *arguments, const char *why)
{
    const char *cause;
    assert_null(open_reader(p, arguments, &cause));
    assert_string_equal(cause, why);
}

static void a_listing_gives_the_objects_below_a_prefix(void **state)
{
    struct place p;
    (void)state;
    place_build(&p, "listObjectsV2", ASL_INPUT_NONE);
    memory_objects_set(&p.m, "b", "x/2", STR("12"));
    memory_objects_set(&p.m, "b", "x/1", STR("1"));
    memory_objects_set(&p.m, "b", "x/3\"", STR(""));
    memory_objects_set(&p.m, "b", "y", STR(""));
    memory_objects_set(&p.m, "c", "x/4", STR(""));
#define ENTRY(key, size)                                                                           \
    "{\"Etag\":\"\\\"e\\\"\",\"Key\":\"" key "\",\"LastModified\":1700000000,\"Size\":" size       \
    ",\"StorageClass\":\"STANDARD\"};"
    expect_from(&p, "{\"Bucket\":\"b\",\"Prefix\":\"x/\"}", 0,
                ENTRY("x/1", "1") ENTRY("x/2", "2") ENTRY("x/3\\\"", "0"));
    expect_from(&p, "{\"Bucket\":\"b\"}", 2, ENTRY("x/3\\\"", "0") ENTRY("y", "0"));
    p.reading.max_items = 3;
    expect_from(&p, "{\"Bucket\":\"b\"}", 1, ENTRY("x/2", "2") ENTRY("x/3\\\"", "0"));
    expect_from(&p, "{\"Bucket\":\"none\"}", 0, "");
    expect_refusal(&p, "{}", "The specified bucket does not exist.");
    place_done(&p);
}

static void listed_objects_can_be_loaded_and_joined(void **state)
{
    struct place p;
    (void)state;
    place_build(&p, "listObjectsV2", ASL_JSONL);
    p.how.load_and_flatten = true;
    memory_objects_set(&p.m, "b", "1", STR("1\n2\n"));
    memory_objects_set(&p.m, "b", "2", STR(""));
    memory_objects_set(&p.m, "b", "3", STR("3\n4"));
    memory_objects_set(&p.m, "b", "4", STR("5"));
    expect_from(&p, "{\"Bucket\":\"b\"}", 0, "1;2;3;4;5;");
    expect_from(&p, "{\"Bucket\":\"b\"}", 3, "4;5;");
    p.reading.max_items = 3;
    expect_from(&p, "{\"Bucket\":\"b\"}", 1, "2;3;");
    p.how.input_type = ASL_PARQUET;
    expect_refusal(&p, "{\"Bucket\":\"b\"}",
                   "Parquet objects cannot be read here; CSV, JSON and JSON Lines can be.");
    p.how.input_type = ASL_INPUT_NONE;
    expect_refusal(&p, "{\"Bucket\":\"b\"}", "The ReaderConfig has no InputType.");
    place_done(&p);
}

/* ---- gzip ---- */

static void add_gzip(struct buf *out, const char *text)
{
    unsigned char bytes[4096];
    z_stream z = {.next_in = NULL};
    assert_int_equal(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = bytes;
    z.avail_out = sizeof(bytes);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_add(out, (str){(const char *)bytes, sizeof(bytes) - z.avail_out});
    deflateEnd(&z);
}

static void compressed_text_is_unpacked(void **state)
{
    struct place p;
    struct buf bytes;
    (void)state;
    buf_init(&bytes, SIZE_MAX / 2);
    place_build(&p, "getObject", ASL_CSV);
    add_gzip(&bytes, "n\n1\n2");
    add_gzip(&bytes, "\n3\n");
    memory_objects_set(&p.m, "b", "k", buf_str(&bytes));
    memory_objects_set(&p.m, "b", "cut", str_sub(buf_str(&bytes), 0, bytes.n - 3));
    memory_objects_set(&p.m, "b", "bad", STR("\x1F\x8B\x08 nothing of the kind"));
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"k\"}", 0,
                "{\"n\":\"1\"};{\"n\":\"2\"};{\"n\":\"3\"};");
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"cut\"}", 2,
                "{\"n\":\"3\"};!The object is not valid gzip.");
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"bad\"}", 0, "!The object is not valid gzip.");
    place_done(&p);
    buf_done(&bytes);
}

static void much_text_in_few_bytes_comes_whole(void **state)
{
    enum { LINES = 200000 };
    struct place p;
    struct buf text;
    uLongf n = 1 << 20;
    unsigned char *packed = malloc(n);
    const char *cause;
    struct json_val v;
    (void)state;
    assert_non_null(packed);
    buf_init(&text, SIZE_MAX / 2);
    for (int i = 0; i < LINES; i++)
        buf_add(&text, STR("7\n"));
    z_stream z = {.next_in = (unsigned char *)text.p};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = packed;
    z.avail_out = (uInt)n;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    place_build(&p, "getObject", ASL_JSONL);
    memory_objects_set(&p.m, "b", "k", (str){(const char *)packed, n - z.avail_out});
    deflateEnd(&z);
    struct map_reader *r = open_reader(&p, "{\"Bucket\":\"b\",\"Key\":\"k\"}", &cause);
    assert_non_null(r);
    map_reader_seek(r, LINES - 1);
    assert_int_equal(wait_for(r, &v), MAP_READ_ITEM);
    map_reader_seek(r, LINES);
    assert_int_equal(wait_for(r, &v), MAP_READ_END);
    assert_int_equal(r->total, LINES);
    map_reader_free(r);
    place_done(&p);
    buf_done(&text);
    free(packed);
}

/* ---- manifests ---- */

static void an_inventory_gives_its_rows(void **state)
{
    struct place p;
    struct buf bytes;
    (void)state;
    buf_init(&bytes, SIZE_MAX / 2);
    place_build(&p, "getObject", ASL_MANIFEST);
    memory_objects_set(&p.m, "in", "m.json",
                       STR("{\"sourceBucket\":\"s\",\"destinationBucket\":\"arn:aws:s3:::d\","
                           "\"fileFormat\":\"CSV\",\"fileSchema\":\"Bucket, Key, Size\",\"files\":["
                           "{\"key\":\"1.csv.gz\"},{\"key\":\"2.csv\"}]}"));
    add_gzip(&bytes, "\"s\",\"a\",\"1\"\n\"s\",\"b\",\"2\"\n");
    memory_objects_set(&p.m, "d", "1.csv.gz", buf_str(&bytes));
    memory_objects_set(&p.m, "d", "2.csv", STR("s,c,3\n"));
    expect_from(&p, "{\"Bucket\":\"in\",\"Key\":\"m.json\"}", 0,
                "{\"Bucket\":\"s\",\"Key\":\"a\",\"Size\":\"1\"};"
                "{\"Bucket\":\"s\",\"Key\":\"b\",\"Size\":\"2\"};"
                "{\"Bucket\":\"s\",\"Key\":\"c\",\"Size\":\"3\"};");
    p.how.input_type = ASL_CSV;
    p.how.manifest_type = STR("S3_INVENTORY");
    expect_from(&p, "{\"Bucket\":\"in\",\"Key\":\"m.json\"}", 2,
                "{\"Bucket\":\"s\",\"Key\":\"c\",\"Size\":\"3\"};");
    memory_objects_remove(&p.m, "d", "2.csv");
    expect_from(&p, "{\"Bucket\":\"in\",\"Key\":\"m.json\"}", 1,
                "{\"Bucket\":\"s\",\"Key\":\"b\",\"Size\":\"2\"};!There is no such object.");
    place_done(&p);
    buf_done(&bytes);
}

static void a_manifest_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "The manifest is not JSON."},
        {"[]", "The manifest has no files."},
        {"{\"files\":[],\"fileFormat\":\"ORC\",\"fileSchema\":\"a\"}",
         "The files of the inventory are not CSV; others cannot be read."},
        {"{\"files\":[],\"fileFormat\":\"CSV\"}",
         "The manifest has no fileSchema, or one that is too long."},
        {"{\"files\":[{}],\"fileFormat\":\"CSV\",\"fileSchema\":\"a\"}",
         "A file of the manifest has no key."},
        {"{\"files\":[7],\"fileFormat\":\"CSV\",\"fileSchema\":\"a\"}",
         "A file of the manifest has no key."},
    };
    struct place p;
    struct buf out;
    (void)state;
    place_build(&p, "getObject", ASL_MANIFEST);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char wanted[256];
        memory_objects_set(&p.m, "b", "m", str_of(cases[i].text));
        snprintf(wanted, sizeof(wanted), "!%s", cases[i].why);
        expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"m\"}", 0, wanted);
    }
    buf_init(&out, SIZE_MAX / 2);
    buf_add_fill(&out, ' ', MAP_MANIFEST_BYTES + 1);
    memory_objects_set(&p.m, "b", "m", buf_str(&out));
    buf_clear(&out);
    const char *cause;
    p.m.step = 1 << 20;
    struct map_reader *r = open_reader(&p, "{\"Bucket\":\"b\",\"Key\":\"m\"}", &cause);
    add_items(r, 0, &out);
    buf_add_byte(&out, '\0');
    assert_string_equal(out.p, "!The manifest is too large.");
    map_reader_free(r);
    buf_done(&out);
    place_done(&p);
}

static void a_manifest_of_athena_names_the_objects_to_read(void **state)
{
    struct place p;
    (void)state;
    place_build(&p, "getObject", ASL_JSONL);
    p.how.manifest_type = STR("ATHENA_DATA");
    memory_objects_set(&p.m, "b", "m.csv", STR("s3://d/x/1\ns3://e/2\n"));
    memory_objects_set(&p.m, "d", "x/1", STR("1\n2\n"));
    memory_objects_set(&p.m, "e", "2", STR("{\"a\":3}\n"));
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"m.csv\"}", 0, "1;2;{\"a\":3};");
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"m.csv\"}", 2, "{\"a\":3};");
    memory_objects_set(&p.m, "b", "m.csv", STR("s3://d/x/1\nhttp://e/2\n"));
    expect_from(&p, "{\"Bucket\":\"b\",\"Key\":\"m.csv\"}", 1,
                "2;!A line of the manifest is not the path of an object: s3://bucket/key.");
    p.how.input_type = ASL_MANIFEST;
    expect_refusal(&p, "{\"Bucket\":\"b\",\"Key\":\"m.csv\"}",
                   "The ReaderConfig does not say by InputType what the objects hold: CSV or "
                   "JSONL.");
    place_done(&p);
}

/* ---- marks ---- */

/* What a reader that is resumed at an item gives is what the first one gave. is_read: the item was
 * read when the mark was taken, otherwise only the one before. */
static void expect_mark(struct place *p, const char *arguments, uint64_t i, bool is_read)
{
    const char *cause;
    struct json_val v;
    struct buf mark, all, rest;
    buf_init(&mark, SIZE_MAX / 2);
    buf_init(&all, SIZE_MAX / 2);
    buf_init(&rest, SIZE_MAX / 2);
    struct map_reader *first = open_reader(p, arguments, &cause);
    map_reader_seek(first, is_read ? i : i - 1);
    assert_int_equal(wait_for(first, &v), MAP_READ_ITEM);
    map_reader_seek(first, i);
    assert_true(first->kind->mark(first, &mark));
    add_items(first, i, &all);
    map_reader_free(first);
    struct map_reader *second = open_reader(p, arguments, &cause);
    second->kind->resume(second, i, buf_str(&mark));
    add_items(second, i, &rest);
    assert_true(str_eq(buf_str(&all), buf_str(&rest)));
    buf_clear(&all);
    buf_clear(&rest);
    add_items(second, 0, &all); /* and what lies before is found again */
    map_reader_free(second);
    struct map_reader *third = open_reader(p, arguments, &cause);
    add_items(third, 0, &rest);
    assert_true(str_eq(buf_str(&all), buf_str(&rest)));
    map_reader_free(third);
    buf_done(&mark);
    buf_done(&all);
    buf_done(&rest);
}

static void expect_marks(struct place *p, const char *arguments, uint64_t count)
{
    for (size_t step = 1; step < 9; step++) {
        p->m.step = step;
        p->m.waits = step % 3 == 0;
        for (uint64_t i = 1; i < count; i++) {
            expect_mark(p, arguments, i, true);
            expect_mark(p, arguments, i, false);
        }
    }
}

static void texts_go_on_at_a_mark(void **state)
{
    static const struct {
        enum asl_input_type type;
        bool is_given;
        const char *pointer, *text;
    } cases[] = {
        {ASL_JSONL, false, "", "1\n\n{\"a\":2}\n3\r\n4"},
        {ASL_JSON, false, "", "[1 , {\"a\":[2]},\"x\",4]"},
        {ASL_JSON, false, "/x/y", "{\"x\":{\"y\":[1,2,[3],4] },\"z\":[]}"},
        {ASL_JSON, false, "", "{\"a\":1,\"b\":{},\"c\" : 3,\"d\":4}"},
        {ASL_CSV, false, "", "n,m\n1,\"x\ny\"\r\n2,3\n\n4"},
        {ASL_CSV, false, "",
         "n,m\n1,2\n\xEF\xBB\xBF"
         "3,4\n5\n6"}, /* no beginning, no mark */
        {ASL_CSV, true, "", "1,\"x\"\"y\"\n2,3\n\n4,5\n"},
    };
    static const str headers[] = {{"h", 1}, {"i", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct place p;
        place_build(&p, "getObject", cases[i].type);
        p.how.items_pointer = str_of(cases[i].pointer);
        p.how.header_given = cases[i].is_given;
        p.how.headers = headers;
        p.how.header_count = 2;
        memory_objects_set(&p.m, "b", "k", str_of(cases[i].text));
        expect_marks(&p, "{\"Bucket\":\"b\",\"Key\":\"k\"}", 4);
        place_done(&p);
    }
}

static void compressed_text_has_no_marks(void **state)
{
    struct place p;
    struct buf bytes;
    struct json_val v;
    const char *cause;
    (void)state;
    buf_init(&bytes, SIZE_MAX / 2);
    place_build(&p, "getObject", ASL_JSONL);
    add_gzip(&bytes, "1\n2\n3\n");
    memory_objects_set(&p.m, "b", "k", buf_str(&bytes));
    struct map_reader *r = open_reader(&p, "{\"Bucket\":\"b\",\"Key\":\"k\"}", &cause);
    map_reader_seek(r, 1);
    assert_int_equal(wait_for(r, &v), MAP_READ_ITEM);
    buf_clear(&bytes);
    assert_false(r->kind->mark(r, &bytes));
    map_reader_free(r);
    buf_done(&bytes);
    place_done(&p);
}

static void readers_go_on_at_a_mark(void **state)
{
    struct place p;
    char key[16];
    (void)state;
    place_build(&p, "listObjectsV2", ASL_JSONL);
    for (int i = 0; i < 7; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        memory_objects_set(&p.m, "b", key, i % 3 == 0 ? STR("1\n2\n3\n") : STR("4\n"));
    }
    expect_marks(&p, "{\"Bucket\":\"b\"}", 7);
    p.how.load_and_flatten = true;
    expect_marks(&p, "{\"Bucket\":\"b\"}", 13);
    place_done(&p);
    place_build(&p, "getObject", ASL_MANIFEST);
    memory_objects_set(&p.m, "b", "m",
                       STR("{\"fileFormat\":\"CSV\",\"fileSchema\":\"n\",\"files\":["
                           "{\"key\":\"1\"},{\"key\":\"2\"},{\"key\":\"1\"}]}"));
    memory_objects_set(&p.m, "b", "1", STR("1\n2\n"));
    memory_objects_set(&p.m, "b", "2", STR("3\n"));
    expect_marks(&p, "{\"Bucket\":\"b\",\"Key\":\"m\"}", 5);
    place_done(&p);
}

/* ---- runs ---- */

#define MAP_LIST(members)                                                                          \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemReader\":{\"Resource\":"         \
    "\"arn:aws:states:::s3:listObjectsV2\",\"Parameters\":{\"Bucket\":\"b\"}},"                    \
    "\"ItemSelector\":{\"k.$\":\"$$.Map.Item.Value.Key\",\"s.$\":\"$$.Map.Item.Source\"}," members \
    "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","                            \
    "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","      \
    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},"           \
    "\"End\":true}}}"

enum { MANY = 40 };

struct worker {
    uint32_t asked, at_most;
};

static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct worker *w = arg;
    struct json_doc *doc;
    struct buf text;
    if (++w->asked > w->at_most)
        return true;
    buf_init(&text, SIZE_MAX / 2);
    assert_int_equal(json_write(&text, json_get(task->arguments, STR("k")), 0, NULL), STATUS_OK);
    assert_int_equal(json_parse(buf_str(&text), NULL, &doc, NULL), STATUS_OK);
    struct engine_answer a = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &a);
    json_doc_unref(doc);
    buf_done(&text);
    return true;
}

/* An object that is put or removed before the place where a run stands does not move the others. */
static void a_listing_that_changes_meanwhile_moves_nothing(void **state)
{
    static struct memory_objects m;
    struct worker w = {.at_most = 25};
    struct house h = {.objects = &m.objects, .work = work, .work_arg = &w};
    char key[16];
    (void)state;
    memory_objects_init(&m);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "k%02d", i);
        memory_objects_set(&m, "b", key, STR("x"));
    }
    m.waits = true;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD, MAP_LIST("\"MaxConcurrency\":1,"));
    house_start(&h, "map", "a", "{}");
    house_pass(&h, 3000); /* the row is written, and the mark with it */
    assert_int_equal(w.asked, 26);
    house_close(&h);
    memory_objects_set(&m, "b", "a", STR("new"));
    memory_objects_set(&m, "b", "a2", STR("new"));
    w.at_most = UINT32_MAX;
    m.listed = 0;
    house_open(&h);
    const char *output = house_run(&h, "map", "a", "{}");
    struct buf wanted;
    buf_init(&wanted, SIZE_MAX / 2);
    for (int i = 0; i < MANY; i++)
        buf_printf(&wanted, "%s\"k%02d\"", i ? "," : "[", i);
    buf_add_byte(&wanted, ']');
    buf_add_byte(&wanted, '\0');
    assert_string_equal(output, wanted.p);
    buf_done(&wanted);
    house_tear_down(&h);
    memory_objects_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_gives_the_objects_below_a_prefix),
        cmocka_unit_test(listed_objects_can_be_loaded_and_joined),
        cmocka_unit_test(compressed_text_is_unpacked),
        cmocka_unit_test(much_text_in_few_bytes_comes_whole),
        cmocka_unit_test(an_inventory_gives_its_rows),
        cmocka_unit_test(a_manifest_that_is_none_is_refused),
        cmocka_unit_test(a_manifest_of_athena_names_the_objects_to_read),
        cmocka_unit_test(texts_go_on_at_a_mark),
        cmocka_unit_test(compressed_text_has_no_marks),
        cmocka_unit_test(readers_go_on_at_a_mark),
        cmocka_unit_test(a_listing_that_changes_meanwhile_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
