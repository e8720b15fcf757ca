/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http:invoke through the whole engine: executions that fetch a page, shape its records with
 * JSONata, and are kept. Keeps so many executions in flight for so many seconds.
 *
 *   bench_engine_http TYPE DIR URL-PREFIX COUNT IN-FLIGHT SECONDS LOOPS
 *
 * TYPE is STANDARD (two commits each) or EXPRESS (none); DIR an empty folder. Pages are URL-PREFIX
 * followed by 0.json to (COUNT - 1).json in turn. Prints, separated by tabs: executions per second,
 * MB of pages per second, cores used, MB of memory at most, executions that failed.
 */
#include "base/check.h"
#include "engine/engine.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { WARM_UP_MS = 1000 };

static const char CONNECTION[] =
    "{\"Name\":\"bench\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
    "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"secret\"}}}";

static const char DEFINITION[] =
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Fetch\",\"States\":{\"Fetch\":{"
    "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::http:invoke\",\"Arguments\":{"
    "\"ApiEndpoint\":\"{%% '%s' & $states.input.page & '.json' %%}\",\"Method\":\"GET\","
    "\"InvocationConfig\":{\"ConnectionArn\":"
    "\"arn:aws:events:us-east-1:000000000000:connection/bench\"}},"
    "\"Output\":\"{%% $states.result.ResponseBody.data.{'code': discount_code, 'status': status, "
    "'error': error_message} %%}\",\"End\":true}}}";

enum { MOST_LOOPS = 16 };

/* What one loop does; the first one is the caller's. */
struct bench {
    struct loop *loop;
    struct engine *engine;
    unsigned count, next, running, wanted;
    atomic_bool *is_over;
    atomic_ullong done, failed;
    struct loop_task task;
};

static void bench_start(struct bench *b);

static void bench_ended(void *arg, const struct engine_result *result)
{
    struct bench *b = arg;
    b->running--;
    if (result->status == ASL_EXEC_SUCCEEDED)
        atomic_fetch_add(&b->done, 1);
    else if (atomic_fetch_add(&b->failed, 1) == 0)
        fprintf(stderr, "bench_engine_http: %.*s: %.*s\n", STR_ARG(result->error),
                STR_ARG(result->cause));
    if (!atomic_load(b->is_over))
        bench_start(b);
}

static void bench_start(struct bench *b)
{
    char input[64];
    struct error err;
    int n = snprintf(input, sizeof(input), "{\"page\":%u}", b->next++ % b->count);
    struct engine_start start = {
        .machine = STR("bench"), .input = {input, (size_t)n}, .ended = bench_ended, .arg = b};
    if (engine_start(b->engine, &start, &err) != STATUS_OK) {
        fprintf(stderr, "bench_engine_http: %s\n", err.message);
        exit(1);
    }
    b->running++;
}

static void bench_begin(void *arg)
{
    struct bench *b = arg;
    for (unsigned i = 0; i < b->wanted; i++)
        bench_start(b);
}

static enum status bench_loop_opened(void *arg, struct engine *e, struct loop *loop,
                                     struct error *err)
{
    struct bench *b = (struct bench *)arg + engine_loop_number(e);
    (void)err;
    b->loop = loop;
    b->engine = e;
    return STATUS_OK;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void bench_stop(void *loop)
{
    loop_stop(loop);
}

/* Lets it run for a while; seconds that took. */
static double bench_run(struct bench *b, int64_t ms)
{
    struct loop_timer timer = {0};
    int64_t was_ms = loop_now_ms();
    loop_timer_start(b->loop, &timer, was_ms + ms, bench_stop, b->loop);
    loop_run(b->loop);
    return (double)(loop_now_ms() - was_ms) / 1000;
}

static void bench_open(struct bench *b, uint32_t loops, const char *type, const char *dir,
                       const char *prefix)
{
    static const struct http_limits_options no_limits;
    struct engine_options options = {.data = str_of(dir),
                                     .loops = loops,
                                     .limits = &no_limits,
                                     .loop_opened = bench_loop_opened,
                                     .loop_arg = b};
    enum asl_type t = strcmp(type, "EXPRESS") == 0 ? ASL_EXPRESS : ASL_STANDARD;
    struct error err;
    struct buf answer;
    char definition[sizeof(DEFINITION) + 256];
    int n = snprintf(definition, sizeof(definition), DEFINITION, prefix);
    check(n > 0 && (size_t)n < sizeof(definition));
    buf_init(&answer, 1 << 16);
    struct loop *loop;
    struct engine *e;
    enum status status = loop_new(&loop, &err);
    if (status == STATUS_OK)
        status = engine_open(loop, &options, &e, &err);
    if (status == STATUS_OK)
        status = engine_connection(e, STR("CreateConnection"), STR(CONNECTION), &answer, &err);
    if (status == STATUS_OK)
        status = engine_put_machine(e, STR("bench"), t, str_of(definition), &err);
    if (status != STATUS_OK) {
        fprintf(stderr, "bench_engine_http: %s\n", err.message);
        exit(1);
    }
    buf_done(&answer);
}

static unsigned long long sum(struct bench *b, uint32_t loops, bool is_failed)
{
    unsigned long long all = 0;
    for (uint32_t i = 0; i < loops; i++)
        all += atomic_load(is_failed ? &b[i].failed : &b[i].done);
    return all;
}

int main(int argc, char **argv)
{
    static struct bench b[MOST_LOOPS];
    atomic_bool is_over = false;
    if (argc != 8) {
        fputs("usage: bench_engine_http TYPE DIR URL-PREFIX COUNT IN-FLIGHT SECONDS LOOPS\n",
              stderr);
        return 2;
    }
    unsigned in_flight = (unsigned)strtoul(argv[5], NULL, 10);
    uint32_t loops = (uint32_t)strtoul(argv[7], NULL, 10);
    check(loops >= 1 && loops <= MOST_LOOPS);
    bench_open(b, loops, argv[1], argv[2], argv[3]);
    for (uint32_t i = 0; i < loops; i++) {
        b[i].count = (unsigned)strtoul(argv[4], NULL, 10);
        b[i].wanted = in_flight / loops;
        b[i].is_over = &is_over;
        loop_post(b[i].loop, &b[i].task, bench_begin, &b[i]);
    }
    bench_run(b, WARM_UP_MS);
    unsigned long long was = sum(b, loops, false);
    double cpu = cpu_seconds();
    double took = bench_run(b, (int64_t)(strtod(argv[6], NULL) * 1000));
    double rate = (double)(sum(b, loops, false) - was) / took;
    cpu = (cpu_seconds() - cpu) / took;
    atomic_store(&is_over, true);
    bench_run(b, WARM_UP_MS);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.0f\t%.0f\t%.2f\t%ld\t%llu\n", rate, rate * 77e3 / 1e6, cpu, usage.ru_maxrss / 1024,
           sum(b, loops, true));
    struct loop *loop = b[0].loop;
    engine_close(b[0].engine);
    loop_free(loop);
    return sum(b, loops, true) > 0;
}
