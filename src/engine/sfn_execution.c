/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions: started, stopped, redriven. Each is answered when what it did is durable. An
 * execution of another loop is stopped and redriven there (sfn_forward.c); starts find their loop
 * themselves.
 */
#include "engine/sfn_internal.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- input ---- */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

/* What AWS's parser would say of the place where ours stopped. */
static void say_wrong(str text, size_t at, struct error *err)
{
    size_t end = at;
    while (end < text.n && is_word_byte(text.p[end]))
        end++;
    str before = str_sub(text, 0, at);
    while (before.n > 0 && strchr(" \t\r\n", before.p[before.n - 1]))
        before.n--;
    bool wants_name = before.n > 0 && before.p[before.n - 1] == '{';
    if (at < text.n && wants_name)
        error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                  "Invalid State Machine Execution Input: 'Unexpected character ('%c' (code %d)): "
                  "was expecting double-quote to start field name'",
                  text.p[at], (unsigned char)text.p[at]);
    else if (end > at)
        error_set(
            err, STATUS_INVALID, "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unrecognized token '%.*s': was expecting "
            "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')'",
            STR_ARG(str_sub(text, at, end < at + 100 ? end : at + 100)));
    else if (at < text.n)
        error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                  "Invalid State Machine Execution Input: 'Unexpected character (code %d)'",
                  (unsigned char)text.p[at]);
    else
        error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                  "Invalid State Machine Execution Input: 'Unexpected end-of-input'");
}

/* The request's input, or {}; refused as AWS refuses it. */
static enum status read_input(struct sfn_scope *s, struct json_doc **ret, struct error *err)
{
    struct json_place place = {0};
    struct json_parse_options options = {.place = &place};
    str text = sfn_has(s, "input") ? sfn_text(s, "input") : STR("{}");
    if (text.n == 0)
        return error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                         "Invalid State Machine Execution Input: 'Invalid execution input.'");
    if (s->is_strict && text.n > ASL_MAX_PAYLOAD)
        return sfn_invalid(s, NULL, err,
                           "1 validation error detected: Value at 'input' failed to satisfy "
                           "constraint: Member must have length less than or equal to %d",
                           ASL_MAX_PAYLOAD);
    enum status status = json_parse(text, &options, ret, err);
    if (status == STATUS_INVALID)
        say_wrong(text, place.offset, err);
    return status;
}

/* ---- start ---- */

static void refused(void *arg, const struct error *err)
{
    sfn_refuse(arg, err);
}

static void started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct engine_api_call *call = arg;
    struct object_writer w;
    (void)execution;
    buf_clear(&call->text);
    object_begin(&w, &call->text);
    object_text(&w, "executionArn", arn);
    object_time(&w, "startDate", start_ms);
    object_end(&w);
    sfn_answer(call, buf_str(&call->text));
}

/* NAME, NAME:VERSION or NAME:ALIAS of a machine that is there; its type. */
static enum status find_startable(struct sfn_scope *s, str *ret_name, bool *ret_express,
                                  struct error *err)
{
    struct arn arn, plain;
    struct store_machine m;
    struct machine_properties p;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    plain = arn;
    plain.qualifier = plain.label = (str){0};
    status =
        arn.label.n > 0 ? sfn_no_machine(arn.text, err) : sfn_find_machine(s, &plain, &m, &p, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? sfn_no_machine(arn.text, err) : status;
    *ret_express = str_eq(m.type, STR("EXPRESS"));
    *ret_name = arn.qualifier.n > 0
                    ? arena_printf(s->arena, "%.*s:%.*s", STR_ARG(arn.name), STR_ARG(arn.qualifier))
                    : arn.name;
    return STATUS_OK;
}

static enum status check_name(struct sfn_scope *s, struct error *err)
{
    str name = sfn_text(s, "name");
    if (!sfn_has(s, "name") || machine_is_name(name))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
}

static enum status begin_start(struct engine_api_call *call, struct sfn_scope *s,
                               struct engine_start *start, struct error *err)
{
    struct json_doc *input;
    bool is_express;
    bool is_sync = start->ended != NULL;
    enum status status = check_name(s, err);
    if (status == STATUS_OK)
        status = find_startable(s, &start->machine, &is_express, err);
    if (status == STATUS_OK && is_sync && !is_express)
        return error_set(err, STATUS_INVALID, "StateMachineTypeNotSupported",
                         "This operation is not supported by this type of state machine");
    if (status == STATUS_OK)
        status = read_input(s, &input, err);
    if (status != STATUS_OK)
        return status;
    start->name = sfn_text(s, "name");
    start->input = json_doc_text(input);
    start->refused = refused;
    start->arg = call;
    start->refuses_ended = true;
    status = engine_start(call->api->engine, start, err);
    if (is_sync && status == STATUS_OK)
        call->input = json_doc_ref(input);
    json_doc_unref(input);
    return status;
}

void sfn_start_execution(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine_start start = {.started = started};
    struct error err;
    if (begin_start(call, s, &start, &err) != STATUS_OK)
        sfn_refuse_in(call, s, &err);
}

/* ---- start and wait ---- */

static void sync_started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct engine_api_call *call = arg;
    (void)execution;
    call->arn = arena_dup(&call->arena, arn);
    call->start_ms = start_ms;
}

