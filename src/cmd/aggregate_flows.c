/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_flows.h. */
#include "cmd/aggregate_flows.h"

#include "aggregate/flow.h"
#include "asl/token.h"
#include "cmd/run_connections.h"
#include <string.h>

enum { VALUES = 11, PAGES_AT_ONCE = 4 /* of a location and type */ };

static const struct {
    const char *name;
    enum asl_type type;
} flows[] = {
    {"setup", ASL_STANDARD},
    {"parent", ASL_STANDARD},
    {"extraction", ASL_STANDARD},
    {"processing", ASL_EXPRESS},
};

str aggregate_run_name(const struct aggregate_options *o, str locations, struct arena *a)
{
    str all = arena_printf(a, "%s%c%s%c%s%c%u%c%u%c%u%c%.*s", o->api, 0, o->row ? o->row : "", 0,
                           o->summary ? o->summary : "", 0, o->page_size, 0, o->concurrency, 0,
                           o->tolerate, 0, STR_ARG(locations));
    return asl_uuid_of(all, all.n, 1, a);
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
static str endpoint_of(const char *api)
{
    str url = str_of(api);
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

static size_t values_of(const struct aggregate_options *o, str run, struct arena *a,
                        struct flow_value values[VALUES])
{
    const struct flow_value plain[] = {
        {"ApiEndpoint", endpoint_of(o->api), false},
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
    if (o->row)
        values[count++] = (struct flow_value){"row", str_of(o->row), true};
    if (o->summary)
        values[count++] = (struct flow_value){"summary", str_of(o->summary), true};
    return count;
}

static enum status put_connection(struct engine *e, const struct aggregate_options *o, str run,
                                  struct arena *a, struct error *err)
{
    struct buf request;
    buf_init(&request, SIZE_MAX / 2);
    str name = arena_printf(a, "aggregate-%.*s", STR_ARG(run));
    enum status status = aggregate_connection(o->auth, name, &request, err);
    if (status == STATUS_OK)
        status = run_connections(e, buf_str(&request), err);
    buf_done(&request);
    return status;
}

enum status aggregate_put_flows(struct engine *e, const struct aggregate_options *o, str run,
                                struct error *err)
{
    struct flow_value values[VALUES];
    struct arena a;
    struct buf text;
    arena_init(&a, 0);
    buf_init(&text, SIZE_MAX / 2);
    size_t count = values_of(o, run, &a, values);
    enum status status = put_connection(e, o, run, &a, err);
    for (size_t i = 0; i < ARRAY_LEN(flows) && status == STATUS_OK; i++) {
        buf_clear(&text);
        status = flow_fill(flow_text(flows[i].name), values, count, &text, err);
        if (status == STATUS_OK)
            status = engine_put_machine(e, aggregate_machine_name(run, flows[i].name, &a),
                                        flows[i].type, buf_str(&text), err);
        if (status != STATUS_OK)
            status = error_wrap(err, "%s",
                                strcmp(flows[i].name, "processing") == 0   ? "--row"
                                : strcmp(flows[i].name, "extraction") == 0 ? "--summary"
                                                                           : flows[i].name);
    }
    buf_done(&text);
    arena_done(&a);
    return status;
}

/* More is under way than there are calls at a time, so that those never wait for the disk; but not
 * so much that a call stands in line for longer than it may take. */
str aggregate_input(const struct aggregate_options *o, str run, bool is_retry, struct arena *a)
{
    uint32_t pages = o->concurrency < PAGES_AT_ONCE ? o->concurrency : PAGES_AT_ONCE;
    return arena_printf(a,
                        "{\"task_id\":\"%.*s\",\"run\":\"%.*s\",\"page_size\":%u,\"pages_at_once\":"
                        "%u,\"locations_at_once\":%u,\"tolerate\":%u%s}",
                        STR_ARG(run), STR_ARG(run), o->page_size, pages, (o->concurrency + 1) / 2,
                        o->tolerate, is_retry ? ",\"only_open\":true" : "");
}
