/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_exec: one execution of a state machine, as a tree of frames.
 *
 * A frame runs one machine: the whole, a Parallel's branch, a Map's iteration. It stands in one
 * state, in one phase. The root frame has id 1; children know their parent. An execution is changed
 * by asl_apply (asl/apply.h) and by nothing else, in life and in recovery; asl_step (asl/step.h)
 * decides what is applied.
 *
 *                    ┌───────────── retry ──────────────┐
 *                    ▼                                  │
 *   ENTERING ──► RUNNING ──► WORKING  (a task)  ──► FINISHING ──► ENTERING the next state
 *                    │   ──► SLEEPING (a Wait)  ──►     │     └──► gone: its machine has ended
 *                    │   ──► RETRYING (until a retry)   │
 *                    │   ──► STARTING ──► BRANCHING ──► │   (children)
 *                    │   ──► MAPPING  (a map run)   ──► │
 *                    └──────────────────────────────────┘
 *   any ──► FAILED or ABORTED: kept for a redrive, until the state above is left or tried again
 *
 * ENTERING, RUNNING, STARTING and FINISHING can go on at once and stand in a queue; the others wait
 * for an event or a time. An execution, its documents and its definition belong to one thread.
 */
#ifndef AFFLUX_ASL_EXEC_H
#define AFFLUX_ASL_EXEC_H

#include "asl/definition.h"
#include "asl/document.h"

#define ASL_PHASE_LIST(X)                                                                          \
    X(ENTERING, "entering")   /* a state and its input are chosen */                               \
    X(RUNNING, "running")     /* entered; its work is to be begun */                               \
    X(WORKING, "working")     /* a task was asked for */                                           \
    X(SLEEPING, "sleeping")   /* a Wait, until due_ms */                                           \
    X(RETRYING, "retrying")   /* until due_ms, then the state is tried again */                    \
    X(STARTING, "starting")   /* children are to be started */                                     \
    X(BRANCHING, "branching") /* children run */                                                   \
    X(MAPPING, "mapping")     /* a map run was asked for */                                        \
    X(FINISHING, "finishing") /* the result is there, the state is to be left */                   \
    X(FAILED, "failed")                                                                            \
    X(ABORTED, "aborted")                                                                          \
    X(ENDED, "ended") /* an iteration or branch that succeeded; about to be removed */

enum asl_phase {
#define X(id, text) ASL_PHASE_##id,
    ASL_PHASE_LIST(X)
#undef X
};
const char *asl_phase_name(enum asl_phase phase);

#define ASL_STATUS_LIST(X)                                                                         \
    X(NEW, "NEW") /* not started */                                                                \
    X(RUNNING, "RUNNING")                                                                          \
    X(SUCCEEDED, "SUCCEEDED")                                                                      \
    X(FAILED, "FAILED")                                                                            \
    X(TIMED_OUT, "TIMED_OUT")                                                                      \
    X(ABORTED, "ABORTED")

enum asl_status {
#define X(id, text) ASL_EXEC_##id,
    ASL_STATUS_LIST(X)
#undef X
};
const char *asl_status_name(enum asl_status status);

#define ASL_NEVER INT64_MAX                       /* a time that does not come */
#define ASL_MAX_TIME_MS INT64_C(8640000000000000) /* the last one that JavaScript knows */
#define ASL_MAX_COUNT (UINT64_MAX / 4)            /* of events and documents: nobody gets so far */
enum { ASL_ROOT_FRAME = 1, ASL_TOKEN_KEY_BYTES = 32 };
#define ASL_MAX_FRAMES UINT32_MAX /* branches and iterations of one execution, all together */

struct asl_slot {
    asl_variable variable;
    struct asl_document *value;
};

struct asl_frame {
    uint32_t id;
    struct asl_frame *parent; /* NULL at the root */
    struct asl_frame *first_child, *last_child, *next_sibling, *previous_sibling;
    struct asl_frame *next_ready, *previous_ready; /* in the queue */
    bool is_ready;
    uint32_t index; /* of the branch or iteration */
    const struct asl_machine *machine;
    const struct asl_state *state;
    enum asl_phase phase;

    struct asl_document *input;  /* of the state, as it came */
    struct asl_document *result; /* FINISHING: what the work gave */
    struct asl_slot *variables;  /* set in this frame, in the order of their first setting */
    uint32_t variable_count, variable_cap;

    uint64_t chain;            /* the history event that the next one of this frame follows */
    bool is_entered;           /* its state has been entered */
    uint64_t entered;          /* event id of the state's Entered event, */
    uint64_t entered_previous; /* and of the one before it */
    int64_t entered_ms;
    uint32_t retry_count;     /* State.RetryCount */
    uint32_t *retries;        /* used attempts of each retrier; NULL: none yet */
    uint32_t attempt;         /* counts what the frame has waited for: names tasks and map runs */
    int64_t due_ms;           /* SLEEPING, RETRYING */
    int64_t timeout_ms;       /* WORKING, ASL_NEVER: none */
    int64_t heartbeat_ms;     /* WORKING: when the next heartbeat is missed */
    double heartbeat_seconds; /* WORKING: 0: none */

    /* WORKING: what was asked for */
    struct asl_document *arguments, *credentials;
    double timeout_seconds;
    bool is_started; /* an activity's worker has it; other tasks at once */
    bool is_submitted;

