/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of an aggregation, of --auth and the secret it names or of a file, and the
 * certificates that its calls trust. */
#ifndef AFFLUX_CMD_AGGREGATE_CONNECT_H
#define AFFLUX_CMD_AGGREGATE_CONNECT_H

#include "aggregate/config.h"

enum { AGGREGATE_SECRET_MAX = 64 << 10, AGGREGATE_CERTIFICATES_MAX = 16 << 20 /* bytes */ };

/* Appends what CreateConnection takes for the configuration's connection, under this name.
 * STATUS_INVALID "Auth", STATUS_NOT_FOUND "Auth": the variable or file is not there. */
NODISCARD enum status aggregate_connection(const struct aggregate_config *c, str name,
                                           struct buf *out, struct error *err);
/* Can that be made? */
NODISCARD enum status aggregate_connection_check(const struct aggregate_config *c,
                                                 struct error *err);

/* Is there a certificate in the file, as PEM? Also when no file is named (empty); others than those
 * of the system would be told as the failure of every location. The path has a NUL behind its end.
 * STATUS_NOT_FOUND, STATUS_INVALID "Certificates", with the path. */
NODISCARD enum status aggregate_certificates_check(str path, struct error *err);

#endif
