/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a step, for the state_*.c files and those that help them.
 *
 * A step is a loop of moves. A move takes one frame that can go on from one phase to the next; it
 * emits records (each applied at once) and commands. What a workflow calls an error is a struct
 * asl_failure: functions that can meet one return false and leave it in step->failure.
 */
#ifndef AFFLUX_ASL_STEP_INTERNAL_H
#define AFFLUX_ASL_STEP_INTERNAL_H

#include "asl/apply.h"
#include "asl/step.h"
#include "base/check.h"

/* What a workflow calls an error. Texts live in out->arena or longer. */
struct asl_failure {
    str error, cause;
    bool has_error, has_cause;
    bool is_evaluation; /* of JSONata: an EvaluationFailed event says so first */
    bool is_task;       /* arose in a Task: States.TaskFailed matches it */
    bool is_heartbeat;  /* States.HeartbeatTimeout matches it too */
    bool is_final;      /* cannot be retried or caught; ends the execution from anywhere */
    str location;       /* of the field, for that event */
};

struct asl_step {
    struct asl_exec *x;
    const struct asl_event *event;
    struct asl_out *out;
    struct asl_failure failure;
    uint64_t seeds;            /* given out so far */
    int64_t clock_ms;          /* of this move; 0: no expression has asked */
    struct json_shapes shapes; /* in out->scratch, of this move */
    bool has_shapes;
    bool is_history_full;
};

/* A value, and the document it is a part of, if that is known: at `path` (a JSON pointer). */
struct asl_value {
    struct json_val v;
    struct asl_document *doc;
    str path;
};

/* What expressions of a state see. Documents may be NULL. */
struct asl_scope {
    struct asl_frame *frame;
    struct json_val input, result, error_output; /* undefined where they do not exist */
    struct asl_document *input_doc, *result_doc;
    struct json_val base;           /* JSONPath: "$" */
    struct json_val item, item_key; /* Map.Item of an ItemSelector; undefined: as the frames say */
    uint32_t item_index;
    str item_source; /* empty: an inline Map's, which has none */
    str token;       /* empty: none */
};

/* ---- step.c ---- */
/* Adds a record, with event, previous and time filled in, and applies it. */
void asl_emit(struct asl_step *s, const struct asl_record *record);
/* The same with previous given, where 0 means none. */
void asl_emit_after(struct asl_step *s, const struct asl_record *record, uint64_t previous);
struct asl_record asl_record_for(const struct asl_frame *f, enum asl_record_kind kind);
void asl_command_add(struct asl_step *s, struct asl_command command);
uint64_t asl_seed(struct asl_step *s);
int64_t asl_clock(struct asl_step *s);
struct json_shapes *asl_shapes(struct asl_step *s);
/* The frame's machine has come to its end with this output. */
void asl_machine_ended(struct asl_step *s, struct asl_frame *f);
void asl_end(struct asl_step *s, enum asl_record_kind kind, const struct asl_failure *failure,
             uint64_t previous);

/* ---- evaluate.c ---- */
struct asl_scope asl_scope_of(struct asl_step *s, struct asl_frame *f);
bool asl_eval_template(struct asl_step *s, struct asl_scope *scope, const struct asl_template *t,
                       struct json_val *ret);
bool asl_eval_jsonata(struct asl_step *s, struct asl_scope *scope, const struct asl_jsonata *j,
                      struct json_val *ret);
bool asl_eval_path(struct asl_step *s, struct asl_scope *scope, const struct jsonpath_expr *e,
                   struct json_val *ret, enum jsonpath_missing *ret_missing, str *ret_path,
                   bool *ret_found);
/* A path of a field such as InputPath: base is what "$" means. */
bool asl_eval_field_path(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                         struct asl_value base, struct asl_value *ret);
/* The value of the root of a path: "$", "$$" or a variable. */
bool asl_path_root(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                   struct asl_value base, struct asl_value *ret);
bool asl_scope_has_variable(struct asl_step *s, const struct asl_scope *scope, str name);
/* A number field. Absent: false in *ret_has. `field` is its name, as JSONata causes quote it. */
bool asl_eval_number(struct asl_step *s, struct asl_scope *scope, const struct asl_number *n,
                     struct json_val *ret, bool *ret_has);
bool asl_eval_text(struct asl_step *s, struct asl_scope *scope, const struct asl_text *t,
                   const char *field, str *ret, bool *ret_has);
bool asl_expect_type(struct asl_step *s, const struct asl_frame *f, const struct asl_jsonata *j,
                     struct json_val v, enum json_tag tag, const char *type);
/* JSON text of a value for a message; "…" where it is too long. */
str asl_value_text(struct asl_step *s, struct json_val v);
/* A document of this step: the value's own, or a new one. */
bool asl_keep(struct asl_step *s, const struct asl_scope *scope, struct asl_value value,
              struct asl_document **ret);
