/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of an aggregation: of --auth and the secret it names, or of a file. */
#ifndef AFFLUX_CMD_AGGREGATE_CONNECT_H
#define AFFLUX_CMD_AGGREGATE_CONNECT_H

#include "aggregate/config.h"

enum { AGGREGATE_SECRET_MAX = 64 << 10 };

/* Appends what CreateConnection takes for the configuration's connection, under this name.
 * STATUS_INVALID "Auth", STATUS_NOT_FOUND "Auth": the variable or file is not there. */
NODISCARD enum status aggregate_connection(const struct aggregate_config *c, str name,
                                           struct buf *out, struct error *err);

#endif
