/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an aggregation leaves outside of its data folder: the CSV, copied from the object that the
 * job made, and the ledger. Each is there as a whole or not at all, and neither without the other:
 * what cannot be written, for want of room or of its folder, leaves the files as they were.
 */
#ifndef AFFLUX_CMD_AGGREGATE_END_H
#define AFFLUX_CMD_AGGREGATE_END_H

#include "aggregate/ledger.h"
#include "cmd/aggregate_copy.h"
#include "services/service.h"
#include "store/reader.h"
#include "store/store.h"

/* Where the rows of locations are. Texts are borrowed. */
struct aggregate_rows {
    const struct service_settings *settings;
    struct store_reader *reader;
    struct store *store;
    str table, task;
};

/* Counts what the table of locations says of the ledger's run. */
NODISCARD enum status aggregate_count(const struct aggregate_rows *rows, struct ledger *l,
                                      struct error *err);

/*
 * Writes the ledger to a path, counting all anew, and publishes it with the copy (NULL: there is
 * none). The ledger was counted before, and says then what the copy has. Locations whose rows are
 * not in it are written down as such (aggregate_mark.h), so that they are fetched again when that
 * is asked for.
 */
NODISCARD enum status aggregate_publish(const struct aggregate_rows *rows, struct ledger *l,
                                        struct aggregate_copy *copy, str path, struct error *err);

#endif
