/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading. A reader is a connection of its own and belongs to one thread; it sees what was
 * committed when a function begins and holds nothing when it returns, so that it never keeps the
 * log from being copied into the file. Slices of results lie in the arena that was passed; an arena
 * over its limit ends a function with STATUS_LIMIT (StoreTooLarge). One thing that is not there is
 * STATUS_NOT_FOUND (StoreNotFound).
 */
#ifndef AFFLUX_STORE_READER_H
#define AFFLUX_STORE_READER_H

#include "base/arena.h"
#include "base/error.h"
#include "store/row.h"

struct store;
struct store_reader;

/* Works beside a running store, in its process or another; takes no lock and changes nothing. The
 * folder must have the present schema. vfs as in store_options. Errors as of store_open, and
 * STATUS_NOT_FOUND (StoreFolder), STATUS_INVALID (StoreOlder). */
NODISCARD enum status store_reader_open(str dir, const char *vfs, struct store_reader **ret,
                                        struct error *err);
/* The reader is of the store's own process: what it reads again and again (machines, things of
 * services) it remembers until the store has written any of these. It still sees all that was given
 * back by the store; but not what another program wrote into these tables. The store outlives it.
 */
void store_reader_follow(struct store_reader *r, const struct store *s);
/* NULL does nothing. */
void store_reader_close(struct store_reader *r);

NODISCARD enum status store_find_definition(struct store_reader *r, int64_t id, struct arena *a,
                                            str *ret_text, struct error *err);
NODISCARD enum status store_find_machine(struct store_reader *r, str name, struct arena *a,
                                         struct store_machine *ret, struct error *err);
/* By name, those behind after; at most limit. */
NODISCARD enum status store_list_machines(struct store_reader *r, str after, uint32_t limit,
                                          struct arena *a, struct store_machine **ret_rows,
                                          uint32_t *ret_count, struct error *err);

NODISCARD enum status store_find_execution(struct store_reader *r, int64_t id, struct arena *a,
                                           struct store_execution *ret, struct error *err);
NODISCARD enum status store_find_execution_named(struct store_reader *r, int64_t machine, str name,
                                                 struct arena *a, struct store_execution *ret,
                                                 struct error *err);
NODISCARD enum status store_find_child(struct store_reader *r, int64_t map_run, uint64_t index,
                                       struct arena *a, struct store_execution *ret,
                                       struct error *err);

struct store_shards {
    uint32_t first, last; /* both included */
};

struct store_page {
    struct store_execution *rows;
    uint32_t count;
    int64_t next; /* where the next page begins; 0 when this was the last. A page with a next may be
                     short or empty: a query looks at STORE_PAGE_ROWS rows at most. */
};
enum { STORE_PAGE_ROWS = 10000 };

struct store_list_query {
    int64_t machine;     /* executions of this machine, newest first, without map children; or */
    int64_t map_run;     /* children of this map run, latest first */
    unsigned status_set; /* bits 1 << STORE_…; 0: any */
    int64_t from;        /* next of the page before, 0 for the first */
    uint32_t limit;
};
NODISCARD enum status store_list_executions(struct store_reader *r,
                                            const struct store_list_query *query, struct arena *a,
                                            struct store_page *ret, struct error *err);
/* Executions with something to do, in the order of their ids; from as above. */
NODISCARD enum status store_list_pending(struct store_reader *r, struct store_shards shards,
                                         int64_t from, uint32_t limit, struct arena *a,
                                         struct store_page *ret, struct error *err);
/* Executions that sleep until before_ms at most, earliest first; no next. */
NODISCARD enum status store_list_due(struct store_reader *r, struct store_shards shards,
                                     int64_t before_ms, uint32_t limit, struct arena *a,
                                     struct store_page *ret, struct error *err);
/* The earliest time that anything sleeps until; STORE_NEVER. */
NODISCARD enum status store_next_due(struct store_reader *r, int64_t *ret_ms, struct error *err);

/* What is needed to go on with an execution. */
struct store_loaded {
    struct store_execution execution;
    str snapshot; /* p NULL: none */
    struct store_step *steps;
    uint32_t step_count; /* behind the snapshot, oldest first */
};
NODISCARD enum status store_load(struct store_reader *r, int64_t execution, struct arena *a,
                                 struct store_loaded *ret, struct error *err);
/* Ids of all steps of an execution, oldest first. */
NODISCARD enum status store_list_steps(struct store_reader *r, int64_t execution, struct arena *a,
                                       int64_t **ret_ids, uint32_t *ret_count, struct error *err);
NODISCARD enum status store_find_step(struct store_reader *r, int64_t id, struct arena *a,
                                      struct store_step *ret, struct error *err);
NODISCARD enum status store_find_document(struct store_reader *r, int64_t execution, int64_t number,
                                          struct arena *a, str *ret_body, struct error *err);

/* Messages with an id above after. */
NODISCARD enum status store_list_messages(struct store_reader *r, struct store_shards shards,
                                          int64_t after, uint32_t limit, struct arena *a,
                                          struct store_message **ret_rows, uint32_t *ret_count,
                                          struct error *err);

NODISCARD enum status store_find_map_run(struct store_reader *r, int64_t id, struct arena *a,
                                         struct store_map_run *ret, struct error *err);
/* The one whose ARN ends with this. */
NODISCARD enum status store_find_map_run_named(struct store_reader *r, str uuid, struct arena *a,
                                               struct store_map_run *ret, struct error *err);
/* Of an execution, with an id above after. */
NODISCARD enum status store_list_map_runs(struct store_reader *r, int64_t execution, int64_t after,
                                          uint32_t limit, struct arena *a,
                                          struct store_map_run **ret_rows, uint32_t *ret_count,
                                          struct error *err);

/* Is the file whole, and does what must hold between its rows? STATUS_CORRUPT with the first thing
 * that does not. Reads everything. */
NODISCARD enum status store_verify(struct store_reader *r, struct error *err);

/* What a service keeps (store/tx.h). */
NODISCARD enum status store_find_thing(struct store_reader *r, str service, str name,
                                       struct arena *a, str *ret_body, struct error *err);
struct store_names {
    str *items;
    uint32_t count;
};
/* Names that begin with prefix and come after `after`, in the order of their bytes, at most limit.
 */
NODISCARD enum status store_list_things(struct store_reader *r, str service, str prefix, str after,
                                        uint32_t limit, struct arena *a, struct store_names *ret,
                                        struct error *err);

#endif
