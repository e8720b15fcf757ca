/* SPDX-License-Identifier: Apache-2.0 */
/* Mock files: what they may say, and what is said about those that are wrong. */
#include "world.h"

static const char definition_text[] =
    "{\"StartAt\":\"T\",\"States\":{"
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Next\":\"J\"},"
    "\"J\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::glue:startJobRun.sync\","
    "\"Next\":\"P\"},"
    "\"P\":{\"Type\":\"Pass\",\"Next\":\"M\"},"
    "\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemReader\":{\"Resource\":"
    "\"arn:aws:states:::s3:listObjectsV2\",\"Parameters\":{\"Bucket\":\"b\"}},"
    "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":"
    "\"STANDARD\"},\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Pass\",\"End\":true}}}}}}";

static struct asl_definition *load_definition(void)
{
    struct asl_load_options load = {.type = ASL_STANDARD};
    struct asl_definition *d;
    struct error err;
    assert_int_equal(asl_definition_load(str_of(definition_text), &load, NULL, &d, &err),
                     STATUS_OK);
    return d;
}

static struct sim_mocks *load_mocks(const struct asl_definition *d, const char *text,
                                    const char *test_case)
{
    struct sim_mocks_options options = {.test_case = str_of(test_case)};
    struct sim_mocks *m = NULL;
    struct error err;
    if (sim_mocks_load(str_of(text), &options, d, &m, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return m;
}

static struct sim_answer answer_to(const struct sim_mocks *m, const struct asl_definition *d,
                                   const char *state, uint32_t call)
{
    struct sim_answer a;
    assert_int_equal(sim_mocks_find(m, asl_definition_find(d, str_of(state)), call, &a),
                     SIM_MOCK_FOUND);
    return a;
}

static void responses_come_by_list_by_calls_or_once_for_all(void **state)
{
    struct asl_definition *d = load_definition();
    struct sim_mocks *m =
        load_mocks(d,
                   "{\"T\":[{\"Return\":1.0},{\"Throw\":{\"Error\":\"E\"}}],"
                   "\"J\":{\"0\":{\"Return\":null,\"Submit\":{\"a\":1}},\"2-4\":{\"Return\":[2]}},"
                   "\"M\":{\"Items\":[1]}}",
                   "");
    struct sim_answer a = answer_to(m, d, "T", 0);
    (void)state;
    assert_int_equal(a.kind, SIM_RETURN);
    assert_true(str_eq(a.output, STR("1.0")));
    a = answer_to(m, d, "T", 1);
    assert_int_equal(a.kind, SIM_THROW);
    assert_true(a.has_error && !a.has_cause && str_eq(a.error, STR("E")));
    const struct asl_state *t = asl_definition_find(d, STR("T"));
    const struct asl_state *j = asl_definition_find(d, STR("J"));
    const struct asl_state *p = asl_definition_find(d, STR("P"));
    assert_int_equal(sim_mocks_find(m, t, 2, &a), SIM_MOCK_USED_UP);
    assert_int_equal(sim_mocks_find(m, j, 1, &a), SIM_MOCK_USED_UP);
    assert_int_equal(sim_mocks_find(m, j, 5, &a), SIM_MOCK_USED_UP);
    assert_int_equal(sim_mocks_find(m, p, 0, &a), SIM_MOCK_UNKNOWN);
    assert_true(str_eq(answer_to(m, d, "J", 0).submit, STR("{\"a\":1}")));
    assert_true(str_eq(answer_to(m, d, "J", 4).output, STR("[2]")));
    assert_true(str_eq(answer_to(m, d, "M", 1000).output, STR("[1]")));
    sim_mocks_free(m);
    asl_definition_unref(d);
}

static void members_say_when_and_how(void **state)
{
    struct asl_definition *d = load_definition();
    struct sim_mocks *m =
        load_mocks(d,
                   "{\"T\":{\"Throw\":{\"Cause\":\"c\",\"Stage\":\"START\"},"
                   "\"DelaySeconds\":1.5,\"HeartbeatSeconds\":2,\"Worker\":\"w\"},"
                   "\"J\":{\"Submit\":1}}",
                   "");
    struct sim_answer a = answer_to(m, d, "T", 7);
    (void)state;
    assert_int_equal(a.stage, ASL_STAGE_START);
    assert_int_equal(a.delay_ms, 1500);
    assert_int_equal(a.heartbeat_ms, 2000);
    assert_true(str_eq(a.worker, STR("w")));
    assert_true(!a.has_error && a.has_cause);
    assert_int_equal(answer_to(m, d, "J", 0).kind, SIM_SILENCE);
    sim_mocks_free(m);
    asl_definition_unref(d);
}

#define AWS                                                                                        \
    "{\"StateMachines\":{\"Any\":{\"TestCases\":{"                                                 \
    "\"Good\":{\"T\":\"Fine\",\"J\":\"Fine\"},\"Bad\":{\"T\":\"Flaky\"}}}},"                       \
    "\"MockedResponses\":{\"Fine\":{\"0\":{\"Return\":\"ok\"}},"                                   \
    "\"Flaky\":{\"0-1\":{\"Throw\":{\"Error\":\"E\",\"Cause\":\"C\"}},\"2\":{\"Return\":1}}}}"

static void the_format_of_aws_is_understood(void **state)
{
    struct asl_definition *d = load_definition();
    struct sim_mocks *m = load_mocks(d, AWS, "Good");
    struct sim_answer a;
    (void)state;
    assert_true(str_eq(answer_to(m, d, "T", 0).output, STR("\"ok\"")));
    assert_true(str_eq(answer_to(m, d, "J", 0).output, STR("\"ok\"")));
    sim_mocks_free(m);
    m = load_mocks(d, AWS, "Bad");
    assert_true(str_eq(answer_to(m, d, "T", 1).error, STR("E")));
    assert_true(str_eq(answer_to(m, d, "T", 2).output, STR("1")));
    assert_int_equal(sim_mocks_find(m, asl_definition_find(d, STR("J")), 0, &a), SIM_MOCK_UNKNOWN);
    sim_mocks_free(m);
    asl_definition_unref(d);
}

static const struct {
    const char *text, *test_case, *message;
} WRONG[] = {
    {"{\"T\":", "", "line 1, column 6: "},
    {"[]", "", "mocks must be an object, from names of states to responses"},
    {"{\"X\":[]}", "", "there is no state \"X\""},
    {"{\"P\":[{\"Return\":1}]}", "",
     "state \"P\": only Task states and Map states with an ItemReader take answers"},
    {"{\"T\":1}", "",
     "state \"T\": responses must be a list, or an object by calls (\"0\", \"1-2\")"},
    {"{\"T\":[]}", "",
     "state \"T\": responses must be a list, or an object by calls (\"0\", \"1-2\")"},
    {"{\"T\":[{\"Return\":1},2]}", "",
     "state \"T\", response 1: a response must be an object with Return or Throw"},
    {"{\"T\":[{}]}", "", "state \"T\", response 0: a response needs Return or Throw"},
    {"{\"T\":{\"0\":{\"DelaySeconds\":1}}}", "",
     "state \"T\", response \"0\": a response needs Return or Throw"},
    {"{\"T\":{\"Return\":1,\"Throw\":{}}}", "", "state \"T\": Return and Throw exclude each other"},
    {"{\"T\":{\"Return\":1,\"return\":1}}", "", "state \"T\": unknown member \"return\""},
    {"{\"T\":{\"a\":{\"Return\":1}}}", "",
     "state \"T\": \"a\" is neither a call (\"0\") nor a range (\"1-2\")"},
    {"{\"T\":{\"2-1\":{\"Return\":1}}}", "",
     "state \"T\": \"2-1\" is neither a call (\"0\") nor a range (\"1-2\")"},
    {"{\"T\":{\"1-\":{\"Return\":1}}}", "",
     "state \"T\": \"1-\" is neither a call (\"0\") nor a range (\"1-2\")"},
    {"{\"T\":{\"9999999999\":{\"Return\":1}}}", "",
     "state \"T\": \"9999999999\" is neither a call (\"0\") nor a range (\"1-2\")"},
    {"{\"T\":{\"Throw\":\"E\"}}", "", "state \"T\": Throw must be an object with Error and Cause"},
    {"{\"T\":{\"Throw\":{\"Error\":1}}}", "", "state \"T\": Error must be a string"},
    {"{\"T\":{\"Throw\":{\"error\":1}}}", "", "state \"T\": Throw has an unknown member \"error\""},
    {"{\"T\":{\"Throw\":{\"Stage\":\"LATE\"}}}", "",
     "state \"T\": Stage must be RUN, SUBMIT, START or SCHEDULE"},
    {"{\"T\":{\"Return\":1,\"DelaySeconds\":-1}}", "",
     "state \"T\": DelaySeconds must be a number of seconds"},
    {"{\"T\":{\"Return\":1,\"DelaySeconds\":1e99}}", "",
     "state \"T\": DelaySeconds must be a number of seconds"},
    {"{\"T\":{\"Return\":1,\"Submit\":1}}", "",
     "state \"T\": Submit is for tasks whose end is waited for"},
    {"{\"T\":{\"Items\":[]}}", "", "state \"T\": Items are for the reader of a Map"},
    {"{\"M\":{\"Items\":{}}}", "", "state \"M\": Items must be an array"},
    {"{\"M\":{\"Return\":[]}}", "", "state \"M\": a Map's response needs Items or Throw"},
    {"{\"M\":{\"Items\":[],\"DelaySeconds\":1}}", "",
     "state \"M\": readers answer at once: DelaySeconds is for tasks"},
    {"{\"StateMachines\":{\"A\":{},\"B\":{}},\"MockedResponses\":{}}", "",
     "StateMachines has several; say which"},
    {"{\"T\":{\"Return\":1}}", "x", "a test case needs StateMachines and MockedResponses"},
    {AWS, "", "TestCases has several; say which"},
    {AWS, "Worse", "TestCases has no \"Worse\""},
    {"{\"StateMachines\":{},\"MockedResponses\":{}}", "", "StateMachines must be an object"},
    {"{\"StateMachines\":1,\"MockedResponses\":1}", "", "MockedResponses must be an object"},
    {"{\"StateMachines\":{\"A\":{\"TestCases\":{\"C\":1}}},\"MockedResponses\":{}}", "",
     "a test case must be an object"},
    {"{\"StateMachines\":{\"A\":{\"TestCases\":{\"C\":{\"T\":1}}}},\"MockedResponses\":{}}", "",
     "a test case names a response for each state"},
    {"{\"StateMachines\":{\"A\":{\"TestCases\":{\"C\":{\"T\":\"r\"}}}},\"MockedResponses\":{}}", "",
     "MockedResponses has no \"r\""},
    {"{\"StateMachines\":{\"A\":{}},\"MockedResponses\":{}}", "", "TestCases must be an object"},
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
    struct asl_definition *d = load_definition();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        struct sim_mocks_options options = {.test_case = str_of(WRONG[i].test_case)};
        struct sim_mocks *m = NULL;
        struct error err;
        if (sim_mocks_load(str_of(WRONG[i].text), &options, d, &m, &err) == STATUS_OK)
            fail_msg("accepted: %s", WRONG[i].text);
        if (strncmp(err.message, WRONG[i].message, strlen(WRONG[i].message)) != 0)
            fail_msg("%s\n    wanted: %s\n    got:    %s", WRONG[i].text, WRONG[i].message,
                     err.message);
    }
    asl_definition_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_come_by_list_by_calls_or_once_for_all),
        cmocka_unit_test(members_say_when_and_how),
        cmocka_unit_test(the_format_of_aws_is_understood),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
