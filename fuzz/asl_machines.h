/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets of the machine share: definitions that have a bit of everything, answers
 * that tasks may get, and comparing two executions.
 */
#ifndef AFFLUX_FUZZ_ASL_MACHINES_H
#define AFFLUX_FUZZ_ASL_MACHINES_H

#include "asl/encode.h"
#include "json/parse.h"
#include <stdio.h>
#include <stdlib.h>

#define MACHINES_NOW_MS INT64_C(1767225600000)

/* ---- definitions; ' stands for " ---- */

static const char *const machines[] = {
    /* every way to wait, side by side */
    "{'StartAt':'P','States':{'P':{'Type':'Parallel','ResultPath':'$.all','Retry':[{'ErrorEquals':["
    "'A'],'MaxAttempts':1}],'Catch':[{'ErrorEquals':['States.TaskFailed'],'ResultPath':'$.e','Next'"
    ":'E'}],'Next':'E','Branches':[{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:"
    "states:::lambda:invoke','TimeoutSeconds':50,'HeartbeatSeconds':5,'Retry':[{'ErrorEquals':['A']"
    ",'MaxAttempts':1},{'ErrorEquals':['States.Timeout'],'JitterStrategy':'FULL'}],'Assign':{'v.$':"
    "'$'},'End':true}}},{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3,'End':true}}},{"
    "'StartAt':'I','States':{'I':{'Type':'Map','ItemsPath':'$.items','MaxConcurrency':2,'Retry':[{"
    "'ErrorEquals':['States.ALL'],'MaxAttempts':1}],'ItemProcessor':{'StartAt':'IT','States':{'IT':"
    "{'Type':'Task','Resource':'arn:aws:states:eu-west-1:123456789012:activity:work',"
    "'TimeoutSeconds':9,'Catch':[{'ErrorEquals':['B'],'Next':'IP'}],'End':true},'IP':{'Type':'Pass'"
    ",'End':true}}},'End':true}}},{'StartAt':'D','States':{'D':{'Type':'Map','ItemsPath':'$.items',"
    "'ItemSelector':{'v.$':'$$.Map.Item.Value'},'ItemProcessor':{'ProcessorConfig':{'Mode':"
    "'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'S','States':{'S':{'Type':'Succeed'}}},"
    "'End':true}}},{'StartAt':'C','States':{'C':{'Type':'Task','Resource':'arn:aws:states:::sqs:"
    "sendMessage.waitForTaskToken','Parameters':{'t.$':'$$.Task.Token'},'End':true}}}]},'E':{'Type'"
    ":'Choice','Choices':[{'Variable':'$.e','IsPresent':true,'Next':'F'}],'Default':'Z'},'F':{"
    "'Type':'Fail','Error':'Last','CausePath':'$.e.Error'},'Z':{'Type':'Succeed'}}}",

    /* JSONata: clocks, chance, failing catchers, variables of nested machines */
    "{'QueryLanguage':'JSONata','TimeoutSeconds':900,'StartAt':'A','States':{'A':{'Type':'Pass',"
    "'Assign':{'m':'{% $millis() %}','n':0},'Next':'M'},'M':{'Type':'Map','Items':'{% $states.input"
    ".items %}','ItemSelector':{'v':'{% $states.context.Map.Item.Value %}','r':'{% $random() %}'},"
    "'ItemProcessor':{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:states:::"
    "lambda:invoke','Arguments':'{% $states.input.v + $m %}','Assign':{'w':'{% $states.result %}'},"
    "'Catch':[{'ErrorEquals':['A'],'Output':'{% $states.errorOutput.Nothing %}','Next':'U'},{"
    "'ErrorEquals':['States.ALL'],'Output':'{% $millis() %}','Assign':{'w':1},'Next':'U'}],'Next':"
    "'U'},'U':{'Type':'Choice','Choices':[{'Condition':'{% $w = 1 %}','Next':'X'}],'Default':'X'},"
    "'X':{'Type':'Parallel','Branches':[{'StartAt':'X1','States':{'X1':{'Type':'Pass','Output':'{% "
    "$w %}','End':true}}},{'StartAt':'X2','States':{'X2':{'Type':'Wait','Seconds':'{% $w %}','End':"
    "true}}}],'End':true}}},'Retry':[{'ErrorEquals':['States.QueryEvaluationError'],'MaxAttempts':1"
    "}],'Next':'L'},'L':{'Type':'Choice','Choices':[{'Condition':'{% $n < 3 %}','Assign':{'n':'{% "
    "$n + 1 %}'},'Output':{'items':'{% $states.input %}'},'Next':'M'}],'Default':'Z'},'Z':{'Type':"
    "'Succeed','Output':'{% $states.input %}'}}}",

    /* pages that are passed on, and lists that grow */
    "{'QueryLanguage':'JSONata','StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:"
    "states:::lambda:invoke','Assign':{'list':'{% $append($list, [$states.result]) %}'},'Output':{"
    "'page':'{% $states.result %}','old':'{% $states.input %}'},'Next':'C'},'C':{'Type':'Choice',"
    "'Choices':[{'Condition':'{% $count($list) > 12 %}','Output':'{% $list %}','Next':'S'}],"
    "'Default':'M'},'M':{'Type':'Map','Items':'{% [$states.input.page, $list] %}','ItemProcessor':{"
    "'StartAt':'I','States':{'I':{'Type':'Pass','Output':{'i':'{% $states.input %}','l':'{% $list "
    "%}'},'End':true}}},'Output':'{% $states.result[0].i %}','Next':'T'},'S':{'Type':'Succeed'}}}",

    /* nested iterations and map runs with everything given */
    "{'StartAt':'M','States':{'M':{'Type':'Map','ItemsPath':'$.items','ItemProcessor':{'StartAt':"
    "'N','States':{'N':{'Type':'Parallel','Branches':[{'StartAt':'O','States':{'O':{'Type':'Map',"
    "'ItemsPath':'$$.Execution.Input.items','MaxConcurrency':1,'ItemSelector':{'a.$':'$$.Map.Item."
    "Index','b.$':'$'},'ItemProcessor':{'StartAt':'OT','States':{'OT':{'Type':'Task','Resource':"
    "'arn:aws:lambda:eu-west-1:123456789012:function:f','TimeoutSecondsPath':'$.a','Catch':[{"
    "'ErrorEquals':['States.ALL'],'Next':'OS'}],'Next':'OS'},'OS':{'Type':'Succeed'}}},"
    "'ResultSelector':{'r.$':'$[0]'},'End':true}}},{'StartAt':'R','States':{'R':{'Type':'Map',"
    "'ItemsPath':'$$.Execution.Input.items','MaxConcurrency':3,'ToleratedFailureCount':1,"
    "'ItemBatcher':{'MaxItemsPerBatch':2,'BatchInput':{'x.$':'$'}},'ItemProcessor':{"
    "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'EXPRESS'},'StartAt':'RS','States':{"
    "'RS':{'Type':'Pass','End':true}}},'Label':'run','Retry':[{'ErrorEquals':['States.ALL'],"
    "'MaxAttempts':1}],'End':true}}}],'End':true}}},'End':true}}}",
};

