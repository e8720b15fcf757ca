/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions without a store: conditions, updates and projections on items as JSON. Texts of
 * errors and most meanings are cases (expressions.json, update.json); here is what is about the
 * parts. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/parse.h"
#include "services/dynamodb/eval.h"
#include "services/dynamodb/key.h"
#include "services/dynamodb/project.h"
#include "services/dynamodb/update.h"
#include "services/dynamodb/value_json.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, 0);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_done(*state);
    return 0;
}

static str item(struct arena *a, const char *quoted)
{
    str members;
    struct error err;
    if (dynamo_item_from_json(a, parse_quoted(a, quoted), &members, &err) != STATUS_OK)
        fail_msg("%s: %s", quoted, err.message);
    return members;
}

static struct dynamo_scope scope(struct arena *a, const char *values)
{
    struct dynamo_scope s;
    struct error err;
    struct json_val v = values ? parse_quoted(a, values) : json_undefined();
    assert_int_equal(dynamo_scope_init(&s, a, json_undefined(), v, &err), STATUS_OK);
    return s;
}

static void assert_items(str got, struct arena *a, const char *wanted)
{
    assert_true(dynamo_check_item(got));
    if (str_eq(got, item(a, wanted)))
        return;
    struct buf out;
    buf_init(&out, 1 << 20);
    dynamo_item_to_json(got, &out);
    buf_add_byte(&out, '\0');
    fail_msg("wanted %s, got %s", wanted, out.p);
}

static void a_program_has_no_pointers(void **state)
{
    struct arena *a = *state;
    struct error err;
    str program;
    struct dynamo_scope s = scope(a, "{':v':{'N':'5'}}");
    assert_int_equal(dynamo_compile_condition(&s, "ConditionExpression",
                                              STR("a.b[2] > :v AND NOT size(a) = :v"), &program,
                                              &err),
                     STATUS_OK);
    /* It holds wherever its bytes are, and when all it was made of is gone. */
    char *copy = test_malloc(program.n + 1);
    memcpy(copy + 1, program.p, program.n);
    memset((void *)(uintptr_t)program.p, 0xAA, program.n);
    str x = item(a, "{'a':{'M':{'b':{'L':[{'S':''},{'S':''},{'N':'5.5'}]}}}}");
    assert_true(dynamo_holds((str){copy + 1, program.n}, x));
    assert_false(dynamo_holds((str){copy + 1, program.n}, STR("")));
    test_free(copy);
}

static void an_empty_program_holds(void **state)
{
    (void)state;
    assert_true(dynamo_holds(STR(""), STR("")));
}

