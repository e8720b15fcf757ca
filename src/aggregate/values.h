/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration puts into the workflows: the values of all placeholders, and expressions for
 * the marks of what is configured (workflows/README.md lists both). What is not keeps the
 * workflows' own. How often a call is tried again is no value: flow_set_retries. Pure.
 */
#ifndef AFFLUX_AGGREGATE_VALUES_H
#define AFFLUX_AGGREGATE_VALUES_H

#include "aggregate/config.h"
#include "aggregate/flow.h"
#include "base/arena.h"

/* How the things are called where the workflows run. Borrowed. */
struct aggregate_names {
    str machines; /* what names of state machines begin with: "shop", of "shop-extraction" */
    str connection, tasks_table, locations_table, parts_bucket, output_bucket, job;
    str account, region; /* of ARNs */
};

/*
 * *ret lies in the arena and borrows from both. STATUS_INVALID "FlowTypes": no types, too many, or
 * one that cannot be a part of a key; the errors of template_read, which begin with the member's
 * name.
 */
NODISCARD enum status flow_values(const struct aggregate_config *config,
                                  const struct aggregate_names *names, struct arena *a,
                                  struct flow_value **ret, size_t *ret_count, struct error *err);

#endif
