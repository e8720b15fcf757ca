/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Step Functions API: every operation by its name, from a JSON request to a JSON answer, with
 * AWS's checks, errors and texts (reference: "The API"). It lies in engine/ because it is about
 * executions; doors to it are the wire and tasks of workflows.
 *
 * What is asked about executions, machines and map runs is read from the store: the answer is what
 * is durable. What changes something is answered when the change is durable.
 *
 * In reading order: sfn_internal.h, sfn.c (a call's life), sfn_table.c, sfn_shape.c (requests),
 * arn.h, sfn_page.c (tokens of pages), then a file for each subject.
 */
#ifndef AFFLUX_ENGINE_API_H
#define AFFLUX_ENGINE_API_H

#include "engine/engine.h"
#include "json/value.h"

struct engine_api_call;

/* Slices are borrowed for the call of engine_api_fn. */
struct engine_api_answer {
    /* STATUS_OK; STATUS_INVALID, _NOT_FOUND, _CONFLICT, _LIMIT, _BUSY: refused, with an error of
     * the API; anything else: the store's, and not the client's fault. */
    enum status status;
    str body;    /* OK: the answer, a JSON object */
    str error;   /* "ExecutionDoesNotExist" */
    str message; /* as long as it is */
    str fields;  /* further members of the error, a JSON object; empty: none */
};
typedef void engine_api_fn(void *arg, const struct engine_api_answer *answer);
/* Has whoever called left? */
typedef bool engine_gone_fn(void *arg);

/*
 * Calls an operation. fn is called once: before this returns, NULL then, or later. The request is
 * copied. An operation that is not there: "UnknownOperationException".
 *
 * StartSyncExecution, GetActivityTask and TestState may take minutes; others as long as the disk
 * does.
 */
struct engine_api_call *engine_api_call(struct engine *e, str operation, struct json_val request,
                                        engine_api_fn *fn, void *arg);
/* Whoever called has left: fn is not called any more. What was begun goes on, but a poll for an
 * activity's task ends. */
void engine_api_cancel(struct engine_api_call *call);

/* is_gone(arg), with engine_api_call's arg, is asked right before a worker is handed a task, which
 * goes to another one when this one has left. */
void engine_api_ask_gone(struct engine_api_call *call, engine_gone_fn *is_gone);

enum {
    SFN_MAX_CALLS = 10000,       /* that are not answered yet: "ThrottlingException" beyond */
    SFN_ACTIVITY_POLLERS = 1000, /* of one activity: "ActivityWorkerLimitExceeded" */
    SFN_POLL_MS = 60000,
    SFN_MAX_TAGS = 50,
    SFN_MAX_VERSIONS = 1000, /* of a machine */
    SFN_MAX_ALIASES = 100,
    SFN_PAGE_BYTES = 4 << 20 /* of events in one page of a history */
};

#endif
