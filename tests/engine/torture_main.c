/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to be killed: it opens an engine on a folder, starts executions that exercise all of
 * it, and runs until they have ended. Started again it goes on. Its worker appends each call to a
 * file. test_torture.c kills it and compares.
 *
 *   torture run FOLDER [POINT N]   ends itself by SIGKILL at the N-th time the engine says POINT
 *   torture report FOLDER          prints what is kept (torture_report.c)
 */
#include "torture.h"

#include "asl/definition.h"
#include "base/check.h"
#include "counter_service.h"
#include "engine/engine.h"
#include "json/parse.h"
#include "store/reader.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXECUTIONS = 12, LATER_MS = 3, LOOK_MS = 20, MOST_LOOPS = 3 };

/* ---- machines ---- */

/* In definitions ' stands for a double quote, and ` for '. */
/* clang-format off */
#define TASK(name, next)                                                                           \
    "'" name "':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:000000000000:function:f',"     \
    "'Retry':[{'ErrorEquals':['Again'],'IntervalSeconds':1,'BackoffRate':1.5,'MaxAttempts':5}],"   \
    next "}"
#define START(name, pattern, machine, input, rest)                                                 \
    "'" name "':{'Type':'Task','Resource':'arn:aws:states:::states:startExecution" pattern "',"    \
    "'Parameters':{'StateMachineArn':'arn:aws:states:us-east-1:000000000000:stateMachine:"         \
    machine "','Input':{'n.$':'$.n'" input "}," rest "}"

static const struct {
    const char *name, *definition;
} machines[] = {
    {"leaf", "{'StartAt':'double','States':{" TASK("double", "'End':true") "}}"},
    {"child", "{'StartAt':'double','States':{"
        TASK("double", "'Next':'Deep'") ","
        START("Deep", ".sync", "leaf", "}",
              "'ResultSelector':{'n.$':'States.StringToJson($.Output)'},'End':true") "}}"},
    {"teller", "{'StartAt':'Nap','States':{"
        "'Nap':{'Type':'Wait','Seconds':1,'Next':'Tell'},"
        "'Tell':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess',"
        "'Parameters':{'TaskToken.$':'$.token','Output':{'told.$':'$.n'}},"
        "'ResultPath':null,'OutputPath':'$.n','End':true}}}"},
    {"main", "{'StartAt':'Zero','States':{"
        "'Zero':{'Type':'Pass','Result':0,'ResultPath':'$.i','Next':'Spin'},"
        "'Spin':{'Type':'Pass','Parameters':{'i.$':'States.MathAdd($.i, 1)','n.$':'$.n',"
        "'items.$':'$.items'},'Next':'More'}," /* often enough for a snapshot */
        "'More':{'Type':'Choice','Choices':[{'Variable':'$.i','NumericLessThan':300,"
        "'Next':'Spin'}],'Default':'Both'},"
        "'Both':{'Type':'Parallel','Branches':["
        "{'StartAt':'twice','States':{" TASK("twice", "'Next':'Rest'") ","
        "'Rest':{'Type':'Wait','Seconds':2,'End':true}}},"
        "{'StartAt':'Each','States':{'Each':{'Type':'Map','ItemsPath':'$.items',"
        "'MaxConcurrency':2,'ItemProcessor':{'StartAt':'each','States':{"
        TASK("each", "'End':true") "}},'End':true}}}],'ResultPath':'$.both','Next':'Nest'},"
        START("Nest", ".sync:2", "child", "}",
              "'ResultSelector':{'o.$':'$.Output'},'ResultPath':'$.nest','Next':'Fire'") ","
        START("Fire", "", "leaf", "},'Name.$':'States.Format(`fired-{}`, $.n)'",
              "'ResultPath':null,'Next':'Ask'") ","
        START("Ask", ".waitForTaskToken", "teller", ",'token.$':'$$.Task.Token'}",
              "'ResultPath':'$.ask','Next':'Count'") ","
        "'Count':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb:updateItem',"
        "'Parameters':{'Key.$':'$$.Execution.Name'},'ResultPath':'$.count','Next':'Recount'},"
        "'Recount':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb:updateItem',"
        "'Parameters':{'Key.$':'$$.Execution.Name'},'ResultPath':'$.recount','End':true}}}"},
};
/* clang-format on */

