/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that are operations of a service in this process. That each happens once whatever happens
 * to the process is the torture's to show. */
#include "engine_test.h"

#include "counter_service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct engine_service services[] = {{.service = &counter_service}};

static bool works_not(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg, (void)e, (void)task;
    return false;
}

static int open_house(void **state)
{
    struct house *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    *h = (struct house){.work = works_not, .services = services, .service_count = 1};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
