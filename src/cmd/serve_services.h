/* SPDX-License-Identifier: Apache-2.0 */
/* Which services `afflux serve` has, through both doors: each is registered here, and nowhere else.
 */
#ifndef AFFLUX_CMD_SERVE_SERVICES_H
#define AFFLUX_CMD_SERVE_SERVICES_H

#include "api/api.h"
#include "engine/engine.h"
#include "cmd/serve_sweep.h"
#include "services/events.h"
#include "services/s3/objects.h"

enum { SERVE_SERVICES_MAX = 16 };

/* Of the process. */
struct serve_services {
    struct engine_service tasks[SERVE_SERVICES_MAX]; /* what workflows may call */
    uint32_t count;
    struct events_self events;
    struct serve_sweep sweep; /* on the first loop */
    struct s3_self s3;
    struct s3_objects objects; /* what map runs read and write */
    const struct service_settings *settings;
};

/* Before the engine opens. */
void serve_services_init(struct serve_services *s, const struct service_settings *settings);
/* The store stands, no engine yet; and: it goes, no engine any more. arg is a serve_services. */
NODISCARD enum status serve_services_store_opened(void *arg, struct store *store,
                                                  struct error *err);
void serve_services_store_closing(void *arg);
/* The first loop's engine is there; nothing has run yet. And before it goes. */
void serve_services_opened(struct serve_services *s, struct engine *e,
                           const struct service_settings *settings);
void serve_services_closing(struct serve_services *s);
/* What the wire has on the loop of this engine; returns how many rows. */
size_t serve_services_rows(struct serve_services *s, struct engine *e,
                           struct api_service rows[SERVE_SERVICES_MAX]);

#endif
