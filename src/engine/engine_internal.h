/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the engine. In reading order: engine.c (open, close), memory.c (executions that are
 * in memory), index.c (which of them has a name), event.c, turn.c (event to step), commit.c (step
 * to the store), back.c (and back again), perform.c (what is done then), message.c (executions talk
 * to each other), start.c, recover.c, team.c (several loops) and elsewhere.c (what one has to do
 * with executions of another), a file for each kind of work, and map runs (map_run.h).
 */
#ifndef AFFLUX_ENGINE_ENGINE_INTERNAL_H
#define AFFLUX_ENGINE_ENGINE_INTERNAL_H

#include "asl/encode.h"
#include "asl/token.h"
#include "base/check.h"
#include "base/idmap.h"
#include "engine/engine.h"
#include "services/service.h"
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
    engine_kept_fn *kept; /* called when what it does is durable; or NULL */
    void *kept_arg;
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
    engine_started_fn *started; /* NULL: was told */
    void *arg;
};

/* A child that an execution waits for, to be stopped when nobody waits any more. */
struct engine_child_ref {
    struct engine_child_ref *next;
    uint32_t frame, attempt;
    int64_t id;
    uint32_t shard;
    bool is_kept;
};

/* Who is to be told that an execution has begun: a task of another one. */
struct engine_asker {
    int64_t execution; /* 0: nobody */
    uint32_t frame, attempt;
};

/* In parent_attempt of an execution that was begun by a task which does not wait for its end. */
#define ENGINE_NO_WAIT (UINT32_C(1) << 31)

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
    bool is_kept;   /* in the store: Standard executions */
    bool has_begun; /* its first records are durable, or need not be */
    struct engine_event *first_event, *last_event;
    struct engine_commit *in_flight;
    struct engine_watcher *watchers;
    struct loop_timer timer; /* the next time it wants to be woken */
    bool is_queued, is_ended;
    bool is_awake; /* what it waits for was asked for by this process */
    bool is_stale; /* what is in memory is not what is kept: to be read again */
    struct engine_execution *next_queued, *next_named;
    struct engine_child_ref *children;
    struct engine_asker asker;
    struct engine_service_task *services; /* operations of our services under way */
    struct engine_event *held_events;     /* while it is resumed: what comes after that */
    uint32_t records;                     /* since the last snapshot, */
    size_t bytes;                         /* their bytes, */
    size_t snapshot_bytes;                /* and its own */
    int64_t idle_since_ms;                /* of the engine's clock */
    struct map_run *map_run;              /* that it is a child of, when both are in memory */
};

struct engine_door; /* team.h */
struct engine_team;
struct engine_relay; /* elsewhere.c */
struct engine_http;  /* engine/http.h */
struct engine_api;   /* engine/sfn_internal.h */

/* One loop's. */
struct engine {
    struct loop *loop;
    struct engine_team *team;
    uint32_t number; /* of the loop in its team */
    struct engine_door *door;
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    struct engine_options options;
    struct arena arena; /* texts of its own */
    uint8_t token_key[ASL_TOKEN_KEY_BYTES];
    int64_t clock_base_ms, clock_start_ms;
    int64_t turn_ms; /* the engine's time when the turn, or what is back, was looked at */
    uint64_t seed;
    int64_t clock_given_ms; /* the last time that expressions of any execution were given */

    struct idmap executions;         /* struct engine_execution, by id */
    uint32_t most_executions;        /* at once, since memory was given back */
    struct engine_execution **named; /* by machine and name: chains by next_named */
    uint32_t named_count, named_mask;
    struct engine_execution *first_queued, *last_queued;
    struct engine_definition *definitions; /* used last first */
    uint32_t definition_count;
    struct asl_out out; /* of the step at hand */
    bool is_open, is_closing;
    struct engine_execution *stepped; /* while asl_step is in it */
    bool is_turning;                  /* a turn is being taken: no other one within it */
    bool has_undelivered;             /* messages whose receivers could not be read */
    struct loop_timer sleep_timer;    /* executions out of memory that are due */
    struct map_runs *maps;            /* map_run.h */
    struct engine_http *http;
    struct engine_units *units; /* unit.h */
    struct service_settings settings;
    struct engine_relay *relays; /* starts that other loops asked for */
    struct engine_api *api;

