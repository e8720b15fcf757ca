/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long paths and intrinsic functions take on a small input and on an array of a thousand
 * records: one line per figure, the median of several samples on one core, in ns per evaluation.
 */
#include "base/buf.h"
#include "json/parse.h"
#include "jsonpath/expr.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 9, RECORDS = 1000, RESET_EVERY = 64 };

static const double sample_seconds = 0.03;

static const char *const small_input =
    "{\"name\": \"loop\", \"i\": 41, \"limit\": 100, \"o\": {\"p\": {\"q\": [1, 2, 3]}}}";

static const struct {
    const char *text;
    bool is_large;
} cases[] = {
    {"$", false},
    {"$.i", false},
    {"$.o.p.q[1]", false},
    {"$.o.p.q[*]", false},
    {"$['i','name']", false},
    {"States.MathAdd($.i, 1)", false},
    {"States.Array($.i, $.name)", false},
    {"States.Format('{} of {}', $.i, $.limit)", false},
    {"States.ArrayGetItem($.o.p.q, States.MathAdd(0, 1))", false},
    {"States.UUID()", false},
    {"$.r[*].id", true},
    {"$.r[?(@.amount > 500)]", true},
    {"$.r[?(@.kind == 'b' && @.amount < 10)].id", true},
    {"$.r[?(@.kind =~ /B/i)]", true},
    {"$..id", true},
    {"States.ArrayUnique($.r)", true},
};

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct json_val no_context(void *arg)
{
    (void)arg;
    return json_undefined();
}

static struct json_val make_input(struct arena *a, bool is_large)
{
    struct buf text;
    struct json_val v;
    struct error err;
    buf_init(&text, SIZE_MAX);
    if (!is_large)
        buf_add(&text, str_of(small_input));
    for (unsigned i = 0; is_large && i < RECORDS; i++)
        buf_printf(&text, "%s{\"id\": %u, \"kind\": \"%c\", \"amount\": %u, \"tags\": [\"x\"]}",
                   i == 0 ? "{\"r\": [" : ", ", i, 'a' + i % 4, i * 7919 % 1000);
    if (is_large)
        buf_add(&text, STR("]}"));
    if (json_parse_in(a, buf_str(&text), NULL, &v, &err) != STATUS_OK)
        abort();
    buf_done(&text);
    return v;
}

static double time_rounds(const struct jsonpath_expr *x, struct jsonpath_env *env, unsigned rounds)
{
    struct json_val v;
    struct error err;
    enum jsonpath_missing missing;
    enum jsonpath_failure kind;
    str path;
    double from = now_seconds();
    for (unsigned i = 0; i < rounds; i++) {
        if (i % RESET_EVERY == 0)
            arena_reset(env->arena);
        env->seed = i;
        if (jsonpath_expr_eval(x, env, &v, &missing, &kind, &path, &err) != STATUS_OK)
            abort();
    }
    return now_seconds() - from;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ns(const struct jsonpath_expr *x, struct jsonpath_env *env)
{
    double samples[SAMPLES];
    unsigned rounds = 1;
    while (time_rounds(x, env, rounds) < sample_seconds)
        rounds *= 2;
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = time_rounds(x, env, rounds) * 1e9 / rounds;
    qsort(samples, SAMPLES, sizeof(*samples), by_value);
    return samples[SAMPLES / 2];
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena kept, scratch, shape_arena;
        struct json_shapes shapes;
        struct error err;
        const struct jsonpath_expr *x;
        arena_init(&kept, 0);
        arena_init(&scratch, 0);
        arena_init(&shape_arena, 0);
        json_shapes_init(&shapes, &shape_arena);
        struct jsonpath_env env = {.arena = &scratch,
                                   .shapes = &shapes,
                                   .input = make_input(&kept, cases[i].is_large),
                                   .context = no_context};
        if (jsonpath_expr_compile(&kept, str_of(cases[i].text), &x, &err) != STATUS_OK)
            abort();
        printf("jsonpath %-6s %-52s %9.1f ns\n", cases[i].is_large ? "large" : "small",
               cases[i].text, median_ns(x, &env));
        arena_done(&shape_arena);
        arena_done(&scratch);
        arena_done(&kept);
    }
    return 0;
}
