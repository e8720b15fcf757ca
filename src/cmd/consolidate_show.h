/* SPDX-License-Identifier: Apache-2.0 */
/* What afflux consolidate shows: how far it is, what became of parts, the result. */
#ifndef AFFLUX_CMD_CONSOLIDATE_SHOW_H
#define AFFLUX_CMD_CONSOLIDATE_SHOW_H

#include "cmd/output.h"
#include "services/consolidate/consolidate.h"

struct consolidate_show {
    const char *output;
    uint64_t parts; /* that there will be; 0: not known */
    double seconds; /* since it began */
};

/* A line that overwrites itself, on a terminal's stderr. */
void consolidate_show_progress(const struct consolidate_show *show,
                               const struct consolidate_progress *progress);
void consolidate_clear_progress(void);

/* "KEY:LINE:COLUMN: what" of a bad part. */
void consolidate_put_bad(struct buf *out, const struct consolidate_part *part);

void consolidate_put_result(struct buf *out, const struct consolidate_show *show,
                            const struct consolidate_result *result);
/* bad: objects, separated by commas. */
void consolidate_put_json(struct buf *out, const struct consolidate_show *show,
                          const struct consolidate_result *result, str bad);
void consolidate_put_bad_json(struct buf *out, const struct consolidate_part *part);

#endif