static inline void require_at(bool is_true, int line, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "line %d: %s\n", line, what);
    abort();
}
#define require(cond) require_at((cond), __LINE__, #cond)

/* Loaded once, for that takes longer than most runs. */
static inline struct asl_definition *machine_load(unsigned which, enum asl_type type)
{
    static struct asl_definition *loaded[2][ARRAY_LEN(machines)];
    static bool is_tried[2][ARRAY_LEN(machines)];
    which %= ARRAY_LEN(machines);
    struct asl_definition **place = &loaded[type == ASL_EXPRESS][which];
    if (!is_tried[type == ASL_EXPRESS][which]) {
        struct buf text;
        struct error err;
        struct asl_load_options options = {.type = type};
        buf_init(&text, ASL_MAX_DEFINITION);
        buf_add(&text, str_of(machines[which]));
        for (size_t i = 0; i < text.n; i++)
            text.p[i] = (char)(text.p[i] == '\'' ? '"' : text.p[i]);
        if (asl_definition_load(buf_str(&text), &options, NULL, place, &err) != STATUS_OK)
            *place = NULL; /* Express has no tokens */
        buf_done(&text);
        is_tried[type == ASL_EXPRESS][which] = true;
    }
    return *place ? asl_definition_ref(*place) : NULL;
}

/* ---- answers ---- */

