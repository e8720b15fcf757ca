/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An execution on the engine. The machine takes its name from the file, the execution from --name.
 * In a data folder it is made of definition and input otherwise, so that the same command line
 * means the same execution: it goes on where the last process left it, or tells how it ended.
 * Without one the folder is a temporary one, and so is the name.
 *
 * What is shown at the end comes from the store; of an Express execution, which is not in it, from
 * its steps.
 *
 * Mocks answer as in the simulated world, by the clock. Which call of a state it is counts from the
 * start of this process: what was answered and kept is not asked again.
 */
#include "cmd/run_kept.h"

#include "asl/token.h"
#include "base/check.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/house.h"
#include "cmd/run_connections.h"
#include "cmd/run_folder.h"
#include "cmd/run_hint.h"
#include "engine/engine.h"
#include "engine/inspect.h"
#include "json/parse.h"
#include "loop/loop.h"
#include "services/objects_folder.h"
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct kept {
    struct run_kept *k;
    struct loop *loop;
    struct house house;
    struct engine *engine;
    struct objects *objects; /* of --objects, or NULL */
    struct arena arena;
    struct inspect *inspect;     /* while the end is told */
    struct loop_timer look;      /* at what is going on, to show it */
    uint32_t *calls;             /* of each state */
    struct kept_answer *answers; /* under way */
    str data, name;              /* of the folder and the execution */
    char folder[RUN_FOLDER_MAX]; /* a temporary one; empty: none */
    int64_t execution;
    bool has_ended, is_interrupted, is_refused;
    bool is_told_again; /* it had ended before, and nothing was done */
    bool is_unwritten;  /* what it has come to could not be written */
    int code;
};

/* ---- mocks ---- */

/* An answer that comes later. */
struct kept_answer {
    struct loop_timer timer;
    struct kept *kept;
    struct kept_answer *next, **place;
    int64_t execution;
    uint32_t frame, attempt;
    struct sim_answer answer;
};

static void answer_free(struct kept_answer *a)
{
    *a->place = a->next;
    if (a->next)
        a->next->place = a->place;
    loop_timer_stop(a->kept->loop, &a->timer);
    free(a);
}

static void tell(struct engine *e, int64_t execution, uint32_t frame, uint32_t attempt,
                 struct engine_answer answer, str document)
{
    struct json_doc *doc = NULL;
    struct error err;
    if (document.n > 0 && json_parse(document, NULL, &doc, &err) != STATUS_OK)
        return; /* mocks were read as JSON before */
    answer.doc = doc;
    engine_answer_task(e, execution, frame, attempt, &answer);
    json_doc_unref(doc);
}

static void answer_comes(void *arg)
{
    struct kept_answer *a = arg;
    const struct sim_answer *from = &a->answer;
    bool is_result = from->kind == SIM_RETURN;
    struct engine_answer answer = {.kind =
                                       is_result ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED,
                                   .error = from->error,
                                   .cause = from->cause,
                                   .has_error = from->has_error,
                                   .has_cause = from->has_cause,
                                   .stage = from->stage};
    tell(a->kept->engine, a->execution, a->frame, a->attempt, answer,
         is_result ? from->output : STR(""));
    answer_free(a);
}

static void tell_beginning(struct kept *kept, const struct engine_task *task,
                           const struct sim_answer *from)
{
    const struct asl_resource *r = &task->state->task.resource;
    struct engine_answer answer = {.worker = from->worker.n > 0 ? from->worker : STR("worker")};
    if (from->kind == SIM_THROW && from->stage != ASL_STAGE_RUN)
        return;
    if (r->kind == ASL_RESOURCE_ACTIVITY) {
        answer.kind = ASL_EVENT_TASK_STARTED;
        tell(kept->engine, task->execution, task->frame, task->attempt, answer, STR(""));
    } else if (r->pattern != ASL_REQUEST_RESPONSE) {
        answer.kind = ASL_EVENT_TASK_SUBMITTED;
        tell(kept->engine, task->execution, task->frame, task->attempt, answer,
             from->submit.n > 0 ? from->submit : STR("{}"));
    }
}

