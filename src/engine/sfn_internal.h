/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the API: what the sfn_*.c files share. An operation is a row of the table in
 * sfn_table.c, in one of three ways:
 *
 *   it reads      run, on the caller's thread with the engine's reader; answered at once
 *   it writes     prepare on the caller's thread, then run within a unit of the store
 *   it is begun   begin, which answers now or later: what goes through the engine
 */
#ifndef AFFLUX_ENGINE_SFN_INTERNAL_H
#define AFFLUX_ENGINE_SFN_INTERNAL_H

#include "base/time.h"
#include "engine/api.h"
#include "engine/arn.h"
#include "engine/engine_internal.h"
#include "engine/machine.h"
#include "engine/map_run.h"
#include "engine/team.h"
#include "engine/write.h"
#include "services/build.h"
#include "services/request_shape.h"

/* What an operation sees. */
struct sfn_scope {
    struct engine *engine; /* NULL within a unit: the store's thread */
    str account, region;
    bool is_strict;
    int64_t now_ms;
    uint64_t seed;
    uint8_t page_key[ASL_TOKEN_KEY_BYTES];
    uint8_t hash[MACHINE_HASH_BYTES]; /* of the request's definition, once it was checked */
    struct store_reader *reader;
    struct store_tx *tx; /* NULL: nothing is written */
    struct arena *arena;
    struct json_val request;
    struct buf *answer; /* the object's JSON text */
    struct buf *words;  /* an error's message where it may be longer than struct error takes */
    const char *reason; /* of a ValidationException; or NULL */
};

/* STATUS_OK, with the answer written; else err, or err and words. */
typedef enum status sfn_fn(struct sfn_scope *s, struct error *err);
typedef void sfn_begin_fn(struct engine_api_call *call, struct sfn_scope *s);

struct sfn_operation {
    const char *name;
    const struct shape *shape; /* of the request */
    sfn_fn *prepare;           /* writing: what needs no data; or NULL */
    sfn_fn *run;
    sfn_begin_fn *begin;
    bool is_writing;
};

extern const struct sfn_operation sfn_operations[];
const struct sfn_operation *sfn_find_operation(str name); /* or NULL */

/* ---- a call: sfn.c ---- */

struct sfn_write {
    const struct sfn_operation *operation;
    struct sfn_scope scope; /* values only */
    str request;            /* JSON text */
};

struct engine_api_call {
    struct store_unit unit; /* first: a unit taken back is its call */
    struct sfn_write write;
    struct engine_api *api;
    struct engine_api_call *next, *previous; /* of all */
    const struct sfn_operation *operation;
    engine_api_fn *fn; /* NULL: whoever called has left */
    void *arg;
    engine_gone_fn *is_gone; /* NULL: nobody can say */
    struct arena arena;
    struct buf text;
    bool is_inside; /* engine_api_call has not returned yet */
    bool is_done;   /* was answered within it */

    /* of executions */
    int64_t execution, start_ms;
    str arn, client_token, trace_header;
    struct json_doc *input; /* of StartSyncExecution */
    bool is_metadata_only;
    struct loop_timer timer;

    /* of a poll for an activity's task: activity.c */
    struct activity *activity;
    struct engine_api_call *next_poller, *previous_poller;
    str worker, activity_name;
    uint64_t poll; /* a task is being fetched for it, under this number; 0: none */

    struct sfn_test *test; /* of a TestState that calls: sfn_test_call.c */

    uint64_t id; /* of a call that runs on another loop, by which its answer finds it; 0: here */
    uint32_t loop;
};

struct activities;
struct redrive_token;

struct engine_api {
    struct engine *engine;
    struct store_client *client;
    struct engine_api_call *calls;
    uint32_t call_count;
    struct loop_task taken_task;
    atomic_bool is_taken_asked;
    bool is_closed;
    uint8_t page_key[ASL_TOKEN_KEY_BYTES];
    struct sfn_task *tasks;         /* calls of workflows: work_sfn.c */
    struct idmap forwarded, relays; /* sfn_forward.c */
    uint64_t next_id;
    struct activities *activities;
    struct redrive_token *redrive_tokens;

    int64_t *deleting; /* machines whose executions are to fail: ids */
    uint32_t deleting_count, deleting_cap;
    struct loop_timer deleting_timer;
    struct store_unit deleting_unit, sweep_unit;
    uint32_t deleting_at;     /* which of them is looked at */
    int64_t deleting_machine; /* the same one, */
    int64_t deleting_from;    /* and where its list goes on */
    bool is_deleting_asked;
};

