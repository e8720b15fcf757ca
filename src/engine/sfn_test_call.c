/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TestState as a call: a Task without a mock really does its work, which is http:invoke through a
 * connection (services/http_task.h), or an operation of one of our services (work_try.c).
 *
 *   try ──► no work wanted ──────────────────────────► answered
 *    └────► call sent ──► answer, or too late ──► try ──┘
 *
 * Connections are the engine's: the role that a test names is not asked whether it may use them.
 */
#include "engine/sfn_test.h"

#include "engine/http.h"
#include "engine/work_services.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/secret_box.h"
#include <stdlib.h>

struct sfn_test {
    struct sfn_scope scope; /* of the first try, but for its buffers */
    struct json_doc *request, *arguments;
    struct http_task *task; /* NULL: it has ended */
};

void sfn_test_end(struct engine_api_call *call)
{
    struct sfn_test *t = call->test;
    if (!t)
        return;
    if (t->task && call->api->engine->http) /* else it was closed, with all of its tasks */
        http_task_cancel(t->task);
    json_doc_unref(t->request);
    json_doc_unref(t->arguments);
    free(t);
    call->test = NULL;
}

/* Once more, with what the work gave; this answers. */
static void finish(struct engine_api_call *call, struct sfn_test_work *work)
{
    struct sfn_scope s = call->test->scope;
    struct buf text, words;
    struct error err;
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&words, SIZE_MAX / 2);
    s.request = json_doc_root(call->test->request);
    s.answer = &text;
    s.words = &words;
    work->is_done = true;
    if (sfn_test_try(&s, work, &err) == STATUS_OK)
        sfn_answer(call, buf_str(&text));
    else
        sfn_refuse_in(call, &s, &err);
    secret_wipe(&text);
    buf_done(&words);
}

static void task_ended(void *arg, const struct http_task_end *end)
{
    struct engine_api_call *call = arg;
    struct sfn_test_work work = {
        .result = end->doc, .request = end->request, .response = end->response};
    if (end->failure) {
        work.error = end->failure->error;
        work.cause = end->failure->cause;
    }
    call->test->task = NULL;
    finish(call, &work);
    json_doc_unref(end->doc);
}

static void too_late(void *arg)
{
    struct engine_api_call *call = arg;
    struct sfn_test_work work = {
        .error = STR("States.Timeout"), .request = json_undefined(), .response = json_undefined()};
    http_task_cancel(call->test->task);
    call->test->task = NULL;
    finish(call, &work);
}

/* The request outlives the caller's. */
static enum status keep_request(struct engine_api_call *call, struct json_val request,
                                struct json_doc **ret, struct error *err)
{
    enum status status = json_write(&call->text, request, 0, err);
    return status == STATUS_OK ? json_parse(buf_str(&call->text), NULL, ret, err) : status;
}

static void service_tried(void *arg, struct json_doc *doc, str error, str cause)
{
    struct sfn_test_work work = {.result = doc,
                                 .error = error,
                                 .cause = cause,
                                 .request = json_undefined(),
                                 .response = json_undefined()};
    finish(arg, &work);
}

static enum status start(struct engine_api_call *call, struct sfn_scope *s,
                         const struct sfn_test_work *work, struct error *err)
{
    struct engine *e = call->api->engine;
    struct sfn_test *t = calloc(1, sizeof(*t));
    int64_t ms = work->timeout_ms < SFN_TEST_MS ? work->timeout_ms : SFN_TEST_MS;
    check(t != NULL);
    call->test = t;
    t->scope = *s;
    enum status status = keep_request(call, s->request, &t->request, err);
    if (status == STATUS_OK)
        status = json_parse(work->arguments, NULL, &t->arguments, err);
    if (status != STATUS_OK)
        return status;
    if (!sfn_test_is_http(&work->resource)) {
        service_try(e, &work->resource, t->arguments, service_tried, call);
        return STATUS_OK;
    }
    struct http_task_options options = {.timeout_ms = (uint32_t)ms,
                                        .has_trace =
                                            str_eq(sfn_text(s, "inspectionLevel"), STR("TRACE")),
                                        .is_revealing = sfn_flag(s, "revealSecrets")};
    t->task =
        http_task_start(e->http->tasks, json_doc_root(t->arguments), &options, task_ended, call);
    loop_timer_start(e->loop, &call->timer, engine_loop_ms(e, ms), too_late, call);
    return STATUS_OK;
}

void sfn_test_state(struct engine_api_call *call, struct sfn_scope *s)
{
    struct sfn_test_work work = {.request = json_undefined(), .response = json_undefined()};
    struct error err;
    enum status status = sfn_test_try(s, &work, &err);
    if (status == STATUS_OK && work.is_wanted)
        status = start(call, s, &work, &err);
    if (status != STATUS_OK)
        sfn_refuse_in(call, s, &err);
    else if (!work.is_wanted)
        sfn_answer(call, buf_str(s->answer));
}
