/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long loops, one to a process, so that the peak of memory is its own:
 *
 *   append  an array variable grows by an object each round
 *   page    a page of about 300 KB is passed on beside a counter
 *   answer  a task answers with 10 MB each round, one number of which is kept
 *
 * Prints name, rounds, "kept" or "-", seconds, rounds/s, and in KB: peak of memory, memory before
 * and after the loop; then the bytes kept.
 *
 * And how asl_step leaves an endless loop by its budget: name, steps, fewest and most moves of one,
 * then microseconds of processor time: median, 99th percentile, longest.
 */
#include "bench_asl.h"

#include "json/parse.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE_RECORDS = 2400, ANSWER_RECORDS = 80000, BUDGET_STEPS = 3000 };

/* A page of records of 125 bytes. */
static void add_page(struct buf *text, int records)
{
    buf_add_byte(text, '[');
    for (int i = 0; i < records; i++)
        buf_printf(text,
                   "%s{\"id\":%d,\"sku\":\"SKU-%08d\",\"price\":%d.25,\"name\":\"A thing that is "
                   "sold, number %08d\",\"tags\":[\"new\",\"blue\"]}",
                   i > 0 ? "," : "", i, i, i % 1000, i);
    buf_add_byte(text, ']');
}

static struct json_doc *parse(struct buf *text)
{
    struct json_doc *doc;
    struct error err;
    if (json_parse(buf_str(text), NULL, &doc, &err) != STATUS_OK)
        bench_asl_stop(err.message);
    buf_done(text);
    return doc;
}

static struct json_doc *loop_input(str name, uint64_t rounds)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_printf(&text, "{\"i\":0,\"n\":%llu", (unsigned long long)rounds);
    if (str_eq(name, STR("page"))) {
        buf_add(&text, STR(",\"page\":"));
        add_page(&text, PAGE_RECORDS);
    }
    buf_add_byte(&text, '}');
    return parse(&text);
}

static struct json_doc *answer(void)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"total\":80000,\"records\":"));
    add_page(&text, ANSWER_RECORDS);
    buf_add_byte(&text, '}');
    return parse(&text);
}

/* ---- memory ---- */

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Resident now, with what malloc does not use given back. */
static long now_kb(void)
{
    char line[64] = "";
    malloc_trim(0);
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fgets(line, sizeof(line), f) == NULL)
        bench_asl_stop("cannot read /proc/self/statm");
    fclose(f);
    char *second = NULL;
    strtol(line, &second, 10);
    return strtol(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* ---- loops ---- */

static void answer_tasks(struct bench_run *r)
{
    while (r->x->status == ASL_EXEC_RUNNING) {
        struct json_doc *doc = answer();
        bench_run_step(r, (struct asl_event){.kind = ASL_EVENT_TASK_SUCCEEDED,
                                             .frame = r->task_frame,
                                             .attempt = r->task_attempt,
                                             .doc = doc});
        json_doc_unref(doc);
        bench_run_on(r);
    }
}

void bench_asl_loop(str name, uint64_t rounds, bool keeps)
{
    char output[32];
    struct bench_machine m = bench_machine_named("loops", name);
    struct bench_run r;
    int n = snprintf(output, sizeof(output), "%llu", (unsigned long long)rounds);
    free((char *)(uintptr_t)m.output.p);
    m.output = (str){output, (size_t)n};
    m.input = loop_input(name, rounds);
    bench_run_init(&r, &m, keeps ? ASL_STANDARD : ASL_EXPRESS);
    r.keeps = keeps;
    long before = now_kb();
    double start = bench_asl_now();
    bench_run_start(&r);
    bench_run_on(&r);
    answer_tasks(&r);
    double spent = bench_asl_now() - start;
    long peak = peak_kb();
    buf_done(&r.batch); /* of this program, not of the execution */
    buf_init(&r.batch, SIZE_MAX / 2);
    long after = now_kb();
    bench_run_check(&r);
    printf("%.*s\t%llu\t%s\t%.3f\t%.5g\t%ld\t%ld\t%ld\t%llu\n", STR_ARG(name),
           (unsigned long long)rounds, keeps ? "kept" : "-", spent, (double)rounds / spent, peak,
           before, after, (unsigned long long)r.kept_bytes);
    bench_run_done(&r);
    m.output = (str){0};
    bench_machine_done(&m);
}

/* ---- the budget ---- */

void bench_asl_budget(const struct bench_machine *m)
{
    static double us[BUDGET_STEPS];
    struct bench_run r;
    uint64_t least = UINT64_MAX, most = 0;
    bench_run_init(&r, m, ASL_EXPRESS);
    bench_run_start(&r);
    for (int i = 0; i < BUDGET_STEPS; i++) {
        uint64_t before = r.moves;
        double start = bench_asl_cpu();
        bench_run_step(&r, (struct asl_event){.kind = ASL_EVENT_CONTINUE});
        us[i] = (bench_asl_cpu() - start) * 1e6;
        uint64_t moves = r.moves - before;
        least = moves < least ? moves : least;
        most = moves > most ? moves : most;
    }
    if (!r.is_again)
        bench_asl_stop("an endless loop has ended");
    struct bench_figure f = bench_asl_figure(us, BUDGET_STEPS);
    printf("%.*s\t%d\t%llu\t%llu\t%.1f\t%.1f\t%.1f\n", STR_ARG(m->name), BUDGET_STEPS,
           (unsigned long long)least, (unsigned long long)most, f.median,
           us[BUDGET_STEPS * 99 / 100], f.highest);
    bench_run_done(&r);
}
