/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of work_services.c and work_follow.c. */
#ifndef AFFLUX_ENGINE_WORK_SERVICES_H
#define AFFLUX_ENGINE_WORK_SERVICES_H

#include "base/time.h"
#include "engine/dialect.h"
#include "engine/team.h"
#include "engine/unit.h"

enum { SERVICE_AGAIN_MS = 1000 /* after the store could not write */ };

/* An operation under way, or what it began. What the store's thread reads does not change while the
 * unit is there. */
struct engine_service_task {
    struct engine_unit unit;
    struct engine_service_task *next, **place; /* of its execution; place NULL: that is gone */
    struct engine *engine;
    struct loop_timer timer;
    struct arena arena;
    const struct engine_service *service;
    const struct dialect *dialect;
    bool is_sdk, is_followed;
    struct json_doc *arguments;
    const struct service_operation *operation;
    struct service_call call;
    str args, request_id;
    char date[TIME_HTTP_BYTES];
    struct store_message message; /* id 0: nobody keeps it */
    uint32_t frame, attempt;
    enum asl_event_kind kind; /* of what it answers */
    /* work_follow.c */
    str began;       /* the answer of the operation */
    int64_t wait_ms; /* before it is looked at again */
};

/* ---- work_services.c ---- */
/* An operation without an execution: neither arguments nor request_id yet; NULL when no service of
 * ours has it. */
struct engine_service_task *service_task_for(struct engine *e, const struct asl_resource *r);
/* Appends the result as JSON. tx NULL: it reads. */
NODISCARD enum status service_task_run(const struct engine_service_task *t, struct arena *scratch,
                                       struct store_reader *reader, struct store_tx *tx,
                                       struct buf *json, struct error *err);
/* Others are told that it has happened, durably, with this answer. */
void service_task_tell(struct engine_service_task *t, str answer);
/* The task of a command, with its service and operation; NULL when no service of ours has it. */
struct engine_service_task *service_task_new(struct engine_execution *ex,
                                             const struct asl_command *c);
void service_task_free(struct engine_service_task *t);
/* It belongs to its execution, until that leaves memory or the task is freed. */
void service_task_link(struct engine_execution *ex, struct engine_service_task *t);
/* Was a unit not carried out because the store could not write? Then it comes back to submit it
 * again. */
bool service_task_retries(struct engine_service_task *t);
void service_task_fail(struct engine_service_task *t, const struct error *err);

/* ---- work_follow.c ---- */
/* Within the unit of the operation: what is needed to follow it in another process. */
NODISCARD enum status service_follow_write(struct store_tx *tx, const struct engine_service_task *t,
                                           str answer, struct error *err);
/* It has begun, durably. Takes the task over. */
void service_follow(struct engine_service_task *t, str answer);

/* ---- work_try.c: an operation that belongs to no execution, for TestState ---- */
/* It succeeded with doc (borrowed), or failed; texts are borrowed. */
typedef void service_tried_fn(void *arg, struct json_doc *doc, str error, str cause);
/* Would service_try know it? A .sync task it would not: nobody follows that. */
bool service_can_try(struct engine *e, const struct asl_resource *r);
/* fn is called once: before this returns, or later; not when the engine closes. */
void service_try(struct engine *e, const struct asl_resource *r, struct json_doc *arguments,
                 service_tried_fn *fn, void *arg);

#endif
