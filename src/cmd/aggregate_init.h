/* SPDX-License-Identifier: Apache-2.0 */
/* `afflux aggregate --init DIR`: the folder of an aggregation, to be changed by its owner. */
#ifndef AFFLUX_CMD_AGGREGATE_INIT_H
#define AFFLUX_CMD_AGGREGATE_INIT_H

#include "cmd/aggregate_options.h"

/* Writes what there is to o->init: all of it, or nothing. Returns the exit code. */
int aggregate_init(const struct aggregate_options *o);

#endif
