/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tidying: when all rows are in the CSV and the ledger agrees, parts and lists of locations are
 * removed from the data folder by an execution of src/aggregate/tidy.asl.json. The CSV's object
 * stays, so the same command makes the file again.
 *
 * What has begun to be tidied cannot be consolidated again: its parts may be missing.
 */
#ifndef AFFLUX_CMD_AGGREGATE_TIDY_H
#define AFFLUX_CMD_AGGREGATE_TIDY_H

#include "engine/engine.h"
#include "store/reader.h"

/* Whether an execution has begun to remove parts of the run. */
NODISCARD enum status aggregate_tidy_has_begun(struct store_reader *reader, str run, bool *ret,
                                               struct error *err);

/* Removes them from the bucket, or goes on with it; nothing to do when they are gone. Runs the loop
 * until it is over or *is_interrupted. STATUS_UNAVAILABLE "Tidy": something could not be removed;
 * the next call tries again. */
NODISCARD enum status aggregate_tidy(struct engine *e, str data, str run, str bucket,
                                     const bool *is_interrupted, struct error *err);

#endif
