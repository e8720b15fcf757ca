/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of members, and how each kind is set and checked. What all must be together is in
 * config_check.c, how a file is read in config_read.c, how one is written in config_write.c.
 */
#include "aggregate/config_internal.h"

#include "aggregate/auth.h"
#include "base/utf8.h"
#include "csv/csv_read.h"
#include "csv/csv_write.h"

#define AT(field) offsetof(struct aggregate_config, field)
#define RESULT true

/* In the order in which files have them. */
const struct config_member config_members[] = {
    {"name", CONFIG_NAME, AT(name), 0, 1, AGGREGATE_NAME_MAX, false},
    {"api", CONFIG_URL, AT(api), 0, 0, 0, RESULT},
    {"summary_url", CONFIG_TEMPLATE, AT(summary_url), 0, 0, 0, RESULT},
    {"page_url", CONFIG_TEMPLATE, AT(page_url), 0, 0, 0, RESULT},
    {"no_summary", CONFIG_FLAG, AT(has_no_summary), 0, 0, 0, RESULT},
    {"auth", CONFIG_AUTH, AT(auth), 0, 0, 0, false},
    {"token_url", CONFIG_URL, AT(token_url), 0, 0, 0, false},
    {"scope", CONFIG_TEXT, AT(scope), 0, 0, 0, false},
    {"connection", CONFIG_PATH, AT(connection), 0, 0, 0, false},
    {"ca_file", CONFIG_PATH, AT(ca_file), 0, 0, 0, false},
    {"concurrency", CONFIG_NUMBER, AT(concurrency), 0, 1, AGGREGATE_CONCURRENCY_MAX, false},
    {"per_host", CONFIG_NUMBER, AT(per_host), 0, 0, AGGREGATE_CONCURRENCY_MAX, false},
    {"rate", CONFIG_NUMBER, AT(rate), 0, 0, AGGREGATE_RATE_MAX, false},
    {"retries", CONFIG_NUMBER, AT(retries), 0, 0, AGGREGATE_RETRIES_MAX, false},
    {"timeout", CONFIG_NUMBER, AT(timeout_s), 0, 1, AGGREGATE_TIMEOUT_MAX, false},
    {"locations", CONFIG_LOCATIONS, AT(locations), 0, 0, 0, false},
    {"types", CONFIG_TYPES, AT(types), AT(type_count), 1, AGGREGATE_TYPES_MAX, RESULT},
    {"page_size", CONFIG_NUMBER, AT(page_size), 0, 1, AGGREGATE_PAGE_SIZE_MAX, RESULT},
    {"tolerate", CONFIG_NUMBER, AT(tolerate), 0, 0, 100, RESULT},
    {"summary", CONFIG_TEXT, AT(summary), 0, 0, 0, RESULT},
    {"rows", CONFIG_TEXT, AT(rows), 0, 0, 0, RESULT},
    {"row", CONFIG_TEXT, AT(row), 0, 0, 0, RESULT},
    {"more", CONFIG_TEXT, AT(more), 0, 0, 0, RESULT},
    {"out", CONFIG_PATH, AT(out), 0, 0, 0, false},
    {"data", CONFIG_PATH, AT(data), 0, 0, 0, false},
    {"keep_parts", CONFIG_FLAG, AT(keeps_parts), 0, 0, 0, false},
    {"columns", CONFIG_COLUMNS, AT(columns), AT(column_count), 1, AGGREGATE_COLUMNS_MAX, RESULT},
    {"delimiter", CONFIG_DELIMITER, AT(delimiter), 0, 0, 0, RESULT},
    {"quote", CONFIG_QUOTE, AT(is_minimal), 0, 0, 0, RESULT},
    {"crlf", CONFIG_FLAG, AT(is_crlf), 0, 0, 0, RESULT},
    {"bom", CONFIG_FLAG, AT(has_bom), 0, 0, 0, RESULT},
    {"loops", CONFIG_NUMBER, AT(loops), 0, 1, AGGREGATE_LOOPS_MAX, false},
    {"workflows", CONFIG_PATH, AT(workflows), 0, 0, 0, false}, /* their texts are results */
    {"tables.tasks", CONFIG_WORD, AT(tasks_table), 0, 3, 255, false},
    {"tables.locations", CONFIG_WORD, AT(locations_table), 0, 3, 255, false},
    {"buckets.parts", CONFIG_WORD, AT(parts_bucket), 0, 3, 63, false},
    {"buckets.output", CONFIG_WORD, AT(output_bucket), 0, 3, 63, false},
    {"job", CONFIG_WORD, AT(job), 0, 1, 255, false},
};
const uint32_t config_member_count = ARRAY_LEN(config_members);

