/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux inspect: what a data folder holds, also while an engine works on it: the list of
 * executions, and of one of them its inside, its history, or every record.
 */
#include "cmd/cmd.h"

#include "asl/apply.h"
#include "asl/history.h"
#include "base/time.h"
#include "cmd/args.h"
#include "cmd/eval_show.h"
#include "cmd/output.h"
#include "engine/inspect.h"
#include "json/write.h"
#include <unistd.h>

enum { OPT_HELP = 1, OPT_DATA, OPT_HISTORY, OPT_RECORDS, OPT_JSON };

static const struct arg_option inspect_table[] = {
    {OPT_DATA, 'd', "data", "DIR", "the data folder (default ./afflux-data)"},
    {OPT_HISTORY, 'H', "history", NULL, "the history's events, a line of JSON each"},
    {OPT_RECORDS, 'r', "records", NULL, "all records that are kept, a line each"},
    {OPT_JSON, 'j', "json", NULL, "the list as lines of JSON"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_inspect_help(struct buf *out)
{
    buf_add(out,
            STR("afflux inspect: look into a data folder\n"
                "\n"
                "usage: afflux inspect [OPTIONS] [EXECUTION]\n"
                "\n"
                "Without EXECUTION lists all executions; with one (its id or name) prints its "
                "inside: frames, what\n"
                "they wait for, documents. Reads only; an engine may be at work on the folder.\n"
                "\n"));
    args_print_help(inspect_table, ARRAY_LEN(inspect_table), out);
    buf_add(out, STR("\n"
                     "Examples\n"
                     "  afflux inspect --data ./kept\n"
                     "  afflux inspect --data ./kept 3 --history\n"
                     "\n"
                     "Exit status: 0 all well; 1 it could not be read; 2 wrong usage.\n"));
}

struct look {
    const char *data, *execution;
    bool is_history, is_records, is_json;
    struct output out;
};

static void say_error(const struct error *err)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    eval_show_message(str_of(err->message), &shown);
    cmd_error("inspect", "%.*s", shown.n > 0 ? (int)shown.n - 1 : 0, shown.p);
    buf_done(&shown);
}

/* ---- the list ---- */

static void put_time(struct buf *out, const char *key, int64_t ms)
{
    char text[32];
    if (ms == STORE_NEVER)
        return;
    size_t n = time_print_iso(ms, text);
    buf_printf(out, ",\"%s\":\"%.*s\"", key, (int)n, text);
}

static void list_json(struct buf *out, const struct inspect_row *row)
{
    buf_printf(out, "{\"id\":%lld,\"machine\":", (long long)row->id);
    json_write_string(out, row->machine);
    buf_add(out, STR(",\"name\":"));
    json_write_string(out, row->name);
    buf_printf(out, ",\"status\":\"%s\"", row->status);
    put_time(out, "started", row->started_ms);
    put_time(out, "stopped", row->stopped_ms);
    put_time(out, "due", row->due_ms);
    buf_add(out, STR("}\n"));
}

static void list_row(void *arg, const struct inspect_row *row)
{
    struct look *look = arg;
    struct buf *out = &look->out.buf;
    char started[32];
    if (look->is_json) {
        list_json(out, row);
    } else {
        size_t n = time_print_iso(row->started_ms, started);
        buf_printf(out, "%8lld  %-9s  %.*s  %.*s  %.*s\n", (long long)row->id, row->status, (int)n,
                   started, STR_ARG(row->machine), STR_ARG(row->name));
    }
    output_check(&look->out);
}

/* ---- one execution ---- */

static void show_record(void *arg, const struct asl_exec *x, const struct asl_record *r)
{
    struct look *look = arg;
    if (look->is_history && asl_record_is_event(r->kind)) {
        asl_history_write(x, r, true, &look->out.buf);
        buf_add_byte(&look->out.buf, '\n');
    } else if (look->is_records) {
        struct buf line;
        buf_init(&line, SIZE_MAX / 2);
        asl_record_print(x->definition, r, &line);
        eval_show_message(buf_str(&line), &look->out.buf);
        buf_done(&line);
    }
    output_check(&look->out);
}

static void show_exec(void *arg, const struct asl_exec *x)
{
    struct look *look = arg;
    look->out.buf.max = SIZE_MAX / 2;
    asl_exec_print(x, &look->out.buf);
}

static enum status show_execution(struct look *look, struct inspect *i, struct error *err)
{
    int64_t id;
    enum status status = inspect_find(i, str_of(look->execution), &id, err);
    if (status != STATUS_OK)
        return status;
    if (look->is_history || look->is_records)
        return inspect_records(i, id, show_record, look, err);
    return inspect_exec(i, id, show_exec, look, err);
}

static int show_all(struct look *look)
{
    struct inspect *i;
    struct error err;
    enum status status = inspect_open(str_of(look->data), &i, &err);
    output_init(&look->out, STDOUT_FILENO, "inspect");
    look->out.buf.max = SIZE_MAX / 2;
    if (status == STATUS_OK) {
        status =
            look->execution ? show_execution(look, i, &err) : inspect_list(i, list_row, look, &err);
        inspect_close(i);
    }
    bool is_written = output_flush(&look->out);
    output_done(&look->out);
    if (status != STATUS_OK)
        say_error(&err);
    return status == STATUS_OK && is_written ? CMD_OK : CMD_FAILED;
}

/* ---- the command line ---- */

static int print_help(void)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    cmd_inspect_help(&text);
    int code = cmd_print("inspect", buf_str(&text));
    buf_done(&text);
    return code;
}

int cmd_inspect(int argc, char **argv)
{
    struct look look = {.data = "afflux-data"};
    struct args a;
    args_init(&a, argc, argv, inspect_table, ARRAY_LEN(inspect_table));
    for (int id = args_next(&a); id != ARG_END; id = args_next(&a)) {
        switch (id) {
        case OPT_HELP: return print_help();
        case OPT_DATA: look.data = a.value[0]; break;
        case OPT_HISTORY: look.is_history = true; break;
        case OPT_RECORDS: look.is_records = true; break;
        case OPT_JSON: look.is_json = true; break;
        case ARG_OPERAND:
            if (look.execution)
                return cmd_usage("inspect", "one execution at a time; what is '%s'?", a.value[0]);
            look.execution = a.value[0];
            break;
        default: return cmd_usage("inspect", "%s", a.message);
        }
    }
    if ((look.is_history || look.is_records) && !look.execution)
        return cmd_usage("inspect", "--history and --records are about one execution: which?");
    if (look.is_history && look.is_records)
        return cmd_usage("inspect", "--history and --records are two ways to show the same");
    return show_all(&look);
}
