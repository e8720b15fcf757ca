/* SPDX-License-Identifier: Apache-2.0 */
/* SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat: answered when what was sent is durable. */
#include "engine/sfn_internal.h"
#include "json/parse.h"

static void kept(void *arg, const struct error *err)
{
    if (err)
        sfn_refuse(arg, err);
    else
        sfn_answer(arg, STR("{}"));
}

/* The loop of the task's execution carries it out. True: another one does. */
static enum status find_loop(struct engine_api_call *call, struct sfn_scope *s, bool *ret_elsewhere,
                             struct error *err)
{
    struct engine *e = call->api->engine;
    struct asl_token t;
    struct engine_place to;
    enum status status = engine_find_waiting(e, sfn_text(s, "taskToken"), s->arena, &to, &t, err);
    if (status != STATUS_OK)
        return status;
    call->execution = to.id;
    *ret_elsewhere = sfn_forward(call, s, engine_owner(e, to.shard));
    return STATUS_OK;
}

static void send(struct engine_api_call *call, struct sfn_scope *s,
                 const struct engine_answer *answer)
{
    struct engine *e = call->api->engine;
    struct error err;
    bool is_elsewhere = false;
    enum status status = find_loop(call, s, &is_elsewhere, &err);
    if (is_elsewhere)
        return;
    if (status == STATUS_OK)
        status = engine_answer_token(e, sfn_text(s, "taskToken"), answer, &err);
    if (status == STATUS_OK)
        status = engine_when_kept(e, call->execution, kept, call, &err);
    if (status != STATUS_OK)
        sfn_refuse_in(call, s, &err);
}

static enum status read_output(struct sfn_scope *s, struct json_doc **ret, struct error *err)
{
    str text = sfn_text(s, "output");
    if (s->is_strict && text.n > ASL_MAX_PAYLOAD)
        return sfn_invalid(s, NULL, err,
                           "1 validation error detected: Value at 'output' failed to satisfy "
                           "constraint: Member must have length less than or equal to %d",
                           ASL_MAX_PAYLOAD);
    struct error cause;
    enum status status = json_parse(text, NULL, ret, &cause);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "InvalidOutput", "Invalid Output: '%s'", cause.message);
}

void sfn_send_success(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    struct error err;
    if (read_output(s, &answer.doc, &err) != STATUS_OK) {
        sfn_refuse_in(call, s, &err);
        return;
    }
    send(call, s, &answer);
    json_doc_unref(answer.doc);
}

void sfn_send_failure(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_FAILED,
                                   .error = sfn_text(s, "error"),
                                   .cause = sfn_text(s, "cause"),
                                   .has_error = sfn_has(s, "error"),
                                   .has_cause = sfn_has(s, "cause")};
    send(call, s, &answer);
}

void sfn_send_heartbeat(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_HEARTBEAT};
    send(call, s, &answer);
}
