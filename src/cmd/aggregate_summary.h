/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an aggregation, for people: what came, how long it took, where it lies, and which
 * locations are not complete. */
#ifndef AFFLUX_CMD_AGGREGATE_SUMMARY_H
#define AFFLUX_CMD_AGGREGATE_SUMMARY_H

#include "aggregate/ledger.h"
#include "aggregate/progress.h"

enum { AGGREGATE_SUMMARY_LOCATIONS = 5 /* that are named */ };

struct aggregate_summary {
    const struct ledger *counts;
    str file;          /* the CSV; empty: there is none */
    str ledger;        /* path of the ledger, which is read */
    bool was_finished; /* by a process before this one, which has done nothing */
    const struct progress *last;
    unsigned columns; /* of the window; 0: there is none */
};

void aggregate_summary_put(const struct aggregate_summary *s, struct buf *out);

#endif
