/* SPDX-License-Identifier: Apache-2.0 */
/* The public API, through the shared library and its one header. */
#include "afflux/jsonata.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define N AFX_NUL_TERMINATED

static const struct afx_value nothing;

struct fixture {
    struct afx_context *context;
    struct afx_error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    f->context = afx_context_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    afx_context_free(f->context);
    free(f);
    return 0;
}

static bool is_text(struct afx_text text, const char *expected)
{
    return text.n == strlen(expected) && memcmp(text.p, expected, text.n) == 0;
}

static struct afx_expr *compile(const char *text)
{
    struct afx_expr *expr = NULL;
    struct afx_error err;
    if (afx_compile(text, N, 0, &expr, &err) != AFX_OK)
        fail_msg("%s: %s %s", text, err.code, err.message);
    return expr;
}

static struct afx_document *parse(const char *json)
{
    struct afx_document *document = NULL;
    struct afx_error err;
    if (afx_document_parse(json, N, &document, &err) != AFX_OK)
        fail_msg("%s: %s %s", json, err.code, err.message);
    return document;
}

static void assert_json(struct afx_value value, const char *expected)
{
    char *text;
    struct afx_error err;
    assert_int_equal(afx_write(value, 0, 0, &text, NULL, &err), AFX_OK);
    assert_string_equal(text, expected);
    afx_free(text);
}

/* Evaluates on input and compares the JSON text of the result. Nothing of it is left. */
static void assert_result(struct fixture *f, const char *expression, struct afx_value input,
                          const char *expected)
{
    struct afx_expr *expr = compile(expression);
    struct afx_value result;
    if (afx_evaluate(f->context, expr, input, &result, &f->err) != AFX_OK)
        fail_msg("%s: %s %s", expression, f->err.code, f->err.message);
    assert_json(result, expected);
    afx_context_reset(f->context);
    afx_expr_free(expr);
}

static void assert_fails(struct fixture *f, const char *expression, enum afx_status status,
                         const char *code)
{
    struct afx_expr *expr = compile(expression);
    struct afx_value result = nothing;
    assert_int_equal(afx_evaluate(f->context, expr, nothing, &result, &f->err), status);
    assert_int_equal(f->err.status, status);
    assert_string_equal(f->err.code, code);
    assert_true(f->err.message[0] != '\0');
    assert_int_equal(afx_type_of(result), AFX_UNDEFINED);
    /* without a place for the error it works the same */
    assert_int_equal(afx_evaluate(f->context, expr, nothing, &result, NULL), status);
    afx_context_reset(f->context);
    afx_expr_free(expr);
}

/* ---- all in one ---- */

static void one_call_evaluates_text_to_text(void **state)
{
    (void)state;
    char *text = NULL;
    struct afx_error err;
    assert_int_equal(
        afx_eval_text("$sum(a.b)", "{\"a\": [{\"b\": 1}, {\"b\": 2.5}]}", 0, &text, &err), AFX_OK);
    assert_string_equal(text, "3.5");
    afx_free(text);
    assert_int_equal(afx_eval_text("[1..3]", NULL, 0, &text, NULL), AFX_OK);
    assert_string_equal(text, "[1,2,3]");
    afx_free(text);
    assert_int_equal(afx_eval_text("$partition([1,2,3], 2)", NULL, AFX_STEP_FUNCTIONS, &text, &err),
                     AFX_OK);
    assert_string_equal(text, "[[1,2],[3]]");
    afx_free(text);
    afx_free(NULL);
}

static void one_call_gives_an_empty_text_for_nothing_and_for_functions(void **state)
{
    (void)state;
    char *text = NULL;
    assert_int_equal(afx_eval_text("a.b", "{}", 0, &text, NULL), AFX_OK);
    assert_string_equal(text, "");
    afx_free(text);
    assert_int_equal(afx_eval_text("$sum", NULL, 0, &text, NULL), AFX_OK);
    assert_string_equal(text, "");
    afx_free(text);
}

static void one_call_tells_errors_of_all_stages(void **state)
{
    (void)state;
    char *text = NULL;
    struct afx_error err;
    assert_int_equal(afx_eval_text("1 +", "{}", 0, &text, &err), AFX_INVALID);
    assert_int_equal(err.code[0], 'S');
    assert_int_equal(afx_eval_text("1 + a", "{\"a\": ]", 0, &text, &err), AFX_INVALID);
    assert_string_equal(err.code, "JsonSyntax");
    assert_int_equal(err.start, 6);
    assert_non_null(strstr(err.message, "line 1, column 7"));
    assert_int_equal(afx_eval_text("1 + a", "{\"a\": \"x\"}", 0, &text, &err), AFX_INVALID);
    assert_string_equal(err.code, "T2002");
    assert_int_equal(afx_eval_text(NULL, "{}", 0, &text, &err), AFX_MISUSE);
    assert_int_equal(afx_eval_text("1", "{}", 0, NULL, &err), AFX_MISUSE);
    assert_null(text);
}

