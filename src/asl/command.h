/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_command: what the machine asks of the world, to be done after its records are kept.
 * Commands need not be kept: asl_pending gives those again that an execution still waits for. Times
 * are not commands: ask asl_exec_due.
 */
#ifndef AFFLUX_ASL_COMMAND_H
#define AFFLUX_ASL_COMMAND_H

#include "asl/exec.h"

#define ASL_COMMAND_LIST(X)                                                                        \
    X(START_TASK, "start task")                                                                    \
    X(CANCEL_TASK, "cancel task")                                                                  \
    X(START_MAP_RUN, "start map run")                                                              \
    X(CANCEL_MAP_RUN, "cancel map run")                                                            \
    X(REDRIVE_MAP_RUN, "redrive map run")                                                          \
    X(END_EXECUTION, "end execution")

enum asl_command_kind {
#define X(id, text) ASL_##id,
    ASL_COMMAND_LIST(X)
#undef X
};
const char *asl_command_kind_name(enum asl_command_kind kind);

/*
 * START_TASK: state->task says which resource; arguments (parameters) and credentials are documents
 * of the execution. token is empty where the resource has none. is_repeated: it may have been asked
 * for before, by a process that is gone.
 *
 * START_MAP_RUN: arguments is an object with what was found at run time:
 *   Items (array, absent with a reader), Reader and Writer (their parameters), BatchInput,
 *   MaxConcurrency, ToleratedFailureCount, ToleratedFailurePercentage, MaxItems, MaxItemsPerBatch,
 *   MaxInputBytesPerBatch, MapRunArn; members that were not given are absent.
 */
struct asl_command {
    enum asl_command_kind kind;
    uint32_t frame, attempt; /* what events about it have to name */
    const struct asl_state *state;
    struct asl_document *arguments, *credentials;
    str token;
    uint32_t retry_count;
    int64_t timeout_ms, heartbeat_ms; /* ASL_NEVER: none */
    double timeout_seconds;           /* of which timeout_ms was made; 0: none */
    bool is_repeated;
};

/* The command for a frame that waits for a task (its token in the arena), or for a map run: made
 * once more after its records are kept. Documents are the frame's. */
struct asl_command asl_task_command(struct asl_exec *x, struct asl_frame *f, struct arena *a);
struct asl_command asl_map_run_command(struct asl_frame *f, enum asl_command_kind kind);

void asl_command_print(const struct asl_command *c, struct buf *out);

#endif
