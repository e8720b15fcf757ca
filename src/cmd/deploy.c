/* SPDX-License-Identifier: Apache-2.0 */
/* See deploy.h. */
#include "cmd/deploy.h"

#include "asl/definition.h"
#include "cmd/aggregate_connect.h"
#include "cmd/aggregate_options.h"
#include "cmd/run_connections.h"
#include "http/gate.h"
#include "json/parse.h"
#include "json/write.h"
#include <string.h>

static const struct {
    const char *name, *placeholder; /* of its ARN; NULL: nobody calls it */
    enum asl_type type;
} flows[DEPLOY_FLOWS] = {
    [DEPLOY_PROCESSING] = {"processing", "ProcessingArn", ASL_EXPRESS},
    [DEPLOY_EXTRACTION] = {"extraction", "ExtractionArn", ASL_STANDARD},
    [DEPLOY_PARENT] = {"parent", NULL, ASL_STANDARD},
    [DEPLOY_SETUP] = {"setup", NULL, ASL_STANDARD},
};

enum asl_type deploy_flow_type(enum deploy_flow flow)
{
    return flows[flow].type;
}

/* ---- names ---- */

static str or_name(str given, str name, const char *end, struct arena *a)
{
    return given.n > 0 ? given : arena_printf(a, "%.*s-%s", STR_ARG(name), end);
}

struct aggregate_names deploy_names(const struct aggregate_config *config, str machines,
                                    str account, str region, struct arena *a)
{
    str name = config->name.n > 0 ? config->name : STR("aggregate");
    return (struct aggregate_names){
        .machines = machines,
        .connection = machines,
        .tasks_table = config->tasks_table.n > 0 ? config->tasks_table : STR("processing-tasks"),
        .locations_table =
            config->locations_table.n > 0 ? config->locations_table : STR("locations"),
        .parts_bucket = or_name(config->parts_bucket, name, "parts", a),
        .output_bucket = or_name(config->output_bucket, name, "output", a),
        .job = or_name(config->job, name, "consolidate", a),
        .account = account,
        .region = region,
    };
}

str deployment_machine(const struct deployment *d, enum deploy_flow flow, struct arena *a)
{
    return arena_printf(a, "%.*s-%s", STR_ARG(d->names.machines), flows[flow].name);
}

str deployment_arn(const struct deployment *d, enum deploy_flow flow, struct arena *a)
{
    const struct aggregate_names *n = &d->names;
    return arena_printf(a, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s-%s", STR_ARG(n->region),
                        STR_ARG(n->account), STR_ARG(n->machines), flows[flow].name);
}

/* ---- filling ---- */

enum status deployment_init(struct deployment *d, const struct aggregate_config *config,
                            const struct aggregate_texts *texts,
                            const struct aggregate_names *names, struct error *err)
{
    *d = (struct deployment){.config = config, .texts = texts, .names = *names};
    arena_init(&d->arena, 0);
    return flow_values(config, names, &d->arena, &d->values, &d->value_count, err);
}

void deployment_done(struct deployment *d)
{
    arena_done(&d->arena);
}

static str text_of(const struct deployment *d, enum deploy_flow flow)
{
    const str own[DEPLOY_FLOWS] = {[DEPLOY_PROCESSING] = d->texts->processing,
                                   [DEPLOY_EXTRACTION] = d->texts->extraction,
                                   [DEPLOY_PARENT] = d->texts->parent};
    return own[flow].n > 0 ? own[flow] : flow_text(flows[flow].name);
}

/* Empty: the one that it has. */
static str arn_of(const struct deployment *d, const char *name, const str arns[DEPLOY_FLOWS])
{
    if (strcmp(name, "ConnectionArn") == 0)
        return d->connection;
    for (size_t i = 0; arns && i < DEPLOY_FLOWS; i++)
        if (flows[i].placeholder && strcmp(flows[i].placeholder, name) == 0)
            return arns[i];
    return (str){0};
}