/* A few values; one with a page that documents hold, one that is large. */
static inline struct json_doc *machine_answer(unsigned which)
{
    static const char *const texts[] = {
        "1",
        "\"text\"",
        "null",
        "[]",
        "{\"items\":[1,2.50,[3],{\"Key\":4}]}",
        "[[1],[2],[3]]",
        "{\"a\":0}",
    };
    struct buf text;
    struct json_doc *doc;
    struct error err;
    buf_init(&text, 1 << 20);
    which %= ARRAY_LEN(texts) + 2;
    if (which < ARRAY_LEN(texts))
        buf_add(&text, str_of(texts[which]));
    else
        buf_add(&text, STR("[\"\""));
    for (unsigned i = 0; which >= ARRAY_LEN(texts) && i < 300; i++)
        buf_printf(&text, ",{\"id\":%u,\"name\":\"a row of the page\"}", i + which);
    if (which >= ARRAY_LEN(texts))
        buf_add_byte(&text, ']');
    require(json_parse(buf_str(&text), NULL, &doc, &err) == STATUS_OK);
    buf_done(&text);
    return doc;
}

static inline const struct asl_identity *machine_identity(void)
{
    static const struct asl_identity identity = {
        .id = {"arn:aws:states:eu-west-1:123456789012:execution:demo:one", 55},
        .name = {"one", 3},
        .role_arn = {"arn:aws:iam::123456789012:role/demo", 35},
        .state_machine_id = {"arn:aws:states:eu-west-1:123456789012:stateMachine:demo", 55},
        .state_machine_name = {"demo", 4},
        .start_ms = MACHINES_NOW_MS,
    };
    return &identity;
}

static inline struct asl_options machine_options(bool strict)
{
    struct asl_options options = {
        .strict = strict,
        .max_moves = 200,
        .max_bytes = 1 << 17,
        .jsonata = {.steps = 20000,
                    .depth = 100,
                    .bytes = 1 << 20,
                    .regex_effort = 10000,
                    .stack_bytes = 2 << 20},
    };
    return options;
}

/* ---- looking at executions ---- */

static inline bool is_waiting(const struct asl_frame *f)
{
    return f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING;
}

/* The frame that waits for a task or map run as number *which of them; counts *which down. */
static inline struct asl_frame *machine_waiting(struct asl_frame *f, unsigned *which)
{
    if (!f)
        return NULL;
    if (is_waiting(f) && (*which)-- == 0)
        return f;
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        struct asl_frame *found = machine_waiting(child, which);
        if (found)
            return found;
    }
    return NULL;
}

static inline unsigned machine_count_waiting(const struct asl_frame *f)
{
    unsigned count = f && is_waiting(f);
    for (const struct asl_frame *c = f ? f->first_child : NULL; c; c = c->next_sibling)
        count += machine_count_waiting(c);
    return count;
}

static inline void require_same(const struct asl_exec *a, const struct asl_exec *b)
{
    struct buf left, right;
    buf_init(&left, SIZE_MAX / 2);
    buf_init(&right, SIZE_MAX / 2);
    asl_exec_print(a, &left);
    asl_exec_print(b, &right);
    if (!str_eq(buf_str(&left), buf_str(&right)))
        fprintf(stderr, "%.*s----\n%.*s", STR_ARG(buf_str(&left)), STR_ARG(buf_str(&right)));
    require(str_eq(buf_str(&left), buf_str(&right)));
    require(a->clock_ms == b->clock_ms && a->variable_bytes == b->variable_bytes);
    buf_done(&left);
    buf_done(&right);
}

static inline struct asl_exec *machine_copy(struct asl_exec *x)
{
    struct buf bytes;
    struct error err;
    struct asl_exec *copy = asl_exec_new(x->definition, x->machine, x->type, &x->options);
    buf_init(&bytes, SIZE_MAX / 2);
    asl_snapshot_write(x, &bytes);
    require(asl_snapshot_read(copy, buf_str(&bytes), &err) == STATUS_OK);
    buf_done(&bytes);
    require_same(x, copy);
    return copy;
}

/* What holds between any two steps. An execution that runs can go on, or something will come. */
static inline void require_well(struct asl_exec *x)
{
    struct error err = {0};
    if (asl_exec_check(x, &err) != STATUS_OK)
        fprintf(stderr, "%s\n", err.message);
    require(err.name[0] == '\0');
    if (x->status == ASL_EXEC_RUNNING && !asl_exec_is_ready(x))
        require(asl_exec_due(x) != ASL_NEVER || machine_count_waiting(x->root) > 0);
}

/* Is what a step made still small? Values may share memory, so that their text outgrows it. */
static inline bool is_small(const struct asl_out *out)
{
    struct buf text;
    bool is_all_small = true;
    buf_init(&text, 1 << 18);
    for (uint32_t i = 0; i < out->document_count; i++)
        asl_document_write(out->documents[i], &text);
    is_all_small = buf_ok(&text);
    buf_done(&text);
    return is_all_small;
}

#endif
