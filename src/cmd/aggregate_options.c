/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux aggregate`, its help, and what --auth means. */
#include "cmd/aggregate_options.h"

#include "base/utf8.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/reader.h"
#include "json/write.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_HELP = 1,
    OPT_API,
    OPT_LOCATIONS,
    OPT_AUTH,
    OPT_OUT,
    OPT_DATA,
    OPT_PAGE_SIZE,
    OPT_CONCURRENCY,
    OPT_TOLERATE,
    OPT_LOOPS,
    OPT_ROW,
    OPT_SUMMARY,
    OPT_RETRY,
    OPT_JSON,
    OPT_QUIET,
};

static const struct arg_option aggregate_table[] = {
    {0, 0, NULL, NULL, "What is wanted"},
    {OPT_API, 'a', "api", "URL", "where the API begins"},
    {OPT_LOCATIONS, 'l', "locations", "FILE",
     "CSV with a column location_id, or JSON Lines; a location\nwith a url is asked there"},
    {OPT_AUTH, 0, "auth", "HOW",
     "api-key:HEADER=SECRET or basic:USER=SECRET, where SECRET\nis env:VARIABLE or file:PATH"},
    {OPT_OUT, 'o', "out", "FILE.csv",
     "the CSV; beside it FILE.ledger.csv says what became of each\n"
     "location"},
    {0, 0, NULL, NULL, "How"},
    {OPT_DATA, 'd', "data", "DIR",
     "where all is kept that makes it go on (default " AGGREGATE_DATA ")"},
    {OPT_PAGE_SIZE, 'p', "page-size", "N", "rows asked for at a time (default 400)"},
    {OPT_CONCURRENCY, 'c', "concurrency", "N", "calls to a host at a time (default 20)"},
    {OPT_TOLERATE, 't', "tolerate", "PERCENT",
     "of locations that may fail before all is given up\n(default 100)"},
    {OPT_LOOPS, 0, "loops", "N", "threads that do it (default: one per core)"},
    {OPT_ROW, 'r', "row", "EXPR",
     "JSONata that makes a line of the CSV of a $row; it knows\n$location and $type_of_rows"},
    {OPT_SUMMARY, 's', "summary", "EXPR",
     "JSONata that makes {\"failed\": N, \"rejected\": N} of the\n$body of a summary"},
    {OPT_RETRY, 0, "retry-failed", NULL,
     "fetch again what failed, or differs from what was "
     "announced"},
    {0, 0, NULL, NULL, "What is printed"},
    {OPT_JSON, 'j', "json", NULL, "the result as JSON"},
    {OPT_QUIET, 'q', "quiet", NULL, "neither progress nor result; errors still"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_aggregate_help(struct buf *out)
{
    buf_add(out, STR("afflux aggregate: the rows of many locations, in one CSV\n"
                     "\n"
                     "usage: afflux aggregate --api URL --locations FILE --auth HOW --out FILE.csv "
                     "[OPTIONS]\n"
                     "\n"
                     "Asks an API for the failed and the rejected rows of each location, page by "
                     "page and many at a\n"
                     "time, and accounts for every row. It may be interrupted or killed at any "
                     "moment: the same\n"
                     "command goes on where it was.\n"));
    args_print_help(aggregate_table, ARRAY_LEN(aggregate_table), out);
    buf_add(
        out,
        STR("\n"
            "The API\n"
            "  GET URL/LOCATION/get-summary                      {\"states\": {\"failed\": N, "
            "\"rejected\": N}}\n"
            "  GET URL/LOCATION/get-data?state=S&limit=N&offset=N   {\"results\": [ROW, …]}, or "
            "an array\n"
            "  Pages may say \"has_more\" or \"total\". Other APIs: workflows/README.md.\n"
            "\n"
            "Examples\n"
            "  export KEY=…\n"
            "  afflux aggregate --api https://api.example.com/v1 --locations shops.csv \\\n"
            "      --auth api-key:Authorization=env:KEY --out report.csv\n"
            "  afflux aggregate … --row '$merge([{\"shop\": $location.name}, $row])'\n"
            "\n"
            "Exit status: 0 all well; 1 failed; 2 wrong usage; 3 there is a file, but some "
            "locations failed or\n"
            "have other counts than announced; 130 interrupted.\n"));
}

static int read_text(const char *name, const char *value, str *ret)
{
    *ret = str_of(value);
    if (ret->n == 0 || utf8_check(*ret) != ret->n)
        return cmd_usage("aggregate", "--%s is empty, or not UTF-8", name);
    return CMD_OK;
}

static int read_option(struct aggregate_options *o, int id, const struct args *a)
{
    struct aggregate_config *c = &o->config;
    const char *value = a->value[0];
    switch (id) {
    case OPT_HELP: o->is_help = true; break;
    case OPT_API: return read_text("api", value, &c->api);
    case OPT_LOCATIONS: c->locations = str_of(value); break;
    case OPT_AUTH: return read_text("auth", value, &c->auth);
    case OPT_OUT: c->out = str_of(value); break;
    case OPT_DATA: c->data = str_of(value); break;
    case OPT_ROW: return read_text("row", value, &c->row);
    case OPT_SUMMARY: return read_text("summary", value, &c->summary);
    case OPT_RETRY: o->is_retry = true; break;
    case OPT_JSON: o->is_json = true; break;
    case OPT_QUIET: o->is_quiet = true; break;
    case OPT_PAGE_SIZE:
        return cmd_number("aggregate", "page-size", value, 1, AGGREGATE_PAGE_SIZE_MAX,
                          &c->page_size);
    case OPT_CONCURRENCY:
        return cmd_number("aggregate", "concurrency", value, 1, AGGREGATE_CONCURRENCY_MAX,
                          &c->concurrency);
    case OPT_TOLERATE: return cmd_number("aggregate", "tolerate", value, 0, 100, &c->tolerate);
    case OPT_LOOPS:
        return cmd_number("aggregate", "loops", value, 1, AGGREGATE_LOOPS_MAX, &o->loops);
    case ARG_OPERAND: return cmd_usage("aggregate", "what is '%s'? There are only options", value);
    default: return cmd_usage("aggregate", "%s", a->message);
    }
    return CMD_OK;
}

static int check(struct aggregate_options *o)
{
    const struct aggregate_config *c = &o->config;
    const struct {
        const char *name;
        str value;
    } needed[] = {{"api", c->api}, {"locations", c->locations}, {"auth", c->auth}, {"out", c->out}};
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (needed[i].value.n == 0)
            return cmd_usage("aggregate", "--%s is missing", needed[i].name);
    if (!str_starts(c->api, STR("https://")) && !str_starts(c->api, STR("http://")))
        return cmd_usage("aggregate", "--api begins with https:// or http://, not '%s'", c->api.p);
    if (!str_ends(c->out, STR(".csv")))
        return cmd_usage("aggregate", "--out ends with .csv, not '%s'", c->out.p);
    if (o->loops > c->concurrency)
        o->loops = c->concurrency;
    return CMD_OK;
}

int aggregate_options_read(struct aggregate_options *o, int argc, char **argv)
{
    struct args a;
    int id, code = CMD_OK;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (struct aggregate_options){.loops = cores < 1                     ? 1
                                             : cores > AGGREGATE_LOOPS_MAX ? AGGREGATE_LOOPS_MAX
                                                                           : (uint32_t)cores};
    aggregate_config_init(&o->config);
    o->config.data = STR(AGGREGATE_DATA);
    args_init(&a, argc, argv, aggregate_table, ARRAY_LEN(aggregate_table));
    while (code == CMD_OK && (id = args_next(&a)) != ARG_END)
        code = read_option(o, id, &a);
    return code != CMD_OK || o->is_help ? code : check(o);
}

/* ---- --auth ---- */

static enum status wrong(struct error *err)
{
    return error_set(err, STATUS_INVALID, "Auth",
                     "--auth is api-key:HEADER=SECRET or basic:USER=SECRET, SECRET being "
                     "env:VARIABLE or file:PATH");
}

static enum status read_secret(str from, struct buf *out, struct error *err)
{
    const char *name = from.p + sizeof("file:") - 1; /* NUL-terminated, as all of the option */
    if (str_starts(from, STR("env:"))) {
        name = from.p + sizeof("env:") - 1;
        const char *value = getenv(name);
        if (!value || !*value)
            return error_set(err, STATUS_NOT_FOUND, "Auth", "--auth: the variable %s is not set",
                             name);
        buf_add(out, str_of(value));
    } else if (!str_starts(from, STR("file:"))) {
        return wrong(err);
    } else if (!reader_read_file(name, AGGREGATE_SECRET_MAX, out)) {
        return error_set(err, STATUS_NOT_FOUND, "Auth", "--auth: %s: %s", name,
                         strerrordesc_np(errno));
    }
    while (out->n > 0 && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--; /* the end of a file's line is no part of it */
    return STATUS_OK;
}

enum status aggregate_connection(const struct aggregate_config *c, str name, struct buf *out,
                                 struct error *err)
{
    str text = c->auth;
    bool is_key = str_starts(text, STR("api-key:"));
    size_t begin = is_key ? sizeof("api-key:") - 1 : sizeof("basic:") - 1;
    size_t equals = str_find_byte(text, '=', 0);
    if ((!is_key && !str_starts(text, STR("basic:"))) || equals == STR_NONE || equals <= begin)
        return wrong(err);
    struct buf secret;
    buf_init(&secret, AGGREGATE_SECRET_MAX);
    enum status status = read_secret(str_sub(text, equals + 1, text.n), &secret, err);
    if (status == STATUS_OK) {
        buf_add(out, STR("{\"Name\":"));
        json_write_string(out, name);
        buf_add(out, is_key ? STR(",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
                                  "\"ApiKeyAuthParameters\":{\"ApiKeyName\":")
                            : STR(",\"AuthorizationType\":\"BASIC\",\"AuthParameters\":{"
                                  "\"BasicAuthParameters\":{\"Username\":"));
        json_write_string(out, str_sub(text, begin, equals));
        buf_add(out, is_key ? STR(",\"ApiKeyValue\":") : STR(",\"Password\":"));
        json_write_string(out, buf_str(&secret));
        buf_add(out, STR("}}}"));
    }
    buf_done(&secret);
    return status;
}
