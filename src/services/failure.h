/* SPDX-License-Identifier: Apache-2.0 */
/* How a task fails, as a workflow sees it: data, not an error of this program. Texts are borrowed
 * from the arena of the call. */
#ifndef AFFLUX_SERVICES_FAILURE_H
#define AFFLUX_SERVICES_FAILURE_H

#include "base/arena.h"

struct service_failure {
    str error; /* "States.Http.Socket" */
    str cause;
};

/* Fills f (which may be NULL) and returns false, so that callers write `return service_fail(…)`. */
bool service_fail(struct service_failure *f, struct arena *arena, const char *error,
                  const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
