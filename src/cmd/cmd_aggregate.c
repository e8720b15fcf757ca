/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux aggregate: the workflows of workflows/ on an engine of this process.
 *
 *   setup ──► parent (──► parent once more, for what failed) ──► copy of the CSV ──► ledger
 *
 * Each step is an execution whose name follows from what was asked for, so whatever ends this
 * process, the same command goes on. The workflows are aggregate_flows.c's, files
 * aggregate_end.c's.
 */
#include "aggregate/locations.h"
#include "cmd/aggregate_end.h"
#include "cmd/aggregate_file.h"
#include "cmd/aggregate_flows.h"
#include "cmd/aggregate_init.h"
#include "cmd/aggregate_show.h"
#include "cmd/aggregate_tune.h"
#include "cmd/cmd.h"
#include "cmd/eval_show.h"
#include "cmd/house.h"
#include "cmd/output.h"
#include "cmd/reader.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { RETRIES_MAX = 10000, CMD_PARTIAL = 3 };

struct aggregate {
    const struct aggregate_options *options;
    struct aggregate_texts texts;
    struct arena arena;
    struct buf locations, input; /* the list as it came; the setup's input */
    uint32_t location_count;
    str run;
    struct loop *loop;
    struct engine *engine;
    struct house house;
    struct http_limits_options limits;
    struct aggregate_show show;
    struct aggregate_tune tune;
    struct loop_timer timer;
    int64_t execution; /* of the parent */
    bool has_retried, is_interrupted, is_over, was_finished;
    enum status status; /* and why, when it is over without an end */
    struct error err;

    /* the end */
    bool has_succeeded; /* the parent */
    struct buf failure; /* what it failed of */
    struct ledger ledger;
    struct aggregate_copy copy;
    bool is_copying;
};

static void over(struct aggregate *g, enum status status)
{
    g->status = status;
    g->is_over = true;
    loop_stop(g->loop);
}

/* ---- the end ---- */

static enum status with_reader(struct aggregate *g, bool is_writing, struct error *err)
{
    struct store_reader *reader;
    const struct service_settings *settings = &g->house.settings;
    enum status status = store_reader_open(g->options->config.data, NULL, &reader, err);
    if (status != STATUS_OK)
        return status;
    if (is_writing) {
        str out = g->options->config.out;
        str path = arena_printf(&g->arena, "%.*s.ledger.csv", (int)out.n - 4, out.p);
        bool is_in_csv = g->is_copying && g->copy.status == STATUS_OK &&
                         ledger_agrees(&g->ledger, aggregate_copy_rows(&g->copy));
        status = aggregate_write_ledger(settings, reader, &g->ledger, is_in_csv, path, err);
    } else {
        g->ledger = (struct ledger){.run = g->run};
        status = aggregate_count(settings, reader, &g->ledger, err);
    }
    store_reader_close(reader);
    return status;
}

static void copied(void *arg)
{
    struct aggregate *g = arg;
    over(g, STATUS_OK);
}

static void finish(struct aggregate *g)
{
    enum status status = with_reader(g, false, &g->err);
    bool is_whole = g->ledger.locations > 0 && g->ledger.complete == g->ledger.locations;
    if (status != STATUS_OK || (!g->has_succeeded && !is_whole)) {
        over(g, status);
        return;
    }
    str key = arena_printf(&g->arena, "%.*s/%.*s.csv", STR_ARG(g->run), STR_ARG(g->run));
    g->is_copying = true;
    g->copy = (struct aggregate_copy){
        .has_header = g->options->config.row.n == 0, .done = copied, .arg = g};
    aggregate_copy_begin(&g->copy, &g->house.objects.objects, g->loop, STR(AGGREGATE_OUTPUT_BUCKET),
                         key, g->options->config.out);
}

/* ---- executions ---- */

static void refused(void *arg, const struct error *err)
{
    struct aggregate *g = arg;
    g->err = *err;
    over(g, err->status);
}

static void started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct aggregate *g = arg;
    (void)arn;
    (void)start_ms;
    g->execution = execution;
}

static void note_failure(struct aggregate *g, const struct engine_result *result)
{
    g->has_succeeded = result->status == ASL_EXEC_SUCCEEDED;
    buf_clear(&g->failure);
    if (g->has_succeeded)
        return;
    buf_add(&g->failure, result->error.n > 0 ? result->error : STR("it has failed"));
    if (result->cause.n > 0)
        buf_printf(&g->failure, ": %.*s", STR_ARG(result->cause));
}

static void parent_ended(void *arg, const struct engine_result *result);

static enum status start_parent(struct aggregate *g, str name, bool is_retry, struct error *err)
{
    struct engine_start start = {
        .machine = aggregate_machine_name(g->run, "parent", &g->arena),
        .name = name,
        .input = aggregate_input(&g->options->config, g->run, is_retry, &g->arena),
        .started = started,
        .ended = parent_ended,
        .refused = refused,
        .arg = g,
        .refuses_ended = is_retry};
    return engine_start(g->engine, &start, err);
}

