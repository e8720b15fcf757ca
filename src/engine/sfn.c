/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a call: checked by its shape, run or begun, answered once. Units of calls that write
 * go to the store by a client of the API's own and come back on the loop.
 *
 * A call lives until it is answered, also when whoever called has left: the engine, the store or a
 * timer still has it.
 */
#include "engine/sfn_internal.h"
#include "json/parse.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

/* ---- the scope of a call ---- */

static struct sfn_scope scope_of(struct engine_api *api, struct arena *a, struct buf *answer,
                                 struct buf *words)
{
    struct engine *e = api->engine;
    struct sfn_scope s = {.engine = e,
                          .account = e->options.account,
                          .region = e->options.region,
                          .is_strict = e->options.is_strict,
                          .now_ms = engine_now_ms(e),
                          .seed = engine_seed(e),
                          .reader = e->reader,
                          .arena = a,
                          .answer = answer,
                          .words = words};
    memcpy(s.page_key, api->page_key, sizeof(s.page_key));
    return s;
}

/* ---- answering ---- */

static void call_free(struct engine_api_call *call)
{
    struct engine_api *api = call->api;
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else
        api->calls = call->next;
    api->call_count--;
    activity_poll_end(call);
    sfn_test_end(call);
    sfn_forward_end(call, false);
    loop_timer_stop(api->engine->loop, &call->timer);
    json_doc_unref(call->input);
    store_unit_done(&call->unit);
    buf_done(&call->text);
    arena_done(&call->arena);
    free(call);
}

static void answer(struct engine_api_call *call, const struct engine_api_answer *a)
{
    engine_api_fn *fn = call->fn;
    call->fn = NULL;
    if (fn)
        fn(call->arg, a);
    if (call->is_inside)
        call->is_done = true; /* engine_api_call frees it */
    else
        call_free(call);
}

bool sfn_has_left(const struct engine_api_call *call)
{
    return !call->fn || (call->is_gone && call->is_gone(call->arg));
}

void sfn_pass_on(struct engine_api_call *call, const struct engine_api_answer *a)
{
    answer(call, a);
}

void sfn_answer(struct engine_api_call *call, str body)
{
    struct engine_api_answer a = {.status = STATUS_OK, .body = body};
    answer(call, &a);
}

static void refuse_with(struct engine_api_call *call, const struct error *err, str words,
                        const char *reason)
{
    struct buf fields;
    struct engine_api_answer a = {.status = err->status,
                                  .error = str_of(err->name),
                                  .message = words.n > 0 ? words : str_of(err->message)};
    buf_init(&fields, 1024);
    if (reason && *reason) {
        buf_printf(&fields, "{\"reason\":\"%s\"}", reason);
        a.fields = buf_str(&fields);
    }
    answer(call, &a);
    buf_done(&fields);
}

void sfn_refuse(struct engine_api_call *call, const struct error *err)
{
    refuse_with(call, err, (str){0}, NULL);
}

void sfn_refuse_in(struct engine_api_call *call, const struct sfn_scope *s, const struct error *err)
{
    refuse_with(call, err, buf_str(s->words), s->reason);
}

/* ---- words ---- */

enum status sfn_invalid(struct sfn_scope *s, const char *reason, struct error *err, const char *fmt,
                        ...)
{
    va_list args;
    va_start(args, fmt);
    s->reason = reason;
    enum status status = error_vset(err, STATUS_INVALID, "ValidationException", fmt, args);
    va_end(args);
    return status;
}

enum status sfn_no_machine(str arn, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "StateMachineDoesNotExist",
                     "State Machine Does Not Exist: '%.*s'", STR_ARG(arn));
}

enum status sfn_no_execution(str arn, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                     "Execution Does Not Exist: '%.*s'", STR_ARG(arn));
}

enum status sfn_no_resource(str arn, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "ResourceNotFound", "Resource not found: '%.*s'",
                     STR_ARG(arn));
}

