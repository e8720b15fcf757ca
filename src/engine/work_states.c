/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that is about executions: states:startExecution in its four patterns, and the operations of
 * aws-sdk:sfn that concern tasks and executions.
 *
 * A child's name is given or derived from parent, frame and attempt, so that asking again (after a
 * crash) finds the child that was begun before: it exists exactly once. An Express child is gone
 * with its process and begun again.
 */
#include "engine/activity.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

static str text_member(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

/* ---- children ---- */

/* The machine's name: behind the last colon but for versions, which are not there yet. */
static str machine_name(str arn)
{
    size_t at = str_find(arn, STR(":stateMachine:"), 0);
    return at == STR_NONE ? arn : str_sub(arn, at + sizeof(":stateMachine:") - 1, arn.n);
}

static struct json_doc *child_input(struct json_val arguments, struct error *err)
{
    struct json_val input = json_get(arguments, STR("Input"));
    struct buf text;
    struct json_doc *doc = NULL;
    buf_init(&text, SIZE_MAX / 2);
    if (input.tag == JSON_UNDEFINED || input.tag == JSON_NULL)
        buf_add(&text, STR("{}"));
    else if (input.tag == JSON_STRING)
        buf_add(&text, json_str(input)); /* JSON in a text */
    if (text.n == 0 && json_write(&text, input, 0, err) != STATUS_OK)
        buf_clear(&text);
    if (json_parse(buf_str(&text), NULL, &doc, err) != STATUS_OK)
        doc = NULL;
    buf_done(&text);
    return doc;
}

static str child_name(const struct engine_execution *ex, const struct asl_command *c,
                      struct arena *a)
{
    str given = text_member(c->arguments->root, "Name");
    return given.n > 0 ? given : asl_uuid_of(ex->x->identity.id, c->frame, c->attempt, a);
}

static bool waits_for_end(const struct asl_command *c)
{
    enum asl_pattern pattern = c->state->task.resource.pattern;
    return pattern == ASL_SYNC || pattern == ASL_SYNC_2;
}

static bool is_own_child(const struct engine_execution *ex, const struct asl_command *c,
                         const struct store_execution *child)
{
    return child->parent == ex->row.id && child->parent_frame == c->frame &&
           (child->parent_attempt & ~ENGINE_NO_WAIT) == c->attempt;
}

/* The child of a task: begun now, or by this task before; "ExecutionAlreadyExists" when it is
 * somebody else's. */
static enum status begin_child(struct engine_execution *ex, const struct asl_command *c,
                               struct engine_execution **ret, struct error *err)
{
    struct json_val arguments = c->arguments->root;
    struct engine_child of = {.parent = ex->row.id,
                              .frame = c->frame,
                              .attempt = c->attempt,
                              .shard = ex->row.shard,
                              .is_waited_for = waits_for_end(c)};
    struct arena a;
    struct json_doc *input = child_input(arguments, err);
    if (!input) {
        struct error cause = *err;
        return error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                         "Invalid State Machine Execution Input: '%s'", cause.message);
    }
    uint32_t loop;
    arena_init(&a, 0);
    enum status status =
        engine_begin(ex->engine, machine_name(text_member(arguments, "StateMachineArn")),
                     child_name(ex, c, &a), input, &of, ret, &loop, err);
    if (status == STATUS_CONFLICT && *ret && is_own_child(ex, c, &(*ret)->row))
        status = STATUS_OK;
    json_doc_unref(input);
    arena_done(&a);
    return status;
}

static void start_child(struct engine_execution *ex, const struct asl_command *c)
{
    struct engine_execution *child;
    struct error err;
    if (begin_child(ex, c, &child, &err) != STATUS_OK) {
        engine_answer_failed(ex, c, "StepFunctions", &err);
        return;
    }
    if (waits_for_end(c) && !child->is_ended)
        engine_child_add(ex, c->frame, c->attempt, &child->row, child->is_kept);
    child->asker = (struct engine_asker){ex->row.id, c->frame, c->attempt};
    if (child->has_begun && child->x->status != ASL_EXEC_NEW)
        engine_child_begun(child);
}

static bool is_start(const struct asl_resource *r)
{
    return (str_eq(r->resource_type, STR("states")) &&
            str_starts(r->resource, STR("startExecution"))) ||
           (str_eq(r->resource_type, STR("aws-sdk:sfn")) &&
            str_eq(r->resource, STR("startExecution")));
}

/* A child that runs is remembered; it need not be in memory for that. */
static void remember_child(struct engine_execution *ex, const struct asl_command *c,
                           int64_t machine, str name, struct arena *a)
{
    struct store_execution row;
    struct error err;
    const struct engine_execution *child = engine_index_find(ex->engine, machine, name);
    if (child)
        row = child->row;
    else if (store_find_execution_named(ex->engine->reader, machine, name, a, &row, &err) !=
             STATUS_OK)
        return;
    bool is_running = child ? !child->is_ended : row.status == STORE_RUNNING;
    if (is_running && is_own_child(ex, c, &row))
        engine_child_add(ex, c->frame, c->attempt, &row, true);
}

