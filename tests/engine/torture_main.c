/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to be killed: it opens an engine on a folder, starts executions that exercise all of
 * it, and runs until they have ended. Started again it goes on. Its worker appends each call to a
 * file. test_torture.c kills it and compares.
 *
 *   torture run FOLDER API [POINT N]   ends itself by SIGKILL at the N-th time the engine, or the
 *                                      store's thread, says POINT; "in checkpoint" a moment later
 *   torture report FOLDER              prints what is kept (torture_report.c)
 */
#include "torture.h"

#include "asl/definition.h"
#include "base/check.h"
#include "counter_service.h"
#include "engine/engine.h"
#include "services/objects_folder.h"
#include "services/s3/s3.h"
#include "services/s3/service.h"
#include "json/parse.h"
#include "store/reader.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    MAINS = 12,
    MAPS = 4,
    KEEPS = 4,
    LATER_MS = 3,
    LOOK_MS = 20,
    MOST_LOOPS = 3,
    CHECKPOINT_US = 300 /* one takes about so long */
};

static void fail(const struct error *err)
{
    fprintf(stderr, "%s: %s\n", err->name, err->message);
    exit(1);
}

static void put_machine(struct engine *e, const struct torture_machine *m)
{
    struct error err;
    char *text = strdup(m->definition);
    check(text != NULL);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
    if (engine_put_machine(e, str_of(m->name), m->type, str_of(text), &err) != STATUS_OK)
        fail(&err);
    free(text);
}

/* Of every process but the first it is there already. */
static void put_connection(struct engine *e)
{
    static const char request[] =
        "{\"Name\":\"" TORTURE_CONNECTION "\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":"
        "{\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"s3cret\"}}}";
    struct buf answer;
    struct error err;
    buf_init(&answer, SIZE_MAX / 2);
    if (engine_connection(e, STR("CreateConnection"), STR(request), &answer, &err) != STATUS_OK &&
        strcmp(err.name, "ResourceAlreadyExistsException") != 0)
        fail(&err);
    buf_done(&answer);
}

/* ---- the worker ---- */

struct world {
    struct loop *loop;
    struct engine *engine;
    struct store_reader *reader;
    struct loop_timer timer;
    int calls; /* the file */
    uint32_t left;
    struct objects *objects;
    struct engine_service services[2];
    struct s3_self s3;
    const char *api, *point;
    atomic_long until;
};

struct answer {
    struct loop_timer timer;
    struct engine *engine;
    int64_t execution;
    uint32_t frame, attempt;
    struct json_doc *doc; /* NULL: it fails */
    str error;
};

