/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of map runs: see map_run.h for what lies in which file. */
#ifndef AFFLUX_ENGINE_MAP_INTERNAL_H
#define AFFLUX_ENGINE_MAP_INTERNAL_H

#include "asl/map_batch.h"
#include "asl/map_result.h"
#include "base/check.h"
#include "engine/map_name.h"
#include "engine/map_reader.h"
#include "engine/map_run.h"

#define MAP_RUN_PHASE_LIST(X)                                                                      \
    X(BEGINNING) /* its row is being written */                                                    \
    X(MARKING)   /* a redrive: children that failed are marked to run again */                     \
    X(MARKED)    /* that all are marked is being written */                                        \
    X(RUNNING)   /* */                                                                             \
    X(FAILING)   /* why it failed is being written, before children are stopped */                 \
    X(STOPPING)  /* children that run are being stopped */                                         \
    X(GATHERING) /* the result is put together, or exported */                                     \
    X(ENDING)    /* all is done but to write so */                                                 \
    X(CLOSING)   /* its end is being written */                                                    \
    X(OVER)

enum map_run_phase {
#define X(id) MAP_RUN_##id,
    MAP_RUN_PHASE_LIST(X)
#undef X
};

/* Items that belong to no child yet. */
struct map_span {
    uint64_t from, to; /* to UINT64_MAX: to the last one */
};

enum { MAP_AGAIN_ROWS = 64 };

/* What a home knows of another loop. */
struct map_loop {
    uint64_t sent, received; /* children; the second as its guest has said, */
    uint32_t in_memory;      /* like this */
};

/* What a guest says of a child. */
struct map_report {
    int64_t id;
    uint64_t items;
    enum asl_status status;
    bool is_refused; /* it could not be begun, and the rest means nothing */
};

struct map_run {
    struct map_run *next;
    struct map_runs *all;
    struct store_map_run row; /* the numbers; label lies in the definition */
    uint32_t attempt;         /* that its execution waits for now: a redrive makes it another one */
    uint32_t shard;
    int64_t machine, definition;
    struct asl_definition *code;   /* the engine's as long as it is open */
    const struct asl_state *state; /* the Map */
    struct json_doc *arguments;    /* NULL: the run is only stopped */
    struct asl_map_run_plan plan;
    struct asl_map_run run;
    str arn, source;
    struct arena arena; /* of these texts, and of error and cause */
    str error, cause;
    bool has_error;
    enum map_run_phase phase;

    struct map_reader *reader;
    struct buf input; /* of the child to come, while items of its batch are awaited */
    struct asl_map_batch batch;
    bool is_batch_open;
    struct map_span *spans;
    uint32_t span_count, span_cap, span_at;

    struct buf cursor, next_cursor; /* map_cursor.c */
    uint64_t next_cursor_item;

    bool is_read;     /* to the end: all items are found */
    bool is_redriven; /* there may be children that are to run again: */
    int64_t again_ids[MAP_AGAIN_ROWS];
    uint32_t again_count, again_at;
    int64_t again_from; /* index behind the page; 0: the first page */

    bool is_cancelled; /* its execution does not wait any more, */
    bool is_awaited;   /* or waits again, before it is over */
    bool is_stopped;   /* those in memory were told to stop, */
    int64_t stop_from; /* then those on disk, page by page */
    bool is_all_stopped;

    struct json_doc *found; /* the items, where somebody knew them without reading */
    uint64_t gather_index;  /* GATHERING */
    struct map_export *export;
    struct buf result;
    struct json_doc *result_doc;

    uint32_t in_memory; /* children */
    uint32_t unsaved;   /* ends since the row was written */
    bool is_saving;     /* its row is with the store */
    bool is_dirty;      /* and has changed since */
    bool is_stale;      /* a child could not be begun: to be counted again */
    bool is_asked;      /* for a turn of the pump */
    bool is_due;        /* the time to write the row has come */

    /* Children on other loops (map_guest.c). At home: */
    struct idmap away;      /* those that run there: first item + 1, by id */
    struct map_loop *loops; /* NULL: none was sent */
    uint32_t dealt;         /* new children, here and there */
    /* and of a guest, which has little else: */
    bool is_guest, is_over_at_home;
    uint32_t home;
    uint64_t received; /* children that came */
    struct map_report *reports;
    uint32_t report_count, report_cap;
    struct loop_timer timer;
};

struct map_runs {
    struct engine *engine;
    struct store_client *client;
    struct map_namer *namer;
    struct map_run *first;
    struct asl_out out;     /* of selectors */
    struct map_unit *units; /* with the store, or waiting to go to it (again), */
    struct map_unit *first_waiting, *last_waiting; /* and those that stand in line for it */
    struct loop_task pump_task, taken_task;
    bool is_pump_asked, is_closed;
    atomic_bool is_taken_asked;
    struct loop_timer retry_timer;
};

/* ---- map_run.c ---- */
struct map_run *map_run_find(const struct engine *e, int64_t id);
/* A run in memory; definition, state and who waits for it as the execution has them. */
struct map_run *map_run_new(struct map_runs *all, const struct engine_execution *parent,
                            const struct asl_state *state);
/* One that knows its definition (takes a reference over) and its Map, and nothing else. */
struct map_run *map_run_blank(struct map_runs *all, struct asl_definition *code,
                              const struct asl_state *state);
