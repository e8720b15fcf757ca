/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locations that are the items of a table in the data folder: --locations table:NAME[/KEY]. They
 * become JSON Lines (aggregate/locations.h), so they are what the same lines in a file are; sets
 * become arrays, bytes base64. task_id and what the workflows write down of a location (ledger…)
 * are no part of it, so a run that was made changes nothing.
 */
#ifndef AFFLUX_CMD_AGGREGATE_TABLE_H
#define AFFLUX_CMD_AGGREGATE_TABLE_H

#include "base/buf.h"
#include "services/service.h"

bool aggregate_is_table(str locations);

/*
 * Appends a line for each item that has KEY as its hash key, or for every item; a header of CSV
 * when there are none. Takes the data folder for that time. Errors: STATUS_INVALID "Locations" (no
 * name, a key that is none, an item without location_id), STATUS_NOT_FOUND "Locations" (no folder,
 * no table), STATUS_BUSY "StoreInUse", STATUS_LIMIT "LocationsTooLong" (more than the buffer
 * takes), and those of the store.
 */
NODISCARD enum status aggregate_read_table(const struct service_settings *settings, str data,
                                           str locations, struct buf *out, struct error *err);

#endif
