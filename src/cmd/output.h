/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct output: what a command prints, collected and written in large pieces. A write that fails
 * is reported once and remembered. A reader that went away (a closed pipe) ends the program by
 * SIGPIPE, as it ends other filters, even where SIGPIPE was ignored by whoever started us.
 */
#ifndef AFFLUX_CMD_OUTPUT_H
#define AFFLUX_CMD_OUTPUT_H

#include "base/buf.h"

enum { OUTPUT_PIECE = 1 << 16 };

struct output {
    struct buf buf; /* append here; then output_check() or output_flush() */
    int fd;
    bool has_failed;
    const char *command; /* for the message */
};

void output_init(struct output *out, int fd, const char *command);
/* Does not flush. */
void output_done(struct output *out);

/* Writes everything collected. False when this or an earlier write failed. */
bool output_flush(struct output *out);

/* Writes when enough has come together. */
static inline bool output_check(struct output *out)
{
    return out->buf.n < OUTPUT_PIECE ? !out->has_failed : output_flush(out);
}

#endif
