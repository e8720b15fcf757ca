/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deployment: the workflows of an aggregation under names of their own, with everything put into
 * them. `afflux aggregate` makes one for each run on an engine of its own (aggregate_flows.h),
 * `afflux serve --deploy` one for each folder on the server's (serve_deploy.h).
 *
 * Nothing is put anywhere here but the connection: whoever deploys fills a flow and has his own way
 * to make a machine of it.
 */
#ifndef AFFLUX_CMD_DEPLOY_H
#define AFFLUX_CMD_DEPLOY_H

#include "aggregate/flow.h"
#include "aggregate/values.h"
#include "engine/engine.h"

/* In the order in which they are put: each names only those before it. */
enum deploy_flow {
    DEPLOY_PROCESSING,
    DEPLOY_EXTRACTION,
    DEPLOY_PARENT,
    DEPLOY_SETUP,
    DEPLOY_FLOWS
};

/* Texts of the workflows; empty ones are those of the program. */
struct aggregate_texts {
    str parent, extraction, processing;
};

struct deployment {
    const struct aggregate_config *config;
    const struct aggregate_texts *texts;
    struct aggregate_names names;
    struct arena arena;
    struct flow_value *values;
    size_t value_count;
    str connection; /* its ARN, when it has been put */
};

/* Of tables, buckets and the job: as the configuration has them, or by its name. machines is what
 * the names of machines begin with, and the connection's. Texts lie in the arena. */
struct aggregate_names deploy_names(const struct aggregate_config *config, str machines,
                                    str account, str region, struct arena *a);

/* config, texts and what names has are borrowed. The errors of flow_values. */
NODISCARD enum status deployment_init(struct deployment *d, const struct aggregate_config *config,
                                      const struct aggregate_texts *texts,
                                      const struct aggregate_names *names, struct error *err);
/* Also after a deployment_init that failed. */
void deployment_done(struct deployment *d);

enum asl_type deploy_flow_type(enum deploy_flow flow);
/* "shop-parent"; its ARN. */
str deployment_machine(const struct deployment *d, enum deploy_flow flow, struct arena *a);
str deployment_arn(const struct deployment *d, enum deploy_flow flow, struct arena *a);

/* Can the workflows be run with all put in? STATUS_INVALID with the workflow or its file. */
NODISCARD enum status deployment_check_flows(const struct deployment *d, bool is_strict,
                                             struct error *err);

/* Appends the flow's definition. arns: under which the flows before it are called, empty or NULL
 * for their plain ones. The errors of flow_fill. */
NODISCARD enum status deployment_fill(const struct deployment *d, enum deploy_flow flow,
                                      const str arns[DEPLOY_FLOWS], struct buf *out,
                                      struct error *err);

/* Creates or updates the connection, with the secret that the configuration names; what is filled
 * after this has its whole ARN. Waits for the store. The errors of aggregate_connection. */
NODISCARD enum status deployment_put_connection(struct deployment *d, struct engine *e,
                                                struct error *err);

/* How many calls at a time, in all (of the connection that was put) and to a host (of the API), and
 * how many a second. */
void deployment_limit(const struct deployment *d, struct engine *e);

#endif