static void one_call_uses_the_clock_of_the_system(void **state)
{
    (void)state;
    char *text = NULL, *other = NULL;
    assert_int_equal(afx_eval_text("$millis() > 1600000000000", NULL, 0, &text, NULL), AFX_OK);
    assert_string_equal(text, "true");
    afx_free(text);
    assert_int_equal(afx_eval_text("$random()", NULL, 0, &text, NULL), AFX_OK);
    assert_int_equal(afx_eval_text("$random()", NULL, 0, &other, NULL), AFX_OK);
    assert_string_not_equal(text, other);
    afx_free(text);
    afx_free(other);
}

static void the_library_says_its_version(void **state)
{
    (void)state;
    assert_string_equal(afx_version(), AFFLUX_JSONATA_VERSION);
}

/* ---- expressions ---- */

static void syntax_errors_say_where(void **state)
{
    (void)state;
    struct afx_expr *expr = NULL;
    struct afx_error err;
    assert_int_equal(afx_compile("a.b + )", N, 0, &expr, &err), AFX_INVALID);
    assert_int_equal(err.status, AFX_INVALID);
    assert_string_equal(err.code, "S0211");
    assert_string_equal(err.token, ")");
    assert_int_equal(err.position, 7);
    assert_int_equal(err.start, 6);
    assert_int_equal(err.end, 7);
    assert_null(expr);
    assert_int_equal(afx_compile("a.b + )", N, 0, &expr, NULL), AFX_INVALID);
}

static void expressions_have_a_length_and_are_copied(void **state)
{
    struct fixture *f = *state;
    char text[] = "1 + 1 garbage";
    struct afx_expr *expr = NULL;
    struct afx_value result;
    assert_int_equal(afx_compile(text, 5, 0, &expr, &f->err), AFX_OK);
    memset(text, 'x', sizeof(text) - 1);
    assert_true(is_text(afx_expr_text(expr), "1 + 1"));
    assert_int_equal(afx_evaluate(f->context, expr, nothing, &result, &f->err), AFX_OK);
    assert_true(afx_number(result) == 2);
    afx_expr_free(expr);
    afx_expr_free(NULL);
    assert_true(is_text(afx_expr_text(NULL), ""));
}

static void texts_that_are_no_utf8_are_refused(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = NULL;
    struct afx_document *document = NULL;
    assert_int_equal(afx_compile("\"a\xff\"", N, 0, &expr, &f->err), AFX_INVALID);
    assert_int_equal(f->err.start, 2);
    assert_int_equal(afx_document_parse("\"a\xff\"", N, &document, &f->err), AFX_INVALID);
    assert_int_equal(f->err.start, 2);
    assert_null(expr);
    assert_null(document);
}

static void flags_choose_the_language(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = NULL;
    assert_int_equal(afx_compile("a ?? b", N, 0, &expr, &f->err), AFX_OK);
    afx_expr_free(expr);
    assert_int_equal(afx_compile("a ?? b", N, AFX_VERSION_206, &expr, &f->err), AFX_INVALID);
    assert_int_equal(afx_compile("a", N, 64, &expr, &f->err), AFX_MISUSE);
    char *text;
    assert_int_equal(afx_eval_text("$uuid() ~> $length", NULL, AFX_STEP_FUNCTIONS, &text, &f->err),
                     AFX_OK);
    assert_string_equal(text, "36");
    afx_free(text);
    assert_int_equal(afx_eval_text("$uuid()", NULL, 0, &text, &f->err), AFX_INVALID);
    assert_int_equal(afx_eval_text("$eval('1')", NULL, AFX_STEP_FUNCTIONS, &text, &f->err),
                     AFX_INVALID);
}

static void long_and_deep_expressions_are_limits(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = NULL;
    size_t n = 3 << 20;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, ' ', n);
    assert_int_equal(afx_compile(text, n, 0, &expr, &f->err), AFX_LIMIT);
    memset(text, '(', n);
    assert_int_equal(afx_compile(text, 1 << 19, 0, &expr, &f->err), AFX_LIMIT);
    memset(text, '[', n);
    struct afx_document *document = NULL;
    assert_int_equal(afx_document_parse(text, n, &document, &f->err), AFX_LIMIT);
    assert_string_equal(f->err.code, "JsonTooDeep");
    free(text);
}