static bool do_work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct kept *kept = arg;
    struct sim_answer found;
    (void)e;
    if (!kept->k->mocks || task->state->number >= kept->k->definition->state_count ||
        sim_mocks_find(kept->k->mocks, task->state, kept->calls[task->state->number], &found) !=
            SIM_MOCK_FOUND)
        return false;
    kept->calls[task->state->number]++;
    tell_beginning(kept, task, &found);
    if (found.kind == SIM_SILENCE)
        return true;
    struct kept_answer *a = calloc(1, sizeof(*a));
    check(a != NULL);
    *a = (struct kept_answer){.kept = kept,
                              .next = kept->answers,
                              .place = &kept->answers,
                              .execution = task->execution,
                              .frame = task->frame,
                              .attempt = task->attempt,
                              .answer = found};
    if (a->next)
        a->next->place = &a->next;
    kept->answers = a;
    loop_timer_start(kept->loop, &a->timer, loop_now_ms() + found.delay_ms, answer_comes, a);
    return true;
}

/* What a mock's Items say that an ItemReader finds. */
static bool find_items(void *arg, const struct asl_state *map, struct json_doc **ret_items,
                       str *ret_error, str *ret_cause)
{
    struct kept *kept = arg;
    struct sim_answer found;
    struct error err;
    if (!kept->k->mocks || map->number >= kept->k->definition->state_count ||
        sim_mocks_find(kept->k->mocks, map, kept->calls[map->number], &found) != SIM_MOCK_FOUND)
        return false;
    kept->calls[map->number]++;
    *ret_error = found.error;
    *ret_cause = found.cause;
    if (found.kind != SIM_THROW && json_parse(found.output, NULL, ret_items, &err) != STATUS_OK)
        *ret_cause = STR("The items of the mock are not JSON."); /* they were read as such before */
    return true;
}

/* ---- the end ---- */

static void ended(void *arg, const struct engine_result *result)
{
    struct kept *kept = arg;
    kept->has_ended = true;
    kept->execution = result->execution;
    if (!kept->is_unwritten)
        kept->code = result->status == ASL_EXEC_SUCCEEDED ? CMD_OK : CMD_FAILED;
    loop_stop(kept->loop);
}

static void refused(void *arg, const struct error *err)
{
    struct kept *kept = arg;
    kept->is_refused = true;
    run_view_erase(&kept->k->show->view);
    run_say_error(NULL, err);
    run_hint_error(err, kept->k->options->input);
    loop_stop(kept->loop);
}

static void interrupted(void *arg, int signal)
{
    struct kept *kept = arg;
    (void)signal;
    kept->is_interrupted = true;
    loop_stop(kept->loop);
}

static void show_record(void *arg, const struct asl_exec *x, const struct asl_record *r)
{
    struct kept *kept = arg;
    if (r->time_ms > kept->k->show->stop_ms)
        kept->k->show->stop_ms = r->time_ms;
    run_summary_note(&kept->k->show->summary, x, r);
    if (kept->k->options->is_history)
        run_show_record(kept->k->show, x, r);
}

/* A map run that failed says that too many of its children did; why they did, one of them says. */
static void say_child(struct kept *kept, const struct asl_exec *x)
{
    struct store_execution child;
    struct error err;
    struct arena a;
    struct buf text;
    arena_init(&a, 0);
    if (kept->inspect && str_eq(x->error, STR(ASL_MAP_RUN_ERROR)) &&
        inspect_failed_child(kept->inspect, kept->execution, &a, &child, &err) == STATUS_OK) {
        buf_init(&text, SIZE_MAX / 2);
        buf_printf(&text, "the child of item %llu FAILED: %.*s%s%.*s",
                   (unsigned long long)child.map_index, STR_ARG(child.error),
                   child.cause.n > 0 ? ": " : "", STR_ARG(child.cause));
        run_say(&text);
    }
    arena_done(&a);
}

/* Who has changed the definition and still sees the old result would wonder. */
static void say_told_again(const struct kept *kept)
{
    char time[32];
    size_t n = time_print_iso(kept->k->show->stop_ms, time);
    if (kept->is_told_again && kept->k->show->view.block.is_terminal && !kept->k->show->view.is_off)
        cmd_error("run", "this ended at %.*s and is only told again; another --name runs it anew",
                  (int)n, time);
}

static void show_end(void *arg, const struct asl_exec *x)
{
    struct kept *kept = arg;
    say_told_again(kept);
    struct output out;
    run_show_summary(kept->k->show, x);
    output_init(&out, STDOUT_FILENO, "run");
    out.buf.max = SIZE_MAX / 2;
    run_show_end(kept->k->show, x, &out.buf);
    if (!output_flush(&out)) {
        kept->is_unwritten = true;
        kept->code = CMD_FAILED;
    }
    output_done(&out);
    if (x->status != ASL_EXEC_SUCCEEDED) {
        run_say_failure(x, kept->k->options->input);
        say_child(kept, x);
    }
}