static void put_machine(struct engine *e, const char *name, const char *definition)
{
    struct error err;
    char *text = strdup(definition);
    check(text != NULL);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
    if (engine_put_machine(e, str_of(name), ASL_STANDARD, str_of(text), &err) != STATUS_OK) {
        fprintf(stderr, "%s: %s: %s\n", name, err.name, err.message);
        exit(1);
    }
    free(text);
}

/* ---- the worker ---- */

struct world {
    struct loop *loop;
    struct engine *engine;
    struct store_reader *reader;
    struct loop_timer timer;
    int calls; /* the file */
    uint32_t left;
    const char *point;
    atomic_long until;
};

struct answer {
    struct loop_timer timer;
    struct engine *engine;
    int64_t execution;
    uint32_t frame, attempt;
    struct json_doc *doc; /* NULL: it fails */
};

static void answer(void *arg)
{
    struct answer *a = arg;
    struct engine_answer said = {.kind = a->doc ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED,
                                 .doc = a->doc,
                                 .error = STR("Again"),
                                 .has_error = true};
    engine_answer_task(a->engine, a->execution, a->frame, a->attempt, &said);
    json_doc_unref(a->doc);
    free(a);
}

static double number_of(struct json_val arguments)
{
    struct json_val n = json_get(arguments, STR("n"));
    return json_is_number(n)           ? json_number(n)
           : json_is_number(arguments) ? json_number(arguments)
                                       : 0;
}

/* The first two tries of "twice" fail; each call is noted before anything else. */
static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct world *w = arg;
    char line[96];
    if (task->state->task.resource.kind != ASL_RESOURCE_LAMBDA)
        return false;
    int n = snprintf(line, sizeof(line), "%lld %u %u\n", (long long)task->execution, task->frame,
                     task->attempt);
    check(write(w->calls, line, (size_t)n) == n);
    struct answer *a = calloc(1, sizeof(*a));
    check(a != NULL);
    *a = (struct answer){
        .engine = e, .execution = task->execution, .frame = task->frame, .attempt = task->attempt};
    bool fails = str_eq(task->state->name, STR("twice")) && task->retry_count < 2;
    n = snprintf(line, sizeof(line), "{\"n\":%.0f}", 2 * number_of(task->arguments));
    if (!fails)
        check(json_parse((str){line, (size_t)n}, NULL, &a->doc, NULL) == STATUS_OK);
    if (task->execution % 2 == 0)
        answer(a);
    else
        loop_timer_start(engine_loop(e), &a->timer, loop_now_ms() + LATER_MS, answer, a);
    return true;
}

/* ---- a run ---- */

static const struct engine_service services[] = {{.service = &counter_service}};

static void at_point(void *arg, const char *name)
{
    struct world *w = arg;
    /* The store copies its log after it has told us of a commit, while this thread goes on. */
    bool is_copying = w->point && strcmp(w->point, "checkpoint") == 0;
    if (!w->point || strcmp(is_copying ? "after commit" : w->point, name) != 0 ||
        atomic_fetch_sub(&w->until, 1) != 1)
        return;
    if (is_copying)
        usleep((unsigned)(loop_wall_ms() % 17) * 20);
    raise(SIGKILL);
}

static void ended(void *arg, const struct engine_result *result)
{
    struct world *w = arg;
    (void)result;
    w->left--;
}

static void refused(void *arg, const struct error *err)
{
    (void)arg;
    fprintf(stderr, "refused: %s: %s\n", err->name, err->message);
    exit(1);
}