static void expressions_know_what_they_read(void **state)
{
    (void)state;
    struct afx_expr *plain = compile("$x + $sum($y) + ($z := 1; $z)"), *clock = compile("$now()"),
                    *random = compile("$random()");
    struct afx_text name;
    bool has_x = false, has_y = false;
    size_t count = 0;
    for (; afx_free_variable(plain, count, &name); count++) {
        has_x |= is_text(name, "x");
        has_y |= is_text(name, "y");
    }
    assert_int_equal(count, 2);
    assert_true(has_x && has_y);
    assert_false(afx_free_variable(plain, SIZE_MAX, &name));
    assert_false(afx_reads_clock(plain) || afx_reads_random(plain));
    assert_true(afx_reads_clock(clock) && !afx_reads_random(clock));
    assert_true(afx_reads_random(random) && !afx_reads_clock(random));
    assert_false(afx_reads_clock(NULL) || afx_reads_random(NULL) ||
                 afx_free_variable(NULL, 0, &name));
    afx_expr_free(plain);
    afx_expr_free(clock);
    afx_expr_free(random);
}

/* ---- values ---- */

static void values_of_a_document_can_be_walked(void **state)
{
    (void)state;
    struct afx_document *document =
        parse("{\"a\": [1, \"x\", null, true, {}], \"b\\u00e9\": -0.5, \"n\": {\"m\": \"\"}}");
    struct afx_value root = afx_document_root(document);
    struct afx_value array = afx_get(root, "a", N);
    assert_int_equal(afx_type_of(root), AFX_OBJECT);
    assert_int_equal(afx_count(root), 3);
    assert_true(is_text(afx_member_name(root, 1), "b\xc3\xa9"));
    assert_true(afx_number(afx_member(root, 1)) == -0.5);
    assert_int_equal(afx_type_of(array), AFX_ARRAY);
    assert_int_equal(afx_count(array), 5);
    assert_true(afx_number(afx_item(array, 0)) == 1);
    assert_true(is_text(afx_string(afx_item(array, 1)), "x"));
    assert_int_equal(afx_type_of(afx_item(array, 2)), AFX_NULL);
    assert_true(afx_bool(afx_item(array, 3)));
    assert_int_equal(afx_count(afx_item(array, 4)), 0);
    assert_int_equal(afx_type_of(afx_get(afx_get(root, "nope", 1), "m", 1)), AFX_STRING);
    afx_document_free(document);
}

static void asking_a_value_for_what_it_is_not_gives_nothing(void **state)
{
    (void)state;
    struct afx_document *document = parse("[1, \"x\"]");
    struct afx_value array = afx_document_root(document);
    int64_t number = 7;
    assert_int_equal(afx_type_of(nothing), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_item(array, 2)), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_item(array, SIZE_MAX)), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_get(array, "a", N)), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_get(array, NULL, 5)), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_member(array, 0)), AFX_UNDEFINED);
    assert_int_equal(afx_type_of(afx_item(afx_item(array, 0), 0)), AFX_UNDEFINED);
    assert_true(is_text(afx_member_name(array, 0), ""));
    assert_true(is_text(afx_string(array), ""));
    assert_int_equal(afx_count(afx_item(array, 1)), 0);
    assert_true(afx_number(afx_item(array, 1)) == 0);
    assert_false(afx_bool(afx_item(array, 0)));
    assert_false(afx_int64(afx_item(array, 1), &number));
    assert_int_equal(number, 7);
    afx_document_free(document);
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(afx_type_name(AFX_UNDEFINED), "undefined");
    assert_string_equal(afx_type_name(AFX_FUNCTION), "function");
    assert_string_equal(afx_type_name((enum afx_type)99), "undefined");
}

static void integers_are_told_exactly_or_not_at_all(void **state)
{
    (void)state;
    struct {
        const char *json;
        bool is_exact;
        int64_t number;
    } cases[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"9007199254740992", true, 9007199254740992},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"9007199254740993.0", false, 0},
        {"0.5", false, 0},
        {"1e300", false, 0},
        {"1e999", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct afx_document *document = parse(cases[i].json);
        int64_t number = 0;
        assert_int_equal(afx_int64(afx_document_root(document), &number), cases[i].is_exact);
        assert_true(number == cases[i].number);
        afx_document_free(document);
    }
    struct afx_document *document = parse("1e999");
    assert_true(isinf(afx_number(afx_document_root(document))));
    afx_document_free(document);
}