/* The next one that has not ended: it may be one that was interrupted. */
static enum status start_retry(struct aggregate *g, struct error *err)
{
    enum status status = STATUS_CONFLICT;
    g->has_retried = true;
    for (int i = 1; i <= RETRIES_MAX && status == STATUS_CONFLICT; i++)
        status = start_parent(g, arena_printf(&g->arena, "%.*s-retry-%d", STR_ARG(g->run), i), true,
                              err);
    return status;
}

static void parent_ended(void *arg, const struct engine_result *result)
{
    struct aggregate *g = arg;
    note_failure(g, result);
    if (!g->options->is_retry || g->has_retried)
        finish(g);
    else if (start_retry(g, &g->err) != STATUS_OK)
        over(g, g->err.status);
}

static void setup_ended(void *arg, const struct engine_result *result)
{
    struct aggregate *g = arg;
    note_failure(g, result);
    if (!g->has_succeeded)
        over(g, error_set(&g->err, STATUS_INVALID, "Setup", "what it needs could not be made: %.*s",
                          (int)g->failure.n, g->failure.p));
    else if (start_parent(g, g->run, false, &g->err) != STATUS_OK)
        over(g, g->err.status);
}

static enum status start_setup(struct aggregate *g, struct error *err)
{
    struct engine_start start = {.machine = aggregate_machine_name(g->run, "setup", &g->arena),
                                 .name = g->run,
                                 .input = buf_str(&g->input),
                                 .ended = setup_ended,
                                 .refused = refused,
                                 .arg = g};
    return engine_start(g->engine, &start, err);
}

/* ---- running ---- */

static void interrupted(void *arg, int signal)
{
    struct aggregate *g = arg;
    (void)signal;
    g->is_interrupted = true;
    loop_stop(g->loop);
}

static void show(void *arg)
{
    struct aggregate *g = arg;
    int64_t now = loop_now_ms();
    aggregate_show_now(&g->show, g->engine, g->execution, now);
    aggregate_tune_now(&g->tune, g->engine, g->execution);
    loop_timer_start(g->loop, &g->timer, now + AGGREGATE_SHOW_MS, show, g);
}

static void on_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out)
{
    struct aggregate *g = arg;
    (void)e;
    (void)out;
    aggregate_show_step(&g->show, x);
}

static enum status loop_opened(void *arg, struct engine *e, struct loop *loop, struct error *err)
{
    struct aggregate *g = arg;
    aggregate_show_loop(&g->show, engine_loop_number(e), e, loop);
    aggregate_tune_loop(&g->tune, engine_loop_number(e), e, loop);
    return house_opened(&g->house, e, err);
}

static void loop_closing(void *arg, struct engine *e)
{
    struct aggregate *g = arg;
    aggregate_show_loop(&g->show, engine_loop_number(e), NULL, NULL);
    aggregate_tune_loop(&g->tune, engine_loop_number(e), NULL, NULL);
    house_closing(&g->house, e);
}

static enum status run(struct aggregate *g, struct error *err)
{
    struct engine_options options = {.data = g->options->config.data,
                                     .loops = g->options->loops,
                                     .limits = &g->limits,
                                     .on_step = on_step,
                                     .on_step_arg = g};
    g->tune.locations_at_once = aggregate_locations_at_once(&g->options->config);
    g->limits = aggregate_limits(&g->options->config);
    if (g->options->config.ca_file.n > 0)
        options.ca_file = g->options->config.ca_file.p;
    aggregate_show_init(&g->show, g->options->is_quiet || g->options->is_json, loop_now_ms());
    g->show.locations = g->options->is_retry ? 0 : g->location_count;
    house_fill(&g->house, &options);
    options.loop_opened = loop_opened;
    options.loop_closing = loop_closing;
    options.loop_arg = g;
    enum status status = engine_open(g->loop, &options, &g->engine, err);
    if (status == STATUS_OK)
        status = aggregate_put_flows(g->engine, &g->options->config, &g->texts, g->run, err);
    if (status == STATUS_OK)
        status = loop_on_signal(g->loop, interrupted, g, err);
    if (status == STATUS_OK)
        status = start_setup(g, err);
    if (status != STATUS_OK)
        return status;
    show(g);
    while (!g->is_over && !g->is_interrupted)
        loop_run(g->loop);
    aggregate_show_clear(&g->show);
    *err = g->err;
    return g->is_over ? g->status : STATUS_OK;
}

/* ---- what is told ---- */

static void say(str message)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    eval_show_message(message, &shown);
    cmd_error("aggregate", "%.*s", shown.n > 0 ? (int)shown.n - 1 : 0, shown.p);
    buf_done(&shown);
}

