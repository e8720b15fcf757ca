/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: the only floor that joins the pure machine (asl/) and the world (loop/, store/,
 * http/, services/).
 *
 *   event ─► asl_step ─► records + commands ─► one unit of the store ─► commands performed ─► …
 *
 * An execution makes one step at a time: the next event waits until the records of the last step
 * are durable. Commands are performed after that and not before. What was not performed when the
 * process ended is performed again by the next one, from the frames that wait for it.
 *
 * Express executions go the same way without the store.
 *
 * An engine runs on one loop or several, each with a thread, and each with the executions of its
 * shards. A struct engine is one loop's and belongs to its thread. Functions about an execution are
 * called on the loop it belongs to; elsewhere they fail with STATUS_UNAVAILABLE "EngineElsewhere"
 * (engine_loop_of says where). engine_start finds its way itself.
 */
#ifndef AFFLUX_ENGINE_ENGINE_H
#define AFFLUX_ENGINE_ENGINE_H

#include "asl/map_run.h"
#include "asl/step.h"
#include "http/limits.h"
#include "loop/loop.h"
#include "services/objects.h"
#include "services/service.h"
#include "store/store.h"

struct engine;

/* A task of an execution, as it is asked of those who do the work. */
struct engine_task {
    int64_t execution;
    uint32_t frame, attempt;
    const struct asl_state *state;
    struct json_val arguments; /* while engine_work_fn runs */
    str token;
    uint32_t retry_count;
    bool is_repeated;  /* may have been begun before, by a process that is gone */
    bool is_submitted; /* it was, and said so: only its end is waited for */
};

/* How a task ended, or what was heard of it. */
struct engine_answer {
    enum asl_event_kind kind; /* ASL_EVENT_TASK_… */
    struct json_doc *doc;     /* borrowed */
    str error, cause;
    bool has_error, has_cause;
    enum asl_task_stage stage;
    str worker;
};

/* Somebody who does work that the engine has no own way for (mocks, tests). True: it will answer
 * with engine_answer_task, now or later; false: not his. */
typedef bool engine_work_fn(void *arg, struct engine *e, const struct engine_task *task);

/* Somebody who knows what the ItemReader of a Map finds (mocks). False: not he, its objects are
 * read. True: *ret_items is an array, which the engine takes over; or NULL, and the run fails with
 * error (empty: States.ItemReaderFailed) and cause, which live as long as the engine. */
typedef bool engine_items_fn(void *arg, const struct asl_state *map, struct json_doc **ret_items,
                             str *ret_error, str *ret_cause);

/* How something stands that an operation began; .sync tasks wait for its end. */
enum engine_stand { ENGINE_UNFINISHED, ENGINE_SUCCEEDED, ENGINE_FAILED };

/* A service whose operations tasks may call (services/service.h). */
struct engine_service {
    const struct service *service;
    void *self; /* of struct service_call */
    /* Called on the loop when an operation of a task succeeded (and is durable, if it writes).
     * NULL: nothing. */
    void (*after)(void *self, struct engine *e, const struct service_operation *o,
                  struct json_val request, str answer);
    /* For .sync: how what was begun stands, told by the answer that began it, and its record as
     * JSON text: the task's result, or the cause of its failure. NULL: no .sync. */
    enum status (*look)(void *self, struct store_reader *reader, str answer, int64_t now_ms,
                        struct buf *json, enum engine_stand *ret, struct error *err);
    /* The operation that ends it early, and its request: of what this request began with that
     * answer. NULL: none. */
    const char *stop;
    enum status (*stop_request)(void *self, struct json_val request, str answer, struct buf *json,
                                struct error *err);
};

/* How the cause begins of a task that nobody does; the error is States.Runtime. */
#define ENGINE_NOBODY_CAUSE "Nothing in this engine does the work of "

