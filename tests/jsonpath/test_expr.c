/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what cases as data cannot say. Facts, what is asked of the caller, chance, limits.
 */
#include "base/buf.h"
#include "json/parse.h"
#include "jsonpath/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct asked {
    unsigned contexts, variables;
};

struct fixture {
    struct arena arena;
    struct json_shapes shapes;
    struct asked asked;
    struct jsonpath_env env;
    enum jsonpath_missing missing;
    enum jsonpath_failure kind;
    str path;
    struct error err;
};

static struct json_val count_context(void *arg)
{
    ((struct asked *)arg)->contexts++;
    return json_num(1);
}

static bool count_variable(void *arg, str name, struct json_val *ret)
{
    ((struct asked *)arg)->variables++;
    *ret = json_num(2);
    return !str_eq(name, STR("unset"));
}

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    arena_init(&f->arena, 0);
    json_shapes_init(&f->shapes, &f->arena);
    f->env = (struct jsonpath_env){.arena = &f->arena,
                                   .shapes = &f->shapes,
                                   .input = json_num(0),
                                   .context = count_context,
                                   .variable = count_variable,
                                   .arg = &f->asked};
}

static const struct jsonpath_expr *compile(struct fixture *f, const char *text)
{
    const struct jsonpath_expr *x = NULL;
    assert_int_equal(jsonpath_expr_compile(&f->arena, str_of(text), &x, &f->err), STATUS_OK);
    return x;
}

static enum status eval(struct fixture *f, const struct jsonpath_expr *x, struct json_val *ret)
{
    return jsonpath_expr_eval(x, &f->env, ret, &f->missing, &f->kind, &f->path, &f->err);
}

static void the_facts_of_an_expression_are_told(void **state)
{
    (void)state;
    struct fixture f;
    str name;
    fixture_init(&f);
    const struct jsonpath_expr *x =
        compile(&f, "States.Array($b, $$.x, States.Array($a.y, $b[0]), $.c)");
    assert_null(jsonpath_expr_path(x));
    assert_true(jsonpath_expr_uses_context(x));
    assert_true(jsonpath_expr_variable(x, 0, &name) && str_eq(name, STR("b")));
    assert_true(jsonpath_expr_variable(x, 1, &name) && str_eq(name, STR("a")));
    assert_false(jsonpath_expr_variable(x, 2, &name));
    assert_false(jsonpath_expr_is_random(x));
    x = compile(&f, "$.a");
    assert_non_null(jsonpath_expr_path(x));
    assert_false(jsonpath_expr_uses_context(x));
    assert_false(jsonpath_expr_variable(x, 0, &name));
    assert_true(jsonpath_expr_is_random(compile(&f, "States.Array(States.UUID())")));
    assert_true(jsonpath_expr_is_random(compile(&f, "States.MathRandom(1, 2)")));
    assert_false(jsonpath_expr_is_random(compile(&f, "States.MathRandom(1, 2, 3)")));
    arena_done(&f.arena);
}

static void context_and_variables_are_asked_for_only_when_read(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    fixture_init(&f);
    assert_int_equal(eval(&f, compile(&f, "States.Array($, 'x')"), &v), STATUS_OK);
    assert_int_equal(f.asked.contexts + f.asked.variables, 0);
    assert_int_equal(eval(&f, compile(&f, "States.Array($$, $v, $w)"), &v), STATUS_OK);
    assert_int_equal(f.asked.contexts, 1);
    assert_int_equal(f.asked.variables, 2);
    arena_done(&f.arena);
}

static void an_environment_may_have_no_context_and_no_variables(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    fixture_init(&f);
    f.env.context = NULL;
    f.env.variable = NULL;
    assert_int_equal(eval(&f, compile(&f, "$$"), &v), STATUS_OK);
    assert_int_equal(v.tag, JSON_NULL);
    assert_int_equal(eval(&f, compile(&f, "$v"), &v), STATUS_NOT_FOUND);
    assert_int_equal(f.missing, JSONPATH_MISSING_VARIABLE);
    assert_int_equal(f.kind, JSONPATH_FAILED_PATH);
    arena_done(&f.arena);
}

static void the_seed_decides_about_chance(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val a, b, c;
    fixture_init(&f);
    const struct jsonpath_expr *x = compile(&f, "States.Array(States.UUID(), States.UUID())");
    assert_int_equal(eval(&f, x, &a), STATUS_OK);
    assert_int_equal(eval(&f, x, &b), STATUS_OK);
    f.env.seed = 1;
    assert_int_equal(eval(&f, x, &c), STATUS_OK);
    assert_true(str_eq(json_str(a.items[0]), json_str(b.items[0])));
    assert_true(str_eq(json_str(a.items[1]), json_str(b.items[1])));
    assert_false(str_eq(json_str(a.items[0]), json_str(a.items[1])));
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            assert_false(str_eq(json_str(a.items[i]), json_str(c.items[k])));
    arena_done(&f.arena);
}

