/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions inside recorded sequences of API calls, as scenarios: what was created, started and
 * stopped, and what GetExecutionHistory and DescribeExecution said of it in the end. What else the
 * calls test is the API's business.
 */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_SEQUENCE_H
#define AFFLUX_TESTS_ASL_SCENARIO_SEQUENCE_H

#include "scenario_run.h"

/*
 * The scenario that begins with this call of the file, in the arena. False: the call starts
 * nothing, or nothing can be said about what came of it; *ret_reason then is why, or NULL when it
 * starts nothing.
 */
bool sequence_scenario(struct arena *arena, struct json_val file, uint32_t call,
                       struct scenario *ret, const char **ret_reason);

#endif
