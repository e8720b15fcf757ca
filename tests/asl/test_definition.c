/* SPDX-License-Identifier: Apache-2.0 */
/* What a definition that is right becomes: the tree, and what was compiled into it. */
#include "definition_test.h"

#include <stdio.h>

static void states_are_found_by_name_at_every_depth(void **state)
{
    (void)state;
    struct asl_definition *d = load_ok(
        "{'StartAt': 'A', 'States': {'A': {'Type': 'Parallel', 'Next': 'Z', 'Branches': ["
        "{'StartAt': 'B', 'States': {'B': {'Type': 'Map', 'End': true, 'ItemProcessor':"
        "{'StartAt': 'C', 'States': {'C': {'Type': 'Succeed'}}}}}}]}, 'Z': {'Type': 'Succeed'}}}");
    const struct asl_state *a = state_of(d, "A"), *c = state_of(d, "C");
    assert_int_equal(d->state_count, 4);
    assert_int_equal(d->machine_count, 3);
    assert_ptr_equal(d->root->start, a);
    assert_ptr_equal(a->next, state_of(d, "Z"));
    assert_ptr_equal(c->machine->owner, state_of(d, "B"));
    assert_ptr_equal(c->machine->owner->machine->owner, a);
    assert_null(d->root->owner);
    assert_null(asl_definition_find(d, STR("nope")));
    for (uint32_t i = 0; i < d->state_count; i++)
        assert_int_equal(d->states[i]->number, i);
    for (uint32_t i = 0; i < d->machine_count; i++)
        assert_int_equal(d->machines[i]->number, i);
    asl_definition_unref(d);
}

static void a_definition_lives_as_long_as_someone_holds_it(void **state)
{
    (void)state;
    char text[] = "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\"}}}";
    struct asl_definition *d = load_as(str_of(text), ASL_EXPRESS);
    memset(text, 'x', sizeof(text) - 1);
    assert_ptr_equal(asl_definition_ref(d), d);
    asl_definition_unref(d);
    assert_str(d->root->start->name, "A");
    assert_int_equal(d->type, ASL_EXPRESS);
    asl_definition_unref(d);
    asl_definition_unref(NULL);
}

static void what_holds_no_expression_is_one_literal(void **state)
{
    (void)state;
    struct asl_definition *d =
        load_ok("{'StartAt': 'A', 'States': {'A': {'Type': 'Pass', 'End': true, 'Parameters':"
                "{'a': {'b': [1, {'c': null}]}, 'k.$': '$.x', 'l': [{'m.$': '$$.y'}, 2]}}}}");
    const struct asl_template *t = state_of(d, "A")->parameters;
    assert_int_equal(t->kind, ASL_TEMPLATE_OBJECT);
    assert_int_equal(t->count, 3);
    assert_int_equal(t->items[0].kind, ASL_TEMPLATE_LITERAL);
    assert_int_equal(t->items[0].literal.tag, JSON_OBJECT);
    assert_int_equal(t->items[1].kind, ASL_TEMPLATE_PATH);
    assert_str(t->items[1].field, "k.$");
    assert_str(t->items[1].text, "$.x");
    assert_str(((str){t->shape->keys[1].p, t->shape->keys[1].n}), "k");
    const struct asl_template *list = &t->items[2];
    assert_int_equal(list->kind, ASL_TEMPLATE_ARRAY);
    assert_int_equal(list->items[0].kind, ASL_TEMPLATE_OBJECT);
    assert_int_equal(list->items[1].kind, ASL_TEMPLATE_LITERAL);
    assert_true(jsonpath_expr_uses_context(list->items[0].items[0].path));
    asl_definition_unref(d);
}

static void objects_with_equal_keys_share_their_shape(void **state)
{
    (void)state;
    struct asl_definition *d =
        load_ok("{'QueryLanguage': 'JSONata', 'StartAt': 'A', 'States': {'A': {'Type': 'Pass', "
                "'End': true, 'Output': [{'x': '{% 1 %}'}, {'x': '{% 2 %}'}]}}}");
    const struct asl_template *t = state_of(d, "A")->output;
    assert_ptr_equal(t->items[0].shape, t->items[1].shape);
    asl_definition_unref(d);
}

