/* SPDX-License-Identifier: Apache-2.0 */
/* What `afflux run` shows of an execution: steps as they happen, the history, the end. */
#ifndef AFFLUX_CMD_RUN_SHOW_H
#define AFFLUX_CMD_RUN_SHOW_H

#include "asl/step.h"
#include "base/error.h"
#include "cmd/output.h"
#include "cmd/run_summary.h"
#include "cmd/run_view.h"

enum { RUN_MAX_HISTORY = 1 << 30 /* bytes */, RUN_MESSAGE_BYTES = 1024 };

struct run_show {
    bool is_traced, is_history, is_json;
    int64_t start_ms, stop_ms; /* stop_ms: of the last event */
    struct buf history;        /* of the root: an event per line, or separated by commas */
    uint64_t event_count;
    bool is_history_cut;
    struct run_view view;
    struct run_summary summary; /* what of the root was noted */
};

void run_show_init(struct run_show *s);
void run_show_done(struct run_show *s);

/* For struct sim_options; arg is a struct run_show. */
void run_show_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                   const struct asl_out *out);

/* A step on stderr. */
void run_show_trace(const struct run_show *s, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out);

/* Adds an event to the history, if it is one. */
void run_show_record(struct run_show *s, const struct asl_exec *x, const struct asl_record *r);

/* "afflux run: …" on stderr: messages quote data, which must not steer the terminal and may be
 * long. Ends the text. */
void run_say(struct buf *text);
/* about: of what, or NULL. */
void run_say_error(const char *about, const struct error *err);
/* Why it did not succeed. input: what --input said, or NULL. */
void run_say_failure(const struct asl_exec *root, const char *input);

/* Takes the live view away; the execution being over, a line for each state takes its place. */
void run_show_summary(struct run_show *s, const struct asl_exec *root);

/* Appends what belongs on stdout. root is over. */
void run_show_end(const struct run_show *s, const struct asl_exec *root, struct buf *out);

#endif
