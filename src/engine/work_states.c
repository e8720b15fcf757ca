/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that is about executions: states:startExecution in its four patterns, and the operations of
 * aws-sdk:sfn that concern tasks and executions.
 *
 * A child's name is given or derived from parent, frame and attempt, so that asking again (after a
 * crash) finds the child that was begun before: it exists exactly once.
 */
#include "asl/token.h"
#include "engine/engine_internal.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

/* ---- answers ---- */

static void answer_text(struct engine_execution *ex, const struct asl_command *c,
                        enum asl_event_kind kind, const struct buf *text)
{
    struct json_doc *doc;
    if (json_parse(buf_str(text), NULL, &doc, NULL) != STATUS_OK)
        return;
    struct engine_answer answer = {.kind = kind, .doc = doc};
    engine_answer_task(ex->engine, ex->row.id, c->frame, c->attempt, &answer);
    json_doc_unref(doc);
}

static void answer_failed(struct engine_execution *ex, const struct asl_command *c,
                          const char *prefix, const struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    str name = str_of(err->name);
    const char *end = str_ends(name, STR("Exception")) ? "" : "Exception";
    struct engine_answer answer = {
        .kind = ASL_EVENT_TASK_FAILED,
        .error = arena_printf(&a, "%s.%s%s", prefix, err->name, end),
        .cause =
            arena_printf(&a, "%s (Service: AWSStepFunctions; Status Code: 400; Error Code: %s)",
                         err->message, err->name),
        .has_error = true,
        .has_cause = true,
    };
    engine_answer_task(ex->engine, ex->row.id, c->frame, c->attempt, &answer);
    arena_done(&a);
}

static str text_member(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

static void add_member(struct buf *out, const char *key, str text)
{
    buf_printf(out, "%s\"%s\":", out->n > 1 ? "," : "", key);
    json_write_string(out, text);
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

static void say_started(struct engine_execution *ex, const struct asl_command *c,
                        const struct engine_execution *child)
{
    bool waits = c->state->task.resource.pattern != ASL_REQUEST_RESPONSE;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add_byte(&text, '{');
    add_member(&text, "ExecutionArn", child->x->identity.id);
    buf_printf(&text, ",\"StartDate\":%lld}", (long long)child->x->identity.start_ms);
    answer_text(ex, c, waits ? ASL_EVENT_TASK_SUBMITTED : ASL_EVENT_TASK_SUCCEEDED, &text);
    buf_done(&text);
}

static bool is_own_child(const struct engine_execution *ex, const struct asl_command *c,
                         const struct engine_execution *child)
{
    return child->row.parent_frame == c->frame && child->row.parent_attempt == c->attempt &&
           (child->row.parent == ex->row.id || child->row.parent == 0);
}

static void start_child(struct engine_execution *ex, const struct asl_command *c)
{
    struct json_val arguments = c->arguments->root;
    enum asl_pattern pattern = c->state->task.resource.pattern;
    struct engine_child of = {.parent = ex->row.id,
                              .frame = c->frame,
                              .attempt = c->attempt,
                              .is_waited_for = pattern == ASL_SYNC || pattern == ASL_SYNC_2};
    struct engine_execution *child = NULL;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct json_doc *input = child_input(arguments, &err);
    enum status status = STATUS_INVALID;
    if (input)
        status = engine_begin(ex->engine, machine_name(text_member(arguments, "StateMachineArn")),
                              child_name(ex, c, &a), input, &of, &child, &err);
    if (status == STATUS_CONFLICT && child && is_own_child(ex, c, child))
        status = STATUS_OK; /* begun by an earlier process */
    if (status == STATUS_OK)
        say_started(ex, c, child);
    else
        answer_failed(ex, c, "StepFunctions", &err);
    json_doc_unref(input);
    arena_done(&a);
}

void engine_cancel_states(struct engine_execution *ex, const struct engine_action *action)
{
    struct engine *e = ex->engine;
    for (uint32_t i = 0; e->executions && i <= e->execution_mask; i++) {
        struct engine_execution *child = e->executions[i];
        struct error err;
        if (child && child->row.parent == ex->row.id && !child->is_ended &&
            child->row.parent_frame == action->frame &&
            child->row.parent_attempt == action->attempt) {
            enum status status = engine_stop(e, child->row.id, STR(""), STR(""), &err);
            (void)status; /* a best effort, as AWS makes it */
            return;
        }
    }
}

/* ---- a child's end, for its parent ---- */

static void put_json(struct buf *out, const char *key, struct json_val v, bool as_text)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, v, 0, NULL) == STATUS_OK) {
        buf_printf(out, ",\"%s\":", key);
        if (as_text)
            json_write_string(out, buf_str(&text));
        else
            buf_add(out, buf_str(&text));
    }
    buf_done(&text);
}