/* ---- while it runs ---- */

static bool look_at_map(void *arg, uint32_t frame, struct asl_map_run *ret)
{
    const struct kept *kept = arg;
    return engine_look_map(kept->engine, kept->execution, frame, ret);
}

static void look(void *arg)
{
    struct kept *kept = arg;
    struct run_view *view = &kept->k->show->view;
    struct run_sight sight = {.x = engine_look(kept->engine, kept->execution),
                              .name = kept->k->options->data ? kept->name : STR(""),
                              .now_ms = loop_wall_ms(),
                              .calls = engine_figures(kept->engine).calls,
                              .map_run = look_at_map,
                              .arg = kept};
    if (sight.x && !asl_exec_is_over(sight.x))
        run_view_show(view, &sight, loop_now_ms());
    loop_timer_start(kept->loop, &kept->look, loop_now_ms() + run_view_wait(view), look, kept);
}

static void started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct kept *kept = arg;
    (void)arn;
    (void)start_ms;
    kept->execution = execution;
    if (!kept->k->show->view.is_off)
        look(kept);
}

/* Every step of this process, before it is durable. */
static void on_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out)
{
    struct kept *kept = arg;
    struct run_show *show = kept->k->show;
    bool is_root = x->machine == x->definition->root && str_eq(x->identity.name, kept->name);
    if (show->is_traced)
        run_show_trace(show, x, e, out);
    if (kept->k->options->type != ASL_EXPRESS || !is_root)
        return;
    for (uint32_t i = 0; i < out->record_count; i++)
        show_record(kept, x, &out->records[i]);
    if (asl_exec_is_over(x))
        show_end(kept, x);
}

/* The store tells, also when this process did nothing but ask. */
static int tell_end(struct kept *kept)
{
    struct inspect *i;
    struct error err;
    enum status status = inspect_open(kept->data, &i, &err);
    if (status == STATUS_OK) {
        kept->inspect = i;
        status = inspect_records(i, kept->execution, show_record, kept, &err);
        if (status == STATUS_OK)
            status = inspect_exec(i, kept->execution, show_end, kept, &err);
        kept->inspect = NULL;
        inspect_close(i);
    }
    if (status != STATUS_OK)
        run_say_error(NULL, &err);
    return status == STATUS_OK ? kept->code : CMD_FAILED;
}

/* ---- names ---- */

/* Of the file, without what a name may not have: "orders.asl.json" is "orders". */
static str machine_name(const char *file, struct arena *a)
{
    const char *base = strrchr(file, '/');
    str name = str_of(base ? base + 1 : file);
    size_t dot = str_find_byte(name, '.', 1);
    char *text = arena_alloc(a, ASL_MAX_NAME);
    size_t n = 0;
    name = str_sub(name, 0, dot);
    for (size_t i = 0; i < name.n && n < ASL_MAX_NAME; i++) {
        char c = name.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        text[n++] = is_plain || c == '-' || c == '_' ? c : '-';
    }
    return n > 0 && strcmp(file, "-") != 0 ? (str){text, n} : STR("machine");
}

/* Of one that nobody will ask for again. */
static str random_name(struct arena *a)
{
    uint64_t chance[2] = {(uint64_t)loop_wall_ms(), (uint64_t)getpid()};
    ssize_t n = getrandom(chance, sizeof(chance), 0);
    (void)n; /* then time and process it is */
    return asl_uuid_of(STR("afflux run"), chance[0], chance[1], a);
}

static str execution_name(const struct run_kept *k, struct arena *a)
{
    if (k->options->name)
        return str_of(k->options->name);
    if (!k->options->data)
        return random_name(a);
    str all = arena_printf(a, "%.*s%c%.*s", STR_ARG(k->definition_text), 0, STR_ARG(k->input));
    return asl_uuid_of(all, all.n, k->options->is_strict, a);
}

/* ---- running ---- */

static enum status check_input(str input, struct error *err)
{
    struct json_doc *doc;
    enum status status = json_parse(input, NULL, &doc, err);
    if (status != STATUS_OK)
        return error_wrap(err, "the input");
    json_doc_unref(doc);
    return STATUS_OK;
}

