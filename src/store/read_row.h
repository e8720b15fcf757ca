/* SPDX-License-Identifier: Apache-2.0 */
/* From columns to the structs of row.h. Inside of store/ only. */
#ifndef AFFLUX_STORE_READ_ROW_H
#define AFFLUX_STORE_READ_ROW_H

#include "store/db.h"
#include "store/row.h"

/* The current row of a statement that selects EXECUTION_COLUMNS, MAP_RUN_COLUMNS, MACHINE_COLUMNS,
 * or id, execution, prev, body. STATUS_CORRUPT when it holds what no store writes; STATUS_LIMIT
 * when the arena is over its limit. */
NODISCARD enum status store_read_execution(sqlite3_stmt *s, struct arena *a,
                                           struct store_execution *ret, struct error *err);
NODISCARD enum status store_read_map_run(sqlite3_stmt *s, struct arena *a,
                                         struct store_map_run *ret, struct error *err);
NODISCARD enum status store_read_machine(sqlite3_stmt *s, struct arena *a,
                                         struct store_machine *ret, struct error *err);
NODISCARD enum status store_read_step(sqlite3_stmt *s, struct arena *a, struct store_step *ret,
                                      struct error *err);
NODISCARD enum status store_read_status(sqlite3_stmt *s, int at, enum store_status *ret,
                                        struct error *err);

/* STATUS_LIMIT when n bytes more would take the arena over its limit. */
NODISCARD enum status store_room(const struct arena *a, size_t n, struct error *err);
/* The bytes of a column, if there is room for them. */
NODISCARD enum status store_read_bytes(sqlite3_stmt *s, int at, struct arena *a, str *ret,
                                       struct error *err);

#endif
