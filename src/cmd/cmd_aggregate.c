/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux aggregate: the workflows of workflows/ on an engine of this process.
 *
 *   setup ──► parent (──► parent again, for what failed) ──► copy of the CSV ──► ledger ──► tidying
 *
 * Each step is an execution whose name follows from what was asked for, so whatever ends this
 * process, the same command goes on. What is read before anything starts is aggregate_begin.c's,
 * the workflows are aggregate_flows.c's, files aggregate_outcome.c's, tidying is
 * aggregate_tidy.c's.
 */
#include "cmd/aggregate_begin.h"
#include "cmd/aggregate_flows.h"
#include "cmd/aggregate_init.h"
#include "cmd/aggregate_outcome.h"
#include "cmd/aggregate_show.h"
#include "cmd/aggregate_tell.h"
#include "cmd/aggregate_tidy.h"
#include "cmd/aggregate_tune.h"
#include "cmd/cmd.h"
#include "cmd/house.h"
#include "engine/connections.h"

enum { RETRIES_MAX = 10000 };

struct aggregate {
    const struct aggregate_options *options;
    struct aggregate_begin begin;
    struct arena arena;
    struct loop *loop;
    struct engine *engine;
    struct house house;
    struct http_limits_options limits;
    struct aggregate_show show;
    struct aggregate_tune tune;
    struct loop_timer timer;
    int64_t execution; /* of the parent */
    int retries;       /* the number of the one that is tried, or under way; 0: none */
    bool is_interrupted, is_over, was_finished;
    enum status status; /* and why, when it is over without an end */
    struct error err;

    /* the end */
    bool has_succeeded; /* the parent */
    struct buf failure; /* what it failed of */
    struct aggregate_outcome outcome;
};

static void over(struct aggregate *g, enum status status)
{
    g->status = status;
    g->is_over = true;
    loop_stop(g->loop);
}

/* ---- the end ---- */

static void copied(void *arg)
{
    struct aggregate *g = arg;
    over(g, STATUS_OK);
}

static void finish(struct aggregate *g)
{
    enum status status = aggregate_outcome_count(&g->outcome, engine_store(g->engine), &g->err);
    bool is_whole = aggregate_outcome_is_whole(&g->outcome);
    if (status != STATUS_OK || (!g->has_succeeded && !is_whole))
        over(g, status);
    else
        aggregate_outcome_copy(&g->outcome, &g->house.objects.objects, g->loop, copied, g);
}

/* ---- executions ---- */

static enum status start_retry(struct aggregate *g, struct error *err);

static void refused(void *arg, const struct error *err)
{
    struct aggregate *g = arg;
    g->err = *err;
    if (err->status == STATUS_CONFLICT && g->retries > 0 && start_retry(g, &g->err) == STATUS_OK)
        return; /* another loop knew of one that had ended */
    over(g, g->err.status);
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
        .machine = aggregate_machine_name(g->begin.run, "parent", &g->arena),
        .name = name,
        .input = aggregate_input(&g->options->config, g->begin.run, is_retry, &g->arena),
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
    const struct ledger *counts = &g->outcome.counts;
    if (g->retries == 0 &&
        aggregate_outcome_count(&g->outcome, engine_store(g->engine), err) != STATUS_OK)
        return err->status;
    aggregate_show_again(&g->show, counts->locations - counts->complete);
    if (g->retries == RETRIES_MAX)
        return error_set(err, STATUS_LIMIT, "Retries", "it was retried %d times", RETRIES_MAX);
    while (status == STATUS_CONFLICT && g->retries < RETRIES_MAX)
        status = start_parent(
            g, arena_printf(&g->arena, "%.*s-retry-%d", STR_ARG(g->begin.run), ++g->retries), true,
            err);
    return status;
}

/* Whether there may be something to fetch again: not where all is there and parts were removed. */
static enum status can_retry(struct aggregate *g, bool *ret, struct error *err)
{
    struct store_reader *reader;
    bool has_begun = false;
    enum status status = store_reader_open(g->options->config.data, NULL, &reader, err);
    if (status != STATUS_OK)
        return status;
    status = aggregate_tidy_has_begun(reader, g->begin.run, &has_begun, err);
    store_reader_close(reader);
    *ret = !has_begun;
    return status;
}

static void parent_ended(void *arg, const struct engine_result *result)
{
    struct aggregate *g = arg;
    bool is_retry = g->options->is_retry && g->retries == 0;
    note_failure(g, result);
    if (is_retry && can_retry(g, &is_retry, &g->err) != STATUS_OK)
        over(g, g->err.status);
    else if (!is_retry)
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
    else if (start_parent(g, g->begin.run, false, &g->err) != STATUS_OK)
        over(g, g->err.status);
}

