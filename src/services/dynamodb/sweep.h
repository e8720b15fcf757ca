/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a table needs beside its operations: filling indexes that were added later, removing rows of
 * what was deleted, and items that have expired. Each step handles a bounded number of rows, so
 * that other units are not kept waiting long; operations take the first step themselves.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_SWEEP_H
#define AFFLUX_SERVICES_DYNAMODB_SWEEP_H

#include "services/dynamodb/op.h"

enum {
    DYNAMO_STEP_ROWS = 5000, /* that one step looks at or removes */
    DYNAMO_SWEEP_ROWS = 2000 /* the same of a sweep, which runs beside traffic */
};

/* Goes on with every index of the table that is not complete, and with its times; saves the table
 * when something changed. *rows counts down. */
NODISCARD enum status dynamo_fill(struct dynamo_op *op, struct dynamo_table *t, uint32_t *rows);
/* Removes the rows of a space; what is left is noted for later sweeps. */
NODISCARD enum status dynamo_drop_space(struct dynamo_op *op, int64_t space, uint32_t *rows);
/* One step of all that is to be done. *ret_more: there is more. */
NODISCARD enum status dynamo_sweep(struct dynamo_op *op, bool *ret_more);

#endif
