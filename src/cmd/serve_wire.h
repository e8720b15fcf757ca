/* SPDX-License-Identifier: Apache-2.0 */
/* The wire's door to the services of a house, and to Step Functions, which are the engine's. */
#ifndef AFFLUX_CMD_SERVE_WIRE_H
#define AFFLUX_CMD_SERVE_WIRE_H

#include "api/api.h"
#include "cmd/house.h"

enum { SERVE_WIRE_ROWS = HOUSE_SERVICES_MAX + 1 };

/* Of one loop; stays where it is while its api is there. */
struct serve_wire {
    struct api_service rows[SERVE_WIRE_ROWS];
    struct serve_wire_row {
        struct engine *engine;
        const struct engine_service *service;
    } own[SERVE_WIRE_ROWS];
    size_t count;
};
void serve_wire_init(struct serve_wire *w, struct house *h, struct engine *e);

#endif