struct map_run *map_run_of_frame(const struct engine_execution *ex, uint32_t frame);
/* The pump comes soon, or in a while. */
void map_run_ask(struct map_run *r);
void map_run_ask_later(struct map_run *r);
/* Counts what there is and goes on from there. */
void map_run_go_on(struct map_run *r);
/* It fails by something other than its children. */
void map_run_fail(struct map_run *r, str error, str cause);
/* The row came back written. */
void map_run_saved(struct map_run *r, bool has_more);
void map_run_free(struct map_run *r);

/* ---- map_begin.c ---- */
/* A child goes on: so must its run, or it is stopped when nobody waits for it any more. */
void map_run_resume(struct engine *e, int64_t id);

/* ---- map_children.c ---- */
/* On the loop that the child belongs to. */
void map_child_begin_here(struct map_run *r, const struct store_execution *row,
                          const struct asl_identity *who, str input);
/* A Standard child goes on where it failed. */
NODISCARD enum status map_child_again_here(struct map_run *r, int64_t id, struct error *err);
/* Begins some; false when there is nothing to begin now. */
bool map_children_begin(struct map_run *r);
/* True when all that run have been told to stop. */
bool map_children_stop(struct map_run *r);
/* A child has ended, durably: it counts, or its home is told. */
void map_child_ended(struct map_run *r, int64_t id, uint64_t items, enum asl_status status);
/* A child's end counts. */
void map_child_counted(struct map_run *r, uint64_t items, enum asl_status status);
void map_run_add_span(struct map_run *r, uint64_t from, uint64_t to);
/* Who it is, or was. */
struct asl_identity map_child_identity(struct map_run *r, const struct engine_execution *parent,
                                       const struct store_execution *row, struct arena *a);
/* The input of the next child that did not begin, in r->input; its items belong to nobody else
 * from now on. END: there is none any more, or it cannot be made. */
enum map_read map_children_pending(struct map_run *r);

/* ---- map_count.c ---- */
/* Counts and spans from the rows of children. STATUS_BUSY: some are just being begun. */
NODISCARD enum status map_run_count(struct map_run *r, struct error *err);
/* The run of this ARN, or any of the id, from its row. */
/* Its arguments were taken before, if there are any. */
NODISCARD enum status map_run_read_row(struct map_run *r, const struct store_map_run *row,
                                       bool *ret_is_marking, struct error *err);

/* What is needed to go on with a run, as bytes in its row. */
struct map_run_state {
    uint32_t state, attempt;
    bool is_marking, has_error;
    str arn, error, cause;
};
void map_run_state_write(const struct map_run_state *s, struct buf *out);
NODISCARD enum status map_run_state_read(str bytes, struct map_run_state *ret, struct error *err);

/* ---- map_cursor.c ---- */
/* Before the row is written; and when its reader was opened. */
void map_cursor_advance(struct map_run *r);
void map_cursor_resume(struct map_run *r);

/* ---- map_child.c ---- */
/* What is kept of a child that has ended; texts in the arena. With its input where is_whole. */
NODISCARD enum status map_child_facts(struct map_run *r, const struct store_execution *row,
                                      bool is_whole, struct arena *a, struct asl_map_child *ret,
                                      struct error *err);

/* ---- map_output.c ---- */
/* Adds some children to the result; true when all are in it. */
bool map_result_gather(struct map_run *r);
/* The run succeeded, but its result cannot be had; of one that failed its own error stays. */
void map_result_fail(struct map_run *r, const char *error, str cause);
/* The Map's result is this text, which is taken. */
void map_result_set(struct map_run *r, struct buf *text);

/* ---- map_export.c ---- */
bool map_run_exports(const struct map_run *r);
/* Writes some of the files of the ResultWriter: MAP_READ_ITEM: to be called again; WAIT: the run is
 * asked for when there is more to do; END: all is durable, or it has failed. */
enum map_read map_export(struct map_run *r);
void map_export_free(struct map_export *x); /* NULL is allowed */

/* ---- map_store.c ---- */
/* Limits and counts, for the row. */
void map_store_fill(struct map_run *r);
enum map_save { MAP_SAVE_NEW, MAP_SAVE_SET, MAP_SAVE_MARK };
/* Writes the run's row as it is now; map_run_saved is called when it is durable. */
void map_store_save(struct map_run *r, enum map_save how);
/* An Express child that has ended becomes a row; it is counted when that is durable. */
void map_store_keep(struct map_run *r, const struct engine_execution *ex);
/* The first item of the earliest child that is with the store; UINT64_MAX. */
uint64_t map_store_earliest(const struct map_run *r);
bool map_store_has(const struct map_run *r); /* something of this run */
void map_store_wake(void *runs);
/* Until nothing of the runs is with the store; no more may be given to it. */
void map_store_wait(struct map_runs *all);
/* Waits for the store and lets go of all. */
void map_store_close(struct map_runs *all);

static inline enum asl_status map_status_of(enum store_status status)
{
    switch (status) {
    case STORE_SUCCEEDED: return ASL_EXEC_SUCCEEDED;
    case STORE_FAILED: return ASL_EXEC_FAILED;
    case STORE_TIMED_OUT: return ASL_EXEC_TIMED_OUT;
    case STORE_ABORTED: return ASL_EXEC_ABORTED;
    case STORE_RUNNING:
    case STORE_PENDING_REDRIVE:
    case STORE_DELETING: break;
    }
    return ASL_EXEC_RUNNING;
}

/* How many items a child has: what a row's parent_attempt is for in a map child. */
static inline uint64_t map_items_of(const struct store_execution *row)
{
    return row->parent_attempt;
}

#endif