/* Before executions are recovered; after they were freed. NULL in e->api is allowed. */
NODISCARD enum status engine_api_open(struct engine *e, struct error *err);
void engine_api_close(struct engine *e);

/* Each answers the call once, and lets go of it. */
void sfn_answer(struct engine_api_call *call, str body);
void sfn_refuse(struct engine_api_call *call, const struct error *err);
/* With an answer that another loop gave. */
void sfn_pass_on(struct engine_api_call *call, const struct engine_api_answer *a);
/* Has whoever called left, so far as can be told? */
bool sfn_has_left(const struct engine_api_call *call);
/* With words and reason where the scope has them. */
void sfn_refuse_in(struct engine_api_call *call, const struct sfn_scope *s,
                   const struct error *err);

/* ---- calls that belong to other loops: sfn_forward.c ---- */
/* The call is carried out by this loop, which may be the caller's: false then, and go on. */
bool sfn_forward(struct engine_api_call *call, const struct sfn_scope *s, uint32_t loop);
/* It is not waited for any more. */
void sfn_forward_end(struct engine_api_call *call, bool is_cancelled);
void sfn_forward_close(struct engine_api *api);

void sfn_tasks_close(struct engine_api *api); /* work_sfn.c */

/* ---- words ---- */
/* "ValidationException", with a reason or NULL. */
enum status sfn_invalid(struct sfn_scope *s, const char *reason, struct error *err, const char *fmt,
                        ...) PRINTF_LIKE(4, 5);
/* A refusal that names something by its ARN: "State Machine Does Not Exist: 'ARN'". */
enum status sfn_no_machine(str arn, struct error *err);
enum status sfn_no_execution(str arn, struct error *err);
enum status sfn_no_resource(str arn, struct error *err);

/* ---- requests ---- */
static inline str sfn_text(const struct sfn_scope *s, const char *name)
{
    return build_get_text(s->request, name);
}
static inline bool sfn_has(const struct sfn_scope *s, const char *name)
{
    struct json_val v = json_get(s->request, str_of(name));
    return v.tag != JSON_UNDEFINED && v.tag != JSON_NULL;
}
static inline bool sfn_flag(const struct sfn_scope *s, const char *name)
{
    struct json_val v = json_get(s->request, str_of(name));
    return v.tag == JSON_BOOL && v.b;
}
static inline double sfn_number(const struct sfn_scope *s, const char *name)
{
    struct json_val v = json_get(s->request, str_of(name));
    return json_is_number(v) ? json_number(v) : 0;
}
/* "arn:aws:states:REGION:ACCOUNT:KIND:" */
str sfn_arn_prefix(const struct sfn_scope *s, const char *kind);

/* ---- pages: sfn_page.c ---- */
enum { SFN_PAGE_DEFAULT = 100 };
struct sfn_page {
    uint32_t limit;
    str after; /* where it goes on, as sfn_page_next was given it; empty: the first */
};
/* subject: what must be the same in all pages of a list. "InvalidToken". */
NODISCARD enum status sfn_page_read(struct sfn_scope *s, str subject, struct sfn_page *ret,
                                    struct error *err);
/* Puts nextToken into an answer. */
void sfn_page_next(struct sfn_scope *s, struct object_writer *w, str subject, str after);

/* ---- machines: sfn_machine.c ---- */
/* The machine of an ARN that names nothing else: no version, alias or Map.
 * "StateMachineDoesNotExist". */
NODISCARD enum status sfn_find_machine(struct sfn_scope *s, const struct arn *arn,
                                       struct store_machine *ret, struct machine_properties *p,
                                       struct error *err);
/* A row whose machine was deleted, kept for its executions; never shown. */
bool sfn_is_gone(const struct store_machine *m);
/* Publishes the present revision, once; p->last_version may change. */
NODISCARD enum status sfn_publish(struct sfn_scope *s, const struct store_machine *m,
                                  struct machine_properties *p, str description,
                                  struct machine_version *ret, struct error *err);
sfn_fn sfn_create_machine_check, sfn_create_machine, sfn_update_machine_check, sfn_update_machine,
    sfn_delete_machine, sfn_describe_machine, sfn_describe_machine_for_execution, sfn_list_machines;
sfn_fn sfn_publish_version, sfn_list_versions, sfn_delete_version;
sfn_fn sfn_create_alias_check, sfn_create_alias, sfn_update_alias_check, sfn_update_alias,
    sfn_delete_alias, sfn_describe_alias, sfn_list_aliases;
