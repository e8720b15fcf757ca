/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an aggregation is made of, read before anything starts, and all that would otherwise fail
 * after hours of work, or as the failure of every location: the workflows' texts, the list of
 * locations, the secret, certificates, and whether the CSV can be written.
 */
#ifndef AFFLUX_CMD_AGGREGATE_BEGIN_H
#define AFFLUX_CMD_AGGREGATE_BEGIN_H

#include "cmd/aggregate_flows.h"
#include "services/service.h"

struct aggregate_begin {
    struct aggregate_texts texts;
    struct buf input;   /* of the setup: the task and its locations */
    uint32_t locations; /* in it */
    str run;
    struct arena arena; /* of the texts */
};

/*
 * Locations in a table take the data folder for a moment. Errors name the file; STATUS_INVALID,
 * STATUS_NOT_FOUND, STATUS_LIMIT, those of aggregate_read_table; "Auth": the secret is not there.
 * In any case: aggregate_begin_done.
 */
NODISCARD enum status aggregate_begin(struct aggregate_begin *b, const struct aggregate_config *c,
                                      const struct service_settings *settings, struct error *err);
void aggregate_begin_done(struct aggregate_begin *b);

#endif
