/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of locations to what puts them into a table: CSV whose first row names the columns, or
 * JSON Lines (told by the first character, "{"). A location has a location_id; all else it has
 * comes along and is known to expressions as $location. Pure.
 */
#ifndef AFFLUX_AGGREGATE_LOCATIONS_H
#define AFFLUX_AGGREGATE_LOCATIONS_H

#include "base/buf.h"
#include "base/error.h"

enum {
    LOCATIONS_MAX = 1000000,
    LOCATIONS_ID_MAX = 300,   /* bytes: it becomes a part of keys, three times as long at worst */
    LOCATIONS_DEPTH_MAX = 30, /* of nested values: tables have 32 */
    LOCATIONS_TEXT_MAX = 1 << 29, /* bytes of a list */
    LOCATIONS_CHUNK = 25          /* put requests of a batch */
};

/*
 * Appends an array of batches, each an array of at most LOCATIONS_CHUNK put requests of
 * BatchWriteItem with the task's id. *ret_count: locations. No locations are an empty array.
 * A byte order mark at the beginning is left out. STATUS_INVALID "Locations" with the line: no
 * column location_id, an id that is empty or there twice, text that is not UTF-8 or not JSON, a
 * quote that is never closed, columns that the ledger uses, values nested too deeply. STATUS_LIMIT
 * "LocationsTooMany", "LocationsTooLong".
 */
NODISCARD enum status locations_read(str text, str task, struct buf *out, uint32_t *ret_count,
                                     struct error *err);

#endif
