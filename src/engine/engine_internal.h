/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the engine. In reading order: engine.c (open, close), memory.c (executions that are
 * in memory), turn.c (event to step), commit.c (step to the store and back), perform.c (what is
 * done then), message.c (executions talk to each other), start.c, recover.c, and a file for each
 * kind of work.
 */
#ifndef AFFLUX_ENGINE_ENGINE_INTERNAL_H
#define AFFLUX_ENGINE_ENGINE_INTERNAL_H

#include "asl/encode.h"
#include "base/check.h"
#include "engine/engine.h"
#include "store/tx.h"

/* ---- what is in memory ---- */

/* A child tells its parent how it ended, an answer goes to whoever waits: message.c. */
struct engine_message {
    uint32_t frame, attempt;
    enum asl_event_kind kind;
    str document; /* JSON text; empty: none */
    str error, cause;
    bool has_error, has_cause;
    bool is_child; /* document describes a child that ended, Input and Output parsed */
    enum asl_task_stage stage;
};

/* A message that is written together with what an event does. */
struct engine_send {
    int64_t to; /* execution; 0: none */
    uint32_t shard;
    struct engine_message message;
    char *memory; /* malloc'ed, holds the texts */
};

/* An event on its way to an execution; owns all it names. */
struct engine_event {
    struct engine_event *next;
    struct asl_event event; /* texts in the memory behind this struct, doc counted */
    struct asl_identity identity;
    int64_t message; /* of the inbox, removed together with what the event does; 0: none */
    struct engine_send send;
};

/* A command that waits for its records to be durable. */
struct engine_action {
    enum asl_command_kind kind;
    uint32_t frame, attempt;
    bool is_repeated;
};

struct engine_watcher {
    struct engine_watcher *next;
    engine_ended_fn *ended;
    engine_refused_fn *refused;
    void *arg;
};

/* A definition, compiled for this loop. */
struct engine_definition {
    struct engine_definition *next;
    int64_t id;
    struct asl_definition *definition;
    enum asl_type type;
};

struct engine_execution {
    struct engine *engine;
    struct store_execution row; /* who it is; texts malloc'ed */
    enum asl_type type;
    struct asl_exec *x;
    bool is_kept; /* in the store: Standard executions */
    struct engine_event *first_event, *last_event;
    struct engine_commit *in_flight;
    struct engine_watcher *watchers;
    struct loop_timer timer; /* the next time it wants to be woken */
    bool is_queued, is_ended;
    bool is_awake; /* what it waits for was asked for by this process */
    struct engine_execution *next_queued;
    uint32_t records; /* since the last snapshot, */
    size_t bytes;     /* and their bytes */
    int64_t idle_since_ms;
};

struct engine {
    struct loop *loop;
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    struct engine_options options;
    struct arena arena; /* texts of the options */
    uint8_t token_key[ASL_TOKEN_KEY_BYTES];
    int64_t clock_base_ms, clock_start_ms;
    uint64_t seed;
    int64_t clock_given_ms; /* the last time that expressions of any execution were given */

    struct engine_execution **executions; /* by id, open addressing */
    uint32_t execution_count, execution_mask;
    struct engine_execution *first_queued, *last_queued;
    struct engine_definition *definitions;
    struct asl_out out; /* of the step at hand */
    struct loop_task turn_task, taken_task;
    bool is_turn_asked, is_closing;
    atomic_bool is_taken_asked;
    struct loop_timer sleep_timer; /* executions out of memory that are due */
    struct engine_figures figures;
};

/* ---- engine.c ---- */
int64_t engine_now_ms(const struct engine *e);
uint64_t engine_seed(struct engine *e);
/* The compiled definition; reads it from the store on first use. */
NODISCARD enum status engine_definition_get(struct engine *e, int64_t id, enum asl_type type,
                                            struct asl_definition **ret, struct error *err);
/* Reads and keeps a definition's text; STATUS_INVALID "InvalidDefinition". */
struct asl_options engine_asl_options(const struct engine *e);

