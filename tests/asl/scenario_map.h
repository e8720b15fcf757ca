/* SPDX-License-Identifier: Apache-2.0 */
/* Map runs over the items of a state's input: their children really run, one after the other. */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_MAP_H
#define AFFLUX_TESTS_ASL_SCENARIO_MAP_H

#include "scenario_run.h"

/* Carries out what a Map asked for with these arguments, and fills in the event that says what came
 * of it. False: a reader has to find the items. */
bool scenario_map(struct scenario_run *run, uint32_t frame, const struct asl_state *state,
                  struct json_val arguments, struct asl_event *event);

#endif