static void results_show_undefined_inside_arrays_as_null_and_functions_as_functions(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = compile("[{\"f\": $sum, \"l\": function($x) { $x }}, 1]");
    struct afx_value result;
    assert_int_equal(afx_evaluate(f->context, expr, nothing, &result, &f->err), AFX_OK);
    assert_int_equal(afx_type_of(afx_get(afx_item(result, 0), "f", N)), AFX_FUNCTION);
    assert_json(result, "[{\"f\":\"\",\"l\":\"\"},1]");
    afx_context_reset(f->context);
    afx_expr_free(expr);
}

/* ---- writing ---- */

static void values_are_written_compact_pretty_and_exact(void **state)
{
    (void)state;
    struct afx_document *document =
        parse("{\"a\": [1.0, 12345678901234567890], \"b\": \"\\ud800\\n\"}");
    struct afx_value root = afx_document_root(document);
    char *text;
    size_t n;
    assert_int_equal(afx_write(root, 0, 0, &text, &n, NULL), AFX_OK);
    assert_string_equal(text, "{\"a\":[1,12345678901234567000],\"b\":\"\\ud800\\n\"}");
    assert_int_equal(n, strlen(text));
    afx_free(text);
    assert_int_equal(afx_write(root, AFX_WRITE_EXACT, 0, &text, NULL, NULL), AFX_OK);
    assert_string_equal(text, "{\"a\":[1.0,12345678901234567890],\"b\":\"\\ud800\\n\"}");
    afx_free(text);
    assert_int_equal(afx_write(afx_get(root, "a", N), AFX_WRITE_PRETTY, 0, &text, NULL, NULL),
                     AFX_OK);
    assert_string_equal(text, "[\n  1,\n  12345678901234567000\n]");
    afx_free(text);
    afx_document_free(document);
}

static void writing_has_a_maximum(void **state)
{
    struct fixture *f = *state;
    struct afx_document *document = parse("[1,2,3]");
    struct afx_value root = afx_document_root(document);
    char *text = NULL;
    assert_int_equal(afx_write(root, 0, 7, &text, NULL, &f->err), AFX_OK);
    afx_free(text);
    text = NULL;
    assert_int_equal(afx_write(root, 0, 6, &text, NULL, &f->err), AFX_LIMIT);
    assert_string_equal(f->err.code, "JsonTooLarge");
    assert_int_equal(f->err.position, AFX_NO_POSITION);
    assert_null(text);
    assert_int_equal(afx_write(root, 128, 0, &text, NULL, &f->err), AFX_MISUSE);
    assert_int_equal(afx_write(root, 0, 0, NULL, NULL, &f->err), AFX_MISUSE);
    afx_document_free(document);
}

static void values_can_be_written_into_a_buffer_of_ours(void **state)
{
    struct fixture *f = *state;
    struct afx_document *document = parse("[1,2,3]");
    struct afx_value root = afx_document_root(document);
    char buffer[9] = "unchange";
    size_t n = 99;
    assert_int_equal(afx_write_to(root, 0, buffer, 8, &n, &f->err), AFX_OK);
    assert_string_equal(buffer, "[1,2,3]");
    assert_int_equal(n, 7);
    assert_int_equal(afx_write_to(root, 0, buffer, 7, &n, &f->err), AFX_LIMIT);
    assert_string_equal(f->err.code, "NoRoom");
    assert_string_equal(buffer, "");
    assert_int_equal(n, 7);
    assert_int_equal(afx_write_to(nothing, 0, buffer, 1, &n, &f->err), AFX_OK);
    assert_int_equal(n, 0);
    assert_int_equal(afx_write_to(root, 0, buffer, 0, &n, &f->err), AFX_MISUSE);
    assert_int_equal(afx_write_to(root, 0, NULL, 9, &n, &f->err), AFX_MISUSE);
    afx_document_free(document);
}

static void numbers_beyond_doubles_cannot_be_written_unless_exactly(void **state)
{
    struct fixture *f = *state;
    struct afx_document *document = parse("[1e999]");
    char *text;
    assert_int_equal(afx_write(afx_document_root(document), 0, 0, &text, NULL, &f->err),
                     AFX_INVALID);
    assert_string_equal(f->err.code, "JsonNumber");
    assert_int_equal(
        afx_write(afx_document_root(document), AFX_WRITE_EXACT, 0, &text, NULL, &f->err), AFX_OK);
    assert_string_equal(text, "[1e999]");
    afx_free(text);
    afx_document_free(document);
}

/* ---- documents ---- */

