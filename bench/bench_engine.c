/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine with its store: a chain of tasks that this process answers at once, so that each
 * transition waits for a commit of its own and for nothing else.
 *
 *   bench_engine durable FOLDER N SECONDS   N executions at once
 *   bench_engine express FOLDER N SECONDS   the same, nothing kept, chains of ten
 *   bench_engine latency FOLDER N           one execution of ten states after the other
 *   bench_engine sleepers FOLDER N          N executions that wait for an hour
 *
 * AFFLUX_LOOPS: of the engine, one unless given.
 */
#include "base/buf.h"
#include "base/check.h"
#include "engine/engine.h"
#include "json/parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LONG_CHAIN = 100,
    SHORT_CHAIN = 10,
    SLEEPER_SECONDS = 3600,
    SLEEPERS_AT_ONCE = 1000,
    LOOK_MS = 20
};

enum { MOST_LOOPS = 16 };

struct bench {
    struct loop *loop;
    struct engine *engine;
    struct json_doc *answers[MOST_LOOPS]; /* each loop has its own documents */
    const char *machine;
    uint32_t running, limit; /* executions */
    uint64_t started, ended;
    bool is_stopping;
    struct loop_timer timer;
    double began, *latencies;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(const char *what)
{
    fprintf(stderr, "bench_engine: %s\n", what);
    exit(1);
}

/* ---- the work ---- */

static bool work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct bench *b = arg;
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED,
                                   .doc = b->answers[engine_loop_number(e)]};
    engine_answer_task(e, task->execution, task->frame, task->attempt, &answer);
    return true;
}

static enum status loop_opened(void *arg, struct engine *e, struct loop *loop, struct error *err)
{
    struct bench *b = arg;
    (void)loop;
    return json_parse(STR("{\"order\":12345,\"price\":99.5}"), NULL,
                      &b->answers[engine_loop_number(e)], err);
}

static void put_chain(struct bench *b, const char *name, enum asl_type type, int length)
{
    struct buf text;
    struct error err;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"StartAt\":\"T0\",\"States\":{"));
    for (int i = 0; i < length; i++) {
        buf_printf(&text,
                   "\"T%d\":{\"Type\":\"Task\",\"Resource\":"
                   "\"arn:aws:lambda:us-east-1:000000000000:function:f\",",
                   i);
        if (i + 1 < length)
            buf_printf(&text, "\"Next\":\"T%d\"},", i + 1);
        else
            buf_add(&text, STR("\"End\":true}}}"));
    }
    if (engine_put_machine(b->engine, str_of(name), type, buf_str(&text), &err) != STATUS_OK)
        stop(err.message);
    buf_done(&text);
}

static void start_one(struct bench *b);

static void ended(void *arg, const struct engine_result *result)
{
    struct bench *b = arg;
    if (result->status != ASL_EXEC_SUCCEEDED)
        stop("an execution failed");
    if (b->latencies)
        b->latencies[b->ended] = now() - b->began;
    b->ended++;
    b->running--;
    if (!b->is_stopping)
        start_one(b);
    else if (b->running == 0)
        loop_stop(b->loop);
}

static void refused(void *arg, const struct error *err)
{
    (void)arg;
    stop(err->message);
}

static void start_one(struct bench *b)
{
    struct error err;
    struct engine_start start = {.machine = str_of(b->machine),
                                 .input = STR("{\"order\":12345,\"lines\":[1,2,3]}"),
                                 .ended = ended,
                                 .refused = refused,
                                 .arg = b};
    b->began = now();
    if (b->latencies && b->started + 1 == b->limit)
        b->is_stopping = true;
    if (engine_start(b->engine, &start, &err) != STATUS_OK)
        stop(err.message);
    b->started++;
    b->running++;
}

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

static void run_for(struct bench *b, double seconds)
{
    loop_timer_start(b->loop, &b->timer, loop_now_ms() + (int64_t)(seconds * 1000), stop_loop,
                     b->loop);
    loop_run(b->loop);
}

/* ---- what is measured ---- */