    struct engine_commit *commits;      /* all that are not done */
    struct engine_commit *idle_commits; /* to be used again */
    uint32_t idle_commit_count;
    size_t in_flight_bytes;
    struct engine_commit *first_waiting, *last_waiting; /* not handed to the store yet, */
    bool is_stalled;                                    /* because it cannot write: */
    struct error stall_error;                           /* why, */
    int64_t stall_ms;                                   /* and tried again after this time */
    struct loop_timer stall_timer;
    struct engine_figures figures;
};

/* ---- engine.c ---- */
int64_t engine_now_ms(const struct engine *e);
/* A time of the engine's clock that is so far away, on the loop's clock. */
int64_t engine_loop_ms(const struct engine *e, int64_t wait_ms);
/* Another one each time: a number that was drawn, since a step draws from it (base/splitmix.h). */
uint64_t engine_seed(struct engine *e);
/* A loop's own part, on its thread; what is shared stands. */
NODISCARD enum status engine_open_one(struct engine_team *team, uint32_t number, struct loop *loop,
                                      struct engine_door *door, struct engine **ret,
                                      struct error *err);
void engine_close_one(struct engine *e); /* NULL is allowed */
/* Tells a test where the engine stands. */
void engine_point(const struct engine *e, const char *name);
/* May reading work when tried again? Everything but a refusal, damage, and what is not there. */
bool engine_is_passing(enum status status);
/* The compiled definition; reads it from the store on first use. */
NODISCARD enum status engine_definition_get(struct engine *e, int64_t id, enum asl_type type,
                                            struct asl_definition **ret, struct error *err);
struct asl_options engine_asl_options(const struct engine *e);

/* ---- memory.c ---- */
struct engine_execution *engine_find(const struct engine *e, int64_t id);
struct engine_execution *engine_execution_new(struct engine *e, const struct store_execution *row,
                                              enum asl_type type, struct asl_definition *d,
                                              const struct asl_machine *machine);
void engine_execution_free(struct engine_execution *ex);
/* The execution, from the store when it is not in memory; it gets a turn then, in which it is put
 * to work, or forgotten if it has ended and nobody asks for it. */
NODISCARD enum status engine_execution_get(struct engine *e, int64_t id,
                                           struct engine_execution **ret, struct error *err);
/* The execution as the store has it, whosever it is; to be freed with asl_exec_free. */
NODISCARD enum status engine_execution_peek(struct engine *e, int64_t id, struct asl_exec **ret,
                                            struct error *err);
/* Reads what is kept again; events and watchers stay. False: not now, or the execution is gone. */
bool engine_execution_refresh(struct engine_execution *ex);
void engine_sleep_start(struct engine *e);
/* It has nothing to do: more than may be kept in memory leave it at once. */
void engine_idle(struct engine_execution *ex);

/* ---- index.c ---- */
/* Executions in memory that can be asked for by machine and name: the kept ones. */
void engine_index_add(struct engine_execution *ex);
void engine_index_remove(struct engine_execution *ex);
struct engine_execution *engine_index_find(const struct engine *e, int64_t machine, str name);

/* ---- event.c ---- */
struct engine_event *engine_event_new(const struct asl_event *from, int64_t message);
void engine_event_free(struct engine_event *ev); /* NULL is allowed */
/* An event with copies of all it names, at the end of the queue. */
void engine_post(struct engine_execution *ex, const struct asl_event *event, int64_t message);
/* The same with a message to another execution; takes the message over. */
void engine_post_sending(struct engine_execution *ex, const struct asl_event *event,
                         struct engine_send *send);
/* An event that does nothing but tell when those before it are durable. */
void engine_post_marker(struct engine_execution *ex, engine_kept_fn *fn, void *arg);
/* What it did is durable, or will never be. */
void engine_event_tell(struct engine_event *ev, const struct error *err);
/* Takes the event back as the next one. */
void engine_post_again(struct engine_execution *ex, struct engine_event *ev);
struct engine_event *engine_event_pop(struct engine_execution *ex); /* or NULL */
/* All of them out of the queue, and behind what is in it. */
struct engine_event *engine_events_take(struct engine_execution *ex);
void engine_events_append(struct engine_execution *ex, struct engine_event *events);
bool engine_has_message(const struct engine_execution *ex, int64_t message);
void engine_drop_events(struct engine_execution *ex);

/* ---- turn.c ---- */
void engine_queue(struct engine_execution *ex);
void engine_turn_soon(struct engine *e);
/* The same at once, by one whose event is large and should not wait in memory; does nothing within
 * a turn. */
