/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `afflux aggregate`, and its help. An option that is a member of the
 * configuration file has the member's name with '-' for '_', and is set by aggregate/config.c; here
 * are the others, and what holds between options and a file.
 */
#include "cmd/aggregate_options.h"

#include "cmd/aggregate_file.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include <unistd.h>

enum {
    OPT_HELP = 1,
    OPT_CONFIG,
    OPT_INIT,
    OPT_RETRY,
    OPT_JSON,
    OPT_QUIET,
    OPT_MEMBER, /* of the file */
    OPTIONS_MAX = 64
};

static const struct arg_option aggregate_table[] = {
    {0, 0, NULL, NULL, "Whom to ask"},
    {OPT_MEMBER, 'a', "api", "URL",
     "where the API begins; {COLUMN} is a location's. A\nlocation's own column url replaces it"},
    {OPT_MEMBER, 0, "summary-url", "TEMPLATE", "default {api}/{location_id}/get-summary"},
    {OPT_MEMBER, 0, "page-url", "TEMPLATE",
     "default {api}/{location_id}/get-data\n"
     "?state={type}&limit={limit}&offset={offset}; also {page},\nfrom 1, and {COLUMN}"},
    {OPT_MEMBER, 0, "no-summary", NULL, "nothing says how many rows there are"},
    {OPT_MEMBER, 0, "auth", "HOW",
     "api-key:HEADER=SECRET, basic:USER=SECRET,\noauth:CLIENT_ID=SECRET or none, where SECRET is\n"
     "env:VARIABLE or file:PATH"},
    {OPT_MEMBER, 0, "token-url", "URL", "where an oauth client gets its token,"},
    {OPT_MEMBER, 0, "scope", "TEXT", "and what for"},
    {OPT_MEMBER, 0, "connection", "FILE",
     "instead of --auth: JSON as EventBridge's CreateConnection\ntakes it"},
    {OPT_MEMBER, 0, "ca-file", "FILE", "certificates to trust (default: the system's)"},
    {0, 0, NULL, NULL, "How fast, and how patiently"},
    {OPT_MEMBER, 'c', "concurrency", "N", "calls at a time, in all (default 20)"},
    {OPT_MEMBER, 0, "per-host", "N", "calls at a time to a host (default 0: no such limit)"},
    {OPT_MEMBER, 0, "rate", "N", "calls a second to a host (default 0: no such limit)"},
    {OPT_MEMBER, 0, "retries", "N", "of a call that failed in a way that passes (default 4)"},
    {OPT_MEMBER, 0, "timeout", "SECONDS", "of a call (default 60)"},
    {OPT_MEMBER, 0, "loops", "N", "threads that do it (default: one per core)"},
    {0, 0, NULL, NULL, "What to ask for, and what it means (EXPR is JSONata)"},
    {OPT_MEMBER, 'l', "locations", "WHERE",
     "CSV with a column location_id, or JSON Lines; or\ntable:NAME[/KEY], of the data folder"},
    {OPT_MEMBER, 0, "types", "A,B", "types of rows (default failed,rejected)"},
    {OPT_MEMBER, 'p', "page-size", "N", "rows asked for at a time (default 400)"},
    {OPT_MEMBER, 't', "tolerate", "PERCENT",
     "of locations that may fail before all is given up\n(default 100)"},
    {OPT_MEMBER, 's', "summary", "EXPR",
     "makes {\"failed\": N, \"rejected\": N} of the $body of a\nsummary"},
    {OPT_MEMBER, 0, "rows", "EXPR", "makes an array of rows of $body and $headers of a page"},
    {OPT_MEMBER, 'r', "row", "EXPR",
     "makes a line of the CSV of a $row; it knows $location and\n$type_of_rows"},
    {OPT_MEMBER, 0, "more", "EXPR",
     "is there another page? It knows $body, $headers, $rows,\n$offset and $limit"},
    {OPT_RETRY, 0, "retry-failed", NULL,
     "fetch again what failed, or differs from what was "
     "announced"},
    {0, 0, NULL, NULL, "What comes out"},
    {OPT_MEMBER, 'o', "out", "FILE.csv",
     "the CSV; beside it FILE.ledger.csv says what became of each\n"
     "location"},
    {OPT_MEMBER, 'd', "data", "DIR",
     "where all is kept that makes it go on (default: FILE.afflux)"},
    {OPT_MEMBER, 0, "keep-parts", NULL, "leave all parts there, also when they are in the CSV"},
    {OPT_MEMBER, 0, "columns", "A,B", "exactly these columns (default: all, as they occur first)"},
    {OPT_MEMBER, 0, "delimiter", "CHAR", "instead of a comma; 'tab' for a tab"},
    {OPT_MEMBER, 0, "quote", "WHICH", "all cells (the default), or minimal"},
    {OPT_MEMBER, 0, "crlf", NULL, "end lines with CR LF"},
    {OPT_MEMBER, 0, "bom", NULL, "begin with a byte order mark"},
    {0, 0, NULL, NULL, "A folder with a configuration file"},
    {OPT_CONFIG, 0, "config", "FILE", "this configuration file, instead of DIR/" AGGREGATE_FILE},
    {OPT_INIT, 0, "init", "DIR",
     "write DIR/" AGGREGATE_FILE " with the options given, the\nworkflows to change, and a list of "
     "locations; nothing else\nis done"},
    {0, 0, NULL, NULL, "What is printed"},
    {OPT_JSON, 'j', "json", NULL, "events and the result as JSON Lines"},
    {OPT_QUIET, 'q', "quiet", NULL, "neither progress nor result; errors still"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};
_Static_assert(ARRAY_LEN(aggregate_table) <= OPTIONS_MAX, "each has a bit");

void cmd_aggregate_help(struct buf *out)
{
    buf_add(out,
            STR("afflux aggregate: the rows of many locations, in one CSV\n"
                "\n"
                "usage: afflux aggregate --api URL --locations FILE --auth HOW --out FILE.csv "
                "[OPTIONS]\n"
                "       afflux aggregate DIR [OPTIONS]\n"
                "       afflux aggregate --config FILE [OPTIONS]\n"
                "       afflux aggregate --init DIR [OPTIONS]\n"
                "\n"
                "Asks an API for the failed and the rejected rows of each location, page by "
                "page and many at a\n"
                "time, and accounts for every row. It may be interrupted or killed at any "
                "moment: the same\n"
                "command goes on where it was, also with other limits.\n"
                "\n"
                "DIR has a file " AGGREGATE_FILE
                ", whose members are these options with '_' for '-'; options given\n"
                "count more. Paths in it are meant from its folder (docs/configuration.md).\n"));
    args_print_help(aggregate_table, ARRAY_LEN(aggregate_table), out);
    buf_add(
        out,
        STR("\n"
            "The API, unless told otherwise\n"
            "  GET URL/LOCATION/get-summary                      {\"states\": {\"failed\": N, "
            "\"rejected\": N}}\n"
            "  GET URL/LOCATION/get-data?state=S&limit=N&offset=N   {\"results\": [ROW, …]}, or "
            "an array\n"
            "  Pages may say \"has_more\", \"total\" or \"next\".\n"
            "\n"
            "Examples\n"
            "  export KEY=…\n"
            "  afflux aggregate --api https://api.example.com/v1 --locations shops.csv \\\n"
            "      --auth api-key:Authorization=env:KEY --out report.csv\n"
            "  afflux aggregate … --row '$merge([{\"shop\": $location.name}, $row])'\n"
            "  afflux aggregate … --auth oauth:my-client=file:secret.txt \\\n"
            "      --token-url https://login.example.com/token --scope read\n"
            "  afflux aggregate … --concurrency 100 --per-host 10 --rate 50\n"
            "  afflux aggregate --init shop --api https://api.example.com/v1\n"
            "  afflux aggregate shop --out today.csv\n"
            "\n"
            "Exit status: 0 all well; 1 failed; 2 wrong usage; 3 there is a file, but some "
            "locations failed or\n"
            "have other counts than announced; 130 interrupted.\n"));
}

/* ---- options and members ---- */

struct words {
    struct aggregate_options *o;
    bool is_given[OPTIONS_MAX]; /* by row of the table */
    const char *folder, *config;
};

/* The member that an option is. */
static str member_of(const struct arg_option *option, struct arena *a)
{
    char *name = arena_cstr(a, str_of(option->name));
    for (char *p = name; *p; p++)
        if (*p == '-')
            *p = '_';
    return str_of(name);
}

/* How an option of this member is called. */
static const char *option_of(const char *member, struct arena *a)
{
    char *name = arena_cstr(a, str_of(member));
    for (char *p = name; *p; p++)
        if (*p == '_')
            *p = '-';
    return name;
}

static bool is_given(struct words *w, const char *member)
{
    str name = str_of(option_of(member, &w->o->arena));
    for (size_t i = 0; i < ARRAY_LEN(aggregate_table); i++)
        if (w->is_given[i] && str_eq(str_of(aggregate_table[i].name), name))
            return true;
    return false;
}

static int note_operand(struct words *w, const char *value)
{
    if (w->folder)
        return cmd_usage("aggregate", "one folder at a time: '%s' is a second one", value);
    w->folder = value;
    return CMD_OK;
}

/* All but members; which of them are given. */
static int read_others(struct words *w, int argc, char **argv)
{
    struct aggregate_options *o = w->o;
    struct args a;
    int id, code = CMD_OK;
    args_init(&a, argc, argv, aggregate_table, ARRAY_LEN(aggregate_table));
    while (code == CMD_OK && (id = args_next(&a)) != ARG_END) {
        switch (id) {
        case OPT_HELP: o->is_help = true; break;
        case OPT_CONFIG: w->config = a.value[0]; break;
        case OPT_INIT: o->init = a.value[0]; break;
        case OPT_RETRY: o->is_retry = true; break;
        case OPT_JSON: o->is_json = true; break;
        case OPT_QUIET: o->is_quiet = true; break;
        case OPT_MEMBER: w->is_given[a.option - aggregate_table] = true; break;
        case ARG_OPERAND: code = note_operand(w, a.value[0]); break;
        default: code = cmd_usage("aggregate", "%s", a.message); break;
        }
    }
    return code;
}

static int read_members(struct words *w, int argc, char **argv)
{
    struct aggregate_options *o = w->o;
    struct args a;
    struct error err;
    int id, code = CMD_OK;
    args_init(&a, argc, argv, aggregate_table, ARRAY_LEN(aggregate_table));
    while (code == CMD_OK && (id = args_next(&a)) != ARG_END) {
        if (id != OPT_MEMBER)
            continue;
        str value = a.option->value ? str_of(a.value[0]) : STR("");
        if (aggregate_config_set(&o->config, member_of(a.option, &o->arena), value, &o->arena,
                                 &err) != STATUS_OK)
            code = cmd_usage("aggregate", "--%s %s", a.option->name, err.message);
    }
    return code;
}

/* ---- what goes together ---- */

static int check_words(struct words *w)
{
    const struct aggregate_options *o = w->o;
    for (uint32_t i = 0; i < aggregate_pair_count; i++) {
        const struct aggregate_pair *p = &aggregate_pairs[i];
        if (is_given(w, p->one) && is_given(w, p->other))
            return cmd_usage("aggregate", "--%s and --%s exclude each other: give one of them",
                             option_of(p->one, &w->o->arena), option_of(p->other, &w->o->arena));
    }
    if (w->folder && w->config)
        return cmd_usage("aggregate", "'%s' and --config exclude each other: give one of them",
                         w->folder);
    if (o->init && (w->folder || w->config))
        return cmd_usage("aggregate", "--init writes a new configuration file, and reads none");
    if (o->init && (o->is_retry || o->is_json))
        return cmd_usage("aggregate", "--init does nothing but write files: no --%s with it",
                         o->is_retry ? "retry-failed" : "json");
    if (o->init && !*o->init)
        return cmd_usage("aggregate", "--init names a folder");
    return CMD_OK;
}

/* What the file says and an option replaces as a whole. */
static void make_room(struct words *w)
{
    struct aggregate_config *c = &w->o->config;
    for (uint32_t i = 0; i < aggregate_pair_count; i++) {
        const struct aggregate_pair *p = &aggregate_pairs[i];
        if (is_given(w, p->one))
            aggregate_config_reset(c, str_of(p->other));
        if (is_given(w, p->other))
            aggregate_config_reset(c, str_of(p->one));
    }
    if (is_given(w, "auth")) {
        aggregate_config_reset(c, STR("token_url"));
        aggregate_config_reset(c, STR("scope"));
    }
}

static int read_file(struct words *w)
{
    struct aggregate_options *o = w->o;
    struct error err;
    o->file = w->folder ? aggregate_file_in(w->folder, &o->arena) : w->config;
    if (!o->file)
        return CMD_OK;
    if (aggregate_file_read(o->file, &o->config, &o->arena, &err) == STATUS_OK) {
        make_room(w);
        return CMD_OK;
    }
    cmd_error("aggregate", "%s", err.message);
    if (err.status == STATUS_NOT_FOUND && w->folder)
        cmd_error("aggregate", "'afflux aggregate --init %s' writes one", w->folder);
    return CMD_USAGE;
}

static int check_config(struct words *w)
{
    struct aggregate_options *o = w->o;
    struct error err;
    const char *member;
    if (aggregate_config_check(&o->config, false, &member, &err) == STATUS_OK)
        return CMD_OK;
    if (!o->file || is_given(w, member))
        return cmd_usage("aggregate", "--%s %s", option_of(member, &o->arena), err.message);
    cmd_error("aggregate", "%s: %s %s", o->file, member, err.message);
    return CMD_USAGE;
}

/* ---- what follows from others ---- */

static uint32_t loops_of(const struct aggregate_config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t loops = c->loops > 0                  ? c->loops
                     : cores < 1                   ? 1
                     : cores > AGGREGATE_LOOPS_MAX ? AGGREGATE_LOOPS_MAX
                                                   : (uint32_t)cores;
    const uint32_t limits[] = {c->concurrency, c->per_host, c->rate};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (limits[i] > 0 && limits[i] < loops)
            loops = limits[i];
    return loops;
}

static void settle(struct aggregate_options *o)
{
    struct aggregate_config *c = &o->config;
    o->loops = loops_of(c);
    if (c->data.n == 0)
        c->data = arena_printf(&o->arena, "%.*s.afflux", (int)c->out.n - 4, c->out.p);
}

int aggregate_options_read(struct aggregate_options *o, int argc, char **argv)
{
    struct words w = {.o = o};
    *o = (struct aggregate_options){0};
    arena_init(&o->arena, 0);
    aggregate_config_init(&o->config);
    int code = read_others(&w, argc, argv);
    if (code != CMD_OK || o->is_help)
        return code;
    code = check_words(&w);
    if (code == CMD_OK)
        code = read_file(&w);
    if (code == CMD_OK)
        code = read_members(&w, argc, argv);
    if (code != CMD_OK || o->init)
        return code;
    code = check_config(&w);
    if (code == CMD_OK)
        settle(o);
    return code;
}

void aggregate_options_done(struct aggregate_options *o)
{
    arena_done(&o->arena);
}

/* Calls of a second are spread over it: a host that counts them by the second never sees more than
 * a twentieth too many. */
struct http_limits_options aggregate_limits(const struct aggregate_config *c)
{
    return (struct http_limits_options){
        .in_flight = c->concurrency,
        .host = {.in_flight = c->per_host, .per_second = c->rate, .burst = c->rate / 20 + 1}};
}