const struct aggregate_pair aggregate_pairs[] = {
    {"auth", "connection"},    {"token_url", "connection"},   {"scope", "connection"},
    {"no_summary", "summary"}, {"no_summary", "summary_url"},
};
const uint32_t aggregate_pair_count = ARRAY_LEN(aggregate_pairs);

void aggregate_config_init(struct aggregate_config *c)
{
    static const str types[] = {{"failed", 6}, {"rejected", 8}};
    *c = (struct aggregate_config){.name = STR("aggregate"),
                                   .concurrency = AGGREGATE_CONCURRENCY,
                                   .retries = AGGREGATE_RETRIES,
                                   .timeout_s = AGGREGATE_TIMEOUT,
                                   .types = types,
                                   .type_count = ARRAY_LEN(types),
                                   .page_size = AGGREGATE_PAGE_SIZE,
                                   .tolerate = AGGREGATE_TOLERATE,
                                   .delimiter = ','};
}

const struct config_member *config_find(str name)
{
    for (uint32_t i = 0; i < config_member_count; i++)
        if (str_eq(str_of(config_members[i].name), name))
            return &config_members[i];
    return NULL;
}

static void *at(struct aggregate_config *c, size_t offset)
{
    return (char *)c + offset;
}

void aggregate_config_reset(struct aggregate_config *c, str member)
{
    static const size_t sizes[] = {
        [CONFIG_NUMBER] = sizeof(uint32_t),   [CONFIG_FLAG] = sizeof(bool),
        [CONFIG_TYPES] = sizeof(const str *), [CONFIG_COLUMNS] = sizeof(const str *),
        [CONFIG_QUOTE] = sizeof(bool),        [CONFIG_DELIMITER] = sizeof(char)};
    struct aggregate_config fresh;
    const struct config_member *m = config_find(member);
    aggregate_config_init(&fresh);
    if (!m)
        return;
    memcpy(at(c, m->at), at(&fresh, m->at), sizes[m->kind] > 0 ? sizes[m->kind] : sizeof(str));
    if (config_is_list(m))
        memcpy(at(c, m->count_at), at(&fresh, m->count_at), sizeof(uint32_t));
}

/* ---- texts ---- */

static enum status wrong(struct error *err, const char *what, str text)
{
    return error_set(err, STATUS_INVALID, "Config", "%s, not '%.*s'", what,
                     text.n > 200 ? 200 : (int)text.n, text.p);
}

static bool is_name(const struct config_member *m, str text, bool may_have_dots)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i], low = (char)(c | 32);
        if (!((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
              (c == '.' && may_have_dots)))
            return false;
    }
    return text.n >= m->low && text.n <= m->high;
}

/* "https://user:password@host/…" would be kept where everybody reads it. */
static bool has_user(str url)
{
    size_t from = str_find(url, STR("://"), 0), at = str_find_byte(url, '@', 0);
    for (size_t i = from == STR_NONE ? url.n : from + 3; i < url.n && i < at; i++)
        if (url.p[i] == '/' || url.p[i] == '?' || url.p[i] == '#')
            return false;
    return from != STR_NONE && at != STR_NONE && at > from;
}

