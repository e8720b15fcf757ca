/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines of a few states each, nested in Parallel and Map. Transitions lead forwards only, so
 * every machine ends. States are JSONPath or JSONata, by chance.
 */
#include "random_machine.h"
#include "base/splitmix.h"

enum { MAX_DEPTH = 3, MAX_STATES = 60 };

struct gen {
    struct chance *c;
    struct buf *out;
    unsigned states; /* so far; numbers name them */
    unsigned depth;
    bool in_express, sees_root, is_plain;
};

uint32_t chance_below(struct chance *c, uint32_t n)
{
    return (uint32_t)(splitmix64_next(&c->seed) % n);
}

bool chance_of(struct chance *c, uint32_t percent)
{
    return chance_below(c, 100) < percent;
}

static const char *one_of(struct gen *g, const char *const *texts, uint32_t n)
{
    return texts[chance_below(g->c, n)];
}
#define ONE_OF(g, ...)                                                                             \
    one_of(g, (const char *const[]){__VA_ARGS__},                                                  \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void gen_machine(struct gen *g);

static void add(struct gen *g, const char *text)
{
    buf_add(g->out, str_of(text));
}

/* ---- pieces ---- */

static void gen_language(struct gen *g, bool is_jsonata)
{
    if (is_jsonata)
        add(g, ",\"QueryLanguage\":\"JSONata\"");
}

static void gen_output(struct gen *g, bool is_jsonata, bool has_result)
{
    if (is_jsonata && chance_of(g->c, 50))
        buf_printf(g->out, ",\"Output\":\"{%% %s %%}\"",
                   has_result    ? ONE_OF(g, "$states.result", "$states.input",
                                          "{'r':$states.result,'n':$count($states.input)}",
                                          "$append($states.input,$states.result)", "$states.nothing")
                   : g->is_plain ? ONE_OF(g, "[$states.input]", "'x'", "$states.input")
                                 : ONE_OF(g, "$millis()", "$random()", "$states.context"));
    if (is_jsonata && chance_of(g->c, 30))
        buf_printf(g->out, ",\"Assign\":{\"d%u_%u\":\"{%% %s %%}\",\"d%u\":1}", g->depth,
                   chance_below(g->c, 4),
                   g->sees_root ? ONE_OF(g, "$states.input", "$root", "[1..5]")
                                : "$states.context.State.EnteredTime",
                   g->depth);
    if (!is_jsonata && chance_of(g->c, 30))
        buf_printf(g->out, ",\"ResultPath\":%s", ONE_OF(g, "null", "\"$.r\"", "\"$\""));
}

/* `number` is the state's; later ones of its machine end before `last`. */
static void gen_errors(struct gen *g, bool is_jsonata, unsigned number, unsigned last)
{
    if (chance_of(g->c, 40))
        buf_printf(
            g->out,
            ",\"Retry\":[{\"ErrorEquals\":[%s],\"MaxAttempts\":%u,\"IntervalSeconds\":%u%s},"
            "{\"ErrorEquals\":[\"States.ALL\"],\"MaxAttempts\":1}]",
            ONE_OF(g, "\"E1\"", "\"E1\",\"E2\"", "\"States.Timeout\"", "\"States.TaskFailed\""),
            chance_below(g->c, 4), 1 + chance_below(g->c, 5),
            chance_of(g->c, 30) ? ",\"JitterStrategy\":\"FULL\"" : "");
    if (number < last && chance_of(g->c, 40))
        buf_printf(g->out, ",\"Catch\":[{\"ErrorEquals\":[%s],\"Next\":\"S%u\"%s}]",
                   ONE_OF(g, "\"States.ALL\"", "\"E1\"", "\"E2\",\"States.Timeout\""), number + 1,
                   is_jsonata    ? ONE_OF(g, ",\"Output\":1",
                                          ",\"Output\":\"{% $states.errorOutput.Error %}\"")
                   : g->is_plain ? ",\"ResultPath\":null" /* causes have numbers of events */
                                 : ONE_OF(g, "", ",\"ResultPath\":\"$.e\""));
}

/* ---- states ---- */

static void gen_task(struct gen *g, bool is_jsonata, unsigned number, unsigned last)
{
    buf_printf(g->out, "\"Task\",\"Resource\":\"%s\"",
               g->in_express ? "arn:aws:states:::lambda:invoke"
                             : ONE_OF(g, "arn:aws:states:::lambda:invoke",
                                      "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                                      "arn:aws:states:::glue:startJobRun.sync",
                                      "arn:aws:states:us-east-1:000000000000:activity:a"));
    gen_language(g, is_jsonata);
    if (is_jsonata)
        add(g, ",\"Arguments\":{\"QueueUrl\":\"q\",\"MessageBody\":\"b\",\"JobName\":\"j\","
               "\"in\":\"{% $states.input %}\"}");
    else
        add(g, ",\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody\":\"b\",\"JobName\":\"j\","
               "\"in.$\":\"$\"}");
    if (chance_of(g->c, 50))
        buf_printf(g->out, ",\"TimeoutSeconds\":%u", 10 + chance_below(g->c, 10));
    if (chance_of(g->c, 20))
        buf_printf(g->out, ",\"HeartbeatSeconds\":%u", 1 + chance_below(g->c, 9));
    gen_output(g, is_jsonata, true);
    gen_errors(g, is_jsonata, number, last);
}

static void gen_parallel(struct gen *g, bool is_jsonata, unsigned number, unsigned last)
{
    add(g, "\"Parallel\"");
    gen_language(g, is_jsonata);
    gen_output(g, is_jsonata, true);
    gen_errors(g, is_jsonata, number, last);
    add(g, ",\"Branches\":[");
    for (uint32_t i = 0, n = 1 + chance_below(g->c, 3); i < n; i++) {
        add(g, i > 0 ? ",{" : "{");
        gen_machine(g);
        add(g, "}");
    }
    add(g, "]");
}

static bool gen_distributed(struct gen *g, unsigned number)
{
    bool is_express = chance_of(g->c, 50);
    buf_printf(g->out, ",\"Label\":\"L%u\"", number);
    if (chance_of(g->c, 40))
        buf_printf(g->out, ",\"ToleratedFailure%s\":%u", ONE_OF(g, "Count", "Percentage"),
                   chance_below(g->c, 60));
    if (chance_of(g->c, 30))
        buf_printf(g->out, ",\"ItemBatcher\":{\"MaxItemsPerBatch\":%u}", 1 + chance_below(g->c, 3));
    if (chance_of(g->c, 30))
        buf_printf(g->out,
                   ",\"ResultWriter\":{\"WriterConfig\":{\"OutputType\":\"JSON\","
                   "\"Transformation\":\"%s\"}}",
                   g->is_plain ? "FLATTEN" : ONE_OF(g, "NONE", "COMPACT", "FLATTEN"));
    buf_printf(g->out,
               ",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
               "\"ExecutionType\":\"%s\"},",
               is_express ? "EXPRESS" : "STANDARD");
    return is_express;
}

static void gen_map(struct gen *g, bool is_jsonata, unsigned number, unsigned last)
{
    bool was_express = g->in_express, saw_root = g->sees_root;
    add(g, "\"Map\"");
    gen_language(g, is_jsonata);
    if (is_jsonata)
        buf_printf(g->out, ",\"Items\":\"{%% %s %%}\"",
                   ONE_OF(g, "[]", "[7]", "[1..3]", "[[1],[2,3]]", "{'k':1,'l':[2]}", "[1..9]"));
    gen_output(g, is_jsonata, true);
    gen_errors(g, is_jsonata, number, last);
    if (chance_of(g->c, 50))
        buf_printf(g->out, ",\"MaxConcurrency\":%u", chance_below(g->c, 4));
    if (is_jsonata && chance_of(g->c, 30))
        add(g, ",\"ItemSelector\":{\"i\":\"{% $states.context.Map.Item.Index %}\"}");
    if (!g->in_express && chance_of(g->c, 50)) {
        g->in_express = gen_distributed(g, number);
        g->sees_root = false; /* children do not see the parent's variables */
    } else {
        add(g, ",\"ItemProcessor\":{");
    }
    gen_machine(g);
    add(g, "}");
    g->in_express = was_express;
    g->sees_root = saw_root;
}

static void gen_simple(struct gen *g, bool is_jsonata, unsigned number, unsigned last)
{
    uint32_t kind = chance_below(g->c, 3);
    if (kind == 0 && number < last) {
        add(g, "\"Choice\"");
        gen_language(g, is_jsonata);
        buf_printf(g->out, ",\"Choices\":[{%s,\"Next\":\"S%u\"}],\"Default\":\"S%u\"",
                   is_jsonata ? "\"Condition\":\"{% $type($states.input)='array' %}\""
                              : "\"Variable\":\"$\",\"IsNumeric\":true",
                   last, number + 1);
    } else if (kind == 1) {
        buf_printf(g->out, "\"Wait\",\"Seconds\":%u", chance_below(g->c, 12));
        gen_language(g, is_jsonata);
    } else {
        add(g, "\"Pass\"");
        gen_language(g, is_jsonata);
        gen_output(g, is_jsonata, false);
    }
}

static void gen_state(struct gen *g, unsigned number, unsigned last)
{
    bool is_jsonata = chance_of(g->c, 60);
    size_t begin = g->out->n;
    bool is_nested = g->depth < MAX_DEPTH && g->states < MAX_STATES;
    uint32_t kind = chance_below(g->c, is_nested ? 100 : 60);
    buf_printf(g->out, "\"S%u\":{\"Type\":", number);
    if (number == last && chance_of(g->c, 10)) {
        add(g, chance_of(g->c, 50) ? "\"Succeed\"}" : "\"Fail\",\"Error\":\"E2\"}");
        return;
    }
    if (kind < 35)
        gen_task(g, is_jsonata, number, last);
    else if (kind < 60)
        gen_simple(g, is_jsonata, number, last);
    else if (kind < 80)
        gen_parallel(g, is_jsonata, number, last);
    else
        gen_map(g, is_jsonata, number, last);
    str text = str_sub(buf_str(g->out), begin, g->out->n);
    if (str_find(str_sub(text, 0, 40), STR("\"Choice\""), 0) == STR_NONE)
        buf_printf(g->out, number < last ? ",\"Next\":\"S%u\"" : ",\"End\":true", number + 1);
    add(g, "}");
}

static void gen_machine(struct gen *g)
{
    unsigned first = g->states, last = first + chance_below(g->c, 3);
    g->states = last + 1;
    g->depth++;
    buf_printf(g->out, "\"StartAt\":\"S%u\",\"States\":{", first);
    for (unsigned i = first; i <= last; i++) {
        gen_state(g, i, last);
        add(g, i < last ? "," : "}");
    }
    g->depth--;
}

void random_machine(struct chance *c, bool is_plain, struct buf *out)
{
    struct gen g = {.c = c, .out = out, .sees_root = true, .is_plain = is_plain};
    add(&g, "{");
    if (!is_plain && chance_of(c, 10))
        buf_printf(out, "\"TimeoutSeconds\":%u,", 20 + chance_below(c, 100));
    add(&g, "\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\","
            "\"Assign\":{\"root\":\"{% [1..300].{'n':$} %}\"},\"Next\":\"P\"},"
            "\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[{");
    gen_machine(&g);
    add(&g, "}]}}}");
}
