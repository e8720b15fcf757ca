/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the requests about jobs and their runs (services/request_shape.h). */
#ifndef AFFLUX_SERVICES_GLUE_SHAPE_H
#define AFFLUX_SERVICES_GLUE_SHAPE_H

#include "services/request_shape.h"

extern const struct shape glue_create_job_shape, glue_update_job_shape, glue_job_name_shape,
    glue_list_shape, glue_list_names_shape, glue_job_names_shape, glue_start_shape, glue_run_shape,
    glue_runs_shape, glue_stop_shape, glue_arn_shape, glue_tag_shape, glue_untag_shape;

#endif
