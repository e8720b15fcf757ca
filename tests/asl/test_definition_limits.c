/* SPDX-License-Identifier: Apache-2.0 */
/* Large and hostile definitions: each limit is named, and crossed here. */
#include "definition_test.h"

#define STATE_END "{\"Type\":\"Pass\",\"End\":true}"

struct outcome {
    enum status status;
    struct asl_diagnostics found;
    struct error err;
};

static struct outcome outcome_of(str text)
{
    struct outcome o = {.status = STATUS_OK};
    struct asl_load_options options = {.type = ASL_STANDARD};
    struct asl_definition *d;
    asl_diagnostics_init(&o.found);
    o.status = asl_definition_load(text, &options, &o.found, &d, &o.err);
    if (o.status == STATUS_OK)
        asl_definition_unref(d);
    return o;
}

static void assert_only(str text, const char *code)
{
    struct outcome o = outcome_of(text);
    assert_int_equal(o.status, STATUS_INVALID);
    assert_int_equal(o.found.error_count, 1);
    assert_string_equal(o.found.items[0].code, code);
    assert_string_equal(o.err.name, "InvalidDefinition");
    asl_diagnostics_done(&o.found);
}

static void assert_accepted(str text)
{
    struct outcome o = outcome_of(text);
    assert_int_equal(o.status, STATUS_OK);
    assert_int_equal(o.found.count, 0);
    asl_diagnostics_done(&o.found);
}

static void a_definition_has_one_mebibyte_at_most(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"A\",\"States\":{\"A\":" STATE_END "}}"));
    buf_add_fill(&text, ' ', ASL_MAX_DEFINITION - text.n);
    assert_accepted(buf_str(&text));
    buf_add_byte(&text, ' ');
    assert_only(buf_str(&text), "SCHEMA_VALIDATION_FAILED");
    buf_done(&text);
}

/* levels of Parallel around one Pass: levels + 1 machines */
static void nest(struct buf *text, unsigned levels)
{
    for (unsigned i = 0; i < levels; i++)
        buf_printf(text,
                   "{\"StartAt\":\"%u\",\"States\":{\"%u\":{\"Type\":\"Parallel\",\"End\":true,"
                   "\"Branches\":[",
                   i, i);
    buf_add(text, STR("{\"StartAt\":\"A\",\"States\":{\"A\":" STATE_END "}}"));
    for (unsigned i = 0; i < levels; i++)
        buf_add(text, STR("]}}}"));
}

static void machines_nest_up_to_a_limit(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    nest(&text, ASL_MAX_NESTING - 1);
    assert_accepted(buf_str(&text));
    buf_clear(&text);
    nest(&text, ASL_MAX_NESTING);
    assert_only(buf_str(&text), "TOO_DEEPLY_NESTED");
    buf_done(&text);
}

static void json_nests_up_to_a_limit(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,"
                       "\"Parameters\":"));
    buf_add_fill(&text, '[', JSON_MAX_DEPTH);
    buf_add_fill(&text, ']', JSON_MAX_DEPTH);
    buf_add(&text, STR("}}}"));
    assert_only(buf_str(&text), "INVALID_JSON_DESCRIPTION");
    buf_done(&text);
}

static void findings_are_kept_up_to_a_limit_and_counted_beyond(void **state)
{
    (void)state;
    struct buf text;
    enum { STATES = 3000 };
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"A\",\"States\":{"));
    for (unsigned i = 0; i < STATES; i++)
        buf_printf(&text, "\"%u\":{\"Type\":\"Pass\",\"Parameters\":{\"a\":\"$.x\"},\"End\":1},",
                   i);
    buf_add(&text, STR("\"A\":" STATE_END "}}"));
    struct outcome o = outcome_of(buf_str(&text));
    assert_int_equal(o.found.count, ASL_MAX_DIAGNOSTICS);
    assert_int_equal(o.found.warning_count, STATES);
    assert_int_equal(o.found.error_count, 2 * STATES); /* End, and not reachable */
    unsigned warnings = 0;
    for (uint32_t i = 0; i < o.found.count; i++)
        warnings += o.found.items[i].severity == ASL_WARNING;
    assert_true(warnings <= ASL_MAX_WARNINGS);
    asl_diagnostics_done(&o.found);
    buf_done(&text);
}

static void many_states_are_no_trouble(void **state)
{
    (void)state;
    struct buf text;
    enum { STATES = 20000 };
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"0\",\"States\":{"));
    for (unsigned i = 0; i < STATES; i++)
        buf_printf(&text, "\"%u\":{\"Type\":\"Pass\",\"Next\":\"%u\"},", i, i + 1);
    buf_printf(&text, "\"%d\":" STATE_END "}}", STATES);
    assert_accepted(buf_str(&text));
    buf_done(&text);
}

