/* SPDX-License-Identifier: Apache-2.0 */
/* Options of afflux consolidate: the table, its help, and whether values make sense. */
#include "cmd/consolidate_options.h"

#include "base/check.h"
#include "base/utf8.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include <stdlib.h>
#include <string.h>

enum {
    OPT_OUTPUT = 1,
    OPT_COLUMNS,
    OPT_QUOTE,
    OPT_DELIMITER,
    OPT_CRLF,
    OPT_BOM,
    OPT_SKIP_BAD,
    OPT_LEDGER,
    OPT_THREADS,
    OPT_JSON,
    OPT_QUIET,
    OPT_HELP
};

static const struct arg_option consolidate_table[] = {
    {OPT_OUTPUT, 'o', "output", "FILE", "the CSV; there as a whole or not at all"},
    {OPT_COLUMNS, 'c', "columns", "NAMES",
     "exactly these columns, in this order: a,b or \"a,1\",b; other\n"
     "members are left out (default: all, as they occur first)"},
    {OPT_SKIP_BAD, 's', "skip-bad", NULL, "leave bad parts out and report them (default: fail)"},
    {OPT_LEDGER, 'l', "ledger", "FILE",
     "a line of JSON for each part: its key, rows, bytes, error"},
    {OPT_JSON, 'j', "json", NULL, "the result as JSON"},
    {OPT_QUIET, 'q', "quiet", NULL, "neither progress nor result; errors still"},
    {0, 0, NULL, NULL, "The CSV"},
    {OPT_QUOTE, 0, "quote", "WHICH", "all cells (the default), or minimal"},
    {OPT_DELIMITER, 0, "delimiter", "CHAR", "instead of a comma; 'tab' for a tab"},
    {OPT_CRLF, 0, "crlf", NULL, "end lines with CR LF"},
    {OPT_BOM, 0, "bom", NULL, "begin with a byte order mark"},
    {0, 0, NULL, NULL, "Other"},
    {OPT_THREADS, 't', "threads", "N", "threads (default: one per core)"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_consolidate_help(struct buf *out)
{
    buf_add(out, STR("afflux consolidate: JSON parts to one CSV\n"
                     "\n"
                     "usage: afflux consolidate [OPTIONS] -o OUT.csv FILE|DIR …\n"
                     "\n"
                     "Parts are files: arrays of objects, JSON Lines, single objects, or any of "
                     "these as text in a JSON\n"
                     "string. Of a folder, all .json, .jsonl and .ndjson files in it and below it. "
                     "Each object is a row;\n"
                     "rows stand in the order of the parts' paths. Nested values become compact "
                     "JSON, what is missing\n"
                     "and null become empty cells. Memory does not grow with the number or size of "
                     "parts.\n"
                     "\n"));
    args_print_help(consolidate_table, ARRAY_LEN(consolidate_table), out);
    buf_add(out, STR("\n"
                     "Examples\n"
                     "  afflux consolidate parts/ -o all.csv\n"
                     "  afflux consolidate -o all.csv --columns id,name,total --skip-bad --json "
                     "parts/ more.jsonl\n"
                     "  afflux consolidate parts/ -o excel.csv --delimiter ';' --bom --crlf\n"
                     "\n"
                     "Exit status: 0 all well (with --skip-bad also when parts were left out); 1 "
                     "failed, nothing was\n"
                     "written; 2 wrong usage; 130 interrupted, nothing was written.\n"));
}

static bool wrong(const char *option, const char *value, const char *wanted)
{
    cmd_usage("consolidate", "option --%s: '%s' is not %s", option, value, wanted);
    return false;
}

static bool take_quote(struct consolidate_words *w, const char *value)
{
    bool is_all = strcmp(value, "all") == 0;
    w->job.dialect.quote = is_all ? CSV_QUOTE_ALL : CSV_QUOTE_MINIMAL;
    return is_all || strcmp(value, "minimal") == 0 || wrong("quote", value, "all or minimal");
}

static bool take_delimiter(struct consolidate_words *w, const char *value)
{
    char c = strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0 ? '\t' : value[0];
    if (c != '\t' && (value[0] == '\0' || value[1] != '\0' || !csv_is_delimiter(c)))
        return wrong("delimiter", value,
                     "one character of ASCII that is no letter, digit, quote, sign or dot");
    w->job.dialect.delimiter = c;
    return true;
}

static bool take_threads(struct consolidate_words *w, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || n < 1 || n > CONSOLIDATE_MAX_THREADS)
        return wrong("threads", value, "a number from 1 to 64");
    w->job.threads = (uint32_t)n;
    return true;
}

/* Names are written as a row of CSV. */
static bool take_columns(struct consolidate_words *w, const char *value)
{
    size_t used = 0;
    str text = str_of(value);
    if (w->columns)
        return wrong("columns", value, "to be given twice");
    if (utf8_check(text) != text.n)
        return wrong("columns", value, "UTF-8");
    enum csv_got got = csv_read(&w->names, text, &used);
    if (got == CSV_MORE)
        got = csv_finish(&w->names);
    if (got != CSV_ROW || used != text.n)
        return wrong("columns", value, "a list of names");
    w->columns = calloc(w->names.count, sizeof(*w->columns));
    check(w->columns != NULL);
    for (uint32_t i = 0; i < w->names.count; i++) {
        w->columns[i] = csv_cell(&w->names, i);
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(w->columns[k], w->columns[i]))
                return wrong("columns", value, "a list of different names");
        }
    }
    w->job.columns = w->columns;
    w->job.column_count = w->names.count;
    return true;
}

