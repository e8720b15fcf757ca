/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux run: a definition is run on the engine (run_kept.c), or in the simulated world of sim/,
 * with scripted answers, in virtual or in real time. The command line is read in run_options.c,
 * what is printed is in run_show.c.
 */
#include "cmd/cmd.h"

#include "base/utf8.h"
#include "cmd/eval_show.h"
#include "cmd/findings.h"
#include "cmd/reader.h"
#include "cmd/run_connections.h"
#include "cmd/run_hint.h"
#include "cmd/run_kept.h"
#include "cmd/run_options.h"
#include "cmd/run_show.h"
#include "sim/sim.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { RUN_MAX_DEFINITION = 1 << 26, RUN_WAIT_MOST_MS = 60 * 60 * 1000 };

struct run {
    struct run_options options;
    struct run_show show;
    struct buf definition_text, input_text, mock_text, connections_text;
    struct asl_definition *definition;
    struct sim_mocks *mocks;
    struct sim *sim;
};

/* ---- reading ---- */

static bool run_read_file(const char *path, size_t max, struct buf *ret)
{
    if (reader_read_file(path, max, ret))
        return true;
    cmd_error("run", "cannot read %s: %s", path, strerrordesc_np(errno));
    return false;
}

/* Errors end it; warnings are shown by `afflux validate` and not here. */
static bool run_load_definition(struct run *r)
{
    const char *path = r->options.file;
    if (!run_read_file(path, RUN_MAX_DEFINITION, &r->definition_text))
        return false;
    struct asl_load_options load = {.type = r->options.type, .strict = r->options.is_strict};
    struct asl_diagnostics found;
    struct output err;
    str text = buf_str(&r->definition_text);
    output_init(&err, STDERR_FILENO, "run");
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(text, &load, &found, &r->definition, NULL);
    str shown = utf8_check(text) == text.n ? text : STR("");
    for (uint32_t i = 0; status != STATUS_OK && i < found.count; i++) {
        if (found.items[i].severity == ASL_ERROR)
            findings_show(strcmp(path, "-") == 0 ? "<stdin>" : path, shown, &found.items[i],
                          cmd_may_color(STDERR_FILENO), &err.buf);
        output_check(&err);
    }
    output_flush(&err);
    output_done(&err);
    asl_diagnostics_done(&found);
    return status == STATUS_OK;
}

static bool run_load_mocks(struct run *r)
{
    const char *path = r->options.mocks;
    str name = r->options.test_case ? str_of(r->options.test_case) : STR("");
    size_t at = str_find_byte(name, '#', 0); /* MACHINE#CASE, as AWS's tool has it */
    struct sim_mocks_options options = {.machine_name = str_sub(name, 0, at == STR_NONE ? 0 : at),
                                        .test_case =
                                            str_sub(name, at == STR_NONE ? 0 : at + 1, name.n)};
    struct error err;
    if (!path)
        return true;
    if (!run_read_file(path, SIM_MAX_MOCKS, &r->mock_text))
        return false;
    if (sim_mocks_load(buf_str(&r->mock_text), &options, r->definition, &r->mocks, &err) ==
        STATUS_OK)
        return true;
    run_say_error(path, &err);
    return false;
}

static bool run_load_input(struct run *r, str *ret)
{
    const char *input = r->options.input ? r->options.input : "{}";
    *ret = str_of(input);
    if (input[0] != '@')
        return true;
    if (!run_read_file(input + 1, RUN_MAX_INPUT, &r->input_text))
        return false;
    *ret = buf_str(&r->input_text);
    return true;
}

static bool run_load_connections(struct run *r)
{
    const char *path = r->options.connections;
    return !path || run_read_file(path, RUN_MAX_CONNECTIONS, &r->connections_text);
}

/* ---- time ---- */

static volatile sig_atomic_t run_is_interrupted;

static void run_interrupt(int signal)
{
    (void)signal;
    run_is_interrupted = 1;
}

/* A second one ends the program at once. */
static void run_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = run_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
}