/* Part n of an ARN, from 0. */
static str arn_part(str arn, int n)
{
    size_t from = 0;
    for (int i = 0; i < n; i++)
        from = str_find_byte(arn, ':', from) + 1;
    return str_sub(arn, from, str_find_byte(arn, ':', from));
}

static void put_value(struct object_writer *w, const char *key, struct json_val v)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, v, 0, NULL) == STATUS_OK)
        object_text(w, key, buf_str(&text));
    buf_done(&text);
}

enum { BILLED_MB = 64, BILLED_MS = 100 /* durations are rounded up to these */ };

/* An execution that was stopped is told as one that failed: the operation has no other word. */
static const char *sync_status(enum asl_status status)
{
    return status == ASL_EXEC_ABORTED ? "FAILED" : asl_status_name(status);
}

static void put_data(struct object_writer *w, const struct engine_api_call *call,
                     const struct engine_result *result)
{
    if (call->is_metadata_only)
        return;
    object_text(w, "input", json_doc_text(call->input));
    object_json(w, "inputDetails", STR("{\"included\":true}"));
    if (result->output)
        put_value(w, "output", json_doc_root(result->output));
    object_json(w, "outputDetails", STR("{\"included\":true}"));
}

static void sync_ended(void *arg, const struct engine_result *result)
{
    struct engine_api_call *call = arg;
    struct object_writer w;
    int64_t stop_ms = engine_now_ms(call->api->engine);
    int64_t ms = stop_ms > call->start_ms ? stop_ms - call->start_ms : 1;
    str arn = call->arn, machine = arn_part(arn, 6);
    size_t scope = str_find(arn, STR(":express:"), 0);
    buf_clear(&call->text);
    object_begin(&w, &call->text);
    object_text(&w, "executionArn", arn);
    object_text(&w, "stateMachineArn",
                arena_printf(&call->arena, "%.*s:stateMachine:%.*s",
                             STR_ARG(str_sub(arn, 0, scope)), STR_ARG(machine)));
    object_text(&w, "name", arn_part(arn, 7));
    object_time(&w, "startDate", call->start_ms);
    object_time(&w, "stopDate", stop_ms);
    object_text(&w, "status", str_of(sync_status(result->status)));
    if (result->has_error)
        object_text(&w, "error", result->error);
    if (result->has_cause)
        object_text(&w, "cause", result->cause);
    put_data(&w, call, result);
    object_text_if(&w, "traceHeader", call->trace_header);
    object_key(&w, "billingDetails");
    buf_printf(&call->text, "{\"billedMemoryUsedInMB\":%d,\"billedDurationInMilliseconds\":%lld}",
               BILLED_MB, (long long)((ms + BILLED_MS - 1) / BILLED_MS * BILLED_MS));
    object_end(&w);
    sfn_answer(call, buf_str(&call->text));
}

void sfn_start_sync_execution(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine_start start = {.started = sync_started, .ended = sync_ended};
    struct error err;
    call->trace_header = arena_dup(&call->arena, sfn_text(s, "traceHeader"));
    call->is_metadata_only = str_eq(sfn_text(s, "includedData"), STR("METADATA_ONLY"));
    if (begin_start(call, s, &start, &err) != STATUS_OK)
        sfn_refuse_in(call, s, &err);
}

/* ---- stop ---- */

static enum status find_row(struct engine_api_call *call, struct store_execution *ret,
                            struct error *err)
{
    return store_find_execution(call->api->engine->reader, call->execution, &call->arena, ret, err);
}

static void answer_time(struct engine_api_call *call, const char *key, int64_t ms)
{
    struct object_writer w;
    buf_clear(&call->text);
    object_begin(&w, &call->text);
    object_time(&w, key, ms);
    object_end(&w);
    sfn_answer(call, buf_str(&call->text));
}

static void stopped(void *arg, const struct error *failed)
{
    struct engine_api_call *call = arg;
    struct store_execution row;
    struct error err;
    if (failed)
        sfn_refuse(call, failed);
    else if (find_row(call, &row, &err) != STATUS_OK)
        sfn_refuse(call, &err);
    else
        answer_time(call, "stopDate",
                    row.stopped_ms != STORE_NEVER ? row.stopped_ms
                                                  : engine_now_ms(call->api->engine));
}