struct engine_options {
    str data;            /* folder of the store */
    uint32_t loops;      /* the caller's, and one less with a thread each; 0: 1. With more than one,
                            all functions below are called on several threads */
    str account, region; /* empty: 000000000000, us-east-1 */
    bool is_strict;      /* AWS's ceilings */
    double clock_speed;  /* how much faster than the clock time goes, for tests; 0: 1 */
    uint32_t max_idle;   /* executions kept in memory that only wait; 0: ENGINE_MAX_IDLE */
    uint32_t max_in_flight;     /* commits of a loop; 0: ENGINE_MAX_IN_FLIGHT, */
    size_t max_in_flight_bytes; /* 0: ENGINE_MAX_IN_FLIGHT_BYTES */
    engine_work_fn *work;
    void *work_arg;
    struct objects *objects; /* of ItemReader and ResultWriter; NULL: there are none */
    engine_items_fn *items;
    void *items_arg;
    /* Is shown every step, before its records are durable. Optional. */
    void (*on_step)(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out);
    void *on_step_arg;
    const struct store_options *store;             /* NULL: the usual */
    void (*at_point)(void *arg, const char *name); /* called on the way of a commit, for tests */
    void *point_arg;
    const struct engine_service *services; /* the caller's, while the engine is open */
    uint32_t service_count;
    const char *ca_file; /* whom http:invoke trusts; NULL: the system's certificates */
    /* Of hosts and connections that http:invoke calls; NULL: ENGINE_CALLS_PER_HOST, strict: none */
    const struct http_limits_options *limits;
    /* The store stands before any engine, and goes when all are gone: what services have beside it
     * lives in between. On the caller's thread. Optional. */
    enum status (*store_opened)(void *arg, struct store *store, struct error *err);
    void (*store_closing)(void *arg); /* only when store_opened said STATUS_OK */
    void *store_arg;
    /* Each loop's engine on its thread, when it stands and before it goes. Optional. */
    enum status (*loop_opened)(void *arg, struct engine *e, struct loop *loop, struct error *err);
    void (*loop_closing)(void *arg, struct engine *e);
    void *loop_arg;
};
enum { ENGINE_CALLS_PER_HOST = 256, ENGINE_RESENDS = 8 /* of a call, because of Retry-After */ };
enum {
    ENGINE_MAX_IDLE = 10000,
    ENGINE_MAX_DEFINITIONS = 1000,         /* kept compiled */
    ENGINE_MAX_IN_FLIGHT = 20000,          /* commits on their way: nobody takes a turn then, */
    ENGINE_MAX_IN_FLIGHT_BYTES = 32 << 20, /* nor when they are so large; half of it: no calls */
    ENGINE_SNAPSHOT_RECORDS = 1000,
    ENGINE_SNAPSHOT_BYTES = 256 << 10
};

/* Opens the store and takes up what was left unfinished; nothing moves on the caller's loop before
 * it runs. */
NODISCARD enum status engine_open(struct loop *loop, const struct engine_options *options,
                                  struct engine **ret, struct error *err);
/* The engine of the caller's loop: ends the other loops first. Lets go of everything; what is
 * durable stays, what is not never happened, nobody is told any more. Not from within a callback of
 * the engine. NULL is allowed. */
void engine_close(struct engine *e);

struct loop *engine_loop(const struct engine *e);

/* Adds a state machine, or a new revision of it; running executions keep theirs. Waits for the
 * store. "InvalidDefinition", "InvalidName". */
NODISCARD enum status engine_put_machine(struct engine *e, str name, enum asl_type type,
                                         str definition, struct error *err);

/* How an execution ended. Slices are borrowed for the call. */
struct engine_result {
    int64_t execution;
    enum asl_status status;
    struct json_doc *output; /* SUCCEEDED */
    str error, cause;
    bool has_error, has_cause;
};
typedef void engine_ended_fn(void *arg, const struct engine_result *result);
typedef void engine_refused_fn(void *arg, const struct error *err);
/* It is durable; for one that exists: it was. */
typedef void engine_started_fn(void *arg, int64_t execution, str arn, int64_t start_ms);

struct engine_start {
    str machine, name;          /* NAME, NAME:VERSION, NAME:ALIAS; name empty: a UUID */
    str input;                  /* JSON text */
    engine_started_fn *started; /* or NULL */
    engine_ended_fn *ended;     /* or NULL */
    engine_refused_fn *refused; /* it could not be started after all; or NULL */
    void *arg;
    bool refuses_ended; /* one of this name that has ended is another: "ExecutionAlreadyExists" */
};

/*
 * Starts an execution, or, for a Standard one of this machine and name that exists: goes on
 * watching it when it runs, or tells its kept result, if the input is the same
 * ("ExecutionAlreadyExists" otherwise). "StateMachineDoesNotExist", "InvalidName",
 * "InvalidExecutionInput"; the store's error while it cannot write. Those who watch are called
 * later, never from within.
 */
