/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a simulation. Everything that will happen stands in the agenda, a heap by time and
 * then by order of entry; executions and map runs refer to each other by number or through it, and
 * never call each other. So one step is in progress at a time, and its outcome can be carried out
 * in peace.
 */
#ifndef AFFLUX_SIM_SIM_INTERNAL_H
#define AFFLUX_SIM_SIM_INTERNAL_H

#include "asl/map_result.h"
#include "sim/sim.h"

/* ---- agenda.c ---- */

enum sim_entry_kind {
    SIM_NEWS, /* an event for an execution */
    SIM_WAKE, /* an execution wants to go on */
    SIM_PUMP  /* a map run has something to do */
};

/* An event to come. Texts lie behind the struct, in the same block. */
struct sim_news {
    enum asl_event_kind kind;
    uint32_t frame, attempt;
    enum asl_task_stage stage;
    str output, error, cause, worker;
    bool has_error, has_cause;
    int64_t every_ms, until_ms; /* heartbeats */
};

struct sim_entry {
    int64_t at_ms;
    uint64_t order;
    enum sim_entry_kind kind;
    uint32_t number;       /* of the execution or map run */
    struct sim_news *news; /* SIM_NEWS; owned */
};

struct sim_agenda {
    struct sim_entry *heap;
    uint32_t count, cap;
    uint64_t order;
};

/* Returns the entry's order. */
uint64_t sim_agenda_add(struct sim_agenda *a, int64_t at_ms, enum sim_entry_kind kind,
                        uint32_t number, struct sim_news *news);
struct sim_entry sim_agenda_take(struct sim_agenda *a); /* there must be one */
void sim_agenda_done(struct sim_agenda *a);
struct sim_news *sim_news_new(const struct sim_news *like); /* copies the texts */

/* ---- the world ---- */

struct sim_run;

struct sim_exec {
    uint32_t number;
    struct asl_exec *x;
    uint64_t wake; /* order of the entry that will wake it; others are out of date */
    int64_t wake_ms;
    bool is_noted;       /* that it is over */
    struct sim_run *run; /* whose child it is; NULL: the root */
    uint32_t child;      /* index in run->children */
};

struct sim_child {
    struct asl_map_child facts;
    uint64_t items;
    uint32_t exec; /* number; SIM_NONE: not in memory */
    bool is_waiting, is_running;
};

struct sim_run {
    uint32_t number;
    uint32_t exec, frame, attempt; /* who waits for it */
    const struct asl_state *state;
    struct json_doc *arguments, *found; /* counted; found: by the reader */
    struct asl_map_run_plan plan;
    struct asl_map_run run;
    struct json_val items;
    str source;
    uint32_t next_item;
    struct arena arena; /* texts of children */
    struct sim_child *children;
    uint32_t child_count, child_cap;
    uint32_t again_at, stop_at; /* where to look for the next child to run again, to stop */
    bool is_open, is_pumped;
    str error, cause; /* when it failed otherwise than by its children */
    bool has_error;
};

struct sim_file {
    str bucket, key, text; /* malloc'ed */
};

#define SIM_NONE UINT32_MAX

struct sim {
    struct sim_options options;
    struct asl_definition *definition;
    struct arena arena; /* texts of options and identities */
    int64_t now_ms;
    uint64_t seeds, steps;
    struct sim_agenda agenda;
    struct sim_exec **execs; /* by number, NULL: gone; 0 is the root */
    uint32_t exec_count, exec_cap;
    struct sim_run **runs;
    uint32_t run_count, run_cap, open_runs;
    struct sim_file *files;
    uint32_t file_count, file_cap;
    uint32_t *mock_calls; /* by state: how often it was answered */
    struct asl_out out, item_out;
    struct error failure; /* status OK: none */
};

/* Room for one more; the array may move. */
void *sim_grow(void *items, uint32_t count, uint32_t *cap, size_t size);
uint64_t sim_seed(struct sim *s);
/* The simulation cannot go on. The first reason stays. */
void sim_fail(struct sim *s, enum status status, const char *name, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

enum status sim_failure(const struct sim *s, struct error *err);

/* ---- execution.c ---- */
struct sim_exec *sim_exec_new(struct sim *s, const struct asl_machine *machine, enum asl_type type);
void sim_exec_free(struct sim *s, uint32_t number);
/* Steps with this event, whose time and seed are filled in, and carries out what comes of it. The
 * execution may be gone afterwards, when it was a child. */
NODISCARD enum status sim_exec_step(struct sim *s, struct sim_exec *e, struct asl_event *event,
                                    struct error *err);
NODISCARD enum status sim_exec_start(struct sim *s, struct sim_exec *e, str input,
                                     const struct asl_identity *identity, struct error *err);

/* ---- answer.c ---- */
void sim_answer_task(struct sim *s, struct sim_exec *e, const struct asl_command *c);
/* The items of a command with a reader: a document, or NULL where ret says how reading failed.
 * False: the simulation has failed. */
bool sim_answer_items(struct sim *s, const struct sim_exec *e, const struct asl_command *c,
                      struct sim_answer *ret, struct json_doc **ret_doc);

/* ---- map_run.c ---- */
void sim_run_start(struct sim *s, const struct sim_exec *e, const struct asl_command *c);
void sim_run_cancel(struct sim *s, const struct sim_exec *e, const struct asl_command *c);
void sim_run_redrive(struct sim *s, const struct sim_exec *e, const struct asl_command *c);
void sim_run_pump(struct sim *s, struct sim_run *r);
void sim_run_child_over(struct sim *s, struct sim_exec *e);
void sim_run_free(struct sim_run *r);

/* ---- map_output.c ---- */
/* The run is over: its files are written, and the execution that waits for it is told. */
void sim_run_close(struct sim *s, struct sim_run *r);

#endif
