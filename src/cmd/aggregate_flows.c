/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_flows.h. */
#include "cmd/aggregate_flows.h"

#include "asl/token.h"
#include "cmd/house.h"

str aggregate_run_name(const struct aggregate_config *c, const struct aggregate_texts *texts,
                       str locations, struct arena *a)
{
    struct buf all;
    buf_init(&all, SIZE_MAX / 2);
    aggregate_config_identity(c, &all);
    const str rest[] = {texts->parent, texts->extraction, texts->processing, locations};
    for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
        buf_add(&all, rest[i]);
        buf_add_byte(&all, 0);
    }
    str name = asl_uuid_of(buf_str(&all), all.n, 1, a);
    buf_done(&all);
    return name;
}

str aggregate_machine_name(str run, const char *flow, struct arena *a)
{
    return arena_printf(a, "aggregate-%.*s-%s", STR_ARG(run), flow);
}

/* Names that nothing of a configuration changes, as the data folder is this command's own. */
static struct aggregate_names names_of(str run, struct arena *a)
{
    str name = arena_printf(a, "aggregate-%.*s", STR_ARG(run));
    return (struct aggregate_names){.machines = name,
                                    .connection = name,
                                    .tasks_table = STR("processing-tasks"),
                                    .locations_table = STR(AGGREGATE_LOCATIONS_TABLE),
                                    .parts_bucket = STR(AGGREGATE_PARTS_BUCKET),
                                    .output_bucket = STR(AGGREGATE_OUTPUT_BUCKET),
                                    .job = STR("aggregate-consolidate"),
                                    .account = STR(HOUSE_ACCOUNT),
                                    .region = STR(HOUSE_REGION)};
}

static enum status put_flow(const struct deployment *d, enum deploy_flow flow, struct engine *e,
                            struct error *err)
{
    struct arena a;
    struct buf text;
    arena_init(&a, 0);
    buf_init(&text, SIZE_MAX / 2);
    enum status status = deployment_fill(d, flow, NULL, &text, err);
    if (status == STATUS_OK)
        status = engine_put_machine(e, deployment_machine(d, flow, &a), deploy_flow_type(flow),
                                    buf_str(&text), err);
    buf_done(&text);
    arena_done(&a);
    return status;
}

enum status aggregate_put_flows(struct engine *e, const struct aggregate_config *c,
                                const struct aggregate_texts *texts, str run, struct error *err)
{
    struct deployment d;
    struct arena a;
    arena_init(&a, 0);
    struct aggregate_names names = names_of(run, &a);
    enum status status = deployment_init(&d, c, texts, &names, err);
    if (status == STATUS_OK)
        status = deployment_check_flows(&d, false, err);
    if (status == STATUS_OK)
        status = deployment_put_connection(&d, e, err);
    for (size_t i = 0; i < DEPLOY_FLOWS && status == STATUS_OK; i++)
        status = put_flow(&d, (enum deploy_flow)i, e, err);
    deployment_done(&d);
    arena_done(&a);
    return status;
}

str aggregate_input(const struct aggregate_config *c, str run, bool is_retry, struct arena *a)
{
    return arena_printf(
        a, "{\"task_id\":\"%.*s\",\"run\":\"%.*s\",\"page_size\":%u,\"tolerate\":%u%s}",
        STR_ARG(run), STR_ARG(run), c->page_size, c->tolerate,
        is_retry ? ",\"only_open\":true" : "");
}
