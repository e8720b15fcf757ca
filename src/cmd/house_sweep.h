/* SPDX-License-Identifier: Apache-2.0 */
/* What services of the data folder want done now and then, beside their operations: expired items
 * of tables go, rows of deleted tables go, new indexes are filled. On one loop of an engine. */
#ifndef AFFLUX_CMD_HOUSE_SWEEP_H
#define AFFLUX_CMD_HOUSE_SWEEP_H

#include "engine/unit.h"
#include "services/dynamodb/dynamodb.h"

enum { HOUSE_SWEEP_MS = 60000, HOUSE_SWEEP_FIRST_MS = 1000 };

struct house_sweep {
    struct engine_unit unit;
    struct dynamodb_sweep tables;
    struct engine *engine;
    const struct service_settings *settings;
    struct loop_timer timer;
};

void house_sweep_start(struct house_sweep *s, struct engine *e,
                       const struct service_settings *settings);
/* Before the engine closes. What is with the store comes back, or is dropped with the engine. */
void house_sweep_stop(struct house_sweep *s);

#endif