static void documents_copy_their_text_and_know_their_size(void **state)
{
    (void)state;
    char text[] = "[\"text\"]";
    struct afx_document *document = parse(text);
    memset(text, 'x', sizeof(text) - 1);
    assert_json(afx_document_root(document), "[\"text\"]");
    assert_true(afx_document_bytes(document) >= sizeof(text));
    afx_document_free(document);
    afx_document_free(NULL);
    assert_int_equal(afx_document_bytes(NULL), 0);
    assert_int_equal(afx_type_of(afx_document_root(NULL)), AFX_UNDEFINED);
}

static void empty_and_missing_texts_are_errors(void **state)
{
    struct fixture *f = *state;
    struct afx_document *document = NULL;
    assert_int_equal(afx_document_parse("", 0, &document, &f->err), AFX_INVALID);
    assert_int_equal(f->err.start, 0);
    assert_int_equal(afx_document_parse(NULL, 0, &document, &f->err), AFX_INVALID);
    assert_int_equal(afx_document_parse(NULL, 3, &document, &f->err), AFX_MISUSE);
    assert_int_equal(afx_document_parse("1", 1, NULL, &f->err), AFX_MISUSE);
    assert_null(document);
}

static void a_result_kept_as_a_document_outlives_everything(void **state)
{
    struct fixture *f = *state;
    struct afx_document *input =
        parse("{\"a\": \"text that is long enough to lie in the document\"}");
    struct afx_document *kept = NULL, *none = NULL;
    struct afx_expr *expr = compile("{\"copy\": [a, a], \"f\": $sum, \"n\": 1 + 1}");
    struct afx_value result;
    assert_int_equal(afx_evaluate(f->context, expr, afx_document_root(input), &result, &f->err),
                     AFX_OK);
    assert_int_equal(afx_document_of_value(result, 0, &kept, &f->err), AFX_OK);
    assert_int_equal(afx_document_of_value(result, 10, &none, &f->err), AFX_LIMIT);
    assert_int_equal(afx_document_of_value(nothing, 0, &none, &f->err), AFX_INVALID);
    assert_int_equal(afx_document_of_value(result, 0, NULL, &f->err), AFX_MISUSE);
    assert_null(none);
    afx_context_reset(f->context);
    afx_expr_free(expr);
    afx_document_free(input);
    assert_json(
        afx_document_root(kept),
        "{\"copy\":[\"text that is long enough to lie in the document\",\"text that is long "
        "enough to lie in the document\"],\"f\":\"\",\"n\":2}");
    assert_result(f, "$append(copy, n)[2]", afx_document_root(kept), "2");
    assert_result(f, "$append(copy, n)[2]", afx_document_root(kept), "2");
    afx_document_free(kept);
}

/* ---- evaluating ---- */

static void an_expression_is_evaluated_many_times(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = compile("items[price > 10].name");
    const char *inputs[] = {
        "{\"items\": [{\"name\": \"a\", \"price\": 5}, {\"name\": \"b\", \"price\": 15}]}",
        "{\"items\": {\"name\": \"c\", \"price\": 11}}", "{}"};
    const char *expected[] = {"\"b\"", "\"c\"", ""};
    size_t bytes = 0;
    for (size_t i = 0; i < 3000; i++) {
        struct afx_document *document = parse(inputs[i % 3]);
        struct afx_value result;
        assert_int_equal(
            afx_evaluate(f->context, expr, afx_document_root(document), &result, &f->err), AFX_OK);
        assert_json(result, expected[i % 3]);
        if (i == 0)
            bytes = afx_context_bytes(f->context);
        assert_true(afx_context_bytes(f->context) <= bytes * 2 + 1000);
        afx_context_reset(f->context);
        afx_document_free(document);
    }
    assert_int_equal(afx_context_bytes(f->context), 0);
    assert_int_equal(afx_context_bytes(NULL), 0);
    afx_context_reset(NULL);
    afx_expr_free(expr);
}

static void results_serve_as_input_of_further_evaluations(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *first = compile("[1..5].{\"n\": $}"), *second = compile("$sum(n)"),
                    *third = compile("$append($, [9])[-1] + $append($, 1)[-1]");
    struct afx_value list, sum;
    assert_int_equal(afx_evaluate(f->context, first, nothing, &list, &f->err), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, second, list, &sum, &f->err), AFX_OK);
    assert_true(afx_number(sum) == 15);
    assert_int_equal(afx_evaluate(f->context, second, afx_item(list, 2), &sum, &f->err), AFX_OK);
    assert_true(afx_number(sum) == 3);
    assert_int_equal(afx_evaluate(f->context, third, list, &sum, &f->err), AFX_OK);
    assert_true(afx_number(sum) == 10);
    assert_int_equal(afx_count(list), 5);
    afx_context_reset(f->context);
    afx_expr_free(first);
    afx_expr_free(second);
    afx_expr_free(third);
}

