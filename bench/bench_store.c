/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable transitions per second: executions that each append a step of 400 bytes as soon as the
 * one before it is durable, in random order; and starts of map children. Beside it, in the same run
 * and on the same disk, what the disk gives: appends of 4 KB to a file of its final size, each
 * followed by fdatasync.
 *
 *   bench_store DIR [SECONDS]     DIR must be there, and empty
 */
#include "bench_clock.h"
#include "base/check.h"
#include "store/tx.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BODY_BYTES = 400, PROBE_BYTES = 4096, PROBE_SLOTS = 2048 };

struct runner {
    struct store_unit unit;
    struct store_step step;
};

NORETURN static void stop(const char *what)
{
    fprintf(stderr, "bench_store: %s\n", what);
    exit(1);
}

/* ---- the disk alone ---- */

static double probe(const char *dir, double seconds)
{
    char path[4096], page[PROBE_BYTES];
    memset(page, 'x', sizeof(page));
    snprintf(path, sizeof(path), "%s/probe", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        stop("cannot make the probe's file");
    for (int i = 0; i < PROBE_SLOTS; i++)
        if (pwrite(fd, page, sizeof(page), (off_t)i * PROBE_BYTES) != PROBE_BYTES)
            stop("cannot write the probe's file");
    if (fsync(fd) != 0)
        stop("cannot write the probe's file");
    double began = now_s(), took;
    unsigned count = 0;
    do {
        off_t at = (off_t)(count % PROBE_SLOTS) * PROBE_BYTES;
        if (pwrite(fd, page, sizeof(page), at) != PROBE_BYTES || fdatasync(fd) != 0)
            stop("cannot write the probe's file");
        count++;
        took = now_s() - began;
    } while (took < seconds);
    close(fd);
    unlink(path);
    return count / took;
}

/* ---- transitions ---- */

static enum status append(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    (void)scratch;
    struct store_step step;
    memcpy(&step, args.p, sizeof(step));
    return store_tx_append(tx, &step, err);
}

static enum status start(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    struct store_step step;
    memcpy(&step, args.p, sizeof(step));
    int64_t definition;
    if (store_tx_put_definition(tx, STR("hash"), STR("{}"), &definition, err) != STATUS_OK)
        return err->status;
    struct store_execution e = {
        .id = step.execution,
        .shard = (uint32_t)(step.execution % STORE_SHARDS),
        .machine = 1,
        .definition = definition,
        .name = arena_printf(scratch, "5f3a%08llx-9d1c-4b7e-8a51-2f60c7e4d1b3",
                             (unsigned long long)step.execution * 2654435761u & 0xFFFFFFFF),
        .status = STORE_RUNNING,
        .is_pending = true,
        .due_ms = STORE_NEVER,
        .started_ms = 1700000000000};
    return store_tx_start(tx, &e, err);
}

static void submit(struct store_client *c, struct runner *r, store_unit_fn *run)
{
    struct error err;
    r->unit.run = run;
    r->unit.args = (str){(const char *)&r->step, sizeof(r->step)};
    if (store_submit(c, &r->unit, &err) != STATUS_OK)
        stop(err.message);
}

static void step_on(struct store *s, struct store_client *c, struct runner *r)
{
    r->step.prev = r->step.id;
    r->step.id = store_new_id(s);
    submit(c, r, append);
}

/* What was taken, in random order. */
static size_t take_shuffled(struct store_client *c, struct runner **taken)
{
    static uint64_t seed = 88172645463325252u;
    size_t count = 0;
    store_wait(c);
    for (struct store_unit *u = store_take(c); u; u = u->next) {
        if (u->status != STATUS_OK)
            stop(u->error.message);
        taken[count++] = (struct runner *)(void *)u;
    }
    for (size_t i = count; i > 1; i--) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        size_t j = seed % i;
        struct runner *r = taken[i - 1];
        taken[i - 1] = taken[j];
        taken[j] = r;
    }
    return count;
}

static double ms(const struct store_histogram *h, double share)
{
    return (double)store_histogram_quantile(h, share) / 1e3;
}

static void report(size_t executions, double rate, double per_cpu, double log_bytes,
                   const double disk[2], const struct store_metrics *m)
{
    printf("store %5zu executions %8.0f transitions/s %7.0f per CPU second %5.0f per commit  "
           "commit p50 %5.1f ms p99 %5.1f ms  wait p99 %5.1f ms  log %5.0f B each, %3.0f MB at "
           "most  disk %5.0f and %5.0f "
           "fdatasync/s before and after\n",
           executions, rate, per_cpu, (double)m->units / (double)m->commits, ms(&m->commit, 0.5),
           ms(&m->commit, 0.99), ms(&m->wait, 0.99), log_bytes, (double)m->wal_peak / 1e6, disk[0],
           disk[1]);
    if (getenv("BENCH_STORE_MORE"))
        printf("      commits %llu, checkpoints %llu, blocked %llu, checkpoint p50 %.1f ms max "
               "%.1f ms\n",
               (unsigned long long)m->commits, (unsigned long long)m->checkpoints,
               (unsigned long long)m->blocked, ms(&m->copying, 0.5), (double)m->copying.max / 1e3);
}

