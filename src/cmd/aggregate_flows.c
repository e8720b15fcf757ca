/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_flows.h. */
#include "cmd/aggregate_flows.h"

#include "aggregate/flow.h"
#include "asl/token.h"
#include "cmd/run_connections.h"
#include <string.h>

enum { VALUES = 13, PAGES_AT_ONCE = 4 /* of a location and type */ };

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

static str machine_arn(str run, const char *flow, struct arena *a)
{
    return arena_printf(a, "arn:aws:states:us-east-1:000000000000:stateMachine:aggregate-%.*s-%s",
                        STR_ARG(run), flow);
}

/* Without the slash that many an address ends with. */
static str endpoint_of(str url)
{
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

/* More is under way than there are calls at a time, so that those never wait for the disk; but not
 * so much that a call stands in line for longer than it may take. */
static size_t values_of(const struct aggregate_config *c, str run, struct arena *a,
                        struct flow_value values[VALUES])
{
    const struct flow_value plain[] = {
        {"ApiEndpoint", endpoint_of(c->api), false},
        {"ConnectionArn",
         arena_printf(a, "arn:aws:events:us-east-1:000000000000:connection/aggregate-%.*s",
                      STR_ARG(run)),
         false},
        {"TasksTable", STR("aggregate-tasks"), false},
        {"LocationsTable", STR(AGGREGATE_LOCATIONS_TABLE), false},
        {"Bucket", STR("aggregate-parts"), false},
        {"OutputBucket", STR(AGGREGATE_OUTPUT_BUCKET), false},
        {"JobName", STR("aggregate-consolidate"), false},
        {"ExtractionArn", machine_arn(run, "extraction", a), false},
        {"ProcessingArn", machine_arn(run, "processing", a), false},
    };
    size_t count = ARRAY_LEN(plain);
    memcpy(values, plain, sizeof(plain));
    uint32_t pages = c->concurrency < PAGES_AT_ONCE ? c->concurrency : PAGES_AT_ONCE;
    values[count++] = (struct flow_value){"pages_at_once", arena_printf(a, "%u", pages), true};
    values[count++] = (struct flow_value){"locations_at_once",
                                          arena_printf(a, "%u", (c->concurrency + 1) / 2), true};
    if (c->row.n > 0)
        values[count++] = (struct flow_value){"row", c->row, true};
    if (c->summary.n > 0)
        values[count++] = (struct flow_value){"summary", c->summary, true};
    return count;
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
                            const struct flow_value *values, size_t count, str run,
                            struct error *err)
{
    struct arena a;
    struct buf filled;
    arena_init(&a, 0);
    buf_init(&filled, SIZE_MAX / 2);
    enum status status =
        flow_fill(text.n > 0 ? text : flow_text(name), values, count, &filled, err);
    if (status == STATUS_OK)
        status = engine_put_machine(e, aggregate_machine_name(run, name, &a), type,
                                    buf_str(&filled), err);
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
    struct flow_value values[VALUES];
    struct arena a;
    arena_init(&a, 0);
    size_t count = values_of(c, run, &a, values);
    enum status status = put_connection(e, c, run, &a, err);
    for (size_t i = 0; i < ARRAY_LEN(flows) && status == STATUS_OK; i++) {
        status = put_flow(e, flows[i].name, flows[i].type, flows[i].text, values, count, run, err);
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