static enum status put_connections(struct kept *kept, struct error *err)
{
    struct run_kept *k = kept->k;
    if (k->connections.n == 0)
        return STATUS_OK;
    enum status status = run_connections(kept->engine, k->connections, err);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", k->options->connections);
}

static enum status start(struct kept *kept, struct error *err)
{
    struct run_kept *k = kept->k;
    str machine = machine_name(k->options->file, &kept->arena);
    enum status status = check_input(k->input, err);
    if (status == STATUS_OK)
        status =
            engine_put_machine(kept->engine, machine, k->options->type, k->definition_text, err);
    kept->name = execution_name(k, &kept->arena);
    struct engine_start start = {.machine = machine,
                                 .name = kept->name,
                                 .input = k->input,
                                 .started = started,
                                 .ended = ended,
                                 .refused = refused,
                                 .arg = kept};
    return status == STATUS_OK ? engine_start(kept->engine, &start, err) : status;
}

static enum status choose_folder(struct kept *kept, struct error *err)
{
    const char *data = kept->k->options->data;
    enum status status = data ? STATUS_OK : run_folder_make(kept->folder, err);
    kept->data = str_of(data ? data : kept->folder);
    return status;
}

static enum status run(struct kept *kept, struct error *err)
{
    struct run_kept *k = kept->k;
    bool is_watched = k->show->is_traced || k->options->type == ASL_EXPRESS;
    struct engine_options options = {.data = kept->data,
                                     .is_strict = k->options->is_strict,
                                     .work = do_work,
                                     .work_arg = kept,
                                     .items = find_items,
                                     .items_arg = kept,
                                     .on_step = is_watched ? on_step : NULL,
                                     .on_step_arg = kept};
    house_init(&kept->house, &(struct service_settings){.is_strict = k->options->is_strict}, NULL);
    house_fill(&kept->house, &options);
    if (kept->objects) /* of a folder, instead of the buckets of the data folder */
        options.objects = kept->objects;
    enum status status = engine_open(kept->loop, &options, &kept->engine, err);
    if (status == STATUS_OK)
        status = put_connections(kept, err);
    if (status == STATUS_OK)
        status = loop_on_signal(kept->loop, interrupted, kept, err);
    if (status != STATUS_OK)
        return status;
    status = start(kept, err);
    while (status == STATUS_OK && !kept->has_ended && !kept->is_interrupted && !kept->is_refused)
        loop_run(kept->loop);
    return status;
}

/* When the engine is closed: what became of it. */
static void tell_what_became(struct kept *kept)
{
    bool is_kept = kept->k->options->data != NULL;
    if (!kept->has_ended)
        run_view_erase(&kept->k->show->view);
    if (kept->has_ended) {
        if (kept->k->options->type != ASL_EXPRESS)
            kept->code = tell_end(kept);
    } else if (kept->is_interrupted) {
        cmd_error("run", "interrupted; %s",
                  is_kept ? "the same command goes on where it was"
                          : "nothing is kept without --data");
        kept->code = CMD_INTERRUPTED;
    }
}

int run_kept(struct run_kept *k)
{
    struct kept kept = {.k = k, .code = CMD_FAILED};
    struct error err;
    arena_init(&kept.arena, 0);
    k->show->start_ms = loop_wall_ms();
    kept.calls = calloc(k->definition->state_count + 1, sizeof(*kept.calls));
    check(kept.calls != NULL);
    enum status status = choose_folder(&kept, &err);
    if (status == STATUS_OK)
        status = loop_new(&kept.loop, &err);
    if (status == STATUS_OK && k->options->objects)
        status = objects_folder_open(k->options->objects, &kept.objects, &err);
    if (status == STATUS_OK)
        status = run(&kept, &err);
    while (kept.answers)
        answer_free(kept.answers);
    kept.is_told_again = kept.engine && k->options->data && engine_figures(kept.engine).steps == 0;
    if (kept.loop)
        loop_timer_stop(kept.loop, &kept.look);
    engine_close(kept.engine);
    if (status != STATUS_OK) {
        run_say_error(NULL, &err);
        run_hint_error(&err, k->options->input);
    } else
        tell_what_became(&kept);
    run_folder_remove(kept.folder);
    objects_folder_close(kept.objects);
    loop_free(kept.loop); /* an interrupt kills from here on: everything is told and tidy */
    free(kept.calls);
    arena_done(&kept.arena);
    return kept.code;
}