static bool take(struct consolidate_words *w, int option, const char *value)
{
    switch (option) {
    case ARG_OPERAND: w->paths[w->path_count++] = str_of(value); return true;
    case OPT_OUTPUT: w->output = value; return true;
    case OPT_LEDGER: w->ledger = value; return true;
    case OPT_COLUMNS: return take_columns(w, value);
    case OPT_QUOTE: return take_quote(w, value);
    case OPT_DELIMITER: return take_delimiter(w, value);
    case OPT_THREADS: return take_threads(w, value);
    case OPT_CRLF: w->job.dialect.has_crlf = true; return true;
    case OPT_BOM: w->job.dialect.has_mark = true; return true;
    case OPT_SKIP_BAD: w->job.skips_bad = true; return true;
    case OPT_JSON: w->is_json = true; return true;
    case OPT_QUIET: w->is_quiet = true; return true;
    default: w->is_help = true; return true;
    }
}

static bool check_words(const struct consolidate_words *w)
{
    if (w->is_help)
        return true;
    if (w->path_count == 0)
        cmd_usage("consolidate", "no parts: name files or folders of JSON");
    else if (!w->output || w->output[0] == '\0')
        cmd_usage("consolidate", "no output: name the CSV with -o FILE");
    else if (w->ledger && strcmp(w->ledger, w->output) == 0)
        cmd_usage("consolidate", "the ledger cannot be the output");
    else
        return true;
    return false;
}

bool consolidate_words_read(struct consolidate_words *w, int argc, char **argv)
{
    struct args args;
    int option;
    *w = (struct consolidate_words){.job.dialect = csv_dialect_default()};
    csv_reader_init(&w->names, ',');
    w->paths = calloc((size_t)argc, sizeof(*w->paths));
    check(w->paths != NULL);
    args_init(&args, argc, argv, consolidate_table, ARRAY_LEN(consolidate_table));
    while ((option = args_next(&args)) != ARG_END) {
        if (option == ARG_WRONG) {
            cmd_usage("consolidate", "%s", args.message);
            return false;
        }
        if (!take(w, option, args.value[0]))
            return false;
    }
    return check_words(w);
}

void consolidate_words_done(struct consolidate_words *w)
{
    csv_reader_done(&w->names);
    free(w->columns);
    free(w->paths);
}