void engine_turn_now(struct engine *e);
/* After a commit: what it asks for, and the next step. */
void engine_committed(struct engine_execution *ex, struct engine_action *actions, uint32_t count);

/* ---- commit.c ---- */
/* What the unit writes; lies in struct engine_commit, whose memory is untouched until it is back.
 */
struct commit_args {
    int64_t received; /* message */
    bool is_start;
    struct store_execution row;
    struct store_step step;
    str snapshot;
    bool has_ending;
    struct store_ending ending;
    bool is_redrive;
    bool sets_waiting, is_pending;
    int64_t due_ms, now_ms;
    struct store_message *messages; /* to a parent, to children, to whoever an answer is for */
    uint32_t message_count, message_cap;
};

struct engine_commit {
    struct store_unit unit;
    struct engine *engine;
    struct engine_execution *ex;           /* NULL: only a message is removed */
    struct engine_commit *next, *previous; /* of all */
    struct engine_commit *next_waiting;    /* not handed to the store yet */
    struct commit_args args;
    struct buf step, snapshot, texts;
    struct engine_event *event; /* what it came of; NULL: nothing but time */
    struct engine_action *actions;
    uint32_t action_count, action_cap;
    size_t bytes; /* of what it writes */
    bool is_sleep;
};

/* The step in e->out, and what it came of; takes the event over, which may be NULL. */
void engine_commit(struct engine_execution *ex, struct engine_event *ev);
void engine_commit_free(struct engine_commit *c);
void engine_commits_done(struct engine *e); /* all of them, when it closes */
/* Has the execution leave memory: a snapshot, and when it wants to be woken. */
void engine_commit_sleep(struct engine_execution *ex);
/* Removes a message that nobody is there for. */
void engine_commit_receive(struct engine *e, int64_t message);

/* ---- back.c ---- */
void engine_submit(struct engine_commit *c);
void engine_wake(void *door);
/* Are there as many commits on their way as there may be? */
bool engine_is_behind(const struct engine *e);

/* ---- perform.c ---- */
void engine_perform(struct engine_execution *ex, const struct engine_action *actions,
                    uint32_t count);
/* Those who watch and have not heard it yet: that it has begun, that it has ended. */
void engine_tell_started(struct engine_execution *ex);
void engine_tell_watchers(struct engine_execution *ex);
/* Does it have work of this process under way, which an execution that sleeps could not take back?
 */
bool engine_works(const struct engine_execution *ex);
/* It could not be started, or not be read again: who watches or asked is told, and it is gone from
 * memory. */
void engine_refuse(struct engine_execution *ex, const struct error *err);

/* ---- message.c ---- */
void engine_message_write(const struct engine_message *m, struct buf *bytes);
NODISCARD enum status engine_message_read(str bytes, struct engine_message *ret, struct error *err);
void engine_send_done(struct engine_send *send);
void engine_deliver(struct engine *e, int64_t execution, int64_t message, str body);

/* ---- recover.c ---- */
NODISCARD enum status engine_recover(struct engine *e, struct error *err);
/* Delivers what is in the inbox and not on its way. */
NODISCARD enum status engine_recover_messages(struct engine *e, struct error *err);
/* Puts an execution that was read back to work, once. */
void engine_resume(struct engine_execution *ex);

/* ---- start.c ---- */
struct engine_child {
    int64_t parent;
    uint32_t frame, attempt, shard;
    bool is_waited_for; /* its end is told to the parent */
};
/* An execution that is to begin; its first event is posted. STATUS_CONFLICT
 * "ExecutionAlreadyExists", with *ret if it is here; STATUS_UNAVAILABLE "EngineElsewhere" when it
 * belongs to another loop, *ret_loop. */
NODISCARD enum status engine_begin(struct engine *e, str machine, str name, struct json_doc *input,
                                   const struct engine_child *child, struct engine_execution **ret,
                                   uint32_t *ret_loop, struct error *err);
/* engine_start of one that belongs to this loop; otherwise *ret_loop says where it belongs. */
NODISCARD enum status engine_start_here(struct engine *e, const struct engine_start *start,
                                        uint32_t *ret_loop, struct error *err);
void engine_say_exists(const struct engine_execution *ex, struct error *err);
NODISCARD enum status engine_find_machine(struct engine *e, str name, struct arena *a,
                                          struct store_machine *ret, struct error *err);
/* A kept execution, here or on another loop. */
struct engine_place {
    struct engine_execution *ex; /* NULL: on another loop, or there is none */
    int64_t id;                  /* 0: there is none */
    uint32_t shard;
};
NODISCARD enum status engine_find_named(struct engine *e, int64_t machine, str name,
                                        struct engine_place *ret, struct error *err);
