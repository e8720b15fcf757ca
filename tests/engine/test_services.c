/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that are operations of a service in this process. That each happens once whatever happens
 * to the process is the torture's to show. */
#include "engine_test.h"

#include "counter_service.h"
#include "job_service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct engine_service services[] = {
    {.service = &counter_service},
    {.service = &job_service,
     .look = job_look,
     .stop = "BatchStopJobRun",
     .stop_request = job_stop_request},
};

static bool works_not(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg, (void)e, (void)task;
    return false;
}

static int open_house(void **state)
{
    struct house *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    *h = (struct house){
        .work = works_not, .services = services, .service_count = ARRAY_LEN(services)};
    house_build(h);
    *state = h;
    return 0;
}

static int close_house(void **state)
{
    house_tear_down(*state);
    free(*state);
    return 0;
}

/* One task; its result, or the error. */
static const char *run(struct house *h, enum asl_type type, const char *resource,
                       const char *parameters)
{
    char text[1024];
    static unsigned number;
    snprintf(text, sizeof(text),
             "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:states:::%s',"
             "'Parameters':%s,'End':true}}}",
             resource, parameters);
    house_machine(h, "m", type, text);
    snprintf(text, sizeof(text), "n%u", ++number);
    return house_run(h, "m", text, "{}");
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("wanted: %s\ninside: %s", part, text);
}

static void results_are_the_services(void **state)
{
    struct house *h = *state;
    for (int express = 0; express < 2; express++) {
        enum asl_type type = express ? ASL_EXPRESS : ASL_STANDARD;
        char wanted[32];
        run(h, type, "aws-sdk:dynamodb:updateItem", "{'Key':'a'}");
        snprintf(wanted, sizeof(wanted), "{\"Count\":%d}", express + 1);
        assert_string_equal(h->output, wanted);
        assert_string_equal(run(h, type, "aws-sdk:dynamodb:getItem", "{'Key':'a'}"), wanted);
    }
    assert_string_equal(run(h, ASL_STANDARD, "aws-sdk:dynamodb:getItem", "{'Key':'b'}"),
                        "{\"Count\":0}");
}

static void optimized_results_have_an_envelope(void **state)
{
    struct house *h = *state;
    for (int writes = 0; writes < 2; writes++) {
        const char *output =
            writes ? run(h, ASL_STANDARD, "dynamodb:updateItem",
                         "{'TableName':'t','Key':'a','UpdateExpression':'x'}")
                   : run(h, ASL_STANDARD, "dynamodb:getItem", "{'TableName':'t','Key':'a'}");
        assert_has(output, writes ? "{\"Count\":1,\"SdkHttpMetadata\":{\"AllHttpHeaders\":{"
                                  : "{\"Count\":0,\"SdkHttpMetadata\":{\"AllHttpHeaders\":{");
        assert_has(output, "\"Content-Length\":[\"11\"],\"Date\":[\"");
        assert_has(output, "\"Content-Type\":\"application/x-amz-json-1.0\",");
        assert_has(output, "\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"");
    }
}

static void errors_are_spelled_by_the_integration(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *resource, *error, *cause;
    } cases[] = {
        {"aws-sdk:dynamodb:deleteItem",
         "DynamoDb.ConditionalCheckFailedException: The conditional request failed (Service: "
         "DynamoDb, Status Code: 400, Request ID: ",
         ") (SDK Attempt Count: 1)"},
        {"dynamodb:deleteItem",
         "DynamoDB.ConditionalCheckFailedException: The conditional request failed (Service: "
         "AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException; "
         "Request ID: ",
         "; Proxy: null)"},
        {"aws-sdk:dynamodb:putItem",
         "DynamoDb.DynamoDbException: Nothing can be put (Service: DynamoDb, Status Code: 400, ",
         ") (SDK Attempt Count: 1)"},
        {"dynamodb:putItem",
         "DynamoDB.AmazonDynamoDBException: Nothing can be put (Service: AmazonDynamoDBv2; ",
         "Error Code: ValidationException; "},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *output =
            run(h, ASL_STANDARD, cases[i].resource, "{'TableName':'t','Key':'a','Item':{}}");
        assert_has(output, cases[i].error);
        assert_has(output, cases[i].cause);
    }
    /* what was refused has left nothing */
    assert_string_equal(run(h, ASL_STANDARD, "aws-sdk:dynamodb:getItem", "{'Key':'a'}"),
                        "{\"Count\":0}");
}

static void what_no_service_does_is_said(void **state)
{
    struct house *h = *state;
    assert_has(run(h, ASL_STANDARD, "aws-sdk:dynamodb:dropEverything", "{}"),
               "States.Runtime: Nothing in this engine does the work of "
               "'arn:aws:states:::aws-sdk:dynamodb:dropEverything'.");
    assert_has(run(h, ASL_STANDARD, "aws-sdk:s3:putObject", "{}"), "Nothing in this engine");
    assert_has(run(h, ASL_STANDARD, "aws-sdk:polly:speak", "{}"), "Nothing in this engine");
}

