/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux aggregate`. */
#ifndef AFFLUX_CMD_AGGREGATE_OPTIONS_H
#define AFFLUX_CMD_AGGREGATE_OPTIONS_H

#include "base/buf.h"
#include "base/error.h"

#define AGGREGATE_DATA "./afflux-data"

enum {
    AGGREGATE_PAGE_SIZE = 400,
    AGGREGATE_PAGE_SIZE_MAX = 100000,
    AGGREGATE_CONCURRENCY = 20,
    AGGREGATE_CONCURRENCY_MAX = 10000,
    AGGREGATE_TOLERATE = 100, /* percent */
    AGGREGATE_LOOPS_MAX = 64,
    AGGREGATE_SECRET_MAX = 64 << 10
};

struct aggregate_options {
    const char *api, *locations, *auth, *out, *data;
    const char *row, *summary; /* JSONata, or NULL */
    uint32_t page_size, concurrency, tolerate;
    uint32_t loops; /* at most concurrency: each loop makes a call at a time at least */
    bool is_retry, is_json, is_quiet, is_help;
};

/* CMD_OK, or what to exit with. */
int aggregate_options_read(struct aggregate_options *o, int argc, char **argv);

/* What CreateConnection takes for --auth, with the secret it names. STATUS_INVALID "Auth",
 * STATUS_NOT_FOUND "Auth": the variable or file is not there. */
NODISCARD enum status aggregate_connection(const char *auth, str name, struct buf *out,
                                           struct error *err);

#endif