static enum status start_setup(struct aggregate *g, struct error *err)
{
    struct engine_start start = {.machine =
                                     aggregate_machine_name(g->begin.run, "setup", &g->arena),
                                 .name = g->begin.run,
                                 .input = buf_str(&g->begin.input),
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
    aggregate_show_step(&g->show, x, out);
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

static void tell_started(struct aggregate *g)
{
    struct event_started e = {.run = g->begin.run,
                              .file = g->options->config.out,
                              .ledger = g->outcome.ledger,
                              .data = g->options->config.data,
                              .locations = g->begin.locations};
    aggregate_show_started(&g->show, &e);
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
    g->show.locations = g->begin.locations;
    house_fill(&g->house, &options);
    options.loop_opened = loop_opened;
    options.loop_closing = loop_closing;
    options.loop_arg = g;
    enum status status = engine_open(g->loop, &options, &g->engine, err);
    if (status == STATUS_OK)
        status =
            aggregate_put_flows(g->engine, &g->options->config, &g->begin.texts, g->begin.run, err);
    if (status == STATUS_OK)
        status = loop_on_signal(g->loop, interrupted, g, err);
    if (status == STATUS_OK)
        status = start_setup(g, err);
    if (status != STATUS_OK)
        return status;
    tell_started(g);
    show(g);
    while (!g->is_over && !g->is_interrupted)
        loop_run(g->loop);
    aggregate_show_clear(&g->show);
    *err = g->err;
    return g->is_over ? g->status : STATUS_OK;
}

/* ---- what is told ---- */

/* Why there is no file. */
static str failure_of(const struct aggregate *g)
{
    return g->has_succeeded ? str_of(g->outcome.copy.err.message) : buf_str(&g->failure);
}

static int tell_failed(struct aggregate *g, const struct error *err)
{
    aggregate_say(str_of(err->message));
    aggregate_show_stopped(&g->show, str_of(err->name), str_of(err->message));
    return str_eq(str_of(err->name), STR("Auth")) ? CMD_USAGE : CMD_FAILED;
}

/* What came is in the data folder, whatever became of the files. */
static int tell_unwritten(struct aggregate *g, const struct error *err)
{
    (void)tell_failed(g, err);
    cmd_error("aggregate", "nothing is lost: the same command makes the files of what is in %s",
              g->options->config.data.p);
    return CMD_FAILED;
}

static int tell_interrupted(struct aggregate *g)
{
    cmd_error("aggregate", "interrupted; the same command goes on where it was");
    aggregate_show_stopped(&g->show, STR("Interrupted"),
                           STR("the same command goes on where it was"));
    return CMD_INTERRUPTED;
}

/* All is told and in its place: what goes wrong here takes nothing from it. */
static void tidy(struct aggregate *g)
{
    struct error err;
    loop_timer_stop(g->loop, &g->timer);
    if (aggregate_tidy(g->engine, g->options->config.data, g->begin.run,
                       STR(AGGREGATE_PARTS_BUCKET), &g->is_interrupted, &err) == STATUS_OK)
        g->house.is_shrinking = !g->is_interrupted;
    else
        cmd_error("aggregate", "parts are still in the data folder: %s", err.message);
}

/* After the engine has told how it ended; it is still open. */
static int tell_end(struct aggregate *g)
{
    struct error err;
    bool has_file = aggregate_outcome_has_file(&g->outcome);
    if (aggregate_outcome_is_stuck(&g->outcome))
        return tell_unwritten(g, &g->outcome.copy.err);
    if (!has_file)
        aggregate_say(failure_of(g));
    if (aggregate_outcome_publish(&g->outcome, engine_store(g->engine), &err) != STATUS_OK)
        return tell_unwritten(g, &err);
    int code = !has_file ? CMD_FAILED : ledger_is_whole(&g->outcome.counts) ? CMD_OK : CMD_PARTIAL;
    struct aggregate_ending ending = {.options = g->options,
                                      .show = &g->show,
                                      .engine = g->engine,
                                      .counts = &g->outcome.counts,
                                      .tally = &g->outcome.copy.tally_err,
                                      .run = g->begin.run,
                                      .ledger = g->outcome.ledger,
                                      .has_file = has_file,
                                      .was_finished = g->was_finished,
                                      .failure = failure_of(g)};
    int told = aggregate_tell(&ending, code);
    if (code == CMD_OK && !g->options->config.keeps_parts)
        tidy(g);
    return told;
}

/* ---- all of it ---- */

static int aggregate(struct aggregate *g)
{
    struct error err;
    enum status status = aggregate_begin(&g->begin, &g->options->config, &g->house.settings, &err);
    g->outcome =
        (struct aggregate_outcome){.config = &g->options->config,
                                   .settings = &g->house.settings,
                                   .run = g->begin.run,
                                   .ledger = aggregate_ledger_path(&g->options->config, &g->arena)};
    if (status == STATUS_OK)
        status = loop_new(&g->loop, &err);
    if (status == STATUS_OK)
        status = run(g, &err);
    g->was_finished = g->engine && atomic_load(&g->show.steps) == 0;
    int code = status != STATUS_OK ? tell_failed(g, &err)
               : !g->is_over       ? tell_interrupted(g)
                                   : tell_end(g);
    aggregate_outcome_done(&g->outcome);
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
    buf_init(&g.failure, 1 << 16);
    house_init(&g.house, &(struct service_settings){0}, NULL);
    aggregate_show_init(&g.show, options->is_quiet, options->is_json, loop_now_ms());
    int code = aggregate(&g);
    aggregate_show_done(&g.show);
    aggregate_begin_done(&g.begin);
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