static void a_uuid_is_of_version_4(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    fixture_init(&f);
    const struct jsonpath_expr *x = compile(&f, "States.UUID()");
    for (f.env.seed = 0; f.env.seed < 100; f.env.seed++) {
        assert_int_equal(eval(&f, x, &v), STATUS_OK);
        assert_int_equal(v.len, 36);
        for (uint32_t i = 0; i < v.len; i++)
            assert_true((i == 8 || i == 13 || i == 18 || i == 23) == (v.ptr[i] == '-'));
        assert_int_equal(v.ptr[14], '4');
        assert_non_null(strchr("89ab", v.ptr[19]));
    }
    arena_done(&f.arena);
}

static void a_random_number_lies_between_start_and_end(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    unsigned seen[3] = {0};
    fixture_init(&f);
    const struct jsonpath_expr *x = compile(&f, "States.MathRandom(-1, 2)");
    const struct jsonpath_expr *wide = compile(&f, "States.MathRandom(-2147483648, 2147483647)");
    for (f.env.seed = 0; f.env.seed < 300; f.env.seed++) {
        assert_int_equal(eval(&f, x, &v), STATUS_OK);
        assert_in_range(json_number(v) + 1, 0, 2);
        seen[(int)json_number(v) + 1]++;
        assert_int_equal(eval(&f, wide, &v), STATUS_OK);
        assert_true(json_number(v) >= INT32_MIN && json_number(v) < INT32_MAX);
    }
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > 50);
    arena_done(&f.arena);
}

static void results_stay_within_the_limit_of_the_arena(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "States.ArrayUnique($.items)",     "States.ArrayPartition($.items, 1)",
        "States.JsonToString($.items)",    "States.Format('{}', $.items)",
        "States.StringSplit($.text, ',')", "States.StringToJson($.json)",
    };
    enum { COUNT = 20000 };
    struct fixture f;
    struct arena small;
    struct json_val v;
    struct buf text;
    fixture_init(&f);
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"items\": ["));
    for (int i = 0; i < COUNT; i++)
        buf_printf(&text, "%s%d", i ? "," : "", i);
    buf_add(&text, STR("], \"text\": \""));
    for (int i = 0; i < COUNT; i++)
        buf_add(&text, STR("a,"));
    buf_add(&text, STR("\", \"json\": \"["));
    for (int i = 0; i < COUNT; i++)
        buf_add(&text, STR("1,"));
    buf_add(&text, STR("1]\"}"));
    assert_int_equal(json_parse_in(&f.arena, buf_str(&text), NULL, &f.env.input, &f.err),
                     STATUS_OK);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const struct jsonpath_expr *x = compile(&f, texts[i]);
        f.env.arena = &f.arena;
        assert_int_equal(eval(&f, x, &v), STATUS_OK);
        arena_init(&small, 1 << 16);
        f.env.arena = &small;
        assert_int_equal(eval(&f, x, &v), STATUS_LIMIT);
        assert_string_equal(f.err.name, "JsonPathLimit");
        assert_int_equal(f.kind, JSONPATH_FAILED_INTRINSIC);
        arena_done(&small);
    }
    buf_done(&text);
    arena_done(&f.arena);
}

static void a_text_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    fixture_init(&f);
    size_t n = JSONPATH_TEXT_MAX / 2 + 1;
    char *bytes = arena_alloc(&f.arena, n);
    memset(bytes, 'x', n);
    f.env.input = json_string((str){bytes, n}, 0);
    assert_int_equal(eval(&f, compile(&f, "States.Format('{}', $)"), &v), STATUS_OK);
    assert_int_equal(eval(&f, compile(&f, "States.Format('{}{}', $, $)"), &v), STATUS_LIMIT);
    assert_int_equal(eval(&f, compile(&f, "States.JsonToString(States.Array($, $))"), &v),
                     STATUS_LIMIT);
    arena_done(&f.arena);
}

static void values_too_deep_to_print_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct json_val v;
    fixture_init(&f);
    struct json_val *items = arena_alloc(&f.arena, sizeof *items * JSON_MAX_DEPTH);
    items[0] = json_array(NULL, 0);
    for (int i = 1; i < JSON_MAX_DEPTH; i++)
        items[i] = json_array(&items[i - 1], 1);
    f.env.input = items[JSON_MAX_DEPTH - 1];
    assert_int_equal(eval(&f, compile(&f, "States.Format('{}', $)"), &v), STATUS_OK);
    assert_int_equal(eval(&f, compile(&f, "States.Format('{}', States.Array($))"), &v),
                     STATUS_LIMIT);
    assert_int_equal(eval(&f, compile(&f, "States.JsonToString(States.Array($))"), &v),
                     STATUS_LIMIT);
    assert_int_equal(
        eval(&f, compile(&f, "States.ArrayContains(States.Array($), States.Array($))"), &v),
        STATUS_OK);
    arena_done(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_of_an_expression_are_told),
        cmocka_unit_test(context_and_variables_are_asked_for_only_when_read),
        cmocka_unit_test(an_environment_may_have_no_context_and_no_variables),
        cmocka_unit_test(the_seed_decides_about_chance),
        cmocka_unit_test(a_uuid_is_of_version_4),
        cmocka_unit_test(a_random_number_lies_between_start_and_end),
        cmocka_unit_test(results_stay_within_the_limit_of_the_arena),
        cmocka_unit_test(a_text_beyond_the_limit_is_refused),
        cmocka_unit_test(values_too_deep_to_print_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
