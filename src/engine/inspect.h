/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into a data folder: executions as they are kept, also while an engine is at work on it.
 * Reads and changes nothing.
 */
#ifndef AFFLUX_ENGINE_INSPECT_H
#define AFFLUX_ENGINE_INSPECT_H

#include "asl/record.h"
#include "store/reader.h"

struct inspect;

/* Errors are those of store_reader_open. */
NODISCARD enum status inspect_open(str data, struct inspect **ret, struct error *err);
void inspect_close(struct inspect *i); /* NULL is allowed */

/* The execution with this id, or of this name in any machine, in text. STATUS_NOT_FOUND
 * "ExecutionDoesNotExist". */
NODISCARD enum status inspect_find(struct inspect *i, str id_or_name, int64_t *ret_id,
                                   struct error *err);

struct inspect_row {
    int64_t id;
    str machine, name;
    const char *status;
    int64_t started_ms, stopped_ms; /* STORE_NEVER: it runs */
    int64_t due_ms;                 /* sleeps until then; STORE_NEVER: it does not */
};
/* All executions that are not map children, machine by machine, newest first. */
typedef void inspect_row_fn(void *arg, const struct inspect_row *row);
NODISCARD enum status inspect_list(struct inspect *i, inspect_row_fn *fn, void *arg,
                                   struct error *err);

/* The execution as it is now, for the length of the call. */
typedef void inspect_exec_fn(void *arg, const struct asl_exec *x);
NODISCARD enum status inspect_exec(struct inspect *i, int64_t id, inspect_exec_fn *fn, void *arg,
                                   struct error *err);

/* Its records in their order, one step after the other; exec is as it is behind each step. */
typedef void inspect_record_fn(void *arg, const struct asl_exec *x, const struct asl_record *r);
NODISCARD enum status inspect_records(struct inspect *i, int64_t id, inspect_record_fn *fn,
                                      void *arg, struct error *err);

/* A child of one of its map runs that failed: the one that began last. Texts in the arena.
 * STATUS_NOT_FOUND "ExecutionDoesNotExist" when none has. */
NODISCARD enum status inspect_failed_child(struct inspect *i, int64_t execution, struct arena *a,
                                           struct store_execution *ret, struct error *err);

#endif
