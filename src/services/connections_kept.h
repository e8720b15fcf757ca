/* SPDX-License-Identifier: Apache-2.0 */
/* Connections kept in a data folder (store/store.h): the interface to them for one that reads, and
 * within a unit for one that writes. */
#ifndef AFFLUX_SERVICES_CONNECTIONS_KEPT_H
#define AFFLUX_SERVICES_CONNECTIONS_KEPT_H

#include "services/connections.h"
#include "store/tx.h"

struct connections_kept {
    struct connection_store store; /* what struct connections wants */
    struct store_reader *reader;
    struct store_tx *tx; /* NULL: only load and list may be called */
};

/* k stays where it is; what it reads through outlives it. */
void connections_kept_read(struct connections_kept *k, struct store_reader *reader);
/* Within a unit: sees what it and those before it wrote. */
void connections_kept_write(struct connections_kept *k, struct store_tx *tx);

#endif
