/* SPDX-License-Identifier: Apache-2.0 */
/* Writing down in the table of locations that the CSV does not have a location's rows, so that it
 * is one of those that are fetched again. */
#ifndef AFFLUX_CMD_AGGREGATE_MARK_H
#define AFFLUX_CMD_AGGREGATE_MARK_H

#include "cmd/aggregate_end.h"

/* The location's entry becomes a MISMATCH. Waits for rows->store. */
NODISCARD enum status aggregate_mark(const struct aggregate_rows *rows, str location,
                                     struct error *err);

#endif
