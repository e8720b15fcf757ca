/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that is deployed: its configuration, its workflows, its locations, all checked. Reads
 * files; knows no engine. */
#ifndef AFFLUX_CMD_SERVE_FOLDER_H
#define AFFLUX_CMD_SERVE_FOLDER_H

#include "cmd/deploy.h"
#include "services/service.h"

struct serve_folder {
    const char *dir, *file; /* afflux.json */
    struct arena arena;
    struct aggregate_config config;
    struct aggregate_texts texts;
    struct deployment deployment;
    struct buf setup; /* input of the setup workflow */
    str registered;   /* a UUID of the list of locations; empty: there is no list */
};

/* data: the server's data folder, not open yet, for locations in a table of it. settings are
 * borrowed, f stays where it is. STATUS_INVALID, STATUS_NOT_FOUND, STATUS_LIMIT with
 * the file and what is wrong in it. Also after a failure: serve_folder_done. */
NODISCARD enum status serve_folder_read(struct serve_folder *f, const char *dir, str data,
                                        const struct service_settings *settings, struct error *err);
void serve_folder_done(struct serve_folder *f);

/* What the folder and everything of it is called. */
static inline str serve_folder_name(const struct serve_folder *f)
{
    return f->deployment.names.machines;
}

#endif
