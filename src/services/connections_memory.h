/* SPDX-License-Identifier: Apache-2.0 */
/* Connections kept in memory: for runs in the foreground, and for tests. One thread. */
#ifndef AFFLUX_SERVICES_CONNECTIONS_MEMORY_H
#define AFFLUX_SERVICES_CONNECTIONS_MEMORY_H

#include "services/connections.h"

struct connections_memory;

struct connections_memory *connections_memory_new(void);
void connections_memory_free(struct connections_memory *m); /* NULL is allowed */
/* The interface to it; lives as long as m. */
const struct connection_store *connections_memory_store(struct connections_memory *m);

#endif
