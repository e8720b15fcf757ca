/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows over the object service on several loops: tasks of all of them, and map runs that read
 * and write its buckets. */
#include "engine_test.h"

#include "services/s3/objects.h"
#include "services/s3/s3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 3, MANY = 24 };

struct box_house {
    struct house h; /* first: tests are given it */
    struct service_settings settings;
    struct s3_self self;
    struct s3_objects objects;
    struct engine_service services[1];
};

static bool works_not(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg, (void)e, (void)task;
    return false;
}

static enum status store_opened(void *arg, struct store *store, struct error *err)
{
    struct box_house *b = arg;
    return s3_new(store, &b->settings, &b->self.s3, err);
}

static void store_closing(void *arg)
{
    struct box_house *b = arg;
    s3_free(b->self.s3);
    b->self.s3 = NULL;
}

static const char *run(struct house *h, const char *definition, const char *input)
{
    char name[32];
    static unsigned number;
    snprintf(name, sizeof(name), "n%u", ++number);
    house_machine(h, name, ASL_STANDARD, definition);
    return house_run(h, name, name, input);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("wanted: %s\ninside: %s", part, text);
}

static int open_house(void **state)
{
    struct box_house *b = calloc(1, sizeof(*b));
    assert_non_null(b);
    b->settings = (struct service_settings){STR("000000000000"), STR("us-east-1"), false};
    b->services[0] = (struct engine_service){.service = &s3_service, .self = &b->self};
    s3_objects_init(&b->objects, &b->self);
    b->h = (struct house){.loops = LOOPS,
                          .work = works_not,
                          .services = b->services,
                          .service_count = 1,
                          .objects = &b->objects.objects,
                          .store_opened = store_opened,
                          .store_closing = store_closing,
                          .store_arg = b};
    house_build(&b->h);
    *state = &b->h;
    run(&b->h,
        "{'StartAt':'B','States':{'B':{'Type':'Task','Resource':"
        "'arn:aws:states:::aws-sdk:s3:createBucket','Parameters':{'Bucket':'box'},'End':true}}}",
        "{}");
    return 0;
}

static int close_house(void **state)
{
    house_tear_down(*state);
    free(*state);
    return 0;
}

/* ---- tasks ---- */

static const char put_and_get[] =
    "{'QueryLanguage':'JSONata','StartAt':'P','States':{"
    "'P':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:putObject','Arguments':"
    "{'Bucket':'box','Key':'{% `k/` & $states.input.k %}','Body':'{% $states.input %}'},"
    "'Assign':{'k':'{% $states.input.k %}'},'Next':'G'},"
    "'G':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:getObject','Arguments':"
    "{'Bucket':'box','Key':'{% `k/` & $k %}'},'Output':'{% $states.result.Body %}','End':true}}}";

static const char list[] =
    "{'QueryLanguage':'JSONata','StartAt':'L','States':{'L':{'Type':'Task','Resource':"
    "'arn:aws:states:::aws-sdk:s3:listObjectsV2','Arguments':{'Bucket':'box','Prefix':'k/'},"
    "'Output':'{% $count($states.result.Contents) %}','End':true}}}";

static void tasks_of_all_loops_put_get_and_list(void **state)
{
    struct house *h = *state;
    char name[32], input[64], wanted[96];
    house_machine(h, "m", ASL_STANDARD, put_and_get);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "e%d", i);
        snprintf(input, sizeof(input), "{\"k\":\"%d\"}", i);
        snprintf(wanted, sizeof(wanted), "\"{\\\"k\\\":\\\"%d\\\"}\"", i);
        assert_string_equal(house_run(h, "m", name, input), wanted);
    }
    assert_string_equal(run(h, list, "{}"), "24");
    house_reopen(h);
    assert_string_equal(run(h, list, "{}"), "24");
}

/* ---- map runs ---- */

#define PUT_ITEMS                                                                                  \
    "'I':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:putObject','Parameters':"          \
    "{'Bucket':'box','Key':'items.json','Body':[1,2,3,4,5,6,7,8,9,10]},'Next':'M'},"
#define PROCESSOR                                                                                  \
    "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"        \
    "'StartAt':'P','States':{'P':{'Type':'Pass','End':true}}}"

static void a_map_run_reads_an_object_and_writes_its_results(void **state)
{
    struct house *h = *state;
    const char *said =
        run(h,
            "{'StartAt':'I','States':{" PUT_ITEMS "'M':{'Type':'Map','ItemReader':{'Resource':"
            "'arn:aws:states:::s3:getObject','ReaderConfig':{'InputType':'JSON'},"
            "'Parameters':{'Bucket':'box','Key':'items.json'}}," PROCESSOR
            ",'ResultWriter':{'Resource':'arn:aws:states:::s3:putObject',"
            "'Parameters':{'Bucket':'box','Prefix':'out'}},'Next':'G'},"
            "'G':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:getObject',"
            "'Parameters':{'Bucket.$':'$.ResultWriterDetails.Bucket',"
            "'Key.$':'$.ResultWriterDetails.Key'},'End':true}}}",
            "{}");
    assert_has(said, "SUCCEEDED_0.json");
    said = run(h,
               "{'StartAt':'L','States':{'L':{'Type':'Task','Resource':"
               "'arn:aws:states:::aws-sdk:s3:listObjectsV2','Parameters':{'Bucket':'box',"
               "'Prefix':'out/'},'End':true}}}",
               "{}");
    assert_has(said, "/manifest.json\"");
    assert_has(said, "/SUCCEEDED_0.json\"");
}

static void a_map_run_goes_over_the_keys_of_a_bucket(void **state)
{
    struct house *h = *state;
    char name[32], input[64];
    house_machine(h, "m", ASL_STANDARD, put_and_get);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "e%d", i);
        snprintf(input, sizeof(input), "{\"k\":\"%d\"}", i);
        house_run(h, "m", name, input);
    }
    const char *said =
        run(h,
            "{'StartAt':'M','States':{'M':{'Type':'Map','ItemReader':{'Resource':"
            "'arn:aws:states:::s3:listObjectsV2','Parameters':{'Bucket':'box',"
            "'Prefix':'k/'}},'ItemSelector':{'key.$':'$$.Map.Item.Value.Key'}," PROCESSOR
            ",'End':true}}}",
            "{}");
    assert_string_equal(said, "[{\"key\":\"k/0\"},{\"key\":\"k/1\"},{\"key\":\"k/2\"},{\"key\":"
                              "\"k/3\"},{\"key\":\"k/4\"}]");
    said = run(h,
               "{'StartAt':'M','States':{'M':{'Type':'Map','ItemReader':{'Resource':"
               "'arn:aws:states:::s3:listObjectsV2','Parameters':{'Bucket':'nobox'}}," PROCESSOR
               ",'End':true}}}",
               "{}");
    assert_has(said, "States.ItemReaderFailed");
    assert_has(said, "The specified bucket does not exist");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_of_all_loops_put_get_and_list, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_map_run_reads_an_object_and_writes_its_results,
                                        open_house, close_house),
        cmocka_unit_test_setup_teardown(a_map_run_goes_over_the_keys_of_a_bucket, open_house,
                                        close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
