/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks on their way. A task is in one place at a time: waiting for its `later` timer, in the line
 * for a token, or in a visit (of the token endpoint or of the target); leaving that place is
 * task_stop. Callers' functions are only called from the loop with nothing of this file on the
 * stack that is still needed: what fails at once fails by the timer.
 */
#include "services/http_task.h"

#include "base/check.h"
#include <stdlib.h>

enum { ERROR_BODY_BYTES = 1 << 20 }; /* answers beyond the limit are seen when they are failures */

enum task_place { TASK_LATER, TASK_IN_LINE, TASK_FETCHES, TASK_CALLS };

struct http_tasks {
    struct http_tasks_options o;
    struct oauth *oauth;
    struct http_task *first;
    size_t running;
};

struct http_task {
    struct http_tasks *tasks;
    struct http_task *next, **at;
    struct arena arena;
    struct http_invoke_options invoke;
    struct http_task_options options;
    http_task_fn *fn; /* NULL: only a token is wanted */
    void *arg;

    struct http_invoke_call call;
    struct connection_auth auth;
    str token;
    bool is_refreshed; /* a second token was asked for */

    enum task_place place;
    struct loop_timer later, deadline;
    struct oauth_waiter waiter;
    struct http_visit *visit;
    int64_t begun_ms, asked_ms; /* itself; its visit */
    struct http_invoke_request request;
    bool is_sent;    /* request is what the target got */
    bool is_failing; /* by the timer, with failure */
    struct service_failure failure;
    struct json_val response; /* trace */
};

/* ---- beginning and end ---- */

static struct http_task *task_new(struct http_tasks *tasks, http_task_fn *fn, void *arg)
{
    struct http_task *t = calloc(1, sizeof *t);
    check(t != NULL);
    t->tasks = tasks;
    t->fn = fn;
    t->arg = arg;
    t->begun_ms = loop_now_ms();
    t->invoke = tasks->o.invoke;
    t->invoke.has_trace = false;
    arena_init(&t->arena, 0);
    t->at = &tasks->first;
    t->next = tasks->first;
    if (t->next)
        t->next->at = &t->next;
    tasks->first = t;
    tasks->running++;
    return t;
}

/* Out of the place it is in. */
static void task_stop(struct http_task *t)
{
    loop_timer_stop(t->tasks->o.loop, &t->later);
    oauth_leave(&t->waiter);
    if (t->visit)
        http_visit_cancel(t->visit);
    t->visit = NULL;
    if (t->place == TASK_FETCHES) {
        t->place = TASK_LATER;
        oauth_abandon(t->tasks->oauth, t->auth.arn, t->auth.revision);
    }
    t->place = TASK_LATER;
}

static void task_free(struct http_task *t)
{
    task_stop(t);
    loop_timer_stop(t->tasks->o.loop, &t->deadline);
    *t->at = t->next;
    if (t->next)
        t->next->at = t->at;
    t->tasks->running--;
    arena_done(&t->arena);
    free(t);
}

static void task_end(struct http_task *t, struct json_doc *doc)
{
    struct http_task_end end = {.doc = doc,
                                .failure = doc ? NULL : &t->failure,
                                .request = json_undefined(),
                                .response = t->response};
    if (t->options.has_trace && t->is_sent)
        end.request = http_invoke_trace_request(&t->arena, &t->request, t->options.is_revealing);
    /* No longer among those that http_task_cancel may name. */
    task_stop(t);
    loop_timer_stop(t->tasks->o.loop, &t->deadline);
    if (t->fn)
        t->fn(t->arg, &end);
    task_free(t);
}

/* From the loop: the task fails, or it asks for a token again. */
static void task_ask(struct http_task *t);

static void on_later(void *arg)
{
    struct http_task *t = arg;
    if (t->is_failing)
        task_end(t, NULL);
    else
        task_ask(t);
}

static void task_later(struct http_task *t)
{
    t->place = TASK_LATER;
    loop_timer_start(t->tasks->o.loop, &t->later, loop_now_ms(), on_later, t);
}

/* t->failure is set. */
static void task_fail(struct http_task *t)
{
    t->is_failing = true;
    task_later(t);
}

/* ---- visits ---- */

/* How a visit that brought no answer fails. */
static void fail_socket(struct http_task *t, const char *whose, const struct error *err)
{
    bool is_request = str_eq(str_of(err->name), STR("HttpInvalid")) || err->status == STATUS_LIMIT;
    service_fail(&t->failure, &t->arena, is_request ? "States.Runtime" : "States.Http.Socket",
                 "%s%s", whose, err->message);
}

