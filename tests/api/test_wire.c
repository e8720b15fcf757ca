/* SPDX-License-Identifier: Apache-2.0 */
#include "api/wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void targets_name_service_and_operation(void **state)
{
    (void)state;
    static const struct {
        const char *target, *name, *operation;
    } rows[] = {
        {"DynamoDB_20120810.PutItem", "dynamodb", "PutItem"},
        {"AWSStepFunctions.StartExecution", "states", "StartExecution"},
        {"AWSGlue.CreateJob", "glue", "CreateJob"},
        {"AWSEvents.PutEvents", "events", "PutEvents"},
    };
    str operation;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct api_wire *w = api_wire_of_target(str_of(rows[i].target), &operation);
        assert_non_null(w);
        assert_string_equal(w->name, rows[i].name);
        assert_true(str_eq(operation, str_of(rows[i].operation)));
        assert_ptr_equal(api_wire_of_scope(str_of(rows[i].name)), w);
        assert_ptr_equal(api_wire_of_name(str_of(rows[i].name)), w);
    }
    assert_null(api_wire_of_target(STR("DynamoDB_20111205.PutItem"), &operation));
    assert_null(api_wire_of_target((str){"", 0}, &operation));
    assert_null(api_wire_of_scope(STR("s3")));
}

static void error_is(const char *service, enum status status, const char *name, const char *members,
                     int http, const char *wanted)
{
    const struct api_failure failure = {.status = status,
                                        .name = str_of(name),
                                        .message = STR("so \"it\" is"),
                                        .members = str_of(members)};
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(api_wire_put_error(api_wire_of_name(str_of(service)), &failure, &b), http);
    buf_add_byte(&b, '\0');
    assert_string_equal(b.p, wanted);
    buf_done(&b);
}

static void errors_of_a_service_have_its_prefix(void **state)
{
    (void)state;
    error_is("dynamodb", STATUS_NOT_FOUND, "ResourceNotFoundException", "", 400,
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
             "\"message\":\"so \\\"it\\\" is\"}");
    error_is("dynamodb", STATUS_INVALID, "ValidationException", "", 400,
             "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"so "
             "\\\"it\\\" is\"}");
    error_is("states", STATUS_NOT_FOUND, "StateMachineDoesNotExist", "", 400,
             "{\"__type\":\"StateMachineDoesNotExist\",\"message\":\"so \\\"it\\\" is\"}");
}

static void further_members_stand_before_the_message(void **state)
{
    (void)state;
    error_is("dynamodb", STATUS_CONFLICT, "ConditionalCheckFailedException",
             "{\"Item\":{\"a\":{\"S\":\"b\"}}}", 400,
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
             "\"Item\":{\"a\":{\"S\":\"b\"}},\"message\":\"so \\\"it\\\" is\"}");
    error_is("dynamodb", STATUS_CONFLICT, "TransactionCanceledException",
             "{\"CancellationReasons\":[]}", 400,
             "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","
             "\"CancellationReasons\":[],\"Message\":\"so \\\"it\\\" is\"}");
    error_is("glue", STATUS_INVALID, "InvalidInputException", "{}", 400,
             "{\"__type\":\"InvalidInputException\",\"message\":\"so \\\"it\\\" is\"}");
}

static void errors_of_our_own_have_names_that_clients_know(void **state)
{
    (void)state;
    error_is(
        "dynamodb", STATUS_IO, "StoreFull", "", 500,
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\",\"message\":\"so "
        "\\\"it\\\" is\"}");
    error_is("events", STATUS_CORRUPT, "StoreCorrupt", "", 500,
             "{\"__type\":\"InternalException\",\"message\":\"so \\\"it\\\" is\"}");
    error_is("glue", STATUS_BUSY, "StoreQueueFull", "", 400,
             "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\",\"message\":\"so "
             "\\\"it\\\" is\"}");
    error_is(
        "states", STATUS_UNAVAILABLE, "EngineElsewhere", "", 503,
        "{\"__type\":\"com.amazon.coral.availability#ServiceUnavailableException\",\"message\":"
        "\"so \\\"it\\\" is\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_name_service_and_operation),
        cmocka_unit_test(errors_of_a_service_have_its_prefix),
        cmocka_unit_test(further_members_stand_before_the_message),
        cmocka_unit_test(errors_of_our_own_have_names_that_clients_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
