/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of tasks, worded. The names come from the caller and live for ever. */
#include "services/failure.h"

#include "base/buf.h"
#include <stdio.h>

bool service_fail(struct service_failure *f, struct arena *arena, const char *error,
                  const char *fmt, ...)
{
    if (!f)
        return false;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    size_t length = n > 0 ? (size_t)n : 0;
    char *text = arena_alloc(arena, length + 1);
    if (length > 0)
        (void)vsnprintf(text, length + 1, fmt, again);
    va_end(again);
    *f = (struct service_failure){.error = str_of(error), .cause = {text, length}};
    return false;
}
