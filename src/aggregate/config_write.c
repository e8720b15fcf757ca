/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration as JSON: single values, and a whole file as `afflux aggregate --init` writes it.
 */
#include "aggregate/config_internal.h"

#include "json/write.h"
#include <stdio.h>

static const void *at(const struct aggregate_config *c, size_t offset)
{
    return (const char *)c + offset;
}

static void put_names(const str *names, uint32_t count, struct buf *out)
{
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR(""));
        json_write_string(out, names[i]);
    }
    buf_add_byte(out, ']');
}

void config_put_value(const struct aggregate_config *c, const struct config_member *m,
                      struct buf *out)
{
    const void *value = at(c, m->at);
    switch (m->kind) {
    case CONFIG_NUMBER: buf_printf(out, "%u", *(const uint32_t *)value); break;
    case CONFIG_FLAG: buf_add(out, *(const bool *)value ? STR("true") : STR("false")); break;
    case CONFIG_QUOTE:
        buf_add(out, *(const bool *)value ? STR("\"minimal\"") : STR("\"all\""));
        break;
    case CONFIG_DELIMITER: json_write_string(out, (str){value, 1}); break;
    case CONFIG_TYPES:
    case CONFIG_COLUMNS:
        put_names(*(const str *const *)value, *(const uint32_t *)at(c, m->count_at), out);
        break;
    case CONFIG_TEXT:
    case CONFIG_URL:
    case CONFIG_TEMPLATE:
    case CONFIG_PATH:
    case CONFIG_LOCATIONS:
    case CONFIG_AUTH:
    case CONFIG_NAME:
    case CONFIG_WORD: json_write_string(out, *(const str *)value); break;
    }
}

bool config_is_default(const struct aggregate_config *c, const struct config_member *m)
{
    struct aggregate_config fresh;
    struct buf value, usual;
    buf_init(&value, SIZE_MAX / 2);
    buf_init(&usual, SIZE_MAX / 2);
    aggregate_config_init(&fresh);
    config_put_value(c, m, &value);
    config_put_value(&fresh, m, &usual);
    bool is = str_eq(buf_str(&value), buf_str(&usual));
    buf_done(&value);
    buf_done(&usual);
    return is;
}

/* ---- a file ---- */

/* What is shown of a member that is as it always is: itself (""), or an example that is not looked
 * at; those that are not here are left out. */
static const struct {
    const char *name, *example;
} shown[] = {
    {"api", "\"https://api.example.com/v1\""},
    {"summary_url", "\"{api}/{location_id}/get-summary\""},
    {"page_url", "\"{api}/{location_id}/get-data?state={type}&limit={limit}&offset={offset}\""},
    {"auth", "\"api-key:X-Api-Key=env:API_KEY\""},
    {"ca_file", "\"ca.pem\""},
    {"concurrency", ""},
    {"per_host", ""},
    {"rate", ""},
    {"retries", ""},
    {"timeout", ""},
    {"locations", "\"locations.csv\""},
    {"types", ""},
    {"page_size", ""},
    {"tolerate", ""},
    {"summary", "\"{'failed': $body.states.failed, 'rejected': $body.states.rejected}\""},
    {"rows", "\"$body.results\""},
    {"row", "\"$merge([{'shop': $location.name}, $row])\""},
    {"more", "\"$count($rows) = $limit\""},
    {"out", "\"report.csv\""},
    {"columns", "[\"location_id\", \"status\"]"},
    {"delimiter", ""},
    {"quote", ""},
};

static const char *example_of(const struct config_member *m)
{
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        if (str_eq(str_of(shown[i].name), str_of(m->name)))
            return shown[i].example;
    return NULL;
}

/* "tables.tasks" begins the object "tables", unless the one before it has. */
static void put_key(struct buf *out, const char *open, const struct config_member *m)
{
    str name = str_of(m->name);
    size_t dot = str_find_byte(name, '.', 0);
    str group = str_sub(name, 0, dot == STR_NONE ? 0 : dot);
    bool goes_on = group.n > 0 && str_eq(str_of(open), group);
    if (*open && !goes_on)
        buf_add(out, STR("}"));
    buf_add(out, goes_on ? STR(", ") : STR(",\n  "));
    if (group.n > 0 && !goes_on)
        buf_printf(out, "\"%.*s\": {", STR_ARG(group));
    buf_printf(out, "\"%s\": ", m->name + (dot == STR_NONE ? 0 : dot + 1));
}

void aggregate_config_write(const struct aggregate_config *c, struct buf *out)
{
    char open[16] = ""; /* the object that the last member stands in */
    buf_add(out, STR("{\n  \"//\": \"Members that begin with // are not looked at. All there are: "
                     "docs/configuration.md\""));
    for (uint32_t i = 0; i < config_member_count; i++) {
        const struct config_member *m = &config_members[i];
        const char *example = example_of(m), *dot = strchr(m->name, '.');
        bool is_default = config_is_default(c, m);
        if (is_default && !example)
            continue;
        if (is_default && *example) {
            buf_printf(out, ",\n  \"// %s\": %s", m->name, example);
            continue;
        }
        put_key(out, open, m);
        config_put_value(c, m, out);
        snprintf(open, sizeof(open), "%.*s", dot ? (int)(dot - m->name) : 0, m->name);
    }
    buf_add(out, *open ? STR("}\n}\n") : STR("\n}\n"));
}