static uint32_t sending_ms(const struct http_task *t)
{
    uint32_t timeout_ms = t->options.timeout_ms;
    if (t->invoke.is_strict)
        return HTTP_INVOKE_STRICT_MS;
    if (timeout_ms == 0)
        return HTTP_TASK_CALL_MS;
    return timeout_ms < UINT32_MAX - HTTP_TASK_GRACE_MS ? timeout_ms + HTTP_TASK_GRACE_MS
                                                        : UINT32_MAX;
}

static bool task_send(struct http_task *t, const struct http_invoke_request *r, size_t max_bytes,
                      uint32_t timeout_ms, http_done_fn *done, struct error *err)
{
    struct http_header *headers = arena_alloc(&t->arena, (r->header_count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < r->header_count; i++)
        headers[i] = (struct http_header){r->headers[i].name, r->headers[i].value};
    struct http_request request = {.method = r->method,
                                   .url = r->url,
                                   .headers = headers,
                                   .header_count = r->header_count,
                                   .body = r->body,
                                   .has_body = r->has_body,
                                   .is_identity = t->invoke.is_strict,
                                   .timeout_ms = timeout_ms,
                                   .max_body_bytes = max_bytes};
    t->asked_ms = loop_now_ms();
    struct http_visit_options visit = {
        .key = t->auth.arn, .resend_max = t->invoke.is_strict ? 0 : t->tasks->o.resend_max};
    return http_gate_send(t->tasks->o.gate, &request, &visit, done, t, &t->visit, err) == STATUS_OK;
}

static struct http_invoke_answer answer_of(const struct http_answer *a)
{
    return (struct http_invoke_answer){.status = (unsigned)a->status,
                                       .headers = a->headers,
                                       .header_count = a->header_count,
                                       .body = {a->body, a->body_size}};
}

/* ---- the target ---- */

static bool is_refusing_token(const struct http_task *t, int status)
{
    return t->auth.type == CONNECTION_OAUTH && !t->is_refreshed && (status == 401 || status == 407);
}

static void take_answer(struct http_task *t, const struct http_answer *answer)
{
    struct json_doc *doc = NULL;
    struct http_invoke_answer a = answer_of(answer);
    if (t->options.has_trace)
        t->response = http_invoke_trace_answer(&t->arena, &t->request, &a);
    (void)http_invoke_result(&t->arena, &t->invoke, &a, &doc, &t->failure);
    task_end(t, doc);
}

static void on_answer(void *arg, struct http_answer *answer, const struct error *err)
{
    struct http_task *t = arg;
    t->visit = NULL;
    if (answer && is_refusing_token(t, answer->status)) {
        t->is_refreshed = true;
        oauth_refuse(t->tasks->oauth, t->auth.arn, t->auth.revision, t->token);
        task_ask(t);
    } else if (answer) {
        take_answer(t, answer);
    } else if (str_eq(str_of(err->name), STR("HttpTooLarge"))) {
        struct http_invoke_answer cut = {.status = 200, .is_cut = true};
        struct json_doc *doc = NULL;
        check(!http_invoke_result(&t->arena, &t->invoke, &cut, &doc, &t->failure));
        task_end(t, NULL);
    } else {
        fail_socket(t, "", err);
        task_end(t, NULL);
    }
    http_answer_free(answer);
}

static void task_call(struct http_task *t)
{
    struct error err;
    size_t max = http_invoke_answer_max(&t->invoke);
    t->is_sent = http_invoke_build(&t->arena, &t->invoke, &t->call, &t->auth, t->token, &t->request,
                                   &t->failure);
    if (!t->is_sent) {
        task_fail(t);
    } else if (task_send(t, &t->request, max > ERROR_BODY_BYTES ? max : ERROR_BODY_BYTES,
                         sending_ms(t), on_answer, &err)) {
        t->place = TASK_CALLS;
    } else {
        fail_socket(t, "", &err);
        task_fail(t);
    }
}

/* ---- the token ---- */

/* Statuses that trying again would not change. */
static bool is_final(int status)
{
    return status < 300 || (status >= 400 && status < 500 && status != 408 && status != 429);
}

static void tell_token(struct http_task *t, bool is_authorized, str reason)
{
    const struct http_tasks_options *o = &t->tasks->o;
    bool is_news = !t->auth.is_settled;
    t->auth.is_settled = true;
    if (is_news && o->on_token)
        o->on_token(o->on_token_arg, t->auth.arn, t->auth.revision, is_authorized, reason);
}

static void on_token_answer(void *arg, struct http_answer *answer, const struct error *err)
{
    struct http_task *t = arg;
    t->visit = NULL;
    t->place = TASK_LATER;
    if (!answer) {
        fail_socket(t, "The token of the connection could not be fetched: ", err);
        oauth_fail(t->tasks->oauth, t->auth.arn, t->auth.revision, &t->failure);
        task_fail(t);
        return;
    }
    struct http_invoke_answer a = answer_of(answer);
    bool has_token = oauth_answer(t->tasks->oauth, &t->arena, t->auth.arn, t->auth.revision,
                                  loop_now_ms(), &a, &t->failure);
    int status = answer->status;
    http_answer_free(answer);
    /* The task goes on by the timer: on_token may do as it likes. */
    t->is_failing = !has_token;
    task_later(t);
    if (has_token)
        tell_token(t, true, STR(""));
    else if (is_final(status))
        tell_token(t, false, t->failure.cause);
}

static void task_fetch(struct http_task *t)
{
    struct error err;
    struct http_invoke_request r;
    bool is_made = oauth_request(&t->arena, &t->invoke, &t->auth, &r, &t->failure);
    if (is_made &&
        task_send(t, &r, OAUTH_MAX_ANSWER_BYTES, HTTP_TASK_TOKEN_MS, on_token_answer, &err)) {
        t->place = TASK_FETCHES;
        return;
    }
    if (is_made)
        fail_socket(t, "The token of the connection could not be fetched: ", &err);
    oauth_fail(t->tasks->oauth, t->auth.arn, t->auth.revision, &t->failure);
    task_fail(t);
}

/* Another task's fetch ended. Going on at once could end this task, and with it the other. */
static void on_line(void *arg, const struct service_failure *failure)
{
    struct http_task *t = arg;
    if (failure) {
        t->failure = (struct service_failure){.error = arena_dup(&t->arena, failure->error),
                                              .cause = arena_dup(&t->arena, failure->cause)};
        task_fail(t);
    } else {
        task_later(t);
    }
}

static void task_ask(struct http_task *t)
{
    if (t->auth.type != CONNECTION_OAUTH) {
        task_call(t);
        return;
    }
    t->waiter.fn = on_line;
    t->waiter.arg = t;
    switch (oauth_ask(t->tasks->oauth, &t->arena, t->auth.arn, t->auth.revision, loop_now_ms(),
                      &t->waiter, &t->token)) {
    case OAUTH_TOKEN:
        if (t->fn)
            task_call(t);
        else
            task_end(t, NULL);
        break;
    case OAUTH_FETCH: task_fetch(t); break;
    case OAUTH_WAIT: t->place = TASK_IN_LINE; break;
    }
}

/* ---- starting ---- */

static void on_deadline(void *arg)
{
    struct http_task *t = arg;
    task_stop(t);
    service_fail(&t->failure, &t->arena, "States.Http.Socket",
                 "The call took longer than %d seconds.", HTTP_INVOKE_STRICT_MS / 1000);
    task_end(t, NULL);
}

struct http_task *http_task_start(struct http_tasks *tasks, struct json_val arguments,
                                  const struct http_task_options *options, http_task_fn *fn,
                                  void *arg)
{
    struct http_task *t = task_new(tasks, fn, arg);
    if (options)
        t->options = *options;
    t->invoke.has_trace = t->options.has_trace;
    t->response = json_undefined();
    if (t->invoke.is_strict)
        loop_timer_start(tasks->o.loop, &t->deadline, loop_now_ms() + HTTP_INVOKE_STRICT_MS,
                         on_deadline, t);
    if (http_invoke_read(&t->arena, &t->invoke, arguments, &t->call, &t->failure) &&
        connection_auth_load(tasks->o.connections, &t->arena, t->call.connection_arn, &t->auth,
                             &t->failure))
        task_ask(t);
    else
        task_fail(t);
    return t;
}

void http_tasks_authorize(struct http_tasks *tasks, str arn)
{
    struct http_task *t = task_new(tasks, NULL, NULL);
    if (!connection_auth_load(tasks->o.connections, &t->arena, arn, &t->auth, &t->failure))
        task_free(t);
    else if (t->auth.type != CONNECTION_OAUTH || t->auth.is_settled)
        task_free(t);
    else
        task_later(t);
}

int64_t http_task_waited_ms(const struct http_task *t)
{
    int64_t now_ms = loop_now_ms();
    return t->place == TASK_CALLS && t->visit
               ? t->asked_ms - t->begun_ms + http_visit_waited_ms(t->visit)
               : now_ms - t->begun_ms;
}

void http_task_cancel(struct http_task *t)
{
    task_free(t);
}

struct http_tasks *http_tasks_new(const struct http_tasks_options *options)
{
    struct http_tasks *tasks = calloc(1, sizeof *tasks);
    check(tasks != NULL);
    tasks->o = *options;
    tasks->oauth = oauth_new();
    return tasks;
}

void http_tasks_free(struct http_tasks *tasks)
{
    if (!tasks)
        return;
    while (tasks->first)
        task_free(tasks->first);
    oauth_free(tasks->oauth);
    free(tasks);
}

size_t http_tasks_running(const struct http_tasks *tasks)
{
    return tasks->running;
}
