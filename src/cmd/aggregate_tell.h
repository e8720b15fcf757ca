/* SPDX-License-Identifier: Apache-2.0 */
/* What `afflux aggregate` says when it is over: the result, as a summary or as the last event, what
 * is wrong with it, and what to do next. */
#ifndef AFFLUX_CMD_AGGREGATE_TELL_H
#define AFFLUX_CMD_AGGREGATE_TELL_H

#include "cmd/aggregate_show.h"
#include "cmd/cmd.h"

enum { CMD_PARTIAL = 3 /* there is a file, but not everything is in it */ };

/* How it ended. Everything is borrowed. */
struct aggregate_ending {
    const struct aggregate_options *options;
    struct aggregate_show *show;
    struct engine *engine; /* still open */
    const struct ledger *counts;
    const struct error *tally; /* of the rows in the CSV, when they could not be counted */
    str run, ledger;           /* ledger: its path */
    bool has_file, was_finished;
    str failure; /* why there is no file */
};

/* "afflux aggregate: MESSAGE" on stderr; data in it does not steer the terminal. */
void aggregate_say(str message);
/* code: CMD_OK, CMD_FAILED or CMD_PARTIAL. Returns it, or CMD_FAILED when stdout cannot be written.
 */
int aggregate_tell(const struct aggregate_ending *e, int code);

#endif
