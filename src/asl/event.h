/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_event: what comes in from the world. Each carries the time, and a seed for what is
 * random; the machine has neither of its own. An event about a task or map run that the execution
 * does not wait for (any more) changes nothing.
 */
#ifndef AFFLUX_ASL_EVENT_H
#define AFFLUX_ASL_EVENT_H

#include "asl/exec.h"

#define ASL_EVENT_LIST(X)                                                                          \
    X(START, "start")       /* identity; doc: the input, with the text as the client sent it */    \
    X(CONTINUE, "continue") /* time has passed, or the last step left by its budget */             \
    X(TASK_STARTED, "task started")     /* an activity's worker took it; worker */                 \
    X(TASK_SUBMITTED, "task submitted") /* .sync, .waitForTaskToken: the service's answer; doc */  \
    X(TASK_SUCCEEDED, "task succeeded") /* doc */                                                  \
    X(TASK_FAILED, "task failed")       /* error, cause; stage */                                  \
    X(TASK_HEARTBEAT, "task heartbeat")                                                            \
    X(MAP_RUN_SUCCEEDED, "map run succeeded") /* doc */                                            \
    X(MAP_RUN_FAILED, "map run failed")       /* error, cause */                                   \
    X(STOP, "stop")                           /* error, cause */                                   \
    X(REDRIVE, "redrive")

enum asl_event_kind {
#define X(id, text) ASL_EVENT_##id,
    ASL_EVENT_LIST(X)
#undef X
};
const char *asl_event_kind_name(enum asl_event_kind kind);

/* How far a task that failed had come. */
enum asl_task_stage { ASL_STAGE_RUN, ASL_STAGE_SUBMIT, ASL_STAGE_START, ASL_STAGE_SCHEDULE };

struct asl_event {
    enum asl_event_kind kind;
    int64_t now_ms; /* Unix time */
    uint64_t seed;  /* a new one with each event; drawn, not counted: see base/splitmix.h */
    uint32_t frame, attempt; /* of the task or map run, as its command said */
    struct json_doc *doc;    /* borrowed */
    str error, cause;
    bool has_error, has_cause;
    enum asl_task_stage stage;
    str worker;
    bool is_machine_gone; /* it was deleted: the execution fails before it enters another state */
    const struct asl_identity *identity;
};

void asl_event_print(const struct asl_event *e, struct buf *out);

#endif
