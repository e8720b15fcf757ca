/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_flows.h. */
#include "cmd/aggregate_flows.h"

#include "aggregate/values.h"
#include "asl/token.h"
#include "cmd/run_connections.h"
#include <string.h>

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

static enum status values_of(const struct aggregate_config *c, str run, struct arena *a,
                             struct flow_value **ret, size_t *ret_count, struct error *err)
{
    const struct aggregate_names names = {
        .machines = arena_printf(a, "aggregate-%.*s", STR_ARG(run)),
        .connection = arena_printf(a, "aggregate-%.*s", STR_ARG(run)),
        .tasks_table = STR("processing-tasks"),
        .locations_table = STR(AGGREGATE_LOCATIONS_TABLE),
        .parts_bucket = STR("aggregate-parts"),
        .output_bucket = STR(AGGREGATE_OUTPUT_BUCKET),
        .job = STR("aggregate-consolidate"),
        .account = STR("000000000000"),
        .region = STR("us-east-1"),
    };
    return flow_values(c, &names, a, ret, ret_count, err);
}

static enum status put_connection(struct engine *e, const struct aggregate_config *c, str run,
                                  struct arena *a, struct error *err)
{
    struct buf request;
    buf_init(&request, SIZE_MAX / 2);
    str name = arena_printf(a, "aggregate-%.*s", STR_ARG(run));
    enum status status = aggregate_connection(c, name, &request, err);
    if (status == STATUS_OK)
        status = run_connections(e, buf_str(&request), err);
    buf_done(&request);
    return status;
}

static enum status put_flow(struct engine *e, const char *name, enum asl_type type, str text,
                            const struct flow_value *values, size_t count, uint32_t retries,
                            str run, struct error *err)
{
    struct arena a;
    struct buf tried, filled;
    arena_init(&a, 0);
    buf_init(&tried, SIZE_MAX / 2);
    buf_init(&filled, SIZE_MAX / 2);
    flow_set_retries(text.n > 0 ? text : flow_text(name), retries, &tried);
    enum status status = flow_fill(buf_str(&tried), values, count, &filled, err);
    if (status == STATUS_OK)
        status = engine_put_machine(e, aggregate_machine_name(run, name, &a), type,
                                    buf_str(&filled), err);
    buf_done(&tried);
    buf_done(&filled);
    arena_done(&a);
    return status;
}

enum status aggregate_put_flows(struct engine *e, const struct aggregate_config *c,
                                const struct aggregate_texts *texts, str run, struct error *err)
{
    const struct {
        const char *name;
        enum asl_type type;
        str text;
        const char *blame; /* what is probably wrong when it is no workflow */
    } flows[] = {
        {"setup", ASL_STANDARD, {0}, "setup"},
        {"parent", ASL_STANDARD, texts->parent, "parent"},
        {"extraction", ASL_STANDARD, texts->extraction, "--summary"},
        {"processing", ASL_EXPRESS, texts->processing, "--row"},
    };
    struct flow_value *values;
    size_t count;
    struct arena a;
    arena_init(&a, 0);
    enum status status = values_of(c, run, &a, &values, &count, err);
    if (status == STATUS_OK)
        status = put_connection(e, c, run, &a, err);
    for (size_t i = 0; i < ARRAY_LEN(flows) && status == STATUS_OK; i++) {
        status = put_flow(e, flows[i].name, flows[i].type, flows[i].text, values, count, c->retries,
                          run, err);
        if (status != STATUS_OK)
            status = error_wrap(err, "%s", flows[i].blame);
    }
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