static void functions_stay_in_their_evaluation(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *make = compile("{\"a\": [{\"f\": function($x) { $x }}]}"),
                    *use = compile("a.f(1)");
    struct afx_value made, used;
    assert_int_equal(afx_evaluate(f->context, make, nothing, &made, &f->err), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, use, made, &used, &f->err), AFX_INVALID);
    assert_string_equal(f->err.code, "Function");
    struct afx_value function = afx_get(afx_item(afx_get(made, "a", 1), 0), "f", 1);
    assert_int_equal(afx_type_of(function), AFX_FUNCTION);
    assert_int_equal(afx_bind(f->context, "f", 1, function, &f->err), AFX_INVALID);
    assert_string_equal(f->err.code, "Function");
    afx_context_reset(f->context);
    afx_expr_free(make);
    afx_expr_free(use);
}

static void a_result_too_large_to_look_through_is_refused(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *make =
        compile("($f := function($n, $x) { $n = 0 ? $x : $f($n - 1, [[$x, $x], 1]) }; $f(100, 1))");
    struct afx_value made, used;
    struct afx_expr *use = compile("$count($)");
    char *text = NULL;
    assert_int_equal(afx_evaluate(f->context, make, nothing, &made, &f->err), AFX_OK);
    assert_int_equal(afx_context_set_limit(f->context, AFX_LIMIT_STEPS, 100000), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, use, made, &used, &f->err), AFX_LIMIT);
    assert_int_equal(afx_write(made, 0, 1 << 20, &text, NULL, &f->err), AFX_LIMIT);
    afx_context_reset(f->context);
    afx_expr_free(make);
    afx_expr_free(use);
}

static void calls_without_what_they_need_are_misuse(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = compile("1");
    struct afx_value result;
    assert_int_equal(afx_evaluate(NULL, expr, nothing, &result, &f->err), AFX_MISUSE);
    assert_string_equal(f->err.code, "Misuse");
    assert_int_equal(afx_evaluate(f->context, NULL, nothing, &result, &f->err), AFX_MISUSE);
    assert_int_equal(afx_evaluate(f->context, expr, nothing, NULL, NULL), AFX_MISUSE);
    assert_int_equal(afx_compile(NULL, 1, 0, NULL, &f->err), AFX_MISUSE);
    assert_int_equal(afx_bind(NULL, "x", 1, nothing, &f->err), AFX_MISUSE);
    assert_int_equal(afx_bind(f->context, "", 0, nothing, &f->err), AFX_MISUSE);
    assert_int_equal(afx_bind_json(f->context, NULL, 0, "1", 1, &f->err), AFX_MISUSE);
    assert_false(afx_unbind(NULL, "x", 1));
    assert_int_equal(afx_context_set_limit(NULL, AFX_LIMIT_STEPS, 1), AFX_MISUSE);
    afx_context_set_clock(NULL, 1);
    afx_context_set_seed(NULL, 1);
    afx_context_use_system(NULL);
    afx_context_free(NULL);
    afx_expr_free(expr);
}

static void errors_have_code_place_token_and_value(void **state)
{
    struct fixture *f = *state;
    assert_fails(f, "[1, 2].(1 + \"a\")", AFX_INVALID, "T2002");
    assert_string_equal(f->err.token, "+");
    assert_string_equal(f->err.value, "\"a\"");
    assert_true(f->err.start >= 8 && f->err.end <= 15 && f->err.start < f->err.end);
    assert_fails(f, "$error(\"mine\")", AFX_INVALID, "D3137");
    assert_string_equal(f->err.message, "mine");
    assert_fails(f, "$number(\"x\")", AFX_INVALID, "D3030");
}

/* ---- limits ---- */

