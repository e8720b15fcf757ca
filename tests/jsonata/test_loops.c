/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops, as workflows write them: values passed on with a counter, arrays and strings that grow by
 * one piece at a time; inside one evaluation and from one evaluation to the next through frozen
 * documents. Each must be linear in time and bounded in memory. Times are compared with one
 * another, never with a clock on the wall: ten times the work may take at most three times as long
 * per piece.
 */
#include "json/freeze.h"
#include "json/parse.h"
#include "jsonata/jsonata.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum {
    PAGE_BYTES = 64 * 1024,
    SLOWDOWN_MAX = 3,       /* per piece, for ten times the pieces */
    SANITIZED = AFFLUX_ASAN /* an evaluation takes twenty times as long there */
};

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t resident_bytes(void)
{
    unsigned long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu %lu", &total, &resident) != 2)
        fail_msg("no /proc/self/statm");
    fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static struct jsonata *loop_compiled(const char *text)
{
    struct jsonata *x = NULL;
    struct jsonata_error err;
    if (jsonata_compile(str_of(text), 0, &x, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return x;
}

/* ---- inside one evaluation ---- */

struct loop_run {
    double seconds;
    size_t bytes;          /* of the arena */
    struct json_val value; /* until loop_done */
    struct jsonata *x;
    struct arena arena;
};

/* Evaluates with $times bound. */
static void loop_run(struct loop_run *run, const char *text, double times)
{
    struct jsonata_binding binding = {STR("times"), json_num(times)};
    struct jsonata_context context = {
        .arena = &run->arena, .bindings = &binding, .binding_count = 1};
    struct jsonata_error err;
    run->x = loop_compiled(text);
    arena_init(&run->arena, 0);
    double start = seconds_now();
    if (jsonata_evaluate(run->x, &context, &run->value, &err) != STATUS_OK)
        fail_msg("%s with %.0f rounds: %s %s", text, times, err.code, err.message);
    run->seconds = seconds_now() - start;
    run->bytes = arena_used(&run->arena);
}

static void loop_done(struct loop_run *run)
{
    arena_done(&run->arena);
    jsonata_free(run->x);
}

/* The fastest of three, so that a busy machine does not decide. */
static double loop_seconds(const char *text, double times)
{
    double best = 0;
    for (int i = 0; i < 3; i++) {
        struct loop_run run;
        loop_run(&run, text, times);
        loop_done(&run);
        if (i == 0 || run.seconds < best)
            best = run.seconds;
    }
    return best;
}

static void assert_linear(const char *text, double times)
{
    double few = loop_seconds(text, times / 10), many = loop_seconds(text, times);
    if (many > few * 10 * SLOWDOWN_MAX)
        fail_msg("%s: %.0f rounds take %.6f s, %.0f take %.6f s", text, times / 10, few, times,
                 many);
}

static const char passing_on[] =
    "($pass := function($page, $n) { $n = $times ? $page : $pass($page, $n + 1) };"
    " $pass({'rows': [1..10]}, 0))";

static void a_tail_call_passes_a_value_on_a_million_times_in_constant_memory(void **state)
{
    (void)state;
    struct loop_run run;
    loop_run(&run, passing_on, SANITIZED ? 100000 : 1000000);
    assert_int_equal(run.value.tag, JSON_OBJECT);
    assert_int_equal(json_get(run.value, STR("rows")).len, 10);
    assert_true(run.bytes < 64 * 1024);
    loop_done(&run);
}

static void a_tail_call_takes_the_same_time_each_round(void **state)
{
    (void)state;
    assert_linear(passing_on, SANITIZED ? 100000 : 1000000);
}

/* Loops that build a value anew in each round: what the rounds leave behind is collected. */
static void assert_bounded(const char *text, double times, uint32_t length)
{
    struct loop_run run;
    loop_run(&run, text, times);
    assert_int_equal(run.value.len, length);
    assert_true(run.bytes < 64 * 1024 * 1024);
    loop_done(&run);
}

static void a_tail_call_passes_objects_on_in_bounded_memory(void **state)
{
    (void)state;
    assert_bounded("($pass := function($x) { $x.n = $times ? $x :"
                   " $pass({'n': $x.n + 1, 'text': 'round ' & $x.n, 'list': [$x.n, $x.n]}) };"
                   " $pass({'n': 0}))",
                   SANITIZED ? 100000 : 1000000, 3);
}

static void an_object_built_by_merging_takes_bounded_memory(void **state)
{
    (void)state;
    uint32_t times = SANITIZED ? 1000 : 5000;
    assert_bounded(
        "$reduce([1..$times], function($all, $i) { $merge([$all, {'key' & $i: $i}]) }, {})", times,
        times);
}

static const char appending[] =
    "($grow := function($all, $n) { $n = $times ? $all : $grow($append($all, $n), $n + 1) };"
    " $grow([], 0))";

static void an_array_appended_to_in_a_loop_stays_linear(void **state)
{
    (void)state;
    struct loop_run run;
    loop_run(&run, appending, 10000);
    assert_int_equal(run.value.tag, JSON_ARRAY);
    assert_int_equal(run.value.len, 10000);
    for (uint32_t i = 0; i < run.value.len; i++)
        assert_true(json_number(run.value.items[i]) == i);
    assert_true(run.bytes < 10000 * sizeof(struct json_val) * 8);
    loop_done(&run);
    assert_linear(appending, 10000);
}

static const char joining[] =
    "($grow := function($s, $n) { $n = $times ? $s : $grow($s & 'abcdefgh', $n + 1) };"
    " $grow('', 0))";

static void a_string_that_grows_in_a_loop_stays_linear(void **state)
{
    (void)state;
    struct loop_run run;
    loop_run(&run, joining, 10000);
    assert_int_equal(run.value.tag, JSON_STRING);
    assert_int_equal(run.value.len, 80000);
    assert_true(run.bytes < 80000 * 8);
    loop_done(&run);
    assert_linear(joining, 10000);
}

static const char reducing[] = "$reduce([1..$times], $append, [])";

static void an_array_reduced_by_append_stays_linear(void **state)
{
    (void)state;
    struct loop_run run;
    loop_run(&run, reducing, 10000);
    assert_int_equal(run.value.len, 10000);
    assert_true(run.bytes < 10000 * sizeof(struct json_val) * 8);
    loop_done(&run);
    assert_linear(reducing, 10000);
}

/* Appending twice to the same array must give two arrays. */
static void an_array_appended_to_twice_keeps_both_results_apart(void **state)
{
    (void)state;
    struct loop_run run;
    loop_run(&run,
             "($a := $append([1..100], 1); $b := $append($a, 'b');"
             " $c := $append($a, 'c'); [$count($a), $b[-1], $c[-1]])",
             0);
    assert_int_equal(run.value.len, 3);
    assert_true(json_number(run.value.items[0]) == 101);
    assert_true(str_eq(json_str(run.value.items[1]), STR("b")));
    assert_true(str_eq(json_str(run.value.items[2]), STR("c")));
    loop_done(&run);
}

/* ---- from one evaluation to the next ---- */

struct relay {
    struct jsonata *x;
    struct arena arena;
    struct json_doc *doc; /* what $states.input is now */
    size_t bytes_max;     /* of a document with what it holds, over all rounds */
};

static struct json_doc *page_document(void)
{
    struct buf b;
    struct json_doc *doc;
    struct error err;
    buf_init(&b, SIZE_MAX);
    buf_add(&b, STR("{\"states\":{\"input\":{\"n\":0,\"all\":[],\"page\":["));
    for (unsigned i = 0; b.n < PAGE_BYTES; i++)
        buf_printf(&b, "%s{\"id\":%u,\"note\":\"row number %u\"}", i ? "," : "", i, i);
    buf_add(&b, STR("]}}}"));
    if (json_parse(buf_str(&b), NULL, &doc, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    buf_done(&b);
    return doc;
}

static void relay_init(struct relay *r, const char *text)
{
    *r = (struct relay){.x = loop_compiled(text), .doc = page_document()};
    arena_init(&r->arena, 0);
}

static void relay_done(struct relay *r)
{
    json_doc_unref(r->doc);
    arena_done(&r->arena);
    jsonata_free(r->x);
}

/* Evaluates, freezes the result with the last document as its source, lets the last one go. */
static void relay_round(struct relay *r)
{
    struct jsonata_binding binding = {STR("states"),
                                      json_get(json_doc_root(r->doc), STR("states"))};
    struct jsonata_context context = {
        .arena = &r->arena, .bindings = &binding, .binding_count = 1, .now_ms = 0};
    struct jsonata_error jsonata_err;
    struct error err;
    struct json_val value;
    struct json_doc *next;
    arena_reset(&r->arena);
    if (jsonata_evaluate(r->x, &context, &value, &jsonata_err) != STATUS_OK)
        fail_msg("%s %s", jsonata_err.code, jsonata_err.message);
    struct json_freeze_options options = {
        .sources = &r->doc, .source_count = 1, .numbers = JSON_NUMBERS_DOUBLES};
    if (json_freeze(value, &options, &next, &err) != STATUS_OK)
        fail_msg("%s %s", err.name, err.message);
    json_doc_unref(r->doc);
    r->doc = next;
    size_t bytes = json_doc_bytes(next) + json_doc_held_bytes(next);
    if (bytes > r->bytes_max)
        r->bytes_max = bytes;
}

static double relay_rounds(struct relay *r, unsigned rounds)
{
    double start = seconds_now();
    for (unsigned i = 0; i < rounds; i++)
        relay_round(r);
    return seconds_now() - start;
}

static struct json_val relay_input(const struct relay *r)
{
    return json_get(json_get(json_doc_root(r->doc), STR("states")), STR("input"));
}

static void a_page_passed_on_with_a_counter_a_million_times_is_never_copied(void **state)
{
    (void)state;
    unsigned tenth = SANITIZED ? 2000 : 100000;
    struct relay r;
    relay_init(&r, "{'states': {'input': {'page': $states.input.page, 'n': $states.input.n + 1}}}");
    relay_rounds(&r, tenth / 10);
    size_t page = json_doc_held_bytes(r.doc) + json_doc_bytes(r.doc), before = resident_bytes();
    r.bytes_max = 0;
    double first = relay_rounds(&r, tenth), last = 0;
    for (int i = 0; i < 9; i++)
        last = relay_rounds(&r, tenth);
    assert_true(json_number(json_get(relay_input(&r), STR("n"))) == tenth / 10 + tenth * 10);
    assert_true(json_get(relay_input(&r), STR("page")).len > 1000);
    assert_int_equal(r.bytes_max, page);
    assert_true(json_doc_held_count(r.doc) <= 1);
    assert_true(json_doc_bytes(r.doc) < 4096);
    if (!SANITIZED)
        assert_true(resident_bytes() < before + (4 << 20));
    assert_true(last < first * SLOWDOWN_MAX);
    relay_done(&r);
}

static void an_array_that_grows_from_state_to_state_stays_linear(void **state)
{
    (void)state;
    struct relay r;
    relay_init(&r, "{'states': {'input': {'all': $append($states.input.all, $states.input.n),"
                   " 'n': $states.input.n + 1}}}");
    size_t before = resident_bytes();
    double first = relay_rounds(&r, 1000), last = 0;
    for (int i = 0; i < 9; i++)
        last = relay_rounds(&r, 1000);
    struct json_val all = json_get(relay_input(&r), STR("all"));
    assert_int_equal(all.len, 10000);
    for (uint32_t i = 0; i < all.len; i++)
        assert_true(json_number(all.items[i]) == i);
    /* Twice its items and what a document takes besides: no chain of older arrays hangs on it. */
    assert_true(json_doc_bytes(r.doc) + json_doc_held_bytes(r.doc) <
                10000 * sizeof(struct json_val) * 4 + PAGE_BYTES * 4);
    assert_true(json_doc_held_count(r.doc) <= 2);
    if (!SANITIZED)
        assert_true(resident_bytes() < before + (8 << 20));
    assert_true(last < first * SLOWDOWN_MAX);
    relay_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tail_call_passes_a_value_on_a_million_times_in_constant_memory),
        cmocka_unit_test(a_tail_call_takes_the_same_time_each_round),
        cmocka_unit_test(a_tail_call_passes_objects_on_in_bounded_memory),
        cmocka_unit_test(an_object_built_by_merging_takes_bounded_memory),
        cmocka_unit_test(an_array_appended_to_in_a_loop_stays_linear),
        cmocka_unit_test(a_string_that_grows_in_a_loop_stays_linear),
        cmocka_unit_test(an_array_reduced_by_append_stays_linear),
        cmocka_unit_test(an_array_appended_to_twice_keeps_both_results_apart),
        cmocka_unit_test(a_page_passed_on_with_a_counter_a_million_times_is_never_copied),
        cmocka_unit_test(an_array_that_grows_from_state_to_state_stays_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
