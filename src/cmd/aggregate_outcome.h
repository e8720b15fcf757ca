/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an aggregation came out, while its engine is open: what the table of locations says, the copy
 * of the CSV, and both files published. What is told of it is aggregate_tell.h's.
 */
#ifndef AFFLUX_CMD_AGGREGATE_OUTCOME_H
#define AFFLUX_CMD_AGGREGATE_OUTCOME_H

#include "aggregate/config.h"
#include "cmd/aggregate_end.h"

/* All zero but for the first four, which are borrowed. */
struct aggregate_outcome {
    const struct aggregate_config *config;
    const struct service_settings *settings;
    str run;
    str ledger; /* path of the ledger */
    struct ledger counts;
    struct aggregate_copy copy;
    bool is_copying; /* or was: copy says how that ended */
};

/* Beside the CSV: "report.ledger.csv". */
str aggregate_ledger_path(const struct aggregate_config *c, struct arena *a);

/* Counts anew. */
NODISCARD enum status aggregate_outcome_count(struct aggregate_outcome *o, struct store *store,
                                              struct error *err);
static inline bool aggregate_outcome_is_whole(const struct aggregate_outcome *o)
{
    return o->counts.locations > 0 && o->counts.complete == o->counts.locations;
}

/* Once; done(arg) is called from within or later, when it is over. */
void aggregate_outcome_copy(struct aggregate_outcome *o, struct objects *objects, struct loop *loop,
                            void (*done)(void *arg), void *arg);
/* Is there a CSV to be published? */
static inline bool aggregate_outcome_has_file(const struct aggregate_outcome *o)
{
    return o->is_copying && o->copy.status == STATUS_OK;
}
/* There may be one, and it cannot be copied: copy.err. */
static inline bool aggregate_outcome_is_stuck(const struct aggregate_outcome *o)
{
    return o->is_copying && o->copy.status != STATUS_OK && o->copy.status != STATUS_NOT_FOUND;
}

/* The ledger, and the CSV if there is one. The errors of aggregate_publish. */
NODISCARD enum status aggregate_outcome_publish(struct aggregate_outcome *o, struct store *store,
                                                struct error *err);

void aggregate_outcome_done(struct aggregate_outcome *o);

#endif
