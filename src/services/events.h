/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service "events": connections (services/connections.h) as operations that both doors know,
 * and PutEvents, which takes events, gives each an id and does nothing more with them: there are no
 * rules here that could want them. Whoever opens the door can log them.
 */
#ifndef AFFLUX_SERVICES_EVENTS_H
#define AFFLUX_SERVICES_EVENTS_H

#include "services/secret_box.h"
#include "services/service.h"

enum {
    EVENTS_ENTRIES_MAX = 10,       /* of one request, as AWS has it, */
    EVENTS_BYTES_MAX = 256 * 1024, /* and their size */
};

/* What it has for its process: service_call.self. */
struct events_self {
    const struct secret_box *box; /* of connections */
};

extern const struct service events_service;

#endif
