/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux aggregate`, and the configuration file that it names. */
#ifndef AFFLUX_CMD_AGGREGATE_OPTIONS_H
#define AFFLUX_CMD_AGGREGATE_OPTIONS_H

#include "aggregate/config.h"
#include "http/limits.h"

struct aggregate_options {
    struct aggregate_config config; /* complete and checked, but with init */
    struct arena arena;             /* of its texts */
    const char *file;               /* the configuration file, or NULL */
    const char *init;               /* the folder of --init, or NULL */
    uint32_t loops; /* at most as many as calls at a time: each loop makes one at least */
    bool is_retry, is_json, is_quiet, is_help;
};

/* CMD_OK, or what to exit with. */
int aggregate_options_read(struct aggregate_options *o, int argc, char **argv);
void aggregate_options_done(struct aggregate_options *o);

/* Calls at a time, in all and to a host, and calls a second. */
struct http_limits_options aggregate_limits(const struct aggregate_config *c);

#endif