/* The one that an ARN names; STATUS_NOT_FOUND "ExecutionDoesNotExist". */
NODISCARD enum status engine_find_arn(struct engine *e, str arn, struct engine_place *ret,
                                      struct error *err);
/* Whether, and where, a task still waits that a token names. "InvalidToken", "TaskTimedOut". */
NODISCARD enum status engine_find_waiting(struct engine *e, str token, struct arena *a,
                                          struct engine_place *ret, struct asl_token *t,
                                          struct error *err);

/* ---- elsewhere.c ---- */
/* Delivers a message that is durable, or needs not be, to its receiver wherever that is. */
void engine_send(struct engine *e, const struct store_message *m);
void engine_start_there(struct engine *e, uint32_t loop, const struct engine_start *start);
void engine_relays_close(struct engine *e);

/* ---- work_http.c ---- */
NODISCARD enum status engine_http_open(struct engine *e, struct error *err);
void engine_http_close(struct engine *e);
uint32_t engine_http_calls(const struct engine *e);
/* Fills in what is about HTTP. */
void engine_http_figures(const struct engine *e, struct engine_figures *ret);
void engine_http_hold(struct engine *e, bool is_held); /* calls that are not sent yet */
/* http:invoke; false when the resource is another. */
bool engine_work_http(struct engine_execution *ex, const struct asl_command *c);
/* For asl_options.delay: a call's time does not run while it stands in line, nor while no process
 * was there to make it. */
int64_t engine_http_delay(void *engine, const struct asl_frame *f);
/* False: no call is under way for the task. */
bool engine_cancel_http(struct engine_execution *ex, const struct engine_action *action);

/* ---- work_services.c ---- */
/* An operation of one of our services; false when the resource names none. */
bool engine_work_services(struct engine_execution *ex, const struct asl_command *c);
/* The execution leaves memory; what is under way goes on. */
void engine_services_leave(struct engine_execution *ex);

/* ---- work_follow.c ---- */
/* A .sync task was submitted by an earlier process: what it began is followed again. */
void engine_follow_again(struct engine_execution *ex, const struct asl_command *c);
/* Nobody waits for it any more: it is stopped. False: the task follows nothing. */
bool engine_cancel_followed(struct engine_execution *ex, const struct engine_action *action);

/* ---- work_states.c ---- */
/* states:startExecution and aws-sdk:sfn:…; false when the resource is none of these. */
bool engine_work_states(struct engine_execution *ex, const struct asl_command *c);
/* A task was submitted by an earlier process, or before the execution slept: is its child there? */
void engine_child_again(struct engine_execution *ex, const struct asl_command *c);
/* Stops the child that a task which is cancelled waited for, where the child is not kept. */
void engine_cancel_states(struct engine_execution *ex, const struct engine_action *action);

/* ---- work_sfn.c ---- */
/* aws-sdk:sfn:… by the API; false when the resource is another. */
bool engine_work_sfn(struct engine_execution *ex, const struct asl_command *c);
bool engine_cancel_sfn(struct engine_execution *ex, const struct engine_action *action);

/* ---- child.c ---- */
struct engine_child_ref *engine_child_find(const struct engine_execution *ex, uint32_t frame,
                                           uint32_t attempt);
void engine_child_add(struct engine_execution *ex, uint32_t frame, uint32_t attempt,
                      const struct store_execution *child, bool is_kept);
void engine_child_drop(struct engine_execution *ex, uint32_t frame, uint32_t attempt);
/* Tells the task that asked for it, if any: it has begun, it could not begin. */
void engine_child_begun(struct engine_execution *child);
void engine_child_refused(struct engine_execution *child, const struct error *err);
bool engine_has_parent(const struct engine_execution *ex); /* that waits */
/* How the parent of an execution is told of its end. */
void engine_child_message(struct engine_execution *ex, struct engine_message *ret, struct arena *a);
/* After a step of one that is not kept: that it has begun, that it has ended. */
void engine_tell_asker_and_parent(struct engine_execution *ex);
/* An answer to a task of startExecution: its kind by the pattern. */
void engine_say_started(struct engine_execution *ex, const struct asl_command *c,
                        const struct engine_execution *child);
void engine_answer_failed(struct engine_execution *ex, const struct asl_command *c,
                          const char *prefix, const struct error *err);

#endif
