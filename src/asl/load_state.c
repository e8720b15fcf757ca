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

static load_fn state_result, state_output, state_assign;

enum { P = LOAD_P, J = LOAD_J, B = LOAD_BOTH };

#define FIELD(field, of, in, reader, member)                                                       \
    {                                                                                              \
        .name = field, .types = of, .languages = in, .read = reader,                               \
        .offset = offsetof(struct asl_state, member)                                               \
    }
#define NUMBER(field, of, reader, least, most, member)                                             \
    {                                                                                              \
        .name = field, .types = of, .read = reader, .min = least, .max = most,                     \
        .offset = offsetof(struct asl_state, member)                                               \
    }
#define REQUIRED(field, of, reader, member)                                                        \
    {                                                                                              \
        .name = field, .types = of, .required = true, .read = reader,                              \
        .offset = offsetof(struct asl_state, member)                                               \
    }

static const struct field state_fields[] = {
    {.name = "Type", .required = true},
    {.name = "QueryLanguage"},
    {.name = "Comment", .read = load_comment},
    FIELD("Next", MOVES, B, load_next, next),
    {.name = "End", .types = MOVES},

    /* data flow */
    FIELD("InputPath", ALL & ~FAIL, P, load_path, input_path),
    FIELD("OutputPath", ALL & ~FAIL, P, load_path, output_path),
    FIELD("Parameters", PASS | TASK | PARALLEL, P, load_template, parameters),
    FIELD("Parameters", MAP, P, load_template, map.item_selector),
    FIELD("ResultPath", PASS | WORKS, P, load_result_path, result_path),
    FIELD("ResultSelector", WORKS, P, load_object_template, result_selector),
    FIELD("Arguments", TASK | PARALLEL, J, load_template, parameters),
    FIELD("Output", ALL & ~FAIL, J, state_output, output),
    FIELD("Assign", PASS | WORKS | CHOICE | WAIT, B, state_assign, assign),
    {.name = "Retry", .types = WORKS, .read = load_retry},
    {.name = "Catch", .types = WORKS, .read = load_catch},

    /* Pass */
    {.name = "Result", .types = PASS, .languages = P, .read = state_result},

    /* Task */
    REQUIRED("Resource", TASK, load_resource, task.resource),
    FIELD("Credentials", TASK, B, load_credentials, task.credentials),
    NUMBER("TimeoutSeconds", TASK, load_int, 1, MAX_SECONDS, task.timeout_seconds),
    FIELD("TimeoutSecondsPath", TASK, P, load_number_path, task.timeout_seconds),
    NUMBER("HeartbeatSeconds", TASK, load_int, 1, MAX_SECONDS, task.heartbeat_seconds),
    FIELD("HeartbeatSecondsPath", TASK, P, load_number_path, task.heartbeat_seconds),

    /* Choice */
    REQUIRED("Choices", CHOICE, load_choices, choice),
    FIELD("Default", CHOICE, B, load_next, choice.otherwise),

    /* Wait */
    NUMBER("Seconds", WAIT, load_int, 0, MAX_SECONDS, wait.seconds),
    FIELD("SecondsPath", WAIT, P, load_number_path, wait.seconds),
    FIELD("Timestamp", WAIT, B, load_timestamp, wait.timestamp),
    FIELD("TimestampPath", WAIT, P, load_text_path, wait.timestamp),

    /* Fail */
    FIELD("Error", FAIL, B, load_text, fail.error),
    FIELD("ErrorPath", FAIL, P, load_expr_path, fail.error),
    FIELD("Cause", FAIL, B, load_text, fail.cause),
    FIELD("CausePath", FAIL, P, load_expr_path, fail.cause),

    /* Parallel */
    REQUIRED("Branches", PARALLEL, load_branches, parallel),

    /* Map */
    FIELD("ItemProcessor", MAP, B, load_processor, map),
    FIELD("Iterator", MAP, B, load_processor, map),
    FIELD("Items", MAP, J, load_items, map.items),
    FIELD("ItemsPath", MAP, P, load_items_path, map.items_path),
    FIELD("ItemSelector", MAP, B, load_template, map.item_selector),
    FIELD("ItemReader", MAP, B, load_reader, map.reader),
    FIELD("ItemBatcher", MAP, B, load_batcher, map.batcher),
    FIELD("ResultWriter", MAP, B, load_writer, map.writer),
    FIELD("Label", MAP, B, load_label, map.label),
    NUMBER("MaxConcurrency", MAP, load_int, 0, MAX_COUNT, map.max_concurrency),
    FIELD("MaxConcurrencyPath", MAP, P, load_number_path, map.max_concurrency),
    NUMBER("ToleratedFailureCount", MAP, load_int, 0, MAX_COUNT, map.tolerated_count),
    FIELD("ToleratedFailureCountPath", MAP, P, load_number_path, map.tolerated_count),
    NUMBER("ToleratedFailurePercentage", MAP, load_float, 0, 100, map.tolerated_percentage),
    FIELD("ToleratedFailurePercentagePath", MAP, P, load_number_path, map.tolerated_percentage),
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

/* The states that work have a result that Output and Assign may use. */
static unsigned state_reads(const struct load *l)
{
    return (LOAD_TYPE(l->state->type) & WORKS) != 0 ? LOAD_RESULT : 0;
}

static void state_output(struct load *l, const struct at *at, struct json_val v,
                         const struct field *f, void *target)
{
    l->reads = state_reads(l);
    load_template(l, at, v, f, target);
}

static void state_assign(struct load *l, const struct at *at, struct json_val v,
                         const struct field *f, void *target)
{
    l->reads = state_reads(l);
    load_assign(l, at, v, f, target);
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
