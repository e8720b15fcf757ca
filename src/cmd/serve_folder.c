/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_folder.h. */
#include "cmd/serve_folder.h"

#include "aggregate/locations.h"
#include "asl/token.h"
#include "cmd/aggregate_connect.h"
#include "cmd/aggregate_file.h"
#include "cmd/aggregate_table.h"
#include "cmd/reader.h"
#include "services/s3/name.h"
#include <errno.h>

/* What an aggregation needs, less what it is started with and where its file goes. */
static enum status check_config(const struct serve_folder *f, bool is_strict, struct error *err)
{
    struct aggregate_config c = f->config;
    const char *member = "";
    if (aggregate_certificates_check(c.ca_file, err) != STATUS_OK)
        return error_wrap(err, "ca_file");
    if (c.locations.n == 0)
        c.locations = STR("-");
    c.out = STR("-.csv");
    if (aggregate_config_check(&c, is_strict, &member, err) == STATUS_OK)
        return STATUS_OK;
    struct error why = *err;
    return error_set(err, why.status, why.name, "%s %s", member, why.message);
}

/* What makes a registration another one: the rows, and where they go. */
static str registered_of(struct serve_folder *f)
{
    const struct aggregate_names *n = &f->deployment.names;
    const str parts[] = {n->tasks_table, n->locations_table, buf_str(&f->setup)};
    struct buf all;
    buf_init(&all, SIZE_MAX / 2);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_add(&all, parts[i]);
        buf_add_byte(&all, 0);
    }
    str ret = asl_uuid_of(buf_str(&all), all.n, 0, &f->arena);
    buf_done(&all);
    return ret;
}

static enum status read_list(struct serve_folder *f, const struct service_settings *settings,
                             str data, struct buf *text, struct error *err)
{
    const char *path = f->config.locations.p;
    if (aggregate_is_table(f->config.locations)) {
        enum status status = aggregate_read_table(settings, data, f->config.locations, text, err);
        return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s: locations", f->file);
    }
    if (!reader_read_file(path, LOCATIONS_TEXT_MAX, text))
        return error_set(err, STATUS_NOT_FOUND, "Locations", "%s: %s", path,
                         strerrordesc_np(errno));
    return STATUS_OK;
}

static enum status read_locations(struct serve_folder *f, const struct service_settings *settings,
                                  str data, struct error *err)
{
    struct buf text;
    uint32_t count;
    str name = serve_folder_name(f);
    buf_init(&text, LOCATIONS_TEXT_MAX);
    buf_printf(&f->setup,
               "{\"task_id\":\"%.*s\",\"task_sort_key\":\"%.*s\",\"chunks\":", STR_ARG(name),
               STR_ARG(name));
    enum status status = read_list(f, settings, data, &text, err);
    if (status == STATUS_OK) {
        status = locations_read(buf_str(&text), name, &f->setup, &count, err);
        if (status != STATUS_OK)
            error_wrap(err, "%.*s", STR_ARG(f->config.locations));
    }
    buf_done(&text);
    if (status != STATUS_OK)
        return status;
    f->registered = registered_of(f);
    buf_printf(&f->setup, ",\"list\":\"%.*s\"}", STR_ARG(f->registered));
    return STATUS_OK;
}

static enum status check_buckets(const struct aggregate_names *names, struct error *err)
{
    enum status status = s3_check_bucket_name(names->parts_bucket, err);
    if (status != STATUS_OK)
        return error_wrap(err, "buckets.parts: '%.*s'", STR_ARG(names->parts_bucket));
    status = s3_check_bucket_name(names->output_bucket, err);
    if (status != STATUS_OK)
        return error_wrap(err, "buckets.output: '%.*s'", STR_ARG(names->output_bucket));
    return STATUS_OK;
}

/* All that the file says and the program understands of it; errors are about the file. */
static enum status understand(struct serve_folder *f, const struct service_settings *settings,
                              struct error *err)
{
    str name = f->config.name.n > 0 ? f->config.name : STR("aggregate");
    struct aggregate_names names =
        deploy_names(&f->config, name, settings->account, settings->region, &f->arena);
    enum status status = check_config(f, settings->is_strict, err);
    if (status == STATUS_OK)
        status = check_buckets(&names, err);
    if (status == STATUS_OK)
        status = deployment_init(&f->deployment, &f->config, &f->texts, &names, err);
    if (status == STATUS_OK)
        status = aggregate_connection_check(&f->config, err);
    return status;
}

enum status serve_folder_read(struct serve_folder *f, const char *dir, str data,
                              const struct service_settings *settings, struct error *err)
{
    *f = (struct serve_folder){.dir = dir};
    arena_init(&f->arena, 0);
    buf_init(&f->setup, SIZE_MAX / 2);
    aggregate_config_init(&f->config);
    f->file = aggregate_file_in(dir, &f->arena);
    enum status status = aggregate_file_read(f->file, &f->config, &f->arena, err);
    if (status == STATUS_OK)
        status = aggregate_texts_read(f->config.workflows, &f->texts, &f->arena, err);
    if (status != STATUS_OK)
        return status;
    status = understand(f, settings, err);
    if (status != STATUS_OK)
        return error_wrap(err, "%s", f->file);
    status = deployment_check_flows(&f->deployment, settings->is_strict, err);
    if (status != STATUS_OK)
        return status;
    if (f->config.locations.n > 0)
        return read_locations(f, settings, data, err);
    buf_add(&f->setup, STR("{}"));
    return STATUS_OK;
}

void serve_folder_done(struct serve_folder *f)
{
    deployment_done(&f->deployment);
    buf_done(&f->setup);
    arena_done(&f->arena);
}