static int tell(struct aggregate *g, int code, bool has_file)
{
    static const char *const words[] = {
        [CMD_OK] = "SUCCEEDED", [CMD_FAILED] = "FAILED", [CMD_PARTIAL] = "PARTIAL"};
    struct output out;
    str file = has_file ? g->options->config.out : STR("");
    uint64_t rows = aggregate_copy_rows(&g->copy);
    output_init(&out, STDOUT_FILENO, "aggregate");
    out.buf.max = SIZE_MAX / 2;
    if (g->options->is_json) {
        buf_printf(&out.buf, "{\"status\":\"%s\",\"run\":\"%.*s\",\"was_finished\":%s,",
                   words[code], STR_ARG(g->run), g->was_finished ? "true" : "false");
        ledger_put_json(&g->ledger, rows, file, &out.buf);
        buf_add(&out.buf, STR("}\n"));
    } else if (!g->options->is_quiet) {
        if (g->was_finished)
            buf_add(&out.buf, STR("This was finished before, and is only told again.\n"));
        ledger_put_text(&g->ledger, rows, file, &out.buf);
    }
    bool is_written = output_flush(&out);
    output_done(&out);
    return is_written ? code : CMD_FAILED;
}

/* After the engine has told how it ended; it is still open. */
static int tell_end(struct aggregate *g)
{
    struct error err;
    bool has_file = g->is_copying && g->copy.status == STATUS_OK;
    bool is_whole = g->ledger.complete == g->ledger.locations &&
                    ledger_agrees(&g->ledger, aggregate_copy_rows(&g->copy));
    int code = !has_file ? CMD_FAILED : is_whole ? CMD_OK : CMD_PARTIAL;
    if (g->is_copying && !has_file)
        say(str_of(g->copy.err.message));
    else if (!has_file)
        say(buf_str(&g->failure));
    if (with_reader(g, true, &err) != STATUS_OK) {
        say(str_of(err.message));
        return CMD_FAILED;
    }
    code = tell(g, code, has_file);
    if (code != CMD_OK)
        cmd_error("aggregate", "--retry-failed goes on with what is missing");
    return code;
}

/* ---- beginning ---- */

static enum status read_locations(struct aggregate *g, struct error *err)
{
    const char *path = g->options->config.locations.p;
    if (!reader_read_file(path, LOCATIONS_TEXT_MAX, &g->locations))
        return error_set(err, STATUS_NOT_FOUND, "Locations", "%s: %s", path,
                         strerrordesc_np(errno));
    g->run = aggregate_run_name(&g->options->config, &g->texts, buf_str(&g->locations), &g->arena);
    buf_printf(&g->input, "{\"task_id\":\"%.*s\",\"chunks\":", STR_ARG(g->run));
    enum status status =
        locations_read(buf_str(&g->locations), g->run, &g->input, &g->location_count, err);
    buf_add_byte(&g->input, '}');
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", path);
}

/* Whether the CSV can be written is better known before hours of work than after them. */
static enum status try_output(const struct aggregate *g, struct error *err)
{
    struct sink_file *file;
    enum status status = sink_file_new(g->options->config.out, &file, err);
    if (status != STATUS_OK)
        return status;
    struct consolidate_sink sink = sink_file_sink(file);
    sink.discard(sink.arg);
    sink_file_free(file);
    return STATUS_OK;
}

static int aggregate(struct aggregate *g)
{
    struct error err;
    int code = CMD_FAILED;
    enum status status =
        aggregate_texts_read(g->options->config.workflows, &g->texts, &g->arena, &err);
    if (status == STATUS_OK)
        status = read_locations(g, &err);
    if (status == STATUS_OK)
        status = try_output(g, &err);
    if (status == STATUS_OK)
        status = loop_new(&g->loop, &err);
    if (status == STATUS_OK)
        status = run(g, &err);
    g->was_finished = g->engine && atomic_load(&g->show.steps) == 0;
    if (status != STATUS_OK) {
        say(str_of(err.message));
        code = str_eq(str_of(err.name), STR("Auth")) ? CMD_USAGE : CMD_FAILED;
    } else if (!g->is_over) {
        cmd_error("aggregate", "interrupted; the same command goes on where it was");
        code = CMD_INTERRUPTED;
    } else {
        code = tell_end(g);
    }
    if (g->is_copying)
        aggregate_copy_free(&g->copy);
    if (g->loop)
        loop_timer_stop(g->loop, &g->timer);
    engine_close(g->engine);
    loop_free(g->loop);
    return code;
}

static int run_with(const struct aggregate_options *options)
{
    struct aggregate g = {.options = options};
    arena_init(&g.arena, 0);
    buf_init(&g.locations, LOCATIONS_TEXT_MAX);
    buf_init(&g.input, SIZE_MAX / 2);
    buf_init(&g.failure, 1 << 16);
    house_init(
        &g.house,
        &(struct service_settings){.account = STR("000000000000"), .region = STR("us-east-1")},
        NULL);
    int code = aggregate(&g);
    buf_done(&g.locations);
    buf_done(&g.input);
    buf_done(&g.failure);
    arena_done(&g.arena);
    return code;
}

static int print_help(void)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    cmd_aggregate_help(&text);
    int code = cmd_print("aggregate", buf_str(&text));
    buf_done(&text);
    return code;
}

int cmd_aggregate(int argc, char **argv)
{
    struct aggregate_options options;
    int code = aggregate_options_read(&options, argc, argv);
    if (code == CMD_OK && options.is_help)
        code = print_help();
    else if (code == CMD_OK && options.init)
        code = aggregate_init(&options);
    else if (code == CMD_OK)
        code = run_with(&options);
    aggregate_options_done(&options);
    return code;
}
