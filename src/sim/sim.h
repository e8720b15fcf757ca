/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct sim: a world for the pure machine, all in memory: a clock that jumps to whatever comes
 * next, tasks whose answers are scripted, map runs with their child executions. Nothing in it is
 * real and nothing is random: the same options give the same events, to the byte.
 *
 * A simulation has one whole execution (the root) and those of its distributed Maps. It goes on in
 * turns; a turn is at most one step of one execution. Between turns the caller may stop or redrive
 * the root, send tokens, or let time pass. A simulation belongs to one thread.
 */
#ifndef AFFLUX_SIM_SIM_H
#define AFFLUX_SIM_SIM_H

#include "asl/map_run.h"
#include "asl/step.h"
#include "sim/mocks.h"

#define SIM_DEFAULT_STEPS 100000000

/* How a task is answered. Texts are copied when it is given. */
enum sim_answer_kind {
    SIM_RETURN, /* output: JSON text */
    SIM_THROW,  /* error, cause; stage */
    SIM_SILENCE /* nobody answers: the task waits for its token or its timeout */
};
struct sim_answer {
    enum sim_answer_kind kind;
    str output;
    str error, cause;
    bool has_error, has_cause;
    enum asl_task_stage stage;
    int64_t delay_ms;     /* of virtual time, until the answer comes */
    int64_t heartbeat_ms; /* a heartbeat every so often until then; 0: none */
    str submit; /* .sync, .waitForTaskToken: the service's first answer, JSON text; empty: {} */
    str worker; /* who takes an activity's task; empty: "worker" */
};

struct sim_options {
    int64_t start_ms; /* Unix time */
    uint64_t seed;
    str account, region; /* empty: 000000000000, us-east-1 */
    str machine_name;    /* empty: "machine" */
    str name;            /* of the execution; empty: a UUID made of the seed */
    struct asl_options asl;
    const struct sim_mocks *mocks; /* borrowed; NULL: none */
    uint64_t max_steps;            /* 0: SIM_DEFAULT_STEPS */

    /* Is shown every step, children's too, before its commands are carried out. Optional. */
    void (*on_step)(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out);
    /* Is asked before the mocks; false: it does not know this task. Optional. */
    bool (*task)(void *arg, const struct asl_exec *x, const struct asl_command *c,
                 struct sim_answer *ret);
    /* The items that a reader finds, a JSON array; false: it does not know. Optional. */
    bool (*items)(void *arg, const struct asl_exec *x, const struct asl_command *c, str *ret);
    void *arg;
};

struct sim *sim_new(struct asl_definition *definition, enum asl_type type,
                    const struct sim_options *options);
void sim_free(struct sim *s); /* NULL is allowed */

/* Begins the root with this input, a JSON text. */
NODISCARD enum status sim_start(struct sim *s, str input, struct error *err);

/*
 * The next thing happens, at its time; nothing once it is over. STATUS_UNAVAILABLE "Stuck": nothing
 * will happen unless a client does something. All other errors end the simulation:
 *   STATUS_NOT_FOUND "NoAnswer"    nothing says how to answer a task or to read items
 *   STATUS_LIMIT "StepLimit"       max_steps
 *   STATUS_INVALID "InvalidAnswer" an answer is not JSON
 */
NODISCARD enum status sim_turn(struct sim *s, struct error *err);
bool sim_is_over(const struct sim *s); /* the root, and all it began */
/* Turns until it is over. Whether the root succeeded is in its status. */
NODISCARD enum status sim_run(struct sim *s, struct error *err);

/* The root; and any execution by its ARN, NULL when it is not in memory any more. */
struct asl_exec *sim_root(struct sim *s);
struct asl_exec *sim_find(struct sim *s, str arn);

/* Time: now; when the next turn is due (ASL_NEVER: nothing is); let it pass, as for turns that come
 * late. It never goes back. */
int64_t sim_now(const struct sim *s);
int64_t sim_next(struct sim *s);
void sim_advance(struct sim *s, int64_t to_ms);

/* What clients of the service could do. Errors are those of asl_step and asl_token_read. */
NODISCARD enum status sim_stop(struct sim *s, str error, str cause, struct error *err);
NODISCARD enum status sim_redrive(struct sim *s, struct error *err);
NODISCARD enum status sim_send_task_success(struct sim *s, str token, str output,
                                            struct error *err);
NODISCARD enum status sim_send_task_failure(struct sim *s, str token, str error, str cause,
                                            struct error *err);
NODISCARD enum status sim_send_task_heartbeat(struct sim *s, str token, struct error *err);

/* The map runs in the order of their starts; NULL beyond the last. */
const struct asl_map_run *sim_map_run(const struct sim *s, uint32_t i);

/* What result writers exported, in the order of writing. False beyond the last. */
bool sim_file(const struct sim *s, uint32_t i, str *ret_bucket, str *ret_key, str *ret_text);
/* By its key; the latest. */
bool sim_file_find(const struct sim *s, str key, str *ret_text);

#endif