/* ---- memory.c ---- */
struct engine_execution *engine_find(const struct engine *e, int64_t id);
struct engine_execution *engine_execution_new(struct engine *e, const struct store_execution *row,
                                              enum asl_type type, struct asl_definition *d,
                                              const struct asl_machine *machine);
void engine_execution_free(struct engine_execution *ex);
/* The execution, from the store when it is not in memory. */
NODISCARD enum status engine_execution_get(struct engine *e, int64_t id,
                                           struct engine_execution **ret, struct error *err);
/* What is in memory is not what is kept: it is read again, and its events with it. */
void engine_execution_reload(struct engine_execution *ex);
void engine_sleep_sweep(struct engine *e);

/* ---- turn.c ---- */
/* An event with copies of all it names, at the end of the queue. */
void engine_post(struct engine_execution *ex, const struct asl_event *event, int64_t message);
/* The same with a message to another execution; takes the message over. */
void engine_post_sending(struct engine_execution *ex, const struct asl_event *event,
                         struct engine_send *send);
void engine_queue(struct engine_execution *ex);
void engine_turn_soon(struct engine *e);
void engine_drop_events(struct engine_execution *ex);
/* After a commit: what it asks for, and the next step. */
void engine_committed(struct engine_execution *ex, struct engine_action *actions, uint32_t count);

/* ---- commit.c ---- */
struct engine_commit;
void engine_commit(struct engine_execution *ex, int64_t message, const struct engine_send *send);
void engine_commit_free(struct engine_commit *c);
void engine_take_back(void *engine);
void engine_wake(void *engine);
/* Has the execution leave memory: a snapshot, and when it wants to be woken. */
void engine_commit_sleep(struct engine_execution *ex);

/* ---- perform.c ---- */
void engine_perform(struct engine_execution *ex, const struct engine_action *actions,
                    uint32_t count);
void engine_tell_watchers(struct engine_execution *ex);
/* Does it have work of this process under way, which an execution that sleeps could not take back?
 */
bool engine_works(const struct engine_execution *ex);
/* It could not be started: its watchers are told, and it is gone. */
void engine_refuse(struct engine_execution *ex, const struct error *err);

/* ---- message.c ---- */
void engine_message_write(const struct engine_message *m, struct buf *bytes);
NODISCARD enum status engine_message_read(str bytes, struct engine_message *ret, struct error *err);
void engine_send_done(struct engine_send *send);
void engine_deliver(struct engine *e, int64_t execution, int64_t message, str body);

/* ---- recover.c ---- */
NODISCARD enum status engine_recover(struct engine *e, struct error *err);
/* Puts an execution that was read back to work, once. */
void engine_resume(struct engine_execution *ex);

/* ---- start.c ---- */
struct engine_child {
    int64_t parent;
    uint32_t frame, attempt;
    bool is_waited_for; /* its end is told to the parent */
};
NODISCARD enum status engine_begin(struct engine *e, str machine, str name, struct json_doc *input,
                                   const struct engine_child *child, struct engine_execution **ret,
                                   struct error *err);

/* The execution that an ARN names; STATUS_NOT_FOUND "ExecutionDoesNotExist". */
NODISCARD enum status engine_find_arn(struct engine *e, str arn, struct engine_execution **ret,
                                      struct error *err);

/* ---- work_states.c ---- */
/* states:startExecution and aws-sdk:sfn:…; false when the resource is none of these. */
bool engine_work_states(struct engine_execution *ex, const struct asl_command *c);
/* Stops the child that a task which is cancelled waited for. */
void engine_cancel_states(struct engine_execution *ex, const struct engine_action *action);
/* How the parent of an execution is told of its end. */
/* The same at once, where the child is not kept. */
void engine_tell_parent(struct engine_execution *ex);
void engine_child_message(struct engine_execution *ex, struct engine_message *ret, struct arena *a);

#endif
