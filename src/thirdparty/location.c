/* SPDX-License-Identifier: Apache-2.0 */
/* Locations, see location.h. An id ends with the location's number, so it is found without a table.
 */
#include "thirdparty/location.h"
#include "base/attr.h"
#include "base/splitmix.h"
#include <stdio.h>

static const char *const state_names[] = {"failed", "rejected"};

const char *thirdparty_state_name(enum thirdparty_state state)
{
    return state_names[state];
}

enum thirdparty_state thirdparty_state_find(str name)
{
    int state = 0;
    while (state < THIRDPARTY_STATES && !str_eq(name, str_of(state_names[state])))
        state++;
    return (enum thirdparty_state)state;
}

static const char *const cities[] = {
    "aarhus",  "antwerp",  "austin",     "basel",   "bergen",   "berlin",    "bilbao",  "bologna",
    "boston",  "brno",     "chicago",    "cork",    "denver",   "dresden",   "dublin",  "gdansk",
    "geneva",  "ghent",    "gothenburg", "graz",    "hamburg",  "helsinki",  "kyoto",   "leeds",
    "lisbon",  "lyon",     "madrid",     "malmo",   "montreal", "nantes",    "osaka",   "oslo",
    "paris",   "portland", "porto",      "prague",  "riga",     "rotterdam", "seattle", "sydney",
    "tallinn", "toronto",  "turin",      "utrecht", "valencia", "vienna",    "vilnius", "zurich",
};
static const char *const kinds[] = {
    "airport", "arcade",   "central", "corner", "harbour",   "mall",
    "market",  "old-town", "outlet",  "plaza",  "riverside", "station",
};

/* A number of this location that no other use of it draws. */
static uint64_t location_draw(const struct thirdparty_world *w, uint32_t at, uint64_t use)
{
    return splitmix64_at(splitmix64_at(w->seed, use + 1), (uint64_t)at + 1);
}

enum { DRAW_NAME, DRAW_ROWS, DRAW_REJECTED };

size_t thirdparty_location_id(const struct thirdparty_world *w, uint32_t at,
                              char out[THIRDPARTY_ID_MAX])
{
    uint64_t drawn = location_draw(w, at, DRAW_NAME);
    int n = snprintf(out, THIRDPARTY_ID_MAX, "%s-%s-%04u", cities[drawn % ARRAY_LEN(cities)],
                     kinds[(drawn >> 32) % ARRAY_LEN(kinds)], at + 1);
    return (size_t)n;
}

bool thirdparty_location_find(const struct thirdparty_world *w, str id, uint32_t *ret_at)
{
    char real[THIRDPARTY_ID_MAX];
    size_t dash = str_rfind_byte(id, '-');
    str digits = dash == STR_NONE ? (str){0} : str_sub(id, dash + 1, id.n);
    uint32_t number = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9' || number > THIRDPARTY_LOCATIONS_MAX)
            return false;
        number = number * 10 + (uint32_t)(digits.p[i] - '0');
    }
    if (number == 0 || number > w->locations)
        return false;
    size_t n = thirdparty_location_id(w, number - 1, real);
    if (!str_eq(id, (str){real, n}))
        return false;
    *ret_at = number - 1;
    return true;
}

uint32_t thirdparty_location_rows(const struct thirdparty_world *w, uint32_t at,
                                  enum thirdparty_state state)
{
    uint32_t range = w->rows_max - w->rows_min + 1;
    uint32_t rows = w->rows_min + (uint32_t)(location_draw(w, at, DRAW_ROWS) % range);
    uint32_t tenths = (uint32_t)(location_draw(w, at, DRAW_REJECTED) % 4 + 1); /* 10 to 40 % */
    uint32_t rejected = (uint32_t)((uint64_t)rows * tenths / 10);
    return state == THIRDPARTY_REJECTED ? rejected : rows - rejected;
}