static str update(struct arena *a, const char *text, const char *values, const char *before)
{
    struct error err;
    str program, after = {NULL, 0};
    struct dynamo_scope s = scope(a, values);
    if (dynamo_compile_update(&s, str_of(text), &program, &err) != STATUS_OK ||
        dynamo_update(a, program, item(a, before), &after, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return after;
}

static void operands_are_those_of_the_item_as_it_was(void **state)
{
    struct arena *a = *state;
    assert_items(update(a, "SET a = b, b = a", NULL, "{'a':{'N':'1'},'b':{'N':'2'}}"), a,
                 "{'a':{'N':'2'},'b':{'N':'1'}}");
    assert_items(update(a, "REMOVE a SET b = a", NULL, "{'a':{'N':'1'}}"), a, "{'b':{'N':'1'}}");
    assert_items(
        update(a, "SET l[0] = l[1], l[1] = l[0]", NULL, "{'l':{'L':[{'S':'x'},{'S':'y'}]}}"), a,
        "{'l':{'L':[{'S':'y'},{'S':'x'}]}}");
}

static void indexes_are_those_of_the_item_as_it_was(void **state)
{
    struct arena *a = *state;
    const char *before = "{'l':{'L':[{'S':'a'},{'S':'b'},{'S':'c'},{'S':'d'}]}}";
    assert_items(update(a, "REMOVE l[0], l[2]", NULL, before), a,
                 "{'l':{'L':[{'S':'b'},{'S':'d'}]}}");
    assert_items(update(a, "REMOVE l[2], l[0], l[3]", NULL, before), a, "{'l':{'L':[{'S':'b'}]}}");
    assert_items(update(a, "REMOVE l[0] SET l[3] = :v", "{':v':{'S':'z'}}", before), a,
                 "{'l':{'L':[{'S':'b'},{'S':'c'},{'S':'z'}]}}");
}

static void members_stay_in_order(void **state)
{
    struct arena *a = *state;
    assert_items(update(a, "SET m = :v, a = :v, z = :v REMOVE k", "{':v':{'N':'1'}}",
                        "{'b':{'S':''},'k':{'S':''},'y':{'S':''}}"),
                 a, "{'a':{'N':'1'},'b':{'S':''},'m':{'N':'1'},'y':{'S':''},'z':{'N':'1'}}");
    assert_items(update(a, "ADD s :s DELETE t :s", "{':s':{'SS':['b','d']}}",
                        "{'s':{'SS':['a','c','d']},'t':{'SS':['b','c','d']}}"),
                 a, "{'s':{'SS':['a','b','c','d']},'t':{'SS':['c']}}");
}

static str project(struct arena *a, const char *text, const char *from)
{
    struct error err;
    struct buf out;
    str program;
    struct dynamo_scope s = scope(a, NULL);
    assert_int_equal(dynamo_compile_projection(&s, str_of(text), &program, &err), STATUS_OK);
    buf_init(&out, 1 << 20);
    dynamo_project(a, program, item(a, from), &out);
    str part = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return part;
}

static void a_projection_keeps_the_way_to_its_parts(void **state)
{
    struct arena *a = *state;
    const char *from = "{'m':{'M':{'l':{'L':[{'M':{'x':{'N':'1'},'y':{'N':'2'}}},{'S':'s'}]},"
                       "'k':{'S':'v'}}},'t':{'S':'top'}}";
    assert_items(project(a, "m.l[0].x, t", from), a,
                 "{'m':{'M':{'l':{'L':[{'M':{'x':{'N':'1'}}}]}}},'t':{'S':'top'}}");
    assert_items(project(a, "m.l[1], m.k", from), a,
                 "{'m':{'M':{'k':{'S':'v'},'l':{'L':[{'S':'s'}]}}}}");
    assert_items(project(a, "m.l[0].z, m.l[7], t.u, u", from), a, "{}");
}

/* ---- keys ---- */

static const struct dynamo_keys keys = {
    .hash = {"h", 1}, .range = {"r", 1}, .hash_tag = DYNAMO_S, .range_tag = DYNAMO_S};

/* Is a row of this sort key among those that a condition asks for? */
static bool is_in(struct arena *a, const char *condition, const char *values, bool is_index,
                  const char *range)
{
    struct error err;
    str program;
    struct dynamo_span span;
    struct dynamo_scope s = scope(a, values);
    if (dynamo_compile_key_condition(&s, str_of(condition), &program, &err) != STATUS_OK ||
        dynamo_key_span(a, &keys, is_index, program, &span, &err) != STATUS_OK)
        fail_msg("%s: %s", condition, err.message);
    struct dynamo_table t = {.keys = keys};
    struct dynamo_index i = {.keys = keys};
    str row = item(a, arena_cstr(a, arena_printf(a, "{'h':{'S':'P'},'r':{'S':'%s'}}", range)));
    str key = dynamo_key_of_row(a, &t, row);
    if (is_index)
        key = dynamo_key_in_index(a, &i, row, key);
    return str_cmp(key, span.from) >= 0 && (!span.to.p || str_cmp(key, span.to) < 0);
}

static void spans_hold_the_rows_that_conditions_ask_for(void **state)
{
    static const char *const ranges[] = {"a", "ab", "abc", "b", "\xc3\xbf", "\xf4\x8f\xbf\xbf"};
    static const struct {
        const char *condition;
        const char *rows; /* y or n for each of the ranges */
    } spans[] = {
        {"h = :p", "yyyyyy"},
        {"h = :p AND r = :x", "nynnnn"},
        {"h = :p AND r < :x", "ynnnnn"},
        {"h = :p AND r <= :x", "yynnnn"},
        {"h = :p AND r > :x", "nnyyyy"},
        {"h = :p AND r >= :x", "nyyyyy"},
        {"h = :p AND r BETWEEN :x AND :y", "nyyynn"},
        {"h = :p AND begins_with(r, :x)", "nyynnn"},
        {"h = :p AND begins_with(r, :z)", "nnnnny"},
    };
    for (size_t i = 0; i < ARRAY_LEN(spans); i++)
        for (size_t j = 0; j < ARRAY_LEN(ranges); j++)
            for (int is_index = 0; is_index < 2; is_index++) {
                struct arena_mark mark = arena_mark(*state);
                bool wanted = spans[i].rows[j] == 'y';
                bool got = is_in(*state, spans[i].condition,
                                 "{':p':{'S':'P'},':x':{'S':'ab'},':y':{'S':'b'},"
                                 "':z':{'S':'\xf4\x8f\xbf\xbf'}}",
                                 is_index, ranges[j]);
                if (got != wanted)
                    fail_msg("%s of %s, index %d: %d", spans[i].condition, ranges[j], is_index,
                             got);
                arena_release(*state, mark);
            }
}

static void every_key_is_in_one_segment(void **state)
{
    struct arena *a = *state;
    struct dynamo_table t = {.keys = {.hash = STR("h"), .hash_tag = DYNAMO_S}};
    unsigned counts[7] = {0};
    for (int i = 0; i < 700; i++) {
        struct arena_mark mark = arena_mark(a);
        str row = item(a, arena_cstr(a, arena_printf(a, "{'h':{'S':'key %d'}}", i)));
        str key = dynamo_key_of_row(a, &t, row);
        unsigned found = 0;
        for (uint32_t segment = 0; segment < 7; segment++) {
            struct dynamo_span span;
            dynamo_key_segment(a, segment, 7, &span);
            bool is_inside =
                str_cmp(key, span.from) >= 0 && (!span.to.p || str_cmp(key, span.to) < 0);
            found += is_inside;
            counts[segment] += is_inside;
        }
        assert_int_equal(found, 1);
        arena_release(a, mark);
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(counts[i], 60, 140);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_program_has_no_pointers),
        T(an_empty_program_holds),
        T(operands_are_those_of_the_item_as_it_was),
        T(indexes_are_those_of_the_item_as_it_was),
        T(members_stay_in_order),
        T(a_projection_keeps_the_way_to_its_parts),
        T(spans_hold_the_rows_that_conditions_ask_for),
        T(every_key_is_in_one_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
