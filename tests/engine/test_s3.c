/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows and the object service in one process: tasks aws-sdk:s3, and map runs over its objects.
 */
#include "engine_test.h"

#include "services/s3/objects.h"
#include "services/s3/s3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shop {
    struct house house;
    struct service_settings settings;
    struct s3_self self;
    struct s3_objects objects;
    struct engine_service service;
};

static enum status open_s3(void *arg, struct store *store, struct error *err)
{
    struct shop *s = arg;
    return s3_new(store, &s->settings, &s->self.s3, err);
}

static void close_s3(void *arg)
{
    struct shop *s = arg;
    s3_free(s->self.s3);
}

static int open_shop(void **state)
{
    struct shop *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->settings =
        (struct service_settings){.account = STR("000000000000"), .region = STR("us-east-1")};
    s->service = (struct engine_service){.service = &s3_service, .self = &s->self};
    s3_objects_init(&s->objects, &s->self);
    s->house = (struct house){.services = &s->service,
                              .service_count = 1,
                              .objects = &s->objects.objects,
                              .store_opened = open_s3,
                              .store_closing = close_s3,
                              .store_arg = s};
    house_build(&s->house);
    *state = s;
    return 0;
}

static int close_shop(void **state)
{
    struct shop *s = *state;
    house_tear_down(&s->house);
    free(s);
    return 0;
}

/* One task; its result, or the error. */
static const char *run(struct shop *s, enum asl_type type, const char *operation,
                       const char *parameters)
{
    char text[1024];
    static unsigned number;
    snprintf(text, sizeof(text),
             "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:"
             "%s','Parameters':%s,'End':true}}}",
             operation, parameters);
    house_machine(&s->house, "m", type, text);
    snprintf(text, sizeof(text), "n%u", ++number);
    return house_run(&s->house, "m", text, "{}");
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("wanted: %s\ninside: %s", part, text);
}

static void tasks_put_get_and_list_objects(void **state)
{
    struct shop *s = *state;
    run(s, ASL_STANDARD, "createBucket", "{'Bucket':'parts'}");
    for (int express = 0; express < 2; express++) {
        enum asl_type type = express ? ASL_EXPRESS : ASL_STANDARD;
        assert_has(
            run(s, type, "putObject", "{'Bucket':'parts','Key':'a/1.json','Body':{'rows':[1,2]}}"),
            "\"ChecksumType\":\"FULL_OBJECT\"");
        assert_has(run(s, type, "getObject", "{'Bucket':'parts','Key':'a/1.json'}"),
                   "\"Body\":\"{\\\"rows\\\":[1,2]}\"");
        assert_has(run(s, type, "listObjectsV2", "{'Bucket':'parts','Prefix':'a/'}"),
                   "\"Key\":\"a/1.json\"");
        assert_has(run(s, type, "copyObject",
                       "{'Bucket':'parts','Key':'a/2.json','CopySource':'parts/a/1.json'}"),
                   "\"CopyObjectResult\":{\"ETag\"");
        assert_string_equal(run(s, type, "deleteObject", "{'Bucket':'parts','Key':'a/2.json'}"),
                            "{}");
    }
    house_reopen(&s->house);
    assert_has(run(s, ASL_STANDARD, "getObject", "{'Bucket':'parts','Key':'a/1.json'}"),
               "\"ContentLength\":14");
}

static void errors_have_the_names_of_the_sdk(void **state)
{
    struct shop *s = *state;
    assert_has(run(s, ASL_STANDARD, "listObjectsV2", "{'Bucket':'gone'}"),
               "S3.NoSuchBucketException: The specified bucket does not exist (Service: S3, Status "
               "Code: 404, Request ID: ");
    run(s, ASL_STANDARD, "createBucket", "{'Bucket':'parts'}");
    assert_has(run(s, ASL_STANDARD, "getObject", "{'Bucket':'parts','Key':'no'}"),
               "S3.NoSuchKeyException: The specified key does not exist. (Service: S3, ");
    assert_has(run(s, ASL_STANDARD, "putObject", "{'Bucket':'gone','Key':'k','Body':1}"),
               "S3.NoSuchBucketException: ");
}

static void map_runs_read_items_from_objects(void **state)
{
    struct shop *s = *state;
    run(s, ASL_STANDARD, "createBucket", "{'Bucket':'inputs'}");
    run(s, ASL_STANDARD, "putObject", "{'Bucket':'inputs','Key':'items','Body':[1,2,3]}");
    house_machine(
        &s->house, "map", ASL_STANDARD,
        "{'StartAt':'M','States':{'M':{'Type':'Map','End':true,'ItemReader':{'Resource':"
        "'arn:aws:states:::s3:getObject','ReaderConfig':{'InputType':'JSON'},'Parameters':"
        "{'Bucket':'inputs','Key':'items'}},'ItemProcessor':{'ProcessorConfig':{'Mode':'"
        "DISTRIBUTED',"
        "'ExecutionType':'STANDARD'},'StartAt':'P','States':{'P':{'Type':'Pass','End':true}}}}}}");
    assert_string_equal(house_run(&s->house, "map", "r", "{}"), "[1,2,3]");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)
    const struct CMUnitTest tests[] = {
        T(tasks_put_get_and_list_objects),
        T(errors_have_the_names_of_the_sdk),
        T(map_runs_read_items_from_objects),
    };
    return cmocka_run_group_tests_name("engine/s3", tests, NULL, NULL);
}
