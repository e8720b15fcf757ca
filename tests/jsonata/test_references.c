/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonata/references.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct jsonata *compiled(const char *text)
{
    struct jsonata *x;
    struct jsonata_error err;
    if (jsonata_compile(str_of(text), JSONATA_STEP_FUNCTIONS, &x, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return x;
}

/* name: what reads the input, at this byte; NULL: nothing does. */
static void check_input(const char *text, const char *name, uint32_t start)
{
    struct jsonata *x = compiled(text);
    struct jsonata_reference ref;
    bool reads = jsonata_reads_input(x, &ref);
    if (reads != (name != NULL))
        fail_msg("%s", text);
    if (reads && (!str_eq(ref.name, str_of(name)) || ref.start != start))
        fail_msg("%s: '%.*s' at %u", text, STR_ARG(ref.name), ref.start);
    jsonata_free(x);
}

static void names_at_the_top_read_the_input(void **state)
{
    (void)state;
    check_input("phone", "phone", 0);
    check_input("1 + phone.number", "phone", 4);
    check_input("phone[0]", "phone", 0);
    check_input("`a b`", "a b", 0);
    check_input("{\"a\": [x]}", "x", 7);
    check_input("{a: 1}", "a", 1);
    check_input("$f(x)", "x", 3);
    check_input("a ? 1 : 2", "a", 0);
    check_input("true ? b", "b", 7);
    check_input("($v := y; 1)", "y", 7);
    check_input("-n", "n", 1);
    check_input("$x & n & \"\"", "n", 5);
    check_input("n ~> $string", "n", 0);
    check_input("*", "*", 0);
    check_input("**.a", "**", 0);
    check_input("[1..n]", "n", 4);
    check_input("f(1)", "f", 0);
}

static void so_do_the_variables_of_the_input(void **state)
{
    (void)state;
    check_input("$", "$", 0);
    check_input("$.a", "$", 0);
    check_input("$$", "$$", 0);
    check_input("$string($$.a)", "$$", 8);
}

static void the_body_of_a_function_has_no_context_of_its_own(void **state)
{
    (void)state;
    check_input("function($v) { $v + n }", "n", 20);
    check_input("$map($x, function($v) { $ })", "$", 24);
    check_input("$map($x, function($v) { $v.a[b] })", NULL, 0);
}

static void steps_filters_groups_sorts_and_transforms_have_a_context(void **state)
{
    (void)state;
    check_input("$x.a.b", NULL, 0);
    check_input("$x.($ & c)", NULL, 0);
    check_input("$x[$ = 1 and b]", NULL, 0);
    check_input("$x.a[b][0].c", NULL, 0);
    check_input("$x{a: b}", NULL, 0);
    check_input("$x^(>a, <b)", NULL, 0);
    check_input("$x.*", NULL, 0);
    check_input("$x.a@$v.b#$i.c", NULL, 0);
    check_input("$x ~> |a|{\"b\": c}, [\"d\"]|", NULL, 0);
    check_input("\"text\" & 1 & true & null & /re/", NULL, 0);
    check_input("$partition([1,2], 1)", NULL, 0);
}

struct seen {
    char text[256];
};

static void see(void *arg, const struct jsonata_reference *member)
{
    struct seen *seen = arg;
    strncat(seen->text, member->name.n > 0 ? "" : "(whole)",
            sizeof(seen->text) - strlen(seen->text) - 1);
    strncat(seen->text, member->name.p, member->name.n);
    strncat(seen->text, " ", sizeof(seen->text) - strlen(seen->text) - 1);
}

static void check_members(const char *text, const char *expected)
{
    struct jsonata *x = compiled(text);
    struct seen seen = {""};
    jsonata_members(x, STR("states"), see, &seen);
    if (strcmp(seen.text, expected) != 0)
        fail_msg("%s: %s", text, seen.text);
    jsonata_free(x);
}

static void members_of_a_variable_are_found_everywhere(void **state)
{
    (void)state;
    check_members("1", "");
    check_members("$states.input", "input ");
    check_members("$states.input.a[$states.context.b = 1].($states.result)",
                  "input context result ");
    check_members("$states", "(whole) ");
    check_members("$keys($states)", "(whole) ");
    check_members("$states[0].input", "(whole) ");
    check_members("$states[$states.a].input", "(whole) a ");
    check_members("$states@$s.input.($s.context)", "(whole) ");
    check_members("$states.input.a.%.%.context", "input (whole) ");
    check_members("$x.a.%", "");
    check_members("$states.*", "(whole) ");
    check_members("$lookup($states, \"input\")", "(whole) ");
    check_members("function($x) { {\"k\": $states.`error output`} }", "error output ");
    check_members("$other.input & $states.errorOutput", "errorOutput ");
    check_members("($s := $states; $s.input)", "(whole) ");
    check_members("$states.input{$states.a: $states.b}", "input a b ");
    check_members("$states.input^($states.a)", "input a ");
    check_members("$states.input ~> |$states.a|$states.b|", "input a b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_at_the_top_read_the_input),
        cmocka_unit_test(so_do_the_variables_of_the_input),
        cmocka_unit_test(the_body_of_a_function_has_no_context_of_its_own),
        cmocka_unit_test(steps_filters_groups_sorts_and_transforms_have_a_context),
        cmocka_unit_test(members_of_a_variable_are_found_everywhere),
    };
    return cmocka_run_group_tests_name("jsonata references", tests, NULL, NULL);
}