void sfn_stop_execution(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine *e = call->api->engine;
    struct store_execution row;
    struct store_machine m;
    struct error err;
    enum status status = sfn_find_execution(s, sfn_text(s, "executionArn"), &row, &m, &err);
    if (status == STATUS_OK && row.stopped_ms != STORE_NEVER && row.status != STORE_RUNNING) {
        answer_time(call, "stopDate", row.stopped_ms); /* of before */
        return;
    }
    if (status == STATUS_OK && sfn_forward(call, s, engine_owner(e, row.shard)))
        return;
    call->execution = status == STATUS_OK ? row.id : 0;
    if (status == STATUS_OK)
        status = engine_stop(e, row.id, sfn_text(s, "error"), sfn_text(s, "cause"), &err);
    if (status == STATUS_OK)
        status = engine_when_kept(e, row.id, stopped, call, &err);
    if (status != STATUS_OK)
        sfn_refuse_in(call, s, &err);
}

/* ---- redrive ---- */

/* Tokens that clients gave with redrives, so that one asked for again is not made again: the last
 * ones of each loop, in memory, for a while. */
enum { REDRIVE_TOKENS = 1000, REDRIVE_TOKEN_MS = 15 * 60 * 1000 };

struct redrive_token {
    struct redrive_token *next;
    int64_t execution, redriven_ms;
    str token; /* behind the struct */
};

static struct redrive_token *find_token(const struct engine_api *api, int64_t execution, str token)
{
    struct redrive_token *t = api->redrive_tokens;
    while (t && !(t->execution == execution && str_eq(t->token, token)))
        t = t->next;
    bool is_fresh = t && engine_now_ms(api->engine) - t->redriven_ms < REDRIVE_TOKEN_MS;
    return is_fresh ? t : NULL;
}

static void keep_token(struct engine_api *api, int64_t execution, str token, int64_t ms)
{
    struct redrive_token *t = malloc(sizeof(*t) + token.n), **at;
    check(t != NULL);
    memcpy(t + 1, token.p, token.n);
    *t = (struct redrive_token){.next = api->redrive_tokens,
                                .execution = execution,
                                .redriven_ms = ms,
                                .token = {(const char *)(t + 1), token.n}};
    api->redrive_tokens = t;
    at = &t->next;
    for (int i = 1; i < REDRIVE_TOKENS && *at; i++)
        at = &(*at)->next;
    while (*at) {
        struct redrive_token *old = *at;
        *at = old->next;
        free(old);
    }
}

void sfn_redrive_done(struct engine_api *api)
{
    while (api->redrive_tokens) {
        struct redrive_token *t = api->redrive_tokens;
        api->redrive_tokens = t->next;
        free(t);
    }
}

static void redriven(void *arg, const struct error *failed)
{
    struct engine_api_call *call = arg;
    struct store_execution row;
    struct error err;
    if (failed) {
        sfn_refuse(call, failed);
        return;
    }
    if (find_row(call, &row, &err) != STATUS_OK) {
        sfn_refuse(call, &err);
        return;
    }
    int64_t ms =
        row.redriven_ms != STORE_NEVER ? row.redriven_ms : engine_now_ms(call->api->engine);
    if (call->client_token.n > 0)
        keep_token(call->api, call->execution, call->client_token, ms);
    answer_time(call, "redriveDate", ms);
}

static enum status check_redrivable(struct sfn_scope *s, const struct store_execution *row,
                                    const struct store_machine *m, struct error *err)
{
    struct machine_properties p;
    struct asl_exec *x;
    if (row->map_run != 0)
        return sfn_invalid(s, "SFN_DOES_NOT_SUPPORT_LABELED_ARNS", err,
                           "Labeled Execution ARNs are not supported for this API");
    enum status status = machine_properties_read(m, s->arena, &p, err);
    if (status == STATUS_OK)
        status = engine_execution_peek(s->engine, row->id, &x, err);
    if (status != STATUS_OK)
        return status;
    const char *why = sfn_redrive_refusal(s, row, x->last_event, p.is_deleting || sfn_is_gone(m));
    asl_exec_free(x);
    return why ? error_set(err, STATUS_CONFLICT, "ExecutionNotRedrivable", "%s", why) : STATUS_OK;
}

void sfn_redrive_execution(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine *e = call->api->engine;
    struct store_execution row;
    struct store_machine m;
    struct error err;
    str token = sfn_text(s, "clientToken");
    enum status status = sfn_find_execution(s, sfn_text(s, "executionArn"), &row, &m, &err);
    if (status == STATUS_OK && sfn_forward(call, s, engine_owner(e, row.shard)))
        return;
    const struct redrive_token *t =
        status == STATUS_OK && token.n > 0 ? find_token(call->api, row.id, token) : NULL;
    if (t) {
        answer_time(call, "redriveDate", t->redriven_ms);
        return;
    }
    if (status == STATUS_OK)
        status = check_redrivable(s, &row, &m, &err);
    call->execution = status == STATUS_OK ? row.id : 0;
    call->client_token = arena_dup(&call->arena, token);
    if (status == STATUS_OK)
        status = engine_redrive(e, row.id, &err);
    if (status == STATUS_OK)
        status = engine_when_kept(e, row.id, redriven, call, &err);
    if (status != STATUS_OK)
        sfn_refuse_in(call, s, &err);
}