static enum status check_text(const struct config_member *m, str text, struct error *err)
{
    bool is_url = str_starts(text, STR("https://")) || str_starts(text, STR("http://"));
    struct auth auth;
    if (text.n == 0)
        return error_set(err, STATUS_INVALID, "Config", "is empty");
    if (utf8_check(text) != text.n || memchr(text.p, 0, text.n))
        return error_set(err, STATUS_INVALID, "Config", "is not UTF-8, or has a NUL");
    if (text.n > AGGREGATE_TEXT_MAX)
        return error_set(err, STATUS_INVALID, "Config", "has more than %d bytes",
                         AGGREGATE_TEXT_MAX);
    if (m->kind == CONFIG_URL && !is_url)
        return wrong(err, "begins with https:// or http://", text);
    if (m->kind == CONFIG_TEMPLATE && !is_url && text.p[0] != '{')
        return wrong(err, "begins with https://, http:// or a place like {api}", text);
    if ((m->kind == CONFIG_URL || m->kind == CONFIG_TEMPLATE) && has_user(text))
        return error_set(err, STATUS_INVALID, "Config",
                         "has credentials in it; they belong into auth, basic:USER=SECRET");
    if (m->kind == CONFIG_NAME && !is_name(m, text, false))
        return error_set(err, STATUS_INVALID, "Config",
                         "has %u to %u letters, digits, '_' or '-', which '%.*s' has not", m->low,
                         m->high, text.n > 200 ? 200 : (int)text.n, text.p);
    if (m->kind == CONFIG_WORD && !is_name(m, text, true))
        return error_set(err, STATUS_INVALID, "Config",
                         "has %u to %u letters, digits, '_', '-' or '.', which '%.*s' has not",
                         m->low, m->high, text.n > 200 ? 200 : (int)text.n, text.p);
    return m->kind == CONFIG_AUTH ? auth_read(text, &auth, err) : STATUS_OK;
}

static enum status set_delimiter(struct aggregate_config *c, str text, struct error *err)
{
    bool is_tab = str_eq(text, STR("tab")) || str_eq(text, STR("\\t")) || str_eq(text, STR("\t"));
    if (!is_tab && (text.n != 1 || !csv_is_delimiter(text.p[0])))
        return wrong(err,
                     "is 'tab', or one character of ASCII that is no letter, digit, quote, sign or "
                     "dot",
                     text);
    c->delimiter = is_tab ? '\t' : text.p[0];
    return STATUS_OK;
}

static enum status set_quote(struct aggregate_config *c, str text, struct error *err)
{
    c->is_minimal = str_eq(text, STR("minimal"));
    return c->is_minimal || str_eq(text, STR("all")) ? STATUS_OK
                                                     : wrong(err, "is all or minimal", text);
}

/* ---- numbers and flags ---- */

enum status config_set_number(struct aggregate_config *c, const struct config_member *m,
                              double number, struct error *err)
{
    if (!(number >= m->low && number <= m->high) || number != (double)(uint32_t)number)
        return error_set(err, STATUS_INVALID, "Config", "is a whole number from %u to %u, not %.9g",
                         m->low, m->high, number);
    *(uint32_t *)at(c, m->at) = (uint32_t)number;
    return STATUS_OK;
}

static enum status set_digits(struct aggregate_config *c, const struct config_member *m, str text,
                              struct error *err)
{
    double number = 0;
    bool is_number = text.n > 0;
    for (size_t i = 0; i < text.n && is_number; i++) {
        is_number = text.p[i] >= '0' && text.p[i] <= '9' && number <= m->high;
        number = number * 10 + (text.p[i] - '0');
    }
    if (!is_number || number < m->low || number > m->high)
        return error_set(err, STATUS_INVALID, "Config", "is a number from %u to %u, not '%.*s'",
                         m->low, m->high, text.n > 200 ? 200 : (int)text.n, text.p);
    return config_set_number(c, m, number, err);
}

void config_set_flag(struct aggregate_config *c, const struct config_member *m, bool is)
{
    *(bool *)at(c, m->at) = is;
}

/* ---- lists ---- */

static bool is_type(str text)
{
    static const struct config_member bounds = {.low = 1, .high = AGGREGATE_TYPE_MAX};
    return is_name(&bounds, text, true);
}

enum status config_set_names(struct aggregate_config *c, const struct config_member *m,
                             const str *names, uint32_t count, struct error *err)
{
    if (count < m->low || count > m->high)
        return error_set(err, STATUS_INVALID, "Config", "has %u to %u names, not %u", m->low,
                         m->high, count);
    for (uint32_t i = 0; i < count; i++) {
        if (m->kind == CONFIG_TYPES && !is_type(names[i]))
            return error_set(
                err, STATUS_INVALID, "Config",
                "has names of up to %d letters, digits, '_', '-' or '.', which '%.*s' is not",
                AGGREGATE_TYPE_MAX, names[i].n > 200 ? 200 : (int)names[i].n, names[i].p);
        if (names[i].n == 0 || utf8_check(names[i]) != names[i].n ||
            memchr(names[i].p, 0, names[i].n))
            return error_set(err, STATUS_INVALID, "Config",
                             "has a name that is empty, not UTF-8, or has a NUL");
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(names[k], names[i]))
                return error_set(err, STATUS_INVALID, "Config", "has '%.*s' twice",
                                 names[i].n > 200 ? 200 : (int)names[i].n, names[i].p);
    }
    *(const str **)at(c, m->at) = names;
    *(uint32_t *)at(c, m->count_at) = count;
    return STATUS_OK;
}

