/* SPDX-License-Identifier: Apache-2.0 */
/* What a loop's engine lends to a door through which connections are created from outside
 * (services/events.h): on the loop's thread. */
#ifndef AFFLUX_ENGINE_CONNECTIONS_H
#define AFFLUX_ENGINE_CONNECTIONS_H

#include "engine/engine.h"
#include "services/secret_box.h"

/* The box of the data folder's secrets; threads may share it. Lives as long as the engine. */
const struct secret_box *engine_secret_box(const struct engine *e);
/* An operation on a connection succeeded, with this answer: if it has no token yet, one is fetched.
 */
void engine_connection_written(struct engine *e, str answer);
/* The store of the data folder; the team's (engine/team.h). */
struct store *engine_store(struct engine *e);

#endif