static void start_all(struct world *w)
{
    struct error err;
    for (uint32_t i = 1; i <= EXECUTIONS; i++) {
        char name[32], input[64];
        snprintf(name, sizeof(name), "main-%u", i);
        snprintf(input, sizeof(input), "{\"n\":%u,\"items\":[1,2,3,4,5]}", i);
        struct engine_start start = {.machine = STR("main"),
                                     .name = str_of(name),
                                     .input = str_of(input),
                                     .ended = i % 2 ? ended : NULL,
                                     .refused = refused,
                                     .arg = w};
        if (engine_start(w->engine, &start, &err) != STATUS_OK)
            refused(NULL, &err);
        w->left += i % 2;
    }
}

/* Half of them is not watched, so that they may leave memory: the store knows when they ended. */
static bool all_ended(struct store_reader *reader)
{
    struct arena a;
    struct error err;
    uint32_t running = 0, mains = 0;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        struct store_machine m;
        struct store_page page;
        check(store_find_machine(reader, str_of(machines[i].name), &a, &m, &err) == STATUS_OK);
        struct store_list_query query = {.machine = m.id, .limit = 1000};
        check(store_list_executions(reader, &query, &a, &page, &err) == STATUS_OK);
        for (uint32_t k = 0; k < page.count; k++)
            running += page.rows[k].status == STORE_RUNNING;
        mains = page.count; /* of the last machine */
    }
    arena_done(&a);
    return running == 0 && mains == EXECUTIONS;
}

static void look(void *arg)
{
    struct world *w = arg;
    if (w->left == 0 && all_ended(w->reader) && engine_figures_of_all(w->engine).in_memory == 0)
        loop_stop(w->loop);
    else
        loop_timer_start(w->loop, &w->timer, loop_now_ms() + LOOK_MS, look, w);
}

static int run(const char *folder, const char *point, long until)
{
    struct world w = {.point = point};
    struct error err;
    char path[512];
    atomic_init(&w.until, until);
    snprintf(path, sizeof(path), "%s/calls", folder);
    w.calls = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    check(w.calls >= 0);
    struct store_options store = {.checkpoint_pages = 8};
    /* each process goes on with another number of loops */
    struct engine_options options = {.data = str_of(folder),
                                     .loops = 1 + (uint32_t)(loop_now_ms() % MOST_LOOPS),
                                     .clock_speed = 20,
                                     .max_idle = 4,
                                     .services = services,
                                     .service_count = ARRAY_LEN(services),
                                     .work = work,
                                     .work_arg = &w,
                                     .store = &store,
                                     .at_point = at_point,
                                     .point_arg = &w};
    if (loop_new(&w.loop, &err) != STATUS_OK ||
        engine_open(w.loop, &options, &w.engine, &err) != STATUS_OK)
        refused(NULL, &err);
    for (size_t i = 0; i < ARRAY_LEN(machines); i++)
        put_machine(w.engine, machines[i].name, machines[i].definition);
    check(store_reader_open(str_of(folder), NULL, &w.reader, &err) == STATUS_OK);
    start_all(&w);
    loop_timer_start(w.loop, &w.timer, loop_now_ms() + LOOK_MS, look, &w);
    loop_run(w.loop);
    store_reader_close(w.reader);
    engine_close(w.engine);
    loop_free(w.loop);
    close(w.calls);
    return 0;
}

static int report(const char *folder)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    bool is_well = torture_report(folder, &out);
    fwrite(out.p, 1, out.n, stdout);
    buf_done(&out);
    return is_well ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "run") == 0)
        return run(argv[2], argc > 4 ? argv[3] : NULL, argc > 4 ? strtol(argv[4], NULL, 10) : 0);
    if (argc == 3 && strcmp(argv[1], "report") == 0)
        return report(argv[2]);
    fprintf(stderr, "usage: torture run FOLDER [POINT N] | torture report FOLDER\n");
    return 2;
}