str sfn_arn_prefix(const struct sfn_scope *s, const char *kind)
{
    return arena_printf(s->arena, "arn:aws:states:%.*s:%.*s:%s:", STR_ARG(s->region),
                        STR_ARG(s->account), kind);
}

/* ---- operations that write ---- */

/* What a refusal leaves beside its error: the reason, a line, and the words. */
static void reply_refusal(struct store_tx *tx, const struct sfn_scope *s)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_printf(&text, "%s\n", s->reason ? s->reason : "");
    buf_add(&text, buf_str(s->words));
    store_tx_reply(tx, buf_str(&text));
    buf_done(&text);
}

/* On the store's thread. */
static enum status write_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct sfn_write *w = (const struct sfn_write *)(const void *)args.p;
    struct sfn_scope s = w->scope;
    struct buf text, words;
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&words, SIZE_MAX / 2);
    s.arena = scratch;
    s.tx = tx;
    s.reader = store_tx_reader(tx);
    s.answer = &text;
    s.words = &words;
    enum status status = json_parse_in(scratch, w->request, NULL, &s.request, err);
    if (status == STATUS_OK)
        status = w->operation->run(&s, err);
    if (status == STATUS_OK)
        store_tx_reply(tx, buf_str(&text));
    else
        reply_refusal(tx, &s);
    buf_done(&text);
    buf_done(&words);
    return status;
}

static void busy(struct engine_api_call *call)
{
    struct error err;
    error_set(&err, STATUS_BUSY, "ThrottlingException", "Rate exceeded");
    sfn_refuse(call, &err);
}

static void begin_write(struct engine_api_call *call, struct sfn_scope *s)
{
    struct error err;
    if (call->operation->prepare && call->operation->prepare(s, &err) != STATUS_OK) {
        sfn_refuse_in(call, s, &err);
        return;
    }
    if (json_write(&call->text, s->request, 0, &err) != STATUS_OK) {
        sfn_refuse(call, &err);
        return;
    }
    call->write = (struct sfn_write){
        .operation = call->operation, .scope = *s, .request = buf_str(&call->text)};
    call->write.scope.engine = NULL;
    call->unit = (struct store_unit){.run = write_unit,
                                     .args = {(const char *)&call->write, sizeof(call->write)}};
    if (store_submit(call->api->client, &call->unit, &err) != STATUS_OK)
        busy(call);
}

static void come_back(struct engine_api_call *call)
{
    str reply = call->unit.reply;
    if (call->unit.status == STATUS_OK && call->operation->run == sfn_delete_machine) {
        sfn_deleting_told(call->api, reply);
        reply = STR("{}");
    }
    if (call->unit.status == STATUS_OK) {
        sfn_answer(call, reply);
        return;
    }
    size_t line = str_find_byte(reply, '\n', 0);
    str reason = line == STR_NONE ? (str){0} : str_sub(reply, 0, line);
    str words = line == STR_NONE ? (str){0} : str_sub(reply, line + 1, reply.n);
    refuse_with(call, &call->unit.error, words, arena_cstr(&call->arena, reason));
}

static void take_back(void *arg)
{
    struct engine_api *api = arg;
    atomic_store(&api->is_taken_asked, false);
    if (api->is_closed) {
        free(api);
        return;
    }
    for (struct store_unit *u = store_take(api->client), *next; u; u = next) {
        next = u->next;
        if (u == &api->deleting_unit)
            sfn_deleting_back(api);
        else if (u != &api->sweep_unit) /* what it could not do, the next opening does */
            come_back((struct engine_api_call *)(void *)u); /* its first member */
    }
}

/* On the store's thread. */
static void wake(void *arg)
{
    struct engine_api *api = arg;
    if (!atomic_exchange(&api->is_taken_asked, true))
        loop_post(api->engine->loop, &api->taken_task, take_back, api);
}

/* ---- calls ---- */

