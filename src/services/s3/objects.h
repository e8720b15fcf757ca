/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of the service as map runs see them (services/objects.h). */
#ifndef AFFLUX_SERVICES_S3_OBJECTS_H
#define AFFLUX_SERVICES_S3_OBJECTS_H

#include "services/objects.h"
#include "services/s3/service.h"

struct s3_objects {
    struct objects objects; /* first: what engine_options takes */
    const struct s3_self *self;
};
/* self must live as long, and have its service when the first of them is opened; all that was
 * opened must be freed before that goes. */
void s3_objects_init(struct s3_objects *o, const struct s3_self *self);

#endif
