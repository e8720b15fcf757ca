/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a durable engine keeps of a machine, and what it costs: a batch of records after each step
 * (asl_encode_batch), the way back (asl_replay), and the snapshot of an execution halfway through.
 *
 * Prints three lines of name, what, and per second: median, lowest, highest; then bytes:
 *   kept      transitions; bytes per transition
 *   replay    transitions; bytes per transition
 *   snapshot  written and read again; bytes of one
 */
#include "bench_asl.h"

#include <stdio.h>

static void print_line(const struct bench_machine *m, const char *what, double *samples,
                       double bytes)
{
    struct bench_figure f = bench_asl_figure(samples, BENCH_SAMPLES);
    printf("%.*s\t%s\t%.5g\t%.5g\t%.5g\t%.1f\n", STR_ARG(m->name), what, f.median, f.lowest,
           f.highest, bytes);
}

static double keep_for(const struct bench_machine *m, double min_seconds, double *ret_bytes)
{
    struct bench_run r;
    bench_run_init(&r, m, ASL_STANDARD);
    r.keeps = true;
    double start = bench_asl_now(), spent;
    for (;;) {
        bench_run_start(&r);
        bench_run_on(&r);
        spent = bench_asl_now() - start;
        if (spent >= min_seconds)
            break;
        bench_run_end(&r);
        r.x = bench_new_exec(m, ASL_STANDARD);
    }
    bench_run_check(&r);
    double rate = (double)r.transitions / spent;
    *ret_bytes = (double)r.kept_bytes / (double)r.transitions;
    bench_run_done(&r);
    return rate;
}

/* ---- the way back ---- */

static void replay_all(struct asl_exec *x, str batches)
{
    struct error err;
    while (batches.n > 0) {
        uint64_t n;
        memcpy(&n, batches.p, sizeof(n));
        if (asl_replay(x, str_sub(batches, sizeof(n), sizeof(n) + n), &err) != STATUS_OK)
            bench_asl_stop(err.message);
        batches = str_sub(batches, sizeof(n) + n, batches.n);
    }
}

static double replay_for(const struct bench_machine *m, str batches, double min_seconds)
{
    double start = bench_asl_now(), spent;
    uint64_t runs = 0;
    do {
        struct bench_run r;
        bench_run_init(&r, m, ASL_STANDARD);
        replay_all(r.x, batches);
        bench_run_check(&r);
        bench_run_done(&r);
        runs++;
        spent = bench_asl_now() - start;
    } while (spent < min_seconds);
    return (double)runs * m->transitions / spent;
}

/* ---- snapshots ---- */

static double snapshot_for(const struct bench_machine *m, struct asl_exec *x, double min_seconds,
                           double *ret_bytes)
{
    struct buf bytes;
    struct error err;
    double start = bench_asl_now(), spent;
    uint64_t runs = 0;
    buf_init(&bytes, SIZE_MAX / 2);
    do {
        for (int i = 0; i < 100; i++, runs++) {
            struct asl_exec *again = bench_new_exec(m, ASL_STANDARD);
            buf_clear(&bytes);
            asl_snapshot_write(x, &bytes);
            if (asl_snapshot_read(again, buf_str(&bytes), &err) != STATUS_OK)
                bench_asl_stop(err.message);
            asl_exec_free(again);
        }
        spent = bench_asl_now() - start;
    } while (spent < min_seconds);
    *ret_bytes = (double)bytes.n;
    buf_done(&bytes);
    return (double)runs / spent;
}

void bench_asl_kept(const struct bench_machine *m)
{
    double samples[BENCH_SAMPLES], bytes = 0, seconds = bench_asl_min_seconds();
    struct buf batches;
    for (int i = 0; i < BENCH_SAMPLES; i++)
        samples[i] = keep_for(m, seconds, &bytes);
    print_line(m, "kept", samples, bytes);

    struct bench_run r;
    bench_run_init(&r, m, ASL_STANDARD);
    buf_init(&batches, SIZE_MAX / 2);
    r.keeps = true;
    r.batches = &batches;
    bench_run_start(&r); /* its first step leaves by the budget */
    double snapshot_bytes = 0, snapshots[BENCH_SAMPLES];
    for (int i = 0; i < BENCH_SAMPLES; i++)
        snapshots[i] = snapshot_for(m, r.x, seconds / 4, &snapshot_bytes);
    bench_run_on(&r);
    bench_run_done(&r);

    for (int i = 0; i < BENCH_SAMPLES; i++)
        samples[i] = replay_for(m, buf_str(&batches), seconds);
    print_line(m, "replay", samples, bytes);
    print_line(m, "snapshot", snapshots, snapshot_bytes);
    buf_done(&batches);
}
