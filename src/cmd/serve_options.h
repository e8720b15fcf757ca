/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux serve`. */
#ifndef AFFLUX_CMD_SERVE_OPTIONS_H
#define AFFLUX_CMD_SERVE_OPTIONS_H

#include "base/str.h"
#include "http/listen.h"

#define SERVE_LISTEN "127.0.0.1:4599" /* the default, also of `afflux env` */
#define SERVE_DATA "./afflux-data"

enum { SERVE_KEEP_DAYS = 90, SERVE_KEEP_DAYS_MAX = 36500 };
enum { SERVE_HOSTS_MAX = 32, SERVE_LOOPS_MAX = 64, SERVE_REGION_MAX = 32, SERVE_DEPLOY_MAX = 16 };

struct serve_options {
    const char *data;
    struct http_address listen;
    str hosts[SERVE_HOSTS_MAX];
    size_t host_count;
    const char *deploy[SERVE_DEPLOY_MAX]; /* folders */
    size_t deploy_count;
    str account, region;
    uint32_t loops;
    uint32_t keep_days; /* 0: for ever */
    const char *ca_file;
    bool is_strict, allows_scripts, is_help;
};

/* CMD_OK, or what to exit with. */
int serve_options_read(struct serve_options *o, int argc, char **argv);
/* Could it be one? It goes into ARNs. */
bool serve_is_region(str region);

#endif