/* What DescribeExecution would say, as the parent's task sees it. */
static void describe(const struct engine_execution *ex, bool as_text, struct buf *out)
{
    const struct asl_exec *x = ex->x;
    buf_add_byte(out, '{');
    add_member(out, "ExecutionArn", x->identity.id);
    if (x->has_cause)
        add_member(out, "Cause", x->cause);
    if (x->has_error)
        add_member(out, "Error", x->error);
    put_json(out, "Input", x->input->root, as_text);
    buf_add(out, STR(",\"InputDetails\":{\"Included\":true}"));
    add_member(out, "Name", x->identity.name);
    if (x->output) {
        put_json(out, "Output", x->output->root, as_text);
        buf_add(out, STR(",\"OutputDetails\":{\"Included\":true}"));
    }
    buf_printf(out, ",\"StartDate\":%lld", (long long)x->identity.start_ms);
    add_member(out, "StateMachineArn", x->identity.state_machine_id);
    add_member(out, "Status", str_of(asl_status_name(x->status)));
    buf_printf(out, ",\"StopDate\":%lld}", (long long)x->stop_ms);
}

/* The pattern is the parent's to know: both forms of the texts are made of this one, with Input and
 * Output parsed; see engine_pattern_form. */
void engine_child_message(struct engine_execution *ex, struct engine_message *ret, struct arena *a)
{
    bool is_well = ex->x->status == ASL_EXEC_SUCCEEDED;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    describe(ex, !is_well, &text);
    *ret = (struct engine_message){
        .frame = ex->row.parent_frame,
        .attempt = ex->row.parent_attempt,
        .kind = is_well ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED,
        .is_child = true,
    };
    str copy = arena_dup(a, buf_str(&text));
    buf_done(&text);
    if (is_well) {
        ret->document = copy;
        return;
    }
    ret->error = STR("States.TaskFailed");
    ret->cause = copy;
    ret->has_error = ret->has_cause = true;
}

void engine_tell_parent(struct engine_execution *ex)
{
    struct arena a;
    struct engine_message m;
    struct buf bytes;
    arena_init(&a, 0);
    buf_init(&bytes, SIZE_MAX / 2);
    engine_child_message(ex, &m, &a);
    engine_message_write(&m, &bytes);
    engine_deliver(ex->engine, ex->row.parent, 0, buf_str(&bytes));
    buf_done(&bytes);
    arena_done(&a);
}

/* ---- tasks of others ---- */

/* The execution that waits for a token, if it still does. */
static enum status find_waiting(struct engine *e, str token, struct arena *a,
                                struct engine_execution **ret, struct asl_token *t,
                                struct error *err)
{
    enum status status = asl_token_read(token, e->token_key, a, t, err);
    if (status == STATUS_OK)
        status = engine_find_arn(e, t->execution, ret, err);
    if (status != STATUS_OK)
        return status;
    struct asl_frame *f = asl_exec_frame((*ret)->x, t->frame);
    if (f && f->attempt == t->attempt && f->phase == ASL_PHASE_WORKING)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "TaskTimedOut",
                     "Task Timed Out: 'Provided task does not exist anymore'");
}

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

static void send_task(struct engine_execution *ex, const struct asl_command *c,
                      enum asl_event_kind kind)
{
    struct engine *e = ex->engine;
    struct json_val arguments = c->arguments->root;
    struct engine_execution *to = NULL;
    struct asl_token t;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    enum status status = find_waiting(e, text_member(arguments, "TaskToken"), &a, &to, &t, &err);
    if (status != STATUS_OK) {
        answer_failed(ex, c, "Sfn", &err);
    } else {
        struct engine_send send = {.to = to->row.id, .shard = to->row.shard};
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
    const struct asl_resource *r = &c->state->task.resource;
    if (r->kind == ASL_RESOURCE_ACTIVITY)
        return true; /* a worker will ask for it */
    if (str_eq(r->resource_type, STR("states")) && str_starts(r->resource, STR("startExecution"))) {
        start_child(ex, c);
        return true;
    }
    if (!str_eq(r->resource_type, STR("aws-sdk:sfn")))
        return false;
    if (str_eq(r->resource, STR("startExecution")))
        start_child(ex, c);
    else if (str_eq(r->resource, STR("sendTaskSuccess")))
        send_task(ex, c, ASL_EVENT_TASK_SUCCEEDED);
    else if (str_eq(r->resource, STR("sendTaskFailure")))
        send_task(ex, c, ASL_EVENT_TASK_FAILED);
    else if (str_eq(r->resource, STR("sendTaskHeartbeat")))
        send_task(ex, c, ASL_EVENT_TASK_HEARTBEAT);
    else
        return false;
    return true;
}
