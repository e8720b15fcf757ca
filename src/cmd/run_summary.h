/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of the live view when the execution is over: a line for each state of the top
 * level, with how often it was entered and how long that took. */
#ifndef AFFLUX_CMD_RUN_SUMMARY_H
#define AFFLUX_CMD_RUN_SUMMARY_H

#include "asl/record.h"

enum { RUN_SUMMARY_MOST = 20 /* states */ };

struct run_summary {
    struct run_summary_state *states; /* by number; NULL: nothing was noted */
    uint32_t count;
    uint32_t entered; /* of them */
};

void run_summary_done(struct run_summary *s);
/* A record of the execution, in its order. */
void run_summary_note(struct run_summary *s, const struct asl_exec *x, const struct asl_record *r);
/* Appends the lines. The execution is over. */
void run_summary_write(const struct run_summary *s, const struct asl_exec *x, bool is_colored,
                       struct buf *out);

#endif
