/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_record: one thing that happened in an execution. Records are what is kept: applied in
 * their order they give the execution (asl/apply.h), and most of them are an event of AWS's history
 * (asl/history.h). They name documents; a batch of records carries the documents it names first
 * (asl/encode.h).
 *
 * Which members a kind uses is said in the list. `event` and `previous` are the history event's id
 * and the id it follows, 0 for kinds that are no history events.
 */
#ifndef AFFLUX_ASL_RECORD_H
#define AFFLUX_ASL_RECORD_H

#include "asl/exec.h"

#define ASL_RECORD_LIST(X)                                                                         \
    X(EXECUTION_STARTED)   /* doc: input; identity */                                              \
    X(EXECUTION_SUCCEEDED) /* doc: output */                                                       \
    X(EXECUTION_FAILED)    /* error, cause */                                                      \
    X(EXECUTION_ABORTED)   /* error, cause */                                                      \
    X(EXECUTION_TIMED_OUT) /* error, cause */                                                      \
    X(EXECUTION_REDRIVEN)  /* number: redrive count */                                             \
    X(STATE_ENTERED)       /* state; doc: input */                                                 \
    X(STATE_EXITED)        /* state; doc: output; next: state or none; assigned */                 \
    X(STATE_ABORTED)       /* state */                                                             \
    X(TASK_SCHEDULED)      /* state; doc: parameters; credentials; attempt; timeout_seconds,       \
                              heartbeat_seconds, timeout_ms, heartbeat_ms */                       \
    X(TASK_SCHEDULE_FAILED)                                                                        \
    X(TASK_STARTED)       /* state; text: worker; timeout_ms, heartbeat_ms */                      \
    X(TASK_START_FAILED)  /* state; error, cause */                                                \
    X(TASK_SUBMITTED)     /* state; doc: answer */                                                 \
    X(TASK_SUBMIT_FAILED) /* state; error, cause */                                                \
    X(TASK_SUCCEEDED)     /* state; doc: result */                                                 \
    X(TASK_FAILED)        /* state; error, cause */                                                \
    X(TASK_TIMED_OUT)     /* state; error, cause */                                                \
    X(PARALLEL_STARTED)   /* number: branches; doc: their input */                                 \
    X(PARALLEL_SUCCEEDED) /* doc: result */                                                        \
    X(PARALLEL_FAILED)                                                                             \
    X(MAP_STARTED)   /* number: length; doc: items or none; concurrency; has_keys */               \
    X(MAP_SUCCEEDED) /* doc: result */                                                             \
    X(MAP_FAILED)                                                                                  \
    X(ITERATION_STARTED)   /* frame: the Map's; child; number: index; doc: input */                \
    X(ITERATION_SUCCEEDED) /* frame: the iteration's; number: index; doc: its output */            \
    X(ITERATION_FAILED)    /* number: index */                                                     \
    X(ITERATION_ABORTED)   /* number: index */                                                     \
    X(MAP_RUN_STARTED)     /* text: ARN; doc: what was asked for; attempt */                       \
    X(MAP_RUN_SUCCEEDED)   /* doc: result */                                                       \
    X(MAP_RUN_FAILED)      /* error, cause */                                                      \
    X(MAP_RUN_ABORTED)                                                                             \
    X(MAP_RUN_REDRIVEN)  /* text: ARN; number: redrive count */                                    \
    X(EVALUATION_FAILED) /* state; error, cause; text: location */                                 \
    /* not in the history */                                                                       \
    X(BRANCH_STARTED)   /* frame: the Parallel's; child; number: index; doc: input */              \
    X(BRANCH_SUCCEEDED) /* frame: the branch's; doc: its output */                                 \
    X(FRAME_FAILED)     /* number: 1 if the state fails as a whole */                              \
    X(FRAME_ABORTED)                                                                               \
    X(FRAME_RESUMED) /* by a redrive; phase in number */                                           \
    X(WAIT_BEGUN)    /* due_ms */                                                                  \
    X(RETRY_PLANNED) /* number: retrier; due_ms */                                                 \
    X(RETRY_BEGUN)                                                                                 \
    X(STATE_FINISHED) /* doc: what the work gave, where no history event says so */                \
    X(HEARTBEAT)      /* heartbeat_ms */                                                           \
    X(TASK_DELAYED)   /* timeout_ms: it stood in line, which is not its time */

enum asl_record_kind {
#define X(id) ASL_##id,
    ASL_RECORD_LIST(X)
#undef X
};
enum { ASL_RECORD_KINDS = ASL_TASK_DELAYED + 1 };
const char *asl_record_kind_name(enum asl_record_kind kind);

#define ASL_NO_STATE UINT32_MAX

struct asl_record {
    enum asl_record_kind kind;
    uint32_t frame;
    uint32_t state, next; /* numbers in the definition, or ASL_NO_STATE */
    uint32_t child;       /* id of the frame that begins */
    uint32_t attempt;
    uint32_t concurrency;
    uint32_t assigned_count;
    bool has_error, has_cause;
    bool has_keys; /* MAP_STARTED */
    uint64_t event, previous;
    int64_t time_ms;
    int64_t number;
    int64_t due_ms, timeout_ms, heartbeat_ms; /* 0 where the kind has none */
    double timeout_seconds, heartbeat_seconds;
    struct asl_document *doc, *credentials;
    const struct asl_slot *assigned; /* variables set by STATE_EXITED */
    str error, cause, text;
    const struct asl_identity *identity;
};

/* One line for people. */
void asl_record_print(const struct asl_definition *d, const struct asl_record *r, struct buf *out);

#endif