static struct engine_api_call *call_new(struct engine_api *api, const struct sfn_operation *o,
                                        engine_api_fn *fn, void *arg)
{
    struct engine_api_call *call = calloc(1, sizeof(*call));
    check(call != NULL);
    call->api = api;
    call->operation = o;
    call->fn = fn;
    call->arg = arg;
    arena_init(&call->arena, 0);
    buf_init(&call->text, SIZE_MAX / 2);
    call->next = api->calls;
    if (api->calls)
        api->calls->previous = call;
    api->calls = call;
    api->call_count++;
    return call;
}

static void begin(struct engine_api_call *call, struct sfn_scope *s)
{
    const struct sfn_operation *o = call->operation;
    struct error err;
    enum status status = shape_check_words(o->shape, s->request, s->words, &err);
    if (status == STATUS_OK && o->begin) {
        o->begin(call, s);
        return;
    }
    if (status == STATUS_OK && o->is_writing) {
        begin_write(call, s);
        return;
    }
    if (status == STATUS_OK)
        status = o->run(s, &err);
    if (status == STATUS_OK)
        sfn_answer(call, buf_str(s->answer));
    else
        sfn_refuse_in(call, s, &err);
}

static void refuse_unknown(str operation, engine_api_fn *fn, void *arg)
{
    struct engine_api_answer a = {
        .status = STATUS_INVALID, .error = STR("UnknownOperationException"), .message = STR("")};
    (void)operation;
    fn(arg, &a);
}

struct engine_api_call *engine_api_call(struct engine *e, str operation, struct json_val request,
                                        engine_api_fn *fn, void *arg)
{
    const struct sfn_operation *o = sfn_find_operation(operation);
    struct buf text, words;
    if (!o) {
        refuse_unknown(operation, fn, arg);
        return NULL;
    }
    struct engine_api_call *call = call_new(e->api, o, fn, arg);
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&words, SIZE_MAX / 2);
    struct sfn_scope s = scope_of(e->api, &call->arena, &text, &words);
    s.request = request;
    call->is_inside = true;
    if (e->api->call_count > SFN_MAX_CALLS)
        busy(call);
    else
        begin(call, &s);
    call->is_inside = false;
    buf_done(&text);
    buf_done(&words);
    if (!call->is_done)
        return call;
    call_free(call);
    return NULL;
}

void engine_api_cancel(struct engine_api_call *call)
{
    call->fn = NULL;
    if (call->id != 0)
        sfn_forward_end(call, true);
    else if (!call->activity)
        return;
    call_free(call);
}

void engine_api_ask_gone(struct engine_api_call *call, engine_gone_fn *is_gone)
{
    call->is_gone = is_gone;
}

/* ---- open and close ---- */

/* Tokens of pages are told from task tokens by a key of their own. */
static void derive_key(struct engine_api *api)
{
    static const char label[] = "pages of lists";
    unsigned n = 0;
    check(HMAC(EVP_sha256(), api->engine->token_key, ASL_TOKEN_KEY_BYTES, (const uint8_t *)label,
               sizeof(label) - 1, api->page_key, &n) &&
          n == sizeof(api->page_key));
}

enum status engine_api_open(struct engine *e, struct error *err)
{
    struct engine_api *api = calloc(1, sizeof(*api));
    check(api != NULL);
    api->engine = e;
    e->api = api;
    derive_key(api);
    api->activities = activities_new(api);
    api->client = store_client_new(e->store, wake, api);
    return sfn_deleting_open(api, err);
}

void engine_api_close(struct engine *e)
{
    struct engine_api *api = e->api;
    if (!api)
        return;
    store_client_free(api->client);
    sfn_deleting_close(api);
    sfn_tasks_close(api);
    while (api->calls)
        call_free(api->calls);
    sfn_forward_close(api);
    activities_free(api->activities);
    sfn_redrive_done(api);
    api->is_closed = true;
    e->api = NULL;
    if (!atomic_load(&api->is_taken_asked))
        free(api); /* else the task that was posted frees it */
}