static int64_t run_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until then, or a part of it; an interrupt ends it early. */
static void run_wait(int64_t until_ms, int64_t most_ms)
{
    int64_t ms = until_ms - run_clock();
    if (ms <= 0)
        return;
    if (ms > most_ms)
        ms = most_ms;
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* Without virtual time, a turn comes when its time has come by the clock. */
static bool run_is_due(struct run *r)
{
    if (r->options.is_virtual)
        return true;
    int64_t next_ms = sim_next(r->sim);
    if (next_ms != ASL_NEVER && next_ms > run_clock()) {
        const struct run_view *view = &r->show.view;
        run_wait(next_ms, view->is_off ? RUN_WAIT_MOST_MS : run_view_wait(view));
        return false;
    }
    sim_advance(r->sim, run_clock());
    return true;
}

/* ---- running ---- */

static int run_say_end(struct run *r)
{
    const struct asl_exec *root = sim_root(r->sim);
    struct output out;
    run_show_summary(&r->show, root);
    output_init(&out, STDOUT_FILENO, "run");
    out.buf.max = SIZE_MAX / 2;
    run_show_end(&r->show, root, &out.buf);
    bool is_written = output_flush(&out);
    output_done(&out);
    if (r->show.is_history_cut)
        cmd_error("run", "the history is longer than %d bytes; its end is missing",
                  RUN_MAX_HISTORY);
    if (root->status == ASL_EXEC_SUCCEEDED)
        return is_written && !r->show.is_history_cut ? CMD_OK : CMD_FAILED;
    run_say_failure(root, r->options.input);
    return CMD_FAILED;
}

/* Which run belongs to which frame is known where there is only one. */
static bool run_look_at_map(void *arg, uint32_t frame, struct asl_map_run *ret)
{
    const struct run *r = arg;
    const struct asl_map_run *map_run;
    uint32_t count = 0;
    (void)frame;
    for (uint32_t i = 0; (map_run = sim_map_run(r->sim, i)) != NULL; i++) {
        if (map_run->status != ASL_MAP_RUN_IS_RUNNING)
            continue;
        *ret = *map_run;
        count++;
    }
    return count == 1;
}

static void run_look(struct run *r)
{
    struct run_sight sight = {
        .x = sim_root(r->sim), .now_ms = run_clock(), .map_run = run_look_at_map, .arg = r};
    if (!r->show.view.is_off && sight.x && !asl_exec_is_over(sight.x))
        run_view_show(&r->show.view, &sight, run_clock());
}

static int run_to_end(struct run *r, str input)
{
    struct error err;
    enum status status = sim_start(r->sim, input, &err);
    if (status != STATUS_OK && strcmp(err.name, "JsonSyntax") == 0)
        error_wrap(&err, "the input");
    while (status == STATUS_OK && !sim_is_over(r->sim) && !run_is_interrupted) {
        run_look(r);
        if (run_is_due(r))
            status = sim_turn(r->sim, &err);
    }
    if (status != STATUS_OK || !sim_is_over(r->sim))
        run_view_erase(&r->show.view);
    if (status != STATUS_OK) {
        run_say_error(NULL, &err);
        run_hint_error(&err, r->options.input);
        return CMD_FAILED;
    }
    if (!sim_is_over(r->sim)) {
        cmd_error("run", "interrupted");
        return CMD_INTERRUPTED;
    }
    return run_say_end(r);
}

static void run_set_options(struct run *r, struct sim_options *o)
{
    const struct run_options *from = &r->options;
    o->seed = from->seed;
    if (!from->has_seed && getrandom(&o->seed, sizeof(o->seed), 0) != sizeof(o->seed))
        o->seed = (uint64_t)run_clock();
    o->start_ms = from->has_start ? from->start_ms : run_clock();
    o->name = from->name ? str_of(from->name) : STR("");
    o->asl.strict = from->is_strict;
    o->mocks = r->mocks;
    o->on_step = run_show_step;
    o->arg = &r->show;
    r->show.start_ms = o->start_ms;
    r->show.is_traced = from->is_traced;
    r->show.is_history = from->is_history;
    r->show.is_json = from->is_json;
}

/* The world is simulated where time or chance are. */
static bool run_is_simulated(const struct run *r)
{
    return r->options.is_virtual || r->options.has_seed;
}

static int run_on_engine(struct run *r, str input)
{
    struct run_kept kept = {.options = &r->options,
                            .show = &r->show,
                            .definition = r->definition,
                            .mocks = r->mocks,
                            .definition_text = buf_str(&r->definition_text),
                            .input = input,
                            .connections = buf_str(&r->connections_text)};
    r->show.is_traced = r->options.is_traced;
    r->show.is_history = r->options.is_history;
    r->show.is_json = r->options.is_json;
    return run_kept(&kept);
}

static int run_all(struct run *r)
{
    struct sim_options options = {.max_steps = UINT64_MAX};
    str input;
    if (!run_load_definition(r) || !run_load_mocks(r) || !run_load_input(r, &input) ||
        !run_load_connections(r))
        return CMD_FAILED;
    if (!run_is_simulated(r))
        return run_on_engine(r, input);
    run_set_options(r, &options);
    r->sim = sim_new(r->definition, r->options.type, &options);
    run_catch_interrupt();
    int code = run_to_end(r, input);
    sim_free(r->sim);
    return code;
}

static int run_print_help(void)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    cmd_run_help(&text);
    int code = cmd_print("run", buf_str(&text));
    buf_done(&text);
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct run r = {.definition = NULL};
    int code = run_options_read(&r.options, argc, argv);
    if (code != CMD_OK)
        return code;
    if (r.options.is_help)
        return run_print_help();
    run_show_init(&r.show);
    run_view_init(&r.show.view, r.options.is_quiet || r.options.is_traced || r.options.is_virtual);
    code = run_all(&r);
    sim_mocks_free(r.mocks);
    asl_definition_unref(r.definition);
    buf_done(&r.definition_text);
    buf_done(&r.input_text);
    buf_done(&r.mock_text);
    buf_done(&r.connections_text);
    run_show_done(&r.show);
    return code;
}