NODISCARD enum status engine_start(struct engine *e, const struct engine_start *start,
                                   struct error *err);

/* Where an execution is: the number of its loop, and of the loop that e is of.
 * STATUS_NOT_FOUND "ExecutionDoesNotExist". */
NODISCARD enum status engine_loop_of(struct engine *e, int64_t execution, uint32_t *ret,
                                     struct error *err);
uint32_t engine_loop_number(const struct engine *e);

/* Of a running execution; it ends ABORTED. STATUS_NOT_FOUND "ExecutionDoesNotExist". */
NODISCARD enum status engine_stop(struct engine *e, int64_t execution, str error, str cause,
                                  struct error *err);
NODISCARD enum status engine_redrive(struct engine *e, int64_t execution, struct error *err);

/* Answers a task. Late or unknown answers change nothing. */
void engine_answer_task(struct engine *e, int64_t execution, uint32_t frame, uint32_t attempt,
                        const struct engine_answer *answer);
/* The same by task token: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat. STATUS_INVALID
 * "InvalidToken"; STATUS_NOT_FOUND "TaskTimedOut". */
NODISCARD enum status engine_answer_token(struct engine *e, str token,
                                          const struct engine_answer *answer, struct error *err);

/* An operation of services/connections.h on the connections of the data folder, from JSON text to
 * JSON text, appended; durable before it returns. Errors are those of the operation, and
 * STATUS_NOT_FOUND "UnknownOperationException". */
NODISCARD enum status engine_connection(struct engine *e, str operation, str request,
                                        struct buf *answer, struct error *err);

/* Gives a host ("https://api.example.com:443") or a connection (its ARN) a limit of its own, on all
 * loops together; those that are not the caller's hear of it a moment later. Nothing when strict.
 */
void engine_limit(struct engine *e, enum http_lane_kind kind, str name,
                  const struct http_limit *limit);

/* fn(arg, NULL) when all that was asked of this execution before is durable: an answer, a stop, a
 * redrive; with an error when it cannot be read any more. STATUS_NOT_FOUND
 * "ExecutionDoesNotExist". */
typedef void engine_kept_fn(void *arg, const struct error *err);
NODISCARD enum status engine_when_kept(struct engine *e, int64_t execution, engine_kept_fn *fn,
                                       void *arg, struct error *err);

/* ---- looking on ---- */

/* The execution as it is in memory, perhaps a step ahead of what is durable; NULL: it is not there,
 * or on another loop. Good until the loop goes on. */
const struct asl_exec *engine_look(const struct engine *e, int64_t execution);
/* How far the map run has come that a frame of it waits for. False: there is none in memory. */
bool engine_look_map(const struct engine *e, int64_t execution, uint32_t frame,
                     struct asl_map_run *ret);
/* So many of its children may be at work at a time from now on; those that are go on. False: there
 * is none in memory, or it has had all of them. */
bool engine_tune_map(struct engine *e, int64_t execution, uint32_t frame, uint32_t concurrency);

/* For tests with one loop and a clock_speed: if nothing is under way, time jumps to what waits for
 * it next. True when it did. With a speed far below 1 time passes by such jumps only. */
bool engine_skip(struct engine *e);

struct engine_figures {
    uint64_t steps, records, moves; /* a move: a state that was entered */
    uint64_t retried;               /* commits that failed and were tried again */
    uint32_t in_memory, in_flight;
    uint32_t unreadable;    /* unfinished executions that could not be read: left as they are */
    uint32_t calls;         /* http:invoke under way, */
    uint32_t calls_waiting; /* of them: for a limit, or for a pause to end, */
    uint64_t called;        /* and those that ended */
    uint64_t requests;      /* sent for them: repeated ones and those for tokens too */
    uint64_t received;      /* bytes of bodies that came, as they were on the wire */
    uint32_t hosts_paused;  /* as they wished (Retry-After), */
    int64_t pause_ms;       /* and how long the longest still is */
};
void engine_store_metrics(const struct engine *e, struct store_metrics *ret);
struct engine_figures engine_figures(const struct engine *e); /* of its loop */
/* Of all loops; of the others as they were a moment ago. Pauses are those that this loop knows,
 * which is told of all. */
struct engine_figures engine_figures_of_all(const struct engine *e);

#endif
