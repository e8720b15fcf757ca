/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a run beside what was recorded: the outcome, and the history event by event. */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_COMPARE_H
#define AFFLUX_TESTS_ASL_SCENARIO_COMPARE_H

#include "scenario_run.h"

/* The run must be over. run->match.difference says what differs. */
bool scenario_is_as_recorded(struct scenario_run *run, const struct scenario *s);

#endif
