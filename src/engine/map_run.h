/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map runs of the engine: a distributed Map's items become child executions, so many at a time, and
 * what they leave becomes the Map's result. In reading order: map_run.c (the life of a run),
 * map_begin.c (how it comes into memory), map_children.c (inputs, beginnings and ends), map_count.c
 * (what the rows say about a run), map_child.c (what they say about a child), map_output.c (the
 * result), map_export.c (results as files), map_store.c (what is written), map_cursor.c (how far
 * items were read), map_name.c (names of children), map_reader.h (where items come from; map_open.c
 * chooses among readers).
 *
 * Exactly once. A Standard child is an execution of the store with (map run, first item) as its
 * unique key; an Express child is in memory only until it has ended and then becomes such a row
 * too, so one that a crash took is begun again. How many children succeeded or failed is what their
 * rows say: the counters of the run's row are for those who look on, and are made again from the
 * children's rows when a run is taken up. So no message is needed from a child to its run.
 *
 * Memory does not grow with the number of items: at most MAP_CHILDREN_AT_ONCE children are in it,
 * and those that have ended are rows only.
 */
#ifndef AFFLUX_ENGINE_MAP_RUN_H
#define AFFLUX_ENGINE_MAP_RUN_H

#include "asl/map_run.h"
#include "engine/engine_internal.h"

enum {
    MAP_CHILDREN_AT_ONCE = 1000, /* in memory; those that sleep on disk are not counted */
    MAP_BEGIN_AT_ONCE = 64,      /* before the loop looks at the world again */
    MAP_SAVE_CHILDREN = 1000,    /* the counters are written after so many ends, */
    MAP_SAVE_MS = 1000,          /* or after this time */
    MAP_RETRY_MS = 1000,         /* after the store has failed */
    MAP_CHILD_SLEEP_MS = 3600000 /* a sleeping child looks at least so often if its run goes on */
};

struct map_runs; /* of an engine */

void engine_map_open(struct engine *e);
/* Before the executions are freed. NULL in e->maps is allowed. */
void engine_map_close(struct engine *e);

/* Nothing is with the store, and no run wants a turn. */
bool engine_maps_are_still(const struct engine *e);

/* ---- what executions ask for (perform.c) ---- */

/* ASL_START_MAP_RUN and ASL_REDRIVE_MAP_RUN. Asking again changes nothing. */
void engine_map_start(struct engine_execution *ex, const struct engine_action *action);
void engine_map_cancel(struct engine_execution *ex, const struct engine_action *action);

/* ---- what becomes of children (memory.c, turn.c, recover.c) ---- */

/* What a map child runs; NULL with an error when its run cannot be read. */
const struct asl_machine *engine_map_machine(struct engine *e, const struct asl_definition *d,
                                             const struct store_execution *row, struct error *err);
void engine_map_child_joins(struct engine_execution *ex); /* it is in memory now, */
void engine_map_child_leaves(struct engine_execution *ex);
void engine_map_child_over(struct engine_execution *ex);    /* has ended, durably if it is kept, */
void engine_map_child_refused(struct engine_execution *ex); /* or could not be begun (again) */
/* It goes on after it was read back: so must its run, or it is stopped when that is over. */
void engine_map_child_resumed(struct engine_execution *ex);

/* The Standard child that the last part of an ARN names. STATUS_NOT_FOUND. */
NODISCARD enum status engine_map_find_child(struct engine *e, str uuid, struct arena *a,
                                            struct store_execution *ret, struct error *err);

str engine_map_child_name(struct engine *e, int64_t map_run, uint64_t index, struct arena *a);

/* ---- from outside ---- */

/* UpdateMapRun: what is to change has its flag set. */
struct map_run_change {
    bool has_concurrency, has_tolerated_count, has_tolerated_percentage;
    uint32_t concurrency;
    uint64_t tolerated_count;
    double tolerated_percentage; /* 0 to 100 */
};
/* STATUS_NOT_FOUND "ResourceNotFound"; STATUS_CONFLICT "CANNOT_UPDATE_COMPLETED_MAP_RUN". */
NODISCARD enum status engine_map_update(struct engine *e, int64_t map_run,
                                        const struct map_run_change *change, struct error *err);

#endif
