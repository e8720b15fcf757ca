/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast definitions are read, checked and compiled: a machine of 100 states, once in JSONPath
 * and once in JSONata. Prints name, bytes, definitions/s: median, lowest, highest; then MB/s.
 */
#include "bench_asl.h"

#include <stdio.h>

enum { STATES = 100, KINDS = 4 };

static const char *const jsonpath_states[KINDS] = {
    "{\"Type\":\"Pass\",\"Parameters\":{\"i.$\":\"States.MathAdd($.i, 1)\",\"order.$\":\"$.order\","
    "\"page\":{\"size\":100,\"from.$\":\"$.order.items[0].sku\"}},\"ResultPath\":\"$.made\",",
    "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":{"
    "\"FunctionName\":\"fetch\",\"Payload\":{\"id.$\":\"$.order.id\",\"name.$\":\"States.Format('"
    "{}-{}', $.order.id, $.i)\"}},\"Retry\":[{\"ErrorEquals\":[\"States.TaskFailed\"],"
    "\"IntervalSeconds\":2,\"MaxAttempts\":3,\"BackoffRate\":2}],\"ResultSelector\":{\"body.$\":"
    "\"$.Payload\"},\"ResultPath\":\"$.answer\",",
    "{\"Type\":\"Choice\",\"Choices\":[{\"And\":[{\"Variable\":\"$.i\",\"NumericLessThan\":100},"
    "{\"Variable\":\"$.order.id\",\"IsPresent\":true}],\"Next\":\"Done\"}],\"Default\":",
    "{\"Type\":\"Wait\",\"SecondsPath\":\"$.order.wait\","};

static const char *const jsonata_states[KINDS] = {
    "{\"Type\":\"Pass\",\"Assign\":{\"i\":\"{% $i + 1 %}\"},\"Output\":{\"order\":\"{% "
    "$states.input.order %}\",\"skus\":\"{% $states.input.order.items[price > 10].sku %}\"},",
    "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Arguments\":{"
    "\"FunctionName\":\"fetch\",\"Payload\":{\"id\":\"{% $states.input.order.id %}\",\"name\":\"{% "
    "$states.input.order.id & '-' & $string($i) %}\"}},\"Retry\":[{\"ErrorEquals\":["
    "\"States.TaskFailed\"],\"IntervalSeconds\":2,\"MaxAttempts\":3,\"BackoffRate\":2}],"
    "\"Output\":{\"body\":\"{% $states.result.Payload %}\"},",
    "{\"Type\":\"Choice\",\"Choices\":[{\"Condition\":\"{% $i < 100 and "
    "$exists($states.input.order.id) %}\",\"Next\":\"Done\"}],\"Default\":",
    "{\"Type\":\"Wait\",\"Seconds\":\"{% $states.input.order.wait %}\","};

static void make_text(struct buf *text, const char *language, const char *const *states)
{
    buf_printf(text, "{\"QueryLanguage\":\"%s\",\"StartAt\":\"%s\",\"States\":{", language,
               states == jsonata_states ? "Start" : "State0");
    if (states == jsonata_states)
        buf_add(text,
                STR("\"Start\":{\"Type\":\"Pass\",\"Assign\":{\"i\":0},\"Next\":\"State0\"},"));
    for (int i = 0; i < STATES - 1; i++) {
        const char *kind = states[i % KINDS];
        bool is_choice = i % KINDS == 2;
        buf_printf(text, "\"State%d\":%s%s", i, kind, is_choice ? "" : "\"Next\":");
        if (i < STATES - 2)
            buf_printf(text, "\"State%d\"},", i + 1);
        else
            buf_add(text, STR("\"Done\"},"));
    }
    buf_add(text, STR("\"Done\":{\"Type\":\"Succeed\"}}}"));
}

static double load_for(str text, double min_seconds)
{
    struct asl_load_options options = {.type = ASL_STANDARD};
    struct asl_definition *definition;
    struct error err;
    double start = bench_asl_now(), spent;
    uint64_t loads = 0;
    do {
        if (asl_definition_load(text, &options, NULL, &definition, &err) != STATUS_OK)
            bench_asl_stop(err.message);
        asl_definition_unref(definition);
        loads++;
        spent = bench_asl_now() - start;
    } while (spent < min_seconds);
    return (double)loads / spent;
}

static void measure(const char *language, const char *const *states)
{
    double samples[BENCH_SAMPLES], seconds = bench_asl_min_seconds();
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    make_text(&text, language, states);
    for (int i = 0; i < BENCH_SAMPLES; i++)
        samples[i] = load_for(buf_str(&text), seconds);
    struct bench_figure f = bench_asl_figure(samples, BENCH_SAMPLES);
    printf("%s\t%zu\t%.5g\t%.5g\t%.5g\t%.1f\n", language, text.n, f.median, f.lowest, f.highest,
           f.median * (double)text.n / 1e6);
    buf_done(&text);
}

void bench_asl_load(void)
{
    measure("JSONPath", jsonpath_states);
    measure("JSONata", jsonata_states);
}
