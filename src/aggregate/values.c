/* SPDX-License-Identifier: Apache-2.0 */
/* See values.h. */
#include "aggregate/values.h"

#include "aggregate/template.h"
#include "base/check.h"
#include "json/write.h"

enum { VALUES_MAX = 40, PAGES_AT_ONCE = 2 /* of a location and type */ };

struct list {
    struct arena *arena;
    struct flow_value items[VALUES_MAX];
    size_t count;
    struct error *err;
};

static void add(struct list *l, const char *name, str text, bool is_mark)
{
    check(l->count < VALUES_MAX);
    l->items[l->count++] = (struct flow_value){name, text, is_mark};
}

/* An expression that is given. */
static void add_given(struct list *l, const char *mark, str text)
{
    if (text.n > 0)
        add(l, mark, text, true);
}

static void add_number(struct list *l, const char *mark, uint32_t n)
{
    add(l, mark, arena_printf(l->arena, "%u", n), true);
}

/* ---- names ---- */

static str machine_arn(struct list *l, const struct aggregate_names *n, const char *flow)
{
    return arena_printf(l->arena, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s-%s",
                        STR_ARG(n->region), STR_ARG(n->account), STR_ARG(n->machines), flow);
}

static void add_names(struct list *l, const struct aggregate_names *n)
{
    str connection = arena_printf(l->arena, "arn:aws:events:%.*s:%.*s:connection/%.*s",
                                  STR_ARG(n->region), STR_ARG(n->account), STR_ARG(n->connection));
    add(l, "ConnectionArn", connection, false);
    add(l, "TasksTable", n->tasks_table, false);
    add(l, "LocationsTable", n->locations_table, false);
    add(l, "Bucket", n->parts_bucket, false);
    add(l, "OutputBucket", n->output_bucket, false);
    add(l, "JobName", n->job, false);
    add(l, "ExtractionArn", machine_arn(l, n, "extraction"), false);
    add(l, "ProcessingArn", machine_arn(l, n, "processing"), false);
}

/* ---- types ---- */