static void expressions_know_their_place_and_what_they_read(void **state)
{
    (void)state;
    struct asl_definition *d =
        load_ok("{'QueryLanguage': 'JSONata', 'StartAt': 'A', 'States': {"
                "'A': {'Type': 'Pass', 'Assign': {'x': 1, 'y': '{% $x + $nobody %}'}, 'Next': 'B'},"
                "'B': {'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'Arguments':"
                "{'p': [0, '{%  $states.input.a & $y & $x %}']}, 'Output': '{% $states.result %}',"
                "'Catch': [{'ErrorEquals': ['States.ALL'], 'Next': 'C', 'Output':"
                "{'e': '{% $states.errorOutput %}'}}], 'End': true},"
                "'C': {'Type': 'Pass', 'Output': '{% $keys($states) %}', 'End': true}}}");
    const struct asl_state *b = state_of(d, "B");
    const struct asl_jsonata *x = b->parameters->items[0].items[1].jsonata;
    assert_str(x->text, "$states.input.a & $y & $x");
    assert_str(x->field, "Arguments/p[1]");
    assert_int_equal(x->variable_count, 2);
    assert_true(x->reads_input);
    assert_false(x->reads_context || x->reads_result || x->reads_error);
    bool has_x = false, has_y = false;
    for (uint32_t i = 0; i < x->variable_count; i++) {
        has_x |= x->variables[i] == asl_definition_variable(d, STR("x"));
        has_y |= x->variables[i] == asl_definition_variable(d, STR("y"));
    }
    assert_true(has_x && has_y);
    assert_true(b->output->jsonata->reads_result);
    assert_false(b->output->jsonata->reads_input);
    const struct asl_jsonata *caught = b->catchers[0].output->items[0].jsonata;
    assert_str(caught->field, "Catch[0]/Output/e");
    assert_true(caught->reads_error);
    const struct asl_jsonata *all = state_of(d, "C")->output->jsonata;
    assert_true(all->reads_context && all->reads_input);
    const struct asl_assign *assign = &state_of(d, "A")->assign;
    assert_int_equal(assign->count, 2);
    assert_int_equal(assign->items[1].value.jsonata->variable_count, 1);
    assert_int_equal(asl_definition_variable(d, STR("nobody")), ASL_NO_VARIABLE);
    assert_str(d->variables[assign->items[1].variable], "y");
    asl_definition_unref(d);
}

static void states_know_the_variables_they_read(void **state)
{
    (void)state;
    struct asl_definition *d = load_ok(
        "{'StartAt': 'A', 'States': {'A': {'Type': 'Pass', 'InputPath': '$v.x', 'Parameters':"
        "{'a.$': 'States.Format($w, $b, $v)', 'c.$': '$.v'}, 'Assign': {'own': 1}, 'Next': 'B'},"
        "'B': {'Type': 'Map', 'QueryLanguage': 'JSONata', 'Items': '{% $z.($local := 1) %}',"
        "'ItemProcessor': {'StartAt': 'C', 'States': {'C': {'Type': 'Wait', 'SecondsPath': '$n',"
        "'End': true}}}, 'End': true}}}");
    const struct asl_state *a = state_of(d, "A"), *b = state_of(d, "B"), *c = state_of(d, "C");
    assert_int_equal(a->reference_count, 3);
    assert_str(a->references[0], "b");
    assert_str(a->references[1], "v");
    assert_str(a->references[2], "w");
    assert_int_equal(b->reference_count, 1);
    assert_str(b->references[0], "z");
    assert_int_equal(c->reference_count, 1);
    assert_str(c->references[0], "n");
    asl_definition_unref(d);
}

static void retriers_get_their_defaults(void **state)
{
    (void)state;
    struct asl_definition *d = load_ok(
        "{'StartAt': 'A', 'States': {'A': {'Type': 'Task', 'End': true, 'Resource':"
        "'arn:aws:lambda:us-east-1:123456789012:function:f', 'Retry': [{'ErrorEquals': ['E']},"
        "{'ErrorEquals': ['F', 'G'], 'IntervalSeconds': 3, 'MaxAttempts': 0, 'BackoffRate': 1.5,"
        "'MaxDelaySeconds': 9, 'JitterStrategy': 'FULL'}]}}}");
    const struct asl_retrier *r = state_of(d, "A")->retriers;
    assert_int_equal(state_of(d, "A")->retrier_count, 2);
    assert_true(r[0].interval_seconds == 1 && r[0].backoff_rate == 2 && r[0].max_attempts == 3);
    assert_true(r[0].max_delay_seconds == 0 && !r[0].jitter_full);
    assert_true(r[1].interval_seconds == 3 && r[1].backoff_rate == 1.5 && r[1].max_attempts == 0);
    assert_true(r[1].max_delay_seconds == 9 && r[1].jitter_full);
    assert_str(r[1].errors[1], "G");
    asl_definition_unref(d);
}

static void check_resource(const char *arn, enum asl_resource_kind kind, enum asl_pattern pattern,
                           const char *type, const char *action)
{
    char text[512];
    snprintf(text, sizeof(text),
             "{'StartAt': 'A', 'States': {'A': {'Type': 'Task', 'End': true, 'Resource': '%s'}}}",
             arn);
    struct asl_definition *d = load_ok(text);
    const struct asl_resource *r = &state_of(d, "A")->task.resource;
    assert_str(r->arn, arn);
    assert_int_equal(r->kind, kind);
    assert_int_equal(r->pattern, pattern);
    assert_str(r->resource_type, type);
    assert_str(r->resource, action);
    asl_definition_unref(d);
}