static void a_task_that_waits_for_a_token_is_submitted(void **state)
{
    struct house *h = *state;
    house_machine(h, "m", ASL_STANDARD,
                  "{'StartAt':'T','States':{'T':{'Type':'Task','TimeoutSeconds':1,'Resource':"
                  "'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',"
                  "'Parameters':{'Key':'a','Token.$':'$$.Task.Token'},'End':true}}}");
    assert_has(house_run(h, "m", "waits", "{}"), "States.Timeout");
    assert_string_equal(run(h, ASL_STANDARD, "aws-sdk:dynamodb:getItem", "{'Key':'a'}"),
                        "{\"Count\":1}");
}

static const char STOPS[] =
    "{'StartAt':'P','States':{'P':{'Type':'Parallel','Branches':["
    "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
    "'arn:aws:states:::aws-sdk:dynamodb:updateItem','Parameters':{'Key':'a'},'End':true}}},"
    "{'StartAt':'F','States':{'F':{'Type':'Fail','Error':'No'}}}],'End':true}}}";

/* The operation is under way when nobody waits for it any more. */
static void an_execution_may_end_before_its_operation(void **state)
{
    struct house *h = *state;
    for (int express = 0; express < 2; express++) {
        house_machine(h, "m", express ? ASL_EXPRESS : ASL_STANDARD, STOPS);
        for (int i = 0; i < 20; i++) {
            char name[16];
            snprintf(name, sizeof(name), "p%d", i);
            assert_has(house_run(h, "m", name, "{}"), "No: ");
        }
    }
    house_pass(h, 50);
    house_machine(h, "m", ASL_EXPRESS, STOPS);
    house_start_unwatched(h, "m", "last", "{}"); /* and the engine closes meanwhile */
}

/* ---- what is followed ---- */

static void a_job_is_followed_to_its_end(void **state)
{
    struct house *h = *state;
    run(h, ASL_STANDARD, "glue:startJobRun", "{'JobName':'quick','Ms':100}");
    assert_has(h->output, "{\"JobRunId\":\"jr_");
    run(h, ASL_STANDARD, "glue:startJobRun.sync", "{'JobName':'good','Ms':100}");
    assert_has(h->output, "\"JobRunState\":\"SUCCEEDED\"");
    run(h, ASL_STANDARD, "glue:startJobRun.sync", "{'JobName':'bad','Ms':100}");
    assert_has(h->output, "States.TaskFailed: {\"Id\":\"jr_");
    assert_has(h->output, "\"JobRunState\":\"FAILED\"");
    run(h, ASL_STANDARD, "glue:startJobRun.sync", "{'JobName':''}");
    assert_has(h->output, "Glue.EntityNotFoundException: ");
}

static const char SYNC[] = "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
                           "'arn:aws:states:::glue:startJobRun.sync',"
                           "'Parameters':{'JobName':'good','Ms':400},'End':true}}}";

static void the_next_process_follows_what_this_one_began(void **state)
{
    struct house *h = *state;
    house_machine(h, "m", ASL_STANDARD, SYNC);
    for (int ms = 0; ms < 30; ms += 3) { /* before, between and behind the commits of its start */
        char name[16];
        snprintf(name, sizeof(name), "n%d", ms);
        house_start_unwatched(h, "m", name, "{}");
        house_pass(h, ms);
        house_reopen(h);
        uint32_t begun = job_count(h->folder);
        assert_has(house_run(h, "m", name, "{}"), "\"JobRunState\":\"SUCCEEDED\"");
        assert_in_range(job_count(h->folder), begun, begun + 1);
    }
    assert_int_equal(job_count(h->folder), 10); /* each once */
    assert_int_equal(job_followed(h->folder), 0);
}

static bool has_job(struct house *h)
{
    return job_count(h->folder) == 1;
}

static bool is_stopped(struct house *h)
{
    return job_stopped(h->folder) == 1 && job_followed(h->folder) == 0;
}

static void a_job_that_nobody_waits_for_is_stopped(void **state)
{
    struct house *h = *state;
    struct error err;
    house_machine(h, "m", ASL_STANDARD,
                  "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
                  "'arn:aws:states:::glue:startJobRun.sync',"
                  "'Parameters':{'JobName':'good','Ms':600000},'End':true}}}");
    house_start_unwatched(h, "m", "long", "{}");
    assert_true(house_until(h, has_job, 5000));
    house_pass(h, 100);
    assert_int_equal(engine_stop(h->engine, house_row(h, "m", "long").id, STR(""), STR(""), &err),
                     STATUS_OK);
    assert_true(house_until(h, is_stopped, 5000));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(results_are_the_services),
        TEST(optimized_results_have_an_envelope),
        TEST(errors_are_spelled_by_the_integration),
        TEST(what_no_service_does_is_said),
        TEST(a_task_that_waits_for_a_token_is_submitted),
        TEST(an_execution_may_end_before_its_operation),
        TEST(a_job_is_followed_to_its_end),
        TEST(the_next_process_follows_what_this_one_began),
        TEST(a_job_that_nobody_waits_for_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