struct asl_value asl_value_of(struct asl_document *doc);
/* The array of the outputs of a frame's children. */
bool asl_keep_children(struct asl_step *s, const struct asl_frame *f, struct asl_document **ret);
/* The document of an event becomes one of the execution. */
struct asl_document *asl_adopt(struct asl_step *s, struct json_doc *json, bool keeps_text);

/* ---- context.c ---- */
struct json_val asl_context(struct asl_step *s, const struct asl_scope *scope);

/* ---- flow.c ---- */
/* What the work is given: InputPath; and Parameters or Arguments where the state has them. */
bool asl_flow_input(struct asl_step *s, struct asl_scope *scope, struct asl_value *ret);
bool asl_flow_arguments(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                        struct asl_value *ret);
/* Leaves the state with its result: ResultSelector, ResultPath, OutputPath; or Output; and Assign.
 */
bool asl_flow_exit(struct asl_step *s, struct asl_scope *scope, struct asl_value result);
/* The pieces, for states and catchers that leave in another way. */
struct asl_exit {
    struct asl_value output;
    const struct asl_assign *assign;
    const struct asl_state *next; /* NULL: the machine ends */
    struct asl_slot *slots;       /* made of assign by asl_flow_assign */
    uint32_t slot_count;
};
bool asl_flow_assign(struct asl_step *s, struct asl_scope *scope, struct asl_exit *way);
bool asl_flow_put(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                  struct asl_value *value);
bool asl_flow_leave(struct asl_step *s, struct asl_scope *scope, const struct asl_exit *way);
/* Leaves a state whose work gives what it was given: Choice, Wait, Succeed. */
bool asl_flow_pass_on(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                      const struct asl_assign *assign, const struct asl_template *output,
                      const struct asl_state *next);
bool asl_flow_output_path(struct asl_step *s, struct asl_scope *scope, struct asl_value value,
                          struct asl_value *ret);

/* ---- failure.c ---- */
/* Sets step->failure and returns false. With the prefix that names the state. */
bool asl_fail_in(struct asl_step *s, const struct asl_frame *f, const char *error, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);
bool asl_fail_plain(struct asl_step *s, const char *error, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool asl_fail_evaluation(struct asl_step *s, const struct asl_frame *f, str location,
                         const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Without cause. */
bool asl_fail_error(struct asl_step *s, str error);
/* The state fails with step->failure: retry, catch, or on to the parent. */
void asl_state_failed(struct asl_step *s, struct asl_frame *f);
/* Ends the work of a frame and all below, whose failing sibling's last event is `previous`. */
void asl_abort_children(struct asl_step *s, struct asl_frame *f, uint64_t previous);
void asl_cancel_work(struct asl_step *s, struct asl_frame *f);

/* ---- retry.c ---- */
/* Plans a retry if a retrier has one left for step->failure. */
bool asl_retry(struct asl_step *s, struct asl_frame *f);
bool asl_failure_matches(const struct asl_failure *failure, const str *errors, uint32_t count);

/* ---- state_*.c ---- */
struct asl_state_ops {
    bool (*begin)(struct asl_step *s, struct asl_frame *f);  /* RUNNING: entered, or tried again */
    bool (*start)(struct asl_step *s, struct asl_frame *f);  /* STARTING: one more child */
    bool (*finish)(struct asl_step *s, struct asl_frame *f); /* FINISHING: leave with the result */
};
extern const struct asl_state_ops asl_pass_ops, asl_task_ops, asl_choice_ops, asl_wait_ops,
    asl_succeed_ops, asl_fail_ops, asl_parallel_ops, asl_map_ops;

/* ---- state_task.c ---- */
NODISCARD enum status asl_task_event(struct asl_step *s, struct asl_frame *f, struct error *err);
void asl_task_due(struct asl_step *s, struct asl_frame *f);

/* ---- state_map.c, map_distributed.c ---- */
/* An iteration that ended last with the event `chain` makes room for the next, or was the last. */
bool asl_iteration_ended(struct asl_step *s, struct asl_frame *map, uint64_t chain);
/* MaxConcurrency as given; 0: none. */
bool asl_map_concurrency(struct asl_step *s, struct asl_scope *scope, uint32_t *ret);
bool asl_map_run_begin(struct asl_step *s, struct asl_frame *f, struct asl_scope *scope,
                       struct asl_value items);
NODISCARD enum status asl_map_run_event(struct asl_step *s, struct asl_frame *f, struct error *err);

/* ---- state_parallel.c ---- */
/* All children have ended: their outputs in order are the result. */
bool asl_children_done(struct asl_step *s, struct asl_frame *f, enum asl_record_kind kind);

/* ---- choice_condition.c ---- */
/* Does a JSONPath rule hold? */
bool asl_condition_holds(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                         const struct asl_condition *c, bool *ret);

/* ---- redrive.c ---- */
NODISCARD enum status asl_redrive(struct asl_step *s, struct error *err);

#endif