static void run_many(struct bench *b, uint32_t count, double seconds, bool is_kept)
{
    struct store_metrics before, after;
    for (uint32_t i = 0; i < count; i++)
        start_one(b);
    run_for(b, 0.5); /* all have begun */
    engine_store_metrics(b->engine, &before);
    struct engine_figures from = engine_figures_of_all(b->engine);
    uint64_t ended_before = b->ended;
    double began = now();
    run_for(b, seconds);
    double took = now() - began;
    struct engine_figures to = engine_figures_of_all(b->engine);
    engine_store_metrics(b->engine, &after);
    double moves = (double)(to.moves - from.moves),
           commits = (double)(after.commits - before.commits);
    if (is_kept)
        printf("%u\t%.0f\t%.1f\t%.2f\t%.2f\n", count, moves / took, moves / commits,
               (double)store_histogram_quantile(&after.commit, 0.5) / 1000,
               (double)store_histogram_quantile(&after.commit, 0.99) / 1000);
    else
        printf("%u\t%.0f\t%.0f\n", count, (double)(b->ended - ended_before) / took, moves / took);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run_latency(struct bench *b, uint32_t count)
{
    b->latencies = calloc(count, sizeof(double));
    check(b->latencies != NULL);
    b->limit = count;
    start_one(b);
    loop_run(b->loop);
    qsort(b->latencies, count, sizeof(double), by_size);
    printf("%u\t%.2f\t%.2f\n", count, b->latencies[count / 2] * 1000,
           b->latencies[count - 1 - count / 100] * 1000);
    free(b->latencies);
}

static long resident_kb(void)
{
    long pages = 0, resident = 0;
    char text[128];
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || !fgets(text, sizeof(text), f))
        stop("/proc/self/statm");
    fclose(f);
    char *end;
    pages = strtol(text, &end, 10);
    resident = strtol(end, NULL, 10);
    (void)pages;
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void begun(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct bench *b = arg;
    (void)execution, (void)arn, (void)start_ms;
    b->running--;
    if (b->running == 0)
        loop_stop(b->loop);
}

static void run_sleepers(struct bench *b, uint32_t count)
{
    struct error err;
    char text[128];
    long idle_kb = resident_kb(), most_kb = idle_kb;
    snprintf(
        text, sizeof(text),
        "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":%d,\"End\":true}}}",
        SLEEPER_SECONDS);
    if (engine_put_machine(b->engine, STR("sleep"), ASL_STANDARD, str_of(text), &err) != STATUS_OK)
        stop(err.message);
    double began = now();
    for (uint32_t i = 0; i < count; i++) {
        struct engine_start start = {
            .machine = STR("sleep"), .input = STR("{\"order\":12345}"), .started = begun, .arg = b};
        if (engine_start(b->engine, &start, &err) != STATUS_OK)
            stop(err.message);
        if (++b->running == SLEEPERS_AT_ONCE || i + 1 == count) {
            loop_run(b->loop); /* as clients would, who wait for an answer */
            long kb = resident_kb();
            most_kb = kb > most_kb ? kb : most_kb;
        }
    }
    while (engine_figures_of_all(b->engine).in_memory > 0)
        run_for(b, LOOK_MS / 1000.0);
    double took = now() - began;
    run_for(b, 1.5);
    printf("%u\t%.1f\t%.0f\t%ld\t%ld\t%ld\n", count, took, count / took, idle_kb, most_kb,
           resident_kb());
}

int main(int argc, char **argv)
{
    struct bench b = {.machine = "chain"};
    struct error err;
    if (argc < 4)
        stop("usage: bench_engine durable|express|latency|sleepers FOLDER N [SECONDS]");
    const char *what = argv[1];
    uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
    double seconds = argc > 4 ? strtod(argv[4], NULL) : 3;
    const char *loops = getenv("AFFLUX_LOOPS");
    struct engine_options options = {.data = str_of(argv[2]),
                                     .loops = loops ? (uint32_t)strtoul(loops, NULL, 10) : 1,
                                     .work = work,
                                     .work_arg = &b,
                                     .loop_opened = loop_opened,
                                     .loop_arg = &b};
    if (options.loops > MOST_LOOPS)
        stop("AFFLUX_LOOPS is too large");
    if (loop_new(&b.loop, &err) != STATUS_OK ||
        engine_open(b.loop, &options, &b.engine, &err) != STATUS_OK)
        stop(err.message);
    put_chain(&b, "chain", strcmp(what, "express") == 0 ? ASL_EXPRESS : ASL_STANDARD,
              strcmp(what, "durable") == 0 ? LONG_CHAIN : SHORT_CHAIN);
    if (strcmp(what, "durable") == 0 || strcmp(what, "express") == 0)
        run_many(&b, count, seconds, strcmp(what, "durable") == 0);
    else if (strcmp(what, "latency") == 0)
        run_latency(&b, count);
    else if (strcmp(what, "sleepers") == 0)
        run_sleepers(&b, count);
    else
        stop("no such measurement");
    fflush(stdout);
    engine_close(b.engine);
    loop_timer_stop(b.loop, &b.timer);
    loop_free(b.loop);
    for (uint32_t i = 0; i < MOST_LOOPS; i++)
        json_doc_unref(b.answers[i]);
    return 0;
}
