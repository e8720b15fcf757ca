/* SPDX-License-Identifier: Apache-2.0 */
/* Looking on while executions are at work: what is in memory, for those who show it to people. What
 * is kept is inspect.c's. */
#include "engine/engine_internal.h"
#include "engine/map_internal.h"

const struct asl_exec *engine_look(const struct engine *e, int64_t execution)
{
    const struct engine_execution *ex = engine_find(e, execution);
    return ex ? ex->x : NULL;
}

bool engine_look_map(const struct engine *e, int64_t execution, uint32_t frame,
                     struct asl_map_run *ret)
{
    const struct engine_execution *ex = engine_find(e, execution);
    const struct map_run *r = ex ? map_run_of_frame(ex, frame) : NULL;
    if (r)
        *ret = r->run;
    return r != NULL;
}
