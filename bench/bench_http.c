/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching over HTTP on one loop: keeps so many calls in flight for so many seconds.
 *
 *   bench_http --generate DIR                          writes what a server is to serve
 *   bench_http URL-PREFIX COUNT IN-FLIGHT SECONDS      asks for URL-PREFIX followed by 0.json to
 *                                                      (COUNT - 1).json in turn
 *   bench_http @FILE 0 IN-FLIGHT SECONDS               asks for the URLs in the file, one on each
 *                                                      line, in turn
 *
 * Prints, separated by tabs: requests per second, MB per second, cores used, MB of memory at most,
 * ms that the longest round of the loop took, calls that failed. With a fifth argument, that many
 * calls share a handle of libcurl.
 */
#include "base/check.h"
#include "bench_http_pages.h"
#include "http/client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { WARM_UP_MS = 500 };

struct bench {
    struct loop *loop;
    struct http_client *client;
    const char *prefix;
    unsigned count, next;
    char **urls; /* of a file: count of them; NULL: made of the prefix */
    bool is_over;
    uint64_t requests, bytes, failed;
    struct loop_timer timer;
};

static void bench_send(struct bench *b);

static void bench_done(void *arg, struct http_answer *answer, const struct error *err)
{
    struct bench *b = arg;
    if (answer == NULL || answer->status != 200) {
        if (b->failed++ == 0)
            fprintf(stderr, "bench_http: %s\n", err == NULL ? "not a 200" : err->message);
    } else {
        b->requests++;
        b->bytes += answer->body_size;
    }
    http_answer_free(answer);
    if (!b->is_over)
        bench_send(b);
    else if (http_client_in_flight(b->client) == 0)
        loop_stop(b->loop);
}

static void bench_send(struct bench *b)
{
    char made[256];
    struct error err;
    struct http_call *call;
    unsigned number = b->next++ % b->count;
    str url = {made, 0};
    if (b->urls != NULL)
        url = str_of(b->urls[number]);
    else
        url.n = (size_t)snprintf(made, sizeof made, "%s%u.json", b->prefix, number);
    struct http_request r = {.url = url, .is_identity = true};
    check(http_client_send(b->client, &r, bench_done, b, &call, &err) == STATUS_OK);
}

static void bench_read_urls(struct bench *b, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    check(file != NULL);
    for (ssize_t n; (n = getline(&line, &cap, file)) > 0;) {
        b->urls = realloc(b->urls, (b->count + 1) * sizeof(*b->urls));
        check(b->urls != NULL);
        line[strcspn(line, "\n")] = '\0';
        b->urls[b->count++] = strdup(line);
    }
    check(b->count > 0);
    free(line);
    fclose(file);
}

static void bench_free_urls(struct bench *b)
{
    for (unsigned i = 0; b->urls != NULL && i < b->count; i++)
        free(b->urls[i]);
    free(b->urls);
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

struct bench_state {
    uint64_t requests, bytes;
    int64_t at_ms;
    double cpu;
};

/* Lets it run for a while; what was done meanwhile. */
static struct bench_state bench_run(struct bench *b, int64_t ms)
{
    struct bench_state was = {b->requests, b->bytes, loop_now_ms(), cpu_seconds()};
    loop_timer_start(b->loop, &b->timer, was.at_ms + ms, bench_stop, b->loop);
    loop_run(b->loop);
    return (struct bench_state){b->requests - was.requests, b->bytes - was.bytes,
                                loop_now_ms() - was.at_ms, cpu_seconds() - was.cpu};
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--generate") == 0) {
        bench_http_pages(argv[2]);
        return 0;
    }
    if (argc < 5) {
        fputs("usage: bench_http --generate DIR\n"
              "       bench_http URL-PREFIX COUNT IN-FLIGHT SECONDS [PER-HANDLE]\n"
              "       bench_http @FILE 0 IN-FLIGHT SECONDS [PER-HANDLE]\n",
              stderr);
        return 2;
    }
    struct bench b = {.prefix = argv[1], .count = (unsigned)strtoul(argv[2], NULL, 10)};
    if (argv[1][0] == '@')
        bench_read_urls(&b, argv[1] + 1);
    unsigned in_flight = (unsigned)strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    struct http_client_options options = {
        .body_padding = 64, .calls_per_multi = argc > 5 ? strtoul(argv[5], NULL, 10) : 0};
    struct error err;
    check(loop_new(&b.loop, &err) == STATUS_OK);
    check(http_client_new(b.loop, &options, &b.client, &err) == STATUS_OK);
    for (unsigned i = 0; i < in_flight; i++)
        bench_send(&b);
    bench_run(&b, WARM_UP_MS);
    loop_stats(b.loop);
    struct bench_state done = bench_run(&b, (int64_t)(seconds * 1000));
    struct loop_stats stats = loop_stats(b.loop);
    b.is_over = true;
    loop_run(b.loop);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double took = (double)done.at_ms / 1000;
    printf("%.0f\t%.0f\t%.2f\t%ld\t%.1f\t%llu\n", (double)done.requests / took,
           (double)done.bytes / took / 1e6, done.cpu / took, usage.ru_maxrss / 1024,
           (double)stats.longest_us / 1000, (unsigned long long)b.failed);
    bench_free_urls(&b);
    http_client_free(b.client);
    loop_free(b.loop);
    return b.failed > 0;
}