void engine_child_again(struct engine_execution *ex, const struct asl_command *c)
{
    struct store_machine m;
    struct arena a;
    struct error err;
    if (!is_start(&c->state->task.resource) || !waits_for_end(c) ||
        engine_child_find(ex, c->frame, c->attempt))
        return;
    str machine = machine_name(text_member(c->arguments->root, "StateMachineArn"));
    arena_init(&a, 0);
    enum status status = engine_find_machine(ex->engine, machine, &a, &m, &err);
    if (status == STATUS_OK && str_eq(m.type, STR("EXPRESS")))
        start_child(ex, c);
    else if (status == STATUS_OK)
        remember_child(ex, c, m.id, child_name(ex, c, &a), &a);
    arena_done(&a);
}

void engine_cancel_states(struct engine_execution *ex, const struct engine_action *action)
{
    struct error err;
    struct engine_child_ref *child = engine_child_find(ex, action->frame, action->attempt);
    if (!child || child->is_kept)
        return;
    enum status status = engine_stop(ex->engine, child->id, STR(""), STR(""), &err);
    (void)status; /* it may have ended just now */
    engine_child_drop(ex, action->frame, action->attempt);
}

/* ---- tasks of others ---- */

static void fill_message(struct engine_send *send, const struct asl_token *t,
                         enum asl_event_kind kind, struct json_val arguments)
{
    struct json_val output = json_get(arguments, STR("Output"));
    struct json_val error = json_get(arguments, STR("Error"));
    struct json_val cause = json_get(arguments, STR("Cause"));
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (output.tag == JSON_STRING)
        buf_add(&text, json_str(output));
    else if (output.tag != JSON_UNDEFINED && json_write(&text, output, 0, NULL) != STATUS_OK)
        buf_clear(&text);
    size_t n = text.n;
    if (error.tag == JSON_STRING)
        buf_add(&text, json_str(error));
    if (cause.tag == JSON_STRING)
        buf_add(&text, json_str(cause));
    size_t total;
    send->memory = buf_take(&text, &total);
    size_t error_n = error.tag == JSON_STRING ? json_str(error).n : 0;
    send->message = (struct engine_message){
        .frame = t->frame,
        .attempt = t->attempt,
        .kind = kind,
        .document = {send->memory, n},
        .error = {send->memory + n, error_n},
        .cause = {send->memory + n + error_n, total - n - error_n},
        .has_error = error.tag == JSON_STRING,
        .has_cause = cause.tag == JSON_STRING,
    };
}

/* What is sent must be JSON: whoever waits is told later, and could not say no. */
static enum status check_output(enum asl_event_kind kind, struct json_val arguments,
                                struct error *err)
{
    struct json_val output = json_get(arguments, STR("Output"));
    struct json_doc *doc = NULL;
    if (kind != ASL_EVENT_TASK_SUCCEEDED ||
        (output.tag != JSON_STRING && output.tag != JSON_UNDEFINED))
        return STATUS_OK;
    str text = output.tag == JSON_STRING ? json_str(output) : (str){0};
    if (json_parse(text, NULL, &doc, NULL) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "InvalidOutput", "Invalid Output: '%.*s'",
                         STR_ARG(str_sub(text, 0, 100)));
    json_doc_unref(doc);
    return STATUS_OK;
}

static void send_task(struct engine_execution *ex, const struct asl_command *c,
                      enum asl_event_kind kind)
{
    struct engine *e = ex->engine;
    struct json_val arguments = c->arguments->root;
    struct engine_place to;
    struct asl_token t;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    enum status status = check_output(kind, arguments, &err);
    if (status == STATUS_OK)
        status = engine_find_waiting(e, text_member(arguments, "TaskToken"), &a, &to, &t, &err);
    if (status != STATUS_OK) {
        engine_answer_failed(ex, c, "Sfn", &err);
    } else {
        struct engine_send send = {.to = to.id, .shard = to.shard};
        struct json_doc *empty;
        fill_message(&send, &t, kind, arguments);
        check(json_parse(STR("{}"), NULL, &empty, NULL) == STATUS_OK);
        struct asl_event event = {.kind = ASL_EVENT_TASK_SUCCEEDED,
                                  .frame = c->frame,
                                  .attempt = c->attempt,
                                  .doc = empty};
        engine_post_sending(ex, &event, &send);
        json_doc_unref(empty);
    }
    arena_done(&a);
}

/* ---- which work is ours ---- */

bool engine_work_states(struct engine_execution *ex, const struct asl_command *c)
{
    static const struct {
        const char *operation;
        enum asl_event_kind kind;
    } sends[] = {
        {"sendTaskSuccess", ASL_EVENT_TASK_SUCCEEDED},
        {"sendTaskFailure", ASL_EVENT_TASK_FAILED},
        {"sendTaskHeartbeat", ASL_EVENT_TASK_HEARTBEAT},
    };
    const struct asl_resource *r = &c->state->task.resource;
    if (r->kind == ASL_RESOURCE_ACTIVITY) {
        activity_offer(ex, c);
        return true;
    }
    if (is_start(r)) {
        start_child(ex, c);
        return true;
    }
    for (size_t i = 0; str_eq(r->resource_type, STR("aws-sdk:sfn")) && i < ARRAY_LEN(sends); i++) {
        if (str_eq(r->resource, str_of(sends[i].operation))) {
            send_task(ex, c, sends[i].kind);
            return true;
        }
    }
    return false;
}
