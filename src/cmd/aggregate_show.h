/* SPDX-License-Identifier: Apache-2.0 */
/* What `afflux aggregate` shows while it runs: on a terminal one line that is written over again,
 * elsewhere a line now and then. */
#ifndef AFFLUX_CMD_AGGREGATE_SHOW_H
#define AFFLUX_CMD_AGGREGATE_SHOW_H

#include "engine/engine.h"

enum { AGGREGATE_SHOW_MS = 200, AGGREGATE_PLAIN_MS = 10000 };

struct aggregate_show {
    bool is_off, is_terminal, was_drawn;
    int64_t begun_ms, plain_ms; /* plain_ms: of the last plain line */
    uint64_t pages, rows;       /* of this process */
    uint64_t locations;         /* that there are at least: the map run finds them as it goes */
};

void aggregate_show_init(struct aggregate_show *s, bool is_quiet, int64_t now_ms);
/* For engine_options.on_step: counts pages that were stored. */
void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x);
/* execution: of the parent, 0: none yet. */
void aggregate_show_now(struct aggregate_show *s, const struct engine *e, int64_t execution,
                        int64_t now_ms);
void aggregate_show_clear(struct aggregate_show *s);

#endif
