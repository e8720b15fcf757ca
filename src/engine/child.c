/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parents and children: whom an execution waits for, what a task of startExecution is told when its
 * child has begun, and what a parent is told when it has ended.
 *
 * A task hears of its child when the child's first records are durable and not before: a parent
 * that says "submitted" has a child, whatever happens.
 */
#include "engine/engine_internal.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

/* ---- whom a parent waits for ---- */

static struct engine_child_ref **ref_of(struct engine_execution *ex, uint32_t frame,
                                        uint32_t attempt)
{
    struct engine_child_ref **at = &ex->children;
    while (*at && ((*at)->frame != frame || (*at)->attempt != attempt))
        at = &(*at)->next;
    return at;
}

struct engine_child_ref *engine_child_find(const struct engine_execution *ex, uint32_t frame,
                                           uint32_t attempt)
{
    struct engine_child_ref *child = ex->children;
    while (child && (child->frame != frame || child->attempt != attempt))
        child = child->next;
    return child;
}

void engine_child_add(struct engine_execution *ex, uint32_t frame, uint32_t attempt,
                      const struct store_execution *child, bool is_kept)
{
    if (engine_child_find(ex, frame, attempt))
        return;
    struct engine_child_ref *ref = malloc(sizeof(*ref));
    check(ref != NULL);
    *ref = (struct engine_child_ref){.next = ex->children,
                                     .frame = frame,
                                     .attempt = attempt,
                                     .id = child->id,
                                     .shard = child->shard,
                                     .is_kept = is_kept};
    ex->children = ref;
}

void engine_child_drop(struct engine_execution *ex, uint32_t frame, uint32_t attempt)
{
    struct engine_child_ref **at = ref_of(ex, frame, attempt), *ref = *at;
    if (!ref)
        return;
    *at = ref->next;
    free(ref);
}

/* ---- answers ---- */

void engine_answer_failed(struct engine_execution *ex, const struct asl_command *c,
                          const char *prefix, const struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    const char *end = str_ends(str_of(err->name), STR("Exception")) ? "" : "Exception";
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

static void add_member(struct buf *out, const char *key, str text)
{
    buf_printf(out, "%s\"%s\":", out->n > 1 ? "," : "", key);
    json_write_string(out, text);
}

void engine_say_started(struct engine_execution *ex, const struct asl_command *c,
                        const struct engine_execution *child)
{
    bool waits = c->state->task.resource.pattern != ASL_REQUEST_RESPONSE;
    const struct asl_identity *who = &child->x->identity;
    struct json_doc *doc;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add_byte(&text, '{');
    add_member(&text, "ExecutionArn", who->id);
    buf_printf(&text, ",\"StartDate\":%lld}", (long long)who->start_ms);
    check(json_parse(buf_str(&text), NULL, &doc, NULL) == STATUS_OK);
    struct engine_answer answer = {
        .kind = waits ? ASL_EVENT_TASK_SUBMITTED : ASL_EVENT_TASK_SUCCEEDED, .doc = doc};
    engine_answer_task(ex->engine, ex->row.id, c->frame, c->attempt, &answer);
    json_doc_unref(doc);
    buf_done(&text);
}

/* The task that asked for the child, if it is in memory and still waits; its command in the arena.
 */
static struct engine_execution *asker_of(struct engine_execution *child, struct arena *a,
                                         struct asl_command *ret)
{
    struct engine_asker asker = child->asker;
    child->asker = (struct engine_asker){0};
    struct engine_execution *ex =
        asker.execution != 0 ? engine_find(child->engine, asker.execution) : NULL;
    struct asl_frame *f = ex ? asl_exec_frame(ex->x, asker.frame) : NULL;
    if (!f || f->attempt != asker.attempt || f->phase != ASL_PHASE_WORKING)
        return NULL;
    *ret = asl_task_command(ex->x, f, a);
    return ex;
}

void engine_child_begun(struct engine_execution *child)
{
    struct asl_command c;
    struct arena a;
    arena_init(&a, 0);
    struct engine_execution *ex = asker_of(child, &a, &c);
    if (ex)
        engine_say_started(ex, &c, child);
    arena_done(&a);
}

void engine_child_refused(struct engine_execution *child, const struct error *err)
{
    struct asl_command c;
    struct arena a;
    arena_init(&a, 0);
    struct engine_execution *ex = asker_of(child, &a, &c);
    if (ex) {
        engine_child_drop(ex, c.frame, c.attempt);
        engine_answer_failed(ex, &c, "StepFunctions", err);
    }
    arena_done(&a);
}

bool engine_has_parent(const struct engine_execution *ex)
{
    return ex->row.parent != 0 && !(ex->row.parent_attempt & ENGINE_NO_WAIT);
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

/* The pattern is the parent's to know: message.c makes the texts of .sync out of the values of
 * .sync:2. */
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

static void tell_parent(struct engine_execution *ex)
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

void engine_tell_asker_and_parent(struct engine_execution *ex)
{
    engine_child_begun(ex);
    if (asl_exec_is_over(ex->x) && !ex->is_ended && engine_has_parent(ex))
        tell_parent(ex);
}