enum status deployment_fill(const struct deployment *d, enum deploy_flow flow,
                            const str arns[DEPLOY_FLOWS], struct buf *out, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    struct flow_value *values = arena_alloc(&a, d->value_count * sizeof(*values));
    for (size_t i = 0; i < d->value_count; i++) {
        values[i] = d->values[i];
        str arn = values[i].is_mark ? (str){0} : arn_of(d, values[i].name, arns);
        if (arn.n > 0)
            values[i].text = arn;
    }
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    flow_set_retries(text_of(d, flow), d->config->retries, &text);
    enum status status = flow_fill(buf_str(&text), values, d->value_count, out, err);
    buf_done(&text);
    arena_done(&a);
    return status;
}

/* ---- checking ---- */

static enum status check_flow(const struct deployment *d, enum deploy_flow flow, bool is_strict,
                              struct error *err)
{
    struct asl_load_options options = {.type = flows[flow].type, .strict = is_strict};
    struct asl_definition *definition;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = deployment_fill(d, flow, NULL, &text, err);
    if (status == STATUS_OK)
        status = asl_definition_load(buf_str(&text), &options, NULL, &definition, err);
    if (status == STATUS_OK)
        asl_definition_unref(definition);
    else if (d->config->workflows.n > 0 && flow != DEPLOY_SETUP)
        error_wrap(err, "%.*s/%s.asl.json", STR_ARG(d->config->workflows), flows[flow].name);
    else
        error_wrap(err, "workflow %s", flows[flow].name);
    buf_done(&text);
    return status;
}

enum status deployment_check_flows(const struct deployment *d, bool is_strict, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < DEPLOY_FLOWS && status == STATUS_OK; i++)
        status = check_flow(d, (enum deploy_flow)i, is_strict, err);
    return status;
}

/* ---- the connection ---- */

/* It has an id in it, which is drawn when a connection is created. */
static enum status find_connection(struct deployment *d, struct engine *e, struct error *err)
{
    struct buf request, answer;
    struct json_val root;
    buf_init(&request, 1 << 10);
    buf_init(&answer, SIZE_MAX / 2);
    buf_add(&request, STR("{\"Name\":"));
    json_write_string(&request, d->names.connection);
    buf_add_byte(&request, '}');
    enum status status =
        engine_connection(e, STR("DescribeConnection"), buf_str(&request), &answer, err);
    if (status == STATUS_OK)
        status = json_parse_in(&d->arena, buf_str(&answer), NULL, &root, err);
    if (status == STATUS_OK)
        d->connection = json_str(json_get(root, STR("ConnectionArn")));
    buf_done(&request);
    buf_done(&answer);
    return status;
}

enum status deployment_put_connection(struct deployment *d, struct engine *e, struct error *err)
{
    struct buf request;
    buf_init(&request, SIZE_MAX / 2);
    enum status status = aggregate_connection(d->config, d->names.connection, &request, err);
    if (status == STATUS_OK) {
        status = run_connections(e, buf_str(&request), err);
        if (status != STATUS_OK && d->config->connection.n > 0)
            error_wrap(err, "%.*s", STR_ARG(d->config->connection));
    }
    if (status == STATUS_OK)
        status = find_connection(d, e, err);
    buf_done(&request);
    return status;
}

/* ---- limits ---- */

void deployment_limit(const struct deployment *d, struct engine *e)
{
    const struct aggregate_config *c = d->config;
    struct http_limits_options wanted = aggregate_limits(c);
    struct http_limit all = {.in_flight = wanted.in_flight,
                             .per_second = wanted.host.per_second,
                             .burst = wanted.host.burst};
    struct buf host;
    buf_init(&host, 1 << 12);
    engine_limit(e, HTTP_LANE_KEY, d->connection, &all);
    if (c->per_host > 0 && http_gate_host(c->api, &host, NULL) == STATUS_OK)
        engine_limit(e, HTTP_LANE_HOST, buf_str(&host),
                     &(struct http_limit){.in_flight = c->per_host});
    buf_done(&host);
}
