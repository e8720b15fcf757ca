/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http:invoke through the whole engine: executions that fetch a page, shape its records with
 * JSONata, and are kept. Keeps so many executions in flight for so many seconds.
 *
 *   bench_engine_http TYPE DIR URL-PREFIX COUNT IN-FLIGHT SECONDS
 *
 * TYPE is STANDARD (two commits each) or EXPRESS (none); DIR an empty folder. Pages are URL-PREFIX
 * followed by 0.json to (COUNT - 1).json in turn. Prints, separated by tabs: executions per second,
 * MB of pages per second, cores used, MB of memory at most, executions that failed.
 */
#include "base/check.h"
#include "engine/engine.h"
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

struct bench {
    struct loop *loop;
    struct engine *engine;
    unsigned count, next, running;
    bool is_over;
    uint64_t done, failed;
    struct loop_timer timer;
};

static void bench_start(struct bench *b);

static void bench_ended(void *arg, const struct engine_result *result)
{
    struct bench *b = arg;
    b->running--;
    if (result->status == ASL_EXEC_SUCCEEDED)
        b->done++;
    else if (b->failed++ == 0)
        fprintf(stderr, "bench_engine_http: %.*s: %.*s\n", STR_ARG(result->error),
                STR_ARG(result->cause));
    if (!b->is_over)
        bench_start(b);
    else if (b->running == 0)
        loop_stop(b->loop);
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
    int64_t was_ms = loop_now_ms();
    loop_timer_start(b->loop, &b->timer, was_ms + ms, bench_stop, b->loop);
    loop_run(b->loop);
    return (double)(loop_now_ms() - was_ms) / 1000;
}

static void bench_open(struct bench *b, const char *type, const char *dir, const char *prefix)
{
    static const struct http_limits_options no_limits;
    struct engine_options options = {.data = str_of(dir), .limits = &no_limits};
    enum asl_type t = strcmp(type, "EXPRESS") == 0 ? ASL_EXPRESS : ASL_STANDARD;
    struct error err;
    struct buf answer;
    char definition[sizeof(DEFINITION) + 256];
    int n = snprintf(definition, sizeof(definition), DEFINITION, prefix);
    check(n > 0 && (size_t)n < sizeof(definition));
    buf_init(&answer, 1 << 16);
    enum status status = loop_new(&b->loop, &err);
    if (status == STATUS_OK)
        status = engine_open(b->loop, &options, &b->engine, &err);
    if (status == STATUS_OK)
        status =
            engine_connection(b->engine, STR("CreateConnection"), STR(CONNECTION), &answer, &err);
    if (status == STATUS_OK)
        status = engine_put_machine(b->engine, STR("bench"), t, str_of(definition), &err);
    if (status != STATUS_OK) {
        fprintf(stderr, "bench_engine_http: %s\n", err.message);
        exit(1);
    }
    buf_done(&answer);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("usage: bench_engine_http TYPE DIR URL-PREFIX COUNT IN-FLIGHT SECONDS\n", stderr);
        return 2;
    }
    struct bench b = {.count = (unsigned)strtoul(argv[4], NULL, 10)};
    unsigned in_flight = (unsigned)strtoul(argv[5], NULL, 10);
    bench_open(&b, argv[1], argv[2], argv[3]);
    for (unsigned i = 0; i < in_flight; i++)
        bench_start(&b);
    bench_run(&b, WARM_UP_MS);
    uint64_t was = b.done;
    double cpu = cpu_seconds();
    double took = bench_run(&b, (int64_t)(strtod(argv[6], NULL) * 1000));
    double rate = (double)(b.done - was) / took;
    cpu = (cpu_seconds() - cpu) / took;
    b.is_over = true;
    loop_run(b.loop);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.0f\t%.0f\t%.2f\t%ld\t%llu\n", rate, rate * 77e3 / 1e6, cpu, usage.ru_maxrss / 1024,
           (unsigned long long)b.failed);
    engine_close(b.engine);
    loop_free(b.loop);
    return b.failed > 0;
}