static void every_limit_ends_an_evaluation_with_its_code(void **state)
{
    struct fixture *f = *state;
    const char *endless = "($f := function($n) { $f($n + 1) }; $f(0))";
    const char *deep = "($f := function($n) { 1 + $f($n + 1) }; $f(0))";
    const char *large = "($f := function($s) { $f($s & $s) }; $f(\"0123456789abcdef\"))";
    const char *regex = "$match(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", /(a+)+(?!!)$/)";
    struct afx_context *c = f->context;
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STEPS, 100000), AFX_OK);
    assert_fails(f, endless, AFX_LIMIT, "D1012");
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STEPS, 0), AFX_OK);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_DEPTH, 50), AFX_OK);
    assert_fails(f, deep, AFX_LIMIT, "D1011");
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_DEPTH, 0), AFX_OK);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STACK_BYTES, 100000), AFX_OK);
    assert_fails(f, deep, AFX_LIMIT, "D1011");
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STACK_BYTES, 0), AFX_OK);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_BYTES, 1 << 20), AFX_OK);
    assert_fails(f, large, AFX_LIMIT, "U1002");
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_BYTES, 0), AFX_OK);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_REGEX_EFFORT, 1000), AFX_OK);
    assert_fails(f, regex, AFX_LIMIT, "U1003");
    assert_result(f, "1 + 1", nothing, "2");
}

static void limits_that_make_no_sense_are_refused(void **state)
{
    struct fixture *f = *state;
    struct afx_context *c = f->context;
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STEPS, UINT64_MAX), AFX_MISUSE);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_BYTES, UINT64_MAX), AFX_MISUSE);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_DEPTH, UINT64_MAX), AFX_MISUSE);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_REGEX_EFFORT, UINT64_MAX), AFX_MISUSE);
    assert_int_equal(afx_context_set_limit(c, AFX_LIMIT_STACK_BYTES, UINT64_MAX), AFX_MISUSE);
    assert_int_equal(afx_context_set_limit(c, (enum afx_limit)99, 1), AFX_MISUSE);
    assert_result(f, "1 + 1", nothing, "2");
}

/* ---- clock and seed ---- */

static void clock_and_seed_decide_what_an_evaluation_gives(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *random = compile("$random()");
    struct afx_value first, second, third;
    assert_result(f, "$now()", nothing, "\"1970-01-01T00:00:00.000Z\"");
    afx_context_set_clock(f->context, 1700000000123);
    assert_result(f, "$now() & $millis()", nothing, "\"2023-11-14T22:13:20.123Z1700000000123\"");
    afx_context_set_seed(f->context, 42);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &first, &f->err), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &second, &f->err), AFX_OK);
    afx_context_set_seed(f->context, 43);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &third, &f->err), AFX_OK);
    assert_true(afx_number(first) == afx_number(second));
    assert_true(afx_number(first) != afx_number(third));
    afx_expr_free(random);
}

static void the_system_gives_clock_and_seed_when_asked(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *random = compile("$random()");
    struct afx_value first, second;
    afx_context_use_system(f->context);
    assert_result(f, "$millis() > 1600000000000", nothing, "true");
    assert_int_equal(afx_evaluate(f->context, random, nothing, &first, &f->err), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &second, &f->err), AFX_OK);
    assert_true(afx_number(first) != afx_number(second));
    afx_context_set_clock(f->context, 5);
    assert_result(f, "$millis()", nothing, "5");
    afx_context_set_seed(f->context, 5);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &first, &f->err), AFX_OK);
    assert_int_equal(afx_evaluate(f->context, random, nothing, &second, &f->err), AFX_OK);
    assert_true(afx_number(first) == afx_number(second));
    afx_expr_free(random);
}

/* ---- variables ---- */

static void variables_are_bound_replaced_and_unbound(void **state)
{
    struct fixture *f = *state;
    struct afx_document *document = parse("{\"deep\": [1, 2]}");
    struct afx_value root = afx_document_root(document);
    assert_int_equal(afx_bind_json(f->context, "x", N, "{\"a\": 1}", N, &f->err), AFX_OK);
    assert_int_equal(afx_bind(f->context, "yy", 1, afx_get(root, "deep", N), &f->err), AFX_OK);
    assert_result(f, "$x.a + $sum($y)", nothing, "4");
    assert_int_equal(afx_bind_json(f->context, "x", N, "{\"a\": 2}", N, &f->err), AFX_OK);
    assert_result(f, "$x.a + $sum($y)", nothing, "5");
    assert_int_equal(afx_bind_json(f->context, "x", N, "{\"a\": }", N, &f->err), AFX_INVALID);
    assert_result(f, "$x.a", nothing, "2");
    assert_true(afx_unbind(f->context, "x", N));
    assert_false(afx_unbind(f->context, "x", N));
    assert_result(f, "[$x.a, $y]", nothing, "[1,2]");
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "v%d", i);
        assert_int_equal(afx_bind_json(f->context, name, N, name + 1, N, &f->err), AFX_OK);
    }
    assert_result(f, "$v0 + $v50 + $v99", nothing, "149");
    afx_document_free(document);
}

