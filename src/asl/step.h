/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asl_step: an event comes in; records and commands go out. The records have been applied to the
 * execution already; whoever calls keeps them (asl/encode.h) before carrying out the commands.
 */
#ifndef AFFLUX_ASL_STEP_H
#define AFFLUX_ASL_STEP_H

#include "asl/command.h"
#include "asl/event.h"
#include "asl/record.h"

/*
 * What a step gives. The caller makes it once and uses it again and again; texts and lists in it
 * live until the next reset, documents as long as it holds a reference.
 */
struct asl_out {
    struct arena arena;         /* of what they name */
    struct asl_record *records; /* the lists are malloc'ed and stay for the next step */
    uint32_t record_count, record_cap;
    struct asl_command *commands;
    uint32_t command_count, command_cap;
    struct asl_document **documents; /* made by this step, in their order; counted */
    uint32_t document_count, document_cap;
    size_t bytes;      /* that those documents take */
    bool is_again;     /* left by its budget: step again with ASL_EVENT_CONTINUE, */
    int64_t resume_ms; /* not before this time; 0: at once */
    bool reads_clock;  /* an expression was given exec->clock_ms, */
    int64_t clock_ms;  /* and the last time that was given; 0: none */

    struct arena scratch; /* of evaluations */
    struct jsonata_scratch *jsonata;
};

void asl_out_init(struct asl_out *out);
void asl_out_done(struct asl_out *out);
/* Empties it: before the next step of the same execution, and before that execution is freed. */
void asl_out_reset(struct asl_out *out);

/*
 * Steps. Adds to out. STATUS_OK also when nothing happened; otherwise nothing changed:
 *   STATUS_NOT_FOUND "TaskTimedOut": the execution does not wait for this task (any more)
 *   STATUS_CONFLICT  "ExecutionRunning", "ExecutionNotRedrivable": the event does not fit its
 * status STATUS_LIMIT, STATUS_INVALID: the event's document cannot be taken
 */
NODISCARD enum status asl_step(struct asl_exec *x, const struct asl_event *event,
                               struct asl_out *out, struct error *err);

/* Adds the commands that an execution waits for, as is_repeated: after it was loaded. */
void asl_pending(struct asl_exec *x, struct asl_out *out);

#endif
