/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks that benchmarks go by, in seconds. */
#ifndef AFFLUX_BENCH_CLOCK_H
#define AFFLUX_BENCH_CLOCK_H

#include <time.h>

static inline double bench_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline double now_s(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* Of all threads. */
static inline double cpu_s(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
