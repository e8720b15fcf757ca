/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of states: one table for all types, a row for each field with the types and query
 * languages that know it, as the manual has it. Fields with an inside of their own are read in the
 * file of that part.
 */
#include "asl/load_internal.h"

#include "base/check.h"

enum {
    PASS = LOAD_TYPE(ASL_PASS),
    TASK = LOAD_TYPE(ASL_TASK),
    CHOICE = LOAD_TYPE(ASL_CHOICE),
    WAIT = LOAD_TYPE(ASL_WAIT),
    SUCCEED = LOAD_TYPE(ASL_SUCCEED),
    FAIL = LOAD_TYPE(ASL_FAIL),
    PARALLEL = LOAD_TYPE(ASL_PARALLEL),
    MAP = LOAD_TYPE(ASL_MAP),
    WORKS = TASK | PARALLEL | MAP,
    MOVES = PASS | TASK | WAIT | PARALLEL | MAP, /* has Next or End */
    ALL = MOVES | CHOICE | SUCCEED | FAIL,
};

#define MAX_SECONDS 99999999
#define MAX_COUNT 9e15 /* no bound but that of whole numbers */

/* The order is the one in which AWS lists them. */
static const char *const type_words[] = {"Task",   "Wait",     "Pass", "Succeed", "Fail",
                                         "Choice", "Parallel", "Map",  NULL};
static const enum asl_state_type type_of_word[] = {ASL_TASK, ASL_WAIT,   ASL_PASS,     ASL_SUCCEED,
                                                   ASL_FAIL, ASL_CHOICE, ASL_PARALLEL, ASL_MAP};
static const char *const language_words[] = {"JSONPath", "JSONata", NULL};

static load_fn state_result, state_output;

#define STATE(member) .offset = offsetof(struct asl_state, member)

static const struct field state_fields[] = {
    {.name = "Type", .required = true},
    {.name = "Comment", .read = load_comment},
    {.name = "QueryLanguage"},
    {.name = "Next", .types = MOVES, .read = load_next, STATE(next)},
    {.name = "End", .types = MOVES},

    /* data flow */
    {.name = "InputPath",
     .types = ALL & ~FAIL,
     .languages = LOAD_P,
     .read = load_path,
     STATE(input_path)},
    {.name = "OutputPath",
     .types = ALL & ~FAIL,
     .languages = LOAD_P,
     .read = load_path,
     STATE(output_path)},
    {.name = "Parameters",
     .types = PASS | TASK | PARALLEL,
     .languages = LOAD_P,
     .read = load_template,
     STATE(parameters)},
    {.name = "Parameters",
     .types = MAP,
     .languages = LOAD_P,
     .read = load_template,
     STATE(map.item_selector)},
    {.name = "ResultPath",
     .types = PASS | WORKS,
     .languages = LOAD_P,
     .read = load_result_path,
     STATE(result_path)},
    {.name = "ResultSelector",
     .types = WORKS,
     .languages = LOAD_P,
     .read = load_object_template,
     STATE(result_selector)},
    {.name = "Arguments",
     .types = TASK | PARALLEL,
     .languages = LOAD_J,
     .read = load_template,
     STATE(parameters)},
    {.name = "Output",
     .types = ALL & ~FAIL,
     .languages = LOAD_J,
     .read = state_output,
     STATE(output)},
    {.name = "Assign", .types = WORKS, .read = load_assign, STATE(assign), .reads = LOAD_RESULT},
    {.name = "Assign", .types = PASS | CHOICE | WAIT, .read = load_assign, STATE(assign)},
    {.name = "Retry", .types = WORKS, .read = load_retry},
    {.name = "Catch", .types = WORKS, .read = load_catch},

    /* Pass */
    {.name = "Result", .types = PASS, .languages = LOAD_P, .read = state_result},

    /* Task */
    {.name = "Resource",
     .types = TASK,
     .required = true,
     .read = load_resource,
     STATE(task.resource)},
    {.name = "Credentials", .types = TASK, .read = load_credentials, STATE(task.credentials)},
    {.name = "TimeoutSeconds",
     .types = TASK,
     .read = load_int,
     .min = 1,
     .max = MAX_SECONDS,
     STATE(task.timeout_seconds)},
    {.name = "TimeoutSecondsPath",
     .types = TASK,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(task.timeout_seconds)},
    {.name = "HeartbeatSeconds",
     .types = TASK,
     .read = load_int,
     .min = 1,
     .max = MAX_SECONDS,
     STATE(task.heartbeat_seconds)},
    {.name = "HeartbeatSecondsPath",
     .types = TASK,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(task.heartbeat_seconds)},

    /* Choice */
    {.name = "Choices", .types = CHOICE, .required = true, .read = load_choices, STATE(choice)},
    {.name = "Default", .types = CHOICE, .read = load_next, STATE(choice.otherwise)},

    /* Wait */
    {.name = "Seconds",
     .types = WAIT,
     .read = load_int,
     .min = 0,
     .max = MAX_SECONDS,
     STATE(wait.seconds)},
    {.name = "SecondsPath",
     .types = WAIT,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(wait.seconds)},
    {.name = "Timestamp", .types = WAIT, .read = load_timestamp, STATE(wait.timestamp)},
    {.name = "TimestampPath",
     .types = WAIT,
     .languages = LOAD_P,
     .read = load_text_path,
     STATE(wait.timestamp)},

    /* Fail */
    {.name = "Error", .types = FAIL, .read = load_text, STATE(fail.error)},
    {.name = "ErrorPath",
     .types = FAIL,
     .languages = LOAD_P,
     .read = load_expr_path,
     STATE(fail.error)},
    {.name = "Cause", .types = FAIL, .read = load_text, STATE(fail.cause)},
    {.name = "CausePath",
     .types = FAIL,
     .languages = LOAD_P,
     .read = load_expr_path,
     STATE(fail.cause)},

    /* Parallel */
    {.name = "Branches",
     .types = PARALLEL,
     .required = true,
     .read = load_branches,
     STATE(parallel)},

    /* Map */
    {.name = "ItemProcessor", .types = MAP, .read = load_processor, STATE(map)},
    {.name = "Iterator", .types = MAP, .read = load_iterator, STATE(map)},
    {.name = "Items", .types = MAP, .languages = LOAD_J, .read = load_items, STATE(map.items)},
    {.name = "ItemsPath",
     .types = MAP,
     .languages = LOAD_P,
     .read = load_items_path,
     STATE(map.items_path)},
    {.name = "ItemSelector", .types = MAP, .read = load_template, STATE(map.item_selector)},
    {.name = "MaxConcurrency",
     .types = MAP,
     .read = load_int,
     .min = 0,
     .max = MAX_COUNT,
     STATE(map.max_concurrency)},
    {.name = "MaxConcurrencyPath",
     .types = MAP,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(map.max_concurrency)},
    {.name = "ToleratedFailureCount",
     .types = MAP,
     .read = load_int,
     .min = 0,
     .max = MAX_COUNT,
     STATE(map.tolerated_count)},
    {.name = "ToleratedFailureCountPath",
     .types = MAP,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(map.tolerated_count)},
    {.name = "ToleratedFailurePercentage",
     .types = MAP,
     .read = load_float,
     .min = 0,
     .max = 100,
     STATE(map.tolerated_percentage)},
    {.name = "ToleratedFailurePercentagePath",
     .types = MAP,
     .languages = LOAD_P,
     .read = load_number_path,
     STATE(map.tolerated_percentage)},
    {.name = "ItemReader", .types = MAP, .read = load_reader, STATE(map.reader)},
    {.name = "ItemBatcher", .types = MAP, .read = load_batcher, STATE(map.batcher)},
    {.name = "ResultWriter", .types = MAP, .read = load_writer, STATE(map.writer)},
    {.name = "Label", .types = MAP, .read = load_label, STATE(map.label)},
};