/* A row of CSV: names with a comma in them are quoted. */
static enum status set_row(struct aggregate_config *c, const struct config_member *m, str text,
                           struct arena *a, struct error *err)
{
    struct csv_reader row;
    size_t used = 0;
    csv_reader_init(&row, ',');
    enum csv_got got = csv_read(&row, text, &used);
    if (got == CSV_MORE)
        got = csv_finish(&row);
    enum status status = STATUS_INVALID;
    if (got != CSV_ROW || used != text.n) {
        status = wrong(err, "is a list of names with commas between them", text);
    } else {
        str *names = arena_alloc(a, row.count * sizeof(*names));
        for (uint32_t i = 0; i < row.count; i++)
            names[i] = str_of(arena_cstr(a, csv_cell(&row, i)));
        status = config_set_names(c, m, names, row.count, err);
    }
    csv_reader_done(&row);
    return status;
}

/* ---- a member ---- */

enum status config_set_text(struct aggregate_config *c, const struct config_member *m, str text,
                            struct arena *a, struct error *err)
{
    if (m->kind == CONFIG_NUMBER)
        return set_digits(c, m, text, err);
    if (m->kind == CONFIG_FLAG) {
        config_set_flag(c, m, true);
        return STATUS_OK;
    }
    enum status status = check_text(m, text, err);
    if (status != STATUS_OK)
        return status;
    if (config_is_list(m))
        return set_row(c, m, text, a, err);
    if (m->kind == CONFIG_DELIMITER)
        return set_delimiter(c, text, err);
    if (m->kind == CONFIG_QUOTE)
        return set_quote(c, text, err);
    *(str *)at(c, m->at) = text;
    return STATUS_OK;
}

enum status aggregate_config_set(struct aggregate_config *c, str member, str text, struct arena *a,
                                 struct error *err)
{
    const struct config_member *m = config_find(member);
    if (!m)
        return error_set(err, STATUS_NOT_FOUND, "Config", "is not known");
    return config_set_text(c, m, text, a, err);
}

/* ---- paths ---- */

str config_place(const struct config_member *m, str text, str (*fn)(void *arg, str path), void *arg,
                 struct arena *a)
{
    struct auth auth;
    bool is_table = m->kind == CONFIG_LOCATIONS && str_starts(text, STR(AGGREGATE_TABLE));
    if (text.n == 0)
        return text;
    if (m->kind == CONFIG_PATH || (m->kind == CONFIG_LOCATIONS && !is_table))
        return fn(arg, text);
    if (m->kind != CONFIG_AUTH || auth_read(text, &auth, NULL) != STATUS_OK || !auth.is_file)
        return text;
    str path = fn(arg, auth.secret);
    return arena_printf(a, "%.*s%.*s", (int)(text.n - auth.secret.n), text.p, STR_ARG(path));
}

void aggregate_config_paths(struct aggregate_config *c, str (*fn)(void *arg, str path), void *arg,
                            struct arena *a)
{
    for (uint32_t i = 0; i < config_member_count; i++) {
        const struct config_member *m = &config_members[i];
        if (m->kind == CONFIG_PATH || m->kind == CONFIG_LOCATIONS || m->kind == CONFIG_AUTH) {
            str *text = at(c, m->at);
            *text = config_place(m, *text, fn, arg, a);
        }
    }
}

void aggregate_config_identity(const struct aggregate_config *c, struct buf *out)
{
    for (uint32_t i = 0; i < config_member_count; i++) {
        const struct config_member *m = &config_members[i];
        if (!m->is_result)
            continue;
        buf_printf(out, "%s:", m->name);
        config_put_value(c, m, out);
        buf_add_byte(out, '\n');
    }
}
