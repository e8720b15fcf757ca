/* SPDX-License-Identifier: Apache-2.0 */
/* Step Functions on the wire: its operations are the engine's (engine/api.h), and answer when they
 * can. */
#ifndef AFFLUX_CMD_SERVE_STATES_H
#define AFFLUX_CMD_SERVE_STATES_H

#include "api/api.h"

/* The row of the service, on the loop of this engine; NULL: only its name is asked for. */
struct api_service serve_states_row(struct engine *e);

#endif