static void resources_are_told_apart(void **state)
{
    (void)state;
    check_resource("arn:aws:lambda:us-east-1:123456789012:function:f", ASL_RESOURCE_LAMBDA,
                   ASL_REQUEST_RESPONSE, "", "");
    check_resource("arn:aws:states:us-east-1:123456789012:activity:a", ASL_RESOURCE_ACTIVITY,
                   ASL_REQUEST_RESPONSE, "", "");
    check_resource("arn:aws:states:::dynamodb:putItem", ASL_RESOURCE_SERVICE, ASL_REQUEST_RESPONSE,
                   "dynamodb", "putItem");
    check_resource("arn:aws:states:::states:startExecution.sync:2", ASL_RESOURCE_SERVICE,
                   ASL_SYNC_2, "states", "startExecution.sync:2");
    check_resource("arn:aws:states:::glue:startJobRun.sync", ASL_RESOURCE_SERVICE, ASL_SYNC, "glue",
                   "startJobRun.sync");
    check_resource("arn:aws:states:::sqs:sendMessage.waitForTaskToken", ASL_RESOURCE_SERVICE,
                   ASL_WAIT_FOR_TASK_TOKEN, "sqs", "sendMessage.waitForTaskToken");
    check_resource("arn:aws:states:::aws-sdk:s3:putObject", ASL_RESOURCE_SERVICE,
                   ASL_REQUEST_RESPONSE, "aws-sdk:s3", "putObject");
}

static void choices_keep_their_logic(void **state)
{
    (void)state;
    struct asl_definition *d =
        load_ok("{'StartAt': 'A', 'States': {'A': {'Type': 'Choice', 'Default': 'C', 'Choices': ["
                "{'And': [{'Variable': '$.a', 'StringEquals': 'x'}, {'Not': {'Variable': '$.b',"
                "'NumericLessThanPath': '$.c'}}], 'Next': 'B'}]}, 'B': {'Type': 'Succeed'},"
                "'C': {'Type': 'Fail', 'ErrorPath': '$.e', 'Cause': 'c'}}}");
    const struct asl_choice *choice = &state_of(d, "A")->choice;
    const struct asl_condition *c = choice->rules[0].condition;
    assert_int_equal(c->op, ASL_AND);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->operands[0].op, ASL_STRING_EQUALS);
    assert_str(json_str(c->operands[0].value), "x");
    const struct asl_condition *inner = &c->operands[1].operands[0];
    assert_int_equal(inner->op, ASL_NUMERIC_LESS_THAN);
    assert_str(jsonpath_text(inner->value_path), "$.c");
    assert_ptr_equal(choice->rules[0].next, state_of(d, "B"));
    assert_ptr_equal(choice->otherwise, state_of(d, "C"));
    const struct asl_fail *fail = &state_of(d, "C")->fail;
    assert_int_equal(fail->error.kind, ASL_FIELD_PATH);
    assert_int_equal(fail->cause.kind, ASL_FIELD_LITERAL);
    asl_definition_unref(d);
}

static void a_distributed_map_has_all_its_parts(void **state)
{
    (void)state;
    struct asl_definition *d = load_ok(
        "{'StartAt': 'M', 'States': {'M': {'Type': 'Map', 'End': true, 'ItemProcessor':"
        "{'ProcessorConfig': {'Mode': 'DISTRIBUTED', 'ExecutionType': 'EXPRESS'}, 'StartAt': 'I',"
        "'States': {'I': {'Type': 'Succeed'}}}, 'ItemReader': {'Resource':"
        "'arn:aws:states:::s3:getObject', 'Parameters': {'Bucket': 'b'}, 'ReaderConfig':"
        "{'InputType': 'CSV', 'CSVDelimiter': 'TAB', 'CSVHeaderLocation': 'GIVEN', 'CSVHeaders':"
        "['a', 'b'], 'MaxItemsPath': '$.n'}}, 'ItemBatcher': {'MaxItemsPerBatch': 7},"
        "'ToleratedFailurePercentage': 12.5, 'ResultWriter': {'WriterConfig': {'OutputType':"
        "'JSONL', 'Transformation': 'FLATTEN'}}}}}");
    const struct asl_map *m = &state_of(d, "M")->map;
    assert_true(m->is_distributed);
    assert_int_equal(m->execution_type, ASL_EXPRESS);
    assert_int_equal(m->reader->input_type, ASL_CSV);
    assert_int_equal(m->reader->delimiter, '\t');
    assert_true(m->reader->header_given);
    assert_int_equal(m->reader->header_count, 2);
    assert_str(m->reader->headers[1], "b");
    assert_int_equal(m->reader->max_items.kind, ASL_FIELD_PATH);
    assert_str(m->reader->resource.resource, "getObject");
    assert_true(m->batcher->max_items.value == 7);
    assert_int_equal(m->batcher->max_bytes.kind, ASL_FIELD_ABSENT);
    assert_true(m->tolerated_percentage.value == 12.5);
    assert_true(m->writer->jsonl && !m->writer->has_resource);
    assert_int_equal(m->writer->transformation, ASL_WRITER_FLATTEN);
    asl_definition_unref(d);
}

