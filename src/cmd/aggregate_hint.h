/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about an aggregation none of whose locations is complete: mostly, something of the
 * configuration does not fit the API. */
#ifndef AFFLUX_CMD_AGGREGATE_HINT_H
#define AFFLUX_CMD_AGGREGATE_HINT_H

#include "base/str.h"

/* why: error and cause of a location. NULL: nothing is known that helps. */
const char *aggregate_hint(str why);

#endif
