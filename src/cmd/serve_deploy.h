/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct serve_deploy: `afflux serve --deploy DIR`: folders as `afflux aggregate --init` writes
 * them, made into connections, machines, tables, buckets and jobs of the server (docs/aws.md).
 *
 *   serve_deploy_read: every folder is read, filled and checked; nothing is touched
 *   serve_deploy_put:  connection, machines, then the setup workflow, folder by folder
 *
 * Machines name each other by version: whoever is started runs, on every level, what was deployed
 * when the parent was. A running execution is not disturbed by a new deployment.
 */
#ifndef AFFLUX_CMD_SERVE_DEPLOY_H
#define AFFLUX_CMD_SERVE_DEPLOY_H

#include "engine/engine.h"
#include "services/service.h"

struct serve_deploy;

/* dirs and settings are borrowed; data is the server's data folder, which is not open yet.
 * STATUS_INVALID, STATUS_NOT_FOUND with the file and what is wrong in it. */
NODISCARD enum status serve_deploy_read(const char *const *dirs, size_t count, str data,
                                        const struct service_settings *settings,
                                        struct serve_deploy **ret, struct error *err);
/* The certificates that the folders want to be trusted; left alone when none says so. A server has
 * one file: STATUS_INVALID when they differ. */
NODISCARD enum status serve_deploy_trust(const struct serve_deploy *d, const char **ret_ca_file,
                                         struct error *err);
/* NULL is allowed. */
void serve_deploy_free(struct serve_deploy *d);

/* On the caller's loop, which runs meanwhile, until it is done or *is_stopped (STATUS_CANCELED).
 * Prints a line for each folder. */
NODISCARD enum status serve_deploy_put(struct serve_deploy *d, struct engine *e,
                                       const bool *is_stopped, struct error *err);

#endif
