/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast JSONata expressions are evaluated.
 *
 *   bench_jsonata --generate DIR   the inputs and DIR/cases.tsv (bench_jsonata_inputs.c)
 *   bench_jsonata CASES.TSV        one line per case: name, size, evaluations/s (median, lowest,
 * highest of SAMPLES samples), FNV-1a of the result as JSON text, its bytes
 *
 * Input parsed and expression compiled beforehand; timed is one evaluation with its result, not
 * written as text, and the arena emptied each time. jsonata.mjs measures npm's jsonata in the same
 * way and prints the same columns; run_jsonata.sh puts both side by side. MIN_S: seconds of a
 * sample (0.2).
 */
#include "bench_jsonata.h"

#include "json/parse.h"
#include "json/write.h"
#include "jsonata/jsonata.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 5, COLUMNS = 5, INPUTS_MAX = 8 };

static const double first_run_enough = 10; /* seconds after which one evaluation is the figure */

void bench_jsonata_stop(const char *what)
{
    fprintf(stderr, "bench_jsonata: %s\n", what);
    exit(1);
}

static double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- inputs ---- */

struct bench_input {
    char *path;
    struct json_doc *doc;
};

struct bench {
    double min_seconds;
    struct bench_input inputs[INPUTS_MAX];
    size_t input_count;
};

static void read_all(struct buf *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        bench_jsonata_stop("cannot open a file");
    buf_init(b, SIZE_MAX);
    for (;;) {
        if (!buf_reserve(b, 1 << 16))
            bench_jsonata_stop("file too large");
        size_t n = fread(b->p + b->n, 1, 1 << 16, f);
        b->n += n;
        if (n == 0)
            break;
    }
    fclose(f);
}

static struct json_val input_at(struct bench *b, str path)
{
    for (size_t i = 0; i < b->input_count; i++) {
        if (str_eq(str_of(b->inputs[i].path), path))
            return json_doc_root(b->inputs[i].doc);
    }
    if (b->input_count == INPUTS_MAX)
        bench_jsonata_stop("too many inputs");
    struct bench_input *input = &b->inputs[b->input_count++];
    struct buf text;
    struct error err;
    input->path = strndup(path.p, path.n);
    read_all(&text, input->path);
    if (json_parse(buf_str(&text), NULL, &input->doc, &err) != STATUS_OK)
        bench_jsonata_stop(err.message);
    buf_done(&text);
    return json_doc_root(input->doc);
}

/* ---- measuring ---- */

struct bench_run {
    struct jsonata *x;
    struct arena arena;
    struct jsonata_context context;
    struct jsonata_binding binding;
    struct json_val result;
};

static void evaluate_times(struct bench_run *r, uint64_t times)
{
    struct jsonata_error err;
    for (uint64_t i = 0; i < times; i++) {
        arena_reset(&r->arena);
        if (jsonata_evaluate(r->x, &r->context, &r->result, &err) != STATUS_OK)
            bench_jsonata_stop(err.message);
    }
}

/* Evaluations per second over at least min_seconds; the clock is read between batches of ~1 ms. */
static double evaluate_for(struct bench_run *r, double min_seconds)
{
    uint64_t batch = 1, done = 0;
    double start = bench_now(), spent = 0;
    do {
        double before = spent;
        evaluate_times(r, batch);
        done += batch;
        spent = bench_now() - start;
        if (spent - before < 0.0005)
            batch *= 2;
    } while (spent < min_seconds);
    return (double)done / spent;
}

static int by_rate(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static uint32_t fnv1a(str s)
{
    uint32_t h = UINT32_C(0x811c9dc5);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT32_C(16777619);
    return h;
}

static void measure_case(struct bench_run *r, double min_seconds, str name, str size)
{
    double rates[SAMPLES], start = bench_now();
    struct buf text;
    evaluate_times(r, 1);
    double first = bench_now() - start;
    buf_init(&text, SIZE_MAX);
    if (r->result.tag == JSON_UNDEFINED)
        buf_add(&text, STR("undefined"));
    else if (json_write(&text, r->result, JSON_WRITE_DOUBLES, NULL) != STATUS_OK)
        bench_jsonata_stop("a result cannot be written");
    if (first < first_run_enough)
        evaluate_for(r, min_seconds); /* warm up */
    for (int i = 0; i < SAMPLES; i++)
        rates[i] = first < first_run_enough ? evaluate_for(r, min_seconds) : 1 / first;
    qsort(rates, SAMPLES, sizeof(*rates), by_rate);
    printf("%.*s\t%.*s\t%.5g\t%.5g\t%.5g\t%08x\t%zu\n", STR_ARG(name), STR_ARG(size),
           rates[SAMPLES / 2], rates[0], rates[SAMPLES - 1], fnv1a(buf_str(&text)), text.n);
    fflush(stdout);
    buf_done(&text);
}

static void run_line(struct bench *b, str line)
{
    str column[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        size_t tab = i + 1 < COLUMNS ? str_find_byte(line, '\t', 0) : line.n;
        if (tab == STR_NONE)
            bench_jsonata_stop("a line of the cases has too few columns");
        column[i] = str_sub(line, 0, tab);
        line = str_sub(line, tab + 1, line.n);
    }
    struct bench_run r = {.context = {.now_ms = INT64_C(1790856000000), .seed = 1}};
    struct jsonata_error err;
    arena_init(&r.arena, 0);
    r.context.arena = &r.arena;
    r.context.input = input_at(b, column[2]);
    if (!str_eq(column[3], STR("-"))) {
        r.binding = (struct jsonata_binding){column[3], json_get(r.context.input, column[3])};
        r.context.bindings = &r.binding;
        r.context.binding_count = 1;
    }
    if (jsonata_compile(column[4], 0, &r.x, &err) != STATUS_OK)
        bench_jsonata_stop(err.message);
    measure_case(&r, b->min_seconds, column[0], column[1]);
    jsonata_free(r.x);
    arena_done(&r.arena);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--generate") == 0) {
        bench_jsonata_generate(argv[2]);
        return 0;
    }
    if (argc != 2)
        bench_jsonata_stop("usage: bench_jsonata --generate DIR | bench_jsonata CASES.TSV");
    const char *min_s = getenv("MIN_S");
    struct bench b = {.min_seconds = min_s ? strtod(min_s, NULL) : 0.2};
    struct buf list;
    read_all(&list, argv[1]);
    str rest = buf_str(&list);
    while (rest.n > 0) {
        size_t end = str_find_byte(rest, '\n', 0);
        str line = str_sub(rest, 0, end);
        rest = str_sub(rest, end == STR_NONE ? rest.n : end + 1, rest.n);
        if (line.n > 0)
            run_line(&b, line);
    }
    for (size_t i = 0; i < b.input_count; i++) {
        json_doc_unref(b.inputs[i].doc);
        free(b.inputs[i].path);
    }
    buf_done(&list);
    return 0;
}