#define DISTRIBUTED "{'ProcessorConfig': {'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD'}, "

static void labels_are_made_from_names_and_never_twice(void **state)
{
    (void)state;
    struct asl_definition *d = load_ok(
        "{'StartAt': 'My Map, no. 1', 'States': {'My Map, no. 1': {'Type': 'Map', 'Next': '\u00e4',"
        "'ItemProcessor':" DISTRIBUTED "'StartAt': 'I', 'States': {'I': {'Type': 'Succeed'}}}},"
        "'\u00e4': {'Type': 'Map', 'End': true, 'ItemProcessor':" DISTRIBUTED
        "'StartAt': 'J', 'States': {'J': {'Type': 'Succeed'}}}}}}");
    str label = d->root->start->map.label;
    assert_str(label, "MyMapno1-14057ebb");
    assert_int_equal(d->root->start->next->map.label.n, 8);
    char text[512];
    snprintf(text, sizeof(text),
             "{'StartAt': 'My Map, no. 1', 'States': {'My Map, no. 1': {'Type': 'Map', 'Next': 'B',"
             "'ItemProcessor':" DISTRIBUTED
             "'StartAt': 'I', 'States': {'I': {'Type': 'Succeed'}}}},"
             "'B': {'Type': 'Map', 'Label': '%.*s', 'End': true, 'ItemProcessor':" DISTRIBUTED
             "'StartAt': 'J', 'States': {'J': {'Type': 'Succeed'}}}}}}",
             STR_ARG(label));
    struct asl_definition *other = load_ok(text);
    assert_false(str_eq(other->root->start->map.label, label));
    asl_definition_unref(other);
    asl_definition_unref(d);
}

static void the_compiled_form_can_be_read(void **state)
{
    (void)state;
    struct asl_definition *d =
        load_ok("{'StartAt': 'A', 'TimeoutSeconds': 9, 'States': {'A': {'Type': 'Task', 'Resource':"
                "'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'Parameters': {'a.$': '$.x'},"
                "'ResultPath': null, 'Retry': [{'ErrorEquals': ['E']}], 'Next': 'B'},"
                "'B': {'Type': 'Wait', 'QueryLanguage': 'JSONata', 'Seconds': '{% $v %}', 'Assign':"
                "{'v': 1}, 'Next': 'C'}, 'C': {'Type': 'Choice', 'Choices': [{'Variable': '$.a',"
                "'IsNull': true, 'Next': 'D'}], 'Default': 'D'}, 'D': {'Type': 'Succeed'}}}");
    struct buf out;
    buf_init(&out, SIZE_MAX);
    asl_definition_print(d, &out);
    assert_str(buf_str(&out), "STANDARD, 4 states\n"
                              "TimeoutSeconds 9\n"
                              "start -> A\n"
                              "  Task A -> B\n"
                              "    Parameters {\"a\": $.x}\n"
                              "    Resource arn:aws:states:::sqs:sendMessage.waitForTaskToken, "
                              "waits for the token\n"
                              "    ResultPath null\n"
                              "    Retry E: 3 times, after 1 s, times 2\n"
                              "  Wait B -> C    JSONata\n"
                              "    Seconds {% $v %} reads $v\n"
                              "    Assign $v = 1\n"
                              "  Choice C\n"
                              "    when $.a IsNull true -> D\n"
                              "    otherwise -> D\n"
                              "  Succeed D\n");
    buf_done(&out);
    asl_definition_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_found_by_name_at_every_depth),
        cmocka_unit_test(a_definition_lives_as_long_as_someone_holds_it),
        cmocka_unit_test(what_holds_no_expression_is_one_literal),
        cmocka_unit_test(objects_with_equal_keys_share_their_shape),
        cmocka_unit_test(expressions_know_their_place_and_what_they_read),
        cmocka_unit_test(states_know_the_variables_they_read),
        cmocka_unit_test(retriers_get_their_defaults),
        cmocka_unit_test(resources_are_told_apart),
        cmocka_unit_test(choices_keep_their_logic),
        cmocka_unit_test(a_distributed_map_has_all_its_parts),
        cmocka_unit_test(labels_are_made_from_names_and_never_twice),
        cmocka_unit_test(the_compiled_form_can_be_read),
    };
    return cmocka_run_group_tests_name("asl definition", tests, NULL, NULL);
}
