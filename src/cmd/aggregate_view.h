/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the progress of an aggregation looks to people, on stderr: on a terminal a block of a few
 * lines that is drawn over again and goes at the end; elsewhere a line now and then, and one for
 * each of the first locations that did not come as they should.
 */
#ifndef AFFLUX_CMD_AGGREGATE_VIEW_H
#define AFFLUX_CMD_AGGREGATE_VIEW_H

#include "aggregate/progress.h"
#include "cmd/block.h"

enum {
    AGGREGATE_FIRST_MS = 300,   /* what is over sooner is not shown */
    AGGREGATE_PLAIN_MS = 10000, /* between two lines */
    AGGREGATE_TOLD_MAX = 20     /* locations that have a line */
};

struct aggregate_view {
    bool is_off;
    struct block block;
    int64_t plain_ms; /* of the last line */
    uint32_t told;    /* locations */
};

void aggregate_view_init(struct aggregate_view *v, bool is_off, int64_t now_ms);
/* trouble: the last location that failed, as location_put_trouble words it, or empty. */
void aggregate_view_show(struct aggregate_view *v, const struct progress *p, str trouble,
                         int64_t now_ms);
/* A line for a location that is not complete, outside of a terminal. */
void aggregate_view_tell(struct aggregate_view *v, str trouble);
/* Before anything else is printed. */
void aggregate_view_clear(struct aggregate_view *v);

/* "NAME failed: ERROR: CAUSE", "NAME: 31 rows announced, 30 fetched". */
void location_put_trouble(const struct location_end *l, struct buf *out);

#endif