static const struct one_of state_groups[] = {
    {TASK, false, {"TimeoutSeconds", "TimeoutSecondsPath"}},
    {TASK, false, {"HeartbeatSeconds", "HeartbeatSecondsPath"}},
    {WAIT, true, {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}},
    {FAIL, false, {"Error", "ErrorPath"}},
    {FAIL, false, {"Cause", "CausePath"}},
    {MAP, true, {"ItemProcessor", "Iterator"}},
    {MAP, false, {"ItemSelector", "Parameters"}},
    {MAP, false, {"MaxConcurrency", "MaxConcurrencyPath"}},
    {MAP, false, {"ToleratedFailureCount", "ToleratedFailureCountPath"}},
    {MAP, false, {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"}},
};

static const struct table state_table = {state_fields, ARRAY_LEN(state_fields), state_groups,
                                         ARRAY_LEN(state_groups), NULL};

/* ---- fields of one type only ---- */

static void state_output(struct load *l, const struct at *at, struct json_val v,
                         const struct field *f, void *target)
{
    bool works = (LOAD_TYPE(l->state->type) & WORKS) != 0;
    l->reads |= works ? LOAD_RESULT : 0;
    load_template(l, at, v, f, target);
}

/* Does it hold what would be evaluated in other fields? */
static bool result_holds_path(struct json_val v)
{
    bool holds = false;
    for (uint32_t i = 0; !holds && v.tag == JSON_ARRAY && i < v.len; i++)
        holds = result_holds_path(v.items[i]);
    for (uint32_t i = 0; !holds && v.tag == JSON_OBJECT && i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        holds = str_ends((str){key->p, key->n}, STR(".$")) || result_holds_path(v.obj->vals[i]);
    }
    return holds || (v.tag == JSON_STRING && str_starts(json_str(v), STR("$.")));
}

static void state_result(struct load *l, const struct at *at, struct json_val v,
                         const struct field *f, void *target)
{
    struct asl_state *state = target;
    (void)f;
    state->pass.has_result = true;
    state->pass.result = v;
    if (result_holds_path(v))
        load_warning(l, "PASS_RESULT_IS_STATIC", at, "use Parameters to have paths evaluated",
                     "Attempt to use a path in the result of a pass state");
}

/* ---- the state ---- */

static enum asl_language state_language(struct load *l, const struct at *at, struct json_val v)
{
    static const struct field row = {.name = "QueryLanguage", .words = language_words};
    struct json_val given = json_get(v, STR("QueryLanguage"));
    unsigned word = ASL_JSONATA; /* what AWS takes an unknown one for */
    if (given.tag == JSON_UNDEFINED)
        return l->d->language;
    load_word(l, at_key(l, at, STR("QueryLanguage")), given, &row, &word);
    if (word == ASL_JSONPATH && l->d->language == ASL_JSONATA)
        load_error(l, SCHEMA, at, NULL,
                   "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
                   "machine");
    return (enum asl_language)word;
}

static bool state_type(struct load *l, const struct at *at, struct json_val v,
                       enum asl_state_type *ret)
{
    static const struct field row = {.name = "Type", .words = type_words};
    struct json_val given = json_get(v, STR("Type"));
    unsigned word = ARRAY_LEN(type_of_word);
    if (given.tag == JSON_UNDEFINED) {
        load_error(l, SCHEMA, at, NULL, "These fields are required: [Type]");
        return false;
    }
    load_word(l, at_key(l, at, STR("Type")), given, &row, &word);
    if (word == ARRAY_LEN(type_of_word))
        return false;
    *ret = type_of_word[word];
    return true;
}

/* Exactly one of Next and "End": true. */
static bool state_ends(struct load *l, const struct at *at, struct json_val v)
{
    enum asl_state_type type = l->state->type;
    struct json_val end = json_get(v, STR("End"));
    bool has_next = json_get(v, STR("Next")).tag != JSON_UNDEFINED;
    if ((LOAD_TYPE(type) & MOVES) == 0)
        return type != ASL_CHOICE;
    if (end.tag != JSON_UNDEFINED && end.tag != JSON_BOOL) {
        load_error(l, SCHEMA, at_key(l, at, STR("End")), NULL, "Expected value of type Boolean");
        return true;
    }
    bool ends = end.tag == JSON_BOOL && end.b;
    if (ends && has_next)
        load_error(l, SCHEMA, at, NULL,
                   "There should only be one of the following fields: [Next, End]");
    if (!ends && !has_next)
        load_error(l, SCHEMA, at, "say where to go: \"Next\": \"…\", or \"End\": true",
                   "There should be one of the following fields: [Next, End]");
    return ends || !has_next;
}

static void state_check_task(struct load *l, const struct at *at, struct json_val v)
{
    const struct asl_task *task = &l->state->task;
    load_check_arguments(l, at, v);
    if (task->timeout_seconds.kind == ASL_FIELD_LITERAL &&
        task->heartbeat_seconds.kind == ASL_FIELD_LITERAL &&
        task->heartbeat_seconds.value >= task->timeout_seconds.value)
        load_error(l, SCHEMA, at, NULL, "HeartbeatSeconds must be smaller than TimeoutSeconds");
}

void load_state(struct load *l, uint32_t number, struct json_val v)
{
    struct state_note note = ((struct state_note *)l->states.items)[number];
    struct asl_state *outer =
        l->state; /* whose part this machine is; its own fields go on behind */
    const struct at *outer_at = l->state_at;
    enum asl_language outer_language = l->language;
    unsigned outer_reads = l->reads;
    l->state = note.state;
    l->state_at = note.at;
    l->reads = 0;
    bool is_known = load_is_object(l, note.at, v) && state_type(l, note.at, v, &note.state->type);
    if (is_known) {
        note.state->language = l->language = state_language(l, note.at, v);
        load_fields(l, note.at, v, &state_table, note.state);
        if (note.state->type == ASL_TASK)
            state_check_task(l, note.at, v);
        if (note.state->type == ASL_MAP)
            load_finish_map(l, note.at, v);
    }
    struct state_note *kept = (struct state_note *)l->states.items + number;
    kept->is_broken = !is_known;
    kept->ends = !is_known || state_ends(l, note.at, v);
    l->state = outer;
    l->state_at = outer_at;
    l->language = outer_language;
    l->reads = outer_reads;
}

const char *asl_state_type_name(enum asl_state_type type)
{
    static const char *const names[] = {
#define X(id, text) [ASL_##id] = text,
        ASL_STATE_TYPE_LIST(X)
#undef X
    };
    check((unsigned)type < ARRAY_LEN(names));
    return names[type];
}