static bool is_type(str type)
{
    if (type.n == 0 || type.n > AGGREGATE_TYPE_MAX || type.p[0] == '.')
        return false;
    for (size_t i = 0; i < type.n; i++) {
        char c = type.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static enum status add_types(struct list *l, const struct aggregate_config *c)
{
    struct buf text;
    if (c->type_count == 0)
        return STATUS_OK;
    if (c->type_count > AGGREGATE_TYPES_MAX)
        return error_set(l->err, STATUS_INVALID, "FlowTypes", "more than %d types",
                         AGGREGATE_TYPES_MAX);
    buf_init(&text, 4096);
    for (uint32_t i = 0; i < c->type_count; i++) {
        bool is_fit = is_type(c->types[i]);
        for (uint32_t k = 0; k < i; k++)
            is_fit &= !str_eq(c->types[i], c->types[k]);
        if (!is_fit) {
            buf_done(&text);
            return error_set(l->err, STATUS_INVALID, "FlowTypes",
                             "the type '%.*s' is there twice, or is not made of up to %d letters, "
                             "digits, '_', '-' and '.'",
                             STR_ARG(c->types[i]), AGGREGATE_TYPE_MAX);
        }
        buf_printf(&text, "%s'%.*s'", i > 0 ? ", " : "[", STR_ARG(c->types[i]));
    }
    buf_add_byte(&text, ']');
    add(l, "types", arena_dup(l->arena, buf_str(&text)), true);
    buf_done(&text);
    return STATUS_OK;
}

/* ---- addresses ---- */

static enum status read_template(struct list *l, const char *member, str text,
                                 enum template_kind kind, struct template *ret)
{
    enum status status = template_read(text, kind, l->arena, ret, l->err);
    return status == STATUS_OK ? status : error_wrap(l->err, "%s", member);
}

/* A plain one is a placeholder's; where columns come in, or a quote, an expression stands for it. A
 * location's own url goes before both. */
static enum status add_api(struct list *l, str api)
{
    struct template t;
    bool is_plain = true;
    for (size_t i = 0; i < api.n; i++)
        is_plain &= api.p[i] != '{' && api.p[i] != '}' && api.p[i] != '\'' && api.p[i] != '"' &&
                    api.p[i] != '\\';
    enum status status = STATUS_OK;
    if (api.n > 0)
        status = read_template(l, "api", api, TEMPLATE_API, &t);
    while (is_plain && api.n > 0 && api.p[api.n - 1] == '/')
        api.n--;
    add(l, "ApiEndpoint", is_plain ? api : STR(""), false);
    if (!is_plain && status == STATUS_OK)
        add(l, "api",
            arena_printf(l->arena,
                         "$exists($location.url) ? $replace($location.url, /\\/+$/, '') : "
                         "%.*s",
                         STR_ARG(t.url)),
            true);
    return status;
}

static enum status add_summary_url(struct list *l, const struct aggregate_config *c)
{
    struct template t;
    if (c->has_no_summary)
        add(l, "has_summary", STR("false"), true);
    if (c->has_no_summary || c->summary_url.n == 0)
        return STATUS_OK;
    enum status status = read_template(l, "summary_url", c->summary_url, TEMPLATE_SUMMARY, &t);
    add(l, "summary_url", t.url, true);
    add(l, "summary_query", t.query, true);
    return status;
}

/* Who can be asked for one page only has all rows in it. */
static enum status add_page_url(struct list *l, const struct aggregate_config *c)
{
    struct template t;
    if (c->page_url.n == 0)
        return STATUS_OK;
    enum status status = read_template(l, "page_url", c->page_url, TEMPLATE_PAGE, &t);
    add(l, "page_url", t.url, true);
    add(l, "page_query", t.query, true);
    if (!t.has_offset)
        add(l, "paging", t.has_page ? STR("'page'") : STR("'none'"), true);
    return status;
}

/* ---- the job's arguments ---- */

static void put_member(struct buf *out, const char *name, str value)
{
    buf_printf(out, "%s\"%s\": ", out->n > 1 ? ", " : "", name);
    json_write_string(out, value);
}

static void add_output(struct list *l, const struct aggregate_config *c)
{
    struct buf out, columns;
    buf_init(&out, SIZE_MAX / 2);
    buf_init(&columns, SIZE_MAX / 2);
    buf_add_byte(&out, '{');
    for (uint32_t i = 0; i < c->column_count; i++)
        buf_printf(&columns, "%s%.*s", i > 0 ? "," : "", STR_ARG(c->columns[i]));
    if (columns.n > 0)
        put_member(&out, "--columns", buf_str(&columns));
    if (c->is_minimal)
        put_member(&out, "--quote", STR("minimal"));
    if (c->delimiter && c->delimiter != ',')
        put_member(&out, "--delimiter", (str){&c->delimiter, 1});
    if (c->is_crlf)
        put_member(&out, "--crlf", STR("true"));
    if (c->has_bom)
        put_member(&out, "--bom", STR("true"));
    buf_add_byte(&out, '}');
    if (out.n > 2)
        add(l, "output", arena_dup(l->arena, buf_str(&out)), true);
    buf_done(&columns);
    buf_done(&out);
}

enum status flow_values(const struct aggregate_config *config, const struct aggregate_names *names,
                        struct arena *a, struct flow_value **ret, size_t *ret_count,
                        struct error *err)
{
    struct list *l = arena_zalloc(a, sizeof(*l));
    uint32_t concurrency = config->concurrency > 0 ? config->concurrency : AGGREGATE_CONCURRENCY;
    l->arena = a;
    l->err = err;
    add_names(l, names);
    enum status status = add_types(l, config);
    if (status == STATUS_OK)
        status = add_api(l, config->api);
    if (status == STATUS_OK)
        status = add_summary_url(l, config);
    if (status == STATUS_OK)
        status = add_page_url(l, config);
    add_given(l, "summary", config->summary);
    add_given(l, "rows", config->rows);
    add_given(l, "row", config->row);
    add_given(l, "more", config->more);
    add_output(l, config);
    add_number(l, "timeout", config->timeout_s > 0 ? config->timeout_s : AGGREGATE_TIMEOUT);
    add_number(l, "page_timeout", AGGREGATE_PAGE_TIMEOUT);
    add_number(l, "page_size", config->page_size > 0 ? config->page_size : AGGREGATE_PAGE_SIZE);
    add_number(l, "tolerate", config->tolerate);
    add_number(l, "locations_at_once", aggregate_locations_at_once(config));
    add_number(l, "pages_at_once", concurrency < PAGES_AT_ONCE ? concurrency : PAGES_AT_ONCE);
    *ret = l->items;
    *ret_count = l->count;
    return status;
}