/* Those of a machine that is being deleted go at once. */
NODISCARD enum status sfn_delete_things(struct sfn_scope *s, const char *kind, int64_t machine,
                                        struct error *err);

/* ---- machines that are being deleted: sfn_deleting.c ---- */
NODISCARD enum status sfn_deleting_open(struct engine_api *api, struct error *err);
void sfn_deleting_close(struct engine_api *api);
/* Are its executions to fail? */
bool sfn_is_deleting(const struct engine_api *api, int64_t machine);
/* What a DeleteStateMachine replied: the id of a machine that executions run, or nothing. */
void sfn_deleting_told(struct engine_api *api, str reply);
void sfn_deleting_back(struct engine_api *api);
/* Within a unit: a machine that no execution runs goes, or stays hidden for the executions it had.
 */
NODISCARD enum status sfn_bury_machine(struct store_tx *tx, const struct store_machine *m,
                                       struct arena *a, struct error *err);
NODISCARD enum status sfn_has_running(struct store_reader *r, int64_t machine, struct arena *a,
                                      bool *ret, struct error *err);

/* ---- executions: sfn_execution.c, sfn_describe.c, sfn_list.c, sfn_history.c ---- */
/* The row that an ARN names, and its machine's; map children too. "ExecutionDoesNotExist". */
NODISCARD enum status sfn_find_execution(struct sfn_scope *s, str text, struct store_execution *ret,
                                         struct store_machine *m, struct error *err);
sfn_begin_fn sfn_start_execution, sfn_start_sync_execution, sfn_stop_execution,
    sfn_redrive_execution;
void sfn_redrive_done(struct engine_api *api);
sfn_fn sfn_describe_execution, sfn_list_executions, sfn_get_history;
/* stateMachineVersionArn and stateMachineAliasArn, where the execution has them. */
void sfn_put_origin(struct sfn_scope *s, struct object_writer *w, str machine, str origin);
/* Why it cannot be redriven; NULL when it can. */
const char *sfn_redrive_refusal(const struct sfn_scope *s, const struct store_execution *row,
                                uint64_t events, bool is_deleting);
/* Appends a document as the text of a JSON string; a client's input as it came. */
void sfn_put_document(struct object_writer *w, const char *key, const struct asl_document *doc);

/* ---- map runs: sfn_map_run.c ---- */
sfn_fn sfn_describe_map_run, sfn_list_map_runs;
sfn_begin_fn sfn_update_map_run;
str sfn_map_run_arn(struct sfn_scope *s, str machine, const struct store_map_run *run);
/* The run that an ARN names. "ResourceNotFound". */
NODISCARD enum status sfn_find_map_run(struct sfn_scope *s, str text, struct store_map_run *ret,
                                       struct error *err);

/* ---- tags, activities, tasks ---- */
sfn_fn sfn_tag_resource, sfn_untag_resource, sfn_list_tags;
/* Adds tags to a resource that is there. "TooManyTags". */
NODISCARD enum status sfn_add_tags(struct sfn_scope *s, str arn, struct json_val tags,
                                   struct error *err);
NODISCARD enum status sfn_drop_tags(struct sfn_scope *s, str arn, struct error *err);
sfn_fn sfn_create_activity, sfn_describe_activity, sfn_list_activities, sfn_delete_activity;
bool sfn_has_activity(struct store_reader *r, str name, struct arena *a);
sfn_begin_fn sfn_get_activity_task, sfn_send_success, sfn_send_failure, sfn_send_heartbeat;
sfn_fn sfn_validate_definition;
sfn_begin_fn sfn_test_state;
/* The call that tests a state is over; what it called is given up. sfn_test_call.c */
void sfn_test_end(struct engine_api_call *call);

/* ---- tasks of activities that wait for workers: activity.c ---- */
struct activities *activities_new(struct engine_api *api);
void activities_free(struct activities *all);
/* A worker polls, on the loop that keeps this activity's tasks; the call is answered with a task,
 * or empty after a while. */
void activity_poll(struct engine_api_call *call, str name, str worker);
void activity_poll_end(struct engine_api_call *call);
/* The answer to a poll that nobody waits for any more: its task goes back to its queue. */
void activity_answer_lost(struct engine *e, str answer);
/* The loop that keeps an activity's tasks. */
uint32_t activity_loop(const struct engine *e, str name);

#endif