    /* STARTING, BRANCHING, MAPPING */
    struct asl_document *items; /* Map: the array; Parallel: what each branch is given */
    bool has_keys;              /* Map: the items are the {"Key", "Value"} of an object */
    struct asl_document **results;
    uint32_t total, started, ended; /* children */
    uint32_t concurrency;           /* inline: at once; distributed: as given, 0 no limit */
    uint64_t run_ended;             /* MAPPING: history event of its success */
    bool fails_whole; /* FAILED: a redrive begins the state anew instead of the failed children */
    struct asl_document
        *map_run;    /* MAPPING, and FAILED after it: what was asked for; see ASL_START_MAP_RUN */
    str map_run_arn; /* malloc'ed */
};

/* Who the execution is. The texts are copied. */
struct asl_identity {
    str id; /* ARN of the execution */
    str name;
    str role_arn;
    str state_machine_id; /* ARN; of a map child with its label */
    str state_machine_name;
    int64_t start_ms;
};

struct asl_options {
    bool strict;        /* AWS's ceilings: 256 KiB, 25,000 events, variables, 40 iterations, … */
    uint32_t max_moves; /* of one step; 0: ASL_STEP_MOVES */
    size_t max_bytes;   /* made by one step; 0: ASL_STEP_BYTES */
    /* Times that expressions are given are clock_phase more than a multiple of clock_stride, so
     * that several engines at a time do not give out the same; 0: 1. */
    uint32_t clock_stride, clock_phase;
    uint8_t token_key[ASL_TOKEN_KEY_BYTES]; /* of task tokens; never written */
    /* Is there an activity with this ARN? Asked when one of its tasks is to be scheduled; a state
     * whose activity is not there fails without that event. NULL: all are there. */
    bool (*has_activity)(void *arg, str arn);
    void *has_activity_arg;
    /* The time of this frame's task is over: until when may it go on? Not later than the event's
     * time: it has timed out. Asked for tasks that have no heartbeat to miss. NULL: none may. */
    int64_t (*delay)(void *arg, const struct asl_frame *f);
    void *delay_arg;
    struct jsonata_limits jsonata;
};
/* Of results of JSONata: AWS makes doubles of all, and large integers lose digits. */
static inline enum json_numbers asl_numbers(bool is_strict)
{
    return is_strict ? JSON_NUMBERS_DOUBLES : JSON_NUMBERS_EXACT;
}

enum {
    ASL_STEP_MOVES = 2000 /* an entered and an exited state are two */,
    ASL_STEP_BYTES = 1 << 20
};

/* AWS's ceilings (reference: quotas of AWS Step Functions). */
enum {
    ASL_MAX_PAYLOAD = 262144,
    ASL_MAX_HISTORY = 25000,
    ASL_MAX_VARIABLES_BYTES = 10485760,
    ASL_INLINE_CONCURRENCY = 40,
    ASL_OPEN_CONCURRENCY = 1000 /* MaxConcurrency 0 where AWS's 40 does not hold */
};

enum { ASL_STATES_SHAPES = 16 /* which of $states' members are there: a bit each */ };

struct asl_timer {
    int64_t due_ms;
    uint32_t frame;
};

struct asl_exec {
    struct asl_definition *definition;
    const struct asl_machine *machine; /* the definition's root, or what a distributed Map does */
    enum asl_type type;
    struct asl_options options;
    struct arena arena; /* texts that live as long as the execution */
    struct asl_identity identity;
    enum asl_status status;
    struct asl_documents documents;
    struct asl_document *input, *output; /* output: SUCCEEDED */
    str error, cause;                    /* FAILED, TIMED_OUT, ABORTED; in arena */
    bool has_error, has_cause;
    uint32_t redrive_count;
    int64_t redrive_ms, stop_ms;
    int64_t deadline_ms;     /* of the whole */
    uint64_t last_event;     /* of the history */
    uint64_t variable_bytes; /* of all values, counted under strict */

    struct asl_frame *root;
    struct idmap frames; /* by id */
    uint32_t next_frame;
    struct asl_frame *first_ready, *last_ready;
    struct asl_frame *idle;
    struct asl_timer *timers; /* heap by due_ms, then frame; entries may be out of date */
    uint32_t timer_count, timer_cap;
    struct json_shapes shapes; /* of what expressions see, in arena */
    const struct json_shape *states_shapes[ASL_STATES_SHAPES];
    int64_t clock_ms;        /* the last time that an expression was given */
    struct json_val context; /* of a probe: given instead of the execution's own; undefined: none */
    str state_name;          /* of a probe: what the context calls its state; empty: its name */
};

/* Takes a reference to the definition. machine NULL: its root. */
struct asl_exec *asl_exec_new(struct asl_definition *definition, const struct asl_machine *machine,
                              enum asl_type type, const struct asl_options *options);
void asl_exec_free(struct asl_exec *x); /* NULL is allowed */

struct asl_frame *asl_exec_frame(const struct asl_exec *x, uint32_t id); /* or NULL */

static inline bool asl_exec_is_over(const struct asl_exec *x)
{
    return x->status > ASL_EXEC_RUNNING;
}
/* Can it go on without an event? */
static inline bool asl_exec_is_ready(const struct asl_exec *x)
{
    return x->first_ready != NULL;
}
/* When it next wants to be woken; ASL_NEVER: by events only. */
int64_t asl_exec_due(struct asl_exec *x);

/* The value of a variable as a frame sees it; NULL when it has none. */
struct asl_document *asl_frame_variable(const struct asl_frame *f, asl_variable variable);

/* The inside as text: frames, phases, documents. Equal executions print equally. */
void asl_exec_print(const struct asl_exec *x, struct buf *out);

#endif