static void answer(void *arg)
{
    struct answer *a = arg;
    struct engine_answer said = {.kind = a->doc ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED,
                                 .doc = a->doc,
                                 .error = a->error,
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

/* Who called: the execution, where it is the same whenever it is begun again; otherwise what its
 * arguments say. */
static void note_call(struct world *w, const struct engine_task *task)
{
    char line[160];
    str key = json_str(json_get(task->arguments, STR("k")));
    int n = key.p ? snprintf(line, sizeof(line), "%.*s %u\n", STR_ARG(key), task->retry_count)
                  : snprintf(line, sizeof(line), "%lld %u %u\n", (long long)task->execution,
                             task->frame, task->attempt);
    check(n > 0 && n < (int)sizeof(line) && write(w->calls, line, (size_t)n) == n);
}

/* The error of a task that fails: the first two tries of "twice"; the first of every third "part",
 * and every seventh for good. */
static str failure_of(const struct engine_task *task)
{
    int n = (int)number_of(task->arguments);
    if (str_eq(task->state->name, STR("twice")))
        return task->retry_count < 2 ? STR("Again") : STR("");
    if (!str_eq(task->state->name, STR("part")))
        return STR("");
    return n % 7 == 3 ? STR("Bad") : n % 3 == 0 && task->retry_count == 0 ? STR("Again") : STR("");
}

/* Each call is noted before anything else. */
static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct world *w = arg;
    char text[32];
    if (task->state->task.resource.kind != ASL_RESOURCE_LAMBDA)
        return false;
    note_call(w, task);
    struct answer *a = calloc(1, sizeof(*a));
    check(a != NULL);
    *a = (struct answer){.engine = e,
                         .execution = task->execution,
                         .frame = task->frame,
                         .attempt = task->attempt,
                         .error = failure_of(task)};
    int n = snprintf(text, sizeof(text), "{\"n\":%.0f}", 2 * number_of(task->arguments));
    if (a->error.n == 0)
        check(json_parse((str){text, (size_t)n}, NULL, &a->doc, NULL) == STATUS_OK);
    if (task->execution % 2 == 0)
        answer(a);
    else
        loop_timer_start(engine_loop(e), &a->timer, loop_now_ms() + LATER_MS, answer, a);
    return true;
}

/* ---- a run ---- */

/* Called on the threads of all loops and on the store's. */
static void at_point(void *arg, const char *name)
{
    struct world *w = arg;
    bool is_within = w->point && strcmp(w->point, "in checkpoint") == 0;
    if (!w->point || strcmp(is_within ? STORE_CHECKPOINT : w->point, name) != 0 ||
        atomic_fetch_sub(&w->until, 1) != 1)
        return;
    if (is_within) { /* nothing handles the signal: it ends the process as a kill does */
        struct itimerval in = {.it_value.tv_usec = 1 + loop_wall_ms() * 37 % CHECKPOINT_US};
        check(setitimer(ITIMER_REAL, &in, NULL) == 0);
        return;
    }
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
    fail(err);
}

/* Half of them is not watched, so that they may leave memory: the store knows when they ended. */
static void start(struct world *w, const char *machine, uint32_t i)
{
    struct error err;
    char name[32], input[256];
    snprintf(name, sizeof(name), "%s-%u", machine, i);
    snprintf(input, sizeof(input), "{\"n\":%u,\"items\":[1,2,3,4,5,6,7,8],\"api\":\"%s\"}", i,
             w->api);
    struct engine_start start = {.machine = str_of(machine),
                                 .name = str_of(name),
                                 .input = str_of(input),
                                 .ended = i % 2 ? ended : NULL,
                                 .refused = refused,
                                 .arg = w};
    if (engine_start(w->engine, &start, &err) != STATUS_OK)
        fail(&err);
    w->left += i % 2;
}

static void start_all(struct world *w)
{
    for (uint32_t i = 1; i <= MAINS; i++)
        start(w, "main", i);
    for (uint32_t i = 1; i <= MAPS; i++)
        start(w, "maps", i);
    for (uint32_t i = 1; i <= KEEPS; i++)
        start(w, "keep", i);
}

static bool all_ended(struct store_reader *reader)
{
    struct arena a;
    struct error err;
    uint32_t running = 0, count = 0;
    arena_init(&a, 0);
    for (size_t i = 0; i < TORTURE_MACHINES; i++) {
        struct store_machine m;
        struct store_page page;
        str name = str_of(torture_machines[i].name);
        check(store_find_machine(reader, name, &a, &m, &err) == STATUS_OK);
        struct store_list_query query = {.machine = m.id, .limit = 1000};
        check(store_list_executions(reader, &query, &a, &page, &err) == STATUS_OK);
        for (uint32_t k = 0; k < page.count; k++)
            running += page.rows[k].status == STORE_RUNNING;
        if (str_eq(name, STR("main")) || str_eq(name, STR("maps")) || str_eq(name, STR("keep")))
            count += page.count;
    }
    arena_done(&a);
    return running == 0 && count == MAINS + MAPS + KEEPS;
}

static void look(void *arg)
{
    struct world *w = arg;
    if (w->left == 0 && all_ended(w->reader) && engine_figures_of_all(w->engine).in_memory == 0)
        loop_stop(w->loop);
    else
        loop_timer_start(w->loop, &w->timer, loop_now_ms() + LOOK_MS, look, w);
}

static void open_folder(struct world *w, const char *folder)
{
    struct error err;
    char path[512];
    snprintf(path, sizeof(path), "%s/calls", folder);
    w->calls = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    check(w->calls >= 0);
    snprintf(path, sizeof(path), "%s/objects", folder);
    if (objects_folder_open(path, &w->objects, &err) != STATUS_OK)
        fail(&err);
}

static enum status open_s3(void *arg, struct store *store, struct error *err)
{
    static const struct service_settings settings = {.account = {"000000000000", 12},
                                                     .region = {"us-east-1", 9}};
    struct world *w = arg;
    return s3_new(store, &settings, &w->s3.s3, err);
}

static void close_s3(void *arg)
{
    struct world *w = arg;
    s3_free(w->s3.s3);
}

static void open_engine(struct world *w, const char *folder)
{
    struct error err;
    w->services[0] = (struct engine_service){.service = &counter_service};
    w->services[1] = (struct engine_service){.service = &s3_service, .self = &w->s3};
    struct store_options store = {.checkpoint_pages = 8, .at_point = at_point, .point_arg = w};
    /* each process goes on with another number of loops */
    struct engine_options options = {.data = str_of(folder),
                                     .loops = 1 + (uint32_t)(loop_now_ms() % MOST_LOOPS),
                                     .clock_speed = 20,
                                     .max_idle = 2,
                                     .services = w->services,
                                     .service_count = ARRAY_LEN(w->services),
                                     .store_opened = open_s3,
                                     .store_closing = close_s3,
                                     .store_arg = w,
                                     .objects = w->objects,
                                     .work = work,
                                     .work_arg = w,
                                     .store = &store,
                                     .at_point = at_point,
                                     .point_arg = w};
    if (loop_new(&w->loop, &err) != STATUS_OK ||
        engine_open(w->loop, &options, &w->engine, &err) != STATUS_OK ||
        store_reader_open(str_of(folder), NULL, &w->reader, &err) != STATUS_OK)
        fail(&err);
}

static int run(const char *folder, const char *api, const char *point, long until)
{
    struct world w = {.api = api, .point = point};
    atomic_init(&w.until, until);
    open_folder(&w, folder);
    open_engine(&w, folder);
    for (size_t i = 0; i < TORTURE_MACHINES; i++)
        put_machine(w.engine, &torture_machines[i]);
    put_connection(w.engine);
    start_all(&w);
    loop_timer_start(w.loop, &w.timer, loop_now_ms() + LOOK_MS, look, &w);
    loop_run(w.loop);
    store_reader_close(w.reader);
    engine_close(w.engine);
    loop_free(w.loop);
    objects_folder_close(w.objects);
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
    if ((argc == 4 || argc == 6) && strcmp(argv[1], "run") == 0)
        return run(argv[2], argv[3], argv[4], argc > 4 ? strtol(argv[5], NULL, 10) : 0);
    if (argc == 3 && strcmp(argv[1], "report") == 0)
        return report(argv[2]);
    fprintf(stderr, "usage: torture run FOLDER API [POINT N] | torture report FOLDER\n");
    return 2;
}