static void measure(const char *dir, size_t executions, double seconds)
{
    struct store *s;
    struct error err;
    struct store_metrics before, after;
    if (store_open(str_of(dir), NULL, &s, &err) != STATUS_OK)
        stop(err.message);
    double disk[2] = {probe(dir, seconds / 8), 0};
    struct store_client *c = store_client_new(s, NULL, NULL);
    struct runner *runners = calloc(executions, sizeof(*runners));
    struct runner **taken = calloc(executions, sizeof(*taken));
    check(runners && taken);
    for (size_t i = 0; i < executions; i++) {
        memset(&runners[i], 0, sizeof(runners[i]));
        runners[i].step.execution = store_new_id(s);
        static char body[BODY_BYTES];
        runners[i].step.body = (str){body, sizeof(body)};
        submit(c, &runners[i], start);
    }
    for (size_t started = 0, n; started < executions; started += n) {
        n = take_shuffled(c, taken);
        for (size_t i = 0; i < n; i++)
            step_on(s, c, taken[i]);
    }
    store_get_metrics(s, &before);
    double began = now_s(), began_cpu = cpu_s();
    do {
        size_t n = take_shuffled(c, taken);
        for (size_t i = 0; i < n; i++)
            step_on(s, c, taken[i]);
    } while (now_s() - began < seconds);
    double took = now_s() - began, cpu = cpu_s() - began_cpu;
    store_get_metrics(s, &after);
    double units = (double)(after.units - before.units);
    double log_bytes = (double)(after.wal_written - before.wal_written) / units;
    disk[1] = probe(dir, seconds / 8);
    report(executions, units / took, units / cpu, log_bytes, disk, &after);
    store_client_free(c);
    store_close(s);
    free(runners);
    free(taken);
}

/* ---- children of a map run ---- */

enum { CHILDREN = 10000 /* at once */ };

/* A child starts, with its first step. */
static enum status start_child(struct store_tx *tx, str args, struct arena *scratch,
                               struct error *err)
{
    (void)scratch;
    struct store_step step;
    memcpy(&step, args.p, sizeof(step));
    struct store_execution e = {.id = step.execution,
                                .machine = 1,
                                .definition = 1,
                                .map_run = 1,
                                .map_index = (uint64_t)step.execution,
                                .status = STORE_RUNNING,
                                .is_pending = true,
                                .due_ms = STORE_NEVER,
                                .started_ms = 1700000000000};
    if (store_tx_start(tx, &e, err) != STATUS_OK)
        return err->status;
    return store_tx_append(tx, &step, err);
}

static void begin_child(struct store *s, struct store_client *c, struct runner *r)
{
    static char body[BODY_BYTES];
    r->step = (struct store_step){.execution = store_new_id(s), .body = {body, sizeof(body)}};
    r->step.id = store_new_id(s);
    submit(c, r, start_child);
}

static void measure_children(const char *dir, double seconds)
{
    struct store *s;
    struct error err;
    if (store_open(str_of(dir), NULL, &s, &err) != STATUS_OK)
        stop(err.message);
    struct store_client *c = store_client_new(s, NULL, NULL);
    struct runner *runners = calloc(CHILDREN, sizeof(*runners));
    struct runner **taken = calloc(CHILDREN, sizeof(*taken));
    check(runners && taken);
    double began = now_s(), began_cpu = cpu_s(), took;
    size_t count = 0;
    for (size_t i = 0; i < CHILDREN; i++)
        begin_child(s, c, &runners[i]);
    do {
        size_t n = take_shuffled(c, taken);
        for (size_t i = 0; i < n; i++)
            begin_child(s, c, taken[i]);
        count += n;
        took = now_s() - began;
    } while (took < seconds);
    printf("store children of a map run: %8.0f starts/s %7.0f per CPU second\n",
           (double)count / took, (double)count / (cpu_s() - began_cpu));
    store_client_free(c);
    store_close(s);
    free(runners);
    free(taken);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        stop("usage: bench_store DIR [SECONDS]");
    static const size_t executions[] = {1, 100, 10000};
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 3;
    for (size_t i = 0; i < ARRAY_LEN(executions); i++) {
        char dir[4096];
        snprintf(dir, sizeof(dir), "%s/%zu", argv[1], executions[i]);
        measure(dir, executions[i], seconds);
    }
    char dir[4096];
    snprintf(dir, sizeof(dir), "%s/children", argv[1]);
    measure_children(dir, seconds / 2);
    return 0;
}