static void many_branches_of_one_name_are_no_trouble(void **state)
{
    (void)state;
    struct buf text;
    enum { BRANCHES = 15000 };
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,"
                       "\"Branches\":["));
    for (unsigned i = 0; i < BRANCHES; i++)
        buf_printf(&text, "%s{\"StartAt\":\"A\",\"States\":{\"A\":" STATE_END "}}",
                   i > 0 ? "," : "");
    buf_add(&text, STR("]}}}"));
    struct outcome o = outcome_of(buf_str(&text));
    assert_int_equal(o.found.error_count, BRANCHES - 1);
    asl_diagnostics_done(&o.found);
    buf_done(&text);
}

static void many_mistakes_are_no_trouble(void **state)
{
    (void)state;
    struct buf text;
    enum { STATES = 12000 };
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"StartAt\":\"A\",\"States\":{\"A\":" STATE_END));
    for (unsigned i = 0; i < STATES; i++)
        buf_printf(&text, ",\"\\u0041%u\":{\"Type\":\"Pass\",\"Nxt\":0,\"Next\":\"%030u\"}", i, i);
    buf_add(&text, STR("}}"));
    struct outcome o = outcome_of(buf_str(&text));
    assert_int_equal(o.found.count, ASL_MAX_DIAGNOSTICS);
    assert_int_equal(o.found.error_count, 3 * STATES);
    asl_diagnostics_done(&o.found);
    buf_done(&text);
}

static void expressions(struct buf *text, unsigned count)
{
    buf_add(text,
            STR("{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":"
                "\"Pass\",\"End\":true,\"Output\":[0"));
    for (unsigned i = 0; i < count; i++)
        buf_add(text, STR(",\"{%1%}\""));
    buf_add(text, STR("]}}}"));
}

static void expressions_are_counted(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    expressions(&text, ASL_MAX_EXPRESSIONS);
    assert_accepted(buf_str(&text));
    buf_clear(&text);
    expressions(&text, ASL_MAX_EXPRESSIONS + 1000);
    assert_only(buf_str(&text), "SCHEMA_VALIDATION_FAILED");
    buf_done(&text);
}

static void places_are_found_behind_escapes_and_doubled_keys(void **state)
{
    (void)state;
    struct outcome o =
        outcome_of(STR("{\"StartAt\": \"A\",\n \"States\": {\"\\u0041\": {\"Type\": \"Pass\",\n"
                       "  \"End\": true, \"Comment\": \"\xc3\xa4\", \"Comment\": 5}}}"));
    assert_int_equal(o.found.count, 1);
    const struct asl_diagnostic *item = &o.found.items[0];
    assert_str(item->location, "/States/A/Comment");
    assert_int_equal(item->line, 3);
    assert_int_equal(item->column, 43);
    assert_int_equal(item->length, 1);
    asl_diagnostics_done(&o.found);
}

static void a_text_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    struct outcome o = outcome_of(STR("{\"StartAt\": \"\xff\"}"));
    assert_string_equal(o.found.items[0].code, "INVALID_JSON_DESCRIPTION");
    asl_diagnostics_done(&o.found);
}

static void the_error_is_what_create_state_machine_answers(void **state)
{
    (void)state;
    struct outcome o =
        outcome_of(STR("{\"StartAt\": \"pass1\", \"States\": {\"pass1\": {\"Type\": \"Pass\","
                       "\"Next\": \"pass3\"}, \"pass2\": " STATE_END "}}"));
    assert_string_equal(
        o.err.message,
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: "
        "pass3 at /States/pass1/Next, MISSING_TRANSITION_TARGET: State \"pass2\" is not "
        "reachable. at /States/pass2'");
    asl_diagnostics_done(&o.found);
}

static void the_answer_in_json_can_be_cut(void **state)
{
    (void)state;
    struct outcome o = outcome_of(STR("{\"Foo\": 1}"));
    struct buf out;
    buf_init(&out, SIZE_MAX);
    asl_diagnostics_print_json(&o.found, ASL_ERROR, 1, &out);
    assert_str(buf_str(&out),
               "{\"result\":\"FAIL\",\"diagnostics\":[{\"severity\":\"ERROR\",\"code\":"
               "\"SCHEMA_VALIDATION_FAILED\",\"message\":\"These fields are required: [States, "
               "StartAt]\",\"location\":\"/\"}],\"truncated\":true}");
    buf_done(&out);
    asl_diagnostics_done(&o.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_has_one_mebibyte_at_most),
        cmocka_unit_test(machines_nest_up_to_a_limit),
        cmocka_unit_test(json_nests_up_to_a_limit),
        cmocka_unit_test(findings_are_kept_up_to_a_limit_and_counted_beyond),
        cmocka_unit_test(many_states_are_no_trouble),
        cmocka_unit_test(many_branches_of_one_name_are_no_trouble),
        cmocka_unit_test(many_mistakes_are_no_trouble),
        cmocka_unit_test(expressions_are_counted),
        cmocka_unit_test(places_are_found_behind_escapes_and_doubled_keys),
        cmocka_unit_test(a_text_that_is_no_utf8_is_refused),
        cmocka_unit_test(the_error_is_what_create_state_machine_answers),
        cmocka_unit_test(the_answer_in_json_can_be_cut),
    };
    return cmocka_run_group_tests_name("asl definition limits", tests, NULL, NULL);
}
