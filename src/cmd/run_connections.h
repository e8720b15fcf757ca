/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --connections: CreateConnection requests, one object or an array of them. */
#ifndef AFFLUX_CMD_RUN_CONNECTIONS_H
#define AFFLUX_CMD_RUN_CONNECTIONS_H

#include "engine/engine.h"

enum { RUN_MAX_CONNECTIONS = 64 << 20 /* bytes */ };

/* Creates them in the engine's data folder; those that exist by their name are updated. text is
 * the file's; errors say which connection it was. */
NODISCARD enum status run_connections(struct engine *e, str text, struct error *err);

#endif
