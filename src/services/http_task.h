/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http:invoke, performed: a task goes from its arguments through the connection, a token where the
 * connection needs one, and the limits of the host (http/gate.h) to its result. What is sent and
 * what comes of an answer is decided in http_invoke.h; what a token is, in oauth.h.
 *
 *   start ──► connection opened ──► token asked for ──► waits for another task's fetch ─┐
 *                  │                      │  ▲─────────────────────────────────────────┘
 *                  │                      └──► fetches it ──► has it
 *                  └──────────────► call sent ◄────────────────┘
 *                                     │  401, 407 with a token: once more with a new one
 *                                     └──► result or failure ──► fn
 *
 * Everything happens on the loop's thread. Connections are read when a task starts, by functions
 * that may block for as long as the store takes.
 */
#ifndef AFFLUX_SERVICES_HTTP_TASK_H
#define AFFLUX_SERVICES_HTTP_TASK_H

#include "http/gate.h"
#include "services/oauth.h"

enum {
    HTTP_TASK_CALL_MS = 600 * 1000, /* of one sending, where neither AWS nor the task limits it */
    HTTP_TASK_TOKEN_MS = 60 * 1000, /* of a token request */
    HTTP_TASK_GRACE_MS = 1000, /* a call outlives the task's own timeout, which ends it first */
};

struct http_tasks; /* those of one loop */
struct http_task;

/* The first token of a connection that is AUTHORIZING was fetched, or its endpoint refused (an
 * answer that trying again would not change). For connections_settle. Texts are borrowed. */
typedef void http_token_fn(void *arg, str arn, int64_t revision, bool is_authorized, str reason);

struct http_tasks_options {
    struct loop *loop;
    struct http_gate *gate; /* outlives the tasks */
    const struct connections *connections;
    struct http_invoke_options invoke; /* has_trace does not count */
    uint32_t resend_max;               /* because of Retry-After; strict: never */
    http_token_fn *on_token;           /* NULL: nobody wants to know */
    void *on_token_arg;
};

struct http_tasks *http_tasks_new(const struct http_tasks_options *options);
/* Cancels what is left. NULL is allowed. */
void http_tasks_free(struct http_tasks *tasks);

/* Tasks that have not ended. */
size_t http_tasks_running(const struct http_tasks *tasks);

struct http_task_options {
    uint32_t timeout_ms; /* the task's, which whoever runs the workflow enforces; 0: none */
    bool has_trace;
    bool is_revealing; /* the trace shows secrets */
};

/* Lives until fn returns, but for doc, which is the callee's. */
struct http_task_end {
    struct json_doc *doc;                  /* the result; NULL: failed */
    const struct service_failure *failure; /* NULL: succeeded */
    struct json_val request, response;     /* the trace; undefined where there is none */
};

/* The task is gone. fn may start and cancel other tasks, but not free all of them. */
typedef void http_task_fn(void *arg, const struct http_task_end *end);

/* fn comes once, from the loop, never from within this function; unless the task is canceled.
 * arguments are borrowed until then. options may be NULL. */
struct http_task *http_task_start(struct http_tasks *tasks, struct json_val arguments,
                                  const struct http_task_options *options, http_task_fn *fn,
                                  void *arg);
/* How long it has waited so far for a token and for its turn, which is not its own time. */
int64_t http_task_waited_ms(const struct http_task *task);
/* fn does not come any more. */
void http_task_cancel(struct http_task *task);

/* Fetches the first token of a connection that was created or changed; ends with on_token, or with
 * nothing when the endpoint could not be reached (the first task will try). */
void http_tasks_authorize(struct http_tasks *tasks, str arn);

#endif
