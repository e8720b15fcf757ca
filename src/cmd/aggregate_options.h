/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux aggregate`. */
#ifndef AFFLUX_CMD_AGGREGATE_OPTIONS_H
#define AFFLUX_CMD_AGGREGATE_OPTIONS_H

#include "aggregate/config.h"
#include "base/buf.h"
#include "base/error.h"

#define AGGREGATE_DATA "./afflux-data"

enum { AGGREGATE_LOOPS_MAX = 64, AGGREGATE_SECRET_MAX = 64 << 10 };

struct aggregate_options {
    struct aggregate_config config; /* each text has a NUL behind its end */
    uint32_t loops; /* at most concurrency: each loop makes a call at a time at least */
    bool is_retry, is_json, is_quiet, is_help;
};

/* CMD_OK, or what to exit with. */
int aggregate_options_read(struct aggregate_options *o, int argc, char **argv);

/* What CreateConnection takes for the configuration's connection, with the secret it names.
 * STATUS_INVALID "Auth", STATUS_NOT_FOUND "Auth": the variable or file is not there. */
NODISCARD enum status aggregate_connection(const struct aggregate_config *c, str name,
                                           struct buf *out, struct error *err);

#endif