static void results_stay_when_their_variable_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct afx_expr *expr = compile("$x.a");
    struct afx_value result;
    assert_int_equal(
        afx_bind_json(f->context, "x", 1, "{\"a\": \"a text of some length\"}", N, &f->err),
        AFX_OK);
    assert_int_equal(afx_evaluate(f->context, expr, nothing, &result, &f->err), AFX_OK);
    assert_int_equal(afx_bind_json(f->context, "x", 1, "1", N, &f->err), AFX_OK);
    assert_true(afx_unbind(f->context, "x", 1));
    assert_json(result, "\"a text of some length\"");
    afx_expr_free(expr);
}

static void a_variable_can_hide_a_built_in_function(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(afx_bind_json(f->context, "sum", N, "7", N, &f->err), AFX_OK);
    assert_result(f, "$sum + 1", nothing, "8");
    assert_true(afx_unbind(f->context, "sum", N));
    assert_result(f, "$sum([1, 2])", nothing, "3");
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 500 };

struct shared {
    const struct afx_expr *expr;
    const struct afx_document *document;
};

static void *evaluate_on_a_thread(void *arg)
{
    const struct shared *shared = arg;
    struct afx_context *context = afx_context_new();
    intptr_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct afx_value result;
        char text[64];
        bool ok = afx_evaluate(context, shared->expr, afx_document_root(shared->document), &result,
                               NULL) == AFX_OK &&
                  afx_write_to(result, 0, text, sizeof(text), NULL, NULL) == AFX_OK;
        wrong += !ok || strcmp(text, "{\"sum\":10,\"names\":\"A-B-C\",\"all\":4}") != 0;
        afx_context_reset(context);
    }
    afx_context_free(context);
    return (void *)wrong;
}

static void threads_share_an_expression_and_a_document(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct afx_expr *expr = compile(
        "{\"sum\": $sum(items.n), \"names\": $join(items.name.$replace($, /^[a-z]/, "
        "function($m) { $uppercase($m.match) }), \"-\"), \"all\": $count($append(items, 1))}");
    struct afx_document *document =
        parse("{\"items\": [{\"n\": 1, \"name\": \"a\"}, {\"n\": 2, \"name\": \"b\"}, "
              "{\"n\": 7, \"name\": \"c\"}]}");
    struct shared shared = {expr, document};
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate_on_a_thread, &shared), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_int_equal((intptr_t)wrong, 0);
    }
    afx_expr_free(expr);
    afx_document_free(document);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_call_evaluates_text_to_text),
        TEST(one_call_gives_an_empty_text_for_nothing_and_for_functions),
        TEST(one_call_tells_errors_of_all_stages),
        TEST(one_call_uses_the_clock_of_the_system),
        TEST(the_library_says_its_version),
        TEST(syntax_errors_say_where),
        TEST(expressions_have_a_length_and_are_copied),
        TEST(texts_that_are_no_utf8_are_refused),
        TEST(flags_choose_the_language),
        TEST(long_and_deep_expressions_are_limits),
        TEST(expressions_know_what_they_read),
        TEST(values_of_a_document_can_be_walked),
        TEST(asking_a_value_for_what_it_is_not_gives_nothing),
        TEST(types_have_names),
        TEST(integers_are_told_exactly_or_not_at_all),
        TEST(results_show_undefined_inside_arrays_as_null_and_functions_as_functions),
        TEST(values_are_written_compact_pretty_and_exact),
        TEST(writing_has_a_maximum),
        TEST(values_can_be_written_into_a_buffer_of_ours),
        TEST(numbers_beyond_doubles_cannot_be_written_unless_exactly),
        TEST(documents_copy_their_text_and_know_their_size),
        TEST(empty_and_missing_texts_are_errors),
        TEST(a_result_kept_as_a_document_outlives_everything),
        TEST(an_expression_is_evaluated_many_times),
        TEST(results_serve_as_input_of_further_evaluations),
        TEST(functions_stay_in_their_evaluation),
        TEST(a_result_too_large_to_look_through_is_refused),
        TEST(calls_without_what_they_need_are_misuse),
        TEST(errors_have_code_place_token_and_value),
        TEST(every_limit_ends_an_evaluation_with_its_code),
        TEST(limits_that_make_no_sense_are_refused),
        TEST(clock_and_seed_decide_what_an_evaluation_gives),
        TEST(the_system_gives_clock_and_seed_when_asked),
        TEST(variables_are_bound_replaced_and_unbound),
        TEST(results_stay_when_their_variable_is_replaced),
        TEST(a_variable_can_hide_a_built_in_function),
        TEST(threads_share_an_expression_and_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
