/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of the requests about connections, as EventBridge's API model has them. */
#ifndef AFFLUX_SERVICES_CONNECTION_SHAPE_H
#define AFFLUX_SERVICES_CONNECTION_SHAPE_H

#include "services/request_shape.h"

extern const struct shape connection_create_shape;
extern const struct shape connection_update_shape;
extern const struct shape connection_name_shape; /* Describe, Delete, Deauthorize */
extern const struct shape connection_list_shape;

/* AuthParameters of a connection that is complete. */
extern const struct shape connection_auth_shape;

#endif
