/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the runner, in reading order: runner.c (which runs are in memory, and their way),
 * runner_write.c (their units of the store), runner_folder.c (files), script.c and native.c (the
 * two kinds of work).
 */
#ifndef AFFLUX_SERVICES_GLUE_RUNNER_INTERNAL_H
#define AFFLUX_SERVICES_GLUE_RUNNER_INTERNAL_H

#include "base/buf.h"
#include "services/glue/log.h"
#include "services/glue/run.h"
#include "services/glue/runner.h"
#include <stdatomic.h>

/* How other threads reach the runner: it is told once, however often they ask. Outlives it until
 * the loop has let go. */
struct glue_door {
    struct loop *loop;
    struct glue_runner *runner; /* NULL: it was closed. On the loop */
    struct loop_task task;
    atomic_bool is_rung, is_kicked;
    atomic_uint references;
};
void glue_door_ring(void *door);

/* What the store is to be told; see runner_write.c. */
enum glue_write_kind {
    GLUE_BEGIN, /* it is at work from now on, unless it is to stop */
    GLUE_TELL,  /* its detail */
    GLUE_END,   /* state, error, detail; and the next attempt, if there is one */
    GLUE_ADMIT, /* of no run: those that wait in line and have room */
    GLUE_SWEEP, /* of no run: rows of runs that ended long ago */
};
struct glue_write {
    struct store_unit unit;
    enum glue_write_kind kind;
    struct glue_run *run; /* NULL: of none */
    struct loop_timer again;
    bool is_under_way;
    str name, state, error, detail;
    int64_t now_ms;
    int64_t *ids; /* GLUE_SWEEP */
    uint32_t count;
};

enum glue_phase {
    GLUE_BEGINNING, /* its row is being told */
    GLUE_AT_WORK,
    GLUE_ENDING, /* its end is known, and is being told */
};

struct glue_script;
struct glue_native;

struct glue_run {
    struct glue_run *next;
    struct glue_runner *runner;
    struct arena arena; /* name and body */
    int64_t id;
    str name;
    struct json_val body;
    enum glue_phase phase;
    bool is_stopping, is_out_of_time;
    struct glue_write write;
    struct loop_timer timeout, progress;
    struct glue_log *log;
    struct glue_script *script;
    struct glue_native *native;
    const char *end_state;          /* once it is known */
    struct buf error, detail, told; /* told: the detail as the row has it */
};

struct glue_runner {
    struct glue_runner_options options;
    struct loop *loop;
    struct store_client *client;
    struct store_reader *reader;
    struct glue_door *door;
    struct glue_run *runs;
    uint32_t count;
    struct glue_write admit, sweep;
    struct loop_timer sweep_timer, look_timer;
    struct buf folder, logs, files, modules, python; /* paths, with a NUL behind; see below */
    str endpoint;
    bool is_closing;
};

/* ---- runner.c ---- */

/* The work of a run is over, or could not begin. Called once for each, from the loop. */
void glue_run_over(struct glue_run *run, const char *state, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* What GetJobRun shows as StateDetail, from the next telling on. */
void glue_run_tell(struct glue_run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An argument of a run, under the name with or without "--"; p is NULL when there is none. */
str glue_run_argument(const struct glue_run *run, const char *name);
/* A unit is back: *state is what the row says now. */
void glue_written(struct glue_runner *r, struct glue_write *w, str state);
/* Looks at what the store has for the runner. */
void glue_look(struct glue_runner *r);

/* ---- runner_write.c ---- */

void glue_write_submit(struct glue_runner *r, struct glue_write *w);
/* Takes back what is done. */
void glue_write_take(struct glue_runner *r);

/* ---- runner_folder.c ---- */

NODISCARD enum status glue_folder_open(struct glue_runner *r, struct error *err);
void glue_folder_close(struct glue_runner *r);
/* The folder of a run, made anew; path gets its name, with a NUL behind. */
NODISCARD enum status glue_folder_make(struct glue_runner *r, str run, struct buf *path,
                                       struct error *err);
void glue_folder_remove(const char *path);

/* ---- script.c, native.c ---- */

/* Begins; glue_run_over is called some time later, also when it cannot begin. */
void glue_script_begin(struct glue_run *run);
void glue_script_stop(struct glue_run *run);
void glue_script_free(struct glue_run *run);

void glue_native_begin(struct glue_run *run);
void glue_native_stop(struct glue_run *run);
/* Takes its progress over into the run's detail. */
void glue_native_tell(struct glue_run *run);
/* Has its thread ended? Then glue_run_over is called. */
void glue_native_look(struct glue_run *run);
void glue_native_free(struct glue_run *run);

#endif
