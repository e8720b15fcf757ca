/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds an execution anew behind every step: from all batches that were kept since its start, and
 * from the last snapshot with the batches since. Both must be the same as the one that lives, and
 * wait for the same; one of them, in turns, goes on in its place.
 */
#ifndef AFFLUX_TESTS_ASL_REBUILD_H
#define AFFLUX_TESTS_ASL_REBUILD_H

#include "asl/step.h"

enum { REBUILD_BATCHES = 4096 };

struct rebuild {
    struct buf bytes;             /* all batches, one behind the other */
    size_t ends[REBUILD_BATCHES]; /* where each ends */
    uint32_t count;
    struct buf snapshot;
    uint32_t snapshot_at; /* batches before it */
    bool has_snapshot;
    unsigned steps;
    struct asl_exec *retired; /* gone as soon as the step's documents are */
    struct buf trouble;       /* the first one; empty: all is well */
};

struct rebuild *rebuild_new(void);
void rebuild_free(struct rebuild *r);

/* Behind a step, before out is emptied. Puts the rebuilt execution in the place of *x; the one that
 * was there is freed at the next step, or by rebuild_free. */
void rebuild_step(struct rebuild *r, struct asl_exec **x, const struct asl_out *out);

#endif
