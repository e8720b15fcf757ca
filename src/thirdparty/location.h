/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locations of the sample third party: shops with ids like "porto-outlet-0017", and how many
 * records each one has. Nothing is stored: everything follows from the seed and the number of the
 * location, so a million records cost nothing until somebody asks for them. Pure.
 */
#ifndef AFFLUX_THIRDPARTY_LOCATION_H
#define AFFLUX_THIRDPARTY_LOCATION_H

#include "base/str.h"

enum {
    THIRDPARTY_LOCATIONS_MAX = 100000,
    THIRDPARTY_ROWS_MAX = 1 << 21, /* of one location and state: its keys have room for that */
    THIRDPARTY_ID_MAX = 48,        /* bytes of an id, with its NUL */
};

enum thirdparty_state { THIRDPARTY_FAILED, THIRDPARTY_REJECTED, THIRDPARTY_STATES };
/* "failed", "rejected". */
const char *thirdparty_state_name(enum thirdparty_state state);
/* THIRDPARTY_STATES when there is no such state. */
enum thirdparty_state thirdparty_state_find(str name);

/* What all of it follows from. rows: of a location, both states together, drawn from min to max. */
struct thirdparty_world {
    uint64_t seed;
    uint32_t locations;
    uint32_t rows_min, rows_max;
};

/* The id of location `at` (below locations), NUL-terminated; bytes without the NUL. */
size_t thirdparty_location_id(const struct thirdparty_world *w, uint32_t at,
                              char out[THIRDPARTY_ID_MAX]);
/* The location with this id; false: there is none. */
bool thirdparty_location_find(const struct thirdparty_world *w, str id, uint32_t *ret_at);
/* How many records of a state it has. About a fifth of all are rejected. */
uint32_t thirdparty_location_rows(const struct thirdparty_world *w, uint32_t at,
                                  enum thirdparty_state state);

#endif
