/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bench_asl_*.c files share: a machine that can be run, and one run of it by asl_step,
 * with or without what a durable engine keeps.
 */
#ifndef AFFLUX_BENCH_ASL_H
#define AFFLUX_BENCH_ASL_H

#include "asl/encode.h"
#include "asl/step.h"

enum { BENCH_SAMPLES = 5 };

/* Median, lowest and highest of the samples. */
struct bench_figure {
    double median, lowest, highest;
};

struct bench_machine {
    str name;
    struct asl_definition *definition;
    struct json_doc *input;
    str output;                /* as JSON text; empty: not known */
    double transitions, items; /* of one execution; items: of its Map, else 0 */
};

/* One execution, from its start to its end. */
struct bench_run {
    const struct bench_machine *machine;
    struct asl_exec *x;
    struct asl_out out;
    bool keeps;          /* encode a batch after each step */
    struct buf *batches; /* all of them, each behind its length (uint64_t); NULL: thrown away */
    struct buf batch;
    uint64_t kept_bytes, steps, transitions, moves;
    int64_t now_ms;
    bool is_again;
    uint32_t task_frame, task_attempt; /* of the last task that was asked for */
};

void bench_asl_stop(const char *what);
double bench_asl_now(void);
double bench_asl_cpu(void);         /* time that this thread ran */
double bench_asl_min_seconds(void); /* of a sample: MIN_S */
struct bench_figure bench_asl_figure(double *samples, int count);

/* ---- bench_asl_run.c ---- */
void bench_run_init(struct bench_run *r, const struct bench_machine *machine, enum asl_type type);
void bench_run_done(struct bench_run *r);
/* A new execution, with its first step. */
void bench_run_start(struct bench_run *r);
void bench_run_step(struct bench_run *r, struct asl_event event);
void bench_run_end(struct bench_run *r);
/* Steps until it waits for something or is over. */
void bench_run_on(struct bench_run *r);
/* Stops the program unless the execution has succeeded with the machine's output. */
void bench_run_check(const struct bench_run *r);
struct asl_exec *bench_new_exec(const struct bench_machine *machine, enum asl_type type);

/* ---- bench_asl.c ---- */
/* The machine of that name in a list of asl_machines.json. */
struct bench_machine bench_machine_named(const char *list, str name);
void bench_machine_done(struct bench_machine *machine);

/* ---- bench_asl_kept.c, bench_asl_loops.c, bench_asl_load.c ---- */
void bench_asl_kept(const struct bench_machine *machine);
void bench_asl_loop(str name, uint64_t rounds, bool keeps);
void bench_asl_budget(const struct bench_machine *machine);
void bench_asl_load(void);

#endif
