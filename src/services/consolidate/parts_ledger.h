/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of a consolidation: a line of JSON for each part, in the order of the keys
 * (docs/formats/ledger.md). It is published with the CSV, a moment before it: whoever sees a new
 * CSV finds its ledger. Constant memory.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_PARTS_LEDGER_H
#define AFFLUX_SERVICES_CONSOLIDATE_PARTS_LEDGER_H

#include "services/consolidate/consolidate.h"

enum { PARTS_LEDGER_FLUSH = 64 << 10 /* lines are written when there are so many bytes of them */ };

/* Appends the line of a part. */
void parts_ledger_put(struct buf *out, const struct consolidate_part *part);

struct parts_ledger {
    struct consolidate_sink csv, to;
    struct buf lines;
    struct error err; /* err.status: what became of writing */
};

/* csv: where the job's rows would go; to: where the lines go. Both are used through the ledger from
 * here on. */
void parts_ledger_init(struct parts_ledger *l, const struct consolidate_sink *csv,
                       const struct consolidate_sink *to);
void parts_ledger_done(struct parts_ledger *l);
/* For consolidate_options.on_part, with the ledger as its argument. */
void parts_ledger_on_part(void *ledger, const struct consolidate_part *part);
/* For the job instead of csv. A ledger that cannot be written fails the job's next write. */
struct consolidate_sink parts_ledger_sink(struct parts_ledger *l);

#endif
